//! Users: those who work in a location or agency.

use crate::endpoint::{
    ANY, BOOLEAN, EMAIL, INTEGER, Outcome, Paging, RetryClass, TEXT, V3, action, list, list_of,
    map, object, one, one_of, suggested, trigger,
};

crate::models! {
    /// Someone who works in a location or agency.
    USER "User" {
        /// Id.
        required "id": TEXT,
        /// First and last name in one.
        optional "name": TEXT.nullable(),
        /// First name.
        optional "firstName": TEXT.nullable(),
        /// Last name.
        optional "lastName": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Phone.
        optional "phone": TEXT.nullable(),
        /// Extension of the phone.
        optional "extension": TEXT.nullable(),
        /// What they may do, by name of the permission.
        optional "permissions": object(&USER_PERMISSIONS).nullable(),
        /// Scopes they have.
        optional "scopes": ANY,
        /// Their place in the agency.
        optional "roles": object(&USER_ROLES).nullable(),
        /// True for a deleted user.
        optional "deleted": BOOLEAN.nullable(),
        /// Phone numbers by location.
        optional "lcPhone": ANY,
        /// Language of the pages they see.
        optional "platformLanguage": TEXT.nullable(),
    }

    /// A user's place in the agency.
    USER_ROLES "UserRoles" {
        /// Agency or location.
        optional "type": suggested(&["agency", "account"]).nullable(),
        /// Administrator or not.
        optional "role": suggested(&["admin", "user"]).nullable(),
        /// The locations they work in.
        optional "locationIds": list(&TEXT),
        /// Whether they may reach no other location.
        optional "restrictSubAccount": BOOLEAN.nullable(),
    }

    /// A new user.
    USER_CREATE "UserCreate" {
        /// The agency.
        required "companyId": TEXT,
        /// First name.
        required "firstName": TEXT,
        /// Last name.
        required "lastName": TEXT,
        /// E-mail address.
        required "email": EMAIL,
        /// Password: at least 8 characters, with a letter, a number and a special character.
        required "password": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// Agency or location.
        required "type": TEXT,
        /// Administrator or not.
        required "role": TEXT,
        /// The locations they work in.
        required "locationIds": list(&TEXT),
        /// What they may do.
        optional "permissions": object(&USER_PERMISSIONS),
        /// Scopes they get.
        optional "scopes": list(&TEXT),
        /// Scopes they have for records assigned to them only.
        optional "scopesAssignedToOnly": list(&TEXT),
        /// Picture.
        optional "profilePhoto": TEXT,
        /// Phone numbers by location.
        optional "twilioPhone": map(&TEXT),
        /// Language of the pages they see.
        optional "platformLanguage": one_of(&["en_US", "es", "fr_CA", "fr_FR", "nl", "de", "pt_PT", "pt_BR", "it", "sv", "da", "fi", "no"]),
    }

    /// Changes to a user; what is left out stays.
    USER_UPDATE "UserUpdate" {
        /// First name.
        optional "firstName": TEXT,
        /// Last name.
        optional "lastName": TEXT,
        /// E-mail address.
        optional "email": EMAIL,
        /// Password: at least 8 characters, with a letter, a number and a special character.
        optional "password": TEXT,
        /// Phone.
        optional "phone": TEXT,
        /// Agency or location.
        optional "type": TEXT,
        /// Administrator or not.
        optional "role": TEXT,
        /// The agency.
        optional "companyId": TEXT,
        /// The locations they work in.
        optional "locationIds": list(&TEXT),
        /// What they may do.
        optional "permissions": object(&USER_PERMISSIONS),
        /// Scopes they get.
        optional "scopes": list(&TEXT),
        /// Scopes they have for records assigned to them only.
        optional "scopesAssignedToOnly": list(&TEXT),
        /// Picture.
        optional "profilePhoto": TEXT,
        /// Phone numbers by location.
        optional "twilioPhone": map(&TEXT),
        /// Language of the pages they see.
        optional "platformLanguage": one_of(&["en_US", "es", "fr_CA", "fr_FR", "nl", "de", "pt_PT", "pt_BR", "it", "sv", "da", "fi", "no"]),
    }

    /// What a user may do. What is left out is as GHL has it by default.
    USER_PERMISSIONS "UserPermissions" {
        /// Whether they may use campaigns.
        optional "campaignsEnabled": BOOLEAN,
        /// Whether they may only look at campaigns.
        optional "campaignsReadOnly": BOOLEAN,
        /// Whether they may use contacts.
        optional "contactsEnabled": BOOLEAN,
        /// Whether they may use workflows.
        optional "workflowsEnabled": BOOLEAN,
        /// Whether they may only look at workflows.
        optional "workflowsReadOnly": BOOLEAN,
        /// Whether they may use triggers.
        optional "triggersEnabled": BOOLEAN,
        /// Whether they may use funnels.
        optional "funnelsEnabled": BOOLEAN,
        /// Whether they may use websites.
        optional "websitesEnabled": BOOLEAN,
        /// Whether they may use opportunities.
        optional "opportunitiesEnabled": BOOLEAN,
        /// Whether they may use dashboard stats.
        optional "dashboardStatsEnabled": BOOLEAN,
        /// Whether they may use bulk requests.
        optional "bulkRequestsEnabled": BOOLEAN,
        /// Whether they may use appointments.
        optional "appointmentsEnabled": BOOLEAN,
        /// Whether they may use reviews.
        optional "reviewsEnabled": BOOLEAN,
        /// Whether they may use online listings.
        optional "onlineListingsEnabled": BOOLEAN,
        /// Whether they may use phone call.
        optional "phoneCallEnabled": BOOLEAN,
        /// Whether they may use conversations.
        optional "conversationsEnabled": BOOLEAN,
        /// Whether they see only what is assigned to them.
        optional "assignedDataOnly": BOOLEAN,
        /// Whether they may use reports on AdWords.
        optional "adwordsReportingEnabled": BOOLEAN,
        /// Whether they may use membership.
        optional "membershipEnabled": BOOLEAN,
        /// Whether they may use reports on Facebook ads.
        optional "facebookAdsReportingEnabled": BOOLEAN,
        /// Whether they may use reports on attributions.
        optional "attributionsReportingEnabled": BOOLEAN,
        /// Whether they may use settings.
        optional "settingsEnabled": BOOLEAN,
        /// Whether they may use tags.
        optional "tagsEnabled": BOOLEAN,
        /// Whether they may use lead value.
        optional "leadValueEnabled": BOOLEAN,
        /// Whether they may use marketing.
        optional "marketingEnabled": BOOLEAN,
        /// Whether they may use reports on agents.
        optional "agentReportingEnabled": BOOLEAN,
        /// Whether they may use the bots.
        optional "botService": BOOLEAN,
        /// Whether they may use the social planner.
        optional "socialPlanner": BOOLEAN,
        /// Whether they may use blogging.
        optional "bloggingEnabled": BOOLEAN,
        /// Whether they may use invoice.
        optional "invoiceEnabled": BOOLEAN,
        /// Whether they may use affiliate manager.
        optional "affiliateManagerEnabled": BOOLEAN,
        /// Whether they may use content AI.
        optional "contentAiEnabled": BOOLEAN,
        /// Whether they may use refunds.
        optional "refundsEnabled": BOOLEAN,
        /// Whether they may use record payment.
        optional "recordPaymentEnabled": BOOLEAN,
        /// Whether they may use cancel subscription.
        optional "cancelSubscriptionEnabled": BOOLEAN,
        /// Whether they may use payments.
        optional "paymentsEnabled": BOOLEAN,
        /// Whether they may use communities.
        optional "communitiesEnabled": BOOLEAN,
        /// Whether they may use export payments.
        optional "exportPaymentsEnabled": BOOLEAN,
    }

    /// Whom to find.
    USER_FILTER "UserFilter" {
        /// The agency.
        required "companyId": TEXT,
        /// E-mail addresses, separated by commas.
        required "emails": TEXT,
        /// Whether deleted users are included.
        optional "deleted": BOOLEAN,
        /// How many users to pass over.
        optional "skip": TEXT,
        /// Users a page; 25 when left out.
        optional "limit": TEXT,
        /// Which properties to send: `all` or names separated by commas.
        optional "projection": TEXT,
    }
}

crate::endpoints! {
    /// Users.
    USERS: Ghl "users";

    /// Finds users of an agency.
    "search": GET "/users/search" {
        scopes: &["users.readonly"],
        query: crate::fields![
            /// The agency.
            required "companyId": TEXT,
            /// Text to search for in name, e-mail address and phone.
            optional "query": TEXT,
            /// How many users to pass over.
            optional "skip": INTEGER,
            /// Users a page; 25 when left out.
            optional "limit": INTEGER,
            /// Only those of this location.
            optional "locationId": TEXT,
            /// Only those of the agency or of its locations.
            optional "type": suggested(&["agency", "account"]),
            /// Only administrators or others.
            optional "role": suggested(&["admin", "user"]),
            /// Only these ids, separated by commas.
            optional "ids": TEXT,
            /// Field to sort by.
            optional "sort": suggested(&["dateAdded"]),
            /// Ascending or descending.
            optional "sortDirection": suggested(&["asc", "desc"]),
            /// Only those whose calendars are kept in step both ways.
            optional "enabled2waySync": BOOLEAN,
        ],
        result: list_of("users", object(&USER)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Users", "Search Users")],
    }

    /// Reads one user.
    "get": GET "/users/{userId}" {
        scopes: &["users.readonly"],
        result: one("", object(&USER)),
        catalogue: &[trigger("Users", "Get User")],
    }

    /// Lists the users of a location, all in one answer. Deprecated, and dropped in v3: use `users.search`.
    "list": GET "/users/" {
        scopes: &["users.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: list_of("users", object(&USER)),
        v3: V3::GONE,
        catalogue: &[trigger("Users", "List Users by Location")],
        replaced_by: Some("users.search"),
    }

    /// Creates a user of an agency.
    "create": POST "/users/" {
        scopes: &["users.write"],
        body: Some(&USER_CREATE),
        result: one("", object(&USER)),
        catalogue: &[action("Users", "Create User")],
    }

    /// Updates a user.
    "update": PUT "/users/{userId}" {
        scopes: &["users.write"],
        body: Some(&USER_UPDATE),
        result: one("", object(&USER)),
        catalogue: &[action("Users", "Update User")],
    }

    /// Deletes a user. Needs an agency's token.
    "delete": DELETE "/users/{userId}" {
        scopes: &["users.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Users", "Delete User")],
    }

    /// Finds users of an agency by their e-mail addresses. Needs an agency's token.
    "filterByEmail": POST "/users/search/filter-by-email" {
        scopes: &["users.readonly"],
        body: Some(&USER_FILTER),
        result: list_of("users", object(&USER)),
        paging: Paging::SkipBody,
        retry: RetryClass::Read,
        catalogue: &[trigger("Users", "Filter Users by Email")],
    }
}
