//! Telephone numbers in one form, E.164.

mod plans;
mod prefix;
mod ranges;

use plans::{Number, Plans};

use crate::characters;
use crate::countries::country_code;

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 60;

/// Most digits of an extension.
const EXTENSION: usize = 7;

/// Fewest digits of a number that is given with another country's calling code and without `+`.
const INTERNATIONAL: usize = 10;

/// A phone number in E.164 (`+14155550123`), or `None` when it is not certain: such a number stays as
/// it is and matches nobody.
///
/// Behind a `+` nothing is guessed: the calling code has to be one, and the length one that it has.
/// Without it the number has to be in use, by libphonenumber's data, as one that is dialled in
/// `country` (by code or name: the contact's, else the location's) or as an international one whose `+` was
/// left out, and not as two different ones.
pub fn e164(text: &str, country: Option<&str>) -> Option<String> {
    if is_north_american(text) {
        return Some(text.to_owned());
    }
    let typed = Typed::of(text)?;
    let plans = Plans::get();
    if typed.plus {
        return abroad(&typed, plans).map(|number| number.e164());
    }
    // 00 leads abroad nearly everywhere, and no national number begins with it where it does not.
    let double_zero = || plans.used_abroad(typed.digits.strip_prefix("00")?);
    let region = country.and_then(country_code).and_then(|code| plans.of_region(code));
    let Some(region) = region else {
        return double_zero().map(|number| number.e164());
    };
    let dialled = plans.dialled(region, &typed.digits).filter(|number| plans.is_used(number));
    let bare = typed.digits.len() >= INTERNATIONAL && !typed.digits.starts_with('0');
    let bare = bare && typed.digits.starts_with(&region.code.to_string());
    let without_plus = if bare { plans.used_abroad(&typed.digits) } else { None };
    agreed(dialled.or_else(double_zero), without_plus).map(|number| number.e164())
}

/// The number of two readings, unless they are two numbers.
fn agreed(one: Option<Number>, other: Option<Number>) -> Option<Number> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// The number behind a `+`: in use, or at least of a length that its calling code has and written
/// without a digit too many. The data may be older than the number.
fn abroad(typed: &Typed, plans: &Plans) -> Option<Number> {
    let Some(without) = &typed.without_trunk else {
        let number = plans.international(&typed.digits)?;
        let whole = number.e164().get(1..) == Some(&typed.digits) && !typed.letters;
        let fits = plans.is_used(&number) || (whole && plans.has_its_length(&number));
        return fits.then_some(number);
    };
    // "+44 (0)20": the bracketed trunk prefix is not dialled from abroad; in Italy it is.
    agreed(plans.used_abroad(without), plans.used_abroad(&typed.digits))
}

/// Whether a text is a number of North America in E.164 already, as most are that a machine wrote.
fn is_north_american(text: &str) -> bool {
    let area = |digit: &u8| (b'2'..=b'9').contains(digit);
    matches!(text.as_bytes(), [b'+', b'1', rest @ ..]
        if rest.len() == 10
            && rest.iter().all(u8::is_ascii_digit)
            && rest.first().is_some_and(area)
            && rest.get(3).is_some_and(area))
}

/// What a person typed, if it is one number and nothing else.
#[derive(Debug)]
struct Typed {
    /// Whether a `+` is in front.
    plus: bool,
    /// The digits, letters of a vanity number among them.
    digits: String,
    /// The digits without a bracketed `(0)`, where there is one behind a `+`.
    without_trunk: Option<String>,
    /// Whether some of the digits were letters.
    letters: bool,
}

impl Typed {
    fn of(text: &str) -> Option<Self> {
        let clean: String = text.chars().filter_map(plain).collect();
        let clean = clean.trim();
        if clean.len() > LONGEST {
            return None;
        }
        let bare = clean.strip_prefix("tel:").or(clean.strip_prefix("callto:")).unwrap_or(clean);
        let main = without_extension(bare).trim();
        let letters = main.contains(|c: char| c.is_ascii_alphabetic());
        if letters && !is_vanity(main) {
            return None;
        }
        let (front, behind) = main.split_once('+').unwrap_or(("", main));
        let plus = behind.len() < main.len();
        let part = |c: char| c.is_ascii_alphanumeric() || " ()-./·_".contains(c);
        if !behind.chars().all(part) || !front.chars().all(|c| " (".contains(c)) {
            return None;
        }
        let trunk = plus.then(|| behind.replacen("(0)", "", 1)).filter(|rest| rest != behind);
        Some(Self {
            plus,
            digits: dialled(behind),
            without_trunk: trunk.as_deref().map(dialled),
            letters,
        })
    }
}

/// A character as it is read, brackets and dashes of one kind.
fn plain(c: char) -> Option<char> {
    match c {
        '（' => Some('('),
        '）' => Some(')'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '－' => Some('-'),
        c => characters::plain(c),
    }
}

/// The text without an extension at its end: `x12`, `ext. 12`, `;ext=12`, `#12`.
fn without_extension(text: &str) -> &str {
    for mark in [";ext=", "#", "extension", "ext", "x"] {
        if let Some((main, extension)) = text.split_once(mark) {
            let digits = extension.trim_matches([' ', '.', ':', '=']);
            let short = (1..=EXTENSION).contains(&digits.len());
            let cut = short && digits.bytes().all(|byte| byte.is_ascii_digit());
            return if cut { main } else { text };
        }
    }
    text
}

/// Whether the letters are those of a vanity number: four or more, all behind at least three digits.
fn is_vanity(text: &str) -> bool {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (front, word) = text.split_at_checked(at).unwrap_or_default();
    let digits = front.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 3 && letters >= 4 && word.chars().all(|c| c.is_ascii_alphabetic() || " -".contains(c))
}

/// What is dialled: digits, and letters by their keys.
fn dialled(text: &str) -> String {
    const KEYS: &[u8; 26] = b"22233344455566677778889999";
    let key = |byte: u8| match byte {
        b'a'..=b'z' => KEYS.get(usize::from(byte - b'a')).map(|key| char::from(*key)),
        byte => byte.is_ascii_digit().then_some(char::from(byte)),
    };
    text.bytes().filter_map(key).collect()
}

#[cfg(test)]
// The judges are native.
#[cfg(not(target_arch = "wasm32"))]
mod tests;
