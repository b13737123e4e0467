//! Records in JSON: what a struct reads, property by property, through one reader for all of them.
//!
//! serde's derive writes a parser for each struct, which is kilobytes of WebAssembly a struct and a
//! hundred of them in all. A struct declared with [`crate::records!`] is a table of names beside its fields:
//! [`fill`] finds a property's place and the place's [`Slot`] reads the value.

mod parts;
mod scalar;
mod slots;
mod surrogates;

use std::fmt;

pub use parts::{Json, Parts, Whole, entries, items, property, whole};
pub use scalar::{Scalar, json, number, scalar};
pub use slots::choice;
use slots::slot_value;
pub use surrogates::mend_surrogates;

/// How a record takes what it does not expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Of a service: properties that are unknown are passed over, and a value of another form counts
    /// as missing, so that one odd property cannot lose a record.
    Lenient,
    /// Of our own store: a value of another form is a [`Problem`].
    Strict,
    /// Of a user: an unknown property is a [`Problem`] too.
    Closed,
}

/// A property of a record.
#[derive(Debug)]
pub struct Property {
    /// Its spellings; the first that holds a value wins.
    pub names: &'static [&'static str],
    /// Whether it must be given.
    pub required: bool,
}

/// The properties of a record and how it is read.
#[derive(Debug)]
pub struct Shape {
    /// How it takes what it does not expect.
    pub form: Form,
    /// Its properties, in the order of its slots.
    pub properties: &'static [Property],
    /// Where each name's property is, made by [`places`].
    pub places: &'static Places,
}

/// The places of a record's properties by a hash of their names: a page of contacts has twenty
/// thousand names to find.
pub type Places = [u8; 128];

const NOWHERE: u8 = 0xff;

/// The table of a record's names, made when it is compiled.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub const fn places(properties: &[Property]) -> Places {
    let mut places = [NOWHERE; 128];
    let mut property = 0;
    while property < properties.len() {
        let names = properties[property].names;
        let mut name = 0;
        while name < names.len() {
            let mut at = place(names[name].as_bytes());
            while places[at] != NOWHERE {
                at = (at + 1) % places.len();
            }
            places[at] = property as u8;
            name += 1;
        }
        property += 1;
    }
    places
}

/// Where a name's property is looked up first.
#[allow(clippy::indexing_slicing, reason = "within the bounds that the length gives")]
const fn place(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    let sum = name[0] as usize + 5 * name[length / 2] as usize + 11 * name[length - 1] as usize;
    (sum + 37 * length) % 128
}

impl Shape {
    /// The place of a property.
    fn find(&self, name: &str) -> Option<usize> {
        let mut at = place(name.as_bytes());
        loop {
            let index = usize::from(*self.places.get(at)?);
            let property = self.properties.get(index)?;
            if property.names.contains(&name) {
                return Some(index);
            }
            at = (at + 1) % self.places.len();
        }
    }
}

/// A struct that is read from a JSON object.
pub trait Record<'de> {
    /// Its properties.
    fn shape(&self) -> &'static Shape;
    /// The field of a property, by its place in the shape.
    fn slot(&mut self, index: usize) -> Option<&mut dyn Slot<'de>>;
}

/// A place for a value.
pub trait Slot<'de> {
    /// Reads a value; leaves the place as it is where the value is of another form.
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem>;
    /// Whether nothing is there: then another spelling of the property may fill it, and a sparse
    /// record leaves it out.
    fn is_missing(&self) -> bool {
        false
    }
}

/// What a value could not be read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `users.map`, empty for the whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Names or texts that would have been taken.
    pub allowed: Vec<&'static str>,
    /// The name or text that was given in place of one of those.
    pub given: String,
}

impl Problem {
    /// A value of another form than the one that is expected.
    pub fn not(value: Whole<'_>, expected: &str) -> Self {
        let shown: String = value.text().chars().take(40).collect();
        Self::of(format!("{shown} is not {expected}"))
    }

    /// A problem of a value.
    pub fn of(what: impl Into<String>) -> Self {
        Self { path: String::new(), what: what.into(), allowed: Vec::new(), given: String::new() }
    }

    fn instead(what: &str, given: &str, allowed: Vec<&'static str>) -> Self {
        let shown: String = given.chars().take(40).collect();
        let what = format!("{what} `{shown}`; allowed: {}", allowed.join(", "));
        Self { allowed, given: given.to_owned(), ..Self::of(what) }
    }

    /// The same, seen from the object or list around it.
    pub fn within(mut self, name: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => name.to_owned(),
            inner if inner.starts_with('[') => format!("{name}{inner}"),
            inner => format!("{name}.{inner}"),
        };
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.what)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::of(error.to_string())
    }
}

/// Reads a value from JSON text.
pub fn read<'de, T: Slot<'de> + Default>(json: &'de str) -> Result<T, Problem> {
    read_part(whole(json)?)
}

/// Reads a value.
pub fn read_json<'de, T: Slot<'de> + Default>(value: &'de Json) -> Result<T, Problem> {
    read_part(value.whole())
}

/// Reads a value from what [`items`], [`entries`] or [`property`] gave.
pub fn read_part<'de, T: Slot<'de> + Default>(value: Whole<'de>) -> Result<T, Problem> {
    slot_value(value, Form::Strict)
}

/// Reads the next of a list's values where it stands, without looking for its end first; `None`
/// after the last.
pub fn read_next<'de, T: Record<'de> + Default>(
    list: &mut Parts<'de>,
) -> Option<Result<T, Problem>> {
    if !list.enter('{') {
        return list.value().map(|other| Err(Problem::not(other, "an object")));
    }
    let mut record = T::default();
    Some(fill_from(&mut record, list).map(|()| record))
}

/// Fills a record from a JSON object.
pub fn fill<'de>(record: &mut dyn Record<'de>, value: Whole<'de>) -> Result<(), Problem> {
    let mut parts = Parts::of(value);
    if !parts.enter('{') {
        return Err(Problem::not(value, "an object"));
    }
    fill_from(record, &mut parts)
}

/// Fills a record from an object that was entered; leaves it.
fn fill_from<'de>(record: &mut dyn Record<'de>, parts: &mut Parts<'de>) -> Result<(), Problem> {
    let shape = record.shape();
    let mut seen = 0_u64;
    let mut problem = None;
    while let Some((name, value)) = parts.entry() {
        let Some(index) = shape.find(&name) else {
            if shape.form == Form::Closed {
                problem.get_or_insert_with(|| unknown(shape, &name));
            }
            continue;
        };
        seen |= 1 << index;
        let Some(slot) = record.slot(index) else { continue };
        if shape.form == Form::Lenient && !slot.is_missing() {
            continue;
        }
        if let Err(wrong) = slot.read(value, shape.form)
            && shape.form != Form::Lenient
        {
            problem.get_or_insert_with(|| wrong.within(&name));
        }
    }
    parts.leave();
    let mut properties = shape.properties.iter().enumerate();
    let missing =
        properties.find(|(index, property)| property.required && seen & (1 << index) == 0);
    match (problem, missing) {
        (Some(problem), _) => Err(problem),
        (None, Some((_, property))) => {
            Err(Problem::of(format!("{} is missing", property.names.concat())))
        }
        (None, None) => Ok(()),
    }
}

fn unknown(shape: &Shape, name: &str) -> Problem {
    let known = shape.properties.iter().flat_map(|property| property.names).copied().collect();
    Problem::instead("unknown property", name, known)
}

/// Whether a place holds nothing, for records that leave such places out when they are written.
pub fn is_missing<'de>(slot: &impl Slot<'de>) -> bool {
    slot.is_missing()
}

/// Declares structs that are read from JSON objects. Before each stands how:
///
/// - `lenient`: of a service, only read ([`Form::Lenient`]);
/// - `sparse`: of the store, written without its empty texts, lists and options ([`Form::Strict`]);
/// - `whole`: of the store, written with all its properties ([`Form::Strict`]);
/// - `closed`: of a user, written with all its properties ([`Form::Closed`]).
///
/// A field names its property after an equals sign, further spellings after bars. Before the name may
/// stand:
///
/// - `required`, in `closed`: it must be given;
/// - `always`, in `sparse`: it is written also where it is missing;
/// - `internal`, in `whole`: it is not among the types that programs see.
#[macro_export]
macro_rules! records {
    () => {};
    (
        $(#[$attribute:meta])* lenient $visible:vis struct $name:ident $(<$life:lifetime>)? {
            $($(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = $first:literal $(| $also:literal)*;)+
        }
        $($rest:tt)*
    ) => {
        $(#[$attribute])*
        $visible struct $name $(<$life>)? {
            $($(#[$of_field])* $seen $field: $of,)+
        }
        $crate::records!(@read [$($life)?] $name Lenient { $($field = false, $first $(| $also)*;)+ });
        $crate::records!($($rest)*);
    };
    (
        $(#[$attribute:meta])* sparse $visible:vis struct $name:ident {
            $($(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = $($always:ident)? $first:literal;)+
        }
        $($rest:tt)*
    ) => {
        $crate::records!(@sparse { $(#[$attribute])* $visible struct $name } {
            $({ $(#[$of_field])* $seen $field: $of = $($always)? $first })+
        } {});
        $crate::records!(@read [] $name Strict { $($field = false, $first;)+ });
        $crate::records!($($rest)*);
    };
    (
        $(#[$attribute:meta])* whole $visible:vis struct $name:ident {
            $($(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = $($internal:ident)? $first:literal;)+
        }
        $($rest:tt)*
    ) => {
        $(#[$attribute])*
        #[derive(::serde::Serialize)]
        $visible struct $name {
            $(
                $(#[$of_field])*
                $(#[cfg_attr(feature = "reference", schemars(extend("internal" = stringify!($internal))))])?
                #[serde(rename = $first)]
                $seen $field: $of,
            )+
        }
        $crate::records!(@read [] $name Strict { $($field = false, $first;)+ });
        $crate::records!($($rest)*);
    };
    (
        $(#[$attribute:meta])* closed $visible:vis struct $name:ident {
            $($(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = $($required:ident)? $first:literal;)+
        }
        $($rest:tt)*
    ) => {
        $(#[$attribute])*
        #[derive(::serde::Serialize)]
        $visible struct $name {
            $($(#[$of_field])* #[serde(rename = $first)] $seen $field: $of,)+
        }
        $crate::records!(@read [] $name Closed {
            $($field = $crate::records!(@required $($required)?), $first;)+
        });
        $crate::records!($($rest)*);
    };
    (@sparse { $($head:tt)+ } {
        { $(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = always $first:literal }
        $($rest:tt)*
    } { $($fields:tt)* }) => {
        $crate::records!(@sparse { $($head)+ } { $($rest)* } {
            $($fields)*
            $(#[$of_field])* #[serde(rename = $first)] $seen $field: $of,
        });
    };
    (@sparse { $($head:tt)+ } {
        { $(#[$of_field:meta])* $seen:vis $field:ident: $of:ty = $first:literal }
        $($rest:tt)*
    } { $($fields:tt)* }) => {
        $crate::records!(@sparse { $($head)+ } { $($rest)* } {
            $($fields)*
            $(#[$of_field])*
            #[serde(rename = $first, skip_serializing_if = "crate::record::is_missing")]
            $seen $field: $of,
        });
    };
    (@sparse { $($head:tt)+ } {} { $($fields:tt)* }) => {
        #[derive(::serde::Serialize)]
        $($head)+ { $($fields)* }
    };
    (@required) => { false };
    (@required required) => { true };
    (@read [] $name:ident $form:ident { $($fields:tt)+ }) => {
        $crate::records!(@as 'de, $name, $name, $form { $($fields)+ });
    };
    (@read [$life:lifetime] $name:ident $form:ident { $($fields:tt)+ }) => {
        $crate::records!(@as $life, $name<$life>, $name, $form { $($fields)+ });
    };
    (@as $life:lifetime, $of:ty, $name:ident, $form:ident {
        $($field:ident = $required:expr, $first:literal $(| $also:literal)*;)+
    }) => {
        impl<$life> $crate::record::Record<$life> for $of {
            fn shape(&self) -> &'static $crate::record::Shape {
                const PROPERTIES: &[$crate::record::Property] = &[$($crate::record::Property {
                    names: &[$first $(, $also)*],
                    required: $required,
                }),+];
                // Each has a bit among those that were seen.
                const { assert!(PROPERTIES.len() <= 64) };
                static PLACES: $crate::record::Places = $crate::record::places(PROPERTIES);
                &const {
                    $crate::record::Shape {
                        form: $crate::record::Form::$form,
                        properties: PROPERTIES,
                        places: &PLACES,
                    }
                }
            }
            fn slot(&mut self, index: usize) -> Option<&mut dyn $crate::record::Slot<$life>> {
                let mut at = 0;
                $(
                    if index == at {
                        return Some(&mut self.$field);
                    }
                    at += 1;
                )+
                let _ = at;
                None
            }
        }
        impl<$life> $crate::record::Slot<$life> for $of {
            fn read(
                &mut self,
                value: $crate::record::Whole<$life>,
                _form: $crate::record::Form,
            ) -> Result<(), $crate::record::Problem> {
                $crate::record::fill(self, value)
            }
            fn is_missing(&self) -> bool {
                // Of a service: until it is read, which it is once.
                matches!($crate::record::Form::$form, $crate::record::Form::Lenient)
            }
        }
    };
}

/// Declares enums whose variants are texts on the wire; the first is the default.
#[macro_export]
macro_rules! choices {
    ($(
        $(#[$attribute:meta])* $visible:vis enum $name:ident {
            $(#[$of_first:meta])* $first:ident = $first_text:literal,
            $($(#[$of_variant:meta])* $variant:ident = $text:literal,)*
        }
    )+) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        #[cfg_attr(feature = "reference", derive(::schemars::JsonSchema))]
        $(#[$attribute])*
        $visible enum $name {
            $(#[$of_first])*
            #[default]
            #[cfg_attr(feature = "reference", schemars(rename = $first_text))]
            $first,
            $(
                $(#[$of_variant])*
                #[cfg_attr(feature = "reference", schemars(rename = $text))]
                $variant,
            )*
        }

        #[allow(unreachable_pub, reason = "as visible as the enum")]
        impl $name {
            const ALL: &[Self] = &[Self::$first $(, Self::$variant)*];
            const NAMES: &[&str] = &[$first_text $(, $text)*];

            /// Its text on the wire, in the store and for people.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> $crate::record::Slot<'de> for $name {
            fn read(
                &mut self,
                value: $crate::record::Whole<'de>,
                _form: $crate::record::Form,
            ) -> Result<(), $crate::record::Problem> {
                let index = $crate::record::choice(value, Self::NAMES)?;
                *self = Self::ALL.get(index).copied().unwrap_or_default();
                Ok(())
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;
    use crate::named::Named;

    choices! {
        /// A colour.
        enum Colour {
            /// Red.
            Red = "red",
            /// Dark blue.
            DarkBlue = "dark-blue",
        }
    }

    records! {
        /// From a service.
        #[derive(Debug, Default, PartialEq)]
        lenient struct Seen<'a> {
            name: Option<Cow<'a, str>> = "name" | "title";
            count: Option<i64> = "count";
            tags: Vec<Cow<'a, str>> = "tags";
        }

        /// From the store.
        #[derive(Debug, Default, PartialEq)]
        sparse struct Kept {
            at: u64 = "at";
            text: String = "text";
            inner: Vec<Wanted> = "inner";
            colour: Option<Colour> = "colour";
        }

        /// From a user.
        #[derive(Debug, Default, PartialEq)]
        closed struct Wanted {
            from: String = required "from";
            loud: bool = "loud";
            by_name: Named<u32> = "byName";
        }
    }

    fn problem<T: for<'de> Slot<'de> + Default>(json: &str) -> String {
        read::<T>(json).err().map_or_else(String::new, |problem| problem.to_string())
    }

    #[test]
    fn a_lenient_record_loses_no_more_than_the_odd_property() {
        let json =
            r#"{"title":"","name":null,"count":"7","tags":["a",3,{"value":"b"},[1],""],"x":{}}"#;
        let seen: Seen<'_> = read(json).unwrap();
        assert_eq!(
            seen,
            Seen { name: None, count: Some(7), tags: vec!["a".into(), "3".into(), "b".into()] }
        );
        let seen: Seen<'_> =
            read(r#"{"title":"first","name":"second","count":2.9,"tags":7}"#).unwrap();
        assert_eq!(seen.name, Some(Cow::Borrowed("first")));
        assert_eq!((seen.count, seen.tags.len()), (Some(2), 0));
        assert!(matches!(
            read::<Seen<'_>>(r#"{"name":"a"}"#).unwrap().name,
            Some(Cow::Borrowed("a"))
        ));
        assert_eq!(
            read::<Seen<'_>>(r#"{"n\u0061me":"\u00e9"}"#).unwrap().name.as_deref(),
            Some("é")
        );
        for whole in ["[]", "7", r#"{"name":"#, "", r#"{"name":"a"} x"#] {
            assert!(read::<Seen<'_>>(whole).is_err(), "{whole}");
        }
    }

    #[test]
    fn a_strict_record_says_where_a_value_is_wrong() {
        assert_eq!(problem::<Kept>(r#"{"at":-1}"#), "at: -1 is not a whole number, 0 or more");
        assert_eq!(problem::<Kept>(r#"{"text":5}"#), "text: 5 is not a text");
        assert_eq!(
            problem::<Kept>(r#"{"inner":[{"from":"a"},{"from":"b","byName":{"x":1.5}}]}"#),
            "inner[1].byName.x: 1.5 is not a whole number, 0 or more"
        );
        assert_eq!(
            problem::<Kept>(r#"{"colour":"blue"}"#),
            "colour: unknown value `blue`; allowed: red, dark-blue"
        );
        assert_eq!(problem::<Kept>(r#"{"colour":1}"#), "colour: 1 is not one of red, dark-blue");
        assert_eq!(problem::<Kept>(r#"{"later":true}"#), "");
        let loud = r#"{"from":"a","loud":"true"}"#;
        assert_eq!(problem::<Wanted>(loud), r#"loud: "true" is not true or false"#);
    }

    #[test]
    fn a_closed_record_names_what_is_unknown_or_missing() {
        let error = read::<Wanted>(r#"{"form":"a"}"#).unwrap_err();
        assert_eq!(error.to_string(), "unknown property `form`; allowed: from, loud, byName");
        assert_eq!((error.given.as_str(), error.allowed), ("form", vec!["from", "loud", "byName"]));
        assert_eq!(problem::<Wanted>("{}"), "from is missing");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let wanted = Wanted {
            from: "a".into(),
            loud: true,
            by_name: Named::from_iter([("x".to_owned(), 1)]),
        };
        let kept =
            Kept { at: 0, text: "t".into(), inner: vec![wanted], colour: Some(Colour::DarkBlue) };
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(read::<Kept>(&json).unwrap(), kept);
        assert_eq!(serde_json::to_value(Kept::default()).unwrap(), json!({ "at": 0 }));
        assert_eq!(Colour::default().name(), "red");
    }

    #[test]
    fn a_property_is_found_under_the_first_of_its_names() {
        let object = r#"{"b" : 1 ,
"a":[2, {"x":"]}\""}] , "a":3}"#;
        let object = whole(object).unwrap();
        let found = |names: &[&str]| property(object, names).map(Whole::text);
        assert_eq!(found(&["a", "b"]), Some(r#"[2, {"x":"]}\""}]"#));
        assert_eq!(found(&["b"]), Some("1"));
        assert_eq!(found(&["c"]), None);
        assert_eq!(property(whole("[1]").unwrap(), &["a"]), None);
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, read) in [
            ("12.50", Some(12.5)),
            ("-007.5", Some(-7.5)),
            ("+5", Some(5.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("000", Some(0.0)),
            ("1e3", Some(1_000.0)),
            ("", None),
            ("-", None),
            (".", None),
            ("e5", None),
            ("0x10", None),
            ("1 2", None),
            ("inf", None),
            ("1e999", None),
            ("\"5\"", None),
        ] {
            assert_eq!(number(text), read, "{text}");
        }
    }

    #[test]
    fn numbers_of_any_form_are_read() {
        for (json, read) in [
            ("0", Scalar::Whole(0)),
            ("-9223372036854775808", Scalar::Whole(i64::MIN)),
            ("9223372036854775808", Scalar::Fraction(9_223_372_036_854_775_808.0)),
            ("1e3", Scalar::Fraction(1_000.0)),
            ("1e999", Scalar::Other),
            ("true", Scalar::Truth(true)),
            ("null", Scalar::Null),
            (r#""\ud83d\ude00""#, Scalar::Text("😀".into())),
            (r#""\ud83d""#, Scalar::Other),
        ] {
            assert_eq!(scalar(whole(json).unwrap()), read, "{json}");
        }
    }
}
