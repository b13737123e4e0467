//! The README tells what the code says: every error code, every setting.

use ghl_chartmogul::error::Code;
use ghl_chartmogul::mapping::settings::Settings;

const README: &str = include_str!("../README.md");

#[test]
fn every_error_code_stands_in_the_table_with_its_meaning() {
    for (code, text, meaning, _) in Code::ALL {
        let row = format!("| `{text}` | {} |", meaning.trim());
        assert!(README.contains(&row), "{code:?}: the README lacks the row {row}");
    }
}

#[test]
fn every_setting_is_explained() {
    let settings = serde_json::to_value(Settings::default()).unwrap();
    for (name, value) in settings.as_object().unwrap() {
        let parts: Vec<String> = match value.as_object() {
            Some(inner) if !inner.is_empty() => inner.keys().cloned().collect(),
            _ => vec![name.clone()],
        };
        for part in parts {
            assert!(README.contains(&part), "the README does not explain sync.{name} ({part})");
        }
    }
}
