//! A GHL contact as a ChartMogul contact, or as a customer with its primary contact; a GHL
//! business as a customer.

use serde_json::{Value, json};

use crate::countries::{country_code, state_code};
use crate::ghl::records::{Business, Contact, Moment};
use crate::phone::e164 as phone;

use super::custom_fields::{Rule, Writing, convert};
use super::kinds::customer::PRIMARY_CONTACT;
use super::settings::{AttributeObject, AttributeType, DecimalMark, Settings};
use super::users::UserMap;
use super::{Fields, Mapped, email, written_email};
use crate::mutants::Mutant;

/// What a contact is mapped with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The user's settings.
    pub settings: &'a Settings,
    /// The custom fields that cross.
    pub rules: &'a [Rule],
    /// Who is who.
    pub users: &'a UserMap,
    /// The country of phones written without a calling code.
    pub country: Option<&'a str>,
    /// The decimal mark of numbers written as text, where it is known.
    pub decimal_mark: Option<DecimalMark>,
}

/// What matching compares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The primary e-mail address in compared form; `None` where it is a shared mailbox.
    pub email: Option<String>,
    /// The other addresses, without shared mailboxes.
    pub other_emails: Vec<String>,
    /// Phones in E.164.
    pub phones: Vec<String>,
}

/// The contact's name for people: full name, first and last, company, e-mail's local part, phone.
pub fn display_name(contact: &Contact<'_>) -> String {
    let joined = [contact.first_name(), contact.last_name()]
        .into_iter()
        .flatten()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let email_name = contact.email.as_deref().and_then(|address| address.split('@').next());
    [
        Some(joined.as_str()),
        contact.full_name(),
        contact.company_name.as_deref(),
        email_name,
        contact.phone.as_deref(),
        contact.id.as_deref(),
    ]
    .into_iter()
    .flatten()
    .map(str::trim)
    .find(|name| !name.is_empty())
    .unwrap_or_default()
    .to_owned()
}

/// What matching compares of a contact.
pub fn identity(contact: &Contact<'_>, context: &Context<'_>) -> Identity {
    let mut identity = Identity::default();
    let shared: Vec<String> =
        context.settings.shared_emails.iter().filter_map(|shared| email(shared)).collect();
    let personal = |address: &str| email(address).filter(|address| !shared.contains(address));
    identity.email = contact.email.as_deref().and_then(personal);
    for address in contact.additional_emails.iter().filter_map(|address| personal(address)) {
        if identity.email.as_ref() != Some(&address) && !identity.other_emails.contains(&address) {
            identity.other_emails.push(address);
        }
    }
    let numbers = contact.phone.iter().chain(&contact.additional_phones);
    for number in numbers.filter_map(|number| phone(number, phone_country(contact, context))) {
        if !identity.phones.contains(&number) {
            identity.phones.push(number);
        }
    }
    identity
}

/// The contact as a ChartMogul contact: names, e-mail, phone, `custom.*`.
pub fn contact(contact: &Contact<'_>, context: &Context<'_>) -> Mapped {
    let mut mapped = Mapped::default();
    person(contact, context, "", &mut mapped);
    let id = contact.id.as_deref();
    mapped.set("custom.ghl_contact_id", id);
    attributes(contact, context, AttributeObject::Contact, &mut mapped);
    mapped
}

/// What the contact brings to its customer: `attribute.*`, and the tags that cross.
pub fn shared(contact: &Contact<'_>, context: &Context<'_>) -> (Mapped, Vec<String>) {
    let mut mapped = Mapped::default();
    attributes(contact, context, AttributeObject::Customer, &mut mapped);
    let mut tags: Vec<String> = Vec::new();
    for tag in &contact.tags {
        let crosses = context.settings.tags.prefixes.iter().any(|prefix| {
            tag.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        });
        if crosses && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_string());
        }
    }
    tags.sort_unstable();
    (mapped, tags)
}

/// The contact as a customer with its primary contact. The second part is written at its creation only.
pub fn customer(contact: &Contact<'_>, context: &Context<'_>) -> (Mapped, Fields) {
    let mut mapped = Mapped::default();
    mapped.set("name", Some(display_name(contact)));
    mapped.set("company", contact.company_name.as_deref().or(contact.business_name.as_deref()));
    mapped.set("email", contact.email.as_deref().and_then(written_email));
    mapped.set("website_url", contact.website.as_deref());
    place(
        contact.city.as_deref(),
        contact.state.as_deref(),
        contact.postal_code.as_deref(),
        contact.country.as_deref(),
        &mut mapped,
    );
    if let Some(id) = contact.assigned_to.as_deref().filter(|_| context.settings.owner) {
        match context.users.chartmogul_email(id) {
            Some(address) => mapped.set("owner", Some(address)),
            None if id.trim().is_empty() => {}
            None => {
                let name = context.users.name(id).unwrap_or(id);
                let reason = format!("{name} has no ChartMogul user: no owner is set");
                mapped.problem("assignedTo", reason);
            }
        }
    }
    person(contact, context, PRIMARY_CONTACT, &mut mapped);
    // A customer's primary contact cannot have custom attributes.
    let mut own = Mapped::default();
    attributes(contact, context, AttributeObject::Contact, &mut own);
    if crate::mutants::is_on(Mutant::PlansUnchecked) {
        mapped.fields.extend(own.fields);
    } else {
        for (name, _) in own.fields.iter().filter(|(_, value)| !value.is_null()) {
            let key = name.trim_start_matches("custom.");
            mapped.problem(
                key,
                "a customer's primary contact cannot have custom attributes: left out",
            );
        }
    }
    let mut at_create = Fields::new();
    if let Some(at) = mapped.instant("dateAdded", contact.date_added.as_ref()) {
        at_create.insert("lead_created_at".into(), json!(at));
    }
    (mapped, at_create)
}

/// The contact as what it is in ChartMogul: a customer of its own, or a contact of one.
pub fn of_role(contact: &Contact<'_>, of_customer: bool, context: &Context<'_>) -> Mapped {
    if of_customer { customer(contact, context).0 } else { self::contact(contact, context) }
}

/// A GHL business as a customer.
pub fn business(business: &Business<'_>) -> Mapped {
    let mut mapped = Mapped::default();
    let id = business.id.as_deref().unwrap_or_default();
    let name =
        business.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(id);
    mapped.set("name", Some(name));
    mapped.set("company", Some(name));
    if let Some(address) = business.email.as_deref().map(str::trim) {
        match email(address) {
            Some(valid) => mapped.set("email", Some(valid)),
            None if address.is_empty() => {}
            None => mapped.problem("email", no_address(address)),
        }
    }
    mapped.set("website_url", business.website.as_deref());
    place(
        business.city.as_deref(),
        business.state.as_deref(),
        business.postal_code.as_deref(),
        business.country.as_deref(),
        &mut mapped,
    );
    mapped
}

fn person(contact: &Contact<'_>, context: &Context<'_>, prefix: &str, mapped: &mut Mapped) {
    let name = |field: &str| format!("{prefix}{field}");
    // Without first and last name the one full name is all there is.
    let (first, last) = match (contact.first_name(), contact.last_name()) {
        (None, None) => (contact.full_name(), None),
        pair => pair,
    };
    mapped.set(&name("first_name"), first.map(str::trim));
    mapped.set(&name("last_name"), last.map(str::trim));
    if let Some(address) =
        contact.email.as_deref().map(str::trim).filter(|address| !address.is_empty())
    {
        match written_email(address) {
            Some(valid) => mapped.set(&name("email"), Some(valid)),
            None => mapped.problem("email", no_address(address)),
        }
    }
    if let Some(number) = contact.phone.as_deref() {
        let number = number.trim();
        let e164 = phone(number, phone_country(contact, context));
        mapped.set(&name("phone"), Some(e164.unwrap_or_else(|| number.to_owned())));
    }
}

fn no_address(text: &str) -> String {
    format!("\"{text}\" is not an e-mail address; value skipped")
}

/// Where a customer is. ChartMogul keeps a state for the United States only.
fn place(
    city: Option<&str>,
    state: Option<&str>,
    zip: Option<&str>,
    country: Option<&str>,
    mapped: &mut Mapped,
) {
    mapped.set("city", city.map(str::trim));
    mapped.set("zip", zip.map(str::trim));
    let given = |text: Option<&'_ str>| {
        text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let country = given(country);
    let code = country.as_deref().and_then(country_code);
    if let (Some(country), None) = (&country, code) {
        mapped.problem(
            "country",
            format!("\"{country}\" is not a country of ISO 3166-1 by code or name: left out"),
        );
    }
    mapped.set("country", code);
    let Some(state) = given(state) else { return };
    let reason = match (code, state_code(&state)) {
        (Some("US"), Some(state)) => return mapped.set("state", Some(state)),
        (Some("US"), None) => "is not a state of the United States by code or name",
        // ChartMogul has no field for it, as for others of GHL's.
        (Some(_), _) => return,
        (None, _) => "has no country, and ChartMogul keeps states of the United States only",
    };
    mapped.problem("state", format!("\"{state}\" {reason}: left out"));
}

fn attributes(
    contact: &Contact<'_>,
    context: &Context<'_>,
    object: AttributeObject,
    mapped: &mut Mapped,
) {
    let writing = Writing {
        decimal_mark: context.decimal_mark,
        words: &context.settings.boolean_words,
        country: context.country,
    };
    let prefix = match object {
        AttributeObject::Customer => "attribute",
        AttributeObject::Contact => "custom",
    };
    for rule in context.rules.iter().filter(|rule| rule.object == object) {
        let value = rule_value(contact, rule).unwrap_or_default();
        let name = format!("{prefix}.{}", rule.to);
        match convert(&value, rule, &writing) {
            // A box that is not ticked: what that means, the last value tells.
            Ok(None) if rule.of == AttributeType::Boolean && shows_custom_fields(contact, rule) => {
                mapped.fields.insert(name, Value::Null);
            }
            Ok(None) => {}
            // Consent goes one way, towards stricter: what was set is lifted by a person alone.
            Ok(Some(converted)) if rule.from == "dnd" && allows(&converted.value) => {}
            Ok(Some(converted)) => {
                if converted.cut {
                    mapped.problem(
                        &rule.from,
                        "over 255 characters, ChartMogul's limit: cut at a word",
                    );
                }
                mapped.fields.insert(name, converted.value);
            }
            Err(reason) => mapped.problem(&rule.from, format!("{reason}: left out")),
        }
    }
}

/// Whether a value of `dnd` says that somebody may be contacted.
fn allows(dnd: &Value) -> bool {
    !crate::mutants::is_on(Mutant::ConsentIsLifted)
        && (matches!(dnd, Value::Bool(false)) || dnd == "false")
}

/// Whether a contact tells its custom fields at all: then one that it leaves out is empty.
fn shows_custom_fields(contact: &Contact<'_>, rule: &Rule) -> bool {
    rule.id.is_some() && contact.custom_fields.text().starts_with('[')
}

fn rule_value(contact: &Contact<'_>, rule: &Rule) -> Option<Value> {
    if let Some(id) = &rule.id {
        return contact.custom_field(id);
    }
    let text = |value: &Option<std::borrow::Cow<'_, str>>| value.as_deref().map(|text| json!(text));
    match rule.from.as_str() {
        "source" => text(&contact.source),
        "timezone" => text(&contact.timezone),
        "address1" => text(&contact.address),
        "type" => text(&contact.kind),
        "companyName" => text(&contact.company_name),
        "website" => text(&contact.website),
        "dateOfBirth" => contact.date_of_birth.as_ref().map(Moment::value),
        "dateAdded" => contact.date_added.as_ref().map(Moment::value),
        "dnd" => contact.dnd.map(Value::Bool),
        _ => None,
    }
}

fn phone_country<'a>(contact: &'a Contact<'_>, context: &'a Context<'_>) -> Option<&'a str> {
    contact.country.as_deref().and_then(country_code).or(context.country)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::settings::{AttributeType, Tags};

    fn with<T>(
        settings: &Settings,
        rules: &[Rule],
        json: &str,
        run: impl Fn(&Contact<'_>, &Context<'_>) -> T,
    ) -> T {
        let users = UserMap::default();
        let record: Contact<'_> = crate::record::read(json).unwrap();
        run(
            &record,
            &Context { settings, rules, users: &users, country: Some("US"), decimal_mark: None },
        )
    }

    #[test]
    fn a_contact_with_everything() {
        let settings =
            Settings { tags: Tags { prefixes: vec!["ghl:".into()] }, ..Settings::default() };
        let rules = [
            Rule {
                id: Some("f1".into()),
                from: "plan".into(),
                to: "plan".into(),
                of: AttributeType::String,
                object: AttributeObject::Contact,
                option: None,
                comes_back: true,
            },
            Rule {
                id: Some("f2".into()),
                from: "seats".into(),
                to: "seats".into(),
                of: AttributeType::Integer,
                object: AttributeObject::Customer,
                option: None,
                comes_back: true,
            },
        ];
        let json = r#"{"id":"C1","firstName":"Zoë","lastName":"Müller","email":" Zoe@Example.com","phone":"(415) 555-0123",
            "tags":["ghl:vip","internal"],"customFields":[{"id":"f1","value":"Gold"},{"id":"f2","field_value":"many"}]}"#;
        let mapped = with(&settings, &rules, json, contact);
        let expected = json!({"first_name":"Zoë","last_name":"Müller","email":"zoe@example.com","phone":"+14155550123",
            "custom.ghl_contact_id":"C1","custom.plan":"Gold"});
        assert_eq!(serde_json::to_value(&mapped.fields).unwrap(), expected);
        let (mapped, tags) = with(&settings, &rules, json, shared);
        assert_eq!(tags, ["ghl:vip"]);
        assert!(mapped.fields.is_empty());
        assert_eq!(mapped.problems.len(), 1);
        assert!(mapped.problems[0].reason.contains("\"many\" is not a number"));
    }

    #[test]
    fn a_box_that_is_not_ticked_is_reported_where_custom_fields_are() {
        let rules = [Rule {
            id: Some("f1".into()),
            from: "vip".into(),
            to: "vip".into(),
            of: AttributeType::Boolean,
            object: AttributeObject::Contact,
            option: Some("VIP".into()),
            comes_back: true,
        }];
        for (json, value) in [
            (r#"{"id":"C1","customFields":[{"id":"f1","value":["VIP"]}]}"#, Some(json!(true))),
            (r#"{"id":"C1","customFields":[{"id":"f1","value":[]}]}"#, Some(Value::Null)),
            (r#"{"id":"C1","customFields":[]}"#, Some(Value::Null)),
            (r#"{"id":"C1"}"#, None),
            (r#"{"id":"C1","customFields":[{"id":"f1","value":"perhaps"}]}"#, None),
        ] {
            let mapped = with(&Settings::default(), &rules, json, contact);
            assert_eq!(mapped.fields.get("custom.vip"), value.as_ref(), "{json}");
        }
    }

    #[test]
    fn a_date_out_of_our_time_is_said() {
        let rules = [Rule {
            id: None,
            from: "dateOfBirth".into(),
            to: "born".into(),
            of: AttributeType::Timestamp,
            object: AttributeObject::Contact,
            option: None,
            comes_back: true,
        }];
        for (born, right) in [
            ("-63158400000", Some("1968-01-01T00:00:00.000Z")),
            ("\"1968-01-01\"", Some("1968-01-01T00:00:00.000Z")),
            ("\"0001-01-01T00:00:00Z\"", None),
            ("123456789", None),
        ] {
            let json = format!(r#"{{"id":"C1","dateOfBirth":{born}}}"#);
            let mapped = with(&Settings::default(), &rules, &json, contact);
            assert_eq!(mapped.fields.get("custom.born").and_then(Value::as_str), right, "{born}");
            assert_eq!(mapped.problems.len(), usize::from(right.is_none()), "{born}");
        }
    }

    #[test]
    fn a_bad_e_mail_is_left_out_and_said() {
        let mapped =
            with(&Settings::default(), &[], r#"{"id":"C1","email":"ada(at)example.com"}"#, contact);
        assert!(!mapped.fields.contains_key("email"));
        assert_eq!(mapped.problems[0].field, "email");
    }

    #[test]
    fn a_customer_has_its_primary_contact_and_its_place() {
        let json = r#"{"id":"C1","contactName":"Ada Lovelace","companyName":"Engines","email":"ada@example.com","city":"Austin",
            "state":"tx","country":"United States","postalCode":"73301","dateAdded":"2021-07-02T05:18:26.704Z"}"#;
        let (mapped, at_create) = with(&Settings::default(), &[], json, customer);
        assert_eq!(mapped.fields["name"], "Ada Lovelace");
        assert_eq!(mapped.fields["country"], "US");
        assert_eq!(mapped.fields["state"], "TX");
        assert_eq!(mapped.fields["primary_contact.first_name"], "Ada Lovelace");
        assert_eq!(at_create["lead_created_at"], "2021-07-02T05:18:26.704Z");
        let (mapped, _) =
            with(&Settings::default(), &[], r#"{"id":"C1","state":"NY","country":"DE"}"#, customer);
        assert!(!mapped.fields.contains_key("state"));
        assert_eq!(mapped.fields["name"], "C1");
    }

    #[test]
    fn a_place_has_its_code_or_is_reported() {
        let of = |state: &str, country: &str| {
            let json = json!({"id": "C1", "state": state, "country": country}).to_string();
            let (mapped, _) = with(&Settings::default(), &[], &json, customer);
            let field =
                |name: &str| mapped.fields.get(name).and_then(Value::as_str).map(str::to_owned);
            let told: Vec<_> =
                mapped.problems.iter().map(|problem| problem.field.clone()).collect();
            (field("state"), field("country"), told)
        };
        let some = |text: &str| Some(text.to_owned());
        for (state, country, expected) in [
            ("California", "US", (some("CA"), some("US"), vec![])),
            ("N.Y.", "Estados Unidos", (some("NY"), some("US"), vec![])),
            ("Ontario", "US", (None, some("US"), vec!["state"])),
            ("Ontario", "Canada", (None, some("CA"), vec![])),
            ("CA", "", (None, None, vec!["state"])),
            ("CA", "Atlantis", (None, None, vec!["country", "state"])),
            (" ", "Korea", (None, None, vec!["country"])),
            ("", "Deutschland", (None, some("DE"), vec![])),
        ] {
            let (found_state, found_country, told) = of(state, country);
            assert_eq!((found_state, found_country), (expected.0, expected.1), "{state} {country}");
            assert_eq!(told, expected.2, "{state} {country}");
        }
    }

    #[test]
    fn a_phone_that_is_not_certain_stays_and_matches_nobody() {
        for (phone, country, written, matched) in [
            ("(+44) 20 7946 0018", "US", "+442079460018", true),
            ("555-0101", "US", "555-0101", false),
            ("1234567", "GB", "1234567", false),
            ("044 55 1234 5678", "Mexico", "044 55 1234 5678", false),
            ("030 123456", "Deutschland", "+4930123456", true),
        ] {
            let json = json!({"id": "C1", "phone": phone, "country": country}).to_string();
            let mapped = with(&Settings::default(), &[], &json, contact);
            assert_eq!(mapped.fields["phone"], written, "{phone}");
            let identity = with(&Settings::default(), &[], &json, identity);
            let expected: Vec<String> = matched.then(|| written.to_owned()).into_iter().collect();
            assert_eq!(identity.phones, expected, "{phone}");
        }
    }

    #[test]
    fn addresses_match_in_any_spelling_and_are_written_clean() {
        let json = json!({"id": "C1", "email": "mailto:JU\u{308}RGEN@xn--mller-kva.example\u{200b}",
            "additionalEmails": ["jürgen@müller.example", "Ada <ada@example.com>"]});
        let mapped = with(&Settings::default(), &[], &json.to_string(), contact);
        assert_eq!(mapped.fields["email"], "jürgen@xn--mller-kva.example");
        let found = with(&Settings::default(), &[], &json.to_string(), identity);
        assert_eq!(found.email.as_deref(), Some("jürgen@müller.example"));
        assert_eq!(found.other_emails, ["ada@example.com"]);
        let settings = Settings {
            shared_emails: vec!["JÜRGEN@Müller.example".into()],
            ..Settings::default()
        };
        assert_eq!(with(&settings, &[], &json.to_string(), identity).email, None);
    }

    #[test]
    fn identities_leave_shared_mailboxes_out() {
        let settings =
            Settings { shared_emails: vec!["Info@example.com".into()], ..Settings::default() };
        let json = r#"{"id":"C1","email":"info@example.com","additionalEmails":["Ada@example.com",{"email":"ADA@example.com"}],"phone":"+1 415 555 0123"}"#;
        let identity = with(&settings, &[], json, identity);
        assert_eq!(identity.email, None);
        assert_eq!(identity.other_emails, ["ada@example.com"]);
        assert_eq!(identity.phones, ["+14155550123"]);
    }
}
