//! What went over the wire: every write of the engine is seen with the records before and after it,
//! and judged on the spot. Troubles strike here, so that it is known whom they struck.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ghl_chartmogul::host::{Method, Request, Response};
use ghl_chartmogul::sandbox::{Answer, Sandbox};
use serde_json::{Value, json};

use crate::host::Wire;

/// What strikes requests that fit.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub method: &'static str,
    /// The path begins with this, and ends with that.
    pub starts: String,
    pub ends: String,
    /// The body holds this text.
    pub holds: String,
    pub left: u32,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A page of something between us and the service.
    Page(u16),
    /// The service's own refusal or failure; nothing is done.
    Refusal(u16),
    /// It is done, and this is the answer.
    DoneThen(u16),
    /// It is done, and no answer comes.
    Lost,
}

/// What is changed in answers of GHL.
#[derive(Debug, Clone)]
pub enum Retold {
    /// A note stands twice in its contact's list.
    NoteTwice { note: String },
    /// A note is in another contact's list too.
    NoteUnder { note: String, contact: String },
}

/// A write of the engine.
#[derive(Debug, Clone)]
pub struct Write {
    pub method: &'static str,
    pub path: String,
    /// Whether it was taken, and not refused.
    pub taken: bool,
}

impl Write {
    /// Its kind: method and path without ids.
    pub fn kind(&self) -> String {
        let parts = self.path.trim_start_matches("/v1/").split('/').map(|part| {
            let id = part.len() > 20;
            if id { "*" } else { part }
        });
        format!("{} {}", self.method, parts.collect::<Vec<_>>().join("/"))
    }
}

/// A GHL contact as far as the ledger compares it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub first: String,
    pub last: String,
    pub emails: BTreeSet<String>,
}

/// A ChartMogul record's field.
type Field = (String, String);

#[derive(Default)]
pub struct Ledger {
    /// Whether what arrives is of a sender that no longer waits.
    pub late: bool,
    /// Whether a run of the engine is under way.
    pub running: bool,
    pub hash: u64,
    pub writes: Vec<Write>,
    pub requests: u64,
    pub violations: Vec<String>,
    pub troubles: Vec<Trouble>,
    pub struck: Vec<String>,
    pub retold: Vec<Retold>,
    /// What a person wrote last into a field in ChartMogul.
    pub person: BTreeMap<Field, String>,
    /// What both sides held when they were last seen equal, or we wrote it, in a run that finished.
    pub agreed: BTreeMap<Field, String>,
    /// Fields that differed when a person's contact was first seen linked: they stay ChartMogul's.
    pub kept: BTreeSet<Field>,
    /// Fields of which the decisions leave open whose they are.
    pub open: BTreeSet<Field>,
    pub seen: BTreeSet<String>,
    /// What we wrote since a run finished.
    pub written: BTreeMap<Field, String>,
    pub made: BTreeSet<String>,
    pub foreign: BTreeSet<String>,
    /// The GHL contact that a ChartMogul contact was last seen to stand for.
    pub links: BTreeMap<String, String>,
    pub known: BTreeMap<String, Known>,
    /// When a GHL record was deleted.
    pub gone: BTreeMap<String, u64>,
    pub overwrites: bool,
    /// The state was lost or replaced: what the engine knew of agreements may be gone.
    pub amnesia: bool,
    /// Whether a run may write now: a plan was shown, or the user said so.
    pub may_write: bool,
    /// ChartMogul drops the attributes of contacts.
    pub drops: bool,
    /// A contact whose address a customer of another source has must be attached to it, and not made.
    pub attaches: bool,
    /// Addresses that are nobody's.
    pub shared: Vec<String>,
    /// External ids of customers that we made.
    once_made: BTreeSet<String>,
    /// The run reads both sides itself: what it plans, it plans by the records of now.
    pub fresh: bool,
    /// One attribute's type differs: its refusal is foreseen.
    pub clash: bool,
    now: Option<Account>,
    before: Account,
    struck_now: bool,
}

pub const CONTACT_FIELDS: [&str; 4] = ["first_name", "last_name", "email", "phone"];
const CUSTOMER_FIELDS: [&str; 8] =
    ["name", "company", "email", "city", "zip", "country", "state", "website_url"];

pub fn text<'v>(record: &'v Value, name: &str) -> &'v str {
    record[name].as_str().unwrap_or_default()
}

/// ChartMogul's records by uuid.
pub type Account = Rc<BTreeMap<String, Value>>;

/// All of ChartMogul's records by uuid.
pub fn account(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for records in [
        sandbox.chartmogul_customers(),
        sandbox.chartmogul_contacts(),
        sandbox.chartmogul_notes(),
        sandbox.chartmogul_tasks(),
    ] {
        for record in records {
            let uuid = [text(&record, "uuid"), text(&record, "task_uuid")].concat();
            all.insert(uuid, record);
        }
    }
    all
}

/// The fields of a record that persons and the engine write.
pub fn fields(uuid: &str, record: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |name: &str, value: &Value| {
        let value = match value {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        found.push((name.to_owned(), value));
    };
    match Sort::of(uuid) {
        Sort::Contact => CONTACT_FIELDS.iter().for_each(|name| add(name, &record[*name])),
        Sort::Customer => {
            CUSTOMER_FIELDS.iter().for_each(|name| add(name, &record[*name]));
            for (key, value) in record["attributes"]["custom"].as_object().into_iter().flatten() {
                add(&format!("custom.{key}"), value);
            }
        }
        Sort::Note => add("text", &record["text"]),
        Sort::Task => {
            add("task_details", &record["task_details"]);
            add("completed", &json!(!record["completed_at"].is_null()));
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Contact,
    Customer,
    Note,
    Task,
}

impl Sort {
    pub fn of(uuid: &str) -> Self {
        match uuid.split('_').next() {
            Some("con") => Self::Contact,
            Some("cus") => Self::Customer,
            Some("note") => Self::Note,
            _ => Self::Task,
        }
    }
}

/// The GHL id that the last marker of a text names, wherever it stands.
pub fn marked(text: &str) -> Option<String> {
    let at = ["[ghl:n:", "[ghl:t:"].iter().filter_map(|mark| text.rfind(mark)).max()?;
    let id = text[at + 7..].split(']').next()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// The GHL id that a ChartMogul record names.
pub fn owner_of(uuid: &str, record: &Value) -> Option<String> {
    let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match Sort::of(uuid) {
        Sort::Contact => named(text(record, "external_id"))
            .or_else(|| named(text(&record["custom"], "ghl_contact_id"))),
        Sort::Customer => external_ids(record)
            .iter()
            .find_map(|id| id.strip_prefix("ghl:")?.split(':').nth(1).map(str::to_owned)),
        Sort::Note => marked(text(record, "text")),
        Sort::Task => marked(text(record, "task_details")),
    }
}

pub fn external_ids(customer: &Value) -> Vec<String> {
    let ids = customer["external_ids"].as_array().into_iter().flatten();
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub fn tags_of(customer: &Value) -> Vec<&str> {
    let tags = customer["attributes"]["tags"].as_array().into_iter().flatten();
    tags.filter_map(Value::as_str).collect()
}

fn path_of(url: &str) -> String {
    let rest = url.split("://").last().and_then(|rest| rest.split_once('/'));
    format!("/{}", rest.map_or("", |(_, path)| path))
}

impl Ledger {
    /// ChartMogul's records as they are.
    pub fn now(&mut self, sandbox: &Sandbox) -> Account {
        Rc::clone(self.now.get_or_insert_with(|| Rc::new(account(sandbox))))
    }

    /// A person has merged a customer into another: what came along is whose it was.
    pub fn merged(&mut self, from: &str, into: &str, own: &BTreeMap<Field, String>) {
        let came = |name: &str| name.starts_with("custom.") || name.starts_with("tag.");
        let of = |uuid: &str, name: &str| own.get(&(uuid.to_owned(), name.to_owned())).cloned();
        let names: Vec<String> = self
            .person
            .keys()
            .filter(|(uuid, name)| uuid == into && came(name))
            .map(|(_, name)| name.clone())
            .collect();
        for name in names {
            let key = (into.to_owned(), name.clone());
            match of(into, &name).or_else(|| of(from, &name)) {
                Some(value) => _ = self.person.insert(key, value),
                None => _ = self.person.remove(&key),
            }
        }
    }

    /// They have changed.
    pub fn forget_now(&mut self) {
        self.now = None;
    }

    pub fn is_write(method: Method, path: &str) -> bool {
        method != Method::Get && !path.ends_with("/search")
    }

    pub fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn violation(&mut self, said: String) {
        if self.violations.len() < 8 {
            self.violations.push(said);
        }
    }

    fn strike(&mut self, request: &Request, path: &str) -> Option<What> {
        let method = request.method.name();
        let plain = path.split('?').next().unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body);
        let fits = |trouble: &&mut Trouble| {
            trouble.left > 0
                && (trouble.method.is_empty() || trouble.method == method)
                && plain.starts_with(&trouble.starts)
                && plain.ends_with(&trouble.ends)
                && (trouble.holds.is_empty()
                    || body.contains(&trouble.holds)
                    || path.contains(&trouble.holds))
        };
        let trouble = self.troubles.iter_mut().find(fits)?;
        trouble.left -= 1;
        let what = trouble.what;
        self.struck.push(format!("{what:?} on {method} {plain}"));
        Some(what)
    }

    /// What a write did to the records.
    fn judge(&mut self, after: &BTreeMap<String, Value>, now: u64) {
        let before = Rc::clone(&self.before);
        for (uuid, record) in before.iter() {
            if !after.contains_key(uuid) {
                self.judge_delete(uuid, record, after);
            }
        }
        for (uuid, record) in after {
            match before.get(uuid) {
                None => self.judge_create(uuid, record, now),
                Some(old) if old != record => self.judge_change(uuid, old, record),
                Some(_) => {}
            }
        }
    }

    fn judge_delete(&mut self, uuid: &str, record: &Value, after: &BTreeMap<String, Value>) {
        let sort = Sort::of(uuid);
        let name = if sort == Sort::Note { "text" } else { "task_details" };
        let whole = text(record, name);
        let by_person =
            self.person.get(&(uuid.to_owned(), name.to_owned())).is_some_and(|text| text == whole);
        let said = |text: &str| match sort {
            Sort::Task => ghl_chartmogul::mapping::tasks::unmarked(text),
            _ => ghl_chartmogul::mapping::notes::content(text),
        };
        // Without markers a copy is known by what it says.
        let id = owner_of(uuid, record);
        let elsewhere = after.iter().any(|(other, record)| {
            Sort::of(other) == sort
                && (id.is_some() && owner_of(other, record) == id
                    || said(text(record, name)) == said(whole))
        });
        // A text without a marker may have been changed as it was moved: nobody can tell from outside.
        let told = id.is_some() || !matches!(sort, Sort::Note | Sort::Task);
        if !matches!(sort, Sort::Note | Sort::Task) || by_person || told && !elsewhere {
            self.violation(format!("deleted the {sort:?} {whole:?} that stands nowhere else"));
        }
    }

    fn judge_create(&mut self, uuid: &str, record: &Value, now: u64) {
        self.made.insert(uuid.to_owned());
        if Sort::of(uuid) == Sort::Customer {
            self.judge_twin(record);
        }
        for (name, value) in fields(uuid, record) {
            self.written.insert((uuid.to_owned(), name), value);
        }
        if let Some(id) = owner_of(uuid, record) {
            // Plans last an hour; searches lag.
            if self.gone.get(&id).is_some_and(|gone| gone + 90 * 60_000 < now) {
                self.violation(format!(
                    "made a {:?} of {id}, deleted in GHL long before",
                    Sort::of(uuid)
                ));
            }
            if Sort::of(uuid) == Sort::Contact {
                self.links.insert(uuid.to_owned(), id);
            }
        }
    }

    /// Whether a customer of another source had the address of one that is made.
    fn judge_twin(&mut self, record: &Value) {
        let address = text(record, "email").to_lowercase();
        let new = external_ids(record).into_iter().all(|id| self.once_made.insert(id));
        if !self.attaches || !new || address.is_empty() || self.shared.contains(&address) {
            return;
        }
        let twin = self.before.iter().find(|(uuid, one)| {
            self.foreign.contains(*uuid)
                && Sort::of(uuid) == Sort::Customer
                && text(one, "email").to_lowercase() == address
                && !external_ids(one).iter().any(|id| id.starts_with("ghl"))
        });
        if let Some((twin, _)) = twin {
            let said = format!("made a twin of a billing customer; {twin} has {address} too");
            self.violation(said);
        }
    }

    fn judge_change(&mut self, uuid: &str, old: &Value, new: &Value) {
        let sort = Sort::of(uuid);
        if sort == Sort::Contact {
            self.judge_taking(uuid, old, new);
        }
        if sort == Sort::Customer {
            let tags = |record: &Value| -> Vec<String> {
                tags_of(record).into_iter().map(str::to_owned).collect()
            };
            let kept = tags(new);
            for tag in tags(old).iter().filter(|tag| !kept.contains(tag)) {
                if self.person.contains_key(&(uuid.to_owned(), format!("tag.{tag}"))) {
                    self.violation(format!("took the tag {tag} that a person put on a customer"));
                }
            }
        }
        let held: BTreeMap<String, String> = fields(uuid, old).into_iter().collect();
        for (name, value) in fields(uuid, new) {
            let key = (uuid.to_owned(), name.clone());
            let was = match held.get(&name) {
                Some(was) if *was == value => continue,
                Some(was) => was,
                None => {
                    self.written.insert(key, value);
                    continue;
                }
            };
            let by_person = self.person.get(&key) == Some(was) && !was.is_empty();
            let own =
                sort == Sort::Customer && external_ids(old).iter().any(|id| id.starts_with("ghl"));
            let foreign = self.foreign.contains(uuid) && sort == Sort::Customer && !own;
            if foreign && CUSTOMER_FIELDS.contains(&name.as_str()) {
                self.violation(format!(
                    "changed {name} of a customer of another source: {was:?} to {value:?}"
                ));
            } else if by_person
                && !(own && self.foreign.contains(uuid))
                && !(own && external_ids(old).len() > 1)
            {
                let allowed = match self.agreed.get(&key) {
                    _ if self.open.contains(&key) => true,
                    _ if self.kept.contains(&key) => self.overwrites,
                    Some(base) => *base != value || self.amnesia,
                    None if self.foreign.contains(uuid) => {
                        // Which contacts are linked shows only where ChartMogul keeps their attributes.
                        self.overwrites || (self.drops && sort == Sort::Contact)
                    }
                    // Nothing was ever noted of what we made: its owner's value counts.
                    None => true,
                };
                if !allowed {
                    self.violation(format!(
                        "replaced the {name} {was:?} that a person wrote in ChartMogul with {value:?}"
                    ));
                }
            }
            self.person.remove(&key);
            self.written.insert(key, value);
        }
    }

    /// A first link to a contact that a person made: whose is it?
    fn judge_taking(&mut self, uuid: &str, old: &Value, new: &Value) {
        if self.made.contains(uuid) {
            return;
        }
        let by_name = |first: &str| {
            self.known.iter().find(|(_, known)| known.first == first).map(|(id, _)| id.clone())
        };
        let renamed = text(old, "first_name") != text(new, "first_name");
        let Some(taker) = owner_of(uuid, new)
            .or_else(|| renamed.then(|| by_name(text(new, "first_name"))).flatten())
        else {
            return;
        };
        let holder = self.links.insert(uuid.to_owned(), taker.clone());
        if holder.as_ref() == Some(&taker) {
            return;
        }
        // Customers of two of ours that a person merged have but one first contact.
        let merged = self.before.get(text(old, "customer_uuid")).is_some_and(|customer| {
            external_ids(customer).iter().filter(|id| id.starts_with("ghl")).count() > 1
        });
        if merged {
            return;
        }
        if let Some(holder) = holder.filter(|holder| !self.gone.contains_key(holder)) {
            self.violation(format!(
                "a contact that is linked went to another; from {holder} to {taker}"
            ));
            return;
        }
        let Some(known) = self.known.get(&taker) else { return };
        let address = text(old, "email").to_lowercase();
        let same_name =
            text(old, "first_name") == known.first && text(old, "last_name") == known.last;
        let nameless = text(old, "first_name").is_empty() && text(old, "last_name").is_empty();
        let fits = if address.is_empty() { same_name } else { known.emails.contains(&address) };
        let blank = address.is_empty() && nameless;
        if !fits && !blank {
            let first = known.first.clone();
            self.violation(format!(
                "a person's contact went to another; {first} got that of {} {} <{address}>",
                text(old, "first_name"),
                text(old, "last_name")
            ));
        }
    }

    fn retell(&self, path: &str, sandbox: &Sandbox, response: &mut Response) {
        if self.retold.is_empty() || response.status != 200 {
            return;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return };
        let mut changed = false;
        for retold in &self.retold {
            match retold {
                Retold::NoteTwice { note } => {
                    if let Some(notes) = body["notes"].as_array_mut()
                        && let Some(twin) =
                            notes.iter().find(|one| text(one, "id") == note).cloned()
                    {
                        notes.push(twin);
                        changed = true;
                    }
                }
                Retold::NoteUnder { note, contact } => {
                    let list = format!("/contacts/{contact}/notes");
                    let found = sandbox.ghl_notes().into_iter().find(|one| text(one, "id") == note);
                    if path.split('?').next() == Some(&list)
                        && let (Some(notes), Some(twin)) = (body["notes"].as_array_mut(), found)
                        && !notes.iter().any(|one| text(one, "id") == note)
                    {
                        notes.push(twin);
                        changed = true;
                    }
                }
            }
        }
        if changed {
            response.body = body.to_string().into_bytes();
        }
    }
}

fn page(status: u16) -> Response {
    Response {
        status,
        headers: vec![
            ("content-type".into(), "text/html; charset=UTF-8".into()),
            ("server".into(), "squid/5.7".into()),
        ],
        body: format!("<html><head><title>{status}</title></head><body>Access to this site is not allowed</body></html>").into_bytes(),
    }
}

fn refusal(status: u16, path: &str) -> Response {
    let body = if path.starts_with("/v1/") {
        json!({ "code": status, "message": "Refused for now", "param": "text" })
    } else {
        json!({ "statusCode": status, "message": "Refused for now", "error": "Refused" })
    };
    Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

impl Wire for Ledger {
    fn arrives_late(&mut self, late: bool) {
        self.late = late;
    }

    fn request(&mut self, request: &Request, sandbox: &Sandbox, now: u64) -> Option<Answer> {
        let path = path_of(&request.url);
        self.requests += 1;
        assert!(self.requests < 20_000, "requests without end");
        self.note(request.method.name().as_bytes());
        self.note(path.as_bytes());
        self.note(&request.body);
        self.note(&now.to_le_bytes());
        if Self::is_write(request.method, &path) {
            if !path.starts_with("/v1/") {
                self.violation(format!("wrote to GHL: {} {path}", request.method.name()));
            }
            if !self.may_write && !self.late {
                self.violation(format!(
                    "written without a plan that was shown; {} {path}",
                    request.method.name()
                ));
                self.may_write = true;
            }
            self.before = self.now(sandbox);
        }
        let what = self.strike(request, &path);
        self.struck_now = what.is_some();
        match what? {
            What::Page(status) => Some(Answer { response: page(status), delay_ms: 0, lost: false }),
            What::Refusal(status) => {
                Some(Answer { response: refusal(status, &path), delay_ms: 0, lost: false })
            }
            what @ (What::DoneThen(_) | What::Lost) => {
                self.troubles.push(Trouble {
                    method: "answer",
                    starts: String::new(),
                    ends: String::new(),
                    holds: String::new(),
                    left: 0,
                    what,
                });
                None
            }
        }
    }

    fn answer(&mut self, request: &Request, sandbox: &Sandbox, answer: &mut Answer, now: u64) {
        let path = path_of(&request.url);
        self.retell(&path, sandbox, &mut answer.response);
        if Self::is_write(request.method, &path) {
            self.forget_now();
            let after = self.now(sandbox);
            self.judge(&after, now);
            let status = answer.response.status;
            let foreseen = self.clash && String::from_utf8_lossy(&request.body).contains("seats");
            // A source that a person deleted meanwhile is refused by its name.
            let foreseen = foreseen
                || String::from_utf8_lossy(&answer.response.body).contains("A valid data source");
            // A record that a person deleted meanwhile answers 404.
            if self.fresh
                && !self.late
                && !self.struck_now
                && (400..500).contains(&status)
                && ![404, 429].contains(&status)
                && !foreseen
            {
                let said = String::from_utf8_lossy(&answer.response.body).into_owned();
                self.violation(format!(
                    "{} {path} was planned, and is refused with {status}: {said}",
                    request.method.name()
                ));
            }
            if std::env::var_os("SIMULATION_PORTRAIT").is_some() {
                println!(
                    "  {} {path} {} -> {status}",
                    request.method.name(),
                    String::from_utf8_lossy(&request.body)
                );
            }
            if self.late && !self.running {
                return;
            }
            self.writes.push(Write {
                method: request.method.name(),
                path: path.clone(),
                taken: answer.response.is_success(),
            });
        }
        if self.troubles.last().is_some_and(|trouble| trouble.method == "answer") {
            match self.troubles.pop().map(|trouble| trouble.what) {
                Some(What::DoneThen(status)) => answer.response = refusal(status, &path),
                _ => answer.lost = true,
            }
        }
        self.note(&answer.response.status.to_le_bytes());
        self.struck_now = false;
    }
}
