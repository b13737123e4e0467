//! Calendars, their groups, notifications and resources.

use crate::endpoint::{
    BOOLEAN, INTEGER, NUMBER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP, action, list, list_of,
    map, object, one, one_of, suggested, trigger,
};

crate::models! {
    /// A calendar that appointments are booked in.
    CALENDAR "Calendar" {
        /// Whether it is in use.
        optional "isActive": BOOLEAN.nullable(),
        /// Who is notified of bookings.
        optional "notifications": list(&const { object(&CALENDAR_ALERT) }),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The group of calendars it belongs to.
        optional "groupId": TEXT.nullable(),
        /// Users who take appointments.
        optional "teamMembers": list(&const { object(&CALENDAR_TEAM_MEMBER_PLACES) }),
        /// How appointments are shared out among users.
        optional "eventType": suggested(&["RoundRobin_OptimizeForAvailability", "RoundRobin_OptimizeForEqualDistribution"]).nullable(),
        /// Name.
        optional "name": TEXT.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// Last part of its address.
        optional "slug": TEXT.nullable(),
        /// Last part of the address of its booking page.
        optional "widgetSlug": TEXT.nullable(),
        /// Kind of calendar.
        optional "calendarType": suggested(&["round_robin", "event", "class_booking", "collective", "service_booking", "personal"]).nullable(),
        /// Look of its booking page.
        optional "widgetType": suggested(&["default", "classic"]).nullable(),
        /// Title of its appointments; `{{contact.name}}` and the like are filled in.
        optional "eventTitle": TEXT.nullable(),
        /// Colour of its appointments, `#039be5`.
        optional "eventColor": TEXT.nullable(),
        /// Where meetings are.
        optional "meetingLocation": TEXT.nullable(),
        /// Where meetings can be.
        optional "locationConfigurations": list(&const { object(&MEETING_PLACE_USED) }),
        /// Length of an appointment.
        optional "slotDuration": INTEGER.nullable(),
        /// Unit of the length.
        optional "slotDurationUnit": suggested(&["mins", "hours"]).nullable(),
        /// Time from one possible start to the next.
        optional "slotInterval": INTEGER.nullable(),
        /// Unit of that time.
        optional "slotIntervalUnit": suggested(&["mins", "hours"]).nullable(),
        /// Time kept free after an appointment.
        optional "slotBuffer": INTEGER.nullable(),
        /// Unit of that time.
        optional "slotBufferUnit": suggested(&["mins", "hours"]).nullable(),
        /// Time kept free before an appointment.
        optional "preBuffer": INTEGER.nullable(),
        /// Unit of that time.
        optional "preBufferUnit": suggested(&["mins", "hours"]).nullable(),
        /// How many can book the same time. GHL's own spelling.
        optional "appoinmentPerSlot": INTEGER.nullable(),
        /// How many appointments a day takes. GHL's own spelling.
        optional "appoinmentPerDay": INTEGER.nullable(),
        /// How long before its start an appointment must be booked.
        optional "allowBookingAfter": INTEGER.nullable(),
        /// Unit of that time.
        optional "allowBookingAfterUnit": suggested(&["hours", "days", "weeks", "months", "mins"]).nullable(),
        /// How far ahead can be booked.
        optional "allowBookingFor": INTEGER.nullable(),
        /// Unit of that time.
        optional "allowBookingForUnit": suggested(&["days", "weeks", "months"]).nullable(),
        /// Hours in which it can be booked, by day of the week.
        optional "openHours": list(&const { object(&OPEN_HOURS) }),
        /// Whether series can be booked.
        optional "enableRecurring": BOOLEAN.nullable(),
        /// How series are made.
        optional "recurring": object(&CALENDAR_RECURRENCE).nullable(),
        /// The form that who books fills in.
        optional "formId": TEXT.nullable(),
        /// Whether the booking page remembers the contact.
        optional "stickyContact": BOOLEAN.nullable(),
        /// Whether payments are real.
        optional "isLivePaymentMode": BOOLEAN.nullable(),
        /// Whether bookings are confirmed at once.
        optional "autoConfirm": BOOLEAN.nullable(),
        /// Whether the user is notified of bookings by e-mail.
        optional "shouldSendAlertEmailsToAssignedMember": BOOLEAN.nullable(),
        /// E-mail address that gets notifications of bookings.
        optional "alertEmail": TEXT.nullable(),
        /// Whether Google sends invitations.
        optional "googleInvitationEmails": BOOLEAN.nullable(),
        /// Whether who booked can move the appointment.
        optional "allowReschedule": BOOLEAN.nullable(),
        /// Whether who booked can cancel the appointment.
        optional "allowCancellation": BOOLEAN.nullable(),
        /// Whether the contact is assigned to the user of the appointment.
        optional "shouldAssignContactToTeamMember": BOOLEAN.nullable(),
        /// Whether contacts that have a user keep theirs.
        optional "shouldSkipAssigningContactForExisting": BOOLEAN.nullable(),
        /// Notes, as one text.
        optional "notes": TEXT.nullable(),
        /// Facebook pixel of the booking page.
        optional "pixelId": TEXT.nullable(),
        /// What is shown after booking.
        optional "formSubmitType": suggested(&["RedirectURL", "ThankYouMessage"]).nullable(),
        /// Page shown after booking.
        optional "formSubmitRedirectURL": TEXT.nullable(),
        /// Text shown after booking.
        optional "formSubmitThanksMessage": TEXT.nullable(),
        /// 0: weekly hours; 1: single days.
        optional "availabilityType": INTEGER.nullable(),
        /// Single days on which it can be booked.
        optional "availabilities": list(&const { object(&CALENDAR_DAY) }),
        /// What is asked about guests.
        optional "guestType": suggested(&["count_only", "collect_detail"]).nullable(),
        /// Text of the consent.
        optional "consentLabel": TEXT.nullable(),
        /// Address of its picture.
        optional "calendarCoverImage": TEXT.nullable(),
        /// Share of free times that is hidden.
        optional "lookBusyConfig": object(&LOOK_BUSY).nullable(),
        /// Id.
        required "id": TEXT,
    }

    /// A new calendar.
    CALENDAR_CREATE "CalendarCreate" {
        /// Whether it is in use.
        optional "isActive": BOOLEAN,
        /// Who is notified of bookings.
        optional "notifications": list(&const { object(&CALENDAR_ALERT) }),
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// The group of calendars it belongs to.
        optional "groupId": TEXT,
        /// Users who take appointments.
        optional "teamMembers": list(&const { object(&CALENDAR_TEAM_MEMBER) }),
        /// How appointments are shared out among users.
        optional "eventType": one_of(&["RoundRobin_OptimizeForAvailability", "RoundRobin_OptimizeForEqualDistribution"]),
        /// Name.
        required "name": TEXT,
        /// Description.
        optional "description": TEXT,
        /// Last part of its address.
        optional "slug": TEXT,
        /// Last part of the address of its booking page.
        optional "widgetSlug": TEXT,
        /// Kind of calendar.
        optional "calendarType": one_of(&["round_robin", "event", "class_booking", "collective", "service_booking", "personal"]),
        /// Look of its booking page.
        optional "widgetType": one_of(&["default", "classic"]),
        /// Title of its appointments; `{{contact.name}}` and the like are filled in.
        optional "eventTitle": TEXT,
        /// Colour of its appointments, `#039be5`.
        optional "eventColor": TEXT,
        /// Where meetings are.
        optional "meetingLocation": TEXT,
        /// Where meetings can be.
        optional "locationConfigurations": list(&const { object(&MEETING_PLACE) }),
        /// Length of an appointment.
        optional "slotDuration": INTEGER,
        /// Unit of the length.
        optional "slotDurationUnit": one_of(&["mins", "hours"]),
        /// Time from one possible start to the next.
        optional "slotInterval": INTEGER,
        /// Unit of that time.
        optional "slotIntervalUnit": one_of(&["mins", "hours"]),
        /// Time kept free after an appointment.
        optional "slotBuffer": INTEGER,
        /// Unit of that time.
        optional "slotBufferUnit": one_of(&["mins", "hours"]),
        /// Time kept free before an appointment.
        optional "preBuffer": INTEGER,
        /// Unit of that time.
        optional "preBufferUnit": one_of(&["mins", "hours"]),
        /// How many can book the same time. GHL's own spelling.
        optional "appoinmentPerSlot": INTEGER,
        /// How many appointments a day takes. GHL's own spelling.
        optional "appoinmentPerDay": INTEGER,
        /// How long before its start an appointment must be booked.
        optional "allowBookingAfter": INTEGER,
        /// Unit of that time; `mins` only with apiVersion `v3`.
        optional "allowBookingAfterUnit": one_of(&["hours", "days", "weeks", "months", "mins"]),
        /// How far ahead can be booked.
        optional "allowBookingFor": INTEGER,
        /// Unit of that time.
        optional "allowBookingForUnit": one_of(&["days", "weeks", "months"]),
        /// Hours in which it can be booked, by day of the week.
        optional "openHours": list(&const { object(&OPEN_HOURS) }),
        /// Whether series can be booked.
        optional "enableRecurring": BOOLEAN,
        /// How series are made.
        optional "recurring": object(&CALENDAR_RECURRENCE),
        /// The form that who books fills in.
        optional "formId": TEXT,
        /// Whether the booking page remembers the contact.
        optional "stickyContact": BOOLEAN,
        /// Whether payments are real.
        optional "isLivePaymentMode": BOOLEAN,
        /// Whether bookings are confirmed at once.
        optional "autoConfirm": BOOLEAN,
        /// Whether the user is notified of bookings by e-mail.
        optional "shouldSendAlertEmailsToAssignedMember": BOOLEAN,
        /// E-mail address that gets notifications of bookings.
        optional "alertEmail": TEXT,
        /// Whether Google sends invitations.
        optional "googleInvitationEmails": BOOLEAN,
        /// Whether who booked can move the appointment.
        optional "allowReschedule": BOOLEAN,
        /// Whether who booked can cancel the appointment.
        optional "allowCancellation": BOOLEAN,
        /// Whether the contact is assigned to the user of the appointment.
        optional "shouldAssignContactToTeamMember": BOOLEAN,
        /// Whether contacts that have a user keep theirs.
        optional "shouldSkipAssigningContactForExisting": BOOLEAN,
        /// Notes, as one text.
        optional "notes": TEXT,
        /// Facebook pixel of the booking page.
        optional "pixelId": TEXT,
        /// What is shown after booking.
        optional "formSubmitType": one_of(&["RedirectURL", "ThankYouMessage"]),
        /// Page shown after booking.
        optional "formSubmitRedirectURL": TEXT,
        /// Text shown after booking.
        optional "formSubmitThanksMessage": TEXT,
        /// 0: weekly hours; 1: single days.
        optional "availabilityType": INTEGER,
        /// Single days on which it can be booked.
        optional "availabilities": list(&const { object(&CALENDAR_DAY) }),
        /// What is asked about guests.
        optional "guestType": one_of(&["count_only", "collect_detail"]),
        /// Text of the consent.
        optional "consentLabel": TEXT,
        /// Address of its picture.
        optional "calendarCoverImage": TEXT,
        /// Share of free times that is hidden.
        optional "lookBusyConfig": object(&LOOK_BUSY),
    }

    /// Changes to a calendar; what is left out stays.
    CALENDAR_UPDATE "CalendarUpdate" {
        /// Who is notified of bookings.
        optional "notifications": list(&const { object(&CALENDAR_ALERT) }),
        /// The group of calendars it belongs to.
        optional "groupId": TEXT,
        /// Users who take appointments.
        optional "teamMembers": list(&const { object(&CALENDAR_TEAM_MEMBER) }),
        /// How appointments are shared out among users.
        optional "eventType": one_of(&["RoundRobin_OptimizeForAvailability", "RoundRobin_OptimizeForEqualDistribution"]),
        /// Name.
        optional "name": TEXT,
        /// Description.
        optional "description": TEXT,
        /// Last part of its address.
        optional "slug": TEXT,
        /// Last part of the address of its booking page.
        optional "widgetSlug": TEXT,
        /// Look of its booking page.
        optional "widgetType": one_of(&["default", "classic"]),
        /// Title of its appointments; `{{contact.name}}` and the like are filled in.
        optional "eventTitle": TEXT,
        /// Colour of its appointments, `#039be5`.
        optional "eventColor": TEXT,
        /// Where meetings can be.
        optional "locationConfigurations": list(&const { object(&MEETING_PLACE) }),
        /// Where meetings are.
        optional "meetingLocation": TEXT,
        /// Length of an appointment.
        optional "slotDuration": INTEGER,
        /// Unit of the length.
        optional "slotDurationUnit": one_of(&["mins", "hours"]),
        /// Unit of that time.
        optional "preBufferUnit": one_of(&["mins", "hours"]),
        /// Time from one possible start to the next.
        optional "slotInterval": INTEGER,
        /// Unit of that time.
        optional "slotIntervalUnit": one_of(&["mins", "hours"]),
        /// Time kept free after an appointment.
        optional "slotBuffer": INTEGER,
        /// Time kept free before an appointment.
        optional "preBuffer": INTEGER,
        /// How many can book the same time. GHL's own spelling.
        optional "appoinmentPerSlot": INTEGER,
        /// How many appointments a day takes. GHL's own spelling.
        optional "appoinmentPerDay": INTEGER,
        /// How long before its start an appointment must be booked.
        optional "allowBookingAfter": INTEGER,
        /// Unit of that time; `mins` only with apiVersion `v3`.
        optional "allowBookingAfterUnit": one_of(&["hours", "days", "weeks", "months", "mins"]),
        /// How far ahead can be booked.
        optional "allowBookingFor": INTEGER,
        /// Unit of that time.
        optional "allowBookingForUnit": one_of(&["days", "weeks", "months"]),
        /// Hours in which it can be booked, by day of the week.
        optional "openHours": list(&const { object(&OPEN_HOURS) }),
        /// Whether series can be booked.
        optional "enableRecurring": BOOLEAN,
        /// How series are made.
        optional "recurring": object(&CALENDAR_RECURRENCE),
        /// The form that who books fills in.
        optional "formId": TEXT,
        /// Whether the booking page remembers the contact.
        optional "stickyContact": BOOLEAN,
        /// Whether payments are real.
        optional "isLivePaymentMode": BOOLEAN,
        /// Whether bookings are confirmed at once.
        optional "autoConfirm": BOOLEAN,
        /// Whether the user is notified of bookings by e-mail.
        optional "shouldSendAlertEmailsToAssignedMember": BOOLEAN,
        /// E-mail address that gets notifications of bookings.
        optional "alertEmail": TEXT,
        /// Whether Google sends invitations.
        optional "googleInvitationEmails": BOOLEAN,
        /// Whether who booked can move the appointment.
        optional "allowReschedule": BOOLEAN,
        /// Whether who booked can cancel the appointment.
        optional "allowCancellation": BOOLEAN,
        /// Whether the contact is assigned to the user of the appointment.
        optional "shouldAssignContactToTeamMember": BOOLEAN,
        /// Whether contacts that have a user keep theirs.
        optional "shouldSkipAssigningContactForExisting": BOOLEAN,
        /// Notes, as one text.
        optional "notes": TEXT,
        /// Facebook pixel of the booking page.
        optional "pixelId": TEXT,
        /// What is shown after booking.
        optional "formSubmitType": one_of(&["RedirectURL", "ThankYouMessage"]),
        /// Page shown after booking.
        optional "formSubmitRedirectURL": TEXT,
        /// Text shown after booking.
        optional "formSubmitThanksMessage": TEXT,
        /// 0: weekly hours; 1: single days.
        optional "availabilityType": INTEGER,
        /// Single days on which it can be booked.
        optional "availabilities": list(&const { object(&CALENDAR_DAY_UPDATE) }),
        /// What is asked about guests.
        optional "guestType": one_of(&["count_only", "collect_detail"]),
        /// Text of the consent.
        optional "consentLabel": TEXT,
        /// Address of its picture.
        optional "calendarCoverImage": TEXT,
        /// Share of free times that is hidden.
        optional "lookBusyConfig": object(&LOOK_BUSY),
        /// Whether it is in use.
        optional "isActive": BOOLEAN,
    }

    /// Who is notified of bookings.
    CALENDAR_ALERT "CalendarAlert" {
        /// Kind.
        optional "type": one_of(&["email"]),
        /// Whether the contact is notified.
        required "shouldSendToContact": BOOLEAN,
        /// Whether guests are notified.
        required "shouldSendToGuest": BOOLEAN,
        /// Whether the user is notified.
        required "shouldSendToUser": BOOLEAN,
        /// Whether further users are notified.
        required "shouldSendToSelectedUsers": BOOLEAN,
        /// Ids of the users who get it.
        required "selectedUsers": TEXT,
    }

    /// A user who takes appointments.
    CALENDAR_TEAM_MEMBER "CalendarTeamMember" {
        /// The user.
        required "userId": TEXT,
        /// 0 low, 0.5 medium, 1 high.
        optional "priority": NUMBER,
        /// Where meetings are.
        optional "meetingLocationType": one_of(&["custom", "zoom", "gmeet", "phone", "address", "teams", "booker"]),
        /// Where meetings are.
        optional "meetingLocation": TEXT,
        /// Whether meetings are at this user's place.
        optional "isPrimary": BOOLEAN,
        /// Where meetings can be.
        optional "locationConfigurations": list(&const { object(&MEETING_PLACE) }),
    }

    /// A user who takes appointments, as calendars send them.
    CALENDAR_TEAM_MEMBER_PLACES "CalendarTeamMemberPlaces" {
        /// The user.
        optional "userId": TEXT.nullable(),
        /// 0 low, 0.5 medium, 1 high.
        optional "priority": NUMBER.nullable(),
        /// Where meetings are.
        optional "meetingLocationType": suggested(&["custom", "zoom", "gmeet", "phone", "address", "teams", "booker"]).nullable(),
        /// Where meetings are.
        optional "meetingLocation": TEXT.nullable(),
        /// Whether meetings are at this user's place.
        optional "isPrimary": BOOLEAN.nullable(),
        /// Where meetings can be.
        optional "locationConfigurations": list(&const { object(&MEETING_PLACE_USED) }),
    }

    /// Where meetings can be.
    MEETING_PLACE "MeetingPlace" {
        /// Where it is.
        required "kind": one_of(&["custom", "zoom_conference", "google_conference", "inbound_call", "outbound_call", "physical", "booker", "ms_teams_conference"]),
        /// Address, link or number.
        optional "location": TEXT,
    }

    /// Where meetings can be, as calendars send it.
    MEETING_PLACE_USED "MeetingPlaceUsed" {
        /// Where it is.
        optional "kind": suggested(&["custom", "zoom_conference", "google_conference", "inbound_call", "outbound_call", "physical", "booker", "ms_teams_conference"]).nullable(),
        /// Address, link or number.
        optional "location": TEXT.nullable(),
        /// Id of the meeting.
        optional "meetingId": TEXT.nullable(),
    }

    /// Hours of some days of the week.
    OPEN_HOURS "OpenHours" {
        /// Days, 0 Sunday to 6 Saturday.
        required "daysOfTheWeek": list(&const { INTEGER.at_most(6) }),
        /// From when to when.
        required "hours": list(&const { object(&HOURS) }),
    }

    /// From when to when on a day.
    HOURS "Hours" {
        /// Hour of the start, 0 to 23.
        required "openHour": INTEGER.at_most(23),
        /// Minute of the start, 0 to 60.
        required "openMinute": INTEGER.at_most(60),
        /// Hour of the end, 0 to 23.
        required "closeHour": INTEGER.at_most(23),
        /// Minute of the end, 0 to 60.
        required "closeMinute": INTEGER.at_most(60),
    }

    /// How series are made.
    CALENDAR_RECURRENCE "CalendarRecurrence" {
        /// How often.
        optional "freq": one_of(&["DAILY", "WEEKLY", "MONTHLY"]),
        /// How many, at most 24.
        optional "count": INTEGER.at_most(24),
        /// What happens where a date is taken.
        optional "bookingOption": one_of(&["skip", "continue", "book_next"]),
        /// How an appointment stands that overlaps another.
        optional "bookingOverlapDefaultStatus": one_of(&["confirmed", "new"]),
    }

    /// A single day with its hours.
    CALENDAR_DAY "CalendarDay" {
        /// The day, as an instant: `2023-09-24T00:00:00.000Z`.
        required "date": TIMESTAMP,
        /// From when to when.
        required "hours": list(&const { object(&HOURS) }),
        /// Whether it was deleted.
        optional "deleted": BOOLEAN,
    }

    /// A single day with its hours, to be added or changed.
    CALENDAR_DAY_UPDATE "CalendarDayUpdate" {
        /// The day, as an instant: `2023-09-24T00:00:00.000Z`.
        required "date": TIMESTAMP,
        /// From when to when.
        required "hours": list(&const { object(&HOURS) }),
        /// Whether it was deleted.
        optional "deleted": BOOLEAN,
        /// Id.
        optional "id": TEXT,
    }

    /// Share of free times that is hidden.
    LOOK_BUSY "LookBusy" {
        /// Whether it is on.
        required "enabled": BOOLEAN,
        /// Share of free times that is hidden, in per cent.
        required "LookBusyPercentage": INTEGER,
    }

    /// Free times of one day.
    FREE_SLOTS "FreeSlots" {
        /// Starts that are free, with offset.
        optional "slots": list(&TEXT),
    }

    /// A group of calendars with one booking page.
    CALENDAR_GROUP "CalendarGroup" {
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Name.
        optional "name": TEXT.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// Last part of its address.
        optional "slug": TEXT.nullable(),
        /// Whether it is in use.
        optional "isActive": BOOLEAN.nullable(),
        /// Id.
        required "id": TEXT,
    }

    /// A new group of calendars.
    CALENDAR_GROUP_CREATE "CalendarGroupCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Name.
        required "name": TEXT,
        /// Description.
        required "description": TEXT,
        /// Last part of its address.
        required "slug": TEXT,
        /// Whether it is in use.
        optional "isActive": BOOLEAN,
    }

    /// Changes to a group of calendars.
    CALENDAR_GROUP_UPDATE "CalendarGroupUpdate" {
        /// Name.
        required "name": TEXT,
        /// Description.
        required "description": TEXT,
        /// Last part of its address.
        required "slug": TEXT,
    }

    /// Whether a group is in use.
    CALENDAR_GROUP_STATUS "CalendarGroupStatus" {
        /// Whether it is in use.
        required "isActive": BOOLEAN,
    }

    /// The last part of an address, to be tried.
    CALENDAR_GROUP_SLUG "CalendarGroupSlug" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Last part of its address.
        required "slug": TEXT,
    }

    /// A message that goes out around appointments.
    CALENDAR_NOTIFICATION "CalendarNotification" {
        /// Id.
        required "_id": TEXT,
        /// Who gets it.
        optional "receiverType": suggested(&["contact", "guest", "assignedUser", "emails", "phoneNumbers", "business"]).nullable(),
        /// Further e-mail addresses that get it.
        optional "additionalEmailIds": list(&TEXT),
        /// Further phones that get it.
        optional "additionalPhoneNumbers": list(&TEXT),
        /// How it is sent.
        optional "channel": suggested(&["email", "inApp", "sms", "whatsapp"]).nullable(),
        /// What it notifies of.
        optional "notificationType": suggested(&["booked", "confirmation", "cancellation", "reminder", "followup", "reschedule"]).nullable(),
        /// Whether it is in use.
        optional "isActive": BOOLEAN.nullable(),
        /// Further WhatsApp numbers that get it.
        optional "additionalWhatsappNumbers": list(&TEXT),
        /// The template it is made from.
        optional "templateId": TEXT.nullable(),
        /// The text.
        optional "body": TEXT.nullable(),
        /// Subject of the e-mail.
        optional "subject": TEXT.nullable(),
        /// How long after the appointment it goes out.
        optional "afterTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// How long before the appointment it goes out.
        optional "beforeTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// Ids of the users who get it.
        optional "selectedUsers": list(&TEXT),
        /// Whether it was deleted.
        optional "deleted": BOOLEAN.nullable(),
    }

    /// A new message that goes out around appointments.
    CALENDAR_NOTIFICATION_CREATE "CalendarNotificationCreate" {
        /// Who gets it.
        required "receiverType": one_of(&["contact", "guest", "assignedUser", "emails", "phoneNumbers", "business"]),
        /// How it is sent.
        required "channel": one_of(&["email", "inApp", "sms", "whatsapp"]),
        /// What it notifies of.
        required "notificationType": one_of(&["booked", "confirmation", "cancellation", "reminder", "followup", "reschedule"]),
        /// Whether it is in use; true when left out.
        optional "isActive": BOOLEAN,
        /// The template it is made from.
        optional "templateId": TEXT,
        /// The text.
        optional "body": TEXT,
        /// Subject of the e-mail.
        optional "subject": TEXT,
        /// How long after the appointment it goes out.
        optional "afterTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// How long before the appointment it goes out.
        optional "beforeTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// Further e-mail addresses that get it.
        optional "additionalEmailIds": list(&TEXT),
        /// Further phones that get it.
        optional "additionalPhoneNumbers": list(&TEXT),
        /// Ids of the users who get it.
        optional "selectedUsers": list(&TEXT),
        /// E-mail address it comes from.
        optional "fromAddress": TEXT,
        /// Name it comes from.
        optional "fromName": TEXT,
        /// Phone it comes from.
        optional "fromNumber": TEXT,
    }

    /// New messages of a calendar; GHL takes several at once.
    CALENDAR_NOTIFICATIONS_CREATE "CalendarNotificationsCreate" {
        /// Who is notified of bookings.
        required "notifications": list(&const { object(&CALENDAR_NOTIFICATION_CREATE) }),
    }

    /// Changes to a message; what is left out stays.
    CALENDAR_NOTIFICATION_UPDATE "CalendarNotificationUpdate" {
        /// Who gets it.
        optional "receiverType": one_of(&["contact", "guest", "assignedUser", "emails", "phoneNumbers", "business"]),
        /// Further e-mail addresses that get it.
        optional "additionalEmailIds": list(&TEXT),
        /// Further phones that get it.
        optional "additionalPhoneNumbers": list(&TEXT),
        /// Ids of the users who get it.
        optional "selectedUsers": list(&TEXT),
        /// How it is sent.
        optional "channel": one_of(&["email", "inApp", "sms", "whatsapp"]),
        /// What it notifies of.
        optional "notificationType": one_of(&["booked", "confirmation", "cancellation", "reminder", "followup", "reschedule"]),
        /// Whether it is in use.
        optional "isActive": BOOLEAN,
        /// Whether it was deleted.
        optional "deleted": BOOLEAN,
        /// The template it is made from.
        optional "templateId": TEXT,
        /// The text.
        optional "body": TEXT,
        /// Subject of the e-mail.
        optional "subject": TEXT,
        /// How long after the appointment it goes out.
        optional "afterTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// How long before the appointment it goes out.
        optional "beforeTime": list(&const { object(&CALENDAR_NOTIFICATION_TIME) }),
        /// E-mail address it comes from.
        optional "fromAddress": TEXT,
        /// Phone it comes from.
        optional "fromNumber": TEXT,
        /// Name it comes from.
        optional "fromName": TEXT,
    }

    /// How long before or after.
    CALENDAR_NOTIFICATION_TIME "CalendarNotificationTime" {
        /// How many of the unit.
        optional "timeOffset": INTEGER,
        /// Unit: `mins`, `hours`, `days`.
        optional "unit": TEXT,
    }

    /// A room or piece of equipment.
    CALENDAR_RESOURCE "CalendarResource" {
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Name.
        optional "name": TEXT.nullable(),
        /// Kind of resource.
        optional "resourceType": suggested(&["equipments", "rooms"]).nullable(),
        /// Whether it is in use.
        optional "isActive": BOOLEAN.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// How many there are.
        optional "quantity": INTEGER.nullable(),
        /// How many of them are out of service.
        optional "outOfService": INTEGER.nullable(),
        /// How many people it holds.
        optional "capacity": INTEGER.nullable(),
        /// Calendars that it can be booked by, at most 100.
        optional "calendarIds": list(&TEXT),
        /// Id.
        optional "id": TEXT.nullable(),
        /// Id.
        optional "_id": TEXT.nullable(),
    }

    /// A new room or piece of equipment.
    CALENDAR_RESOURCE_CREATE "CalendarResourceCreate" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Name.
        required "name": TEXT,
        /// Description.
        required "description": TEXT,
        /// How many there are.
        required "quantity": INTEGER,
        /// How many of them are out of service.
        required "outOfService": INTEGER,
        /// How many people it holds.
        required "capacity": INTEGER,
        /// Calendars that it can be booked by, at most 100.
        required "calendarIds": list(&TEXT).at_most(100),
    }

    /// Changes to a room or piece of equipment; what is left out stays.
    CALENDAR_RESOURCE_UPDATE "CalendarResourceUpdate" {
        /// The location it belongs to.
        optional "locationId": TEXT,
        /// Name.
        optional "name": TEXT,
        /// Description.
        optional "description": TEXT,
        /// How many there are.
        optional "quantity": INTEGER,
        /// How many of them are out of service.
        optional "outOfService": INTEGER,
        /// How many people it holds.
        optional "capacity": INTEGER,
        /// Calendars that it can be booked by, at most 100.
        optional "calendarIds": list(&TEXT).at_most(100),
        /// Whether it is in use.
        optional "isActive": BOOLEAN,
    }
}

crate::endpoints! {
    /// Calendars.
    CALENDARS: Ghl "calendars";

    /// Lists the calendars of a location, all in one answer.
    "list": GET "/calendars/" {
        version: "2021-04-15",
        scopes: &["calendars.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only those of this group.
            optional "groupId": TEXT,
            /// Whether drafts are listed; true when left out.
            optional "showDrafted": BOOLEAN,
        ],
        result: list_of("calendars", object(&CALENDAR)),
        catalogue: &[trigger("Calendars & Appointments", "List Calendars")],
    }

    /// Reads one calendar.
    "get": GET "/calendars/{calendarId}" {
        version: "2021-04-15",
        scopes: &["calendars.readonly"],
        result: one("calendar", object(&CALENDAR)),
        catalogue: &[trigger("Calendars & Appointments", "Get Calendar by ID")],
    }

    /// Reads the free times of a calendar by day, `YYYY-MM-DD`.
    "getFreeSlots": GET "/calendars/{calendarId}/free-slots" {
        version: "2021-04-15",
        scopes: &["calendars.readonly"],
        query: crate::fields![
            /// From, in milliseconds since 1970.
            required "startDate": INTEGER,
            /// Until, in milliseconds since 1970; at most 31 days later.
            required "endDate": INTEGER,
            /// IANA time zone of the answer.
            optional "timezone": TEXT,
            /// Only times of this user.
            optional "userId": TEXT,
            /// Only times of these users.
            optional "userIds": list(&TEXT),
        ],
        result: one("", map(&const { object(&FREE_SLOTS) })),
        catalogue: &[trigger("Calendars & Appointments", "Get Free Slots")],
    }

    /// Creates a calendar.
    "create": POST "/calendars/" {
        version: "2021-04-15",
        scopes: &["calendars.write"],
        body: Some(&CALENDAR_CREATE),
        result: one("calendar", object(&CALENDAR)),
        catalogue: &[action("Calendars & Appointments", "Create Calendar")],
    }

    /// Updates a calendar.
    "update": PUT "/calendars/{calendarId}" {
        version: "2021-04-15",
        scopes: &["calendars.write"],
        body: Some(&CALENDAR_UPDATE),
        result: one("calendar", object(&CALENDAR)),
        catalogue: &[action("Calendars & Appointments", "Update Calendar")],
    }

    /// Deletes a calendar.
    "delete": DELETE "/calendars/{calendarId}" {
        version: "2021-04-15",
        scopes: &["calendars.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Calendar")],
    }
}

crate::endpoints! {
    /// Groups of calendars.
    CALENDAR_GROUPS: Ghl "calendarGroups";

    /// Lists the groups of a location, all in one answer.
    "list": GET "/calendars/groups" {
        version: "2021-04-15",
        scopes: &["calendars/groups.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
        ],
        result: list_of("groups", object(&CALENDAR_GROUP)),
        catalogue: &[trigger("Calendars & Appointments", "List Calendar Groups")],
    }

    /// Creates a group.
    "create": POST "/calendars/groups" {
        version: "2021-04-15",
        scopes: &["calendars/groups.write"],
        body: Some(&CALENDAR_GROUP_CREATE),
        result: one("group", object(&CALENDAR_GROUP)),
        catalogue: &[action("Calendars & Appointments", "Create Calendar Group")],
    }

    /// Updates a group.
    "update": PUT "/calendars/groups/{groupId}" {
        version: "2021-04-15",
        scopes: &["calendars/groups.write"],
        body: Some(&CALENDAR_GROUP_UPDATE),
        result: one("group", object(&CALENDAR_GROUP)),
        catalogue: &[action("Calendars & Appointments", "Update Calendar Group")],
    }

    /// Activates or deactivates a group.
    "updateStatus": PUT "/calendars/groups/{groupId}/status" {
        version: "2021-04-15",
        scopes: &["calendars/groups.write"],
        body: Some(&CALENDAR_GROUP_STATUS),
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Update Group Status")],
    }

    /// Deletes a group.
    "delete": DELETE "/calendars/groups/{groupId}" {
        version: "2021-04-15",
        scopes: &["calendars/groups.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Calendar Group")],
    }

    /// Tells whether the last part of an address is free.
    "validateSlug": POST "/calendars/groups/validate-slug" {
        version: "2021-04-15",
        scopes: &["calendars/groups.write"],
        body: Some(&CALENDAR_GROUP_SLUG),
        result: one("available", BOOLEAN),
        retry: RetryClass::Read,
        catalogue: &[action("Calendars & Appointments", "Validate Group Slug")],
    }
}

crate::endpoints! {
    /// Messages that go out around appointments.
    CALENDAR_NOTIFICATIONS: Ghl "calendarNotifications";

    /// Lists the messages of a calendar.
    "list": GET "/calendars/{calendarId}/notifications" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        query: crate::fields![
            /// Only those in use, or only others.
            optional "isActive": BOOLEAN,
            /// Only deleted ones, or only others.
            optional "deleted": BOOLEAN,
            /// Messages a page; 100 when left out.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "skip": INTEGER,
        ],
        result: list_of("", object(&CALENDAR_NOTIFICATION)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Calendars & Appointments", "List Calendar Notifications")],
    }

    /// Reads one message.
    "get": GET "/calendars/{calendarId}/notifications/{notificationId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        result: one("", object(&CALENDAR_NOTIFICATION)),
        catalogue: &[trigger("Calendars & Appointments", "Get Calendar Notification")],
    }

    /// Creates messages. Returns those it created.
    "create": POST "/calendars/{calendarId}/notifications" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        bare_body: true,
        body: Some(&CALENDAR_NOTIFICATIONS_CREATE),
        result: one("", list(&const { object(&CALENDAR_NOTIFICATION) })),
        catalogue: &[action("Calendars & Appointments", "Create Calendar Notification")],
    }

    /// Updates a message.
    "update": PUT "/calendars/{calendarId}/notifications/{notificationId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&CALENDAR_NOTIFICATION_UPDATE),
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Update Notification")],
    }

    /// Deletes a message.
    "delete": DELETE "/calendars/{calendarId}/notifications/{notificationId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Notification")],
    }
}

crate::endpoints! {
    /// Rooms and equipment.
    CALENDAR_RESOURCES: Ghl "calendarResources";

    /// Lists rooms or equipment of a location.
    "list": GET "/calendars/resources/{resourceType}" {
        version: "2021-04-15",
        scopes: &["calendars/resources.readonly"],
        path_types: crate::fields![
            /// Kind of resource.
            required "resourceType": one_of(&["equipments", "rooms"]),
        ],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Resources a page.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "skip": INTEGER,
        ],
        result: list_of("", object(&CALENDAR_RESOURCE)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Calendars & Appointments", "List Calendar Resources")],
    }

    /// Reads one room or piece of equipment.
    "get": GET "/calendars/resources/{resourceType}/{id}" {
        version: "2021-04-15",
        scopes: &["calendars/resources.readonly"],
        path_types: crate::fields![
            /// Kind of resource.
            required "resourceType": one_of(&["equipments", "rooms"]),
        ],
        result: one("", object(&CALENDAR_RESOURCE)),
        catalogue: &[trigger("Calendars & Appointments", "Get Calendar Resource")],
    }

    /// Creates a room or piece of equipment.
    "create": POST "/calendars/resources/{resourceType}" {
        version: "2021-04-15",
        scopes: &["calendars/resources.write"],
        path_types: crate::fields![
            /// Kind of resource.
            required "resourceType": one_of(&["equipments", "rooms"]),
        ],
        body: Some(&CALENDAR_RESOURCE_CREATE),
        result: one("", object(&CALENDAR_RESOURCE)),
        catalogue: &[action("Calendars & Appointments", "Create Calendar Resource")],
    }

    /// Updates a room or piece of equipment.
    "update": PUT "/calendars/resources/{resourceType}/{id}" {
        version: "2021-04-15",
        scopes: &["calendars/resources.write"],
        path_types: crate::fields![
            /// Kind of resource.
            required "resourceType": one_of(&["equipments", "rooms"]),
        ],
        body: Some(&CALENDAR_RESOURCE_UPDATE),
        result: one("", object(&CALENDAR_RESOURCE)),
        catalogue: &[action("Calendars & Appointments", "Update Calendar Resource")],
    }

    /// Deletes a room or piece of equipment.
    "delete": DELETE "/calendars/resources/{resourceType}/{id}" {
        version: "2021-04-15",
        scopes: &["calendars/resources.write"],
        path_types: crate::fields![
            /// Kind of resource.
            required "resourceType": one_of(&["equipments", "rooms"]),
        ],
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Calendar Resource")],
    }
}
