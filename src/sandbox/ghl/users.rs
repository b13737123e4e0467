//! The company's users. Deleted ones are in no list, though records still name them.

use serde_json::{Value, json};

use super::refusals::{bad_request, missing, unprocessable};
use super::resources::without;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};

/// Answers an operation on users.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /users/" => {
            let location = exchange.query("locationId").unwrap_or_default();
            let users: Vec<&Record> =
                store.of("users").all().filter(|user| works_in(user, location)).collect();
            Ok(exchange.succeed(&json!({ "users": users })))
        }
        "GET /users/search" => search(store, exchange),
        "POST /users/search/filter-by-email" => Ok(of_emails(store, exchange)),
        "POST /users/" => create(store, exchange),
        _ => answer_for_one(store, key, exchange),
    }
}

fn works_in(user: &Record, location: &str) -> bool {
    let locations = user.get("roles").and_then(|roles| roles.get("locationIds"));
    let mut locations = locations.and_then(Value::as_array).into_iter().flatten();
    locations.any(|id| id == location)
}

/// `GET /users/search`: `skip` and `limit` are texts here.
fn search(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    if exchange.query("companyId") != Some(store.company_id.as_str()) {
        return Err(super::refusals::forbidden_resource());
    }
    for name in ["skip", "limit"] {
        if exchange.query(name).is_some_and(|text| text.parse::<usize>().is_err()) {
            let message = format!("{name} must be a number string");
            return Err(unprocessable(exchange, &[message]));
        }
    }
    let words = exchange.query("query").unwrap_or_default().to_lowercase();
    let ids: Vec<&str> =
        exchange.query("ids").map(|ids| ids.split(',').collect()).unwrap_or_default();
    let fits = |user: &&Record| {
        let known = [text(user, "name"), text(user, "email")];
        exchange.query("locationId").is_none_or(|location| works_in(user, location))
            && (ids.is_empty() || ids.contains(&text(user, "id")))
            && known.iter().any(|value| value.to_lowercase().contains(&words))
    };
    let users: Vec<&Record> = store.of("users").all().filter(fits).collect();
    let skip = exchange.query_number("skip").unwrap_or(0);
    let limit = exchange.query_number("limit").unwrap_or(25);
    let page: Vec<&Record> = users.iter().skip(skip).take(limit).copied().collect();
    Ok(exchange.succeed(&json!({ "users": page, "count": users.len() })))
}

/// `POST /users/search/filter-by-email`: an agency's; the e-mails are one text with commas, or a list.
fn of_emails(store: &Store, exchange: &Exchange<'_>) -> Reply {
    let asked = exchange.body_text("emails").unwrap_or_default().to_lowercase();
    let asked: Vec<&str> = asked.split(',').map(str::trim).collect();
    let users: Vec<&Record> = store
        .of("users")
        .all()
        .filter(|user| asked.contains(&text(user, "email").to_lowercase().as_str()))
        .collect();
    exchange.succeed(&json!({ "users": users, "count": users.len() }))
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let email = exchange.body_text("email").unwrap_or_default().to_lowercase();
    if store.of("users").all().any(|user| text(user, "email").to_lowercase() == email) {
        return Err(bad_request(exchange, "A user with this email already exists"));
    }
    let mut user = Record::new();
    user.insert("id".into(), json!(exchange.random.id(20)));
    let user = written(user, exchange);
    store.of_mut("users").put(user.clone());
    Ok(exchange.succeed(&Value::Object(alone(user))).wrote())
}

/// A user by itself; lists also say whether it was deleted.
fn alone(user: Record) -> Record {
    without(user, &["deleted", "profilePhoto"])
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("userId");
    let Some(user) = store.of("users").get(&id).cloned() else {
        return Err(missing(exchange, "User not found"));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            let user = written(user, exchange);
            store.of_mut("users").put(user.clone());
            Ok(exchange.succeed(&Value::Object(alone(user))).wrote())
        }
        Some("DELETE") => {
            store.of_mut("users").remove(&id);
            let body = json!({
                "succeded": true, "message": "Queued deleting user with e-mail. Will take effect in a few minutes.",
            });
            Ok(exchange.succeed(&body).wrote())
        }
        _ => Ok(exchange.succeed(&Value::Object(alone(user)))),
    }
}

/// A user with what a write gives: the roles apart, the password nowhere.
fn written(mut user: Record, exchange: &Exchange<'_>) -> Record {
    let mut roles = user.get("roles").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in exchange.properties() {
        match name.as_str() {
            "password" | "companyId" | "twilioPhone" | "scopesAssignedToOnly" => {}
            "type" | "role" | "locationIds" => {
                roles.insert(name, value);
            }
            // Written as a list, read as one text.
            "scopes" => {
                let first = value.as_array().and_then(|scopes| scopes.first()).cloned();
                user.insert(name, first.unwrap_or(value));
            }
            _ => {
                user.insert(name, value);
            }
        }
    }
    roles.entry("restrictSubAccount").or_insert(json!(false));
    let name = super::contact_forms::full_name(&user);
    user.insert("name".into(), json!(name));
    user.insert("roles".into(), Value::Object(roles));
    user.entry("deleted").or_insert(json!(false));
    user
}
