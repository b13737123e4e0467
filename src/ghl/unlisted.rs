//! `request`: any endpoint that has no row, by method and path.

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::http::{Client, Parameters, Unlisted};
use crate::record::Json;

use super::endpoints::request;

/// Calls it, and gives the whole answer.
pub async fn call<H: Host>(
    client: &Client,
    host: &H,
    endpoint: &'static Endpoint,
    parameters: Parameters,
) -> Result<Json> {
    client.check(endpoint, &parameters)?;
    let refused = |message: &str| {
        Error::new(Code::InvalidArgument, format!("{}: {message}", endpoint.name))
            .of(endpoint.service)
            .at(endpoint.name)
    };
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let path = text("path").filter(|path| is_path(path)).ok_or_else(|| {
        refused("path must begin with `/` and contain no `?`, `#`, `..` or unencoded character")
            .hint("Pass query parameters as `query`, and encode values in the path.")
    })?;
    let row = text("method").and_then(request::of_method);
    let row = row.ok_or_else(|| refused("method is unknown"))?;
    let query = parameters.get("query").and_then(Value::as_object).into_iter().flatten();
    let query: Vec<(&str, Value)> =
        query.map(|(name, value)| (name.as_str(), value.clone())).collect();
    let plain = |value: &Value| !value.is_object() && !value.is_array();
    for (name, value) in &query {
        if !plain(value) && !value.as_array().is_some_and(|items| items.iter().all(plain)) {
            return Err(refused(&format!(
                "query.{name} is neither plain nor a list of plain values"
            )));
        }
    }
    let body = parameters.get("body").filter(|body| !body.is_null());
    client.unlisted(host, row, &Unlisted { path, query, body, version: text("version") }).await
}

/// Whether it is a path alone, which cannot leave the service.
fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>`{}|^".contains(&byte))
        && !path.split('/').any(|part| matches!(part, "." | ".."))
        && !path.to_ascii_lowercase().contains("%2e%2e")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Service;
    use crate::ghl;
    use crate::host::Method;
    use crate::http::GhlVersion;
    use crate::http::scripted::{Scripted, client, reply};

    fn ask(version: GhlVersion, parameters: &Value, status: u16) -> (Result<Value>, Vec<String>) {
        let client = client(Service::Ghl, version);
        let host = Scripted::new(|_, _| reply(status, &[], &json!({ "forms": [1] })));
        let endpoint = ghl::find("request").unwrap();
        let parameters = parameters.as_object().unwrap().clone();
        let value = host.run(call(&client, &host, endpoint, parameters));
        let sent = host.sent.borrow();
        let sent = sent.iter().map(|(_, request)| {
            let version = request.headers.iter().find(|(name, _)| name == "version").unwrap();
            let url = request.url.split(".com").nth(1).unwrap();
            let body = String::from_utf8(request.body.clone()).unwrap();
            format!("{} {url} {} {body}", request.method.name(), version.1)
        });
        (value.map(|raw| serde_json::from_str(raw.get()).unwrap()), sent.collect())
    }

    #[test]
    fn a_request_is_sent_as_it_is_asked_for() {
        let forms = json!({
            "method": "GET", "path": "/forms/submissions",
            "query": { "locationId": "L", "page": 2, "ids": ["a b", "c"] },
        });
        let (value, sent) = ask(GhlVersion::Dated, &forms, 200);
        assert_eq!(value.unwrap(), json!({ "forms": [1] }));
        let url = "/forms/submissions?ids=a%20b&ids=c&locationId=L&page=2";
        assert_eq!(sent, [format!("GET {url} 2021-07-28 ")]);
        assert_eq!(ask(GhlVersion::V3, &forms, 200).1, [format!("GET {url} v3 ")]);
        let link = json!({ "method": "POST", "path": "/links/", "body": { "name": "x" }, "version": "2021-04-15" });
        assert_eq!(ask(GhlVersion::V3, &link, 200).1, [r#"POST /links/ 2021-04-15 {"name":"x"}"#]);
    }

    #[test]
    fn a_lost_post_is_not_sent_again() {
        let link = json!({ "method": "POST", "path": "/links/", "body": {} });
        let (value, sent) = ask(GhlVersion::Dated, &link, 502);
        assert_eq!(value.unwrap_err().code, Code::OutcomeUnknown);
        assert_eq!(sent.len(), 1);
        let (value, sent) =
            ask(GhlVersion::Dated, &json!({ "method": "GET", "path": "/links/" }), 502);
        assert_eq!(value.unwrap_err().code, Code::ServiceUnavailable);
        assert!(sent.len() > 1);
    }

    #[test]
    fn what_is_not_a_path_of_the_service_is_refused_before_any_call() {
        for path in [
            "links",
            "https://evil.example/",
            "/a/../b",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/%2E%2e/x",
            "/\\x",
            "/é",
        ] {
            let parameters = json!({ "method": "GET", "path": path });
            let (value, sent) = ask(GhlVersion::Dated, &parameters, 200);
            assert_eq!(value.unwrap_err().code, Code::InvalidArgument, "{path}");
            assert!(sent.is_empty());
        }
        for parameters in [
            json!({ "method": "HEAD", "path": "/a" }),
            json!({ "path": "/a" }),
            json!({ "method": "GET", "path": "/a", "query": { "a": { "b": 1 } } }),
            json!({ "method": "GET", "path": "/a", "headers": {} }),
        ] {
            assert_eq!(
                ask(GhlVersion::Dated, &parameters, 200).0.unwrap_err().code,
                Code::InvalidArgument
            );
        }
        assert!(Method::Get.name() == "GET" && request::of_method("HEAD").is_none());
    }
}
