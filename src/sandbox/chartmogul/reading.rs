//! Reads requests: bodies, pages, instants, addresses.

use serde_json::{Map, Value};

use super::refusals::{coded, invalid, missing};
use super::store::{Collection, Record, Window};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

/// What an operation answers; a refusal is the error.
pub(super) type Outcome = Result<Reply, Reply>;

/// The body as an object; empty if there is no body.
pub(super) fn body(call: &Call<'_>) -> Result<Record, Reply> {
    if call.body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(call.body) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(coded(400, "The request body is not a valid JSON object", None)),
    }
}

/// A text that must be there: 400 where it is not, 422 where it is empty or no text.
pub(super) fn required<'a>(body: &'a Record, name: &str) -> Result<&'a str, Reply> {
    match body.get(name) {
        None => Err(missing(name)),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        Some(_) => Err(invalid(name, &format!("Parameter \"{name}\" is invalid"))),
    }
}

/// Copies texts that the body gives; `null` clears.
pub(super) fn copy_texts(body: &Record, record: &mut Record, names: &[&str]) -> Result<(), Reply> {
    for name in names {
        match body.get(*name) {
            None => {}
            Some(Value::Null) => {
                record.remove(*name);
            }
            Some(Value::String(text)) => {
                record.insert((*name).to_owned(), Value::String(text.clone()));
            }
            Some(_) => return Err(invalid(name, &format!("Parameter \"{name}\" is invalid"))),
        }
    }
    Ok(())
}

/// Copies an instant in any form as ISO 8601 with milliseconds; `null` clears.
pub(super) fn copy_instant(body: &Record, record: &mut Record, name: &str) -> Result<(), Reply> {
    match body.get(name) {
        None => {}
        Some(Value::Null) => {
            record.remove(name);
        }
        Some(value) => {
            let at = instant(value)
                .ok_or_else(|| invalid(name, &format!("Parameter \"{name}\" is invalid")))?;
            record.insert(name.to_owned(), Value::String(dates::iso(at)));
        }
    }
    Ok(())
}

/// Milliseconds since 1970 of a text in any form that ChartMogul takes.
pub(super) fn instant(value: &Value) -> Option<i64> {
    dates::instant_of(value.as_str()?)
}

/// Whether it looks like an e-mail address: the check that ChartMogul is known to make.
pub(super) fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == ',')
    };
    plain(name)
        && !name.contains('@')
        && plain(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
}

/// 422 for an invalid address, in the recorded words.
pub(super) fn check_email(body: &Record) -> Result<(), Reply> {
    match body.get("email") {
        Some(Value::String(email)) if !email.is_empty() && !is_email(email) => {
            Err(invalid("email", "The value provided does not appear to be a valid email address."))
        }
        _ => Ok(()),
    }
}

/// Where the page begins: `cursor`, or the deprecated `page`; `per_page` is clamped to 1..=200.
pub(super) fn window(call: &Call<'_>, list: &Collection) -> Result<Window, Reply> {
    let number = |name| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(200).clamp(1, 200);
    let after = match call.query("cursor") {
        None | Some("") => None,
        Some(cursor) => Some(list.place(cursor).ok_or_else(invalid_cursor)?),
    };
    let page = if after.is_some() { 1 } else { number("page").unwrap_or(1).max(1) };
    Ok(Window { after, per_page, skip: (page - 1) * per_page })
}

/// 400 for a cursor that no page gave. Not recorded.
pub(super) fn invalid_cursor() -> Reply {
    coded(400, "Parameter \"cursor\" is invalid", Some("cursor"))
}

/// Whether the query says yes.
pub(super) fn flag(call: &Call<'_>, name: &str) -> Option<bool> {
    match call.query(name)? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The `{key, value}` pairs of `custom`, written as a list. The text is ChartMogul's JSON schema's.
pub(super) fn custom_pairs(body: &Record) -> Result<Vec<(String, Value)>, Reply> {
    let Some(custom) = body.get("custom") else { return Ok(Vec::new()) };
    let Value::Array(items) = custom else { return Err(custom_is_not_a_list()) };
    items
        .iter()
        .map(|item| {
            let key = item.get("key").and_then(Value::as_str);
            let value = item.get("value").cloned();
            key.map(str::to_owned).zip(value).ok_or_else(|| missing("custom[key]"))
        })
        .collect()
}

/// 400 for `custom` given as an object where a list belongs.
pub(super) fn custom_is_not_a_list() -> Reply {
    super::refusals::worded(
        400,
        "The property '#/custom' of type object did not match the following type: array",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_name_and_a_domain_with_a_dot() {
        for good in ["a@b.co", "ann+staff@sub.example.com", "ü@bücher.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "a@b", "@b.co", "a@.co", "a@b..co", "a b@c.de", "a@b@c.de", "a@b.co, c@d.eu"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
