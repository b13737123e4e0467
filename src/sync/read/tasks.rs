//! GHL's tasks. Their list knows no date: between full passes the open ones are listed, those that have
//! left that list are read by their ids, and all tasks of contacts that are new or have moved.

use serde_json::{Value, json};

use super::super::engine::{Engine, Step, gather, one, only};
use super::super::model::change::{Action, Change};
use super::super::model::pair::Kind;
use super::super::model::plan::{Pass, Plan};
use super::super::model::staged::StagedTask;
use super::super::model::standing::Reason;
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::{AGAIN, OPEN_TASKS, RUN, RunTables, of};
use super::super::work::Work;
use super::contacts::TOGETHER;
use crate::dates;
use crate::error::{Code, Result};
use crate::ghl::records::Task;
use crate::host::Host;
use crate::http::Parameters;
use crate::mapping::{Fields, tasks, text};
use crate::mutants::{self, Mutant};
use crate::ordered::Ordered;
use crate::record::Json;

/// GHL names no maximum for tasks; 100 is the largest it documents for lists.
pub(in crate::sync) const TASKS_A_PAGE: u64 = 100;
/// Rows looked at together where nothing is asked for.
const ROWS_A_STEP: usize = 500;

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) async fn read_tasks(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let mut batch = self.keeper.batch();
        if !run.only.is_empty() {
            let contacts = run.only.clone();
            self.list_tasks_of(run, work, &contacts, &mut batch).await?;
            return Ok(Step { batch, done: true });
        }
        if run.cursor.is_none() && run.task_pages == 0 {
            // Where many contacts are new, all tasks at once take fewer calls than theirs alone.
            run.all_tasks = run.plan.pass == Pass::Full || run.unlinked > work.pace.task_pages;
        }
        let mut parameters = json!({ "limit": TASKS_A_PAGE });
        if let (false, Some(parameters)) = (run.all_tasks, parameters.as_object_mut()) {
            parameters.insert("completed".into(), false.into());
        }
        let page = self.ghl_page("tasks.search", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.task_pages += 1;
        run.done += page.items.len() as u64;
        run.total = page.total.unwrap_or(0);
        run.missing_tasks += page.missing;
        if page.missing > 0 {
            *run.plan.unread.or_default(Kind::Task.name()) += 1;
            run.plan.warnings.push(format!(
                "GoHighLevel announced {} more tasks than it listed: the next run reads them again",
                page.missing
            ));
        }
        let before = run.clone();
        self.stage_tasks(run, work, Some(&before), &page.items, None, &mut batch).await?;
        run.cursor = page.cursor;
        let mut done = run.cursor.is_none();
        if done && !run.all_tasks {
            let vanished = self.note_vanished(work, &mut batch).await?;
            // All of them in a list are fewer calls than each alone.
            if vanished > work.pace.task_pages {
                run.all_tasks = true;
                run.done = 0;
                done = false;
            }
        }
        Ok(Step { batch, done })
    }

    /// Tasks that were open and were not listed as such, for the phase that reads them; how many.
    async fn note_vanished(&self, work: &Work, batch: &mut Batch) -> Result<u64> {
        let mut number = 0;
        let mut pages = self.keeper.pages(&OPEN_TASKS, ROWS_A_STEP);
        while let Some(rows) = pages.next().await? {
            let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
            let staged: Vec<Option<StagedTask>> =
                self.keeper.get_all(&work.tables.tasks, &ids).await?;
            for ((id, contact), staged) in rows.iter().zip(staged) {
                if staged.is_none() && batch.get(&work.tables.tasks, id).is_none() {
                    number += 1;
                    batch.put(&work.tables.vanished, id, contact)?;
                }
            }
        }
        Ok(number)
    }

    /// Tasks that have left the list of open ones: done, deleted, or missed by the list.
    pub(in crate::sync) async fn read_vanished(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.vanished, "", TOGETHER).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let answers = gather(&rows, TOGETHER, async |(id, contact): &(String, String)| {
            let mut parameters = Parameters::new();
            parameters.insert("contactId".into(), contact.as_str().into());
            parameters.insert("taskId".into(), id.as_str().into());
            self.ghl_value("tasks.get", Value::Object(parameters)).await
        })
        .await;
        for ((id, contact), answer) in rows.iter().zip(answers) {
            run.plan.least_read_calls.ghl += 1;
            match answer {
                Ok(item) => {
                    let items = [item];
                    self.stage_tasks(run, work, None, &items, Some(contact), &mut batch).await?;
                }
                Err(error) if error.code == Code::NotFound => {
                    batch.put(&work.tables.closed, id, &true)?;
                }
                Err(error) if error.code.ends_run() => return Err(error),
                // It stays among the open ones: the next run asks again.
                Err(_) => *run.plan.unread.or_default(Kind::Task.name()) += 1,
            }
        }
        Ok(Step { batch, done: false })
    }

    /// All tasks of contacts that are new, have moved or are read again.
    pub(in crate::sync) async fn read_tasks_of(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.tasks_of, "", TOGETHER).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let contacts: Vec<String> = rows.into_iter().map(|(id, _)| id).collect();
        self.list_tasks_of(run, work, &contacts, &mut batch).await?;
        Ok(Step { batch, done: false })
    }

    /// Lists the tasks of contacts, a call each.
    async fn list_tasks_of(
        &self,
        run: &mut Run,
        work: &Work,
        contacts: &[String],
        batch: &mut Batch,
    ) -> Result<()> {
        let whole = run.only.is_empty();
        let answers = gather(contacts, TOGETHER, async |contact: &String| {
            self.ghl_list("tasks.list", one("contactId", contact)).await
        })
        .await;
        for (contact, answer) in contacts.iter().zip(answers) {
            run.plan.least_read_calls.ghl += 1;
            match answer {
                Ok(items) => {
                    self.stage_tasks(run, work, None, &items, Some(contact), batch).await?;
                }
                Err(error) if error.code.ends_run() || !whole => return Err(error),
                Err(error) if error.code == Code::NotFound => {}
                Err(_) => {
                    *run.plan.unread.or_default(Kind::Task.name()) += 1;
                    batch.put(&AGAIN, contact, &run.plan.id)?;
                }
            }
        }
        Ok(())
    }

    /// Maps tasks and stages them; `own` is the contact whose they are, where it was asked for. Large
    /// ones do not wait for the others of their page: `before` is the run as it continues if it is cut off.
    async fn stage_tasks(
        &self,
        run: &mut Run,
        work: &Work,
        before: Option<&Run>,
        items: &[Json],
        own: Option<&String>,
        batch: &mut Batch,
    ) -> Result<()> {
        let mut rows = self.keeper.batch();
        let contact = own.map(String::as_str);
        let read: Ordered<Task<'_>> =
            self.listed(run, batch, Kind::Task, contact, items)?.into_iter().collect();
        let ids: Vec<&String> = read.keys().collect();
        let staged: Vec<Option<StagedTask>> = self.keeper.get_all(&work.tables.tasks, &ids).await?;
        let open: Vec<Option<String>> = self.keeper.get_all(&OPEN_TASKS, &ids).await?;
        let contacts: Vec<&str> =
            read.values().map(|task| task.contact_id.as_deref().unwrap_or_default()).collect();
        let homes = self.homes_of(work, Kind::Contact, &contacts).await?;
        let users = work.ready.users.borrow().clone();
        let comes_back = self.way_of(Kind::Task).comes_back();
        for (((id, task), staged), (open, home)) in
            read.into_iter().zip(staged).zip(open.into_iter().zip(homes))
        {
            let staged = staged.is_some() || batch.get(&work.tables.tasks, &id).is_some();
            if self.notes_who_is_here(run) {
                batch.put(&work.tables.here, &of(Kind::Task, &id), &true)?;
            }
            if !staged || mutants::is_on(Mutant::OneIdTwice) {
                Plan::add(&mut run.plan.read, Kind::Task, 1);
            }
            let title = task.title.as_deref().unwrap_or("Task without a title");
            let title = text::beginning(title, 60);
            let Some(contact) = task.contact_id.as_deref().filter(|id| !id.is_empty()).or(contact)
            else {
                // A task of no contact belongs to nobody whom ChartMogul could know.
                let change =
                    Change::new(Action::Skip, Kind::Task, &id, title, "it belongs to no contact")
                        .because(Reason::NoContact, Code::Unmappable);
                self.tell(run, work, batch, &change).await?;
                continue;
            };
            let is_open = task.completed != Some(true);
            match (is_open, open) {
                (true, None) if home.is_some_and(|home| home.is_settled()) => {
                    batch.put(&OPEN_TASKS, &id, &contact.to_owned())?;
                }
                (true, Some(known)) if known != contact => {
                    batch.put(&OPEN_TASKS, &id, &contact.to_owned())?;
                }
                (false, Some(_)) => batch.put(&work.tables.closed, &id, &true)?,
                _ => {}
            }
            let (mapped, refusal) = tasks::task(&task, self.settings, &users, |at| {
                self.offset_minutes(&work.ready, at)
            });
            let mut at_create = Fields::new();
            let updated = task.date_updated.as_ref().and_then(|at| at.milliseconds());
            if let (Some(Value::Bool(true)), Some(at)) = (mapped.fields.get("completed"), updated) {
                at_create = only("completed_at", dates::iso(at).into());
            }
            let row = StagedTask {
                contact: contact.to_owned(),
                title,
                fields: mapped.fields,
                at_create,
                refusal,
                problems: mapped.problems,
                overflow: tasks::overflow(&task, self.settings),
                origin: tasks::origin(&task),
                rewritable: comes_back && tasks::is_one_text(&task, self.settings),
            };
            rows.put(&work.tables.tasks, &id, &row)?;
            // If the page is read again, they are as well, and are not counted a second time.
            if let (true, Some(before)) = (rows.is_full(), before) {
                let mut before = before.clone();
                before.plan.read.clone_from(&run.plan.read);
                rows.put(&RUN, "", &before)?;
                self.keeper.commit(std::mem::replace(&mut rows, self.keeper.batch())).await?;
            }
        }
        batch.extend(rows);
        Ok(())
    }

    /// Takes over which tasks are not open any more, now that the run's plan is carried out.
    pub(in crate::sync) async fn keep_closed(&self, tables: &RunTables) -> Result<()> {
        let mut pages = self.keeper.pages(&tables.closed, ROWS_A_STEP);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (id, _) in rows {
                batch.delete(&OPEN_TASKS, &id);
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }
}
