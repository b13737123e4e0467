//! Moves, merges, deletions and attributes: what changes under a sync's feet.

use serde_json::{Value, json};

use super::tests::{Client, SOURCE, names};
use crate::host::Method;
use crate::sandbox::{AttributeType, AttributeValues, ContactAttributes};

/// A new contact of a customer; gives its uuid.
fn contact(client: &mut Client, customer: &str, external_id: &str) -> String {
    let made = client.post(
        "/v1/contacts",
        json!({
            "customer_uuid": customer, "data_source_uuid": SOURCE, "external_id": external_id,
            "email": format!("{external_id}@people.example"),
        }),
    );
    assert_eq!(made.status, 201, "{made:?}");
    made.body["uuid"].as_str().unwrap().to_owned()
}

/// A new data source; gives its uuid.
fn source(client: &mut Client, name: &str) -> String {
    let made = client.post("/v1/data_sources", json!({ "name": name }));
    made.body["uuid"].as_str().unwrap().to_owned()
}

fn customer_of(client: &mut Client, source: &str, external_id: &str) -> String {
    let body = json!({"data_source_uuid": source, "external_id": external_id});
    let made = client.post("/v1/customers", body);
    assert_eq!(made.status, 201, "{made:?}");
    made.body["uuid"].as_str().unwrap().to_owned()
}

#[test]
fn a_contact_moves_to_the_customer_of_an_external_id_and_source() {
    let mut client = Client::new();
    let other = source(&mut client, "Other");
    let first = client.customer("a");
    let second = client.customer("b");
    let twin = customer_of(&mut client, &other, "b");
    let uuid = contact(&mut client, &first, "p");
    let path = format!("/v1/contacts/{uuid}");
    let moved = client.patch(&path, json!({"customer_external_id": "b"}));
    assert_eq!((moved.status, &moved.body["customer_uuid"]), (200, &json!(second)));
    assert_eq!(moved.body["data_source_uuid"], SOURCE, "the contact's own source goes first");
    let moved =
        client.patch(&path, json!({"customer_external_id": "b", "data_source_uuid": other}));
    assert_eq!(moved.body["customer_uuid"], json!(twin));
    assert_eq!(moved.body["data_source_uuid"], json!(other));
    let path_of = |customer: &str| format!("/v1/contacts?customer_uuid={customer}");
    assert_eq!(names(&client.get(&path_of(&twin)), "uuid"), [uuid.as_str()]);
    assert!(names(&client.get(&path_of(&first)), "uuid").is_empty());
    let refused = client.patch(
        &path,
        json!({"customer_external_id": "a", "data_source_uuid": other, "title": "x"}),
    );
    assert_eq!(refused.status, 404);
    assert_eq!(refused.body["param"], "customer_external_id");
    assert_eq!(client.get(&path).body["title"], Value::Null, "nothing of it is written");
}

#[test]
fn a_move_to_nobody_is_refused_with_the_status_that_is_set() {
    for status in [404, 422] {
        let mut client = Client::with(|options| options.contact_move_refusal = status);
        let customer = client.customer("a");
        let uuid = contact(&mut client, &customer, "p");
        let refused =
            client.patch(&format!("/v1/contacts/{uuid}"), json!({"customer_external_id": "no"}));
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(status)));
        assert_eq!(refused.body["param"], "customer_external_id");
    }
}

#[test]
fn contacts_and_customers_are_found_by_every_filter() {
    let mut client = Client::new();
    let other = source(&mut client, "Other");
    let first = client.customer("a");
    let twin = customer_of(&mut client, &other, "a");
    let uuid = contact(&mut client, &first, "p");
    contact(&mut client, &first, "q");
    for filter in ["external_id=p", "email=P%40people.example", "external_id=p&customer_uuid="] {
        assert_eq!(
            names(&client.get(&format!("/v1/contacts?{filter}")), "uuid"),
            [uuid.as_str()],
            "{filter}"
        );
    }
    for filter in [
        format!("customer_uuid={first}"),
        "customer_external_id=a".to_owned(),
        format!("data_source_uuid={SOURCE}"),
        format!("data_source_uuid={SOURCE}&customer_external_id=a"),
    ] {
        let found = client.get(&format!("/v1/contacts?{filter}"));
        assert_eq!(names(&found, "external_id"), ["q", "p"], "{filter}");
    }
    for filter in ["external_id=no", "email=no%40people.example", "customer_external_id=no"] {
        assert!(names(&client.get(&format!("/v1/contacts?{filter}")), "uuid").is_empty());
    }
    let mut both = names(&client.get("/v1/customers?external_id=a"), "uuid")
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    both.sort();
    let mut expected = vec![first.clone(), twin.clone()];
    expected.sort();
    assert_eq!(both, expected);
    let one = client.get(&format!("/v1/customers?external_id=a&data_source_uuid={other}"));
    assert_eq!(names(&one, "uuid"), [twin.as_str()]);
    let search = "/v1/customers/search?email=p%40people.example";
    assert_eq!(client.get(search).status, 404);
    let found = client.get(&format!("{search}&with_associated_emails=true"));
    assert_eq!(names(&found, "uuid"), [first.as_str()]);
}

#[test]
fn what_the_account_does_not_define_of_a_contact_is_dropped() {
    let body =
        json!({"custom": [{"key": "plan", "value": "Gold"}, {"key": "known", "value": "x"}]});
    let mut client = Client::with(|options| options.contact_attribute_keys = vec!["known".into()]);
    let customer = client.customer("a");
    let uuid = contact(&mut client, &customer, "p");
    let path = format!("/v1/contacts/{uuid}");
    let changed = client.patch(&path, body.clone());
    assert_eq!((changed.status, &changed.body["custom"]), (200, &json!({"known": "x"})));
    assert_eq!(client.get(&path).body["custom"], json!({"known": "x"}));
    let mut made = body.clone();
    made["customer_uuid"] = json!(customer);
    made["data_source_uuid"] = json!(SOURCE);
    assert_eq!(client.post("/v1/contacts", made).body["custom"], json!({"known": "x"}));

    let mut client = Client::with(|options| {
        options.contact_attributes = ContactAttributes::Keep;
        options.contact_attribute_keys.clear();
    });
    let customer = client.customer("a");
    let uuid = contact(&mut client, &customer, "p");
    let changed = client.patch(&format!("/v1/contacts/{uuid}"), body);
    assert_eq!(changed.body["custom"], json!({"plan": "Gold", "known": "x"}));
    let path = format!("/v1/customers/{customer}/attributes/custom");
    let of_customer = client
        .post(&path, json!({"custom": [{"type": "String", "key": "anything", "value": "x"}]}));
    assert_eq!(of_customer.status, 200, "customers define with the first write");
}

#[test]
fn an_attribute_of_another_type_refuses_the_whole_request() {
    let mut client = Client::with(|options| {
        options.attribute_types.insert("seats".into(), AttributeType::String);
    });
    let seats = json!([
        {"type": "String", "key": "fresh", "value": "x"}, {"type": "Integer", "key": "seats", "value": 5},
    ]);
    let refused = client.post(
        "/v1/customers",
        json!({"data_source_uuid": SOURCE, "external_id": "a", "attributes": {"custom": seats}}),
    );
    let message = "The attribute \"seats\" is of type String, not Integer.";
    assert_eq!((refused.status, &refused.body), (422, &json!({"errors": {"custom": message}})));
    assert!(names(&client.get("/v1/customers?external_id=a"), "uuid").is_empty());
    let uuid = client.customer("a");
    let path = format!("/v1/customers/{uuid}/attributes/custom");
    let refused = client.post(&path, json!({ "custom": seats }));
    let coded = json!({"code": 422, "message": message, "param": "custom"});
    assert_eq!((refused.status, &refused.body), (422, &coded));
    assert!(!refused.text.contains("already"), "no duplicate");
    let shown = client.get(&format!("/v1/customers/{uuid}/attributes"));
    assert_eq!(shown.body["custom"], json!({}));
    let body = json!({"custom": [{"type": "Boolean", "key": "fresh", "value": true}]});
    assert_eq!(client.post(&path, body).status, 200, "a refused list fixes no type");
    let twice = json!({"custom": [
        {"type": "String", "key": "two", "value": "x"}, {"type": "Integer", "key": "two", "value": 5},
    ]});
    assert_eq!(client.post(&path, twice).status, 422);
    let by_email = json!({"email": "a@example.com", "custom": seats});
    assert_eq!(client.post("/v1/customers/attributes/custom", by_email).status, 422);
    let put = client.send(Method::Put, &path, &json!({"custom": {"fresh": "maybe", "seats": "6"}}));
    assert_eq!((put.status, put.body["param"].as_str()), (422, Some("custom")));
    let shown = client.get(&format!("/v1/customers/{uuid}/attributes"));
    assert_eq!(shown.body["custom"], json!({"fresh": true}));
}

#[test]
fn a_value_of_another_json_type_is_converted_or_refused() {
    for (values, status) in [(AttributeValues::Convert, 200), (AttributeValues::SameType, 422)] {
        let mut client = Client::with(|options| {
            options.attribute_values = values;
            for (key, of) in [("seats", AttributeType::String), ("age", AttributeType::Integer)] {
                options.attribute_types.insert(key.into(), of);
            }
            options.attribute_types.insert("paid".into(), AttributeType::Boolean);
        });
        let uuid = client.customer("a");
        let path = format!("/v1/customers/{uuid}/attributes/custom");
        for custom in [json!({"seats": 5}), json!({"age": "5"})] {
            let put = client.send(Method::Put, &path, &json!({ "custom": custom }));
            assert_eq!(put.status, status, "{custom}");
        }
        let body = json!({"custom": [{"type": "String", "key": "seats", "value": 5}]});
        assert_eq!(client.post(&path, body).status, status);
        let put = client.send(
            Method::Put,
            &path,
            &json!({"custom": {"seats": "5", "age": 5, "paid": "t"}}),
        );
        assert_eq!(put.body["custom"], json!({"seats": "5", "age": 5, "paid": true}));
    }
}

#[test]
fn a_refused_primary_contact_leaves_nothing_behind() {
    let mut client = Client::new();
    let wrong = json!({"email": "none"});
    let made = client.post(
        "/v1/customers",
        json!({
            "data_source_uuid": SOURCE, "external_id": "a", "primary_contact": wrong,
            "attributes": {"custom": [{"type": "String", "key": "fresh", "value": "x"}]},
        }),
    );
    assert_eq!(made.status, 422);
    let uuid = client.customer("a");
    let path = format!("/v1/customers/{uuid}");
    let changed = client.patch(&path, json!({"name": "New", "primary_contact": wrong}));
    assert_eq!((changed.status, &client.get(&path).body["name"]), (422, &json!("")));
    let body = json!({"custom": [{"type": "Integer", "key": "fresh", "value": 1}]});
    assert_eq!(client.post(&format!("{path}/attributes/custom"), body).status, 200);
}

#[test]
fn deleting_a_source_takes_its_customers_and_spares_merged_ones() {
    let mut client = Client::new();
    let other = source(&mut client, "Other");
    let survivor = client.customer("kept");
    let merged = customer_of(&mut client, &other, "merged");
    let gone = customer_of(&mut client, &other, "gone");
    for customer in [&survivor, &merged, &gone] {
        let note = json!({"customer_uuid": customer, "type": "note", "text": customer});
        client.post("/v1/notes", note);
    }
    let contact = client.post(
        "/v1/contacts",
        json!({"customer_uuid": gone, "data_source_uuid": other, "email": "g@example.com"}),
    );
    let contact = contact.body["uuid"].as_str().unwrap().to_owned();
    client.post("/v1/tasks", json!({
        "associated_object_identifier": {"associated_object": "contact", "method": "uuid", "value": contact},
        "task_details": "x", "assignee": "rep@example.com", "due_date": "2026-12-01",
    }));
    client.post(
        "/v1/customers/merges",
        json!({"from": {"customer_uuid": merged}, "into": {"customer_uuid": survivor}}),
    );
    assert_eq!(client.delete(&format!("/v1/data_sources/{other}")).status, 202);
    assert_eq!(client.get(&format!("/v1/customers/{gone}")).status, 404);
    assert_eq!(client.get(&format!("/v1/contacts/{contact}")).status, 404);
    assert!(names(&client.get(&format!("/v1/tasks?contact_uuid={contact}")), "uuid").is_empty());
    assert!(names(&client.get(&format!("/v1/notes?customer_uuid={gone}")), "uuid").is_empty());
    let kept = client.get(&format!("/v1/customers/{survivor}"));
    assert_eq!(kept.body["external_ids"], json!(["kept"]));
    assert_eq!(kept.body["data_source_uuids"], json!([SOURCE]));
    let notes = client.get(&format!("/v1/notes?customer_uuid={survivor}"));
    assert_eq!(names(&notes, "text").len(), 2, "the merged customer's note is the survivor's");
    let again = source(&mut client, "Other");
    assert_ne!(again, other);
    assert_ne!(customer_of(&mut client, &again, "gone"), gone);
}

#[test]
fn a_survivor_loses_the_revenue_of_the_deleted_source() {
    let mut client = Client::new();
    let other = source(&mut client, "Other");
    let survivor = client.customer("kept");
    let merged = customer_of(&mut client, &other, "merged");
    let plan = client.post(
        "/v1/plans",
        json!({"data_source_uuid": other, "name": "Gold", "interval_count": 1, "interval_unit": "month"}),
    );
    let line = json!({
        "type": "subscription", "subscription_external_id": "s", "plan_uuid": plan.body["uuid"],
        "service_period_start": "2026-11-01T00:00:00Z", "service_period_end": "2026-12-01T00:00:00Z",
        "amount_in_cents": 5000, "quantity": 1,
    });
    let invoice = json!({
        "external_id": "i", "date": "2026-11-01T00:00:00Z", "currency": "USD", "line_items": [line],
    });
    let path = format!("/v1/import/customers/{merged}/invoices");
    let billed = client.post(&path, json!({ "invoices": [invoice] }));
    assert_eq!(billed.status, 201, "{billed:?}");
    client.post(
        "/v1/customers/merges",
        json!({"from": {"customer_uuid": merged}, "into": {"customer_uuid": survivor}}),
    );
    let path = format!("/v1/customers/{survivor}");
    assert_eq!(client.get(&path).body["mrr"], 5000);
    client.delete(&format!("/v1/data_sources/{other}"));
    let left = client.get(&path);
    assert_eq!((&left.body["mrr"], &left.body["status"]), (&json!(0), &json!("New Lead")));
    assert!(names(&client.get(&format!("{path}/activities")), "type").is_empty());
}

#[test]
fn deleting_a_customer_takes_what_is_below_and_a_new_import_has_new_uuids() {
    let mut client = Client::new();
    let customer = client.customer("a");
    let person = contact(&mut client, &customer, "p");
    let note = json!({"customer_uuid": customer, "type": "note", "text": "n"});
    client.post("/v1/notes", note);
    client.post("/v1/notes", json!({
        "associated_object_identifier": {"associated_object": "contact", "method": "uuid", "value": person},
        "type": "note", "text": "of the contact",
    }));
    client.post("/v1/tasks", json!({
        "customer_uuid": customer, "task_details": "x", "assignee": "rep@example.com", "due_date": "2026-12-01",
    }));
    assert_eq!(client.delete(&format!("/v1/customers/{customer}")).status, 204);
    assert_eq!(client.delete(&format!("/v1/customers/{customer}")).status, 404);
    assert_eq!(client.get(&format!("/v1/contacts/{person}")).status, 404);
    assert_eq!(names(&client.get("/v1/notes"), "uuid"), ["note_a"]);
    assert_eq!(names(&client.get("/v1/tasks"), "task_uuid"), ["7a5c0000"]);
    let again = client.customer("a");
    assert_ne!(again, customer);
    assert_ne!(contact(&mut client, &again, "p"), person);
}

#[test]
fn contacts_notes_and_tasks_are_deleted_alone() {
    let mut client = Client::new();
    for path in ["/v1/tasks/7a5c0000", "/v1/notes/note_a", "/v1/contacts/con_a"] {
        assert_eq!(client.delete(path).status, 202, "{path}");
        assert_eq!(client.get(path).status, 404, "{path}");
        assert_eq!(client.delete(path).status, 404, "{path}");
    }
    assert_eq!(client.get("/v1/customers/cus_paid2").status, 200);
}

#[test]
fn a_merge_of_customers_moves_all_and_leaves_no_trace_of_the_loser() {
    let mut client = Client::new();
    let other = source(&mut client, "Other");
    let into = client.customer("into");
    let from = customer_of(&mut client, &other, "from");
    client.patch(&format!("/v1/customers/{from}"), json!({"email": "from@example.com"}));
    client.post(&format!("/v1/customers/{from}/attributes/tags"), json!({"tags": ["vip"]}));
    let person = client.post(
        "/v1/contacts",
        json!({"customer_uuid": from, "data_source_uuid": other, "external_id": "p"}),
    );
    let person = person.body["uuid"].as_str().unwrap().to_owned();
    client.post("/v1/notes", json!({"customer_uuid": from, "type": "note", "text": "n"}));
    client.post("/v1/tasks", json!({
        "customer_uuid": from, "task_details": "t", "assignee": "rep@example.com", "due_date": "2026-12-01",
    }));
    let sides = json!({
        "from": {"data_source_uuid": other, "external_id": "from"}, "into": {"customer_uuid": into},
    });
    assert_eq!(client.post("/v1/customers/merges", sides).status, 202);
    assert_eq!(client.get(&format!("/v1/customers/{from}")).status, 404);
    let merged = client.get(&format!("/v1/customers/{into}"));
    assert_eq!(merged.body["external_ids"], json!(["into", "from"]));
    assert_eq!(merged.body["attributes"]["tags"], json!(["vip", "merged-customer"]));
    let person = client.get(&format!("/v1/contacts/{person}"));
    assert_eq!(person.body["customer_uuid"], json!(into));
    assert_eq!(person.body["customer_external_id"], "from");
    assert_eq!(names(&client.get(&format!("/v1/notes?customer_uuid={into}")), "text"), ["n"]);
    let tasks = client.get(&format!("/v1/tasks?customer_uuid={into}"));
    assert_eq!(names(&tasks, "task_details"), ["t"]);
    let search = "/v1/customers/search?email=from%40example.com&with_associated_emails=true";
    assert_eq!(names(&client.get(search), "uuid"), [into.as_str()]);
    let again =
        client.post("/v1/customers", json!({"data_source_uuid": other, "external_id": "from"}));
    assert_eq!(again.status, 422, "the id is still taken, by the survivor");
}
