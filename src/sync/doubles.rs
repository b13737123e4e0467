//! Doubles: notes and tasks of ours that ChartMogul has more than once, as after a request that was
//! delivered twice. A full pass lists them, and takes away the others on request; those that it began
//! itself, and has made again since, in any case.

use super::calls::row_of_linked;
use super::engine::{Engine, Step};
use super::model::change::{Action, Change};
use super::model::pair::{Kind, Pair, Role};
use super::model::staged::{Candidate, SeenChild};
use super::model::standing::{Intent, Reason};
use super::model::state::Run;
use super::state::tables::{APART, INTENTS, OWNERS, PAIRS, of, of_kind};
use super::work::Work;
use crate::error::{Result, Service};
use crate::host::Host;
use crate::mapping::kinds::Row;
use crate::mapping::settings::Doubles;
use crate::mutants::{self, Mutant};
use crate::ordered::sort_by;

/// Marked records looked at in one step.
const MARKED_A_STEP: usize = 200;

/// The GHL record that a row of the index names by the marker in its copies.
pub(in crate::sync) fn marked_by(key: &str) -> Option<(Kind, &str)> {
    let (kind, id) = key.strip_prefix("marker/")?.split_once('/')?;
    Some((Kind::parse(kind)?, id))
}

impl<H: Host> Engine<'_, H> {
    /// Looks for markers that several records carry.
    pub(in crate::sync) async fn find_doubles(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if mutants::is_on(Mutant::DoublesUnseen) {
            return Ok(self.done());
        }
        if run.cursor.is_none() {
            self.forget_doubles().await?;
        }
        let rows = self.next_rows(run, &work.tables.index, "marker/", MARKED_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        self.adopt_gone(run, work, &rows, &mut batch).await?;
        for (key, found) in rows {
            let Some((kind, id)) = marked_by(&key).filter(|_| found.len() > 1) else { continue };
            for mut change in self.doubles_of(work, kind, id, &found).await? {
                if change.action == Action::Delete {
                    // The one that stays and the one that goes are looked at, and that one is deleted.
                    let Row { retrieve: (retrieve, _), remove, .. } = row_of_linked(kind);
                    let calls = [retrieve, retrieve, remove];
                    run.plan
                        .will_call(&mut change, &calls.map(|name| (Service::Chartmogul, *name)));
                }
                self.tell(run, work, &mut batch, &change).await?;
            }
        }
        Ok(Step { batch, done: false })
    }

    /// What an earlier pass listed: it may be gone by now.
    async fn forget_doubles(&self) -> Result<()> {
        let mut pages = self.keeper.pages(&APART, 500);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (key, _) in rows.iter().filter(|(_, apart)| apart.cause == Reason::Double) {
                batch.delete(&APART, key);
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// The records that carry the marker of a linked one, but for its own.
    async fn doubles_of(
        &self,
        work: &Work,
        kind: Kind,
        id: &str,
        found: &[Candidate],
    ) -> Result<Vec<Change>> {
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(kind, id)).await?;
        let Some((pair, own)) = pair.and_then(|pair| Some((pair.clone(), pair.chartmogul?))) else {
            return Ok(Vec::new());
        };
        let mut uuids: Vec<&String> = found.iter().filter_map(|one| one.contact.as_ref()).collect();
        sort_by(&mut uuids, Ord::cmp);
        uuids.dedup();
        let keys = of_kind(kind, &uuids);
        let seen: Vec<Option<SeenChild>> =
            self.keeper.get_all(&work.tables.children, &keys).await?;
        let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &keys).await?;
        let begun: Option<Intent> = self.keeper.get(&INTENTS, &of(kind, id)).await?;
        let kept = uuids.iter().position(|uuid| **uuid == own);
        let Some(Some(kept)) = kept.and_then(|place| seen.get(place)) else {
            return Ok(Vec::new());
        };
        let mut changes = Vec::new();
        for ((uuid, seen), owner) in uuids.iter().zip(&seen).zip(owners) {
            if **uuid == own || owner.is_some_and(|owner| owner != id) {
                continue;
            }
            let removes = begun.is_some() || self.settings.doubles == Doubles::Remove;
            let action = if removes { Action::Delete } else { Action::Skip };
            let reason = format!("{}: {own} is the linked one", Reason::Double.sentence());
            let title = format!("{} {id}", kind.name());
            let mut change = Change::new(action, kind, uuid, title, reason);
            change.double_of = Some(id.to_owned());
            change.role = Role::Child;
            change.cause = Some(Reason::Double);
            change.parent.clone_from(&pair.parent);
            change.uuid = Some((*uuid).clone());
            change.customer = seen.as_ref().map(|seen| seen.customer.clone());
            // It goes if it says what we wrote, or what the other says; what a person made of it stays.
            change.from.clone_from(&pair.base);
            change.to.clone_from(&kept.fields);
            if let Some(content) = change.to.remove("text") {
                change.from.entry("content").or_insert(content);
            }
            changes.push(change);
        }
        Ok(changes)
    }
}
