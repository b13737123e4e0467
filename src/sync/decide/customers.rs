//! The tags and attributes of a customer: what all its contacts bring, and who of them leads.

use serde_json::Value;

use super::super::model::change::TagChange;
use super::super::model::pair::{Member, Pair, Shared};
use super::changes::{Difference, of_first_link, of_linked};
use crate::mapping::settings::Settings;
use crate::mapping::{Fields, hash, kinds};
use crate::mutants::{self, Mutant};
use crate::named::Named;
use crate::ordered::{sort_by, tidy};

/// What a customer should hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::sync) struct Wanted {
    /// The contact whose attributes are written.
    pub(in crate::sync) leader: String,
    /// Its name.
    pub(in crate::sync) title: String,
    /// Its attributes.
    pub(in crate::sync) attributes: Fields,
    /// The tags of all contacts.
    pub(in crate::sync) tags: Vec<String>,
    /// Hash of other contacts' attributes that differ; empty where none does.
    pub(in crate::sync) differing: String,
}

/// Notes whose e-mail address is the customer's. One of our own gets that of its contact by the same
/// plan, so what its list still shows does not count; any other has what its list shows. Where no list
/// was read (`None`), what was known of an address stands.
pub(in crate::sync) fn addressed(
    members: Named<Member>,
    seen: Option<Option<&str>>,
) -> Named<Member> {
    // Of several contacts' own customers that a person merged the oldest contact's.
    let own = members.iter().filter(|(_, one)| one.own && one.email.is_some());
    let own = own.min_by_key(|(id, one)| (one.added, id.to_owned()));
    let address = own.and_then(|(_, one)| one.email.clone());
    let address = address.or_else(|| seen.flatten().map(str::to_owned));
    if address.is_none() && seen.is_none() {
        return members;
    }
    let note = |(id, member): (String, Member)| {
        let same = address.is_some() && member.email == address;
        (id, Member { address: same, ..member })
    };
    members.into_iter().map(note).collect()
}

/// What a customer's contacts bring it: tags of all, attributes of the one that leads: whose e-mail
/// address is the customer's, else the oldest, else the smallest id.
pub(in crate::sync) fn wanted(members: &Named<Member>, last: &str) -> Wanted {
    let mut wanted = Wanted::default();
    let leads = |id: &str, member: &Member| (!member.address, member.added, id.to_owned());
    let leader = match members.get(last) {
        Some(member) if mutants::is_on(Mutant::LastWriterWins) => Some((last, member)),
        _ => members.iter().min_by_key(|(id, member)| leads(id, member)),
    };
    let Some((leader, of_leader)) = leader else { return wanted };
    wanted.leader = leader.to_owned();
    wanted.title.clone_from(&of_leader.title);
    wanted.attributes = of_leader.attributes.clone();
    let mut others = String::new();
    let mut in_turn: Vec<(&str, &Member)> = members.iter().collect();
    sort_by(&mut in_turn, |one, other| leads(one.0, one.1).cmp(&leads(other.0, other.1)));
    for (id, member) in in_turn {
        if !mutants::is_on(Mutant::LastWriterWins) || id == leader {
            wanted.tags.extend(member.tags.iter().cloned());
        }
        // A contact that brings nothing for an attribute leaves it to the others.
        for (name, value) in &member.attributes {
            match of_leader.attributes.get(name).filter(|led| !led.is_null()) {
                None => {
                    let held = wanted.attributes.entry(name.clone()).or_insert(Value::Null);
                    if held.is_null() {
                        held.clone_from(value);
                    }
                }
                Some(led) if led != value && !value.is_null() => {
                    others.push_str(&format!("{id}\t{name}\t{value}\n"));
                }
                Some(_) => {}
            }
        }
    }
    tidy(&mut wanted.tags);
    if !others.is_empty() {
        wanted.differing = hash(&others);
    }
    wanted
}

/// Whether a customer should hold a tag or an attribute that we have not written there before.
pub(in crate::sync) fn is_new(shared: Option<&Shared>, wanted: &Wanted) -> bool {
    let tag = |tag: &String| shared.is_none_or(|shared| !shared.tags.contains(tag));
    let attribute = |(name, value): (&String, &Value)| {
        !value.is_null() && shared.is_none_or(|shared| !shared.attributes.contains_key(name))
    };
    wanted.tags.iter().any(tag) || wanted.attributes.iter().any(attribute)
}

/// Tags to be added and removed: only those that we added are ever removed.
pub(in crate::sync) fn tags(
    own: &[String],
    there: Option<&[String]>,
    wanted: &[String],
) -> TagChange {
    let has = |tags: &[String], tag: &String| tags.iter().any(|known| known == tag);
    let stands = |tag: &String| there.map_or_else(|| has(own, tag), |there| has(there, tag));
    let add: Vec<String> = wanted.iter().filter(|tag| !stands(tag)).cloned().collect();
    let remove: Vec<String> =
        own.iter().filter(|tag| !has(wanted, tag) && stands(tag)).cloned().collect();
    let kept = own.iter().filter(|tag| has(wanted, tag));
    let mut own: Vec<String> = kept.chain(&add).cloned().collect();
    tidy(&mut own);
    TagChange { add, remove, own }
}

/// Attributes to be written.
pub(in crate::sync) fn attributes(
    shared: Option<&Shared>,
    there: Option<&Fields>,
    wanted: &Fields,
    ours: bool,
    settings: &Settings,
) -> Difference {
    let none = Fields::new();
    match shared {
        Some(shared) => {
            let pair = Pair {
                base: shared.attributes.clone(),
                kept: shared.kept.clone(),
                ..Pair::default()
            };
            let mut found = of_linked(&pair, wanted);
            // Somebody else may have put there an attribute that is new to us.
            let fresh =
                crate::mapping::select(wanted, &|name, _| !shared.attributes.contains_key(name));
            if let Some(there) = there.filter(|_| !fresh.is_empty()) {
                let first = of_first_link(&kinds::ATTRIBUTES, &fresh, there, ours, settings);
                found.to.retain(|name, _| !fresh.contains_key(name) || first.to.contains_key(name));
                found.kept.extend(first.kept);
            }
            found
        }
        None => of_first_link(&kinds::ATTRIBUTES, wanted, there.unwrap_or(&none), ours, settings),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(tags: &[&str], added: i64, email: &str, seats: i64) -> Member {
        Member {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            attributes: Fields::from_iter([("attribute.seats".to_owned(), json!(seats))]),
            added,
            email: Some(email.to_owned()),
            title: "Ada".to_owned(),
            ..Member::default()
        }
    }

    fn two() -> Named<Member> {
        Named::from_iter([
            ("A".to_owned(), member(&["ghl:vip"], 1, "a@example.com", 1)),
            ("B".to_owned(), member(&["ghl:vip", "ghl:new"], 2, "b@example.com", 2)),
        ])
    }

    #[test]
    fn tags_are_of_all_and_attributes_of_the_leader() {
        let members = addressed(two(), Some(Some("b@example.com")));
        let found = wanted(&members, "A");
        assert_eq!(found.tags, ["ghl:new", "ghl:vip"]);
        assert_eq!((found.leader.as_str(), &found.attributes["attribute.seats"]), ("B", &json!(2)));
        assert!(!found.differing.is_empty());
        assert_eq!(wanted(&two(), "B").leader, "A", "else the oldest");
    }

    #[test]
    fn who_leads_stays_the_same_where_no_list_is_read() {
        let leader = |members: &Named<Member>| wanted(members, "").leader;
        let members = addressed(two(), Some(Some("b@example.com")));
        assert_eq!(leader(&addressed(members.clone(), None)), "B");
        assert_eq!(leader(&addressed(members, Some(None))), "A");
        // The address of a customer of our own is written by the plan of its contact.
        let mut own = two();
        own.or_default("A").own = true;
        assert_eq!(leader(&addressed(own.clone(), Some(Some("b@example.com")))), "A");
        assert_eq!(leader(&addressed(own, None)), "A");
    }

    #[test]
    fn only_tags_that_we_added_are_removed() {
        let list = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let there = list(&["ghl:old", "ghl:theirs"]);
        let change = tags(&list(&["ghl:old"]), Some(&there), &list(&["ghl:new"]));
        assert_eq!(
            (change.add, change.remove, change.own),
            (list(&["ghl:new"]), list(&["ghl:old"]), list(&["ghl:new"]))
        );
        let change = tags(&[], Some(&there), &list(&["ghl:theirs"]));
        assert_eq!(change, TagChange::default(), "it was there before us");
    }
}
