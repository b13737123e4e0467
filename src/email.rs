//! The one rule of what an e-mail address is, how it is written, and the form in which two are compared.

mod punycode;

use std::borrow::Cow;

use crate::accents::lower_composed;

/// Longest address that a mail can have, its part before the at sign, and a label of its domain (RFC 5321).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// Whether a text is an address as it stands, with nothing around it.
pub fn is_address(text: &str) -> bool {
    plain(text).is_some_and(|address| address == text) && written(text).is_some()
}

/// The address as it is written: what a person typed without what does not belong to it (blanks, characters
/// that are not seen, `mailto:`, `Ada <…>`, a point or comma at the end), in small letters, letters
/// and their marks composed. `None` when the text is not an address: ChartMogul answers 422 "does not appear to be a
/// valid email address".
pub fn written(text: &str) -> Option<String> {
    let address = plain(text)?;
    let address =
        if address.is_ascii() { address.to_ascii_lowercase() } else { lower_composed(&address) };
    let (local, domain) = address.split_once('@')?;
    let valid = address.len() <= LONGEST
        && local.len() <= LONGEST_LOCAL
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(in_atom))
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && !domain.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
    valid.then_some(address)
}

/// The address in the form in which two are compared: as it is written, and `xn--` labels of its
/// domain in their letters. Points and `+tag` stay: whether they matter is up to who runs the domain.
pub fn normal(text: &str) -> Option<String> {
    let address = written(text)?;
    if !address.contains("xn--") {
        return Some(address);
    }
    let (local, domain) = address.split_once('@')?;
    let labels: Vec<Cow<'_, str>> = domain.split('.').map(in_letters).collect();
    Some(format!("{local}@{}", labels.join("."))).filter(|address| address.len() <= LONGEST)
}

/// The address in a text, without what does not belong to it.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let seen = |text: &str| {
        let seen = text.chars().filter(|c| !is_ignorable(*c));
        seen.map(|c| match c {
            '＠' => '@',
            '．' | '。' | '｡' => '.',
            c => c,
        })
        .collect::<String>()
    };
    Some(match text.is_ascii() {
        true => Cow::Borrowed(inner(text)?),
        false => Cow::Owned(inner(&seen(text))?.to_owned()),
    })
}

fn inner(text: &str) -> Option<&str> {
    let mut text = text.trim();
    if let Some((name, address)) = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        let address = address.trim();
        // A name may be the address again. Another address in front of it is one of two.
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        let other = name.contains('@') && !name.eq_ignore_ascii_case(address);
        if name.contains(['<', '>']) || other {
            return None;
        }
        text = address;
    }
    if let Some((scheme, rest)) = text.split_at_checked("mailto:".len())
        && scheme.eq_ignore_ascii_case("mailto:")
    {
        text = rest.split('?').next().unwrap_or(rest).trim();
    }
    Some(text.strip_suffix(['.', ',', ';']).unwrap_or(text))
}

/// Characters that are not seen (Unicode's Default_Ignorable_Code_Point).
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A letter beyond ASCII, as addresses may have since RFC 6531.
fn is_wide(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control()
}

fn in_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_wide(c)
}

fn is_label(label: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_wide(c);
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().count() <= LONGEST_LABEL
        && label.chars().all(inside)
}

/// A label in its letters, where they are such that reading them again gives the same.
fn in_letters(label: &str) -> Cow<'_, str> {
    let decoded = label.strip_prefix("xn--").and_then(punycode::decode).filter(|letters| {
        let odd = |c: char| is_ignorable(c) || "＠．。｡".contains(c);
        !letters.is_ascii()
            && !letters.starts_with("xn--")
            && is_label(letters)
            && !letters.contains(odd)
            && lower_composed(letters) == *letters
    });
    decoded.map_or(Cow::Borrowed(label), Cow::Owned)
}

#[cfg(test)]
// The judges are native.
#[cfg(not(target_arch = "wasm32"))]
mod tests;
