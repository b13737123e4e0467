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

    use super::*;

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
