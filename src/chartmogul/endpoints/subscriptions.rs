//! Subscriptions and the events that change them.

use super::billing::{DISABLED_STATE, as_user_edit};
use super::{MOMENT, page_of};
use crate::endpoint::{
    ANY, BOOLEAN, INTEGER, NUMBER, Paging, TEXT, TIMESTAMP, Type, either, list, list_of, map,
    object, one, one_of, suggested,
};
use crate::{endpoints, fields, models};

const EVENT_TYPES: Type = one_of(&[
    "subscription_start",
    "subscription_start_scheduled",
    "scheduled_subscription_start_retracted",
    "subscription_cancelled",
    "subscription_cancellation_scheduled",
    "scheduled_subscription_cancellation_retracted",
    "subscription_updated",
    "subscription_update_scheduled",
    "scheduled_subscription_update_retracted",
    "subscription_event_retracted",
]);

/// A whole number, or `""` where none was written.
const INTEGER_OR_EMPTY: Type = either(&const { [INTEGER, one_of(&[""])] }).nullable();

models! {
    /// A customer's subscription with its revenue.
    CUSTOMER_SUBSCRIPTION "CustomerSubscription" {
        /// ChartMogul's internal number.
        required "id": INTEGER,
        /// A bare UUID.
        optional "uuid": TEXT,
        /// The subscription's external id.
        required "external_id": TEXT,
        /// The external id of its set of subscriptions.
        optional "subscription_set_external_id": TEXT.nullable(),
        /// Name of the plan.
        required "plan": TEXT,
        /// Quantity.
        required "quantity": INTEGER,
        /// Monthly recurring revenue in cents; a fraction was seen in 2018.
        required "mrr": NUMBER,
        /// Annual recurring revenue in cents.
        required "arr": NUMBER,
        /// State.
        required "status": suggested(&["active", "inactive"]),
        /// Unit of the billing period.
        required "billing-cycle": TEXT,
        /// So many units are one period.
        required "billing-cycle-count": INTEGER,
        /// Instant of the start, with an offset.
        required "start-date": TIMESTAMP,
        /// Instant of the end, with an offset.
        required "end-date": TIMESTAMP,
        /// ISO 4217.
        required "currency": TEXT,
        /// Its sign.
        required "currency-sign": TEXT,
    }
    /// A subscription as it was imported.
    SUBSCRIPTION "Subscription" {
        /// `sub_` and a UUID.
        required "uuid": TEXT,
        /// The subscription's external id.
        required "external_id": TEXT,
        /// The external id of its set of subscriptions.
        optional "subscription_set_external_id": TEXT.nullable(),
        /// The plan.
        required "plan_uuid": TEXT,
        /// The data source.
        required "data_source_uuid": TEXT,
        /// The customer.
        optional "customer_uuid": TEXT,
        /// Instants of cancellation.
        required "cancellation_dates": list(&TIMESTAMP),
    }
    /// Names a subscription: its data source with its external id or uuid.
    SUBSCRIPTION_IDENTIFIER "SubscriptionIdentifier" {
        /// The data source.
        required "data_source_uuid": TEXT,
        /// The subscription's external id.
        optional "external_id": TEXT,
        /// The subscription.
        optional "uuid": TEXT,
        /// The plan; the Go client repeats it.
        optional "plan_uuid": TEXT,
        /// The external id of its set of subscriptions.
        optional "subscription_set_external_id": TEXT.nullable(),
    }
    /// When a subscription ends or ended: one of the two.
    SUBSCRIPTION_CANCEL "SubscriptionCancel" {
        /// Instant of cancellation.
        optional "cancelled_at": MOMENT.nullable(),
        /// All instants of cancellation; an empty list takes them back.
        optional "cancellation_dates": list(&MOMENT),
    }
    /// A subscription event.
    SUBSCRIPTION_EVENT "SubscriptionEvent" {
        /// ChartMogul's number.
        required "id": INTEGER,
        /// The data source.
        required "data_source_uuid": TEXT,
        /// The customer's external id.
        required "customer_external_id": TEXT,
        /// The subscription's external id.
        required "subscription_external_id": TEXT,
        /// The external id of its set of subscriptions.
        required "subscription_set_external_id": TEXT.nullable(),
        /// The plan's external id.
        required "plan_external_id": TEXT.nullable(),
        /// What happens.
        required "event_type": EVENT_TYPES,
        /// Instant at which it was known, without milliseconds.
        required "event_date": TIMESTAMP,
        /// Instant at which it takes effect, without milliseconds.
        required "effective_date": TIMESTAMP,
        /// The writer's own id.
        required "external_id": TEXT.nullable(),
        /// Quantity; `""` where none was written.
        required "quantity": INTEGER_OR_EMPTY,
        /// ISO 4217.
        required "currency": TEXT.nullable(),
        /// Amount in cents; `""` where none was written.
        required "amount_in_cents": INTEGER_OR_EMPTY,
        /// Tax in cents.
        required "tax_amount_in_cents": INTEGER_OR_EMPTY,
        /// The event that this one takes back.
        required "retracted_event_id": TEXT.nullable(),
        /// Order among events of the same instant.
        optional "event_order": INTEGER.nullable(),
        /// What is wrong with it, by field.
        required "errors": map(&ANY),
        /// Instant of creation.
        required "created_at": TIMESTAMP,
        /// Instant of the last change.
        required "updated_at": TIMESTAMP,
        /// Whether it is left out of the metrics.
        optional "disabled": BOOLEAN,
        /// Since when.
        optional "disabled_at": TIMESTAMP.nullable(),
        /// By whom.
        optional "disabled_by": TEXT.nullable(),
        /// Changes by users; only if asked for.
        optional "edit_history_summary": ANY,
    }
    /// A new subscription event in its envelope.
    EVENT_CREATE "SubscriptionEventCreate" {
        /// The event.
        required "subscription_event": object(&EVENT_CREATE_FIELDS),
    }
    /// Changes to a subscription event in their envelope.
    EVENT_UPDATE "SubscriptionEventUpdate" {
        /// The event, named by `id` or by `data_source_uuid` and `external_id`, with its changes.
        required "subscription_event": object(&EVENT_UPDATE_FIELDS),
    }
    /// A subscription event to delete, in its envelope.
    EVENT_DELETE "SubscriptionEventDelete" {
        /// The event.
        required "subscription_event": object(&EVENT_IDENTIFIER),
    }
    /// Names a subscription event by `id`, or by `data_source_uuid` and `external_id`.
    EVENT_IDENTIFIER "SubscriptionEventIdentifier" {
        /// ChartMogul's number.
        optional "id": INTEGER,
        /// The data source.
        optional "data_source_uuid": TEXT,
        /// The writer's own id.
        optional "external_id": TEXT,
    }
    /// A subscription event to leave out of the metrics, or to take in again.
    EVENT_DISABLED "SubscriptionEventDisabled" {
        /// The data source.
        required "data_source_uuid": TEXT,
        /// The event's external id.
        required "external_id": TEXT,
        /// True leaves it out.
        required "disabled": BOOLEAN,
    }
}

/// The models of creating and updating, which differ in what must be given.
macro_rules! event_writes {
    ($($shared:tt)*) => {
        models! {
            /// A new subscription event.
            EVENT_CREATE_FIELDS "SubscriptionEventCreateFields" {
                /// The data source.
                required "data_source_uuid": TEXT,
                /// The customer's external id.
                required "customer_external_id": TEXT,
                /// What happens.
                required "event_type": EVENT_TYPES,
                /// The subscription's external id.
                required "subscription_external_id": TEXT,
                /// Taken and ignored; the Ruby client repeats it.
                optional "errors": ANY,
                /// Taken and ignored; the Ruby client repeats it.
                optional "created_at": ANY,
                /// Taken and ignored; the Ruby client repeats it.
                optional "updated_at": ANY,
                $($shared)*
            }
            /// Names a subscription event and changes it.
            EVENT_UPDATE_FIELDS "SubscriptionEventUpdateFields" {
                /// The data source.
                optional "data_source_uuid": TEXT,
                /// The customer's external id.
                optional "customer_external_id": TEXT,
                /// What happens.
                optional "event_type": EVENT_TYPES,
                /// The subscription's external id.
                optional "subscription_external_id": TEXT,
                $($shared)*
            }
        }
    };
}

event_writes! {
    /// ChartMogul's number; set by it.
    optional "id": INTEGER.nullable(),
    /// The writer's own id.
    optional "external_id": TEXT.nullable(),
    /// Instant at which it was known.
    optional "event_date": MOMENT,
    /// Instant at which it takes effect.
    optional "effective_date": MOMENT,
    /// The external id of its set of subscriptions.
    optional "subscription_set_external_id": TEXT.nullable(),
    /// The plan's external id; required unless the subscription ends.
    optional "plan_external_id": TEXT.nullable(),
    /// ISO 4217; required with an amount.
    optional "currency": TEXT.nullable(),
    /// Amount of one period in cents.
    optional "amount_in_cents": INTEGER_OR_EMPTY,
    /// Tax in cents.
    optional "tax_amount_in_cents": INTEGER_OR_EMPTY,
    /// Quantity.
    optional "quantity": INTEGER_OR_EMPTY,
    /// The event that this one takes back.
    optional "retracted_event_id": TEXT.nullable(),
    /// Order among events of the same instant.
    optional "event_order": INTEGER.nullable(),
}

endpoints! {
    /// Subscriptions as they were imported.
    SUBSCRIPTIONS: Chartmogul "subscriptions";
    /// A customer's subscriptions as they were imported.
    "listByCustomer": GET "/v1/import/customers/{customer_uuid}/subscriptions" {
        query: page_of![], result: list_of("subscriptions", object(&SUBSCRIPTION)), paging: Paging::Cursor,
        replaced_by: Some("customers.listSubscriptions"),
    }
    /// Ends a subscription, or sets all its instants of cancellation.
    "cancel": PATCH "/v1/import/subscriptions/{subscription_uuid}" {
        body: Some(&SUBSCRIPTION_CANCEL), result: one("", object(&SUBSCRIPTION)),
    }
}

endpoints! {
    /// Subscription events.
    SUBSCRIPTION_EVENTS: Chartmogul "subscriptionEvents";
    /// Writes a subscription event.
    "create": POST "/v1/subscription_events" {
        query: as_user_edit![], body: Some(&EVENT_CREATE), result: one("", object(&SUBSCRIPTION_EVENT)),
    }
    /// Subscription events, newest first.
    "list": GET "/v1/subscription_events" {
        query: page_of![
            /// Only those of this data source.
            optional "data_source_uuid": TEXT,
            /// Only those with this external id.
            optional "external_id": TEXT,
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those of the customer with this external id.
            optional "customer_external_id": TEXT,
            /// Only those of the subscription with this external id.
            optional "subscription_external_id": TEXT,
            /// Only those of this type.
            optional "event_type": EVENT_TYPES,
            /// Only those known at this instant.
            optional "event_date": MOMENT,
            /// Only those taking effect at this instant.
            optional "effective_date": MOMENT,
            /// Only those of the plan with this external id.
            optional "plan_external_id": TEXT,
            /// Also those that are left out of the metrics.
            optional "with_disabled": BOOLEAN,
            /// Adds `edit_history_summary`.
            optional "include_edit_histories": BOOLEAN,
        ],
        result: list_of("subscription_events", object(&SUBSCRIPTION_EVENT)), paging: Paging::Cursor,
    }
    /// Updates a subscription event.
    "update": PATCH "/v1/subscription_events" {
        query: as_user_edit![], body: Some(&EVENT_UPDATE), result: one("", object(&SUBSCRIPTION_EVENT)),
    }
    /// Deletes a subscription event.
    "delete": DELETE "/v1/subscription_events" { body: Some(&EVENT_DELETE) }
    /// Leaves a subscription event out of the metrics, or takes it in again.
    "setDisabled": PATCH "/v1/subscription_events/{subscription_event_id}/disabled_state" {
        path_types: fields![
            /// ChartMogul's number.
            required "subscription_event_id": INTEGER,
        ],
        body: Some(&DISABLED_STATE), result: one("", object(&SUBSCRIPTION_EVENT)),
    }
    /// The same, named by its external id.
    "setDisabledByExternalId": PATCH "/v1/subscription_events/disabled_state" {
        body: Some(&EVENT_DISABLED), result: one("", object(&SUBSCRIPTION_EVENT)),
    }
}
