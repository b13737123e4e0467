//! Contacts: the people of a customer, or of none.

use super::page_of;
use crate::endpoint::{
    ANY, BOOLEAN, EMAIL, INTEGER, Paging, TEXT, TIMESTAMP, list, list_of, map, object, one,
};
use crate::{endpoints, models};

models! {
    /// A contact.
    CONTACT "Contact" {
        /// `con_` and a UUID.
        required "uuid": TEXT,
        /// The customer; `null` for a standalone contact.
        required "customer_uuid": TEXT.nullable(),
        /// That customer's external id.
        required "customer_external_id": TEXT.nullable(),
        /// The data source it was written to.
        required "data_source_uuid": TEXT.nullable(),
        /// Place in the customer's list, from 1.
        optional "position": INTEGER.nullable(),
        /// The writer's own id; since March 2026.
        optional "external_id": TEXT.nullable(),
        /// First name.
        required "first_name": TEXT.nullable(),
        /// Last name.
        required "last_name": TEXT.nullable(),
        /// Job title.
        required "title": TEXT.nullable(),
        /// E-mail address.
        required "email": TEXT.nullable(),
        /// Telephone number, as it was written.
        required "phone": TEXT.nullable(),
        /// LinkedIn address.
        required "linked_in": TEXT.nullable(),
        /// Twitter address.
        required "twitter": TEXT.nullable(),
        /// Free text; not the notes of `/v1/notes`.
        required "notes": TEXT.nullable(),
        /// Instant of the last visit; since September 2026.
        optional "last_seen": TIMESTAMP.nullable(),
        /// Custom attributes by key.
        required "custom": map(&ANY),
        /// Fields pinned against changes from the source; since September 2026.
        optional "overrides": map(&BOOLEAN),
        /// Earlier values by name of the property; only if asked for, since September 2026.
        optional "historical_values": map(&ANY),
    }
    /// A body without properties, which the call has all the same.
    EMPTY "Empty" {}
    /// A contact's custom attribute: no type, unlike a customer's.
    CONTACT_ATTRIBUTE "ContactAttribute" {
        /// Letters, digits and underscores.
        required "key": TEXT,
        /// Value.
        required "value": ANY,
    }
}

/// The three models of writing a contact, which differ in what they name the customer by.
macro_rules! contact_writes {
    ($($shared:tt)*) => {
        models! {
            /// A contact of a customer that is named elsewhere in the call.
            CUSTOMER_CONTACT "CustomerContact" {
                /// A data source of the customer.
                optional "data_source_uuid": TEXT,
                $($shared)*
            }
            /// A new contact. With neither customer nor data source it stands alone; before
            /// September 2026 both were required.
            CONTACT_CREATE "ContactCreate" {
                /// The customer.
                optional "customer_uuid": TEXT,
                /// A data source of that customer; required with it.
                optional "data_source_uuid": TEXT,
                $($shared)*
            }
            /// Changes to a contact; what is left out stays.
            CONTACT_UPDATE "ContactUpdate" {
                /// Moves the contact to the customer with this external id.
                optional "customer_external_id": TEXT,
                $($shared)*
            }
        }
    };
}

contact_writes! {
    /// The writer's own id; `null` clears it.
    optional "external_id": TEXT.nullable(),
    /// First name.
    optional "first_name": TEXT.nullable(),
    /// Last name.
    optional "last_name": TEXT.nullable(),
    /// Place in the customer's list, from 1.
    optional "position": INTEGER,
    /// Job title.
    optional "title": TEXT.nullable(),
    /// E-mail address.
    optional "email": EMAIL.nullable(),
    /// Telephone number.
    optional "phone": TEXT.nullable(),
    /// LinkedIn address.
    optional "linked_in": TEXT.nullable(),
    /// Twitter address.
    optional "twitter": TEXT.nullable(),
    /// Free text.
    optional "notes": TEXT.nullable(),
    /// Instant of the last visit; since September 2026.
    optional "last_seen": TIMESTAMP.nullable(),
    /// Custom attributes.
    optional "custom": list(&const { object(&CONTACT_ATTRIBUTE) }),
    /// Fields to pin against changes from the source.
    optional "overrides": map(&BOOLEAN),
}

endpoints! {
    /// Contacts.
    CONTACTS: Chartmogul "contacts";
    /// Creates a contact.
    "create": POST "/v1/contacts" { body: Some(&CONTACT_CREATE), result: one("", object(&CONTACT)) }
    /// Contacts, newest first.
    "list": GET "/v1/contacts" {
        query: page_of![
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those of this data source.
            optional "data_source_uuid": TEXT,
            /// Only those with this address; since September 2026.
            optional "email": TEXT,
            /// Only those of the customer with this external id; since September 2026.
            optional "customer_external_id": TEXT,
            /// Only those with this external id; since September 2026.
            optional "external_id": TEXT,
        ],
        result: list_of("entries", object(&CONTACT)), paging: Paging::Cursor,
    }
    /// One contact.
    "retrieve": GET "/v1/contacts/{contact_uuid}" { result: one("", object(&CONTACT)) }
    /// Updates a contact.
    "update": PATCH "/v1/contacts/{contact_uuid}" { body: Some(&CONTACT_UPDATE), result: one("", object(&CONTACT)) }
    /// Deletes a contact.
    "delete": DELETE "/v1/contacts/{contact_uuid}" {}
    /// Merges a contact into another of the same customer; gives the merged one.
    "merge": POST "/v1/contacts/{into_contact_uuid}/merge/{from_contact_uuid}" {
        body: Some(&EMPTY), result: one("", object(&CONTACT)),
    }
}
