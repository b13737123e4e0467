//! A token or key, which appears in no log and no error.

use std::fmt;

use serde_json::Value;

use crate::error::Error;

/// A token or key. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token or key; white space around it is a copying mistake and dropped.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// True where nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The token or key itself, for the authorization header alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The error without this secret: services and hosts sometimes repeat what they were sent.
    pub(super) fn redact(&self, mut error: Error, header: &str) -> Error {
        let credential = header.rsplit(' ').next().unwrap_or_default();
        for hidden in [self.expose(), credential] {
            if hidden.is_empty() {
                continue;
            }
            redact_text(&mut error.message, hidden);
            error.request_id.iter_mut().for_each(|id| redact_text(id, hidden));
            if let Some(details) = &mut error.details {
                redact_value(details, hidden);
            }
        }
        error
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

fn redact_text(text: &mut String, hidden: &str) {
    if text.contains(hidden) {
        *text = text.replace(hidden, "(secret)");
    }
}

fn redact_value(value: &mut Value, hidden: &str) {
    match value {
        Value::String(text) => redact_text(text, hidden),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(item, hidden)),
        Value::Object(properties) => {
            properties.values_mut().for_each(|property| redact_value(property, hidden));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use serde_json::json;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("pit-canary")), "Secret(…)");
    }

    #[test]
    fn every_place_of_an_error_is_redacted() {
        let error = Error::new(Code::Rejected, "bad token pit-canary, was Basic cGl0")
            .details(json!({"echo": ["pit-canary", 1], "other": "cGl0"}));
        let error = Secret::new(" pit-canary\n").redact(error, "Basic cGl0");
        let text = serde_json::to_string(&error).unwrap();
        assert!(!text.contains("canary") && !text.contains("cGl0"), "{text}");
        assert!(error.message.contains("(secret)"));
    }
}
