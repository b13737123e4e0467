//! GHL's endpoint table: one file for each subject, one row for each endpoint.

pub mod appointments;
pub mod associations;
pub mod blogs;
pub mod businesses;
pub mod calendars;
pub mod companies;
pub mod contacts;
pub mod conversations;
pub mod locations;
pub mod notes;
pub mod objects;
pub mod opportunities;
pub mod request;
pub mod tasks;
pub mod users;
pub mod workflows;

use crate::endpoint::Endpoint;

/// The rows of all subjects.
pub(super) static TABLES: &[&[Endpoint]] = &[
    contacts::CONTACTS,
    tasks::TASKS,
    notes::NOTES,
    calendars::CALENDARS,
    calendars::CALENDAR_GROUPS,
    calendars::CALENDAR_NOTIFICATIONS,
    calendars::CALENDAR_RESOURCES,
    appointments::APPOINTMENTS,
    appointments::CALENDAR_EVENTS,
    appointments::BLOCK_SLOTS,
    appointments::APPOINTMENT_NOTES,
    opportunities::OPPORTUNITIES,
    opportunities::PIPELINES,
    opportunities::LOST_REASONS,
    users::USERS,
    conversations::CONVERSATIONS,
    conversations::MESSAGES,
    businesses::BUSINESSES,
    workflows::WORKFLOWS,
    workflows::CAMPAIGNS,
    workflows::SNAPSHOTS,
    locations::LOCATIONS,
    locations::CUSTOM_FIELDS,
    locations::CUSTOM_VALUES,
    locations::TAGS,
    companies::COMPANIES,
    associations::ASSOCIATIONS,
    associations::RELATIONS,
    objects::OBJECTS,
    objects::RECORDS,
    blogs::BLOGS,
    blogs::BLOG_POSTS,
    blogs::BLOG_AUTHORS,
    blogs::BLOG_CATEGORIES,
    request::REQUEST,
];
