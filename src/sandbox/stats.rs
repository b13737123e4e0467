//! Counters of what clients asked, for tests and for the demo's summary.

use std::collections::BTreeMap;

use serde::Serialize;

use super::service::Reply;
use crate::error::Service as Which;

/// Counters of both services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// GHL.
    pub ghl: ServiceStats,
    /// ChartMogul.
    pub chartmogul: ServiceStats,
}

/// Counters of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStats {
    /// Requests that arrived.
    pub calls: u64,
    /// Requests that made, changed or removed a record.
    pub writes: u64,
    /// Requests after which a record was there, gone or other than before, dates of writing aside.
    pub effective_writes: u64,
    /// Answers with status 429.
    pub limited: u64,
    /// Answers with another status from 400 to 499.
    pub refused: u64,
    /// Answers with a status from 500.
    pub failed: u64,
    /// Requests by method and path template.
    pub endpoints: BTreeMap<String, u64>,
    /// Writes by method and path template.
    pub writes_by_endpoint: BTreeMap<String, u64>,
    /// Effective writes by method and path template.
    pub effective_writes_by_endpoint: BTreeMap<String, u64>,
}

impl Stats {
    /// Counts an answer, and whether its request changed anything.
    pub(super) fn count(&mut self, which: Which, reply: &Reply, changed: bool) {
        let service = match which {
            Which::Ghl => &mut self.ghl,
            Which::Chartmogul => &mut self.chartmogul,
        };
        service.calls += 1;
        match reply.status {
            429 => service.limited += 1,
            400..=499 => service.refused += 1,
            500.. => service.failed += 1,
            _ => {}
        }
        *service.endpoints.entry(reply.endpoint.clone()).or_default() += 1;
        if reply.wrote {
            service.writes += 1;
            *service.writes_by_endpoint.entry(reply.endpoint.clone()).or_default() += 1;
        }
        if changed {
            service.effective_writes += 1;
            let endpoint = reply.endpoint.clone();
            *service.effective_writes_by_endpoint.entry(endpoint).or_default() += 1;
        }
    }
}
