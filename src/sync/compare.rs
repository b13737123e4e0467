//! Comparing: what was read becomes changes. The store is read here, and `decide` says what follows.

use serde_json::Value;

use super::calls::row_of_linked;
use super::decide::changes::{Difference, completes, of_first_link, of_linked};
use super::decide::customers;
use super::decide::merge::words_of;
use super::decide::pairing::{self, Customer, Person, Question, Standin, Weak};
use super::engine::{Engine, Step, only};
use super::model::change::{Action, Change};
use super::model::pair::{Kind, Matched, Member, Pair, Role, Shared};
use super::model::plan::{Pass, Plan};
use super::model::staged::{
    Candidate, Content, Home, Known, SeenChild, SeenContact, SeenCustomer, StagedBusiness,
    StagedContact,
};
use super::model::standing::{Apart, Choice, FieldLetter, Intent, Reason, Standing};
use super::model::state::Run;
use super::read::children::overflow_note;
use super::read::contacts::SHARED_FROM;
use super::state::keeper::Batch;
use super::state::tables::{
    APART, CHOICES, DELETED, HOLDERS, INTENTS, KNOWN, MEMBERS, OWNERS, PAIRS, SHARED,
};
use super::state::tables::{of, of_kind};
use super::work::Work;
use crate::error::{Code, Result};
use crate::host::Host;
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mapping::kinds::{self, contact};
use crate::mapping::settings::{Anchor, Marker, OnExisting, OnLink, Owner, Twins, WithoutBusiness};
use crate::mapping::{Fields, Problem, hash, select, settled, text};
use crate::mutants::{self, Mutant};
use crate::named::Named;
use crate::ordered::{Ordered, sort_by, tidy};

/// Contacts compared in one step.
const CONTACTS_A_STEP: usize = 50;
/// Notes and tasks compared in one step.
const CHILDREN_A_STEP: usize = 100;

/// What a contact is in ChartMogul, or why it is nothing there.
enum Target {
    /// Nothing: told, and not carried out. What belongs to it goes to this home.
    Told(Box<Change>, Home),
    /// A contact under a customer that exists or will.
    Member { home: Home, contact: Option<(String, Matched)> },
    /// A customer of its own.
    Customer { existing: Option<String>, moves: Option<String> },
    /// Its customer's, which another contact stands for.
    Guest { home: Home, reason: String },
}

impl Target {
    /// One that stands apart, with what belongs to it.
    fn apart(change: Change) -> Self {
        Self::Told(Box::new(change), Home::apart())
    }

    /// A contact under a customer, by what stands for it there.
    fn standin(home: Home, standin: Standin) -> Self {
        match standin {
            Standin::Found(uuid, matched) => Self::Member { home, contact: Some((uuid, matched)) },
            Standin::New => Self::Member { home, contact: None },
            Standin::Other(holder) => Self::Guest {
                home: Home { role: Role::Guest, ..home },
                reason: duplicate_of(&holder),
            },
        }
    }
}

/// What was read for a page of contacts.
#[derive(Default)]
struct Page {
    /// Whether ChartMogul's lists were read: only they tell phones.
    lists: bool,
    /// Whether it belongs to a full pass.
    whole: bool,
    pairs: Ordered<Pair>,
    staged: Ordered<StagedContact>,
    choices: Ordered<Choice>,
    holders: Ordered<Vec<Candidate>>,
    index: Ordered<Vec<Candidate>>,
    owners: Ordered<String>,
    known: Ordered<()>,
    gone: Ordered<()>,
    /// Contacts that stand apart until a person says otherwise.
    apart: Ordered<()>,
    businesses: Ordered<Home>,
    customers: Ordered<SeenCustomer>,
    contacts: Ordered<SeenContact>,
}

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) async fn pair_businesses(
        &self,
        run: &mut Run,
        work: &Work,
    ) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.businesses, "", CONTACTS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
        self.load_standings(work, Kind::Business, &ids).await?;
        let pairs = self.live_pairs(work, Kind::Business, &ids).await?;
        for ((id, staged), pair) in rows.iter().zip(pairs) {
            let home = self.pair_business(run, work, &mut batch, id, staged, pair).await?;
            batch.put(&work.tables.homes, &of(Kind::Business, id), &home)?;
        }
        Ok(Step { batch, done: false })
    }

    async fn pair_business(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        id: &str,
        staged: &StagedBusiness,
        pair: Option<Pair>,
    ) -> Result<Home> {
        let apart = work.standings.apart(&of(Kind::Business, id));
        if let Some(apart) = apart.filter(|apart| sticks(apart.cause)) {
            let change = told_of(Kind::Business, id, &staged.title, apart.cause);
            self.tell(run, work, batch, &change).await?;
            return Ok(Home::apart());
        }
        if let Some(pair) = pair {
            let home = Home::of(&pair);
            if pair.role == Role::Guest {
                self.unchanged(run, work, batch, Kind::Business, id);
                return Ok(home);
            }
            let change = Change {
                problems: staged.problems.clone(),
                ..linked(Kind::Business, id, &staged.title, &pair)
            };
            let difference = of_linked(&pair, &staged.fields);
            self.tell_linked(run, work, batch, change, difference).await?;
            return Ok(home);
        }
        let external = self.external_id(Kind::Business, id);
        let own = self.candidates(work, &format!("external/{external}")).await?;
        let own = own.into_iter().find(|one| one.contact.is_none());
        let mut change =
            Change::new(Action::Create, Kind::Business, id, staged.title.clone(), "new in GHL");
        change.role = Role::Customer;
        change.problems.clone_from(&staged.problems);
        if let Some(own) = own {
            let seen: Option<SeenCustomer> =
                self.keeper.get(&work.tables.customers, &own.id).await?;
            let seen = seen.unwrap_or_default();
            let difference =
                of_first_link(&kinds::CUSTOMER, &staged.fields, &seen.fields, true, self.settings);
            change.action = Action::Link;
            change.reason = Matched::ExternalId.reason().to_owned();
            change.matched = Some(Matched::ExternalId);
            change.data_source = seen.sources.first().cloned();
            change.customer = Some(own.id.clone());
            take(&mut change, difference);
            self.tell_change(run, work, batch, change).await?;
            return Ok(Home { customer: Some(own.id), role: Role::Customer, ..Home::default() });
        }
        // A customer of another source that has the business's own address.
        let attach = self.settings.on_existing == OnExisting::Attach
            && !mutants::is_on(Mutant::TwinsOfBilling);
        if let (Some(address), true) = (&staged.email, attach) {
            let found = self.candidates(work, &format!("email/{address}")).await?;
            let mut found = of_other_sources(&found);
            if found.len() > 1 {
                let seen: Vec<Option<SeenCustomer>> =
                    self.keeper.get_all(&work.tables.customers, &found).await?;
                let preferred = self.preferred(work, found.iter().zip(seen));
                if let [one] = preferred.as_slice() {
                    found = vec![one.clone()];
                }
            }
            match found.as_slice() {
                [] => {}
                [one] => {
                    change.action = Action::Link;
                    change.role = Role::Guest;
                    change.reason = Matched::Email.reason().to_owned();
                    change.matched = Some(Matched::Email);
                    change.customer = Some(one.clone());
                    self.tell_change(run, work, batch, change).await?;
                    let customer = Some(one.clone());
                    return Ok(Home {
                        customer,
                        role: Role::Guest,
                        foreign: true,
                        ..Home::default()
                    });
                }
                several => {
                    let change =
                        conflict(Kind::Business, id, &staged.title, several, Matched::Email);
                    self.tell(run, work, batch, &change).await?;
                    return Ok(Home::apart());
                }
            }
        }
        change.to = staged.fields.clone();
        change.base = kinds::marks(&change.to);
        change.matched = Some(Matched::Created);
        self.tell_change(run, work, batch, change).await?;
        Ok(Home {
            maker: Some(id.to_owned()),
            maker_kind: Kind::Business,
            role: Role::Customer,
            ..Home::default()
        })
    }

    pub(in crate::sync) async fn pair_contacts(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.contacts, "", CONTACTS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Contact.name()).copied().unwrap_or(0);
        let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
        self.load_standings(work, Kind::Contact, &ids).await?;
        self.look_at_moves(run, work, &rows).await?;
        let (lists, whole) = (run.lists, run.plan.pass == Pass::Full);
        let page = Page { lists, whole, ..self.load_page(work, &rows).await? };
        for (id, staged) in &rows {
            let target = self.target(work, &page, id, staged);
            self.pair_contact(run, work, &mut batch, &page, (id, staged), target).await?;
            self.tell_twin(run, work, &mut batch, &page, (id, staged)).await?;
        }
        Ok(Step { batch, done: false })
    }

    /// Contacts that move between customers: what a run without lists does not know of both.
    async fn look_at_moves(
        &self,
        run: &mut Run,
        work: &Work,
        rows: &[(String, StagedContact)],
    ) -> Result<()> {
        if run.plan.pass == Pass::Full {
            return Ok(());
        }
        let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
        let none = String::new();
        let businesses: Vec<&String> =
            rows.iter().map(|(_, staged)| staged.business.as_ref().unwrap_or(&none)).collect();
        let pairs = self.live_pairs(work, Kind::Contact, &ids).await?;
        let homes: Vec<Option<Home>> =
            self.keeper.get_all(&work.tables.homes, &of_kind(Kind::Business, &businesses)).await?;
        let by_business = self.settings.anchor == Anchor::BusinessIsCustomer;
        let comes_back = self.way_of(Kind::Contact).comes_back();
        let mut batch = self.keeper.batch();
        for (((_, staged), pair), home) in rows.iter().zip(pairs).zip(homes) {
            // A contact that comes to a customer of another source is made in that source.
            let foreign = home.filter(|home| home.foreign).and_then(|home| home.customer);
            let known = pair.as_ref().map(|pair| &pair.customer);
            if let Some(customer) = foreign.filter(|customer| Some(customer) != known) {
                self.look_up_customer(run, work, &customer, &mut batch).await?;
            }
            let Some(pair) = pair else { continue };
            // What changed here may have been changed there by a person.
            let asked = !run.only.is_empty();
            let moved =
                |fields: &Fields| comes_back && (asked || !of_linked(&pair, fields).to.is_empty());
            // A field that is new to a record of somebody else's may hold a value there.
            let fresh = pair.role == Role::Member
                && (moved(&staged.as_member)
                    || !pair.matched.is_ours()
                        && staged.as_member.iter().any(|(name, value)| {
                            !value.is_null() && !pair.base.contains_key(name)
                        }));
            if let (true, Some(uuid)) = (fresh, &pair.chartmogul) {
                self.look_up_contact(run, work, uuid, &mut batch).await?;
            }
            let primary = |name: &String| name.starts_with(PRIMARY_CONTACT);
            if pair.role == Role::Customer
                && !comes_back
                && pair.chartmogul.is_none()
                && of_linked(&pair, &staged.as_customer).to.keys().any(primary)
            {
                self.look_under(run, work, &pair.customer, &mut batch).await?;
            }
            // A guest may come to stand for itself, a customer of its own to belong to a business.
            let leaves = pair.role == Role::Customer
                && (by_business && staged.business.is_some() || moved(&staged.as_customer));
            if pair.role == Role::Guest || leaves {
                self.look_up_customer(run, work, &pair.customer, &mut batch).await?;
            }
        }
        self.keeper.commit(batch).await
    }

    /// Reads all that the decisions on a page of contacts need.
    async fn load_page(&self, work: &Work, rows: &[(String, StagedContact)]) -> Result<Page> {
        let mut page = Page::default();
        let ids: Vec<String> = rows.iter().map(|(id, _)| id.clone()).collect();
        let choices: Vec<Option<Choice>> = self.keeper.get_all(&CHOICES, &ids).await?;
        fill(&mut page.choices, &ids, choices);
        // Groups, and who else has a value: of the contacts themselves, then of their groups.
        let mut keys: Vec<String> = Vec::new();
        let mut businesses: Vec<String> = Vec::new();
        for (_, staged) in rows {
            if let Some(address) = &staged.email {
                keys.push(format!("email/{}", hash(address)));
            } else if !staged.name.is_empty() {
                keys.push(format!("name/{}", hash(&staged.name)));
            }
            businesses.extend(staged.business.clone());
        }
        tidy(&mut keys);
        let holders: Vec<Option<Vec<Candidate>>> = self.keeper.get_all(&HOLDERS, &keys).await?;
        fill(&mut page.holders, &keys, holders);
        let mut people = ids;
        let groups = page.holders.iter().filter(|(key, _)| key.starts_with("email/"));
        people.extend(
            groups
                .filter(|(_, group)| group.len() <= SHARED_FROM)
                .flat_map(|(_, group)| group.iter().map(|one| one.id.clone())),
        );
        tidy(&mut people);
        let staged: Vec<Option<StagedContact>> =
            self.keeper.get_all(&work.tables.contacts, &people).await?;
        fill(&mut page.staged, &people, staged);
        let mut keys: Vec<String> = Vec::new();
        let mut index: Vec<String> = Vec::new();
        for staged in page.staged.values() {
            index.extend(staged.email.iter().map(|address| format!("email/{address}")));
            for address in &staged.other_emails {
                keys.push(format!("any/{}", hash(address)));
                index.push(format!("email/{address}"));
            }
            for number in &staged.phones {
                keys.push(format!("any/{}", hash(number)));
                index.push(format!("phone/{number}"));
            }
        }
        tidy(&mut keys);
        let holders: Vec<Option<Vec<Candidate>>> = self.keeper.get_all(&HOLDERS, &keys).await?;
        fill(&mut page.holders, &keys, holders);
        let apart: Vec<Option<Apart>> =
            self.keeper.get_all(&APART, &of_kind(Kind::Contact, &people)).await?;
        for (id, apart) in people.iter().zip(apart) {
            if apart.is_some_and(|apart| sticks(apart.cause)) {
                page.apart.insert(id.clone(), ());
            }
        }
        for id in &people {
            index.push(format!("external/{id}"));
            index.push(format!("external/{}", self.external_id(Kind::Contact, id)));
        }
        tidy(&mut index);
        let found: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &index).await?;
        fill(&mut page.index, &index, found);
        // Whom the found records belong to.
        let mut contacts: Vec<String> = Vec::new();
        let mut customers: Vec<String> = Vec::new();
        let mut named: Vec<String> = people.clone();
        for candidate in page.index.values().flatten() {
            contacts.extend(candidate.contact.clone());
            customers.push(candidate.id.clone());
            named.extend(candidate.names.clone());
        }
        tidy(&mut contacts);
        let owners: Vec<Option<String>> =
            self.keeper.get_all(&OWNERS, &of_kind(Kind::Contact, &contacts)).await?;
        fill(&mut page.owners, &contacts, owners);
        named.extend(page.owners.values().cloned());
        tidy(&mut named);
        let known: Vec<Option<Known>> = self.keeper.get_all(&KNOWN, &named).await?;
        for (id, known) in named.iter().zip(known) {
            if known.is_some() {
                page.known.insert(id.clone(), ());
            }
        }
        let all: Vec<Option<Pair>> =
            self.keeper.get_all(&PAIRS, &of_kind(Kind::Contact, &named)).await?;
        for (id, pair) in named.iter().zip(all) {
            if pair.is_some_and(|pair| pair.gone.is_some()) {
                page.gone.insert(id.clone(), ());
            }
        }
        let pairs = self.live_pairs(work, Kind::Contact, &people).await?;
        fill(&mut page.pairs, &people, pairs);
        // Homes of businesses, and customers whose records decide.
        tidy(&mut businesses);
        if self.settings.anchor == Anchor::BusinessIsCustomer {
            let homes = self.homes_of(work, Kind::Business, &businesses).await?;
            fill(&mut page.businesses, &businesses, homes);
        }
        let own = page.pairs.values().filter(|pair| pair.role == Role::Customer);
        let mut under: Vec<String> = own.map(|pair| format!("under/{}", pair.customer)).collect();
        tidy(&mut under);
        let found: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &under).await?;
        contacts.extend(found.iter().flatten().flatten().filter_map(|one| one.contact.clone()));
        fill(&mut page.index, &under, found);
        customers.extend(page.pairs.values().map(|pair| pair.customer.clone()));
        customers.extend(page.businesses.values().filter_map(|home| home.customer.clone()));
        customers.extend(page.choices.values().map(|choice| choice.customer.clone()));
        tidy(&mut customers);
        let seen: Vec<Option<SeenCustomer>> =
            self.keeper.get_all(&work.tables.customers, &customers).await?;
        fill(&mut page.customers, &customers, seen);
        // Contacts of one name, for contacts without an e-mail address.
        let mut names: Vec<String> = Vec::new();
        for (_, staged) in rows.iter().filter(|(_, staged)| staged.email.is_none()) {
            for customer in &customers {
                names.push(format!("name/{customer}/{}", hash(&staged.name)));
            }
        }
        tidy(&mut names);
        let found: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &names).await?;
        let mut more: Vec<String> = Vec::new();
        for candidate in found.iter().flatten().flatten() {
            more.extend(candidate.contact.clone());
        }
        fill(&mut page.index, &names, found);
        tidy(&mut more);
        let owners: Vec<Option<String>> =
            self.keeper.get_all(&OWNERS, &of_kind(Kind::Contact, &more)).await?;
        fill(&mut page.owners, &more, owners);
        contacts.extend(more);
        contacts.extend(page.choices.values().filter_map(|choice| choice.contact.clone()));
        contacts.extend(page.pairs.values().filter_map(|pair| pair.chartmogul.clone()));
        tidy(&mut contacts);
        let seen: Vec<Option<SeenContact>> =
            self.keeper.get_all(&work.tables.customer_contacts, &contacts).await?;
        fill(&mut page.contacts, &contacts, seen);
        Ok(page)
    }

    async fn candidates(&self, work: &Work, key: &str) -> Result<Vec<Candidate>> {
        Ok(self.keeper.get(&work.tables.index, key).await?.unwrap_or_default())
    }

    fn preferred<'c>(
        &self,
        work: &Work,
        customers: impl Iterator<Item = (&'c String, Option<SeenCustomer>)>,
    ) -> Vec<String> {
        let Some(source) = work.ready.schema.borrow().preferred.clone() else { return Vec::new() };
        customers
            .filter(|(_, seen)| seen.as_ref().is_some_and(|seen| seen.sources.contains(&source)))
            .map(|(uuid, _)| uuid.clone())
            .collect()
    }

    /// The question of a contact: its group, and the records that may be theirs.
    fn question(&self, work: &Work, page: &Page, id: &str, staged: &StagedContact) -> Question {
        let by_business = self.settings.anchor == Anchor::BusinessIsCustomer;
        let group_key = staged.email.as_ref().map(|address| format!("email/{}", hash(address)));
        let holders = group_key.and_then(|key| page.holders.get(&key));
        let shared = holders.is_some_and(|group| group.len() > SHARED_FROM);
        let mut members: Vec<(i64, String)> = holders
            .into_iter()
            .flatten()
            .filter(|_| !shared)
            .filter(|one| !page.gone.contains_key(&one.id) && page.known.contains_key(&one.id))
            .filter(|one| {
                let business = page.staged.get(&one.id).map_or_else(
                    || page.pairs.get(&one.id).and_then(|pair| pair.parent.clone()),
                    |staged| staged.business.clone(),
                );
                !by_business || business == staged.business
            })
            .map(|one| (one.added, one.id.clone()))
            .collect();
        if !members.iter().any(|(_, member)| member == id) {
            members.push((staged.added, id.to_owned()));
        }
        sort_by(&mut members, Ord::cmp);
        let ids: Vec<&str> = members.iter().map(|(_, id)| id.as_str()).collect();
        let found = |key: &str| -> Vec<Candidate> {
            let all = page.index.get(key).into_iter().flatten();
            all.filter(|one| !belongs_elsewhere(page, &ids, one)).cloned().collect()
        };
        let email = match &staged.email {
            Some(address) if !shared => found(&format!("email/{address}")),
            _ => Vec::new(),
        };
        let mut weak = Vec::new();
        let mut note_weak = |value: &str, key: String| {
            let holders = page.holders.get(&format!("any/{}", hash(value)));
            let here = holders.into_iter().flatten().all(|one| ids.contains(&one.id.as_str()));
            // Whoever else it belongs to there shares it, if GHL knows of it or not.
            let mut there = page.index.get(&key).into_iter().flatten();
            let unique = here && !there.any(|one| belongs_elsewhere(page, &ids, one));
            weak.push(Weak { unique, found: found(&key) });
        };
        let of_group = members.iter().filter_map(|(_, member)| page.staged.get(member));
        for staged in of_group {
            for address in &staged.other_emails {
                note_weak(address, format!("email/{address}"));
            }
            for number in &staged.phones {
                note_weak(number, format!("phone/{number}"));
            }
        }
        let group = members
            .iter()
            .map(|(_, member)| {
                let own = format!("external/{}", self.external_id(Kind::Contact, member));
                let mut external: Vec<Candidate> = Vec::new();
                for key in [own, format!("external/{member}")] {
                    external.extend(page.index.get(&key).into_iter().flatten().cloned());
                }
                Person {
                    id: member.clone(),
                    pair: page.pairs.get(member).filter(|pair| pair.gone.is_none()).cloned(),
                    external,
                    chosen: page.choices.get(member).map(|choice| choice.customer.clone()),
                }
            })
            .collect();
        let customers = email.iter().map(|one| (&one.id, page.customers.get(&one.id).cloned()));
        let preferred = self.preferred(work, customers);
        Question { id: id.to_owned(), group, email, weak, preferred }
    }

    /// What a contact is in ChartMogul.
    fn target(&self, work: &Work, page: &Page, id: &str, staged: &StagedContact) -> Target {
        let title = &staged.title;
        let row = of(Kind::Contact, id);
        let pair = page.pairs.get(id);
        let apart = work.standings.apart(&row);
        if let Some(apart) = apart.filter(|apart| sticks(apart.cause)) {
            let content = content_of(staged);
            if apart.cause != Reason::Accepted || apart.content == content {
                let home = match pair {
                    Some(pair) if apart.cause != Reason::CustomerDeleted => Home::of(pair),
                    _ => Home::apart(),
                };
                let change = told_of(Kind::Contact, id, title, apart.cause);
                return Target::Told(Box::new(Change { shows: content, ..change }), home);
            }
        }
        let chosen = page.choices.get(id);
        if let Some(Choice { customer, contact: Some(contact) }) = chosen {
            let home = Home { role: Role::Member, ..Home::default() };
            let home = Home { customer: Some(customer.clone()), ..home };
            return Target::Member { home, contact: Some((contact.clone(), Matched::Choice)) };
        }
        let mut question = self.question(work, page, id, staged);
        let by_business = self.settings.anchor == Anchor::BusinessIsCustomer;
        if by_business && chosen.is_none() {
            match &staged.business {
                Some(business) => return self.of_business(page, &question, staged, business),
                None if self.settings.without_business == WithoutBusiness::Skip => {
                    return Target::apart(told_of(Kind::Contact, id, title, Reason::NoBusiness));
                }
                None => {}
            }
        }
        let makes = self.settings.anchor != Anchor::AttachOnly;
        if makes {
            // A phone that an office shares makes nobody a contact of its customer.
            question.weak.clear();
            if self.settings.on_existing == OnExisting::Create
                || mutants::is_on(Mutant::TwinsOfBilling)
            {
                question.email.clear();
            }
            let merged =
                |customer: &String| page.customers.get(customer).is_some_and(|seen| !seen.ours);
            let own = |one: &&Candidate| one.contact.is_none() && !merged(&one.id);
            let external = question.me().and_then(|me| me.external.iter().find(own));
            // One that lost its business becomes a customer of its own, and takes its contact along;
            // unless another run has made it that.
            if let Some(pair) = pair
                .filter(|pair| pair.role == Role::Member && pair.parent.is_some() && by_business)
            {
                let existing = external.map(|one| one.id.clone());
                let seen = pair.chartmogul.as_ref().and_then(|uuid| page.contacts.get(uuid));
                let there =
                    existing.is_some() && seen.map(|seen| &seen.customer) == existing.as_ref();
                let moves = pair.chartmogul.clone().filter(|_| !there);
                return Target::Customer { existing, moves };
            }
            // A customer of its own that was merged with another source's is that source's now: the
            // contact is one of its contacts.
            if let Some(pair) =
                pair.filter(|pair| pair.role == Role::Customer && merged(&pair.customer))
            {
                let home = Home::under(pair.customer.clone(), Matched::Link);
                let contact =
                    self.primary_contact(page, id, pair).map(|uuid| (uuid, Matched::Link));
                return Target::Member { home, contact };
            }
            match (pair, external) {
                (Some(pair), _) if pair.role == Role::Customer => {
                    let existing = Some(pair.customer.clone());
                    return Target::Customer { existing, moves: None };
                }
                (None, Some(external)) if chosen.is_none() => {
                    return Target::Customer { existing: Some(external.id.clone()), moves: None };
                }
                _ => {}
            }
        }
        match pairing::customer(&question) {
            Customer::One(customer, matched) => {
                let home = Home::under(customer.clone(), matched);
                self.under(page, &question, staged, home, &customer)
            }
            Customer::Several(customers, by) => {
                Target::apart(conflict(Kind::Contact, id, title, &customers, by))
            }
            Customer::Nobody if makes => {
                let holder = question.group.first().map(|person| person.id.clone());
                match holder.filter(|holder| holder != id && !mutants::is_on(Mutant::OrderDecides))
                {
                    Some(holder) if page.apart.contains_key(&holder) => {
                        let mut change = told_of(Kind::Contact, id, title, Reason::Duplicate);
                        change.reason = format!("{}; it is apart", duplicate_of(&holder));
                        Target::apart(change)
                    }
                    Some(holder) => Target::Guest {
                        reason: duplicate_of(&holder),
                        home: Home {
                            maker: Some(holder),
                            maker_kind: Kind::Contact,
                            role: Role::Guest,
                            ..Home::default()
                        },
                    },
                    None => Target::Customer { existing: None, moves: None },
                }
            }
            Customer::Nobody => {
                let mut change = told_of(Kind::Contact, id, title, Reason::NoCounterpart);
                if !page.lists {
                    change.reason.push_str("; phones are compared in the next full pass");
                }
                Target::Told(Box::new(change), Home::default())
            }
        }
    }

    /// A contact under its business's customer.
    fn of_business(
        &self,
        page: &Page,
        question: &Question,
        staged: &StagedContact,
        business: &str,
    ) -> Target {
        // The primary contact of a customer of its own goes along to the business.
        let primary = page.pairs.get(&question.id).filter(|pair| pair.role == Role::Customer);
        let primary = primary.and_then(|pair| self.primary_contact(page, &question.id, pair));
        let Some(home) = page.businesses.get(business) else {
            // GHL did not list it yet, or it is gone.
            let home = Home {
                maker: Some(business.to_owned()),
                maker_kind: Kind::Business,
                role: Role::Member,
                matched: Matched::Business,
                ..Home::default()
            };
            return Target::Member { home, contact: None };
        };
        if home.apart {
            let mut change =
                told_of(Kind::Contact, &question.id, &staged.title, Reason::ParentApart);
            change.reason = "its business is not in ChartMogul".to_owned();
            return Target::apart(change);
        }
        let home = Home { role: Role::Member, matched: Matched::Business, ..home.clone() };
        if let Some(uuid) = primary {
            return Target::Member { home, contact: Some((uuid, Matched::Link)) };
        }
        // Its own record may still be at another customer.
        if let Some(own) = question.own_contact() {
            return Target::Member { home, contact: Some(own) };
        }
        match home.customer.clone() {
            Some(customer) => self.under(page, question, staged, home, &customer),
            // A customer that is made has no contacts.
            None => Target::standin(home, pairing::contact(question, "", &[])),
        }
    }

    /// A contact under a known customer: its own record there, another's, or a new one.
    fn under(
        &self,
        page: &Page,
        question: &Question,
        staged: &StagedContact,
        home: Home,
        customer: &str,
    ) -> Target {
        let ids: Vec<&str> = question.group.iter().map(|person| person.id.as_str()).collect();
        let names = page.holders.get(&format!("name/{}", hash(&staged.name)));
        let alone = staged.email.is_none()
            && !staged.name.is_empty()
            && names.is_none_or(|all| all.len() <= 1);
        let key = format!("name/{customer}/{}", hash(&staged.name));
        let under: Vec<Candidate> = page
            .index
            .get(&key)
            .into_iter()
            .flatten()
            .filter(|one| alone && !belongs_elsewhere(page, &ids, one))
            .cloned()
            .collect();
        Target::standin(home, pairing::contact(question, customer, &under))
    }

    /// Writes what a contact is into the plan, and where what belongs to it goes.
    async fn pair_contact(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        page: &Page,
        (id, staged): (&String, &StagedContact),
        target: Target,
    ) -> Result<()> {
        let pair = page.pairs.get(id);
        let choice = page.choices.contains_key(id);
        let mut change =
            Change::new(Action::Create, Kind::Contact, id, staged.title.clone(), "new in GHL");
        change.problems.clone_from(&staged.problems);
        change.shows = content_of(staged);
        let way = self.way_of(Kind::Contact);
        // What ChartMogul shows of a linked contact whose fields come back.
        let mut there: Option<SeenChild> = None;
        let mut filled: Option<Filled> = None;
        // The pair of one that was its customer's primary contact.
        let mut renamed: Option<Pair> = None;
        let target = match target {
            // Nothing is made there.
            Target::Member { home, contact: None }
                if !way.goes_out() && pair.is_none_or(|pair| pair.role != Role::Member) =>
            {
                let reason = "contacts go to GHL only: its notes and tasks go to its customer";
                let home = Home { role: Role::Guest, ..home };
                Target::Guest { home, reason: reason.to_owned() }
            }
            target => target,
        };
        let (home, mut difference) = match target {
            Target::Told(mut told, home) => {
                told.shows = content_of(staged);
                self.place(work, batch, page, (id, staged), &home)?;
                return self.tell(run, work, batch, &told).await;
            }
            Target::Guest { home, reason } => {
                change.role = Role::Guest;
                let same = |pair: &&Pair| {
                    pair.role == Role::Guest && Some(&pair.customer) == home.customer.as_ref()
                };
                let unchanged = pair.filter(same).is_some();
                self.place(work, batch, page, (id, staged), &home)?;
                if unchanged {
                    self.note_problems(run, work, batch, &change)?;
                    self.unchanged(run, work, batch, Kind::Contact, id);
                    return Ok(());
                }
                change.action = Action::Link;
                change.reason = reason;
                change.matched = Some(Matched::Email);
                at_home(&mut change, &home);
                return self.tell_change(run, work, batch, change).await;
            }
            Target::Member { home, contact } => {
                change.role = Role::Member;
                change.parent =
                    staged.business.clone().filter(|_| home.matched == Matched::Business);
                at_home(&mut change, &home);
                let customer = home.customer.as_ref().and_then(|uuid| page.customers.get(uuid));
                let shown = customer.and_then(|seen| seen.sources.first().cloned());
                change.data_source = shown.or_else(|| home.source.clone());
                let live = pair.filter(|pair| {
                    pair.role == Role::Member && !choice && pair.chartmogul.is_some()
                });
                if let Some(pair) = live {
                    let mut difference = of_linked(pair, &staged.as_member);
                    // A field that was never agreed on may hold a person's value there.
                    let seen = pair.chartmogul.as_ref().and_then(|uuid| page.contacts.get(uuid));
                    there = seen.map(|seen| SeenChild::of(&seen.customer, seen.fields.clone()));
                    if let Some(seen) = seen.filter(|_| !pair.matched.is_ours()) {
                        difference.keep_foreign(&kinds::MEMBER, pair, &seen.fields, self.settings);
                    }
                    change.uuid.clone_from(&pair.chartmogul);
                    change.matched = Some(pair.matched);
                    let moved =
                        home.maker.is_some() || home.customer.as_ref() != Some(&pair.customer);
                    let external = self.external_of(&home, customer, staged.business.as_deref());
                    let moved = moved && external.is_some() && !mutants::is_on(Mutant::ParentsStay);
                    change.action = if moved { Action::Move } else { Action::Update };
                    change.reason =
                        if moved { "its customer has changed" } else { "changed in GHL" }
                            .to_owned();
                    if moved {
                        change.external = external;
                        change.leaves = Some(pair.customer.clone());
                    } else {
                        change.customer = Some(pair.customer.clone());
                    }
                    (home, difference)
                } else if let Some((uuid, matched)) = contact {
                    let seen = page.contacts.get(&uuid).cloned().unwrap_or_default();
                    let row = &kinds::MEMBER;
                    // What was agreed while it was its customer's primary contact still is.
                    let agreed = pair
                        .filter(|pair| pair.role == Role::Customer && matched == Matched::Link)
                        .map(Pair::of_primary_contact);
                    let difference = match &agreed {
                        Some(pair) => of_linked(pair, &staged.as_member).beyond(
                            row,
                            &seen.fields,
                            self.settings,
                        ),
                        None => of_first_link(
                            row,
                            &staged.as_member,
                            &seen.fields,
                            matched.is_ours(),
                            self.settings,
                        ),
                    };
                    change.action = Action::Link;
                    change.reason = matched.reason().to_owned();
                    change.matched = Some(matched);
                    change.uuid = Some(uuid);
                    match pair.filter(|_| agreed.is_some()) {
                        // What both showed when they were in step tells who has changed what since.
                        Some(_) => there = Some(SeenChild::of(&seen.customer, seen.fields.clone())),
                        None => {
                            let (here, there) = (&staged.as_member, seen.fields.clone());
                            filled = Some(Filled::of(Role::Member, here, there));
                        }
                    }
                    renamed = agreed.clone();
                    let elsewhere =
                        !seen.customer.is_empty() && home.customer.as_ref() != Some(&seen.customer);
                    if elsewhere {
                        change.external =
                            self.external_of(&home, customer, staged.business.as_deref());
                        change.leaves = Some(seen.customer);
                    }
                    (home, difference)
                } else {
                    change.reason = home.matched.reason().to_owned();
                    change.matched = Some(Matched::Created);
                    (home, created(&staged.as_member))
                }
            }
            Target::Customer { existing, moves } => {
                change.role = Role::Customer;
                let mut home =
                    Home { customer: existing.clone(), role: Role::Customer, ..Home::default() };
                match (existing, pair.filter(|pair| pair.role == Role::Customer)) {
                    (Some(_), Some(pair)) => {
                        let under = page.index.get(&format!("under/{}", pair.customer));
                        let several = under.is_some_and(|under| under.len() > 1);
                        let known = match several || way.comes_back() {
                            true => self.primary_contact(page, id, pair),
                            false => pair.chartmogul.clone(),
                        };
                        if known != pair.chartmogul {
                            let known = Pair { chartmogul: known.clone(), ..pair.clone() };
                            batch.put(&PAIRS, &of(Kind::Contact, id), &known)?;
                        }
                        change.action = Action::Update;
                        change.reason = "changed in GHL".to_owned();
                        change.uuid = known;
                        change.matched = Some(pair.matched);
                        change.customer = Some(pair.customer.clone());
                        there = page.customers.get(&pair.customer).map(|seen| {
                            let person =
                                change.uuid.as_ref().and_then(|uuid| page.contacts.get(uuid));
                            let fields = with_person(&seen.fields, person);
                            SeenChild::of(&pair.customer, fields)
                        });
                        (home, of_linked(pair, &staged.as_customer))
                    }
                    (Some(uuid), None) => {
                        let seen = page.customers.get(&uuid).cloned().unwrap_or_default();
                        change.action = Action::Link;
                        change.reason = Matched::ExternalId.reason().to_owned();
                        change.matched = Some(Matched::ExternalId);
                        change.data_source = seen.sources.first().cloned();
                        change.customer = Some(uuid);
                        change.uuid = moves;
                        change.external =
                            change.uuid.is_some().then(|| self.external_id(Kind::Contact, id));
                        let (role, there) = (Role::Customer, seen.fields.clone());
                        filled = Some(Filled::of(role, &staged.as_customer, there));
                        let difference = of_first_link(
                            &kinds::CUSTOMER,
                            &staged.as_customer,
                            &seen.fields,
                            true,
                            self.settings,
                        );
                        (home, difference)
                    }
                    (None, _) => {
                        home.maker = Some(id.clone());
                        home.maker_kind = Kind::Contact;
                        change.matched = Some(Matched::Created);
                        change.at_create.clone_from(&staged.at_create);
                        change.uuid = moves;
                        change.external =
                            change.uuid.is_some().then(|| self.external_id(Kind::Contact, id));
                        change.leaves = pair.map(|pair| pair.customer.clone());
                        change.tags.add.clone_from(&staged.tags);
                        change.tags.own.clone_from(&staged.tags);
                        let mut fields = staged.as_customer.clone();
                        fields.extend(staged.attributes.clone());
                        let mut difference = created(&fields);
                        // The contact that goes along keeps what a person wrote there.
                        if let Some(pair) = pair.filter(|_| change.uuid.is_some()) {
                            let agreed = pair.as_primary_contact();
                            let moved = of_linked(&agreed, &staged.as_customer).to;
                            let stands = |name: &str| {
                                name.starts_with(PRIMARY_CONTACT) && !moved.contains_key(name)
                            };
                            difference.from =
                                select(&kinds::marks(&difference.to), &|name, _| stands(name));
                            difference.kept = agreed.kept;
                        }
                        (home, difference)
                    }
                }
            }
        };
        self.place(work, batch, page, (id, staged), &home)?;
        // Whom this plan links is not new in ChartMogul.
        if let Some(uuid) = change.uuid.as_ref().filter(|_| self.settings.create_in_ghl.is_some()) {
            batch.put(&work.tables.taken, uuid, &true)?;
        }
        let before = renamed.as_ref().or(pair);
        if let (Some(there), Some(pair), true) = (there, before, way.comes_back()) {
            let role = change.role;
            let pair = Pair { chartmogul: change.uuid.clone(), role, ..pair.clone() };
            let of_customer = pair.role == Role::Customer;
            let fields = if of_customer { &staged.as_customer } else { &staged.as_member };
            let here = ChildOf {
                id: id.clone(),
                contact: id.clone(),
                title: staged.title.clone(),
                fields: fields.clone(),
                rewritable: true,
                ..ChildOf::default()
            };
            return self
                .merge_linked(run, work, batch, Kind::Contact, &here, &pair, &there, change)
                .await;
        }
        if let Some(filled) = filled.filter(|_| way.comes_back()) {
            self.fill_ghl(work, &mut change, &mut difference, &filled);
        }
        if !way.goes_out() {
            difference.to = Fields::new();
        }
        // Whether a primary contact is merged or replaced is on no record: it is sent whole.
        let primary = |name: &str| name.starts_with(PRIMARY_CONTACT);
        if difference.to.keys().any(|name| primary(name)) {
            let whole = select(&staged.as_customer, &|name, _| primary(name));
            difference.to = kinds::merged(&whole, &difference.to);
        }
        self.tell_linked(run, work, batch, change, difference).await
    }

    /// At a first link a value that GHL does not have comes from ChartMogul.
    fn fill_ghl(
        &self,
        work: &Work,
        change: &mut Change,
        difference: &mut Difference,
        filled: &Filled,
    ) {
        let owner_of =
            |name: &str| self.settings.owner_of(&format!("contact.{}", contact::name_of(name)));
        let of_customer = filled.role == Role::Customer;
        change.there = kinds::marks(&filled.there);
        change.back = select(&filled.there, &|name, value| {
            let owner = owner_of(name);
            let blank = kinds::is_empty(filled.here.get(name));
            // Where its owner is ChartMogul, its value replaces GHL's if settings say so of first links.
            let replaces = self.settings.on_link == OnLink::Overwrite
                || change.matched.is_some_and(Matched::is_ours);
            let theirs =
                matches!(owner, Owner::AlwaysChartmogul | Owner::PreferChartmogulUnlessBlank)
                    && replaces
                    && filled
                        .here
                        .get(name)
                        .is_some_and(|here| !kinds::same_value(name, here, value, self.settings));
            !kinds::is_empty(Some(value))
                && (blank && owner != Owner::AlwaysGhl || theirs)
                && owner != Owner::DontSync
                && contact::is_writable(
                    name,
                    of_customer,
                    &change.problems,
                    &work.ready.rules,
                    self.settings,
                )
        });
        let back = &change.back;
        difference.to = select(&difference.to, &|name, _| {
            let there = kinds::is_empty(filled.there.get(name));
            !back.contains_key(name)
                && match owner_of(name) {
                    Owner::DontSync => false,
                    Owner::AlwaysChartmogul | Owner::PreferChartmogulUnlessBlank => there,
                    _ => true,
                }
        });
        difference.kept.retain(|name| !back.contains_key(name));
        change.problems.extend(self.without_unknown_users(work, &mut change.back));
    }

    /// Lists a customer that was made for a contact, and that another source has by now, as when a lead
    /// becomes a paying customer. Merges the two where the settings ask for it and there is no doubt.
    async fn tell_twin(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        page: &Page,
        (id, staged): (&String, &StagedContact),
    ) -> Result<()> {
        let Some(pair) = page.pairs.get(id).filter(|pair| pair.role == Role::Customer) else {
            return Ok(());
        };
        let ours = page.customers.get(&pair.customer).is_some_and(|seen| seen.ours);
        let Some(address) = staged.email.as_ref().filter(|_| ours && page.lists) else {
            return Ok(());
        };
        let holders = page.holders.get(&format!("email/{}", hash(address)));
        if holders.is_some_and(|holders| holders.len() > SHARED_FROM) {
            return Ok(());
        }
        let found = page.index.get(&format!("email/{address}"));
        let mut twins = of_other_sources(found.map_or(&[], Vec::as_slice));
        twins.retain(|twin| *twin != pair.customer);
        let row = of(Kind::Customer, &pair.customer);
        let known: Option<Apart> = self.keeper.get(&APART, &row).await?;
        let known = known.filter(|known| known.cause == Reason::Twin);
        if twins.is_empty() {
            if known.is_some() {
                batch.delete(&APART, &row);
            }
            return Ok(());
        }
        let customers = twins.iter().map(|twin| (twin, page.customers.get(twin).cloned()));
        let preferred = self.preferred(work, customers);
        let one = match (twins.as_slice(), preferred.as_slice()) {
            ([one], _) | (_, [one]) => Some(one.clone()),
            _ => None,
        };
        let mut change = told_of(Kind::Customer, &pair.customer, &staged.title, Reason::Twin);
        change.parent = Some(id.clone());
        change.customer = Some(pair.customer.clone());
        change.reason = format!("{}: {}", Reason::Twin.sentence(), twins.join(", "));
        change.candidates = twins;
        let merges =
            self.settings.twins == Twins::Merge || mutants::is_on(Mutant::TwinsMergedUnasked);
        let Some(one) = one.filter(|_| merges) else {
            return self.tell(run, work, batch, &change).await;
        };
        change.action = Action::Merge;
        change.cause = None;
        change.code = None;
        change.reason = format!("{one} of another source has the same e-mail address");
        change.customer = Some(one);
        change.replaces = 1;
        self.tell_change(run, work, batch, change).await
    }

    /// Which contact of a customer of ours is its own, where others have come to it: by a merge, or by
    /// a person's hand.
    fn primary_contact(&self, page: &Page, id: &str, pair: &Pair) -> Option<String> {
        let under = page.index.get(&format!("under/{}", pair.customer));
        let Some(under) = under.filter(|_| pair.chartmogul.is_none()) else {
            return pair.chartmogul.clone();
        };
        let under: Vec<(&Candidate, &SeenContact)> = under
            .iter()
            .filter_map(|one| Some((one, page.contacts.get(one.contact.as_ref()?)?)))
            .collect();
        pairing::primary(id, pair, &under)
    }

    /// Where what belongs to a contact goes, and what it brings to its customer.
    fn place(
        &self,
        work: &Work,
        batch: &mut Batch,
        page: &Page,
        (id, staged): (&String, &StagedContact),
        home: &Home,
    ) -> Result<()> {
        batch.put(&work.tables.homes, &of(Kind::Contact, id), home)?;
        let pair = page.pairs.get(id);
        let came = home.is_settled()
            && (home.customer.is_none()
                || pair.map(|pair| &pair.customer) != home.customer.as_ref());
        if home.is_settled() && (staged.at_once || came) {
            batch.put(&work.tables.wanted, id, &staged.updated)?;
        }
        // A full pass lists all tasks anyway.
        if !page.whole && (came || staged.again) {
            batch.put(&work.tables.tasks_of, id, &true)?;
        }
        if !work.ready.keeps_members(self.settings) {
            return Ok(());
        }
        let member = Member {
            tags: staged.tags.clone(),
            attributes: staged.attributes.clone(),
            added: staged.added,
            email: staged.email.clone(),
            own: home.role == Role::Customer,
            title: staged.title.clone(),
            ..Member::default()
        };
        let customer = match (&home.customer, &home.maker) {
            (Some(customer), _) => customer.clone(),
            (None, Some(maker)) => format!("new:{}:{maker}", home.maker_kind.name()),
            (None, None) => return Ok(()),
        };
        batch.put(&work.tables.members, &format!("{customer}/{id}"), &member)?;
        if let Some(pair) = pair.filter(|pair| pair.customer != customer) {
            batch.put(&work.tables.left, &format!("{}/{id}", pair.customer), &true)?;
        }
        Ok(())
    }

    /// The external id of the customer that a contact moves to.
    fn external_of(
        &self,
        home: &Home,
        customer: Option<&SeenCustomer>,
        business: Option<&str>,
    ) -> Option<String> {
        match (&home.maker, customer) {
            (Some(maker), _) => Some(self.external_id(home.maker_kind, maker)),
            (None, Some(seen)) => seen.external.clone(),
            // A customer of ours carries the id of its business.
            (None, None) if !home.foreign => {
                business.map(|business| self.external_id(Kind::Business, business))
            }
            (None, None) => None,
        }
    }

    pub(in crate::sync) async fn compare_notes(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.notes, "", CHILDREN_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Note.name()).copied().unwrap_or(0);
        let mut children = Vec::with_capacity(rows.len());
        for (id, note) in rows {
            // What was compared is in the plan where it is needed: its text is not kept twice.
            batch.delete(&work.tables.notes, &id);
            let whole = note.fields.get("text").and_then(Value::as_str).unwrap_or_default();
            children.push(ChildOf {
                title: text::beginning(whole, 60),
                content: kinds::note::content(whole),
                unchanged: note.unchanged,
                twice: note.twice && mutants::is_on(Mutant::OneIdTwice),
                contact: note.contact,
                fields: note.fields,
                at_create: note.at_create,
                problems: note.problems,
                origin: note.origin,
                rewritable: note.rewritable,
                rewrites: false,
                id,
            });
        }
        self.compare_children(run, work, &mut batch, Kind::Note, children).await?;
        Ok(Step { batch, done: false })
    }

    pub(in crate::sync) async fn compare_tasks(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let rows = self.next_rows(run, &work.tables.tasks, "", CHILDREN_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Task.name()).copied().unwrap_or(0);
        let (mut children, mut overflows) = (Vec::new(), Vec::new());
        let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
        self.load_standings(work, Kind::Task, &ids).await?;
        let pairs = self.live_pairs(work, Kind::Task, &ids).await?;
        for ((id, mut task), pair) in rows.into_iter().zip(pairs) {
            batch.delete(&work.tables.tasks, &id);
            // One that came from ChartMogul is there, though its assignee may be nobody in GHL.
            let brought = pair.is_some_and(|pair| pair.matched == Matched::Brought);
            if brought || task.origin.is_some() {
                task.refusal = None;
            }
            if let Some(whole) = task.overflow {
                overflows.push(ChildOf {
                    id: overflow_note(&id),
                    contact: task.contact.clone(),
                    title: task.title.clone(),
                    content: kinds::note::content(&whole),
                    fields: only("text", Value::String(whole)),
                    ..ChildOf::default()
                });
            }
            match task.refusal {
                Some(reason) => {
                    self.refuse_task(
                        run,
                        work,
                        &mut batch,
                        &id,
                        &task.contact,
                        &task.title,
                        reason,
                    )
                    .await?;
                }
                None => children.push(ChildOf {
                    content: kinds::task::content(&task.fields),
                    id,
                    contact: task.contact,
                    title: task.title,
                    fields: task.fields,
                    at_create: task.at_create,
                    problems: task.problems,
                    origin: task.origin,
                    rewritable: task.rewritable,
                    ..ChildOf::default()
                }),
            }
        }
        self.compare_children(run, work, &mut batch, Kind::Task, children).await?;
        self.compare_children(run, work, &mut batch, Kind::Note, overflows).await?;
        Ok(Step { batch, done: false })
    }

    #[allow(clippy::too_many_arguments, reason = "one task, and why it cannot be stored")]
    async fn refuse_task(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        id: &str,
        contact: &str,
        title: &str,
        reason: String,
    ) -> Result<()> {
        let row = of(Kind::Task, id);
        let accepted = work
            .standings
            .apart(&row)
            .is_some_and(|apart| apart.cause == Reason::Accepted && apart.content == hash(&reason));
        if accepted {
            let change = told_of(Kind::Task, id, title, Reason::Accepted);
            return self.tell(run, work, batch, &change).await;
        }
        let mut change =
            Change::new(Action::Error, Kind::Task, id, title.to_owned(), reason.clone())
                .because(Reason::Unmappable, Code::Unmappable);
        change.parent = Some(contact.to_owned());
        self.tell(run, work, batch, &change).await?;
        run.rejected += 1;
        let error = crate::error::Error::new(Code::Unmappable, reason.clone())
            .hint("Set sync.users.defaultAssignee, or map the user in sync.users.map.");
        let mut letter = self.letter(Kind::Task, id, Some(contact), &error);
        letter.content = hash(&reason);
        letter.shows.clone_from(&letter.content);
        // It is looked at in each run anyway.
        letter.group = String::new();
        if work.standings.letter(&row).is_none_or(|known| known.content != letter.content) {
            self.set_aside(batch, &row, letter)?;
        }
        Ok(())
    }

    /// Compares notes or tasks with their pairs, or with what is already in ChartMogul.
    async fn compare_children(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        mut children: Vec<ChildOf>,
    ) -> Result<()> {
        let ids: Vec<String> = children.iter().map(|child| child.id.clone()).collect();
        self.load_standings(work, kind, &ids).await?;
        let pairs = self.live_pairs(work, kind, &ids).await?;
        self.doubt_late(run, work, kind, &mut children, &pairs).await?;
        let markers: Vec<String> =
            ids.iter().map(|id| format!("marker/{}", of(kind, id))).collect();
        let markers: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &markers).await?;
        let contacts: Vec<&String> = children.iter().map(|child| &child.contact).collect();
        let homes = self.homes_of(work, Kind::Contact, &contacts).await?;
        let there = self.seen_there(run, work, kind, &children, &pairs, batch).await?;
        for ((((child, mut pair), marked), home), there) in
            children.into_iter().zip(pairs).zip(markers).zip(homes).zip(there)
        {
            let names = pair.is_none() && marked.is_none() && child.origin.is_some();
            if names && self.adopt_child(run, work, batch, kind, &child, home.as_ref()).await? {
                continue;
            }
            let home_customer = home.as_ref().and_then(|home| home.customer.clone());
            let moves =
                pair.as_ref().is_some_and(|pair| Some(&pair.customer) != home_customer.as_ref());
            let mut found = match (&pair, marked) {
                (_, Some(marked)) if pair.is_none() || moves => {
                    self.marked(work, kind, &child.id, marked, home.as_ref()).await?
                }
                _ => None,
            };
            // What moves may be there by a run that this state does not remember.
            if let (Some(known), Some(home), true) = (&pair, &home, moves) {
                if found.is_none() && !known.marked {
                    let alike = self.same_content(work, kind, &child, home).await?;
                    found = alike.map(|(uuid, seen)| MarkedChild { uuid, seen, broken_off: false });
                }
                let moved = found.as_ref().is_some_and(|copy| {
                    !copy.broken_off
                        && Some(&copy.uuid) != known.chartmogul.as_ref()
                        && Some(&copy.seen.customer) == home_customer.as_ref()
                });
                let former = known.chartmogul.as_deref().unwrap_or_default();
                if moved && !self.child_is_there(run, work, kind, former, batch).await? {
                    pair = None;
                }
            }
            self.compare_child(run, work, batch, kind, child, pair, found, home, there).await?;
        }
        Ok(())
    }

    /// Of the records that carry a marker the one at the right customer, else the smallest uuid. One that
    /// was begun is found again when it is carried out: another goes before it.
    async fn marked(
        &self,
        work: &Work,
        kind: Kind,
        id: &str,
        marked: Vec<Candidate>,
        home: Option<&Home>,
    ) -> Result<Option<MarkedChild>> {
        let customer = home.and_then(|home| home.customer.clone());
        let begun: Option<Intent> = self.keeper.get(&INTENTS, &of(kind, id)).await?;
        let begun = begun.and_then(|intent| intent.customer);
        let mut free: Vec<(bool, bool, String)> = Vec::new();
        for one in marked {
            let Some(uuid) = one.contact else { continue };
            let owner: Option<String> = self.keeper.get(&OWNERS, &of(kind, &uuid)).await?;
            if owner.is_none_or(|owner| owner == id) {
                let away = Some(&one.id) != customer.as_ref();
                free.push((away, begun.as_ref() == Some(&one.id), uuid));
            }
        }
        sort_by(&mut free, Ord::cmp);
        let Some(first) = free.first() else { return Ok(None) };
        // A move that was broken off has left one at either place: it is brought to its end.
        let elsewhere = free.iter().find(|(away, ..)| *away);
        let broken_off = !first.0 && elsewhere.is_some();
        let uuid = elsewhere.unwrap_or(first).2.clone();
        let seen: Option<SeenChild> =
            self.keeper.get(&work.tables.children, &of(kind, &uuid)).await?;
        Ok(seen.map(|seen| MarkedChild { uuid, seen, broken_off }))
    }

    #[allow(clippy::too_many_arguments, reason = "one record, and all that was found for it")]
    async fn compare_child(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        child: ChildOf,
        pair: Option<Pair>,
        marked: Option<MarkedChild>,
        home: Option<Home>,
        there: Option<SeenChild>,
    ) -> Result<()> {
        let id = child.id.as_str();
        let row = of(kind, id);
        if let Some(apart) = work.standings.apart(&row).filter(|apart| sticks(apart.cause))
            && (apart.cause != Reason::Accepted || apart.content == content_of_child(&child))
            && pair.is_none()
        {
            let mut change = told_of(kind, id, &child.title, apart.cause);
            change.parent = Some(child.contact);
            return self.tell(run, work, batch, &change).await;
        }
        let Some(home) = home.filter(Home::is_settled) else {
            if child.unchanged {
                Plan::add(&mut run.plan.unchanged, kind, 1);
                return Ok(());
            }
            let mut change = told_of(kind, id, &child.title, Reason::ParentApart);
            change.parent = Some(child.contact);
            return self.tell(run, work, batch, &change).await;
        };
        if child.unchanged {
            self.unchanged(run, work, batch, kind, id);
            return Ok(());
        }
        let table = row_of_linked(kind);
        let marks = self.settings.marker == Marker::Trailing;
        let mut change = Change::new(Action::Create, kind, id, child.title.clone(), "new in GHL");
        change.role = Role::Child;
        change.parent = Some(child.contact.clone());
        change.problems = child.problems.clone();
        change.at_create = child.at_create.clone();
        change.shows = content_of_child(&child);
        at_home(&mut change, &home);
        // What a person made in ChartMogul stays where it is.
        let brought = pair.as_ref().is_some_and(|pair| pair.matched == Matched::Brought);
        let elsewhere = |customer: &String| {
            !brought
                && (home.maker.is_some() && home.customer.is_none()
                    || home.customer.as_ref() != Some(customer))
                && !mutants::is_on(Mutant::ParentsStay)
        };
        if let Some(mut pair) = pair {
            let known = marked.as_ref().filter(|one| Some(&one.uuid) == pair.chartmogul.as_ref());
            // A merge of customers has taken it there.
            let arrived = known.filter(|one| !one.broken_off && !elsewhere(&one.seen.customer));
            if let (Some(arrived), true) = (arrived, elsewhere(&pair.customer)) {
                pair.customer.clone_from(&arrived.seen.customer);
                batch.put(&PAIRS, &row, &pair)?;
            }
            let mut difference = of_linked(&pair, &child.fields);
            change.uuid.clone_from(&pair.chartmogul);
            change.matched = Some(pair.matched);
            change.action = Action::Update;
            change.reason = "changed in GHL".to_owned();
            let stays = !elsewhere(&pair.customer);
            if let Some(there) = there.filter(|_| stays) {
                let rewrites = !brought && pair.marked != marks;
                let child = ChildOf { rewrites, ..child };
                change.customer = Some(pair.customer.clone());
                return self
                    .merge_linked(run, work, batch, kind, &child, &pair, &there, change)
                    .await;
            }
            if !stays {
                change.action = Action::Move;
                change.reason = "its customer has changed".to_owned();
                change.leaves = Some(pair.customer.clone());
                // It may be there: by a merge of customers, where this run has not seen it at either place,
                // or as a copy that a run has made which this state does not remember.
                change.look_first = match &marked {
                    None => pair.marked,
                    Some(one) => {
                        one.broken_off || known.is_none() && !elsewhere(&one.seen.customer)
                    }
                };
                difference.to = child.fields.clone();
                difference.from = pair.base.clone();
                difference.replaces = 0;
                difference.kept = Vec::new();
            } else {
                change.customer = Some(pair.customer.clone());
                if pair.marked != marks && !brought {
                    change.reason = "the setting for markers has changed".to_owned();
                    difference.to = with_text(&difference.to, kind, &child.fields);
                } else if completes(&difference.to) {
                    change.action = Action::Complete;
                }
            }
            return self.tell_linked(run, work, batch, change, difference).await;
        }
        let found = match marked {
            Some(MarkedChild { uuid, seen, broken_off }) => {
                change.look_first = broken_off;
                let by = if seen.marker.is_some() { Matched::Marker } else { Matched::Content };
                Some((uuid, seen, by))
            }
            None => self
                .same_content(work, kind, &child, &home)
                .await?
                .map(|(uuid, seen)| (uuid, seen, Matched::Content)),
        };
        let goes_out = self.way_of(kind).goes_out();
        let Some((uuid, seen, matched)) = found else {
            if !goes_out {
                return Ok(());
            }
            change.matched = Some(Matched::Created);
            let difference = created(&child.fields);
            if child.twice {
                let (again, same) = (change.clone(), difference.clone());
                self.tell_linked(run, work, batch, again, same).await?;
            }
            return self.tell_linked(run, work, batch, change, difference).await;
        };
        // What is linked by this plan is not new in ChartMogul.
        batch.delete(&work.tables.incoming, &of(kind, &uuid));
        if self.way_of(kind).comes_back() && !elsewhere(&seen.customer) {
            // Nobody knows what both showed when they were in step: what differs waits for a person.
            let rewrites = marks != seen.marker.is_some();
            return self
                .link_child(
                    run,
                    work,
                    batch,
                    kind,
                    &ChildOf { rewrites, ..child },
                    uuid,
                    seen,
                    matched,
                )
                .await;
        }
        let ours = matched.is_ours();
        let mut difference = of_first_link(table, &child.fields, &seen.fields, ours, self.settings);
        change.matched = Some(matched);
        change.uuid = Some(uuid);
        change.reason = matched.reason().to_owned();
        change.action = Action::Link;
        // What was found by its content is known by a marker from now on; or by none.
        if marks != seen.marker.is_some() {
            difference.to = with_text(&difference.to, kind, &child.fields);
        }
        if elsewhere(&seen.customer) {
            change.action = Action::Move;
            change.leaves = Some(seen.customer.clone());
            change.reason = "it is at another customer".to_owned();
            // What we wrote there is not known: the copy is ours only if it says what GHL says.
            difference.from = Fields::new();
            difference.to = child.fields.clone();
            difference.replaces = 0;
        }
        if !goes_out {
            difference.to = Fields::new();
        }
        self.tell_linked(run, work, batch, change, difference).await
    }

    /// Links a GHL note or task that names one of ChartMogul's: it was brought from there by a run that
    /// this state does not remember. Says whether it was.
    async fn adopt_child(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        child: &ChildOf,
        home: Option<&Home>,
    ) -> Result<bool> {
        let Some(uuid) = child.origin.as_ref() else { return Ok(false) };
        let row = of(kind, uuid);
        let owner: Option<String> = self.keeper.get(&OWNERS, &row).await?;
        if let Some(owner) = owner {
            return self.list_double(run, work, batch, kind, child, &owner).await;
        }
        if home.is_none_or(|home| !home.is_settled()) {
            return Ok(false);
        }
        if work.standings.apart(&of(kind, &child.id)).is_some_and(|apart| sticks(apart.cause)) {
            return Ok(false);
        }
        if !self.child_is_there(run, work, kind, uuid, batch).await? {
            let mut change = told_of(kind, &child.id, &child.title, Reason::Deleted);
            change.parent = Some(child.contact.clone());
            self.tell(run, work, batch, &change).await?;
            return Ok(true);
        }
        let seen: Option<SeenChild> = match batch.get(&work.tables.children, &row) {
            Some(seen) => Some(seen),
            None => self.keeper.get(&work.tables.children, &row).await?,
        };
        let Some(seen) = seen else { return Ok(false) };
        batch.delete(&work.tables.incoming, &row);
        let uuid = uuid.clone();
        self.link_child(run, work, batch, kind, child, uuid, seen, Matched::Brought).await?;
        Ok(true)
    }

    /// A second copy in GHL of what was brought there, as after a request that was delivered twice: it is
    /// listed and goes nowhere, while it says the same. Says whether it is one.
    async fn list_double(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        child: &ChildOf,
        owner: &str,
    ) -> Result<bool> {
        let pair: Option<Pair> = self.keeper.get(&PAIRS, &of(kind, owner)).await?;
        let marks = kinds::marks(&child.fields);
        let words = words_of(kind);
        let same = pair.is_some_and(|pair| {
            pair.matched == Matched::Brought && pair.base.get(words) == marks.get(words)
        });
        if owner == child.id || !same {
            return Ok(false);
        }
        let mut change = told_of(kind, &child.id, &child.title, Reason::Double);
        change.reason = format!("GHL has it more than once: {owner} is the linked one");
        change.parent = Some(child.contact.clone());
        self.tell(run, work, batch, &change).await?;
        Ok(true)
    }

    /// Links a note or task that goes both ways with its counterpart, at their first meeting.
    #[allow(clippy::too_many_arguments, reason = "one record, and its counterpart")]
    async fn link_child(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        kind: Kind,
        child: &ChildOf,
        uuid: String,
        seen: SeenChild,
        matched: Matched,
    ) -> Result<()> {
        let pair = Pair {
            chartmogul: Some(uuid.clone()),
            customer: seen.customer.clone(),
            role: Role::Child,
            matched,
            parent: Some(child.contact.clone()),
            ..Pair::default()
        };
        let title = child.title.clone();
        let mut change = Change::new(Action::Link, kind, &child.id, title, matched.reason());
        change.role = Role::Child;
        change.parent = Some(child.contact.clone());
        change.problems = child.problems.clone();
        change.shows = content_of_child(child);
        change.uuid = Some(uuid);
        change.customer = Some(seen.customer.clone());
        change.matched = Some(matched);
        self.merge_linked(run, work, batch, kind, child, &pair, &seen, change).await
    }

    /// An unmarked note or task of the same content: the first of GHL's gets the first of ChartMogul's.
    async fn same_content(
        &self,
        work: &Work,
        kind: Kind,
        child: &ChildOf,
        home: &Home,
    ) -> Result<Option<(String, SeenChild)>> {
        let Some(customer) = &home.customer else { return Ok(None) };
        let key = format!("{}/{customer}/{}", kind.name(), child.content);
        let alike: Option<Content> = self.keeper.get(&work.tables.contents, &key).await?;
        let Some(mut alike) = alike else { return Ok(None) };
        let owners: Vec<Option<String>> =
            self.keeper.get_all(&OWNERS, &of_kind(kind, &alike.chartmogul)).await?;
        let mut free: Vec<String> = alike
            .chartmogul
            .into_iter()
            .zip(owners)
            .filter(|(_, owner)| owner.is_none())
            .map(|(uuid, _)| uuid)
            .collect();
        // Those that an earlier part of the run has linked here are out.
        let pairs = self.live_pairs(work, kind, &alike.ghl).await?;
        let elsewhere = |pair: Option<Pair>| pair.is_none_or(|pair| pair.customer != *customer);
        let mut pairs = pairs.into_iter();
        alike.ghl.retain(|_| elsewhere(pairs.next().flatten()));
        sort_by(&mut free, Ord::cmp);
        sort_by(&mut alike.ghl, Ord::cmp);
        let place = alike.ghl.iter().position(|id| *id == child.id);
        let Some(uuid) = place.and_then(|place| free.get(place)) else { return Ok(None) };
        let seen: Option<SeenChild> =
            self.keeper.get(&work.tables.children, &of(kind, uuid)).await?;
        Ok(seen.map(|seen| (uuid.clone(), seen)))
    }

    /// Customers' tags and attributes: of all contacts of each.
    pub(in crate::sync) async fn compare_customers(
        &self,
        run: &mut Run,
        work: &Work,
    ) -> Result<Step> {
        let mut batch = self.keeper.batch();
        let after = run.cursor.clone();
        // Customers whose contacts were read, then those that contacts have left.
        let leaving = after.as_deref().is_some_and(|after| after.starts_with("left:"));
        let cursor = after.as_deref().map(|after| after.strip_prefix("left:").unwrap_or(after));
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        let next: Option<String> = if leaving {
            let rows: Vec<(String, bool)> =
                self.keeper.scan(&work.tables.left, "", cursor, 1).await?;
            rows.into_iter().next().map(|(key, _)| key)
        } else {
            let rows: Vec<(String, Member)> =
                self.keeper.scan(&work.tables.members, "", cursor, 1).await?;
            rows.into_iter().next().map(|(key, _)| key)
        };
        let Some(customer) = next.and_then(|key| Some(key.rsplit_once('/')?.0.to_owned())) else {
            run.cursor = (!leaving).then(|| "left:".to_owned());
            return Ok(Step { batch, done: leaving });
        };
        // Behind all rows of this customer.
        let behind = format!("{customer}/\u{10ffff}");
        run.cursor = Some(if leaving { format!("left:{behind}") } else { behind });
        let within = format!("{customer}/");
        let here: Vec<(String, Member)> =
            self.keeper.scan_all(&work.tables.members, &within).await?;
        if leaving && !here.is_empty() {
            return Ok(Step { batch, done: false });
        }
        let gone: Vec<(String, bool)> = self.keeper.scan_all(&work.tables.left, &within).await?;
        let lasting: Vec<(String, Member)> = self.keeper.scan_all(&MEMBERS, &within).await?;
        let seen: Option<SeenCustomer> = self.keeper.get(&work.tables.customers, &customer).await?;
        let deleted: Option<bool> = self.keeper.get(&DELETED, &customer).await?;
        // What a customer held that is gone is gone with it. Where it was merged into another, that
        // one's contacts say what it holds.
        let is_gone = deleted.is_some()
            || seen.is_none() && leaving && self.customer_is_gone(run, work, &customer).await?;
        if leaving && is_gone {
            for (key, _) in &lasting {
                batch.delete(&MEMBERS, key);
            }
            batch.delete(&SHARED, &customer);
            return Ok(Step { batch, done: false });
        }
        let mut members: Named<Member> = Named::default();
        let own = |key: &str| key.strip_prefix(&within).unwrap_or(key).to_owned();
        for (key, member) in lasting {
            if !gone.iter().any(|(left, _)| *left == key) {
                members.insert(own(&key), member);
            }
        }
        let mut read: Vec<String> = Vec::new();
        for (key, mut member) in here {
            let id = own(&key);
            let before = members.get(&id).filter(|before| before.email == member.email);
            member.address = before.is_some_and(|before| before.address);
            members.insert(id.clone(), member);
            read.push(id);
        }
        let members =
            customers::addressed(members, seen.as_ref().map(|seen| seen.email.as_deref()));
        let fresh = read.into_iter().filter_map(|id| {
            let member = members.get(&id)?.clone();
            Some((id, member))
        });
        let fresh: Named<Member> = fresh.collect();
        let left: Vec<String> = gone.iter().map(|(key, _)| own(key)).collect();
        self.compare_customer(run, work, &mut batch, &customer, seen, members, fresh, left).await?;
        Ok(Step { batch, done: false })
    }

    #[allow(clippy::too_many_arguments, reason = "one customer, and all its contacts")]
    async fn compare_customer(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        customer: &str,
        seen: Option<SeenCustomer>,
        members: Named<Member>,
        fresh: Named<Member>,
        left: Vec<String>,
    ) -> Result<()> {
        let maker = customer.strip_prefix("new:").and_then(|maker| maker.split_once(':'));
        let shared: Option<Shared> = self.keeper.get(&SHARED, customer).await?;
        let last = fresh.names().last().unwrap_or_default().to_owned();
        let mut wanted = customers::wanted(&members, &last);
        // Somebody else may have put there what is new to us: then it is not ours to take away.
        let seen = match seen {
            None if maker.is_none() && customers::is_new(shared.as_ref(), &wanted) => {
                self.look_at_customer(run, work, customer, batch).await?
            }
            seen => seen,
        };
        let ours = seen.as_ref().is_some_and(|seen| seen.ours);
        let mut shared = shared;
        if let Some((kind, maker)) = maker {
            // Its own part is written at its creation.
            let own = members.get(maker).filter(|_| kind == Kind::Contact.name());
            let own = own.cloned().unwrap_or_default();
            shared = Some(Shared {
                tags: own.tags.clone(),
                attributes: kinds::marks(&settled(&own.attributes, &Fields::new())),
                ..Shared::default()
            });
            if wanted.leader != maker && kind == Kind::Contact.name() {
                wanted.attributes = own.attributes;
            }
        }
        self.load_standings(work, Kind::Customer, &[customer]).await?;
        let row = of(Kind::Customer, customer);
        if work.standings.is_retried(&format!("field/{row}"))
            && let (Some(shared), Some(letters)) = (&mut shared, work.standings.fields(&row))
        {
            for letter in letters.fields.iter().filter(|letter| !letter.group.is_empty()) {
                shared.attributes.remove(&letter.field);
            }
        }
        let difference = customers::attributes(
            shared.as_ref(),
            seen.as_ref().map(|seen| &seen.attributes),
            &wanted.attributes,
            ours,
            self.settings,
        );
        let own = shared.as_ref().map(|shared| shared.tags.clone()).unwrap_or_default();
        let tags =
            customers::tags(&own, seen.as_ref().map(|seen| seen.tags.as_slice()), &wanted.tags);
        let differing = wanted.differing
            != shared.as_ref().map(|shared| shared.differing.clone()).unwrap_or_default();
        let quiet = difference.to.is_empty()
            && tags.add.is_empty()
            && tags.remove.is_empty()
            && difference.kept_now.is_empty();
        // What each contact brings is kept at once where nothing is to be written.
        if quiet && maker.is_none() && (!differing || wanted.differing.is_empty()) {
            for (id, member) in fresh.iter() {
                batch.put(&MEMBERS, &format!("{customer}/{id}"), member)?;
            }
            for id in &left {
                batch.delete(&MEMBERS, &format!("{customer}/{id}"));
            }
            if !wanted.tags.is_empty() || !wanted.attributes.is_empty() || shared.is_some() {
                let kept = Shared {
                    tags: tags.own,
                    attributes: difference.base,
                    kept: difference.kept,
                    differing: wanted.differing,
                };
                if shared.as_ref() != Some(&kept) {
                    batch.put(&SHARED, customer, &kept)?;
                }
            }
            return Ok(());
        }
        let writes = !difference.to.is_empty() || !tags.add.is_empty() || !tags.remove.is_empty();
        if !writes && maker.is_some() {
            return Ok(());
        }
        let action = if writes { Action::Update } else { Action::Keep };
        let reason = if writes {
            "tags and attributes of its contacts"
        } else {
            "contacts of the customer differ: the values of the one that leads stay"
        };
        let mut change =
            Change::new(action, Kind::Customer, customer, wanted.title.clone(), reason);
        change.parent = Some(wanted.leader).filter(|leader| !leader.is_empty());
        match maker {
            Some((kind, maker)) => {
                change.maker = Some(maker.to_owned());
                change.maker_kind =
                    if kind == Kind::Business.name() { Kind::Business } else { Kind::Contact };
            }
            None => change.customer = Some(customer.to_owned()),
        }
        change.tags = tags;
        change.members = fresh;
        change.left = left;
        change.differing = wanted.differing;
        let known = seen.as_ref().map(|seen| &seen.attributes);
        take(&mut change, difference);
        // An attribute that exists is written by value, and not added.
        for name in change.to.keys() {
            if let Some(value) = known.and_then(|known| known.get(name)) {
                change.from.insert(name.clone(), value.clone());
            }
        }
        self.tell_change(run, work, batch, change).await
    }

    /// A linked record that needs nothing.
    fn unchanged(&self, run: &mut Run, work: &Work, batch: &mut Batch, kind: Kind, id: &str) {
        Plan::add(&mut run.plan.unchanged, kind, 1);
        self.take_back(work, batch, &of(kind, id));
    }

    /// Writes what differs into the plan, or counts the record as unchanged.
    pub(in crate::sync) async fn tell_linked(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        mut change: Change,
        mut difference: Difference,
    ) -> Result<()> {
        let row = change.row();
        // Values that ChartMogul refused are tried again by some passes.
        if work.standings.is_retried(&format!("field/{row}"))
            && let Some(letters) = work.standings.fields(&row)
        {
            let both = change.kind == Kind::Contact && self.way_of(Kind::Contact).comes_back();
            let goes = |field: &str| {
                let name = contact::name_of(field);
                let owner = self.settings.owner_of(&format!("contact.{name}"));
                !both
                    || !change.open
                        && !change.back.contains_key(field)
                        && !difference.kept.iter().any(|kept| kept == field)
                        && matches!(
                            owner,
                            Owner::TwoWay | Owner::AlwaysGhl | Owner::PreferGhlUnlessBlank
                        )
            };
            let again: Vec<&FieldLetter> = letters
                .fields
                .iter()
                .filter(|letter| !letter.group.is_empty() && goes(&letter.field))
                .collect();
            for letter in again {
                let wanted = self.wanted_of(work, &change, &letter.field).await?;
                if let Some(value) = wanted {
                    difference.to.insert(letter.field.clone(), value);
                    change.retry = true;
                }
            }
        }
        let nothing = difference.to.is_empty()
            && !change.comes_back()
            && change.external.is_none()
            && matches!(change.action, Action::Update | Action::Complete);
        if nothing && difference.kept_now.is_empty() {
            self.note_problems(run, work, batch, &change)?;
            self.unchanged(run, work, batch, change.kind, &change.id);
            return Ok(());
        }
        if nothing {
            change.action = Action::Keep;
            change.reason =
                "changed in GHL; ChartMogul's value was kept at the first link, and stays"
                    .to_owned();
            difference.kept = difference.kept_now.clone();
        }
        take(&mut change, difference);
        self.tell_change(run, work, batch, change).await
    }

    async fn wanted_of(&self, work: &Work, change: &Change, field: &str) -> Result<Option<Value>> {
        if change.kind != Kind::Contact {
            return Ok(None);
        }
        let staged: Option<StagedContact> =
            self.keeper.get(&work.tables.contacts, &change.id).await?;
        let Some(staged) = staged else { return Ok(None) };
        let fields =
            if change.role == Role::Customer { staged.as_customer } else { staged.as_member };
        let value = fields.get(field).or_else(|| staged.attributes.get(field)).cloned();
        Ok(value.filter(|value| !value.is_null()))
    }

    /// Writes a change into the plan, unless the same content was refused before, and finally.
    pub(in crate::sync) async fn tell_change(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        mut change: Change,
    ) -> Result<()> {
        let row = change.row();
        if let Some(apart) =
            work.standings.apart(&row).filter(|apart| apart.cause == Reason::Accepted)
            && apart.content == change.shows
        {
            let mut told = told_of(change.kind, &change.id, &change.title, Reason::Accepted);
            told.parent = change.parent;
            return self.tell(run, work, batch, &told).await;
        }
        let letter = work.standings.letter(&row);
        let refused = letter.filter(|letter| {
            letter.standing == Standing::Failed
                && !letter.retryable
                && letter.content == change.content()
        });
        if let Some(letter) = refused {
            if !work.standings.is_retried(&row) {
                let reason = format!("refused before, and unchanged since: {}", letter.reason);
                let mut told =
                    Change::new(Action::Error, change.kind, &change.id, change.title, reason);
                told.parent = change.parent;
                told.cause = Some(letter.cause);
                told.code = Some(letter.code);
                run.rejected += 1;
                return self.tell(run, work, batch, &told).await;
            }
            change.retry = true;
            change.reason = format!("tried again: {}", letter.reason);
        }
        if let Some(refusal) = self.check_body(work, &mut change) {
            run.rejected += 1;
            let contact = change.contact().map(str::to_owned);
            let mut letter = self.letter(change.kind, &change.id, contact.as_deref(), &refusal);
            letter.content = change.content();
            letter.shows.clone_from(&change.shows);
            letter.group = String::new();
            self.set_aside(batch, &row, letter)?;
            let mut told = Change::new(
                Action::Error,
                change.kind,
                &change.id,
                change.title,
                refusal.message.clone(),
            )
            .because(Reason::Unmappable, Code::Unmappable);
            told.parent = change.parent;
            return self.tell(run, work, batch, &told).await;
        }
        let endpoints = self.endpoints_of(work, &change);
        run.plan.will_call(&mut change, &endpoints);
        self.note_problems(run, work, batch, &change)?;
        self.tell(run, work, batch, &change).await
    }

    /// Writes a change into the plan: those that are carried out first, in the order of what they are.
    pub(in crate::sync) async fn tell(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        change: &Change,
    ) -> Result<()> {
        let order = if change.action.writes_state() { order_of(change) } else { 'z' };
        run.sequence += 1;
        run.plan.tally(change);
        self.note_told(work, batch, change)?;
        batch.put(&work.tables.plan, &format!("{order}-{:09}", run.sequence), change)
    }
}

/// A note or task of ChartMogul that carries a marker, or the content of one that moves.
struct MarkedChild {
    uuid: String,
    seen: SeenChild,
    /// Whether another is at the right customer already.
    broken_off: bool,
}

/// Customers of other sources among records that carry a value themselves, and not a contact of theirs.
fn of_other_sources(found: &[Candidate]) -> Vec<String> {
    let theirs = found.iter().filter(|one| one.contact.is_none() && one.names.is_none());
    let mut ids: Vec<String> = theirs.map(|one| one.id.clone()).collect();
    tidy(&mut ids);
    ids
}

/// What both sides show at a first link.
struct Filled {
    role: Role,
    here: Fields,
    there: Fields,
}

impl Filled {
    fn of(role: Role, here: &Fields, there: Fields) -> Self {
        Self { role, here: here.clone(), there }
    }
}

/// The fields of a customer, with those of the contact that is its own.
fn with_person(customer: &Fields, person: Option<&SeenContact>) -> Fields {
    let Some(person) = person else { return customer.clone() };
    let mut fields = select(customer, &|name, _| !name.starts_with(PRIMARY_CONTACT));
    fields.extend(kinds::customer::as_primary(&person.fields));
    fields
}

/// A contact, note or task as it is compared.
#[derive(Default)]
pub(in crate::sync) struct ChildOf {
    pub(in crate::sync) id: String,
    pub(in crate::sync) contact: String,
    pub(in crate::sync) title: String,
    content: String,
    pub(in crate::sync) unchanged: bool,
    /// Told twice, with the fault of old.
    twice: bool,
    pub(in crate::sync) fields: Fields,
    at_create: Fields,
    problems: Vec<Problem>,
    /// The ChartMogul record that GHL's text names.
    origin: Option<String>,
    /// Whether GHL's words can be written anew without a loss.
    pub(in crate::sync) rewritable: bool,
    /// Whether its text is written for the sake of the marker.
    pub(in crate::sync) rewrites: bool,
}

/// The place of a change in its plan: businesses, customers, contacts, what only points at them, then
/// what belongs to them, the doubles that go, and the customers that are merged.
fn order_of(change: &Change) -> char {
    match (change.kind, change.role) {
        _ if change.action == Action::Delete => 'i',
        _ if change.action == Action::Merge => 'j',
        (Kind::Business, _) => 'b',
        (Kind::Contact, Role::Customer) => 'c',
        (Kind::Contact, Role::Guest) => 'e',
        (Kind::Contact, _) => 'd',
        (Kind::Customer, _) => 'f',
        (Kind::Note, _) => 'g',
        (Kind::Task, _) => 'h',
    }
}

/// The orders in which changes are carried out.
pub(in crate::sync) const ORDERS: [char; 9] = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

fn created(fields: &Fields) -> Difference {
    let fields = settled(fields, &Fields::new());
    Difference { base: kinds::marks(&fields), to: fields, ..Difference::default() }
}

fn take(change: &mut Change, difference: Difference) {
    change.to = difference.to;
    change.from = difference.from;
    change.base = difference.base;
    change.kept = difference.kept;
    change.replaces = difference.replaces;
}

/// Fields to write, and with them the text that carries the marker.
pub(in crate::sync) fn with_text(to: &Fields, kind: Kind, fields: &Fields) -> Fields {
    let words = words_of(kind);
    kinds::merged(to, &select(fields, &|name, _| name == words))
}

fn at_home(change: &mut Change, home: &Home) {
    change.customer.clone_from(&home.customer);
    if home.customer.is_none() {
        change.maker.clone_from(&home.maker);
        change.maker_kind = home.maker_kind;
    }
}

fn linked(kind: Kind, id: &str, title: &str, pair: &Pair) -> Change {
    let mut change = Change::new(Action::Update, kind, id, title.to_owned(), "changed in GHL");
    change.role = pair.role;
    change.uuid.clone_from(&pair.chartmogul);
    change.customer = Some(pair.customer.clone());
    change.matched = Some(pair.matched);
    change
}

/// A record that is listed and not written, for a reason.
pub(in crate::sync) fn told_of(kind: Kind, id: &str, title: &str, cause: Reason) -> Change {
    let next = match cause {
        Reason::Deleted | Reason::CustomerDeleted => ": retry creates it again",
        Reason::Unlinked => ": link or retry undoes it",
        _ => "",
    };
    let code = match cause {
        Reason::NoCounterpart | Reason::Deleted | Reason::CustomerDeleted | Reason::ParentApart => {
            Code::NotFound
        }
        _ => Code::Unmappable,
    };
    let reason = format!("{}{next}", cause.sentence());
    Change::new(Action::Skip, kind, id, title.to_owned(), reason).because(cause, code)
}

fn conflict(kind: Kind, id: &str, title: &str, customers: &[String], by: Matched) -> Change {
    let reason = format!("{} customers match ({})", customers.len(), by.reason());
    let mut change = Change::new(Action::Conflict, kind, id, title.to_owned(), reason)
        .because(Reason::Ambiguous, Code::Ambiguous);
    change.candidates = customers.to_vec();
    change
}

fn duplicate_of(holder: &str) -> String {
    format!(
        "a duplicate in GHL of contact {holder}: its notes, tasks and tags go to the same customer"
    )
}

/// Whether it takes a person to settle why a record stands apart.
const fn sticks(cause: Reason) -> bool {
    matches!(
        cause,
        Reason::Deleted
            | Reason::CustomerDeleted
            | Reason::Unlinked
            | Reason::Accepted
            | Reason::Edited
    )
}

/// What a contact says, for an accepted one: a change takes the acceptance back.
pub(in crate::sync) fn content_of(staged: &StagedContact) -> String {
    let parts = (&staged.as_member, &staged.email, &staged.phones, &staged.business);
    hash(&serde_json::to_string(&parts).unwrap_or_default())
}

fn content_of_child(child: &ChildOf) -> String {
    hash(&serde_json::to_string(&(&child.fields, &child.at_create)).unwrap_or_default())
}

/// Whether a ChartMogul record belongs to a GHL contact outside the group, or holds a value that we
/// wrote: then it is evidence for nobody else. One whose contact is gone from GHL is free, unless we
/// made it: its values are ours, and its external id would always name that contact.
fn belongs_elsewhere(page: &Page, group: &[&str], one: &Candidate) -> bool {
    if mutants::is_on(Mutant::OrderDecides) {
        return false;
    }
    if let Some(owner) = one.contact.as_ref().and_then(|uuid| page.owners.get(uuid)) {
        let made = one.made && one.names.as_ref() == Some(owner);
        return !group.contains(&owner.as_str()) && (made || !page.gone.contains_key(owner));
    }
    if let Some(named) = &one.names
        && (one.made || !page.gone.contains_key(named))
        && (one.certain || page.known.contains_key(named))
    {
        return !group.contains(&named.as_str());
    }
    one.under_ours
}

fn fill<T>(map: &mut Ordered<T>, keys: &[String], values: Vec<Option<T>>) {
    for (key, value) in keys.iter().zip(values) {
        if let Some(value) = value {
            map.insert(key.clone(), value);
        }
    }
}
