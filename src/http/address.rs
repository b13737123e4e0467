//! URLs: path template and query, encoded so that a value can never leave its place.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::profile::{Profile, QueryLists};
use crate::error::{Code, Error, Result};
use crate::record;

/// All but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A base URL without its last slash: `https`, or `http` where nothing leaves this machine, as the
/// credential goes along.
pub(super) fn base_url(profile: &Profile, given: Option<&str>) -> Result<String> {
    let service = profile.service;
    let base = given.map_or(profile.origin, str::trim).trim_end_matches('/');
    let plain = base.strip_prefix("http://");
    let rest = base.strip_prefix("https://").or(plain);
    if rest.is_some_and(is_authority_and_path) {
        if plain.is_none_or(is_loopback) {
            return Ok(base.to_owned());
        }
        let message = format!("{}.baseUrl must begin with https://", service.name());
        return Err(Error::new(Code::InvalidConfig, message)
            .of(service)
            .hint("http:// is allowed to this machine only: localhost, 127.0.0.1, [::1]."));
    }
    Err(Error::new(Code::InvalidConfig, format!("{}.baseUrl is not a base URL", service.name()))
        .of(service)
        .hint("Pass an origin such as https://api.example.com, without credentials or query."))
}

/// Whether an authority is this machine.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.starts_with("[::1]") {
        return true;
    }
    let host = authority.split(':').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Host, perhaps port, perhaps a path; so plain that no URL parser can refuse it.
fn is_authority_and_path(rest: &str) -> bool {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let plain = |text: &str, more: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte))
    };
    let host_fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && plain(host, "-._"),
    };
    host_fits && port.is_none_or(|port| port.parse::<u16>().is_ok()) && plain(path, "-._~/")
}

/// The path of a template. Empty values and the dot segments, which every URL parser resolves
/// even when encoded, are refused: they would address another resource.
pub(super) fn path(template: &str, values: &[(&str, String)]) -> Result<String> {
    let mut parts = template.split('{');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        if matches!(value, "" | "." | "..") {
            let problem = if value.is_empty() { "is empty" } else { "may not be a dot segment" };
            return Err(Error::new(Code::InvalidArgument, format!("path.{name} {problem}")));
        }
        path.extend(utf8_percent_encode(value, RESERVED));
        path.push_str(rest);
    }
    Ok(path)
}

/// The query, with its question mark, or nothing. GHL reads a list as repeated keys (OpenAPI's
/// default form), ChartMogul as one value with commas.
pub(super) fn query(lists: QueryLists, parameters: &[(&str, Value)]) -> String {
    let mut query = String::new();
    let mut add = |name: &str, value: &str| {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.extend(utf8_percent_encode(name, RESERVED));
        query.push('=');
        query.push_str(value);
    };
    for (name, value) in parameters {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                let items = items.iter().map(encoded);
                match lists {
                    QueryLists::Repeated => items.for_each(|item| add(name, &item)),
                    QueryLists::Joined => {
                        let joined = items.collect::<Vec<_>>().join(",");
                        if !joined.is_empty() {
                            add(name, &joined);
                        }
                    }
                }
            }
            single => add(name, &encoded(single)),
        }
    }
    query
}

/// A value as text without quotes.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => record::json(other),
    }
}

fn encoded(value: &Value) -> String {
    utf8_percent_encode(&text(value), RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::profile::of;
    use super::*;
    use crate::error::Service;
    use serde_json::json;

    fn contact_path(value: &str) -> Result<String> {
        path("/contacts/{contactId}/tasks", &[("contactId", value.to_owned())])
    }

    #[test]
    fn a_path_value_stays_in_its_segment() {
        for (value, encoded) in [
            ("seD4Pf", "seD4Pf"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("../x", "..%2Fx"),
            ("%2e%2e", "%252e%252e"),
            ("a b+c&d=e", "a%20b%2Bc%26d%3De"),
            ("ü\n\\", "%C3%BC%0A%5C"),
            ("{contactId}", "%7BcontactId%7D"),
            ("...", "..."),
        ] {
            assert_eq!(contact_path(value).unwrap(), format!("/contacts/{encoded}/tasks"));
        }
        for value in ["", ".", ".."] {
            assert_eq!(contact_path(value).unwrap_err().code, Code::InvalidArgument);
        }
    }

    #[test]
    fn several_values_and_trailing_slashes_are_kept() {
        let values = [("into", "a".to_owned()), ("from", "b".to_owned())];
        assert_eq!(path("/v1/{into}/merge/{from}/", &values).unwrap(), "/v1/a/merge/b/");
        assert_eq!(path("/contacts/", &[]).unwrap(), "/contacts/");
    }

    #[test]
    fn query_values_are_encoded_and_lists_take_the_form_of_the_service() {
        let parameters = [
            ("email", json!("a+b@c.de")),
            ("subscription_event[id]", json!(7)),
            ("completed", json!(false)),
            ("none", json!(null)),
            ("ids", json!(["x,y", "z"])),
            ("empty", json!([])),
        ];
        assert_eq!(
            query(QueryLists::Repeated, &parameters),
            "?email=a%2Bb%40c.de&subscription_event%5Bid%5D=7&completed=false&ids=x%2Cy&ids=z"
        );
        assert_eq!(
            query(QueryLists::Joined, &parameters),
            "?email=a%2Bb%40c.de&subscription_event%5Bid%5D=7&completed=false&ids=x%2Cy,z"
        );
        assert_eq!(query(QueryLists::Repeated, &[]), "");
    }

    #[test]
    fn base_urls_are_origins_on_a_network() {
        let base = |given| base_url(of(Service::Ghl), Some(given));
        assert_eq!(base("http://127.0.0.1:80/").unwrap(), "http://127.0.0.1:80");
        assert_eq!(base("https://proxy.example/ghl").unwrap(), "https://proxy.example/ghl");
        assert_eq!(base("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for bad in [
            "",
            "ftp://x",
            "https://",
            "example.com",
            "https://u:p@x",
            "https://x/?a=1",
            "http://x:99999",
            "http://x y",
            "http://[::1",
            "http://é.de",
        ] {
            assert_eq!(base(bad).unwrap_err().code, Code::InvalidConfig, "{bad}");
        }
        for plain in
            ["http://x", "http://127.0.0.1.x.de", "http://localhost.x.de", "http://10.0.0.1"]
        {
            let error = base(plain).unwrap_err();
            assert_eq!(error.message, "ghl.baseUrl must begin with https://", "{plain}");
        }
        for own in ["http://localhost:80", "http://ghl.localhost", "http://127.8.0.1/x"] {
            assert_eq!(base(own).unwrap(), own);
        }
        assert!(!base("https://user:canary@x").unwrap_err().to_string().contains("canary"));
        assert_eq!(base_url(of(Service::Chartmogul), None).unwrap(), "https://api.chartmogul.com");
    }
}
