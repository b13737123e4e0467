//! Which `<` of a text begin a tag of HTML, and which a person typed: `<ann@example.com>`, `< 10k`.

/// When a tag of a name is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// Wherever it stands.
    Always,
    /// As `Always`, and it has no end tag.
    Empty,
    /// With its end tag, or with an attribute that has a value: the name is also a word that people
    /// put in angle brackets.
    Shown,
    /// As `Shown`, and it has no end tag.
    ShownEmpty,
    /// With its end tag only: the content is not read, or is dropped.
    Paired,
}

/// What a tag does to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Inline,
    /// It begins a line.
    Block,
    /// `<br>`.
    Break,
    /// A list without numbers.
    List,
    /// A list with numbers.
    Numbers,
    /// An item of a list.
    Item,
    /// `<hr>`.
    Ruler,
    /// Its white space counts.
    Typed,
    /// A row of a table.
    Row,
    /// A cell of a table.
    Cell,
    /// `<a>`.
    Link,
    /// `<img>`.
    Image,
    /// Something shown from elsewhere.
    Embedded,
    /// A field of a form.
    Input,
    /// Its content is not shown.
    Hidden,
    /// As `Hidden`, and it shows something from elsewhere.
    Frame,
    /// Its content is text, without tags.
    Text,
}

use Counts::{Always, Empty, Paired, Shown, ShownEmpty};
use Role::{
    Block, Break, Cell, Embedded, Frame, Hidden, Image, Inline, Input, Item, Link, List, Numbers,
    Row, Ruler, Text, Typed,
};

/// HTML's elements, by name.
static ELEMENTS: &[(&str, Counts, Role)] = &[
    ("a", Shown, Link),
    ("abbr", Shown, Inline),
    ("acronym", Shown, Inline),
    ("address", Shown, Block),
    ("area", ShownEmpty, Inline),
    ("article", Shown, Block),
    ("aside", Shown, Block),
    ("audio", Shown, Embedded),
    ("b", Shown, Inline),
    ("base", ShownEmpty, Inline),
    ("bdi", Shown, Inline),
    ("bdo", Shown, Inline),
    ("big", Shown, Inline),
    ("blockquote", Always, Block),
    ("body", Shown, Block),
    ("br", Empty, Break),
    ("button", Shown, Inline),
    ("canvas", Shown, Inline),
    ("caption", Shown, Block),
    ("center", Shown, Block),
    ("cite", Shown, Inline),
    ("code", Shown, Inline),
    ("col", Empty, Inline),
    ("colgroup", Always, Inline),
    ("data", Shown, Inline),
    ("datalist", Shown, Inline),
    ("dd", Always, Block),
    ("del", Always, Inline),
    ("details", Shown, Block),
    ("dfn", Shown, Inline),
    ("dialog", Shown, Block),
    ("dir", Shown, List),
    ("div", Always, Block),
    ("dl", Always, Block),
    ("dt", Always, Block),
    ("em", Always, Inline),
    ("embed", ShownEmpty, Embedded),
    ("fieldset", Shown, Block),
    ("figcaption", Always, Block),
    ("figure", Shown, Block),
    ("font", Shown, Inline),
    ("footer", Shown, Block),
    ("form", Shown, Block),
    ("h1", Always, Block),
    ("h2", Always, Block),
    ("h3", Always, Block),
    ("h4", Always, Block),
    ("h5", Always, Block),
    ("h6", Always, Block),
    ("head", Paired, Hidden),
    ("header", Shown, Block),
    ("hgroup", Shown, Block),
    ("hr", Empty, Ruler),
    ("html", Always, Block),
    ("i", Shown, Inline),
    ("iframe", Paired, Frame),
    ("img", Empty, Image),
    ("input", ShownEmpty, Input),
    ("ins", Always, Inline),
    ("kbd", Shown, Inline),
    ("label", Shown, Inline),
    ("legend", Shown, Block),
    ("li", Always, Item),
    ("link", ShownEmpty, Inline),
    ("main", Shown, Block),
    ("map", Shown, Inline),
    ("mark", Shown, Inline),
    ("math", Paired, Hidden),
    ("menu", Shown, List),
    ("meta", ShownEmpty, Inline),
    ("meter", Shown, Inline),
    ("nav", Shown, Block),
    ("nobr", Shown, Inline),
    ("noscript", Paired, Hidden),
    ("object", Shown, Inline),
    ("ol", Always, Numbers),
    ("optgroup", Shown, Block),
    ("option", Shown, Block),
    ("output", Shown, Inline),
    ("p", Always, Block),
    ("param", ShownEmpty, Inline),
    ("picture", Shown, Inline),
    ("pre", Always, Typed),
    ("progress", Shown, Inline),
    ("q", Shown, Inline),
    ("rp", Shown, Inline),
    ("rt", Shown, Inline),
    ("ruby", Shown, Inline),
    ("s", Shown, Inline),
    ("samp", Shown, Inline),
    ("script", Paired, Hidden),
    ("section", Shown, Block),
    ("select", Shown, Inline),
    ("small", Shown, Inline),
    ("source", ShownEmpty, Inline),
    ("span", Always, Inline),
    ("strike", Always, Inline),
    ("strong", Always, Inline),
    ("style", Paired, Hidden),
    ("sub", Shown, Inline),
    ("summary", Shown, Block),
    ("sup", Always, Inline),
    ("svg", Paired, Hidden),
    ("table", Shown, Block),
    ("tbody", Always, Inline),
    ("td", Always, Cell),
    ("template", Paired, Hidden),
    ("textarea", Paired, Text),
    ("tfoot", Always, Inline),
    ("th", Always, Cell),
    ("thead", Always, Inline),
    ("time", Shown, Inline),
    ("title", Paired, Hidden),
    ("tr", Always, Row),
    ("track", ShownEmpty, Inline),
    ("tt", Always, Inline),
    ("u", Shown, Inline),
    ("ul", Always, List),
    ("var", Shown, Inline),
    ("video", Shown, Embedded),
    ("wbr", Empty, Inline),
];

/// Attributes that stand without a value.
static BARE: &[&str] = &[
    "allowfullscreen",
    "autoplay",
    "checked",
    "compact",
    "contenteditable",
    "controls",
    "disabled",
    "download",
    "hidden",
    "loop",
    "multiple",
    "muted",
    "noshade",
    "nowrap",
    "open",
    "readonly",
    "required",
    "reversed",
    "selected",
];

/// Prefixes of Office's elements, of which a browser shows nothing.
const OFFICE: &[u8] = b"owvm";

/// Longest name of an element.
const LONGEST_NAME: usize = 10;

/// A tag, or a comment.
#[derive(Debug)]
pub(super) struct Tag {
    /// Where it begins.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    /// Where its attributes begin.
    attributes: usize,
    /// Its element's place among all; Office's elements come last, then comments.
    element: usize,
    /// Whether it is an end tag.
    pub closes: bool,
    /// Whether it has an attribute with a value.
    valued: bool,
    /// Whether it is a tag at all.
    counts: bool,
}

const OFFICE_ELEMENT: usize = ELEMENTS.len();
const COMMENT: usize = ELEMENTS.len() + 1;

impl Tag {
    /// What it does to the text.
    pub(super) fn role(&self) -> Role {
        ELEMENTS.get(self.element).map_or(Inline, |element| element.2)
    }

    /// Whether its content is not read as HTML: only its own end tag counts.
    pub(super) fn is_closed_off(&self) -> bool {
        self.when() == Paired
    }

    /// Whether the end tag is that of a start tag.
    pub(super) fn ends(&self, start: &Self) -> bool {
        self.closes && self.element == start.element
    }

    /// An attribute's value as it is written; empty for a bare one.
    pub(super) fn attribute<'t>(&self, text: &'t str, wanted: &str) -> Option<&'t str> {
        let mut rest = text.get(self.attributes..self.end)?;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let end = rest.find(|c: char| c.is_ascii_whitespace() || "=>/".contains(c))?;
            let (name, behind) = rest.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
            let (value, left) = match behind.trim_ascii_start().strip_prefix('=') {
                None => ("", behind),
                Some(value) => {
                    let value = value.trim_ascii_start();
                    match value.strip_prefix(['"', '\'']) {
                        Some(inner) => inner.split_once(value.chars().next()?)?,
                        None => value.split_at_checked(
                            value.find(|c: char| c.is_ascii_whitespace() || c == '>')?,
                        )?,
                    }
                }
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(value);
            }
            rest = left;
        }
    }

    fn when(&self) -> Counts {
        ELEMENTS.get(self.element).map_or(Always, |element| element.1)
    }
}

/// The place of an element's name among all.
fn element(name: &[u8]) -> Option<usize> {
    let mut low = [0; LONGEST_NAME];
    let low = low.get_mut(..name.len())?;
    low.copy_from_slice(name);
    low.make_ascii_lowercase();
    ELEMENTS.binary_search_by(|(known, ..)| known.as_bytes().cmp(low)).ok()
}

/// Where letters of some kind end.
fn past(bytes: &[u8], from: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len())
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// Where a text holds its last of some characters: nobody looks for one behind that again and again.
struct Last {
    angle: usize,
    double: Option<usize>,
    single: Option<usize>,
    comment: Option<usize>,
}

/// The tag that begins at `at`, by a grammar stricter than a browser's: attributes are names with
/// values, or known names. A value needs its closing quote.
fn read(bytes: &[u8], at: usize, last: &Last) -> Option<Tag> {
    let closes = bytes.get(at + 1) == Some(&b'/');
    let start = at + 1 + usize::from(closes);
    let mut i = past(bytes, start, is_letter);
    let element = match bytes.get(start..i)? {
        [prefix]
            if bytes.get(i) == Some(&b':') && OFFICE.contains(&prefix.to_ascii_lowercase()) =>
        {
            i = past(bytes, i + 1, is_letter);
            OFFICE_ELEMENT
        }
        name => element(name)?,
    };
    let mut tag = Tag { at, end: 0, attributes: i, element, closes, valued: false, counts: false };
    loop {
        let spaced = past(bytes, i, is_blank);
        match (bytes.get(spaced)?, bytes.get(spaced + 1)) {
            (b'>', _) => tag.end = spaced + 1,
            (b'/', Some(b'>')) => tag.end = spaced + 2,
            _ if spaced > last.angle || closes || (spaced == i && !tag.valued) => return None,
            _ => {}
        }
        if tag.end > 0 {
            return Some(tag);
        }
        i = past(bytes, spaced, |byte| is_letter(byte) || b"-_:.@".contains(&byte));
        let name = bytes.get(spaced..i).filter(|name| !name.is_empty())?;
        let sign = past(bytes, i, is_blank);
        if bytes.get(sign) != Some(&b'=') {
            if !BARE.iter().any(|bare| bare.as_bytes().eq_ignore_ascii_case(name)) {
                return None;
            }
            continue;
        }
        tag.valued = true;
        let value = past(bytes, sign + 1, is_blank);
        i = match bytes.get(value)? {
            quote @ (b'"' | b'\'') => {
                let end = if *quote == b'"' { last.double } else { last.single };
                if end? <= value {
                    return None;
                }
                past(bytes, value + 1, |byte| byte != *quote) + 1
            }
            _ => past(bytes, value, |byte| !is_blank(byte) && !b"<>\"'`".contains(&byte)),
        };
    }
}

/// What is not a tag and shows nothing: a comment, a declaration. Where it ends.
fn comment(text: &str, at: usize, last: &Last) -> Option<usize> {
    let rest = text.get(at..)?;
    if rest.starts_with("<!--") {
        last.comment.filter(|end| *end > at)?;
        return rest.find("-->").map(|end| at + end + 3);
    }
    let begins =
        |word: &str| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins("<!doctype") || begins("<![") || begins("<?xml") {
        return rest.find('>').map(|end| at + end + 1);
    }
    None
}

/// The tags and comments of a text, in order; empty if it has no tag.
pub(super) fn find(text: &str) -> Vec<Tag> {
    let Some(angle) = text.rfind('>') else { return Vec::new() };
    let last = Last {
        angle,
        double: text.rfind('"'),
        single: text.rfind('\''),
        comment: text.rfind("-->"),
    };
    let mut tags: Vec<Tag> = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('<')) {
        let at = from + found;
        from = at + 1;
        if at > angle {
            break;
        }
        let found = match comment(text, at, &last) {
            Some(end) => Some(Tag {
                at,
                end,
                attributes: end,
                element: COMMENT,
                closes: false,
                valued: false,
                counts: true,
            }),
            None => read(text.as_bytes(), at, &last),
        };
        if let Some(tag) = found {
            from = tag.end;
            tags.push(tag);
        }
    }
    pair(&mut tags);
    tags.retain(|tag| tag.counts);
    // Without a tag of another kind, a person shows code.
    if !tags.iter().any(|tag| tag.element != COMMENT && !tag.is_closed_off()) {
        tags.clear();
    }
    tags
}

/// Says which tags count. Misnested ones are pairs too.
fn pair(tags: &mut [Tag]) {
    let mut open: Vec<Vec<usize>> = vec![Vec::new(); COMMENT + 1];
    for index in 0..tags.len() {
        let Some(tag) = tags.get_mut(index) else { break };
        let when = tag.when();
        if tag.element == COMMENT {
            continue;
        }
        let Some(starts) = open.get_mut(tag.element) else { continue };
        if !tag.closes {
            tag.counts = match when {
                Always | Empty => true,
                Shown | ShownEmpty => tag.valued,
                Paired => false,
            };
            if !matches!(when, Empty | ShownEmpty) {
                starts.push(index);
            }
            continue;
        }
        let start = starts.pop();
        tag.counts = start.is_some() || when == Always || tag.role() == Break;
        if let Some(start) = start.and_then(|start| tags.get_mut(start)) {
            start.counts = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).iter().map(|tag| &text[tag.at..tag.end]).collect()
    }

    #[test]
    fn the_names_can_be_searched() {
        assert!(ELEMENTS.is_sorted_by(|one, two| one.0 < two.0));
        assert!(ELEMENTS.iter().all(|element| element.0.len() <= LONGEST_NAME));
    }

    #[test]
    fn only_what_html_means_is_a_tag() {
        for text in [
            "<",
            "<>",
            "< p >",
            "<3",
            "a<b",
            "<ann@example.com>",
            "<John's book>",
            "Vec<String>",
            "<a>",
            "<b> and <i>",
            "<p",
            "<p class=\"x>",
            "<p John>",
            "</ p>",
            "<script>",
            "<style>x",
            "<html-like>",
            "<p/ >",
            "<p.x>",
            "<title> of <section>",
            "<x:p>",
            "<!-- no end",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
        for (text, tags) in [
            ("<p>x</P >", vec!["<p>", "</P >"]),
            ("<b>x</b> <i>", vec!["<b>", "</b>"]),
            ("<a href=x>y", vec!["<a href=x>"]),
            ("<input type='checkbox' checked>", vec!["<input type='checkbox' checked>"]),
            ("x<br/>y<o:p></o:p>", vec!["<br/>", "<o:p>", "</o:p>"]),
            ("<!-- c --><p title='a>b'>", vec!["<!-- c -->", "<p title='a>b'>"]),
            ("<IMG\nalt = x>", vec!["<IMG\nalt = x>"]),
        ] {
            assert_eq!(found(text), tags, "{text}");
        }
    }

    #[test]
    fn attributes_are_read_in_all_their_forms() {
        let text = "<img a=1 hidden ALT = 'it is \"x\"' src=\"y>z\" w= 5 />";
        let tag = find(text).pop().unwrap();
        for (name, value) in [
            ("alt", Some("it is \"x\"")),
            ("src", Some("y>z")),
            ("hidden", Some("")),
            ("w", Some("5")),
            ("a", Some("1")),
            ("x", None),
        ] {
            assert_eq!(tag.attribute(text, name), value, "{name}");
        }
    }
}
