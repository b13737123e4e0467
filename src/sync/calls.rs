//! The calls that a change takes: what they cost, and whether their endpoints take them.

use std::borrow::Cow;

use super::engine::Engine;
use super::letters::at_fault;
use super::model::change::{Action, Change, Side};
use super::model::pair::{Kind, Matched, Role};
use super::work::Work;
use crate::error::{Code, Error, Service};
use crate::host::Host;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{self, Call, Context, Row, Write, member};
use crate::mapping::users::UserMap;
use crate::mapping::{Fields, Problem, select};
use crate::mutants::{self, Mutant};
use crate::record::Json;

/// A uuid in the place of one that is not known while planning.
const UNKNOWN: &str = "00000000-0000-0000-0000-000000000000";

/// The row of what a change's record is in ChartMogul.
pub(in crate::sync) fn row_of(change: &Change) -> &'static Row {
    match (change.kind, change.role) {
        (Kind::Customer, _) => &kinds::ATTRIBUTES,
        (Kind::Business | Kind::Contact, Role::Customer) => &kinds::CUSTOMER,
        (kind, _) => row_of_linked(kind),
    }
}

/// The row of what a kind's linked records are in ChartMogul, where they are not customers.
pub(in crate::sync) fn row_of_linked(kind: Kind) -> &'static Row {
    match kind {
        Kind::Note => &kinds::NOTE,
        Kind::Task => &kinds::TASK,
        Kind::Contact | Kind::Business | Kind::Customer => &kinds::MEMBER,
    }
}

impl<H: Host> Engine<'_, H> {
    /// The calls of a change at a customer, in order; the first of a create makes the record.
    pub(in crate::sync) fn calls_of(
        &self,
        work: &Work,
        users: &UserMap,
        change: &Change,
        customer: &str,
    ) -> Vec<Call> {
        if change.role == Role::Guest && change.kind != Kind::Customer
            || change.action == Action::Keep
            || change.brings()
        {
            return Vec::new();
        }
        if change.action == Action::Merge {
            return vec![kinds::customer::merge(&change.id, customer)];
        }
        let own = work.ready.schema.borrow().data_source.clone();
        let source = change.data_source.clone().or(own);
        let with = Context { settings: self.settings, rules: &work.ready.rules, users };
        let external = self.external_id(change.kind, &change.id);
        // A contact that moves to its new customer is not made there a second time.
        let moved = change.role == Role::Customer && change.uuid.is_some();
        let fields = if moved && change.action == Action::Create {
            Cow::Owned(select(&change.to, &|name, _| !name.starts_with(PRIMARY_CONTACT)))
        } else {
            Cow::Borrowed(&change.to)
        };
        let brought = change.matched == Some(Matched::Brought);
        let write = Write {
            ghl: if brought { "" } else { &change.id },
            contact: change.parent.as_deref().unwrap_or_default(),
            held: None,
            external: &external,
            uuid: change.uuid.as_deref().unwrap_or_default(),
            customer,
            source: source.as_deref(),
            fields: &fields,
            at_create: &change.at_create,
            base: &change.from,
            tags: (&change.tags.add, &change.tags.remove),
            now: self.host.now(),
            with,
        };
        let row = row_of(change);
        let makes = change.makes();
        let mut calls = Vec::new();
        let relocate = change.external.as_ref().zip(change.uuid.as_ref());
        if makes {
            calls.extend((row.create)(&write));
        }
        if let (Some((external, uuid)), false) = (relocate, change.kind.is_child()) {
            let mut relocate = member::relocate(uuid, external);
            // The contact of a customer that is made for it takes along what is new of it.
            if moved && makes {
                let agreed = |name: &String| change.from.contains_key(name);
                let person = change.to.iter().filter(|(name, _)| !agreed(name));
                let person = person.filter_map(|(name, value)| {
                    Some((name.strip_prefix(PRIMARY_CONTACT)?.to_owned(), value.clone()))
                });
                relocate.parameters.extend(person);
            }
            // From now on it is known by its id, as one that is made.
            if moved || change.matched == Some(Matched::Link) {
                relocate.parameters.insert("external_id".into(), change.id.clone().into());
            }
            calls.push(relocate);
        }
        if !makes {
            calls.extend((row.update)(&write));
        }
        calls
    }

    /// The calls that write to GHL what a change brings there, where it holds this record.
    pub(in crate::sync) fn calls_to_ghl(
        &self,
        work: &Work,
        users: &UserMap,
        change: &Change,
        held: Option<&Json>,
    ) -> Vec<Call> {
        let Some(half) = row_of(change).in_ghl.filter(|_| change.comes_back()) else {
            return Vec::new();
        };
        let none = Fields::new();
        let write = Write {
            ghl: &change.id,
            contact: change.parent.as_deref().unwrap_or_default(),
            external: "",
            uuid: change.uuid.as_deref().unwrap_or_default(),
            customer: "",
            source: None,
            fields: &change.back,
            at_create: &change.at_create,
            base: &none,
            held,
            tags: (&[], &[]),
            now: self.host.now(),
            with: Context { settings: self.settings, rules: &work.ready.rules, users },
        };
        if change.brings() { (half.create)(&write) } else { (half.update)(&write) }
    }

    /// The endpoints that carrying a change out calls.
    pub(in crate::sync) fn endpoints_of(
        &self,
        work: &Work,
        change: &Change,
    ) -> Vec<(Service, &'static str)> {
        let users = work.ready.users.borrow();
        let mut calls = self.calls_to_ghl(work, &users, change, None);
        calls.extend(self.calls_of(work, &users, change, UNKNOWN));
        let mut endpoints: Vec<(Service, &'static str)> =
            calls.iter().map(|call| (call.service, call.endpoint)).collect();
        // What GHL holds is looked at before it is written to.
        let looks = !change.only_ticks() && !change.brings();
        if let Some(half) = row_of(change).in_ghl.filter(|_| looks) {
            endpoints.push((Service::Ghl, half.get.0));
        }
        if let (Some(half), Action::Delete, Some(Side::Chartmogul)) =
            (row_of(change).in_ghl, change.action, change.gone_from)
        {
            endpoints.extend([half.get.0, half.remove].map(|name| (Service::Ghl, name)));
        }
        // What leaves a customer is looked at there, and taken away.
        let leaves = change.action == Action::Move
            || change.action == Action::Delete && change.gone_from == Some(Side::Ghl);
        if leaves && change.kind.is_child() {
            let row = row_of_linked(change.kind);
            let chartmogul = [row.retrieve.0, row.remove].map(|name| (Service::Chartmogul, name));
            endpoints.extend(chartmogul);
        }
        endpoints
    }

    /// Checks a change's bodies by the rules of their endpoints. A value that they do not take is left
    /// out and told; `Some` where the record cannot be written without it.
    pub(in crate::sync) fn check_body(&self, work: &Work, change: &mut Change) -> Option<Error> {
        if mutants::is_on(Mutant::PlansUnchecked) {
            return None;
        }
        let refused = |change: &Change| {
            let users = work.ready.users.borrow();
            let uuid = change.customer.clone().unwrap_or_else(|| format!("cus_{UNKNOWN}"));
            let mut checked = change.clone();
            if checked.uuid.is_none() && !checked.action.creates() {
                checked.uuid = Some(UNKNOWN.to_owned());
            }
            let mut calls = self.calls_of(work, &users, &checked, &uuid);
            // When a task is due is known when it is written.
            let day = checked.back.get("due_date").and_then(|day| day.as_str());
            if let Some(at) = day.map(crate::dates::midnight) {
                checked.at_create.insert("dueDate".to_owned(), at.into());
            }
            calls.extend(self.calls_to_ghl(work, &users, &checked, None));
            calls.into_iter().find_map(|call| {
                let mut parameters = call.parameters;
                // A source that the plan makes is not known yet.
                let makes = matches!(call.endpoint, "customers.create" | "contacts.create");
                if call.service == Service::Chartmogul
                    && makes
                    && !parameters.contains_key("data_source_uuid")
                {
                    parameters.insert("data_source_uuid".into(), format!("ds_{UNKNOWN}").into());
                }
                self.takes(call.service, call.endpoint, &parameters).err()
            })
        };
        let mut error = refused(change)?;
        // The fields at fault are those without which it passes, one after the other.
        for _ in 0..change.to.len() {
            let names: Vec<String> = change.to.keys().cloned().collect();
            let without = |name: &str| {
                let to = select(&change.to, &|field, _| field != name);
                Change { to, ..change.clone() }
            };
            let fault = names.iter().find(|name| {
                refused(&without(name)).is_none_or(|left| left.message != error.message)
            });
            let Some(fault) = fault.filter(|name| !is_required(change, name)) else { break };
            change.to = select(&change.to, &|field, _| field != *fault);
            change.base = select(&change.base, &|field, _| field != *fault);
            change.problems.push(Problem {
                field: fault.clone(),
                reason: format!("{}: left out", error.message),
            });
            match refused(change) {
                None => return None,
                Some(next) => error = next,
            }
        }
        // What comes from ChartMogul stops nothing that goes there.
        if change.kind == Kind::Contact && change.comes_back() && !change.brings() {
            let back = std::mem::take(&mut change.back);
            if refused(change).is_none() {
                // It differs still, and is listed by each full pass.
                change.there = select(&change.there, &|name, _| !back.contains_key(name));
                for field in back.keys() {
                    change.problems.push(Problem {
                        field: field.clone(),
                        reason: format!("{}: not written to GHL", error.message),
                    });
                }
                return None;
            }
            change.back = back;
        }
        error.code = Code::Unmappable;
        Some(error)
    }

    /// The fields of a change that a refusal is about, and without which it can be sent.
    pub(in crate::sync) fn refused_fields(&self, change: &Change, error: &Error) -> Vec<String> {
        let named = at_fault(error);
        let can_go = |name: &&String| !is_required(change, name);
        let of: Vec<String> = change
            .to
            .keys()
            .filter(|field| field.rsplit('.').next().is_some_and(|last| named.contains(&last)))
            .filter(can_go)
            .cloned()
            .collect();
        if !of.is_empty() {
            return of;
        }
        let custom =
            |field: &&String| field.starts_with("custom.") || field.starts_with("attribute.");
        change
            .to
            .keys()
            .filter(custom)
            .filter(|name| *name != "custom.ghl_contact_id")
            .cloned()
            .collect()
    }
}

/// Whether a record cannot be written without a field.
fn is_required(change: &Change, field: &str) -> bool {
    match change.kind {
        Kind::Note => field == "text",
        Kind::Task => true,
        Kind::Business | Kind::Contact | Kind::Customer => false,
    }
}

/// The fields without some of them.
pub(in crate::sync) fn without(fields: &Fields, names: &[String]) -> Fields {
    select(fields, &|name, _| !names.iter().any(|left_out| left_out == name))
}
