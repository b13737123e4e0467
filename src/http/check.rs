//! Checks parameters against their row before any call, and splits them into path, query and body.

use std::fmt;

use serde_json::{Map, Value};

use super::address;
use super::form;
use super::{GhlVersion, Parameters};
use crate::dates::{self, Zone};
use crate::email;
use crate::endpoint::{Endpoint, Field, Fields, Kind, Model, TEXT, Type, path_parameters};
use crate::error::{Code, Error, Result};
use crate::names::closest;

/// Checked parameters, each where it belongs, under the names that the generation uses.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) query: Vec<(&'static str, Value)>,
    pub(super) body: Option<Map<String, Value>>,
}

/// Splits and checks. A name is looked up in the path, then the query, then the body.
pub(super) fn check(
    endpoint: &'static Endpoint,
    version: GhlVersion,
    parameters: &Parameters,
) -> Result<Parts> {
    let checker = Checker { endpoint, version };
    checker.parts(parameters).map_err(|problem| {
        Error::new(Code::InvalidArgument, format!("{}: {problem}", endpoint.name))
            .of(endpoint.service)
            .at(endpoint.name)
    })
}

/// Whether the row has a parameter of that name.
pub(crate) fn takes(endpoint: &Endpoint, name: &str) -> bool {
    path_parameters(endpoint.path).any(|path| path == name)
        || endpoint.query.find(name).is_some()
        || endpoint.body.is_some_and(|body| body.fields.find(name).is_some())
}

/// What is wrong, beginning with where.
type Problem = String;

struct Checker {
    endpoint: &'static Endpoint,
    version: GhlVersion,
}

impl Checker {
    fn parts(&self, parameters: &Parameters) -> Result<Parts, Problem> {
        let endpoint = self.endpoint;
        let mut parts =
            Parts { path: Vec::new(), query: Vec::new(), body: endpoint.body.map(|_| Map::new()) };
        for (given, value) in parameters {
            let name = self.row_name(given);
            if let Some(path) = path_parameters(endpoint.path).find(|path| *path == name) {
                let of = endpoint.path_types.find(name).map_or(TEXT, |field| field.of);
                let value = self.value(&Place::Top("path", path), &as_text(of), value)?;
                parts.path.push((path, address::text(&value)));
            } else if let Some(field) = endpoint.query.find(name) {
                self.allow(&Place::Top("query", field.name), &field)?;
                let value = self.query_value(&Place::Top("query", field.name), &field, value)?;
                parts.query.push((self.wire_name(field.name), value));
            } else if let (Some(model), Some(body)) = (endpoint.body, parts.body.as_mut()) {
                let (name, value) = self.property(&Place::Part("body"), model, given, value)?;
                body.insert(name, value);
            } else {
                return Err(self.unknown(&Place::Part(""), given, Fields::NONE));
            }
        }
        self.complete(&parts)?;
        Ok(parts)
    }

    /// Every required parameter that is missing, in one message.
    fn complete(&self, parts: &Parts) -> Result<(), Problem> {
        let path = path_parameters(self.endpoint.path)
            .filter(|name| !parts.path.iter().any(|(given, _)| given == name));
        let query = self.required(*self.endpoint.query).filter(|name| {
            !parts.query.iter().any(|(given, value)| given == name && !value.is_null())
        });
        let body = self.endpoint.body.into_iter().flat_map(|model| self.required(model.fields));
        let body =
            body.filter(|name| !parts.body.as_ref().is_some_and(|body| body.contains_key(*name)));
        let missing: Vec<String> = path
            .map(|name| format!("path.{name}"))
            .chain(query.map(|name| format!("query.{name}")))
            .chain(body.map(|name| format!("body.{name}")))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{} missing", missing.join(", "))) }
    }

    fn required(&self, fields: Fields) -> impl Iterator<Item = &'static str> {
        let (version, v3) = (self.version, self.endpoint.v3);
        fields
            .iter()
            .filter(move |field| field.required && exists(version, v3, field.name))
            .map(|field| self.wire_name(field.name))
    }

    /// One property of an object: its name on the wire and its checked value.
    fn property(
        &self,
        place: &Place<'_>,
        model: &'static Model,
        given: &str,
        value: &Value,
    ) -> Result<(String, Value), Problem> {
        // Its own name first: v3 spells a channel `email`, which is a contact's property too.
        let known = model.fields.find(given).or_else(|| model.fields.find(self.row_name(given)));
        let Some(field) = known else {
            return if model.open {
                Ok((given.to_owned(), value.clone()))
            } else {
                Err(self.unknown(place, given, model.fields))
            };
        };
        let place = Place::Property(place, field.name);
        self.allow(&place, &field)?;
        Ok((self.wire_name(field.name).to_owned(), self.value(&place, &field.of, value)?))
    }

    /// Refuses what the generation in use does not have.
    fn allow(&self, place: &Place<'_>, field: &Field) -> Result<(), Problem> {
        if exists(self.version, self.endpoint.v3, field.name) {
            return Ok(());
        }
        Err(match self.version {
            GhlVersion::Dated => format!("{place} exists only with apiVersion \"v3\""),
            GhlVersion::V3 => format!("{place} does not exist with apiVersion \"v3\""),
        })
    }

    /// The query is text on the wire: a number will do where the service wants a numeric text.
    fn query_value(
        &self,
        place: &Place<'_>,
        field: &Field,
        value: &Value,
    ) -> Result<Value, Problem> {
        if value.is_null() && !field.required {
            return Ok(Value::Null);
        }
        if let Value::Object(_) = value {
            return Err(format!("{place} may not be an object"));
        }
        self.value(place, &as_text(field.of), value)
    }

    fn value(&self, place: &Place<'_>, of: &Type, value: &Value) -> Result<Value, Problem> {
        if value.is_null() {
            return if of.nullable || matches!(of.kind, Kind::Any) {
                Ok(Value::Null)
            } else {
                Err(format!("{place} may not be null; leave it out, or give {}", Allowed(of)))
            };
        }
        match (&of.kind, value) {
            (Kind::Any, _) | (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Integer | Kind::Number, Value::Number(number)) => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                if matches!(of.kind, Kind::Integer) && value.fract() != 0.0 {
                    return Err(format!("{place} is {number}, not a whole number"));
                }
                let beyond = value < f64::from(of.at_least) || value > f64::from(of.at_most);
                if of.at_most > 0 && beyond {
                    return Err(format!("{place} is {number}, not{}", Limits(of)));
                }
            }
            (Kind::Either(types), _) => return self.either(place, types, value),
            (Kind::File, Value::Object(_)) => {
                if form::bytes(value).is_none() {
                    return Err(format!("{place} has no valid `base64`"));
                }
            }
            (Kind::File, _) => {
                return Err(format!("{place} is {}, not {}", named(value), Allowed(of)));
            }
            (_, Value::String(text)) => self.text(place, of, text)?,
            (Kind::List(item), Value::Array(items)) => {
                at_most(place, of, items.len(), "items")?;
                return items
                    .iter()
                    .enumerate()
                    .map(|(index, value)| self.value(&Place::Item(place, index), item, value))
                    .collect();
            }
            (Kind::Map(of), Value::Object(entries)) => {
                // Not collected: that would link a sort of its own.
                let mut checked = Map::new();
                for (key, value) in entries {
                    let value = self.value(&Place::Property(place, key), of, value)?;
                    checked.insert(key.clone(), value);
                }
                return Ok(Value::Object(checked));
            }
            (Kind::Object(model), Value::Object(properties)) => {
                return self.object(place, model, properties).map(Value::Object);
            }
            _ => return Err(format!("{place} is {}, not {}", named(value), Allowed(of))),
        }
        Ok(value.clone())
    }

    fn text(&self, place: &Place<'_>, of: &Type, text: &str) -> Result<(), Problem> {
        let fits = match of.kind {
            Kind::Text | Kind::Suggested(_) => true,
            Kind::Email => email::is_address(text),
            Kind::Timestamp => is_timestamp(text),
            Kind::Date => is_date(text) || is_timestamp(text),
            Kind::OneOf(texts) => texts.contains(&text),
            Kind::StartingWith(texts) => texts.iter().any(|start| text.starts_with(start)),
            _ => return Err(format!("{place} is a text, not {}", Allowed(of))),
        };
        if !fits {
            let shown: String = text.chars().take(40).collect();
            return Err(format!("{place} is {shown:?}, not {}", Allowed(of)));
        }
        at_most(place, of, text.chars().count(), "characters")
    }

    fn object(
        &self,
        place: &Place<'_>,
        model: &'static Model,
        properties: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let mut checked = Map::new();
        for (given, value) in properties {
            let (name, value) = self.property(place, model, given, value)?;
            checked.insert(name, value);
        }
        match self.required(model.fields).find(|name| !checked.contains_key(*name)) {
            Some(missing) => Err(format!("{} missing", Place::Property(place, missing))),
            None => Ok(checked),
        }
    }

    /// The first type that fits; where none does, the complaint of the only one of the value's kind.
    fn either(
        &self,
        place: &Place<'_>,
        types: &'static [Type],
        value: &Value,
    ) -> Result<Value, Problem> {
        let mut problems = Vec::new();
        for of in types {
            match self.value(place, of, value) {
                Ok(value) => return Ok(value),
                Err(problem) if same_kind(of, value) => problems.push(problem),
                Err(_) => {}
            }
        }
        match problems.pop() {
            Some(only) if problems.is_empty() => Err(only),
            _ => {
                if let Some(problem) = self.told_apart(place, types, value) {
                    return Err(problem);
                }
                let of = Type::of(Kind::Either(types));
                Err(format!("{place} is {}, not {}", named(value), Allowed(&of)))
            }
        }
    }

    /// The complaint where objects are told apart by the texts of their first properties, as filters
    /// are by `field` and `operator`: that of the one that is meant, or which texts there are.
    fn told_apart(
        &self,
        place: &Place<'_>,
        types: &'static [Type],
        value: &Value,
    ) -> Option<Problem> {
        let properties = value.as_object()?;
        let mut meant: Vec<&Type> = types.iter().collect();
        for index in 0.. {
            let mut fitting = Vec::new();
            let mut known: Vec<&str> = Vec::new();
            let mut missing: Vec<&str> = Vec::new();
            let mut wrong = None;
            for of in &meant {
                let Kind::Object(model) = of.kind else { continue };
                let Some(Field { name, of: told_by, .. }) = model.fields.iter().nth(index) else {
                    continue;
                };
                let (Kind::OneOf(texts) | Kind::StartingWith(texts)) = told_by.kind else {
                    continue;
                };
                let given = match properties.get(name) {
                    Some(Value::String(given)) => given.as_str(),
                    Some(other) => {
                        let place = Place::Property(place, name);
                        return self.value(&place, &told_by, other).err();
                    }
                    None => {
                        add(&mut missing, name);
                        continue;
                    }
                };
                let fits = match told_by.kind {
                    Kind::OneOf(_) => texts.contains(&given),
                    _ => texts.iter().any(|start| given.starts_with(start)),
                };
                if fits {
                    fitting.push(*of);
                } else {
                    wrong = Some((name, given));
                    texts.iter().for_each(|text| add(&mut known, text));
                }
            }
            match (&fitting[..], wrong) {
                ([only], _) => return self.value(place, only, value).err(),
                ([], Some((name, given))) => {
                    let place = Place::Property(place, name);
                    let shown: String = given.chars().take(40).collect();
                    return Some(match closest(given, known.iter().copied()) {
                        Some(close) => format!("{place} is {shown:?}; did you mean `{close}`?"),
                        None => format!("{place} is {shown:?}, not one of {}", known.join(", ")),
                    });
                }
                ([], None) if missing.is_empty() => return None,
                ([], None) => return Some(format!("{place}.{} missing", missing.join(" or "))),
                _ => meant = fitting,
            }
        }
        None
    }

    fn unknown(&self, place: &Place<'_>, given: &str, fields: Fields) -> Problem {
        let top = matches!(place, Place::Part(_));
        let path = path_parameters(self.endpoint.path).filter(|_| top);
        let query = self.endpoint.query.iter().filter(|_| top).map(|field| field.name);
        let known: Vec<&str> = path
            .chain(query)
            .chain(fields.iter().map(|field| field.name))
            .filter(|name| exists(self.version, self.endpoint.v3, name))
            .map(|name| self.wire_name(name))
            .collect();
        let name = if top { given.to_owned() } else { Place::Property(place, given).to_string() };
        let what = if top { "parameter" } else { "property" };
        let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        match closest(given, known.into_iter()) {
            Some(close) => format!("unknown {what} `{name}`; did you mean `{close}`?"),
            None => format!("unknown {what} `{name}`; allowed: {list}"),
        }
    }

    /// The row's name of a parameter given under either generation's name.
    fn row_name<'a>(&self, given: &'a str) -> &'a str {
        let renamed = self.endpoint.v3.renamed.iter();
        renamed.copied().find(|(_, v3)| *v3 == given).map_or(given, |(dated, _)| dated)
    }

    /// The name that the generation in use has for a name of the row.
    fn wire_name<'a>(&self, name: &'a str) -> &'a str {
        let mut renamed = self.endpoint.v3.renamed.iter().copied();
        match self.version {
            GhlVersion::V3 if self.endpoint.v3.exists => {
                renamed.find(|(dated, _)| *dated == name).map_or(name, |(_, v3)| v3)
            }
            GhlVersion::Dated | GhlVersion::V3 => name,
        }
    }
}

fn exists(version: GhlVersion, v3: &crate::endpoint::V3, name: &str) -> bool {
    match version {
        GhlVersion::V3 if v3.exists => !v3.removed.contains(&name),
        GhlVersion::Dated | GhlVersion::V3 => !v3.added.contains(&name),
    }
}

/// In paths and queries all is text, so a text may be given as a number or Boolean.
fn as_text(of: Type) -> Type {
    static PLAIN: &[Type] = &[TEXT, crate::endpoint::NUMBER, crate::endpoint::BOOLEAN];
    match of.kind {
        Kind::Text if of.at_most == 0 => Type { kind: Kind::Either(PLAIN), ..of },
        _ => of,
    }
}

fn at_most(place: &Place<'_>, of: &Type, length: usize, unit: &str) -> Result<(), Problem> {
    if of.at_most > 0 && length > usize::from(of.at_most) {
        return Err(format!("{place} has {length} {unit}, at most {} are allowed", of.at_most));
    }
    Ok(())
}

/// Adds what is not there yet.
fn add<'a>(texts: &mut Vec<&'a str>, text: &'a str) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

fn same_kind(of: &Type, value: &Value) -> bool {
    match of.kind {
        Kind::List(_) => value.is_array(),
        Kind::Map(_) | Kind::Object(_) => value.is_object(),
        Kind::Integer | Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Any | Kind::Either(_) | Kind::File => false,
        _ => value.is_string(),
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `YYYY-MM-DD`, a day that exists.
fn is_date(text: &str) -> bool {
    text.len() == 10 && matches!(dates::read(text), Some((_, Zone::Day)))
}

/// A day, `T` or a space, a time of day, perhaps a zone. Epoch digits are no such text.
fn is_timestamp(text: &str) -> bool {
    let written = text.as_bytes().get(4) == Some(&b'-');
    written && matches!(dates::read(text), Some((_, Zone::Offset(_) | Zone::Unknown)))
}

/// Where a value stands: `body.customFields[2].id`.
enum Place<'a> {
    Part(&'static str),
    Top(&'static str, &'a str),
    Property(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(part) => formatter.write_str(part),
            Self::Top(part, name) => write!(formatter, "{part}.{name}"),
            Self::Property(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// What a type allows, in words.
struct Allowed<'a>(&'a Type);

impl fmt::Display for Allowed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Kind::Text | Kind::Suggested(_) => formatter.write_str("a text"),
            Kind::Email => formatter.write_str("an e-mail address"),
            Kind::Timestamp => formatter.write_str("an instant such as 2026-11-22T09:30:00.000Z"),
            Kind::Date => formatter.write_str("a day such as 2026-11-22, or an instant"),
            Kind::Integer => write!(formatter, "a whole number{}", Limits(self.0)),
            Kind::Number => write!(formatter, "a number{}", Limits(self.0)),
            Kind::Boolean => formatter.write_str("true or false"),
            Kind::Any => formatter.write_str("any value"),
            Kind::OneOf(texts) => write!(formatter, "one of {}", texts.join(", ")),
            Kind::StartingWith(texts) => {
                write!(formatter, "a text that begins with {}", texts.join(" or "))
            }
            Kind::List(item) => write!(formatter, "a list of which each is {}", Allowed(item)),
            Kind::Map(of) => write!(formatter, "an object of which each value is {}", Allowed(of)),
            Kind::Object(model) => write!(formatter, "an object ({})", model.name),
            Kind::Either(types) => {
                for (index, of) in types.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " or " };
                    write!(formatter, "{separator}{}", Allowed(of))?;
                }
                Ok(())
            }
            Kind::File => formatter.write_str("a file's bytes, or `{base64}` of them"),
        }
    }
}

/// From when to when a number goes, if it has an end.
struct Limits<'a>(&'a Type);

impl fmt::Display for Limits<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.at_most {
            0 => Ok(()),
            most => write!(formatter, " from {} to {most}", self.0.at_least),
        }
    }
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the tables' macros make public items")]
mod tests {
    use super::*;
    use crate::endpoint::{
        ANY, BOOLEAN, DATE, EMAIL, FILE, INTEGER, NUMBER, TIMESTAMP, V3, either, list, map, object,
        one_of, suggested,
    };
    use crate::error::Service;
    use crate::{endpoints, fields, models};
    use serde_json::json;

    static TAG_OR_TAGS: &[Type] = &[TEXT, Type::of(Kind::List(&TEXT)).at_most(2)];
    static A_CUSTOM_FIELD: Type = object(&CUSTOM_FIELD);
    static NUMBER_OR_FIELD: &[Type] = &[NUMBER, object(&CUSTOM_FIELD)];

    models! {
        CUSTOM_FIELD "CustomField" {
            required "id": TEXT,
            optional "field_value": ANY,
        }
        LOOSE "Loose" open { optional "known": INTEGER }
        CONTACT "ContactInput" {
            required "firstName": TEXT.at_most(5),
            optional "email": EMAIL.nullable(),
            optional "locationId": TEXT,
            optional "dueDate": TIMESTAMP,
            optional "birthday": DATE,
            optional "age": INTEGER,
            optional "score": NUMBER,
            optional "likelihood": NUMBER.at_most(100),
            optional "pageLimit": INTEGER.between(10, 500),
            optional "dnd": BOOLEAN,
            optional "status": one_of(&["open", "won"]),
            optional "source": suggested(&["api"]),
            optional "customFields": list(&A_CUSTOM_FIELD).at_most(3),
            optional "labels": map(&TEXT),
            optional "loose": object(&LOOSE),
            optional "tags": either(TAG_OR_TAGS),
            optional "mixed": either(NUMBER_OR_FIELD),
            optional "onlyNew": TEXT,
            optional "onlyOld": TEXT,
            optional "file": FILE,
        }
    }

    endpoints! {
        ROWS: Ghl "contacts";
        /// For tests.
        "write": POST "/contacts/{contactId}" {
            query: fields![
                optional "limit": TEXT,
                optional "page": INTEGER,
                optional "ids": list(&TEXT),
                optional "location_id": TEXT,
                required "mode": one_of(&["a", "b"]),
            ],
            body: Some(&CONTACT),
            v3: V3 {
                renamed: &[("field_value", "fieldValue"), ("location_id", "locationRef")],
                added: &["onlyNew"],
                removed: &["onlyOld"],
                ..V3::SAME
            },
        }
        /// For tests.
        "read": GET "/contacts/{contactId}" {}
    }

    fn run(version: GhlVersion, parameters: Value) -> Result<Parts> {
        let Value::Object(parameters) = parameters else { panic!("an object") };
        check(&ROWS[0], version, &parameters)
    }

    /// The body for valid surroundings and this body.
    fn body(body: Value) -> Result<Value> {
        let mut parameters = json!({"contactId": "c", "mode": "a", "firstName": "Ada"});
        parameters.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        run(GhlVersion::Dated, parameters).map(|parts| Value::Object(parts.body.unwrap()))
    }

    fn refusal(parameters: Value) -> String {
        let error = body(parameters).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
        assert_eq!(error.service, Some(Service::Ghl));
        error.message.clone()
    }

    #[test]
    fn parameters_go_where_they_belong() {
        let parts = run(
            GhlVersion::Dated,
            json!({"contactId": 7, "mode": "b", "limit": 5, "ids": ["x"], "firstName": "Ada"}),
        )
        .unwrap();
        assert_eq!(parts.path, [("contactId", "7".to_owned())]);
        let query: Map<String, Value> =
            parts.query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(Value::Object(query), json!({"mode": "b", "limit": 5, "ids": ["x"]}));
        assert_eq!(Value::Object(parts.body.unwrap()), json!({"firstName": "Ada"}));
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let error = run(GhlVersion::Dated, json!({"mode": null})).unwrap_err();
        assert!(error.message.contains("query.mode may not be null"), "{}", error.message);
        let error = run(GhlVersion::Dated, json!({})).unwrap_err();
        assert_eq!(
            error.message,
            "contacts.write: path.contactId, query.mode, body.firstName missing"
        );
    }

    #[test]
    fn an_unknown_parameter_names_the_closest() {
        assert_eq!(
            refusal(json!({"fristName": "x"})),
            "contacts.write: unknown parameter `fristName`; did you mean `firstName`?"
        );
        assert!(refusal(json!({"contactid": "x"})).ends_with("did you mean `contactId`?"));
        assert!(refusal(json!({"zzzzzzzz": 1})).contains("allowed: contactId, limit, page"));
        assert!(refusal(json!({"customFields": [{"id": "a", "feild_value": 1}]})).ends_with(
            "unknown property `body.customFields[0].feild_value`; did you mean `field_value`?"
        ));
        let parameters = json!({"contactId": "c", "query": 1});
        let error = check(&ROWS[1], GhlVersion::Dated, parameters.as_object().unwrap());
        assert!(error.unwrap_err().message.contains("unknown parameter `query`"));
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        for (parameters, expected) in [
            (json!({"firstName": "Adaada"}), "body.firstName has 6 characters, at most 5"),
            (json!({"firstName": 1}), "body.firstName is a number, not a text"),
            (json!({"firstName": null}), "body.firstName may not be null; leave it out"),
            (json!({"email": "ada"}), "body.email is \"ada\", not an e-mail address"),
            (json!({"dueDate": "2026-11-22"}), "not an instant such as"),
            (json!({"birthday": "2026-02-30"}), "not a day such as"),
            (json!({"age": 1.5}), "body.age is 1.5, not a whole number"),
            (json!({"score": "1"}), "body.score is a text, not a number"),
            (json!({"likelihood": 100.5}), "body.likelihood is 100.5, not from 0 to 100"),
            (json!({"likelihood": -1}), "body.likelihood is -1, not from 0 to 100"),
            (
                json!({"pageLimit": 501}),
                "contacts.write: body.pageLimit is 501, not from 10 to 500",
            ),
            (json!({"pageLimit": 9}), "body.pageLimit is 9, not from 10 to 500"),
            (json!({"pageLimit": 1e300}), "not from 10 to 500"),
            (json!({"pageLimit": true}), "a Boolean, not a whole number from 10 to 500"),
            (json!({"dnd": 1}), "body.dnd is a number, not true or false"),
            (json!({"status": "lost"}), "body.status is \"lost\", not one of open, won"),
            (json!({"customFields": {}}), "is an object, not a list of which each is an object"),
            (json!({"customFields": [{}]}), "body.customFields[0].id missing"),
            (json!({"customFields": [1, 2, 3, 4]}), "has 4 items, at most 3 are allowed"),
            (json!({"labels": {"a": 1}}), "body.labels.a is a number, not a text"),
            (json!({"loose": {"known": "x"}}), "body.loose.known is a text, not a whole number"),
            (json!({"tags": ["a", "b", "c"]}), "body.tags has 3 items, at most 2"),
            (json!({"tags": true}), "is a Boolean, not a text or a list of which each is a text"),
            (json!({"mixed": {"field_value": 1}}), "body.mixed.id missing"),
            (json!({"onlyNew": "x"}), "body.onlyNew exists only with apiVersion \"v3\""),
            (json!({"mode": "c"}), "query.mode is \"c\", not one of a, b"),
            (json!({"limit": {}}), "query.limit may not be an object"),
            (json!({"contactId": []}), "path.contactId is a list, not a text"),
            (json!({"file": "x"}), "not a file's bytes"),
        ] {
            let message = refusal(parameters.clone());
            assert!(message.contains(expected), "{parameters}: {message}");
        }
    }

    #[test]
    fn right_values_pass_unchanged() {
        for parameters in [
            json!({"email": null, "source": "anything", "score": 1.5, "age": 3.0}),
            json!({"likelihood": 0, "pageLimit": 10}),
            json!({"likelihood": 100, "pageLimit": 500}),
            json!({"email": "jürgen+x@exämple.co.uk", "tags": "a", "labels": {"a": "b"}}),
            json!({"dueDate": "2026-11-22T09:30:00.000Z", "birthday": "2026-11-22"}),
            json!({"dueDate": "2026-11-22 09:30:00", "birthday": "2026-11-22T00:00:00+05:30"}),
            json!({"loose": {"known": 1, "more": {"deep": []}}, "mixed": {"id": "x"}}),
            json!({"firstName": "ééééé", "customFields": [{"id": "a", "field_value": null}]}),
        ] {
            let sent = body(parameters.clone()).unwrap();
            for (name, value) in parameters.as_object().unwrap() {
                assert_eq!(&sent[name], value);
            }
        }
    }

    #[test]
    fn instants_that_look_right_and_are_not() {
        for bad in ["1626433200000", "2026-11-22T", "2026-11-22Tnoon", "22/11/2026 10:00", ""] {
            assert!(!is_timestamp(bad), "{bad:?}");
        }
        assert!(!is_date(" 2026-11-22") && !is_date("2026-1-2"));
    }

    #[test]
    fn either_generations_name_is_taken_and_the_one_in_use_is_sent() {
        for given in ["field_value", "fieldValue"] {
            let parameters = json!({
                "contactId": "c", "mode": "a", "firstName": "Ada", "location_id": "l",
                "customFields": [{"id": "a", given: 1}],
            });
            for (version, name) in
                [(GhlVersion::Dated, "field_value"), (GhlVersion::V3, "fieldValue")]
            {
                let parts = run(version, parameters.clone()).unwrap();
                assert_eq!(parts.body.unwrap()["customFields"], json!([{"id": "a", name: 1}]));
            }
            let parts = run(GhlVersion::V3, parameters).unwrap();
            assert!(parts.query.iter().any(|(name, _)| *name == "locationRef"));
        }
        let base = json!({"contactId": "c", "mode": "a", "firstName": "Ada", "onlyOld": "x"});
        assert!(run(GhlVersion::Dated, base.clone()).is_ok());
        let error = run(GhlVersion::V3, base).unwrap_err();
        assert!(error.message.contains("body.onlyOld does not exist with apiVersion"));
    }
}
