//! Associations between objects, and relations between their records.

use crate::endpoint::{
    INTEGER, Outcome, Paging, TEXT, action, list, list_of, object, one, suggested, trigger,
};

crate::models! {
    /// What records of two objects can be to each other.
    ASSOCIATION "Association" {
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Id.
        required "id": TEXT,
        /// Key, unique in the location.
        optional "key": TEXT.nullable(),
        /// Name of the first side.
        optional "firstObjectLabel": TEXT.nullable(),
        /// Object of the first side, for example `contact` or `custom_objects.pet`.
        optional "firstObjectKey": TEXT.nullable(),
        /// Name of the second side.
        optional "secondObjectLabel": TEXT.nullable(),
        /// Object of the second side.
        optional "secondObjectKey": TEXT.nullable(),
        /// Made by GHL or by users.
        optional "associationType": suggested(&["USER_DEFINED", "SYSTEM_DEFINED"]).nullable(),
    }

    /// A new association.
    ASSOCIATION_CREATE "AssociationCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Key, unique in the location.
        required "key": TEXT,
        /// Name of the first side.
        required "firstObjectLabel": TEXT,
        /// Object of the first side, for example `contact` or `custom_objects.pet`.
        required "firstObjectKey": TEXT,
        /// Name of the second side.
        required "secondObjectLabel": TEXT,
        /// Object of the second side.
        required "secondObjectKey": TEXT,
    }

    /// New names of an association's sides.
    ASSOCIATION_UPDATE "AssociationUpdate" {
        /// Name of the first side.
        required "firstObjectLabel": TEXT,
        /// Name of the second side.
        required "secondObjectLabel": TEXT,
    }

    /// That two records belong together.
    RELATION "Relation" {
        /// Id.
        required "id": TEXT,
        /// The association.
        optional "associationId": TEXT.nullable(),
        /// Object of the first side, for example `contact` or `custom_objects.pet`.
        optional "firstObjectKey": TEXT.nullable(),
        /// Record of the first side.
        optional "firstRecordId": TEXT.nullable(),
        /// Object of the second side.
        optional "secondObjectKey": TEXT.nullable(),
        /// Record of the second side.
        optional "secondRecordId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
    }

    /// A new relation.
    RELATION_CREATE "RelationCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// The association.
        required "associationId": TEXT,
        /// Record of the first side.
        required "firstRecordId": TEXT,
        /// Record of the second side.
        required "secondRecordId": TEXT,
    }
}

crate::endpoints! {
    /// Associations.
    ASSOCIATIONS: Ghl "associations";

    /// Lists the associations of a location.
    "list": GET "/associations/" {
        scopes: &["associations.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// How many to pass over.
            optional "skip": INTEGER,
            /// How many a page.
            optional "limit": INTEGER,
        ],
        result: list_of("associations", object(&ASSOCIATION)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Other Operations", "Find Associations")],
    }

    /// Reads one association.
    "get": GET "/associations/{associationId}" {
        scopes: &["associations.readonly"],
        result: one("", object(&ASSOCIATION)),
        catalogue: &[trigger("Other Operations", "Get Association")],
    }

    /// Reads the association of a key.
    "getByKey": GET "/associations/key/{key_name}" {
        scopes: &["associations.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: one("", object(&ASSOCIATION)),
        catalogue: &[trigger("Other Operations", "Get Association Key")],
    }

    /// Lists the associations of an object, all in one answer.
    "listByObjectKey": GET "/associations/objectKey/{objectKey}" {
        scopes: &["associations.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            optional "locationId": TEXT,
        ],
        result: list_of("associations", object(&ASSOCIATION)),
        catalogue: &[trigger("Other Operations", "Get Association by Keys")],
    }

    /// Creates an association.
    "create": POST "/associations/" {
        scopes: &["associations.write"],
        body: Some(&ASSOCIATION_CREATE),
        result: one("", object(&ASSOCIATION)),
        catalogue: &[action("Other Operations", "Create Association")],
    }

    /// Renames the sides of an association.
    "update": PUT "/associations/{associationId}" {
        scopes: &["associations.write"],
        body: Some(&ASSOCIATION_UPDATE),
        result: one("", object(&ASSOCIATION)),
        catalogue: &[action("Other Operations", "Update Association")],
    }

    /// Deletes an association and its relations.
    "delete": DELETE "/associations/{associationId}" {
        scopes: &["associations.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Other Operations", "Delete Association")],
    }
}

crate::endpoints! {
    /// Relations between records.
    RELATIONS: Ghl "relations";

    /// Lists what a record belongs to.
    "list": GET "/associations/relations/{recordId}" {
        scopes: &["associations/relation.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// How many to pass over.
            optional "skip": INTEGER,
            /// How many a page.
            optional "limit": INTEGER,
            /// Only relations of these associations.
            optional "associationIds": list(&TEXT),
        ],
        result: list_of("relations", object(&RELATION)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Other Operations", "Get Relations by Record")],
    }

    /// Creates a relation.
    "create": POST "/associations/relations" {
        scopes: &["associations/relation.write"],
        body: Some(&RELATION_CREATE),
        result: one("", object(&RELATION)),
        catalogue: &[action("Other Operations", "Create Relation")],
    }

    /// Deletes a relation.
    "delete": DELETE "/associations/relations/{relationId}" {
        scopes: &["associations/relation.write"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: Outcome::Nothing,
        catalogue: &[action("Other Operations", "Delete Relation")],
    }
}
