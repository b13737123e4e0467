//! Ping, the account, data sources, and the two ways of bulk import into one.

use super::customers::CUSTOM_ATTRIBUTE;
use crate::endpoint::{
    ANY, BOOLEAN, FILE, INTEGER, NUMBER, TEXT, TIMESTAMP, list, list_of, object, one, one_of,
    suggested,
};
use crate::{endpoints, fields, models};

models! {
    /// The account that the key belongs to.
    ACCOUNT_RECORD "Account" {
        /// `acc_` and a UUID; since 2025.
        optional "id": TEXT,
        /// Name.
        required "name": TEXT,
        /// Currency of all metrics, ISO 4217.
        required "currency": TEXT,
        /// IANA time zone.
        required "time_zone": TEXT,
        /// First day of the week.
        required "week_start_on": one_of(&["monday", "sunday"]),
        /// When churn is recognised; only if included.
        optional "churn_recognition": ANY,
        /// Whether zero MRR counts as churn; only if included.
        optional "churn_when_zero_mrr": ANY,
        /// Whether and after how long subscriptions churn by themselves; only if included.
        optional "auto_churn_subscription": ANY,
        /// How refunds count; only if included.
        optional "refund_handling": ANY,
        /// Whether movements close together are joined; only if included.
        optional "proximate_movement_reclassification": ANY,
    }
    /// A data source: where customers come from.
    DATA_SOURCE "DataSource" {
        /// `ds_` and a UUID.
        required "uuid": TEXT,
        /// Name, unique in the account.
        required "name": TEXT,
        /// Kind of source; `Custom` (until 2025 `Import API`) for those that the API writes to.
        optional "system": suggested(&["Custom", "Import API", "Stripe", "Chargebee", "Google Sheets"]),
        /// Instant of creation.
        required "created_at": TIMESTAMP,
        /// What it is doing.
        required "status": suggested(&["idle", "importing", "never_imported"]),
        /// Progress of processing; only if asked for.
        optional "processing_status": object(&PROCESSING_STATUS),
        /// When subscriptions churn by themselves; only if asked for.
        optional "auto_churn_subscription_setting": object(&AUTO_CHURN),
        /// How invoices are read; only if asked for.
        optional "invoice_handling_setting": ANY,
    }
    /// Progress of a data source's processing.
    PROCESSING_STATUS "ProcessingStatus" {
        /// Records done.
        optional "processed": INTEGER,
        /// Records waiting.
        optional "pending": INTEGER,
        /// Records refused.
        optional "failed": INTEGER,
    }
    /// When a data source's subscriptions churn by themselves.
    AUTO_CHURN "AutoChurnSetting" {
        /// Whether they do.
        optional "enabled": BOOLEAN,
        /// After so many days.
        optional "interval": INTEGER.nullable(),
    }
    /// A new data source.
    DATA_SOURCE_CREATE "DataSourceCreate" {
        /// Name, unique in the account: 422 otherwise.
        required "name": TEXT,
    }
    /// Billing records of a custom data source, imported in the background. At most 5 MB; ChartMogul
    /// advises 100 to 1,000 customers a request, and all records of one customer in one request.
    JSON_IMPORT_CREATE "JsonImportCreate" {
        /// The import's own id, chosen by the caller.
        required "external_id": TEXT,
        /// Customers.
        optional "customers": list(&const { object(&IMPORT_CUSTOMER) }),
        /// Plans.
        optional "plans": list(&const { object(&IMPORT_RECORD) }),
        /// Invoices.
        optional "invoices": list(&const { object(&IMPORT_RECORD) }),
        /// Line items.
        optional "line_items": list(&const { object(&IMPORT_RECORD) }),
        /// Transactions.
        optional "transactions": list(&const { object(&IMPORT_RECORD) }),
        /// Subscription events.
        optional "subscription_events": list(&const { object(&IMPORT_RECORD) }),
    }
    /// A customer of a bulk import.
    IMPORT_CUSTOMER "ImportCustomer" open {
        /// The writer's own id, unique in the data source.
        required "external_id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Company.
        optional "company": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Custom attributes.
        optional "custom": list(&CUSTOM_ATTRIBUTE),
    }
    /// A record of a bulk import: the fields of its kind's own create call, related by external ids.
    IMPORT_RECORD "ImportRecord" open {
        /// The writer's own id.
        optional "external_id": TEXT.nullable(),
    }
    /// A bulk import.
    JSON_IMPORT "JsonImport" {
        /// ChartMogul's id of the import.
        required "id": TEXT,
        /// The data source.
        optional "data_source_uuid": TEXT,
        /// How far it is.
        required "status": suggested(&["queued", "processing", "completed", "failed"]),
        /// The caller's id of the import.
        required "external_id": TEXT,
        /// Counts and errors by kind.
        optional "status_details": ANY,
        /// Instant of creation.
        optional "created_at": TIMESTAMP,
        /// Instant of the last change.
        optional "updated_at": TIMESTAMP,
    }
    /// A CSV file for a custom data source.
    UPLOAD_CREATE "UploadCreate" {
        /// The file; UTF-8 with a header row.
        required "file": FILE,
        /// What its rows are.
        required "type": one_of(&[
            "customer", "contact", "plan", "invoice", "line_item", "transaction", "subscription_event",
            "manual_subscription_event", "customer_note", "customers_contacts_enrichment",
        ]),
        /// A name for the upload.
        optional "batch_name": TEXT,
    }
    /// A CSV upload.
    UPLOAD "Upload" {
        /// ChartMogul's id of the upload.
        required "id": TEXT,
        /// The file's name.
        required "original_name": TEXT,
        /// What its rows are.
        required "data_type": TEXT,
        /// Where ChartMogul keeps it.
        optional "storage_path": TEXT,
        /// 0 to 100.
        required "percent_complete": NUMBER,
        /// Instant of creation.
        required "created_at": TIMESTAMP,
        /// Instant of the last change.
        required "updated_at": TIMESTAMP,
        /// The name given.
        optional "batch_name": TEXT.nullable(),
    }
}

endpoints! {
    /// Ping.
    PING: Chartmogul "ping";
    /// Tells whether the key works: `pong!`.
    "ping": GET "/v1/ping" { result: one("data", TEXT) }
}

endpoints! {
    /// The account.
    ACCOUNT: Chartmogul "account";
    /// The account that the key belongs to.
    "retrieve": GET "/v1/account" {
        query: fields![
            /// Settings to add, with commas between: `churn_recognition`, `churn_when_zero_mrr`,
            /// `auto_churn_subscription`, `refund_handling`, `proximate_movement_reclassification`.
            optional "include": TEXT,
        ],
        result: one("", object(&ACCOUNT_RECORD)),
    }
}

/// The query of the data sources: the fields given, and what to add to each source.
macro_rules! sources {
    ($($fields:tt)*) => {
        fields![
            $($fields)*
            /// Adds `processing_status`.
            optional "with_processing_status": BOOLEAN,
            /// Adds `auto_churn_subscription_setting`.
            optional "with_auto_churn_subscription_setting": BOOLEAN,
            /// Adds `invoice_handling_setting`.
            optional "with_invoice_handling_setting": BOOLEAN,
        ]
    };
}

endpoints! {
    /// Data sources.
    DATA_SOURCES: Chartmogul "dataSources";
    /// Creates a custom data source, the only kind that the API can create.
    "create": POST "/v1/data_sources" { body: Some(&DATA_SOURCE_CREATE), result: one("", object(&DATA_SOURCE)) }
    /// All data sources, in one answer.
    "list": GET "/v1/data_sources" {
        query: sources![
            /// Only the one of this name.
            optional "name": TEXT,
            /// Only those of this kind, for example `Stripe`.
            optional "system": TEXT,
        ],
        result: list_of("data_sources", object(&DATA_SOURCE)),
    }
    /// One data source.
    "retrieve": GET "/v1/data_sources/{data_source_uuid}" {
        query: sources![], result: one("", object(&DATA_SOURCE)),
    }
    /// Deletes a data source and everything in it.
    "delete": DELETE "/v1/data_sources/{data_source_uuid}" {}
    /// Deletes everything in a data source, but not the source.
    "empty": DELETE "/v1/data_sources/{data_source_uuid}/all" {}
}

endpoints! {
    /// Bulk imports of billing records.
    JSON_IMPORTS: Chartmogul "jsonImports";
    /// Imports customers, plans, invoices, line items, transactions and subscription events in the
    /// background. Not contacts, tasks or notes.
    "create": POST "/v1/data_sources/{data_source_uuid}/json_imports" {
        body: Some(&JSON_IMPORT_CREATE), result: one("", object(&JSON_IMPORT)),
    }
    /// How far an import is; takes the import's id or its external id.
    "retrieve": GET "/v1/data_sources/{data_source_uuid}/json_imports/{import_id}" {
        result: one("", object(&JSON_IMPORT)),
    }
}

endpoints! {
    /// CSV uploads.
    UPLOADS: Chartmogul "uploads";
    /// Imports a CSV file into a custom data source in the background.
    "create": POST "/v1/data_sources/{data_source_uuid}/uploads" {
        body: Some(&UPLOAD_CREATE), result: one("", object(&UPLOAD)),
    }
}
