//! The check of the records: ChartMogul's contacts, notes and tasks are walked and compared with the links
//! of the store. Writes nothing, needs no lease, and asks only ChartMogul.
//!
//! Memory: of one kind at a time, the uuids of linked records that the walk has not met yet, and the
//! records of ours that are not the linked ones; about 200 bytes each.

use serde::Serialize;
use serde_json::json;

use super::calls::row_of_linked;
use super::engine::{Engine, RECORDS_A_PAGE, one};
use super::model::pair::{Kind, Pair};
use super::model::plan::CountByKind;
use super::model::staged::Candidate;
use super::model::standing::{Apart, DeadLetter, Intent};
use super::read::chartmogul::{Rows, push};
use super::state::tables::{APART, INTENTS, LETTERS, PAIRS, of, of_kind};
use crate::chartmogul::records::Contact;
use crate::choices;
use crate::error::{Code, Result, Service};
use crate::host::{Event, Host};
use crate::mapping::kinds::member;
use crate::mapping::users::UserMap;
use crate::ordered::Ordered;
use crate::record::Json;

/// Findings that are listed; more are only counted.
const MOST_LISTED: usize = 1_000;
/// Links read from the store at once.
const PAIRS_A_PAGE: usize = 500;

choices! {
    /// Why a record of ChartMogul is listed.
    pub enum FindingCause {
        /// There is more than one for the same GHL record, whether or not a person has edited it.
        Double = "double",
        /// It is linked, and gone.
        Gone = "gone",
        /// It names a GHL record that the store does not know: another installation writes here.
        Unknown = "unknown",
    }
}

/// What a walk of ChartMogul's contacts, notes and tasks found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "RecordsReport"))]
pub struct RecordsCheck {
    /// Records that were walked.
    pub walked: CountByKind,
    /// How many findings there are.
    pub counts: FindingCounts,
    /// The first 1,000 of them.
    pub findings: Vec<Finding>,
}

/// How many findings there are of each cause.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct FindingCounts {
    /// Records of which there is more than one.
    pub double: u64,
    /// Linked records that are gone.
    pub gone: u64,
    /// Records that name a GHL record that the store does not know.
    pub unknown: u64,
}

impl FindingCounts {
    fn add(&mut self, cause: FindingCause) {
        *match cause {
            FindingCause::Double => &mut self.double,
            FindingCause::Gone => &mut self.gone,
            FindingCause::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// A record of ChartMogul that is not as the store knows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Why it is listed.
    pub cause: FindingCause,
    /// What it is.
    pub kind: Kind,
    /// The GHL record that it names, or is linked with.
    pub ghl_id: String,
    /// Its uuid.
    pub chartmogul_id: String,
    /// Uuid of its customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chartmogul_customer: Option<String>,
    /// For a double, uuid of the other one: of the linked one, where one is linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double_of: Option<String>,
}

impl RecordsCheck {
    fn note(
        &mut self,
        cause: FindingCause,
        kind: Kind,
        ghl_id: &str,
        uuid: &str,
        customer: Option<&String>,
        double_of: Option<&String>,
    ) {
        self.counts.add(cause);
        if self.findings.len() < MOST_LISTED {
            self.findings.push(Finding {
                cause,
                kind,
                ghl_id: ghl_id.to_owned(),
                chartmogul_id: uuid.to_owned(),
                chartmogul_customer: customer.cloned(),
                double_of: double_of.cloned(),
            });
        }
    }
}

/// A record of ChartMogul.
struct Walked {
    uuid: String,
    customer: Option<String>,
    /// The GHL record that it names.
    names: Option<String>,
}

/// Linked records by their uuids, each with its GHL id.
type Linked = Ordered<Option<String>>;

impl<H: Host> Engine<'_, H> {
    /// Walks ChartMogul's contacts, notes and tasks.
    pub(super) async fn check_records(&self) -> Result<RecordsCheck> {
        let mut check = RecordsCheck::default();
        for (kind, endpoint, phase) in [
            (Kind::Contact, "contacts.list", "checking ChartMogul's contacts"),
            (Kind::Note, "notes.list", "checking ChartMogul's notes"),
            (Kind::Task, "tasks.list", "checking ChartMogul's tasks"),
        ] {
            let mut unmet = self.linked(kind).await?;
            let mut strays = Rows::new();
            let mut cursor: Option<String> = None;
            loop {
                let parameters = json!({ "per_page": RECORDS_A_PAGE });
                let page = self.chartmogul_page(endpoint, parameters, cursor.as_deref()).await?;
                let done = check.walked.or_default(kind.name());
                *done += page.items.len() as u64;
                self.host.emit(Event::Progress { phase, done: *done, total: 0 });
                for walked in self.walked_of(kind, endpoint, &page.items).await? {
                    // What is linked with another record than it names was copied by a person.
                    let is_linked = unmet.remove(&walked.uuid).is_some();
                    if let Some(id) = walked.names.filter(|_| !is_linked) {
                        let contact = Some(walked.uuid);
                        let id_of_customer = walked.customer.unwrap_or_default();
                        let stray =
                            Candidate { id: id_of_customer, contact, ..Candidate::default() };
                        push(&mut strays, id, &stray);
                    }
                }
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
            let gone = self.gone_of(kind, unmet, &mut check).await?;
            for (id, strays) in strays {
                self.check_strays(kind, &id, &strays, &gone, &mut check).await?;
            }
        }
        Ok(check)
    }

    async fn linked(&self, kind: Kind) -> Result<Linked> {
        let mut linked = Linked::new();
        let within = of(kind, "");
        let mut after: Option<String> = None;
        loop {
            let rows: Vec<(String, Pair)> =
                self.keeper.scan(&PAIRS, &within, after.as_deref(), PAIRS_A_PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(linked) };
            after = Some(last.clone());
            for (key, pair) in rows {
                if let Some(uuid) = pair.chartmogul {
                    linked.insert(uuid, key.strip_prefix(&within).map(str::to_owned));
                }
            }
        }
    }

    /// The records of a page, each with the GHL record that it names.
    async fn walked_of(
        &self,
        kind: Kind,
        endpoint: &'static str,
        items: &[Json],
    ) -> Result<Vec<Walked>> {
        let mut walked = Vec::with_capacity(items.len());
        if kind.is_child() {
            for item in items {
                let child = self.child_of(&UserMap::default(), kind, endpoint, item)?;
                let (customer, names) = (child.customer, child.marker);
                walked.extend(child.uuid.map(|uuid| Walked { uuid, customer, names }));
            }
            return Ok(walked);
        }
        let mut external = Vec::with_capacity(items.len());
        for item in items {
            let contact: Contact = self.parse(Service::Chartmogul, endpoint, item)?;
            let by_attribute = contact.custom.contains_key("ghl_contact_id");
            let names = member::names(&contact).map(str::to_owned);
            let customer = contact.customer_uuid;
            if let Some(uuid) = contact.uuid {
                walked.push(Walked { uuid, customer, names });
                external.push(contact.external_id.filter(|_| !by_attribute).unwrap_or_default());
            }
        }
        // An external id of another system is not ours: only what the store knows counts.
        let known: Vec<Option<Pair>> =
            self.keeper.get_all(&PAIRS, &of_kind(Kind::Contact, &external)).await?;
        for ((walked, external), known) in walked.iter_mut().zip(external).zip(known) {
            if !external.is_empty() && known.is_none() {
                walked.names = None;
            }
        }
        Ok(walked)
    }

    /// Notes those of the linked records that the service says are gone: a list may miss one. What is
    /// known to be deleted is not news. Gives their uuids.
    async fn gone_of(
        &self,
        kind: Kind,
        unmet: Linked,
        check: &mut RecordsCheck,
    ) -> Result<Vec<String>> {
        let (endpoint, parameter) = row_of_linked(kind).retrieve;
        let mut gone = Vec::new();
        for (uuid, id) in unmet {
            let Some(id) = id else { continue };
            let row = of(kind, &id);
            let apart: Option<Apart> = self.keeper.get(&APART, &row).await?;
            let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
            // A sync beside the walk may have ended the link.
            let Some(pair) = pair.filter(|pair| pair.chartmogul.as_ref() == Some(&uuid)) else {
                continue;
            };
            match self.chartmogul_value(endpoint, one(parameter, &uuid)).await {
                Err(error) if error.code == Code::NotFound && apart.is_none() => {
                    let cause = FindingCause::Gone;
                    check.note(cause, kind, &id, &uuid, Some(&pair.customer), None);
                    gone.push(uuid);
                }
                Err(error) if error.code != Code::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(gone)
    }

    /// What records of ours that name one GHL record, and are not linked with it, are.
    async fn check_strays(
        &self,
        kind: Kind,
        id: &str,
        strays: &[Candidate],
        gone: &[String],
        check: &mut RecordsCheck,
    ) -> Result<()> {
        let row = of(kind, id);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        let unknown = pair.is_none() && !self.is_known(&row).await?;
        let own = pair.and_then(|pair| pair.chartmogul);
        let others = || {
            let found = strays.iter().filter_map(|one| Some((one.contact.as_ref()?, &one.id)));
            // One that was linked since the walk began is that one.
            found.filter(|(uuid, _)| own.as_ref() != Some(*uuid))
        };
        let linked = own.as_ref().filter(|own| !gone.contains(own));
        // Where none is linked, the first may stay.
        let stays = linked.or_else(|| others().map(|(uuid, _)| uuid).min());
        for (uuid, customer) in others() {
            let customer = Some(customer).filter(|customer| !customer.is_empty());
            if let Some(stays) = stays.filter(|stays| *stays != uuid) {
                check.note(FindingCause::Double, kind, id, uuid, customer, Some(stays));
            }
            if unknown {
                check.note(FindingCause::Unknown, kind, id, uuid, customer, None);
            }
        }
        Ok(())
    }

    /// Whether the store knows a record that has no counterpart.
    async fn is_known(&self, row: &str) -> Result<bool> {
        let apart: Option<Apart> = self.keeper.get(&APART, row).await?;
        let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, row).await?;
        let intent: Option<Intent> = self.keeper.get(&INTENTS, row).await?;
        Ok(apart.is_some() || letter.is_some() || intent.is_some())
    }
}
