//! What goes both ways: linked records are merged, and what is new in ChartMogul is brought to GHL.

use serde_json::Value;

use super::calls::row_of_linked;
use super::compare::{ChildOf, with_text};
use super::decide::changes::{completes, of_linked};
use super::decide::merge::{Differing, Merged, Sides, marks_of, merge, words_of};
use super::engine::{Engine, Step, gather, only};
use super::model::change::{Action, Change};
use super::model::conflict::{Conflict, Winner, id_of, ids_of};
use super::model::pair::{Kind, Matched, Pair, Role};
use super::model::plan::Pass;
use super::model::staged::{Reading, SeenChild};
use super::model::standing::Reason;
use super::model::state::Run;
use super::read::contacts::TOGETHER;
use super::state::keeper::Batch;
use super::state::tables::{CONFLICTS, INCOMING, OWNERS, PAIRS, READINGS, of, of_kind};
use super::work::Work;
use crate::error::{Code, Result};
use crate::host::Host;
use crate::mapping::kinds::contact;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::{Fields, Problem, kinds, select, text};
use crate::mutants::{self, Mutant};
use crate::ordered::Ordered;

/// Notes and tasks brought in one step.
const BROUGHT_A_STEP: usize = 50;
/// How long a value that lost is kept.
pub(in crate::sync) const KEPT_DAYS: u64 = 90;

impl<H: Host> Engine<'_, H> {
    /// What ChartMogul shows of linked records: as this run has read it, and by its own answer where it
    /// has not and GHL's side has changed: a person may have written there.
    pub(in crate::sync) async fn seen_there(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        children: &[ChildOf],
        pairs: &[Option<Pair>],
        batch: &mut Batch,
    ) -> Result<Vec<Option<SeenChild>>> {
        if !self.way_of(kind).comes_back() {
            return Ok(vec![None; children.len()]);
        }
        let uuid = |pair: &Option<Pair>| {
            pair.as_ref().and_then(|pair| pair.chartmogul.clone()).unwrap_or_default()
        };
        let uuids: Vec<String> = pairs.iter().map(uuid).collect();
        let keys = of_kind(kind, &uuids);
        let mut seen: Vec<Option<SeenChild>> =
            self.keeper.get_all(&work.tables.children, &keys).await?;
        let mut ask: Vec<String> = Vec::new();
        for (((child, pair), uuid), seen) in children.iter().zip(pairs).zip(&uuids).zip(&seen) {
            let moved =
                pair.as_ref().is_some_and(|pair| !of_linked(pair, &child.fields).to.is_empty());
            if moved && !child.unchanged && seen.is_none() && !uuid.is_empty() {
                ask.push(uuid.clone());
            }
        }
        for there in self.read_children(run, work, kind, &ask, batch).await? {
            // What is written to one that is gone is refused, and looked into then.
            there?;
        }
        for (key, seen) in keys.iter().zip(&mut seen) {
            if seen.is_none() {
                *seen = batch.get(&work.tables.children, key);
            }
        }
        Ok(seen)
    }

    /// A list of GHL that still shows what we have written over since may be late: GHL's own answer
    /// counts. What cannot be asked for now is left to the next run.
    pub(in crate::sync) async fn doubt_late(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        children: &mut [ChildOf],
        pairs: &[Option<Pair>],
    ) -> Result<()> {
        let Some(half) = row_of_linked(kind).in_ghl else { return Ok(()) };
        if !self.way_of(kind).comes_back() || mutants::is_on(Mutant::IndexIsTrusted) {
            return Ok(());
        }
        let late = |(child, pair): &(&mut ChildOf, &Option<Pair>)| {
            let Some(pair) = pair else { return false };
            pair.shows_former(&kinds::marks(&child.fields))
        };
        let doubted: Vec<(&mut ChildOf, &Option<Pair>)> =
            children.iter_mut().zip(pairs).filter(late).collect();
        let asked: Vec<(String, String)> =
            doubted.iter().map(|(child, _)| (child.contact.clone(), child.id.clone())).collect();
        let answers = gather(&asked, TOGETHER, async |(contact, id): &(String, String)| {
            self.ghl_child(half, contact, id).await
        })
        .await;
        for ((child, _), answer) in doubted.into_iter().zip(answers) {
            run.plan.least_read_calls.ghl += 1;
            let held = match answer {
                Ok(answer) => self.held(work, kind, Role::Child, &answer),
                Err(error) if error.code.ends_run() => return Err(error),
                Err(_) => None,
            };
            match held {
                Some(held) => child.fields = held.fields,
                None => child.unchanged = true,
            }
        }
        Ok(())
    }

    /// A linked record that goes both ways becomes a change, a conflict, or nothing.
    #[allow(clippy::too_many_arguments, reason = "one record, and all that was found for it")]
    pub(in crate::sync) async fn merge_linked(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        child: &ChildOf,
        pair: &Pair,
        there: &SeenChild,
        mut change: Change,
    ) -> Result<()> {
        let sides = Sides {
            kind,
            row: row_of_linked(kind),
            pair,
            here: &child.fields,
            there,
            rewritable: child.rewritable,
            settings: self.settings,
            rules: &work.ready.rules,
            problems: &change.problems,
        };
        let row = of(kind, &child.id);
        batch.delete(&work.tables.moved, &row);
        let incoming = of(kind, pair.chartmogul.as_deref().unwrap_or_default());
        let mut merged = merge(&sides, &|_, _| None);
        let rows: Vec<String> =
            merged.open.iter().map(|open| id_of(kind, &child.id, open.known_as())).collect();
        let known: Vec<Option<Conflict>> = self.keeper.get_all(&CONFLICTS, &rows).await?;
        let mut chosen: Ordered<Conflict> = Ordered::new();
        for conflict in known.into_iter().flatten() {
            chosen.insert(conflict.field.clone(), conflict);
        }
        if chosen.values().any(|conflict| conflict.winner.is_some()) {
            merged = merge(&sides, &|field, seen| {
                let conflict = chosen.get(contact::name_of(field))?;
                let stands = conflict.seen == seen || mutants::is_on(Mutant::ChoiceNeverDies);
                conflict.winner.filter(|_| stands)
            });
        }
        change.problems.extend(self.without_unknown_users(work, &mut merged.back));
        if !self.way_of(kind).goes_out() {
            merged.difference.to = Fields::new();
        }
        if there.fields.contains_key("call") {
            without_length(&mut merged.difference.to);
        }
        for open in &merged.open {
            let known = chosen.get(open.known_as()).filter(|known| known.seen == open.seen());
            let mut conflict = self.conflict(kind, child, pair, open);
            conflict.at = known.map_or(conflict.at, |known| known.at);
            batch.put(&CONFLICTS, &conflict.id, &conflict)?;
        }
        if let Some(first) = merged.open.first() {
            let fields: Vec<&str> = merged.open.iter().map(Differing::known_as).collect();
            let reason = format!("{} ({})", first.cause.sentence(), fields.join(", "));
            let mut told =
                Change::new(Action::Conflict, kind, &child.id, child.title.clone(), reason)
                    .because(first.cause, Code::Ambiguous);
            told.parent.clone_from(&change.parent);
            told.uuid.clone_from(&pair.chartmogul);
            told.customer = Some(pair.customer.clone());
            told.shows = merged.open.iter().map(Differing::seen).collect();
            self.tell(run, work, batch, &told).await?;
            change.open = true;
            // Settling it brings it back; a full pass sees it anyway.
            batch.delete(&INCOMING, &incoming);
        } else {
            for conflict in ids_of(kind, &child.id, self.settings) {
                batch.delete(&CONFLICTS, &conflict);
            }
        }
        for (differing, winner) in &merged.settled {
            let known = chosen.get(differing.known_as());
            let mut conflict = self.conflict(kind, child, pair, differing);
            conflict.at = known.map_or(conflict.at, |known| known.at);
            conflict.winner = Some(*winner);
            conflict.settled_at =
                known.and_then(|known| known.settled_at).or(Some(self.host.now()));
            conflict.done = true;
            conflict.id = format!("{}-{:x}", conflict.id, conflict.settled_at.unwrap_or(0));
            if *winner == Winner::Both {
                self.keep_both(run, work, batch, &conflict).await?;
            }
            change.settles.push(conflict);
        }
        let goes = !merged.difference.to.is_empty() || child.rewrites;
        let comes = !merged.back.is_empty();
        if !goes && !comes && change.action != Action::Link {
            // What is the same on both sides by now is agreed.
            let agreed = Pair {
                base: merged.difference.base.clone(),
                shown: merged.there.clone(),
                kept: merged.difference.kept.clone(),
                ..pair.clone()
            };
            if agreed != *pair {
                batch.put(&PAIRS, &row, &agreed)?;
            }
            if change.open {
                return Ok(());
            }
            batch.delete(&INCOMING, &incoming);
        }
        if kind == Kind::Contact && (goes || comes) && change.action != Action::Link {
            self.note_agreed(batch, &row, pair, &merged)?;
        }
        change.reason = match (goes, comes) {
            (true, true) => "changed on both sides",
            (false, true) => "changed in ChartMogul",
            (true, false) if change.action == Action::Update => "changed in GHL",
            _ => change.reason.as_str(),
        }
        .to_owned();
        // Whether a primary contact that is not known by itself is merged or replaced is on no record: it
        // is sent whole.
        let primary = |name: &str| name.starts_with(PRIMARY_CONTACT);
        if change.uuid.is_none() && merged.difference.to.keys().any(|name| primary(name)) {
            let waits = |name: &str| merged.open.iter().any(|open| open.field == name);
            let whole = select(&child.fields, &|name, value| {
                primary(name) && !value.is_null() && !merged.back.contains_key(name) && !waits(name)
            });
            merged.difference.to = kinds::merged(&whole, &merged.difference.to);
        }
        let words = words_of(kind);
        let waits = merged.open.iter().any(|open| open.field == words);
        if child.rewrites && !waits && !merged.back.contains_key(words) {
            merged.difference.to = with_text(&merged.difference.to, kind, &child.fields);
        }
        let written = if comes { &merged.back } else { &merged.difference.to };
        if goes != comes && change.action == Action::Update && completes(written) {
            change.action = Action::Complete;
        }
        change.back = merged.back;
        let written = |name: &str, _: &Value| change.back.contains_key(name);
        change.back_from = select(&merged.back_from, &written);
        change.there = merged.there;
        self.tell_linked(run, work, batch, change, merged.difference).await
    }

    /// What is the same on both sides by now is agreed, whatever becomes of the other fields.
    fn note_agreed(
        &self,
        batch: &mut Batch,
        row: &str,
        pair: &Pair,
        merged: &Merged,
    ) -> Result<()> {
        let written =
            |name: &str| merged.difference.to.contains_key(name) || merged.back.contains_key(name);
        let of = |now: &Fields, before: &Fields| {
            let agreed = select(now, &|name, _| !written(name));
            kinds::merged(&agreed, &select(before, &|name, _| written(name)))
        };
        let base = of(&merged.difference.base, &pair.base);
        let shown = of(&merged.there, &pair.shown);
        let agreed = Pair { base, shown, ..pair.clone() };
        if agreed == *pair { Ok(()) } else { batch.put(&PAIRS, row, &agreed) }
    }

    /// A user whom GHL does not know does not go there, and that is listed.
    pub(in crate::sync) fn without_unknown_users(
        &self,
        work: &Work,
        back: &mut Fields,
    ) -> Option<Problem> {
        let field = back.keys().find(|name| matches!(name.as_str(), "assignee" | "owner"))?.clone();
        let address = back.get(&field)?.as_str()?.to_owned();
        if work.ready.users.borrow().ghl_user(&address).is_some() {
            return None;
        }
        *back = select(back, &|name, _| name != field);
        let reason = format!("GHL has no user {address}: left as it is there");
        Some(Problem { field, reason })
    }

    fn conflict(
        &self,
        kind: Kind,
        child: &ChildOf,
        pair: &Pair,
        differing: &Differing,
    ) -> Conflict {
        Conflict {
            id: id_of(kind, &child.id, differing.known_as()),
            kind,
            field: differing.known_as().to_owned(),
            ghl_id: child.id.clone(),
            contact: Some(child.contact.clone()),
            chartmogul_id: pair.chartmogul.as_ref().unwrap_or(&pair.customer).clone(),
            customer: pair.customer.clone(),
            title: child.title.clone(),
            cause: differing.cause,
            reason: differing.cause.sentence().to_owned(),
            ghl: differing.ghl.clone(),
            chartmogul: differing.chartmogul.clone(),
            at: self.host.now(),
            seen: differing.seen(),
            ..Conflict::default()
        }
    }

    /// ChartMogul's text becomes a note of its own beside GHL's. It goes to GHL, and from there to
    /// ChartMogul as any note.
    async fn keep_both(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        conflict: &Conflict,
    ) -> Result<()> {
        let words = conflict.chartmogul.as_str().unwrap_or_default();
        let mut change = Change::new(
            Action::Create,
            Kind::Note,
            &conflict.id,
            text::beginning(words, 60),
            "ChartMogul's text, kept beside GHL's",
        );
        change.role = Role::Child;
        change.parent.clone_from(&conflict.contact);
        change.customer = Some(conflict.customer.clone());
        change.look_first = true;
        change.back = only("text", words.into());
        self.tell_change(run, work, batch, change).await
    }

    /// What is new in ChartMogul becomes changes, once what GHL's contact has is known.
    pub(in crate::sync) async fn bring(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if run.cursor.is_none() {
            self.look_for_conflicts(run, work).await?;
            self.look_for_moved(run, work).await?;
        }
        let rows = self.next_rows(run, &work.tables.incoming, "", BROUGHT_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        for kind in [Kind::Note, Kind::Task] {
            let within = of(kind, "");
            let own = |(key, contact): &(String, String)| {
                Some((key.strip_prefix(&within)?.to_owned(), contact.clone()))
            };
            let new: Vec<(String, String)> =
                rows.iter().filter_map(own).filter(|(_, contact)| !contact.is_empty()).collect();
            let uuids: Vec<&String> = new.iter().map(|(uuid, _)| uuid).collect();
            let contacts: Vec<&String> = new.iter().map(|(_, contact)| contact).collect();
            let keys = of_kind(kind, &uuids);
            let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &keys).await?;
            let seen: Vec<Option<SeenChild>> =
                self.keeper.get_all(&work.tables.children, &keys).await?;
            let read = self.keeper.get_all(&work.tables.readings, &contacts).await?;
            // What an earlier part of the run has read is kept already.
            let kept: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &contacts).await?;
            let began = run.plan.created_at;
            let read: Vec<Option<Reading>> = read
                .into_iter()
                .zip(kept)
                .map(|(read, kept)| read.or(kept.filter(|kept| kept.at >= began)))
                .collect();
            self.load_standings(work, kind, &uuids).await?;
            let tasks_read = run.plan.unread.get(Kind::Task.name()).is_none();
            for ((((uuid, contact), owner), child), read) in
                new.iter().zip(owners).zip(seen).zip(read)
            {
                let known = if kind == Kind::Note { read.is_some() } else { tasks_read };
                let Some(child) = child.filter(|_| owner.is_none() && known) else { continue };
                let apart = work.standings.apart(&of(kind, uuid));
                // One without words says nothing that GHL would take.
                let empty = child.told.as_deref().is_none_or(|told| told.trim().is_empty());
                if empty || apart.is_some_and(|apart| apart.cause != Reason::ParentApart) {
                    batch.delete(&INCOMING, &of(kind, uuid));
                    continue;
                }
                let change = self.brought(work, kind, uuid, contact, &child);
                self.tell_change(run, work, &mut batch, change).await?;
            }
        }
        Ok(Step { batch, done: false })
    }

    /// Records with a conflict that waits, and that a full pass has not read: whether they are there still is
    /// asked by their ids. Nobody could settle a conflict of one that is gone.
    async fn look_for_conflicts(&self, run: &Run, work: &Work) -> Result<()> {
        if run.plan.pass != Pass::Full {
            return Ok(());
        }
        let mut pages = self.keeper.pages(&CONFLICTS, BROUGHT_A_STEP);
        while let Some(rows) = pages.next().await? {
            let open = rows.into_iter().map(|(_, conflict)| conflict);
            let open: Vec<Conflict> =
                open.filter(|conflict| !conflict.done && conflict.kind.is_child()).collect();
            let ids: Vec<&String> = open.iter().map(|conflict| &conflict.ghl_id).collect();
            let read = self.were_read(work, &ids).await?;
            let mut batch = self.keeper.batch();
            for (conflict, read) in open.iter().zip(read) {
                if !read {
                    batch.put(&work.tables.moved, &of(conflict.kind, &conflict.ghl_id), &true)?;
                }
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// Records that have changed in ChartMogul, and that GHL's lists did not show: deleted by a person,
    /// if GHL says so by their ids.
    async fn look_for_moved(&self, run: &mut Run, work: &Work) -> Result<()> {
        let mut pages = self.keeper.pages(&work.tables.moved, BROUGHT_A_STEP);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            let keys: Vec<String> = rows.into_iter().map(|(key, _)| key).collect();
            let pairs: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &keys).await?;
            let mut unseen: Vec<(Kind, String, Pair)> = Vec::new();
            for (key, pair) in keys.iter().zip(pairs) {
                let own = key.split_once('/').and_then(|(kind, id)| Some((Kind::parse(kind)?, id)));
                if let (Some((kind, id)), Some(pair)) = (own, pair) {
                    unseen.push((kind, id.to_owned(), pair));
                }
                batch.delete(&work.tables.moved, key);
            }
            let answers =
                gather(&unseen, TOGETHER, async |(kind, id, pair): &(Kind, String, Pair)| {
                    let half = row_of_linked(*kind).in_ghl?;
                    let contact = pair.parent.as_deref().unwrap_or_default();
                    Some(self.ghl_child(half, contact, id).await)
                })
                .await;
            for ((kind, id, pair), answer) in unseen.into_iter().zip(answers) {
                run.plan.least_read_calls.ghl += 1;
                match answer {
                    Some(Err(error)) if error.code == Code::NotFound => {
                        self.note_deleted_here(&mut batch, kind, &id, pair)?;
                    }
                    Some(Err(error)) if error.code.ends_run() => return Err(error),
                    // It is looked at by the next run.
                    _ => {}
                }
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    fn brought(
        &self,
        work: &Work,
        kind: Kind,
        uuid: &str,
        contact: &str,
        child: &SeenChild,
    ) -> Change {
        let words = child.told.clone().unwrap_or_default();
        let title = text::beginning(&words, 60);
        let mut change = Change::new(Action::Create, kind, uuid, title, "new in ChartMogul");
        change.role = Role::Child;
        change.parent = Some(contact.to_owned());
        change.uuid = Some(uuid.to_owned());
        change.customer = Some(child.customer.clone());
        change.matched = Some(Matched::Brought);
        change.at_create = child.at_create.clone();
        change.there = marks_of(child);
        change.back = only(words_of(kind), words.into());
        if kind == Kind::Task {
            for name in ["assignee", "due_date", "completed"] {
                if let Some(value) = child.fields.get(name) {
                    change.back.insert(name.to_owned(), value.clone());
                }
            }
            change.problems.extend(self.without_unknown_users(work, &mut change.back));
        }
        change
    }
}

/// The length of a call is ChartMogul's own: it does not go into its text.
fn without_length(to: &mut Fields) {
    let Some(Value::String(words)) = to.get_mut("text") else { return };
    if let Some((first, rest)) = words.split_once('\n')
        && first.starts_with("Call, ")
        && first.ends_with(" min")
    {
        *words = rest.to_owned();
    }
}
