//! The account as a client meets it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Chartmogul;
use crate::host::Method;
use crate::sandbox::random::Random;
use crate::sandbox::seed::ChartmogulSeed;
use crate::sandbox::service::{Call, Reply, Service};
use crate::sandbox::{ChartmogulGeneration, SandboxOptions};

const KEY: &str = "key-5f0c";
pub(super) const SOURCE: &str = "ds_5e4d0000-0000-4000-8000-000000000001";

/// One account and a clock.
pub(super) struct Client {
    service: Chartmogul,
    pub(super) now_ms: u64,
    key: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) text: String,
    wrote: bool,
}

impl Client {
    pub(super) fn new() -> Self {
        Self::of(ChartmogulGeneration::September2026)
    }

    /// With no customer of the start, and so with nothing billed.
    pub(super) fn without_customers() -> Self {
        let mut client = Self::new();
        if let Some(account) = client.service.account_mut() {
            account.delete("customers", "cus_paid1");
            account.delete("customers", "cus_paid2");
        }
        client
    }

    pub(super) fn of(generation: ChartmogulGeneration) -> Self {
        Self::with(|options| options.chartmogul_generation = generation)
    }

    pub(super) fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let mut options = SandboxOptions::default();
        change(&mut options);
        let seed = ChartmogulSeed {
            users: vec![
                json!({"email": "Owner@example.com", "name": "Olga Owner"}),
                json!({"email": "rep@example.com", "name": "Rita Rep"}),
            ],
            data_sources: vec![
                json!({"uuid": SOURCE, "name": "Own", "system": "Custom", "created_at": "2026-01-01T00:00:00.000Z"}),
                json!({"uuid": "ds_stripe", "name": "Stripe", "system": "Stripe", "created_at": "2025-01-01T00:00:00.000Z"}),
            ],
            customers: vec![
                json!({
                    "uuid": "cus_paid2", "data_source_uuid": "ds_stripe", "external_id": "stripe_2", "name": "Late",
                    "email": "late@example.com", "status": "Active", "mrr": 900, "created_at": "2026-03-01T00:00:00.000Z",
                    "attributes": {"tags": ["vip"], "custom": {"seats": 4}},
                }),
                json!({
                    "uuid": "cus_paid1", "data_source_uuid": "ds_stripe", "external_id": "stripe_1", "name": "Early",
                    "email": "early@example.com", "status": "Cancelled", "mrr": 0, "created_at": "2026-02-01T00:00:00.000Z",
                }),
            ],
            contacts: vec![
                json!({"uuid": "con_a", "customer_uuid": "cus_paid2", "email": "Second@Example.com", "created_at": "2026-03-01T00:00:00.000Z"}),
            ],
            notes: vec![
                json!({"uuid": "note_a", "customer_uuid": "cus_paid2", "text": "old", "author_email": "rep@example.com", "created_at": "2026-03-02T00:00:00.000Z"}),
            ],
            tasks: vec![
                json!({"uuid": "7a5c0000", "customer_uuid": "cus_paid2", "task_details": "old", "assignee": "rep@example.com", "due_date": "2026-03-09T00:00:00.000Z", "created_at": "2026-03-02T00:00:00.000Z"}),
            ],
        };
        Self {
            service: Chartmogul::new(&options, seed, KEY.into()),
            now_ms: options.now_ms,
            key: KEY,
        }
    }

    fn reply(&mut self, method: Method, target: &str, body: &[u8]) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.replace("%5B", "[").replace("%5D", "]"), value.replace("%40", "@"))
        };
        let headers = [(
            Cow::Borrowed("authorization"),
            format!("Basic {}", STANDARD.encode(format!("{}:", self.key))),
        )];
        let call = Call {
            method,
            path,
            segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
            headers: &headers,
            body,
            now_ms: self.now_ms,
        };
        self.service.answer(&call, &mut Random::new(1, "test"))
    }

    pub(super) fn send(&mut self, method: Method, target: &str, body: &Value) -> Answer {
        self.now_ms += 1000;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.reply(method, target, body.as_bytes());
        let text = String::from_utf8(reply.body).unwrap();
        Answer {
            status: reply.status,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            wrote: reply.wrote,
        }
    }

    pub(super) fn get(&mut self, target: &str) -> Answer {
        self.send(Method::Get, target, &Value::Null)
    }

    pub(super) fn post(&mut self, target: &str, body: Value) -> Answer {
        self.send(Method::Post, target, &body)
    }

    pub(super) fn patch(&mut self, target: &str, body: Value) -> Answer {
        self.send(Method::Patch, target, &body)
    }

    pub(super) fn delete(&mut self, target: &str) -> Answer {
        self.send(Method::Delete, target, &Value::Null)
    }

    /// A new lead; gives its uuid.
    pub(super) fn customer(&mut self, external_id: &str) -> String {
        let answer = self.post(
            "/v1/customers",
            json!({"data_source_uuid": SOURCE, "external_id": external_id, "email": format!("{external_id}@example.com")}),
        );
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["uuid"].as_str().unwrap().to_owned()
    }
}

pub(super) fn names<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry[name].as_str().unwrap_or(""))
        .collect()
}

#[test]
fn a_wrong_key_is_refused_in_the_recorded_form() {
    let mut client = Client::new();
    client.key = "other";
    let answer = client.get("/v1/ping");
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        json!({"code": 401, "message": "No valid API key provided", "param": null})
    );
    client.key = KEY;
    assert_eq!(client.get("/v1/ping").body, json!({"data": "pong!"}));
}

#[test]
fn the_forty_first_request_of_a_second_is_one_too_many() {
    let mut client = Client::new();
    let statuses: Vec<u16> =
        (0..41).map(|_| client.reply(Method::Get, "/v1/ping", b"").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 40);
    assert_eq!(statuses.last(), Some(&429));
    client.now_ms += 1000;
    assert_eq!(client.reply(Method::Get, "/v1/ping", b"").status, 200);
}

#[test]
fn the_twenty_first_connection_at_a_time_is_refused() {
    let mut client = Client::new();
    let mut slow = |now_ms: u64| {
        let headers = [];
        let call = Call {
            method: Method::Get,
            path: "/v1/ping",
            segments: vec!["v1".into(), "ping".into()],
            query: Vec::new(),
            headers: &headers,
            body: b"",
            now_ms,
        };
        client.service.answer_during(&call, 5000, &mut Random::new(1, "test")).status
    };
    let statuses: Vec<u16> = (0..21).map(|_| slow(1000)).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 1);
    assert_eq!(slow(5999), 503);
    assert_ne!(slow(6000), 503);
}

#[test]
fn an_unknown_path_answers_a_page() {
    let mut client = Client::new();
    for target in ["/v1/nothing", "/v1/contacts/", "/v1/contacts/a/b"] {
        let answer = client.get(target);
        assert_eq!(answer.status, 404);
        assert!(answer.text.starts_with("<!DOCTYPE html>"));
    }
}

#[test]
fn a_customer_is_made_once_for_each_external_id() {
    let mut client = Client::new();
    let uuid = client.customer("ghl:1");
    let shown = client.get(&format!("/v1/customers/{uuid}"));
    assert_eq!(shown.body["status"], "New Lead");
    assert_eq!(shown.body["name"], "");
    assert_eq!(shown.body["company"], "");
    assert_eq!(shown.body["customer-since"], Value::Null);
    assert_eq!(shown.body["paid_subscriber_status"], "Never a Paid Subscriber");
    let again =
        client.post("/v1/customers", json!({"data_source_uuid": SOURCE, "external_id": "ghl:1"}));
    assert_eq!(again.status, 422);
    assert_eq!(
        again.body["errors"]["external_id"],
        "The external ID for this customer already exists in our system."
    );
    assert!(!again.wrote);
    let refused =
        client.post("/v1/customers", json!({"data_source_uuid": "ds_stripe", "external_id": "x"}));
    assert!(refused.body["errors"]["data_source_uuid"].is_string());
}

#[test]
fn customers_come_by_first_payment_and_leads_last() {
    let mut client = Client::new();
    client.customer("lead");
    let all = client.get("/v1/customers");
    assert_eq!(names(&all, "name"), ["Early", "Late", ""]);
    assert_eq!(all.body["total_pages"], 1);
    let first = client.get("/v1/customers?per_page=2");
    assert_eq!((first.body["has_more"].as_bool(), names(&first, "name").len()), (Some(true), 2));
    let rest = client.get(&format!(
        "/v1/customers?per_page=2&cursor={}",
        first.body["cursor"].as_str().unwrap()
    ));
    assert_eq!(names(&rest, "external_id"), ["lead"]);
    assert_eq!(rest.body["has_more"], false);
    assert!(rest.body["cursor"].is_string(), "the last page has a cursor too");
    assert_eq!(client.get("/v1/customers?external_id=none").body["cursor"], Value::Null);
    assert_eq!(names(&client.get("/v1/customers?status=New_Lead"), "external_id"), ["lead"]);
    assert_eq!(names(&client.get("/v1/customers?system=Stripe"), "name"), ["Early", "Late"]);
}

#[test]
fn searching_finds_contacts_addresses_when_asked_and_answers_404_for_none() {
    let mut client = Client::new();
    assert_eq!(
        names(&client.get("/v1/customers/search?email=LATE%40example.com"), "name"),
        ["Late"]
    );
    let none = client.get("/v1/customers/search?email=second%40example.com");
    assert_eq!(none.status, 404);
    assert_eq!(none.body["message"], "Can't find any customers with email: \"second@example.com\"");
    let found =
        client.get("/v1/customers/search?email=second%40example.com&with_associated_emails=true");
    assert_eq!(names(&found, "name"), ["Late"]);
}

#[test]
fn a_customers_state_is_kept_for_america_only() {
    let mut client = Client::new();
    let uuid = client.customer("c");
    let path = format!("/v1/customers/{uuid}");
    let american =
        client.patch(&path, json!({"country": "US", "state": "US-CA", "city": "Oakland"}));
    assert_eq!(american.body["state"], "CA");
    assert_eq!(american.body["address"]["state"], "California");
    let german = client.patch(&path, json!({"country": "DE", "state": "NY"}));
    assert_eq!(german.body["state"], Value::Null);
    let bad = client.patch(&path, json!({"email": "nonsense"}));
    assert_eq!((bad.status, bad.body["param"].as_str()), (422, Some("email")));
    assert_eq!(client.patch(&path, json!({"status": "Active"})).status, 422);
    assert_eq!(client.patch(&path, json!({"owner": "stranger@example.com"})).status, 422);
    assert_eq!(
        client.patch(&path, json!({"owner": "REP@example.com"})).body["owner"],
        "rep@example.com"
    );
}

#[test]
fn tags_are_added_once_and_removed() {
    let mut client = Client::new();
    let path = "/v1/customers/cus_paid2/attributes/tags";
    assert_eq!(
        client.post(path, json!({"tags": ["vip", "new"]})).body,
        json!({"tags": ["vip", "new"]})
    );
    assert_eq!(
        client.send(Method::Delete, path, &json!({"tags": ["vip"]})).body,
        json!({"tags": ["new"]})
    );
    let by_email = client
        .post("/v1/customers/attributes/tags", json!({"email": "late@example.com", "tags": ["x"]}));
    assert_eq!(by_email.body["entries"][0]["attributes"]["tags"], json!(["new", "x"]));
    assert_eq!(client.post(path, json!({})).status, 400);
}

#[test]
fn a_custom_attributes_type_is_fixed_by_its_first_write() {
    let mut client = Client::new();
    let path = "/v1/customers/cus_paid2/attributes/custom";
    let added = client.post(
        path,
        json!({"custom": [
            {"type": "Timestamp", "key": "seen", "value": "2016-01-31 00:00:00 UTC"},
            {"type": "Boolean", "key": "paid", "value": "f"},
        ]}),
    );
    assert_eq!(added.body, json!({"custom": {"seen": "2016-01-31T00:00:00.000Z", "paid": false}}));
    assert_eq!(
        client
            .post(path, json!({"custom": [{"type": "String", "key": "seats", "value": "4"}]}))
            .status,
        422
    );
    assert_eq!(client.post(path, json!({"custom": {"seats": 5}})).status, 400);
    let put = client.send(Method::Put, path, &json!({"custom": {"seats": 5}}));
    assert_eq!(put.body["custom"]["seats"], 5);
    assert_eq!(client.send(Method::Put, path, &json!({"custom": {"seats": "many"}})).status, 422);
    assert_eq!(client.send(Method::Put, path, &json!({"custom": {"unknown": 5}})).status, 422);
    let long = "x".repeat(256);
    assert_eq!(
        client
            .post(path, json!({"custom": [{"type": "String", "key": "text", "value": long}]}))
            .status,
        422
    );
    assert_eq!(client.send(Method::Delete, path, &json!({"custom": ["seats"]})).status, 204);
    let left = client.get("/v1/customers/cus_paid2/attributes");
    assert_eq!(left.body["custom"], json!({"seen": "2016-01-31T00:00:00.000Z", "paid": false}));
}

#[test]
fn a_contact_stands_alone_since_2026_only() {
    let mut client = Client::new();
    let alone = client.post(
        "/v1/contacts",
        json!({"first_name": "Stand", "email": "s@example.com", "external_id": null}),
    );
    assert_eq!((alone.status, &alone.body["customer_uuid"]), (201, &Value::Null));
    assert_eq!(names(&client.get("/v1/contacts?email=S%40example.com"), "first_name"), ["Stand"]);
    let mut older = Client::of(ChartmogulGeneration::Before);
    let refused = older.post("/v1/contacts", json!({"first_name": "Stand"}));
    assert_eq!((refused.status, refused.body["param"].as_str()), (400, Some("customer_uuid")));
    assert_eq!(
        older.post("/v1/contacts", json!({"customer_uuid": "cus_paid2"})).body["param"],
        "data_source_uuid"
    );
}

#[test]
fn a_contact_is_written_read_moved_and_deleted() {
    let mut client = Client::new();
    let customer = client.customer("a");
    client.customer("b");
    let made = client.post(
        "/v1/contacts",
        json!({
            "customer_uuid": customer, "data_source_uuid": SOURCE, "external_id": "ghl-1",
            "custom": [{"key": "Toggle", "value": false}],
        }),
    );
    assert_eq!(made.body["custom"], json!({"Toggle": false}));
    assert_eq!(made.body["position"], 1);
    let path = format!("/v1/contacts/{}", made.body["uuid"].as_str().unwrap());
    assert_eq!(names(&client.get("/v1/contacts?external_id=ghl-1"), "external_id"), ["ghl-1"]);
    assert_eq!(names(&client.get("/v1/contacts?customer_external_id=a"), "external_id"), ["ghl-1"]);
    let seen =
        client.patch(&path, json!({"last_seen": "2026-09-01T00:00:00Z", "external_id": null}));
    assert_eq!(seen.body["last_seen"], "2026-09-01T00:00:00.000Z");
    assert_eq!(seen.body["external_id"], Value::Null);
    assert_eq!(client.patch(&path, json!({})).status, 304);
    assert_eq!(
        client.patch(&path, json!({"customer_external_id": "b"})).body["customer_external_id"],
        "b"
    );
    let gone = client.delete(&path);
    assert_eq!((gone.status, gone.body), (202, json!({"message": "Contact deleted"})));
    let bare = path.trim_start_matches("/v1/contacts/con_");
    assert_eq!(client.get(&path).body["message"], format!("Contact \"{bare}\" does not exist"));
}

#[test]
fn both_note_endpoints_show_the_same_notes() {
    let mut client = Client::new();
    let made = client.post("/v1/notes", json!({
        "customer_uuid": "cus_paid2", "type": "call", "text": "Hello", "created_at": "2026-04-01T10:00:00Z",
        "author_email": "rep@example.com", "call_duration": 60,
    }));
    assert_eq!(made.status, 201);
    assert_eq!(made.body["associated_object"], "customer");
    assert_eq!(made.body["author"], "Rita Rep (rep@example.com)");
    assert_eq!(made.body["created_at"], "2026-04-01T10:00:00.000Z");
    let uuid = made.body["uuid"].as_str().unwrap().to_owned();
    let older = client.get(&format!("/v1/customer_notes/{uuid}"));
    assert_eq!(older.body["text"], "Hello");
    assert!(older.body.get("associated_object").is_none());
    let listed = client.get("/v1/customer_notes?customer_uuid=cus_paid2");
    assert_eq!(names(&listed, "uuid"), [uuid.as_str(), "note_a"]);
    assert_eq!(names(&client.get("/v1/notes?type=note"), "uuid"), ["note_a"]);
    assert_eq!(client.patch(&format!("/v1/notes/{uuid}"), json!({})).status, 304);
    assert_eq!(
        client.patch(&format!("/v1/notes/{uuid}"), json!({"text": "Bye"})).body["text"],
        "Bye"
    );
    assert_eq!(
        client.delete(&format!("/v1/notes/{uuid}")).body,
        json!({"message": "Call log deleted"})
    );
    assert_eq!(
        client.post("/v1/notes", json!({"customer_uuid": "cus_paid2", "type": "memo"})).status,
        422
    );
    assert_eq!(
        client.post("/v1/notes", json!({"customer_uuid": "cus_no", "type": "note"})).status,
        404
    );
}

#[test]
fn before_2026_notes_have_the_older_endpoint_only() {
    let mut client = Client::of(ChartmogulGeneration::Before);
    assert_eq!(client.get("/v1/notes").status, 404);
    assert_eq!(
        client.post("/v1/notes", json!({"customer_uuid": "cus_paid2", "type": "note"})).status,
        404
    );
    let made =
        client.post("/v1/customer_notes", json!({"customer_uuid": "cus_paid2", "type": "note"}));
    assert_eq!(made.body["author"], "Olga Owner (Owner@example.com)");
    let path = format!("/v1/customer_notes/{}", made.body["uuid"].as_str().unwrap());
    assert_eq!(client.patch(&path, json!({})).status, 200);
    let gone = client.delete(&path);
    assert_eq!((gone.status, gone.body), (200, json!({})));
}

#[test]
fn a_contacts_task_is_attached_to_the_contact() {
    let mut client = Client::new();
    let identifier = json!({"associated_object": "contact", "method": "uuid", "value": "con_a"});
    let made = client.post("/v1/tasks", json!({
        "associated_object_identifier": identifier, "task_details": "Call", "assignee": "rep@example.com",
        "due_date": "2026-09-30",
    }));
    assert_eq!(made.status, 201);
    assert_eq!(made.body["customer_uuid"], Value::Null);
    assert_eq!(made.body["associated_object_uuid"], "con_a");
    assert_eq!(made.body["due_date"], "2026-09-30T00:00:00.000Z");
    assert_eq!(names(&client.get("/v1/tasks?contact_uuid=con_a"), "task_details"), ["Call"]);
    assert_eq!(names(&client.get("/v1/tasks?customer_uuid=cus_paid2"), "task_details"), ["old"]);
}

#[test]
fn a_task_is_checked_filtered_and_done() {
    let mut client = Client::new();
    let task = |details: &str, assignee: &str| json!({"customer_uuid": "cus_paid2", "task_details": details, "assignee": assignee, "due_date": "2026-10-01T08:00:00Z"});
    let fits = "é".repeat(255);
    let made = client.post("/v1/tasks", task(&fits, "rep@example.com"));
    assert_eq!(made.status, 201);
    let long = client.post("/v1/tasks", task(&"é".repeat(256), "rep@example.com"));
    assert_eq!((long.status, long.body["param"].as_str()), (422, Some("task_details")));
    let stranger = client.post("/v1/tasks", task("x", "stranger@example.com"));
    assert_eq!((stranger.status, stranger.body["param"].as_str()), (422, Some("assignee")));
    assert_eq!(
        client.post("/v1/tasks", json!({"customer_uuid": "cus_paid2"})).body["param"],
        "task_details"
    );
    let path = format!("/v1/tasks/{}", made.body["task_uuid"].as_str().unwrap());
    let done = client.patch(&path, json!({"completed_at": "2026-10-02"}));
    assert_eq!(done.body["completed_at"], "2026-10-02T00:00:00.000Z");
    assert_eq!(names(&client.get("/v1/tasks?completed=false"), "task_details"), ["old"]);
    assert_eq!(
        names(
            &client
                .get("/v1/tasks?due_date_on_or_before=2026-10-01&due_date_on_or_after=2026-10-01"),
            "task_details"
        )
        .len(),
        1
    );
    assert_eq!(
        client.patch(&path, json!({"completed_at": null})).body["completed_at"],
        Value::Null
    );
    assert_eq!(client.patch(&path, json!({"unknown": 1})).status, 304);
    assert_eq!(client.delete(&path).status, 202);
    assert_eq!(client.get(&path).status, 404);
}

#[test]
fn merging_joins_ids_and_moves_what_belongs_to_the_customer() {
    let mut client = Client::new();
    let (from, into) = (client.customer("from"), client.customer("into"));
    client.post("/v1/notes", json!({"customer_uuid": from, "type": "note", "text": "n"}));
    client.post(
        &format!("/v1/customers/{from}/contacts"),
        json!({"data_source_uuid": SOURCE, "email": "c@example.com"}),
    );
    let merged = client.post(
        "/v1/customers/merges",
        json!({"from": {"customer_uuid": from}, "into": {"customer_uuid": into}}),
    );
    assert_eq!((merged.status, merged.body), (202, json!({})));
    assert_eq!(client.get(&format!("/v1/customers/{from}")).status, 404);
    let found = client.get("/v1/customers?external_id=from");
    assert_eq!(names(&found, "uuid"), [into.as_str()]);
    assert_eq!(found.body["entries"][0]["external_ids"], json!(["into", "from"]));
    assert_eq!(found.body["entries"][0]["attributes"]["tags"], json!(["merged-customer"]));
    assert_eq!(names(&client.get(&format!("/v1/notes?customer_uuid={into}")), "text"), ["n"]);
    assert_eq!(
        names(&client.get(&format!("/v1/customers/{into}/contacts")), "email"),
        ["c@example.com"]
    );
    let parted = client.post("/v1/customers/unmerges", json!({
        "customer_uuid": into, "data_source_uuid": SOURCE, "external_id": "from", "move_to_new_customer": ["notes"],
    }));
    assert_eq!(parted.status, 202);
    let found = client.get("/v1/customers?external_id=from");
    let uuid = names(&found, "uuid")[0];
    assert_ne!(uuid, into);
    assert_eq!(names(&client.get(&format!("/v1/notes?customer_uuid={uuid}")), "text"), ["n"]);
}

#[test]
fn deleting_takes_what_is_below_and_only_from_custom_sources() {
    let mut client = Client::new();
    assert_eq!(client.delete("/v1/customers/cus_paid2").status, 422);
    let customer = client.customer("gone");
    client.post("/v1/notes", json!({"customer_uuid": customer, "type": "note"}));
    assert_eq!(client.delete(&format!("/v1/customers/{customer}")).status, 204);
    assert_eq!(names(&client.get("/v1/notes"), "uuid"), ["note_a"]);
}

#[test]
fn data_sources_have_unique_names() {
    let mut client = Client::new();
    assert_eq!(
        client.post("/v1/data_sources", json!({})).body["message"],
        "Parameter \"name\" is missing"
    );
    assert_eq!(
        client.post("/v1/data_sources", json!({"name": null})).body["errors"]["name"],
        "A name is required for each data source."
    );
    let made = client.post("/v1/data_sources", json!({"name": "GHL"}));
    assert_eq!((made.status, made.body["system"].as_str()), (201, Some("Custom")));
    assert_eq!(client.post("/v1/data_sources", json!({"name": "GHL"})).status, 422);
    assert_eq!(
        client.get("/v1/data_sources?name=GHL").body["data_sources"].as_array().unwrap().len(),
        1
    );
    let path = format!("/v1/data_sources/{}", made.body["uuid"].as_str().unwrap());
    assert_eq!(client.delete(&path).status, 202);
    assert_eq!(client.get(&path).body, json!({"error": "Data source not found"}));
}

#[test]
fn an_opportunity_needs_a_stage_that_exists() {
    let mut client = Client::new();
    let opportunity = |stage: &str| {
        json!({
            "customer_uuid": "cus_paid2", "owner": "rep@example.com", "pipeline": "New Business", "pipeline_stage": stage,
            "estimated_close_date": "2026-12-01", "amount_in_cents": 5000, "currency": "EUR",
            "custom": [{"key": "from_campaign", "value": true}],
        })
    };
    let made = client.post("/v1/opportunities", opportunity("Discovery"));
    assert_eq!((made.status, &made.body["win_likelihood"]), (201, &json!(10)));
    assert_eq!(made.body["custom"], json!({"from_campaign": true}));
    assert_eq!(
        client.post("/v1/opportunities", opportunity("Nowhere")).body["param"],
        "pipeline_stage"
    );
    let path = format!("/v1/opportunities/{}", made.body["uuid"].as_str().unwrap());
    assert_eq!(client.patch(&path, json!({"win_likelihood": 101})).status, 422);
    assert_eq!(
        client.patch(&path, json!({"forecast_category": "won"})).body["forecast_category"],
        "won"
    );
    assert_eq!(client.delete(&path).status, 202);
}

#[test]
fn the_same_seed_gives_the_same_uuids() {
    let (mut one, mut other) = (Client::new(), Client::new());
    assert_eq!(one.customer("a"), other.customer("a"));
    assert_ne!(one.customer("b"), one.customer("c"));
}
