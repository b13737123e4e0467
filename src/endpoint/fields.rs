//! Lists of properties, packed: most names are in many lists and most types are plain, so a list
//! is kept as bytes, which compress well in the module, and read when it is asked.

use super::{ANY, BOOLEAN, DATE, EMAIL, FILE, Field, INTEGER, Kind, NUMBER, TEXT, TIMESTAMP, Type};

/// The properties of a model, or the parameters of an endpoint. Written with [`fields!`](crate::fields).
#[derive(Clone, Copy)]
pub struct Fields {
    /// For each property a byte that is not ASCII, of [`FIRST`] and what follows it, and its name.
    packed: &'static [u8],
    /// The types that such a byte cannot tell, in order.
    types: &'static [Type],
    #[cfg(feature = "reference")]
    summaries: &'static [&'static str],
}

/// Begins a property.
const FIRST: u8 = 0x80;
/// Added where it must be given.
const REQUIRED: u8 = 0x40;
/// Added where it may be `null`, unless its type is in `types`.
const NULLABLE: u8 = 0x20;
/// Added for the type: 0 where it is in `types`, else [`PLAIN`], a list or a map of it.
const KINDS: u8 = 0x1f;
const LISTS: u8 = 10;
const MAPS: u8 = 20;

/// The plain types, from 1 on.
static PLAIN: [Type; 9] = [TEXT, EMAIL, TIMESTAMP, DATE, INTEGER, NUMBER, BOOLEAN, ANY, FILE];

/// The number of a plain type, or 0.
const fn plain(of: &Type) -> u8 {
    match of.kind {
        _ if of.at_most > 0 => 0,
        Kind::Text => 1,
        Kind::Email => 2,
        Kind::Timestamp => 3,
        Kind::Date => 4,
        Kind::Integer => 5,
        Kind::Number => 6,
        Kind::Boolean => 7,
        Kind::Any => 8,
        Kind::File => 9,
        _ => 0,
    }
}

/// The same for lists and maps of them too.
const fn plain_or_many(of: &Type) -> u8 {
    let (item, many) = match of.kind {
        _ if of.at_most > 0 => return 0,
        Kind::List(item) => (item, LISTS),
        Kind::Map(item) => (item, MAPS),
        _ => return plain(of),
    };
    match plain(item) {
        number if number > 0 && !item.nullable => many + number,
        _ => 0,
    }
}

impl Fields {
    /// No properties.
    pub const NONE: Self = Self {
        packed: &[],
        types: &[],
        #[cfg(feature = "reference")]
        summaries: &[],
    };

    /// What [`fields!`](crate::fields) packed.
    #[doc(hidden)]
    pub const fn new(
        packed: &'static [u8],
        types: &'static [Type],
        #[cfg(feature = "reference")] summaries: &'static [&'static str],
    ) -> Self {
        Self {
            packed,
            types,
            #[cfg(feature = "reference")]
            summaries,
        }
    }

    /// Each property in order.
    pub fn iter(self) -> Iter {
        Iter { rest: self }
    }

    /// The property of that name.
    pub fn find(self, name: &str) -> Option<Field> {
        self.iter().find(|field| field.name == name)
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl IntoIterator for Fields {
    type Item = Field;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        self.iter()
    }
}

/// Reads [`Fields`] one by one.
#[derive(Debug, Clone)]
pub struct Iter {
    rest: Fields,
}

impl Iterator for Iter {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        let (code, rest) = self.rest.packed.split_first()?;
        let end = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        self.rest.packed = rest;
        let many = |first: u8| PLAIN.get(usize::from((code & KINDS).checked_sub(first + 1)?));
        let of = if code & KINDS == 0 {
            let (of, types) = self.rest.types.split_first()?;
            self.rest.types = types;
            *of
        } else {
            let of = many(0).copied();
            let of = of.or_else(|| many(MAPS).map(|item| Type::of(Kind::Map(item))));
            let of = of.or_else(|| many(LISTS).map(|item| Type::of(Kind::List(item))))?;
            Type { nullable: code & NULLABLE != 0, ..of }
        };
        Some(Field {
            name: std::str::from_utf8(name).ok()?,
            #[cfg(feature = "reference")]
            summary: {
                let (summary, summaries) = self.rest.summaries.split_first()?;
                self.rest.summaries = summaries;
                summary
            },
            of,
            required: code & REQUIRED != 0,
        })
    }
}

/// How many bytes these properties take.
#[doc(hidden)]
pub const fn length(mut fields: &[Field]) -> usize {
    let mut length = 0;
    while let Some((field, rest)) = fields.split_first() {
        length += 1 + field.name.len();
        fields = rest;
    }
    length
}

/// How many types need a place of their own.
#[doc(hidden)]
pub const fn own_types(mut fields: &[Field]) -> usize {
    let mut count = 0;
    while let Some((field, rest)) = fields.split_first() {
        count += (plain_or_many(&field.of) == 0) as usize;
        fields = rest;
    }
    count
}

/// The bytes of these properties, as many as [`length`] tells.
#[doc(hidden)]
pub const fn pack<const LENGTH: usize>(mut fields: &[Field]) -> [u8; LENGTH] {
    let mut packed = [0; LENGTH];
    let mut to = packed.as_mut_slice();
    while let Some((field, rest)) = fields.split_first() {
        let kind = plain_or_many(&field.of);
        let mut code = FIRST + kind;
        if field.required {
            code += REQUIRED;
        }
        if field.of.nullable && kind > 0 {
            code += NULLABLE;
        }
        to = put(to, code);
        let mut name = field.name.as_bytes();
        while let Some((letter, rest)) = name.split_first() {
            assert!(letter.is_ascii(), "a property's name must be ASCII");
            to = put(to, *letter);
            name = rest;
        }
        fields = rest;
    }
    packed
}

/// Their types that need a place of their own, as many as [`own_types`] tells.
#[doc(hidden)]
pub const fn types<const COUNT: usize>(mut fields: &[Field]) -> [Type; COUNT] {
    let mut types = [TEXT; COUNT];
    let mut to = types.as_mut_slice();
    while let Some((field, rest)) = fields.split_first() {
        if plain_or_many(&field.of) == 0 {
            to = put(to, field.of);
        }
        fields = rest;
    }
    types
}

/// Puts a value first, and gives the rest.
const fn put<T: Copy>(to: &mut [T], value: T) -> &mut [T] {
    match to.split_first_mut() {
        Some((first, rest)) => {
            *first = value;
            rest
        }
        None => &mut [],
    }
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public items")]
mod tests {
    use super::*;
    use crate::endpoint::{list, map, object, one_of};

    crate::models! {
        /// One of each.
        EACH "Each" {
            required "text": TEXT,
            optional "email": EMAIL.nullable(),
            optional "days": list(&DATE),
            optional "dates": list(&DATE).nullable(),
            required "any": map(&ANY),
            optional "file": FILE,
            optional "short": TEXT.at_most(7),
            optional "small": INTEGER.between(1, 9),
            optional "few": list(&TEXT).at_most(3),
            optional "holes": list(&const { TEXT.nullable() }),
            required "choice": one_of(&["a", "b"]).nullable(),
            optional "self": object(&EACH),
            optional "last": BOOLEAN,
        }
    }

    fn shown(field: &Field) -> String {
        let of = match field.of.kind {
            Kind::Object(model) => model.name.to_owned(),
            kind => format!("{kind:?}"),
        };
        let (required, nullable) = (field.required, field.of.nullable);
        format!("{} {required} {nullable} {} {of}", field.name, field.of.at_most)
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let item = |kind: &str, nullable: bool| {
            format!("Type {{ kind: {kind}, nullable: {nullable}, at_least: 0, at_most: 0 }}")
        };
        let read: Vec<String> = EACH.fields.iter().map(|field| shown(&field)).collect();
        let expected = [
            "text true false 0 Text".to_owned(),
            "email false true 0 Email".to_owned(),
            format!("days false false 0 List({})", item("Date", false)),
            format!("dates false true 0 List({})", item("Date", false)),
            format!("any true false 0 Map({})", item("Any", false)),
            "file false false 0 File".to_owned(),
            "short false false 7 Text".to_owned(),
            "small false false 9 Integer".to_owned(),
            format!("few false false 3 List({})", item("Text", false)),
            format!("holes false false 0 List({})", item("Text", true)),
            "choice true true 0 OneOf([\"a\", \"b\"])".to_owned(),
            "self false false 0 Each".to_owned(),
            "last false false 0 Boolean".to_owned(),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_property_is_found_by_its_whole_name() {
        assert!(EACH.fields.find("short").is_some_and(|field| field.of.at_most == 7));
        assert!(EACH.fields.find("shor").is_none() && EACH.fields.find("").is_none());
        assert!(Fields::NONE.iter().next().is_none());
    }
}
