//! GHL in the sandbox: each quirk that a client must cope with, asked over plain requests.
#![cfg(feature = "sandbox")]

use std::borrow::Cow;

use ghl_chartmogul::host::{Method, Request};
use ghl_chartmogul::sandbox::{
    Answer, Arrival, Fault, FaultRule, Sandbox, SandboxOptions, TokenKind,
};
use serde_json::{Value, json};

struct World {
    sandbox: Sandbox,
    now: u64,
    version: &'static str,
    token: String,
}

impl World {
    fn new(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let mut options = SandboxOptions {
            contacts: 20,
            search_lag_ms: 0,
            burst_limit: 100_000,
            strict: true,
            ..Default::default()
        };
        change(&mut options);
        let now = options.now_ms;
        let sandbox = Sandbox::new(options);
        let token = sandbox.credentials().ghl_token.clone();
        Self { sandbox, now, version: "2021-07-28", token }
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        let headers: Vec<(Cow<'static, str>, String)> = vec![
            ("authorization".into(), format!("Bearer {}", self.token)),
            ("version".into(), self.version.to_owned()),
        ];
        Request {
            method,
            url: format!("https://services.leadconnectorhq.com{path}"),
            headers,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            timeout_ms: 30_000,
        }
    }

    fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path, body);
        self.sandbox.handle(&request, self.now)
    }

    fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.send(method, path, body.as_ref());
        let body = serde_json::from_slice(&answer.response.body).unwrap_or(Value::Null);
        (answer.response.status, body)
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(Method::Get, path, None)
    }

    fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::Post, path, Some(body))
    }

    fn put(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::Put, path, Some(body))
    }

    fn location(&self) -> String {
        self.sandbox.credentials().location_id.clone()
    }

    /// A new contact's id.
    fn contact(&mut self, mut body: Value) -> String {
        body["locationId"] = json!(self.location());
        let (status, answer) = self.post("/contacts/", body);
        assert_eq!(status, 201, "{answer}");
        answer["contact"]["id"].as_str().unwrap().to_owned()
    }

    fn search(&mut self, mut body: Value) -> (u16, Value) {
        body["locationId"] = json!(self.location());
        if body.get("pageLimit").is_none() {
            body["pageLimit"] = json!(100);
        }
        self.post("/contacts/search", body)
    }
}

fn world() -> World {
    World::new(|options| options.contacts = 30)
}

fn empty_world() -> World {
    World::new(|options| options.contacts = 0)
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let mut bodies = [7, 7, 8].map(|seed| {
        let mut world = World::new(|options| options.seed = seed);
        world.search(json!({})).1.to_string()
    });
    assert_eq!(bodies[0], bodies[1]);
    bodies.sort();
    assert_ne!(bodies[0], bodies[2]);
}

#[test]
fn seeded_records_come_in_the_numbers_asked_for() {
    let world = World::new(|options| options.contacts = 1_000);
    assert_eq!(world.sandbox.ghl_contacts().len(), 1_000);
    assert_eq!(world.sandbox.ghl_notes().len(), 1_500);
    assert_eq!(world.sandbox.ghl_tasks().len(), 800);
    let long = |task: &&Value| task["title"].as_str().unwrap().chars().count() > 255;
    assert!(world.sandbox.ghl_tasks().iter().filter(long).count() > 20);
    let types = world.sandbox.records(ghl_chartmogul::error::Service::Ghl, "customFields").unwrap();
    let mut types: Vec<_> = types.iter().map(|field| field["dataType"].to_string()).collect();
    types.sort();
    types.dedup();
    assert_eq!(types.len(), 13);
    let customers =
        world.sandbox.records(ghl_chartmogul::error::Service::Chartmogul, "customers").unwrap();
    assert!((650..=850).contains(&customers.len()), "{}", customers.len());
}

#[test]
fn the_version_header_is_needed_and_checked() {
    let mut world = world();
    let path = format!("/locations/{}", world.location());
    world.version = "";
    assert_eq!(
        world.get(&path),
        (401, json!({ "statusCode": 401, "message": "version header was not found." }))
    );
    world.version = "2020-01-01";
    assert_eq!(world.get(&path).0, 401);
    world.version = "bogus";
    assert_eq!(world.get(&path).0, 400);
    for version in ["v3", "2023-02-21", "2021-04-15"] {
        world.version = version;
        assert_eq!(world.get(&path).0, 200);
    }
}

#[test]
fn tokens_are_refused_in_the_words_of_each_case() {
    let mut world = World::new(|options| options.scopes = Some(vec!["contacts.readonly".into()]));
    let path = format!("/contacts/?locationId={}", world.location());
    assert_eq!(world.get(&path).0, 200);
    let body = json!({ "locationId": world.location(), "firstName": "A" });
    assert_eq!(
        world.post("/contacts/", body).1["message"],
        "The token is not authorized for this scope."
    );
    let (status, body) = world.get("/contacts/?locationId=someOtherLocation");
    assert_eq!(
        (status, &body["message"]),
        (403, &json!("The token does not have access to this location."))
    );
    assert_eq!(world.get("/contacts/").0, 403);
    world.token = "pit-wrong".into();
    assert_eq!(world.get(&path).1["message"], "Invalid Private Integration token");
    world.token = "wrong".into();
    assert_eq!(world.get(&path).1["message"], "Invalid JWT");
}

#[test]
fn company_and_agency_tokens_do_not_reach_contacts() {
    for (kind, words) in
        [(TokenKind::Company, "authClass"), (TokenKind::Agency, "user type mismatch")]
    {
        let mut world = World::new(|options| options.token_kind = kind);
        let (status, body) = world.get(&format!("/contacts/?locationId={}", world.location()));
        assert_eq!(status, 401);
        assert!(body["message"].as_str().unwrap().contains(words), "{body}");
    }
    let mut world = world();
    let company = world.sandbox.credentials().company_id.clone();
    let body = json!({ "companyId": company, "emails": "ada.king@agency.example" });
    assert_eq!(
        world.post("/users/search/filter-by-email", body.clone()).1["message"],
        "Forbidden resource"
    );
    world.token = world.sandbox.credentials().ghl_company_token.clone();
    assert_eq!(world.post("/users/search/filter-by-email", body).1["count"], 1);
}

#[test]
fn every_answer_has_the_six_rate_headers_and_429_has_no_retry_after() {
    let mut world = World::new(|options| {
        options.contacts = 0;
        options.burst_limit = 3;
        options.daily_limit = 5;
    });
    let path = format!("/locations/{}", world.location());
    let statuses: Vec<u16> = (0..4).map(|_| world.get(&path).0).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    let answer = world.send(Method::Get, &path, None).response;
    assert_eq!(answer.body, br#"{"message":"Too Many Requests","statusCode":429}"#);
    assert_eq!(answer.header("retry-after"), None);
    for (name, value) in [
        ("x-ratelimit-max", "3"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("x-ratelimit-limit-daily", "5"),
        ("x-ratelimit-daily-remaining", "2"),
        ("x-ratelimit-daily-reset", "86400000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    world.now += 10_000;
    assert_eq!([world.get(&path).0, world.get(&path).0, world.get(&path).0], [200, 200, 429]);
    let answer = world.send(Method::Get, &path, None).response;
    assert_eq!(answer.header("x-ratelimit-daily-remaining"), Some("0"));
    assert_eq!(answer.header("x-ratelimit-daily-reset"), Some("86390000"));
    world.now += 86_400_000;
    assert_eq!(world.get(&path).0, 200);
    assert_eq!(world.sandbox.stats().ghl.limited, 4);
}

#[test]
fn unknown_routes_and_ids_are_refused_as_the_real_one_does() {
    let mut world = world();
    assert_eq!(world.get("/contacts").1["message"], "Cannot GET /contacts");
    let answer = world.send(Method::Post, "/nothing/here", None).response;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    let path = format!("/locations/{}/customfields", world.location());
    assert_eq!(world.get(&path).0, 401);
    assert_eq!(
        world.get("/contacts/lookup"),
        (400, json!({ "error": "Contact with id lookup not found", "status": 400 }))
    );
    let contact = world.contact(json!({ "firstName": "A" }));
    let (status, body) = world.get(&format!("/contacts/{contact}/tasks/none"));
    assert_eq!((status, &body["error"]), (400, &json!("Task with id none not found")));
}

#[test]
fn a_duplicate_is_400_and_names_the_contact() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "Ann", "lastName": "Lee", "email": "Ann@Example.com", "phone": "(555) 010-0001" }));
    let location = world.location();
    let (status, body) =
        world.post("/contacts/", json!({ "locationId": location, "email": "ann@example.com" }));
    assert_eq!(status, 400);
    assert_eq!(
        body["meta"],
        json!({ "contactId": id, "contactName": "Ann Lee", "matchingField": "email" })
    );
    let (_, body) =
        world.post("/contacts/", json!({ "locationId": location, "phone": "+15550100001" }));
    assert_eq!(body["meta"]["matchingField"], "phone");
    assert_eq!(world.sandbox.ghl_contacts().len(), 1);
    let mut open = World::new(|options| {
        options.contacts = 0;
        options.allow_duplicate_contact = true;
    });
    open.contact(json!({ "email": "a@example.com" }));
    open.contact(json!({ "email": "a@example.com" }));
    assert_eq!(open.sandbox.ghl_contacts().len(), 2);
}

#[test]
fn writes_are_strict_and_list_all_violations() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "Ann" }));
    let (status, body) = world.put(
        &format!("/contacts/{id}"),
        json!({ "companyName": "X", "gender": "f", "additionalEmails": ["a@b.c"], "dnd": "yes" }),
    );
    assert_eq!(status, 422);
    assert_eq!(body["error"], "Unprocessable Entity");
    let mut messages: Vec<&str> =
        body["message"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    messages.sort_unstable();
    assert_eq!(
        messages,
        [
            "dnd must be a boolean value",
            "property additionalEmails should not exist",
            "property companyName should not exist",
            "property gender should not exist",
        ]
    );
    assert!(body["traceId"].is_string());
    let (status, body) = world.post(
        &format!("/contacts/{id}/tasks"),
        json!({ "title": "A", "dueDate": "2026-12-01T10:00:00Z" }),
    );
    assert_eq!((status, &body["message"]), (422, &json!(["completed must be a boolean value"])));
    let location = world.location();
    let (status, body) = world.post("/contacts/", json!({ "locationId": location }));
    assert_eq!((status, &body["statusCode"]), (400, &json!(422)));
    let (status, body) = world.get(&format!("/contacts/?locationId={location}&pageLimit=5"));
    assert_eq!((status, &body["message"]), (422, &json!(["property pageLimit should not exist"])));
}

#[test]
fn contacts_are_kept_in_ghls_forms() {
    let mut world = empty_world();
    let id = world.contact(json!({
        "name": "Jürgen von der Heide", "email": "J@Example.com", "phone": "+49 30 1234567",
        "tags": ["VIP", "vip", "Neu Kunde"], "dateOfBirth": "09/25/1990", "address1": "Weg 1",
    }));
    let (_, body) = world.get(&format!("/contacts/{id}"));
    let contact = &body["contact"];
    assert_eq!(contact["firstName"], "Jürgen");
    assert_eq!(contact["lastName"], "von der Heide");
    assert_eq!(contact["fullNameLowerCase"], "jürgen von der heide");
    assert_eq!(contact["phone"], "+49301234567");
    assert_eq!(contact["tags"], json!(["vip", "neu kunde"]));
    assert_eq!(contact["dateOfBirth"], "1990-09-25");
    let (_, body) = world.search(json!({}));
    let row = &body["contacts"][0];
    assert_eq!((&row["address"], &row["address1"]), (&json!("Weg 1"), &Value::Null));
    assert_eq!(row["dateOfBirth"], json!(654_220_800_000_u64));
    assert_eq!(
        (&row["firstName"], &row["firstNameLowerCase"]),
        (&json!("Jürgen"), &json!("jürgen"))
    );
    let (_, body) = world.get(&format!("/contacts/?locationId={}", world.location()));
    let row = &body["contacts"][0];
    assert_eq!((&row["firstName"], &row["firstNameRaw"]), (&json!("jürgen"), &json!("Jürgen")));
}

#[test]
fn tags_are_added_removed_replaced_and_defined() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "A", "tags": ["one"] }));
    let path = format!("/contacts/{id}/tags");
    assert_eq!(
        world.post(&path, json!({ "tags": ["Two"] })),
        (201, json!({ "tags": ["one", "two"] }))
    );
    let (_, body) = world.ask(Method::Delete, &path, Some(json!({ "tags": ["ONE"] })));
    assert_eq!(body, json!({ "tags": ["two"] }));
    world.put(&format!("/contacts/{id}"), json!({ "tags": ["three"] }));
    let (_, body) = world.get(&format!("/contacts/{id}"));
    assert_eq!(body["contact"]["tags"], json!(["three"]));
    let (_, body) = world.get(&format!("/locations/{}/tags", world.location()));
    let names: Vec<_> =
        body["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    assert!(names.contains(&json!("one")) && names.contains(&json!("three")));
}

#[test]
fn upsert_matches_email_then_phone_and_touches_one() {
    let mut world = empty_world();
    let by_mail = world.contact(json!({ "email": "a@example.com" }));
    let by_phone = world.contact(json!({ "phone": "+15550100002" }));
    let location = world.location();
    let both = json!({ "locationId": location, "email": "A@example.com", "phone": "+15550100002", "firstName": "Both" });
    let (status, body) = world.post("/contacts/upsert", both);
    assert_eq!(
        (status, &body["new"], &body["contact"]["id"]),
        (200, &json!(false), &json!(by_mail))
    );
    let (_, body) = world.get(&format!("/contacts/{by_phone}"));
    assert_eq!(body["contact"].get("firstName"), None);
    let (status, body) = world
        .post("/contacts/upsert", json!({ "locationId": location, "email": "new@example.com" }));
    assert_eq!((status, &body["new"]), (200, &json!(true)));
}

#[test]
fn upserting_an_additional_email_loses_the_first_one() {
    let mut world = world();
    let contact = world
        .sandbox
        .ghl_contacts()
        .into_iter()
        .find(|contact| contact["additionalEmails"][0]["email"].is_string());
    let contact = contact.unwrap();
    let email = &contact["additionalEmails"][0]["email"];
    let location = world.location();
    let (_, body) =
        world.post("/contacts/upsert", json!({ "locationId": location, "email": email }));
    assert_eq!((&body["new"], &body["contact"]["id"]), (&json!(false), &contact["id"]));
    assert_eq!(&body["contact"]["email"], email);
    assert_eq!(body["contact"]["additionalEmails"], json!([]));
}

#[test]
fn duplicates_are_found_by_email_in_any_case_and_by_exact_phone() {
    let mut world = empty_world();
    let id = world.contact(json!({ "email": "a@example.com", "phone": "+15550100003" }));
    let base = format!("/contacts/search/duplicate?locationId={}", world.location());
    assert_eq!(world.get(&format!("{base}&email=A%40Example.com")).1["contact"]["id"], json!(id));
    assert_eq!(world.get(&format!("{base}&number=%2B15550100003")).1["contact"]["id"], json!(id));
    assert_eq!(world.get(&format!("{base}&number=5550100003")).1["contact"], Value::Null);
    // An unencoded plus is a space.
    assert_eq!(world.get(&format!("{base}&number=+15550100003")).1["contact"], Value::Null);
}

#[test]
fn additional_emails_are_objects_by_id_and_texts_in_searches() {
    let mut world = world();
    let known = world.sandbox.ghl_contacts();
    let known =
        known.iter().find(|contact| contact["additionalEmails"][0]["email"].is_string()).unwrap();
    let id = known["id"].as_str().unwrap();
    let (_, body) = world.get(&format!("/contacts/{id}"));
    assert_eq!(body["contact"]["additionalEmails"], known["additionalEmails"]);
    let filter = json!([{ "field": "id", "operator": "eq", "value": id }]);
    let (_, body) = world.search(json!({ "filters": filter }));
    assert_eq!(body["contacts"][0]["additionalEmails"][0], known["additionalEmails"][0]["email"]);
}

#[test]
fn searches_lag_behind_writes() {
    let mut world = World::new(|options| {
        options.contacts = 0;
        options.search_lag_ms = 5_000;
    });
    let id = world.contact(json!({ "firstName": "Fresh" }));
    assert_eq!(world.search(json!({})).1["total"], 0);
    assert_eq!(world.get(&format!("/contacts/{id}")).0, 200);
    world.now += 5_000;
    assert_eq!(world.search(json!({})).1["total"], 1);
    world.put(&format!("/contacts/{id}"), json!({ "firstName": "Changed" }));
    assert_eq!(world.search(json!({})).1["contacts"][0]["firstName"], "Fresh");
    world.now += 5_000;
    assert_eq!(world.search(json!({})).1["contacts"][0]["firstName"], "Changed");
    world.ask(Method::Delete, &format!("/contacts/{id}"), None);
    assert_eq!(world.search(json!({})).1["total"], 1);
    world.now += 5_000;
    assert_eq!(world.search(json!({})).1["total"], 0);
}

#[test]
fn search_pages_by_number_and_by_cursor_reach_all_once() {
    let mut world = World::new(|options| options.contacts = 130);
    for sort in [
        json!([{ "field": "dateUpdated", "direction": "asc" }]),
        json!([{ "field": "firstNameLowerCase", "direction": "desc" }, { "field": "email", "direction": "asc" }]),
        Value::Null,
    ] {
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let (status, body) =
                world.search(json!({ "pageLimit": 50, "sort": sort, "searchAfter": after }));
            assert_eq!(status, 200, "{body}");
            let page = body["contacts"].as_array().unwrap().clone();
            assert_eq!(body["total"], 130);
            // The last page has a cursor too.
            after = page.last().map_or(Value::Null, |row| row["searchAfter"].clone());
            seen.extend(page.iter().map(|row| row["id"].to_string()));
            if page.len() < 50 {
                break;
            }
        }
        assert_eq!(seen.len(), 130);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 130);
    }
    assert_eq!(
        world.search(json!({ "pageLimit": 50, "page": 3 })).1["contacts"].as_array().unwrap().len(),
        30
    );
}

#[test]
fn search_refuses_what_the_real_one_refuses() {
    let mut world = world();
    let filter = |field: &str, operator: &str, value: Value| json!({ "filters": [{ "field": field, "operator": operator, "value": value }] });
    for (body, status, words) in [
        (json!({ "pageLimit": 501 }), 422, "pageLimit must not be greater than 500"),
        (json!({ "limit": 5 }), 422, "property limit should not exist"),
        (json!({ "pageLimit": 500, "page": 21 }), 400, "window"),
        (json!({ "page": 1, "searchAfter": [1, "a"] }), 400, "together"),
        (json!({ "query": "x".repeat(76) }), 422, "75 characters"),
        (
            json!({ "sort": [{ "field": "phone", "direction": "asc" }] }),
            400,
            "Invalid sort field phone",
        ),
        (filter("contact_name", "eq", json!("x")), 400, "Invalid field contact_name"),
        (filter("email", "contains", json!("x")), 400, "Invalid operator"),
        (filter("dateUpdated", "range", json!({ "from": "2026-01-01" })), 400, "Invalid range"),
    ] {
        let (got, answer) = world.search(body);
        assert_eq!(got, status, "{answer}");
        assert!(answer["message"].to_string().contains(words), "{answer}");
    }
    let location = world.location();
    let (status, body) = world.post("/contacts/search", json!({ "locationId": location }));
    assert_eq!(status, 422);
    assert!(body["message"].to_string().contains("pageLimit"));
}

#[test]
fn search_filters_select() {
    let mut world = World::new(|options| options.contacts = 200);
    let contacts = world.sandbox.ghl_contacts();
    let count = |world: &mut World, filters: Value| {
        let (status, body) = world.search(json!({ "filters": filters }));
        assert_eq!(status, 200, "{body}");
        body["total"].as_u64().unwrap() as usize
    };
    let expected =
        |fits: &dyn Fn(&Value) -> bool| contacts.iter().filter(|contact| fits(contact)).count();
    let tagged =
        |contact: &Value, tag: &str| contact["tags"].as_array().unwrap().contains(&json!(tag));
    let vip = count(&mut world, json!([{ "field": "tags", "operator": "eq", "value": "VIP" }]));
    assert_eq!(vip, expected(&|contact| tagged(contact, "vip")));
    let either = json!([{ "group": "OR", "filters": [
        { "field": "tags", "operator": "eq", "value": "vip" },
        { "field": "country", "operator": "eq", "value": "JP" },
    ] }]);
    let wanted = expected(&|contact| tagged(contact, "vip") || contact["country"] == "JP");
    assert_eq!(count(&mut world, either), wanted);
    let middle = "2026-03-01T00:00:00.000Z";
    let recent = count(
        &mut world,
        json!([{ "field": "dateUpdated", "operator": "range", "value": { "gte": middle } }]),
    );
    assert_eq!(recent, expected(&|contact| contact["dateUpdated"].as_str().unwrap() >= middle));
    assert!(recent > 0 && recent < 200);
    let without = count(&mut world, json!([{ "field": "email", "operator": "not_exists" }]));
    assert_eq!(without, expected(&|contact| contact.get("email").is_none()));
    let size = contacts
        .iter()
        .flat_map(|contact| contact["customFields"].as_array().unwrap())
        .find(|field| field["value"] == "Large")
        .unwrap();
    let field = format!("customFields.{}", size["id"].as_str().unwrap());
    assert!(count(&mut world, json!([{ "field": field, "operator": "eq", "value": "Large" }])) > 5);
}

#[test]
fn the_old_list_repeats_page_one_unless_both_cursors_are_given() {
    let mut world = World::new(|options| options.contacts = 50);
    let base = format!("/contacts/?locationId={}&limit=20", world.location());
    let (_, first) = world.get(&base);
    let (after, id) =
        (&first["meta"]["startAfter"], first["meta"]["startAfterId"].as_str().unwrap());
    assert_eq!(first["meta"]["total"], 50);
    assert!(first["meta"]["nextPageUrl"].as_str().unwrap().starts_with("http://localhost"));
    let (_, again) = world.get(&format!("{base}&startAfterId={id}"));
    assert_eq!(again["contacts"], first["contacts"]);
    let (_, second) = world.get(&format!("{base}&startAfterId={id}&startAfter={after}"));
    assert_ne!(second["contacts"][0], first["contacts"][0]);
    let (status, _) = world.get(&format!("/contacts/?locationId={}&limit=101", world.location()));
    assert_eq!(status, 422);
}

#[test]
fn notes_are_written_read_and_touch_the_contact_if_so_set() {
    for touches in [true, false] {
        let mut world = World::new(|options| {
            options.contacts = 0;
            options.notes_touch_contact = touches;
        });
        let id = world.contact(json!({ "firstName": "A" }));
        world.now += 60_000;
        let (status, body) =
            world.post(&format!("/contacts/{id}/notes"), json!({ "body": "<p>Hi</p>" }));
        assert_eq!(status, 201);
        let note = body["note"]["id"].as_str().unwrap().to_owned();
        assert_eq!(body["note"].get("dateUpdated"), None);
        let (_, body) = world
            .put(&format!("/contacts/{id}/notes/{note}"), json!({ "title": "T", "pinned": true }));
        assert_eq!(
            (&body["note"]["title"], &body["note"]["body"]),
            (&json!("T"), &json!("<p>Hi</p>"))
        );
        let (_, body) = world.get(&format!("/contacts/{id}"));
        assert_eq!(body["contact"]["dateUpdated"] != body["contact"]["dateAdded"], touches);
        let (_, body) = world.ask(Method::Delete, &format!("/contacts/{id}/notes/{note}"), None);
        assert_eq!(body, json!({ "succeded": true }));
        assert_eq!(world.get(&format!("/contacts/{id}/notes")).1, json!({ "notes": [] }));
        assert_eq!(world.post(&format!("/contacts/{id}/notes"), json!({ "body": "" })).0, 422);
    }
}

#[test]
fn v3_spells_deletes_and_channels_differently() {
    let mut world = empty_world();
    world.version = "v3";
    let id = world
        .contact(json!({ "firstName": "A", "dndSettings": { "sms": { "status": "active" } } }));
    let (_, body) = world.get(&format!("/contacts/{id}"));
    assert_eq!(body["contact"]["dndSettings"]["sms"]["status"], "active");
    let (status, _) = world.put(
        &format!("/contacts/{id}"),
        json!({ "dndSettings": { "SMS": { "status": "active" } } }),
    );
    assert_eq!(status, 422);
    world.version = "2021-07-28";
    let (_, body) = world.get(&format!("/contacts/{id}"));
    assert_eq!(body["contact"]["dndSettings"]["SMS"]["status"], "active");
    world.version = "v3";
    let (_, body) = world.ask(Method::Delete, &format!("/contacts/{id}"), None);
    assert_eq!(body, json!({ "succeeded": true, "succeded": true }));
}

#[test]
fn task_search_names_and_dates_tasks_differently() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "A", "email": "a@example.com" }));
    let user =
        world.sandbox.records(ghl_chartmogul::error::Service::Ghl, "users").unwrap()[0]["id"]
            .clone();
    for number in 0..3 {
        let task = json!({ "title": format!("T{number}"), "dueDate": "2026-12-01T10:00:00+02:00", "completed": number == 1, "assignedTo": user });
        let (status, body) = world.post(&format!("/contacts/{id}/tasks"), task);
        assert_eq!((status, &body["task"]["dueDate"]), (201, &json!("2026-12-01T08:00:00.000Z")));
        assert_eq!(body["task"].get("dateUpdated"), None);
        world.now += 1_000;
    }
    let path = format!("/locations/{}/tasks/search", world.location());
    let (status, body) = world.post(&path, json!({ "limit": 2, "skip": 2 }));
    assert_eq!(status, 200);
    let row = &body["tasks"][0];
    assert_eq!(
        (&row["title"], &row["contactDetails"]["email"]),
        (&json!("T0"), &json!("a@example.com"))
    );
    assert!(row["_id"].is_string() && row["dateUpdated"].is_string() && row.get("id").is_none());
    assert_eq!(row["assignedToUserDetails"]["firstName"], "Ada");
    let (_, body) = world.post(&path, json!({ "completed": false, "contactId": [id] }));
    assert_eq!(body["tasks"].as_array().unwrap().len(), 2);
    let task = row["_id"].as_str().unwrap();
    let (_, body) =
        world.put(&format!("/contacts/{id}/tasks/{task}/completed"), json!({ "completed": true }));
    assert_eq!(body["task"]["completed"], true);
}

#[test]
fn custom_field_values_are_checked_and_merged() {
    let mut world = empty_world();
    let location = world.location();
    let (_, body) = world.get(&format!("/locations/{location}/customFields?model=contact"));
    let fields = body["customFields"].as_array().unwrap().clone();
    assert!(fields.iter().all(|field| field["model"] == "contact"));
    let id_of = |key: &str| {
        fields.iter().find(|field| field["fieldKey"] == format!("contact.{key}")).unwrap()["id"]
            .clone()
    };
    let (seats, size, trial, anniversary) =
        (id_of("seats"), id_of("size"), id_of("trial_ends"), id_of("anniversary"));
    let id = world.contact(json!({ "firstName": "A", "customFields": [
        { "id": seats, "field_value": 5 }, { "key": "job_title", "field_value": "Boss" },
    ] }));
    let path = format!("/contacts/{id}");
    world.put(
        &path,
        json!({ "customFields": [
        { "id": trial, "fieldValue": "2026-12-24" }, { "id": anniversary, "value": "2026-12-24" },
    ] }),
    );
    let (_, body) = world.get(&path);
    let values = body["contact"]["customFields"].as_array().unwrap();
    assert_eq!(values.len(), 4);
    let value =
        |id: &Value| values.iter().find(|value| &value["id"] == id).unwrap()["value"].clone();
    assert_eq!(value(&seats), 5);
    assert_eq!(value(&trial), "2026-12-24T00:00:00.000Z");
    assert_eq!(value(&anniversary), json!(1_798_070_400_000_u64));
    let (status, body) =
        world.put(&path, json!({ "customFields": [{ "id": size, "field_value": "Giant" }] }));
    assert_eq!((status, &body["message"]), (400, &json!("Invalid Custom Field Value")));
    let (_, body) = world.get(&format!("/locations/{location}/customFields?model=opportunity"));
    assert_eq!(body["customFields"].as_array().unwrap().len(), 1);
}

#[test]
fn custom_fields_are_defined_changed_and_removed() {
    let mut world = empty_world();
    let path = format!("/locations/{}/customFields", world.location());
    let (status, body) =
        world.post(&path, json!({ "name": "CM uuid", "dataType": "TEXT", "model": "contact" }));
    assert_eq!((status, &body["customField"]["fieldKey"]), (201, &json!("contact.cm_uuid")));
    let one = format!("{path}/{}", body["customField"]["id"].as_str().unwrap());
    assert_eq!(world.put(&one, json!({ "name": "Renamed" })).1["customField"]["name"], "Renamed");
    assert_eq!(world.post(&path, json!({ "name": "X", "dataType": "STRING" })).0, 422);
    assert_eq!(world.ask(Method::Delete, &one, None).1, json!({ "succeded": true }));
    assert_eq!(world.get(&one).0, 400);
}

#[test]
fn users_are_found_by_location_and_by_company() {
    let mut world = world();
    let (location, company) = (world.location(), world.sandbox.credentials().company_id.clone());
    let (_, body) = world.get(&format!("/users/?locationId={location}"));
    assert_eq!(body["users"].as_array().unwrap().len(), 5);
    let (_, body) = world
        .get(&format!("/users/search?companyId={company}&locationId={location}&limit=2&skip=4"));
    assert_eq!((body["users"].as_array().unwrap().len(), &body["count"]), (1, &json!(5)));
    assert_eq!(world.get(&format!("/users/search?companyId={company}&limit=many")).0, 422);
    assert_eq!(world.get("/users/search").0, 401);
}

#[test]
fn deleting_a_contact_takes_its_notes_and_tasks_with_it() {
    let mut world = world();
    let note = world.sandbox.ghl_notes()[0].clone();
    let id = note["contactId"].as_str().unwrap();
    let (_, body) = world.ask(Method::Delete, &format!("/contacts/{id}"), None);
    assert_eq!(body, json!({ "succeded": true }));
    assert!(world.sandbox.ghl_notes().iter().all(|other| other["contactId"] != note["contactId"]));
    assert_eq!(world.get(&format!("/contacts/{id}/notes")).0, 400);
}

#[test]
fn businesses_are_set_in_bulk_only() {
    let mut world = world();
    let business =
        world.sandbox.records(ghl_chartmogul::error::Service::Ghl, "businesses").unwrap()[0]
            .clone();
    let id = world.contact(json!({ "firstName": "A" }));
    let location = world.location();
    let (status, _) =
        world.put(&format!("/contacts/{id}"), json!({ "businessId": business["id"] }));
    assert_eq!(status, 422);
    let body = json!({ "locationId": location, "ids": [id], "businessId": business["id"] });
    assert_eq!(world.post("/contacts/bulk/business", body).0, 200);
    let path = format!(
        "/contacts/business/{}?locationId={location}&limit=100",
        business["id"].as_str().unwrap()
    );
    let (_, body) = world.get(&path);
    assert!(body["contacts"].as_array().unwrap().iter().any(|contact| contact["id"] == json!(id)));
}

#[test]
fn faults_strike_as_their_rules_say() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "A" }));
    let notes = format!("/contacts/{id}/notes");
    let rule = |fault: Fault| FaultRule {
        path: Some("/contacts/*/notes".into()),
        ..FaultRule::always(fault)
    };
    let once = |fault: Fault| FaultRule { times: Some(1), ..rule(fault) };

    world.sandbox.set_faults(vec![once(Fault::Lost { done: true })]);
    let answer = world.send(Method::Post, &notes, Some(&json!({ "body": "kept" })));
    assert!(answer.lost);
    assert_eq!(world.sandbox.ghl_notes().len(), 1);

    world.sandbox.set_faults(vec![once(Fault::Lost { done: false })]);
    assert!(world.send(Method::Post, &notes, Some(&json!({ "body": "never" }))).lost);
    assert_eq!(world.sandbox.ghl_notes().len(), 1);

    world.sandbox.set_faults(vec![once(Fault::DeliveredTwice)]);
    world.post(&notes, json!({ "body": "twice" }));
    assert_eq!(world.sandbox.ghl_notes().len(), 3);

    world.sandbox.set_faults(vec![FaultRule {
        from: 2,
        times: Some(1),
        ..rule(Fault::Status { status: 502 })
    }]);
    assert_eq!(world.get(&notes).0, 200);
    let answer = world.send(Method::Get, &notes, None).response;
    assert_eq!((answer.status, answer.body.starts_with(b"<html>")), (502, true));
    assert_eq!(world.get(&notes).0, 200);

    world.sandbox.set_faults(vec![once(Fault::Truncated)]);
    assert_eq!(world.get(&notes), (200, Value::Null));
    world.sandbox.set_faults(vec![once(Fault::Html)]);
    assert_eq!(world.get(&notes), (200, Value::Null));
    world.sandbox.set_faults(vec![once(Fault::Delay { milliseconds: 31_000 })]);
    assert_eq!(world.send(Method::Get, &notes, None).delay_ms, 31_000);
    assert_eq!(world.get(&format!("/contacts/{id}")).0, 200);

    world.sandbox.set_faults(vec![once(Fault::Slow { milliseconds: 600 })]);
    let slow = world.request(Method::Post, &notes, Some(&json!({ "body": "slow" })));
    let Arrival::Waits { ticket, after_ms: 600 } = world.sandbox.arrive(slow, world.now) else {
        panic!("it was done at once");
    };
    assert_eq!(world.sandbox.ghl_notes().len(), 3);
    let answer = world.sandbox.carry_out(ticket, world.now + 600);
    assert_eq!((answer.response.status, world.sandbox.ghl_notes().len()), (201, 4));
    assert!(world.sandbox.carry_out(ticket, world.now + 600).lost, "it was done before");
    assert_eq!(world.sandbox.ghl_notes().len(), 4);

    world.sandbox.set_faults(vec![once(Fault::QuotaExhausted)]);
    let answer = world.send(Method::Get, &notes, None).response;
    assert_eq!((answer.status, answer.header("x-ratelimit-daily-remaining")), (429, Some("0")));
    world.now += 86_400_000;

    world.sandbox.set_faults(vec![once(Fault::TokenExpired)]);
    assert_eq!(world.get(&notes).0, 401);
    assert_eq!(world.get(&notes).0, 401);
    world.sandbox.renew_token();
    assert_eq!(world.get(&notes).0, 200);
}

#[test]
fn a_page_can_be_made_to_repeat() {
    let mut world = World::new(|options| options.contacts = 60);
    let rule = FaultRule {
        from: 2,
        path: Some("/contacts/search".into()),
        ..FaultRule::always(Fault::RepeatedPage)
    };
    world.sandbox.set_faults(vec![rule]);
    let (_, first) = world.search(json!({ "pageLimit": 20, "page": 1 }));
    let (_, second) = world.search(json!({ "pageLimit": 20, "page": 2 }));
    assert_eq!(first, second);
}

#[test]
fn chance_strikes_the_same_requests_for_the_same_seed() {
    let run = |seed: u64| {
        let mut world = World::new(|options| {
            options.seed = seed;
            options.contacts = 0;
        });
        world.sandbox.set_faults(vec![FaultRule {
            probability: 0.3,
            ..FaultRule::always(Fault::Status { status: 503 })
        }]);
        let path = format!("/locations/{}", world.location());
        (0..50).map(|_| world.get(&path).0).collect::<Vec<_>>()
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
    let struck = run(3).iter().filter(|status| **status == 503).count();
    assert!((5..=25).contains(&struck));
}

#[test]
fn the_controls_work_over_requests() {
    let mut world = World::new(|options| options.contacts = 20);
    let path = format!("/locations/{}", world.location());
    world.get(&path);
    let (_, stats) = world.get("/sandbox/stats");
    assert_eq!(stats["ghl"]["endpoints"]["GET /locations/{locationId}"], 1);
    let rules = json!([{ "service": "ghl", "fault": { "kind": "status", "status": 500 } }]);
    assert_eq!(world.post("/sandbox/faults", rules).1, json!({ "rules": 1 }));
    assert_eq!(world.get(&path).0, 500);
    assert_eq!(world.post("/sandbox/faults", json!([{ "fault": { "kind": "nonsense" } }])).0, 400);
    let (_, notes) = world.get("/sandbox/records?service=ghl&kind=notes");
    assert_eq!(notes.as_array().unwrap().len(), 30);
    assert_eq!(world.post("/sandbox/clock", json!({ "advanceMs": 5 })).1, json!({ "offsetMs": 5 }));
    world.post("/sandbox/reset", json!({}));
    assert_eq!(world.get(&path).0, 200);
    assert_eq!(world.get("/sandbox/nothing").0, 404);
}

#[test]
fn unknown_settings_are_refused() {
    assert!(Sandbox::from_json("").is_ok());
    assert!(
        Sandbox::from_json(r#"{"seed":7,"contacts":3,"chartmogulGeneration":"before"}"#).is_ok()
    );
    assert!(Sandbox::from_json(r#"{"sead":7}"#).is_err());
}

#[test]
fn a_failure_can_hide_a_write() {
    let mut world = empty_world();
    let id = world.contact(json!({ "firstName": "A" }));
    world.sandbox.set_faults(vec![FaultRule {
        times: Some(1),
        ..FaultRule::always(Fault::DoneThenStatus { status: 500 })
    }]);
    let (status, body) = world.post(&format!("/contacts/{id}/notes"), json!({ "body": "kept" }));
    assert_eq!((status, &body["name"]), (500, &json!("HttpException")));
    assert_eq!(world.sandbox.ghl_notes().len(), 1);
    assert_eq!(world.sandbox.stats().ghl.writes, 2);
    world.sandbox.set_faults(vec![FaultRule::always(Fault::Status { status: 401 })]);
    assert_eq!(world.get("/locations/x").1["message"], "Command timed out");
}

#[test]
fn page_numbers_end_at_ten_thousand_and_cursors_do_not() {
    let mut world = World::new(|options| {
        options.contacts = 1_200;
        options.notes_per_contact = 0.0;
        options.tasks_per_contact = 0.0;
    });
    let sort = json!([{ "field": "dateUpdated", "direction": "asc" }]);
    let (status, _) = world.search(json!({ "pageLimit": 500, "page": 21, "sort": sort }));
    assert_eq!(status, 400);
    let mut after = Value::Null;
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let (_, body) =
            world.search(json!({ "pageLimit": 500, "sort": sort, "searchAfter": after }));
        let page = body["contacts"].as_array().unwrap();
        seen.extend(page.iter().map(|row| row["id"].to_string()));
        if page.len() < 500 {
            break;
        }
        after = page[499]["searchAfter"].clone();
    }
    assert_eq!(seen.len(), 1_200);
}

#[test]
fn no_request_is_without_an_answer_in_a_known_form() {
    let mut world = world();
    let contact = world.sandbox.ghl_contacts()[0]["id"].as_str().unwrap().to_owned();
    let location = world.location();
    let extract: Value =
        serde_json::from_str(include_str!("../src/sandbox/ghl/operations.json")).unwrap();
    let bodies = [
        Value::Null,
        json!({}),
        json!([]),
        json!("text"),
        json!({ "locationId": location, "tags": [null], "customFields": [{ "id": 1 }], "name": [] }),
        json!({ "locationId": location, "pageLimit": 5, "searchAfter": [null, {}], "filters": [{}], "sort": [1] }),
        json!({ "body": "x", "title": "x", "dueDate": "9999999", "completed": true }),
        json!({ "dateOfBirth": "99-99-9999", "phone": "+", "email": "@", "locationId": location }),
    ];
    for version in ["2021-07-28", "v3"] {
        world.version = version;
        for key in extract["v2"]["operations"].as_object().unwrap().keys() {
            let (method, template) = key.split_once(' ').unwrap();
            let method = match method {
                "GET" => Method::Get,
                "POST" => Method::Post,
                "PUT" => Method::Put,
                _ => Method::Delete,
            };
            let path = template.replace("{contactId}", &contact).replace("{locationId}", &location);
            let queries = [
                "",
                "?locationId=x&limit=-1",
                "?limit=1e9&skip=99999999999&%zz=%",
                "?a&&=&b=%F0%9F",
            ];
            for (body, query) in bodies.iter().zip(queries.iter().cycle()) {
                let sent = (!body.is_null()).then_some(body);
                let answer = world.send(method, &format!("{path}{query}"), sent).response;
                assert!(
                    (200..500).contains(&answer.status),
                    "{key} {query} {body}: {}",
                    answer.status
                );
                assert!(answer.header("x-ratelimit-daily-remaining").is_some());
            }
            if world.sandbox.ghl_contacts().iter().all(|known| known["id"] != json!(contact)) {
                world.post("/sandbox/reset", json!({}));
            }
        }
    }
}

#[test]
fn secrets_stay_out_of_debug_texts() {
    let world = world();
    let credentials = world.sandbox.credentials();
    let texts = format!("{:?} {credentials:?}", world.sandbox);
    for secret in
        [&credentials.ghl_token, &credentials.ghl_company_token, &credentials.chartmogul_key]
    {
        assert!(!texts.contains(secret.as_str()));
    }
}

#[test]
fn the_two_services_match_in_every_way_that_a_sync_must_tell_apart() {
    let world = World::new(|options| options.contacts = 300);
    let text =
        |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_lowercase();
    let ghl = world.sandbox.ghl_contacts();
    let customers = world.sandbox.chartmogul_customers();
    let of_customer =
        |email: &str| customers.iter().filter(|one| text(one, "email") == email).count();
    let with_email = ghl.iter().filter(|contact| !text(contact, "email").is_empty());
    let counts: Vec<usize> =
        with_email.map(|contact| of_customer(&text(contact, "email"))).collect();
    assert!(counts.iter().filter(|count| **count == 0).count() > 50, "unmatched");
    assert!(counts.iter().filter(|count| **count == 1).count() > 100, "matched once");
    assert!(counts.iter().any(|count| *count > 1), "ambiguous");
    let by_phone_alone = world.sandbox.chartmogul_contacts().into_iter().filter(|known| {
        let same = ghl.iter().find(|contact| contact["phone"] == known["phone"]);
        same.is_some_and(|contact| text(contact, "email") != text(known, "email"))
    });
    assert!(by_phone_alone.count() > 5, "matched by phone");
    let ours = |email: &str| ghl.iter().any(|contact| text(contact, "email") == email);
    assert!(customers.iter().any(|customer| !ours(&text(customer, "email"))), "strangers");
}
