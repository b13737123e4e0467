//! Contacts: people and companies of a location, with their tags, followers, campaigns and workflows.

use super::appointments::{CONTACT_APPOINTMENT, EMPTY};
use crate::endpoint::{
    ANY, BOOLEAN, DATE, EMAIL, INTEGER, Kind, NUMBER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP,
    Type, V3, action, either, list, list_of, map, object, one, one_of, starting_with, suggested,
    trigger,
};

/// Contact bodies in v3: other spellings inside `customFields` and `dndSettings`.
const WRITE_V3: V3 = V3 {
    renamed: &[
        ("field_value", "fieldValue"),
        ("Call", "call"),
        ("Email", "email"),
        ("SMS", "sms"),
        ("WhatsApp", "whatsApp"),
        ("GMB", "gmb"),
        ("FB", "fb"),
    ],
    ..V3::SAME
};

/// What a custom field's value may be when it is written: that of some `dataType`.
pub(super) const CUSTOM_FIELD_INPUT_VALUE: Type =
    either(const { &[TEXT, NUMBER, list(&TEXT), map(&TEXT_OR_FILE)] });

/// One text of a TEXTBOX_LIST or one file.
static TEXT_OR_FILE: Type = either(const { &[TEXT, object(&CUSTOM_FIELD_FILE)] });

/// A custom field's value as it is read: some are older than their field's `dataType`.
const CUSTOM_FIELD_VALUE: Type = either(const { &[TEXT, NUMBER, BOOLEAN, list(&TEXT), map(&ANY)] });

/// Texts that a channel's do-not-disturb setting takes.
const DND_STATUS: Type = one_of(&["active", "inactive", "permanent"]);

/// What every filter's value keeps to.
const FILTER_TEXT: Type = TEXT.at_most(75);

/// Operators that compare with nothing.
const PRESENCE: Type = one_of(&["exists", "not_exists"]);

/// A filter or a group of filters. Statics, because groups hold filters again.
static FILTER: Type = Type::of(Kind::Either(&FILTER_FORMS));
static FILTER_FORMS: [Type; 10] = [
    object(&CONTACT_TEXT_FILTER),
    object(&CONTACT_EMAIL_FILTER),
    object(&CONTACT_FLAG_FILTER),
    object(&CONTACT_DATE_FILTER),
    object(&CONTACT_DND_FILTER),
    object(&CONTACT_OPPORTUNITY_FILTER),
    object(&CONTACT_CUSTOM_FIELD_FILTER),
    object(&CONTACT_PRESENCE_FILTER),
    object(&CONTACT_CUSTOM_FIELD_PRESENCE_FILTER),
    object(&CONTACT_FILTER_GROUP),
];

crate::models! {
    /// A person or company in a location. Any property may be missing.
    CONTACT "Contact" {
        /// Id, 20 or 24 letters and digits.
        required "id": TEXT,
        /// The location it belongs to.
        optional "locationId": TEXT,
        /// First and last name in one.
        optional "name": TEXT.nullable(),
        /// First and last name in one, as lists send them.
        optional "contactName": TEXT.nullable(),
        /// First name; lower-cased by `contacts.list`, which sends the true spelling in `firstNameRaw`.
        optional "firstName": TEXT.nullable(),
        /// Last name; lower-cased by `contacts.list`, which sends the true spelling in `lastNameRaw`.
        optional "lastName": TEXT.nullable(),
        /// First name in its own spelling.
        optional "firstNameRaw": TEXT.nullable(),
        /// Last name in its own spelling.
        optional "lastNameRaw": TEXT.nullable(),
        /// First name in lower case, for sorting and filtering.
        optional "firstNameLowerCase": TEXT.nullable(),
        /// Last name in lower case, for sorting and filtering.
        optional "lastNameLowerCase": TEXT.nullable(),
        /// Both names in lower case.
        optional "fullNameLowerCase": TEXT.nullable(),
        /// Primary e-mail address.
        optional "email": TEXT.nullable(),
        /// Primary e-mail address in lower case.
        optional "emailLowerCase": TEXT.nullable(),
        /// Whether the primary address was found deliverable.
        optional "validEmail": BOOLEAN.nullable(),
        /// Further e-mail addresses: texts in search results, objects with `email` by id. Read only.
        optional "additionalEmails": list(&ANY),
        /// Primary phone, E.164.
        optional "phone": TEXT.nullable(),
        /// What kind of phone it is.
        optional "phoneLabel": TEXT.nullable(),
        /// Further phones: texts in search results, objects with `phone` by id. Read only.
        optional "additionalPhones": list(&ANY),
        /// Company name.
        optional "companyName": TEXT.nullable(),
        /// Name of the business it belongs to.
        optional "businessName": TEXT.nullable(),
        /// The business it belongs to; set by `contacts.bulkUpdateBusiness`.
        optional "businessId": TEXT.nullable(),
        /// Web site.
        optional "website": TEXT.nullable(),
        /// Street and number.
        optional "address1": TEXT.nullable(),
        /// Street and number, as search results spell it.
        optional "address": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT.nullable(),
        /// ISO 3166-1 alpha-2; search results may hold the full name.
        optional "country": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// Birthday: `YYYY-MM-DD` or an instant.
        optional "dateOfBirth": DATE.nullable(),
        /// Month of birth, 1 to 12.
        optional "birthMonth": INTEGER.nullable(),
        /// Day of birth, 1 to 31.
        optional "birthDay": INTEGER.nullable(),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed. Whether notes and tasks count as a change is not documented.
        optional "dateUpdated": TIMESTAMP.nullable(),
        /// When something last happened with it.
        optional "lastActivity": ANY,
        /// When its last visit to a page was.
        optional "lastSessionActivityAt": TIMESTAMP.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
        /// Users who follow it.
        optional "followers": list(&TEXT),
        /// Tags, in lower case.
        optional "tags": list(&TEXT),
        /// Values of custom fields, by id; keys are never sent.
        optional "customFields": list(&const { object(&CONTACT_CUSTOM_FIELD) }),
        /// Where it came from.
        optional "source": TEXT.nullable(),
        /// Kind of contact.
        optional "type": suggested(&["lead", "customer"]).nullable(),
        /// Keyword of the campaign it came from.
        optional "keyword": TEXT.nullable(),
        /// True when it must not be contacted on any channel.
        optional "dnd": BOOLEAN.nullable(),
        /// Do-not-disturb by channel.
        optional "dndSettings": object(&CONTACT_DND_SETTINGS).nullable(),
        /// Do-not-disturb for messages from the contact.
        optional "inboundDndSettings": object(&INBOUND_DND_SETTINGS).nullable(),
        /// Whether e-mails to it bounced.
        optional "bounceEmail": BOOLEAN.nullable(),
        /// Whether it unsubscribed from e-mails.
        optional "unsubscribeEmail": BOOLEAN.nullable(),
        /// Where its first visit came from.
        optional "attributionSource": object(&ATTRIBUTION_SOURCE).nullable(),
        /// Where its latest visit came from.
        optional "lastAttributionSource": object(&ATTRIBUTION_SOURCE).nullable(),
        /// Where its visits came from.
        optional "attributions": list(&const { object(&ATTRIBUTION_SOURCE) }),
        /// Id of the browser it visited with.
        optional "visitorId": TEXT.nullable(),
        /// Picture.
        optional "profilePhoto": TEXT.nullable(),
        /// Attached files.
        optional "attachments": ANY,
        /// Social security number, where the location keeps it.
        optional "ssn": TEXT.nullable(),
        /// Offers it was given.
        optional "offers": list(&TEXT),
        /// Products it has.
        optional "products": list(&TEXT),
        /// Its opportunities, in search results.
        optional "opportunities": list(&ANY),
        /// Who or what made it.
        optional "createdBy": ANY,
        /// True in answers about a deleted contact.
        optional "deleted": BOOLEAN.nullable(),
        /// Cursor of `contacts.search`: sort value and id.
        optional "searchAfter": list(&ANY),
        /// Cursor of `contacts.list`: milliseconds since 1970 and id.
        optional "startAfter": list(&ANY),
    }

    /// The value of a custom field, as contacts send it.
    CONTACT_CUSTOM_FIELD "ContactCustomField" {
        /// The custom field's id.
        required "id": TEXT,
        /// The value, by the field's `dataType`; dates as ISO 8601 or milliseconds since 1970.
        optional "value": CUSTOM_FIELD_VALUE.nullable(),
    }

    /// The value of a custom field, as contacts take it. Fields that are not named keep their values.
    CONTACT_CUSTOM_FIELD_INPUT "ContactCustomFieldInput" {
        /// The custom field's id.
        required "id": TEXT,
        /// The custom field's key, without `contact.` before it.
        optional "key": TEXT,
        /// The value: `CustomFieldValues` says which for each `dataType`. The id does not tell the
        /// `dataType`, so that a text for a number, or a date written another way than `YYYY-MM-DD`,
        /// is seen by GHL only.
        optional "field_value": CUSTOM_FIELD_INPUT_VALUE,
    }

    /// What a custom field takes, by its `dataType`: `CustomFieldValues["NUMERICAL"]` is a number.
    CUSTOM_FIELD_VALUES "CustomFieldValues" {
        /// Text.
        required "TEXT": TEXT,
        /// Text of several lines.
        required "LARGE_TEXT": TEXT,
        /// A number.
        required "NUMERICAL": NUMBER,
        /// A phone.
        required "PHONE": TEXT,
        /// An amount, in the location's currency.
        required "MONETORY": NUMBER,
        /// Labels of the options that are ticked.
        required "CHECKBOX": list(&TEXT),
        /// Label of the option.
        required "SINGLE_OPTIONS": TEXT,
        /// Labels of the options.
        required "MULTIPLE_OPTIONS": list(&TEXT),
        /// A day, `YYYY-MM-DD`: GHL refuses `DD/MM/YYYY`.
        required "DATE": DATE,
        /// Texts by the ids of their options.
        required "TEXTBOX_LIST": map(&TEXT),
        /// Files by their uuids.
        required "FILE_UPLOAD": map(&const { object(&CUSTOM_FIELD_FILE) }),
        /// Label of the option.
        required "RADIO": TEXT,
        /// An e-mail address.
        required "EMAIL": EMAIL,
    }

    /// A file of a custom field, under its uuid.
    CUSTOM_FIELD_FILE "CustomFieldFile" open {
        /// What kind of file it is.
        optional "meta": object(&CUSTOM_FIELD_FILE_META),
        /// Where it is read.
        optional "url": TEXT,
        /// Id of the document.
        optional "documentId": TEXT,
    }

    /// What kind of file it is.
    CUSTOM_FIELD_FILE_META "CustomFieldFileMeta" open {
        /// The custom field's id.
        optional "fieldname": TEXT,
        /// Name of the file.
        optional "originalname": TEXT,
        /// How it was sent, for example `7bit`.
        optional "encoding": TEXT,
        /// Media type, for example `image/jpeg`.
        optional "mimetype": TEXT,
        /// Size in bytes.
        optional "size": NUMBER,
        /// The file's uuid.
        optional "uuid": TEXT,
    }

    /// Do-not-disturb by channel.
    DND_SETTINGS "DndSettings" {
        /// Calls.
        optional "Call": object(&DND_SETTING),
        /// E-mails.
        optional "Email": object(&DND_SETTING),
        /// Text messages.
        optional "SMS": object(&DND_SETTING),
        /// WhatsApp messages.
        optional "WhatsApp": object(&DND_SETTING),
        /// Google Business messages.
        optional "GMB": object(&DND_SETTING),
        /// Facebook messages.
        optional "FB": object(&DND_SETTING),
    }

    /// Do-not-disturb by channel, as contacts send it: v3 spells the channels in lower case.
    CONTACT_DND_SETTINGS "ContactDndSettings" {
        /// Calls.
        optional "Call": object(&DND_SETTING),
        /// E-mails.
        optional "Email": object(&DND_SETTING),
        /// Text messages.
        optional "SMS": object(&DND_SETTING),
        /// WhatsApp messages.
        optional "WhatsApp": object(&DND_SETTING),
        /// Google Business messages.
        optional "GMB": object(&DND_SETTING),
        /// Facebook messages.
        optional "FB": object(&DND_SETTING),
        /// Calls, in v3.
        optional "call": object(&DND_SETTING),
        /// E-mails, in v3.
        optional "email": object(&DND_SETTING),
        /// Text messages, in v3.
        optional "sms": object(&DND_SETTING),
        /// WhatsApp messages, in v3.
        optional "whatsApp": object(&DND_SETTING),
        /// Google Business messages, in v3.
        optional "gmb": object(&DND_SETTING),
        /// Facebook messages, in v3.
        optional "fb": object(&DND_SETTING),
    }

    /// Do-not-disturb of one channel.
    DND_SETTING "DndSetting" {
        /// `active` when the contact must not be reached on the channel.
        required "status": DND_STATUS,
        /// Why.
        optional "message": TEXT,
        /// Code of the reason.
        optional "code": TEXT,
    }

    /// Do-not-disturb for messages from the contact.
    INBOUND_DND_SETTINGS "InboundDndSettings" {
        /// All channels.
        optional "all": object(&INBOUND_DND_SETTING),
    }

    /// Do-not-disturb for messages from the contact, on all channels.
    INBOUND_DND_SETTING "InboundDndSetting" {
        /// `active` when its messages are not taken in.
        required "status": one_of(&["active", "inactive"]),
        /// Why.
        optional "message": TEXT,
    }

    /// Where a visit came from.
    ATTRIBUTION_SOURCE "AttributionSource" {
        /// Address of the page.
        optional "url": TEXT.nullable(),
        /// Name of the campaign.
        optional "campaign": TEXT.nullable(),
        /// `utm_source` of the address.
        optional "utmSource": TEXT.nullable(),
        /// `utm_medium` of the address.
        optional "utmMedium": TEXT.nullable(),
        /// `utm_content` of the address.
        optional "utmContent": TEXT.nullable(),
        /// Address of the page before.
        optional "referrer": TEXT.nullable(),
        /// Id of the campaign.
        optional "campaignId": TEXT.nullable(),
        /// Facebook's click id.
        optional "fbclid": TEXT.nullable(),
        /// Google's click id.
        optional "gclid": TEXT.nullable(),
        /// Microsoft's click id.
        optional "msclikid": TEXT.nullable(),
        /// Google Display's click id.
        optional "dclid": TEXT.nullable(),
        /// Facebook's click cookie.
        optional "fbc": TEXT.nullable(),
        /// Facebook's browser cookie.
        optional "fbp": TEXT.nullable(),
        /// Facebook's event id.
        optional "fbEventId": TEXT.nullable(),
        /// The browser's name.
        optional "userAgent": TEXT.nullable(),
        /// The visitor's IP address.
        optional "ip": TEXT.nullable(),
        /// How it came: form, chat, call.
        optional "medium": TEXT.nullable(),
        /// Id of the form, chat or call.
        optional "mediumId": TEXT.nullable(),
    }

    /// A new contact. GHL refuses any other property with 422.
    CONTACT_CREATE "ContactCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// First name.
        optional "firstName": TEXT.nullable(),
        /// Last name.
        optional "lastName": TEXT.nullable(),
        /// First and last name in one.
        optional "name": TEXT.nullable(),
        /// E-mail address. Unique in the location unless it allows duplicates; else `duplicate`.
        optional "email": EMAIL.nullable(),
        /// Phone; give E.164, for example `+18885551234`. Unique as the e-mail address is.
        optional "phone": TEXT.nullable(),
        /// Gender.
        optional "gender": TEXT,
        /// Street and number.
        optional "address1": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT,
        /// ISO 3166-1 alpha-2, for example `US`.
        optional "country": TEXT,
        /// Web site.
        optional "website": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// True when it must not be contacted on any channel.
        optional "dnd": BOOLEAN,
        /// Do-not-disturb by channel.
        optional "dndSettings": object(&DND_SETTINGS),
        /// Do-not-disturb for messages from the contact.
        optional "inboundDndSettings": object(&INBOUND_DND_SETTINGS),
        /// Tags; stored in lower case.
        optional "tags": list(&TEXT),
        /// Values of custom fields.
        optional "customFields": list(&const { object(&CONTACT_CUSTOM_FIELD_INPUT) }),
        /// Where it came from.
        optional "source": TEXT,
        /// Birthday, `YYYY-MM-DD`.
        optional "dateOfBirth": DATE.nullable(),
        /// Company name; cannot be changed later.
        optional "companyName": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
    }

    /// A contact that is made, or changed where the location's duplicate setting finds it.
    CONTACT_UPSERT "ContactUpsert" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// First name.
        optional "firstName": TEXT.nullable(),
        /// Last name.
        optional "lastName": TEXT.nullable(),
        /// First and last name in one.
        optional "name": TEXT.nullable(),
        /// E-mail address. One that is another contact's additional address replaces that contact's primary one.
        optional "email": EMAIL.nullable(),
        /// Phone; give E.164, for example `+18885551234`.
        optional "phone": TEXT.nullable(),
        /// Gender.
        optional "gender": TEXT,
        /// Street and number.
        optional "address1": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT,
        /// ISO 3166-1 alpha-2, for example `US`.
        optional "country": TEXT,
        /// Web site.
        optional "website": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// True when it must not be contacted on any channel.
        optional "dnd": BOOLEAN,
        /// Do-not-disturb by channel.
        optional "dndSettings": object(&DND_SETTINGS),
        /// Do-not-disturb for messages from the contact.
        optional "inboundDndSettings": object(&INBOUND_DND_SETTINGS),
        /// Tags: replaces all that it has.
        optional "tags": list(&TEXT),
        /// Values of custom fields.
        optional "customFields": list(&const { object(&CONTACT_CUSTOM_FIELD_INPUT) }),
        /// Where it came from.
        optional "source": TEXT,
        /// Birthday, `YYYY-MM-DD`.
        optional "dateOfBirth": DATE.nullable(),
        /// Company name.
        optional "companyName": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
        /// Creates a new one even where one is found, if the location allows duplicates.
        optional "createNewIfDuplicateAllowed": BOOLEAN,
    }

    /// Changes to a contact; what is left out stays. GHL refuses `locationId`, `gender` and `companyName` here.
    CONTACT_UPDATE "ContactUpdate" {
        /// First name.
        optional "firstName": TEXT.nullable(),
        /// Last name.
        optional "lastName": TEXT.nullable(),
        /// First and last name in one.
        optional "name": TEXT.nullable(),
        /// E-mail address.
        optional "email": EMAIL.nullable(),
        /// Phone; give E.164, for example `+18885551234`.
        optional "phone": TEXT.nullable(),
        /// Street and number.
        optional "address1": TEXT.nullable(),
        /// City.
        optional "city": TEXT.nullable(),
        /// State or region.
        optional "state": TEXT.nullable(),
        /// Postal code.
        optional "postalCode": TEXT,
        /// ISO 3166-1 alpha-2, for example `US`.
        optional "country": TEXT,
        /// Web site.
        optional "website": TEXT.nullable(),
        /// IANA time zone.
        optional "timezone": TEXT.nullable(),
        /// True when it must not be contacted on any channel.
        optional "dnd": BOOLEAN,
        /// Do-not-disturb by channel.
        optional "dndSettings": object(&DND_SETTINGS),
        /// Do-not-disturb for messages from the contact.
        optional "inboundDndSettings": object(&INBOUND_DND_SETTINGS),
        /// Tags: replaces all that it has. `contacts.addTags` adds.
        optional "tags": list(&TEXT),
        /// Values of custom fields; those not named keep theirs.
        optional "customFields": list(&const { object(&CONTACT_CUSTOM_FIELD_INPUT) }),
        /// Where it came from.
        optional "source": TEXT.nullable(),
        /// Birthday, `YYYY-MM-DD`.
        optional "dateOfBirth": DATE.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
    }

    /// What an upsert did.
    CONTACT_UPSERTED "ContactUpserted" {
        /// True when the contact was made, false when it was changed.
        optional "new": BOOLEAN,
        /// The contact.
        required "contact": object(&CONTACT),
        /// GHL's id of the request.
        optional "traceId": TEXT,
    }

    /// Whom to find: `contactId`, or `email`, `phone` or both.
    CONTACT_FIND "ContactFind" {
        /// Id.
        optional "contactId": TEXT,
        /// E-mail address, primary or additional; case does not matter.
        optional "email": TEXT,
        /// Phone, with or without calling code, in any spelling.
        optional "phone": TEXT,
        /// ISO 3166-1 alpha-2 of a phone without calling code.
        optional "country": TEXT.at_most(2),
    }

    /// What to find and in which order. The index behind it lags a few seconds, up to a minute.
    CONTACT_SEARCH "ContactSearch" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Contacts a page, 1 to 500; 100 when left out.
        optional "pageLimit": INTEGER.between(1, 500),
        /// Page, from 1; reaches the first 10,000 contacts only. Not together with `searchAfter`.
        optional "page": INTEGER,
        /// Cursor: the `searchAfter` of the last contact before, under the same `sort`.
        optional "searchAfter": list(&ANY),
        /// All of these must hold.
        optional "filters": list(&FILTER),
        /// Order, by at most 2 fields.
        optional "sort": list(&const { object(&CONTACT_SORT) }).at_most(2),
        /// Text to search for in the fields that are marked searchable, at most 75 characters.
        optional "query": FILTER_TEXT,
    }

    /// Filter on a text.
    CONTACT_TEXT_FILTER "ContactTextFilter" {
        /// The field.
        required "field": one_of(&[
            "id", "address", "assignedTo", "businessName", "city", "country", "companyName",
            "followers", "firstNameLowerCase", "lastNameLowerCase", "phone", "postalCode", "source",
            "state", "tags", "timezone", "type", "website", "activeWorkflows", "finishedWorkflows",
        ]),
        /// How it compares. `contains` and `not_contains` take no special characters.
        required "operator": one_of(&["eq", "not_eq", "contains", "not_contains"]),
        /// What to compare with, at most 75 characters.
        required "value": either(const { &[FILTER_TEXT, list(&FILTER_TEXT)] }),
    }

    /// Filter on the e-mail address.
    CONTACT_EMAIL_FILTER "ContactEmailFilter" {
        /// The field.
        required "field": one_of(&["email"]),
        /// How it compares.
        required "operator": one_of(&["eq"]),
        /// The whole address, at most 75 characters.
        required "value": FILTER_TEXT,
    }

    /// Filter on a Boolean.
    CONTACT_FLAG_FILTER "ContactFlagFilter" {
        /// The field.
        required "field": one_of(&["dnd", "isValidWhatsapp", "validEmail"]),
        /// How it compares.
        required "operator": one_of(&["eq", "not_eq"]),
        /// What to compare with.
        required "value": BOOLEAN,
    }

    /// Filter on a date.
    CONTACT_DATE_FILTER "ContactDateFilter" {
        /// The field.
        required "field": one_of(&[
            "dateAdded", "dateUpdated", "lastAppointment", "lastEmailClickedDate",
            "lastEmailOpenedDate",
        ]),
        /// How it compares.
        required "operator": one_of(&["range"]),
        /// From when to when.
        required "value": object(&CONTACT_DATE_RANGE),
    }

    /// From when to when; at least one bound.
    CONTACT_DATE_RANGE "ContactDateRange" {
        /// At this instant or later.
        optional "gte": DATE,
        /// At this instant or earlier.
        optional "lte": DATE,
        /// Later than this instant.
        optional "gt": DATE,
        /// Earlier than this instant.
        optional "lt": DATE,
    }

    /// Filter on a do-not-disturb setting.
    CONTACT_DND_FILTER "ContactDndFilter" {
        /// The channel's status.
        required "field": one_of(&[
            "dndSettings.Email.status", "dndSettings.SMS.status", "dndSettings.Call.status",
            "inboundDndSettings.all.status",
        ]),
        /// How it compares.
        required "operator": one_of(&["eq", "not_eq"]),
        /// What to compare with.
        required "value": DND_STATUS,
    }

    /// Filter on a contact's opportunities.
    CONTACT_OPPORTUNITY_FILTER "ContactOpportunityFilter" {
        /// The field.
        required "field": one_of(&["opportunities"]),
        /// How it compares.
        required "operator": suggested(&["nested"]),
        /// Filters on `pipelineId`, `pipelineStageId` and `status` of one opportunity.
        required "value": list(&ANY),
    }

    /// Filter on a custom field.
    CONTACT_CUSTOM_FIELD_FILTER "ContactCustomFieldFilter" {
        /// `customFields.` and the field's id; for TEXTBOX_LIST `.` and the option's id after it.
        required "field": starting_with(&["customFields."]),
        /// How it compares.
        required "operator": one_of(&["eq", "not_eq", "contains", "not_contains", "range"]),
        /// What to compare with; bounds such as `{ gte: 5 }` for `range`.
        required "value": either(const { &[FILTER_TEXT, NUMBER, BOOLEAN, list(&ANY), map(&ANY)] }),
    }

    /// Filter on whether a field has a value.
    CONTACT_PRESENCE_FILTER "ContactPresenceFilter" {
        /// The field.
        required "field": one_of(&[
            "id", "address", "assignedTo", "businessName", "city", "country", "companyName",
            "followers", "firstNameLowerCase", "lastNameLowerCase", "phone", "postalCode", "source",
            "state", "tags", "timezone", "type", "website", "activeWorkflows", "finishedWorkflows",
            "email", "dnd", "isValidWhatsapp", "validEmail", "dateAdded", "dateUpdated",
            "lastAppointment", "lastEmailClickedDate", "lastEmailOpenedDate",
            "dndSettings.Email.status", "dndSettings.SMS.status", "dndSettings.Call.status",
            "inboundDndSettings.all.status",
        ]),
        /// Whether it must have one.
        required "operator": PRESENCE,
    }

    /// Filter on whether a custom field has a value.
    CONTACT_CUSTOM_FIELD_PRESENCE_FILTER "ContactCustomFieldPresenceFilter" {
        /// `customFields.` and the field's id; for TEXTBOX_LIST `.` and the option's id after it.
        required "field": starting_with(&["customFields."]),
        /// Whether it must have one.
        required "operator": PRESENCE,
    }

    /// Several filters of which all or one must hold.
    CONTACT_FILTER_GROUP "ContactFilterGroup" {
        /// All or one.
        required "group": one_of(&["AND", "OR"]),
        /// The filters.
        required "filters": list(&FILTER),
    }

    /// One field to sort by.
    CONTACT_SORT "ContactSort" {
        /// The field.
        required "field": one_of(&[
            "firstNameLowerCase", "lastNameLowerCase", "businessName", "dateAdded", "dateUpdated",
            "email", "dnd", "source",
        ]),
        /// Ascending or descending.
        required "direction": one_of(&["asc", "desc"]),
    }

    /// Tags to add or remove.
    CONTACT_TAGS "ContactTags" {
        /// The tags; GHL keeps them in lower case.
        required "tags": list(&TEXT),
    }

    /// Tags to add to or remove from many contacts.
    CONTACT_BULK_TAGS "ContactBulkTags" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Ids of the contacts.
        required "contacts": list(&TEXT),
        /// The tags.
        required "tags": list(&TEXT),
        /// Removes all tags of these contacts.
        optional "removeAllTags": BOOLEAN,
    }

    /// What a change to many contacts did.
    CONTACT_BULK_TAGS_RESULT "ContactBulkTagsResult" {
        /// True when it was done.
        optional "succeded": BOOLEAN,
        /// The same, in v3.
        optional "succeeded": BOOLEAN,
        /// How many contacts could not be changed.
        optional "errorCount": INTEGER,
        /// An answer for each contact.
        optional "responses": list(&ANY),
    }

    /// Contacts that are to belong to a business, or to none.
    CONTACT_BULK_BUSINESS "ContactBulkBusiness" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Ids of the contacts, at most 50.
        required "ids": list(&TEXT).at_most(50),
        /// The business; null takes the contacts out of theirs.
        required "businessId": TEXT.nullable(),
    }

    /// Users to add to or remove from those who follow.
    FOLLOWERS "Followers" {
        /// Ids of the users.
        required "followers": list(&TEXT),
    }

    /// When a contact enters a workflow.
    WORKFLOW_ENTRY "WorkflowEntry" {
        /// Time that the workflow's event begins, with offset: `2021-06-23T03:30:00+01:00`.
        optional "eventStartTime": TIMESTAMP,
    }
}

crate::endpoints! {
    /// Contacts.
    CONTACTS: Ghl "contacts";

    /// Reads one contact. An unknown id is `not_found`.
    "get": GET "/contacts/{contactId}" {
        scopes: &["contacts.readonly"],
        result: one("contact", object(&CONTACT)),
        catalogue: &[trigger("Contacts", "Get Contact")],
    }

    /// Finds contacts by filters, in any order, beyond 10,000 too.
    "search": POST "/contacts/search" {
        scopes: &["contacts.readonly"],
        body: Some(&CONTACT_SEARCH),
        result: list_of("contacts", object(&CONTACT)),
        paging: Paging::SearchAfter,
        retry: RetryClass::Read,
        catalogue: &[trigger("Contacts", "Search Contacts")],
    }

    /// Finds one contact by id, e-mail address or phone; null if no contact matches. If several
    /// match, the error is `ambiguous`, with the candidates in `details`. Sees new contacts at once, by
    /// the duplicate search.
    "find": POST "/contacts/search" {
        scopes: &["contacts.readonly"],
        body: Some(&CONTACT_FIND),
        composed: true,
        result: one("", object(&CONTACT).nullable()),
        retry: RetryClass::Read,
        catalogue: &[action("Contacts", "Find Contact")],
    }

    /// Lists the contacts of a business.
    "listByBusiness": GET "/contacts/business/{businessId}" {
        scopes: &["contacts.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Contacts a page; 25 when left out.
            optional "limit": INTEGER,
            /// How many contacts to pass over.
            optional "skip": INTEGER,
            /// Text to search for.
            optional "query": TEXT,
            /// Cursor: sort value and id.
            optional "startAfter": list(&TEXT),
        ],
        result: list_of("contacts", object(&CONTACT)),
        paging: Paging::SkipQuery,
        v3: V3 { added: &["startAfter"], ..V3::SAME },
        catalogue: &[trigger("Contacts", "Get Contacts by Business")],
    }

    /// Finds the contact that the location's duplicate setting would take for the same. Sees new contacts at once.
    "searchDuplicate": GET "/contacts/search/duplicate" {
        scopes: &["contacts.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Phone, E.164.
            optional "number": TEXT,
            /// E-mail address.
            optional "email": TEXT,
        ],
        result: one("contact", object(&CONTACT).nullable()),
        catalogue: &[trigger("Contacts", "Get Duplicate Contact")],
    }

    /// Lists a contact's appointments, all in one answer.
    "listAppointments": GET "/contacts/{contactId}/appointments" {
        scopes: &["contacts.readonly"],
        result: list_of("events", object(&CONTACT_APPOINTMENT)),
        catalogue: &[trigger("Contacts", "Get Contact Appointments")],
    }

    /// Lists contacts, newest first. Deprecated, and dropped in v3: use `contacts.search`.
    "list": GET "/contacts/" {
        scopes: &["contacts.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Cursor, only together with `startAfter`: id of the last contact before.
            optional "startAfterId": TEXT,
            /// Cursor, only together with `startAfterId`: milliseconds since 1970 when it was made.
            optional "startAfter": NUMBER,
            /// Text to search for.
            optional "query": TEXT,
            /// Contacts a page, 1 to 100; 20 when left out.
            optional "limit": INTEGER.between(1, 100),
        ],
        result: list_of("contacts", object(&CONTACT)),
        paging: Paging::StartAfter,
        v3: V3::GONE,
        catalogue: &[trigger("Contacts", "List Contacts (Deprecated)")],
        replaced_by: Some("contacts.search"),
    }

    /// Creates a contact. One with the same e-mail address or phone is `duplicate`, with its id in `details`.
    "create": POST "/contacts/" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_CREATE),
        result: one("contact", object(&CONTACT)),
        v3: WRITE_V3,
        catalogue: &[action("Contacts", "Create Contact")],
    }

    /// Updates a contact.
    "update": PUT "/contacts/{contactId}" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_UPDATE),
        result: one("contact", object(&CONTACT)),
        v3: WRITE_V3,
        catalogue: &[action("Contacts", "Update Contact")],
    }

    /// Permanently deletes a contact. It cannot be restored.
    "delete": DELETE "/contacts/{contactId}" {
        scopes: &["contacts.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Contacts", "Delete Contact")],
    }

    /// Creates a contact, or updates the one that the location's duplicate setting finds: by e-mail, then by phone.
    "upsert": POST "/contacts/upsert" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_UPSERT),
        result: one("", object(&CONTACT_UPSERTED)),
        v3: WRITE_V3,
        catalogue: &[action("Contacts", "Upsert Contact")],
    }

    /// Adds tags to a contact, and to the location's tags. Returns all of the contact's tags.
    "addTags": POST "/contacts/{contactId}/tags" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_TAGS),
        result: one("tags", list(&TEXT)),
        retry: RetryClass::Repeatable,
        catalogue: &[action("Contacts", "Add Tags to Contact")],
    }

    /// Removes tags from a contact. Returns the contact's tags.
    "removeTags": DELETE "/contacts/{contactId}/tags" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_TAGS),
        result: one("tags", list(&TEXT)),
        catalogue: &[action("Contacts", "Remove Tags from Contact")],
    }

    /// Adds tags to many contacts, or removes them.
    "bulkUpdateTags": POST "/contacts/bulk/tags/update/{type}" {
        scopes: &["contacts.write"],
        path_types: crate::fields![
            /// What to do with the tags.
            required "type": one_of(&["add", "remove"]),
        ],
        body: Some(&CONTACT_BULK_TAGS),
        result: one("", object(&CONTACT_BULK_TAGS_RESULT)),
        retry: RetryClass::Repeatable,
        catalogue: &[action("Contacts", "Bulk Update Contact Tags")],
    }

    /// Adds a contact to a campaign.
    "addToCampaign": POST "/contacts/{contactId}/campaigns/{campaignId}" {
        scopes: &["contacts.write"],
        body: Some(&EMPTY),
        result: Outcome::Nothing,
        catalogue: &[action("Contacts", "Add Contact to Campaign")],
    }

    /// Removes a contact from a campaign.
    "removeFromCampaign": DELETE "/contacts/{contactId}/campaigns/{campaignId}" {
        scopes: &["contacts.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Contacts", "Remove from Campaign")],
    }

    /// Removes a contact from all campaigns.
    "removeFromAllCampaigns": DELETE "/contacts/{contactId}/campaigns/removeAll" {
        scopes: &["contacts.write"],
        result: Outcome::Nothing,
        v3: V3 { path: Some("/contacts/{contactId}/campaigns/remove-all"), ..V3::SAME },
        catalogue: &[action("Contacts", "Remove from All Campaigns")],
    }

    /// Adds a contact to a workflow.
    "addToWorkflow": POST "/contacts/{contactId}/workflow/{workflowId}" {
        scopes: &["contacts.write"],
        body: Some(&WORKFLOW_ENTRY),
        result: Outcome::Nothing,
        catalogue: &[action("Workflows & Campaigns", "Add Contact to Workflow")],
    }

    /// Removes a contact from a workflow.
    "removeFromWorkflow": DELETE "/contacts/{contactId}/workflow/{workflowId}" {
        scopes: &["contacts.write"],
        body: Some(&WORKFLOW_ENTRY),
        result: Outcome::Nothing,
        catalogue: &[action("Workflows & Campaigns", "Remove from Workflow")],
    }

    /// Adds followers to a contact. Returns all followers.
    "addFollowers": POST "/contacts/{contactId}/followers" {
        scopes: &["contacts.write"],
        body: Some(&FOLLOWERS),
        result: one("followers", list(&TEXT)),
        retry: RetryClass::Repeatable,
        catalogue: &[action("Workflows & Campaigns", "Add Contact Followers")],
    }

    /// Removes followers from a contact. Returns the remaining ones.
    "removeFollowers": DELETE "/contacts/{contactId}/followers" {
        scopes: &["contacts.write"],
        body: Some(&FOLLOWERS),
        result: one("followers", list(&TEXT)),
        catalogue: &[action("Workflows & Campaigns", "Remove Contact Followers")],
    }

    /// Puts contacts into a business, or takes them out. Returns the ids of the contacts that changed.
    "bulkUpdateBusiness": POST "/contacts/bulk/business" {
        scopes: &["contacts.write"],
        body: Some(&CONTACT_BULK_BUSINESS),
        result: one("ids", list(&TEXT)),
        retry: RetryClass::Repeatable,
        catalogue: &[action("Workflows & Campaigns", "Bulk Business Update")],
    }
}
