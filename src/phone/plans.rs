//! The numbering plans of the world, and how a dialled number is read by them: libphonenumber's data and
//! algorithm (Google, Apache-2.0), as far as they tell which number it is and whether there is such a one.

use std::sync::OnceLock;

use super::prefix;
use super::ranges::{Ranges, Reader, Set};

/// Shortest and longest national number, in digits.
const SHORTEST: usize = 2;
const LONGEST: usize = 17;

/// All plans. Written by `cargo xtask tables`.
#[derive(Debug)]
pub(super) struct Plans {
    /// In the order of their calling codes; of those that share one, the one that stands for it first.
    plans: Vec<Plan>,
    ranges: Ranges,
}

/// How the telephones of one region are dialled.
#[derive(Debug)]
pub(super) struct Plan {
    /// ISO 3166-1 alpha-2, or `001` for a code that does not belong to a country.
    region: &'static str,
    /// The calling code.
    pub(super) code: u16,
    /// Patterns of what is dialled before a number abroad and before a national one.
    abroad: &'static str,
    national: &'static str,
    /// What becomes of a national prefix that is more than left out: `$1` is its first group.
    becomes: &'static str,
    /// A bit for each length that a number can have, and for each that it has within its area only.
    lengths: u32,
    local_lengths: u32,
    /// National numbers in general, and those in use under this calling code.
    general: Set,
    used: Set,
}

/// A number by its calling code and its national digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// The calling code.
    pub(super) code: u16,
    /// The digits behind it.
    pub(super) national: String,
}

impl Number {
    /// The number in E.164.
    pub(super) fn e164(&self) -> String {
        format!("+{}{}", self.code, self.national)
    }
}

/// How a number's length stands to those that a plan has.
#[derive(PartialEq, Eq)]
enum Length {
    Fits,
    Local,
    Short,
    Long,
    Between,
}

impl Plan {
    fn parse(line: &'static str, code_before: u16, reader: &mut Reader) -> Option<Self> {
        let mut fields = line.split(' ').map(|field| if field == "-" { "" } else { field });
        let mut next = || fields.next();
        let region = next()?;
        let code = next()?.parse().ok()?;
        let [abroad, national, becomes] = [next()?, next()?, next()?];
        let mut lengths = || u32::from_str_radix(next()?, 16).ok();
        let [lengths, local_lengths] = [lengths()?, lengths()?];
        let used = if code == code_before { Set::MAX - 1 } else { reader.set() };
        let general = reader.set();
        Some(Self {
            region,
            code,
            abroad,
            national,
            becomes,
            lengths,
            local_lengths,
            general,
            used,
        })
    }

    fn length(&self, digits: &str) -> Length {
        let bit = 1u32.checked_shl(digits.len() as u32).unwrap_or(0);
        if self.local_lengths & bit != 0 {
            Length::Local
        } else if self.lengths & bit != 0 {
            Length::Fits
        } else if bit != 0 && bit < self.lengths & self.lengths.wrapping_neg() {
            Length::Short
        } else if self.lengths != 0 && (bit == 0 || bit > self.lengths) {
            Length::Long
        } else {
            Length::Between
        }
    }
}

impl Plans {
    /// The plans, read at the first use.
    pub(super) fn get() -> &'static Self {
        static PLANS: OnceLock<Plans> = OnceLock::new();
        PLANS.get_or_init(|| {
            let mut reader = Reader::new(include_bytes!("ranges.bin"));
            let mut plans = Vec::new();
            let mut code = 0;
            let lines = include_str!("plans.txt").lines().filter(|line| !line.starts_with('#'));
            for line in lines {
                if let Some(plan) = Plan::parse(line, code, &mut reader) {
                    code = plan.code;
                    plans.push(plan);
                }
            }
            Self { plans, ranges: reader.ranges() }
        })
    }

    /// The plan of a region.
    pub(super) fn of_region(&self, region: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.region.eq_ignore_ascii_case(region))
    }

    /// The plan that stands for a calling code.
    fn of_code(&self, code: u16) -> Option<&Plan> {
        let at = self.plans.partition_point(|plan| plan.code < code);
        self.plans.get(at).filter(|plan| plan.code == code)
    }

    /// The number that digits behind a `+` name.
    pub(super) fn international(&self, digits: &str) -> Option<Number> {
        let (plan, rest) = self.split(digits)?;
        self.number(plan, rest)
    }

    /// The same, if that number is in use.
    pub(super) fn used_abroad(&self, digits: &str) -> Option<Number> {
        self.international(digits).filter(|number| self.is_used(number))
    }

    /// The number that digits name which are dialled in a region.
    pub(super) fn dialled(&self, region: &Plan, digits: &str) -> Option<Number> {
        let abroad = prefix::find(region.abroad, digits).filter(|_| !region.abroad.is_empty());
        if let Some(rest) = abroad.and_then(|found| digits.get(found.end..))
            && !rest.starts_with('0')
        {
            return self.international(rest);
        }
        // The region's own calling code, its + left out.
        if let Some(rest) = digits.strip_prefix(&region.code.to_string()) {
            let bare = self.without_prefix(region, rest);
            let fits = |digits: &str| self.ranges.holds(region.general, digits.as_bytes());
            if (!fits(digits) && fits(&bare)) || region.length(digits) == Length::Long {
                return self.number(self.of_code(region.code)?, &bare);
            }
        }
        self.number(region, digits)
    }

    /// Whether the number is in use, as far as the data knows.
    pub(super) fn is_used(&self, number: &Number) -> bool {
        let plan = self.of_code(number.code);
        plan.is_some_and(|plan| self.ranges.holds(plan.used, number.national.as_bytes()))
    }

    /// Whether its length is one that its calling code has.
    pub(super) fn has_its_length(&self, number: &Number) -> bool {
        self.of_code(number.code).is_some_and(|plan| plan.length(&number.national) == Length::Fits)
    }

    /// The plan of the calling code in front, and the digits behind it.
    fn split<'d>(&self, digits: &'d str) -> Option<(&Plan, &'d str)> {
        if digits.len() <= SHORTEST || digits.starts_with('0') {
            return None;
        }
        (1..=3).find_map(|length| {
            let (code, rest) = digits.split_at_checked(length)?;
            Some((self.of_code(code.parse().ok()?)?, rest))
        })
    }

    fn number(&self, plan: &Plan, digits: &str) -> Option<Number> {
        if digits.len() < SHORTEST {
            return None;
        }
        let bare = self.without_prefix(plan, digits);
        // A prefix is left out only where what remains can be a number.
        let stays = matches!(plan.length(&bare), Length::Local | Length::Short | Length::Between);
        let national = if stays { digits.to_owned() } else { bare };
        (SHORTEST..=LONGEST)
            .contains(&national.len())
            .then_some(Number { code: plan.code, national })
    }

    /// The digits without the prefix that is dialled within the plan's region.
    fn without_prefix(&self, plan: &Plan, digits: &str) -> String {
        let found = prefix::find(plan.national, digits);
        let Some(found) = found.filter(|_| !plan.national.is_empty() && !digits.is_empty()) else {
            return digits.to_owned();
        };
        let [first, second] = found
            .groups
            .map(|group| group.map(|(from, to)| digits.get(from..to).unwrap_or_default()));
        let rest = digits.get(found.end..).unwrap_or_default();
        let took = match (first, second) {
            (Some(_), Some(second)) => !second.is_empty(),
            (Some(first), None) => !first.is_empty(),
            _ => false,
        };
        let bare = if took && !plan.becomes.is_empty() {
            let front = plan.becomes.replace("$1", first.unwrap_or_default());
            format!("{}{rest}", front.replace("$2", second.unwrap_or_default()))
        } else {
            rest.to_owned()
        };
        let fits = |digits: &str| self.ranges.holds(plan.general, digits.as_bytes());
        if fits(digits) && !fits(&bare) { digits.to_owned() } else { bare }
    }
}
