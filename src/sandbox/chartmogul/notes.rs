//! Notes and call logs: the same notes under `/v1/notes` and, without contacts' ones, under
//! `/v1/customer_notes`.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::{Outcome, body, copy_instant, copy_texts, required};
use super::refusals::{absent, invalid, missing, page_not_found};
use super::store::{Record, text};
use crate::host::Method;
use crate::sandbox::ChartmogulGeneration::{self, Before};
use crate::sandbox::service::{Call, Reply};

const UPDATABLE: &[&str] = &["author_email", "text", "call_duration", "created_at", "updated_at"];

impl Account {
    pub(super) fn show_note(&self, record: &Record, form: ChartmogulGeneration) -> Value {
        let kind = text(record, "parent_kind");
        let parent = text(record, "parent_uuid");
        let mut shown = json!({
            "uuid": text(record, "uuid"),
            "customer_uuid": (kind == "customer").then_some(parent),
            "type": text(record, "type"),
            "text": text(record, "text"),
            "call_duration": record.get("call_duration").and_then(Value::as_i64).unwrap_or(0),
            "author": self.signature(text(record, "author_email")),
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
        });
        if form != Before
            && let Value::Object(shown) = &mut shown
        {
            shown.insert("associated_object".into(), json!(kind));
            shown.insert("associated_object_uuid".into(), json!(parent));
        }
        shown
    }

    /// What a new note or task is attached to: `customer_uuid`, or since September 2026
    /// `associated_object_identifier`.
    pub(super) fn parent(
        &self,
        body: &Record,
        form: ChartmogulGeneration,
    ) -> Result<(&'static str, String), Reply> {
        let identifier = body.get("associated_object_identifier").and_then(Value::as_object);
        if let Some(identifier) = identifier.filter(|_| form != Before) {
            if required(identifier, "method")? != "uuid" {
                return Err(invalid("associated_object_identifier", "The method must be uuid."));
            }
            let uuid = required(identifier, "value")?;
            return match required(identifier, "associated_object")? {
                "customer" => self.named_customer(uuid).map(|_| ("customer", uuid.to_owned())),
                "contact" => self.named_contact(uuid).map(|_| ("contact", uuid.to_owned())),
                _ => Err(invalid(
                    "associated_object_identifier",
                    "The associated object must be a customer or a contact.",
                )),
            };
        }
        let uuid = required(body, "customer_uuid")?;
        self.named_customer(uuid).map(|_| ("customer", uuid.to_owned()))
    }

    pub(super) fn create_note(&mut self, call: &Call<'_>, form: ChartmogulGeneration) -> Outcome {
        let body = body(call)?;
        let (kind, parent) = self.parent(&body, form)?;
        let of = required(&body, "type")?;
        if !["note", "call"].contains(&of) {
            return Err(invalid("type", "The type must be note or call."));
        }
        let owner = self.users.first().map(|(email, _)| email.clone()).unwrap_or_default();
        let mut record = Record::new();
        record.insert("parent_kind".into(), json!(kind));
        record.insert("parent_uuid".into(), json!(parent));
        record.insert("type".into(), json!(of));
        record.insert("author_email".into(), json!(owner));
        record.insert("created_at".into(), self.now());
        record.insert("updated_at".into(), self.now());
        if of == "call" {
            // Recorded: a call without a duration has 60 seconds.
            record.insert("call_duration".into(), json!(60));
        }
        self.write_note(&body, &mut record)?;
        let uuid = self.uuid("note_");
        record.insert("uuid".into(), json!(uuid));
        let micros = self.note_micros(&record);
        let shown = self.show_note(&record, form);
        self.notes.put(&uuid, Some(micros), record);
        Ok(Reply::json(201, &shown))
    }

    fn write_note(&self, body: &Record, record: &mut Record) -> Result<(), Reply> {
        copy_texts(body, record, &["text"])?;
        copy_instant(body, record, "created_at")?;
        copy_instant(body, record, "updated_at")?;
        let author = body.get("author_email").and_then(Value::as_str);
        if let Some(author) = author.filter(|author| !author.is_empty()) {
            record.insert("author_email".into(), json!(self.user("author_email", author)?));
        }
        match body.get("call_duration") {
            None | Some(Value::Null) => {}
            Some(value) if value.as_u64().is_some() => {
                record.insert("call_duration".into(), value.clone());
            }
            Some(_) => {
                return Err(invalid("call_duration", "Parameter \"call_duration\" is invalid"));
            }
        }
        Ok(())
    }

    /// The list's order goes by `created_at`, which a writer can set.
    fn note_micros(&mut self, record: &Record) -> u64 {
        let now = self.now();
        if record.get("created_at") == Some(&now) { self.tick() } else { self.seed_micros(record) }
    }

    pub(super) fn list_notes(&self, call: &Call<'_>, form: ChartmogulGeneration) -> Outcome {
        let mut narrow = Self::narrow(call, &["type"]);
        let contact = call.query("contact_uuid").filter(|_| form != Before);
        let parent = contact.or_else(|| call.query("customer_uuid"));
        narrow.extend(parent.map(|parent| ("parent_uuid", parent.to_owned())));
        let author = call.query("author_email");
        let keep = |record: &Record| {
            let kind = text(record, "parent_kind");
            (form != Before || kind == "customer")
                && author
                    .is_none_or(|author| text(record, "author_email").eq_ignore_ascii_case(author))
        };
        Self::entries(call, &self.notes, &narrow, Some(&keep), &|record| {
            self.show_note(record, form)
        })
    }

    /// Reads, changes or deletes one note.
    pub(super) fn one_note(
        &mut self,
        call: &Call<'_>,
        method: Method,
        uuid: &str,
        form: ChartmogulGeneration,
    ) -> Outcome {
        let found = self
            .notes
            .get(uuid)
            .filter(|record| form != Before || text(record, "parent_kind") == "customer");
        let mut record = found.cloned().ok_or_else(|| absent("Note", uuid, "note_uuid"))?;
        match method {
            Method::Get => Ok(Reply::json(200, &self.show_note(&record, form))),
            Method::Patch => {
                let body = body(call)?;
                let any = UPDATABLE.iter().any(|name| body.contains_key(*name));
                if any {
                    let before = record.get("created_at").cloned();
                    record.insert("updated_at".into(), self.now());
                    self.write_note(&body, &mut record)?;
                    if record.get("created_at") == before.as_ref() {
                        self.notes.change(uuid, |stored| stored.clone_from(&record));
                    } else {
                        let micros = self.seed_micros(&record);
                        self.notes.put(uuid, Some(micros), record.clone());
                    }
                }
                let shown = self.show_note(&record, form);
                self.changed(any, &shown)
            }
            Method::Delete => {
                self.notes.remove(uuid);
                self.deleted(if text(&record, "type") == "call" { "Call log" } else { "Note" })
            }
            Method::Post | Method::Put => Err(page_not_found()),
        }
    }

    /// 400 where a task or note lacks what it must have.
    pub(super) fn all_given(body: &Record, names: &[&str]) -> Result<(), Reply> {
        names.iter().try_for_each(|name| body.get(*name).map(|_| ()).ok_or_else(|| missing(name)))
    }
}
