//! Plans and groups of plans.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::{Outcome, body, window};
use super::refusals::{by_field, by_field_listed, page_not_found, worded};
use super::store::{Collection, Page, Record, Window, text};
use crate::sandbox::service::{Call, Reply};

const UNITS: &[&str] = &["day", "month", "year"];

impl Account {
    fn plan(&self, uuid: &str) -> Result<&Record, Reply> {
        self.plans.get(uuid).ok_or_else(|| worded(404, "Plan not found"))
    }

    pub(super) fn create_plan(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.insert_plan(&body(call)?)?;
        Ok(Reply::json(201, &json!(self.plan(&uuid)?)))
    }

    /// Makes a plan; gives its uuid.
    pub(super) fn insert_plan(&mut self, body: &Record) -> Result<String, Reply> {
        let given =
            |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let count = body.get("interval_count").and_then(Value::as_u64).filter(|count| *count > 0);
        let source = given("data_source_uuid").unwrap_or_default();
        let mut refused = Vec::new();
        if given("name").is_none() {
            refused.push(("name", "A unique name is required for each plan."));
        }
        if count.is_none() {
            refused.push(("interval_count", "is not a number"));
        }
        if !given("interval_unit").is_some_and(|unit| UNITS.contains(&unit)) {
            refused.push((
                "interval_unit",
                "Only 'day', 'month' or 'year' are valid values for interval_unit.",
            ));
        }
        if !self.is_custom(source) {
            refused
                .push(("data_source_uuid", "A valid data source UUID is required for each plan."));
        }
        let taken =
            given("external_id").is_some_and(|id| self.plan_by_external_id(source, id).is_some());
        if taken {
            refused
                .push(("external_id", "A plan with this identifier already exists in our system."));
        }
        if !refused.is_empty() {
            return Err(by_field(&refused));
        }
        let uuid = self.uuid("pl_");
        // Recorded: without an external id, the uuid without its prefix becomes one.
        let external_id = given("external_id").unwrap_or_else(|| uuid.trim_start_matches("pl_"));
        let record = Record::from_iter([
            ("uuid".to_owned(), json!(uuid)),
            ("external_id".to_owned(), json!(external_id)),
            ("name".to_owned(), json!(given("name"))),
            ("interval_count".to_owned(), json!(count)),
            ("interval_unit".to_owned(), json!(given("interval_unit"))),
            ("data_source_uuid".to_owned(), json!(source)),
        ]);
        let micros = self.tick();
        self.plans.add(micros, record);
        Ok(uuid)
    }

    pub(super) fn plan_by_external_id(&self, source: &str, external_id: &str) -> Option<&Record> {
        self.plans
            .find("external_id", external_id)
            .find(|plan| text(plan, "data_source_uuid") == source)
    }

    pub(super) fn list_plans(&self, call: &Call<'_>) -> Outcome {
        let narrow = Self::narrow(call, &["data_source_uuid", "external_id"]);
        let system = call.query("system");
        let keep = |record: &Record| {
            let source = self.sources.get(text(record, "data_source_uuid"));
            system
                .is_none_or(|system| source.is_some_and(|source| text(source, "system") == system))
        };
        Self::counted(call, "plans", &self.plans, &narrow, system.map(|_| &keep as _), &|record| {
            json!(record)
        })
    }

    /// A page of the billing side's lists, which name their page's number too.
    pub(super) fn counted(
        call: &Call<'_>,
        key: &str,
        list: &Collection,
        narrow: &[(&str, String)],
        keep: Option<&dyn Fn(&Record) -> bool>,
        show: &dyn Fn(&Record) -> Value,
    ) -> Outcome {
        let window = window(call, list)?;
        let page = list.page(narrow, keep, &window);
        Ok(Reply::json(200, &Value::Object(counted_body(key, &page, &window, show))))
    }

    pub(super) fn retrieve_plan(&self, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &json!(self.plan(uuid)?)))
    }

    pub(super) fn update_plan(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.plan(uuid)?.clone();
        let body = body(call)?;
        let mut refused = Vec::new();
        for (name, valid) in [
            (
                "name",
                body.get("name")
                    .is_none_or(|name| name.as_str().is_some_and(|name| !name.is_empty())),
            ),
            (
                "interval_count",
                body.get("interval_count").is_none_or(|count| count.as_u64().is_some()),
            ),
            (
                "interval_unit",
                body.get("interval_unit")
                    .is_none_or(|unit| unit.as_str().is_some_and(|unit| UNITS.contains(&unit))),
            ),
        ] {
            match (valid, body.get(name)) {
                (false, _) => refused.push((name, "is invalid")),
                (true, Some(value)) => {
                    record.insert(name.to_owned(), value.clone());
                }
                (true, None) => {}
            }
        }
        if !refused.is_empty() {
            return Err(by_field(&refused));
        }
        self.plans.change(uuid, |stored| stored.clone_from(&record));
        Ok(Reply::json(202, &json!(record)))
    }

    pub(super) fn delete_plan(&mut self, uuid: &str) -> Outcome {
        self.plan(uuid)?;
        self.plans.remove(uuid);
        Ok(Reply::empty(204))
    }

    fn plan_group(&self, uuid: &str) -> Result<&Record, Reply> {
        self.plan_groups.get(uuid).ok_or_else(page_not_found)
    }

    fn show_plan_group(record: &Record) -> Value {
        let plans = record.get("plans").and_then(Value::as_array).map_or(0, Vec::len);
        json!({"name": text(record, "name"), "uuid": text(record, "uuid"), "plans_count": plans})
    }

    /// What creating and updating a group share.
    fn write_plan_group(&self, body: &Record, record: &mut Record) -> Result<(), Reply> {
        let mut refused = Vec::new();
        if let Some(name) = body.get("name") {
            record.insert("name".into(), name.clone());
        }
        if text(record, "name").is_empty() {
            refused.push(("name", "Name can't be blank"));
        }
        let own = text(record, "uuid");
        if self
            .plan_groups
            .find("name", text(record, "name"))
            .any(|group| text(group, "uuid") != own)
        {
            refused.push(("name", "Name has already been taken"));
        }
        if let Some(plans) = body.get("plans") {
            record.insert("plans".into(), plans.clone());
        }
        let plans = record.get("plans").and_then(Value::as_array);
        let known = plans.is_some_and(|plans| {
            plans
                .iter()
                .all(|plan| plan.as_str().is_some_and(|plan| self.plans.get(plan).is_some()))
        });
        if !known {
            refused.push(("plan_ids", "Plans must be given by the uuids of plans that exist"));
        }
        if refused.is_empty() { Ok(()) } else { Err(by_field_listed(&refused)) }
    }

    pub(super) fn create_plan_group(&mut self, call: &Call<'_>) -> Outcome {
        let mut record = Record::new();
        self.write_plan_group(&body(call)?, &mut record)?;
        let uuid = self.uuid("plg_");
        record.insert("uuid".into(), json!(uuid));
        let shown = Self::show_plan_group(&record);
        let micros = self.tick();
        self.plan_groups.add(micros, record);
        // Recorded: 200, not 201.
        Ok(Reply::json(200, &shown))
    }

    pub(super) fn list_plan_groups(&self, call: &Call<'_>) -> Outcome {
        Self::counted(call, "plan_groups", &self.plan_groups, &[], None, &Self::show_plan_group)
    }

    pub(super) fn retrieve_plan_group(&self, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &Self::show_plan_group(self.plan_group(uuid)?)))
    }

    pub(super) fn update_plan_group(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.plan_group(uuid)?.clone();
        self.write_plan_group(&body(call)?, &mut record)?;
        self.plan_groups.change(uuid, |stored| stored.clone_from(&record));
        Ok(Reply::json(200, &Self::show_plan_group(&record)))
    }

    pub(super) fn delete_plan_group(&mut self, uuid: &str) -> Outcome {
        self.plan_group(uuid)?;
        self.plan_groups.remove(uuid);
        Ok(Reply::empty(204))
    }

    pub(super) fn list_group_plans(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let plans = self
            .plan_group(uuid)?
            .get("plans")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let keep =
            |record: &Record| plans.iter().any(|plan| plan.as_str() == Some(text(record, "uuid")));
        Self::counted(call, "plans", &self.plans, &[], Some(&keep), &|record| json!(record))
    }
}

/// The body of a page of the billing side's lists.
pub(super) fn counted_body(
    key: &str,
    page: &Page<'_>,
    window: &Window,
    show: &dyn Fn(&Record) -> Value,
) -> Record {
    let records: Vec<Value> = page.records.iter().map(|record| show(record)).collect();
    let mut body = Record::new();
    body.insert(key.to_owned(), json!(records));
    body.insert("cursor".into(), json!(page.cursor));
    body.insert("has_more".into(), json!(page.has_more));
    if window.after.is_none() {
        body.insert("current_page".into(), json!(window.skip / window.per_page + 1));
        body.insert(
            "total_pages".into(),
            json!(page.count.map(|count| count.div_ceil(window.per_page))),
        );
    }
    body
}
