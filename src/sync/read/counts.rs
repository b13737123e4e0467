//! Counts what a location and an account have, in a few calls and without reading it: for the estimate
//! of what reading costs.

use serde_json::Value;

use super::super::cost::{Cost, Counts, cost, lists_of_chartmogul};
use super::super::engine::{Engine, RECORDS_A_PAGE, only};
use super::super::model::plan::kind_of_call;
use super::super::state::tables::TURNS;
use super::contacts::BUSINESSES_A_PAGE;
use super::tasks::TASKS_A_PAGE;
use crate::dates::HOUR_MS;
use crate::error::{Result, Service};
use crate::host::Host;
use crate::http::{COUNTED_AT_MOST, Parameters};
use crate::mapping::settings::{Anchor, Object};

/// Pages of a ChartMogul list that are walked to count it.
const PAGES_WALKED: u64 = 50;

impl<H: Host> Engine<'_, H> {
    /// What reading the location costs, estimated from a few counts. Reads no notes of GHL, writes
    /// nothing, and needs no lease.
    pub async fn cost(&self) -> Result<Cost> {
        let settings = self.settings;
        let synced = self.state().await?.applied_at > 0;
        let pace = self.pace().await?;
        let mut at_least = Vec::new();
        let mut at_most = Vec::new();
        let one = Value::Object(only("pageLimit", 1.into()));
        let page = self.ghl_page("contacts.search", one, None).await?;
        let mut counts = Counts { contacts: page.total.unwrap_or(0), ..Counts::default() };
        if counts.contacts == COUNTED_AT_MOST {
            at_least.push(kind_of_call(Service::Ghl, "contacts.search"));
        }
        let reads_notes = settings.includes(Object::Notes);
        if reads_notes {
            counts.with_notes = counts.contacts;
            if synced {
                counts.with_notes = self.keeper.count(&TURNS, "").await?;
            } else {
                at_most.push(kind_of_call(Service::Ghl, "notes.list"));
            }
        }
        if settings.includes(Object::Tasks) {
            let all = Parameters::new();
            counts.tasks = self.count("tasks.search", all, TASKS_A_PAGE).await?;
            let open = only("completed", false.into());
            counts.open_tasks = self.count("tasks.search", open, TASKS_A_PAGE).await?;
        }
        if settings.anchor == Anchor::BusinessIsCustomer {
            let all = Parameters::new();
            counts.businesses = self.count("businesses.list", all, BUSINESSES_A_PAGE).await?;
        }
        for list in lists_of_chartmogul(settings) {
            let known = if synced { pace.listed.get(list).copied() } else { None };
            let (number, whole) = match known {
                Some(known) => (known, true),
                None => self.walk(list).await?,
            };
            counts.in_chartmogul.insert(list.to_owned(), number);
            if !whole {
                at_least.push(kind_of_call(Service::Chartmogul, list));
            }
        }
        let quota = self.ghl.quota();
        let daily = self.daily_calls();
        let interval = if pace.interval_ms > 0 { pace.interval_ms } else { HOUR_MS };
        let (_, others) = self.walks_of_account().await?;
        let cost = cost(counts, settings, interval, daily, others);
        Ok(Cost { synced, at_most, at_least, quota, ..cost })
    }

    /// Records of a list of GHL that tells no total: its end is looked for, twice as far each time, then
    /// halfway. A short list takes one call.
    async fn count(&self, endpoint: &'static str, parameters: Parameters, of: u64) -> Result<u64> {
        let mut size = of;
        let (mut full, mut empty) = (0, None);
        let mut place = 0;
        loop {
            let mut parameters = parameters.clone();
            parameters.insert("limit".into(), of.into());
            parameters.insert("skip".into(), (place * size).into());
            let page = self.ghl_page(endpoint, Value::Object(parameters), None).await?;
            if let Some(total) = page.total {
                return Ok(total);
            }
            let length = page.items.len() as u64;
            if length == 0 {
                empty = Some(place);
            } else if place == 0 && page.cursor.is_some() {
                // It may give fewer than were asked for.
                size = length;
                full = 1;
            } else if length < size {
                return Ok(place * size + length);
            } else {
                full = place + 1;
            }
            place = match empty {
                Some(empty) if full >= empty => return Ok(full * size),
                Some(empty) => (full + empty) / 2,
                None => full * 2,
            };
        }
    }

    /// Records of a list of ChartMogul, and whether that are all of them.
    async fn walk(&self, endpoint: &str) -> Result<(u64, bool)> {
        let mut number = 0;
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_WALKED {
            let parameters = Value::Object(only("per_page", RECORDS_A_PAGE.into()));
            let page = self.chartmogul_page(endpoint, parameters, cursor.as_deref()).await?;
            number += page.items.len() as u64;
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok((number, true));
            }
        }
        Ok((number, false))
    }
}
