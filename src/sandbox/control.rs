//! The sandbox's own paths: counters, faults, clock, records, credentials. The real services have none of them.
//!
//! `GET /sandbox/stats` · `POST /sandbox/faults` (a list of rules) · `POST /sandbox/clock`
//! (`{"advanceMs": n}`) · `POST /sandbox/reset` (the records of the start, counters at zero) ·
//! `GET /sandbox/records?service=ghl&kind=notes` · `POST /sandbox/token` (valid again after an expiry) ·
//! `GET /sandbox/locations` · `POST /sandbox/location` (`{"id", "active"?, "installed"?}`: pauses a location,
//! or takes the OAuth app from it).

use serde_json::{Value, json};

use super::service::{Call, Reply};
use super::{FaultRule, Sandbox, bad_control};
use crate::error::Service as Which;
use crate::host::Method;

/// Answers one of the sandbox's own paths.
pub(super) fn answer(sandbox: &mut Sandbox, call: &Call<'_>) -> Reply {
    match (call.method, call.path) {
        (Method::Get, "/sandbox/stats") => {
            Reply::json(200, &serde_json::to_value(sandbox.stats()).unwrap_or_default())
        }
        (Method::Get, "/sandbox/records") => records(sandbox, call),
        (Method::Post, "/sandbox/faults") => set_faults(sandbox, call),
        (Method::Post, "/sandbox/clock") => advance_clock(sandbox, call),
        (Method::Post, "/sandbox/token") => {
            sandbox.renew_token();
            Reply::json(200, &json!({}))
        }
        (Method::Get, "/sandbox/locations") => Reply::json(200, &json!(sandbox.ghl.location_ids())),
        (Method::Post, "/sandbox/location") => set_location(sandbox, call),
        (Method::Post, "/sandbox/reset") => {
            // A ticket of before must not come to mean another request.
            let ticket = sandbox.ticket;
            *sandbox = Sandbox { ticket, ..Sandbox::new(sandbox.options.clone()) };
            Reply::json(200, &json!({}))
        }
        _ => Reply::json(404, &json!({ "error": "The sandbox does not have this control." })),
    }
}

fn records(sandbox: &Sandbox, call: &Call<'_>) -> Reply {
    let service = match call.query("service") {
        Some("ghl") => Which::Ghl,
        Some("chartmogul") => Which::Chartmogul,
        _ => return bad_control("`service` must be ghl or chartmogul."),
    };
    match call.query("kind").and_then(|kind| sandbox.records(service, kind)) {
        Some(records) => Reply::json(200, &Value::Array(records)),
        None => bad_control("`kind` is not a kind of record of this service."),
    }
}

fn set_faults(sandbox: &mut Sandbox, call: &Call<'_>) -> Reply {
    match serde_json::from_slice::<Vec<FaultRule>>(call.body) {
        Ok(rules) => {
            let count = rules.len();
            sandbox.set_faults(rules);
            Reply::json(200, &json!({ "rules": count }))
        }
        Err(error) => bad_control(&format!("The faults are not valid: {error}.")),
    }
}

fn set_location(sandbox: &mut Sandbox, call: &Call<'_>) -> Reply {
    let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    if sandbox.ghl.set_location(id, flag("active"), flag("installed")) {
        Reply::json(200, &json!({}))
    } else {
        bad_control("`id` must be a location of the sandbox's company.")
    }
}

fn advance_clock(sandbox: &mut Sandbox, call: &Call<'_>) -> Reply {
    let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
    match body.get("advanceMs").and_then(Value::as_u64) {
        Some(advance) => {
            sandbox.clock_offset_ms = sandbox.clock_offset_ms.saturating_add(advance);
            Reply::json(200, &json!({ "offsetMs": sandbox.clock_offset_ms }))
        }
        None => bad_control("`advanceMs` must be a whole number of milliseconds."),
    }
}
