//! ChartMogul's client: the verbs of the client of any service, whichever form of notes the
//! account has.

use std::cell::Ref;
use std::rc::Rc;

use super::notes::Notes;
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::host::{Host, Response};
use crate::http::{self, Account, Before, ClientConfig, Page, Parameters, Quota};
use crate::named::Named;
use crate::record::Json;

/// Calls ChartMogul with one key. All calls share its pacing and its retry budget, and what was
/// found out of the account.
#[derive(Debug)]
pub struct Client {
    http: http::Client,
    notes: Notes,
}

impl Client {
    /// A client, or what is wrong with the configuration.
    pub fn new(config: ClientConfig) -> Result<Self> {
        http::Client::new(config).map(Self::over)
    }

    /// The same over a client that is configured for ChartMogul.
    pub const fn over(http: http::Client) -> Self {
        Self { http, notes: Notes::new() }
    }

    /// Calls an endpoint and gives its answer as it came, a success or 304. See [`http::Client::call`].
    pub async fn call<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
    ) -> Result<Response> {
        self.http.call(host, endpoint, parameters).await
    }

    /// Calls an endpoint and gives its value; notes in their newer form. See [`http::Client::value`].
    pub async fn value<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
    ) -> Result<Json> {
        self.notes.value(&self.http, host, endpoint, parameters, None).await
    }

    /// [`Self::value`], with something to do right before each sending. See
    /// [`http::Client::value_after`].
    pub async fn value_after<'a, H: Host>(
        &'a self,
        host: &'a H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        before: &'a Before<'a>,
    ) -> Result<Json> {
        self.notes.value(&self.http, host, endpoint, parameters, Some(before)).await
    }

    /// Milliseconds that one answer may take.
    pub const fn timeout_ms(&self) -> u64 {
        self.http.timeout_ms()
    }

    /// One page of a list; notes in their newer form. See [`http::Client::page`].
    pub async fn page<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        cursor: Option<&str>,
    ) -> Result<Page> {
        self.notes.page(&self.http, host, endpoint, parameters, cursor).await
    }

    /// The account with what it is known by. See [`http::Client::known_account`].
    pub fn known_account(&self) -> Option<(String, Rc<Account>)> {
        self.http.known_account()
    }

    /// Says what is wrong with the parameters of a call, as calling would. Sends nothing.
    pub fn check(&self, endpoint: &'static Endpoint, parameters: &Parameters) -> Result<()> {
        self.http.check(endpoint, parameters)
    }

    /// Requests sent so far.
    pub fn calls(&self) -> u64 {
        self.http.calls()
    }

    /// The same by endpoint.
    pub fn calls_by_endpoint(&self) -> Ref<'_, Named<u64>> {
        self.http.calls_by_endpoint()
    }

    /// The day's quota, once an answer has told it; ChartMogul tells none today.
    pub fn quota(&self) -> Option<Quota> {
        self.http.quota()
    }
}
