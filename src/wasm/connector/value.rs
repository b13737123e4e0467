//! Looks into JavaScript values without trusting them: any of them may be of another realm, a proxy,
//! or not what it should be, and every access may throw.

use js_sys::Reflect;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Uint8Array, extends = js_sys::Object)]
    type CopiedBytes;

    /// Copies a typed array or buffer of any realm; throws for one that is detached.
    #[wasm_bindgen(constructor, js_class = "Uint8Array", catch)]
    fn copy(source: &JsValue) -> Result<CopiedBytes, JsValue>;

    #[wasm_bindgen(js_namespace = ["Object", "prototype", "toString"], js_name = call, catch)]
    fn tag(value: &JsValue) -> Result<String, JsValue>;
}

/// A property, or `undefined` if it is missing or reading it throws.
pub(super) fn property(value: &JsValue, name: &str) -> JsValue {
    if !value.is_object() && !value.is_function() {
        return JsValue::UNDEFINED;
    }
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a text.
pub(super) fn text(value: &JsValue, name: &str) -> Option<String> {
    property(value, name).as_string()
}

/// The items of an array of any realm.
pub(super) fn items(value: &JsValue) -> Option<Vec<JsValue>> {
    if !js_sys::Array::is_array(value) {
        return None;
    }
    let length = property(value, "length").as_f64()?;
    // A length is a whole number below 2^32.
    (0..length as u32).map(|index| Reflect::get_u32(value, index).ok()).collect()
}

/// The bytes of a typed array, a buffer or a text; none of nothing.
pub(super) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    if value.is_undefined() || value.is_null() {
        return Some(Vec::new());
    }
    if let Some(text) = value.as_string() {
        return Some(text.into_bytes());
    }
    let view = js_sys::ArrayBuffer::is_view(value);
    if !view && tag(value).ok()? != "[object ArrayBuffer]" {
        return None;
    }
    let copied = CopiedBytes::copy(value).ok()?;
    Some(copied.unchecked_into::<js_sys::Uint8Array>().to_vec())
}

/// What a thrown or rejected value says.
pub(super) fn message(value: &JsValue) -> String {
    value
        .as_string()
        .or_else(|| text(value, "message"))
        .unwrap_or_else(|| "a thrown value that is not an Error".to_owned())
}
