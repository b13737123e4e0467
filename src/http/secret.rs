//! A token or key, which appears in no log and no error.

use std::fmt;

use serde_json::Value;

use crate::error::Error;

/// A token or key, or that the host is asked for it. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(Option<String>);

impl Secret {
    /// Wraps a token or key; white space around it is a copying mistake and dropped.
    pub fn new(text: &str) -> Self {
        Self(Some(text.trim().to_owned()))
    }

    /// The host is asked for it, at first and whenever the service refuses the last one.
    pub const fn of_host() -> Self {
        Self(None)
    }

    /// The token or key itself, for the authorization header alone; none where the host is asked.
    pub(super) fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The error without these: services and hosts sometimes repeat what they were sent.
pub(super) fn redact(mut error: Error, hidden: &[String]) -> Error {
    for hidden in hidden.iter().filter(|hidden| can_be_credential(hidden)) {
        redact_text(&mut error.message, hidden);
        error.request_id.iter_mut().for_each(|id| redact_text(id, hidden));
        if let Some(details) = &mut error.details {
            redact_value(details, hidden);
        }
    }
    error
}

/// False for what is too short to be a secret, and for a word: replacing it would garble messages.
fn can_be_credential(text: &str) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.len() >= if is_word { 16 } else { 8 }
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

    fn redacted(message: &str, hidden: &[&str]) -> String {
        let hidden: Vec<String> = hidden.iter().map(|hidden| (*hidden).to_owned()).collect();
        redact(Error::new(Code::Rejected, message), &hidden).message.clone()
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("pit-canary")), "Secret(…)");
    }

    #[test]
    fn every_place_of_an_error_is_redacted() {
        let error = Error::new(Code::Rejected, "bad token pit-canary, was Basic cGl0LWNhbg==")
            .details(json!({"echo": ["pit-canary", 1], "other": "cGl0LWNhbg=="}));
        let hidden = ["pit-canary".to_owned(), "cGl0LWNhbg==".to_owned()];
        let text = serde_json::to_string(&redact(error, &hidden)).unwrap();
        assert!(!text.contains("canary") && !text.contains("cGl0"), "{text}");
        assert_eq!(text.matches("(secret)").count(), 4);
    }

    #[test]
    fn what_cannot_be_a_credential_garbles_no_message() {
        let message = "the test contact contacts.get could not be read: a secret is missing";
        for word in
            ["t", "test", "e", "", "secret", "contacts", "get", "k", "12", "dDo=", "missing"]
        {
            assert_eq!(redacted(message, &[word]), message);
        }
    }

    #[test]
    fn a_credential_is_replaced_whole_and_once_wherever_it_stands() {
        for (token, echo, expected) in [
            ("pit-1234", "x pit-1234, y", "x (secret), y"),
            ("pit-1234", "token=pit-1234&b", "token=(secret)&b"),
            ("pit-1234", "Bearerpit-1234", "Bearer(secret)"),
            ("abcdefghijklmnop", "\"abcdefghijklmnop\"", "\"(secret)\""),
        ] {
            assert_eq!(redacted(echo, &[token]), expected);
        }
        // The longer first, as `Credential` gives them.
        assert_eq!(redacted("a pit-12345678 b", &["pit-12345678", "pit-1234"]), "a (secret) b");
    }
}
