//! Texts as a service keeps them that tidies what it is given.

use serde_json::Value;

/// Texts that people write; ids, instants and the like stay as they are.
const TEXTS: &[&str] = &[
    "text",
    "task_details",
    "first_name",
    "last_name",
    "name",
    "company",
    "title",
    "city",
    "notes",
    "value",
];

/// The body with its texts tidied, if it is JSON.
pub(super) fn tidied(body: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    tidy("", &mut value);
    serde_json::to_vec(&value).ok()
}

fn tidy(name: &str, value: &mut Value) {
    match value {
        Value::Object(object) => object.iter_mut().for_each(|(name, value)| tidy(name, value)),
        Value::Array(list) => list.iter_mut().for_each(|value| tidy(name, value)),
        Value::String(text) if name == "email" => *text = text.trim().to_lowercase(),
        Value::String(text) if TEXTS.contains(&name) => {
            let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let narrow = |letter| if letter > '\u{ffff}' { '?' } else { letter };
            *text = folded.chars().map(narrow).collect();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_tidied_and_ids_are_not() {
        let given = r#"{"text":" a  b\n😀","customer_uuid":"cus_ 1","email":"A@B.example "}"#;
        let tidied: Value = serde_json::from_slice(&tidied(given.as_bytes()).unwrap()).unwrap();
        assert_eq!(tidied["text"], "a b ?");
        assert_eq!(tidied["customer_uuid"], "cus_ 1");
        assert_eq!(tidied["email"], "a@b.example");
        assert_eq!(super::tidied(b"no json"), None);
    }
}
