//! GHL's OAuth: consent, codes, tokens that rotate, location tokens for a company's.
//!
//! A refresh token works once, by the documents. Whether a used one works for a moment longer is on no
//! record: `oauthGraceMs` is the switch. `/oauth/reconnect` is reported gone: `oauthReconnect` brings it back.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::refusals::{unauthorized, wrong_location};
use crate::host::Method;
use crate::sandbox::random::Random;
use crate::sandbox::service::{Call, Reply};
use crate::sandbox::{Credentials, OauthInstall, SandboxOptions, TokenKind};

/// How long a code of the consent page works.
const CODE_MS: u64 = 10 * 60_000;

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Location(String),
    Company,
}

impl Subject {
    const fn kind(&self) -> TokenKind {
        match self {
            Self::Location(_) => TokenKind::Location,
            Self::Company => TokenKind::Company,
        }
    }
}

/// What a person agreed to, until its code is used.
struct Consent {
    subject: Subject,
    redirect_uri: String,
    until_ms: u64,
}

/// A refresh token.
struct Rotation {
    subject: Subject,
    /// When it was used.
    used_ms: Option<u64>,
}

/// A location of the company, as far as installations go.
struct Place {
    id: String,
    name: String,
    active: bool,
    installed: bool,
}

/// The app, its installations and its tokens.
pub(super) struct Oauth {
    client_id: String,
    client_secret: String,
    company: String,
    /// The location whose records the sandbox has.
    own: String,
    install: OauthInstall,
    places: Vec<Place>,
    consents: BTreeMap<String, Consent>,
    rotations: BTreeMap<String, Rotation>,
    /// Access tokens, and until when each works.
    tokens: BTreeMap<String, (Subject, u64)>,
    grace_ms: u64,
    reconnects: bool,
    expires_s: u64,
}

impl fmt::Debug for Oauth {
    /// Leaves the tokens out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Oauth").field("install", &self.install).finish_non_exhaustive()
    }
}

impl Oauth {
    pub(super) fn new(options: &SandboxOptions, credentials: &Credentials) -> Self {
        let mut random = Random::new(options.seed, "locations");
        let own = Place {
            id: credentials.location_id.clone(),
            name: "Main location".to_owned(),
            active: true,
            installed: true,
        };
        let others = (1..options.oauth_locations).map(|number| Place {
            id: random.id(20),
            name: format!("Location {}", number + 1),
            active: true,
            installed: true,
        });
        Self {
            client_id: credentials.oauth_client_id.clone(),
            client_secret: credentials.oauth_client_secret.clone(),
            company: credentials.company_id.clone(),
            own: credentials.location_id.clone(),
            install: options.oauth_install,
            places: std::iter::once(own).chain(others).collect(),
            consents: BTreeMap::new(),
            rotations: BTreeMap::new(),
            tokens: BTreeMap::new(),
            grace_ms: options.oauth_grace_ms,
            reconnects: options.oauth_reconnect,
            expires_s: options.oauth_expires_s,
        }
    }

    /// Ends the validity of all access tokens; refresh tokens stay.
    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }

    /// Whom an access token speaks for, while it works.
    pub(super) fn kind_of(&self, token: &str, now_ms: u64) -> Option<TokenKind> {
        self.subject(token, now_ms).map(Subject::kind)
    }

    fn subject(&self, token: &str, now_ms: u64) -> Option<&Subject> {
        let (subject, until) = self.tokens.get(token)?;
        (now_ms < *until).then_some(subject)
    }

    /// The location of an access token, where that is not the one whose records the sandbox has.
    pub(super) fn other_location(&self, token: &str) -> Option<&str> {
        match self.tokens.get(token)? {
            (Subject::Location(id), _) if *id != self.own => Some(id),
            _ => None,
        }
    }

    /// A location as `GET /locations/{id}` shows it to its own token.
    pub(super) fn location(&self, id: &str) -> Option<Value> {
        let place = self.places.iter().find(|place| place.id == id)?;
        Some(json!({ "id": place.id, "companyId": self.company, "name": place.name }))
    }

    /// Pauses a location, activates it, or takes the app from it; false where there is none.
    pub(super) fn set_location(
        &mut self,
        id: &str,
        active: Option<bool>,
        installed: Option<bool>,
    ) -> bool {
        let Some(place) = self.places.iter_mut().find(|place| place.id == id) else { return false };
        place.active = active.unwrap_or(place.active);
        place.installed = installed.unwrap_or(place.installed);
        let gone = Subject::Location(id.to_owned());
        if installed == Some(false) {
            self.tokens.retain(|_, (subject, _)| *subject != gone);
            self.rotations.retain(|_, rotation| rotation.subject != gone);
        }
        true
    }

    /// The ids of all locations, the sandbox's own first.
    pub(super) fn location_ids(&self) -> Vec<&str> {
        self.places.iter().map(|place| place.id.as_str()).collect()
    }

    /// Answers a request to one of OAuth's paths; `None` for any other.
    pub(super) fn answer(&mut self, call: &Call<'_>, random: &mut Random) -> Option<Reply> {
        let path = call.path;
        let key = format!("{} {path}", call.method.name());
        let reply = match (call.method, path) {
            (Method::Get, "/oauth/chooselocation" | "/v2/oauth/chooselocation") => {
                self.consent(call, random)
            }
            (Method::Post, "/oauth/token") => self.token(call, random),
            (Method::Post, "/oauth/locationToken") => self.location_token(call, random),
            (Method::Get, "/oauth/installedLocations") => self.installed(call),
            (Method::Post, "/oauth/reconnect") if self.reconnects => self.reconnect(call, random),
            (Method::Post, "/oauth/reconnect") => Reply::json(
                404,
                &json!({ "statusCode": 404, "message": "Cannot POST /oauth/reconnect", "error": "Not Found" }),
            ),
            _ => return None,
        };
        Some(reply.endpoint(key))
    }

    /// The consent page, where a person agrees at once.
    fn consent(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        let known = call.query("client_id") == Some(&self.client_id);
        let target = call.query("redirect_uri").unwrap_or_default().to_owned();
        if !known || target.is_empty() || call.query("response_type") != Some("code") {
            return Reply::json(400, &json!({ "error": "error.noversionid" }));
        }
        let subject = match self.install {
            OauthInstall::Location => Subject::Location(self.own.clone()),
            OauthInstall::Company | OauthInstall::Bulk => Subject::Company,
        };
        let code = self.code(subject, &target, call.now_ms, random);
        let state = call.query("state").map(|state| {
            let state =
                percent_encoding::utf8_percent_encode(state, percent_encoding::NON_ALPHANUMERIC);
            format!("&state={state}")
        });
        let mark = if target.contains('?') { '&' } else { '?' };
        let mut reply = Reply::empty(302);
        let place = format!("{target}{mark}code={code}{}", state.unwrap_or_default());
        reply.headers.push(("location".to_owned(), place));
        reply
    }

    fn code(&mut self, subject: Subject, target: &str, now_ms: u64, random: &mut Random) -> String {
        let code = random.hex(40);
        let until_ms = now_ms.saturating_add(CODE_MS);
        let consent = Consent { subject, redirect_uri: target.to_owned(), until_ms };
        self.consents.insert(code.clone(), consent);
        code
    }

    fn token(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        let form = Form::read(call);
        let known = form.get("client_id") == Some(&self.client_id)
            && form.get("client_secret") == Some(&self.client_secret);
        // The code is looked at before the client: both are refused alike.
        let refused = || {
            Reply::json(
                401,
                &json!({ "error": "UnAuthorized!", "error_description": "Authorization code not found" }),
            )
        };
        let invalid = |message: &str| {
            Reply::json(
                400,
                &json!({ "statusCode": 400, "message": format!("Invalid grant: {message}") }),
            )
        };
        match form.get("grant_type") {
            Some("authorization_code") => {
                let code = form.get("code").unwrap_or_default();
                let Some(consent) = self.consents.remove(code).filter(|_| known) else {
                    return refused();
                };
                if call.now_ms > consent.until_ms {
                    return refused();
                }
                if form.get("redirect_uri").is_some_and(|uri| uri != consent.redirect_uri) {
                    return invalid("redirect URI does not match");
                }
                self.issue(consent.subject, call.now_ms, true, random)
            }
            Some("refresh_token") => {
                let given = form.get("refresh_token").unwrap_or_default();
                if !known {
                    return refused();
                }
                let Some(rotation) = self.rotations.get(given) else {
                    return invalid("refresh token is invalid");
                };
                let grace = self.grace_ms;
                let spent = |used: u64| call.now_ms.saturating_sub(used) >= grace;
                if rotation.used_ms.is_some_and(spent) {
                    return invalid("refresh token is invalid");
                }
                let subject = rotation.subject.clone();
                // It works again once the location is active.
                if self.is_paused(&subject) {
                    return Reply::json(
                        400,
                        &json!({ "statusCode": 400, "message": "Location is not active" }),
                    );
                }
                if let Some(rotation) = self.rotations.get_mut(given) {
                    rotation.used_ms = rotation.used_ms.or(Some(call.now_ms));
                }
                self.issue(subject, call.now_ms, true, random)
            }
            _ => Reply::json(
                422,
                &json!({ "statusCode": 422, "message": ["grant_type must be a valid enum value"], "error": "Unprocessable Entity" }),
            ),
        }
    }

    fn is_paused(&self, subject: &Subject) -> bool {
        let Subject::Location(id) = subject else { return false };
        self.places.iter().any(|place| place.id == *id && !place.active)
    }

    fn issue(
        &mut self,
        subject: Subject,
        now_ms: u64,
        rotates: bool,
        random: &mut Random,
    ) -> Reply {
        let access = format!("eyJ{}.{}.{}", random.id(24), random.id(40), random.id(24));
        let until = now_ms.saturating_add(self.expires_s.saturating_mul(1_000));
        self.tokens.insert(access.clone(), (subject.clone(), until));
        let body = json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.expires_s,
            "scope": "contacts.readonly contacts.write oauth.readonly oauth.write",
            "userType": if subject == Subject::Company { "Company" } else { "Location" },
            "companyId": self.company,
            "isBulkInstallation": self.install == OauthInstall::Bulk,
            "userId": "sandbox-user",
        });
        let mut body = body.as_object().cloned().unwrap_or_default();
        if let Subject::Location(id) = &subject {
            body.insert("locationId".to_owned(), json!(id));
        }
        if rotates {
            let refresh = format!("eyJ{}.{}.{}", random.id(24), random.id(60), random.id(24));
            body.insert("refresh_token".to_owned(), json!(refresh));
            self.rotations.insert(refresh, Rotation { subject, used_ms: None });
        }
        Reply::json(200, &Value::Object(body))
    }

    /// A company's token for one of a location, where the app is installed.
    fn location_token(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        match self.subject_of(call) {
            Some(Subject::Company) => {}
            Some(Subject::Location(_)) => {
                return unauthorized("The token is not authorized for this scope.");
            }
            None => return unauthorized("Invalid JWT"),
        }
        let form = Form::read(call);
        let id = form.get("locationId").unwrap_or_default();
        if form.get("companyId") != Some(&self.company) {
            return wrong_location();
        }
        match self.places.iter().find(|place| place.id == id) {
            Some(place) if place.installed && place.active => {
                let subject = Subject::Location(id.to_owned());
                // Version 2 gives no refresh token. 201 was measured where the documents say 200.
                let mut reply = self.issue(subject, call.now_ms, false, random);
                reply.status = 201;
                reply
            }
            Some(place) if place.installed => {
                Reply::json(400, &json!({ "statusCode": 400, "message": "Location is not active" }))
            }
            _ => wrong_location(),
        }
    }

    fn installed(&self, call: &Call<'_>) -> Reply {
        if self.subject_of(call) != Some(Subject::Company) {
            return unauthorized("Invalid JWT");
        }
        if call.query("companyId") != Some(&self.company) || call.query("appId").is_none() {
            return wrong_location();
        }
        let number = |name: &str, otherwise: usize| {
            call.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
        };
        let page: Vec<Value> = self
            .places
            .iter()
            .skip(number("skip", 0))
            .take(number("limit", 20))
            .map(|place| json!({ "_id": place.id, "name": place.name, "isInstalled": place.installed }))
            .collect();
        let count = self.places.len();
        Reply::json(
            200,
            &json!({ "locations": page, "count": count, "installToFutureLocations": false }),
        )
    }

    /// A code for who lost the tokens.
    fn reconnect(&mut self, call: &Call<'_>, random: &mut Random) -> Reply {
        let form = Form::read(call);
        let known = form.get("clientKey") == Some(&self.client_id)
            && form.get("clientSecret") == Some(&self.client_secret);
        if !known {
            return unauthorized("Invalid client credentials");
        }
        let location = form.get("locationId").map(str::to_owned);
        let installed =
            |id: &String| self.places.iter().any(|place| place.id == *id && place.installed);
        let subject = match location {
            Some(id) if installed(&id) => Subject::Location(id),
            None if form.get("companyId") == Some(&self.company) => Subject::Company,
            _ => return wrong_location(),
        };
        let code = self.code(subject, "", call.now_ms, random);
        let expires = call.now_ms.saturating_add(CODE_MS);
        Reply::json(200, &json!({ "authorizationCode": code, "expiresAt": expires }))
    }

    fn subject_of(&self, call: &Call<'_>) -> Option<Subject> {
        self.subject(call.bearer(), call.now_ms).cloned()
    }
}

/// A body's fields: a form, or JSON.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(call: &Call<'_>) -> Self {
        if let Ok(Value::Object(fields)) = serde_json::from_slice(call.body) {
            let texts = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            return Self(texts.collect());
        }
        let text = String::from_utf8_lossy(call.body);
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(crate::sandbox::decode_pair).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Request;
    use crate::sandbox::Sandbox;

    const START: u64 = 1_795_348_800_000;

    struct App {
        sandbox: Sandbox,
        now: u64,
    }

    impl App {
        fn new(options: SandboxOptions) -> Self {
            let options = SandboxOptions { contacts: 2, ..options };
            Self { sandbox: Sandbox::new(options), now: START }
        }

        fn ask(
            &mut self,
            method: Method,
            target: &str,
            token: &str,
            body: &str,
        ) -> (u16, Value, String) {
            let mut headers = vec![("version".into(), "2021-07-28".to_owned())];
            if !token.is_empty() {
                headers.push(("authorization".into(), format!("Bearer {token}")));
            }
            let request = Request {
                method,
                url: format!("https://services.example{target}"),
                headers,
                body: body.as_bytes().to_vec(),
                timeout_ms: 1_000,
            };
            let response = self.sandbox.handle(&request, self.now).response;
            let place = response.header("location").unwrap_or_default().to_owned();
            (response.status, serde_json::from_slice(&response.body).unwrap_or_default(), place)
        }

        fn post(&mut self, path: &str, token: &str, body: &str) -> (u16, Value) {
            let (status, body, _) = self.ask(Method::Post, path, token, body);
            (status, body)
        }

        fn client(&self) -> String {
            let known = self.sandbox.credentials();
            format!(
                "client_id={}&client_secret={}",
                known.oauth_client_id, known.oauth_client_secret
            )
        }

        fn consent(&mut self) -> String {
            let id = self.sandbox.credentials().oauth_client_id.clone();
            let target = format!(
                "/v2/oauth/chooselocation?response_type=code&client_id={id}&redirect_uri=https%3A%2F%2Fapp.example%2Fback&scope=contacts.readonly&state=a%26b"
            );
            let (status, _, place) = self.ask(Method::Get, &target, "", "");
            assert_eq!(status, 302);
            let code = place.strip_prefix("https://app.example/back?code=").unwrap();
            code.strip_suffix("&state=a%26b").unwrap().to_owned()
        }

        fn exchange(&mut self, code: &str) -> (u16, Value) {
            let client = self.client();
            self.post(
                "/oauth/token",
                "",
                &format!("{client}&grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fapp.example%2Fback"),
            )
        }

        fn refresh(&mut self, token: &str) -> (u16, Value) {
            let client = self.client();
            self.post(
                "/oauth/token",
                "",
                &format!("{client}&grant_type=refresh_token&refresh_token={token}"),
            )
        }
    }

    fn text(body: &Value, name: &str) -> String {
        body[name].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_code_and_a_refresh_token_work_once_and_an_access_token_for_a_day() {
        let mut app = App::new(SandboxOptions::default());
        let code = app.consent();
        let (status, first) = app.exchange(&code);
        assert_eq!((status, text(&first, "userType")), (200, "Location".to_owned()));
        assert_eq!(app.exchange(&code).0, 401);
        let location = text(&first, "locationId");
        let target = format!("/locations/{location}");
        let access = text(&first, "access_token");
        assert_eq!(app.ask(Method::Get, &target, &access, "").0, 200);
        app.now += 86_400_000;
        let (status, body, _) = app.ask(Method::Get, &target, &access, "");
        assert_eq!((status, text(&body, "message")), (401, "Invalid JWT".to_owned()));
        let (status, second) = app.refresh(&text(&first, "refresh_token"));
        assert_eq!(status, 200);
        assert_eq!(app.ask(Method::Get, &target, &text(&second, "access_token"), "").0, 200);
        let (status, body) = app.refresh(&text(&first, "refresh_token"));
        assert_eq!(
            (status, text(&body, "message")),
            (400, "Invalid grant: refresh token is invalid".to_owned())
        );
    }

    #[test]
    fn the_switches_bring_a_grace_and_the_way_back() {
        let mut app = App::new(SandboxOptions {
            oauth_grace_ms: 30_000,
            oauth_reconnect: true,
            ..SandboxOptions::default()
        });
        let code = app.consent();
        let (_, first) = app.exchange(&code);
        let token = text(&first, "refresh_token");
        assert_eq!(app.refresh(&token).0, 200);
        app.now += 29_000;
        assert_eq!(app.refresh(&token).0, 200);
        app.now += 2_000;
        assert_eq!(app.refresh(&token).0, 400);
        let known = app.sandbox.credentials().clone();
        let body = json!({ "clientKey": known.oauth_client_id, "clientSecret": known.oauth_client_secret, "locationId": known.location_id });
        let (status, answer) = app.post("/oauth/reconnect", "", &body.to_string());
        assert_eq!(status, 200);
        let code = text(&answer, "authorizationCode");
        let client = app.client();
        let body = format!("{client}&grant_type=authorization_code&code={code}");
        assert_eq!(app.post("/oauth/token", "", &body).0, 200);
        let mut without = App::new(SandboxOptions::default());
        assert_eq!(without.post("/oauth/reconnect", "", "").0, 404);
    }

    #[test]
    fn a_company_s_token_gives_those_of_its_locations_but_for_paused_and_left_ones() {
        let mut app = App::new(SandboxOptions {
            oauth_install: OauthInstall::Bulk,
            oauth_locations: 4,
            ..SandboxOptions::default()
        });
        let code = app.consent();
        let (_, company) = app.exchange(&code);
        assert_eq!(text(&company, "userType"), "Company");
        let token = text(&company, "access_token");
        let id = text(&company, "companyId");
        let (_, listed, _) = app.ask(
            Method::Get,
            &format!("/oauth/installedLocations?companyId={id}&appId=a"),
            &token,
            "",
        );
        let locations: Vec<String> = listed["locations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|place| text(place, "_id"))
            .collect();
        assert_eq!(locations.len(), 4);
        app.post(
            "/sandbox/location",
            "",
            &json!({ "id": locations[1], "active": false }).to_string(),
        );
        app.post(
            "/sandbox/location",
            "",
            &json!({ "id": locations[2], "installed": false }).to_string(),
        );
        let answers: Vec<(u16, Value)> = locations
            .iter()
            .map(|location| {
                app.post(
                    "/oauth/locationToken",
                    &token,
                    &format!("companyId={id}&locationId={location}"),
                )
            })
            .collect();
        assert_eq!(
            answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
            [201, 400, 403, 201]
        );
        // Each token reaches its own location only.
        let last = text(&answers[3].1, "access_token");
        assert_eq!(app.ask(Method::Get, &format!("/locations/{}", locations[3]), &last, "").0, 200);
        assert_eq!(app.ask(Method::Get, &format!("/locations/{}", locations[0]), &last, "").0, 403);
        assert_eq!(
            app.ask(Method::Get, &format!("/locations/{}", locations[0]), &token, "").0,
            200
        );
    }
}
