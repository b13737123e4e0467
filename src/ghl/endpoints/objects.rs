//! Custom objects and their records.

use crate::endpoint::{
    ANY, BOOLEAN, INTEGER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP, list, list_of, map,
    object, one, suggested,
};

crate::models! {
    /// An object that a location keeps records of.
    CUSTOM_OBJECT "CustomObject" {
        /// Id.
        required "id": TEXT,
        /// Whether it is GHL's own.
        optional "standard": BOOLEAN.nullable(),
        /// Key, for example `custom_objects.pet`.
        optional "key": TEXT.nullable(),
        /// Its name, one and many.
        optional "labels": object(&CUSTOM_OBJECT_LABELS).nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Key of the property that stands for a record.
        optional "primaryDisplayProperty": TEXT.nullable(),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
        /// Made by GHL or by users.
        optional "type": suggested(&["USER_DEFINED", "SYSTEM_DEFINED"]).nullable(),
    }

    /// An object's name.
    CUSTOM_OBJECT_LABELS "CustomObjectLabels" {
        /// Name of one.
        optional "singular": TEXT.nullable(),
        /// Name of many.
        optional "plural": TEXT.nullable(),
    }

    /// A record of an object.
    RECORD "ObjectRecord" {
        /// Id.
        required "id": TEXT,
        /// Ids of the users it belongs to; at most 1.
        optional "owner": list(&TEXT),
        /// Users who follow it.
        optional "followers": list(&TEXT),
        /// Values by key of the property.
        optional "properties": map(&ANY).nullable(),
        /// When it was made.
        optional "createdAt": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The object it is a record of.
        optional "objectId": TEXT.nullable(),
        /// Key of the object it is a record of.
        optional "objectKey": TEXT.nullable(),
        /// Who or what made it.
        optional "createdBy": object(&RECORD_AUTHOR).nullable(),
        /// Who or what changed it last.
        optional "lastUpdatedBy": object(&RECORD_AUTHOR).nullable(),
        /// Cursor: sort value and id.
        optional "searchAfter": list(&ANY),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
    }

    /// Who or what made or changed a record.
    RECORD_AUTHOR "ObjectRecordAuthor" {
        /// How it was made.
        optional "channel": TEXT.nullable(),
        /// When.
        optional "createdAt": TIMESTAMP.nullable(),
        /// Where it came from.
        optional "source": TEXT.nullable(),
        /// Id of who or what.
        optional "sourceId": TEXT.nullable(),
    }

    /// A new record.
    RECORD_CREATE "ObjectRecordCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Values by key of the property.
        required "properties": map(&ANY),
        /// Ids of the users it belongs to; at most 1.
        optional "owner": list(&TEXT).at_most(1),
        /// Users who follow it.
        optional "followers": list(&TEXT).at_most(10),
    }

    /// Changes to a record; what is left out stays.
    RECORD_UPDATE "ObjectRecordUpdate" {
        /// Values by key of the property.
        optional "properties": map(&ANY),
        /// Ids of the users it belongs to; at most 1.
        optional "owner": list(&TEXT).at_most(1),
        /// Users who follow it.
        optional "followers": list(&TEXT).at_most(10),
    }

    /// What to find.
    RECORD_SEARCH "ObjectRecordSearch" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Page, from 1.
        optional "page": INTEGER,
        /// Records a page.
        required "pageLimit": INTEGER,
        /// Text to search for.
        required "query": TEXT,
        /// Cursor: the `searchAfter` of the last record before; empty for the first page.
        optional "searchAfter": list(&ANY),
    }
}

crate::endpoints! {
    /// Objects that a location keeps records of.
    OBJECTS: Ghl "objects";

    /// Lists the objects of a location, all in one answer.
    "list": GET "/objects/" {
        scopes: &["objects/schema.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: list_of("objects", object(&CUSTOM_OBJECT)),
    }

    /// Reads one object by key or id.
    "get": GET "/objects/{key}" {
        scopes: &["objects/schema.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// `true` to read its fields too, as text.
            optional "fetchProperties": TEXT,
        ],
        result: one("object", object(&CUSTOM_OBJECT)),
    }
}

crate::endpoints! {
    /// Records of objects.
    RECORDS: Ghl "records";

    /// Finds records of an object.
    "search": POST "/objects/{schemaKey}/records/search" {
        scopes: &["objects/record.readonly"],
        body: Some(&RECORD_SEARCH),
        result: list_of("records", object(&RECORD)),
        paging: Paging::SearchAfterBody,
        retry: RetryClass::Read,
    }

    /// Reads one record.
    "get": GET "/objects/{schemaKey}/records/{id}" {
        scopes: &["objects/record.readonly"],
        result: one("record", object(&RECORD)),
    }

    /// Creates a record.
    "create": POST "/objects/{schemaKey}/records" {
        scopes: &["objects/record.write"],
        body: Some(&RECORD_CREATE),
        result: one("record", object(&RECORD)),
    }

    /// Updates a record.
    "update": PUT "/objects/{schemaKey}/records/{id}" {
        scopes: &["objects/record.write"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        body: Some(&RECORD_UPDATE),
        result: one("record", object(&RECORD)),
    }

    /// Deletes a record.
    "delete": DELETE "/objects/{schemaKey}/records/{id}" {
        scopes: &["objects/record.write"],
        result: Outcome::Nothing,
    }
}
