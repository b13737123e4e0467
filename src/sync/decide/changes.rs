//! What changes: a record's values against what both sides last held, or against its counterpart's at
//! their first link.

use serde_json::Value;

use super::super::model::pair::Pair;
use crate::mapping::kinds::{self, Row};
use crate::mapping::settings::{OnLink, Settings};
use crate::mapping::{Fields, changed, select, settled};
use crate::mutants::{self, Mutant};

/// What is to be written, and what both sides hold afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::sync) struct Difference {
    /// Values to be written.
    pub(in crate::sync) to: Fields,
    /// The values that they replace, where known.
    pub(in crate::sync) from: Fields,
    /// The base of the next comparison.
    pub(in crate::sync) base: Fields,
    /// Fields whose values stay ChartMogul's.
    pub(in crate::sync) kept: Vec<String>,
    /// Those of them that GHL has changed since.
    pub(in crate::sync) kept_now: Vec<String>,
    /// Existing values of ChartMogul that are replaced.
    pub(in crate::sync) replaces: u32,
}

/// Compares a linked record with what GHL showed when both were in step. GHL owns every field, but
/// those that were kept at the first link. An empty value never clears.
pub(in crate::sync) fn of_linked(pair: &Pair, wanted: &Fields) -> Difference {
    let wanted = &settled(wanted, &pair.base);
    let marks = kinds::marks(wanted);
    let moved = changed(&pair.base, &select(&marks, &|name, _| wanted.contains_key(name)));
    let is_kept = |name: &str| pair.kept.iter().any(|kept| kept == name);
    let to = select(wanted, &|name, _| moved.contains_key(name) && !is_kept(name));
    Difference {
        from: select(&pair.base, &|name, _| to.contains_key(name) && name != "text"),
        base: kinds::merged(&pair.base, &marks),
        kept: pair.kept.clone(),
        kept_now: moved.keys().filter(|name| is_kept(name)).cloned().collect(),
        replaces: u32::try_from(to.keys().filter(|name| pair.base.contains_key(*name)).count())
            .unwrap_or(u32::MAX),
        to,
    }
}

impl Difference {
    /// Without the values that were never agreed on and are there already.
    pub(in crate::sync) fn beyond(mut self, row: &Row, seen: &Fields, settings: &Settings) -> Self {
        self.to.retain(|name, value| {
            self.from.contains_key(name)
                || seen.get(name).is_none_or(|there| !(row.same)(name, value, there, settings))
        });
        self
    }

    /// Of the fields that were never agreed on those are kept that hold a value in a record which
    /// somebody else made.
    pub(in crate::sync) fn keep_foreign(
        &mut self,
        row: &Row,
        pair: &Pair,
        seen: &Fields,
        settings: &Settings,
    ) {
        let fresh = select(&self.to, &|name, _| !pair.base.contains_key(name));
        let first = of_first_link(row, &fresh, seen, false, settings);
        self.to =
            select(&self.to, &|name, _| !fresh.contains_key(name) || first.to.contains_key(name));
        for name in first.kept {
            self.kept_now.push(name.clone());
            self.kept.push(name);
        }
    }
}

/// Compares a record with its counterpart at their first link: the same is agreed, an empty value is
/// filled. A record that we made gets GHL's values; one that somebody else made keeps its own, unless
/// the settings say otherwise.
pub(in crate::sync) fn of_first_link(
    row: &Row,
    wanted: &Fields,
    seen: &Fields,
    ours: bool,
    settings: &Settings,
) -> Difference {
    let overwrites = ours
        || settings.on_link == OnLink::Overwrite
        || mutants::is_on(Mutant::FirstLinkOverwrites);
    let wanted = &settled(wanted, &Fields::new());
    let mut difference = Difference { base: kinds::marks(wanted), ..Difference::default() };
    for (name, value) in wanted {
        match seen.get(name) {
            there if kinds::is_empty(there) => {
                difference.to.insert(name.clone(), value.clone());
            }
            Some(there) if (row.same)(name, value, there, settings) => {}
            Some(there) if overwrites => {
                difference.to.insert(name.clone(), value.clone());
                if name != "text" {
                    difference.from.insert(name.clone(), there.clone());
                }
                difference.replaces += 1;
            }
            Some(_) | None => difference.kept.push(name.clone()),
        }
    }
    difference
}

/// Whether a change does nothing but complete a task.
pub(in crate::sync) fn completes(to: &Fields) -> bool {
    to.len() == 1 && to.get("completed") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            _ => Fields::new(),
        }
    }

    #[test]
    fn an_unticked_box_is_false_once_it_was_true() {
        let wanted = fields(json!({"custom.vip": null}));
        for (base, to) in [
            (json!({"custom.vip": true}), json!({"custom.vip": false})),
            (json!({"custom.vip": false}), json!({})),
            (json!({}), json!({})),
        ] {
            let pair = Pair { base: fields(base), ..Pair::default() };
            let found = of_linked(&pair, &wanted);
            assert_eq!(found.to, fields(to));
            let next = Pair { base: found.base, ..Pair::default() };
            assert_eq!(of_linked(&next, &wanted).to, Fields::new());
        }
        let seen = fields(json!({"custom.vip": true}));
        let first = of_first_link(&kinds::MEMBER, &wanted, &seen, true, &Settings::default());
        assert_eq!((first.to, first.base), (Fields::new(), Fields::new()));
    }

    #[test]
    fn a_first_link_fills_and_keeps() {
        let wanted = fields(
            json!({"first_name": "Ada", "email": "ada@home.example", "phone": "+14155550123"}),
        );
        let seen =
            fields(json!({"first_name": "Ada", "email": "billing@example.com", "phone": ""}));
        let settings = Settings::default();
        let found = of_first_link(&kinds::MEMBER, &wanted, &seen, false, &settings);
        assert_eq!(found.to, fields(json!({"phone": "+14155550123"})));
        assert_eq!(found.kept, ["email"]);
        assert_eq!(found.replaces, 0);
        for (ours, on_link) in [(true, OnLink::FillEmpty), (false, OnLink::Overwrite)] {
            let settings = Settings { on_link, ..Settings::default() };
            let found = of_first_link(&kinds::MEMBER, &wanted, &seen, ours, &settings);
            assert_eq!(found.to["email"], "ada@home.example");
            assert_eq!(found.from["email"], "billing@example.com");
            assert_eq!((found.replaces, found.kept.len()), (1, 0));
        }
    }

    #[test]
    fn a_linked_record_writes_what_moved_and_lists_what_was_kept() {
        let base = kinds::marks(&fields(
            json!({"first_name": "Ada", "email": "a@example.com", "gone": "x"}),
        ));
        let pair = Pair { base, kept: vec!["email".into()], ..Pair::default() };
        let wanted = fields(json!({"first_name": "Ada L.", "email": "b@example.com"}));
        let found = of_linked(&pair, &wanted);
        assert_eq!(found.to, fields(json!({"first_name": "Ada L."})));
        assert_eq!(found.from, fields(json!({"first_name": "Ada"})));
        assert_eq!(found.kept_now, ["email"]);
        assert_eq!(found.base["gone"], "x");
        let pair = Pair { base: found.base, kept: found.kept, ..Pair::default() };
        let again = of_linked(&pair, &wanted);
        assert!(again.to.is_empty() && again.kept_now.is_empty());
    }

    #[test]
    fn texts_are_known_by_their_hash() {
        let long = fields(json!({"text": "a".repeat(500), "task_details": "b".repeat(100)}));
        let marks = kinds::marks(&long);
        assert!(marks.values().all(|mark| mark.as_str().is_some_and(|text| text.len() <= 32)));
        let pair = Pair { base: marks, ..Pair::default() };
        assert!(of_linked(&pair, &long).to.is_empty());
    }
}
