//! Businesses. Their writes answer under `buiseness`: the spelling is the service's.

use serde_json::json;

use super::contacts::join_business;
use super::resources::{change, create, find, listed, page, same};
use super::store::{Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::iso;

/// Answers an operation on businesses.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let now = iso(exchange.now_ms);
    match key {
        "GET /businesses/" => {
            let all = listed(store, "businesses", |record| same(exchange, record, "locationId"));
            let rows = page(exchange, all, 100);
            return Ok(exchange.succeed(&json!({ "businesses": rows })));
        }
        "POST /businesses/" => {
            let dates = json!({ "createdAt": now, "updatedAt": now });
            let business = create(store, exchange, "businesses", dates);
            let body = json!({ "success": true, "buiseness": business });
            return Ok(exchange.succeed(&body).wrote());
        }
        _ => {}
    }
    let id = exchange.parameter("businessId");
    let business = find(store, exchange, "businesses", &id, "Business")?;
    match key.split(' ').next() {
        Some("PUT") => {
            let dates = json!({ "updatedAt": now });
            let business = change(store, exchange, "businesses", business, dates);
            let body = json!({ "success": true, "buiseness": business });
            Ok(exchange.succeed(&body).wrote())
        }
        Some("DELETE") => {
            remove(store, &id, exchange.now_ms);
            Ok(exchange.succeed(&json!({ "success": true })).wrote())
        }
        _ => Ok(exchange.succeed(&json!({ "business": business }))),
    }
}

/// Removes a business; whether its contacts still name it is a setting.
pub(super) fn remove(store: &mut Store, id: &str, now_ms: u64) -> bool {
    let known = store.of_mut("businesses").remove(id).is_some();
    if known && store.business_deletion_clears_contacts {
        let of_business = store.contacts.all().filter(|of| text(&of.fields, "businessId") == id);
        let members: Vec<String> =
            of_business.map(|of| text(&of.fields, "id").to_owned()).collect();
        for member in members {
            store.change_contact(&member, now_ms, |contact| join_business(contact, None));
        }
    }
    known
}
