//! A host for tests: answers come from a function, time is virtual and moves only when all wait.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use serde_json::Value;

use super::{Client, ClientConfig, GhlVersion, Secret};
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::host::{
    Aborted, Committed, Event, GivenCredential, Guard, Host, Request, Response, SendFailure,
    StateStore,
};

/// What a request gets, after so many milliseconds.
pub(crate) type Reply = (u64, Result<Response, SendFailure>);

/// What answers a request that goes out at this time.
type Answer<'a> = dyn Fn(&Request, u64) -> Reply + 'a;

/// The host. Time begins at [`Scripted::START`].
pub(crate) struct Scripted<'a> {
    now: Cell<u64>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    next_timer: Cell<u64>,
    aborts_at: Cell<u64>,
    /// Milliseconds by which the wall clock was set back.
    set_back_ms: Cell<u64>,
    stopped: Cell<bool>,
    answer: Box<Answer<'a>>,
    /// From when on the credential is to be renewed.
    pub(crate) renew_at_ms: Cell<Option<u64>>,
    /// What gives the token of a round, for clients that ask for it.
    pub(crate) token: RefCell<Box<dyn Fn(u32) -> Result<String> + 'a>>,
    /// The rounds that were asked for.
    pub(crate) asked: RefCell<Vec<u32>>,
    /// Every request with the time at which it went out.
    pub(crate) sent: RefCell<Vec<(u64, Request)>>,
    pub(crate) events: RefCell<Vec<Event>>,
}

impl<'a> Scripted<'a> {
    pub(crate) const START: u64 = 1_800_000_000_000;

    pub(crate) fn new(answer: impl Fn(&Request, u64) -> Reply + 'a) -> Self {
        Self {
            now: Cell::new(Self::START),
            timers: RefCell::default(),
            next_timer: Cell::new(0),
            aborts_at: Cell::new(u64::MAX),
            set_back_ms: Cell::new(0),
            stopped: Cell::new(false),
            answer: Box::new(answer),
            renew_at_ms: Cell::new(None),
            token: RefCell::new(Box::new(|round| Ok(format!("pit-canary-{round}")))),
            asked: RefCell::default(),
            sent: RefCell::default(),
            events: RefCell::default(),
        }
    }

    /// Answers with these replies, one after the other.
    pub(crate) fn in_turn(replies: Vec<Reply>) -> Self {
        let replies = RefCell::new(replies.into_iter());
        Self::new(move |_, _| replies.borrow_mut().next().expect("one request too many"))
    }

    /// The caller's signal fires so many milliseconds after the start.
    pub(crate) fn abort_after(&self, milliseconds: u64) {
        self.aborts_at.set(Self::START + milliseconds);
    }

    /// From now on the clock stands still and no sleep waits.
    pub(crate) fn stop_clock(&self) {
        self.stopped.set(true);
    }

    /// Sets the wall clock back.
    pub(crate) fn set_clock_back(&self, milliseconds: u64) {
        self.set_back_ms.set(self.set_back_ms.get() + milliseconds);
    }

    /// Milliseconds since the start.
    pub(crate) fn elapsed(&self) -> u64 {
        self.now.get() - Self::START
    }

    /// Lets time pass outside of any call.
    pub(crate) fn advance(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    /// Runs to the end; time jumps from timer to timer.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return value;
                }
            }
            let ((at, _), timer) = self.timers.borrow_mut().pop_first().expect("waits for nothing");
            self.now.set(self.now.get().max(at));
            timer.wake();
        }
    }

    async fn until(&self, at: u64) {
        let mut registered = false;
        std::future::poll_fn(|context| {
            if self.now.get() >= at {
                return Poll::Ready(());
            }
            if !registered {
                registered = true;
                let timer = self.next_timer.get();
                self.next_timer.set(timer + 1);
                self.timers.borrow_mut().insert((at, timer), context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    async fn wait(&self, milliseconds: u64) -> Result<(), Aborted> {
        if self.stopped.get() {
            return Ok(());
        }
        let end = self.now.get() + milliseconds;
        self.until(end.min(self.aborts_at.get())).await;
        if self.aborted() { Err(Aborted) } else { Ok(()) }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// JSON after 50 ms, with these headers.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &Value) -> Reply {
    text_reply(status, headers, &body.to_string())
}

/// A body that need not be JSON, after 50 ms.
pub(crate) fn text_reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let body = body.as_bytes().to_vec();
    (50, Ok(Response { status, headers: headers.collect(), body }))
}

impl Host for Scripted<'_> {
    type Store = NoStore;

    async fn credential(&self, _: Service, round: u32) -> Result<GivenCredential> {
        self.asked.borrow_mut().push(round);
        self.wait(10).await.map_err(|Aborted| super::failure::aborted())?;
        let text = (self.token.borrow())(round)?;
        let renew_at_ms = self.renew_at_ms.get();
        Ok(GivenCredential { text, renew_at_ms })
    }

    async fn send(&self, request: &Request) -> Result<Response, SendFailure> {
        let (delay, answer) = (self.answer)(request, self.now.get());
        self.sent.borrow_mut().push((self.now.get(), request.clone()));
        self.wait(delay).await.map_err(|Aborted| SendFailure::Aborted)?;
        answer
    }

    async fn sleep(&self, milliseconds: u64) -> Result<(), Aborted> {
        self.wait(milliseconds).await
    }

    async fn sleep_in_background(&self, _: u64) {
        std::future::pending().await
    }

    fn name(&self) -> String {
        String::new()
    }

    fn now(&self) -> u64 {
        self.now.get() - self.set_back_ms.get()
    }

    fn monotonic(&self) -> u64 {
        self.now.get()
    }

    fn set_deadline(&self, _: Option<u64>) {}

    fn random(&self) -> f64 {
        0.5
    }

    fn aborted(&self) -> bool {
        self.now.get() >= self.aborts_at.get()
    }

    fn utc_offset_minutes(&self, _: &str, _: i64) -> Option<i32> {
        None
    }

    fn emit(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn store(&self) -> &NoStore {
        &NoStore
    }
}

/// Calls need no store.
#[derive(Debug)]
pub(crate) struct NoStore;

impl StateStore for NoStore {
    async fn get(&self, _: &[String]) -> Result<Vec<Option<String>>> {
        Err(Error::new(Code::StoreFailed, "there is none"))
    }

    async fn commit(
        &self,
        _: Vec<(String, String)>,
        _: Vec<String>,
        _: Option<Guard>,
    ) -> Result<Committed> {
        Err(Error::new(Code::StoreFailed, "there is none"))
    }

    async fn scan(
        &self,
        _: &str,
        _: Option<&str>,
        _: usize,
        _: usize,
    ) -> Result<Vec<(String, String)>> {
        Err(Error::new(Code::StoreFailed, "there is none"))
    }
}

/// A client of a service at its own address; GHL's is for the location `L`.
pub(crate) fn client(service: Service, api_version: GhlVersion) -> Client {
    let profile = super::profile::of(service);
    Client::new(ClientConfig {
        profile,
        base_url: None,
        secret: Secret::new("pit-canary"),
        location_id: profile.options.contains(&"locationId").then(|| "L".to_owned()),
        api_version,
        timeout_ms: None,
    })
    .unwrap()
}

/// What is wrong with a call's parameters; empty where nothing is.
pub(crate) fn problem(endpoint: &'static Endpoint, parameters: &Value) -> String {
    let client = client(endpoint.service, GhlVersion::Dated);
    let checked = client.check(endpoint, parameters.as_object().unwrap());
    checked.err().map_or_else(String::new, |error| error.message.clone())
}
