//! What the contacts of a page would be in ChartMogul: bytes in, bytes out, nothing asked or sent.

use crate::error::{Code, Error, Result};
use crate::ghl::records::Contact;
use crate::mapping::contacts::{self, Context};
use crate::mapping::settings::{Anchor, Settings};
use crate::mapping::users::UserMap;
use crate::record::{self, Parts};

use crate::mapping::kinds::{customer, member};

/// The bodies of the ChartMogul creates for a page of GHL contacts, as a JSON list in the same order;
/// `null` for a contact that cannot be read. Customers with `contact-is-customer`, else contacts.
///
/// Fields that need the location's definitions or users (custom fields, owner) and what matching
/// decides (customer, data source) are not in them.
pub fn preview(settings: &Settings, mut page: Vec<u8>) -> Result<Vec<u8>> {
    record::mend_surrogates(&mut page);
    let text = std::str::from_utf8(&page).map_err(|error| unreadable(&error))?;
    let page = record::whole(text).map_err(|error| unreadable(&error))?;
    let mut page = Parts::of(page);
    let mut found = page.enter('{');
    while found && page.name().ok_or_else(|| unreadable(&"it has no `contacts`"))? != "contacts" {
        found = page.value().is_some();
    }
    if !found || !page.enter('[') {
        return Err(unreadable(&"it has no list `contacts`"));
    }
    let users = UserMap::default();
    let country = settings.default_country.as_deref();
    let context = Context { settings, rules: &[], users: &users, country, decimal_mark: None };
    let mut out = Vec::with_capacity(text.len() / 2);
    out.push(b'[');
    while let Some(contact) = record::read_next::<Contact<'_>>(&mut page) {
        if out.len() > 1 {
            out.push(b',');
        }
        // A contact that cannot be read becomes null; the others are mapped.
        let body = contact.ok().map(|contact| {
            if settings.anchor == Anchor::ContactIsCustomer {
                let (mapped, at_create) = contacts::customer(&contact, &context);
                let mut body = customer::body(&[], mapped.fields, &[]);
                body.extend(at_create);
                body
            } else {
                member::body(&contacts::contact(&contact, &context).fields)
            }
        });
        out.extend(serde_json::to_vec(&body).map_err(|error| unreadable(&error))?);
    }
    out.push(b']');
    Ok(out)
}

fn unreadable(error: &impl std::fmt::Display) -> Error {
    Error::new(Code::InvalidArgument, format!("this is not a page of contacts: {error}"))
        .hint("Pass the bytes of an answer to POST /contacts/search.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bodies(settings: &Settings, page: &str) -> Value {
        serde_json::from_slice(&preview(settings, page.into()).unwrap()).unwrap()
    }

    #[test]
    fn contacts_become_the_bodies_of_their_anchor() {
        let page = r#"{"contacts":[{"id":"C1","firstName":"Zoë","email":"Zoe@example.com","dateAdded":"2024-01-02T03:04:05.006Z"},7],"total":2}"#;
        let contacts = bodies(&Settings::default(), page);
        assert_eq!(contacts[0]["first_name"], "Zoë");
        assert_eq!(contacts[0]["custom"], json!([{ "key": "ghl_contact_id", "value": "C1" }]));
        assert_eq!(contacts[1], Value::Null);
        let customers =
            bodies(&Settings { anchor: Anchor::ContactIsCustomer, ..Settings::default() }, page);
        assert_eq!(customers[0]["name"], "Zoë");
        assert_eq!(customers[0]["primary_contact"]["email"], "zoe@example.com");
        assert_eq!(customers[0]["lead_created_at"], "2024-01-02T03:04:05.006Z");
    }

    #[test]
    fn a_name_that_was_cut_inside_an_emoji_keeps_its_rest() {
        let page = r#"{"contacts":[{"id":"C1","firstName":"Zoë \ud83d"}]}"#;
        assert_eq!(bodies(&Settings::default(), page)[0]["first_name"], "Zoë \u{fffd}");
    }

    #[test]
    fn texts_in_objects_in_objects_do_not_count() {
        let deep = format!("{}1{}", "{\"email\":".repeat(100_000), "}".repeat(100_000));
        let page = format!(r#"{{"contacts":[{{"id":"C1","firstName":"Zoë","email":{deep}}}]}}"#);
        assert_eq!(bodies(&Settings::default(), &page)[0]["first_name"], "Zoë");
    }

    #[test]
    fn what_is_not_a_page_is_refused() {
        for page in ["", "[]", "<html>", "{\"contacts\":1}"] {
            assert_eq!(
                preview(&Settings::default(), page.into()).unwrap_err().code,
                Code::InvalidArgument
            );
        }
        assert!(preview(&Settings::default(), vec![0xff]).is_err());
    }
}
