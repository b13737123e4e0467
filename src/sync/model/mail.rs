//! What people decide about records, as it waits for the lease's owner.

use super::conflict::Winner;
use super::standing::{Choice, DeadLetter};
use crate::error::Error;
use crate::ordered::Ordered;
use crate::{choices, records};

/// The keys of the decisions that an engine has put itself, each with why it could not be carried out.
pub(in crate::sync) type Posted = Ordered<Option<Error>>;

choices! {
    /// What a person decides about a record.
    pub(in crate::sync) enum Verb {
        /// It has this counterpart.
        Link = "link",
        /// It has none.
        Unlink = "unlink",
        /// It stays as it is.
        Accept = "accept",
        /// The next run tries it again.
        Retry = "retry",
        /// A conflict is settled with one side's value.
        Resolve = "resolve",
    }
}

records! {
    /// A decision that waits to be carried out.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(in crate::sync) struct Mail {
        /// What was decided.
        pub verb: Verb = "verb";
        /// The record's id, as the person gave it.
        pub id: String = "id";
        /// For `link`: the counterpart, which was there when it was chosen.
        pub choice: Option<Choice> = "choice";
        /// For `resolve`: whose value it is settled with.
        pub winner: Option<Winner> = "winner";
        /// For `resolve`: the values as the person saw them. For `accept`: why the record was not in step when the person looked, by [`seen`].
        pub seen: String = "seen";
    }
}

/// What a person sees of a record that is not in step: one whose status has changed since was not accepted.
pub(in crate::sync) fn seen(letter: &DeadLetter) -> String {
    format!("{}/{}", letter.cause.name(), letter.shows)
}
