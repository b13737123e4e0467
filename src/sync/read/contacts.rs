//! GHL's contacts and businesses, each mapped as it is read.

use serde_json::json;

use super::super::engine::{Engine, Step, gather, one};
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::plan::{Pass, Plan};
use super::super::model::staged::{Candidate, Known, Reading, StagedBusiness, StagedContact};
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::{AGAIN, HOLDERS, KNOWN, PAIRS, READINGS, of, of_kind};
use super::super::work::Work;
use crate::dates;
use crate::error::Result;
use crate::ghl::records::{Business, Contact};
use crate::host::Host;
use crate::mapping::contacts::{self, Context};
use crate::mapping::settings::Anchor;
use crate::mapping::{hash, kinds, text};
use crate::mutants::{self, Mutant};
use crate::ordered::Ordered;
use crate::record::Json;

/// GHL: at most 500 contacts a page.
pub(in crate::sync) const CONTACTS_A_PAGE: u64 = 500;
/// GHL names no maximum for businesses; 100 is the largest it documents for lists.
pub(in crate::sync) const BUSINESSES_A_PAGE: u64 = 100;
/// Requests for single contacts under way at once. Few, so that a run of little time gets to the end
/// of a step: one that is cut off is begun anew.
pub(in crate::sync) const TOGETHER: usize = 8;
/// Contacts changed so long before the newest one seen are read again: GHL's search is an index
/// that lags by seconds, up to a minute as was measured; ten are allowed for.
pub(in crate::sync) const OVERLAP_MS: u64 = 15 * 60_000;
/// The index may tell times less exactly than the record does.
pub(in crate::sync) const SAME_TIME_MS: i64 = 1_000;
/// A value that more contacts have than this is a shared one.
pub(in crate::sync) const SHARED_FROM: usize = 50;

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) async fn read_contacts(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if !run.only.is_empty() {
            return self.read_only(run, work).await;
        }
        let mut parameters = json!({
            "pageLimit": CONTACTS_A_PAGE,
            "sort": [{ "field": "dateUpdated", "direction": "asc" }],
        });
        if let (Pass::Incremental, Some(object)) = (run.plan.pass, parameters.as_object_mut()) {
            let since = dates::iso(i64::try_from(run.changed_since).unwrap_or(0));
            let filter =
                json!({ "field": "dateUpdated", "operator": "range", "value": { "gte": since } });
            object.insert("filters".into(), json!([filter]));
        }
        let page = self.ghl_page("contacts.search", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.total = page.total.unwrap_or(0);
        if page.missing > 0 {
            run.missing += page.missing;
            run.plan.warnings.push(format!(
                "GoHighLevel announced {} more contacts than it listed: the next full pass reads them again",
                page.missing
            ));
        }
        run.done += page.items.len() as u64;
        let mut batch = self.keeper.batch();
        self.stage_contacts(run, work, Listing::Index, &page.items, &mut batch).await?;
        run.cursor = page.cursor;
        Ok(Step { batch, done: run.cursor.is_none() })
    }

    /// The contacts that a run was asked for.
    async fn read_only(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let ids = run.only.clone();
        let answers = gather(&ids, TOGETHER, async |id: &String| {
            self.ghl_value("contacts.get", one("contactId", id)).await
        })
        .await;
        let mut items = Vec::new();
        for answer in answers {
            items.push(answer?);
        }
        run.plan.least_read_calls.ghl += items.len() as u64;
        let mut batch = self.keeper.batch();
        self.stage_contacts(run, work, Listing::ById, &items, &mut batch).await?;
        Ok(Step { batch, done: true })
    }

    /// Maps contacts and stages those that must be compared.
    pub(in crate::sync) async fn stage_contacts(
        &self,
        run: &mut Run,
        work: &Work,
        listing: Listing,
        items: &[Json],
        batch: &mut Batch,
    ) -> Result<()> {
        let current: Vec<Json>;
        let mut read: Ordered<Contact<'_>> =
            self.listed(run, batch, Kind::Contact, None, items)?.into_iter().collect();
        let listed: Vec<&String> = read.keys().collect();
        let known: Vec<Option<Known>> = self.keeper.get_all(&KNOWN, &listed).await?;
        let known = listed.into_iter().cloned().zip(known);
        let mut known: Ordered<Known> =
            known.filter_map(|(id, known)| Some((id, known?))).collect();
        // Of an older state than was seen the record itself is read, and that answer counts.
        if listing == Listing::Index && !mutants::is_on(Mutant::OldStateWins) {
            let older = |(id, contact): (&String, &Contact<'_>)| {
                let seen = known.get(id).map_or(0, |known| known.updated);
                (updated(contact) + SAME_TIME_MS < seen).then(|| id.clone())
            };
            let stale: Vec<String> = read.iter().filter_map(older).collect();
            for id in &stale {
                read.remove(id);
            }
            current = self.contacts_by_id(run, batch, &stale).await?;
            read.extend(self.listed(run, batch, Kind::Contact, None, &current)?);
        }
        let users = work.ready.users.borrow().clone();
        let context = work.ready.context(self.settings, &users);
        let pairs_of = async |read: &Ordered<Contact<'_>>| -> Result<Vec<Option<Pair>>> {
            let ids: Vec<&String> = read.keys().collect();
            self.keeper.get_all(&PAIRS, &of_kind(Kind::Contact, &ids)).await
        };
        let mut pairs = pairs_of(&read).await?;
        // What we have written over since is believed by the record's own answer alone.
        let asked: Vec<Json>;
        if listing == Listing::Index && !mutants::is_on(Mutant::IndexIsTrusted) {
            let mut late: Vec<String> = Vec::new();
            for ((id, contact), pair) in read.iter().zip(&pairs) {
                if pair.as_ref().is_some_and(|pair| shows_former(contact, pair, &context)) {
                    late.push(id.clone());
                }
            }
            if !late.is_empty() {
                for id in &late {
                    read.remove(id);
                }
                asked = self.contacts_by_id(run, batch, &late).await?;
                read.extend(self.listed(run, batch, Kind::Contact, None, &asked)?);
                pairs = pairs_of(&read).await?;
            }
        }
        let ids: Vec<&String> = read.keys().collect();
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&work.tables.contacts, &ids).await?;
        let again: Vec<Option<String>> = self.keeper.get_all(&AGAIN, &ids).await?;
        let readings: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &ids).await?;
        let last = &work.state.last_plan;
        let times =
            read.values().filter_map(|contact| contact.date_updated.as_ref()?.milliseconds());
        // A date ahead of time would hide all later changes.
        let latest = match mutants::is_on(Mutant::TimeIsTrusted) {
            true => u64::MAX,
            false => run.plan.created_at,
        };
        run.newest = times
            .filter_map(|at| u64::try_from(at).ok())
            .filter(|at| *at <= latest)
            .fold(run.newest, u64::max);
        let mut keys = Keys::default();
        for (((id, contact), pair), ((before, again), reading)) in
            read.iter().zip(&pairs).zip(staged.iter().zip(again).zip(readings))
        {
            let known = known.remove(id);
            let updated = updated(contact);
            let seen = known.as_ref().is_some_and(|known| {
                known.updated == updated && known.run == *last && !last.is_empty()
            });
            let identity = contacts::identity(contact, &context);
            let added = contact.date_added.as_ref().and_then(|at| at.milliseconds()).unwrap_or(0);
            let name = compared_name(contact);
            let mut own = Vec::new();
            match &identity.email {
                Some(address) => own.push(format!("email/{}", hash(address))),
                None if !name.is_empty() => own.push(format!("name/{}", hash(&name))),
                None => {}
            }
            for value in identity.email.iter().chain(&identity.other_emails).chain(&identity.phones)
            {
                own.push(format!("any/{}", hash(value)));
            }
            let former = known.map(|known| known.keys).unwrap_or_default();
            keys.note(id, added, &former, &own, run.plan.pass == Pass::Full);
            batch.put(&KNOWN, id, &Known { updated, run: run.plan.id.clone(), keys: own })?;
            if run.plan.pass == Pass::Incremental && run.only.is_empty() && seen && again.is_none()
            {
                Plan::add(&mut run.plan.unchanged, Kind::Contact, u64::from(pair.is_some()));
                Plan::add(&mut run.plan.read, Kind::Contact, u64::from(pair.is_some()));
                continue;
            }
            if before.is_none() || mutants::is_on(Mutant::OneIdTwice) {
                Plan::add(&mut run.plan.read, Kind::Contact, 1);
                run.unlinked += u64::from(pair.is_none());
            }
            // It was gone, and is there again.
            if let Some(pair) = pair.as_ref().filter(|pair| pair.gone.is_some()) {
                let back = Pair { gone: None, ..pair.clone() };
                batch.put(&PAIRS, &of(Kind::Contact, id), &back)?;
            }
            let member = contacts::contact(contact, &context);
            let (shared, tags) = contacts::shared(contact, &context);
            let mut problems = member.problems;
            problems.extend(shared.problems);
            let mut row = StagedContact {
                title: contacts::display_name(contact),
                added,
                email: identity.email,
                other_emails: identity.other_emails,
                phones: identity.phones,
                name,
                business: contact
                    .business_id
                    .as_deref()
                    .filter(|id| !id.is_empty())
                    .map(str::to_owned),
                as_member: member.fields,
                attributes: shared.fields,
                tags,
                problems,
                updated,
                again: again.is_some(),
                at_once: run.all_notes
                    || run.plan.pass == Pass::Incremental
                    || again.is_some()
                    || reading.is_none_or(|reading| {
                        reading.updated != updated || self.is_ahead(reading.at)
                    }),
                ..StagedContact::default()
            };
            if self.settings.anchor != Anchor::AttachOnly {
                let (customer, at_create) = contacts::customer(contact, &context);
                row.as_customer = customer.fields;
                row.at_create = at_create;
                for problem in customer.problems {
                    if !row.problems.contains(&problem) {
                        row.problems.push(problem);
                    }
                }
            }
            batch.put(&work.tables.contacts, id, &row)?;
        }
        self.keep_keys(keys, batch).await
    }

    /// Keeps who has which e-mail address, phone or name.
    async fn keep_keys(&self, keys: Keys, batch: &mut Batch) -> Result<()> {
        let names: Vec<&String> = keys.changes.keys().collect();
        let known: Vec<Option<Vec<Candidate>>> = self.keeper.get_all(&HOLDERS, &names).await?;
        for ((key, change), known) in keys.changes.iter().zip(known) {
            let mut all = known.unwrap_or_default();
            let before = all.clone();
            all.retain(|one| !change.remove.contains(&one.id));
            for (id, added) in &change.add {
                // One more than counts as shared is enough to know that it is.
                if !all.iter().any(|one| one.id == *id) && all.len() <= SHARED_FROM {
                    all.push(Candidate { id: id.clone(), added: *added, ..Candidate::default() });
                }
            }
            if all.is_empty() {
                batch.delete(&HOLDERS, key);
            } else if all != before {
                batch.put(&HOLDERS, key, &all)?;
            }
        }
        Ok(())
    }

    pub(in crate::sync) async fn read_businesses(
        &self,
        run: &mut Run,
        work: &Work,
    ) -> Result<Step> {
        let parameters = json!({ "limit": BUSINESSES_A_PAGE });
        let page = self.ghl_page("businesses.list", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.done += page.items.len() as u64;
        let mut batch = self.keeper.batch();
        let mut read: Ordered<StagedBusiness> = Ordered::new();
        let listed: Vec<(String, Business<'_>)> =
            self.listed(run, &mut batch, Kind::Business, None, &page.items)?;
        for (id, business) in listed {
            let mapped = contacts::business(&business);
            let row = StagedBusiness {
                title: business.name.as_deref().unwrap_or(&id).to_owned(),
                email: business.email.as_deref().and_then(crate::mapping::email),
                fields: mapped.fields,
                problems: mapped.problems,
            };
            read.insert(id, row);
        }
        let ids: Vec<&String> = read.keys().collect();
        let staged: Vec<Option<StagedBusiness>> =
            self.keeper.get_all(&work.tables.businesses, &ids).await?;
        let pairs: Vec<Option<Pair>> =
            self.keeper.get_all(&PAIRS, &of_kind(Kind::Business, &ids)).await?;
        for (((id, row), before), pair) in read.iter().zip(staged).zip(pairs) {
            if before.is_none() {
                Plan::add(&mut run.plan.read, Kind::Business, 1);
                run.unlinked += u64::from(pair.is_none());
            }
            batch.put(&work.tables.businesses, id, row)?;
        }
        run.cursor = page.cursor;
        Ok(Step { batch, done: run.cursor.is_none() })
    }
}

/// What GHL's answer was: of its index, which lags, or of the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sync) enum Listing {
    Index,
    ById,
}

/// Whether a contact still shows a value that we have written over in GHL.
fn shows_former(contact: &Contact<'_>, pair: &Pair, context: &Context<'_>) -> bool {
    !pair.was.is_empty() && {
        let mapped = contacts::of_role(contact, pair.role == Role::Customer, context);
        pair.shows_former(&kinds::marks(&mapped.fields))
    }
}

/// When a contact changed last, epoch milliseconds; 0 where GHL does not say.
fn updated(contact: &Contact<'_>) -> i64 {
    contact.date_updated.as_ref().and_then(|at| at.milliseconds()).unwrap_or(0)
}

/// Rows of the table of keys that a page of contacts changes.
#[derive(Default)]
struct Keys {
    changes: Ordered<KeyChange>,
}

#[derive(Default)]
struct KeyChange {
    add: Vec<(String, i64)>,
    remove: Vec<String>,
}

impl Keys {
    /// Notes what a contact was found by, and is found by now. A full pass writes them all anew.
    fn note(&mut self, id: &str, added: i64, former: &[String], now: &[String], all: bool) {
        for key in former.iter().filter(|key| !now.contains(key)) {
            self.changes.or_default(key.clone()).remove.push(id.to_owned());
        }
        for key in now.iter().filter(|key| all || !former.contains(key)) {
            self.changes.or_default(key.clone()).add.push((id.to_owned(), added));
        }
    }
}

/// A name as it is compared: first and last, one line, lower case.
fn compared_name(contact: &Contact<'_>) -> String {
    let parts = [contact.first_name(), contact.last_name()];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let whole =
        if joined.trim().is_empty() { contact.full_name().unwrap_or_default() } else { &joined };
    text::one_line(whole).to_lowercase()
}
