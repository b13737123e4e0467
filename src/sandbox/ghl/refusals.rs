//! GHL's refusals. No envelope is shared: each has the body that was seen of the real one.

use serde_json::{Map, Value, json};

use super::Exchange;
use crate::sandbox::service::Reply;

/// 401 for anything about the token, the version or the route's case.
pub(super) fn unauthorized(message: &str) -> Reply {
    Reply::json(401, &json!({ "statusCode": 401, "message": message }))
}

/// 403: the location is missing, wrong, or not the token's.
pub(super) fn wrong_location() -> Reply {
    Reply::json(
        403,
        &json!({ "message": "The token does not have access to this location.", "statusCode": 403 }),
    )
}

/// 403: an agency's endpoint with a location's token.
pub(super) fn forbidden_resource() -> Reply {
    Reply::json(
        403,
        &json!({ "message": "Forbidden resource", "error": "Forbidden", "statusCode": 403 }),
    )
}

/// 400 with a plain message.
pub(super) fn bad_request(exchange: &mut Exchange<'_>, message: &str) -> Reply {
    Reply::json(
        400,
        &json!({
            "message": message, "error": "Bad Request", "statusCode": 400, "traceId": exchange.trace_id(),
        }),
    )
}

/// 400 for a record that is not there: GHL answers no 404 for contacts and tasks.
pub(super) fn not_found(kind: &str, id: &str) -> Reply {
    Reply::json(400, &json!({ "error": format!("{kind} with id {id} not found"), "status": 400 }))
}

/// 404 for a record of the families that use it.
pub(super) fn missing(exchange: &mut Exchange<'_>, message: &str) -> Reply {
    Reply::json(
        404,
        &json!({
            "message": message, "error": "Not Found", "statusCode": 404, "traceId": exchange.trace_id(),
        }),
    )
}

/// 422 listing every violation.
pub(super) fn unprocessable(exchange: &mut Exchange<'_>, violations: &[String]) -> Reply {
    Reply::json(
        422,
        &json!({
            "message": violations, "error": "Unprocessable Entity", "statusCode": 422,
            "traceId": exchange.trace_id(),
        }),
    )
}

/// 400 naming the contact that has the e-mail or phone already.
pub(super) fn duplicate_contact(contact: &Map<String, Value>, field: &str) -> Reply {
    Reply::json(
        400,
        &json!({
            "statusCode": 400,
            "message": "This location does not allow duplicated contacts.",
            "meta": {
                "contactId": contact.get("id"), "contactName": super::contact_forms::full_name(contact),
                "matchingField": field,
            },
        }),
    )
}
