//! Comparing: what was read, against the links and their bases, becomes changes.

use serde_json::Value;

use crate::error::{Code, Result};
use crate::host::Host;
use crate::mapping::settings::{Anchor, Object};
use crate::mapping::{Fields, Problem, changed, select};
use crate::records;

use super::Engine;
use super::change::{Action, Change, Plan};
use super::discover::Ready;
use super::read::StagedContact;
use super::run::Run;
use super::state::{Batch, DeadLetter, Kind, Matched};
use super::target::Target;

/// Contacts compared in one step: their notes are read together, and a step that the quota cuts off is read again.
const CONTACTS_A_STEP: usize = 10;

records! {
    /// Where a contact's notes and tasks go: kept until the run ends.
    #[derive(Debug, Clone, Default)]
    sparse pub(super) struct Place {
        /// The customer, or `None` where it is made by the same plan.
        pub(super) customer: Option<String> = "customer";
    }
}

impl<H: Host> Engine<'_, H> {
    pub(super) async fn compare_businesses(
        &self,
        run: &mut Run,
        _ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let rows: Vec<(String, StagedContact)> = self
            .keeper
            .scan("stage/business/", run.cursor.as_deref(), CONTACTS_A_STEP)
            .await?
            .read()?;
        let mut batch = self.keeper.batch();
        let Some((last, _)) = rows.last() else { return Ok((batch, true)) };
        run.cursor = Some(last.clone());
        for (key, staged) in &rows {
            let id = key.strip_prefix("stage/business/").unwrap_or(key);
            let target = match self.links(Kind::Business, &[id]).await?.pop().flatten() {
                Some(link) => Target::Linked(Box::new(link)),
                None => Target::Customer { existing: self.own_customer(Kind::Business, id).await? },
            };
            self.compare_contact(run, &mut batch, Kind::Business, id, staged, target).await?;
        }
        Ok((batch, false))
    }

    pub(super) async fn compare_contacts(
        &self,
        run: &mut Run,
        ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let rows: Vec<(String, StagedContact)> = self
            .keeper
            .scan("stage/contact/", run.cursor.as_deref(), CONTACTS_A_STEP)
            .await?
            .read()?;
        let mut batch = self.keeper.batch();
        let Some((last, _)) = rows.last() else { return Ok((batch, true)) };
        run.cursor = Some(last.clone());
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Contact.name()).copied().unwrap_or(0);
        let ids: Vec<&str> =
            rows.iter().filter_map(|(key, _)| key.strip_prefix("stage/contact/")).collect();
        let links = self.links(Kind::Contact, &ids).await?;
        let mut index = self.index(run, ready, &rows, &links).await?;
        let mut with_notes = Vec::new();
        for ((id, (_, staged)), link) in ids.iter().zip(&rows).zip(links) {
            let target = match link {
                Some(link) => Target::Linked(Box::new(link)),
                None => self.target(run, ready, id, staged, &mut index).await?,
            };
            if let Some(place) =
                self.compare_contact(run, &mut batch, Kind::Contact, id, staged, target).await?
            {
                batch.put(&format!("stage/place/{id}"), &place)?;
                with_notes.push((*id, place));
            }
        }
        if self.settings.includes(Object::Notes) {
            self.compare_notes(run, ready, &mut batch, with_notes).await?;
        }
        Ok((batch, false))
    }

    /// Compares a contact or business with its target; gives the place of its notes and tasks.
    async fn compare_contact(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        staged: &StagedContact,
        target: Target,
    ) -> Result<Option<Place>> {
        let new = |action: Action, reason: &str| {
            let mut change = Change::new(action, kind, id, staged.title.clone(), reason);
            change.problems = staged.problems.clone();
            change
        };
        let change = match target {
            Target::Nothing(change) => {
                self.tell(run, batch, &change)?;
                return Ok(None);
            }
            Target::Linked(link) => {
                let place = Place { customer: Some(link.customer.clone()) };
                let to = with_removed_tags(&link.base, &staged.wanted);
                if to.is_empty() {
                    Plan::add(&mut run.plan.unchanged, kind, 1);
                    self.tell_problems(batch, kind, id, &staged.problems)?;
                    return Ok(Some(place));
                }
                let mut change = new(Action::Update, "changed in GHL");
                change.from = before(&link.base, &to);
                change.uuid = link.uuid;
                change.customer = Some(link.customer);
                change.to = to;
                change.matched = Some(link.matched);
                change
            }
            Target::Member { customer, data_source, contact, attributes, matched } => {
                let mut change = match contact {
                    Some((uuid, fields)) => {
                        batch.put(&format!("stage/claim/{uuid}"), &id)?;
                        let mut change = new(Action::Link, matched.reason());
                        let mut known = fields;
                        known.extend(attributes);
                        change.to = changed(&known, &staged.wanted);
                        change.from = before(&known, &change.to);
                        change.same = without(&staged.wanted, &change.to);
                        change.uuid = Some(uuid);
                        change
                    }
                    None => {
                        let mut change = new(Action::Create, matched.reason());
                        // What the customer already holds is not written again.
                        let held = select(&staged.wanted, &|name, value| {
                            attributes.get(name) == Some(value)
                        });
                        change.to = without(&staged.wanted, &held);
                        change.same = held;
                        change
                    }
                };
                change.contact = staged
                    .business
                    .clone()
                    .filter(|_| self.settings.anchor == Anchor::BusinessIsCustomer);
                change.customer = customer;
                change.data_source = data_source;
                change.matched =
                    Some(if change.action == Action::Create { Matched::Created } else { matched });
                change
            }
            Target::Customer { existing: Some((uuid, fields)) } => {
                let mut change = new(Action::Link, Matched::ExternalId.reason());
                change.to = changed(&fields, &staged.wanted);
                change.from = before(&fields, &change.to);
                change.same = without(&staged.wanted, &change.to);
                change.customer = Some(uuid);
                change.matched = Some(Matched::ExternalId);
                change
            }
            Target::Customer { existing: None } => {
                let mut change = new(Action::Create, "new in GHL");
                change.to = staged.wanted.clone();
                change.at_create = staged.at_create.clone();
                change.matched = Some(Matched::Created);
                change
            }
        };
        let place = Place { customer: change.customer.clone() };
        self.tell_change(run, batch, change).await?;
        Ok(Some(place))
    }

    /// Writes a change into the plan, unless the same content was refused for good before.
    pub(super) async fn tell_change(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        mut change: Change,
    ) -> Result<()> {
        let key = format!("dead/{}/{}", change.kind.name(), change.id);
        let refused: Option<DeadLetter> = self.keeper.get(&key).await?.one()?;
        let same = |letter: &DeadLetter| !letter.retryable && letter.content == change.content();
        if let Some(letter) = refused.filter(same) {
            let reason = format!("refused before, and unchanged since: {}", letter.reason);
            let mut skip = Change::new(Action::Skip, change.kind, &change.id, change.title, reason);
            skip.contact = change.contact;
            skip.code = Some(letter.code);
            return self.tell(run, batch, &skip);
        }
        change.calls = change.cost(self.settings.anchor);
        self.tell_problems(batch, change.kind, &change.id, &change.problems)?;
        self.forget_mended(batch, &change).await?;
        self.tell(run, batch, &change)
    }

    /// Takes back the dead letters of values that can be brought over by now.
    async fn forget_mended(&self, batch: &mut Batch, change: &Change) -> Result<()> {
        let prefix = format!("dead/field/{}/{}/", change.kind.name(), change.id);
        let rows: Vec<(String, DeadLetter)> = self.keeper.scan(&prefix, None, 100).await?.read()?;
        // What was told again in this step stands in the batch.
        for (key, _) in &rows {
            if !batch.puts(key) {
                batch.delete(key);
            }
        }
        Ok(())
    }

    /// Values left out of a record that is otherwise brought over.
    pub(super) fn tell_problems(
        &self,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        problems: &[Problem],
    ) -> Result<()> {
        for problem in problems {
            let letter = DeadLetter {
                kind: "field".to_owned(),
                id: format!("{}/{id}/{}", kind.name(), problem.field),
                contact: (kind == Kind::Contact).then(|| id.to_owned()),
                code: Code::Unmappable.text().to_owned(),
                reason: problem.reason.clone(),
                hint: None,
                at: self.host.now(),
                content: String::new(),
                retryable: false,
            };
            batch.put(&format!("dead/field/{}", letter.id), &letter)?;
        }
        Ok(())
    }

    /// Writes a change into the plan: those that are carried out first, in the order of their kinds.
    pub(super) fn tell(&self, run: &mut Run, batch: &mut Batch, change: &Change) -> Result<()> {
        let order = if change.action.writes_state() { change.kind as u8 } else { 9 };
        run.sequence += 1;
        run.plan.tally(change);
        batch.put(&format!("plan/{}/{order}-{:09}", run.plan.id, run.sequence), change)
    }
}

pub(super) fn before(base: &Fields, to: &Fields) -> Fields {
    select(base, &|name, _| to.contains_key(name))
}

pub(super) fn without(fields: &Fields, other: &Fields) -> Fields {
    select(fields, &|name, _| !other.contains_key(name))
}

/// Changed fields, and tags that the base has and the contact no longer carries: tags are a set, and
/// the settings' prefixes say which of them are ours to remove.
fn with_removed_tags(base: &Fields, wanted: &Fields) -> Fields {
    let mut to = changed(base, wanted);
    for name in base.keys().filter(|name| name.starts_with("tag.") && !wanted.contains_key(*name)) {
        to.insert(name.clone(), Value::Bool(false));
    }
    to
}
