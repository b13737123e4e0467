//! The one rule of what an e-mail address is, and the form in which two are compared.

/// Longest address that a mail can have, in bytes (RFC 5321).
const LONGEST: usize = 254;

/// Whether a text is an address, as it stands: one at sign between something plain and a dotted
/// domain, and no white space. More is the service's to say, such as which letters beyond ASCII a
/// domain may have.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |c: char| c.is_whitespace() || c.is_control();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii();
    let label = |label: &str| !label.is_empty() && label.chars().all(letter);
    text.len() <= LONGEST
        && !text.contains(odd)
        && !local.is_empty()
        && !local.contains(|c: char| ",;<>()\"@".contains(c))
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// The address in the form in which two are compared: trimmed, in lower case. `None` when it is
/// none: ChartMogul answers 422 "does not appear to be a valid email address".
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    is_address(text).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mails_are_compared_in_one_form() {
        assert_eq!(normal(" Ada@Example.COM ").as_deref(), Some("ada@example.com"));
        assert_eq!(normal("jürgen+x@exämple.co.uk").as_deref(), Some("jürgen+x@exämple.co.uk"));
    }

    #[test]
    fn what_looks_like_an_address_and_is_none() {
        for bad in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a b@example.com",
            "ada@exa..mple.com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@exa_mple.com",
            "a@@example.com",
            "x@c,de",
            "Ada <ada@example.com>",
            "ada@example.com;bob@example.com",
            "ada@example.com,bob@example.com",
            "ada\u{a0}@example.com",
        ] {
            assert!(!is_address(bad) && normal(bad).is_none(), "{bad:?}");
        }
        // White space around it is no part of an address that is compared, and is of one that is sent.
        assert!(!is_address("ada@example.com\n") && normal("ada@example.com\n").is_some());
        let long = format!("{}@example.com", "a".repeat(LONGEST - 12));
        assert!(is_address(&long) && !is_address(&format!("a{long}")));
    }
}
