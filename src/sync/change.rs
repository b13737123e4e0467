//! A plan: changes to be read before anything is written, and what they cost.

use serde::Serialize;
use serde_json::Value;

use crate::http::Quota;
use crate::mapping::settings::Anchor;
use crate::mapping::{Fields, Problem};
use crate::named::Named;
use crate::{choices, records};

use super::bodies::is_attribute;
use super::state::{Kind, Matched};

choices! {
    /// What is done to a record.
    pub enum Action {
        /// A record is made.
        Create = "create",
        /// Fields of a linked record are written.
        Update = "update",
        /// A linked task is completed.
        Complete = "complete",
        /// A record that exists on both sides is linked, and its fields are written where they differ.
        Link = "link",
        /// Nothing: the reason says why.
        Skip = "skip",
        /// Nothing: more than one record matches.
        Conflict = "conflict",
        /// Nothing: the record cannot be brought over.
        Error = "error",
    }
}

impl Action {
    /// Whether it is carried out, and not only told.
    pub const fn writes_state(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Complete | Self::Link)
    }
}

records! {
    /// One change of a plan.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub struct Change {
        /// What is done.
        pub action: Action = "action";
        /// To what kind of record.
        pub kind: Kind = "kind";
        /// GHL's id of it.
        pub id: String = "id";
        /// Its name or the beginning of its text.
        pub title: String = "title";
        /// For notes and tasks: the GHL contact.
        pub contact: Option<String> = "contact";
        /// ChartMogul's uuid, where it exists.
        pub uuid: Option<String> = "uuid";
        /// Uuid of the ChartMogul customer, where it exists.
        pub customer: Option<String> = "customer";
        /// Data source that a contact is created in.
        pub data_source: Option<String> = "dataSource";
        /// How it was matched.
        pub matched: Option<Matched> = "matched";
        /// Field values before, where known.
        pub from: Fields = "from";
        /// Field values after.
        pub to: Fields = "to";
        /// Fields that both sides already hold the same: they become part of the base.
        pub same: Fields = "same";
        /// Fields written at the creation only.
        pub at_create: Fields = "atCreate";
        /// Why.
        pub reason: String = "reason";
        /// For skips, conflicts and errors: an error code.
        pub code: Option<String> = "code";
        /// Values that could not be brought over.
        pub problems: Vec<Problem> = "problems";
        /// For conflicts: the candidates' uuids.
        pub candidates: Vec<String> = "candidates";
        /// ChartMogul calls it costs.
        pub calls: u32 = "calls";
    }
}

impl Change {
    /// A change with nothing in it but what and why.
    pub fn new(
        action: Action,
        kind: Kind,
        id: &str,
        title: String,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            action,
            kind,
            id: id.to_owned(),
            title,
            contact: None,
            uuid: None,
            customer: None,
            data_source: None,
            matched: None,
            from: Fields::new(),
            to: Fields::new(),
            same: Fields::new(),
            at_create: Fields::new(),
            reason: reason.into(),
            code: None,
            problems: Vec::new(),
            candidates: Vec::new(),
            calls: 0,
        }
    }

    /// A hash of what is to be written: tells whether the very same was refused before.
    pub fn content(&self) -> String {
        let parts = (&self.customer, &self.to, &self.at_create);
        crate::mapping::hash(&serde_json::to_string(&parts).unwrap_or_default())
    }

    /// ChartMogul calls that carrying it out costs.
    pub(super) fn cost(&self, anchor: Anchor) -> u32 {
        let whole_customer = self.action == Action::Create
            && (self.kind == Kind::Business
                || (self.kind == Kind::Contact && anchor == Anchor::ContactIsCustomer));
        if whole_customer {
            return 1;
        }
        let any = |test: &dyn Fn(&str, &Value) -> bool| {
            u32::from(self.to.iter().any(|(name, value)| test(name, value)))
        };
        let own =
            if self.action == Action::Create { 1 } else { any(&|name, _| !is_attribute(name)) };
        let known = |name: &str| self.from.contains_key(name);
        own + any(&|name, _| name.starts_with("attribute.") && !known(name))
            + any(&|name, _| name.starts_with("attribute.") && known(name))
            + any(&|name, value| name.starts_with("tag.") && *value != Value::Bool(false))
            + any(&|name, value| name.starts_with("tag.") && *value == Value::Bool(false))
    }

    /// The form that a plan's reader sees.
    pub fn view(&self) -> ChangeView<'_> {
        let mut fields = Named::default();
        for (name, to) in
            self.to.iter().chain(self.at_create.iter().filter(|_| self.action == Action::Create))
        {
            fields.insert(name.clone(), FieldChange { from: self.from.get(name), to });
        }
        ChangeView {
            action: self.action,
            kind: self.kind,
            direction: "ghl-to-chartmogul",
            ghl_id: &self.id,
            ghl_contact_id: self.contact.as_deref(),
            chartmogul_id: self.uuid.as_deref(),
            chartmogul_customer: self.customer.as_deref(),
            title: &self.title,
            reason: &self.reason,
            code: self.code.as_deref(),
            fields,
            problems: &self.problems,
            candidates: &self.candidates,
            calls: self.calls,
        }
    }
}

/// A change as a plan's reader sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are those of Change")]
pub struct ChangeView<'a> {
    pub action: Action,
    pub kind: Kind,
    pub direction: &'static str,
    pub ghl_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghl_contact_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_customer: Option<&'a str>,
    pub title: &'a str,
    pub reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    pub fields: Named<FieldChange<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub problems: &'a [Problem],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub candidates: &'a [String],
    pub calls: u32,
}

/// A field's value before and after.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "before and after")]
pub struct FieldChange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'a Value>,
    pub to: &'a Value,
}

/// How many of each kind, by action.
pub type Totals = Named<Named<u64>>;

records! {
    /// Calls by service.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    whole pub struct Calls {
        /// To GHL.
        pub ghl: u64 = "ghl";
        /// To ChartMogul.
        pub chartmogul: u64 = "chartmogul";
    }
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
    /// Whether a pass read everything or what changed.
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
    whole pub struct Plan {
        /// Its id, for `apply`.
        pub id: String = "id";
        /// When reading began, epoch milliseconds.
        pub created_at: u64 = "createdAt";
        /// The state's revision it was made from.
        pub revision: u64 = "revision";
        /// The settings' fingerprint it was made with.
        pub settings: String = "settings";
        /// What was read.
        pub pass: Pass = "pass";
        /// Contacts changed up to here have been read, epoch milliseconds.
        pub watermark: u64 = "watermark";
        /// Records read, by kind.
        pub read: Named<u64> = "read";
        /// Changes by action and kind.
        pub totals: Totals = "totals";
        /// Linked records that need no change, by kind.
        pub unchanged: Named<u64> = "unchanged";
        /// Calls that applying it will cost at the least.
        pub calls: Calls = "calls";
        /// Calls that reading has cost.
        pub read_calls: Calls = "readCalls";
        /// The least calls that reading could have cost.
        pub least_read_calls: Calls = "leastReadCalls";
        /// Things to look at.
        pub warnings: Vec<String> = "warnings";
    }
}

/// A plan with the share of today's quota that applying takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanView<'a> {
    /// The plan.
    #[serde(flatten)]
    pub plan: &'a Plan,
    /// GHL's quota of today, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaView>,
}

/// Today's quota of calls.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaView {
    /// Calls a day.
    pub limit: u64,
    /// Calls left today.
    pub remaining: u64,
    /// Share of the day's calls that this reading and applying takes, 0 to 1.
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
        let all = [Action::Create, Action::Update, Action::Complete, Action::Link];
        all.into_iter().map(|action| self.count(action)).sum()
    }

    /// Counts a change.
    pub fn tally(&mut self, change: &Change) {
        let kinds = self.totals.or_default(change.action.name());
        *kinds.or_default(change.kind.name()) += 1;
        self.calls.chartmogul += u64::from(change.calls);
    }

    /// Adds to a count of `read` or `unchanged`.
    pub fn add(counts: &mut Named<u64>, kind: Kind, number: u64) {
        if number > 0 {
            *counts.or_default(kind.name()) += number;
        }
    }
}
