//! Records of one kind, kept in the order in which their list gives them, with indexes for its filters.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::dates;

/// A record as it is stored: only what was written; the rest is added when it is shown.
pub(super) type Record = Map<String, Value>;

/// Gives the values under which a record is found.
pub(super) type Extract = fn(&Record) -> Vec<String>;

/// A record's place: the sort value, then the id.
type Place = (u64, String);

/// From here on sort values are numbers of records without an instant.
const UNDATED: u64 = 1 << 63;

/// The order of a kind's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The latest first.
    NewestFirst,
    /// The earliest first; those without an instant last.
    OldestFirst,
}

#[derive(Debug)]
struct Index {
    name: &'static str,
    extract: Extract,
    entries: BTreeMap<String, BTreeSet<Place>>,
}

/// Records of one kind.
#[derive(Debug)]
pub(super) struct Collection {
    order: Order,
    records: BTreeMap<String, (u64, Record)>,
    places: BTreeSet<Place>,
    indexes: Vec<Index>,
    changes: u64,
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) records: Vec<&'a Record>,
    /// Set unless the page is empty, as the real service does on the last page too.
    pub(super) cursor: Option<String>,
    pub(super) has_more: bool,
    /// Records in the whole list, where counting is cheap.
    pub(super) count: Option<usize>,
}

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    pub(super) after: Option<Place>,
    pub(super) per_page: usize,
    pub(super) skip: usize,
}

impl Collection {
    pub(super) fn new(order: Order, indexes: &[(&'static str, Extract)]) -> Self {
        let index = |(name, extract): &(&'static str, Extract)| Index {
            name,
            extract: *extract,
            entries: BTreeMap::new(),
        };
        Self {
            order,
            records: BTreeMap::new(),
            places: BTreeSet::new(),
            indexes: indexes.iter().map(index).collect(),
            changes: 0,
        }
    }

    /// Adds or replaces a record. `micros` is the instant it is ordered by; `None` comes last.
    pub(super) fn put(&mut self, id: &str, micros: Option<u64>, record: Record) {
        self.put_at(id, self.sort_value(micros), record);
    }

    /// Adds or replaces a record that has no instant: after those that have, in order of this number.
    pub(super) fn put_undated(&mut self, id: &str, number: u64, record: Record) {
        self.put_at(id, UNDATED.saturating_add(number), record);
    }

    fn put_at(&mut self, id: &str, sort: u64, record: Record) {
        if self.take(id).is_none_or(|before| differ(&before, &record)) {
            self.changes += 1;
        }
        let place = (sort, id.to_owned());
        for index in &mut self.indexes {
            for value in (index.extract)(&record) {
                index.entries.entry(value).or_default().insert(place.clone());
            }
        }
        self.places.insert(place.clone());
        self.records.insert(place.1, (place.0, record));
    }

    /// Adds a record that carries its id as `uuid`.
    pub(super) fn add(&mut self, micros: u64, record: Record) {
        let uuid = text(&record, "uuid").to_owned();
        self.put(&uuid, Some(micros), record);
    }

    /// Changes a record in place; its order stays.
    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Record)) {
        if let Some((sort, mut record)) = self.records.get(id).cloned() {
            change(&mut record);
            self.put_at(id, sort, record);
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Record> {
        let record = self.take(id)?;
        self.changes += 1;
        Some(record)
    }

    /// How often a record was made, removed or given other contents.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    fn take(&mut self, id: &str) -> Option<Record> {
        let (sort, record) = self.records.remove(id)?;
        let place = (sort, id.to_owned());
        self.places.remove(&place);
        for index in &mut self.indexes {
            for value in (index.extract)(&record) {
                if let Some(places) = index.entries.get_mut(&value) {
                    places.remove(&place);
                    if places.is_empty() {
                        index.entries.remove(&value);
                    }
                }
            }
        }
        Some(record)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id).map(|(_, record)| record)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// All records, in the list's order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Record> {
        self.places.iter().filter_map(|(_, id)| self.get(id))
    }

    /// The records under this value of an index, in the list's order.
    pub(super) fn find<'a>(
        &'a self,
        index: &str,
        value: &str,
    ) -> impl Iterator<Item = &'a Record> + use<'a> {
        let places = self.indexes.iter().find(|known| known.name == index);
        let places = places.and_then(|known| known.entries.get(value));
        places.into_iter().flatten().filter_map(|(_, id)| self.get(id))
    }

    /// The ids of the records under this value of an index.
    pub(super) fn ids(&self, index: &str, value: &str) -> Vec<String> {
        let places = self.indexes.iter().find(|known| known.name == index);
        let places = places.and_then(|known| known.entries.get(value));
        places.into_iter().flatten().map(|(_, id)| id.clone()).collect()
    }

    /// A page of the records that have all these values and pass the test.
    pub(super) fn page(
        &self,
        narrow: &[(&str, String)],
        keep: Option<&dyn Fn(&Record) -> bool>,
        window: &Window,
    ) -> Page<'_> {
        let empty = BTreeSet::new();
        let mut sets: Vec<&BTreeSet<Place>> = vec![&self.places];
        for (name, value) in narrow {
            let index = self.indexes.iter().find(|index| index.name == *name);
            sets.push(index.and_then(|index| index.entries.get(value)).unwrap_or(&empty));
        }
        sets.sort_by_key(|set| set.len());
        let (smallest, others) =
            sets.split_first().map_or((&empty, &[][..]), |(first, rest)| (*first, rest));
        let from = match &window.after {
            Some(place) => std::ops::Bound::Excluded(place.clone()),
            None => std::ops::Bound::Unbounded,
        };
        let mut found = smallest
            .range((from, std::ops::Bound::Unbounded))
            .filter(|place| others.iter().all(|set| set.contains(*place)))
            .filter_map(|place| Some((place, self.get(&place.1)?)))
            .filter(|(_, record)| keep.is_none_or(|keep| keep(record)))
            .skip(window.skip);
        let page: Vec<_> = found.by_ref().take(window.per_page).collect();
        let has_more = found.next().is_some();
        Page {
            cursor: page.last().map(|(place, _)| self.cursor(place)),
            records: page.into_iter().map(|(_, record)| record).collect(),
            has_more,
            count: (keep.is_none() && narrow.len() < 2).then_some(smallest.len()),
        }
    }

    /// The opaque text for a place: base64 of its instant, or of its number, `&` and its id.
    fn cursor(&self, place: &Place) -> String {
        let undated = || match place.0 {
            u64::MAX => String::new(),
            sort => (sort - UNDATED).to_string(),
        };
        let stamp = self.micros(place.0).map_or_else(undated, |micros| {
            let whole = dates::iso(i64::try_from(micros / 1000).unwrap_or(0));
            format!("{}{:03}000Z", whole.trim_end_matches('Z'), micros % 1000)
        });
        STANDARD.encode(format!("{stamp}&{}", place.1))
    }

    /// The place that a cursor stands for; `None` if it is not of this list.
    pub(super) fn place(&self, cursor: &str) -> Option<Place> {
        let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
        let (stamp, id) = text.split_once('&')?;
        if stamp.is_empty() {
            return Some((self.sort_value(None), id.to_owned()));
        }
        if let Ok(number) = stamp.parse::<u64>() {
            return Some((UNDATED.saturating_add(number), id.to_owned()));
        }
        let (whole, fraction) = stamp.trim_end_matches('Z').split_once('.')?;
        let millis = dates::instant_of(&format!("{whole}.{}Z", fraction.get(..3)?))?;
        let micros =
            u64::try_from(millis).ok()? * 1000 + fraction.get(3..6)?.parse::<u64>().ok()?;
        Some((self.sort_value(Some(micros)), id.to_owned()))
    }

    fn sort_value(&self, micros: Option<u64>) -> u64 {
        match (self.order, micros) {
            (Order::NewestFirst, Some(micros)) => u64::MAX - micros,
            (Order::OldestFirst, Some(micros)) => micros,
            (_, None) => u64::MAX,
        }
    }

    /// Among records of which the newest comes first, only those without a number are undated.
    fn is_undated(&self, sort: u64) -> bool {
        match self.order {
            Order::NewestFirst => sort == u64::MAX,
            Order::OldestFirst => sort >= UNDATED,
        }
    }

    fn micros(&self, sort: u64) -> Option<u64> {
        match self.order {
            _ if self.is_undated(sort) => None,
            Order::NewestFirst => Some(u64::MAX - sort),
            Order::OldestFirst => Some(sort),
        }
    }
}

/// Whether two states of a record differ in more than the date of the last write.
fn differ(before: &Record, after: &Record) -> bool {
    let contents = |record: &Record| record.len() - usize::from(record.contains_key("updated_at"));
    contents(before) != contents(after)
        || before.iter().any(|(name, value)| name != "updated_at" && after.get(name) != Some(value))
}

/// The text of a property; empty for none.
pub(super) fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The value of one text property, for an index.
pub(super) fn one(record: &Record, name: &str) -> Vec<String> {
    let value = text(record, name);
    if value.is_empty() { Vec::new() } else { vec![value.to_owned()] }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn colour(record: &Record) -> Vec<String> {
        one(record, "colour")
    }

    fn collection(order: Order) -> Collection {
        let mut collection = Collection::new(order, &[("colour", colour)]);
        for (id, micros, colour) in
            [("a", Some(5), "red"), ("b", None, "blue"), ("c", Some(9), "red")]
        {
            let record = json!({"id": id, "colour": colour});
            collection.put(id, micros, record.as_object().unwrap().clone());
        }
        collection
    }

    fn ids(page: &Page<'_>) -> Vec<String> {
        page.records.iter().map(|record| text(record, "id").to_owned()).collect()
    }

    #[test]
    fn pages_continue_after_their_cursor_in_both_orders() {
        for (order, expected) in
            [(Order::NewestFirst, ["c", "a", "b"]), (Order::OldestFirst, ["a", "c", "b"])]
        {
            let collection = collection(order);
            let mut window = Window { per_page: 1, ..Window::default() };
            let mut walked = Vec::new();
            loop {
                let page = collection.page(&[], None, &window);
                walked.extend(ids(&page));
                window.after = collection.place(&page.cursor.unwrap());
                if !page.has_more {
                    break;
                }
            }
            assert_eq!(walked, expected);
            let beyond = collection.page(&[], None, &window);
            assert!(beyond.cursor.is_none() && beyond.records.is_empty());
        }
    }

    #[test]
    fn undated_records_keep_the_order_of_their_numbers() {
        let mut collection = Collection::new(Order::OldestFirst, &[]);
        for (id, number) in [("z", 1), ("m", 2), ("a", 3)] {
            let record = json!({"id": id}).as_object().unwrap().clone();
            collection.put_undated(id, number, record);
        }
        let dated = json!({"id": "dated"}).as_object().unwrap().clone();
        collection.put("dated", Some(7), dated);
        let mut window = Window { per_page: 1, ..Window::default() };
        let mut walked = Vec::new();
        for _ in 0..4 {
            let page = collection.page(&[], None, &window);
            walked.extend(ids(&page));
            window.after = collection.place(&page.cursor.unwrap());
        }
        assert_eq!(walked, ["dated", "z", "m", "a"]);
        collection.change("z", |record| _ = record.insert("name".into(), json!("x")));
        let all = Window { per_page: 9, ..Window::default() };
        assert_eq!(ids(&collection.page(&[], None, &all)), ["dated", "z", "m", "a"]);
    }

    #[test]
    fn an_index_follows_changes_and_removals() {
        let mut collection = collection(Order::NewestFirst);
        let red = [("colour", "red".to_owned())];
        let window = Window { per_page: 9, ..Window::default() };
        assert_eq!(ids(&collection.page(&red, None, &window)), ["c", "a"]);
        collection.change("c", |record| {
            record.insert("colour".into(), "blue".into());
        });
        assert_eq!(ids(&collection.page(&red, None, &window)), ["a"]);
        assert_eq!(collection.ids("colour", "blue"), ["c", "b"]);
        collection.remove("a");
        assert_eq!(collection.find("colour", "red").count(), 0);
        assert_eq!(collection.len(), 2);
    }

    #[test]
    fn a_cursor_of_another_form_is_refused() {
        let collection = collection(Order::NewestFirst);
        for cursor in ["", "%%%", "bm90aGluZw==", "eCZ5"] {
            assert!(collection.place(cursor).is_none(), "{cursor}");
        }
    }
}
