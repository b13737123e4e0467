//! Plans and groups of plans.

use super::page_of;
use crate::endpoint::{INTEGER, Paging, TEXT, Type, list, list_of, object, one, one_of};
use crate::{endpoints, models};

const UNITS: Type = one_of(&["day", "month", "year"]);

models! {
    /// A plan.
    PLAN "Plan" {
        /// `pl_` and a UUID.
        required "uuid": TEXT,
        /// The data source.
        required "data_source_uuid": TEXT,
        /// Name.
        required "name": TEXT,
        /// So many units are one billing period.
        required "interval_count": INTEGER,
        /// Unit of the billing period.
        required "interval_unit": UNITS,
        /// The writer's own id; made up where none was given.
        required "external_id": TEXT.nullable(),
    }
    /// A new plan.
    PLAN_CREATE "PlanCreate" {
        /// The custom data source.
        required "data_source_uuid": TEXT,
        /// Name.
        required "name": TEXT,
        /// So many units are one billing period; 1 or more.
        required "interval_count": INTEGER,
        /// Unit of the billing period.
        required "interval_unit": UNITS,
        /// The writer's own id, unique in the data source: 422 otherwise.
        optional "external_id": TEXT.nullable(),
    }
    /// Changes to a plan; what is left out stays.
    PLAN_UPDATE "PlanUpdate" {
        /// Name.
        optional "name": TEXT,
        /// So many units are one billing period.
        optional "interval_count": INTEGER,
        /// Unit of the billing period.
        optional "interval_unit": UNITS,
        /// The writer's own id.
        optional "external_id": TEXT.nullable(),
        /// The data source; cannot be changed, but the Ruby client repeats it.
        optional "data_source_uuid": TEXT,
    }
    /// A group of plans.
    PLAN_GROUP "PlanGroup" {
        /// `plg_` and a UUID.
        required "uuid": TEXT,
        /// Name.
        required "name": TEXT,
        /// Number of plans in it.
        required "plans_count": INTEGER,
    }
    /// A new group of plans.
    PLAN_GROUP_CREATE "PlanGroupCreate" {
        /// Name, unique in the account.
        required "name": TEXT,
        /// Uuids of its plans.
        required "plans": list(&TEXT),
    }
    /// Changes to a group of plans; what is left out stays.
    PLAN_GROUP_UPDATE "PlanGroupUpdate" {
        /// Name.
        optional "name": TEXT,
        /// Uuids of all its plans from now on.
        optional "plans": list(&TEXT),
    }
}

endpoints! {
    /// Plans.
    PLANS: Chartmogul "plans";
    /// Creates a plan in a custom data source.
    "create": POST "/v1/plans" { body: Some(&PLAN_CREATE), result: one("", object(&PLAN)) }
    /// Plans, newest first.
    "list": GET "/v1/plans" {
        query: page_of![
            /// Only those of this data source.
            optional "data_source_uuid": TEXT,
            /// Only those with this external id.
            optional "external_id": TEXT,
            /// Only those of this kind of source.
            optional "system": TEXT,
        ],
        result: list_of("plans", object(&PLAN)), paging: Paging::Cursor,
    }
    /// One plan.
    "retrieve": GET "/v1/plans/{plan_uuid}" { result: one("", object(&PLAN)) }
    /// Updates a plan.
    "update": PATCH "/v1/plans/{plan_uuid}" { body: Some(&PLAN_UPDATE), result: one("", object(&PLAN)) }
    /// Deletes a plan.
    "delete": DELETE "/v1/plans/{plan_uuid}" {}
}

endpoints! {
    /// Groups of plans.
    PLAN_GROUPS: Chartmogul "planGroups";
    /// Creates a group of plans.
    "create": POST "/v1/plan_groups" { body: Some(&PLAN_GROUP_CREATE), result: one("", object(&PLAN_GROUP)) }
    /// Groups of plans, newest first.
    "list": GET "/v1/plan_groups" {
        query: page_of![], result: list_of("plan_groups", object(&PLAN_GROUP)), paging: Paging::Cursor,
    }
    /// One group of plans.
    "retrieve": GET "/v1/plan_groups/{plan_group_uuid}" { result: one("", object(&PLAN_GROUP)) }
    /// Updates a group of plans.
    "update": PATCH "/v1/plan_groups/{plan_group_uuid}" {
        body: Some(&PLAN_GROUP_UPDATE), result: one("", object(&PLAN_GROUP)),
    }
    /// Deletes a group of plans, not its plans.
    "delete": DELETE "/v1/plan_groups/{plan_group_uuid}" {}
    /// The plans of a group.
    "listPlans": GET "/v1/plan_groups/{plan_group_uuid}/plans" {
        query: page_of![], result: list_of("plans", object(&PLAN)), paging: Paging::Cursor,
    }
}
