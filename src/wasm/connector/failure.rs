//! The one way in which an error leaves: a plain object.

use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// `{ code, message, hint?, service?, endpoint?, status?, requestId?, retryAfterMs?, details?, cause? }`,
/// where `cause` is what the host's function gave as its reason.
pub(super) fn to_object(error: &Error, cause: Option<JsValue>) -> JsValue {
    let object = error.serialize(&Serializer::json_compatible());
    let object = object.unwrap_or_else(|_| JsValue::from_str(&error.message));
    if let Some(cause) = cause {
        // Fails only where it is not an object, and then there is no place for a cause.
        let _ = Reflect::set(&object, &JsValue::from_str("cause"), &cause);
    }
    object
}
