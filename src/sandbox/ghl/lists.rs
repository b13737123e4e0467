//! What can only be asked: workflows, campaigns, snapshots, the company, whether an address is good.

use serde_json::json;

use super::refusals::{bad_request, forbidden_resource, not_found};
use super::resources::{listed, same};
use super::store::{Store, text};
use super::{Answered, Exchange};

/// Answers a read.
pub(super) fn answer(store: &Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "POST /email/verify" => verify_email(store, exchange),
        "GET /workflows/" => {
            let workflows = listed(store, "workflows", |_| true);
            Ok(exchange.succeed(&json!({ "workflows": workflows })))
        }
        "GET /campaigns/" => {
            let campaigns = listed(store, "campaigns", |record| same(exchange, record, "status"));
            Ok(exchange.succeed(&json!({ "campaigns": campaigns })))
        }
        "GET /snapshots/" => {
            if exchange.query("companyId") != Some(store.company_id.as_str()) {
                return Err(forbidden_resource());
            }
            Ok(exchange.succeed(&json!({ "snapshots": listed(store, "snapshots", |_| true) })))
        }
        "GET /companies/{companyId}" => {
            match store.of("companies").get(&exchange.parameter("companyId")) {
                Some(company) => Ok(exchange.succeed(&json!({ "company": company }))),
                None => Err(forbidden_resource()),
            }
        }
        _ => Err(bad_request(exchange, "The sandbox does not serve this operation.")),
    }
}

/// `POST /email/verify`, of an address or of a contact's. Addresses of the reserved domain `.invalid`
/// are not deliverable here, all others are.
fn verify_email(store: &Store, exchange: &Exchange<'_>) -> Answered {
    let asked = exchange.body_text("verify").unwrap_or_default();
    let address = match exchange.body_text("type") {
        Some("contact") => match store.contacts.get(asked) {
            Some(contact) => text(&contact.fields, "email"),
            None => return Err(not_found("Contact", asked)),
        },
        _ => asked,
    };
    let good = address.contains('@') && !address.ends_with(".invalid");
    Ok(exchange.succeed(&json!({
        "result": if good { "deliverable" } else { "undeliverable" }, "address": address,
        "reason": [], "risk": if good { "low" } else { "high" }, "leadconnectorRecomendation":
            { "isEmailValid": good }, "status": good,
    })))
}
