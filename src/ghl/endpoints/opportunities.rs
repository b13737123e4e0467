//! Opportunities, pipelines and the reasons for losing.

use super::contacts::{CUSTOM_FIELD_INPUT_VALUE, FOLLOWERS};
use crate::endpoint::{
    ANY, BOOLEAN, DATE, INTEGER, NUMBER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP, V3, action,
    list, list_of, object, one, one_of, suggested, trigger,
};

crate::models! {
    /// A possible deal with a contact.
    OPPORTUNITY "Opportunity" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Worth in the location's currency, in whole units and fractions.
        optional "monetaryValue": NUMBER.nullable(),
        /// Its pipeline.
        optional "pipelineId": TEXT.nullable(),
        /// Its stage in the pipeline.
        optional "pipelineStageId": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
        /// How it stands.
        optional "status": suggested(&["open", "won", "lost", "abandoned"]).nullable(),
        /// Where it came from.
        optional "source": TEXT.nullable(),
        /// When its status last changed.
        optional "lastStatusChangeAt": TIMESTAMP.nullable(),
        /// When its stage last changed.
        optional "lastStageChangeAt": TIMESTAMP.nullable(),
        /// When something last happened with it.
        optional "lastActionDate": TIMESTAMP.nullable(),
        /// Version in the search index.
        optional "indexVersion": ANY,
        /// When it was made.
        optional "createdAt": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contact": object(&OPPORTUNITY_CONTACT).nullable(),
        /// Notes, where asked for.
        optional "notes": list(&ANY),
        /// Tasks, where asked for.
        optional "tasks": list(&ANY),
        /// Appointments, where asked for.
        optional "calendarEvents": list(&ANY),
        /// Why it was lost.
        optional "lostReasonId": TEXT.nullable(),
        /// Values of custom fields.
        optional "customFields": list(&const { object(&OPPORTUNITY_CUSTOM_FIELD) }),
        /// Users who follow it.
        optional "followers": list(&ANY),
        /// Id in another system.
        optional "externalObjectId": TEXT.nullable(),
        /// Day the deal is expected to close, `YYYY-MM-DD`.
        optional "forecastExpectedCloseDate": TEXT.nullable(),
        /// How likely it is to be won, in per cent.
        optional "forecastProbability": NUMBER.nullable(),
        /// How likely it is to be won, in per cent, its own or its stage's.
        optional "effectiveProbability": NUMBER.nullable(),
        /// Day the deal was first expected to close.
        optional "forecastOriginalCloseDate": TEXT.nullable(),
        /// How often that day was put off.
        optional "forecastSlippageCount": INTEGER.nullable(),
        /// By how many days it was put off.
        optional "forecastDaysSlipped": INTEGER.nullable(),
        /// When it was last put off.
        optional "forecastLastSlippedAt": TIMESTAMP.nullable(),
    }

    /// The contact of an opportunity.
    OPPORTUNITY_CONTACT "OpportunityContact" {
        /// Id of the contact.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Company name.
        optional "companyName": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Phone.
        optional "phone": TEXT.nullable(),
        /// Tags.
        optional "tags": list(&TEXT),
    }

    /// The value of a custom field, as opportunities send it. Lists may hold it as `fieldValueString` and the like.
    OPPORTUNITY_CUSTOM_FIELD "OpportunityCustomField" {
        /// The custom field's id.
        required "id": TEXT,
        /// The value.
        optional "fieldValue": ANY,
        /// Kind.
        optional "type": TEXT.nullable(),
        /// The value, where it is a text.
        optional "fieldValueString": TEXT.nullable(),
        /// The value, where it is a number.
        optional "fieldValueNumber": NUMBER.nullable(),
        /// The value, where it is a date.
        optional "fieldValueDate": ANY,
        /// The value, where it is a list.
        optional "fieldValueArray": list(&ANY),
    }

    /// The value of a custom field, as opportunities take it.
    OPPORTUNITY_CUSTOM_FIELD_INPUT "OpportunityCustomFieldInput" {
        /// The custom field's id.
        required "id": TEXT,
        /// The custom field's key.
        optional "key": TEXT,
        /// The value: `CustomFieldValues` says which for each `dataType`, which the id does not tell.
        optional "field_value": CUSTOM_FIELD_INPUT_VALUE,
    }

    /// A new opportunity.
    OPPORTUNITY_CREATE "OpportunityCreate" {
        /// Its pipeline.
        required "pipelineId": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Name.
        required "name": TEXT,
        /// Its stage in the pipeline.
        optional "pipelineStageId": TEXT,
        /// How it stands.
        required "status": one_of(&["open", "won", "lost", "abandoned"]),
        /// The contact it is with.
        required "contactId": TEXT,
        /// Worth in the location's currency, in whole units and fractions.
        optional "monetaryValue": NUMBER,
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
        /// Values of custom fields.
        optional "customFields": list(&const { object(&OPPORTUNITY_CUSTOM_FIELD_INPUT) }),
        /// Day the deal is expected to close, `YYYY-MM-DD`.
        optional "forecastExpectedCloseDate": DATE,
        /// How likely it is to be won, in per cent.
        optional "forecastProbability": NUMBER,
    }

    /// Changes to an opportunity; what is left out stays. Its contact cannot be changed.
    OPPORTUNITY_UPDATE "OpportunityUpdate" {
        /// Its pipeline.
        optional "pipelineId": TEXT,
        /// Name.
        optional "name": TEXT,
        /// Its stage in the pipeline.
        optional "pipelineStageId": TEXT,
        /// How it stands.
        optional "status": one_of(&["open", "won", "lost", "abandoned"]),
        /// Worth in the location's currency, in whole units and fractions.
        optional "monetaryValue": NUMBER,
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
        /// Values of custom fields.
        optional "customFields": list(&const { object(&OPPORTUNITY_CUSTOM_FIELD_INPUT) }),
        /// Day the deal is expected to close, `YYYY-MM-DD`.
        optional "forecastExpectedCloseDate": DATE,
        /// How likely it is to be won, in per cent.
        optional "forecastProbability": NUMBER,
    }

    /// An opportunity that is made, or changed where one with this id exists.
    OPPORTUNITY_UPSERT "OpportunityUpsert" {
        /// Id of the opportunity to change.
        optional "id": TEXT,
        /// Its pipeline.
        required "pipelineId": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Users who follow it.
        required "followers": list(&TEXT),
        /// Whether all followers are removed.
        required "isRemoveAllFollowers": BOOLEAN,
        /// What to do with the followers.
        required "followersActionType": one_of(&["add", "remove"]),
        /// Name.
        optional "name": TEXT,
        /// How it stands.
        optional "status": one_of(&["open", "won", "lost", "abandoned"]),
        /// Its stage in the pipeline.
        optional "pipelineStageId": TEXT,
        /// Worth in the location's currency, in whole units and fractions.
        optional "monetaryValue": NUMBER,
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
        /// Why it was lost.
        optional "lostReasonId": TEXT,
        /// Day the deal is expected to close, `YYYY-MM-DD`.
        optional "forecastExpectedCloseDate": DATE,
        /// How likely it is to be won, in per cent.
        optional "forecastProbability": NUMBER,
    }

    /// What an upsert did.
    OPPORTUNITY_UPSERTED "OpportunityUpserted" {
        /// The opportunity.
        required "opportunity": object(&OPPORTUNITY),
        /// True when it was made, false when it was changed.
        optional "new": BOOLEAN,
    }

    /// How an opportunity stands.
    OPPORTUNITY_STATUS "OpportunityStatus" {
        /// How it stands.
        required "status": one_of(&["open", "won", "lost", "abandoned"]),
        /// Why it was lost.
        optional "lostReasonId": TEXT,
    }

    /// What to find.
    OPPORTUNITY_SEARCH "OpportunitySearch" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Text to search for.
        required "query": TEXT,
        /// Opportunities a page, at most 100.
        optional "limit": INTEGER.at_most(100),
        /// Page, from 1.
        optional "page": INTEGER,
        /// Cursor: sort value and id.
        optional "searchAfter": list(&ANY),
        /// What else to send.
        required "additionalDetails": object(&OPPORTUNITY_SEARCH_DETAILS),
    }

    /// What else to send with each opportunity.
    OPPORTUNITY_SEARCH_DETAILS "OpportunitySearchDetails" {
        /// Whether notes are sent.
        required "notes": BOOLEAN,
        /// Whether tasks are sent.
        required "tasks": BOOLEAN,
        /// Whether appointments are sent.
        required "calendarEvents": BOOLEAN,
        /// Whether unread conversations are sent.
        required "unReadConversations": BOOLEAN,
    }

    /// A row of stages that opportunities go through.
    PIPELINE "Pipeline" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Its stages, in order.
        optional "stages": list(&const { object(&PIPELINE_STAGE) }),
        /// Whether it counts in the funnel.
        optional "showInFunnel": BOOLEAN.nullable(),
        /// Whether it counts in the pie chart.
        optional "showInPieChart": BOOLEAN.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// How stages are coloured.
        optional "colorRenderMode": suggested(&["dot", "bg-tint", "none"]).nullable(),
        /// Whether each opportunity has a probability of its own.
        optional "useOpportunityProbability": BOOLEAN.nullable(),
    }

    /// A stage of a pipeline.
    PIPELINE_STAGE "PipelineStage" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Its place, from 0.
        optional "position": NUMBER.nullable(),
        /// Whether it counts in the funnel.
        optional "showInFunnel": BOOLEAN.nullable(),
        /// Whether it counts in the pie chart.
        optional "showInPieChart": BOOLEAN.nullable(),
    }

    /// Why an opportunity was lost.
    LOST_REASON "LostReason" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// When it was made.
        optional "createdAt": TIMESTAMP.nullable(),
    }
}

crate::endpoints! {
    /// Opportunities.
    OPPORTUNITIES: Ghl "opportunities";

    /// Finds opportunities.
    "search": GET "/opportunities/search" {
        scopes: &["opportunities.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "location_id": TEXT,
            /// Text to search for.
            optional "q": TEXT,
            /// Only those of this pipeline.
            optional "pipeline_id": TEXT,
            /// Only those in this stage.
            optional "pipeline_stage_id": TEXT,
            /// Only those of this contact.
            optional "contact_id": TEXT,
            /// Only those with this status; `all` for all of them.
            optional "status": one_of(&["open", "won", "lost", "abandoned", "all"]),
            /// Only those assigned to this user.
            optional "assigned_to": TEXT,
            /// Only those of this campaign.
            optional "campaignId": TEXT,
            /// Only the one with this id.
            optional "id": TEXT,
            /// Order, for example `added_asc`.
            optional "order": TEXT,
            /// Made on this day or earlier, `mm-dd-yyyy`.
            optional "endDate": TEXT,
            /// Made on this day or later, `mm-dd-yyyy`.
            optional "date": TEXT,
            /// Cursor, only together with `startAfterId`: sort value of the last one before.
            optional "startAfter": TEXT,
            /// Cursor, only together with `startAfter`: id of the last one before.
            optional "startAfterId": TEXT,
            /// ISO 3166-1 alpha-2 of the contact.
            optional "country": TEXT,
            /// Page, from 1.
            optional "page": INTEGER,
            /// Opportunities a page, at most 100; 20 when left out.
            optional "limit": INTEGER.at_most(100),
            /// Whether tasks are sent.
            optional "getTasks": BOOLEAN,
            /// Whether notes are sent.
            optional "getNotes": BOOLEAN,
            /// Whether appointments are sent.
            optional "getCalendarEvents": BOOLEAN,
        ],
        result: list_of("opportunities", object(&OPPORTUNITY)),
        paging: Paging::StartAfter,
        v3: V3 {
            renamed: &[
                ("location_id", "locationId"),
                ("pipeline_id", "pipelineId"),
                ("pipeline_stage_id", "pipelineStageId"),
                ("contact_id", "contactId"),
                ("assigned_to", "assignedTo"),
            ],
            ..V3::SAME
        },
        catalogue: &[trigger("Opportunities", "Search Opportunities")],
    }

    /// Finds opportunities by text, with what belongs to them.
    "searchAdvanced": POST "/opportunities/search" {
        scopes: &["opportunities.readonly"],
        body: Some(&OPPORTUNITY_SEARCH),
        result: list_of("opportunities", object(&OPPORTUNITY)),
        paging: Paging::SearchAfterBody,
        retry: RetryClass::Read,
    }

    /// Reads one opportunity.
    "get": GET "/opportunities/{id}" {
        scopes: &["opportunities.readonly"],
        result: one("opportunity", object(&OPPORTUNITY)),
        catalogue: &[trigger("Opportunities", "Get Opportunity")],
    }

    /// Creates an opportunity. A second one of a contact in a pipeline that forbids it is `duplicate`.
    "create": POST "/opportunities/" {
        scopes: &["opportunities.write"],
        body: Some(&OPPORTUNITY_CREATE),
        result: one("opportunity", object(&OPPORTUNITY)),
        v3: V3 { renamed: &[("field_value", "fieldValue")], added: &["forecastExpectedCloseDate", "forecastProbability"], ..V3::SAME },
        catalogue: &[action("Opportunities", "Create Opportunity")],
    }

    /// Updates an opportunity.
    "update": PUT "/opportunities/{id}" {
        scopes: &["opportunities.write"],
        body: Some(&OPPORTUNITY_UPDATE),
        result: one("opportunity", object(&OPPORTUNITY)),
        v3: V3 { renamed: &[("field_value", "fieldValue")], added: &["forecastExpectedCloseDate", "forecastProbability"], ..V3::SAME },
        catalogue: &[action("Opportunities", "Update Opportunity")],
    }

    /// Deletes an opportunity.
    "delete": DELETE "/opportunities/{id}" {
        scopes: &["opportunities.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Opportunities", "Delete Opportunity")],
    }

    /// Updates an opportunity's status.
    "updateStatus": PUT "/opportunities/{id}/status" {
        scopes: &["opportunities.write"],
        body: Some(&OPPORTUNITY_STATUS),
        result: Outcome::Nothing,
        catalogue: &[action("Opportunities", "Update Opportunity Status")],
    }

    /// Creates an opportunity, or updates the one with this id.
    "upsert": POST "/opportunities/upsert" {
        scopes: &["opportunities.write"],
        body: Some(&OPPORTUNITY_UPSERT),
        result: one("", object(&OPPORTUNITY_UPSERTED)),
        v3: V3 { added: &["forecastExpectedCloseDate", "forecastProbability"], ..V3::SAME },
        catalogue: &[action("Opportunities", "Upsert Opportunity")],
    }

    /// Adds followers to an opportunity. Returns all followers.
    "addFollowers": POST "/opportunities/{id}/followers" {
        scopes: &["opportunities.write"],
        body: Some(&FOLLOWERS),
        result: one("followers", list(&TEXT)),
        retry: RetryClass::Repeatable,
        catalogue: &[action("Opportunities", "Add Followers")],
    }

    /// Removes followers from an opportunity. Returns the remaining ones.
    "removeFollowers": DELETE "/opportunities/{id}/followers" {
        scopes: &["opportunities.write"],
        query: crate::fields![
            /// Removes all.
            optional "isRemoveAllFollowers": BOOLEAN,
        ],
        body: Some(&FOLLOWERS),
        result: one("followers", list(&TEXT)),
        catalogue: &[action("Opportunities", "Remove Followers")],
    }
}

crate::endpoints! {
    /// Pipelines.
    PIPELINES: Ghl "pipelines";

    /// Lists the pipelines of a location with their stages, all in one answer.
    "list": GET "/opportunities/pipelines" {
        scopes: &["opportunities.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: list_of("pipelines", object(&PIPELINE)),
        catalogue: &[trigger("Opportunities", "List Pipelines")],
    }
}

crate::endpoints! {
    /// Reasons for losing opportunities.
    LOST_REASONS: Ghl "lostReasons";

    /// Lists the reasons for losing that a location has.
    "list": GET "/opportunities/lost-reason" {
        scopes: &["opportunities.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only the one of this name.
            optional "name": TEXT,
            /// Only deleted ones, or only others.
            optional "deleted": BOOLEAN,
            /// Text to search for.
            optional "query": TEXT,
            /// How many to pass over.
            optional "skip": INTEGER,
            /// Reasons a page; 100 when left out.
            optional "limit": INTEGER,
            /// Whether the total is sent.
            optional "getCount": BOOLEAN,
        ],
        result: list_of("lostReasons", object(&LOST_REASON)),
        paging: Paging::SkipQuery,
    }
}
