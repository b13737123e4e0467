//! Values by name, as a sorted list: for the small maps that the connector holds. The standard map
//! would be kilobytes of WebAssembly for each type that it holds.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};

/// Values by name, in the order of the names. `Of` says what the names are, for those who read the types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T, Of = String>(Vec<(String, T)>, PhantomData<Of>);

impl<T, Of> Default for Named<T, Of> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<T, Of> Named<T, Of> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        let (_, value) = self.0.get(self.find(name).ok()?)?;
        Some(value)
    }

    /// Whether there is a value of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Puts a value in place of the one that the name had.
    pub fn insert(&mut self, name: String, value: T) {
        match self.find(&name) {
            Ok(index) => {
                if let Some(entry) = self.0.get_mut(index) {
                    entry.1 = value;
                }
            }
            Err(index) => self.0.insert(index, (name, value)),
        }
    }

    /// The value of a name, the default where there was none.
    pub fn or_default(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        let index = self.find(name).unwrap_or_else(|index| {
            self.0.insert(index, (name.to_owned(), T::default()));
            index
        });
        // It was found or put at that very place.
        #[allow(clippy::indexing_slicing, reason = "the index is of an entry")]
        &mut self.0[index].1
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

impl<T, Of> IntoIterator for Named<T, Of> {
    type Item = (String, T);
    type IntoIter = std::vec::IntoIter<(String, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T, Of> FromIterator<(String, T)> for Named<T, Of> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        let mut named = Self::default();
        for (name, value) in entries {
            named.insert(name, value);
        }
        named
    }
}

impl<T: Serialize, Of> Serialize for Named<T, Of> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(feature = "reference")]
impl<T: schemars::JsonSchema, Of: schemars::JsonSchema> schemars::JsonSchema for Named<T, Of> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}By{}", T::schema_name(), Of::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": generator.subschema_for::<Of>(),
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_order_of_their_names() {
        let mut named: Named<u8> = [("b".to_owned(), 2), ("a".to_owned(), 1)].into_iter().collect();
        *named.or_default("c") += 3;
        *named.or_default("b") += 10;
        named.insert("a".to_owned(), 4);
        assert_eq!(serde_json::to_string(&named).unwrap(), r#"{"a":4,"b":12,"c":3}"#);
        assert_eq!((named.get("b"), named.get("d")), (Some(&12), None));
        assert_eq!((named.contains("c"), named.is_empty(), named.len()), (true, false, 3));
        assert_eq!(named.names().collect::<String>(), "abc");
    }
}
