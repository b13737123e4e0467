//! This process's part of ChartMogul's rate, where several processes on one store use one account: each
//! tells the others that it is there. A look is one scan of few rows; what it reports goes with the
//! commits of the lease.

use super::engine::{Engine, new_id};
use super::state::tables::{Counts, processes};
use crate::host::Host;
use crate::http::Claim;

impl<H: Host> Engine<'_, H> {
    /// Looks which other processes use the account, and tells them with the next commit of the lease.
    /// Nothing fails with that: while the others are not known, this one uses what it did.
    pub(in crate::sync) async fn beat(&self, holds: bool) {
        let mut batch = self.keeper.batch();
        if let Some((key, account)) = self.chartmogul.known_account() {
            if holds && !self.uses.replace(true) {
                account.enter();
            }
            let prefix = processes(&key);
            if let Ok(rows) = self.keeper.counts(&prefix).await {
                let claims = rows.into_iter().map(|(id, row)| (id, claim(&row))).collect();
                for dead in account.look(claims, self.host.monotonic()) {
                    batch.delete_counts(format!("{prefix}{dead}"));
                }
            }
            let id = account.id(|| new_id(self.host));
            let Claim { beat, divisor } = account.tell();
            let mut row = Counts::default();
            *row.or_default("beat") = beat;
            *row.or_default("divisor") = divisor;
            batch.put_counts(format!("{prefix}{id}"), &row);
        }
        self.keeper.commit_with_lease(batch);
    }

    /// Whether the other processes are to be looked at soon: they may have made room.
    pub(in crate::sync) fn waits_for_processes(&self) -> bool {
        self.chartmogul.known_account().is_none_or(|(_, account)| account.is_careful())
    }

    /// Ends using the account.
    pub(in crate::sync) fn leave_account(&self) {
        if self.uses.take()
            && let Some((key, account)) = self.chartmogul.known_account()
            && account.leave()
        {
            let mut batch = self.keeper.batch();
            batch.delete_counts(processes(&key) + &account.id(|| new_id(self.host)));
            self.keeper.commit_with_lease(batch);
        }
    }
}

fn claim(row: &Counts) -> Claim {
    let number = |name| row.get(name).copied().unwrap_or_default();
    Claim { beat: number("beat"), divisor: number("divisor") }
}
