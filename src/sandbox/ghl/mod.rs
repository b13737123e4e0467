//! GHL in memory: one company with one location.

mod associations;
mod blogs;
mod businesses;
mod by_hand;
mod calendars;
mod contact_forms;
mod contact_tags;
mod contact_values;
mod contacts;
mod conversations;
mod custom_fields;
mod custom_values;
mod enrolments;
mod events;
mod gate;
mod lists;
mod locations;
mod notes;
mod oauth;
mod object_fields;
mod objects;
mod opportunities;
mod refusals;
mod resources;
mod rules;
mod search;
mod store;
mod surveys;
mod tasks;
mod users;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::random::Random;
use super::seed::GhlSeed;
use super::service::{Call, Reply, Service};
use super::{Credentials, SandboxOptions};
use gate::{Access, Limits};
use refusals::{unauthorized, unprocessable, wrong_location};
use rules::{Generation, Route, Rules};
use search::SearchCache;
pub(crate) use store::Record;
use store::{Collection, Contacts, Store, parent_of};

/// A success, or a refusal.
type Answered = Result<Reply, Reply>;

/// GHL's records and rules.
#[derive(Debug)]
pub(crate) struct Ghl {
    rules: &'static Rules,
    access: Access,
    oauth: oauth::Oauth,
    limits: Limits,
    store: Store,
    merge_moves_appointments: bool,
    search_cache: SearchCache,
}

/// One request that has passed the gate, and what answering it needs.
pub(super) struct Exchange<'a> {
    /// Path parameters.
    parameters: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    body: Value,
    generation: Generation,
    /// Status of a success.
    success: u16,
    now_ms: u64,
    random: &'a mut Random,
}

impl Exchange<'_> {
    /// Takes what has no effect out of the query and the body.
    fn forget(&mut self, names: &[&str]) {
        self.query.retain(|(name, _)| !names.contains(&name.as_str()));
        if let Some(body) = self.body.as_object_mut() {
            body.retain(|name, _| !names.contains(&name.as_str()));
        }
    }

    /// A path parameter.
    fn parameter(&self, name: &str) -> String {
        self.parameters.get(name).cloned().unwrap_or_default()
    }

    /// A query parameter.
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is a whole number.
    fn query_number(&self, name: &str) -> Option<usize> {
        self.query(name).and_then(|text| text.parse().ok())
    }

    /// The body's properties.
    fn properties(&self) -> Map<String, Value> {
        self.body.as_object().cloned().unwrap_or_default()
    }

    /// A text of the body.
    fn body_text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// An id for GHL's support.
    fn trace_id(&mut self) -> String {
        self.random.uuid()
    }

    /// A success with this body.
    fn succeed(&self, body: &Value) -> Reply {
        Reply::json(self.success, body)
    }

    /// A success with this body and a flag: one spelling in the date versions, two in v3.
    fn succeed_with_flag(&self, body: Value) -> Reply {
        let mut flagged = body.as_object().cloned().unwrap_or_default();
        flagged.insert("succeded".into(), json!(true));
        if self.generation == Generation::V3 {
            flagged.insert("succeeded".into(), json!(true));
        }
        self.succeed(&Value::Object(flagged))
    }

    /// The success of a delete.
    fn done(&self) -> Reply {
        self.succeed_with_flag(json!({})).wrote()
    }
}

impl Ghl {
    /// A location with these records.
    pub(crate) fn new(options: &SandboxOptions, credentials: &Credentials, seed: GhlSeed) -> Self {
        let contacts = Contacts::new(options.search_lag_ms, seed.contacts);
        let mut store =
            Store::new(credentials.location_id.clone(), credentials.company_id.clone(), contacts);
        store.notes_touch_contact = options.notes_touch_contact;
        store.task_search_lag_ms = options.task_search_lag_ms;
        store.business_deletion_clears_contacts = options.business_deletion_clears_contacts;
        for (kind, records) in seed.collections {
            *store.of_mut(kind) = Collection::of(parent_of(kind), records);
        }
        Self {
            rules: Rules::shared(options.strict),
            access: Access::new(options, credentials),
            oauth: oauth::Oauth::new(options, credentials),
            limits: Limits::new(options),
            store,
            merge_moves_appointments: options.merge_moves_appointments,
            search_cache: SearchCache::default(),
        }
    }

    /// How often a record was made, removed or given other contents.
    pub(crate) fn changes(&self) -> u64 {
        self.store.changes()
    }

    /// Uses up the day's quota.
    pub(crate) fn exhaust_quota(&mut self, now_ms: u64) {
        self.limits.exhaust_day(now_ms);
    }

    /// Ends the token's validity.
    pub(crate) fn expire_token(&mut self) {
        self.access.set_valid(false);
        self.oauth.expire();
    }

    /// Gives the token its validity back.
    pub(crate) const fn renew_token(&mut self) {
        self.access.set_valid(true);
    }

    /// The ids of the company's locations, the sandbox's own first.
    pub(crate) fn location_ids(&self) -> Vec<&str> {
        self.oauth.location_ids()
    }

    /// Pauses a location, activates it, or takes the app from it; false where there is none.
    pub(crate) fn set_location(
        &mut self,
        id: &str,
        active: Option<bool>,
        installed: Option<bool>,
    ) -> bool {
        self.oauth.set_location(id, active, installed)
    }

    fn pass(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        // OAuth's own paths have no version and no limits that are on record.
        if let Some(reply) = self.oauth.answer(call, random) {
            return reply;
        }
        let generation = match gate::generation(call) {
            Ok(generation) => generation,
            Err(refusal) => return refusal.endpoint("(no version)"),
        };
        let token = call.bearer();
        let kind = match self.oauth.kind_of(token, call.now_ms) {
            Some(kind) => Ok(kind),
            None => self.access.token_kind(call),
        };
        let kind = match kind {
            Ok(kind) => kind,
            Err(refusal) => return refusal.endpoint("(no token)"),
        };
        // The sandbox has no records of other locations, but that they are there.
        if let Some(other) = self.oauth.other_location(token) {
            let own = call.method == crate::host::Method::Get
                && call.path == format!("/locations/{other}");
            let location = self.oauth.location(other).filter(|_| own);
            let reply = location.map_or_else(refusals::wrong_location, |location| {
                Reply::json(200, &json!({ "location": location }))
            });
            return reply.endpoint("GET /locations/{locationId}");
        }
        let (operation, parameters) =
            match self.rules.route(call.method, &call.segments, generation) {
                Route::To(operation, parameters) => (operation, parameters),
                Route::WrongCase => return unauthorized("Unauthorized").endpoint("(no route)"),
                Route::None => return no_route(call).endpoint("(no route)"),
            };
        let key = operation.key.clone();
        if let Err(refusal) = self.limits.take(call.now_ms) {
            return refusal.endpoint(key);
        }
        if let Err(refusal) = self.access.allow(kind, operation) {
            return refusal.endpoint(key);
        }
        let body = match read_body(call) {
            Ok(body) => body,
            Err(refusal) => return refusal.endpoint(key),
        };
        let query = operation.named(&call.query);
        let mut violations = self.rules.query_violations(operation, &query);
        if operation.takes_body() {
            violations.extend(self.rules.body_violations(operation, &body));
        }
        let mut exchange = Exchange {
            parameters,
            query,
            body,
            generation,
            success: operation.success,
            now_ms: call.now_ms,
            random,
        };
        let location_known = check_location(&self.store, &exchange, &violations);
        exchange.forget(&operation.ignored);
        let answered = match location_known {
            Err(refusal) => Err(refusal),
            Ok(()) if violations.is_empty() => self.dispatch(&key, &mut exchange),
            Ok(()) => Err(unprocessable(&mut exchange, &violations)),
        };
        match answered {
            Ok(reply) | Err(reply) => reply.endpoint(key),
        }
    }

    fn dispatch(&mut self, key: &str, exchange: &mut Exchange<'_>) -> Answered {
        let store = &mut self.store;
        let (method, path) = key.split_once(' ').unwrap_or((key, ""));
        let mut segments = path.trim_start_matches('/').split('/');
        match (segments.next(), segments.nth(1)) {
            (Some("contacts"), Some("notes")) => notes::answer(store, method, exchange),
            (Some("contacts"), Some("tasks")) => tasks::answer(store, key, exchange),
            _ if key == "POST /contacts/search" => {
                search::answer(store, &mut self.search_cache, exchange)
            }
            _ if key == "POST /locations/{locationId}/tasks/search" => {
                tasks::search(store, exchange)
            }
            (Some("contacts"), _) => contacts::answer(store, key, exchange),
            (Some("locations"), Some("customValues")) => {
                custom_values::answer(store, key, exchange)
            }
            (Some("custom-fields"), _) => object_fields::answer(store, key, exchange),
            (Some("surveys"), _) => surveys::answer(store, key, exchange),
            (Some("locations"), Some("customFields")) => {
                custom_fields::answer(store, key, exchange)
            }
            (Some("locations"), _) => locations::answer(store, key, exchange),
            (Some("users"), _) => users::answer(store, key, exchange),
            (Some("opportunities"), _) => opportunities::answer(store, key, exchange),
            (Some("conversations"), _) => conversations::answer(store, key, exchange),
            (Some("calendars"), _) => calendars::answer(store, key, exchange),
            (Some("businesses"), _) => businesses::answer(store, key, exchange),
            (Some("associations"), _) => associations::answer(store, key, exchange),
            (Some("objects"), _) => objects::answer(store, key, exchange),
            (Some("blogs"), _) => blogs::answer(store, key, exchange),
            _ => lists::answer(store, key, exchange),
        }
    }
}

impl Service for Ghl {
    fn answer(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        let mut reply = self.pass(call, random);
        reply.headers.extend(self.limits.headers(call.now_ms));
        reply
    }

    fn records(&self, kind: &str) -> Option<Vec<Value>> {
        if kind == "contacts" {
            let all = self.store.contacts.all();
            return Some(all.map(|contact| Value::Object(contact.fields.clone())).collect());
        }
        let collection = self.store.known(kind)?;
        Some(collection.all().cloned().map(Value::Object).collect())
    }
}

/// The gateway's answer where no route leads: an empty body, or Express's page for a GET.
fn no_route(call: &Call<'_>) -> Reply {
    match call.method {
        crate::host::Method::Get => Reply::json(
            404,
            &json!({ "statusCode": 404, "message": format!("Cannot GET {}", call.path), "error": "Not Found" }),
        ),
        _ => Reply::empty(404),
    }
}

/// The body as JSON; nothing is `null`.
fn read_body(call: &Call<'_>) -> Result<Value, Reply> {
    if call.body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(call.body).map_err(|error| {
        Reply::json(
            400,
            &json!({ "statusCode": 400, "message": format!("Unexpected token in JSON: {error}"), "error": "Bad Request" }),
        )
    })
}

/// A location named anywhere in the request must be the token's; where one is needed, it must be named.
fn check_location(
    store: &Store,
    exchange: &Exchange<'_>,
    violations: &[String],
) -> Result<(), Reply> {
    let in_path = exchange.parameters.get("locationId").map(String::as_str);
    let in_query = exchange.query("locationId").or_else(|| exchange.query("location_id"));
    let mut named = in_path.into_iter().chain(in_query).chain(exchange.body_text("locationId"));
    if named.any(|id| store.of("locations").get(id).is_none()) {
        return Err(wrong_location());
    }
    let misses =
        |name: &str| violations.iter().any(|text| text == &format!("{name} should not be empty"));
    if misses("locationId") || misses("location_id") {
        return Err(wrong_location());
    }
    if misses("companyId") {
        return Err(unauthorized("E01 - Unauthorized request"));
    }
    Ok(())
}
