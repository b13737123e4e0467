//! The connector as JavaScript sees it. Methods borrow nothing across an await, so calls may run at
//! once and the object may be freed while some are in flight.

mod crash;
mod failure;
mod host;
mod host_object;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crash::Watched;
use host::CallHost;
use host_object::HostObject;

use crate::error::{Code, Error, Result};
use crate::http::Accounts;

thread_local! {
    /// The accounts of all connectors of this module.
    static ACCOUNTS: Accounts = Accounts::default();
}

/// Both clients. Results are JSON text; failures are plain objects with a `code`.
#[wasm_bindgen]
pub struct Connector {
    inner: Rc<Inner>,
}

struct Inner {
    connector: crate::connector::Connector,
    host: HostObject,
    _watched: Watched,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.connector.fmt(formatter)
    }
}

#[wasm_bindgen]
impl Connector {
    /// Reads the options that are data, as JSON text. Sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(host: HostObject, options: &str) -> Result<Connector, JsValue> {
        let options: Value = serde_json::from_str(options).map_err(|error| {
            let message = format!("the options are not valid JSON: {error}");
            failure::to_object(&Error::new(Code::InvalidConfig, message), None)
        })?;
        let world = value::text(&host, "world").unwrap_or_default();
        let accounts = ACCOUNTS.with(|accounts| accounts.within(&world));
        let connector = crate::connector::Connector::sharing(&options, &accounts)
            .map_err(|error| failure::to_object(&error, None))?;
        let watched = crash::watch(host.clone());
        Ok(Self { inner: Rc::new(Inner { connector, host, _watched: watched }) })
    }

    /// Calls an endpoint, for example `ghl.contacts.get`, and gives its value as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn call(&self, name: String, parameters: String, context: JsValue) -> Promise {
        self.promise(context, async move |inner, host| {
            let value = inner.connector.call(&host, &name, &parameters).await;
            (value.map(|value| JsValue::from_str(value.get())), host)
        })
    }

    /// Calls an endpoint and gives its answer's bytes.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array>")]
    pub fn bytes(&self, name: String, parameters: String, context: JsValue) -> Promise {
        self.promise(context, async move |inner, host| {
            let bytes = inner.connector.bytes(&host, &name, &parameters).await;
            (bytes.map(|bytes| Uint8Array::from(bytes.as_slice()).into()), host)
        })
    }

    /// One page of a list as JSON text: `{"items":[…],"cursor":…,"total":…,"missing":…}`.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn page(
        &self,
        name: String,
        parameters: String,
        cursor: Option<String>,
        context: JsValue,
    ) -> Promise {
        self.promise(context, async move |inner, host| {
            let page = inner.connector.page(&host, &name, &parameters, cursor.as_deref()).await;
            (page.map(|page| JsValue::from_str(&page)), host)
        })
    }

    /// The bodies of the ChartMogul creates for a page of GHL contacts; asks no service.
    pub fn preview(&self, page: Vec<u8>) -> Result<Vec<u8>, JsValue> {
        self.inner.connector.preview(page).map_err(|error| failure::to_object(&error, None))
    }

    /// Tries each credential with calls that only read, and walks ChartMogul's records on request; what
    /// was found as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn check(&self, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.check(host, &options).await)
    }

    /// Makes a plan; its summary as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn plan(&self, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.plan(host, &options).await)
    }

    /// What reading the location costs, estimated from a few counts, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn cost(&self, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.cost(host).await)
    }

    /// A page of a plan's changes as JSON text: `{"changes":[…],"cursor":…}`.
    #[wasm_bindgen(js_name = planChanges, unchecked_return_type = "Promise<string>")]
    pub fn plan_changes(
        &self,
        plan: String,
        after: Option<String>,
        limit: u32,
        context: JsValue,
    ) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.plan_changes(host, &plan, after.as_deref(), limit as usize).await
        })
    }

    /// Carries out exactly that plan; how it ended as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn apply(&self, plan: String, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.apply(host, &plan, &options).await
        })
    }

    /// Plans and applies within a budget; how it ended as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn run(&self, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.run(host, &options).await)
    }

    /// A page of dead letters as JSON text: `{"deadLetters":[…],"cursor":…}`.
    #[wasm_bindgen(js_name = deadLetters, unchecked_return_type = "Promise<string>")]
    pub fn dead_letters(&self, after: Option<String>, limit: u32, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.dead_letters(host, after.as_deref(), limit as usize).await
        })
    }

    /// A page of conflicts as JSON text: `{"conflicts":[…],"cursor":…}`.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn conflicts(
        &self,
        settled: bool,
        after: Option<String>,
        limit: u32,
        context: JsValue,
    ) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.conflicts(host, settled, after.as_deref(), limit as usize).await
        })
    }

    /// Settles conflicts: a JSON settlement in, a JSON list of the conflicts out.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn resolve(&self, settlement: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.resolve(host, &settlement).await
        })
    }

    /// Forgets a person: JSON options in, what came of it as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn forget(&self, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.forget(host, &options).await)
    }

    /// The last runs as JSON text, newest first.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn runs(&self, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.runs(host).await)
    }

    /// What the store holds of the location, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn status(&self, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.status(host).await)
    }

    /// How a record stands, and why, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn why(&self, id: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.why(host, &id).await)
    }

    /// Links a GHL contact with a ChartMogul customer or contact; how it stands then as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn link(&self, contact: String, chartmogul: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| {
            inner.connector.link(host, &contact, &chartmogul).await
        })
    }

    /// Ends the link of a record; how it stands then as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn unlink(&self, id: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.unlink(host, &id).await)
    }

    /// Settles records as they are: a JSON list of ids in, a JSON list of how they stand out.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn accept(&self, ids: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.accept(host, &ids).await)
    }

    /// Has the next run read contacts at once: options as JSON text in; what came of it as JSON text out.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn refresh(&self, options: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.refresh(host, &options).await)
    }

    /// Has the next run try a record again; how it stands then as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn retry(&self, id: String, context: JsValue) -> Promise {
        self.json(context, async move |inner, host| inner.connector.retry(host, &id).await)
    }

    /// Runs a call whose result is JSON text.
    fn json(
        &self,
        context: JsValue,
        call: impl AsyncFn(&Inner, &CallHost) -> Result<String> + 'static,
    ) -> Promise {
        self.promise(context, async move |inner, host| {
            let text = call(&inner, &host).await;
            (text.map(|text| JsValue::from_str(&text)), host)
        })
    }

    /// Runs a call with its own host; its error leaves as a plain object. The call is boxed: one
    /// promise's code serves all of them.
    fn promise<F>(&self, context: JsValue, call: impl FnOnce(Rc<Inner>, CallHost) -> F) -> Promise
    where
        F: Future<Output = (Result<JsValue>, CallHost)> + 'static,
    {
        let host = CallHost::new(self.inner.host.clone(), &context);
        let inner = Rc::clone(&self.inner);
        settle(Rc::clone(&inner), Box::pin(call(inner, host)))
    }
}

fn settle(
    inner: Rc<Inner>,
    call: Pin<Box<dyn Future<Output = (Result<JsValue>, CallHost)>>>,
) -> Promise {
    future_to_promise(async move {
        let (result, host) = call.await;
        if let Some(noting) = inner.connector.noting(&host) {
            noting.await;
        }
        result.map_err(|error| failure::to_object(&error, host.cause_of(error.code)))
    })
}
