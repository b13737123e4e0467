//! Forgetting a person: both services are asked whether it is still there. Then every row of the store
//! that is about it is removed, in one commit, and what other rows say of it is cut out of them.
//!
//! Rows are looked at as text and not table by table, so that a table that comes later is searched too.
//! A row is about a person if its key or one of the properties in [`WHOSE`] names one of its records.

use serde::Serialize;
use serde_json::{Value, json};

use super::calls::row_of_linked;
use super::engine::{Engine, one};
use super::model::pair::{Kind, Pair};
use super::model::staged::{Known, SeenChild};
use super::model::standing::{Choice, Intent};
use super::model::state::Run;
use super::state::keeper::Batch;
use super::state::tables::{
    CHOICES, INTENTS, KNOWN, MEMBERS, OWNERS, PAIRS, RUN, RunTables, SHARED, STATE, of,
};
use super::verbs::wanted;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::mapping::kinds;
use crate::named::Named;
use crate::ordered::Ordered;
use crate::record::{self, Json};
use crate::{mapping, records};

/// Properties that say whose a row is.
const WHOSE: [&str; 4] = ["contact", "parent", "id", "ghlId"];
/// Properties that hold an id of a record in ChartMogul.
const THERE: [&str; 3] = ["chartmogul", "chartmogulId", "uuid"];
/// Properties that hold a text for people, which may quote an id, an address or a number.
const TEXTS: [&str; 5] = ["message", "reason", "hint", "title", "tried"];
/// Tables whose texts may name a person by an address alone.
const WITHOUT_IDS: [&str; 3] = ["runs", "alerts", "refused"];
/// Rows that are put or removed for themselves.
const BY_THEMSELVES: [&str; 3] = ["lease", "state", "current"];
/// Ids are longer than most words: what is shorter is not cut out of a text.
const SHORTEST_ID: usize = 12;
/// What a text has in place of what was cut out of it.
const CUT: &str = "(forgotten)";

records! {
    /// Whom to forget.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct ForgetOptions {
        /// The id of a GHL contact; the uuid of its contact (`con_…`) or of its customer (`cus_…`) in
        /// ChartMogul; or the external id that the sync gave that customer (`ghl:LOCATION:ID`).
        pub person: String = required "person";
        /// Forgets a person of whom a record remains in a service, too. Default: nothing is removed then.
        pub even_if_present: bool = "evenIfPresent";
    }
}

/// What came of forgetting a person. Names no value of theirs.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "ForgetOutcome"))]
#[serde(rename_all = "camelCase")]
pub struct Forgotten {
    /// The id that was asked for.
    pub person: String,
    /// True: the state store holds nothing of the person. False: nothing was removed, as a service
    /// still has a record of the person.
    pub forgotten: bool,
    /// Records of the person that a service still has.
    pub remaining: Vec<Remaining>,
    /// How many rows of the state store were removed, or changed where they are about others too, by
    /// table. Empty where the store held nothing of the person.
    pub removed: Named<u64>,
    /// What to do about what remains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

/// A record that a service still has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "reference",
    derive(schemars::JsonSchema),
    schemars(rename = "RemainingRecord")
)]
pub struct Remaining {
    /// The service.
    pub service: Service,
    /// What kind of record it is.
    pub kind: Kind,
    /// Its id in that service.
    pub id: String,
}

/// A person, and what is known to be theirs.
#[derive(Debug, Default)]
struct Person {
    /// GHL's id of the contact; empty where none is known.
    contact: String,
    /// The ids of all records of theirs, in both services.
    ids: Ordered<bool>,
    /// What comes before the first hyphen of each.
    heads: Ordered<bool>,
    /// Those in ChartMogul that are not customers.
    there: Vec<(Kind, String)>,
    /// Customers that no other contact has.
    customers: Vec<String>,
    /// Customers that others have too.
    shared: Vec<String>,
    /// Hashes of the addresses, numbers and names that the contact was found by.
    hashes: Vec<String>,
}

impl<H: Host> Engine<'_, H> {
    /// Removes everything that the store holds of a person, once neither service has it any more.
    /// `busy` while another process syncs the location.
    pub async fn forget(&self, options: &ForgetOptions) -> Result<Forgotten> {
        let given = wanted(&options.person)?;
        let external = self.external_id(Kind::Contact, "");
        let id = given.strip_prefix(&external).unwrap_or(given);
        if id.is_empty()
            || !id.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        {
            return Err(not_a_person(format!(
                "\"{given}\" is not the id of a person in this location"
            )));
        }
        let mut outcome = Forgotten { person: given.to_owned(), ..Forgotten::default() };
        self.hold_for(Box::pin(self.forget_under_lease(id, options.even_if_present, &mut outcome)))
            .await?;
        Ok(outcome)
    }

    async fn forget_under_lease(
        &self,
        id: &str,
        even_if_present: bool,
        outcome: &mut Forgotten,
    ) -> Result<()> {
        let mut person = self.person(id).await?;
        self.find_customers(&mut person).await?;
        if person.contact.is_empty() && !person.shared.is_empty() {
            return Err(several(id, &[]));
        }
        self.keeper.each_row("", &mut |key, text| person.take_in(key, text)).await?;
        outcome.remaining = self.remaining(&mut person).await?;
        let is_gone = outcome.remaining.is_empty();
        outcome.forgotten = is_gone || even_if_present;
        if outcome.forgotten {
            outcome.removed = self.remove(&person).await?;
        }
        outcome.hint = match outcome.forgotten {
            _ if is_gone => None,
            true => Some("Delete what remains: a run that reads it links it again, as new."),
            false => Some("Delete what remains, then forget again; or pass `evenIfPresent`."),
        };
        Ok(())
    }

    /// Whom an id means.
    async fn person(&self, id: &str) -> Result<Person> {
        let rows = [Kind::Note, Kind::Task, Kind::Business].map(|kind| of(kind, id));
        let here: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &rows).await?;
        let there: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &rows).await?;
        if here.iter().any(Option::is_some) || there.iter().any(Option::is_some) {
            return Err(not_a_person(format!("{id} is a note, a task or a business")));
        }
        let mut person = Person::default();
        if id.starts_with("cus_") {
            let mut contacts = Vec::new();
            let named = quoted(id);
            for within in ["pair/contact/", "pair/business/"] {
                self.keeper
                    .each_row(within, &mut |key, text| {
                        if text.contains(&named) {
                            contacts.push(key.strip_prefix("pair/contact/").map(str::to_owned));
                        }
                    })
                    .await?;
            }
            match &contacts[..] {
                [] => {}
                [Some(contact)] => person.contact.clone_from(contact),
                _ => {
                    let ids: Vec<String> = contacts.into_iter().flatten().collect();
                    return Err(several(id, &ids));
                }
            }
            person.customers.push(id.to_owned());
        } else if id.starts_with("con_") {
            let owner: Option<String> = self.keeper.get(&OWNERS, &of(Kind::Contact, id)).await?;
            person.contact = owner.unwrap_or_default();
            person.has(Some(Kind::Contact), id);
        } else {
            id.clone_into(&mut person.contact);
        }
        Ok(person)
    }

    /// The customers that a contact has or is to have, alone or with others; and what it is found by.
    async fn find_customers(&self, person: &mut Person) -> Result<()> {
        let row = of(Kind::Contact, &person.contact);
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
        let choice: Option<Choice> = self.keeper.get(&CHOICES, &person.contact).await?;
        let intent: Option<Intent> = self.keeper.get(&INTENTS, &row).await?;
        let known: Vec<Option<Known>> = self.keeper.get_all(&KNOWN, &[&person.contact]).await?;
        for key in known.into_iter().flatten().flat_map(|known| known.keys) {
            person.hashes.extend(key.split_once('/').map(|(_, hash)| hash.to_owned()));
        }
        if let Some(uuid) = pair.as_ref().and_then(|pair| pair.chartmogul.as_ref()) {
            person.has(Some(Kind::Contact), uuid);
        }
        let mut customers: Vec<String> = person.customers.drain(..).collect();
        customers.extend(pair.map(|pair| pair.customer));
        customers.extend(choice.map(|choice| choice.customer));
        customers.extend(intent.and_then(|intent| intent.customer));
        crate::ordered::tidy(&mut customers);
        for customer in customers.into_iter().filter(|customer| !customer.is_empty()) {
            let (named, within) = (quoted(&customer), format!("/{customer}/"));
            let mut others = false;
            for table in
                ["pair/contact/", "pair/business/", "intent/contact/", "choice/", "member/"]
            {
                self.keeper
                    .each_row(table, &mut |key, text| {
                        let own = key.rsplit('/').next() == Some(person.contact.as_str());
                        others |= !own && (text.contains(&named) || key.contains(&within));
                    })
                    .await?;
            }
            if others {
                person.shared.push(customer);
            } else {
                person.has(None, &customer);
                person.customers.push(customer);
            }
        }
        if !person.contact.is_empty() {
            let contact = person.contact.clone();
            person.has(None, &contact);
        }
        Ok(())
    }

    /// Which records of a person the services still have, by their own answers.
    async fn remaining(&self, person: &mut Person) -> Result<Vec<Remaining>> {
        // Another account, or another location, would know none of them.
        self.check_account(&self.state().await?).await?;
        self.ghl_value("locations.get", json!({})).await?;
        let mut found = Vec::new();
        let contact = person.contact.clone();
        if !contact.is_empty() {
            let asked = self.ghl_value("contacts.get", one("contactId", &contact)).await;
            if is_there(asked)? {
                found.push(Remaining {
                    service: Service::Ghl,
                    kind: Kind::Contact,
                    id: contact.clone(),
                });
                for (kind, endpoint) in [(Kind::Note, "notes.list"), (Kind::Task, "tasks.list")] {
                    let items = self.ghl_list(endpoint, one("contactId", &contact)).await?;
                    person.note(Service::Ghl, kind, &items, &mut found);
                }
            }
            if person.customers.is_empty() && person.shared.is_empty() {
                self.find_unknown(person).await?;
            }
        }
        for customer in person.customers.clone() {
            if !is_there(self.retrieved(Kind::Customer, &customer).await)? {
                continue;
            }
            let parameters = one("customer_uuid", &customer);
            found.push(Remaining {
                service: Service::Chartmogul,
                kind: Kind::Customer,
                id: customer,
            });
            for (kind, endpoint) in [
                (Kind::Contact, "contacts.list"),
                (Kind::Note, "notes.list"),
                (Kind::Task, "tasks.list"),
            ] {
                let items = self.chartmogul_list(endpoint, parameters.clone()).await?;
                person.note(Service::Chartmogul, kind, &items, &mut found);
            }
        }
        let mut unseen = person.there.clone();
        unseen.retain(|(_, id)| !found.iter().any(|one| one.id == *id));
        // They are few, and seldom asked for: each in its turn.
        for (kind, id) in unseen {
            if is_there(self.retrieved(kind, &id).await)? {
                found.push(Remaining { service: Service::Chartmogul, kind, id });
            }
        }
        self.find_strays(person).await?;
        Ok(found)
    }

    async fn retrieved(&self, kind: Kind, id: &str) -> Result<Json> {
        let row = if kind == Kind::Customer { &kinds::CUSTOMER } else { row_of_linked(kind) };
        self.chartmogul_value(row.retrieve.0, one(row.retrieve.1, id)).await
    }

    /// Notes and tasks that waited to come from ChartMogul and are gone there: only their ids are known, so
    /// they may be anybody's.
    async fn find_strays(&self, person: &mut Person) -> Result<()> {
        let mut waiting: Vec<(Kind, String)> = Vec::new();
        self.keeper
            .each_row("incoming/", &mut |key, _| {
                let parts = key.split_once('/').and_then(|(_, record)| record.split_once('/'));
                let Some((kind, id)) = parts.filter(|(_, id)| !person.is(id)) else { return };
                waiting.extend(Kind::parse(kind).map(|kind| (kind, id.to_owned())));
            })
            .await?;
        let rows: Vec<String> = waiting.iter().map(|(kind, id)| of(*kind, id)).collect();
        let owners: Vec<Option<String>> = self.keeper.get_all(&OWNERS, &rows).await?;
        // Of what a run has read whose customer is known.
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        let children = RunTables::new(&run.unwrap_or_default().plan.id).children;
        let seen: Vec<Option<SeenChild>> = self.keeper.get_all(&children, &rows).await?;
        let mut known = owners.iter().zip(&seen);
        waiting.retain(|_| known.next() == Some((&None, &None)));
        for (kind, id) in waiting {
            if !is_there(self.retrieved(kind, &id).await)? {
                person.has(None, &id);
            }
        }
        Ok(())
    }

    /// The customer that the sync made of a contact, where the store does not know of it.
    async fn find_unknown(&self, person: &mut Person) -> Result<()> {
        let external = self.external_id(Kind::Contact, &person.contact);
        for item in self.chartmogul_list("customers.list", one("external_id", &external)).await? {
            if let Some(uuid) = id_of(&item) {
                person.has(None, &uuid);
                person.customers.push(uuid);
            }
        }
        Ok(())
    }

    /// Removes what the store holds of a person; says how many rows of which table.
    async fn remove(&self, person: &Person) -> Result<Named<u64>> {
        let mut removed: Named<u64> = Named::default();
        let mut batch = self.keeper.batch();
        for customer in &person.shared {
            if self.leave_shared(&mut batch, person, customer).await? {
                *removed.or_default("shared") += 1;
            }
        }
        self.keeper
            .each_row("", &mut |key, text| {
                if let Some(left) = person.left_of(key, text) {
                    *removed.or_default(table_of(key)) += 1;
                    batch.put_row(key, left);
                }
            })
            .await?;
        let mut state = self.state().await?;
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        if !removed.is_empty() {
            state.known_customer.take_if(|known| person.is(known));
            batch.put(&STATE, "", &state)?;
            self.outdate_plans(&mut batch).await?;
            self.keeper.commit(batch).await?;
        } else if run.is_some_and(|run| run.plan.revision == state.revision) {
            return Ok(removed);
        }
        // What was read and planned may hold values by themselves. Where nothing was removed, an earlier
        // attempt may have ended here.
        self.drop_run().await?;
        Ok(removed)
    }

    /// What only this person brings to a customer that others have too. Its tags stay: the next comparison takes
    /// those off that nobody else has.
    async fn leave_shared(
        &self,
        batch: &mut Batch,
        person: &Person,
        customer: &str,
    ) -> Result<bool> {
        let Some(shared) = self.keeper.get(&SHARED, customer).await? else { return Ok(false) };
        let own = format!("{customer}/{}", person.contact);
        let members = self.keeper.scan_all(&MEMBERS, &format!("{customer}/")).await?;
        let brings = |name: &String, of_person: bool| {
            members.iter().any(|(key, member)| {
                (*key == own) == of_person
                    && member.attributes.get(name).is_some_and(|value| !value.is_null())
            })
        };
        let mut left = shared.clone();
        left.attributes.retain(|name, _| !brings(name, true) || brings(name, false));
        left.differing = String::new();
        batch.put(&SHARED, customer, &left)?;
        Ok(left != shared)
    }
}

impl Person {
    /// Takes an id as one of theirs; with a kind it is that of a record in ChartMogul.
    fn has(&mut self, there: Option<Kind>, id: &str) {
        self.ids.insert(id.to_owned(), true);
        self.heads.insert(id.split('-').next().unwrap_or_default().to_owned(), true);
        if let Some(kind) = there.filter(|_| !self.there.iter().any(|(_, known)| known == id)) {
            self.there.push((kind, id.to_owned()));
        }
    }

    /// Takes in what a service lists of theirs.
    fn note(&mut self, service: Service, kind: Kind, items: &[Json], found: &mut Vec<Remaining>) {
        for id in items.iter().filter_map(id_of) {
            self.has(None, &id);
            found.push(Remaining { service, kind, id });
        }
    }

    /// Whether a text is one of their ids, or ends with one as keys do: `notes-ID`.
    fn is(&self, text: &str) -> bool {
        let last = text.split_once('-').map(|(_, last)| last);
        self.ids.contains_key(text) || last.is_some_and(|last| self.ids.contains_key(last))
    }

    /// Whether one of their ids may be in a text: a quick look.
    fn is_in(&self, text: &str) -> bool {
        let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        words.any(|word| self.heads.contains_key(word))
    }

    /// Whether a row is about them.
    fn owns(&self, key: &str, value: &Value) -> bool {
        let mut parts = key.split('/');
        let table = parts.next().unwrap_or_default();
        let is_word =
            |part: &str| Kind::parse(part).is_some() || matches!(part, "list" | "decision");
        let mut by_key = parts.clone().filter(|part| !is_word(part));
        if table != "refusal" && by_key.any(|part| self.is(part)) {
            return true;
        }
        let of_contact = parts.any(|part| matches!(part, "contact" | "business"));
        match value {
            Value::String(whose) => self.is(whose),
            Value::Object(properties) => properties.iter().any(|(name, value)| {
                let whose = WHOSE.contains(&name.as_str()) || (name == "customer" && !of_contact);
                whose && value.as_str().is_some_and(|id| self.is(id))
            }),
            _ => false,
        }
    }

    /// Takes in the ids of a note or task of theirs that a row tells.
    fn take_in(&mut self, key: &str, text: &str) {
        if !self.is_in(key) && !self.is_in(text) {
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { return };
        let named = value.get("kind").and_then(Value::as_str);
        let kind = key.split('/').chain(named).filter_map(Kind::parse).find(|kind| kind.is_child());
        let Some(kind) = kind.filter(|_| self.owns(key, &value)) else { return };
        let own = ["id", "ghlId"].iter().find_map(|name| value.get(name)?.as_str());
        let last = key.rsplit('/').next().unwrap_or_default();
        let is_theirs = key.contains("incoming/") || key.contains("/child/");
        self.has(Some(kind).filter(|_| is_theirs), own.unwrap_or(last));
        for uuid in THERE.iter().filter_map(|name| value.get(name)?.as_str()) {
            if !uuid.is_empty() && !uuid.starts_with("cus_") {
                self.has(Some(kind), uuid);
            }
        }
    }

    /// What is left of a row without them: `None` where it stays as it is, `Some(None)` where nothing is.
    fn left_of(&self, key: &str, text: &str) -> Option<Option<String>> {
        let table = table_of(key);
        let looked_at = WITHOUT_IDS.contains(&table) || self.is_in(key) || self.is_in(text);
        if !looked_at || BY_THEMSELVES.contains(&table) {
            return None;
        }
        let mut value = serde_json::from_str::<Value>(text).unwrap_or_default();
        let user = key.strip_prefix("refused/").is_some_and(|address| self.is_value(address));
        if user || self.owns(key, &value) {
            return Some(None);
        }
        if !self.cut_out(&mut value) {
            return None;
        }
        let nothing = table == "mail" || value.as_array().is_some_and(Vec::is_empty);
        Some((!nothing).then(|| record::json(&value)))
    }

    /// Cuts them out of a row about others; says whether they were in it.
    fn cut_out(&self, value: &mut Value) -> bool {
        let mut cut = false;
        match value {
            Value::Array(items) => {
                let before = items.len();
                items.retain(|item| {
                    let id = item.get("id").unwrap_or(item);
                    !id.as_str().is_some_and(|id| self.is(id))
                });
                cut = items.len() < before;
                for item in items {
                    cut |= self.cut_out(item);
                }
            }
            Value::Object(properties) => properties.retain(|name, value| {
                let Value::String(text) = value else {
                    cut |= self.cut_out(value);
                    return true;
                };
                let name = name.as_str();
                if TEXTS.contains(&name) {
                    if let Some(left) = self.without(text) {
                        *text = left;
                        cut = true;
                    }
                    return true;
                }
                let names = THERE.contains(&name) || matches!(name, "customer" | "names");
                let gone = names && self.is(text);
                cut |= gone;
                !gone
            }),
            _ => {}
        }
        cut
    }

    /// A text without their ids, addresses and numbers; `None` where it has none.
    fn without(&self, text: &str) -> Option<String> {
        let is_letter = |letter: char| {
            letter.is_ascii_alphanumeric() || "_-+@.".contains(letter) || !letter.is_ascii()
        };
        let mut left = String::new();
        let mut cut = false;
        for piece in text.split_inclusive(|letter| !is_letter(letter)) {
            let word = piece.trim_end_matches(|letter| !is_letter(letter));
            let word = word.trim_matches(|letter| ".-".contains(letter));
            if (word.len() >= SHORTEST_ID && self.is(word)) || self.is_value(word) {
                left.push_str(&piece.replace(word, CUT));
                cut = true;
            } else {
                left.push_str(piece);
            }
        }
        cut.then_some(left)
    }

    /// Whether a word is an address or a number that the contact was found by.
    fn is_value(&self, word: &str) -> bool {
        let address = if word.contains('@') { mapping::email(word) } else { None };
        let value = address.or_else(|| word.starts_with('+').then(|| word.to_owned()));
        value.is_some_and(|value| self.hashes.contains(&mapping::hash(&value)))
    }
}

/// The table of a row.
fn table_of(key: &str) -> &str {
    key.split('/').next().unwrap_or_default()
}

/// An id as JSON writes it.
fn quoted(id: &str) -> String {
    format!("\"{id}\"")
}

/// The id of a record in a list of either service.
fn id_of(item: &Json) -> Option<String> {
    let value: Value = serde_json::from_str(item.get()).ok()?;
    let names = ["id", "_id", "uuid", "task_uuid"];
    names.iter().find_map(|name| value.get(name)?.as_str()).map(str::to_owned)
}

/// Whether a service has a record: only its own answer about the id says that it has not.
fn is_there(answer: Result<Json>) -> Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code != Code::NotFound => Err(error),
        // With a hint it is about the path, and whoever routes may have answered.
        Err(error) if error.hint.is_none() => Ok(false),
        Err(mut error) => {
            error.code = Code::UnreadableResponse;
            Err(error)
        }
    }
}

fn several(customer: &str, contacts: &[String]) -> Error {
    let message = format!("{customer} is the customer of a business, or of several GHL contacts");
    let such = contacts.first().map(|first| format!(", such as {first}")).unwrap_or_default();
    Error::new(Code::InvalidArgument, message).hint(format!("Pass the id of one contact{such}."))
}

fn not_a_person(message: String) -> Error {
    Error::new(Code::InvalidArgument, message).hint(
        "Pass a GHL contact's id, or the uuid of its contact (con_…) or customer (cus_…) in ChartMogul.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ottoline() -> Person {
        let mut person = Person { contact: "seD4PfOuKoVMLkEZqohJ".to_owned(), ..Person::default() };
        let contact = person.contact.clone();
        person.has(None, &contact);
        person.has(None, "cus_7e1b2c3d-0000-4000-8000-000000000001");
        person.hashes = ["ottoline@example.com", "+17215550143"].map(mapping::hash).into();
        person
    }

    #[test]
    fn texts_lose_ids_addresses_and_numbers_and_nothing_else() {
        let person = ottoline();
        let without = |text: &str| person.without(text);
        for (text, left) in [
            ("pair/contact/seD4PfOuKoVMLkEZqohJ: broken", "pair/contact/(forgotten): broken"),
            ("no user <Ottoline@Example.com>.", "no user <(forgotten)>."),
            (
                "call +17215550143, or \"notes-seD4PfOuKoVMLkEZqohJ\"",
                "call (forgotten), or \"(forgotten)\"",
            ),
            ("cus_7e1b2c3d-0000-4000-8000-000000000001 matches", "(forgotten) matches"),
        ] {
            assert_eq!(without(text).as_deref(), Some(left), "{text}");
        }
        for text in
            ["", "bertil@example.com", "seD4PfOuKoVMLkEZqohJx", "cus_7e1b2c3d-0000", "+17215550144"]
        {
            assert_eq!(without(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_is_theirs_by_its_key_or_by_whose_it_is() {
        let person = ottoline();
        let id = "seD4PfOuKoVMLkEZqohJ";
        let customer = "cus_7e1b2c3d-0000-4000-8000-000000000001";
        for (key, value) in [
            (format!("turn/0001795348800-{id}"), json!(true)),
            (format!("letter/list/notes-{id}"), json!({})),
            ("back/contact/con_1".to_owned(), json!(id)),
            ("letter/note/N1".to_owned(), json!({ "contact": id })),
            ("intent/note/N1".to_owned(), json!({ "customer": customer })),
        ] {
            assert!(person.owns(&key, &value), "{key}");
        }
        for (key, value) in [
            (
                "refusal/contacts.create/rejected/-".to_owned(),
                json!({ "tried": format!("contact/{id}") }),
            ),
            ("apart/contact/another".to_owned(), json!({ "chartmogul": customer })),
            ("run/1/home/contact/another".to_owned(), json!({ "customer": customer })),
            ("key/email/hash".to_owned(), json!([{ "id": id }])),
        ] {
            assert!(!person.owns(&key, &value), "{key}");
        }
    }

    #[test]
    fn an_answer_about_the_path_does_not_say_that_a_record_is_gone() {
        let not_found = || Error::new(Code::NotFound, "GoHighLevel answered 404");
        assert!(!is_there(Err(not_found())).unwrap());
        let routed = not_found().hint("GoHighLevel does not have this route in this API version.");
        assert_eq!(is_there(Err(routed)).unwrap_err().code, Code::UnreadableResponse);
        let denied = Error::new(Code::Forbidden, "no");
        assert_eq!(is_there(Err(denied)).unwrap_err().code, Code::Forbidden);
        assert!(is_there(Ok(Json::of(&json!({})))).unwrap());
    }
}
