//! Notes and tasks that a person deleted on one side: what becomes of the other side's, by the settings.

use serde_json::Value;

use super::calls::row_of_linked;
use super::decide::merge::words_of;
use super::doubles::marked_by;
use super::engine::{Engine, Step, gather, one, only};
use super::model::change::{Action, Change, Side};
use super::model::conflict::ids_of;
use super::model::pair::{Kind, Matched, Pair, Role};
use super::model::staged::{Candidate, Known, Reading};
use super::model::standing::{Apart, DeadLetter};
use super::model::state::Run;
use super::read::children::is_overflow;
use super::read::contacts::TOGETHER;
use super::state::keeper::Batch;
use super::state::tables::{
    APART, CONFLICTS, INCOMING, KNOWN, LETTERS, OWNERS, PAIRS, READINGS, of,
};
use super::work::Work;
use super::write::progress::Progress;
use super::write::send::Sent;
use crate::chartmogul::records::{Note, Task};
use crate::error::{Code, Result, Service};
use crate::host::Host;
use crate::mapping::kinds;
use crate::mapping::settings::{DeletePolicy, Object};
use crate::mapping::{html, notes, tasks, text};
use crate::mutants::{self, Mutant};
use crate::record::Json;

/// Pairs looked at in one step.
const PAIRS_A_STEP: usize = 200;

impl<H: Host> Engine<'_, H> {
    /// What becomes of records that were deleted on this side.
    pub(in crate::sync) const fn policy_of(&self, gone_from: Side) -> DeletePolicy {
        match gone_from {
            Side::Ghl => self.settings.deletes.from_ghl,
            Side::Chartmogul => self.settings.deletes.from_chartmogul,
        }
    }

    /// Whether it is noted which notes and tasks GHL lists.
    pub(in crate::sync) fn notes_who_is_here(&self, run: &Run) -> bool {
        run.only.is_empty() && self.policy_of(Side::Ghl) != DeletePolicy::Keep
    }

    /// Linked notes and tasks that GHL did not list, in a pass that read all it lists of their contacts:
    /// deleted by a person, if GHL says so by their ids.
    pub(in crate::sync) async fn look_for_gone(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &PAIRS, "", PAIRS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let mut linked: Vec<(Kind, String, Pair)> = Vec::new();
        for (key, pair) in rows {
            let own = key.split_once('/').and_then(|(kind, id)| Some((Kind::parse(kind)?, id)));
            let Some((kind, id)) = own.filter(|(kind, _)| kind.is_child()) else { continue };
            let object = if kind == Kind::Note { Object::Notes } else { Object::Tasks };
            if pair.gone.is_none()
                && pair.chartmogul.is_some()
                && self.settings.includes(object)
                && !is_overflow(kind, id)
            {
                linked.push((kind, id.to_owned(), pair));
            }
        }
        let keys: Vec<String> = linked.iter().map(|(kind, id, _)| of(*kind, id)).collect();
        let here: Vec<Option<bool>> = self.keeper.get_all(&work.tables.here, &keys).await?;
        let parent = |pair: &Pair| pair.parent.clone().unwrap_or_default();
        let contacts: Vec<String> = linked.iter().map(|(.., pair)| parent(pair)).collect();
        let known: Vec<Option<Known>> = self.keeper.get_all(&KNOWN, &contacts).await?;
        let read: Vec<Option<Reading>> =
            self.keeper.get_all(&work.tables.readings, &contacts).await?;
        let kept: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &contacts).await?;
        let began = run.plan.created_at;
        let tasks_read = run.plan.unread.get(Kind::Task.name()).is_none() && run.missing_tasks == 0;
        let mut unseen: Vec<(Kind, String, Pair)> = Vec::new();
        for ((((one, here), known), read), kept) in
            linked.into_iter().zip(here).zip(known).zip(read).zip(kept)
        {
            // Of a contact that is gone itself nothing is deleted.
            let lives = known.is_some_and(|known| known.run == run.plan.id);
            let listed = match one.0 {
                Kind::Note => read.is_some() || kept.is_some_and(|kept| kept.at >= began),
                _ => tasks_read,
            };
            if here.is_none() && lives && listed {
                unseen.push(one);
            }
        }
        let answers = gather(&unseen, TOGETHER, async |(kind, id, pair): &(Kind, String, Pair)| {
            let half = row_of_linked(*kind).in_ghl?;
            Some(self.ghl_child(half, pair.parent.as_deref().unwrap_or_default(), id).await)
        })
        .await;
        for ((kind, id, pair), answer) in unseen.into_iter().zip(answers) {
            run.plan.least_read_calls.ghl += 1;
            match answer {
                Some(Err(error)) if error.code.ends_run() => return Err(error),
                Some(Err(error)) if error.code == Code::NotFound => {}
                _ if mutants::is_on(Mutant::AbsenceIsDeletion) => {}
                // It is there, or that is not known for now.
                _ => continue,
            }
            self.tell_gone(run, work, &mut batch, Side::Ghl, kind, &id, &pair).await?;
        }
        Ok(Step { batch, done: false })
    }

    /// Copies of ours whose GHL record was deleted while nothing was known of either, as after a lost state:
    /// listed as others that were deleted in GHL. A customer of another source may carry another location's.
    pub(in crate::sync) async fn adopt_gone(
        &self,
        run: &mut Run,
        work: &Work,
        marked: &[(String, Vec<Candidate>)],
        batch: &mut Batch,
    ) -> Result<()> {
        let mut unknown: Vec<(Kind, String, Candidate)> = Vec::new();
        for (key, found) in marked {
            if let (Some((kind, id)), [one]) = (marked_by(key), found.as_slice())
                && self.way_of(kind).comes_back()
                && !is_overflow(kind, id)
                && run.plan.unread.get(kind.name()).is_none()
            {
                unknown.push((kind, id.to_owned(), one.clone()));
            }
        }
        let keys: Vec<String> = unknown.iter().map(|(kind, id, _)| of(*kind, id)).collect();
        let pairs: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &keys).await?;
        let apart: Vec<Option<Apart>> = self.keeper.get_all(&APART, &keys).await?;
        let letters: Vec<Option<DeadLetter>> = self.keeper.get_all(&LETTERS, &keys).await?;
        let ids: Vec<&String> = unknown.iter().map(|(_, id, _)| id).collect();
        let read = self.were_read(work, &ids).await?;
        for ((((kind, id, one), pair), apart), (letter, read)) in
            unknown.into_iter().zip(pairs).zip(apart).zip(letters.into_iter().zip(read))
        {
            if pair.is_some() || apart.is_some() || letter.is_some() || read {
                continue;
            }
            let Some(contact) = self.leader_of(work, &one.id).await? else { continue };
            let home = self.homes_of(work, Kind::Contact, &[&contact]).await?;
            let ours = home
                .into_iter()
                .flatten()
                .any(|home| home.role == Role::Customer || !home.foreign && home.matched.is_ours());
            let Some(half) = row_of_linked(kind).in_ghl.filter(|_| ours) else { continue };
            run.plan.least_read_calls.ghl += 1;
            match self.ghl_child(half, &contact, &id).await {
                Err(error) if error.code.ends_run() => return Err(error),
                Err(error) if error.code == Code::NotFound => {}
                _ => continue,
            }
            let pair = Pair {
                customer: one.id,
                chartmogul: one.contact.clone(),
                role: Role::Child,
                matched: Matched::Marker,
                marked: true,
                parent: Some(contact),
                ..Pair::default()
            };
            if let Some(uuid) = &pair.chartmogul {
                batch.put(&OWNERS, &of(kind, uuid), &id)?;
            }
            self.note_deleted_here(batch, kind, &id, pair)?;
        }
        Ok(())
    }

    /// Plans what becomes of the other side's record of one that is gone.
    #[allow(clippy::too_many_arguments, reason = "one record, and where it is gone from")]
    pub(in crate::sync) async fn tell_gone(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        gone_from: Side,
        kind: Kind,
        id: &str,
        pair: &Pair,
    ) -> Result<()> {
        let policy = self.policy_of(gone_from);
        let uuid = pair.chartmogul.clone().unwrap_or_default();
        // Its words, as the other side has them.
        let words = match gone_from {
            Side::Ghl => {
                let (endpoint, parameter) = row_of_linked(kind).retrieve;
                run.plan.least_read_calls.chartmogul += 1;
                match self.chartmogul_value(endpoint, one(parameter, &uuid)).await {
                    Ok(answer) if kind == Kind::Note => {
                        let note: Note = self.parse(Service::Chartmogul, endpoint, &answer)?;
                        let users = work.ready.users.borrow().clone();
                        notes::told(&note, &users, self.settings.marker)
                    }
                    Ok(answer) => {
                        let task: Task = self.parse(Service::Chartmogul, endpoint, &answer)?;
                        tasks::told(&task.task_details.unwrap_or_default())
                    }
                    // It is gone there as well, and a full pass finds out.
                    Err(error) if error.code.ends_run() => return Err(error),
                    Err(_) => return Ok(()),
                }
            }
            Side::Chartmogul => {
                let Some(half) = row_of_linked(kind).in_ghl else { return Ok(()) };
                let contact = pair.parent.as_deref().unwrap_or_default();
                run.plan.least_read_calls.ghl += 1;
                match self.ghl_child(half, contact, id).await {
                    // What else its text holds would be lost.
                    Ok(answer)
                        if policy == DeletePolicy::Mark && self.is_formatted(kind, &answer) =>
                    {
                        return self.note_deleted(batch, kind, id, pair);
                    }
                    Ok(answer) => {
                        let held = self.held(work, kind, Role::Child, &answer);
                        let held = held.and_then(|held| held.fields.get(words_of(kind)).cloned());
                        held.and_then(|words| words.as_str().map(str::to_owned)).unwrap_or_default()
                    }
                    // It is gone here as well.
                    Err(error) if error.code == Code::NotFound => {
                        return self.note_deleted(batch, kind, id, pair);
                    }
                    Err(error) if error.code.ends_run() => return Err(error),
                    Err(_) => return Ok(()),
                }
            }
        };
        let side = if gone_from == Side::Ghl { "GHL" } else { "ChartMogul" };
        let action = if policy == DeletePolicy::Delete { Action::Delete } else { Action::Update };
        let title = text::beginning(&words, 60);
        let mut change =
            Change::new(action, kind, id, title, format!("a person deleted it in {side}"));
        change.role = Role::Child;
        change.parent.clone_from(&pair.parent);
        change.uuid = Some(uuid);
        change.customer = Some(pair.customer.clone());
        change.matched = Some(pair.matched);
        change.gone_from = Some(gone_from);
        change.base.clone_from(&pair.base);
        if action == Action::Delete {
            change.from.clone_from(&pair.base);
        } else {
            let marked = only(words_of(kind), format!("[deleted in {side}] {words}").into());
            match gone_from {
                Side::Ghl => change.to = marked,
                Side::Chartmogul => change.back = marked,
            }
        }
        self.tell_change(run, work, batch, change).await
    }

    /// Whether GHL's words cannot be written anew without a loss.
    fn is_formatted(&self, kind: Kind, answer: &Json) -> bool {
        if kind != Kind::Note {
            return false;
        }
        let note = self.parse::<crate::ghl::records::Note<'_>>(Service::Ghl, "notes.get", answer);
        note.is_ok_and(|note| !html::is_plain(note.body.as_deref().unwrap_or_default()))
    }

    /// Deletes GHL's record of one that was deleted in ChartMogul, if a person has not changed it since.
    pub(in crate::sync) async fn delete_in_ghl(
        &self,
        progress: &Progress<'_>,
        change: &Change,
    ) -> Result<Sent> {
        let sent = Sent { uuid: change.uuid.clone(), ..Sent::default() };
        let Some(half) = row_of_linked(change.kind).in_ghl else { return Ok(sent) };
        let contact = change.parent.as_deref().unwrap_or_default();
        let answer = match self.ghl_child(half, contact, &change.id).await {
            Ok(answer) => answer,
            Err(error) if error.code == Code::NotFound => return Ok(sent),
            Err(error) => return Err(error),
        };
        let held = self.held(progress.work, change.kind, Role::Child, &answer);
        let same = held.is_some_and(|held| {
            let marks = kinds::marks(&held.fields);
            marks.iter().all(|(name, mark)| change.from.get(name) == Some(mark))
        });
        if !same && !mutants::is_on(Mutant::EditLosesToDelete) {
            return Ok(Sent { left_behind: change.uuid.clone(), ..sent });
        }
        let mut place = only(half.get.1, change.id.clone().into());
        place.insert("contactId".to_owned(), contact.into());
        match self.ghl_value(half.remove, Value::Object(place)).await {
            Err(error) if error.code != Code::NotFound => Err(error),
            _ => {
                self.note_removed(change, half.remove, None);
                Ok(sent)
            }
        }
    }

    /// Records that a deletion was carried over: the pair ends, or stands apart where the other side's record
    /// stays.
    pub(in crate::sync) async fn record_gone(
        &self,
        batch: &mut Batch,
        change: &Change,
        stays: bool,
    ) -> Result<()> {
        let row = change.row();
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        let Some(pair) = pair else { return Ok(()) };
        if !stays {
            for conflict in ids_of(change.kind, &change.id, self.settings) {
                batch.delete(&CONFLICTS, &conflict);
            }
            if let Some(uuid) = &pair.chartmogul {
                batch.delete(&OWNERS, &of(change.kind, uuid));
                batch.delete(&INCOMING, &of(change.kind, uuid));
            }
            batch.delete(&PAIRS, &row);
            return Ok(());
        }
        match change.gone_from {
            Some(Side::Ghl) => self.note_deleted_here(batch, change.kind, &change.id, pair),
            _ => self.note_deleted(batch, change.kind, &change.id, &pair),
        }
    }
}
