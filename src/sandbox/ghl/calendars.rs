//! Calendars with their groups, notifications and resources.

use serde_json::{Value, json};

use super::refusals::{bad_request, unprocessable};
use super::resources::{change, create, find, listed, page, same, with_underscore, without};
use super::store::{Record, Store, text};
use super::{Answered, Exchange, events};
use crate::sandbox::time_text::day;

const DAY_MS: u64 = 86_400_000;

/// Answers an operation on calendars or what belongs to them.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let path = key.split_once(' ').map_or("", |(_, path)| path);
    match path.split('/').nth(2) {
        Some("groups") => groups(store, key, exchange),
        Some("resources") => resources(store, key, exchange),
        Some("events" | "blocked-slots" | "appointments") => events::answer(store, key, exchange),
        _ if path.contains("/notifications") => notifications(store, key, exchange),
        _ => calendars(store, key, exchange),
    }
}

fn calendars(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /calendars/" => {
            let all = listed(store, "calendars", |record| same(exchange, record, "groupId"));
            return Ok(exchange.succeed(&json!({ "calendars": all })));
        }
        "POST /calendars/" => {
            let usual = json!({
                "isActive": true, "slotDuration": 30, "slotDurationUnit": "mins", "calendarType": "round_robin",
            });
            let calendar = create(store, exchange, "calendars", usual);
            return Ok(exchange.succeed(&json!({ "calendar": calendar })).wrote());
        }
        _ => {}
    }
    let id = exchange.parameter("calendarId");
    let calendar = find(store, exchange, "calendars", &id, "Calendar")?;
    match key {
        "PUT /calendars/{calendarId}" => {
            let calendar = change(store, exchange, "calendars", calendar, json!({}));
            Ok(exchange.succeed(&json!({ "calendar": calendar })).wrote())
        }
        "DELETE /calendars/{calendarId}" => {
            store.of_mut("calendars").remove(&id);
            store.of_mut("notifications").remove_of_parent(&id);
            Ok(exchange.succeed(&json!({ "success": true })).wrote())
        }
        "GET /calendars/{calendarId}/free-slots" => free_slots(exchange),
        _ => Ok(exchange.succeed(&json!({ "calendar": calendar }))),
    }
}

/// Free slots by day: two each working day. The range is in milliseconds and at most 31 days.
fn free_slots(exchange: &mut Exchange<'_>) -> Answered {
    let instant = |name: &str| exchange.query(name).and_then(|text| text.parse::<u64>().ok());
    let (from, to) = (instant("startDate").unwrap_or(0), instant("endDate").unwrap_or(0));
    if to < from || to - from > 31 * DAY_MS {
        return Err(bad_request(exchange, "The date range must be 31 days at most"));
    }
    let mut slots = Record::new();
    for number in from / DAY_MS..=to / DAY_MS {
        let date = day(number * DAY_MS);
        // 1970-01-01 was a Thursday.
        if (number + 3) % 7 < 5 {
            let times = json!([format!("{date}T09:00:00-05:00"), format!("{date}T15:30:00-05:00")]);
            slots.insert(date, json!({ "slots": times }));
        }
    }
    slots.insert("traceId".into(), json!(exchange.trace_id()));
    Ok(exchange.succeed(&Value::Object(slots)))
}

fn groups(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let taken = |store: &Store, slug: &str, except: &str| {
        let mut groups = store.of("calendarGroups").all();
        groups.any(|group| text(group, "slug") == slug && text(group, "id") != except)
    };
    let slug = exchange.body_text("slug").unwrap_or_default().to_owned();
    let id = exchange.parameter("groupId");
    match key {
        "GET /calendars/groups" => {
            let all = listed(store, "calendarGroups", |_| true);
            return Ok(exchange.succeed(&json!({ "groups": all })));
        }
        "POST /calendars/groups/validate-slug" => {
            let available = !taken(store, &slug, "");
            return Ok(exchange.succeed(&json!({ "available": available })));
        }
        _ if !slug.is_empty() && taken(store, &slug, &id) => {
            return Err(bad_request(exchange, "Slug is already taken"));
        }
        "POST /calendars/groups" => {
            let group = create(store, exchange, "calendarGroups", json!({ "isActive": true }));
            return Ok(exchange.succeed(&json!({ "group": group })).wrote());
        }
        _ => {}
    }
    let group = find(store, exchange, "calendarGroups", &id, "Calendar group")?;
    if key.starts_with("DELETE") {
        store.of_mut("calendarGroups").remove(&id);
        return Ok(exchange.succeed(&json!({ "success": true })).wrote());
    }
    let group = change(store, exchange, "calendarGroups", group, json!({}));
    let body = match key {
        "PUT /calendars/groups/{groupId}/status" => json!({ "success": true }),
        _ => json!({ "group": group }),
    };
    Ok(exchange.succeed(&body).wrote())
}

/// A notification as answers show it: without its calendar and sender.
fn shown_notification(record: Record) -> Record {
    with_underscore(without(record, &["calendarId", "fromAddress", "fromName", "fromNumber"]))
}

fn notifications(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let calendar = exchange.parameter("calendarId");
    find(store, exchange, "calendars", &calendar, "Calendar")?;
    match key {
        "GET /calendars/{calendarId}/notifications" => {
            let wanted = exchange.query("isActive").map(|text| json!(text == "true"));
            let all = listed(store, "notifications", |record| {
                text(record, "calendarId") == calendar
                    && wanted.as_ref().is_none_or(|wanted| record.get("isActive") == Some(wanted))
            });
            let rows: Vec<Record> =
                page(exchange, all, 100).into_iter().map(shown_notification).collect();
            return Ok(exchange.succeed(&json!(rows)));
        }
        // Takes a list and gives one.
        "POST /calendars/{calendarId}/notifications" => {
            let mut made = Vec::new();
            for item in exchange.body.as_array().cloned().unwrap_or_default() {
                let mut record = item.as_object().cloned().unwrap_or_default();
                record.insert("id".into(), json!(exchange.random.hex(24)));
                record.insert("calendarId".into(), json!(calendar));
                record.entry("isActive").or_insert(json!(true));
                record.insert("deleted".into(), json!(false));
                store.of_mut("notifications").put(record.clone());
                made.push(shown_notification(record));
            }
            return Ok(exchange.succeed(&json!(made)).wrote());
        }
        _ => {}
    }
    let id = exchange.parameter("notificationId");
    let notification = find(store, exchange, "notifications", &id, "Notification")?;
    match key.split(' ').next() {
        Some("PUT") => {
            change(store, exchange, "notifications", notification, json!({}));
            let body = json!({ "message": "Notification updated successfully" });
            Ok(exchange.succeed(&body).wrote())
        }
        Some("DELETE") => {
            store.of_mut("notifications").remove(&id);
            let body = json!({ "message": "Notification deleted successfully" });
            Ok(exchange.succeed(&body).wrote())
        }
        _ => Ok(exchange.succeed(&json!(shown_notification(notification)))),
    }
}

/// Rooms and equipment.
fn resources(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let kind = exchange.parameter("resourceType");
    if !["equipments", "rooms"].contains(&kind.as_str()) {
        let message =
            "resourceType must be one of the following values: equipments, rooms".to_owned();
        return Err(unprocessable(exchange, &[message]));
    }
    match key {
        "GET /calendars/resources/{resourceType}" => {
            let all = listed(store, "resources", |record| text(record, "resourceType") == kind);
            let rows: Vec<Record> =
                page(exchange, all, 20).into_iter().map(with_underscore).collect();
            return Ok(exchange.succeed(&json!(rows)));
        }
        "POST /calendars/resources/{resourceType}" => {
            let properties = json!({ "resourceType": kind, "isActive": true });
            let resource = create(store, exchange, "resources", properties);
            return Ok(exchange.succeed(&json!(with_underscore(resource))).wrote());
        }
        _ => {}
    }
    let id = exchange.parameter("id");
    let resource = find(store, exchange, "resources", &id, "Resource")?;
    match key.split(' ').next() {
        Some("PUT") => {
            let resource = change(store, exchange, "resources", resource, json!({}));
            Ok(exchange.succeed(&json!(with_underscore(resource))).wrote())
        }
        Some("DELETE") => {
            store.of_mut("resources").remove(&id);
            Ok(exchange.succeed(&json!({ "success": true })).wrote())
        }
        _ => Ok(exchange.succeed(&json!(with_underscore(resource)))),
    }
}
