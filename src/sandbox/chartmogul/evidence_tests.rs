//! Answers as recordings and other people's clients show them.

use serde_json::{Value, json};

use super::tests::{Client, SOURCE};
use crate::dates;
use crate::host::Method;
use crate::sandbox::{ChartmogulGeneration, Sandbox, SandboxOptions};

/// A sandbox with seeded customers, asked with the credentials' key.
struct Seeded {
    sandbox: Sandbox,
    now_ms: u64,
}

impl Seeded {
    fn new(contacts: u32) -> Self {
        let options = SandboxOptions { contacts, chartmogul_limit: 100_000, ..Default::default() };
        Self { now_ms: options.now_ms, sandbox: Sandbox::new(options) }
    }

    fn get(&mut self, target: &str) -> Value {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        self.now_ms += 100;
        let key = format!("{}:", self.sandbox.credentials().chartmogul_key);
        let request = crate::host::Request {
            method: Method::Get,
            url: target.to_owned(),
            headers: vec![("authorization".into(), format!("Basic {}", STANDARD.encode(key)))],
            body: Vec::new(),
            timeout_ms: 1_000,
        };
        let response = self.sandbox.handle(&request, self.now_ms).response;
        assert_eq!(response.status, 200, "{target}: {}", String::from_utf8_lossy(&response.body));
        serde_json::from_slice(&response.body).unwrap()
    }

    /// All entries of a list, page after page.
    fn all(&mut self, path: &str, key: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}?per_page=200&cursor={cursor}"));
            found.extend(page[key].as_array().unwrap().iter().cloned());
            if page["has_more"] != true {
                return found;
            }
            cursor = page["cursor"].as_str().unwrap().replace('=', "%3D");
        }
    }
}

#[test]
fn a_seeded_customers_first_payment_is_an_instant() {
    let mut seeded = Seeded::new(60);
    for customer in seeded.all("/v1/customers", "entries") {
        let since = customer["customer-since"].as_str().unwrap();
        assert!(since.len() == 25 && since.ends_with("+00:00"), "{since}");
        assert!(dates::instant_of(since).is_some(), "{since}");
    }
}

#[test]
fn what_seeded_customers_were_billed_adds_up_to_their_revenue() {
    let mut seeded = Seeded::new(60);
    let customers = seeded.all("/v1/customers", "entries");
    let activities = seeded.all("/v1/activities", "entries");
    let invoices = seeded.all("/v1/invoices", "invoices");
    assert_eq!(customers, seeded.all("/v1/customers", "entries"));
    let mut total = 0;
    for customer in &customers {
        let uuid = customer["uuid"].as_str().unwrap();
        let mrr = customer["mrr"].as_i64().unwrap();
        total += mrr;
        let moved: i64 = activities
            .iter()
            .filter(|activity| activity["customer-uuid"] == customer["uuid"])
            .map(|activity| activity["activity-mrr-movement"].as_i64().unwrap())
            .sum();
        assert_eq!(moved, mrr, "{customer}");
        let subscriptions = seeded.get(&format!("/v1/customers/{uuid}/subscriptions"));
        let active: i64 = subscriptions["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|subscription| subscription["status"] == "active")
            .map(|subscription| subscription["mrr"].as_i64().unwrap())
            .sum();
        assert_eq!(active, mrr, "{customer}");
        let own = invoices.iter().filter(|invoice| invoice["customer_uuid"] == customer["uuid"]);
        let billed: Vec<_> = own.collect();
        assert!(!billed.is_empty());
        for invoice in billed {
            assert_eq!(
                invoice["line_items"][0]["amount_in_cents"],
                invoice["transactions"][0]["amount_in_cents"]
            );
        }
    }
    let day = dates::local_day(i64::try_from(seeded.now_ms).unwrap(), 0);
    let mrr = seeded.get(&format!("/v1/metrics/mrr?start-date={day}&end-date={day}"));
    assert_eq!(mrr["entries"][0]["mrr"], total);
    let kinds = |name: &str| activities.iter().filter(|of| of["type"] == name).count();
    assert!(kinds("new_biz") == customers.len() && kinds("expansion") > 0 && kinds("churn") > 0);
    // Reading wrote nothing.
    let stats = &seeded.sandbox.stats().chartmogul;
    assert_eq!((stats.writes, stats.effective_writes), (0, 0));
}

#[test]
fn leads_come_in_order_of_creation() {
    let mut client = Client::new();
    let made: Vec<String> =
        (0..9).map(|number| client.customer(&format!("lead{number}"))).collect();
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/v1/customers?per_page=2&cursor={cursor}"));
        let rows = page.body["entries"].as_array().unwrap();
        listed.extend(rows.iter().map(|row| row["uuid"].as_str().unwrap().to_owned()));
        // A lead that is changed keeps its place, one that goes takes none with it.
        client.send(
            Method::Patch,
            &format!("/v1/customers/{}", made[4]),
            &json!({ "city": "Ulm" }),
        );
        if page.body["has_more"] != true {
            break;
        }
        cursor = page.body["cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(listed[..2], ["cus_paid1", "cus_paid2"]);
    assert_eq!(listed[2..], made);
}

#[test]
fn a_call_without_duration_has_sixty_seconds() {
    for (path, generation) in [
        ("/v1/notes", ChartmogulGeneration::September2026),
        ("/v1/customer_notes", ChartmogulGeneration::Before),
    ] {
        let mut client = Client::of(generation);
        let mut make = |body: Value| {
            let mut all = json!({ "customer_uuid": "cus_paid2", "text": "x" });
            all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            let made = client.post(path, all);
            assert_eq!(made.status, 201, "{made:?}");
            made.body["call_duration"].clone()
        };
        assert_eq!(make(json!({ "type": "call" })), 60);
        assert_eq!(make(json!({ "type": "call", "call_duration": null })), 60);
        assert_eq!(make(json!({ "type": "call", "call_duration": 0 })), 0);
        assert_eq!(make(json!({ "type": "note" })), 0);
    }
}

#[test]
fn an_empty_author_is_the_keys_owner() {
    let mut client = Client::new();
    for author in [json!(""), Value::Null] {
        let made = client.post(
            "/v1/notes",
            json!({ "customer_uuid": "cus_paid2", "type": "note", "text": "x", "author_email": author }),
        );
        assert_eq!(
            (made.status, &made.body["author"]),
            (201, &json!("Olga Owner (Owner@example.com)"))
        );
        let path = format!("/v1/notes/{}", made.body["uuid"].as_str().unwrap());
        let kept = client.send(Method::Patch, &path, &json!({ "author_email": "", "text": "y" }));
        assert_eq!((kept.status, &kept.body["text"]), (200, &json!("y")));
    }
}

#[test]
fn the_answer_to_a_merge_of_contacts_names_no_customer() {
    let mut client = Client::new();
    let customer = client.customer("merging");
    let mut contact = |email: &str| {
        let body = json!({ "customer_uuid": customer, "data_source_uuid": SOURCE, "email": email });
        let made = client.post("/v1/contacts", body);
        made.body["uuid"].as_str().unwrap().to_owned()
    };
    let (into, from) = (contact("a@example.com"), contact("b@example.com"));
    let merged = client.post(&format!("/v1/contacts/{into}/merge/{from}"), json!({}));
    assert_eq!((merged.status, &merged.body["customer_uuid"]), (200, &Value::Null));
    assert_eq!(merged.body["customer_external_id"], "merging");
    assert_eq!(client.get(&format!("/v1/contacts/{into}")).body["customer_uuid"], json!(customer));
}

/// Two weekly subscriptions that begin together, each with its own plan.
fn two_subscriptions(client: &mut Client) -> String {
    let customer = client.customer("two");
    let mut invoices = Vec::new();
    for number in 1..=2 {
        let plan = client.post(
            "/v1/plans",
            json!({
                "data_source_uuid": SOURCE, "name": format!("Plan {number}"), "interval_count": 7,
                "interval_unit": "day", "external_id": format!("plan_{number}"),
            }),
        );
        invoices.push(json!({
            "external_id": format!("in_{number}"), "date": "2016-01-01", "currency": "USD",
            "line_items": [{
                "type": "subscription", "subscription_external_id": format!("sub_{number}"),
                "subscription_set_external_id": format!("set_{number}"),
                "plan_uuid": plan.body["uuid"], "amount_in_cents": 1000,
                "service_period_start": "2016-01-01", "service_period_end": "2016-02-01",
            }],
        }));
    }
    let path = format!("/v1/import/customers/{customer}/invoices");
    assert_eq!(client.post(&path, json!({ "invoices": invoices })).status, 201);
    customer
}

#[test]
fn connected_subscriptions_are_one() {
    for last in ["sub_1", "sub_2"] {
        let mut client = Client::new();
        let customer = two_subscriptions(&mut client);
        let path = format!("/v1/customers/{customer}");
        let alone = client.get(&path).body["mrr"].as_i64().unwrap() / 2;
        let other = if last == "sub_1" { "sub_2" } else { "sub_1" };
        let named = json!({ "subscriptions": [
            { "data_source_uuid": SOURCE, "external_id": other },
            { "data_source_uuid": SOURCE, "external_id": last },
        ]});
        let connected = client.post(&format!("{path}/connect_subscriptions"), named.clone());
        assert_eq!((connected.status, connected.text.as_str()), (202, "{}"));
        let listed = client.get(&format!("{path}/subscriptions")).body["entries"].clone();
        // Recorded: the one named last is left.
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!((&listed[0]["external_id"], &listed[0]["mrr"]), (&json!(last), &json!(alone)));
        assert_eq!(client.get(&path).body["mrr"], alone);
        // Imported, they stay two.
        let imported = client.get(&format!("/v1/import/customers/{customer}/subscriptions"));
        assert_eq!(imported.body["subscriptions"].as_array().unwrap().len(), 2);
        assert!(!imported.text.contains("connected"));
        assert_eq!(client.post(&format!("{path}/disconnect_subscriptions"), named).status, 202);
        let listed = client.get(&format!("{path}/subscriptions")).body["entries"].clone();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(client.get(&path).body["mrr"], alone * 2);
    }
}

#[test]
fn a_subscription_that_continues_in_another_is_not_churn() {
    let mut client = Client::new();
    let customer = two_subscriptions(&mut client);
    let imported = client.get(&format!("/v1/import/customers/{customer}/subscriptions"));
    let first = imported.body["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["external_id"] == "sub_1")
        .unwrap()["uuid"]
        .clone();
    let path = format!("/v1/import/subscriptions/{}", first.as_str().unwrap());
    client.send(Method::Patch, &path, &json!({ "cancelled_at": "2016-01-15" }));
    let types = |client: &mut Client| {
        let found = client.get("/v1/activities?start-date=2016-01-01&end-date=2016-12-31");
        let rows = found.body["entries"].as_array().unwrap().clone();
        rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(types(&mut client).contains(&"contraction".to_owned()));
    let named = json!({ "subscriptions": [
        { "data_source_uuid": SOURCE, "external_id": "sub_1" },
        { "data_source_uuid": SOURCE, "external_id": "sub_2" },
    ]});
    client.post(&format!("/v1/customers/{customer}/connect_subscriptions"), named);
    assert_eq!(types(&mut client), ["new_biz"]);
}

#[test]
fn an_activity_names_its_plan_and_set_by_external_id() {
    let mut client = Client::new();
    two_subscriptions(&mut client);
    let found = client.get("/v1/activities?start-date=2016-01-01&end-date=2016-12-31");
    let entries = found.body["entries"].as_array().unwrap();
    let first = entries.iter().find(|entry| entry["type"] == "new_biz").unwrap();
    assert_eq!(first["plan-external-id"], "plan_1");
    assert_eq!(first["subscription-set-external-id"], "set_1");
    assert!(first["description"].as_str().unwrap().contains("Plan 1"));
}

#[test]
fn earlier_values_are_listed_where_they_are_asked_for() {
    let mut client = Client::new();
    let customer = client.customer("historic");
    let path = format!("/v1/customers/{customer}");
    client.send(
        Method::Patch,
        &path,
        &json!({ "company": "New Co", "overrides": { "company": true } }),
    );
    client.post(
        &format!("{path}/attributes/custom"),
        json!({ "custom": [{ "type": "String", "key": "channel", "value": "ads" }] }),
    );
    client.send(
        Method::Put,
        &format!("{path}/attributes/custom"),
        &json!({ "custom": { "channel": "talks" } }),
    );
    assert!(client.get(&path).body.get("historical_values").is_none());
    assert!(client.get(&path).body.get("overrides").is_none());
    let asked = "with_overrides=true&attributes_with_history=company,custom.channel,city";
    for place in [path.clone(), format!("{path}/attributes")] {
        let found = client.get(&format!("{place}?{asked}"));
        let values = |name: &str| {
            let entries = found.body["historical_values"][name].as_array().unwrap();
            entries.iter().map(|entry| entry["value"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(values("company").last(), Some(&json!("New Co")), "{found:?}");
        assert_eq!(values("custom.channel"), [Value::Null, json!("ads"), json!("talks")]);
        assert_eq!(values("city"), [Value::Null]);
        let company = &found.body["historical_values"]["company"];
        assert_eq!((&company[0]["initial"], &company[1]["initial"]), (&json!(true), &json!(false)));
        assert_eq!(company[0]["update_performed_at"], Value::Null);
        assert!(dates::instant_of(company[1]["update_performed_at"].as_str().unwrap()).is_some());
        assert_eq!(found.body["overrides"], json!({ "company": true }));
    }
    let body = json!({ "customer_uuid": customer, "data_source_uuid": SOURCE, "title": "CEO" });
    let contact = client.post("/v1/contacts", body).body["uuid"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{contact}");
    client.send(Method::Patch, &path, &json!({ "title": "CTO" }));
    let found = client.get(&format!("{path}?attributes_with_history=title"));
    assert_eq!(found.body["historical_values"]["title"][0]["value"], "CEO");
    assert_eq!(found.body["historical_values"]["title"][1]["value"], "CTO");
}

#[test]
fn all_metrics_have_their_changes_and_a_summary() {
    let mut client = Client::new();
    two_subscriptions(&mut client);
    let found =
        client.get("/v1/metrics/all?start-date=2015-12-01&end-date=2016-02-29&interval=month").body;
    let entries = found["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for name in
        ["mrr", "arr", "arpa", "asp", "customers", "customer-churn-rate", "mrr-churn-rate", "ltv"]
    {
        for entry in entries {
            assert!(entry[format!("{name}-percentage-change")].is_number(), "{name} {entry}");
        }
        assert_eq!(found["summary"][format!("current-{name}")], entries[2][name], "{name}");
        assert_eq!(found["summary"][format!("previous-{name}")], entries[1][name], "{name}");
        assert!(found["summary"][format!("{name}-percentage-change")].is_number());
    }
    let one =
        client.get("/v1/metrics/mrr?start-date=2015-12-01&end-date=2016-02-29&interval=month").body;
    assert!(one["entries"][1]["percentage-change"].is_number());
    assert_eq!(one["summary"]["current"], entries[2]["mrr"]);
}

#[test]
fn line_items_and_sources_have_what_newer_clients_read() {
    let mut client = Client::new();
    let customer = client.customer("lines");
    let made = client.post(
        &format!("/v1/import/customers/{customer}/invoices"),
        json!({ "invoices": [{
            "external_id": "in", "date": "2026-01-01", "currency": "USD", "line_items": [
                { "type": "one_time", "amount_in_cents": 5 },
                { "type": "one_time", "amount_in_cents": 7, "balance_transfer": true },
            ],
        }]}),
    );
    let items = &made.body["invoices"][0]["line_items"];
    assert_eq!(items[0].get("plan_uuid"), Some(&Value::Null));
    assert_eq!(
        (&items[0]["balance_transfer"], &items[1]["balance_transfer"]),
        (&json!(false), &json!(true))
    );
    let source =
        client.get(&format!("/v1/data_sources/{SOURCE}?with_invoice_handling_setting=true"));
    for kind in ["manual", "automatic"] {
        let setting = &source.body["invoice_handling_setting"][kind];
        assert_eq!(setting["create_subscription_when_invoice_is"], "open");
        assert_eq!(setting["prevent_subscription_for_invoice_refunded"], false);
    }
    assert!(
        client.get("/v1/data_sources").body["data_sources"][0]
            .get("invoice_handling_setting")
            .is_none()
    );
}

#[test]
fn deletes_answer_as_each_generation_does() {
    for (generation, status) in
        [(ChartmogulGeneration::September2026, 202), (ChartmogulGeneration::Before, 200)]
    {
        let mut client = Client::of(generation);
        let customer = client.customer("gone");
        let contact = client.post(
            "/v1/contacts",
            json!({ "customer_uuid": customer, "data_source_uuid": SOURCE, "email": "x@example.com" }),
        );
        let task = client.post("/v1/tasks", json!({
            "customer_uuid": customer, "assignee": "rep@example.com", "task_details": "x", "due_date": "2026-12-01",
        }));
        let call = client.post(
            "/v1/customer_notes",
            json!({ "customer_uuid": customer, "type": "call", "text": "x" }),
        );
        let text = |answer: &super::tests::Answer, key: &str| {
            answer.body[key].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
        };
        for (path, what) in [
            (format!("/v1/contacts/{}", text(&contact, "uuid")), "Contact"),
            (format!("/v1/tasks/{}", text(&task, "task_uuid")), "Task"),
            (format!("/v1/customer_notes/{}", text(&call, "uuid")), "Call log"),
        ] {
            let gone = client.send(Method::Delete, &path, &Value::Null);
            let body = match status {
                202 => json!({ "message": format!("{what} deleted") }),
                _ => json!({}),
            };
            assert_eq!((gone.status, gone.body), (status, body), "{path}");
        }
    }
}
