//! A host in virtual time: the sandbox answers, sleeping costs nothing, and a run can be killed at any step.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use ghl_chartmogul::host::{Aborted, Event, Host, Request, Response, SendFailure};
use ghl_chartmogul::sandbox::{Answer, Sandbox};

use crate::store::MemoryStore;

/// How long an answer takes, milliseconds.
const LATENCY_MS: u64 = 80;

/// What stands on the wire between the engine and the sandbox.
pub trait Wire {
    /// Sees a request before it arrives; may answer it in the sandbox's place.
    fn request(&mut self, request: &Request, sandbox: &Sandbox, now: u64) -> Option<Answer>;
    /// Sees the answer, and may change it.
    fn answer(&mut self, request: &Request, sandbox: &Sandbox, answer: &mut Answer, now: u64);
}

/// The outside world of a simulated run.
pub struct SimulatedHost {
    pub sandbox: Rc<RefCell<Sandbox>>,
    pub store: MemoryStore,
    pub events: RefCell<Vec<Event>>,
    /// Every request as method and path, for messages.
    pub requests: RefCell<Vec<String>>,
    now: Rc<Cell<u64>>,
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
            requests: RefCell::default(),
            now: Rc::new(Cell::new(now)),
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
        }
    }

    pub fn advance(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Runs a future to its end in virtual time, or until the kill.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, Killed> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if self.killed() {
                self.timers.borrow_mut().clear();
                return Err(Killed);
            }
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            let Some(Reverse(timer)) = self.timers.borrow_mut().pop() else {
                assert!(self.killed(), "nothing is left to wait for: the future hangs");
                return Err(Killed);
            };
            self.now.set(self.now.get().max(timer.at));
            timer.waker.wake();
        }
    }

    /// Runs a future until it ends, or until nothing is left to wait for: then `None`.
    pub fn block_on_until_stuck<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Some(value);
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
            now: Rc::clone(&self.now),
            timers: Rc::clone(&self.timers),
        }
    }
}

struct Wait {
    at: u64,
    now: Rc<Cell<u64>>,
    timers: Rc<RefCell<BinaryHeap<Reverse<Timer>>>>,
}

impl Future for Wait {
    type Output = ();
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.now.get() >= self.at {
            return Poll::Ready(());
        }
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
        // Half of the way there, half of the way back: a kill can come between.
        self.wait(LATENCY_MS / 2).await;
        let mut answer = self.deliver(request);
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

    fn now(&self) -> u64 {
        self.now.get() + self.ahead_ms.get() - self.set_back_ms.get()
    }

    fn monotonic(&self) -> u64 {
        self.now.get()
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

    fn store(&self) -> &MemoryStore {
        &self.store
    }
}
