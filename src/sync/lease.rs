//! One owner at a time: who changes a location's state holds its lease, and every commit depends on it.
//! Nobody compares the clocks of machines: who finds a lease watches it by its own clock, and one that
//! is not renewed meanwhile is dead.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, LocalBoxFuture, select};

use super::engine::Engine;
use super::model::state::Lease;
use crate::error::{Code, Error, Result};
use crate::host::{Event, Host};
use crate::{dates, record};

/// A lease that is not renewed for so long belongs to nobody.
const WATCH_MS: u64 = 10_000;
/// It is renewed so often.
const RENEW_MS: u64 = 3_000;
/// A lease that is watched is read again so often.
const LOOK_MS: u64 = 1_000;

impl<H: Host> Engine<'_, H> {
    /// Does what changes the location's state while holding its lease; what waits in the mailbox goes
    /// first, and what came in meanwhile last. `busy` where another process holds it now.
    pub(in crate::sync) async fn hold<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.hold_until(work, |_| Ok(())).await
    }

    /// The same of what is seldom done: one code for all of it.
    pub(in crate::sync) async fn hold_for(
        &self,
        work: LocalBoxFuture<'_, Result<()>>,
    ) -> Result<()> {
        self.hold(work).await
    }

    /// The same with something to do right before the lease ends, however the work ended.
    pub(in crate::sync) async fn hold_until<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        at_end: impl FnOnce(&Result<T>) -> Result<()>,
    ) -> Result<T> {
        let lease = self.take_lease().await?;
        let held = {
            let after_mail = async {
                self.take_mail().await?;
                work.await
            };
            let (work, renewal) = (pin!(after_mail), pin!(self.renew(lease)));
            match select(work, renewal).await {
                Either::Left((done, _)) => done,
                Either::Right((error, _)) => Err(error),
            }
        };
        let ended = at_end(&held);
        let released = self.let_go().await;
        // What went wrong in the work says more than that the store is unavailable.
        let done = held?;
        ended.and(released).map(|()| done)
    }

    /// Takes what came in meanwhile, and releases the lease. It is not renewed any more: so who puts
    /// mail and then sees it renewed knows that its owner will look once more; who does not finds it
    /// free, or dead.
    async fn let_go(&self) -> Result<()> {
        let taken = match self.take_mail().await {
            // Another process holds the lease by now, and takes them.
            Err(error) if error.code == Code::Busy => Ok(()),
            taken => taken,
        };
        let shown = self.shown_at_release().await;
        let spent = self.hand_in_spent().await;
        self.leave_account();
        let released = self.keeper.release_lease().await;
        if let (Ok(spent), Err(_)) = (&spent, &released) {
            self.take_back_spent(*spent);
        }
        taken.and(shown).and(spent).and(released)
    }

    async fn take_lease(&self) -> Result<Lease> {
        let lease = Lease {
            owner: self.owner.clone(),
            name: self.host.name(),
            since: self.host.now(),
            beat: 0,
        };
        // Who is dead here is dead there, too: both are watched at once.
        self.beat(false).await;
        let mut found = self.keeper.lease().await?;
        let mut watched = 0;
        loop {
            let free = found.is_none() || watched >= WATCH_MS;
            if free && self.keeper.take_lease(found.clone(), &lease).await? {
                self.beat(true).await;
                if let Some(former) = found.filter(|_| watched >= WATCH_MS) {
                    let Lease { name, since, .. } = record::read(&former).unwrap_or_default();
                    self.host.emit(Event::LeaseTakenOver { name, since });
                }
                return Ok(lease);
            }
            if !free {
                self.host.sleep(LOOK_MS).await.map_err(|_| match &found {
                    Some(text) if !self.host.aborted() => busy(text),
                    _ => Error::new(Code::Aborted, "the caller's signal fired"),
                })?;
                watched += LOOK_MS;
            }
            let now = self.keeper.lease().await?;
            if now == found {
                continue;
            }
            if let (Some(former), Some(text)) = (&found, &now)
                && owner_of(former) == owner_of(text)
            {
                return Err(busy(text));
            }
            // Its owner has finished. Another one may have taken it, also for a moment only.
            watched = 0;
            found = now;
        }
    }

    /// Renews the lease for as long as it is polled; ends only when that fails.
    async fn renew(&self, mut lease: Lease) -> Error {
        // Who began at the same time is not seen at the first look.
        let mut soon = true;
        loop {
            self.host.sleep_in_background(if soon { LOOK_MS } else { RENEW_MS }).await;
            self.beat(true).await;
            soon = self.waits_for_processes();
            lease.beat += 1;
            if let Err(error) = self.keeper.renew_lease(&lease).await {
                return error;
            }
        }
    }
}

fn owner_of(lease: &str) -> String {
    record::read::<Lease>(lease).unwrap_or_default().owner
}

fn busy(lease: &str) -> Error {
    let lease: Lease = record::read(lease).unwrap_or_default();
    let who = if lease.name.is_empty() { "another process".to_owned() } else { lease.name };
    let since = i64::try_from(lease.since).ok().map(dates::iso).unwrap_or_default();
    Error::new(Code::Busy, format!("{who} is syncing this location, since {since}")).hint(
        "Try again when it has ended. A process that was killed is noticed within 10 seconds.",
    )
}
