//! From GHL's records to ChartMogul's: fields, types, text forms. Pure functions, no I/O.

pub mod booleans;
pub mod contacts;
pub mod custom_fields;
pub mod html;
pub mod kinds;
pub mod notes;
pub mod numbers;
pub mod settings;
pub mod tasks;
pub mod text;
pub mod users;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

pub use crate::email::{normal as email, written as written_email};
use crate::ghl::records::Moment;
use crate::records;

/// What the other side should hold, by field name. Kept as the base of the next comparison.
///
/// Names are those of the field, with a prefix where a value has a place of its own:
/// `attribute.KEY` (customer's custom attribute), `custom.KEY` (contact's custom attribute),
/// `primary_contact.FIELD`. Values are in their canonical form: plain, whole texts; how they are
/// written (markup, markers, cut to a length) is up to `kinds`. `null` stands for a box that is not
/// ticked, until [`settled`] says what that means.
pub type Fields = Map<String, Value>;

records! {
    /// A value that could not be synced; the rest of its record is.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "FieldProblem"))]
    whole pub struct Problem {
        /// The field at fault, GHL's name.
        pub field: String = "field";
        /// What is wrong with it and what was done.
        pub reason: String = "reason";
    }
}

/// A record in its new form, with what had to be left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapped {
    /// What the other side should hold.
    pub fields: Fields,
    /// Values that could not be synced.
    pub problems: Vec<Problem>,
}

impl Mapped {
    /// Sets a field; an absent or empty value sets nothing, so that it never clears the other side.
    pub(crate) fn set(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(text) = value.map(Into::into)
            && !text.trim().is_empty()
        {
            self.fields.insert(name.to_owned(), Value::String(text));
        }
    }

    /// An instant as ChartMogul writes it; one that cannot be read is noted.
    pub(crate) fn instant(&mut self, field: &str, moment: Option<&Moment<'_>>) -> Option<String> {
        let moment = moment?;
        let at = moment.milliseconds();
        if at.is_none() {
            let shown = text::cut(&crate::record::json(&moment.value()), 60);
            let reason = format!("{shown} is not an instant of the years 1900 to 2199: left out");
            self.problem(field, reason);
        }
        at.map(crate::dates::iso)
    }

    /// Notes that a field could not be synced.
    pub(crate) fn problem(&mut self, field: &str, reason: impl Into<String>) {
        self.problems.push(Problem { field: field.to_owned(), reason: reason.into() });
    }
}

/// The fields of `wanted` that `base` does not hold with the same value. What `wanted` leaves out
/// is not a change: an empty value never clears.
pub fn changed(base: &Fields, wanted: &Fields) -> Fields {
    select(wanted, &|name, value| base.get(name) != Some(value))
}

/// Fields with what a box that is not ticked means: false where a value was agreed on before, nothing
/// where none was.
pub fn settled(wanted: &Fields, base: &Fields) -> Fields {
    let mut settled = select(wanted, &|_, value| !value.is_null());
    for (name, value) in wanted {
        if value.is_null() && base.get(name).is_some_and(Value::is_boolean) {
            settled.insert(name.clone(), Value::Bool(false));
        }
    }
    settled
}

/// The fields that pass a test. (One function for all tests: a collecting iterator for each would
/// cost kilobytes of WebAssembly.)
pub fn select(fields: &Fields, test: &dyn Fn(&str, &Value) -> bool) -> Fields {
    let mut selected = Fields::new();
    for (name, value) in fields {
        if test(name, value) {
            selected.insert(name.clone(), value.clone());
        }
    }
    selected
}

/// The first 128 bits of a text's SHA-256, as 22 characters: tells texts apart where keeping them would
/// bloat the state. Nobody can write two texts of one hash, so no edit can pass for none.
pub fn hash(text: &str) -> String {
    let digest = hmac_sha256::Hash::hash(text.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_changed_fields_are_written_and_nothing_is_cleared() {
        let base = Fields::from_iter([
            ("a".to_owned(), json!("1")),
            ("b".to_owned(), json!("2")),
            ("gone".to_owned(), json!("x")),
        ]);
        let wanted = Fields::from_iter([
            ("a".to_owned(), json!("1")),
            ("b".to_owned(), json!("3")),
            ("c".to_owned(), json!(4)),
        ]);
        assert_eq!(
            changed(&base, &wanted),
            Fields::from_iter([("b".to_owned(), json!("3")), ("c".to_owned(), json!(4))])
        );
    }

    #[test]
    fn an_unticked_box_is_false_once_it_was_something() {
        let wanted =
            Fields::from_iter([("box".to_owned(), Value::Null), ("a".to_owned(), json!("1"))]);
        for (before, right) in [
            (Some(json!(true)), Some(json!(false))),
            (Some(json!(false)), Some(json!(false))),
            (Some(json!("yes")), None),
            (None, None),
        ] {
            let base = before.into_iter().map(|value| ("box".to_owned(), value)).collect();
            assert_eq!(settled(&wanted, &base).get("box"), right.as_ref());
            assert_eq!(settled(&wanted, &base)["a"], "1");
        }
    }
}
