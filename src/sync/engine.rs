//! What every part of the engine uses: both clients, the settings, the store.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::host::Host;
use crate::http::{Before, Client, Page, Parameters, Quota};
use crate::mapping::kinds::Call;
use crate::mapping::settings::Settings;
use crate::ordered::Ordered;
use crate::record::{self, Json, Problem, Slot};
use crate::{chartmogul, ghl};

use super::model::audit::AuditRecord;
use super::model::history::Underway;
use super::model::mail::Posted;
use super::model::plan::{Calls, CallsByKind, Counted, kind_of_call};
use super::model::state::Run;
use super::state::keeper::{Batch, Keeper, Stored};
use super::state::tables::Table;

/// Keeps one GHL location and one ChartMogul account in step.
#[derive(Debug)]
pub struct Engine<'a, H: Host> {
    pub(in crate::sync) host: &'a H,
    pub(in crate::sync) ghl: &'a Client,
    pub(in crate::sync) chartmogul: &'a chartmogul::Client,
    pub(in crate::sync) settings: &'a Settings,
    pub(in crate::sync) location: String,
    pub(in crate::sync) keeper: Keeper<'a, H::Store>,
    /// Tells what this engine does from what another one has begun.
    pub(in crate::sync) owner: String,
    /// GHL's quota as a run saw it last, until this one's answers tell.
    pub(in crate::sync) known_quota: Cell<Option<Quota>>,
    /// GHL calls that its client had sent before.
    pub(in crate::sync) ghl_before: u64,
    /// Whether other processes know that the ChartMogul account is used.
    pub(in crate::sync) uses: Cell<bool>,
    /// The run that it is at, where it is recorded.
    pub(in crate::sync) underway: RefCell<Option<Underway>>,
    /// Whether the plan under the lease is about to be shown to somebody.
    pub(in crate::sync) shows: Cell<bool>,
    /// The decisions that it has put into the mailbox itself.
    pub(in crate::sync) posted: RefCell<Posted>,
    /// What was written of each change under way, for an audit: told once its outcome is in the store.
    pub(in crate::sync) written: RefCell<Ordered<Vec<AuditRecord>>>,
}

/// ChartMogul: at most 200 records a page.
pub(in crate::sync) const RECORDS_A_PAGE: u64 = 200;

/// A page of a phase: what it puts, committed with the run's new place, and whether the phase is at
/// its end.
pub(in crate::sync) struct Step {
    pub(in crate::sync) batch: Batch,
    pub(in crate::sync) done: bool,
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
        ghl.count_for_sync();
        let location = ghl.location_id().ok_or_else(|| {
            Error::new(Code::InvalidConfig, "ghl.locationId is missing").of(Service::Ghl).hint(
                "A sync works on one location: pass its id, for example process.env.GHL_LOCATION_ID.",
            )
        })?;
        Ok(Self {
            host,
            ghl,
            chartmogul,
            settings,
            location: location.to_owned(),
            keeper: Keeper::new(host.store(), location),
            owner: new_id(host),
            known_quota: Cell::default(),
            ghl_before: ghl.calls(),
            uses: Cell::default(),
            underway: RefCell::default(),
            shows: Cell::default(),
            posted: RefCell::default(),
            written: RefCell::default(),
        })
    }

    /// Calls sent so far to both services.
    pub fn calls(&self) -> Calls {
        Calls { ghl: self.ghl.calls(), chartmogul: self.chartmogul.calls() }
    }

    /// The same with their kinds.
    pub(in crate::sync) fn counted(&self) -> Counted {
        let mut by_kind = CallsByKind::default();
        for (service, calls) in [
            (Service::Ghl, self.ghl.calls_by_endpoint()),
            (Service::Chartmogul, self.chartmogul.calls_by_endpoint()),
        ] {
            for (endpoint, number) in calls.iter() {
                by_kind.insert(kind_of_call(service, endpoint), *number);
            }
        }
        Counted { calls: self.calls(), by_kind }
    }

    /// The next rows of a table for a phase, behind those that it has done: `None` at the end.
    pub(in crate::sync) async fn next_rows<T: Stored>(
        &self,
        run: &mut Run,
        table: &Table<T>,
        within: &str,
        rows: usize,
    ) -> Result<Option<Vec<(String, T)>>> {
        let rows = self.keeper.scan(table, within, run.cursor.as_deref(), rows).await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        run.cursor = Some(last.clone());
        Ok(Some(rows))
    }

    /// The end of a phase that puts nothing more.
    pub(in crate::sync) fn done(&self) -> Step {
        Step { batch: self.keeper.batch(), done: true }
    }

    pub(in crate::sync) async fn ghl_value(
        &self,
        name: &'static str,
        parameters: Value,
    ) -> Result<Json> {
        self.ghl.value(self.host, row(Service::Ghl, name)?, object(parameters)).await
    }

    pub(in crate::sync) async fn ghl_page(
        &self,
        name: &'static str,
        parameters: Value,
        cursor: Option<&str>,
    ) -> Result<Page> {
        self.ghl.page(self.host, row(Service::Ghl, name)?, object(parameters), cursor).await
    }

    /// A whole list that is known to be short: users, fields, data sources, notes of a contact.
    pub(in crate::sync) async fn ghl_list(
        &self,
        name: &'static str,
        parameters: Value,
    ) -> Result<Vec<Json>> {
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

    pub(in crate::sync) async fn chartmogul_value(
        &self,
        name: &str,
        parameters: Value,
    ) -> Result<Json> {
        let row = row(Service::Chartmogul, name)?;
        self.chartmogul.value(self.host, row, object(parameters)).await
    }

    /// A call to either service, with something to do right before each sending.
    pub(in crate::sync) async fn value_after<'c>(
        &'c self,
        call: Call,
        before: &'c Before<'c>,
    ) -> Result<Json> {
        let row = row(call.service, call.endpoint)?;
        match call.service {
            Service::Ghl => {
                self.ghl.value_after(self.host, row, call.parameters, Some(before)).await
            }
            Service::Chartmogul => {
                self.chartmogul.value_after(self.host, row, call.parameters, before).await
            }
        }
    }

    pub(in crate::sync) async fn chartmogul_page(
        &self,
        name: &str,
        parameters: Value,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let row = row(Service::Chartmogul, name)?;
        self.chartmogul.page(self.host, row, object(parameters), cursor).await
    }

    pub(in crate::sync) async fn chartmogul_list(
        &self,
        name: &str,
        parameters: Value,
    ) -> Result<Vec<Json>> {
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

    /// Whether an endpoint's rules take these parameters.
    pub(in crate::sync) fn takes(
        &self,
        service: Service,
        name: &str,
        parameters: &Parameters,
    ) -> Result<()> {
        let row = row(service, name)?;
        match service {
            Service::Ghl => self.ghl.check(row, parameters),
            Service::Chartmogul => self.chartmogul.check(row, parameters),
        }
    }

    /// Reads a record that the run cannot do without.
    pub(in crate::sync) fn parse<'t, T: Slot<'t> + Default>(
        &self,
        service: Service,
        endpoint: &'static str,
        value: &'t Json,
    ) -> Result<T> {
        record::read_json(value).map_err(|problem| unreadable(service, endpoint, &problem))
    }
}

/// An id that sorts by time.
pub(in crate::sync) fn new_id(host: &impl Host) -> String {
    format!("{:011x}{:08x}", host.now(), (host.random() * 4_294_967_296.0) as u64)
}

/// Asks for all of these, so many at once; the answers in the same order. All requests are of one type:
/// the machinery for each other would be kilobytes of WebAssembly.
pub(in crate::sync) async fn gather<T, R>(
    of: &[T],
    most: usize,
    ask: impl AsyncFn(&T) -> R,
) -> Vec<R> {
    let answers: RefCell<Vec<Option<R>>> = RefCell::new((0..of.len()).map(|_| None).collect());
    let mut steps: Vec<LocalBoxFuture<'_, ()>> = Vec::with_capacity(of.len());
    for (index, item) in of.iter().enumerate() {
        let (answers, ask) = (&answers, &ask);
        steps.push(Box::pin(async move {
            let answer = ask(item).await;
            if let Some(place) = answers.borrow_mut().get_mut(index) {
                *place = Some(answer);
            }
        }));
    }
    together(steps, most).await;
    answers.into_inner().into_iter().flatten().collect()
}

/// Carries out steps, so many at once.
pub(in crate::sync) async fn together(steps: Vec<LocalBoxFuture<'_, ()>>, most: usize) {
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
        Error::new(Code::UnknownEndpoint, format!("unknown endpoint `{}.{name}`", service.name()))
    })
}

/// A map of one entry. (`json!` writes all of a map's making at each place, and the map's own collecting
/// sorts its entries by code of its own.)
pub(in crate::sync) fn only(name: &str, value: Value) -> Parameters {
    let mut map = Parameters::new();
    map.insert(name.to_owned(), value);
    map
}

/// The parameters of a call that takes one text.
pub(in crate::sync) fn one(name: &str, text: &str) -> Value {
    Value::Object(only(name, text.into()))
}

fn object(value: Value) -> Parameters {
    match value {
        Value::Object(parameters) => parameters,
        _ => Parameters::new(),
    }
}
