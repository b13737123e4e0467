//! Values by key in the order of the keys, and lists in order. One search tree and one sort serve all
//! types: each type's own would be kilobytes of WebAssembly.

use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};
use std::mem;

/// Values by key, in the order of the keys.
#[derive(Debug, Clone)]
pub struct Ordered<V> {
    places: Places,
    values: Vec<Option<V>>,
}

/// Where the value of each key is.
#[derive(Debug, Clone, Default)]
struct Places {
    of_keys: BTreeMap<String, usize>,
    /// Places whose values were removed.
    free: Vec<usize>,
}

impl Places {
    fn find(&self, key: &str) -> Option<usize> {
        self.of_keys.get(key).copied()
    }

    /// The place of a key; of a new one a free place, or the one behind all others.
    fn find_or_take(&mut self, key: String) -> usize {
        let behind = self.of_keys.len() + self.free.len();
        match self.of_keys.entry(key) {
            btree_map::Entry::Occupied(entry) => *entry.get(),
            btree_map::Entry::Vacant(entry) => *entry.insert(self.free.pop().unwrap_or(behind)),
        }
    }

    fn remove(&mut self, key: &str) -> Option<usize> {
        let place = self.of_keys.remove(key)?;
        self.free.push(place);
        Some(place)
    }
}

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self { places: Places::default(), values: Vec::new() }
    }
}

impl<V> Ordered<V> {
    /// One without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.values.get(self.places.find(key)?)?.as_ref()
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.values.get_mut(self.places.find(key)?)?.as_mut()
    }

    /// Whether there is a value of that key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.places.find(key).is_some()
    }

    /// Puts a value in place of the one that the key had, which it gives.
    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        self.place(key).replace(value)
    }

    /// The value of a key, the default where there was none.
    pub fn or_default(&mut self, key: String) -> &mut V
    where
        V: Default,
    {
        self.place(key).get_or_insert_with(V::default)
    }

    fn place(&mut self, key: String) -> &mut Option<V> {
        let place = self.places.find_or_take(key);
        if place >= self.values.len() {
            self.values.push(None);
        }
        #[allow(clippy::indexing_slicing, reason = "a new place is the one behind all others")]
        &mut self.values[place]
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let place = self.places.remove(key)?;
        let value = self.values.get_mut(place)?.take();
        if self.is_empty() {
            *self = Self::default();
        }
        value
    }

    /// The keys.
    pub fn keys(&self) -> btree_map::Keys<'_, String, usize> {
        self.places.of_keys.keys()
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        let places = self.places.of_keys.iter();
        places.filter_map(|(key, place)| Some((key, self.values.get(*place)?.as_ref()?)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.of_keys.len()
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.places.of_keys.is_empty()
    }
}

/// Keys and values, in the order of the keys.
#[derive(Debug)]
pub struct IntoIter<V> {
    places: btree_map::IntoIter<String, usize>,
    values: Vec<Option<V>>,
}

impl<V> Iterator for IntoIter<V> {
    type Item = (String, V);

    fn next(&mut self) -> Option<(String, V)> {
        let (key, place) = self.places.next()?;
        Some((key, self.values.get_mut(place)?.take()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl<V> IntoIterator for Ordered<V> {
    type Item = (String, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        IntoIter { places: self.places.of_keys.into_iter(), values: self.values }
    }
}

impl<V> Extend<(String, V)> for Ordered<V> {
    fn extend<I: IntoIterator<Item = (String, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<V> FromIterator<(String, V)> for Ordered<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(entries: I) -> Self {
        let mut ordered = Self::default();
        ordered.extend(entries);
        ordered
    }
}

/// Sorts a list; equals keep their order.
pub fn sort_by<T>(list: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let mut values: Vec<Option<T>> = mem::take(list).into_iter().map(Some).collect();
    let places =
        sorted_places(values.len(), &|one, other| match (values.get(one), values.get(other)) {
            (Some(Some(one)), Some(Some(other))) => compare(one, other),
            _ => Ordering::Equal,
        });
    list.extend(places.into_iter().filter_map(|place| values.get_mut(place)?.take()));
}

fn sorted_places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

/// Sorts texts and leaves each once.
pub fn tidy(texts: &mut Vec<String>) {
    sort_by(texts, String::cmp);
    texts.dedup();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use super::*;
    use crate::seeded::Random;

    fn same<V: Debug + PartialEq>(ours: &Ordered<V>, model: &BTreeMap<String, V>) {
        assert!(ours.iter().eq(model));
        assert!(ours.keys().eq(model.keys()) && ours.values().eq(model.values()));
        assert_eq!((ours.len(), ours.is_empty()), (model.len(), model.is_empty()));
    }

    #[test]
    fn it_does_what_the_standard_map_does() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let (mut ours, mut model) = (Ordered::new(), BTreeMap::new());
            for step in 0..400 {
                let key = format!("k{}", random.below(1 + seed as usize * 3));
                match random.below(8) {
                    0..3 => assert_eq!(ours.insert(key.clone(), step), model.insert(key, step)),
                    3..6 => assert_eq!(ours.remove(&key), model.remove(&key)),
                    6 => {
                        *ours.or_default(key.clone()) += step;
                        *model.entry(key).or_default() += step;
                    }
                    _ => {
                        assert_eq!(ours.get(&key), model.get(&key));
                        assert_eq!(ours.contains_key(&key), model.contains_key(&key));
                        if let (Some(one), Some(other)) = (ours.get_mut(&key), model.get_mut(&key))
                        {
                            (*one, *other) = (*one + 1, *other + 1);
                        }
                    }
                }
                same(&ours, &model);
                assert!(ours.values.len() <= 1 + seed as usize * 3, "places are taken again");
            }
            let copy: Ordered<i32> = ours.clone().into_iter().collect();
            same(&copy, &model);
            assert!(ours.into_iter().eq(model));
        }
    }

    #[test]
    fn what_is_emptied_holds_no_memory() {
        let mut ordered: Ordered<u64> = (0..1000).map(|at| (at.to_string(), at)).collect();
        for at in 0..1000_u64 {
            assert_eq!(ordered.remove(&at.to_string()), Some(at));
        }
        assert_eq!((ordered.values.capacity(), ordered.places.free.capacity()), (0, 0));
    }

    #[test]
    fn lists_are_sorted_as_by_the_standard_sort() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let list: Vec<(usize, usize)> =
                (0..random.below(200)).map(|at| (random.below(20), at)).collect();
            let (mut ours, mut model) = (list.clone(), list);
            sort_by(&mut ours, |one, other| one.0.cmp(&other.0));
            model.sort_by_key(|entry| entry.0);
            assert_eq!(ours, model);
        }
        let mut texts: Vec<String> = ["b", "a", "b", ""].map(str::to_owned).into();
        tidy(&mut texts);
        assert_eq!(texts, ["", "a", "b"]);
    }
}
