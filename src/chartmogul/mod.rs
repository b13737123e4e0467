//! ChartMogul: its profile, its endpoint table, its records, its client, and what takes several calls.

mod client;
pub mod endpoints;
pub mod exports;
mod notes;
mod profile;
pub mod records;

pub use client::Client;
pub use profile::PROFILE;

use crate::endpoint::Endpoint;

/// Every endpoint of ChartMogul.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    endpoints::TABLES.iter().copied().flatten()
}

/// The endpoint of that name, for example `contacts.create`.
pub fn find(name: &str) -> Option<&'static Endpoint> {
    endpoints().find(|endpoint| endpoint.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::http::scripted;

    /// What is wrong with these parameters; empty where nothing is.
    fn problem(name: &str, parameters: &Value) -> String {
        scripted::problem(find(name).unwrap(), parameters)
    }

    #[test]
    fn documented_ranges_are_kept() {
        let opportunity = |win_likelihood: i32| json!({ "opportunity_uuid": "u", "win_likelihood": win_likelihood });
        assert_eq!(problem("opportunities.update", &opportunity(100)), "");
        for wrong in [101, -1] {
            assert_eq!(
                problem("opportunities.update", &opportunity(wrong)),
                format!("opportunities.update: body.win_likelihood is {wrong}, not from 0 to 100")
            );
        }
        // ChartMogul takes more as its most.
        assert_eq!(problem("customers.list", &json!({ "per_page": 500 })), "");
    }

    #[test]
    fn custom_attributes_have_values_of_their_type() {
        let add = |attribute: Value| {
            let parameters = json!({ "customer_uuid": "cus_1", "custom": [attribute] });
            problem("customAttributes.add", &parameters)
        };
        for (kind, value) in [
            ("String", json!("x".repeat(255))),
            ("Integer", json!(-213)),
            ("Decimal", json!(2.5)),
            ("Timestamp", json!("2016-01-31T00:00:00.000Z")),
            ("Timestamp", json!("2016-01-31 00:00:00 UTC")),
            ("Timestamp", json!("2016-01-31")),
            ("Boolean", json!(false)),
            ("Boolean", json!("TRUE")),
            ("Boolean", json!("f")),
            ("Boolean", json!("0")),
            ("Boolean", json!(1)),
        ] {
            let attribute = json!({ "type": kind, "key": "plan", "value": value, "source": "x" });
            assert_eq!(add(attribute.clone()), "", "{attribute}");
        }
        let place = "customAttributes.add: body.custom[0]";
        for (kind, value, says) in [
            ("String", json!(5), "value is a number, not a text"),
            ("String", json!("x".repeat(256)), "value has 256 characters, at most 255 are allowed"),
            ("Integer", json!("8"), "value is a text, not a whole number"),
            ("Integer", json!(1.5), "value is 1.5, not a whole number"),
            ("Decimal", json!("1.5"), "value is a text, not a number"),
            (
                "Timestamp",
                json!("tomorrow"),
                "value is \"tomorrow\", not a day such as 2026-11-22, or an instant",
            ),
            (
                "Boolean",
                json!("yes"),
                "value is \"yes\", not one of TRUE, true, t, 1, FALSE, false, f, 0",
            ),
            ("Boolean", json!(2), "value is 2, not from 0 to 1"),
            (
                "Text",
                json!("x"),
                "type is \"Text\", not one of String, Integer, Decimal, Timestamp, Boolean",
            ),
            ("Strings", json!("x"), "type is \"Strings\"; did you mean `String`?"),
        ] {
            let attribute = json!({ "type": kind, "key": "plan", "value": value });
            assert_eq!(add(attribute.clone()), format!("{place}.{says}"), "{attribute}");
        }
        assert_eq!(add(json!({ "key": "plan", "value": 5 })), format!("{place}.type missing"));
        assert_eq!(
            add(json!({ "type": 1, "key": "plan", "value": 5 })),
            format!("{place}.type is a number, not one of String")
        );
        assert_eq!(add(json!({ "type": "Integer", "value": 5 })), format!("{place}.key missing"));
        let create = json!({
            "data_source_uuid": "ds_1",
            "external_id": "1",
            "attributes": { "custom": [{ "type": "Integer", "key": "age", "value": "8" }] },
        });
        assert_eq!(
            problem("customers.create", &create),
            "customers.create: body.attributes.custom[0].value is a text, not a whole number"
        );
    }

    #[test]
    fn names_and_routes_are_unique() {
        let mut names = BTreeSet::new();
        let mut routes = BTreeSet::new();
        for endpoint in endpoints() {
            assert!(names.insert(endpoint.name), "{}", endpoint.name);
            let route = (endpoint.method.name(), endpoint.path);
            assert!(endpoint.composed || routes.insert(route), "{}", endpoint.path);
            assert!(endpoint.path.starts_with("/v1/"), "{}", endpoint.path);
        }
        assert!(find("contacts.create").is_some());
        assert!(find("contacts.creates").is_none());
    }

    #[test]
    fn no_parameter_is_in_two_places() {
        for endpoint in endpoints() {
            let mut names: BTreeSet<&str> = endpoint.path_parameters().collect();
            let query = endpoint.query.iter();
            let body = endpoint.body.iter().flat_map(|model| model.fields);
            for field in query.chain(body) {
                assert!(names.insert(field.name), "{}: {}", endpoint.name, field.name);
            }
        }
    }

    #[cfg(feature = "reference")]
    #[test]
    fn what_a_deprecated_row_names_exists() {
        for endpoint in endpoints() {
            if let Some(name) = endpoint.replaced_by {
                assert!(find(name).is_some(), "{name}");
            }
        }
    }
}
