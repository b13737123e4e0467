//! ChartMogul's rows against recorded traffic: each recorded request can be produced from its row,
//! each recorded response is read and holds nothing that the row does not declare.

mod recording;
mod served;
mod shape;
mod table;
mod world;

use ghl_chartmogul::chartmogul;
use ghl_chartmogul::endpoint::{Endpoint, Kind, Outcome};
use ghl_chartmogul::error::Code;
use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Parameters, Secret};
use serde_json::{Value, json};

use crate::recorder::{Recorder, run as run_future};
use crate::totals;
use recording::{Recording, extract, reference};
use table::{Checked, Table};

/// Paths of before 2017, and one of before December 2023: no longer documented.
const RETIRED: &[&str] =
    &["/v1/import/data_sources", "/v1/import/customers", "/v1/import/plans", "/data_platform/"];

/// What a list has beside its records.
const ENVELOPE: &[&str] = &[
    "cursor",
    "has_more",
    "current_page",
    "total_pages",
    "per_page",
    "page",
    "customer_uuid",
    "meta",
];

fn client() -> Client {
    client_with("canary")
}

fn client_with(key: &str) -> Client {
    Client::new(ClientConfig {
        profile: &chartmogul::PROFILE,
        base_url: None,
        secret: Secret::new(key),
        location_id: None,
        api_version: GhlVersion::Dated,
        timeout_ms: None,
    })
    .unwrap()
}

/// The row that serves a path: of those that fit, the one with the most literal segments.
fn row(method: &str, path: &str) -> Option<(&'static Endpoint, Parameters)> {
    let given: Vec<&str> = path.split('/').collect();
    chartmogul::endpoints()
        .filter(|endpoint| endpoint.method.name() == method && !endpoint.composed)
        .filter_map(|endpoint| {
            let template: Vec<&str> = endpoint.path.split('/').collect();
            let mut parameters = Parameters::new();
            let mut literal = 0;
            for (expected, given) in template.iter().zip(&given) {
                match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => {
                        parameters.insert(name.to_owned(), json!(given));
                    }
                    None if expected == given => literal += 1,
                    None => return None,
                }
            }
            (template.len() == given.len()).then_some((literal, endpoint, parameters))
        })
        .max_by_key(|(literal, ..)| *literal)
        .map(|(_, endpoint, parameters)| (endpoint, parameters))
}

/// A query's text as the value that a caller would give.
fn typed(endpoint: &Endpoint, name: &str, text: &str) -> Value {
    let field = endpoint.query.iter().find(|field| field.name == name);
    match field.map(|field| field.of.kind) {
        Some(Kind::Integer | Kind::Number | Kind::Boolean) => serde_json::from_str(text).unwrap(),
        _ => json!(text),
    }
}

/// The parameters that stand for a recorded request, and why it cannot be produced, where it cannot.
fn parameters(
    endpoint: &'static Endpoint,
    mut parameters: Parameters,
    recording: &Recording,
) -> (Parameters, Option<&'static str>) {
    let mut exempt = None;
    for (name, value) in recording.query_pairs() {
        if name == "page" {
            exempt = Some("offset paging, deprecated in 2023: left out on purpose");
        } else if name.starts_with("subscription_event[") {
            exempt = Some("the Ruby client puts in the query what the others put in the body");
            parameters
                .insert("subscription_event".into(), json!({"id": value.parse::<i64>().unwrap()}));
        } else {
            let value = typed(endpoint, &name, &value);
            parameters.insert(name, value);
        }
    }
    if recording.is_multipart() {
        parameters.extend(recording.form());
        return (
            parameters,
            Some("a form: boundary and headers of its parts are the client's own"),
        );
    }
    match recording.body_value() {
        Value::Object(body) => {
            if body.is_empty() && endpoint.method == Method::Patch {
                exempt = Some("an empty PATCH changes nothing and is refused before sending");
            }
            if endpoint.method == Method::Get && recording.body == "{}" {
                exempt = Some("a GET with a body, from 2016");
            }
            for (name, value) in body {
                if parameters.contains_key(&name) {
                    exempt = Some("the Ruby client repeats an id of the path in the body");
                } else {
                    parameters.insert(name, value);
                }
            }
        }
        Value::Null => {
            if endpoint.body.is_some_and(|body| body.fields.iter().any(|field| field.required)) {
                exempt = exempt.or(Some("the recording has lost its body"));
            } else if endpoint.method == Method::Patch && recording.body.is_empty() {
                exempt = Some("the recording has lost its body");
            }
        }
        other => panic!("{}: a body of another form: {other}", recording.file),
    }
    (parameters, exempt)
}

/// What differs between a request of ours and the recorded one.
fn difference(request: &Request, recording: &Recording) -> Option<String> {
    let url = request.url.strip_prefix("https://api.chartmogul.com").unwrap();
    let expected = if recording.query.is_empty() {
        recording.path.clone()
    } else {
        format!("{}?{}", recording.path, recording.query)
    };
    if url != expected {
        return Some(format!("{url} instead of {expected}"));
    }
    let ours: Value = match request.body.as_slice() {
        [] => Value::Null,
        body => serde_json::from_slice(body).unwrap(),
    };
    let theirs = recording.body_value();
    (ours != theirs).then(|| format!("body {ours} instead of {theirs}"))
}

/// Checks one recording. The fallback is used where a recorded request is refused before sending.
fn check(recording: &Recording, fallback: Option<&Parameters>) -> Checked {
    let Some((endpoint, path)) = row(&recording.method, &recording.path) else {
        let retired = RETIRED.iter().any(|retired| recording.path.starts_with(retired))
            || recording.path.contains("/notes");
        let reason = if retired { Ok("a retired path") } else { Err("no row".to_owned()) };
        return Checked {
            name: None,
            request: reason.map(Some),
            response: Ok(reason_text(retired)),
        };
    };
    let (given, exempt) = parameters(endpoint, path, recording);
    let host = Recorder::answering(|_, _| recording.as_response());
    let client = client();
    let mut answer = run_future(client.value(&host, endpoint, given.clone()));
    let mut sent = host.request();
    let mut request = match (&sent, exempt) {
        (_, Some(reason)) => Ok(Some(reason)),
        (Some(request), None) => difference(request, recording).map_or(Ok(None), Err),
        (None, None) => match &answer {
            Err(error) if error.code == Code::InvalidArgument && recording.status >= 400 => {
                Ok(Some("invalid on purpose: refused before sending"))
            }
            other => Err(format!("not sent: {other:?}")),
        },
    };
    if sent.is_none()
        && let Some(fallback) = fallback
    {
        answer = run_future(client.value(&host, endpoint, fallback.clone()));
        sent = host.request();
    }
    if request.is_ok() && sent.is_none() {
        return Checked {
            name: Some(endpoint.name),
            request,
            response: Ok(Some("no request to answer")),
        };
    }
    if format!("{sent:?} {answer:?}").contains("canary") {
        request = Err("shows the key".to_owned());
    }
    Checked {
        name: Some(endpoint.name),
        request,
        response: read(endpoint, recording, answer.err()),
    }
}

fn reason_text(retired: bool) -> Option<&'static str> {
    retired.then_some("a retired path")
}

/// Whether the recorded response was read as what it is, with every property declared.
fn read(
    endpoint: &'static Endpoint,
    recording: &Recording,
    error: Option<ghl_chartmogul::error::Error>,
) -> Result<Option<&'static str>, String> {
    let expected: &[Code] = match recording.status {
        200..=299 | 304 => &[],
        400 => &[Code::Rejected],
        401 => &[Code::Unauthorized],
        404 => &[Code::NotFound],
        422 => &[Code::Rejected, Code::Duplicate],
        other => return Err(format!("status {other}")),
    };
    match error {
        Some(error) if expected.contains(&error.code) => return Ok(None),
        Some(error) => return Err(error.to_string()),
        None if !expected.is_empty() => return Err("read as a success".to_owned()),
        None => {}
    }
    let Ok(body) = serde_json::from_str::<Value>(&recording.response) else { return Ok(None) };
    let problems = undeclared(endpoint, &body);
    if problems.is_empty() { Ok(None) } else { Err(problems.join("; ")) }
}

/// What an answer's body holds that its row does not declare.
fn undeclared(endpoint: &'static Endpoint, body: &Value) -> Vec<String> {
    match endpoint.result {
        Outcome::Nothing | Outcome::Bytes => Vec::new(),
        Outcome::One { key: "", of } => shape::undeclared(&of.unwrap(), body),
        Outcome::One { key, of } => {
            let value = match key.strip_suffix('?') {
                Some(list) => body.get(list).map_or(body, |list| &list[0]),
                None => &body[key],
            };
            shape::undeclared(&of.unwrap(), value)
        }
        Outcome::List { key, of } => {
            let beside = body.as_object().unwrap().keys();
            let unknown = beside.filter(|name| *name != key && !ENVELOPE.contains(&name.as_str()));
            let mut problems: Vec<String> =
                unknown.map(|name| format!("beside the list: {name}")).collect();
            let items = body[key].as_array().unwrap();
            problems.extend(items.iter().flat_map(|item| shape::undeclared(&of.unwrap(), item)));
            problems
        }
    }
}

/// Checks all; a row's first request that is sent stands in for those that are refused.
fn run(recordings: &[Recording]) -> Table {
    let mut table = Table::default();
    for recording in recordings {
        let fallback = recordings
            .iter()
            .filter(|other| other.status < 300)
            .filter_map(|other| Some((other, row(&other.method, &other.path)?)))
            .filter(|(_, (endpoint, _))| {
                row(&recording.method, &recording.path)
                    .is_some_and(|(own, _)| own.name == endpoint.name)
            })
            .map(|(other, (endpoint, path))| parameters(endpoint, path, other))
            .find_map(|(parameters, exempt)| exempt.is_none().then_some(parameters));
        table.add(recording, check(recording, fallback.as_ref()));
    }
    table
}

#[test]
fn the_extracts_requests_are_produced_and_its_responses_read() {
    let table = run(&extract());
    println!("ChartMogul: the extract\n{table}");
    assert!(table.failures.is_empty(), "{:#?}", table.failures);
    assert!(table.requests >= 60, "{} requests", table.requests);
}

#[test]
fn every_recorded_request_is_produced_and_every_response_read() {
    let Some(recordings) = reference() else {
        println!("skipped: REFERENCE_DIR is not set");
        return;
    };
    let table = run(&recordings);
    println!("{table}");
    totals::tell("ChartMogul against the recordings", &table.total());
    assert!(table.failures.is_empty(), "{:#?}", table.failures);
    let extract = extract();
    for entry in &extract {
        let original = recordings.iter().find(|recording| recording.file == entry.file);
        assert_eq!(original, Some(entry), "the extract differs from the recording");
    }
}

/// The known endpoints have their rows, with every parameter on record.
#[test]
fn every_known_endpoint_has_a_row_with_all_its_parameters() {
    let Some(known) = recording::known_endpoints() else {
        println!("skipped: REFERENCE_DIR is not set");
        return;
    };
    let mut missing = Vec::new();
    for endpoint in &known {
        let text = |name: &str| endpoint[name].as_str().unwrap();
        let sample = text("path").replace(['{', '}'], "");
        let Some((row, _)) = row(text("method"), &sample) else {
            missing.push(format!("{} {}: no row", text("method"), text("path")));
            continue;
        };
        let query = row.query.iter().map(|field| field.name);
        let body = row.body.iter().flat_map(|model| model.fields).map(|field| field.name);
        let has: Vec<&str> = query.chain(body).collect();
        let list = |name: &str| endpoint[name].as_array().cloned().unwrap_or_default();
        let names = ["query", "body_required", "body_optional"].into_iter().flat_map(list);
        for name in names {
            // `subscription_event{...}`, `custom[]`, `one | other`.
            let outer = name.as_str().unwrap().split(['{', '[']).next().unwrap();
            for alternative in outer.split(" | ") {
                let plain: String = alternative
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || "_-".contains(*letter))
                    .collect();
                if !has.contains(&plain.as_str()) {
                    missing.push(format!("{}: {plain}", row.name));
                }
            }
        }
        let paged = endpoint["paginated"].as_bool().unwrap();
        if paged != (row.paging == ghl_chartmogul::endpoint::Paging::Cursor) {
            missing.push(format!("{}: paging", row.name));
        }
    }
    let rows = chartmogul::endpoints().filter(|endpoint| !endpoint.composed).count();
    totals::tell(
        "ChartMogul's endpoints",
        &format!("{rows} rows for {} known endpoints", known.len()),
    );
    assert!(missing.is_empty(), "{missing:#?}");
}
