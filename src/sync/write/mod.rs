//! Carrying out a plan: nothing is written to either service but here.

pub(in crate::sync) mod apply;
pub(super) mod audit;
pub(in crate::sync) mod find;
pub(in crate::sync) mod ghl;
pub(in crate::sync) mod merged;
pub(in crate::sync) mod progress;
pub(in crate::sync) mod send;
pub(in crate::sync) mod users;
