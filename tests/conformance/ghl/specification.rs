//! The official OpenAPI files of GHL, converted to one strict form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Operations by method and path, of one generation.
pub(crate) type Operations = BTreeMap<String, Operation>;

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Values that the `Version` header may have; none where the document declares no such header.
    pub(crate) versions: Vec<String>,
    /// Scopes that the token needs.
    pub(crate) scopes: Vec<String>,
    /// Query parameters.
    pub(crate) query: Vec<Parameter>,
    /// The body's schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    /// The schema of a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<Value>,
}

/// A query parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// The two generations of these operations, as the files of the folder describe them.
pub(crate) fn load(folder: &Path, wanted: &BTreeSet<String>) -> [Operations; 2] {
    [read(&folder.join("apps"), ".json", wanted), read(&folder.join("apps/v3"), "-v3.json", wanted)]
}

fn read(folder: &Path, ending: &str, wanted: &BTreeSet<String>) -> Operations {
    let mut files = Files::default();
    let mut operations = Operations::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    paths.sort();
    for file in paths {
        let document = files.get(&file);
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                let key = format!("{} {path}", method.to_uppercase());
                if let Some(operation) = item.get(method).filter(|_| wanted.contains(&key)) {
                    operations.entry(key).or_insert_with(|| files.operation(&file, operation));
                }
            }
        }
    }
    operations
}

/// Documents that were read, by path.
#[derive(Default)]
struct Files(BTreeMap<PathBuf, Rc<Value>>);

impl Files {
    fn get(&mut self, path: &Path) -> Rc<Value> {
        let read = || Rc::new(serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
        Rc::clone(self.0.entry(path.to_owned()).or_insert_with(read))
    }

    fn operation(&mut self, file: &Path, operation: &Value) -> Operation {
        let mut versions = Vec::new();
        let mut query = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (parameter, file) = self.resolve(file, parameter);
            let name = parameter["name"].as_str().unwrap().to_owned();
            match parameter["in"].as_str().unwrap() {
                "header" if name == "Version" => versions = texts(&parameter["schema"]["enum"]),
                "query" => query.push(Parameter {
                    name,
                    required: parameter["required"] == json!(true),
                    schema: self.strict(&file, &parameter["schema"], 0),
                }),
                _ => {}
            }
        }
        let security = operation["security"].as_array().into_iter().flatten();
        let scopes = security.flat_map(|way| way.as_object().unwrap().values()).flat_map(texts);
        let mut scopes: Vec<String> = scopes.collect();
        scopes.sort();
        scopes.dedup();
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = (!body.is_null()).then(|| self.strict(file, body, 0));
        let success = operation["responses"].as_object().into_iter().flatten();
        let mut success = success.filter(|(status, _)| status.starts_with('2'));
        let response =
            success.next().map(|(_, answer)| &answer["content"]["application/json"]["schema"]);
        let response =
            response.filter(|schema| !schema.is_null()).map(|schema| self.strict(file, schema, 0));
        Operation { versions, scopes, query, body, response }
    }

    /// What a `$ref` stands for, and the file that it is in.
    fn resolve(&mut self, file: &Path, node: &Value) -> (Value, PathBuf) {
        let Some(reference) = node["$ref"].as_str() else {
            return (node.clone(), file.to_owned());
        };
        let (other, pointer) = reference.split_once('#').unwrap();
        let other = if other.is_empty() {
            file.to_owned()
        } else {
            fs::canonicalize(file.parent().unwrap().join(other)).unwrap()
        };
        let node = self.get(&other).pointer(pointer).unwrap().clone();
        self.resolve(&other, &node)
    }

    /// A schema with its references resolved, objects closed, and `nullable` as JSON Schema says it.
    fn strict(&mut self, file: &Path, node: &Value, depth: usize) -> Value {
        let (node, file) = self.resolve(file, node);
        let Some(node) = node.as_object().filter(|_| depth < 12) else {
            return json!({});
        };
        let mut schema = Map::new();
        for key in ["enum", "maxLength", "minLength", "maximum", "minimum", "maxItems", "example"] {
            if let Some(value) = node.get(key) {
                schema.insert(key.to_owned(), value.clone());
            }
        }
        // Where the document names an object whose example is not an object, it means the example.
        let kind = match (node.get("type").and_then(Value::as_str), node.get("example")) {
            (Some("object"), Some(Value::String(_))) => Some("string"),
            (Some("object"), Some(Value::Number(_))) => Some("number"),
            (Some("object"), Some(Value::Array(_))) => None,
            (kind, _) => kind,
        };
        let kind = kind.filter(|kind| {
            ["string", "number", "integer", "boolean", "array", "object"].contains(kind)
        });
        if let Some(kind) = kind {
            schema.insert("type".to_owned(), kind.into());
        }
        for part in node.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let part = self.strict(&file, part, depth + 1);
            merge(&mut schema, part);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(choices) = node.get(choice).and_then(Value::as_array) {
                let choices: Vec<Value> =
                    choices.iter().map(|choice| self.strict(&file, choice, depth + 1)).collect();
                schema.insert("anyOf".to_owned(), choices.into());
            }
        }
        if let Some(items) = node.get("items") {
            let items = self.strict(&file, items, depth + 1);
            schema.insert("items".to_owned(), items);
        }
        let properties = node.get("properties").and_then(Value::as_object);
        if let Some(properties) = properties.filter(|properties| !properties.is_empty()) {
            let properties: Map<String, Value> = properties
                .iter()
                .map(|(name, node)| (name.clone(), self.strict(&file, node, depth + 1)))
                .collect();
            let known = |name: &Value| properties.contains_key(name.as_str().unwrap());
            let required = node.get("required").and_then(Value::as_array);
            let required: Vec<&Value> =
                required.into_iter().flatten().filter(|name| known(name)).collect();
            schema.insert("required".to_owned(), json!(required));
            if node.get("additionalProperties").is_none() {
                schema.insert("additionalProperties".to_owned(), json!(false));
            }
            schema.insert("properties".to_owned(), properties.into());
        }
        if node.get("nullable") == Some(&json!(true)) {
            return json!({ "anyOf": [schema, { "type": "null" }] });
        }
        schema.into()
    }
}

/// Adds one part of an `allOf` to the others.
fn merge(schema: &mut Map<String, Value>, part: Value) {
    let Value::Object(part) = part else { return };
    for (key, value) in part {
        match (schema.get_mut(&key), value) {
            (Some(Value::Object(present)), Value::Object(value)) => present.extend(value),
            (Some(Value::Array(present)), Value::Array(value)) => present.extend(value),
            (_, value) => {
                schema.insert(key, value);
            }
        }
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Names and types alone.
pub(crate) fn without_examples(schema: &Value) -> Value {
    match schema {
        Value::Object(entries) => entries
            .iter()
            .filter(|(key, value)| {
                *key != "example" || value.is_object() && value.get("type").is_some()
            })
            .map(|(key, value)| (key.clone(), without_examples(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_examples).collect(),
        other => other.clone(),
    }
}

/// An answer of this form: the document's own example where it has one that fits.
pub(crate) fn answer(schema: &Value) -> Value {
    if let Some(example) = schema.get("example")
        && jsonschema::is_valid(&json!({ "type": schema["type"] }), example)
    {
        return example.clone();
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return answer(&choices[0]);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|texts| texts.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), answer(schema))).collect()
        }
        Some("array") => json!([answer(&schema["items"])]),
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}
