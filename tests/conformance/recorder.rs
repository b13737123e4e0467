//! A host that keeps the request it is given and gives the answer that it was made with: no network.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ghl_chartmogul::error::Result;
use ghl_chartmogul::host::{
    Aborted, Committed, Event, Guard, Host, Request, Response, SendFailure, StateStore,
};
use serde_json::Value;

/// What a request gets, at this time.
type Answer<'a> = dyn Fn(&Request, u64) -> Response + 'a;

/// Keeps requests, and answers them with a function.
pub(crate) struct Recorder<'a> {
    answer: Box<Answer<'a>>,
    requests: RefCell<Vec<Request>>,
    now: Cell<u64>,
    store: NoStore,
}

impl<'a> Recorder<'a> {
    /// One that answers each request with 200 and this body.
    pub(crate) fn new(answer: &Value) -> Self {
        let body = serde_json::to_vec(answer).unwrap();
        Self::answering(move |_, _| Response {
            status: 200,
            headers: Vec::new(),
            body: body.clone(),
        })
    }

    /// One that answers so.
    pub(crate) fn answering(answer: impl Fn(&Request, u64) -> Response + 'a) -> Self {
        Self {
            answer: Box::new(answer),
            requests: RefCell::default(),
            now: Cell::new(1_795_000_000_000),
            store: NoStore,
        }
    }

    /// The one request it was given.
    pub(crate) fn request(&self) -> Option<Request> {
        self.requests.borrow_mut().pop()
    }
}

/// Runs a future that never waits for anything outside.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

impl Host for Recorder<'_> {
    type Store = NoStore;

    async fn send(&self, request: &Request) -> Result<Response, SendFailure> {
        let response = (self.answer)(request, self.now.get());
        self.requests.borrow_mut().push(request.clone());
        Ok(response)
    }
    async fn sleep(&self, milliseconds: u64) -> Result<(), Aborted> {
        self.now.set(self.now.get() + milliseconds);
        Ok(())
    }
    async fn sleep_in_background(&self, _: u64) {
        std::future::pending().await
    }
    fn name(&self) -> String {
        String::new()
    }
    fn now(&self) -> u64 {
        self.now.get()
    }
    fn monotonic(&self) -> u64 {
        self.now.get()
    }
    fn set_deadline(&self, _: Option<u64>) {}
    fn random(&self) -> f64 {
        0.5
    }
    fn aborted(&self) -> bool {
        false
    }
    fn utc_offset_minutes(&self, _: &str, _: i64) -> Option<i32> {
        None
    }
    fn emit(&self, _: Event) {}
    fn store(&self) -> &NoStore {
        &self.store
    }
}

/// Calls keep no state.
pub(crate) struct NoStore;

impl StateStore for NoStore {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        Ok(vec![None; keys.len()])
    }
    async fn commit(
        &self,
        _: Vec<(String, String)>,
        _: Vec<String>,
        _: Option<Guard>,
    ) -> Result<Committed> {
        Ok(Committed::Yes)
    }
    async fn scan(
        &self,
        _: &str,
        _: Option<&str>,
        _: usize,
        _: usize,
    ) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }
}
