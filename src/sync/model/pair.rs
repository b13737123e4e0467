//! A GHL record and its counterpart in ChartMogul.

use serde_json::Value;

use crate::mapping::Fields;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::{choices, records};

choices! {
    /// The kinds of records that are synced.
    #[cfg_attr(feature = "reference", schemars(rename = "RecordKind"))]
    pub enum Kind {
        /// A GHL business.
        Business = "business",
        /// A GHL contact.
        Contact = "contact",
        /// The tags and custom attributes of a ChartMogul customer, which its contacts share.
        Customer = "customer",
        /// A note.
        Note = "note",
        /// A task.
        Task = "task",
    }
}

impl Kind {
    /// The kind of that name.
    pub(in crate::sync) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether it belongs to a contact: a note or a task.
    pub(in crate::sync) const fn is_child(self) -> bool {
        matches!(self, Self::Note | Self::Task)
    }
}

choices! {
    /// What a GHL contact or business is in ChartMogul.
    pub enum Role {
        /// A contact of a customer.
        Member = "member",
        /// A customer of our own, with its primary contact.
        Customer = "customer",
        /// Nothing of its own: another contact stands for it, or its customer belongs to another
        /// source. Its notes, tasks and tags go to the customer.
        Guest = "guest",
        /// A note or task.
        Child = "child",
    }
}

choices! {
    /// How a GHL record and a ChartMogul record came to be linked.
    pub enum Matched {
        /// We created it.
        Created = "created",
        /// A person linked them.
        Choice = "choice",
        /// They were linked before.
        Link = "link",
        /// It carries our external id.
        ExternalId = "externalId",
        /// Its custom attribute names the GHL contact.
        Attribute = "attribute",
        /// Its e-mail address is the same.
        Email = "email",
        /// Its name is the same, under the same customer.
        Name = "name",
        /// Its phone or secondary e-mail address is the same, and unique on both sides.
        Weak = "weak",
        /// It is the customer of the contact's business.
        Business = "business",
        /// Its text carries our marker.
        Marker = "marker",
        /// Its content is the same.
        Content = "content",
        /// It came from ChartMogul, and we created GHL's.
        Brought = "brought",
    }
}

impl Matched {
    /// The reason as a plan shows it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Created => "created by us",
            Self::Choice => "linked by a person",
            Self::Link => "linked before",
            Self::ExternalId => "same external id",
            Self::Attribute => "its attribute names the contact",
            Self::Email => "same e-mail address",
            Self::Name => "same name under the same customer",
            Self::Weak => "same phone or secondary e-mail address, unique on both sides",
            Self::Business => "customer of its business",
            Self::Marker => "its text carries our marker",
            Self::Content => "same content",
            Self::Brought => "brought from ChartMogul by us",
        }
    }

    /// Whether the record was made by us: it gets GHL's values, also after a lost state.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Created | Self::ExternalId | Self::Marker | Self::Link | Self::Content)
    }
}

records! {
    /// A GHL record and its ChartMogul counterpart.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Pair {
        /// ChartMogul's uuid of the contact, note or task; `None` for customers and guests.
        pub chartmogul: Option<String> = "chartmogul";
        /// Uuid of the customer it belongs to, or is.
        pub customer: String = "customer";
        /// For customers of our own: their data source.
        pub source: Option<String> = "source";
        /// What it is in ChartMogul.
        pub role: Role = "role";
        /// How they came together.
        pub matched: Matched = "matched";
        /// For each field what GHL showed when both were last in step: the value, or a hash of a text.
        pub base: Fields = "base";
        /// For notes and tasks that go both ways: what ChartMogul showed when both were last in step. For
        /// others: what its answer showed, where that is not what it was given. What is there in that
        /// form was not written by a person.
        pub shown: Fields = "shown";
        /// What GHL showed before we wrote there: a list that still shows it may be late.
        pub was: Fields = "was";
        /// Fields whose values stay ChartMogul's since the first link.
        pub kept: Vec<String> = "kept";
        /// For notes and tasks the GHL contact, for contacts the business.
        pub parent: Option<String> = "parent";
        /// For notes and tasks: whether the text carries our marker.
        pub marked: bool = "marked";
        /// Since when GHL no longer has the record, epoch milliseconds.
        pub gone: Option<u64> = "gone";
    }
}

impl Pair {
    /// Whether what GHL shows has a value that we have written over since: it may be late.
    pub(in crate::sync) fn shows_former(&self, shows: &Fields) -> bool {
        let former = |(name, was): (&String, &Value)| {
            shows.get(name) == Some(was) && self.base.get(name) != Some(was)
        };
        self.was.iter().any(former)
    }

    /// The pair of a contact that was the primary contact of a customer of its own.
    pub(in crate::sync) fn of_primary_contact(&self) -> Self {
        self.renamed(&|name| name.strip_prefix(PRIMARY_CONTACT).map(str::to_owned))
    }

    /// The pair of a contact that becomes the primary contact of a customer of its own.
    pub(in crate::sync) fn as_primary_contact(&self) -> Self {
        self.renamed(&|name| Some(format!("{PRIMARY_CONTACT}{name}")))
    }

    fn renamed(&self, rename: &dyn Fn(&str) -> Option<String>) -> Self {
        let fields = |all: &Fields| {
            let mut renamed = Fields::new();
            for (name, mark) in all {
                if let Some(name) = rename(name) {
                    renamed.insert(name, mark.clone());
                }
            }
            renamed
        };
        let (base, shown, was) = (fields(&self.base), fields(&self.shown), fields(&self.was));
        let kept = self.kept.iter().filter_map(|name| rename(name)).collect();
        Self { base, shown, was, kept, ..self.clone() }
    }
}

records! {
    /// What a contact brings to its customer.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub struct Member {
        /// Tags with a prefix that crosses.
        pub tags: Vec<String> = "tags";
        /// Custom attributes, `attribute.KEY`.
        pub attributes: Fields = "attributes";
        /// When GHL's record was added.
        pub added: i64 = "added";
        /// Its e-mail address.
        pub email: Option<String> = "email";
        /// Whether the customer is its own, made of it.
        pub own: bool = "own";
        /// Whether that address is the customer's, as far as was seen last.
        pub address: bool = "address";
        /// Its name, for the plan.
        pub title: String = "title";
    }
}

records! {
    /// What we wrote to a customer.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Shared {
        /// Tags that we added.
        pub tags: Vec<String> = "tags";
        /// Attributes as GHL showed them when both were last in step.
        pub attributes: Fields = "attributes";
        /// Attributes whose values stay ChartMogul's.
        pub kept: Vec<String> = "kept";
        /// Hash of the values of other members that differ from the leader's: listed once.
        pub differing: String = "differing";
    }
}
