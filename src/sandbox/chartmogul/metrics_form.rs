//! How the metrics side writes what the billing side knows: pages by number, instants, currencies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::reading::{Outcome, invalid_cursor};
use crate::sandbox::service::{Call, Reply};

/// A page of a list whose cursor hides a page's number, as base64 of `name=number`.
pub(super) fn numbered(call: &Call<'_>, entries: &[Value], name: &str) -> Outcome {
    let per_page = call
        .query("per_page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(200_usize)
        .clamp(1, 200);
    let cursor = call.query("cursor").filter(|cursor| !cursor.is_empty());
    let page = match cursor {
        None => call.query("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1),
        Some(cursor) => STANDARD
            .decode(cursor)
            .ok()
            .and_then(|decoded| String::from_utf8(decoded).ok())
            .and_then(|decoded| decoded.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
            .ok_or_else(invalid_cursor)?,
    };
    let shown: Vec<&Value> =
        entries.iter().skip(page.saturating_sub(1) * per_page).take(per_page).collect();
    let has_more = page * per_page < entries.len();
    let next = STANDARD.encode(format!("{name}={}", page + 1));
    let mut body = json!({"entries": shown, "has_more": has_more, "cursor": next});
    if cursor.is_none()
        && let Value::Object(body) = &mut body
    {
        body.insert("per_page".into(), json!(per_page));
        body.insert("page".into(), json!(page));
    }
    Ok(Reply::json(200, &body))
}

/// An instant as the metrics side writes it: an offset, and no milliseconds.
pub(super) fn with_offset(iso: &str) -> String {
    format!("{}+00:00", iso.split(['.', 'Z']).next().unwrap_or_default())
}

pub(super) fn currency_sign(currency: &str) -> &str {
    match currency {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        "PLN" => "zł",
        other => other,
    }
}
