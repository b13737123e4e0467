//! ChartMogul's users: its API lists none, so a wrong one is found out at its first use.

use serde_json::{Value, json};

use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host};
use crate::mapping::{notes, select};
use crate::record;

use super::Engine;
use super::apply::Progress;
use super::change::Change;

impl<H: Host> Engine<'_, H> {
    /// Sends a change whose users ChartMogul knows: one that it refuses is replaced, and remembered.
    pub(super) async fn with_known_user<T>(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
        send: impl AsyncFn(&Change) -> Result<T>,
    ) -> Result<T> {
        loop {
            self.replace_refused_user(progress, change)?;
            let Some((_, _, address)) = user_of(change) else { return send(change).await };
            let proven = || progress.proven.borrow().contains(&address);
            let probe = if proven() { None } else { Some(progress.probe.lock().await) };
            // Refused while this change waited for its turn.
            if progress.ready.users.borrow().is_refused(&address) {
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
                Err(error) if refuses_user(&error, change) => {
                    self.remember_refused(progress, &address).await?
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn remember_refused(
        &self,
        progress: &Progress<'_>,
        address: &str,
    ) -> Result<()> {
        progress.ready.users.borrow_mut().refuse(address);
        self.host.emit(Event::Warning {
            code: "unknown_user",
            message: format!("ChartMogul knows no user {address}"),
        });
        let mut batch = self.keeper.batch();
        batch.put(&format!("refused/{address}"), &self.host.now())?;
        self.keeper.commit(batch).await
    }

    /// Puts the default assignee in the place of a refused one, and a refused author's name into the text.
    pub(super) fn replace_refused_user(
        &self,
        progress: &Progress<'_>,
        change: &mut Change,
    ) -> Result<()> {
        let users = progress.ready.users.borrow();
        let Some((field, _, address)) = user_of(change) else { return Ok(()) };
        if !users.is_refused(&address) {
            return Ok(());
        }
        change.to = select(&change.to, &|name, _| name != field);
        change.at_create = select(&change.at_create, &|name, _| name != field);
        match field {
            "assignee" => {
                let instead = users.assignee(None).ok_or_else(|| {
                    let message = format!("ChartMogul knows no user {address}, and there is no default assignee that it knows");
                    Error::new(Code::Unmappable, message).of(Service::Chartmogul).hint(
                        "Set sync.users.defaultAssignee to a ChartMogul user's e-mail, or map the user in sync.users.map.",
                    )
                })?;
                change.to.insert(field.to_owned(), json!(instead));
            }
            "author_email" => {
                if let (Some(name), Some(Value::String(text))) =
                    (users.name_by_email(&address), change.to.get_mut("text"))
                {
                    *text = notes::signed(text, name, &change.id, self.settings);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The ChartMogul user that a change names: the field, what ChartMogul calls it, the address.
pub(super) fn user_of(change: &Change) -> Option<(&'static str, &'static str, String)> {
    [("assignee", "assignee"), ("author_email", "author"), ("owner", "owner")].into_iter().find_map(
        |(field, named)| {
            let value = change.to.get(field).or_else(|| change.at_create.get(field))?;
            Some((field, named, value.as_str()?.to_owned()))
        },
    )
}

/// Whether ChartMogul refused a change for the user that it names. The form of that refusal is on
/// no record: any refusal that speaks of the field counts.
pub(super) fn refuses_user(error: &Error, change: &Change) -> bool {
    let details = error.details.as_ref().map(record::json).unwrap_or_default();
    let said = format!("{} {details}", error.message).to_ascii_lowercase();
    error.code == Code::Rejected
        && user_of(change).is_some_and(|(_, named, _)| said.contains(named))
}
