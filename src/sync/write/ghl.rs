//! Writing to GHL: what comes from ChartMogul, once, and over nothing that a person has written since.

use std::cell::Cell;

use serde_json::Value;

use super::super::calls::row_of;
use super::super::decide::merge::words_of;
use super::super::engine::{Engine, one, only};
use super::super::model::change::Change;
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::standing::Intent;
use super::super::state::tables::{PAIRS, of};
use super::super::work::Work;
use super::find::Written;
use super::progress::{Progress, YOUNG_MS};
use super::send::{is_refusal, outcome_is_open};
use crate::dates;
use crate::error::{Code, Error, Result, Service};
use crate::ghl::records::{Contact, Note, Task};
use crate::host::Host;
use crate::mapping::kinds::{self, InGhl, contact};
use crate::mapping::{Fields, contacts, notes, select, tasks};
use crate::mutants::{self, Mutant};
use crate::record::Json;

/// A record of GHL as its answer shows it.
pub(in crate::sync) struct Held {
    id: String,
    origin: Option<String>,
    pub(in crate::sync) fields: Fields,
    /// Minutes after midnight at which it is due.
    due: Option<i64>,
    /// Of a contact: fields that hold more than could be read.
    unread: Vec<String>,
}

impl<H: Host> Engine<'_, H> {
    /// Writes what a change brings to GHL; `None` where it has to wait, and stays in the plan.
    pub(in crate::sync) async fn write_to_ghl(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: Option<&Intent>,
    ) -> Result<Option<Written>> {
        let Some(half) = row_of(change).in_ghl else { return Ok(Some(Written::default())) };
        if change.brings() {
            self.create_in_ghl(progress, change, half, begun).await
        } else {
            self.update_in_ghl(progress, change, half, begun).await
        }
    }

    /// Creates a record once: one that was begun is looked for first, and sent again at the earliest
    /// after twice the time for its answer.
    async fn create_in_ghl(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        half: InGhl,
        begun: Option<&Intent>,
    ) -> Result<Option<Written>> {
        if let Some(intent) = begun.filter(|_| !mutants::is_on(Mutant::BroughtBlindly)) {
            if let Some(found) = self.find_in_ghl(progress.work, change, half).await? {
                self.note_found_in_ghl(progress.work, change);
                return Ok(Some(found));
            }
            if self.may_arrive(progress, change, intent) {
                return Ok(None);
            }
        }
        let sent_at = Cell::new(0);
        let users = progress.work.ready.users.borrow().clone();
        let timed = self.timed(progress.work, change, None);
        let mut answer = None;
        for call in self.calls_to_ghl(progress.work, &users, &timed, None) {
            let sent = self.send_call(change, change.customer.as_deref(), call, &sent_at).await;
            match sent {
                Ok(made) => answer = Some(made),
                Err(error) if outcome_is_open(&error) => {
                    self.await_outcome(progress, change, &sent_at, error)?;
                    return Ok(None);
                }
                // It was answered, and may have been done all the same.
                Err(error) if matches!(error.code, Code::RateLimited | Code::Duplicate) => {
                    let found = self.find_in_ghl(progress.work, change, half).await?;
                    if found.is_some() {
                        self.note_found_in_ghl(progress.work, change);
                    }
                    return found.map(Some).ok_or(error);
                }
                Err(error) => return Err(error),
            }
        }
        let held =
            answer.and_then(|answer| self.held(progress.work, change.kind, change.role, &answer));
        match held.filter(|held| !held.id.is_empty()) {
            Some(held) => {
                // What a contact has of GHL alone goes to ChartMogul.
                let given = |name: &str, _: &Value| {
                    change.kind.is_child() || change.back.contains_key(name)
                };
                let shows = select(&held.fields, &given);
                Ok(Some(Written { id: held.id, shows, ..Written::default() }))
            }
            None => {
                let error = Error::new(Code::OutcomeUnknown, "GoHighLevel's answer names no id");
                let error = error.of(Service::Ghl).at(half.list);
                self.await_outcome(progress, change, &sent_at, error)?;
                Ok(None)
            }
        }
    }

    /// Looks among a contact's records for one that a change has made: by its marker, else by what it says.
    async fn find_in_ghl(
        &self,
        work: &Work,
        change: &Change,
        half: InGhl,
    ) -> Result<Option<Written>> {
        if change.kind == Kind::Contact {
            return self.find_person(work, change).await;
        }
        let contact = change.parent.as_deref().unwrap_or_default();
        let words = words_of(change.kind);
        let said = |fields: &Fields| fields.get(words).and_then(Value::as_str).map(notes::whole);
        for item in self.ghl_list(half.list, one("contactId", contact)).await? {
            let Some(held) = self.held(work, change.kind, change.role, &item) else { continue };
            let same = match &held.origin {
                Some(origin) => Some(origin) == change.uuid.as_ref(),
                None => said(&held.fields) == said(&change.back),
            };
            if !same {
                continue;
            }
            let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(change.kind, &held.id)).await?;
            if pair.is_none_or(|pair| pair.chartmogul == change.uuid) {
                return Ok(Some(Written { id: held.id, shows: held.fields, ..Written::default() }));
            }
        }
        Ok(None)
    }

    /// Looks in GHL for a contact with the e-mail address, or the phone, of one that is created. What its
    /// record says otherwise may be a person's.
    async fn find_person(&self, work: &Work, change: &Change) -> Result<Option<Written>> {
        for (field, parameter) in [("email", "email"), ("phone", "number")] {
            let value = change.back.get(field).filter(|_| !mutants::is_on(Mutant::PersonBlindly));
            let Some(value) = value else { continue };
            let endpoint = "contacts.searchDuplicate";
            let answer = self.ghl_value(endpoint, only(parameter, value.clone()).into()).await?;
            let Some(held) = self.held(work, Kind::Contact, change.role, &answer) else { continue };
            let same = |name: &str, value: &Value| {
                let given = change.back.get(name);
                given.is_some_and(|given| kinds::same_value(name, given, value, self.settings))
            };
            if held.id.is_empty() || held.fields.get(field).is_none_or(|held| !same(field, held)) {
                continue;
            }
            let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(Kind::Contact, &held.id)).await?;
            if pair.is_some_and(|pair| pair.chartmogul.is_some() && pair.chartmogul != change.uuid)
            {
                continue;
            }
            let shows = select(&held.fields, &same);
            return Ok(Some(Written { id: held.id, shows, ..Written::default() }));
        }
        Ok(None)
    }

    /// Writes changed fields, having looked at what GHL holds: a value that a person has written since
    /// the plan was made is left alone.
    async fn update_in_ghl(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        half: InGhl,
        begun: Option<&Intent>,
    ) -> Result<Option<Written>> {
        let work = progress.work;
        let id = change.id.clone();
        let age = self.host.now().saturating_sub(progress.made_at);
        let mut written = Written { id, shows: change.back.clone(), ..Written::default() };
        let mut rest = change.clone();
        let mut current = None;
        if begun.is_some() || !change.only_ticks() || age >= YOUNG_MS {
            let endpoint = half.get.0;
            let contact = change.contact().unwrap_or_default();
            let answer = self.ghl_child(half, contact, &change.id).await?;
            let held = self.held(work, change.kind, change.role, &answer);
            let Some(held) = held else {
                let error =
                    Error::new(Code::UnreadableResponse, "GoHighLevel's record cannot be read");
                return Err(error.of(Service::Ghl).at(endpoint));
            };
            let marks = kinds::marks(&held.fields);
            let wanted = kinds::marks(&change.back);
            // A box that is not ticked is shown as null, and agreed on as false or not at all.
            let ticked = |value: Option<&Value>| {
                value.is_some_and(|value| *value != Value::Bool(false) && !value.is_null())
            };
            let same = |one: Option<&Value>, other: Option<&Value>| {
                one == other || !ticked(one) && !ticked(other)
            };
            let there = |name: &str| same(marks.get(name), wanted.get(name));
            // What the plan saw of it is the base of the next comparison; of what cannot be read nobody knows.
            let unread = |name: &str| held.unread.iter().any(|field| field == name);
            let moved = |name: &str| {
                unread(name) || !same(marks.get(name), change.base.get(name)) && !there(name)
            };
            if change.back.keys().any(|name| moved(name))
                && !mutants::is_on(Mutant::WritesOverPeople)
            {
                return Ok(Some(Written { has_moved: true, ..written }));
            }
            rest = self.timed(work, change, held.due);
            rest.back = select(&change.back, &|name, _| !there(name));
            current = Some(answer);
        }
        if rest.back.is_empty() {
            if begun.is_some() {
                self.note_found_in_ghl(work, change);
            }
            return Ok(Some(written));
        }
        if let Some(intent) = begun.filter(|intent| !intent.answered)
            && self.may_arrive(progress, change, intent)
        {
            return Ok(None);
        }
        let sent_at = Cell::new(0);
        let users = work.ready.users.borrow().clone();
        for call in self.calls_to_ghl(work, &users, &rest, current.as_ref()) {
            match self.send_call(change, change.customer.as_deref(), call, &sent_at).await {
                Ok(answer) => {
                    if let Some(held) = self.held(work, change.kind, change.role, &answer) {
                        let shows = select(&held.fields, &|name, _| change.back.contains_key(name));
                        written.shows = kinds::merged(&written.shows, &shows);
                    }
                }
                Err(error) if outcome_is_open(&error) => {
                    self.await_outcome(progress, change, &sent_at, error)?;
                    return Ok(None);
                }
                // One value sinks no other: each is tried alone.
                Err(error) if change.kind == Kind::Contact && is_refusal(&error) => {
                    let refused = self.send_alone(work, &rest, &sent_at, error).await?;
                    let all = refused.0.len() == change.back.len();
                    if all && change.to.is_empty() {
                        return Err(refused.1);
                    }
                    written.shows =
                        select(&written.shows, &|name, _| !refused.0.contains_key(name));
                    written.refused = Some(refused);
                    return Ok(Some(written));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(written))
    }

    /// Writes each value by itself, of which one or more were refused together; those that are refused alone,
    /// and why.
    async fn send_alone(
        &self,
        work: &Work,
        change: &Change,
        sent_at: &Cell<u64>,
        mut error: Error,
    ) -> Result<(Fields, Error)> {
        if change.back.len() == 1 {
            return Ok((change.back.clone(), error));
        }
        let users = work.ready.users.borrow().clone();
        let mut refused = Fields::new();
        for (name, value) in &change.back {
            let alone = Change { back: only(name, value.clone()), ..change.clone() };
            for call in self.calls_to_ghl(work, &users, &alone, None) {
                match self.send_call(&alone, change.customer.as_deref(), call, sent_at).await {
                    Err(why) if is_refusal(&why) => {
                        refused.insert(name.clone(), value.clone());
                        error = why;
                    }
                    sent => _ = sent?,
                }
            }
        }
        Ok((refused, error))
    }

    /// A change with the instant at which its task is due: at its time of day, else at the settings'.
    fn timed(&self, work: &Work, change: &Change, minutes: Option<i64>) -> Change {
        let mut timed = change.clone();
        let day = change.back.get("due_date").and_then(Value::as_str);
        let usual = dates::minutes_of_day(&self.settings.due_time_of_day).unwrap_or(0);
        let at = day.and_then(|day| {
            let minutes = minutes.unwrap_or(usual);
            dates::at_minutes(day, minutes, |at| self.offset_minutes(&work.ready, at))
        });
        if let Some(at) = at {
            timed.at_create.insert("dueDate".to_owned(), dates::iso(at).into());
        }
        timed
    }

    /// A contact, note or task as GHL has it at this moment.
    pub(in crate::sync) async fn ghl_child(
        &self,
        half: InGhl,
        contact: &str,
        id: &str,
    ) -> Result<Json> {
        let (endpoint, parameter) = half.get;
        let mut place = only(parameter, id.into());
        place.insert("contactId".to_owned(), contact.into());
        self.ghl_value(endpoint, Value::Object(place)).await
    }

    /// A record of GHL, as it is compared; nothing where it cannot be.
    pub(in crate::sync) fn held(
        &self,
        work: &Work,
        kind: Kind,
        role: Role,
        answer: &Json,
    ) -> Option<Held> {
        let endpoint = "records";
        if kind == Kind::Contact {
            let contact: Contact<'_> = self.parse(Service::Ghl, endpoint, answer).ok()?;
            let users = work.ready.users.borrow();
            let context = work.ready.context(self.settings, &users);
            let of_customer = role == Role::Customer;
            let mapped = contacts::of_role(&contact, of_customer, &context);
            let id = contact.id.as_deref().unwrap_or_default().to_owned();
            let unread = contact::unread(&mapped.problems, of_customer, context.rules);
            return Some(Held { id, origin: None, fields: mapped.fields, due: None, unread });
        }
        if kind == Kind::Note {
            let note: Note<'_> = self.parse(Service::Ghl, endpoint, answer).ok()?;
            let body = note.body.as_deref().unwrap_or_default();
            return Some(Held {
                id: note.id.as_deref().unwrap_or_default().to_owned(),
                origin: notes::origin(body),
                fields: notes::note(&note).0.fields,
                due: None,
                unread: Vec::new(),
            });
        }
        let task: Task<'_> = self.parse(Service::Ghl, endpoint, answer).ok()?;
        let users = work.ready.users.borrow();
        let offset = |at| self.offset_minutes(&work.ready, at);
        // One that ChartMogul would refuse, as nobody is assigned, is there all the same.
        let (mapped, _) = tasks::task(&task, self.settings, &users, offset);
        let due = task.due_date.as_ref().and_then(|due| due.milliseconds());
        Some(Held {
            id: task.id.as_deref().unwrap_or_default().to_owned(),
            origin: tasks::origin(&task),
            fields: mapped.fields,
            due: due.map(|at| dates::local_minutes(at, offset(at))),
            unread: Vec::new(),
        })
    }
}
