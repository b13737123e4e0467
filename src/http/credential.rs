//! The credential of one client: given once, or asked of the host whenever the last one was refused.

use std::cell::RefCell;

use super::Profile;
use super::failure::says;
use super::secret::{Secret, redact};
use crate::error::{Code, Error, Result};
use crate::host::Host;

/// What the client authorizes itself with.
pub(super) struct Credential {
    profile: &'static Profile,
    /// The option's name, for example `ghl.token`.
    name: String,
    is_of_host: bool,
    held: RefCell<Held>,
}

/// How long after an attempt that failed a credential is asked for again before its time is over.
const RENEWED_AGAIN_MS: u64 = 5_000;

/// The newest credential, and what errors must not show.
#[derive(Default)]
struct Held {
    /// How often the host has given one.
    round: u32,
    /// What it looks like, where that is the other service's.
    looks: Option<&'static str>,
    /// Whether the service has said that it may only read.
    read_only: bool,
    /// From when on another is asked for.
    renew_at_ms: Option<u64>,
    /// The header's value; empty before there is a credential.
    authorization: String,
    /// Every credential so far, as it is and as the header holds it; the longest first.
    hidden: Vec<String>,
}

/// A credential as a request holds it.
pub(super) struct Authorization {
    /// Which one it is, for [`Credential::renew`].
    pub(super) round: u32,
    /// The header's value.
    pub(super) value: String,
}

impl Credential {
    /// The credential of a configuration, or what is wrong with it.
    pub(super) fn new(profile: &'static Profile, secret: &Secret) -> Result<Self> {
        let option = profile.options.first().copied().unwrap_or_default();
        let credential = Self {
            profile,
            name: format!("{}.{option}", profile.service.name()),
            is_of_host: secret.expose().is_none(),
            held: RefCell::default(),
        };
        if let Some(text) = secret.expose() {
            credential.hold(0, text, None)?;
        }
        Ok(credential)
    }

    /// The newest one; the host is asked for the first.
    pub(super) async fn authorization<H: Host>(&self, host: &H) -> Result<Authorization> {
        if self.is_of_host {
            let Held { round, renew_at_ms, .. } = *self.held.borrow();
            // A host whose clock is ahead of the service's gives the same one again: it is used.
            if round == 0 {
                self.ask(host, 1).await?;
            } else if renew_at_ms.is_some_and(|at| host.now() >= at) {
                match self.ask(host, round + 1).await {
                    Err(error) if error.code.retryable() => {
                        // The one that is held still works for a while.
                        let later = host.now().saturating_add(RENEWED_AGAIN_MS);
                        self.held.borrow_mut().renew_at_ms = Some(later);
                    }
                    asked => asked?,
                }
            }
        }
        let held = self.held.borrow();
        Ok(Authorization { round: held.round, value: held.authorization.clone() })
    }

    /// The newest one, if there is one yet.
    pub(super) fn held(&self) -> Option<String> {
        let held = self.held.borrow();
        (!held.authorization.is_empty()).then(|| held.authorization.clone())
    }

    /// After the service refused this one: whether there is another now. The host is asked once for
    /// each that was refused, however many calls it was refused to.
    pub(super) async fn renew<H: Host>(&self, host: &H, refused: &Authorization) -> Result<bool> {
        if !self.is_of_host {
            return Ok(false);
        }
        if self.held.borrow().round == refused.round {
            self.ask(host, refused.round + 1).await?;
        }
        Ok(self.held.borrow().authorization != refused.value)
    }

    /// Refuses a write where the service has said that this credential may only read.
    pub(super) fn allow_write(&self) -> Result<()> {
        if !self.held.borrow().read_only {
            return Ok(());
        }
        let message = format!("{} may only read: nothing was sent", self.name);
        Err(Error::new(Code::Forbidden, message)
            .of(self.profile.service)
            .hint("Create a key for reading and writing, and pass that one."))
    }

    /// Takes in that this credential may only read, where the refusal of a write says so.
    pub(super) fn note_refused_write(&self, refused: &Authorization, error: &Error) {
        let of_access = matches!(error.code, Code::Forbidden | Code::Unauthorized);
        let mut held = self.held.borrow_mut();
        let says_so = ["read-only", "read only"].iter().any(|words| says(&error.message, words));
        held.read_only |= of_access && says_so && held.round == refused.round;
    }

    /// The error without any credential of this client.
    pub(super) fn redact(&self, error: Error) -> Error {
        redact(error, &self.held.borrow().hidden)
    }

    /// What the credential looks like, where that is the other service's.
    pub(super) fn looks(&self) -> Option<&'static str> {
        self.held.borrow().looks
    }

    async fn ask<H: Host>(&self, host: &H, round: u32) -> Result<()> {
        let given = host.credential(self.profile.service, round).await;
        let given = given.map_err(|mut error| {
            error.message = format!("{}: {}", self.name, error.message);
            self.redact(error.of(self.profile.service))
        })?;
        self.hold(round, given.text.trim(), given.renew_at_ms)
    }

    fn hold(&self, round: u32, secret: &str, renew_at_ms: Option<u64>) -> Result<()> {
        let invalid = |what: &str| {
            let message = format!("{} {what}", self.name);
            Error::new(Code::InvalidConfig, message).of(self.profile.service)
        };
        if secret.is_empty() {
            return Err(invalid("is empty"));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("contains characters that a credential cannot contain")
                .hint("Copy it again, without quotes, spaces or line breaks."));
        }
        let mut held = self.held.borrow_mut();
        // Another call may have asked meanwhile.
        if round < held.round {
            return Ok(());
        }
        held.round = round;
        held.renew_at_ms = renew_at_ms;
        held.read_only = false;
        held.looks = (self.profile.looks_foreign)(secret);
        held.authorization = (self.profile.authorization)(secret);
        let inner = held.authorization.rsplit(' ').next().unwrap_or_default().to_owned();
        for hidden in [secret.to_owned(), inner] {
            if !held.hidden.contains(&hidden) {
                held.hidden.push(hidden);
            }
        }
        held.hidden.sort_by_key(|hidden| std::cmp::Reverse(hidden.len()));
        Ok(())
    }
}
