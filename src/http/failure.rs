//! Reads what went wrong: every error body on record of both services, and failures to send.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Service};
use crate::host::{Response, SendFailure};

/// An error, with what it means for sending again.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) kind: FailureKind,
}

impl Failure {
    /// True where the request may have done its work.
    pub(super) const fn possible(&self) -> bool {
        matches!(self.kind, FailureKind::Lost | FailureKind::ServerError)
    }
}

/// What a failure means for sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// Refused for its rate; nothing was done.
    Throttled,
    /// Never left.
    NotSent,
    /// May have been done; a later try may well succeed.
    Lost,
    /// May have been done; some bad input gives this for ever.
    ServerError,
    /// Answered for good.
    Final,
}

/// Longest message taken from a service, in characters.
const MESSAGE_LIMIT: usize = 300;

/// Reads an answer that is no success.
pub(super) fn of_response(endpoint: &'static Endpoint, response: &Response) -> Failure {
    let body = Body::read(&response.body);
    let said = body.message();
    let (code, hint) = match endpoint.service {
        Service::Ghl => ghl(endpoint, response, &body, &said),
        Service::Chartmogul => chartmogul(response.status, &said),
    };
    let kind = match (code, response.status) {
        (Code::RateLimited, _) => FailureKind::Throttled,
        (Code::ServiceUnavailable, 500) => FailureKind::ServerError,
        (Code::ServiceUnavailable, _) => FailureKind::Lost,
        _ => FailureKind::Final,
    };
    let summary = match body {
        Body::Page => Cow::Borrowed("an HTML page"),
        _ if said.is_empty() => Cow::Borrowed("nothing more"),
        _ => Cow::Owned(said),
    };
    let message = format!("{} answered {}: {summary}", endpoint.service.title(), response.status);
    let mut error = Error::new(code, message);
    error.hint = hint;
    error.status = Some(response.status);
    error.request_id = request_id(response, &body);
    error.retry_after_ms = retry_after_ms(response);
    error.details = body.details();
    Failure { error, kind }
}

/// Reads a failure to send.
pub(super) fn of_sending(failure: SendFailure) -> Failure {
    let lost = |code, message: String, kind| Failure { error: Error::new(code, message), kind };
    match failure {
        SendFailure::NotSent(reason) => {
            let message = format!("the service could not be reached: {}", trimmed(&reason));
            lost(Code::Network, message, FailureKind::NotSent)
        }
        SendFailure::Lost(reason) => {
            let message = format!("the connection failed: {}", trimmed(&reason));
            lost(Code::Network, message, FailureKind::Lost)
        }
        SendFailure::Timeout => {
            lost(Code::Timeout, "no answer within the time allowed".to_owned(), FailureKind::Lost)
        }
        SendFailure::Aborted => Failure { error: aborted(), kind: FailureKind::Final },
    }
}

/// The caller's signal ended the call.
pub(super) fn aborted() -> Error {
    Error::new(Code::Aborted, "ended by the caller's signal")
}

/// A success whose body is not what the row announces.
pub(super) fn unreadable(endpoint: &'static Endpoint, response: &Response, why: &str) -> Failure {
    let message = format!(
        "{} answered {} with a body that cannot be read: {why}",
        endpoint.service.title(),
        response.status
    );
    let mut error = Error::new(Code::UnreadableResponse, message)
        .hint("A proxy or an outage page may stand between; try again later.");
    error.status = Some(response.status);
    error.request_id = response.header("x-request-id").map(trimmed);
    Failure { error, kind: FailureKind::Lost }
}

/// A create that may have happened.
pub(super) fn outcome_unknown(mut error: Error) -> Error {
    error.details = Some(json!({ "cause": error.code.text() }));
    error.code = Code::OutcomeUnknown;
    error.message.push_str("; the record may or may not exist");
    error.hint("Look for the record before creating it again.")
}

type Hint = Option<Cow<'static, str>>;

fn ghl(endpoint: &'static Endpoint, response: &Response, body: &Body, said: &str) -> (Code, Hint) {
    let says = |part: &str| contains(said, part);
    let hint = |text: &'static str| Some(Cow::Borrowed(text));
    match response.status {
        400 | 409 | 422 if says("not allow duplicat") || body.names_duplicate() => {
            (Code::Duplicate, hint("Use the record that `details` names, or update it instead."))
        }
        400 if says("invalid grant") => {
            (Code::Unauthorized, hint("Refresh tokens work once; install the app again."))
        }
        400 if says("location is not active") => {
            (Code::LocationForbidden, hint("The sub-account is paused; activate it."))
        }
        // Unknown contacts and tasks are answered 400.
        400 | 404 if response.status == 404 || says("not found") => {
            let hint = if says("cannot ") || said.is_empty() {
                hint("GoHighLevel has no such route under this API version.")
            } else {
                None
            };
            (Code::NotFound, hint)
        }
        401 if says("not authorized for this scope") => {
            let scopes = endpoint.scopes.join(", ");
            (Code::MissingScope, Some(Cow::Owned(format!("Give the token the scope {scopes}."))))
        }
        401 if says("user type mismatch") || says("authclass type is not allowed") => {
            (Code::WrongTokenType, hint("Use a token of the location, not of the agency."))
        }
        401 if says("command timed out") => (Code::ServiceUnavailable, None),
        400 | 401 if says("version header") || says("api version segment") => {
            (Code::Rejected, hint("The Version header was lost or changed on its way."))
        }
        401 if says("e01 - unauthorized request") => {
            (Code::Rejected, hint("GoHighLevel answers so when a required parameter is missing."))
        }
        401 => (Code::Unauthorized, hint("Check the token: it is wrong, expired or revoked.")),
        403 if says("access to this location") => {
            (Code::LocationForbidden, hint("Check locationId, and that the token is of it."))
        }
        403 => (Code::Forbidden, hint("This may need a token of the agency, or another plan.")),
        422 if says("should not exist") => {
            (Code::Rejected, hint("GoHighLevel refuses properties that it does not know."))
        }
        429 if response.header("x-ratelimit-daily-remaining").map(str::trim) == Some("0") => (
            Code::DailyQuotaExhausted,
            hint("The day's calls are used up; go on after `retryAfterMs`."),
        ),
        status => common(status),
    }
}

fn chartmogul(status: u16, said: &str) -> (Code, Hint) {
    let hint = |text: &'static str| Some(Cow::Borrowed(text));
    let taken = ["already exist", "already been taken"];
    match status {
        400 | 409 | 422 if taken.iter().any(|part| contains(said, part)) => {
            (Code::Duplicate, hint("Look the record up by its external id and update it."))
        }
        401 => (Code::Unauthorized, hint("Check the API key; a deactivated user's keys stop.")),
        402 => (Code::PaymentRequired, hint("The account's plan does not include this.")),
        403 => (
            Code::Forbidden,
            hint("The key may be read-only or lack a CRM seat, or the trial has ended."),
        ),
        status => common(status),
    }
}

fn common(status: u16) -> (Code, Hint) {
    match status {
        402 => (Code::PaymentRequired, None),
        404 | 410 => (Code::NotFound, None),
        429 => (Code::RateLimited, Some(Cow::Borrowed("Another program may share this limit."))),
        408 | 500.. => (Code::ServiceUnavailable, None),
        _ => (Code::Rejected, None),
    }
}

/// An error body, as far as it can be read.
enum Body {
    Object(Map<String, Value>),
    Page,
    Text(String),
}

impl Body {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim();
        if let Ok(Value::Object(properties)) = serde_json::from_str(text) {
            return Self::Object(properties);
        }
        if text.starts_with('<') { Self::Page } else { Self::Text(text.to_owned()) }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(properties) => properties.get(name),
            Self::Page | Self::Text(_) => None,
        }
    }

    /// What the service says, in one trimmed line.
    fn message(&self) -> String {
        let properties = match self {
            Self::Object(properties) => properties,
            Self::Page => return String::new(),
            Self::Text(text) => return trimmed(text),
        };
        let named = ["message", "errors", "error", "error_description"]
            .iter()
            .filter_map(|name| properties.get(*name))
            .map(spoken)
            .find(|text| !text.is_empty());
        let message = named.unwrap_or_else(|| {
            let fields = properties.iter().filter(|(name, _)| *name != "error_details");
            let fields = fields.filter(|(_, value)| value.is_array());
            fields.map(|(_, value)| spoken(value)).collect::<Vec<_>>().join("; ")
        });
        trimmed(&message)
    }

    /// GHL names the record that stands in the way, or a code that says there is one.
    fn names_duplicate(&self) -> bool {
        let meta = self.get("meta").and_then(|meta| meta.get("contactId")).is_some();
        let code = |name| self.get(name).and_then(Value::as_str).unwrap_or_default();
        let codes = ["canonicalCode", "code", "message", "error"].map(code);
        meta || codes
            .iter()
            .any(|code| code.contains("ALREADY_EXISTS") || code.contains("NO_DUPLICATE"))
    }

    /// What programs can use: ids, fields at fault, several messages.
    fn details(&self) -> Option<Value> {
        let mut details = Map::new();
        let mut keep = |name: &str, value: Option<&Value>| {
            if let Some(value) = value.filter(|value| !value.is_null()) {
                details.insert(name.to_owned(), value.clone());
            }
        };
        let meta = self.get("meta");
        keep("contactId", meta.and_then(|meta| meta.get("contactId")));
        keep("matchingField", meta.and_then(|meta| meta.get("matchingField")));
        keep("conversationId", self.get("conversationId"));
        keep("canonicalCode", self.get("canonicalCode"));
        keep("parameter", self.get("param"));
        keep("fields", self.get("errors").filter(|errors| errors.is_object()));
        keep("messages", self.get("message").filter(|message| message.is_array()));
        keep("errors", self.get("error_details"));
        if details.is_empty() { None } else { Some(Value::Object(details)) }
    }
}

/// A message out of text, a list of texts, an object of texts, or an object with a message.
fn spoken(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(spoken).collect::<Vec<_>>().join("; "),
        Value::Object(properties) => match properties.get("message") {
            Some(message) => spoken(message),
            None => {
                let parts = properties.iter().map(|(name, value)| (name, spoken(value)));
                let parts = parts.filter(|(_, text)| !text.is_empty());
                parts.map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("; ")
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}

/// One line of at most [`MESSAGE_LIMIT`] characters.
fn trimmed(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn request_id(response: &Response, body: &Body) -> Option<String> {
    let header = response.header("x-request-id");
    header.or_else(|| body.get("traceId").and_then(Value::as_str)).map(trimmed)
}

/// `Retry-After` in seconds; neither service sends it today, proxies do.
fn retry_after_ms(response: &Response) -> Option<u64> {
    let seconds: u64 = response.header("retry-after")?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Method;

    static GHL: Endpoint = Endpoint {
        scopes: &["contacts.write"],
        ..Endpoint::new(Service::Ghl, "contacts.create", Method::Post, "/contacts/")
    };
    static CHARTMOGUL: Endpoint =
        Endpoint::new(Service::Chartmogul, "customers.create", Method::Post, "/v1/customers");

    fn read(endpoint: &'static Endpoint, status: u16, body: &str) -> Failure {
        of_response(
            endpoint,
            &Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() },
        )
    }

    /// Status, body, code, and a part of the message.
    type Case = (u16, &'static str, Code, &'static str);

    fn check(endpoint: &'static Endpoint, cases: &[Case]) {
        for (status, body, code, part) in cases {
            let Failure { error, .. } = read(endpoint, *status, body);
            assert_eq!(error.code, *code, "{status} {body}");
            assert_eq!(error.status, Some(*status));
            assert!(error.message.contains(part), "{} lacks {part}", error.message);
            assert!(error.message.chars().count() < MESSAGE_LIMIT + 60);
        }
    }

    #[test]
    fn every_shape_of_ghl_is_read() {
        check(
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
                    Code::Unauthorized,
                    "grant",
                ),
                (400, r#"{"message":"Location is not active"}"#, Code::LocationForbidden, "active"),
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
                    Code::MissingScope,
                    "scope",
                ),
                (
                    401,
                    r#"{"message":"Token's user type mismatch!"}"#,
                    Code::WrongTokenType,
                    "mismatch",
                ),
                (
                    401,
                    r#"{"message":"This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case."}"#,
                    Code::WrongTokenType,
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
    fn every_shape_of_chartmogul_is_read() {
        check(
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
                (403, "", Code::Forbidden, "403"),
                (
                    404,
                    r#"{"code":404,"message":"Customer \"35da\" does not exist","param":"customer_id"}"#,
                    Code::NotFound,
                    "35da",
                ),
                (404, r#"{"error":"Plan not found"}"#, Code::NotFound, "Plan not found"),
                (404, "<!DOCTYPE html><title>x</title>", Code::NotFound, "an HTML page"),
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
                (418, "[1]", Code::Rejected, "[1]"),
            ],
        );
    }

    #[test]
    fn details_are_for_programs() {
        let body = r#"{"statusCode":400,"message":"This location does not allow duplicated contacts.",
            "meta":{"contactId":"c1","contactName":"Ada","matchingField":"email"},"traceId":"t1"}"#;
        let error = read(&GHL, 400, body).error;
        assert_eq!(error.code, Code::Duplicate);
        assert_eq!(error.details, Some(json!({"contactId": "c1", "matchingField": "email"})));
        assert_eq!(error.request_id.as_deref(), Some("t1"));

        let body = r#"{"errors":{"name":"x"}}"#;
        let details = read(&CHARTMOGUL, 422, body).error.details.clone();
        assert_eq!(details, Some(json!({"fields": {"name": "x"}})));
        let hint =
            read(&GHL, 401, r#"{"message":"not authorized for this scope"}"#).error.hint.clone();
        assert_eq!(hint.as_deref(), Some("Give the token the scope contacts.write."));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let error = read(&GHL, 400, &"é\n".repeat(5_000)).error;
        assert!(error.message.ends_with('…') && !error.message.contains('\n'));
    }

    #[test]
    fn bursts_and_the_days_end_are_told_apart() {
        let mut response = Response {
            status: 429,
            headers: vec![("X-RateLimit-Daily-Remaining".to_owned(), "0".to_owned())],
            body: Vec::new(),
        };
        let failure = of_response(&GHL, &response);
        assert_eq!(
            (failure.error.code, failure.kind),
            (Code::DailyQuotaExhausted, FailureKind::Final)
        );
        response.headers = vec![("Retry-After".to_owned(), "7".to_owned())];
        let failure = of_response(&GHL, &response);
        assert_eq!((failure.error.code, failure.kind), (Code::RateLimited, FailureKind::Throttled));
        assert_eq!(failure.error.retry_after_ms, Some(7_000));
    }

    #[test]
    fn what_may_have_happened_is_known() {
        assert!(read(&GHL, 401, "Command timed out").possible());
        assert!(read(&GHL, 500, "").possible() && read(&GHL, 503, "").possible());
        assert!(!read(&GHL, 422, "").possible() && !read(&GHL, 429, "").possible());
        assert!(of_sending(SendFailure::Timeout).possible());
        assert!(of_sending(SendFailure::Lost(String::new())).possible());
        assert!(!of_sending(SendFailure::NotSent(String::new())).possible());
    }
}
