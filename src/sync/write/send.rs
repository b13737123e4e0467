//! Sending a change: a create exactly once, whatever becomes of its call; an update field by field
//! where ChartMogul refuses one.

use std::cell::Cell;

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::super::calls::{row_of, without};
use super::super::decide::changes::of_first_link;
use super::super::decide::merge::{Sides, has_moved, is_same, planned_as};
use super::super::engine::{Engine, one, only};
use super::super::letters::group_of;
use super::super::model::change::{Action, Change, Side, TagChange};
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::staged::SeenChild;
use super::super::model::standing::{FieldLetter, Intent};
use super::super::state::tables::of;
use super::super::state::tables::{INTENTS, PAIRS};
use super::find::{Made, Written};
use super::progress::{MOST_TRIES, Progress, YOUNG_MS};
use crate::chartmogul::records::{Contact, Customer, Note, Task};
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{self, Call, customer, member};
use crate::mapping::users::UserMap;
use crate::mapping::{Fields, notes, select, tasks};
use crate::mutants::{self, Mutant};
use crate::record::Json;

/// What became of a change.
#[derive(Debug, Default)]
pub(in crate::sync) struct Sent {
    /// ChartMogul's uuid of the record.
    pub(in crate::sync) uuid: Option<String>,
    /// Its customer.
    pub(in crate::sync) customer: String,
    /// Values that ChartMogul refused, while the rest was written.
    pub(in crate::sync) refused: Vec<FieldLetter>,
    /// The assignee that was written in the place of one that ChartMogul does not know.
    pub(in crate::sync) assignee: Option<Value>,
    /// Of a note or task: what ChartMogul showed after it was written.
    pub(in crate::sync) shown: Option<Fields>,
    /// Whether a person's copy stays at the former place.
    pub(in crate::sync) left_behind: Option<String>,
    /// What was written to GHL.
    pub(in crate::sync) in_ghl: Option<Written>,
    /// Fields whose values may be a person's: they are compared again.
    pub(in crate::sync) unsettled: Vec<String>,
    /// Whether a person has changed it since it was planned: then it was left alone.
    pub(in crate::sync) has_moved: bool,
}

impl<H: Host> Engine<'_, H> {
    /// Sends a change; `None` where it has to wait, and stays in the plan.
    pub(in crate::sync) async fn send(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: Option<Intent>,
    ) -> Result<Option<Sent>> {
        self.forget_writes(change);
        if change.action == Action::Delete {
            return match change.gone_from {
                None => self.delete_double(change).await,
                Some(Side::Chartmogul) => self.delete_in_ghl(progress, change).await,
                Some(Side::Ghl) => {
                    let left_behind = self.take_away(change).await?;
                    Ok(Sent { uuid: change.uuid.clone(), left_behind, ..Sent::default() })
                }
            }
            .map(Some);
        }
        if change.action == Action::Merge {
            return self.merge_twin(progress, change).await;
        }
        let customer = self.customer_of(change).await?;
        let mut in_ghl = None;
        if change.comes_back() {
            let Some(written) = self.write_to_ghl(progress, change, begun.as_ref()).await? else {
                return Ok(None);
            };
            if change.to.is_empty() || written.has_moved {
                let (uuid, customer) = (change.uuid.clone(), customer.unwrap_or_default());
                let has_moved = written.has_moved;
                let sent = Sent { uuid, customer, has_moved, ..Sent::default() };
                return Ok(Some(Sent { in_ghl: Some(written), ..sent }));
            }
            in_ghl = Some(written);
        }
        self.send_to_chartmogul(progress, change, customer, begun, in_ghl).await
    }

    /// Sends what goes to ChartMogul; `None` where it has to wait.
    async fn send_to_chartmogul(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        customer: Option<String>,
        begun: Option<Intent>,
        in_ghl: Option<Written>,
    ) -> Result<Option<Sent>> {
        // What makes its new customer has failed: it stays where it is.
        if change.action == Action::Move && change.leaves.is_some() && customer == change.leaves {
            let kind = change.maker_kind.name();
            return Err(Error::new(Code::NotFound, format!("its {kind} was not synced")));
        }
        if change.role == Role::Guest && change.kind != Kind::Customer {
            let customer = customer.unwrap_or_default();
            return Ok(Some(Sent { customer, ..Sent::default() }));
        }
        let makes = change.makes();
        let mut refused: Vec<FieldLetter> = Vec::new();
        let whole = &change.to;
        let mut change = change.clone();
        let mut aside: Vec<String> = Vec::new();
        let mut begun = begun;
        let sent = loop {
            let sent = if makes {
                self.create(progress, &mut change, customer.as_deref(), begun.clone()).await
            } else {
                self.update_once(progress, &mut change, customer.as_deref(), begun.as_ref()).await
            };
            let error = match sent {
                Err(error) if error.code == Code::Rejected => error,
                Ok(None) => return Ok(None),
                Ok(Some(made)) => break made,
                Err(error) => return Err(error),
            };
            let fields = self.refused_fields(&change, &error);
            if fields.is_empty() || mutants::is_on(Mutant::OneFieldSinksRecord) {
                return Err(error);
            }
            // Even a refusal may have written: what is sent again is looked for first.
            begun = makes.then(Intent::of_answer);
            if fields.len() == 1 {
                refused.extend(fields.iter().map(|field| letter_of(field, &error)));
            } else {
                aside.extend(fields.iter().cloned());
            }
            let rest = without(&change.to, &fields);
            if rest.is_empty()
                && !makes
                && change.tags.add.is_empty()
                && change.tags.remove.is_empty()
            {
                let uuid = change.uuid.clone();
                let customer = customer.clone().unwrap_or_default();
                change.to = rest;
                break Made { uuid, customer, ..Made::default() };
            }
            change.to = rest;
        };
        if sent.has_moved {
            let has_moved = true;
            return Ok(Some(Sent {
                customer: sent.customer,
                in_ghl,
                has_moved,
                ..Sent::default()
            }));
        }
        // Of several values that may be at fault each is tried alone.
        let at = Some(sent.customer.clone());
        for field in aside {
            let Some(value) = whole.get(&field).cloned() else { continue };
            let mut alone = Change {
                action: Action::Update,
                uuid: sent.uuid.clone().or_else(|| change.uuid.clone()),
                to: only(&field, value),
                external: None,
                tags: TagChange::default(),
                ..change.clone()
            };
            match self.update(progress, &mut alone, at.as_deref(), &Cell::new(0)).await {
                Ok(_) => {}
                Err(error) if error.code == Code::Rejected => {
                    refused.push(letter_of(&field, &error))
                }
                Err(error) => return Err(error),
            }
        }
        let mut left_behind = None;
        // One that a merge of customers has taken there stays.
        let stands_there = sent.uuid.is_some() && sent.uuid == change.uuid;
        if change.kind.is_child() && change.action == Action::Move && !stands_there {
            left_behind = self.take_away(&change).await?;
        }
        let assignee = change.to.get("assignee").cloned();
        let uuid = sent.uuid.or(change.uuid);
        let (customer, shown, unsettled) = (sent.customer, sent.shown, sent.unsettled);
        let sent = Sent {
            uuid,
            customer,
            refused,
            assignee,
            shown,
            left_behind,
            in_ghl,
            ..Sent::default()
        };
        Ok(Some(Sent { unsettled, ..sent }))
    }

    /// Creates a record once. One that was begun is looked for when the time for its answer is over, and
    /// sent again at the earliest after twice that time, having been looked for once more. `None` where
    /// it is not time yet.
    async fn create(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        customer: Option<&str>,
        begun: Option<Intent>,
    ) -> Result<Option<Made>> {
        let mut found = None;
        if let Some(intent) = &begun {
            found = self.find_begun(change, customer, intent).await?;
            // A run that this store does not remember has made it: it may have made the others too.
            if found.is_some() && intent.sent_at == 0 && progress.unsure.get().is_some() {
                progress.unsure.set(Some(u32::MAX));
            }
            if found.is_none() && self.may_arrive(progress, change, intent) {
                return Ok(None);
            }
        }
        let mut made = match found {
            Some(found) => {
                self.note_found(progress.work, change, customer);
                found
            }
            None => match self.make(progress, change, customer).await? {
                Some(made) => made,
                None => return Ok(None),
            },
        };
        // It may hold an older form: it was written before GHL's record changed again.
        if let Some(held) = &made.held {
            self.replace_refused_user(progress.work, change)?;
            let hidden = |name: &str| name.starts_with(PRIMARY_CONTACT);
            let moves = change.role == Role::Customer && change.uuid.is_some();
            let compared = select(&change.to, &|name, _| !hidden(name));
            let late = of_first_link(row_of(change), &compared, held, true, self.settings);
            if self.way_of(change.kind).comes_back() {
                made.unsettled = late.to.keys().cloned().collect();
                made.shown = Some(held.clone());
            } else if !late.to.is_empty() {
                let mut to = late.to;
                to.extend(select(&change.to, &|name, _| hidden(name) && !moves));
                let mut late = Change {
                    action: Action::Update,
                    uuid: made.uuid.clone(),
                    to,
                    from: select(held, &|name, _| name.starts_with("attribute.")),
                    tags: TagChange::default(),
                    external: None,
                    ..change.clone()
                };
                self.update(progress, &mut late, Some(&made.customer), &Cell::new(0)).await?;
            }
            // The contact that goes along to its new customer may not have gone yet.
            if moves {
                let users = progress.work.ready.users.borrow().clone();
                let calls = self.calls_of(progress.work, &users, change, &made.customer);
                for call in calls.into_iter().filter(|call| call.endpoint == member::RELOCATE) {
                    let at = Some(made.customer.as_str());
                    match self.send_call(change, at, call, &Cell::new(0)).await {
                        Err(error) if error.code == Code::NotFound => {}
                        sent => _ = sent?,
                    }
                }
            }
        }
        Ok(Some(made))
    }

    /// Sends a create; `None` where what became of it is not known yet.
    async fn make(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        customer: Option<&str>,
    ) -> Result<Option<Made>> {
        let sent_at = Cell::new(0);
        let sent = self
            .with_known_user(progress, change, async |change| {
                self.send_create(progress, change, customer, &sent_at).await
            })
            .await;
        match sent {
            Ok(made) => Ok(Some(made)),
            Err(error) if outcome_is_open(&error) => {
                self.await_outcome(progress, change, &sent_at, error).map(|()| None)
            }
            // It was answered, and may have been done all the same.
            Err(error) if matches!(error.code, Code::RateLimited | Code::Duplicate) => {
                let found = self.find_made(change, customer, sent_at.get()).await?.ok_or(error)?;
                self.note_found(progress.work, change, customer);
                Ok(Some(found))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for what was begun: where it is to be, and where it was sent to.
    async fn find_begun(
        &self,
        change: &Change,
        customer: Option<&str>,
        intent: &Intent,
    ) -> Result<Option<Made>> {
        let former = intent.customer.as_deref().filter(|former| Some(*former) != customer);
        if let Some(former) = former.filter(|_| change.kind.is_child()) {
            // What is there is taken away by a later pass. The customer may be gone by now. The copy
            // that is to move was not begun: its last update may have been.
            let found = self.find_made(change, Some(former), intent.sent_at).await.unwrap_or(None);
            if found.as_ref().is_some_and(|made| made.uuid != change.uuid) {
                return Ok(found);
            }
        }
        self.find_made(change, customer, intent.sent_at).await
    }

    async fn send_create(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        customer: Option<&str>,
        sent_at: &Cell<u64>,
    ) -> Result<Made> {
        let users = progress.work.ready.users.borrow().clone();
        let calls = self.calls_of(progress.work, &users, change, customer.unwrap_or_default());
        let mut made: Option<Made> = None;
        for call in calls {
            let endpoint = call.endpoint;
            let answer = match self.send_call(change, customer, call, sent_at).await {
                // The contact that should have come along is gone: the customer gets a new one.
                Err(error) if made.is_some() && error.code == Code::NotFound => {
                    let whole = Change { uuid: None, action: Action::Update, ..change.clone() };
                    let whole = Change {
                        external: None,
                        to: select(&whole.to, &|name, _| name.starts_with(PRIMARY_CONTACT)),
                        tags: TagChange::default(),
                        ..whole
                    };
                    let customer = made.as_ref().map(|made| made.customer.clone());
                    let customer = customer.unwrap_or_default();
                    for call in self.calls_of(progress.work, &users, &whole, &customer) {
                        self.send_call(&whole, Some(&customer), call, sent_at).await?;
                    }
                    continue;
                }
                answer => answer?,
            };
            if made.is_none() {
                made = Some(self.made(&users, change, customer, endpoint, &answer)?);
            }
        }
        made.ok_or_else(|| Error::new(Code::InvalidArgument, "the change makes nothing"))
    }

    fn made(
        &self,
        users: &UserMap,
        change: &Change,
        customer: Option<&str>,
        endpoint: &'static str,
        answer: &Json,
    ) -> Result<Made> {
        let service = Service::Chartmogul;
        let uuid = match (change.kind, change.role) {
            (Kind::Note, _) => self.parse::<Note>(service, endpoint, answer)?.uuid.take(),
            (Kind::Task, _) => self.parse::<Task>(service, endpoint, answer)?.task_uuid.take(),
            (_, Role::Customer) => {
                let mut made: Customer = self.parse(service, endpoint, answer)?;
                let customer = made.uuid.take().ok_or_else(|| without_uuid(endpoint))?;
                let shown = self.shown(users, change, endpoint, answer);
                return Ok(Made { customer, shown, ..Made::default() });
            }
            _ => self.parse::<Contact>(service, endpoint, answer)?.uuid.take(),
        };
        let uuid = uuid.ok_or_else(|| without_uuid(endpoint))?;
        let customer = customer.unwrap_or_default().to_owned();
        let shown = self.shown(users, change, endpoint, answer);
        Ok(Made { uuid: Some(uuid), customer, shown, ..Made::default() })
    }

    /// What the answer to a write shows of a record: a service may tidy what it is given.
    fn shown(
        &self,
        users: &UserMap,
        change: &Change,
        endpoint: &'static str,
        answer: &Json,
    ) -> Option<Fields> {
        if change.kind.is_child() {
            return self
                .child_of(users, change.kind, endpoint, answer)
                .ok()
                .map(|child| child.fields);
        }
        if !self.way_of(change.kind).comes_back() {
            return None;
        }
        self.shown_of_contact(change.role, endpoint, answer).ok()
    }

    /// What ChartMogul shows of a contact, or of a customer of our own: as a whole, or of its primary contact.
    fn shown_of_contact(
        &self,
        role: Role,
        endpoint: &'static str,
        answer: &Json,
    ) -> Result<Fields> {
        if endpoint.starts_with("customers.") {
            let customer: Customer = self.parse(Service::Chartmogul, endpoint, answer)?;
            return Ok(customer::seen(&customer));
        }
        let contact: Contact = self.parse(Service::Chartmogul, endpoint, answer)?;
        let seen = member::seen(&contact);
        Ok(if role == Role::Customer { customer::as_primary(&seen) } else { seen })
    }

    /// Writes changed fields. An update that was begun is looked at when the time for its answer is over,
    /// and sent again at the earliest after twice that time, having been looked at once more. `None` where
    /// it is not time yet.
    async fn update_once(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        customer: Option<&str>,
        begun: Option<&Intent>,
    ) -> Result<Option<Made>> {
        if self.was_written_over(progress, change, customer, begun).await? {
            let customer = customer.unwrap_or_default().to_owned();
            return Ok(Some(Made { customer, has_moved: true, ..Made::default() }));
        }
        if let Some(intent) = begun.filter(|intent| !intent.answered) {
            self.replace_refused_user(progress.work, change)?;
            if self.shows(change, customer).await? {
                self.note_found(progress.work, change, customer);
                let customer = customer.unwrap_or_default().to_owned();
                return Ok(Some(Made { uuid: change.uuid.clone(), customer, ..Made::default() }));
            }
            if self.may_arrive(progress, change, intent) {
                return Ok(None);
            }
        }
        let sent_at = Cell::new(0);
        match self.update(progress, change, customer, &sent_at).await {
            Err(error) if outcome_is_open(&error) => {
                self.await_outcome(progress, change, &sent_at, error).map(|()| None)
            }
            sent => sent.map(Some),
        }
    }

    /// Whether what was begun may still arrive: then its change waits until that time is over.
    pub(in crate::sync) fn may_arrive(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: &Intent,
    ) -> bool {
        let rest = self.rest(begun, self.twice());
        if rest > 0 {
            progress.postpone(change.row(), self.host.monotonic() + rest);
        }
        rest > 0
    }

    /// What became of a write is not known: it waits until its time is over, unless it has done so often.
    pub(in crate::sync) fn await_outcome(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        sent_at: &Cell<u64>,
        error: Error,
    ) -> Result<()> {
        if progress.count_try(&change.row()) >= MOST_TRIES {
            return Err(error);
        }
        let rest = self.rest_since(sent_at.get(), self.timeout_ms());
        progress.postpone(change.row(), self.host.monotonic() + rest);
        Ok(())
    }

    /// Writes the changed fields of a linked record.
    async fn update(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        customer: Option<&str>,
        sent_at: &Cell<u64>,
    ) -> Result<Made> {
        let at = customer.unwrap_or_default();
        let shown = self
            .with_known_user(progress, change, async |change| {
                let users = progress.work.ready.users.borrow().clone();
                let mut shown: Option<Fields> = None;
                for call in self.calls_of(progress.work, &users, change, at) {
                    let endpoint = call.endpoint;
                    let answer = self.send_call(change, customer, call, sent_at).await?;
                    // A customer's own values and its contact's are written apart.
                    if let Some(more) = self.shown(&users, change, endpoint, &answer) {
                        shown.get_or_insert_default().extend(more);
                    }
                }
                Ok(shown)
            })
            .await?;
        let (uuid, customer) = (change.uuid.clone(), at.to_owned());
        Ok(Made { uuid, customer, shown, ..Made::default() })
    }

    /// Whether a person has written to a record in ChartMogul since both sides were compared. It is
    /// asked where that was a while ago.
    async fn was_written_over(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        customer: Option<&str>,
        begun: Option<&Intent>,
    ) -> Result<bool> {
        let age = self.host.now().saturating_sub(progress.made_at);
        let asks = begun.is_some() || age >= YOUNG_MS;
        let own = (change.role == Role::Customer).then(String::new);
        let linked = change.uuid.clone().or(own).filter(|_| change.action != Action::Link);
        let (Some(uuid), true) = (&linked, asks && self.way_of(change.kind).comes_back()) else {
            return Ok(false);
        };
        let row = row_of(change);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &change.row()).await?;
        let Some(pair) = pair else { return Ok(false) };
        let there = self.there_now(progress, change, uuid, customer).await?;
        let sides = Sides {
            kind: change.kind,
            row,
            pair: &pair,
            here: &change.to,
            there: &there,
            rewritable: true,
            settings: self.settings,
            rules: &progress.work.ready.rules,
            problems: &change.problems,
        };
        Ok(change.to.iter().filter(|(name, _)| sides.is_writable(name)).any(|(name, value)| {
            let planned = change.there.get(planned_as(change.kind, name));
            let known = there.fields.get(planned_as(change.kind, name)).map(kinds::mark);
            has_moved(&sides, name) && planned != known.as_ref() && !is_same(&sides, name, value)
        }))
    }

    /// What ChartMogul holds of a linked record at this moment, of the fields that a change writes.
    async fn there_now(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        uuid: &str,
        customer: Option<&str>,
    ) -> Result<SeenChild> {
        if change.kind.is_child() {
            let (endpoint, parameter) = row_of(change).retrieve;
            let answer = self.chartmogul_value(endpoint, one(parameter, uuid)).await?;
            let users = progress.work.ready.users.borrow().clone();
            let found = self.child_of(&users, change.kind, endpoint, &answer)?;
            return Ok(SeenChild { told: found.told, ..SeenChild::of("", found.fields) });
        }
        let of_customer = change.role == Role::Customer;
        let person = |name: &String| !of_customer || name.starts_with(PRIMARY_CONTACT);
        let mut fields = Fields::new();
        if let Some(customer) = customer.filter(|_| !change.to.keys().all(person)) {
            let endpoint = kinds::CUSTOMER.retrieve.0;
            let answer = self.chartmogul_value(endpoint, one("customer_uuid", customer)).await?;
            fields.extend(self.shown_of_contact(change.role, endpoint, &answer)?);
        }
        if change.to.keys().any(person) && !uuid.is_empty() {
            let endpoint = kinds::MEMBER.retrieve.0;
            let answer = self.chartmogul_value(endpoint, one("contact_uuid", uuid)).await?;
            fields.extend(self.shown_of_contact(change.role, endpoint, &answer)?);
        }
        Ok(SeenChild::of("", fields))
    }

    /// Sends a call of a change. That it is sent is in the store before it leaves, each time it does.
    pub(in crate::sync) async fn send_call(
        &self,
        change: &Change,
        customer: Option<&str>,
        call: Call,
        sent_at: &Cell<u64>,
    ) -> Result<Json> {
        let row = change.row();
        let note = || -> LocalBoxFuture<'_, Result<()>> {
            Box::pin(async {
                sent_at.set(self.host.now());
                let intent = Intent {
                    sent_at: sent_at.get(),
                    customer: customer.map(str::to_owned),
                    owner: self.owner.clone(),
                    ..Intent::default()
                };
                let mut batch = self.keeper.batch();
                batch.put(&INTENTS, &row, &intent)?;
                self.keeper.commit(batch).await
            })
        };
        let (service, endpoint) = (call.service, call.endpoint);
        let values = self.values_to_write(change, &call);
        let answer = self.value_after(call, &note).await?;
        self.note_write(change, customer, (service, endpoint), values);
        Ok(answer)
    }

    /// Merges a customer of ours into its twin, once, if both are there; `None` where it has to wait.
    async fn merge_twin(&self, progress: &Progress<'_>, change: &Change) -> Result<Option<Sent>> {
        let into = change.customer.clone().unwrap_or_default();
        let sent = Sent { customer: into.clone(), ..Sent::default() };
        // One that is gone has been merged by now.
        if !self.customer_is_there(&change.id).await? {
            return Ok(Some(sent));
        }
        if !self.customer_is_there(&into).await? {
            let message = format!("the customer {into} is gone: nothing is merged into it");
            return Err(Error::new(Code::NotFound, message));
        }
        let sent_at = Cell::new(0);
        let users = progress.work.ready.users.borrow().clone();
        for call in self.calls_of(progress.work, &users, change, &into) {
            match self.send_call(change, Some(&into), call, &sent_at).await {
                Err(error) if outcome_is_open(&error) => {
                    self.await_outcome(progress, change, &sent_at, error)?;
                    return Ok(None);
                }
                sent => _ = sent?,
            }
        }
        Ok(Some(sent))
    }

    /// Deletes a double, if the record that stays is there and this one still says the same.
    async fn delete_double(&self, change: &Change) -> Result<Sent> {
        let sent = Sent { uuid: change.uuid.clone(), ..Sent::default() };
        let own = change.double_of.as_deref().unwrap_or_default();
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(change.kind, own)).await?;
        let kept =
            pair.and_then(|pair| pair.chartmogul).filter(|kept| Some(kept) != change.uuid.as_ref());
        let Some(kept) = kept else { return Ok(sent) };
        let (retrieve, parameter) = row_of(change).retrieve;
        match self.chartmogul_value(retrieve, one(parameter, &kept)).await {
            Ok(_) => {}
            Err(error) if error.code == Code::NotFound => return Ok(sent),
            Err(error) => return Err(error),
        }
        let left_behind = self.take_away(change).await?;
        Ok(Sent { left_behind, ..sent })
    }

    /// Our own copy at the former customer is deleted if it is exactly what we wrote. One that a person
    /// edited stays, without our marker; its uuid is given.
    async fn take_away(&self, change: &Change) -> Result<Option<String>> {
        let Some(uuid) = &change.uuid else { return Ok(None) };
        let row = row_of(change);
        let (retrieve, parameter) = row.retrieve;
        let answer = match self.chartmogul_value(retrieve, one(parameter, uuid)).await {
            Ok(answer) => answer,
            Err(error) if error.code == Code::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // What it showed of our last write is ours, too.
        let own = change.double_of.as_deref().unwrap_or(&change.id);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(change.kind, own)).await?;
        let shown = pair.map(|pair| pair.shown).unwrap_or_default();
        let (untouched, rest) = if change.kind == Kind::Note {
            let note: Note = self.parse(Service::Chartmogul, retrieve, &answer)?;
            let text = note.text.unwrap_or_default();
            let ours = |base: &Fields| {
                base.get("content")
                    .or_else(|| base.get("text"))
                    .and_then(Value::as_str)
                    .is_some_and(|content| notes::is_untouched(&text, content))
            };
            let untouched = ours(&change.from)
                || ours(&shown)
                || notes::is_untouched(
                    &text,
                    &kinds::note::content(
                        change.to.get("text").and_then(Value::as_str).unwrap_or_default(),
                    ),
                );
            (untouched, ("text", notes::without_marker(&text)))
        } else {
            let task: Task = self.parse(Service::Chartmogul, retrieve, &answer)?;
            let details = task.task_details.clone().unwrap_or_default();
            let held = kinds::task::seen(&task);
            let same = |base: &Fields| {
                ["task_details", "due_date", "completed"].iter().all(|name| {
                    let Some(held) = held.get(*name) else { return false };
                    if shown.get(*name) == Some(held) {
                        return true;
                    }
                    let Some(base) = base.get(*name) else { return false };
                    kinds::mark(held) == *base || (row.same)(name, base, held, self.settings)
                })
            };
            let untouched =
                tasks::ends_with_marker(&details) && (same(&change.from) || same(&change.to));
            (untouched, ("task_details", tasks::without_marker(&details)))
        };
        if untouched {
            match self.chartmogul_value(row.remove, one(parameter, uuid)).await {
                Ok(_) => self.note_removed(change, row.remove, None),
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => return Err(error),
            }
            return Ok(None);
        }
        let endpoint = if change.kind == Kind::Note { "notes.update" } else { "tasks.update" };
        let (field, text) = rest;
        if !text.trim().is_empty() {
            self.chartmogul_value(endpoint, json!({ parameter: uuid, field: text })).await?;
            self.note_removed(change, endpoint, Some((field, &text)));
        }
        Ok(Some(uuid.clone()))
    }

    /// The ChartMogul customer of a change: known, or made earlier by the same plan.
    pub(in crate::sync) async fn customer_of(&self, change: &Change) -> Result<Option<String>> {
        if change.customer.is_some() {
            return Ok(change.customer.clone());
        }
        let Some(maker) = &change.maker else { return Ok(None) };
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(change.maker_kind, maker)).await?;
        pair.map(|pair| Some(pair.customer)).ok_or_else(|| {
            let kind = change.maker_kind.name();
            Error::new(Code::NotFound, format!("its {kind} was not synced"))
        })
    }
}

fn letter_of(field: &str, error: &Error) -> FieldLetter {
    FieldLetter {
        field: field.to_owned(),
        reason: format!("ChartMogul refused it: {}", error.message),
        code: error.code.text().to_owned(),
        group: group_of(error),
    }
}

/// Whether a service has refused the values that it was given.
pub(in crate::sync) fn is_refusal(error: &Error) -> bool {
    matches!(error.code, Code::Rejected | Code::Duplicate)
}

/// Whether a change was not even sent, as the record that it belongs to could not be made. Errors of
/// the services name their service.
pub(in crate::sync) fn lacks_parent(error: &Error) -> bool {
    error.code == Code::NotFound && error.service.is_none()
}

/// Whether a create may have been done although it was not answered with its uuid.
pub(in crate::sync) fn outcome_is_open(error: &Error) -> bool {
    matches!(error.code, Code::OutcomeUnknown | Code::UnreadableResponse)
}

/// A create was answered with success but without its uuid: it is looked for.
pub(in crate::sync) fn without_uuid(endpoint: &'static str) -> Error {
    Error::new(Code::OutcomeUnknown, "ChartMogul's answer names no uuid")
        .of(Service::Chartmogul)
        .at(endpoint)
}
