//! Conversations and messages, recordings and transcriptions.

use serde_json::{Value, json};

use super::contact_forms::full_name;
use super::refusals::{bad_request, not_found};
use super::resources::{change, find, listed, without};
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};
use crate::sandbox::time_text::iso;

/// Most conversations of a page.
const LIMIT: usize = 100;

/// Answers an operation on conversations or messages.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /conversations/search" => search(store, exchange),
        "POST /conversations/" => create(store, exchange),
        "GET /conversations/{conversationId}/messages" => messages(store, exchange),
        "GET /conversations/messages/export" => export(store, exchange),
        "POST /conversations/messages" => send(store, exchange),
        "POST /conversations/messages/inbound" => receive(store, exchange, "inbound"),
        "POST /conversations/messages/outbound" => receive(store, exchange, "outbound"),
        "POST /conversations/providers/live-chat/typing" => {
            Ok(exchange.succeed(&json!({ "success": true })))
        }
        _ if key.contains("{conversationId}") => answer_for_one(store, key, exchange),
        _ => answer_for_message(store, key, exchange),
    }
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("conversationId");
    let conversation = find(store, exchange, "conversations", &id, "Conversation")?;
    match key.split(' ').next() {
        Some("PUT") => {
            let changed = change(store, exchange, "conversations", conversation, json!({}));
            let body = json!({ "success": true, "conversation": with_state(changed) });
            Ok(exchange.succeed(&body).wrote())
        }
        Some("DELETE") => {
            store.of_mut("conversations").remove(&id);
            store.of_mut("messages").remove_of_parent(&id);
            Ok(exchange.succeed(&json!({ "success": true })).wrote())
        }
        _ => {
            const HIDDEN: &[&str] = &[
                "dateAdded",
                "dateUpdated",
                "lastMessageBody",
                "lastMessageDate",
                "lastMessageType",
            ];
            let mut conversation = without(with_state(conversation), HIDDEN);
            conversation.insert("type".into(), json!(1));
            Ok(exchange.succeed(&Value::Object(conversation)))
        }
    }
}

/// A conversation with the flags that reads of one show. Its dates are milliseconds in searches alone.
fn with_state(mut conversation: Record) -> Record {
    for (name, value) in
        [("deleted", json!(false)), ("inbox", json!(true)), ("starred", json!(false))]
    {
        conversation.entry(name).or_insert(value);
    }
    for name in ["dateAdded", "dateUpdated", "lastMessageDate"] {
        if let Some(instant) = conversation.get(name).and_then(Value::as_u64) {
            conversation.insert(name.into(), json!(iso(instant)));
        }
    }
    conversation
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.body_text("contactId").unwrap_or_default().to_owned();
    if store.contacts.get(&contact).is_none() {
        return Err(not_found("Contact", &contact));
    }
    if let Some(known) = store.of("conversations").of_parent(&contact).next() {
        return Err(Reply::json(
            400,
            &json!({
                "message": "Conversation already exists",
                "canonicalCode": "CONVERSATIONS_CONVERSATION_ALREADY_EXISTS",
                "conversationId": known.get("id"),
            }),
        ));
    }
    let now = exchange.now_ms;
    let properties = json!({
        "dateAdded": now, "dateUpdated": now, "lastMessageDate": now, "unreadCount": 0, "type": "TYPE_PHONE",
    });
    let conversation = super::resources::create(store, exchange, "conversations", properties);
    let body = json!({ "success": true, "conversation": with_state(conversation) });
    Ok(exchange.succeed(&body).wrote())
}

/// `GET /conversations/search`: the cursor is the sort value of the last row.
fn search(store: &Store, exchange: &Exchange<'_>) -> Answered {
    let limit = exchange.query_number("limit").unwrap_or(20).min(LIMIT);
    let ascending = exchange.query("sort") == Some("asc");
    let last = |row: &Record| row.get("lastMessageDate").and_then(Value::as_u64).unwrap_or(0);
    let words = exchange.query("query").unwrap_or_default().to_lowercase();
    let fits = |row: &&Record| {
        let contact = store.contacts.get(text(row, "contactId"));
        let name = contact.map(|contact| full_name(&contact.fields)).unwrap_or_default();
        ["contactId", "assignedTo", "id", "lastMessageType"]
            .iter()
            .all(|name| super::resources::same(exchange, row, name))
            && name.to_lowercase().contains(&words)
            && (exchange.query("status") != Some("unread")
                || row.get("unreadCount") != Some(&json!(0)))
    };
    let mut rows: Vec<&Record> = store.of("conversations").all().filter(fits).collect();
    rows.sort_by_key(|row| last(row));
    if !ascending {
        rows.reverse();
    }
    let total = rows.len();
    if let Some(after) = exchange.query("startAfterDate").and_then(|text| text.parse::<u64>().ok())
    {
        rows.retain(|row| if ascending { last(row) > after } else { last(row) < after });
    }
    let page: Vec<Record> = rows.iter().take(limit).map(|row| found(store, row)).collect();
    Ok(exchange.succeed(&json!({ "conversations": page, "total": total })))
}

fn found(store: &Store, conversation: &Record) -> Record {
    let mut row = conversation.clone();
    let contact = store.contacts.get(text(conversation, "contactId"));
    let fields = contact.map(|contact| contact.fields.clone()).unwrap_or_default();
    let name = full_name(&fields);
    for (key, value) in [
        ("fullName", json!(name)),
        ("contactName", json!(name)),
        ("email", fields.get("email").cloned().unwrap_or_default()),
        ("phone", fields.get("phone").cloned().unwrap_or_default()),
        ("sort", json!([conversation.get("lastMessageDate")])),
    ] {
        row.insert(key.into(), value);
    }
    row.entry("lastMessageBody").or_insert(json!(""));
    row.entry("lastMessageType").or_insert(json!("TYPE_SMS"));
    row
}

/// Messages, newest first; one level deeper than the official file shows, as the examples on the
/// service's own pages have them.
fn messages(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("conversationId");
    find(store, exchange, "conversations", &id, "Conversation")?;
    let limit = exchange.query_number("limit").unwrap_or(20);
    let kinds: Vec<&str> =
        exchange.query("type").map(|kinds| kinds.split(',').collect()).unwrap_or_default();
    let all: Vec<&Record> = store
        .of("messages")
        .of_parent(&id)
        .rev()
        .filter(|message| kinds.is_empty() || kinds.contains(&text(message, "messageType")))
        .collect();
    let after = exchange.query("lastMessageId");
    let start = after.and_then(|after| all.iter().position(|message| text(message, "id") == after));
    let rest: Vec<&Record> = all.into_iter().skip(start.map_or(0, |start| start + 1)).collect();
    let page: Vec<&Record> = rest.iter().take(limit).copied().collect();
    let last = page.last().map(|message| text(message, "id")).unwrap_or_default();
    let list = json!({ "lastMessageId": last, "nextPage": rest.len() > limit, "messages": page });
    Ok(exchange.succeed(&json!({ "messages": list })))
}

/// `GET /conversations/messages/export`: all of the location, 10 to 500 to a page.
fn export(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let limit = exchange.query_number("limit").unwrap_or(100);
    if !(10..=500).contains(&limit) {
        let message = "limit must be between 10 and 500".to_owned();
        return Err(super::unprocessable(exchange, &[message]));
    }
    let fits = |message: &Record| {
        ["conversationId", "contactId"]
            .iter()
            .all(|name| super::resources::same(exchange, message, name))
    };
    let mut all = listed(store, "messages", fits);
    if exchange.query("sortOrder") != Some("asc") {
        all.reverse();
    }
    let total = all.len();
    let after = exchange.query("cursor").map(str::to_owned);
    let start = after.and_then(|after| all.iter().position(|message| text(message, "id") == after));
    let rest = all.into_iter().skip(start.map_or(0, |start| start + 1));
    let page: Vec<Record> = rest.take(limit).collect();
    let next = page.last().filter(|_| page.len() == limit).and_then(|message| message.get("id"));
    Ok(exchange.succeed(&json!({ "messages": page, "nextCursor": next, "total": total })))
}

fn conversation_of(store: &mut Store, exchange: &mut Exchange<'_>, contact: &str) -> String {
    if let Some(known) = store.of("conversations").of_parent(contact).next() {
        return text(known, "id").to_owned();
    }
    let id = exchange.random.id(20);
    store.of_mut("conversations").put(Record::from_iter([
        ("id".to_owned(), json!(id)),
        ("contactId".to_owned(), json!(contact)),
        ("dateAdded".to_owned(), json!(exchange.now_ms)),
        ("type".to_owned(), json!("TYPE_PHONE")),
        ("unreadCount".to_owned(), json!(0)),
    ]));
    id
}

fn put_message(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    conversation: &str,
    contact: &str,
    direction: &str,
) -> String {
    let id = exchange.random.id(20);
    let kind = exchange.body_text("type").unwrap_or("SMS").to_uppercase();
    let text_of = exchange.body_text("message").or_else(|| exchange.body_text("html"));
    let body = text_of.unwrap_or_default().to_owned();
    let location = store.location_id.clone();
    let message = json!({
        "id": id, "type": if kind == "EMAIL" { 3 } else { 2 }, "messageType": format!("TYPE_{kind}"),
        "locationId": location, "contactId": contact, "conversationId": conversation,
        "dateAdded": iso(exchange.now_ms), "body": body, "direction": direction, "status": "delivered",
        "contentType": "text/plain", "attachments": [], "source": "api",
    });
    store.of_mut("messages").put(message.as_object().cloned().unwrap_or_default());
    if let Some(of) = store.of_mut("conversations").get_mut(conversation) {
        of.insert("lastMessageBody".into(), json!(body));
        of.insert("lastMessageType".into(), json!(format!("TYPE_{kind}")));
        of.insert("lastMessageDate".into(), json!(exchange.now_ms));
    }
    id
}

fn send(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.body_text("contactId").unwrap_or_default().to_owned();
    if store.contacts.get(&contact).is_none() {
        return Err(not_found("Contact", &contact));
    }
    let conversation = conversation_of(store, exchange, &contact);
    let id = put_message(store, exchange, &conversation, &contact, "outbound");
    let body = json!({ "conversationId": conversation, "messageId": id, "status": "pending" });
    Ok(exchange.succeed(&body).wrote())
}

/// Keeps a message that came in, or a call that went out, by another provider.
fn receive(store: &mut Store, exchange: &mut Exchange<'_>, direction: &str) -> Answered {
    let id = exchange.body_text("conversationId").unwrap_or_default().to_owned();
    let conversation = find(store, exchange, "conversations", &id, "Conversation")?;
    let contact = text(&conversation, "contactId").to_owned();
    let message = put_message(store, exchange, &id, &contact, direction);
    let body = json!({
        "success": true, "conversationId": id, "messageId": message, "message": "Message received",
        "contactId": contact, "dateAdded": iso(exchange.now_ms),
    });
    Ok(exchange.succeed(&body).wrote())
}

fn answer_for_message(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = match exchange.parameter("messageId") {
        id if id.is_empty() => exchange.parameter("id"),
        id => id,
    };
    let message = find(store, exchange, "messages", &id, "Message")?;
    match key {
        "GET /conversations/messages/{id}" => Ok(exchange.succeed(&Value::Object(message))),
        "GET /conversations/messages/email/{id}" => Ok(exchange.succeed(&email(&message))),
        "PUT /conversations/messages/{messageId}/status" => {
            let status = exchange.body_text("status").unwrap_or_default().to_owned();
            if let Some(of) = store.of_mut("messages").get_mut(&id) {
                of.insert("status".into(), json!(status));
            }
            let body = json!({
                "conversationId": message.get("conversationId"), "messageId": id, "status": status,
            });
            Ok(exchange.succeed(&body).wrote())
        }
        _ if text(&message, "messageType") != "TYPE_CALL" => {
            Err(bad_request(exchange, "The message is not a call"))
        }
        _ if key.ends_with("/recording") => {
            // The head of a WAV file and a second of silence.
            let mut sound = b"RIFF\x00\x00\x00\x00WAVEfmt ".to_vec();
            sound.extend([0; 64]);
            Ok(Reply::text(200, "audio/x-wav", sound))
        }
        _ if key.ends_with("/download") => {
            Ok(Reply::text(200, "text/plain", "00:00 Hello, 你好.\n"))
        }
        _ => Ok(exchange.succeed(&json!({
            "mediaChannel": 1, "sentenceIndex": 0, "startTime": 0, "endTime": 1200,
            "transcript": "Hello, 你好.", "confidence": 0.94,
        }))),
    }
}

fn email(message: &Record) -> Value {
    json!({
        "id": message.get("id"), "threadId": message.get("conversationId"),
        "locationId": message.get("locationId"), "contactId": message.get("contactId"),
        "conversationId": message.get("conversationId"), "dateAdded": message.get("dateAdded"),
        "subject": "Your question", "body": message.get("body"), "direction": message.get("direction"),
        "status": "delivered", "contentType": "text/html", "attachments": [],
        "from": "hello@riverside.example", "to": ["somebody@example.com"],
    })
}
