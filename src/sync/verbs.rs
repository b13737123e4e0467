//! What people ask of single records, and of the state: status, why, link, unlink, accept, retry.

use serde::Serialize;

use super::engine::{Engine, one};
use super::model::mail::{Mail, Verb, seen};
use super::model::pair::{Kind, Matched, Pair, Role};
use super::model::standing::{
    Apart, Choice, DeadLetter, FieldLetters, Reason, Standing, StandingCounts,
};
use super::model::state::Run;
use super::report::{Holder, ReasonCount, Status, Unfinished};
use super::state::keeper::Batch;
use super::state::tables::{
    AGAIN, APART, CHOICES, FIELDS, INTENTS, LAST_GOOD, LETTERS, MAIL, OWNERS, PAIRS, QUOTA,
    REFRESH, RUN, SHARED, STATE,
};
use super::state::tables::{of, of_decision, of_list};
use crate::chartmogul::records::Contact;
use crate::choices;
use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host};
use crate::named::Named;

choices! {
    /// How a record stands.
    pub enum RecordStanding {
        /// The state knows nothing of it.
        Unknown = "unknown",
        /// It is in step.
        InStep = "inStep",
        /// It was not synced.
        Failed = "failed",
        /// A person has to decide.
        Waiting = "waiting",
        /// It is not in step, and that is settled.
        Apart = "apart",
    }
}

/// How a record stands, and why.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "RecordStatus"))]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The id that was asked for.
    pub id: String,
    /// What it is; left out where the state knows nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// How it stands.
    pub standing: RecordStanding,
    /// Why it is not in step, of a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// The same in a sentence.
    pub reason: String,
    /// What to do about it: commands are in backticks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// GHL's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghl_id: Option<String>,
    /// The GHL contact it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghl_contact_id: Option<String>,
    /// ChartMogul's uuid of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_id: Option<String>,
    /// Uuid of its ChartMogul customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_customer: Option<String>,
    /// How both came to be linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// Fields whose values stay ChartMogul's.
    pub kept: Vec<String>,
    /// Values that were cut, left out or refused, and why.
    pub fields: Vec<String>,
    /// For conflicts: the candidates' uuids.
    pub candidates: Vec<String>,
    /// Since when it has stood so, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// For a decision that is not carried out yet: who is syncing the location, and takes it up before
    /// the end. Until then the record stands as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<Holder>,
}

/// Rows read at once where a whole table is counted.
const ROWS_A_PAGE: usize = 500;

/// The kinds in which an id is looked for.
const KINDS: [Kind; 5] = [Kind::Contact, Kind::Note, Kind::Task, Kind::Business, Kind::Customer];

impl<H: Host> Engine<'_, H> {
    /// What the store knows of the location; asks no service.
    pub async fn status(&self) -> Result<Status> {
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        let unfinished = run.map(|run| Unfinished {
            plan_id: run.plan.id,
            phase: run.phase.title(),
            created_at: run.plan.created_at,
        });
        let (standing, mut reasons) = self.not_in_step().await?;
        let mut pages = self.keeper.pages(&APART, ROWS_A_PAGE);
        while let Some(rows) = pages.next().await? {
            for (key, apart) in rows {
                let kind = key.split('/').next().unwrap_or_default();
                count(&mut reasons, Standing::Apart, apart.cause, kind);
            }
        }
        let last_good = self.keeper.get(&LAST_GOOD, "").await?;
        let holder = self.holder().await?;
        let queued = self.keeper.count(&MAIL, "").await?;
        let refreshing = self.keeper.count(&REFRESH, "").await?;
        let state = self.state().await?;
        let today = self.today().await?;
        let notes = self.notes_status(&self.pace().await?).await?;
        let quota = self.quota_of_day();
        let daily_calls = self.daily_calls();
        Ok(Status {
            state,
            standing,
            reasons,
            quota,
            notes,
            today,
            daily_calls,
            unfinished,
            last_good,
            holder,
            queued,
            refreshing,
        })
    }

    /// Tells the host of GHL's quota, and notes it for `status` in another process. Nothing depends on it: a store that fails
    /// here fails no run.
    pub async fn note_quota(&self) {
        let Some(quota) = self.ghl.quota() else { return };
        self.host.emit(Event::Quota {
            service: Service::Ghl,
            limit: quota.limit,
            remaining: quota.remaining,
            resets_at_ms: quota.resets_at_ms,
        });
        let mut batch = self.keeper.batch();
        if batch.put(&QUOTA, "", &quota).is_ok() {
            let _ = self.keeper.commit(batch).await;
        }
    }

    /// How many records are not in step and not settled.
    pub(super) async fn count_standing(&self) -> Result<StandingCounts> {
        Ok(self.not_in_step().await?.0)
    }

    /// The records and values that are not in step, as counts and by their reasons.
    async fn not_in_step(&self) -> Result<(StandingCounts, Vec<ReasonCount>)> {
        let mut counts = StandingCounts::default();
        let mut reasons = Vec::new();
        let mut pages = self.keeper.pages(&LETTERS, ROWS_A_PAGE);
        while let Some(rows) = pages.next().await? {
            for (_, letter) in rows {
                match letter.standing {
                    Standing::Waiting => counts.waiting += 1,
                    _ => counts.failed += 1,
                }
                count(&mut reasons, letter.standing, letter.cause, letter.kind.name());
            }
        }
        let mut pages = self.keeper.pages(&FIELDS, ROWS_A_PAGE);
        while let Some(rows) = pages.next().await? {
            for field in rows.into_iter().flat_map(|(_, letters)| letters.fields) {
                let standing = field.standing();
                counts.failed += u64::from(standing == Standing::Failed);
                count(&mut reasons, standing, Reason::Field, "field");
            }
        }
        Ok((counts, reasons))
    }

    /// How a record stands, and why. Any id: GHL's of a contact, note, task or business, ChartMogul's
    /// of a contact, note, task or customer. Asks no service.
    pub async fn why(&self, id: &str) -> Result<Why> {
        let why = self.standing_of(wanted(id)?).await?;
        let queued = self.awaited_by(&[id, &why.id]).await?;
        Ok(Why { queued, ..why })
    }

    /// The same, of what the state says alone: a decision that waits is not looked for.
    async fn standing_of(&self, id: &str) -> Result<Why> {
        let mut own = id.to_owned();
        for kind in KINDS {
            let owner: Option<String> = self.keeper.get(&OWNERS, &of(kind, id)).await?;
            if let Some(owner) = owner {
                own = owner;
                break;
            }
        }
        for kind in KINDS {
            let row = of(kind, &own);
            let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
            let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, &row).await?;
            let apart: Option<Apart> = self.keeper.get(&APART, &row).await?;
            let fields: Option<FieldLetters> = self.keeper.get(&FIELDS, &row).await?;
            let shared = match kind {
                Kind::Customer => self.keeper.get(&SHARED, &own).await?,
                _ => None,
            };
            let choice: Option<Choice> = match kind {
                Kind::Contact => self.keeper.get(&CHOICES, &own).await?,
                _ => None,
            };
            if pair.is_none()
                && letter.is_none()
                && apart.is_none()
                && fields.is_none()
                && shared.is_none()
                && choice.is_none()
            {
                continue;
            }
            let is_chosen = pair.is_none() && letter.is_none() && apart.is_none();
            let letter = match letter {
                None => self.keeper.get(&LETTERS, &of_decision(&own)).await?,
                letter => letter,
            };
            let why = answer(id, kind, &own, pair, letter, apart, fields);
            return Ok(match choice.filter(|_| is_chosen) {
                Some(choice) => chosen(why, &own, choice),
                None => why,
            });
        }
        let others = self.keeper.get_all(&LETTERS, &[of_list(id), of_decision(id)]).await?;
        if let Some(letter) = others.into_iter().flatten().next() {
            return Ok(answer(id, Kind::Contact, id, None, Some(letter), None, None));
        }
        Ok(Why {
            id: id.to_owned(),
            standing: RecordStanding::Unknown,
            reason: "the state knows no record of this id".to_owned(),
            hint: Some("Check the id; a record that no run has read yet is not known.".to_owned()),
            ..Why::default()
        })
    }

    /// Links a GHL contact with a ChartMogul customer, or with one of its contacts. The next plan shows
    /// what follows from it.
    pub async fn link(&self, contact: &str, chartmogul: &str) -> Result<Why> {
        let (contact, chartmogul) = (wanted(contact)?, wanted(chartmogul)?);
        let choice = self.choice_of(contact, chartmogul).await?;
        let mail = Mail {
            verb: Verb::Link,
            id: contact.to_owned(),
            choice: Some(choice),
            ..Mail::default()
        };
        let queued = self.decide(vec![mail]).await?;
        Ok(Why { queued, ..self.standing_of(contact).await? })
    }

    /// Looks a counterpart up, and refuses one that cannot be chosen.
    async fn choice_of(&self, contact: &str, chartmogul: &str) -> Result<Choice> {
        if chartmogul.starts_with("con_") {
            let parameters = one("contact_uuid", chartmogul);
            let answer = self.chartmogul_value("contacts.retrieve", parameters).await?;
            let found: Contact = self.parse(Service::Chartmogul, "contacts.retrieve", &answer)?;
            let customer = found.customer_uuid.ok_or_else(|| {
                Error::new(Code::InvalidArgument, format!("{chartmogul} belongs to no customer"))
                    .hint("Link the contact with a customer (cus_…).")
            })?;
            let choice = Choice { customer, contact: Some(chartmogul.to_owned()) };
            self.refuse_taken(contact, &choice).await?;
            Ok(choice)
        } else if chartmogul.starts_with("cus_") {
            if !self.customer_is_there(chartmogul).await? {
                let message = format!("ChartMogul has no customer {chartmogul}");
                return Err(Error::new(Code::NotFound, message).of(Service::Chartmogul));
            }
            Ok(Choice { customer: chartmogul.to_owned(), contact: None })
        } else {
            let message = format!("\"{chartmogul}\" is not a ChartMogul customer or contact");
            Err(Error::new(Code::InvalidArgument, message)
                .hint("Pass a uuid that begins with cus_ or con_."))
        }
    }

    /// Refuses a ChartMogul contact that another GHL contact is linked with.
    async fn refuse_taken(&self, contact: &str, choice: &Choice) -> Result<()> {
        let Some(chosen) = &choice.contact else { return Ok(()) };
        let owner: Option<String> = self.keeper.get(&OWNERS, &of(Kind::Contact, chosen)).await?;
        match owner.filter(|owner| owner != contact) {
            None => Ok(()),
            Some(owner) => {
                let message = format!("{chosen} is linked with the GHL contact {owner}");
                Err(Error::new(Code::Duplicate, message)
                    .hint(format!("Unlink it first: `unlink {owner}`.")))
            }
        }
    }

    /// Ends the link of a record: it stays as it is on both sides, and is not paired again until
    /// `link` or `retry`.
    pub async fn unlink(&self, id: &str) -> Result<Why> {
        let (_, _, own) = self.known_to_unlink(id).await?;
        let mail = Mail { verb: Verb::Unlink, id: own.clone(), ..Mail::default() };
        let queued = self.decide(vec![mail]).await?;
        Ok(Why { queued, ..self.standing_of(&own).await? })
    }

    async fn known_to_unlink(&self, id: &str) -> Result<(Why, Kind, String)> {
        let known = self.known(id).await?;
        if let (_, Kind::Customer, own) = &known {
            let message = format!("{own} is linked through its contacts");
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("Unlink the GHL contact: `unlink CONTACT`."));
        }
        Ok(known)
    }

    /// How a record stands, with its kind and its own id; an error where nothing is known of it.
    async fn known(&self, id: &str) -> Result<(Why, Kind, String)> {
        let known = self.standing_of(wanted(id)?).await?;
        let own = match known.kind {
            Some(Kind::Customer) => known.chartmogul_customer.clone(),
            _ => known.ghl_id.clone(),
        };
        match known.kind.zip(own) {
            Some((kind, own)) => Ok((known, kind, own)),
            None => Err(Error::new(Code::NotFound, format!("the state knows no record {id}"))
                .hint("`status` shows what is known; a record that no run has read yet is not.")),
        }
    }

    /// Settles records as they are: they are counted and listed, and no failure any more. A change of
    /// the record undoes it.
    pub async fn accept(&self, ids: &[String]) -> Result<Vec<Why>> {
        // All are looked up first: a mistyped id settles nothing.
        let mut mails = Vec::with_capacity(ids.len());
        for id in ids {
            let (_, kind, own) = self.known(id).await?;
            let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, &of(kind, &own)).await?;
            let seen = letter.as_ref().map(seen).unwrap_or_default();
            mails.push(Mail { verb: Verb::Accept, id: own, seen, ..Mail::default() });
        }
        let accepted: Vec<String> = mails.iter().map(|mail| mail.id.clone()).collect();
        let queued = self.decide(mails).await?;
        let mut whys = Vec::with_capacity(accepted.len());
        for own in accepted {
            whys.push(Why { queued: queued.clone(), ..self.standing_of(&own).await? });
        }
        Ok(whys)
    }

    /// Tries a record again in the next run: one that was refused, that a person deleted in ChartMogul,
    /// or that was unlinked or accepted.
    pub async fn retry(&self, id: &str) -> Result<Why> {
        let (_, kind, own) = self.known(id).await?;
        let mail = Mail { verb: Verb::Retry, id: own.clone(), ..Mail::default() };
        let queued = self.decide(vec![mail]).await?;
        let mut why = self.standing_of(&own).await?;
        if queued.is_some() {
            return Ok(Why { queued, ..why });
        }
        why.kind = Some(kind);
        if kind != Kind::Customer {
            why.ghl_id = Some(own);
        }
        why.standing = RecordStanding::Waiting;
        why.cause = None;
        why.reason = "the next run tries it again".to_owned();
        why.hint = Some("Run `sync`, or `plan` to see it first.".to_owned());
        Ok(why)
    }

    /// Puts what a decision changes. It was valid when it was made; what has moved since is an error.
    pub(super) async fn carry_out_decision(&self, batch: &mut Batch, mail: &Mail) -> Result<()> {
        batch.delete(&LETTERS, &of_decision(&mail.id));
        match mail.verb {
            Verb::Link => self.carry_out_link(batch, mail).await,
            Verb::Unlink => self.carry_out_unlink(batch, &mail.id).await,
            Verb::Accept => self.carry_out_accept(batch, mail).await,
            Verb::Retry => self.carry_out_retry(batch, &mail.id).await,
            Verb::Resolve => self.carry_out_resolve(batch, mail).await,
        }
    }

    async fn carry_out_link(&self, batch: &mut Batch, mail: &Mail) -> Result<()> {
        let (contact, choice) = (&mail.id, mail.choice.clone().unwrap_or_default());
        self.refuse_taken(contact, &choice).await?;
        let row = of(Kind::Contact, contact);
        batch.put(&CHOICES, contact, &choice)?;
        batch.delete(&APART, &row);
        batch.delete(&LETTERS, &row);
        self.forget_pair(batch, Kind::Contact, contact).await?;
        batch.put(&AGAIN, contact, &String::new())?;
        self.outdate_plans(batch).await
    }

    async fn carry_out_unlink(&self, batch: &mut Batch, id: &str) -> Result<()> {
        let (known, kind, own) = self.known_to_unlink(id).await?;
        let row = of(kind, &own);
        self.forget_pair(batch, kind, &own).await?;
        batch.delete(&CHOICES, &own);
        batch.delete(&LETTERS, &row);
        batch.delete(&FIELDS, &row);
        let apart = Apart {
            cause: Reason::Unlinked,
            contact: known.ghl_contact_id,
            at: self.host.now(),
            chartmogul: known.chartmogul_id.or(known.chartmogul_customer),
            ..Apart::default()
        };
        batch.put(&APART, &row, &apart)?;
        self.outdate_plans(batch).await
    }

    async fn carry_out_accept(&self, batch: &mut Batch, mail: &Mail) -> Result<()> {
        let (_, kind, own) = self.known(&mail.id).await?;
        let row = of(kind, &own);
        let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, &row).await?;
        if let Some(letter) = letter.as_ref().filter(|letter| seen(letter) != mail.seen) {
            let message = format!("the status of {own} has changed since: {}", letter.reason);
            return Err(Error::new(Code::InvalidArgument, message)
                .hint(format!("Look at it again: `why {own}`.")));
        }
        let fields: Option<FieldLetters> = self.keeper.get(&FIELDS, &row).await?;
        if let Some(mut fields) = fields {
            // A refused value that is accepted is listed like one that was left out.
            for field in &mut fields.fields {
                field.group = String::new();
            }
            batch.put(&FIELDS, &row, &fields)?;
        }
        batch.delete(&LETTERS, &of_list(&own));
        if let Some(letter) = letter {
            let apart = Apart {
                cause: Reason::Accepted,
                title: letter.reason,
                contact: letter.contact,
                at: self.host.now(),
                content: letter.shows,
                chartmogul: None,
            };
            batch.delete(&LETTERS, &row);
            batch.put(&APART, &row, &apart)?;
        }
        Ok(())
    }

    async fn carry_out_retry(&self, batch: &mut Batch, id: &str) -> Result<()> {
        let (known, kind, own) = self.known(id).await?;
        let row = of(kind, &own);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        let apart: Option<Apart> = self.keeper.get(&APART, &row).await?;
        let deleted = apart
            .is_some_and(|apart| matches!(apart.cause, Reason::Deleted | Reason::CustomerDeleted));
        if let Some(mut pair) = pair {
            if deleted && pair.role == Role::Guest {
                self.forget_pair(batch, kind, &own).await?;
            } else if let Some(fields) = self.keeper.get(&FIELDS, &row).await? {
                // Values that were refused are written again.
                for field in fields.fields.iter().filter(|field| !field.group.is_empty()) {
                    pair.base.remove(&field.field);
                }
                batch.put(&PAIRS, &row, &pair)?;
                batch.delete(&FIELDS, &row);
            }
        }
        batch.delete(&APART, &row);
        batch.delete(&LETTERS, &row);
        batch.delete(&LETTERS, &of_list(&own));
        let contact = match kind {
            Kind::Contact => Some(own),
            _ => known.ghl_contact_id,
        };
        match contact {
            Some(contact) => batch.put(&AGAIN, &contact, &String::new())?,
            None => {
                let mut state = self.state().await?;
                state.full_pass_at = 0;
                batch.put(&STATE, "", &state)?;
            }
        }
        self.outdate_plans(batch).await
    }

    /// A plan that was made before does not know of what a person decided since.
    pub(in crate::sync) async fn outdate_plans(&self, batch: &mut Batch) -> Result<()> {
        let mut state = batch.get(&STATE, "").unwrap_or(self.state().await?);
        state.revision += 1;
        batch.put(&STATE, "", &state)
    }

    async fn forget_pair(&self, batch: &mut Batch, kind: Kind, id: &str) -> Result<()> {
        let row = of(kind, id);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        if let Some(uuid) = pair.as_ref().and_then(|pair| pair.chartmogul.as_ref()) {
            batch.delete(&OWNERS, &of(kind, uuid));
        }
        if let Some(pair) = pair.filter(|pair| pair.role == Role::Customer) {
            batch.delete(&OWNERS, &of(Kind::Customer, &pair.customer));
        }
        batch.delete(&PAIRS, &row);
        batch.delete(&INTENTS, &row);
        Ok(())
    }
}

pub(super) fn wanted(id: &str) -> Result<&str> {
    let id = id.trim();
    if id.is_empty() {
        return Err(Error::new(Code::InvalidArgument, "an id is missing")
            .hint("Pass GHL's id of a contact, note, task or business, or a ChartMogul uuid."));
    }
    Ok(id)
}

fn count(reasons: &mut Vec<ReasonCount>, standing: Standing, cause: Reason, kind: &str) {
    let known = reasons.iter_mut().find(|one| one.standing == standing && one.cause == cause);
    match known {
        Some(known) => *known.kinds.or_default(kind) += 1,
        None => {
            let mut kinds = Named::default();
            kinds.insert(kind.to_owned(), 1);
            reasons.push(ReasonCount { standing, cause, kinds, hint: hint_of(cause) });
        }
    }
}

/// What to do about records that stand for a reason.
pub(super) const fn hint_of(cause: Reason) -> &'static str {
    match cause {
        Reason::Rejected => {
            "`rejected` lists them; correct the value, then `retry ID`, or `accept ID`"
        }
        Reason::Unread => "the next run reads them again",
        Reason::Open => "the next run looks for them before it sends them again",
        Reason::Unavailable => "the next run tries them again",
        Reason::Unmappable => {
            "`rejected` lists them; correct the value in GHL or the settings, or `accept ID`"
        }
        Reason::Field => "`rejected` lists them; the rest of each record was written",
        Reason::Ambiguous => "`link CONTACT CUSTOMER` chooses one, `accept ID` leaves it",
        Reason::NoCounterpart => {
            "they are linked once ChartMogul has a customer of theirs, or by `link`"
        }
        Reason::NoBusiness => "set sync.withoutBusiness, or assign them to a business in GHL",
        Reason::NoContact => "assign them to a contact in GHL",
        Reason::ParentApart => "they follow their contact",
        Reason::Deleted | Reason::CustomerDeleted => "`retry ID` creates one again",
        Reason::Edited => "a person edited them in ChartMogul: they stay there",
        Reason::Unlinked => "`link` or `retry ID` undoes it",
        Reason::Accepted => "a change of the record, or `retry ID`, undoes it",
        Reason::Duplicate => "merge the contacts in GHL",
        Reason::Double => "delete all but one in ChartMogul, or set sync.doubles to `remove`",
        Reason::Decision => "`rejected` lists them; decide again, or `accept ID`",
        Reason::BothChanged | Reason::Held => {
            "`conflicts` lists them; `resolve CONFLICT` settles one"
        }
        Reason::DeletedInGhl => "they stay as they are in ChartMogul",
        Reason::Twin => "merge them in ChartMogul, or set `sync.twins` to `merge`",
    }
}

/// What to do about one record, by the commands that do it.
fn hint_for(cause: Reason, id: &str, candidates: &[String]) -> String {
    match cause {
        Reason::Rejected | Reason::Unmappable => format!(
            "Correct the value in GHL or the settings, then `retry {id}`; or leave it as it is: `accept {id}`."
        ),
        Reason::Unread => "The next run reads it again.".to_owned(),
        Reason::Open => "The next run looks for it before it sends it again.".to_owned(),
        Reason::Unavailable => "The next run tries it again.".to_owned(),
        Reason::Field => format!(
            "The rest of the record was written. Correct the value, then `retry {id}`; or `accept {id}`."
        ),
        Reason::Ambiguous if candidates.is_empty() => {
            format!("Choose one: `link {id} CUSTOMER`; or leave it: `accept {id}`.")
        }
        Reason::Ambiguous => {
            let links: Vec<String> =
                candidates.iter().map(|uuid| format!("`link {id} {uuid}`")).collect();
            format!("Choose one: {}; or leave it: `accept {id}`.", links.join(" or "))
        }
        Reason::NoCounterpart => format!(
            "It is linked once ChartMogul has a customer of its e-mail address, or by `link {id} CUSTOMER`."
        ),
        Reason::NoBusiness => {
            "Assign it to a business in GHL, or set sync.withoutBusiness to `customer`.".to_owned()
        }
        Reason::NoContact => "Assign it to a contact in GHL.".to_owned(),
        Reason::ParentApart => "It follows its contact: `why CONTACT` says more.".to_owned(),
        Reason::Deleted | Reason::CustomerDeleted => format!("`retry {id}` creates it again."),
        Reason::Edited => "It stays as it is in ChartMogul.".to_owned(),
        Reason::Unlinked => format!("`link {id} CUSTOMER` or `retry {id}` undoes it."),
        Reason::Accepted => format!("A change of the record, or `retry {id}`, undoes it."),
        Reason::Duplicate => "Merge the contacts in GHL.".to_owned(),
        Reason::Double => "Delete it in ChartMogul, or set sync.doubles to `remove`.".to_owned(),
        Reason::Decision => format!("Decide again; or leave it as it is: `accept {id}`."),
        Reason::BothChanged | Reason::Held => {
            "See both values with `conflicts`, and settle it with `resolve`.".to_owned()
        }
        Reason::DeletedInGhl => "It stays as it is in ChartMogul.".to_owned(),
        Reason::Twin => "Merge them in ChartMogul, or set `sync.twins` to `merge`.".to_owned(),
    }
}

/// A contact whose counterpart a person chose, and no plan has linked yet.
fn chosen(why: Why, contact: &str, choice: Choice) -> Why {
    Why {
        standing: RecordStanding::Waiting,
        reason: "the next plan links it".to_owned(),
        hint: Some(format!("See what follows from it: `plan --contact {contact}`.")),
        chartmogul_id: choice.contact,
        chartmogul_customer: Some(choice.customer),
        ..why
    }
}

fn answer(
    id: &str,
    kind: Kind,
    own: &str,
    pair: Option<Pair>,
    letter: Option<DeadLetter>,
    apart: Option<Apart>,
    fields: Option<FieldLetters>,
) -> Why {
    let mut why = Why {
        id: id.to_owned(),
        kind: Some(kind),
        standing: RecordStanding::InStep,
        reason: "in step".to_owned(),
        ghl_id: (kind != Kind::Customer).then(|| own.to_owned()),
        chartmogul_customer: (kind == Kind::Customer).then(|| own.to_owned()),
        ..Why::default()
    };
    if let Some(pair) = pair {
        if pair.role == Role::Guest {
            why.reason =
                "its notes, tasks and tags go to the customer; another contact represents it"
                    .to_owned();
        }
        why.ghl_contact_id = pair.parent.filter(|_| pair.role == Role::Child);
        why.chartmogul_id = pair.chartmogul;
        why.chartmogul_customer = Some(pair.customer);
        why.matched = Some(pair.matched);
        why.kept = pair.kept;
    }
    if let Some(fields) = fields {
        for field in fields.fields {
            if !field.group.is_empty() {
                why.standing = RecordStanding::Failed;
                why.cause = Some(Reason::Field);
                why.reason = format!("{}: {}", field.field, field.reason);
                why.hint = Some(hint_for(Reason::Field, own, &[]));
            }
            why.fields.push(format!("{}: {}", field.field, field.reason));
        }
    }
    if let Some(apart) = apart {
        why.standing = RecordStanding::Apart;
        why.cause = Some(apart.cause);
        why.reason = match apart.cause {
            Reason::Accepted if !apart.title.is_empty() => {
                format!("accepted as it is: {}", apart.title)
            }
            cause => cause.sentence().to_owned(),
        };
        why.hint = Some(hint_for(apart.cause, own, &[]));
        why.ghl_contact_id = why.ghl_contact_id.or(apart.contact);
        why.since = Some(apart.at);
    }
    if let Some(letter) = letter {
        why.standing = match letter.standing {
            Standing::Waiting => RecordStanding::Waiting,
            _ => RecordStanding::Failed,
        };
        why.cause = Some(letter.cause);
        why.reason = letter.reason;
        let next = hint_for(letter.cause, own, &letter.candidates);
        let settles = matches!(letter.cause, Reason::Rejected | Reason::Unmappable);
        why.hint = Some(match letter.hint.filter(|_| letter.candidates.is_empty()) {
            Some(hint) if settles => {
                format!("{hint} Then `retry {own}`; or leave it as it is: `accept {own}`.")
            }
            Some(hint) => format!("{hint} {next}"),
            None => next,
        });
        why.ghl_contact_id = why.ghl_contact_id.or(letter.contact);
        why.candidates = letter.candidates;
        why.since = Some(letter.at);
    }
    why
}
