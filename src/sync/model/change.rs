//! One change of a plan: one subject, and what is done to its counterpart.

use serde::Serialize;
use serde_json::Value;

use crate::mapping::{Fields, Problem, kinds};
use crate::named::Named;
use crate::{choices, records};

use super::conflict::Conflict;
use super::pair::{Kind, Matched, Member, Role};
use super::standing::Reason;

choices! {
    /// What is done to a record.
    #[cfg_attr(feature = "reference", schemars(rename = "ChangeAction"))]
    pub enum Action {
        /// It is created.
        Create = "create",
        /// Fields of a linked record are written.
        Update = "update",
        /// A linked task is completed.
        Complete = "complete",
        /// A record that exists on both sides is linked, and its fields are written where they differ.
        Link = "link",
        /// It goes to another customer.
        Move = "move",
        /// A double of ours is deleted.
        Delete = "delete",
        /// A customer of ours is merged into another source's of the same person.
        Merge = "merge",
        /// Nothing is written: ChartMogul's value was kept at the first link, and stays.
        Keep = "keep",
        /// Nothing: the reason says why.
        Skip = "skip",
        /// Nothing: more than one record matches.
        Conflict = "conflict",
        /// Nothing: the record cannot be synced.
        Error = "error",
    }
}

impl Action {
    /// Whether it is carried out, and not only told.
    pub const fn writes_state(self) -> bool {
        !matches!(self, Self::Skip | Self::Conflict | Self::Error)
    }

    /// Whether it makes a record.
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create)
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
        /// What the record is in ChartMogul.
        pub role: Role = "role";
        /// GHL's id of it; for the kind `customer` ChartMogul's uuid.
        pub id: String = "id";
        /// Its name or the beginning of its text.
        pub title: String = "title";
        /// For notes and tasks the GHL contact, for contacts the business, for customers the contact that leads.
        pub parent: Option<String> = "parent";
        /// ChartMogul's uuid, where it exists.
        pub uuid: Option<String> = "uuid";
        /// Uuid of the ChartMogul customer, where it exists.
        pub customer: Option<String> = "customer";
        /// The GHL record whose change makes the customer, where it does not exist yet.
        pub maker: Option<String> = "maker";
        /// What kind of record that is.
        pub maker_kind: Kind = "makerKind";
        /// Data source that a contact is created in.
        pub data_source: Option<String> = "dataSource";
        /// External id of the customer that a contact moves to.
        pub external: Option<String> = "external";
        /// For notes and tasks that move: the customer that they leave.
        pub leaves: Option<String> = "leaves";
        /// How it was matched.
        pub matched: Option<Matched> = "matched";
        /// Field values before, where known.
        pub from: Fields = "from";
        /// Field values after.
        pub to: Fields = "to";
        /// What both sides hold when the change is done: the base of the next comparison.
        pub base: Fields = "base";
        /// Fields whose values stay ChartMogul's.
        pub kept: Vec<String> = "kept";
        /// Fields written at the creation only.
        pub at_create: Fields = "atCreate";
        /// Field values that are written to GHL.
        pub back: Fields = "back";
        /// Those that they replace there, where known.
        pub back_from: Fields = "backFrom";
        /// For notes and tasks that go both ways: what ChartMogul shows, for the next comparison.
        pub there: Fields = "there";
        /// Why.
        pub reason: String = "reason";
        /// Why, for what is not carried out: of a closed list.
        pub cause: Option<Reason> = "cause";
        /// For skips, conflicts and errors: an error code.
        pub code: Option<String> = "code";
        /// Values that could not be synced.
        pub problems: Vec<Problem> = "problems";
        /// For conflicts: the candidates' uuids.
        pub candidates: Vec<String> = "candidates";
        /// ChartMogul calls it costs.
        pub calls: u32 = "calls";
        /// GHL calls it costs.
        pub ghl_calls: u32 = "ghlCalls";
        /// For doubles: the GHL record whose counterpart stays.
        pub double_of: Option<String> = "doubleOf";
        /// Whether what is made may be there already: it is looked for first.
        pub look_first: bool = "lookFirst";
        /// A refused record that is tried again: outside of the caps, and told apart.
        pub retry: bool = "retry";
        /// Existing values that it replaces.
        pub replaces: u32 = "replaces";
        /// From which side a person deleted it, where that is carried over to the other.
        pub gone_from: Option<Side> = "goneFrom";
        /// Tags that it adds and removes.
        pub tags: TagChange = "tags";
        /// Hash of what GHL shows: a change takes an acceptance back.
        pub shows: String = "shows";
        /// Whether another field of the record waits for a person.
        pub open: bool = "open";
        /// Values that it settles: those that lose are kept for a while.
        pub settles: Vec<Conflict> = "settles";
        /// For customers: what each contact brings.
        pub members: Named<Member> = "members";
        /// For customers: the contacts that have left.
        pub left: Vec<String> = "left";
        /// For customers: hash of the values that other contacts would have written.
        pub differing: String = "differing";
    }
}

records! {
    /// Tags added and removed, and those that are ours afterwards.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub struct TagChange {
        /// Added.
        pub add: Vec<String> = "add";
        /// Removed.
        pub remove: Vec<String> = "remove";
        /// Added by us, now or before.
        pub own: Vec<String> = "own";
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
        Self { action, kind, id: id.to_owned(), title, reason: reason.into(), ..Self::default() }
    }

    /// The same, said to stand apart, fail or wait for this reason.
    pub fn because(mut self, cause: Reason, code: crate::error::Code) -> Self {
        self.cause = Some(cause);
        self.code = Some(code.text().to_owned());
        self
    }

    /// A hash of what is to be written: tells whether the very same was refused before.
    pub fn content(&self) -> String {
        let parts = (&self.to, &self.at_create, &self.tags.add, &self.tags.remove, &self.back);
        crate::mapping::hash(&serde_json::to_string(&parts).unwrap_or_default())
    }

    /// Whether it writes to GHL.
    pub(in crate::sync) fn comes_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Whether it makes a record in GHL of one of ChartMogul's: its id is that one's uuid.
    pub(in crate::sync) fn brings(&self) -> bool {
        self.action.creates() && self.comes_back()
    }

    /// Whether it does nothing in GHL but tick a task off, or open it again.
    pub(in crate::sync) fn only_ticks(&self) -> bool {
        self.back.keys().all(|name| name == "completed")
    }

    /// Which way it goes.
    pub fn direction(&self) -> Direction {
        let removes = self.gone_from == Some(Side::Chartmogul);
        match (self.comes_back() || removes, self.to.is_empty()) {
            (false, _) => Direction::GhlToChartmogul,
            (true, true) => Direction::ChartmogulToGhl,
            (true, false) => Direction::Both,
        }
    }

    /// Whether carrying it out makes a record: a note or task that moves is made again.
    pub(in crate::sync) fn makes(&self) -> bool {
        self.action.creates() || (self.action == Action::Move && self.kind.is_child())
    }

    /// The id of its rows.
    pub(in crate::sync) fn row(&self) -> String {
        format!("{}/{}", self.kind.name(), self.id)
    }

    /// The GHL contact that it is about.
    pub(in crate::sync) fn contact(&self) -> Option<&str> {
        match self.kind {
            Kind::Contact => (!self.brings()).then_some(self.id.as_str()),
            Kind::Business => None,
            Kind::Customer | Kind::Note | Kind::Task => self.parent.as_deref(),
        }
    }

    /// The form that a plan's reader sees.
    pub fn view(&self) -> ChangeView<'_> {
        let mut fields = Named::default();
        for (name, to) in
            self.to.iter().chain(self.at_create.iter().filter(|_| self.action.creates()))
        {
            let from = self.from.get(name);
            // What a contact takes along to its new customer is not a change.
            if self.action.creates() && from == Some(&kinds::mark(to)) {
                continue;
            }
            fields.insert(name.clone(), FieldChange { from, to });
        }
        let mut ghl_fields = Named::default();
        for (name, to) in &self.back {
            ghl_fields.insert(name.clone(), FieldChange { from: self.back_from.get(name), to });
        }
        let of_customer = self.kind == Kind::Customer;
        ChangeView {
            action: self.action,
            kind: self.kind,
            direction: self.direction(),
            ghl_id: if of_customer { self.parent.as_deref() } else { Some(self.id.as_str()) }
                .filter(|_| !self.brings()),
            ghl_contact_id: self.parent.as_deref().filter(|_| self.kind.is_child()),
            chartmogul_id: self.uuid.as_deref(),
            chartmogul_customer: self.customer.as_deref(),
            title: &self.title,
            reason: &self.reason,
            cause: self.cause,
            code: self.code.as_deref(),
            fields,
            ghl_fields,
            kept: &self.kept,
            tags_added: &self.tags.add,
            tags_removed: &self.tags.remove,
            problems: &self.problems,
            candidates: &self.candidates,
            replaces: self.replaces,
            retry: self.retry,
            calls: self.calls,
            ghl_calls: self.ghl_calls,
        }
    }
}

choices! {
    /// One of the two services.
    pub enum Side {
        /// GHL.
        Ghl = "ghl",
        /// ChartMogul.
        Chartmogul = "chartmogul",
    }
}

choices! {
    /// From which service to which.
    pub enum Direction {
        /// GHL's values are written to ChartMogul.
        GhlToChartmogul = "ghl-to-chartmogul",
        /// ChartMogul's values are written to GHL.
        ChartmogulToGhl = "chartmogul-to-ghl",
        /// Some are written to either.
        Both = "both",
    }
}

/// One change of a plan.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "Change"))]
#[serde(rename_all = "camelCase")]
pub struct ChangeView<'a> {
    /// What is done.
    pub action: Action,
    /// To what kind of record.
    pub kind: Kind,
    /// Which way it goes.
    pub direction: Direction,
    /// GHL's id of the record, where it exists; for the kind `customer` the contact that leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghl_id: Option<&'a str>,
    /// For notes and tasks: the GHL contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghl_contact_id: Option<&'a str>,
    /// ChartMogul's uuid of the record, where it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_id: Option<&'a str>,
    /// Uuid of the ChartMogul customer, where it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_customer: Option<&'a str>,
    /// The record's name, or the beginning of its text.
    pub title: &'a str,
    /// Why.
    pub reason: &'a str,
    /// For what is not carried out: why, of a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// For skips, conflicts and errors: an error code.
    #[cfg_attr(feature = "reference", schemars(with = "Option<crate::error::Code>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// What is written to ChartMogul, by field.
    pub fields: Named<FieldChange<'a>>,
    /// What is written to GHL, by field.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub ghl_fields: Named<FieldChange<'a>>,
    /// Fields whose values stay ChartMogul's since the first link.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub kept: &'a [String],
    /// Tags that the customer gets.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tags_added: &'a [String],
    /// Tags that the customer loses: only such as the sync added.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tags_removed: &'a [String],
    /// Values that the other service has no place for; the rest of the record is synced.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub problems: &'a [Problem],
    /// For conflicts: the candidates' uuids.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub candidates: &'a [String],
    /// How many existing values it replaces.
    pub replaces: u32,
    /// True for a refused record that is tried again: outside of the caps.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retry: bool,
    /// ChartMogul calls it costs.
    pub calls: u32,
    /// GHL calls it costs.
    pub ghl_calls: u32,
}

/// A field's value before and after.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct FieldChange<'a> {
    /// Before, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'a Value>,
    /// After.
    pub to: &'a Value,
}
