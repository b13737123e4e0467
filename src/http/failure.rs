//! Reads what went wrong: every error body on record of both services, and failures to send.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Service};
use crate::host::{Response, SendFailure};
use crate::mutants::{self, Mutant};

/// An error, with what it means for sending again.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) kind: FailureKind,
}

impl Failure {
    /// True where the request may have done its work.
    pub(super) const fn possible(&self) -> bool {
        !matches!(self.kind, FailureKind::Throttled | FailureKind::NotSent | FailureKind::Final)
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
    /// Answered by something between; may have been done all the same.
    Intercepted,
    /// The same for a path that is said not to be there: asking again gives the same page.
    Unrouted,
    /// Answered for good.
    Final,
}

/// Longest message taken from a service, in characters.
const MESSAGE_LIMIT: usize = 300;

/// Longest value of a header that is quoted, in characters.
const HEADER_LIMIT: usize = 60;

/// Headers in which intermediaries name themselves. None of them carries a credential.
const INTERMEDIARY_HEADERS: &[&str] = &[
    "server",
    "via",
    "x-cache",
    "cf-ray",
    "cf-mitigated",
    "x-served-by",
    "x-amz-cf-id",
    "x-squid-error",
    "x-iinfo",
    "x-sucuri-id",
];

/// What to do about an answer that is not the service's own.
const INTERMEDIARY_HINT: &str = "A proxy or a firewall stands between and answers in its place: \
     let it pass these calls, or try again later.";

/// Reads an answer that is no success.
pub(super) fn of_response(endpoint: &'static Endpoint, response: &Response) -> Failure {
    let body = Body::read(&response.body);
    let believed = mutants::is_on(Mutant::ProxyIsTheService);
    if !believed && !is_own_word(endpoint, response.status, &body) {
        return intercepted(endpoint, response, &body);
    }
    let said = body.message();
    let (code, hint) = match endpoint.service {
        Service::Ghl => ghl(endpoint, response, &body, &said),
        Service::Chartmogul => chartmogul(response.status, &body, &said),
    };
    let kind = match (code, response.status) {
        (Code::RateLimited, _) => FailureKind::Throttled,
        (Code::ServiceUnavailable, 500) => FailureKind::ServerError,
        (Code::ServiceUnavailable, _) => FailureKind::Lost,
        _ => FailureKind::Final,
    };
    let summary = body.summary();
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
        "{} answered {} with a body that cannot be read: {why}{}",
        endpoint.service.title(),
        response.status,
        intermediary(response)
    );
    let mut error = Error::new(Code::UnreadableResponse, message)
        .hint("A proxy or an outage page may stand between; try again later.");
    error.status = Some(response.status);
    error.request_id = response.header("x-request-id").map(trimmed);
    Failure { error, kind: FailureKind::Lost }
}

/// An answer that something between has given in the service's place.
fn intercepted(endpoint: &'static Endpoint, response: &Response, body: &Body) -> Failure {
    let message = format!(
        "the answer {} is not {}'s own: {}{}",
        response.status,
        endpoint.service.title(),
        body.summary(),
        intermediary(response)
    );
    let mut error = Error::new(Code::UnreadableResponse, message).hint(INTERMEDIARY_HINT);
    error.status = Some(response.status);
    error.request_id = request_id(response, body);
    error.retry_after_ms = retry_after_ms(response);
    let kind =
        if response.status == 404 { FailureKind::Unrouted } else { FailureKind::Intercepted };
    Failure { error, kind }
}

/// What the headers tell of who answered, for example ` (server: squid/6.6; via: 1.1 gate)`.
fn intermediary(response: &Response) -> String {
    let named = INTERMEDIARY_HEADERS.iter().filter_map(|name| {
        let value = shortened(response.header(name)?, HEADER_LIMIT);
        (!value.is_empty()).then(|| format!("{name}: {value}"))
    });
    let named = named.collect::<Vec<_>>().join("; ");
    if named.is_empty() { named } else { format!(" ({named})") }
}

/// Whether an answer that is no success is the service's own word: JSON, or another body that is
/// on record for it. What is told by the status alone is believed whoever says it.
fn is_own_word(endpoint: &'static Endpoint, status: u16, body: &Body) -> bool {
    if matches!(status, 408 | 429 | 500..) {
        return true;
    }
    match (body, endpoint.service) {
        // Only a proxy asks for authentication at itself.
        _ if status == 407 => false,
        (Body::Object(properties), _) => is_own_shape(properties),
        // An unknown plan group is answered with a page. So is a path without a route, by proxies
        // as well as by ChartMogul.
        (Body::Page, Service::Chartmogul) => status == 404 && endpoint.group() == "planGroups",
        (Body::Page, Service::Ghl) => false,
        (Body::Text(text), Service::Ghl) => is_plain_word_of_ghl(status, text),
        (Body::Text(_), Service::Chartmogul) => false,
    }
}

/// Whether an object has a property that one of the services' refusals has. Others' objects have
/// none: RFC 9457 says `title` and `detail`, and Cloudflare answers so where JSON is asked for.
fn is_own_shape(properties: &Map<String, Value>) -> bool {
    const NAMES: &[&str] =
        &["message", "msg", "error", "errors", "error_description", "code", "statusCode"];
    let known = properties.keys().any(|name| NAMES.contains(&name.as_str()));
    // ChartMogul lists each field's faults at the top.
    let listed = || properties.values().any(Value::is_array);
    let says_whose = properties.contains_key("cloudflare_error");
    properties.is_empty() || ((known || listed()) && !says_whose)
}

/// The bodies that are on record for GHL and may come without JSON around them.
fn is_plain_word_of_ghl(status: u16, text: &str) -> bool {
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
    let text = text.to_ascii_lowercase();
    let begins = |part: &&str| text.starts_with(part);
    match status {
        400 | 401 => REFUSALS.iter().any(begins),
        404 => text.is_empty() || begins(&"cannot "),
        _ => false,
    }
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

fn chartmogul(status: u16, body: &Body, said: &str) -> (Code, Hint) {
    let hint = |text: &'static str| Some(Cow::Borrowed(text));
    match status {
        400 | 409 | 422 if body.says_identity_is_taken(said) => {
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
        match serde_json::from_str(text) {
            Ok(Value::Object(properties)) => return Self::Object(properties),
            Ok(Value::String(text)) => return Self::Text(text),
            _ => {}
        }
        if text.starts_with('<') { Self::Page } else { Self::Text(text.to_owned()) }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(properties) => properties.get(name),
            Self::Page | Self::Text(_) => None,
        }
    }

    /// What it is or says, for a message.
    fn summary(&self) -> Cow<'static, str> {
        let said = self.message();
        match self {
            Self::Page => Cow::Borrowed("an HTML page"),
            _ if said.is_empty() => Cow::Borrowed("nothing more"),
            _ => Cow::Owned(said),
        }
    }

    /// What the service says, in one trimmed line.
    fn message(&self) -> String {
        let properties = match self {
            Self::Object(properties) => properties,
            Self::Page => return String::new(),
            Self::Text(text) => return trimmed(text),
        };
        let named = ["message", "errors", "error", "error_description", "title"]
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

    /// Whether ChartMogul says that another record has this one's identity. A custom attribute that
    /// "already exists with another type" is no record.
    fn says_identity_is_taken(&self, said: &str) -> bool {
        let Self::Object(properties) = self else { return false };
        let by_field = properties.get("errors").and_then(Value::as_object);
        let by_field = by_field.into_iter().flatten();
        let listed = properties.iter().filter(|(_, value)| value.is_array());
        let mut fields = by_field.chain(listed).peekable();
        let parameter = self.get("param").and_then(Value::as_str);
        match (parameter, fields.peek()) {
            (Some(parameter), _) => is_taken(said) && is_identity(parameter),
            (None, Some(_)) => {
                fields.any(|(name, value)| is_taken(&spoken(value)) && is_identity(name))
            }
            (None, None) => is_taken(said) && names_identity(said),
        }
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

/// Whether a text says that something is there already.
fn is_taken(text: &str) -> bool {
    let taken = contains(text, "already exist") || contains(text, "already been taken");
    taken && !contains(text, "type") && !contains(text, "attribute")
}

/// Whether a field is what a record is known by: `external_id`, `transactions.external_id`, `name`.
fn is_identity(field: &str) -> bool {
    let field = field.rsplit('.').next().unwrap_or(field);
    ["external_id", "email", "name", "uuid", "identifier", "contact", "customer"].contains(&field)
}

/// The same of a text that no field stands beside.
fn names_identity(text: &str) -> bool {
    ["external id", "external_id", "identifier", "email", "e-mail", "name", "contact", "customer"]
        .iter()
        .any(|part| contains(text, part))
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}

/// One line of at most [`MESSAGE_LIMIT`] characters.
fn trimmed(text: &str) -> String {
    shortened(text, MESSAGE_LIMIT)
}

/// One line of at most so many characters.
fn shortened(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
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

    /// Bodies of proxies, firewalls and portals, and of no service.
    const FOREIGN: &[(&str, &str)] = &[
        ("<!DOCTYPE html><title>Access denied</title>", "an HTML page"),
        ("<html><head><title>403 Forbidden</title></head></html>", "an HTML page"),
        ("", "nothing more"),
        ("  \r\n", "nothing more"),
        ("Access denied", "Access denied"),
        ("RBAC: access denied", "RBAC"),
        ("error code: 1020", "1020"),
        ("Record not found", "not found"),
        ("\"Forbidden\"", "Forbidden"),
        ("[1]", "[1]"),
        ("null", "null"),
        (r#"{"message":"Invalid J"#, "Invalid J"),
        (
            r#"{"type":"https://developers.cloudflare.com/","title":"Error 1020: Access denied","status":403,"cloudflare_error":true}"#,
            "Error 1020",
        ),
        (r#"{"success":false,"reason":"blocked"}"#, "nothing more"),
        ("\u{feff}<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "AccessDenied"),
    ];

    #[test]
    fn what_is_not_the_services_own_is_not_believed() {
        for endpoint in [&GHL, &CHARTMOGUL] {
            for status in [302, 400, 401, 402, 403, 404, 405, 409, 410, 413, 421, 422, 451] {
                for (body, part) in FOREIGN {
                    let of_ghl = endpoint.service == Service::Ghl;
                    if of_ghl && status == 404 && body.trim().is_empty() {
                        continue; // On record: no such route.
                    }
                    let failure = read(endpoint, status, body);
                    let Failure { error, kind } = &failure;
                    assert_eq!(error.code, Code::UnreadableResponse, "{status} {body}");
                    assert!(error.code.retryable() && failure.possible());
                    assert_eq!(*kind == FailureKind::Unrouted, status == 404);
                    assert_eq!(error.status, Some(status));
                    let own = format!("{status} is not {}'s own", endpoint.service.title());
                    assert!(error.message.contains(&own), "{}", error.message);
                    assert!(error.message.contains(part), "{} lacks {part}", error.message);
                    assert!(error.hint.as_ref().unwrap().contains("proxy or a firewall"));
                }
            }
        }
    }

    #[test]
    fn what_the_status_alone_tells_is_believed_whoever_says_it() {
        for endpoint in [&GHL, &CHARTMOGUL] {
            for (body, _) in FOREIGN {
                assert_eq!(read(endpoint, 429, body).error.code, Code::RateLimited, "{body}");
                for status in [408, 500, 502, 503, 504, 520, 530] {
                    let error = read(endpoint, status, body).error;
                    assert_eq!(error.code, Code::ServiceUnavailable, "{status} {body}");
                }
            }
            // A proxy's own business, in whatever words.
            let error = read(endpoint, 407, r#"{"message":"Proxy login required"}"#).error;
            assert_eq!(error.code, Code::UnreadableResponse);
        }
    }

    #[test]
    fn plain_bodies_that_are_on_record_are_the_services_own() {
        for (status, body, code) in [
            (401, "Command timed out", Code::ServiceUnavailable),
            (401, "E01 - Unauthorized request", Code::Rejected),
            (401, "Invalid JWT", Code::Unauthorized),
            (401, "\"The token is not authorized for this scope.\"", Code::MissingScope),
            (401, "Token's user type mismatch!", Code::WrongTokenType),
            (401, "version header was not found.", Code::Rejected),
            (404, "Cannot GET /contacts/x/y", Code::NotFound),
            (404, "", Code::NotFound),
        ] {
            assert_eq!(read(&GHL, status, body).error.code, code, "{status} {body}");
        }
        // A word that stands somewhere in a page is not the gateway's.
        let page = "<html>Command timed out</html>";
        assert_eq!(read(&GHL, 401, page).error.code, Code::UnreadableResponse);
        static PLAN_GROUP: Endpoint = Endpoint::new(
            Service::Chartmogul,
            "planGroups.retrieve",
            Method::Get,
            "/v1/plan_groups/{uuid}",
        );
        let page = "<!DOCTYPE html><title>x</title>";
        assert_eq!(read(&PLAN_GROUP, 404, page).error.code, Code::NotFound);
        assert_eq!(read(&PLAN_GROUP, 403, page).error.code, Code::UnreadableResponse);
    }

    #[test]
    fn the_intermediary_is_named_by_its_headers_and_nothing_secret_is_quoted() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut response = Response {
            status: 403,
            headers: vec![
                header("Server", "squid/6.6"),
                header("VIA", &format!("1.1 gate {}", "x".repeat(200))),
                header("Set-Cookie", "session=canary"),
                header("Authorization", "Bearer canary"),
                header("x-cache", " \r\n "),
            ],
            body: b"<html>".to_vec(),
        };
        let message = of_response(&CHARTMOGUL, &response).error.message.clone();
        assert!(message.contains("(server: squid/6.6; via: 1.1 gate xxx"), "{message}");
        assert!(!message.contains("canary") && !message.contains(&"x".repeat(60)), "{message}");
        assert!(!message.contains("x-cache"), "{message}");
        response.status = 200;
        let message =
            unreadable(&CHARTMOGUL, &response, "it is an HTML page").error.message.clone();
        assert!(message.contains("an HTML page (server: squid/6.6"), "{message}");
        assert_eq!(intermediary(&Response::default()), "");
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn the_old_fault_believes_a_proxy() {
        mutants::set(Some(Mutant::ProxyIsTheService));
        let codes = [401, 403, 404].map(|status| read(&CHARTMOGUL, status, "<html>").error.code);
        mutants::set(None);
        assert_eq!(codes, [Code::Unauthorized, Code::Forbidden, Code::NotFound]);
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
        assert!(!read(&GHL, 422, "{}").possible() && !read(&GHL, 429, "").possible());
        assert!(of_sending(SendFailure::Timeout).possible());
        assert!(of_sending(SendFailure::Lost(String::new())).possible());
        assert!(!of_sending(SendFailure::NotSent(String::new())).possible());
    }
}
