//! Customers that were merged into others: their uuid is gone, their contacts and external ids are not.

use serde_json::json;

use crate::chartmogul::records::Contact;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;

use super::Engine;
use super::apply::Progress;
use super::change::{Action, Change};
use super::create::lacks_parent;
use super::state::{Kind, Link};

impl<H: Host> Engine<'_, H> {
    /// The same change at the customer that the one it names was merged into. `None` where the error
    /// is about something else, or the customer is gone for good.
    pub(super) async fn at_moved_customer(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        error: &Error,
    ) -> Result<Option<Change>> {
        // A note or task that is gone says nothing about its customer.
        let of_customer = change.action == Action::Create
            || matches!(change.kind, Kind::Contact | Kind::Business);
        if error.code != Code::NotFound || lacks_parent(error) || !of_customer {
            return Ok(None);
        }
        let owner = match (change.kind, change.action, change.contact.as_deref()) {
            (Kind::Note | Kind::Task, _, Some(contact)) => (Kind::Contact, contact),
            (Kind::Contact, Action::Create, Some(business)) => (Kind::Business, business),
            _ => (change.kind, change.id.as_str()),
        };
        let Some(mut link) = self.links(owner.0, &[owner.1]).await?.pop().flatten() else {
            return Ok(None);
        };
        // Another change of the same customer may have found it out by now.
        if change.customer.as_ref() == Some(&link.customer) {
            let found = self.customer_by_now(progress, owner.0, owner.1, &link).await?;
            let Some(customer) = found.filter(|found| *found != link.customer) else {
                return Ok(None);
            };
            link.customer = customer;
            let mut batch = self.keeper.batch();
            batch.put(&format!("link/{}/{}", owner.0.name(), owner.1), &link)?;
            self.keeper.commit(batch).await?;
        }
        Ok(Some(Change { customer: Some(link.customer), ..change.clone() }))
    }

    /// The customer that ChartMogul tells for a linked record.
    async fn customer_by_now(
        &self,
        progress: &Progress<'_>,
        kind: Kind,
        id: &str,
        link: &Link,
    ) -> Result<Option<String>> {
        let Some(uuid) = &link.uuid else {
            let found = self.read_back_customer(progress, kind, id).await?;
            return Ok(found.map(|found| found.customer));
        };
        let parameters = json!({ "contact_uuid": uuid });
        match self.chartmogul_value("contacts.retrieve", parameters).await {
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
