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
