//! Sales opportunities. The key must be of a user with a CRM seat.

use super::contacts::CONTACT_ATTRIBUTE;
use super::page_of;
use crate::endpoint::{
    ANY, DATE, EMAIL, INTEGER, Paging, TEXT, TIMESTAMP, Type, list, list_of, map, object, one,
    one_of,
};
use crate::{endpoints, models};

const TYPES: Type = one_of(&["recurring", "one-time", "arr"]);
const FORECASTS: Type = one_of(&["pipeline", "best_case", "committed", "lost", "won"]);

models! {
    /// An opportunity.
    OPPORTUNITY "Opportunity" {
        /// A bare UUID.
        required "uuid": TEXT,
        /// The customer.
        required "customer_uuid": TEXT,
        /// E-mail address of a ChartMogul user.
        required "owner": TEXT,
        /// Name of the pipeline.
        required "pipeline": TEXT,
        /// Name of the stage.
        required "pipeline_stage": TEXT,
        /// Day on which it is expected to close.
        required "estimated_close_date": DATE,
        /// ISO 4217.
        required "currency": TEXT,
        /// Value in cents of `currency`.
        required "amount_in_cents": INTEGER,
        /// What the amount is.
        required "type": TYPES,
        /// Forecast.
        required "forecast_category": FORECASTS,
        /// 0 to 100.
        required "win_likelihood": INTEGER,
        /// Custom attributes by key.
        required "custom": map(&ANY),
        /// Instant of creation.
        required "created_at": TIMESTAMP,
        /// Instant of the last change.
        required "updated_at": TIMESTAMP,
    }
    /// A new opportunity.
    OPPORTUNITY_CREATE "OpportunityCreate" {
        /// The customer.
        required "customer_uuid": TEXT,
        /// E-mail address of a ChartMogul user.
        required "owner": EMAIL,
        /// Name of a pipeline that exists; no endpoint lists them.
        required "pipeline": TEXT,
        /// Name of one of its stages.
        required "pipeline_stage": TEXT,
        /// Day on which it is expected to close.
        required "estimated_close_date": DATE,
        /// Value in cents of `currency`.
        required "amount_in_cents": INTEGER,
        /// ISO 4217.
        required "currency": TEXT,
        /// What the amount is.
        optional "type": TYPES,
        /// Forecast.
        optional "forecast_category": FORECASTS,
        /// 0 to 100; the stage's by default.
        optional "win_likelihood": INTEGER.at_most(100),
        /// Custom attributes.
        optional "custom": list(&const { object(&CONTACT_ATTRIBUTE) }),
    }
    /// Changes to an opportunity; what is left out stays.
    OPPORTUNITY_UPDATE "OpportunityUpdate" {
        /// E-mail address of a ChartMogul user.
        optional "owner": EMAIL,
        /// Name of a pipeline that exists.
        optional "pipeline": TEXT,
        /// Name of one of its stages.
        optional "pipeline_stage": TEXT,
        /// Day on which it is expected to close.
        optional "estimated_close_date": DATE,
        /// Value in cents of `currency`.
        optional "amount_in_cents": INTEGER,
        /// ISO 4217.
        optional "currency": TEXT,
        /// What the amount is.
        optional "type": TYPES,
        /// Forecast.
        optional "forecast_category": FORECASTS,
        /// 0 to 100.
        optional "win_likelihood": INTEGER.at_most(100),
        /// Custom attributes.
        optional "custom": list(&const { object(&CONTACT_ATTRIBUTE) }),
    }
}

endpoints! {
    /// Opportunities.
    OPPORTUNITIES: Chartmogul "opportunities";
    /// Creates an opportunity. Opportunities have no external id: sent twice, it exists twice.
    "create": POST "/v1/opportunities" { body: Some(&OPPORTUNITY_CREATE), result: one("", object(&OPPORTUNITY)) }
    /// Opportunities, newest first.
    "list": GET "/v1/opportunities" {
        query: page_of![
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those of this user.
            optional "owner": TEXT,
            /// Only those in this pipeline.
            optional "pipeline": TEXT,
            /// Only those at this stage.
            optional "pipeline_stage": TEXT,
            /// Only those expected to close on or after this day.
            optional "estimated_close_date_on_or_after": DATE,
            /// Only those expected to close on or before this day.
            optional "estimated_close_date_on_or_before": DATE,
        ],
        result: list_of("entries", object(&OPPORTUNITY)), paging: Paging::Cursor,
    }
    /// One opportunity.
    "retrieve": GET "/v1/opportunities/{opportunity_uuid}" { result: one("", object(&OPPORTUNITY)) }
    /// Updates an opportunity.
    "update": PATCH "/v1/opportunities/{opportunity_uuid}" {
        body: Some(&OPPORTUNITY_UPDATE), result: one("", object(&OPPORTUNITY)),
    }
    /// Deletes an opportunity.
    "delete": DELETE "/v1/opportunities/{opportunity_uuid}" {}
}
