//! One row for each thing that a GHL record can be in ChartMogul: how it is written, compared, looked
//! up and removed. The engine has one reader and one sender for all of them.

pub mod attributes;
pub mod contact;
pub mod customer;
pub mod member;
pub mod note;
pub mod task;

use serde_json::{Map, Value, json};

use super::Fields;
use super::custom_fields::Rule;
use super::settings::Settings;
use super::users::UserMap;
use crate::error::Service;
use crate::record::Json;

/// A request that a write takes: an endpoint's name and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service that it is sent to.
    pub service: Service,
    /// The endpoint's name, for example `notes.create`.
    pub endpoint: &'static str,
    /// Its parameters.
    pub parameters: Map<String, Value>,
}

impl Call {
    /// A call to ChartMogul with its parameters.
    pub const fn new(endpoint: &'static str, parameters: Map<String, Value>) -> Self {
        Self { service: Service::Chartmogul, endpoint, parameters }
    }

    /// A call to GHL with its parameters.
    pub const fn to_ghl(endpoint: &'static str, parameters: Map<String, Value>) -> Self {
        Self { service: Service::Ghl, endpoint, parameters }
    }
}

/// What is written, and where.
#[derive(Debug, Clone, Copy)]
pub struct Write<'w> {
    /// GHL's id of the record; empty where its text is to carry no marker.
    pub ghl: &'w str,
    /// The GHL contact that it belongs to.
    pub contact: &'w str,
    /// The external id that a customer of ours carries.
    pub external: &'w str,
    /// ChartMogul's uuid of the record, where it exists.
    pub uuid: &'w str,
    /// Uuid of its customer.
    pub customer: &'w str,
    /// The data source that it is created in.
    pub source: Option<&'w str>,
    /// Values to be written.
    pub fields: &'w Fields,
    /// Values written at the creation only.
    pub at_create: &'w Fields,
    /// Values that the other side is known to hold.
    pub base: &'w Fields,
    /// GHL's record as it is now, where it is written to.
    pub held: Option<&'w Json>,
    /// Tags to be added and removed.
    pub tags: (&'w [String], &'w [String]),
    /// Milliseconds since 1970.
    pub now: u64,
    /// What writing depends on.
    pub with: Context<'w>,
}

/// What writing depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'w> {
    /// The user's settings.
    pub settings: &'w Settings,
    /// The custom fields that cross.
    pub rules: &'w [Rule],
    /// Who is who.
    pub users: &'w UserMap,
}

/// What a record can be in ChartMogul.
#[derive(Debug)]
pub struct Row {
    /// The calls that create it.
    pub create: fn(&Write<'_>) -> Vec<Call>,
    /// The calls that write its changed fields. Their number is the cost.
    pub update: fn(&Write<'_>) -> Vec<Call>,
    /// The endpoint that reads one by its uuid, and the name of that parameter.
    pub retrieve: (&'static str, &'static str),
    /// The endpoint that deletes one.
    pub remove: &'static str,
    /// Whether ChartMogul shows a value that is the same as GHL's.
    pub same: fn(name: &str, ghl: &Value, chartmogul: &Value, &Settings) -> bool,
    /// How it is written to GHL, where it comes back.
    pub in_ghl: Option<InGhl>,
}

/// How a record is written to GHL.
#[derive(Debug, Clone, Copy)]
pub struct InGhl {
    /// The calls that create it.
    pub create: fn(&Write<'_>) -> Vec<Call>,
    /// The calls that write its changed fields.
    pub update: fn(&Write<'_>) -> Vec<Call>,
    /// The endpoint that reads one, and the name of the parameter that takes its id.
    pub get: (&'static str, &'static str),
    /// The endpoint that lists those of a contact.
    pub list: &'static str,
    /// The endpoint that deletes one.
    pub remove: &'static str,
}

/// A customer of our own.
pub static CUSTOMER: Row = Row {
    create: customer::create,
    update: customer::update,
    retrieve: ("customers.retrieve", "customer_uuid"),
    remove: "customers.delete",
    same: same_value,
    in_ghl: Some(CONTACT_IN_GHL),
};

/// How a contact is written to GHL, whatever it is in ChartMogul.
const CONTACT_IN_GHL: InGhl = InGhl {
    create: contact::create_in_ghl,
    update: contact::update_in_ghl,
    get: ("contacts.get", "contactId"),
    list: "contacts.search",
    remove: "contacts.delete",
};

/// A contact of a customer.
pub static MEMBER: Row = Row {
    create: member::create,
    update: member::update,
    retrieve: ("contacts.retrieve", "contact_uuid"),
    remove: "contacts.delete",
    same: same_value,
    in_ghl: Some(CONTACT_IN_GHL),
};

/// The tags and custom attributes of a customer.
pub static ATTRIBUTES: Row = Row {
    create: attributes::update,
    update: attributes::update,
    retrieve: ("customers.retrieve", "customer_uuid"),
    remove: "customers.delete",
    same: same_value,
    in_ghl: None,
};

/// A note.
pub static NOTE: Row = Row {
    create: note::create,
    update: note::update,
    retrieve: ("notes.retrieve", "note_uuid"),
    remove: "notes.delete",
    same: note::same,
    in_ghl: Some(InGhl {
        create: note::create_in_ghl,
        update: note::update_in_ghl,
        get: ("notes.get", "id"),
        list: "notes.list",
        remove: "notes.delete",
    }),
};

/// A task.
pub static TASK: Row = Row {
    create: task::create,
    update: task::update,
    retrieve: ("tasks.retrieve", "task_uuid"),
    remove: "tasks.delete",
    same: task::same,
    in_ghl: Some(InGhl {
        create: task::create_in_ghl,
        update: task::update_in_ghl,
        get: ("tasks.get", "taskId"),
        list: "tasks.list",
        remove: "tasks.delete",
    }),
};

/// Values are the same where they are equal as people see them: an absent value is an empty one,
/// white space around a text and the case of an address make no difference.
pub fn same_value(name: &str, ghl: &Value, chartmogul: &Value, settings: &Settings) -> bool {
    let (Value::String(ours), Value::String(theirs)) = (ghl, chartmogul) else {
        return ghl == chartmogul || instants(ghl, chartmogul);
    };
    let (ours, theirs) = (ours.trim(), theirs.trim());
    if ours == theirs {
        return true;
    }
    match name.rsplit('.').next().unwrap_or(name) {
        "email" | "owner" | "assignee" => {
            let compared = |text: &str| crate::email::normal(text);
            compared(ours).is_some_and(|ours| compared(theirs) == Some(ours))
        }
        "phone" => {
            let country = settings.default_country.as_deref();
            crate::phone::e164(theirs, country).is_some_and(|number| number == ours)
        }
        "website_url" => {
            ours.trim_end_matches('/').eq_ignore_ascii_case(theirs.trim_end_matches('/'))
        }
        _ => instants(ghl, chartmogul),
    }
}

/// Instants are compared as such: ChartMogul writes them in a form of its own.
fn instants(ghl: &Value, chartmogul: &Value) -> bool {
    let shaped = |value: &Value| {
        let text = value.as_str().filter(|text| text.len() >= 19 && text.contains(':'))?;
        crate::dates::instant_of(text)
    };
    shaped(ghl).is_some() && shaped(ghl) == shaped(chartmogul)
}

/// Whether a value counts as absent.
pub fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// A value as it is kept for the next comparison: a long text as its hash.
pub fn mark(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > 64 => Value::String(super::hash(text)),
        value => value.clone(),
    }
}

/// Fields as they are kept for the next comparison.
pub fn marks(fields: &Fields) -> Fields {
    let mut kept = Fields::new();
    for (name, value) in fields {
        if name != "text" {
            kept.insert(name.clone(), mark(value));
            continue;
        }
        let text = value.as_str().unwrap_or_default();
        kept.insert(name.clone(), json!(super::hash(text)));
        kept.insert("content".to_owned(), json!(note::content(text)));
    }
    kept
}

pub(super) fn with(mut body: Map<String, Value>, name: &str, value: &str) -> Map<String, Value> {
    body.insert(name.to_owned(), json!(value));
    body
}

/// The fields of `over`, and those of `base` that it leaves out.
pub fn merged(base: &Fields, over: &Fields) -> Fields {
    let mut fields = over.clone();
    for (name, value) in base {
        fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    fields
}

pub(super) fn set(fields: &mut Fields, name: &str, value: &Option<String>) {
    if let Some(text) = value.as_deref().filter(|text| !text.trim().is_empty()) {
        fields.insert(name.to_owned(), Value::String(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_people_see_them() {
        let settings = Settings { default_country: Some("US".into()), ..Settings::default() };
        for (name, ours, theirs, same) in [
            ("email", json!("ada@example.com"), json!("Ada@Example.com"), true),
            ("phone", json!("+14155550123"), json!("(415) 555-0123"), true),
            ("phone", json!("+14155550123"), json!("(415) 555-0124"), false),
            ("first_name", json!("Ada"), json!(" Ada "), true),
            ("first_name", json!("Ada"), json!("ada"), false),
            ("website_url", json!("https://example.com"), json!("https://Example.com/"), true),
            ("custom.seats", json!(3), json!("3"), false),
            (
                "attribute.since",
                json!("2024-05-06T00:00:00.000Z"),
                json!("2024-05-06T00:00:00+00:00"),
                true,
            ),
        ] {
            assert_eq!(same_value(name, &ours, &theirs, &settings), same, "{name} {ours} {theirs}");
        }
        assert!(is_empty(Some(&json!(" "))) && is_empty(None) && !is_empty(Some(&json!(false))));
    }
}
