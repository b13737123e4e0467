//! Looking in ChartMogul for a record that may have been created.

use serde_json::{Value, json};

use crate::chartmogul::records::{Contact, Customer, Note, Task};
use crate::dates;
use crate::error::{Result, Service};
use crate::host::Host;
use crate::mapping::{Fields, notes, tasks};

use super::Engine;
use super::apply::Progress;
use super::change::Change;
use super::create::Created;
use super::existing::{
    RECORDS_A_PAGE, attribute_fields, condensed, contact_fields, customer_fields, task_content,
    task_fields,
};
use super::state::Kind;

/// How far ChartMogul's clock may be behind ours.
const CLOCK_SKEW_MS: i64 = 5 * 60_000;

impl<H: Host> Engine<'_, H> {
    /// Looks in ChartMogul for a record that may have been created.
    pub(super) async fn read_back(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        customer: Option<&str>,
        at: u64,
    ) -> Result<Option<Created>> {
        match (change.kind, customer) {
            (Kind::Note, Some(customer)) => self.read_back_note(change, customer).await,
            (Kind::Task, Some(customer)) => self.read_back_task(change, customer, at).await,
            (Kind::Contact, Some(customer)) if self.is_member(change) => {
                self.read_back_contact(change, customer).await
            }
            (Kind::Contact | Kind::Business, _) => {
                self.read_back_customer(progress, change.kind, &change.id).await
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn read_back_note(
        &self,
        change: &Change,
        customer: &str,
    ) -> Result<Option<Created>> {
        let text = change.to.get("text").and_then(Value::as_str).unwrap_or_default();
        let content = notes::content(text);
        let written = change.at_create.get("created_at").and_then(dates::instant);
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.chartmogul_page("notes.list", parameters.clone(), cursor.as_deref()).await?;
            let mut older = false;
            for item in &page.items {
                let note: Note = self.parse(Service::Chartmogul, "notes.list", item)?;
                let Some(uuid) = note.uuid else { continue };
                let found = note.text.unwrap_or_default();
                let made = note.created_at.as_deref().and_then(dates::instant_of);
                older |= written.zip(made).is_some_and(|(written, made)| made < written);
                let same = notes::marked(&found).as_deref() == Some(&change.id)
                    || (notes::content(&found) == content
                        && (written.is_none() || made == written));
                if same && self.is_free(Kind::Note, &uuid, &change.id).await? {
                    let mut held = Fields::new();
                    held.insert("text".to_owned(), found.into());
                    let held = condensed(&held);
                    return Ok(Some(found_as(Some(uuid), customer, held)));
                }
            }
            // Newest first, by the time that we wrote ourselves: past it there is nothing to find.
            cursor = page.cursor.filter(|_| !older);
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }

    pub(super) async fn read_back_task(
        &self,
        change: &Change,
        customer: &str,
        at: u64,
    ) -> Result<Option<Created>> {
        let content = task_content(&change.to);
        let earliest = i64::try_from(at).unwrap_or(0) - CLOCK_SKEW_MS;
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.chartmogul_page("tasks.list", parameters.clone(), cursor.as_deref()).await?;
            let mut older = false;
            for item in &page.items {
                let task: Task = self.parse(Service::Chartmogul, "tasks.list", item)?;
                let (Some(uuid), Some(details)) = (&task.task_uuid, &task.task_details) else {
                    continue;
                };
                older |= task
                    .created_at
                    .as_deref()
                    .and_then(dates::instant_of)
                    .is_some_and(|made| made < earliest);
                let marked = tasks::marked(details);
                let same = marked == Some(&change.id)
                    || (marked.is_none() && task_content(&task_fields(&task)) == content);
                if same && self.is_free(Kind::Task, uuid, &change.id).await? {
                    return Ok(Some(found_as(Some(uuid.clone()), customer, task_fields(&task))));
                }
            }
            cursor = page.cursor.filter(|_| !older);
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }

    pub(super) async fn read_back_contact(
        &self,
        change: &Change,
        customer: &str,
    ) -> Result<Option<Created>> {
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        for item in self.chartmogul_list("contacts.list", parameters).await? {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", &item)?;
            let own = contact.custom.get("ghl_contact_id").and_then(Value::as_str);
            if contact.external_id.as_deref() == Some(&change.id) || own == Some(&change.id) {
                let held = contact_fields(&contact);
                let customer = contact.customer_uuid.as_deref().unwrap_or(customer);
                return Ok(Some(found_as(contact.uuid.clone(), customer, held)));
            }
        }
        Ok(None)
    }

    pub(super) async fn read_back_customer(
        &self,
        progress: &Progress<'_>,
        kind: Kind,
        id: &str,
    ) -> Result<Option<Created>> {
        let external = self.external_id(kind, id);
        let source = progress.ready.schema.borrow().data_source.clone();
        let parameters = json!({ "external_id": external, "data_source_uuid": source });
        for item in self.chartmogul_list("customers.list", parameters).await? {
            let customer: Customer = self.parse(Service::Chartmogul, "customers.list", &item)?;
            let ours = customer.external_id.as_deref() == Some(&external)
                || customer.external_ids.contains(&external);
            if let (true, Some(uuid)) = (ours, &customer.uuid) {
                let mut held = customer_fields(&customer);
                held.extend(attribute_fields(&customer));
                return Ok(Some(found_as(None, uuid, held)));
            }
        }
        Ok(None)
    }

    /// Whether a ChartMogul record is linked to nothing but this GHL record.
    pub(super) async fn is_free(&self, kind: Kind, uuid: &str, id: &str) -> Result<bool> {
        let owner: Option<String> =
            self.keeper.get(&format!("back/{}/{uuid}", kind.name())).await?.one()?;
        Ok(owner.is_none_or(|owner| owner == id))
    }
}

fn found_as(uuid: Option<String>, customer: &str, held: Fields) -> Created {
    Created { uuid, customer: customer.to_owned(), held: Some(held) }
}
