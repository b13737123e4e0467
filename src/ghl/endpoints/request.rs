//! Any other endpoint of GHL, by method and path.

use crate::endpoint::{ANY, Endpoint, TEXT, map, one, one_of, suggested};
use crate::error::Service;
use crate::host::Method;

crate::models! {
    /// A request that has no method of its own here.
    REQUEST_BODY "Request" {
        /// HTTP method.
        required "method": one_of(&["GET", "POST", "PUT", "PATCH", "DELETE"]),
        /// Path, encoded, for example `/forms/submissions`.
        required "path": TEXT,
        /// Query parameters: texts, numbers, Booleans or lists of them.
        optional "query": map(&ANY),
        /// Body, sent as JSON.
        optional "body": ANY,
        /// `Version` header; by default the connector's generation, else `2021-07-28`.
        optional "version": suggested(&["2021-04-15", "2021-07-28", "2023-02-21", "v3"]),
    }
}

/// What is sent with a method; only the lost answer of a POST is never asked for again.
const fn row(method: Method) -> Endpoint {
    Endpoint {
        body: Some(&REQUEST_BODY),
        composed: true,
        result: one("", ANY),
        ..Endpoint::new(Service::Ghl, "request", method, "")
    }
}

/// The row in the table.
pub static REQUEST: &[Endpoint] = &[Endpoint {
    #[cfg(feature = "reference")]
    summary: "Calls any other endpoint, with the same authorization, pacing, retries and errors.",
    ..row(Method::Post)
}];

/// One row for each method.
static BY_METHOD: [Endpoint; 5] = [
    row(Method::Get),
    row(Method::Post),
    row(Method::Put),
    row(Method::Patch),
    row(Method::Delete),
];

/// The row of a method.
pub fn of_method(name: &str) -> Option<&'static Endpoint> {
    BY_METHOD.iter().find(|endpoint| endpoint.method.name() == name)
}
