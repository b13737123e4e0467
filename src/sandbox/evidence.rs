//! What the sandbox takes beyond the official documents, and how sure each of its answers is: each row
//! with its source. The rules are built from these tables, and so is the page for users.

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
        "every client that was looked at: @gohighlevel/api-client's examples, 0nmcp, \
         @builderbot/provider-gohighlevel, ActivePieces, Pipedream",
    ),
    ghl(
        "POST /conversations/messages",
        Form::Ignored(&["altId", "conversationId", "replyToMessageId", "mentions", "userId"]),
        "What they do is not known.",
        MCP,
    ),
];
