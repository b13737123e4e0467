//! What must hold, judged from outside: by both sides' records, the requests sent and the reports.
//! Where a record should be follows from the records of both sides and the decisions of
//! `design-engine.md`; where they leave it open, nothing is demanded.

use std::collections::{BTreeMap, BTreeSet};

use ghl_chartmogul::mapping::settings::{
    Anchor, AttributeObject, Object, OnExisting, WithoutBusiness,
};
use ghl_chartmogul::mapping::{html, text};
use serde_json::Value;

use crate::ledger::{Account, Sort, external_ids, fields, owner_of, tags_of, text as of};
use crate::stage::{FULL, HOUR, Ran, Stage};

pub type Held = Result<(), String>;

/// Both sides' records at one moment.
pub struct View {
    pub ghl: BTreeMap<String, Value>,
    pub children: BTreeMap<String, Value>,
    pub chartmogul: Account,
}

impl View {
    pub fn of(stage: &Stage) -> Self {
        let sandbox = stage.host.sandbox.borrow();
        let by_id = |records: Vec<Value>| -> BTreeMap<String, Value> {
            records
                .into_iter()
                .map(|record| ([of(&record, "id"), of(&record, "_id")].concat(), record))
                .collect()
        };
        let mut children = by_id(sandbox.ghl_notes());
        children.extend(by_id(sandbox.ghl_tasks()));
        Self {
            ghl: by_id(sandbox.ghl_contacts()),
            children,
            chartmogul: stage.ledger.borrow_mut().now(&sandbox),
        }
    }

    fn customer_of(&self, record: &Value) -> String {
        let parent = of(record, "associated_object_uuid");
        match self.chartmogul.get(parent).filter(|_| parent.starts_with("con_")) {
            Some(contact) => of(contact, "customer_uuid").to_owned(),
            None => of(record, "customer_uuid").to_owned(),
        }
    }

    /// The customers and contacts that stand for this GHL contact, and the customers they are or
    /// belong to. An account that drops unknown attributes shows a link by what was written only.
    pub fn own(&self, stage: &Stage, id: &str) -> BTreeMap<&String, String> {
        let ledger = stage.ledger.borrow();
        let external = format!("ghl:{}:{id}", stage.location);
        let mut own = BTreeMap::new();
        for (uuid, record) in self.chartmogul.iter() {
            match Sort::of(uuid) {
                Sort::Customer if external_ids(record).contains(&external) => {
                    own.insert(uuid, uuid.clone());
                }
                Sort::Contact => {
                    let owner = owner_of(uuid, record).or_else(|| ledger.links.get(uuid).cloned());
                    if owner.as_deref() == Some(id) {
                        own.insert(uuid, of(record, "customer_uuid").to_owned());
                    }
                }
                _ => {}
            }
        }
        // Who has gone over to a business leaves the customer that was its own behind, empty.
        let gone = stage.settings.anchor == Anchor::BusinessIsCustomer
            && self.ghl.get(id).is_some_and(|record| !of(record, "businessId").is_empty());
        own.retain(|uuid, _| !gone || Sort::of(uuid) == Sort::Contact);
        own
    }

    /// The GHL contacts that have one primary e-mail, this one among them.
    pub fn group(&self, stage: &Stage, id: &str) -> Vec<&String> {
        // Contacts of one address are one person, at each of its businesses.
        let by_business = stage.settings.anchor == Anchor::BusinessIsCustomer;
        let business = |id: &str| self.ghl.get(id).map(|record| of(record, "businessId"));
        let address = self.address(stage, id);
        let same = |other: &&String| {
            other.as_str() == id
                || address.is_some()
                    && self.address(stage, other) == address
                    && (!by_business || business(other) == business(id))
        };
        self.ghl.keys().filter(same).collect()
    }

    fn address(&self, stage: &Stage, id: &str) -> Option<String> {
        let address = of(self.ghl.get(id)?, "email").to_lowercase();
        let shared = stage.settings.shared_emails.contains(&address);
        (!address.is_empty() && !shared).then_some(address)
    }

    fn at_business(&self, stage: &Stage, business: &str) -> Option<String> {
        let wanted = format!("ghlb:{}:{business}", stage.location);
        let mut all = self.chartmogul.iter();
        all.find(|(_, record)| external_ids(record).contains(&wanted)).map(|(uuid, _)| uuid.clone())
    }

    /// Where an account that drops our id hides a link: at customers that have a person's contact of the
    /// same address, unless a contact of its own shows that it is not linked with one of those.
    pub fn hidden_homes(&self, stage: &Stage, id: &str) -> BTreeSet<String> {
        let of_business = stage.settings.anchor == Anchor::BusinessIsCustomer
            && !of(&self.ghl[id], "businessId").is_empty();
        let ledger = stage.ledger.borrow();
        let shown = !ledger.amnesia && !self.own(stage, id).is_empty();
        let Some(address) = self.address(stage, id) else { return BTreeSet::new() };
        if !ledger.drops || of_business || shown {
            return BTreeSet::new();
        }
        let hides = |(uuid, record): &(&String, &Value)| {
            Sort::of(uuid) == Sort::Contact
                && !ledger.made.contains(*uuid)
                && owner_of(uuid, record).is_none()
                && of(record, "email").to_lowercase() == address
        };
        let hidden = self.chartmogul.iter().filter(hides);
        hidden.map(|(_, record)| of(record, "customer_uuid").to_owned()).collect()
    }

    /// The customers where a contact, or another of its group, is.
    fn homes(&self, stage: &Stage, id: &str) -> BTreeSet<String> {
        let business = of(&self.ghl[id], "businessId");
        if stage.settings.anchor == Anchor::BusinessIsCustomer && !business.is_empty() {
            return self.at_business(stage, business).into_iter().collect();
        }
        let own: BTreeSet<String> = self.own(stage, id).into_values().collect();
        if !own.is_empty() {
            return own;
        }
        let group = self.group(stage, id);
        let homes: BTreeSet<String> =
            group.into_iter().flat_map(|other| self.own(stage, other).into_values()).collect();
        match expected(stage, self, id) {
            Expected::At(customer) if homes.is_empty() => BTreeSet::from([customer]),
            _ => homes,
        }
    }
}

/// Each GHL id at most once.
pub fn once(stage: &Stage, view: &View) -> Held {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (uuid, record) in view.chartmogul.iter() {
        let twice = stage.host.weather.get().twice_ms.is_some();
        let object = match Sort::of(uuid) {
            Sort::Note => Some(Object::Notes),
            Sort::Task => Some(Object::Tasks),
            Sort::Contact | Sort::Customer => None,
        };
        // Where a kind is not synced any more, nobody looks for what a refused create has made. A double
        // that came from between is taken away where GHL has the record, and its contact has one customer.
        let looked_for = |id: &String| {
            object.is_none_or(|object| {
                let settled = |child: &Value| view.homes(stage, of(child, "contactId")).len() == 1;
                stage.settings.includes(object)
                    && (!twice || view.children.get(id).is_some_and(settled))
            })
        };
        let mut names: Vec<String> = owner_of(uuid, record)
            .filter(looked_for)
            .map(|id| format!("{:?} of {id}", Sort::of(uuid)))
            .into_iter()
            .collect();
        if Sort::of(uuid) == Sort::Customer {
            names = external_ids(record).into_iter().filter(|id| id.starts_with("ghl")).collect();
        }
        for name in names {
            let Some(twin) = seen.insert(name.clone(), uuid) else { continue };
            // Nobody remembers which of two that stand apart a broken-off move has made: they are listed.
            let apart = view.customer_of(record) != view.customer_of(&view.chartmogul[twin]);
            if object.is_none() || !apart || !stage.ledger.borrow().amnesia {
                return Err(format!("twice: {name} ({twin} and {uuid})").pipe(stage));
            }
        }
    }
    Ok(())
}

trait Pipe {
    fn pipe(self, stage: &Stage) -> String;
}

impl Pipe for String {
    fn pipe(self, stage: &Stage) -> String {
        stage.named(&self)
    }
}

/// GHL's records that are not in ChartMogul as they should be, with the GHL contact they are of.
pub fn missing(stage: &Stage, view: &View, at_rest: bool) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    for id in view.ghl.keys() {
        let number = stage.contacts.iter().position(|one| one == id);
        let free = number.is_some_and(|number| stage.is_free(number));
        let in_business = stage.settings.anchor == Anchor::BusinessIsCustomer;
        let mut homes = if at_rest && (!free || in_business) {
            view.homes(stage, id)
        } else {
            view.own(stage, id).into_values().collect()
        };
        if !homes.is_empty() {
            homes.extend(view.hidden_homes(stage, id));
        }
        // Without a business it is left out.
        if stage.settings.anchor == Anchor::BusinessIsCustomer
            && stage.settings.without_business == WithoutBusiness::Skip
            && of(&view.ghl[id], "businessId").is_empty()
        {
            continue;
        }
        if free && view.own(stage, id).is_empty() {
            continue;
        }
        let Some(home) = homes.first().filter(|_| homes.len() == 1) else { continue };
        if !view.chartmogul.contains_key(home) {
            continue;
        }
        for child in &stage.children {
            let Some(record) =
                view.children.get(&child.id).filter(|one| of(one, "contactId") == id)
            else {
                continue;
            };
            let object = if child.is_task { Object::Tasks } else { Object::Notes };
            if child.apart || child.loose || !stage.settings.includes(object) {
                continue;
            }
            if let Some(said) = wrong_child(stage, view, &child.id, record, home, at_rest) {
                missing.push((id.clone(), said.pipe(stage)));
            }
        }
        // What a contact has left behind is nobody's.
        for (uuid, _) in view.own(stage, id).into_iter().filter(|(_, at)| at == home) {
            for said in wrong_fields(stage, view, id, uuid) {
                missing.push((id.clone(), said.pipe(stage)));
            }
        }
        if at_rest {
            let prefixes = &stage.settings.tags.prefixes;
            let wanted =
                view.ghl[id]["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let held = tags_of(&view.chartmogul[home]);
            for tag in wanted.filter(|tag| prefixes.iter().any(|prefix| tag.starts_with(prefix))) {
                if !held.contains(&tag) {
                    missing.push((id.clone(), format!("the tag {tag} of {id}").pipe(stage)));
                }
            }
        }
    }
    missing
}

fn wrong_child(
    stage: &Stage,
    view: &View,
    id: &str,
    record: &Value,
    home: &str,
    at_rest: bool,
) -> Option<String> {
    let is_task = record.get("title").is_some();
    let name = if is_task { "task_details" } else { "text" };
    let sort = if is_task { Sort::Task } else { Sort::Note };
    let words = text::one_line(&html::plain(if is_task {
        of(record, "title")
    } else {
        of(record, "body")
    }));
    let holds = |record: &Value| text::one_line(&html::plain(of(record, name))).contains(&words);
    let mut copies = view.chartmogul.iter().filter(|(uuid, _)| Sort::of(uuid) == sort);
    let ours = |(uuid, record): &(&String, &Value)| owner_of(uuid, record).as_deref() == Some(id);
    // Of what arrived twice one is kept in step; the other is a double until a full pass looks.
    let twice = stage.host.weather.get().twice_ms.is_some();
    let marked = copies
        .clone()
        .find(|(uuid, record)| twice && ours(&(uuid, record)) && holds(record))
        .or_else(|| copies.clone().find(ours));
    let Some((uuid, copy)) = marked.or_else(|| {
        copies.find(|(_, copy)| {
            stage.unmarked.get() && (!at_rest || view.customer_of(copy) == home) && holds(copy)
        })
    }) else {
        return Some(format!("{id} is not there"));
    };
    let number = stage.contacts.iter().position(|one| one == of(record, "contactId"));
    let free = number.is_some_and(|number| stage.is_free(number));
    if at_rest && !free && view.customer_of(copy) != home {
        return Some(format!("{id} is at {} and not at {home}", view.customer_of(copy)));
    }
    let ledger = stage.ledger.borrow();
    if stage.unmarked.get() && ledger.amnesia {
        // Without a marker nobody knows that we made it.
        return None;
    }
    for (field, value) in fields(uuid, copy) {
        let (right, agreed_right) = {
            let agreed = ledger.agreed.get(&(uuid.clone(), field.clone()));
            if field == "completed" {
                let done = record["completed"].as_bool().unwrap_or(false).to_string();
                (value == done, agreed.is_none_or(|agreed| *agreed == done))
            } else {
                let agreed = agreed.map(|text| text::one_line(&html::plain(text)));
                (holds(copy), agreed.is_none_or(|text| text.contains(&words)))
            }
        };
        // A person's edit stays until GHL changes the field.
        let kept = ledger.person.get(&(uuid.clone(), field.clone())) == Some(&value);
        if !right && !(kept && (agreed_right || ledger.amnesia)) {
            return Some(format!("{field} of {id} is {value:?}, and GHL has {words:?}"));
        }
    }
    None
}

/// Fields of a ChartMogul contact or customer that should be GHL's, and are not.
fn wrong_fields(stage: &Stage, view: &View, id: &str, uuid: &str) -> Vec<String> {
    let ledger = stage.ledger.borrow();
    let (here, there) = (&view.ghl[id], &view.chartmogul[uuid]);
    let full = [of(here, "firstName"), of(here, "lastName")].join(" ").trim().to_owned();
    let expected: Vec<(&str, String)> = match Sort::of(uuid) {
        // Merged by a person: nobody says whose its name is.
        Sort::Customer if external_ids(there).len() > 1 => Vec::new(),
        Sort::Customer => vec![("name", full), ("email", of(here, "email").to_owned())],
        _ => vec![
            ("first_name", of(here, "firstName").to_owned()),
            ("last_name", of(here, "lastName").to_owned()),
            ("email", of(here, "email").to_owned()),
            ("phone", of(here, "phone").to_owned()),
        ],
    };
    let mut wrong = Vec::new();
    for (field, value) in expected.into_iter().filter(|(_, value)| !value.is_empty()) {
        let held = of(there, field);
        if held == value {
            continue;
        }
        let key = (uuid.to_owned(), field.to_owned());
        if ledger.kept.contains(&key) || ledger.open.contains(&key) {
            continue;
        }
        let by_person =
            ledger.person.get(&key).is_some_and(|text| text == held && !text.is_empty());
        let kept = by_person
            && match ledger.agreed.get(&key) {
                Some(base) => *base == value || ledger.amnesia,
                None => true,
            };
        if !kept {
            wrong.push(format!("{field} of {id} is {held:?}, and GHL has {value:?}"));
        }
    }
    wrong
}

/// Where a contact must be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    /// At this customer of another source.
    At(String),
    /// At a customer of its own, or of its group or business.
    Own,
    /// The rules leave it open, or call it a conflict.
    Open,
}

/// Whether somebody of a business has the same address.
fn shares_with_business(stage: &Stage, view: &View, id: &str) -> bool {
    let address = view.address(stage, id);
    let in_business = |other: &&String| !of(&view.ghl[*other], "businessId").is_empty();
    address.is_some()
        && view.ghl.keys().filter(in_business).any(|other| view.address(stage, other) == address)
}

fn expected(stage: &Stage, view: &View, id: &str) -> Expected {
    let settings = &stage.settings;
    let business = of(&view.ghl[id], "businessId");
    match settings.anchor {
        Anchor::BusinessIsCustomer if stage.left.borrow().contains(business) => {
            return Expected::Open;
        }
        Anchor::BusinessIsCustomer if !business.is_empty() => return Expected::Own,
        Anchor::BusinessIsCustomer if settings.without_business == WithoutBusiness::Skip => {
            return Expected::Open;
        }
        Anchor::BusinessIsCustomer if shares_with_business(stage, view, id) => {
            return Expected::Open;
        }
        _ => {}
    }
    let makes = settings.anchor != Anchor::AttachOnly;
    let none = if makes { Expected::Own } else { Expected::Open };
    if makes && settings.on_existing == OnExisting::Create {
        return Expected::Own;
    }
    // A weak match may give it a place, or not.
    let Some(address) = view.address(stage, id) else { return none };
    let group = view.group(stage, id);
    let ledger = stage.ledger.borrow();
    let of_another = |uuid: &String, record: &Value| {
        let owner = owner_of(uuid, record).or_else(|| ledger.links.get(uuid).cloned());
        owner.is_some_and(|owner| !group.contains(&&owner))
    };
    let mut by_own = BTreeSet::new();
    let mut by_contact = BTreeSet::new();
    for (uuid, record) in view.chartmogul.iter() {
        if of(record, "email").to_lowercase() != address {
            continue;
        }
        if of_another(uuid, record) {
            return Expected::Open;
        }
        match Sort::of(uuid) {
            Sort::Customer if external_ids(record).iter().any(|id| id.starts_with("ghl")) => {
                if external_ids(record).len() > 1 {
                    return Expected::Open;
                }
                return Expected::Own;
            }
            Sort::Customer => _ = by_own.insert(uuid.clone()),
            Sort::Contact => _ = by_contact.insert(of(record, "customer_uuid").to_owned()),
            Sort::Note | Sort::Task => {}
        }
    }
    let candidates = if by_own.is_empty() { by_contact } else { by_own };
    match candidates.len() {
        0 => none,
        1 => candidates.into_iter().next().map_or(none, Expected::At),
        // Which one is a conflict, or the settings say.
        _ => Expected::Open,
    }
}

/// Contacts that are nowhere and should not be.
fn absent(stage: &Stage, view: &View) -> Vec<(String, String)> {
    let mut absent = Vec::new();
    for (number, id) in stage.contacts.iter().enumerate() {
        if !view.ghl.contains_key(id) || stage.is_free(number) {
            continue;
        }
        let group = view.group(stage, id);
        let own = group.iter().any(|other| !view.own(stage, other).is_empty());
        let address = view.address(stage, id);
        let there = own
            || match expected(stage, view, id) {
                Expected::Open => true,
                Expected::Own => false,
                // A contact of the same address stands for it, whether its link shows or not.
                Expected::At(customer) => view.chartmogul.values().any(|record| {
                    of(record, "customer_uuid") == customer
                        && Some(of(record, "email").to_lowercase()) == address
                }),
            };
        if !there {
            absent.push((
                id.clone(),
                format!("{id} has a customer by the rules, and is not there").pipe(stage),
            ));
        }
    }
    absent
}

/// Of a customer's contacts one leads: what it has is the customer's attribute.
fn leaders_value(stage: &Stage, view: &View) -> Held {
    let settings = &stage.settings;
    let Some(rule) = settings.custom_fields.iter().find(|rule| rule.to == "job") else {
        return Ok(());
    };
    if settings.object_of(rule) != AttributeObject::Customer {
        return Ok(());
    }
    let field = stage.field_id("contact.job_title");
    let job = |id: &str| -> Option<String> {
        let values = view.ghl[id]["customFields"].as_array()?;
        let value = values.iter().find(|one| of(one, "id") == field)?;
        Some([of(value, "value"), of(value, "field_value")].concat())
    };
    let ledger = stage.ledger.borrow();
    for (uuid, customer) in view.chartmogul.iter().filter(|(uuid, _)| uuid.starts_with("cus_")) {
        let there = |(_, id): &(usize, &String)| {
            view.ghl.contains_key(*id) && view.homes(stage, id).contains(uuid)
        };
        let members: Vec<(usize, &String)> =
            stage.contacts.iter().enumerate().filter(there).collect();
        if members.iter().any(|(number, _)| stage.is_free(*number)) {
            continue;
        }
        let email = of(customer, "email");
        let of_address = members
            .iter()
            .find(|(_, id)| !email.is_empty() && of(&view.ghl[id.as_str()], "email") == email);
        // Contacts are numbered in the order of their making.
        let Some((_, leader)) = of_address.or(members.first()) else { continue };
        let by_person = ledger.person.contains_key(&(uuid.clone(), "custom.job".to_owned()));
        let held = of(&customer["attributes"]["custom"], "job");
        if let Some(value) = job(leader).filter(|value| !by_person && value != held) {
            return Err(format!(
                "another than the leader wrote; {leader} has {value:?}, {uuid} {held:?}"
            )
            .pipe(stage));
        }
    }
    Ok(())
}

/// Of several GHL contacts of one address one has a contact in ChartMogul. One that comes to another
/// business takes along the contact that it has.
fn one_of_a_group(stage: &Stage, view: &View) -> Held {
    let ledger = stage.ledger.borrow();
    for (number, id) in stage.contacts.iter().enumerate() {
        if !view.ghl.contains_key(id) || stage.is_free(number) {
            continue;
        }
        let mut made = Vec::new();
        for other in view.group(stage, id) {
            let number = stage.contacts.iter().position(|one| one == other);
            let came = |number: &usize| stage.moved.borrow().contains(number);
            if number.is_none_or(|number| stage.is_free(number) || came(&number)) {
                continue;
            }
            let own = view.own(stage, other).into_iter();
            made.extend(
                own.filter(|(uuid, _)| uuid.starts_with("con_") && ledger.made.contains(*uuid)),
            );
        }
        let homes: BTreeSet<&String> = made.iter().map(|(_, home)| home).collect();
        if made.len() > homes.len() {
            return Err(format!(
                "a duplicate in GHL got a contact of its own; of the group of {id}"
            )
            .pipe(stage));
        }
    }
    Ok(())
}

/// Contacts of a business are at its customer.
fn at_their_business(stage: &Stage, view: &View) -> Held {
    if stage.settings.anchor != Anchor::BusinessIsCustomer {
        return Ok(());
    }
    for (number, id) in stage.contacts.iter().enumerate() {
        let Some(record) = view.ghl.get(id) else { continue };
        let business = of(record, "businessId");
        let customer = view.at_business(stage, business);
        for (contact, home) in view.own(stage, id) {
            let right = customer.as_ref().is_none_or(|uuid| *uuid == home);
            if !right && !stage.is_free(number) {
                return Err(format!(
                    "a contact is not at the customer of its business; {contact} of {id}, {business}"
                )
                .pipe(stage));
            }
        }
    }
    Ok(())
}

/// After any run: what it says is so.
pub fn after_run(stage: &Stage, ran: &Ran) -> Held {
    broken_on_the_way(stage)?;
    read_once(stage, ran)?;
    if !ran.says_all_is_well() {
        return Ok(());
    }
    match missing(stage, &View::of(stage), false).into_iter().next() {
        Some((_, said)) => Err(format!("the run says that all is well, yet {said}")),
        None => Ok(()),
    }
}

/// No record is read as two.
fn read_once(stage: &Stage, ran: &Ran) -> Held {
    if !ran.fresh {
        return Ok(());
    }
    let there = {
        let sandbox = stage.host.sandbox.borrow();
        [
            ("contact", sandbox.ghl_contacts().len()),
            ("note", sandbox.ghl_notes().len()),
            ("task", sandbox.ghl_tasks().len()),
        ]
    };
    for (kind, there) in there {
        let read = ran.read.get(kind).copied().unwrap_or(0);
        if read > there as u64 {
            return Err(format!("more is read than there is; {read} of {there}: {kind}"));
        }
    }
    Ok(())
}

/// After a run whose trouble was one record's: all others are in step.
pub fn others_in_step(stage: &Stage, ran: &Ran, of_contact: &str) -> Held {
    broken_on_the_way(stage)?;
    if ran.planned_only {
        return Ok(());
    }
    if let Some(code) = ran.error {
        return Err(format!("one record's trouble ended the run; {code}: {}", ran.message));
    }
    stage.failed.borrow_mut().insert(of_contact.to_owned());
    if !ran.fresh {
        return Ok(());
    }
    let view = View::of(stage);
    let missing = missing(stage, &view, false);
    let failed = stage.failed.borrow();
    // A person deleted the customer of its business: this run finds that out, and the next one makes
    // it again.
    let waits = |contact: &String| {
        let business = of(&view.ghl[contact], "businessId");
        stage.settings.anchor == Anchor::BusinessIsCustomer
            && !business.is_empty()
            && view.at_business(stage, business).is_none()
    };
    let struck = |contact: &String| failed.contains(contact) || waits(contact);
    match missing.into_iter().find(|(contact, _)| !struck(contact)) {
        Some((_, said)) => Err(format!("one record's trouble kept another back; {said}")),
        None => after_run(stage, ran),
    }
}

/// What the ledger saw.
pub fn broken_on_the_way(stage: &Stage) -> Held {
    let ledger = stage.ledger.borrow();
    match ledger.violations.first() {
        Some(said) => {
            let said = said.clone();
            drop(ledger);
            Err(stage.named(&said))
        }
        None => Ok(()),
    }
}

/// Lets everything come to rest: no trouble, time passes, full passes.
pub fn settle(stage: &mut Stage) -> Result<Ran, String> {
    stage.calm();
    let mut last = Ran::default();
    for pass in 0..6 {
        stage.wait(2 * HOUR);
        let before = stage.writes();
        last = stage.run(FULL);
        broken_on_the_way(stage)?;
        // What a pass makes may be there twice when it is over: the next one looks.
        let twice = stage.host.weather.get().twice_ms.is_some();
        let doubled = twice && (pass == 0 || stage.writes() > before);
        if let Some(code) = last.error {
            return Err(format!("a run without any trouble fails: {code}: {}", last.message));
        }
        if last.says_all_is_well() && !doubled {
            break;
        }
    }
    if !last.done {
        return Err("it never comes to an end".to_owned());
    }
    Ok(last)
}

/// At rest: all is there, once, and another full pass writes nothing.
pub fn at_rest(stage: &mut Stage) -> Held {
    let last = settle(stage)?;
    rests(stage, &last)?;
    quiet(stage)
}

/// All is there, once.
pub fn rests(stage: &Stage, last: &Ran) -> Held {
    let view = View::of(stage);
    once(stage, &view)?;
    read_once(stage, last)?;
    one_source(stage, &view)?;
    for (number, id) in stage.contacts.iter().enumerate() {
        let own: BTreeSet<String> = view.own(stage, id).into_values().collect();
        if own.len() > 1 && !stage.is_free(number) {
            return Err(format!("{id} is at several customers: {own:?}").pipe(stage));
        }
    }
    // Whose copy a person deleted may still have its double.
    let twice = stage.host.weather.get().twice_ms.is_some();
    for child in stage.children.iter().filter(|child| child.apart && !twice) {
        let copy = view.chartmogul.iter().find(|(uuid, record)| {
            matches!(Sort::of(uuid), Sort::Note | Sort::Task)
                && owner_of(uuid, record).as_ref() == Some(&child.id)
        });
        if copy.is_some() {
            return Err(
                format!("{} was deleted by a person, and is there again", child.id).pipe(stage)
            );
        }
    }
    at_their_business(stage, &view)?;
    one_of_a_group(stage, &view)?;
    leaders_value(stage, &view)?;
    let wrong = [absent(stage, &view), missing(stage, &view, true)].concat();
    match wrong.into_iter().next() {
        Some((_, said)) if last.clean => Err(format!("at rest, exit 0: {said}")),
        Some((_, said)) => Err(format!("at rest, told: {said}")),
        None => Ok(()),
    }
}

/// Customers that we made are in one source, whatever the location is called by now.
fn one_source(stage: &Stage, view: &View) -> Held {
    if stage.settings.data_source.is_some() {
        return Ok(());
    }
    let mut sources = BTreeSet::new();
    for customer in view.chartmogul.values() {
        let ids = external_ids(customer);
        // One that a person merged has its other sources.
        if ids.len() == 1 && ids[0].starts_with("ghl") {
            sources.insert(of(customer, "data_source_uuid").to_owned());
        }
    }
    if sources.len() > 1 {
        return Err(format!("our customers are in {} sources", sources.len()));
    }
    Ok(())
}

/// Another full pass writes nothing.
pub fn quiet(stage: &Stage) -> Held {
    for _ in 0..2 {
        stage.wait(2 * HOUR);
        let written = stage.writes();
        let ran = stage.run(FULL);
        broken_on_the_way(stage)?;
        let writes = stage.writes_since(written);
        if !writes.is_empty() {
            return Err(format!("a full pass over nothing new writes {writes:?}"));
        }
        if let Some(code) = ran.error {
            return Err(format!("a full pass over nothing new fails: {code}: {}", ran.message));
        }
    }
    Ok(())
}

/// What the plan says is what is sent.
pub fn plan_is_writes(stage: &Stage) -> Held {
    let written = stage.writes();
    let ran = stage.plan_and_apply();
    after_run(stage, &ran)?;
    // What arrives twice, or when nobody waits any more, is not as it was planned.
    let weather = stage.host.weather.get();
    if weather.twice_ms.is_some() || weather.slow_ms > 30_000 {
        return Ok(());
    }
    // What turned out to be gone was not written, and is listed.
    if ran.error.is_some() || !ran.done || !ran.clean {
        return Ok(());
    }
    let mut sent = stage.taken_since(written);
    sent.retain(|kind, _| !kind.contains("data_sources"));
    let planned = |what: &str| ran.planned.get(what).copied().unwrap_or(0);
    for (kind, what) in [("POST notes", "create note"), ("POST tasks", "create task")] {
        let sent = sent.get(kind).copied().unwrap_or(0);
        // What moves is made at its new place.
        let moved = planned(&what.replace("create", "move"));
        if sent != planned(what) + moved {
            let planned = &ran.planned;
            return Err(format!("the plan said not how often {kind} is sent: {sent}; {planned:?}"));
        }
    }
    let customers = sent.get("POST customers").copied().unwrap_or(0);
    let contacts = sent.get("POST contacts").copied().unwrap_or(0);
    let created =
        planned("create contact") + planned("create business") + planned("create customer");
    if customers + contacts != created {
        return Err(format!(
            "the plan said that {created} customers and contacts are made, {} were",
            customers + contacts
        ));
    }
    // What is refused for a value's sake is sent again without it.
    // A move looks at the copy that it takes away.
    let looks = planned("move note") + planned("move task");
    let total: u64 = sent.values().sum::<u64>() + looks;
    // What a person has deleted is found out by its write, and not written.
    let gone = ran.apart > 0 && total < ran.planned_calls;
    if total != ran.planned_calls && !gone && !stage.ledger.borrow().clash {
        return Err(format!(
            "the plan said {} writing calls, {total} were sent: {sent:?}",
            ran.planned_calls
        ));
    }
    Ok(())
}

/// The account as a text without ids of chance: equal for equal pairs.
pub fn portrait(stage: &Stage) -> Vec<String> {
    let view = View::of(stage);
    let label = |uuid: &str| {
        view.chartmogul.get(uuid).map(|record| external_ids(record).join("+")).unwrap_or_default()
    };
    let mut lines = Vec::new();
    for (uuid, record) in view.chartmogul.iter() {
        let mut held = fields(uuid, record);
        held.extend(tags_of(record).into_iter().map(|tag| ("tag".to_owned(), tag.to_owned())));
        held.sort();
        let at = if Sort::of(uuid) == Sort::Customer {
            label(uuid)
        } else {
            format!(
                "{} {}",
                label(&view.customer_of(record)),
                owner_of(uuid, record).unwrap_or_default()
            )
        };
        let held: Vec<String> =
            held.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(stage.named(&format!("{:?} {at}: {}", Sort::of(uuid), held.join(", "))));
    }
    lines.sort();
    lines
}
