//! What the seeded customers were billed: plans, invoices and subscriptions that add up to their
//! revenue. Made when it is first asked for, so that a large account costs nothing before.

use serde_json::{Value, json};

use super::account::{Account, customer_sources};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::random::Random;

const DAY_MS: u64 = 86_400_000;
/// Plans of a billing source: name, and the least monthly cents that it is for.
const PLANS: &[(&str, u64)] = &[("Starter", 0), ("Team", 5_000), ("Business", 12_000)];

impl Account {
    /// Bills every seeded customer that has not been billed yet.
    pub(super) fn bill_seeded_customers(&mut self) {
        let before = self.changes();
        for uuid in std::mem::take(&mut self.unbilled) {
            if let Some(customer) = self.customers.get(&uuid).cloned() {
                self.bill(&customer);
            }
        }
        // Nobody wrote these now.
        self.unwritten += self.changes() - before;
    }

    fn bill(&mut self, customer: &Record) {
        let uuid = text(customer, "uuid");
        let Some((source, external_id)) = customer_sources(customer).into_iter().next() else {
            return;
        };
        let Some(since) = dates::instant_of(text(customer, "since")) else { return };
        let mut random = Random::new(self.options.seed, uuid);
        let cancelled = text(customer, "paid_status") == "Cancelled";
        let mrr = customer.get("mrr").and_then(Value::as_u64).unwrap_or(0);
        let mrr = if cancelled { 900 + random.below(200) * 100 } else { mrr };
        let past_ms = self.options.now_ms.saturating_sub(u64::try_from(since).unwrap_or(0));
        let later = |part: u64| since + i64::try_from(past_ms / 10 * part).unwrap_or(0);
        // Every third one began with less.
        let first = if random.below(3) == 0 { mrr / 2 } else { mrr };
        let subscription = format!("sub_{}", random.id(14));
        let mut bills = vec![(since, first)];
        if first != mrr {
            bills.push((later(4), mrr));
        }
        for (number, (at, cents)) in bills.into_iter().enumerate() {
            let plan = self.seeded_plan(&source, cents);
            let item = json!({
                "type": "subscription", "subscription_external_id": subscription, "plan_uuid": plan,
                "external_id": format!("il_{external_id}_{number}"), "amount_in_cents": cents,
                "service_period_start": dates::iso(at),
                "service_period_end": dates::iso(at + 30 * DAY_MS as i64),
            });
            let payment = json!({
                "type": "payment", "result": "successful", "date": dates::iso(at),
                "amount_in_cents": cents, "external_id": format!("ch_{external_id}_{number}"),
            });
            let invoice = json!({
                "external_id": format!("in_{external_id}_{number}"), "date": dates::iso(at),
                "due_date": dates::iso(at), "currency": "USD", "data_source_uuid": source,
                "line_items": [item], "transactions": [payment],
            });
            if let Value::Object(invoice) = invoice {
                // It is valid by construction: nothing of it can be refused.
                let _ = self.insert_invoice(customer, &invoice);
            }
        }
        if cancelled {
            let found = self.subscriptions.find("external_id", &subscription).next();
            let found = found.map(|found| text(found, "uuid").to_owned()).unwrap_or_default();
            let end = json!([dates::iso(later(7))]);
            self.subscriptions.change(&found, |record| {
                record.insert("cancellation_dates".into(), end);
            });
        }
        self.refresh_revenue(uuid);
        if text(customer, "paid_status") == "Past Due" {
            self.customers.change(uuid, |record| {
                record.insert("paid_status".into(), json!("Past Due"));
            });
        }
    }

    /// The uuid of the monthly plan of a billing source for so many cents.
    fn seeded_plan(&mut self, source: &str, cents: u64) -> String {
        let fits = PLANS.iter().rfind(|(_, least)| *least <= cents);
        let name = fits.map(|(name, _)| *name).unwrap_or_default();
        let external_id = format!("plan_{}", name.to_lowercase());
        if let Some(known) = self.plan_by_external_id(source, &external_id) {
            return text(known, "uuid").to_owned();
        }
        let uuid = self.uuid("pl_");
        let record = json!({
            "uuid": uuid, "external_id": external_id, "name": name, "interval_count": 1,
            "interval_unit": "month", "data_source_uuid": source,
        });
        let micros = self.tick();
        if let Value::Object(record) = record {
            self.plans.add(micros, record);
        }
        uuid
    }
}
