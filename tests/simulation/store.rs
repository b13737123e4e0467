//! A store in memory whose commits are atomic, and count as steps at which a run can be killed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound;

use ghl_chartmogul::error::{Code, Error, Result};
use ghl_chartmogul::host::{Committed, Guard, StateStore};

use crate::mutants::Mutant;

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// Nothing is written.
    Before,
    /// All is written, and the answer is lost.
    After,
}

#[derive(Default)]
pub struct MemoryStore {
    entries: RefCell<BTreeMap<String, String>>,
    commits: Cell<u64>,
    /// Bytes of values that went through one scan or commit, at most.
    pub most_bytes: Cell<usize>,
    /// Commits after which the store takes no more: the process counts as dead.
    pub dies_after: Cell<Option<u64>>,
    /// The commit that fails, counted from 0, and how.
    pub fails_at: Cell<Option<(u64, Failing)>>,
    /// The commit before which another process takes the lease over, counted from 0.
    pub stolen_at: Cell<Option<u64>>,
    /// Whether others get a turn before each answer: so two engines meet between any two of their steps.
    pub yields: Cell<bool>,
    pub mutant: Cell<Option<Mutant>>,
}

/// Gives others one turn.
pub async fn yielding() {
    let waited = Cell::new(false);
    std::future::poll_fn(|context| {
        if waited.replace(true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl MemoryStore {
    async fn others_first(&self) {
        if self.yields.get() {
            yielding().await;
        }
    }

    pub fn commits(&self) -> u64 {
        self.commits.get()
    }

    /// Everything under keys that contain a text.
    pub fn matching(&self, part: &str) -> Vec<(String, String)> {
        let entries = self.entries.borrow();
        entries
            .iter()
            .filter(|(key, _)| key.contains(part))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// All text it holds: for canaries.
    pub fn dump(&self) -> String {
        self.entries.borrow().iter().map(|(key, value)| format!("{key}\t{value}\n")).collect()
    }

    /// All it holds, to be put back later.
    pub fn copy(&self) -> BTreeMap<String, String> {
        self.entries.borrow().clone()
    }

    /// Holds what a copy held; gives what it held before.
    pub fn put_back(&self, copy: BTreeMap<String, String>) -> BTreeMap<String, String> {
        self.entries.replace(copy)
    }

    fn count_bytes(&self, rows: &[(String, String)]) {
        let bytes = rows.iter().map(|(_, value)| value.len()).sum();
        self.most_bytes.set(self.most_bytes.get().max(bytes));
    }

    pub fn clear(&self) {
        self.entries.borrow_mut().clear();
    }
}

impl StateStore for MemoryStore {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        self.others_first().await;
        let entries = self.entries.borrow();
        Ok(keys.iter().map(|key| entries.get(key).cloned()).collect())
    }

    async fn commit(
        &self,
        puts: Vec<(String, String)>,
        deletes: Vec<String>,
        guard: Option<Guard>,
    ) -> Result<Committed> {
        self.others_first().await;
        if self.dies_after.get().is_some_and(|after| self.commits.get() >= after) {
            std::future::pending::<()>().await;
        }
        let number = self.commits.get();
        self.commits.set(number + 1);
        self.count_bytes(&puts);
        let failing = self.fails_at.get().filter(|(at, _)| *at == number).map(|(_, how)| how);
        let failed = || Err(Error::new(Code::StoreFailed, "the store's answer was lost"));
        if failing == Some(Failing::Before) {
            return failed();
        }
        let mut entries = self.entries.borrow_mut();
        if self.stolen_at.get().is_some_and(|at| number >= at)
            && let Some((_, lease)) = entries.iter_mut().find(|(key, _)| key.ends_with("/lease"))
        {
            *lease = r#"{"owner":"another","name":"another","since":0,"beat":7}"#.to_owned();
            self.stolen_at.set(None);
        }
        if guard.is_some_and(|guard| entries.get(&guard.key) != guard.value.as_ref()) {
            return Ok(Committed::Superseded);
        }
        let mutant = self.mutant.get();
        // Clearing, which puts nothing, continues until nothing is left.
        let keeps = |key: &&String| !puts.is_empty() && mutant.is_some_and(|m| m.keeps(key));
        for key in deletes.iter().filter(|key| !keeps(key)) {
            entries.remove(key);
        }
        entries.extend(
            puts.into_iter().filter(|(key, _)| !mutant.is_some_and(|mutant| mutant.loses(key))),
        );
        if failing == Some(Failing::After) { failed() } else { Ok(Committed::Yes) }
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(String, String)>> {
        self.others_first().await;
        let entries = self.entries.borrow();
        let from = match after {
            Some(key) if key >= prefix => Bound::Excluded(key.to_owned()),
            _ => Bound::Included(prefix.to_owned()),
        };
        let rows =
            entries.range((from, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
        let mut length = 0;
        let rows = rows.take(limit).take_while(|(_, value)| {
            let before = length;
            length += value.len();
            before < bytes
        });
        let rows: Vec<(String, String)> =
            rows.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.count_bytes(&rows);
        Ok(rows)
    }
}

#[test]
fn a_guarded_commit_happens_only_while_its_key_holds_the_value() {
    use ghl_chartmogul::host::StateStore as _;
    let store = MemoryStore::default();
    let commit = |guard: Option<&str>, value: &str| {
        let guard = Guard { key: "lease".into(), value: guard.map(Into::into) };
        let puts = vec![("lease".into(), value.into())];
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut committing = std::pin::pin!(store.commit(puts, Vec::new(), Some(guard)));
        match committing.as_mut().poll(&mut context) {
            std::task::Poll::Ready(committed) => committed.unwrap(),
            std::task::Poll::Pending => panic!("it waits for something"),
        }
    };
    assert_eq!(commit(Some("a"), "b"), Committed::Superseded);
    assert_eq!(store.dump(), "");
    assert_eq!(commit(None, "a"), Committed::Yes);
    assert_eq!(commit(None, "b"), Committed::Superseded);
    assert_eq!(commit(Some("a"), "b"), Committed::Yes);
    assert_eq!(store.dump(), "lease\tb\n");
}
