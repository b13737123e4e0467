//! The words of the engine: pairs, changes, plans, what stands apart, what is decided, what a run has read.

pub(in crate::sync) mod ahead;
pub(in crate::sync) mod audit;
pub(in crate::sync) mod change;
pub(in crate::sync) mod conflict;
pub(in crate::sync) mod history;
pub(in crate::sync) mod mail;
pub(in crate::sync) mod pair;
pub(in crate::sync) mod plan;
pub(in crate::sync) mod staged;
pub(in crate::sync) mod standing;
pub(in crate::sync) mod state;
