//! ChartMogul's records at the start: a billing source with customers, most of them people whom GHL
//! knows too; a few contacts, notes and tasks of theirs.

use serde_json::{Value, json};

use super::{COLLEAGUES, ChartmogulSeed, DAY_MS, filled, mailbox};
use crate::sandbox::SandboxOptions;
use crate::sandbox::people::Person;
use crate::sandbox::random::Random;
use crate::sandbox::time_text::iso;

/// How a person is a customer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Billing {
    /// By the same e-mail.
    Once,
    /// By the same e-mail, twice: nobody can tell which one is meant.
    Twice,
    /// Under another e-mail; only a contact's phone is the same.
    ByPhone,
}

/// ChartMogul's records for these people.
pub(super) fn seed(options: &SandboxOptions, people: &[Person]) -> ChartmogulSeed {
    let mut random = Random::new(options.seed, "chartmogul");
    let random = &mut random;
    let source = format!("ds_{}", random.uuid());
    let mut seed = ChartmogulSeed {
        users: users(),
        data_sources: vec![json!({
            "uuid": source, "name": "Stripe", "system": "Stripe",
            "created_at": iso(options.now_ms - 800 * DAY_MS),
        })],
        ..ChartmogulSeed::default()
    };
    for (number, person) in people.iter().enumerate() {
        if !random.chance(options.billing_share) {
            continue;
        }
        let billing = match (random.below(20), &person.phone) {
            (0, _) => Billing::Twice,
            (1 | 2, Some(_)) => Billing::ByPhone,
            _ => Billing::Once,
        };
        bill(&mut seed, options, &source, (number, person), billing, random);
    }
    strangers(&mut seed, options, &source, people.len(), random);
    seed
}

fn users() -> Vec<Value> {
    COLLEAGUES
        .iter()
        .filter(|colleague| colleague.in_chartmogul)
        .map(|colleague| {
            json!({
                "email": colleague.email.to_lowercase(),
                "name": format!("{} {}", colleague.first, colleague.last),
            })
        })
        .collect()
}

/// Makes somebody a customer, perhaps with a contact, a note and a task.
fn bill(
    seed: &mut ChartmogulSeed,
    options: &SandboxOptions,
    source: &str,
    (number, person): (usize, &Person),
    billing: Billing,
    random: &mut Random,
) {
    let email = match billing {
        Billing::ByPhone => Some(format!("accounts{number}@billing.example")),
        Billing::Once | Billing::Twice => mailbox(person),
    };
    let times = if billing == Billing::Twice { 2 } else { 1 };
    for _ in 0..times {
        let since = options.now_ms - DAY_MS - random.below(700 * DAY_MS);
        let customer = customer(source, person, email.as_deref(), since, random);
        let uuid = customer.get("uuid").cloned().unwrap_or_default();
        seed.customers.push(customer);
        if billing == Billing::ByPhone || random.chance(0.3) {
            seed.contacts.push(contact(&uuid, person, email.as_deref(), random));
        }
        if random.chance(0.2) {
            seed.notes.push(note(&uuid, since, options.now_ms, random));
        }
        if random.chance(0.1) {
            seed.tasks.push(task(&uuid, since, options.now_ms, random));
        }
    }
}

fn customer(
    source: &str,
    person: &Person,
    email: Option<&str>,
    since: u64,
    random: &mut Random,
) -> Value {
    let status = random.pick(&["Active", "Active", "Active", "Cancelled", "Past Due"]);
    let mrr = if status == "Cancelled" { 0 } else { 900 + random.below(200) * 100 };
    let owner = random.chance(0.2).then_some("ada.king@agency.example");
    json!({
        "uuid": format!("cus_{}", random.uuid()),
        "data_source_uuid": source,
        "external_id": format!("cus_{}", random.id(14)),
        "name": person.company.clone().unwrap_or_else(|| person.name()),
        "email": email,
        "company": person.company.clone().unwrap_or_default(),
        "country": person.country,
        "state": if person.country == "US" { filled(&person.state) } else { Value::Null },
        "city": person.city,
        "zip": person.postal_code,
        "attributes": {
            "tags": if random.chance(0.2) { vec!["engage"] } else { Vec::new() },
            "custom": if random.chance(0.2) { json!({ "channel": "Facebook", "age": 8 }) } else { json!({}) },
        },
        "owner": owner,
        "status": status,
        "mrr": mrr,
        "created_at": iso(since),
    })
}

fn contact(customer: &Value, person: &Person, email: Option<&str>, random: &mut Random) -> Value {
    json!({
        "uuid": format!("con_{}", random.uuid()),
        "customer_uuid": customer,
        "first_name": filled(&person.first),
        "last_name": filled(&person.last),
        "title": random.pick(&["CEO", "", "Office"]),
        "email": email,
        "phone": person.phone,
        "notes": null,
        "custom": {},
    })
}

fn note(customer: &Value, since: u64, now_ms: u64, random: &mut Random) -> Value {
    let call = random.chance(0.3);
    json!({
        "uuid": format!("note_{}", random.uuid()),
        "customer_uuid": customer,
        "type": if call { "call" } else { "note" },
        "text": if call { "Asked about the invoice" } else { "Upgraded by hand, see ticket 12" },
        "call_duration": if call { 60 + random.below(600) } else { 0 },
        "author_email": "finance@agency.example",
        "created_at": iso(since + random.below(now_ms - since)),
    })
}

fn task(customer: &Value, since: u64, now_ms: u64, random: &mut Random) -> Value {
    let done = random.chance(0.5);
    json!({
        "uuid": random.uuid(),
        "customer_uuid": customer,
        "assignee": "finance@agency.example",
        "task_details": "Check the failed payment",
        "due_date": iso(now_ms / DAY_MS * DAY_MS + random.below(20) * DAY_MS),
        "completed_at": done.then(|| iso(now_ms / DAY_MS * DAY_MS - DAY_MS)),
        "created_at": iso(since + random.below(now_ms - since)),
    })
}

/// Customers whom GHL does not know: one for every ten people.
fn strangers(
    seed: &mut ChartmogulSeed,
    options: &SandboxOptions,
    source: &str,
    people: usize,
    random: &mut Random,
) {
    for number in 0..people / 10 {
        let person = Person {
            first: "Unknown".into(),
            last: format!("Customer {number}"),
            country: "US".into(),
            ..Person::default()
        };
        let email = format!("stranger{number}@elsewhere.example");
        let since = options.now_ms - DAY_MS - random.below(700 * DAY_MS);
        seed.customers.push(customer(source, &person, Some(&email), since, random));
    }
}
