//! Businesses: companies that contacts belong to.

use crate::endpoint::{
    ANY, EMAIL, INTEGER, Outcome, Paging, TEXT, TIMESTAMP, action, list, list_of, object, one,
    trigger,
};

crate::models! {
    /// A company that contacts belong to.
    BUSINESS "Business" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// Phone.
        optional "phone": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Web site.
        optional "website": TEXT.nullable(),
        /// Street and number.
        optional "address": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT.nullable(),
        /// Country.
        optional "country": TEXT.nullable(),
        /// Who or what changed it last.
        optional "updatedBy": ANY,
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Who or what made it.
        optional "createdBy": ANY,
        /// When it was made.
        optional "createdAt": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// Values of custom fields.
        optional "customFields": list(&ANY),
    }

    /// A new business.
    BUSINESS_CREATE "BusinessCreate" {
        /// Name.
        required "name": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// E-mail address.
        optional "email": EMAIL,
        /// Web site.
        optional "website": TEXT,
        /// Street and number.
        optional "address": TEXT,
        /// City.
        optional "city": TEXT,
        /// Postal code.
        optional "postalCode": TEXT,
        /// State or region.
        optional "state": TEXT,
        /// Country.
        optional "country": TEXT,
        /// Description.
        optional "description": TEXT,
    }

    /// Changes to a business; what is left out stays. Custom fields cannot be written.
    BUSINESS_UPDATE "BusinessUpdate" {
        /// Name.
        optional "name": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// E-mail address.
        optional "email": EMAIL,
        /// Postal code.
        optional "postalCode": TEXT,
        /// Web site.
        optional "website": TEXT,
        /// Street and number.
        optional "address": TEXT,
        /// State or region.
        optional "state": TEXT,
        /// City.
        optional "city": TEXT,
        /// Country.
        optional "country": TEXT,
        /// Description.
        optional "description": TEXT,
    }
}

crate::endpoints! {
    /// Businesses.
    BUSINESSES: Ghl "businesses";

    /// Reads one business.
    "get": GET "/businesses/{businessId}" {
        scopes: &["businesses.readonly"],
        result: one("business", object(&BUSINESS)),
        catalogue: &[trigger("Businesses", "Get Business")],
    }

    /// Lists the businesses of a location.
    "list": GET "/businesses/" {
        scopes: &["businesses.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Businesses a page; 100 when left out.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "skip": INTEGER,
        ],
        result: list_of("businesses", object(&BUSINESS)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Businesses", "List Businesses by Location")],
    }

    /// Creates a business.
    "create": POST "/businesses/" {
        scopes: &["businesses.write"],
        body: Some(&BUSINESS_CREATE),
        result: one("buiseness|business", object(&BUSINESS)),
        catalogue: &[action("Businesses", "Create Business")],
    }

    /// Updates a business.
    "update": PUT "/businesses/{businessId}" {
        scopes: &["businesses.write"],
        body: Some(&BUSINESS_UPDATE),
        result: one("buiseness|business", object(&BUSINESS)),
        catalogue: &[action("Businesses", "Update Business")],
    }

    /// Deletes a business.
    "delete": DELETE "/businesses/{businessId}" {
        scopes: &["businesses.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Businesses", "Delete Business")],
    }
}
