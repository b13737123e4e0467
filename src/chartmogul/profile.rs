//! ChartMogul as the client must know it: where it is, how much it takes at a time, and every
//! refusal on record of it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::error::{Code, Service};
use crate::http::{Limits, Meaning, Profile, QueryLists, Refusal, says, spoken};

/// ChartMogul.
pub static PROFILE: Profile = Profile {
    service: Service::Chartmogul,
    origin: "https://api.chartmogul.com",
    options: &["apiKey", "baseUrl", "timeoutMs"],
    variables: &["CHARTMOGUL_API_KEY"],
    authorization,
    looks_foreign,
    versioned: false,
    lists: QueryLists::Joined,
    // It answers 503 beyond 20 connections.
    limits: Limits {
        requests: 40,
        interval_ms: 1_000,
        burst: 2,
        at_once: 0,
        told: false,
        in_flight: 19,
    },
    is_own_plain_word,
    read_error,
};

fn looks_foreign(key: &str) -> Option<&'static str> {
    let is_token = key.starts_with("pit-") || key.starts_with("eyJ");
    is_token.then_some("It looks like a GoHighLevel token: it belongs in ghl.token.")
}

fn authorization(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

/// An unknown plan group is answered with a page. So is a path without a route, by proxies as well
/// as by ChartMogul.
fn is_own_plain_word(refusal: &Refusal<'_>) -> bool {
    refusal.is_page() && refusal.status() == 404 && refusal.endpoint.group() == "planGroups"
}

fn read_error(refusal: &Refusal<'_>) -> Meaning {
    let hint = |text: &'static str| Some(Cow::Borrowed(text));
    match refusal.status() {
        400 | 409 | 422 if says_identity_is_taken(refusal) => {
            (Code::Duplicate, hint("Look the record up by its external id and update it."))
        }
        401 => (Code::Unauthorized, hint("Check the API key; a deactivated user's keys stop.")),
        402 => (Code::PaymentRequired, hint("The account's plan does not include this.")),
        403 => (
            Code::Forbidden,
            hint("The key may be read-only or lack a CRM seat, or the trial has ended."),
        ),
        _ => refusal.usual_meaning(),
    }
}

/// Whether ChartMogul says that another record has this one's identity. A custom attribute that
/// "already exists with another type" does not name a record.
fn says_identity_is_taken(refusal: &Refusal<'_>) -> bool {
    let Some(properties) = refusal.properties() else { return false };
    let said = &refusal.said;
    let by_field = properties.get("errors").and_then(Value::as_object);
    let by_field = by_field.into_iter().flatten();
    let listed = properties.iter().filter(|(_, value)| value.is_array());
    let mut fields = by_field.chain(listed).peekable();
    let parameter = properties.get("param").and_then(Value::as_str);
    match (parameter, fields.peek()) {
        (Some(parameter), _) => is_taken(said) && is_identity(parameter),
        (None, Some(_)) => {
            fields.any(|(name, value)| is_taken(&spoken(value)) && is_identity(name))
        }
        (None, None) => is_taken(said) && names_identity(said),
    }
}

/// Whether a text says that a record is there already.
fn is_taken(text: &str) -> bool {
    let text = unquoted(text);
    let taken = says(&text, "already exist") || says(&text, "already been taken");
    taken && !says(&text, " type") && !says(&text, "attribute")
}

/// ChartMogul's own words in a text: what is in quotes is a value or a name of the user's.
fn unquoted(text: &str) -> String {
    text.split('"').step_by(2).collect()
}

/// Whether a field is what a record is known by: `external_id`, `transactions.external_id`, `name`.
fn is_identity(field: &str) -> bool {
    let field = field.rsplit('.').next().unwrap_or(field);
    ["external_id", "email", "name", "uuid", "identifier", "contact", "customer"].contains(&field)
}

/// The same of a text without a field.
fn names_identity(text: &str) -> bool {
    let text = unquoted(text);
    ["external id", "external_id", "identifier", "email", "e-mail", "name", "contact", "customer"]
        .iter()
        .any(|part| says(&text, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::host::Method;
    use crate::http::failure::{check_cases, read_as};

    static CHARTMOGUL: Endpoint =
        Endpoint::new(Service::Chartmogul, "customers.create", Method::Post, "/v1/customers");

    #[test]
    fn every_shape_of_chartmogul_is_read() {
        check_cases(
            &PROFILE,
            &CHARTMOGUL,
            &[
                (
                    400,
                    r#"{"code":400,"message":"Parameter \"name\" is missing","param":"name"}"#,
                    Code::Rejected,
                    "is missing",
                ),
                (
                    401,
                    r#"{"code":401,"message":"No valid API key provided","param":null}"#,
                    Code::Unauthorized,
                    "API key",
                ),
                (402, "{}", Code::PaymentRequired, "402"),
                (403, r#"{"code":403,"message":"x"}"#, Code::Forbidden, "403"),
                (
                    404,
                    r#"{"code":404,"message":"Customer \"35da\" does not exist","param":"customer_id"}"#,
                    Code::NotFound,
                    "35da",
                ),
                (404, r#"{"error":"Plan not found"}"#, Code::NotFound, "Plan not found"),
                (
                    422,
                    r#"{"error":"Invalid UUID passed","error_details":[{"param":"uuid","code":"invalid","message":"Invalid UUID passed"}]}"#,
                    Code::Rejected,
                    "Invalid UUID",
                ),
                (
                    422,
                    r#"{"errors":{"external_id":"The external ID for this customer already exists in our system.","name":"can't be blank"}}"#,
                    Code::Duplicate,
                    "external_id: The external ID",
                ),
                (
                    422,
                    r#"{"errors":{"name":"Has already been taken."}}"#,
                    Code::Duplicate,
                    "already been taken",
                ),
                (
                    422,
                    r#"{"errors":{"transactions.external_id":"has already been taken"}}"#,
                    Code::Duplicate,
                    "transactions.external_id",
                ),
                (
                    422,
                    r#"{"name":["Name has already been taken"],"error_details":[]}"#,
                    Code::Duplicate,
                    "Name has",
                ),
                (
                    422,
                    r#"{"code":422,"message":"This contact already exists.","param":null}"#,
                    Code::Duplicate,
                    "contact already",
                ),
                (
                    422,
                    r#"{"error":"Customer \"Attribute type Inc\" already exists"}"#,
                    Code::Duplicate,
                    "already exists",
                ),
                (
                    422,
                    r#"{"code":422,"message":"It already exists.","param":"email"}"#,
                    Code::Duplicate,
                    "already exists",
                ),
                (
                    422,
                    r#"{"code":422,"message":"The attribute \"email\" already exists with another type.","param":"custom"}"#,
                    Code::Rejected,
                    "another type",
                ),
                (
                    422,
                    r#"{"errors":{"name":"An attribute of this name already exists with another type."}}"#,
                    Code::Rejected,
                    "another type",
                ),
                (
                    422,
                    r#"{"errors":{"custom":"plan already exists"}}"#,
                    Code::Rejected,
                    "plan already",
                ),
                (
                    400,
                    r#"{"error":"Attribute \"external_id\" already exists as Integer"}"#,
                    Code::Rejected,
                    "as Integer",
                ),
                (
                    422,
                    r#"{"name":["Name can't be blank"],"plan_ids":["x"],"error_details":[]}"#,
                    Code::Rejected,
                    "Name can't be blank; x",
                ),
                (
                    422,
                    r#"{"code":422,"message":"The value provided does not appear to be a valid email address.","param":"email"}"#,
                    Code::Rejected,
                    "valid email",
                ),
                (
                    400,
                    r#"{"error":"The property '#/custom' of type object did not match"}"#,
                    Code::Rejected,
                    "#/custom",
                ),
                (
                    500,
                    "500 Internal Server Error",
                    Code::ServiceUnavailable,
                    "Internal Server Error",
                ),
                (504, "504 Gateway Timeout Error", Code::ServiceUnavailable, "Gateway Timeout"),
                (500, "", Code::ServiceUnavailable, "nothing more"),
                (
                    429,
                    "Your request rate has exceeded our rate limit.",
                    Code::RateLimited,
                    "exceeded",
                ),
            ],
        );
    }

    #[test]
    fn an_unknown_plan_group_is_a_page() {
        static PLAN_GROUP: Endpoint = Endpoint::new(
            Service::Chartmogul,
            "planGroups.retrieve",
            Method::Get,
            "/v1/plan_groups/{uuid}",
        );
        let page = "<!DOCTYPE html><title>x</title>";
        assert_eq!(read_as(&PROFILE, &PLAN_GROUP, 404, page).code, Code::NotFound);
        assert_eq!(read_as(&PROFILE, &PLAN_GROUP, 403, page).code, Code::UnreadableResponse);
    }
}
