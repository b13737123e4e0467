//! Reading GHL: contacts, tasks and businesses, a page at a time, each mapped as it is read.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::dates;
use crate::error::{Code, Error, Result};
use crate::ghl::records::{Business, Contact, Task};
use crate::host::{Event, Host};
use crate::http::Page;
use crate::mapping::contacts::{self, Context};
use crate::mapping::settings::Anchor;
use crate::mapping::{Fields, Mapped, Problem, changed, notes, tasks};
use crate::named::Named;
use crate::record::{self, Json};
use crate::records;

use super::change::{Pass, Plan};
use super::discover::Ready;
use super::existing::holds_text;
use super::run::{OVERLAP_MS, Run};
use super::state::{Batch, DeadLetter, Kind, Link};
use super::{Engine, together};

/// GHL: at most 500 contacts a page.
const CONTACTS_A_PAGE: u64 = 500;
/// GHL names no maximum for tasks and businesses; 100 is the largest it documents for lists.
const ROWS_A_PAGE: u64 = 100;
/// Requests for single contacts in a step, all under way at once. Few, so that a run of little time
/// gets to the end of a step: one that is cut off is begun anew.
const TOGETHER: usize = 8;

records! {
    /// A contact as it waits to be compared.
    #[derive(Debug, Clone, Default)]
    sparse pub(super) struct StagedContact {
        pub title: String = "title";
        /// What ChartMogul should hold.
        pub wanted: Fields = "wanted";
        pub at_create: Fields = "atCreate";
        pub problems: Vec<Problem> = "problems";
        pub emails: Vec<String> = "emails";
        pub phones: Vec<String> = "phones";
        pub business: Option<String> = "business";
    }
}

records! {
    /// A task as it waits to be compared.
    #[derive(Debug, Clone, Default)]
    sparse pub(super) struct StagedTask {
        pub contact: String = "contact";
        pub title: String = "title";
        /// What ChartMogul should hold.
        pub wanted: Fields = "wanted";
        /// Why the task cannot be brought over.
        pub refusal: Option<String> = "refusal";
        pub problems: Vec<Problem> = "problems";
        /// The text of a note beside a task that is too long.
        pub overflow: Option<String> = "overflow";
        /// When it was last changed, for the completion's time.
        pub updated: Option<i64> = "updated";
    }
}

/// The id that the note beside a long task goes by.
pub(super) fn overflow_note(task: &str) -> String {
    format!("task-{task}")
}

records! {
    /// A contact read before, inside the time that is read twice.
    #[derive(Debug, Default)]
    whole pub(super) struct Recent {
        pub updated: i64 = "updated";
        pub plan: String = "plan";
    }
}

impl<H: Host> Engine<'_, H> {
    pub(super) async fn read_contacts(
        &self,
        run: &mut Run,
        ready: &Ready,
    ) -> Result<(Batch, bool)> {
        let mut parameters = json!({
            "pageLimit": CONTACTS_A_PAGE,
            "sort": [{ "field": "dateUpdated", "direction": "asc" }],
        });
        if let (Pass::Incremental, Some(object)) = (run.plan.pass, parameters.as_object_mut()) {
            let since = dates::iso(i64::try_from(run.changed_since).unwrap_or(0));
            let filter =
                json!({ "field": "dateUpdated", "operator": "range", "value": { "gte": since } });
            object.insert("filters".into(), json!([filter]));
        }
        let page = self.ghl_page("contacts.search", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.total = page.total.unwrap_or(0);
        let (batch, finished) = self.stage_page(run, ready, page).await?;
        Ok((batch, finished))
    }

    async fn stage_page(&self, run: &mut Run, ready: &Ready, page: Page) -> Result<(Batch, bool)> {
        let finished = page.cursor.is_none();
        if page.missing > 0 {
            run.plan.warnings.push(format!(
                "GHL announced {} contacts more than it listed: the next full pass reads them again",
                page.missing
            ));
        }
        run.done += page.items.len() as u64;
        Plan::add(&mut run.plan.read, Kind::Contact, page.items.len() as u64);
        let mut batch = self.keeper.batch();
        self.stage_contacts(run, ready, &page.items, &mut batch).await?;
        run.cursor = page.cursor;
        Ok((batch, finished))
    }

    /// Maps contacts and stages those that must be compared.
    async fn stage_contacts(
        &self,
        run: &mut Run,
        ready: &Ready,
        items: &[Json],
        batch: &mut Batch,
    ) -> Result<()> {
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            match record::read_json::<Contact<'_>>(item) {
                Ok(contact) if contact.id.is_some() => read.push(contact),
                Ok(_) => self.set_aside_unreadable(
                    run,
                    batch,
                    Kind::Contact,
                    None,
                    item,
                    "it has no id",
                )?,
                Err(error) => self.set_aside_unreadable(
                    run,
                    batch,
                    Kind::Contact,
                    None,
                    item,
                    &error.to_string(),
                )?,
            }
        }
        let ids: Vec<&str> = read.iter().filter_map(|contact| contact.id.as_deref()).collect();
        let links = self.links(Kind::Contact, &ids).await?;
        let recent = self.keys("recent", &ids);
        let recent: Vec<Option<Recent>> = self.keeper.get_all(&recent).await?.read()?;
        let users = ready.users.borrow().clone();
        let context = Context {
            settings: self.settings,
            rules: &ready.rules,
            users: &users,
            country: ready.country.as_deref(),
        };
        let last = self.state().await?.last_plan;
        let times = read.iter().filter_map(|contact| contact.date_updated.as_ref()?.milliseconds());
        run.newest = times.filter_map(|at| u64::try_from(at).ok()).fold(run.newest, u64::max);
        let mut numbers: Named<Vec<String>> = Named::default();
        for ((contact, link), recent) in read.iter().zip(&links).zip(recent) {
            let id = contact.id.as_deref().unwrap_or_default();
            let updated =
                contact.date_updated.as_ref().and_then(|at| at.milliseconds()).unwrap_or(0);
            let known = recent.is_some_and(|seen| seen.updated == updated && seen.plan == last);
            // A known one too: the run's end forgets those that it did not see.
            if u64::try_from(updated).unwrap_or(0) + OVERLAP_MS >= run.newest {
                batch
                    .put(&format!("recent/{id}"), &Recent { updated, plan: run.plan.id.clone() })?;
            }
            if run.plan.pass == Pass::Incremental && known {
                Plan::add(&mut run.plan.unchanged, Kind::Contact, u64::from(link.is_some()));
                continue;
            }
            let identity = contacts::identity(contact, &context);
            let (mapped, at_create) = match self.settings.anchor {
                Anchor::ContactIsCustomer => contacts::customer(contact, &context),
                Anchor::BusinessIsCustomer if self.alone(contact) => {
                    contacts::customer(contact, &context)
                }
                Anchor::AttachOnly | Anchor::BusinessIsCustomer => {
                    (contacts::contact(contact, &context), Fields::new())
                }
            };
            for number in &identity.phones {
                numbers.or_default(number).push(id.to_owned());
            }
            run.unlinked += u64::from(link.is_none());
            let staged = StagedContact {
                title: contacts::display_name(contact),
                wanted: mapped.fields,
                at_create,
                problems: mapped.problems,
                emails: identity.emails,
                phones: identity.phones,
                business: contact.business_id.as_deref().map(str::to_owned),
            };
            batch.put(&format!("stage/contact/{id}"), &staged)?;
        }
        if self.settings.anchor == Anchor::AttachOnly {
            self.index_own_phones(numbers, batch).await?;
        }
        Ok(())
    }

    /// With `business-is-customer`: whether a contact without a business becomes its own customer.
    fn alone(&self, contact: &Contact<'_>) -> bool {
        contact.business_id.as_deref().is_none_or(str::is_empty)
            && self.settings.without_business == crate::mapping::settings::WithoutBusiness::Customer
    }

    /// Notes which GHL contacts have a phone: it identifies only while one has it.
    async fn index_own_phones(&self, numbers: Named<Vec<String>>, batch: &mut Batch) -> Result<()> {
        let keys: Vec<String> = numbers.names().map(|number| format!("phone/{number}")).collect();
        let known: Vec<Option<Vec<String>>> = self.keeper.get_all(&keys).await?.read()?;
        for ((key, (_, ids)), known) in keys.iter().zip(numbers).zip(known) {
            let mut all = known.unwrap_or_default();
            let before = all.len();
            for id in ids {
                if !all.contains(&id) {
                    all.push(id);
                }
            }
            if all.len() > before {
                batch.put(key, &all)?;
            }
        }
        Ok(())
    }

    /// Contacts that an earlier run could not finish are read again, whether they changed or not.
    pub(super) async fn read_retries(&self, run: &mut Run, ready: &Ready) -> Result<(Batch, bool)> {
        let rows: Vec<(String, String)> =
            self.keeper.scan("retry/", run.cursor.as_deref(), TOGETHER).await?.read()?;
        let mut batch = self.keeper.batch();
        let Some((last, _)) = rows.last() else { return Ok((batch, true)) };
        run.cursor = Some(last.clone());
        let ids: Vec<String> = rows
            .iter()
            .filter_map(|(key, _)| key.strip_prefix("retry/").map(str::to_owned))
            .collect();
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&self.keys("stage/contact", &ids)).await?.read()?;
        let letters: Vec<Option<DeadLetter>> =
            self.keeper.get_all(&self.keys("dead/contact", &ids)).await?.read()?;
        let mut answers: Vec<(&String, bool, Option<Result<Json>>)> = Vec::new();
        for ((id, letter), staged) in ids.iter().zip(letters).zip(staged) {
            if staged.is_none() {
                let retryable = letter.is_some_and(|letter| letter.retryable);
                answers.push((id, retryable, None));
            }
        }
        let mut steps: Vec<LocalBoxFuture<'_, ()>> = Vec::with_capacity(answers.len());
        for (id, _, answer) in &mut answers {
            steps.push(Box::pin(async move {
                let parameters = json!({ "contactId": id });
                *answer = Some(self.ghl_value("contacts.get", parameters).await);
            }));
        }
        together(steps, TOGETHER).await;
        let mut items = Vec::new();
        for (id, retryable, answer) in answers {
            let Some(answer) = answer else { continue };
            match answer {
                Ok(item) => {
                    run.plan.least_read_calls.ghl += 1;
                    items.push(item);
                    // What failed for a while is over; a refusal for good is kept for its content.
                    if retryable {
                        batch.delete(&format!("dead/contact/{id}"));
                    }
                }
                // Deleted meanwhile: nothing is left to bring over.
                Err(error) if error.code == Code::NotFound => batch.delete(&format!("retry/{id}")),
                Err(error) if super::apply::ends_the_run(&error) => return Err(error),
                // Some records fail for ever: the rest goes on, and the next run tries again.
                Err(error) => {
                    run.rejected += 1;
                    let content = String::new();
                    self.set_aside(&mut batch, Kind::Contact, id, Some(id), &error, content)?;
                    batch.put(&format!("retry/{id}"), &run.plan.id)?;
                }
            }
        }
        Plan::add(&mut run.plan.read, Kind::Contact, items.len() as u64);
        // Read for its notes' sake: not to be passed over as recent.
        for id in &ids {
            batch.delete(&format!("recent/{id}"));
        }
        self.keeper.commit(std::mem::replace(&mut batch, self.keeper.batch())).await?;
        self.stage_contacts(run, ready, &items, &mut batch).await?;
        Ok((batch, false))
    }

    pub(super) async fn read_tasks(&self, run: &mut Run, ready: &Ready) -> Result<(Batch, bool)> {
        let parameters = json!({ "limit": ROWS_A_PAGE });
        let page = self.ghl_page("tasks.search", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.done += page.items.len() as u64;
        run.total = page.total.unwrap_or(0);
        Plan::add(&mut run.plan.read, Kind::Task, page.items.len() as u64);
        let mut batch = self.keeper.batch();
        let mut read = Vec::with_capacity(page.items.len());
        for item in &page.items {
            match record::read_json::<Task<'_>>(item) {
                Ok(task) if task.deleted == Some(true) => {}
                Ok(task) if task.id.is_some() && task.contact_id.is_some() => read.push(task),
                // A task of no contact belongs to nobody whom ChartMogul could know.
                Ok(task) if task.id.is_some() => {
                    self.skip_task_without_contact(run, &mut batch, &task)?
                }
                Ok(_) => self.set_aside_unreadable(
                    run,
                    &mut batch,
                    Kind::Task,
                    None,
                    item,
                    "it has no id",
                )?,
                Err(error) => self.set_aside_unreadable(
                    run,
                    &mut batch,
                    Kind::Task,
                    None,
                    item,
                    &error.to_string(),
                )?,
            }
        }
        let ids: Vec<&str> = read.iter().filter_map(|task| task.id.as_deref()).collect();
        let links = self.links(Kind::Task, &ids).await?;
        let noted = self.noted_whole(&read).await?;
        let users = ready.users.borrow().clone();
        for ((task, link), noted) in read.iter().zip(links).zip(noted) {
            let (id, contact) = (
                task.id.as_deref().unwrap_or_default(),
                task.contact_id.as_deref().unwrap_or_default(),
            );
            let mapped =
                tasks::task(task, self.settings, &users, |at| self.offset_minutes(ready, at));
            // A long task's note is compared with the task: its text may differ past the cut.
            if let (true, Some(link), Ok(mapped)) = (noted, &link, &mapped)
                && changed(&link.base, &mapped.fields).is_empty()
            {
                Plan::add(&mut run.plan.unchanged, Kind::Task, 1);
                continue;
            }
            let (mapped, refusal) = match mapped {
                Ok(mapped) => (mapped, None),
                Err(reason) => (Mapped::default(), Some(reason)),
            };
            let title = task.title.as_deref().unwrap_or("Task without a title");
            let staged = StagedTask {
                contact: contact.to_owned(),
                title: crate::mapping::text::cut(&crate::mapping::text::one_line(title), 60),
                wanted: mapped.fields,
                refusal,
                problems: mapped.problems,
                overflow: tasks::overflow(task, self.settings),
                updated: task.date_updated.as_ref().and_then(|at| at.milliseconds()),
            };
            batch.put(&format!("stage/task/{contact}/{id}"), &staged)?;
        }
        run.cursor = page.cursor;
        Ok((batch, run.cursor.is_none()))
    }

    /// Of each task, whether the note beside it holds its whole text, or it needs none.
    async fn noted_whole(&self, tasks: &[Task<'_>]) -> Result<Vec<bool>> {
        let mut wanted = Vec::with_capacity(tasks.len());
        for task in tasks {
            let id = overflow_note(task.id.as_deref().unwrap_or_default());
            let whole = tasks::overflow(task, self.settings);
            let text = whole.map(|whole| notes::written(&whole, &id, self.settings));
            wanted.push((id, text));
        }
        let ids: Vec<&String> =
            wanted.iter().filter(|(_, text)| text.is_some()).map(|(id, _)| id).collect();
        let mut links = self.links(Kind::Note, &ids).await?.into_iter();
        let mut noted = Vec::with_capacity(tasks.len());
        for (_, text) in &wanted {
            noted.push(match text {
                None => true,
                Some(text) => {
                    links.next().flatten().is_some_and(|link| holds_text(&link.base, text))
                }
            });
        }
        Ok(noted)
    }

    fn skip_task_without_contact(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        task: &Task<'_>,
    ) -> Result<()> {
        let title = task.title.as_deref().unwrap_or("Task without a title");
        let change = super::change::Change::new(
            super::change::Action::Skip,
            Kind::Task,
            task.id.as_deref().unwrap_or_default(),
            title.to_owned(),
            "it belongs to no contact",
        );
        self.tell(run, batch, &change)
    }

    pub(super) async fn read_businesses(&self, run: &mut Run) -> Result<(Batch, bool)> {
        let parameters = json!({ "limit": ROWS_A_PAGE });
        let page = self.ghl_page("businesses.list", parameters, run.cursor.as_deref()).await?;
        run.plan.least_read_calls.ghl += 1;
        run.done += page.items.len() as u64;
        Plan::add(&mut run.plan.read, Kind::Business, page.items.len() as u64);
        let mut batch = self.keeper.batch();
        for item in &page.items {
            match record::read_json::<Business<'_>>(item) {
                Ok(business) if business.id.is_some() => {
                    let id = business.id.as_deref().unwrap_or_default();
                    let mapped = contacts::business(&business);
                    let staged = StagedContact {
                        title: business.name.as_deref().unwrap_or(id).to_owned(),
                        wanted: mapped.fields,
                        at_create: Fields::new(),
                        problems: mapped.problems,
                        emails: Vec::new(),
                        phones: Vec::new(),
                        business: None,
                    };
                    let linked = self.links(Kind::Business, &[id]).await?.pop().flatten().is_some();
                    run.unlinked += u64::from(!linked);
                    batch.put(&format!("stage/business/{id}"), &staged)?;
                }
                Ok(_) => self.set_aside_unreadable(
                    run,
                    &mut batch,
                    Kind::Business,
                    None,
                    item,
                    "it has no id",
                )?,
                Err(error) => self.set_aside_unreadable(
                    run,
                    &mut batch,
                    Kind::Business,
                    None,
                    item,
                    &error.to_string(),
                )?,
            }
        }
        run.cursor = page.cursor;
        Ok((batch, run.cursor.is_none()))
    }

    /// The links of GHL records, in their order.
    pub(super) async fn links(
        &self,
        kind: Kind,
        ids: &[impl AsRef<str>],
    ) -> Result<Vec<Option<Link>>> {
        let keys: Vec<String> =
            ids.iter().map(|id| format!("link/{}/{}", kind.name(), id.as_ref())).collect();
        self.keeper.get_all(&keys).await?.read()
    }

    pub(super) fn keys(&self, prefix: &str, ids: &[impl AsRef<str>]) -> Vec<String> {
        ids.iter().map(|id| format!("{prefix}/{}", id.as_ref())).collect()
    }

    /// A record that cannot even be read goes to the dead letters with what there is of it.
    pub(super) fn set_aside_unreadable(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        kind: Kind,
        contact: Option<&str>,
        item: &Json,
        reason: &str,
    ) -> Result<()> {
        let value: Value = serde_json::from_str(item.get()).unwrap_or_default();
        let id =
            value.get("id").or_else(|| value.get("_id")).and_then(Value::as_str).map(str::to_owned);
        let id = id.unwrap_or_else(|| format!("unreadable-{}", crate::mapping::hash(item.get())));
        let error = Error::new(
            Code::UnreadableResponse,
            format!("GHL sent a record that cannot be read: {reason}"),
        );
        run.rejected += 1;
        self.set_aside(batch, kind, &id, contact, &error, String::new())
    }

    /// Puts a dead letter and tells the host.
    pub(super) fn set_aside(
        &self,
        batch: &mut Batch,
        kind: Kind,
        id: &str,
        contact: Option<&str>,
        error: &Error,
        content: String,
    ) -> Result<()> {
        let letter = DeadLetter {
            kind: kind.name().to_owned(),
            id: id.to_owned(),
            contact: contact.map(str::to_owned),
            code: error.code.text().to_owned(),
            reason: error.message.clone(),
            hint: error.hint.as_deref().map(str::to_owned),
            at: self.host.now(),
            content,
            retryable: error.code.retryable() || error.code == Code::OutcomeUnknown,
        };
        self.host.emit(Event::DeadLetter {
            kind: kind.name(),
            id: id.to_owned(),
            code: error.code.text(),
            reason: error.message.clone(),
        });
        batch.put(&format!("dead/{}/{id}", kind.name()), &letter)
    }
}
