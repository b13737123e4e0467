//! Every operation that the sandbox serves, in both generations: made, read, listed, changed and
//! removed, each answer checked against the official response schema where the reference folder is at hand.
#![cfg(feature = "sandbox")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

/// Answers whose official schema is known to be wrong, with the reason.
const SCHEMA_IS_WRONG: &[(&str, &str)] = &[
    (
        "GET /conversations/{conversationId}/messages",
        "the service's own examples nest the list under `messages`",
    ),
    ("GET /associations/", "typed as one association; clients read `associations`"),
    (
        "GET /associations/objectKey/{objectKey}",
        "typed as one association; clients read `associations`",
    ),
    (
        "GET /associations/relations/{recordId}",
        "typed as one association; clients read `relations`",
    ),
    (
        "GET /opportunities/search",
        "custom field values carry typed keys (highlevel-api-docs issue 87)",
    ),
    (
        "POST /opportunities/search",
        "custom field values carry typed keys (highlevel-api-docs issue 87)",
    ),
    ("POST /locations/{locationId}/tasks/search", "typed as a list of lists"),
    ("GET /opportunities/pipelines", "stages are typed as lists"),
    ("POST /contacts/bulk/tags/update/{type}", "responses are typed as texts; each is an object"),
    ("GET /calendars/{calendarId}/free-slots", "every key is typed as a day, `traceId` too"),
    (
        "POST /objects/{schemaKey}/records",
        "properties are typed as a text, with an object as example",
    ),
    (
        "GET /objects/{schemaKey}/records/{id}",
        "properties are typed as a text, with an object as example",
    ),
    (
        "PUT /objects/{schemaKey}/records/{id}",
        "properties are typed as a text, with an object as example",
    ),
    (
        "POST /objects/{schemaKey}/records/search",
        "properties are typed as a text, with an object as example",
    ),
];

/// Component schemas with a property of the wrong type: a custom field's value is whatever its type needs.
const PROPERTY_IS_WRONG: &[(&str, &str)] = &[("CustomFieldSchema", "value")];

struct World {
    sandbox: RefCell<Sandbox>,
    now: u64,
    version: &'static str,
    asked: RefCell<BTreeSet<String>>,
    schemas: Option<Schemas>,
    wrong: RefCell<Vec<String>>,
    checked: RefCell<usize>,
}

impl World {
    fn new(version: &'static str) -> Self {
        let options = SandboxOptions {
            contacts: 60,
            search_lag_ms: 0,
            burst_limit: 100_000,
            strict: true,
            ..Default::default()
        };
        Self {
            now: options.now_ms,
            sandbox: RefCell::new(Sandbox::new(options)),
            version,
            asked: RefCell::default(),
            schemas: std::env::var("REFERENCE_DIR")
                .ok()
                .map(|folder| Schemas::read(folder.into(), version == "v3")),
            wrong: RefCell::default(),
            checked: RefCell::default(),
        }
    }

    fn location(&self) -> String {
        self.sandbox.borrow().credentials().location_id.clone()
    }

    fn company(&self) -> String {
        self.sandbox.borrow().credentials().company_id.clone()
    }

    fn record(&self, kind: &str, at: usize) -> Value {
        self.sandbox.borrow().records(Service::Ghl, kind).unwrap()[at].clone()
    }

    /// Asks an operation and gives its answer, which must be a success.
    fn ask(&self, key: &str, path: Value, query: Value, body: Value) -> Value {
        let (status, answer) = self.send(key, &path, &query, &body, false);
        assert!((200..300).contains(&status), "{} {key}: {status} {answer}", self.version);
        answer
    }

    /// Asks as the company, for what only an agency may do.
    fn ask_as_agency(&self, key: &str, path: Value, query: Value, body: Value) -> Value {
        let (status, answer) = self.send(key, &path, &query, &body, true);
        assert!((200..300).contains(&status), "{} {key}: {status} {answer}", self.version);
        answer
    }

    /// Asks what must be refused with this status.
    fn refused(&self, status: u16, key: &str, path: Value, query: Value, body: Value) -> Value {
        let (got, answer) = self.send(key, &path, &query, &body, false);
        assert_eq!(got, status, "{} {key}: {answer}", self.version);
        answer
    }

    fn send(
        &self,
        key: &str,
        path: &Value,
        query: &Value,
        body: &Value,
        agency: bool,
    ) -> (u16, Value) {
        let (method, template) = key.split_once(' ').unwrap();
        let mut url = template.to_owned();
        for (name, value) in path.as_object().into_iter().flatten() {
            url = url.replace(&format!("{{{name}}}"), value.as_str().unwrap());
        }
        let pairs: Vec<String> = query
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                format!(
                    "{name}={}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect();
        if !pairs.is_empty() {
            url = format!("{url}?{}", pairs.join("&"));
        }
        let mut sandbox = self.sandbox.borrow_mut();
        let credentials = sandbox.credentials();
        let token = if agency { &credentials.ghl_company_token } else { &credentials.ghl_token };
        let headers = vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("version".into(), self.version.to_owned()),
        ];
        let method = match method {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            _ => Method::Delete,
        };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method, url, headers, body, timeout_ms: 1_000 };
        let response = sandbox.handle(&request, self.now).response;
        let answer = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        if response.is_success() {
            self.asked.borrow_mut().insert(key.to_owned());
            self.check(key, &answer);
        }
        (response.status, answer)
    }

    fn check(&self, key: &str, answer: &Value) {
        let Some(schemas) = &self.schemas else { return };
        if SCHEMA_IS_WRONG.iter().any(|(wrong, _)| *wrong == key) {
            return;
        }
        match schemas.check(key, answer) {
            None => {}
            Some(errors) if errors.is_empty() => *self.checked.borrow_mut() += 1,
            Some(errors) => {
                self.wrong.borrow_mut().push(format!(
                    "{} {key}: {}",
                    self.version,
                    errors.join("; ")
                ));
            }
        }
    }
}

/// The official response schemas of one generation, by operation.
struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    fn read(folder: PathBuf, v3: bool) -> Self {
        let apps = folder.join("specs/ghl/apps");
        let folder = if v3 { apps.join("v3") } else { apps };
        let mut schemas = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for (schema, property) in PROPERTY_IS_WRONG {
                let pointer = format!("/components/schemas/{schema}/properties/{property}");
                if let Some(of) = file.pointer_mut(&pointer) {
                    *of = json!({});
                }
            }
            for (template, methods) in file["paths"].as_object().into_iter().flatten() {
                for (method, operation) in methods.as_object().unwrap() {
                    let success = operation["responses"].as_object().into_iter().flatten();
                    let mut success = success.filter(|(status, _)| status.starts_with('2'));
                    let schema = success.find_map(|(_, response)| {
                        let schema = &response["content"]["application/json"]["schema"];
                        (!schema.is_null()).then(|| schema.clone())
                    });
                    if let Some(schema) = schema {
                        // The file's own components, so that references lead somewhere.
                        let whole = json!({ "allOf": [loose(schema)], "components": loose(file["components"].clone()) });
                        schemas.insert(format!("{} {template}", method.to_uppercase()), whole);
                    }
                }
            }
        }
        Self(schemas)
    }

    /// What is wrong with an answer; `None` where there is no schema.
    fn check(&self, key: &str, answer: &Value) -> Option<Vec<String>> {
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .build(self.0.get(key)?)
            .unwrap_or_else(|error| panic!("{key}: {error}"));
        Some(
            validator
                .iter_errors(answer)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect(),
        )
    }
}

/// OpenAPI's schema as JSON Schema. Null is let through everywhere: the service sends it, and the
/// files mark nothing of a response as nullable. Untyped `object` stands for anything in these files,
/// and other files' schemas are not followed.
fn loose(schema: Value) -> Value {
    let Value::Object(mut of) = schema else {
        return match schema {
            Value::Array(items) => Value::Array(items.into_iter().map(loose).collect()),
            other => other,
        };
    };
    if of.get("$ref").and_then(Value::as_str).is_some_and(|reference| !reference.starts_with('#')) {
        return json!({});
    }
    if of.get("type") == Some(&json!("object")) && of.get("properties").is_none() {
        of.remove("type");
    }
    // Loosened choices overlap.
    if let Some(choices) = of.remove("oneOf") {
        of.insert("anyOf".into(), choices);
    }
    if let Some(kind) = of.get("type").and_then(Value::as_str).map(str::to_owned) {
        of.insert("type".into(), json!([kind, "null"]));
    }
    if let Some(Value::Array(allowed)) = of.get_mut("enum") {
        allowed.push(Value::Null);
    }
    for name in ["example", "examples", "default", "format", "discriminator"] {
        if !of.get(name).is_some_and(Value::is_object) || name != "format" {
            of.remove(name);
        }
    }
    of.into_iter()
        .map(|(name, value)| (name, loose(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

const NONE: Value = Value::Null;

fn contacts(world: &World) {
    let location = world.location();
    let made = world.ask("POST /contacts/", NONE, NONE, json!({
        "locationId": location, "firstName": "Zoé", "email": "zoe@example.com", "phone": "+15550199999",
        "dateOfBirth": "1990-02-03", "companyName": "Copper", "tags": ["One"], "country": "FR",
    }));
    let id = made["contact"]["id"].as_str().unwrap().to_owned();
    let one = json!({ "contactId": id });
    world.ask("GET /contacts/{contactId}", one.clone(), NONE, NONE);
    world.ask("PUT /contacts/{contactId}", one.clone(), NONE, json!({ "lastName": "L" }));
    world.ask(
        "POST /contacts/upsert",
        NONE,
        NONE,
        json!({ "locationId": location, "email": "zoe@example.com", "city": "Paris" }),
    );
    world.ask(
        "POST /contacts/search",
        NONE,
        NONE,
        json!({ "locationId": location, "pageLimit": 20 }),
    );
    world.ask(
        "GET /contacts/search/duplicate",
        NONE,
        json!({ "locationId": location, "email": "zoe@example.com" }),
        NONE,
    );
    world.ask("GET /contacts/", NONE, json!({ "locationId": location, "limit": 5 }), NONE);
    world.ask("POST /contacts/{contactId}/tags", one.clone(), NONE, json!({ "tags": ["two"] }));
    world.ask("DELETE /contacts/{contactId}/tags", one.clone(), NONE, json!({ "tags": ["two"] }));
    let bulk = json!({ "contacts": [id, "nobody"], "tags": ["Bulk"], "locationId": location });
    let answer =
        world.ask("POST /contacts/bulk/tags/update/{type}", json!({ "type": "add" }), NONE, bulk);
    assert_eq!(answer["errorCount"], 1);
    let business = world.record("businesses", 0)["id"].clone();
    world.ask(
        "POST /contacts/bulk/business",
        NONE,
        NONE,
        json!({ "locationId": location, "ids": [id], "businessId": business }),
    );
    world.ask(
        "GET /contacts/business/{businessId}",
        json!({ "businessId": business }),
        json!({ "locationId": location }),
        NONE,
    );
    let user = world.record("users", 0)["id"].clone();
    let answer = world.ask(
        "POST /contacts/{contactId}/followers",
        one.clone(),
        NONE,
        json!({ "followers": [user] }),
    );
    assert_eq!(answer["followersAdded"], json!([user]));
    world.ask(
        "DELETE /contacts/{contactId}/followers",
        one.clone(),
        NONE,
        json!({ "followers": [user] }),
    );
    notes_and_tasks(world, &id);
    enrolments(world, &id);
    world.ask("DELETE /contacts/{contactId}", one.clone(), NONE, NONE);
    world.refused(400, "GET /contacts/{contactId}", one, NONE, NONE);
}

fn notes_and_tasks(world: &World, contact: &str) {
    let parent = json!({ "contactId": contact });
    let note = world.ask(
        "POST /contacts/{contactId}/notes",
        parent.clone(),
        NONE,
        json!({ "body": "Hi" }),
    );
    let note = json!({ "contactId": contact, "id": note["note"]["id"] });
    world.ask("GET /contacts/{contactId}/notes", parent.clone(), NONE, NONE);
    world.ask("GET /contacts/{contactId}/notes/{id}", note.clone(), NONE, NONE);
    world.ask("PUT /contacts/{contactId}/notes/{id}", note.clone(), NONE, json!({ "body": "Ho" }));
    world.ask("DELETE /contacts/{contactId}/notes/{id}", note.clone(), NONE, NONE);
    world.refused(400, "GET /contacts/{contactId}/notes/{id}", note, NONE, NONE);
    let body = json!({ "title": "T", "dueDate": "2026-12-01T10:00:00.000Z", "completed": false });
    let task = world.ask("POST /contacts/{contactId}/tasks", parent.clone(), NONE, body);
    let task = json!({ "contactId": contact, "taskId": task["task"]["id"] });
    world.ask("GET /contacts/{contactId}/tasks", parent, NONE, NONE);
    world.ask("GET /contacts/{contactId}/tasks/{taskId}", task.clone(), NONE, NONE);
    world.ask(
        "PUT /contacts/{contactId}/tasks/{taskId}",
        task.clone(),
        NONE,
        json!({ "title": "U" }),
    );
    world.ask(
        "PUT /contacts/{contactId}/tasks/{taskId}/completed",
        task.clone(),
        NONE,
        json!({ "completed": true }),
    );
    let search = json!({ "locationId": world.location() });
    world.ask("POST /locations/{locationId}/tasks/search", search, NONE, json!({ "limit": 3 }));
    world.ask("DELETE /contacts/{contactId}/tasks/{taskId}", task, NONE, NONE);
}

fn enrolments(world: &World, contact: &str) {
    let campaign =
        json!({ "contactId": contact, "campaignId": world.record("campaigns", 0)["id"] });
    world.ask(
        "POST /contacts/{contactId}/campaigns/{campaignId}",
        campaign.clone(),
        NONE,
        json!({}),
    );
    world.ask("DELETE /contacts/{contactId}/campaigns/{campaignId}", campaign, NONE, NONE);
    let all = if world.version == "v3" { "remove-all" } else { "removeAll" };
    let key = format!("DELETE /contacts/{{contactId}}/campaigns/{all}");
    world.ask(&key, json!({ "contactId": contact }), NONE, NONE);
    let workflow =
        json!({ "contactId": contact, "workflowId": world.record("workflows", 0)["id"] });
    let when = json!({ "eventStartTime": "2026-12-01T10:00:00+00:00" });
    world.ask(
        "POST /contacts/{contactId}/workflow/{workflowId}",
        workflow.clone(),
        NONE,
        when.clone(),
    );
    world.ask("DELETE /contacts/{contactId}/workflow/{workflowId}", workflow, NONE, when);
    let unknown = json!({ "contactId": contact, "workflowId": "none" });
    world.refused(
        400,
        "POST /contacts/{contactId}/workflow/{workflowId}",
        unknown,
        NONE,
        json!({}),
    );
}

fn calendars(world: &World) {
    let location = world.location();
    let at = json!({ "locationId": location });
    let group =
        json!({ "locationId": location, "name": "G", "description": "D", "slug": "g-slug" });
    let group = world.ask("POST /calendars/groups", NONE, NONE, group)["group"]["id"].clone();
    let slug = |slug: &str| json!({ "locationId": location, "slug": slug });
    assert_eq!(
        world.ask("POST /calendars/groups/validate-slug", NONE, NONE, slug("g-slug"))["available"],
        false
    );
    assert_eq!(
        world.ask("POST /calendars/groups/validate-slug", NONE, NONE, slug("new"))["available"],
        true
    );
    world.ask("GET /calendars/groups", NONE, at.clone(), NONE);
    let one = json!({ "groupId": group });
    world.ask(
        "PUT /calendars/groups/{groupId}",
        one.clone(),
        NONE,
        json!({ "name": "H", "description": "D", "slug": "h" }),
    );
    world.ask(
        "PUT /calendars/groups/{groupId}/status",
        one.clone(),
        NONE,
        json!({ "isActive": false }),
    );
    let calendar =
        json!({ "locationId": location, "name": "Visit", "groupId": group, "slotDuration": 20 });
    let calendar = world.ask("POST /calendars/", NONE, NONE, calendar)["calendar"]["id"].clone();
    let one_calendar = json!({ "calendarId": calendar });
    let listed = world.ask(
        "GET /calendars/",
        NONE,
        json!({ "locationId": location, "groupId": group }),
        NONE,
    );
    assert_eq!(listed["calendars"].as_array().unwrap().len(), 1);
    world.ask("GET /calendars/{calendarId}", one_calendar.clone(), NONE, NONE);
    world.ask(
        "PUT /calendars/{calendarId}",
        one_calendar.clone(),
        NONE,
        json!({ "name": "Visits" }),
    );
    let days =
        |count: u64| json!({ "startDate": world.now, "endDate": world.now + count * 86_400_000 });
    let slots =
        world.ask("GET /calendars/{calendarId}/free-slots", one_calendar.clone(), days(7), NONE);
    assert_eq!(slots.as_object().unwrap().len(), 5 + 1);
    world.refused(
        400,
        "GET /calendars/{calendarId}/free-slots",
        one_calendar.clone(),
        days(40),
        NONE,
    );
    appointments(world, &calendar);
    notifications(world, &calendar);
    resources(world, &calendar);
    world.ask("DELETE /calendars/{calendarId}", one_calendar.clone(), NONE, NONE);
    world.refused(404, "GET /calendars/{calendarId}", one_calendar, NONE, NONE);
    world.ask("DELETE /calendars/groups/{groupId}", one, NONE, NONE);
}

fn appointments(world: &World, calendar: &Value) {
    let location = world.location();
    let contact = world.record("contacts", 0)["id"].clone();
    let body = json!({
        "calendarId": calendar, "locationId": location, "contactId": contact,
        "startTime": "2026-12-01T10:00:00-05:00",
    });
    let made = world.ask("POST /calendars/events/appointments", NONE, NONE, body.clone());
    assert_eq!(made["endTime"], "2026-12-01T10:30:00-05:00");
    assert_eq!(made.get("dateAdded").is_some(), world.version == "v3");
    let mut bad = body;
    bad["endTime"] = json!("2026-12-01T09:00:00-05:00");
    world.refused(422, "POST /calendars/events/appointments", NONE, NONE, bad.clone());
    bad["contactId"] = json!("nobody");
    world.refused(400, "POST /calendars/events/appointments", NONE, NONE, bad);
    let one = json!({ "eventId": made["id"] });
    let name = if world.version == "v3" { "event" } else { "appointment" };
    let read = world.ask("GET /calendars/events/appointments/{eventId}", one.clone(), NONE, NONE);
    assert_eq!(read[name]["id"], made["id"]);
    let changed = world.ask(
        "PUT /calendars/events/appointments/{eventId}",
        one.clone(),
        NONE,
        json!({ "appointmentStatus": "showed" }),
    );
    assert_eq!(changed["appointmentStatus"], "showed");
    let of_contact = world.ask(
        "GET /contacts/{contactId}/appointments",
        json!({ "contactId": contact }),
        NONE,
        NONE,
    );
    let starts: Vec<_> = of_contact["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["startTime"].clone())
        .collect();
    assert!(starts.contains(&json!("2026-12-01 10:00:00")), "{starts:?}");
    let window = json!({
        "locationId": location, "calendarId": calendar,
        "startTime": "1795000000000", "endTime": "1798000000000",
    });
    assert_eq!(
        world.ask("GET /calendars/events", NONE, window.clone(), NONE)["events"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let nobody =
        json!({ "locationId": location, "startTime": "1795000000000", "endTime": "1798000000000" });
    world.refused(422, "GET /calendars/events", NONE, nobody, NONE);
    let slot = json!({
        "calendarId": calendar, "locationId": location, "title": "Lunch",
        "startTime": "2026-12-01T12:00:00-05:00", "endTime": "2026-12-01T13:00:00-05:00",
    });
    let slot_id =
        world.ask("POST /calendars/events/block-slots", NONE, NONE, slot.clone())["id"].clone();
    world.ask(
        "PUT /calendars/events/block-slots/{eventId}",
        json!({ "eventId": slot_id }),
        NONE,
        slot,
    );
    assert_eq!(
        world.ask("GET /calendars/blocked-slots", NONE, window, NONE)["events"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.ask("DELETE /calendars/events/{eventId}", json!({ "eventId": slot_id }), NONE, json!({}));
    let parent = json!({ "appointmentId": made["id"] });
    let note = world.ask(
        "POST /calendars/appointments/{appointmentId}/notes",
        parent.clone(),
        NONE,
        json!({ "body": "N" }),
    );
    let note = json!({ "appointmentId": made["id"], "noteId": note["note"]["id"] });
    let page = json!({ "limit": 20, "offset": 0 });
    let listed =
        world.ask("GET /calendars/appointments/{appointmentId}/notes", parent.clone(), page, NONE);
    assert_eq!((listed["notes"].as_array().unwrap().len(), &listed["hasMore"]), (1, &json!(false)));
    world.refused(
        422,
        "GET /calendars/appointments/{appointmentId}/notes",
        parent,
        json!({ "limit": 21, "offset": 0 }),
        NONE,
    );
    world.ask(
        "PUT /calendars/appointments/{appointmentId}/notes/{noteId}",
        note.clone(),
        NONE,
        json!({ "body": "M" }),
    );
    world.ask("DELETE /calendars/appointments/{appointmentId}/notes/{noteId}", note, NONE, NONE);
    world.ask("DELETE /calendars/events/{eventId}", one.clone(), NONE, NONE);
    world.refused(404, "GET /calendars/events/appointments/{eventId}", one, NONE, NONE);
}

fn notifications(world: &World, calendar: &Value) {
    let parent = json!({ "calendarId": calendar });
    let body =
        json!([{ "receiverType": "contact", "channel": "email", "notificationType": "booked" }]);
    let made = world.ask("POST /calendars/{calendarId}/notifications", parent.clone(), NONE, body);
    let one = json!({ "calendarId": calendar, "notificationId": made[0]["_id"] });
    let listed = world.ask("GET /calendars/{calendarId}/notifications", parent, NONE, NONE);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    world.ask(
        "PUT /calendars/{calendarId}/notifications/{notificationId}",
        one.clone(),
        NONE,
        json!({ "isActive": false }),
    );
    let read = world.ask(
        "GET /calendars/{calendarId}/notifications/{notificationId}",
        one.clone(),
        NONE,
        NONE,
    );
    assert_eq!(read["isActive"], false);
    world.ask("DELETE /calendars/{calendarId}/notifications/{notificationId}", one, NONE, NONE);
}

fn resources(world: &World, calendar: &Value) {
    let kind = json!({ "resourceType": "rooms" });
    let body = json!({
        "locationId": world.location(), "name": "Room 1", "description": "", "quantity": 1,
        "outOfService": 0, "capacity": 4, "calendarIds": [calendar],
    });
    let made =
        world.ask("POST /calendars/resources/{resourceType}", kind.clone(), NONE, body.clone());
    world.refused(
        422,
        "POST /calendars/resources/{resourceType}",
        json!({ "resourceType": "cars" }),
        NONE,
        body,
    );
    let one = json!({ "resourceType": "rooms", "id": made["_id"] });
    let page = json!({ "locationId": world.location(), "limit": 10, "skip": 0 });
    assert_eq!(
        world
            .ask("GET /calendars/resources/{resourceType}", kind, page, NONE)
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.ask("GET /calendars/resources/{resourceType}/{id}", one.clone(), NONE, NONE);
    world.ask(
        "PUT /calendars/resources/{resourceType}/{id}",
        one.clone(),
        NONE,
        json!({ "capacity": 5 }),
    );
    world.ask("DELETE /calendars/resources/{resourceType}/{id}", one, NONE, NONE);
}

fn opportunities(world: &World) {
    let location = world.location();
    let pipelines =
        world.ask("GET /opportunities/pipelines", NONE, json!({ "locationId": location }), NONE);
    let pipeline = &pipelines["pipelines"][0];
    let contact = world.record("contacts", 3)["id"].clone();
    for old in world.sandbox.borrow().records(Service::Ghl, "opportunities").unwrap() {
        assert_ne!(old["contactId"], Value::Null);
    }
    let field = world.sandbox.borrow().records(Service::Ghl, "customFields").unwrap();
    let field = field.iter().find(|field| field["model"] == "opportunity").unwrap()["id"].clone();
    let value_name = if world.version == "v3" { "fieldValue" } else { "field_value" };
    let body = json!({
        "pipelineId": pipeline["id"], "locationId": location, "name": "Deal", "status": "open",
        "contactId": contact, "monetaryValue": 12.5,
        "customFields": [{ "id": field, value_name: "Rival" }],
    });
    let existing = world.sandbox.borrow().records(Service::Ghl, "opportunities").unwrap();
    assert!(
        existing
            .iter()
            .all(|known| known["contactId"] != contact || known["pipelineId"] != pipeline["id"])
    );
    let made = world.ask("POST /opportunities/", NONE, NONE, body.clone())["opportunity"].clone();
    assert_eq!(made["pipelineStageId"], pipeline["stages"][0]["id"]);
    assert_eq!(made["customFields"][0]["fieldValue"], "Rival");
    let twin = world.refused(400, "POST /opportunities/", NONE, NONE, body.clone());
    assert_eq!(twin["canonicalCode"], "OPPORTUNITY_NO_DUPLICATE");
    let mut bad = body;
    bad["pipelineStageId"] = json!("none");
    bad["contactId"] = world.record("contacts", 5)["id"].clone();
    world.refused(400, "POST /opportunities/", NONE, NONE, bad);
    let one = json!({ "id": made["id"] });
    world.ask("GET /opportunities/{id}", one.clone(), NONE, NONE);
    world.ask("PUT /opportunities/{id}", one.clone(), NONE, json!({ "monetaryValue": 20 }));
    world.refused(
        422,
        "PUT /opportunities/{id}",
        one.clone(),
        NONE,
        json!({ "contactId": contact }),
    );
    world.ask("PUT /opportunities/{id}/status", one.clone(), NONE, json!({ "status": "won" }));
    let location_name = if world.version == "v3" { "locationId" } else { "location_id" };
    let contact_name = if world.version == "v3" { "contactId" } else { "contact_id" };
    let query = json!({ location_name: location, contact_name: contact, "status": "won" });
    let found = world.ask("GET /opportunities/search", NONE, query, NONE);
    assert_eq!(
        (
            found["meta"]["total"].clone(),
            found["opportunities"][0]["customFields"][0]["fieldValueString"].clone()
        ),
        (json!(1), json!("Rival"))
    );
    let mut seen = BTreeSet::new();
    for page in 1.. {
        let query = json!({ location_name: location, "limit": 4, "page": page });
        let rows = world.ask("GET /opportunities/search", NONE, query, NONE)["opportunities"]
            .as_array()
            .unwrap()
            .clone();
        seen.extend(rows.iter().map(|row| row["id"].to_string()));
        if rows.len() < 4 {
            break;
        }
    }
    assert_eq!(seen.len(), 7);
    let search = json!({
        "locationId": location, "query": "", "limit": 3, "page": 1, "searchAfter": [],
        "additionalDetails": { "notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false },
    });
    assert_eq!(world.ask("POST /opportunities/search", NONE, NONE, search.clone())["total"], 7);
    let mut search = search;
    search["query"] = json!("deal");
    assert_eq!(world.ask("POST /opportunities/search", NONE, NONE, search)["total"], 1);
    let upsert = json!({
        "id": made["id"], "pipelineId": pipeline["id"], "locationId": location, "name": "Deal 2",
        "followers": [], "isRemoveAllFollowers": false, "followersActionType": "add",
    });
    assert_eq!(world.ask("POST /opportunities/upsert", NONE, NONE, upsert)["new"], false);
    let user = world.record("users", 0)["id"].clone();
    world.ask(
        "POST /opportunities/{id}/followers",
        one.clone(),
        NONE,
        json!({ "followers": [user] }),
    );
    world.ask(
        "DELETE /opportunities/{id}/followers",
        one.clone(),
        NONE,
        json!({ "followers": [user] }),
    );
    world.ask("GET /opportunities/lost-reason", NONE, json!({ "locationId": location }), NONE);
    world.ask("DELETE /opportunities/{id}", one.clone(), NONE, NONE);
    world.refused(404, "GET /opportunities/{id}", one, NONE, NONE);
}

fn users(world: &World) {
    let (location, company) = (world.location(), world.company());
    world.ask(
        "GET /users/search",
        NONE,
        json!({ "companyId": company, "locationId": location }),
        NONE,
    );
    world.ask_as_agency(
        "POST /users/search/filter-by-email",
        NONE,
        NONE,
        json!({ "companyId": company, "emails": "ada.king@agency.example" }),
    );
    world.ask("GET /users/", NONE, json!({ "locationId": location }), NONE);
    let made = world.ask("POST /users/", NONE, NONE, json!({
        "companyId": company, "firstName": "New", "lastName": "User", "email": "new@agency.example",
        "password": "canary-password", "type": "account", "role": "user", "locationIds": [location],
    }));
    assert!(!made.to_string().contains("canary-password"));
    let one = json!({ "userId": made["id"] });
    world.ask("GET /users/{userId}", one.clone(), NONE, NONE);
    assert_eq!(
        world.ask("PUT /users/{userId}", one.clone(), NONE, json!({ "firstName": "Newer" }))["name"],
        "Newer User"
    );
    world.ask("DELETE /users/{userId}", one.clone(), NONE, NONE);
    world.refused(404, "GET /users/{userId}", one, NONE, NONE);
}

fn conversations(world: &World) {
    let location = world.location();
    let at = json!({ "locationId": location });
    let mut seen = 0;
    let mut after = Value::Null;
    loop {
        let mut query = json!({ "locationId": location, "limit": 25 });
        if !after.is_null() {
            query["startAfterDate"] = after.clone();
        }
        let page = world.ask("GET /conversations/search", NONE, query, NONE);
        let rows = page["conversations"].as_array().unwrap();
        seen += rows.len();
        if rows.len() < 25 {
            assert_eq!(page["total"], 60);
            break;
        }
        after = rows.last().unwrap()["sort"][0].clone();
    }
    assert_eq!(seen, 60);
    let messages = world.sandbox.borrow().records(Service::Ghl, "messages").unwrap();
    let call = messages.iter().find(|message| message["messageType"] == "TYPE_CALL").unwrap();
    let conversation = json!({ "conversationId": call["conversationId"] });
    world.ask("GET /conversations/{conversationId}", conversation.clone(), NONE, NONE);
    world.ask(
        "PUT /conversations/{conversationId}",
        conversation.clone(),
        NONE,
        json!({ "locationId": location, "unreadCount": 0 }),
    );
    let (mut count, mut query) = (0, json!({ "limit": 7 }));
    loop {
        let page = &world.ask(
            "GET /conversations/{conversationId}/messages",
            conversation.clone(),
            query,
            NONE,
        )["messages"];
        count += page["messages"].as_array().unwrap().len();
        if page["nextPage"] == false {
            break;
        }
        query = json!({ "limit": 7, "lastMessageId": page["lastMessageId"] });
    }
    let of_conversation = messages
        .iter()
        .filter(|message| message["conversationId"] == call["conversationId"])
        .count();
    assert_eq!(count, of_conversation);
    let (mut count, mut query) = (0, json!({ "locationId": location, "limit": 10 }));
    loop {
        let page = world.ask("GET /conversations/messages/export", NONE, query, NONE);
        count += page["messages"].as_array().unwrap().len();
        if page["nextCursor"].is_null() {
            break;
        }
        query = json!({ "locationId": location, "limit": 10, "cursor": page["nextCursor"] });
    }
    assert_eq!(count, messages.len());
    world.ask("GET /conversations/messages/{id}", json!({ "id": call["id"] }), NONE, NONE);
    world.ask("GET /conversations/messages/email/{id}", json!({ "id": call["id"] }), NONE, NONE);
    let message = json!({ "messageId": call["id"], "locationId": location });
    world.ask(
        "GET /conversations/messages/{messageId}/locations/{locationId}/recording",
        message.clone(),
        NONE,
        NONE,
    );
    world.ask(
        "GET /conversations/locations/{locationId}/messages/{messageId}/transcription",
        message.clone(),
        NONE,
        NONE,
    );
    world.ask(
        "GET /conversations/locations/{locationId}/messages/{messageId}/transcription/download",
        message.clone(),
        NONE,
        NONE,
    );
    world.ask(
        "PUT /conversations/messages/{messageId}/status",
        message,
        NONE,
        json!({ "status": "read" }),
    );
    let typing = json!({ "locationId": location, "isTyping": "true", "visitorId": "v", "conversationId": call["conversationId"] });
    world.ask("POST /conversations/providers/live-chat/typing", NONE, NONE, typing);
    let contact = call["contactId"].clone();
    let sent = json!({ "type": "SMS", "contactId": contact, "message": "Hi", "status": "pending", "subType": {} });
    world.ask("POST /conversations/messages", NONE, NONE, sent);
    let received = json!({ "type": "SMS", "conversationId": call["conversationId"], "contactId": contact, "conversationProviderId": "p", "message": "Yes" });
    world.ask("POST /conversations/messages/inbound", NONE, NONE, received);
    let again = world.refused(
        400,
        "POST /conversations/",
        NONE,
        NONE,
        json!({ "locationId": location, "contactId": contact }),
    );
    assert_eq!(again["conversationId"], call["conversationId"]);
    world.ask("DELETE /conversations/{conversationId}", conversation, NONE, NONE);
    world.ask(
        "POST /conversations/",
        NONE,
        NONE,
        json!({ "locationId": location, "contactId": contact }),
    );
    world.ask("GET /conversations/search", NONE, at, NONE);
}

fn businesses(world: &World) {
    let location = world.location();
    let made = world.ask(
        "POST /businesses/",
        NONE,
        NONE,
        json!({ "name": "New & Co", "locationId": location }),
    );
    let one = json!({ "businessId": made["buiseness"]["id"] });
    world.ask("GET /businesses/{businessId}", one.clone(), NONE, NONE);
    let listed = world.ask(
        "GET /businesses/",
        NONE,
        json!({ "locationId": location, "limit": "2", "skip": "1" }),
        NONE,
    );
    assert_eq!(listed["businesses"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.ask("PUT /businesses/{businessId}", one.clone(), NONE, json!({ "city": "Köln" }))["buiseness"]
            ["city"],
        "Köln"
    );
    world.ask("DELETE /businesses/{businessId}", one.clone(), NONE, NONE);
    world.refused(404, "GET /businesses/{businessId}", one, NONE, NONE);
}

fn locations(world: &World) {
    let (location, company) = (world.location(), world.company());
    let at = json!({ "locationId": location });
    world.ask("GET /locations/{locationId}", at.clone(), NONE, NONE);
    world.ask("GET /locations/search", NONE, json!({ "companyId": company }), NONE);
    world.ask("GET /workflows/", NONE, at.clone(), NONE);
    world.ask("GET /campaigns/", NONE, at.clone(), NONE);
    world.ask_as_agency("GET /snapshots/", NONE, json!({ "companyId": company }), NONE);
    world.ask_as_agency("GET /companies/{companyId}", json!({ "companyId": company }), NONE, NONE);
    let made = world.ask_as_agency(
        "POST /locations/",
        NONE,
        NONE,
        json!({ "name": "Second", "companyId": company }),
    );
    let second = json!({ "locationId": made["id"] });
    world.ask_as_agency(
        "PUT /locations/{locationId}",
        second,
        NONE,
        json!({ "companyId": company, "city": "Rome" }),
    );
    world.refused(
        403,
        "POST /locations/",
        NONE,
        NONE,
        json!({ "name": "Third", "companyId": company }),
    );
    let tag = world.ask(
        "POST /locations/{locationId}/tags",
        at.clone(),
        NONE,
        json!({ "name": "Fresh" }),
    );
    assert_eq!(tag["tag"]["name"], "fresh");
    let one = json!({ "locationId": location, "tagId": tag["tag"]["id"] });
    world.ask("GET /locations/{locationId}/tags", at.clone(), NONE, NONE);
    world.ask("GET /locations/{locationId}/tags/{tagId}", one.clone(), NONE, NONE);
    world.ask(
        "PUT /locations/{locationId}/tags/{tagId}",
        one.clone(),
        NONE,
        json!({ "name": "Fresher" }),
    );
    world.ask("DELETE /locations/{locationId}/tags/{tagId}", one, NONE, NONE);
    let values = world.ask("GET /locations/{locationId}/customValues", at.clone(), NONE, NONE);
    assert_eq!(values["customValues"][0]["fieldKey"], "{{ custom_values.company_phone }}");
    let field = json!({ "name": "Colour", "dataType": "TEXT", "model": "contact" });
    let field = world.ask("POST /locations/{locationId}/customFields", at.clone(), NONE, field);
    let one = json!({ "locationId": location, "id": field["customField"]["id"] });
    world.ask("GET /locations/{locationId}/customFields", at, NONE, NONE);
    world.ask("GET /locations/{locationId}/customFields/{id}", one.clone(), NONE, NONE);
    world.ask(
        "PUT /locations/{locationId}/customFields/{id}",
        one.clone(),
        NONE,
        json!({ "name": "Color" }),
    );
    world.ask("DELETE /locations/{locationId}/customFields/{id}", one, NONE, NONE);
}

fn associations(world: &World) {
    let location = world.location();
    let body = json!({
        "locationId": location, "key": "owner_pet", "firstObjectLabel": "Owner", "firstObjectKey": "contact",
        "secondObjectLabel": "Pet", "secondObjectKey": "custom_objects.pet",
    });
    let made = world.ask("POST /associations/", NONE, NONE, body.clone());
    world.refused(400, "POST /associations/", NONE, NONE, body);
    let one = json!({ "associationId": made["id"] });
    let listed = world.ask(
        "GET /associations/",
        NONE,
        json!({ "locationId": location, "skip": 0, "limit": 20 }),
        NONE,
    );
    assert_eq!(listed["total"], 2);
    world.ask("GET /associations/{associationId}", one.clone(), NONE, NONE);
    world.ask(
        "GET /associations/key/{key_name}",
        json!({ "key_name": "owner_pet" }),
        json!({ "locationId": location }),
        NONE,
    );
    world.ask(
        "GET /associations/objectKey/{objectKey}",
        json!({ "objectKey": "contact" }),
        NONE,
        NONE,
    );
    world.ask(
        "PUT /associations/{associationId}",
        one.clone(),
        NONE,
        json!({ "firstObjectLabel": "Human", "secondObjectLabel": "Pet" }),
    );
    let pet = json!({ "schemaKey": "custom_objects.pet" });
    let record = world.ask(
        "POST /objects/{schemaKey}/records",
        pet.clone(),
        NONE,
        json!({ "locationId": location, "properties": { "name": "Rex" } }),
    );
    let contact = world.record("contacts", 0)["id"].clone();
    let relation = json!({
        "locationId": location, "associationId": made["id"], "firstRecordId": contact,
        "secondRecordId": record["record"]["id"],
    });
    let relation = world.ask("POST /associations/relations", NONE, NONE, relation);
    let page = json!({ "locationId": location, "skip": 0, "limit": 10 });
    let listed = world.ask(
        "GET /associations/relations/{recordId}",
        json!({ "recordId": contact }),
        page,
        NONE,
    );
    assert_eq!(listed["total"], 1);
    world.ask(
        "DELETE /associations/relations/{relationId}",
        json!({ "relationId": relation["id"] }),
        json!({ "locationId": location }),
        NONE,
    );
    world.ask("DELETE /associations/{associationId}", one, NONE, NONE);
    world.ask("GET /objects/", NONE, json!({ "locationId": location }), NONE);
    world.ask(
        "GET /objects/{key}",
        json!({ "key": "custom_objects.pet" }),
        json!({ "locationId": location }),
        NONE,
    );
    let one = json!({ "schemaKey": "custom_objects.pet", "id": record["record"]["id"] });
    world.ask("GET /objects/{schemaKey}/records/{id}", one.clone(), NONE, NONE);
    let search = json!({ "locationId": location, "page": 1, "pageLimit": 10, "query": "rex", "searchAfter": [] });
    assert_eq!(
        world.ask("POST /objects/{schemaKey}/records/search", pet, NONE, search)["total"],
        1
    );
    world.ask(
        "PUT /objects/{schemaKey}/records/{id}",
        one.clone(),
        json!({ "locationId": location }),
        json!({ "properties": { "age": 3 } }),
    );
    world.ask("DELETE /objects/{schemaKey}/records/{id}", one, NONE, NONE);
}

fn blogs(world: &World) {
    let location = world.location();
    let sites = world.ask(
        "GET /blogs/site/all",
        NONE,
        json!({ "locationId": location, "skip": 0, "limit": 5 }),
        NONE,
    );
    let blog = sites["data"][0]["_id"].clone();
    let page = json!({ "locationId": location, "limit": 5, "offset": 0 });
    let author =
        world.ask("GET /blogs/authors", NONE, page.clone(), NONE)["authors"][0]["_id"].clone();
    let category =
        world.ask("GET /blogs/categories", NONE, page, NONE)["categories"][0]["_id"].clone();
    let mut post = json!({
        "title": "Hello", "locationId": location, "blogId": blog, "imageUrl": "https://example.com/a.png",
        "description": "D", "rawHTML": "<p>x</p>", "status": "DRAFT", "imageAltText": "alt",
        "categories": [category], "author": author, "urlSlug": "hello", "publishedAt": "2026-12-01T10:00:00.000Z",
    });
    let made = world.ask("POST /blogs/posts", NONE, NONE, post.clone());
    world.refused(400, "POST /blogs/posts", NONE, NONE, post.clone());
    let slug = json!({ "locationId": location, "urlSlug": "hello" });
    assert_eq!(world.ask("GET /blogs/posts/url-slug-exists", NONE, slug, NONE)["exists"], true);
    let list = json!({ "locationId": location, "blogId": blog, "limit": 5, "offset": 0 });
    assert_eq!(
        world.ask("GET /blogs/posts/all", NONE, list, NONE)["blogs"].as_array().unwrap().len(),
        1
    );
    if world.version == "v3" {
        post["wordCount"] = json!(1);
    }
    post["title"] = json!("Hello again");
    world.ask("PUT /blogs/posts/{postId}", json!({ "postId": made["data"]["_id"] }), NONE, post);
}

/// What no row of the connector calls, and other people's clients do.
fn beyond_the_rows(world: &World) {
    let location = world.location();
    let path = json!({ "locationId": location });
    let key = "POST /locations/{locationId}/customValues";
    let body = json!({ "name": "Opening hours", "value": "9 to 5" });
    let made = world.ask(key, path.clone(), NONE, body.clone());
    assert_eq!(made["customValue"]["fieldKey"], "{{ custom_values.opening_hours }}");
    world.refused(400, key, path.clone(), NONE, body);
    let one = json!({ "locationId": location, "id": made["customValue"]["id"] });
    let key = "GET /locations/{locationId}/customValues/{id}";
    world.ask(key, one.clone(), NONE, NONE);
    let change = json!({ "name": "Opening hours", "value": "8 to 4" });
    let changed =
        world.ask("PUT /locations/{locationId}/customValues/{id}", one.clone(), NONE, change);
    assert_eq!(changed["customValue"]["value"], "8 to 4");
    world.ask("DELETE /locations/{locationId}/customValues/{id}", one.clone(), NONE, NONE);
    world.refused(400, key, one, NONE, NONE);
    let zones = world.ask("GET /locations/{locationId}/timezones", path, NONE, NONE);
    assert!(zones["timeZones"].as_array().unwrap().contains(&json!("Europe/Berlin")));
    object_fields(world);
    let surveys = world.ask("GET /surveys/", NONE, json!({ "locationId": location }), NONE);
    assert_eq!(surveys["total"], 1);
    let survey = surveys["surveys"][0]["id"].clone();
    let query = json!({ "locationId": location, "surveyId": survey, "page": 1, "limit": 5 });
    let sent = world.ask("GET /surveys/submissions", NONE, query, NONE);
    assert_eq!(sent["meta"]["total"], 0);
    let verify = |kind: &str, what: Value| {
        let body = json!({ "type": kind, "verify": what });
        world.ask("POST /email/verify", NONE, json!({ "locationId": location }), body)
    };
    assert_eq!(verify("email", json!("a@example.com"))["result"], "deliverable");
    assert_eq!(verify("email", json!("a@nowhere.invalid"))["result"], "undeliverable");
    let contact = world.record("contacts", 0);
    assert_eq!(verify("contact", contact["id"].clone())["address"], contact["email"]);
    let call = json!({
        "type": "Call", "conversationId": world.record("conversations", 0)["id"],
        "conversationProviderId": "provider", "call": { "to": "+15550100001", "status": "completed" },
    });
    let sent = world.ask("POST /conversations/messages/outbound", NONE, NONE, call);
    let id = sent["messageId"].clone();
    let message = world.ask("GET /conversations/messages/{id}", json!({ "id": id }), NONE, NONE);
    assert_eq!(
        (&message["direction"], &message["messageType"]),
        (&json!("outbound"), &json!("TYPE_CALL"))
    );
}

fn object_fields(world: &World) {
    let location = world.location();
    let object = "custom_objects.pet";
    let body = json!({ "objectKey": object, "name": "Care", "locationId": location });
    let folder = world.ask("POST /custom-fields/folder", NONE, NONE, body)["id"].clone();
    let one = json!({ "id": folder });
    let body = json!({ "name": "Health", "locationId": location });
    world.ask("PUT /custom-fields/folder/{id}", one.clone(), NONE, body);
    let field = json!({
        "locationId": location, "name": "Weight", "dataType": "NUMERICAL", "showInForms": true,
        "fieldKey": "custom_objects.pet.weight", "objectKey": object, "parentId": folder,
    });
    let made = world.ask("POST /custom-fields/", NONE, NONE, field.clone());
    world.refused(400, "POST /custom-fields/", NONE, NONE, field);
    let own = json!({ "id": made["field"]["id"] });
    world.ask("GET /custom-fields/{id}", own.clone(), NONE, NONE);
    let body = json!({ "locationId": location, "showInForms": false, "name": "Weight in kg" });
    let changed = world.ask("PUT /custom-fields/{id}", own.clone(), NONE, body);
    assert_eq!(changed["field"]["showInForms"], false);
    let path = json!({ "objectKey": object });
    let query = json!({ "locationId": location });
    let key = "GET /custom-fields/object-key/{objectKey}";
    let listed = world.ask(key, path.clone(), query.clone(), NONE);
    assert_eq!(
        (&listed["fields"][0]["name"], &listed["folders"][0]["name"]),
        (&json!("Weight in kg"), &json!("Health"))
    );
    world.ask("DELETE /custom-fields/{id}", own.clone(), NONE, NONE);
    world.ask("DELETE /custom-fields/folder/{id}", one, query.clone(), NONE);
    world.refused(400, "GET /custom-fields/{id}", own, NONE, NONE);
    let listed = world.ask(key, path, query, NONE);
    assert_eq!(listed["fields"], json!([]));
}

#[test]
fn every_operation_is_served_in_both_generations_in_its_official_shape() {
    let extract: Value =
        serde_json::from_str(include_str!("../src/sandbox/ghl/operations.json")).unwrap();
    let known = |generation: &str| {
        extract[generation]["operations"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    for version in ["2021-07-28", "v3"] {
        let world = World::new(version);
        for family in [
            contacts,
            calendars,
            opportunities,
            users,
            conversations,
            businesses,
            locations,
            associations,
            blogs,
            beyond_the_rows,
        ] {
            family(&world);
        }
        let mut served = known("v2");
        if version == "v3" {
            served.extend(known("v3"));
            served.remove("DELETE /contacts/{contactId}/campaigns/removeAll");
        }
        let missing: Vec<_> = served.difference(&world.asked.borrow()).cloned().collect();
        assert!(missing.is_empty(), "{version}: not asked: {missing:?}");
        let wrong = world.wrong.borrow();
        assert!(
            wrong.is_empty(),
            "{} answers differ from their schema:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        match world.schemas {
            Some(_) => println!(
                "{version}: {} operations, {} answers valid against the official schemas",
                served.len(),
                world.checked.borrow()
            ),
            None => println!(
                "{version}: {} operations; answers not compared with schemas, as REFERENCE_DIR is not set",
                served.len()
            ),
        }
    }
}
