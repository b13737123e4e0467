//! A GHL note as a ChartMogul note.

use serde_json::Value;

use crate::ghl::records::Note;

use super::settings::{Marker, NoteFormat, Settings};
use super::{Fields, Mapped, hash, html, text};
use crate::mutants::Mutant;

/// The note's canonical form. Fields: `text`, plain; only at its creation, the second part: `created_at`,
/// and `author`, GHL's id of who wrote it.
///
/// Title first, then the body as plain text. Colour and pin have no place in ChartMogul.
pub fn note(note: &Note<'_>) -> (Mapped, Fields) {
    let mut mapped = Mapped::default();
    let mut at_create = Fields::new();
    let mut parts: Vec<String> = Vec::new();
    if let Some(title) = note.title.as_deref().map(text::one_line).filter(|title| !title.is_empty())
    {
        parts.push(title);
    }
    let body = html::plain(note.body.as_deref().unwrap_or_default());
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

/// A text in the form it is written to ChartMogul, with its marker.
pub fn written(plain: &str, id: &str, settings: &Settings) -> String {
    let whole = match settings.marker {
        Marker::Trailing => format!("{plain}\n{}", marker(id)).trim_start().to_owned(),
        Marker::None => plain.to_owned(),
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
    let (before, rest) = plain.rsplit_once("[ghl:n:")?;
    let (id, behind) = rest.split_once(']')?;
    let late = crate::mutants::is_on(Mutant::MarkerOnlyAtTheEnd) && !behind.trim().is_empty();
    (!late && !id.is_empty() && !id.contains(char::is_whitespace)).then_some((before, id, behind))
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
