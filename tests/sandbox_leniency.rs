//! What only other people's clients send: each form is taken with its effect, and refused by a sandbox
//! that is strict.
#![cfg(feature = "sandbox")]

use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::sandbox::evidence::{Form, LENIENCIES};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

struct World {
    sandbox: Sandbox,
    now: u64,
    version: &'static str,
}

impl World {
    fn new(strict: bool, version: &'static str) -> Self {
        let options = SandboxOptions {
            contacts: 30,
            search_lag_ms: 0,
            burst_limit: 100_000,
            strict,
            ..Default::default()
        };
        Self { now: options.now_ms, sandbox: Sandbox::new(options), version }
    }

    fn ask(&mut self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.now += 1_000;
        let token = &self.sandbox.credentials().ghl_token;
        let headers = vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("version".into(), self.version.to_owned()),
        ];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method, url: path.to_owned(), headers, body, timeout_ms: 1_000 };
        let response = self.sandbox.handle(&request, self.now).response;
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(Method::Get, path, Value::Null)
    }

    fn location(&self) -> String {
        self.sandbox.credentials().location_id.clone()
    }

    fn first(&self, kind: &str) -> Value {
        let records = self.sandbox.records(ghl_chartmogul::error::Service::Ghl, kind).unwrap();
        records[0].clone()
    }

    fn contact(&mut self) -> String {
        let body = json!({ "locationId": self.location(), "firstName": "Ann" });
        let (status, answer) = self.ask(Method::Post, "/contacts/", body);
        assert_eq!(status, 201, "{answer}");
        answer["contact"]["id"].as_str().unwrap().to_owned()
    }
}

/// A world that takes the forms and one that does not, in both generations of GHL.
fn both(check: impl Fn(&mut World, bool)) {
    for version in ["2021-07-28", "v3"] {
        for strict in [false, true] {
            check(&mut World::new(strict, version), strict);
        }
    }
}

fn assert_taken(answer: &(u16, Value), strict: bool, refusal: u16) {
    match strict {
        true => assert_eq!(answer.0, refusal, "{}", answer.1),
        false => assert!((200..300).contains(&answer.0), "{answer:?}"),
    }
}

#[test]
fn a_final_slash_may_be_there_or_not() {
    both(|world, strict| {
        let location = world.location();
        let id = world.contact();
        let upsert = json!({ "locationId": location, "email": "slash@example.com" });
        let task = json!({ "title": "T", "dueDate": "2026-12-01T10:00:00Z", "completed": false });
        let tasks = format!("/contacts/{id}/tasks/");
        let contact = format!("/contacts/{id}/");
        for (method, path, body) in [
            (Method::Post, "/contacts/upsert/", upsert),
            (Method::Get, &contact, Value::Null),
            (Method::Put, &contact, json!({ "city": "Ulm" })),
            (Method::Post, &tasks, task),
            (Method::Get, &tasks, Value::Null),
            (Method::Get, &format!("/contacts?locationId={location}"), Value::Null),
            (Method::Get, &format!("/businesses?locationId={location}"), Value::Null),
            (Method::Get, &format!("/users?locationId={location}"), Value::Null),
            (Method::Delete, &contact, Value::Null),
        ] {
            assert_taken(&world.ask(method, path, body), strict, 404);
        }
        // Two slashes, or one in the middle, lead nowhere.
        for path in [format!("/contacts/{id}//"), "/contacts//tasks".to_owned()] {
            assert_eq!(world.get(&path).0, 404, "{path}");
        }
    });
}

#[test]
fn a_message_needs_its_type_contact_and_text_alone() {
    both(|world, strict| {
        let contact = world.contact();
        let body = json!({ "type": "SMS", "contactId": contact, "message": "Hello" });
        let sent = world.ask(Method::Post, "/conversations/messages", body);
        assert_taken(&sent, strict, 422);
        let html =
            json!({ "type": "Email", "contactId": contact, "html": "<p>x</p>", "subject": "S" });
        assert_taken(&world.ask(Method::Post, "/conversations/messages", html), strict, 422);
        if !strict {
            let id = sent.1["messageId"].as_str().unwrap();
            let (_, message) = world.get(&format!("/conversations/messages/{id}"));
            assert_eq!(message["body"], "Hello");
            let none = json!({ "contactId": contact, "message": "no type" });
            assert_eq!(world.ask(Method::Post, "/conversations/messages", none).0, 422);
        }
    });
}

#[test]
fn an_opportunity_is_upserted_by_its_contact() {
    both(|world, strict| {
        let contact = world.contact();
        let pipeline = world.first("pipelines")["id"].clone();
        let body = json!({
            "locationId": world.location(), "pipelineId": pipeline, "contactId": contact,
            "name": "Deal", "status": "open", "source": "web",
        });
        let made = world.ask(Method::Post, "/opportunities/upsert", body.clone());
        assert_taken(&made, strict, 422);
        if strict {
            return;
        }
        assert_eq!(made.1["new"], true);
        assert_eq!(made.1["opportunity"]["contactId"], json!(contact));
        assert_eq!(made.1["opportunity"]["source"], "web");
        let mut changed = body.clone();
        changed["monetaryValue"] = json!(70);
        let (_, again) = world.ask(Method::Post, "/opportunities/upsert", changed);
        assert_eq!(again["new"], false);
        assert_eq!(again["opportunity"]["id"], made.1["opportunity"]["id"]);
        assert_eq!(again["opportunity"]["monetaryValue"], 70);
        let mut unknown = body;
        unknown["contactId"] = json!("nobody");
        assert_eq!(world.ask(Method::Post, "/opportunities/upsert", unknown).0, 400);
    });
}

#[test]
fn an_opportunity_may_come_with_company_and_tags() {
    both(|world, strict| {
        let contact = world.contact();
        let pipeline = world.first("pipelines")["id"].clone();
        let body = json!({
            "locationId": world.location(), "pipelineId": pipeline, "contactId": contact, "name": "D",
            "status": "open", "companyName": "Copper", "tags": ["a"], "source": "api",
        });
        let made = world.ask(Method::Post, "/opportunities/", body);
        assert_taken(&made, strict, 422);
        if strict {
            return;
        }
        assert!(made.1["opportunity"].get("tags").is_none());
        let id = made.1["opportunity"]["id"].as_str().unwrap().to_owned();
        let other = world.contact();
        let change = json!({ "contactId": other, "source": "x", "name": "E" });
        let (status, changed) = world.ask(Method::Put, &format!("/opportunities/{id}"), change);
        assert_eq!((status, &changed["opportunity"]["name"]), (200, &json!("E")));
        assert_eq!(changed["opportunity"]["contactId"], json!(contact));
        assert_eq!(changed["opportunity"]["source"], "x");
    });
}

/// The ids of a list, as they come.
fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_are_sorted_as_asked() {
    both(|world, strict| {
        let location = world.location();
        let first = world.contact();
        world.contact();
        let last = world.contact();
        let changed = world.ask(Method::Put, &format!("/contacts/{first}"), json!({ "city": "X" }));
        assert_eq!(changed.0, 200);
        let path = format!("/contacts/?locationId={location}&limit=100");
        let sorted = world.get(&format!("{path}&sortBy=date_updated&order=desc"));
        assert_taken(&sorted, strict, 422);
        if strict {
            return;
        }
        assert_eq!(ids(&sorted.1["contacts"])[0], first);
        let (_, oldest) = world.get(&format!("{path}&order=asc"));
        assert_eq!(ids(&oldest["contacts"]).last(), Some(&last));
        let mut reversed = ids(&world.get(&path).1["contacts"]);
        reversed.reverse();
        assert_eq!(ids(&oldest["contacts"]), reversed);
        // Pages of a list that is sorted so join.
        let (_, page) = world.get(&format!("/contacts/?locationId={location}&limit=7&order=asc"));
        let (after, id) =
            (&page["meta"]["startAfter"], page["meta"]["startAfterId"].as_str().unwrap());
        let next = format!("{path}&order=asc&startAfter={after}&startAfterId={id}");
        let (_, rest) = world.get(&next);
        let joined = [ids(&page["contacts"]), ids(&rest["contacts"])].concat();
        assert_eq!(joined, ids(&oldest["contacts"]));
    });
}

#[test]
fn a_search_takes_one_field_to_sort_by() {
    both(|world, strict| {
        let body = |direction: &str| {
            json!({
                "locationId": world.location(), "pageLimit": 100, "sort": "dateAdded",
                "sortDirection": direction,
            })
        };
        let (up, down) = (body("asc"), body("desc"));
        let ascending = world.ask(Method::Post, "/contacts/search", up);
        assert_taken(&ascending, strict, 422);
        if !strict {
            let (_, descending) = world.ask(Method::Post, "/contacts/search", down);
            let dates = |list: &Value| {
                let rows = list["contacts"].as_array().unwrap().iter();
                rows.map(|row| row["dateAdded"].to_string()).collect::<Vec<_>>()
            };
            let mut reversed = dates(&descending);
            reversed.reverse();
            assert_eq!(dates(&ascending.1), reversed);
            assert_ne!(dates(&descending), reversed);
        }
    });
}

#[test]
fn opportunities_are_searched_by_the_names_of_v3() {
    for strict in [false, true] {
        let mut world = World::new(strict, "2021-07-28");
        let location = world.location();
        let pipeline = world.first("pipelines")["id"].as_str().unwrap().to_owned();
        let path = format!("/opportunities/search?locationId={location}&pipelineId={pipeline}");
        // Strict, the location is not named at all.
        assert_taken(&world.get(&path), strict, 403);
        assert_eq!(world.get("/opportunities/search?limit=5").0, 403);
        let dated = format!("/opportunities/search?location_id={location}");
        let (_, all) = world.get(&dated);
        let total = all["meta"]["total"].as_u64().unwrap();
        assert!(total > 0);
        if strict {
            continue;
        }
        for date in ["2000-01-01T00:00:00.000Z", "946684800000", "01-01-2000"] {
            let (_, since) = world.get(&format!("{dated}&date={date}"));
            assert_eq!(since["meta"]["total"], total, "{date}");
            let (_, until) = world.get(&format!("{dated}&endDate={date}"));
            assert_eq!(until["meta"]["total"], 0, "{date}");
        }
        let (_, newest) = world.get(&dated);
        let (_, oldest) = world.get(&format!("{dated}&order=asc&limit=100"));
        assert_eq!(ids(&newest["opportunities"]).first(), ids(&oldest["opportunities"]).last());
    }
}

#[test]
fn a_contact_and_a_task_are_changed_as_others_do() {
    both(|world, strict| {
        let id = world.contact();
        let location = world.location();
        let body = json!({ "companyName": "Copper", "locationId": location });
        let changed = world.ask(Method::Put, &format!("/contacts/{id}"), body);
        assert_taken(&changed, strict, 422);
        let task = json!({ "title": "T", "dueDate": "2026-12-01T10:00:00Z", "completed": false });
        let (_, made) = world.ask(Method::Post, &format!("/contacts/{id}/tasks"), task);
        let path = format!("/contacts/{id}/tasks/{}", made["task"]["id"].as_str().unwrap());
        let done = world.ask(Method::Put, &path, json!({ "status": "completed" }));
        assert_taken(&done, strict, 422);
        if strict {
            return;
        }
        assert_eq!(changed.1["contact"]["companyName"], "Copper");
        assert_eq!(done.1["task"]["completed"], true);
        assert!(done.1["task"].get("status").is_none());
        let (_, open) = world.ask(Method::Put, &path, json!({ "status": "incompleted" }));
        assert_eq!(open["task"]["completed"], false);
        // Another location is refused wherever it is named.
        let wrong = json!({ "companyName": "Copper", "locationId": "elsewhere" });
        assert_eq!(world.ask(Method::Put, &format!("/contacts/{id}"), wrong).0, 403);
        // A form of one operation is not a form of another.
        let other = json!({ "title": "U", "companyName": "Copper" });
        assert_eq!(world.ask(Method::Put, &path, other).0, 422);
    });
}

#[test]
fn every_form_has_its_source_and_effect() {
    for row in LENIENCIES {
        assert!(row.source.len() > 10 && row.effect.ends_with('.'), "{row:?}");
    }
    assert!(LENIENCIES.iter().any(|row| matches!(row.form, Form::FinalSlash)));
}
