//! How a contact is shown: by id, after a create, in lists. No two of these forms are the same.

use serde_json::{Value, json};

use super::resources::without;
use super::rules::Generation;
use super::store::{Record, Snapshot, text};
use crate::sandbox::time_text::iso;

/// Channels of `dndSettings`: the date versions' spelling and v3's.
pub(super) const CHANNELS: &[(&str, &str)] = &[
    ("Call", "call"),
    ("Email", "email"),
    ("SMS", "sms"),
    ("WhatsApp", "whatsApp"),
    ("GMB", "gmb"),
    ("FB", "fb"),
];
/// What a write takes and no read shows.
const UNREAD: &[&str] = &["gender", "inboundDndSettings"];

/// First and last name in one.
pub(super) fn full_name(fields: &Record) -> String {
    let names = [text(fields, "firstName"), text(fields, "lastName")];
    names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A contact as a read by id gives it.
pub(super) fn whole(contact: &Snapshot, generation: Generation) -> Value {
    let mut fields = without(contact.fields.clone(), UNREAD);
    add_lower_case(&mut fields);
    fields.insert("name".into(), json!(full_name(&contact.fields)));
    fields.insert("dateAdded".into(), json!(iso(contact.added_ms)));
    fields.insert("dateUpdated".into(), json!(iso(contact.updated_ms)));
    spell_channels(&mut fields, generation);
    Value::Object(fields)
}

/// A contact as a create gives it under the date versions.
pub(super) fn created(contact: &Snapshot) -> Value {
    let mut fields = without(contact.fields.clone(), UNREAD);
    add_lower_case(&mut fields);
    let born = text(&contact.fields, "dateOfBirth").to_owned();
    let mut parts = born.split('-').skip(1).filter_map(|part| part.parse::<u32>().ok());
    if let (Some(month), Some(day)) = (parts.next(), parts.next()) {
        fields.insert("dateOfBirth".into(), json!(format!("{born}T00:00:00.000Z")));
        fields.insert("birthMonth".into(), json!(month));
        fields.insert("birthDay".into(), json!(day));
    }
    for (name, value) in [
        ("deleted", json!(false)),
        ("bounceEmail", json!(false)),
        ("unsubscribeEmail", json!(false)),
        ("offers", json!([])),
        ("products", json!([])),
        ("dateAdded", json!(iso(contact.added_ms))),
        ("dateUpdated", json!(iso(contact.updated_ms))),
    ] {
        fields.insert(name.into(), value);
    }
    Value::Object(fields)
}

fn add_lower_case(fields: &mut Record) {
    let name = full_name(fields).to_lowercase();
    let first = text(fields, "firstName").to_lowercase();
    let last = text(fields, "lastName").to_lowercase();
    let email = text(fields, "email").to_lowercase();
    fields.insert("firstNameLowerCase".into(), json!(first));
    fields.insert("lastNameLowerCase".into(), json!(last));
    fields.insert("fullNameLowerCase".into(), json!(name));
    if !email.is_empty() {
        fields.insert("emailLowerCase".into(), json!(email));
    }
}

/// Writes the channels of `dndSettings` as the generation spells them; stored are the date versions' names.
pub(super) fn spell_channels(fields: &mut Record, generation: Generation) {
    if generation == Generation::V3
        && let Some(Value::Object(settings)) = fields.get_mut("dndSettings")
    {
        for (dated, v3) in CHANNELS {
            if let Some(setting) = settings.remove(*dated) {
                settings.insert((*v3).into(), setting);
            }
        }
    }
}

/// A contact as the old list and the list of a business give it: names in lower case, the cased ones as `...Raw`.
pub(super) fn listed(contact: &Snapshot) -> Value {
    const KEPT: &[&str] = &[
        "id",
        "locationId",
        "email",
        "phone",
        "timezone",
        "country",
        "source",
        "customFields",
        "tags",
        "businessId",
        "followers",
        "companyName",
        "city",
        "state",
        "postalCode",
        "website",
        "assignedTo",
        "dnd",
        "dndSettings",
        "type",
        "address1",
        "dateOfBirth",
        "additionalEmails",
    ];
    let mut row = Record::new();
    for name in KEPT {
        if let Some(value) = contact.fields.get(*name) {
            row.insert((*name).into(), value.clone());
        }
    }
    let first = text(&contact.fields, "firstName");
    let last = text(&contact.fields, "lastName");
    for (name, value) in [
        ("contactName", json!(full_name(&contact.fields).to_lowercase())),
        ("firstName", json!(first.to_lowercase())),
        ("lastName", json!(last.to_lowercase())),
        ("firstNameRaw", json!(first)),
        ("lastNameRaw", json!(last)),
        ("dateAdded", json!(iso(contact.added_ms))),
        ("dateUpdated", json!(iso(contact.updated_ms))),
        ("attributions", json!([])),
        ("startAfter", json!([contact.added_ms, text(&contact.fields, "id")])),
    ] {
        row.insert(name.into(), value);
    }
    Value::Object(row)
}
