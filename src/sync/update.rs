//! Writing the changed fields of linked records, and customers' attributes and tags.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::host::{Event, Host};
use crate::mapping::{Fields, select};

use super::Engine;
use super::apply::Progress;
use super::bodies::{
    contact_body, customer_body, is_attribute, merged, task_update_body, typed, with,
};
use super::change::{Action, Change};
use super::existing::condensed;
use super::state::{Batch, Kind, Link, Matched};

impl<H: Host> Engine<'_, H> {
    /// Writes the changed fields of a linked record; gives the link with its new base.
    pub(super) async fn update(&self, progress: &Progress<'_>, change: &Change) -> Result<Link> {
        let known = self.links(change.kind, &[change.id.as_str()]).await?.pop().flatten();
        let customer = change.customer.clone().unwrap_or_default();
        let mut link = known.unwrap_or_else(|| Link {
            uuid: change.uuid.clone(),
            customer,
            matched: change.matched.unwrap_or(Matched::Created),
            base: Fields::new(),
            contact: change.contact.clone(),
        });
        let mut change = change.clone();
        self.with_known_user(progress, &mut change, async |change| {
            self.send_update(progress, change, &link).await
        })
        .await?;
        link.base = merged(&merged(&link.base, &change.same), &condensed(&change.to));
        let removed =
            |name: &str, value: &Value| name.starts_with("tag.") && *value == Value::Bool(false);
        link.base = select(&link.base, &|name, value| !removed(name, value));
        Ok(link)
    }

    /// Notes that ChartMogul may hold an update's new values or the old ones: it failed, or its plan
    /// was dropped, perhaps after it was sent. With a null as their base those fields are written
    /// again, even when GHL holds the old values again by then.
    pub(super) async fn doubt(&self, batch: &mut Batch, change: &Change) -> Result<()> {
        if change.action == Action::Create {
            return Ok(());
        }
        let known = self.links(change.kind, &[change.id.as_str()]).await?.pop().flatten();
        let Some(mut link) = known else { return Ok(()) };
        for name in change.to.keys() {
            // A tag that may be there must be removable; an attribute that may not is added anew.
            if link.base.contains_key(name) || name.starts_with("tag.") {
                link.base.insert(name.clone(), Value::Null);
            }
        }
        batch.put(&format!("link/{}/{}", change.kind.name(), change.id), &link)
    }

    pub(super) async fn send_update(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        link: &Link,
    ) -> Result<()> {
        let mut own = select(&change.to, &|name, _| !is_attribute(name));
        // Whether a primary contact is merged or replaced is on no record: it is sent whole.
        if own.keys().any(|name| name.starts_with("primary_contact.")) {
            let rest = select(&link.base, &|name, value| {
                name.starts_with("primary_contact.") && !value.is_null()
            });
            own = merged(&rest, &own);
        }
        let uuid = link.uuid.as_deref().unwrap_or_default();
        if !own.is_empty() {
            let (endpoint, body) = match change.kind {
                Kind::Note => ("notes.update", with(own, "note_uuid", uuid)),
                Kind::Task => {
                    let fields = merged(&change.at_create, &own);
                    (
                        "tasks.update",
                        with(task_update_body(&fields, self.host.now()), "task_uuid", uuid),
                    )
                }
                Kind::Contact if link.uuid.is_some() => {
                    ("contacts.update", with(contact_body(own), "contact_uuid", uuid))
                }
                Kind::Contact | Kind::Business | Kind::DataSource => (
                    "customers.update",
                    with(
                        customer_body(&progress.ready.rules, own),
                        "customer_uuid",
                        &link.customer,
                    ),
                ),
            };
            self.chartmogul_value(endpoint, Value::Object(body)).await?;
        }
        self.write_attributes(progress, &link.customer, &change.to, &link.base).await
    }

    pub(super) fn warn_of_attributes(&self, change: &Change, error: &Error) {
        self.host.emit(Event::Warning {
            code: error.code.text(),
            message: format!(
                "attributes of contact {} were not written: {}",
                change.id, error.message
            ),
        });
    }

    /// Custom attributes and tags of a customer: added with their type the first time, later by value.
    pub(super) async fn write_attributes(
        &self,
        progress: &Progress<'_>,
        customer: &str,
        to: &Fields,
        base: &Fields,
    ) -> Result<()> {
        let mut added = Vec::new();
        let mut updated = Map::new();
        let mut tags: (Vec<&str>, Vec<&str>) = Default::default();
        for (name, value) in to {
            if let Some(key) = name.strip_prefix("attribute.") {
                if base.contains_key(name) {
                    updated.insert(key.to_owned(), value.clone());
                } else {
                    added.push(typed(&progress.ready.rules, key, value.clone()));
                }
            } else if let Some(tag) = name.strip_prefix("tag.") {
                if *value == Value::Bool(false) { tags.1.push(tag) } else { tags.0.push(tag) }
            }
        }
        if !added.is_empty() {
            let body = json!({ "customer_uuid": customer, "custom": added });
            self.chartmogul_value("customAttributes.add", body).await?;
        }
        if !updated.is_empty() {
            let body = json!({ "customer_uuid": customer, "custom": updated });
            self.chartmogul_value("customAttributes.update", body).await?;
        }
        if !tags.0.is_empty() {
            self.chartmogul_value("tags.add", json!({ "customer_uuid": customer, "tags": tags.0 }))
                .await?;
        }
        if !tags.1.is_empty() {
            self.chartmogul_value(
                "tags.remove",
                json!({ "customer_uuid": customer, "tags": tags.1 }),
            )
            .await?;
        }
        Ok(())
    }
}
