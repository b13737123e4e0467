//! Which path leads where on the billing side.

use super::account::Account;
use super::billing::Part;
use super::reading::Outcome;
use super::refusals::page_not_found;
use crate::host::Method::{Delete, Get, Patch, Post, Put};
use crate::sandbox::service::Call;

impl Account {
    /// Imports, plans, invoices, subscriptions, activities and metrics.
    #[allow(clippy::too_many_lines, reason = "a table: one line for each route")]
    pub(super) fn route_billing(
        &mut self,
        call: &Call<'_>,
        segments: &[&str],
    ) -> (&'static str, Outcome) {
        match (call.method, segments) {
            (Post, ["data_sources", uuid, "json_imports"]) => (
                "data_sources/{data_source_uuid}/json_imports",
                self.create_json_import(call, uuid),
            ),
            (Get, ["data_sources", uuid, "json_imports", import]) => (
                "data_sources/{data_source_uuid}/json_imports/{import_id}",
                self.retrieve_json_import(uuid, import),
            ),
            (Post, ["data_sources", uuid, "uploads"]) => {
                ("data_sources/{data_source_uuid}/uploads", self.create_upload(call, uuid))
            }
            (Delete, ["data_sources", source, "customers", customer, "invoices"]) => (
                "data_sources/{data_source_uuid}/customers/{customer_uuid}/invoices",
                self.delete_customer_invoices(call, source, customer),
            ),
            (Put, ["data_sources", source, "invoices", external_id, "status"]) => (
                "data_sources/{data_source_uuid}/invoices/{invoice_external_id}/status",
                self.update_invoice_status(call, source, external_id),
            ),
            (Get, ["customers", uuid, "activities"]) => {
                ("customers/{customer_uuid}/activities", self.list_customer_activities(call, uuid))
            }
            (Post, ["customers", uuid, "connect_subscriptions"]) => (
                "customers/{customer_uuid}/connect_subscriptions",
                self.connect_subscriptions(call, uuid),
            ),
            (Post, ["customers", uuid, "disconnect_subscriptions"]) => (
                "customers/{customer_uuid}/disconnect_subscriptions",
                self.disconnect_subscriptions(call, uuid),
            ),
            (Get, ["customers", uuid, "subscriptions"]) => (
                "customers/{customer_uuid}/subscriptions",
                self.list_customer_subscriptions(call, uuid),
            ),

            (Get, ["plans"]) => ("plans", self.list_plans(call)),
            (Post, ["plans"]) => ("plans", self.create_plan(call)),
            (Get, ["plans", uuid]) => ("plans/{plan_uuid}", self.retrieve_plan(uuid)),
            (Patch, ["plans", uuid]) => ("plans/{plan_uuid}", self.update_plan(call, uuid)),
            (Delete, ["plans", uuid]) => ("plans/{plan_uuid}", self.delete_plan(uuid)),
            (Get, ["plan_groups"]) => ("plan_groups", self.list_plan_groups(call)),
            (Post, ["plan_groups"]) => ("plan_groups", self.create_plan_group(call)),
            (Get, ["plan_groups", uuid]) => {
                ("plan_groups/{plan_group_uuid}", self.retrieve_plan_group(uuid))
            }
            (Patch, ["plan_groups", uuid]) => {
                ("plan_groups/{plan_group_uuid}", self.update_plan_group(call, uuid))
            }
            (Delete, ["plan_groups", uuid]) => {
                ("plan_groups/{plan_group_uuid}", self.delete_plan_group(uuid))
            }
            (Get, ["plan_groups", uuid, "plans"]) => {
                ("plan_groups/{plan_group_uuid}/plans", self.list_group_plans(call, uuid))
            }

            (Post, ["import", "customers", uuid, "invoices"]) => {
                ("import/customers/{customer_uuid}/invoices", self.import_invoices(call, uuid))
            }
            (Get, ["import", "customers", uuid, "invoices"]) => (
                "import/customers/{customer_uuid}/invoices",
                self.list_customer_invoices(call, uuid),
            ),
            (Get, ["import", "customers", uuid, "subscriptions"]) => (
                "import/customers/{customer_uuid}/subscriptions",
                self.list_imported_subscriptions(call, uuid),
            ),
            (Patch, ["import", "subscriptions", uuid]) => {
                ("import/subscriptions/{subscription_uuid}", self.cancel_subscription(call, uuid))
            }
            (Get, ["invoices"]) => ("invoices", self.list_invoices(call)),
            (Patch, ["invoices"]) => ("invoices", self.update_invoice_by_external_id(call)),
            (Delete, ["invoices"]) => ("invoices", self.delete_invoice_by_external_id(call)),
            (Patch, ["invoices", "disabled_state"]) => {
                ("invoices/disabled_state", self.disable_invoice_by_external_id(call))
            }
            (Get, ["invoices", uuid]) => ("invoices/{invoice_uuid}", self.retrieve_invoice(uuid)),
            (Patch, ["invoices", uuid]) => {
                ("invoices/{invoice_uuid}", self.update_invoice(call, uuid))
            }
            (Delete, ["invoices", uuid]) => ("invoices/{invoice_uuid}", self.delete_invoice(uuid)),
            (Patch, ["invoices", uuid, "disabled_state"]) => {
                ("invoices/{invoice_uuid}/disabled_state", self.disable_invoice(call, uuid))
            }
            (Post, ["import", "invoices", uuid, "line_items"]) => (
                "import/invoices/{invoice_uuid}/line_items",
                self.create_part(call, Part::LineItem, uuid),
            ),
            (Post, ["import", "invoices", uuid, "transactions"]) => (
                "import/invoices/{invoice_uuid}/transactions",
                self.create_part(call, Part::Transaction, uuid),
            ),
            (_, ["line_items", rest @ ..]) => self.route_part(call, Part::LineItem, rest),
            (_, ["transactions", rest @ ..]) => self.route_part(call, Part::Transaction, rest),

            (Get, ["subscription_events"]) => ("subscription_events", self.list_events(call)),
            (Post, ["subscription_events"]) => ("subscription_events", self.create_event(call)),
            (Patch, ["subscription_events"]) => ("subscription_events", self.update_event(call)),
            (Delete, ["subscription_events"]) => ("subscription_events", self.delete_event(call)),
            (Patch, ["subscription_events", "disabled_state"]) => {
                ("subscription_events/disabled_state", self.disable_event_by_external_id(call))
            }
            (Patch, ["subscription_events", id, "disabled_state"]) => {
                ("subscription_events/{id}/disabled_state", self.disable_event(call, id))
            }

            (Get, ["activities"]) => ("activities", self.list_activities(call)),
            (Post, ["activities_export"]) => ("activities_export", self.create_export(call)),
            (Get, ["activities_export", id]) => {
                ("activities_export/{export_id}", self.retrieve_export(id))
            }
            (Get, ["metrics", metric]) => ("metrics/{metric}", self.show_metric(call, metric)),
            _ => ("unknown", Err(page_not_found())),
        }
    }

    /// Line items and transactions are addressed alike.
    fn route_part(
        &mut self,
        call: &Call<'_>,
        part: Part,
        rest: &[&str],
    ) -> (&'static str, Outcome) {
        let line_item = part == Part::LineItem;
        let (list, state, one, one_state) = if line_item {
            (
                "line_items",
                "line_items/disabled_state",
                "line_items/{uuid}",
                "line_items/{uuid}/disabled_state",
            )
        } else {
            (
                "transactions",
                "transactions/disabled_state",
                "transactions/{uuid}",
                "transactions/{uuid}/disabled_state",
            )
        };
        match (call.method, rest) {
            (Get, []) => (list, self.retrieve_part_by_external_id(call, part)),
            (Patch, []) => (list, self.update_part_by_external_id(call, part)),
            (Delete, []) => (list, self.delete_part_by_external_id(call, part)),
            (Patch, ["disabled_state"]) => (state, self.disable_part_by_external_id(call, part)),
            (Get, [uuid]) => (one, self.retrieve_part(part, uuid)),
            (Patch, [uuid]) => (one, self.update_part(call, part, uuid)),
            (Delete, [uuid]) => (one, self.delete_part(part, uuid)),
            (Patch, [uuid, "disabled_state"]) => (one_state, self.disable_part(call, part, uuid)),
            _ => ("unknown", Err(page_not_found())),
        }
    }
}
