//! Bodies that carry a file: `multipart/form-data` in place of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::address;
use crate::endpoint::{Endpoint, Kind};

/// The name of a file that was given without one.
const FILE_NAME: &str = "upload.csv";

/// The bytes of a file parameter: `{ "base64": text, "name"?: text }`.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.get("base64")?.as_str()?).ok()
}

/// Whether the row's body is a form.
pub(super) fn is_form(endpoint: &Endpoint) -> bool {
    endpoint
        .body
        .is_some_and(|body| body.fields.iter().any(|field| matches!(field.of.kind, Kind::File)))
}

/// Content type and bytes of the form.
pub(super) fn encode(body: &Map<String, Value>) -> (String, Vec<u8>) {
    let parts: Vec<(String, Vec<u8>)> = body
        .iter()
        .map(|(name, value)| match bytes(value) {
            Some(bytes) => {
                let given = value.get("name").and_then(Value::as_str).unwrap_or(FILE_NAME);
                let plain = |letter: &char| !letter.is_control() && !"\"\\/".contains(*letter);
                let file: String = given.chars().filter(plain).collect();
                (format!("name=\"{name}\"; filename=\"{file}\"\r\ncontent-type: text/csv"), bytes)
            }
            None => (format!("name=\"{name}\""), address::text(value).into_bytes()),
        })
        .collect();
    // Longer until no part holds it.
    let mut boundary = "ghl-chartmogul-form".to_owned();
    while parts.iter().any(|(_, bytes)| holds(bytes, boundary.as_bytes())) {
        boundary.push_str("-x");
    }
    let mut form = Vec::new();
    for (head, bytes) in parts {
        let head = format!("--{boundary}\r\ncontent-disposition: form-data; {head}\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(&bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), form)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(body: Value) -> (String, String) {
        let (of, bytes) = encode(body.as_object().unwrap());
        (of, String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_file_is_beside_its_fields() {
        let file = json!({"base64": STANDARD.encode("Name\nAda\n")});
        let (of, text) = form(json!({"file": file, "type": "customer"}));
        assert_eq!(of, "multipart/form-data; boundary=ghl-chartmogul-form");
        let expected = "--ghl-chartmogul-form\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"upload.csv\"\r\n\
            content-type: text/csv\r\n\r\nName\nAda\n\r\n\
            --ghl-chartmogul-form\r\ncontent-disposition: form-data; name=\"type\"\r\n\r\ncustomer\r\n\
            --ghl-chartmogul-form--\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn neither_content_nor_name_can_leave_its_part() {
        let content = "--ghl-chartmogul-form\r\n\r\nforged";
        let file = json!({"base64": STANDARD.encode(content), "name": "a\"\r\nx: y/../b.csv"});
        let (of, text) = form(json!({ "file": file }));
        assert_eq!(of, "multipart/form-data; boundary=ghl-chartmogul-form-x");
        assert!(text.contains("filename=\"ax: y..b.csv\"\r\n"), "{text}");
    }

    #[test]
    fn what_is_not_a_file_is_not_taken_for_one() {
        for value in [json!("text"), json!({}), json!({"base64": "***"}), json!({"base64": 1})] {
            assert_eq!(bytes(&value), None, "{value}");
        }
    }
}
