//! When a run walks all lists of both services: every `fullPassHours`, or as rarely as a tenth of what
//! the services allow in a day asks for. Locations that share a ChartMogul account share that tenth.

use super::engine::Engine;
use super::model::state::{Pace, Run, State};
use super::state::keeper::Batch;
use super::state::tables::{Counts, walks};
use crate::chartmogul;
use crate::dates::{DAY_MS, HOUR_MS};
use crate::error::Result;
use crate::host::Host;

/// Calls that a ChartMogul account takes in a day.
pub(in crate::sync) const ACCOUNT_CALLS_A_DAY: u64 =
    chartmogul::PROFILE.limits.requests * DAY_MS / chartmogul::PROFILE.limits.interval_ms;
/// A location that has walked an account in this time may do it again.
const REMEMBERED_MS: u64 = 90 * DAY_MS;

/// What full passes cost.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sync) struct Walks {
    /// GHL calls of one pass of the location.
    pub(in crate::sync) of_location: u64,
    /// ChartMogul calls of one pass of each location on the account.
    pub(in crate::sync) of_account: u64,
}

/// Hours between two full passes: they take no more than a tenth of a day's calls to either service.
pub(in crate::sync) fn hours_between(hours: u32, walks: Walks, daily: Option<u64>) -> u64 {
    let lasts = |calls: u64, a_day: u64| calls.saturating_mul(24) / (a_day / 10).max(1);
    let ghl = daily.map_or(0, |daily| lasts(walks.of_location, daily));
    u64::from(hours).max(ghl).max(lasts(walks.of_account, ACCOUNT_CALLS_A_DAY))
}

/// Whether a full pass is due: it is so a little before its time, as runs begin at regular times and do
/// not take the same time to come here.
pub(in crate::sync) fn is_due(last: u64, now: u64, hours: u64, interval_ms: u64) -> bool {
    let lasts = hours * HOUR_MS;
    let next_run = if interval_ms == 0 { u64::MAX } else { interval_ms / 2 };
    now.saturating_sub(last) + next_run.min(lasts / 24) >= lasts
}

impl<H: Host> Engine<'_, H> {
    /// Whether a run that begins now is a full pass.
    pub(in crate::sync) async fn reads_all(&self, state: &State, pace: &Pace) -> Result<bool> {
        let begins = state.full_pass_at == 0 || self.is_ahead(state.full_pass_at);
        if begins || state.settings != self.settings.fingerprint() {
            return Ok(true);
        }
        let is_due = |hours| is_due(state.full_pass_at, self.host.now(), hours, pace.interval_ms);
        if !is_due(self.settings.full_pass_hours.into()) {
            return Ok(false);
        }
        Ok(is_due(self.hours_between_passes(pace.walk_calls).await?))
    }

    /// Hours between two full passes of which one costs so many GHL calls.
    pub(in crate::sync) async fn hours_between_passes(&self, of_location: u64) -> Result<u64> {
        let (own, others) = self.walks_of_account().await?;
        let walks = Walks { of_location, of_account: own + others };
        Ok(hours_between(self.settings.full_pass_hours, walks, self.daily_calls()))
    }

    /// ChartMogul calls of one full pass of this location, and of each other that walks the account.
    pub(in crate::sync) async fn walks_of_account(&self) -> Result<(u64, u64)> {
        let (mut own, mut others) = (0, 0);
        if let Some((account, _)) = self.chartmogul.known_account() {
            for (location, row) in self.keeper.counts(&walks(&account)).await? {
                let number = |name| row.get(name).copied().unwrap_or_default();
                if location == self.keeper.location() {
                    own = number("calls");
                } else if number("at") + REMEMBERED_MS > self.host.now() {
                    others += number("calls");
                }
            }
        }
        Ok((own, others))
    }

    /// Notes what a full pass cost the account.
    pub(in crate::sync) fn note_walk(&self, batch: &mut Batch, run: &Run) {
        let Some((account, _)) = self.chartmogul.known_account() else { return };
        let mut row = Counts::default();
        *row.or_default("at") = run.plan.created_at;
        *row.or_default("calls") = run.plan.read_calls.chartmogul;
        batch.put_counts(walks(&account) + self.keeper.location(), &row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_take_a_tenth_of_what_either_service_allows() {
        let hours = |of_location, of_account, daily| {
            hours_between(24, Walks { of_location, of_account }, daily)
        };
        assert_eq!(hours(204, 33, None), 24);
        assert_eq!(hours(204, 33, Some(10_000)), 24);
        assert_eq!(hours(204, 33, Some(500)), 97);
        // ChartMogul takes 3,456,000 calls a day. 1,000 locations of 15,000 calls each:
        assert_eq!(hours(204, 15_000_000, None), 24 * 43 + 9);
    }

    #[test]
    fn a_pass_is_due_with_the_run_that_is_nearest_to_its_time() {
        let after = |ms: u64, interval| is_due(1_000, 1_000 + ms, 24, interval);
        for interval in [HOUR_MS, DAY_MS, 0] {
            assert!(after(DAY_MS - 500, interval) && after(DAY_MS + 500, interval));
        }
        assert!(!after(23 * HOUR_MS, HOUR_MS));
        assert!(!after(22 * HOUR_MS, DAY_MS));
        assert!(is_due(0, 5, 0, HOUR_MS));
    }
}
