//! JSON that has been checked once, taken apart without another parser: names and values as they stand.
//! What may be taken apart so is a type of its own, [`Whole`].

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use memchr::memchr2;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::Problem;
use super::scalar::{json, text};

/// JSON text that is known to be one value, without white space around it: [`whole`] has checked
/// it, or what it is a part of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Whole<'de>(&'de str);

impl<'de> Whole<'de> {
    /// `null`.
    pub const NULL: Self = Self("null");
    /// `{}`.
    pub const EMPTY: Self = Self("{}");

    /// The text.
    pub const fn text(self) -> &'de str {
        self.0
    }

    /// Where it is in the text that it is a part of.
    pub fn place_in(self, text: &str) -> Range<usize> {
        let start = self.0.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        start..start + self.0.len()
    }

    /// Whether it begins with this mark: `{` for an object, `[` for a list.
    pub fn opens(self, mark: char) -> bool {
        self.0.starts_with(mark)
    }
}

impl Default for Whole<'_> {
    fn default() -> Self {
        Self::NULL
    }
}

impl fmt::Debug for Whole<'_> {
    /// Leaves the text out: it carries personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Whole({} bytes)", self.0.len())
    }
}

/// A value as its JSON text, whole and without white space around it. The values of a list share the
/// text of their answer: it may be large, and is not kept twice.
#[derive(Clone)]
pub struct Json {
    text: Rc<String>,
    place: Range<usize>,
}

impl Json {
    /// Of a value or a part of one.
    pub fn of_part(part: Whole<'_>) -> Self {
        Self::whole_text(part.0.to_owned())
    }

    /// The parts of an answer at these places.
    pub fn parts_of(answer: Vec<u8>, places: Vec<Range<usize>>) -> Vec<Self> {
        let text = Rc::new(String::from_utf8(answer).unwrap_or_default());
        places.into_iter().map(|place| Self { text: Rc::clone(&text), place }).collect()
    }

    fn whole_text(text: String) -> Self {
        Self { place: 0..text.len(), text: Rc::new(text) }
    }

    /// Of a value.
    pub fn of(value: &Value) -> Self {
        Self::whole_text(json(value))
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.text.get(self.place.clone()).unwrap_or_default()
    }

    /// The text, as what may be taken apart.
    pub fn whole(&self) -> Whole<'_> {
        Whole(self.get())
    }
}

impl fmt::Debug for Json {
    /// Leaves the text out: it carries personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Json({} bytes)", self.place.len())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Json {}

/// The text, if it is one JSON value and nothing else; without the white space around it.
pub fn whole(text: &str) -> Result<Whole<'_>, serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(text)?;
    Ok(Whole(text.trim_ascii()))
}

/// What takes the properties of an object.
type EachEntry<'e, 'de> = dyn FnMut(Cow<'de, str>, Whole<'de>) -> Result<(), Problem> + 'e;
/// What takes the items of a list.
type EachItem<'e, 'de> = dyn FnMut(Whole<'de>) -> Result<(), Problem> + 'e;

/// Gives the properties of an object one by one, until one is a problem.
pub fn entries<'de>(object: Whole<'de>, each: &mut EachEntry<'_, 'de>) -> Result<(), Problem> {
    let mut parts = Parts::of(object);
    if !parts.enter('{') {
        return Err(Problem::not(object, "an object"));
    }
    while let Some((name, value)) = parts.entry() {
        each(name, value)?;
    }
    Ok(())
}

/// Gives the items of a list one by one, until one is a problem.
pub fn items<'de>(list: Whole<'de>, each: &mut EachItem<'_, 'de>) -> Result<(), Problem> {
    let mut parts = Parts::of(list);
    if !parts.enter('[') {
        return Err(Problem::not(list, "a list"));
    }
    let mut index = 0;
    while let Some(item) = parts.value() {
        each(item).map_err(|problem| problem.within(&format!("[{index}]")))?;
        index += 1;
    }
    Ok(())
}

/// The value of a property of an object, by the first of its names that is there.
pub fn property<'de>(object: Whole<'de>, names: &[&str]) -> Option<Whole<'de>> {
    let mut found: Option<(usize, Whole<'de>)> = None;
    entries(object, &mut |name, value| {
        let rank = names.iter().position(|known| *known == name);
        if let Some(rank) = rank
            && found.is_none_or(|(best, _)| rank < best)
        {
            found = Some((rank, value));
        }
        Ok(())
    })
    .ok()?;
    found.map(|(_, value)| value)
}

/// A place in JSON that is known to be whole, so that the marks between values tell nothing more.
#[derive(Debug)]
pub struct Parts<'de> {
    rest: &'de str,
}

impl<'de> Parts<'de> {
    /// Before a value.
    pub const fn of(json: Whole<'de>) -> Self {
        Self { rest: json.0 }
    }

    /// Goes into the object or list that comes next, where the mark opens it.
    pub fn enter(&mut self, mark: char) -> bool {
        self.skip_marks();
        let inner = self.rest.strip_prefix(mark);
        self.rest = inner.unwrap_or(self.rest);
        inner.is_some()
    }

    /// Leaves an object or list, at its end.
    pub(super) fn leave(&mut self) {
        self.skip_marks();
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// The next value, or a name's text; `None` at the end of the object or list.
    pub fn value(&mut self) -> Option<Whole<'de>> {
        self.skip_marks();
        let (value, rest) = self.rest.split_at_checked(value_length(self.rest.as_bytes()))?;
        self.rest = rest;
        if value.is_empty() { None } else { Some(Whole(value)) }
    }

    /// The next name and value of an object.
    pub fn entry(&mut self) -> Option<(Cow<'de, str>, Whole<'de>)> {
        let name = self.value()?;
        Some((text(name).unwrap_or_default(), self.value()?))
    }

    /// Goes to the next name; its value comes next.
    pub fn name(&mut self) -> Option<Cow<'de, str>> {
        self.value().map(|name| text(name).unwrap_or_default())
    }

    fn skip_marks(&mut self) {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        while let Some(b',' | b':' | b' ' | b'\n' | b'\t' | b'\r') = bytes.get(at) {
            at += 1;
        }
        self.rest = self.rest.get(at..).unwrap_or_default();
    }
}

/// Bytes of the value at the beginning; 0 where an object or list ends.
fn value_length(json: &[u8]) -> usize {
    match json.first() {
        Some(b'"') => return string_length(json),
        Some(b'{' | b'[') => {}
        // A number or word ends before a mark.
        _ => {
            let mut at = 0;
            while let Some(byte) = json.get(at) {
                if matches!(byte, b'}' | b']' | b',' | b' ' | b'\n' | b'\t' | b'\r') {
                    break;
                }
                at += 1;
            }
            return at;
        }
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at += string_length(json.get(at..).unwrap_or_default());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at
}

/// Bytes of the string at the beginning, its quotes included.
fn string_length(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if json.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}
