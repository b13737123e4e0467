//! Texts that may be HTML as plain text, and plain text as HTML.
//!
//! What a person can have typed arrives as typed: only real tags of HTML count (`tags`), only
//! references with their semicolon are decoded (`references`). What the tags mean arrives as text.

mod references;
mod tags;

use references::{decode, decoded};
use tags::{Role, Tag};

use super::text::tidy;

/// How deep lists are indented at most.
const DEEPEST: usize = 8;

/// Plain text of a GHL or ChartMogul text, which may be HTML.
///
/// Blocks and `<br>` become line breaks, list items begin with `- ` or their number, cells come after
/// ` | `, a link is `text (address)`, an image `[alt]`; lines of `<pre>` stay. Runs of blank lines
/// shrink to one. A text without any tag, and one without blocks, keeps its own line breaks.
pub fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return tidy(text);
    }
    if text.contains('\r') {
        return plain(&text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    let tags = tags::find(text);
    let lays_out = |tag: &Tag| {
        !matches!(
            tag.role(),
            Role::Inline | Role::Link | Role::Image | Role::Input | Role::Embedded
        ) && !tag.is_closed_off()
    };
    let mut writer = Writer { folds: tags.iter().any(lays_out), ..Writer::default() };
    let mut read = 0;
    let mut closed_off: Option<&Tag> = None;
    let mut first_in_typed = false;
    for tag in &tags {
        if closed_off.is_some_and(|start| !tag.ends(start)) {
            continue;
        }
        let mut between = text.get(read..tag.at).unwrap_or_default();
        if first_in_typed {
            between = between.strip_prefix('\n').unwrap_or(between);
        }
        if closed_off.is_none_or(|start| start.role() == Role::Text) {
            writer.text(between);
        }
        read = tag.end;
        first_in_typed = tag.role() == Role::Typed && !tag.closes;
        if closed_off.take().is_some() {
            continue;
        }
        if tag.closes {
            writer.end(tag);
            continue;
        }
        writer.start(tag, text);
        if tag.is_closed_off() {
            closed_off = Some(tag);
        }
    }
    writer.text(text.get(read..).unwrap_or_default());
    while !writer.links.is_empty() {
        writer.end_link();
    }
    tidy(&writer.out)
}

/// Whether a text says no more than its plain text does: it has paragraphs and line breaks, and nothing
/// that is lost when its words are written anew, such as bold type, links or lists.
pub fn is_plain(text: &str) -> bool {
    let lays_out = |tag: &Tag| {
        matches!(tag.role(), Role::Break | Role::Block)
            || matches!(text.get(tag.at..tag.end), Some("<span>" | "</span>"))
    };
    tags::find(text).iter().all(lays_out)
}

/// ChartMogul's note form of plain text: markup escaped, line breaks as `<br>` (ChartMogul's documents
/// show `<br>`; its own editor writes HTML). Blanks that HTML would fold are written so that they stay:
/// [`plain`] gives the same text back.
pub fn chartmogul_html(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + plain.len() / 16);
    let mut folds = true;
    for character in plain.chars() {
        let folded = folds;
        folds = matches!(character, ' ' | '\n');
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("<br>"),
            '\t' => out.push_str("&#9;"),
            '\u{c}' => out.push_str("&#12;"),
            ' ' if folded => {
                out.push_str("&nbsp;");
                folds = false;
            }
            other => out.push(other),
        }
    }
    out
}

/// Lays out a text.
#[derive(Default)]
struct Writer {
    out: String,
    /// Whether line breaks and runs of blanks are one blank, as in HTML.
    folds: bool,
    /// How many `<pre>` are open.
    typed: usize,
    /// The lists that are open: the next number of those that have numbers.
    lists: Vec<Option<i64>>,
    /// The links that are open: the address, and where the text begins.
    links: Vec<(String, usize)>,
    /// Where the row's first cell begins.
    cell: Option<usize>,
    /// Where the sign of an item or a cell ends while nothing follows it yet.
    sign: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let as_typed = !self.folds || self.typed > 0;
        decode(text, &mut |piece, written| {
            if as_typed {
                self.out.push_str(piece);
                return;
            }
            for character in piece.chars() {
                match character {
                    '\t' | '\u{c}' if !written => self.out.push(character),
                    ' ' | '\t' | '\n' | '\r' | '\u{c}' => {
                        if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                            self.out.push(' ');
                        }
                    }
                    other => self.out.push(other),
                }
            }
        });
    }

    fn trim(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
    }

    /// Begins a line, unless one has just begun.
    fn line(&mut self) {
        self.trim();
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Begins a line, unless one has just begun with the sign of an item or a cell.
    fn block(&mut self) {
        if self.sign == 0 || self.sign != self.out.len() {
            self.line();
        }
    }

    fn sign(&mut self, sign: &str) {
        self.out.push_str(sign);
        self.sign = self.out.len();
    }

    fn start(&mut self, tag: &Tag, text: &str) {
        let value = |name: &str| tag.attribute(text, name).map(decoded);
        let number = |name: &str| value(name).and_then(|number| number.trim().parse().ok());
        match tag.role() {
            Role::Inline | Role::Hidden | Role::Text => {}
            Role::Break => {
                self.trim();
                self.out.push('\n');
            }
            Role::Block => self.block(),
            Role::Row => {
                self.block();
                self.cell = None;
            }
            Role::List => {
                self.block();
                self.lists.push(None);
            }
            Role::Numbers => {
                self.block();
                self.lists.push(Some(number("start").unwrap_or(1)));
            }
            Role::Item => self.item(
                value("data-list").as_deref(),
                value("data-checked").as_deref(),
                number("value"),
            ),
            Role::Ruler => {
                self.line();
                self.out.push_str("---\n");
            }
            Role::Typed => {
                self.block();
                self.typed += 1;
            }
            Role::Cell => {
                if let Some(from) = self.cell {
                    let text = self.out.trim_end_matches([' ', '\n']).len();
                    self.out.truncate(text.max(from));
                    self.sign(" | ");
                }
                self.cell.get_or_insert(self.out.len());
            }
            Role::Link => self.links.push((value("href").unwrap_or_default(), self.out.len())),
            Role::Image => {
                let alt = value("alt").unwrap_or_default();
                let source = value("src").filter(|source| is_web(source));
                if !alt.trim().is_empty() || source.is_some() {
                    let alt = if alt.trim().is_empty() { "image" } else { alt.trim() };
                    self.out.push_str(&["[", alt, "]"].concat());
                }
                self.address(source.as_deref());
            }
            Role::Embedded | Role::Frame => {
                self.address(value("src").as_deref().filter(|source| is_web(source)));
            }
            Role::Input => {
                if value("type").is_some_and(|of| of.eq_ignore_ascii_case("checkbox")) {
                    self.checkbox(value("checked").is_some());
                }
            }
        }
    }

    /// An item's sign. Quill and TipTap, editors, say at the item whether it is ticked.
    fn item(&mut self, list: Option<&str>, ticked: Option<&str>, value: Option<i64>) {
        self.line();
        for _ in 1..self.lists.len().min(DEEPEST) {
            self.out.push_str("  ");
        }
        match self.lists.last_mut() {
            Some(Some(next)) if list != Some("bullet") => {
                let number = value.unwrap_or(*next);
                *next = number.saturating_add(1);
                self.sign(&[number.to_string().as_str(), ". "].concat());
            }
            _ => self.sign("- "),
        }
        match (list, ticked) {
            (Some("checked"), _) | (_, Some("true")) => self.checkbox(true),
            (Some("unchecked"), _) | (_, Some("false")) => self.checkbox(false),
            _ => {}
        }
    }

    /// A box that is ticked or not; one that the item has already is not shown twice.
    fn checkbox(&mut self, ticked: bool) {
        if self.sign != self.out.len() || !self.out.ends_with("] ") {
            self.sign(if ticked { "[x] " } else { "[ ] " });
        }
    }

    fn end(&mut self, tag: &Tag) {
        match tag.role() {
            Role::Block | Role::Item => self.block(),
            Role::Row => {
                self.line();
                self.cell = None;
            }
            Role::List | Role::Numbers => {
                self.lists.pop();
                self.line();
            }
            Role::Typed => {
                self.typed = self.typed.saturating_sub(1);
                self.line();
            }
            Role::Break => self.out.push('\n'),
            Role::Link => self.end_link(),
            _ => {}
        }
    }

    /// The address behind a link's text, unless the text says the same.
    fn end_link(&mut self) {
        let Some((address, at)) = self.links.pop() else { return };
        let address = address.trim();
        let bare = address
            .strip_prefix("mailto:")
            .or_else(|| address.strip_prefix("tel:"))
            .unwrap_or(address);
        let scheme = address.split(':').next().unwrap_or_default();
        let leads_nowhere = ["javascript", "data"].iter().any(|of| scheme.eq_ignore_ascii_case(of));
        if bare.is_empty() || address.starts_with('#') || leads_nowhere {
            return;
        }
        let shown = self.out.get(at..).unwrap_or_default().trim();
        if core(bare).eq_ignore_ascii_case(core(shown)) || address.eq_ignore_ascii_case(shown) {
            return;
        }
        if shown.is_empty() {
            // What follows is not of the address.
            self.out.push_str(bare);
            if self.folds {
                self.out.push(' ');
            }
            return;
        }
        let spaced = self.out.ends_with(' ');
        self.trim();
        self.address(Some(bare));
        if spaced {
            self.out.push(' ');
        }
    }

    fn address(&mut self, address: Option<&str>) {
        if let Some(address) = address {
            let before =
                if self.out.is_empty() || self.out.ends_with([' ', '\n']) { "" } else { " " };
            self.out.push_str(&[before, "(", address, ")"].concat());
        }
    }
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// An address as people write it: without its scheme and its last slash.
fn core(address: &str) -> &str {
    let address = address.strip_prefix("https://").unwrap_or(address);
    address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_readable_text() {
        for (html, right) in [
            (
                "<div class=\"cm-paragraph\">Hello&nbsp;<b>Ada</b> &amp; co</div><ul><li>one</li><li>two &lt;3</li></ul>\n<p>End<br/>now</p>",
                "Hello Ada & co\n- one\n- two <3\nEnd\nnow",
            ),
            ("<ul><li><p>one</p></li><li><p>two</p><p>more</p></li></ul>", "- one\n- two\nmore"),
            (
                "<ul><li>a<ol><li>b<li value=7>c<li>d</ol></li><li>e</ul>",
                "- a\n  1. b\n  7. c\n  8. d\n- e",
            ),
            (
                "<ol><li data-list=\"bullet\">a</li><li data-list=\"ordered\">b</li></ol>",
                "- a\n1. b",
            ),
            (
                "<ul><li data-list=\"checked\">a</li><li data-checked=\"false\">b</li></ul>",
                "- [x] a\n- [ ] b",
            ),
            (
                "<ul><li data-checked=\"true\"><label><input type=\"checkbox\" checked=\"checked\"><span></span></label><div><p>Call</p></div></li></ul>",
                "- [x] Call",
            ),
            (
                "<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td></td><td>c</td></tr></table>",
                "a | b\n | c",
            ),
            ("<table><tr><td>a</td><td><br></td><td></td><td>b</td></tr></table>", "a | | | b"),
            (
                "<p>see <a href='https://x.io/a?b=1&amp;c=2'>the page </a>now</p>",
                "see the page (https://x.io/a?b=1&c=2) now",
            ),
            (
                "<a href=\"https://x.io/\"><img src=\"https://x.io/l.png\" alt=\"Logo\"></a>",
                "[Logo] (https://x.io/l.png) (https://x.io/)",
            ),
            (
                "<a href=\"mailto:ann@x.io\">Ann</a>, <a href=\"mailto:ann@x.io\">ann@x.io</a>",
                "Ann (ann@x.io), ann@x.io",
            ),
            ("<pre>\n a\n  b</pre>c", " a\n  b\nc"),
            ("a <b>bold</b>\nline", "a bold\nline"),
            ("<p>a</p><p><br></p><p>b</p>", "a\n\nb"),
            ("<head><title>T</title></head><body>x</body>", "x"),
            ("<p>x</p><textarea>a <b>b</b> &amp; c</textarea>", "x\na <b>b</b> & c"),
            ("<!-- hidden --><i>shown</i>", "shown"),
        ] {
            assert_eq!(plain(html), right, "{html}");
        }
    }

    #[test]
    fn code_that_a_person_shows_is_kept() {
        for text in
            ["<script>alert('x')</script>shown", "<title>", "<style>p{}</style>", "<!-- why --> x"]
        {
            assert_eq!(plain(text), text);
        }
        assert_eq!(plain("<script>alert('x')</script><p>shown</p>"), "shown");
    }

    #[test]
    fn the_note_form_comes_back_as_it_was() {
        for text in [
            "a < b & c > d",
            "first\nsecond\n\nthird",
            "日本語 😀 \"quoted\"",
            "  indented\n    more\n\ta\ttab  and   runs",
            "Use &lt;b&gt; and <p>x</p> &nbsp;",
            " x",
        ] {
            assert_eq!(plain(&chartmogul_html(text)), text, "{text}");
        }
        assert_eq!(chartmogul_html("a b  c\n d"), "a b &nbsp;c<br>&nbsp;d");
    }

    #[test]
    fn hostile_texts_take_no_longer_than_their_length() {
        let hostile = [
            "<",
            "<!--",
            "<a x=\"<a x='",
            "<a ",
            "<p><a href=x>",
            "<li><ol>",
            "&x;",
            "&",
            "<td><p>",
            "<script>",
            "</p",
            "<a href=\"",
            "<![",
            "<b></b>",
            "  \n",
        ];
        for piece in hostile {
            let time = |times: usize| {
                let text = piece.repeat(times) + "\"'>--><p>";
                plain(&text).len()
            };
            // A quadratic reader would take minutes.
            assert!(time(100_000 / piece.len()) < 2_000_000, "{piece}");
        }
    }
}
