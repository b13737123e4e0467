//! Truth values as people write them: `yes`, `nein`, `✓`.

use serde_json::Value;

use super::settings::BooleanWords;

static TRUE: &str = "true t yes y on 1 checked enabled ✓ ✔ ☑ wahr vrai verdadero verdadeiro vero waar sann prawda ja oui sí si sim sì jo da да так tak ano áno igen evet ναι kyllä joo はい 是 对 對 예 네 نعم כן हाँ हां ya có";
static FALSE: &str = "false f no n off 0 unchecked disabled ☐ falsch faux falso onwaar falskt nein non não nao nee nej nei nie ne nem nu нет ні όχι οχι hayır hayir ei いいえ 否 不 아니요 아니오 لا לא नहीं tidak không";

/// What a value says, by the words of many languages and those of the settings; `None` where it says
/// neither. A list is what was chosen: its one option says its word, or that it was chosen.
pub fn read(value: &Value, words: &BooleanWords, country: Option<&str>) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => word(text, words, country),
        Value::Array(items) => match items.as_slice() {
            [Value::String(text)] => {
                Some(word(text, words, country).unwrap_or(true)).filter(|_| !text.trim().is_empty())
            }
            [one] => read(one, words, country),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

fn word(text: &str, words: &BooleanWords, country: Option<&str>) -> Option<bool> {
    let word = folded(text);
    let is_own = |own: &[String]| own.iter().any(|own| folded(own) == word);
    // Danes and Norwegians thank with it.
    let thanks = word == "tak" && matches!(country, Some("DK" | "NO"));
    if is_own(&words.yes) {
        Some(true)
    } else if is_own(&words.no) {
        Some(false)
    } else if TRUE.split(' ').any(|known| known == word) && !thanks {
        Some(true)
    } else {
        FALSE.split(' ').any(|known| known == word).then_some(false)
    }
}

/// One form for all ways of writing a word.
fn folded(text: &str) -> String {
    let seen = text.trim().trim_end_matches(['.', '!']).trim_end();
    let mut out = String::with_capacity(seen.len());
    for character in seen.chars() {
        match character {
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe0f}' => {}
            // Its lower case has a dot of its own.
            'İ' => out.push('i'),
            other => out.extend(other.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_says_both() {
        let both = TRUE.split(' ').find(|word| FALSE.split(' ').any(|other| other == *word));
        assert_eq!(both, None);
        for word in TRUE.split(' ').chain(FALSE.split(' ')) {
            assert_eq!(folded(word), word);
        }
    }
}
