//! ChartMogul's endpoint table: one file for each kind of record.
//!
//! Sources are the official clients' code and recordings, and the public reference; where they
//! disagree, what was recorded last wins. Money is in cents of the currency named beside it.

pub mod attributes;
pub mod billing;
pub mod contacts;
pub mod customers;
pub mod metrics;
pub mod notes;
pub mod opportunities;
pub mod plans;
pub mod sources;
pub mod subscriptions;
pub mod tasks;

use crate::endpoint::{Endpoint, TEXT, Type};

/// All tables.
pub static TABLES: &[&[Endpoint]] = &[
    sources::PING,
    sources::ACCOUNT,
    sources::DATA_SOURCES,
    sources::JSON_IMPORTS,
    sources::UPLOADS,
    customers::CUSTOMERS,
    attributes::CUSTOMER_ATTRIBUTES,
    attributes::TAGS,
    attributes::CUSTOM_ATTRIBUTES,
    contacts::CONTACTS,
    notes::NOTES,
    notes::CUSTOMER_NOTES,
    tasks::TASKS,
    opportunities::OPPORTUNITIES,
    plans::PLANS,
    plans::PLAN_GROUPS,
    billing::INVOICES,
    billing::LINE_ITEMS,
    billing::TRANSACTIONS,
    subscriptions::SUBSCRIPTIONS,
    subscriptions::SUBSCRIPTION_EVENTS,
    metrics::METRICS,
    metrics::ACTIVITIES,
    metrics::ACTIVITIES_EXPORTS,
];

/// An instant or day in any form that the billing side reads: ISO 8601, or `2016-01-31 00:00:00 UTC`.
pub(crate) const MOMENT: Type = TEXT;

/// The query of a paged list: the fields given (each followed by a comma), `per_page` and `cursor`.
macro_rules! page_of {
    ($($fields:tt)*) => {
        $crate::fields![
            $($fields)*
            /// Records a page: 1 to 200, 200 by default; more is taken as 200.
            optional "per_page": $crate::endpoint::INTEGER,
            /// Where to continue, from the page before. Opaque.
            optional "cursor": $crate::endpoint::TEXT,
        ]
    };
}
pub(crate) use page_of;
