//! Creating a record exactly once, whatever becomes of the call.

use serde_json::{Value, json};

use crate::chartmogul::records::{Contact, Customer, Note, Task};
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::mapping::settings::Anchor;
use crate::mapping::{Fields, changed, select};

use super::Engine;
use super::apply::{Progress, ends_the_run};
use super::bodies::{contact_body, customer_body, is_attribute, merged, task_create_body};
use super::change::Change;
use super::existing::condensed;
use super::state::{Intent, Kind, Link, Matched};

/// How long a create whose outcome is unknown is waited for before it is looked for.
const SETTLE_MS: u64 = 2_000;

/// What a create gave.
pub(super) struct Created {
    pub(super) uuid: Option<String>,
    pub(super) customer: String,
    /// What the record holds, where it was found and not just written.
    pub(super) held: Option<Fields>,
}

impl<H: Host> Engine<'_, H> {
    /// Creates a record once: looked for first if it was begun before, and after an unknown outcome.
    pub(super) async fn create(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: Option<Intent>,
    ) -> Result<Link> {
        let customer = self.customer_of(change).await?;
        let customer = customer.as_deref();
        let at = begun.as_ref().map_or_else(|| self.host.now(), |intent| intent.at);
        let mut found = match begun {
            Some(_) => self.read_back(progress, change, customer, at).await?,
            None => None,
        };
        let mut change = change.clone();
        let mut tries = 0;
        while found.is_none() {
            tries += 1;
            let sent = self
                .with_known_user(progress, &mut change, async |change| {
                    self.send_create(progress, change, customer).await
                })
                .await;
            match sent {
                Ok(created) => found = Some(created),
                Err(error) if outcome_is_open(&error) => {
                    self.settle().await?;
                    found = self.read_back(progress, &change, customer, at).await?;
                    if found.is_none() && tries == 2 {
                        return Err(error);
                    }
                }
                Err(error) if error.code == Code::Duplicate => {
                    found = self.read_back(progress, &change, customer, at).await?;
                    if found.is_none() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let Some(created) = found else {
            return Err(Error::new(Code::OutcomeUnknown, "the record was neither made nor found"));
        };
        if created.held.is_some() {
            self.replace_refused_user(progress, &mut change)?;
        }
        let mut link = Link {
            uuid: created.uuid,
            customer: created.customer,
            matched: Matched::Created,
            base: merged(&change.same, &condensed(&change.to)),
            contact: change.contact.clone(),
        };
        if let Some(held) = created.held {
            self.catch_up(progress, &change, &link, held).await?;
        }
        if self.is_member(&change)
            && let Err(error) =
                self.write_attributes(progress, &link.customer, &change.to, &Fields::new()).await
        {
            if ends_the_run(&error) {
                return Err(error);
            }
            // The contact is made and must be linked; its customer's attributes come with the next change.
            link.base = select(&link.base, &|name, _| !is_attribute(name));
            self.warn_of_attributes(&change, &error);
        }
        Ok(link)
    }

    /// A record that was found may hold an older form than the one wanted by now: it was written
    /// before GHL's record changed again.
    async fn catch_up(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        link: &Link,
        held: Fields,
    ) -> Result<()> {
        let member = self.is_member(change);
        // A customer's list does not give its primary contact, and a member's attributes are
        // written apart.
        let compared = select(&condensed(&change.to), &|name, _| {
            !(name.starts_with("primary_contact.") || member && is_attribute(name))
        });
        let differs = changed(&held, &compared);
        if differs.is_empty() {
            return Ok(());
        }
        let mut late = change.clone();
        late.to = select(&change.to, &|name, _| {
            differs.contains_key(name) || name.starts_with("primary_contact.")
        });
        let link = Link { base: held, ..link.clone() };
        self.send_update(progress, &late, &link).await
    }

    /// The ChartMogul customer of a change: known, or made earlier by the same plan.
    pub(super) async fn customer_of(&self, change: &Change) -> Result<Option<String>> {
        if change.customer.is_some() {
            return Ok(change.customer.clone());
        }
        let parent = match change.kind {
            Kind::Note | Kind::Task => Some((Kind::Contact, change.contact.as_deref())),
            Kind::Contact if self.settings.anchor == Anchor::BusinessIsCustomer => {
                Some((Kind::Business, change.contact.as_deref()))
                    .filter(|(_, business)| business.is_some())
            }
            _ => None,
        };
        let Some((kind, Some(id))) = parent else { return Ok(None) };
        let link = self.links(kind, &[id]).await?.pop().flatten();
        link.map(|link| Some(link.customer)).ok_or_else(|| {
            Error::new(Code::NotFound, format!("its {} could not be brought over", kind.name()))
        })
    }

    pub(super) async fn send_create(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        customer: Option<&str>,
    ) -> Result<Created> {
        let fields = merged(&change.at_create, &change.to);
        match change.kind {
            Kind::Note => {
                let mut body = fields.clone();
                body.insert("type".into(), json!("note"));
                body.insert("customer_uuid".into(), json!(customer));
                let answer = self.chartmogul_value("notes.create", Value::Object(body)).await?;
                let note: Note = self.parse(Service::Chartmogul, "notes.create", &answer)?;
                created(note.uuid, customer, "notes.create")
            }
            Kind::Task => {
                let mut body = task_create_body(&fields, self.host.now());
                body.insert("customer_uuid".into(), json!(customer));
                let answer = self.chartmogul_value("tasks.create", Value::Object(body)).await?;
                let task: Task = self.parse(Service::Chartmogul, "tasks.create", &answer)?;
                created(task.task_uuid, customer, "tasks.create")
            }
            Kind::Contact if self.is_member(change) => {
                let mut body = contact_body(fields);
                let source = change
                    .data_source
                    .clone()
                    .or_else(|| progress.ready.schema.borrow().data_source.clone());
                body.insert("customer_uuid".into(), json!(customer));
                body.insert("external_id".into(), json!(change.id));
                if let Some(source) = source {
                    body.insert("data_source_uuid".into(), json!(source));
                }
                let answer = self.chartmogul_value("contacts.create", Value::Object(body)).await?;
                let contact: Contact =
                    self.parse(Service::Chartmogul, "contacts.create", &answer)?;
                created(contact.uuid, customer, "contacts.create")
            }
            Kind::Contact | Kind::Business => {
                let mut body = customer_body(&progress.ready.rules, fields);
                body.insert("external_id".into(), json!(self.external_id(change.kind, &change.id)));
                body.insert(
                    "data_source_uuid".into(),
                    json!(progress.ready.schema.borrow().data_source),
                );
                let answer = self.chartmogul_value("customers.create", Value::Object(body)).await?;
                let customer: Customer =
                    self.parse(Service::Chartmogul, "customers.create", &answer)?;
                let uuid = customer.uuid.ok_or_else(|| without_uuid("customers.create"))?;
                Ok(Created { uuid: None, customer: uuid, held: None })
            }
            Kind::DataSource => {
                Err(Error::new(Code::InvalidArgument, "data sources are made before changes"))
            }
        }
    }

    /// Whether a contact's change is about a contact of a customer, and not a customer of its own.
    pub(super) fn is_member(&self, change: &Change) -> bool {
        let alone = change.to.contains_key("name") || change.same.contains_key("name");
        change.kind == Kind::Contact
            && match self.settings.anchor {
                Anchor::AttachOnly => true,
                Anchor::ContactIsCustomer => false,
                Anchor::BusinessIsCustomer => {
                    !alone && (change.contact.is_some() || change.uuid.is_some())
                }
            }
    }

    /// Gives an answer that was lost the time to become visible.
    pub(super) async fn settle(&self) -> Result<()> {
        self.host
            .sleep(SETTLE_MS)
            .await
            .map_err(|_| Error::new(Code::Aborted, "the caller's signal ended the run"))
    }
}

/// Whether a create was not even sent, as the record that it belongs to could not be made. Errors of
/// the services name their service.
pub(super) fn lacks_parent(error: &Error) -> bool {
    error.code == Code::NotFound && error.service.is_none()
}

/// Whether a create may have been done although it was not answered with its uuid.
pub(super) fn outcome_is_open(error: &Error) -> bool {
    matches!(error.code, Code::OutcomeUnknown | Code::UnreadableResponse)
}

pub(super) fn created(
    uuid: Option<String>,
    customer: Option<&str>,
    endpoint: &'static str,
) -> Result<Created> {
    let uuid = uuid.ok_or_else(|| without_uuid(endpoint))?;
    let customer = customer.unwrap_or_default().to_owned();
    Ok(Created { uuid: Some(uuid), customer, held: None })
}

/// A create was answered with success but without its uuid: it is looked for.
pub(super) fn without_uuid(endpoint: &'static str) -> Error {
    Error::new(Code::OutcomeUnknown, "ChartMogul's answer names no uuid")
        .of(Service::Chartmogul)
        .at(endpoint)
}
