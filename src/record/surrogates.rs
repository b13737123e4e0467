//! Texts that were cut inside an emoji.

use memchr::memchr;

/// Puts U+FFFD in place of each escape of a surrogate that lacks its other half. JavaScript writes such
/// escapes of texts that were cut inside an emoji, and no Rust text can hold them: the rest of the
/// text must not be lost for it.
pub fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += found;
        at += match (escaped(json, at), escaped(json, at + 6)) {
            (None, _) => 2,
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                if let Some(digits) = json.get_mut(at + 2..at + 6) {
                    digits.copy_from_slice(b"fffd");
                }
                6
            }
            (Some(_), _) => 6,
        };
    }
}

/// The code that `\uXXXX` at that place stands for.
fn escaped(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        mend_surrogates(&mut bytes);
        let mended = String::from_utf8(bytes).unwrap();
        serde_json::from_str(&mended).unwrap()
    }

    #[test]
    fn a_half_becomes_the_replacement_character_and_the_rest_stays() {
        assert_eq!(mended(r#""Call \ud83d""#), "Call \u{fffd}");
        assert_eq!(mended(r#""\uDE00 Call \uD83D\n""#), "\u{fffd} Call \u{fffd}\n");
        assert_eq!(mended(r#""\ud83d\ud83d\ude00""#), "\u{fffd}😀");
        assert_eq!(mended(r#""\ude00\ud83d""#), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn whole_escapes_stay() {
        assert_eq!(mended(r#""\ud83d\ude00 \u00e9 \\ud83d \"""#), "😀 é \\ud83d \"");
    }

    #[test]
    fn what_is_not_json_does_no_harm() {
        for text in ["", "\\", "\\u", "\\ud83", "\\ud83d", "\\u+123", "\\ud83d\\u"] {
            let mut bytes = text.as_bytes().to_vec();
            mend_surrogates(&mut bytes);
            assert_eq!(bytes.len(), text.len());
        }
    }
}
