//! Extracts what the official OpenAPI files let through (operations, scopes, names and types of query and
//! body properties) into the sandbox's `operations.json`, and fails when the two differ.
//!
//! Needs the reference folder; run with `UPDATE_SANDBOX_RULES=1` to write the extract anew.
#![cfg(feature = "sandbox")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

const EXTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/ghl/operations.json");

/// Operations beyond the catalogue that a sync, or the tests of one, need: (file, method, path).
const BEYOND_THE_CATALOGUE: &[(&str, &str, &str)] = &[
    ("locations", "post", "/locations/{locationId}/tasks/search"),
    ("locations", "put", "/locations/{locationId}"),
    ("locations", "get", "/locations/{locationId}/customValues"),
    ("locations", "get", "/locations/{locationId}/tags"),
    ("locations", "post", "/locations/{locationId}/tags"),
    ("locations", "get", "/locations/{locationId}/tags/{tagId}"),
    ("locations", "put", "/locations/{locationId}/tags/{tagId}"),
    ("locations", "delete", "/locations/{locationId}/tags/{tagId}"),
    ("locations", "post", "/locations/{locationId}/customFields"),
    ("locations", "get", "/locations/{locationId}/customFields/{id}"),
    ("locations", "put", "/locations/{locationId}/customFields/{id}"),
    ("locations", "delete", "/locations/{locationId}/customFields/{id}"),
    ("opportunities", "post", "/opportunities/search"),
    ("opportunities", "get", "/opportunities/lost-reason"),
    ("objects", "get", "/objects/"),
    ("objects", "get", "/objects/{key}"),
    ("objects", "post", "/objects/{schemaKey}/records"),
    ("objects", "post", "/objects/{schemaKey}/records/search"),
    ("objects", "get", "/objects/{schemaKey}/records/{id}"),
    ("objects", "put", "/objects/{schemaKey}/records/{id}"),
    ("objects", "delete", "/objects/{schemaKey}/records/{id}"),
    ("conversations", "post", "/conversations/"),
    ("conversations", "put", "/conversations/{conversationId}"),
    ("conversations", "delete", "/conversations/{conversationId}"),
    ("conversations", "post", "/conversations/messages"),
    ("conversations", "post", "/conversations/messages/inbound"),
    ("conversations", "get", "/conversations/messages/export"),
    // No row of the connector calls these: they are for other people's clients.
    ("conversations", "post", "/conversations/messages/outbound"),
    ("locations", "post", "/locations/{locationId}/customValues"),
    ("locations", "get", "/locations/{locationId}/customValues/{id}"),
    ("locations", "put", "/locations/{locationId}/customValues/{id}"),
    ("locations", "delete", "/locations/{locationId}/customValues/{id}"),
    ("locations", "get", "/locations/{locationId}/timezones"),
    ("custom-fields", "get", "/custom-fields/{id}"),
    ("custom-fields", "put", "/custom-fields/{id}"),
    ("custom-fields", "delete", "/custom-fields/{id}"),
    ("custom-fields", "get", "/custom-fields/object-key/{objectKey}"),
    ("custom-fields", "post", "/custom-fields/folder"),
    ("custom-fields", "put", "/custom-fields/folder/{id}"),
    ("custom-fields", "delete", "/custom-fields/folder/{id}"),
    ("custom-fields", "post", "/custom-fields/"),
    ("email-isv", "post", "/email/verify"),
    ("surveys", "get", "/surveys/submissions"),
    ("surveys", "get", "/surveys/"),
];

struct Spec {
    folder: PathBuf,
    files: BTreeMap<PathBuf, Value>,
}

impl Spec {
    fn file(&mut self, path: &Path) -> Value {
        self.files
            .entry(path.to_owned())
            .or_insert_with(|| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
            .clone()
    }

    /// Follows a reference: the file and the schema it leads to, and its name.
    fn follow(&mut self, from: &Path, reference: &str) -> (PathBuf, Value, String) {
        let (file, pointer) = reference.split_once('#').unwrap();
        let path = if file.is_empty() {
            from.to_owned()
        } else {
            normal(&from.parent().unwrap().join(file))
        };
        let schema =
            self.file(&path).pointer(pointer).unwrap_or_else(|| panic!("{reference}")).clone();
        // With its file: contacts and calendars both have a `NotesDTO`, and they differ.
        let stem = path.file_stem().unwrap().to_string_lossy().trim_end_matches("-v3").to_owned();
        let name = format!("{stem}.{}", pointer.rsplit('/').next().unwrap());
        (path, schema, name)
    }
}

fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

type Types = BTreeMap<String, Value>;

/// A schema in the extract's short form.
fn short(spec: &mut Spec, file: &Path, schema: &Value, types: &mut Types) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let (path, target, name) = spec.follow(file, reference);
        if !types.contains_key(&name) {
            types.insert(name.clone(), Value::Null);
            let of = short(spec, &path, &target, types);
            types.insert(name.clone(), of);
        }
        return json!(format!("#{name}"));
    }
    if let Some([only]) = schema["allOf"].as_array().map(Vec::as_slice) {
        return short(spec, file, only, types);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            let mut of: Vec<Value> = Vec::new();
            for choice in choices {
                let choice = short(spec, file, choice, types);
                if !of.contains(&choice) {
                    of.push(choice);
                }
            }
            return json!({ "any": of });
        }
    }
    let nullable = schema["nullable"] == true;
    match schema["type"].as_str() {
        Some("array") => json!({ "list": short(spec, file, &schema["items"], types) }),
        _ if schema["properties"].as_object().is_some_and(|of| !of.is_empty()) => {
            let mut fields = Map::new();
            for (name, of) in schema["properties"].as_object().unwrap() {
                fields.insert(name.clone(), short(spec, file, of, types));
            }
            with_required(fields, schema["required"].as_array())
        }
        // The list of scopes and languages of a user is long, changes often, and no rule depends on it.
        Some("string") if schema["enum"].as_array().is_some_and(|of| of.len() < 60) => {
            json!({ "enum": schema["enum"] })
        }
        Some(kind) if nullable => json!(format!("{kind}?")),
        Some(kind) => json!(kind),
        None => json!("any"),
    }
}

fn with_required(fields: Map<String, Value>, required: Option<&Vec<Value>>) -> Value {
    match required.filter(|required| !required.is_empty()) {
        Some(required) => json!({ "fields": fields, "required": required }),
        None => json!({ "fields": fields }),
    }
}

fn operation(spec: &mut Spec, file: &Path, operation: &Value, types: &mut Types) -> Value {
    let mut access = BTreeSet::new();
    let mut scopes = BTreeSet::new();
    for way in operation["security"].as_array().into_iter().flatten() {
        for (kind, needed) in way.as_object().unwrap() {
            access.insert(kind.clone());
            scopes.extend(
                needed.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()),
            );
        }
    }
    let mut extract = Map::new();
    extract.insert("access".into(), json!(access));
    extract.insert("scopes".into(), json!(scopes));
    let success =
        operation["responses"].as_object().unwrap().keys().find(|status| status.starts_with('2'));
    extract.insert(
        "success".into(),
        json!(success.map_or(200, |status| status.parse::<u16>().unwrap())),
    );
    let mut fields = Map::new();
    let mut required = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" {
            fields.insert(
                parameter["name"].as_str().unwrap().to_owned(),
                short(spec, file, &parameter["schema"], types),
            );
            if parameter["required"] == true {
                required.push(parameter["name"].clone());
            }
        }
    }
    extract.insert("query".into(), with_required(fields, Some(&required)));
    let content = &operation["requestBody"]["content"];
    if let Some(body) = content.as_object().and_then(|of| of.values().next()) {
        extract.insert("body".into(), short(spec, file, &body["schema"], types));
    }
    Value::Object(extract)
}

/// Where each operation stands: file (without `.json`), method in lower case, path.
fn operations(reference: &Path) -> BTreeSet<(String, String, String)> {
    let seed: Value =
        serde_json::from_slice(&std::fs::read(reference.join("seed-operations.json")).unwrap())
            .unwrap();
    let catalogue = seed["operations"].as_array().unwrap().iter().map(|operation| {
        let file = operation["specFile"].as_str().unwrap();
        (
            file.trim_start_matches("apps/").trim_end_matches(".json").to_owned(),
            operation["method"].as_str().unwrap().to_lowercase(),
            operation["path"].as_str().unwrap().to_owned(),
        )
    });
    let beyond = BEYOND_THE_CATALOGUE
        .iter()
        .map(|(file, method, path)| ((*file).to_owned(), (*method).to_owned(), (*path).to_owned()));
    catalogue.chain(beyond).collect()
}

/// The names that types reach from these extracts.
fn reached(extracts: &Value, types: &Types) -> Types {
    fn names(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.extend(text.strip_prefix('#').map(str::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| names(item, into)),
            Value::Object(of) => of.values().for_each(|value| names(value, into)),
            _ => {}
        }
    }
    let mut found = Types::new();
    let mut open = Vec::new();
    names(extracts, &mut open);
    while let Some(name) = open.pop() {
        if !found.contains_key(&name) {
            names(&types[&name], &mut open);
            found.insert(name.clone(), types[&name].clone());
        }
    }
    found
}

/// Paths that v3 renamed.
fn v3_path(path: &str) -> String {
    path.replace("/campaigns/removeAll", "/campaigns/remove-all")
}

fn extract(reference: &Path) -> Value {
    let folder = reference.join("specs/ghl/apps");
    let mut spec = Spec { folder: folder.clone(), files: BTreeMap::new() };
    let (mut types, mut types_v3) = (Types::new(), Types::new());
    let (mut v2, mut v3, mut gone) = (Map::new(), Map::new(), Vec::new());
    for (file, method, path) in operations(reference) {
        let key = format!("{} {path}", method.to_uppercase());
        let at = spec.folder.join(format!("{file}.json"));
        let row = spec.file(&at)["paths"][&path][&method].clone();
        assert!(row.is_object(), "{key} is not in {file}.json");
        let old = operation(&mut spec, &at, &row, &mut types);
        let at = spec.folder.join(format!("v3/{file}-v3.json"));
        let row = spec.file(&at)["paths"][v3_path(&path)][&method].clone();
        if row.is_object() {
            let new = operation(&mut spec, &at, &row, &mut types_v3);
            // Compared with names resolved, so that a renamed type alone does not count as a difference.
            if resolved(&new, &types_v3) != resolved(&old, &types) || v3_path(&path) != path {
                v3.insert(format!("{} {}", method.to_uppercase(), v3_path(&path)), new);
            }
        } else {
            gone.push(json!(key));
        }
        v2.insert(key, old);
    }
    let (v2, v3) = (Value::Object(v2), Value::Object(v3));
    json!({
        "source": "names and types of the official OpenAPI files, extracted by tests/sandbox_rules.rs",
        "v2": { "types": reached(&v2, &types), "operations": v2 },
        "v3": { "types": reached(&v3, &types_v3), "operations": v3, "gone": gone },
    })
}

fn resolved(value: &Value, types: &Types) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('#') {
            Some(name) => resolved(&types[name], types),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| resolved(item, types)).collect(),
        Value::Object(of) => of
            .iter()
            .map(|(key, value)| (key.clone(), resolved(value, types)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// One operation or type to a line: a change shows as a change of that line.
fn lines(extract: &Value) -> String {
    let block = |of: &Value| {
        let rows = of
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("      {}: {value}", json!(key)));
        rows.collect::<Vec<_>>().join(",\n")
    };
    let generation = |name: &str| {
        let of = &extract[name];
        let gone = if of["gone"].is_array() {
            format!(",\n    \"gone\": {}", of["gone"])
        } else {
            String::new()
        };
        format!(
            "  \"{name}\": {{\n    \"operations\": {{\n{}\n    }},\n    \"types\": {{\n{}\n    }}{gone}\n  }}",
            block(&of["operations"]),
            block(&of["types"]),
        )
    };
    format!(
        "{{\n  \"source\": {},\n{},\n{}\n}}\n",
        extract["source"],
        generation("v2"),
        generation("v3")
    )
}

#[test]
fn the_rules_are_those_of_the_official_files() {
    let Ok(reference) = std::env::var("REFERENCE_DIR") else {
        println!("skipped: REFERENCE_DIR is not set");
        return;
    };
    let fresh = lines(&extract(Path::new(&reference)));
    if std::env::var("UPDATE_SANDBOX_RULES").is_ok() {
        std::fs::write(EXTRACT, &fresh).unwrap();
    }
    let stored = std::fs::read_to_string(EXTRACT).unwrap();
    assert!(
        stored == fresh,
        "operations.json differs from the official files: run with UPDATE_SANDBOX_RULES=1"
    );
}
