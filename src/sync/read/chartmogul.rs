//! ChartMogul's side: from lists, or single look-ups where those take fewer calls.

use serde_json::{Value, json};

use super::super::calls::row_of_linked;
use super::super::engine::{Engine, RECORDS_A_PAGE, Step, gather, one, only};
use super::super::model::pair::Kind;
use super::super::model::plan::Pass;
use super::super::model::staged::{Candidate, Content, SeenChild, SeenContact, SeenCustomer};
use super::super::model::standing::{Choice, Intent};
use super::super::model::state::{Phase, Run};
use super::super::state::keeper::Batch;
use super::super::state::tables::{CHOICES, INTENTS, PAIRS};
use super::super::state::tables::{of, of_kind};
use super::super::work::Work;
use super::contacts::{OVERLAP_MS, SAME_TIME_MS, TOGETHER};
use crate::chartmogul::records::{Contact, Customer, Note, Task};
use crate::dates;
use crate::error::{Code, Result, Service};
use crate::host::Host;
use crate::http::Page;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{attributes, customer, member, task};
use crate::mapping::settings::{Anchor, Object};
use crate::mapping::users::UserMap;
use crate::mapping::{Fields, email, hash, notes, tasks, text};
use crate::mutants::{self, Mutant};
use crate::ordered::{Ordered, tidy};
use crate::phone::e164;
use crate::record::Json;

/// Rows of the index, collected before they are merged into the store.
pub(in crate::sync) type Rows = Ordered<Vec<Candidate>>;

/// A note or task as ChartMogul gives it.
pub(in crate::sync) struct FoundChild {
    pub(in crate::sync) uuid: Option<String>,
    pub(in crate::sync) customer: Option<String>,
    /// When it was made.
    pub(in crate::sync) created: Option<i64>,
    /// The GHL record that its text names.
    pub(in crate::sync) marker: Option<String>,
    pub(in crate::sync) fields: Fields,
    /// What it says, as a hash.
    pub(in crate::sync) content: String,
    /// What it says to a person, where it may go to GHL, and who wrote it.
    pub(in crate::sync) told: Option<String>,
    pub(in crate::sync) at_create: Fields,
}

/// The endpoint that lists notes or tasks.
fn list_of_children(kind: Kind) -> &'static str {
    if kind == Kind::Note { "notes.list" } else { "tasks.list" }
}

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) async fn read_customers(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let page = self.next_page(run, "customers.list").await?;
        run.list_pages += 1;
        let mut batch = self.keeper.batch();
        let mut rows = Rows::new();
        for item in &page.items {
            let customer: Customer = self.parse(Service::Chartmogul, "customers.list", item)?;
            self.index_customer(work, &customer, &mut rows, &mut batch)?;
            let own = |id: &String| {
                let bare = id.strip_prefix("ghl:").or_else(|| id.strip_prefix("ghlb:"));
                bare.and_then(|bare| bare.split(':').next()) == Some(&self.location)
            };
            // One that a person merged with another source's is in that source too.
            let mut external = customer.external_ids.iter().chain(&customer.external_id);
            if external.clone().any(own) && external.all(own) {
                let sources = customer.data_source_uuids.iter().chain(&customer.data_source_uuid);
                run.own_source = sources.chain(&run.own_source).min().cloned();
            }
        }
        self.merge(work, rows, &mut batch).await?;
        Ok(Step { batch, done: run.cursor.is_none() })
    }

    pub(in crate::sync) async fn read_customer_contacts(
        &self,
        run: &mut Run,
        work: &Work,
    ) -> Result<Step> {
        let page = self.next_page(run, "contacts.list").await?;
        run.list_pages += 1;
        let mut batch = self.keeper.batch();
        self.index_contacts(work, "contacts.list", &page.items, &mut batch).await?;
        Ok(Step { batch, done: run.cursor.is_none() })
    }

    /// Finds new contacts' customers by look-ups: cheaper than lists for few.
    pub(in crate::sync) async fn look_up(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.contacts, "", TOGETHER).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
        let pairs = self.keeper.get_all(&PAIRS, &of_kind(Kind::Contact, &ids)).await?;
        let choices: Vec<Option<Choice>> = self.keeper.get_all(&CHOICES, &ids).await?;
        let begun: Vec<Option<Intent>> =
            self.keeper.get_all(&INTENTS, &of_kind(Kind::Contact, &ids)).await?;
        let mut addresses: Vec<Vec<String>> = Vec::new();
        for ((((_, staged), pair), choice), begun) in rows.iter().zip(pairs).zip(choices).zip(begun)
        {
            if let Some(choice) = choice {
                self.look_up_customer(run, work, &choice.customer, &mut batch).await?;
            } else if pair.is_none() {
                // What lists have told of one that was begun is not told by its addresses alone.
                if let Some(customer) = begun.and_then(|begun| begun.customer) {
                    self.look_up_customer(run, work, &customer, &mut batch).await?;
                }
                let own = staged.email.iter().chain(&staged.other_emails);
                addresses.push(own.cloned().collect());
            }
        }
        // The primary address first; the others only where it finds nobody.
        let most = addresses.iter().map(Vec::len).max().unwrap_or(0);
        for turn in 0..most {
            let mut asked: Vec<String> =
                addresses.iter().filter_map(|own| own.get(turn)).cloned().collect();
            tidy(&mut asked);
            let marks: Vec<String> =
                asked.iter().map(|address| format!("asked/{address}")).collect();
            let known = self.keeper.get_all(&work.tables.index, &marks).await?;
            let mut fresh = Vec::new();
            for (address, known) in asked.into_iter().zip(known) {
                if known.is_none() {
                    fresh.push(address);
                }
            }
            let found = gather(&fresh, TOGETHER, async |address: &String| {
                self.search_customers(address).await
            })
            .await;
            for (address, found) in fresh.iter().zip(found) {
                let found = found?;
                run.plan.least_read_calls.chartmogul += 1;
                batch.put(&work.tables.index, &format!("asked/{address}"), &Vec::new())?;
                for item in &found {
                    let customer: Customer =
                        self.parse(Service::Chartmogul, "customers.search", item)?;
                    let Some(uuid) = customer.uuid.clone() else { continue };
                    let mut rows = Rows::new();
                    self.index_customer(work, &customer, &mut rows, &mut batch)?;
                    self.merge(work, rows, &mut batch).await?;
                    self.list_contacts(run, work, &uuid, &mut batch).await?;
                }
                if !found.is_empty() {
                    for own in &mut addresses {
                        if own.get(turn) == Some(address) {
                            own.truncate(turn + 1);
                        }
                    }
                }
            }
        }
        Ok(Step { batch, done: false })
    }

    async fn search_customers(&self, address: &str) -> Result<Vec<Json>> {
        let parameters =
            json!({ "email": address, "with_associated_emails": true, "per_page": RECORDS_A_PAGE });
        match self.chartmogul_list("customers.search", parameters).await {
            // ChartMogul answers a search without a match with 404.
            Err(error) if error.code == Code::NotFound => Ok(Vec::new()),
            found => found,
        }
    }

    /// One customer and its contacts, unless they were read by this run.
    pub(in crate::sync) async fn look_up_customer(
        &self,
        run: &mut Run,
        work: &Work,
        uuid: &str,
        batch: &mut Batch,
    ) -> Result<bool> {
        let known: Option<SeenCustomer> = self.keeper.get(&work.tables.customers, uuid).await?;
        if known.is_some() || batch.get(&work.tables.customers, uuid).is_some() {
            return Ok(true);
        }
        if self.look_at_customer(run, work, uuid, batch).await?.is_none() {
            return Ok(false);
        }
        self.list_contacts(run, work, uuid, batch).await?;
        Ok(true)
    }

    /// One customer, without its contacts. `None` where it is gone.
    pub(in crate::sync) async fn look_at_customer(
        &self,
        run: &mut Run,
        work: &Work,
        uuid: &str,
        batch: &mut Batch,
    ) -> Result<Option<SeenCustomer>> {
        run.plan.least_read_calls.chartmogul += 1;
        let answer =
            match self.chartmogul_value("customers.retrieve", one("customer_uuid", uuid)).await {
                Ok(answer) => answer,
                Err(error) if error.code == Code::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
        let customer: Customer = self.parse(Service::Chartmogul, "customers.retrieve", &answer)?;
        let mut rows = Rows::new();
        self.index_customer(work, &customer, &mut rows, batch)?;
        self.merge(work, rows, batch).await?;
        Ok(batch.get(&work.tables.customers, uuid))
    }

    /// One contact, unless it was read by this run or is gone.
    pub(in crate::sync) async fn look_up_contact(
        &self,
        run: &mut Run,
        work: &Work,
        uuid: &str,
        batch: &mut Batch,
    ) -> Result<()> {
        let known: Option<SeenContact> =
            self.keeper.get(&work.tables.customer_contacts, uuid).await?;
        if known.is_some() {
            return Ok(());
        }
        run.plan.least_read_calls.chartmogul += 1;
        let parameters = one("contact_uuid", uuid);
        match self.chartmogul_value("contacts.retrieve", parameters).await {
            Ok(answer) => self.index_contacts(work, "contacts.retrieve", &[answer], batch).await,
            Err(error) if error.code == Code::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The contacts of a customer of our own, before its primary contact is written: a person may have
    /// merged another customer into it, whose contacts then come first.
    pub(in crate::sync) async fn look_under(
        &self,
        run: &mut Run,
        work: &Work,
        customer: &str,
        batch: &mut Batch,
    ) -> Result<()> {
        let key = format!("under/{customer}");
        let known: Option<Vec<Candidate>> = self.keeper.get(&work.tables.index, &key).await?;
        if known.is_some() {
            return Ok(());
        }
        run.plan.least_read_calls.chartmogul += 1;
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        let items = match self.chartmogul_list("contacts.list", parameters).await {
            // The customer is gone: what is written there is refused, and looked into then.
            Err(error) if error.code == Code::NotFound => return Ok(()),
            items => items?,
        };
        let mut under = Vec::with_capacity(items.len());
        for item in &items {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", item)?;
            let Some(uuid) = &contact.uuid else { continue };
            under.push(Candidate {
                id: customer.to_owned(),
                contact: Some(uuid.clone()),
                names: member::names(&contact).map(str::to_owned),
                position: contact.position.unwrap_or(i64::MAX),
                ..Candidate::default()
            });
            let seen = SeenContact {
                customer: customer.to_owned(),
                source: contact.data_source_uuid.clone(),
                names: member::names(&contact).map(str::to_owned),
                fields: member::seen(&contact),
            };
            batch.put(&work.tables.customer_contacts, uuid, &seen)?;
        }
        batch.put(&work.tables.index, &key, &under)
    }

    async fn list_contacts(
        &self,
        run: &mut Run,
        work: &Work,
        customer: &str,
        batch: &mut Batch,
    ) -> Result<()> {
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        let contacts = self.chartmogul_list("contacts.list", parameters).await?;
        run.plan.least_read_calls.chartmogul += 1;
        self.index_contacts(work, "contacts.list", &contacts, batch).await
    }

    /// ChartMogul's notes or tasks, newest first: all of them, or back to what the last run saw.
    pub(in crate::sync) async fn read_chartmogul_children(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
    ) -> Result<Step> {
        let endpoint = list_of_children(kind);
        let page = self.next_page(run, endpoint).await?;
        let mut batch = self.keeper.batch();
        let is_note = kind == Kind::Note;
        let known = if is_note { work.state.newest_note } else { work.state.newest_task };
        let until = back_to(run, known, signed(work.state.planned_at));
        let latest = signed(run.plan.created_at);
        let newest = if is_note { &mut run.newest_note } else { &mut run.newest_task };
        let mut oldest = i64::MAX;
        let mut found = Vec::with_capacity(page.items.len());
        let users = work.ready.users.borrow().clone();
        for item in &page.items {
            let child = self.child_of(&users, kind, endpoint, item)?;
            if let Some(at) = child.created {
                oldest = oldest.min(at);
                *newest = (*newest).max(at.min(latest));
            }
            found.push(child);
        }
        self.index_children(work, kind, found, &mut batch).await?;
        if is_note {
            let whole = run.cursor.is_none();
            run.oldest_note = if whole { i64::MIN } else { run.oldest_note.min(oldest) };
        }
        let done = run.cursor.is_none() || oldest < until;
        Ok(Step { batch, done })
    }

    /// A page of ChartMogul's notes or tasks, newest first, of a customer or of all; and the next one's
    /// cursor.
    pub(in crate::sync) async fn page_of_children(
        &self,
        users: &UserMap,
        kind: Kind,
        customer: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<(Vec<FoundChild>, Option<String>)> {
        let endpoint = list_of_children(kind);
        let mut parameters = json!({ "per_page": RECORDS_A_PAGE });
        if let (Some(customer), Some(parameters)) = (customer, parameters.as_object_mut()) {
            parameters.insert("customer_uuid".into(), customer.into());
        }
        let page = self.chartmogul_page(endpoint, parameters, cursor).await?;
        let mut found = Vec::with_capacity(page.items.len());
        for item in &page.items {
            found.push(self.child_of(users, kind, endpoint, item)?);
        }
        Ok((found, page.cursor))
    }

    /// Reads notes or tasks by their ids: what they are at this moment. Whether each is there, or why that
    /// is not known for now.
    pub(in crate::sync) async fn read_children(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        uuids: &[String],
        batch: &mut Batch,
    ) -> Result<Vec<Result<bool>>> {
        let (endpoint, parameter) = row_of_linked(kind).retrieve;
        let answers = gather(uuids, TOGETHER, async |uuid: &String| {
            self.chartmogul_value(endpoint, one(parameter, uuid)).await
        })
        .await;
        let users = work.ready.users.borrow().clone();
        let mut there = Vec::with_capacity(answers.len());
        for answer in answers {
            run.plan.least_read_calls.chartmogul += 1;
            there.push(match answer {
                Ok(answer) => {
                    let found = self.child_of(&users, kind, endpoint, &answer)?;
                    self.index_children(work, kind, vec![found], batch).await?;
                    Ok(true)
                }
                Err(error) if error.code == Code::NotFound => Ok(false),
                Err(error) if error.code.ends_run() => return Err(error),
                Err(error) => Err(error),
            });
        }
        Ok(there)
    }

    /// A note or task as it is in ChartMogul.
    pub(in crate::sync) fn child_of(
        &self,
        users: &UserMap,
        kind: Kind,
        endpoint: &'static str,
        item: &Json,
    ) -> Result<FoundChild> {
        let created = |at: &Option<String>| at.as_deref().and_then(dates::instant_of);
        let comes_back = self.way_of(kind).comes_back();
        if kind == Kind::Note {
            let note: Note = self.parse(Service::Chartmogul, endpoint, item)?;
            let text = note.text.as_deref().unwrap_or_default();
            let content = notes::content(text);
            let mut fields = only("text", Value::String(content.clone()));
            let told = comes_back.then(|| notes::told(&note, users, self.settings.marker));
            if let Some(told) = &told {
                fields.insert("whole".to_owned(), notes::whole(told).into());
                if notes::has_more(text) {
                    fields.insert("more".to_owned(), true.into());
                }
                if note.kind.as_deref() == Some("call") {
                    fields.insert("call".to_owned(), true.into());
                }
            }
            return Ok(FoundChild {
                marker: notes::marked(text),
                created: created(&note.created_at),
                fields,
                content,
                at_create: if comes_back { author(&note, users) } else { Fields::new() },
                told,
                uuid: note.uuid,
                customer: note.customer_uuid,
            });
        }
        let task: Task = self.parse(Service::Chartmogul, endpoint, item)?;
        let mut fields = task::seen(&task);
        let told = task.task_details.as_deref().filter(|_| comes_back).map(tasks::told);
        if let Some(told) = &told {
            fields.insert("whole".to_owned(), notes::whole(told).into());
            if task.task_details.as_deref().is_some_and(|text| !tasks::ends_with_marker(text)) {
                fields.insert("more".to_owned(), true.into());
            }
        }
        Ok(FoundChild {
            told,
            at_create: Fields::new(),
            content: task::content(&fields),
            marker: task.task_details.as_deref().and_then(tasks::marked).map(str::to_owned),
            created: created(&task.created_at),
            fields,
            // One without details says nothing that could be compared.
            uuid: task.task_uuid.filter(|_| task.task_details.is_some()),
            customer: task.customer_uuid,
        })
    }

    /// Notes or tasks of ChartMogul by their markers and contents.
    pub(in crate::sync) async fn index_children(
        &self,
        work: &Work,
        kind: Kind,
        found: Vec<FoundChild>,
        batch: &mut Batch,
    ) -> Result<()> {
        let mut rows = Rows::new();
        let mut contents: Ordered<Vec<String>> = Ordered::new();
        let mut children: Vec<(String, SeenChild)> = Vec::with_capacity(found.len());
        for found in found {
            let FoundChild { uuid: Some(uuid), customer: Some(customer), content, .. } = found
            else {
                continue;
            };
            let child = SeenChild {
                customer,
                marker: found.marker,
                fields: found.fields,
                told: found.told,
                at_create: found.at_create,
                moved: false,
            };
            match &child.marker {
                Some(id) => rows.or_default(format!("marker/{}", of(kind, id))).push(Candidate {
                    id: child.customer.clone(),
                    contact: Some(uuid.clone()),
                    ..Candidate::default()
                }),
                None => contents
                    .or_default(format!("{}/{}/{content}", kind.name(), child.customer))
                    .push(uuid.clone()),
            }
            children.push((uuid, child));
        }
        self.note_incoming(work, kind, &mut children, batch).await?;
        for (uuid, child) in &children {
            batch.put(&work.tables.children, &of(kind, uuid), child)?;
        }
        let keys: Vec<&String> = contents.keys().collect();
        let known: Vec<Option<Content>> = self.keeper.get_all(&work.tables.contents, &keys).await?;
        for ((key, uuids), known) in contents.iter().zip(known) {
            let known = batch.get(&work.tables.contents, key).or(known);
            let mut all = known.unwrap_or_default();
            for uuid in uuids {
                if !all.chartmogul.contains(uuid) {
                    all.chartmogul.push(uuid.clone());
                }
            }
            batch.put(&work.tables.contents, key, &all)?;
        }
        self.merge(work, rows, batch).await
    }

    async fn next_page(&self, run: &mut Run, endpoint: &'static str) -> Result<Page> {
        let parameters = json!({ "per_page": RECORDS_A_PAGE });
        let page = self.chartmogul_page(endpoint, parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.chartmogul += 1;
        run.done += page.items.len() as u64;
        *run.listed.or_default(endpoint) += page.items.len() as u64;
        run.cursor = page.cursor.clone();
        Ok(page)
    }

    pub(in crate::sync) fn index_customer(
        &self,
        work: &Work,
        customer: &Customer,
        rows: &mut Rows,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(uuid) = &customer.uuid else { return Ok(()) };
        let external: Vec<&String> =
            customer.external_ids.iter().chain(&customer.external_id).collect();
        // Ours, or made for another location.
        // One that was merged with another source's is that source's as much as ours.
        let of_ghl = |id: &&&String| id.starts_with("ghl:") || id.starts_with("ghlb:");
        let pure = external.iter().all(|id| of_ghl(&id));
        let names = external.iter().find(of_ghl).filter(|_| pure);
        let own = format!("ghl:{}:", self.location);
        let named = names.map(|id| id.strip_prefix(&own).unwrap_or(id).to_owned());
        let candidate = Candidate {
            id: uuid.clone(),
            names: named.clone(),
            certain: named.is_some(),
            ..Candidate::default()
        };
        let own_source = work.ready.schema.borrow().data_source.clone();
        let by_name =
            mutants::is_on(Mutant::NameIsIdentity) && own_source != customer.data_source_uuid;
        for external in external.iter().filter(|_| !by_name) {
            push(rows, format!("external/{external}"), &candidate);
        }
        if let Some(address) = customer.email.as_deref().and_then(email) {
            push(rows, format!("email/{address}"), &candidate);
        }
        let mut sources = customer.data_source_uuids.clone();
        if let Some(source) = customer.data_source_uuid.clone().filter(|own| !sources.contains(own))
        {
            sources.insert(0, source);
        }
        let seen = SeenCustomer {
            name: customer.name.clone().unwrap_or_default(),
            email: customer.email.as_deref().and_then(email),
            sources,
            external: customer
                .external_id
                .clone()
                .or_else(|| customer.external_ids.first().cloned()),
            ours: named.is_some(),
            carries_ours: external.iter().any(|id| of_ghl(&id)),
            merged: external.iter().any(|id| Some(id) != external.first()),
            fields: match self.settings.anchor {
                Anchor::AttachOnly => Fields::new(),
                Anchor::ContactIsCustomer | Anchor::BusinessIsCustomer => customer::seen(customer),
            },
            attributes: attributes::seen(customer),
            tags: customer.attributes.tags.clone(),
        };
        batch.put(&work.tables.customers, uuid, &seen)
    }

    /// A page of contacts. What is under a customer of ours was written by us.
    pub(in crate::sync) async fn index_contacts(
        &self,
        work: &Work,
        endpoint: &'static str,
        items: &[Json],
        batch: &mut Batch,
    ) -> Result<()> {
        let mut contacts = Vec::with_capacity(items.len());
        for item in items {
            let contact: Contact = self.parse(Service::Chartmogul, endpoint, item)?;
            if contact.uuid.is_some() && contact.customer_uuid.is_some() {
                contacts.push(contact);
            }
        }
        let customers: Vec<&str> =
            contacts.iter().filter_map(|contact| contact.customer_uuid.as_deref()).collect();
        let known: Vec<Option<SeenCustomer>> =
            self.keeper.get_all(&work.tables.customers, &customers).await?;
        let mut rows = Rows::new();
        for (contact, known) in contacts.iter().zip(known) {
            let (Some(uuid), Some(customer)) = (&contact.uuid, &contact.customer_uuid) else {
                continue;
            };
            let known = batch.get(&work.tables.customers, customer).or(known);
            let ours = known.as_ref().is_some_and(|known| known.ours);
            let own = contact.custom.get("ghl_contact_id").and_then(Value::as_str);
            let names = member::names(contact).map(str::to_owned);
            // We made what carries the id as its external id; the attribute alone may be in a record
            // that somebody else made and we were linked with.
            let external = contact.external_id.as_deref();
            let candidate = Candidate {
                id: customer.clone(),
                contact: Some(uuid.clone()),
                certain: own.is_some(),
                made: external.is_some() && external == names.as_deref(),
                names,
                position: contact.position.unwrap_or(i64::MAX),
                ..Candidate::default()
            };
            if let Some(id) = external {
                let made = Candidate { made: true, ..candidate.clone() };
                push(&mut rows, format!("external/{id}"), &made);
            }
            if let Some(id) = own.filter(|own| external != Some(own)) {
                push(&mut rows, format!("external/{id}"), &candidate);
            }
            if known.as_ref().is_some_and(|known| known.carries_ours) {
                push(&mut rows, format!("under/{customer}"), &candidate);
            }
            let candidate = Candidate { under_ours: ours, ..candidate };
            let address = contact.email.as_deref().and_then(email);
            if let Some(address) = &address {
                push(&mut rows, format!("email/{address}"), &candidate);
            }
            let country = work.ready.country.as_deref();
            if let Some(number) = contact.phone.as_deref().and_then(|text| e164(text, country)) {
                push(&mut rows, format!("phone/{number}"), &candidate);
            }
            let names = [contact.first_name.as_deref(), contact.last_name.as_deref()];
            let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let name = text::one_line(&name).to_lowercase();
            if !name.is_empty() {
                push(&mut rows, format!("name/{customer}/{}", hash(&name)), &candidate);
            }
            let fields = member::seen(contact);
            // A customer of ours shows its primary contact by its list of contacts.
            if let Some(mut known) = known.filter(|known| known.ours)
                && self.settings.anchor != Anchor::AttachOnly
                && !known.fields.keys().any(|name| name.starts_with(PRIMARY_CONTACT))
            {
                known.fields.extend(customer::as_primary(&fields));
                batch.put(&work.tables.customers, customer, &known)?;
            }
            let seen = SeenContact {
                customer: customer.clone(),
                source: contact.data_source_uuid.clone(),
                names: member::names(contact).map(str::to_owned),
                fields,
            };
            batch.put(&work.tables.customer_contacts, uuid, &seen)?;
        }
        self.merge(work, rows, batch).await
    }

    /// ChartMogul's notes and tasks made since a run began: one that is resumed may continue in an
    /// older copy of its store, and what another one made meanwhile is in no list that it has read.
    pub(in crate::sync) async fn read_newer(&self, run: &mut Run, work: &Work) -> Result<()> {
        for (kind, object, read) in [
            (Kind::Note, Object::Notes, Phase::ChartmogulNotes),
            (Kind::Task, Object::Tasks, Phase::ChartmogulTasks),
        ] {
            if run.phase <= read || !self.settings.includes(object) {
                continue;
            }
            let until = signed(run.plan.created_at.saturating_sub(OVERLAP_MS));
            let mut cursor: Option<String> = None;
            loop {
                let users = work.ready.users.borrow().clone();
                let (found, next) =
                    self.page_of_children(&users, kind, None, cursor.as_deref()).await?;
                run.plan.least_read_calls.chartmogul += 1;
                let older = found.iter().any(|child| child.created.is_some_and(|at| at < until));
                let mut batch = self.keeper.batch();
                self.index_children(work, kind, found, &mut batch).await?;
                self.keeper.commit(batch).await?;
                cursor = next.filter(|_| !older);
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Adds candidates to those already known under the same value.
    pub(in crate::sync) async fn merge(
        &self,
        work: &Work,
        rows: Rows,
        batch: &mut Batch,
    ) -> Result<()> {
        let keys: Vec<&String> = rows.keys().collect();
        let known: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &keys).await?;
        for ((key, candidates), known) in rows.iter().zip(known) {
            let known = batch.get(&work.tables.index, key).or(known);
            let mut all = known.unwrap_or_default();
            for candidate in candidates {
                if !all.contains(candidate) {
                    all.push(candidate.clone());
                }
            }
            batch.put(&work.tables.index, key, &all)?;
        }
        Ok(())
    }
}

/// How far back a newest-first list is read: to what the last run saw, and all of it in a full pass. What
/// was new then may have come into the list beside others that did later.
fn back_to(run: &Run, newest: i64, read_at: i64) -> i64 {
    let overlap = signed(OVERLAP_MS);
    match run.plan.pass {
        Pass::Full => i64::MIN,
        Pass::Incremental if newest.saturating_add(overlap) < read_at => {
            newest.saturating_sub(SAME_TIME_MS)
        }
        Pass::Incremental => newest.saturating_sub(overlap),
    }
}

/// Who wrote a note, for GHL: its user of that address, else the name.
fn author(note: &Note, users: &UserMap) -> Fields {
    let Some((name, address)) = notes::author_of(note) else { return Fields::new() };
    match users.ghl_user(address) {
        Some(id) => only("userId", id.into()),
        None => only("author", if name.is_empty() { address } else { name }.into()),
    }
}

fn signed(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

/// Adds a candidate to those of a key, unless it is there.
pub(in crate::sync) fn push(rows: &mut Rows, key: String, candidate: &Candidate) {
    let row = rows.or_default(key);
    if !row.contains(candidate) {
        row.push(candidate.clone());
    }
}
