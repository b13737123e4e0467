//! What people ask of single records, and of the state: status, why, link, unlink, accept, retry.

use serde::Serialize;

use super::engine::Engine;
use super::model::pair::{Kind, Matched, Pair, Role};
use super::model::standing::{
    Apart, Choice, DeadLetter, FieldLetters, Reason, Standing, StandingCounts,
};
use super::model::state::{Lease, Run};
use super::report::{Holder, ReasonCount, Status, Unfinished};
use super::state::keeper::Batch;
use super::state::tables::of;
use super::state::tables::{
    AGAIN, APART, CHOICES, FIELDS, INTENTS, LAST_GOOD, LEASE, LETTERS, OWNERS, PAIRS, QUOTA, RUN,
    SHARED, STATE,
};
use crate::chartmogul::records::Contact;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::http::Quota;
use crate::named::Named;

/// How a record stands, and why: one answer for any id.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The id that was asked for.
    pub id: String,
    /// What it is; `None` where the state knows nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// `inStep`, `failed`, `waiting`, `apart`, or `unknown`.
    pub standing: &'static str,
    /// Why it is not in step: of a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// The same in a sentence.
    pub reason: String,
    /// What to do about it.
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
    /// Uuid of its customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_customer: Option<String>,
    /// How they were matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// Fields whose values stay ChartMogul's.
    pub kept: Vec<String>,
    /// Values that were cut, left out or refused.
    pub fields: Vec<String>,
    /// For conflicts: the candidates' uuids.
    pub candidates: Vec<String>,
    /// Since when it has stood so, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
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
        let quota = self.quota().await?;
        let last_good = self.keeper.get(&LAST_GOOD, "").await?;
        let lease: Option<Lease> = self.keeper.get(&LEASE, "").await?;
        let holder = lease.map(|Lease { name, since, .. }| Holder { name, since });
        let state = self.state().await?;
        Ok(Status { state, standing, reasons, quota, unfinished, last_good, holder })
    }

    /// GHL's quota: what this process was told, else what a run saw last, unless it has started again.
    async fn quota(&self) -> Result<Option<Quota>> {
        if let Some(quota) = self.ghl.quota() {
            return Ok(Some(quota));
        }
        let known = self.keeper.get(&QUOTA, "").await?;
        Ok(known.filter(|known| known.resets_at_ms > self.host.now()))
    }

    /// Notes GHL's quota for `status` in another process. Nothing depends on it: a store that fails
    /// here fails no run.
    pub async fn note_quota(&self) {
        let Some(quota) = self.ghl.quota() else { return };
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
                count(&mut reasons, letter.standing, letter.cause, &letter.kind);
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
        let id = wanted(id)?;
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
            let why = answer(id, kind, &own, pair, letter, apart, fields);
            return Ok(match choice.filter(|_| is_chosen) {
                Some(choice) => chosen(why, &own, choice),
                None => why,
            });
        }
        let list: Option<DeadLetter> =
            self.keeper.get(&LETTERS, &format!("list/notes-{id}")).await?;
        if let Some(letter) = list {
            return Ok(answer(id, Kind::Contact, id, None, Some(letter), None, None));
        }
        Ok(Why {
            id: id.to_owned(),
            standing: "unknown",
            reason: "the state knows no record of this id".to_owned(),
            hint: Some("Check the id; a record that no run has read yet is not known.".to_owned()),
            ..Why::default()
        })
    }

    /// Links a GHL contact with a ChartMogul customer, or with one of its contacts. The next plan shows
    /// what follows from it.
    pub async fn link(&self, contact: &str, chartmogul: &str) -> Result<Why> {
        self.hold(self.link_held(contact, chartmogul)).await
    }

    async fn link_held(&self, contact: &str, chartmogul: &str) -> Result<Why> {
        let (contact, chartmogul) = (wanted(contact)?, wanted(chartmogul)?);
        let choice = if chartmogul.starts_with("con_") {
            let parameters = serde_json::json!({ "contact_uuid": chartmogul });
            let answer = self.chartmogul_value("contacts.retrieve", parameters).await?;
            let found: Contact = self.parse(Service::Chartmogul, "contacts.retrieve", &answer)?;
            let customer = found.customer_uuid.ok_or_else(|| {
                Error::new(Code::InvalidArgument, format!("{chartmogul} belongs to no customer"))
                    .hint("Link the contact with a customer (cus_…).")
            })?;
            let owner: Option<String> =
                self.keeper.get(&OWNERS, &of(Kind::Contact, chartmogul)).await?;
            if let Some(owner) = owner.filter(|owner| owner != contact) {
                let message = format!("{chartmogul} is linked with the GHL contact {owner}");
                return Err(Error::new(Code::Duplicate, message)
                    .hint(format!("Unlink it first: unlink {owner}.")));
            }
            Choice { customer, contact: Some(chartmogul.to_owned()) }
        } else if chartmogul.starts_with("cus_") {
            if !self.customer_is_there(chartmogul).await? {
                let message = format!("ChartMogul has no customer {chartmogul}");
                return Err(Error::new(Code::NotFound, message).of(Service::Chartmogul));
            }
            Choice { customer: chartmogul.to_owned(), contact: None }
        } else {
            let message = format!("\"{chartmogul}\" is not a ChartMogul customer or contact");
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("Pass a uuid that begins with cus_ or con_."));
        };
        let row = of(Kind::Contact, contact);
        let mut batch = self.keeper.batch();
        batch.put(&CHOICES, contact, &choice)?;
        batch.delete(&APART, &row);
        batch.delete(&LETTERS, &row);
        self.forget_pair(&mut batch, Kind::Contact, contact).await?;
        batch.put(&AGAIN, contact, &String::new())?;
        self.outdate_plans(&mut batch).await?;
        self.keeper.commit(batch).await?;
        self.why(contact).await
    }

    /// Ends the link of a record: it stays as it is on both sides, and is not paired again until
    /// `link` or `retry`.
    pub async fn unlink(&self, id: &str) -> Result<Why> {
        self.hold(self.unlink_held(id)).await
    }

    async fn unlink_held(&self, id: &str) -> Result<Why> {
        let known = self.why(id).await?;
        let (kind, own) = row_of(&known).ok_or_else(|| unknown(id))?;
        if kind == Kind::Customer {
            let message = format!("{own} is linked through its contacts");
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("Unlink the GHL contact: `unlink CONTACT`."));
        }
        let row = of(kind, &own);
        let mut batch = self.keeper.batch();
        self.forget_pair(&mut batch, kind, &own).await?;
        batch.delete(&CHOICES, &own);
        batch.delete(&LETTERS, &row);
        let apart = Apart {
            cause: Reason::Unlinked,
            contact: known.ghl_contact_id,
            at: self.host.now(),
            chartmogul: known.chartmogul_id.or(known.chartmogul_customer),
            ..Apart::default()
        };
        batch.put(&APART, &row, &apart)?;
        self.outdate_plans(&mut batch).await?;
        self.keeper.commit(batch).await?;
        self.why(&own).await
    }

    /// Settles records as they are: they are counted and listed, and no failure any more. A change of
    /// the record takes it back.
    pub async fn accept(&self, ids: &[String]) -> Result<Vec<Why>> {
        self.hold(self.accept_held(ids)).await
    }

    async fn accept_held(&self, ids: &[String]) -> Result<Vec<Why>> {
        // All are looked up first: a mistyped id settles nothing.
        let mut rows = Vec::new();
        for id in ids {
            let known = self.why(id).await?;
            rows.push(row_of(&known).ok_or_else(|| unknown(id))?);
        }
        let mut accepted = Vec::new();
        for (kind, own) in rows {
            let row = of(kind, &own);
            let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, &row).await?;
            let list = format!("list/notes-{own}");
            let mut batch = self.keeper.batch();
            let fields: Option<FieldLetters> = self.keeper.get(&FIELDS, &row).await?;
            if let Some(mut fields) = fields {
                // A refused value that is accepted is told like one that was left out.
                for field in &mut fields.fields {
                    field.group = String::new();
                }
                batch.put(&FIELDS, &row, &fields)?;
            }
            batch.delete(&LETTERS, &list);
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
            self.keeper.commit(batch).await?;
            accepted.push(self.why(&own).await?);
        }
        Ok(accepted)
    }

    /// Tries a record again in the next run: one that was refused, that a person deleted in ChartMogul,
    /// or that was unlinked or accepted.
    pub async fn retry(&self, id: &str) -> Result<Why> {
        self.hold(self.retry_held(id)).await
    }

    async fn retry_held(&self, id: &str) -> Result<Why> {
        let known = self.why(id).await?;
        let (kind, own) = row_of(&known).ok_or_else(|| unknown(id))?;
        let row = of(kind, &own);
        let mut batch = self.keeper.batch();
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        let apart: Option<Apart> = self.keeper.get(&APART, &row).await?;
        let deleted = apart
            .is_some_and(|apart| matches!(apart.cause, Reason::Deleted | Reason::CustomerDeleted));
        if let Some(mut pair) = pair {
            if deleted && pair.role == Role::Guest {
                self.forget_pair(&mut batch, kind, &own).await?;
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
        batch.delete(&LETTERS, &format!("list/notes-{own}"));
        let contact = match kind {
            Kind::Contact => Some(own.clone()),
            _ => known.ghl_contact_id.clone(),
        };
        match contact {
            Some(contact) => batch.put(&AGAIN, &contact, &String::new())?,
            None => {
                let mut state = self.state().await?;
                state.full_pass_at = 0;
                batch.put(&STATE, "", &state)?;
            }
        }
        self.outdate_plans(&mut batch).await?;
        self.keeper.commit(batch).await?;
        let mut why = self.why(&own).await?;
        why.kind = Some(kind);
        if kind != Kind::Customer {
            why.ghl_id = Some(own);
        }
        why.standing = "waiting";
        why.cause = None;
        why.reason = "the next run tries it again".to_owned();
        why.hint = Some("Run `sync`, or `plan` to see it first.".to_owned());
        Ok(why)
    }

    /// A plan that was made before does not know of what a person decided since.
    async fn outdate_plans(&self, batch: &mut Batch) -> Result<()> {
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

fn wanted(id: &str) -> Result<&str> {
    let id = id.trim();
    if id.is_empty() {
        return Err(Error::new(Code::InvalidArgument, "an id is missing")
            .hint("Pass GHL's id of a contact, note, task or business, or a ChartMogul uuid."));
    }
    Ok(id)
}

/// The row of a record that is known.
fn row_of(known: &Why) -> Option<(Kind, String)> {
    let kind = known.kind?;
    let own = match kind {
        Kind::Customer => known.chartmogul_customer.clone(),
        _ => known.ghl_id.clone(),
    };
    Some((kind, own?))
}

fn unknown(id: &str) -> Error {
    Error::new(Code::NotFound, format!("the state knows no record {id}"))
        .hint("`status` shows what is known; a record that no run has read yet is not.")
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
            "`rejected` lists them; mend the value, then `retry ID`, or `accept ID`"
        }
        Reason::Unread => "the next run reads them again",
        Reason::Open => "the next run looks for them before it sends them again",
        Reason::Unavailable => "the next run tries them again",
        Reason::Unmappable => {
            "`rejected` lists them; mend the value in GHL or the settings, or `accept ID`"
        }
        Reason::Field => "`rejected` lists them; the rest of each record was written",
        Reason::Ambiguous => "`link CONTACT CUSTOMER` chooses one, `accept ID` leaves it",
        Reason::NoCounterpart => {
            "they are linked once ChartMogul has a customer of theirs, or by `link`"
        }
        Reason::NoBusiness => "set sync.withoutBusiness, or give them a business in GHL",
        Reason::NoContact => "give them a contact in GHL",
        Reason::ParentApart => "they follow their contact",
        Reason::Deleted | Reason::CustomerDeleted => "`retry ID` makes one again",
        Reason::Edited => "a person edited them in ChartMogul: they stay there",
        Reason::Unlinked => "`link` or `retry ID` takes one back",
        Reason::Accepted => "a change of the record, or `retry ID`, takes one back",
        Reason::Duplicate => "merge the contacts in GHL",
        Reason::Double => "delete all but one in ChartMogul, or set sync.doubles to `remove`",
    }
}

/// What to do about one record, by the commands that do it.
fn hint_for(cause: Reason, id: &str, candidates: &[String]) -> String {
    match cause {
        Reason::Rejected | Reason::Unmappable => format!(
            "Mend the value in GHL or the settings, then `retry {id}`; or leave it as it is: `accept {id}`."
        ),
        Reason::Unread => "The next run reads it again.".to_owned(),
        Reason::Open => "The next run looks for it before it sends it again.".to_owned(),
        Reason::Unavailable => "The next run tries it again.".to_owned(),
        Reason::Field => format!(
            "The rest of the record was written. Mend the value, then `retry {id}`; or `accept {id}`."
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
        Reason::Deleted | Reason::CustomerDeleted => format!("`retry {id}` makes it again."),
        Reason::Edited => "It stays as it is in ChartMogul.".to_owned(),
        Reason::Unlinked => format!("`link {id} CUSTOMER` or `retry {id}` takes it back."),
        Reason::Accepted => format!("A change of the record, or `retry {id}`, takes it back."),
        Reason::Duplicate => "Merge the contacts in GHL.".to_owned(),
        Reason::Double => "Delete it in ChartMogul, or set sync.doubles to `remove`.".to_owned(),
    }
}

/// A contact whose counterpart a person chose, and no plan has linked yet.
fn chosen(why: Why, contact: &str, choice: Choice) -> Why {
    Why {
        standing: "waiting",
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
        standing: "inStep",
        reason: "in step".to_owned(),
        ghl_id: (kind != Kind::Customer).then(|| own.to_owned()),
        chartmogul_customer: (kind == Kind::Customer).then(|| own.to_owned()),
        ..Why::default()
    };
    if let Some(pair) = pair {
        if pair.role == Role::Guest {
            why.reason =
                "its notes, tasks and tags go to the customer; another contact stands for it"
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
                why.standing = "failed";
                why.cause = Some(Reason::Field);
                why.reason = format!("{}: {}", field.field, field.reason);
                why.hint = Some(hint_for(Reason::Field, own, &[]));
            }
            why.fields.push(format!("{}: {}", field.field, field.reason));
        }
    }
    if let Some(apart) = apart {
        why.standing = "apart";
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
        why.standing = if letter.standing == Standing::Waiting { "waiting" } else { "failed" };
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
