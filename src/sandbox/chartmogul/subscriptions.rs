//! Subscriptions, which line items begin, and the revenue that follows from them.

use serde_json::{Value, json};

use super::account::Account;
use super::billing::{Part, Problems};
use super::metrics_form::{currency_sign, numbered, with_offset};
use super::parts::parts;
use super::plans::counted_body;
use super::reading::{Outcome, body, instant, window};
use super::refusals::{missing, worded};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

/// A change of one subscription's monthly revenue. Subscriptions that are connected are one.
#[derive(Clone)]
struct Step {
    at: i64,
    /// Of several at one instant, which counts last.
    place: u64,
    subscription: String,
    external_id: String,
    set_external_id: String,
    plan: String,
    plan_external_id: String,
    currency: String,
    /// Monthly recurring revenue from then on, in cents.
    mrr: i64,
}

impl Account {
    /// Joins a line item to its subscription, which it creates if it does not exist.
    pub(super) fn subscribe(
        &mut self,
        invoice: &Record,
        body: &Record,
        item: &mut Record,
    ) -> Result<(), Problems> {
        let external_id =
            body.get("subscription_external_id").and_then(Value::as_str).unwrap_or_default();
        if external_id.is_empty() {
            let field = "line_items.subscription_external_id".to_owned();
            return Err(vec![(field, "can't be blank".to_owned())]);
        }
        let source = text(invoice, "data_source_uuid");
        let known = self.subscription_by_external_id(source, external_id);
        let uuid = match known.map(|subscription| text(subscription, "uuid").to_owned()) {
            Some(uuid) => uuid,
            None => {
                let uuid = self.uuid("sub_");
                let mut record = Record::new();
                record.insert("uuid".into(), json!(uuid));
                record.insert("external_id".into(), json!(external_id));
                record.insert("customer_uuid".into(), json!(text(invoice, "customer_uuid")));
                record.insert("data_source_uuid".into(), json!(source));
                record.insert("cancellation_dates".into(), json!([]));
                record.insert("number".into(), json!(self.number()));
                record.insert("metrics_uuid".into(), json!(self.uuid("")));
                let micros = self.tick();
                self.subscriptions.add(micros, record);
                uuid
            }
        };
        let plan = text(item, "plan_uuid").to_owned();
        let set = body.get("subscription_set_external_id").and_then(Value::as_str);
        let cancelled = body.get("cancelled_at").and_then(instant).map(dates::iso);
        self.subscriptions.change(&uuid, |record| {
            record.insert("plan_uuid".into(), json!(plan));
            if let Some(set) = set {
                record.insert("subscription_set_external_id".into(), json!(set));
            }
            if let (Some(at), Some(Value::Array(all))) =
                (&cancelled, record.get_mut("cancellation_dates"))
            {
                all.push(json!(at));
            }
        });
        item.insert("subscription_uuid".into(), json!(uuid));
        item.insert("subscription_external_id".into(), json!(external_id));
        if let Some(set) = set {
            item.insert("subscription_set_external_id".into(), json!(set));
        }
        if let Some(at) = cancelled {
            item.insert("cancelled_at".into(), json!(at));
        }
        Ok(())
    }

    fn subscription_by_external_id(&self, source: &str, external_id: &str) -> Option<&Record> {
        self.subscriptions
            .find("external_id", external_id)
            .find(|known| text(known, "data_source_uuid") == source)
    }

    fn show_imported(record: &Record) -> Value {
        let mut shown = record.clone();
        shown.retain(|name, _| {
            !["customer_uuid", "number", "metrics_uuid", "connected_to", "connected_place"]
                .contains(&name.as_str())
        });
        Value::Object(shown)
    }

    pub(super) fn list_imported_subscriptions(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        if self.customers.get(uuid).is_none() {
            return Err(worded(404, "Customer not found"));
        }
        let window = window(call, &self.subscriptions)?;
        let page = self.subscriptions.page(&[("customer_uuid", uuid.to_owned())], None, &window);
        let mut body = counted_body("subscriptions", &page, &window, &Self::show_imported);
        body.insert("customer_uuid".into(), json!(uuid));
        Ok(Reply::json(200, &Value::Object(body)))
    }

    pub(super) fn cancel_subscription(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self
            .subscriptions
            .get(uuid)
            .cloned()
            .ok_or_else(|| worded(404, "Subscription not found"))?;
        let body = body(call)?;
        let read = |value: &Value| {
            instant(value)
                .map(dates::iso)
                .ok_or_else(|| super::refusals::detailed("cancelled_at", "is invalid"))
        };
        let dates: Vec<String> = match (body.get("cancelled_at"), body.get("cancellation_dates")) {
            (_, Some(Value::Array(all))) => all.iter().map(read).collect::<Result<_, _>>()?,
            (Some(Value::Null), _) => Vec::new(),
            (Some(at), _) => vec![read(at)?],
            (None, _) => return Err(missing("cancelled_at")),
        };
        record.insert("cancellation_dates".into(), json!(dates));
        self.subscriptions.change(uuid, |stored| stored.clone_from(&record));
        let customer = text(&record, "customer_uuid").to_owned();
        self.refresh_revenue(&customer);
        record.retain(|name, _| {
            !["number", "metrics_uuid", "connected_to", "connected_place"].contains(&name.as_str())
        });
        Ok(Reply::json(202, &Value::Object(record)))
    }

    /// Every subscription that a body names must be one of the customer's.
    fn named_subscriptions(&self, call: &Call<'_>, uuid: &str) -> Result<Vec<String>, Reply> {
        let customer = text(self.customer(uuid)?, "uuid").to_owned();
        let body = body(call)?;
        let Some(Value::Array(named)) = body.get("subscriptions") else {
            return Err(missing("subscriptions"));
        };
        named
            .iter()
            .map(|named| {
                let part = |name: &str| named.get(name).and_then(Value::as_str);
                let own = self.subscriptions.find("customer_uuid", &customer);
                let mut fits = own.filter(|known| {
                    let by_uuid = part("uuid").is_some_and(|uuid| {
                        uuid == text(known, "uuid") || uuid == text(known, "metrics_uuid")
                    });
                    let by_external_id = part("external_id")
                        .is_some_and(|id| id == text(known, "external_id"))
                        && part("data_source_uuid")
                            .is_none_or(|source| source == text(known, "data_source_uuid"));
                    by_uuid || by_external_id
                });
                let found = fits.next().map(|known| text(known, "uuid").to_owned());
                found.ok_or_else(|| worded(404, "Subscription not found"))
            })
            .collect()
    }

    pub(super) fn connect_subscriptions(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let uuids = self.named_subscriptions(call, uuid)?;
        // Recorded: the one that is named last stands for all of them afterwards.
        let last = uuids.last().cloned().unwrap_or_default();
        for (place, uuid) in uuids.iter().enumerate() {
            self.subscriptions.change(uuid, |record| {
                record.insert("connected_to".into(), json!(last));
                record.insert("connected_place".into(), json!(place));
            });
        }
        self.refresh_subscriber(&last);
        Ok(Reply::json(202, &json!({})))
    }

    pub(super) fn disconnect_subscriptions(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let named = self.named_subscriptions(call, uuid)?;
        let customer = text(self.customer(uuid)?, "uuid").to_owned();
        for uuid in self.subscriptions.ids("customer_uuid", &customer) {
            self.subscriptions.change(&uuid, |record| {
                // Without the one that stood for them, the others are no longer one either.
                let left = named.iter().any(|name| name == text(record, "connected_to"));
                if left || named.contains(&uuid) {
                    record.remove("connected_to");
                    record.remove("connected_place");
                }
            });
        }
        self.refresh_revenue(&customer);
        Ok(Reply::json(202, &json!({})))
    }

    fn refresh_subscriber(&mut self, subscription: &str) {
        let known = self.subscriptions.get(subscription);
        if let Some(customer) = known.map(|known| text(known, "customer_uuid").to_owned()) {
            self.refresh_revenue(&customer);
        }
    }

    /// Cents a month of a line item: its amount without tax, spread over its plan's period.
    fn monthly(&self, item: &Record) -> i64 {
        if text(item, "type") == "trial" {
            return 0;
        }
        let Some(plan) = self.plans.get(text(item, "plan_uuid")) else { return 0 };
        let count = plan.get("interval_count").and_then(Value::as_f64).unwrap_or(1.0);
        let months = match text(plan, "interval_unit") {
            "day" => count / 30.4375,
            "year" => count * 12.0,
            _ => count,
        };
        let cents = |name: &str| item.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        ((cents("amount_in_cents") - cents("tax_amount_in_cents")) / months).round() as i64
    }

    /// The changes of a customer's revenue, in order of time.
    fn steps(&self, customer: &str) -> Vec<Step> {
        let is_on = |record: &&Record| record.get("disabled") != Some(&json!(true));
        let mut steps = Vec::new();
        for invoice in self.invoices.find("customer_uuid", customer).filter(is_on) {
            for item in parts(invoice, Part::LineItem).filter(is_on) {
                let Some(at) = dates::instant_of(text(item, "service_period_start")) else {
                    continue;
                };
                let plan = self.plans.get(text(item, "plan_uuid"));
                let of_plan =
                    |name: &str| plan.map(|plan| text(plan, name).to_owned()).unwrap_or_default();
                let uuid = text(item, "subscription_uuid");
                let subscription = self.subscriptions.get(uuid);
                let place = subscription.and_then(|of| of.get("connected_place")?.as_u64());
                let external_id = text(item, "subscription_external_id").to_owned();
                let set = item.get("subscription_set_external_id").and_then(Value::as_str);
                steps.push(Step {
                    at,
                    place: place.unwrap_or(0),
                    subscription: subscription.map_or(uuid, standing).to_owned(),
                    set_external_id: set.unwrap_or(&external_id).to_owned(),
                    external_id,
                    plan: of_plan("name"),
                    plan_external_id: of_plan("external_id"),
                    currency: text(invoice, "currency").to_owned(),
                    mrr: self.monthly(item),
                });
            }
        }
        for subscription in self.subscriptions.find("customer_uuid", customer) {
            // The end of a connected one is where the next continues, not an end.
            if standing(subscription) != text(subscription, "uuid") {
                continue;
            }
            let external_id = text(subscription, "external_id");
            let Some(begun) = steps.iter().find(|step| step.external_id == external_id).cloned()
            else {
                continue;
            };
            let ends = subscription.get("cancellation_dates").and_then(Value::as_array);
            for at in ends.into_iter().flatten().filter_map(instant) {
                steps.push(Step { at, mrr: 0, place: u64::MAX, ..begun.clone() });
            }
        }
        steps.sort_by(|one, other| {
            let key = |step: &Step| (step.at, step.place);
            key(one).cmp(&key(other)).then_with(|| one.external_id.cmp(&other.external_id))
        });
        steps
    }

    /// Works out a customer's revenue, status and activities anew from its invoices.
    pub(super) fn refresh_revenue(&mut self, customer: &str) {
        let steps = self.steps(customer);
        let before: Vec<String> = self.activities.ids("customer_uuid", customer);
        if steps.is_empty() && before.is_empty() {
            return;
        }
        for activity in before {
            self.activities.remove(&activity);
        }
        let mut running: std::collections::BTreeMap<String, i64> =
            std::collections::BTreeMap::new();
        let mut total = 0;
        let mut since = None;
        for step in &steps {
            let previous = running.insert(step.subscription.clone(), step.mrr).unwrap_or(0);
            let movement = step.mrr - previous;
            if movement == 0 {
                continue;
            }
            let of = match (total, total + movement) {
                (0, _) if since.is_none() => "new_biz",
                (0, _) => "reactivation",
                (_, 0) => "churn",
                _ if movement > 0 => "expansion",
                _ => "contraction",
            };
            total += movement;
            since = since.or(Some(step.at));
            self.record_activity(customer, step_activity(step, of, movement, total), step.at);
        }
        let Some(mut record) = self.customers.get(customer).cloned() else { return };
        record.insert("mrr".into(), json!(total));
        match since {
            Some(at) => {
                record.insert("since".into(), json!(dates::iso(at)));
                record.insert(
                    "paid_status".into(),
                    json!(if total > 0 { "Active" } else { "Cancelled" }),
                );
            }
            None => {
                record.remove("since");
                record.remove("paid_status");
            }
        }
        self.place_customer(record);
    }

    pub(super) fn list_customer_subscriptions(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let customer = text(self.customer(uuid)?, "uuid").to_owned();
        let steps = self.steps(&customer);
        let mut entries = Vec::new();
        let alone = |record: &&Record| standing(record) == text(record, "uuid");
        for subscription in self.subscriptions.find("customer_uuid", &customer).filter(alone) {
            let items = self.invoices.find("customer_uuid", &customer).flat_map(|invoice| {
                let items = parts(invoice, Part::LineItem);
                items.filter(|item| text(item, "subscription_uuid") == text(subscription, "uuid"))
            });
            let items: Vec<&Record> = items.collect();
            let Some(last) = items.iter().max_by_key(|item| text(item, "service_period_start"))
            else {
                continue;
            };
            let first = items
                .iter()
                .map(|item| text(item, "service_period_start"))
                .min()
                .unwrap_or_default();
            let now = steps.iter().rfind(|step| step.subscription == text(subscription, "uuid"));
            let plan = self.plans.get(text(last, "plan_uuid"));
            let mrr = self.monthly(last);
            let ended = subscription
                .get("cancellation_dates")
                .and_then(Value::as_array)
                .and_then(|all| all.last()?.as_str());
            let currency = now.map(|step| step.currency.clone()).unwrap_or_default();
            entries.push(json!({
                "id": subscription.get("number"),
                "external_id": text(subscription, "external_id"),
                "subscription_set_external_id": subscription
                    .get("subscription_set_external_id")
                    .unwrap_or(&json!(text(subscription, "external_id"))),
                "quantity": last.get("quantity"),
                "uuid": text(subscription, "metrics_uuid"),
                "mrr": mrr,
                "arr": mrr * 12,
                "status": if ended.is_some() { "inactive" } else { "active" },
                "plan": plan.map(|plan| text(plan, "name")),
                "billing-cycle": plan.map(|plan| text(plan, "interval_unit")),
                "billing-cycle-count": plan.and_then(|plan| plan.get("interval_count")),
                "start-date": with_offset(first),
                "end-date": with_offset(ended.unwrap_or_else(|| text(last, "service_period_end"))),
                "currency": currency,
                "currency-sign": currency_sign(&currency),
            }));
        }
        numbered(call, &entries, "subscriptions_next_page")
    }
}

/// The subscription that stands for this one: itself, unless it is connected to another.
fn standing(subscription: &Record) -> &str {
    match text(subscription, "connected_to") {
        "" => text(subscription, "uuid"),
        other => other,
    }
}

fn step_activity(step: &Step, of: &str, movement: i64, total: i64) -> Record {
    let verb = match of {
        "churn" => "cancelled their",
        "contraction" => "downgraded to the",
        "expansion" => "upgraded to the",
        _ => "purchased the",
    };
    Record::from_iter([
        ("description".to_owned(), json!(format!("{verb} {} plan", step.plan))),
        ("activity-mrr-movement".to_owned(), json!(movement)),
        ("activity-mrr".to_owned(), json!(total)),
        ("activity-arr".to_owned(), json!(total * 12)),
        ("date".to_owned(), json!(with_offset(&dates::iso(step.at)))),
        ("type".to_owned(), json!(of)),
        ("currency".to_owned(), json!(step.currency)),
        ("subscription-external-id".to_owned(), json!(step.external_id)),
        ("subscription-set-external-id".to_owned(), json!(step.set_external_id)),
        ("plan-external-id".to_owned(), json!(step.plan_external_id)),
    ])
}
