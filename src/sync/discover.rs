//! What the sync must know before it reads records: location, custom fields, users, data source.

use std::cell::RefCell;

use serde_json::json;

use crate::chartmogul::records::DataSource;
use crate::error::{Code, Error, Result, Service};
use crate::ghl::records::{CustomField, Location, User as GhlUser};
use crate::host::Host;
use crate::mapping::custom_fields::{self, Definition, Rule};
use crate::mapping::settings::{Anchor, AttributeObject};
use crate::mapping::users::{User, UserMap};
use crate::named::Named;
use crate::records;

use super::Engine;
use super::state::Kind;

/// How long a discovered schema is taken for current: a day, as custom fields and users change rarely.
const SCHEMA_LASTS_MS: u64 = 24 * 3_600_000;

records! {
    /// What was discovered; kept in the store.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub(super) struct Schema {
        /// When, epoch milliseconds.
        pub at: u64 = "at";
        /// The settings it was discovered for.
        pub settings: String = "settings";
        /// The location's name.
        pub location_name: String = "locationName";
        /// Its IANA time zone.
        pub time_zone: Option<String> = "timeZone";
        /// Its country, alpha-2.
        pub country: Option<String> = "country";
        /// Its contact fields.
        pub definitions: Vec<Definition> = "definitions";
        /// Its users by id.
        pub users: Named<User> = "users";
        /// The data source that customers are created in, once it exists.
        pub data_source: Option<String> = "dataSource";
    }
}

/// All that mapping needs.
#[derive(Debug)]
pub(super) struct Ready {
    pub schema: RefCell<Schema>,
    pub rules: Vec<Rule>,
    pub users: RefCell<UserMap>,
    pub zone: Option<String>,
    pub country: Option<String>,
    pub warnings: Vec<String>,
}

impl Ready {
    /// Whether anything is written to customers' attributes or tags.
    pub(super) fn writes_attributes(&self, engine: &Engine<'_, impl Host>) -> bool {
        !engine.settings.tags.prefixes.is_empty()
            || self.rules.iter().any(|rule| rule.object == AttributeObject::Customer)
    }
}

impl<H: Host> Engine<'_, H> {
    /// Discovers, or takes what was discovered within the last day for the same settings.
    pub(super) async fn discover(&self, again: bool) -> Result<Ready> {
        let settings = self.settings.fingerprint();
        let kept: Option<Schema> = self.keeper.get("schema").await?.one()?;
        let current = kept.filter(|schema| {
            !again && schema.settings == settings && !self.has_passed(schema.at, SCHEMA_LASTS_MS)
        });
        let schema = match current {
            Some(schema) => schema,
            None => {
                let schema = self.ask(settings).await?;
                let mut batch = self.keeper.batch();
                batch.put("schema", &schema)?;
                self.keeper.commit(batch).await?;
                schema
            }
        };
        self.ready(schema).await
    }

    async fn ask(&self, settings: String) -> Result<Schema> {
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
        if self.settings.anchor != Anchor::AttachOnly {
            schema.data_source = self.find_data_source(&schema).await?;
        }
        Ok(schema)
    }

    pub(super) async fn custom_fields(&self) -> Result<Vec<Definition>> {
        let items = self.ghl_list("customFields.list", json!({ "model": "contact" })).await?;
        let mut definitions = Vec::with_capacity(items.len());
        for item in &items {
            let field: CustomField<'_> = self.parse(Service::Ghl, "customFields.list", item)?;
            if let (Some(id), Some(key)) = (field.id, field.field_key) {
                definitions.push(Definition {
                    id: id.into_owned(),
                    key: key.into_owned(),
                    data_type: field.data_type.as_deref().unwrap_or("TEXT").to_owned(),
                    options: field.picklist_options.len(),
                });
            }
        }
        Ok(definitions)
    }

    pub(super) async fn location_users(&self) -> Result<Named<User>> {
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
    pub(super) fn data_source_name(&self, schema: &Schema) -> String {
        self.settings
            .data_source
            .clone()
            .unwrap_or_else(|| format!("GoHighLevel - {}", schema.location_name))
    }

    /// The data source's uuid, if it exists. One that is not custom takes no customers: an error now, not at the first write.
    pub(super) async fn find_data_source(&self, schema: &Schema) -> Result<Option<String>> {
        let wanted = self.data_source_name(schema);
        let items = self.chartmogul_list("dataSources.list", json!({})).await?;
        for item in &items {
            let source: DataSource = self.parse(Service::Chartmogul, "dataSources.list", item)?;
            if source.uuid.as_deref() != Some(&wanted) && source.name.as_deref() != Some(&wanted) {
                continue;
            }
            let system = source.system.as_deref().unwrap_or("Custom");
            if !matches!(system, "Custom" | "Import API") {
                return Err(Error::new(
                    Code::InvalidConfig,
                    format!("sync.dataSource: \"{wanted}\" is fed by {system}, and takes no customers through the API"),
                )
                .hint("Name a custom data source, or leave dataSource out: one is made for the location."));
            }
            return Ok(source.uuid);
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
    pub(super) async fn refused_users(&self) -> Result<Vec<String>> {
        let mut refused = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let rows: Vec<(String, u64)> =
                self.keeper.scan("refused/", after.as_deref(), 200).await?.read()?;
            let Some((last, _)) = rows.last() else { return Ok(refused) };
            after = Some(last.clone());
            let addresses = rows.iter().filter_map(|(key, _)| key.strip_prefix("refused/"));
            refused.extend(addresses.map(str::to_owned));
        }
    }

    async fn ready(&self, schema: Schema) -> Result<Ready> {
        let rules = custom_fields::resolve(self.settings, &schema.definitions)?;
        let refused = self.refused_users().await?;
        let mut warnings = Vec::new();
        let zone = self.zone(&schema, &mut warnings)?;
        let country = self.settings.default_country.clone().or_else(|| schema.country.clone());
        let users = UserMap::new(schema.users.clone(), &self.settings.users, refused);
        let instead = match users.default_assignee() {
            Ok(address) => format!("tasks go to {address}"),
            Err(why) => format!("tasks cannot be brought over, as {why}"),
        };
        for (_, name) in users.unmapped() {
            warnings.push(format!("{name} has no ChartMogul user: {instead}"));
        }
        Ok(Ready {
            rules,
            users: RefCell::new(users),
            zone,
            country,
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
                format!("sync.timeZone: \"{zone}\" is no IANA time zone"),
            )
            .hint("Allowed are names such as \"America/New_York\" or \"UTC\".")),
            (None, Some(zone)) if known(zone) => Ok(Some(zone.clone())),
            (None, zone) => {
                let named = zone.as_deref().unwrap_or("none");
                warnings.push(format!(
                    "the location's time zone ({named}) is unknown: due dates are taken in UTC"
                ));
                Ok(None)
            }
        }
    }

    /// Minutes that the location's clock is ahead of UTC at an instant.
    pub(super) fn offset_minutes(&self, ready: &Ready, at: i64) -> i32 {
        ready.zone.as_deref().and_then(|zone| self.host.utc_offset_minutes(zone, at)).unwrap_or(0)
    }

    /// The external id of a customer made from a GHL record.
    pub(super) fn external_id(&self, kind: Kind, id: &str) -> String {
        let prefix = if kind == Kind::Business { "ghlb" } else { "ghl" };
        format!("{prefix}:{}:{id}", self.location)
    }
}
