//! The endpoint tables against other people's recordings and documents.
#![cfg(all(feature = "reference", feature = "sandbox"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod chartmogul;
mod ghl;
mod recorder;
mod totals;
