//! Deciding: pure functions over what was read. No module here names the host, a client or the store.

pub(in crate::sync) mod changes;
pub(in crate::sync) mod customers;
pub(in crate::sync) mod merge;
pub(in crate::sync) mod pairing;
