//! What ChartMogul already holds: the index that matching looks into, from lists or single look-ups.

use serde_json::{Value, json};

use crate::chartmogul::records::{Contact, Customer, Note, Task};
use crate::dates;
use crate::error::{Code, Result, Service};
use crate::host::Host;
use crate::http::Page;
use crate::mapping::settings::Anchor;
use crate::mapping::{Fields, email, notes, tasks};
use crate::named::Named;
use crate::phone::e164 as phone;
use crate::records;

use super::Engine;
use super::discover::Ready;
use super::matching::{Candidate, Existing};
use super::run::Run;
use super::state::Batch;

/// ChartMogul: at most 200 records a page.
pub(super) const RECORDS_A_PAGE: u64 = 200;

/// Rows of the index, collected before they are merged into the store.
pub(super) type Rows = Named<Vec<Candidate>>;

impl<H: Host> Engine<'_, H> {
    pub(super) async fn read_customers(
        &self,
        run: &mut Run,
        ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let mut parameters = json!({ "per_page": RECORDS_A_PAGE });
        self.in_own_source(ready, &mut parameters);
        let page = self.next_page(run, "customers.list", parameters).await?;
        run.list_pages += 1;
        let mut rows = Rows::default();
        let mut batch = self.keeper.batch();
        for item in &page.items {
            let customer: Customer = self.parse(Service::Chartmogul, "customers.list", item)?;
            self.index_customer(ready, &customer, &mut rows, &mut batch)?;
        }
        self.merge(rows, &mut batch).await?;
        Ok((batch, run.cursor.is_none()))
    }

    pub(super) async fn read_customer_contacts(
        &self,
        run: &mut Run,
        ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let mut parameters = json!({ "per_page": RECORDS_A_PAGE });
        self.in_own_source(ready, &mut parameters);
        let page = self.next_page(run, "contacts.list", parameters).await?;
        run.list_pages += 1;
        let mut rows = Rows::default();
        let mut batch = self.keeper.batch();
        let mut primary = Named::default();
        for item in &page.items {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", item)?;
            if self.settings.anchor == Anchor::ContactIsCustomer {
                if let Some(customer) = &contact.customer_uuid {
                    primary.insert(
                        customer.clone(),
                        prefixed("primary_contact.", contact_fields(&contact)),
                    );
                }
            } else {
                self.index_contact(ready, &contact, &mut rows, &mut batch)?;
            }
        }
        self.add_primary_contacts(primary, &mut batch).await?;
        self.merge(rows, &mut batch).await?;
        Ok((batch, run.cursor.is_none()))
    }

    /// Finds by a look-up what the lists would tell: cheaper for few new contacts.
    pub(super) async fn look_up(&self, run: &mut Run, ready: &Ready, address: &str) -> Result<()> {
        let parameters =
            json!({ "email": address, "with_associated_emails": true, "per_page": RECORDS_A_PAGE });
        let customers = match self.chartmogul_page("customers.search", parameters, None).await {
            Ok(page) => page.items,
            // ChartMogul answers a search without a match with 404.
            Err(error) if error.code == Code::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        run.plan.least_read_calls.chartmogul += 1;
        let mut rows = Rows::default();
        let mut batch = self.keeper.batch();
        for item in &customers {
            let customer: Customer = self.parse(Service::Chartmogul, "customers.search", item)?;
            self.index_customer(ready, &customer, &mut rows, &mut batch)?;
            // The search may have found it by a contact's address.
            if let Some(uuid) = &customer.uuid {
                let candidate = Candidate { customer: uuid.clone(), contact: None };
                rows.or_default(&format!("match/email/{address}")).push(candidate);
                let parameters = json!({ "customer_uuid": uuid, "per_page": RECORDS_A_PAGE });
                let contacts = self.chartmogul_list("contacts.list", parameters).await?;
                run.plan.least_read_calls.chartmogul += 1;
                for item in &contacts {
                    let contact: Contact =
                        self.parse(Service::Chartmogul, "contacts.list", item)?;
                    self.index_contact(ready, &contact, &mut rows, &mut batch)?;
                }
            }
        }
        self.merge(rows, &mut batch).await?;
        self.keeper.commit(batch).await
    }

    /// Tasks that already stand in ChartMogul: those with our marker, and by content where texts carry none.
    pub(super) async fn read_existing_tasks(&self, run: &mut Run) -> Result<(Batch, bool)> {
        let page = self.next_page(run, "tasks.list", json!({ "per_page": RECORDS_A_PAGE })).await?;
        let mut batch = self.keeper.batch();
        let mut unmarked: Named<Vec<ExistingChild>> = Named::default();
        for item in &page.items {
            let task: Task = self.parse(Service::Chartmogul, "tasks.list", item)?;
            let (Some(uuid), Some(customer), Some(details)) =
                (&task.task_uuid, &task.customer_uuid, &task.task_details)
            else {
                continue;
            };
            let row = ExistingChild {
                uuid: uuid.clone(),
                customer: customer.clone(),
                fields: task_fields(&task),
            };
            match tasks::marked(details) {
                Some(id) => batch.put(&format!("match/task/{id}"), &row)?,
                None => {
                    let content = task_content(&row.fields);
                    unmarked
                        .or_default(&format!("match/taskContent/{customer}/{content}"))
                        .push(row);
                }
            }
        }
        self.merge_children(unmarked, &mut batch).await?;
        Ok((batch, run.cursor.is_none()))
    }

    /// Notes that already stand in ChartMogul.
    pub(super) async fn read_existing_notes(&self, run: &mut Run) -> Result<(Batch, bool)> {
        let page = self.next_page(run, "notes.list", json!({ "per_page": RECORDS_A_PAGE })).await?;
        let mut batch = self.keeper.batch();
        let mut unmarked: Named<Vec<ExistingChild>> = Named::default();
        for item in &page.items {
            let note: Note = self.parse(Service::Chartmogul, "notes.list", item)?;
            let (Some(uuid), Some(customer)) = (&note.uuid, &note.customer_uuid) else { continue };
            let text = note.text.as_deref().unwrap_or_default();
            let mut fields = Fields::new();
            fields.insert("text".to_owned(), Value::String(text.to_owned()));
            let row = ExistingChild {
                uuid: uuid.clone(),
                customer: customer.clone(),
                fields: condensed(&fields),
            };
            match notes::marked(text) {
                Some(id) => batch.put(&format!("match/note/{id}"), &row)?,
                None => {
                    let content = notes::content(text);
                    unmarked
                        .or_default(&format!("match/noteContent/{customer}/{content}"))
                        .push(row);
                }
            }
        }
        self.merge_children(unmarked, &mut batch).await?;
        Ok((batch, run.cursor.is_none()))
    }

    async fn next_page(
        &self,
        run: &mut Run,
        endpoint: &'static str,
        parameters: Value,
    ) -> Result<Page> {
        let page = self.chartmogul_page(endpoint, parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.chartmogul += 1;
        run.done += page.items.len() as u64;
        *run.plan.read.or_default(&endpoint.replace(".list", "InChartmogul")) +=
            page.items.len() as u64;
        run.cursor = page.cursor.clone();
        Ok(page)
    }

    /// Customers of our own stand in our own data source: others need not be read.
    fn in_own_source(&self, ready: &Ready, parameters: &mut Value) {
        let source = ready.schema.borrow().data_source.clone();
        if let (true, Some(source), Some(object)) =
            (self.settings.anchor != Anchor::AttachOnly, source, parameters.as_object_mut())
        {
            object.insert("data_source_uuid".into(), json!(source));
        }
    }

    fn index_customer(
        &self,
        ready: &Ready,
        customer: &Customer,
        rows: &mut Rows,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(uuid) = &customer.uuid else { return Ok(()) };
        let candidate = Candidate { customer: uuid.clone(), contact: None };
        for external in customer.external_ids.iter().chain(&customer.external_id) {
            push(rows, format!("match/external/{external}"), &candidate);
        }
        if let Some(address) = customer.email.as_deref().and_then(email) {
            push(rows, format!("match/email/{address}"), &candidate);
        }
        let mut fields = match self.settings.anchor {
            Anchor::AttachOnly => Fields::new(),
            Anchor::ContactIsCustomer | Anchor::BusinessIsCustomer => customer_fields(customer),
        };
        if ready.writes_attributes(self) {
            fields.extend(attribute_fields(customer));
        }
        let data_source = customer
            .data_source_uuid
            .clone()
            .or_else(|| customer.data_source_uuids.first().cloned());
        batch.put(&format!("match/customer/{uuid}"), &Existing { data_source, fields })
    }

    fn index_contact(
        &self,
        ready: &Ready,
        contact: &Contact,
        rows: &mut Rows,
        batch: &mut Batch,
    ) -> Result<()> {
        let (Some(uuid), Some(customer)) = (&contact.uuid, &contact.customer_uuid) else {
            return Ok(());
        };
        let candidate = Candidate { customer: customer.clone(), contact: Some(uuid.clone()) };
        let own_id = contact.custom.get("ghl_contact_id").and_then(Value::as_str);
        for id in [contact.external_id.as_deref(), own_id].into_iter().flatten() {
            push(rows, format!("match/external/{id}"), &candidate);
        }
        if let Some(address) = contact.email.as_deref().and_then(email) {
            push(rows, format!("match/email/{address}"), &candidate);
        }
        if let Some(number) =
            contact.phone.as_deref().and_then(|text| phone(text, ready.country.as_deref()))
        {
            push(rows, format!("match/phone/{number}"), &candidate);
        }
        let existing = Existing {
            data_source: contact.data_source_uuid.clone(),
            fields: contact_fields(contact),
        };
        batch.put(&format!("match/contact/{uuid}"), &existing)
    }

    async fn add_primary_contacts(&self, primary: Named<Fields>, batch: &mut Batch) -> Result<()> {
        let keys: Vec<String> =
            primary.names().map(|uuid| format!("match/customer/{uuid}")).collect();
        let known: Vec<Option<Existing>> = self.keeper.get_all(&keys).await?.read()?;
        for ((key, (_, fields)), known) in keys.iter().zip(primary).zip(known) {
            if let Some(mut existing) = known {
                existing.fields.extend(fields);
                batch.put(key, &existing)?;
            }
        }
        Ok(())
    }

    /// Adds notes or tasks to those of the same content that are already known.
    async fn merge_children(
        &self,
        rows: Named<Vec<ExistingChild>>,
        batch: &mut Batch,
    ) -> Result<()> {
        let keys: Vec<String> = rows.names().map(str::to_owned).collect();
        let known: Vec<Option<Vec<ExistingChild>>> = self.keeper.get_all(&keys).await?.read()?;
        for ((key, rows), known) in rows.into_iter().zip(known) {
            let mut all = known.unwrap_or_default();
            for row in rows {
                if !all.iter().any(|known| known.uuid == row.uuid) {
                    all.push(row);
                }
            }
            batch.put(&key, &all)?;
        }
        Ok(())
    }

    /// Adds candidates to those already known under the same value.
    async fn merge(&self, rows: Rows, batch: &mut Batch) -> Result<()> {
        let keys: Vec<String> = rows.names().map(str::to_owned).collect();
        let known: Vec<Option<Vec<Candidate>>> = self.keeper.get_all(&keys).await?.read()?;
        for ((key, candidates), known) in rows.into_iter().zip(known) {
            let mut all = known.unwrap_or_default();
            for candidate in candidates {
                if !all.contains(&candidate) {
                    all.push(candidate);
                }
            }
            batch.put(&key, &all)?;
        }
        Ok(())
    }
}

records! {
    /// A note or task that already stands in ChartMogul.
    #[derive(Debug, Clone, Default)]
    sparse pub(super) struct ExistingChild {
        pub uuid: String = "uuid";
        pub customer: String = "customer";
        pub fields: Fields = "fields";
    }
}

fn push(rows: &mut Rows, key: String, candidate: &Candidate) {
    let row = rows.or_default(&key);
    if !row.contains(candidate) {
        row.push(candidate.clone());
    }
}

fn set(fields: &mut Fields, name: &str, value: &Option<String>) {
    if let Some(text) = value.as_deref().filter(|text| !text.is_empty()) {
        fields.insert(name.to_owned(), Value::String(text.to_owned()));
    }
}

fn prefixed(prefix: &str, fields: Fields) -> Fields {
    let mut named = Fields::new();
    for (name, value) in fields {
        named.insert(format!("{prefix}{name}"), value);
    }
    named
}

pub(super) fn contact_fields(contact: &Contact) -> Fields {
    let mut fields = Fields::new();
    set(&mut fields, "first_name", &contact.first_name);
    set(&mut fields, "last_name", &contact.last_name);
    set(&mut fields, "email", &contact.email);
    set(&mut fields, "phone", &contact.phone);
    for (key, value) in contact.custom.iter().filter(|(_, value)| !value.is_null()) {
        fields.insert(format!("custom.{key}"), value.clone());
    }
    fields
}

pub(super) fn customer_fields(customer: &Customer) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in [
        ("name", &customer.name),
        ("company", &customer.company),
        ("email", &customer.email),
        ("website_url", &customer.website_url),
        ("city", &customer.city),
        ("state", &customer.state),
        ("zip", &customer.zip),
        ("country", &customer.country),
        ("owner", &customer.owner),
    ] {
        set(&mut fields, name, value);
    }
    fields
}

pub(super) fn attribute_fields(customer: &Customer) -> Fields {
    let mut fields = Fields::new();
    for (key, value) in customer.attributes.custom.iter().filter(|(_, value)| !value.is_null()) {
        fields.insert(format!("attribute.{key}"), value.clone());
    }
    for tag in &customer.attributes.tags {
        fields.insert(format!("tag.{tag}"), Value::Bool(true));
    }
    fields
}

/// The fields of an existing task in the form they are compared in: the due date as a day.
pub(super) fn task_fields(task: &Task) -> Fields {
    let mut fields = Fields::new();
    set(&mut fields, "task_details", &task.task_details);
    set(
        &mut fields,
        "assignee",
        &task.assignee.as_ref().map(|address| address.to_ascii_lowercase()),
    );
    let due = task.due_date.as_ref().and_then(|text| dates::day(&Value::String(text.clone())));
    set(&mut fields, "due_date", &due);
    fields.insert("completed".into(), Value::Bool(task.completed_at.is_some()));
    fields
}

/// What tells a task apart where its text carries no marker.
pub(super) fn task_content(fields: &Fields) -> String {
    let part = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    crate::mapping::hash(&format!("{}\n{}", part("task_details"), part("due_date")))
}

/// Whether fields of a base hold that text.
pub(super) fn holds_text(base: &Fields, text: &str) -> bool {
    let held = base.get("text").and_then(Value::as_str);
    held == Some(crate::mapping::hash(text).as_str())
}

/// Fields as they are kept as a base: a note's text only as its hash.
pub(super) fn condensed(fields: &Fields) -> Fields {
    let mut kept = fields.clone();
    if let Some(Value::String(text)) = kept.get_mut("text") {
        *text = crate::mapping::hash(text);
    }
    kept
}
