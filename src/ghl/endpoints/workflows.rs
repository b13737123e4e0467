//! Workflows, campaigns and snapshots.

use crate::endpoint::{INTEGER, TEXT, TIMESTAMP, list_of, object, trigger};

crate::models! {
    /// A workflow of a location.
    WORKFLOW "Workflow" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// How it stands.
        optional "status": TEXT.nullable(),
        /// Version.
        optional "version": INTEGER.nullable(),
        /// When it was made.
        optional "createdAt": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
    }

    /// A campaign of a location.
    CAMPAIGN "Campaign" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// How it stands.
        optional "status": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
    }

    /// A template that locations are made from.
    SNAPSHOT "Snapshot" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Own, bought or imported.
        optional "type": TEXT.nullable(),
    }
}

crate::endpoints! {
    /// Workflows.
    WORKFLOWS: Ghl "workflows";

    /// Lists the workflows of a location, all in one answer.
    "list": GET "/workflows/" {
        scopes: &["workflows.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: list_of("workflows", object(&WORKFLOW)),
        catalogue: &[trigger("Workflows & Campaigns", "List Workflows")],
    }
}

crate::endpoints! {
    /// Campaigns.
    CAMPAIGNS: Ghl "campaigns";

    /// Lists the campaigns of a location, all in one answer.
    "list": GET "/campaigns/" {
        scopes: &["campaigns.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only those with this status, for example `draft` or `published`.
            optional "status": TEXT,
        ],
        result: list_of("campaigns", object(&CAMPAIGN)),
        catalogue: &[trigger("Workflows & Campaigns", "List Campaigns")],
    }
}

crate::endpoints! {
    /// Snapshots.
    SNAPSHOTS: Ghl "snapshots";

    /// Lists the snapshots of an agency, all in one answer. Needs an agency's token.
    "list": GET "/snapshots/" {
        scopes: &["snapshots.readonly"],
        query: crate::fields![
            /// The agency.
            required "companyId": TEXT,
        ],
        result: list_of("snapshots", object(&SNAPSHOT)),
        catalogue: &[trigger("Workflows & Campaigns", "List Snapshots")],
    }
}
