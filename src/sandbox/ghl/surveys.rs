//! Surveys and what was sent in to them.

use serde_json::json;

use super::resources::{listed, page, same};
use super::store::{Record, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::parse;

/// Answers a read.
pub(super) fn answer(store: &Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    if key == "GET /surveys/" {
        let all = listed(store, "surveys", |_| true);
        let total = all.len();
        let rows = page(exchange, all, 10);
        return Ok(exchange.succeed(&json!({ "surveys": rows, "total": total })));
    }
    let words = exchange.query("q").unwrap_or_default().to_lowercase();
    let bound = |name: &str| exchange.query(name).and_then(parse);
    let (from, to) = (bound("startAt"), bound("endAt"));
    let fits = |row: &Record| {
        let at = parse(text(row, "createdAt")).unwrap_or(0);
        same(exchange, row, "surveyId")
            && from.is_none_or(|from| at >= from)
            && to.is_none_or(|to| at < to + 86_400_000)
            && ["name", "email", "contactId"]
                .iter()
                .any(|name| text(row, name).to_lowercase().contains(&words))
    };
    let all = listed(store, "surveySubmissions", fits);
    let total = all.len();
    let limit = exchange.query_number("limit").unwrap_or(20).clamp(1, 100);
    let number = exchange.query_number("page").unwrap_or(1).max(1);
    let rows: Vec<Record> = all.into_iter().skip((number - 1) * limit).take(limit).collect();
    let more = number * limit < total;
    let meta = json!({
        "total": total, "currentPage": number, "nextPage": more.then_some(number + 1),
        "prevPage": (number > 1).then(|| number - 1),
    });
    Ok(exchange.succeed(&json!({ "submissions": rows, "meta": meta })))
}
