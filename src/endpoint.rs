//! What an endpoint is: one row, and the types of its parameters, body and result.
//!
//! From a row come request building, parameter checks, the retry class, the TypeScript signature,
//! the reference table and the command line's `call`. Rows are in `ghl/endpoints` and
//! `chartmogul/endpoints`, written with [`crate::endpoints!`]; bodies and results are [`Model`]s, written
//! with [`crate::models!`].

#[cfg(feature = "reference")]
pub mod example;
pub mod fields;

pub use fields::Fields;

use crate::error::Service;
use crate::host::Method;

/// What only generated code, the reference and tests read: left out without the feature `reference`.
#[cfg(feature = "reference")]
pub type ForReference<T> = T;
/// What only generated code, the reference and tests read: left out without the feature `reference`.
#[cfg(not(feature = "reference"))]
pub type ForReference<T> = Option<(std::convert::Infallible, std::marker::PhantomData<T>)>;

/// A value of [`ForReference`].
macro_rules! for_reference {
    ($value:expr) => {{
        #[cfg(feature = "reference")]
        let value = $value;
        #[cfg(not(feature = "reference"))]
        let value = {
            let _ = $value;
            None
        };
        value
    }};
}
pub(crate) use for_reference;

/// One endpoint of one service.
#[derive(Debug)]
pub struct Endpoint {
    /// Service it belongs to.
    pub service: Service,
    /// Group and name, for example `contacts.get`: unique in its service.
    pub name: &'static str,
    /// What it does, in one line.
    #[cfg(feature = "reference")]
    pub summary: &'static str,
    /// Method.
    pub method: Method,
    /// Path template, for example `/contacts/{contactId}`.
    pub path: &'static str,
    /// GHL's `Version` header; empty for ChartMogul.
    pub version: &'static str,
    /// Scopes that a GHL token needs.
    pub scopes: &'static [&'static str],
    /// Types of path parameters that are not plain text; the names come from `path`.
    pub path_types: &'static Fields,
    /// Query parameters.
    pub query: &'static Fields,
    /// The body's properties, or `None` where no body is sent.
    pub body: Option<&'static Model>,
    /// True where the body on the wire is the value of its only property: a list, sent bare.
    pub bare_body: bool,
    /// True where the connector makes it of several calls; `path` is the one that mostly decides.
    pub composed: bool,
    /// What a success gives.
    pub result: Outcome,
    /// How a list continues with its next page.
    pub paging: Paging,
    /// Whether a lost request may be sent again.
    pub retry: RetryClass,
    /// What `apiVersion: "v3"` changes.
    pub v3: &'static V3,
    /// Its place in the product's catalogue of operations.
    pub catalogue: ForReference<&'static [Catalogue]>,
    /// What to use instead of a deprecated endpoint.
    pub replaced_by: ForReference<Option<&'static str>>,
}

impl Endpoint {
    /// The row that others are written as differences from.
    pub const fn new(
        service: Service,
        name: &'static str,
        method: Method,
        path: &'static str,
    ) -> Self {
        Self {
            service,
            name,
            #[cfg(feature = "reference")]
            summary: "",
            method,
            path,
            version: match service {
                Service::Ghl => "2021-07-28",
                Service::Chartmogul => "",
            },
            scopes: &[],
            path_types: &Fields::NONE,
            query: &Fields::NONE,
            body: None,
            bare_body: false,
            composed: false,
            result: Outcome::Nothing,
            paging: Paging::None,
            retry: match method {
                Method::Get => RetryClass::Read,
                Method::Post => RetryClass::Create,
                Method::Put | Method::Patch | Method::Delete => RetryClass::Repeatable,
            },
            v3: &V3::SAME,
            catalogue: for_reference!(&[] as &[Catalogue]),
            replaced_by: for_reference!(None::<&str>),
        }
    }

    /// The group in its name: `contacts` of `contacts.get`.
    pub fn group(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// The names of the path's parameters, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        path_parameters(self.path)
    }
}

/// The names in braces of a path template.
pub fn path_parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|part| part.split('}').next())
}

/// What a success gives to the caller. `key` is the property that holds it; empty for the whole body. With
/// `?` behind it the whole body is the value, unless that property is there: then the first item of its list.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// Nothing that a caller would read; answered as `{}`.
    Nothing,
    /// One value.
    One {
        /// The property that holds it.
        key: &'static str,
        /// Its type.
        of: ForReference<Option<Type>>,
    },
    /// A list of values.
    List {
        /// The property that holds the list.
        key: &'static str,
        /// The type of one.
        of: ForReference<Option<Type>>,
    },
    /// Bytes, not JSON.
    Bytes,
}

/// One value under `key` (empty: the whole body).
pub const fn one(key: &'static str, of: Type) -> Outcome {
    Outcome::One { key, of: for_reference!(Some(of)) }
}

/// A list under `key`.
pub const fn list_of(key: &'static str, of: Type) -> Outcome {
    Outcome::List { key, of: for_reference!(Some(of)) }
}

/// Whether a request whose answer was lost may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryClass {
    /// Changes nothing.
    Read,
    /// Sending it twice leaves the same state as once.
    Repeatable,
    /// Sending it twice may make two records: resent only when it certainly did not arrive.
    Create,
}

/// How a list continues. Each style names the parameters it sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Everything in one answer.
    None,
    /// Body `searchAfter`, taken from the last record's own `searchAfter`; `pageLimit` records a page.
    SearchAfter,
    /// Query `startAfter` and `startAfterId`, both from `meta` or the last record; `limit` a page.
    StartAfter,
    /// `skip` and `limit` in the query.
    SkipQuery,
    /// `skip` and `limit` in the body.
    SkipBody,
    /// `offset` and `limit` in the query.
    OffsetQuery,
    /// Query `startAfterDate`, the sort value of the last record; `limit` a page.
    StartAfterDate,
    /// Query `lastMessageId`, with `nextPage` telling whether there is more.
    LastMessage,
    /// Query `cursor`, from `nextCursor`; `limit` a page.
    NextCursor,
    /// ChartMogul: query `cursor` and `per_page`; `has_more` tells whether there is more.
    Cursor,
    /// Body `searchAfter` and `page`, opportunities' advanced search.
    SearchAfterBody,
    /// Query `page` and `limit`.
    Page,
}

/// What GHL's generation v3 spells differently in a row.
#[derive(Debug, Clone, Copy)]
pub struct V3 {
    /// False where v3 has dropped the endpoint from its documents; it is then called with its date version.
    pub exists: bool,
    /// The v3 path, where it differs.
    pub path: Option<&'static str>,
    /// Query parameters and body properties with another name: (date version, v3).
    pub renamed: &'static [(&'static str, &'static str)],
    /// Query parameters and body properties that only v3 has.
    pub added: &'static [&'static str],
    /// Query parameters and body properties that v3 no longer takes.
    pub removed: &'static [&'static str],
}

impl V3 {
    /// The same in both generations.
    pub const SAME: Self =
        Self { exists: true, path: None, renamed: &[], added: &[], removed: &[] };
    /// Dropped in v3.
    pub const GONE: Self = Self { exists: false, ..Self::SAME };
}

/// An entry of the product's catalogue of operations.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// The catalogue's category, for example `Contacts`.
    pub category: &'static str,
    /// Trigger or action.
    pub kind: OperationKind,
    /// The catalogue's name, for example `Get Contact`.
    pub name: &'static str,
}

/// The catalogue's two kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads, and can be polled.
    Trigger,
    /// Acts.
    Action,
}

impl OperationKind {
    /// `trigger` or `action`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Action => "action",
        }
    }
}

/// A catalogue entry that reads.
pub const fn trigger(category: &'static str, name: &'static str) -> Catalogue {
    Catalogue { category, kind: OperationKind::Trigger, name }
}

/// A catalogue entry that acts.
pub const fn action(category: &'static str, name: &'static str) -> Catalogue {
    Catalogue { category, kind: OperationKind::Action, name }
}

/// A named set of properties: a body, a result or a part of one.
#[derive(Debug)]
pub struct Model {
    /// The TypeScript name, for example `Contact`.
    pub name: &'static str,
    /// What it is, in one line.
    #[cfg(feature = "reference")]
    pub summary: &'static str,
    /// Its properties.
    pub fields: Fields,
    /// True where properties beyond these are let through on writing.
    pub open: bool,
}

/// A property or parameter.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds: unit, format, limit.
    #[cfg(feature = "reference")]
    pub summary: &'static str,
    /// Its type.
    pub of: Type,
    /// Whether it must be given.
    pub required: bool,
}

/// The type of a value, with its limits.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    /// What kind of value.
    pub kind: Kind,
    /// Whether `null` is a value too.
    pub nullable: bool,
    /// Least value of a number that has a greatest.
    pub at_least: u8,
    /// Most characters of a text or items of a list, greatest value of a number; 0 for no limit.
    pub at_most: u16,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text.
    Text,
    /// An e-mail address.
    Email,
    /// An instant: ISO 8601 with a time, for example `2026-11-22T09:30:00.000Z`.
    Timestamp,
    /// A day: `YYYY-MM-DD`. An instant is accepted too where the service takes both.
    Date,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Any JSON value.
    Any,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text that is usually one of these; others are let through.
    Suggested(&'static [&'static str]),
    /// A text that begins with one of these.
    StartingWith(&'static [&'static str]),
    /// A list.
    List(&'static Type),
    /// Any keys, with values of this type.
    Map(&'static Type),
    /// An object.
    Object(&'static Model),
    /// Either of these, the first that fits.
    Either(&'static [Type]),
    /// A file's bytes, sent as multipart.
    File,
}

impl Type {
    /// A type without limits.
    pub const fn of(kind: Kind) -> Self {
        Self { kind, nullable: false, at_least: 0, at_most: 0 }
    }

    /// The same, or `null`.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// The same, with at most so many characters or items; a number from 0 to this.
    pub const fn at_most(self, at_most: u16) -> Self {
        Self { at_most, ..self }
    }

    /// The same number, from the least to the greatest value.
    pub const fn between(self, at_least: u8, at_most: u16) -> Self {
        Self { at_least, at_most, ..self }
    }
}

/// Text.
pub const TEXT: Type = Type::of(Kind::Text);
/// An e-mail address.
pub const EMAIL: Type = Type::of(Kind::Email);
/// An instant.
pub const TIMESTAMP: Type = Type::of(Kind::Timestamp);
/// A day.
pub const DATE: Type = Type::of(Kind::Date);
/// A whole number.
pub const INTEGER: Type = Type::of(Kind::Integer);
/// A number.
pub const NUMBER: Type = Type::of(Kind::Number);
/// True or false.
pub const BOOLEAN: Type = Type::of(Kind::Boolean);
/// Any JSON value.
pub const ANY: Type = Type::of(Kind::Any);
/// A file's bytes.
pub const FILE: Type = Type::of(Kind::File);

/// One of these texts.
pub const fn one_of(texts: &'static [&'static str]) -> Type {
    Type::of(Kind::OneOf(texts))
}
/// Usually one of these texts.
pub const fn suggested(texts: &'static [&'static str]) -> Type {
    Type::of(Kind::Suggested(texts))
}
/// A text that begins with one of these.
pub const fn starting_with(texts: &'static [&'static str]) -> Type {
    Type::of(Kind::StartingWith(texts))
}
/// A list of these.
pub const fn list(of: &'static Type) -> Type {
    Type::of(Kind::List(of))
}
/// Any keys with these values.
pub const fn map(of: &'static Type) -> Type {
    Type::of(Kind::Map(of))
}
/// An object of this form.
pub const fn object(of: &'static Model) -> Type {
    Type::of(Kind::Object(of))
}
/// Either of these.
pub const fn either(of: &'static [Type]) -> Type {
    Type::of(Kind::Either(of))
}

/// [`Fields`]: `required "name": TYPE`, `optional "name": TYPE`, each after its doc comment.
#[macro_export]
macro_rules! fields {
    (@required required) => { true };
    (@required optional) => { false };
    ($($(#[doc = $doc:literal])* $required:ident $name:literal : $of:expr),* $(,)?) => {
        {
            // Statics, because a constant may not lead back to itself as models do. The types of
            // the properties see this name only; the list itself is not linked.
            static PROPERTIES: &[$crate::endpoint::Field] = &[$($crate::endpoint::Field {
                name: $name,
                #[cfg(feature = "reference")]
                summary: "",
                of: $of,
                required: $crate::fields!(@required $required),
            }),*];
            {
                use $crate::endpoint::{Fields, Type, fields};
                static PACKED: [u8; fields::length(PROPERTIES)] = fields::pack(PROPERTIES);
                static TYPES: [Type; fields::own_types(PROPERTIES)] = fields::types(PROPERTIES);
                Fields::new(
                    &PACKED,
                    &TYPES,
                    #[cfg(feature = "reference")]
                    &[$(concat!($($doc),*)),*],
                )
            }
        }
    };
}

/// Declares [`Model`]s: `CONTACT "Contact" { required "id": TEXT, ... }`; `open` before the brace lets other properties through.
#[macro_export]
macro_rules! models {
    (@open) => { false };
    (@open open) => { true };
    ($($(#[doc = $doc:literal])* $name:ident $text:literal $($open:ident)? { $($fields:tt)* })*) => {
        $(
            $(#[doc = $doc])*
            pub static $name: $crate::endpoint::Model = $crate::endpoint::Model {
                name: $text,
                #[cfg(feature = "reference")]
                summary: concat!($($doc),*),
                fields: $crate::fields![$($fields)*],
                open: $crate::models!(@open $($open)?),
            };
        )*
    };
}

/// Declares a table of [`Endpoint`]s of one group. Each row: doc comment, name, method, path, and
/// in braces the fields of [`Endpoint`] that differ from [`Endpoint::new`].
#[macro_export]
macro_rules! endpoints {
    (@method GET) => { $crate::host::Method::Get };
    (@method POST) => { $crate::host::Method::Post };
    (@method PUT) => { $crate::host::Method::Put };
    (@method PATCH) => { $crate::host::Method::Patch };
    (@method DELETE) => { $crate::host::Method::Delete };
    // Most rows share these, so they are kept by reference.
    (@value query $value:expr) => { &$value };
    (@value path_types $value:expr) => { &$value };
    (@value v3 $value:expr) => { &$value };
    (@value catalogue $value:expr) => { $crate::endpoint::for_reference!($value) };
    (@value replaced_by $value:expr) => { $crate::endpoint::for_reference!($value) };
    (@value $field:ident $value:expr) => { $value };
    (
        $(#[doc = $table_doc:literal])* $table:ident: $service:ident $group:literal;
        $($(#[doc = $doc:literal])+ $name:literal: $method:ident $path:literal { $($field:ident: $value:expr),* $(,)? })*
    ) => {
        $(#[doc = $table_doc])*
        pub static $table: &[$crate::endpoint::Endpoint] = &[$(
            $crate::endpoint::Endpoint {
                #[cfg(feature = "reference")]
                summary: concat!($($doc),+),
                $($field: $crate::endpoints!(@value $field $value),)*
                ..$crate::endpoint::Endpoint::new(
                    $crate::error::Service::$service,
                    concat!($group, ".", $name),
                    $crate::endpoints!(@method $method),
                    $path,
                )
            }
        ),*];
    };
}
