//! Waits for an export of activities: ChartMogul makes it in the background and tells only when asked.

use super::{Client, find};
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::http::Parameters;
use crate::record::{self, Json, Scalar};

/// Milliseconds before the second question; each later pause is twice as long, up to the longest.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 15_000;
/// Milliseconds after which waiting ends; the export continues, and can be requested again.
const GIVE_UP_MS: u64 = 600_000;

/// Asks until the export is done; gives it, with its `file_url`.
pub async fn finish<H: Host>(
    client: &Client,
    host: &H,
    endpoint: &'static Endpoint,
    parameters: Parameters,
) -> Result<Json> {
    let fault = |code: Code, message: &str| {
        Error::new(code, format!("{}: {message}", endpoint.name))
            .of(endpoint.service)
            .at(endpoint.name)
    };
    let Some(retrieve) = find("activitiesExports.retrieve") else {
        return Err(fault(
            Code::UnknownEndpoint,
            "the endpoint activitiesExports.retrieve is not in the table",
        ));
    };
    let begun = host.monotonic();
    let mut pause = FIRST_PAUSE_MS;
    loop {
        let export = client.value(host, retrieve, parameters.clone()).await?;
        let status = record::property(export.whole(), &["status"]);
        let status = status.map_or(Scalar::Null, record::scalar);
        match status {
            Scalar::Text(status) if status == "succeeded" => return Ok(export),
            Scalar::Text(status) if status == "failed" => {
                return Err(fault(Code::Rejected, "ChartMogul could not make the export"));
            }
            Scalar::Text(_) | Scalar::Null => {}
            _ => return Err(fault(Code::UnreadableResponse, "the answer has no status")),
        }
        if host.monotonic().saturating_sub(begun) >= GIVE_UP_MS {
            let hint = "The export continues; request it again.";
            return Err(fault(Code::Timeout, "the export is not done after ten minutes").hint(hint));
        }
        let ended = |_| fault(Code::Aborted, "ended by the caller's signal");
        host.sleep(pause).await.map_err(ended)?;
        pause = (pause * 2).min(LONGEST_PAUSE_MS);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Service;
    use crate::http::GhlVersion;
    use crate::http::scripted::{Scripted, client, reply};

    fn run(host: &Scripted<'_>) -> Result<Value> {
        let client = Client::over(client(Service::Chartmogul, GhlVersion::Dated));
        let endpoint = find("activitiesExports.finish").unwrap();
        let parameters = Parameters::from_iter([("export_id".to_owned(), json!("e1"))]);
        let export = host.run(finish(&client, host, endpoint, parameters))?;
        Ok(serde_json::from_str(export.get()).unwrap())
    }

    fn status(status: &str) -> crate::http::scripted::Reply {
        reply(
            200,
            &[],
            &json!({"id": "e1", "status": status, "file_url": "https://files.example/e1"}),
        )
    }

    #[test]
    fn it_asks_until_the_export_is_done() {
        let host =
            Scripted::in_turn(vec![status("pending"), status("processing"), status("succeeded")]);
        assert_eq!(run(&host).unwrap()["file_url"], "https://files.example/e1");
        assert!((3_000..3_500).contains(&host.elapsed()), "{}", host.elapsed());
    }

    #[test]
    fn a_failed_export_is_an_error() {
        let host = Scripted::in_turn(vec![status("failed")]);
        assert_eq!(run(&host).unwrap_err().code, Code::Rejected);
    }

    #[test]
    fn it_gives_up_after_ten_minutes_and_ends_with_the_signal() {
        let host = Scripted::new(|_, _| status("pending"));
        assert_eq!(run(&host).unwrap_err().code, Code::Timeout);
        assert!(host.elapsed() < GIVE_UP_MS + 2 * LONGEST_PAUSE_MS);
        let host = Scripted::new(|_, _| status("pending"));
        host.abort_after(5_000);
        assert_eq!(run(&host).unwrap_err().code, Code::Aborted);
    }
}
