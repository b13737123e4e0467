//! `contacts.find`: one contact by id, e-mail address or phone, made of the calls that GHL has.

use serde_json::{Value, json};

use crate::countries::country_code;
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::http::{Client, Parameters};
use crate::record::{self, Json};
use crate::{email as address, phone as telephone};

use super::records::Contact;

/// Candidates of a search that are looked at.
const CANDIDATES: u64 = 20;

/// Gives the contact, `null` for none, and an error with the candidates for several.
pub async fn find<H: Host>(
    client: &Client,
    host: &H,
    endpoint: &'static Endpoint,
    parameters: Parameters,
) -> Result<Json> {
    client.check(endpoint, &parameters)?;
    let text = |name: &str| {
        let text = parameters.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let refused = |message: &str| {
        Error::new(Code::InvalidArgument, format!("{}: {message}", endpoint.name))
            .of(Service::Ghl)
            .at(endpoint.name)
    };
    let mut search = Search { client, host, country: text("country"), found: Vec::new() };
    match (text("contactId"), text("email"), text("phone")) {
        (Some(id), None, None) => return by_id(client, host, id).await,
        (Some(_), _, _) => {
            return Err(refused("pass contactId alone, or email and phone, not both"));
        }
        (None, None, None) => return Err(refused("pass contactId, email or phone")),
        (None, email, phone) => {
            let email = email.map(|email| {
                address::written(email).ok_or_else(|| {
                    let shown: String = email.chars().take(40).collect();
                    refused(&format!("email is {shown:?}, not an e-mail address"))
                })
            });
            let email = email.transpose()?;
            let number = phone.map(|phone| {
                telephone::e164(phone, search.country).ok_or_else(|| {
                    refused("phone cannot be converted to E.164")
                        .hint("Pass it with its calling code, `+1…`, or pass `country` too.")
                })
            });
            let number = number.transpose()?;
            if let Some(email) = email {
                search.by("email", "email", &email).await?;
            }
            if let Some(number) = number {
                search.by("number", "phone", &number).await?;
            }
        }
    }
    let mut found = search.found;
    match (found.pop(), found.is_empty()) {
        (None, _) => Ok(Json::of(&Value::Null)),
        (Some((_, only)), true) => Ok(only),
        (Some(last), false) => {
            found.push(last);
            let candidates: Vec<Value> =
                found.iter().map(|(_, contact)| candidate(contact)).collect();
            Err(Error::new(Code::Ambiguous, format!("{} contacts match", candidates.len()))
                .of(Service::Ghl)
                .at(endpoint.name)
                .hint("Pass contactId: `details.candidates` lists the contacts.")
                .details(json!({ "candidates": candidates })))
        }
    }
}

async fn by_id<H: Host>(client: &Client, host: &H, id: &str) -> Result<Json> {
    let found = client.value(host, row("contacts.get")?, one("contactId", id)).await;
    match found {
        Err(error) if error.code == Code::NotFound => Ok(Json::of(&Value::Null)),
        found => found,
    }
}

/// Contacts that match, each once, by id.
struct Search<'a, H> {
    client: &'a Client,
    host: &'a H,
    country: Option<&'a str>,
    found: Vec<(String, Json)>,
}

impl<H: Host> Search<'_, H> {
    /// Adds those of one e-mail address or phone. The duplicate search sees new contacts at once but
    /// gives one only; the other sees several, seconds later.
    async fn by(&mut self, duplicate: &str, field: &str, value: &str) -> Result<()> {
        let endpoint = row("contacts.searchDuplicate")?;
        self.add(self.client.value(self.host, endpoint, one(duplicate, value)).await?);
        let filters = json!([{ "field": field, "operator": "eq", "value": value }]);
        let mut parameters = one("pageLimit", CANDIDATES);
        parameters.insert("filters".to_owned(), filters);
        let page = self.client.page(self.host, row("contacts.search")?, parameters, None).await?;
        for contact in page.items {
            if self.matches(&contact, field, value) {
                self.add(contact);
            }
        }
        Ok(())
    }

    /// Whether a search result really has the e-mail address or phone.
    fn matches(&self, contact: &Json, field: &str, value: &str) -> bool {
        let Ok(contact) = record::read_json::<Contact<'_>>(contact) else { return false };
        if field == "email" {
            let wanted = address::normal(value);
            let mut emails = contact.email.iter().chain(&contact.additional_emails);
            return emails.any(|email| wanted.is_some() && address::normal(email) == wanted);
        }
        let country = contact.country.as_deref().filter(|country| country_code(country).is_some());
        let phones = contact.phone.iter().chain(&contact.additional_phones);
        phones
            .filter_map(|phone| telephone::e164(phone, country.or(self.country)))
            .any(|phone| phone == value)
    }

    fn add(&mut self, contact: Json) {
        let id = record::read_json::<Contact<'_>>(&contact)
            .ok()
            .and_then(|mut contact| contact.id.take())
            .map(|id| id.into_owned());
        if let Some(id) = id
            && !self.found.iter().any(|(found, _)| *found == id)
        {
            self.found.push((id, contact));
        }
    }
}

/// What a person needs to choose.
fn candidate(contact: &Json) -> Value {
    let contact: Contact<'_> = record::read_json(contact).unwrap_or_default();
    let names: Vec<&str> =
        [contact.first_name(), contact.last_name()].into_iter().flatten().collect();
    let name = contact.full_name().map_or_else(|| names.join(" "), str::to_owned);
    json!({ "id": contact.id, "name": name, "email": contact.email, "phone": contact.phone })
}

fn row(name: &str) -> Result<&'static Endpoint> {
    super::find(name)
        .ok_or_else(|| Error::new(Code::UnknownEndpoint, format!("unknown endpoint `{name}`")))
}

fn one(name: &str, value: impl Into<Value>) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.insert(name.to_owned(), value.into());
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Request;
    use crate::http::GhlVersion;
    use crate::http::scripted::{Reply, Scripted, client, reply};

    fn contact(id: &str, email: &str, phone: &str) -> Value {
        json!({ "id": id, "firstName": "Ada", "lastName": id, "email": email, "phone": phone })
    }

    /// Looks for `parameters` where the location has these contacts; the first is the duplicate search's.
    fn look(contacts: &[Value], parameters: &Value) -> (Result<Value>, usize) {
        let client = client(Service::Ghl, GhlVersion::Dated);
        let host = Scripted::new(|request: &Request, _| -> Reply {
            let path = request.url.split(".com").nth(1).unwrap();
            if path.starts_with("/contacts/search/duplicate") {
                assert!(path.contains("locationId=L"), "{path}");
                return reply(200, &[], &json!({ "contact": contacts.first() }));
            }
            if path == "/contacts/search" {
                return reply(200, &[], &json!({ "contacts": contacts, "total": contacts.len() }));
            }
            match contacts.iter().find(|contact| path.ends_with(contact["id"].as_str().unwrap())) {
                Some(contact) => reply(200, &[], &json!({ "contact": contact })),
                None => reply(
                    400,
                    &[],
                    &json!({ "error": "Contact with id X not found", "status": 400 }),
                ),
            }
        });
        let endpoint = row("contacts.find").unwrap();
        let parameters = parameters.as_object().unwrap().clone();
        let found = host.run(find(&client, &host, endpoint, parameters));
        let value = found.map(|raw| serde_json::from_str(raw.get()).unwrap());
        (value, host.sent.borrow().len())
    }

    #[test]
    fn by_id_it_is_read_or_null() {
        let ada = contact("c1", "a@b.co", "+14155550123");
        let (found, calls) = look(std::slice::from_ref(&ada), &json!({ "contactId": "c1" }));
        assert_eq!((found.unwrap(), calls), (ada.clone(), 1));
        assert_eq!(look(&[ada], &json!({ "contactId": "c2" })).0.unwrap(), Value::Null);
    }

    #[test]
    fn one_that_matches_is_given_whatever_its_spelling() {
        let ada = contact("c1", "Ada@B.co", "+14155550123");
        let other = contact("c2", "other@b.co", "+14155550124");
        let contacts = [ada.clone(), other];
        for parameters in [
            json!({ "email": " ADA@b.co " }),
            json!({ "phone": "+1 (415) 555-0123" }),
            json!({ "phone": "(415) 555-0123", "country": "US" }),
            json!({ "phone": "415.555.0123", "country": "us" }),
            json!({ "email": "Ada <ada@b.co>" }),
            json!({ "email": "ada@b.co", "phone": "0014155550123" }),
        ] {
            assert_eq!(look(&contacts, &parameters).0.unwrap(), ada, "{parameters}");
        }
        assert_eq!(look(&[], &json!({ "email": "a@b.co" })).0.unwrap(), Value::Null);
    }

    #[test]
    fn several_are_ambiguous_and_listed() {
        let contacts = [contact("c1", "a@b.co", ""), contact("c2", "A@B.CO", "")];
        let error = look(&contacts, &json!({ "email": "a@b.co" })).0.unwrap_err();
        assert_eq!(error.code, Code::Ambiguous);
        let candidates = &error.details.as_ref().unwrap()["candidates"];
        assert_eq!(candidates[0]["name"], "Ada c1");
        assert_eq!(candidates[1]["id"], "c2");
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused_before_any_call() {
        let error = look(&[], &json!({ "email": "ada" })).0.unwrap_err();
        assert_eq!(error.message, "contacts.find: email is \"ada\", not an e-mail address");
        for parameters in [
            json!({}),
            json!({ "email": "  " }),
            json!({ "contactId": "c1", "email": "a@b.co" }),
            json!({ "phone": "555 0123" }),
            json!({ "email": "ada@b.co", "phone": "555 0123" }),
            json!({ "email": "ada" }),
            json!({ "email": "ada@b" }),
            json!({ "email": "ada@b.co;eve@b.co" }),
            json!({ "email": "ada@b.co <eve@b.co>" }),
            json!({ "email": "ada @b.co", "phone": "+14155550123" }),
            json!({ "mail": "a@b.co" }),
        ] {
            let (found, calls) = look(&[], &parameters);
            assert_eq!(found.unwrap_err().code, Code::InvalidArgument, "{parameters}");
            assert_eq!(calls, 0);
        }
    }
}
