//! The one error type: a stable code, what happened, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

/// One of the two remote systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// GoHighLevel.
    Ghl,
    /// ChartMogul.
    Chartmogul,
}

impl Service {
    /// The name in code, errors and configuration: `ghl` or `chartmogul`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ghl => "ghl",
            Self::Chartmogul => "chartmogul",
        }
    }

    /// The name as people write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ghl => "GoHighLevel",
            Self::Chartmogul => "ChartMogul",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, retryable: $retryable:literal;)+) => {
        /// What kind of error it is. The snake_case text is stable: programs may branch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "ErrorCode"))]
        pub enum Code {
            $(
                $(#[doc = $doc])+
                #[cfg_attr(feature = "reference", schemars(rename = $text))]
                $variant,
            )+
        }

        impl Code {
            /// Every code with its text, its meaning and whether a later retry can succeed unchanged.
            pub const ALL: &'static [(Self, &'static str, &'static str, bool)] =
                &[$((Self::$variant, $text, concat!($($doc),+), $retryable)),+];

            /// The stable text, for example `rate_limited`.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// True when the same call may succeed later without a change.
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable),+ }
            }

            /// The code of a stable text.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    /// A setting is missing, unknown or has the wrong form.
    InvalidConfig = "invalid_config", retryable: false;
    /// A parameter is missing, unknown or has the wrong type or value; nothing was sent.
    InvalidArgument = "invalid_argument", retryable: false;
    /// No endpoint has that name.
    UnknownEndpoint = "unknown_endpoint", retryable: false;
    /// The token or key was refused.
    Unauthorized = "unauthorized", retryable: false;
    /// The authorization has ended: a person must install the app again. `hint` says how.
    ReconnectRequired = "reconnect_required", retryable: false;
    /// The location is paused; its tokens work again once it is active.
    LocationSuspended = "location_suspended", retryable: false;
    /// The token works but lacks a scope.
    ScopeMissing = "scope_missing", retryable: false;
    /// A company token was used where a location token is needed, or the other way round.
    TokenTypeMismatch = "token_type_mismatch", retryable: false;
    /// The token does not reach this location.
    LocationForbidden = "location_forbidden", retryable: false;
    /// The service forbids this call to this token or account.
    Forbidden = "forbidden", retryable: false;
    /// ChartMogul: valid, but the plan or account does not allow it (402).
    PaymentRequired = "payment_required", retryable: false;
    /// The record or route does not exist.
    NotFound = "not_found", retryable: false;
    /// A record with the same identity exists; `details` names it where the service says which.
    Duplicate = "duplicate", retryable: false;
    /// The service refused the content of the request.
    Rejected = "rejected", retryable: false;
    /// Too many requests; pacing and retries were not enough.
    RateLimited = "rate_limited", retryable: true;
    /// The day's quota of calls is used up; `retryAfterMs` is the time to its reset.
    DailyQuotaExhausted = "daily_quota_exhausted", retryable: true;
    /// The service answered with a server error.
    ServiceUnavailable = "service_unavailable", retryable: true;
    /// The answer could not be read or is not the service's own: truncated, or a proxy's page.
    UnreadableResponse = "unreadable_response", retryable: true;
    /// No answer within the time allowed.
    Timeout = "timeout", retryable: true;
    /// The service could not be reached.
    Network = "network", retryable: true;
    /// A create may or may not have happened; it was not sent again.
    OutcomeUnknown = "outcome_unknown", retryable: false;
    /// The caller's signal ended the call.
    Aborted = "aborted", retryable: false;
    /// A list gave the same page or cursor twice.
    CursorStuck = "cursor_stuck", retryable: false;
    /// A list ended before all the records it announced.
    IncompleteList = "incomplete_list", retryable: true;
    /// More than one record matches; `details` lists the candidates.
    Ambiguous = "ambiguous", retryable: false;
    /// The other service has no place for a value.
    Unmappable = "unmappable", retryable: false;
    /// The plan no longer fits the state it was made from; make a new one.
    StalePlan = "stale_plan", retryable: false;
    /// The plan exceeds `maxCreates`, `maxDeletes` or `maxChangePercent`.
    CapExceeded = "cap_exceeded", retryable: false;
    /// The state store failed or holds something unreadable.
    StoreFailed = "store_failed", retryable: true;
    /// Another process works on this location's state.
    Busy = "busy", retryable: true;
    /// The WebAssembly module did not load; `hint` says what this host needs.
    ModuleUnavailable = "module_unavailable", retryable: false;
    /// The WebAssembly module stopped on a defect; please report it.
    Crashed = "crashed", retryable: false;
}

impl Code {
    /// True where no other record of a run can fare better: the credential, the day, the caller or
    /// the state itself is at fault. A refusal that may be about one record or one kind does not.
    pub const fn ends_run(self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::ReconnectRequired
                | Self::LocationSuspended
                | Self::TokenTypeMismatch
                | Self::LocationForbidden
                | Self::DailyQuotaExhausted
                | Self::Aborted
                | Self::StoreFailed
                | Self::Busy
                | Self::Crashed
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// What went wrong, where, and what to do. Carries no secret: messages are built from statuses,
/// field names and the service's own words, never from headers.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "ErrorDetails"))]
#[serde(transparent)]
// A box, as every result of every step carries room for one.
pub struct Error(Box<Details>);

/// What an [`Error`] says.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The stable kind.
    pub code: Code,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Cow<'static, str>>,
    /// The service that answered, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The endpoint's name, for example `contacts.get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Cow<'static, str>>,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's id of the request, for its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Milliseconds after which a retry makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// More for programs: the field at fault, the id of the duplicate, the candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind with a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::boxed(code, message.into())
    }

    fn boxed(code: Code, message: String) -> Self {
        Self(Box::new(Details {
            code,
            message,
            hint: None,
            service: None,
            endpoint: None,
            status: None,
            request_id: None,
            retry_after_ms: None,
            details: None,
        }))
    }

    /// The same with what to do about it.
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, said of a service.
    pub fn of(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// The same, said of an endpoint.
    pub fn at(mut self, endpoint: impl Into<Cow<'static, str>>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The same with something for programs to read.
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_only_where_no_other_record_can_fare_better() {
        let ending = Code::ALL.iter().filter(|(code, ..)| code.ends_run());
        assert_eq!(
            ending.map(|(_, text, ..)| *text).collect::<Vec<_>>(),
            [
                "unauthorized",
                "reconnect_required",
                "location_suspended",
                "token_type_mismatch",
                "location_forbidden",
                "daily_quota_exhausted",
                "aborted",
                "store_failed",
                "busy",
                "crashed",
            ]
        );
    }

    #[test]
    fn every_code_has_a_text_of_its_own() {
        for (code, text, ..) in Code::ALL {
            assert_eq!((Code::parse(text), code.text()), (Some(*code), *text));
        }
    }
}
