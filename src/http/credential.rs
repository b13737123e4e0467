//! The credential of one client: given once, or asked of the host whenever the last one was refused.

use std::cell::RefCell;

use super::Profile;
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

/// The newest credential, and what errors must not show.
#[derive(Default)]
struct Held {
    /// How often the host has given one.
    round: u32,
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
            credential.hold(0, text)?;
        }
        Ok(credential)
    }

    /// The newest one; the host is asked for the first.
    pub(super) async fn authorization<H: Host>(&self, host: &H) -> Result<Authorization> {
        if self.is_of_host && self.held.borrow().round == 0 {
            self.ask(host, 1).await?;
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

    /// The error without any credential of this client.
    pub(super) fn redact(&self, error: Error) -> Error {
        redact(error, &self.held.borrow().hidden)
    }

    async fn ask<H: Host>(&self, host: &H, round: u32) -> Result<()> {
        let given = host.credential(self.profile.service, round).await;
        let given = given.map_err(|mut error| {
            error.message = format!("{}: {}", self.name, error.message);
            self.redact(error.of(self.profile.service))
        })?;
        self.hold(round, given.trim())
    }

    fn hold(&self, round: u32, secret: &str) -> Result<()> {
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
