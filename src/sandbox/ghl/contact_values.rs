//! What a write makes of a contact's properties: checked, and in the form in which GHL keeps them.

use serde_json::{Value, json};

use super::contact_forms::CHANNELS;
use super::contact_tags::{define_tags, lower_case_tags};
use super::refusals::bad_request;
use super::store::{Record, Store, text};
use super::{Exchange, Reply, custom_fields};
use crate::sandbox::time_text::parse;

/// The contact's properties with what the body writes: checked, and in the form in which GHL keeps them.
pub(super) fn accept(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    before: Record,
) -> Result<Record, Reply> {
    let mut fields = before;
    let written = exchange.properties();
    for (name, value) in &written {
        match name.as_str() {
            "locationId" | "createNewIfDuplicateAllowed" | "name" => {}
            "customFields" => {
                let kept = fields.get(name).cloned().unwrap_or_else(|| json!([]));
                let merged = custom_fields::merge(store, exchange, kept, value)?;
                fields.insert(name.clone(), merged);
            }
            "tags" => {
                let tags = lower_case_tags(value);
                define_tags(store, exchange, &tags);
                fields.insert(name.clone(), json!(tags));
            }
            "dndSettings" => {
                fields.insert(name.clone(), dated_channels(value));
            }
            _ => match accept_value(exchange, name, value)? {
                Some(value) => {
                    fields.insert(name.clone(), value);
                }
                None => {
                    fields.remove(name);
                }
            },
        }
    }
    split_name(&mut fields, &written);
    Ok(fields)
}

/// A plain property as GHL keeps it; `None` clears it.
fn accept_value(
    exchange: &mut Exchange<'_>,
    name: &str,
    value: &Value,
) -> Result<Option<Value>, Reply> {
    let Some(written) = value.as_str() else {
        return Ok(Some(value.clone()).filter(|value| !value.is_null()));
    };
    if written.trim().is_empty() {
        return Ok(None);
    }
    let accepted = match name {
        "email" if !is_email(written) => {
            let message = "email must be an email".to_owned();
            return Err(super::unprocessable(exchange, &[message]));
        }
        "phone" => e164(written).ok_or_else(|| bad_request(exchange, "Invalid phone number"))?,
        "dateOfBirth" => {
            birth_day(written).ok_or_else(|| bad_request(exchange, "Invalid date of birth"))?
        }
        "email" => written.trim().to_lowercase(),
        _ => written.to_owned(),
    };
    Ok(Some(json!(accepted)))
}

fn split_name(fields: &mut Record, written: &Record) {
    let name = text(written, "name").trim();
    if name.is_empty() || written.contains_key("firstName") || written.contains_key("lastName") {
        return;
    }
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    fields.insert("firstName".into(), json!(first));
    fields.insert("lastName".into(), json!(last.trim()));
}

fn is_email(text: &str) -> bool {
    let trimmed = text.trim();
    match trimmed.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !trimmed.contains(char::is_whitespace)
                && !domain.contains('@')
        }
        None => false,
    }
}

/// A phone in E.164. Without `+`, ten digits are a number of the location's country, the United States.
pub(super) fn e164(text: &str) -> Option<String> {
    let international = text.trim_start().starts_with('+') || text.trim_start().starts_with("00");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches("00");
    let letters = text.chars().any(char::is_alphabetic);
    match digits.len() {
        _ if letters => None,
        8..=15 if international => Some(format!("+{digits}")),
        10 => Some(format!("+1{digits}")),
        11 if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

/// A day in any of the eight forms that GHL takes, as `YYYY-MM-DD`.
fn birth_day(written: &str) -> Option<String> {
    let day = written.split('T').next().unwrap_or(written);
    let parts: Vec<&str> = day.split(['/', '-', '.', '_']).collect();
    let day = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [month, day, year] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => return None,
    };
    // Days before 1970 are not instants here; their form is enough.
    let valid = parse(&day).is_some() || day.starts_with("19");
    valid.then_some(day)
}

fn dated_channels(value: &Value) -> Value {
    let mut settings = value.as_object().cloned().unwrap_or_default();
    for (dated, v3) in CHANNELS {
        if let Some(setting) = settings.remove(*v3) {
            settings.insert((*dated).into(), setting);
        }
    }
    Value::Object(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_become_e164() {
        assert_eq!(e164("(555) 010-9999").as_deref(), Some("+15550109999"));
        assert_eq!(e164("+44 20 7946 0018").as_deref(), Some("+442079460018"));
        assert_eq!(e164("0049 30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(e164("12345"), None);
        assert_eq!(e164("+1 555 CALL NOW"), None);
    }

    #[test]
    fn birth_days_are_read_in_all_forms() {
        for written in
            ["1990/09/25", "09/25/1990", "1990-09-25", "09-25-1990", "1990_09_25", "09.25.1990"]
        {
            assert_eq!(birth_day(written).as_deref(), Some("1990-09-25"), "{written}");
        }
        assert_eq!(birth_day("1931-02-03").as_deref(), Some("1931-02-03"));
        assert_eq!(birth_day("soon"), None);
    }
}
