//! GHL's records at the start: location, users, custom fields, contacts, notes, tasks.

use serde_json::{Value, json};

use super::{
    COLLEAGUES, DAY_MS, GhlSeed, RICH_CONTACTS, filled, ghl_more, record, texts, total,
    without_nulls,
};
use crate::sandbox::ghl::Record;
use crate::sandbox::people::{Person, company};
use crate::sandbox::random::Random;
use crate::sandbox::time_text::{day, iso};
use crate::sandbox::{Credentials, SandboxOptions};

/// Tags of the location.
const TAGS: &[&str] = &["newsletter", "vip", "cold lead", "ghl:trial", "événement 2026", "日本"];

/// What all records need to know of the others.
pub(super) struct Frame<'a> {
    pub(super) now_ms: u64,
    pub(super) credentials: &'a Credentials,
    /// Ids of users who exist.
    pub(super) users: Vec<String>,
    /// The id of a user who was deleted.
    pub(super) former_user: String,
    /// Ids and names of businesses.
    pub(super) businesses: Vec<(String, String)>,
    /// Ids of contacts and the instants they were added.
    pub(super) contacts: Vec<(String, u64)>,
}

/// GHL's records for these people.
pub(super) fn seed(
    options: &SandboxOptions,
    credentials: &Credentials,
    people: &[Person],
) -> GhlSeed {
    let mut random = Random::new(options.seed, "ghl");
    let mut frame = Frame {
        now_ms: options.now_ms,
        credentials,
        users: Vec::new(),
        former_user: random.id(20),
        businesses: Vec::new(),
        contacts: Vec::new(),
    };
    let users = users(&mut frame, &mut random);
    let businesses = businesses(&mut frame, people.len(), &mut random);
    let fields = custom_fields(&frame, &mut random);
    let mut contacts: Vec<Record> = Vec::with_capacity(people.len());
    for (number, person) in people.iter().enumerate() {
        let contact = contact(&mut frame, number, person, &fields, &mut random);
        contacts.push(contact);
    }
    let notes = notes(&frame, total(options.notes_per_contact, people.len()), &mut random);
    let tasks = tasks(&frame, total(options.tasks_per_contact, people.len()), &mut random);
    if options.notes_touch_contact {
        touch(&mut contacts, notes.iter().chain(&tasks));
    }
    let tags = TAGS.iter().map(|name| {
        record(json!({ "id": random.id(20), "name": name, "locationId": credentials.location_id }))
    });
    let mut collections = vec![
        ("tags", tags.collect()),
        ("locations", vec![location(options, credentials)]),
        ("users", users),
        ("businesses", businesses),
        ("customFields", fields),
        ("notes", notes),
        ("tasks", tasks),
    ];
    collections.extend(ghl_more::collections(&frame, &mut Random::new(options.seed, "ghl more")));
    GhlSeed { contacts, collections }
}

fn location(options: &SandboxOptions, credentials: &Credentials) -> Record {
    record(json!({
        "id": credentials.location_id,
        "companyId": credentials.company_id,
        "name": "Riverside Studio",
        "domain": "riverside.example",
        "address": "12 Mill Lane",
        "city": "Albany",
        "state": "NY",
        "country": "US",
        "postalCode": "12207",
        "website": "https://riverside.example",
        "timezone": "America/New_York",
        "firstName": "Ada",
        "lastName": "King",
        "email": "hello@riverside.example",
        "phone": "+15550100000",
        "business": {
            "name": "Riverside Studio", "address": "12 Mill Lane", "city": "Albany", "state": "NY",
            "country": "US", "postalCode": "12207", "website": "https://riverside.example",
            "timezone": "America/New_York",
        },
        "social": {},
        "settings": {
            "allowDuplicateContact": options.allow_duplicate_contact,
            "allowDuplicateOpportunity": false,
            "allowFacebookNameMerge": false,
            "disableContactTimezone": false,
        },
    }))
}

fn users(frame: &mut Frame<'_>, random: &mut Random) -> Vec<Record> {
    let mut users = Vec::new();
    for colleague in COLLEAGUES.iter().filter(|colleague| colleague.in_ghl) {
        let id = random.id(20);
        users.push(record(json!({
            "id": id,
            "name": format!("{} {}", colleague.first, colleague.last),
            "firstName": colleague.first,
            "lastName": colleague.last,
            "email": colleague.email,
            "phone": format!("+1555010{:04}", users.len() + 1),
            "extension": "",
            "permissions": { "contactsEnabled": true, "assignedDataOnly": false },
            "scopes": "contacts.write",
            "roles": {
                "type": "account", "role": if users.is_empty() { "admin" } else { "user" },
                "locationIds": [frame.credentials.location_id], "restrictSubAccount": false,
            },
            "deleted": false,
            "lcPhone": {},
        })));
        frame.users.push(id);
    }
    users
}

fn businesses(frame: &mut Frame<'_>, people: usize, random: &mut Random) -> Vec<Record> {
    let mut businesses = Vec::new();
    for number in 0..(people / 40).clamp(2, 50) {
        let id = random.hex(24);
        let name = company(random);
        let added = iso(frame.now_ms - (1 + number as u64) * DAY_MS);
        businesses.push(record(json!({
            "id": id,
            "name": name,
            "locationId": frame.credentials.location_id,
            "email": format!("office{number}@example.com"),
            "phone": format!("+1555012{number:04}"),
            "website": format!("https://business{number}.example"),
            "address": "1 Market Sq",
            "city": "Albany",
            "state": "NY",
            "postalCode": "12207",
            "country": "US",
            "description": "Made up",
            "createdAt": added,
            "updatedAt": added,
        })));
        frame.businesses.push((id, name));
    }
    businesses
}

/// One field of every type, and one of an opportunity.
fn custom_fields(frame: &Frame<'_>, random: &mut Random) -> Vec<Record> {
    const FIELDS: &[(&str, &str, &str)] = &[
        ("Job title", "TEXT", "contact.job_title"),
        ("Background", "LARGE_TEXT", "contact.background"),
        ("Seats", "NUMERICAL", "contact.seats"),
        ("Lifetime value", "MONETORY", "contact.lifetime_value"),
        ("Second phone", "PHONE", "contact.second_phone"),
        ("Billing e-mail", "EMAIL", "contact.billing_email"),
        ("Interests", "MULTIPLE_OPTIONS", "contact.interests"),
        ("Agreed", "CHECKBOX", "contact.agreed"),
        ("Size", "SINGLE_OPTIONS", "contact.size"),
        ("Channel", "RADIO", "contact.channel"),
        ("Trial ends", "DATE", "contact.trial_ends"),
        ("Anniversary", "DATE", "contact.anniversary"),
        ("Addresses", "TEXTBOX_LIST", "contact.addresses"),
        ("Contract", "FILE_UPLOAD", "contact.contract"),
        ("Lost to", "TEXT", "opportunity.lost_to"),
    ];
    let mut fields = Vec::new();
    for (position, (name, data_type, key)) in FIELDS.iter().enumerate() {
        let options = match *key {
            "contact.interests" => json!(["Yoga", "Pilates", "Läufe; lang", "瞑想"]),
            "contact.agreed" => json!(["Yes"]),
            "contact.size" => json!(["Small", "Medium", "Large"]),
            "contact.channel" => json!(["Phone", "E-mail", "SMS"]),
            _ => Value::Null,
        };
        let mut field = without_nulls(json!({
            "id": random.id(20),
            "name": name,
            "dataType": data_type,
            "fieldKey": key,
            "model": key.split('.').next(),
            "locationId": frame.credentials.location_id,
            "position": position * 50,
            "placeholder": "",
            "picklistOptions": options,
        }));
        // Some date fields are read as milliseconds.
        if *key == "contact.anniversary" {
            field.insert("readsAsMilliseconds".into(), json!(true));
        }
        fields.push(field);
    }
    fields
}

fn contact(
    frame: &mut Frame<'_>,
    number: usize,
    person: &Person,
    fields: &[Record],
    random: &mut Random,
) -> Record {
    let id = random.id(20);
    let added = frame.now_ms - DAY_MS - random.below(700 * DAY_MS);
    let updated = added + random.below(frame.now_ms - added);
    frame.contacts.push((id.clone(), added));
    let tags: Vec<&str> = TAGS.iter().filter(|_| random.chance(0.2)).copied().collect();
    let business = (number % 9 == 2).then(|| {
        frame.businesses.get(number % frame.businesses.len().max(1)).cloned().unwrap_or_default()
    });
    let assigned = match random.below(10) {
        0..=2 => None,
        3 => Some(frame.former_user.clone()),
        pick => frame.users.get(pick as usize % frame.users.len().max(1)).cloned(),
    };
    let more: Vec<Value> = person
        .more_emails
        .iter()
        .map(|email| json!({ "email": email, "validEmail": null }))
        .collect();
    let email = person.email.as_ref().map(|email| match number % 31 {
        // Typed with capitals by somebody.
        8 => email.to_uppercase(),
        _ => email.clone(),
    });
    let born = random.chance(0.3).then(|| day(random.below(12_000) * DAY_MS));
    let silent = random.chance(0.1);
    let quiet =
        json!({ "Email": { "status": "active", "message": "unsubscribed", "code": "101" } });
    without_nulls(json!({
        "id": id,
        "locationId": frame.credentials.location_id,
        "firstName": filled(&person.first),
        "lastName": filled(&person.last),
        "email": email,
        "additionalEmails": more,
        "phone": person.phone,
        "companyName": business.as_ref().map(|(_, name)| name.clone()).or_else(|| person.company.clone()),
        "businessId": business.as_ref().map(|(id, _)| id),
        "businessName": business.as_ref().map(|(_, name)| name),
        "address1": person.street,
        "city": person.city,
        "state": filled(&person.state),
        "postalCode": filled(&person.postal_code),
        "country": person.country,
        "timezone": person.time_zone,
        "website": person.company.as_ref().map(|_| format!("https://site{number}.example")),
        "source": random.pick(&["public api", "csv import", "form 1", "chat widget"]),
        "type": random.pick(&["lead", "lead", "customer"]),
        "assignedTo": assigned,
        "dnd": silent,
        "dndSettings": if silent { quiet } else { Value::Null },
        "tags": tags,
        "followers": [],
        "dateOfBirth": born,
        "customFields": custom_values(frame, number, fields, random),
        "dateAdded": iso(added),
        "dateUpdated": iso(updated),
        "attributionSource": (number % 5 == 1).then(|| json!({
            "url": "https://riverside.example/?utm_source=newsletter", "utmSource": "newsletter",
            "utmMedium": "email", "campaign": "Spring & Summer", "medium": "form",
        })),
        "createdBy": { "source": "INTEGRATION", "channel": "OAUTH", "timestamp": iso(added) },
    }))
}

/// Values for about half of a contact's custom fields.
fn custom_values(
    frame: &Frame<'_>,
    number: usize,
    fields: &[Record],
    random: &mut Random,
) -> Vec<Value> {
    let mut values = Vec::new();
    if number >= RICH_CONTACTS {
        return values;
    }
    for field in fields {
        let key = field.get("fieldKey").and_then(Value::as_str).unwrap_or_default();
        if key.starts_with("opportunity.") || random.chance(0.5) {
            continue;
        }
        let instant = frame.now_ms / DAY_MS * DAY_MS - random.below(400) * DAY_MS;
        let value = match key {
            "contact.job_title" => json!(random.pick(&["Owner", "Chef d’équipe", "経理", "CTO"])),
            "contact.background" => json!("First line\nSecond line with <b>tags</b> & signs"),
            "contact.seats" if number.is_multiple_of(2) => json!(random.below(50)),
            // A number that came in by a form is read as text.
            "contact.seats" => json!(random.below(50).to_string()),
            "contact.lifetime_value" => json!(random.below(1_000_000) as f64 / 100.0),
            "contact.second_phone" => json!("+15550190000"),
            "contact.billing_email" => json!(format!("billing{number}@example.com")),
            "contact.interests" => json!(["Yoga", "Läufe; lang"]),
            "contact.agreed" => json!(["Yes"]),
            "contact.size" => json!(random.pick(&["Small", "Medium", "Large"])),
            "contact.channel" => json!(random.pick(&["Phone", "E-mail", "SMS"])),
            "contact.trial_ends" => json!(iso(instant)),
            "contact.anniversary" => json!(instant),
            "contact.addresses" => json!({ "box1": "1 Market Sq", "box2": "" }),
            _ => json!({ random.uuid(): {
                "meta": { "fieldname": "contract", "originalname": "contract.pdf", "encoding": "7bit",
                    "mimetype": "application/pdf", "size": 1234, "uuid": random.uuid() },
                "url": "https://files.example/contract.pdf", "documentId": random.id(20),
            } }),
        };
        values.push(json!({ "id": field.get("id"), "value": value }));
    }
    values
}

/// A contact for a note or task: every tenth goes to one of the first few, who so have many.
fn parent(frame: &Frame<'_>, random: &mut Random) -> Option<(String, u64)> {
    let all = frame.contacts.len() as u64;
    let among = if random.chance(0.1) { all.min(3) } else { all };
    frame.contacts.get(random.below(among) as usize).cloned()
}

fn notes(frame: &Frame<'_>, count: usize, random: &mut Random) -> Vec<Record> {
    let mut notes = Vec::new();
    for number in 0..count {
        let Some((contact, added)) = parent(frame, random) else {
            break;
        };
        let instant = added + random.below(frame.now_ms - added);
        let user = match random.below(6) {
            0 => None,
            1 => Some(frame.former_user.clone()),
            pick => frame.users.get(pick as usize % frame.users.len().max(1)).cloned(),
        };
        let titled = number % 3 == 0;
        notes.push((
            instant,
            without_nulls(json!({
                "id": random.id(20),
                "contactId": contact,
                "body": texts::note(random),
                "userId": user,
                "title": titled.then_some("Call with the customer"),
                "color": titled.then_some("#FFAA00"),
                "pinned": titled.then_some(number % 2 == 0),
                "dateAdded": iso(instant),
            })),
        ));
    }
    in_time(notes)
}

fn tasks(frame: &Frame<'_>, count: usize, random: &mut Random) -> Vec<Record> {
    let mut tasks: Vec<(u64, Record)> = Vec::new();
    for number in 0..count {
        let Some((mut contact, added)) = parent(frame, random) else {
            break;
        };
        let instant = added + random.below(frame.now_ms - added);
        let mut title = texts::task_title(random);
        // Every eleventh repeats the one before: same contact, same title.
        if number % 11 == 10
            && let Some((_, before)) = tasks.last()
        {
            let same = |name: &str| before.get(name).and_then(Value::as_str).unwrap_or_default();
            (contact, title) = (same("contactId").to_owned(), same("title").to_owned());
        }
        let user = match random.below(6) {
            0 => None,
            1 => Some(frame.former_user.clone()),
            pick => frame.users.get(pick as usize % frame.users.len().max(1)).cloned(),
        };
        // Due times close to midnight fall on another day in another zone.
        let due = frame.now_ms / DAY_MS * DAY_MS
            + random.below(48) * 1_800_000
            + random.below(60) * DAY_MS
            - 30 * DAY_MS;
        tasks.push((
            instant,
            without_nulls(json!({
                "id": random.id(20),
                "contactId": contact,
                "title": title,
                "body": texts::task_body(random),
                "assignedTo": user,
                "dueDate": iso(due),
                "completed": random.chance(0.4),
                "dateAdded": iso(instant),
                "dateUpdated": iso(instant + random.below(frame.now_ms - instant)),
            })),
        ));
    }
    in_time(tasks)
}

/// The records in the order of their creation.
fn in_time(mut records: Vec<(u64, Record)>) -> Vec<Record> {
    records.sort_by_key(|(instant, _)| *instant);
    records.into_iter().map(|(_, record)| record).collect()
}

/// Moves each contact's `dateUpdated` to its newest note or task.
fn touch<'a>(contacts: &mut [Record], children: impl Iterator<Item = &'a Record>) {
    let mut newest = std::collections::BTreeMap::<&str, &str>::new();
    for child in children {
        let of = |name: &str| child.get(name).and_then(Value::as_str);
        let date = of("dateUpdated").or(of("dateAdded")).unwrap_or_default();
        let entry = newest.entry(of("contactId").unwrap_or_default()).or_default();
        *entry = (*entry).max(date);
    }
    for contact in contacts {
        let id = contact.get("id").and_then(Value::as_str).unwrap_or_default();
        let before = contact.get("dateUpdated").and_then(Value::as_str).unwrap_or_default();
        if let Some(date) = newest.get(id).filter(|date| **date > before) {
            contact.insert("dateUpdated".into(), json!(date));
        }
    }
}
