//! Texts, numbers and truth values out of JSON, and values into it.

use std::borrow::Cow;

use memchr::memchr;
use serde_json::Value;

use super::Whole;

/// A value as far as most places need to look into it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'de> {
    /// `null`.
    Null,
    /// A text.
    Text(Cow<'de, str>),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Fraction(f64),
    /// True or false.
    Truth(bool),
    /// An object or a list.
    Other,
}

/// Reads a text, number or truth value.
pub fn scalar(value: Whole<'_>) -> Scalar<'_> {
    let json = value.text();
    match json.as_bytes().first() {
        Some(b'"') => text(value).map_or(Scalar::Other, Scalar::Text),
        Some(b'n') => Scalar::Null,
        Some(b't') => Scalar::Truth(true),
        Some(b'f') => Scalar::Truth(false),
        Some(b'{' | b'[') | None => Scalar::Other,
        Some(_) => match json.parse() {
            Ok(whole) => Scalar::Whole(whole),
            Err(_) => number(json).map_or(Scalar::Other, Scalar::Fraction),
        },
    }
}

/// The text of a JSON string: as it stands where it holds no escapes.
pub(super) fn text(value: Whole<'_>) -> Option<Cow<'_, str>> {
    let json = value.text();
    let inner = json.get(1..json.len().checked_sub(1)?)?;
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => Some(Cow::Owned(text)),
        _ => None,
    }
}

/// A value as JSON text. (Its `Display` would bring two more copies of the writer.)
pub fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The number that a text is. JSON's parser reads it, as the standard one would bring 15 kB of its
/// own; what JSON does not write but people do (`+5`, `007`, `.5`, `5.`) is tidied before.
pub fn number(text: &str) -> Option<f64> {
    let read = |json: &str| serde_json::from_str::<Value>(json).ok()?.as_f64();
    read(text).or_else(|| {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let begins = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        if !begins || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let whole = digits.trim_start_matches('0').trim_end_matches('.');
        let zero = if whole.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
        read(&format!("{sign}{zero}{whole}"))
    })
}
