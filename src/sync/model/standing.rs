//! What is not in step: why, since when, and what to do about it.

use std::cell::RefCell;

use super::pair::Kind;
use crate::ordered::Ordered;
use crate::{choices, records};

choices! {
    /// How a record that is not in step stands.
    pub enum Standing {
        /// It was not synced.
        Failed = "failed",
        /// A person has to decide.
        Waiting = "waiting",
        /// It is not in step, and that is settled.
        Apart = "apart",
    }
}

records! {
    /// How many records are not in step and not settled. Both are 0 when all is well.
    #[derive(Debug, Default, Clone, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct StandingCounts {
        /// Were not synced.
        pub failed: u64 = "failed";
        /// Wait for a person.
        pub waiting: u64 = "waiting";
    }
}

impl StandingCounts {
    /// Whether everything is in step, or settled.
    pub const fn is_quiet(&self) -> bool {
        self.failed == 0 && self.waiting == 0
    }
}

choices! {
    /// Why a record is not in step.
    #[cfg_attr(feature = "reference", schemars(rename = "Cause"))]
    pub enum Reason {
        /// ChartMogul refused it.
        Rejected = "rejected",
        /// It could not be read.
        Unread = "unread",
        /// Whether it was written is not known yet.
        Open = "open",
        /// It could not be written for now: the next run tries again.
        Unavailable = "unavailable",
        /// A value cannot be stored in ChartMogul.
        Unmappable = "unmappable",
        /// A value was cut, left out or refused; the rest of its record was written.
        Field = "field",
        /// Several customers match.
        Ambiguous = "ambiguous",
        /// No ChartMogul customer matches.
        NoCounterpart = "noCounterpart",
        /// It belongs to no business.
        NoBusiness = "noBusiness",
        /// It belongs to no contact.
        NoContact = "noContact",
        /// Its contact is not in ChartMogul.
        ParentApart = "parentApart",
        /// A person deleted it in ChartMogul.
        Deleted = "deleted",
        /// A person deleted its customer in ChartMogul.
        CustomerDeleted = "customerDeleted",
        /// A person edited the copy at its former customer: it stays there.
        Edited = "edited",
        /// A person unlinked it.
        Unlinked = "unlinked",
        /// A person accepted it as it is.
        Accepted = "accepted",
        /// GHL has another contact of the same e-mail address, which stands for it.
        Duplicate = "duplicate",
        /// ChartMogul has it more than once.
        Double = "double",
        /// A decision about it was queued, and could not be carried out.
        Decision = "decision",
        /// A value has changed on both sides.
        BothChanged = "bothChanged",
        /// A text changed in ChartMogul, and GHL's cannot be written anew without a loss.
        Held = "held",
        /// A person deleted it in GHL.
        DeletedInGhl = "deletedInGhl",
        /// Another source has a customer of the same e-mail address.
        Twin = "twin",
    }
}

impl Reason {
    /// The same in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Rejected => "ChartMogul refused it",
            Self::Unread => "it could not be read",
            Self::Open => "whether it was written is not known yet",
            Self::Unavailable => "it could not be written for now",
            Self::Unmappable => "one of its values cannot be stored in ChartMogul",
            Self::Field => "a value was cut or left out; the rest was written",
            Self::Ambiguous => "several ChartMogul customers match",
            Self::NoCounterpart => "no ChartMogul customer has its e-mail address or phone",
            Self::NoBusiness => "it belongs to no business",
            Self::NoContact => "it belongs to no contact",
            Self::ParentApart => "its contact is not in ChartMogul",
            Self::Deleted => "a person deleted it in ChartMogul",
            Self::CustomerDeleted => "its customer was deleted in ChartMogul",
            Self::Edited => "a person edited the copy at its former customer: it stays there",
            Self::Unlinked => "it was unlinked",
            Self::Accepted => "accepted as it is",
            Self::Duplicate => "another GHL contact with the same e-mail address represents it",
            Self::Double => "ChartMogul has it more than once",
            Self::Decision => "a queued decision about it could not be carried out",
            Self::BothChanged => "it has changed on both sides",
            Self::Held => {
                "it has changed in ChartMogul, and GHL's text holds more than can be written back"
            }
            Self::DeletedInGhl => "a person deleted it in GHL",
            Self::Twin => "another source has a customer of the same e-mail address",
        }
    }
}

choices! {
    /// What a dead letter is about: a record of one of the kinds, or something else.
    pub enum LetterKind {
        /// A GHL business.
        Business = "business",
        /// A GHL contact.
        Contact = "contact",
        /// The tags and custom attributes of a ChartMogul customer.
        Customer = "customer",
        /// A note.
        Note = "note",
        /// A task.
        Task = "task",
        /// A value of a record.
        Field = "field",
        /// A contact's notes, which could not be read.
        List = "list",
        /// A decision that was queued, and could not be carried out.
        Decision = "decision",
    }
}

impl From<Kind> for LetterKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Business => Self::Business,
            Kind::Contact => Self::Contact,
            Kind::Customer => Self::Customer,
            Kind::Note => Self::Note,
            Kind::Task => Self::Task,
        }
    }
}

records! {
    /// A record, a value of one, a list or a decision that is not in step; the run continued.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    sparse pub struct DeadLetter {
        /// What it is about.
        pub kind: LetterKind = always "kind";
        /// GHL's id of it; for a field `KIND/ID/FIELD`.
        pub id: String = always "id";
        /// The GHL contact that it belongs to.
        pub contact: Option<String> = "contact";
        /// Whether it failed or waits; `apart` where it is listed and settled, such as a text that was cut.
        pub standing: Standing = always "standing";
        /// Why, of a closed list.
        pub cause: Reason = always "cause";
        /// The code of an error.
        #[cfg_attr(feature = "reference", schemars(with = "crate::error::Code"))]
        pub code: String = always "code";
        /// What happened.
        pub reason: String = always "reason";
        /// What to do about it.
        pub hint: Option<String> = "hint";
        /// When, epoch milliseconds.
        pub at: u64 = always "at";
        /// Hash of what should have been written: the same content is not tried again and again.
        pub content: String = "content";
        /// Hash of what GHL showed: a change takes an acceptance back.
        pub shows: String = "shows";
        /// Whether the next run tries again without a change.
        pub retryable: bool = always "retryable";
        /// The group of equal refusals it belongs to: a full pass tries some of each.
        pub group: String = "group";
        /// For conflicts: the candidates' uuids.
        pub candidates: Vec<String> = "candidates";
    }
}

records! {
    /// A record that stands apart.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Apart {
        /// Why.
        pub cause: Reason = "cause";
        /// Its name, or the beginning of its text.
        pub title: String = "title";
        /// The GHL contact it belongs to.
        pub contact: Option<String> = "contact";
        /// Since when, epoch milliseconds.
        pub at: u64 = "at";
        /// Hash of its content at that time: an accepted record that changes is looked at again.
        pub content: String = "content";
        /// ChartMogul's record that it is about.
        pub chartmogul: Option<String> = "chartmogul";
    }
}

records! {
    /// A write that was begun, and what became of it is not recorded yet.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Intent {
        /// When it was sent last, epoch milliseconds: noted right before each sending.
        pub sent_at: u64 = "sentAt";
        /// The customer that it was sent to.
        pub customer: Option<String> = "customer";
        /// The owner of the lease that sent it.
        pub owner: String = "owner";
        /// Whether another owner has taken it over, and counts from then on.
        pub taken_over: bool = "takenOver";
        /// Whether it was answered: nothing is under way any more, but it may have written.
        pub answered: bool = "answered";
    }
}

impl Intent {
    /// One that is over: what it may have made is looked for.
    pub(in crate::sync) fn of_answer() -> Self {
        Self { answered: true, ..Self::default() }
    }
}

records! {
    /// A counterpart that a person chose.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Choice {
        /// The customer.
        pub customer: String = "customer";
        /// The contact under it, if the person named one.
        pub contact: Option<String> = "contact";
    }
}

records! {
    /// Equal refusals.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Refusal {
        /// The record after which the next full pass continues trying.
        pub tried: String = "tried";
        /// Whether one of the group has passed since: then all are tried again.
        pub freed: bool = "freed";
    }
}

records! {
    /// The values of one record that were cut, left out or refused; the rest of it was written.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct FieldLetters {
        /// The GHL contact it belongs to.
        pub contact: Option<String> = "contact";
        /// Since when, epoch milliseconds.
        pub at: u64 = "at";
        pub fields: Vec<FieldLetter> = "fields";
    }
}

records! {
    /// One such value.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct FieldLetter {
        /// The field.
        pub field: String = "field";
        /// What is wrong with it and what was done.
        pub reason: String = "reason";
        /// An error code.
        pub code: String = "code";
        /// Where ChartMogul refused it: the group of equal refusals.
        pub group: String = "group";
    }
}

impl FieldLetter {
    /// A refused value is not in step; one that was cut or left out is listed, and settled.
    pub(in crate::sync) const fn standing(&self) -> Standing {
        if self.group.is_empty() { Standing::Apart } else { Standing::Failed }
    }
}

/// How the records of a page stand, read at once.
#[derive(Debug, Default)]
pub(in crate::sync) struct Standings {
    letters: RefCell<Ordered<DeadLetter>>,
    apart: RefCell<Ordered<Apart>>,
    fields: RefCell<Ordered<FieldLetters>>,
    retries: RefCell<Ordered<bool>>,
}

impl Standings {
    pub(in crate::sync) fn letter(&self, row: &str) -> Option<DeadLetter> {
        self.letters.borrow().get(row).cloned()
    }

    pub(in crate::sync) fn apart(&self, row: &str) -> Option<Apart> {
        self.apart.borrow().get(row).cloned()
    }

    pub(in crate::sync) fn fields(&self, row: &str) -> Option<FieldLetters> {
        self.fields.borrow().get(row).cloned()
    }

    /// Whether this pass tries a refused record again.
    pub(in crate::sync) fn is_retried(&self, row: &str) -> bool {
        self.retries.borrow().contains_key(row)
    }

    /// Takes in how the records of the next page stand.
    pub(in crate::sync) fn replace(
        &self,
        letters: Ordered<DeadLetter>,
        apart: Ordered<Apart>,
        fields: Ordered<FieldLetters>,
        retries: Ordered<bool>,
    ) {
        self.letters.replace(letters);
        self.apart.replace(apart);
        self.fields.replace(fields);
        self.retries.replace(retries);
    }
}
