//! GHL as the client must know it: where it is, how much it takes at a time, and every refusal on
//! record of it.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Code, Service};
use crate::http::{Limits, Meaning, Profile, QueryLists, Refusal};

/// GHL.
pub static PROFILE: Profile = Profile {
    service: Service::Ghl,
    origin: "https://services.leadconnectorhq.com",
    options: &["token", "locationId", "baseUrl", "apiVersion", "timeoutMs"],
    variables: &["GHL_TOKEN", "GHL_LOCATION_ID"],
    authorization,
    looks_foreign,
    versioned: true,
    lists: QueryLists::Repeated,
    // The documented limit, until the headers tell; a trial account's is 25. For requests in flight
    // it names none.
    limits: Limits {
        requests: 100,
        interval_ms: 10_000,
        burst: 4,
        at_once: 25,
        told: true,
        in_flight: 32,
    },
    is_own_plain_word,
    read_error,
};

fn looks_foreign(token: &str) -> Option<&'static str> {
    let is_key = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_key.then_some("It looks like a ChartMogul API key: it belongs in chartmogul.apiKey.")
}

fn authorization(token: &str) -> String {
    format!("Bearer {token}")
}

/// The bodies that are on record for GHL and may come without JSON around them.
fn is_own_plain_word(refusal: &Refusal<'_>) -> bool {
    const REFUSALS: &[&str] = &[
        "the token is not authorized for this scope",
        "token's user type mismatch",
        "this authclass type is not allowed",
        "version header was not found",
        "invalid api version segment",
        "e01 - unauthorized request",
        "command timed out",
        "invalid jwt",
        "invalid token: access token is invalid",
        "invalid private integration token",
    ];
    if refusal.is_page() {
        return false;
    }
    let text = refusal.said.to_ascii_lowercase();
    let begins = |part: &&str| text.starts_with(part);
    match refusal.status() {
        400 | 401 => REFUSALS.iter().any(begins),
        404 => text.is_empty() || begins(&"cannot "),
        _ => false,
    }
}

fn read_error(refusal: &Refusal<'_>) -> Meaning {
    let says = |words: &str| refusal.says(words);
    let hint = |text: &'static str| Some(Cow::Borrowed(text));
    match refusal.status() {
        400 | 409 | 422 if says("not allow duplicat") || names_duplicate(refusal) => {
            (Code::Duplicate, hint("Use the record that `details` names, or update it instead."))
        }
        400 if says("invalid grant") => {
            (Code::ReconnectRequired, hint("Refresh tokens work once; install the app again."))
        }
        400 | 401 | 403 if says("location is not active") => {
            (Code::LocationSuspended, hint("The sub-account is paused; activate it."))
        }
        // Unknown contacts and tasks are answered 400.
        400 | 404 if refusal.status() == 404 || says("not found") => {
            let hint = if says("cannot ") || refusal.said.is_empty() {
                hint("GoHighLevel does not have this route in this API version.")
            } else {
                None
            };
            (Code::NotFound, hint)
        }
        401 if says("not authorized for this scope") => {
            let scopes = refusal.endpoint.scopes.join(", ");
            (Code::ScopeMissing, Some(Cow::Owned(format!("Add the scope {scopes} to the token."))))
        }
        401 if says("user type mismatch") || says("authclass type is not allowed") => {
            (Code::TokenTypeMismatch, hint("Use a token of the location, not of the agency."))
        }
        401 if says("command timed out") => (Code::ServiceUnavailable, None),
        400 | 401 if says("version header") || says("api version segment") => {
            (Code::Rejected, hint("The Version header was lost or changed on its way."))
        }
        401 if says("e01 - unauthorized request") => (
            Code::Rejected,
            hint("GoHighLevel gives this answer when a required parameter is missing."),
        ),
        401 => (Code::Unauthorized, hint("Check the token: it is wrong, expired or revoked.")),
        403 if says("access to this location") => {
            (Code::LocationForbidden, hint("Check locationId, and that the token belongs to it."))
        }
        403 => (Code::Forbidden, hint("This may need a token of the agency, or another plan.")),
        422 if says("should not exist") => {
            (Code::Rejected, hint("GoHighLevel refuses properties that it does not know."))
        }
        429 if refusal.header("x-ratelimit-daily-remaining") == Some("0") => (
            Code::DailyQuotaExhausted,
            hint("The day's calls are used up; try again after `retryAfterMs`."),
        ),
        _ => refusal.usual_meaning(),
    }
}

/// GHL names the conflicting record, or a code that says there is one.
fn names_duplicate(refusal: &Refusal<'_>) -> bool {
    let get = |name: &str| refusal.properties().and_then(|properties| properties.get(name));
    let meta = get("meta").and_then(|meta| meta.get("contactId")).is_some();
    let code = |name| get(name).and_then(Value::as_str).unwrap_or_default();
    let codes = ["canonicalCode", "code", "message", "error"].map(code);
    meta || codes
        .iter()
        .any(|code| code.contains("ALREADY_EXISTS") || code.contains("NO_DUPLICATE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::host::Method;
    use crate::http::failure::{check_cases, read_as};

    static GHL: Endpoint = Endpoint {
        scopes: &["contacts.write"],
        ..Endpoint::new(Service::Ghl, "contacts.create", Method::Post, "/contacts/")
    };

    #[test]
    fn every_shape_of_ghl_is_read() {
        check_cases(
            &PROFILE,
            &GHL,
            &[
                (
                    400,
                    r#"{"error":"Contact with id X not found","status":400}"#,
                    Code::NotFound,
                    "id X",
                ),
                (
                    400,
                    r#"{"message":"Invalid field contact_name","error":"Bad Request","statusCode":400,"traceId":"t"}"#,
                    Code::Rejected,
                    "Invalid field contact_name",
                ),
                (
                    400,
                    r#"{"message":"Conversation already exists","canonicalCode":"CONVERSATIONS_CONVERSATION_ALREADY_EXISTS","conversationId":"v1"}"#,
                    Code::Duplicate,
                    "already exists",
                ),
                (400, r#"{"message":"OPPORTUNITY_NO_DUPLICATE"}"#, Code::Duplicate, "NO_DUPLICATE"),
                (
                    400,
                    r#"{"statusCode":400,"message":"Invalid grant: refresh token is invalid"}"#,
                    Code::ReconnectRequired,
                    "grant",
                ),
                (400, r#"{"message":"Location is not active"}"#, Code::LocationSuspended, "active"),
                (
                    401,
                    r#"{"statusCode":401,"message":"Invalid JWT"}"#,
                    Code::Unauthorized,
                    "Invalid JWT",
                ),
                (
                    401,
                    r#"{"message":"Invalid Private Integration token"}"#,
                    Code::Unauthorized,
                    "Private",
                ),
                (
                    401,
                    r#"{"error":"UnAuthorized!","error_description":"x"}"#,
                    Code::Unauthorized,
                    "UnAuth",
                ),
                (
                    401,
                    r#"{"message":"The token is not authorized for this scope."}"#,
                    Code::ScopeMissing,
                    "scope",
                ),
                (
                    401,
                    r#"{"message":"Token's user type mismatch!"}"#,
                    Code::TokenTypeMismatch,
                    "mismatch",
                ),
                (
                    401,
                    r#"{"message":"This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case."}"#,
                    Code::TokenTypeMismatch,
                    "authClass",
                ),
                (
                    401,
                    r#"{"message":"version header was not found."}"#,
                    Code::Rejected,
                    "version header",
                ),
                (
                    400,
                    r#"{"message":"Invalid API version segment 'bogus-version' at position 0"}"#,
                    Code::Rejected,
                    "segment",
                ),
                (401, "E01 - Unauthorized request", Code::Rejected, "E01"),
                (401, r#"{"message":"Command timed out"}"#, Code::ServiceUnavailable, "timed out"),
                (
                    403,
                    r#"{"message":"The token does not have access to this location.","statusCode":403}"#,
                    Code::LocationForbidden,
                    "this location",
                ),
                (
                    403,
                    r#"{"message":"Forbidden resource","error":"Forbidden","statusCode":403}"#,
                    Code::Forbidden,
                    "Forbidden resource",
                ),
                (404, "", Code::NotFound, "404"),
                (
                    404,
                    r#"{"message":"Cannot GET /contacts/x/y","statusCode":404}"#,
                    Code::NotFound,
                    "Cannot GET",
                ),
                (
                    422,
                    r#"{"message":["property additionalEmails should not exist","title must be a string"],"error":"Unprocessable Entity","statusCode":422}"#,
                    Code::Rejected,
                    "not exist; title must",
                ),
                (
                    429,
                    r#"{"statusCode":429,"message":"Too Many Requests"}"#,
                    Code::RateLimited,
                    "Too Many",
                ),
                (
                    500,
                    r#"{"status":500,"message":"Error occurred","name":"HttpException","traceId":"t"}"#,
                    Code::ServiceUnavailable,
                    "Error occurred",
                ),
                (
                    502,
                    "<html><body>Bad Gateway</body></html>",
                    Code::ServiceUnavailable,
                    "an HTML page",
                ),
                (
                    400,
                    r#"{"error":{"code":3,"message":"nested","details":[]}}"#,
                    Code::Rejected,
                    "nested",
                ),
            ],
        );
    }

    #[test]
    fn plain_bodies_that_are_on_record_are_the_services_own() {
        for (status, body, code) in [
            (401, "Command timed out", Code::ServiceUnavailable),
            (401, "E01 - Unauthorized request", Code::Rejected),
            (401, "Invalid JWT", Code::Unauthorized),
            (401, "\"The token is not authorized for this scope.\"", Code::ScopeMissing),
            (401, "Token's user type mismatch!", Code::TokenTypeMismatch),
            (401, "version header was not found.", Code::Rejected),
            (404, "Cannot GET /contacts/x/y", Code::NotFound),
            (404, "", Code::NotFound),
        ] {
            assert_eq!(read_as(&PROFILE, &GHL, status, body).code, code, "{status} {body}");
        }
        // A word that stands somewhere in a page is not the gateway's.
        let page = "<html>Command timed out</html>";
        assert_eq!(read_as(&PROFILE, &GHL, 401, page).code, Code::UnreadableResponse);
    }
}
