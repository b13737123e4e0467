//! Faults on demand, the same for the same seed and the same requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::random::Random;
use super::service::{Call, Reply};
use crate::error::Service as Which;

/// Which requests a fault strikes, and what it does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// `ghl` or `chartmogul`; without it, both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `GET`, `POST`, ...; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, `*` standing for any characters, for example `/contacts/*/notes`, or with one record's id
    /// in place of the star; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Strikes from the nth request that fits, counted from 1.
    #[serde(default = "one")]
    pub from: u64,
    /// Strikes at most so often; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Strikes with this probability, from 0 to 1.
    #[serde(default = "certain")]
    pub probability: f64,
    /// What happens.
    pub fault: Fault,
}

const fn one() -> u64 {
    1
}

const fn certain() -> f64 {
    1.0
}

fn firewall() -> String {
    "cloudflare".to_owned()
}

impl FaultRule {
    /// Strikes every request.
    pub const fn always(fault: Fault) -> Self {
        Self {
            service: None,
            method: None,
            path: None,
            from: 1,
            times: None,
            probability: 1.0,
            fault,
        }
    }
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Fault {
    /// This status instead of an answer; nothing is done. 429 and 5xx have the service's own bodies, 502 to 504 are HTML;
    /// GHL's 401 is that of its gateway, "Command timed out".
    Status {
        /// For example 500.
        status: u16,
    },
    /// The request is done, yet this status is the answer: a 500 after the write, or a 422 that wrote.
    DoneThenStatus {
        /// For example 500.
        status: u16,
    },
    /// The request is done, and the answer comes after so many milliseconds.
    Delay {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// The request is done only so many milliseconds after it arrived, whether or not its client still
    /// waits. [`Sandbox::handle`](super::Sandbox::handle) does it at once and has the answer come late.
    Slow {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// The connection breaks: after the request is done, or (`done: false`) before.
    Lost {
        /// Whether the request is done.
        done: bool,
    },
    /// The request is done; of the answer's body only the first half arrives.
    Truncated,
    /// The request is done; a list in its answer leaves everything out, as of an index that is built anew.
    EmptyList,
    /// The request is done; the answer has status 200 and is a web page.
    Html,
    /// A firewall or proxy on the way answers with a page of its own; nothing is done.
    Page {
        /// Any: 200, 401, 403, 404, 422, ...
        status: u16,
        /// What it calls itself in `server` and `via`.
        #[serde(default = "firewall")]
        server: String,
    },
    /// The request is done, and a firewall or proxy on the way answers with a page of its own.
    DonePage {
        /// Any: 200, 401, 403, 404, 422, ...
        status: u16,
        /// What it calls itself in `server` and `via`.
        #[serde(default = "firewall")]
        server: String,
    },
    /// The answer to the previous request of the same path comes again.
    RepeatedPage,
    /// The request is done twice, as when a proxy sends it again.
    DeliveredTwice,
    /// GHL: the token is no longer valid, for this request and all that follow until it is renewed.
    TokenExpired,
    /// GHL: the day's quota is used up.
    QuotaExhausted,
}

/// What the faults do to one request.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) instead: Option<Reply>,
    pub(super) slow_ms: u64,
    pub(super) delay_ms: u64,
    pub(super) lost: bool,
    pub(super) twice: bool,
    pub(super) expire_token: bool,
    pub(super) exhaust_quota: bool,
    truncated: bool,
    emptied: bool,
    html: bool,
    repeated: bool,
    status_after: Option<Reply>,
}

/// The rules, how often each has fitted and struck, and the answers that may be repeated.
#[derive(Debug)]
pub(super) struct Faults {
    rules: Vec<(FaultRule, u64, u64)>,
    random: Random,
    seed: u64,
    last: BTreeMap<String, Reply>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), random: Random::new(seed, "faults"), seed, last: BTreeMap::new() }
    }

    /// Replaces the rules; chance starts again from the seed.
    pub(super) fn set(&mut self, rules: Vec<FaultRule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0, 0)).collect();
        self.random = Random::new(self.seed, "faults");
        self.last.clear();
    }

    /// What happens to this request.
    pub(super) fn next(&mut self, which: Which, call: &Call<'_>) -> Effect {
        let mut effect = Effect::default();
        for (rule, fitted, struck) in &mut self.rules {
            if !fits(rule, which, call) {
                continue;
            }
            *fitted += 1;
            let spent = rule.times.is_some_and(|times| *struck >= times);
            if *fitted < rule.from || spent || !self.random.chance(rule.probability) {
                continue;
            }
            *struck += 1;
            effect.add(&rule.fault, which, call);
        }
        effect
    }

    /// The answer as the faults let it arrive.
    pub(super) fn shape(&mut self, effect: &Effect, call: &Call<'_>, reply: Reply) -> Reply {
        if self.rules.is_empty() {
            return reply;
        }
        let key = format!("{} {}", call.method.name(), call.path);
        if effect.repeated
            && let Some(previous) = self.last.get(&key)
        {
            return previous.clone();
        }
        if let Some(failure) = &effect.status_after {
            let mut failure = failure.clone().endpoint(reply.endpoint);
            failure.wrote = reply.wrote;
            return failure;
        }
        let mut shaped = reply.clone();
        self.last.insert(key, reply);
        if effect.truncated {
            shaped.body.truncate(shaped.body.len() / 2);
        }
        if effect.emptied
            && let Ok(Value::Object(mut answer)) = serde_json::from_slice(&shaped.body)
        {
            for value in answer.values_mut() {
                match value {
                    Value::Array(items) => items.clear(),
                    Value::Number(_) => *value = 0.into(),
                    _ => {}
                }
            }
            shaped.body = Value::Object(answer).to_string().into_bytes();
        }
        if effect.html {
            shaped.status = 200;
            shaped.headers = html_headers();
            shaped.body = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Checking your browser</body></html>".to_vec();
        }
        shaped
    }
}

impl Effect {
    fn add(&mut self, fault: &Fault, which: Which, call: &Call<'_>) {
        match fault {
            Fault::Status { status } => self.instead = Some(failure(which, *status, call)),
            Fault::DoneThenStatus { status } => {
                self.status_after = Some(failure(which, *status, call));
            }
            Fault::Delay { milliseconds } => {
                self.delay_ms = self.delay_ms.saturating_add(*milliseconds);
            }
            Fault::Slow { milliseconds } => {
                self.slow_ms = self.slow_ms.saturating_add(*milliseconds);
            }
            Fault::Lost { done } => {
                self.lost = true;
                if !done {
                    self.instead = Some(Reply::empty(0).endpoint(unanswered(call)));
                }
            }
            Fault::Truncated => self.truncated = true,
            Fault::EmptyList => self.emptied = true,
            Fault::Html => self.html = true,
            Fault::Page { status, server } => {
                self.instead = Some(page(*status, server).endpoint(unanswered(call)));
            }
            Fault::DonePage { status, server } => self.status_after = Some(page(*status, server)),
            Fault::RepeatedPage => self.repeated = true,
            Fault::DeliveredTwice => self.twice = true,
            Fault::TokenExpired => self.expire_token = true,
            Fault::QuotaExhausted => self.exhaust_quota = true,
        }
    }
}

fn fits(rule: &FaultRule, which: Which, call: &Call<'_>) -> bool {
    rule.service.as_deref().is_none_or(|service| service == which.name())
        && rule.method.as_deref().is_none_or(|method| method == call.method.name())
        && rule.path.as_deref().is_none_or(|pattern| matches_pattern(pattern, call.path))
}

/// Whether a text has the form of a pattern in which `*` stands for any characters.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    let boundaries = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    boundaries.filter_map(|at| rest.get(at..)).any(|rest| matches_pattern(tail, rest))
}

fn unanswered(call: &Call<'_>) -> String {
    format!("{} (not answered)", call.method.name())
}

fn html_headers() -> Vec<(String, String)> {
    vec![("content-type".into(), "text/html; charset=UTF-8".into())]
}

/// The page of a firewall or proxy: neither the service's form nor its headers.
fn page(status: u16, server: &str) -> Reply {
    let title = match status {
        200 => "Please wait".to_owned(),
        _ => format!("{status} Request blocked"),
    };
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>{server}</body></html>\n"
    );
    let mut reply = Reply::text(status, "text/html; charset=UTF-8", body);
    reply.headers.push(("server".into(), server.to_owned()));
    reply.headers.push(("via".into(), format!("1.1 {server}")));
    reply
}

/// A failure in the form each service gives it.
fn failure(which: Which, status: u16, call: &Call<'_>) -> Reply {
    let page = |title: &str| {
        Reply::text(
            status,
            "text/html; charset=UTF-8",
            format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
            ),
        )
    };
    let reply = match (which, status) {
        (_, 502) => page("502 Bad Gateway"),
        (_, 503) => page("503 Service Temporarily Unavailable"),
        (_, 504) => page("504 Gateway Time-out"),
        (Which::Ghl, 429) => {
            Reply::json(429, &json!({ "statusCode": 429, "message": "Too Many Requests" }))
        }
        // Seen of the real gateway: it says nothing about the token.
        (Which::Ghl, 401) => {
            Reply::json(401, &json!({ "statusCode": 401, "message": "Command timed out" }))
        }
        (Which::Ghl, _) => Reply::json(
            status,
            &json!({ "status": status, "message": "Something went wrong", "name": "HttpException", "traceId": "00000000-0000-4000-8000-000000000000" }),
        ),
        (Which::Chartmogul, 429) => {
            Reply::json(429, &json!({ "code": 429, "message": "Rate limit exceeded" }))
        }
        (Which::Chartmogul, _) => {
            Reply::json(status, &json!({ "code": status, "message": "Internal server error" }))
        }
    };
    reply.endpoint(unanswered(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        assert!(matches_pattern("/contacts/*/notes", "/contacts/abc/notes"));
        assert!(matches_pattern("/contacts/*", "/contacts/abc/notes"));
        assert!(!matches_pattern("/contacts/*/notes", "/contacts/abc/notes/1"));
        assert!(!matches_pattern("/contacts", "/contacts/"));
        assert!(matches_pattern("*notes*", "/contacts/é/notes/1"));
    }
}
