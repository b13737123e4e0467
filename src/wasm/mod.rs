//! Bindings to JavaScript: no logic. The only place that knows its values.
//!
//! With the feature `sandbox` the module exports the sandbox in place of the connector.

#[cfg(not(feature = "sandbox"))]
mod connector;
#[cfg(feature = "sandbox")]
mod sandbox;
