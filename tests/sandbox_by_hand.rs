//! What people, proxies and other accounts do to the sandbox's records, and what a test sees of it.
#![cfg(feature = "sandbox")]

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::{Method, Request, Response};
use ghl_chartmogul::sandbox::{Fault, FaultRule, Sandbox, SandboxOptions};
use serde_json::{Value, json};

struct World {
    sandbox: Sandbox,
    now: u64,
    key: String,
}

impl World {
    fn new(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let mut options = SandboxOptions {
            contacts: 0,
            search_lag_ms: 0,
            burst_limit: 100_000,
            chartmogul_limit: 100_000,
            ..Default::default()
        };
        change(&mut options);
        let now = options.now_ms;
        let sandbox = Sandbox::new(options);
        let key = sandbox.credentials().chartmogul_key.clone();
        Self { sandbox, now, key }
    }

    fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Response {
        self.now += 1000;
        let authorization = if path.starts_with("/v1/") {
            format!("Basic {}", STANDARD.encode(format!("{}:", self.key)))
        } else {
            format!("Bearer {}", self.sandbox.credentials().ghl_token)
        };
        let headers: Vec<(Cow<'static, str>, String)> =
            vec![("authorization".into(), authorization), ("version".into(), "2021-07-28".into())];
        let request = Request {
            method,
            url: path.to_owned(),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            timeout_ms: 30_000,
        };
        self.sandbox.handle(&request, self.now).response
    }

    fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send(method, path, body.as_ref());
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(Method::Get, path, None)
    }

    fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::Post, path, Some(body))
    }

    fn location(&self) -> String {
        self.sandbox.credentials().location_id.clone()
    }

    /// A new GHL contact's id.
    fn contact(&mut self, mut body: Value) -> String {
        body["locationId"] = json!(self.location());
        let (status, answer) = self.post("/contacts/", body);
        assert_eq!(status, 201, "{answer}");
        answer["contact"]["id"].as_str().unwrap().to_owned()
    }

    /// The ids that a search gives, with `dateUpdated`.
    fn found(&mut self) -> Vec<(String, String)> {
        let body = json!({ "locationId": self.location(), "pageLimit": 100 });
        let (_, answer) = self.post("/contacts/search", body);
        let rows = answer["contacts"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "id"), text(row, "dateUpdated"))).collect()
    }

    fn source(&mut self, name: &str) -> String {
        text(&self.post("/v1/data_sources", json!({ "name": name })).1, "uuid")
    }

    fn customer(&mut self, source: &str, external_id: &str) -> String {
        let body = json!({ "data_source_uuid": source, "external_id": external_id });
        text(&self.post("/v1/customers", body).1, "uuid")
    }

    fn effective(&self, service: Service) -> (u64, u64) {
        let stats = self.sandbox.stats();
        let of = match service {
            Service::Ghl => &stats.ghl,
            Service::Chartmogul => &stats.chartmogul,
        };
        (of.writes, of.effective_writes)
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    let mut ids: Vec<String> =
        list.as_array().unwrap().iter().map(|item| text(item, "id")).collect();
    ids.sort();
    ids
}

fn appointment(world: &mut World, contact: &str) -> String {
    let calendar = world.sandbox.records(Service::Ghl, "calendars").unwrap();
    let body = json!({
        "calendarId": calendar[0]["id"], "locationId": world.location(), "contactId": contact,
        "startTime": "2026-12-01T10:00:00Z",
    });
    let (status, answer) = world.post("/calendars/events/appointments", body);
    assert_eq!(status, 200, "{answer}");
    text(&answer, "id")
}

#[test]
fn merged_contacts_share_everything_under_one_id() {
    let mut world = World::new(|options| options.search_lag_ms = 5_000);
    let winner = world.contact(json!({
        "firstName": "Ann", "email": "ann@example.com", "tags": ["a", "b"], "phone": "+15550100001",
    }));
    let loser = world.contact(json!({
        "firstName": "Anne", "lastName": "Lee", "email": "lee@example.com", "tags": ["b", "c"],
        "phone": "+15550100002", "city": "Bonn",
    }));
    let (_, own) = world.post(&format!("/contacts/{winner}/notes"), json!({ "body": "own" }));
    let (_, note) = world.post(&format!("/contacts/{loser}/notes"), json!({ "body": "taken" }));
    let task = json!({ "title": "t", "dueDate": "2026-12-01T00:00:00Z", "completed": false });
    let (_, task) = world.post(&format!("/contacts/{loser}/tasks"), task);
    let event = appointment(&mut world, &loser);
    let pipeline = world.sandbox.records(Service::Ghl, "pipelines").unwrap().swap_remove(0);
    let (status, opportunity) = world.post(
        "/opportunities/",
        json!({
            "pipelineId": pipeline["id"], "locationId": world.location(), "name": "Deal",
            "pipelineStageId": pipeline["stages"][0]["id"], "status": "open", "contactId": loser,
        }),
    );
    assert_eq!(status, 201, "{opportunity}");
    world.now += 10_000;
    let before = world.found();
    let updated = |rows: &[(String, String)]| {
        rows.iter().find(|row| row.0 == winner).map(|row| row.1.clone()).unwrap()
    };

    assert!(!world.sandbox.merge_ghl_contacts(&winner, "nobody", world.now));
    assert!(!world.sandbox.merge_ghl_contacts(&winner, &winner, world.now));
    assert!(world.sandbox.merge_ghl_contacts(&winner, &loser, world.now));
    assert!(!world.sandbox.merge_ghl_contacts(&winner, &loser, world.now), "the loser is gone");

    assert_eq!(world.found(), before, "searches lag behind");
    world.now += 10_000;
    let after = world.found();
    assert_eq!(after.len(), 1);
    assert!(updated(&after) > updated(&before));

    let unknown = world.get("/contacts/00000000000000000000").0;
    assert_eq!(world.get(&format!("/contacts/{loser}")).0, unknown);
    assert_eq!(world.get(&format!("/contacts/{loser}/notes")).0, unknown);
    let (_, merged) = world.get(&format!("/contacts/{winner}"));
    let merged = &merged["contact"];
    assert_eq!(merged["firstName"], "Ann");
    assert_eq!((&merged["lastName"], &merged["city"]), (&json!("Lee"), &json!("Bonn")));
    assert_eq!(merged["email"], "ann@example.com");
    assert_eq!(merged["additionalEmails"][0]["email"], "lee@example.com");
    assert_eq!(merged["additionalPhones"][0]["phone"], "+15550100002");
    assert_eq!(merged["tags"], json!(["a", "b", "c"]));
    let location = world.location();
    let path = format!("/contacts/search/duplicate?locationId={location}&email=lee%40example.com");
    assert_eq!(world.get(&path).1["contact"]["id"], json!(winner));

    let (_, notes) = world.get(&format!("/contacts/{winner}/notes"));
    let mut expected = vec![text(&own["note"], "id"), text(&note["note"], "id")];
    expected.sort();
    assert_eq!(ids(&notes["notes"]), expected);
    for note in notes["notes"].as_array().unwrap() {
        assert_eq!(note["contactId"], json!(winner));
    }
    let (_, tasks) = world.get(&format!("/contacts/{winner}/tasks"));
    assert_eq!(ids(&tasks["tasks"]), [text(&task["task"], "id")]);
    let (_, event) = world.get(&format!("/calendars/events/appointments/{event}"));
    assert_eq!(event["appointment"]["contactId"], json!(winner));
    let id = text(&opportunity["opportunity"], "id");
    let (_, opportunity) = world.get(&format!("/opportunities/{id}"));
    assert_eq!(opportunity["opportunity"]["contactId"], json!(winner));
}

#[test]
fn a_merge_can_leave_the_losers_appointments_behind() {
    for (moves, status) in [(true, 200), (false, 404)] {
        let mut world = World::new(|options| options.merge_moves_appointments = moves);
        let winner = world.contact(json!({ "firstName": "Ann" }));
        let loser = world.contact(json!({ "firstName": "Anne" }));
        let event = appointment(&mut world, &loser);
        assert!(world.sandbox.merge_ghl_contacts(&winner, &loser, world.now));
        assert_eq!(world.get(&format!("/calendars/events/appointments/{event}")).0, status);
    }
}

#[test]
fn a_merge_gives_an_empty_winner_the_losers_address_as_its_first() {
    let mut world = World::new(|_| {});
    let winner = world.contact(json!({ "firstName": "Ann" }));
    let loser = world.contact(json!({ "firstName": "Ann", "email": "ann@example.com" }));
    world.sandbox.merge_ghl_contacts(&winner, &loser, world.now);
    let (_, merged) = world.get(&format!("/contacts/{winner}"));
    assert_eq!(merged["contact"]["email"], "ann@example.com");
    assert_eq!(merged["contact"].get("additionalEmails"), None);
}

#[test]
fn merging_seeded_contacts_loses_no_note_or_task() {
    let mut world = World::new(|options| options.contacts = 30);
    let contacts = world.sandbox.ghl_contacts();
    let (winner, loser) = (text(&contacts[3], "id"), text(&contacts[9], "id"));
    let count = |world: &World| (world.sandbox.ghl_notes().len(), world.sandbox.ghl_tasks().len());
    let before = count(&world);
    assert!(world.sandbox.merge_ghl_contacts(&winner, &loser, world.now));
    assert_eq!(count(&world), before);
    assert_eq!(world.sandbox.ghl_contacts().len(), 29);
    for record in world.sandbox.ghl_notes().iter().chain(&world.sandbox.ghl_tasks()) {
        assert_ne!(record["contactId"], json!(loser));
    }
}

#[test]
fn the_location_can_be_renamed() {
    let mut world = World::new(|_| {});
    world.sandbox.rename_ghl_location("Elsewhere");
    let path = format!("/locations/{}", world.location());
    let (_, shown) = world.get(&path);
    assert_eq!(
        (&shown["location"]["name"], &shown["location"]["id"]),
        (&json!("Elsewhere"), &json!(world.location()))
    );
}

#[test]
fn contacts_join_change_and_leave_businesses() {
    for clears in [false, true] {
        let mut world = World::new(|options| options.business_deletion_clears_contacts = clears);
        let person = world.contact(json!({ "firstName": "Ann" }));
        let location = world.location();
        let mut business = |name: &str| {
            let body = json!({ "name": name, "locationId": location });
            text(&world.post("/businesses/", body).1["buiseness"], "id")
        };
        let (first, second) = (business("First"), business("Second"));
        let known = world.sandbox.ghl_businesses();
        assert!([&first, &second].iter().all(|id| known.iter().any(|of| of["id"] == json!(id))));
        let of = |world: &mut World| world.get(&format!("/contacts/{person}")).1["contact"].clone();
        assert!(!world.sandbox.set_ghl_business(&person, Some("none"), world.now));
        for business in [&first, &second] {
            assert!(world.sandbox.set_ghl_business(&person, Some(business), world.now));
            assert_eq!(of(&mut world)["businessId"], json!(business));
        }
        assert!(world.sandbox.set_ghl_business(&person, None, world.now));
        assert_eq!(of(&mut world).get("businessId"), None);
        assert!(world.sandbox.set_ghl_business(&person, Some(&first), world.now));
        assert!(world.sandbox.delete_ghl_business(&first, world.now));
        assert!(!world.sandbox.delete_ghl_business(&first, world.now));
        assert_eq!(of(&mut world).get("businessId").is_none(), clears);
        assert!(world.sandbox.set_ghl_business(&person, Some(&second), world.now));
        assert_eq!(world.ask(Method::Delete, &format!("/businesses/{second}"), None).0, 200);
        assert_eq!(of(&mut world).get("businessId").is_none(), clears);
    }
}

#[test]
fn a_note_can_be_listed_twice_and_under_two_contacts() {
    let mut world = World::new(|_| {});
    let own = world.contact(json!({ "firstName": "Ann" }));
    let other = world.contact(json!({ "firstName": "Bo" }));
    let (_, note) = world.post(&format!("/contacts/{own}/notes"), json!({ "body": "n" }));
    let id = text(&note["note"], "id");
    assert!(!world.sandbox.note_listed_under("none", &other));
    assert!(world.sandbox.note_listed_under(&id, &other));
    assert!(world.sandbox.note_listed_under(&id, &own));
    let listed = |world: &mut World, contact: &str| {
        let (_, notes) = world.get(&format!("/contacts/{contact}/notes"));
        notes["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|note| text(note, "contactId"))
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut world, &own), [own.clone(), own.clone()]);
    assert_eq!(listed(&mut world, &other), std::slice::from_ref(&own));
    world.ask(Method::Delete, &format!("/contacts/{own}/notes/{id}"), None);
    assert!(listed(&mut world, &own).is_empty() && listed(&mut world, &other).is_empty());
}

#[test]
fn a_contacts_date_can_be_ahead_of_time() {
    let mut world = World::new(|options| options.search_lag_ms = 5_000);
    let person = world.contact(json!({ "firstName": "Ann" }));
    world.now += 10_000;
    let ahead = world.now + 86_400_000;
    assert!(!world.sandbox.set_ghl_date_updated("none", ahead, world.now));
    let before = world.found();
    assert!(world.sandbox.set_ghl_date_updated(&person, ahead, world.now));
    assert_eq!(world.found(), before, "searches lag behind");
    world.now += 10_000;
    let shown = world.found();
    assert!(
        shown[0].1.starts_with("2026-11-") && shown[0].1[..10] > before[0].1[..10],
        "{shown:?}"
    );
    let (_, whole) = world.get(&format!("/contacts/{person}"));
    assert_eq!(text(&whole["contact"], "dateUpdated"), shown[0].1);
}

#[test]
fn a_proxys_page_comes_with_any_status_and_its_own_headers() {
    for status in [200, 401, 403, 404, 422] {
        for (fault, done) in [
            (Fault::Page { status, server: "AkamaiGHost".into() }, false),
            (Fault::DonePage { status, server: "AkamaiGHost".into() }, true),
        ] {
            let mut world = World::new(|_| {});
            world.sandbox.set_faults(vec![FaultRule::always(fault)]);
            let source = json!({ "name": "GHL" });
            let contact = json!({ "firstName": "Ann", "locationId": world.location() });
            for (path, body) in [("/v1/data_sources", source), ("/contacts/", contact)] {
                let response = world.send(Method::Post, path, Some(&body));
                assert_eq!(response.status, status);
                assert!(response.body.starts_with(b"<!DOCTYPE html>"));
                let header = |name: &str| {
                    response.headers.iter().find(|of| of.0 == name).map(|of| of.1.as_str())
                };
                assert_eq!(header("server"), Some("AkamaiGHost"));
                assert_eq!(header("via"), Some("1.1 AkamaiGHost"));
                assert_eq!(header("content-type"), Some("text/html; charset=UTF-8"));
                assert_eq!(header("x-ratelimit-max"), None);
            }
            assert_eq!(
                world.sandbox.chartmogul_data_sources().iter().any(|of| of["name"] == "GHL"),
                done
            );
            assert_eq!(world.sandbox.ghl_contacts().len(), usize::from(done));
            assert_eq!(world.effective(Service::Ghl), (u64::from(done), u64::from(done)));
        }
    }
}

#[test]
fn a_fault_strikes_one_record_alone() {
    let mut world = World::new(|_| {});
    let struck = world.contact(json!({ "firstName": "Ann" }));
    let spared = world.contact(json!({ "firstName": "Bo" }));
    let rules = json!([{
        "path": format!("/contacts/{struck}/notes"), "fault": { "kind": "page", "status": 403 },
    }]);
    assert_eq!(world.post("/sandbox/faults", rules).0, 200);
    assert_eq!(world.get(&format!("/contacts/{struck}/notes")).0, 403);
    assert_eq!(world.get(&format!("/contacts/{spared}/notes")).0, 200);
    assert_eq!(world.get(&format!("/contacts/{struck}")).0, 200);
}

#[test]
fn an_account_has_a_name_that_changes_and_perhaps_an_id() {
    let mut world = World::new(|_| {});
    let (_, account) = world.get("/v1/account");
    assert!(text(&account, "id").starts_with("acc_"));
    world.sandbox.rename_chartmogul_account("Renamed");
    let (_, renamed) = world.get("/v1/account");
    assert_eq!((&renamed["name"], &renamed["id"]), (&json!("Renamed"), &account["id"]));
    let mut world = World::new(|options| options.chartmogul_account_id = false);
    assert_eq!(world.get("/v1/account").1.get("id"), None);
}

#[test]
fn a_second_account_has_its_own_key_id_and_records() {
    let mut world = World::new(|options| options.contacts = 20);
    let first = world.key.clone();
    let (_, account) = world.get("/v1/account");
    let source = world.source("GHL");
    let customers = world.sandbox.chartmogul_customers().len();
    assert!(customers > 0);
    let second = world.sandbox.add_chartmogul_account("Second");
    assert_ne!(second, world.sandbox.add_chartmogul_account("Third"));
    world.key.clone_from(&second);
    let (_, other) = world.get("/v1/account");
    assert_eq!(other["name"], "Second");
    assert_ne!(other["id"], account["id"]);
    assert_eq!(world.get("/v1/customers").1["entries"], json!([]));
    assert_eq!(world.get(&format!("/v1/data_sources/{source}")).0, 404);
    let own = world.source("GHL");
    assert_ne!(own, source);
    let customer = world.customer(&own, "a");
    assert_eq!(world.sandbox.chartmogul_records_of(&second, "customers").unwrap().len(), 1);
    assert_eq!(world.sandbox.chartmogul_customers().len(), customers);
    let task = json!({
        "customer_uuid": customer, "task_details": "x", "due_date": "2026-12-01",
        "assignee": "finance@agency.example",
    });
    assert_eq!(world.post("/v1/tasks", task).0, 201, "the same people");
    world.key = first;
    assert_eq!(world.get(&format!("/v1/customers/{customer}")).0, 404);
    world.key = "unknown".into();
    assert_eq!(world.get("/v1/account").0, 401);
}

#[test]
fn another_account_can_be_behind_the_same_key() {
    let mut world = World::new(|options| options.contacts = 20);
    let (_, before) = world.get("/v1/account");
    let source = world.source("GHL");
    let customer = world.customer(&source, "a");
    world.sandbox.chartmogul_reset(&["dataSources", "customers"]);
    let (_, after) = world.get("/v1/account");
    assert_eq!(before["name"], after["name"]);
    assert_ne!(before["id"], after["id"]);
    assert_eq!(world.get(&format!("/v1/customers/{customer}")).0, 200);
    assert!(world.sandbox.chartmogul_notes().is_empty());
    world.sandbox.chartmogul_reset(&[]);
    assert_eq!(world.get(&format!("/v1/customers/{customer}")).0, 404);
    assert!(world.sandbox.chartmogul_data_sources().is_empty());
    let again = world.source("GHL");
    assert_ne!(world.customer(&again, "a"), customer);
}

#[test]
fn people_delete_in_chartmogul_what_the_interface_refuses() {
    let mut world = World::new(|options| options.contacts = 30);
    let notes = world.sandbox.chartmogul_notes();
    let customer = text(&notes[0], "of_customer_uuid");
    assert_eq!(world.ask(Method::Delete, &format!("/v1/customers/{customer}"), None).0, 422);
    assert!(world.sandbox.delete_in_chartmogul("customers", &customer));
    assert!(!world.sandbox.delete_in_chartmogul("customers", &customer));
    assert_eq!(world.get(&format!("/v1/customers/{customer}")).0, 404);
    let left = world.sandbox.chartmogul_notes();
    assert!(left.iter().all(|note| note["of_customer_uuid"] != json!(customer)));
    assert!(left.len() < notes.len());
    let note = text(&left[0], "uuid");
    assert!(world.sandbox.delete_in_chartmogul("notes", &note));
    assert_eq!(world.get(&format!("/v1/notes/{note}")).0, 404);
    let task = text(&world.sandbox.chartmogul_tasks()[0], "task_uuid");
    assert!(world.sandbox.delete_in_chartmogul("tasks", &task));
    let person = text(&world.sandbox.chartmogul_contacts()[0], "uuid");
    assert!(world.sandbox.delete_in_chartmogul("contacts", &person));
    let source = text(&world.sandbox.chartmogul_data_sources()[0], "uuid");
    assert!(world.sandbox.delete_in_chartmogul("dataSources", &source));
    assert!(world.sandbox.chartmogul_customers().is_empty());
    assert!(world.sandbox.chartmogul_contacts().is_empty());
    assert!(world.sandbox.chartmogul_notes().is_empty());
    assert!(!world.sandbox.delete_in_chartmogul("planets", "x"));
}

#[test]
fn a_needless_write_is_not_an_effective_one() {
    let mut world = World::new(|_| {});
    let person = world.contact(json!({ "firstName": "Ann" }));
    let path = format!("/contacts/{person}");
    assert_eq!(world.effective(Service::Ghl), (1, 1));
    world.ask(Method::Put, &path, Some(json!({ "firstName": "Ann" })));
    assert_eq!(world.effective(Service::Ghl), (2, 1), "only its date moved");
    world.ask(Method::Put, &path, Some(json!({ "firstName": "Bo" })));
    world.post(&format!("{path}/tags"), json!({ "tags": ["x"] }));
    assert_eq!(world.effective(Service::Ghl), (4, 3));
    world.post(&format!("{path}/tags"), json!({ "tags": ["x"] }));
    assert_eq!(world.effective(Service::Ghl), (5, 3));
    world.post(&format!("{path}/notes"), json!({ "body": "n" }));
    assert_eq!(world.effective(Service::Ghl), (6, 4));

    let source = world.source("GHL");
    let customer = world.customer(&source, "a");
    let path = format!("/v1/customers/{customer}");
    let patch = |world: &mut World, body: Value| world.ask(Method::Patch, &path, Some(body));
    patch(&mut world, json!({ "name": "Ann" }));
    assert_eq!(world.effective(Service::Chartmogul), (3, 3));
    patch(&mut world, json!({ "name": "Ann" }));
    patch(&mut world, json!({}));
    assert_eq!(world.effective(Service::Chartmogul), (4, 3));
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "n" });
    let (_, note) = world.post("/v1/notes", note);
    let note = format!("/v1/notes/{}", text(&note, "uuid"));
    world.ask(Method::Patch, &note, Some(json!({ "text": "n" })));
    assert_eq!(world.effective(Service::Chartmogul), (6, 4), "only its date moved");
    world.ask(Method::Delete, &note, None);
    world.ask(Method::Delete, &note, None);
    assert_eq!(world.effective(Service::Chartmogul), (7, 5));
    let stats = world.sandbox.stats();
    let count =
        |endpoint: &str| stats.chartmogul.effective_writes_by_endpoint.get(endpoint).copied();
    assert_eq!(count("PATCH /v1/customers/{customer_uuid}"), Some(1));
    assert_eq!(count("PATCH /v1/notes/{note_uuid}"), None);
    assert_eq!(stats.chartmogul.writes_by_endpoint["PATCH /v1/notes/{note_uuid}"], 1);
    world.get("/v1/customers");
    assert_eq!(world.effective(Service::Chartmogul), (7, 5));
}

#[test]
fn a_test_sees_when_records_were_made_and_whose_they_are() {
    let mut world = World::new(|_| {});
    let source = world.source("GHL");
    let customer = world.customer(&source, "a");
    let body =
        json!({ "customer_uuid": customer, "data_source_uuid": source, "email": "a@b.example" });
    let person = text(&world.post("/v1/contacts", body).1, "uuid");
    let of_contact = json!({ "associated_object": "contact", "method": "uuid", "value": person });
    world.post(
        "/v1/notes",
        json!({ "associated_object_identifier": of_contact, "type": "note", "text": "n" }),
    );
    let task = json!({
        "customer_uuid": customer, "task_details": "x", "due_date": "2026-12-01",
        "assignee": "finance@agency.example",
    });
    world.post("/v1/tasks", task);
    let sandbox = &world.sandbox;
    for records in [
        sandbox.chartmogul_customers(),
        sandbox.chartmogul_contacts(),
        sandbox.chartmogul_notes(),
        sandbox.chartmogul_tasks(),
        sandbox.chartmogul_data_sources(),
    ] {
        assert!(records.last().unwrap()["created_at"].is_string(), "{records:?}");
    }
    assert_eq!(sandbox.chartmogul_notes()[0]["of_customer_uuid"], json!(customer));
    assert_eq!(sandbox.chartmogul_tasks()[0]["of_customer_uuid"], json!(customer));
    assert_eq!(sandbox.chartmogul_contacts()[0]["customer_uuid"], json!(customer));
}
