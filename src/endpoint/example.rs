//! Example parameters of a row, made from its own types: for the reference, and for tests that call
//! every row.

use serde_json::{Map, Value, json};

use super::{Endpoint, Field, Fields, Kind, Outcome, TEXT, Type};

/// How much is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Only what must be given.
    Least,
    /// All that can be given.
    Most,
    /// All that can be given, `null` where that is allowed.
    Nulls,
}

/// The text of a property whose name says nothing.
const ANY_TEXT: &str = "text";

/// What a service asks for although its documents call it optional.
const NEEDED: &[(&str, &[&str])] = &[
    ("contacts.create", &["firstName", "email"]),
    ("contacts.upsert", &["email"]),
    ("contacts.find", &["email"]),
    ("contacts.searchDuplicate", &["email"]),
    ("calendarEvents.list", &["calendarId"]),
    ("blockSlots.list", &["calendarId"]),
    ("blockSlots.create", &["startTime", "endTime"]),
];

/// Parameters that the row accepts in one generation, under the names of the older one.
pub fn parameters(endpoint: &'static Endpoint, amount: Amount, v3: bool) -> Map<String, Value> {
    let exists = |name: &str| {
        if v3 && endpoint.v3.exists {
            !endpoint.v3.removed.contains(&name)
        } else {
            !endpoint.v3.added.contains(&name)
        }
    };
    let needed = NEEDED.iter().find(|(name, _)| *name == endpoint.name);
    let needed = needed.map_or(&[][..], |(_, needed)| needed);
    // A change that changes nothing would be no example.
    let fields = endpoint.body.map_or(Fields::NONE, |body| body.fields);
    let changed = fields.iter().next().filter(|_| {
        endpoint.name.ends_with(".update") && !fields.iter().any(|field| field.required)
    });
    let needed =
        |name: &str| needed.contains(&name) || changed.is_some_and(|changed| changed.name == name);
    let path = endpoint.path_parameters().map(|name| {
        let of = endpoint.path_types.find(name);
        (name.to_owned(), value(name, &of.map_or(TEXT, |field| field.of), Amount::Most, 0))
    });
    // A query has no null.
    let query = endpoint.query.iter().map(|field| (field, Amount::Most));
    let body = endpoint.body.into_iter().flat_map(|body| body.fields);
    let others = query.chain(body.map(|field| (field, amount)));
    let others = others
        .filter(|(field, _)| given(field, amount) || needed(field.name))
        .filter(|(field, _)| exists(field.name))
        .map(|(field, amount)| (field.name.to_owned(), value(field.name, &field.of, amount, 0)));
    path.chain(others).collect()
}

/// What the row gives, or one item of a list, without the properties of which nothing is known but that they
/// are text; nothing for bytes, and where nothing is given.
pub fn result(endpoint: &Endpoint) -> Option<Value> {
    let (Outcome::One { of: Some(of), .. } | Outcome::List { of: Some(of), .. }) = &endpoint.result
    else {
        return None;
    };
    let whole = value("", of, Amount::Most, 2);
    Some(telling(whole.clone()).unwrap_or(whole))
}

fn telling(of: Value) -> Option<Value> {
    match of {
        Value::String(text) if text == ANY_TEXT => None,
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(telling).collect();
            (!items.is_empty()).then(|| items.into())
        }
        Value::Object(fields) => {
            let fields: Map<_, _> =
                fields.into_iter().filter_map(|(name, of)| Some((name, telling(of)?))).collect();
            (!fields.is_empty()).then(|| fields.into())
        }
        of => Some(of),
    }
}

fn given(field: &Field, amount: Amount) -> bool {
    field.required || amount != Amount::Least
}

/// A value of a type. `depth` ends types that hold themselves.
fn value(name: &str, of: &Type, amount: Amount, depth: usize) -> Value {
    if of.nullable && amount == Amount::Nulls {
        return Value::Null;
    }
    let first = |texts: &[&str]| texts.first().copied().unwrap_or_default().to_owned();
    match of.kind {
        Kind::Text | Kind::Any | Kind::Email => text(name, of.kind).into(),
        Kind::Timestamp if name == "endTime" => "2026-11-23T10:30:00.000Z".into(),
        Kind::Timestamp => "2026-11-23T09:30:00.000Z".into(),
        Kind::Date => "2026-11-23".into(),
        // 2026-11-23, from when to when.
        Kind::Integer if matches!(name, "startTime" | "startDate") => json!(1_795_392_000_000_u64),
        Kind::Integer if matches!(name, "endTime" | "endDate") => json!(1_795_478_400_000_u64),
        Kind::Integer if name == "limit" => json!(20),
        Kind::Integer | Kind::Number => json!(1),
        Kind::Boolean => true.into(),
        Kind::OneOf(texts) | Kind::Suggested(texts) => first(texts).into(),
        Kind::StartingWith(texts) => (first(texts) + "x").into(),
        Kind::List(_) if depth > 4 => json!([]),
        Kind::List(of) => json!([value(name, of, amount, depth + 1)]),
        Kind::Map(of) => json!({ "key": value("key", of, amount, depth + 1) }),
        Kind::Object(model) => model
            .fields
            .iter()
            .filter(|field| given(field, amount))
            .map(|field| (field.name.to_owned(), value(field.name, &field.of, amount, depth + 1)))
            .collect(),
        Kind::Either(types) => {
            types.first().map_or(Value::Null, |of| value(name, of, amount, depth))
        }
        Kind::File => Value::Null,
    }
}

/// A text that looks like what the name says.
fn text(name: &str, kind: Kind) -> &'static str {
    match name {
        _ if matches!(kind, Kind::Email) => "ada@example.com",
        "email" | "emails" | "author_email" | "owner" => "ada@example.com",
        "phone" | "number" => "+14155550123",
        "path" => "/forms/submissions",
        "address" | "address1" | "address_line1" => "12 St James's Square",
        "city" => "New York",
        "state" => "NY",
        "postalCode" | "zip" => "10001",
        "companyName" | "company" | "businessName" => "Analytical Engines Ltd",
        "tags" => "vip",
        "source" => "website",
        "color" | "eventColor" => "#3366ff",
        "slug" | "urlSlug" => "first-post",
        "dateAdded" | "dateUpdated" | "createdAt" | "updatedAt" | "lastUpdated" | "created_at"
        | "updated_at" => "2026-11-23T09:30:00.000Z",
        "data_source_uuid" => "ds_00000000-0000-0000-0000-000000000000",
        "plan_uuid" => "pl_00000000-0000-0000-0000-000000000000",
        "contact_uuid" => "con_00000000-0000-0000-0000-000000000000",
        "country" => "US",
        "timezone" => "America/New_York",
        "currency" => "USD",
        "firstName" | "first_name" => "Ada",
        "lastName" | "last_name" => "Lovelace",
        "name" => "Ada Lovelace",
        "title" => "Call back",
        "body" | "text" => "Asked for a call on Monday.",
        "scopes" | "scopesAssignedToOnly" => "contacts.write",
        "platformLanguage" => "en_US",
        _ if name.ends_with("uuid") => "cus_00000000-0000-0000-0000-000000000000",
        "id" | "ids" | "contacts" | "followers" | "assignedTo" => "ocQHyuzHvysMo5N5VsXc",
        _ if name.ends_with("Id") => "ocQHyuzHvysMo5N5VsXc",
        _ => ANY_TEXT,
    }
}
