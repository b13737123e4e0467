//! Reading both sides, a page at a time, into the tables of a run.

pub(in crate::sync) mod again;
pub(in crate::sync) mod ahead;
pub(in crate::sync) mod chartmogul;
pub(in crate::sync) mod children;
pub(in crate::sync) mod contacts;
pub(in crate::sync) mod counts;
pub(in crate::sync) mod discover;
mod discovered;
pub(in crate::sync) mod incoming;
pub(in crate::sync) mod links;
pub(in crate::sync) mod listed;
pub(in crate::sync) mod sweep;
pub(in crate::sync) mod tasks;
