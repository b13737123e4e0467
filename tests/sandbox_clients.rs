//! Requests of other people's clients that no registry has to run, taken from their sources: each is
//! answered with success, or refused as the service is known to refuse it.
#![cfg(feature = "sandbox")]

use std::collections::BTreeMap;

use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use serde::Deserialize;
use serde_json::{Value, json};

/// A client's requests.
#[derive(Deserialize)]
struct Client {
    source: String,
    version: Option<String>,
    requests: Vec<Asked>,
}

/// One request; its words in braces stand for records of the sandbox.
#[derive(Deserialize)]
struct Asked {
    what: String,
    request: String,
    #[serde(default)]
    body: Value,
    /// The status of a refusal that is documented, and why it is refused.
    refused: Option<u16>,
    because: Option<String>,
}

fn sandbox(strict: bool) -> (Sandbox, u64) {
    let options = SandboxOptions { contacts: 30, search_lag_ms: 0, strict, ..Default::default() };
    let now = options.now_ms;
    (Sandbox::new(options), now)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => panic!("no method {other}"),
    }
}

fn filled(text: &str, words: &BTreeMap<&str, String>) -> String {
    words.iter().fold(text.to_owned(), |text, (word, id)| text.replace(&format!("{{{word}}}"), id))
}

fn ghl_words(sandbox: &Sandbox) -> BTreeMap<&'static str, String> {
    let all = |kind: &str| sandbox.records(Service::Ghl, kind).unwrap();
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    let first = |kind: &str| text(&all(kind)[0], "id");
    let opportunities = all("opportunities");
    let lonely = all("contacts")
        .into_iter()
        .find(|contact| opportunities.iter().all(|of| of["contactId"] != contact["id"]))
        .unwrap();
    let pipeline = all("pipelines")[0].clone();
    let field = all("customFields").into_iter().find(|field| field["dataType"] == "TEXT").unwrap();
    BTreeMap::from([
        ("location", sandbox.credentials().location_id.clone()),
        ("contact", first("contacts")),
        ("lonely", text(&lonely, "id")),
        ("field", text(&field, "id")),
        ("tasked", text(&all("tasks")[0], "contactId")),
        ("task", first("tasks")),
        ("user", first("users")),
        ("calendar", first("calendars")),
        ("opportunity", first("opportunities")),
        ("pipeline", text(&pipeline, "id")),
        ("stage", text(&pipeline["stages"][0], "id")),
    ])
}

/// Plays each request in a sandbox of its own; gives those that were not answered as they should be,
/// and how many a strict sandbox refuses.
fn play(client: &Client) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut strictly_refused = 0;
    for asked in &client.requests {
        for strict in [false, true] {
            let (mut sandbox, now) = sandbox(strict);
            let words = ghl_words(&sandbox);
            let (name, target) = asked.request.split_once(' ').unwrap();
            let body = match &asked.body {
                Value::Null => Vec::new(),
                body => filled(&body.to_string(), &words).into_bytes(),
            };
            let token = &sandbox.credentials().ghl_token;
            let headers = vec![
                ("authorization".into(), format!("Bearer {token}")),
                ("version".into(), client.version.clone().unwrap()),
            ];
            let url = filled(target, &words);
            let request = Request { method: method(name), url, headers, body, timeout_ms: 1_000 };
            let response = sandbox.handle(&request, now + 1_000).response;
            let fits = match asked.refused {
                Some(status) => response.status == status && asked.because.is_some(),
                None => response.is_success(),
            };
            match strict {
                true => strictly_refused += usize::from(!fits),
                false if fits => {}
                false => wrong.push(format!(
                    "{}: {} {}",
                    asked.what,
                    response.status,
                    String::from_utf8_lossy(&response.body)
                )),
            }
        }
    }
    (wrong, strictly_refused)
}

#[test]
fn n8ns_highlevel_node_is_answered() {
    let text = include_str!("fixtures/clients/n8n-highlevel.json");
    let client: Client = serde_json::from_str(text).unwrap();
    let (wrong, strictly_refused) = play(&client);
    println!(
        "{}: {} requests, {strictly_refused} refused by a strict sandbox",
        client.source,
        client.requests.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(client.requests.len() >= 34 && strictly_refused >= 18);
}

#[test]
fn a_request_that_no_client_sends_is_refused_as_ever() {
    let odd = Client {
        source: "nobody".into(),
        version: Some("2021-07-28".into()),
        requests: vec![Asked {
            what: "unknown property".into(),
            request: "PUT /contacts/{contact}/".into(),
            body: json!({ "colour": "red" }),
            refused: None,
            because: None,
        }],
    };
    assert_eq!(play(&odd).0.len(), 1);
}

/// Sends a request to ChartMogul; gives status and body.
fn ask_chartmogul(
    sandbox: &mut Sandbox,
    now: u64,
    name: &str,
    target: &str,
    body: &str,
) -> (u16, Value) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let key = format!("{}:", sandbox.credentials().chartmogul_key);
    let headers = vec![("authorization".into(), format!("Basic {}", STANDARD.encode(key)))];
    let (url, body) = (target.replace(' ', "%20"), body.as_bytes().to_vec());
    let request = Request { method: method(name), url, headers, body, timeout_ms: 1_000 };
    let response = sandbox.handle(&request, now).response;
    (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
}

/// An account with one record of each kind, and their ids.
fn chartmogul_words(sandbox: &mut Sandbox, now: u64) -> BTreeMap<&'static str, String> {
    let user = sandbox.records(Service::Chartmogul, "users").unwrap()[0]["email"].clone();
    let mut words = BTreeMap::from([("user", user.as_str().unwrap().to_owned())]);
    let made: &[(&str, &str, Value, &str)] = &[
        ("source", "/v1/data_sources", json!({ "name": "Clients" }), "/uuid"),
        (
            "customer",
            "/v1/customers",
            json!({ "data_source_uuid": "{source}", "external_id": "own", "email": "own@example.com" }),
            "/uuid",
        ),
        (
            "other",
            "/v1/customers",
            json!({ "data_source_uuid": "{source}", "external_id": "other" }),
            "/uuid",
        ),
        (
            "contact",
            "/v1/contacts",
            json!({
                "data_source_uuid": "{source}", "customer_uuid": "{customer}",
                "email": "own@example.com", "external_id": "own-contact",
            }),
            "/uuid",
        ),
        (
            "note",
            "/v1/customer_notes",
            json!({ "customer_uuid": "{customer}", "type": "note", "text": "x" }),
            "/uuid",
        ),
        (
            "task",
            "/v1/tasks",
            json!({
                "customer_uuid": "{customer}", "task_details": "x", "assignee": "{user}",
                "due_date": "2026-12-01",
            }),
            "/task_uuid",
        ),
        (
            "opportunity",
            "/v1/opportunities",
            json!({
                "customer_uuid": "{customer}", "owner": "{user}", "pipeline": "New Business",
                "pipeline_stage": "Discovery", "estimated_close_date": "2026-12-31",
                "currency": "USD", "amount_in_cents": 100,
            }),
            "/uuid",
        ),
        (
            "plan",
            "/v1/plans",
            json!({
                "data_source_uuid": "{source}", "name": "Gold", "interval_count": 1,
                "interval_unit": "month", "external_id": "gold",
            }),
            "/uuid",
        ),
        ("group", "/v1/plan_groups", json!({ "name": "Group", "plans": ["{plan}"] }), "/uuid"),
        (
            "event",
            "/v1/subscription_events",
            json!({ "subscription_event": {
                "data_source_uuid": "{source}", "customer_external_id": "own", "external_id": "ev",
                "event_type": "subscription_start", "subscription_external_id": "sub_1",
                "event_date": "2026-01-01", "effective_date": "2026-01-01",
            }}),
            "/id",
        ),
    ];
    for (word, path, body, pointer) in made {
        let body = filled(&body.to_string(), &words);
        let (status, answer) = ask_chartmogul(sandbox, now, "POST", path, &body);
        assert!((200..300).contains(&status), "{word}: {status} {answer}");
        let id = answer.pointer(pointer).unwrap();
        words.insert(word, id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    }
    let item = |number: u8| {
        json!({
            "type": "subscription", "subscription_external_id": format!("sub_{number}"),
            "plan_uuid": "{plan}", "amount_in_cents": 1000, "service_period_start": "2026-01-01",
            "service_period_end": "2026-02-01", "external_id": format!("li_{number}x"),
        })
    };
    let invoice = json!({ "invoices": [{
        "external_id": "in", "date": "2026-01-01", "currency": "USD", "line_items": [item(1), item(2)],
        "transactions": [{ "type": "payment", "result": "successful", "date": "2026-01-01" }],
    }]});
    let path = filled("/v1/import/customers/{customer}/invoices", &words);
    let body = filled(&invoice.to_string(), &words);
    let (_, answer) = ask_chartmogul(sandbox, now, "POST", &path, &body);
    for (word, pointer) in [
        ("invoice", "/invoices/0/uuid"),
        ("line_item", "/invoices/0/line_items/0/uuid"),
        ("transaction", "/invoices/0/transactions/0/uuid"),
    ] {
        let id = answer.pointer(pointer).unwrap_or_else(|| panic!("{answer}"));
        words.insert(word, id.as_str().unwrap().to_owned());
    }
    words
}

#[test]
fn chartmoguls_n8n_node_is_answered() {
    let text = include_str!("fixtures/clients/n8n-chartmogul.json");
    let client: Client = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    for asked in &client.requests {
        let (mut sandbox, now) = sandbox(false);
        let words = chartmogul_words(&mut sandbox, now);
        let (name, target) = asked.request.split_once(' ').unwrap();
        let body = match &asked.body {
            Value::Null => String::new(),
            body => filled(&body.to_string(), &words),
        };
        let target = filled(target, &words);
        let (status, answer) = ask_chartmogul(&mut sandbox, now + 2_000, name, &target, &body);
        let refused_within = answer["invoices"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["uuid"].is_null()));
        if !(200..300).contains(&status) || refused_within {
            wrong.push(format!("{}: {status} {answer}", asked.what));
        }
    }
    println!("{}: {} requests", client.source, client.requests.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(client.requests.len() >= 80);
}
