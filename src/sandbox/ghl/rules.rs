//! What GHL lets through: routes, scopes, names and types of query and body properties.
//!
//! The rows come from the official OpenAPI files (`operations.json`, extracted by
//! `tests/sandbox_rules.rs`); [`correct`] adds what the files lack and the running service does, and
//! [`relax`] what only other people's clients send.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::error::Service;
use crate::host::Method;
use crate::sandbox::evidence::{Form, LENIENCIES};

const EXTRACT: &str = include_str!("operations.json");

/// GHL's generations, told apart by the `Version` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// Any of the date versions.
    Dated,
    /// `v3`.
    V3,
}

/// The operations of both generations.
#[derive(Debug)]
pub(super) struct Rules {
    dated: Table,
    v3: Table,
    /// Whether a path may end in a slash that the document does not have, or lack the one it has.
    any_final_slash: bool,
}

#[derive(Debug)]
struct Table {
    operations: Vec<Operation>,
    types: BTreeMap<String, Type>,
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// Method and path template, for example `GET /contacts/{contactId}`.
    pub(super) key: String,
    method: String,
    segments: Vec<Segment>,
    /// Kinds of tokens: `bearer`, `Location-Access`, `Agency-Access`.
    pub(super) access: Vec<String>,
    /// Scopes, any of which will do.
    pub(super) scopes: Vec<String>,
    /// Status of a success.
    pub(super) success: u16,
    query: Type,
    body: Option<Type>,
    is_v3: bool,
    /// Names that the query or the body may have and that have no effect.
    pub(super) ignored: Vec<&'static str>,
    /// Other names of query parameters, each with that of the document.
    renamed: Vec<(&'static str, &'static str)>,
}

#[derive(Debug, Clone)]
enum Segment {
    Fixed(String),
    Parameter(String),
}

#[derive(Debug, Clone)]
enum Type {
    Any,
    Text,
    Number,
    Boolean,
    Null,
    OneOf(Vec<String>),
    List(Box<Type>),
    Fields { fields: BTreeMap<String, Type>, required: Vec<String> },
    Either(Vec<Type>),
    Named(String),
}

/// Where a path leads.
pub(super) enum Route<'a> {
    /// To this operation, with its path parameters.
    To(&'a Operation, BTreeMap<String, String>),
    /// Nowhere, but another spelling of upper and lower case would.
    WrongCase,
    /// Nowhere.
    None,
}

impl Rules {
    /// The rules, read once in the life of the program: the documents' alone, or also what other
    /// people's clients send.
    pub(super) fn shared(strict: bool) -> &'static Self {
        static STRICT: OnceLock<Rules> = OnceLock::new();
        static RELAXED: OnceLock<Rules> = OnceLock::new();
        let rules = if strict { &STRICT } else { &RELAXED };
        rules.get_or_init(|| Self::new(strict))
    }

    /// Reads the extract.
    fn new(strict: bool) -> Self {
        let extract: Value = serde_json::from_str(EXTRACT).unwrap_or_default();
        let mut rules = Self {
            dated: table(&extract, "v2"),
            v3: table(&extract, "v3"),
            any_final_slash: false,
        };
        correct(&mut rules.dated);
        correct(&mut rules.v3);
        if !strict {
            rules.any_final_slash =
                LENIENCIES.iter().any(|row| matches!(row.form, Form::FinalSlash));
            relax(&mut rules.dated);
            relax(&mut rules.v3);
        }
        rules
    }

    /// Finds the operation, at the path as it is, then with or without the final slash.
    pub(super) fn route(
        &self,
        method: Method,
        path: &[String],
        generation: Generation,
    ) -> Route<'_> {
        let found = self.route_exactly(method, path, generation);
        if matches!(found, Route::To(..)) || !self.any_final_slash {
            return found;
        }
        let other = match path {
            [all @ .., last] if last.is_empty() => all.to_vec(),
            all => all.iter().cloned().chain([String::new()]).collect(),
        };
        match self.route_exactly(method, &other, generation) {
            Route::To(operation, parameters) => Route::To(operation, parameters),
            _ => found,
        }
    }

    /// Finds the operation. Under v3 the older paths still work; the other way round they do not.
    fn route_exactly(&self, method: Method, path: &[String], generation: Generation) -> Route<'_> {
        let exact = |table: &'_ Table| -> Option<usize> { best(table, method, path) };
        let tables: &[&Table] = match generation {
            Generation::Dated => &[&self.dated],
            Generation::V3 => &[&self.v3, &self.dated],
        };
        let found = tables
            .iter()
            .filter_map(|table| exact(table).and_then(|index| table.operations.get(index)))
            .max_by_key(|operation| (operation.fixed_segments(), operation.is_v3));
        if let Some(operation) = found {
            return Route::To(operation, operation.path_parameters(path));
        }
        let lower: Vec<String> = path.iter().map(|segment| segment.to_lowercase()).collect();
        let other_case = tables.iter().flat_map(|table| &table.operations).any(|operation| {
            operation.method == method.name() && operation.matches_in_lower_case(&lower)
        });
        if other_case { Route::WrongCase } else { Route::None }
    }

    /// What is wrong with the query; empty where nothing is.
    pub(super) fn query_violations(
        &self,
        operation: &Operation,
        query: &[(String, String)],
    ) -> Vec<String> {
        let types = self.types_of(operation);
        let Type::Fields { fields, .. } = &operation.query else {
            return Vec::new();
        };
        let mut violations = Vec::new();
        let mut values = Map::new();
        for (name, text) in query {
            let plain = name.trim_end_matches("[]").split('[').next().unwrap_or(name);
            match fields.get(plain) {
                None => violations.push(format!("property {plain} should not exist")),
                Some(of) => {
                    values.insert(plain.to_owned(), from_text(of, text));
                }
            }
        }
        check(&operation.query, &Value::Object(values), "", types, &mut violations);
        violations
    }

    /// What is wrong with the body; empty where nothing is. Every violation is listed, as the real one does.
    pub(super) fn body_violations(&self, operation: &Operation, body: &Value) -> Vec<String> {
        let mut violations = Vec::new();
        if let Some(of) = &operation.body {
            check(of, body, "", self.types_of(operation), &mut violations);
        }
        violations
    }

    fn types_of(&self, operation: &Operation) -> &BTreeMap<String, Type> {
        if operation.is_v3 { &self.v3.types } else { &self.dated.types }
    }

    /// Every operation, the older generation first.
    #[cfg(test)]
    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.dated.operations.iter().chain(&self.v3.operations)
    }
}

impl Operation {
    /// The query under the document's names.
    pub(super) fn named(&self, query: &[(String, String)]) -> Vec<(String, String)> {
        let known = |name: &str| self.renamed.iter().find(|(sent, _)| *sent == name);
        let renamed = query.iter().map(|(name, value)| {
            let name = known(name).map_or(name.as_str(), |(_, documented)| documented);
            (name.to_owned(), value.clone())
        });
        renamed.collect()
    }

    /// True where the operation takes a body.
    pub(super) const fn takes_body(&self) -> bool {
        self.body.is_some()
    }

    fn fixed_segments(&self) -> usize {
        self.segments.iter().filter(|segment| matches!(segment, Segment::Fixed(_))).count()
    }

    fn matches(&self, path: &[String]) -> bool {
        self.segments.len() == path.len()
            && self.segments.iter().zip(path).all(|(segment, text)| match segment {
                Segment::Fixed(fixed) => fixed == text,
                Segment::Parameter(_) => !text.is_empty(),
            })
    }

    fn matches_in_lower_case(&self, path: &[String]) -> bool {
        self.segments.len() == path.len()
            && self.segments.iter().zip(path).all(|(segment, text)| match segment {
                Segment::Fixed(fixed) => &fixed.to_lowercase() == text,
                Segment::Parameter(_) => !text.is_empty(),
            })
    }

    fn path_parameters(&self, path: &[String]) -> BTreeMap<String, String> {
        let pairs = self.segments.iter().zip(path);
        pairs
            .filter_map(|(segment, text)| match segment {
                Segment::Parameter(name) => Some((name.clone(), text.clone())),
                Segment::Fixed(_) => None,
            })
            .collect()
    }
}

/// The operation that fits with the fewest parameters: `/contacts/search` before `/contacts/{contactId}`.
fn best(table: &Table, method: Method, path: &[String]) -> Option<usize> {
    let fitting = table
        .operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.method == method.name() && operation.matches(path));
    fitting.max_by_key(|(_, operation)| operation.fixed_segments()).map(|(index, _)| index)
}

fn table(extract: &Value, generation: &str) -> Table {
    let part = |name: &str| {
        let of = extract.get(generation).and_then(|of| of.get(name)).and_then(Value::as_object);
        of.into_iter().flatten()
    };
    Table {
        operations: part("operations")
            .map(|(key, row)| operation(key, row, generation == "v3"))
            .collect(),
        types: part("types").map(|(name, of)| (name.clone(), read_type(of))).collect(),
    }
}

fn operation(key: &str, row: &Value, is_v3: bool) -> Operation {
    let (method, path) = key.split_once(' ').unwrap_or((key, ""));
    let segment = |text: &str| match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
    {
        Some(name) => Segment::Parameter(name.to_owned()),
        None => Segment::Fixed(text.to_owned()),
    };
    let success = row.get("success").and_then(Value::as_u64).unwrap_or(200);
    Operation {
        key: key.to_owned(),
        method: method.to_owned(),
        segments: path.trim_start_matches('/').split('/').map(segment).collect(),
        access: texts(row.get("access")),
        scopes: texts(row.get("scopes")),
        success: u16::try_from(success).unwrap_or(200),
        query: row.get("query").map_or(Type::Any, read_type),
        body: row.get("body").map(read_type),
        is_v3,
        ignored: Vec::new(),
        renamed: Vec::new(),
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn read_type(value: &Value) -> Type {
    if let Some(name) = value.as_str() {
        return named_type(name);
    }
    if let Some(of) = value.get("list") {
        return Type::List(Box::new(read_type(of)));
    }
    if value.get("enum").is_some() {
        return Type::OneOf(texts(value.get("enum")));
    }
    if let Some(choices) = value.get("any").and_then(Value::as_array) {
        return Type::Either(choices.iter().map(read_type).collect());
    }
    match value.get("fields").and_then(Value::as_object) {
        Some(fields) => Type::Fields {
            fields: fields.iter().map(|(name, of)| (name.clone(), read_type(of))).collect(),
            required: texts(value.get("required")),
        },
        None => Type::Any,
    }
}

fn named_type(name: &str) -> Type {
    if let Some(reference) = name.strip_prefix('#') {
        return Type::Named(reference.to_owned());
    }
    let plain = match name.trim_end_matches('?') {
        "string" => Type::Text,
        "number" | "integer" => Type::Number,
        "boolean" => Type::Boolean,
        // The files write "object" for whatever their authors left untyped: dates, amounts, maps.
        _ => return Type::Any,
    };
    if name.ends_with('?') { Type::Either(vec![plain, Type::Null]) } else { plain }
}

/// What the files lack and the running service does: sources in the comments.
fn correct(table: &mut Table) {
    let fields = |fields: Value| read_type(&json!({ "fields": fields }));
    for operation in &mut table.operations {
        match operation.key.as_str() {
            // Empty in the files; HighLevel's own page on contact search gives the contract.
            "POST /contacts/search" => {
                operation.body = Some(read_type(&json!({
                    "fields": {
                        "locationId": "string", "pageLimit": "number", "page": "number", "query": "string",
                        "searchAfter": { "list": "any" }, "filters": { "list": "any" }, "sort": { "list": "any" },
                    },
                    "required": ["locationId", "pageLimit"],
                })));
            }
            // Accepted though not in the files (highlevel-api-docs issue 300); options are what the app itself sends.
            "POST /locations/{locationId}/customFields"
            | "PUT /locations/{locationId}/customFields/{id}" => {
                if let Some(Type::Fields { fields: known, .. }) = &mut operation.body {
                    for name in ["parentId", "fieldKey", "description"] {
                        known.insert(name.into(), Type::Text);
                    }
                    known.insert("options".into(), Type::List(Box::new(Type::Any)));
                }
            }
            _ => {}
        }
    }
    // The running service takes a custom field by id or by key, with any of three names for its value
    // (n8n issue 35392, GoHighLevel-MCP issue 14); the type of the value is checked by the field itself.
    let custom_field = fields(json!({
        "id": "string", "key": "string", "field_value": "any", "fieldValue": "any", "value": "any",
    }));
    for of in table.types.values_mut() {
        if let Type::Fields { fields, .. } = of
            && let Some(Type::List(item)) = fields.get_mut("customFields")
        {
            **item = custom_field.clone();
        }
    }
}

/// Lets through what other people's clients send.
fn relax(table: &mut Table) {
    let Table { operations, types } = table;
    for operation in operations {
        if let Some(body) = &operation.body {
            operation.body = Some(resolved(body, types).clone());
        }
        let of_operation = LENIENCIES.iter().filter(|row| {
            row.service == Service::Ghl && ["*", &operation.key].contains(&row.endpoint)
        });
        // What has an effect goes before what has none.
        let (without_effect, with_effect): (Vec<_>, Vec<_>) =
            of_operation.partition(|row| matches!(row.form, Form::Ignored(_)));
        for row in with_effect.into_iter().chain(without_effect) {
            match row.form {
                Form::FinalSlash => {}
                Form::Query(names) => allow(&mut operation.query, names),
                Form::Body(names) => {
                    if let Some(body) = &mut operation.body {
                        allow(body, names);
                    }
                }
                Form::Renamed(names) => {
                    let own = |name: &str| has(Some(&operation.query), name);
                    let names: Vec<_> =
                        names.iter().filter(|(sent, name)| !own(sent) && own(name)).collect();
                    operation.renamed.extend(names);
                }
                Form::Ignored(names) => ignore(operation, names),
                Form::Without(names) => {
                    for of in [Some(&mut operation.query), operation.body.as_mut()] {
                        if let Some(Type::Fields { required, .. }) = of {
                            required.retain(|name| !names.contains(&name.as_str()));
                        }
                    }
                }
            }
        }
    }
}

/// The type that a name stands for.
fn resolved<'a>(of: &'a Type, types: &'a BTreeMap<String, Type>) -> &'a Type {
    match of {
        Type::Named(name) => types.get(name).map_or(of, |of| resolved(of, types)),
        _ => of,
    }
}

fn allow(of: &mut Type, names: &[&str]) {
    if let Type::Fields { fields, .. } = of {
        fields.extend(names.iter().map(|name| ((*name).to_owned(), Type::Any)));
    }
}

/// Lets names through that have no effect, where the document does not have them.
fn ignore(operation: &mut Operation, names: &[&'static str]) {
    for &name in names {
        let known = has(Some(&operation.query), name) || has(operation.body.as_ref(), name);
        let in_path = operation
            .segments
            .iter()
            .any(|segment| matches!(segment, Segment::Parameter(parameter) if parameter == name));
        // A name that is also in the path is checked there, and is not a property of the record.
        if !known || in_path {
            operation.ignored.push(name);
        }
        allow_absent(&mut operation.query, name);
        if let Some(body) = &mut operation.body {
            allow_absent(body, name);
        }
    }
}

fn has(of: Option<&Type>, name: &str) -> bool {
    matches!(of, Some(Type::Fields { fields, .. }) if fields.contains_key(name))
}

fn allow_absent(of: &mut Type, name: &str) {
    if let Type::Fields { fields, .. } = of {
        fields.entry(name.to_owned()).or_insert(Type::Any);
    }
}

/// A query value as the type reads it; what does not fit stays text and is then refused.
fn from_text(of: &Type, text: &str) -> Value {
    match of {
        Type::Number => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
        Type::Boolean => match text {
            "true" => json!(true),
            "false" => json!(false),
            _ => json!(text),
        },
        Type::List(_) => json!([text]),
        Type::Either(choices) => {
            choices.first().map_or_else(|| json!(text), |of| from_text(of, text))
        }
        _ => json!(text),
    }
}

/// Adds what is wrong with a value, in class-validator's words.
fn check(
    of: &Type,
    value: &Value,
    path: &str,
    types: &BTreeMap<String, Type>,
    violations: &mut Vec<String>,
) {
    let mut say = |constraint: &str| violations.push(format!("{path} {constraint}"));
    match of {
        Type::Any => {}
        Type::Text if !value.is_string() => say("must be a string"),
        Type::Number if !value.is_number() => {
            say("must be a number conforming to the specified constraints");
        }
        Type::Boolean if !value.is_boolean() => say("must be a boolean value"),
        Type::Null if !value.is_null() => say("must be null"),
        Type::Text | Type::Number | Type::Boolean | Type::Null => {}
        Type::OneOf(texts) => {
            if !value.as_str().is_some_and(|value| texts.iter().any(|text| text == value)) {
                say(&format!("must be one of the following values: {}", texts.join(", ")));
            }
        }
        Type::List(item) => match value.as_array() {
            None => say("must be an array"),
            Some(items) => check_items(item, items, path, types, violations),
        },
        Type::Either(choices) => check_either(choices, value, path, types, violations),
        Type::Named(name) => {
            if let Some(of) = types.get(name) {
                check(of, value, path, types, violations);
            }
        }
        Type::Fields { fields, required } => match value.as_object() {
            None => violations.push(match path {
                "" => "body must be an object".to_owned(),
                path => format!("nested property {path} must be either object or array"),
            }),
            Some(object) => check_fields(fields, required, object, path, types, violations),
        },
    }
}

fn check_items(
    item: &Type,
    items: &[Value],
    path: &str,
    types: &BTreeMap<String, Type>,
    violations: &mut Vec<String>,
) {
    if matches!(item, Type::Text) {
        if items.iter().any(|value| !value.is_string()) {
            violations.push(format!("each value in {path} must be a string"));
        }
        return;
    }
    for (index, value) in items.iter().enumerate() {
        check(item, value, &format!("{path}.{index}"), types, violations);
    }
}

fn check_either(
    choices: &[Type],
    value: &Value,
    path: &str,
    types: &BTreeMap<String, Type>,
    violations: &mut Vec<String>,
) {
    let mut first = None;
    for choice in choices {
        let mut found = Vec::new();
        check(choice, value, path, types, &mut found);
        if found.is_empty() {
            return;
        }
        first.get_or_insert(found);
    }
    violations.extend(first.into_iter().flatten());
}

fn check_fields(
    fields: &BTreeMap<String, Type>,
    required: &[String],
    object: &Map<String, Value>,
    path: &str,
    types: &BTreeMap<String, Type>,
    violations: &mut Vec<String>,
) {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    for name in object.keys().filter(|name| !fields.contains_key(*name)) {
        violations.push(format!("{prefix}property {name} should not exist"));
    }
    for (name, of) in fields {
        let needed = required.contains(name);
        match object.get(name) {
            // An optional property may be null: class-validator's IsOptional skips it.
            None | Some(Value::Null) if !needed => {}
            None => {
                if matches!(of, Type::Text) {
                    violations.push(format!("{prefix}{name} should not be empty"));
                }
                check(of, &Value::Null, &format!("{prefix}{name}"), types, violations);
            }
            // A search may ask for nothing, a thing may be undescribed; no other needed text may be empty.
            Some(Value::String(text))
                if needed
                    && text.is_empty()
                    && !["query", "description"].contains(&name.as_str()) =>
            {
                violations.push(format!("{prefix}{name} should not be empty"));
            }
            Some(value) => check(of, value, &format!("{prefix}{name}"), types, violations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.trim_start_matches('/').split('/').map(str::to_owned).collect()
    }

    fn key(rules: &Rules, method: Method, text: &str, generation: Generation) -> String {
        match rules.route(method, &path(text), generation) {
            Route::To(operation, _) => operation.key.clone(),
            Route::WrongCase => "wrong case".into(),
            Route::None => "none".into(),
        }
    }

    fn body(rules: &Rules, method: Method, text: &str, body: Value) -> Vec<String> {
        match rules.route(method, &path(text), Generation::Dated) {
            Route::To(operation, _) => rules.body_violations(operation, &body),
            _ => panic!("no such operation"),
        }
    }

    #[test]
    fn fixed_segments_win_over_parameters() {
        let rules = Rules::new(true);
        assert_eq!(
            key(&rules, Method::Get, "/contacts/search/duplicate", Generation::Dated),
            "GET /contacts/search/duplicate"
        );
        assert_eq!(
            key(&rules, Method::Get, "/contacts/lookup", Generation::Dated),
            "GET /contacts/{contactId}"
        );
        assert_eq!(key(&rules, Method::Get, "/contacts/", Generation::V3), "GET /contacts/");
        assert_eq!(key(&rules, Method::Get, "/contacts", Generation::Dated), "none");
        assert_eq!(
            key(&rules, Method::Get, "/locations/x/customfields", Generation::Dated),
            "wrong case"
        );
    }

    #[test]
    fn v3_paths_need_v3() {
        let rules = Rules::new(true);
        let renamed = "/contacts/x/campaigns/remove-all";
        assert!(key(&rules, Method::Delete, renamed, Generation::V3).ends_with("remove-all"));
        assert!(key(&rules, Method::Delete, renamed, Generation::Dated).ends_with("{campaignId}"));
    }

    #[test]
    fn all_violations_are_listed_at_once() {
        let rules = Rules::new(true);
        assert_eq!(
            body(
                &rules,
                Method::Post,
                "/contacts/x/tasks",
                json!({ "status": "open", "dueDate": 5 })
            ),
            [
                "property status should not exist",
                "completed must be a boolean value",
                "dueDate must be a string",
                "title should not be empty",
                "title must be a string",
            ]
        );
        assert_eq!(
            body(
                &rules,
                Method::Put,
                "/contacts/x",
                json!({ "locationId": "y", "dndSettings": { "Call": { "status": "off" } }, "tags": [1] })
            ),
            [
                "property locationId should not exist",
                "dndSettings.Call.status must be one of the following values: active, inactive, permanent",
                "each value in tags must be a string",
            ]
        );
    }

    #[test]
    fn optional_properties_may_be_null() {
        let rules = Rules::new(true);
        let nulls = json!({ "firstName": null, "source": null });
        assert!(body(&rules, Method::Put, "/contacts/x", nulls).is_empty());
        let bulk = json!({ "locationId": "l", "ids": ["a"], "businessId": null });
        assert!(body(&rules, Method::Post, "/contacts/bulk/business", bulk).is_empty());
    }

    #[test]
    fn every_operation_of_the_extract_is_routed_to_itself() {
        let rules = Rules::new(true);
        let operations: Vec<_> = rules.operations().collect();
        assert!(operations.len() > 140);
        for operation in operations {
            let (_, template) = operation.key.split_once(' ').unwrap();
            let filled = path(&template.replace(['{', '}'], ""));
            assert!(operation.matches(&filled), "{}", operation.key);
        }
    }
}
