//! Where the official documents are known to be wrong or silent, with the reason.

/// A place where a row may differ from the documents.
#[derive(Debug)]
pub(crate) struct Exemption {
    /// The row's name.
    pub(crate) row: &'static str,
    /// The beginning of the place.
    pub(crate) place: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

const fn exempt(row: &'static str, place: &'static str, reason: &'static str) -> Exemption {
    Exemption { row, place, reason }
}

const NO_SCOPE: &str =
    "the documents leave the scope out; it is that of the other endpoints of the group";
const NO_BODY: &str = "the documents declare no property of this body";
const NO_CURSOR: &str = "the documents' answer leaves out what the next page begins with";
const ONE_FORM: &str = "the documents give the form of one association for every answer";
const COUNTRIES: &str = "the documents list the countries: any ISO 3166-1 alpha-2 is let through";
const SCOPES: &str = "the documents list the scopes of a user: the list grows with each product";
const EVERY_STATUS: &str = "the documents allow `all`, which only a search takes";

pub(crate) const EXEMPTIONS: &[Exemption] = &[
    exempt("contacts.search", "body", NO_BODY),
    exempt("contacts.list", "answer", NO_CURSOR),
    exempt("contacts.bulkUpdateTags", "scopes", NO_SCOPE),
    exempt("contacts.bulkUpdateBusiness", "scopes", NO_SCOPE),
    exempt(
        "contacts.bulkUpdateBusiness",
        "body/ids",
        "the documents put the limit of the list on its texts",
    ),
    exempt("conversations.search", "answer", NO_CURSOR),
    exempt("messages.getEmail", "scopes", NO_SCOPE),
    exempt("messages.getEmail", "version", "the documents declare no version; the group's is sent"),
    exempt("snapshots.list", "scopes", NO_SCOPE),
    exempt("locations.create", "body/country", COUNTRIES),
    exempt("locations.update", "body/country", COUNTRIES),
    exempt("users.create", "body/scopes", SCOPES),
    exempt("users.update", "body/scopes", SCOPES),
    exempt("opportunities.create", "body/status", EVERY_STATUS),
    exempt("opportunities.update", "body/status", EVERY_STATUS),
    exempt("opportunities.updateStatus", "body/status", EVERY_STATUS),
    exempt("opportunities.upsert", "body/status", EVERY_STATUS),
    exempt("customFields.get", "scopes", NO_SCOPE),
    exempt("customFields.update", "scopes", NO_SCOPE),
    exempt("customFields.delete", "scopes", NO_SCOPE),
    exempt("tags.get", "scopes", NO_SCOPE),
    exempt("tags.update", "scopes", NO_SCOPE),
    exempt("tags.delete", "scopes", NO_SCOPE),
    exempt("associations.list", "response", ONE_FORM),
    exempt("associations.list", "answer", ONE_FORM),
    exempt("associations.listByObjectKey", "response", ONE_FORM),
    exempt("associations.listByObjectKey", "answer", ONE_FORM),
    exempt("relations.list", "response", ONE_FORM),
    exempt("relations.list", "answer", ONE_FORM),
    exempt("relations.create", "response", ONE_FORM),
    exempt("records.get", "scopes", NO_SCOPE),
    exempt("records.create", "body", NO_BODY),
    exempt("records.update", "body", NO_BODY),
    exempt("records.update", "scopes", NO_SCOPE),
    exempt("records.delete", "scopes", NO_SCOPE),
];
