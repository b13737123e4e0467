//! A location's lasting state, what was discovered, and the run under way.

use crate::mapping::custom_fields::Definition;
use crate::mapping::settings::Anchor;
use crate::mapping::users::User;
use crate::named::Named;
use crate::{choices, records};

use super::plan::Plan;

records! {
    /// A location's lasting state. Instants are epoch milliseconds, 0 for never.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct State {
        /// Goes up whenever a plan is applied, or a person decides: a plan made before is stale.
        pub revision: u64 = "revision";
        /// Contacts changed up to here were read.
        pub watermark: u64 = "watermark";
        /// When the last pass that read everything began.
        pub full_pass_at: u64 = "fullPassAt";
        /// When a plan was last made.
        pub planned_at: u64 = "plannedAt";
        /// When a plan was last applied whole.
        pub applied_at: u64 = "appliedAt";
        /// The settings' fingerprint at that time.
        pub settings: String = internal "settings";
        /// The plan that was last applied whole.
        pub last_plan: String = "lastPlan";
        /// Pages that ChartMogul's customers and contacts took when they were last listed; 0 for never.
        pub list_pages: u64 = "listPages";
        /// Linked records of all kinds.
        pub linked: u64 = "linked";
        /// What the links were made with; null while there are none.
        pub anchor: Option<Anchor> = "anchor";
        /// The settings that decide who is who, of the plan that was shown last.
        pub shown: String = internal "shown";
        /// The ChartMogul account that the links belong to; empty texts while there are none.
        pub account: AccountMark = "account";
        /// Uuid of the data source that customers are created in, once it is known.
        pub data_source: Option<String> = "dataSource";
        /// A customer that is known to be in the account.
        pub known_customer: Option<String> = internal "knownCustomer";
        /// The newest note of ChartMogul that was seen, epoch milliseconds.
        pub newest_note: i64 = internal "newestNote";
        /// The newest task of ChartMogul that was seen, epoch milliseconds.
        pub newest_task: i64 = internal "newestTask";
        /// How marks, note texts and long tasks were written last.
        pub writing: String = internal "writing";
    }
}

records! {
    /// How a location is read: how far the turn of its notes has come, and what runs take.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    sparse pub(in crate::sync) struct Pace {
        /// Contacts whose notes are read in turn.
        pub swept: u64 = "swept";
        /// Up to when the turn has come as far as it should, epoch milliseconds.
        pub sweep_at: u64 = "sweepAt";
        /// GHL calls that the lists of the last full pass took.
        pub walk_calls: u64 = "walkCalls";
        /// Pages that all of the location's tasks took then.
        pub task_pages: u64 = "taskPages";
        /// GHL calls that the last run between full passes took, beside its share of the notes.
        pub usual_calls: u64 = "usualCalls";
        /// Milliseconds between the last two runs.
        pub interval_ms: u64 = "intervalMs";
        /// Records in ChartMogul's lists, by endpoint: those of the last full pass, and what was made
        /// since.
        pub listed: Named<u64> = "listed";
    }
}

records! {
    /// Who may change a location's state. It is alive while its beat continues: nobody compares clocks.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    whole pub(in crate::sync) struct Lease {
        /// Tells this owner from all others.
        pub owner: String = "owner";
        /// Who that is, for people; empty where the host does not say.
        pub name: String = "name";
        /// Since when, epoch milliseconds, for people.
        pub since: u64 = "since";
        /// Goes up with each renewal.
        pub beat: u64 = "beat";
    }
}

records! {
    /// What tells a ChartMogul account from others.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct AccountMark {
        /// Its id, where the service gives one.
        pub id: Option<String> = "id";
        /// Its name.
        pub name: String = "name";
        /// Its currency.
        pub currency: String = "currency";
        /// Its time zone.
        pub time_zone: String = "timeZone";
    }
}

records! {
    /// What was discovered; kept in the store.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub(in crate::sync) struct Schema {
        /// When, epoch milliseconds.
        pub at: u64 = "at";
        /// The settings it was discovered for.
        pub settings: String = "settings";
        /// The location's name.
        pub location_name: String = "locationName";
        /// Its IANA time zone.
        pub time_zone: Option<String> = "timeZone";
        /// Its country, alpha-2.
        pub country: Option<String> = "country";
        /// Its contact fields.
        pub definitions: Vec<Definition> = "definitions";
        /// Its users by id.
        pub users: Named<User> = "users";
        /// The data source that customers are created in, once it exists.
        pub data_source: Option<String> = "dataSource";
        /// All data sources of the account, where customers are made.
        pub sources: Vec<String> = "sources";
        /// The data source whose customers are preferred.
        pub preferred: Option<String> = "preferred";
        /// Data sources whose customers' contacts are created in GHL.
        pub brings_from: Vec<String> = "bringsFrom";
    }
}

choices! {
    /// The phases of a run, in order.
    pub(in crate::sync) enum Phase {
        /// GHL's contacts: those that changed, all, or the ones asked for.
        Contacts = "contacts",
        /// Contacts that are read again, as something of theirs failed.
        Again = "again",
        /// GHL's businesses.
        Businesses = "businesses",
        /// ChartMogul's customers.
        Customers = "customers",
        /// ChartMogul's contacts.
        CustomerContacts = "customerContacts",
        /// ChartMogul's notes, newest first.
        ChartmogulNotes = "chartmogulNotes",
        /// ChartMogul's tasks, newest first.
        ChartmogulTasks = "chartmogulTasks",
        /// Single customers, where looking them up takes fewer calls than lists.
        LookUps = "lookUps",
        /// Linked contacts and businesses that GHL did not list.
        Missing = "missing",
        /// Linked records that ChartMogul did not list.
        Voids = "voids",
        /// Refused records that this pass tries again.
        Retries = "retries",
        /// Businesses become changes.
        PairBusinesses = "pairBusinesses",
        /// Contacts become changes.
        PairContacts = "pairContacts",
        /// Contacts that are new in ChartMogul become changes.
        BringContacts = "bringContacts",
        /// What comes from ChartMogul: what GHL has of it, and who gets it.
        Incoming = "incoming",
        /// GHL's tasks: all of them, or the open ones.
        Tasks = "tasks",
        /// Tasks that were open and are not listed as such any more.
        Vanished = "vanished",
        /// All tasks of contacts that are new, have moved or are read again.
        TasksOf = "tasksOf",
        /// GHL's notes of contacts that changed.
        Notes = "notes",
        /// GHL's notes of the other contacts, in turn.
        Sweep = "sweep",
        /// Customers' notes that were not read yet.
        CustomerNotes = "customerNotes",
        /// Notes become changes.
        CompareNotes = "compareNotes",
        /// Tasks become changes.
        CompareTasks = "compareTasks",
        /// What is new in ChartMogul becomes changes.
        Bring = "bring",
        /// Linked notes and tasks that GHL did not list.
        Gone = "gone",
        /// Records of ours that ChartMogul has more than once are looked for.
        Doubles = "doubles",
        /// Customers' tags and attributes become changes.
        CompareCustomers = "compareCustomers",
        /// The plan is whole.
        Planned = "planned",
        /// The plan is being carried out.
        Applying = "applying",
    }
}

impl Phase {
    /// The phase after this one.
    pub(in crate::sync) fn next(self) -> Self {
        Self::ALL.iter().copied().find(|phase| *phase > self).unwrap_or(Self::Applying)
    }

    /// Whether it asks GHL, and has nothing to do without its answers.
    pub(in crate::sync) const fn asks_ghl(self) -> bool {
        matches!(
            self,
            Self::Contacts
                | Self::Again
                | Self::Businesses
                | Self::Missing
                | Self::Tasks
                | Self::Vanished
                | Self::TasksOf
        )
    }

    /// What a progress bar and a checkpoint say.
    pub(in crate::sync) const fn title(self) -> &'static str {
        match self {
            Self::Contacts | Self::Again => "reading contacts",
            Self::Businesses => "reading businesses",
            Self::Customers | Self::LookUps => "reading customers",
            Self::CustomerContacts => "reading customers' contacts",
            Self::ChartmogulNotes | Self::CustomerNotes => "reading ChartMogul's notes",
            Self::ChartmogulTasks => "reading ChartMogul's tasks",
            Self::Incoming | Self::Bring => "comparing what comes from ChartMogul",
            Self::Missing | Self::Voids | Self::Gone => "checking links",
            Self::Retries => "choosing what is tried again",
            Self::PairBusinesses => "comparing businesses",
            Self::PairContacts | Self::BringContacts => "comparing contacts",
            Self::Notes | Self::Sweep => "reading notes",
            Self::Tasks | Self::Vanished | Self::TasksOf => "reading tasks",
            Self::CompareNotes => "comparing notes",
            Self::CompareTasks => "comparing tasks",
            Self::Doubles => "looking for doubles",
            Self::CompareCustomers => "comparing customers",
            Self::Planned => "planned",
            Self::Applying => "applying",
        }
    }
}

records! {
    /// The run under way, committed after each page.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub(in crate::sync) struct Run {
        pub phase: Phase = "phase";
        /// Where the phase continues.
        pub cursor: Option<String> = "cursor";
        /// The plan being made.
        pub plan: Plan = "plan";
        /// The contacts that the run is about; none for all.
        pub only: Vec<String> = "only";
        /// Incremental: contacts changed from here on are read.
        pub changed_since: u64 = "changedSince";
        /// The newest change seen.
        pub newest: u64 = "newest";
        /// Contacts read that have no link yet.
        pub unlinked: u64 = "unlinked";
        /// Whether ChartMogul's customers and contacts are listed, and not looked up one by one.
        pub lists: bool = "lists";
        /// Pages of those lists read so far.
        pub list_pages: u64 = "listPages";
        /// Records read in ChartMogul's lists, by endpoint.
        pub listed: Named<u64> = "listed";
        /// The data source that customers of this location were found in.
        pub own_source: Option<String> = "ownSource";
        /// Contacts that GHL announced and did not list.
        pub missing: u64 = "missing";
        /// The newest and the oldest note and task of ChartMogul that were seen.
        pub newest_note: i64 = "newestNote";
        pub newest_task: i64 = "newestTask";
        pub oldest_note: i64 = "oldestNote";
        /// Links seen while they were checked.
        pub links: u64 = "links";
        /// Changes written so far; numbers their keys.
        pub sequence: u64 = "sequence";
        /// Records done and known in this phase, for the progress bar.
        pub done: u64 = "done";
        pub total: u64 = "total";
        /// Records that planning rejected.
        pub rejected: u64 = "rejected";
        /// Lists in a row that could not be read.
        pub failures: u32 = "failures";
        /// When it was last worked on, epoch milliseconds.
        pub active_at: u64 = "activeAt";
        /// Whether it was left for a while and taken up again: the store may be an older copy by now.
        pub resumed: bool = "resumed";
        /// Whether the notes of all contacts are wanted, changed or not.
        pub all_notes: bool = "allNotes";
        /// Contacts whose notes it may yet read in turn.
        pub share: u64 = "share";
        /// Contacts that had waited for the day's calls and were read.
        pub overdue: u64 = "overdue";
        /// The time that its share stands for, in milliseconds.
        pub share_ms: u64 = "shareMs";
        /// Whether it may be carried out in parts: notes are read while the rest is written.
        pub in_parts: bool = "inParts";
        /// The part that it is at.
        pub part: u64 = "part";
        /// Whether another part follows.
        pub more: bool = "more";
        /// Lists of notes among the calls of its reading.
        pub note_lists: u64 = "noteLists";
        /// Whether all of the location's tasks are listed, and not only the open ones.
        pub all_tasks: bool = "allTasks";
        /// Pages of the list of tasks read so far.
        pub task_pages: u64 = "taskPages";
        /// Tasks that GHL announced and did not list.
        pub missing_tasks: u64 = "missingTasks";
    }
}
