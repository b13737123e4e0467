//! Customers: one for each company or person, the parents of everything else.

use super::contacts::{CONTACT, CUSTOMER_CONTACT};
use super::metrics::CUSTOMER_ACTIVITY;
use super::subscriptions::{CUSTOMER_SUBSCRIPTION, SUBSCRIPTION_IDENTIFIER};
use super::{MOMENT, page_of};
use crate::endpoint::{
    ANY, BOOLEAN, DATE, EMAIL, INTEGER, NUMBER, Paging, RetryClass, TEXT, TIMESTAMP, Type, either,
    list, list_of, map, object, one, one_of, suggested,
};
use crate::{endpoints, models};

models! {
    /// A customer.
    CUSTOMER "Customer" {
        /// ChartMogul's internal number.
        optional "id": INTEGER,
        /// `cus_` and a UUID. Disappears when the customer is merged into another.
        required "uuid": TEXT,
        /// The first of `external_ids`.
        required "external_id": TEXT,
        /// One for each merged source customer.
        optional "external_ids": list(&TEXT),
        /// The first of `data_source_uuids`.
        optional "data_source_uuid": TEXT,
        /// One for each merged source customer; the same may be listed twice.
        optional "data_source_uuids": list(&TEXT),
        /// Name; empty when absent.
        optional "name": TEXT,
        /// Company; empty when absent.
        optional "company": TEXT,
        /// E-mail address; empty when absent.
        optional "email": TEXT,
        /// State; `Lead` and `Past due` in older answers.
        optional "status": suggested(&[
            "New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead", "Active", "Past Due", "Cancelled",
        ]),
        /// State as a lead; since 2026.
        optional "lead_status": TEXT.nullable(),
        /// State as a free subscriber; since 2026.
        optional "free_subscriber_status": TEXT.nullable(),
        /// State as a trial subscriber; since 2026.
        optional "trial_subscriber_status": TEXT.nullable(),
        /// State as a paying subscriber; since 2026.
        optional "paid_subscriber_status": TEXT.nullable(),
        /// Instant of the first payment, with an offset and without milliseconds; `null` for leads.
        optional "customer-since": TIMESTAMP.nullable(),
        /// Tags and custom attributes.
        optional "attributes": object(&ATTRIBUTES),
        /// City.
        optional "city": TEXT.nullable(),
        /// State: the part of ISO 3166-2 after the country, for the United States only.
        optional "state": TEXT.nullable(),
        /// ISO 3166-1 alpha-2.
        optional "country": TEXT.nullable(),
        /// Postal code.
        optional "zip": TEXT.nullable(),
        /// The address with the country's and state's English names.
        optional "address": object(&ADDRESS),
        /// Instant at which it became a lead.
        optional "lead_created_at": TIMESTAMP.nullable(),
        /// Instant at which its trial began.
        optional "free_trial_started_at": TIMESTAMP.nullable(),
        /// E-mail address of the ChartMogul user who owns it.
        optional "owner": TEXT.nullable(),
        /// Website.
        optional "website_url": TEXT.nullable(),
        /// Instant of the last visit; since 2026.
        optional "last_seen": TIMESTAMP.nullable(),
        /// Fields pinned against changes from the source; since September 2026.
        optional "overrides": map(&BOOLEAN),
        /// Earlier values by name of the property; only if asked for, since September 2026.
        optional "historical_values": map(&ANY),
        /// Monthly recurring revenue in cents of `currency`.
        optional "mrr": NUMBER,
        /// Annual recurring revenue in cents of `currency`.
        optional "arr": NUMBER,
        /// The account's currency, ISO 4217.
        optional "currency": TEXT,
        /// Its sign.
        optional "currency-sign": TEXT,
        /// Kind of data source.
        optional "billing-system-type": TEXT,
        /// Address of its page in the billing system.
        optional "billing-system-url": TEXT.nullable(),
        /// Address of its page in ChartMogul.
        optional "chartmogul-url": TEXT,
    }
    /// A customer's address, for reading.
    ADDRESS "CustomerAddress" {
        /// Country's English name.
        optional "country": TEXT.nullable(),
        /// State's name.
        optional "state": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// Postal code.
        optional "address_zip": TEXT.nullable(),
        /// Street; in answers of 2016 only.
        optional "address_line1": TEXT.nullable(),
        /// Street, second line; in answers of 2016 only.
        optional "address_line2": TEXT.nullable(),
    }
    /// A customer's attributes.
    ATTRIBUTES "CustomerAttributes" {
        /// Tags, case-sensitive.
        optional "tags": list(&TEXT),
        /// Custom attributes by key.
        optional "custom": map(&ANY),
        /// Attributes from Stripe.
        optional "stripe": map(&ANY),
        /// Attributes from Clearbit; until 2025.
        optional "clearbit": map(&ANY),
        /// Fields pinned against changes from the source; only if asked for.
        optional "overrides": map(&ANY),
        /// Earlier values by name of the property; only if asked for, since September 2026.
        optional "historical_values": map(&ANY),
    }
    /// Attributes of a new or changed customer.
    ATTRIBUTES_WRITE "CustomerAttributesWrite" {
        /// Tags.
        optional "tags": list(&TEXT),
        /// Custom attributes: a list with types when creating, a map of values when updating. Updates
        /// of values that exist were not always taken: prefer `customAttributes.update`.
        optional "custom": either(&const { [list(&CUSTOM_ATTRIBUTE), map(&ANY)] }),
    }
    /// One side of a merge: a customer by uuid, or a source customer by data source and external id.
    CUSTOMER_SIDE "CustomerSide" {
        /// The customer.
        optional "customer_uuid": TEXT,
        /// The data source.
        optional "data_source_uuid": TEXT,
        /// The source customer's external id.
        optional "external_id": TEXT,
    }
    /// Two customers to merge.
    CUSTOMER_MERGE "CustomerMerge" {
        /// The one that goes; its external ids, tags, notes, tasks and opportunities move.
        required "from": object(&CUSTOMER_SIDE),
        /// The one that stays, with its uuid, e-mail, owner, dates and its own value of each shared
        /// custom attribute.
        required "into": object(&CUSTOMER_SIDE),
    }
    /// A source customer to take out of a merged customer.
    CUSTOMER_UNMERGE "CustomerUnmerge" {
        /// The merged customer.
        required "customer_uuid": TEXT,
        /// The data source of the one to take out.
        required "data_source_uuid": TEXT,
        /// Its external id.
        required "external_id": TEXT,
        /// What goes with it.
        optional "move_to_new_customer": list(&const { one_of(&["tasks", "opportunities", "notes"]) }),
    }
    /// Subscriptions to join or part.
    SUBSCRIPTIONS_JOIN "SubscriptionsJoin" {
        /// Two or more.
        required "subscriptions": list(&const { object(&SUBSCRIPTION_IDENTIFIER) }),
    }
}

/// A custom attribute with its type. The type is fixed by the first write of the key.
pub(super) static CUSTOM_ATTRIBUTE: Type = either(
    const {
        &[
            object(&STRING_ATTRIBUTE),
            object(&INTEGER_ATTRIBUTE),
            object(&DECIMAL_ATTRIBUTE),
            object(&TIMESTAMP_ATTRIBUTE),
            object(&BOOLEAN_ATTRIBUTE),
        ]
    },
);

/// The Booleans that ChartMogul reads; 0 and 1 as numbers too.
const TRUTH: Type = either(
    const {
        &[
            BOOLEAN,
            one_of(&["TRUE", "true", "t", "1", "FALSE", "false", "f", "0"]),
            INTEGER.at_most(1),
        ]
    },
);

/// The models of custom attributes, one for each type, told apart by it.
macro_rules! attributes {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal $type:literal: $of:expr, $value_doc:literal;)*) => {
        models! {
            $($(#[doc = $doc])* $name $text {
                /// Type of the value.
                required "type": one_of(&[$type]),
                /// Letters, digits and underscores.
                required "key": TEXT,
                #[doc = $value_doc]
                required "value": $of,
                /// Where it is from; `API` by default.
                optional "source": TEXT,
            })*
        }
    };
}

attributes! {
    /// A custom attribute that holds text.
    STRING_ATTRIBUTE "StringAttribute" "String": TEXT.at_most(255), "The text, at most 255 characters.";
    /// A custom attribute that holds a whole number.
    INTEGER_ATTRIBUTE "IntegerAttribute" "Integer": INTEGER, "The number.";
    /// A custom attribute that holds a number.
    DECIMAL_ATTRIBUTE "DecimalAttribute" "Decimal": NUMBER, "The number.";
    /// A custom attribute that holds an instant.
    TIMESTAMP_ATTRIBUTE "TimestampAttribute" "Timestamp": DATE, "The instant: ISO 8601 or `2016-01-31 00:00:00 UTC`.";
    /// A custom attribute that holds a Boolean.
    BOOLEAN_ATTRIBUTE "BooleanAttribute" "Boolean": TRUTH, "The Boolean, or a spelling of it.";
}

/// The models of creating and updating, which share all fields but the identity.
macro_rules! customer_writes {
    ($($shared:tt)*) => {
        models! {
            /// A new customer.
            CUSTOMER_CREATE "CustomerCreate" {
                /// The custom data source it belongs to.
                required "data_source_uuid": TEXT,
                /// The writer's own id, unique in the data source: 422 otherwise.
                required "external_id": TEXT,
                $($shared)*
            }
            /// Changes to a customer; what is left out stays.
            CUSTOMER_UPDATE "CustomerUpdate" { $($shared)* }
        }
    };
}

customer_writes! {
    /// Name.
    optional "name": TEXT.nullable(),
    /// E-mail address; 422 if it is not valid.
    optional "email": EMAIL.nullable(),
    /// Company.
    optional "company": TEXT.nullable(),
    /// ISO 3166-1 alpha-2.
    optional "country": TEXT.nullable(),
    /// ISO 3166-2, for example `US-CA`; ignored outside the United States.
    optional "state": TEXT.nullable(),
    /// City.
    optional "city": TEXT.nullable(),
    /// Postal code.
    optional "zip": TEXT.nullable(),
    /// Instant in the past at which it became a lead.
    optional "lead_created_at": MOMENT.nullable(),
    /// Instant in the past at which its trial began.
    optional "free_trial_started_at": MOMENT.nullable(),
    /// E-mail address of a ChartMogul user.
    optional "owner": EMAIL.nullable(),
    /// State as a lead; the other states are computed.
    optional "status": one_of(&["New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead"]),
    /// Tags and custom attributes.
    optional "attributes": object(&ATTRIBUTES_WRITE),
    /// The primary contact, to make or change with it.
    optional "primary_contact": object(&CUSTOMER_CONTACT),
    /// Website.
    optional "website_url": TEXT.nullable(),
    /// Fields to pin against changes from the source.
    optional "overrides": map(&BOOLEAN),
}

endpoints! {
    /// Customers.
    CUSTOMERS: Chartmogul "customers";
    /// Creates a customer in a custom data source. Never an upsert: 422 when the external id exists.
    "create": POST "/v1/customers" { body: Some(&CUSTOMER_CREATE), result: one("", object(&CUSTOMER)) }
    /// Customers by first payment, leads last; their place can change while a list is walked.
    "list": GET "/v1/customers" {
        query: page_of![
            /// Only those of this data source.
            optional "data_source_uuid": TEXT,
            /// Only those with this external id; one for each data source.
            optional "external_id": TEXT,
            /// Only those in this state, for example `New_Lead`.
            optional "status": suggested(&[
                "New_Lead", "Working_Lead", "Qualified_Lead", "Unqualified_Lead", "Active", "Past_Due", "Cancelled",
            ]),
            /// Only those of this kind of source, for example `Stripe`.
            optional "system": TEXT,
        ],
        result: list_of("entries", object(&CUSTOMER)), paging: Paging::Cursor,
    }
    /// Customers with an e-mail address. 404 when none has it.
    "search": GET "/v1/customers/search" {
        query: page_of![
            /// The address.
            required "email": TEXT,
            /// Also those with a contact of that address.
            optional "with_associated_emails": BOOLEAN,
        ],
        result: list_of("entries", object(&CUSTOMER)), paging: Paging::Cursor,
    }
    /// One customer.
    "retrieve": GET "/v1/customers/{customer_uuid}" { result: one("", object(&CUSTOMER)) }
    /// Updates a customer.
    "update": PATCH "/v1/customers/{customer_uuid}" { body: Some(&CUSTOMER_UPDATE), result: one("", object(&CUSTOMER)) }
    /// Deletes a customer of a custom data source.
    "delete": DELETE "/v1/customers/{customer_uuid}" {}
    /// Merges two customers, in the background. The `from` side's uuid disappears.
    "merge": POST "/v1/customers/merges" { body: Some(&CUSTOMER_MERGE) }
    /// Takes a source customer out of a merged one, in the background.
    "unmerge": POST "/v1/customers/unmerges" { body: Some(&CUSTOMER_UNMERGE) }
    /// A customer's contacts, newest first.
    "listContacts": GET "/v1/customers/{customer_uuid}/contacts" {
        query: page_of![], result: list_of("entries", object(&CONTACT)), paging: Paging::Cursor,
    }
    /// Creates a contact of a customer.
    "createContact": POST "/v1/customers/{customer_uuid}/contacts" {
        body: Some(&CUSTOMER_CONTACT), result: one("", object(&CONTACT)),
    }
    /// A customer's changes in recurring revenue.
    "listActivities": GET "/v1/customers/{customer_uuid}/activities" {
        query: page_of![], result: list_of("entries", object(&CUSTOMER_ACTIVITY)), paging: Paging::Cursor,
    }
    /// A customer's subscriptions with their revenue.
    "listSubscriptions": GET "/v1/customers/{customer_uuid}/subscriptions" {
        query: page_of![], result: list_of("entries", object(&CUSTOMER_SUBSCRIPTION)), paging: Paging::Cursor,
    }
    /// Joins subscriptions, so that they count as one that changed; in the background.
    "connectSubscriptions": POST "/v1/customers/{customer_uuid}/connect_subscriptions" {
        body: Some(&SUBSCRIPTIONS_JOIN), retry: RetryClass::Repeatable,
    }
    /// Parts joined subscriptions, in the background.
    "disconnectSubscriptions": POST "/v1/customers/{customer_uuid}/disconnect_subscriptions" {
        body: Some(&SUBSCRIPTIONS_JOIN), retry: RetryClass::Repeatable,
    }
}
