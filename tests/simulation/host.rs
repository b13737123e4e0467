//! A host in virtual time: the sandbox answers, sleeping costs nothing, and a run can be killed at any step.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use ghl_chartmogul::host::{Aborted, Event, Host, Method, Request, Response, SendFailure};
use ghl_chartmogul::sandbox::{Answer, Sandbox};

use crate::store::MemoryStore;

/// How long an answer takes, milliseconds.
const LATENCY_MS: u64 = 80;

/// What is on the wire between the engine and the sandbox.
pub trait Wire {
    /// Sees a request before it arrives; may answer it in the sandbox's place.
    fn request(&mut self, request: &Request, sandbox: &Sandbox, now: u64) -> Option<Answer>;
    /// Sees the answer, and may change it.
    fn answer(&mut self, request: &Request, sandbox: &Sandbox, answer: &mut Answer, now: u64);
    /// Whether what follows arrives when nobody waits for its answer any more.
    fn arrives_late(&mut self, late: bool);
}

/// How writes reach ChartMogul.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Creates arrive after so many milliseconds, whether or not their sender still waits or lives;
    /// other writes after five seconds at most.
    pub slow_ms: u64,
    /// Notes and tasks that are made are delivered once more after so many milliseconds.
    pub twice_ms: Option<u64>,
}

/// A request that has been sent and not arrived.
struct OnItsWay {
    at: u64,
    request: Request,
    /// Where its sender waits for the answer.
    answer: Weak<RefCell<Option<Answer>>>,
}

/// Paths that make a record.
const CREATES: [&str; 5] =
    ["v1/customers", "v1/contacts", "v1/notes", "v1/tasks", "v1/data_sources"];

/// The outside world of a simulated run.
pub struct SimulatedHost {
    pub sandbox: Rc<RefCell<Sandbox>>,
    pub store: MemoryStore,
    pub events: RefCell<Vec<Event>>,
    /// What an audit is reported, where one is kept.
    pub audit: RefCell<Option<Vec<String>>>,
    /// Every request as method and path, for messages.
    pub requests: RefCell<Vec<String>>,
    /// Bytes of the requests that are under way, and the most that ever were.
    bytes_under_way: Cell<usize>,
    pub most_bytes_under_way: Cell<usize>,
    now: Rc<Cell<u64>>,
    /// When the host came to be.
    began: u64,
    timers: Rc<RefCell<BinaryHeap<Reverse<Timer>>>>,
    chance: Cell<u64>,
    steps: Cell<u64>,
    /// After so many requests and commits the run is killed.
    pub kill_after: Cell<Option<u64>>,
    pub abort: Cell<bool>,
    deadline_ms: Cell<Option<u64>>,
    /// Milliseconds that the host's clock is ahead of the services'.
    pub ahead_ms: Cell<u64>,
    /// Milliseconds by which the host's clock was set back.
    set_back_ms: Cell<u64>,
    /// After so many requests the host's clock is set back by so many milliseconds.
    pub sets_back: Cell<Option<(u64, u64)>>,
    pub wire: RefCell<Option<Rc<RefCell<dyn Wire>>>>,
    pub weather: Cell<Weather>,
    on_its_way: RefCell<Vec<OnItsWay>>,
}

/// Whether a future can continue without waiting.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Timer {
    at: u64,
    order: u64,
    waker: Waker,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// The run was killed: everything not committed is gone.
#[derive(Debug)]
pub struct Killed;

impl SimulatedHost {
    pub fn new(sandbox: Rc<RefCell<Sandbox>>, seed: u64) -> Self {
        let now = sandbox.borrow().options().now_ms;
        Self {
            sandbox,
            store: MemoryStore::default(),
            events: RefCell::default(),
            audit: RefCell::default(),
            requests: RefCell::default(),
            bytes_under_way: Cell::default(),
            most_bytes_under_way: Cell::default(),
            now: Rc::new(Cell::new(now)),
            began: now - 1_000,
            timers: Rc::default(),
            chance: Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            steps: Cell::new(0),
            kill_after: Cell::new(None),
            abort: Cell::new(false),
            deadline_ms: Cell::new(None),
            ahead_ms: Cell::new(0),
            set_back_ms: Cell::new(0),
            sets_back: Cell::new(None),
            wire: RefCell::default(),
            weather: Cell::default(),
            on_its_way: RefCell::default(),
        }
    }

    /// A host of another location in the same time.
    pub fn beside(&self, sandbox: Rc<RefCell<Sandbox>>, seed: u64) -> Self {
        Self {
            now: Rc::clone(&self.now),
            timers: Rc::clone(&self.timers),
            began: self.began,
            ..Self::new(sandbox, seed)
        }
    }

    pub fn advance(&self, milliseconds: u64) {
        let until = self.now.get() + milliseconds;
        // What is on its way arrives at its own time.
        loop {
            let next = self.on_its_way.borrow().iter().map(|one| one.at).min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now.set(self.now.get().max(next));
            self.arrive();
        }
        self.now.set(until);
    }

    /// Time passes, and nothing arrives meanwhile.
    pub fn pass(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    /// Delivers what has been on its way for long enough.
    fn arrive(&self) {
        loop {
            let next = {
                let mut on_its_way = self.on_its_way.borrow_mut();
                let due = on_its_way
                    .iter()
                    .enumerate()
                    .filter(|(_, one)| one.at <= self.now.get())
                    .min_by_key(|(place, one)| (one.at, *place))
                    .map(|(place, _)| place);
                due.map(|place| on_its_way.remove(place))
            };
            let Some(OnItsWay { request, answer, .. }) = next else { return };
            let waits = answer.upgrade();
            let late = |late| {
                if let Some(wire) = self.wire.borrow().as_ref() {
                    wire.borrow_mut().arrives_late(late);
                }
            };
            late(waits.is_none());
            let given = self.deliver(&request);
            late(false);
            if let Some(waits) = waits {
                *waits.borrow_mut() = Some(given);
            }
        }
    }

    /// Sends a request that arrives later; `None` where its answer is not there in time.
    async fn deliver_slowly(&self, request: &Request, slow_ms: u64) -> Option<Answer> {
        let answer = Rc::new(RefCell::new(None));
        self.on_its_way.borrow_mut().push(OnItsWay {
            at: self.now.get() + slow_ms,
            request: request.clone(),
            answer: Rc::downgrade(&answer),
        });
        self.wait(slow_ms.min(request.timeout_ms)).await;
        self.arrive();
        answer.take()
    }

    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Runs a future to its end in virtual time, or until the kill.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, Killed> {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        loop {
            if self.killed() {
                self.timers.borrow_mut().clear();
                return Err(Killed);
            }
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            if woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let Some(Reverse(timer)) = self.timers.borrow_mut().pop() else {
                assert!(self.killed(), "nothing is left to wait for: the future hangs");
                return Err(Killed);
            };
            self.now.set(self.now.get().max(timer.at));
            self.arrive();
            timer.waker.wake();
        }
    }

    /// Runs a future until it ends, or until nothing is left to wait for: then `None`.
    pub fn block_on_until_stuck<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Some(value);
            }
            if woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let Reverse(timer) = self.timers.borrow_mut().pop()?;
            self.now.set(self.now.get().max(timer.at));
            timer.waker.wake();
        }
    }

    fn killed(&self) -> bool {
        self.kill_after.get().is_some_and(|after| self.steps.get() >= after)
    }

    /// Counts a step; once killed nothing happens any more, neither on the wire nor in the store.
    pub fn step(&self) -> bool {
        if self.killed() {
            return false;
        }
        self.steps.set(self.steps.get() + 1);
        if let Some((_, back)) = self.sets_back.get().filter(|(at, _)| *at == self.steps.get()) {
            self.set_back_ms.set(self.set_back_ms.get() + back);
        }
        true
    }

    fn deliver(&self, request: &Request) -> Answer {
        let now = self.now.get();
        let wire = self.wire.borrow();
        let Some(wire) = wire.as_ref() else {
            return self.sandbox.borrow_mut().handle(request, now);
        };
        let instead = wire.borrow_mut().request(request, &self.sandbox.borrow(), now);
        let mut answer = instead.unwrap_or_else(|| self.sandbox.borrow_mut().handle(request, now));
        wire.borrow_mut().answer(request, &self.sandbox.borrow(), &mut answer, now);
        answer
    }

    fn wait(&self, milliseconds: u64) -> Wait {
        Wait {
            at: self.now.get() + milliseconds,
            waker: None,
            now: Rc::clone(&self.now),
            timers: Rc::clone(&self.timers),
        }
    }
}

struct Wait {
    at: u64,
    /// Who is woken then.
    waker: Option<Waker>,
    now: Rc<Cell<u64>>,
    timers: Rc<RefCell<BinaryHeap<Reverse<Timer>>>>,
}

impl Future for Wait {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.now.get() >= self.at {
            return Poll::Ready(());
        }
        if self.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        self.waker = Some(context.waker().clone());
        let mut timers = self.timers.borrow_mut();
        let order = timers.len() as u64;
        timers.push(Reverse(Timer { at: self.at, order, waker: context.waker().clone() }));
        Poll::Pending
    }
}

impl Host for SimulatedHost {
    type Store = MemoryStore;

    async fn send(&self, request: &Request) -> Result<Response, SendFailure> {
        if self.abort.get() {
            return Err(SendFailure::Aborted);
        }
        if !self.step() {
            std::future::pending::<()>().await;
        }
        let timeout = request.timeout_ms;
        let path = request
            .url
            .split("://")
            .last()
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(_, path)| path);
        self.requests.borrow_mut().push(format!("{} /{path}", request.method.name()));
        let bytes = self.bytes_under_way.get() + request.body.len();
        self.bytes_under_way.set(bytes);
        self.most_bytes_under_way.set(self.most_bytes_under_way.get().max(bytes));
        // Half of the way there, half of the way back: a kill can come between.
        self.wait(LATENCY_MS / 2).await;
        self.bytes_under_way.set(self.bytes_under_way.get() - request.body.len());
        let weather = self.weather.get();
        let writes = request.method != Method::Get && path.starts_with("v1/");
        let creates = request.method == Method::Post && CREATES.contains(&path);
        let slow_ms = if creates { weather.slow_ms } else { weather.slow_ms.min(5_000) };
        let mut answer = if writes && slow_ms > 0 {
            match self.deliver_slowly(request, slow_ms).await {
                Some(answer) => answer,
                None => return Err(SendFailure::Timeout),
            }
        } else {
            self.deliver(request)
        };
        if let Some(after) = weather.twice_ms.filter(|_| path == "v1/notes" || path == "v1/tasks")
            && creates
        {
            self.on_its_way.borrow_mut().push(OnItsWay {
                at: self.now.get() + after,
                request: request.clone(),
                answer: Weak::new(),
            });
        }
        if let Some(mutant) = self.store.mutant.get() {
            let (method, path) = (request.method.name(), format!("/{path}"));
            if answer.lost && mutant.resends(method, &path) {
                answer = self.sandbox.borrow_mut().handle(request, self.now.get());
            }
            if mutant.hides(method, &path) {
                answer.response.body = br#"{"entries":[],"cursor":null,"has_more":false}"#.to_vec();
            }
        }
        self.wait((LATENCY_MS / 2 + answer.delay_ms).min(timeout)).await;
        if answer.delay_ms + LATENCY_MS > timeout {
            return Err(SendFailure::Timeout);
        }
        if answer.lost {
            return Err(SendFailure::Lost("the connection was closed".into()));
        }
        Ok(answer.response)
    }

    async fn sleep(&self, milliseconds: u64) -> Result<(), Aborted> {
        if self.abort.get() {
            return Err(Aborted);
        }
        let left = self.deadline_ms.get().map(|deadline| deadline.saturating_sub(self.monotonic()));
        let cut = left.filter(|left| *left < milliseconds);
        self.wait(cut.unwrap_or(milliseconds)).await;
        if cut.is_some() { Err(Aborted) } else { Ok(()) }
    }

    fn set_deadline(&self, deadline_ms: Option<u64>) {
        self.deadline_ms.set(deadline_ms);
    }

    async fn sleep_in_background(&self, milliseconds: u64) {
        self.wait(milliseconds).await;
    }

    fn name(&self) -> String {
        "the simulated host".to_owned()
    }

    fn now(&self) -> u64 {
        self.now.get() + self.ahead_ms.get() - self.set_back_ms.get()
    }

    fn monotonic(&self) -> u64 {
        // Of another origin than the wall clock's: who mixes them up waits for decades.
        self.now.get() - self.began
    }

    fn random(&self) -> f64 {
        let mut state = self.chance.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.chance.set(state);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn aborted(&self) -> bool {
        self.abort.get()
    }

    fn utc_offset_minutes(&self, zone: &str, _at_ms: i64) -> Option<i32> {
        // Two zones without daylight saving, and one with a fixed stand-in: enough to tell days apart.
        match zone {
            "UTC" => Some(0),
            "Asia/Kolkata" => Some(330),
            _ if zone.contains('/') => Some(-300),
            _ => None,
        }
    }

    fn emit(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn audits(&self) -> bool {
        self.audit.borrow().is_some()
    }

    fn audit(&self, record: &str) {
        if let Some(records) = self.audit.borrow_mut().as_mut() {
            records.push(record.to_owned());
        }
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }
}
