//! What the client must know of one service. Each service says it in its own folder.

use std::borrow::Cow;

use super::failure::Refusal;
use crate::error::{Code, Service};

/// One service, as far as calling it differs from calling another.
#[derive(Debug)]
pub struct Profile {
    /// Which it is.
    pub service: Service,
    /// Where it is.
    pub origin: &'static str,
    /// The names of its options; the credential's first.
    pub options: &'static [&'static str],
    /// The environment variables that the first of the options are usually taken from.
    pub variables: &'static [&'static str],
    /// The value of the `Authorization` header, of a credential.
    pub authorization: fn(&str) -> String,
    /// What to say of a refused credential that looks like another service's.
    pub looks_foreign: fn(&str) -> Option<&'static str>,
    /// Whether each request says a version of the interface.
    pub versioned: bool,
    /// How a query holds a list.
    pub lists: QueryLists,
    /// How much it takes at a time.
    pub limits: Limits,
    /// Whether a body that is not JSON may be its own, in an unsuccessful answer.
    pub is_own_plain_word: fn(&Refusal<'_>) -> bool,
    /// What an unsuccessful answer means.
    pub read_error: fn(&Refusal<'_>) -> Meaning,
}

/// How a query holds a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryLists {
    /// The name once for each item.
    Repeated,
    /// One value, its items joined by commas.
    Joined,
}

/// How much a service takes at a time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests allowed in an interval.
    pub requests: u64,
    /// The interval, in milliseconds.
    pub interval_ms: u64,
    /// Requests go out at most this many times faster than the limit's mean rate.
    pub burst: u64,
    /// Requests that may go out at once, without that spacing, while nobody else uses the limit. No
    /// more go out before the first answer, which may tell a smaller limit.
    pub at_once: u64,
    /// Whether answers tell the limit.
    pub told: bool,
    /// Requests in flight at once.
    pub in_flight: usize,
}

/// What an unsuccessful answer means, and what to do about it.
pub type Meaning = (Code, Option<Cow<'static, str>>);

/// The profile of a service, for tests of this layer, which knows no service.
#[cfg(test)]
pub(crate) fn of(service: Service) -> &'static Profile {
    match service {
        Service::Ghl => &crate::ghl::PROFILE,
        Service::Chartmogul => &crate::chartmogul::PROFILE,
    }
}
