//! The tables of a location: each key and the type of its rows, declared once.
//!
//! All keys begin with `v1/LOCATION/`. Values are compact JSON. Nothing here is a secret; names and
//! texts are kept only where the next comparison needs them. What a run reads and plans is under
//! `run/ID/`, one prefix a run: ending a run clears one prefix, and a dead run's rows are never taken
//! for another's. Which alerts were sent is under `alerts`: the facade puts and reads it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::super::model::change::Change;
use super::super::model::conflict::Conflict;
use super::super::model::history::RunRecord;
use super::super::model::mail::Mail;
use super::super::model::pair::{Kind, Member, Pair, Shared};
use super::super::model::staged::{
    Candidate, Content, Home, Known, Reading, SeenChild, SeenContact, SeenCustomer, StagedBusiness,
    StagedContact, StagedNote, StagedTask, Void, Waiting,
};
use super::super::model::standing::{Apart, Choice, DeadLetter, FieldLetters, Intent, Refusal};
use super::super::model::state::{Lease, Pace, Run, Schema, State};
use crate::http::Quota;
use crate::named::Named;

/// Numbers by name, in a row that belongs to one process.
pub(in crate::sync) type Counts = Named<u64>;

/// Rows of one type under one prefix.
pub(in crate::sync) struct Table<T> {
    prefix: Cow<'static, str>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { prefix: self.prefix.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.prefix)
    }
}

impl<T> Table<T> {
    /// A lasting table.
    const fn lasting(prefix: &'static str) -> Self {
        Self { prefix: Cow::Borrowed(prefix), of: PhantomData }
    }

    /// A table of one run.
    fn of_run(run: &str, name: &str) -> Self {
        Self { prefix: Cow::Owned(format!("run/{run}/{name}/")), of: PhantomData }
    }

    /// The key of a row, without the location's prefix.
    pub(in crate::sync) fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }
}

/// The id of a row by kind and id.
pub(in crate::sync) fn of(kind: Kind, id: &str) -> String {
    format!("{}/{id}", kind.name())
}

/// The same for several ids.
pub(in crate::sync) fn of_kind(kind: Kind, ids: &[impl AsRef<str>]) -> Vec<String> {
    ids.iter().map(|id| of(kind, id.as_ref())).collect()
}

/// [`State`], under one key.
pub(in crate::sync) static STATE: Table<State> = Table::lasting("state");
/// What was discovered of the location and the account, under one key.
pub(in crate::sync) static SCHEMA: Table<Schema> = Table::lasting("schema");
/// Who may change the state, under one key. Every commit depends on it.
pub(in crate::sync) static LEASE: Table<Lease> = Table::lasting("lease");
/// `TIME-OWNER-NUMBER`: decisions that wait for the lease's owner, oldest first. Anybody puts them,
/// without the lease; only its owner takes them.
pub(in crate::sync) static MAIL: Table<Mail> = Table::lasting("mail/");
/// `GHL ID`: contacts that somebody says have changed. Anybody puts them, without the lease; only its owner
/// takes them.
pub(in crate::sync) static REFRESH: Table<bool> = Table::lasting("refresh/");
/// `EVENT`: events of a service that were taken lately, and when. Anybody puts them, without the lease.
pub(in crate::sync) static EVENTS: Table<u64> = Table::lasting("event/");
/// GHL's quota as a run saw it last, under one key.
pub(in crate::sync) static QUOTA: Table<Quota> = Table::lasting("quota");
/// How the location is read, under one key.
pub(in crate::sync) static PACE: Table<Pace> = Table::lasting("pace");
/// `PROCESS`: the day's calls to GHL of those that do not hold the lease, or did not end well. `all`: the
/// others. Each is put by its process, without the lease; only the lease's owner puts `all`.
pub(in crate::sync) static SPENT: Table<Counts> = Table::lasting("spent/");
/// The run under way, under one key.
pub(in crate::sync) static RUN: Table<Run> = Table::lasting("current");
/// `NUMBER`: the last runs, oldest first.
pub(in crate::sync) static RUNS: Table<RunRecord> = Table::lasting("runs/");
/// The last run that finished with nothing failing, under one key.
pub(in crate::sync) static LAST_GOOD: Table<RunRecord> = Table::lasting("good");
/// `KIND/GHL ID`: a GHL record and its counterpart.
pub(in crate::sync) static PAIRS: Table<Pair> = Table::lasting("pair/");
/// `KIND/UUID`: the GHL id that a ChartMogul record is paired with.
pub(in crate::sync) static OWNERS: Table<String> = Table::lasting("back/");
/// `CUSTOMER/GHL ID`: what each contact brings to its customer's tags and attributes.
pub(in crate::sync) static MEMBERS: Table<Member> = Table::lasting("member/");
/// `CUSTOMER`: what we wrote to a customer's tags and attributes.
pub(in crate::sync) static SHARED: Table<Shared> = Table::lasting("shared/");
/// `GHL ID`: when a contact changed last, and by what it is found.
pub(in crate::sync) static KNOWN: Table<Known> = Table::lasting("known/");
/// `WHAT/HASH`: the GHL contacts that have an e-mail address, a telephone number or a name.
pub(in crate::sync) static HOLDERS: Table<Vec<Candidate>> = Table::lasting("key/");
/// `KIND/ID`: a write that was begun: a create is looked for before it is ever sent again.
pub(in crate::sync) static INTENTS: Table<Intent> = Table::lasting("intent/");
/// `KIND/ID`: what is not in step, and fails or waits. `list/notes-ID`: a contact's notes that could not
/// be read. `decision/ID`: a decision that was queued and could not be carried out.
pub(in crate::sync) static LETTERS: Table<DeadLetter> = Table::lasting("letter/");
/// `KIND/ID`: values of a record that were cut, left out or refused.
pub(in crate::sync) static FIELDS: Table<FieldLetters> = Table::lasting("field/");
/// `KIND/ID`: what stands apart, counted and listed.
pub(in crate::sync) static APART: Table<Apart> = Table::lasting("apart/");
/// `CUSTOMER`: customers that were found deleted, and not merged into others, by a pass that is not
/// carried out to its end yet.
pub(in crate::sync) static DELETED: Table<bool> = Table::lasting("deleted/");
/// `GHL ID`: a counterpart that a person chose.
pub(in crate::sync) static CHOICES: Table<Choice> = Table::lasting("choice/");
/// `ENDPOINT/CODE/PARAMETER`: refusals that stand, in groups.
pub(in crate::sync) static REFUSALS: Table<Refusal> = Table::lasting("refusal/");
/// `E-MAIL`: a ChartMogul user that does not exist, and since when.
pub(in crate::sync) static REFUSED_USERS: Table<u64> = Table::lasting("refused/");
/// `GHL ID`: a contact to be read again, and the run that says so.
pub(in crate::sync) static AGAIN: Table<String> = Table::lasting("again/");
/// `GHL ID`: when a contact's notes were read last. Only what a plan that was carried out has read counts.
pub(in crate::sync) static READINGS: Table<Reading> = Table::lasting("reading/");
/// `TIME-GHL ID`: the same in order, oldest reading first.
pub(in crate::sync) static TURNS: Table<bool> = Table::lasting("turn/");
/// `KIND/UUID`: notes and tasks of ChartMogul that GHL is yet to get, whole or as they are now.
pub(in crate::sync) static INCOMING: Table<bool> = Table::lasting("incoming/");
/// `ID`: values that differ on both sides: those that wait for a person, and those that lost lately.
pub(in crate::sync) static CONFLICTS: Table<Conflict> = Table::lasting("conflict/");
/// `TASK`: the contact of a task that was open when it was listed last.
pub(in crate::sync) static OPEN_TASKS: Table<String> = Table::lasting("open/");

/// The prefix of the rows of the processes that use a ChartMogul account, whatever their locations: a
/// location's id has no colon.
pub(in crate::sync) fn processes(account: &str) -> String {
    format!("v1/account:{account}/process/")
}

/// The prefix of what full passes of a ChartMogul account cost, by location.
pub(in crate::sync) fn walks(account: &str) -> String {
    format!("v1/account:{account}/walk/")
}

/// The row of a decision among [`LETTERS`], by the id of its record.
pub(in crate::sync) fn of_decision(id: &str) -> String {
    format!("decision/{id}")
}

/// The row of a contact's notes that could not be read, among [`LETTERS`].
pub(in crate::sync) fn of_list(contact: &str) -> String {
    format!("list/notes-{contact}")
}

/// The tables of one run.
#[derive(Debug)]
pub(in crate::sync) struct RunTables {
    /// All rows of the run.
    pub(in crate::sync) all: Table<()>,
    /// `GHL ID`: contacts read.
    pub(in crate::sync) contacts: Table<StagedContact>,
    /// `GHL ID`: businesses read.
    pub(in crate::sync) businesses: Table<StagedBusiness>,
    /// `GHL ID`: notes read.
    pub(in crate::sync) notes: Table<StagedNote>,
    /// `GHL ID`: tasks read.
    pub(in crate::sync) tasks: Table<StagedTask>,
    /// `UUID`: ChartMogul's customers.
    pub(in crate::sync) customers: Table<SeenCustomer>,
    /// `UUID`: ChartMogul's contacts.
    pub(in crate::sync) customer_contacts: Table<SeenContact>,
    /// `KIND/UUID`: ChartMogul's notes and tasks.
    pub(in crate::sync) children: Table<SeenChild>,
    /// `WHAT/VALUE`: the ChartMogul records that carry a value.
    pub(in crate::sync) index: Table<Vec<Candidate>>,
    /// `KIND/CUSTOMER/HASH`: unmarked notes and tasks of one content, on both sides.
    pub(in crate::sync) contents: Table<Content>,
    /// `KIND/GHL ID`: where a contact or business is in ChartMogul.
    pub(in crate::sync) homes: Table<Home>,
    /// `KIND/GHL ID`: pairs whose counterpart is gone.
    pub(in crate::sync) voids: Table<Void>,
    /// `CUSTOMER/GHL ID`: as [`MEMBERS`], of the contacts read.
    pub(in crate::sync) members: Table<Member>,
    /// `CUSTOMER/GHL ID`: contacts that have left a customer.
    pub(in crate::sync) left: Table<bool>,
    /// `KIND/GHL ID`: refused records that this pass tries again.
    pub(in crate::sync) retries: Table<bool>,
    /// `GHL ID`: contacts whose notes are read at once, and when each had changed last.
    pub(in crate::sync) wanted: Table<i64>,
    /// `GHL ID`: notes that an earlier part of the run has counted.
    pub(in crate::sync) counted: Table<bool>,
    /// `GHL ID`: lists of notes that were read while the plan is carried out.
    pub(in crate::sync) ahead: Table<Waiting>,
    /// `GHL ID`: contacts whose notes were read.
    pub(in crate::sync) readings: Table<Reading>,
    /// `GHL ID`: contacts of which all tasks are listed.
    pub(in crate::sync) tasks_of: Table<bool>,
    /// `TASK`: the contact of a task that is not listed as open any more.
    pub(in crate::sync) vanished: Table<String>,
    /// `TASK`: tasks that were open, and are done or gone.
    pub(in crate::sync) closed: Table<bool>,
    /// `CUSTOMER`: customers whose notes were listed.
    pub(in crate::sync) listed: Table<bool>,
    /// `KIND/UUID`: notes and tasks of ChartMogul that are new to GHL, and the contact that gets each.
    pub(in crate::sync) incoming: Table<String>,
    /// `KIND/GHL ID`: records whose counterpart has changed in ChartMogul.
    pub(in crate::sync) moved: Table<bool>,
    /// `KIND/GHL ID`: notes and tasks that GHL lists, where those that it does not list are looked for.
    pub(in crate::sync) here: Table<bool>,
    /// `UUID`: contacts of ChartMogul that this plan links.
    pub(in crate::sync) taken: Table<bool>,
    /// `ORDER-NUMBER`: the changes of the plan, in the order they are applied.
    pub(in crate::sync) plan: Table<Change>,
}

impl RunTables {
    /// All rows of all runs.
    pub(in crate::sync) const fn of_all() -> Table<()> {
        Table::lasting("run/")
    }

    /// The tables of a run.
    pub(in crate::sync) fn new(run: &str) -> Self {
        Self {
            all: Table { prefix: Cow::Owned(format!("run/{run}/")), of: PhantomData },
            contacts: Table::of_run(run, "contact"),
            businesses: Table::of_run(run, "business"),
            notes: Table::of_run(run, "note"),
            tasks: Table::of_run(run, "task"),
            customers: Table::of_run(run, "customer"),
            customer_contacts: Table::of_run(run, "customerContact"),
            children: Table::of_run(run, "child"),
            index: Table::of_run(run, "index"),
            contents: Table::of_run(run, "content"),
            homes: Table::of_run(run, "home"),
            voids: Table::of_run(run, "void"),
            members: Table::of_run(run, "member"),
            left: Table::of_run(run, "left"),
            retries: Table::of_run(run, "retry"),
            wanted: Table::of_run(run, "wanted"),
            counted: Table::of_run(run, "counted"),
            ahead: Table::of_run(run, "ahead"),
            readings: Table::of_run(run, "reading"),
            tasks_of: Table::of_run(run, "tasksOf"),
            vanished: Table::of_run(run, "vanished"),
            closed: Table::of_run(run, "closed"),
            listed: Table::of_run(run, "listed"),
            incoming: Table::of_run(run, "incoming"),
            moved: Table::of_run(run, "moved"),
            here: Table::of_run(run, "here"),
            taken: Table::of_run(run, "taken"),
            plan: Table::of_run(run, "plan"),
        }
    }
}
