//! Metrics of the account, the activities behind them, and exports of those.

use super::page_of;
use crate::endpoint::{
    DATE, INTEGER, NUMBER, Paging, TEXT, TIMESTAMP, Type, list, list_of, map, object, one, one_of,
};
use crate::{endpoints, fields, models};

const ACTIVITY_TYPES: Type =
    one_of(&["new_biz", "reactivation", "expansion", "contraction", "churn"]);

models! {
    /// A metric's last value against the one before.
    METRIC_SUMMARY "MetricSummary" {
        /// Value now.
        required "current": NUMBER,
        /// Value a period before.
        required "previous": NUMBER,
        /// Change in percent.
        required "percentage-change": NUMBER,
    }
    /// All key metrics over time.
    ALL_METRICS "AllMetrics" {
        /// One for each interval.
        required "entries": list(&const { object(&ALL_METRICS_ENTRY) }),
        /// The last values against those before.
        optional "summary": map(&NUMBER),
    }
    /// All key metrics at one day.
    ALL_METRICS_ENTRY "AllMetricsEntry" {
        /// Last day of the interval.
        required "date": DATE,
        /// Monthly recurring revenue in cents.
        required "mrr": NUMBER,
        /// Its change in percent.
        optional "mrr-percentage-change": NUMBER,
        /// Annual recurring revenue in cents.
        required "arr": NUMBER,
        /// Its change in percent.
        optional "arr-percentage-change": NUMBER,
        /// Average revenue an account in cents.
        required "arpa": NUMBER,
        /// Its change in percent.
        optional "arpa-percentage-change": NUMBER,
        /// Average sale price in cents.
        required "asp": NUMBER,
        /// Its change in percent.
        optional "asp-percentage-change": NUMBER,
        /// Number of customers.
        required "customers": INTEGER,
        /// Its change in percent.
        optional "customers-percentage-change": NUMBER,
        /// Customers lost, in percent.
        required "customer-churn-rate": NUMBER,
        /// Its change in percent.
        optional "customer-churn-rate-percentage-change": NUMBER,
        /// Recurring revenue lost, in percent.
        required "mrr-churn-rate": NUMBER,
        /// Its change in percent.
        optional "mrr-churn-rate-percentage-change": NUMBER,
        /// Lifetime value in cents.
        required "ltv": NUMBER,
        /// Its change in percent.
        optional "ltv-percentage-change": NUMBER,
    }
    /// One metric over time.
    METRIC "Metric" {
        /// One for each interval.
        required "entries": list(&const { object(&METRIC_ENTRY) }),
        /// The last value against the one before.
        optional "summary": object(&METRIC_SUMMARY),
    }
    /// One metric at one day: the value is under the metric's own name.
    METRIC_ENTRY "MetricEntry" {
        /// Last day of the interval.
        required "date": DATE,
        /// Change in percent.
        optional "percentage-change": NUMBER,
        /// Monthly recurring revenue in cents.
        optional "mrr": NUMBER,
        /// MRR from new customers, in cents.
        optional "mrr-new-business": NUMBER,
        /// MRR from growth, in cents.
        optional "mrr-expansion": NUMBER,
        /// MRR lost to shrinking, in cents; negative.
        optional "mrr-contraction": NUMBER,
        /// MRR lost with customers, in cents; negative.
        optional "mrr-churn": NUMBER,
        /// MRR from customers who came back, in cents.
        optional "mrr-reactivation": NUMBER,
        /// Annual recurring revenue in cents.
        optional "arr": NUMBER,
        /// Average revenue an account in cents.
        optional "arpa": NUMBER,
        /// Average sale price in cents.
        optional "asp": NUMBER,
        /// Number of customers.
        optional "customers": INTEGER,
        /// Customers lost, in percent.
        optional "customer-churn-rate": NUMBER,
        /// Recurring revenue lost, in percent.
        optional "mrr-churn-rate": NUMBER,
        /// Lifetime value in cents; a fraction was seen.
        optional "ltv": NUMBER,
    }
    /// A change in recurring revenue.
    ACTIVITY "Activity" {
        /// A bare UUID.
        required "uuid": TEXT,
        /// What happened, in words.
        required "description": TEXT,
        /// Kind of change.
        required "type": ACTIVITY_TYPES,
        /// Change of MRR in cents.
        required "activity-mrr-movement": NUMBER,
        /// MRR after it, in cents.
        required "activity-mrr": NUMBER,
        /// ARR after it, in cents.
        required "activity-arr": NUMBER,
        /// Instant, with an offset.
        required "date": TIMESTAMP,
        /// ISO 4217.
        required "currency": TEXT,
        /// The subscription's external id.
        required "subscription-external-id": TEXT.nullable(),
        /// The external id of its set of subscriptions.
        optional "subscription-set-external-id": TEXT.nullable(),
        /// The plan's external id.
        required "plan-external-id": TEXT.nullable(),
        /// The customer's name.
        required "customer-name": TEXT.nullable(),
        /// The customer.
        required "customer-uuid": TEXT,
        /// The customer's external id.
        required "customer-external-id": TEXT,
        /// The data source.
        required "billing-connector-uuid": TEXT,
    }
    /// A change in one customer's recurring revenue.
    CUSTOMER_ACTIVITY "CustomerActivity" {
        /// ChartMogul's number.
        required "id": INTEGER,
        /// What happened, in words.
        required "description": TEXT,
        /// Kind of change.
        required "type": ACTIVITY_TYPES,
        /// Change of MRR in cents.
        required "activity-mrr-movement": NUMBER,
        /// MRR after it, in cents.
        required "activity-mrr": NUMBER,
        /// ARR after it, in cents.
        required "activity-arr": NUMBER,
        /// Instant, with an offset.
        required "date": TIMESTAMP,
        /// ISO 4217.
        required "currency": TEXT,
        /// Its sign.
        required "currency-sign": TEXT,
        /// The subscription's external id.
        required "subscription-external-id": TEXT.nullable(),
    }
    /// Which activities to export.
    EXPORT_CREATE "ActivitiesExportCreate" {
        /// From this day or instant on.
        optional "start-date": DATE,
        /// Up to this day or instant.
        optional "end-date": DATE,
        /// Only those of this kind.
        optional "type": ACTIVITY_TYPES,
    }
    /// An export of activities.
    EXPORT "ActivitiesExport" {
        /// A bare UUID.
        required "id": TEXT,
        /// How far it is.
        required "status": one_of(&["pending", "processing", "succeeded", "failed"]),
        /// Where to fetch the file, once it succeeded; for seven days.
        required "file_url": TEXT.nullable(),
        /// What was asked for.
        required "params": object(&EXPORT_PARAMS),
        /// Instant at which the file goes, with an offset.
        required "expires_at": TIMESTAMP.nullable(),
        /// Instant of creation, with an offset.
        required "created_at": TIMESTAMP,
    }
    /// What an export was asked for.
    EXPORT_PARAMS "ActivitiesExportParams" {
        /// Always `activities`.
        required "kind": TEXT,
        /// `start_date`, `end_date` and `activity_type`.
        required "params": map(&const { TEXT.nullable() }),
    }
}

/// The query of a metric: the range, the length of a step and the filters.
macro_rules! range {
    () => {
        fields![
            /// First day.
            required "start-date": DATE,
            /// Last day.
            required "end-date": DATE,
            /// Length of one step; `month` by default. The older reference leaves it out for churn rates and LTV.
            optional "interval": one_of(&["day", "week", "month", "quarter", "year"]),
            /// Only customers of these countries: ISO 3166-1 alpha-2, with commas between.
            optional "geo": TEXT,
            /// Only these plans: names, with commas between.
            optional "plans": TEXT,
            /// Only what this expression of ChartMogul's filter language lets through.
            optional "filters": TEXT,
        ]
    };
}

endpoints! {
    /// Metrics.
    METRICS: Chartmogul "metrics";
    /// All key metrics.
    "all": GET "/v1/metrics/all" { query: range![], result: one("", object(&ALL_METRICS)) }
    /// Monthly recurring revenue, with its movements.
    "mrr": GET "/v1/metrics/mrr" { query: range![], result: one("", object(&METRIC)) }
    /// Annual recurring revenue.
    "arr": GET "/v1/metrics/arr" { query: range![], result: one("", object(&METRIC)) }
    /// Average revenue an account.
    "arpa": GET "/v1/metrics/arpa" { query: range![], result: one("", object(&METRIC)) }
    /// Average sale price.
    "asp": GET "/v1/metrics/asp" { query: range![], result: one("", object(&METRIC)) }
    /// Number of customers.
    "customerCount": GET "/v1/metrics/customer-count" { query: range![], result: one("", object(&METRIC)) }
    /// Customers lost, in percent.
    "customerChurnRate": GET "/v1/metrics/customer-churn-rate" { query: range![], result: one("", object(&METRIC)) }
    /// Recurring revenue lost, in percent.
    "mrrChurnRate": GET "/v1/metrics/mrr-churn-rate" { query: range![], result: one("", object(&METRIC)) }
    /// Lifetime value of a customer.
    "ltv": GET "/v1/metrics/ltv" { query: range![], result: one("", object(&METRIC)) }
}

endpoints! {
    /// Activities.
    ACTIVITIES: Chartmogul "activities";
    /// Changes in recurring revenue. Earlier days can get new ones.
    "list": GET "/v1/activities" {
        query: page_of![
            /// From this day or instant on.
            optional "start-date": DATE,
            /// Up to this day or instant.
            optional "end-date": DATE,
            /// Only those of this kind.
            optional "type": ACTIVITY_TYPES,
            /// By `date`; `-date` for the newest first.
            optional "order": one_of(&["date", "-date"]),
        ],
        result: list_of("entries", object(&ACTIVITY)), paging: Paging::Cursor,
    }
}

endpoints! {
    /// Exports of activities.
    ACTIVITIES_EXPORTS: Chartmogul "activitiesExports";
    /// Begins an export to a zipped CSV file.
    "create": POST "/v1/activities_export" { body: Some(&EXPORT_CREATE), result: one("", object(&EXPORT)) }
    /// How far an export is, and where its file is.
    "retrieve": GET "/v1/activities_export/{export_id}" { result: one("", object(&EXPORT)) }
    /// Waits until an export is done, at most ten minutes; gives it with its `file_url`.
    "finish": GET "/v1/activities_export/{export_id}" { composed: true, result: one("", object(&EXPORT)) }
}
