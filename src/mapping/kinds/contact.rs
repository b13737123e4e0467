//! A GHL contact, as it is written to GHL.

use serde_json::{Map, Value, json};

use super::customer::PRIMARY_CONTACT;
use super::{Call, Write, with};
use crate::mapping::custom_fields::{self, Rule};
use crate::mapping::settings::Settings;
use crate::mapping::{Fields, Problem};

/// The fields that GHL can be given: our name, and GHL's parameter. Its company name cannot be updated,
/// and the name of a customer follows from first and last name.
pub const FIELDS: [(&str, &str); 10] = [
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("email", "email"),
    ("phone", "phone"),
    ("website_url", "website"),
    ("city", "city"),
    ("state", "state"),
    ("zip", "postalCode"),
    ("country", "country"),
    ("owner", "assignedTo"),
];

/// The first of them are the person's own, whatever the person is in ChartMogul.
const OF_PERSON: usize = 4;

/// The name under which people know a field, of a contact or of a customer's primary contact.
pub fn name_of(field: &str) -> &str {
    field.strip_prefix(PRIMARY_CONTACT).unwrap_or(field)
}

/// Whether a problem is about a field: then GHL holds more than was read of it.
fn is_about(problem: &Problem, field: &str, rules: &[Rule]) -> bool {
    if let Some(key) = field.strip_prefix("custom.") {
        return rules.iter().any(|rule| rule.to == key && rule.from == problem.field);
    }
    let name = name_of(field);
    FIELDS.iter().any(|(known, parameter)| *known == name && *parameter == problem.field)
}

/// The fields that problems are about, by their names in a contact or in a customer of our own.
pub fn unread(problems: &[Problem], of_customer: bool, rules: &[Rule]) -> Vec<String> {
    let mut unread = Vec::new();
    for (place, (name, _)) in FIELDS.iter().enumerate() {
        let of_person = of_customer && place < OF_PERSON;
        unread.push(if of_person {
            format!("{PRIMARY_CONTACT}{name}")
        } else {
            (*name).to_owned()
        });
    }
    unread.extend(rules.iter().map(|rule| format!("custom.{}", rule.to)));
    unread.retain(|field| problems.iter().any(|problem| is_about(problem, field, rules)));
    unread
}

/// Whether GHL can be given a field of a contact of which all was read but for some problems. Of a customer of our own the address of its primary contact is
/// meant, and not the one that the customer has itself.
pub fn is_writable(
    field: &str,
    of_customer: bool,
    problems: &[Problem],
    rules: &[Rule],
    settings: &Settings,
) -> bool {
    if problems.iter().any(|problem| is_about(problem, field, rules)) {
        return false;
    }
    if field == "owner" && !settings.owner {
        return false;
    }
    if let Some(key) = field.strip_prefix("custom.") {
        return rules.iter().any(|rule| rule.to == key && rule.comes_back);
    }
    let name = name_of(field);
    let place = FIELDS.iter().position(|(known, _)| *known == name);
    place.is_some_and(|place| place >= OF_PERSON || !of_customer || name != field)
}

/// The fields that both sides of a contact may hold, by the names under which people know them.
pub fn names(settings: &Settings) -> Vec<String> {
    let mut names: Vec<String> = FIELDS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.extend(settings.custom_fields.iter().map(|field| format!("custom.{}", field.to)));
    names
}

/// GHL's parameters for some fields.
fn parameters(fields: &Fields, write: &Write<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    let mut custom = Vec::new();
    for (field, value) in fields {
        if let Some(key) = field.strip_prefix("custom.") {
            let rule = write.with.rules.iter().find(|rule| rule.to == key && rule.comes_back);
            if let Some((rule, id)) = rule.and_then(|rule| Some((rule, rule.id.as_ref()?))) {
                let value = custom_fields::to_ghl(value, rule);
                custom.push(json!({ "id": id, "field_value": value }));
            }
            continue;
        }
        let name = name_of(field);
        let Some((_, parameter)) = FIELDS.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let user = |address: &Value| write.with.users.ghl_user(address.as_str()?).map(Value::from);
        let value = if name == "owner" { user(value) } else { Some(value.clone()) };
        body.extend(value.map(|value| ((*parameter).to_owned(), value)));
    }
    if !custom.is_empty() {
        body.insert("customFields".to_owned(), Value::Array(custom));
    }
    body
}

/// GHL's contact with other values. Those that are not named keep theirs, and so do its tags.
pub(super) fn update_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let body = parameters(write.fields, write);
    if body.is_empty() {
        return Vec::new();
    }
    vec![Call::to_ghl("contacts.update", with(body, "contactId", write.ghl))]
}

/// A new contact of GHL.
pub(super) fn create_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let mut body = parameters(write.fields, write);
    body.insert("source".to_owned(), json!("ChartMogul"));
    vec![Call::to_ghl("contacts.create", body)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::settings::{AttributeObject, AttributeType};

    #[test]
    fn what_ghl_can_be_given() {
        let rule = |to: &str, comes_back| Rule {
            id: Some(format!("id-{to}")),
            from: to.to_owned(),
            to: to.to_owned(),
            of: AttributeType::String,
            object: AttributeObject::Contact,
            option: None,
            comes_back,
        };
        let rules = [rule("plan", true), rule("options", false)];
        let settings = Settings::default();
        // What was cut or left out in the reading is written over by nobody.
        for (field, problem) in [("country", "country"), ("custom.plan", "plan")] {
            let problem = Problem { field: problem.to_owned(), reason: String::new() };
            assert!(!is_writable(field, true, &[problem], &rules, &settings), "{field}");
        }
        assert!(!is_writable("owner", true, &[], &rules, &settings));
        for (field, of_customer, writable) in [
            ("first_name", false, true),
            ("primary_contact.email", true, true),
            ("email", true, false),
            ("email", false, true),
            ("name", true, false),
            ("company", true, false),
            ("city", true, true),
            ("custom.plan", false, true),
            ("custom.options", false, false),
            ("custom.ghl_contact_id", false, false),
        ] {
            assert_eq!(
                is_writable(field, of_customer, &[], &rules, &settings),
                writable,
                "{field}"
            );
        }
    }
}
