//! Companies: agencies.

use crate::endpoint::{ANY, BOOLEAN, INTEGER, NUMBER, TEXT, list, object, one, trigger};

crate::models! {
    /// An agency.
    COMPANY "Company" {
        /// Id.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// E-mail address.
        optional "email": TEXT.nullable(),
        /// Address of its logo.
        optional "logoUrl": TEXT.nullable(),
        /// Phone.
        optional "phone": TEXT.nullable(),
        /// Web site.
        optional "website": TEXT.nullable(),
        /// Domain of its pages.
        optional "domain": TEXT.nullable(),
        /// Further domain.
        optional "spareDomain": TEXT.nullable(),
        /// Address of its privacy policy.
        optional "privacyPolicy": TEXT.nullable(),
        /// Address of its terms.
        optional "termsConditions": TEXT.nullable(),
        /// Street and number.
        optional "address": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT.nullable(),
        /// Country.
        optional "country": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// Its number at GHL.
        optional "relationshipNumber": TEXT.nullable(),
        /// Subdomain of its pages.
        optional "subdomain": TEXT.nullable(),
        /// Its plan at GHL.
        optional "plan": NUMBER.nullable(),
        /// ISO 4217.
        optional "currency": TEXT.nullable(),
        /// Kind of customer of GHL.
        optional "customerType": TEXT.nullable(),
        /// Version of GHL's terms that it accepted.
        optional "termsOfServiceVersion": TEXT.nullable(),
        /// Who accepted the terms.
        optional "termsOfServiceAcceptedBy": TEXT.nullable(),
        /// Whether its phone service is on trial.
        optional "twilioTrialMode": BOOLEAN.nullable(),
        /// Free credits of its phone service.
        optional "twilioFreeCredits": NUMBER.nullable(),
        /// When the terms were accepted.
        optional "termsOfServiceAcceptedDate": TEXT.nullable(),
        /// Version of GHL's privacy policy that it accepted.
        optional "privacyPolicyVersion": TEXT.nullable(),
        /// Who accepted the privacy policy.
        optional "privacyPolicyAcceptedBy": TEXT.nullable(),
        /// When the privacy policy was accepted.
        optional "privacyPolicyAcceptedDate": TEXT.nullable(),
        /// Version of GHL's affiliate policy that it accepted.
        optional "affiliatePolicyVersion": TEXT.nullable(),
        /// Who accepted the affiliate policy.
        optional "affiliatePolicyAcceptedBy": TEXT.nullable(),
        /// When the affiliate policy was accepted.
        optional "affiliatePolicyAcceptedDate": TEXT.nullable(),
        /// Whether it sells GHL on.
        optional "isReselling": BOOLEAN.nullable(),
        /// How it got started.
        optional "onboardingInfo": object(&COMPANY_ONBOARDING).nullable(),
        /// Whether its clients may upgrade.
        optional "upgradeEnabledForClients": BOOLEAN.nullable(),
        /// Whether its clients may cancel.
        optional "cancelEnabledForClients": BOOLEAN.nullable(),
        /// Whether clients who do not pay are paused.
        optional "autoSuspendEnabled": BOOLEAN.nullable(),
        /// Settings for selling on.
        optional "saasSettings": ANY,
        /// Its account at Stripe.
        optional "stripeConnectId": TEXT.nullable(),
        /// Whether old features are on. GHL's own spelling.
        optional "enableDepreciatedFeatures": BOOLEAN.nullable(),
        /// Whether it has premium features.
        optional "premiumUpgraded": BOOLEAN.nullable(),
        /// How it stands.
        optional "status": TEXT.nullable(),
        /// How many locations it has.
        optional "locationCount": INTEGER.nullable(),
        /// Whether its e-mail service is off.
        optional "disableEmailService": BOOLEAN.nullable(),
        /// Who referred it.
        optional "referralId": TEXT.nullable(),
        /// Whether it has an enterprise contract.
        optional "isEnterpriseAccount": BOOLEAN.nullable(),
        /// Its niche.
        optional "businessNiche": TEXT.nullable(),
        /// Its line of business.
        optional "businessCategory": TEXT.nullable(),
        /// Its group of businesses.
        optional "businessAffinityGroup": TEXT.nullable(),
        /// Whether it is for testing.
        optional "isSandboxAccount": BOOLEAN.nullable(),
        /// Whether new locations begin with example data.
        optional "enableNewSubAccountDefaultData": BOOLEAN.nullable(),
    }

    /// How an agency got started.
    COMPANY_ONBOARDING "CompanyOnboarding" {
        /// Whether it is still to be done.
        optional "pending": BOOLEAN.nullable(),
        /// Whether it has a web site.
        optional "haveWebsite": BOOLEAN.nullable(),
        /// Its web site.
        optional "websiteUrl": TEXT.nullable(),
        /// Industry it serves.
        optional "industryServed": TEXT.nullable(),
        /// How many customers it has.
        optional "customerCount": TEXT.nullable(),
        /// Tools it used before.
        optional "tools": list(&TEXT),
        /// Whether it has a location.
        optional "location": BOOLEAN.nullable(),
        /// Whether it saw the demo.
        optional "conversationDemo": BOOLEAN.nullable(),
        /// Its first location.
        optional "locationId": TEXT.nullable(),
        /// The snapshot that it begins with.
        optional "snapshotId": TEXT.nullable(),
        /// Its plan.
        optional "planId": TEXT.nullable(),
        /// Whether it joined as an affiliate.
        optional "affiliateSignup": BOOLEAN.nullable(),
        /// Whether it joined the first call.
        optional "hasJoinedKickoffCall": BOOLEAN.nullable(),
        /// Whether it acted on the first call.
        optional "kickoffActionTaken": BOOLEAN.nullable(),
        /// Whether it joined the call on implementation.
        optional "hasJoinedImplementationCall": BOOLEAN.nullable(),
        /// Version.
        optional "version": TEXT.nullable(),
        /// More.
        optional "metaData": ANY,
    }
}

crate::endpoints! {
    /// Agencies.
    COMPANIES: Ghl "companies";

    /// Reads one agency. Needs an agency's token.
    "get": GET "/companies/{companyId}" {
        scopes: &["companies.readonly"],
        result: one("company", object(&COMPANY)),
        catalogue: &[trigger("Other Operations", "Get Company")],
    }
}
