//! ChartMogul in memory: an account with its customers, contacts, notes, tasks and billing.
//!
//! It behaves as recordings of the real service and its public reference tell. What neither tells
//! is guessed on the strict side, and the guess is said where it is made.

mod account;
mod activities;
mod attributes;
mod billing;
mod billing_routes;
mod contacts;
mod countries;
mod customers;
mod history;
mod imports;
mod metrics;
mod metrics_form;
mod notes;
mod opportunities;
mod parts;
mod plans;
mod reading;
mod refusals;
mod routes;
mod seeded_billing;
mod sources;
mod store;
mod subscription_events;
mod subscriptions;
mod tasks;
mod tidy;

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::random::Random;
use super::service::{Call, Reply, Service};
use super::{SandboxOptions, seed::ChartmogulSeed};
use account::Account;

/// ChartMogul: accounts behind their keys, and a rate limit.
#[derive(Debug)]
pub(crate) struct Chartmogul {
    /// Keys and what they lead to; the first is the credentials' own.
    accounts: Vec<(String, Account)>,
    /// How many accounts there have been.
    made: u64,
    /// Requests allowed in any second.
    limit: usize,
    /// Arrivals of the last second.
    arrivals: VecDeque<u64>,
    /// When each connection in use will be free again.
    connections: Vec<u64>,
    /// Whether the key may only read.
    read_only: bool,
}

/// Connections at a time; documented.
const MOST_CONNECTIONS: usize = 20;

impl Chartmogul {
    /// An account with these records and this key.
    pub(crate) fn new(options: &SandboxOptions, seed: ChartmogulSeed, api_key: String) -> Self {
        Self {
            accounts: vec![(api_key, Account::new(options, 1, seed))],
            made: 1,
            limit: usize::try_from(options.chartmogul_limit).unwrap_or(usize::MAX),
            read_only: options.chartmogul_read_only,
            arrivals: VecDeque::new(),
            connections: Vec::new(),
        }
    }

    /// Whether the request is one too many in its second.
    fn is_over_limit(&mut self, now_ms: u64) -> bool {
        while self.arrivals.front().is_some_and(|arrival| arrival + 1000 <= now_ms) {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now_ms);
        self.arrivals.len() > self.limit
    }

    /// Answers a request that keeps its connection for so long; 503 where too many are in use.
    pub(super) fn answer_during(
        &mut self,
        call: &Call<'_>,
        lasts_ms: u64,
        random: &mut Random,
    ) -> Reply {
        self.connections.retain(|free_at| *free_at > call.now_ms);
        if self.connections.len() >= MOST_CONNECTIONS {
            return refusals::too_many_connections().endpoint("connection limit");
        }
        self.connections.push(call.now_ms.saturating_add(lasts_ms));
        self.answer(call, random)
    }

    /// The account of Basic authorization's user name; the password is not looked at.
    fn authorized(&mut self, call: &Call<'_>) -> Option<&mut Account> {
        let given = call
            .header("authorization")
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, token)| STANDARD.decode(token.trim()).ok())
            .and_then(|decoded| String::from_utf8(decoded).ok())?;
        let key = given.split(':').next().unwrap_or_default();
        self.accounts.iter_mut().find(|(known, _)| known == key).map(|(_, account)| account)
    }

    /// The account of the credentials, to be changed.
    pub(super) fn account_mut(&mut self) -> Option<&mut Account> {
        self.accounts.first_mut().map(|(_, account)| account)
    }

    /// How many accounts there have been.
    pub(super) const fn made(&self) -> u64 {
        self.made
    }

    /// Opens a further account: the same people, no records.
    pub(super) fn add_account(&mut self, api_key: String, name: &str) {
        self.made += 1;
        if let Some((_, first)) = self.accounts.first() {
            let mut account = first.beside(self.made);
            name.clone_into(&mut account.name);
            self.accounts.push((api_key, account));
        }
    }

    /// Puts another account behind the first key; it takes the records of these kinds over.
    pub(super) fn replace_account(&mut self, keep: &[&str]) {
        self.made += 1;
        let place = self.made;
        if let Some(account) = self.account_mut() {
            let mut other = account.beside(place);
            other.name.clone_from(&account.name);
            std::mem::swap(account, &mut other);
            account.take_over(other, keep);
        }
    }

    /// The records of a kind in the account of this key.
    pub(super) fn records_of(&self, api_key: &str, kind: &str) -> Option<Vec<Value>> {
        let (_, account) = self.accounts.iter().find(|(known, _)| known == api_key)?;
        account.records(kind)
    }

    /// How often a record was made, removed or given other contents.
    pub(super) fn changes(&self) -> u64 {
        self.accounts.iter().map(|(_, account)| account.changes()).sum()
    }
}

impl Service for Chartmogul {
    fn answer(&mut self, call: &Call<'_>, _random: &mut Random) -> Reply {
        if self.is_over_limit(call.now_ms) {
            return refusals::too_many().endpoint("rate limit");
        }
        let read_only = self.read_only && call.method != crate::host::Method::Get;
        match self.authorized(call) {
            Some(_) if read_only => refusals::read_only().endpoint("authorization"),
            Some(account) => account.answer(call),
            None => refusals::unauthorized().endpoint("authorization"),
        }
    }

    fn records(&self, kind: &str) -> Option<Vec<Value>> {
        self.accounts.first().and_then(|(_, account)| account.records(kind))
    }
}

#[cfg(test)]
mod billing_tests;
#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod evidence_tests;
#[cfg(test)]
mod tests;
