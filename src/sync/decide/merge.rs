//! Merging: what both sides show of a linked note or task, against what each showed when they were in step.

use serde_json::{Value, json};

use super::super::model::conflict::{Winner, fields_of, seen};
use super::super::model::pair::{Kind, Pair, Role};
use super::super::model::staged::SeenChild;
use super::super::model::standing::Reason;
use super::changes::Difference;
use crate::mapping::custom_fields::Rule;
use crate::mapping::kinds::{self, Row, contact};
use crate::mapping::settings::{OnLink, Owner, Settings};
use crate::mapping::{Fields, Problem, notes, settled};
use crate::mutants::{self, Mutant};

/// What both sides show of a record.
#[derive(Clone, Copy)]
pub(in crate::sync) struct Sides<'s> {
    pub(in crate::sync) kind: Kind,
    pub(in crate::sync) row: &'static Row,
    pub(in crate::sync) pair: &'s Pair,
    pub(in crate::sync) here: &'s Fields,
    pub(in crate::sync) there: &'s SeenChild,
    /// Whether GHL's words can be written anew without a loss.
    pub(in crate::sync) rewritable: bool,
    pub(in crate::sync) settings: &'s Settings,
    /// The custom fields that cross.
    pub(in crate::sync) rules: &'s [Rule],
    /// Values of GHL that were cut or left out in the reading.
    pub(in crate::sync) problems: &'s [Problem],
}

impl Sides<'_> {
    /// Whether GHL can be given a field.
    pub(in crate::sync) fn is_writable(&self, name: &str) -> bool {
        let of_customer = self.pair.role == Role::Customer;
        self.kind != Kind::Contact
            || contact::is_writable(name, of_customer, self.problems, self.rules, self.settings)
    }

    /// The fields that are compared: GHL's, and of a contact those that are empty there.
    fn names(&self) -> Vec<&String> {
        let there = self.there.fields.keys();
        let more = there.filter(|name| {
            self.kind == Kind::Contact && !self.here.contains_key(*name) && self.is_writable(name)
        });
        self.here.keys().chain(more).collect()
    }
}

/// What is to be written to either side, and what both show afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::sync) struct Merged {
    /// To ChartMogul, with the base of the next comparison.
    pub(in crate::sync) difference: Difference,
    /// To GHL.
    pub(in crate::sync) back: Fields,
    /// What it replaces there.
    pub(in crate::sync) back_from: Fields,
    /// What ChartMogul shows, for the next comparison.
    pub(in crate::sync) there: Fields,
    /// Values that a person has to settle.
    pub(in crate::sync) open: Vec<Differing>,
    /// Values that are settled by this, by a person or by the field's owner: one of the two is lost.
    pub(in crate::sync) settled: Vec<(Differing, Winner)>,
}

/// A field with another value on each side.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sync) struct Differing {
    pub(in crate::sync) field: String,
    pub(in crate::sync) cause: Reason,
    pub(in crate::sync) ghl: Value,
    pub(in crate::sync) chartmogul: Value,
}

impl Differing {
    /// The field, as people know it.
    pub(in crate::sync) fn known_as(&self) -> &str {
        contact::name_of(&self.field)
    }

    /// Tells both values as they stand.
    pub(in crate::sync) fn seen(&self) -> String {
        seen(&self.ghl, &self.chartmogul)
    }
}

/// The field that holds a record's words.
pub(in crate::sync) const fn words_of(kind: Kind) -> &'static str {
    if matches!(kind, Kind::Note) { "text" } else { "task_details" }
}

/// The names under which a field is kept: of a record's words there are several marks.
pub(in crate::sync) fn kept_as(kind: Kind, field: &str) -> Vec<&str> {
    let mut names = vec![field];
    if field == words_of(kind) {
        names.extend(["text", "content", "whole", "more"]);
    }
    names
}

/// What ChartMogul shows of a record, as it is kept for the next comparison.
pub(in crate::sync) fn marks_of(there: &SeenChild) -> Fields {
    let mut marks = Fields::new();
    for (name, value) in &there.fields {
        marks.insert(name.clone(), kinds::mark(value));
    }
    marks
}

/// Whether a field shows another value in ChartMogul than it did when both sides were in step. What it
/// showed then is not known of records that were linked while they went one way: GHL's value tells.
pub(in crate::sync) fn has_moved(sides: &Sides<'_>, name: &str) -> bool {
    let there = &sides.there.fields;
    if !sides.pair.base.contains_key(name) {
        return there.contains_key(name);
    }
    let words = name == words_of(sides.kind);
    let mark = planned_as(sides.kind, name);
    if let Some(shown) = sides.pair.shown.get(mark).filter(|_| !mutants::is_on(Mutant::SingleMark))
    {
        return there.get(mark).is_some_and(|now| kinds::mark(now) != *shown);
    }
    let Some(now) = there.get(name) else { return false };
    let Some(base) = sides.pair.base.get(name) else { return true };
    if words && sides.kind == Kind::Note {
        let ours = sides.pair.base.get("content");
        return ours.is_some_and(|ours| now != ours) || there.contains_key("more");
    }
    if *base == kinds::mark(now) {
        return false;
    }
    // Of a primary contact no answer has told what became of what it was given.
    let address = contact::name_of(name) == "email";
    if sides.kind == Kind::Contact && !address && is_alike(base, now) {
        return false;
    }
    // Of a long text its hash is known: one that was cut cannot be compared with it.
    let hashed = words && base.as_str().is_some_and(|text| text.len() == 22);
    !(hashed || (sides.row.same)(name, base, now, sides.settings))
}

/// Whether a text may be what a service made of another by tidying it: the letters and digits are the same.
fn is_alike(given: &Value, shown: &Value) -> bool {
    let (Some(given), Some(shown)) = (given.as_str(), shown.as_str()) else { return false };
    let core = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase()
    };
    core(given) == core(shown)
}

/// Whether any field has moved in ChartMogul.
pub(in crate::sync) fn any_has_moved(sides: &Sides<'_>) -> bool {
    fields_of(sides.kind, sides.settings).iter().any(|name| has_moved(sides, name))
}

/// Merges a linked record. `chosen` is what a person has decided for a field while it showed these values.
pub(in crate::sync) fn merge(
    sides: &Sides<'_>,
    chosen: &dyn Fn(&str, &str) -> Option<Winner>,
) -> Merged {
    let Sides { kind, pair, .. } = *sides;
    let here = &settled(sides.here, &pair.base);
    let marks = kinds::marks(here);
    let words = words_of(kind);
    let mut merged = Merged { there: marks_of(sides.there), ..Merged::default() };
    merged.difference.base = kinds::merged(&pair.base, &marks);
    merged.difference.kept.clone_from(&pair.kept);
    let nothing = Value::Null;
    for name in (Sides { here, ..*sides }).names() {
        let value = here.get(name).unwrap_or(&nothing);
        // What is empty there is no change: it clears nothing.
        let moved_here = here.contains_key(name) && pair.base.get(name) != marks.get(name);
        if pair.kept.contains(name) && follows(sides, name) {
            merged.difference.kept.retain(|kept| kept != name);
        } else if pair.kept.contains(name) {
            if moved_here {
                merged.difference.kept_now.push(name.clone());
            }
            continue;
        }
        let there = sides.is_writable(name) && has_moved(sides, name);
        let moved = Moved { here: moved_here, there };
        let known_as = contact::name_of(name);
        let owner = match mutants::is_on(Mutant::OwnerIsIgnored) {
            true => Owner::TwoWay,
            false => sides.settings.owner_of(&format!("{}.{known_as}", kind.name())),
        };
        if owner == Owner::DontSync
            || !(moved.here || moved.there)
            || same(sides, name, value, moved)
        {
            continue;
        }
        let theirs = match (name == words, &sides.there.told) {
            (true, Some(told)) => json!(told),
            _ => sides.there.fields.get(name).cloned().unwrap_or_default(),
        };
        let mut differing = Differing {
            field: name.clone(),
            cause: Reason::BothChanged,
            ghl: value.clone(),
            chartmogul: theirs,
        };
        let mut winner = winner_of(owner, moved, &differing);
        if kind == Kind::Contact && winner.is_none() && !pair.base.contains_key(name) {
            // Their first meeting in this field: nobody has changed anything.
            if !pair.matched.is_ours() && sides.settings.on_link == OnLink::FillEmpty {
                merged.difference.kept.push(name.clone());
                merged.difference.kept_now.push(name.clone());
                continue;
            }
            winner = Some(Winner::Ghl);
        }
        if winner.is_none() {
            winner = match mutants::is_on(Mutant::LastSideWins) {
                true => Some(Winner::Chartmogul),
                false => chosen(name, &differing.seen()),
            };
        } else if winner == Some(Winner::Chartmogul) && name == words && !sides.rewritable {
            // What else GHL's text holds would be lost: a person decides.
            differing.cause = Reason::Held;
            winner = chosen(name, &differing.seen());
        }
        // A hash of ChartMogul's words is all that is known here: they are written when they are read.
        let unread = name == words && sides.there.told.is_none();
        if winner == Some(Winner::Chartmogul) && unread {
            stays(&mut merged, pair, kind, name);
            continue;
        }
        match winner {
            None => {
                stays(&mut merged, pair, kind, name);
                merged.open.push(differing);
                continue;
            }
            Some(Winner::Chartmogul) => {
                // An empty value clears nothing.
                if kinds::is_empty(Some(&differing.chartmogul))
                    && !mutants::is_on(Mutant::EmptyClears)
                {
                    stays(&mut merged, pair, kind, name);
                    continue;
                }
                merged.back.insert(name.clone(), differing.chartmogul.clone());
                let before = pair.base.get(name).filter(|_| name != words);
                merged.back_from.extend(before.map(|before| (name.clone(), before.clone())));
            }
            Some(Winner::Ghl | Winner::Both) if value.is_null() => continue,
            Some(Winner::Ghl | Winner::Both) => {
                let difference = &mut merged.difference;
                difference.to.insert(name.clone(), value.clone());
                difference.replaces += u32::from(pair.base.contains_key(name));
                let before = pair.base.get(name).filter(|_| name != words);
                difference.from.extend(before.map(|before| (name.clone(), before.clone())));
            }
        }
        // What a person wrote on the other side is kept for a while.
        let loses = match winner {
            Some(Winner::Chartmogul) => moved.here,
            _ => moved.there,
        };
        if let Some(winner) = winner.filter(|_| loses || differing.cause == Reason::Held) {
            merged.settled.push((differing, winner));
        }
    }
    merged
}

/// Whether a value that was kept at the first link has changed since on the side that owns it: then it comes.
fn follows(sides: &Sides<'_>, name: &str) -> bool {
    let owner = format!("{}.{}", sides.kind.name(), contact::name_of(name));
    matches!(
        sides.settings.owner_of(&owner),
        Owner::AlwaysChartmogul | Owner::PreferChartmogulUnlessBlank
    ) && sides.is_writable(name)
        && has_moved(sides, name)
}

/// Which sides show another value than they did when both were in step.
#[derive(Debug, Clone, Copy)]
struct Moved {
    here: bool,
    there: bool,
}

/// Whose value is written to the other side, by the field's owner; nobody's where a person decides.
fn winner_of(owner: Owner, moved: Moved, differing: &Differing) -> Option<Winner> {
    let blank = |value: &Value| kinds::is_empty(Some(value));
    match owner {
        Owner::PreferGhlUnlessBlank if blank(&differing.ghl) => Some(Winner::Chartmogul),
        Owner::PreferChartmogulUnlessBlank if blank(&differing.chartmogul) => Some(Winner::Ghl),
        Owner::AlwaysGhl | Owner::PreferGhlUnlessBlank => Some(Winner::Ghl),
        Owner::AlwaysChartmogul | Owner::PreferChartmogulUnlessBlank => Some(Winner::Chartmogul),
        Owner::TwoWay | Owner::DontSync => match (moved.here, moved.there) {
            (true, true) if blank(&differing.chartmogul) => Some(Winner::Ghl),
            (true, true) if blank(&differing.ghl) => Some(Winner::Chartmogul),
            (true, true) => None,
            (true, false) => Some(Winner::Ghl),
            (false, _) => Some(Winner::Chartmogul),
        },
    }
}

/// The mark by which ChartMogul's value of a field is known.
pub(in crate::sync) fn planned_as(kind: Kind, name: &str) -> &str {
    if name == words_of(kind) { "whole" } else { name }
}

/// Whether ChartMogul shows the same as a value of GHL.
pub(in crate::sync) fn is_same(sides: &Sides<'_>, name: &str, value: &Value) -> bool {
    same(sides, name, value, Moved { here: true, there: true })
}

/// Whether both sides say the same.
fn same(sides: &Sides<'_>, name: &str, value: &Value, moved: Moved) -> bool {
    let there = &sides.there.fields;
    let by_row =
        there.get(name).is_some_and(|there| (sides.row.same)(name, value, there, sides.settings));
    if name != words_of(sides.kind) || !there.contains_key("whole") {
        return by_row;
    }
    let whole = there.get("whole").and_then(Value::as_str);
    // At their first link what says the same is the same, in whatever form it was written.
    let first = !sides.pair.base.contains_key(name) && !there.contains_key("more");
    whole == value.as_str().map(notes::whole).as_deref() || by_row && (first || !moved.there)
}

/// What neither side gets stays as it was when both were in step.
fn stays(merged: &mut Merged, pair: &Pair, kind: Kind, name: &str) {
    for name in kept_as(kind, name) {
        for (fields, before) in
            [(&mut merged.difference.base, &pair.base), (&mut merged.there, &pair.shown)]
        {
            match before.get(name) {
                Some(value) => _ = fields.insert(name.to_owned(), value.clone()),
                None => _ = fields.remove(name),
            }
        }
    }
}
