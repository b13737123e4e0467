//! ChartMogul: its endpoint table, its records, and what takes several calls.

pub mod endpoints;
pub mod exports;
pub mod notes;
pub mod records;

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
    use crate::error::Service;
    use crate::http::{Client, ClientConfig, GhlVersion, Secret};

    /// What is wrong with these parameters; empty where nothing is.
    fn problem(name: &str, parameters: &Value) -> String {
        let client = Client::new(ClientConfig {
            service: Service::Chartmogul,
            base_url: None,
            secret: Secret::new("key"),
            location_id: None,
            api_version: GhlVersion::Dated,
        })
        .unwrap();
        client
            .check(find(name).unwrap(), parameters.as_object().unwrap())
            .err()
            .map_or_else(String::new, |error| error.message.clone())
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
    fn no_parameter_stands_in_two_places() {
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
