//! The sync engine: discover, read, match, diff, plan, apply, record.
//!
//! A run is a row of phases; each phase is a loop over pages with a checkpoint after each page, so
//! that it can stop anywhere and go on later. Reading and comparing only fill the store with a plan;
//! applying carries out that plan and nothing else. What a run has read is kept in the store and
//! not in memory.
//!
//! Writes without duplicates: a create is an intent committed first, then the call, then the link.
//! A create whose outcome is unknown is looked for on the other side before it is ever sent again.

mod apply;
mod bodies;
mod budget;
mod change;
mod check;
mod compare_children;
mod create;
mod discover;
mod existing;
mod known_users;
mod matching;
mod moved;
mod plan;
mod preview;
mod read;
mod read_back;
mod report;
mod run;
mod state;
mod target;
mod update;

pub use budget::{RunOptions, Stop};
pub use change::{Action, Calls, Change, ChangeView, Pass, Plan, PlanView, QuotaView, Totals};
pub use check::Check;
pub use preview::preview;
pub use report::{Report, Status};
pub use run::Outcome;
pub use state::{DeadLetter, Kind, State};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::http::{Client, Page, Parameters};
use crate::mapping::settings::Settings;
use crate::record::{self, Json, Problem, Slot};
use crate::{chartmogul, ghl};

use state::Keeper;

/// Keeps one GHL location and one ChartMogul account in step.
#[derive(Debug)]
pub struct Engine<'a, H: Host> {
    host: &'a H,
    ghl: &'a Client,
    chartmogul: &'a chartmogul::Client,
    settings: &'a Settings,
    location: String,
    keeper: Keeper<'a, H::Store>,
}

impl<'a, H: Host> Engine<'a, H> {
    /// An engine, or what is wrong with the settings.
    pub fn new(
        host: &'a H,
        ghl: &'a Client,
        chartmogul: &'a chartmogul::Client,
        settings: &'a Settings,
    ) -> Result<Self> {
        settings.check()?;
        let location = ghl.location_id().ok_or_else(|| {
            Error::new(Code::InvalidConfig, "ghl.locationId is missing")
                .hint("A sync is of one location: give its id.")
        })?;
        Ok(Self {
            host,
            ghl,
            chartmogul,
            settings,
            location: location.to_owned(),
            keeper: Keeper::new(host.store(), location),
        })
    }

    /// Calls sent so far to both services.
    pub fn calls(&self) -> Calls {
        Calls { ghl: self.ghl.calls(), chartmogul: self.chartmogul.calls() }
    }

    async fn ghl_value(&self, name: &'static str, parameters: Value) -> Result<Json> {
        self.ghl.value(self.host, row(Service::Ghl, name)?, object(parameters)).await
    }

    async fn ghl_page(
        &self,
        name: &'static str,
        parameters: Value,
        cursor: Option<&str>,
    ) -> Result<Page> {
        self.ghl.page(self.host, row(Service::Ghl, name)?, object(parameters), cursor).await
    }

    /// A whole list that is known to be short: users, fields, data sources.
    async fn ghl_list(&self, name: &'static str, parameters: Value) -> Result<Vec<Json>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.ghl_page(name, parameters.clone(), cursor.as_deref()).await?;
            items.extend(page.items);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(items);
            }
        }
    }

    async fn chartmogul_value(&self, name: &str, parameters: Value) -> Result<Json> {
        let row = row(Service::Chartmogul, name)?;
        self.chartmogul.value(self.host, row, object(parameters)).await
    }

    async fn chartmogul_page(
        &self,
        name: &str,
        parameters: Value,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let row = row(Service::Chartmogul, name)?;
        self.chartmogul.page(self.host, row, object(parameters), cursor).await
    }

    async fn chartmogul_list(&self, name: &str, parameters: Value) -> Result<Vec<Json>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.chartmogul_page(name, parameters.clone(), cursor.as_deref()).await?;
            items.extend(page.items);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads a record that the run cannot do without.
    fn parse<'t, T: Slot<'t> + Default>(
        &self,
        service: Service,
        endpoint: &'static str,
        value: &'t Json,
    ) -> Result<T> {
        record::read_json(value).map_err(|problem| unreadable(service, endpoint, &problem))
    }
}

/// Carries out steps, so many at once. All are of one type: the machinery for each other would be
/// kilobytes of WebAssembly.
async fn together(steps: Vec<LocalBoxFuture<'_, ()>>, most: usize) {
    stream::iter(steps).for_each_concurrent(most, |step| step).await;
}

fn unreadable(service: Service, endpoint: &'static str, problem: &Problem) -> Error {
    let message = format!("{} answered something unreadable: {problem}", service.title());
    Error::new(Code::UnreadableResponse, message).of(service).at(endpoint)
}

fn row(service: Service, name: &str) -> Result<&'static Endpoint> {
    let found = match service {
        Service::Ghl => ghl::find(name),
        Service::Chartmogul => chartmogul::find(name),
    };
    found.ok_or_else(|| {
        Error::new(Code::UnknownEndpoint, format!("there is no endpoint {}.{name}", service.name()))
    })
}

fn object(value: Value) -> Parameters {
    match value {
        Value::Object(parameters) => parameters,
        _ => Parameters::new(),
    }
}
