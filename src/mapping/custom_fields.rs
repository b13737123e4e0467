//! GHL's custom fields as ChartMogul's custom attributes, by declared types.
//!
//! ChartMogul fixes an attribute's type at its first write, so a type is declared in the settings
//! and never guessed from one value.

use serde_json::Value;

use crate::dates;
use crate::error::{Code, Error, Result};
use crate::named::Named;
use crate::record;
use crate::records;

use super::numbers::{self, Unread};
use super::settings::{
    AttributeObject, AttributeType, BooleanWords, CustomField, DecimalMark, Settings,
};
use super::{booleans, text};

/// ChartMogul: at most 255 characters in a String attribute.
const STRING_LIMIT: usize = 255;

/// Standard contact fields that may become attributes: name, GHL's type for it.
const STANDARD_FIELDS: &[(&str, &str)] = &[
    ("source", "TEXT"),
    ("timezone", "TEXT"),
    ("address1", "TEXT"),
    ("type", "TEXT"),
    ("companyName", "TEXT"),
    ("website", "TEXT"),
    ("dateOfBirth", "DATE"),
    ("dateAdded", "DATE"),
    ("dnd", "BOOLEAN"),
];

records! {
    /// A custom field as the location defines it.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    whole pub struct Definition {
        /// Its id, which values carry.
        pub id: String = "id";
        /// Its key, for example `contact.plan`.
        pub key: String = "key";
        /// Its data type, for example `NUMERICAL`.
        pub data_type: String = "dataType";
        /// How many options it offers.
        pub options: usize = "options";
        /// The first of them.
        pub option: Option<String> = "option";
    }
}

/// A rule of the settings, tied to the location's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Id of the custom field; `None` for a standard field.
    pub id: Option<String>,
    /// The field, as the settings name it.
    pub from: String,
    /// Key of the attribute.
    pub to: String,
    /// Type of the attribute.
    pub of: AttributeType,
    /// What holds it.
    pub object: AttributeObject,
    /// The only option of a checkbox, which means true where it is chosen.
    pub option: Option<String>,
    /// Whether a value of the attribute can be written to the field as well.
    pub comes_back: bool,
}

/// How the people of a location write values.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'a> {
    /// Their decimal mark, where it is known.
    pub decimal_mark: Option<DecimalMark>,
    /// Their own words for true and false.
    pub words: &'a BooleanWords,
    /// Their country, where it is known.
    pub country: Option<&'a str>,
}

/// Ties the settings' custom fields to the location's definitions. An unknown field, or one whose
/// type cannot become the declared one, is an error that names what is possible.
pub fn resolve(settings: &Settings, definitions: &[Definition]) -> Result<Vec<Rule>> {
    settings.custom_fields.iter().map(|field| resolve_one(settings, field, definitions)).collect()
}

fn definition_of<'d>(field: &CustomField, definitions: &'d [Definition]) -> Option<&'d Definition> {
    fn bare(key: &str) -> &str {
        key.strip_prefix("contact.").unwrap_or(key)
    }
    definitions.iter().find(|definition| bare(&definition.key) == bare(&field.from))
}

fn standard_of(field: &CustomField) -> Option<&'static (&'static str, &'static str)> {
    STANDARD_FIELDS.iter().find(|(name, _)| *name == field.from)
}

/// GHL's type of each custom field of the settings; `None` for one that the location does not have.
pub fn types(settings: &Settings, definitions: &[Definition]) -> Named<Option<String>> {
    let mut types = Named::default();
    for field in &settings.custom_fields {
        let custom = definition_of(field, definitions);
        if custom.is_some() || standard_of(field).is_none() {
            let data_type = custom.map(|definition| definition.data_type.clone());
            types.insert(field.from.clone(), data_type);
        }
    }
    types
}

fn resolve_one(
    settings: &Settings,
    field: &CustomField,
    definitions: &[Definition],
) -> Result<Rule> {
    let custom = definition_of(field, definitions);
    let standard = standard_of(field);
    let data_type = match (custom, standard) {
        (Some(definition), _) => definition.data_type.as_str(),
        (None, Some((_, data_type))) => data_type,
        (None, None) => {
            let known: Vec<&str> =
                definitions.iter().map(|definition| definition.key.as_str()).collect();
            return Err(Error::new(
                Code::InvalidConfig,
                format!("sync.customFields: the location has no contact field \"{}\"", field.from),
            )
            .hint(format!(
                "Known are {}; and of the standard fields {}.",
                if known.is_empty() { "no custom fields".to_owned() } else { known.join(", ") },
                STANDARD_FIELDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            )));
        }
    };
    let options = custom.map_or(0, |definition| definition.options);
    let allowed = allowed_types(data_type, options);
    if !allowed.contains(&field.of) {
        let possible: Vec<String> = allowed.iter().map(|of| format!("{of:?}")).collect();
        return Err(Error::new(
            Code::InvalidConfig,
            format!(
                "sync.customFields: \"{}\" has GHL's type {data_type}, which cannot become {:?}",
                field.from, field.of
            ),
        )
        .hint(if possible.is_empty() {
            "Fields of this type are not synced: remove the rule.".to_owned()
        } else {
            format!("Possible: {}.", possible.join(", "))
        }));
    }
    Ok(Rule {
        id: custom.map(|definition| definition.id.clone()),
        from: field.from.clone(),
        to: field.to.clone(),
        of: field.of,
        object: settings.object_of(field),
        option: custom
            .filter(|definition| definition.options == 1)
            .and_then(|definition| definition.option.clone()),
        comes_back: custom.is_some() && comes_back(data_type, field.of),
    })
}

/// Whether an attribute's value can be written to a field of GHL's type without a loss. Of a choice among
/// options the options would have to be known; several chosen ones are one text there.
fn comes_back(data_type: &str, of: AttributeType) -> bool {
    use AttributeType::{Boolean, Decimal, Integer, String, Timestamp};
    match data_type {
        "TEXT" | "LARGE_TEXT" | "PHONE" | "EMAIL" => of == String,
        "NUMERICAL" => matches!(of, Integer | Decimal),
        "MONETORY" => of == Decimal,
        "DATE" => of == Timestamp,
        "CHECKBOX" => of == Boolean,
        _ => false,
    }
}

/// An attribute's value as its field of GHL takes it: a day, the option that means true, or the value.
pub fn to_ghl(value: &Value, rule: &Rule) -> Value {
    match (rule.of, value) {
        (AttributeType::Timestamp, _) => dates::day(value).map_or(Value::Null, Value::String),
        (AttributeType::Boolean, Value::Bool(chosen)) => {
            let option = rule.option.clone().filter(|_| *chosen);
            Value::Array(option.into_iter().map(Value::String).collect())
        }
        _ => value.clone(),
    }
}

/// What each of GHL's data types may become. Files and box lists stay: their links expire or have no equal.
fn allowed_types(data_type: &str, options: usize) -> &'static [AttributeType] {
    use AttributeType::{Boolean, Decimal, Integer, String, Timestamp};
    match data_type {
        "TEXT" | "LARGE_TEXT" | "PHONE" | "EMAIL" | "SINGLE_OPTIONS" | "RADIO" => &[String],
        "NUMERICAL" => &[Integer, Decimal, String],
        "MONETORY" => &[Decimal, String],
        "DATE" => &[Timestamp, String],
        "CHECKBOX" if options == 1 => &[Boolean, String],
        "CHECKBOX" | "MULTIPLE_OPTIONS" => &[String],
        "BOOLEAN" => &[Boolean, String],
        _ => &[],
    }
}

/// A value in its attribute's type. `Ok(None)` for an empty one; `Err` says why it does not fit.
pub fn convert(
    value: &Value,
    rule: &Rule,
    writing: &Writing<'_>,
) -> Result<Option<Converted>, String> {
    if is_empty(value) {
        return Ok(None);
    }
    let converted = match rule.of {
        AttributeType::String => string(value),
        AttributeType::Integer => Converted::whole(integer(value, writing.decimal_mark)?),
        AttributeType::Decimal => {
            Converted::whole(Value::from(number(value, writing.decimal_mark)?))
        }
        AttributeType::Timestamp => {
            let day = dates::day(value).ok_or_else(|| {
                format!("{} is not a date of the years 1900 to 2199", shown(value))
            })?;
            Converted::whole(Value::String(dates::midnight(&day)))
        }
        AttributeType::Boolean => Converted::whole(Value::Bool(boolean(value, rule, writing)?)),
    };
    Ok(Some(converted))
}

/// A converted value, and whether it lost something.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The value.
    pub value: Value,
    /// True when it was cut to ChartMogul's 255 characters.
    pub cut: bool,
}

impl Converted {
    fn whole(value: Value) -> Self {
        Self { value, cut: false }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Several options become one sorted text, so that their order makes no difference.
fn string(value: &Value) -> Converted {
    let whole = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => {
            let mut texts: Vec<String> = Vec::with_capacity(items.len());
            for text in items.iter().map(plain_text) {
                texts.insert(texts.partition_point(|known| *known <= text), text);
            }
            texts.join("; ")
        }
        other => plain_text(other),
    };
    let short = text::cut(&whole, STRING_LIMIT);
    Converted { cut: short != whole, value: Value::String(short) }
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(entries) => match (entries.get("value"), entries.get("currency")) {
            (Some(amount), Some(Value::String(currency))) => {
                format!("{} {currency}", plain_text(amount))
            }
            _ => record::json(value),
        },
        other => record::json(other),
    }
}

fn integer(value: &Value, mark: Option<DecimalMark>) -> Result<Value, String> {
    let number = number(value, mark)?;
    let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
    if whole {
        Ok(Value::from(number as i64))
    } else {
        Err(format!("{} is not a whole number", shown(value)))
    }
}

/// A number, a text of one, or the `value` of GHL's money object.
fn number(value: &Value, mark: Option<DecimalMark>) -> Result<f64, String> {
    let read = match value {
        Value::Number(number) => number.as_f64().ok_or(Unread::NoNumber),
        Value::String(text) => numbers::read(text, mark),
        Value::Object(entries) => {
            return match entries.get("value") {
                Some(inner @ (Value::Number(_) | Value::String(_))) => number(inner, mark),
                _ => Err(format!("{} is not a number", shown(value))),
            };
        }
        _ => Err(Unread::NoNumber),
    };
    read.map_err(|why| match why {
        Unread::NoNumber => format!("{} is not a number", shown(value)),
        Unread::Ambiguous => format!(
            "{} is one number with a decimal point and another with a decimal comma (set sync.decimalMark)",
            shown(value)
        ),
    })
}

/// A word for true or false. A checkbox of one option is true when that option is chosen.
fn boolean(value: &Value, rule: &Rule, writing: &Writing<'_>) -> Result<bool, String> {
    let chosen = value.as_str().map(str::trim);
    let truth = booleans::read(value, writing.words, writing.country)
        .or_else(|| (chosen.is_some() && chosen == rule.option.as_deref()).then_some(true));
    truth.ok_or_else(|| {
        format!("{} is not a known word for true or false (see sync.booleanWords)", shown(value))
    })
}

fn shown(value: &Value) -> String {
    text::cut(&record::json(value), 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(key: &str, data_type: &str, options: usize) -> Definition {
        Definition {
            id: format!("id-{key}"),
            key: format!("contact.{key}"),
            data_type: data_type.into(),
            options,
            option: (options > 0).then(|| "Call me".into()),
        }
    }

    fn rule(of: AttributeType) -> Rule {
        Rule {
            id: Some("f".into()),
            from: "field".into(),
            to: "field".into(),
            of,
            object: AttributeObject::Contact,
            option: Some("Call me".into()),
            comes_back: true,
        }
    }

    fn convert(value: &Value, of: AttributeType) -> Result<Option<Converted>, String> {
        let words = BooleanWords { yes: vec!["aktiv".into()], no: Vec::new() };
        let writing = Writing { decimal_mark: None, words: &words, country: None };
        super::convert(value, &rule(of), &writing)
    }

    fn settings(from: &str, of: AttributeType) -> Settings {
        Settings {
            custom_fields: vec![CustomField {
                from: from.into(),
                to: "key".into(),
                of,
                object: None,
            }],
            ..Settings::default()
        }
    }

    #[test]
    fn fields_are_found_by_key_with_or_without_prefix() {
        let definitions = [definition("plan", "TEXT", 0)];
        for from in ["plan", "contact.plan"] {
            let rules = resolve(&settings(from, AttributeType::String), &definitions).unwrap();
            assert_eq!(rules[0].id.as_deref(), Some("id-plan"));
        }
        let rules = resolve(&settings("source", AttributeType::String), &definitions).unwrap();
        assert_eq!(rules[0].id, None);
    }

    #[test]
    fn unknown_fields_and_types_that_do_not_fit_are_refused() {
        let definitions = [definition("plan", "TEXT", 0), definition("file", "FILE_UPLOAD", 0)];
        let unknown = resolve(&settings("pln", AttributeType::String), &definitions).unwrap_err();
        assert_eq!(unknown.code, Code::InvalidConfig);
        assert!(unknown.hint.as_deref().unwrap().contains("contact.plan"));
        let unfit = resolve(&settings("plan", AttributeType::Integer), &definitions).unwrap_err();
        assert!(
            unfit.message.contains("TEXT") && unfit.hint.as_deref().unwrap().contains("String")
        );
        assert!(resolve(&settings("file", AttributeType::String), &definitions).is_err());
    }

    #[test]
    fn every_data_type_has_its_form() {
        use AttributeType::{Boolean, Decimal, Integer, String, Timestamp};
        for (value, of, expected) in [
            (json!(" Gold "), String, json!("Gold")),
            (json!(["b", "a"]), String, json!("a; b")),
            (json!({"currency": "USD", "value": 12.5}), String, json!("12.5 USD")),
            (json!(100), Integer, json!(100)),
            (json!("100"), Integer, json!(100)),
            (json!("1,250.50"), Decimal, json!(1250.5)),
            (json!({"currency": "USD", "value": 12.5}), Decimal, json!(12.5)),
            (json!("2026-01-31"), Timestamp, json!("2026-01-31T00:00:00.000Z")),
            (json!(1_769_817_600_000_i64), Timestamp, json!("2026-01-31T00:00:00.000Z")),
            (json!(["Yes, call me"]), Boolean, json!(true)),
            (json!("no"), Boolean, json!(false)),
            (json!(["No"]), Boolean, json!(false)),
            (json!("nein"), Boolean, json!(false)),
            (json!("Aktiv"), Boolean, json!(true)),
            (json!("Call me"), Boolean, json!(true)),
            (json!("12,50"), Decimal, json!(12.5)),
            (json!({"currency": "EUR", "value": "1.250,50"}), Decimal, json!(1250.5)),
            (json!(42_163_200_000_i64), Timestamp, json!("1971-05-04T00:00:00.000Z")),
            (json!(-63_158_400_000_i64), Timestamp, json!("1968-01-01T00:00:00.000Z")),
        ] {
            assert_eq!(convert(&value, of).unwrap().unwrap().value, expected, "{value}");
        }
    }

    #[test]
    fn values_that_do_not_fit_say_why() {
        for (value, of, part) in [
            (json!("ten"), AttributeType::Integer, "\"ten\" is not a number"),
            (json!(1.5), AttributeType::Integer, "not a whole number"),
            (json!("31/01/2026"), AttributeType::Timestamp, "not a date"),
            (json!("NaN"), AttributeType::Decimal, "not a number"),
            (json!("1,250"), AttributeType::Integer, "sync.decimalMark"),
            (json!({"value": {}}), AttributeType::Decimal, "not a number"),
            (json!("Gold"), AttributeType::Boolean, "sync.booleanWords"),
            (json!(["a", "b"]), AttributeType::Boolean, "sync.booleanWords"),
            (json!(2), AttributeType::Boolean, "sync.booleanWords"),
            (json!(1_626_433_200), AttributeType::Timestamp, "not a date"),
            (json!("0001-01-01T00:00:00Z"), AttributeType::Timestamp, "not a date"),
        ] {
            assert!(convert(&value, of).unwrap_err().contains(part), "{value}");
        }
    }

    #[test]
    fn empty_values_set_nothing_and_long_ones_are_cut() {
        for value in [json!(null), json!(" "), json!([]), json!({})] {
            assert_eq!(convert(&value, AttributeType::String), Ok(None));
        }
        let long = convert(&json!("x".repeat(300)), AttributeType::String).unwrap().unwrap();
        assert!(long.cut);
        assert_eq!(long.value.as_str().unwrap().chars().count(), 255);
    }
}
