//! What a run works with, beside the engine: what was discovered, the state it began from, its tables.

use std::cell::{Cell, RefCell};

use super::model::ahead::Ahead;
use super::model::standing::Standings;
use super::model::state::{Pace, Schema, State};
use super::state::tables::RunTables;
use crate::mapping::contacts::Context;
use crate::mapping::custom_fields::Rule;
use crate::mapping::settings::{AttributeObject, DecimalMark, Settings};
use crate::mapping::users::UserMap;

/// What a run works with: what was discovered, the state it began from, its tables.
#[derive(Debug)]
pub(in crate::sync) struct Work {
    pub(in crate::sync) ready: Ready,
    pub(in crate::sync) state: State,
    pub(in crate::sync) pace: Pace,
    pub(in crate::sync) tables: RunTables,
    pub(in crate::sync) standings: Standings,
    pub(in crate::sync) day: Day,
    /// Notes that are read while the plan is carried out.
    pub(in crate::sync) ahead: Option<Ahead>,
}

impl Work {
    /// Whether it is carried out by now, and notes are read beside.
    pub(in crate::sync) fn reads_ahead(&self) -> bool {
        self.ahead.as_ref().is_some_and(Ahead::is_beside)
    }
}

/// The day of GHL's quota in which a run began.
#[derive(Debug)]
pub(in crate::sync) struct Day {
    /// Calls to GHL of others that use this store.
    pub(in crate::sync) others_spent: u64,
    pub(in crate::sync) ends: u64,
    /// Of what was left for contacts that changed, the part for those that wait longer.
    pub(in crate::sync) reserve: Cell<Option<u64>>,
}

/// All that mapping needs.
#[derive(Debug)]
pub(in crate::sync) struct Ready {
    pub(in crate::sync) schema: RefCell<Schema>,
    pub(in crate::sync) rules: Vec<Rule>,
    pub(in crate::sync) users: RefCell<UserMap>,
    pub(in crate::sync) zone: Option<String>,
    pub(in crate::sync) country: Option<String>,
    pub(in crate::sync) decimal_mark: Option<DecimalMark>,
    pub(in crate::sync) warnings: Vec<String>,
}

impl Ready {
    /// What contacts are mapped with.
    pub(in crate::sync) fn context<'a>(
        &'a self,
        settings: &'a Settings,
        users: &'a UserMap,
    ) -> Context<'a> {
        Context {
            settings,
            rules: &self.rules,
            users,
            country: self.country.as_deref(),
            decimal_mark: self.decimal_mark,
        }
    }

    /// Whether anything is written to customers' attributes or tags.
    pub(in crate::sync) fn writes_attributes(&self, settings: &Settings) -> bool {
        !settings.tags.prefixes.is_empty()
            || self.rules.iter().any(|rule| rule.object == AttributeObject::Customer)
    }

    /// Whether it is kept which contacts a customer has: for what they share, and for what comes to them.
    pub(in crate::sync) fn keeps_members(&self, settings: &Settings) -> bool {
        self.writes_attributes(settings) || settings.comes_back()
    }
}
