//! What all clients of one account share, however many there are in a process: its limit, the requests in
//! flight, the day's calls, and this process's part among others.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Profile;
use super::division::{Claim, Division};
use super::pacing::{DAY_MS, Instants, Pacing, Quota};
use crate::signal::Signal;

/// The accounts that are in use. Clients that are given the same of these share what they call; worlds
/// that have nothing in common, as simulations, are given different ones.
#[derive(Clone, Default)]
pub struct Accounts {
    known: Rc<RefCell<Vec<Known>>>,
    world: String,
}

/// An account with what it is known by.
type Known = (String, Weak<Account>);

impl fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Accounts({})", self.known.borrow().len())
    }
}

impl Accounts {
    /// The same for clients whose services are not those of others at the same address.
    #[must_use]
    pub fn within(&self, world: &str) -> Self {
        Self { known: Rc::clone(&self.known), world: world.to_owned() }
    }

    /// What an account is known by: nothing can be read out of it.
    pub(super) fn key(&self, profile: &Profile, base_url: &str, identity: &str) -> String {
        let mut hash = hmac_sha256::Hash::new();
        for part in [profile.service.name(), base_url, identity, &self.world] {
            hash.update(part);
            hash.update("\n");
        }
        URL_SAFE_NO_PAD.encode(&hash.finalize()[..16])
    }

    /// The account of this key: the one that others use, else this one from now on.
    pub(super) fn join(&self, key: &str, own: Rc<Account>) -> Rc<Account> {
        let mut known = self.known.borrow_mut();
        while let Some(gone) = known.iter().position(|(_, account)| account.strong_count() == 0) {
            known.swap_remove(gone);
        }
        let found = known.iter().find(|(other, _)| other == key);
        if let Some(account) = found.and_then(|(_, account)| account.upgrade()) {
            return account;
        }
        known.push((key.to_owned(), Rc::downgrade(&own)));
        own
    }

    /// How many are in use.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.borrow().iter().filter(|(_, account)| account.strong_count() > 0).count()
    }
}

/// What all clients of one account share.
pub struct Account {
    pub(super) pacing: RefCell<Pacing>,
    most_in_flight: usize,
    in_flight: Cell<usize>,
    /// Who waits for a request to be answered.
    waiting: Signal,
    division: RefCell<Division>,
    today: Cell<Spent>,
    /// When the day's calls were noted last, by the clock that never goes back.
    noted_ms: Cell<Option<u64>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Account({:?})", self.today.get())
    }
}

/// Calls of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// When the day ends, in milliseconds since 1970-01-01 UTC.
    pub ends_at_ms: u64,
    /// Calls of the sync.
    pub sync: u64,
    /// Calls of the program.
    pub program: u64,
}

impl Spent {
    /// All calls.
    pub const fn total(&self) -> u64 {
        self.sync + self.program
    }
}

impl Account {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            pacing: RefCell::new(Pacing::new(&profile.limits)),
            most_in_flight: profile.limits.in_flight,
            in_flight: Cell::new(0),
            waiting: Signal::default(),
            division: RefCell::default(),
            today: Cell::default(),
            noted_ms: Cell::new(None),
        }
    }

    /// The day's quota, once an answer has told it.
    pub fn quota(&self) -> Option<Quota> {
        self.pacing.borrow().quota()
    }

    /// Waits until one more request may be in flight.
    pub(super) async fn room(&self) {
        let has_room = || {
            let part = self.most_in_flight / self.division.borrow().divisor();
            self.in_flight.get() < part.max(1)
        };
        self.waiting.until(has_room).await;
        self.in_flight.set(self.in_flight.get() + 1);
    }

    /// A request is not in flight any more.
    pub(super) fn answered(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        self.waiting.changed();
    }

    /// Counts a call.
    pub(super) fn count(&self, of_sync: bool, now: Instants) {
        let mut spent = self.today(now.wall);
        if of_sync {
            spent.sync += 1;
        } else {
            spent.program += 1;
        }
        self.today.set(spent);
    }

    /// This process's calls of the day that were not taken.
    pub fn today(&self, now_ms: u64) -> Spent {
        let spent = self.today.get();
        let told = self.quota().map(|quota| quota.resets_at_ms);
        let ends_at_ms = told.filter(|at| *at > now_ms);
        if spent.ends_at_ms > now_ms {
            return Spent { ends_at_ms: ends_at_ms.unwrap_or(spent.ends_at_ms), ..spent };
        }
        // Without a reset, the day of UTC is the best guess.
        let ends_at_ms = ends_at_ms.unwrap_or(now_ms - now_ms % DAY_MS + DAY_MS);
        Spent { ends_at_ms, ..Spent::default() }
    }

    /// Takes the day's calls: who takes them keeps them.
    pub fn take_today(&self, now_ms: u64) -> Spent {
        let spent = self.today(now_ms);
        self.today.set(Spent { sync: 0, program: 0, ..spent });
        spent
    }

    /// Puts back what was taken and could not be kept.
    pub fn put_back(&self, taken: Spent, now_ms: u64) {
        let spent = self.today(now_ms);
        if taken.ends_at_ms > now_ms {
            let (sync, program) = (spent.sync + taken.sync, spent.program + taken.program);
            self.today.set(Spent { sync, program, ..spent });
        }
    }

    /// Whether the day's calls are to be noted: not more often than once in so many milliseconds.
    pub fn note_is_due(&self, every_ms: u64, now_ms: u64) -> bool {
        let due = self.noted_ms.get().is_none_or(|noted| now_ms.saturating_sub(noted) >= every_ms);
        if due {
            self.noted_ms.set(Some(now_ms));
        }
        due
    }

    /// What this process is known by to others, made up at the first use.
    pub fn id(&self, new: impl FnOnce() -> String) -> String {
        self.division.borrow_mut().id(new)
    }

    /// Work on the account begins that tells other processes of it.
    pub fn enter(&self) {
        self.division.borrow_mut().enter();
        self.divide();
    }

    /// Such work ends; true where it was the last.
    pub fn leave(&self) -> bool {
        let last = self.division.borrow_mut().leave();
        self.divide();
        last
    }

    /// Takes in which other processes there are. Gives those that are dead.
    pub fn look(&self, rows: Vec<(String, Claim)>, now_ms: u64) -> Vec<String> {
        let dead = self.division.borrow_mut().look(rows, now_ms);
        self.divide();
        dead
    }

    /// What others are to read of this process next.
    pub fn tell(&self) -> Claim {
        self.division.borrow_mut().tell()
    }

    /// Whether this process waits for others before it uses its whole part.
    pub fn is_careful(&self) -> bool {
        self.division.borrow().is_careful()
    }

    fn divide(&self) {
        let division = self.division.borrow();
        self.pacing.borrow_mut().divide(division.divisor() as u64, division.leaves_one());
        drop(division);
        self.waiting.changed();
    }
}
