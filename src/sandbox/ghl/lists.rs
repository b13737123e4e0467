//! What can only be read: workflows, campaigns, snapshots, the company.

use serde_json::json;

use super::refusals::{bad_request, forbidden_resource};
use super::resources::{listed, same};
use super::store::Store;
use super::{Answered, Exchange};

/// Answers a read.
pub(super) fn answer(store: &Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
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
