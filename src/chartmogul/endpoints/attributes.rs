//! Customers' tags and custom attributes, by uuid and by e-mail address.

use super::customers::{ATTRIBUTES, CUSTOM_ATTRIBUTE, CUSTOMER};
use crate::endpoint::{ANY, BOOLEAN, RetryClass, TEXT, list, list_of, map, object, one};
use crate::{endpoints, fields, models};

models! {
    /// Tags to add or remove.
    TAGS_WRITE "TagsWrite" {
        /// The tags, case-sensitive.
        required "tags": list(&TEXT),
    }
    /// Tags for every customer with this e-mail address.
    TAGS_BY_EMAIL "TagsByEmail" {
        /// The address.
        required "email": TEXT,
        /// The tags, case-sensitive.
        required "tags": list(&TEXT),
    }
    /// Custom attributes to add.
    CUSTOM_ADD "CustomAttributesAdd" {
        /// Attributes with their types.
        required "custom": list(&CUSTOM_ATTRIBUTE),
        /// Attributes to pin against changes from the source: true or false by key.
        optional "overrides": map(&BOOLEAN),
    }
    /// Custom attributes for every customer with this e-mail address.
    CUSTOM_BY_EMAIL "CustomAttributesByEmail" {
        /// The address.
        required "email": TEXT,
        /// Also customers with a contact of that address.
        optional "with_associated_emails": BOOLEAN,
        /// Attributes with their types.
        required "custom": list(&CUSTOM_ATTRIBUTE),
        /// Attributes to pin against changes from the source: true or false by key.
        optional "overrides": map(&BOOLEAN),
    }
    /// Values of custom attributes that exist.
    CUSTOM_UPDATE "CustomAttributesUpdate" {
        /// Values by key. Each key must have been added before, with its type.
        required "custom": map(&ANY),
        /// Attributes to pin against changes from the source: true or false by key.
        optional "overrides": map(&BOOLEAN),
    }
    /// Custom attributes to remove.
    CUSTOM_REMOVE "CustomAttributesRemove" {
        /// Their keys.
        required "custom": list(&TEXT),
        /// Attributes to pin against changes from the source: true or false by key.
        optional "overrides": map(&BOOLEAN),
    }
}

endpoints! {
    /// Customers' attributes.
    CUSTOMER_ATTRIBUTES: Chartmogul "customerAttributes";
    /// A customer's tags and custom attributes.
    "retrieve": GET "/v1/customers/{customer_uuid}/attributes" {
        query: fields![
            /// Adds which fields are pinned; since 2026.
            optional "with_overrides": BOOLEAN,
            /// Adds the earlier values of an attribute, for example `custom.channel`; since 2026.
            optional "attributes_with_history": TEXT,
        ],
        result: one("", object(&ATTRIBUTES)),
    }
}

endpoints! {
    /// Customers' tags.
    TAGS: Chartmogul "tags";
    /// Adds tags; gives all tags of the customer. A tag that is there already changes nothing.
    "add": POST "/v1/customers/{customer_uuid}/attributes/tags" {
        body: Some(&TAGS_WRITE), result: one("tags", list(&TEXT)), retry: RetryClass::Repeatable,
    }
    /// Adds tags to every customer with this e-mail address; gives those customers.
    "addByEmail": POST "/v1/customers/attributes/tags" {
        body: Some(&TAGS_BY_EMAIL), result: list_of("entries", object(&CUSTOMER)), retry: RetryClass::Repeatable,
    }
    /// Removes tags; gives those that are left.
    "remove": DELETE "/v1/customers/{customer_uuid}/attributes/tags" {
        body: Some(&TAGS_WRITE), result: one("tags", list(&TEXT)),
    }
}

endpoints! {
    /// Customers' custom attributes.
    CUSTOM_ATTRIBUTES: Chartmogul "customAttributes";
    /// Adds custom attributes with their types; gives those added.
    "add": POST "/v1/customers/{customer_uuid}/attributes/custom" {
        body: Some(&CUSTOM_ADD), result: one("custom", map(&ANY)), retry: RetryClass::Repeatable,
    }
    /// Adds custom attributes to every customer with this e-mail address; gives those customers.
    "addByEmail": POST "/v1/customers/attributes/custom" {
        body: Some(&CUSTOM_BY_EMAIL), result: list_of("entries", object(&CUSTOMER)), retry: RetryClass::Repeatable,
    }
    /// Sets the values of custom attributes that exist; gives all of them.
    "update": PUT "/v1/customers/{customer_uuid}/attributes/custom" {
        body: Some(&CUSTOM_UPDATE), result: one("custom", map(&ANY)),
    }
    /// Removes custom attributes.
    "remove": DELETE "/v1/customers/{customer_uuid}/attributes/custom" { body: Some(&CUSTOM_REMOVE) }
}
