//! Which path leads where.

use super::account::Account;
use super::reading::Outcome;
use super::refusals::page_not_found;
use super::tidy;
use crate::host::Method::{Delete, Get, Patch, Post, Put};
use crate::sandbox::service::{Call, Reply};
use crate::sandbox::{ChartmogulGeneration, ChartmogulTexts};

/// Whether a path leads to what customers were billed, or changes it.
fn asks_for_billing(segments: &[&str]) -> bool {
    match segments {
        ["customers", "merges" | "unmerges"] => true,
        ["customers", _, of] => of.ends_with("subscriptions") || *of == "activities",
        ["data_sources", _, rest @ ..] => !rest.is_empty(),
        [first, ..] => ![
            "account",
            "contacts",
            "customer_notes",
            "customers",
            "notes",
            "opportunities",
            "ping",
            "tasks",
        ]
        .contains(first),
        [] => false,
    }
}

impl Account {
    /// Answers an authorized request.
    pub(super) fn answer(&mut self, call: &Call<'_>) -> Reply {
        self.now_ms = call.now_ms;
        let tidied = match self.options.chartmogul_texts {
            ChartmogulTexts::Tidied if call.method != Get => tidy::tidied(call.body),
            _ => None,
        };
        let call = &Call { body: tidied.as_deref().unwrap_or(call.body), ..call.clone() };
        let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
        if asks_for_billing(&segments) {
            self.bill_seeded_customers();
        }
        let (path, outcome) = if segments.contains(&"") {
            ("unknown", Err(page_not_found()))
        } else {
            self.route(call, &segments)
        };
        let reply = outcome.unwrap_or_else(|refusal| refusal);
        let wrote = call.method != Get && (200..300).contains(&reply.status);
        let reply = if wrote { reply.wrote() } else { reply };
        reply.endpoint(format!("{} /v1/{path}", call.method.name()))
    }

    /// Customers and what is attached to them.
    #[allow(clippy::too_many_lines, reason = "a table: one line for each route")]
    fn route(&mut self, call: &Call<'_>, segments: &[&str]) -> (&'static str, Outcome) {
        match (call.method, segments) {
            (Get, ["ping"]) => ("ping", self.ping()),
            (Get, ["account"]) => ("account", self.show_account(call)),

            (Get, ["data_sources"]) => ("data_sources", self.list_sources(call)),
            (Post, ["data_sources"]) => ("data_sources", self.create_source(call)),
            (Get, ["data_sources", uuid]) => {
                ("data_sources/{data_source_uuid}", self.retrieve_source(call, uuid))
            }
            (Delete, ["data_sources", uuid]) => {
                ("data_sources/{data_source_uuid}", self.delete_source(uuid))
            }
            (Delete, ["data_sources", uuid, "all"]) => {
                ("data_sources/{data_source_uuid}/all", self.empty_source(uuid))
            }

            (Get, ["customers"]) => ("customers", self.list_customers(call)),
            (Post, ["customers"]) => ("customers", self.create_customer(call)),
            (Get, ["customers", "search"]) => ("customers/search", self.search_customers(call)),
            (Post, ["customers", "merges"]) => ("customers/merges", self.merge_customers(call)),
            (Post, ["customers", "unmerges"]) => {
                ("customers/unmerges", self.unmerge_customer(call))
            }
            (Post, ["customers", "attributes", "tags"]) => {
                ("customers/attributes/tags", self.add_tags_by_email(call))
            }
            (Post, ["customers", "attributes", "custom"]) => {
                ("customers/attributes/custom", self.add_custom_by_email(call))
            }
            (Get, ["customers", uuid]) => {
                ("customers/{customer_uuid}", self.retrieve_customer(call, uuid))
            }
            (Patch, ["customers", uuid]) => {
                ("customers/{customer_uuid}", self.update_customer(call, uuid))
            }
            (Delete, ["customers", uuid]) => {
                ("customers/{customer_uuid}", self.delete_customer(uuid))
            }
            (Get, ["customers", uuid, "contacts"]) => {
                ("customers/{customer_uuid}/contacts", self.list_customer_contacts(call, uuid))
            }
            (Post, ["customers", uuid, "contacts"]) => {
                ("customers/{customer_uuid}/contacts", self.create_customer_contact(call, uuid))
            }
            (Get, ["customers", uuid, "attributes"]) => {
                ("customers/{customer_uuid}/attributes", self.retrieve_attributes(call, uuid))
            }
            (Post, ["customers", uuid, "attributes", "tags"]) => {
                ("customers/{customer_uuid}/attributes/tags", self.add_tags(call, uuid))
            }
            (Delete, ["customers", uuid, "attributes", "tags"]) => {
                ("customers/{customer_uuid}/attributes/tags", self.remove_tags(call, uuid))
            }
            (Post, ["customers", uuid, "attributes", "custom"]) => {
                ("customers/{customer_uuid}/attributes/custom", self.add_custom(call, uuid))
            }
            (Put, ["customers", uuid, "attributes", "custom"]) => {
                ("customers/{customer_uuid}/attributes/custom", self.update_custom(call, uuid))
            }
            (Delete, ["customers", uuid, "attributes", "custom"]) => {
                ("customers/{customer_uuid}/attributes/custom", self.remove_custom(call, uuid))
            }

            (Get, ["contacts"]) => ("contacts", self.list_contacts(call)),
            (Post, ["contacts"]) => ("contacts", self.create_contact(call)),
            (Get, ["contacts", uuid]) => {
                ("contacts/{contact_uuid}", self.retrieve_contact(call, uuid))
            }
            (Patch, ["contacts", uuid]) => {
                ("contacts/{contact_uuid}", self.update_contact(call, uuid))
            }
            (Delete, ["contacts", uuid]) => ("contacts/{contact_uuid}", self.delete_contact(uuid)),
            (Post, ["contacts", into, "merge", from]) => (
                "contacts/{into_contact_uuid}/merge/{from_contact_uuid}",
                self.merge_contacts(into, from),
            ),

            (Get, ["customer_notes"]) => {
                ("customer_notes", self.list_notes(call, ChartmogulGeneration::Before))
            }
            (Post, ["customer_notes"]) => {
                ("customer_notes", self.create_note(call, ChartmogulGeneration::Before))
            }
            (method, ["customer_notes", uuid]) => (
                "customer_notes/{note_uuid}",
                self.one_note(call, method, uuid, ChartmogulGeneration::Before),
            ),
            (_, ["notes", ..]) if self.generation == ChartmogulGeneration::Before => {
                ("notes", Err(page_not_found()))
            }
            (Get, ["notes"]) => {
                ("notes", self.list_notes(call, ChartmogulGeneration::September2026))
            }
            (Post, ["notes"]) => {
                ("notes", self.create_note(call, ChartmogulGeneration::September2026))
            }
            (method, ["notes", uuid]) => (
                "notes/{note_uuid}",
                self.one_note(call, method, uuid, ChartmogulGeneration::September2026),
            ),

            (Get, ["tasks"]) => ("tasks", self.list_tasks(call)),
            (Post, ["tasks"]) => ("tasks", self.create_task(call)),
            (Get, ["tasks", uuid]) => ("tasks/{task_uuid}", self.retrieve_task(uuid)),
            (Patch, ["tasks", uuid]) => ("tasks/{task_uuid}", self.update_task(call, uuid)),
            (Delete, ["tasks", uuid]) => ("tasks/{task_uuid}", self.delete_task(uuid)),

            (Get, ["opportunities"]) => ("opportunities", self.list_opportunities(call)),
            (Post, ["opportunities"]) => ("opportunities", self.create_opportunity(call)),
            (Get, ["opportunities", uuid]) => {
                ("opportunities/{opportunity_uuid}", self.retrieve_opportunity(uuid))
            }
            (Patch, ["opportunities", uuid]) => {
                ("opportunities/{opportunity_uuid}", self.update_opportunity(call, uuid))
            }
            (Delete, ["opportunities", uuid]) => {
                ("opportunities/{opportunity_uuid}", self.delete_opportunity(uuid))
            }

            _ => self.route_billing(call, segments),
        }
    }
}
