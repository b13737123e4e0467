//! Notes through whichever endpoint the account has: `/v1/notes` of September 2026, else
//! `/v1/customer_notes`. Callers see the newer form only.

use std::cell::Cell;

use serde_json::{Value, json};

use super::find;
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::http::{Before, Client, Page, Parameters};
use crate::record::{self, Json};

/// Marks the cursor of a list that was begun in the older form.
const OLDER_CURSOR: &str = "customer_notes.";

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `/v1/notes`
    Newer,
    /// `/v1/customer_notes`
    Older,
}

/// Remembers which form the account has. It is found out by the first call that is answered 404:
/// where the newer endpoint exists, no call is spent on asking.
#[derive(Debug, Default)]
pub(super) struct Notes {
    form: Cell<Option<Form>>,
}

impl Notes {
    /// Nothing is known yet.
    pub(super) const fn new() -> Self {
        Self { form: Cell::new(None) }
    }

    /// [`Client::value`], with the fallback where the endpoint is one of `notes`.
    pub(super) async fn value<'a, H: Host>(
        &'a self,
        client: &'a Client,
        host: &'a H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        before: Option<&'a Before<'a>>,
    ) -> Result<Json> {
        let Some(older) = older(endpoint) else {
            return client.value_after(host, endpoint, parameters, before).await;
        };
        if self.form.get() != Some(Form::Older) {
            let answer = client.value_after(host, endpoint, parameters.clone(), before).await;
            if !self.is_gone(client, host, answer.as_ref().err()).await? {
                return answer;
            }
        }
        let parameters = to_older(endpoint, parameters)?;
        let answer = client.value_after(host, older, parameters, before).await?;
        self.form.set(Some(Form::Older));
        to_newer(&answer)
    }

    /// [`Client::page`], with the fallback where the endpoint is one of `notes`.
    pub(super) async fn page<H: Host>(
        &self,
        client: &Client,
        host: &H,
        endpoint: &'static Endpoint,
        parameters: Parameters,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let Some(older) = older(endpoint) else {
            return client.page(host, endpoint, parameters, cursor).await;
        };
        let older_cursor = cursor.and_then(|cursor| cursor.strip_prefix(OLDER_CURSOR));
        if older_cursor.is_none() && (cursor.is_some() || self.form.get() != Some(Form::Older)) {
            let answer = client.page(host, endpoint, parameters.clone(), cursor).await;
            if !self.is_gone(client, host, answer.as_ref().err()).await? {
                return answer;
            }
        }
        let parameters = to_older(endpoint, parameters)?;
        let page = client.page(host, older, parameters, older_cursor).await?;
        self.form.set(Some(Form::Older));
        Ok(Page {
            items: page.items.iter().map(to_newer).collect::<Result<_>>()?,
            cursor: page.cursor.map(|cursor| format!("{OLDER_CURSOR}{cursor}")),
            ..page
        })
    }

    /// Whether an answer means that the newer endpoint is not there, rather than the record.
    async fn is_gone<H: Host>(
        &self,
        client: &Client,
        host: &H,
        error: Option<&Error>,
    ) -> Result<bool> {
        let Some(error) = error.filter(|_| self.form.get().is_none()) else {
            if error.is_none() {
                self.form.set(Some(Form::Newer));
            }
            return Ok(false);
        };
        // A record that is missed is named with its parameter; a route that is missed never is.
        let names_record =
            error.details.as_ref().is_some_and(|details| details.get("parameter").is_some());
        if !is_missing(error) || names_record {
            return Ok(false);
        }
        let Some(list) = find("notes.list") else { return Ok(false) };
        let mut probe = Parameters::new();
        probe.insert("per_page".to_owned(), json!(1));
        match client.value(host, list, probe).await {
            Ok(_) => {
                self.form.set(Some(Form::Newer));
                Ok(false)
            }
            // Remembered once the older endpoint has answered: a proxy may have said this twice.
            Err(error) if is_missing(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Whether the answer was 404, of whatever code: ChartMogul has a page for a path without a route,
/// and such a page may be a proxy's too.
fn is_missing(error: &Error) -> bool {
    error.status == Some(404)
}

/// The row of the older form that stands for a row of `notes`.
fn older(endpoint: &'static Endpoint) -> Option<&'static Endpoint> {
    // GHL has a group of that name too.
    let of_chartmogul = endpoint.service == Service::Chartmogul;
    let name = endpoint.name.strip_prefix("notes.").filter(|_| of_chartmogul)?;
    find(&format!("customerNotes.{name}"))
}

/// The parameters in the older form, which knows customers only.
fn to_older(endpoint: &'static Endpoint, parameters: Parameters) -> Result<Parameters> {
    let contacts = || {
        Error::new(Code::Rejected, "This ChartMogul account has no notes on contacts yet.")
            .hint("Write the note on the contact's customer.")
            .of(Service::Chartmogul)
            .at(endpoint.name)
    };
    if parameters.contains_key("contact_uuid") {
        return Err(contacts());
    }
    let mut older = Parameters::new();
    for (name, value) in parameters {
        if name != "associated_object_identifier" {
            older.insert(name, value);
            continue;
        }
        if value.get("associated_object").and_then(Value::as_str) != Some("customer") {
            return Err(contacts());
        }
        let uuid = value.get("value").cloned().unwrap_or_default();
        older.insert("customer_uuid".to_owned(), uuid);
    }
    Ok(older)
}

/// A note in the newer form: what it is attached to is said twice. Anything else stays as it is.
fn to_newer(value: &Json) -> Result<Json> {
    let mut note: Value = record::read_json(value).map_err(|problem| {
        Error::new(Code::UnreadableResponse, format!("a note cannot be read: {problem}"))
            .of(Service::Chartmogul)
    })?;
    if let Value::Object(note) = &mut note
        && note.contains_key("uuid")
    {
        let customer = note.get("customer_uuid").cloned().unwrap_or_default();
        note.entry("associated_object").or_insert_with(|| json!("customer"));
        note.entry("associated_object_uuid").or_insert(customer);
    }
    Ok(Json::of(&note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Request;
    use crate::http::GhlVersion;
    use crate::http::scripted::{self, Reply, Scripted, reply, text_reply};

    fn client() -> Client {
        scripted::client(Service::Chartmogul, GhlVersion::Dated)
    }

    fn paths(host: &Scripted<'_>) -> Vec<String> {
        let sent = host.sent.borrow();
        let path = |request: &Request| {
            request.url.trim_start_matches("https://api.chartmogul.com").to_owned()
        };
        sent.iter().map(|(_, request)| path(request)).collect()
    }

    fn parameters(value: Value) -> Parameters {
        value.as_object().unwrap().clone()
    }

    fn older_account(request: &Request, _: u64) -> Reply {
        if request.url.contains("/v1/notes") {
            return text_reply(
                404,
                &[("content-type", "text/html")],
                "<!DOCTYPE html><html></html>",
            );
        }
        let note = json!({"uuid": "note_1", "customer_uuid": "cus_1", "type": "note"});
        match request.method {
            crate::host::Method::Get if !request.url.contains("note_1") => {
                reply(200, &[], &json!({"entries": [note], "cursor": "abc", "has_more": true}))
            }
            _ => reply(200, &[], &note),
        }
    }

    #[test]
    fn an_account_without_the_newer_endpoint_is_asked_once() {
        let host = Scripted::new(older_account);
        let (client, notes) = (client(), Notes::new());
        let retrieve = find("notes.retrieve").unwrap();
        let given = || parameters(json!({"note_uuid": "note_1"}));
        let first = host.run(notes.value(&client, &host, retrieve, given(), None)).unwrap();
        let first: Value = serde_json::from_str(first.get()).unwrap();
        assert_eq!(first["associated_object"], "customer");
        assert_eq!(first["associated_object_uuid"], "cus_1");
        host.run(notes.value(&client, &host, retrieve, given(), None)).unwrap();
        let older = "/v1/customer_notes/note_1";
        assert_eq!(paths(&host), ["/v1/notes/note_1", "/v1/notes?per_page=1", older, older]);
    }

    #[test]
    fn a_create_that_meets_no_route_is_sent_in_the_older_form_once() {
        let host = Scripted::new(older_account);
        let (client, notes) = (client(), Notes::new());
        let create = parameters(json!({"customer_uuid": "cus_1", "type": "note"}));
        let note =
            host.run(notes.value(&client, &host, find("notes.create").unwrap(), create, None));
        assert!(note.unwrap().get().contains("note_1"));
        let sent = ["/v1/notes", "/v1/notes?per_page=1", "/v1/customer_notes"];
        assert_eq!(paths(&host), sent);
    }

    #[test]
    fn a_proxy_that_finds_nothing_does_not_mean_an_older_account() {
        let page = || text_reply(404, &[], "<html>nothing here</html>");
        let note = json!({"uuid": "note_1"});
        let host = Scripted::in_turn(vec![page(), page(), page(), reply(200, &[], &note)]);
        let (client, notes) = (client(), Notes::new());
        let call = || {
            let given = parameters(json!({"note_uuid": "note_1"}));
            host.run(notes.value(&client, &host, find("notes.retrieve").unwrap(), given, None))
        };
        assert_eq!(call().unwrap_err().code, Code::UnreadableResponse);
        call().unwrap();
        assert_eq!(paths(&host).last().unwrap(), "/v1/notes/note_1");
    }

    #[test]
    fn a_list_continues_in_the_form_it_was_begun_in() {
        let host = Scripted::new(older_account);
        let client = client();
        let list = find("notes.list").unwrap();
        let page =
            host.run(Notes::new().page(&client, &host, list, Parameters::new(), None)).unwrap();
        let item: Value = serde_json::from_str(page.items[0].get()).unwrap();
        assert_eq!(item["associated_object_uuid"], "cus_1");
        let cursor = page.cursor.unwrap();
        // Another process: nothing is known there but the cursor.
        let before = paths(&host).len();
        host.run(Notes::new().page(&client, &host, list, Parameters::new(), Some(&cursor)))
            .unwrap_err();
        assert_eq!(paths(&host)[before..], ["/v1/customer_notes?cursor=abc&per_page=200"]);
    }

    #[test]
    fn a_missing_record_is_not_a_missing_route() {
        let host = Scripted::new(|_, _| {
            let body =
                json!({"code": 404, "message": "Note \"1\" does not exist", "param": "note_uuid"});
            reply(404, &[], &body)
        });
        let notes = Notes::new();
        let given = parameters(json!({"note_uuid": "note_1"}));
        let error = host
            .run(notes.value(&client(), &host, find("notes.retrieve").unwrap(), given, None))
            .unwrap_err();
        assert_eq!(error.code, Code::NotFound);
        assert_eq!(paths(&host), ["/v1/notes/note_1"]);
    }

    #[test]
    fn the_newer_endpoint_costs_no_call_more_and_is_remembered() {
        let answers = vec![
            reply(201, &[], &json!({"uuid": "note_1"})),
            text_reply(404, &[], "<html></html>"),
        ];
        let host = Scripted::in_turn(answers);
        let (client, notes) = (client(), Notes::new());
        let create = parameters(json!({"customer_uuid": "cus_1", "type": "note"}));
        host.run(notes.value(&client, &host, find("notes.create").unwrap(), create, None)).unwrap();
        let gone = parameters(json!({"note_uuid": "note_2"}));
        host.run(notes.value(&client, &host, find("notes.retrieve").unwrap(), gone, None))
            .unwrap_err();
        assert_eq!(paths(&host).len(), 2);
    }

    #[test]
    fn a_contacts_note_has_no_older_form() {
        let create = find("notes.create").unwrap();
        let on = |kind: &str| {
            let identifier = json!({"associated_object": kind, "method": "uuid", "value": "x"});
            to_older(
                create,
                parameters(json!({"associated_object_identifier": identifier, "type": "note"})),
            )
        };
        assert_eq!(
            on("customer").unwrap(),
            parameters(json!({"customer_uuid": "x", "type": "note"}))
        );
        assert_eq!(on("contact").unwrap_err().code, Code::Rejected);
    }

    #[test]
    fn other_endpoints_pass_through() {
        let host = Scripted::in_turn(vec![reply(200, &[], &json!({"data": "pong!"}))]);
        let ping = find("ping.ping").unwrap();
        let answer =
            host.run(Notes::new().value(&client(), &host, ping, Parameters::new(), None)).unwrap();
        assert_eq!(answer.get(), "\"pong!\"");
    }
}
