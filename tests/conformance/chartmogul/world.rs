//! A small account in the sandbox, whose ids stand for those of recordings.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::sandbox::{ChartmogulGeneration, Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::recording::Recording;

/// The ids of one kind in the world; the first stands for the first in a request, and so on.
pub(super) type Ids = Vec<String>;

/// A small account with one or two records of each kind.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) now: u64,
    pub(super) user: String,
    pub(super) sources: Ids,
    pub(super) customers: Ids,
    pub(super) number: String,
    pub(super) contacts: Ids,
    pub(super) notes: Ids,
    pub(super) tasks: Ids,
    pub(super) plans: Ids,
    pub(super) groups: Ids,
    pub(super) invoices: Ids,
    pub(super) line_items: Ids,
    pub(super) transactions: Ids,
    pub(super) subscriptions: Ids,
    pub(super) opportunities: Ids,
    pub(super) exports: Ids,
    pub(super) event: String,
}

pub(super) const EMAIL: &str = "adam@world.example";

fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{name} is {other} in {value}"),
    }
}

fn method(name: &str) -> Method {
    [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]
        .into_iter()
        .find(|method| method.name() == name)
        .unwrap()
}

impl World {
    pub(super) fn new(generation: ChartmogulGeneration) -> Self {
        let sandbox = Sandbox::new(SandboxOptions {
            strict: true,
            contacts: 0,
            chartmogul_limit: 1_000_000,
            chartmogul_generation: generation,
            ..SandboxOptions::default()
        });
        let now = sandbox.options().now_ms;
        let user = text(&sandbox.records(Service::Chartmogul, "users").unwrap()[0], "email");
        let none = Vec::new;
        let mut world = Self {
            sandbox,
            now,
            user,
            sources: none(),
            customers: none(),
            number: String::new(),
            contacts: none(),
            notes: none(),
            tasks: none(),
            plans: none(),
            groups: none(),
            invoices: none(),
            line_items: none(),
            transactions: none(),
            subscriptions: none(),
            opportunities: none(),
            exports: none(),
            event: String::new(),
        };
        world.fill();
        world
    }

    fn send(
        &mut self,
        method: Method,
        target: &str,
        content: &str,
        body: &[u8],
    ) -> (u16, Value, String) {
        self.now += 10;
        let key = STANDARD.encode(format!("{}:", self.sandbox.credentials().chartmogul_key));
        let request = Request {
            method,
            url: format!("http://sandbox.example{target}"),
            headers: vec![
                (Cow::Borrowed("authorization"), format!("Basic {key}")),
                (Cow::Borrowed("content-type"), content.to_owned()),
            ],
            body: body.to_vec(),
            timeout_ms: 1000,
        };
        let response = self.sandbox.handle(&request, self.now).response;
        let text = String::from_utf8(response.body).unwrap();
        (response.status, serde_json::from_str(&text).unwrap_or(Value::Null), text)
    }

    fn post(&mut self, target: &str, body: &Value) -> Value {
        let (status, answer, _) =
            self.send(Method::Post, target, "application/json", body.to_string().as_bytes());
        assert!((200..300).contains(&status), "{target}: {status} {answer}");
        answer
    }

    fn fill(&mut self) {
        let source = text(&self.post("/v1/data_sources", &json!({"name": "World"})), "uuid");
        let user = self.user.clone();
        for external_id in ["cus_a", "cus_b"] {
            let email = if external_id == "cus_a" { EMAIL } else { "b@world.example" };
            let body = json!({
                "data_source_uuid": source, "external_id": external_id, "name": external_id, "email": email,
                "country": "US", "state": "US-CA", "city": "Berkeley", "zip": "94704", "owner": user,
                "lead_created_at": "2020-01-01", "free_trial_started_at": "2020-01-02", "website_url": "https://w.example",
                "attributes": {"tags": ["managed"], "custom": [
                    {"type": "String", "key": "StringKey", "value": "x"}, {"type": "String", "key": "string_key", "value": "x"},
                    {"type": "Integer", "key": "integer_key", "value": 1}, {"type": "Boolean", "key": "boolean_key", "value": true},
                    {"type": "Timestamp", "key": "timestamp_key", "value": "2020-01-01"},
                    {"type": "Boolean", "key": "Toggle", "value": true}, {"type": "Integer", "key": "age", "value": 8},
                    {"type": "Integer", "key": "CAC", "value": 213}, {"type": "String", "key": "channel", "value": "x"},
                    {"type": "String", "key": "utmCampaign", "value": "x"},
                ]},
            });
            let made = self.post("/v1/customers", &body);
            let uuid = text(&made, "uuid");
            if external_id == "cus_a" {
                self.number = text(&made, "id");
            }
            let contact = json!({
                "customer_uuid": uuid, "data_source_uuid": source, "first_name": "A", "last_name": "B", "title": "C",
                "email": format!("contact@{external_id}.example"), "phone": "+49", "linked_in": "l", "twitter": "t",
                "notes": "n", "custom": [{"key": "Toggle", "value": true}],
            });
            let contact = text(&self.post("/v1/contacts", &contact), "uuid");
            for of in ["note", "call"] {
                let note = json!({"customer_uuid": uuid, "type": of, "text": "Hello"});
                let note = text(&self.post("/v1/customer_notes", &note), "uuid");
                self.notes.push(note);
            }
            for _ in 0..2 {
                let task = json!({"customer_uuid": uuid, "task_details": "Call", "assignee": user, "due_date": "2025-04-30"});
                let task = text(&self.post("/v1/tasks", &task), "task_uuid");
                self.tasks.push(task);
                let opportunity = json!({
                    "customer_uuid": uuid, "owner": user, "pipeline": "New Business", "pipeline_stage": "Discovery",
                    "estimated_close_date": "2024-03-28", "amount_in_cents": 100, "currency": "USD",
                    "custom": [{"key": "from_campaign", "value": true}],
                });
                let opportunity = text(&self.post("/v1/opportunities", &opportunity), "uuid");
                self.opportunities.push(opportunity);
            }
            self.customers.push(uuid);
            self.contacts.push(contact);
        }
        self.sources.push(source.clone());
        self.fill_contact_records();
        self.fill_billing(&source);
    }

    /// Notes and tasks of a contact, where the account has them.
    fn fill_contact_records(&mut self) {
        if self.sandbox.options().chartmogul_generation == ChartmogulGeneration::Before {
            return;
        }
        let parent =
            json!({"associated_object": "contact", "method": "uuid", "value": self.contacts[0]});
        self.post(
            "/v1/notes",
            &json!({"associated_object_identifier": parent, "type": "call", "text": "Hello"}),
        );
        let user = self.user.clone();
        self.post("/v1/tasks", &json!({
            "associated_object_identifier": parent, "task_details": "Call", "assignee": user, "due_date": "2026-09-30",
        }));
    }

    fn fill_billing(&mut self, source: &str) {
        for number in 1..3 {
            let plan = json!({
                "data_source_uuid": source, "name": format!("Plan {number}"), "interval_count": 1,
                "interval_unit": "month", "external_id": format!("world_plan_{number}"),
            });
            let plan = text(&self.post("/v1/plans", &plan), "uuid");
            self.plans.push(plan.clone());
            let group = json!({"name": format!("Group {number}"), "plans": [plan]});
            let group = text(&self.post("/v1/plan_groups", &group), "uuid");
            self.groups.push(group);
            let month = |day: &str| format!("2016-0{number}-{day} 12:00:00 UTC");
            let invoices = json!({"invoices": [{
                "external_id": format!("world_invoice_{number}"), "date": month("01"), "due_date": month("07"), "currency": "EUR",
                "line_items": [
                    {"type": "one_time", "description": "setup", "amount_in_cents": 4500},
                    {
                        "type": "subscription", "subscription_external_id": format!("world_subscription_{number}"),
                        "subscription_set_external_id": "world_set", "plan_uuid": plan, "amount_in_cents": 1000 * number,
                        "service_period_start": month("01"), "service_period_end": month("28"),
                        "external_id": format!("world_line_item_{number}"),
                    },
                ],
                "transactions": [{
                    "type": "payment", "date": month("01"), "result": "successful",
                    "external_id": format!("world_transaction_{number}"),
                }],
            }]});
            let target = format!("/v1/import/customers/{}/invoices", self.customers[0]);
            let invoice = self.post(&target, &invoices)["invoices"][0].clone();
            assert_eq!(invoice["errors"], json!({}), "{invoice}");
            self.invoices.push(text(&invoice, "uuid"));
            self.line_items.push(text(&invoice["line_items"][1], "uuid"));
            self.transactions.push(text(&invoice["transactions"][0], "uuid"));
            self.subscriptions.push(text(&invoice["line_items"][1], "subscription_uuid"));
        }
        let event = json!({"subscription_event": {
            "data_source_uuid": source, "customer_external_id": "cus_a", "subscription_external_id": "world_subscription_1",
            "event_type": "subscription_start", "event_date": "2022-01-01", "effective_date": "2022-01-01",
            "external_id": "world_event_1", "plan_external_id": "world_plan_1", "amount_in_cents": 100, "currency": "EUR",
            "quantity": 1, "tax_amount_in_cents": 0,
        }});
        self.event = text(&self.post("/v1/subscription_events", &event), "id");
        let export = text(
            &self.post(
                "/v1/activities_export",
                &json!({"type": "churn", "start-date": "2020-01-01", "end-date": "2020-12-31"}),
            ),
            "id",
        );
        self.exports.push(export);
        self.post(
            &format!("/v1/data_sources/{source}/json_imports"),
            &json!({"external_id": "world_import"}),
        );
        self.now += 5000;
    }

    /// Replaces the prefixed uuids of a text.
    fn replace_ids(&self, given: &str) -> String {
        let mut text = given.to_owned();
        for (prefix, ids) in [
            ("ds_", &self.sources),
            ("cus_", &self.customers),
            ("con_", &self.contacts),
            ("note_", &self.notes),
            ("pl_", &self.plans),
            ("plg_", &self.groups),
            ("inv_", &self.invoices),
            ("li_", &self.line_items),
            ("tr_", &self.transactions),
            ("sub_", &self.subscriptions),
        ] {
            text = replace(&text, prefix, ids);
        }
        text
    }

    /// The path with the ids that have no prefix.
    fn path(&self, given: &str) -> String {
        let replaced = self.replace_ids(given);
        let mut segments: Vec<String> = replaced.split('/').map(str::to_owned).collect();
        for index in 2..segments.len() {
            let is_number = segments[index].chars().all(|letter| letter.is_ascii_digit());
            let replacement = match (segments[index - 1].as_str(), is_uuid(&segments[index])) {
                ("tasks", true) => &self.tasks[0],
                ("opportunities", true) => &self.opportunities[0],
                ("activities_export", true) => &self.exports[0],
                ("data_sources", true) => &self.sources[0],
                ("customers", false) if is_number => &self.number,
                ("subscription_events", false) if segments[index] == "101" => &self.event,
                _ => match segments[index].as_str() {
                    "INV0001" => "world_invoice_1",
                    "ds_import_1" => "world_import",
                    _ => continue,
                },
            };
            segments[index] = replacement.to_owned();
        }
        segments.join("/")
    }

    /// The query with the ids of the world; cursors and pages of longer lists are left out.
    fn query(&self, path: &str, given: &str) -> String {
        let known = |name: &str| {
            let kind = path.split('/').nth(2).unwrap_or_default();
            match (name, kind) {
                ("email", "contacts") => Some("contact%40cus_a.example"),
                ("email", _) => Some("adam%40world.example"),
                ("customer_external_id", _) => Some("cus_a"),
                ("external_id", "invoices") => Some("world_invoice_1"),
                ("external_id", "line_items") => Some("world_line_item_1"),
                ("external_id", "transactions") => Some("world_transaction_1"),
                ("subscription_event%5Bid%5D", _) => Some(self.event.as_str()),
                _ => None,
            }
        };
        let pairs = given.split('&').filter(|pair| {
            !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("page=")
        });
        let pairs: Vec<String> = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                format!(
                    "{name}={}",
                    known(name).map_or_else(|| self.replace_ids(value), str::to_owned)
                )
            })
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The body with the world's ids, users, stages and events.
    pub(super) fn body(&self, method: &str, path: &str, given: &Value) -> Value {
        let replaced: Value = serde_json::from_str(&self.replace_ids(&given.to_string())).unwrap();
        let Value::Object(mut body) = replaced else { return replaced };
        for name in ["owner", "assignee", "author_email"] {
            if body.contains_key(name) {
                body.insert(name.into(), json!(self.user));
            }
        }
        if body.contains_key("email") && path.contains("/attributes/") {
            body.insert("email".into(), json!(EMAIL));
        }
        if body.contains_key("pipeline") {
            body.insert("pipeline".into(), json!("New Business"));
        }
        if let Some(Value::Array(subscriptions)) = body.get_mut("subscriptions") {
            for (index, subscription) in subscriptions.iter_mut().enumerate() {
                let number = index % 2;
                let known = [
                    ("external_id", json!(format!("world_subscription_{}", number + 1))),
                    ("uuid", json!(self.subscriptions[number])),
                ];
                let subscription = subscription.as_object_mut().unwrap();
                for (name, value) in known {
                    subscription.entry(name).and_modify(|given| *given = value);
                }
            }
        }
        if let Some(Value::Object(event)) = body.get_mut("subscription_event") {
            let is_numbered = event.get("id").is_some_and(|id| !id.is_null());
            if is_numbered && method != "POST" {
                event.insert("id".into(), serde_json::from_str(&self.event).unwrap());
            } else if method != "POST" {
                event.insert("external_id".into(), json!("world_event_1"));
            }
        }
        if path.ends_with("/unmerges") {
            body.insert("external_id".into(), json!("cus_b"));
        }
        Value::Object(body)
    }

    /// What must have happened before a request.
    pub(super) fn prepare(&mut self, path: &str) {
        if path.ends_with("/unmerges") {
            let (into, from) = (self.customers[0].clone(), self.customers[1].clone());
            self.post(
                "/v1/customers/merges",
                &json!({"from": {"customer_uuid": from}, "into": {"customer_uuid": into}}),
            );
        }
    }

    /// Sends a request of other people with the ids of this world.
    pub(super) fn play(
        &mut self,
        method_name: &str,
        path: &str,
        query: &str,
        body: &str,
    ) -> (u16, Value, String) {
        self.prepare(path);
        let target = format!("{}{}", self.path(path), self.query(path, query));
        if body.starts_with("--") {
            let boundary = body.lines().next().unwrap().trim().trim_start_matches('-');
            // Recorded with two dashes more than the boundary has.
            let lead = body.lines().next().unwrap().trim();
            let content = format!(
                "multipart/form-data; boundary={}",
                lead.trim_start_matches("--").trim_end()
            );
            assert!(lead.ends_with(boundary));
            return self.send(method(method_name), &target, &content, body.as_bytes());
        }
        let body = match body {
            "" => String::new(),
            body => self.body(method_name, path, &serde_json::from_str(body).unwrap()).to_string(),
        };
        self.send(method(method_name), &target, "application/json", body.as_bytes())
    }
}

/// 36 characters in the five groups of a UUID; some published ones hold other letters.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|letter| letter == '-' || letter.is_ascii_alphanumeric())
}

/// Replaces `prefix` and UUID: the first distinct one by the first id, and so on.
fn replace(text: &str, prefix: &str, ids: &[String]) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(prefix) {
        let (before, found) = rest.split_at(start);
        replaced.push_str(before);
        let is_start =
            !replaced.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        let uuid =
            found.get(prefix.len()..prefix.len() + 36).filter(|uuid| is_start && is_uuid(uuid));
        match uuid {
            Some(uuid) => {
                let index = seen.iter().position(|known| known == uuid).unwrap_or_else(|| {
                    seen.push(uuid.to_owned());
                    seen.len() - 1
                });
                replaced.push_str(&ids[index.min(ids.len() - 1)]);
                rest = &found[prefix.len() + 36..];
            }
            None => {
                replaced.push_str(prefix);
                rest = &found[prefix.len()..];
            }
        }
    }
    replaced.push_str(rest);
    replaced
}

impl World {
    /// The same with a key of nobody.
    pub(super) fn unauthorized(&mut self, recording: &Recording) -> (u16, Value, String) {
        let request = Request {
            method: method(&recording.method),
            url: format!("http://sandbox.example{}", recording.path),
            headers: vec![(Cow::Borrowed("authorization"), "Basic bm9ib2R5Og==".to_owned())],
            body: Vec::new(),
            timeout_ms: 1000,
        };
        let response = self.sandbox.handle(&request, self.now).response;
        let text = String::from_utf8(response.body).unwrap();
        (response.status, serde_json::from_str(&text).unwrap(), text)
    }

    /// The same with its own ids, which nobody has here.
    pub(super) fn unknown(&mut self, recording: &Recording) -> (u16, Value, String) {
        self.send(method(&recording.method), &recording.path, "application/json", b"")
    }
}
