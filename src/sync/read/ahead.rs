//! Lists of notes that are read while a plan is carried out: so GHL and ChartMogul are both asked as fast
//! as their limits allow. A few are kept in memory, the rest in the run's rows: whatever is lost is read
//! again.

use std::cell::{Cell, RefCell};

use super::super::budget::Budget;
use super::super::engine::{Engine, gather, one};
use super::super::model::ahead::{Ahead, Found};
use super::super::model::pair::Kind;
use super::super::model::staged::Waiting;
use super::super::state::keeper::Batch;
use super::super::work::Work;
use super::sweep::CONTACTS_A_STEP;
use crate::dates::HOUR_MS;
use crate::error::Result;
use crate::host::Host;
use crate::record::{Json, whole};

/// A list that has waited longer is asked for again.
const LASTS_MS: u64 = HOUR_MS;
/// Lists taken from the run's rows at once.
const LISTS_AT_ONCE: usize = 100;

impl<H: Host> Engine<'_, H> {
    /// Reads the notes of the contacts that are yet to be read, until all are read, the day's calls are
    /// used up or something ends the run: who takes the lists sees to that.
    pub(in crate::sync) async fn read_ahead(
        &self,
        work: &Work,
        ahead: &Ahead,
        budget: &Budget,
    ) -> Result<()> {
        let ended = self.read_all_ahead(work, ahead, budget).await;
        ahead.end();
        ended
    }

    /// The contacts whose lists were read ahead, once there are any; none where none will come. The lists
    /// are in memory then.
    pub(in crate::sync) async fn contacts_ahead(
        &self,
        work: &Work,
        ahead: &Ahead,
        batch: &mut Batch,
    ) -> Result<Vec<String>> {
        loop {
            ahead.any().await;
            let read = !ahead.lists.borrow().is_empty();
            if read || ahead.stored.get() == 0 {
                return Ok(ahead.lists.borrow().keys().cloned().collect());
            }
            let rows = self.keeper.scan(&work.tables.ahead, "", None, LISTS_AT_ONCE).await?;
            let left = ahead.stored.get().saturating_sub(rows.len());
            ahead.stored.set(if rows.is_empty() { 0 } else { left });
            for (contact, Waiting { at, items }) in rows {
                batch.delete(&work.tables.ahead, &contact);
                if self.has_passed(at, LASTS_MS) {
                    continue;
                }
                let read: Vec<Json> =
                    items.iter().filter_map(|item| whole(item).ok().map(Json::of_part)).collect();
                // Of a row that cannot be read the list is asked for again.
                if read.len() == items.len() {
                    ahead.put(&contact, Found { at, items: Ok(read) });
                }
            }
        }
    }

    /// Puts what waits in memory into the run's rows: the next run takes it from there.
    pub(in crate::sync) fn keep_ahead(
        &self,
        work: &Work,
        ahead: &Ahead,
        batch: &mut Batch,
    ) -> Result<()> {
        for (contact, found) in ahead.lists.take() {
            let Ok(items) = found.items else { continue };
            batch.put(&work.tables.ahead, &contact, &Waiting::of(found.at, &items))?;
        }
        Ok(())
    }

    async fn read_all_ahead(&self, work: &Work, ahead: &Ahead, budget: &Budget) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let left = self.left_for_changed(work);
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(CONTACTS_A_STEP);
            let stopped =
                ahead.stopped.get() || budget.exhausted(self.host, self.calls()).is_some();
            if most == 0 || stopped {
                return Ok(());
            }
            let rows = self.keeper.scan(&work.tables.wanted, "", after.as_deref(), most).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            let ids: Vec<String> = rows.into_iter().map(|(id, _)| id).collect();
            let homes = self.homes_of(work, Kind::Contact, &ids).await?;
            let known: Vec<Option<Waiting>> = self.keeper.get_all(&work.tables.ahead, &ids).await?;
            let mut asked = Vec::with_capacity(ids.len());
            for ((id, home), known) in ids.into_iter().zip(homes).zip(known) {
                if known.is_none() && home.is_some_and(|home| home.is_settled()) {
                    asked.push(id);
                }
            }
            let ended = Cell::new(false);
            let rows = RefCell::new(self.keeper.batch());
            let stored = Cell::new(0);
            gather(&asked, CONTACTS_A_STEP, async |id: &String| {
                let items = self.ghl_list("notes.list", one("contactId", id)).await;
                let at = self.host.now();
                ended.set(ended.get() || items.as_ref().is_err_and(|error| error.code.ends_run()));
                match &items {
                    Ok(items) if ahead.is_full() => {
                        stored.set(stored.get() + 1);
                        rows.borrow_mut().put(&work.tables.ahead, id, &Waiting::of(at, items))
                    }
                    _ => {
                        ahead.put(id, Found { at, items });
                        Ok(())
                    }
                }
            })
            .await
            .into_iter()
            .collect::<Result<()>>()?;
            self.keeper.commit(rows.into_inner()).await?;
            ahead.put_into_rows(stored.get());
            if ended.get() {
                return Ok(());
            }
        }
    }
}
