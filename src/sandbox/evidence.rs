//! What the sandbox takes beyond the official documents, and how sure its behaviour is: each row with its
//! source. The rules are built from the first table, and the page for users from both.

use crate::error::Service;

/// A form of request that the official document does not have and other people's clients send. It is
/// taken, unless the option `strict` is set.
#[derive(Debug)]
pub struct Leniency {
    /// The service.
    pub service: Service,
    /// Method and path of the document, for example `PUT /contacts/{contactId}`; `*` for every one.
    pub endpoint: &'static str,
    /// What is taken.
    pub form: Form,
    /// What becomes of it.
    pub effect: &'static str,
    /// Who sends it, or says that it works.
    pub source: &'static str,
}

/// What a [`Leniency`] lets through.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A path with a final slash where the document has none, or without the one that it has.
    FinalSlash,
    /// Query parameters that the document does not have, or not of this type.
    Query(&'static [&'static str]),
    /// Properties of the body that the document does not have, or not of this type.
    Body(&'static [&'static str]),
    /// Query parameters under another name than the document's: the name sent, and that of the document.
    Renamed(&'static [(&'static str, &'static str)]),
    /// Query parameters or properties of the body that are taken and have no effect.
    Ignored(&'static [&'static str]),
    /// A request without these, which the document says must be given.
    Without(&'static [&'static str]),
}

const N8N: &str =
    "n8n's built-in HighLevel node, version 2 (packages/nodes-base/nodes/HighLevel/v2)";
const MCP: &str = "0nmcp 4.22.0 (npm), crm/*.js";

const fn ghl(
    endpoint: &'static str,
    form: Form,
    effect: &'static str,
    source: &'static str,
) -> Leniency {
    Leniency { service: Service::Ghl, endpoint, form, effect, source }
}

/// Every form that is taken from other people's clients alone.
pub const LENIENCIES: &[Leniency] = &[
    ghl(
        "*",
        Form::FinalSlash,
        "The path is read as the document writes it.",
        "n8n's built-in HighLevel node sends `/contacts/upsert/`, `/contacts/{id}/` and `/contacts/{id}/tasks/`; \
         n8n issue 11353 reports that this works. rocketride-server measured that it matters.",
    ),
    ghl(
        "*",
        Form::Ignored(&["locationId"]),
        "It must be the token's location.",
        "0nmcp 4.22.0 (npm) adds it to every query and body, crm/helpers.js.",
    ),
    ghl(
        "GET /contacts/",
        Form::Query(&["order", "sortBy"]),
        "The list is sorted by `date_added` or `date_updated`, `asc` or `desc`.",
        N8N,
    ),
    ghl(
        "PUT /contacts/{contactId}",
        Form::Body(&["companyName"]),
        "Changes the contact's company.",
        MCP,
    ),
    ghl(
        "POST /contacts/search",
        Form::Body(&["sort", "sortDirection"]),
        "`sort` as the name of a field, with the direction `asc` or `desc` beside it.",
        MCP,
    ),
    ghl(
        "GET /contacts/{contactId}/tasks",
        Form::Ignored(&["limit"]),
        "All tasks of the contact come in one answer.",
        N8N,
    ),
    ghl(
        "GET /calendars/{calendarId}/free-slots",
        Form::Ignored(&["enableLookBusy"]),
        "What it does is not known.",
        N8N,
    ),
    ghl(
        "PUT /contacts/{contactId}/tasks/{taskId}",
        Form::Body(&["status"]),
        "`completed` completes the task, `incompleted` opens it again.",
        N8N,
    ),
    ghl(
        "GET /opportunities/search",
        Form::Renamed(&[
            ("locationId", "location_id"),
            ("pipelineId", "pipeline_id"),
            ("pipelineStageId", "pipeline_stage_id"),
            ("contactId", "contact_id"),
            ("assignedTo", "assigned_to"),
            ("startDate", "date"),
        ]),
        "The names of v3 mean the same under a date version; `startDate` is `date`.",
        MCP,
    ),
    ghl(
        "GET /opportunities/search",
        Form::Query(&["order", "sortBy"]),
        "The list is sorted by `date_added` or `date_updated`, `asc` or `desc`.",
        MCP,
    ),
    ghl(
        "GET /opportunities/search",
        Form::Query(&["date", "endDate"]),
        "An ISO date or milliseconds since 1970, besides the document's `mm-dd-yyyy`.",
        N8N,
    ),
    ghl(
        "POST /opportunities/",
        Form::Ignored(&["companyName", "tags"]),
        "What they do is not known.",
        N8N,
    ),
    ghl("POST /opportunities/", Form::Body(&["source"]), "Kept as the source.", MCP),
    ghl(
        "POST /opportunities/upsert",
        Form::Body(&["contactId"]),
        "Finds the contact's opportunity in the pipeline, or makes one for the contact.",
        MCP,
    ),
    ghl("POST /opportunities/upsert", Form::Body(&["source"]), "Kept as the source.", MCP),
    ghl(
        "POST /opportunities/upsert",
        Form::Without(&["followers", "isRemoveAllFollowers", "followersActionType"]),
        "The followers stay as they are.",
        MCP,
    ),
    ghl(
        "PUT /opportunities/{id}",
        Form::Ignored(&["contactId"]),
        "An opportunity keeps its contact.",
        MCP,
    ),
    ghl("PUT /opportunities/{id}", Form::Body(&["source"]), "Kept as the source.", MCP),
    ghl(
        "POST /conversations/messages",
        Form::Without(&["subType", "status"]),
        "`{type, contactId, message}` sends a message that is `pending`.",
        "0nmcp, @builderbot/provider-gohighlevel",
    ),
    ghl(
        "POST /conversations/messages",
        Form::Ignored(&["altId", "conversationId", "replyToMessageId", "mentions", "userId"]),
        "What they do is not known.",
        MCP,
    ),
];

/// How a behaviour of the sandbox is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A recorded answer of the real service shows it.
    Recorded,
    /// Somebody measured it on the real service.
    Measured,
    /// An official document says it.
    Documented,
    /// Users or other people's clients say it.
    Reported,
    /// No source tells: it is a guess.
    Guessed,
}

impl Basis {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Measured => "measured",
            Self::Documented => "documented",
            Self::Reported => "reported",
            Self::Guessed => "guessed",
        }
    }
}

/// A behaviour that a client depends on, and how it is known.
#[derive(Debug)]
pub struct Behaviour {
    /// The service.
    pub service: Service,
    /// What the sandbox does.
    pub does: &'static str,
    /// How that is known.
    pub basis: Basis,
    /// The source; for a guess, what is not known.
    pub source: &'static str,
    /// The option of the sandbox that makes it behave otherwise.
    pub option: Option<&'static str>,
}

const fn is(
    service: Service,
    does: &'static str,
    basis: Basis,
    source: &'static str,
    option: Option<&'static str>,
) -> Behaviour {
    Behaviour { service, does, basis, source, option }
}

const RR: &str = "rocketride-server, a live test suite on a trial account";
const TB: &str = "GHL Tenant Bridge, a Marketplace sandbox";
const RUBY: &str = "recordings of the official Ruby client";
const CLIENTS: &str = "tests of the official clients, September 2026";

/// Behaviours of both services, as the sandbox has them.
pub const BEHAVIOURS: &[Behaviour] = &{
    use Basis::{Documented, Guessed, Measured, Recorded, Reported};
    use Service::{Chartmogul, Ghl};
    [
        is(
            Ghl,
            "Requests need a `Version` header; every published one works on every established path.",
            Measured,
            "live read-only probes of August 2026",
            None,
        ),
        is(
            Ghl,
            "An unknown property of a query or body is 422, and all violations are listed at once.",
            Measured,
            RR,
            None,
        ),
        is(Ghl, "An unknown contact, note or task is 400, not 404.", Measured, RR, None),
        is(
            Ghl,
            "A second contact of one e-mail address or phone is 400 with `meta.contactId`.",
            Reported,
            "eight public repositories show the same answer",
            Some("allowDuplicateContact"),
        ),
        is(
            Ghl,
            "A change shows in searches after 2 seconds.",
            Reported,
            "the documents say a few seconds; users measured 12 seconds to a minute",
            Some("searchLagMs"),
        ),
        is(
            Ghl,
            "A changed task shows at once in the search of a location's tasks.",
            Guessed,
            "not documented; the search of contacts takes seconds to a minute",
            Some("taskSearchLagMs"),
        ),
        is(
            Ghl,
            "100 requests in 10 seconds and 200,000 a day; then 429 without `Retry-After`.",
            Documented,
            "Authorization.md of the official repository; trial accounts were measured at 25 and 10,000",
            Some("burstLimit, dailyLimit"),
        ),
        is(Ghl, "The last page of a list has a cursor too.", Measured, RR, None),
        is(
            Ghl,
            "`POST /contacts/search` takes up to 500 a page, and 10,000 records by page number.",
            Reported,
            "a copy of the official page on contact search",
            None,
        ),
        is(
            Ghl,
            "`GET /contacts/` gives first names in lower case, and the cased ones as `firstNameRaw`.",
            Measured,
            RR,
            None,
        ),
        is(
            Ghl,
            "Tags are kept in lower case; `tags` of an update replaces the whole list.",
            Reported,
            "ten public repositories",
            None,
        ),
        is(
            Ghl,
            "Phones are kept as E.164; a number without a country belongs to the United States.",
            Guessed,
            "E.164 is documented; for which country a bare number is read is not",
            None,
        ),
        is(
            Ghl,
            "Writing a note or task moves the `dateUpdated` of its contact.",
            Guessed,
            "not documented either way",
            Some("notesTouchContact"),
        ),
        is(
            Ghl,
            "A merge of contacts takes the appointments along.",
            Guessed,
            "two descriptions say two things",
            Some("mergeMovesAppointments"),
        ),
        is(
            Ghl,
            "Deleting a business leaves its contacts’ `businessId`.",
            Guessed,
            "not documented either way",
            Some("businessDeletionClearsContacts"),
        ),
        is(
            Ghl,
            "A company token on a record of a location is 401, and the text names the class of the token.",
            Measured,
            TB,
            Some("tokenKind"),
        ),
        is(
            Ghl,
            "A refresh token works once: after its first use it is 400, `Invalid grant: refresh token is invalid`.",
            Documented,
            "docs/oauth of GoHighLevel/highlevel-api-docs; no grace is promised anywhere",
            Some("oauthGraceMs"),
        ),
        is(
            Ghl,
            "`/oauth/reconnect` is not there.",
            Guessed,
            "documented since the outage of October 2024, reported gone (issue 333 of highlevel-api-docs)",
            Some("oauthReconnect"),
        ),
        is(
            Ghl,
            "`POST /oauth/locationToken` answers 201 and gives no refresh token.",
            Measured,
            TB,
            None,
        ),
        is(
            Chartmogul,
            "A write with a key that may only read is 403, and its message says read-only.",
            Guessed,
            "that there are such keys is documented, what they are answered is not",
            Some("chartmogulReadOnly"),
        ),
        is(
            Ghl,
            "A custom field value is taken under `field_value`, `fieldValue` or `value`, by `id` or `key`.",
            Reported,
            "n8n issue 35392, GoHighLevel-MCP issue 14",
            None,
        ),
        is(
            Ghl,
            "A date field reads as an ISO instant, or as milliseconds where it was made so.",
            Reported,
            "several typed clients read both",
            None,
        ),
        is(
            Ghl,
            "Messages of a conversation are one level deeper than the document shows.",
            Reported,
            "examples on the service’s own pages",
            None,
        ),
        is(
            Ghl,
            "A note of an appointment names who wrote it; without a user, the first of the location.",
            Guessed,
            "that it has an id and a name is documented, whose they are without a user is not",
            None,
        ),
        is(
            Ghl,
            "`POST /email/verify` calls every address deliverable but those that end in `.invalid`.",
            Guessed,
            "the document gives the form of the answer, not the judgement",
            None,
        ),
        is(
            Ghl,
            "An opportunity that is upserted without a contact has none.",
            Guessed,
            "the document has no `contactId` there",
            None,
        ),
        is(
            Ghl,
            "Messages that are sent are `pending` and then read as delivered.",
            Guessed,
            "the sandbox has no provider that delivers them",
            None,
        ),
        is(
            Chartmogul,
            "40 requests a second, then 429; 20 connections at a time, then 503.",
            Documented,
            "the page on rate limits; the body of 429 is not recorded",
            Some("chartmogulLimit"),
        ),
        is(Chartmogul, "A list’s cursor is not null on the last page.", Recorded, RUBY, None),
        is(
            Chartmogul,
            "Customers come by their first payment, leads after them in order of creation.",
            Recorded,
            "recordings of 2023 and later; that leads go by creation is reported",
            None,
        ),
        is(
            Chartmogul,
            "Errors come in seven forms, by endpoint.",
            Recorded,
            "recordings of the official clients, 2016 to 2026",
            None,
        ),
        is(
            Chartmogul,
            "A duplicate external id of a customer is 422 with `errors`.",
            Recorded,
            RUBY,
            None,
        ),
        is(
            Chartmogul,
            "A second contact with the same external id is taken.",
            Guessed,
            "no source mentions a check",
            None,
        ),
        is(
            Chartmogul,
            "Notes, contacts and tasks are deleted with 202 and a message since September 2026, with 200 before.",
            Recorded,
            "recordings of 16 September 2026; of tasks and data sources the 202 is a guess",
            Some("chartmogulGeneration"),
        ),
        is(
            Chartmogul,
            "A PATCH with nothing to change is 304 since September 2026.",
            Recorded,
            "recordings of 16 September 2026",
            Some("chartmogulGeneration"),
        ),
        is(Chartmogul, "A call without a duration has 60 seconds.", Recorded, RUBY, None),
        is(
            Chartmogul,
            "An empty `author_email` is the owner of the key.",
            Reported,
            "ChartMogul’s n8n node sends it so",
            None,
        ),
        is(
            Chartmogul,
            "The answer to a merge of contacts names no customer; a later read does.",
            Recorded,
            "recorded of the answer in 2023; the later read is a guess",
            None,
        ),
        is(
            Chartmogul,
            "Connected subscriptions are listed as one, the one that was named last.",
            Recorded,
            "two recordings of 2025; how their revenue is joined is a guess",
            None,
        ),
        is(
            Chartmogul,
            "Earlier values and overrides are shown where a query asks for them.",
            Reported,
            CLIENTS,
            Some("chartmogulGeneration"),
        ),
        is(
            Chartmogul,
            "`metrics/all` has a change in percent beside each value, and a summary.",
            Reported,
            "tests and types of the official clients",
            None,
        ),
        is(
            Chartmogul,
            "A contact’s custom attribute that the account does not define is dropped in silence.",
            Recorded,
            "recordings of August 2023",
            Some("contactAttributes, contactAttributeKeys"),
        ),
        is(
            Chartmogul,
            "A customer’s attribute of another JSON type is converted where it can be.",
            Guessed,
            "not recorded",
            Some("attributeValues, attributeTypes"),
        ),
        is(
            Chartmogul,
            "Texts stay as they were given.",
            Guessed,
            "not documented; other services tidy what they are given",
            Some("chartmogulTexts"),
        ),
        is(
            Chartmogul,
            "Task details of more than 255 characters are refused, not cut.",
            Guessed,
            "the limit is documented, what follows is not",
            None,
        ),
        is(
            Chartmogul,
            "An unknown assignee, author or owner is 422.",
            Guessed,
            "that it must be a user is documented, the refusal is not recorded",
            None,
        ),
        is(
            Chartmogul,
            "Moving a contact to a customer that is not there is 404.",
            Guessed,
            "not recorded",
            Some("contactMoveRefusal"),
        ),
        is(
            Chartmogul,
            "Merges, unmerges and imports have their effect at once.",
            Guessed,
            "the real ones take a moment; how long is not known",
            None,
        ),
        is(
            Chartmogul,
            "Only customers of custom data sources can be deleted; others are 422.",
            Guessed,
            "the rule is documented, the form of the refusal is not",
            None,
        ),
        is(
            Chartmogul,
            "`GET /v1/account` tells the account’s id.",
            Recorded,
            "recordings of 2025 and later; before, it did not",
            Some("chartmogulAccountId"),
        ),
        is(
            Chartmogul,
            "Seeded customers have plans, invoices and subscriptions that add up to their revenue.",
            Guessed,
            "made up by the sandbox",
            Some("billingShare"),
        ),
    ]
};

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sandbox::SandboxOptions;

    #[test]
    fn every_option_that_is_named_exists() {
        let options = serde_json::to_value(SandboxOptions::default()).unwrap();
        let named = BEHAVIOURS.iter().filter_map(|behaviour| behaviour.option);
        for name in named.flat_map(|names| names.split(", ")) {
            assert!(options.get(name).is_some(), "{name}");
        }
        assert_eq!(options.get("strict"), Some(&Value::Bool(false)));
    }

    #[test]
    fn every_behaviour_is_a_sentence_with_a_source() {
        for behaviour in BEHAVIOURS {
            assert!(behaviour.does.ends_with('.') && behaviour.source.len() > 5, "{behaviour:?}");
        }
        for service in [Service::Ghl, Service::Chartmogul] {
            let of = |basis| move |row: &&Behaviour| row.service == service && row.basis == basis;
            assert!(BEHAVIOURS.iter().filter(of(Basis::Guessed)).count() > 3);
        }
    }
}
