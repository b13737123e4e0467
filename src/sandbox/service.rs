//! What a service of the sandbox is: it answers one request at a time from its own records.

use std::borrow::Cow;

use serde_json::Value;

use super::random::Random;
use crate::host::Method;

/// A request, taken apart.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    /// Method.
    pub(crate) method: Method,
    /// Path as it came, still encoded, without the query: its case matters.
    pub(crate) path: &'a str,
    /// The path's segments, decoded. A final slash gives a last, empty one.
    pub(crate) segments: Vec<String>,
    /// Query parameters, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    /// Headers, names in any case.
    pub(crate) headers: &'a [(Cow<'static, str>, String)],
    /// Body bytes.
    pub(crate) body: &'a [u8],
    /// Milliseconds since 1970.
    pub(crate) now_ms: u64,
}

impl<'a> Call<'a> {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The token of the authorization; empty where there is none.
    pub(crate) fn bearer(&self) -> &'a str {
        self.header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default()
    }

    /// The first query parameter of that name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a service answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// Headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Body bytes.
    pub(crate) body: Vec<u8>,
    /// Method and path template it was counted under, for example `GET /contacts/{contactId}`.
    pub(crate) endpoint: String,
    /// Whether a record was made, changed or removed.
    pub(crate) wrote: bool,
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
            body: body.to_string().into_bytes(),
            ..Self::empty(status)
        }
    }

    /// An answer without a body.
    pub(crate) const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            endpoint: String::new(),
            wrote: false,
        }
    }

    /// An answer of another media type.
    pub(crate) fn text(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            headers: vec![("content-type".into(), media_type.into())],
            body: body.into(),
            ..Self::empty(status)
        }
    }

    /// The same, marked as a write.
    pub(crate) fn wrote(mut self) -> Self {
        self.wrote = true;
        self
    }

    /// The same, counted under this method and path template.
    pub(crate) fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }
}

/// One of the two services.
pub(crate) trait Service {
    /// Answers a request. Authorization, rate limits and records are the service's own affair.
    fn answer(&mut self, call: &Call<'_>, random: &mut Random) -> Reply;

    /// The records of a kind (`contacts`, `notes`, `tasks`, ...) as they are stored; `None` for an unknown kind.
    fn records(&self, kind: &str) -> Option<Vec<Value>>;
}
