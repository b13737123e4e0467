//! What comes from ChartMogul: notes and tasks that are new there or have changed, and who gets them in GHL.

use super::super::calls::row_of_linked;
use super::super::decide::customers::wanted;
use super::super::decide::merge::{Sides, any_has_moved, words_of};
use super::super::engine::{Engine, Step};
use super::super::model::pair::{Kind, Member, Pair};
use super::super::model::staged::{Home, SeenChild};
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::{INCOMING, MEMBERS, OPEN_TASKS, OWNERS, PAIRS, of, of_kind};
use super::super::work::Work;
use crate::error::Result;
use crate::host::Host;
use crate::mapping::Fields;
use crate::mapping::settings::{Object, Owner, Way};
use crate::named::Named;
use crate::ordered::Ordered;

/// Rows looked at in one step.
const INCOMING_A_STEP: usize = 50;
/// The place behind what earlier runs have left.
const BEHIND_LEFT: &str = " ";

impl<H: Host> Engine<'_, H> {
    /// Which way a kind of record goes. Businesses, and what a customer's contacts share, do not come back.
    pub(in crate::sync) fn way_of(&self, kind: Kind) -> Way {
        let object = match kind {
            Kind::Note => Object::Notes,
            Kind::Task => Object::Tasks,
            Kind::Contact => return self.settings.directions.contacts,
            Kind::Business | Kind::Customer => return Way::ToChartmogul,
        };
        if self.settings.includes(object) {
            self.settings.way_of(object)
        } else {
            Way::ToChartmogul
        }
    }

    /// Notes which records of ChartMogul are new to GHL or have changed: the words of others that are linked
    /// are not kept.
    pub(in crate::sync) async fn note_incoming(
        &self,
        work: &Work,
        kind: Kind,
        children: &mut [(String, SeenChild)],
        batch: &mut Batch,
    ) -> Result<()> {
        if !self.way_of(kind).comes_back() {
            return Ok(());
        }
        // ChartMogul's words are written again where somebody has changed GHL's.
        let words = format!("{}.{}", kind.name(), words_of(kind));
        let owner = self.settings.owner_of(&words);
        let restores =
            matches!(owner, Owner::AlwaysChartmogul | Owner::PreferChartmogulUnlessBlank);
        let uuids: Vec<&String> = children.iter().map(|(uuid, _)| uuid).collect();
        let owners: Vec<Option<String>> =
            self.keeper.get_all(&OWNERS, &of_kind(kind, &uuids)).await?;
        let own: Vec<String> = owners.iter().map(|own| own.clone().unwrap_or_default()).collect();
        let pairs: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &of_kind(kind, &own)).await?;
        for (((uuid, child), owner), pair) in children.iter_mut().zip(owners).zip(pairs) {
            let linked = pair.filter(|pair| pair.chartmogul.as_ref() == Some(uuid));
            let none = Fields::new();
            child.moved = linked.is_some_and(|pair| {
                let sides = Sides {
                    kind,
                    row: row_of_linked(kind),
                    pair: &pair,
                    here: &none,
                    there: child,
                    rewritable: true,
                    settings: self.settings,
                    rules: &work.ready.rules,
                    problems: &[],
                };
                pair.gone.is_none() && any_has_moved(&sides)
            });
            let new = owner.is_none() && child.marker.is_none();
            if new || child.moved {
                batch.put(&work.tables.incoming, &of(kind, uuid), &String::new())?;
            } else if owner.is_some() && !restores {
                child.told = None;
                child.at_create = Fields::new();
            }
        }
        Ok(())
    }

    /// Finds out what GHL holds of what comes, and which contact gets what is new.
    pub(in crate::sync) async fn read_incoming(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let mut batch = self.keeper.batch();
        if run.cursor.is_none() {
            run.cursor = Some(BEHIND_LEFT.to_owned());
            self.read_left(run, work, &mut batch).await?;
            self.read_of_contacts(run, work, &mut batch).await?;
            return Ok(Step { batch, done: false });
        }
        let rows = self.next_rows(run, &work.tables.incoming, "", INCOMING_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut leaders: Ordered<Option<String>> = Ordered::new();
        for kind in [Kind::Note, Kind::Task] {
            let within = of(kind, "");
            let uuids: Vec<String> = rows
                .iter()
                .filter_map(|(key, _)| key.strip_prefix(&within).map(str::to_owned))
                .collect();
            let keys = of_kind(kind, &uuids);
            let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &keys).await?;
            let seen: Vec<Option<SeenChild>> =
                self.keeper.get_all(&work.tables.children, &keys).await?;
            let mut linked: Vec<(String, String)> = Vec::new();
            for ((uuid, owner), child) in uuids.into_iter().zip(owners).zip(seen) {
                let row = of(kind, &uuid);
                if let Some(owner) = owner {
                    linked.push((uuid, owner));
                    continue;
                }
                let Some(child) = child else { continue };
                if !leaders.contains_key(&child.customer) {
                    let leader = self.leader_of(work, &child.customer).await?;
                    leaders.insert(child.customer.clone(), leader);
                }
                // A customer of nobody here is another location's, or nobody's.
                let Some(contact) = leaders.get(&child.customer).cloned().flatten() else {
                    batch.delete(&work.tables.incoming, &row);
                    batch.delete(&INCOMING, &row);
                    continue;
                };
                batch.put(&INCOMING, &row, &true)?;
                self.want(work, kind, &contact, &mut batch)?;
                batch.put(&work.tables.incoming, &row, &contact)?;
            }
            self.look_at_moved(run, work, kind, linked, &mut batch).await?;
        }
        Ok(Step { batch, done: false })
    }

    /// Has a contact's notes or tasks read by this run: what is made there may be there already.
    fn want(&self, work: &Work, kind: Kind, contact: &str, batch: &mut Batch) -> Result<()> {
        if kind == Kind::Note {
            batch.put(&work.tables.wanted, contact, &0)
        } else {
            batch.put(&work.tables.tasks_of, contact, &true)
        }
    }

    /// A list that shows a changed record may be late: its own answer counts. What GHL has of it is read.
    async fn look_at_moved(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        linked: Vec<(String, String)>,
        batch: &mut Batch,
    ) -> Result<()> {
        let uuids: Vec<String> = linked.iter().map(|(uuid, _)| uuid.clone()).collect();
        let there = self.read_children(run, work, kind, &uuids, batch).await?;
        let own: Vec<&String> = linked.iter().map(|(_, own)| own).collect();
        let pairs = self.live_pairs(work, kind, &own).await?;
        let open: Vec<Option<String>> = self.keeper.get_all(&OPEN_TASKS, &own).await?;
        for ((((uuid, own), there), pair), open) in linked.iter().zip(there).zip(pairs).zip(open) {
            let row = of(kind, uuid);
            match there {
                Ok(true) => {}
                // Gone by now: a full pass finds out.
                Ok(false) => {
                    batch.delete(&INCOMING, &row);
                    continue;
                }
                Err(_) => {
                    batch.put(&INCOMING, &row, &true)?;
                    continue;
                }
            }
            let now: Option<SeenChild> = batch.get(&work.tables.children, &row);
            let Some(pair) = pair.filter(|_| now.is_some_and(|now| now.moved)) else {
                batch.delete(&INCOMING, &row);
                continue;
            };
            batch.put(&INCOMING, &row, &true)?;
            batch.put(&work.tables.moved, &of(kind, own), &true)?;
            let contact = pair.parent.unwrap_or_default();
            if kind == Kind::Note {
                self.want(work, kind, &contact, batch)?;
            } else if open.is_none() {
                // A task that was done is in no list between full passes.
                batch.put(&work.tables.vanished, own, &contact)?;
            }
        }
        Ok(())
    }

    /// What earlier runs could not bring is read again, if no list has shown it.
    async fn read_left(&self, run: &mut Run, work: &Work, batch: &mut Batch) -> Result<()> {
        let mut pages = self.keeper.pages(&INCOMING, INCOMING_A_STEP);
        while let Some(rows) = pages.next().await? {
            let keys: Vec<&String> = rows.iter().map(|(key, _)| key).collect();
            let seen: Vec<Option<SeenChild>> =
                self.keeper.get_all(&work.tables.children, &keys).await?;
            let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &keys).await?;
            let mut unseen: Ordered<Vec<String>> = Ordered::new();
            for ((key, seen), owner) in keys.into_iter().zip(seen).zip(owners) {
                let Some((kind, uuid)) = key.split_once('/').filter(|_| seen.is_none()) else {
                    continue;
                };
                if !Kind::parse(kind).is_some_and(|kind| self.way_of(kind).comes_back()) {
                    continue;
                }
                // What is linked is read with what GHL has of it.
                match owner {
                    Some(_) => batch.put(&work.tables.incoming, key, &String::new())?,
                    None => unseen.or_default(kind.to_owned()).push(uuid.to_owned()),
                }
            }
            for (kind, uuids) in unseen.iter() {
                let Some(kind) = Kind::parse(kind) else { continue };
                let there = self.read_children(run, work, kind, uuids, batch).await?;
                for (uuid, there) in uuids.iter().zip(there) {
                    // What cannot be asked for now stays for the next run.
                    if matches!(there, Ok(false)) {
                        batch.delete(&INCOMING, &of(kind, uuid));
                    }
                }
            }
        }
        Ok(())
    }

    /// A run for single contacts lists what their customers hold.
    async fn read_of_contacts(&self, run: &mut Run, work: &Work, batch: &mut Batch) -> Result<()> {
        if run.only.is_empty() {
            return Ok(());
        }
        let only = run.only.clone();
        let homes: Vec<Option<Home>> = self.homes_of(work, Kind::Contact, &only).await?;
        let customers: Vec<String> =
            homes.into_iter().flatten().filter_map(|home| home.customer).collect();
        for kind in [Kind::Note, Kind::Task] {
            if self.way_of(kind).comes_back() {
                self.list_children(run, work, kind, customers.clone(), batch).await?;
            }
        }
        Ok(())
    }

    /// The contact that gets what is new of a customer: the one that leads.
    pub(in crate::sync) async fn leader_of(
        &self,
        work: &Work,
        customer: &str,
    ) -> Result<Option<String>> {
        let within = format!("{customer}/");
        let own = |key: &str| key.strip_prefix(&within).unwrap_or(key).to_owned();
        let mut members: Named<Member> = Named::default();
        let left = self.keeper.scan_all(&work.tables.left, &within).await?;
        for (key, member) in self.keeper.scan_all(&MEMBERS, &within).await? {
            if !left.iter().any(|(left, _)| *left == key) {
                members.insert(own(&key), member);
            }
        }
        for (key, mut member) in self.keeper.scan_all(&work.tables.members, &within).await? {
            let id = own(&key);
            member.address = members.get(&id).is_some_and(|before| before.address);
            members.insert(id, member);
        }
        Ok(Some(wanted(&members, "").leader).filter(|leader| !leader.is_empty()))
    }
}
