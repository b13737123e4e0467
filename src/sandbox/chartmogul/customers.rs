//! Customers: create, read, search, change, delete, merge and unmerge.

use serde_json::{Value, json};

use super::account::{Account, customer_sources};
use super::countries;
use super::history;
use super::metrics_form::with_offset;
use super::reading::{
    Outcome, body, check_email, copy_instant, copy_texts, flag, required, window,
};
use super::refusals::{absent, by_field, coded, invalid};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

const LEAD_STATUSES: &[&str] = &["New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead"];
const TEXTS: &[&str] =
    &["name", "email", "company", "country", "state", "city", "zip", "website_url"];
const OTHERS: &[&str] = &[
    "lead_created_at",
    "free_trial_started_at",
    "owner",
    "status",
    "attributes",
    "primary_contact",
    "overrides",
];

impl Account {
    /// Takes over a customer of the start: its money and status are what billing would have made.
    pub(super) fn seed_customer(&mut self, mut record: Record) {
        let source = json!([{
            "data_source_uuid": record.remove("data_source_uuid"),
            "external_id": record.remove("external_id"),
        }]);
        record.insert("sources".into(), source);
        let attributes = record.remove("attributes").unwrap_or_default();
        self.seed_attributes(&mut record, &attributes);
        let status = record.remove("status");
        match status.as_ref().and_then(Value::as_str) {
            Some(lead) if LEAD_STATUSES.contains(&lead) => {
                record.insert("lead_status".into(), json!(lead));
            }
            Some(paid) => {
                record.insert("paid_status".into(), json!(paid));
                let since = record.get("created_at").cloned().unwrap_or_default();
                record.entry("since").or_insert(since);
                self.unbilled.push(text(&record, "uuid").to_owned());
            }
            None => {}
        }
        let number = self.number();
        record.insert("id".into(), json!(number));
        record.retain(|_, value| !value.is_null());
        self.place_customer(record);
    }

    /// Puts a customer where its first payment places it; leads follow in order of creation.
    pub(super) fn place_customer(&mut self, record: Record) {
        let since = dates::instant_of(text(&record, "since")).and_then(|at| u64::try_from(at).ok());
        let number = record.get("id").and_then(Value::as_u64).unwrap_or(0);
        let uuid = text(&record, "uuid").to_owned();
        match since {
            Some(at) => self.customers.put(&uuid, Some(at * 1000 + number % 1000), record),
            None => self.customers.put_undated(&uuid, number, record),
        }
    }

    /// The customer of a path, by uuid or internal number: 404 if it does not exist.
    pub(super) fn customer(&self, uuid: &str) -> Result<&Record, Reply> {
        self.customers
            .get(uuid)
            .or_else(|| self.customers.find("id", uuid).next())
            .ok_or_else(|| absent("Customer", uuid, "customer_id"))
    }

    /// The customer that a body or query names by `customer_uuid`.
    pub(super) fn named_customer(&self, uuid: &str) -> Result<&Record, Reply> {
        self.customers.get(uuid).ok_or_else(|| absent("Customer", uuid, "customer_uuid"))
    }

    pub(super) fn show_customer(&self, record: &Record) -> Value {
        let sources = customer_sources(record);
        let first = sources.first().cloned().unwrap_or_default();
        let or_null = |name: &str| record.get(name).cloned().unwrap_or_default();
        let or_empty = |name: &str| record.get(name).cloned().unwrap_or_else(|| json!(""));
        let lead_status = record.get("lead_status").cloned().unwrap_or_else(|| json!("New Lead"));
        let status = record.get("paid_status").cloned().unwrap_or_else(|| lead_status.clone());
        let mrr = record.get("mrr").and_then(Value::as_i64).unwrap_or(0);
        let country = text(record, "country");
        let state = text(record, "state");
        let city = if self.is_2026() { or_null("city") } else { or_empty("city") };
        let number = or_null("id");
        let title = if text(record, "company").is_empty() { "name" } else { "company" };
        let since = dates::instant_of(text(record, "since")).map(|at| with_offset(&dates::iso(at)));
        let system = first_text(self.sources.get(&first.0), "system");
        let mut shown = json!({
            "id": number,
            "uuid": or_null("uuid"),
            "external_id": first.1,
            "name": or_empty("name"),
            "email": or_empty("email"),
            "status": status,
            "customer-since": since,
            "attributes": self.show_attributes(record),
            "data_source_uuid": first.0,
            "data_source_uuids": sources.iter().map(|(source, _)| source).collect::<Vec<_>>(),
            "external_ids": sources.iter().map(|(_, external_id)| external_id).collect::<Vec<_>>(),
            "company": or_empty("company"),
            "country": or_null("country"),
            "state": or_null("state"),
            "city": city,
            "zip": or_null("zip"),
            "lead_created_at": or_null("lead_created_at"),
            "free_trial_started_at": or_null("free_trial_started_at"),
            "address": {
                "country": (!country.is_empty()).then(|| countries::country(country)),
                "state": (!state.is_empty()).then(|| countries::state(state)),
                "city": city,
                "address_zip": or_null("zip"),
            },
            "mrr": mrr,
            "arr": mrr * 12,
            "billing-system-url": null,
            "chartmogul-url": format!("https://app.chartmogul.com/#/customers/{number}-{}", slug(text(record, title))),
            "billing-system-type": system,
            "currency": "USD",
            "currency-sign": "$",
            "owner": or_null("owner"),
            "website_url": or_null("website_url"),
        });
        if self.is_2026()
            && let Value::Object(shown) = &mut shown
        {
            let paid = !record.contains_key("paid_status");
            shown.insert("lead_status".into(), lead_status);
            shown.insert("free_subscriber_status".into(), json!("Never a Free Subscriber"));
            shown.insert("trial_subscriber_status".into(), json!("Never had Trial"));
            let never = json!("Never a Paid Subscriber");
            shown.insert(
                "paid_subscriber_status".into(),
                if paid { never } else { or_null("paid_status") },
            );
            shown.insert("last_seen".into(), Value::Null);
            if let Some(overrides) = record.get("overrides") {
                shown.insert("overrides".into(), overrides.clone());
            }
        }
        shown
    }

    pub(super) fn create_customer(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.insert_customer(&body(call)?)?;
        Ok(Reply::json(201, &self.show_customer(self.customer(&uuid)?)))
    }

    /// Makes a customer; gives its uuid.
    pub(super) fn insert_customer(&mut self, body: &Record) -> Result<String, Reply> {
        let source = body.get("data_source_uuid").and_then(Value::as_str).unwrap_or_default();
        let external_id = match body.get("external_id") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let mut refused = Vec::new();
        if external_id.is_empty() {
            refused.push(("external_id", "An external ID is required for each customer."));
        }
        if !self.is_custom(source) {
            refused.push((
                "data_source_uuid",
                "A valid data source UUID is required for each customer.",
            ));
        } else if self.customers.find("source", &format!("{source} {external_id}")).next().is_some()
        {
            refused.push((
                "external_id",
                "The external ID for this customer already exists in our system.",
            ));
        }
        if !refused.is_empty() {
            return Err(by_field(&refused));
        }
        let mut record = Record::new();
        let uuid = self.uuid("cus_");
        let number = self.number();
        record.insert("id".into(), json!(number));
        record.insert("uuid".into(), json!(uuid));
        record.insert(
            "sources".into(),
            json!([{"data_source_uuid": source, "external_id": external_id}]),
        );
        record.insert("created_at".into(), self.now());
        let types = self.attribute_types.clone();
        self.write_customer(body, &mut record, true)?;
        self.place_customer(record);
        if let Some(Value::Object(contact)) = body.get("primary_contact")
            && let Err(refusal) = self.write_primary_contact(&uuid, contact)
        {
            // Nothing of a refused request is kept.
            self.customers.remove(&uuid);
            self.attribute_types = types;
            return Err(refusal);
        }
        Ok(uuid)
    }

    /// What creating and updating share.
    fn write_customer(
        &mut self,
        body: &Record,
        record: &mut Record,
        is_new: bool,
    ) -> Result<(), Reply> {
        let before = (!is_new).then(|| record.clone());
        self.write_properties(body, record, is_new)?;
        if let Some(before) = before {
            history::note(&before, record, &self.now());
        }
        Ok(())
    }

    fn write_properties(
        &mut self,
        body: &Record,
        record: &mut Record,
        is_new: bool,
    ) -> Result<(), Reply> {
        check_email(body)?;
        copy_texts(body, record, TEXTS)?;
        copy_instant(body, record, "lead_created_at")?;
        copy_instant(body, record, "free_trial_started_at")?;
        if let Some(owner) = body.get("owner") {
            match owner.as_str() {
                Some(owner) => record.insert("owner".into(), json!(self.user("owner", owner)?)),
                None => record.remove("owner"),
            };
        }
        if let Some(status) = body.get("status") {
            let Some(status) = status.as_str().filter(|status| LEAD_STATUSES.contains(status))
            else {
                return Err(invalid("status", "The status is not one of the lead statuses."));
            };
            record.insert("lead_status".into(), json!(status));
        }
        let country = text(record, "country").to_owned();
        if country == "US" {
            let state = text(record, "state").trim_start_matches("US-").to_owned();
            if !state.is_empty() {
                record.insert("state".into(), json!(state));
            }
        } else {
            // Recorded: NY in Germany becomes null.
            record.remove("state");
        }
        if let Some(overrides @ Value::Object(_)) = body.get("overrides") {
            record.insert("overrides".into(), overrides.clone());
        }
        if let Some(attributes) = body.get("attributes") {
            self.write_attributes(record, attributes, is_new)?;
        }
        Ok(())
    }

    fn write_primary_contact(&mut self, uuid: &str, contact: &Record) -> Result<(), Reply> {
        let first = self.contacts.ids("customer_uuid", uuid).into_iter().last();
        match first {
            Some(existing) => self.change_contact(&existing, contact).map(|_| ()),
            None => {
                let mut contact = contact.clone();
                contact.insert("customer_uuid".into(), json!(uuid));
                let source = customer_sources(self.customer(uuid)?)
                    .first()
                    .map(|(source, _)| source.clone());
                contact.entry("data_source_uuid").or_insert(json!(source));
                self.insert_contact(&contact).map(|_| ())
            }
        }
    }

    pub(super) fn list_customers(&self, call: &Call<'_>) -> Outcome {
        let status = call.query("status").map(|status| status.replace('_', " "));
        let system = call.query("system").map(str::to_owned);
        let keep = |record: &Record| {
            let shown = self.show_customer(record);
            let same = |name: &str, wanted: &Option<String>| {
                wanted.as_ref().is_none_or(|wanted| {
                    shown
                        .get(name)
                        .and_then(Value::as_str)
                        .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
                })
            };
            same("status", &status) && same("billing-system-type", &system)
        };
        let tested = status.is_some() || system.is_some();
        let narrow = match (call.query("data_source_uuid"), call.query("external_id")) {
            (Some(source), Some(external_id)) => {
                vec![("source", format!("{source} {external_id}"))]
            }
            _ => Self::narrow(call, &["data_source_uuid", "external_id"]),
        };
        self.customer_page(call, &narrow, tested.then_some(&keep as &dyn Fn(&Record) -> bool))
    }

    /// A page of customers: the first one carries the older keys too.
    fn customer_page(
        &self,
        call: &Call<'_>,
        narrow: &[(&str, String)],
        keep: Option<&dyn Fn(&Record) -> bool>,
    ) -> Outcome {
        let window = window(call, &self.customers)?;
        let page = self.customers.page(narrow, keep, &window);
        let entries: Vec<Value> =
            page.records.iter().map(|record| self.show_customer(record)).collect();
        let mut body =
            json!({"entries": entries, "cursor": page.cursor, "has_more": page.has_more});
        if window.after.is_none()
            && let Value::Object(body) = &mut body
        {
            let number = window.skip / window.per_page + 1;
            body.insert("current_page".into(), json!(number));
            body.insert("page".into(), json!(number));
            body.insert("per_page".into(), json!(window.per_page));
            body.insert(
                "total_pages".into(),
                json!(page.count.map(|count| count.div_ceil(window.per_page).max(1))),
            );
        }
        Ok(Reply::json(200, &body))
    }

    pub(super) fn search_customers(&self, call: &Call<'_>) -> Outcome {
        let Some(email) = call.query("email").filter(|email| !email.is_empty()) else {
            return Err(super::refusals::missing("email"));
        };
        let wanted = email.to_lowercase();
        let mut uuids = self.customers.ids("email", &wanted);
        if flag(call, "with_associated_emails") == Some(true) {
            let contacts = self.contacts.find("email", &wanted);
            uuids.extend(contacts.map(|contact| text(contact, "customer_uuid").to_owned()));
            uuids.extend(self.customers.ids("merged_emails", &wanted));
        }
        if !uuids.iter().any(|uuid| self.customers.get(uuid).is_some()) {
            return Err(coded(
                404,
                &format!("Can't find any customers with email: \"{email}\""),
                Some("email"),
            ));
        }
        let keep = |record: &Record| uuids.iter().any(|uuid| uuid == text(record, "uuid"));
        if flag(call, "with_associated_emails") == Some(true) {
            self.customer_page(call, &[], Some(&keep))
        } else {
            self.customer_page(call, &[("email", wanted)], None)
        }
    }

    pub(super) fn retrieve_customer(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let record = self.customer(uuid)?;
        Ok(Reply::json(200, &self.with_history(call, record, self.show_customer(record))))
    }

    pub(super) fn update_customer(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let uuid = text(&record, "uuid").to_owned();
        let body = body(call)?;
        let any = TEXTS.iter().chain(OTHERS).any(|name| body.contains_key(*name));
        let (before, types) = (record.clone(), self.attribute_types.clone());
        self.write_customer(&body, &mut record, false)?;
        self.place_customer(record);
        if let Some(Value::Object(contact)) = body.get("primary_contact")
            && let Err(refusal) = self.write_primary_contact(&uuid, contact)
        {
            self.place_customer(before);
            self.attribute_types = types;
            return Err(refusal);
        }
        let shown = self.show_customer(self.customer(&uuid)?);
        self.changed(any, &shown)
    }

    pub(super) fn delete_customer(&mut self, uuid: &str) -> Outcome {
        let record = self.customer(uuid)?;
        let uuid = text(record, "uuid").to_owned();
        if customer_sources(record).iter().any(|(source, _)| !self.is_custom(source)) {
            // Only customers of custom sources can go; the form of the refusal is a guess.
            return Err(coded(
                422,
                "Only customers of custom data sources can be deleted",
                Some("customer_id"),
            ));
        }
        self.remove_customer(&uuid);
        Ok(Reply::empty(204))
    }

    /// Removes a customer with all that belongs to it.
    pub(super) fn remove_customer(&mut self, uuid: &str) {
        self.customers.remove(uuid);
        for contact in self.contacts.ids("customer_uuid", uuid) {
            self.remove_contact(&contact);
        }
        self.remove_children(uuid);
        for list in [
            &mut self.opportunities,
            &mut self.invoices,
            &mut self.subscriptions,
            &mut self.activities,
        ] {
            for id in list.ids("customer_uuid", uuid) {
                list.remove(&id);
            }
        }
    }

    /// Removes the notes and tasks of a customer or contact.
    pub(super) fn remove_children(&mut self, parent: &str) {
        for list in [&mut self.notes, &mut self.tasks] {
            for id in list.ids("parent_uuid", parent) {
                list.remove(&id);
            }
        }
    }

    /// Moves the notes and tasks of one parent to another.
    pub(super) fn move_children(&mut self, from: &str, into: &str) {
        for list in [&mut self.notes, &mut self.tasks] {
            for id in list.ids("parent_uuid", from) {
                list.change(&id, |record| {
                    record.insert("parent_uuid".into(), json!(into));
                });
            }
        }
    }

    /// One side of a merge: by uuid, or by data source and external id.
    fn side(&self, body: &Record, name: &str) -> Result<Record, Reply> {
        let Some(Value::Object(side)) = body.get(name) else {
            return Err(super::refusals::missing(name));
        };
        if let Some(uuid) = side.get("customer_uuid").and_then(Value::as_str) {
            return self.named_customer(uuid).cloned();
        }
        let (source, external_id) =
            (required(side, "data_source_uuid")?, required(side, "external_id")?);
        let found = self.customers.find("source", &format!("{source} {external_id}")).next();
        found.cloned().ok_or_else(|| absent("Customer", external_id, "external_id"))
    }

    /// Merges at once; the real service answers 202 and merges in the background.
    pub(super) fn merge_customers(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let (from, mut into) = (self.side(&body, "from")?, self.side(&body, "into")?);
        let (from_uuid, into_uuid) =
            (text(&from, "uuid").to_owned(), text(&into, "uuid").to_owned());
        if from_uuid == into_uuid {
            return Err(invalid("into", "A customer cannot be merged into itself."));
        }
        let joined = |name: &str| {
            let part = |record: &Record| {
                record.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
            };
            let mut joined = part(&into);
            joined.extend(part(&from));
            joined
        };
        let sources = joined("sources");
        let mut emails = joined("merged_emails");
        emails.extend(from.get("email").cloned());
        let mut tags = joined("tags");
        tags.push(json!("merged-customer"));
        let mut seen = Vec::new();
        tags.retain(|tag| {
            !seen.contains(tag) && {
                seen.push(tag.clone());
                true
            }
        });
        let mut custom = from.get("custom").and_then(Value::as_object).cloned().unwrap_or_default();
        custom.extend(into.get("custom").and_then(Value::as_object).cloned().unwrap_or_default());
        into.insert("sources".into(), json!(sources));
        into.insert("tags".into(), json!(tags));
        into.insert("custom".into(), json!(custom));
        if !emails.is_empty() {
            into.insert("merged_emails".into(), json!(emails));
        }
        for contact in self.contacts.ids("customer_uuid", &from_uuid) {
            self.contacts.change(&contact, |record| {
                record.insert("customer_uuid".into(), json!(into_uuid));
            });
        }
        self.move_children(&from_uuid, &into_uuid);
        for list in [
            &mut self.opportunities,
            &mut self.invoices,
            &mut self.subscriptions,
            &mut self.activities,
        ] {
            for id in list.ids("customer_uuid", &from_uuid) {
                list.change(&id, |record| {
                    record.insert("customer_uuid".into(), json!(into_uuid));
                });
            }
        }
        self.customers.remove(&from_uuid);
        self.place_customer(into);
        self.refresh_revenue(&into_uuid);
        Ok(Reply::json(202, &json!({})))
    }

    /// Takes a source customer out at once; the real service does it in the background.
    pub(super) fn unmerge_customer(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let merged = self.named_customer(required(&body, "customer_uuid")?)?.clone();
        let wanted = (
            required(&body, "data_source_uuid")?.to_owned(),
            required(&body, "external_id")?.to_owned(),
        );
        let mut sources = customer_sources(&merged);
        let Some(position) = sources.iter().position(|source| *source == wanted) else {
            return Err(absent("Customer", &wanted.1, "external_id"));
        };
        if sources.len() < 2 {
            return Err(invalid("external_id", "The customer is not merged."));
        }
        sources.remove(position);
        let listed = |sources: &[(String, String)]| -> Value {
            sources
                .iter()
                .map(|(source, id)| json!({"data_source_uuid": source, "external_id": id}))
                .collect()
        };
        let merged_uuid = text(&merged, "uuid").to_owned();
        let (mut rest, mut taken) = (merged.clone(), merged);
        rest.insert("sources".into(), listed(&sources));
        taken.insert("sources".into(), listed(&[wanted]));
        let uuid = self.uuid("cus_");
        let number = self.number();
        taken.insert("uuid".into(), json!(uuid));
        taken.insert("id".into(), json!(number));
        taken.remove("mrr");
        self.place_customer(rest);
        self.place_customer(taken);
        let moves: Vec<&str> = body
            .get("move_to_new_customer")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, list, parent) in [
            ("notes", &mut self.notes, "parent_uuid"),
            ("tasks", &mut self.tasks, "parent_uuid"),
            ("opportunities", &mut self.opportunities, "customer_uuid"),
        ] {
            if !moves.contains(&name) {
                continue;
            }
            for id in list.ids(parent, &merged_uuid) {
                list.change(&id, |record| {
                    record.insert(parent.into(), json!(uuid));
                });
            }
        }
        Ok(Reply::json(202, &json!({})))
    }
}

fn first_text(record: Option<&Record>, name: &str) -> String {
    record.map(|record| text(record, name).to_owned()).unwrap_or_default()
}

/// A name as it is in an address: letters and digits, the rest as underscores.
fn slug(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join("_")
}
