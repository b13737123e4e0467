//! Records as GHL lists them: those that can be read and have an id. The others are recorded as dead letters.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::model::pair::Kind;
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::of;
use crate::error::{Code, Error, Result};
use crate::ghl::records::{Business, Contact, Note, Task};
use crate::host::Host;
use crate::record::{self, Json, Slot};

/// What a list holds.
pub(in crate::sync) trait Listed {
    /// GHL's id of it.
    fn id(&self) -> Option<&str>;
    /// Whether GHL lists it as deleted.
    fn is_deleted(&self) -> bool {
        false
    }
}

impl Listed for Contact<'_> {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
    fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }
}

impl Listed for Business<'_> {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Listed for Note<'_> {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Listed for Task<'_> {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
    fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }
}

impl<H: Host> Engine<'_, H> {
    /// The records of a list with their ids; `contact` is the one whose list it is.
    pub(in crate::sync) fn listed<'j, T: Slot<'j> + Default + Listed>(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        kind: Kind,
        contact: Option<&str>,
        items: &'j [Json],
    ) -> Result<Vec<(String, T)>> {
        let mut listed = Vec::with_capacity(items.len());
        for item in items {
            let why = match record::read_json::<T>(item) {
                Ok(record) if record.is_deleted() => continue,
                Ok(record) => match record.id().map(str::to_owned) {
                    Some(id) => {
                        listed.push((id, record));
                        continue;
                    }
                    None => "it has no id".to_owned(),
                },
                Err(problem) => problem.to_string(),
            };
            self.set_aside_unreadable(run, batch, kind, contact, item, &why)?;
        }
        Ok(listed)
    }

    /// A record that cannot even be read becomes a dead letter with what is known of it.
    fn set_aside_unreadable(
        &self,
        run: &mut Run,
        batch: &mut Batch,
        kind: Kind,
        contact: Option<&str>,
        item: &Json,
        reason: &str,
    ) -> Result<()> {
        let value: Value = serde_json::from_str(item.get()).unwrap_or_default();
        let id =
            value.get("id").or_else(|| value.get("_id")).and_then(Value::as_str).map(str::to_owned);
        let id = id.unwrap_or_else(|| format!("unreadable-{}", crate::mapping::hash(item.get())));
        let error = Error::new(
            Code::UnreadableResponse,
            format!("GoHighLevel sent a record that cannot be read: {reason}"),
        );
        run.rejected += 1;
        let letter = self.letter(kind, &id, contact, &error);
        self.set_aside(batch, &of(kind, &id), letter)
    }
}
