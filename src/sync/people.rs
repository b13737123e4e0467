//! People of ChartMogul: those who are new to GHL are created there, and a customer's uuid stands for its contacts.

use serde_json::{Value, json};

use super::compare::told_of;
use super::engine::{Engine, RECORDS_A_PAGE, Step};
use super::model::change::{Action, Change};
use super::model::pair::{Kind, Matched, Member, Pair, Role};
use super::model::staged::{Candidate, SeenContact, SeenCustomer};
use super::model::standing::Reason;
use super::model::state::Run;
use super::state::keeper::Batch;
use super::state::tables::{HOLDERS, MEMBERS, OWNERS, PAIRS, of, of_kind};
use super::work::Work;
use crate::chartmogul::records::Contact;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::mapping::kinds::contact;
use crate::mapping::{email, hash, kinds, select};
use crate::ordered::{Ordered, tidy};
use crate::phone::e164;

/// Contacts looked at in one step.
const CONTACTS_A_STEP: usize = 100;
/// What the uuids of ChartMogul's customers begin with.
pub(in crate::sync) const CUSTOMER_UUID: &str = "cus_";

impl<H: Host> Engine<'_, H> {
    /// The GHL contacts that a run is for: a customer's uuid stands for those that are linked with it.
    pub(in crate::sync) async fn contacts_asked_for(
        &self,
        asked: &[String],
    ) -> Result<Vec<String>> {
        let mut contacts: Vec<String> = Vec::new();
        for id in asked {
            if id.starts_with(CUSTOMER_UUID) {
                contacts.extend(self.contacts_of_customer(id).await?);
            } else {
                contacts.push(id.clone());
            }
        }
        if contacts != *asked {
            tidy(&mut contacts);
        }
        Ok(contacts)
    }

    async fn contacts_of_customer(&self, customer: &str) -> Result<Vec<String>> {
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        let listed = match self.chartmogul_list("contacts.list", parameters).await {
            Err(error) if error.code == Code::NotFound => Vec::new(),
            listed => listed?,
        };
        let mut keys = Vec::new();
        for item in &listed {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", item)?;
            keys.extend(contact.uuid.map(|uuid| of(Kind::Contact, &uuid)));
        }
        let contacts = self.linked_with(customer, keys).await?;
        if contacts.is_empty() {
            let message = format!("no contact of GHL is linked with the customer {customer}");
            return Err(Error::new(Code::NotFound, message)
                .hint("`link` links one; a run without `contacts` looks at all."));
        }
        Ok(contacts)
    }

    /// The GHL contacts that are linked with a customer, or with these records of it, by the state alone.
    pub(in crate::sync) async fn linked_with(
        &self,
        customer: &str,
        mut keys: Vec<String>,
    ) -> Result<Vec<String>> {
        keys.push(of(Kind::Customer, customer));
        let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &keys).await?;
        let mut contacts: Vec<String> = owners.into_iter().flatten().collect();
        let within = format!("{customer}/");
        let members: Vec<(String, Member)> = self.keeper.scan_all(&MEMBERS, &within).await?;
        let own = |key: &str| key.strip_prefix(&within).map(str::to_owned);
        contacts.extend(members.iter().filter_map(|(key, _)| own(key)));
        tidy(&mut contacts);
        let pairs: Vec<Option<Pair>> =
            self.keeper.get_all(&PAIRS, &of_kind(Kind::Contact, &contacts)).await?;
        let mut pairs = pairs.into_iter();
        contacts.retain(|_| pairs.next().flatten().is_some_and(|pair| pair.gone.is_none()));
        Ok(contacts)
    }

    /// Contacts of ChartMogul that nobody in GHL stands for become changes, where the settings ask for it.
    pub(in crate::sync) async fn bring_contacts(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let wanted = self.settings.create_in_ghl.as_ref();
        // Whom GHL did not list would look new.
        let Some(wanted) = wanted.filter(|_| run.missing == 0) else { return Ok(self.done()) };
        let rows = self.next_rows(run, &work.tables.customer_contacts, "", CONTACTS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let uuids: Vec<&String> = rows.iter().map(|(uuid, _)| uuid).collect();
        let owners: Vec<Option<String>> =
            self.keeper.get_all(&OWNERS, &of_kind(Kind::Contact, &uuids)).await?;
        let taken: Vec<Option<bool>> = self.keeper.get_all(&work.tables.taken, &uuids).await?;
        let customers: Vec<&String> = rows.iter().map(|(_, seen)| &seen.customer).collect();
        let customers: Vec<Option<SeenCustomer>> =
            self.keeper.get_all(&work.tables.customers, &customers).await?;
        self.load_standings(work, Kind::Contact, &uuids).await?;
        let mut linked: Ordered<bool> = Ordered::new();
        for ((((uuid, seen), owner), taken), customer) in
            rows.iter().zip(owners).zip(taken).zip(customers)
        {
            if owner.is_some() || taken.is_some() || seen.names.is_some() {
                continue;
            }
            let sources = customer.map(|customer| customer.sources).unwrap_or_default();
            let named = work.ready.schema.borrow().brings_from.clone();
            if named.is_empty() {
                if !linked.contains_key(&seen.customer) {
                    let is_linked = self.has_members(work, &seen.customer).await?;
                    linked.insert(seen.customer.clone(), is_linked);
                }
                if linked.get(&seen.customer) != Some(&true) {
                    continue;
                }
            } else if !sources.iter().any(|source| named.contains(source)) {
                continue;
            }
            let change = self.person_of(work, &mut batch, uuid, seen, &wanted.consent).await?;
            if change.action == Action::Create {
                self.tell_change(run, work, &mut batch, change).await?;
            } else {
                self.tell(run, work, &mut batch, &change).await?;
            }
        }
        Ok(Step { batch, done: false })
    }

    /// Whether a contact of GHL is linked with a customer.
    async fn has_members(&self, work: &Work, customer: &str) -> Result<bool> {
        let within = format!("{customer}/");
        let known: Vec<(String, Member)> = self.keeper.scan(&MEMBERS, &within, None, 1).await?;
        if !known.is_empty() {
            return Ok(true);
        }
        let read: Vec<(String, Member)> =
            self.keeper.scan(&work.tables.members, &within, None, 1).await?;
        Ok(!read.is_empty())
    }

    /// What becomes of a contact that nobody in GHL stands for.
    async fn person_of(
        &self,
        work: &Work,
        batch: &mut Batch,
        uuid: &str,
        seen: &SeenContact,
        consent: &str,
    ) -> Result<Change> {
        let text = |name: &str| seen.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = [text("first_name"), text("last_name")].join(" ").trim().to_owned();
        let title = if name.is_empty() { text("email").to_owned() } else { name };
        let country = work.ready.country.as_deref();
        let mut shared = self.settings.shared_emails.iter().filter_map(|shared| email(shared));
        let address = email(text("email")).filter(|own| shared.all(|shared| shared != *own));
        let number = e164(text("phone"), country);
        let values: Vec<&String> = address.iter().chain(&number).collect();
        let told = |reason: String| {
            let change = told_of(Kind::Contact, uuid, &title, Reason::NoCounterpart);
            let customer = Some(seen.customer.clone());
            Change { reason, customer, uuid: Some(uuid.to_owned()), ..change }
        };
        if values.is_empty() {
            let reason = "new in ChartMogul, and not created in GHL: it has neither an e-mail address nor a phone";
            return Ok(told(reason.to_owned()));
        }
        // Somebody in GHL has the same: who that is, matching decides, or a person.
        let keys: Vec<String> = values.iter().map(|value| format!("any/{}", hash(value))).collect();
        let holders: Vec<Option<Vec<Candidate>>> = self.keeper.get_all(&HOLDERS, &keys).await?;
        if let Some(holder) = holders.into_iter().flatten().flatten().next() {
            let reason = format!(
                "new in ChartMogul, and not created in GHL: contact {} has the same e-mail address or phone",
                holder.id
            );
            return Ok(told(reason));
        }
        // Another row of this plan creates the same person.
        let taken: Vec<Option<bool>> = self.keeper.get_all(&work.tables.taken, &keys).await?;
        let mut taken = taken.iter().zip(&keys);
        if taken.any(|(taken, key)| taken.or_else(|| batch.get(&work.tables.taken, key)).is_some())
        {
            let reason = "new in ChartMogul, and not created in GHL: another contact there has the same e-mail address or phone";
            return Ok(told(reason.to_owned()));
        }
        for key in &keys {
            batch.put(&work.tables.taken, key, &true)?;
        }
        let mut change = Change::new(Action::Create, Kind::Contact, uuid, title, String::new());
        change.look_first = true;
        change.reason = format!("new in ChartMogul; consent: {consent}");
        change.role = Role::Member;
        change.uuid = Some(uuid.to_owned());
        change.customer = Some(seen.customer.clone());
        change.matched = Some(Matched::Brought);
        change.there = kinds::marks(&seen.fields);
        change.back = select(&seen.fields, &|name, value| {
            !kinds::is_empty(Some(value))
                && contact::is_writable(name, false, &[], &work.ready.rules, self.settings)
        });
        if address.is_none() {
            change.back = select(&change.back, &|name, _| name != "email");
        }
        if let Some(number) = number {
            change.back.insert("phone".to_owned(), number.into());
        }
        Ok(change)
    }
}
