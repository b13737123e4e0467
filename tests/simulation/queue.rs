//! A queue model of many locations: numbers alone, no records. What a run reads in turn and when it walks
//! all lists is asked of the engine's own rules; what a run costs beside that was measured (`fleet.rs`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use ghl_chartmogul::sync::rules::{
    CHARTMOGUL_A_PAGE, Day, GHL_CONTACTS_A_PAGE, NOTE_LISTS_AT_ONCE, Rules, RunFigures,
    pages_of_tasks,
};

pub const MINUTE_MS: u64 = 60_000;
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// Writes under way at once.
const WRITES_AT_ONCE: u64 = 16;
/// What was new so lately is listed once more.
const OVERLAP_MS: u64 = 15 * MINUTE_MS;
/// An interrupted run that was left alone for so long looks for what is new in ChartMogul.
const TAKEN_UP_AT_ONCE_MS: u64 = 90_000;
/// Contacts whose readings count as one moment.
const READ_TOGETHER: u64 = 100;

/// Calls by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Location,
    Users,
    Contacts,
    Tasks,
    Notes,
    Account,
    Customers,
    CustomerContacts,
    CustomerNotes,
    CustomerTasks,
    NewContact,
    NewNote,
    ChangedNote,
    NewTask,
}

/// All kinds: the service and the endpoint.
pub const KINDS: [(Kind, &str, &str); 14] = [
    (Kind::Location, "ghl", "locations.get"),
    (Kind::Users, "ghl", "users.list"),
    (Kind::Contacts, "ghl", "contacts.search"),
    (Kind::Tasks, "ghl", "tasks.search"),
    (Kind::Notes, "ghl", "notes.list"),
    (Kind::Account, "chartmogul", "account.retrieve"),
    (Kind::Customers, "chartmogul", "customers.list"),
    (Kind::CustomerContacts, "chartmogul", "contacts.list"),
    (Kind::CustomerNotes, "chartmogul", "notes.list"),
    (Kind::CustomerTasks, "chartmogul", "tasks.list"),
    (Kind::NewContact, "chartmogul", "contacts.create"),
    (Kind::NewNote, "chartmogul", "notes.create"),
    (Kind::ChangedNote, "chartmogul", "notes.update"),
    (Kind::NewTask, "chartmogul", "tasks.create"),
];

/// Numbers of calls by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls([u64; KINDS.len()]);

impl Calls {
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    pub fn add(&mut self, kind: Kind, number: u64) {
        self.0[kind as usize] += number;
    }

    pub fn plus(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own += other;
        }
    }

    pub fn ghl(&self) -> u64 {
        self.of_service("ghl")
    }

    pub fn chartmogul(&self) -> u64 {
        self.of_service("chartmogul")
    }

    fn of_service(&self, wanted: &str) -> u64 {
        let of = |(kind, service, _): &(Kind, &str, &str)| (*service == wanted).then_some(*kind);
        KINDS.iter().filter_map(of).map(|kind| self.of(kind)).sum()
    }
}

/// A location, as far as its calls depend on it.
#[derive(Debug, Clone)]
pub struct Location {
    /// Contacts in GHL.
    pub contacts: u64,
    /// Of those, the ones with a customer: their notes are read.
    pub linked: u64,
    /// Of those, the ones for whom ChartMogul gets a contact.
    pub made: u64,
    /// Of those, the ones that have notes.
    pub with_notes: u64,
    /// Notes of linked contacts.
    pub notes: u64,
    /// Tasks in GHL, the open ones among them, and those of linked contacts.
    pub tasks: u64,
    pub open_tasks: u64,
    pub linked_tasks: u64,
    /// Whether writing a note moves its contact's date.
    pub announces: bool,
    /// Milliseconds from a run to the next.
    pub interval_ms: u64,
    /// GHL calls in a day.
    pub quota: u64,
    /// The setting `dailyCalls`.
    pub daily_calls: Option<u32>,
    /// When its first run is due.
    pub first_run_at: u64,
    /// Edits of its notes: when, and of which linked contact, by the order of ids.
    pub edits: Vec<(u64, u64)>,
}

/// How fast both services answer.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub latency_ms: u64,
    /// A location's requests in ten seconds.
    pub ghl_in_ten_seconds: u64,
    /// A run's requests to ChartMogul in a second, and all that an account takes.
    pub chartmogul_in_a_second: u64,
    pub account_in_a_second: u64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            latency_ms: 80,
            ghl_in_ten_seconds: 100,
            chartmogul_in_a_second: 40,
            account_in_a_second: 40,
        }
    }
}

/// A ChartMogul account, shared by all locations of a fleet.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub customers: u64,
    pub contacts: u64,
    pub notes: u64,
    /// Tasks, and how many there were by when.
    pub tasks: u64,
    task_log: Vec<(u64, u64)>,
    /// Calls that the last full pass of each location took.
    walks: u64,
    /// When the calls that were asked of it are through, in microseconds.
    through_at: u64,
}

impl Account {
    /// An account with customers and nothing of ours.
    pub fn new(customers: u64) -> Self {
        Self { customers, ..Self::default() }
    }

    /// Calls that a full pass of each location takes.
    pub const fn walks(&self) -> u64 {
        self.walks
    }

    /// Tasks made from a moment on.
    fn tasks_since(&self, from: u64) -> u64 {
        let place = self.task_log.partition_point(|(at, _)| *at < from);
        let before = place.checked_sub(1).and_then(|last| self.task_log.get(last));
        self.tasks - before.map_or(0, |(_, tasks)| *tasks)
    }

    /// When the last of those was made that there were at a moment.
    fn last_task(&self, at: u64) -> u64 {
        let place = self.task_log.partition_point(|(made, _)| *made <= at);
        place.checked_sub(1).and_then(|last| self.task_log.get(last)).map_or(0, |(at, _)| *at)
    }

    /// Tasks are made one after the other: few in the last second, which is listed once more.
    fn add_tasks(&mut self, at: u64, number: u64) {
        let last = number.min(WRITES_AT_ONCE);
        for (at, number) in [(at, number - last), (at + 1_000, last)] {
            self.tasks += number;
            self.task_log.push((at, self.tasks));
        }
    }
}

fn pages(records: u64, a_page: u64) -> u64 {
    records.div_ceil(a_page).max(1)
}

/// Where an interrupted run continues.
#[derive(Debug, Clone, Copy)]
struct Unfinished {
    began: u64,
    full: bool,
    /// Pages of contacts, and of tasks, that were read.
    contact_pages: u64,
    task_pages: Option<u64>,
    calls: u64,
    left_at: u64,
}

/// A location under the model.
#[derive(Debug, Clone)]
pub struct State {
    rules: Rules,
    /// Contacts whose notes were read, by when: the oldest reading first.
    read: VecDeque<(u64, u64)>,
    /// The contacts behind these numbers, where a reading can come before its turn.
    order: VecDeque<u64>,
    /// Of those, the ones that wait.
    waits: VecDeque<u64>,
    /// Contacts that wait for the calls of the next days.
    pub waiting: u64,
    /// Lists of notes that were read in turn; the contacts' turn goes round.
    turns: u64,
    day_ends: u64,
    spent: u64,
    /// Most calls to GHL in a day.
    pub most_a_day: u64,
    full_pass_at: Option<u64>,
    /// ChartMogul calls of the last full pass.
    walk: u64,
    schema_at: Option<u64>,
    unfinished: Option<Unfinished>,
    /// Edits that no run has found yet: the turn that finds them, and when they were made.
    pending: BinaryHeap<Reverse<(u64, u64)>>,
    announced: Vec<(u64, u64)>,
    next_edit: usize,
    tasks_seen_at: u64,
    newest_task: u64,
    pub calls: Calls,
    /// Calls of the last run between full passes.
    pub usual: Calls,
    pub runs: u64,
    /// Milliseconds that its runs took.
    pub busy_ms: u64,
    /// When each edit arrived: made, arrived.
    pub arrived: Vec<(u64, u64)>,
    /// When no contact waited any more.
    pub loaded_at: Option<u64>,
    began_at: u64,
    due: u64,
}

impl State {
    fn new(location: &Location, full_pass_hours: u32) -> Self {
        Self {
            rules: Rules::new(full_pass_hours, location.daily_calls),
            read: VecDeque::new(),
            order: VecDeque::new(),
            waits: VecDeque::new(),
            waiting: 0,
            turns: 0,
            day_ends: 0,
            spent: 0,
            most_a_day: 0,
            full_pass_at: None,
            walk: 0,
            schema_at: None,
            unfinished: None,
            pending: BinaryHeap::new(),
            announced: Vec::new(),
            next_edit: 0,
            tasks_seen_at: 0,
            newest_task: 0,
            calls: Calls::default(),
            usual: Calls::default(),
            runs: 0,
            busy_ms: 0,
            arrived: Vec::new(),
            loaded_at: None,
            began_at: location.first_run_at,
            due: location.first_run_at,
        }
    }

    /// How long its first load took.
    pub fn loaded_after_ms(&self) -> Option<u64> {
        Some(self.loaded_at? - self.began_at)
    }

    /// When the notes were read that were read the longest ago.
    pub fn oldest_reading(&self) -> Option<u64> {
        self.read.front().map(|(at, _)| *at)
    }

    /// When notes were read, and of how many contacts.
    pub fn readings(&self) -> impl Iterator<Item = (u64, u64)> {
        self.read.iter().copied()
    }

    /// Edits that have not arrived.
    pub fn awaited(&self) -> u64 {
        (self.pending.len() + self.announced.len()) as u64
    }

    /// The hours within which `status` says that a change is found.
    pub fn promised_hours(&self, location: &Location) -> u64 {
        self.rules.promised(self.waiting, location.quota)
    }

    fn day(&self, location: &Location, now: u64) -> Day {
        let rest_ms = self.day_ends.saturating_sub(now);
        Day { limit: location.quota, spent: self.spent, rest_ms }
    }

    /// Takes in the edits that were made until now.
    fn take_edits(&mut self, location: &Location, now: u64) {
        while let Some((at, rank)) = location.edits.get(self.next_edit).copied() {
            if at > now {
                return;
            }
            self.next_edit += 1;
            if location.announces {
                self.announced.push((at, rank));
                continue;
            }
            // The contact's next turn.
            let rounds = (self.turns + location.linked - 1 - rank) / location.linked;
            self.pending.push(Reverse((rounds * location.linked + rank + 1, at)));
        }
    }

    /// Takes a contact out of the readings, wherever it is, or out of those that wait.
    fn take_out(&mut self, rank: u64) {
        if let Some(place) = self.waits.iter().position(|waits| *waits == rank) {
            self.waits.remove(place);
            self.waiting -= 1;
            return;
        }
        let Some(place) = self.order.iter().position(|read| *read == rank) else { return };
        self.order.remove(place);
        let mut before = 0;
        for group in &mut self.read {
            before += group.1;
            if (place as u64) < before {
                group.1 -= 1;
                break;
            }
        }
        self.read.retain(|(_, contacts)| *contacts > 0);
    }
}

/// So many contacts from the front: those of one step come in the order of their ids.
fn in_steps(from: &mut VecDeque<u64>, number: u64) -> Vec<u64> {
    let number = from.len().min(usize::try_from(number).unwrap_or(usize::MAX));
    let mut taken: Vec<u64> = from.drain(..number).collect();
    taken.chunks_mut(NOTE_LISTS_AT_ONCE as usize).for_each(<[u64]>::sort_unstable);
    taken
}

/// A run of the model that is under way.
struct Running<'m> {
    location: &'m Location,
    rates: Rates,
    start: u64,
    calls: Calls,
    /// Milliseconds since its start, but for the pacing of GHL.
    spent_ms: u64,
}

impl Running<'_> {
    fn now(&self) -> u64 {
        self.start + self.elapsed_ms()
    }

    /// However quickly they are answered, no more calls go out than the limit allows.
    fn elapsed_ms(&self) -> u64 {
        let windows = self.calls.ghl().saturating_sub(1) / self.rates.ghl_in_ten_seconds;
        self.spent_ms.max(windows * 10_100)
    }

    /// Calls one after the other.
    fn in_turn(&mut self, kind: Kind, number: u64) {
        self.calls.add(kind, number);
        self.spent_ms += number * self.rates.latency_ms;
    }

    /// Calls so many at once.
    fn together(&mut self, kind: Kind, number: u64, at_once: u64) {
        self.calls.add(kind, number);
        self.spent_ms += number.div_ceil(at_once) * self.rates.latency_ms;
    }

    fn ghl(&mut self, state: &mut State, kind: Kind, number: u64, at_once: u64) {
        let now = self.now();
        if now >= state.day_ends {
            state.day_ends = now + DAY_MS;
            state.spent = 0;
        }
        state.spent += number;
        state.most_a_day = state.most_a_day.max(state.spent);
        self.together(kind, number, at_once);
    }

    /// The quota, where the day has told it.
    fn told(&self, state: &State) -> Option<u64> {
        (state.day_ends > self.now()).then_some(self.location.quota)
    }

    fn is_spent(&self, state: &State) -> bool {
        let told = self.told(state);
        told.and_then(|limit| state.rules.daily(Some(limit)))
            .is_some_and(|most| state.spent >= most)
    }

    /// Reads, plans and applies; whether it finished.
    fn run(&mut self, state: &mut State, account: &mut Account) -> bool {
        let location = self.location;
        state.take_edits(location, self.start);
        self.in_turn(Kind::Account, 1);
        let found = state.unfinished.take();
        let fresh = || Unfinished {
            began: 0,
            full: state.rules.is_full_pass_due(
                state.full_pass_at,
                self.now(),
                Some(location.quota),
                account.walks,
            ),
            contact_pages: 0,
            task_pages: None,
            calls: 0,
            left_at: self.start,
        };
        let mut run = found.unwrap_or_else(fresh);
        self.discover(state, found.is_none() && run.full);
        if found.is_none() {
            run.began = self.now();
        }
        let is_late = self.start - run.left_at >= TAKEN_UP_AT_ONCE_MS;
        if run.task_pages.is_some() && is_late {
            self.in_turn(Kind::CustomerNotes, 1);
            self.in_turn(Kind::CustomerTasks, 1);
        }
        if !self.read_lists(state, account, &mut run) {
            run.calls += self.calls.ghl();
            run.left_at = self.now();
            state.unfinished = Some(run);
            return false;
        }
        self.read_notes(state, account, &run);
        true
    }

    /// What is known of the location for a day is asked for again.
    fn discover(&mut self, state: &mut State, again: bool) {
        let now = self.now();
        if again || state.schema_at.is_none_or(|at| now - at >= DAY_MS) {
            self.ghl(state, Kind::Location, 1, 1);
            state.schema_at = Some(self.now());
            self.ghl(state, Kind::Users, 1, 1);
        }
    }

    /// Contacts, ChartMogul's lists, tasks; whether the day's calls lasted.
    fn read_lists(
        &mut self,
        state: &mut State,
        account: &mut Account,
        run: &mut Unfinished,
    ) -> bool {
        let contacts = if run.full { self.location.contacts } else { state.announced.len() as u64 };
        let contact_pages = pages(contacts, GHL_CONTACTS_A_PAGE);
        while run.contact_pages < contact_pages {
            if self.is_spent(state) {
                return false;
            }
            self.ghl(state, Kind::Contacts, 1, 1);
            run.contact_pages += 1;
        }
        let mut read = run.task_pages.unwrap_or_else(|| {
            self.read_chartmogul(state, account, run.full);
            0
        });
        let tasks = if run.full { self.location.tasks } else { self.location.open_tasks };
        while read < pages_of_tasks(tasks) {
            if self.is_spent(state) {
                run.task_pages = Some(read);
                return false;
            }
            self.ghl(state, Kind::Tasks, 1, 1);
            read += 1;
        }
        run.task_pages = Some(read);
        true
    }

    fn read_chartmogul(&mut self, state: &mut State, account: &mut Account, full: bool) {
        let now = self.now();
        if full {
            let before = self.calls.chartmogul();
            self.in_turn(Kind::Customers, pages(account.customers, CHARTMOGUL_A_PAGE));
            self.in_turn(Kind::CustomerContacts, pages(account.contacts, CHARTMOGUL_A_PAGE));
            self.in_turn(Kind::CustomerNotes, pages(account.notes, CHARTMOGUL_A_PAGE));
            self.in_turn(Kind::CustomerTasks, pages(account.tasks, CHARTMOGUL_A_PAGE));
            let walk = self.calls.chartmogul() - before;
            account.walks = account.walks + walk - state.walk;
            state.walk = walk;
        } else {
            // Newest first, back to what the last run saw: what is edited keeps its date.
            self.in_turn(Kind::CustomerNotes, 1);
            let since = if state.newest_task + OVERLAP_MS < state.tasks_seen_at {
                state.newest_task
            } else {
                state.newest_task.saturating_sub(OVERLAP_MS)
            };
            let newer = account.tasks_since(since);
            let most = pages(account.tasks, CHARTMOGUL_A_PAGE);
            self.in_turn(Kind::CustomerTasks, (newer / CHARTMOGUL_A_PAGE + 1).min(most));
        }
        state.newest_task = account.last_task(now);
        state.tasks_seen_at = self.start;
    }

    /// Notes, and what follows from all that was read.
    fn read_notes(&mut self, state: &mut State, account: &mut Account, run: &Unfinished) {
        let location = self.location;
        let first = state.loaded_at.is_none() && state.turns == 0 && state.waiting == 0;
        let mut again: Vec<(u64, u64)> = Vec::new();
        let mut ranks: Vec<u64> = Vec::new();
        let mut changed = 0;
        let turns_before = state.turns;
        if first {
            let most = state.rules.for_changed(state.day(location, self.now()));
            changed = location.linked.min(most);
            state.waiting = location.linked - changed;
            state.turns += changed;
            if location.announces {
                ranks.extend(0..changed);
                state.waits.extend(changed..location.linked);
            }
            self.read_lists_of_notes(state, changed, &mut again);
        } else {
            for (at, rank) in std::mem::take(&mut state.announced) {
                if state.rules.for_changed(state.day(location, self.now())) == 0 {
                    state.announced.push((at, rank));
                    continue;
                }
                // Edited twice, it is read once.
                if ranks.contains(&rank) {
                    state.arrived.push((at, self.now()));
                    self.in_turn(Kind::ChangedNote, 1);
                    continue;
                }
                state.take_out(rank);
                ranks.push(rank);
                changed += 1;
                self.read_lists_of_notes(state, 1, &mut again);
                state.arrived.push((at, self.now()));
                self.in_turn(Kind::ChangedNote, 1);
            }
        }
        let (share, share_ms) = state.rules.share(run.began, state.day(location, self.now()));
        let left = |state: &State, now: u64| state.rules.left_in_turn(state.day(location, now));
        let overdue = state.waiting.min(left(state, self.now()));
        state.waiting -= overdue;
        self.read_lists_of_notes(state, overdue, &mut again);
        let mut in_turn = share.min(left(state, self.now()));
        let mut taken = 0;
        while in_turn > 0 {
            let Some((_, contacts)) = state.read.front_mut() else { break };
            let now = in_turn.min(*contacts);
            *contacts -= now;
            if *contacts == 0 {
                state.read.pop_front();
            }
            in_turn -= now;
            taken += now;
        }
        self.read_lists_of_notes(state, taken, &mut again);
        state.turns += overdue + taken;
        state.read.extend(again);
        ranks.extend(in_steps(&mut state.waits, overdue));
        ranks.extend(in_steps(&mut state.order, taken));
        state.order.extend(ranks);
        let ghl_calls = run.calls + self.calls.ghl();
        self.discover(state, false);
        self.write(state, account, run.full, first, turns_before);
        let figures = RunFigures {
            began: run.began,
            full: run.full,
            ghl_calls,
            note_lists: changed + overdue + taken,
            task_pages: run.task_pages.unwrap_or_default(),
            share_ms,
        };
        state.rules.note(figures, location.linked);
        if run.full {
            state.full_pass_at = Some(run.began);
        } else {
            state.usual = self.calls;
        }
        if state.waiting == 0 && state.loaded_at.is_none() {
            state.loaded_at = Some(self.now());
        }
    }

    fn read_lists_of_notes(&mut self, state: &mut State, number: u64, read: &mut Vec<(u64, u64)>) {
        let mut rest = number;
        while rest > 0 {
            let now = rest.min(READ_TOGETHER);
            read.push((self.now(), now));
            self.ghl(state, Kind::Notes, now, NOTE_LISTS_AT_ONCE);
            rest -= now;
        }
    }

    fn write(
        &mut self,
        state: &mut State,
        account: &mut Account,
        full: bool,
        first: bool,
        turns_before: u64,
    ) {
        let location = self.location;
        // Contacts whose notes were read for the first time.
        let linked = location.linked.max(1);
        let of = |records: u64, turns: u64| records * turns.min(linked) / linked;
        let new = |records: u64| of(records, state.turns) - of(records, turns_before);
        let notes = new(location.notes);
        // Their customers' notes are listed, unless the page of the newest goes back as far.
        if !full && account.notes > CHARTMOGUL_A_PAGE {
            let with_notes = new(location.with_notes);
            let asked = with_notes - with_notes * CHARTMOGUL_A_PAGE / account.notes;
            self.together(Kind::CustomerNotes, asked, 8);
        }
        let before = self.calls.chartmogul();
        let at = self.now();
        if first {
            self.together(Kind::NewContact, location.made, WRITES_AT_ONCE);
            self.together(Kind::NewTask, location.linked_tasks, WRITES_AT_ONCE);
            account.contacts += location.made;
            account.add_tasks(at, location.linked_tasks);
        }
        self.together(Kind::NewNote, notes, WRITES_AT_ONCE);
        account.notes += notes;
        let mut found = Vec::new();
        let mut changed = 0;
        while let Some(Reverse((turn, made))) = state.pending.peek().copied() {
            if turn > state.turns {
                break;
            }
            state.pending.pop();
            found.push(made);
            // What is read for the first time is new as it is.
            changed += u64::from(turn > linked);
        }
        self.together(Kind::ChangedNote, changed, WRITES_AT_ONCE);
        let writes = self.calls.chartmogul() - before;
        let paced = writes * 1_000 / self.rates.chartmogul_in_a_second;
        self.spent_ms +=
            paced.saturating_sub(writes.div_ceil(WRITES_AT_ONCE) * self.rates.latency_ms);
        let now = self.now();
        state.arrived.extend(found.into_iter().map(|made| (made, now)));
    }
}

/// Locations that workers take in the order in which their runs are due.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub locations: Vec<Location>,
    pub account: Account,
    /// Whether all share the account; else each has one like it.
    pub shared: bool,
    pub workers: usize,
    pub rates: Rates,
    pub full_pass_hours: u32,
}

/// What became of a fleet.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub states: Vec<State>,
    pub account: Account,
    /// Calls of each day by service.
    pub days: BTreeMap<u64, (u64, u64)>,
    /// Milliseconds that workers spent on runs, and of these the ones that the account let them wait.
    pub busy_ms: u64,
    pub account_ms: u64,
    /// Milliseconds that due runs waited for a worker, and the most that one did.
    pub late_ms: u64,
    pub latest_ms: u64,
    pub runs: u64,
}

impl Fleet {
    /// Steps from run to run until a moment; looks at all locations at these moments on the way.
    pub fn run(&self, until: u64, moments: &[u64], mut look: impl FnMut(u64, &[State])) -> Outcome {
        let mut outcome = Outcome { account: self.account.clone(), ..Outcome::default() };
        let state = |location| State::new(location, self.full_pass_hours);
        let mut states: Vec<State> = self.locations.iter().map(state).collect();
        let own = if self.shared { 0 } else { self.locations.len() };
        let mut accounts = vec![self.account.clone(); own];
        let mut due: BinaryHeap<Reverse<(u64, usize)>> =
            states.iter().enumerate().map(|(place, state)| Reverse((state.due, place))).collect();
        let mut free: BinaryHeap<Reverse<u64>> = (0..self.workers).map(|_| Reverse(0)).collect();
        let mut moments = moments.iter().copied().peekable();
        while let Some(Reverse((at, place))) = due.pop() {
            let Reverse(worker) = free.pop().unwrap_or(Reverse(0));
            let start = at.max(worker);
            while let Some(moment) = moments.next_if(|moment| *moment <= start) {
                look(moment, &states);
            }
            if start >= until {
                break;
            }
            let (location, state) = (&self.locations[place], &mut states[place]);
            let account = accounts.get_mut(place).unwrap_or(&mut outcome.account);
            let mut running = Running {
                location,
                rates: self.rates,
                start,
                calls: Calls::default(),
                spent_ms: 0,
            };
            running.run(state, account);
            let own_ms = running.elapsed_ms();
            // The account answers so many a second, whoever asks.
            let apart = 1_000_000 / self.rates.account_in_a_second;
            account.through_at =
                account.through_at.max(start * 1_000) + running.calls.chartmogul() * apart;
            let end = (start + own_ms).max(account.through_at / 1_000);
            state.calls.plus(&running.calls);
            state.runs += 1;
            state.busy_ms += end - start;
            let day = outcome.days.entry(start / DAY_MS).or_default();
            day.0 += running.calls.ghl();
            day.1 += running.calls.chartmogul();
            outcome.runs += 1;
            outcome.busy_ms += end - start;
            outcome.account_ms += end - start - own_ms;
            outcome.late_ms += start - at;
            outcome.latest_ms = outcome.latest_ms.max(start - at);
            state.due = next_due(at, location.interval_ms, end);
            due.push(Reverse((state.due, place)));
            free.push(Reverse(end));
        }
        for moment in moments {
            look(moment, &states);
        }
        outcome.states = states;
        outcome
    }
}

/// A location of so many contacts, each of them with a customer, and usual numbers of all else.
pub fn usual_location(contacts: u64, quota: u64, interval_ms: u64) -> Location {
    Location {
        contacts,
        linked: contacts,
        made: contacts,
        with_notes: contacts * 2 / 3,
        notes: contacts * 3 / 2,
        tasks: contacts / 2,
        open_tasks: contacts / 20,
        linked_tasks: contacts / 2,
        announces: false,
        interval_ms,
        quota,
        daily_calls: None,
        first_run_at: 0,
        edits: Vec::new(),
    }
}

/// Edits of a location's notes, so many a day.
pub fn edits(
    chance: &mut Chance,
    linked: u64,
    a_day: f64,
    from: u64,
    until: u64,
) -> Vec<(u64, u64)> {
    let mut edits = Vec::new();
    let mut at = from;
    loop {
        at += (-(1.0 - chance.unit()).ln() / a_day * DAY_MS as f64) as u64;
        if at >= until {
            return edits;
        }
        edits.push((at, chance.below(linked)));
    }
}

/// An agency's locations: many of a hundred contacts and few of up to ten thousand, a run each hour.
pub fn agency(locations: usize, quotas: &[u64], edits_until: u64) -> Vec<Location> {
    let mut chance = Chance::new(7);
    let of = |number: usize| {
        let contacts = chance.skewed(100, 10_000);
        let quota = quotas[number % quotas.len()];
        Location {
            // Spread over the hour.
            first_run_at: number as u64 * HOUR_MS / locations as u64,
            edits: edits(&mut chance, contacts, 4.0, DAY_MS, edits_until),
            ..usual_location(contacts, quota, HOUR_MS)
        }
    };
    (0..locations).map(of).collect()
}

/// Of numbers that each count so often: the one that a part of a hundred is not above.
pub fn percentile(numbers: &mut [(u64, u64)], part: u64) -> u64 {
    numbers.sort_unstable();
    let all: u64 = numbers.iter().map(|(_, often)| often).sum();
    let mut before = 0;
    for (number, often) in numbers.iter() {
        before += often;
        if before * 100 >= all * part {
            return *number;
        }
    }
    0
}

/// A run is due at each interval; what falls into a run under way is left out.
pub fn next_due(due: u64, interval_ms: u64, now: u64) -> u64 {
    due + interval_ms * (now.saturating_sub(due) / interval_ms + 1)
}

/// Chance, the same for each seed.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_F42D_4C95_7F2D)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Many small and few large ones.
    pub fn skewed(&mut self, least: u64, most: u64) -> u64 {
        let ratio = most as f64 / least as f64;
        (least as f64 * ratio.powf(self.unit().powi(4))) as u64
    }
}
