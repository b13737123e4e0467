//! Telephone numbers in one form, E.164.

use crate::countries;

/// A phone number in E.164 (`+14155550123`), or `None` when it cannot be known: no digits, too
/// short or long (7 to 15 digits), or national without a default country.
///
/// `country` is the alpha-2 code that national numbers belong to: the contact's, else the location's.
pub fn e164(text: &str, country: Option<&str>) -> Option<String> {
    let text = text.trim();
    let main = text.split(['x', 'X', ';', ',']).next().unwrap_or(text);
    let mut digits: String = main.chars().filter(char::is_ascii_digit).collect();
    if main.trim_start().starts_with('+') {
        // "+44 (0)20": the bracketed trunk prefix is not dialled from abroad.
        if main.contains("(0)")
            && let Some((before, _)) = main.split_once("(0)")
        {
            let at = before.chars().filter(char::is_ascii_digit).count();
            digits.remove(at);
        }
    } else if digits.starts_with("00") {
        digits.drain(..2);
    } else {
        let (calling, trunk) = countries::numbering(country?)?;
        let bare = digits.strip_prefix(trunk).filter(|_| !trunk.is_empty());
        // North America dials its calling code, 1, as the trunk prefix too.
        digits = format!("{calling}{}", bare.unwrap_or(&digits));
    }
    let valid = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    valid.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_become_e164() {
        for (text, country, expected) in [
            ("+1 888-888-8888", None, "+18888888888"),
            ("(415) 555-0123", Some("US"), "+14155550123"),
            ("1 415 555 0123", Some("US"), "+14155550123"),
            ("0044 20 7946 0018", Some("US"), "+442079460018"),
            ("020 7946 0018", Some("GB"), "+442079460018"),
            ("+44 (0)20 7946 0018", None, "+442079460018"),
            ("06 1234 5678", Some("IT"), "+390612345678"),
            ("8 912 345-67-89", Some("RU"), "+79123456789"),
            ("030 123456 x12", Some("DE"), "+4930123456"),
        ] {
            assert_eq!(e164(text, country).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_phone_that_cannot_be_known_is_none() {
        assert_eq!(e164("415 555 0123", None), None);
        assert_eq!(e164("n/a", Some("US")), None);
        assert_eq!(e164("+12", None), None);
        assert_eq!(e164("+1234567890123456", None), None);
        assert_eq!(e164("123", Some("AQ")), None);
    }
}
