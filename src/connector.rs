//! A connector: the clients that its options configure, and calls by an endpoint's full name.

use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::Value;

use crate::chartmogul::exports;
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result, Service};
use crate::ghl::{find_contact, unlisted};
use crate::host::Host;
use crate::http::{Accounts, Client, ClientConfig, Parameters, Profile};
use crate::mapping::settings::Settings;
use crate::record::{self, Json, Problem, Slot};
use crate::sync::{
    self, CheckOptions, Conflict, Engine, ForgetOptions, RefreshOptions, RunOptions, Settlement,
};
use crate::{chartmogul, ghl, names};

/// The clients of a connector. A service that the options leave out cannot be called.
#[derive(Debug)]
pub struct Connector {
    ghl: Option<Client>,
    /// The same, for the sync, whose calls are counted by themselves.
    ghl_of_sync: Option<Client>,
    chartmogul: Option<chartmogul::Client>,
    settings: Settings,
}

impl Connector {
    /// Reads `{ ghl?, chartmogul?, sync? }`. Its accounts are its own.
    pub fn new(options: &Value) -> Result<Self> {
        Self::sharing(options, &Accounts::default())
    }

    /// The same, sharing its accounts with other connectors: of one account, all keep below one limit.
    pub fn sharing(options: &Value, accounts: &Accounts) -> Result<Self> {
        // The facade keeps all but the first three for itself: they are here to be named, and suggested.
        const NAMES: &[&str] = &[
            "ghl",
            "chartmogul",
            "sync",
            "store",
            "transport",
            "onEvent",
            "alerts",
            "onAlert",
            "onAudit",
        ];
        let options = names::known("", options, NAMES)?;
        let client = |profile: &'static Profile| match options.get(profile.service.name()) {
            None | Some(Value::Null) => Ok(None),
            Some(options) => {
                Client::sharing(ClientConfig::read(profile, options)?, accounts).map(Some)
            }
        };
        let ghl = client(&ghl::PROFILE)?;
        Ok(Self {
            ghl_of_sync: ghl.as_ref().map(Client::twin),
            ghl,
            chartmogul: client(&chartmogul::PROFILE)?.map(chartmogul::Client::over),
            settings: settings(options.get("sync"))?,
        })
    }

    /// The sync between both services.
    pub fn engine<'a, H: Host>(&'a self, host: &'a H) -> Result<Engine<'a, H>> {
        let ghl = self.ghl_of_sync.as_ref().ok_or_else(|| not_configured(Service::Ghl))?;
        Engine::new(host, ghl, self.chartmogul()?, &self.settings)
    }

    /// What the contacts of a page would be in ChartMogul; asks no service. See [`sync::preview`].
    pub fn preview(&self, page: Vec<u8>) -> Result<Vec<u8>> {
        sync::preview(&self.settings, page)
    }

    /// GHL's client, or that it is not configured.
    pub fn ghl(&self) -> Result<&Client> {
        self.ghl.as_ref().ok_or_else(|| not_configured(Service::Ghl))
    }

    /// ChartMogul's client, or that it is not configured.
    pub fn chartmogul(&self) -> Result<&chartmogul::Client> {
        self.chartmogul.as_ref().ok_or_else(|| not_configured(Service::Chartmogul))
    }

    /// Calls an endpoint, for example `ghl.contacts.get`, with its parameters as a JSON object.
    /// Gives its value as JSON text.
    pub async fn call<H: Host>(&self, host: &H, name: &str, parameters: &str) -> Result<Json> {
        let endpoint = find(name)?;
        let parameters = read(endpoint, parameters)?;
        match (endpoint.composed, endpoint.service) {
            (true, Service::Ghl) if endpoint.name == "request" => {
                unlisted::call(self.ghl()?, host, endpoint, parameters).await
            }
            (true, Service::Ghl) => {
                find_contact::find(self.ghl()?, host, endpoint, parameters).await
            }
            (true, Service::Chartmogul) => {
                exports::finish(self.chartmogul()?, host, endpoint, parameters).await
            }
            (false, Service::Ghl) => self.ghl()?.value(host, endpoint, parameters).await,
            (false, Service::Chartmogul) => {
                self.chartmogul()?.value(host, endpoint, parameters).await
            }
        }
    }

    /// The same for an endpoint that answers with bytes, or the bytes of any other's answer.
    pub async fn bytes<H: Host>(&self, host: &H, name: &str, parameters: &str) -> Result<Vec<u8>> {
        let endpoint = find(name)?;
        let parameters = read(endpoint, parameters)?;
        let answer = match endpoint.service {
            Service::Ghl => self.ghl()?.call(host, endpoint, parameters).await,
            Service::Chartmogul => self.chartmogul()?.call(host, endpoint, parameters).await,
        };
        answer.map(|response| response.body)
    }

    /// One page of a list as JSON text: `{"items":[…],"cursor":text|null,"total":number|null,"missing":number}`.
    pub async fn page<H: Host>(
        &self,
        host: &H,
        name: &str,
        parameters: &str,
        cursor: Option<&str>,
    ) -> Result<String> {
        let endpoint = find(name)?;
        let parameters = read(endpoint, parameters)?;
        let page = match endpoint.service {
            Service::Ghl => self.ghl()?.page(host, endpoint, parameters, cursor).await,
            Service::Chartmogul => {
                self.chartmogul()?.page(host, endpoint, parameters, cursor).await
            }
        };
        page.map(|page| page.to_json())
    }

    /// Notes the program's own calls to GHL, for the sync and for other processes, if that is due.
    pub fn noting<'a, H: Host>(&'a self, host: &'a H) -> Option<LocalBoxFuture<'a, ()>> {
        sync::note_calls(host, self.ghl.as_ref()?)
    }

    /// Tries each credential with calls that only read, and walks ChartMogul's records where
    /// [`CheckOptions`] say so; what was found as JSON text.
    pub async fn check<H: Host>(&self, host: &H, options: &str) -> Result<String> {
        let options: CheckOptions = read_options(options)?;
        text(&self.engine(host)?.check(&options).await?)
    }

    /// Makes a plan; its summary as JSON text. See [`RunOptions`] for the options, JSON text too.
    pub async fn plan<H: Host>(&self, host: &H, options: &str) -> Result<String> {
        let options = run_options(options)?;
        let engine = self.engine(host)?;
        let plan = engine.plan(options).await;
        engine.note_quota().await;
        text(&engine.view(&plan?))
    }

    /// What reading the location costs, estimated from a few counts, as JSON text. Reads no notes of GHL
    /// and writes nothing.
    pub async fn cost<H: Host>(&self, host: &H) -> Result<String> {
        text(&self.engine(host)?.cost().await?)
    }

    /// A page of a plan's changes as JSON text: `{"changes":[…],"cursor":…}`.
    pub async fn plan_changes<H: Host>(
        &self,
        host: &H,
        plan: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<String> {
        self.engine(host)?.changes_json(plan, after, limit).await
    }

    /// Carries out exactly that plan; how it ended as JSON text.
    pub async fn apply<H: Host>(&self, host: &H, plan: &str, options: &str) -> Result<String> {
        let options = run_options(options)?;
        let engine = self.engine(host)?;
        let outcome = engine.apply(plan, options).await;
        engine.note_quota().await;
        text(&outcome?)
    }

    /// Plans and applies within a budget; how it ended as JSON text.
    pub async fn run<H: Host>(&self, host: &H, options: &str) -> Result<String> {
        let options = run_options(options)?;
        let engine = self.engine(host)?;
        let outcome = engine.run(options).await;
        engine.note_quota().await;
        text(&outcome?)
    }

    /// A page of dead letters as JSON text: `{"deadLetters":[…],"cursor":…}`.
    pub async fn dead_letters<H: Host>(
        &self,
        host: &H,
        after: Option<&str>,
        limit: usize,
    ) -> Result<String> {
        self.engine(host)?.dead_letters_json(after, limit).await
    }

    /// A page of conflicts as JSON text: `{"conflicts":[…],"cursor":…}`; with `settled` those of the last
    /// 90 days that are settled.
    pub async fn conflicts<H: Host>(
        &self,
        host: &H,
        settled: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<String> {
        #[derive(Serialize)]
        struct Page {
            conflicts: Vec<Conflict>,
            cursor: Option<String>,
        }
        let (conflicts, cursor) = self.engine(host)?.conflicts(settled, after, limit).await?;
        text(&Page { conflicts, cursor })
    }

    /// Settles conflicts: a JSON [`Settlement`] in, a JSON list of the conflicts out.
    pub async fn resolve<H: Host>(&self, host: &H, settlement: &str) -> Result<String> {
        let Settlement { id, winner, seen, rule } = read_options(settlement)?;
        let engine = self.engine(host)?;
        let settled = match id {
            Some(id) => vec![engine.resolve(&id, winner, seen.as_deref()).await?],
            None => engine.resolve_all(&rule, winner).await?,
        };
        text(&settled)
    }

    /// Forgets a person: JSON [`ForgetOptions`] in, what came of it as JSON text.
    pub async fn forget<H: Host>(&self, host: &H, options: &str) -> Result<String> {
        let options: ForgetOptions = read_options(options)?;
        let engine = self.engine(host)?;
        let outcome = engine.forget(&options).await;
        engine.note_quota().await;
        text(&outcome?)
    }

    /// The last runs as JSON text, newest first. Asks no service.
    pub async fn runs<H: Host>(&self, host: &H) -> Result<String> {
        text(&self.engine(host)?.runs().await?)
    }

    /// What the store holds of the location, as JSON text.
    pub async fn status<H: Host>(&self, host: &H) -> Result<String> {
        text(&self.engine(host)?.status().await?)
    }

    /// How a record stands, and why, as JSON text; any id of either service. Asks no service.
    pub async fn why<H: Host>(&self, host: &H, id: &str) -> Result<String> {
        text(&self.engine(host)?.why(id).await?)
    }

    /// Links a GHL contact with a ChartMogul customer or contact; how it stands then as JSON text.
    pub async fn link<H: Host>(&self, host: &H, contact: &str, chartmogul: &str) -> Result<String> {
        text(&self.engine(host)?.link(contact, chartmogul).await?)
    }

    /// Ends the link of a record; how it stands then as JSON text.
    pub async fn unlink<H: Host>(&self, host: &H, id: &str) -> Result<String> {
        text(&self.engine(host)?.unlink(id).await?)
    }

    /// Settles records as they are: a JSON list of ids in, a JSON list of how they stand out.
    pub async fn accept<H: Host>(&self, host: &H, ids: &str) -> Result<String> {
        text(&self.engine(host)?.accept(&ids_of(ids)?).await?)
    }

    /// Has the next run read contacts at once: options as JSON text in; what came of it as JSON text out.
    pub async fn refresh<H: Host>(&self, host: &H, options: &str) -> Result<String> {
        let options: RefreshOptions = read_options(options)?;
        text(&self.engine(host)?.refresh(&options).await?)
    }

    /// Has the next run try a record again; how it stands then as JSON text.
    pub async fn retry<H: Host>(&self, host: &H, id: &str) -> Result<String> {
        text(&self.engine(host)?.retry(id).await?)
    }
}

fn ids_of(text: &str) -> Result<Vec<String>> {
    record::read(text).map_err(|problem| refused(Code::InvalidArgument, problem.within("ids")))
}

fn not_configured(service: Service) -> Error {
    Error::new(Code::InvalidConfig, format!("{} is not configured", service.title()))
        .of(service)
        .hint(format!("Pass the option `{}`.", service.name()))
}

/// The settings of the sync; what is left out has its default.
fn settings(options: Option<&Value>) -> Result<Settings> {
    let settings = match options {
        None | Some(Value::Null) => Settings::default(),
        Some(options) => record::read(&record::json(options))
            .map_err(|problem| refused(Code::InvalidConfig, problem.within("sync")))?,
    };
    settings.check()?;
    Ok(settings)
}

/// The options of a run.
fn run_options(options: &str) -> Result<RunOptions> {
    read_options(options)
}

fn read_options<'o, T: Slot<'o> + Default>(options: &'o str) -> Result<T> {
    record::read(options)
        .map_err(|problem| refused(Code::InvalidArgument, problem.within("options")))
}

/// What is wrong with options, and which name was meant.
fn refused(code: Code, problem: Problem) -> Error {
    let error = Error::new(code, problem.to_string());
    names::suggest(error, &problem.given, problem.allowed.iter().copied())
}

/// A result as JSON text.
fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(Code::UnreadableResponse, format!("could not serialise the result: {error}"))
    })
}

/// The endpoint of a full name, or which one was meant.
pub fn find(name: &str) -> Result<&'static Endpoint> {
    let found = match name.split_once('.') {
        Some(("ghl", name)) => ghl::find(name),
        Some(("chartmogul", name)) => chartmogul::find(name),
        _ => None,
    };
    found.ok_or_else(|| {
        let error = Error::new(Code::UnknownEndpoint, format!("unknown endpoint `{name}`"));
        let names: Vec<String> = ghl::endpoints()
            .chain(chartmogul::endpoints())
            .map(|endpoint| format!("{}.{}", endpoint.service.name(), endpoint.name))
            .collect();
        let error = error.hint("The reference lists all names.");
        names::suggest(error, name, names.iter().map(String::as_str))
    })
}

fn read(endpoint: &'static Endpoint, parameters: &str) -> Result<Parameters> {
    record::read(parameters).map_err(|problem| {
        let object = record::whole(parameters).is_ok_and(|whole| whole.opens('{'));
        let what = if object {
            // JavaScript writes a text that was cut within an emoji as invalid JSON.
            format!(
                "a parameter cannot be read, as when a text is cut within a character: {problem}"
            )
        } else {
            "the parameters must be one JSON object".to_owned()
        };
        let message = format!("{}: {what}", endpoint.name);
        Error::new(Code::InvalidArgument, message).of(endpoint.service).at(endpoint.name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http;

    #[test]
    fn a_mistyped_name_is_answered_with_the_closest() {
        assert_eq!(find("ghl.contacts.get").unwrap().name, "contacts.get");
        assert_eq!(find("chartmogul.contacts.retrieve").unwrap().service, Service::Chartmogul);
        for (name, hint) in [
            ("ghl.contact.get", "Did you mean `ghl.contacts.get`?"),
            ("ghl.contacts.gett", "Did you mean `ghl.contacts.get`?"),
            ("contacts.get", "Did you mean `ghl.contacts.get`?"),
            ("", "The reference lists all names."),
            ("something.else.altogether", "The reference lists all names."),
        ] {
            let error = find(name).unwrap_err();
            assert_eq!(error.code, Code::UnknownEndpoint);
            assert_eq!(error.hint.as_deref(), Some(hint), "{name}");
        }
    }

    #[test]
    fn a_service_that_is_left_out_cannot_be_called() {
        let options = json!({"ghl": null, "chartmogul": {"apiKey": "k"}, "sync": {}});
        let connector = Connector::new(&options).unwrap();
        assert!(connector.chartmogul().is_ok());
        assert_eq!(connector.ghl().unwrap_err().code, Code::InvalidConfig);
        let error = Connector::new(&json!({"sync": {"ancor": "attach-only"}})).unwrap_err();
        assert_eq!(error.code, Code::InvalidConfig);
        assert_eq!(error.hint.as_deref(), Some("Did you mean `anchor`?"));
        let error = Connector::new(&json!({"gohighlevel": {}})).unwrap_err();
        assert_eq!(error.message, "unknown option `gohighlevel`");
        let error = Connector::new(&json!({"stores": "memory"})).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("Did you mean `store`?"));
    }

    #[test]
    fn a_setting_that_cannot_be_read_is_named_with_its_place() {
        let rule = json!({"from": "contact.plan", "to": "plan", "type": "String"});
        for (sync, begin) in [
            (json!({"ancor": "attach-only"}), "sync: unknown property `ancor`"),
            (json!({"anchor": "contact"}), "sync.anchor: unknown value `contact`"),
            (json!({"fullPassHours": -1}), "sync.fullPassHours: -1 is not a whole number"),
            (json!({"users": {"defaultAsignee": "a"}}), "sync.users: unknown property"),
            (json!({"objects": ["tasks", "note"]}), "sync.objects[1]: unknown value `note`"),
            (
                json!({"customFields": [rule, {"from": "x", "type": "String"}]}),
                "sync.customFields[1]: to is missing",
            ),
            (json!([]), "sync: [] is not an object"),
            (json!({"users": []}), "sync.users: [] is not an object"),
            (
                json!({"customFields": [["a", "b", "String"]]}),
                "sync.customFields[0]: [\"a\",\"b\",\"String\"] is not an object",
            ),
            (json!("attach-only"), "sync: \"attach-only\" is not an object"),
        ] {
            let error = Connector::new(&json!({ "sync": sync })).unwrap_err();
            assert_eq!(error.code, Code::InvalidConfig);
            assert!(error.message.starts_with(begin), "{}", error.message);
        }
    }

    #[test]
    fn wrong_options_of_a_run_are_named_before_anything_is_sent() {
        use crate::http::scripted::Scripted;
        let options = json!({
            "ghl": {"token": "t", "locationId": "l", "baseUrl": "https://ghl.test"},
            "chartmogul": {"apiKey": "k", "baseUrl": "https://cm.test"},
        });
        let connector = Connector::new(&options).unwrap();
        let host = Scripted::in_turn(Vec::new());
        let refusals = [
            host.run(connector.plan(&host, r#"{"deadlineMS":1}"#)),
            host.run(connector.apply(&host, "p", r#"{"deadlineMS":1}"#)),
            host.run(connector.run(&host, r#"{"deadlineMS":1}"#)),
        ];
        let error = host.run(connector.check(&host, r#"{"record":true}"#)).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("Did you mean `records`?"));
        let error = host.run(connector.check(&host, r#"{"records":"all"}"#)).unwrap_err();
        assert!(error.message.starts_with("options.records: "), "{}", error.message);
        for refusal in refusals {
            let error = refusal.unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(error.message.starts_with("options: unknown property"), "{}", error.message);
            assert_eq!(error.hint.as_deref(), Some("Did you mean `deadlineMs`?"));
        }
        assert!(host.sent.borrow().is_empty());
    }

    #[test]
    fn a_missing_note_of_ghl_does_not_mean_an_older_chartmogul() {
        use crate::http::scripted::{Scripted, text_reply};
        let options = json!({"ghl": {"token": "t", "baseUrl": "https://ghl.test"}});
        let connector = Connector::new(&options).unwrap();
        let host = Scripted::in_turn(vec![text_reply(404, &[], "")]);
        let parameters = r#"{"contactId":"c","id":"n"}"#;
        let end = host.run(connector.call(&host, "ghl.notes.get", parameters));
        assert_eq!(end.unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn every_list_takes_the_parameters_of_its_paging_style() {
        let mut paged = 0;
        for endpoint in ghl::endpoints().chain(chartmogul::endpoints()) {
            let names = http::paging_parameters(endpoint.paging);
            for name in names {
                assert!(http::takes(endpoint, name), "{} has no parameter {name}", endpoint.name);
            }
            let list = matches!(endpoint.result, crate::endpoint::Outcome::List { .. });
            assert!(list || names.is_empty(), "{} is paged and no list", endpoint.name);
            paged += usize::from(!names.is_empty());
        }
        assert!(paged > 10, "{paged} paged lists");
    }

    #[test]
    fn parameters_are_one_object() {
        let endpoint = find("ghl.contacts.get").unwrap();
        assert_eq!(read(endpoint, "[1]").unwrap_err().code, Code::InvalidArgument);
        assert_eq!(read(endpoint, "{").unwrap_err().code, Code::InvalidArgument);
        assert!(read(endpoint, "{}").unwrap().is_empty());
        let error = read(endpoint, r#"{"contactId":"\ud83d"}"#).unwrap_err();
        assert!(error.message.contains("cut within a character"), "{}", error.message);
    }
}
