//! Each row of GHL's table against the official OpenAPI files, in both generations: what the client
//! sends is valid there, with no property that they do not know; what they say is offered and read.
//!
//! With `REFERENCE_DIR` set, all rows are checked against the files themselves, and the extract in
//! `tests/fixtures` too. Without it, the extract stands in for the rows of the sync. The extract is
//! written anew by `GHL_EXTRACT=write`.

mod answers;
mod exemptions;
mod matrix;
mod specification;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use ghl_chartmogul::endpoint::example::{self, Amount};
use ghl_chartmogul::endpoint::{Endpoint, Kind, Outcome, Paging, Type, object};
use ghl_chartmogul::ghl;
use ghl_chartmogul::host::Request;

use crate::totals;
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Secret};
use serde_json::{Value, json};

use crate::recorder::{Recorder, run};
use exemptions::EXEMPTIONS;
use specification::{Operation, Operations};

/// Groups whose rows the extract holds.
const EXTRACTED: [&str; 4] = ["contacts", "tasks", "notes", "customFields"];

/// What does not agree: where, and what.
type Findings = BTreeMap<String, String>;

#[test]
fn every_row_agrees_with_the_official_documents() {
    let extract = extract_path();
    let (generations, complete) = documents();
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    let (mut rows, mut requests, mut exempt) = (0, 0, 0);
    for endpoint in ghl::endpoints() {
        if !complete && !EXTRACTED.contains(&endpoint.group()) {
            continue;
        }
        rows += 1;
        if endpoint.composed {
            println!("{:<34}made of other rows; tested beside its code", endpoint.name);
            continue;
        }
        let mut cells = Vec::new();
        for (operations, v3) in generations.iter().zip([false, true]) {
            let check = check(endpoint, operations, v3);
            requests += check.requests;
            let mut open = 0;
            for (place, finding) in check.findings {
                let exemption = EXEMPTIONS.iter().position(|exemption| {
                    exemption.row == endpoint.name && place.starts_with(exemption.place)
                });
                match exemption {
                    Some(index) => {
                        used.insert(index);
                        exempt += 1;
                    }
                    None => {
                        open += 1;
                        let generation = if v3 { "v3" } else { "dated" };
                        problems
                            .push(format!("{} ({generation}) {place}: {finding}", endpoint.name));
                    }
                }
            }
            cells.push(match (check.gone, open) {
                (true, 0) => "gone".to_owned(),
                (_, 0) => format!("{} ok", check.requests),
                _ => format!("{open} wrong"),
            });
        }
        println!(
            "{:<34}{:<8}{:<8}{} {}",
            endpoint.name,
            cells[0],
            cells[1],
            endpoint.method.name(),
            endpoint.path
        );
    }
    for exemption in used.iter().map(|index| &EXEMPTIONS[*index]) {
        println!("exempt: {} {}: {}", exemption.row, exemption.place, exemption.reason);
    }
    let total = format!(
        "{rows} rows, {requests} requests checked in both generations, {exempt} findings exempt with a reason"
    );
    if std::env::var_os("REFERENCE_DIR").is_some() {
        totals::tell("GHL against the official documents", &total);
    } else {
        println!("GHL against the extract: {total}");
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    for (index, exemption) in EXEMPTIONS.iter().enumerate() {
        assert!(!complete || used.contains(&index), "no longer needed: {exemption:?}");
    }
    if complete {
        assert_extract(&extract, &generations);
    }
}

/// What the documents say of the rows in both generations, and whether they are all there.
fn documents() -> ([Operations; 2], bool) {
    match env::var_os("REFERENCE_DIR") {
        Some(folder) => {
            (specification::load(&Path::new(&folder).join("specs/ghl"), &wanted()), true)
        }
        None => {
            println!("REFERENCE_DIR is not set: only the rows of the sync are checked");
            (serde_json::from_slice(&fs::read(extract_path()).unwrap()).unwrap(), false)
        }
    }
}

#[test]
fn the_catalogue_is_whole() {
    let Some(folder) = env::var_os("REFERENCE_DIR") else {
        println!("REFERENCE_DIR is not set: the catalogue is not compared");
        return;
    };
    let seed = fs::read(Path::new(&folder).join("seed-operations.json")).unwrap();
    let seed: Value = serde_json::from_slice(&seed).unwrap();
    let mut missing = Vec::new();
    let operations = seed["operations"].as_array().unwrap();
    for operation in operations {
        let text = |key: &str| operation[key].as_str().unwrap();
        let found = ghl::endpoints().any(|endpoint| {
            endpoint.catalogue.iter().any(|entry| {
                entry.name == text("name")
                    && entry.category == text("category")
                    && entry.kind.name() == text("kind")
            }) && endpoint.method.name() == text("method")
                && endpoint.path == text("path")
        });
        if !found {
            missing.push(format!("{} {} {}", text("name"), text("method"), text("path")));
        }
    }
    let found = operations.len() - missing.len();
    totals::tell("GHL's catalogue", &format!("{found} of {} operations", operations.len()));
    assert!(missing.is_empty(), "{missing:#?}");
    let entries: usize = ghl::endpoints().map(|endpoint| endpoint.catalogue.len()).sum();
    assert_eq!(entries, operations.len(), "a row names what the catalogue does not have");
}

/// What checking a row in one generation gave.
#[derive(Default)]
struct Check {
    requests: usize,
    gone: bool,
    findings: Findings,
}

fn check(endpoint: &'static Endpoint, operations: &Operations, v3: bool) -> Check {
    let mut check = Check::default();
    let path = endpoint.v3.path.filter(|_| v3).unwrap_or(endpoint.path);
    let operation = operations.get(&format!("{} {path}", endpoint.method.name()));
    let operation = match (operation, v3 && !endpoint.v3.exists) {
        (None, true) => {
            check.gone = true;
            return check;
        }
        (Some(operation), false) => operation,
        (Some(_), true) => {
            check.findings.insert("path".to_owned(), "v3 has it after all".to_owned());
            return check;
        }
        (None, false) => {
            check.findings.insert("path".to_owned(), format!("no {path} in the documents"));
            return check;
        }
    };
    let declared: Vec<&str> = operation.scopes.iter().map(String::as_str).collect();
    if declared != endpoint.scopes {
        check.findings.insert("scopes".to_owned(), format!("documents: {declared:?}"));
    }
    for amount in [Amount::Least, Amount::Most, Amount::Nulls] {
        send(endpoint, operation, amount, v3, &mut check);
    }
    let findings = &mut check.findings;
    for parameter in &operation.query {
        let name = dated(endpoint, &parameter.name);
        let place = format!("query {}", parameter.name);
        match endpoint.query.find(name) {
            Some(field) => limits(endpoint, &field.of, &parameter.schema, &place, findings),
            None => {
                findings.insert(place, "the row does not offer it".to_owned());
            }
        }
    }
    if let (Some(schema), Some(body)) = (&operation.body, endpoint.body) {
        if schema["type"] == "object"
            && schema.get("properties").is_none()
            && body.fields.iter().next().is_some()
        {
            findings.insert("body".to_owned(), "documents declare no property".to_owned());
        }
        let of =
            if endpoint.bare_body { body.fields.iter().next().unwrap().of } else { object(body) };
        unknown(endpoint, &of, schema, "body", "the row does not offer it", findings);
        limits(endpoint, &of, schema, "body", findings);
    }
    match (&operation.response, &endpoint.result) {
        (Some(schema), Outcome::One { key, of: Some(of) }) => match under(schema, key) {
            Some(schema) => {
                unknown(endpoint, of, schema, "response", "the row does not know it", findings)
            }
            None => {
                findings.insert("response".to_owned(), format!("documents have no `{key}`"));
            }
        },
        (Some(schema), Outcome::List { key, of: Some(of) }) => match under(schema, key) {
            Some(schema) if schema["type"] == "array" => {
                unknown(
                    endpoint,
                    of,
                    &schema["items"],
                    "response",
                    "the row does not know it",
                    findings,
                );
            }
            _ => {
                findings.insert("response".to_owned(), format!("documents have no list `{key}`"));
            }
        },
        _ => {}
    }
    check
}

/// Sends one request to nowhere, and checks it and how its answer is read.
fn send(
    endpoint: &'static Endpoint,
    operation: &Operation,
    amount: Amount,
    v3: bool,
    check: &mut Check,
) {
    let client = Client::new(ClientConfig {
        profile: &ghl::PROFILE,
        base_url: None,
        secret: Secret::new("pit-0"),
        location_id: Some("location".to_owned()),
        api_version: if v3 { GhlVersion::V3 } else { GhlVersion::Dated },
        timeout_ms: None,
    })
    .unwrap();
    let answer = operation.response.as_ref().map_or_else(|| json!({}), specification::answer);
    let recorder = Recorder::new(&answer);
    let parameters = example::parameters(endpoint, amount, v3);
    let outcome = match (endpoint.paging, &endpoint.result) {
        (Paging::None, Outcome::Bytes) => {
            run(client.call(&recorder, endpoint, parameters)).map(|_| ())
        }
        (Paging::None, _) => run(client.value(&recorder, endpoint, parameters)).map(|_| ()),
        _ => run(client.page(&recorder, endpoint, parameters, None)).map(|_| ()),
    };
    let Some(request) = recorder.request() else {
        let problem = outcome.err().map_or_else(String::new, |error| error.to_string());
        check.findings.insert("request".to_owned(), format!("{amount:?}: refused: {problem}"));
        return;
    };
    check.requests += 1;
    if let (Err(error), Some(_)) = (outcome, &operation.response) {
        check.findings.insert("answer".to_owned(), format!("not read: {error}"));
    }
    let findings = &mut check.findings;
    version(&request, operation, findings);
    query(&request, operation, findings);
    body(&request, operation, findings);
}

fn version(request: &Request, operation: &Operation, findings: &mut Findings) {
    let sent = request.headers.iter().find(|(name, _)| name == "version").map(|(_, value)| value);
    if !sent.is_some_and(|sent| operation.versions.contains(sent)) {
        findings.insert("version".to_owned(), format!("{sent:?} of {:?}", operation.versions));
    }
}

fn query(request: &Request, operation: &Operation, findings: &mut Findings) {
    let (_, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        sent.entry(decode(name).trim_end_matches("[]").to_owned()).or_default().push(decode(value));
    }
    for parameter in &operation.query {
        if parameter.required && !sent.contains_key(&parameter.name) {
            findings.insert(format!("query {}", parameter.name), "needed, and not sent".to_owned());
        }
    }
    for (name, values) in sent {
        let Some(parameter) = operation.query.iter().find(|parameter| parameter.name == name)
        else {
            findings.insert(format!("query {name}"), "documents do not know it".to_owned());
            continue;
        };
        let plain = |text: &String| match parameter.schema["type"].as_str() {
            Some("number" | "integer" | "boolean") => {
                serde_json::from_str(text).unwrap_or(Value::Null)
            }
            _ => json!(text),
        };
        let value = match parameter.schema["type"].as_str() {
            Some("array") => values.iter().map(|text| json!(text)).collect(),
            _ => plain(&values[0]),
        };
        if let Err(problem) = jsonschema::validate(&parameter.schema, &value) {
            findings.insert(format!("query {name}"), problem.to_string());
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'%' => {
                bytes.push(
                    u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap(),
                );
                rest = &after[2..];
            }
            b'+' => {
                bytes.push(b' ');
                rest = after;
            }
            other => {
                bytes.push(other);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn body(request: &Request, operation: &Operation, findings: &mut Findings) {
    let Some(schema) = &operation.body else {
        if !request.body.is_empty() {
            findings.insert("body".to_owned(), "documents have none".to_owned());
        }
        return;
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    for problem in jsonschema::validator_for(schema).unwrap().iter_errors(&body) {
        findings.insert(format!("body{}", problem.instance_path()), problem.to_string());
    }
}

/// The row's name of what v3 spells differently.
fn dated<'a>(endpoint: &'a Endpoint, name: &'a str) -> &'a str {
    let renamed = endpoint.v3.renamed.iter();
    renamed.copied().find(|(_, v3)| *v3 == name).map_or(name, |(dated, _)| dated)
}

/// The schema under a path of keys, of which each may name several spellings.
fn under<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(schema);
    }
    let (names, rest) = path.split_once('.').unwrap_or((path, ""));
    let found = names.split('|').find_map(|name| schema["properties"].get(name))?;
    if found["type"] == "array" { Some(found) } else { under(found, rest) }
}

/// Collects the properties of a schema that a type does not have.
fn unknown(
    endpoint: &Endpoint,
    of: &Type,
    schema: &Value,
    place: &str,
    say: &str,
    findings: &mut Findings,
) {
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        unknown(endpoint, of, choice, place, say, findings);
    }
    match of.kind {
        Kind::Object(model) => {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let place = format!("{place}/{name}");
                let field = model.fields.iter().find(|field| field.name == name).or_else(|| {
                    let dated = dated(endpoint, name);
                    model.fields.iter().find(|field| field.name == dated)
                });
                match field {
                    Some(field) => unknown(endpoint, &field.of, schema, &place, say, findings),
                    None => {
                        findings.insert(place, say.to_owned());
                    }
                }
            }
        }
        Kind::List(of) => unknown(endpoint, of, &schema["items"], place, say, findings),
        Kind::Either(types) => {
            let mut least: Option<Findings> = None;
            for of in types {
                let mut found = Findings::new();
                unknown(endpoint, of, schema, place, say, &mut found);
                if least.as_ref().is_none_or(|least| found.len() < least.len()) {
                    least = Some(found);
                }
            }
            findings.extend(least.into_iter().flatten());
        }
        _ => {}
    }
}

/// Collects what the documents refuse and a row lets through: texts beyond a closed list, numbers
/// out of their range, more characters or items than are taken. And texts of a closed list that the
/// row refuses.
fn limits(endpoint: &Endpoint, of: &Type, schema: &Value, place: &str, findings: &mut Findings) {
    let closed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let unlike = match of.kind {
        Kind::Text | Kind::Suggested(_) => closed.count() > 0,
        Kind::OneOf(texts) => closed.into_iter().any(|text| !texts.contains(&text)),
        _ => false,
    };
    if unlike {
        findings.insert(place.to_owned(), format!("documents: one of {}", schema["enum"]));
    }
    for limit in ["maximum", "maxLength", "maxItems"] {
        let most = schema[limit].as_u64().filter(|most| *most != u64::from(of.at_most));
        if let Some(most) = most {
            findings.insert(place.to_owned(), format!("documents: {limit} {most}"));
        }
    }
    let least = schema["minimum"].as_u64().unwrap_or_default();
    if schema.get("maximum").is_some() && least != u64::from(of.at_least) {
        findings.insert(place.to_owned(), format!("documents: minimum {least}"));
    }
    match of.kind {
        Kind::Object(model) => {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let field = model.fields.find(name);
                if let Some(field) = field.or_else(|| model.fields.find(dated(endpoint, name))) {
                    limits(endpoint, &field.of, schema, &format!("{place}/{name}"), findings);
                }
            }
        }
        Kind::List(of) => limits(endpoint, of, &schema["items"], place, findings),
        _ => {}
    }
}

/// Method and path of every row, in both generations.
fn wanted() -> BTreeSet<String> {
    let paths = ghl::endpoints().flat_map(|endpoint| {
        let paths = [Some(endpoint.path), endpoint.v3.path];
        paths.into_iter().flatten().map(|path| format!("{} {path}", endpoint.method.name()))
    });
    paths.collect()
}

fn extract_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ghl-openapi.json")
}

/// The extract holds what the documents say of the sync's rows: names and types.
fn assert_extract(path: &Path, generations: &[Operations; 2]) {
    let rows = || ghl::endpoints().filter(|endpoint| EXTRACTED.contains(&endpoint.group()));
    let extract = generations.iter().zip([false, true]).map(|(operations, v3)| {
        rows()
            .filter_map(|endpoint| {
                let path = endpoint.v3.path.filter(|_| v3).unwrap_or(endpoint.path);
                let key = format!("{} {path}", endpoint.method.name());
                let mut operation = operations.get(&key)?.clone();
                operation.body = operation.body.as_ref().map(specification::without_examples);
                operation.response =
                    operation.response.as_ref().map(specification::without_examples);
                for parameter in &mut operation.query {
                    parameter.schema = specification::without_examples(&parameter.schema);
                }
                Some((key, operation))
            })
            .collect::<Operations>()
    });
    let lines = extract.map(|operations| {
        let lines = operations.iter().map(|(key, operation)| {
            format!("{}:{}", json!(key), serde_json::to_string(operation).unwrap())
        });
        format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
    });
    let text = format!("[{}]\n", lines.collect::<Vec<_>>().join(","));
    if env::var_os("GHL_EXTRACT").is_some_and(|value| value == "write") {
        fs::write(path, text).unwrap();
    } else {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let same = fs::read_to_string(path).is_ok_and(|present| value(&present) == value(&text));
        assert!(
            same,
            "{} is not what the documents say: GHL_EXTRACT=write writes it anew",
            path.display()
        );
    }
}
