//! The day's calls to GHL: what those who use this store have sent of a location's quota.

use serde::Serialize;

use super::engine::Engine;
use super::state::keeper::Batch;
use super::state::tables::{QUOTA, SPENT};
use crate::error::Result;
use crate::host::Host;
use crate::http::Quota;
use crate::records;

const DAY_MS: u64 = 86_400_000;

records! {
    /// Calls to GHL that one owner has sent in a day.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    sparse pub(in crate::sync) struct Spent {
        /// When the day ends, epoch milliseconds.
        pub until: u64 = "until";
        pub calls: u64 = "calls";
    }
}

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
    /// When the day's count starts again, epoch milliseconds.
    pub resets_at: u64,
    /// Calls sent by all that use this store.
    pub ours: u64,
    /// Calls sent by others, as far as GHL's answers tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_others: Option<u64>,
}

impl<H: Host> Engine<'_, H> {
    /// The location's calls to GHL today. Asks no service.
    pub async fn today(&self) -> Result<Today> {
        let now = self.host.now();
        let mut ours = self.ghl.calls().saturating_sub(self.ghl_before);
        for (owner, spent) in self.keeper.scan_all(&SPENT, "").await? {
            if owner != self.owner && spent.until > now {
                ours += spent.calls;
            }
        }
        self.known_quota.set(self.quota().await?);
        let quota = self.quota_of_day();
        let limit = quota.and_then(|quota| quota.limit);
        let remaining = quota.map(|quota| quota.remaining);
        let used = limit.zip(remaining).map(|(limit, remaining)| limit.saturating_sub(remaining));
        Ok(Today {
            limit,
            remaining,
            resets_at: self.day_ends(),
            ours,
            by_others: used.map(|used| used.saturating_sub(ours)),
        })
    }

    /// The quota of today, as far as it is known.
    pub(in crate::sync) fn quota_of_day(&self) -> Option<Quota> {
        let now = self.host.now();
        let quota = self.ghl.quota().or_else(|| self.known_quota.get());
        quota.filter(|quota| quota.resets_at_ms > now)
    }

    /// When the day of the quota ends: as GHL tells it, else at midnight UTC.
    pub(in crate::sync) fn day_ends(&self) -> u64 {
        let now = self.host.now();
        let told = self.quota_of_day().map(|quota| quota.resets_at_ms);
        told.unwrap_or(now - now % DAY_MS + DAY_MS)
    }

    /// Notes what this owner has sent, and the quota as GHL told it last.
    pub(in crate::sync) fn note_spent(&self, batch: &mut Batch) -> Result<()> {
        if let Some(quota) = self.ghl.quota() {
            batch.put(&QUOTA, "", &quota)?;
        }
        let calls = self.ghl.calls().saturating_sub(self.ghl_before);
        batch.put(&SPENT, &self.owner, &Spent { until: self.day_ends(), calls })
    }
}
