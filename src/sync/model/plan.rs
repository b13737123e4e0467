//! A plan: what is to be read before anything is written, and what it costs.

use serde::Serialize;

use crate::error::Service;
use crate::http::Quota;
use crate::named::Named;
use crate::{choices, records};

use super::change::{Action, Change};
use super::pair::Kind;
use super::standing::Reason;

/// Numbers of records by kind.
pub type CountByKind = Named<u64, Kind>;

/// Numbers of changes by action and kind.
pub type Totals = Named<CountByKind, Action>;

records! {
    /// API calls by service.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct Calls {
        /// To GHL.
        pub ghl: u64 = "ghl";
        /// To ChartMogul.
        pub chartmogul: u64 = "chartmogul";
    }
}

/// Numbers of API calls by kind: the endpoint with its service, such as `ghl.notes.list`.
pub type CallsByKind = Named<u64>;

/// The kind of a call, as plans count them: its endpoint, with the service before it.
pub(in crate::sync) fn kind_of_call(service: Service, endpoint: &str) -> String {
    [service.name(), ".", endpoint].concat()
}

/// Calls up to a moment.
#[derive(Debug, Clone)]
pub(in crate::sync) struct Counted {
    pub(in crate::sync) calls: Calls,
    pub(in crate::sync) by_kind: CallsByKind,
}

impl Calls {
    /// Calls since an earlier count.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            ghl: self.ghl.saturating_sub(earlier.ghl),
            chartmogul: self.chartmogul.saturating_sub(earlier.chartmogul),
        }
    }

    /// Both counts together.
    pub fn plus(self, other: Self) -> Self {
        Self { ghl: self.ghl + other.ghl, chartmogul: self.chartmogul + other.chartmogul }
    }

    /// All calls.
    pub const fn total(self) -> u64 {
        self.ghl + self.chartmogul
    }
}

choices! {
    /// Whether a pass read everything, or what changed since the last one.
    #[cfg_attr(feature = "reference", schemars(rename = "SyncPass"))]
    pub enum Pass {
        /// Everything.
        Full = "full",
        /// Contacts changed since the last pass, their notes, and all tasks.
        Incremental = "incremental",
    }
}

records! {
    /// A plan without its changes.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct Plan {
        /// Its id, for `apply`.
        pub id: String = "id";
        /// When reading began, epoch milliseconds.
        pub created_at: u64 = "createdAt";
        /// The state's revision it was made from.
        pub revision: u64 = internal "revision";
        /// The settings' fingerprint it was made with.
        pub settings: String = internal "settings";
        /// What was read.
        pub pass: Pass = "pass";
        /// Contacts changed up to here have been read, epoch milliseconds.
        pub watermark: u64 = internal "watermark";
        /// Records read.
        pub read: CountByKind = "read";
        /// Changes by action and kind.
        pub totals: Totals = "totals";
        /// Those of them that write to GHL.
        pub ghl_totals: Totals = "ghlTotals";
        /// Linked records that need no change.
        pub unchanged: CountByKind = "unchanged";
        /// The least calls that applying will cost.
        pub calls: Calls = "calls";
        /// Those by kind: the endpoint with its service, such as `chartmogul.notes.create`.
        pub calls_by_kind: CallsByKind = "callsByKind";
        /// Calls that reading has cost.
        pub read_calls: Calls = "readCalls";
        /// Those by kind: the endpoint with its service, such as `ghl.notes.list`.
        pub read_calls_by_kind: CallsByKind = "readCallsByKind";
        /// The least calls that reading could have cost.
        pub least_read_calls: Calls = internal "leastReadCalls";
        /// Existing values of ChartMogul that applying replaces.
        pub replaces: u64 = "replaces";
        /// Refused records that are tried again: outside of the caps.
        pub retries: u64 = "retries";
        /// Values that were cut or left out for the first time. Each is an event, a dead letter of the
        /// kind `field`, and in the status until it is corrected.
        pub left_out: u64 = "leftOut";
        /// Records that are deleted: our own copies of what moves.
        pub deletes: u64 = "deletes";
        /// Duplicates of synced notes and tasks in ChartMogul; found by full passes.
        pub doubles: u64 = "doubles";
        /// Those of them that it deletes.
        pub removes: u64 = "removes";
        /// Lists that could not be read, by the kind they list: the next run reads them.
        pub unread: CountByKind = "unread";
        /// Contacts whose notes are left to the calls of the next days.
        pub notes_waiting: u64 = "notesWaiting";
        /// Links whose counterpart is gone from ChartMogul.
        pub voids: u64 = "voids";
        /// Why a person must read the plan before it is applied; null where nobody has to.
        pub guard: Option<String> = "guard";
        /// Things to look at.
        pub warnings: Vec<String> = "warnings";
    }
}

/// A plan without its changes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "PlanSummary"))]
#[serde(rename_all = "camelCase")]
pub struct PlanView<'a> {
    /// The plan.
    #[serde(flatten)]
    pub plan: &'a Plan,
    /// GHL's quota of today, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaView>,
    /// Most calls a day to GHL: the setting `dailyCalls`, else half of the quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_calls: Option<u64>,
    /// Share of those that reading and applying takes, 0 to 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_share: Option<f64>,
}

/// GHL's quota of today, and how much of it a plan takes.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "QuotaShare"))]
#[serde(rename_all = "camelCase")]
pub struct QuotaView {
    /// Calls a day.
    pub limit: u64,
    /// Calls left today.
    pub remaining: u64,
    /// Share of the day's calls that reading and applying takes, 0 to 1.
    pub share: f64,
}

impl QuotaView {
    /// The view of a quota for so many calls; `None` while the service has not told its limit.
    pub fn new(quota: &Quota, calls: u64) -> Option<Self> {
        let limit = quota.limit.filter(|limit| *limit > 0)?;
        Some(Self { limit, remaining: quota.remaining, share: calls as f64 / limit as f64 })
    }
}

impl Plan {
    /// Changes of this action, of all kinds.
    pub fn count(&self, action: Action) -> u64 {
        self.totals.get(action.name()).map_or(0, |kinds| kinds.values().sum())
    }

    /// Changes that are carried out.
    pub fn writes(&self) -> u64 {
        let all = [
            Action::Create,
            Action::Update,
            Action::Complete,
            Action::Link,
            Action::Move,
            Action::Merge,
            Action::Delete,
            Action::Keep,
        ];
        self.removes + all.into_iter().map(|action| self.count(action)).sum::<u64>()
    }

    /// Counts calls that reading has cost; says how many.
    pub(in crate::sync) fn has_read(&mut self, before: &Counted, now: &Counted) -> Calls {
        for (kind, number) in now.by_kind.iter() {
            let used = number - before.by_kind.get(kind).unwrap_or(&0);
            if used > 0 {
                *self.read_calls_by_kind.or_default(kind) += used;
            }
        }
        let used = now.calls.since(before.calls);
        self.read_calls = self.read_calls.plus(used);
        used
    }

    /// Notes the calls that a change will cost.
    pub(in crate::sync) fn will_call(
        &mut self,
        change: &mut Change,
        endpoints: &[(Service, &'static str)],
    ) {
        (change.calls, change.ghl_calls) = (0, 0);
        for (service, endpoint) in endpoints {
            match service {
                Service::Chartmogul => change.calls += 1,
                Service::Ghl => change.ghl_calls += 1,
            }
            *self.calls_by_kind.or_default(&kind_of_call(*service, endpoint)) += 1;
        }
    }

    /// Counts a change.
    pub fn tally(&mut self, change: &Change) {
        // A double is not one of the records that were read.
        if change.cause == Some(Reason::Double) {
            let removes = u64::from(change.action == Action::Delete);
            self.doubles += 1;
            self.removes += removes;
            self.deletes += removes;
            self.calls.chartmogul += u64::from(change.calls);
            return;
        }
        let kinds = self.totals.or_default(change.action.name());
        *kinds.or_default(change.kind.name()) += 1;
        self.calls.chartmogul += u64::from(change.calls);
        self.calls.ghl += u64::from(change.ghl_calls);
        if change.comes_back() {
            let kinds = self.ghl_totals.or_default(change.action.name());
            *kinds.or_default(change.kind.name()) += 1;
        }
        self.replaces += u64::from(change.replaces);
        self.retries += u64::from(change.retry);
        let leaves = change.kind.is_child();
        let deletes = change.action == Action::Delete || change.action == Action::Move && leaves;
        self.deletes += u64::from(deletes);
    }

    /// Adds to a count of `read` or `unchanged`.
    pub fn add(counts: &mut CountByKind, kind: Kind, number: u64) {
        if number > 0 {
            *counts.or_default(kind.name()) += number;
        }
    }
}
