//! Customers that were merged into others: their uuid is gone, their contacts and external ids are not.

use serde_json::json;

use super::super::engine::Engine;
use super::super::model::change::{Action, Change};
use super::super::model::pair::{Kind, Pair, Role};
use super::super::state::tables::PAIRS;
use super::super::state::tables::of;
use super::send::lacks_parent;
use crate::chartmogul::records::Contact;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;

impl<H: Host> Engine<'_, H> {
    /// The same change at the customer that the one it names was merged into. `None` where the error
    /// is about something else, or the customer is gone for good.
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
        Ok(Some(Change { customer: Some(pair.customer), ..change.clone() }))
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
        match self.chartmogul_value("contacts.retrieve", json!({ "contact_uuid": uuid })).await {
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
