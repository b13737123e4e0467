//! Names that somebody has typed: which are known, and which was meant.

use serde_json::{Map, Value};

use crate::error::{Code, Error, Result};

/// The known name that a mistyped one most likely means.
pub(crate) fn closest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    known
        .map(|name| (strsim::osa_distance(&given, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + given.len().max(name.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The same error with the name that was meant, where one of these is close.
pub(crate) fn suggest<'a>(
    error: Error,
    given: &str,
    known: impl Iterator<Item = &'a str>,
) -> Error {
    match closest(given, known) {
        Some(close) => error.hint(format!("Did you mean `{close}`?")),
        None => error,
    }
}

/// The properties of an object of options, all of which must be among these names.
pub(crate) fn known<'a>(
    place: &str,
    options: &'a Value,
    names: &[&str],
) -> Result<&'a Map<String, Value>> {
    let shown = if place.is_empty() { "the options" } else { place };
    let Value::Object(properties) = options else {
        return Err(Error::new(Code::InvalidConfig, format!("{shown} must be an object")));
    };
    let Some(unknown) = properties.keys().find(|name| !names.contains(&name.as_str())) else {
        return Ok(properties);
    };
    let prefix = if place.is_empty() { String::new() } else { format!("{place}.") };
    let hint = match closest(unknown, names.iter().copied()) {
        Some(close) => format!("Did you mean `{prefix}{close}`?"),
        None => format!("Known are {}.", names.join(", ")),
    };
    Err(Error::new(Code::InvalidConfig, format!("unknown option `{prefix}{unknown}`")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command line has the same table: the same slip gets the same answer.
    #[test]
    fn the_closest_name_is_found_and_none_that_is_far() {
        let table: Vec<(String, Vec<String>, Option<String>)> =
            serde_json::from_str(include_str!("../tests/closest-names.json")).unwrap();
        assert!(table.len() > 5);
        for (given, known, meant) in table {
            assert_eq!(
                closest(&given, known.iter().map(String::as_str)),
                meant.as_deref(),
                "{given}"
            );
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_its_place() {
        let options = serde_json::json!({ "colour": 1 });
        let error = known("shop", &options, &["color", "size"]).unwrap_err();
        assert_eq!(error.message, "unknown option `shop.colour`");
        assert_eq!(error.hint.as_deref(), Some("Did you mean `shop.color`?"));
        let error = known("", &options, &["size"]).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("Known are size."));
        assert_eq!(known("shop", &options, &["colour"]).unwrap().len(), 1);
    }
}
