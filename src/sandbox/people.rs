//! The people and companies that the records are about. All are made up: e-mails end in domains
//! kept for examples, names are common ones put together by chance.

use super::random::Random;

/// A region: where people live and what they are called.
struct Region {
    country: &'static str,
    country_name: &'static str,
    /// Country code and how many digits follow it; `5550` stands where a country keeps it for fiction.
    phone: (&'static str, usize),
    time_zone: &'static str,
    /// City, state, postal code.
    cities: &'static [(&'static str, &'static str, &'static str)],
    /// First names, as written and in Latin letters.
    first: &'static [(&'static str, &'static str)],
    /// Last names, as written and in Latin letters.
    last: &'static [(&'static str, &'static str)],
}

/// Somebody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) email: Option<String>,
    pub(crate) more_emails: Vec<String>,
    /// E.164.
    pub(crate) phone: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
    pub(crate) time_zone: String,
}

impl Person {
    /// First and last name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// So many people. Among them, at fixed places: no e-mail, no phone, no name, an e-mail shared with
/// the one before, additional e-mails, emoji in the name.
pub(crate) fn people(count: u32, random: &mut Random) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::with_capacity(count as usize);
    for number in 0..count {
        let mut person = person(number, random);
        if number % 17 == 3 {
            person.email = None;
        }
        if number % 11 == 6 {
            person.phone = None;
        }
        if number % 41 == 9 {
            person.first.clear();
            person.last.clear();
        }
        if number % 19 == 7 {
            person.last = format!("{} 🚀", person.last);
        }
        if number % 13 == 4 {
            person.more_emails = vec![format!("private{number}@example.net")];
        }
        if number % 37 == 5
            && let Some(before) = people.last()
        {
            person.email.clone_from(&before.email);
        }
        people.push(person);
    }
    people
}

fn person(number: u32, random: &mut Random) -> Person {
    let index = random.below(REGIONS.len() as u64) as usize;
    let Some(region) = REGIONS.get(index) else {
        return Person::default();
    };
    let (first, first_latin) = random.pick(region.first);
    let (last, last_latin) = random.pick(region.last);
    let (city, state, postal_code) = random.pick(region.cities);
    let domain = random.pick(&["example.com", "example.org", "example.net", "mail.example.com"]);
    let mailbox = format!("{first_latin}.{last_latin}{number}").to_lowercase().replace(' ', "");
    let employed = random.chance(0.6);
    let company = employed.then(|| company(random));
    Person {
        first: first.to_owned(),
        last: last.to_owned(),
        email: Some(format!("{mailbox}@{domain}")),
        more_emails: Vec::new(),
        phone: Some(phone(region, number)),
        company,
        street: format!("{} {}", 1 + random.below(240), random.pick(STREETS)),
        city: city.to_owned(),
        state: state.to_owned(),
        postal_code: postal_code.to_owned(),
        country: region.country.to_owned(),
        time_zone: region.time_zone.to_owned(),
    }
}

/// A phone that nobody else here has.
fn phone(region: &Region, number: u32) -> String {
    let (prefix, digits) = region.phone;
    format!("+{prefix}{:0>width$}", u64::from(number) + 1, width = digits)
}

/// A company's name.
pub(crate) fn company(random: &mut Random) -> String {
    let name = random.pick(COMPANIES);
    let form = random.pick(&["Ltd", "LLC", "GmbH", "& Sons", "S.L.", "株式会社", "Studio", ""]);
    format!("{name} {form}").trim().to_owned()
}

/// The English name of a country by its ISO 3166-1 alpha-2 code, for those in which people live here.
pub(crate) fn country_name(code: &str) -> Option<&'static str> {
    REGIONS.iter().find(|region| region.country == code).map(|region| region.country_name)
}

const STREETS: &[&str] =
    &["Main St", "Hauptstraße", "rue de l’Église", "Calle Mayor", "Station Rd", "Elm Ave"];

const COMPANIES: &[&str] = &[
    "Blue Heron Dental",
    "Copper Kettle Café",
    "Nordlicht Yoga",
    "Ostrich & Finch",
    "Pine Street Plumbing",
    "Sakura Fitness",
    "Tamarind Travel",
    "Umbra Analytics",
    "Verdant Landscaping",
    "Wren Bookkeeping",
    "Zephyr Roofing",
    "Açaí House",
    "Brønn Legal",
    "Ćwik Auto",
];

const REGIONS: &[Region] = &[
    Region {
        country: "US",
        country_name: "United States",
        phone: ("155501", 5),
        time_zone: "America/New_York",
        cities: &[
            ("Springfield", "IL", "62701"),
            ("Portland", "OR", "97201"),
            ("Albany", "NY", "12207"),
            ("Tampa", "FL", "33602"),
        ],
        first: &[
            ("Emily", "emily"),
            ("Marcus", "marcus"),
            ("Dwayne", "dwayne"),
            ("Mary-Jane", "mary-jane"),
        ],
        last: &[
            ("O'Connor", "oconnor"),
            ("Smith", "smith"),
            ("Washington Jr.", "washington"),
            ("Li", "li"),
        ],
    },
    Region {
        country: "GB",
        country_name: "United Kingdom",
        phone: ("4420794", 5),
        time_zone: "Europe/London",
        cities: &[("London", "", "EC1A 1BB"), ("Leeds", "", "LS1 4AP")],
        first: &[("Oliver", "oliver"), ("Siobhán", "siobhan"), ("Alun", "alun")],
        last: &[
            ("Featherstonehaugh", "featherstonehaugh"),
            ("Patel", "patel"),
            ("McDonald", "mcdonald"),
        ],
    },
    Region {
        country: "DE",
        country_name: "Germany",
        phone: ("493055", 6),
        time_zone: "Europe/Berlin",
        cities: &[("München", "BY", "80331"), ("Köln", "NW", "50667"), ("Berlin", "BE", "10115")],
        first: &[("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Hans-Peter", "hans-peter")],
        last: &[("Müller", "mueller"), ("von der Heide", "vonderheide"), ("Weiß", "weiss")],
    },
    Region {
        country: "FR",
        country_name: "France",
        phone: ("331990", 5),
        time_zone: "Europe/Paris",
        cities: &[("Paris", "", "75002"), ("Saint-Étienne", "", "42000")],
        first: &[("Zoé", "zoe"), ("François", "francois"), ("Jean-Baptiste", "jean-baptiste")],
        last: &[("Lefèvre", "lefevre"), ("d’Aboville", "daboville"), ("Nguyễn", "nguyen")],
    },
    Region {
        country: "ES",
        country_name: "Spain",
        phone: ("3491555", 4),
        time_zone: "Europe/Madrid",
        cities: &[("Málaga", "", "29015"), ("A Coruña", "", "15001")],
        first: &[("Begoña", "begona"), ("Íñigo", "inigo")],
        last: &[("García Márquez", "garciamarquez"), ("Muñoz", "munoz")],
    },
    Region {
        country: "PL",
        country_name: "Poland",
        phone: ("482255", 5),
        time_zone: "Europe/Warsaw",
        cities: &[("Łódź", "", "90-001"), ("Kraków", "", "30-001")],
        first: &[("Małgorzata", "malgorzata"), ("Zbigniew", "zbigniew")],
        last: &[("Wiśniewska", "wisniewska"), ("Żółć", "zolc")],
    },
    Region {
        country: "TR",
        country_name: "Turkey",
        phone: ("9021255", 5),
        time_zone: "Europe/Istanbul",
        cities: &[("İstanbul", "", "34000"), ("İzmir", "", "35000")],
        first: &[("Işıl", "isil"), ("İbrahim", "ibrahim")],
        last: &[("Yıldız", "yildiz"), ("Çağlar", "caglar")],
    },
    Region {
        country: "IN",
        country_name: "India",
        phone: ("915550", 6),
        time_zone: "Asia/Kolkata",
        cities: &[("Mumbai", "", "400001"), ("Bengaluru", "", "560001")],
        first: &[("अनन्या", "ananya"), ("Rajesh", "rajesh"), ("தமிழரசி", "tamilarasi")],
        last: &[("शर्मा", "sharma"), ("Subramaniam", "subramaniam")],
    },
    Region {
        country: "JP",
        country_name: "Japan",
        phone: ("8135550", 5),
        time_zone: "Asia/Tokyo",
        cities: &[("東京", "", "100-0001"), ("大阪市", "", "530-0001")],
        first: &[("さくら", "sakura"), ("健太郎", "kentaro")],
        last: &[("田中", "tanaka"), ("髙橋", "takahashi")],
    },
    Region {
        country: "CN",
        country_name: "China",
        phone: ("8610555", 6),
        time_zone: "Asia/Shanghai",
        cities: &[("北京", "", "100000"), ("上海", "", "200000")],
        first: &[("伟", "wei"), ("秀英", "xiuying")],
        last: &[("王", "wang"), ("欧阳", "ouyang")],
    },
    Region {
        country: "KR",
        country_name: "South Korea",
        phone: ("822555", 5),
        time_zone: "Asia/Seoul",
        cities: &[("서울", "", "04524")],
        first: &[("민준", "minjun"), ("서연", "seoyeon")],
        last: &[("김", "kim"), ("남궁", "namgung")],
    },
    Region {
        country: "AE",
        country_name: "United Arab Emirates",
        phone: ("971455", 5),
        time_zone: "Asia/Dubai",
        cities: &[("دبي", "", ""), ("Abu Dhabi", "", "")],
        first: &[("محمد", "mohammed"), ("فاطمة", "fatima")],
        last: &[("الهاشمي", "alhashimi"), ("بن راشد", "binrashid")],
    },
    Region {
        country: "IL",
        country_name: "Israel",
        phone: ("972355", 5),
        time_zone: "Asia/Jerusalem",
        cities: &[("תל אביב", "", "6100000")],
        first: &[("נועה", "noa"), ("יוסף", "yosef")],
        last: &[("כהן", "cohen"), ("בן־דוד", "bendavid")],
    },
    Region {
        country: "UA",
        country_name: "Ukraine",
        phone: ("3804455", 5),
        time_zone: "Europe/Kyiv",
        cities: &[("Київ", "", "01001"), ("Львів", "", "79000")],
        first: &[("Олександр", "oleksandr"), ("Їлона", "yilona")],
        last: &[("Шевченко", "shevchenko"), ("Ґалаґан", "galagan")],
    },
    Region {
        country: "GR",
        country_name: "Greece",
        phone: ("3021055", 5),
        time_zone: "Europe/Athens",
        cities: &[("Αθήνα", "", "105 57")],
        first: &[("Γιώργος", "giorgos"), ("Ελένη", "eleni")],
        last: &[("Παπαδόπουλος", "papadopoulos")],
    },
    Region {
        country: "BR",
        country_name: "Brazil",
        phone: ("5511555", 5),
        time_zone: "America/Sao_Paulo",
        cities: &[("São Paulo", "SP", "01000-000"), ("Goiânia", "GO", "74000-000")],
        first: &[("João", "joao"), ("Conceição", "conceicao")],
        last: &[("da Silva", "dasilva"), ("Gonçalves", "goncalves")],
    },
    Region {
        country: "TH",
        country_name: "Thailand",
        phone: ("66255", 6),
        time_zone: "Asia/Bangkok",
        cities: &[("กรุงเทพฯ", "", "10100")],
        first: &[("สมชาย", "somchai"), ("กัญญา", "kanya")],
        last: &[("ศรีสุวรรณ", "srisuwan")],
    },
    Region {
        country: "NG",
        country_name: "Nigeria",
        phone: ("234155", 6),
        time_zone: "Africa/Lagos",
        cities: &[("Lagos", "", "100001")],
        first: &[("Ọlájídé", "olajide"), ("Chiamaka", "chiamaka")],
        last: &[("Adébáyọ̀", "adebayo"), ("Okonkwo", "okonkwo")],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_people() {
        let names = |seed| {
            let people = people(50, &mut Random::new(seed, "people"));
            people.iter().map(Person::name).collect::<Vec<_>>()
        };
        assert_eq!(names(7), names(7));
        assert_ne!(names(7), names(8));
    }

    #[test]
    fn phones_are_e164_and_nobody_shares_one() {
        let people = people(500, &mut Random::new(1, "people"));
        let phones: Vec<_> = people.iter().filter_map(|person| person.phone.as_deref()).collect();
        assert_eq!(phones.iter().collect::<BTreeSet<_>>().len(), phones.len());
        for phone in phones {
            assert!(phone.starts_with('+') && (9..=16).contains(&phone.len()), "{phone}");
        }
    }

    #[test]
    fn the_hard_cases_are_there() {
        let people = people(200, &mut Random::new(1, "people"));
        assert!(people.iter().any(|person| person.email.is_none()));
        assert!(people.iter().any(|person| person.name().is_empty()));
        assert!(people.iter().any(|person| person.last.contains('🚀')));
        assert!(
            people.windows(2).any(|two| two[0].email.is_some() && two[0].email == two[1].email)
        );
    }
}
