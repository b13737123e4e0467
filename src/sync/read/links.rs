//! Checking links: what a list does not show is looked for by its id, and that answer counts.

use super::super::calls::row_of_linked;
use super::super::engine::{Engine, Step, gather, one};
use super::super::model::change::Side;
use super::super::model::conflict::ids_of;
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::plan::Pass;
use super::super::model::staged::{
    Candidate, SeenChild, SeenContact, SeenCustomer, StagedContact, Void,
};
use super::super::model::standing::{Apart, Reason};
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::{APART, CONFLICTS, DELETED, INCOMING, LETTERS, OWNERS, PAIRS};
use super::super::state::tables::{of, of_kind};
use super::super::work::Work;
use super::chartmogul::Rows;
use super::children::is_overflow;
use super::contacts::{Listing, TOGETHER};
use crate::chartmogul::records::{Contact, Customer};
use crate::error::{Code, Result, Service};
use crate::host::Host;

use crate::mapping::settings::{DeletePolicy, Object, OnDeleted};
use crate::mutants::{self, Mutant};

/// Links checked in one step.
const LINKS_A_STEP: usize = 100;

impl<H: Host> Engine<'_, H> {
    /// Linked contacts that GHL did not list: gone, or missed by the list.
    pub(in crate::sync) async fn check_missing(&self, run: &mut Run, work: &Work) -> Result<Step> {
        // A list that is known to be incomplete says nothing of what it does not show.
        if run.missing > 0 {
            return Ok(self.done());
        }
        let prefix = of(Kind::Contact, "");
        let rows = self.next_rows(run, &PAIRS, &prefix, LINKS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let ids: Vec<&str> = rows.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)).collect();
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&work.tables.contacts, &ids).await?;
        let mut absent = Vec::new();
        for ((id, (_, pair)), staged) in ids.iter().zip(&rows).zip(staged) {
            if staged.is_none() && pair.gone.is_none() {
                absent.push(((*id).to_owned(), pair.clone()));
            }
        }
        let answers = gather(&absent, TOGETHER, async |(id, _): &(String, Pair)| {
            self.ghl_value("contacts.get", one("contactId", id)).await
        })
        .await;
        let mut items = Vec::new();
        for ((id, pair), answer) in absent.into_iter().zip(answers) {
            run.plan.least_read_calls.ghl += 1;
            match answer {
                Ok(item) => items.push(item),
                Err(error) if error.code == Code::NotFound => {
                    batch.put(&work.tables.left, &format!("{}/{id}", pair.customer), &true)?;
                    for conflict in ids_of(Kind::Contact, &id, self.settings) {
                        batch.delete(&CONFLICTS, &conflict);
                    }
                    let pair = Pair { gone: Some(self.host.now()), ..pair };
                    batch.put(&PAIRS, &of(Kind::Contact, &id), &pair)?;
                }
                Err(error) if error.code.ends_run() => return Err(error),
                // What cannot be asked for now stays as it is.
                Err(_) => {}
            }
        }
        self.stage_contacts(run, work, Listing::ById, &items, &mut batch).await?;
        Ok(Step { batch, done: false })
    }

    /// Linked records that ChartMogul's lists did not show.
    pub(in crate::sync) async fn check_voids(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if mutants::is_on(Mutant::LinkOutlivesRecord) {
            return Ok(self.done());
        }
        let rows = self.next_rows(run, &PAIRS, "", LINKS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        run.links += rows.len() as u64;
        let customers: Vec<&String> = rows.iter().map(|(_, pair)| &pair.customer).collect();
        let customers: Vec<Option<SeenCustomer>> =
            self.keeper.get_all(&work.tables.customers, &customers).await?;
        let mut contacts = Vec::new();
        let mut children = Vec::new();
        for (key, pair) in &rows {
            let uuid = pair.chartmogul.as_deref().unwrap_or_default();
            contacts.push(uuid);
            children.push(format!("{}/{uuid}", key.split('/').next().unwrap_or_default()));
        }
        let contacts: Vec<Option<SeenContact>> =
            self.keeper.get_all(&work.tables.customer_contacts, &contacts).await?;
        let children: Vec<Option<SeenChild>> =
            self.keeper.get_all(&work.tables.children, &children).await?;
        for (((row, customer), contact), child) in
            rows.iter().zip(customers).zip(contacts).zip(children)
        {
            let (key, pair) = row;
            let Some((kind, id)) = key.split_once('/') else { continue };
            let kind = Kind::parse(kind).unwrap_or(Kind::Contact);
            let read = match kind {
                Kind::Note => self.settings.includes(Object::Notes),
                Kind::Task => self.settings.includes(Object::Tasks),
                _ => true,
            };
            // The record is where the list shows it, wherever it was before.
            let shown = match (kind, &pair.chartmogul) {
                (Kind::Contact, Some(_)) => contact.map(|contact| contact.customer),
                (kind, Some(_)) if kind.is_child() => child.map(|child| child.customer),
                _ => customer.as_ref().map(|_| pair.customer.clone()),
            };
            match shown {
                Some(customer) if customer == pair.customer => {}
                Some(now) => {
                    if kind == Kind::Contact && customer.is_none() {
                        batch.delete(&APART, &of(Kind::Customer, &pair.customer));
                        self.note_merge(work, &mut batch, &pair.customer, &now).await?;
                    }
                    batch.put(&work.tables.left, &format!("{}/{id}", pair.customer), &true)?;
                    batch.put(&PAIRS, key, &Pair { customer: now, ..pair.clone() })?;
                }
                None if read => {
                    self.check_void(run, work, kind, id, pair, customer.is_some(), &mut batch)
                        .await?;
                }
                None => {}
            }
        }
        Ok(Step { batch, done: false })
    }

    /// Asks for a record that a list did not show.
    #[allow(clippy::too_many_arguments, reason = "one record, and what is known of it")]
    async fn check_void(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        id: &str,
        pair: &Pair,
        customer_shown: bool,
        batch: &mut Batch,
    ) -> Result<()> {
        let key = of(kind, id);
        let customer_shown = customer_shown || self.was_merged(work, batch, pair).await?;
        if !customer_shown && !self.customer_stands(run, work, pair, id, kind, batch).await? {
            run.plan.voids += 1;
            if pair.role != Role::Child {
                batch.put(&DELETED, &pair.customer, &true)?;
            }
            if kind == Kind::Contact {
                batch.put(&work.tables.left, &format!("{}/{id}", pair.customer), &true)?;
            }
            let left = pair.role == Role::Customer
                && self.settings.on_deleted == OnDeleted::Leave
                && !source_is_gone(work, pair);
            if left {
                self.set_apart(batch, kind, id, pair, Reason::CustomerDeleted)?;
                batch.delete(&PAIRS, &key);
            } else {
                batch.put(&work.tables.voids, &key, &Void { customer: pair.customer.clone() })?;
            }
            return Ok(());
        }
        if batch.get(&PAIRS, &key).is_some_and(|now: Pair| now.customer != pair.customer) {
            return Ok(());
        }
        let Some(uuid) = pair.chartmogul.as_deref() else { return Ok(()) };
        let (endpoint, parameter) = row_of_linked(kind).retrieve;
        run.plan.least_read_calls.chartmogul += 1;
        match self.chartmogul_value(endpoint, one(parameter, uuid)).await {
            Ok(answer) if kind.is_child() => {
                let child = self.child_of(&work.ready.users.borrow(), kind, endpoint, &answer)?;
                self.move_to(batch, work, &key, id, pair, child.customer.as_ref())?;
                self.index_children(work, kind, vec![child], batch).await
            }
            Ok(answer) => {
                let contact: Contact = self.parse(Service::Chartmogul, endpoint, &answer)?;
                self.move_to(batch, work, &key, id, pair, contact.customer_uuid.as_ref())?;
                self.index_contacts(work, endpoint, &[answer], batch).await
            }
            // Gone alone, while its customer lives: a person deleted it.
            Err(error) if error.code == Code::NotFound => {
                // Unless its marker stands elsewhere: then another run has moved it.
                let key = format!("marker/{}", of(kind, id));
                let marked: Option<Vec<Candidate>> =
                    self.keeper.get(&work.tables.index, &key).await?;
                let mut marked = marked.unwrap_or_default();
                marked.retain(|one| one.contact.is_some() && one.contact != pair.chartmogul);
                if let Some(copy) =
                    marked.iter().min_by(|one, other| one.contact.cmp(&other.contact))
                {
                    let found = copy.contact.clone();
                    batch.delete(&OWNERS, &of(kind, uuid));
                    if let Some(found) = &found {
                        batch.put(&OWNERS, &of(kind, found), &id.to_owned())?;
                    }
                    let customer = copy.id.clone();
                    let pair = Pair { chartmogul: found, customer, ..pair.clone() };
                    return batch.put(&PAIRS, &of(kind, id), &pair);
                }
                run.plan.voids += 1;
                let carried = kind.is_child()
                    && pair.gone.is_none()
                    && !is_overflow(kind, id)
                    && self.way_of(kind).comes_back()
                    && self.policy_of(Side::Chartmogul) != DeletePolicy::Keep;
                if carried {
                    let from = Side::Chartmogul;
                    return self.tell_gone(run, work, batch, from, kind, id, pair).await;
                }
                self.note_deleted(batch, kind, id, pair)
            }
            Err(error) if error.code.ends_run() => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// Whether a child's customer lives on in another: its contact has gone over to that one.
    async fn was_merged(&self, work: &Work, batch: &Batch, pair: &Pair) -> Result<bool> {
        let Some(contact) = pair.parent.as_ref().filter(|_| pair.role == Role::Child) else {
            return Ok(false);
        };
        let mark = merged(&pair.customer);
        let into: Option<Vec<Candidate>> = match batch.get(&work.tables.index, &mark) {
            Some(into) => Some(into),
            None => self.keeper.get(&work.tables.index, &mark).await?,
        };
        if into.is_some() {
            return Ok(true);
        }
        let deleted: Option<bool> = self.keeper.get(&DELETED, &pair.customer).await?;
        if deleted.is_some() || batch.get(&DELETED, &pair.customer).is_some() {
            return Ok(false);
        }
        let key = of(Kind::Contact, contact);
        let void: Option<Void> = self.keeper.get(&work.tables.voids, &key).await?;
        let now: Option<Pair> = match batch.get(&PAIRS, &key) {
            Some(now) => Some(now),
            None => self.keeper.get(&PAIRS, &key).await?,
        };
        let void = void.or_else(|| batch.get(&work.tables.voids, &key));
        Ok(void.is_none() && now.is_some_and(|now| now.customer != pair.customer))
    }

    /// Notes that a customer lives on in another, if that one is of several.
    async fn note_merge(
        &self,
        work: &Work,
        batch: &mut Batch,
        from: &str,
        into: &str,
    ) -> Result<bool> {
        let seen: Option<SeenCustomer> = self.keeper.get(&work.tables.customers, into).await?;
        let is_merged = seen.is_some_and(|seen| seen.merged);
        if is_merged {
            let into = Candidate { id: into.to_owned(), ..Candidate::default() };
            batch.put(&work.tables.index, &merged(from), &vec![into])?;
        }
        Ok(is_merged)
    }

    fn move_to(
        &self,
        batch: &mut Batch,
        work: &Work,
        key: &str,
        id: &str,
        pair: &Pair,
        customer: Option<&String>,
    ) -> Result<()> {
        if let Some(customer) = customer.filter(|customer| **customer != pair.customer) {
            batch.put(&work.tables.left, &format!("{}/{id}", pair.customer), &true)?;
            batch.put(&PAIRS, key, &Pair { customer: customer.clone(), ..pair.clone() })?;
        }
        Ok(())
    }

    /// Notes that a person deleted a record in ChartMogul: it is not made again until `retry`.
    pub(in crate::sync) fn note_deleted(
        &self,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        pair: &Pair,
    ) -> Result<()> {
        self.set_apart(batch, kind, id, pair, Reason::Deleted)?;
        let key = of(kind, id);
        for conflict in ids_of(kind, id, self.settings) {
            batch.delete(&CONFLICTS, &conflict);
        }
        if let Some(uuid) = &pair.chartmogul {
            batch.delete(&OWNERS, &of(kind, uuid));
        }
        if kind == Kind::Contact {
            // Its notes, tasks and tags still go to the customer.
            let guest = Pair { chartmogul: None, role: Role::Guest, ..pair.clone() };
            batch.put(&PAIRS, &key, &guest)
        } else {
            batch.delete(&PAIRS, &key);
            Ok(())
        }
    }

    /// Notes that a person deleted a record in GHL: ChartMogul's stays, and is not brought again.
    pub(in crate::sync) fn note_deleted_here(
        &self,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        pair: Pair,
    ) -> Result<()> {
        self.set_apart(batch, kind, id, &pair, Reason::DeletedInGhl)?;
        let key = of(kind, id);
        for conflict in ids_of(kind, id, self.settings) {
            batch.delete(&CONFLICTS, &conflict);
        }
        batch.delete(&LETTERS, &key);
        if let Some(uuid) = &pair.chartmogul {
            batch.delete(&INCOMING, &of(kind, uuid));
        }
        batch.put(&PAIRS, &key, &Pair { gone: Some(self.host.now()), ..pair })
    }

    pub(in crate::sync) fn set_apart(
        &self,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        pair: &Pair,
        cause: Reason,
    ) -> Result<()> {
        let contact = match kind {
            Kind::Contact => Some(id.to_owned()),
            _ => pair.parent.clone(),
        };
        let apart = Apart {
            cause,
            contact,
            at: self.host.now(),
            chartmogul: pair.chartmogul.clone().or_else(|| Some(pair.customer.clone())),
            ..Apart::default()
        };
        batch.put(&APART, &of(kind, id), &apart)
    }

    /// Whether a pair's customer still stands: asked for once a run, and followed where it was merged.
    async fn customer_stands(
        &self,
        run: &mut Run,
        work: &Work,
        pair: &Pair,
        id: &str,
        kind: Kind,
        batch: &mut Batch,
    ) -> Result<bool> {
        let uuid = &pair.customer;
        // A customer of ours that was merged into another is found by its external id.
        if pair.role == Role::Customer {
            let external = format!("external/{}", self.external_id(kind, id));
            let found: Option<Vec<Candidate>> =
                self.keeper.get(&work.tables.index, &external).await?;
            if let Some(found) =
                found.and_then(|found| found.into_iter().find(|one| one.contact.is_none()))
            {
                // Else it was deleted, with everything under it, and another run has made it again.
                if !self.note_merge(work, batch, uuid, &found.id).await? {
                    batch.put(&DELETED, uuid, &true)?;
                }
                let pair = Pair { customer: found.id, ..pair.clone() };
                batch.put(&PAIRS, &of(kind, id), &pair)?;
                return Ok(true);
            }
        }
        let mark = format!("customer/{uuid}");
        let known: Option<Vec<Candidate>> = match batch.get(&work.tables.index, &mark) {
            Some(known) => Some(known),
            None => self.keeper.get(&work.tables.index, &mark).await?,
        };
        if let Some(known) = known {
            return Ok(!known.is_empty());
        }
        // A source that is gone has taken its customers with it.
        let gone = pair.role == Role::Customer && source_is_gone(work, pair);
        let stands = if gone {
            false
        } else {
            run.plan.least_read_calls.chartmogul += 1;
            match self.chartmogul_value("customers.retrieve", one("customer_uuid", uuid)).await {
                Ok(answer) => {
                    let customer: Customer =
                        self.parse(Service::Chartmogul, "customers.retrieve", &answer)?;
                    let mut rows = Rows::new();
                    self.index_customer(work, &customer, &mut rows, batch)?;
                    self.merge(work, rows, batch).await?;
                    true
                }
                Err(error) if error.code == Code::NotFound => false,
                Err(error) => return Err(error),
            }
        };
        let mark_row = if stands {
            vec![Candidate { id: uuid.clone(), ..Candidate::default() }]
        } else {
            Vec::new()
        };
        batch.put(&work.tables.index, &mark, &mark_row)?;
        Ok(stands)
    }

    /// Whether a linked note or task still stands: a list has shown it, or it is asked for.
    pub(in crate::sync) async fn child_is_there(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        uuid: &str,
        batch: &mut Batch,
    ) -> Result<bool> {
        let row = of(kind, uuid);
        let seen: Option<SeenChild> = self.keeper.get(&work.tables.children, &row).await?;
        if seen.is_some() || batch.get(&work.tables.children, &row).is_some() {
            return Ok(true);
        }
        let uuids = [uuid.to_owned()];
        let there = self.read_children(run, work, kind, &uuids, batch).await?;
        there.into_iter().next().unwrap_or(Ok(false))
    }

    /// Whether a customer that contacts have left is gone itself: a full pass has not seen it, and the
    /// service says so.
    pub(in crate::sync) async fn customer_is_gone(
        &self,
        run: &mut Run,
        work: &Work,
        uuid: &str,
    ) -> Result<bool> {
        if run.plan.pass != Pass::Full {
            return Ok(false);
        }
        let mark = format!("customer/{uuid}");
        let known: Option<Vec<Candidate>> = self.keeper.get(&work.tables.index, &mark).await?;
        if let Some(known) = known {
            return Ok(known.is_empty());
        }
        run.plan.least_read_calls.chartmogul += 1;
        Ok(!self.customer_is_there(uuid).await?)
    }

    /// Whether an answer to a customer's id says that it stands.
    pub(in crate::sync) async fn customer_is_there(&self, uuid: &str) -> Result<bool> {
        match self.chartmogul_value("customers.retrieve", one("customer_uuid", uuid)).await {
            Ok(_) => Ok(true),
            Err(error) if error.code == Code::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The pairs of GHL records, without those whose counterpart is gone.
    pub(in crate::sync) async fn live_pairs(
        &self,
        work: &Work,
        kind: Kind,
        ids: &[impl AsRef<str>],
    ) -> Result<Vec<Option<Pair>>> {
        let keys = of_kind(kind, ids);
        let pairs: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &keys).await?;
        let voids: Vec<Option<Void>> = self.keeper.get_all(&work.tables.voids, &keys).await?;
        // One that an earlier part of the run has made again is at another customer.
        let live = |(pair, void): (Option<Pair>, Option<Void>)| {
            pair.filter(|pair| void.is_none_or(|void| void.customer != pair.customer))
        };
        Ok(pairs.into_iter().zip(voids).map(live).collect())
    }
}

/// The row that tells into which customer another was merged.
fn merged(from: &str) -> String {
    format!("merged/{from}")
}

/// Whether the data source of a customer of ours is gone, with everything in it.
fn source_is_gone(work: &Work, pair: &Pair) -> bool {
    let schema = work.ready.schema.borrow();
    match &pair.source {
        Some(source) => !schema.sources.contains(source),
        None => schema.data_source.is_none(),
    }
}
