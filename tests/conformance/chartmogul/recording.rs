//! Recorded requests and responses.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ghl_chartmogul::host::Response;
use serde_json::{Map, Value, json};

/// One recorded request with its response.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recording {
    pub(super) file: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: String,
    pub(super) status: u16,
    pub(super) response: String,
    /// When it was recorded, from its source.
    pub(super) year: u16,
}

/// The year in a source: `(2023-08-25)`; those of an open pull request are from 2026.
fn year(source: &str) -> u16 {
    if source.contains("PR #") {
        return 2026;
    }
    let mut dated = source.split('(').filter_map(|part| part.get(..4)?.parse().ok());
    dated.find(|year| (2015..2030).contains(year)).unwrap_or(0)
}

impl Recording {
    fn read(file: String, value: &Value) -> Self {
        let text =
            |part: &str, name: &str| value[part][name].as_str().unwrap_or_default().to_owned();
        Self {
            file,
            method: text("request", "method"),
            path: text("request", "path"),
            query: text("request", "query"),
            body: text("request", "body"),
            status: u16::try_from(value["response"]["status"].as_u64().unwrap()).unwrap(),
            response: text("response", "body"),
            year: year(value["source"].as_str().unwrap()),
        }
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.body.starts_with("--")
    }

    /// The fields of a form; the file as the parameter that stands for it.
    pub(super) fn form(&self) -> Map<String, Value> {
        let boundary = self.body.lines().next().unwrap().trim_end();
        let parts = self
            .body
            .split(boundary)
            .filter_map(|part| part.split_once("\r\n\r\n").or(part.split_once("\n\n")));
        parts
            .map(|(head, content)| {
                let named =
                    head.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                let content = content.trim_end();
                let is_file = head.contains("filename=");
                let value = if is_file {
                    json!({"base64": STANDARD.encode(content)})
                } else {
                    json!(content)
                };
                (named.to_owned(), value)
            })
            .collect()
    }

    /// The body as JSON; `null` where there is no body. On a GET, `{}` counts as no body.
    pub(super) fn body_value(&self) -> Value {
        if self.body.is_empty() || self.method == "GET" {
            return Value::Null;
        }
        serde_json::from_str(&self.body).unwrap()
    }

    /// The response as a host gives it.
    pub(super) fn as_response(&self) -> Response {
        Response {
            status: self.status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: self.response.clone().into_bytes(),
        }
    }

    /// The query's pairs, decoded.
    pub(super) fn query_pairs(&self) -> Vec<(String, String)> {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
        };
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (decode(name), decode(value))
            })
            .collect()
    }
}

/// The recordings that travel with the project.
pub(super) fn extract() -> Vec<Recording> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chartmogul/recordings.json");
    let values: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    values
        .iter()
        .map(|value| Recording::read(value["file"].as_str().unwrap().to_owned(), value))
        .collect()
}

fn reference_folder() -> Option<PathBuf> {
    std::env::var_os("REFERENCE_DIR").map(PathBuf::from)
}

/// All recordings of the reference folder; `None` where there is none.
pub(super) fn reference() -> Option<Vec<Recording>> {
    let root = reference_folder()?.join("fixtures/chartmogul");
    let mut recordings = Vec::new();
    for folder in
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let name = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            recordings.push(Recording::read(name, &value));
        }
    }
    recordings.sort_by(|one, other| one.file.cmp(&other.file));
    Some(recordings)
}

/// The list of known endpoints; `None` without the reference folder.
pub(super) fn known_endpoints() -> Option<Vec<Value>> {
    let path = reference_folder()?.join("chartmogul-endpoints.json");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(value["endpoints"].take()).unwrap()
}
