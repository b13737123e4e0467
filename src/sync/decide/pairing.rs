//! Who is who: the customer of a group of GHL contacts, and the contact that stands for each.
//!
//! GHL contacts of one primary e-mail address are a group and have one customer. Both decisions are
//! functions of the records alone: no page, no order of ids and no earlier decision of the same pass
//! takes part, so a second pass over the same records decides the same.

use super::super::model::pair::{Matched, Pair, Role};
use super::super::model::staged::{Candidate, SeenContact};
use crate::mapping::kinds::customer::PRIMARY_CONTACT;
use crate::mutants::{self, Mutant};
use crate::ordered::sort_by;

/// A GHL contact of the group.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Person {
    pub(in crate::sync) id: String,
    /// Its pair, unless its counterpart is gone.
    pub(in crate::sync) pair: Option<Pair>,
    /// ChartMogul records that carry its own id.
    pub(in crate::sync) external: Vec<Candidate>,
    /// A customer that a person chose for it.
    pub(in crate::sync) chosen: Option<String>,
}

impl Person {
    /// Whether a ChartMogul record of its own stands for it already.
    fn stands(&self) -> bool {
        self.pair.as_ref().is_some_and(|pair| pair.role != Role::Guest) || !self.external.is_empty()
    }

    /// The customers that what is known of it for sure names.
    fn certain(&self) -> (Vec<&str>, Matched) {
        if let Some(customer) = &self.chosen {
            return (vec![customer], Matched::Choice);
        }
        match &self.pair {
            Some(pair) => (vec![&pair.customer], Matched::Link),
            None => {
                (self.external.iter().map(|one| one.id.as_str()).collect(), Matched::ExternalId)
            }
        }
    }
}

/// A value that may belong to several people: a phone, or a secondary e-mail address.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Weak {
    /// Whether one group of GHL alone has it.
    pub(in crate::sync) unique: bool,
    /// The ChartMogul records that carry it.
    pub(in crate::sync) found: Vec<Candidate>,
}

/// What is known of a contact and its group.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Question {
    /// The contact.
    pub(in crate::sync) id: String,
    /// All of its group, itself among them, the oldest first.
    pub(in crate::sync) group: Vec<Person>,
    /// ChartMogul records of the group's e-mail address that belong to nobody else: customers
    /// without, contacts with `contact`.
    pub(in crate::sync) email: Vec<Candidate>,
    /// The same of phones and secondary e-mail addresses.
    pub(in crate::sync) weak: Vec<Weak>,
    /// Customers of the preferred data source.
    pub(in crate::sync) preferred: Vec<String>,
}

/// The customer of a contact.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sync) enum Customer {
    /// This one, for this reason.
    One(String, Matched),
    /// More than one, for this reason: a person must decide.
    Several(Vec<String>, Matched),
    /// Nobody.
    Nobody,
}

/// What stands for a contact under its customer.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sync) enum Standin {
    /// A ChartMogul contact, for this reason.
    Found(String, Matched),
    /// None yet: one is made.
    New,
    /// Another GHL contact of the group.
    Other(String),
}

impl Question {
    pub(in crate::sync) fn me(&self) -> Option<&Person> {
        self.group.iter().find(|person| person.id == self.id)
    }

    /// The ChartMogul contact that carries its own id, at whatever customer.
    pub(in crate::sync) fn own_contact(&self) -> Option<(String, Matched)> {
        let own = self.me()?.external.iter().find(|one| one.contact.is_some())?;
        Some((own.contact.clone()?, by_id(own)))
    }

    /// The contact of the group that stands for it: one that is linked, else the oldest.
    fn holder(&self) -> Option<&str> {
        let linked = self.group.iter().find(|person| person.stands());
        linked.or(self.group.first()).map(|person| person.id.as_str())
    }
}

/// The customer of the contact.
pub(in crate::sync) fn customer(question: &Question) -> Customer {
    let Some(me) = question.me() else { return Customer::Nobody };
    if mutants::is_on(Mutant::WeakMatchTakesRecord)
        && let Some(found) = question.weak.iter().find_map(|weak| weak.found.first())
        && me.certain().0.is_empty()
    {
        return Customer::One(found.id.clone(), Matched::Email);
    }
    // What is certain of the contact itself, then of the others of its group.
    let (own, matched) = me.certain();
    if let Some(decided) = one_of(own, matched) {
        return decided;
    }
    let mut of_group: Vec<&str> = Vec::new();
    for person in &question.group {
        of_group.extend(person.certain().0);
    }
    if let Some(decided) = one_of(of_group, Matched::Email) {
        return decided;
    }
    // Customers of that address go before those that only have a contact of it.
    for of_contact in [false, true] {
        let found = question.email.iter().filter(|one| one.contact.is_some() == of_contact);
        let found: Vec<&str> = found.map(|one| one.id.as_str()).collect();
        let preferred: Vec<&str> = found
            .iter()
            .copied()
            .filter(|uuid| question.preferred.iter().any(|known| known == uuid))
            .collect();
        let decided = match one_of(preferred, Matched::Email) {
            Some(decided @ Customer::One(..)) => Some(decided),
            _ => one_of(found, Matched::Email),
        };
        if let Some(decided) = decided {
            return decided;
        }
    }
    let mut named: Vec<&str> = Vec::new();
    for weak in question.weak.iter().filter(|weak| weak.unique) {
        // A value that several customers share says nothing.
        if let Some(Customer::One(uuid, _)) =
            one_of(weak.found.iter().map(|one| one.id.as_str()).collect(), Matched::Weak)
            && let Some(found) = weak.found.iter().find(|one| one.id == uuid)
        {
            named.push(&found.id);
        }
    }
    one_of(named, Matched::Weak).unwrap_or(Customer::Nobody)
}

fn one_of(mut customers: Vec<&str>, matched: Matched) -> Option<Customer> {
    sort_by(&mut customers, Ord::cmp);
    customers.dedup();
    match customers.as_slice() {
        [] => None,
        [one] => Some(Customer::One((*one).to_owned(), matched)),
        several => {
            let several = several.iter().map(|uuid| (*uuid).to_owned()).collect();
            Some(Customer::Several(several, matched))
        }
    }
}

/// What stands for the contact under its customer. `under` are contacts of that customer of the same
/// name, for a contact without an e-mail address whose name is unique.
pub(in crate::sync) fn contact(
    question: &Question,
    customer: &str,
    under: &[Candidate],
) -> Standin {
    let Some(me) = question.me() else { return Standin::New };
    // What is linked stays linked, wherever its customer is by now.
    if let Some(Pair { chartmogul: Some(uuid), role: Role::Member, .. }) = &me.pair {
        return Standin::Found(uuid.clone(), Matched::Link);
    }
    let of_customer = |one: &&Candidate| one.id == customer && one.contact.is_some();
    let found =
        |one: &Candidate, matched| Standin::Found(one.contact.clone().unwrap_or_default(), matched);
    if let Some(own) = first(me.external.iter().filter(of_customer)) {
        return found(own, by_id(own));
    }
    if mutants::is_on(Mutant::WeakMatchTakesRecord)
        && let Some(weak) = question.weak.iter().flat_map(|weak| &weak.found).find(of_customer)
    {
        return found(weak, Matched::Email);
    }
    if !mutants::is_on(Mutant::OrderDecides)
        && let Some(holder) = question.holder().filter(|holder| *holder != question.id)
    {
        return Standin::Other(holder.to_owned());
    }
    if let Some(same) = first(question.email.iter().filter(of_customer)) {
        return found(same, Matched::Email);
    }
    match under {
        [one] => found(one, Matched::Name),
        _ => Standin::New,
    }
}

/// Which of several contacts under a customer of ours is its own. It is in our source and names
/// nobody else; of several such it has the values that we wrote.
pub(in crate::sync) fn primary(
    id: &str,
    pair: &Pair,
    under: &[(&Candidate, &SeenContact)],
) -> Option<String> {
    let ours = |(one, seen): &&(&Candidate, &SeenContact)| {
        one.names.as_deref().is_none_or(|named| named == id)
            && pair.source.is_some()
            && seen.source == pair.source
    };
    let of_source: Vec<&(&Candidate, &SeenContact)> = under.iter().filter(ours).collect();
    if let [(one, _)] = of_source.as_slice() {
        return one.contact.clone();
    }
    // The more of what we wrote, the better.
    let fits = |seen: &SeenContact| {
        let same = |name: &str| {
            let ours = pair.base.get(&format!("{PRIMARY_CONTACT}{name}"));
            (ours.is_some() && seen.fields.get(name) == ours, ours == seen.fields.get(name))
        };
        let [email, first, last] = ["email", "first_name", "last_name"].map(same);
        let fits = email.0 || (first.0 && last.0);
        fits.then(|| [email, first, last].into_iter().filter(|(_, equal)| *equal).count())
    };
    let known = if of_source.is_empty() { under.iter().collect() } else { of_source };
    let best = known.iter().filter_map(|(_, seen)| fits(seen)).max()?;
    let fitting = known.into_iter().filter(|(_, seen)| fits(seen) == Some(best));
    first(fitting.map(|(one, _)| *one))?.contact.clone()
}

/// How a record that names the contact is matched: by the external id that we gave it, or by an
/// attribute that a record of somebody else's may carry since its first link.
pub(in crate::sync) const fn by_id(one: &Candidate) -> Matched {
    if one.made { Matched::ExternalId } else { Matched::Attribute }
}

/// Of several contacts of a customer the one that its list names first.
fn first<'a>(found: impl Iterator<Item = &'a Candidate>) -> Option<&'a Candidate> {
    found.min_by(|one, other| (one.position, &one.contact).cmp(&(other.position, &other.contact)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(customer: &str, contact: Option<&str>) -> Candidate {
        let contact = contact.map(Into::into);
        Candidate { id: customer.into(), contact, made: true, ..Candidate::default() }
    }

    fn person(id: &str) -> Person {
        Person { id: id.into(), ..Person::default() }
    }

    fn question(group: Vec<Person>) -> Question {
        Question { id: "A".into(), group, ..Question::default() }
    }

    fn one(uuid: &str, matched: Matched) -> Customer {
        Customer::One(uuid.into(), matched)
    }

    #[test]
    fn the_external_id_goes_before_the_e_mail() {
        let mut asked =
            question(vec![Person { external: vec![of("c1", Some("x1"))], ..person("A") }]);
        asked.email = vec![of("c2", None)];
        assert_eq!(customer(&asked), one("c1", Matched::ExternalId));
        assert_eq!(contact(&asked, "c1", &[]), Standin::Found("x1".into(), Matched::ExternalId));
    }

    #[test]
    fn a_group_has_one_customer_and_one_contact() {
        let mut asked = question(vec![person("A"), person("B")]);
        asked.email = vec![of("c1", None), of("c1", Some("x1"))];
        assert_eq!(customer(&asked), one("c1", Matched::Email));
        assert_eq!(contact(&asked, "c1", &[]), Standin::Found("x1".into(), Matched::Email));
        asked.id = "B".into();
        assert_eq!(customer(&asked), one("c1", Matched::Email));
        assert_eq!(contact(&asked, "c1", &[]), Standin::Other("A".into()));
    }

    #[test]
    fn in_a_group_the_linked_one_stands_for_the_others() {
        let pair = Pair { customer: "c9".into(), chartmogul: Some("x9".into()), ..Pair::default() };
        let asked = question(vec![person("A"), Person { pair: Some(pair), ..person("B") }]);
        assert_eq!(customer(&asked), one("c9", Matched::Email));
        assert_eq!(contact(&asked, "c9", &[]), Standin::Other("B".into()));
    }

    #[test]
    fn a_customer_of_the_address_goes_before_one_that_has_a_contact_of_it() {
        let mut asked = question(vec![person("A")]);
        asked.email = vec![of("c2", Some("x2")), of("c1", None)];
        assert_eq!(customer(&asked), one("c1", Matched::Email));
        asked.email.push(of("c3", None));
        assert_eq!(
            customer(&asked),
            Customer::Several(vec!["c1".into(), "c3".into()], Matched::Email)
        );
        asked.preferred = vec!["c3".into()];
        assert_eq!(customer(&asked), one("c3", Matched::Email));
    }

    #[test]
    fn a_phone_names_only_the_customer_and_only_if_unique_on_both_sides() {
        let mut asked = question(vec![person("A")]);
        let weak = |unique, found| Weak { unique, found };
        asked.weak = vec![weak(true, vec![of("c1", Some("x1"))])];
        assert_eq!(customer(&asked), one("c1", Matched::Weak));
        assert_eq!(contact(&asked, "c1", &[]), Standin::New, "not the record of another person");
        asked.weak = vec![weak(false, vec![of("c1", Some("x1"))])];
        assert_eq!(customer(&asked), Customer::Nobody);
        asked.weak = vec![weak(true, vec![of("c1", None), of("c2", None)])];
        assert_eq!(customer(&asked), Customer::Nobody);
        asked.weak = vec![weak(true, vec![of("c1", None)]), weak(true, vec![of("c2", None)])];
        assert_eq!(
            customer(&asked),
            Customer::Several(vec!["c1".into(), "c2".into()], Matched::Weak)
        );
    }

    #[test]
    fn a_name_counts_under_one_customer_only() {
        let asked = question(vec![person("A")]);
        assert_eq!(
            contact(&asked, "c1", &[of("c1", Some("x1"))]),
            Standin::Found("x1".into(), Matched::Name)
        );
        assert_eq!(
            contact(&asked, "c1", &[of("c1", Some("x1")), of("c1", Some("x2"))]),
            Standin::New
        );
    }

    #[test]
    fn a_customer_s_own_contact_is_of_our_source_and_says_what_we_wrote() {
        let contact = |uuid: &str, source: &str, email: &str| {
            let fields = [("email".to_owned(), email.into())].into_iter().collect();
            let seen =
                SeenContact { source: Some(source.into()), fields, ..SeenContact::default() };
            (of("c1", Some(uuid)), seen)
        };
        let pair = Pair {
            source: Some("ours".into()),
            base: [("primary_contact.email".to_owned(), "a@mail.example".into())]
                .into_iter()
                .collect(),
            ..Pair::default()
        };
        let chosen = |all: &[(Candidate, SeenContact)]| {
            let all: Vec<_> = all.iter().map(|(one, seen)| (one, seen)).collect();
            primary("A", &pair, &all)
        };
        let billed = contact("x1", "theirs", "a@mail.example");
        let own = contact("x2", "ours", "edited@mail.example");
        assert_eq!(chosen(&[billed.clone(), own.clone()]), Some("x2".into()));
        let merged = contact("x3", "ours", "a@mail.example");
        assert_eq!(chosen(&[billed.clone(), own.clone(), merged]), Some("x3".into()));
        let mut duplicate = contact("x4", "ours", "a@mail.example");
        duplicate.0.names = Some("B".into());
        assert_eq!(chosen(&[billed, own, duplicate]), Some("x2".into()));
    }

    #[test]
    fn the_order_of_records_decides_nothing() {
        let mut asked = question(vec![person("A")]);
        asked.email = vec![of("c1", Some("x3")), of("c1", Some("x1")), of("c1", Some("x2"))];
        let decided = contact(&asked, "c1", &[]);
        asked.email.reverse();
        assert_eq!(contact(&asked, "c1", &[]), decided);
    }
}
