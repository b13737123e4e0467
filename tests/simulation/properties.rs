//! What must hold, by name: the invariants of the engine and the rules of two-way tools that people trust.
//! Each has situations that hold it, and a fault that at least one of them notices.

use std::collections::BTreeSet;

use ghl_chartmogul::mutants::Mutant;

use crate::both_ways;
use crate::campaign::situation_fails;
use crate::invariants::Held;
use crate::situations::SITUATIONS;

struct Property {
    /// What must hold.
    name: &'static str,
    /// The situations that hold it.
    held_by: &'static [&'static str],
    /// The fault that breaks it.
    fault: Mutant,
}

const fn of(name: &'static str, fault: Mutant, held_by: &'static [&'static str]) -> Property {
    Property { name, held_by, fault }
}

/// The invariants of the engine. That a rule fires once comes with rules. That nothing of a forgotten person
/// is left is tested in `forget.rs`, on a dump of the store, with a fault for each table.
const INVARIANTS: &[Property] = &[
    of(
        "converges: after quiet, fields that go both ways are equal",
        Mutant::SingleMark,
        &[
            "a_service_that_tidies_gives_nothing_back",
            "the_same_change_on_both_sides_writes_nothing",
        ],
    ),
    of(
        "nothing lost: what a person wrote is on its side, or is listed",
        Mutant::LastSideWins,
        &["a_name_that_both_changed_waits", "a_choice_dies_with_its_values"],
    ),
    of(
        "once: a pair has one record a side",
        Mutant::BroughtBlindly,
        &["what_was_made_unheard_is_found"],
    ),
    of(
        "quiet: the next run writes nothing, also where a service tidies what it is given",
        Mutant::AnswerNotTakenIn,
        &["texts_are_tidied_there"],
    ),
    of(
        "plan = writes: what is planned is what is sent, and is taken",
        Mutant::PlansUnchecked,
        &["custom_fields_on_customers"],
    ),
    of(
        "no echo: our own write never comes back as a change",
        Mutant::SingleMark,
        &["a_service_that_tidies_gives_nothing_back"],
    ),
    of(
        "no stale win: what an index shows late overwrites nothing",
        Mutant::IndexIsTrusted,
        &["an_index_that_lags_undoes_nothing", "an_index_that_lags_gives_no_name_back"],
    ),
    of(
        "no delete without a whole pass, the service's own word, a policy and a cap",
        Mutant::AbsenceIsDeletion,
        &["what_is_not_listed_is_not_deleted", "deletions_are_capped"],
    ),
    of(
        "two processes: one writes, the other gets `busy`",
        Mutant::LeaseIsNotAsked,
        &["taken_over_while_creates_are_slow"],
    ),
    of(
        "pairing depends on no order, page or pass",
        Mutant::OrderDecides,
        &["two_contacts_of_one_email"],
    ),
    of(
        "a field is never written on the side that owns it",
        Mutant::OwnerIsIgnored,
        &["the_owner_of_a_field_decides"],
    ),
    of(
        "a conflict has one id, and a choice dies when either side moves",
        Mutant::ChoiceNeverDies,
        &["a_choice_dies_with_its_values"],
    ),
    of(
        "a kill anywhere between the mark and its commit is safe",
        Mutant::SentAgainAtOnce,
        &["killed_while_creates_are_slow", "moved_while_a_create_is_slow"],
    ),
];

/// The rules of two-way tools that people trust. That the clocks of two systems are never compared holds as
/// no setting offers it; that each record apart has a reason of a closed list holds by its type.
const RULES: &[Property] = &[
    of(
        "a base for each field: changed is what differs from it",
        Mutant::SingleMark,
        &["a_service_that_tidies_gives_nothing_back"],
    ),
    of(
        "the same change on both sides is written to neither",
        Mutant::LastSideWins,
        &["the_same_change_on_both_sides_writes_nothing", "a_name_that_both_changed_waits"],
    ),
    of("an edit beats a deletion", Mutant::EditLosesToDelete, &["an_edit_beats_a_deletion"]),
    of(
        "a value that loses is kept",
        Mutant::OwnerIsIgnored,
        &["the_owner_of_a_field_decides", "a_name_that_both_changed_waits"],
    ),
    of(
        "an empty value clears nothing",
        Mutant::EmptyClears,
        &["an_empty_text_clears_nothing", "an_empty_name_clears_nothing"],
    ),
    of(
        "without a base records are matched again, and nothing is deleted",
        Mutant::FirstLinkOverwrites,
        &["a_lost_state_deletes_and_overwrites_nothing", "first_link_over_billing_values"],
    ),
    of(
        "a link is made once; later doubles are listed",
        Mutant::DoublesUnseen,
        &["note_delivered_twice", "a_double_in_ghl_does_not_go_back"],
    ),
    of(
        "a base is kept once its write is known to have landed",
        Mutant::PersonBlindly,
        &[
            "a_contact_that_was_made_unheard_is_found",
            "a_write_to_a_contact_that_was_lost_is_found",
        ],
    ),
    of(
        "deletions are carried over only after a complete pass",
        Mutant::AbsenceIsDeletion,
        &["what_is_not_listed_is_not_deleted", "who_is_deleted_takes_nothing_along"],
    ),
    of(
        "the target is read again before it is written to; one that has moved is planned again",
        Mutant::WritesOverPeople,
        &["an_edit_after_the_plan_stays", "a_name_that_was_changed_after_the_plan_stays"],
    ),
    of(
        "a mapping that is dropped clears nothing, and one that is new reaches all linked records",
        Mutant::GuardSleeps,
        &["a_mapping_comes_and_goes", "anchor_changed_after_plan"],
    ),
    of(
        "caps hold before the first write of a run",
        Mutant::AbsenceIsDeletion,
        &["deletions_are_capped", "what_is_not_listed_is_not_deleted"],
    ),
    of(
        "consent goes one way, towards stricter",
        Mutant::ConsentIsLifted,
        &["consent_goes_one_way"],
    ),
    of(
        "customers are merged only where a person asks for it",
        Mutant::TwinsMergedUnasked,
        &["a_twin_is_reported_and_merged_if_asked"],
    ),
];

fn play_of(name: &str) -> Option<fn() -> Held> {
    let one_way = SITUATIONS.iter().find(|one| one.name == name).map(|one| one.play);
    one_way.or_else(|| both_ways::all().find(|(known, _)| *known == name).map(|(_, play)| play))
}

#[test]
fn each_property_has_situations_that_notice_its_fault() {
    let mut names = BTreeSet::new();
    let mut broken = Vec::new();
    for property in INVARIANTS.iter().chain(RULES) {
        assert!(names.insert(property.name), "{} is listed twice", property.name);
        let mut noticed = false;
        for situation in property.held_by {
            let play = play_of(situation);
            assert!(play.is_some(), "{}: there is no situation {situation}", property.name);
            noticed = noticed
                || play.is_some_and(|play| situation_fails(Some(property.fault), play).is_some());
        }
        if !noticed {
            broken.push(format!("{} ({:?})", property.name, property.fault));
        }
    }
    assert!(broken.is_empty(), "no situation notices the fault of:\n{}", broken.join("\n"));
}
