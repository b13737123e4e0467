//! Goes through a list page by page. A cursor is an opaque text that carries all that is needed, so
//! that a walk can continue in another process; no link that a service gives is ever followed.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::reading::List;
use super::{Parameters, check};
use crate::endpoint::{Endpoint, Kind, Paging};
use crate::error::{Code, Error, Result};
use crate::record::{self, Json};
use crate::records;

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The records, as their JSON text.
    pub items: Vec<Json>,
    /// Where the next page begins; `None` at the end.
    pub cursor: Option<String>,
    /// Records in the whole list, where the service says so.
    pub total: Option<u64>,
    /// At the end of the list: records that the service announced and did not give.
    pub missing: u64,
}

impl Page {
    /// `{"items":[…],"cursor":text|null,"total":number|null,"missing":number}`, the records' text
    /// as it came.
    pub fn to_json(&self) -> String {
        let length: usize = self.items.iter().map(|item| item.get().len() + 1).sum();
        let mut text = String::with_capacity(length + 300);
        text.push_str("{\"items\":[");
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(item.get());
        }
        // A cursor's alphabet needs no escapes.
        let cursor =
            self.cursor.as_ref().map_or("null".to_owned(), |cursor| format!("\"{cursor}\""));
        let total = self.total.map_or("null".to_owned(), |total| total.to_string());
        text.push_str("],\"cursor\":");
        text.push_str(&cursor);
        text.push_str(",\"total\":");
        text.push_str(&total);
        text.push_str(",\"missing\":");
        text.push_str(&self.missing.to_string());
        text.push('}');
        text
    }
}

records! {
    /// Where a walk stands.
    #[derive(Debug, Default)]
    whole pub(super) struct Progress {
        /// The endpoint's name.
        endpoint: String = "e";
        /// What the next request asks for, in the form of the paging style.
        position: Value = "p";
        /// Hash of the page before.
        hash: u64 = "h";
        /// Records given so far; unknown where the caller began in the middle.
        given: Option<u64> = "n";
    }
}

/// Elasticsearch stops counting here: a total of this is a floor.
pub(crate) const COUNTED_AT_MOST: u64 = 10_000;

/// Sizes that services fall back to, whatever they were asked for. Where no total is known, a page
/// of one of these sizes may be such a one, and the list continues.
pub(crate) const FALLBACK_SIZES: [u64; 4] = [20, 25, 50, 100];

/// The parameters of the page that the cursor stands for, and how far the walk has come before it.
pub(super) fn request(
    endpoint: &'static Endpoint,
    mut parameters: Parameters,
    cursor: Option<&str>,
) -> Result<(Parameters, Progress)> {
    if let Some((name, largest)) = size(endpoint.paging)
        && check::takes(endpoint, name)
        && !parameters.contains_key(name)
    {
        parameters.insert(name.to_owned(), json!(largest));
    }
    let progress = match cursor {
        Some(cursor) => decode(endpoint, cursor)?,
        None => first(endpoint, &mut parameters),
    };
    for (name, value) in names(endpoint.paging).iter().zip(positions(&progress.position)) {
        parameters.insert((*name).to_owned(), value.clone());
    }
    // GHL types some counts in bodies as text.
    for field in endpoint.body.iter().flat_map(|body| body.fields) {
        if let (Kind::Text, Some(value @ Value::Number(_))) =
            (field.of.kind, parameters.get_mut(field.name))
        {
            *value = record::json(value).into();
        }
    }
    Ok((parameters, progress))
}

/// The page out of its answer, still without its records.
pub(super) fn page(
    endpoint: &'static Endpoint,
    parameters: &Parameters,
    before: &Progress,
    list: &List<'_>,
) -> Result<Page> {
    let hash = hash(list);
    if !list.items.is_empty() && hash == before.hash {
        return Err(stuck(endpoint, "the same page came twice"));
    }
    let length = u64::try_from(list.items.len()).unwrap_or(u64::MAX);
    let given = before.given.map(|given| given + length);
    let total =
        ["total", "meta.total", "count"].iter().find_map(|path| list.beside(path)?.as_u64());
    let asked = size(endpoint.paging).and_then(|(name, _)| number(parameters.get(name)?));
    let counted = total.filter(|total| *total != COUNTED_AT_MOST).zip(given);
    // Ends by count; styles with a flag of their own do not ask it.
    let more = length > 0
        && match (counted, asked) {
            (Some((total, given)), _) => given < total,
            (None, Some(asked)) => length >= asked || FALLBACK_SIZES.contains(&length),
            (None, None) => true,
        };
    let position = next(endpoint, list, &before.position, length, more)?;
    if position.as_ref().is_some_and(|position| *position == before.position) {
        return Err(stuck(endpoint, "the same cursor came twice"));
    }
    let missing = match (&position, total, given) {
        (None, Some(total), Some(given)) => total.saturating_sub(given),
        _ => 0,
    };
    let cursor = position.map(|position| {
        encode(&Progress { endpoint: endpoint.name.to_owned(), position, hash, given })
    });
    Ok(Page { items: Vec::new(), cursor, total, missing })
}

/// The parameter for the page size and the largest value on record.
const fn size(paging: Paging) -> Option<(&'static str, u64)> {
    Some(match paging {
        Paging::None | Paging::LastMessage => return None,
        Paging::SearchAfter => ("pageLimit", 500),
        Paging::NextCursor => ("limit", 500),
        Paging::Cursor => ("per_page", 200),
        Paging::OffsetQuery => ("limit", 20),
        Paging::StartAfter
        | Paging::SkipQuery
        | Paging::SkipBody
        | Paging::StartAfterDate
        | Paging::SearchAfterBody
        | Paging::Page => ("limit", 100),
    })
}

/// The parameters that a style sets, in the order of a position's parts.
pub(crate) const fn names(paging: Paging) -> &'static [&'static str] {
    match paging {
        Paging::None => &[],
        Paging::SearchAfter => &["searchAfter"],
        Paging::StartAfter => &["startAfter", "startAfterId"],
        Paging::SkipQuery | Paging::SkipBody => &["skip"],
        Paging::OffsetQuery => &["offset"],
        Paging::StartAfterDate => &["startAfterDate"],
        Paging::LastMessage => &["lastMessageId"],
        Paging::NextCursor | Paging::Cursor => &["cursor"],
        Paging::SearchAfterBody => &["page", "searchAfter"],
        Paging::Page => &["page"],
    }
}

fn positions(position: &Value) -> &[Value] {
    position.as_array().map_or(&[], Vec::as_slice)
}

/// The first page: from the start, or from where the caller's own parameters say.
fn first(endpoint: &'static Endpoint, parameters: &mut Parameters) -> Progress {
    let begun = names(endpoint.paging).iter().any(|name| parameters.contains_key(*name));
    let start = |name: &str| parameters.get(name).and_then(number);
    let mut given = if begun { None } else { Some(0) };
    let position = match endpoint.paging {
        Paging::SkipQuery | Paging::SkipBody | Paging::OffsetQuery => {
            let skipped = names(endpoint.paging).first().and_then(|name| start(name)).unwrap_or(0);
            given = Some(skipped);
            json!([skipped])
        }
        Paging::Page => json!([start("page").unwrap_or(1)]),
        Paging::SearchAfterBody if !begun => json!([1, []]),
        _ => Value::Null,
    };
    Progress { position, given, ..Progress::default() }
}

/// The position of the next page, or `None` at the end.
fn next(
    endpoint: &'static Endpoint,
    list: &List<'_>,
    before: &Value,
    length: u64,
    more: bool,
) -> Result<Option<Value>> {
    let lacking = |what: &str| {
        let message = format!("{}: there is more, but {what} is missing", endpoint.name);
        Error::new(Code::IncompleteList, message).of(endpoint.service).at(endpoint.name)
    };
    let at = positions(before).first().and_then(number);
    let flag = |name: &str| list.beside(name).and_then(|flag| flag.as_bool()).unwrap_or(false);
    Ok(match endpoint.paging {
        Paging::None => None,
        Paging::Cursor => {
            if !flag("has_more") {
                return Ok(None);
            }
            let cursor = list.beside("cursor").ok_or_else(|| lacking("the cursor"))?;
            Some(json!([cursor]))
        }
        Paging::NextCursor => list
            .beside("nextCursor")
            .filter(|cursor| cursor.as_str() != Some(""))
            .map(|cursor| json!([cursor])),
        Paging::LastMessage => {
            if !flag("nextPage") {
                return Ok(None);
            }
            let last = list.beside("lastMessageId").or_else(|| list.of_last("id"));
            Some(json!([last.ok_or_else(|| lacking("lastMessageId"))?]))
        }
        _ if !more => None,
        Paging::SearchAfter => {
            let last = list.of_last("searchAfter");
            Some(json!([last.ok_or_else(|| lacking("the last record's searchAfter"))?]))
        }
        Paging::StartAfter => {
            let last = list.of_last("startAfter").filter(Value::is_array);
            match (list.beside("meta.startAfter"), list.beside("meta.startAfterId")) {
                (Some(after), Some(id)) => Some(json!([after, id])),
                _ => Some(last.ok_or_else(|| lacking("startAfter"))?),
            }
        }
        Paging::SkipQuery | Paging::SkipBody | Paging::OffsetQuery => {
            Some(json!([at.unwrap_or(0) + length]))
        }
        Paging::StartAfterDate => {
            let sort = list.of_last("sort");
            let sort = sort.as_ref().and_then(|sort| sort.get(0)).cloned();
            let value = sort.or_else(|| list.of_last("lastMessageDate"));
            Some(json!([value.ok_or_else(|| lacking("the last record's sort value"))?]))
        }
        Paging::SearchAfterBody => {
            let last = list.of_last("searchAfter").or_else(|| list.of_last("sort"));
            Some(json!([at.unwrap_or(1) + 1, last.unwrap_or_else(|| json!([]))]))
        }
        Paging::Page => Some(json!([at.unwrap_or(1) + 1])),
    })
}

/// A whole number, or a text that is one: GHL types some limits as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn hash(list: &List<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    list.items.iter().for_each(|item| item.hash(&mut hasher));
    hasher.finish()
}

fn stuck(endpoint: &'static Endpoint, what: &str) -> Error {
    Error::new(Code::CursorStuck, format!("{}: {what}", endpoint.name))
        .of(endpoint.service)
        .at(endpoint.name)
        .hint("Start the list again; if it happens again, the service's paging is at fault.")
}

fn encode(progress: &Progress) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(progress).unwrap_or_default())
}

fn decode(endpoint: &'static Endpoint, cursor: &str) -> Result<Progress> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let progress: Option<Progress> = text.and_then(|text| record::read(&text).ok());
    progress.filter(|progress| progress.endpoint == endpoint.name).ok_or_else(|| {
        let message = format!("{}: the cursor is not one of this list", endpoint.name);
        Error::new(Code::InvalidArgument, message).of(endpoint.service).at(endpoint.name)
    })
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the tables' macros make public items")]
mod tests {
    use super::super::scripted::{Scripted, reply};
    use super::super::{Client, ClientConfig, GhlVersion, Secret};
    use super::*;
    use crate::endpoint::{ANY, INTEGER, Outcome, TEXT};
    use crate::error::Service;
    use crate::host::Request;
    use crate::{endpoints, fields, models};

    models! {
        SEARCH "Search" {
            optional "pageLimit": INTEGER,
            optional "limit": INTEGER,
            optional "skip": INTEGER,
            optional "page": INTEGER,
            optional "searchAfter": ANY,
        }
    }

    const ROWS_KEY: Outcome = Outcome::List { key: "rows", of: None };

    endpoints! {
        GHL_ROWS: Ghl "lists";
        /// 0
        "searchAfter": POST "/0" { body: Some(&SEARCH), result: ROWS_KEY, paging: Paging::SearchAfter, retry: crate::endpoint::RetryClass::Read }
        /// 1
        "startAfter": GET "/1" { query: fields![optional "startAfter": TEXT, optional "startAfterId": TEXT, optional "limit": INTEGER], result: ROWS_KEY, paging: Paging::StartAfter }
        /// 2
        "skip": GET "/2" { query: fields![optional "skip": TEXT, optional "limit": TEXT], result: ROWS_KEY, paging: Paging::SkipQuery }
        /// 3
        "skipBody": POST "/3" { body: Some(&SEARCH), result: ROWS_KEY, paging: Paging::SkipBody }
        /// 4
        "offset": GET "/4" { query: fields![optional "offset": INTEGER, optional "limit": INTEGER], result: ROWS_KEY, paging: Paging::OffsetQuery }
        /// 5
        "date": GET "/5" { query: fields![optional "startAfterDate": ANY, optional "limit": INTEGER], result: ROWS_KEY, paging: Paging::StartAfterDate }
        /// 6
        "last": GET "/6" { query: fields![optional "lastMessageId": TEXT], result: Outcome::List { key: "in.rows", of: None }, paging: Paging::LastMessage }
        /// 7
        "next": GET "/7" { query: fields![optional "cursor": TEXT, optional "limit": INTEGER], result: ROWS_KEY, paging: Paging::NextCursor }
        /// 8
        "body": POST "/8" { body: Some(&SEARCH), result: ROWS_KEY, paging: Paging::SearchAfterBody }
        /// 9
        "page": GET "/9" { query: fields![optional "page": INTEGER, optional "limit": INTEGER], result: ROWS_KEY, paging: Paging::Page }
        /// 10
        "one": GET "/10" { query: fields![optional "limit": INTEGER], result: ROWS_KEY }
    }

    endpoints! {
        CHARTMOGUL_ROWS: Chartmogul "lists";
        /// 0
        "cursor": GET "/v1/0" { query: fields![optional "cursor": TEXT, optional "per_page": INTEGER], result: ROWS_KEY, paging: Paging::Cursor }
    }

    fn client(service: Service) -> Client {
        Client::new(ClientConfig {
            profile: super::super::profile::of(service),
            base_url: Some("https://test".to_owned()),
            secret: Secret::new("k"),
            location_id: None,
            api_version: GhlVersion::Dated,
            timeout_ms: None,
        })
        .unwrap()
    }

    /// What a request asks for, by name: from its query or body.
    fn asked(request: &Request, name: &str) -> Value {
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        let in_query = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        in_query.map_or_else(
            || body[name].clone(),
            |text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        )
    }

    fn start(request: &Request, names: &[&str]) -> usize {
        let value = asked(request, names[0]);
        number(&value).map_or(0, |number| number as usize)
    }

    /// Walks to the end; gives all ids, the number of requests, and the last page's `missing`.
    fn walk(
        endpoint: &'static Endpoint,
        host: &Scripted<'_>,
        parameters: Value,
    ) -> Result<(Vec<u64>, usize, u64)> {
        let client = client(endpoint.service);
        let parameters = parameters.as_object().unwrap();
        let (mut ids, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page =
                host.run(client.page(host, endpoint, parameters.clone(), cursor.as_deref()))?;
            pages += 1;
            assert!(pages < 100, "never ends");
            for item in &page.items {
                let item: Value = serde_json::from_str(item.get()).unwrap();
                ids.push(item["id"].as_u64().unwrap());
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok((ids, host.sent.borrow().len(), page.missing));
            }
        }
    }

    fn all(count: u64) -> Vec<u64> {
        (0..count).collect()
    }

    /// A server of `count` rows that gives at most `most`, from the row that `from` finds.
    fn server<'a>(
        count: u64,
        most: u64,
        size_name: &'a str,
        from: impl Fn(&Request, u64) -> u64 + 'a,
        around: impl Fn(&mut Value, u64, u64) + 'a,
    ) -> Scripted<'a> {
        Scripted::new(move |request, _| {
            let size = number(&asked(request, size_name)).unwrap_or(20).min(most);
            let begin = from(request, size);
            let end = (begin + size).min(count);
            let rows: Vec<Value> = (begin..end.max(begin))
                .map(|id| json!({"id": id, "searchAfter": [id * 7, id], "sort": [id], "startAfter": [id, id]}))
                .collect();
            let mut body = json!({ "rows": rows });
            around(&mut body, end, count);
            reply(200, &[], &body)
        })
    }

    fn after(request: &Request, name: &str) -> u64 {
        let value = asked(request, name);
        let last = if value.is_array() { value[1].clone() } else { value };
        number(&last).map_or(0, |id| id + 1)
    }

    #[test]
    fn search_after_ends_with_the_total() {
        let total = |body: &mut Value, _, count| body["total"] = json!(count);
        for count in [0, 1, 499, 500, 501, 1_000, 12_345] {
            let host = server(count, 500, "pageLimit", |r, _| after(r, "searchAfter"), total);
            let (ids, requests, missing) = walk(&GHL_ROWS[0], &host, json!({})).unwrap();
            assert_eq!((ids, missing), (all(count), 0));
            assert_eq!(requests as u64, count.div_ceil(500).max(1), "no page too many");
        }
    }

    #[test]
    fn a_service_that_gives_less_than_asked_loses_no_record() {
        let total = |body: &mut Value, _, count| body["total"] = json!(count);
        let host = server(250, 100, "pageLimit", |r, _| after(r, "searchAfter"), total);
        assert_eq!(walk(&GHL_ROWS[0], &host, json!({})).unwrap().0, all(250));
        // Without a total, a page of a usual size may be a cut one.
        let host = server(60, 25, "limit", |r, _| start(r, &["skip"]) as u64, |_, _, _| {});
        assert_eq!(walk(&GHL_ROWS[3], &host, json!({})).unwrap().0, all(60));
    }

    #[test]
    fn a_total_that_elasticsearch_stopped_counting_is_a_floor() {
        let total = |body: &mut Value, _, _| body["total"] = json!(10_000);
        let host = server(10_700, 500, "pageLimit", |r, _| after(r, "searchAfter"), total);
        assert_eq!(walk(&GHL_ROWS[0], &host, json!({})).unwrap().0, all(10_700));
    }

    #[test]
    fn what_was_announced_and_not_given_is_reported() {
        let total = |body: &mut Value, _, _| body["total"] = json!(7);
        let host = server(5, 500, "pageLimit", |r, _| after(r, "searchAfter"), total);
        let (ids, _, missing) = walk(&GHL_ROWS[0], &host, json!({})).unwrap();
        assert_eq!((ids, missing), (all(5), 2));
    }

    #[test]
    fn start_after_takes_both_halves() {
        let meta = |body: &mut Value, end: u64, count| {
            body["meta"] = json!({"total": count, "startAfter": end, "startAfterId": format!("id{end}"),
                "nextPageUrl": "http://localhost:5066/never"});
        };
        let from = |request: &Request, _| {
            let id = asked(request, "startAfterId");
            let after = number(&asked(request, "startAfter"));
            assert_eq!(after.map(|at| json!(format!("id{at}"))), id.is_string().then_some(id));
            after.unwrap_or(0)
        };
        let host = server(250, 100, "limit", from, meta);
        let (ids, requests, _) = walk(&GHL_ROWS[1], &host, json!({})).unwrap();
        assert_eq!((ids, requests), (all(250), 3));
        // Rows of older lists carry the cursor themselves.
        let host = server(250, 100, "limit", |r, _| after(r, "startAfter"), |_, _, _| {});
        assert_eq!(walk(&GHL_ROWS[1], &host, json!({})).unwrap().0, all(250));
    }

    #[test]
    fn skips_offsets_and_pages_count_on() {
        let table: [(usize, &str, u64); 4] =
            [(2, "skip", 100), (3, "skip", 100), (4, "offset", 20), (9, "page", 100)];
        for (row, name, size) in table {
            for count in [0, 7, size, size + 30, 3 * size + 1] {
                let from = |request: &Request, size: u64| {
                    let at = start(request, &[name]) as u64;
                    if name == "page" { (at - 1) * size } else { at }
                };
                let host = server(count, size, "limit", from, |_, _, _| {});
                let (ids, ..) = walk(&GHL_ROWS[row], &host, json!({})).unwrap();
                assert_eq!(ids, all(count), "{name}");
            }
        }
    }

    #[test]
    fn the_callers_page_size_and_beginning_are_kept() {
        let host = server(30, 100, "limit", |r, _| start(r, &["skip"]) as u64, |_, _, _| {});
        let (ids, requests, _) =
            walk(&GHL_ROWS[3], &host, json!({"limit": 7, "skip": 10})).unwrap();
        assert_eq!((ids, requests), ((10..30).collect(), 3));
        let host = server(
            9,
            100,
            "limit",
            |r, size| (start(r, &["page"]) as u64 - 1) * size,
            |_, _, _| {},
        );
        let (ids, ..) = walk(&GHL_ROWS[9], &host, json!({"limit": 4, "page": 2})).unwrap();
        assert_eq!(ids, (4..9).collect::<Vec<_>>());
    }

    #[test]
    fn dates_messages_and_cursors_follow_what_the_answer_says() {
        let total = |body: &mut Value, _, count| body["total"] = json!(count);
        let host = server(230, 100, "limit", |r, _| after(r, "startAfterDate"), total);
        assert_eq!(walk(&GHL_ROWS[5], &host, json!({})).unwrap().0, all(230));

        let nested = |body: &mut Value, end: u64, count| {
            let rows = body["rows"].take();
            *body = json!({"in": {"rows": rows, "nextPage": end < count, "lastMessageId": (end - 1).to_string()}});
        };
        let host = server(50, 20, "limit", |r, _| after(r, "lastMessageId"), nested);
        assert_eq!(walk(&GHL_ROWS[6], &host, json!({})).unwrap().0, all(50));

        let next = |body: &mut Value, end: u64, count| {
            body["nextCursor"] =
                if end < count { json!((end - 1).to_string()) } else { Value::Null };
        };
        let host = server(1_200, 500, "limit", |r, _| after(r, "cursor"), next);
        let (ids, requests, _) = walk(&GHL_ROWS[7], &host, json!({})).unwrap();
        assert_eq!((ids, requests), (all(1_200), 3));

        let host =
            server(250, 100, "limit", |r, size| (start(r, &["page"]) as u64 - 1) * size, total);
        assert_eq!(walk(&GHL_ROWS[8], &host, json!({})).unwrap().0, all(250));

        let host = server(250, 1_000, "limit", |_, _| 0, |_, _, _| {});
        assert_eq!(walk(&GHL_ROWS[10], &host, json!({"limit": 250})).unwrap().1, 1);
    }

    #[test]
    fn chartmoguls_cursor_outlives_the_last_page() {
        let more = |body: &mut Value, end: u64, count| {
            body["cursor"] = json!((end - 1).to_string());
            body["has_more"] = json!(end < count);
        };
        for count in [1, 200, 450] {
            let host = server(count, 200, "per_page", |r, _| after(r, "cursor"), more);
            let (ids, requests, _) = walk(&CHARTMOGUL_ROWS[0], &host, json!({})).unwrap();
            assert_eq!(ids, all(count));
            assert_eq!(requests as u64, count.div_ceil(200));
        }
        let host = Scripted::new(|_, _| {
            reply(200, &[], &json!({"rows": [], "cursor": null, "has_more": true}))
        });
        let error = walk(&CHARTMOGUL_ROWS[0], &host, json!({})).unwrap_err();
        assert_eq!(error.code, Code::IncompleteList);
    }

    #[test]
    fn a_list_that_does_not_move_on_is_stuck() {
        // A service that ignores the parameter gives the first page forever.
        let host = server(250, 100, "limit", |_, _| 0, |_, _, _| {});
        assert_eq!(walk(&GHL_ROWS[2], &host, json!({})).unwrap_err().code, Code::CursorStuck);
        // The same cursor with other rows.
        let rows = std::cell::Cell::new(0);
        let host = Scripted::new(|_, _| {
            rows.set(rows.get() + 1);
            reply(200, &[], &json!({"rows": [{"id": rows.get()}], "cursor": "x", "has_more": true}))
        });
        assert_eq!(
            walk(&CHARTMOGUL_ROWS[0], &host, json!({})).unwrap_err().code,
            Code::CursorStuck
        );
    }

    #[test]
    fn a_page_as_text_is_json() {
        let total = |body: &mut Value, _, count| body["total"] = json!(count);
        for (count, cursor) in [(0, false), (3, false), (501, true)] {
            let host = server(count, 500, "pageLimit", |r, _| after(r, "searchAfter"), total);
            let client = client(Service::Ghl);
            let page = host.run(client.page(&host, &GHL_ROWS[0], Parameters::new(), None)).unwrap();
            let json: Value = serde_json::from_str(&page.to_json()).unwrap();
            assert_eq!(json["items"].as_array().unwrap().len() as u64, count.min(500));
            assert_eq!((json["cursor"].is_string(), &json["total"]), (cursor, &json!(count)));
            assert_eq!(json["missing"], json!(0));
        }
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let client = client(Service::Ghl);
        let host = server(250, 100, "limit", |r, _| start(r, &["skip"]) as u64, |_, _, _| {});
        let page = host.run(client.page(&host, &GHL_ROWS[2], Parameters::new(), None)).unwrap();
        for (row, cursor) in [(3, page.cursor.as_deref()), (2, Some("%%%")), (2, Some("e30"))] {
            let result = host.run(client.page(&host, &GHL_ROWS[row], Parameters::new(), cursor));
            assert_eq!(result.unwrap_err().code, Code::InvalidArgument);
        }
        assert_eq!(host.sent.borrow().len(), 1, "refused before any call");
    }
}
