//! Text forms: HTML to plain text, plain text to ChartMogul's note form, cutting to a length.

use std::borrow::Cow;

/// Bytes of an entity at most, with `&` and `;`.
const LONGEST_ENTITY: usize = 11;

/// Plain text of a GHL or ChartMogul text, which may be HTML.
///
/// Block elements and `<br>` become line breaks, list items begin with "- ", entities are decoded,
/// runs of blank lines shrink to one. Text without any tag keeps its own line breaks.
pub fn plain(text: &str) -> String {
    if !looks_like_html(text) {
        return tidy(&decode_entities(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tail) = rest.split_at(start);
        push_collapsed(&mut out, &decode_entities(before));
        let Some(end) = tag_end(tail) else {
            push_collapsed(&mut out, &decode_entities(tail));
            return tidy(&out);
        };
        let (tag, after) = tail.split_at(end);
        rest = apply_tag(&mut out, tag, after);
    }
    push_collapsed(&mut out, &decode_entities(rest));
    tidy(&out)
}

/// ChartMogul's note form of plain text: markup characters escaped, line breaks as `<br>`
/// (ChartMogul's documents show `<br>`; its own editor writes HTML).
pub fn chartmogul_html(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + plain.len() / 16);
    let mut rest = plain;
    while let Some(index) = rest.bytes().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'\n'))
    {
        let (before, tail) = rest.split_at(index);
        out.push_str(before);
        out.push_str(match tail.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            _ => "<br>",
        });
        rest = tail.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A plain text as [`plain`] gives it back from [`chartmogul_html`], without the way there.
pub fn given_back(text: &str) -> String {
    if !text.contains('\n') {
        return tidy(text);
    }
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        push_collapsed(&mut out, line);
    }
    tidy(&out)
}

/// The beginning of a text on one line, cut to at most `limit` characters.
pub fn beginning(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        // A character has at most four bytes: what follows would be cut off.
        if out.len() > limit * 4 {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    cut(&out, limit)
}

/// The text in at most `limit` characters: whole if it fits, else cut at a word and ended by "…".
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(index, _)| index);
    let head = text.get(..end).unwrap_or_default();
    // A word of over half the room is cut inside; otherwise the text ends at a word.
    let ends_at_word = text.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let word =
        head.rfind(char::is_whitespace).filter(|index| !ends_at_word && *index >= head.len() / 2);
    let mut out = head.get(..word.unwrap_or(head.len())).unwrap_or_default().trim_end().to_owned();
    if limit > 0 {
        out.push('…');
    }
    out
}

/// One line: every run of white space becomes one space.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn looks_like_html(text: &str) -> bool {
    let Some(last) = text.rfind('>') else { return false };
    text.match_indices('<').take_while(|(index, _)| *index < last).any(|(index, _)| {
        let next = text.as_bytes().get(index + 1);
        next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!'))
    })
}

/// Index just after the tag's `>`; quotes may hold one.
fn tag_end(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return text.find("-->").map(|index| index + 3);
    }
    let mut quote = None;
    for (index, character) in text.char_indices().skip(1) {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return Some(index + 1),
            _ => {}
        }
    }
    // An unclosed quote: fall back to the first `>`.
    text.find('>').map(|index| index + 1)
}

fn apply_tag<'a>(out: &mut String, tag: &str, after: &'a str) -> &'a str {
    let inner = tag.trim_start_matches('<').trim_end_matches('>');
    let closing = inner.starts_with('/');
    let name: String = inner
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match name.as_str() {
        "script" | "style" if !closing => {
            let end = after.match_indices("</").find(|(index, _)| {
                let tag = after.get(index + 2..index + 2 + name.len());
                tag.is_some_and(|tag| tag.eq_ignore_ascii_case(&name))
            });
            return end.and_then(|(index, _)| after.get(index..)).unwrap_or_default();
        }
        "br" => out.push('\n'),
        "li" if !closing => {
            end_line(out);
            out.push_str("- ");
        }
        "p" | "div" | "ul" | "ol" | "li" | "tr" | "table" | "blockquote" | "pre" | "h1" | "h2"
        | "h3" | "h4" | "h5" | "h6" | "section" | "article" | "hr" => end_line(out),
        "td" | "th" if closing => out.push(' '),
        _ => {}
    }
    after
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// HTML folds white space: so do we, but for the breaks that tags made.
fn push_collapsed(out: &mut String, text: &str) {
    let mut space = text.starts_with(char::is_whitespace);
    for word in text.split_whitespace() {
        if space && !out.is_empty() && !out.ends_with(['\n', ' ']) {
            out.push(' ');
        }
        out.push_str(word);
        space = true;
    }
    if text.ends_with(char::is_whitespace) && !out.is_empty() && !out.ends_with(['\n', ' ']) {
        out.push(' ');
    }
}

/// Trims line ends and shrinks runs of blank lines to one.
fn tidy(text: &str) -> String {
    if text.contains('\r') || text.contains('\u{2028}') {
        return tidy(&text.replace("\r\n", "\n").replace(['\r', '\u{2028}'], "\n"));
    }
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.split('\n') {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        out.push_str(line);
    }
    out
}

fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, tail) = rest.split_at(start);
        out.push_str(before);
        let end = tail.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';');
        let entity = end.and_then(|end| tail.get(1..end));
        match entity.and_then(|name| decode_entity(name).map(|decoded| (name.len() + 2, decoded))) {
            Some((length, decoded)) => {
                out.push(decoded);
                rest = tail.get(length..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn decode_entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "euro" => '€',
        "copy" => '©',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_readable_text() {
        let html = "<div class=\"cm-paragraph\">Hello&nbsp;<b>Ada</b> &amp; co</div><ul><li>one</li><li>two &lt;3</li></ul>\n<p>End<br/>now</p>";
        assert_eq!(plain(html), "Hello Ada & co\n- one\n- two <3\nEnd\nnow");
    }

    #[test]
    fn text_that_only_looks_like_html_is_kept() {
        assert_eq!(plain("a < b and c > d"), "a < b and c > d");
        assert_eq!(plain("1 <2"), "1 <2");
        assert_eq!(plain("AT&T; R&D &unknown; &"), "AT&T; R&D &unknown; &");
    }

    #[test]
    fn broken_html_loses_no_words() {
        assert_eq!(plain("<p title=\"a>b\">x</p> tail <b"), "x\ntail <b");
        assert_eq!(plain("<p title=\"open>word</p>"), "word");
        assert_eq!(plain("<script>alert('x')</script>shown"), "shown");
        assert_eq!(plain("<!-- hidden --><i>shown</i>"), "shown");
    }

    #[test]
    fn plain_text_keeps_its_lines() {
        assert_eq!(plain("one\r\ntwo\n\n\n\nthree  "), "one\ntwo\n\nthree");
    }

    #[test]
    fn the_note_form_comes_back_as_it_was() {
        for text in ["a < b & c > d", "first\nsecond\n\nthird", "日本語 😀 \"quoted\""] {
            assert_eq!(plain(&chartmogul_html(text)), text, "{text}");
        }
    }

    #[test]
    fn a_text_is_given_back_as_from_the_note_form() {
        for text in [
            "",
            "\n",
            "one",
            " a  b \n\n\n c\t \r\nd\r\re\n",
            "one\rtwo\r\r\u{2028}three ",
            "R&D &amp; &lt;b&gt; <br>",
            "<p>x</p>\n</script> 字\u{2028}\u{a0}y",
            "by Ada\n[ghl:n:N1]",
        ] {
            assert_eq!(given_back(text), plain(&chartmogul_html(text)), "{text:?}");
        }
    }

    #[test]
    fn a_beginning_is_that_of_the_whole_line() {
        let long = "字".repeat(300);
        for text in ["", " a\n b ", "one two three four five", &long, &long.replace("字字", "字 ")]
        {
            for limit in [1, 12, 60] {
                assert_eq!(beginning(text, limit), cut(&one_line(text), limit), "{text} {limit}");
            }
        }
    }

    #[test]
    fn cutting_counts_characters_and_ends_at_a_word() {
        assert_eq!(cut("short", 255), "short");
        assert_eq!(cut("one two three four", 14), "one two three…");
        assert_eq!(cut("one two three four", 12), "one two…");
        let long = "字".repeat(300);
        assert_eq!(cut(&long, 255).chars().count(), 255);
        assert_eq!(cut("anything", 0), "");
    }
}
