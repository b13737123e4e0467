//! What the sync must know before it reads records: location, custom fields, users, data source.

use std::cell::RefCell;

use serde_json::json;

use crate::chartmogul::records::DataSource;
use crate::dates::DAY_MS;
use crate::error::{Code, Error, Result, Service};
use crate::ghl::records::{CustomField, Location, User as GhlUser};
use crate::host::Host;
use crate::mapping::custom_fields::{self, Definition};
use crate::mapping::numbers;
use crate::mapping::settings::Anchor;
use crate::mapping::users::{User, UserMap};
use crate::named::Named;

use super::super::engine::{Engine, one};
use super::super::model::pair::Kind;
use super::super::model::state::{AccountMark, Schema, State};
use super::super::state::tables::{REFUSED_USERS, SCHEMA};
use super::super::work::Ready;
use crate::chartmogul::records::Account;
use crate::mutants::{self, Mutant};

/// How long a discovered schema is taken for current: a day, as custom fields and users change rarely.
const SCHEMA_LASTS_MS: u64 = DAY_MS;

impl<H: Host> Engine<'_, H> {
    /// Discovers, or takes what was discovered within the last day for the same settings.
    pub(in crate::sync) async fn discover(&self, state: &State, again: bool) -> Result<Ready> {
        let settings = self.settings.fingerprint();
        let kept: Option<Schema> = self.keeper.get(&SCHEMA, "").await?;
        let current = kept.filter(|schema| {
            !again && schema.settings == settings && !self.has_passed(schema.at, SCHEMA_LASTS_MS)
        });
        let schema = match current {
            Some(schema) => schema,
            None => {
                let schema = self.ask(settings, state).await?;
                let mut batch = self.keeper.batch();
                batch.put(&SCHEMA, "", &schema)?;
                self.keeper.commit(batch).await?;
                schema
            }
        };
        self.tell_discovered(&schema);
        self.ready(schema).await
    }

    async fn ask(&self, settings: String, state: &State) -> Result<Schema> {
        let location = self.ghl_value("locations.get", json!({})).await?;
        let location: Location<'_> = self.parse(Service::Ghl, "locations.get", &location)?;
        let mut schema = Schema {
            at: self.host.now(),
            settings,
            location_name: location.name.as_deref().unwrap_or(&self.location).to_owned(),
            time_zone: location.timezone.as_deref().map(str::to_owned),
            country: location
                .country
                .as_deref()
                .and_then(crate::countries::country_code)
                .map(str::to_owned),
            ..Schema::default()
        };
        if !self.settings.custom_fields.is_empty() {
            schema.definitions = self.custom_fields().await?;
        }
        schema.users = self.location_users().await?;
        let makes = self.settings.anchor != Anchor::AttachOnly;
        let named = self.settings.create_in_ghl.iter().flat_map(|wanted| &wanted.data_sources);
        let named: Vec<&String> = named.collect();
        if makes || self.settings.prefer.is_some() || !named.is_empty() {
            let sources = self.data_sources().await?;
            if makes {
                self.note_data_sources(&mut schema, state.data_source.as_deref(), &sources)?;
            }
            for name in named {
                schema.brings_from.push(source_called(&sources, "createInGhl.dataSources", name)?);
            }
            let preferred = self.settings.prefer.as_ref();
            schema.preferred =
                preferred.map(|name| source_called(&sources, "prefer", name)).transpose()?;
        }
        Ok(schema)
    }

    /// Refuses a ChartMogul account that is not the one that the state was made with. One that was
    /// renamed is the same where a customer or source of ours is still known there.
    pub(in crate::sync) async fn check_account(&self, state: &State) -> Result<AccountMark> {
        let answer = self.chartmogul_value("account.retrieve", json!({})).await?;
        let account: Account = self.parse(Service::Chartmogul, "account.retrieve", &answer)?;
        let mark = AccountMark {
            id: account.id,
            name: account.name.unwrap_or_default(),
            currency: account.currency.unwrap_or_default(),
            time_zone: account.time_zone.unwrap_or_default(),
        };
        let before = &state.account;
        let same = match (&before.id, &mark.id) {
            (Some(before), Some(now)) => before == now,
            _ => {
                before.name == mark.name
                    && before.currency == mark.currency
                    && before.time_zone == mark.time_zone
            }
        };
        let fresh = *before == AccountMark::default() || state.applied_at == 0;
        if same || fresh || self.is_known_there(state).await? {
            return Ok(mark);
        }
        let message = format!(
            "the state belongs to the ChartMogul account \"{}\", and the API key to \"{}\"",
            before.name, mark.name
        );
        Err(Error::new(Code::InvalidConfig, message)
            .of(Service::Chartmogul)
            .hint("Use a key of the first account, or start with a new store for this one."))
    }

    async fn is_known_there(&self, state: &State) -> Result<bool> {
        if let Some(known) = &state.data_source {
            let sources = self.data_sources().await?;
            if sources.iter().any(|source| source.uuid.as_ref() == Some(known)) {
                return Ok(true);
            }
        }
        match &state.known_customer {
            Some(customer) => self.customer_is_there(customer).await,
            None => Ok(false),
        }
    }

    /// The account's data sources.
    pub(in crate::sync) async fn data_sources(&self) -> Result<Vec<DataSource>> {
        let items = self.chartmogul_list("dataSources.list", json!({})).await?;
        let mut sources = Vec::with_capacity(items.len());
        for item in &items {
            sources.push(self.parse(Service::Chartmogul, "dataSources.list", item)?);
        }
        Ok(sources)
    }

    /// The source that customers of ours are in, where the settings name none: known by what is
    /// in it, whatever it is called by now.
    pub(in crate::sync) async fn adopt_source(&self, ready: &Ready, uuid: &str) -> Result<()> {
        let mut schema = ready.schema.borrow().clone();
        if self.settings.data_source.is_some()
            || schema.data_source.is_some()
            || mutants::is_on(Mutant::NameIsIdentity)
        {
            return Ok(());
        }
        schema.data_source = Some(uuid.to_owned());
        let mut batch = self.keeper.batch();
        batch.put(&SCHEMA, "", &schema)?;
        self.keeper.commit(batch).await?;
        *ready.schema.borrow_mut() = schema;
        Ok(())
    }

    pub(in crate::sync) async fn custom_fields(&self) -> Result<Vec<Definition>> {
        let items = self.ghl_list("customFields.list", one("model", "contact")).await?;
        let mut definitions = Vec::with_capacity(items.len());
        for item in &items {
            let field: CustomField<'_> = self.parse(Service::Ghl, "customFields.list", item)?;
            if let (Some(id), Some(key)) = (field.id, field.field_key) {
                definitions.push(Definition {
                    id: id.into_owned(),
                    key: key.into_owned(),
                    data_type: field.data_type.as_deref().unwrap_or("TEXT").to_owned(),
                    options: field.picklist_options.len(),
                    option: field.picklist_options.first().map(|option| option.to_string()),
                });
            }
        }
        Ok(definitions)
    }

    pub(in crate::sync) async fn location_users(&self) -> Result<Named<User>> {
        let items = self.ghl_list("users.list", json!({})).await?;
        let mut users = Named::default();
        for item in &items {
            let user: GhlUser<'_> = self.parse(Service::Ghl, "users.list", item)?;
            let Some(id) = user.id else { continue };
            let joined = [user.first_name.as_deref(), user.last_name.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
            let name =
                user.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&joined);
            let known = User {
                name: name.trim().to_owned(),
                email: user.email.as_deref().map(str::to_owned),
            };
            users.insert(id.into_owned(), known);
        }
        Ok(users)
    }

    /// The name of the data source that customers are created in.
    pub(in crate::sync) fn data_source_name(&self, schema: &Schema) -> String {
        self.settings
            .data_source
            .clone()
            .unwrap_or_else(|| format!("GoHighLevel - {}", schema.location_name))
    }

    /// Notes the account's data sources, and which of them customers are created in.
    pub(in crate::sync) fn note_data_sources(
        &self,
        schema: &mut Schema,
        known: Option<&str>,
        sources: &[DataSource],
    ) -> Result<()> {
        schema.data_source = self.own_data_source(schema, known, sources)?;
        schema.sources = sources.iter().filter_map(|source| source.uuid.clone()).collect();
        Ok(())
    }

    /// The uuid of the data source that customers are created in, if it exists. One that is not custom
    /// does not accept customers: an error now, not at the first write.
    pub(in crate::sync) fn own_data_source(
        &self,
        schema: &Schema,
        known: Option<&str>,
        sources: &[DataSource],
    ) -> Result<Option<String>> {
        let wanted = self.data_source_name(schema);
        // One that was renamed, or whose location was, is still the one.
        let known = known.filter(|_| {
            self.settings.data_source.is_none() && !mutants::is_on(Mutant::NameIsIdentity)
        });
        if let Some(known) = known
            && sources.iter().any(|source| source.uuid.as_deref() == Some(known))
        {
            return Ok(Some(known.to_owned()));
        }
        if let Some(source) = sources.iter().find(|source| is_called(source, &wanted)) {
            let system = source.system.as_deref().unwrap_or("Custom");
            if !matches!(system, "Custom" | "Import API") {
                return Err(Error::new(
                    Code::InvalidConfig,
                    format!("sync.dataSource: the data source \"{wanted}\" is managed by {system} and does not accept customers through the API"),
                )
                .hint("Name a custom data source, or leave dataSource out: one is created for the location."));
            }
            return Ok(source.uuid.clone());
        }
        if wanted.starts_with("ds_") {
            return Err(Error::new(
                Code::InvalidConfig,
                format!("sync.dataSource: the ChartMogul account has no data source {wanted}"),
            ));
        }
        Ok(None)
    }

    /// The addresses that ChartMogul has refused. They stay refused: notes carry their authors' names
    /// for it, and would be rewritten each time that one is tried again.
    pub(in crate::sync) async fn refused_users(&self) -> Result<Vec<String>> {
        let mut refused = Vec::new();
        let mut pages = self.keeper.pages(&REFUSED_USERS, 200);
        while let Some(rows) = pages.next().await? {
            refused.extend(rows.into_iter().map(|(address, _)| address));
        }
        Ok(refused)
    }

    async fn ready(&self, schema: Schema) -> Result<Ready> {
        let rules = custom_fields::resolve(self.settings, &schema.definitions)?;
        let refused = self.refused_users().await?;
        let mut warnings = Vec::new();
        let zone = self.zone(&schema, &mut warnings)?;
        let country = self.settings.default_country.clone().or_else(|| schema.country.clone());
        let of_country = schema.country.as_deref().or(country.as_deref()).map(numbers::mark_of);
        let decimal_mark = self.settings.decimal_mark.or(of_country);
        let users = UserMap::new(schema.users.clone(), &self.settings.users, refused);
        let instead = match users.default_assignee() {
            Ok(address) => format!("tasks go to {address}"),
            Err(why) => format!("tasks cannot be synced, because {why}"),
        };
        for (_, name) in users.unmapped() {
            warnings.push(format!("{name} has no ChartMogul user: {instead}"));
        }
        Ok(Ready {
            rules,
            users: RefCell::new(users),
            zone,
            country,
            decimal_mark,
            warnings,
            schema: RefCell::new(schema),
        })
    }

    fn zone(&self, schema: &Schema, warnings: &mut Vec<String>) -> Result<Option<String>> {
        let now = i64::try_from(self.host.now()).unwrap_or(0);
        let known = |zone: &String| self.host.utc_offset_minutes(zone, now).is_some();
        match (&self.settings.time_zone, &schema.time_zone) {
            (Some(zone), _) if known(zone) => Ok(Some(zone.clone())),
            (Some(zone), _) => Err(Error::new(
                Code::InvalidConfig,
                format!("sync.timeZone: \"{zone}\" is not an IANA time zone"),
            )
            .hint("Allowed are names such as \"America/New_York\" or \"UTC\".")),
            (None, Some(zone)) if known(zone) => Ok(Some(zone.clone())),
            (None, zone) => {
                let named = zone.as_deref().unwrap_or("none");
                warnings.push(format!(
                    "the location's time zone ({named}) is unknown: due dates are read as UTC"
                ));
                Ok(None)
            }
        }
    }

    /// Minutes that the location's clock is ahead of UTC at an instant.
    pub(in crate::sync) fn offset_minutes(&self, ready: &Ready, at: i64) -> i32 {
        ready.zone.as_deref().and_then(|zone| self.host.utc_offset_minutes(zone, at)).unwrap_or(0)
    }

    /// The external id of a customer made from a GHL record.
    pub(in crate::sync) fn external_id(&self, kind: Kind, id: &str) -> String {
        let prefix = if kind == Kind::Business { "ghlb" } else { "ghl" };
        format!("{prefix}:{}:{id}", self.location)
    }
}

/// The uuid of the data source that a setting names.
fn source_called(sources: &[DataSource], setting: &str, name: &str) -> Result<String> {
    if let Some(found) = sources.iter().find(|source| is_called(source, name)) {
        return Ok(found.uuid.clone().unwrap_or_default());
    }
    let known: Vec<&str> = sources.iter().filter_map(|source| source.name.as_deref()).collect();
    let message = format!("sync.{setting}: the ChartMogul account has no data source \"{name}\"");
    Err(Error::new(Code::InvalidConfig, message).hint(format!("It has {}.", known.join(", "))))
}

/// Whether a data source has this name or uuid.
fn is_called(source: &DataSource, wanted: &str) -> bool {
    source.uuid.as_deref() == Some(wanted) || source.name.as_deref() == Some(wanted)
}
