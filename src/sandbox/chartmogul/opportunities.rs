//! Sales opportunities of customers.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::{Outcome, body, copy_texts, custom_pairs, instant, required};
use super::refusals::{absent, invalid};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

/// The pipelines of the account with their stages and the stages' likelihood of winning. The real
/// ones are set up by hand, and no endpoint lists them.
const PIPELINES: &[(&str, &[(&str, u64)])] = &[
    (
        "New Business",
        &[
            ("Discovery", 10),
            ("Evaluation", 40),
            ("Proposal", 60),
            ("Negotiation", 80),
            ("Closed", 100),
        ],
    ),
    ("Expansion", &[("Discovery", 20), ("Evaluation", 50), ("Closed", 100)]),
];
const REQUIRED: &[&str] = &[
    "customer_uuid",
    "owner",
    "pipeline",
    "pipeline_stage",
    "estimated_close_date",
    "amount_in_cents",
    "currency",
];
const UPDATABLE: &[&str] = &[
    "owner",
    "pipeline",
    "pipeline_stage",
    "estimated_close_date",
    "amount_in_cents",
    "currency",
    "type",
    "forecast_category",
    "win_likelihood",
    "custom",
];

impl Account {
    fn opportunity(&self, uuid: &str) -> Result<&Record, Reply> {
        self.opportunities.get(uuid).ok_or_else(|| absent("Opportunity", uuid, "opportunity_uuid"))
    }

    pub(super) fn show_opportunity(&self, record: &Record) -> Value {
        let mut shown = record.clone();
        shown.entry("type").or_insert_with(|| json!("recurring"));
        shown.entry("forecast_category").or_insert_with(|| json!("pipeline"));
        shown.entry("custom").or_insert_with(|| json!({}));
        let default = stage_likelihood(text(record, "pipeline"), text(record, "pipeline_stage"));
        shown.entry("win_likelihood").or_insert_with(|| json!(default));
        Value::Object(shown)
    }

    pub(super) fn create_opportunity(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        Self::all_given(&body, REQUIRED)?;
        let customer = required(&body, "customer_uuid")?;
        self.named_customer(customer)?;
        let mut record = Record::new();
        record.insert("customer_uuid".into(), json!(customer));
        record.insert("created_at".into(), self.now());
        record.insert("updated_at".into(), self.now());
        self.write_opportunity(&body, &mut record)?;
        let uuid = self.uuid("");
        record.insert("uuid".into(), json!(uuid));
        let shown = self.show_opportunity(&record);
        let micros = self.tick();
        self.opportunities.put(&uuid, Some(micros), record);
        Ok(Reply::json(201, &shown))
    }

    fn write_opportunity(&self, body: &Record, record: &mut Record) -> Result<(), Reply> {
        copy_texts(body, record, &["pipeline", "pipeline_stage", "currency"])?;
        if body.contains_key("owner") {
            record.insert("owner".into(), json!(self.user("owner", required(body, "owner")?)?));
        }
        if body.contains_key("pipeline") || body.contains_key("pipeline_stage") {
            let (pipeline, stage) = (text(record, "pipeline"), text(record, "pipeline_stage"));
            if !PIPELINES.iter().any(|(name, _)| *name == pipeline) {
                return Err(invalid("pipeline", "The pipeline does not exist."));
            }
            if stage_likelihood(pipeline, stage).is_none() {
                return Err(invalid("pipeline_stage", "The pipeline stage does not exist."));
            }
        }
        if let Some(value) = body.get("estimated_close_date") {
            let at = instant(value)
                .ok_or_else(|| invalid("estimated_close_date", "The date is not valid."))?;
            record.insert("estimated_close_date".into(), json!(dates::local_day(at, 0)));
        }
        for (name, most) in [("amount_in_cents", i64::MAX), ("win_likelihood", 100)] {
            match body.get(name) {
                None => {}
                Some(value)
                    if value.as_i64().is_some_and(|number| (0..=most).contains(&number)) =>
                {
                    record.insert(name.to_owned(), value.clone());
                }
                Some(_) => return Err(invalid(name, &format!("Parameter \"{name}\" is invalid"))),
            }
        }
        for (name, allowed) in [
            ("type", &["recurring", "one-time", "arr"][..]),
            ("forecast_category", &["pipeline", "best_case", "committed", "lost", "won"][..]),
        ] {
            match body.get(name) {
                None => {}
                Some(Value::String(text)) if allowed.contains(&text.as_str()) => {
                    record.insert(name.to_owned(), json!(text));
                }
                Some(_) => return Err(invalid(name, &format!("Parameter \"{name}\" is invalid"))),
            }
        }
        let mut custom =
            record.get("custom").and_then(Value::as_object).cloned().unwrap_or_default();
        custom.extend(custom_pairs(body)?);
        record.insert("custom".into(), Value::Object(custom));
        Ok(())
    }

    pub(super) fn list_opportunities(&self, call: &Call<'_>) -> Outcome {
        let narrow = Self::narrow(call, &["customer_uuid"]);
        let keep = |record: &Record| {
            let closes = text(record, "estimated_close_date");
            ["owner", "pipeline", "pipeline_stage"].iter().all(|name| {
                call.query(name)
                    .is_none_or(|wanted| text(record, name).eq_ignore_ascii_case(wanted))
            }) && call.query("estimated_close_date_on_or_after").is_none_or(|day| closes >= day)
                && call.query("estimated_close_date_on_or_before").is_none_or(|day| closes <= day)
        };
        Self::entries(call, &self.opportunities, &narrow, Some(&keep), &|record| {
            self.show_opportunity(record)
        })
    }

    pub(super) fn retrieve_opportunity(&self, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &self.show_opportunity(self.opportunity(uuid)?)))
    }

    pub(super) fn update_opportunity(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.opportunity(uuid)?.clone();
        let body = body(call)?;
        let any = UPDATABLE.iter().any(|name| body.contains_key(*name));
        if any {
            self.write_opportunity(&body, &mut record)?;
            record.insert("updated_at".into(), self.now());
            self.opportunities.change(uuid, |stored| stored.clone_from(&record));
        }
        let shown = self.show_opportunity(&record);
        self.changed(any, &shown)
    }

    pub(super) fn delete_opportunity(&mut self, uuid: &str) -> Outcome {
        self.opportunity(uuid)?;
        self.opportunities.remove(uuid);
        self.deleted("Opportunity")
    }
}

/// The likelihood of winning that a stage gives; `None` if the stage does not exist.
fn stage_likelihood(pipeline: &str, stage: &str) -> Option<u64> {
    let (_, stages) = PIPELINES.iter().find(|(name, _)| *name == pipeline)?;
    stages.iter().find(|(name, _)| *name == stage).map(|(_, likelihood)| *likelihood)
}
