//! Billing as a client meets it: plans, invoices, the revenue that follows, imports and exports.

use serde_json::{Value, json};

use super::tests::{Client, SOURCE};
use crate::host::Method;

/// A plan of 30 dollars a month; gives its uuid.
fn plan(client: &mut Client) -> String {
    let made = client.post("/v1/plans", json!({
        "data_source_uuid": SOURCE, "name": "Gold", "interval_count": 1, "interval_unit": "month", "external_id": "gold",
    }));
    assert_eq!(made.status, 201, "{made:?}");
    made.body["uuid"].as_str().unwrap().to_owned()
}

/// An invoice for one month of a subscription.
fn invoice(external_id: &str, plan: &str, from: &str, to: &str, cents: i64) -> Value {
    json!({
        "external_id": external_id, "date": format!("{from} 12:00:00 UTC"), "currency": "USD",
        "line_items": [{
            "type": "subscription", "subscription_external_id": "sub_1", "plan_uuid": plan, "amount_in_cents": cents,
            "service_period_start": from, "service_period_end": to, "external_id": format!("li_{external_id}"),
        }],
        "transactions": [{"type": "payment", "date": from, "result": "successful", "external_id": format!("tr_{external_id}")}],
    })
}

/// A customer with two paid months, the second dearer.
fn billed() -> (Client, String, Value) {
    let mut client = Client::without_customers();
    let customer = client.customer("billed");
    let plan = plan(&mut client);
    let made = client.post(
        &format!("/v1/import/customers/{customer}/invoices"),
        json!({"invoices": [
            invoice("one", &plan, "2026-01-01", "2026-02-01", 3000),
            invoice("two", &plan, "2026-02-01", "2026-03-01", 5000),
        ]}),
    );
    assert_eq!(made.status, 201, "{made:?}");
    (client, customer, made.body)
}

#[test]
fn plans_are_refused_in_the_recorded_words() {
    let mut client = Client::without_customers();
    let empty = json!({"data_source_uuid": null, "name": null, "interval_count": null, "interval_unit": null});
    let refused = client.post("/v1/plans", empty);
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.body["errors"],
        json!({
            "name": "A unique name is required for each plan.",
            "interval_count": "is not a number",
            "interval_unit": "Only 'day', 'month' or 'year' are valid values for interval_unit.",
            "data_source_uuid": "A valid data source UUID is required for each plan.",
        })
    );
    let uuid = plan(&mut client);
    let path = format!("/v1/plans/{uuid}");
    assert_eq!(client.patch(&path, json!({"name": "Silver"})).status, 202);
    assert_eq!(client.get("/v1/plans?external_id=gold").body["plans"][0]["name"], "Silver");
    assert_eq!(client.delete(&path).status, 204);
    assert_eq!(client.get(&path).body, json!({"error": "Plan not found"}));
}

#[test]
fn plan_groups_count_their_plans() {
    let mut client = Client::without_customers();
    let uuid = plan(&mut client);
    let made = client.post("/v1/plan_groups", json!({"name": "All", "plans": [uuid]}));
    assert_eq!((made.status, &made.body["plans_count"]), (200, &json!(1)));
    let refused = client.post("/v1/plan_groups", json!({"name": "", "plans": []}));
    assert_eq!(refused.body["name"], json!(["Name can't be blank"]));
    assert_eq!(refused.body["error_details"][0]["param"], "name");
    let path = format!("/v1/plan_groups/{}", made.body["uuid"].as_str().unwrap());
    assert_eq!(client.get(&format!("{path}/plans")).body["plans"][0]["uuid"], uuid.as_str());
    assert_eq!(client.patch(&path, json!({"plans": []})).body["plans_count"], 0);
    assert_eq!(client.delete(&path).status, 204);
    assert!(client.get(&path).text.starts_with("<!DOCTYPE html>"));
}

#[test]
fn an_invoice_makes_its_customer_pay() {
    let (mut client, customer, made) = billed();
    assert_eq!(made["invoices"][0]["line_items"][0]["quantity"], 1);
    assert_eq!(made["invoices"][0]["date"], "2026-01-01T12:00:00.000Z");
    let shown = client.get(&format!("/v1/customers/{customer}")).body;
    assert_eq!(
        (&shown["mrr"], &shown["arr"], &shown["status"]),
        (&json!(5000), &json!(60000), &json!("Active"))
    );
    assert_eq!(shown["customer-since"], "2026-01-01T00:00:00+00:00");
    let activities = client.get(&format!("/v1/customers/{customer}/activities")).body;
    let types: Vec<&str> = activities["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["expansion", "new_biz"]);
    let subscriptions = client.get(&format!("/v1/customers/{customer}/subscriptions")).body;
    assert_eq!(subscriptions["entries"][0]["mrr"], 5000);
    assert_eq!(subscriptions["entries"][0]["start-date"], "2026-01-01T00:00:00+00:00");
}

#[test]
fn a_cancelled_subscription_is_churn() {
    let (mut client, customer, _) = billed();
    let imported = client.get(&format!("/v1/import/customers/{customer}/subscriptions")).body;
    let uuid = imported["subscriptions"][0]["uuid"].as_str().unwrap().to_owned();
    let path = format!("/v1/import/subscriptions/{uuid}");
    let cancelled = client.patch(&path, json!({"cancelled_at": "2026-03-01 00:00:00 UTC"}));
    assert_eq!(cancelled.status, 202);
    assert_eq!(cancelled.body["cancellation_dates"], json!(["2026-03-01T00:00:00.000Z"]));
    let shown = client.get(&format!("/v1/customers/{customer}")).body;
    assert_eq!((&shown["mrr"], &shown["status"]), (&json!(0), &json!("Cancelled")));
    let churn = client.get("/v1/activities?type=churn").body;
    assert_eq!(churn["entries"][0]["activity-mrr-movement"], -5000);
    assert_eq!(churn["entries"][0]["customer-uuid"], customer.as_str());
    client.patch(&path, json!({"cancellation_dates": []}));
    assert_eq!(client.get("/v1/activities?type=churn").body["entries"], json!([]));
}

#[test]
fn activities_continue_after_the_last_ones_uuid() {
    let (mut client, ..) = billed();
    let first = client.get("/v1/activities?per_page=1").body;
    assert_eq!(
        (&first["entries"][0]["type"], &first["has_more"]),
        (&json!("new_biz"), &json!(true))
    );
    let cursor = first["cursor"].as_str().unwrap();
    assert_eq!(cursor, first["entries"][0]["uuid"]);
    let second = client.get(&format!("/v1/activities?per_page=1&cursor={cursor}")).body;
    assert_eq!(
        (&second["entries"][0]["type"], &second["has_more"]),
        (&json!("expansion"), &json!(false))
    );
}

#[test]
fn a_refused_invoice_comes_back_inside_the_201() {
    let (mut client, customer, _) = billed();
    let path = format!("/v1/import/customers/{customer}/invoices");
    let again = client
        .post(&path, json!({"invoices": [invoice("one", "pl_x", "2026-01-01", "2026-02-01", 1)]}));
    assert_eq!(again.status, 201);
    assert_eq!(
        again.body["invoices"][0]["errors"]["external_id"],
        json!(["The external ID for this invoice already exists in our system."])
    );
    let unknown = client.post(
        &path,
        json!({"invoices": [invoice("three", "pl_x", "2026-01-01", "2026-02-01", 1)]}),
    );
    assert_eq!(
        unknown.body["invoices"][0]["errors"]["line_items.plan_uuid"],
        json!(["Plan not found"])
    );
    assert_eq!(client.get(&path).body["invoices"].as_array().unwrap().len(), 2);
}

#[test]
fn invoices_are_found_changed_and_deleted_by_either_id() {
    let (mut client, customer, made) = billed();
    let uuid = made["invoices"][0]["uuid"].as_str().unwrap();
    let path = format!("/v1/invoices/{uuid}");
    assert_eq!(client.get(&path).body["customer_uuid"], customer.as_str());
    assert_eq!(client.patch(&path, json!({"currency": "EUR"})).body["currency"], "EUR");
    let named = format!("/v1/invoices?data_source_uuid={SOURCE}&external_id=one");
    assert_eq!(
        client.patch(&named, json!({"due_date": "2026-02-01"})).body["due_date"],
        "2026-02-01T00:00:00.000Z"
    );
    let status = format!("/v1/data_sources/{SOURCE}/invoices/one/status");
    assert_eq!(
        client.send(Method::Put, &status, &json!({"status": "voided"})).body["status"],
        "voided"
    );
    assert_eq!(client.send(Method::Put, &status, &json!({"status": "paid"})).status, 422);
    let disabled = client.patch(&format!("{path}/disabled_state"), json!({"disabled": true}));
    assert_eq!(disabled.body["disabled_by"], "Owner@example.com");
    assert_eq!(
        client.get("/v1/invoices?with_disabled=false").body["invoices"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        client.delete("/v1/invoices/inv_I_dont_exists").body["error"],
        "Invalid UUID passed"
    );
    assert_eq!(client.delete(&named).status, 204);
    assert_eq!(client.get(&path).body, json!({"error": "Invoice not found"}));
    assert_eq!(
        client.delete(&format!("/v1/data_sources/{SOURCE}/customers/{customer}/invoices")).status,
        204
    );
    assert_eq!(client.get(&format!("/v1/customers/{customer}")).body["mrr"], 0);
}

#[test]
fn line_items_and_transactions_have_their_own_addresses() {
    let (mut client, customer, made) = billed();
    let invoice = made["invoices"][1]["uuid"].as_str().unwrap().to_owned();
    for (list, prefix, change) in [
        ("line_items", "li", json!({"amount_in_cents": 6000})),
        ("transactions", "tr", json!({"amount_in_cents": 6000})),
    ] {
        let named = format!("/v1/{list}?data_source_uuid={SOURCE}&external_id={prefix}_two");
        let found = client.get(&named).body;
        let path = format!("/v1/{list}/{}", found["uuid"].as_str().unwrap());
        assert_eq!(client.get(&path).body["invoice_uuid"], invoice.as_str());
        assert_eq!(client.patch(&path, change.clone()).body["amount_in_cents"], 6000);
        assert_eq!(client.patch(&named, change).status, 200);
        assert_eq!(
            client.patch(&format!("{path}/disabled_state"), json!({"disabled": false})).body["disabled"],
            false
        );
        assert_eq!(client.patch(&format!("{path}/disabled_state"), json!({})).status, 400);
        if list == "line_items" {
            assert_eq!(client.get(&format!("/v1/customers/{customer}")).body["mrr"], 6000);
        }
        assert_eq!(client.delete(&path).status, 204);
        assert_eq!(client.get(&path).status, 404);
    }
    let added = client.post(
        &format!("/v1/import/invoices/{invoice}/transactions"),
        json!({"type": "refund", "date": "2026-02-02", "result": "successful", "external_id": "late"}),
    );
    assert_eq!((added.status, &added.body["amount_in_cents"]), (201, &Value::Null));
    let again = client.post(
        &format!("/v1/import/invoices/{invoice}/transactions"),
        json!({"type": "refund", "date": "2026-02-02", "result": "successful", "external_id": "late"}),
    );
    assert_eq!(again.body["errors"]["transactions.external_id"], json!(["has already been taken"]));
}

#[test]
fn subscription_events_live_in_an_envelope() {
    let mut client = Client::without_customers();
    let event = json!({"subscription_event": {
        "data_source_uuid": SOURCE, "customer_external_id": "c", "event_type": "subscription_cancelled",
        "event_date": "2022-02-16", "effective_date": "2022-02-28", "subscription_external_id": "s",
        "external_id": "e1", "amount_in_cents": "",
    }});
    let made = client.post("/v1/subscription_events", event.clone());
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["event_date"], "2022-02-16T00:00:00Z");
    assert_eq!((&made.body["amount_in_cents"], &made.body["quantity"]), (&json!(""), &Value::Null));
    assert_eq!(client.post("/v1/subscription_events", event).status, 422);
    let id = made.body["id"].as_u64().unwrap();
    let change = json!({"subscription_event": {"id": id, "plan_external_id": "gold"}});
    assert_eq!(client.patch("/v1/subscription_events", change).body["plan_external_id"], "gold");
    let disabled = client
        .patch(&format!("/v1/subscription_events/{id}/disabled_state"), json!({"disabled": true}));
    assert_eq!(disabled.body["disabled"], true);
    assert_eq!(
        client.get("/v1/subscription_events?external_id=e1").body["subscription_events"][0]["id"],
        id
    );
    assert_eq!(
        client.delete(&format!("/v1/subscription_events?subscription_event%5Bid%5D={id}")).status,
        204
    );
    assert_eq!(
        client.patch("/v1/subscription_events", json!({"subscription_event": {"id": id}})).status,
        404
    );
}

#[test]
fn an_export_is_pending_and_then_done() {
    let mut client = Client::without_customers();
    let made = client.post(
        "/v1/activities_export",
        json!({"start-date": "2020-01-01T00:00:00Z", "type": "new_biz"}),
    );
    assert_eq!((made.status, &made.body["status"]), (200, &json!("pending")));
    assert_eq!(made.body["params"]["params"]["start_date"], "2020-01-01 00:00:00 +0000");
    let path = format!("/v1/activities_export/{}", made.body["id"].as_str().unwrap());
    assert_eq!(client.get(&path).body["file_url"], Value::Null);
    let done = client.get(&path).body;
    assert_eq!(done["status"], "succeeded");
    assert!(done["file_url"].as_str().unwrap().ends_with(".zip"));
}

#[test]
fn metrics_follow_the_invoices() {
    let (mut client, ..) = billed();
    let range = "start-date=2026-01-01&end-date=2026-02-28";
    let mrr = client.get(&format!("/v1/metrics/mrr?{range}&interval=month")).body;
    assert_eq!(mrr["entries"][0]["date"], "2026-01-31");
    assert_eq!(mrr["entries"][0]["mrr-new-business"], 3000);
    assert_eq!(mrr["entries"][1]["mrr-expansion"], 2000);
    assert_eq!(mrr["summary"]["previous"], 3000);
    assert_eq!(
        client.get(&format!("/v1/metrics/arr?{range}")).body["entries"].as_array().unwrap().len(),
        59
    );
    let all = client.get(&format!("/v1/metrics/all?{range}&interval=quarter")).body;
    assert_eq!(
        (&all["entries"][0]["customers"], &all["entries"][0]["date"]),
        (&json!(1), &json!("2026-02-28"))
    );
    assert_eq!(client.get("/v1/metrics/ltv?start-date=2026-01-01").body["param"], "end-date");
    assert_eq!(client.get(&format!("/v1/metrics/none?{range}")).status, 404);
}

#[test]
fn a_bulk_import_joins_its_records_by_external_ids() {
    let mut client = Client::without_customers();
    let path = format!("/v1/data_sources/{SOURCE}/json_imports");
    let made = client.post(&path, json!({
        "external_id": "import_1",
        "customers": [{"external_id": "bulk", "name": "Bulk", "custom": [{"type": "Integer", "key": "seats", "value": 3}]}],
        "plans": [{"name": "Bulk plan", "external_id": "bulk_plan", "interval_count": 1, "interval_unit": "month"}],
        "invoices": [{"external_id": "bulk_invoice", "customer_external_id": "bulk", "date": "2026-01-01", "currency": "USD"}],
        "line_items": [{
            "type": "subscription", "invoice_external_id": "bulk_invoice", "plan_external_id": "bulk_plan",
            "subscription_external_id": "bulk_sub", "amount_in_cents": 700,
            "service_period_start": "2026-01-01", "service_period_end": "2026-02-01",
        }],
        "transactions": [{"invoice_external_id": "bulk_invoice", "type": "payment", "date": "2026-01-01", "result": "successful"}],
    }));
    assert_eq!((made.status, &made.body["status"]), (200, &json!("queued")));
    client.get("/v1/ping");
    let done = client.get(&format!("{path}/import_1")).body;
    assert_eq!(done["status"], "completed");
    let imported = json!({"status": "imported"});
    for group in ["bulk", "plans", "invoices", "line_items", "transactions"] {
        assert_eq!(done["status_details"][group], imported, "{group}");
    }
    let customer = &client.get("/v1/customers?external_id=bulk").body["entries"][0];
    assert_eq!(
        (&customer["mrr"], &customer["attributes"]["custom"]["seats"]),
        (&json!(700), &json!(3))
    );
}

#[test]
fn subscriptions_are_joined_and_parted_by_either_id() {
    let (mut client, customer, _) = billed();
    let by_external_id =
        json!({"subscriptions": [{"data_source_uuid": SOURCE, "external_id": "sub_1"}]});
    assert_eq!(
        client
            .post(&format!("/v1/customers/{customer}/connect_subscriptions"), by_external_id)
            .status,
        202
    );
    let shown =
        client.get(&format!("/v1/customers/{customer}/subscriptions")).body["entries"][0].clone();
    let by_uuid = json!({"subscriptions": [{"data_source_uuid": SOURCE, "uuid": shown["uuid"]}]});
    assert_eq!(
        client.post(&format!("/v1/customers/{customer}/disconnect_subscriptions"), by_uuid).status,
        202
    );
    let unknown = json!({"subscriptions": [{"data_source_uuid": SOURCE, "external_id": "no"}]});
    assert_eq!(
        client.post(&format!("/v1/customers/{customer}/connect_subscriptions"), unknown).status,
        404
    );
}
