//! Texts that may be HTML.

use std::fmt::Write as _;

use ghl_chartmogul::mapping::html::{chartmogul_html, plain};
use html5gum::{Token, Tokenizer};
use serde::Deserialize;
use serde_json::json;

use crate::{Seeded, inputs, seed, table};

#[derive(Deserialize)]
struct Row {
    input: String,
    right: String,
}

/// What people type, none of it a tag.
const TYPED: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<x@y.z>",
    "<John's ",
    "< 10k",
    "Vec<String>",
    "\"",
    "'",
    "&",
    "&amp",
    "&copy=2",
    "<3",
    "<-",
    "->",
    "<TBD>",
    "<end>>",
    " ",
    "\n",
    "word",
    "é",
    "字",
    "=",
    "a<b",
    "<a>",
    "<b> ",
    "<i>",
    "<title>",
    "<p,",
    "<br;",
    "<!--",
    "[x]",
    "<http://x.io>",
    "<=>",
    "<user> ",
];

/// Pieces of HTML that make trouble.
const HOSTILE: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<p>",
    "</p>",
    "<br>",
    "<b>",
    "</b>",
    "<a href=\"",
    "<a href='x'>",
    "</a>",
    "\"",
    "'",
    "=",
    "&",
    "&amp;",
    "&#",
    "&#x",
    ";",
    "&nbsp;",
    "&#9;",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<pre>",
    "</pre>",
    "<td>",
    "<tr>",
    "<table>",
    "</table>",
    "<ol start=-9>",
    "<li>",
    "</ol>",
    "<ul>",
    "<li value=99999999999999999999>",
    "<img alt=x src=http://x>",
    "<o:p>",
    "<textarea>",
    "</textarea>",
    "<iframe src=http://y>",
    "</iframe>",
    "<![if x]>",
    "<!doctype>",
    " ",
    "\n",
    "\t",
    "\r",
    "\u{a0}",
    "\u{2028}",
    "a",
    "é",
    "😀",
    "<input type=checkbox>",
    "<hr>",
    "<head>",
    "</head>",
    "<q>",
    "&NotEqualTilde;",
    "  ",
    "\n\n\n",
    "&#13;",
    "&#10;",
    "&#32;",
];

fn printed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn inputs_with_right_answers() {
    for Row { input, right } in table("html") {
        assert_eq!(plain(&input), right, "{input}");
    }
}

#[test]
fn everything_a_person_can_have_typed_arrives() {
    let mut random = Seeded::new(seed());
    for _ in 0..inputs(20_000) {
        let text = random.joined(TYPED, 12);
        assert_eq!(printed(&plain(&text)), printed(&text), "seed {}: {text:?}", seed());
    }
}

#[test]
fn escaped_text_in_any_tags_arrives_whole() {
    let mut random = Seeded::new(seed());
    let tags = [
        "<p>",
        "</p>",
        "<br>",
        "<div class=\"a\">",
        "</div>",
        "<strong>",
        "</strong>",
        "<span>",
        "<em>",
        "</em>",
        "<u title='<x>'>",
    ];
    for _ in 0..inputs(20_000) {
        let (mut html, mut whole) = (String::new(), String::new());
        for _ in 0..random.below(8) {
            html.push_str(random.one(&tags));
            let text = random.joined(TYPED, 4);
            html.push_str(&escaped(&text));
            whole.push_str(&text);
        }
        assert_eq!(printed(&plain(&html)), printed(&whole), "seed {}: {html:?}", seed());
    }
}

#[test]
fn what_is_written_to_chartmogul_is_read_the_same() {
    let mut random = Seeded::new(seed());
    for _ in 0..inputs(100_000) {
        let text = random.noise(HOSTILE, 14);
        let read = plain(&text);
        assert_eq!(plain(&chartmogul_html(&read)), read, "seed {}: {text:?}", seed());
    }
}

/// What html5gum, a tokenizer by the standard, finds of text.
fn judged(html: &str) -> String {
    let mut text = String::new();
    for token in Tokenizer::new(html) {
        let Ok(token) = token;
        if let Token::String(piece) = token {
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    }
    text
}

#[test]
fn a_tokenizer_by_the_standard_finds_the_same_words() {
    let mut random = Seeded::new(seed());
    let tags = [
        "<p>",
        "</p>",
        "<br/>",
        "<div class=\"a>b\">",
        "</div>",
        "<strong class=x>",
        "</strong>",
        "<span style='x: \"y\"'>",
        "</span>",
        "<h1>",
        "</h1>",
        "<section id = a>",
        "<!-- no -->",
        "<font color=#fff>",
        "<u title=\"&lt;\">",
    ];
    let words = [
        "word ",
        "&amp;",
        "&lt;p&gt;",
        "&eacute;",
        "&#233;",
        "&#x1F600;",
        "&#128;",
        "&#0;",
        "&NotEqualTilde;",
        "&hellip;",
        "AT&T ",
        "R&D; ",
        "a < b ",
        "1 <2 ",
        "&#xD800;",
        "&quot;",
        "'",
        "\"",
        "&nbsp;",
        "&thetasym;",
        "&;",
        "& ",
        "&#;",
        "x > y ",
    ];
    for _ in 0..inputs(20_000) {
        let mut html = String::from("<p>");
        for _ in 0..random.below(12) {
            let piece = if random.below(3) == 0 { random.one(&tags) } else { random.one(&words) };
            html.push_str(piece);
        }
        assert_eq!(printed(&plain(&html)), printed(&judged(&html)), "seed {}: {html:?}", seed());
    }
}

#[test]
fn every_name_is_what_the_standard_says() {
    let names = include_str!("../../src/mapping/html/references.txt");
    let names = names.lines().flat_map(|line| line.split(' ').next().unwrap().split(','));
    let mut count = 0;
    for name in names {
        let html = format!("<p>x&{name};y");
        let (ours, theirs) = (plain(&html), judged(&html));
        assert_eq!(printed(&ours), printed(&theirs), "{name}");
        count += 1;
    }
    assert_eq!(count, 2125);
}

/// Documents as editors write them, for a browser to judge: `tests/browser/html.test.mjs`.
#[test]
fn documents_for_a_browser_to_judge() {
    let Some(path) = std::env::var_os("HTML_ANSWERS") else {
        println!("skipped: HTML_ANSWERS names no file for the answers");
        return;
    };
    let mut random = Seeded::new(seed());
    let mut lines = String::new();
    for _ in 0..inputs(400) {
        let html = document(&mut random, 3);
        writeln!(lines, "{}", json!({ "html": html, "text": plain(&html) })).unwrap();
    }
    std::fs::write(path, lines).unwrap();
    println!("{} documents of seed {}", inputs(400), seed());
}

fn document(random: &mut Seeded, depth: usize) -> String {
    let mut html = String::new();
    for _ in 0..=random.below(4) {
        html.push_str(random.one(&["", "", "\n", "  "]));
        match if depth == 0 { 0 } else { random.below(9) } {
            0 | 1 => write!(html, "<p>{}</p>", inline(random)),
            2 => write!(html, "<div class=\"cm-paragraph\">{}</div>", inline(random)),
            3 | 4 => {
                let list = random.one(&["ul", "ol", "ol start=\"4\""]);
                let mut items = String::new();
                for _ in 0..=random.below(3) {
                    let nested = if random.below(4) == 0 {
                        document(random, depth - 1)
                    } else {
                        String::new()
                    };
                    let item = inline(random);
                    let item = if random.below(2) == 0 { item } else { format!("<p>{item}</p>") };
                    let value = random.one(&["", "", "", " value=\"12\""]);
                    write!(items, "<li{value}>{item}{nested}</li>{}", random.one(&["", "\n"]))
                        .unwrap();
                }
                write!(html, "<{list}>{items}</{}>", &list[..2])
            }
            5 => {
                let mut rows = String::new();
                for _ in 0..=random.below(3) {
                    rows.push_str("<tr>");
                    for _ in 0..=random.below(3) {
                        write!(rows, "<td>{}</td>", inline(random)).unwrap();
                    }
                    rows.push_str("</tr>\n");
                }
                write!(html, "<table border=1>{rows}</table>")
            }
            6 => write!(html, "<blockquote>{}</blockquote>", document(random, depth - 1)),
            7 => write!(html, "<pre>{}</pre>", random.one(&["a\n  b", "\nx &lt; y\n\tz", "one"])),
            _ => write!(html, "<h2>{}</h2><hr>", inline(random)),
        }
        .unwrap();
    }
    html
}

fn inline(random: &mut Seeded) -> String {
    let mut html = String::new();
    for _ in 0..=random.below(5) {
        let word = random.one(&[
            "word",
            " two words ",
            "é &amp; è",
            "&eacute;",
            "a &lt; b",
            "ARR < 10k",
            "AT&T",
            "x  y",
            "\n",
            "&nbsp;",
            "&#8364;5",
            "😀",
            "&hellip;",
            "<br>",
            "<br/>",
        ]);
        match random.below(8) {
            0 => write!(html, "<b>{word}</b>"),
            1 => write!(
                html,
                "<a href=\"{}\">{word}</a>",
                random.one(&[
                    "https://x.io/a?b=1&amp;c=2",
                    "mailto:ann@x.io",
                    "#top",
                    "javascript:go()"
                ])
            ),
            2 => write!(
                html,
                "<img src=\"{}\" alt=\"{}\">",
                random.one(&["https://x.io/l.png", "data:image/png;base64,AA"]),
                random.one(&["Logo", "", "a &amp; b"])
            ),
            3 => write!(html, "<span style=\"color: red\">{word}</span>"),
            _ => write!(html, "{word}"),
        }
        .unwrap();
    }
    html
}
