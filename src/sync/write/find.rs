//! Looking in ChartMogul for a write that may have been done.

use serde_json::{Value, json};

use super::super::calls::row_of;
use super::super::decide::merge::words_of;
use super::super::engine::RECORDS_A_PAGE;
use super::super::engine::{Engine, one};
use super::super::model::change::Change;
use super::super::model::pair::{Kind, Role};
use super::super::state::tables::OWNERS;
use super::super::state::tables::of;
use crate::chartmogul::records::{Contact, Customer};
use crate::dates;
use crate::error::{Error, Result, Service};
use crate::host::Host;
use crate::mapping::Fields;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{self, attributes, customer, member, task};
use crate::mapping::settings::Marker;
use crate::mapping::users::UserMap;

/// How far ChartMogul's clock may be behind ours.
const CLOCK_SKEW_MS: i64 = 5 * 60_000;

/// A record that was made or found.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Made {
    pub(in crate::sync) uuid: Option<String>,
    pub(in crate::sync) customer: String,
    /// What the record holds, where it was found and not just written.
    pub(in crate::sync) held: Option<Fields>,
    /// Of a note or task: what the answer to its writing shows.
    pub(in crate::sync) shown: Option<Fields>,
    /// Fields that it holds with values which may be a person's: they are compared again.
    pub(in crate::sync) unsettled: Vec<String>,
    /// Whether a person has changed it since it was planned: then it was left alone.
    pub(in crate::sync) has_moved: bool,
}

/// A record of GHL after it was written to.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Written {
    pub(in crate::sync) id: String,
    /// What it shows of the fields that were written: GHL may tidy what it is given.
    pub(in crate::sync) shows: Fields,
    /// Whether a person has changed it since it was planned: then it was left alone.
    pub(in crate::sync) has_moved: bool,
    /// Fields that GHL refused, while others were written.
    pub(in crate::sync) refused: Option<(Fields, Error)>,
}

impl<H: Host> Engine<'_, H> {
    /// Looks in ChartMogul for a record that may have been created.
    pub(in crate::sync) async fn find_made(
        &self,
        change: &Change,
        customer: Option<&str>,
        at: u64,
    ) -> Result<Option<Made>> {
        match (change.kind, change.role, customer) {
            (Kind::Note | Kind::Task, _, Some(customer)) => {
                self.find_child(change, customer, at).await
            }
            (Kind::Contact | Kind::Business, Role::Customer, _) => {
                self.find_customer(change.kind, &change.id).await
            }
            (Kind::Contact, _, Some(customer)) => self.find_contact(change, customer).await,
            _ => Ok(None),
        }
    }

    /// Whether a record shows all that an update was to write. False where ChartMogul does not show it
    /// all: of a customer's primary contact nothing is on its record.
    pub(in crate::sync) async fn shows(
        &self,
        change: &Change,
        customer: Option<&str>,
    ) -> Result<bool> {
        let row = row_of(change);
        let of_customer = row.retrieve == kinds::CUSTOMER.retrieve;
        let uuid = if of_customer { customer } else { change.uuid.as_deref() };
        let hidden = change.to.keys().any(|name| name.starts_with(PRIMARY_CONTACT));
        let Some(uuid) = uuid.filter(|_| !hidden && change.external.is_none()) else {
            return Ok(false);
        };
        let (endpoint, parameter) = row.retrieve;
        let answer = self.chartmogul_value(endpoint, one(parameter, uuid)).await?;
        let mut tags = Vec::new();
        let held = if change.kind.is_child() {
            let child = self.child_of(&UserMap::default(), change.kind, endpoint, &answer)?;
            let marks = self.settings.marker == Marker::Trailing;
            if change.to.contains_key(words_of(change.kind)) && marks != child.marker.is_some() {
                return Ok(false);
            }
            child.fields
        } else if of_customer {
            let found: Customer = self.parse(Service::Chartmogul, endpoint, &answer)?;
            tags.clone_from(&found.attributes.tags);
            let mut held = customer::seen(&found);
            held.extend(attributes::seen(&found));
            held
        } else {
            member::seen(&self.parse::<Contact>(Service::Chartmogul, endpoint, &answer)?)
        };
        let written = |(name, value): (&String, &Value)| {
            held.get(name).is_some_and(|there| (row.same)(name, value, there, self.settings))
        };
        Ok(change.to.iter().all(written)
            && change.tags.add.iter().all(|tag| tags.contains(tag))
            && !change.tags.remove.iter().any(|tag| tags.contains(tag)))
    }

    async fn find_child(&self, change: &Change, customer: &str, at: u64) -> Result<Option<Made>> {
        let is_note = change.kind == Kind::Note;
        let text = change.to.get("text").and_then(Value::as_str).unwrap_or_default();
        let content = if is_note { kinds::note::content(text) } else { task::content(&change.to) };
        let written = change.at_create.get("created_at").filter(|_| is_note);
        let written = written.and_then(dates::instant);
        // Newest first: notes by the time that we wrote ourselves, tasks by ChartMogul's clock. Past it
        // there is nothing to find.
        let sent_at = i64::try_from(at).unwrap_or(0) - CLOCK_SKEW_MS;
        let earliest = if is_note { written } else { Some(sent_at) };
        let mut cursor: Option<String> = None;
        let nobody = UserMap::default();
        loop {
            let (page, next) = self
                .page_of_children(&nobody, change.kind, Some(customer), cursor.as_deref())
                .await?;
            let mut older = false;
            for child in page {
                let Some(uuid) = child.uuid else { continue };
                older |= earliest.zip(child.created).is_some_and(|(since, made)| made < since);
                let same = match &child.marker {
                    Some(marker) => *marker == change.id,
                    None => {
                        child.content == content && (written.is_none() || child.created == written)
                    }
                };
                if same && self.is_free(change.kind, &uuid, &change.id).await? {
                    return Ok(Some(found_as(Some(uuid), customer, child.fields)));
                }
            }
            cursor = next.filter(|_| !older);
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }

    async fn find_contact(&self, change: &Change, customer: &str) -> Result<Option<Made>> {
        let parameters = json!({ "customer_uuid": customer, "per_page": RECORDS_A_PAGE });
        for item in self.chartmogul_list("contacts.list", parameters).await? {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", &item)?;
            let named = member::names(&contact) == Some(&change.id)
                || contact.external_id.as_deref() == Some(&change.id);
            if named {
                let customer = contact.customer_uuid.as_deref().unwrap_or(customer);
                return Ok(Some(found_as(contact.uuid.clone(), customer, member::seen(&contact))));
            }
        }
        Ok(None)
    }

    /// A customer of ours, in whatever source it stands.
    pub(in crate::sync) async fn find_customer(
        &self,
        kind: Kind,
        id: &str,
    ) -> Result<Option<Made>> {
        let external = self.external_id(kind, id);
        let parameters = one("external_id", &external);
        for item in self.chartmogul_list("customers.list", parameters).await? {
            let customer: Customer = self.parse(Service::Chartmogul, "customers.list", &item)?;
            let ours = customer.external_id.as_deref() == Some(&external)
                || customer.external_ids.contains(&external);
            if let (true, Some(uuid)) = (ours, &customer.uuid) {
                let mut held = customer::seen(&customer);
                held.extend(attributes::seen(&customer));
                return Ok(Some(found_as(None, uuid, held)));
            }
        }
        Ok(None)
    }

    /// Whether a ChartMogul record is paired with nothing but this GHL record.
    async fn is_free(&self, kind: Kind, uuid: &str, id: &str) -> Result<bool> {
        let owner: Option<String> = self.keeper.get(&OWNERS, &of(kind, uuid)).await?;
        Ok(owner.is_none_or(|owner| owner == id))
    }
}

fn found_as(uuid: Option<String>, customer: &str, held: Fields) -> Made {
    Made { uuid, customer: customer.to_owned(), held: Some(held), ..Made::default() }
}
