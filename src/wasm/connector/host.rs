//! The host of one call: its functions as the port, with the call's own signal and time.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_net::http::RequestBuilder;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::host_object::{HostObject, settled};
use super::value;
use crate::error::{Code, Error, Result, Service};
use crate::host::{
    Aborted, Committed, Event, GivenCredential, Guard, Host, Request, Response, SendFailure,
    StateStore,
};

/// The port for one call.
pub(super) struct CallHost {
    store: HostStore,
    signal: JsValue,
    timeout_ms: Option<u64>,
    deadline_ms: Cell<Option<u64>>,
}

/// The state store.
pub(super) struct HostStore {
    host: HostObject,
    /// The reason that a host function gave last.
    cause: Rc<RefCell<Option<JsValue>>>,
}

impl CallHost {
    /// Reads the call's context, `{ signal?, timeoutMs? }`.
    pub(super) fn new(host: HostObject, context: &JsValue) -> Self {
        let timeout = value::property(context, "timeoutMs").as_f64();
        Self {
            store: HostStore { host, cause: Rc::default() },
            signal: value::property(context, "signal"),
            // Whole milliseconds; anything that is not a time counts as absent.
            timeout_ms: timeout.filter(|timeout| *timeout > 0.0).map(|timeout| timeout as u64),
            deadline_ms: Cell::new(None),
        }
    }

    /// What a host function gave as the reason of an error of this kind.
    pub(super) fn cause_of(&self, code: Code) -> Option<JsValue> {
        let of_host = matches!(
            code,
            Code::Unauthorized
                | Code::Network
                | Code::Timeout
                | Code::OutcomeUnknown
                | Code::StoreFailed
                | Code::Busy
        );
        of_host.then(|| self.store.cause.borrow_mut().take()).flatten()
    }

    fn object(&self) -> &HostObject {
        &self.store.host
    }

    /// Gives the request to the host: as plain data where it has a transport, else as a `Request`.
    async fn hand_over(&self, request: &Request) -> Result<JsValue, JsValue> {
        let timeout_ms = self.timeout_ms.unwrap_or(request.timeout_ms);
        if value::property(self.object(), "transport").is_function() {
            let request = plain_request(request, timeout_ms, &self.signal)?;
            return settled(self.object().transport(&request)).await;
        }
        let request = web_request(request)?;
        // The signal goes beside the request: `Request` refuses one of another realm.
        settled(self.object().fetch(&request, timeout_ms as f64, &self.signal)).await
    }

    /// Why there is no answer, out of what the host threw or rejected with.
    fn failure(&self, reason: JsValue) -> SendFailure {
        let message = value::message(&reason);
        let kind = value::text(&reason, "kind");
        let cause = value::property(&reason, "cause");
        let cause = if kind.is_some() && !cause.is_undefined() { cause } else { reason };
        self.store.cause.replace(Some(cause));
        match kind.as_deref() {
            _ if self.aborted() => SendFailure::Aborted,
            Some("aborted") => SendFailure::Aborted,
            Some("not_sent") => SendFailure::NotSent(message),
            Some("timeout") => SendFailure::Timeout,
            _ => SendFailure::Lost(message),
        }
    }
}

impl Host for CallHost {
    type Store = HostStore;

    async fn credential(&self, service: Service, round: u32) -> Result<GivenCredential> {
        let given = self.object().credential(service.name(), round.into(), &self.signal);
        let given = settled(given).await.map_err(|reason| match self.failure(reason) {
            SendFailure::Aborted => Error::new(Code::Aborted, "ended by the caller's signal"),
            SendFailure::Timeout => Error::new(Code::Timeout, "the function gave nothing in time"),
            SendFailure::NotSent(why) | SendFailure::Lost(why) => {
                Error::new(Code::Unauthorized, format!("the function failed: {why}"))
            }
        })?;
        // Why there is none, in the words of an error of ours.
        if let Some(code) = value::text(&given, "code").and_then(|code| Code::parse(&code)) {
            let mut error = Error::new(code, value::text(&given, "message").unwrap_or_default());
            error.hint = value::text(&given, "hint").map(Cow::Owned);
            return Err(error);
        }
        if let Some(text) = value::text(&given, "token") {
            let renew_at = value::property(&given, "renewAtMs").as_f64();
            return Ok(GivenCredential {
                text,
                renew_at_ms: renew_at.map(|at| at.max(0.0) as u64),
            });
        }
        given.as_string().map(|text| GivenCredential { text, renew_at_ms: None }).ok_or_else(|| {
            let what = if given.is_undefined() { "nothing" } else { "no text" };
            Error::new(Code::InvalidConfig, format!("the function gave {what}"))
                .hint("It must return the token or key as a text, or a promise of it.")
        })
    }

    async fn send(&self, request: &Request) -> Result<Response, SendFailure> {
        // A reason of an earlier attempt is not this one's.
        self.store.cause.replace(None);
        let given = self.hand_over(request).await.map_err(|reason| self.failure(reason))?;
        plain_response(&given).ok_or_else(|| {
            SendFailure::Lost(
                "the host's function returned no { status, headers, body }".to_owned(),
            )
        })
    }

    async fn sleep(&self, milliseconds: u64) -> Result<(), Aborted> {
        let left = self.deadline_ms.get().map(|deadline| deadline.saturating_sub(self.monotonic()));
        let cut = left.filter(|left| *left < milliseconds);
        let milliseconds = cut.unwrap_or(milliseconds);
        let slept = settled(self.object().sleep(milliseconds as f64, &self.signal)).await;
        if slept.is_err() || self.aborted() || cut.is_some() { Err(Aborted) } else { Ok(()) }
    }

    async fn sleep_in_background(&self, milliseconds: u64) {
        if settled(self.object().sleep_in_background(milliseconds as f64)).await.is_err() {
            // A host that cannot wait must not make the caller spin.
            std::future::pending::<()>().await;
        }
    }

    fn name(&self) -> String {
        value::text(self.object(), "name").unwrap_or_default()
    }

    fn now(&self) -> u64 {
        let told = self.object().now().ok().and_then(|now| now.as_f64());
        // Not negative and below 2^53, or another clock's time.
        told.filter(|now| *now >= 0.0).unwrap_or_else(js_sys::Date::now) as u64
    }

    fn monotonic(&self) -> u64 {
        let told = self.object().monotonic().ok().and_then(|elapsed| elapsed.as_f64());
        let told = told.filter(|elapsed| *elapsed >= 0.0);
        // Not negative and below 2^53; without such a clock, the other one.
        told.map_or_else(|| self.now(), |elapsed| elapsed as u64)
    }

    fn set_deadline(&self, deadline_ms: Option<u64>) {
        self.deadline_ms.set(deadline_ms);
    }

    fn random(&self) -> f64 {
        let told = self.object().random().ok().and_then(|random| random.as_f64());
        told.filter(|random| (0.0..1.0).contains(random)).unwrap_or_else(js_sys::Math::random)
    }

    fn aborted(&self) -> bool {
        value::property(&self.signal, "aborted").is_truthy()
    }

    fn utc_offset_minutes(&self, zone: &str, at_ms: i64) -> Option<i32> {
        let offset = self.object().utc_offset_minutes(zone, at_ms as f64).ok()?.as_f64()?;
        // No zone is a day away from UTC.
        (offset.abs() < 1_440.0).then_some(offset as i32)
    }

    fn emit(&self, event: Event) {
        if let Ok(event) = serde_json::to_string(&event) {
            // What a listener throws is its own affair.
            let _ = self.object().emit(&event);
        }
    }

    fn audits(&self) -> bool {
        value::property(self.object(), "audit").is_function()
    }

    fn audit(&self, record: &str) {
        // What a listener throws is its own affair.
        let _ = self.object().audit(record);
    }

    fn has_store(&self) -> bool {
        value::property(self.object(), "hasStore").is_truthy()
    }

    fn store(&self) -> &HostStore {
        &self.store
    }
}

impl HostStore {
    async fn settle(&self, given: Result<JsValue, JsValue>) -> Result<JsValue> {
        settled(given).await.map_err(|reason| {
            let error = store_failure(&reason);
            self.cause.replace(Some(reason));
            error
        })
    }
}

/// The error of a store's reason. A store may say that it is `busy` or wrongly set up, or what to do about
/// its failure, in an error with a `code` of ours and a `hint`.
fn store_failure(reason: &JsValue) -> Error {
    let message = value::message(reason);
    let code = value::text(reason, "code");
    let mut known = [Code::Busy, Code::StoreFailed, Code::InvalidConfig].into_iter();
    let Some(code) = known.find(|known| code.as_deref() == Some(known.text())) else {
        return Error::new(Code::StoreFailed, format!("the state store failed: {message}"));
    };
    let error = Error::new(code, message);
    match value::text(reason, "hint") {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

impl StateStore for HostStore {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        let given = self.settle(self.host.store_get(&texts(keys))).await?;
        let values = value::items(&given).filter(|values| values.len() == keys.len());
        let values = values.ok_or_else(|| wrong_answer("get"))?;
        values
            .iter()
            .map(|value| match value.as_string() {
                None if !value.is_undefined() && !value.is_null() => Err(wrong_answer("get")),
                text => Ok(text),
            })
            .collect()
    }

    async fn commit(
        &self,
        puts: Vec<(String, String)>,
        deletes: Vec<String>,
        guard: Option<Guard>,
    ) -> Result<Committed> {
        let puts: Array = puts.into_iter().map(|(key, value)| texts(&[key, value])).collect();
        let condition = guard.as_ref().map_or(Ok(JsValue::UNDEFINED), plain_guard);
        let condition = self.settle(condition).await?;
        let given = self.host.store_commit(&puts, &texts(&deletes), &condition);
        let given = self.settle(given).await?;
        match (guard, given.as_bool()) {
            (Some(_), Some(false)) => Ok(Committed::Superseded),
            // `false` says that nothing was written, for which there was no reason.
            (None, Some(false)) => Err(wrong_answer("commit")),
            _ => Ok(Committed::Yes),
        }
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(String, String)>> {
        let given = self.host.store_scan(prefix, after, limit as f64, bytes as f64);
        let given = self.settle(given).await?;
        let entries = value::items(&given).ok_or_else(|| wrong_answer("scan"))?;
        entries.iter().map(|entry| pair(entry).ok_or_else(|| wrong_answer("scan"))).collect()
    }
}

fn wrong_answer(function: &str) -> Error {
    let message = format!("the state store's {function} returned an unexpected value");
    Error::new(Code::StoreFailed, message)
}

fn texts(texts: &[String]) -> Array {
    texts.iter().map(|text| JsValue::from_str(text)).collect()
}

fn pair(entry: &JsValue) -> Option<(String, String)> {
    let items = value::items(entry)?;
    let [first, second] = items.as_slice() else { return None };
    Some((first.as_string()?, second.as_string()?))
}

/// `{ key, value }`, with the value undefined where the key must be absent.
fn plain_guard(guard: &Guard) -> Result<JsValue, JsValue> {
    let object = Object::new();
    let value = guard.value.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str);
    Reflect::set(&object, &JsValue::from_str("key"), &JsValue::from_str(&guard.key))?;
    Reflect::set(&object, &JsValue::from_str("value"), &value)?;
    Ok(object.into())
}

/// `{ method, url, headers, body?, signal?, timeoutMs }`.
fn plain_request(request: &Request, timeout_ms: u64, signal: &JsValue) -> Result<Object, JsValue> {
    let object = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&object, &JsValue::from_str(name), value);
    let headers = Object::new();
    for (name, value) in &request.headers {
        Reflect::set(&headers, &JsValue::from_str(name), &JsValue::from_str(value))?;
    }
    set("method", &JsValue::from_str(request.method.name()))?;
    set("url", &JsValue::from_str(&request.url))?;
    set("headers", &headers)?;
    if !request.body.is_empty() {
        set("body", &Uint8Array::from(request.body.as_slice()))?;
    }
    if !signal.is_undefined() {
        set("signal", signal)?;
    }
    set("timeoutMs", &JsValue::from_f64(timeout_ms as f64))?;
    Ok(object)
}

/// What gloo-net builds a request from. It stops the module where one is missing.
const NEEDED: [&str; 4] = ["Request", "Headers", "URL", "URLSearchParams"];

fn web_request(request: &Request) -> Result<web_sys::Request, JsValue> {
    let global = js_sys::global();
    if let Some(missing) = NEEDED.iter().find(|name| !value::property(&global, name).is_function())
    {
        return Err(not_sent(&format!("this host has no {missing}; pass the option transport")));
    }
    let method = gloo_net::http::Method::from_bytes(request.method.name().as_bytes());
    let mut builder = RequestBuilder::new(&request.url)
        .method(method.map_err(|_| not_sent("this is not an HTTP method"))?);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let built = if request.body.is_empty() {
        builder.build()
    } else {
        builder.body(Uint8Array::from(request.body.as_slice()))
    };
    built.map(Into::into).map_err(|error| not_sent(&error.to_string()))
}

/// A reason as hosts give them: the request never left.
fn not_sent(message: &str) -> JsValue {
    let reason = js_sys::Error::new(message);
    // A new object takes any property.
    let _ = Reflect::set(&reason, &JsValue::from_str("kind"), &JsValue::from_str("not_sent"));
    reason.unchecked_into()
}

/// Reads `{ status, headers: [name, value][], body }`.
fn plain_response(given: &JsValue) -> Option<Response> {
    let status = value::property(given, "status").as_f64()?;
    let headers = value::items(&value::property(given, "headers"))?;
    Some(Response {
        // A status has three digits.
        status: (100.0..=999.0).contains(&status).then_some(status as u16)?,
        headers: headers.iter().map(pair).collect::<Option<Vec<_>>>()?,
        body: value::bytes(&value::property(given, "body"))?,
    })
}
