//! The sandbox as a JavaScript class: one HTTP exchange in, one out.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::error::Error;
use crate::host::{Method, Request};
use crate::sandbox::{Answer, Arrival, Sandbox as Inner};

/// Both services in memory.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Sandbox(Inner);

#[wasm_bindgen]
impl Sandbox {
    /// A sandbox from options in JSON; an empty text gives the defaults.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Sandbox, JsValue> {
        Inner::from_json(options).map(Self).map_err(|error| plain(&error))
    }

    /// Answers a request. `headers` is JSON, `[[name, value], ...]`; gives
    /// `{status, headersJson, body, delayMs, drop}`, `drop` telling that the connection breaks instead.
    pub fn handle(
        &mut self,
        method: &str,
        path_and_query: &str,
        headers: &str,
        body: Vec<u8>,
        now_ms: f64,
    ) -> Result<JsValue, JsValue> {
        match request(method, path_and_query, headers, body)? {
            Some(request) => to_object(&self.0.handle(&request, now_ms as u64)),
            None => to_object(&Answer::of_status(405)),
        }
    }

    /// The same, but for a request that a fault makes slow `{ticket, afterMs}`: `carryOut` is to be
    /// called then.
    pub fn arrive(
        &mut self,
        method: &str,
        path_and_query: &str,
        headers: &str,
        body: Vec<u8>,
        now_ms: f64,
    ) -> Result<JsValue, JsValue> {
        let Some(request) = request(method, path_and_query, headers, body)? else {
            return to_object(&Answer::of_status(405));
        };
        match self.0.arrive(request, now_ms as u64) {
            Arrival::Answered(answer) => to_object(&answer),
            Arrival::Waits { ticket, after_ms } => object([
                ("ticket", JsValue::from(ticket as f64)),
                ("afterMs", JsValue::from(after_ms as f64)),
            ]),
        }
    }

    /// Carries out a request that waits.
    #[wasm_bindgen(js_name = carryOut)]
    pub fn carry_out(&mut self, ticket: f64, now_ms: f64) -> Result<JsValue, JsValue> {
        to_object(&self.0.carry_out(ticket as u64, now_ms as u64))
    }

    /// Tokens, keys and ids in JSON.
    pub fn credentials(&self) -> String {
        serde_json::to_string(self.0.credentials()).unwrap_or_default()
    }
}

/// A request of its parts; `None` where the method is not known.
fn request(
    method: &str,
    path_and_query: &str,
    headers: &str,
    body: Vec<u8>,
) -> Result<Option<Request>, JsValue> {
    let Some(method) = method_of(method) else { return Ok(None) };
    let headers: Vec<(String, String)> = serde_json::from_str(headers)
        .map_err(|error| JsError::new(&format!("Headers are not valid: {error}")))?;
    Ok(Some(Request {
        method,
        url: path_and_query.to_owned(),
        headers: headers.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        body,
        timeout_ms: 0,
    }))
}

fn method_of(name: &str) -> Option<Method> {
    let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|method| method.name() == name)
}

fn plain(error: &Error) -> JsValue {
    serde_wasm_bindgen::to_value(error).unwrap_or_else(|_| JsValue::from_str(&error.message))
}

fn to_object(answer: &Answer) -> Result<JsValue, JsValue> {
    let response = &answer.response;
    let headers = serde_json::to_string(&response.headers).unwrap_or_default();
    object([
        ("status", JsValue::from(response.status)),
        ("headersJson", JsValue::from(headers)),
        ("body", Uint8Array::from(response.body.as_slice()).into()),
        ("delayMs", JsValue::from(answer.delay_ms as f64)),
        ("drop", JsValue::from(answer.lost)),
    ])
}

fn object<const LENGTH: usize>(properties: [(&str, JsValue); LENGTH]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in properties {
        Reflect::set(&object, &JsValue::from(name), &value)?;
    }
    Ok(object.into())
}
