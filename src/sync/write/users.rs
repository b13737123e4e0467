//! ChartMogul's users: its API lists none, so a wrong one is found out at its first use.

use serde_json::{Value, json};

use super::super::engine::Engine;
use super::super::model::change::Change;
use super::super::state::tables::REFUSED_USERS;
use super::super::work::Work;
use super::progress::Progress;
use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host};
use crate::mapping::select;
use crate::mapping::users::UserMap;
use crate::record;

impl<H: Host> Engine<'_, H> {
    /// Sends a change whose users ChartMogul knows: one that it refuses is replaced, and remembered.
    pub(in crate::sync) async fn with_known_user<T>(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        send: impl AsyncFn(&Change) -> Result<T>,
    ) -> Result<T> {
        loop {
            self.replace_refused_user(progress.work, change)?;
            let user = user_of(change, &progress.work.ready.users.borrow());
            let Some((_, address)) = user else { return send(change).await };
            let proven = || progress.proven.borrow().contains(&address);
            let probe = if proven() { None } else { Some(progress.probe.lock().await) };
            // Refused while this change waited for its turn.
            if progress.work.ready.users.borrow().is_refused(&address) {
                continue;
            }
            let probe = probe.filter(|_| !proven());
            let sent = send(change).await;
            drop(probe);
            match sent {
                Ok(value) => {
                    let mut known = progress.proven.borrow_mut();
                    if !known.contains(&address) {
                        known.push(address);
                    }
                    return Ok(value);
                }
                Err(error) if refuses_user(&error, change, &progress.work.ready.users.borrow()) => {
                    self.remember_refused(progress, &address).await?
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn remember_refused(&self, progress: &Progress<'_>, address: &str) -> Result<()> {
        progress.work.ready.users.borrow_mut().refuse(address);
        self.host.emit(Event::Warning {
            code: "unknown_user",
            message: format!("ChartMogul knows no user {address}"),
        });
        let mut batch = self.keeper.batch();
        batch.put(&REFUSED_USERS, address, &self.host.now())?;
        self.keeper.commit(batch).await
    }

    /// Puts the default assignee in the place of a refused one. A refused author is named in the text
    /// when it is written.
    pub(in crate::sync) fn replace_refused_user(
        &self,
        work: &Work,
        change: &mut Change,
    ) -> Result<()> {
        let users = work.ready.users.borrow();
        for field in ["assignee", "owner"] {
            let Some(address) = change.to.get(field).and_then(Value::as_str).map(str::to_owned)
            else {
                continue;
            };
            if !users.is_refused(&address) {
                continue;
            }
            change.to = select(&change.to, &|name, _| name != field);
            if field == "assignee" {
                let instead = users.assignee(None).ok_or_else(|| {
                    let message = format!("ChartMogul knows no user {address}, and there is no default assignee that it knows");
                    Error::new(Code::Unmappable, message).of(Service::Chartmogul).hint(
                        "Set sync.users.defaultAssignee to a ChartMogul user's e-mail, or map the user in sync.users.map.",
                    )
                })?;
                change.to.insert(field.to_owned(), json!(instead));
            }
        }
        Ok(())
    }
}

/// The ChartMogul user that a change names: what ChartMogul calls it, and the address.
fn user_of(change: &Change, users: &UserMap) -> Option<(&'static str, String)> {
    for field in ["assignee", "owner"] {
        if let Some(address) = change.to.get(field).and_then(Value::as_str) {
            return Some((field, address.to_owned()));
        }
    }
    let author = change.at_create.get("author").and_then(Value::as_str)?;
    Some(("author", users.chartmogul_email(author)?))
}

/// Whether ChartMogul refused a change for the user that it names. The form of that refusal is on
/// no record: any refusal that speaks of the field counts.
fn refuses_user(error: &Error, change: &Change, users: &UserMap) -> bool {
    let details = error.details.as_ref().map(record::json).unwrap_or_default();
    let said = format!("{} {details}", error.message).to_ascii_lowercase();
    error.code == Code::Rejected
        && user_of(change, users).is_some_and(|(named, _)| said.contains(named))
}
