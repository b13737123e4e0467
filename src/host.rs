//! The port: all that the connector asks of the outside. Everything above it is deterministic.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::error::{Code, Error, Result, Service};
use crate::named::Named;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "HttpMethod"))]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// The method as it is sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request as plain data.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute URL, fully encoded.
    pub url: String,
    /// Header names in lower case, with their values. The authorization is among them.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// Body bytes; empty for none.
    pub body: Vec<u8>,
    /// Milliseconds after which the host gives up with [`SendFailure::Timeout`].
    pub timeout_ms: u64,
}

impl fmt::Debug for Request {
    /// Leaves headers and body out: they carry secrets and personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.name(), self.url)
    }
}

/// A response as plain data.
#[derive(Clone, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names with their values, as the host gives them.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// True for 200 to 299.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

impl fmt::Debug for Response {
    /// Leaves the body out: it carries personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Why no response came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFailure {
    /// The request never left: connection refused, name not found, bad URL.
    NotSent(String),
    /// The connection failed after the request may have arrived.
    Lost(String),
    /// No answer within the time allowed; the request may have arrived.
    Timeout,
    /// The caller's signal fired.
    Aborted,
}

/// The caller's signal fired while waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aborted;

/// Something that happened, for a log, a progress bar or an alert. Carries no secret.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(
    feature = "reference",
    derive(schemars::JsonSchema),
    schemars(rename = "ConnectorEvent")
)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the fields are named by what they hold")]
pub enum Event {
    /// A request was answered.
    Request {
        service: Service,
        endpoint: Cow<'static, str>,
        method: Method,
        status: u16,
        attempt: u32,
        elapsed_ms: u64,
    },
    /// A request will be sent again.
    Retry {
        service: Service,
        endpoint: Cow<'static, str>,
        reason: Cow<'static, str>,
        attempt: u32,
        delay_ms: u64,
    },
    /// Sending waits for the service's rate limit.
    Pace { service: Service, delay_ms: u64 },
    /// A sync moved on: `done` of `total` (0 where unknown) in this phase.
    Progress { phase: &'static str, done: u64, total: u64 },
    /// A record was not synced, for this reason; the run continues.
    DeadLetter { kind: &'static str, id: String, code: Code, reason: String },
    /// Something to look at that stops nothing.
    Warning { code: &'static str, message: String },
    /// What a run goes by: GHL's type of each custom field that is mapped, null for one that is gone; the
    /// data source that customers are created in, null if there is no such source yet; the settings' fingerprint.
    Discovered { settings: String, fields: Named<Option<String>>, data_source: Option<String> },
    /// The day's quota of calls at the end of a run, as the service reported it last.
    Quota { service: Service, limit: Option<u64>, remaining: u64, resets_at_ms: u64 },
    /// The location's lease was taken from a process that did not renew it: it was killed, or hangs.
    LeaseTakenOver { name: String, since: u64 },
}

/// A condition on a commit: the key must hold exactly this value when the commit happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The key that is compared.
    pub key: String,
    /// The value it must hold; `None` when the key must be absent.
    pub value: Option<String>,
}

/// What became of a commit that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a superseded commit has written nothing"]
pub enum Committed {
    /// Everything is written.
    Yes,
    /// The guard's key holds another value; nothing is written.
    Superseded,
}

/// Keeps the sync's state. Keys and values are text; a commit happens whole or not at all.
#[allow(async_fn_in_trait, reason = "one thread: wasm and the native tests need no Send")]
pub trait StateStore {
    /// The values of these keys, in the same order; `None` for a key that is not stored.
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<String>>>;
    /// Puts and deletes together, atomically. With a guard, the comparison and the writes are one
    /// atomic step. A store without conditional commits ignores the guard: it serves one process.
    async fn commit(
        &self,
        puts: Vec<(String, String)>,
        deletes: Vec<String>,
        guard: Option<Guard>,
    ) -> Result<Committed>;
    /// Up to `limit` entries whose key begins with `prefix`, in byte order, after the key `after`. They
    /// may end earlier: behind the one with which their values come to `bytes`.
    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(String, String)>>;
}

/// A token or key that a host gives.
#[derive(Default)]
pub struct GivenCredential {
    /// The token or key.
    pub text: String,
    /// The instant, in milliseconds since 1970, from which another is asked for before it is used.
    pub renew_at_ms: Option<u64>,
}

impl fmt::Debug for GivenCredential {
    /// Leaves the secret out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GivenCredential").finish_non_exhaustive()
    }
}

/// What a host gives: I/O, time, chance, zones, events.
#[allow(async_fn_in_trait, reason = "one thread: wasm and the native tests need no Send")]
pub trait Host {
    /// Where the sync keeps its state.
    type Store: StateStore;

    /// The token or key of a service whose option is a function. `round` counts what was asked for: calls
    /// that run at once ask with the same one, and are to get the same answer.
    async fn credential(&self, service: Service, round: u32) -> Result<GivenCredential> {
        let _ = round;
        let message = format!("no function gives the credential of {}", service.title());
        Err(Error::new(Code::InvalidConfig, message))
    }
    /// Sends a request and reads the whole answer.
    async fn send(&self, request: &Request) -> Result<Response, SendFailure>;
    /// Waits; ends early when the caller's signal fires, or at the deadline where it would last longer.
    async fn sleep(&self, milliseconds: u64) -> Result<(), Aborted>;
    /// Milliseconds since 1970-01-01 UTC: for dates. A clock that is set jumps, also back.
    fn now(&self) -> u64;
    /// Milliseconds since some instant of this process, which never go back: for waits and durations.
    fn monotonic(&self) -> u64;
    /// Waits beside other work, whatever the deadline, and keeps no process alive.
    async fn sleep_in_background(&self, milliseconds: u64);
    /// Who this is, for the people who run other processes on the same store; may be empty.
    fn name(&self) -> String;
    /// From now on no sleep lasts beyond this instant of [`Self::monotonic`].
    fn set_deadline(&self, deadline_ms: Option<u64>);
    /// A number from 0 up to, not including, 1.
    fn random(&self) -> f64;
    /// True once the caller's signal has fired.
    fn aborted(&self) -> bool;
    /// Minutes that local time in this IANA zone is ahead of UTC at that instant; `None` for an unknown zone.
    fn utc_offset_minutes(&self, zone: &str, at_ms: i64) -> Option<i32>;
    /// Tells the host of something; must not fail.
    fn emit(&self, event: Event);
    /// Whether somebody takes what [`Self::audit`] tells.
    fn audits(&self) -> bool {
        false
    }
    /// Tells the host of a write whose outcome is recorded, as JSON text; must not fail. Holds values of
    /// records, and no secret.
    fn audit(&self, record: &str) {
        let _ = record;
    }
    /// Whether the state store is at hand, so that what nobody waits for may be put into it.
    fn has_store(&self) -> bool {
        true
    }
    /// The state store.
    fn store(&self) -> &Self::Store;
}
