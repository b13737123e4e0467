//! GHL's records at the start beyond contacts, notes and tasks: what belongs to the company, and
//! calendars, opportunities, conversations of some of the contacts.

use serde_json::{Value, json};

use super::ghl::Frame;
use super::{DAY_MS, RICH_CONTACTS, record, without_nulls};
use crate::sandbox::ghl::Record;
use crate::sandbox::random::Random;
use crate::sandbox::time_text::{day, iso};

/// The records by kind.
pub(super) fn collections(
    frame: &Frame<'_>,
    random: &mut Random,
) -> Vec<(&'static str, Vec<Record>)> {
    let location = &frame.credentials.location_id;
    let pipelines = pipelines(location, random);
    let calendars = calendars(frame, random);
    let (conversations, messages) = conversations(frame, random);
    let mut all = vec![
        ("opportunities", opportunities(frame, &pipelines, random)),
        ("events", events(frame, &calendars, random)),
        ("pipelines", pipelines),
        ("calendars", calendars),
        ("conversations", conversations),
        ("messages", messages),
        ("companies", vec![company(frame)]),
    ];
    all.extend(named_lists(frame, random));
    all
}

fn company(frame: &Frame<'_>) -> Record {
    record(json!({
        "id": frame.credentials.company_id,
        "name": "Riverside Agency",
        "email": "agency@agency.example",
        "phone": "+15550100009",
        "website": "https://agency.example",
        "address": "12 Mill Lane",
        "city": "Albany",
        "state": "NY",
        "postalCode": "12207",
        "country": "US",
        "timezone": "America/New_York",
        "currency": "USD",
        "status": "active_subscription",
        "plan": 3,
        "locationCount": 1,
        "isReselling": false,
        "isSandboxAccount": false,
    }))
}

/// Lists whose records are little more than a name.
fn named_lists(frame: &Frame<'_>, random: &mut Random) -> Vec<(&'static str, Vec<Record>)> {
    let location = &frame.credentials.location_id;
    let now = iso(frame.now_ms - DAY_MS);
    let mut workflow = |name: &str, status: &str| {
        record(json!({
            "id": random.uuid(), "name": name, "status": status, "version": 3,
            "createdAt": now, "updatedAt": now, "locationId": location,
        }))
    };
    let workflows = vec![workflow("Welcome", "published"), workflow("Win back", "draft")];
    let mut plain = |properties: Value| {
        let mut of = record(json!({ "id": random.id(20) }));
        of.extend(record(properties));
        of
    };
    let dated = |name: &str| json!({ "name": name, "locationId": location, "updatedAt": now, "canonicalLink": "https://riverside.example" });
    let category = json!({
        "name": "News", "label": "News", "urlSlug": "news", "locationId": location, "updatedAt": now,
        "canonicalLink": "https://riverside.example",
    });
    vec![
        ("workflows", workflows),
        (
            "campaigns",
            vec![
                plain(json!({ "name": "Spring", "status": "published", "locationId": location })),
                plain(json!({ "name": "Autumn", "status": "draft", "locationId": location })),
            ],
        ),
        ("snapshots", vec![plain(json!({ "name": "Studio", "type": "own" }))]),
        ("blogs", vec![plain(json!({ "name": "Riverside blog" }))]),
        ("blogAuthors", vec![plain(dated("Ada King"))]),
        ("blogCategories", vec![plain(category)]),
        (
            "calendarGroups",
            vec![plain(json!({
                "locationId": location, "name": "Trials", "description": "First visits", "slug": "trials",
                "isActive": true,
            }))],
        ),
        (
            "lostReasons",
            vec![plain(json!({
                "name": "Too expensive", "locationId": location, "createdAt": now, "updatedAt": now,
            }))],
        ),
        (
            "objects",
            vec![plain(json!({
                "standard": false, "key": "custom_objects.pet", "locationId": location,
                "labels": { "singular": "Pet", "plural": "Pets" }, "description": "Pets of customers",
                "primaryDisplayProperty": "custom_objects.pet.name", "dateAdded": now,
                "dateUpdated": now, "type": "USER_DEFINED",
            }))],
        ),
        ("objectRecords", Vec::new()),
        (
            "associations",
            vec![plain(json!({
                "locationId": location, "key": "contact_business", "firstObjectLabel": "Employee",
                "firstObjectKey": "contact", "secondObjectLabel": "Employer", "secondObjectKey": "business",
                "associationType": "SYSTEM_DEFINED",
            }))],
        ),
        (
            "customValues",
            vec![plain(json!({
                "name": "Company phone", "fieldKey": "{{ custom_values.company_phone }}",
                "value": "+15550100009", "locationId": location,
            }))],
        ),
        ("surveys", vec![plain(json!({ "name": "How did we do?", "locationId": location }))]),
        ("surveySubmissions", Vec::new()),
        ("objectFields", Vec::new()),
        ("objectFieldFolders", Vec::new()),
        ("resources", Vec::new()),
        ("notifications", Vec::new()),
        ("relations", Vec::new()),
        ("blogPosts", Vec::new()),
        ("blockedSlots", Vec::new()),
        ("appointmentNotes", Vec::new()),
        ("enrolments", Vec::new()),
    ]
}

fn pipelines(location: &str, random: &mut Random) -> Vec<Record> {
    let mut pipeline = |name: &str, stages: &[&str]| {
        let stages: Vec<Value> = stages
            .iter()
            .enumerate()
            .map(|(position, name)| json!({ "id": random.uuid(), "name": name, "position": position }))
            .collect();
        record(json!({
            "id": random.id(20), "name": name, "stages": stages, "showInFunnel": true,
            "showInPieChart": true, "locationId": location,
        }))
    };
    vec![
        pipeline("Sales", &["New", "Qualified", "Offer sent", "Won / Lost"]),
        pipeline("Renewals", &["Due", "Überfällig"]),
    ]
}

/// An opportunity for every tenth contact.
fn opportunities(frame: &Frame<'_>, pipelines: &[Record], random: &mut Random) -> Vec<Record> {
    let mut opportunities = Vec::new();
    for (number, (contact, added)) in
        frame.contacts.iter().enumerate().filter(|(at, _)| at % 10 == 4)
    {
        let Some(pipeline) = pipelines.get(number / 10 % pipelines.len().max(1)) else { break };
        let stages = pipeline.get("stages").and_then(Value::as_array).cloned().unwrap_or_default();
        let stage =
            stages.get(random.below(stages.len() as u64) as usize).cloned().unwrap_or_default();
        let created = added + random.below(frame.now_ms - added);
        opportunities.push(without_nulls(json!({
            "id": random.id(20),
            "name": random.pick(&["Annual plan", "Website, phase 2", "年間契約", "🚀 Upsell"]),
            "monetaryValue": random.below(100_000) as f64 / 4.0,
            "pipelineId": pipeline.get("id"),
            "pipelineStageId": stage.get("id"),
            "assignedTo": frame.users.get(number % frame.users.len().max(1)),
            "status": random.pick(&["open", "open", "won", "lost", "abandoned"]),
            "source": "form 1",
            "contactId": contact,
            "locationId": frame.credentials.location_id,
            "indexVersion": "1",
            "createdAt": iso(created),
            "updatedAt": iso(created),
            "lastStatusChangeAt": iso(created),
            "lastStageChangeAt": iso(created),
            "lastActionDate": iso(created),
            "customFields": [],
            "followers": [],
        })));
    }
    opportunities
}

fn calendars(frame: &Frame<'_>, random: &mut Random) -> Vec<Record> {
    let mut calendar = |name: &str, kind: &str, minutes: u64| {
        record(json!({
            "id": random.id(20), "locationId": frame.credentials.location_id, "name": name,
            "description": "", "slug": name.to_lowercase().replace(' ', "-"), "calendarType": kind,
            "slotDuration": minutes, "slotDurationUnit": "mins", "isActive": true,
            "teamMembers": frame.users.iter().take(2).map(|user| json!({ "userId": user, "priority": 1 })).collect::<Vec<_>>(),
        }))
    };
    vec![calendar("First visit", "round_robin", 30), calendar("Class", "class_booking", 60)]
}

/// An appointment for every eighth contact, past and future, on wall clocks of the location.
fn events(frame: &Frame<'_>, calendars: &[Record], random: &mut Random) -> Vec<Record> {
    let mut events = Vec::new();
    for (number, (contact, added)) in
        frame.contacts.iter().enumerate().filter(|(at, _)| at % 8 == 1)
    {
        let Some(calendar) = calendars.get(number % calendars.len().max(1)) else { break };
        let date = frame.now_ms - 20 * DAY_MS + random.below(40) * DAY_MS;
        let past = date < frame.now_ms;
        let status = if past {
            random.pick(&["showed", "noshow", "cancelled", "confirmed"])
        } else {
            random.pick(&["confirmed", "new", "cancelled"])
        };
        let user = frame.users.get(number % frame.users.len().max(1)).cloned().unwrap_or_default();
        let hour = 8 + random.below(9);
        events.push(record(json!({
            "id": random.id(20),
            "calendarId": calendar.get("id"),
            "locationId": frame.credentials.location_id,
            "contactId": contact,
            "groupId": "",
            "title": "Visit",
            "appointmentStatus": status,
            "assignedUserId": user,
            "users": [user],
            "address": "12 Mill Lane",
            "notes": "",
            "isRecurring": false,
            "startTime": format!("{}T{hour:02}:00:00-05:00", day(date)),
            "endTime": format!("{}T{hour:02}:30:00-05:00", day(date)),
            "dateAdded": iso(*added),
            "dateUpdated": iso(*added),
            "createdBy": { "userId": "", "source": "booking_widget" },
        })));
    }
    events
}

/// A conversation for each contact, messages for some, a call among them.
fn conversations(frame: &Frame<'_>, random: &mut Random) -> (Vec<Record>, Vec<Record>) {
    let (mut conversations, mut messages) = (Vec::new(), Vec::new());
    for (number, (contact, added)) in frame.contacts.iter().take(RICH_CONTACTS).enumerate() {
        let id = random.id(20);
        let mut last = *added;
        let count = if number % 6 == 2 { 1 + random.below(30) } else { 0 };
        for step in 0..count {
            last += random.below((frame.now_ms - last) / 4 + 1);
            let (kind, code) = if step == 0 { ("TYPE_CALL", 1) } else { ("TYPE_SMS", 2) };
            messages.push(record(json!({
                "id": random.id(20), "type": code, "messageType": kind,
                "locationId": frame.credentials.location_id, "contactId": contact,
                "conversationId": id, "dateAdded": iso(last),
                "body": if code == 1 { "" } else { "See you tomorrow 👍" },
                "direction": random.pick(&["inbound", "outbound"]), "status": "delivered",
                "contentType": "text/plain", "attachments": [], "source": "app",
                "meta": if code == 1 { json!({ "callDuration": "61", "callStatus": "completed" }) } else { json!({}) },
            })));
        }
        conversations.push(record(json!({
            "id": id, "contactId": contact, "locationId": frame.credentials.location_id,
            "dateAdded": added, "dateUpdated": last, "lastMessageDate": last,
            "lastMessageBody": if count == 0 { "" } else { "See you tomorrow 👍" },
            "lastMessageType": if count == 1 { "TYPE_CALL" } else { "TYPE_SMS" },
            "type": "TYPE_PHONE", "unreadCount": number % 3,
        })));
    }
    let date = |message: &Record| message.get("dateAdded").map(Value::to_string);
    messages.sort_by_cached_key(date);
    (conversations, messages)
}
