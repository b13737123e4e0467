//! What an earlier run could not finish: contacts to be read again, refused records to be tried again.

use serde::Serialize;

use super::super::engine::{Engine, Step, gather, one};
use super::super::letters::group_of;
use super::super::model::pair::Kind;
use super::super::model::staged::StagedContact;
use super::super::model::standing::{DeadLetter, LetterKind, Reason, Refusal, Standing};
use super::super::model::state::Run;
use super::super::people::CUSTOMER_UUID;
use super::super::state::keeper::Batch;
use super::super::state::tables::of;
use super::super::state::tables::{AGAIN, EVENTS, LETTERS, PAIRS, REFRESH, REFUSALS};
use super::super::work::Work;
use super::contacts::{Listing, TOGETHER};
use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::mutants::{self, Mutant};
use crate::ordered::{Ordered, tidy};
use crate::record::Json;
use crate::records;

/// Refused records of a group that a full pass tries again.
const TRIED_OF_A_GROUP: usize = 10;

/// Rows of contacts to be refreshed that are put or taken together.
const ROWS_A_COMMIT: usize = 500;

/// How long an event counts as taken: longer than a service sends it again.
const EVENT_KEPT_MS: u64 = 7 * 24 * 3_600_000;

/// Longest id of an event, in characters.
const LONGEST_EVENT: usize = 200;

records! {
    /// Contacts that have changed, and who says so.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct RefreshOptions {
        /// Ids of GHL contacts, and uuids of ChartMogul customers (`cus_…`), which stand for the contacts that
        /// are linked with them.
        pub contacts: Vec<String> = "contacts";
        /// The id of the event that says so, for example a webhook's `webhookId`, at most 200 characters: the
        /// same event is taken once in 7 days.
        pub event: Option<String> = "event";
    }
}

/// What came of a refresh.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "reference",
    derive(schemars::JsonSchema),
    schemars(rename = "RefreshOutcome")
)]
pub struct Refreshed {
    /// The GHL contacts that the next run reads. Those of a customer whose contacts only the run finds are not
    /// among them.
    pub contacts: Vec<String>,
    /// Whether this event was taken before: then nothing was noted.
    pub duplicate: bool,
}

/// The row of an event.
fn event_row(id: &str) -> Result<String> {
    if !id.is_empty()
        && id.len() <= LONGEST_EVENT
        && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    {
        return Ok(id.to_owned());
    }
    let message = "event must be the id of an event: 1 to 200 visible characters without a slash";
    Err(Error::new(Code::InvalidArgument, message))
}

impl<H: Host> Engine<'_, H> {
    /// Contacts that an earlier run could not finish are read again, whether they changed or not.
    pub(in crate::sync) async fn read_again(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if run.cursor.is_none() {
            self.take_refreshes().await?;
        }
        let rows = self.next_rows(run, &AGAIN, "", TOGETHER).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let ids: Vec<String> = rows.into_iter().map(|(id, _)| id).collect();
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&work.tables.contacts, &ids).await?;
        let unread: Vec<String> = ids
            .into_iter()
            .zip(staged)
            .filter(|(_, row)| row.is_none())
            .map(|(id, _)| id)
            .collect();
        let items = self.contacts_by_id(run, &mut batch, &unread).await?;
        self.stage_contacts(run, work, Listing::ById, &items, &mut batch).await?;
        Ok(Step { batch, done: false })
    }

    /// Has the next run read contacts at once, with their notes and tasks, whatever their dates say: a
    /// webhook, or a program, knows that they have changed. Waits for nobody, and asks no service.
    pub async fn refresh(&self, options: &RefreshOptions) -> Result<Refreshed> {
        let event = options.event.as_deref().map(event_row).transpose()?;
        if let Some(id) = options.contacts.iter().find(|id| id.trim().is_empty()) {
            let message = format!("contacts holds an id that is empty: {id:?}");
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("Pass ids of GHL contacts, or uuids of ChartMogul customers (cus_…)."));
        }
        let mut contacts: Vec<String> = Vec::new();
        let mut noted: Vec<String> = Vec::new();
        for id in &options.contacts {
            let linked = match id.strip_prefix(CUSTOMER_UUID) {
                Some(_) => self.linked_with(id, Vec::new()).await?,
                None => vec![id.clone()],
            };
            // Members are noted of customers whose tags or attributes are written. Others are looked for by
            // the run, among all pairs.
            if linked.is_empty() {
                noted.push(id.clone());
            }
            contacts.extend(linked);
        }
        tidy(&mut contacts);
        noted.extend(contacts.iter().cloned());
        let mut chunks: Vec<&[String]> = noted.chunks(ROWS_A_COMMIT).collect();
        // An event is taken with the last of its contacts: one that broke off before is taken again.
        let last = if event.is_some() { chunks.pop().or(Some(&[])) } else { None };
        for some in chunks {
            self.keeper.commit_beside(self.to_refresh(some)?).await?;
        }
        let mut duplicate = false;
        if let (Some(row), Some(last)) = (event, last) {
            let mut batch = self.to_refresh(last)?;
            batch.put(&EVENTS, &row, &self.host.now())?;
            duplicate = !self.keeper.commit_beside_once(batch, &EVENTS.key(&row)).await?;
        }
        Ok(Refreshed { contacts, duplicate })
    }

    fn to_refresh(&self, contacts: &[String]) -> Result<Batch> {
        let mut batch = self.keeper.batch();
        for contact in contacts {
            batch.put(&REFRESH, contact, &true)?;
        }
        Ok(batch)
    }

    /// Events are sent again for days at most.
    async fn forget_old_events(&self) -> Result<()> {
        let since = self.host.now().saturating_sub(EVENT_KEPT_MS);
        let mut pages = self.keeper.pages(&EVENTS, ROWS_A_COMMIT);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (event, _) in rows.iter().filter(|(_, at)| *at < since) {
                batch.delete(&EVENTS, event);
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// What comes later than this is for the next run, and a contact is read after its row is taken.
    async fn take_refreshes(&self) -> Result<()> {
        self.forget_old_events().await?;
        let mut customers: Vec<String> = Vec::new();
        let mut pages = self.keeper.pages(&REFRESH, ROWS_A_COMMIT);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (id, _) in rows {
                if id.starts_with(CUSTOMER_UUID) {
                    customers.push(id);
                    continue;
                }
                batch.put(&AGAIN, &id, &String::new())?;
                batch.delete(&REFRESH, &id);
            }
            self.keeper.commit(batch).await?;
        }
        if customers.is_empty() { Ok(()) } else { self.take_customers(&customers).await }
    }

    /// The contacts that are linked with customers, by one walk of all pairs.
    async fn take_customers(&self, customers: &[String]) -> Result<()> {
        let within = of(Kind::Contact, "");
        let mut after: Option<String> = None;
        loop {
            let rows = self.keeper.scan(&PAIRS, &within, after.as_deref(), ROWS_A_COMMIT).await?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            let mut batch = self.keeper.batch();
            for (key, pair) in &rows {
                let named = pair.gone.is_none() && customers.contains(&pair.customer);
                if let Some(id) = key.strip_prefix(&within).filter(|_| named) {
                    batch.put(&AGAIN, id, &String::new())?;
                }
            }
            self.keeper.commit(batch).await?;
        }
        let mut batch = self.keeper.batch();
        for id in customers {
            batch.delete(&REFRESH, id);
        }
        self.keeper.commit(batch).await
    }

    /// Contacts as GHL has them at this moment. One that cannot be read is recorded, and read again by the
    /// next run.
    pub(in crate::sync) async fn contacts_by_id(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        ids: &[String],
    ) -> Result<Vec<Json>> {
        let answers = gather(ids, TOGETHER, async |id: &String| {
            self.ghl_value("contacts.get", one("contactId", id)).await
        })
        .await;
        let mut items = Vec::new();
        for (id, answer) in ids.iter().zip(answers) {
            match answer {
                Ok(item) => {
                    run.plan.least_read_calls.ghl += 1;
                    items.push(item);
                }
                // Deleted meanwhile: nothing is left to sync.
                Err(error) if error.code == Code::NotFound => batch.delete(&AGAIN, id),
                Err(error) if error.code.ends_run() => return Err(error),
                // Some records always fail: the rest continues, and the next run tries again.
                Err(error) => {
                    run.rejected += 1;
                    let letter = self.letter(Kind::Contact, id, Some(id), &error);
                    self.set_aside(batch, &of(Kind::Contact, id), letter)?;
                    batch.put(&AGAIN, id, &run.plan.id)?;
                }
            }
        }
        Ok(items)
    }

    /// Of each group of refusals some are tried again, in turn: what was refused may be mended.
    pub(in crate::sync) async fn choose_retries(&self, _: &mut Run, work: &Work) -> Result<Step> {
        if mutants::is_on(Mutant::RefusedForEver) {
            return Ok(self.done());
        }
        let mut batch = self.keeper.batch();
        let mut groups: Ordered<(Refusal, Vec<String>, Vec<String>)> = Ordered::new();
        let mut of_notes: Ordered<String> = Ordered::new();
        let mut pages = self.keeper.pages(&LETTERS, 500);
        while let Some(rows) = pages.next().await? {
            for (id, letter) in rows {
                if letter.standing != Standing::Failed || letter.group.is_empty() {
                    continue;
                }
                if !groups.contains_key(&letter.group) {
                    let refusal = self.keeper.get(&REFUSALS, &letter.group).await?;
                    let empty = (refusal.unwrap_or_default(), Vec::new(), Vec::new());
                    groups.insert(letter.group.clone(), empty);
                }
                if let (LetterKind::Note, Some(contact)) = (letter.kind, letter.contact) {
                    of_notes.insert(id.clone(), contact);
                }
                if let Some((refusal, first, later)) = groups.get_mut(&letter.group) {
                    let list = if id > refusal.tried { later } else { first };
                    if refusal.freed || list.len() < TRIED_OF_A_GROUP {
                        list.push(id);
                    }
                }
            }
        }
        let mut contacts = Vec::new();
        for (group, (refusal, first, later)) in groups {
            let most = if refusal.freed { usize::MAX } else { TRIED_OF_A_GROUP };
            let chosen: Vec<String> = later.into_iter().chain(first).take(most).collect();
            let tried = chosen.last().cloned().unwrap_or_default();
            for id in &chosen {
                batch.put(&work.tables.retries, id, &true)?;
                contacts.extend(of_notes.remove(id));
            }
            batch.put(&REFUSALS, &group, &Refusal { tried, freed: false })?;
        }
        // Refused notes are tried again as they are read.
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&work.tables.contacts, &contacts).await?;
        for (contact, staged) in contacts.iter().zip(staged) {
            let updated = staged.map_or(0, |staged| staged.updated);
            batch.put(&work.tables.wanted, contact, &updated)?;
        }
        Ok(Step { batch, done: true })
    }

    /// The letter of an error.
    pub(in crate::sync) fn letter(
        &self,
        kind: Kind,
        id: &str,
        contact: Option<&str>,
        error: &Error,
    ) -> DeadLetter {
        let open = matches!(error.code, Code::OutcomeUnknown);
        let cause = match error.code {
            Code::UnreadableResponse => Reason::Unread,
            Code::Unmappable => Reason::Unmappable,
            _ if open => Reason::Open,
            code if code.retryable() => Reason::Unavailable,
            _ => Reason::Rejected,
        };
        let retryable = error.code.retryable() || open;
        DeadLetter {
            kind: kind.into(),
            id: id.to_owned(),
            contact: contact.map(str::to_owned),
            standing: Standing::Failed,
            cause,
            code: error.code.text().to_owned(),
            reason: error.message.clone(),
            hint: error.hint.as_deref().map(str::to_owned),
            at: self.host.now(),
            retryable,
            group: if retryable { String::new() } else { group_of(error) },
            ..DeadLetter::default()
        }
    }
}
