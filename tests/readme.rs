//! The page about the configuration explains every setting.

use ghl_chartmogul::mapping::settings::Settings;

const PAGE: &str = include_str!("../pkg-template/docs/configuration.md");

#[test]
fn every_setting_is_explained() {
    let settings = serde_json::to_value(Settings::default()).unwrap();
    for (name, value) in settings.as_object().unwrap() {
        let parts: Vec<String> = match value.as_object() {
            Some(inner) if !inner.is_empty() => {
                inner.keys().map(|part| format!("`{name}.{part}`")).collect()
            }
            _ => vec![format!("`{name}`")],
        };
        for part in parts {
            assert!(PAGE.contains(&part), "docs/configuration.md does not explain {part}");
        }
    }
}
