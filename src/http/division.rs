//! Divides an account's limit among the processes that use it now. Each tells the others by a row that it
//! changes again and again; nobody compares clocks of machines: a row that stays the same for a while, by the
//! reader's own clock, is a dead process's.

/// A process whose row does not change for so long is dead.
const WATCH_MS: u64 = 10_000;
/// What a process took less than, it may still have used for so long.
const SETTLE_MS: u64 = 1_000;
/// The divisor of a process for which the others have not made room yet: at ChartMogul, one request a second.
const CAREFUL: usize = 40;

/// Which processes use an account, and which part of it this one uses.
#[derive(Debug, Default)]
pub(super) struct Division {
    /// What this process is known by; empty before it is known to any.
    id: String,
    beat: u64,
    /// How much work is going on that changes the row.
    work: u32,
    /// 0 while no work is going on.
    divisor: usize,
    others: Vec<Other>,
    /// Whether there ever was another process.
    has_met: bool,
    /// Whether it leaves one request to a process that may join.
    leaves_one: bool,
}

/// Another process.
#[derive(Debug)]
struct Other {
    id: String,
    claim: Claim,
    changed_ms: u64,
    /// The divisor that it had before, and until when that counts.
    former: (u64, u64),
}

/// What a process tells the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claim {
    /// Changes as long as it lives.
    pub beat: u64,
    /// It uses the limit's part of one by this number.
    pub divisor: u64,
}

impl Other {
    fn is_dead(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.changed_ms) >= WATCH_MS
    }

    /// The part of the limit that it may be using.
    fn part(&self, now_ms: u64) -> f64 {
        let (divisor, until) = self.former;
        let now = self.claim.divisor;
        let divisor = if now_ms < until { divisor.min(now) } else { now };
        1.0 / divisor.max(1) as f64
    }
}

impl Division {
    /// What this process is known by, made up at the first use.
    pub(super) fn id(&mut self, new: impl FnOnce() -> String) -> String {
        if self.id.is_empty() {
            self.id = new();
        }
        self.id.clone()
    }

    /// The limit's part that this process uses is one by this number.
    pub(super) fn divisor(&self) -> usize {
        self.divisor.max(1)
    }

    /// Whether it leaves one request of the limit where all parts together would leave none: a process that
    /// joins must not have to wait until it is seen. Only where processes were seen to come and go.
    pub(super) const fn leaves_one(&self) -> bool {
        self.leaves_one
    }

    /// Whether it uses less than its part, until the others have made room.
    pub(super) fn is_careful(&self) -> bool {
        self.divisor >= CAREFUL
    }

    /// Work begins that tells the others of this process.
    pub(super) fn enter(&mut self) {
        self.work += 1;
        if self.work == 1 {
            self.divisor = CAREFUL;
        }
    }

    /// Such work ends; true where it was the last.
    pub(super) fn leave(&mut self) -> bool {
        self.work = self.work.saturating_sub(1);
        if self.work == 0 {
            // It looks no more: who it was with means nothing from now on.
            self.divisor = 0;
            self.others.clear();
        }
        self.work == 0
    }

    /// The next beat, with the divisor. Work that is about to begin may turn out to be alone: until it has
    /// looked, nobody may count on its using less than all.
    pub(super) fn tell(&mut self) -> Claim {
        self.beat += 1;
        Claim { beat: self.beat, divisor: self.divisor() as u64 }
    }

    /// Takes in the rows of all processes. A row that is gone counts until its time is over, as one that
    /// stays the same: its process may be back soon, and one that uses several stores is not in each of
    /// them. Gives those that died, whose rows are to be deleted.
    pub(super) fn look(&mut self, rows: Vec<(String, Claim)>, now_ms: u64) -> Vec<String> {
        for (id, claim) in rows {
            if id == self.id {
                continue;
            }
            let Some(other) = self.others.iter_mut().find(|other| other.id == id) else {
                let former = (claim.divisor, 0);
                self.others.push(Other { id, claim, changed_ms: now_ms, former });
                continue;
            };
            if other.claim.beat != claim.beat {
                if other.claim.divisor != claim.divisor {
                    other.former = (other.claim.divisor, now_ms + SETTLE_MS);
                }
                (other.claim, other.changed_ms) = (claim, now_ms);
            }
        }
        let mut dead = Vec::new();
        while let Some(place) = self.others.iter().position(|other| other.is_dead(now_ms)) {
            dead.push(self.others.swap_remove(place).id);
        }
        let count = self.others.len() + 1;
        let (mut used, mut is_first) = (0.0, true);
        for other in &self.others {
            used += other.part(now_ms);
            is_first &= self.id < other.id;
        }
        if self.work > 0 {
            // Less at once; more when the others leave it.
            let is_free = used + 1.0 / count as f64 <= 1.000_001;
            self.divisor = if is_free { count } else { count.max(self.divisor) };
        }
        // One of all does.
        self.has_met |= count > 1;
        self.leaves_one = self.has_met && is_first;
        dead
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::super::pacing::Pacing;
    use super::super::profile::of;
    use super::*;
    use crate::error::Service;

    const SECOND: u64 = 1_000;

    type Store = RefCell<BTreeMap<String, Claim>>;

    /// A process that sends as fast as it may from its start to its death.
    struct Process {
        lives: (u64, u64),
        /// Whether it deletes its row at its end.
        cleanly: bool,
        division: Division,
        pacing: Pacing,
        looks_at: u64,
        ticket: Option<u64>,
        sent: Vec<u64>,
    }

    impl Process {
        fn new(lives: (u64, u64), cleanly: bool) -> Self {
            let pacing = Pacing::new(&of(Service::Chartmogul).limits);
            let division = Division::default();
            Self { lives, cleanly, division, pacing, looks_at: 0, ticket: None, sent: Vec::new() }
        }

        fn put(&mut self, store: &Store) {
            let id = self.division.id(|| format!("p{:?}", self.lives));
            store.borrow_mut().insert(id, self.division.tell());
        }

        /// What it does at this millisecond, as the sync does.
        fn at(&mut self, now: u64, store: &Store) {
            if now == self.lives.1 && self.cleanly {
                store.borrow_mut().remove(&self.division.id);
            }
            if !(self.lives.0..self.lives.1).contains(&now) {
                return;
            }
            let begins = now == self.lives.0;
            if begins {
                self.put(store);
                self.division.enter();
            }
            if begins || now == self.looks_at {
                let rows: Vec<_> = store.borrow().clone().into_iter().collect();
                for dead in self.division.look(rows, now) {
                    store.borrow_mut().remove(&dead);
                }
                if !begins {
                    self.put(store);
                }
                let soon = begins || self.division.is_careful();
                let pause = if soon { SECOND } else { 3 * SECOND };
                self.looks_at = now + pause + now % 7;
            }
            self.pacing.divide(self.division.divisor() as u64, self.division.leaves_one());
            let ticket = *self.ticket.get_or_insert_with(|| self.pacing.join());
            if self.pacing.delay_ms(ticket, now) == 0 {
                self.pacing.sent(ticket, now);
                self.ticket = None;
                self.sent.push(now);
            }
        }
    }

    /// All that these processes send until then, in order.
    fn sent(processes: &mut [Process], until: u64) -> Vec<u64> {
        let store = Store::default();
        for now in 1..until {
            for process in &mut *processes {
                process.at(now, &store);
            }
        }
        let mut all: Vec<u64> = processes.iter().flat_map(|one| one.sent.clone()).collect();
        all.sort_unstable();
        all
    }

    /// Of the seconds that begin with a request.
    fn most_in_a_second(sent: &[u64], within: std::ops::Range<u64>) -> usize {
        let end = |start: u64| sent.partition_point(|at| *at < start + SECOND);
        let starts = sent.iter().enumerate().filter(|(_, at)| within.contains(*at));
        starts.map(|(place, at)| end(*at) - place).max().unwrap_or(0)
    }

    fn a_second(sent: &[u64], within: std::ops::Range<u64>) -> f64 {
        let seconds = (within.end - within.start) as f64 / SECOND as f64;
        sent.iter().filter(|at| within.contains(*at)).count() as f64 / seconds
    }

    #[test]
    fn processes_of_one_store_never_pass_the_limit_together() {
        let mut processes = [
            Process::new((1, 120_000), true),
            // Begins with the first, and is killed.
            Process::new((1, 40_000), false),
            // Joins two that use all of the limit.
            Process::new((20_000, 80_000), true),
        ];
        let all = sent(&mut processes, 120_000);
        // Two that begin at once, and do not know each other yet, pass it by one.
        let most = most_in_a_second(&all, 0..119_000);
        assert!(most <= 41, "{most}");
        for settled in [3_000..118_000, 10_000..118_000] {
            let most = most_in_a_second(&all, settled.clone());
            assert!(most <= 40, "{most} in {settled:?}");
        }
        let shares = |processes: &[Process], within: std::ops::Range<u64>| {
            let share = |one: &Process| a_second(&one.sent, within.clone());
            processes.iter().map(share).collect::<Vec<f64>>()
        };
        for (within, live) in [(10_000..20_000, 2), (30_000..40_000, 3), (56_000..80_000, 2)] {
            let shares = shares(&processes, within.clone());
            let fair = 40.0 / f64::from(live);
            let used = shares.iter().filter(|share| **share > fair * 0.9).count();
            assert_eq!(used, live as usize, "{shares:?} in {within:?}");
        }
        let alone = a_second(&all, 95_000..119_000);
        assert!(alone >= 40.0 * 0.95, "{alone} a second when alone again");
        // Alone from its start, it uses all of it at once.
        let alone = a_second(&sent(&mut [Process::new((1, 9_000), true)], 9_000), 0..9_000);
        assert!(alone >= 40.0 * 0.95, "{alone} a second when alone");
    }

    #[test]
    fn one_that_joins_uses_its_part_within_seconds() {
        let mut processes = [Process::new((1, 60_000), true), Process::new((20_000, 60_000), true)];
        sent(&mut processes, 60_000);
        let share = a_second(&processes[1].sent, 26_000..36_000);
        assert!(share > 18.0, "{share} a second");
    }

    #[test]
    fn a_row_that_is_gone_or_stays_the_same_counts_until_its_time_is_over() {
        let row = |beat| ("other".to_owned(), Claim { beat, divisor: 2 });
        let mut division = Division::default();
        division.id(|| "own".to_owned());
        division.enter();
        assert!(division.look(vec![row(1)], 0).is_empty());
        assert_eq!(division.divisor(), 2);
        division.look(vec![row(2)], 5_000);
        assert!(division.look(vec![row(2)], 14_999).is_empty());
        assert_eq!(division.divisor(), 2);
        assert_eq!(division.look(vec![row(2)], 15_000), ["other"]);
        assert_eq!(division.divisor(), 1);
        // It was only asleep.
        division.look(vec![row(3)], 16_000);
        assert_eq!(division.divisor(), 2);
        division.look(vec![], 17_000);
        assert_eq!(division.divisor(), 2);
        division.look(vec![], 26_000);
        assert_eq!(division.divisor(), 1);
        // Many have one in flight and one a second at least.
        let claim = Claim { beat: 1, divisor: 80 };
        let rows: Vec<_> = (0..79).map(|id| (id.to_string(), claim)).collect();
        division.look(rows, 27_000);
        assert_eq!(division.divisor(), 80);
        let mut pacing = Pacing::new(&of(Service::Chartmogul).limits);
        pacing.divide(80, true);
        let times: Vec<u64> = (0..10_000)
            .filter(|now| {
                let ticket = pacing.join();
                let goes = pacing.delay_ms(ticket, *now) == 0;
                if goes {
                    pacing.sent(ticket, *now)
                } else {
                    pacing.leave(ticket)
                }
                goes
            })
            .collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 2_000), "{times:?}");
        assert!(times.len() >= 4, "{times:?}");
    }
}
