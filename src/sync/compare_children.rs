//! Comparing notes and tasks of a contact with their links, or with what stands in ChartMogul.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::error::{Code, Error, Result};
use crate::ghl::records::Note;
use crate::host::Host;
use crate::mapping::{Fields, changed, notes, select, text};
use crate::record::{self, Json};

use super::change::{Action, Change, Plan};
use super::discover::Ready;
use super::existing::{ExistingChild, condensed, holds_text, task_content};
use super::plan::{Place, before, without};
use super::read::{StagedTask, overflow_note};
use super::run::Run;
use super::state::{Batch, Kind, Matched};
use super::{Engine, together};

/// Tasks compared in one step.
const TASKS_A_STEP: usize = 200;

/// Requests for notes under way at once.
const TOGETHER: usize = 10;

impl<H: Host> Engine<'_, H> {
    pub(super) async fn compare_notes(
        &self,
        run: &mut Run,
        ready: &Ready,
        batch: &mut Batch,
        contacts: Vec<(&str, Place)>,
    ) -> Result<()> {
        let mut answers: Vec<Result<Vec<Json>>> = Vec::new();
        answers.resize_with(contacts.len(), || Ok(Vec::new()));
        let mut steps: Vec<LocalBoxFuture<'_, ()>> = Vec::with_capacity(contacts.len());
        for ((id, _), answer) in contacts.iter().zip(&mut answers) {
            steps.push(Box::pin(async move {
                *answer = self.ghl_list("notes.list", json!({ "contactId": id })).await;
            }));
        }
        together(steps, TOGETHER).await;
        for ((contact, place), answer) in contacts.into_iter().zip(answers) {
            match answer {
                Ok(items) => {
                    run.plan.least_read_calls.ghl += 1;
                    batch.delete(&format!("dead/note/of-{contact}"));
                    Plan::add(&mut run.plan.read, Kind::Note, items.len() as u64);
                    self.compare_notes_of(run, ready, batch, contact, &place, &items).await?;
                }
                Err(error) if super::apply::ends_the_run(&error) => return Err(error),
                // Deleted since the list was read.
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => {
                    run.rejected += 1;
                    self.set_aside(
                        batch,
                        Kind::Note,
                        &format!("of-{contact}"),
                        Some(contact),
                        &error,
                        String::new(),
                    )?;
                    batch.put(&format!("retry/{contact}"), &run.plan.id)?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn compare_notes_of(
        &self,
        run: &mut Run,
        ready: &Ready,
        batch: &mut Batch,
        contact: &str,
        place: &Place,
        items: &[Json],
    ) -> Result<()> {
        let mut read: Vec<Note<'_>> = Vec::with_capacity(items.len());
        for item in items {
            let reason = match record::read_json::<Note<'_>>(item) {
                Ok(note) if note.id.is_some() => {
                    read.push(note);
                    continue;
                }
                Ok(_) => "it has no id".to_owned(),
                Err(error) => error.to_string(),
            };
            self.set_aside_unreadable(run, batch, Kind::Note, Some(contact), item, &reason)?;
        }
        let users = ready.users.borrow().clone();
        let wanted: Vec<(&str, Fields, Fields)> = read
            .iter()
            .map(|note| {
                let (mapped, at_create) = notes::note(note, self.settings, &users);
                (note.id.as_deref().unwrap_or_default(), mapped.fields, at_create)
            })
            .collect();
        self.compare_children(run, ready, batch, Kind::Note, (contact, place), wanted).await
    }

    pub(super) async fn compare_tasks(
        &self,
        run: &mut Run,
        ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let rows: Vec<(String, StagedTask)> =
            self.keeper.scan("stage/task/", run.cursor.as_deref(), TASKS_A_STEP).await?.read()?;
        let mut batch = self.keeper.batch();
        let Some((last, _)) = rows.last() else { return Ok((batch, true)) };
        run.cursor = Some(last.clone());
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Task.name()).copied().unwrap_or(0);
        // The keys name the contact first, so that a contact's tasks follow each other.
        let mut by_contact: Vec<(&str, Vec<(&str, &StagedTask)>)> = Vec::new();
        for (key, staged) in &rows {
            let id = key.rsplit('/').next().unwrap_or_default();
            match by_contact.last_mut() {
                Some((contact, tasks)) if *contact == staged.contact => tasks.push((id, staged)),
                _ => by_contact.push((&staged.contact, vec![(id, staged)])),
            }
        }
        let contacts: Vec<&str> = by_contact.iter().map(|(contact, _)| *contact).collect();
        let links = self.links(Kind::Contact, &contacts).await?;
        let places: Vec<Option<Place>> =
            self.keeper.get_all(&self.keys("stage/place", &contacts)).await?.read()?;
        for (((contact, tasks), link), place) in by_contact.into_iter().zip(links).zip(places) {
            let place = link.map(|link| Place { customer: Some(link.customer) }).or(place);
            let Some(place) = place else {
                for (id, staged) in tasks {
                    let mut change = Change::new(
                        Action::Skip,
                        Kind::Task,
                        id,
                        staged.title.clone(),
                        "its contact is not in ChartMogul",
                    );
                    change.contact = Some(contact.to_owned());
                    self.tell(run, &mut batch, &change)?;
                }
                continue;
            };
            self.compare_tasks_of(run, ready, &mut batch, contact, &place, tasks).await?;
        }
        Ok((batch, false))
    }

    pub(super) async fn compare_tasks_of(
        &self,
        run: &mut Run,
        ready: &Ready,
        batch: &mut Batch,
        contact: &str,
        place: &Place,
        tasks: Vec<(&str, &StagedTask)>,
    ) -> Result<()> {
        let mut wanted = Vec::with_capacity(tasks.len());
        let mut overflows = Vec::new();
        for (id, staged) in tasks {
            match &staged.refusal {
                None => {
                    let mut at_create = Fields::new();
                    let completed = staged.wanted.get("completed");
                    if let (Some(Value::Bool(true)), Some(at)) = (completed, staged.updated) {
                        at_create.insert("completed_at".into(), json!(crate::dates::iso(at)));
                    }
                    wanted.push((id, staged.wanted.clone(), at_create));
                    if !staged.problems.is_empty() {
                        self.tell_problems(batch, Kind::Task, id, &staged.problems)?;
                    }
                }
                Some(reason) => {
                    let title = staged.title.clone();
                    let mut change =
                        Change::new(Action::Error, Kind::Task, id, title, reason.clone());
                    change.contact = Some(contact.to_owned());
                    change.code = Some(Code::Unmappable.text().to_owned());
                    self.tell(run, batch, &change)?;
                    run.rejected += 1;
                    let error = Error::new(Code::Unmappable, reason.clone())
                        .hint("Set sync.users.defaultAssignee, or map the user in sync.users.map.");
                    self.set_aside(batch, Kind::Task, id, Some(contact), &error, String::new())?;
                }
            }
            if let Some(whole) = &staged.overflow {
                let note_id = overflow_note(id);
                let mut fields = Fields::new();
                let text = notes::written(whole, &note_id, self.settings);
                fields.insert("text".to_owned(), Value::String(text));
                overflows.push((note_id, fields));
            }
        }
        let overflows = overflows
            .iter()
            .map(|(id, fields)| (id.as_str(), fields.clone(), Fields::new()))
            .collect();
        self.compare_children(run, ready, batch, Kind::Task, (contact, place), wanted).await?;
        self.compare_children(run, ready, batch, Kind::Note, (contact, place), overflows).await
    }

    /// Compares notes or tasks of one contact with their links, or with what already stands in ChartMogul.
    pub(super) async fn compare_children(
        &self,
        run: &mut Run,
        ready: &Ready,
        batch: &mut Batch,
        kind: Kind,
        (contact, place): (&str, &Place),
        wanted: Vec<(&str, Fields, Fields)>,
    ) -> Result<()> {
        let ids: Vec<&str> = wanted.iter().map(|(id, _, _)| *id).collect();
        let links = self.links(kind, &ids).await?;
        let marked: Vec<Option<ExistingChild>> = self
            .keeper
            .get_all(&self.keys(&format!("match/{}", kind.name()), &ids))
            .await?
            .read()?;
        for (((id, fields, at_create), link), marked) in wanted.into_iter().zip(links).zip(marked) {
            let title = title_of(&fields);
            if let Some(link) = link {
                let to = changed(&link.base, &condensed(&fields));
                if to.is_empty() {
                    Plan::add(&mut run.plan.unchanged, kind, 1);
                    continue;
                }
                let completes = to.len() == 1 && to.get("completed") == Some(&Value::Bool(true));
                let action = if completes { Action::Complete } else { Action::Update };
                let mut change = Change::new(action, kind, id, title, "changed in GHL");
                change.from = before(&link.base, &to);
                change.from = select(&change.from, &|name, _| name != "text");
                change.to = select(&fields, &|name, _| to.contains_key(name));
                change.at_create = at_create;
                change.uuid = link.uuid;
                change.customer = Some(link.customer);
                change.contact = Some(contact.to_owned());
                self.tell_change(run, batch, change).await?;
                continue;
            }
            let found =
                match marked.filter(|found| place.customer.as_ref() == Some(&found.customer)) {
                    Some(found) => Some((found, Matched::Marker)),
                    None => self
                        .same_content(kind, place, &fields, batch)
                        .await?
                        .map(|found| (found, Matched::Content)),
                };
            let mut change = match found {
                Some((found, matched)) => {
                    let fields = self.as_signed(ready, batch, id, fields, &at_create, &found)?;
                    let mut change = Change::new(Action::Link, kind, id, title, matched.reason());
                    let differs = changed(&found.fields, &condensed(&fields));
                    change.same = without(&condensed(&fields), &differs);
                    change.to = select(&fields, &|name, _| differs.contains_key(name));
                    change.uuid = Some(found.uuid);
                    change.matched = Some(matched);
                    change
                }
                None => {
                    let mut change = Change::new(Action::Create, kind, id, title, "new in GHL");
                    change.to = fields;
                    change.at_create = at_create;
                    change.matched = Some(Matched::Created);
                    change
                }
            };
            change.customer = place.customer.clone();
            change.contact = Some(contact.to_owned());
            self.tell_change(run, batch, change).await?;
        }
        Ok(())
    }

    /// A note that names its author in its text was written once ChartMogul had refused that author:
    /// a state that was lost learns it again from there, and the name stays.
    fn as_signed(
        &self,
        ready: &Ready,
        batch: &mut Batch,
        id: &str,
        mut fields: Fields,
        at_create: &Fields,
        found: &ExistingChild,
    ) -> Result<Fields> {
        let author = at_create.get("author_email").and_then(Value::as_str);
        let text = fields.get("text").and_then(Value::as_str);
        let (Some(author), Some(text)) = (author, text) else { return Ok(fields) };
        let signed = ready
            .users
            .borrow()
            .name_by_email(author)
            .map(|name| notes::signed(text, name, id, self.settings));
        if let Some(signed) = signed
            && holds_text(&found.fields, &signed)
        {
            ready.users.borrow_mut().refuse(author);
            batch.put(&format!("refused/{author}"), &self.host.now())?;
            fields.insert("text".to_owned(), Value::String(signed));
        }
        Ok(fields)
    }

    /// An unmarked note or task of the same content that nothing is linked to.
    pub(super) async fn same_content(
        &self,
        kind: Kind,
        place: &Place,
        fields: &Fields,
        batch: &mut Batch,
    ) -> Result<Option<ExistingChild>> {
        let Some(customer) = &place.customer else { return Ok(None) };
        let key = match kind {
            Kind::Task => format!("match/taskContent/{customer}/{}", task_content(fields)),
            _ => {
                let text = fields.get("text").and_then(Value::as_str).unwrap_or_default();
                format!("match/noteContent/{customer}/{}", notes::content(text))
            }
        };
        let alike: Option<Vec<ExistingChild>> = self.keeper.get(&key).await?.one()?;
        for found in alike.unwrap_or_default() {
            // Each stands for one GHL record: linked before, or given away by this plan.
            let claim = format!("stage/claim/{}", found.uuid);
            let back = format!("back/{}/{}", kind.name(), found.uuid);
            let owners: Vec<Option<String>> =
                self.keeper.get_all(&[back, claim.clone()]).await?.read()?;
            if owners.iter().all(Option::is_none) && !batch.puts(&claim) {
                batch.put(&claim, &key)?;
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn title_of(fields: &Fields) -> String {
    let whole = fields
        .get("task_details")
        .or_else(|| fields.get("text"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    text::cut(&text::one_line(&text::plain(whole)), 60)
}
