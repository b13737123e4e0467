//! Customers that were merged into others: their uuid is gone, their contacts and external ids are not.

use serde_json::json;

use super::super::decide::pairing;
use super::super::engine::{Engine, RECORDS_A_PAGE, one};
use super::super::model::change::{Action, Change};
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::staged::{Candidate, SeenContact};
use super::super::state::tables::PAIRS;
use super::super::state::tables::of;
use super::send::lacks_parent;
use crate::chartmogul::records::Contact;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::member;

impl<H: Host> Engine<'_, H> {
    /// The same change at the customer that the one it names was merged into. `None` where the error
    /// is about something else, or the customer is permanently gone.
    pub(in crate::sync) async fn at_merged_customer(
        &self,
        change: &Change,
        error: &Error,
    ) -> Result<Option<Change>> {
        // A note or task that is gone says nothing about its customer; and what a customer shares is
        // not another's because one of its contacts has gone over to that one.
        let of_customer = matches!(change.action, Action::Create | Action::Move)
            || matches!(change.kind, Kind::Contact | Kind::Business);
        if error.code != Code::NotFound || lacks_parent(error) || !of_customer {
            return Ok(None);
        }
        let owner = match (change.kind, change.parent.as_deref()) {
            (Kind::Note | Kind::Task, Some(contact)) => (Kind::Contact, contact),
            (Kind::Contact, Some(business)) if change.action == Action::Create => {
                (Kind::Business, business)
            }
            _ => (change.kind, change.id.as_str()),
        };
        let key = of(owner.0, owner.1);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &key).await?;
        let Some(mut pair) = pair else { return Ok(None) };
        // Another change of the same customer may have found it out by now.
        if change.customer.as_ref() == Some(&pair.customer) {
            let found = self.customer_by_now(owner.0, owner.1, &pair).await?;
            let Some(customer) = found.filter(|found| *found != pair.customer) else {
                return Ok(None);
            };
            pair.customer = customer;
            let mut batch = self.keeper.batch();
            batch.put(&PAIRS, &key, &pair)?;
            self.keeper.commit(batch).await?;
        }
        let mut moved = Change { customer: Some(pair.customer.clone()), ..change.clone() };
        // The contact in front there may be a person's.
        let primary = |name: &String| name.starts_with(PRIMARY_CONTACT);
        if change.action == Action::Update
            && change.role == Role::Customer
            && change.uuid.is_none()
            && change.to.keys().any(primary)
        {
            moved.uuid = self.own_contact(&change.id, &pair).await?;
            if moved.uuid.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(moved))
    }

    /// The contact that is a customer's own, among those of the customer that it was merged into.
    async fn own_contact(&self, id: &str, pair: &Pair) -> Result<Option<String>> {
        let parameters = json!({ "customer_uuid": pair.customer, "per_page": RECORDS_A_PAGE });
        let mut under = Vec::new();
        for item in self.chartmogul_list("contacts.list", parameters).await? {
            let contact: Contact = self.parse(Service::Chartmogul, "contacts.list", &item)?;
            let one = Candidate {
                id: pair.customer.clone(),
                contact: contact.uuid.clone(),
                names: member::names(&contact).map(str::to_owned),
                position: contact.position.unwrap_or(i64::MAX),
                ..Candidate::default()
            };
            let seen = SeenContact {
                source: contact.data_source_uuid.clone(),
                fields: member::seen(&contact),
                ..SeenContact::default()
            };
            under.push((one, seen));
        }
        let under: Vec<(&Candidate, &SeenContact)> =
            under.iter().map(|(one, seen)| (one, seen)).collect();
        Ok(pairing::primary(id, pair, &under))
    }

    /// The customer that ChartMogul tells for a linked record.
    async fn customer_by_now(&self, kind: Kind, id: &str, pair: &Pair) -> Result<Option<String>> {
        let Some(uuid) = pair.chartmogul.as_deref().filter(|_| pair.role == Role::Member) else {
            if pair.role != Role::Customer {
                return Ok(None);
            }
            let found = self.find_customer(kind, id).await?;
            return Ok(found.map(|found| found.customer));
        };
        match self.chartmogul_value("contacts.retrieve", one("contact_uuid", uuid)).await {
            Ok(answer) => {
                let contact: Contact =
                    self.parse(Service::Chartmogul, "contacts.retrieve", &answer)?;
                Ok(contact.customer_uuid)
            }
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
