//! What a run has written, told write by write once its outcome is in the store: for an audit.

use serde_json::{Value, json};

use super::super::engine::{Engine, only};
use super::super::model::audit::AuditRecord;
use super::super::model::change::{Action, Change, Side};
use super::super::model::pair::{Kind, Role};
use super::super::work::Work;
use crate::error::Service;
use crate::host::Host;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{Call, merged};
use crate::mapping::{Fields, select};

impl<H: Host> Engine<'_, H> {
    /// Begins a change anew: what an earlier try has written is written again, or found.
    pub(in crate::sync) fn forget_writes(&self, change: &Change) {
        self.written.borrow_mut().remove(&change.row());
    }

    /// The values that a call is to write, where somebody wants to know.
    pub(in crate::sync) fn values_to_write(&self, change: &Change, call: &Call) -> Option<Values> {
        self.host.audits().then(|| values(change, call))
    }

    /// Notes a call that was answered.
    pub(in crate::sync) fn note_write(
        &self,
        change: &Change,
        customer: Option<&str>,
        to: (Service, &'static str),
        values: Option<Values>,
    ) {
        if let Some(values) = values {
            self.note(change, customer, to, values, false);
        }
    }

    /// Notes a write that is found: the create alone, or all calls of an update.
    pub(in crate::sync) fn note_found(&self, work: &Work, change: &Change, customer: Option<&str>) {
        if !self.host.audits() {
            return;
        }
        let most = if change.makes() { 1 } else { usize::MAX };
        let users = work.ready.users.borrow();
        let calls = self.calls_of(work, &users, change, customer.unwrap_or_default());
        for call in calls.iter().take(most) {
            let to = (call.service, call.endpoint);
            self.note(change, customer, to, values(change, call), true);
        }
    }

    /// The same of a write to GHL.
    pub(in crate::sync) fn note_found_in_ghl(&self, work: &Work, change: &Change) {
        if !self.host.audits() {
            return;
        }
        let users = work.ready.users.borrow();
        for call in self.calls_to_ghl(work, &users, change, None) {
            let to = (call.service, call.endpoint);
            self.note(change, change.customer.as_deref(), to, values(change, &call), true);
        }
    }

    /// Notes that our copy at a former place was deleted, or has lost its marker: then with its new text.
    pub(in crate::sync) fn note_removed(
        &self,
        change: &Change,
        endpoint: &'static str,
        text: Option<(&str, &str)>,
    ) {
        if !self.host.audits() {
            return;
        }
        let customer = change.leaves.as_deref().or(change.customer.as_deref());
        let (action, values) = match text {
            None => (Action::Delete, (Some(change.from.clone()), None)),
            Some((name, text)) => {
                let before = select(&change.from, &|field, _| field == name);
                (Action::Update, (Some(before), Some(only(name, text.into()))))
            }
        };
        let copy = Change { action, ..change.clone() };
        let in_ghl = change.gone_from == Some(Side::Chartmogul);
        let service = if in_ghl { Service::Ghl } else { Service::Chartmogul };
        self.note(&copy, customer, (service, endpoint), values, false);
    }

    fn note(
        &self,
        change: &Change,
        customer: Option<&str>,
        (service, endpoint): (Service, &'static str),
        (before, after): Values,
        found: bool,
    ) {
        let of_customer = change.kind == Kind::Customer;
        let record = AuditRecord {
            at: 0,
            run: 0,
            plan: String::new(),
            service,
            endpoint,
            action: change.action,
            kind: Some(change.kind),
            ghl_id: if of_customer { change.parent.clone() } else { Some(change.id.clone()) }
                .filter(|_| !change.brings()),
            chartmogul_id: change.uuid.clone().filter(|_| !change.makes() || change.brings()),
            customer: customer.map(str::to_owned),
            before,
            after,
            found,
        };
        self.written.borrow_mut().or_default(change.row()).push(record);
    }

    /// Tells what was noted of a change, when what became of it is in the store: what it made by its uuid.
    pub(in crate::sync) fn tell_writes(&self, plan: &str, change: &Change, as_sent: &Identity) {
        let Some(records) = self.written.borrow_mut().remove(&change.row()) else { return };
        let Identity { ghl, uuid, customer } = as_sent;
        for mut record in records {
            record.ghl_id = record.ghl_id.or_else(|| ghl.clone());
            if change.kind != Kind::Customer {
                record.chartmogul_id = record.chartmogul_id.or_else(|| uuid.clone());
            }
            let customer = Some(customer).filter(|customer| !customer.is_empty());
            record.customer = record.customer.or_else(|| customer.cloned());
            self.tell_write(plan, record);
        }
    }

    /// Reports a data source that was made, or found after its answer was lost.
    pub(in crate::sync) fn tell_data_source(
        &self,
        plan: &str,
        name: &str,
        uuid: Option<&str>,
        found: bool,
    ) {
        if !self.host.audits() {
            return;
        }
        self.tell_write(
            plan,
            AuditRecord {
                at: 0,
                run: 0,
                plan: String::new(),
                service: Service::Chartmogul,
                endpoint: "dataSources.create",
                action: Action::Create,
                kind: None,
                ghl_id: None,
                chartmogul_id: uuid.map(str::to_owned),
                customer: None,
                before: None,
                after: Some(only("name", name.into())),
                found,
            },
        );
    }

    fn tell_write(&self, plan: &str, record: AuditRecord) {
        let underway = self.underway.borrow();
        let run = underway.as_ref().and_then(|underway| underway.row.parse().ok()).unwrap_or(0);
        let record = AuditRecord { at: self.host.now(), run, plan: plan.to_owned(), ..record };
        if let Ok(text) = serde_json::to_string(&record) {
            self.host.audit(&text);
        }
    }
}

/// What a change's record is known by when it is written: its ids where it has them, and its customer's.
#[derive(Debug, Default)]
pub(in crate::sync) struct Identity {
    pub(in crate::sync) ghl: Option<String>,
    pub(in crate::sync) uuid: Option<String>,
    pub(in crate::sync) customer: String,
}

/// Values before and after a write.
pub(in crate::sync) type Values = (Option<Fields>, Option<Fields>);

/// The values of a change's fields that a call writes.
fn values(change: &Change, call: &Call) -> Values {
    if call.service == Service::Ghl {
        let done = call.endpoint == "tasks.setCompleted";
        let writes = |name: &str, _: &Value| change.brings() || (name == "completed") == done;
        let before = select(&change.back_from, &writes);
        return ((!change.brings()).then_some(before), Some(select(&change.back, &writes)));
    }
    let tags = |tags: &[String]| Some(only("tags", json!(tags)));
    match call.endpoint {
        "tags.add" => return (Some(Fields::new()), tags(&change.tags.add)),
        "tags.remove" => return (tags(&change.tags.remove), Some(Fields::new())),
        _ => {}
    }
    let carries = |name: &str, _: &Value| {
        let attribute = name.starts_with("attribute.");
        let person = name.starts_with(PRIMARY_CONTACT);
        match call.endpoint {
            "customAttributes.add" => attribute && !change.from.contains_key(name),
            "customAttributes.update" => attribute && change.from.contains_key(name),
            "customers.update" => !attribute && (change.uuid.is_none() || !person),
            "customers.create" => change.uuid.is_none() || !person,
            "contacts.update" if change.role == Role::Customer => person,
            _ => true,
        }
    };
    let mut after = select(&change.to, &carries);
    let makes = change.makes() && call.endpoint.ends_with(".create");
    if makes {
        after = merged(&change.at_create, &after);
        if !change.tags.add.is_empty() && call.endpoint == "customers.create" {
            after.insert("tags".to_owned(), json!(change.tags.add));
        }
    }
    // Where the contact goes.
    let relocated = "customer_external_id";
    if let Some(place) = call.parameters.get(relocated) {
        after = select(&after, &|name, _| call.parameters.contains_key(name));
        after.insert(relocated.to_owned(), place.clone());
    }
    let before = select(&change.from, &|name, _| after.contains_key(name));
    ((!makes).then_some(before), Some(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_call_is_reported_with_the_fields_that_it_writes_and_no_others() {
        let mut change =
            Change::new(Action::Update, Kind::Contact, "C1", "Ada".to_owned(), "changed in GHL");
        change.role = Role::Customer;
        change.uuid = Some("con_1".to_owned());
        change.from = fields(json!({ "name": "Ada", "attribute.plan": "a" }));
        change.to = fields(json!({
            "name": "Ada King",
            "primary_contact.phone": "+1",
            "attribute.plan": "b",
            "attribute.seats": 3,
        }));
        change.tags.add = vec!["crm-vip".to_owned()];
        change.tags.remove = vec!["crm-old".to_owned()];
        for (endpoint, before, after) in [
            ("contacts.update", json!({}), json!({ "primary_contact.phone": "+1" })),
            ("customers.update", json!({ "name": "Ada" }), json!({ "name": "Ada King" })),
            ("customAttributes.add", json!({}), json!({ "attribute.seats": 3 })),
            (
                "customAttributes.update",
                json!({ "attribute.plan": "a" }),
                json!({ "attribute.plan": "b" }),
            ),
            ("tags.add", json!({}), json!({ "tags": ["crm-vip"] })),
            ("tags.remove", json!({ "tags": ["crm-old"] }), json!({})),
        ] {
            let told = values(&change, &Call::new(endpoint, Fields::new()));
            assert_eq!(told, (Some(fields(before)), Some(fields(after))), "{endpoint}");
        }
        let place = fields(json!({ "contact_uuid": "con_1", "customer_external_id": "ghl:l:C1" }));
        let (before, after) = values(&change, &Call::new("contacts.update", place));
        assert_eq!(before, Some(Fields::new()));
        assert_eq!(after, Some(fields(json!({ "customer_external_id": "ghl:l:C1" }))));
    }

    #[test]
    fn what_is_created_has_no_values_before() {
        let mut change = Change::new(Action::Create, Kind::Note, "N1", String::new(), "new in GHL");
        change.from = fields(json!({ "text": "left from before" }));
        change.to = fields(json!({ "text": "hello" }));
        change.at_create = fields(json!({ "author": "u1", "text": "not this" }));
        let (before, after) = values(&change, &Call::new("notes.create", Fields::new()));
        assert_eq!(before, None);
        assert_eq!(after, Some(fields(json!({ "author": "u1", "text": "hello" }))));
    }
}
