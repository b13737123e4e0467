//! The one way in which an error leaves: a plain object.

use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;

use crate::error::Error;

/// `{ code, message, hint?, service?, endpoint?, status?, requestId?, retryAfterMs?, details?, cause? }`,
/// where `cause` is what the host's function gave as its reason.
pub(super) fn to_object(error: &Error, cause: Option<JsValue>) -> JsValue {
    let text = serde_json::to_string(error).unwrap_or_default();
    let object = JSON::parse(&text).unwrap_or_else(|_| JsValue::from_str(&error.message));
    if let Some(cause) = cause {
        // Fails only where the object is none, and then there is no place for a cause.
        let _ = Reflect::set(&object, &JsValue::from_str("cause"), &cause);
    }
    object
}
