//! Both ways: people edit in both services between runs and during them, with kills and faults. What a
//! person wrote is on both sides in the end, or is listed; nothing is there twice; nothing comes back as
//! an echo.

mod deletes;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use ghl_chartmogul::mapping::settings::{Anchor, Directions, Marker, Owner, Settings, Way};
use ghl_chartmogul::mapping::{html, notes, tasks, text};
use ghl_chartmogul::mutants::Mutant;
use ghl_chartmogul::named::Named;
use ghl_chartmogul::sandbox::{ChartmogulTexts, Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{Conflict, RunOptions, Winner};
use serde_json::{Value, json};

use crate::campaign::{lock, number, silence_stories, situation_fails, spread, with_fault};
use crate::invariants::Held;
use crate::stage::{APPLY, DAY, FULL, HOUR, MINUTE};
use crate::tape::{Kinds, Reader, Tape};
use crate::world::{World, settings};

/// Seeds of a run in which nothing else is asked for.
const SEEDS: u64 = 1_000;
/// A fault must be noticed within so many.
const MUTANT_SEEDS: u64 = 400;
/// Seeds beyond them whose stories broke once.
const ONCE_BROKEN: &[u64] = &[];

/// The faults that these stories notice.
pub const OF_BOTH_WAYS: [Mutant; 13] = [
    Mutant::LastSideWins,
    Mutant::ChoiceNeverDies,
    Mutant::BroughtBlindly,
    Mutant::WritesOverPeople,
    Mutant::EmptyClears,
    Mutant::IndexIsTrusted,
    Mutant::AbsenceIsDeletion,
    Mutant::EditLosesToDelete,
    Mutant::OwnerIsIgnored,
    Mutant::ConsentIsLifted,
    Mutant::SingleMark,
    Mutant::TwinsMergedUnasked,
    Mutant::PersonBlindly,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Ghl,
    Chartmogul,
}

/// A note or task on one side.
#[derive(Debug, Clone)]
struct Record {
    id: String,
    /// The contact or the customer.
    parent: String,
    text: String,
    /// All that a person reads of it.
    said: String,
    raw: Value,
}

macro_rules! events {
    ($($name:ident,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Event { $($name,)+ }
        const ALL: &[Event] = &[$(Event::$name,)+];
    };
}

events! {
    Run, FullRun, Edit, Add, Tick, Due, Empty, Delete, Kill, Troubled, EditAmid, Resolve, Restore, LoseState,
    Days, Append, Person, PersonAmid,
}

const KINDS: Kinds = Kinds {
    always: &[0, 0, 0, 1, 2, 2, 3, 3, 4],
    sometimes: &[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 17],
};

struct Play {
    world: World,
    lines: Vec<String>,
    words: u32,
    /// What people wrote and nobody has written over having seen it.
    written: BTreeSet<String>,
    /// The same of contacts.
    named: BTreeSet<String>,
    /// Words in texts that carried a marker on neither side when the state was lost: both stay.
    unmarked: BTreeSet<String>,
    /// Words in records that a person deleted on a side.
    deleted: BTreeMap<String, Side>,
    kept: Option<BTreeMap<String, String>>,
    /// The state was lost or put back: who deleted what is not known any more.
    forgot: bool,
}

pub struct Told {
    held: Held,
    lines: Vec<String>,
    hash: u64,
}

impl Play {
    fn begin(tape: &Tape) -> Self {
        let mut reader = Tape::reader(&tape.world);
        let anchor = reader.pick(&[Anchor::AttachOnly, Anchor::ContactIsCustomer]);
        let way = |reader: &mut Reader<'_>| {
            reader.pick(&[Way::Both, Way::Both, Way::Both, Way::ToGhl, Way::ToChartmogul])
        };
        let (notes, tasks) = (way(&mut reader), way(&mut reader));
        let directions = Directions { notes, tasks, ..Directions::default() };
        let mut settings = Settings { anchor, directions, ..settings() };
        let owner = reader.pick(&[
            None,
            None,
            Some(Owner::AlwaysGhl),
            Some(Owner::AlwaysChartmogul),
            Some(Owner::TwoWay),
        ]);
        for (name, way) in [("note.text", directions.notes), ("task.completed", directions.tasks)] {
            if let Some(owner) = owner.filter(|_| way == Way::Both) {
                settings.owners = settings
                    .owners
                    .iter()
                    .map(|(name, owner)| (name.to_owned(), *owner))
                    .chain([(name.to_owned(), owner)])
                    .collect::<Named<Owner>>();
            }
        }
        if reader.once_in(8) {
            settings.marker = Marker::None;
        }
        let texts = reader.pick(&[
            ChartmogulTexts::AsGiven,
            ChartmogulTexts::AsGiven,
            ChartmogulTexts::Tidied,
        ]);
        let options = SandboxOptions {
            seed: 1 + reader.below(4) as u64,
            contacts: 4,
            notes_per_contact: 0.5,
            tasks_per_contact: 0.5,
            billing_share: 1.0,
            notes_touch_contact: reader.once_in(2),
            search_lag_ms: [0, 2_000, 90_000][reader.below(3)],
            task_search_lag_ms: [0, 0, 400_000][reader.below(3)],
            chartmogul_texts: texts,
            ..SandboxOptions::default()
        };
        settings.directions.contacts = reader.pick(&[Way::Both, Way::ToChartmogul]);
        let mut play = Self {
            lines: vec![format!(
                "{anchor:?}, {:?}, {:?}, marker {:?}, texts {texts:?}, lag {}",
                settings.directions, settings.owners, settings.marker, options.search_lag_ms
            )],
            world: World::new(options, settings),
            words: 0,
            written: BTreeSet::new(),
            named: BTreeSet::new(),
            unmarked: BTreeSet::new(),
            deleted: BTreeMap::new(),
            kept: None,
            forgot: false,
        };
        play.world.host.advance(MINUTE);
        if reader.once_in(2) {
            play.run(APPLY, "a first run");
        }
        play
    }

    fn tell(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn run(&mut self, options: RunOptions, said: &str) {
        let before = self.world.writes();
        let ended = self.world.with(async |engine| engine.run(options.clone()).await);
        let said = match ended {
            Err(_) => format!("{said}: killed"),
            Ok(Err(error)) => format!("{said}: {error}"),
            Ok(Ok(outcome)) => format!(
                "{said}: done {}, failed {}, waiting {}",
                outcome.done, outcome.standing.failed, outcome.standing.waiting
            ),
        };
        let writes = self.world.writes() - before;
        self.tell(format!("{said}, {writes} writes"));
        if std::env::var_os("SIMULATION_PORTRAIT").is_some() {
            let requests: Vec<String> =
                self.world.host.requests.borrow().iter().rev().take(40).cloned().collect();
            for request in requests.into_iter().rev() {
                self.lines.push(format!("    {request}"));
            }
        }
    }

    /// Records of a side, as a person reads them.
    fn records(&self, side: Side, is_task: bool) -> Vec<Record> {
        let sandbox = self.world.host.sandbox.borrow();
        let (all, id, parent, words) = match (side, is_task) {
            (Side::Ghl, false) => (sandbox.ghl_notes(), "id", "contactId", "body"),
            (Side::Ghl, true) => (sandbox.ghl_tasks(), "id", "contactId", "title"),
            (Side::Chartmogul, false) => {
                (sandbox.chartmogul_notes(), "uuid", "customer_uuid", "text")
            }
            (Side::Chartmogul, true) => {
                (sandbox.chartmogul_tasks(), "task_uuid", "customer_uuid", "task_details")
            }
        };
        let read = |raw: Value| Record {
            id: raw[id].as_str().or(raw["_id"].as_str()).unwrap_or_default().to_owned(),
            parent: raw[parent].as_str().unwrap_or_default().to_owned(),
            text: raw[words].as_str().unwrap_or_default().to_owned(),
            said: [raw["title"].as_str(), raw[words].as_str()].into_iter().flatten().collect(),
            raw,
        };
        all.into_iter().map(read).collect()
    }

    fn word(&mut self) -> String {
        self.words += 1;
        format!("word{:03}x", self.words)
    }

    /// Who edits a text has seen what is in it.
    fn wrote(&mut self, side: Side, is_task: bool, over: &str, word: String) {
        self.written.retain(|seen| !over.contains(seen.as_str()));
        if side == Side::Ghl || self.way_of(is_task).comes_back() {
            self.written.insert(word);
        }
    }

    const fn way_of(&self, is_task: bool) -> Way {
        let directions = &self.world.settings.directions;
        if is_task { directions.tasks } else { directions.notes }
    }

    fn pick(&mut self, reader: &mut Reader<'_>) -> (Side, bool, Option<Record>) {
        let side = reader.pick(&[Side::Ghl, Side::Chartmogul]);
        let is_task = reader.once_in(2);
        let records = self.records(side, is_task);
        let record = (!records.is_empty()).then(|| records[reader.below(records.len())].clone());
        (side, is_task, record)
    }

    fn put(&self, side: Side, is_task: bool, record: &Record, body: Value) {
        match (side, is_task) {
            (Side::Ghl, false) => {
                let path = format!("/contacts/{}/notes/{}", record.parent, record.id);
                self.world.ask_ghl("PUT", &path, body);
            }
            (Side::Ghl, true) => {
                let path = format!("/contacts/{}/tasks/{}", record.parent, record.id);
                self.world.ask_ghl("PUT", &path, body);
            }
            (Side::Chartmogul, false) => {
                let path = format!("/v1/notes/{}", record.id);
                self.world.ask_chartmogul("PATCH", &path, body);
            }
            (Side::Chartmogul, true) => {
                let path = format!("/v1/tasks/{}", record.id);
                self.world.ask_chartmogul("PATCH", &path, body);
            }
        }
    }

    fn edit(&mut self, reader: &mut Reader<'_>, appends: bool) {
        let (side, is_task, Some(record)) = self.pick(reader) else { return };
        let word = self.word();
        let keeps = appends;
        let whole = match (side, is_task) {
            (Side::Ghl, false) if keeps => format!("{}<br>{word}", record.text),
            (Side::Ghl, false) => format!("Anew {word}"),
            (Side::Ghl, true) => format!("Anew {word}"),
            (Side::Chartmogul, false) if keeps => format!("{}<br>{word}", record.text),
            // A person leaves our marker where it is, or takes it away.
            (Side::Chartmogul, false) => {
                let at = record.text.rfind("[ghl:n:").filter(|_| !reader.once_in(3));
                let marker = at.map_or("", |at| &record.text[at..]);
                format!("Anew {word}<br>{marker}")
            }
            (Side::Chartmogul, true) if keeps => {
                let whole: String = record.text.chars().take(200).collect();
                format!("{whole} {word}")
            }
            (Side::Chartmogul, true) => {
                let at = record.text.rfind("[ghl:t:");
                format!("Anew {word} {}", at.map_or("", |at| &record.text[at..]))
            }
        };
        let name = match (side, is_task) {
            (Side::Ghl, false) => "body",
            (Side::Ghl, true) => "title",
            (Side::Chartmogul, false) => "text",
            (Side::Chartmogul, true) => "task_details",
        };
        self.tell(format!("in {side:?} {} becomes {whole:?}", record.id));
        // Who appends in GHL's task writes another title, and who appends to a long text cuts its end.
        let of_task = is_task && (side == Side::Ghl || record.text.chars().count() > 200);
        let stays = keeps && !of_task;
        self.wrote(side, is_task, if stays { "" } else { &record.said }, word);
        self.put(side, is_task, &record, json!({ name: whole }));
    }

    fn add(&mut self, reader: &mut Reader<'_>) {
        let side = reader.pick(&[Side::Ghl, Side::Chartmogul]);
        let is_task = reader.once_in(2);
        let word = self.word();
        let linked = self.world.linked("contact");
        let contacts: Vec<(&String, &Value)> = linked.iter().collect();
        if contacts.is_empty() {
            return;
        }
        let (contact, link) = contacts[reader.below(contacts.len())];
        let customer = link["customer"].as_str().unwrap_or_default();
        let known = self.world.host.sandbox.borrow().chartmogul_customers();
        if side == Side::Chartmogul && !known.iter().any(|one| one["uuid"] == customer) {
            return;
        }
        self.wrote(side, is_task, "", word.clone());
        let made = match (side, is_task) {
            (Side::Ghl, false) => self.world.ask_ghl(
                "POST",
                &format!("/contacts/{contact}/notes"),
                json!({ "body": format!("New {word}") }),
            ),
            (Side::Ghl, true) => self.world.ask_ghl(
                "POST",
                &format!("/contacts/{contact}/tasks"),
                json!({ "title": format!("New {word}"), "dueDate": "2027-05-06T15:00:00Z", "completed": false }),
            ),
            (Side::Chartmogul, false) => {
                let call = reader.once_in(4);
                let mut body = json!({ "customer_uuid": customer, "type": if call { "call" } else { "note" }, "text": format!("New {word}") });
                if call {
                    body["call_duration"] = json!(690);
                }
                self.world.ask_chartmogul("POST", "/v1/notes", body)
            }
            (Side::Chartmogul, true) => self.world.ask_chartmogul(
                "POST",
                "/v1/tasks",
                json!({ "customer_uuid": customer, "task_details": format!("New {word}"), "assignee": "finance@agency.example", "due_date": "2027-05-06" }),
            ),
        };
        self.tell(format!("in {side:?} somebody adds {word} (task {is_task}): {made}"));
    }

    fn event(&mut self, event: Event, reader: &mut Reader<'_>) {
        match event {
            Event::Run => {
                self.world.host.advance([2 * MINUTE, HOUR, 5 * MINUTE][reader.below(3)]);
                self.run(APPLY, "a run");
            }
            Event::FullRun => {
                self.world.host.advance(2 * MINUTE);
                self.run(FULL, "a full run");
            }
            Event::Edit => self.edit(reader, false),
            Event::Append => self.edit(reader, true),
            Event::Add => self.add(reader),
            Event::Tick => {
                let side = reader.pick(&[Side::Ghl, Side::Chartmogul]);
                let records = self.records(side, true);
                if records.is_empty() {
                    return;
                }
                let record = records[reader.below(records.len())].clone();
                let body = match side {
                    Side::Ghl => json!({ "completed": record.raw["completed"] != true }),
                    Side::Chartmogul if record.raw["completed_at"].is_null() => {
                        json!({ "completed_at": "2026-11-20T10:00:00Z" })
                    }
                    Side::Chartmogul => json!({ "completed_at": null }),
                };
                self.tell(format!("in {side:?} task {} becomes {body}", record.id));
                self.put(side, true, &record, body);
            }
            Event::Due => {
                let side = reader.pick(&[Side::Ghl, Side::Chartmogul]);
                let records = self.records(side, true);
                if records.is_empty() {
                    return;
                }
                let record = records[reader.below(records.len())].clone();
                let day = 10 + reader.below(9);
                let body = match side {
                    Side::Ghl => json!({ "dueDate": format!("2027-06-{day}T17:30:00Z") }),
                    Side::Chartmogul => json!({ "due_date": format!("2027-06-{day}") }),
                };
                self.tell(format!("in {side:?} task {} becomes {body}", record.id));
                self.put(side, true, &record, body);
            }
            Event::Empty => {
                let records = self.records(Side::Chartmogul, false);
                if records.is_empty() {
                    return;
                }
                let record = records[reader.below(records.len())].clone();
                self.tell(format!("in Chartmogul note {} is emptied", record.id));
                self.written.retain(|seen| !record.text.contains(seen.as_str()));
                self.put(Side::Chartmogul, false, &record, json!({ "text": "" }));
            }
            Event::Delete => {
                let (side, is_task, Some(record)) = self.pick(reader) else { return };
                self.tell(format!("in {side:?} {} is deleted", record.id));
                let words: Vec<String> = self
                    .written
                    .iter()
                    .filter(|word| record.said.contains(word.as_str()))
                    .cloned()
                    .collect();
                for word in words {
                    self.written.remove(&word);
                    self.deleted.insert(word, side);
                }
                match (side, is_task) {
                    (Side::Ghl, false) => {
                        let path = format!("/contacts/{}/notes/{}", record.parent, record.id);
                        self.world.ask_ghl("DELETE", &path, Value::Null);
                    }
                    (Side::Ghl, true) => {
                        let path = format!("/contacts/{}/tasks/{}", record.parent, record.id);
                        self.world.ask_ghl("DELETE", &path, Value::Null);
                    }
                    (Side::Chartmogul, false) => {
                        let path = format!("/v1/notes/{}", record.id);
                        self.world.ask_chartmogul("DELETE", &path, Value::Null);
                    }
                    (Side::Chartmogul, true) => {
                        let path = format!("/v1/tasks/{}", record.id);
                        self.world.ask_chartmogul("DELETE", &path, Value::Null);
                    }
                }
            }
            Event::Kill => {
                let after = 1 + reader.below(200) as u64;
                self.world.host.kill_after.set(Some(self.world.host.steps() + after));
                let options = if reader.once_in(2) { FULL } else { APPLY };
                self.run(options, "a run");
                self.world.host.kill_after.set(None);
                self.world.host.advance(MINUTE);
            }
            Event::EditAmid => {
                let after = 20 + reader.below(200) as u64;
                self.world.host.kill_after.set(Some(self.world.host.steps() + after));
                self.run(FULL, "a run, amid which people edit");
                self.world.host.kill_after.set(None);
                self.edit(reader, false);
                self.world.host.advance(20_000);
                self.run(APPLY, "it continues");
            }
            Event::Troubled => {
                let seed = reader.byte();
                self.world.host.sandbox.borrow_mut().set_faults(faults(u64::from(seed)));
                self.run(APPLY, "a run amid faults");
                self.world.host.sandbox.borrow_mut().set_faults(Vec::new());
                self.world.host.advance(3 * MINUTE);
            }
            Event::Resolve => self.resolve(reader),
            Event::Restore => match self.kept.take() {
                None => {
                    self.tell("the store is copied");
                    self.kept = Some(self.world.host.store.copy());
                }
                Some(copy) => {
                    self.tell("an older copy of the store is put back");
                    self.world.host.store.put_back(copy);
                    self.forget();
                }
            },
            Event::LoseState => {
                self.tell("the state is lost");
                self.world.host.store.clear();
                self.forget();
            }
            Event::Days => self.world.host.advance(2 * DAY),
            Event::Person => self.edit_person(reader),
            Event::PersonAmid => {
                let after = 20 + reader.below(200) as u64;
                self.world.host.kill_after.set(Some(self.world.host.steps() + after));
                self.run(FULL, "a run, amid which somebody edits a contact");
                self.world.host.kill_after.set(None);
                self.edit_person(reader);
                self.world.host.advance(20_000);
                self.run(APPLY, "it continues");
            }
        }
    }

    /// A field of a linked contact: of GHL, and of ChartMogul's contact or customer.
    fn person(&self, contact: &str, link: &Value, field: &str) -> Option<(String, String, String)> {
        let sandbox = self.world.host.sandbox.borrow();
        let here = sandbox.ghl_contacts().into_iter().find(|one| one["id"] == contact)?;
        let customer = link["customer"].as_str()?;
        let of_customer = field == "city";
        let there = if of_customer {
            let mut all = sandbox.chartmogul_customers().into_iter();
            all.find(|one| one["uuid"] == customer)?["address"].clone()
        } else {
            let mut all = sandbox.chartmogul_contacts().into_iter();
            match link["uuid"].as_str() {
                Some(uuid) => all.find(|one| one["uuid"] == uuid)?,
                None => all.find(|one| one["customer_uuid"] == customer)?,
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = match field {
            "first_name" => "firstName",
            "last_name" => "lastName",
            field => field,
        };
        Some((text(&here[name]), text(&there[field]), text(&there["uuid"])))
    }

    /// Somebody edits a field of a contact, in either service.
    fn edit_person(&mut self, reader: &mut Reader<'_>) {
        let side = reader.pick(&[Side::Ghl, Side::Chartmogul]);
        let linked = self.world.linked("contact");
        let linked: Vec<(&String, &Value)> = linked.iter().collect();
        if linked.is_empty() {
            return;
        }
        let (contact, link) = linked[reader.below(linked.len())];
        let of_customer = link["role"] == "customer";
        let fields: &[&str] = match of_customer {
            true => &["first_name", "last_name", "city"],
            false => &["first_name", "last_name"],
        };
        let field = fields[reader.below(fields.len())];
        let Some((here, there, uuid)) = self.person(contact, link, field) else { return };
        let word = self.word();
        let value = format!("Name {word}");
        self.tell(format!("in {side:?} {field} of {contact} becomes {value:?}"));
        let over = if side == Side::Ghl { here } else { there };
        self.named.retain(|seen| !over.contains(seen.as_str()));
        self.named.insert(word);
        match (side, field) {
            (Side::Ghl, _) => {
                let name = match field {
                    "first_name" => "firstName",
                    "last_name" => "lastName",
                    field => field,
                };
                self.world.ask_ghl("PUT", &format!("/contacts/{contact}"), json!({ name: value }));
            }
            (Side::Chartmogul, "city") => {
                let path =
                    format!("/v1/customers/{}", link["customer"].as_str().unwrap_or_default());
                self.world.ask_chartmogul("PATCH", &path, json!({ "city": value }));
            }
            (Side::Chartmogul, _) => {
                let path = format!("/v1/contacts/{uuid}");
                self.world.ask_chartmogul("PATCH", &path, json!({ field: value }));
            }
        }
    }

    /// Linked contacts say the same on both sides, and what a person wrote is there or is listed.
    fn check_people(&self, listed: &str, open: &[Conflict]) -> Held {
        if self.world.settings.directions.contacts != Way::Both {
            return Ok(());
        }
        let mut all = listed.to_owned();
        for (contact, link) in self.world.linked("contact") {
            if link["role"] == "guest" {
                continue;
            }
            for field in ["first_name", "last_name", "city"] {
                if field == "city" && link["role"] != "customer" {
                    continue;
                }
                let Some((here, there, _)) = self.person(&contact, &link, field) else { continue };
                all.push_str(&format!("{here} {there}\n"));
                let kept = link["kept"].to_string().contains(field);
                let waits = open.iter().any(|one| one.ghl_id == contact && one.field == field);
                if here != there && !waits && !kept && !here.is_empty() && !there.is_empty() {
                    return Err(format!(
                        "in step: {field} of contact {contact} is {here:?}, and there {there:?}"
                    ));
                }
            }
        }
        match self.named.iter().find(|word| !all.contains(word.as_str())) {
            Some(word) => Err(format!("nothing lost: {word} of a contact is nowhere")),
            None => Ok(()),
        }
    }

    /// What only the state knew is lost with it.
    fn forget(&mut self) {
        self.forgot = true;
        let mut all = String::new();
        for is_task in [false, true] {
            // Of texts that carry a marker on neither side nothing tells that they belong together, once they
            // differ.
            let [here, there] = [Side::Ghl, Side::Chartmogul].map(|side| {
                let mut records = self.records(side, is_task);
                records.retain(|record| {
                    !record.said.contains("[ghl:") && !record.said.contains("[cm:")
                });
                records
            });
            let holds = |records: &[Record], word: &str| {
                records.iter().any(|record| record.said.contains(word))
            };
            let of_both = |word: &&String| holds(&here, word) && holds(&there, word);
            self.unmarked.extend(self.written.iter().filter(of_both).cloned());
            for side in [Side::Ghl, Side::Chartmogul] {
                all.extend(self.records(side, is_task).into_iter().map(|record| record.said));
            }
        }
        self.written.retain(|word| all.contains(word.as_str()));
        // Of contacts that we made GHL's values are written again.
        self.named.clear();
    }

    fn conflicts(&self, settled: bool) -> Vec<Conflict> {
        let found = self.world.with(async |engine| engine.conflicts(settled, None, 1000).await);
        found.unwrap().unwrap().0
    }

    fn resolve(&mut self, reader: &mut Reader<'_>) {
        let open = self.conflicts(false);
        if open.is_empty() {
            return;
        }
        let conflict = open[reader.below(open.len())].clone();
        let winner = reader.pick(&[Winner::Ghl, Winner::Chartmogul, Winner::Both]);
        self.settle(&conflict, winner);
        // People may write again before the next run.
        if reader.once_in(3) {
            self.edit(reader, false);
        }
    }

    /// Settles a conflict; says whether that was taken.
    fn settle(&mut self, conflict: &Conflict, winner: Winner) -> bool {
        let seen = conflict.seen.clone();
        let ended = self
            .world
            .with(async |engine| engine.resolve(&conflict.id, winner, Some(&seen)).await)
            .unwrap();
        self.tell(format!(
            "{} ({}) is settled with {winner:?}: {}",
            conflict.id,
            conflict.field,
            ended.is_ok()
        ));
        ended.is_ok()
    }

    /// Full passes until nothing is written any more.
    fn settle_down(&mut self) -> Held {
        // What is under way is brought to its end.
        self.world.host.advance(HOUR);
        self.run(APPLY, "at rest");
        for _ in 0..8 {
            self.world.host.advance(25 * HOUR);
            let before = self.world.writes();
            self.run(FULL, "at rest");
            if self.world.writes() == before {
                self.world.host.advance(HOUR);
                self.run(APPLY, "a quiet run");
                if self.world.writes() != before {
                    return Err("echo: a run after a quiet full pass writes".to_owned());
                }
                return Ok(());
            }
        }
        Err("echo: it never comes to rest".to_owned())
    }

    /// Where words may be beside the records themselves: conflicts, and what is listed.
    fn listed(&self) -> String {
        let mut listed = String::new();
        for conflict in self.conflicts(false).into_iter().chain(self.conflicts(true)) {
            listed.push_str(&format!("{} {}\n", conflict.ghl, conflict.chartmogul));
        }
        listed
    }

    fn check(&self, settled: bool) -> Held {
        // Without a marker nobody can tell a copy of ours from what a person wrote.
        if self.forgot && self.world.settings.marker == Marker::None {
            return Ok(());
        }
        let listed = self.listed();
        let open = self.conflicts(false);
        self.check_people(&listed, &open)?;
        let store = &self.world.host.store;
        let apart: String = ["/letter/", "/apart/"]
            .iter()
            .flat_map(|part| store.matching(part))
            .map(|(key, value)| format!("{key} {value}\n"))
            .collect();
        let linked = self.world.linked("contact");
        let home = |link: &Value| link["customer"].as_str().unwrap_or_default().to_owned();
        let homes: BTreeSet<String> = linked.values().map(home).collect();
        for is_task in [false, true] {
            let way = self.way_of(is_task);
            let here = self.records(Side::Ghl, is_task);
            let there = self.records(Side::Chartmogul, is_task);
            let kind = if is_task { "task" } else { "note" };
            // Once: no words are in two records of a side.
            for (side, records) in [(Side::Ghl, &here), (Side::Chartmogul, &there)] {
                for word in self.written.iter().chain(self.deleted.keys()) {
                    let with = |record: &&Record| record.said.contains(word.as_str());
                    let times = records.iter().filter(with).count();
                    if times > 1 && !self.unmarked.contains(word) {
                        return Err(format!("once: {word} is {times} times in {side:?}'s {kind}s"));
                    }
                    let gone = self.deleted.get(word) == Some(&side);
                    if gone && times > 0 && !self.forgot && !listed.contains(word.as_str()) {
                        return Err(format!("deleted: {word} is in {side:?} again"));
                    }
                }
            }
            // Nothing lost: what a person wrote is on both sides, or is listed.
            for word in &self.written {
                let in_here = here.iter().find(|record| record.said.contains(word.as_str()));
                let in_there = there.iter().find(|record| record.said.contains(word.as_str()));
                let kept_there = !is_task
                    && self.world.settings.owner_of("note.text") == Owner::AlwaysChartmogul;
                let goes = |side: Side| match side {
                    // An empty text of ChartMogul clears nothing, and gets nothing.
                    Side::Ghl => way.goes_out() && !kept_there,
                    Side::Chartmogul => way.comes_back(),
                };
                let only = match (in_here, in_there) {
                    (Some(here), None) if goes(Side::Ghl) && linked.contains_key(&here.parent) => {
                        here
                    }
                    (None, Some(there))
                        if goes(Side::Chartmogul) && homes.contains(&there.parent) =>
                    {
                        there
                    }
                    _ => continue,
                };
                if !listed.contains(word.as_str()) && !apart.contains(&only.id) {
                    return Err(format!(
                        "in step: {word} of {kind} {} is on one side only",
                        only.id
                    ));
                }
            }
            // In step: linked records say the same.
            for (id, link) in self.world.linked(kind) {
                let Some(here) = here.iter().find(|one| one.id == id) else { continue };
                let Some(there) = there.iter().find(|one| link["uuid"] == one.id.as_str()) else {
                    continue;
                };
                if apart.contains(&id) || apart.contains(&there.id) || way == Way::ToChartmogul {
                    continue;
                }
                let kept = link["kept"].as_array().is_some_and(|kept| !kept.is_empty());
                let waits = |field: &str| {
                    open.iter().any(|open| open.ghl_id == id && open.field == field) || kept
                };
                let call = there.raw["type"] == "call";
                let (one, other) = if is_task {
                    (task_here(&here.raw), tasks::told(&there.text))
                } else {
                    (plain_here(&here.raw), plain_there(&there.text))
                };
                let words = if is_task { "task_details" } else { "text" };
                let empty = other.trim().is_empty();
                let cut =
                    other.strip_suffix('…').is_some_and(|start| one.starts_with(start.trim_end()));
                // A person has chosen ChartMogul's text for the title alone.
                let titled = is_task
                    && text::one_line(here.raw["title"].as_str().unwrap_or_default()) == other;
                let differ = one != other && !cut && !titled;
                if way == Way::Both && differ && !waits(words) && !empty && !call {
                    return Err(format!("in step: {kind} {id} says {one:?}, and there {other:?}"));
                }
                if is_task && way == Way::Both {
                    let done =
                        (here.raw["completed"] == true, !there.raw["completed_at"].is_null());
                    if done.0 != done.1 && !waits("completed") {
                        return Err(format!("in step: task {id} done {done:?}"));
                    }
                    let day = there.raw["due_date"].as_str().unwrap_or_default().get(..10);
                    if link["base"]["due_date"].as_str() != day && !waits("due_date") {
                        let base = &link["base"]["due_date"];
                        return Err(format!("in step: task {id} is due {base}, and there {day:?}"));
                    }
                }
            }
        }
        for word in &self.written {
            let anywhere = [false, true].iter().any(|is_task| {
                [Side::Ghl, Side::Chartmogul].iter().any(|side| {
                    self.records(*side, *is_task).iter().any(|one| one.said.contains(word.as_str()))
                })
            });
            if !anywhere && !listed.contains(word.as_str()) {
                return Err(format!("nothing lost: {word} is nowhere"));
            }
        }
        if settled && !open.is_empty() {
            return Err(format!("{} conflicts are open after all were settled", open.len()));
        }
        Ok(())
    }

    fn go(&mut self, tape: &Tape) -> Held {
        for block in &tape.events {
            let mut reader = Tape::reader(block);
            let event = ALL[reader.below(ALL.len())];
            self.event(event, &mut reader);
        }
        self.tell("all trouble ends; full passes until all is at rest");
        self.settle_down()?;
        self.check(false)?;
        let mut reader = Tape::reader(&tape.world);
        for _ in 0..12 {
            reader.byte();
        }
        for _ in 0..4 {
            let open = self.conflicts(false);
            if open.is_empty() {
                break;
            }
            for conflict in open {
                let winner = reader.pick(&[Winner::Ghl, Winner::Chartmogul]);
                // An empty value cannot be chosen.
                if !self.settle(&conflict, winner) {
                    self.settle(&conflict, Winner::Ghl);
                }
            }
            self.settle_down()?;
        }
        self.check(true)
    }
}

fn task_here(raw: &Value) -> String {
    let part = |name: &str| text::one_line(&html::plain(raw[name].as_str().unwrap_or_default()));
    let (title, body) = (part("title"), part("body"));
    let body = body.split("[cm:t:").next().unwrap_or_default().trim().to_owned();
    if body.is_empty() { title } else { format!("{title} - {body}") }
}

fn plain_here(raw: &Value) -> String {
    let json = raw.to_string();
    let note: ghl_chartmogul::ghl::records::Note<'_> = ghl_chartmogul::record::read(&json).unwrap();
    let (mapped, _) = notes::note(&note);
    text::one_line(mapped.fields["text"].as_str().unwrap_or_default())
}

fn plain_there(words: &str) -> String {
    let note = ghl_chartmogul::chartmogul::records::Note {
        text: Some(words.to_owned()),
        ..ghl_chartmogul::chartmogul::records::Note::default()
    };
    let told =
        notes::told(&note, &ghl_chartmogul::mapping::users::UserMap::default(), Marker::Trailing);
    // A signature of ours is not what a person says: it is above the marker, or last without one. A person
    // may have written behind it.
    let plain = html::plain(words);
    let lines: Vec<&str> = plain.lines().collect();
    let end = lines.iter().position(|line| line.contains("[ghl:n:")).unwrap_or(lines.len());
    let signature = lines[..end].last().filter(|line| line.starts_with("by "));
    let mut kept: Vec<&str> = told.lines().collect();
    if let Some(at) = signature.and_then(|own| kept.iter().rposition(|line| line == own)) {
        kept.remove(at);
    }
    text::one_line(&kept.join("\n"))
}

fn faults(seed: u64) -> Vec<FaultRule> {
    let rule = |method: Option<&str>, probability: f64, fault: Fault| FaultRule {
        method: method.map(str::to_owned),
        probability,
        ..FaultRule::always(fault)
    };
    let share = 0.02 + (seed % 5) as f64 * 0.02;
    vec![
        rule(None, share, Fault::Status { status: 500 }),
        rule(None, share, Fault::Status { status: 429 }),
        rule(None, share, Fault::Lost { done: true }),
        rule(None, share, Fault::Lost { done: false }),
        rule(None, share, Fault::Truncated),
        rule(Some("POST"), share, Fault::DoneThenStatus { status: 500 }),
        rule(Some("PUT"), share, Fault::DoneThenStatus { status: 500 }),
    ]
}

fn play(tape: &Tape) -> Told {
    let mut play = Play::begin(tape);
    let held = play.go(tape);
    let hash = play.world.host.requests.borrow().iter().fold(0_u64, |hash, request| {
        request.bytes().fold(hash, |hash, byte| hash.rotate_left(5) ^ u64::from(byte))
    });
    Told { held, lines: play.lines, hash }
}

fn play_with(mutant: Option<Mutant>, tape: &Tape) -> Result<Told, String> {
    with_fault(mutant, || play(tape))
}

fn failure(mutant: Option<Mutant>, tape: &Tape) -> Option<String> {
    play_with(mutant, tape).map_or_else(Some, |told| told.held.err())
}

fn kind_of(said: &str) -> String {
    said.split([':', ',']).next().unwrap_or_default().to_owned()
}

fn tell(seed: u64, said: &str) -> String {
    let tape = Tape::of(seed, &KINDS);
    let kind = kind_of(said);
    let same = |tape: &Tape| failure(None, tape).is_some_and(|said| kind_of(&said) == kind);
    let small = std::thread::scope(|scope| {
        let shrink = || tape.shrunk(Duration::from_secs(20), same);
        let worker = std::thread::Builder::new().name("story".to_owned());
        worker.spawn_scoped(scope, shrink).unwrap().join().unwrap()
    });
    let mut lines = vec![format!("seed {seed}: {said}")];
    match play_with(None, &small) {
        Ok(told) => {
            lines.extend(told.lines.into_iter().map(|line| format!("  {line}")));
            lines.push(format!("  -> {}", told.held.err().unwrap_or_default()));
        }
        Err(panic) => lines.push(format!("  -> {panic}")),
    }
    lines.push(format!("  SIMULATION_BOTH_WAYS={}", small.text()));
    lines.join("\n")
}

#[test]
fn people_edit_both_sides() {
    if let Some(tape) =
        std::env::var("SIMULATION_BOTH_WAYS").ok().and_then(|text| Tape::parse(&text))
    {
        let told = play(&tape);
        println!("{}", told.lines.join("\n"));
        assert_eq!(told.held, Ok(()));
        return;
    }
    silence_stories();
    let (first, many) = (number("SIMULATION_SEED"), number("SIMULATION_SEEDS"));
    let seeds: Vec<u64> = match first {
        Some(first) => (first..first.saturating_add(many.unwrap_or(1))).collect(),
        None => {
            let last = many.unwrap_or(SEEDS);
            (1..=last).chain(ONCE_BROKEN.iter().copied().filter(|seed| *seed > last)).collect()
        }
    };
    let count = seeds.len();
    let failed: Mutex<BTreeMap<String, Vec<(u64, String)>>> = Mutex::default();
    spread(0..count as u64, |place| {
        let seed = seeds[place as usize];
        let tape = Tape::of(seed, &KINDS);
        let held = match play_with(None, &tape) {
            Ok(told) if seed % 100 == 7 => match play_with(None, &tape) {
                Ok(again) if again.hash == told.hash => told.held,
                _ => Err("played twice, a story ended in two ways".to_owned()),
            },
            Ok(told) => told.held,
            Err(said) => Err(said),
        };
        if let Err(said) = held {
            lock(&failed).entry(kind_of(&said)).or_default().push((seed, said));
        }
        true
    });
    let failed = std::mem::take(&mut *lock(&failed));
    let broken: usize = failed.values().map(Vec::len).sum();
    for (kind, seeds) in &failed {
        let first: Vec<String> = seeds.iter().take(12).map(|(seed, _)| seed.to_string()).collect();
        println!("broke {:>5} times, with the seeds {}: {kind}", seeds.len(), first.join(", "));
    }
    for seeds in failed.values().take(number("SIMULATION_SHOWN").unwrap_or(3) as usize) {
        let (seed, said) = &seeds[0];
        println!("\n{}", tell(*seed, said));
    }
    assert_eq!(broken, 0, "{broken} of {count} stories of both ways break");
}

/// A small world in which everything is in step, and goes both ways.
fn in_step(options: SandboxOptions) -> Play {
    let directions = Directions { notes: Way::Both, tasks: Way::Both, contacts: Way::Both };
    let mut play = begun_with(options, Settings { directions, ..settings() });
    play.run(FULL, "a first run");
    play.world.host.advance(10 * MINUTE);
    play
}

/// A small world that no run has seen.
fn begun_with(options: SandboxOptions, settings: Settings) -> Play {
    let billing_share =
        if settings.anchor == Anchor::AttachOnly { 1.0 } else { options.billing_share };
    let options = SandboxOptions {
        contacts: 4,
        notes_per_contact: 0.0,
        tasks_per_contact: 0.0,
        billing_share,
        notes_touch_contact: true,
        ..options
    };
    let play = Play {
        lines: Vec::new(),
        world: World::new(options, settings),
        words: 0,
        written: BTreeSet::new(),
        named: BTreeSet::new(),
        unmarked: BTreeSet::new(),
        deleted: BTreeMap::new(),
        kept: None,
        forgot: false,
    };
    play.world.host.advance(MINUTE);
    play
}

impl Play {
    /// A contact that is linked, and its customer.
    fn couple(&self) -> (String, String) {
        let linked = self.world.linked("contact");
        let (contact, link) = linked.into_iter().next().expect("a contact is linked");
        (contact, link["customer"].as_str().unwrap_or_default().to_owned())
    }

    fn note_in_ghl(&self, contact: &str, body: &str) -> Record {
        let path = format!("/contacts/{contact}/notes");
        self.world.ask_ghl("POST", &path, json!({ "body": body }));
        self.find(Side::Ghl, false, body).expect("it was just made")
    }

    fn find(&self, side: Side, is_task: bool, words: &str) -> Option<Record> {
        self.records(side, is_task).into_iter().find(|record| record.said.contains(words))
    }

    fn count(&self, side: Side, is_task: bool, words: &str) -> usize {
        self.records(side, is_task).iter().filter(|record| record.said.contains(words)).count()
    }

    fn has(&self, side: Side, is_task: bool, words: &str) -> Held {
        match self.count(side, is_task, words) {
            1 => Ok(()),
            times => Err(format!("{words:?} is {times} times in {side:?}")),
        }
    }

    /// A note that both sides have: of GHL and of ChartMogul.
    fn note_of_both(&mut self, words: &str) -> Result<(Record, Record), String> {
        let (contact, _) = self.couple();
        let here = self.note_in_ghl(&contact, words);
        self.pass(APPLY);
        let there = self.find(Side::Chartmogul, false, words).ok_or("it is not there")?;
        Ok((here, there))
    }

    /// A note that was edited on both sides since they were in step, as ChartMogul had it.
    fn disputed_note(&mut self) -> Result<Record, String> {
        let (here, there) = self.note_of_both("First words")?;
        self.put(Side::Ghl, false, &here, json!({ "body": "Words of sales" }));
        self.put(Side::Chartmogul, false, &there, json!({ "text": "Words of finance" }));
        self.pass(FULL);
        Ok(there)
    }

    fn pass(&mut self, options: RunOptions) {
        self.world.host.advance(5 * MINUTE);
        self.run(options, "a run");
        self.world.host.advance(5 * MINUTE);
    }
}

/// A note added and a task ticked off in ChartMogul reach GHL once, with the author named.
fn what_is_new_there_comes() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, customer) = play.couple();
    let task =
        json!({ "title": "Call them", "dueDate": "2027-05-06T15:00:00Z", "completed": false });
    play.world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
    play.pass(APPLY);
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    let call = json!({ "customer_uuid": customer, "type": "call", "text": "Asked for a quote", "call_duration": 690 });
    play.world.ask_chartmogul("POST", "/v1/notes", call);
    let there = play.find(Side::Chartmogul, true, "Call them").ok_or("the task is not there")?;
    play.put(Side::Chartmogul, true, &there, json!({ "completed_at": "2026-11-20T10:00:00Z" }));
    play.pass(FULL);
    play.has(Side::Ghl, false, "Renews in May")?;
    play.has(Side::Ghl, false, "Call, 12 min<br>Asked for a quote")?;
    let brought = play.find(Side::Ghl, false, "Renews in May").unwrap();
    if !brought.text.contains("in ChartMogul<br>[cm:n:") && brought.raw["userId"].is_null() {
        return Err(format!("nobody is named: {}", brought.text));
    }
    let task = play.find(Side::Ghl, true, "Call them").unwrap();
    if task.raw["completed"] != true {
        return Err("the task is open in GHL".to_owned());
    }
    play.settle_down()
}

/// What could not come, as the contact's notes could not be read, comes with the next run, and not with the
/// next full pass.
fn what_could_not_come_comes_later() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, customer) = play.couple();
    let linked = play.world.linked("contact");
    let mut others = linked.values().map(|link| link["customer"].as_str().unwrap_or_default());
    let other = others.rfind(|other| *other != customer).expect("two are linked");
    let note = |customer: &str, text: &str| json!({ "customer_uuid": customer, "type": "note", "text": text });
    play.world.ask_chartmogul("POST", "/v1/notes", note(&customer, "Renews in May"));
    // A page of newer notes, of a customer of nobody here: no list of the next run shows this one.
    play.world.host.advance(2 * HOUR);
    play.world.ask_chartmogul("POST", "/v1/notes", note(other, "Of another"));
    let source = json!({ "name": "Billing of others" });
    let source = play.world.ask_chartmogul("POST", "/v1/data_sources", source)["uuid"].clone();
    let stranger = json!({ "data_source_uuid": source, "external_id": "stranger", "name": "S" });
    let stranger = play.world.ask_chartmogul("POST", "/v1/customers", stranger)["uuid"].clone();
    let newer = |play: &Play| {
        for _ in 0..200 {
            let text = note(stranger.as_str().unwrap_or_default(), "Of a stranger");
            play.world.ask_chartmogul("POST", "/v1/notes", text);
            play.world.host.advance(100);
        }
    };
    let refuses = FaultRule {
        method: Some("GET".to_owned()),
        service: Some("ghl".to_owned()),
        path: Some(format!("/contacts/{contact}/notes")),
        ..FaultRule::always(Fault::Status { status: 500 })
    };
    play.world.host.sandbox.borrow_mut().set_faults(vec![refuses]);
    play.pass(APPLY);
    play.world.host.sandbox.borrow_mut().set_faults(Vec::new());
    if play.count(Side::Ghl, false, "Renews in May") > 0 {
        return Err("it came all the same".to_owned());
    }
    play.has(Side::Ghl, false, "Of another")?;
    play.world.host.advance(HOUR);
    newer(&play);
    play.pass(APPLY);
    play.has(Side::Ghl, false, "Renews in May")
}

/// A create whose answer was lost is looked for, and not sent a second time.
fn what_was_made_unheard_is_found() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (_, customer) = play.couple();
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    let lost = FaultRule {
        method: Some("POST".to_owned()),
        service: Some("ghl".to_owned()),
        path: Some("/contacts/*/notes".to_owned()),
        times: Some(1),
        ..FaultRule::always(Fault::Lost { done: true })
    };
    play.world.host.sandbox.borrow_mut().set_faults(vec![lost]);
    play.pass(APPLY);
    play.world.host.sandbox.borrow_mut().set_faults(Vec::new());
    play.pass(APPLY);
    play.has(Side::Ghl, false, "Renews in May")?;
    play.settle_down()
}

/// A choice counts for the values that were seen, and dies when either side moves.
fn a_choice_dies_with_its_values() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let there = play.disputed_note()?;
    play.has(Side::Ghl, false, "Words of sales")?;
    play.has(Side::Chartmogul, false, "Words of finance")?;
    let [conflict] = play.conflicts(false).try_into().map_err(|all| format!("{all:?}"))?;
    let resolve = |play: &Play, conflict: &Conflict| {
        let (id, seen) = (conflict.id.clone(), conflict.seen.clone());
        let ended = play
            .world
            .with(async |engine| engine.resolve(&id, Winner::Ghl, Some(&seen)).await)
            .unwrap();
        ended.map_err(|error| error.to_string())
    };
    resolve(&play, &conflict)?;
    // Finance writes on, before the choice is carried out.
    play.put(Side::Chartmogul, false, &there, json!({ "text": "Newer words of finance" }));
    play.pass(APPLY);
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Newer words of finance")?;
    if resolve(&play, &conflict).is_ok() {
        return Err("a choice for values of before was taken".to_owned());
    }
    let [conflict] = play.conflicts(false).try_into().map_err(|all| format!("{all:?}"))?;
    resolve(&play, &conflict)?;
    play.pass(APPLY);
    play.has(Side::Chartmogul, false, "Words of sales")?;
    let lost = play.conflicts(true);
    if !lost.iter().any(|one| one.chartmogul == "Newer words of finance") {
        return Err(format!("the value that lost is not kept: {lost:?}"));
    }
    play.settle_down()
}

/// Both texts of a conflict can be kept: ChartMogul's becomes a note of its own, once, on both sides.
fn both_texts_are_kept() -> Held {
    let mut play = in_step(SandboxOptions::default());
    play.disputed_note()?;
    let [conflict] = play.conflicts(false).try_into().map_err(|all| format!("{all:?}"))?;
    play.settle(&conflict, Winner::Both);
    play.pass(APPLY);
    play.settle_down()?;
    for side in [Side::Ghl, Side::Chartmogul] {
        play.has(side, false, "Words of sales")?;
        play.has(side, false, "Words of finance")?;
    }
    Ok(())
}

/// A person's edit between plan and apply is not written over, on either side.
fn an_edit_after_the_plan_stays() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (here, there) = play.note_of_both("First words")?;
    play.put(Side::Chartmogul, false, &there, json!({ "text": "Words of finance" }));
    let full = RunOptions { full: true, ..RunOptions::default() };
    let plan = play.world.with(async |engine| engine.plan(full.clone()).await).unwrap();
    let plan = plan.map_err(|error| error.to_string())?;
    play.put(Side::Ghl, false, &here, json!({ "body": "Words of sales" }));
    let _ = play.world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
    play.has(Side::Ghl, false, "Words of sales")?;
    play.has(Side::Chartmogul, false, "Words of finance")?;
    play.world.host.advance(10 * MINUTE);
    play.pass(FULL);
    play.has(Side::Ghl, false, "Words of sales")?;
    match play.conflicts(false).len() {
        1 => Ok(()),
        many => Err(format!("{many} conflicts")),
    }
}

/// A search of GHL that still shows the old value undoes nothing.
fn an_index_that_lags_undoes_nothing() -> Held {
    let options = SandboxOptions { task_search_lag_ms: 30 * MINUTE, ..SandboxOptions::default() };
    let mut play = in_step(options);
    let (contact, _) = play.couple();
    let task =
        json!({ "title": "Call them", "dueDate": "2027-05-06T15:00:00Z", "completed": false });
    play.world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
    play.pass(APPLY);
    let there = play.find(Side::Chartmogul, true, "Call them").ok_or("it is not there")?;
    play.put(Side::Chartmogul, true, &there, json!({ "due_date": "2027-06-07" }));
    let day = |value: &Value| value.as_str().unwrap_or_default().get(..10).map(str::to_owned);
    // The index shows the former day in the second run.
    for options in [FULL, APPLY, FULL] {
        play.pass(options);
        let task = play.find(Side::Ghl, true, "Call them").unwrap();
        let there = play.find(Side::Chartmogul, true, "Call them").unwrap();
        let (here, there) = (task.raw["dueDate"].clone(), there.raw["due_date"].clone());
        let right = Some("2027-06-07".to_owned());
        if day(&there) != right || day(&here) != right {
            return Err(format!("due {here} and {there}"));
        }
    }
    play.settle_down()
}

/// An empty value clears nothing.
fn an_empty_text_clears_nothing() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (_, there) = play.note_of_both("First words")?;
    play.put(Side::Chartmogul, false, &there, json!({ "text": "" }));
    play.pass(FULL);
    play.has(Side::Ghl, false, "First words")
}

/// A note with formatting, and a task with a description, wait for a person.
/// Nobody could settle it any more: the list of its contact's notes does not show the note.
fn a_conflict_ends_with_its_note() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, _) = play.couple();
    play.note_in_ghl(&contact, "<p>First <b>words</b></p>");
    play.pass(APPLY);
    let here = play.find(Side::Ghl, false, "words").ok_or("it is not here")?;
    let there = play.find(Side::Chartmogul, false, "First words").ok_or("it is not there")?;
    play.put(Side::Chartmogul, false, &there, json!({ "text": "Words of finance" }));
    play.pass(FULL);
    if play.conflicts(false).len() != 1 {
        return Err("nothing is held".to_owned());
    }
    let path = format!("/contacts/{contact}/notes/{}", here.id);
    play.world.ask_ghl("DELETE", &path, Value::Null);
    play.pass(FULL);
    if !play.conflicts(false).is_empty() {
        return Err("the conflict of a note that is gone never ends".to_owned());
    }
    play.has(Side::Chartmogul, false, "Words of finance")?;
    play.settle_down()
}

fn what_would_lose_something_is_held() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, _) = play.couple();
    play.note_in_ghl(&contact, "<p>First <b>words</b></p>");
    let task = json!({ "title": "Call them", "body": "About the renewal", "dueDate": "2027-05-06T15:00:00Z", "completed": false });
    play.world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
    play.pass(APPLY);
    for (is_task, words, name) in
        [(false, "First words", "text"), (true, "Call them", "task_details")]
    {
        let there = play.find(Side::Chartmogul, is_task, words).ok_or("it is not there")?;
        play.put(Side::Chartmogul, is_task, &there, json!({ name: "Words of finance" }));
    }
    play.pass(FULL);
    play.has(Side::Ghl, false, "<b>words</b>")?;
    play.has(Side::Ghl, true, "Call them")?;
    let causes: BTreeSet<&str> =
        play.conflicts(false).iter().map(|conflict| conflict.cause.name()).collect();
    if causes != BTreeSet::from(["held"]) {
        return Err(format!("the causes are {causes:?}"));
    }
    for conflict in play.conflicts(false) {
        play.settle(&conflict, Winner::Chartmogul);
    }
    play.pass(APPLY);
    play.has(Side::Ghl, false, "Words of finance")?;
    play.has(Side::Ghl, true, "Words of finance")?;
    let task = play.find(Side::Ghl, true, "Words of finance").unwrap();
    if task.raw["body"] != "About the renewal" {
        return Err(format!("the description became {}", task.raw["body"]));
    }
    play.settle_down()
}

/// What a person deletes in GHL stays deleted there, and as it is in ChartMogul.
fn what_was_deleted_stays_deleted() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, customer) = play.couple();
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    play.pass(APPLY);
    let here = play.find(Side::Ghl, false, "Renews in May").ok_or("it did not come")?;
    play.world.ask_ghl("DELETE", &format!("/contacts/{contact}/notes/{}", here.id), Value::Null);
    play.pass(FULL);
    let there =
        play.find(Side::Chartmogul, false, "Renews in May").ok_or("it is gone there, too")?;
    play.put(Side::Chartmogul, false, &there, json!({ "text": "Renews in June" }));
    play.pass(FULL);
    if play.count(Side::Ghl, false, "Renews") > 0 {
        return Err("it is in GHL again".to_owned());
    }
    play.has(Side::Chartmogul, false, "Renews in June")?;
    play.settle_down()
}

/// A copy in GHL of what was brought there, as after a request that arrived twice, does not go back.
fn a_double_in_ghl_does_not_go_back() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, customer) = play.couple();
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    play.pass(APPLY);
    let brought = play.find(Side::Ghl, false, "Renews in May").ok_or("it did not come")?;
    let path = format!("/contacts/{contact}/notes");
    play.world.ask_ghl("POST", &path, json!({ "body": brought.text }));
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Renews in May")?;
    play.settle_down()
}

pub type Situation = (&'static str, fn() -> Held);

const SITUATIONS: &[Situation] = &[
    ("what_is_new_there_comes", what_is_new_there_comes),
    ("what_could_not_come_comes_later", what_could_not_come_comes_later),
    ("what_was_made_unheard_is_found", what_was_made_unheard_is_found),
    ("a_choice_dies_with_its_values", a_choice_dies_with_its_values),
    ("both_texts_are_kept", both_texts_are_kept),
    ("an_edit_after_the_plan_stays", an_edit_after_the_plan_stays),
    ("an_index_that_lags_undoes_nothing", an_index_that_lags_undoes_nothing),
    ("an_empty_text_clears_nothing", an_empty_text_clears_nothing),
    ("what_would_lose_something_is_held", what_would_lose_something_is_held),
    ("a_conflict_ends_with_its_note", a_conflict_ends_with_its_note),
    ("what_was_deleted_stays_deleted", what_was_deleted_stays_deleted),
    ("a_double_in_ghl_does_not_go_back", a_double_in_ghl_does_not_go_back),
];

/// All situations of both ways.
pub fn all() -> impl Iterator<Item = Situation> {
    SITUATIONS.iter().chain(people::SITUATIONS).chain(deletes::SITUATIONS).copied()
}

#[test]
fn situations_of_both_ways_hold() {
    let broken: Vec<String> = all()
        .filter_map(|(name, play)| Some(format!("{name}: {}", situation_fails(None, play)?)))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn faults_of_both_ways_are_noticed() {
    if std::env::var_os("SIMULATION_MUTANTS").is_none() {
        println!(
            "skipped: mutants run with SIMULATION_MUTANTS=1 (cargo xtask test simulation --mutants)"
        );
        return;
    }
    let mut unnoticed = Vec::new();
    for mutant in OF_BOTH_WAYS {
        let found: Mutex<Option<(u64, String)>> = Mutex::default();
        spread(1..MUTANT_SEEDS + 1, |seed| {
            let tape = Tape::of(seed, &KINDS);
            if let Some(said) = failure(Some(mutant), &tape)
                && failure(None, &tape).is_none()
            {
                lock(&found).get_or_insert((seed, said));
            }
            lock(&found).is_none()
        });
        let situations: Vec<&str> = all()
            .filter(|(_, play)| situation_fails(Some(mutant), *play).is_some())
            .map(|(name, _)| name)
            .collect();
        match &*lock(&found) {
            Some((seed, said)) => {
                println!("{mutant:?}: noticed with seed {seed}: {said}; situations {situations:?}")
            }
            None => {
                println!("{mutant:?}: by no story of {MUTANT_SEEDS}; situations {situations:?}")
            }
        }
        if lock(&found).is_none() && situations.is_empty() {
            unnoticed.push(mutant);
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:?} go unnoticed");
}
