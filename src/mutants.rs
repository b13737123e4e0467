//! Old faults, brought back on demand: a simulation that does not notice them guards nothing.
//!
//! Outside of the feature `sandbox` no fault can be switched on, and every question about one is
//! answered "no" by the compiler.

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A fault of an earlier version.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

mutants! {
    /// Of several contacts the one that comes first takes a ChartMogul contact, whoever it belongs to.
    OrderDecides,
    /// A shared telephone or secondary e-mail address takes another person's contact.
    WeakMatchTakesRecord,
    /// A first link replaces the values of a record that somebody else made.
    FirstLinkOverwrites,
    /// A customer of another source is not looked for before one is made.
    TwinsOfBilling,
    /// The own data source is known by its name only.
    NameIsIdentity,
    /// A link is believed without looking whether its record is still there.
    LinkOutlivesRecord,
    /// A marker counts only at the very end of a text.
    MarkerOnlyAtTheEnd,
    /// A record that is listed twice is taken twice.
    OneIdTwice,
    /// A contact whose business changes stays where it is.
    ParentsStay,
    /// Tags of a customer are those of the contact that was written last.
    LastWriterWins,
    /// Where both sides have changed a value, ChartMogul's wins unasked.
    LastSideWins,
    /// A choice for a conflict counts whatever the values have become.
    ChoiceNeverDies,
    /// What may have been made in GHL is not looked for.
    BroughtBlindly,
    /// A list of GHL that shows what we wrote over is believed.
    IndexIsTrusted,
    /// GHL is written to without looking at what a person has written since.
    WritesOverPeople,
    /// An empty value clears the other side's.
    EmptyClears,
    /// What GHL does not list counts as deleted, without asking for it.
    AbsenceIsDeletion,
    /// A record that a person has changed is deleted with its other half.
    EditLosesToDelete,
    /// The owner of a field decides nothing.
    OwnerIsIgnored,
    /// DND that was set is lifted with GHL's.
    ConsentIsLifted,
    /// Of a field it is known what GHL showed, and not what ChartMogul did.
    SingleMark,
    /// A customer of ours is merged into another source's without being asked to.
    TwinsMergedUnasked,
    /// A contact is created in GHL without looking whether it was made before.
    PersonBlindly,
    /// What was refused once is never tried again.
    RefusedForEver,
    /// One refused record ends the run.
    OneRefusalEndsAll,
    /// A page of a proxy counts as the service's own refusal.
    ProxyIsTheService,
    /// One refused attribute sinks its whole record.
    OneFieldSinksRecord,
    /// A list that cannot be read counts as empty.
    UnreadIsEmpty,
    /// Planned bodies are not checked by the rules of their endpoints.
    PlansUnchecked,
    /// A setting that decides who is who does not bring back the first run's guard.
    GuardSleeps,
    /// A date ahead of time becomes the watermark, and a plan ages only until it is begun.
    TimeIsTrusted,
    /// An older state of a contact, as an index that lags shows it, is written over a newer one.
    OldStateWins,
    /// What was begun is sent again at once, without waiting for the time in which it may arrive.
    SentAgainAtOnce,
    /// Commits do not depend on the lease.
    LeaseIsNotAsked,
    /// A service that is unavailable for seconds ends a run.
    ShortOfBreath,
    /// What a record arrived as a second time is never noticed.
    DoublesUnseen,
    /// A text that ChartMogul shows in another form than it was given counts as a person's.
    AnswerNotTakenIn,
}

#[cfg(feature = "sandbox")]
mod switch {
    use std::cell::Cell;

    use super::Mutant;

    std::thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Whether this thread runs with the fault.
    pub fn is_on(mutant: Mutant) -> bool {
        ON.with(Cell::get) == Some(mutant)
    }

    /// Runs this thread with one fault, or with none.
    pub fn set(mutant: Option<Mutant>) {
        ON.with(|on| on.set(mutant));
    }
}

#[cfg(feature = "sandbox")]
pub use switch::{is_on, set};

/// Whether this thread runs with the fault: never, outside of tests.
#[cfg(not(feature = "sandbox"))]
pub const fn is_on(_: Mutant) -> bool {
    false
}
