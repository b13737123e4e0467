//! Tells the host what a run goes by, so that it notices what has changed since the last one.

use super::super::engine::Engine;
use super::super::model::state::Schema;
use crate::host::{Event, Host};
use crate::mapping::custom_fields;

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) fn tell_discovered(&self, schema: &Schema) {
        self.host.emit(Event::Discovered {
            settings: schema.settings.clone(),
            fields: custom_fields::types(self.settings, &schema.definitions),
            data_source: schema.data_source.clone(),
        });
    }
}
