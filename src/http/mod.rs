//! Calling one service: parameters are checked against the row, addressed, paced, sent, retried
//! where that is safe, and the answer is read or turned into the one error type.
//!
//! Everything but [`Client`] is a pure function of what it is given.

mod account;
mod address;
mod check;
mod client;
mod config;
mod credential;
mod division;
pub(crate) mod failure;
mod form;
mod pacing;
mod pager;
mod profile;
mod reading;
mod retry;
#[cfg(test)]
pub(crate) mod scripted;
mod secret;

pub use account::{Account, Accounts, Spent};
#[cfg(test)]
pub(crate) use check::takes;
pub use client::{Before, Client, ClientConfig, GhlVersion, Unlisted};
pub use division::Claim;
pub use failure::Refusal;
pub(crate) use failure::{says, spoken};
pub use pacing::Quota;
pub use pager::Page;
#[cfg(test)]
pub(crate) use pager::names as paging_parameters;
pub(crate) use pager::{COUNTED_AT_MOST, FALLBACK_SIZES};
pub use profile::{Limits, Meaning, Profile, QueryLists};
pub use secret::Secret;

/// One flat object of path, query and body parameters, under their names on the wire.
pub type Parameters = serde_json::Map<String, serde_json::Value>;
