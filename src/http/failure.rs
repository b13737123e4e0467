//! Reads what went wrong: unsuccessful answers, whoever gave them, and failures to send. What a
//! service's own refusal means, its profile says.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::profile::{Meaning, Profile};
use crate::endpoint::Endpoint;
use crate::error::{Code, Error};
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
    /// May have been done; some bad input always gives this.
    ServerError,
    /// Answered by something between; may have been done all the same.
    Intercepted,
    /// The same for a path that is said not to be there: asking again gives the same page.
    Unrouted,
    /// A final answer.
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
const INTERMEDIARY_HINT: &str = "A proxy or a firewall answered in its place: \
     let it pass these calls, or try again later.";

/// An unsuccessful answer, and what it says.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// The row that was called.
    pub endpoint: &'static Endpoint,
    response: &'a Response,
    body: Body,
    /// What is said, in one trimmed line; empty where nothing is.
    pub said: String,
}

impl<'a> Refusal<'a> {
    fn read(endpoint: &'static Endpoint, response: &'a Response) -> Self {
        let body = Body::read(&response.body);
        let said = body.message();
        Self { endpoint, response, body, said }
    }

    /// The answer's status.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name).map(str::trim)
    }

    /// Whether the body is a page.
    pub fn is_page(&self) -> bool {
        matches!(self.body, Body::Page)
    }

    /// The properties of the body, where it is an object.
    pub fn properties(&self) -> Option<&Map<String, Value>> {
        match &self.body {
            Body::Object(properties) => Some(properties),
            Body::Page | Body::Text(_) => None,
        }
    }

    /// Whether these words are said, in any case; give them in lower case.
    pub fn says(&self, words: &str) -> bool {
        says(&self.said, words)
    }

    /// What a status means where a service has nothing of its own to say about it.
    pub fn usual_meaning(&self) -> Meaning {
        match self.status() {
            402 => (Code::PaymentRequired, None),
            404 | 410 => (Code::NotFound, None),
            429 => {
                (Code::RateLimited, Some(Cow::Borrowed("Another program may share this limit.")))
            }
            408 | 500.. => (Code::ServiceUnavailable, None),
            _ => (Code::Rejected, None),
        }
    }

    /// Whether it is the service's own word: JSON, or another body that is on record for it. What
    /// is known from the status alone is believed whoever says it.
    fn is_own_word(&self, profile: &Profile) -> bool {
        match (self.status(), &self.body) {
            (408 | 429 | 500.., _) => true,
            // Only a proxy asks for authentication at itself.
            (407, _) => false,
            (_, Body::Object(properties)) => is_own_shape(properties),
            (_, Body::Page | Body::Text(_)) => (profile.is_own_plain_word)(self),
        }
    }
}

/// Whether a text holds these words, in any case; give them in lower case.
pub(crate) fn says(text: &str, words: &str) -> bool {
    text.to_ascii_lowercase().contains(words)
}

/// Reads an unsuccessful answer.
pub(super) fn of_response(
    profile: &Profile,
    endpoint: &'static Endpoint,
    response: &Response,
) -> Failure {
    let refusal = Refusal::read(endpoint, response);
    if matches!(response.status, 300..=399) && response.header("location").is_some() {
        return redirected(&refusal);
    }
    let believed = mutants::is_on(Mutant::ProxyIsTheService);
    if !believed && !refusal.is_own_word(profile) {
        return intercepted(&refusal);
    }
    let (code, hint) = (profile.read_error)(&refusal);
    let body = refusal.body;
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

/// A look-up that was answered with an empty list.
pub(super) fn not_found(why: &str) -> Failure {
    Failure { error: Error::new(Code::NotFound, why), kind: FailureKind::Final }
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
        .hint("A proxy or an outage page may have answered instead; try again later.");
    error.status = Some(response.status);
    error.request_id = response.header("x-request-id").map(trimmed);
    Failure { error, kind: FailureKind::Lost }
}

/// An answer that something between has given in the service's place.
fn intercepted(refusal: &Refusal<'_>) -> Failure {
    let Refusal { endpoint, response, body, .. } = refusal;
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

/// A redirect that the host did not follow: to another origin, or of a write.
fn redirected(refusal: &Refusal<'_>) -> Failure {
    let Refusal { endpoint, response, .. } = refusal;
    // The origin alone: what comes after it may hold a secret.
    let place = response.header("location").unwrap_or_default();
    let origin = match place.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            shortened(&format!("{scheme}://{host}"), HEADER_LIMIT)
        }
        None => "another path".to_owned(),
    };
    let message = format!(
        "{} answered {} and leads to {origin}: the request was not sent there",
        endpoint.service.title(),
        response.status
    );
    let mut error = Error::new(Code::UnreadableResponse, message)
        .hint("Check baseUrl. A proxy or a portal may have answered in the service's place.");
    error.status = Some(response.status);
    Failure { error, kind: FailureKind::Unrouted }
}

/// What the headers say about who answered, for example ` (server: squid/6.6; via: 1.1 gate)`.
fn intermediary(response: &Response) -> String {
    let named = INTERMEDIARY_HEADERS.iter().filter_map(|name| {
        let value = shortened(response.header(name)?, HEADER_LIMIT);
        (!value.is_empty()).then(|| format!("{name}: {value}"))
    });
    let named = named.collect::<Vec<_>>().join("; ");
    if named.is_empty() { named } else { format!(" ({named})") }
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

/// A create that may have happened.
pub(super) fn outcome_unknown(mut error: Error) -> Error {
    error.details = Some(json!({ "cause": error.code.text() }));
    error.code = Code::OutcomeUnknown;
    error.message.push_str("; the record may or may not exist");
    error.hint("Look for the record before creating it again.")
}

/// An error body, as far as it can be read.
#[derive(Debug)]
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
pub(crate) fn spoken(value: &Value) -> String {
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

/// What a body means under a status, for the tests of profiles.
#[cfg(test)]
pub(crate) fn read_as(
    profile: &Profile,
    endpoint: &'static Endpoint,
    status: u16,
    body: &str,
) -> Error {
    let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    of_response(profile, endpoint, &response).error
}

/// Status, body, code, and a part of the message.
#[cfg(test)]
pub(crate) type Case = (u16, &'static str, Code, &'static str);

/// Reads each body, and compares.
#[cfg(test)]
pub(crate) fn check_cases(profile: &Profile, endpoint: &'static Endpoint, cases: &[Case]) {
    for (status, body, code, part) in cases {
        let error = read_as(profile, endpoint, *status, body);
        assert_eq!(error.code, *code, "{status} {body}");
        assert_eq!(error.status, Some(*status));
        assert!(error.message.contains(part), "{} lacks {part}", error.message);
        assert!(error.message.chars().count() < MESSAGE_LIMIT + 60);
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile;
    use super::*;
    use crate::error::Service;
    use crate::host::Method;

    static GHL: Endpoint = Endpoint {
        scopes: &["contacts.write"],
        ..Endpoint::new(Service::Ghl, "contacts.create", Method::Post, "/contacts/")
    };
    static CHARTMOGUL: Endpoint =
        Endpoint::new(Service::Chartmogul, "customers.create", Method::Post, "/v1/customers");

    fn of_response(endpoint: &'static Endpoint, response: &Response) -> Failure {
        super::of_response(profile::of(endpoint.service), endpoint, response)
    }

    fn read(endpoint: &'static Endpoint, status: u16, body: &str) -> Failure {
        let body = body.as_bytes().to_vec();
        of_response(endpoint, &Response { status, headers: Vec::new(), body })
    }

    #[test]
    fn a_redirect_that_was_not_followed_names_where_it_leads_and_nothing_more() {
        for (place, said) in [
            ("https://login.portal.example/sign-in?token=canary", "https://login.portal.example:"),
            ("https://user:canary@evil.example/x", "https://evil.example:"),
            ("/other?canary", "another path:"),
        ] {
            let headers = vec![("location".to_owned(), place.to_owned())];
            let response = Response { status: 302, headers, body: Vec::new() };
            let failure = of_response(&GHL, &response);
            let error = failure.error;
            assert_eq!(
                (error.code, failure.kind),
                (Code::UnreadableResponse, FailureKind::Unrouted)
            );
            assert!(error.message.contains(said), "{}", error.message);
            assert!(!error.message.contains("canary"), "{}", error.message);
        }
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
        assert_eq!(hint.as_deref(), Some("Add the scope contacts.write to the token."));
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
