//! ChartMogul's ways of saying no. There is no single envelope: each endpoint has its own.
//!
//! Recorded: 400 and 401 with `code`, `message`, `param`; 404 in three forms; 422 in four. Where no
//! recording tells, the form of the nearest recorded endpoint is taken, and the function says so.

use serde_json::{Map, Value, json};

use crate::sandbox::service::Reply;

/// `{"code", "message", "param"}`: the younger endpoints.
pub(super) fn coded(status: u16, message: &str, param: Option<&str>) -> Reply {
    Reply::json(status, &json!({"code": status, "message": message, "param": param}))
}

/// `{"error"}`: billing.
pub(super) fn worded(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": message }))
}

/// 422 `{"errors": {field: text}}`: customers, plans, data sources.
pub(super) fn by_field(fields: &[(&str, &str)]) -> Reply {
    let errors: Map<String, Value> =
        fields.iter().map(|(field, message)| ((*field).to_owned(), json!(message))).collect();
    Reply::json(422, &json!({ "errors": errors }))
}

/// 422 with each field's list at the top, and `error_details`: plan groups.
pub(super) fn by_field_listed(fields: &[(&str, &str)]) -> Reply {
    let mut body = Map::new();
    let mut details = Vec::new();
    for (field, message) in fields {
        body.insert((*field).to_owned(), json!([message]));
        details.push(json!({"param": field, "code": "invalid", "message": message}));
    }
    body.insert("error_details".to_owned(), Value::Array(details));
    Reply::json(422, &Value::Object(body))
}

/// 422 `{"error", "error_details"}`: invoices.
pub(super) fn detailed(param: &str, message: &str) -> Reply {
    let details = json!([{"param": param, "code": "invalid", "message": message}]);
    Reply::json(422, &json!({"error": message, "error_details": details}))
}

/// 400 for a parameter that must be there.
pub(super) fn missing(param: &str) -> Reply {
    coded(400, &format!("Parameter \"{param}\" is missing"), Some(param))
}

/// 422 for a parameter of a wrong form. Recorded for e-mail addresses only.
pub(super) fn invalid(param: &str, message: &str) -> Reply {
    coded(422, message, Some(param))
}

/// 404 for a record; the uuid is printed without its prefix.
pub(super) fn absent(kind: &str, uuid: &str, param: &str) -> Reply {
    let bare = match uuid.split_once('_') {
        Some((prefix, bare)) if prefix.len() <= 4 => bare,
        _ => uuid,
    };
    coded(404, &format!("{kind} \"{bare}\" does not exist"), Some(param))
}

/// 404 for an unknown path, and for plan groups: a page.
pub(super) fn page_not_found() -> Reply {
    const PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n  <title>The page you were looking for doesn't exist (404)</title>\n</head>\n<body>\n  <h1>The page you were looking for doesn't exist.</h1>\n</body>\n</html>\n";
    Reply::text(404, "text/html; charset=utf-8", PAGE)
}

/// 401 for a missing or unknown key.
pub(super) fn unauthorized() -> Reply {
    coded(401, "No valid API key provided", None)
}

/// 403 for a write with a key that may only read. Its words are not on record.
pub(super) fn read_only() -> Reply {
    coded(403, "This API key is read-only", None)
}

/// 429. The text is documented, its envelope is not: plain text is the harder case.
pub(super) fn too_many() -> Reply {
    Reply::text(429, "text/plain", "Your request rate has exceeded our rate limit.")
}

/// 503 for one connection too many. Documented without a body; 500 and 504 were recorded as plain text.
pub(super) fn too_many_connections() -> Reply {
    Reply::text(503, "text/plain", "503 Service Unavailable")
}
