//! Locations (sub-accounts), with their custom fields and tags.

use crate::endpoint::{
    ANY, BOOLEAN, EMAIL, INTEGER, NUMBER, Outcome, Paging, TEXT, action, list, list_of, object,
    one, one_of, suggested, trigger,
};

/// The data types of custom fields, in GHL's own spelling.
pub const DATA_TYPES: &[&str] = &[
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "RADIO",
    "EMAIL",
];

crate::models! {
    /// A sub-account of an agency.
    LOCATION "Location" {
        /// Id.
        required "id": TEXT,
        /// The agency it belongs to.
        optional "companyId": TEXT.nullable(),
        /// Name.
        optional "name": TEXT.nullable(),
        /// First name of its owner.
        optional "firstName": TEXT.nullable(),
        /// Last name of its owner.
        optional "lastName": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Phone.
        optional "phone": TEXT.nullable(),
        /// Domain of its pages.
        optional "domain": TEXT.nullable(),
        /// Web site.
        optional "website": TEXT.nullable(),
        /// Street and number.
        optional "address": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT.nullable(),
        /// ISO 3166-1 alpha-2.
        optional "country": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// Address of its logo.
        optional "logoUrl": TEXT.nullable(),
        /// The business behind it.
        optional "business": object(&LOCATION_BUSINESS).nullable(),
        /// Its pages elsewhere.
        optional "social": object(&LOCATION_SOCIAL).nullable(),
        /// Its settings.
        optional "settings": object(&LOCATION_SETTINGS).nullable(),
        /// Who sells it on.
        optional "reseller": ANY,
    }

    /// The business behind a location.
    LOCATION_BUSINESS "LocationBusiness" {
        /// Name.
        optional "name": TEXT.nullable(),
        /// Street and number.
        optional "address": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// ISO 3166-1 alpha-2.
        optional "country": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT.nullable(),
        /// Web site.
        optional "website": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// Address of its logo.
        optional "logoUrl": TEXT.nullable(),
    }

    /// A location's pages elsewhere.
    LOCATION_SOCIAL "LocationSocial" {
        /// Facebook page.
        optional "facebookUrl": TEXT,
        /// Google page.
        optional "googlePlus": TEXT,
        /// LinkedIn page.
        optional "linkedIn": TEXT,
        /// Foursquare page.
        optional "foursquare": TEXT,
        /// Twitter page.
        optional "twitter": TEXT,
        /// Yelp page.
        optional "yelp": TEXT,
        /// Instagram page.
        optional "instagram": TEXT,
        /// YouTube channel.
        optional "youtube": TEXT,
        /// Pinterest page.
        optional "pinterest": TEXT,
        /// Feed of its blog.
        optional "blogRss": TEXT,
        /// Google's id of the place.
        optional "googlePlacesId": TEXT,
    }

    /// A location's settings.
    LOCATION_SETTINGS "LocationSettings" {
        /// Whether two contacts may share an e-mail address or phone.
        optional "allowDuplicateContact": BOOLEAN,
        /// Whether a contact may have two opportunities in a pipeline.
        optional "allowDuplicateOpportunity": BOOLEAN,
        /// Whether contacts from Facebook are merged by name.
        optional "allowFacebookNameMerge": BOOLEAN,
        /// Whether contacts have no time zone of their own.
        optional "disableContactTimezone": BOOLEAN,
    }

    /// The definition of a custom field of contacts or opportunities.
    CUSTOM_FIELD "CustomField" {
        /// Id, by which values name it.
        required "id": TEXT,
        /// Name, as people see it.
        optional "name": TEXT.nullable(),
        /// Key, for example `contact.pincode`.
        optional "fieldKey": TEXT.nullable(),
        /// Hint shown in the empty field.
        optional "placeholder": TEXT.nullable(),
        /// What it holds. `MONETORY` is GHL's own spelling.
        optional "dataType": suggested(DATA_TYPES).nullable(),
        /// Its place among the fields.
        optional "position": NUMBER.nullable(),
        /// Labels to choose from.
        optional "picklistOptions": list(&ANY),
        /// Pictures to choose from.
        optional "picklistImageOptions": list(&ANY),
        /// Whether other labels may be given.
        optional "isAllowedCustomOption": BOOLEAN.nullable(),
        /// Whether it takes several files.
        optional "isMultiFileAllowed": BOOLEAN.nullable(),
        /// How many files it takes.
        optional "maxFileLimit": INTEGER.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// What it is a field of.
        optional "model": suggested(&["contact", "opportunity"]).nullable(),
    }

    /// A new custom field.
    CUSTOM_FIELD_CREATE "CustomFieldCreate" {
        /// Name, as people see it.
        required "name": TEXT,
        /// What it holds.
        required "dataType": one_of(DATA_TYPES),
        /// Hint shown in the empty field.
        optional "placeholder": TEXT,
        /// Kinds of files it takes: `.pdf`, `.png` and so on.
        optional "acceptedFormat": list(&TEXT),
        /// Whether it takes several files.
        optional "isMultipleFile": BOOLEAN,
        /// How many files it takes.
        optional "maxNumberOfFiles": INTEGER,
        /// The texts of a TEXTBOX_LIST, or labels to choose from.
        optional "textBoxListOptions": list(&const { object(&TEXT_BOX_OPTION) }),
        /// Its place among the fields, from 0.
        optional "position": NUMBER,
        /// What it is a field of.
        optional "model": one_of(&["contact", "opportunity"]),
    }

    /// Changes to a custom field.
    CUSTOM_FIELD_UPDATE "CustomFieldUpdate" {
        /// Name, as people see it.
        required "name": TEXT,
        /// Hint shown in the empty field.
        optional "placeholder": TEXT,
        /// Kinds of files it takes: `.pdf`, `.png` and so on.
        optional "acceptedFormat": list(&TEXT),
        /// Whether it takes several files.
        optional "isMultipleFile": BOOLEAN,
        /// How many files it takes.
        optional "maxNumberOfFiles": INTEGER,
        /// The texts of a TEXTBOX_LIST, or labels to choose from.
        optional "textBoxListOptions": list(&const { object(&TEXT_BOX_OPTION) }),
        /// Its place among the fields, from 0.
        optional "position": NUMBER,
        /// What it is a field of.
        optional "model": one_of(&["contact", "opportunity"]),
    }

    /// One text of a TEXTBOX_LIST.
    TEXT_BOX_OPTION "TextBoxOption" {
        /// Its label.
        optional "label": TEXT,
        /// What it holds at first.
        optional "prefillValue": TEXT,
    }

    /// A tag of a location.
    TAG "Tag" {
        /// Id.
        required "id": TEXT,
        /// Name, in lower case.
        required "name": TEXT,
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
    }

    /// A tag's name.
    TAG_NAME "TagName" {
        /// Name; GHL keeps it in lower case.
        required "name": TEXT,
    }

    /// A new location.
    LOCATION_CREATE "LocationCreate" {
        /// Name.
        required "name": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// The agency.
        required "companyId": TEXT,
        /// Street and number.
        optional "address": TEXT,
        /// City.
        optional "city": TEXT,
        /// State or region.
        optional "state": TEXT,
        /// ISO 3166-1 alpha-2.
        optional "country": TEXT,
        /// Postal code.
        optional "postalCode": TEXT,
        /// Web site.
        optional "website": TEXT,
        /// IANA time zone.
        optional "timezone": TEXT,
        /// Its owner.
        optional "prospectInfo": object(&LOCATION_PROSPECT),
        /// Its settings.
        optional "settings": object(&LOCATION_SETTINGS),
        /// Its pages elsewhere.
        optional "social": object(&LOCATION_SOCIAL),
        /// Its Twilio account.
        optional "twilio": object(&LOCATION_TWILIO),
        /// Its Mailgun account.
        optional "mailgun": object(&LOCATION_MAILGUN),
        /// The snapshot that it begins with.
        optional "snapshotId": TEXT,
    }

    /// Changes to a location; what is left out stays.
    LOCATION_UPDATE "LocationUpdate" {
        /// Name.
        optional "name": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// The agency.
        required "companyId": TEXT,
        /// Street and number.
        optional "address": TEXT,
        /// City.
        optional "city": TEXT,
        /// State or region.
        optional "state": TEXT,
        /// ISO 3166-1 alpha-2.
        optional "country": TEXT,
        /// Postal code.
        optional "postalCode": TEXT,
        /// Web site.
        optional "website": TEXT,
        /// IANA time zone.
        optional "timezone": TEXT,
        /// Its owner.
        optional "prospectInfo": object(&LOCATION_PROSPECT),
        /// Its settings.
        optional "settings": object(&LOCATION_SETTINGS),
        /// Its pages elsewhere.
        optional "social": object(&LOCATION_SOCIAL),
        /// Its Twilio account.
        optional "twilio": object(&LOCATION_TWILIO),
        /// Its Mailgun account.
        optional "mailgun": object(&LOCATION_MAILGUN),
        /// A snapshot to bring into it.
        optional "snapshot": object(&LOCATION_SNAPSHOT),
    }

    /// A snapshot to bring into a location.
    LOCATION_SNAPSHOT "LocationSnapshot" {
        /// The snapshot.
        required "id": TEXT,
        /// Whether it replaces what the location has of the same name; false when left out.
        optional "override": BOOLEAN,
    }

    /// The owner of a new location.
    LOCATION_PROSPECT "LocationProspect" {
        /// First name.
        required "firstName": TEXT,
        /// Last name.
        required "lastName": TEXT,
        /// E-mail address.
        required "email": EMAIL,
    }

    /// A Twilio account.
    LOCATION_TWILIO "LocationTwilio" {
        /// Account id.
        required "sid": TEXT,
        /// Secret token of the account.
        required "authToken": TEXT,
    }

    /// A Mailgun account.
    LOCATION_MAILGUN "LocationMailgun" {
        /// Secret key of the account.
        required "apiKey": TEXT,
        /// Domain it sends from.
        required "domain": TEXT,
    }
}

crate::endpoints! {
    /// Locations.
    LOCATIONS: Ghl "locations";

    /// Reads one location.
    "get": GET "/locations/{locationId}" {
        scopes: &["locations.readonly"],
        result: one("location", object(&LOCATION)),
        catalogue: &[action("Other Operations", "Find Location by ID")],
    }

    /// Finds locations of an agency. Needs an agency's token.
    "search": GET "/locations/search" {
        scopes: &["locations.readonly"],
        query: crate::fields![
            /// The agency.
            optional "companyId": TEXT,
            /// How many to pass over.
            optional "skip": INTEGER,
            /// Locations a page; 10 when left out.
            optional "limit": INTEGER,
            /// Ascending or descending.
            optional "order": suggested(&["asc", "desc"]),
            /// Only those with this e-mail address.
            optional "email": TEXT,
        ],
        result: list_of("locations", object(&LOCATION)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Other Operations", "List Locations")],
    }

    /// Creates a location. Needs an agency's token.
    "create": POST "/locations/" {
        scopes: &["locations.write"],
        body: Some(&LOCATION_CREATE),
        result: one("", object(&LOCATION)),
        catalogue: &[action("Other Operations", "Create Location")],
    }

    /// Updates a location. Needs an agency's token.
    "update": PUT "/locations/{locationId}" {
        scopes: &["locations.write"],
        body: Some(&LOCATION_UPDATE),
        result: one("", object(&LOCATION)),
    }
}

crate::endpoints! {
    /// Custom fields of contacts and opportunities.
    CUSTOM_FIELDS: Ghl "customFields";

    /// Lists the custom fields of a location, all in one answer.
    "list": GET "/locations/{locationId}/customFields" {
        scopes: &["locations/customFields.readonly"],
        query: crate::fields![
            /// Which fields; those of contacts when left out.
            optional "model": one_of(&["contact", "opportunity", "all"]),
        ],
        result: list_of("customFields", object(&CUSTOM_FIELD)),
        catalogue: &[trigger("Other Operations", "List Custom Fields")],
    }

    /// Reads one custom field.
    "get": GET "/locations/{locationId}/customFields/{id}" {
        scopes: &["locations/customFields.readonly"],
        result: one("customField", object(&CUSTOM_FIELD)),
    }

    /// Creates a custom field.
    "create": POST "/locations/{locationId}/customFields" {
        scopes: &["locations/customFields.write"],
        body: Some(&CUSTOM_FIELD_CREATE),
        result: one("customField", object(&CUSTOM_FIELD)),
    }

    /// Updates a custom field.
    "update": PUT "/locations/{locationId}/customFields/{id}" {
        scopes: &["locations/customFields.write"],
        body: Some(&CUSTOM_FIELD_UPDATE),
        result: one("customField", object(&CUSTOM_FIELD)),
    }

    /// Deletes a custom field and its values.
    "delete": DELETE "/locations/{locationId}/customFields/{id}" {
        scopes: &["locations/customFields.write"],
        result: Outcome::Nothing,
    }
}

crate::models! {
    /// A text that templates of a location insert by its key.
    CUSTOM_VALUE "CustomValue" {
        /// Id.
        required "id": TEXT,
        /// Name, as people see it.
        optional "name": TEXT.nullable(),
        /// The key in templates, with its braces: `{{ custom_values.company_phone }}`.
        optional "fieldKey": TEXT.nullable(),
        /// The text.
        optional "value": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
    }
}

crate::endpoints! {
    /// Custom values of a location.
    CUSTOM_VALUES: Ghl "customValues";

    /// Lists the custom values of a location, all in one answer.
    "list": GET "/locations/{locationId}/customValues" {
        scopes: &["locations/customValues.readonly"],
        result: list_of("customValues", object(&CUSTOM_VALUE)),
    }
}

crate::endpoints! {
    /// Tags of a location.
    TAGS: Ghl "tags";

    /// Lists the tags of a location, all in one answer.
    "list": GET "/locations/{locationId}/tags" {
        scopes: &["locations/tags.readonly"],
        result: list_of("tags", object(&TAG)),
    }

    /// Reads one tag.
    "get": GET "/locations/{locationId}/tags/{tagId}" {
        scopes: &["locations/tags.readonly"],
        result: one("tag", object(&TAG)),
    }

    /// Creates a tag.
    "create": POST "/locations/{locationId}/tags" {
        scopes: &["locations/tags.write"],
        body: Some(&TAG_NAME),
        result: one("tag", object(&TAG)),
    }

    /// Renames a tag.
    "update": PUT "/locations/{locationId}/tags/{tagId}" {
        scopes: &["locations/tags.write"],
        body: Some(&TAG_NAME),
        result: one("tag", object(&TAG)),
    }

    /// Deletes a tag.
    "delete": DELETE "/locations/{locationId}/tags/{tagId}" {
        scopes: &["locations/tags.write"],
        result: Outcome::Nothing,
    }
}
