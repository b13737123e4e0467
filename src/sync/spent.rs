//! The day's calls to GHL: what all processes that use this store have sent of a location's quota.

use std::pin::pin;

use futures_util::future::{LocalBoxFuture, select};
use serde::Serialize;

use super::engine::{Engine, new_id};
use super::state::keeper::{Batch, Keeper};
use super::state::tables::{Counts, QUOTA, SPENT};
use crate::dates::DAY_MS;
use crate::error::Result;
use crate::host::Host;
use crate::http::{Client, Quota, Spent};

/// No day is longer: who noted such an end had a clock that went wrong.
const LONGEST_DAY_MS: u64 = 2 * DAY_MS;
/// A program's calls are noted so often.
const NOTE_MS: u64 = 10_000;
/// The call that notes them waits for the store so long.
const PATIENCE_MS: u64 = 1_000;
/// The row of the processes that need none of their own.
const ALL: &str = "all";

/// A location's calls to GHL today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "CallsToday"))]
pub struct Today {
    /// Calls that GHL allows in a day, where its answers have told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Calls that are left until the reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// When the day's count starts again, epoch milliseconds: as GHL tells it, else at midnight UTC.
    pub resets_at: u64,
    /// Calls of all processes that use this store.
    pub ours: u64,
    /// Of these, the sync's; the others are calls that programs made themselves.
    pub by_sync: u64,
    /// Calls of programs that do not use this store, as far as GHL's answers tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_others: Option<u64>,
}

impl<H: Host> Engine<'_, H> {
    /// The location's calls to GHL today. Asks no service.
    pub async fn today(&self) -> Result<Today> {
        let now = self.host.now();
        let account = self.ghl.account();
        let own = account.id(|| new_id(self.host));
        let mut spent = account.today(now);
        for (id, row) in self.keeper.counts(&self.keeper.prefix_of(&SPENT)).await? {
            let row = read(&row);
            if id != own && is_of_today(row, now) {
                spent.sync += row.sync;
                spent.program += row.program;
            }
        }
        let ours = spent.sync + spent.program;
        self.known_quota.set(self.keeper.get(&QUOTA, "").await?);
        let quota = self.quota_of_day();
        let limit = quota.and_then(|quota| quota.limit);
        let used = quota.and_then(|quota| Some(quota.limit?.saturating_sub(quota.remaining)));
        // What was noted of the quota may be older than our own count.
        let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(ours));
        Ok(Today {
            limit,
            remaining: quota.map(|quota| quota.remaining.min(left)),
            resets_at: quota.map_or(spent.ends_at_ms, |quota| quota.resets_at_ms),
            ours,
            by_sync: spent.sync,
            by_others: used.map(|used| used.saturating_sub(ours)),
        })
    }

    /// The quota of today, as far as it is known.
    pub(in crate::sync) fn quota_of_day(&self) -> Option<Quota> {
        self.last_quota().filter(|quota| quota.resets_at_ms > self.host.now())
    }

    /// Calls that GHL allows in a day, as it told last.
    pub(in crate::sync) fn quota_limit(&self) -> Option<u64> {
        self.last_quota()?.limit
    }

    fn last_quota(&self) -> Option<Quota> {
        self.ghl.quota().or_else(|| self.known_quota.get())
    }

    /// When the day of the quota ends: as GHL tells it, else at midnight UTC.
    pub(in crate::sync) fn day_ends(&self) -> u64 {
        let now = self.host.now();
        let told = self.quota_of_day().map(|quota| quota.resets_at_ms);
        told.unwrap_or_else(|| self.ghl.account().today(now).ends_at_ms)
    }

    /// Notes what this process has sent, and the quota as GHL told it last.
    pub(in crate::sync) fn note_spent(&self, batch: &mut Batch) -> Result<()> {
        let account = self.ghl.account();
        let key = self.keeper.prefix_of(&SPENT) + &account.id(|| new_id(self.host));
        batch.put_counts(key, &row(account.today(self.host.now())));
        match self.ghl.quota() {
            Some(quota) => batch.put(&QUOTA, "", &quota),
            None => Ok(()),
        }
    }

    /// Moves what this process has sent to what all have, with the end of the lease, and clears the rows of
    /// days that are over. Gives what it moved.
    pub(in crate::sync) async fn hand_in_spent(&self) -> Result<Spent> {
        let now = self.host.now();
        let account = self.ghl.account();
        if account.today(now).total() == 0 {
            return Ok(Spent::default());
        }
        let prefix = self.keeper.prefix_of(&SPENT);
        let rows = self.keeper.counts(&prefix).await?;
        let mut batch = self.keeper.batch();
        self.note_spent(&mut batch)?;
        let taken = account.take_today(now);
        let mut all = taken;
        for (id, row) in rows {
            let row = read(&row);
            if !is_of_today(row, now) {
                batch.delete_counts(format!("{prefix}{id}"));
            } else if id == ALL {
                all.sync += row.sync;
                all.program += row.program;
            }
        }
        batch.delete_counts(format!("{prefix}{}", account.id(|| new_id(self.host))));
        batch.put_counts(format!("{prefix}{ALL}"), &row(all));
        self.keeper.commit_at_release(batch);
        Ok(taken)
    }

    /// Takes back what could not be moved.
    pub(in crate::sync) fn take_back_spent(&self, moved: Spent) {
        self.ghl.account().put_back(moved, self.host.now());
    }
}

/// Notes the calls that a program has made itself, if that is due. Nothing depends on it: a store that fails
/// here fails no call, and one that hangs keeps none waiting for long.
pub fn note_calls<'a, H: Host>(host: &'a H, client: &'a Client) -> Option<LocalBoxFuture<'a, ()>> {
    let location = client.location_id()?;
    let account = client.account();
    if account.today(host.now()).program == 0
        || !host.has_store()
        || !account.note_is_due(NOTE_MS, host.monotonic())
    {
        return None;
    }
    Some(Box::pin(async move {
        let keeper = Keeper::new(host.store(), location);
        let mut batch = keeper.batch();
        let key = keeper.prefix_of(&SPENT) + &account.id(|| new_id(host));
        batch.put_counts(key, &row(account.today(host.now())));
        let commit = pin!(keeper.commit_beside(batch));
        select(commit, pin!(host.sleep_in_background(PATIENCE_MS))).await;
    }))
}

fn row(spent: Spent) -> Counts {
    let mut row = Counts::default();
    *row.or_default("endsAtMs") = spent.ends_at_ms;
    *row.or_default("program") = spent.program;
    *row.or_default("sync") = spent.sync;
    row
}

fn read(row: &Counts) -> Spent {
    let number = |name| row.get(name).copied().unwrap_or_default();
    Spent { ends_at_ms: number("endsAtMs"), program: number("program"), sync: number("sync") }
}

fn is_of_today(row: Spent, now: u64) -> bool {
    row.ends_at_ms > now && row.ends_at_ms <= now + LONGEST_DAY_MS
}
