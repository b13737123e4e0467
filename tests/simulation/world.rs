//! A location, an account, an engine between them, and what must always hold.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ghl_chartmogul::error::{Code, Error, Result};
use ghl_chartmogul::host::{Event, Host, Method, Request};
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Secret};
use ghl_chartmogul::mapping::settings::{Anchor, Object, Settings, Users};
use ghl_chartmogul::mapping::{html, notes, tasks, text};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use ghl_chartmogul::sync::{Engine, Outcome, RunOptions, Status};
use ghl_chartmogul::{chartmogul, ghl};
use serde_json::Value;

use crate::host::{Killed, SimulatedHost};
pub use crate::stage::APPLY;

pub struct World {
    pub host: SimulatedHost,
    pub settings: Settings,
}

pub fn settings() -> Settings {
    Settings {
        users: Users { default_assignee: Some(assignee()), ..Users::default() },
        ..Settings::default()
    }
}

/// A ChartMogul user that the sandbox always has.
fn assignee() -> String {
    "finance@agency.example".to_owned()
}

impl World {
    pub fn new(options: SandboxOptions, settings: Settings) -> Self {
        let options = SandboxOptions { strict: true, ..options };
        let sandbox = Sandbox::new(options.clone());
        let host = SimulatedHost::new(Rc::new(RefCell::new(sandbox)), options.seed);
        Self { host, settings }
    }

    /// Two new clients, as a new process has them.
    pub fn clients(&self) -> (Client, chartmogul::Client) {
        let sandbox = self.host.sandbox.borrow();
        let credentials = sandbox.credentials();
        let client = |profile, secret: &str, location: Option<&str>| {
            Client::new(ClientConfig {
                profile,
                base_url: Some("http://127.0.0.1:4010".into()),
                secret: Secret::new(secret),
                location_id: location.map(str::to_owned),
                api_version: GhlVersion::Dated,
                timeout_ms: None,
            })
            .unwrap()
        };
        (
            client(&ghl::PROFILE, &credentials.ghl_token, Some(&credentials.location_id)),
            chartmogul::Client::over(client(
                &chartmogul::PROFILE,
                &credentials.chartmogul_key,
                None,
            )),
        )
    }

    /// Runs something with an engine of a new process.
    pub fn with<T>(
        &self,
        run: impl AsyncFn(&Engine<'_, SimulatedHost>) -> Result<T>,
    ) -> Result<Result<T>, Killed> {
        let (ghl, chartmogul) = self.clients();
        let engine = Engine::new(&self.host, &ghl, &chartmogul, &self.settings).unwrap();
        self.host.block_on(run(&engine))
    }

    pub fn run(&self, options: RunOptions) -> Result<Outcome> {
        self.with(async |engine| engine.run(options.clone()).await).expect("no kill was asked for")
    }

    /// Runs until a run is done, through errors and stops; gives the last outcome.
    pub fn status(&self) -> Status {
        self.with(async |engine| engine.status().await).unwrap().unwrap()
    }

    pub fn run_until_done(&self, tries: u32) -> Outcome {
        let mut last: Option<Error> = None;
        for _ in 0..tries {
            match self.run(APPLY) {
                Ok(outcome) if outcome.done => return outcome,
                Ok(_) => {}
                Err(error) => {
                    assert_ne!(error.code, Code::StoreFailed, "{error}");
                    assert_ne!(error.code, Code::InvalidArgument, "{error}");
                    last = Some(error);
                }
            }
            self.host.advance(60_000);
        }
        panic!("not done after {tries} runs; last error: {last:?}");
    }

    /// Requests so far that may have written something to ChartMogul or GHL.
    pub fn writes(&self) -> usize {
        let requests = self.host.requests.borrow();
        requests.iter().filter(|request| is_write(request)).count()
    }

    /// Contacts, notes and tasks in ChartMogul.
    pub fn counts(&self) -> (usize, usize, usize) {
        let sandbox = self.host.sandbox.borrow();
        (
            sandbox.chartmogul_contacts().len(),
            sandbox.chartmogul_notes().len(),
            sandbox.chartmogul_tasks().len(),
        )
    }

    /// How many requests of each kind were answered with which status: for messages.
    pub fn requests_by_kind(&self) -> BTreeMap<String, u32> {
        let mut kinds = BTreeMap::new();
        for event in self.host.events.borrow().iter() {
            if let Event::Request { endpoint, status, .. } = event {
                *kinds.entry(format!("{endpoint} {status}")).or_default() += 1;
            }
        }
        kinds
    }

    /// A person's change in GHL, outside the engine; gives the answer.
    pub fn ask_ghl(&self, method: &str, path: &str, body: Value) -> Value {
        let token = self.host.sandbox.borrow().credentials().ghl_token.clone();
        let headers = vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("version".into(), "2021-07-28".into()),
        ];
        self.ask(method, path, headers, body)
    }

    /// A person's change in ChartMogul, outside the engine; gives the answer.
    pub fn ask_chartmogul(&self, method: &str, path: &str, body: Value) -> Value {
        let key = self.host.sandbox.borrow().credentials().chartmogul_key.clone();
        let headers =
            vec![("authorization".into(), format!("Basic {}", STANDARD.encode(format!("{key}:"))))];
        self.ask(method, path, headers, body)
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        mut headers: Vec<(Cow<'static, str>, String)>,
        body: Value,
    ) -> Value {
        headers.push(("content-type".into(), "application/json".into()));
        let method = match method {
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            _ => Method::Delete,
        };
        let request = Request {
            method,
            url: format!("http://127.0.0.1:4010{path}"),
            headers,
            body: serde_json::to_vec(&body).unwrap(),
            timeout_ms: 60_000,
        };
        let now = self.host.now();
        let response = self.host.sandbox.borrow_mut().handle(&request, now).response;
        assert!(
            response.is_success(),
            "{path}: {response:?} {}",
            String::from_utf8_lossy(&response.body)
        );
        serde_json::from_slice(&response.body).unwrap_or_default()
    }

    /// The pairs of a kind by GHL id: `uuid`, `customer`, `contact`, `role`, `base`.
    pub fn linked(&self, kind: &str) -> BTreeMap<String, Value> {
        let pairs = self.host.store.matching(&format!("/pair/{kind}/"));
        let read = |(key, value): (String, String)| {
            let pair: Value = serde_json::from_str(&value).unwrap();
            let link = serde_json::json!({
                "uuid": pair["chartmogul"],
                "customer": pair["customer"],
                "contact": pair["parent"],
                "role": pair["role"].as_str().unwrap_or("member"),
                "base": pair["base"],
                "kept": pair["kept"],
            });
            (key.rsplit('/').next().unwrap().to_owned(), link)
        };
        pairs.into_iter().map(read).collect()
    }

    /// What must hold after every finished run, whatever went wrong before.
    pub fn check(&self) {
        let sandbox = self.host.sandbox.borrow();
        let linked = self.linked("contact");
        assert!(!linked.is_empty(), "no contact was linked");
        for (key, _) in self.host.store.matching("/intent/") {
            let letter = key.replace("/intent/", "/letter/");
            let told = !self.host.store.matching(&letter).is_empty();
            let id = key.rsplit('/').next().unwrap();
            let known = self.host.store.matching(id);
            assert!(told, "{key} is left, and no dead letter mentions it; {known:?}");
        }
        if self.settings.includes(Object::Notes) {
            self.check_notes(&sandbox, &linked);
        }
        if self.settings.includes(Object::Tasks) {
            self.check_tasks(&sandbox, &linked);
        }
        self.check_contacts(&sandbox, &linked);
        self.check_secrets(&sandbox);
    }

    fn check_notes(&self, sandbox: &Sandbox, linked: &BTreeMap<String, Value>) {
        let mut there: BTreeMap<String, u32> = BTreeMap::new();
        for note in sandbox.chartmogul_notes() {
            if let Some(id) = notes::marked(note["text"].as_str().unwrap_or_default()) {
                *there.entry(id).or_default() += 1;
            }
        }
        let twice: Vec<_> = there.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "notes written twice: {twice:?}");
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for note in sandbox.chartmogul_notes() {
            let text = note["text"].as_str().unwrap_or_default();
            if let Some(id) = notes::marked(text) {
                texts.insert(id, text::one_line(&html::plain(text)));
            }
        }
        for note in sandbox.ghl_notes() {
            let (id, contact) = (note["id"].as_str().unwrap(), note["contactId"].as_str().unwrap());
            let expected = linked.contains_key(contact);
            assert_eq!(there.contains_key(id), expected, "note {id} of contact {contact}");
            if let Some(held) = texts.get(id) {
                let body = html::plain(note["body"].as_str().unwrap_or_default());
                let body = text::one_line(&body);
                assert!(held.contains(&body), "note {id} holds {held:?}, and not {body:?}");
            }
        }
    }

    fn check_tasks(&self, sandbox: &Sandbox, linked: &BTreeMap<String, Value>) {
        let mut there: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for task in sandbox.chartmogul_tasks() {
            if let Some(id) = tasks::marked(task["task_details"].as_str().unwrap_or_default()) {
                there.entry(id.to_owned()).or_default().push(task);
            }
        }
        let twice: Vec<_> =
            there.iter().filter(|(_, found)| found.len() > 1).map(|(id, _)| id).collect();
        assert!(twice.is_empty(), "tasks written twice: {twice:?}");
        for task in sandbox.ghl_tasks() {
            let id = task["id"].as_str().or(task["_id"].as_str()).unwrap();
            let contact = task["contactId"].as_str().unwrap();
            match there.get(id) {
                Some(found) => {
                    let done = !found[0]["completed_at"].is_null();
                    assert_eq!(
                        task["completed"].as_bool().unwrap_or(false),
                        done,
                        "completion of task {id}"
                    );
                    let held = found[0]["task_details"].as_str().unwrap();
                    let title = text::one_line(task["title"].as_str().unwrap_or_default());
                    let title = text::cut(&title, 100);
                    let title = title.trim_end_matches('…');
                    assert!(held.starts_with(title), "task {id} holds {held:?}, not {title:?}");
                }
                None => {
                    assert!(!linked.contains_key(contact), "task {id} of contact {contact} is lost")
                }
            }
        }
    }

    fn check_contacts(&self, sandbox: &Sandbox, linked: &BTreeMap<String, Value>) {
        let contacts = sandbox.chartmogul_contacts();
        let known: BTreeSet<&str> =
            contacts.iter().filter_map(|contact| contact["uuid"].as_str()).collect();
        let customers = sandbox.chartmogul_customers();
        let mut used = BTreeSet::new();
        let ghl = sandbox.ghl_contacts();
        for (id, link) in linked {
            let own = ghl.iter().find(|contact| contact["id"] == id.as_str()).unwrap();
            let first = own["firstName"].as_str().map(str::trim).filter(|name| !name.is_empty());
            let there = contacts.iter().find(|there| there["uuid"] == link["uuid"]);
            let kept =
                link["kept"].as_array().is_some_and(|kept| kept.contains(&"first_name".into()));
            if let (Some(first), Some(there), false) = (first, there, kept) {
                assert_eq!(there["first_name"], first, "first name of contact {id}");
            }
            if link["role"] == "guest" {
                continue;
            }
            match link["uuid"].as_str() {
                Some(uuid) => {
                    assert!(
                        known.contains(uuid),
                        "contact {id} is linked to {uuid}, which is not there"
                    );
                    assert!(used.insert(uuid.to_owned()), "{uuid} is linked twice");
                }
                None => {
                    let wanted = format!("ghl:{}:{id}", sandbox.credentials().location_id);
                    let found = customers
                        .iter()
                        .filter(|customer| customer["external_id"] == wanted.as_str())
                        .count();
                    assert_eq!(found, 1, "customers of contact {id}");
                }
            }
        }
        let mut own: BTreeMap<&str, u32> = BTreeMap::new();
        for id in contacts.iter().filter_map(|contact| contact["custom"]["ghl_contact_id"].as_str())
        {
            *own.entry(id).or_default() += 1;
        }
        let twice: Vec<_> = own.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "contacts written twice: {twice:?}");
        if self.settings.anchor == Anchor::ContactIsCustomer {
            // Several customers of one address are a conflict, which waits.
            let letters = self.host.store.matching("/letter/contact/");
            let waiting = letters.iter().filter(|(_, letter)| letter.contains("\"waiting\""));
            assert_eq!(
                linked.len() + waiting.count(),
                sandbox.ghl_contacts().len(),
                "contacts that are not customers"
            );
        }
    }

    /// No state, event or URL contains a secret.
    fn check_secrets(&self, sandbox: &Sandbox) {
        let credentials = sandbox.credentials();
        let events = format!("{:?}", self.host.events.borrow());
        let requests = self.host.requests.borrow().join("\n");
        for secret in [&credentials.ghl_token, &credentials.chartmogul_key] {
            for (place, text) in
                [("store", &self.host.store.dump()), ("events", &events), ("URLs", &requests)]
            {
                assert!(!text.contains(secret.as_str()), "a secret is in the {place}");
            }
        }
    }
}

/// Searches by POST change nothing.
fn is_write(request: &str) -> bool {
    !request.starts_with("GET ") && !request.ends_with("/search")
}
