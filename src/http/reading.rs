//! Takes values out of an answer as raw JSON text: bulk data is never parsed twice.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::endpoint::Outcome;
use crate::host::Response;
use crate::record::{self, Json, Whole};

/// The result's value: what is under the row's key.
pub(super) fn value(outcome: &Outcome, response: &Response) -> Result<Json, String> {
    let key = match outcome {
        Outcome::Nothing => return Ok(Json::of_part(Whole::EMPTY)),
        _ if response.status == 304 => return Ok(Json::of_part(Whole::EMPTY)),
        Outcome::Bytes => return Err("it holds bytes, not JSON".to_owned()),
        Outcome::One { key, .. } | Outcome::List { key, .. } => key,
    };
    // A success without a body has nothing under any key.
    if response.body.is_empty() && response.status == 204 {
        return Ok(Json::of_part(Whole::EMPTY));
    }
    let whole = whole(response)?;
    if let Some(list) = key.strip_suffix('?') {
        return first_or_whole(whole, list).map(Json::of_part);
    }
    under(whole, key).map(Json::of_part).ok_or_else(|| format!("it has no `{key}`"))
}

/// Why a success gives nothing: it lists the records found, and there are none.
pub(super) const NOTHING_FOUND: &str = "no record was found";

/// The first item of the list under this key; the whole where there is nothing under it.
fn first_or_whole<'a>(whole: Whole<'a>, key: &str) -> Result<Whole<'a>, String> {
    let Some(list) = record::property(whole, &[key]) else { return Ok(whole) };
    let mut first = None;
    let each = record::items(list, &mut |item| {
        first.get_or_insert(item);
        Ok(())
    });
    each.map_err(|_| format!("its `{key}` is not a list"))?;
    first.ok_or_else(|| NOTHING_FOUND.to_owned())
}

/// A list, and what stands around it.
pub(super) struct List<'a> {
    pub(super) items: Vec<Whole<'a>>,
    /// The whole answer.
    answer: &'a str,
    /// The properties beside the list, unparsed.
    envelope: Vec<(Cow<'a, str>, Whole<'a>)>,
}

impl<'a> List<'a> {
    pub(super) fn read(outcome: &Outcome, response: &'a Response) -> Result<Self, String> {
        let key = match outcome {
            Outcome::List { key, .. } | Outcome::One { key, .. } => *key,
            Outcome::Nothing | Outcome::Bytes => "",
        };
        let answer = text(response)?;
        let mut list = whole_of(answer)?;
        let mut envelope = Vec::new();
        for names in key.split('.').filter(|names| !names.is_empty()) {
            // GHL's messages come as `messages.messages`, and as `messages` alone by its own documents.
            if list.opens('[') {
                break;
            }
            envelope = properties(list);
            let found = names.split('|').find_map(|name| property(&envelope, name));
            list = found.ok_or_else(|| format!("it has no `{key}`"))?;
        }
        let mut items = Vec::new();
        let each = record::items(list, &mut |item| {
            items.push(item);
            Ok(())
        });
        each.map_err(|_| format!("its `{key}` is not a list"))?;
        Ok(Self { items, answer, envelope })
    }

    /// Where the items are in the answer.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        self.items.iter().map(|item| item.place_in(self.answer)).collect()
    }

    /// A property beside the list, `meta.total` for one of its `meta`.
    pub(super) fn beside(&self, path: &str) -> Option<Value> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        present(under(property(&self.envelope, name)?, rest)?)
    }

    /// A property of the last item.
    pub(super) fn of_last(&self, name: &str) -> Option<Value> {
        present(record::property(*self.items.last()?, &[name])?)
    }
}

/// The properties of an object; none for any other value.
fn properties(object: Whole<'_>) -> Vec<(Cow<'_, str>, Whole<'_>)> {
    let mut properties = Vec::new();
    let each = record::entries(object, &mut |name, value| {
        properties.push((name, value));
        Ok(())
    });
    each.map_or_else(|_| Vec::new(), |()| properties)
}

fn property<'a>(properties: &[(Cow<'a, str>, Whole<'a>)], name: &str) -> Option<Whole<'a>> {
    properties.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn present(value: Whole<'_>) -> Option<Value> {
    record::read_part(value).ok().filter(|value: &Value| !value.is_null())
}

/// That the body is JSON at all, for callers who take the whole of it.
pub(super) fn is_readable(outcome: &Outcome, response: &Response) -> Result<(), String> {
    match outcome {
        Outcome::Nothing | Outcome::Bytes => Ok(()),
        _ if response.status == 304 || response.body.is_empty() && response.status == 204 => Ok(()),
        Outcome::One { .. } | Outcome::List { .. } => whole(response).map(|_| ()),
    }
}

/// The value under a path of keys. Where a service is on record with two spellings, the key names
/// both: `event|appointment`.
fn under<'a>(value: Whole<'a>, path: &str) -> Option<Whole<'a>> {
    if path.is_empty() {
        return Some(value);
    }
    let (names, rest) = path.split_once('.').unwrap_or((path, ""));
    let names: Vec<&str> = names.split('|').collect();
    let found = record::property(value, &names)?;
    if found.opens('[') { Some(found) } else { under(found, rest) }
}

fn whole(response: &Response) -> Result<Whole<'_>, String> {
    whole_of(text(response)?)
}

fn text(response: &Response) -> Result<&str, String> {
    std::str::from_utf8(&response.body).map_err(|_| "it is not valid UTF-8".to_owned())
}

fn whole_of(text: &str) -> Result<Whole<'_>, String> {
    // From text like all else: reading bytes would link a second copy of the parser.
    record::whole(text).map_err(|problem| {
        let why = match text.trim_start().chars().next() {
            None => "it is empty",
            Some('<') => "it is an HTML page",
            Some(_) if problem.is_eof() => "it is cut off",
            Some(_) => "it is not valid JSON",
        };
        why.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Response {
        Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    fn one(key: &'static str, body: &str) -> Result<String, String> {
        let outcome = Outcome::One { key, of: None };
        value(&outcome, &response(body)).map(|value| value.get().to_owned())
    }

    #[test]
    fn values_keep_their_very_text() {
        assert_eq!(one("", r#"{"a": 1.50}"#).unwrap(), r#"{"a": 1.50}"#);
        assert_eq!(one("contact", r#"{"contact":{"n": 1e3 },"x":1}"#).unwrap(), r#"{"n": 1e3 }"#);
        assert_eq!(one("a.b", r#"{"a":{"b":[1, 2]}}"#).unwrap(), "[1, 2]");
        assert_eq!(one("event|appointment", r#"{"appointment":7}"#).unwrap(), "7");
    }

    #[test]
    fn one_record_is_read_as_it_is_and_out_of_a_list() {
        for (body, expected) in [
            (r#"{"uuid":"li_1","type":"one_time"}"#, Ok(r#"{"uuid":"li_1","type":"one_time"}"#)),
            (r#"{"line_items":[{"uuid":"li_1"}]}"#, Ok(r#"{"uuid":"li_1"}"#)),
            (
                r#"{"line_items":[{"uuid":"a"},{"uuid":"b"}],"has_more":false}"#,
                Ok(r#"{"uuid":"a"}"#),
            ),
            (r#"{"line_items":[]}"#, Err(NOTHING_FOUND)),
            (r#"{"line_items":{}}"#, Err("its `line_items` is not a list")),
            (r#"{"line_items":null}"#, Err("its `line_items` is not a list")),
            ("", Err("it is empty")),
        ] {
            assert_eq!(one("line_items?", body).as_deref().map_err(String::as_str), expected);
        }
    }

    #[test]
    fn unreadable_bodies_say_why() {
        assert_eq!(one("", " \n").unwrap_err(), "it is empty");
        assert_eq!(one("", "<!DOCTYPE html>").unwrap_err(), "it is an HTML page");
        assert_eq!(one("", r#"{"contact":{"id":"1"#).unwrap_err(), "it is cut off");
        assert_eq!(one("", "Bad Gateway").unwrap_err(), "it is not valid JSON");
        let bytes = Response { status: 200, headers: Vec::new(), body: vec![0xff, 0xfe] };
        let outcome = Outcome::One { key: "", of: None };
        assert_eq!(value(&outcome, &bytes).unwrap_err(), "it is not valid UTF-8");
        assert_eq!(one("contact", r#"{"other":1}"#).unwrap_err(), "it has no `contact`");
    }

    #[test]
    fn nothing_and_not_modified_are_empty_objects() {
        let mut unchanged = response("");
        unchanged.status = 304;
        let outcome = Outcome::One { key: "contact", of: None };
        assert_eq!(value(&outcome, &unchanged).unwrap().get(), "{}");
        assert_eq!(value(&Outcome::Nothing, &response("gone")).unwrap().get(), "{}");
    }

    #[test]
    fn a_list_knows_what_stands_around_it() {
        let response = response(
            r#"{"messages":{"nextPage":true,"messages":[{"id":"a"},{"id":"b"}]},"meta":{"total":9}}"#,
        );
        let outcome = Outcome::List { key: "messages.messages", of: None };
        let list = List::read(&outcome, &response).unwrap();
        assert_eq!(list.items.len(), 2);
        assert_eq!(list.beside("nextPage"), Some(Value::Bool(true)));
        assert_eq!(list.of_last("id"), Some(Value::from("b")));
        assert_eq!(list.of_last("missing"), None);
        let flat = self::response(r#"{"messages":[{"id":"a"}],"nextPage":true}"#);
        let list = List::read(&outcome, &flat).unwrap();
        assert_eq!((list.items.len(), list.beside("nextPage")), (1, Some(Value::Bool(true))));
    }
}
