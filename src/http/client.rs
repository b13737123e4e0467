//! The client of one service and account: what a call goes through, from parameters to value.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::account::{Account, Accounts};
use super::credential::{Authorization, Credential};
use super::failure::{self, Failure};
use super::pacing::{Instants, Quota};
use super::pager::{self, Page};
use super::reading::{self, List};
use super::retry::{self, Budget, RetryAction, RetryReason, ShouldAttempt};
use super::{Parameters, Profile, Secret, address, check, form};
use crate::endpoint::{Endpoint, Outcome, RetryClass};
use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host, Method, Request, Response};
use crate::named::Named;
use crate::record::{self, Json};

/// Which generation of GHL's interface to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GhlVersion {
    /// Each endpoint with the date version that it declares.
    #[default]
    Dated,
    /// `v3`, where the endpoint exists there.
    V3,
}

/// What a client needs to know.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The service.
    pub profile: &'static Profile,
    /// Another origin than the service's own: a proxy or the sandbox.
    pub base_url: Option<String>,
    /// GHL: OAuth access token or private integration token. ChartMogul: API key.
    pub secret: Secret,
    /// GHL: the location that calls are about where their parameters name none.
    pub location_id: Option<String>,
    /// GHL: the generation.
    pub api_version: GhlVersion,
    /// Milliseconds that one answer may take, where they are not 30,000.
    pub timeout_ms: Option<u64>,
}

/// What is done right before a request leaves, each time it is sent.
pub type Before<'b> = dyn Fn() -> LocalBoxFuture<'b, Result<()>> + 'b;

/// A request that no row describes.
#[derive(Debug, Clone)]
pub struct Unlisted<'a> {
    /// Path, encoded, from `/` on.
    pub path: &'a str,
    /// Query parameters: texts, numbers, Booleans or lists of them.
    pub query: Vec<(&'a str, Value)>,
    /// Body.
    pub body: Option<&'a Value>,
    /// GHL's `Version` header, where it is another than the row's or the client's generation.
    pub version: Option<&'a str>,
}

/// Calls one service with one credential. All calls share its retry budget, and with those of other clients of
/// the same account its limits.
pub struct Client {
    profile: &'static Profile,
    base_url: String,
    credential: Rc<Credential>,
    location_id: Option<String>,
    api_version: GhlVersion,
    timeout_ms: u64,
    accounts: Accounts,
    account: RefCell<Rc<Account>>,
    /// What the account is known by; empty before the host has given a credential.
    key: RefCell<String>,
    budget: RefCell<Budget>,
    calls: Cell<u64>,
    /// The same by endpoint.
    calls_by_endpoint: RefCell<Named<u64>>,
    /// Whether its calls are the sync's, and not the program's.
    of_sync: Cell<bool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Client({} at {})", self.service().name(), self.base_url)
    }
}

/// What takes an answer, or says why it cannot be read.
type Reading<'r> = Box<dyn Fn(&mut Response) -> Result<(), String> + 'r>;

/// The header of the credential.
const AUTHORIZATION: &str = "authorization";
/// Credentials that one call may try after its first, each refused in its turn.
const MOST_RENEWALS: u32 = 2;
/// JSON's media type.
const JSON: &str = "application/json";
/// Milliseconds that one answer may take, where the configuration says nothing else.
const TIMEOUT_MS: u64 = 30_000;
/// Longest sleep before looking again: limits and places in the queue change meanwhile.
const LONGEST_SLEEP_MS: u64 = 1_000;
/// Sleeps in a row that may end long before their time: clocks can be coarse.
const MOST_IDLE_SLEEPS: u32 = 1_000;
/// Shortest wait that is worth an event.
const NOTABLE_WAIT_MS: u64 = 100;

impl Client {
    /// A client that shares its account with no other, or what is wrong with the configuration.
    pub fn new(config: ClientConfig) -> Result<Self> {
        Self::sharing(config, &Accounts::default())
    }

    /// The same, sharing its account with those that are given the same accounts.
    pub fn sharing(config: ClientConfig, accounts: &Accounts) -> Result<Self> {
        let profile = config.profile;
        let client = Self {
            profile,
            credential: Rc::new(Credential::new(profile, &config.secret)?),
            base_url: address::base_url(profile, config.base_url.as_deref())?,
            location_id: config.location_id.filter(|id| !id.is_empty()),
            api_version: config.api_version,
            timeout_ms: config.timeout_ms.unwrap_or(TIMEOUT_MS),
            accounts: accounts.clone(),
            account: RefCell::new(Rc::new(Account::new(profile))),
            key: RefCell::default(),
            budget: RefCell::new(Budget::new()),
            calls: Cell::new(0),
            calls_by_endpoint: RefCell::default(),
            of_sync: Cell::new(false),
        };
        client.join();
        Ok(client)
    }

    /// Another client of the same options, whose calls are counted by themselves.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self {
            profile: self.profile,
            credential: Rc::clone(&self.credential),
            base_url: self.base_url.clone(),
            location_id: self.location_id.clone(),
            api_version: self.api_version,
            timeout_ms: self.timeout_ms,
            accounts: self.accounts.clone(),
            account: self.account.clone(),
            key: self.key.clone(),
            budget: RefCell::new(Budget::new()),
            calls: Cell::new(0),
            calls_by_endpoint: RefCell::default(),
            of_sync: Cell::new(false),
        }
    }

    /// Uses the limits of the account that it is known to be of by now. GHL counts by location; where none
    /// is configured, and at ChartMogul, an account is what a credential leads to. One that takes
    /// another's place is taken for the same account's, until it is known of another one.
    fn join(&self) {
        if self.location_id.is_some() && !self.key.borrow().is_empty() {
            return;
        }
        let credential = self.credential.held();
        let Some(identity) = self.location_id.as_deref().or(credential.as_deref()) else { return };
        let key = self.accounts.key(self.profile, &self.base_url, identity);
        if *self.key.borrow() == key {
            return;
        }
        let own = self.account();
        self.account.replace(self.accounts.join(&key, own));
        self.key.replace(key);
    }

    /// What it shares with other clients of its account.
    pub fn account(&self) -> Rc<Account> {
        Rc::clone(&self.account.borrow())
    }

    /// The account with what it is known by, in which no credential can be read; none before the host has
    /// given a credential.
    pub fn known_account(&self) -> Option<(String, Rc<Account>)> {
        let key = self.key.borrow().clone();
        (!key.is_empty()).then(|| (key, self.account()))
    }

    /// From now on its calls are the sync's.
    pub fn count_for_sync(&self) {
        self.of_sync.set(true);
    }

    /// Says what is wrong with the parameters of a call, as calling would. Sends nothing.
    pub fn check(&self, endpoint: &'static Endpoint, parameters: &Parameters) -> Result<()> {
        self.request(endpoint, parameters).map(|_| ())
    }

    /// Calls an endpoint and gives its answer, a success or 304.
    pub async fn call<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
    ) -> Result<Response> {
        let request = self.request(endpoint, &parameters)?;
        self.read(host, endpoint, request, None, |response| {
            reading::is_readable(&endpoint.result, response)?;
            Ok(std::mem::take(response))
        })
        .await
    }

    /// Calls an endpoint and gives its value, the exact JSON text that the service sent. `{}` where
    /// the row gives nothing, and for 304 (nothing changed).
    pub async fn value<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
    ) -> Result<Json> {
        self.value_after(host, endpoint, parameters, None).await
    }

    /// [`Self::value`], with something to do right before each sending. A request that is noted so is
    /// not sent again after an answer of any kind: the caller looks first what became of it.
    pub async fn value_after<'a, H: Host>(
        &'a self,
        host: &'a H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        before: Option<&'a Before<'a>>,
    ) -> Result<Json> {
        let request = self.request(endpoint, &parameters)?;
        // The request holds them from now on.
        drop(parameters);
        self.read(host, endpoint, request, before, |response| {
            reading::value(&endpoint.result, response)
        })
        .await
    }

    /// Milliseconds that one answer may take.
    pub const fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// One page of a list: the first, or the one that a page's cursor stands for.
    pub async fn page<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        cursor: Option<&str>,
    ) -> Result<Page> {
        if !matches!(endpoint.result, Outcome::List { .. }) {
            let message = format!("{} does not return a list", endpoint.name);
            return Err(self.named(endpoint, Error::new(Code::InvalidArgument, message)));
        }
        let (parameters, before) = pager::request(endpoint, parameters, cursor)?;
        let request = self.request(endpoint, &parameters)?;
        let page = self.read(host, endpoint, request, None, |response| {
            let list = List::read(&endpoint.result, response)?;
            let page = pager::page(endpoint, &parameters, &before, &list);
            let places = list.places();
            let answer = std::mem::take(&mut response.body);
            Ok(page.map(|page| Page { items: Json::parts_of(answer, places), ..page }))
        });
        page.await?
    }

    /// Calls what has no row, with the same authorization, pacing, retries and errors. The row says
    /// the method, whether the request may be sent again, and the name that errors give.
    pub async fn unlisted<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        unlisted: &Unlisted<'_>,
    ) -> Result<Json> {
        let query = address::query(self.profile.lists, &unlisted.query);
        let version = match (unlisted.version, self.api_version) {
            (Some(version), _) => version,
            (None, GhlVersion::V3) => "v3",
            (None, GhlVersion::Dated) => endpoint.version,
        };
        let body = unlisted.body.and_then(|body| serde_json::to_vec(body).ok());
        let body = body.map(|body| (JSON.to_owned(), body));
        let target = format!("{}{query}", unlisted.path);
        let request = self.assemble(endpoint, &target, version, body);
        self.read(host, endpoint, request, None, |response| {
            reading::value(&endpoint.result, response)
        })
        .await
    }

    /// The service.
    pub const fn service(&self) -> Service {
        self.profile.service
    }

    /// The configured location.
    pub fn location_id(&self) -> Option<&str> {
        self.location_id.as_deref()
    }

    /// Requests sent so far.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// The same by endpoint.
    pub fn calls_by_endpoint(&self) -> Ref<'_, Named<u64>> {
        self.calls_by_endpoint.borrow()
    }

    /// The day's quota, once an answer has told it (GHL).
    pub fn quota(&self) -> Option<Quota> {
        self.account.borrow().quota()
    }

    /// Builds the request of a call, or says what is wrong with its parameters.
    fn request(&self, endpoint: &'static Endpoint, parameters: &Parameters) -> Result<Request> {
        let mut given = Cow::Borrowed(parameters);
        let filled = self.missing_location(endpoint, parameters);
        if let Some((name, id)) = filled {
            given.to_mut().insert(name.to_owned(), id.into());
        }
        let parts = check::check(endpoint, self.api_version, &given)?;
        let v3 = self.api_version == GhlVersion::V3 && endpoint.v3.exists;
        let template = endpoint.v3.path.filter(|_| v3).unwrap_or(endpoint.path);
        let path =
            address::path(template, &parts.path).map_err(|error| self.prefixed(endpoint, error))?;
        let query = address::query(self.profile.lists, &parts.query);
        let changes = parts.body.iter().flat_map(|body| body.keys());
        let mut changes = changes.filter(|name| filled.is_none_or(|(filled, _)| filled != *name));
        if endpoint.method == Method::Patch && changes.next().is_none() {
            let message = format!("{}: nothing to change was given", endpoint.name);
            return Err(self.named(endpoint, Error::new(Code::InvalidArgument, message)));
        }
        let body = parts.body.map(|body| {
            if form::is_form(endpoint) {
                return form::encode(&body);
            }
            let bare = body.values().next().filter(|_| endpoint.bare_body);
            let body = bare.map_or_else(|| serde_json::to_vec(&body), serde_json::to_vec);
            (JSON.to_owned(), body.unwrap_or_default())
        });
        let version = if v3 { "v3" } else { endpoint.version };
        Ok(self.assemble(endpoint, &format!("{path}{query}"), version, body))
    }

    /// The request to this path and query, with a body and its media type.
    fn assemble(
        &self,
        endpoint: &'static Endpoint,
        target: &str,
        version: &str,
        body: Option<(String, Vec<u8>)>,
    ) -> Request {
        let accept = match endpoint.result {
            Outcome::Bytes => "*/*",
            _ => JSON,
        };
        let mut headers = vec![(Cow::Borrowed("accept"), accept.to_owned())];
        if self.profile.versioned {
            headers.push((Cow::Borrowed("version"), version.to_owned()));
        }
        let body = body.filter(|_| endpoint.method != Method::Get);
        let body = body.map_or_else(Vec::new, |(of, body)| {
            headers.push((Cow::Borrowed("content-type"), of));
            body
        });
        Request {
            method: endpoint.method,
            url: format!("{}{target}", self.base_url),
            headers,
            body,
            timeout_ms: self.timeout_ms,
        }
    }

    /// The location's parameter, where the row has one and the caller has left it out.
    fn missing_location(
        &self,
        endpoint: &'static Endpoint,
        parameters: &Parameters,
    ) -> Option<(&'static str, &str)> {
        const NAMES: [&str; 2] = ["locationId", "location_id"];
        if NAMES.iter().any(|name| parameters.contains_key(*name)) {
            return None;
        }
        let name = NAMES.into_iter().find(|name| check::takes(endpoint, name))?;
        Some((name, self.location_id.as_deref()?))
    }

    /// Sends and reads. What is read is taken out of the one future that sends: another for each kind
    /// of it would be kilobytes of WebAssembly.
    fn read<'a, H: Host, T: 'a>(
        &'a self,
        host: &'a H,
        endpoint: &'static Endpoint,
        request: Request,
        before: Option<&'a Before<'a>>,
        read: impl Fn(&mut Response) -> Result<T, String> + 'a,
    ) -> impl Future<Output = Result<T>> + 'a {
        let taken = Rc::new(Cell::new(None));
        let take = Rc::clone(&taken);
        let read = move |response: &mut Response| read(response).map(|value| take.set(Some(value)));
        self.exchange(host, endpoint, request, before, Box::new(read)).map(move |sent| {
            sent?;
            taken
                .take()
                .ok_or_else(|| Error::new(Code::UnreadableResponse, "the answer was not read"))
        })
    }

    /// Sends until there is an answer that can be read, or no sense in going on.
    async fn exchange<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        mut request: Request,
        before: Option<&Before<'_>>,
        read: Reading<'_>,
    ) -> Result<()> {
        let mut attempt = 1;
        let mut uncertain = false;
        let mut renewals = 0;
        loop {
            let authorization = self.authorize(host, endpoint, &mut request).await?;
            let writes = endpoint.retry != RetryClass::Read;
            if writes {
                let allowed = self.credential.allow_write();
                allowed.map_err(|error| self.named(endpoint, error))?;
            }
            let failure = match self.attempt(host, endpoint, &request, before, attempt).await? {
                Ok(mut response) => {
                    if !matches!(endpoint.result, Outcome::Bytes) {
                        record::mend_surrogates(&mut response.body);
                    }
                    match read(&mut response) {
                        Ok(()) => {
                            self.budget.borrow_mut().succeeded();
                            return Ok(());
                        }
                        Err(why) if why == reading::NOTHING_FOUND => failure::not_found(&why),
                        Err(why) => failure::unreadable(endpoint, &response, &why),
                    }
                }
                Err(failure) => failure,
            };
            if writes {
                self.credential.note_refused_write(&authorization, &failure.error);
            }
            // A delete whose answer was lost has done its work when the record is gone.
            if uncertain
                && endpoint.method == Method::Delete
                && failure.error.code == Code::NotFound
            {
                let mut gone = Response { status: 204, ..Response::default() };
                if read(&mut gone).is_ok() {
                    return Ok(());
                }
            }
            if failure.error.code == Code::Unauthorized && renewals < MOST_RENEWALS {
                let renewed = self.credential.renew(host, &authorization).await;
                if renewed.map_err(|error| self.named(endpoint, error))? {
                    // Refused for its token, it was not carried out.
                    renewals += 1;
                    attempt += 1;
                    continue;
                }
            }
            let action = match retry::classify(endpoint.retry, failure.kind) {
                RetryAction::RetryIndicated(RetryReason::Throttled) if before.is_some() => {
                    self.account().pacing.borrow_mut().refused(host.monotonic());
                    RetryAction::RetryForbidden
                }
                action => action,
            };
            let delay = match action {
                RetryAction::RetryIndicated(reason) => {
                    self.delay(host, reason, attempt, failure.error.retry_after_ms)
                }
                RetryAction::NoActionIndicated | RetryAction::RetryForbidden => None,
            };
            let Some((reason, delay_ms)) = delay else {
                return Err(self.finished(host, endpoint, failure));
            };
            uncertain |= failure.possible();
            attempt += 1;
            host.emit(Event::Retry {
                service: self.service(),
                endpoint: Cow::Borrowed(endpoint.name),
                reason: Cow::Borrowed(reason.text()),
                attempt,
                delay_ms,
            });
            let slept = host.sleep(delay_ms).await;
            slept.map_err(|_| self.named(endpoint, failure::aborted()))?;
        }
    }

    /// Puts the newest credential into the request.
    async fn authorize<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        request: &mut Request,
    ) -> Result<Authorization> {
        let found = self.credential.authorization(host).await;
        let found = found.map_err(|error| self.named(endpoint, error))?;
        self.join();
        request.headers.retain(|(name, _)| name != AUTHORIZATION);
        request.headers.insert(0, (Cow::Borrowed(AUTHORIZATION), found.value.clone()));
        Ok(found)
    }

    /// One try: its turn, the sending, and what the answer teaches. The outer error ends the call.
    async fn attempt<H: Host>(
        &self,
        host: &H,
        endpoint: &'static Endpoint,
        request: &Request,
        before: Option<&Before<'_>>,
        attempt: u32,
    ) -> Result<Result<Response, Failure>> {
        let account = self.account();
        let turn = self.turn(host, &account).await.map_err(|error| self.named(endpoint, error))?;
        if let Some(before) = before {
            before().await?;
        }
        let method = request.method;
        let sent_ms = host.monotonic();
        self.calls.set(self.calls.get() + 1);
        *self.calls_by_endpoint.borrow_mut().or_default(endpoint.name) += 1;
        account.count(self.of_sync.get(), instants(host));
        let answer = host.send(request).await;
        let now = host.monotonic();
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure::of_sending(failure))),
        };
        account.pacing.borrow_mut().answered(turn.ticket, sent_ms, instants(host), &response);
        host.emit(Event::Request {
            service: self.service(),
            endpoint: Cow::Borrowed(endpoint.name),
            method,
            status: response.status,
            attempt,
            elapsed_ms: now.saturating_sub(sent_ms),
        });
        Ok(if response.is_success() || response.status == 304 {
            Ok(response)
        } else {
            Err(failure::of_response(self.profile, endpoint, &response))
        })
    }

    /// Waits until this call may go out. Calls go in the order in which they came.
    async fn turn<'a, H: Host>(&self, host: &H, account: &'a Account) -> Result<Turn<'a>> {
        let ticket = account.pacing.borrow_mut().join();
        let mut turn = Turn { account, ticket, has_room: false };
        let mut told = false;
        let mut idle = 0;
        loop {
            if host.aborted() {
                return Err(failure::aborted());
            }
            let now = host.monotonic();
            if let Some(rest) = account.pacing.borrow().exhausted_ms(instants(host)) {
                return Err(self.quota_exhausted(rest));
            }
            let delay_ms = account.pacing.borrow().delay_ms(ticket, now);
            if delay_ms == 0 {
                if turn.has_room {
                    account.pacing.borrow_mut().sent(ticket, now);
                    return Ok(turn);
                }
                // Only the first of the queue gets here; the wait may change what the window says.
                account.room().await;
                turn.has_room = true;
                continue;
            }
            if delay_ms >= NOTABLE_WAIT_MS && !told {
                told = true;
                host.emit(Event::Pace { service: self.service(), delay_ms });
            }
            let pause_ms = delay_ms.min(LONGEST_SLEEP_MS);
            host.sleep(pause_ms).await.map_err(|_| failure::aborted())?;
            let waited = host.monotonic().saturating_sub(now) * 2 >= pause_ms;
            idle = if waited { 0 } else { idle + 1 };
            if idle > MOST_IDLE_SLEEPS {
                let message = "the host's sleep does not wait, or its clock stands still";
                return Err(Error::new(Code::InvalidConfig, message));
            }
        }
    }

    /// Whether and when to try again.
    fn delay<H: Host>(
        &self,
        host: &H,
        reason: RetryReason,
        attempt: u32,
        retry_after_ms: Option<u64>,
    ) -> Option<(RetryReason, u64)> {
        let rest = match reason {
            RetryReason::Throttled => self.account().pacing.borrow_mut().refused(host.monotonic()),
            RetryReason::NotSent
            | RetryReason::Lost
            | RetryReason::ServerError
            | RetryReason::Intercepted => 0,
        };
        let asked = retry_after_ms.unwrap_or(0).max(rest);
        let decision = self.budget.borrow_mut().decide(reason, attempt, host.random(), asked);
        match decision {
            ShouldAttempt::No => None,
            ShouldAttempt::YesAfterDelay(delay) => Some((reason, delay)),
        }
    }

    /// The error that the caller gets.
    fn finished<H: Host>(&self, host: &H, endpoint: &'static Endpoint, failure: Failure) -> Error {
        let possible = failure.possible();
        let mut error = failure.error;
        if endpoint.retry == RetryClass::Create && possible {
            error = failure::outcome_unknown(error);
        }
        if let (Code::Unauthorized, Some(looks)) = (error.code, self.credential.looks()) {
            error.hint = Some(Cow::Borrowed(looks));
        }
        if error.code == Code::DailyQuotaExhausted {
            error.retry_after_ms = self.account().pacing.borrow().exhausted_ms(instants(host));
        }
        error.message = format!("{}: {}", endpoint.name, error.message);
        self.named(endpoint, self.credential.redact(error))
    }

    fn quota_exhausted(&self, rest_ms: u64) -> Error {
        let message = format!("the day's quota of {} is used up", self.service().title());
        let mut error = Error::new(Code::DailyQuotaExhausted, message)
            .hint("Try again after `retryAfterMs`; nothing was sent.");
        error.retry_after_ms = Some(rest_ms);
        error
    }

    fn prefixed(&self, endpoint: &'static Endpoint, mut error: Error) -> Error {
        error.message = format!("{}: {}", endpoint.name, error.message);
        self.named(endpoint, error)
    }

    fn named(&self, endpoint: &'static Endpoint, error: Error) -> Error {
        error.of(self.service()).at(endpoint.name)
    }
}

fn instants<H: Host>(host: &H) -> Instants {
    Instants { monotonic: host.monotonic(), wall: host.now() }
}

/// A place in the queue, and later the room to be in flight; both end with it.
struct Turn<'a> {
    account: &'a Account,
    ticket: u64,
    has_room: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.account.pacing.borrow_mut().leave(self.ticket);
        if self.has_room {
            self.account.answered();
        }
    }
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the tables' macros make public items")]
mod tests {
    use futures_util::future::join_all;
    use serde_json::{Value, json};

    use super::super::profile::of;
    use super::super::scripted::{Reply, Scripted, reply, text_reply};
    use super::*;
    use crate::endpoint::{INTEGER, TEXT, V3};
    use crate::host::SendFailure;
    use crate::{endpoints, fields, models};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    models! {
        NOTE "NoteInput" { required "body": TEXT, optional "userId": TEXT }
        TASK "TaskInput" { optional "text": TEXT, optional "locationId": TEXT }
    }

    const ONE: Outcome = Outcome::One { key: "note", of: None };

    endpoints! {
        ROWS: Ghl "notes";
        /// 0
        "get": GET "/notes/{id}" { result: ONE }
        /// 1
        "create": POST "/notes" { body: Some(&NOTE), result: ONE, version: "2021-04-15" }
        /// 2
        "update": PUT "/notes/{id}" { body: Some(&TASK), result: ONE, v3: V3 { path: Some("/notes/re-named/{id}"), ..V3::SAME } }
        /// 3
        "delete": DELETE "/notes/{id}" { v3: V3::GONE }
        /// 4
        "search": GET "/search" { query: fields![required "location_id": TEXT, optional "limit": INTEGER], result: ONE }
        /// 5
        "recording": GET "/recording" { result: Outcome::Bytes }
    }

    endpoints! {
        CHARTMOGUL_ROWS: Chartmogul "tasks";
        /// 0
        "update": PATCH "/v1/tasks/{id}" { body: Some(&TASK), result: Outcome::One { key: "", of: None } }
        /// 1
        "get": GET "/v1/tasks/{id}" { result: Outcome::One { key: "", of: None } }
    }

    const TOKEN: &str = "pit-canary-4711";

    fn client_of(service: Service, api_version: GhlVersion) -> Client {
        Client::new(ClientConfig {
            profile: of(service),
            base_url: Some("https://test/".to_owned()),
            secret: Secret::new(TOKEN),
            location_id: Some("loc1".to_owned()),
            api_version,
            timeout_ms: None,
        })
        .unwrap()
    }

    fn ghl() -> Client {
        client_of(Service::Ghl, GhlVersion::Dated)
    }

    fn parameters(value: Value) -> Parameters {
        value.as_object().unwrap().clone()
    }

    fn found() -> Reply {
        reply(200, &[], &json!({"note": {"id": "n1"}}))
    }

    fn failed(failure: SendFailure) -> Reply {
        (50, Err(failure))
    }

    /// Runs one call of a GHL row against these replies.
    fn run(row: usize, replies: Vec<Reply>) -> (Result<String>, Scripted<'static>) {
        let host = Scripted::in_turn(replies);
        let given = match row {
            1 => json!({"body": "x"}),
            2 => json!({"id": "n1", "text": "x"}),
            4 => json!({}),
            5 => json!({}),
            _ => json!({"id": "n1"}),
        };
        let client = ghl();
        let result = host.run(client.value(&host, &ROWS[row], parameters(given)));
        assert_eq!(client.calls(), host.sent.borrow().len() as u64);
        (result.map(|value| value.get().to_owned()), host)
    }

    fn sent(host: &Scripted<'_>) -> usize {
        host.sent.borrow().len()
    }

    fn header(request: &Request, name: &str) -> Option<String> {
        request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// A client that asks its host for the token.
    fn asking() -> Client {
        Client::new(ClientConfig {
            profile: of(Service::Ghl),
            base_url: Some("https://test/".to_owned()),
            secret: Secret::of_host(),
            location_id: None,
            api_version: GhlVersion::Dated,
            timeout_ms: None,
        })
        .unwrap()
    }

    /// A service that takes the token of this round and later ones.
    fn taking(first: u32) -> impl Fn(&Request, u64) -> Reply {
        move |request, _| {
            let given = header(request, "authorization").unwrap();
            let round: u32 = given.rsplit('-').next().unwrap().parse().unwrap();
            if round < first {
                let message = format!("Invalid JWT {given}");
                reply(401, &[], &json!({"statusCode": 401, "message": message}))
            } else {
                found()
            }
        }
    }

    fn get<'a>(
        client: &'a Client,
        host: &'a Scripted<'_>,
    ) -> impl Future<Output = Result<Json>> + 'a {
        client.value(host, &ROWS[0], parameters(json!({"id": "n1"})))
    }

    #[test]
    fn a_function_is_asked_at_the_first_call_and_again_after_a_refusal() {
        let host = Scripted::new(taking(1));
        let client = asking();
        for _ in 0..3 {
            host.run(get(&client, &host)).unwrap();
        }
        assert_eq!((sent(&host), host.asked.borrow().clone()), (3, vec![1]));

        let host = Scripted::new(taking(2));
        let client = asking();
        host.run(get(&client, &host)).unwrap();
        host.run(get(&client, &host)).unwrap();
        assert_eq!((sent(&host), host.asked.borrow().clone()), (3, vec![1, 2]));
        assert_eq!(host.elapsed(), 10 + 50 + 10 + 50 + 50, "it waits for nothing else");
    }

    #[test]
    fn calls_that_run_at_once_ask_with_one_round() {
        let host = Scripted::new(taking(3));
        let client = asking();
        let calls = (0..10).map(|_| get(&client, &host));
        for result in host.run(join_all(calls)) {
            result.unwrap();
        }
        let mut rounds = host.asked.borrow().clone();
        rounds.dedup();
        assert_eq!(rounds, [1, 2, 3]);
        // A later refusal begins a round of its own.
        *host.token.borrow_mut() = Box::new(|_| Ok("pit-canary-3".to_owned()));
        assert_eq!(sent(&host), 30);
    }

    #[test]
    fn a_function_that_gives_the_refused_token_again_is_asked_once_for_each_refusal() {
        let host = Scripted::new(taking(9));
        *host.token.borrow_mut() = Box::new(|_| Ok("pit-canary-1".to_owned()));
        let client = asking();
        for calls in 1..3 {
            let error = host.run(get(&client, &host)).unwrap_err();
            assert_eq!(error.code, Code::Unauthorized);
            assert_eq!(sent(&host), calls);
            assert_eq!(host.asked.borrow().len(), 1 + calls);
        }
    }

    #[test]
    fn tokens_that_are_all_refused_end_the_call_and_none_is_shown() {
        let host = Scripted::new(taking(9));
        let client = asking();
        let error = host.run(get(&client, &host)).unwrap_err();
        assert_eq!((error.code, sent(&host)), (Code::Unauthorized, 3));
        let text = serde_json::to_string(&error).unwrap() + &format!("{client:?}{error:?}");
        assert!(!text.contains("canary"), "{text}");
        assert!(error.message.contains("(secret)"), "{}", error.message);
        // An older token, which a proxy may still repeat.
        let echo = reply(400, &[], &json!({"message": "was pit-canary-1 and pit-canary-2"}));
        let later = Scripted::in_turn(vec![echo]);
        let error = later.run(get(&client, &later)).unwrap_err();
        assert!(!error.message.contains("canary"), "{}", error.message);
    }

    #[test]
    fn a_refused_create_is_sent_again_with_the_new_token_and_noted_before_each_sending() {
        let host = Scripted::new(taking(2));
        let client = asking();
        let noted = Cell::new(0);
        let before = || {
            noted.set(noted.get() + 1);
            async { Ok(()) }.boxed_local()
        };
        let create = parameters(json!({"body": "x"}));
        host.run(client.value_after(&host, &ROWS[1], create, Some(&before))).unwrap();
        assert_eq!((sent(&host), noted.get()), (2, 2));
    }

    #[test]
    fn a_fixed_token_is_sent_once_and_a_lack_of_scope_asks_for_none() {
        let refusal = || reply(401, &[], &json!({"statusCode": 401, "message": "Invalid JWT"}));
        let (result, host) = run(0, vec![refusal()]);
        assert_eq!(result.unwrap_err().code, Code::Unauthorized);
        assert_eq!(sent(&host), 1);
        let message = "The token is not authorized for this scope.";
        let scope = reply(401, &[], &json!({"statusCode": 401, "message": message}));
        let host = Scripted::in_turn(vec![scope]);
        let error = host.run(get(&asking(), &host)).unwrap_err();
        assert_eq!((error.code, host.asked.borrow().len()), (Code::ScopeMissing, 1));
    }

    #[test]
    fn a_token_is_renewed_before_its_time_is_over_and_once_for_calls_that_run_at_once() {
        let host = Scripted::new(|_, _| found());
        let client = asking();
        host.renew_at_ms.set(Some(Scripted::START + 1_000));
        host.run(get(&client, &host)).unwrap();
        assert_eq!(*host.asked.borrow(), [1]);
        host.run(async { host.sleep(1_000).await }).unwrap();
        host.renew_at_ms.set(None);
        let calls = (0..5).map(|_| get(&client, &host));
        assert!(host.run(join_all(calls)).into_iter().all(|result| result.is_ok()));
        let mut rounds = host.asked.borrow().clone();
        rounds.dedup();
        assert_eq!((rounds, sent(&host)), (vec![1, 2], 6));
    }

    #[test]
    fn a_token_that_cannot_be_renewed_yet_is_used_while_it_works() {
        let host = Scripted::new(|_, _| found());
        let client = asking();
        host.renew_at_ms.set(Some(Scripted::START));
        host.run(get(&client, &host)).unwrap();
        *host.token.borrow_mut() = Box::new(|_| Err(Error::new(Code::Network, "away")));
        for _ in 0..3 {
            host.run(get(&client, &host)).unwrap();
        }
        assert_eq!(*host.asked.borrow(), [1, 2], "asked for once in 5 seconds");
        host.run(async { host.sleep(5_000).await }).unwrap();
        *host.token.borrow_mut() =
            Box::new(|_| Err(Error::new(Code::ReconnectRequired, "install the app again")));
        let error = host.run(get(&client, &host)).unwrap_err();
        assert_eq!(error.code, Code::ReconnectRequired);
    }

    #[test]
    fn a_key_that_may_only_read_is_known_after_the_first_refused_write() {
        let refusal =
            reply(403, &[], &json!({"code": 403, "message": "This API key is read-only"}));
        let task = || reply(200, &[], &json!({"id": "t1"}));
        let host = Scripted::in_turn(vec![task(), refusal, task()]);
        let client = client_of(Service::Chartmogul, GhlVersion::Dated);
        let call = |row: usize| {
            let given =
                if row == 0 { json!({"id": "t1", "text": "x"}) } else { json!({"id": "t1"}) };
            host.run(client.value(&host, &CHARTMOGUL_ROWS[row], parameters(given)))
        };
        call(1).unwrap();
        assert_eq!(call(0).unwrap_err().code, Code::Forbidden);
        let error = call(0).unwrap_err();
        assert_eq!((error.code, sent(&host)), (Code::Forbidden, 2));
        assert_eq!(error.message, "chartmogul.apiKey may only read: nothing was sent");
        call(1).unwrap();
    }

    #[test]
    fn a_credential_of_the_other_service_is_recognised() {
        for (service, secret, row, hint) in [
            (Service::Ghl, "0123456789abcdef0123456789abcdef", &ROWS[0], "chartmogul.apiKey"),
            (Service::Chartmogul, "pit-4711", &CHARTMOGUL_ROWS[1], "ghl.token"),
            (Service::Ghl, "pit-4711", &ROWS[0], "expired or revoked"),
        ] {
            let refusal = json!({"statusCode": 401, "message": "Invalid JWT"});
            let host = Scripted::in_turn(vec![reply(401, &[], &refusal)]);
            let config = ClientConfig {
                profile: of(service),
                base_url: None,
                secret: Secret::new(secret),
                location_id: None,
                api_version: GhlVersion::Dated,
                timeout_ms: None,
            };
            let client = Client::new(config).unwrap();
            let error =
                host.run(client.value(&host, row, parameters(json!({"id": "n1"})))).unwrap_err();
            assert_eq!(error.code, Code::Unauthorized);
            assert!(error.hint.as_deref().unwrap().contains(hint), "{:?}", error.hint);
        }
    }

    #[test]
    fn what_a_function_gives_wrongly_is_reported_and_asked_for_again() {
        for (given, code, message) in [
            ("", Code::InvalidConfig, "ghl.token is empty"),
            ("  \n", Code::InvalidConfig, "ghl.token is empty"),
            ("pit canary", Code::InvalidConfig, "ghl.token contains characters"),
            ("pit-canary\u{e9}", Code::InvalidConfig, "ghl.token contains characters"),
        ] {
            let host = Scripted::new(taking(1));
            *host.token.borrow_mut() = Box::new(move |_| Ok(given.to_owned()));
            let client = asking();
            let error = host.run(get(&client, &host)).unwrap_err();
            assert_eq!((error.code, error.service), (code, Some(Service::Ghl)));
            assert!(error.message.starts_with(message), "{}", error.message);
            assert!(!error.message.contains("canary") && sent(&host) == 0);
            *host.token.borrow_mut() = Box::new(|_| Ok(" pit-canary-1\n".to_owned()));
            host.run(get(&client, &host)).unwrap();
        }
        let host = Scripted::new(taking(2));
        let failure =
            |_| Err(Error::new(Code::Unauthorized, "the function failed: vault is sealed"));
        *host.token.borrow_mut() = Box::new(failure);
        let client = asking();
        let error = host.run(get(&client, &host)).unwrap_err();
        assert_eq!(error.message, "ghl.token: the function failed: vault is sealed");
        assert_eq!(error.endpoint.as_deref(), Some("notes.get"));
        assert_eq!(sent(&host), 0);
    }

    #[test]
    fn a_clock_set_back_while_calls_wait_delays_none_of_them() {
        let elapsed = |back: u64| {
            let host = Scripted::new(|_, now| match now % 7 {
                0 => reply(429, &[("x-ratelimit-daily-remaining", "9000")], &json!({})),
                _ => found(),
            });
            let client = ghl();
            let calls = async {
                for _ in 0..140 {
                    let get = client.value(&host, &ROWS[0], parameters(json!({"id": "n1"})));
                    get.await.unwrap();
                }
            };
            let clock = async {
                host.sleep(5_000).await.unwrap();
                host.set_clock_back(back);
            };
            host.run(futures_util::future::join(calls, clock));
            host.elapsed()
        };
        assert!(elapsed(0) > 10_000);
        assert_eq!(elapsed(3_600_000), elapsed(0));
    }

    #[test]
    fn a_noted_call_refused_for_its_rate_holds_the_next_back_by_the_same_clock() {
        for back in [0, 3_600_000] {
            let host = Scripted::in_turn(vec![reply(429, &[], &json!({})), found()]);
            host.set_clock_back(back);
            let client = ghl();
            let before = || -> LocalBoxFuture<'_, Result<()>> { Box::pin(async { Ok(()) }) };
            let get = || {
                let given = parameters(json!({"id": "n1"}));
                client.value_after(&host, &ROWS[0], given, Some(&before))
            };
            assert_eq!(host.run(get()).unwrap_err().code, Code::RateLimited);
            host.run(get()).unwrap();
            assert!((10_000..12_000).contains(&host.elapsed()), "{}", host.elapsed());
        }
    }

    #[test]
    fn a_request_says_what_its_row_says() {
        let (value, host) = run(1, vec![found()]);
        assert_eq!(value.unwrap(), r#"{"id":"n1"}"#);
        let sent = host.sent.borrow();
        let request = &sent[0].1;
        assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://test/notes"));
        assert_eq!(request.body, br#"{"body":"x"}"#);
        assert_eq!(header(request, "authorization").unwrap(), format!("Bearer {TOKEN}"));
        assert_eq!(header(request, "version").unwrap(), "2021-04-15");
        assert_eq!(header(request, "content-type").unwrap(), "application/json");
        assert_eq!(header(request, "accept").unwrap(), "application/json");
    }

    #[test]
    fn a_read_has_no_body_and_chartmogul_takes_the_key_as_user() {
        let client = client_of(Service::Chartmogul, GhlVersion::Dated);
        let host = Scripted::new(|_, _| reply(200, &[], &json!({"a": 1})));
        host.run(client.call(&host, &CHARTMOGUL_ROWS[1], parameters(json!({"id": "a/b"}))))
            .unwrap();
        let sent = host.sent.borrow();
        let request = &sent[0].1;
        assert_eq!(request.url, "https://test/v1/tasks/a%2Fb");
        assert!(request.body.is_empty());
        assert_eq!(header(request, "content-type"), None);
        assert_eq!(header(request, "version"), None);
        let expected = format!("Basic {}", STANDARD.encode(format!("{TOKEN}:")));
        assert_eq!(header(request, "authorization").unwrap(), expected);
    }

    #[test]
    fn v3_changes_path_and_version_where_the_row_exists_there() {
        let client = client_of(Service::Ghl, GhlVersion::V3);
        let host = Scripted::new(|_, _| found());
        for (row, url, version) in [
            (2, "https://test/notes/re-named/n1", "v3"),
            (3, "https://test/notes/n1", "2021-07-28"),
        ] {
            let mut given = json!({"id": "n1"});
            if row == 2 {
                given["text"] = json!("x");
            }
            host.run(client.call(&host, &ROWS[row], parameters(given))).unwrap();
            let sent = host.sent.borrow();
            let request = &sent.last().unwrap().1;
            assert_eq!(
                (request.url.as_str(), header(request, "version").unwrap().as_str()),
                (url, version)
            );
        }
    }

    #[test]
    fn the_location_is_filled_in_unless_given() {
        let (_, host) = run(4, vec![found()]);
        assert_eq!(host.sent.borrow()[0].1.url, "https://test/search?location_id=loc1");
        let host = Scripted::new(|_, _| found());
        let given = parameters(json!({"location_id": "other"}));
        host.run(ghl().value(&host, &ROWS[4], given)).unwrap();
        assert_eq!(host.sent.borrow()[0].1.url, "https://test/search?location_id=other");
        let (_, host) = run(2, vec![found()]);
        let body: Value = serde_json::from_slice(&host.sent.borrow()[0].1.body).unwrap();
        assert_eq!(body, json!({"text": "x", "locationId": "loc1"}));
    }

    #[test]
    fn bad_parameters_and_empty_changes_never_leave() {
        let client = client_of(Service::Chartmogul, GhlVersion::Dated);
        let host = Scripted::in_turn(Vec::new());
        for given in
            [json!({"id": "t"}), json!({"id": ".."}), json!({"id": "", "text": "x"}), json!({})]
        {
            let error =
                host.run(client.value(&host, &CHARTMOGUL_ROWS[0], parameters(given))).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(error.message.starts_with("tasks.update: "), "{}", error.message);
            assert_eq!(error.endpoint.as_deref(), Some("tasks.update"));
        }
    }

    #[test]
    fn nothing_changed_is_a_success() {
        let client = client_of(Service::Chartmogul, GhlVersion::Dated);
        let host = Scripted::in_turn(vec![text_reply(304, &[], "")]);
        let given = parameters(json!({"id": "t", "text": "same"}));
        assert_eq!(host.run(client.value(&host, &CHARTMOGUL_ROWS[0], given)).unwrap().get(), "{}");
    }

    #[test]
    fn a_read_is_sent_again_whatever_was_lost() {
        for lost in [
            failed(SendFailure::Timeout),
            failed(SendFailure::Lost("reset".to_owned())),
            failed(SendFailure::NotSent("refused".to_owned())),
            text_reply(502, &[], "<html>"),
            text_reply(500, &[], ""),
            text_reply(401, &[], r#"{"message":"Command timed out"}"#),
            text_reply(401, &[], "<!DOCTYPE html>"),
            text_reply(403, &[], ""),
            text_reply(200, &[], "<!DOCTYPE html>"),
            text_reply(200, &[], r#"{"note":{"id":"#),
            text_reply(200, &[], ""),
        ] {
            let (value, host) = run(0, vec![lost.clone(), found()]);
            assert_eq!(value.unwrap(), r#"{"id":"n1"}"#, "{lost:?}");
            assert!(
                host.events
                    .borrow()
                    .iter()
                    .any(|event| matches!(event, Event::Retry { attempt: 2, .. }))
            );
        }
    }

    #[test]
    fn a_create_is_never_sent_again_blindly() {
        for lost in [
            failed(SendFailure::Timeout),
            failed(SendFailure::Lost("reset".to_owned())),
            text_reply(500, &[], ""),
            text_reply(503, &[], "x"),
            text_reply(201, &[], "<!DOCTYPE html>"),
            text_reply(201, &[], r#"{"note":{"id":"#),
            text_reply(401, &[], r#"{"message":"Command timed out"}"#),
            text_reply(403, &[], "<!DOCTYPE html>"),
            text_reply(404, &[], "Access denied"),
        ] {
            let (value, host) = run(1, vec![lost.clone()]);
            let error = value.unwrap_err();
            assert_eq!(error.code, Code::OutcomeUnknown, "{lost:?}");
            assert!(error.details.as_ref().unwrap()["cause"].is_string());
            assert_eq!(sent(&host), 1);
        }
    }

    #[test]
    fn a_create_that_did_not_happen_is_sent_again() {
        let (value, _) = run(1, vec![failed(SendFailure::NotSent("refused".to_owned())), found()]);
        assert!(value.is_ok());
        let (value, host) = run(1, vec![text_reply(429, &[], "{}"), found()]);
        assert!(value.is_ok());
        let sent = host.sent.borrow();
        assert!(sent[1].0 - sent[0].0 >= 10_000, "waits for the window's rest");
    }

    #[test]
    fn a_delete_that_got_lost_and_then_finds_nothing_has_done_its_work() {
        let gone = || text_reply(404, &[], r#"{"message":"gone"}"#);
        let (value, _) = run(3, vec![failed(SendFailure::Timeout), gone()]);
        assert_eq!(value.unwrap(), "{}");
        let (value, _) = run(3, vec![failed(SendFailure::NotSent(String::new())), gone()]);
        assert_eq!(value.unwrap_err().code, Code::NotFound);
        let (value, _) = run(3, vec![gone()]);
        assert_eq!(value.unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn tries_end() {
        let (value, host) = run(0, (0..3).map(|_| text_reply(500, &[], "x")).collect());
        assert_eq!(value.unwrap_err().code, Code::ServiceUnavailable);
        assert_eq!(sent(&host), 3);
        let (value, host) = run(0, (0..3).map(|_| text_reply(403, &[], "<html>")).collect());
        assert_eq!(value.unwrap_err().code, Code::UnreadableResponse);
        assert_eq!(sent(&host), 3);
        let (value, host) = run(0, vec![text_reply(404, &[], "<html>")]);
        assert_eq!(value.unwrap_err().code, Code::UnreadableResponse);
        assert_eq!(sent(&host), 1);
        let (value, host) = run(2, (0..5).map(|_| failed(SendFailure::Timeout)).collect());
        assert_eq!(value.unwrap_err().code, Code::Timeout);
        assert_eq!(sent(&host), 5);
        let (value, host) = run(0, (0..8).map(|_| text_reply(429, &[], "x")).collect());
        assert_eq!(value.unwrap_err().code, Code::RateLimited);
        assert_eq!(sent(&host), 8);
        let (value, host) = run(0, vec![text_reply(422, &[], r#"{"message":"bad"}"#)]);
        assert_eq!(value.unwrap_err().message, "notes.get: GoHighLevel answered 422: bad");
        assert_eq!(sent(&host), 1);
    }

    #[test]
    fn what_a_proxy_asks_is_waited_for_and_too_much_is_reported() {
        let (value, host) = run(0, vec![text_reply(503, &[("Retry-After", "3")], ""), found()]);
        assert!(value.is_ok());
        assert!(host.sent.borrow()[1].0 - host.sent.borrow()[0].0 >= 3_000);
        let (value, _) = run(0, vec![text_reply(503, &[("Retry-After", "3600")], "")]);
        assert_eq!(value.unwrap_err().retry_after_ms, Some(3_600_000));
    }

    #[test]
    fn the_days_end_stops_later_calls_at_home() {
        let headers = [
            ("x-ratelimit-limit-daily", "10000"),
            ("x-ratelimit-daily-remaining", "0"),
            ("x-ratelimit-daily-reset", "60000"),
        ];
        let client = ghl();
        let host = Scripted::in_turn(vec![text_reply(429, &headers, "{}"), found()]);
        let call = || client.value(&host, &ROWS[0], parameters(json!({"id": "n1"})));
        let error = host.run(call()).unwrap_err();
        assert_eq!((error.code, error.retry_after_ms), (Code::DailyQuotaExhausted, Some(60_000)));
        host.advance(59_000);
        let error = host.run(call()).unwrap_err();
        assert_eq!((error.code, error.retry_after_ms), (Code::DailyQuotaExhausted, Some(1_000)));
        assert_eq!(client.calls(), 1);
        assert_eq!(client.quota().map(|quota| quota.remaining), Some(0));
        host.advance(1_000);
        host.run(call()).unwrap();
    }

    #[test]
    fn the_signal_ends_a_call_wherever_it_is() {
        // Before.
        let host = Scripted::in_turn(Vec::new());
        host.abort_after(0);
        let call = |host: &Scripted<'_>| {
            host.run(ghl().value(host, &ROWS[0], parameters(json!({"id": "n1"})))).unwrap_err().code
        };
        assert_eq!(call(&host), Code::Aborted);
        // While sent.
        let host = Scripted::in_turn(vec![found()]);
        host.abort_after(20);
        assert_eq!((call(&host), host.elapsed()), (Code::Aborted, 20));
        // Between two tries.
        let host = Scripted::in_turn(vec![text_reply(503, &[("Retry-After", "30")], "")]);
        host.abort_after(1_000);
        assert_eq!((call(&host), host.elapsed()), (Code::Aborted, 1_000));
        // In the queue.
        let host = Scripted::new(|_, _| found());
        host.abort_after(5_000);
        let client = ghl();
        let calls =
            (0..160).map(|_| client.value(&host, &ROWS[0], parameters(json!({"id": "n1"}))));
        let ends = host.run(join_all(calls));
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 100);
        assert_eq!(host.elapsed(), 5_000);
    }

    #[test]
    fn many_calls_at_once_keep_order_limit_and_connections() {
        for (service, most, interval, in_flight, limit) in
            [(Service::Chartmogul, 40, 1_000, 19, 0.97), (Service::Ghl, 100, 10_000, 32, 0.97)]
        {
            let client = client_of(service, GhlVersion::Dated);
            let open = RefCell::new(Vec::new());
            let peak = Cell::new(0);
            let host = Scripted::new(|request, now| {
                // Answers take 90 to 590 ms.
                let path = request.url.trim_start_matches("https://test");
                let took = 90 + (path.len() as u64 * 7919 + now) % 500;
                let mut open = open.borrow_mut();
                open.retain(|end| *end > now);
                open.push(now + took);
                peak.set(peak.get().max(open.len()));
                (took, reply(200, &[], &json!({"note": 1})).1)
            });
            let row = if service == Service::Ghl { &ROWS[0] } else { &CHARTMOGUL_ROWS[1] };
            let count = 1_000;
            let calls =
                (0..count).map(|id| client.value(&host, row, parameters(json!({"id": id}))));
            assert!(host.run(join_all(calls)).iter().all(|end| end.is_ok()));
            let sent = host.sent.borrow();
            let times: Vec<u64> = sent.iter().map(|(at, _)| *at).collect();
            for window in times.windows(most + 1) {
                assert!(window[most] - window[0] >= interval);
            }
            assert!(peak.get() <= in_flight, "{} in flight", peak.get());
            let id =
                |request: &Request| request.url.rsplit('/').next().unwrap().parse::<u64>().unwrap();
            assert!(sent.iter().map(|(_, request)| id(request)).eq(0..count));
            let ideal = count as f64 / most as f64 * interval as f64;
            assert!(ideal / host.elapsed() as f64 > limit, "{}", ideal / host.elapsed() as f64);
            let paced = |event: &Event| matches!(event, Event::Pace { .. });
            assert!(host.events.borrow().iter().any(paced));
        }
    }

    /// A client of ChartMogul with this key, `None` for the host's.
    fn sharing(accounts: &Accounts, key: Option<&str>) -> Client {
        let config = ClientConfig {
            profile: of(Service::Chartmogul),
            base_url: None,
            secret: key.map_or(Secret::of_host(), Secret::new),
            location_id: None,
            api_version: GhlVersion::Dated,
            timeout_ms: None,
        };
        Client::sharing(config, accounts).unwrap()
    }

    #[test]
    fn clients_of_one_account_never_pass_its_limits_together() {
        let accounts = Accounts::default();
        let open = RefCell::new(Vec::new());
        let peak = Cell::new(0);
        let host = Scripted::new(|_, now| {
            let took = 90 + now * 7919 % 300;
            let mut open = open.borrow_mut();
            open.retain(|end| *end > now);
            open.push(now + took);
            peak.set(peak.get().max(open.len()));
            (took, reply(200, &[], &json!({"note": 1})).1)
        });
        let clients: Vec<Client> =
            (0..7).map(|place| sharing(&accounts, (place > 2).then_some("pit-canary-1"))).collect();
        let calls = (0..1_000).map(|id| {
            let client = &clients[id % clients.len()];
            client.value(&host, &CHARTMOGUL_ROWS[1], parameters(json!({"id": id})))
        });
        assert!(host.run(join_all(calls)).iter().all(Result::is_ok));
        let sent = host.sent.borrow();
        for window in sent.windows(41) {
            assert!(window[40].0 - window[0].0 >= 1_000);
        }
        assert!(peak.get() <= 19, "{} in flight", peak.get());
        let used = 25_000.0 / host.elapsed() as f64;
        assert!(used > 0.98, "{used}");
        assert_eq!(accounts.len(), 1);
        let held = accounts.key(of(Service::Chartmogul), "", "pit-canary-1");
        assert!(held.len() == 22 && !format!("{accounts:?} {clients:?}").contains("canary"));
        drop(clients);
        assert_eq!(accounts.len(), 0);
    }

    #[test]
    fn a_key_that_changes_takes_its_account_along_and_finds_others() {
        let accounts = Accounts::default();
        let host = Scripted::new(|request: &Request, _| {
            let known = header(request, "authorization").is_some_and(|value| {
                value == (of(Service::Chartmogul).authorization)("pit-canary-2")
            });
            let refusal = r#"{"code":401,"message":"Unauthorized","success":false}"#;
            if known {
                text_reply(200, &[], r#"{"note":1}"#)
            } else {
                text_reply(401, &[], refusal)
            }
        });
        let (one, other) = (sharing(&accounts, None), sharing(&accounts, None));
        let same = |a: &Client, b: &Client| Rc::ptr_eq(&a.account(), &b.account());
        assert!(!same(&one, &other));
        assert!(one.known_account().is_none());
        let call = |client: &Client| {
            host.run(client.value(&host, &CHARTMOGUL_ROWS[1], parameters(json!({"id": "t"}))))
        };
        call(&one).unwrap();
        assert!(one.known_account().is_some() && !same(&one, &other));
        call(&other).unwrap();
        assert!(same(&one, &other));
        assert!(same(&one, &sharing(&accounts, Some("pit-canary-2"))));
        assert!(!same(&one, &sharing(&accounts, Some("pit-canary-3"))));
        let elsewhere = sharing(&accounts.within("another"), Some("pit-canary-2"));
        assert!(!same(&one, &elsewhere));
        // By both of its keys, and the other world's.
        assert_eq!(accounts.len(), 3);
        assert!(same(&one, &one.twin()));
    }

    #[test]
    fn a_location_has_one_window_and_one_days_quota_whatever_the_token() {
        let accounts = Accounts::default();
        let of_token = |token: &str, location: &str| {
            let config = ClientConfig {
                profile: of(Service::Ghl),
                base_url: None,
                secret: Secret::new(token),
                location_id: Some(location.to_owned()),
                api_version: GhlVersion::Dated,
                timeout_ms: None,
            };
            Client::sharing(config, &accounts).unwrap()
        };
        let headers = [("x-ratelimit-daily-remaining", "0"), ("x-ratelimit-daily-reset", "60000")];
        let host = Scripted::in_turn(vec![reply(200, &headers, &json!({"note": 1}))]);
        let call = |client: &Client| {
            host.run(client.value(&host, &ROWS[0], parameters(json!({"id": "n1"}))))
        };
        let (one, other) = (of_token("pit-one", "L"), of_token("pit-two", "L"));
        call(&one).unwrap();
        assert_eq!(call(&other).unwrap_err().code, Code::DailyQuotaExhausted);
        assert_eq!(of_token("pit-one", "M").quota(), None);
    }

    #[test]
    fn the_secret_is_in_no_error_and_no_event() {
        let basic = STANDARD.encode(format!("{TOKEN}:"));
        let echo = format!(r#"{{"message":["token {TOKEN} bad", "{basic}"],"traceId":"{TOKEN}"}}"#);
        for service in [Service::Ghl, Service::Chartmogul] {
            let client = client_of(service, GhlVersion::Dated);
            let row = if service == Service::Ghl { &ROWS[3] } else { &CHARTMOGUL_ROWS[1] };
            let replies =
                vec![text_reply(422, &[], &echo), failed(SendFailure::NotSent(TOKEN.to_owned()))];
            let replies =
                [replies, (0..4).map(|_| failed(SendFailure::Lost(basic.clone()))).collect()];
            let host = Scripted::in_turn(replies.concat());
            let mut texts = Vec::new();
            for _ in 0..2 {
                let error = host
                    .run(client.value(&host, row, parameters(json!({"id": "n1"}))))
                    .unwrap_err();
                texts.push(format!("{error} {error:?} {}", serde_json::to_string(&error).unwrap()));
            }
            texts.push(serde_json::to_string(&*host.events.borrow()).unwrap());
            texts.push(format!("{client:?} {:?}", host.sent.borrow()));
            for text in texts {
                let hidden = if service == Service::Ghl { TOKEN } else { basic.as_str() };
                assert!(!text.contains("canary") && !text.contains(hidden), "{text}");
            }
        }
    }

    #[test]
    fn credentials_of_wrong_form_are_refused_without_showing_them() {
        for bad in ["", "  ", "pit canary", "pit-canary\u{e9}", "pit-\ncanary"] {
            let config = ClientConfig {
                profile: of(Service::Ghl),
                base_url: None,
                secret: Secret::new(bad),
                location_id: None,
                api_version: GhlVersion::V3,
                timeout_ms: None,
            };
            let error = Client::new(config).unwrap_err();
            assert_eq!(error.code, Code::InvalidConfig);
            assert!(!error.to_string().contains("canary"));
        }
    }

    #[test]
    fn bytes_are_not_read_as_json() {
        let client = ghl();
        let host = Scripted::in_turn(vec![(
            5,
            Ok(Response { status: 200, headers: Vec::new(), body: vec![0xff, 0] }),
        )]);
        let response = host.run(client.call(&host, &ROWS[5], Parameters::new())).unwrap();
        assert_eq!(response.body, [0xff, 0]);
        assert_eq!(header(&host.sent.borrow()[0].1, "accept").unwrap(), "*/*");
    }

    #[test]
    fn a_clock_that_stands_still_ends_the_call() {
        let client = ghl();
        let host = Scripted::new(|_, _| found());
        host.stop_clock();
        let call = || client.value(&host, &ROWS[0], parameters(json!({"id": "n1"})));
        // What goes out at once waits for nothing.
        for _ in 0..25 {
            host.run(call()).unwrap();
        }
        assert_eq!(host.run(call()).unwrap_err().code, Code::InvalidConfig);
    }

    #[test]
    fn a_service_that_is_down_drains_the_budget_and_calls_fail_at_once() {
        let client = client_of(Service::Chartmogul, GhlVersion::Dated);
        let host = Scripted::new(|_, _| text_reply(503, &[], ""));
        let call = || client.value(&host, &CHARTMOGUL_ROWS[1], parameters(json!({"id": "t"})));
        for _ in 0..20 {
            host.run(call()).unwrap_err();
        }
        let before = client.calls();
        host.run(call()).unwrap_err();
        assert_eq!(client.calls() - before, 1);
    }
}
