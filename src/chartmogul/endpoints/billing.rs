//! Invoices with their line items and transactions.

use super::{MOMENT, page_of};
use crate::endpoint::{
    ANY, BOOLEAN, INTEGER, Paging, TEXT, TIMESTAMP, Type, list, list_of, map, object, one, one_of,
    suggested,
};
use crate::{endpoints, fields, models};

const VALIDATION_TYPES: Type = one_of(&["valid", "invalid", "all"]);
const PRORATION_TYPES: Type = one_of(&["differential", "full", "differential_mrr"]);
const COLLECTION_METHODS: Type = one_of(&["automatic", "manual"]);

models! {
    /// Changes by users.
    EDIT_HISTORY "EditHistorySummary" {
        /// Original and edited value by field.
        optional "values_changed": map(&ANY),
        /// E-mail address of the last editor.
        optional "latest_edit_author": TEXT.nullable(),
        /// Instant of the last edit.
        optional "latest_edit_performed_at": TIMESTAMP.nullable(),
    }
    /// Invoices of one customer.
    INVOICES_IMPORT "InvoicesImport" {
        /// The invoices.
        required "invoices": list(&const { object(&INVOICE_WRITE) }),
    }
    /// A new invoice.
    INVOICE_WRITE "InvoiceWrite" {
        /// The writer's own id, unique in the data source.
        optional "external_id": TEXT,
        /// Instant of the invoice.
        required "date": MOMENT,
        /// Instant at which it is due.
        optional "due_date": MOMENT.nullable(),
        /// ISO 4217.
        required "currency": TEXT,
        /// The data source, where the customer has several.
        optional "data_source_uuid": TEXT,
        /// The customer's external id, where the customer has several.
        optional "customer_external_id": TEXT,
        /// The customer; repeats the path.
        optional "customer_uuid": TEXT,
        /// How it is paid.
        optional "collection_method": COLLECTION_METHODS,
        /// Line items.
        required "line_items": list(&const { object(&LINE_ITEM_CREATE) }),
        /// Transactions.
        optional "transactions": list(&const { object(&TRANSACTION_CREATE) }),
    }
    /// Changes to an invoice; what is left out stays.
    INVOICE_UPDATE "InvoiceUpdate" {
        /// Instant of the invoice.
        optional "date": MOMENT,
        /// Instant at which it is due.
        optional "due_date": MOMENT.nullable(),
        /// ISO 4217.
        optional "currency": TEXT,
        /// How it is paid.
        optional "collection_method": COLLECTION_METHODS,
    }
    /// An invoice's new state.
    INVOICE_STATUS "InvoiceStatusUpdate" {
        /// The state.
        required "status": one_of(&["voided", "written_off"]),
    }
    /// Whether a record counts.
    DISABLED_STATE "DisabledState" {
        /// True leaves the record out of the metrics.
        required "disabled": BOOLEAN,
    }
    /// A new payment or refund.
    TRANSACTION_CREATE "TransactionCreate" {
        /// What it is.
        required "type": one_of(&["payment", "refund"]),
        /// Instant.
        required "date": MOMENT,
        /// Whether it succeeded.
        required "result": one_of(&["successful", "failed"]),
        /// The writer's own id.
        optional "external_id": TEXT.nullable(),
        /// Amount in cents; the invoice's by default.
        optional "amount_in_cents": INTEGER.nullable(),
        /// Fees in cents.
        optional "transaction_fees_in_cents": INTEGER.nullable(),
        /// Currency of the fees.
        optional "transaction_fees_currency": TEXT.nullable(),
    }
    /// Changes to a transaction; what is left out stays.
    TRANSACTION_UPDATE "TransactionUpdate" {
        /// What it is.
        optional "type": one_of(&["payment", "refund"]),
        /// Instant.
        optional "date": MOMENT,
        /// Whether it succeeded.
        optional "result": one_of(&["successful", "failed"]),
        /// Amount in cents.
        optional "amount_in_cents": INTEGER.nullable(),
        /// Fees in cents.
        optional "transaction_fees_in_cents": INTEGER.nullable(),
        /// Currency of the fees.
        optional "transaction_fees_currency": TEXT.nullable(),
    }
}

/// The models of reading, which share what says whether and by whom it was disabled or edited.
macro_rules! billing_reads {
    ($($shared:tt)*) => {
        models! {
            /// An invoice.
            INVOICE "Invoice" {
                /// `inv_` and a UUID.
                required "uuid": TEXT,
                /// The writer's own id.
                required "external_id": TEXT.nullable(),
                /// The customer.
                optional "customer_uuid": TEXT,
                /// The customer's external id.
                optional "customer_external_id": TEXT.nullable(),
                /// The data source.
                optional "data_source_uuid": TEXT,
                /// Instant of the invoice.
                required "date": TIMESTAMP,
                /// Instant at which it is due.
                required "due_date": TIMESTAMP.nullable(),
                /// ISO 4217.
                required "currency": TEXT,
                /// State, where it was set.
                optional "status": suggested(&["voided", "written_off"]).nullable(),
                /// How it is paid.
                optional "collection_method": COLLECTION_METHODS.nullable(),
                /// Line items.
                required "line_items": list(&const { object(&LINE_ITEM) }),
                /// Transactions.
                required "transactions": list(&const { object(&TRANSACTION) }),
                $($shared)*
            }
            /// A line item.
            LINE_ITEM "LineItem" {
                /// `li_` and a UUID.
                required "uuid": TEXT,
                /// The writer's own id.
                required "external_id": TEXT.nullable(),
                /// What it is.
                required "type": one_of(&["subscription", "one_time", "trial"]),
                /// The invoice.
                optional "invoice_uuid": TEXT,
                /// The subscription, `sub_` and a UUID.
                optional "subscription_uuid": TEXT,
                /// The subscription's external id.
                optional "subscription_external_id": TEXT.nullable(),
                /// The external id of its set of subscriptions.
                optional "subscription_set_external_id": TEXT.nullable(),
                /// The plan.
                optional "plan_uuid": TEXT.nullable(),
                /// Whether the amount is for a part of the period.
                optional "prorated": BOOLEAN,
                /// How a part of the period counts.
                optional "proration_type": PRORATION_TYPES.nullable(),
                /// First instant of the period.
                optional "service_period_start": TIMESTAMP,
                /// First instant after the period.
                optional "service_period_end": TIMESTAMP,
                /// Instant of cancellation.
                optional "cancelled_at": TIMESTAMP.nullable(),
                /// What a one-time item is for.
                optional "description": TEXT.nullable(),
                /// Amount after discount, with tax, in cents.
                required "amount_in_cents": INTEGER,
                /// Quantity.
                required "quantity": INTEGER.nullable(),
                /// Code of the discount.
                optional "discount_code": TEXT.nullable(),
                /// Discount in cents.
                optional "discount_amount_in_cents": INTEGER,
                /// What the discount is.
                optional "discount_description": TEXT.nullable(),
                /// Tax in cents.
                optional "tax_amount_in_cents": INTEGER,
                /// Fees in cents.
                optional "transaction_fees_in_cents": INTEGER,
                /// Currency of the fees.
                optional "transaction_fees_currency": TEXT.nullable(),
                /// Account in the books.
                optional "account_code": TEXT.nullable(),
                /// Order among events of the same instant.
                optional "event_order": INTEGER.nullable(),
                /// Whether the amount moves a balance and does not count as revenue.
                optional "balance_transfer": BOOLEAN.nullable(),
                /// What is wrong with it.
                optional "error": TEXT.nullable(),
                $($shared)*
            }
            /// A payment or refund.
            TRANSACTION "Transaction" {
                /// `tr_` and a UUID.
                required "uuid": TEXT,
                /// The writer's own id.
                required "external_id": TEXT.nullable(),
                /// What it is.
                required "type": one_of(&["payment", "refund"]),
                /// The invoice.
                optional "invoice_uuid": TEXT,
                /// Instant.
                required "date": TIMESTAMP,
                /// Whether it succeeded.
                required "result": one_of(&["successful", "failed"]),
                /// Amount in cents; the invoice's where none was given.
                optional "amount_in_cents": INTEGER.nullable(),
                /// Fees in cents.
                optional "transaction_fees_in_cents": INTEGER.nullable(),
                /// Currency of the fees.
                optional "transaction_fees_currency": TEXT.nullable(),
                /// What is wrong with it.
                optional "error": TEXT.nullable(),
                $($shared)*
            }
        }
    };
}

billing_reads! {
    /// What is wrong with it, by field; in an import's answer also what was refused.
    optional "errors": map(&ANY).nullable(),
    /// Whether it is left out of the metrics.
    optional "disabled": BOOLEAN,
    /// Since when.
    optional "disabled_at": TIMESTAMP.nullable(),
    /// By whom.
    optional "disabled_by": TEXT.nullable(),
    /// Changes by users; only if asked for.
    optional "edit_history_summary": object(&EDIT_HISTORY).nullable(),
}

/// The models of writing a line item.
macro_rules! line_item_writes {
    ($($shared:tt)*) => {
        models! {
            /// A new line item.
            LINE_ITEM_CREATE "LineItemCreate" {
                /// What it is.
                required "type": one_of(&["subscription", "one_time", "trial"]),
                /// Amount after discount, with tax, in cents.
                required "amount_in_cents": INTEGER,
                /// The writer's own id.
                optional "external_id": TEXT.nullable(),
                /// The subscription's external id; required for one.
                optional "subscription_external_id": TEXT,
                /// The external id of its set of subscriptions.
                optional "subscription_set_external_id": TEXT,
                $($shared)*
            }
            /// Changes to a line item; what is left out stays.
            LINE_ITEM_UPDATE "LineItemUpdate" {
                /// Amount after discount, with tax, in cents.
                optional "amount_in_cents": INTEGER,
                $($shared)*
            }
        }
    };
}

line_item_writes! {
    /// Quantity; 1 by default.
    optional "quantity": INTEGER.nullable(),
    /// The plan; required for a subscription.
    optional "plan_uuid": TEXT,
    /// First instant of the period; required for a subscription.
    optional "service_period_start": MOMENT,
    /// First instant after the period; required for a subscription.
    optional "service_period_end": MOMENT,
    /// Instant of cancellation.
    optional "cancelled_at": MOMENT.nullable(),
    /// Whether the amount is for a part of the period.
    optional "prorated": BOOLEAN,
    /// How a part of the period counts.
    optional "proration_type": PRORATION_TYPES.nullable(),
    /// What a one-time item is for.
    optional "description": TEXT.nullable(),
    /// Code of the discount.
    optional "discount_code": TEXT.nullable(),
    /// Discount in cents.
    optional "discount_amount_in_cents": INTEGER,
    /// What the discount is.
    optional "discount_description": TEXT.nullable(),
    /// Tax in cents.
    optional "tax_amount_in_cents": INTEGER,
    /// Fees in cents.
    optional "transaction_fees_in_cents": INTEGER,
    /// Currency of the fees.
    optional "transaction_fees_currency": TEXT.nullable(),
    /// Account in the books.
    optional "account_code": TEXT.nullable(),
    /// Order among events of the same instant.
    optional "event_order": INTEGER.nullable(),
}

/// The query that adds edits and disabled records.
macro_rules! detail_of {
    ($($fields:tt)*) => {
        fields![
            $($fields)*
            /// Also records that are left out of the metrics.
            optional "with_disabled": BOOLEAN,
            /// Adds `edit_history_summary`.
            optional "include_edit_histories": BOOLEAN,
        ]
    };
}

/// The query that names one record by data source and external id.
macro_rules! by_external_id {
    ($($fields:tt)*) => {
        fields![
            /// The data source.
            required "data_source_uuid": TEXT,
            /// The record's external id.
            required "external_id": TEXT,
            $($fields)*
        ]
    };
}

/// The query of writes that can count as a user's.
macro_rules! as_user_edit {
    () => {
        fields![
            /// Whether the change counts as one by a user and stays against the source's.
            optional "handle_as_user_edit": BOOLEAN,
        ]
    };
}
pub(super) use as_user_edit;

endpoints! {
    /// Invoices.
    INVOICES: Chartmogul "invoices";
    /// Writes invoices of a customer. An invoice that is refused comes back with `errors`, in an answer of 201.
    "import": POST "/v1/import/customers/{customer_uuid}/invoices" {
        query: as_user_edit![], body: Some(&INVOICES_IMPORT), result: list_of("invoices", object(&INVOICE)),
    }
    /// A customer's invoices.
    "listByCustomer": GET "/v1/import/customers/{customer_uuid}/invoices" {
        query: page_of![
            /// Which invoices, by whether they are valid.
            optional "validation_type": VALIDATION_TYPES,
        ],
        result: list_of("invoices", object(&INVOICE)), paging: Paging::Cursor,
    }
    /// Invoices.
    "list": GET "/v1/invoices" {
        query: page_of![
            /// Only those of this data source.
            optional "data_source_uuid": TEXT,
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those with this external id.
            optional "external_id": TEXT,
            /// Which invoices, by whether they are valid.
            optional "validation_type": VALIDATION_TYPES,
            /// Also those that are left out of the metrics.
            optional "with_disabled": BOOLEAN,
            /// Adds `edit_history_summary`.
            optional "include_edit_histories": BOOLEAN,
        ],
        result: list_of("invoices", object(&INVOICE)), paging: Paging::Cursor,
    }
    /// One invoice.
    "retrieve": GET "/v1/invoices/{invoice_uuid}" {
        query: detail_of![
            /// Which line items and transactions, by whether they are valid.
            optional "validation_type": VALIDATION_TYPES,
        ],
        result: one("", object(&INVOICE)),
    }
    /// Updates an invoice.
    "update": PATCH "/v1/invoices/{invoice_uuid}" { body: Some(&INVOICE_UPDATE), result: one("", object(&INVOICE)) }
    /// Updates an invoice, named by its external id.
    "updateByExternalId": PATCH "/v1/invoices" {
        query: by_external_id![], body: Some(&INVOICE_UPDATE), result: one("", object(&INVOICE)),
    }
    /// Voids an invoice or writes it off.
    "updateStatus": PUT "/v1/data_sources/{data_source_uuid}/invoices/{invoice_external_id}/status" {
        query: as_user_edit![], body: Some(&INVOICE_STATUS), result: one("", object(&INVOICE)),
    }
    /// Leaves an invoice out of the metrics, or takes it in again.
    "setDisabled": PATCH "/v1/invoices/{invoice_uuid}/disabled_state" {
        body: Some(&DISABLED_STATE), result: one("", object(&INVOICE)),
    }
    /// The same, named by its external id.
    "setDisabledByExternalId": PATCH "/v1/invoices/disabled_state" {
        query: by_external_id![], body: Some(&DISABLED_STATE), result: one("", object(&INVOICE)),
    }
    /// Deletes an invoice.
    "delete": DELETE "/v1/invoices/{invoice_uuid}" {}
    /// Deletes an invoice, named by its external id.
    "deleteByExternalId": DELETE "/v1/invoices" { query: by_external_id![] }
    /// Deletes all invoices of a customer in a data source.
    "deleteByCustomer": DELETE "/v1/data_sources/{data_source_uuid}/customers/{customer_uuid}/invoices" {
        query: fields![
            /// Only those of the source customer with this external id.
            optional "customer_external_id": TEXT,
        ],
    }
}

endpoints! {
    /// Line items.
    LINE_ITEMS: Chartmogul "lineItems";
    /// Adds a line item to an invoice.
    "create": POST "/v1/import/invoices/{invoice_uuid}/line_items" {
        query: as_user_edit![], body: Some(&LINE_ITEM_CREATE), result: one("", object(&LINE_ITEM)),
    }
    /// One line item, named by its external id.
    "retrieveByExternalId": GET "/v1/line_items" {
        query: detail_of![
            /// The data source.
            required "data_source_uuid": TEXT,
            /// The external id.
            required "external_id": TEXT,
        ],
        // One object; a list of one is on record too.
        result: one("line_items?", object(&LINE_ITEM)),
    }
    /// One line item.
    "retrieve": GET "/v1/line_items/{line_item_uuid}" { query: detail_of![], result: one("", object(&LINE_ITEM)) }
    /// Updates a line item.
    "update": PATCH "/v1/line_items/{line_item_uuid}" {
        query: as_user_edit![], body: Some(&LINE_ITEM_UPDATE), result: one("", object(&LINE_ITEM)),
    }
    /// Updates a line item, named by its external id.
    "updateByExternalId": PATCH "/v1/line_items" {
        query: by_external_id![
            /// Whether the change counts as one by a user and stays against the source's.
            optional "handle_as_user_edit": BOOLEAN,
        ],
        body: Some(&LINE_ITEM_UPDATE), result: one("", object(&LINE_ITEM)),
    }
    /// Leaves a line item out of the metrics, or takes it in again.
    "setDisabled": PATCH "/v1/line_items/{line_item_uuid}/disabled_state" {
        body: Some(&DISABLED_STATE), result: one("", object(&LINE_ITEM)),
    }
    /// The same, named by its external id.
    "setDisabledByExternalId": PATCH "/v1/line_items/disabled_state" {
        query: by_external_id![], body: Some(&DISABLED_STATE), result: one("", object(&LINE_ITEM)),
    }
    /// Deletes a line item.
    "delete": DELETE "/v1/line_items/{line_item_uuid}" {}
    /// Deletes a line item, named by its external id.
    "deleteByExternalId": DELETE "/v1/line_items" { query: by_external_id![] }
}

endpoints! {
    /// Transactions.
    TRANSACTIONS: Chartmogul "transactions";
    /// Adds a payment or refund to an invoice.
    "create": POST "/v1/import/invoices/{invoice_uuid}/transactions" {
        query: as_user_edit![], body: Some(&TRANSACTION_CREATE), result: one("", object(&TRANSACTION)),
    }
    /// One transaction, named by its external id.
    "retrieveByExternalId": GET "/v1/transactions" {
        query: detail_of![
            /// The data source.
            required "data_source_uuid": TEXT,
            /// The external id.
            required "external_id": TEXT,
        ],
        // One object; a list of one is on record too.
        result: one("transactions?", object(&TRANSACTION)),
    }
    /// One transaction.
    "retrieve": GET "/v1/transactions/{transaction_uuid}" {
        query: detail_of![], result: one("", object(&TRANSACTION)),
    }
    /// Updates a transaction.
    "update": PATCH "/v1/transactions/{transaction_uuid}" {
        query: as_user_edit![], body: Some(&TRANSACTION_UPDATE), result: one("", object(&TRANSACTION)),
    }
    /// Updates a transaction, named by its external id.
    "updateByExternalId": PATCH "/v1/transactions" {
        query: by_external_id![
            /// Whether the change counts as one by a user and stays against the source's.
            optional "handle_as_user_edit": BOOLEAN,
        ],
        body: Some(&TRANSACTION_UPDATE), result: one("", object(&TRANSACTION)),
    }
    /// Leaves a transaction out of the metrics, or takes it in again.
    "setDisabled": PATCH "/v1/transactions/{transaction_uuid}/disabled_state" {
        body: Some(&DISABLED_STATE), result: one("", object(&TRANSACTION)),
    }
    /// The same, named by its external id.
    "setDisabledByExternalId": PATCH "/v1/transactions/disabled_state" {
        query: by_external_id![], body: Some(&DISABLED_STATE), result: one("", object(&TRANSACTION)),
    }
    /// Deletes a transaction.
    "delete": DELETE "/v1/transactions/{transaction_uuid}" {}
    /// Deletes a transaction, named by its external id.
    "deleteByExternalId": DELETE "/v1/transactions" { query: by_external_id![] }
}
