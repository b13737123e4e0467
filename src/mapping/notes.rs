//! A GHL note as a ChartMogul note.

use serde_json::Value;

use crate::dates;
use crate::ghl::records::Note;

use super::settings::{Marker, NoteFormat, Settings};
use super::users::UserMap;
use super::{Fields, Mapped, hash, text};

/// The note's new form. Fields: `text`; only at its creation: `created_at`, `author_email`.
///
/// Title first, then the body as plain text, then who wrote it where that user has no ChartMogul
/// address. Colour and pin have no place in ChartMogul.
pub fn note(note: &Note<'_>, settings: &Settings, users: &UserMap) -> (Mapped, Fields) {
    let mut mapped = Mapped::default();
    let mut at_create = Fields::new();
    let mut parts: Vec<String> = Vec::new();
    if let Some(title) = note.title.as_deref().map(text::one_line).filter(|title| !title.is_empty())
    {
        parts.push(title);
    }
    let body = text::plain(note.body.as_deref().unwrap_or_default());
    if !body.is_empty() {
        parts.push(body);
    }
    if let Some(id) = note.user_id.as_deref() {
        match (users.chartmogul_email(id), users.name(id)) {
            (Some(address), _) => {
                at_create.insert("author_email".into(), Value::String(address));
            }
            (None, Some(name)) => parts.push(format!("by {name}")),
            (None, None) => {}
        }
    }
    let id = note.id.as_deref().unwrap_or_default();
    mapped.set("text", Some(written(&parts.join("\n"), id, settings)));
    if let Some(at) = note.date_added.as_ref().and_then(|at| at.milliseconds()) {
        at_create.insert("created_at".into(), Value::String(dates::iso(at)));
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
        NoteFormat::Html => text::chartmogul_html(&whole),
        NoteFormat::Plain => whole,
    }
}

/// A written text with its author's name added before the marker: ChartMogul does not know that user.
/// The same as [`note`] writes once it knows that.
pub fn signed(text: &str, name: &str, id: &str, settings: &Settings) -> String {
    let (line, name) = match settings.note_format {
        NoteFormat::Html => ("<br>", text::chartmogul_html(name)),
        NoteFormat::Plain => ("\n", name.to_owned()),
    };
    let marker = marker(id);
    let unmarked = text.strip_suffix(&marker);
    let own = unmarked.unwrap_or(text);
    let own = own.strip_suffix(line).unwrap_or(own);
    let signature = format!("by {name}");
    let parts = [own, &signature, unmarked.map_or("", |_| &marker)];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(line)
}

fn marker(id: &str) -> String {
    format!("[ghl:n:{id}]")
}

/// The GHL note id that a text's trailing marker names.
pub fn marked(text: &str) -> Option<String> {
    let plain = text::plain(text);
    let id = plain.trim_end().strip_suffix(']')?.rsplit_once("[ghl:n:")?.1;
    (!id.is_empty()).then(|| id.to_owned())
}

/// What tells a note apart where texts carry no marker: its plain text, whatever markup holds it,
/// without the line that names its author: it comes once ChartMogul has refused the author, and a
/// lost state knows of no refusal. White space makes no difference, as markup folds it.
pub fn content(text: &str) -> String {
    let plain = text::plain(text);
    let (own, last) = plain.rsplit_once('\n').unwrap_or(("", &plain));
    hash(&text::one_line(if last.starts_with("by ") { own } else { &plain }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::settings::Users;
    use crate::mapping::users::User;
    use crate::named::Named;

    fn users() -> UserMap {
        let user = |name: &str, email: Option<&str>| User {
            name: name.into(),
            email: email.map(Into::into),
        };
        UserMap::new(
            Named::from_iter([
                ("u1".into(), user("Ada", Some("ada@example.com"))),
                ("u2".into(), user("Bob", None)),
            ]),
            &Users::default(),
            Vec::new(),
        )
    }

    #[test]
    fn title_body_author_and_marker() {
        let record: Note<'_> = crate::record::read(
            r#"{"id":"N1","title":"Call","body":"<p>a &lt; b</p><p>second</p>","userId":"u2","dateAdded":"2024-05-06T07:08:09.123Z"}"#,
        )
        .unwrap();
        let (mapped, at_create) = note(&record, &Settings::default(), &users());
        let text = mapped.fields["text"].as_str().unwrap();
        assert_eq!(text, "Call<br>a &lt; b<br>second<br>by Bob<br>[ghl:n:N1]");
        assert_eq!(marked(text).as_deref(), Some("N1"));
        assert_eq!(at_create["created_at"], "2024-05-06T07:08:09.123Z");
        assert!(!at_create.contains_key("author_email"));
    }

    #[test]
    fn a_known_author_is_the_author() {
        let record: Note<'_> =
            crate::record::read(r#"{"id":"N1","body":"x","userId":"u1"}"#).unwrap();
        let plain = Settings {
            marker: Marker::None,
            note_format: NoteFormat::Plain,
            ..Settings::default()
        };
        let (mapped, at_create) = note(&record, &plain, &users());
        assert_eq!(mapped.fields["text"], "x");
        assert_eq!(at_create["author_email"], "ada@example.com");
    }

    #[test]
    fn a_refused_author_leaves_the_text_of_an_unknown_one() {
        let json = r#"{"id":"N1","title":"Call","body":"a < b\tc & last\nthird","userId":"u1"}"#;
        let record: Note<'_> = crate::record::read(json).unwrap();
        for format in [NoteFormat::Html, NoteFormat::Plain] {
            for marker in [Marker::Trailing, Marker::None] {
                let settings = Settings { note_format: format, marker, ..Settings::default() };
                let (known, _) = note(&record, &settings, &users());
                let mut refusing = users();
                refusing.refuse("ada@example.com");
                let (unknown, _) = note(&record, &settings, &refusing);
                let text = known.fields["text"].as_str().unwrap();
                assert_eq!(signed(text, "Ada", "N1", &settings), unknown.fields["text"]);
            }
        }
    }

    #[test]
    fn an_empty_note_has_no_text_but_its_marker() {
        let record: Note<'_> = crate::record::read(r#"{"id":"N1","body":"<p></p>"}"#).unwrap();
        let (mapped, _) = note(&record, &Settings::default(), &users());
        assert_eq!(mapped.fields["text"], "[ghl:n:N1]");
        assert_eq!(marked("[ghl:n:]"), None);
    }

    #[test]
    fn content_is_the_same_in_any_markup() {
        assert_eq!(content("<div class=\"cm-paragraph\">a &amp; b</div>"), content("a &amp; b"));
        assert_eq!(content("a<br>by Ada"), content("a"));
        assert_eq!(content("by Ada"), content(""));
        assert_eq!(content("a\tb<br>by Ada"), content("a\tb"));
        assert_ne!(content("a<br>b"), content("a"));
    }
}
