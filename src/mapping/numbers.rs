//! Numbers as people of many countries write them: `1,250.50`, `1.250,50`, `1 250,50 kr`, `(500.00)`.
//!
//! A text is read only where it means one number. `1,250` is 1250 to some and 1.25 to others: the
//! decimal mark of the location decides, and where that is unknown the value is ambiguous.

use crate::{characters, record};

use super::settings::DecimalMark;

/// Countries that write a decimal comma, by CLDR's default language of each; all others write a point.
static COMMA: &str = "ADALAMAOARATAWAXAZBABEBFBGBIBJBLBNBOBRBVBYCDCFCGCICLCMCOCRCVCYCZDEDJDKDZECEEESFIFOFRGAGEGFGLGNGPGQGRGWHRHUIDISITKGKZLALBLTLULVLYMAMCMDMEMFMKMQMRMUMZNANCNLNOPFPLPMPTRERORSRURWSCSESISJSKSMSNSRSTTFTGTJTLTMTNTRUAUYUZVAVEVNWFYTZA";

/// Signs and codes of currencies in lower case, longer ones before those that they begin or end with.
static CURRENCIES: &str = "us$ ca$ au$ nz$ hk$ mx$ r$ c$ a$ s$ $ € £ ¥ ₹ ₽ ₩ ₪ ₫ ₴ ₺ ₦ ₱ ฿ ₡ ₲ ₸ zł kr. kr kč ft lei лв fr. rs. rs aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clp cny cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu uzs ves vnd vuv wst xaf xcd xof xpf yer zar zmw zwl";

/// Most digits in front of the decimal mark: more are not kept exactly.
const MOST_DIGITS: usize = 15;

/// Longest text of a number.
const LONGEST: usize = 40;

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is not a number in any country.
    NoNumber,
    /// It is one number with a decimal point, and another with a decimal comma.
    Ambiguous,
}

/// The decimal mark of a country's people.
pub fn mark_of(country: &str) -> DecimalMark {
    let comma =
        COMMA.as_bytes().chunks(2).any(|code| code.eq_ignore_ascii_case(country.as_bytes()));
    if comma { DecimalMark::Comma } else { DecimalMark::Point }
}

/// The number that a text means, by the decimal mark of those who wrote it, where that is known.
pub fn read(text: &str, mark: Option<DecimalMark>) -> Result<f64, Unread> {
    let text = written(text);
    let mut rest = text.as_str();
    let mut signs = 0;
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (negative, signs) = (true, 1);
        rest = inner.trim();
    }
    let mut money = false;
    for currency in [false, true, false] {
        for front in [true, false] {
            let strip = |rest: &str, what: &str| {
                let stripped =
                    if front { rest.strip_prefix(what) } else { rest.strip_suffix(what) };
                stripped.map(|rest| rest.len())
            };
            let length = if currency {
                let found = CURRENCIES.split(' ').find_map(|one| strip(rest, one));
                money |= found.is_some();
                found
            } else {
                let minus = strip(rest, "-");
                negative |= minus.is_some();
                let sign = minus.or_else(|| strip(rest, "+"));
                signs += usize::from(sign.is_some());
                sign
            };
            if let Some(length) = length {
                let from = if front { rest.len() - length } else { 0 };
                rest = rest.get(from..from + length).unwrap_or_default().trim();
            }
        }
    }
    if signs > 1 || rest.len() > LONGEST {
        return Err(Unread::NoNumber);
    }
    let number = amount(rest, mark, money)?;
    // No negative zero.
    Ok(if negative { -number } else { number } + 0.0)
}

/// Digits, marks and blanks of all scripts in their ASCII forms, without what cannot be seen.
fn written(text: &str) -> String {
    let plain = |character: char| match character {
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        '٬' | '’' | '‘' | '＇' | 'ʼ' => Some('\''),
        '．' => Some('.'),
        '，' => Some(','),
        other => characters::plain(other),
    };
    text.chars().filter_map(plain).collect::<String>().trim().to_owned()
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number without sign and currency.
fn amount(text: &str, mark: Option<DecimalMark>, money: bool) -> Result<f64, Unread> {
    let finite = |digits: &str| {
        record::number(digits).filter(|number| number.is_finite()).ok_or(Unread::NoNumber)
    };
    if let Some((factor, exponent)) = text.split_once('e') {
        let (whole, fraction) = factor.split_once('.').unwrap_or((factor, "0"));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let is_one = !money && [whole, fraction, exponent].into_iter().all(are_digits);
        return if is_one { finite(text) } else { Err(Unread::NoNumber) };
    }
    let (decimal, group) = marks(text, mark)?;
    let (whole, fraction) =
        decimal.and_then(|decimal| text.split_once(decimal)).unwrap_or((text, "0"));
    let digits = match group.filter(|group| whole.contains(*group)) {
        Some(group) => ungrouped(whole, group),
        None => Some(whole.to_owned())
            .filter(|whole| are_digits(whole) || (whole.is_empty() && decimal.is_some())),
    };
    let digits = digits.filter(|digits| {
        are_digits(fraction) && digits.trim_start_matches('0').len() <= MOST_DIGITS
    });
    finite(&[&digits.ok_or(Unread::NoNumber)?, ".", fraction].concat())
}

/// Which character is the decimal mark, and which groups digits.
fn marks(text: &str, mark: Option<DecimalMark>) -> Result<(Option<char>, Option<char>), Unread> {
    let count = |of: char| text.matches(of).count();
    let has = |of: char| text.contains(of);
    let quiet = [' ', '\''].into_iter().find(|quiet| has(*quiet));
    let loud =
        [',', '.'].into_iter().filter(|loud| has(*loud)).max_by_key(|loud| text.rfind(*loud));
    let both = has(',') && has('.');
    let Some(last) = loud else {
        let arabic = Some('٫').filter(|arabic| has(*arabic));
        return once(text, arabic, quiet);
    };
    if has('٫') {
        return if both || quiet.is_some() {
            Err(Unread::NoNumber)
        } else {
            once(text, Some('٫'), Some(last))
        };
    }
    let other = if last == '.' { ',' } else { '.' };
    if quiet.is_some() {
        return if both { Err(Unread::NoNumber) } else { once(text, Some(last), quiet) };
    }
    if both {
        return once(text, Some(last), Some(other));
    }
    if count(last) > 1 {
        return Ok((None, Some(last)));
    }
    let (before, behind) = text.split_once(last).unwrap_or_default();
    if behind.len() != 3 || before.len() > 3 || before == "0" || before.is_empty() {
        return Ok((Some(last), None));
    }
    if before.starts_with('0') {
        return Err(Unread::NoNumber);
    }
    let decimal = match mark.ok_or(Unread::Ambiguous)? {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    };
    Ok(if decimal == last { (Some(last), None) } else { (None, Some(last)) })
}

fn once(
    text: &str,
    decimal: Option<char>,
    group: Option<char>,
) -> Result<(Option<char>, Option<char>), Unread> {
    if decimal.is_some_and(|decimal| text.matches(decimal).count() > 1) {
        return Err(Unread::NoNumber);
    }
    Ok((decimal, group))
}

/// Digits in groups of three, or as in India: three behind groups of two.
fn ungrouped(whole: &str, group: char) -> Option<String> {
    let mut groups = whole.split(group);
    let (first, last) = (groups.next()?, groups.next_back()?);
    let middle: Vec<&str> = groups.collect();
    let western = first.len() <= 3 && middle.iter().all(|group| group.len() == 3);
    let indian = group == ','
        && first.len() <= 2
        && !middle.is_empty()
        && middle.iter().all(|group| group.len() == 2);
    let are = are_digits(first)
        && !first.starts_with('0')
        && last.len() == 3
        && (western || indian)
        && whole.split(group).all(are_digits);
    are.then(|| whole.split(group).collect())
}
