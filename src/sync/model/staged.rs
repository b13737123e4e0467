//! What a run has read of both sides, as it waits to be decided on.

use crate::mapping::{Fields, Problem};
use crate::record::Json;
use crate::records;

use super::pair::{Kind, Matched, Pair, Role};

records! {
    /// A GHL contact.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct StagedContact {
        pub title: String = "title";
        /// When GHL added it.
        pub added: i64 = "added";
        /// Its primary e-mail address, unless several people share it.
        pub email: Option<String> = "email";
        /// Its other addresses.
        pub other_emails: Vec<String> = "otherEmails";
        pub phones: Vec<String> = "phones";
        /// Its name in compared form.
        pub name: String = "name";
        pub business: Option<String> = "business";
        /// As a contact of a customer.
        pub as_member: Fields = "asMember";
        /// As a customer.
        pub as_customer: Fields = "asCustomer";
        /// Written at a customer's creation only.
        pub at_create: Fields = "atCreate";
        /// What it brings to its customer.
        pub attributes: Fields = "attributes";
        pub tags: Vec<String> = "tags";
        pub problems: Vec<Problem> = "problems";
        /// When it changed last.
        pub updated: i64 = "updated";
        /// Whether its notes are read at once, and not in turn.
        pub at_once: bool = "atOnce";
        /// Whether it is read again for something that failed.
        pub again: bool = "again";
    }
}

records! {
    /// When a contact's notes were read last.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Reading {
        /// When, epoch milliseconds. Where they wait for the day's calls: since when, epoch seconds.
        pub at: u64 = "at";
        /// When the contact had changed last by then.
        pub updated: i64 = "updated";
    }
}

records! {
    /// A GHL business.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct StagedBusiness {
        pub title: String = "title";
        pub email: Option<String> = "email";
        pub fields: Fields = "fields";
        pub problems: Vec<Problem> = "problems";
    }
}

records! {
    /// A GHL note.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct StagedNote {
        /// The contact that it was listed under.
        pub contact: String = "contact";
        /// Whether the note itself names that contact.
        pub own: bool = "own";
        pub fields: Fields = "fields";
        pub at_create: Fields = "atCreate";
        pub problems: Vec<Problem> = "problems";
        /// Listed more than once.
        pub twice: bool = "twice";
        /// In step, as far as GHL's side tells: its text is not kept.
        pub unchanged: bool = "unchanged";
        /// The ChartMogul note that its text names.
        pub origin: Option<String> = "origin";
        /// Whether its words can be written anew without a loss.
        pub rewritable: bool = "rewritable";
    }
}

records! {
    /// A GHL task.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct StagedTask {
        pub contact: String = "contact";
        pub title: String = "title";
        pub fields: Fields = "fields";
        pub at_create: Fields = "atCreate";
        /// Why the task cannot be synced.
        pub refusal: Option<String> = "refusal";
        pub problems: Vec<Problem> = "problems";
        /// The text of a note beside a task that is too long.
        pub overflow: Option<String> = "overflow";
        /// The ChartMogul task that its body names.
        pub origin: Option<String> = "origin";
        /// Whether its words can be written anew without a loss.
        pub rewritable: bool = "rewritable";
    }
}

records! {
    /// A ChartMogul customer.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct SeenCustomer {
        pub name: String = "name";
        pub email: Option<String> = "email";
        /// Its data sources.
        pub sources: Vec<String> = "sources";
        /// Its external id, by which contacts move to it.
        pub external: Option<String> = "external";
        /// Whether it was made by us alone, for this location or another.
        pub ours: bool = "ours";
        /// Whether it has an external id of ours, beside another source's or alone.
        pub carries_ours: bool = "carriesOurs";
        /// Whether several customers were merged into it: it has an external id of each.
        pub merged: bool = "merged";
        pub fields: Fields = "fields";
        pub attributes: Fields = "attributes";
        pub tags: Vec<String> = "tags";
    }
}

records! {
    /// A ChartMogul contact.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct SeenContact {
        pub customer: String = "customer";
        pub source: Option<String> = "source";
        /// The GHL contact that it names.
        pub names: Option<String> = "names";
        pub fields: Fields = "fields";
    }
}

records! {
    /// A ChartMogul note or task, or what is compared of a contact or customer.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct SeenChild {
        pub customer: String = "customer";
        /// The GHL record that its text names.
        pub marker: Option<String> = "marker";
        /// A note's content as a hash, a task's fields.
        pub fields: Fields = "fields";
        /// What it says to a person, where it is new or has changed and may go to GHL.
        pub told: Option<String> = "told";
        /// Who made it, for GHL: written at the creation there.
        pub at_create: Fields = "atCreate";
        /// Whether it has changed since both were last in step.
        pub moved: bool = "moved";
    }
}

impl SeenChild {
    /// What a customer or a contact of it shows.
    pub(in crate::sync) fn of(customer: &str, fields: Fields) -> Self {
        Self { customer: customer.to_owned(), fields, ..Self::default() }
    }
}

records! {
    /// A record that carries a value.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Candidate {
        /// A ChartMogul customer, or a GHL contact.
        pub id: String = "id";
        /// The ChartMogul contact under it that carries the value, if one does.
        pub contact: Option<String> = "contact";
        /// The GHL record that it names, if it names one.
        pub names: Option<String> = "names";
        /// Whether it names it for sure: an external id may be somebody else's.
        pub certain: bool = "certain";
        /// Whether its external id is that record's: we made it.
        pub made: bool = "made";
        /// Whether it is under a customer of ours.
        pub under_ours: bool = "underOurs";
        /// For GHL contacts: when they were added.
        pub added: i64 = "added";
        /// For ChartMogul contacts: the place in the customer's list.
        pub position: i64 = "position";
    }
}

records! {
    /// Notes or tasks of one content that carry no marker.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Content {
        pub ghl: Vec<String> = "ghl";
        pub chartmogul: Vec<String> = "chartmogul";
    }
}

records! {
    /// Where a contact or business is in ChartMogul, for what belongs to it.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Home {
        /// The customer, or `None` if the same plan creates it, or if it has none.
        pub customer: Option<String> = "customer";
        /// The record whose change makes the customer.
        pub maker: Option<String> = "maker";
        /// What kind of record that is.
        pub maker_kind: Kind = "makerKind";
        pub role: Role = "role";
        pub matched: Matched = "matched";
        /// True where it is apart: what belongs to it is not synced.
        pub apart: bool = "apart";
        /// True where the customer is of another source.
        pub foreign: bool = "foreign";
        /// For a customer of our own: the data source that it is in.
        pub source: Option<String> = "source";
    }
}

impl Home {
    /// Where a linked contact or business is.
    pub(in crate::sync) fn of(pair: &Pair) -> Self {
        Self {
            customer: Some(pair.customer.clone()),
            role: pair.role,
            matched: pair.matched,
            foreign: pair.role == Role::Guest,
            source: pair.source.clone(),
            ..Self::default()
        }
    }

    /// Of a contact of a known customer.
    pub(in crate::sync) fn under(customer: String, matched: Matched) -> Self {
        Self { customer: Some(customer), role: Role::Member, matched, ..Self::default() }
    }

    /// Of what stands apart.
    pub(in crate::sync) fn apart() -> Self {
        Self { apart: true, ..Self::default() }
    }

    /// Whether what belongs to it has a customer, or will have one.
    pub(in crate::sync) const fn is_settled(&self) -> bool {
        !self.apart && (self.customer.is_some() || self.maker.is_some())
    }
}

records! {
    /// A pair whose counterpart is gone.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Void {
        /// The customer that is gone with it.
        pub customer: String = "customer";
    }
}

records! {
    /// When a contact changed last, and by what it is found.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Known {
        pub updated: i64 = "updated";
        /// The run that read it last.
        pub run: String = "run";
        /// Its rows of the table of keys.
        pub keys: Vec<String> = "keys";
    }
}

records! {
    /// A list of notes that waits in the run's rows.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Waiting {
        pub at: u64 = "at";
        /// Each note as GHL sent it.
        pub items: Vec<String> = "items";
    }
}

impl Waiting {
    /// A list as it was read.
    pub(in crate::sync) fn of(at: u64, items: &[Json]) -> Self {
        Self { at, items: items.iter().map(|item| item.get().to_owned()).collect() }
    }
}
