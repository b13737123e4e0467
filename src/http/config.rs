//! Reads one service's part of the connector's options.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{ClientConfig, GhlVersion, Profile, Secret};
use crate::error::{Code, Error, Result, Service};
use crate::names;

/// What a service may be given for one answer, milliseconds.
const TIMEOUTS_MS: RangeInclusive<u64> = 1_000..=300_000;

impl ClientConfig {
    /// Reads `{ token, locationId?, baseUrl?, apiVersion?, timeoutMs? }` (GHL) or
    /// `{ apiKey, baseUrl?, timeoutMs? }` (ChartMogul). `null` counts as left out; an unknown name is refused with the closest one.
    pub fn read(profile: &'static Profile, options: &Value) -> Result<Self> {
        let (service, known) = (profile.service, profile.options);
        let secret_name = known.first().copied().unwrap_or_default();
        let options = names::known(service.name(), options, known).map_err(|e| e.of(service))?;
        let text = |name: &str| match options.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(invalid(service, name, "must be a text")),
        };
        let secret = match options.get(secret_name) {
            // The facade says so where the option is a function.
            Some(Value::Object(of)) if of.contains_key("function") => Secret::of_host(),
            None | Some(Value::Null) => return Err(missing(profile, secret_name)),
            Some(Value::String(text)) => Secret::new(text),
            Some(_) => return Err(invalid(service, secret_name, "must be a text or a function")),
        };
        let api_version = match text("apiVersion")? {
            None | Some("dated") => GhlVersion::Dated,
            Some("v3") => GhlVersion::V3,
            Some(_) => return Err(invalid(service, "apiVersion", "must be dated or v3")),
        };
        let timeout_ms = match options.get("timeoutMs") {
            None | Some(Value::Null) => None,
            Some(given) => match given.as_u64().filter(|given| TIMEOUTS_MS.contains(given)) {
                Some(given) => Some(given),
                None => return Err(invalid(service, "timeoutMs", "must be 1000 to 300000")),
            },
        };
        Ok(Self {
            profile,
            base_url: text("baseUrl")?.map(str::to_owned),
            secret,
            location_id: text("locationId")?.map(str::to_owned),
            api_version,
            timeout_ms,
        })
    }
}

fn missing(profile: &Profile, name: &str) -> Error {
    let variable = profile.variables.first().copied().unwrap_or_default();
    invalid(profile.service, name, "is missing")
        .hint(format!("Pass it, for example process.env.{variable}."))
}

fn invalid(service: Service, name: &str, what: &str) -> Error {
    let message = format!("{}.{name} {what}", service.name());
    Error::new(Code::InvalidConfig, message).of(service)
}

#[cfg(test)]
mod tests {
    use super::super::profile::of;
    use super::*;
    use serde_json::json;

    fn refusal(service: Service, options: Value) -> String {
        let error = ClientConfig::read(of(service), &options).unwrap_err();
        assert_eq!((error.code, error.service), (Code::InvalidConfig, Some(service)));
        format!("{} {}", error.message, error.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn both_services_are_read() {
        let options =
            json!({"token": "pit", "locationId": "l", "baseUrl": null, "apiVersion": "v3"});
        let config = ClientConfig::read(of(Service::Ghl), &options).unwrap();
        assert_eq!((config.location_id.as_deref(), config.base_url), (Some("l"), None));
        assert_eq!(config.api_version, GhlVersion::V3);
        let options = json!({"apiKey": "k", "baseUrl": "https://x"});
        let config = ClientConfig::read(of(Service::Chartmogul), &options).unwrap();
        assert_eq!(config.base_url.as_deref(), Some("https://x"));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_shown() {
        for (service, options, expected) in [
            (
                Service::Ghl,
                json!({"tokn": "canary"}),
                "unknown option `ghl.tokn` Did you mean `ghl.token`?",
            ),
            (
                Service::Ghl,
                json!({"token": "canary", "locationID": "l"}),
                "Did you mean `ghl.locationId`?",
            ),
            (Service::Ghl, json!({}), "ghl.token is missing"),
            (Service::Ghl, json!({"token": 7}), "ghl.token must be a text or a function"),
            (
                Service::Ghl,
                json!({"token": "canary", "apiVersion": "v4"}),
                "ghl.apiVersion must be dated or v3",
            ),
            (
                Service::Ghl,
                json!({"token": "canary", "timeoutMs": 20}),
                "ghl.timeoutMs must be 1000 to 300000",
            ),
            (Service::Ghl, json!("canary"), "ghl must be an object"),
            (
                Service::Chartmogul,
                json!({"apiKey": "canary", "zzz": 1}),
                "Known are apiKey, baseUrl, timeoutMs.",
            ),
        ] {
            let text = refusal(service, options);
            assert!(text.contains(expected) && !text.contains("canary"), "{text}");
        }
    }
}
