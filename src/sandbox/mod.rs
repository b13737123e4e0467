//! Both services in memory: a pure function of request, records, clock and seed.
//!
//! It stands in for GHL and ChartMogul in simulations (native), in a page (wasm) and over HTTP.
//! Its rules come from the official specs, recordings and measured behaviour, never from the
//! connector's own endpoint tables: what it refuses, the real services refuse.
//!
//! One server for both: ChartMogul's paths begin with `/v1/`, GHL's never do, and `/sandbox/`
//! controls the sandbox itself.

mod by_hand;
mod chartmogul;
mod control;
pub mod evidence;
mod faults;
mod ghl;
mod options;
mod people;
mod random;
mod seed;
mod service;
mod stats;
mod time_text;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

pub use faults::{Fault, FaultRule};
pub use options::{
    AttributeType, AttributeValues, ChartmogulGeneration, ChartmogulTexts, ContactAttributes,
    OauthInstall, SandboxOptions, TokenKind,
};
pub use stats::{ServiceStats, Stats};

use crate::error::{Code, Error, Result, Service as Which};
use crate::host::{Request, Response};
use faults::{Effect, Faults};
use random::Random;
use service::{Call, Reply, Service};

/// What the sandbox answers, and how the connection behaves.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The response.
    pub response: Response,
    /// Milliseconds until it arrives. A host with a shorter timeout never sees it.
    pub delay_ms: u64,
    /// The connection breaks instead of giving the response; what the request wrote stays written.
    pub lost: bool,
}

impl Answer {
    /// An answer without a body.
    pub fn of_status(status: u16) -> Self {
        let response = Response { status, ..Response::default() };
        Self { response, delay_ms: 0, lost: false }
    }
}

/// What becomes of a request that arrives.
#[derive(Debug)]
pub enum Arrival {
    /// It was carried out.
    Answered(Answer),
    /// It is carried out by [`Sandbox::carry_out`] so many milliseconds later.
    Waits {
        /// What it is called until then.
        ticket: u64,
        /// Milliseconds.
        after_ms: u64,
    },
}

/// What a client needs to use the sandbox. The secrets are made up from the seed.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// GHL: bearer token.
    pub ghl_token: String,
    /// GHL: the OAuth app's client id.
    pub oauth_client_id: String,
    /// GHL: the OAuth app's client secret.
    pub oauth_client_secret: String,
    /// GHL: bearer token of the company, for what only an agency may do.
    pub ghl_company_token: String,
    /// GHL: the location.
    pub location_id: String,
    /// GHL: the location's company.
    pub company_id: String,
    /// ChartMogul: the key, sent as the user name of Basic authorization.
    pub chartmogul_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credentials of location {}", self.location_id)
    }
}

/// Both services, their records, faults and counters.
pub struct Sandbox {
    options: SandboxOptions,
    credentials: Credentials,
    ghl: ghl::Ghl,
    chartmogul: chartmogul::Chartmogul,
    faults: Faults,
    stats: Stats,
    random: Random,
    clock_offset_ms: u64,
    /// Requests that have arrived and are carried out later, by ticket.
    waiting: BTreeMap<u64, (Request, Effect)>,
    /// Of the next one that waits.
    ticket: u64,
}

impl fmt::Debug for Sandbox {
    /// Leaves records and credentials out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("options", &self.options)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox with records made from the options.
    pub fn new(options: SandboxOptions) -> Self {
        let mut keys = Random::new(options.seed, "credentials");
        let credentials = Credentials {
            ghl_token: format!("pit-{}", keys.uuid()),
            ghl_company_token: keys.id(40),
            location_id: keys.id(20),
            company_id: keys.id(20),
            chartmogul_key: keys.hex(32),
            oauth_client_id: format!("{}-{}", keys.hex(24), keys.hex(8)),
            oauth_client_secret: keys.uuid(),
        };
        let seed = seed::seed(&options, &credentials);
        Self {
            ghl: ghl::Ghl::new(&options, &credentials, seed.ghl),
            chartmogul: chartmogul::Chartmogul::new(
                &options,
                seed.chartmogul,
                credentials.chartmogul_key.clone(),
            ),
            faults: Faults::new(options.seed),
            stats: Stats::default(),
            random: Random::new(options.seed, "answers"),
            clock_offset_ms: 0,
            waiting: BTreeMap::new(),
            ticket: 0,
            credentials,
            options,
        }
    }

    /// A sandbox from options in JSON; an empty text gives the defaults.
    pub fn from_json(options: &str) -> Result<Self> {
        if options.trim().is_empty() {
            return Ok(Self::new(SandboxOptions::default()));
        }
        serde_json::from_str(options).map(Self::new).map_err(|error| {
            Error::new(
                Code::InvalidConfig,
                format!("The sandbox's options are not valid: {error}."),
            )
        })
    }

    /// Answers a request that arrives at this instant, and carries it out at once.
    pub fn handle(&mut self, request: &Request, now_ms: u64) -> Answer {
        let call = self.call_of(request, now_ms);
        let mut effect = self.effect_on(&call);
        effect.delay_ms = effect.delay_ms.saturating_add(effect.slow_ms);
        self.answer(&call, &effect)
    }

    /// The same, but a request that a fault makes [`Fault::Slow`] waits to be carried out.
    pub fn arrive(&mut self, request: Request, now_ms: u64) -> Arrival {
        let call = self.call_of(&request, now_ms);
        let effect = self.effect_on(&call);
        if effect.slow_ms == 0 {
            return Arrival::Answered(self.answer(&call, &effect));
        }
        let (ticket, after_ms) = (self.ticket, effect.slow_ms);
        self.ticket += 1;
        self.waiting.insert(ticket, (request, effect));
        Arrival::Waits { ticket, after_ms }
    }

    /// Carries out a request that waits. One that a reset has taken away loses its connection.
    pub fn carry_out(&mut self, ticket: u64, now_ms: u64) -> Answer {
        let Some((request, effect)) = self.waiting.remove(&ticket) else {
            return Answer { lost: true, ..Answer::of_status(0) };
        };
        let call = self.call_of(&request, now_ms);
        self.answer(&call, &effect)
    }

    fn call_of<'a>(&self, request: &'a Request, now_ms: u64) -> Call<'a> {
        let target = target(&request.url);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Call {
            method: request.method,
            path,
            segments: path.trim_start_matches('/').split('/').map(decode_path).collect(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(decode_pair).collect(),
            headers: &request.headers,
            body: &request.body,
            now_ms: now_ms.saturating_add(self.clock_offset_ms),
        }
    }

    /// What the faults do to a request that arrives.
    fn effect_on(&mut self, call: &Call<'_>) -> Effect {
        if is_control(call) { Effect::default() } else { self.faults.next(service_of(call), call) }
    }

    fn answer(&mut self, call: &Call<'_>, effect: &Effect) -> Answer {
        if is_control(call) {
            return Answer {
                response: response(control::answer(self, call)),
                delay_ms: 0,
                lost: false,
            };
        }
        let which = service_of(call);
        let before = self.changes(which);
        let reply = match &effect.instead {
            Some(reply) => reply.clone(),
            None => {
                let reply = self.serve(which, call, effect);
                self.faults.shape(effect, call, reply)
            }
        };
        self.stats.count(which, &reply, self.changes(which) != before);
        Answer { response: response(reply), delay_ms: effect.delay_ms, lost: effect.lost }
    }

    /// How often a record of the service was made, removed or given other contents.
    fn changes(&self, which: Which) -> u64 {
        match which {
            Which::Ghl => self.ghl.changes(),
            Which::Chartmogul => self.chartmogul.changes(),
        }
    }

    fn serve(&mut self, which: Which, call: &Call<'_>, effect: &Effect) -> Reply {
        match which {
            Which::Ghl => {
                if effect.exhaust_quota {
                    self.ghl.exhaust_quota(call.now_ms);
                }
                if effect.expire_token {
                    self.ghl.expire_token();
                }
                if effect.twice {
                    self.ghl.answer(call, &mut self.random);
                }
                self.ghl.answer(call, &mut self.random)
            }
            Which::Chartmogul => {
                if effect.twice {
                    self.chartmogul.answer(call, &mut self.random);
                }
                self.chartmogul.answer_during(call, effect.delay_ms, &mut self.random)
            }
        }
    }

    /// What a client needs to use it.
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The options it was made with.
    pub const fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// Requests so far, by service and endpoint.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Sets the counters to zero.
    pub fn reset_stats(&mut self) {
        self.stats = Stats::default();
    }

    /// Replaces the faults; an empty list ends them.
    pub fn set_faults(&mut self, rules: Vec<FaultRule>) {
        self.faults.set(rules);
    }

    /// Gives GHL's token back its validity after a [`Fault::TokenExpired`].
    pub fn renew_token(&mut self) {
        self.ghl.renew_token();
    }

    /// The records of a kind as they are stored. GHL: `contacts`, `notes`, `tasks`, `users`,
    /// `customFields`, `businesses` and more; ChartMogul: `customers`, `contacts`, `notes`, `tasks`.
    pub fn records(&self, service: Which, kind: &str) -> Option<Vec<Value>> {
        match service {
            Which::Ghl => self.ghl.records(kind),
            Which::Chartmogul => self.chartmogul.records(kind),
        }
    }

    /// GHL's contacts.
    pub fn ghl_contacts(&self) -> Vec<Value> {
        self.ghl.records("contacts").unwrap_or_default()
    }

    /// GHL's notes; each has its `contactId`.
    pub fn ghl_notes(&self) -> Vec<Value> {
        self.ghl.records("notes").unwrap_or_default()
    }

    /// GHL's tasks; each has its `contactId`.
    pub fn ghl_tasks(&self) -> Vec<Value> {
        self.ghl.records("tasks").unwrap_or_default()
    }

    /// GHL's businesses.
    pub fn ghl_businesses(&self) -> Vec<Value> {
        self.ghl.records("businesses").unwrap_or_default()
    }

    /// ChartMogul's data sources.
    pub fn chartmogul_data_sources(&self) -> Vec<Value> {
        self.chartmogul.records("dataSources").unwrap_or_default()
    }

    /// ChartMogul's customers, each with its `created_at`.
    pub fn chartmogul_customers(&self) -> Vec<Value> {
        self.chartmogul.records("customers").unwrap_or_default()
    }

    /// ChartMogul's contacts, each with its `created_at`.
    pub fn chartmogul_contacts(&self) -> Vec<Value> {
        self.chartmogul.records("contacts").unwrap_or_default()
    }

    /// ChartMogul's notes and calls, each with the customer it belongs to as `of_customer_uuid`.
    pub fn chartmogul_notes(&self) -> Vec<Value> {
        self.chartmogul.records("notes").unwrap_or_default()
    }

    /// ChartMogul's tasks, each with the customer it belongs to as `of_customer_uuid`.
    pub fn chartmogul_tasks(&self) -> Vec<Value> {
        self.chartmogul.records("tasks").unwrap_or_default()
    }
}

/// Whether a request is to the sandbox itself.
fn is_control(call: &Call<'_>) -> bool {
    call.path.starts_with("/sandbox/")
}

fn service_of(call: &Call<'_>) -> Which {
    if call.path.starts_with("/v1/") { Which::Chartmogul } else { Which::Ghl }
}

/// Path and query of a URL, or of a path that came alone.
fn target(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let start = after_scheme.find('/').unwrap_or(after_scheme.len());
    let target = after_scheme.get(start..).unwrap_or("");
    target.split('#').next().unwrap_or("")
}

fn decode_path(segment: &str) -> String {
    decode(segment, false)
}

fn decode_pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decode(name, true), decode(value, true))
}

/// Percent-decoding; in a query `+` is a space. What is not valid is kept as it is.
fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, beyond @ ..]) => {
                let digits = [*high, *low];
                let value = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match value {
                    Some(value) => {
                        decoded.push(value);
                        rest = beyond;
                    }
                    None => decoded.push(b'%'),
                }
            }
            (b'+', _) if plus_is_space => decoded.push(b' '),
            (other, _) => decoded.push(*other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn response(reply: Reply) -> Response {
    Response { status: reply.status, headers: reply.headers, body: reply.body }
}

fn bad_control(message: &str) -> Reply {
    Reply::json(400, &json!({ "error": message }))
}
