//! Contacts of customers, and since September 2026 of none.

use serde_json::{Map, Value, json};

use super::account::{Account, customer_sources};
use super::history;
use super::reading::{Outcome, body, check_email, copy_instant, copy_texts, custom_pairs};
use super::refusals::{absent, coded, invalid, missing};
use super::store::{Record, text};
use crate::sandbox::ContactAttributes;
use crate::sandbox::service::{Call, Reply};

const TEXTS: &[&str] = &[
    "external_id",
    "first_name",
    "last_name",
    "title",
    "email",
    "phone",
    "linked_in",
    "twitter",
    "notes",
];
const OTHERS: &[&str] = &["position", "last_seen", "custom", "overrides"];

impl Account {
    /// Takes over a contact of the start.
    pub(super) fn seed_contact(&mut self, mut record: Record) {
        record.retain(|_, value| !value.is_null());
        let customer = text(&record, "customer_uuid").to_owned();
        if let Some(customer) = self.customers.get(&customer)
            && let Some((source, _)) = customer_sources(customer).first()
        {
            record.entry("data_source_uuid").or_insert(json!(source));
        }
        if !record.contains_key("position") {
            let position = self.next_position(&customer);
            record.insert("position".into(), json!(position));
        }
        let micros = self.seed_micros(&record);
        let uuid = text(&record, "uuid").to_owned();
        self.contacts.put(&uuid, Some(micros), record);
    }

    /// The place after the last contact of a customer, or of those without one.
    fn next_position(&self, customer: &str) -> u64 {
        if customer.is_empty() {
            return self.contacts.len() as u64 + 1;
        }
        let positions = self.contacts.find("customer_uuid", customer);
        positions.filter_map(|contact| contact.get("position")?.as_u64()).max().unwrap_or(0) + 1
    }

    fn contact(&self, uuid: &str) -> Result<&Record, Reply> {
        self.contacts.get(uuid).ok_or_else(|| absent("Contact", uuid, "contact_uuid"))
    }

    /// The contact that a body names, for notes and tasks.
    pub(super) fn named_contact(&self, uuid: &str) -> Result<&Record, Reply> {
        self.contact(uuid)
    }

    pub(super) fn show_contact(&self, record: &Record) -> Value {
        let or_null = |name: &str| record.get(name).cloned().unwrap_or_default();
        let source = text(record, "data_source_uuid");
        let external_id = self.customers.get(text(record, "customer_uuid")).and_then(|customer| {
            let sources = customer_sources(customer);
            let own = sources.iter().find(|(known, _)| known == source).or(sources.first());
            own.map(|(_, external_id)| external_id.clone())
        });
        let mut shown = Map::new();
        for name in ["uuid", "customer_uuid", "data_source_uuid", "position"] {
            shown.insert(name.into(), or_null(name));
        }
        shown.insert("customer_external_id".into(), json!(external_id));
        for name in TEXTS {
            shown.insert((*name).into(), or_null(name));
        }
        shown.insert("custom".into(), record.get("custom").cloned().unwrap_or_else(|| json!({})));
        if self.is_2026() {
            shown.insert("last_seen".into(), or_null("last_seen"));
            if let Some(overrides) = record.get("overrides") {
                shown.insert("overrides".into(), overrides.clone());
            }
        }
        Value::Object(shown)
    }

    pub(super) fn create_contact(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.insert_contact(&body(call)?)?;
        Ok(Reply::json(201, &self.show_contact(self.contact(&uuid)?)))
    }

    pub(super) fn create_customer_contact(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let customer = text(self.customer(uuid)?, "uuid").to_owned();
        let mut body = body(call)?;
        body.insert("customer_uuid".into(), json!(customer));
        let uuid = self.insert_contact(&body)?;
        Ok(Reply::json(201, &self.show_contact(self.contact(&uuid)?)))
    }

    /// Makes a contact; gives its uuid. A second one with the same external id is let through: no
    /// source mentions a check.
    pub(super) fn insert_contact(&mut self, body: &Record) -> Result<String, Reply> {
        let given =
            |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut record = Record::new();
        match (given("customer_uuid"), given("data_source_uuid")) {
            (None, None) if self.is_2026() => {}
            (None, _) => return Err(missing("customer_uuid")),
            (Some(_), None) => return Err(missing("data_source_uuid")),
            (Some(customer), Some(source)) => {
                let sources = customer_sources(self.named_customer(customer)?);
                if !sources.iter().any(|(known, _)| known == source) {
                    return Err(invalid(
                        "data_source_uuid",
                        "The data source is not one of the customer's.",
                    ));
                }
                record.insert("customer_uuid".into(), json!(customer));
                record.insert("data_source_uuid".into(), json!(source));
            }
        }
        let position = self.next_position(text(&record, "customer_uuid"));
        record.insert("position".into(), json!(position));
        self.write_contact(body, &mut record)?;
        let uuid = self.uuid("con_");
        record.insert("uuid".into(), json!(uuid));
        record.insert("created_at".into(), self.now());
        let micros = self.tick();
        self.contacts.put(&uuid, Some(micros), record);
        Ok(uuid)
    }

    /// What creating and updating share.
    fn write_contact(&self, body: &Record, record: &mut Record) -> Result<(), Reply> {
        check_email(body)?;
        copy_texts(body, record, TEXTS)?;
        if self.is_2026() {
            copy_instant(body, record, "last_seen")?;
            if let Some(overrides @ Value::Object(_)) = body.get("overrides") {
                record.insert("overrides".into(), overrides.clone());
            }
        }
        if let Some(position) = body.get("position") {
            let Some(position) = position.as_u64().filter(|position| *position > 0) else {
                return Err(invalid("position", "Parameter \"position\" is invalid"));
            };
            record.insert("position".into(), json!(position));
        }
        let mut custom =
            record.get("custom").and_then(Value::as_object).cloned().unwrap_or_default();
        custom.extend(custom_pairs(body)?.into_iter().filter(|(key, _)| self.stores(key)));
        if !custom.is_empty() {
            record.insert("custom".into(), Value::Object(custom));
        }
        Ok(())
    }

    /// Whether a contact's custom attribute is stored: recordings show others come back as if never sent.
    fn stores(&self, key: &str) -> bool {
        self.options.contact_attributes == ContactAttributes::Keep
            || self.options.contact_attribute_keys.iter().any(|defined| defined == key)
    }

    pub(super) fn list_contacts(&self, call: &Call<'_>) -> Outcome {
        let names: &[&str] = if self.is_2026() {
            &["customer_uuid", "data_source_uuid", "external_id"]
        } else {
            &["customer_uuid", "data_source_uuid"]
        };
        let mut narrow = Self::narrow(call, names);
        if self.is_2026() {
            narrow.extend(
                Self::narrow(call, &["email"])
                    .into_iter()
                    .map(|(name, email)| (name, email.to_lowercase())),
            );
        }
        let customers = match call.query("customer_external_id") {
            Some(external_id) if self.is_2026() => {
                Some(self.customers.ids("external_id", external_id))
            }
            _ => None,
        };
        if let Some([customer]) = customers.as_deref() {
            narrow.push(("customer_uuid", customer.clone()));
        }
        let keep = |record: &Record| {
            customers
                .as_ref()
                .is_none_or(|uuids| uuids.iter().any(|uuid| uuid == text(record, "customer_uuid")))
        };
        Self::entries(
            call,
            &self.contacts,
            &narrow,
            customers.is_some().then_some(&keep),
            &|record| self.show_contact(record),
        )
    }

    pub(super) fn list_customer_contacts(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let uuid = text(self.customer(uuid)?, "uuid").to_owned();
        Self::entries(call, &self.contacts, &[("customer_uuid", uuid)], None, &|record| {
            self.show_contact(record)
        })
    }

    pub(super) fn retrieve_contact(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let record = self.contact(uuid)?;
        Ok(Reply::json(200, &self.with_history(call, record, self.show_contact(record))))
    }

    pub(super) fn update_contact(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        self.contact(uuid)?;
        let any = self.change_contact(uuid, &body(call)?)?;
        let shown = self.show_contact(self.contact(uuid)?);
        self.changed(any, &shown)
    }

    /// The customer and data source that a contact moves to. Without `data_source_uuid` several customers
    /// may have the external id: the one of the contact's own source is taken, else the first; a guess.
    fn new_owner(
        &self,
        body: &Record,
        contact: &Record,
        external_id: &str,
    ) -> Result<(String, String), Reply> {
        let named = body.get("data_source_uuid").and_then(Value::as_str);
        let of = |source: &str| self.customers.find("source", &format!("{source} {external_id}"));
        let found = match named {
            Some(source) => of(source).next(),
            None => of(text(contact, "data_source_uuid"))
                .chain(self.customers.find("external_id", external_id))
                .next(),
        };
        let Some(customer) = found else {
            return Err(match self.options.contact_move_refusal {
                404 => absent("Customer", external_id, "customer_external_id"),
                status => coded(
                    status,
                    "The customer external ID is not one of this account's.",
                    Some("customer_external_id"),
                ),
            });
        };
        let own = named.unwrap_or_else(|| text(contact, "data_source_uuid"));
        let with_id: Vec<String> = customer_sources(customer)
            .into_iter()
            .filter(|(_, id)| id == external_id)
            .map(|(source, _)| source)
            .collect();
        let source = with_id.iter().find(|source| *source == own).or_else(|| with_id.first());
        Ok((text(customer, "uuid").to_owned(), source.cloned().unwrap_or_default()))
    }

    /// Writes a body's properties to a contact; tells whether it had any.
    pub(super) fn change_contact(&mut self, uuid: &str, body: &Record) -> Result<bool, Reply> {
        let mut record = self.contact(uuid)?.clone();
        let mut any = TEXTS.iter().chain(OTHERS).any(|name| body.contains_key(*name));
        if let Some(external_id) = body.get("customer_external_id").and_then(Value::as_str) {
            let (customer, source) = self.new_owner(body, &record, external_id)?;
            record.insert("customer_uuid".into(), json!(customer));
            record.insert("data_source_uuid".into(), json!(source));
            any = true;
        }
        self.write_contact(body, &mut record)?;
        history::note(self.contact(uuid)?, &mut record, &self.now());
        self.contacts.change(uuid, |stored| *stored = record);
        Ok(any)
    }

    pub(super) fn delete_contact(&mut self, uuid: &str) -> Outcome {
        self.contact(uuid)?;
        self.remove_contact(uuid);
        self.deleted("Contact")
    }

    /// Removes a contact with its notes and tasks.
    pub(super) fn remove_contact(&mut self, uuid: &str) {
        self.contacts.remove(uuid);
        self.remove_children(uuid);
    }

    /// Merges: what the first has stays, what it lacks comes from the second. Recorded: the answer
    /// names no customer. That reads do so again is a guess.
    pub(super) fn merge_contacts(&mut self, into: &str, from: &str) -> Outcome {
        let taken = self.contact(from)?.clone();
        self.contact(into)?;
        if into == from {
            return Err(invalid("from_contact_uuid", "A contact cannot be merged into itself."));
        }
        self.contacts.change(into, |record| {
            for (name, value) in taken {
                record.entry(name).or_insert(value);
            }
        });
        self.contacts.remove(from);
        self.move_children(from, into);
        let mut shown = self.show_contact(self.contact(into)?);
        if let Value::Object(shown) = &mut shown {
            shown.insert("customer_uuid".into(), Value::Null);
        }
        Ok(Reply::json(200, &shown))
    }
}
