//! The connector between GoHighLevel (GHL) and ChartMogul.
//!
//! Data flows one way, and a module names only modules below it in this list:
//! `wasm` (bindings, no logic) · `connector` (options, calls by name) ·
//! `sync` (read, match, diff, plan, apply, record) · `mapping` (fields, types, text forms) · `ghl` and `chartmogul` (endpoint tables, records,
//! pagers) · `http` (building, pacing, retrying, reading errors) · `endpoint` (what a row is) ·
//! `host` (the port to the outside) · `record` (structs in JSON) · `named` (small maps) · `ordered` (large maps, sorting) · `signal` (waiting for a change) · `phone`, `email` and `dates` (one form for each) · `countries` · `accents` (letters and their marks) · `characters` (ASCII forms) · `names` (which one was meant) · `error` · `mutants` (old faults on demand, for tests) · `seeded` (chance for tests).
//! `sandbox` is separate: both services in memory, built from `host` alone.

// No panic reaches a user, and a library prints nothing. Tests outside this crate may do both.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

pub mod accents;
pub mod characters;
pub mod chartmogul;
pub mod connector;
pub mod countries;
pub mod dates;
pub mod email;
pub mod endpoint;
pub mod error;
pub mod ghl;
pub mod host;
pub mod http;
pub mod mapping;
pub mod mutants;
pub mod named;
mod names;
pub mod ordered;
pub mod phone;
pub mod record;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(test)]
mod seeded;
pub mod signal;
pub mod sync;
#[cfg(target_arch = "wasm32")]
mod wasm;
