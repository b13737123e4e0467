//! Appointments, their notes, and blocked slots.

use serde_json::json;

use super::contacts::find as find_contact;
use super::refusals::{bad_request, unprocessable};
use super::resources::{change, find, listed, page, without};
use super::rules::Generation;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};
use crate::sandbox::time_text::{iso, parse};

/// Answers an operation on events.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /calendars/events" => window(store, exchange, "events"),
        "GET /calendars/blocked-slots" => window(store, exchange, "blockedSlots"),
        "POST /calendars/events/appointments" => create(store, exchange),
        "POST /calendars/events/block-slots" => block(store, exchange),
        "PUT /calendars/events/block-slots/{eventId}" => {
            let id = exchange.parameter("eventId");
            let slot = find(store, exchange, "blockedSlots", &id, "Event")?;
            let slot = change(store, exchange, "blockedSlots", slot, json!({}));
            Ok(exchange.succeed(&json!(blocked(slot))).wrote())
        }
        "DELETE /calendars/events/{eventId}" => remove(store, exchange),
        _ if key.contains("/notes") => notes(store, key, exchange),
        _ => answer_for_one(store, key, exchange),
    }
}

/// Events that begin in a window, of one user, calendar or group, which must be named.
fn window(store: &Store, exchange: &mut Exchange<'_>, kind: &str) -> Answered {
    let instant = |name: &str| exchange.query(name).and_then(|text| text.parse::<u64>().ok());
    let (Some(from), Some(to)) = (instant("startTime"), instant("endTime")) else {
        let message = "startTime and endTime must be milliseconds".to_owned();
        return Err(unprocessable(exchange, &[message]));
    };
    if ["userId", "calendarId", "groupId"].iter().all(|name| exchange.query(name).is_none()) {
        let message = "Either of userId, calendarId or groupId is required".to_owned();
        return Err(unprocessable(exchange, &[message]));
    }
    let rows = listed(store, kind, |event| {
        let start = parse(text(event, "startTime")).unwrap_or(0);
        (from..=to).contains(&start)
            && exchange.query("userId").is_none_or(|user| text(event, "assignedUserId") == user)
            && exchange.query("calendarId").is_none_or(|of| text(event, "calendarId") == of)
            && exchange.query("groupId").is_none_or(|of| text(event, "groupId") == of)
    });
    Ok(exchange.succeed(&json!({ "events": rows })))
}

/// Refuses times that are not instants, or end before they start.
fn check_times(exchange: &mut Exchange<'_>, start: &str, end: &str) -> Result<(), Reply> {
    let message = match (parse(start), parse(end)) {
        (None, _) => "startTime must be a valid ISO 8601 date string",
        (_, None) => "endTime must be a valid ISO 8601 date string",
        (Some(start), Some(end)) if end <= start => "endTime must be after startTime",
        _ => return Ok(()),
    };
    Err(unprocessable(exchange, &[message.to_owned()]))
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let calendar = exchange.body_text("calendarId").unwrap_or_default().to_owned();
    let calendar = find(store, exchange, "calendars", &calendar, "Calendar")?;
    find_contact(store, exchange.body_text("contactId").unwrap_or_default())?;
    let start = exchange.body_text("startTime").unwrap_or_default().to_owned();
    let end = exchange.body_text("endTime").map_or_else(|| usual_end(&start), str::to_owned);
    check_times(exchange, &start, &end)?;
    let now = iso(exchange.now_ms);
    let assigned = exchange.body_text("assignedUserId").unwrap_or_default().to_owned();
    let properties = json!({
        "title": "Appointment", "appointmentStatus": "confirmed", "assignedUserId": assigned,
        "users": if assigned.is_empty() { vec![] } else { vec![assigned.clone()] },
        "groupId": text(&calendar, "groupId"), "address": "", "isRecurring": false,
        "startTime": start, "endTime": end, "dateAdded": now, "dateUpdated": now,
        "createdBy": { "userId": "", "source": "third_party" },
    });
    let event = super::resources::create(store, exchange, "events", properties);
    Ok(exchange.succeed(&json!(written(&event, exchange))).wrote())
}

/// What a write gives back: flat, and in the date versions without dates of its own.
fn written(event: &Record, exchange: &Exchange<'_>) -> Record {
    const HIDDEN: &[&str] = &[
        "users",
        "groupId",
        "createdBy",
        "description",
        "ignoreDateRange",
        "ignoreFreeSlotValidation",
        "meetingLocationId",
        "notes",
        "overrideLocationConfig",
        "toNotify",
    ];
    let shown = without(event.clone(), HIDDEN);
    match exchange.generation {
        Generation::Dated => without(shown, &["dateAdded", "dateUpdated"]),
        Generation::V3 => shown,
    }
}

/// A blocked slot as writes give it back.
fn blocked(slot: Record) -> Record {
    const HIDDEN: &[&str] =
        &["appointmentStatus", "contactId", "dateAdded", "dateUpdated", "groupId", "users"];
    without(slot, HIDDEN)
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("eventId");
    let event = find(store, exchange, "events", &id, "Event")?;
    if key.starts_with("PUT") {
        let or_before = |name: &str| {
            exchange.body_text(name).map_or_else(|| text(&event, name).to_owned(), str::to_owned)
        };
        let start = or_before("startTime");
        let end = match exchange.body_text("startTime").is_some()
            && exchange.body_text("endTime").is_none()
        {
            true => usual_end(&start),
            false => or_before("endTime"),
        };
        check_times(exchange, &start, &end)?;
        let properties = json!({ "endTime": end, "dateUpdated": iso(exchange.now_ms) });
        let event = change(store, exchange, "events", event, properties);
        return Ok(exchange.succeed(&json!(written(&event, exchange))).wrote());
    }
    // The official file says `event`, the service says `appointment`.
    let name = match exchange.generation {
        Generation::Dated => "appointment",
        Generation::V3 => "event",
    };
    Ok(exchange.succeed(&json!({ name: event })))
}

fn block(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let start = exchange.body_text("startTime").unwrap_or_default().to_owned();
    let end = exchange.body_text("endTime").map_or_else(|| usual_end(&start), str::to_owned);
    check_times(exchange, &start, &end)?;
    let now = iso(exchange.now_ms);
    let properties = json!({
        "title": "Blocked", "endTime": end, "contactId": "", "groupId": "", "assignedUserId": "",
        "appointmentStatus": "confirmed", "users": [], "dateAdded": now, "dateUpdated": now,
    });
    let slot = super::resources::create(store, exchange, "blockedSlots", properties);
    Ok(exchange.succeed(&json!(blocked(slot))).wrote())
}

fn remove(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("eventId");
    let removed =
        store.of_mut("events").remove(&id).or_else(|| store.of_mut("blockedSlots").remove(&id));
    match removed {
        Some(_) => {
            store.of_mut("appointmentNotes").remove_of_parent(&id);
            Ok(exchange.succeed(&json!({ "succeeded": true })).wrote())
        }
        None => Err(bad_request(exchange, "Event not found")),
    }
}

/// Notes of an appointment: not those of its contact. A page holds 20 at most.
fn notes(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let appointment = exchange.parameter("appointmentId");
    let event = find(store, exchange, "events", &appointment, "Appointment")?;
    if key.starts_with("GET") {
        if exchange.query_number("limit").is_some_and(|limit| limit > 20) {
            let message = "limit must not be greater than 20".to_owned();
            return Err(unprocessable(exchange, &[message]));
        }
        let all =
            listed(store, "appointmentNotes", |note| text(note, "appointmentId") == appointment);
        let total = all.len();
        let rows = page(exchange, all, 10);
        let seen = exchange.query_number("offset").unwrap_or(0) + rows.len();
        let rows: Vec<Record> = rows.into_iter().map(|note| shown(store, note)).collect();
        return Ok(exchange.succeed(&json!({ "notes": rows, "hasMore": seen < total })));
    }
    let id = exchange.parameter("noteId");
    if key.starts_with("POST") {
        let mut note = Record::new();
        for (name, value) in [
            ("id", json!(exchange.random.id(20))),
            ("appointmentId", json!(appointment)),
            ("contactId", event.get("contactId").cloned().unwrap_or_default()),
            ("dateAdded", json!(iso(exchange.now_ms))),
        ] {
            note.insert(name.into(), value);
        }
        let note = change(store, exchange, "appointmentNotes", note, json!({}));
        return Ok(exchange.succeed(&json!({ "note": shown(store, note) })).wrote());
    }
    let note = find(store, exchange, "appointmentNotes", &id, "Note")?;
    if key.starts_with("DELETE") {
        store.of_mut("appointmentNotes").remove(&id);
        return Ok(exchange.succeed(&json!({ "success": true })).wrote());
    }
    let note = change(store, exchange, "appointmentNotes", note, json!({}));
    Ok(exchange.succeed(&json!({ "note": shown(store, note) })).wrote())
}

/// A note with who wrote it: the user it names, else the first of the location, as for a token that is
/// nobody's own. That it is the first is a guess; that there is always an id and a name is documented.
fn shown(store: &Store, mut note: Record) -> Record {
    note.remove("appointmentId");
    let named = store.of("users").get(text(&note, "userId"));
    let user = named.or_else(|| store.of("users").all().next());
    let name = user.map(|user| format!("{} {}", text(user, "firstName"), text(user, "lastName")));
    let id = user.map(|user| text(user, "id"));
    note.insert("createdBy".into(), json!({ "id": id, "name": name }));
    note
}

/// The end of an appointment that names none: a slot of half an hour later, with the same zone.
fn usual_end(start: &str) -> String {
    let end = parse(start).map_or(0, |start| start + 30 * 60_000);
    let zone = start.get(19..).unwrap_or("Z");
    let offset = zone_offset_ms(zone);
    let local = iso(end.saturating_add_signed(offset));
    format!(
        "{}{}",
        local.get(..19).unwrap_or_default(),
        zone.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit())
    )
}

/// Milliseconds of a zone as it ends an instant: `+05:30`, `-05:00`, `Z`.
fn zone_offset_ms(zone: &str) -> i64 {
    let Some(at) = zone.find(['+', '-']) else { return 0 };
    let (sign, digits) = zone.split_at(at + 1);
    let mut parts = digits.split(':').filter_map(|part| part.parse::<i64>().ok());
    let minutes = parts.next().unwrap_or(0) * 60 + parts.next().unwrap_or(0);
    if sign.ends_with('-') { -minutes * 60_000 } else { minutes * 60_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_keep_the_zone_of_the_start() {
        assert_eq!(usual_end("2026-12-01T23:45:00-05:00"), "2026-12-02T00:15:00-05:00");
        assert_eq!(usual_end("2026-12-01T10:00:00.000+05:30"), "2026-12-01T10:30:00+05:30");
        assert_eq!(usual_end("2026-12-01T10:00:00Z"), "2026-12-01T10:30:00Z");
    }
}
