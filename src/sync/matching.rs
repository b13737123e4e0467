//! Who is who: finds the ChartMogul counterpart of a GHL contact, or says why there is none.
//!
//! The order is fixed and explainable: link, external id, e-mail, phone if unique on both sides.
//! More than one customer is a conflict, never a guess.

use crate::mapping::Fields;
use crate::named::Named;
use crate::records;

use super::state::Matched;

records! {
    /// A ChartMogul record that may be the counterpart.
    #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
    sparse pub(super) struct Candidate {
        /// The customer.
        pub customer: String = "customer";
        /// The contact under it that carries the compared value, if one does.
        pub contact: Option<String> = "contact";
    }
}

records! {
    /// What is known of an existing ChartMogul record.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(super) struct Existing {
        /// Its data source.
        pub data_source: Option<String> = "dataSource";
        /// Its fields, named as in [`Fields`].
        pub fields: Fields = "fields";
    }
}

/// The candidates by what they were found with.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub external: Named<Vec<Candidate>>,
    pub email: Named<Vec<Candidate>>,
    pub phone: Named<Vec<Candidate>>,
    /// How many GHL contacts have this phone.
    pub own_phone: Named<usize>,
    /// ChartMogul contacts that this step has given to a GHL contact.
    pub claimed: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// One customer, and its contact if one carries the value.
    One { candidate: Candidate, matched: Matched },
    /// More than one customer.
    Several { customers: Vec<String>, by: Matched },
    /// Nobody.
    Nobody,
}

/// Finds the counterpart by external id, then e-mails in order, then phones.
pub(super) fn find(index: &Index, external: &str, emails: &[String], phones: &[String]) -> Found {
    let found = one_of(index.external.get(external), Matched::ExternalId);
    if found != Found::Nobody {
        return found;
    }
    for address in emails {
        let found = one_of(index.email.get(address), Matched::Email);
        if found != Found::Nobody {
            return found;
        }
    }
    for number in phones {
        let unique_here = index.own_phone.get(number).is_none_or(|count| *count <= 1);
        let found = one_of(index.phone.get(number).filter(|_| unique_here), Matched::Phone);
        // A phone that several customers share tells nothing: no match, and no conflict either.
        if let Found::One { .. } = found {
            return found;
        }
    }
    Found::Nobody
}

fn one_of(candidates: Option<&Vec<Candidate>>, matched: Matched) -> Found {
    let Some(candidates) = candidates else { return Found::Nobody };
    let mut customers: Vec<&String> = Vec::new();
    for Candidate { customer, .. } in candidates {
        if let Err(place) = customers.binary_search(&customer) {
            customers.insert(place, customer);
        }
    }
    match (customers.len(), candidates.iter().max_by_key(|candidate| candidate.contact.is_some())) {
        (1, Some(best)) => Found::One { candidate: best.clone(), matched },
        (0, _) | (_, None) => Found::Nobody,
        _ => Found::Several { customers: customers.into_iter().cloned().collect(), by: matched },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(customer: &str, contact: Option<&str>) -> Candidate {
        Candidate { customer: customer.into(), contact: contact.map(Into::into) }
    }

    fn index() -> Index {
        Index {
            external: Named::from_iter([(
                "C1".to_owned(),
                vec![candidate("cus_1", Some("con_1"))],
            )]),
            email: Named::from_iter([
                (
                    "one@example.com".to_owned(),
                    vec![candidate("cus_2", None), candidate("cus_2", Some("con_2"))],
                ),
                (
                    "two@example.com".to_owned(),
                    vec![candidate("cus_3", None), candidate("cus_4", None)],
                ),
            ]),
            phone: Named::from_iter([("+1".to_owned(), vec![candidate("cus_5", Some("con_5"))])]),
            own_phone: Named::from_iter([("+1".to_owned(), 1)]),
            claimed: Vec::new(),
        }
    }

    fn by(external: &str, emails: &[&str], phones: &[&str]) -> Found {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        find(&index(), external, &texts(emails), &texts(phones))
    }

    #[test]
    fn the_external_id_goes_before_the_e_mail() {
        let found = by("C1", &["one@example.com"], &[]);
        assert_eq!(
            found,
            Found::One {
                candidate: candidate("cus_1", Some("con_1")),
                matched: Matched::ExternalId
            }
        );
    }

    #[test]
    fn one_customer_by_e_mail_prefers_its_own_contact() {
        let found = by("C9", &["nobody@example.com", "one@example.com"], &[]);
        assert_eq!(
            found,
            Found::One { candidate: candidate("cus_2", Some("con_2")), matched: Matched::Email }
        );
    }

    #[test]
    fn several_customers_are_a_conflict() {
        let found = by("C9", &["two@example.com"], &["+1"]);
        assert_eq!(
            found,
            Found::Several { customers: vec!["cus_3".into(), "cus_4".into()], by: Matched::Email }
        );
    }

    #[test]
    fn a_phone_counts_only_if_unique_on_both_sides() {
        assert!(matches!(by("C9", &[], &["+1"]), Found::One { matched: Matched::Phone, .. }));
        let mut shared_here = index();
        shared_here.own_phone.insert("+1".to_owned(), 2);
        assert_eq!(find(&shared_here, "C9", &[], &["+1".into()]), Found::Nobody);
        let mut shared_there = index();
        shared_there
            .phone
            .insert("+1".to_owned(), vec![candidate("a", None), candidate("b", None)]);
        assert_eq!(find(&shared_there, "C9", &[], &["+1".into()]), Found::Nobody);
    }
}
