//! The check before a first sync: does each credential work, what is missing, who cannot be mapped; and on
//! request whether the records are as the store knows them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::chartmogul::records::Account;
use crate::error::{Code, Error, Result, Service};
use crate::ghl::records::Location;
use crate::host::Host;
use crate::http::Quota;
use crate::mapping::custom_fields;
use crate::mapping::settings::{Anchor, Object};
use crate::mapping::users::UserMap;
use crate::{record, records};

use super::check_records::RecordsCheck;
use super::engine::Engine;
use super::model::state::Schema;

/// The scope of GHL's users.
const USERS: &str = "users.readonly";

records! {
    /// What is checked besides the credentials.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct CheckOptions {
        /// Walks ChartMogul's contacts, notes and tasks too: a call for 200 of them, and one for each linked
        /// record that is not among them.
        pub records: bool = "records";
    }
}

/// What `check()` finds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "CheckReport"))]
pub struct Check {
    /// True when a sync can run.
    pub ok: bool,
    /// GHL's side.
    pub ghl: GhlCheck,
    /// ChartMogul's side.
    pub chartmogul: ChartmogulCheck,
    /// Which ChartMogul user stands for which GHL user; null where GHL's users could not be read.
    pub users: Option<UsersCheck>,
    /// What prevents a sync.
    pub problems: Vec<Error>,
    /// What a sync would leave out.
    pub warnings: Vec<Error>,
    /// With `records`: what ChartMogul's records are. Left out where they could not be walked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsCheck>,
}

/// GHL's side of the check.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct GhlCheck {
    /// Whether the token works for the location, with every scope that the sync needs.
    pub ok: bool,
    /// The location's name.
    pub location: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// Each scope that the sync needs, and whether the token has it.
    pub scopes: Vec<ScopeCheck>,
    /// The day's quota of calls, as far as the service tells.
    pub quota: Option<Quota>,
}

/// A scope, and whether the token has it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct ScopeCheck {
    /// The scope, for example `contacts.readonly`.
    pub scope: &'static str,
    /// Whether a call that needs it was answered.
    pub ok: bool,
}

/// ChartMogul's side of the check.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "reference",
    derive(schemars::JsonSchema),
    schemars(rename = "ChartMogulCheck")
)]
pub struct ChartmogulCheck {
    /// Whether the key works.
    pub ok: bool,
    /// The account's name.
    pub account: Option<String>,
    /// The data source that customers are created in; `attach-only` needs none.
    pub data_source: Option<DataSourceCheck>,
}

/// The data source that customers are created in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct DataSourceCheck {
    /// Its name.
    pub name: String,
    /// Its uuid; null while it does not exist: the first applied plan creates it.
    pub uuid: Option<String>,
}

/// Which ChartMogul user stands for which GHL user.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct UsersCheck {
    /// GHL users who have a ChartMogul address.
    pub mapped: usize,
    /// Names of those who have none: their tasks go to the default assignee.
    pub unmapped: Vec<String>,
    /// Who gets the tasks of those who have none.
    pub default_assignee: Option<String>,
}

impl<H: Host> Engine<'_, H> {
    /// Tries each credential with calls that only read. Never fails for what it finds: it tells it.
    pub async fn check(&self, options: &CheckOptions) -> Result<Check> {
        let mut problems = Vec::new();
        let mut schema = Schema::default();
        let ghl = self.check_ghl(&mut schema, &mut problems).await;
        let chartmogul = self.check_chartmogul(&schema, &mut problems).await;
        let mut warnings = Vec::new();
        let mut users = None;
        if ghl.scopes.iter().any(|scope| scope.scope == USERS && scope.ok) {
            let refused = self.refused_users().await?;
            users = Some(self.check_users(&schema, refused, &mut warnings));
        }
        if let Err(error) = custom_fields::resolve(self.settings, &schema.definitions)
            && ghl.ok
        {
            problems.push(error);
        }
        let mut records = None;
        if options.records && chartmogul.ok {
            match self.check_records().await {
                Ok(found) => records = Some(found),
                Err(error) => problems.push(error),
            }
        }
        let ok = problems.is_empty();
        Ok(Check { ok, ghl, chartmogul, users, problems, warnings, records })
    }

    async fn check_ghl(&self, schema: &mut Schema, problems: &mut Vec<Error>) -> GhlCheck {
        let mut check = GhlCheck::default();
        let location = self.ghl_value("locations.get", json!({})).await;
        match &location {
            Ok(answer) => {
                check.ok = true;
                if let Ok(location) = record::read_json::<Location<'_>>(answer) {
                    check.location = location.name.as_deref().map(str::to_owned);
                    check.time_zone = location.timezone.as_deref().map(str::to_owned);
                    schema.location_name =
                        check.location.clone().unwrap_or_else(|| self.location.clone());
                }
            }
            Err(_) => schema.location_name.clone_from(&self.location),
        }
        self.note_scope(&mut check, "locations.readonly", location.map(drop), problems);
        if !check.ok && problems.last().is_some_and(|error| error.code != Code::ScopeMissing) {
            return check;
        }
        check.ok = true;
        let contacts = self.ghl_page("contacts.search", json!({ "pageLimit": 1 }), None).await;
        self.note_scope(&mut check, "contacts.readonly", contacts.map(drop), problems);
        let users = self.location_users().await;
        let found = users.as_ref().ok().cloned();
        self.note_scope(&mut check, USERS, users.map(drop), problems);
        schema.users = found.unwrap_or_default();
        if self.settings.includes(Object::Tasks) {
            let tasks = self.ghl_page("tasks.search", json!({ "limit": 1 }), None).await;
            self.note_scope(&mut check, "locations/tasks.readonly", tasks.map(drop), problems);
        }
        if !self.settings.custom_fields.is_empty() {
            let fields = self.custom_fields().await;
            schema.definitions = fields.as_ref().cloned().unwrap_or_default();
            self.note_scope(
                &mut check,
                "locations/customFields.readonly",
                fields.map(drop),
                problems,
            );
        }
        if self.settings.anchor == Anchor::BusinessIsCustomer {
            let businesses = self.ghl_page("businesses.list", json!({ "limit": 1 }), None).await;
            self.note_scope(&mut check, "businesses.readonly", businesses.map(drop), problems);
        }
        check.ok = check.scopes.iter().all(|scope| scope.ok);
        check.quota = self.ghl.quota();
        check
    }

    fn note_scope(
        &self,
        check: &mut GhlCheck,
        scope: &'static str,
        answer: Result<()>,
        problems: &mut Vec<Error>,
    ) {
        check.scopes.push(ScopeCheck { scope, ok: answer.is_ok() });
        if let Err(error) = answer {
            problems.push(error);
        }
    }

    async fn check_chartmogul(
        &self,
        schema: &Schema,
        problems: &mut Vec<Error>,
    ) -> ChartmogulCheck {
        let mut check = ChartmogulCheck::default();
        match self.chartmogul_value("account.retrieve", json!({})).await {
            Ok(answer) => {
                check.ok = true;
                let account = record::read_json::<Account>(&answer).ok();
                check.account = account.and_then(|account| account.name);
            }
            Err(error) => {
                problems.push(error);
                return check;
            }
        }
        if self.settings.anchor != Anchor::AttachOnly {
            let sources = self.data_sources().await;
            match sources.and_then(|sources| self.own_data_source(schema, None, &sources)) {
                Ok(uuid) => {
                    check.data_source =
                        Some(DataSourceCheck { name: self.data_source_name(schema), uuid })
                }
                Err(error) => {
                    check.ok = false;
                    problems.push(error);
                }
            }
        }
        check
    }

    fn check_users(
        &self,
        schema: &Schema,
        refused: Vec<String>,
        warnings: &mut Vec<Error>,
    ) -> UsersCheck {
        let map = UserMap::new(schema.users.clone(), &self.settings.users, refused);
        let unmapped: Vec<String> = map
            .unmapped()
            .map(|(id, name)| if name.is_empty() { id.to_owned() } else { name.to_owned() })
            .collect();
        let default_assignee = self.settings.users.default_assignee.clone();
        if let Err(why) = map.default_assignee()
            && self.settings.includes(Object::Tasks)
        {
            let who = match unmapped.as_slice() {
                [] => "tasks without an assignee".to_owned(),
                names => format!("tasks without an assignee and those of {}", names.join(", ")),
            };
            let mut warning =
                Error::new(Code::Unmappable, format!("{why}: {who} cannot be synced"))
                    .of(Service::Chartmogul)
                    .hint(
                        "Name a ChartMogul user's e-mail address: ChartMogul requires an assignee.",
                    );
            if !unmapped.is_empty() {
                warning = warning.details(Value::from(unmapped.clone()));
            }
            warnings.push(warning);
        }
        UsersCheck { mapped: schema.users.len() - unmapped.len(), unmapped, default_assignee }
    }
}
