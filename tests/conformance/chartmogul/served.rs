//! The sandbox's ChartMogul against the same traffic: recorded requests get answers of the recorded
//! shape, and what the official Node client sends in its own tests is understood.
//!
//! Recordings name records of accounts that are gone. Their ids are replaced by those of a small
//! world, made anew for each request.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ghl_chartmogul::chartmogul;
use ghl_chartmogul::endpoint::Endpoint;
use ghl_chartmogul::http::Parameters;
use ghl_chartmogul::sandbox::ChartmogulGeneration;
use serde_json::{Map, Value, json};

use super::recording::{Recording, extract, reference};
use super::world::{EMAIL, World, is_uuid};
use crate::recorder::{Recorder, run as run_future};
use crate::totals;

/// What the recorded answer holds that ours does not.
fn missing(place: &str, recorded: &Value, ours: &Value) -> Vec<String> {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => recorded
            .iter()
            .flat_map(|(name, value)| match ours.get(name) {
                Some(ours) => missing(&format!("{place}.{name}"), value, ours),
                None => vec![format!("{place}.{name} is missing")],
            })
            .collect(),
        (Value::Array(recorded), Value::Array(ours)) => {
            let Some(recorded) = recorded.first() else { return Vec::new() };
            // A line item is compared with one of its own type.
            let alike = ours.iter().find(|ours| ours.get("type") == recorded.get("type"));
            match alike.or(ours.first()) {
                None => vec![format!("{place} is empty")],
                Some(ours) => missing(&format!("{place}[]"), recorded, ours),
            }
        }
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        _ if std::mem::discriminant(recorded) == std::mem::discriminant(ours) => Vec::new(),
        // An empty text stands for no number.
        (Value::String(text), Value::Number(_)) | (Value::Number(_), Value::String(text))
            if text.is_empty() =>
        {
            Vec::new()
        }
        _ => vec![format!("{place} is {ours}, not like {recorded}")],
    }
}

/// Properties of maps that hold what somebody wrote, and what only other accounts have.
fn is_account_matter(problem: &str) -> bool {
    [".custom.", ".errors.", ".stripe."].iter().any(|part| problem.contains(part))
}

/// Recordings that were changed by hand: a GET that answers 201, and 404 for what is not a uuid.
const EDITED: &[&str] = &[
    "contacts/get.contacts.contact_uuid.201.01.json",
    "invoices/delete.invoices.invoice_uuid.404.01.json",
];

/// Counts of one run.
#[derive(Default)]
struct Served {
    alike: usize,
    older: usize,
    retired: usize,
    edited: usize,
    failures: Vec<String>,
}

fn serve(recordings: &[Recording]) -> Served {
    let mut served = Served::default();
    for recording in recordings {
        if super::row(&recording.method, &recording.path).is_none() {
            served.retired += 1;
            continue;
        }
        if EDITED.contains(&recording.file.as_str()) {
            served.edited += 1;
            continue;
        }
        // Field sets of before 2023 are known to differ.
        if recording.year < 2023 && recording.status < 300 {
            served.older += 1;
            continue;
        }
        let generation = if recording.year >= 2026 {
            ChartmogulGeneration::September2026
        } else {
            ChartmogulGeneration::Before
        };
        let mut world = World::new(generation);
        let (status, ours, shown) = if recording.status == 401 {
            world.unauthorized(recording)
        } else if recording.status == 404 {
            world.unknown(recording)
        } else {
            world.play(&recording.method, &recording.path, &recording.query, &recording.body)
        };
        let recorded: Value = serde_json::from_str(&recording.response).unwrap_or(Value::Null);
        let mut problems = missing("", &recorded, &ours);
        problems.retain(|problem| !is_account_matter(problem));
        if status != recording.status {
            problems.push(format!("status {status}, not {}: {shown}", recording.status));
        }
        if problems.is_empty() {
            served.alike += 1;
        } else {
            served.failures.push(format!("{}: {}", recording.file, problems.join("; ")));
        }
    }
    served
}

#[test]
fn recorded_requests_get_answers_of_the_recorded_shape() {
    let recordings = reference().unwrap_or_else(extract);
    let served = serve(&recordings);
    println!(
        "ChartMogul's sandbox: {} recordings, {} answered alike, {} older than 2023, {} of retired paths, {} edited by hand, {} failures",
        recordings.len(),
        served.alike,
        served.older,
        served.retired,
        served.edited,
        served.failures.len()
    );
    assert!(served.failures.is_empty(), "{:#?}", served.failures);
    assert!(served.alike >= 50);
}

/// What the Node client's own tests ask for that has no success: part of the request, the status.
const REFUSED: &[(&str, u16, &str)] = &[
    ("customer_notes/con_", 404, "a contact's uuid as a note's"),
    ("opportunities/cus_", 404, "a customer's uuid as an opportunity's"),
    ("\"status\":\"invalid\"", 422, "no state of an invoice"),
    ("inv_nonexistent", 422, "no uuid"),
    ("inv_err_001", 422, "no uuid"),
    ("subscription_events/999", 404, "an event that does not exist"),
    ("metrics/all?email=", 400, "without its range of days"),
];

#[test]
fn every_request_of_the_node_clients_tests_is_understood() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chartmogul/node-requests.json");
    let requests: Vec<Map<String, Value>> =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut answered, mut refused, mut failures) = (0, 0, Vec::new());
    for request in &requests {
        let target = request["target"].as_str().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body =
            if request["body"].is_null() { String::new() } else { request["body"].to_string() };
        let name = request["method"].as_str().unwrap();
        let mut world = World::new(ChartmogulGeneration::September2026);
        let (status, _, shown) = world.play(name, path, query, &body);
        let expected =
            REFUSED.iter().find(|(part, ..)| format!("{name} {target} {body}").contains(part));
        match expected {
            None if (200..300).contains(&status) => answered += 1,
            Some((_, expected, _)) if *expected == status => refused += 1,
            _ => failures.push(format!("{name} {target} {body}: {status} {shown}")),
        }
    }
    totals::tell(
        "ChartMogul's Node.js client",
        &format!(
            "{} requests of its own tests sent to the sandbox, {answered} answered 2xx, {refused} refused with the documented error",
            requests.len()
        ),
    );
    for (part, status, reason) in REFUSED {
        println!("  {status} {part}: {reason}");
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Rows that no request of other people reaches, with parameters for the world.
fn own_requests() -> Vec<(&'static str, Value)> {
    vec![
        (
            "dataSources.empty",
            json!({"data_source_uuid": "ds_00000000-0000-0000-0000-000000000000"}),
        ),
        (
            "customers.createContact",
            json!({
                "customer_uuid": "cus_00000000-0000-0000-0000-000000000000",
                "data_source_uuid": "ds_00000000-0000-0000-0000-000000000000",
            }),
        ),
        (
            "notes.update",
            json!({"note_uuid": "note_00000000-0000-0000-0000-000000000000", "text": "x"}),
        ),
        (
            "subscriptionEvents.setDisabledByExternalId",
            json!({"data_source_uuid": "ds_00000000-0000-0000-0000-000000000000", "external_id": "world_event_1", "disabled": true}),
        ),
    ]
}

/// Calls a row in a new world; gives what was wrong with the answer.
fn call(
    endpoint: &'static Endpoint,
    given: &Parameters,
    generation: ChartmogulGeneration,
) -> Result<(), String> {
    let mut world = World::new(generation);
    world.prepare(endpoint.path);
    let parameters = Value::Object(given.clone());
    let replaced = world.body(endpoint.method.name(), endpoint.path, &parameters);
    let Value::Object(mut replaced) = replaced else { return Err("no object".to_owned()) };
    for (name, value) in [
        ("task_uuid", &world.tasks[0]),
        ("opportunity_uuid", &world.opportunities[0]),
        ("export_id", &world.exports[0]),
    ] {
        replaced.entry(name).and_modify(|given| *given = json!(value));
    }
    for (name, value) in [("import_id", "world_import"), ("invoice_external_id", "world_invoice_1")]
    {
        replaced.entry(name).and_modify(|given| *given = json!(value));
    }
    if replaced.get("data_source_uuid").and_then(Value::as_str).is_some_and(is_uuid) {
        replaced.insert("data_source_uuid".into(), json!(world.sources[0]));
    }
    if replaced.contains_key("subscription_event_id") {
        let id: Value = serde_json::from_str(&world.event).unwrap();
        replaced.insert("subscription_event_id".into(), id);
    }
    if endpoint.query.iter().any(|field| field.name == "external_id") {
        let known = match endpoint.group() {
            "invoices" => "world_invoice_1",
            "lineItems" => "world_line_item_1",
            "transactions" => "world_transaction_1",
            _ => "unknown",
        };
        replaced.entry("external_id").and_modify(|given| *given = json!(known));
    }
    if endpoint.name == "customers.search" {
        replaced.insert("email".into(), json!(EMAIL));
    }
    replaced.remove("cursor");
    let key = world.sandbox.credentials().chartmogul_key.clone();
    let client = super::client_with(&key);
    let world = std::cell::RefCell::new(world);
    let answer = std::cell::RefCell::new(Value::Null);
    let host = Recorder::answering(|request, _| {
        let mut world = world.borrow_mut();
        world.now += 10;
        let now = world.now;
        let response = world.sandbox.handle(request, now).response;
        *answer.borrow_mut() = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        response
    });
    run_future(client.value(&host, endpoint, replaced)).map_err(|error| error.to_string())?;
    let body = answer.borrow();
    let problems = if body.is_null() { Vec::new() } else { super::undeclared(endpoint, &body) };
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

#[test]
fn every_row_is_served_and_read() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chartmogul/node-requests.json");
    let requests: Vec<Map<String, Value>> =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut recordings = extract();
    recordings.retain(|recording| recording.status < 300);
    recordings.extend(requests.iter().map(|request| {
        let target = request["target"].as_str().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Recording {
            file: target.to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: if request["body"].is_null() {
                String::new()
            } else {
                request["body"].to_string()
            },
            status: 200,
            response: String::new(),
            year: 2026,
        }
    }));
    let mut served: BTreeMap<&str, Result<(), String>> = BTreeMap::new();
    let mut attempt = |endpoint: &'static Endpoint, parameters: &Parameters| {
        if served.get(endpoint.name).is_none_or(Result::is_err) {
            let answer = call(endpoint, parameters, ChartmogulGeneration::September2026);
            served.insert(endpoint.name, answer);
        }
    };
    for recording in &recordings {
        if let Some((endpoint, path)) = super::row(&recording.method, &recording.path) {
            attempt(endpoint, &super::parameters(endpoint, path, recording).0);
        }
    }
    for (name, parameters) in own_requests() {
        attempt(chartmogul::find(name).unwrap(), parameters.as_object().unwrap());
    }
    let rows: Vec<_> = chartmogul::endpoints().filter(|endpoint| !endpoint.composed).collect();
    let silent = rows
        .iter()
        .filter(|row| !served.contains_key(row.name))
        .map(|row| format!("{}: not tried", row.name));
    let failed = served
        .iter()
        .filter_map(|(name, answer)| Some(format!("{name}: {}", answer.as_ref().err()?)));
    let failures: Vec<String> = silent.chain(failed).collect();
    let read = rows.len() - failures.len();
    totals::tell(
        "ChartMogul against the sandbox",
        &format!("{read} of {} rows answered and read", rows.len()),
    );
    assert!(failures.is_empty(), "{failures:#?}");
}
