//! The places that values are read into: how each type of field reads its value.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::parts::{entries, items, property};
use super::scalar::{Scalar, number, scalar};
use super::{Form, Problem, Slot, Whole};
use crate::named::Named;

/// Declares how a place's value comes from a [`Scalar`].
macro_rules! scalar_slots {
    ($($of:ty, $expected:literal = |$scalar:ident, $form:ident| $take:expr;)+) => {$(
        impl<'de> Slot<'de> for $of {
            fn read(&mut self, value: Whole<'de>, $form: Form) -> Result<(), Problem> {
                let $scalar = scalar(value);
                *self = $take.ok_or_else(|| Problem::not(value, $expected))?;
                Ok(())
            }
        }
    )+};
}

scalar_slots! {
    bool, "true or false" = |scalar, form| as_truth(scalar, form);
    f64, "a number" = |scalar, form| as_number(scalar, form);
    i64, "a whole number" = |scalar, form| as_whole(scalar, form);
}

impl<'de> Slot<'de> for Cow<'de, str> {
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem> {
        *self = as_text(value, form).ok_or_else(|| Problem::not(value, "a text"))?;
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

impl<'de> Slot<'de> for String {
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem> {
        let mut text = Cow::Borrowed("");
        text.read(value, form)?;
        *self = text.into_owned();
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

/// Leniently, an object holds a text: `{"email": "a@b.c", "validEmail": true}` in GHL's lists of
/// further addresses.
fn as_text(value: Whole<'_>, form: Form) -> Option<Cow<'_, str>> {
    if form == Form::Lenient && value.opens('{') {
        return as_plain_text(property(value, &["email", "phone", "value", "name"])?, form);
    }
    as_plain_text(value, form)
}

/// Leniently, a number or truth value is its own text, and an empty text counts as absent.
fn as_plain_text(value: Whole<'_>, form: Form) -> Option<Cow<'_, str>> {
    let lenient = form == Form::Lenient;
    match scalar(value) {
        Scalar::Text(text) => Some(text).filter(|text| !lenient || !text.is_empty()),
        Scalar::Whole(_) | Scalar::Fraction(_) | Scalar::Truth(_) if lenient => {
            Some(Cow::Borrowed(value.text()))
        }
        _ => None,
    }
}

/// Leniently, GHL's texts and numbers for truth values will do.
fn as_truth(scalar: Scalar<'_>, form: Form) -> Option<bool> {
    let lenient = form == Form::Lenient;
    match scalar {
        Scalar::Truth(truth) => Some(truth),
        Scalar::Text(text) if lenient && text.eq_ignore_ascii_case("true") => Some(true),
        Scalar::Text(text) if lenient && text.eq_ignore_ascii_case("false") => Some(false),
        Scalar::Whole(number) if lenient => Some(number != 0),
        _ => None,
    }
}

/// Leniently, a text that is a number will do.
fn as_number(scalar: Scalar<'_>, form: Form) -> Option<f64> {
    match scalar {
        Scalar::Whole(number) => Some(number as f64),
        Scalar::Fraction(number) => Some(number),
        Scalar::Text(text) if form == Form::Lenient => number(text.trim()),
        _ => None,
    }
}

/// Leniently, a fraction is dropped and a text of digits will do.
fn as_whole(scalar: Scalar<'_>, form: Form) -> Option<i64> {
    match scalar {
        Scalar::Whole(number) => Some(number),
        Scalar::Fraction(number) if form == Form::Lenient => Some(number.trunc() as i64),
        Scalar::Text(text) if form == Form::Lenient => text.trim().parse().ok(),
        _ => None,
    }
}

/// Counts and times: whole numbers that are not negative.
macro_rules! unsigned_slots {
    ($($of:ty),+) => {$(
        impl<'de> Slot<'de> for $of {
            fn read(&mut self, value: Whole<'de>, _form: Form) -> Result<(), Problem> {
                let read = value.text().parse();
                *self = read.map_err(|_| Problem::not(value, "a whole number, 0 or more"))?;
                Ok(())
            }
        }
    )+};
}

unsigned_slots!(u32, u64, usize);

impl<'de, T: Slot<'de> + Default> Slot<'de> for Option<T> {
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem> {
        *self = if value == Whole::NULL { None } else { Some(slot_value(value, form)?) };
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

impl<'de, T: Slot<'de> + Default> Slot<'de> for Vec<T> {
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem> {
        // A list that is given replaces the default.
        let mut read = Self::new();
        items(value, &mut |item| {
            match slot_value(item, form) {
                Ok(item) => read.push(item),
                // Leniently, an item of another form is left out.
                Err(_) if form == Form::Lenient => {}
                Err(problem) => return Err(problem),
            }
            Ok(())
        })?;
        *self = read;
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

impl<'de, T: Slot<'de> + Default, Of> Slot<'de> for Named<T, Of> {
    fn read(&mut self, value: Whole<'de>, form: Form) -> Result<(), Problem> {
        let mut read = Self::default();
        entries(value, &mut |name, value| {
            let value = slot_value(value, form).map_err(|problem| problem.within(&name))?;
            read.insert(name.into_owned(), value);
            Ok(())
        })?;
        *self = read;
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

pub(super) fn slot_value<'de, T: Slot<'de> + Default>(
    value: Whole<'de>,
    form: Form,
) -> Result<T, Problem> {
    let mut read = T::default();
    read.read(value, form).map(|()| read)
}

/// Left unread, for those who need it seldom.
impl<'de> Slot<'de> for Whole<'de> {
    fn read(&mut self, value: Whole<'de>, _form: Form) -> Result<(), Problem> {
        *self = value;
        Ok(())
    }
    fn is_missing(&self) -> bool {
        *self == Whole::NULL
    }
}

impl<'de> Slot<'de> for Value {
    fn read(&mut self, value: Whole<'de>, _form: Form) -> Result<(), Problem> {
        *self = serde_json::from_str(value.text())?;
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_null()
    }
}

impl<'de> Slot<'de> for Map<String, Value> {
    fn read(&mut self, value: Whole<'de>, _form: Form) -> Result<(), Problem> {
        match serde_json::from_str(value.text())? {
            Value::Object(map) => *self = map,
            _ => return Err(Problem::not(value, "an object")),
        }
        Ok(())
    }
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

/// The place of a text among those that are allowed.
pub fn choice(value: Whole<'_>, allowed: &'static [&'static str]) -> Result<usize, Problem> {
    let Scalar::Text(text) = scalar(value) else {
        return Err(Problem::not(value, &format!("one of {}", allowed.join(", "))));
    };
    allowed
        .iter()
        .position(|known| *known == text)
        .ok_or_else(|| Problem::instead("unknown value", &text, allowed.to_vec()))
}
