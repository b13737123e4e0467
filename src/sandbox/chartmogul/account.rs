//! The account: all records, the clock of the request in hand, and what every operation needs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::billing::Part;
use super::parts::parts;
use super::reading::{Outcome, window};
use super::refusals::invalid;
use super::store::{Collection, Extract, Order, Record, one, text};
use crate::dates;
use crate::sandbox::random::Random;
use crate::sandbox::seed::ChartmogulSeed;
use crate::sandbox::service::{Call, Reply};
use crate::sandbox::{AttributeType, ChartmogulGeneration, SandboxOptions};

/// One account of ChartMogul.
#[derive(Debug)]
pub(in crate::sandbox) struct Account {
    pub(super) options: SandboxOptions,
    /// Which of the sandbox's accounts it is, counted from 1.
    place: u64,
    pub(in crate::sandbox) name: String,
    pub(super) generation: ChartmogulGeneration,
    /// When the request in hand arrived.
    pub(super) now_ms: u64,
    /// The last instant given to a record, in microseconds: each record gets a later one.
    last_micros: u64,
    random: Random,
    next_number: u64,
    /// E-mail addresses and names of the people of the account; the first owns the key.
    pub(super) users: Vec<(String, String)>,
    /// The type that each custom attribute got with its first write.
    pub(super) attribute_types: BTreeMap<String, AttributeType>,
    pub(super) sources: Collection,
    pub(super) customers: Collection,
    pub(super) contacts: Collection,
    pub(super) notes: Collection,
    pub(super) tasks: Collection,
    pub(super) opportunities: Collection,
    pub(super) plans: Collection,
    pub(super) plan_groups: Collection,
    pub(super) invoices: Collection,
    pub(super) subscriptions: Collection,
    pub(super) events: Collection,
    pub(super) activities: Collection,
    pub(super) exports: Collection,
    pub(super) imports: Collection,
    /// Seeded customers whose invoices are made when they are first asked for.
    pub(super) unbilled: Vec<String>,
    /// Changes of records that no request made.
    pub(super) unwritten: u64,
}

/// The customers' sources: each has a data source and an external id in it.
pub(super) fn customer_sources(record: &Record) -> Vec<(String, String)> {
    let sources = record.get("sources").and_then(Value::as_array);
    let pair = |source: &Value| {
        let part = |name: &str| source.get(name).and_then(Value::as_str).map(str::to_owned);
        part("data_source_uuid").zip(part("external_id"))
    };
    sources.into_iter().flatten().filter_map(pair).collect()
}

fn external_ids(record: &Record) -> Vec<String> {
    customer_sources(record).into_iter().map(|(_, external_id)| external_id).collect()
}

fn source_uuids(record: &Record) -> Vec<String> {
    customer_sources(record).into_iter().map(|(source, _)| source).collect()
}

fn source_pairs(record: &Record) -> Vec<String> {
    customer_sources(record).into_iter().map(|(source, id)| format!("{source} {id}")).collect()
}

fn lower_email(record: &Record) -> Vec<String> {
    one(record, "email").into_iter().map(|email| email.to_lowercase()).collect()
}

/// The addresses of the customers that were merged into this one.
fn merged_emails(record: &Record) -> Vec<String> {
    let emails = record.get("merged_emails").and_then(Value::as_array);
    let emails = emails.into_iter().flatten().filter_map(Value::as_str);
    emails.map(str::to_lowercase).collect()
}

fn part_uuids(record: &Record, part: Part) -> Vec<String> {
    parts(record, part).map(|item| text(item, "uuid").to_owned()).collect()
}

fn part_external_ids(record: &Record, part: Part) -> Vec<String> {
    parts(record, part).flat_map(|item| one(item, "external_id")).collect()
}

fn number(record: &Record) -> Vec<String> {
    record.get("id").map(Value::to_string).into_iter().collect()
}

impl Account {
    /// The account in this place, counted from 1, with these records.
    pub(super) fn new(options: &SandboxOptions, place: u64, seed: ChartmogulSeed) -> Self {
        let purpose = match place {
            1 => "chartmogul account".to_owned(),
            _ => format!("chartmogul account {place}"),
        };
        let newest =
            |indexes: &[(&'static str, Extract)]| Collection::new(Order::NewestFirst, indexes);
        let mut account = Self {
            options: options.clone(),
            place,
            name: "Sandbox".to_owned(),
            generation: options.chartmogul_generation,
            now_ms: options.now_ms,
            last_micros: 0,
            random: Random::new(options.seed, &purpose),
            next_number: 6_000_000 + place * 1_000_000,
            users: Vec::new(),
            attribute_types: options.attribute_types.clone(),
            sources: newest(&[("name", |record| one(record, "name"))]),
            customers: Collection::new(
                Order::OldestFirst,
                &[
                    ("external_id", external_ids),
                    ("data_source_uuid", source_uuids),
                    ("source", source_pairs),
                    ("email", lower_email),
                    ("merged_emails", merged_emails),
                    ("id", number),
                ],
            ),
            contacts: newest(&[
                ("customer_uuid", |record| one(record, "customer_uuid")),
                ("data_source_uuid", |record| one(record, "data_source_uuid")),
                ("external_id", |record| one(record, "external_id")),
                ("email", lower_email),
            ]),
            notes: newest(&[
                ("parent_uuid", |record| one(record, "parent_uuid")),
                ("type", |record| one(record, "type")),
            ]),
            tasks: newest(&[("parent_uuid", |record| one(record, "parent_uuid"))]),
            opportunities: newest(&[("customer_uuid", |record| one(record, "customer_uuid"))]),
            plans: newest(&[
                ("data_source_uuid", |record| one(record, "data_source_uuid")),
                ("external_id", |record| one(record, "external_id")),
            ]),
            plan_groups: newest(&[("name", |record| one(record, "name"))]),
            invoices: newest(&[
                ("data_source_uuid", |record| one(record, "data_source_uuid")),
                ("customer_uuid", |record| one(record, "customer_uuid")),
                ("external_id", |record| one(record, "external_id")),
                ("line_items", |record| part_uuids(record, Part::LineItem)),
                ("transactions", |record| part_uuids(record, Part::Transaction)),
                ("line_items.external_id", |record| part_external_ids(record, Part::LineItem)),
                ("transactions.external_id", |record| part_external_ids(record, Part::Transaction)),
            ]),
            subscriptions: newest(&[
                ("customer_uuid", |record| one(record, "customer_uuid")),
                ("external_id", |record| one(record, "external_id")),
            ]),
            events: newest(&[
                ("data_source_uuid", |record| one(record, "data_source_uuid")),
                ("customer_external_id", |record| one(record, "customer_external_id")),
                ("external_id", |record| one(record, "external_id")),
            ]),
            activities: Collection::new(
                Order::OldestFirst,
                &[("customer_uuid", |record| one(record, "customer_uuid"))],
            ),
            exports: newest(&[]),
            imports: newest(&[("external_id", |record| one(record, "external_id"))]),
            unbilled: Vec::new(),
            unwritten: 0,
        };
        account.fill(seed);
        account
    }

    /// An account in another place, with the same people and nothing else.
    pub(super) fn beside(&self, place: u64) -> Self {
        let mut other = Self::new(&self.options, place, ChartmogulSeed::default());
        other.users.clone_from(&self.users);
        other
    }

    /// Takes the records of these kinds over from another account.
    pub(super) fn take_over(&mut self, mut from: Self, kinds: &[&str]) {
        for kind in kinds {
            match *kind {
                "dataSources" => std::mem::swap(&mut self.sources, &mut from.sources),
                "customers" => {
                    from.bill_seeded_customers();
                    std::mem::swap(&mut self.customers, &mut from.customers);
                    std::mem::swap(&mut self.attribute_types, &mut from.attribute_types);
                }
                "contacts" => std::mem::swap(&mut self.contacts, &mut from.contacts),
                "notes" => std::mem::swap(&mut self.notes, &mut from.notes),
                "tasks" => std::mem::swap(&mut self.tasks, &mut from.tasks),
                _ => {}
            }
        }
    }

    /// Takes over the records of the start.
    fn fill(&mut self, seed: ChartmogulSeed) {
        for user in &seed.users {
            let part =
                |name: &str| user.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            self.users.push((part("email"), part("name")));
        }
        if self.users.is_empty() {
            self.users.push(("user@example.com".to_owned(), "Test User".to_owned()));
        }
        let objects = |values: Vec<Value>| {
            values.into_iter().filter_map(|value| match value {
                Value::Object(record) => Some(record),
                _ => None,
            })
        };
        for record in objects(seed.data_sources) {
            let micros = self.seed_micros(&record);
            self.sources.add(micros, record);
        }
        for record in objects(seed.customers) {
            self.seed_customer(record);
        }
        for record in objects(seed.contacts) {
            self.seed_contact(record);
        }
        for mut record in objects(seed.notes) {
            let micros = self.seed_child(&mut record);
            record.entry("type").or_insert_with(|| json!("note"));
            self.notes.add(micros, record);
        }
        for mut record in objects(seed.tasks) {
            let micros = self.seed_child(&mut record);
            self.tasks.add(micros, record);
        }
    }

    /// A seeded record's own instant, made later by microseconds where several share one.
    pub(super) fn seed_micros(&mut self, record: &Record) -> u64 {
        self.next_number += 1;
        let at =
            dates::instant_of(text(record, "created_at")).and_then(|at| u64::try_from(at).ok());
        at.unwrap_or(0) * 1000 + self.next_number % 1000
    }

    /// Gives a seeded note or task its parent and instants.
    fn seed_child(&mut self, record: &mut Record) -> u64 {
        let (kind, parent) = match record.get("contact_uuid").and_then(Value::as_str) {
            Some(contact) => ("contact", contact.to_owned()),
            None => ("customer", text(record, "customer_uuid").to_owned()),
        };
        record.remove("contact_uuid");
        record.remove("customer_uuid");
        record.insert("parent_kind".into(), json!(kind));
        record.insert("parent_uuid".into(), json!(parent));
        let created = record.get("created_at").cloned().unwrap_or(Value::Null);
        record.entry("updated_at").or_insert(created);
        self.seed_micros(record)
    }

    /// The instant of the request as records show it.
    pub(super) fn now(&self) -> Value {
        json!(dates::iso(i64::try_from(self.now_ms).unwrap_or(0)))
    }

    /// An instant for a new record: now, and later than the one before.
    pub(super) fn tick(&mut self) -> u64 {
        self.last_micros = (self.now_ms * 1000).max(self.last_micros + 1);
        self.last_micros
    }

    /// A new uuid with its prefix.
    pub(super) fn uuid(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.random.uuid())
    }

    /// A new internal number.
    pub(super) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub(super) fn is_2026(&self) -> bool {
        self.generation == ChartmogulGeneration::September2026
    }

    /// The answer to a delete: 202 with a message since 2026, 200 with nothing before.
    pub(super) fn deleted(&self, what: &str) -> Outcome {
        Ok(if self.is_2026() {
            Reply::json(202, &json!({"message": format!("{what} deleted")}))
        } else {
            Reply::json(200, &json!({}))
        })
    }

    /// The answer to a change: the record, or 304 since 2026 where the body could change nothing.
    pub(super) fn changed(&self, any: bool, shown: &Value) -> Outcome {
        Ok(if any || !self.is_2026() { Reply::json(200, shown) } else { Reply::empty(304) })
    }

    /// A user of the account by e-mail address: 422 for another. Its form is a guess.
    pub(super) fn user(&self, param: &str, email: &str) -> Result<String, Reply> {
        let known = self.users.iter().find(|(known, _)| known.eq_ignore_ascii_case(email));
        known.map(|(known, _)| known.clone()).ok_or_else(|| {
            invalid(param, &format!("The {param} does not belong to a user of this account."))
        })
    }

    /// `Name (e-mail)`.
    pub(super) fn signature(&self, email: &str) -> String {
        let known = self.users.iter().find(|(known, _)| known == email);
        known.map_or_else(|| email.to_owned(), |(email, name)| format!("{name} ({email})"))
    }

    /// A page of the younger lists: `entries`, `cursor`, `has_more`.
    pub(super) fn entries(
        call: &Call<'_>,
        list: &Collection,
        narrow: &[(&str, String)],
        keep: Option<&dyn Fn(&Record) -> bool>,
        show: &dyn Fn(&Record) -> Value,
    ) -> Outcome {
        let page = list.page(narrow, keep, &window(call, list)?);
        let entries: Vec<Value> = page.records.iter().map(|record| show(record)).collect();
        let body = json!({"entries": entries, "cursor": page.cursor, "has_more": page.has_more});
        Ok(Reply::json(200, &body))
    }

    /// The equality filters of a list that the query gives, for the indexes of the same name.
    pub(super) fn narrow<'a>(call: &Call<'_>, names: &[&'a str]) -> Vec<(&'a str, String)> {
        let pair = |name: &&'a str| Some((*name, call.query(name)?.to_owned()));
        names.iter().filter_map(pair).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// A note or task with the customer it belongs to, directly or through a contact.
    fn owned(&self, record: &Record, mut shown: Value) -> Value {
        let parent = text(record, "parent_uuid");
        let owner = match text(record, "parent_kind") {
            "contact" => self.contacts.get(parent).map(|contact| text(contact, "customer_uuid")),
            _ => Some(parent),
        };
        if let Value::Object(shown) = &mut shown {
            shown.insert("of_customer_uuid".into(), json!(owner.filter(|uuid| !uuid.is_empty())));
        }
        shown
    }

    /// How often a record was made, removed or given other contents. Activities follow from the rest.
    pub(super) fn changes(&self) -> u64 {
        [
            &self.sources,
            &self.customers,
            &self.contacts,
            &self.notes,
            &self.tasks,
            &self.opportunities,
            &self.plans,
            &self.plan_groups,
            &self.invoices,
            &self.subscriptions,
            &self.events,
            &self.exports,
            &self.imports,
        ]
        .iter()
        .map(|list| list.changes())
        .sum::<u64>()
        .saturating_sub(self.unwritten)
    }

    /// The records of a kind as a client sees them. Customers and contacts have their `created_at`
    /// besides, notes and tasks `of_customer_uuid`.
    pub(super) fn records(&self, kind: &str) -> Option<Vec<Value>> {
        let plain = |list: &Collection| list.all().cloned().map(Value::Object).collect();
        Some(match kind {
            "customers" => {
                let all = self.customers.all();
                all.map(|record| dated(record, self.show_customer(record))).collect()
            }
            "contacts" => {
                let all = self.contacts.all();
                all.map(|record| dated(record, self.show_contact(record))).collect()
            }
            "notes" => {
                let shown = |record| self.show_note(record, self.generation);
                self.notes.all().map(|record| self.owned(record, shown(record))).collect()
            }
            "tasks" => {
                self.tasks.all().map(|record| self.owned(record, self.show_task(record))).collect()
            }
            "opportunities" => {
                self.opportunities.all().map(|record| self.show_opportunity(record)).collect()
            }
            "dataSources" => plain(&self.sources),
            "plans" => plain(&self.plans),
            "planGroups" => plain(&self.plan_groups),
            "invoices" => plain(&self.invoices),
            "subscriptions" => plain(&self.subscriptions),
            "subscriptionEvents" => plain(&self.events),
            "activities" => plain(&self.activities),
            "users" => self
                .users
                .iter()
                .map(|(email, name)| json!({"email": email, "name": name}))
                .collect(),
            _ => return None,
        })
    }

    /// Deletes a record with what belongs to it, as a person of the account can.
    pub(in crate::sandbox) fn delete(&mut self, kind: &str, uuid: &str) -> bool {
        let before = self.changes();
        match kind {
            "dataSources" if self.sources.remove(uuid).is_some() => self.clear_source(uuid),
            "customers" => self.remove_customer(uuid),
            "contacts" => self.remove_contact(uuid),
            "notes" => _ = self.notes.remove(uuid),
            "tasks" => _ = self.tasks.remove(uuid),
            _ => {}
        }
        self.changes() != before
    }

    pub(super) fn ping(&self) -> Outcome {
        Ok(Reply::json(200, &json!({"data": "pong!"})))
    }

    pub(super) fn show_account(&self, call: &Call<'_>) -> Outcome {
        let mut account = Map::new();
        account.insert("name".into(), json!(self.name));
        account.insert("currency".into(), json!("USD"));
        account.insert("time_zone".into(), json!("Europe/Berlin"));
        account.insert("week_start_on".into(), json!("monday"));
        if self.options.chartmogul_account_id {
            let id = format!("acc_5ad1b0c2-0000-4000-8000-5a4db0c5{:04}", self.place);
            account.insert("id".into(), json!(id));
        }
        for name in call.query("include").unwrap_or_default().split(',') {
            let value = match name.trim() {
                "churn_recognition" => json!("immediate"),
                "churn_when_zero_mrr" => json!(false),
                "auto_churn_subscription" => json!({"enabled": false, "interval": null}),
                "refund_handling" => json!("ignore"),
                "proximate_movement_reclassification" => json!({"enabled": false}),
                _ => continue,
            };
            account.insert(name.trim().to_owned(), value);
        }
        Ok(Reply::json(200, &Value::Object(account)))
    }
}

/// A record as a client sees it, with when it was made.
fn dated(record: &Record, mut shown: Value) -> Value {
    if let Value::Object(shown) = &mut shown {
        shown.insert("created_at".into(), record.get("created_at").cloned().unwrap_or_default());
    }
    shown
}
