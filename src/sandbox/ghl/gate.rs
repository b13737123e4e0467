//! What comes before every GHL operation: version, token, scopes, rate limits.

use std::fmt;

use serde_json::json;

use super::refusals::{forbidden_resource, unauthorized};
use super::rules::{Generation, Operation};
use crate::sandbox::service::{Call, Reply};
use crate::sandbox::{Credentials, SandboxOptions, TokenKind};

const WINDOW_MS: u64 = 10_000;
const DAY_MS: u64 = 86_400_000;

/// The `Version` header, read. An unknown one was measured as 401 and, later, as 400.
pub(super) fn generation(call: &Call<'_>) -> Result<Generation, Reply> {
    match call.header("version") {
        None | Some("") => Err(unauthorized("version header was not found.")),
        Some("v3") => Ok(Generation::V3),
        Some("2023-02-21" | "2021-07-28" | "2021-04-15" | "legacy") => Ok(Generation::Dated),
        Some(other) if other.starts_with("20") => Err(unauthorized("version header is invalid")),
        Some(other) => {
            let message = format!("Invalid API version segment '{other}' at position 0");
            Err(Reply::json(400, &json!({ "statusCode": 400, "message": message })))
        }
    }
}

/// Who may call what.
pub(super) struct Access {
    token: String,
    company_token: String,
    kind: TokenKind,
    scopes: Option<Vec<String>>,
    valid: bool,
}

impl fmt::Debug for Access {
    /// Leaves the tokens out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Access").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Access {
    pub(super) fn new(options: &SandboxOptions, credentials: &Credentials) -> Self {
        Self {
            token: credentials.ghl_token.clone(),
            company_token: credentials.ghl_company_token.clone(),
            kind: options.token_kind,
            scopes: options.scopes.clone(),
            valid: true,
        }
    }

    /// Ends the token's validity, or gives it back.
    pub(super) const fn set_valid(&mut self, valid: bool) {
        self.valid = valid;
    }

    /// The kind of the token that a request carries.
    pub(super) fn token_kind(&self, call: &Call<'_>) -> Result<TokenKind, Reply> {
        let token = call.bearer();
        if !self.valid {
            return Err(unauthorized("Invalid JWT"));
        }
        if token == self.token {
            return Ok(self.kind);
        }
        if token == self.company_token {
            return Ok(TokenKind::Company);
        }
        Err(unauthorized(match token.split_once('-') {
            Some(("pit", _)) => "Invalid Private Integration token",
            _ => "Invalid JWT",
        }))
    }

    /// Whether this token may call the operation.
    pub(super) fn allow(&self, kind: TokenKind, operation: &Operation) -> Result<(), Reply> {
        let takes = |name: &str| operation.access.iter().any(|access| access == name);
        // Where the files name no kind of token, the endpoint is a location's.
        let of_location =
            takes("bearer") || takes("Location-Access") || operation.access.is_empty();
        let of_agency = takes("Agency-Access");
        match kind {
            TokenKind::Location if !of_location => return Err(forbidden_resource()),
            TokenKind::Company if !of_agency => {
                return Err(unauthorized(
                    "This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.",
                ));
            }
            TokenKind::Agency if !of_agency => {
                return Err(unauthorized("Token's user type mismatch!"));
            }
            _ => {}
        }
        let granted = |scope: &String| match &self.scopes {
            Some(scopes) => scopes.contains(scope),
            None => true,
        };
        if operation.scopes.is_empty() || operation.scopes.iter().any(granted) {
            Ok(())
        } else {
            Err(unauthorized("The token is not authorized for this scope."))
        }
    }
}

/// The rate limits: so many requests in each 10 seconds and in each day.
#[derive(Debug)]
pub(super) struct Limits {
    burst: u32,
    daily: u32,
    window_start: u64,
    in_window: u32,
    day_start: u64,
    in_day: u32,
}

impl Limits {
    pub(super) const fn new(options: &SandboxOptions) -> Self {
        Self {
            burst: options.burst_limit,
            daily: options.daily_limit,
            window_start: 0,
            in_window: 0,
            day_start: 0,
            in_day: 0,
        }
    }

    /// Uses up the day.
    pub(super) fn exhaust_day(&mut self, now_ms: u64) {
        self.roll(now_ms);
        self.in_day = self.daily;
    }

    /// Counts a request; a 429 where there are too many. A refused request counts for nothing.
    pub(super) fn take(&mut self, now_ms: u64) -> Result<(), Reply> {
        self.roll(now_ms);
        if self.in_window >= self.burst || self.in_day >= self.daily {
            return Err(Reply::json(
                429,
                &json!({ "statusCode": 429, "message": "Too Many Requests" }),
            ));
        }
        self.in_window += 1;
        self.in_day += 1;
        Ok(())
    }

    fn roll(&mut self, now_ms: u64) {
        if now_ms >= self.window_start + WINDOW_MS {
            self.window_start = now_ms;
            self.in_window = 0;
        }
        if now_ms >= self.day_start + DAY_MS {
            self.day_start = now_ms;
            self.in_day = 0;
        }
    }

    /// The six headers. The daily reset is a duration in milliseconds, not an instant.
    pub(super) fn headers(&self, now_ms: u64) -> Vec<(String, String)> {
        let reset = (self.day_start + DAY_MS).saturating_sub(now_ms);
        [
            ("x-ratelimit-max", u64::from(self.burst)),
            ("x-ratelimit-remaining", u64::from(self.burst.saturating_sub(self.in_window))),
            ("x-ratelimit-interval-milliseconds", WINDOW_MS),
            ("x-ratelimit-limit-daily", u64::from(self.daily)),
            ("x-ratelimit-daily-remaining", u64::from(self.daily.saturating_sub(self.in_day))),
            ("x-ratelimit-daily-reset", reset),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .into()
    }
}
