//! The host's functions as JavaScript gives them. None is bound as `async`: wasm-bindgen's `catch`
//! does not reach a synchronous throw, a missing method or a plain value there.

use js_sys::{Array, Object, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export interface HostObject {
  credential(service: string, round: number, signal?: AbortSignal): unknown;
  fetch(request: Request, timeoutMs: number, signal?: AbortSignal): unknown;
  transport?(request: object): unknown;
  sleep(milliseconds: number, signal?: AbortSignal): unknown;
  sleepInBackground(milliseconds: number): unknown;
  name?: string;
  world?: string;
  hasStore?: boolean;
  now(): number;
  monotonic(): number;
  random(): number;
  utcOffsetMinutes(zone: string, atMs: number): number | undefined;
  emit(eventJson: string): void;
  audit?(recordJson: string): void;
  crashed(message: string): void;
  storeGet(keys: string[]): unknown;
  storeCommit(puts: [string, string][], deletes: string[], guard?: { key: string; value: string | undefined }): unknown;
  storeScan(prefix: string, after: string | undefined, limit: number, size: number): unknown;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The host object of the brief between facade and module.
    #[wasm_bindgen(typescript_type = "HostObject")]
    #[derive(Clone, Debug)]
    pub type HostObject;

    #[wasm_bindgen(method, catch)]
    pub(super) fn credential(
        this: &HostObject,
        service: &str,
        round: f64,
        signal: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn fetch(
        this: &HostObject,
        request: &web_sys::Request,
        timeout_ms: f64,
        signal: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn transport(this: &HostObject, request: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn sleep(
        this: &HostObject,
        milliseconds: f64,
        signal: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = sleepInBackground)]
    pub(super) fn sleep_in_background(
        this: &HostObject,
        milliseconds: f64,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn now(this: &HostObject) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn monotonic(this: &HostObject) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn random(this: &HostObject) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = utcOffsetMinutes)]
    pub(super) fn utc_offset_minutes(
        this: &HostObject,
        zone: &str,
        at_ms: f64,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn emit(this: &HostObject, event: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn audit(this: &HostObject, record: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn crashed(this: &HostObject, message: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = storeGet)]
    pub(super) fn store_get(this: &HostObject, keys: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = storeCommit)]
    pub(super) fn store_commit(
        this: &HostObject,
        puts: &Array,
        deletes: &Array,
        guard: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = storeScan)]
    pub(super) fn store_scan(
        this: &HostObject,
        prefix: &str,
        after: Option<&str>,
        limit: f64,
        size: f64,
    ) -> Result<JsValue, JsValue>;
}

/// What a host function gives in the end: `resolve` takes a promise and a plain value alike.
pub(super) async fn settled(given: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&given?)).await
}
