//! What the sync keeps: the tables of a location, and reading and writing them.

pub(in crate::sync) mod keeper;
pub(in crate::sync) mod tables;
