//! Divides an account's limit among the processes that use it now. Each tells the others by a row that it
//! changes again and again; nobody compares clocks of machines: a row that stays the same for a while, by the
//! reader's own clock, is a dead process's.

/// A process whose row does not change for so long is dead.
pub const WATCH_MS: u64 = 10_000;
/// What a process took less than, it may still have used for so long.
const SETTLE_MS: u64 = 1_000;
/// The divisor of a process that does not know yet what the others use.
const CAREFUL: usize = 20;

/// Which processes use an account, and which part of it this one uses.
#[derive(Debug, Default)]
pub(super) struct Division {
    /// What this process is known by; empty before it is known to any.
    id: String,
    beat: u64,
    /// How much work is going on that changes the row.
    work: u32,
    /// 0 while there is none.
    divisor: usize,
    others: Vec<Other>,
}

/// Another process.
#[derive(Debug)]
struct Other {
    id: String,
    beat: u64,
    divisor: u64,
    changed_ms: u64,
    /// What it used before, and until when that counts.
    former: (u64, u64),
}

/// The row of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is known by.
    pub id: String,
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
        let divisor = if now_ms < until { divisor.min(self.divisor) } else { self.divisor };
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

    /// Whether it uses less than its part, until the others have made room.
    pub(super) fn is_careful(&self) -> bool {
        self.divisor >= CAREFUL
    }

    pub(super) fn enter(&mut self) -> bool {
        self.work += 1;
        if self.work == 1 {
            self.divisor = CAREFUL;
        }
        self.work == 1
    }

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
    pub(super) fn tell(&mut self) -> (u64, u64) {
        self.beat += 1;
        (self.beat, self.divisor() as u64)
    }

    /// Takes in the rows of all processes. A row that is gone counts until its time is over, as one that
    /// stays the same: its process may be back soon, and one that uses several stores is not in each of
    /// them. Gives those whose rows are dead.
    pub(super) fn look(&mut self, rows: &[Row], now_ms: u64) -> Vec<String> {
        let is_there = |id: &str| rows.iter().any(|row| row.id == id);
        self.others.retain(|other| !other.is_dead(now_ms) || is_there(&other.id));
        for row in rows.iter().filter(|row| row.id != self.id) {
            let known = self.others.iter_mut().find(|other| other.id == row.id);
            match known {
                Some(other) if other.beat == row.beat => {}
                Some(other) => {
                    if other.divisor != row.divisor {
                        other.former = (other.divisor, now_ms + SETTLE_MS);
                    }
                    (other.beat, other.divisor) = (row.beat, row.divisor);
                    other.changed_ms = now_ms;
                }
                None => self.others.push(Other {
                    id: row.id.clone(),
                    beat: row.beat,
                    divisor: row.divisor,
                    changed_ms: now_ms,
                    former: (row.divisor, 0),
                }),
            }
        }
        let (mut count, mut used, mut dead) = (1, 0.0, Vec::new());
        for other in &self.others {
            if other.is_dead(now_ms) {
                dead.push(other.id.clone());
            } else {
                count += 1;
                used += other.part(now_ms);
            }
        }
        if self.work > 0 {
            // Less at once; more when the others leave it.
            let is_free = used + 1.0 / count as f64 <= 1.000_001;
            self.divisor = if is_free { count } else { count.max(self.divisor) };
        }
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

    type Store = RefCell<BTreeMap<String, Row>>;

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
            let (beat, divisor) = self.division.tell();
            let id = self.division.id(|| format!("p{:?}", self.lives));
            store.borrow_mut().insert(id.clone(), Row { id, beat, divisor });
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
                let rows: Vec<Row> = store.borrow().values().cloned().collect();
                self.division.look(&rows, now);
                if !begins {
                    self.put(store);
                }
                let pause = if self.division.is_careful() { SECOND } else { 3 * SECOND };
                self.looks_at = now + pause + now % 7;
            }
            self.pacing.divide(self.division.divisor() as u64);
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
        let most = most_in_a_second(&all, 0..119_000);
        // While one joins it is careful, and the others do not know of it yet: two a second at most.
        assert!(most <= 42, "{most}");
        for settled in [10_000..19_000, 30_000..118_000] {
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
        let row = |beat| Row { id: "other".to_owned(), beat, divisor: 2 };
        let mut division = Division::default();
        division.id(|| "own".to_owned());
        division.enter();
        assert!(division.look(&[row(1)], 0).is_empty());
        assert_eq!(division.divisor(), 2);
        division.look(&[row(2)], 5_000);
        assert!(division.look(&[row(2)], 14_999).is_empty());
        assert_eq!(division.divisor(), 2);
        assert_eq!(division.look(&[row(2)], 15_000), ["other"]);
        assert_eq!(division.divisor(), 1);
        // It was only asleep.
        division.look(&[row(3)], 16_000);
        assert_eq!(division.divisor(), 2);
        division.look(&[], 17_000);
        assert_eq!(division.divisor(), 2);
        division.look(&[], 26_000);
        assert_eq!(division.divisor(), 1);
        // Many have one in flight and one a second at least.
        let rows: Vec<Row> =
            (0..79).map(|id| Row { id: id.to_string(), beat: 1, divisor: 80 }).collect();
        division.look(&rows, 27_000);
        assert_eq!(division.divisor(), 80);
        let mut pacing = Pacing::new(&of(Service::Chartmogul).limits);
        pacing.divide(80);
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
