//! The sync engine: discover, read, pair, compare, plan, apply, record.
//!
//! A run is a row of phases; each phase is a loop over pages with a checkpoint after each page, so
//! that it can stop anywhere and continue later. `read` fills the store with what both sides hold,
//! `decide` says what follows from it, `write` carries out the plan and nothing else. What a run has
//! read is kept in the store and not in memory.
//!
//! Writes without duplicates: a create is an intent committed first, then the call, then the pair. A
//! create whose outcome is unknown is looked for on the other side when its time is over, and sent again
//! at the earliest after twice that time. One owner at a time holds the lease of a location.

mod both_ways;
mod budget;
mod calls;
mod check;
mod check_records;
mod compare;
mod conflicts;
mod cost;
mod decide;
mod doubles;
mod engine;
mod forget;
mod gone;
mod history;
mod lease;
mod letters;
mod mailbox;
mod model;
mod passes;
mod people;
mod preview;
mod read;
mod report;
#[cfg(feature = "reference")]
pub mod rules;
mod run;
mod share;
mod spent;
mod state;
mod verbs;
mod work;
mod write;

pub use budget::{RunOptions, Stop};
pub use check::{Check, CheckOptions};
pub use check_records::{Finding, FindingCause, FindingCounts, RecordsCheck};
pub use conflicts::{ConflictRule, Settlement};
pub use cost::{Cost, Counts, Reading};
pub use engine::Engine;
pub use forget::{ForgetOptions, Forgotten, Remaining};
pub use model::audit::AuditRecord;
pub use model::change::{Action, Change, ChangeView, Direction, FieldChange, TagChange};
pub use model::conflict::{Conflict, Winner};
pub use model::history::{RunError, RunRecord, RunStop, Scope};
pub use model::pair::{Kind, Matched, Member, Role};
pub use model::plan::{Calls, CallsByKind, CountByKind, Pass, Plan, PlanView, QuotaView, Totals};
pub use model::standing::{DeadLetter, LetterKind, Reason, Standing, StandingCounts};
pub use model::state::{AccountMark, State};
pub use preview::preview;
pub use read::again::{RefreshOptions, Refreshed};
pub use read::sweep::NotesStatus;
pub use report::{Holder, ReasonCount, Report, Status, Unfinished};
pub use run::Outcome;
pub use spent::{Today, note_calls};
pub use verbs::{RecordStanding, Why};
