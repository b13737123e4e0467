//! A GHL note as a ChartMogul note, and the other way round.

use serde_json::Value;

use crate::chartmogul::records as chartmogul;
use crate::ghl::records::Note;

use super::settings::{Marker, NoteFormat, Settings};
use super::users::UserMap;
use super::{Fields, Mapped, hash, html, text};
use crate::mutants::{self, Mutant};

/// The note's canonical form. Fields: `text`, plain; only at its creation, the second part: `created_at`,
/// and `author`, GHL's id of who wrote it.
///
/// Title first, then the body as plain text, without the marker of a note that came from ChartMogul.
/// Colour and pin have no place in ChartMogul.
pub fn note(note: &Note<'_>) -> (Mapped, Fields) {
    let mut mapped = Mapped::default();
    let mut at_create = Fields::new();
    let mut parts: Vec<String> = Vec::new();
    if let Some(title) = note.title.as_deref().map(text::one_line).filter(|title| !title.is_empty())
    {
        parts.push(title);
    }
    let whole = html::plain(note.body.as_deref().unwrap_or_default());
    let body = own_words(&whole);
    if !body.is_empty() {
        parts.push(body);
    }
    mapped.fields.insert("text".into(), Value::String(parts.join("\n")));
    if let Some(id) = note.user_id.as_deref().filter(|id| !id.is_empty()) {
        at_create.insert("author".into(), Value::String(id.to_owned()));
    }
    if let Some(at) = mapped.instant("dateAdded", note.date_added.as_ref()) {
        at_create.insert("created_at".into(), Value::String(at));
    }
    (mapped, at_create)
}

/// The ChartMogul note that the text of a GHL note names.
pub fn origin(body: &str) -> Option<String> {
    if !body.contains("cm:n:") {
        return None;
    }
    let plain = html::plain(body);
    marked_with(&plain, FROM_CHARTMOGUL).map(|(_, uuid, _)| uuid.to_owned())
}

/// The marker of ChartMogul's note in the text of GHL's.
const FROM_CHARTMOGUL: &str = "[cm:n:";

/// What the plain text of a GHL note says, without the marker of one that came from ChartMogul and
/// without the line above that names its author.
fn own_words(plain: &str) -> String {
    let (before, _, behind) = marked_with(plain, FROM_CHARTMOGUL).unwrap_or((plain, "", ""));
    let (own, _) = signed(before);
    text::tidy(&format!("{own}\n{}", behind.trim()))
}

/// Splits a text that ends with the line that names its author in ChartMogul.
fn signed(plain: &str) -> (&str, Option<&str>) {
    let own = plain.trim_end();
    let (above, last) = own.rsplit_once('\n').unwrap_or(("", own));
    let author = last.strip_prefix("by ").and_then(|last| last.strip_suffix(SIGNED));
    (if author.is_some() { above } else { own }, author)
}

/// How the line ends that names the author of a note from ChartMogul.
const SIGNED: &str = " in ChartMogul";

/// A ChartMogul note as it is written to GHL at its creation: its text with who wrote it, where GHL
/// knows no user of that address, and its marker.
pub fn written_to_ghl(
    plain: &str,
    author: Option<&str>,
    uuid: &str,
    settings: &Settings,
) -> String {
    let mut whole = plain.to_owned();
    if let Some(author) = author {
        whole.push_str(&format!("\nby {author}{SIGNED}"));
    }
    if settings.marker == Marker::Trailing && !uuid.is_empty() {
        whole.push_str(&format!("\n[cm:n:{uuid}]"));
    }
    html::chartmogul_html(whole.trim_start())
}

/// The body of a GHL note with other words: its marker and the line that names its author stay.
pub fn rewritten(body: &str, plain: &str, settings: &Settings) -> String {
    let held = html::plain(body);
    let (before, uuid, _) = marked_with(&held, FROM_CHARTMOGUL).unwrap_or((&held, "", ""));
    written_to_ghl(plain, signed(before).1, uuid, settings)
}

/// What a ChartMogul note says to a person: its plain text without our marker and without the line
/// above that names a GHL user; without markers, without such a line at its end. A call begins with its
/// length.
pub fn told(note: &chartmogul::Note, users: &UserMap, marker: Marker) -> String {
    let plain = html::plain(note.text.as_deref().unwrap_or_default());
    let unsigned = |own: &str| {
        let (above, last) = own.rsplit_once('\n').unwrap_or(("", own));
        let named = last.strip_prefix("by ").is_some_and(|name| users.has_name(name));
        if named { above.to_owned() } else { own.to_owned() }
    };
    let mut told = match split(&plain) {
        None if marker == Marker::None => unsigned(plain.trim_end()),
        None => plain,
        Some((before, _, behind)) => {
            text::tidy(&format!("{}\n{}", unsigned(before.trim_end()), behind.trim()))
        }
    };
    if note.kind.as_deref() == Some("call") {
        let minutes = note.call_duration.unwrap_or(0).max(0).unsigned_abs().div_ceil(60);
        told = format!("Call, {minutes} min\n{told}").trim_end().to_owned();
    }
    told
}

/// Name and address of who wrote a ChartMogul note: `Name (address)`.
pub fn author_of(note: &chartmogul::Note) -> Option<(&str, &str)> {
    let (name, rest) = note.author.as_deref()?.rsplit_once('(')?;
    Some((name.trim(), rest.trim_end().trim_end_matches(')')))
}

/// A hash of what a note says to a person: the same for the same words, however they are laid out.
pub fn whole(told: &str) -> String {
    hash(&text::one_line(told))
}

/// A text in the form it is written to ChartMogul, with its marker.
pub fn written(plain: &str, id: &str, settings: &Settings) -> String {
    let whole = match settings.marker {
        Marker::Trailing if !id.is_empty() => {
            format!("{plain}\n{}", marker(id)).trim_start().to_owned()
        }
        Marker::Trailing | Marker::None => plain.to_owned(),
    };
    match settings.note_format {
        NoteFormat::Html => html::chartmogul_html(&whole),
        NoteFormat::Plain => whole,
    }
}

fn marker(id: &str) -> String {
    format!("[ghl:n:{id}]")
}

/// Splits a plain text at its last marker: what is before it, the GHL note that it names, what
/// is behind it.
fn split(plain: &str) -> Option<(&str, &str, &str)> {
    let (before, id, behind) = marked_with(plain, "[ghl:n:")?;
    let late = mutants::is_on(Mutant::MarkerOnlyAtTheEnd) && !behind.trim().is_empty();
    (!late).then_some((before, id, behind))
}

/// The text before the last marker of this form, the id that it names, and the text behind it.
pub(super) fn marked_with<'t>(plain: &'t str, form: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let (before, rest) = plain.rsplit_once(form)?;
    let (id, behind) = rest.split_once(']')?;
    (!id.is_empty() && !id.contains(char::is_whitespace)).then_some((before, id, behind))
}

/// The GHL note id that a text's last marker names, wherever in the text it stands.
pub fn marked(text: &str) -> Option<String> {
    if !text.contains("ghl:n:") {
        return None;
    }
    let plain = html::plain(text);
    split(&plain).map(|(_, id, _)| id.to_owned())
}

/// What tells a note apart, and what its text says as far as it is ours: its plain text up to our
/// marker, whatever markup holds it, without the line that names its author. White space makes no
/// difference, as markup folds it.
pub fn content(text: &str) -> String {
    content_of_plain(&html::plain(text))
}

/// The same of a text that is plain already.
pub fn content_of_plain(plain: &str) -> String {
    let own = split(plain).map_or(plain, |(before, _, _)| before).trim_end();
    let (above, last) = own.rsplit_once('\n').unwrap_or(("", own));
    hash(&text::one_line(if last.starts_with("by ") { above } else { own }))
}

/// Whether a text says nothing but what we wrote: nobody has added to it.
pub fn is_untouched(text: &str, content_of_ours: &str) -> bool {
    let plain = html::plain(text);
    let behind = split(&plain).map_or("", |(_, _, behind)| behind);
    behind.trim().is_empty() && content_of_plain(&plain) == content_of_ours
}

/// Whether there is something behind the marker of a text.
pub fn has_more(text: &str) -> bool {
    text.contains("ghl:n:")
        && split(&html::plain(text)).is_some_and(|(_, _, behind)| !behind.trim().is_empty())
}

/// A text of ChartMogul without our marker: what stands around it stays.
pub fn without_marker(text: &str) -> String {
    let Some(id) = marked(text) else { return text.to_owned() };
    let marker = marker(&id);
    match text.rsplit_once(&marker) {
        Some((before, behind)) => {
            let before = before.trim_end();
            format!("{}{behind}", before.strip_suffix("<br>").unwrap_or(before))
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Fields, Fields) {
        let record: Note<'_> = crate::record::read(json).unwrap();
        let (mapped, at_create) = note(&record);
        (mapped.fields, at_create)
    }

    #[test]
    fn title_and_body_are_one_plain_text() {
        let (fields, at_create) = read(
            r#"{"id":"N1","title":"Call","body":"<p>a &lt; b</p><p>second</p>","userId":"u2","dateAdded":"2024-05-06T07:08:09.123Z"}"#,
        );
        assert_eq!(fields["text"], "Call\na < b\nsecond");
        assert_eq!(at_create["author"], "u2");
        assert_eq!(at_create["created_at"], "2024-05-06T07:08:09.123Z");
        let text = written("Call\na < b\nsecond\nby Bob", "N1", &Settings::default());
        assert_eq!(text, "Call<br>a &lt; b<br>second<br>by Bob<br>[ghl:n:N1]");
        assert_eq!(marked(&text).as_deref(), Some("N1"));
    }

    #[test]
    fn a_note_from_chartmogul_says_in_ghl_what_it_says_there() {
        let settings = Settings::default();
        let users = UserMap::default();
        let there = |json: &str| -> chartmogul::Note { crate::record::read(json).unwrap() };
        let note = there(
            r#"{"text":"<div class=\"cm-paragraph\">a &lt; b</div><div class=\"cm-paragraph\">c</div>","author":"Ada Lang (ada@example.com)","type":"note"}"#,
        );
        assert_eq!(told(&note, &users, Marker::Trailing), "a < b\nc");
        assert_eq!(author_of(&note), Some(("Ada Lang", "ada@example.com")));
        let body = written_to_ghl("a < b\nc", Some("Ada Lang"), "note_1", &settings);
        assert_eq!(body, "a &lt; b<br>c<br>by Ada Lang in ChartMogul<br>[cm:n:note_1]");
        assert_eq!(origin(&body).as_deref(), Some("note_1"));
        let read_back = |body: &str| read(&serde_json::json!({ "body": body }).to_string()).0;
        assert_eq!(read_back(&body)["text"], "a < b\nc");
        assert_eq!(read_back(&format!("{body}<br>more"))["text"], "a < b\nc\nmore");
        assert_eq!(read_back("by Ada")["text"], "by Ada");
        let call = there(r#"{"text":"Asked for a quote","call_duration":690,"type":"call"}"#);
        assert_eq!(told(&call, &users, Marker::Trailing), "Call, 12 min\nAsked for a quote");
        assert_eq!(
            told(&there(r#"{"call_duration":0,"type":"call"}"#), &users, Marker::Trailing),
            "Call, 0 min"
        );
    }

    #[test]
    fn a_copy_of_ours_says_in_chartmogul_what_a_person_made_of_it() {
        let names = crate::mapping::settings::Users::default();
        let user = crate::mapping::users::User { name: "Bob".into(), email: None };
        let users = UserMap::new(
            crate::named::Named::from_iter([("u2".to_owned(), user)]),
            &names,
            Vec::new(),
        );
        for (text, right) in [
            ("ours<br>by Bob<br>[ghl:n:N1]", "ours"),
            ("ours<br>by Eve<br>[ghl:n:N1]", "ours\nby Eve"),
            ("ours<br>[ghl:n:N1]<br>theirs", "ours\ntheirs"),
            ("nobody's<br>by Bob", "nobody's\nby Bob"),
        ] {
            let note = chartmogul::Note { text: Some(text.into()), ..chartmogul::Note::default() };
            assert_eq!(told(&note, &users, Marker::Trailing), right, "{text}");
        }
    }

    #[test]
    fn a_marker_counts_anywhere_and_the_last_one_wins() {
        assert_eq!(marked("a<br>[ghl:n:N1]<br>added by a person").as_deref(), Some("N1"));
        assert_eq!(marked("[ghl:n:N1] quoted, [ghl:n:N2]").as_deref(), Some("N2"));
        assert_eq!(marked("[ghl:n:N1] in front").as_deref(), Some("N1"));
        for none in ["[ghl:n:]", "[ghl:n:a b]", "[ghl:n:N1", "[ghl:t:T1]", ""] {
            assert_eq!(marked(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_person_added_behind_the_marker_is_not_ours() {
        let text = "ours<br>[ghl:n:N1]<br>theirs";
        assert_eq!(content(text), content("ours"));
        assert!(!is_untouched(text, &content("ours")));
        assert!(is_untouched("ours<br>[ghl:n:N1]", &content("ours")));
        assert_eq!(without_marker(text), "ours<br>theirs");
        assert_eq!(without_marker("ours\n[ghl:n:N1]"), "ours");
    }

    #[test]
    fn an_empty_note_has_no_text_but_its_marker() {
        let (fields, _) = read(r#"{"id":"N1","body":"<p></p>"}"#);
        assert_eq!(fields["text"], "");
        assert_eq!(written("", "N1", &Settings::default()), "[ghl:n:N1]");
    }

    #[test]
    fn content_is_the_same_in_any_markup() {
        assert_eq!(content("<div class=\"cm-paragraph\">a &amp; b</div>"), content("a &amp; b"));
        assert_eq!(content("a<br>by Ada"), content("a"));
        assert_eq!(content("a<br>by Ada<br>[ghl:n:N1]"), content("a"));
        assert_eq!(content("by Ada"), content(""));
        assert_ne!(content("a<br>b"), content("a"));
    }
}
