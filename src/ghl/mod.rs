//! GHL: its profile, its endpoint table, the records that the sync engine reads, and what takes several calls.

pub mod endpoints;
pub mod find_contact;
mod profile;
pub mod records;
pub mod unlisted;

pub use profile::PROFILE;

use crate::endpoint::Endpoint;

/// Every endpoint, in the order of the reference.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    endpoints::TABLES.iter().copied().flatten()
}

/// The endpoint of that name, for example `contacts.get`.
pub fn find(name: &str) -> Option<&'static Endpoint> {
    endpoints().find(|endpoint| endpoint.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::http::scripted;

    #[test]
    fn names_are_unique_and_found() {
        let names: BTreeSet<&str> = endpoints().map(|endpoint| endpoint.name).collect();
        assert_eq!(names.len(), endpoints().count());
        for endpoint in endpoints() {
            assert!(std::ptr::eq(find(endpoint.name).unwrap(), endpoint), "{}", endpoint.name);
        }
        assert!(find("contacts.lookup").is_none());
    }

    #[test]
    fn no_parameter_name_is_in_two_places_of_a_row() {
        for endpoint in endpoints() {
            let mut seen = BTreeSet::new();
            let query = endpoint.query.iter().map(|field| field.name);
            let body =
                endpoint.body.into_iter().flat_map(|body| body.fields).map(|field| field.name);
            for name in endpoint.path_parameters().chain(query).chain(body) {
                assert!(seen.insert(name), "{}: {name}", endpoint.name);
            }
        }
    }

    #[cfg(feature = "reference")]
    #[test]
    fn deprecated_rows_name_their_replacement() {
        for endpoint in endpoints() {
            if let Some(replacement) = endpoint.replaced_by {
                assert!(find(replacement).is_some(), "{}: {replacement}", endpoint.name);
            }
        }
    }

    /// What is wrong with these parameters; empty where nothing is.
    fn problem(name: &str, parameters: serde_json::Value) -> String {
        scripted::problem(find(name).unwrap(), &parameters)
    }

    /// What is wrong with these filters of the contact search.
    fn filters_problem(filters: serde_json::Value) -> String {
        problem("contacts.search", json!({ "filters": filters }))
    }

    #[test]
    fn lists_that_the_documents_close_are_closed() {
        let field = |kind: &str| json!({ "name": "Plan", "dataType": kind });
        assert_eq!(problem("customFields.create", field("MONETORY")), "");
        assert_eq!(
            problem("customFields.create", field("STRING")),
            "customFields.create: body.dataType is \"STRING\", not one of TEXT, LARGE_TEXT, \
             NUMERICAL, PHONE, MONETORY, CHECKBOX, SINGLE_OPTIONS, MULTIPLE_OPTIONS, DATE, \
             TEXTBOX_LIST, FILE_UPLOAD, RADIO, EMAIL"
        );
        let kind = json!({ "lastMessageType": "SMS" });
        assert!(problem("conversations.search", kind).contains("is \"SMS\", not one of TYPE_CALL"));
    }

    #[test]
    fn each_kind_of_custom_field_says_what_it_takes() {
        use endpoints::{contacts::CUSTOM_FIELD_VALUES, locations::DATA_TYPES};
        let kinds: Vec<&str> = CUSTOM_FIELD_VALUES.fields.iter().map(|field| field.name).collect();
        assert_eq!(kinds, DATA_TYPES);
    }

    #[test]
    fn custom_fields_take_the_values_of_some_kind() {
        let update = |value: serde_json::Value| {
            let fields = json!([{ "id": "a", "field_value": value }]);
            let contact = json!({ "contactId": "c", "customFields": fields });
            let opportunity = json!({ "id": "o", "customFields": fields });
            let problem =
                [problem("contacts.update", contact), problem("opportunities.update", opportunity)];
            problem.map(|problem| problem.split_once(": ").map(|(_, says)| says.to_owned()))
        };
        for right in [
            json!("Gold"),
            json!("2026-11-22"),
            json!(100.5),
            json!(["a", "b"]),
            json!({ "option": "text" }),
            json!({ "f31175d4": {
                "meta": { "fieldname": "a", "size": 1_786_611, "uuid": "f31175d4" },
                "url": "https://example.com/a",
                "documentId": "w2M9",
            } }),
        ] {
            assert_eq!(update(right.clone()), [None, None], "{right}");
        }
        for (wrong, says) in [
            (json!([1]), "field_value[0] is a number, not a text"),
            (json!({ "option": 5 }), "field_value.option is a number, not a text or an object"),
            (json!({ "f3": { "url": 5 } }), "field_value.f3.url is a number, not a text"),
            (json!(true), "field_value is a Boolean, not a text or a number or a list"),
            (json!(null), "field_value may not be null"),
        ] {
            for problem in update(wrong.clone()) {
                let problem = problem.unwrap_or_default();
                assert!(problem.contains(says), "{wrong}: {problem}");
            }
        }
    }

    #[test]
    fn documented_ranges_are_kept() {
        for (name, right, wrong, says) in [
            (
                "contacts.search",
                json!({ "pageLimit": 500 }),
                json!({ "pageLimit": 501 }),
                "contacts.search: body.pageLimit is 501, not from 1 to 500",
            ),
            (
                "contacts.search",
                json!({ "query": "x".repeat(75) }),
                json!({ "query": "x".repeat(76) }),
                "contacts.search: body.query has 76 characters, at most 75 are allowed",
            ),
            (
                "contacts.list",
                json!({ "limit": 100 }),
                json!({ "limit": 101 }),
                "contacts.list: query.limit is 101, not from 1 to 100",
            ),
            (
                "messages.export",
                json!({ "limit": 10 }),
                json!({ "limit": 9 }),
                "messages.export: query.limit is 9, not from 10 to 500",
            ),
            (
                "appointmentNotes.list",
                json!({ "appointmentId": "a", "limit": 20 }),
                json!({ "appointmentId": "a", "limit": 21 }),
                "appointmentNotes.list: query.limit is 21, not from 0 to 20",
            ),
            (
                "opportunities.search",
                json!({ "limit": 100 }),
                json!({ "limit": 101 }),
                "opportunities.search: query.limit is 101, not from 0 to 100",
            ),
            (
                "conversations.search",
                json!({ "limit": 100 }),
                json!({ "limit": 101 }),
                "conversations.search: query.limit is 101, not from 0 to 100",
            ),
        ] {
            assert_eq!(problem(name, right), "");
            assert_eq!(problem(name, wrong), says);
        }
    }

    #[test]
    fn filters_are_checked_by_their_field() {
        for right in [
            json!([{ "field": "email", "operator": "eq", "value": "a@b.co" }]),
            json!([{ "field": "dateUpdated", "operator": "range", "value": { "gte": "2026-11-22" } }]),
            json!([{ "field": "customFields.abc", "operator": "exists" }]),
            json!([{ "field": "customFields.abc", "operator": "range", "value": { "gte": 5 } }]),
            json!([{ "field": "dateAdded", "operator": "not_exists" }]),
            json!([{ "group": "OR", "filters": [
                { "field": "tags", "operator": "contains", "value": ["vip"] },
                { "group": "AND", "filters": [{ "field": "dnd", "operator": "eq", "value": true }] },
            ] }]),
        ] {
            assert_eq!(filters_problem(right.clone()), "", "{right}");
        }
        for (wrong, says) in [
            (json!([{ "field": "company_name", "operator": "eq" }]), "did you mean `companyName`?"),
            (json!([{ "field": "email", "operator": "eq" }]), "body.filters[0].value missing"),
            (json!([{ "field": "tags", "operator": "contains" }]), "body.filters[0].value missing"),
            (json!([{ "field": "dnd", "operator": "not_eq" }]), "body.filters[0].value missing"),
            (
                json!([{ "field": "dateAdded", "operator": "range" }]),
                "body.filters[0].value missing",
            ),
            (json!([{ "field": "email", "operator": "eq", "value": null }]), "may not be null"),
            (
                json!([{ "field": "customFields.abc", "operator": "range" }]),
                "body.filters[0].value missing",
            ),
            (
                json!([{ "group": "AND", "filters": [{ "field": "city", "operator": "eq" }] }]),
                "body.filters[0].filters[0].value missing",
            ),
            (
                json!([{ "field": "phone", "operator": "exists", "value": "1" }]),
                "unknown property `body.filters[0].value`; allowed: field, operator",
            ),
            (json!([{ "field": "phone" }]), "body.filters[0].operator missing"),
            (json!([{ "operator": "eq" }]), "body.filters[0].field or group missing"),
            (json!([{ "field": "phone", "operator": "exist" }]), "did you mean `exists`?"),
            (
                json!([{ "field": "email", "operator": "contains" }]),
                "one of eq, exists, not_exists",
            ),
            (json!([{ "field": "zzzzzz", "operator": "eq" }]), "not one of id, address"),
            (json!([{ "field": "dnd", "operator": "eq", "value": "yes" }]), "filters[0].value"),
            (json!([{ "group": "or", "filters": [] }]), "did you mean `OR`?"),
            (
                json!([{ "group": "OR", "filters": [{ "field": "emial", "operator": "eq" }] }]),
                "filters[0].filters[0].field is \"emial\"; did you mean `email`?",
            ),
            (
                json!([{ "field": "city", "operator": "eq", "value": "x".repeat(76) }]),
                "filters[0].value",
            ),
        ] {
            let problem = filters_problem(wrong.clone());
            assert!(problem.contains(says), "{wrong}: {problem}");
        }
    }
}
