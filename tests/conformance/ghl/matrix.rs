//! Each row in each generation, sent by the client to the sandbox: the answer is read.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ghl_chartmogul::endpoint::example::{self, Amount};
use ghl_chartmogul::endpoint::{Endpoint, Outcome, Paging};
use ghl_chartmogul::error::{Code, Error, Service};
use ghl_chartmogul::ghl;
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Parameters, Secret};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::answers::Answers;
use crate::recorder::{Recorder, run};
use crate::totals;

/// What GHL refuses although the row allows it: `page` and `searchAfter` exclude each other.
const REFUSED: &[(&str, Amount)] = &[("contacts.search", Amount::Most)];

/// Groups of which a new sandbox has no record, or none that may be deleted: one is made first.
const MADE_FIRST: &[&str] = &[
    "calendarNotifications",
    "calendarResources",
    "blockSlots",
    "appointmentNotes",
    "associations",
    "relations",
    "records",
    "blogPosts",
];

#[test]
fn every_row_is_answered_by_the_sandbox_in_both_generations() {
    let mut problems = Vec::new();
    let (generations, complete) = super::documents();
    let mut answers = Answers::default();
    let (mut asked, mut answered) = (0, 0);
    for v3 in [false, true] {
        for endpoint in ghl::endpoints().filter(|endpoint| !endpoint.composed) {
            for amount in [Amount::Least, Amount::Most] {
                asked += 1;
                let outcome = ask(endpoint, amount, v3, |key, answer| {
                    answers.check(&generations[usize::from(v3)], key, answer);
                });
                match outcome {
                    Ok(()) => answered += 1,
                    Err(error)
                        if error.code == Code::Rejected
                            && REFUSED.contains(&(endpoint.name, amount)) => {}
                    Err(error) => problems.push(format!(
                        "{} v3={v3} {amount:?}: {error} {:?}",
                        endpoint.name, error.details
                    )),
                }
            }
        }
    }
    totals::tell(
        "GHL against the sandbox",
        &format!("{asked} calls in both generations, {answered} answered with success"),
    );
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    answers.assert(complete);
}

/// Calls one row in a sandbox of its own; hands its answer on, where it is JSON.
fn ask(
    endpoint: &'static Endpoint,
    amount: Amount,
    v3: bool,
    mut answered: impl FnMut(&str, &Value),
) -> Result<(), Error> {
    let options =
        SandboxOptions { contacts: 6, search_lag_ms: 0, strict: true, ..Default::default() };
    let sandbox = RefCell::new(Sandbox::new(options));
    let credentials = sandbox.borrow().credentials().clone();
    let agency = endpoint.summary.contains("Needs an agency's token.");
    let secret = if agency { &credentials.ghl_company_token } else { &credentials.ghl_token };
    let client = Client::new(ClientConfig {
        profile: &ghl::PROFILE,
        base_url: None,
        secret: Secret::new(secret),
        location_id: Some(credentials.location_id.clone()),
        api_version: if v3 { GhlVersion::V3 } else { GhlVersion::Dated },
        timeout_ms: None,
    })
    .unwrap();
    let host =
        Recorder::answering(|request, now| sandbox.borrow_mut().handle(request, now).response);
    if MADE_FIRST.contains(&endpoint.group()) && !endpoint.name.ends_with(".create") {
        let create = ghl::find(&format!("{}.create", endpoint.group())).unwrap();
        let mut parameters = example::parameters(create, Amount::Most, v3);
        name_what_exists(create, &mut parameters, &sandbox.borrow());
        run(client.value(&host, create, parameters))?;
    }
    let mut parameters = example::parameters(endpoint, amount, v3);
    name_what_exists(endpoint, &mut parameters, &sandbox.borrow());
    let answer = RefCell::new(Value::Null);
    let host = Recorder::answering(|request, now| {
        let response = sandbox.borrow_mut().handle(request, now).response;
        if response.is_success() {
            *answer.borrow_mut() = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        }
        response
    });
    let outcome = match (endpoint.paging, &endpoint.result) {
        (Paging::None, Outcome::Bytes) => run(client.call(&host, endpoint, parameters)).map(|_| ()),
        (_, Outcome::List { .. }) => {
            run(client.page(&host, endpoint, parameters, None)).map(|_| ())
        }
        _ => run(client.value(&host, endpoint, parameters)).map(|_| ()),
    };
    let answer = answer.borrow();
    if !answer.is_null() {
        let path = endpoint.v3.path.filter(|_| v3).unwrap_or(endpoint.path);
        answered(&format!("{} {path}", endpoint.method.name()), &answer);
    }
    outcome
}

/// Puts the sandbox's own records in place of the samples.
fn name_what_exists(endpoint: &Endpoint, parameters: &mut Parameters, sandbox: &Sandbox) {
    let first = |kind: &str| {
        let records = sandbox.records(Service::Ghl, kind).unwrap_or_default();
        records.into_iter().next().unwrap_or_default()
    };
    let last = |kind: &str| {
        let records = sandbox.records(Service::Ghl, kind).unwrap_or_default();
        records.into_iter().last().unwrap_or_default()
    };
    // What was made first stands last.
    let made = MADE_FIRST.contains(&endpoint.group());
    let id = |kind: &str| {
        let record = if made { last(kind) } else { first(kind) };
        record.get("id").or(record.get("_id")).cloned().unwrap_or(json!("text"))
    };
    let own = match endpoint.group() {
        "calendarResources" => "resources",
        "calendarNotifications" => "notifications",
        "records" => "objectRecords",
        "messages" => "messages",
        group => group,
    };
    let parent = match endpoint.group() {
        group @ ("notes" | "tasks") => first(group)["contactId"].clone(),
        _ => id("contacts"),
    };
    let object = match endpoint.group() {
        "records" => last("objects")["key"].clone(),
        _ => first("objects")["key"].clone(),
    };
    let credentials = sandbox.credentials();
    let known = BTreeMap::from([
        ("locationId", json!(credentials.location_id)),
        ("location_id", json!(credentials.location_id)),
        ("companyId", json!(credentials.company_id)),
        ("contactId", parent),
        ("contacts", id("contacts")),
        ("ids", id("contacts")),
        ("id", id(own)),
        ("taskId", id("tasks")),
        ("tagId", id("tags")),
        ("userId", id("users")),
        ("followers", id("users")),
        ("assignedTo", id("users")),
        ("assignedUserId", id("users")),
        ("campaignId", id("campaigns")),
        ("workflowId", id("workflows")),
        ("businessId", id("businesses")),
        ("calendarId", id("calendars")),
        ("groupId", id("calendarGroups")),
        ("eventId", id(if endpoint.group() == "blockSlots" { "blockedSlots" } else { "events" })),
        ("appointmentId", id("events")),
        ("noteId", id("appointmentNotes")),
        ("notificationId", id("notifications")),
        ("pipelineId", id("pipelines")),
        ("pipelineStageId", first("pipelines")["stages"][0]["id"].clone()),
        ("conversationId", id("conversations")),
        ("messageId", id("messages")),
        ("associationId", id("associations")),
        ("key_name", first("associations")["key"].clone()),
        ("objectKey", first("associations")["firstObjectKey"].clone()),
        ("key", object.clone()),
        ("schemaKey", object),
        ("relationId", id("relations")),
        ("blogId", id("blogs")),
        ("postId", id("blogPosts")),
        ("customFields", json!({ "id": id("customFields"), "field_value": "text" })),
    ]);
    for (name, value) in parameters.iter_mut() {
        let Some(known) = known.get(name.as_str()).filter(|known| !known.is_null()) else {
            continue;
        };
        let of_query = endpoint.query.iter().any(|field| field.name == name);
        match value {
            Value::Array(_) => *value = json!([known]),
            Value::Number(_) if of_query => {}
            _ => *value = known.clone(),
        }
    }
}
