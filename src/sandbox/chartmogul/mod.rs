//! ChartMogul in memory: one account with its customers, contacts, notes, tasks and billing.
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
mod sources;
mod store;
mod subscription_events;
mod subscriptions;
mod tasks;

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::random::Random;
use super::service::{Call, Reply, Service};
use super::{SandboxOptions, seed::ChartmogulSeed};
use account::Account;

/// ChartMogul: one account behind its key and its rate limit.
#[derive(Debug)]
pub(crate) struct Chartmogul {
    api_key: String,
    /// Requests allowed in any second.
    limit: usize,
    /// Arrivals of the last second.
    arrivals: VecDeque<u64>,
    /// When each connection in use will be free again.
    connections: Vec<u64>,
    account: Account,
}

/// Connections at a time; documented.
const MOST_CONNECTIONS: usize = 20;

impl Chartmogul {
    /// An account with these records and this key.
    pub(crate) fn new(options: &SandboxOptions, seed: ChartmogulSeed, api_key: String) -> Self {
        Self {
            api_key,
            limit: usize::try_from(options.chartmogul_limit).unwrap_or(usize::MAX),
            arrivals: VecDeque::new(),
            connections: Vec::new(),
            account: Account::new(options, seed),
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

    /// Basic authorization with the key as user name; the password is not looked at.
    fn is_authorized(&self, call: &Call<'_>) -> bool {
        let given = call
            .header("authorization")
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, token)| STANDARD.decode(token.trim()).ok())
            .and_then(|decoded| String::from_utf8(decoded).ok());
        given.is_some_and(|given| given.split(':').next() == Some(self.api_key.as_str()))
    }
}

impl Service for Chartmogul {
    fn answer(&mut self, call: &Call<'_>, _random: &mut Random) -> Reply {
        if self.is_over_limit(call.now_ms) {
            return refusals::too_many().endpoint("rate limit");
        }
        if !self.is_authorized(call) {
            return refusals::unauthorized().endpoint("authorization");
        }
        self.account.answer(call)
    }

    fn records(&self, kind: &str) -> Option<Vec<Value>> {
        self.account.records(kind)
    }
}

#[cfg(test)]
mod billing_tests;
#[cfg(test)]
mod tests;
