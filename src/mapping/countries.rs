//! Countries: ISO 3166-1 alpha-2 code, calling code, trunk prefix, English name; and phones in E.164.
//!
//! Calling codes and trunk prefixes are facts of the national numbering plans (as libphonenumber
//! lists them). That library itself would cost more than the whole connector's WebAssembly, and GHL
//! stores phones in E.164 already: this table only completes what a person typed.

/// (alpha-2, calling code or 0, digits dialled before a national number, English name)
#[rustfmt::skip]
static COUNTRIES: &[(&str, u16, &str, &str)] = &[
    ("AD", 376, "", "Andorra"),
    ("AE", 971, "0", "United Arab Emirates"),
    ("AF", 93, "0", "Afghanistan"),
    ("AG", 1, "1", "Antigua and Barbuda"),
    ("AI", 1, "1", "Anguilla"),
    ("AL", 355, "0", "Albania"),
    ("AM", 374, "0", "Armenia"),
    ("AO", 244, "", "Angola"),
    ("AQ", 0, "", "Antarctica"),
    ("AR", 54, "0", "Argentina"),
    ("AS", 1, "1", "American Samoa"),
    ("AT", 43, "0", "Austria"),
    ("AU", 61, "0", "Australia"),
    ("AW", 297, "", "Aruba"),
    ("AX", 358, "0", "Åland Islands"),
    ("AZ", 994, "0", "Azerbaijan"),
    ("BA", 387, "0", "Bosnia and Herzegovina"),
    ("BB", 1, "1", "Barbados"),
    ("BD", 880, "0", "Bangladesh"),
    ("BE", 32, "0", "Belgium"),
    ("BF", 226, "", "Burkina Faso"),
    ("BG", 359, "0", "Bulgaria"),
    ("BH", 973, "", "Bahrain"),
    ("BI", 257, "", "Burundi"),
    ("BJ", 229, "", "Benin"),
    ("BL", 590, "0", "Saint Barthélemy"),
    ("BM", 1, "1", "Bermuda"),
    ("BN", 673, "", "Brunei"),
    ("BO", 591, "0", "Bolivia"),
    ("BQ", 599, "", "Caribbean Netherlands"),
    ("BR", 55, "0", "Brazil"),
    ("BS", 1, "1", "Bahamas"),
    ("BT", 975, "", "Bhutan"),
    ("BV", 0, "", "Bouvet Island"),
    ("BW", 267, "", "Botswana"),
    ("BY", 375, "8", "Belarus"),
    ("BZ", 501, "", "Belize"),
    ("CA", 1, "1", "Canada"),
    ("CC", 61, "0", "Cocos (Keeling) Islands"),
    ("CD", 243, "0", "Democratic Republic of the Congo"),
    ("CF", 236, "", "Central African Republic"),
    ("CG", 242, "", "Congo"),
    ("CH", 41, "0", "Switzerland"),
    ("CI", 225, "", "Côte d'Ivoire"),
    ("CK", 682, "", "Cook Islands"),
    ("CL", 56, "", "Chile"),
    ("CM", 237, "", "Cameroon"),
    ("CN", 86, "0", "China"),
    ("CO", 57, "0", "Colombia"),
    ("CR", 506, "", "Costa Rica"),
    ("CU", 53, "0", "Cuba"),
    ("CV", 238, "", "Cabo Verde"),
    ("CW", 599, "", "Curaçao"),
    ("CX", 61, "0", "Christmas Island"),
    ("CY", 357, "", "Cyprus"),
    ("CZ", 420, "", "Czech Republic"),
    ("DE", 49, "0", "Germany"),
    ("DJ", 253, "", "Djibouti"),
    ("DK", 45, "", "Denmark"),
    ("DM", 1, "1", "Dominica"),
    ("DO", 1, "1", "Dominican Republic"),
    ("DZ", 213, "0", "Algeria"),
    ("EC", 593, "0", "Ecuador"),
    ("EE", 372, "", "Estonia"),
    ("EG", 20, "0", "Egypt"),
    ("EH", 212, "0", "Western Sahara"),
    ("ER", 291, "0", "Eritrea"),
    ("ES", 34, "", "Spain"),
    ("ET", 251, "0", "Ethiopia"),
    ("FI", 358, "0", "Finland"),
    ("FJ", 679, "", "Fiji"),
    ("FK", 500, "", "Falkland Islands"),
    ("FM", 691, "", "Micronesia"),
    ("FO", 298, "", "Faroe Islands"),
    ("FR", 33, "0", "France"),
    ("GA", 241, "", "Gabon"),
    ("GB", 44, "0", "United Kingdom"),
    ("GD", 1, "1", "Grenada"),
    ("GE", 995, "0", "Georgia"),
    ("GF", 594, "0", "French Guiana"),
    ("GG", 44, "0", "Guernsey"),
    ("GH", 233, "0", "Ghana"),
    ("GI", 350, "", "Gibraltar"),
    ("GL", 299, "", "Greenland"),
    ("GM", 220, "", "Gambia"),
    ("GN", 224, "", "Guinea"),
    ("GP", 590, "0", "Guadeloupe"),
    ("GQ", 240, "", "Equatorial Guinea"),
    ("GR", 30, "", "Greece"),
    ("GS", 0, "", "South Georgia and the South Sandwich Islands"),
    ("GT", 502, "", "Guatemala"),
    ("GU", 1, "1", "Guam"),
    ("GW", 245, "", "Guinea-Bissau"),
    ("GY", 592, "", "Guyana"),
    ("HK", 852, "", "Hong Kong"),
    ("HM", 0, "", "Heard Island and McDonald Islands"),
    ("HN", 504, "", "Honduras"),
    ("HR", 385, "0", "Croatia"),
    ("HT", 509, "", "Haiti"),
    ("HU", 36, "06", "Hungary"),
    ("ID", 62, "0", "Indonesia"),
    ("IE", 353, "0", "Ireland"),
    ("IL", 972, "0", "Israel"),
    ("IM", 44, "0", "Isle of Man"),
    ("IN", 91, "0", "India"),
    ("IO", 246, "", "British Indian Ocean Territory"),
    ("IQ", 964, "0", "Iraq"),
    ("IR", 98, "0", "Iran"),
    ("IS", 354, "", "Iceland"),
    ("IT", 39, "", "Italy"),
    ("JE", 44, "0", "Jersey"),
    ("JM", 1, "1", "Jamaica"),
    ("JO", 962, "0", "Jordan"),
    ("JP", 81, "0", "Japan"),
    ("KE", 254, "0", "Kenya"),
    ("KG", 996, "0", "Kyrgyzstan"),
    ("KH", 855, "0", "Cambodia"),
    ("KI", 686, "0", "Kiribati"),
    ("KM", 269, "", "Comoros"),
    ("KN", 1, "1", "Saint Kitts and Nevis"),
    ("KP", 850, "0", "North Korea"),
    ("KR", 82, "0", "South Korea"),
    ("KW", 965, "", "Kuwait"),
    ("KY", 1, "1", "Cayman Islands"),
    ("KZ", 7, "8", "Kazakhstan"),
    ("LA", 856, "0", "Laos"),
    ("LB", 961, "0", "Lebanon"),
    ("LC", 1, "1", "Saint Lucia"),
    ("LI", 423, "0", "Liechtenstein"),
    ("LK", 94, "0", "Sri Lanka"),
    ("LR", 231, "0", "Liberia"),
    ("LS", 266, "", "Lesotho"),
    ("LT", 370, "0", "Lithuania"),
    ("LU", 352, "", "Luxembourg"),
    ("LV", 371, "", "Latvia"),
    ("LY", 218, "0", "Libya"),
    ("MA", 212, "0", "Morocco"),
    ("MC", 377, "0", "Monaco"),
    ("MD", 373, "0", "Moldova"),
    ("ME", 382, "0", "Montenegro"),
    ("MF", 590, "0", "Saint Martin"),
    ("MG", 261, "0", "Madagascar"),
    ("MH", 692, "1", "Marshall Islands"),
    ("MK", 389, "0", "North Macedonia"),
    ("ML", 223, "", "Mali"),
    ("MM", 95, "0", "Myanmar"),
    ("MN", 976, "0", "Mongolia"),
    ("MO", 853, "", "Macao"),
    ("MP", 1, "1", "Northern Mariana Islands"),
    ("MQ", 596, "0", "Martinique"),
    ("MR", 222, "", "Mauritania"),
    ("MS", 1, "1", "Montserrat"),
    ("MT", 356, "", "Malta"),
    ("MU", 230, "", "Mauritius"),
    ("MV", 960, "", "Maldives"),
    ("MW", 265, "0", "Malawi"),
    ("MX", 52, "", "Mexico"),
    ("MY", 60, "0", "Malaysia"),
    ("MZ", 258, "", "Mozambique"),
    ("NA", 264, "0", "Namibia"),
    ("NC", 687, "", "New Caledonia"),
    ("NE", 227, "", "Niger"),
    ("NF", 672, "", "Norfolk Island"),
    ("NG", 234, "0", "Nigeria"),
    ("NI", 505, "", "Nicaragua"),
    ("NL", 31, "0", "Netherlands"),
    ("NO", 47, "", "Norway"),
    ("NP", 977, "0", "Nepal"),
    ("NR", 674, "", "Nauru"),
    ("NU", 683, "", "Niue"),
    ("NZ", 64, "0", "New Zealand"),
    ("OM", 968, "", "Oman"),
    ("PA", 507, "", "Panama"),
    ("PE", 51, "0", "Peru"),
    ("PF", 689, "", "French Polynesia"),
    ("PG", 675, "", "Papua New Guinea"),
    ("PH", 63, "0", "Philippines"),
    ("PK", 92, "0", "Pakistan"),
    ("PL", 48, "", "Poland"),
    ("PM", 508, "0", "Saint Pierre and Miquelon"),
    ("PN", 0, "", "Pitcairn"),
    ("PR", 1, "1", "Puerto Rico"),
    ("PS", 970, "0", "Palestine"),
    ("PT", 351, "", "Portugal"),
    ("PW", 680, "", "Palau"),
    ("PY", 595, "0", "Paraguay"),
    ("QA", 974, "", "Qatar"),
    ("RE", 262, "0", "Réunion"),
    ("RO", 40, "0", "Romania"),
    ("RS", 381, "0", "Serbia"),
    ("RU", 7, "8", "Russia"),
    ("RW", 250, "0", "Rwanda"),
    ("SA", 966, "0", "Saudi Arabia"),
    ("SB", 677, "", "Solomon Islands"),
    ("SC", 248, "", "Seychelles"),
    ("SD", 249, "0", "Sudan"),
    ("SE", 46, "0", "Sweden"),
    ("SG", 65, "", "Singapore"),
    ("SH", 290, "", "Saint Helena"),
    ("SI", 386, "0", "Slovenia"),
    ("SJ", 47, "", "Svalbard and Jan Mayen"),
    ("SK", 421, "0", "Slovakia"),
    ("SL", 232, "0", "Sierra Leone"),
    ("SM", 378, "", "San Marino"),
    ("SN", 221, "", "Senegal"),
    ("SO", 252, "0", "Somalia"),
    ("SR", 597, "", "Suriname"),
    ("SS", 211, "0", "South Sudan"),
    ("ST", 239, "", "Sao Tome and Principe"),
    ("SV", 503, "", "El Salvador"),
    ("SX", 1, "1", "Sint Maarten"),
    ("SY", 963, "0", "Syria"),
    ("SZ", 268, "", "Eswatini"),
    ("TC", 1, "1", "Turks and Caicos Islands"),
    ("TD", 235, "", "Chad"),
    ("TF", 0, "", "French Southern Territories"),
    ("TG", 228, "", "Togo"),
    ("TH", 66, "0", "Thailand"),
    ("TJ", 992, "", "Tajikistan"),
    ("TK", 690, "", "Tokelau"),
    ("TL", 670, "", "Timor-Leste"),
    ("TM", 993, "8", "Turkmenistan"),
    ("TN", 216, "", "Tunisia"),
    ("TO", 676, "", "Tonga"),
    ("TR", 90, "0", "Turkey"),
    ("TT", 1, "1", "Trinidad and Tobago"),
    ("TV", 688, "", "Tuvalu"),
    ("TW", 886, "0", "Taiwan"),
    ("TZ", 255, "0", "Tanzania"),
    ("UA", 380, "0", "Ukraine"),
    ("UG", 256, "0", "Uganda"),
    ("UM", 0, "", "United States Minor Outlying Islands"),
    ("US", 1, "1", "United States"),
    ("UY", 598, "0", "Uruguay"),
    ("UZ", 998, "", "Uzbekistan"),
    ("VA", 39, "", "Vatican City"),
    ("VC", 1, "1", "Saint Vincent and the Grenadines"),
    ("VE", 58, "0", "Venezuela"),
    ("VG", 1, "1", "British Virgin Islands"),
    ("VI", 1, "1", "U.S. Virgin Islands"),
    ("VN", 84, "0", "Vietnam"),
    ("VU", 678, "", "Vanuatu"),
    ("WF", 681, "", "Wallis and Futuna"),
    ("WS", 685, "", "Samoa"),
    ("YE", 967, "0", "Yemen"),
    ("YT", 262, "0", "Mayotte"),
    ("ZA", 27, "0", "South Africa"),
    ("ZM", 260, "0", "Zambia"),
    ("ZW", 263, "0", "Zimbabwe"),
];

/// Other names in use for a country.
static ALIASES: &[(&str, &str)] = &[
    ("usa", "US"),
    ("united states of america", "US"),
    ("uk", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("uae", "AE"),
    ("czechia", "CZ"),
    ("türkiye", "TR"),
    ("holland", "NL"),
    ("the netherlands", "NL"),
    ("republic of korea", "KR"),
    ("russian federation", "RU"),
    ("viet nam", "VN"),
];

/// The alpha-2 code of a country given by code or English name, in any case. GHL's search rows may
/// show the full name; ChartMogul takes ISO 3166-1 alpha-2.
pub fn country_code(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if let Some(row) = by_code(text) {
        return Some(row.0);
    }
    let alias = ALIASES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    let alias = alias.map(|(_, code)| *code);
    alias.or_else(|| COUNTRIES.iter().find(|row| row.3.eq_ignore_ascii_case(text)).map(|row| row.0))
}

/// The row of an alpha-2 code, in any case.
fn by_code(code: &str) -> Option<&'static (&'static str, u16, &'static str, &'static str)> {
    let upper = <[u8; 2]>::try_from(code.as_bytes()).ok()?.map(|byte| byte.to_ascii_uppercase());
    let found = COUNTRIES.binary_search_by(|row| row.0.as_bytes().cmp(&upper)).ok()?;
    COUNTRIES.get(found)
}

/// A phone number in E.164 (`+14155550123`), or `None` when it cannot be known: no digits, too
/// short or long (7 to 15 digits), or national without a default country.
///
/// `country` is the alpha-2 code that national numbers belong to: the contact's, else the location's.
pub fn phone(text: &str, country: Option<&str>) -> Option<String> {
    let text = text.trim();
    let main = text.split(['x', 'X', ';', ',']).next().unwrap_or(text);
    let mut digits: String = main.chars().filter(char::is_ascii_digit).collect();
    if main.trim_start().starts_with('+') {
        // "+44 (0)20": the bracketed trunk prefix is not dialled from abroad.
        if main.contains("(0)")
            && let Some((before, _)) = main.split_once("(0)")
        {
            let at = before.chars().filter(char::is_ascii_digit).count();
            digits.remove(at);
        }
    } else if digits.starts_with("00") {
        digits.drain(..2);
    } else {
        let wanted = country?;
        let row = by_code(wanted)?;
        if row.1 == 0 {
            return None;
        }
        let calling = row.1.to_string();
        let bare = digits.strip_prefix(row.2).filter(|_| !row.2.is_empty());
        // North America dials its calling code, 1, as the trunk prefix too.
        digits = format!("{calling}{}", bare.unwrap_or(&digits));
    }
    let valid = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    valid.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_by_code_name_and_alias() {
        for (text, code) in [
            ("us", "US"),
            ("United States", "US"),
            ("UK", "GB"),
            ("germany", "DE"),
            (" Côte d'Ivoire ", "CI"),
            ("Türkiye", "TR"),
        ] {
            assert_eq!(country_code(text), Some(code), "{text}");
        }
        assert_eq!(country_code("Atlantis"), None);
        assert_eq!(country_code(""), None);
    }

    #[test]
    fn phones_become_e164() {
        for (text, country, expected) in [
            ("+1 888-888-8888", None, "+18888888888"),
            ("(415) 555-0123", Some("US"), "+14155550123"),
            ("1 415 555 0123", Some("US"), "+14155550123"),
            ("0044 20 7946 0018", Some("US"), "+442079460018"),
            ("020 7946 0018", Some("GB"), "+442079460018"),
            ("+44 (0)20 7946 0018", None, "+442079460018"),
            ("06 1234 5678", Some("IT"), "+390612345678"),
            ("8 912 345-67-89", Some("RU"), "+79123456789"),
            ("030 123456 x12", Some("DE"), "+4930123456"),
        ] {
            assert_eq!(phone(text, country).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_phone_that_cannot_be_known_is_none() {
        assert_eq!(phone("415 555 0123", None), None);
        assert_eq!(phone("n/a", Some("US")), None);
        assert_eq!(phone("+12", None), None);
        assert_eq!(phone("+1234567890123456", None), None);
        assert_eq!(phone("123", Some("AQ")), None);
    }
}
