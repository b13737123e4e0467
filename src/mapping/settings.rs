//! What a user can set of the sync, with safe defaults.

use crate::error::{Code, Error, Result};
use crate::named::Named;
use crate::{choices, records};

use super::email;
use super::kinds::contact;

records! {
    /// What the sync copies, and how. Every setting has a safe default.
    #[derive(Debug, Clone, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncSettings", default))]
    closed pub struct Settings {
        /// What a GHL contact becomes in ChartMogul. `attach-only` (default): a contact of the customer it
        /// matches, never a new customer. `contact-is-customer`: a customer with its primary contact.
        /// `business-is-customer`: a contact of the customer that its GHL business becomes.
        pub anchor: Anchor = "anchor";
        /// What is synced besides contacts. Default: both.
        pub objects: Vec<Object> = "objects";
        /// Which way each kind of object goes. Default: `toChartmogul` for all.
        pub directions: Directions = "directions";
        /// Whether contacts that are new in ChartMogul are created in GHL, where they may enter campaigns, and
        /// why that is allowed. Needs `directions.contacts` of `both` or `toGhl`. Default: none are created.
        pub create_in_ghl: Option<CreateInGhl> = "createInGhl";
        /// Who decides a field that goes both ways, by its name: `note.text`, `task.task_details`,
        /// `task.assignee`, `task.due_date`, `task.completed`; `contact.first_name`, `contact.last_name`,
        /// `contact.email`, `contact.phone`, `contact.website_url`, `contact.city`, `contact.state`,
        /// `contact.zip`, `contact.country`, `contact.owner`, and `contact.custom.KEY` for a custom field.
        /// Default: `twoWay` where the direction is `both`, `alwaysChartmogul` where it is `toGhl`.
        pub owners: Named<Owner> = "owners";
        /// Name or uuid of the custom data source that customers are created in. Default:
        /// `GoHighLevel - LOCATION NAME`.
        pub data_source: Option<String> = "dataSource";
        /// Which ChartMogul user stands for which GHL user.
        pub users: Users = "users";
        /// Fields synced as custom attributes. Default: none.
        pub custom_fields: Vec<CustomField> = "customFields";
        /// Tags synced to customers: those that begin with one of the prefixes. Default: none.
        pub tags: Tags = "tags";
        /// Whether texts end with a marker that names the GHL record, so that a lost store can be rebuilt.
        /// Default `trailing`.
        pub marker: Marker = "marker";
        /// How note texts are written. Default `html`: escaped, with `<br>` for line breaks.
        pub note_format: NoteFormat = "noteFormat";
        /// A task over 255 characters is cut at a word; with `note`, its whole text becomes a note as well.
        /// Default `cut`.
        pub long_tasks: LongTasks = "longTasks";
        /// With the anchor `business-is-customer`: contacts without a business are left out, or become
        /// customers. Default `skip`.
        pub without_business: WithoutBusiness = "withoutBusiness";
        /// What happens to differing values when a record that somebody else made is first linked:
        /// `fillEmpty` (default) fills empty fields and keeps ChartMogul's values, `overwrite` replaces
        /// them.
        pub on_link: OnLink = "onLink";
        /// With an anchor that makes customers, where another data source has a customer of the same e-mail
        /// address: `attach` (default) attaches the contact to it, `create` makes a second customer.
        pub on_existing: OnExisting = "onExisting";
        /// When another data source has a customer of the same e-mail address as one that was made for a
        /// contact, as when a lead becomes a paying customer: `report` (default) lists both, `merge` merges
        /// ours into the other. Only ChartMogul can take a merge back.
        pub twins: Twins = "twins";
        /// When a customer of our own data source was deleted in ChartMogul: `leave` (default) lists it,
        /// `recreate` makes it again.
        pub on_deleted: OnDeleted = "onDeleted";
        /// Name or uuid of the data source whose customer is taken where several customers have the same
        /// e-mail address. Default: none.
        pub prefer: Option<String> = "prefer";
        /// Whether a contact's assigned user becomes the customer's owner. The user must exist in
        /// ChartMogul. Default false.
        pub owner: bool = "owner";
        /// E-mail addresses that several people share: never used for matching. Default: none.
        pub shared_emails: Vec<String> = "sharedEmails";
        /// ISO 3166-1 alpha-2 country of phones written without a country code. Default: the location's.
        pub default_country: Option<String> = "defaultCountry";
        /// IANA time zone in which due dates become days. Default: the location's.
        pub time_zone: Option<String> = "timeZone";
        /// Time of day, `HH:MM` in the location's zone, at which a task that comes from ChartMogul is due in
        /// GHL: ChartMogul knows the day only. Default `09:00`.
        pub due_time_of_day: String = "dueTimeOfDay";
        /// The decimal mark of numbers written as text, where `1,250` could be two numbers. Default: that
        /// of the location's country.
        pub decimal_mark: Option<DecimalMark> = "decimalMark";
        /// More words for true and false in fields synced as Boolean, for example `{ true: ["aktiv"] }`.
        /// Default: none.
        pub boolean_words: BooleanWords = "booleanWords";
        /// Hours in which everything is read again: the lists of both services at once, the notes of
        /// contacts that did not change a share in each run. Longer where `dailyCalls` asks for it.
        /// Default 24.
        pub full_pass_hours: u32 = "fullPassHours";
        /// Most calls a day to GHL. Default: half of the quota that GHL's answers tell.
        pub daily_calls: Option<u32> = "dailyCalls";
        /// Minutes after which a plan is too old to apply. Default 60.
        pub max_plan_age_minutes: u32 = "maxPlanAgeMinutes";
        /// Milliseconds for which a run waits for a service that is unavailable before it ends. Default
        /// 300,000.
        pub patience_ms: u64 = "patienceMs";
        /// Duplicates of synced notes and tasks in ChartMogul: a full pass lists them (default), or deletes
        /// all but the linked one. A copy that a person edited is never deleted.
        pub doubles: Doubles = "doubles";
        /// What becomes of a note or task whose other half a person deleted. Default: it stays, and is listed.
        pub deletes: Deletes = "deletes";
        /// Limits that a plan must not exceed to be applied. Default: none.
        pub caps: Caps = "caps";
        /// Whether the first run of a location only plans (default), or writes.
        pub first_run: FirstRun = "firstRun";
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            anchor: Anchor::AttachOnly,
            objects: vec![Object::Tasks, Object::Notes],
            directions: Directions::default(),
            create_in_ghl: None,
            owners: Named::default(),
            data_source: None,
            users: Users::default(),
            custom_fields: Vec::new(),
            tags: Tags::default(),
            marker: Marker::Trailing,
            note_format: NoteFormat::Html,
            long_tasks: LongTasks::Cut,
            without_business: WithoutBusiness::Skip,
            on_link: OnLink::FillEmpty,
            on_existing: OnExisting::Attach,
            twins: Twins::Report,
            on_deleted: OnDeleted::Leave,
            prefer: None,
            owner: false,
            shared_emails: Vec::new(),
            default_country: None,
            time_zone: None,
            due_time_of_day: "09:00".to_owned(),
            decimal_mark: None,
            boolean_words: BooleanWords::default(),
            full_pass_hours: 24,
            daily_calls: None,
            max_plan_age_minutes: 60,
            patience_ms: 300_000,
            doubles: Doubles::List,
            deletes: Deletes::default(),
            caps: Caps::default(),
            first_run: FirstRun::Plan,
        }
    }
}

choices! {
    /// What a GHL contact becomes in ChartMogul.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Anchor {
        /// A contact of the customer it matches; never creates customers. Unmatched contacts are reported.
        AttachOnly = "attach-only",
        /// A customer with its primary contact, in a data source of our own.
        ContactIsCustomer = "contact-is-customer",
        /// A contact of the customer that its GHL business becomes.
        BusinessIsCustomer = "business-is-customer",
    }
}

choices! {
    /// What happens to duplicates of synced notes and tasks in ChartMogul.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Doubles {
        /// A full pass lists them.
        List = "list",
        /// A full pass deletes all but the linked one, unless a person edited the copy.
        Remove = "remove",
    }
}

choices! {
    /// What is synced besides contacts.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Object {
        /// Tasks of contacts.
        Tasks = "tasks",
        /// Notes of contacts.
        Notes = "notes",
    }
}

records! {
    /// Which way each kind of object goes.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "DirectionSettings", default))]
    closed pub struct Directions {
        /// Notes. Default `toChartmogul`.
        pub notes: Way = "notes";
        /// Tasks. Default `toChartmogul`.
        pub tasks: Way = "tasks";
        /// The fields of linked contacts. Default `toChartmogul`. `toGhl` needs the anchor `attach-only`.
        pub contacts: Way = "contacts";
    }
}

records! {
    /// Contacts that are created in GHL.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "CreateInGhlSettings"))]
    closed pub struct CreateInGhl {
        /// Why these people may be contacted, in a few words. Each plan says it of each contact.
        pub consent: String = required "consent";
        /// Names or uuids of the data sources whose customers' contacts are created. Default: contacts of
        /// customers that a GHL contact is linked with.
        pub data_sources: Vec<String> = "dataSources";
    }
}

choices! {
    /// Which way a kind of object goes.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Way {
        /// GHL's records are written to ChartMogul.
        ToChartmogul = "toChartmogul",
        /// ChartMogul's records are written to GHL.
        ToGhl = "toGhl",
        /// New and changed records of each are written to the other.
        Both = "both",
    }
}

impl Way {
    /// Whether anything is written to GHL.
    pub const fn comes_back(self) -> bool {
        !matches!(self, Self::ToChartmogul)
    }

    /// Whether anything is written to ChartMogul.
    pub const fn goes_out(self) -> bool {
        !matches!(self, Self::ToGhl)
    }
}

choices! {
    /// Who decides a field that goes both ways.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Owner {
        /// Changes go both ways. Where both sides have changed, a person decides.
        TwoWay = "twoWay",
        /// GHL's value is always written to ChartMogul.
        AlwaysGhl = "alwaysGhl",
        /// The same, unless GHL's value is blank: then ChartMogul's fills it.
        PreferGhlUnlessBlank = "preferGhlUnlessBlank",
        /// ChartMogul's value is always written to GHL.
        AlwaysChartmogul = "alwaysChartmogul",
        /// The same, unless ChartMogul's value is blank: then GHL's fills it.
        PreferChartmogulUnlessBlank = "preferChartmogulUnlessBlank",
        /// It is written to neither.
        DontSync = "dontSync",
    }
}

/// The fields of notes and tasks that have an owner; those of contacts are of `kinds::contact`.
const OWNED: [&str; 5] =
    ["note.text", "task.task_details", "task.assignee", "task.due_date", "task.completed"];

records! {
    // ChartMogul's API lists no users: it refuses unknown ones with 422, which is then remembered.
    /// Which ChartMogul user stands for which GHL user.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "UserSettings", default))]
    closed pub struct Users {
        /// E-mail of the ChartMogul user who gets tasks of unassigned or unknown users. Without it such a
        /// task is rejected.
        pub default_assignee: Option<String> = "defaultAssignee";
        /// GHL user id or e-mail to ChartMogul e-mail. Default: empty.
        pub map: Named<String> = "map";
        /// Whether a GHL user's e-mail is taken for a ChartMogul user's. Default true.
        pub same_email: bool = "sameEmail";
    }
}

impl Default for Users {
    fn default() -> Self {
        Self { default_assignee: None, map: Named::default(), same_email: true }
    }
}

records! {
    /// A field synced as a custom attribute.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "CustomFieldSetting"))]
    closed pub struct CustomField {
        /// GHL's field key (`contact.plan`, or `plan`), or a standard field: `source`, `timezone`, `dnd`,
        /// `address1`, `type`, `dateOfBirth`.
        pub from: String = required "from";
        /// Key of the attribute: letters, digits, underscores.
        pub to: String = required "to";
        /// Type of the attribute. ChartMogul fixes it at the first write.
        pub of: AttributeType = required "type";
        /// What holds it. Default: the customer with `contact-is-customer`, else the contact.
        pub object: Option<AttributeObject> = "object";
    }
}

choices! {
    /// ChartMogul's types of custom attributes.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum AttributeType {
        /// Text of at most 255 characters.
        String = "String",
        /// Whole number.
        Integer = "Integer",
        /// Number.
        Decimal = "Decimal",
        /// Instant.
        Timestamp = "Timestamp",
        /// True or false.
        Boolean = "Boolean",
    }
}

choices! {
    /// What holds a custom attribute.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum AttributeObject {
        /// The customer: `attributes.custom`.
        Customer = "customer",
        /// The contact: `custom`.
        Contact = "contact",
    }
}

choices! {
    /// What separates a number's whole part from its fraction.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum DecimalMark {
        /// `1,250.50`
        Point = "point",
        /// `1.250,50`
        Comma = "comma",
    }
}

records! {
    /// Words for true and false, beside those of many languages that are known. They go first.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "BooleanWordSettings", default))]
    closed pub struct BooleanWords {
        /// Words that mean true.
        pub yes: Vec<String> = "true";
        /// Words that mean false.
        pub no: Vec<String> = "false";
    }
}

records! {
    /// Tags synced to customers.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "TagSettings", default))]
    closed pub struct Tags {
        /// Only tags that begin with one of these cross. Default: none.
        pub prefixes: Vec<String> = "prefixes";
    }
}

choices! {
    /// Whether texts end with a marker such as `[ghl:n:ID]`.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Marker {
        /// At the end of note texts and task details.
        Trailing = "trailing",
        /// Never; a lost state then matches by content.
        None = "none",
    }
}

choices! {
    /// How note texts are written to ChartMogul.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum NoteFormat {
        /// Escaped, with `<br>` for line breaks, as ChartMogul's documents show.
        Html = "html",
        /// As plain text.
        Plain = "plain",
    }
}

choices! {
    /// What happens to a task that exceeds 255 characters.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum LongTasks {
        /// Its text is cut at a word.
        Cut = "cut",
        /// Cut, and its whole text becomes a note as well.
        Note = "note",
    }
}

choices! {
    /// What happens to contacts without a business.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum WithoutBusiness {
        /// They are reported and left out.
        Skip = "skip",
        /// They become customers of their own.
        Customer = "customer",
    }
}

choices! {
    /// What happens to differing values when a record that somebody else made is first linked.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum OnLink {
        /// Empty fields are filled; a value that ChartMogul has stays.
        FillEmpty = "fillEmpty",
        /// GHL's values replace ChartMogul's.
        Overwrite = "overwrite",
    }
}

choices! {
    /// What happens where another data source has a customer of the same e-mail address.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum OnExisting {
        /// The contact is attached to that customer, as with `attach-only`.
        Attach = "attach",
        /// A second customer is created.
        Create = "create",
    }
}

choices! {
    /// What happens to a customer of ours that another source has as well.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum Twins {
        /// Both are listed.
        Report = "report",
        /// Ours is merged into the other.
        Merge = "merge",
    }
}

choices! {
    /// What happens when a customer of our own data source was deleted in ChartMogul.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum OnDeleted {
        /// It stays deleted, and is listed.
        Leave = "leave",
        /// It is created again.
        Recreate = "recreate",
    }
}

records! {
    /// What becomes of a note or task whose other half a person deleted. Contacts are never deleted.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "DeleteSettings", default))]
    closed pub struct Deletes {
        /// Deleted in GHL: what becomes of ChartMogul's. Default `keep`.
        pub from_ghl: DeletePolicy = "fromGhl";
        /// Deleted in ChartMogul: what becomes of GHL's, of notes and tasks that go to GHL. Default `keep`.
        pub from_chartmogul: DeletePolicy = "fromChartmogul";
    }
}

choices! {
    /// What becomes of a record whose other half a person deleted.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum DeletePolicy {
        /// It stays as it is, and is listed.
        Keep = "keep",
        /// Its text begins with `[deleted in GHL]`, or `[deleted in ChartMogul]`.
        Mark = "mark",
        /// It is deleted, unless somebody has changed it since. Needs `caps.maxDeletes`.
        Delete = "delete",
    }
}

records! {
    /// Limits that a plan must not exceed to be applied.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "CapSettings", default))]
    closed pub struct Caps {
        /// Most records created by one plan.
        pub max_creates: Option<u64> = "maxCreates";
        /// Most records deleted by one plan.
        pub max_deletes: Option<u64> = "maxDeletes";
        /// Most linked records changed by one plan, in percent of those linked.
        pub max_change_percent: Option<f64> = "maxChangePercent";
    }
}

choices! {
    /// Whether the first run of a location writes.
    #[cfg_attr(feature = "reference", schemars(inline))]
    pub enum FirstRun {
        /// It makes the plan to be read; the next run applies.
        Plan = "plan",
        /// It applies at once.
        Apply = "apply",
    }
}

impl Settings {
    /// Checks what can be checked without asking either service.
    pub fn check(&self) -> Result<()> {
        for (index, field) in self.custom_fields.iter().enumerate() {
            let valid = !field.to.is_empty()
                && field.to.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !valid {
                return Err(invalid(format!(
                    "sync.customFields: \"{}\" is not an attribute key: letters, digits and underscores are allowed",
                    field.to
                )));
            }
            let same =
                |other: &&CustomField| (&other.to, other.object) == (&field.to, field.object);
            if let Some(other) = self.custom_fields.iter().take(index).find(same) {
                return Err(invalid(format!(
                    "sync.customFields: \"{}\" and \"{}\" both go to \"{}\"",
                    other.from, field.from, field.to
                )));
            }
        }
        let words = &self.boolean_words;
        if let Some(word) = words.yes.iter().find(|word| words.no.contains(word)) {
            return Err(invalid(format!(
                "sync.booleanWords: \"{word}\" is listed under both true and false"
            )));
        }
        let users = self.users.default_assignee.iter().chain(self.users.map.values());
        for address in users {
            if email(address).is_none() {
                return Err(invalid(format!("sync.users: \"{address}\" is not an e-mail address")));
            }
        }
        if let Some(shared) = self.shared_emails.iter().find(|shared| email(shared).is_none()) {
            return Err(invalid(format!(
                "sync.sharedEmails: \"{shared}\" is not an e-mail address"
            )));
        }
        for name in self.owners.names() {
            if !OWNED.contains(&name) && !self.is_field_of_contact(name) {
                let contact = contact::FIELDS.map(|(name, _)| format!("contact.{name}"));
                return Err(invalid(format!(
                    "sync.owners: \"{name}\" is not a field with an owner; allowed are {}, {}, and contact.custom.KEY with a key of sync.customFields",
                    OWNED.join(", "),
                    contact.join(", ")
                )));
            }
            let comes_back = self.way_of_field(name).comes_back();
            if !comes_back {
                return Err(invalid(format!(
                    "sync.owners: \"{name}\" goes to ChartMogul only: set sync.directions first"
                )));
            }
        }
        if let Some(wanted) = &self.create_in_ghl {
            if wanted.consent.trim().is_empty() {
                return Err(invalid(
                    "sync.createInGhl.consent: say in a few words why these people may be contacted; they may enter campaigns",
                ));
            }
            if self.anchor == Anchor::BusinessIsCustomer {
                return Err(invalid(
                    "sync.createInGhl: a contact that is created belongs to no business, which the anchor \"business-is-customer\" needs",
                ));
            }
            if !self.directions.contacts.comes_back() {
                return Err(invalid(
                    "sync.createInGhl: contacts go to ChartMogul only; set sync.directions.contacts to \"both\" or \"toGhl\"",
                ));
            }
        }
        let to_ghl_only = self.directions.contacts == Way::ToGhl;
        if to_ghl_only && self.anchor != Anchor::AttachOnly {
            return Err(invalid(format!(
                "sync.directions: contacts cannot go \"toGhl\" with the anchor \"{}\", which makes customers in ChartMogul; use \"both\", or the anchor \"attach-only\"",
                self.anchor.name()
            )));
        }
        let of_customer = |field: &CustomField| self.object_of(field) == AttributeObject::Customer;
        if to_ghl_only
            && (!self.tags.prefixes.is_empty() || self.custom_fields.iter().any(of_customer))
        {
            return Err(invalid(
                "sync.directions: contacts go \"toGhl\", and sync.tags and custom fields of customers go to ChartMogul; use \"both\", or remove them",
            ));
        }
        let deletes = self.deletes;
        if [deletes.from_ghl, deletes.from_chartmogul].contains(&DeletePolicy::Delete)
            && self.caps.max_deletes.is_none()
        {
            return Err(invalid(
                "sync.deletes: \"delete\" needs sync.caps.maxDeletes, the most records that one plan may delete",
            ));
        }
        if deletes.from_chartmogul == DeletePolicy::Delete && self.marker == Marker::None {
            return Err(invalid(
                "sync.deletes.fromChartmogul: \"delete\" needs sync.marker \"trailing\": without markers a note that was moved looks like one that was deleted",
            ));
        }
        let children = self.objects.iter().any(|object| self.way_of(*object).comes_back());
        if deletes.from_chartmogul != DeletePolicy::Keep && !children {
            return Err(invalid(
                "sync.deletes.fromChartmogul: notes and tasks go to ChartMogul only; set sync.directions first",
            ));
        }
        if self.twins == Twins::Merge && self.on_existing == OnExisting::Create {
            return Err(invalid(
                "sync.twins: \"merge\" would merge what sync.onExisting \"create\" makes on purpose; remove one of them",
            ));
        }
        if self.twins == Twins::Merge && self.anchor == Anchor::AttachOnly {
            return Err(invalid(
                "sync.twins: the anchor \"attach-only\" makes no customers, so there is nothing to merge; remove it",
            ));
        }
        if crate::dates::minutes_of_day(&self.due_time_of_day).is_none() {
            return Err(invalid(format!(
                "sync.dueTimeOfDay: \"{}\" is not a time of day; write it as HH:MM, 00:00 to 23:59",
                self.due_time_of_day
            )));
        }
        if self.caps.max_change_percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err(invalid("sync.caps.maxChangePercent: allowed is 0 to 100"));
        }
        if let Some(country) = &self.default_country
            && crate::countries::country_code(country).is_none()
        {
            return Err(invalid(format!(
                "sync.defaultCountry: \"{country}\" is not an ISO 3166-1 alpha-2 code"
            )));
        }
        Ok(())
    }

    /// Whether this kind of object is synced.
    pub fn includes(&self, object: Object) -> bool {
        self.objects.contains(&object)
    }

    /// Whether a name is that of a contact's field, with `contact.` before it.
    fn is_field_of_contact(&self, name: &str) -> bool {
        let Some(field) = name.strip_prefix("contact.") else { return false };
        match field.strip_prefix("custom.") {
            Some(key) => self.custom_fields.iter().any(|custom| custom.to == key),
            None => contact::FIELDS.iter().any(|(known, _)| *known == field),
        }
    }

    fn way_of_field(&self, name: &str) -> Way {
        match name.split_once('.') {
            Some(("contact", _)) => self.directions.contacts,
            Some(("note", _)) => self.directions.notes,
            _ => self.directions.tasks,
        }
    }

    /// Which way a kind of object goes.
    pub const fn way_of(&self, object: Object) -> Way {
        match object {
            Object::Notes => self.directions.notes,
            Object::Tasks => self.directions.tasks,
        }
    }

    /// Whether anything that is synced goes to GHL.
    pub fn comes_back(&self) -> bool {
        self.directions.contacts.comes_back()
            || self.objects.iter().any(|object| self.way_of(*object).comes_back())
    }

    /// Who decides a field, by its name with that of its kind before it.
    pub fn owner_of(&self, name: &str) -> Owner {
        let usual = match self.way_of_field(name) {
            Way::ToChartmogul => Owner::AlwaysGhl,
            Way::ToGhl => Owner::AlwaysChartmogul,
            Way::Both => Owner::TwoWay,
        };
        self.owners.get(name).copied().unwrap_or(usual)
    }

    /// What holds a field's attribute.
    pub fn object_of(&self, field: &CustomField) -> AttributeObject {
        field.object.unwrap_or(match self.anchor {
            Anchor::ContactIsCustomer => AttributeObject::Customer,
            Anchor::AttachOnly | Anchor::BusinessIsCustomer => AttributeObject::Contact,
        })
    }

    /// Changes whenever a setting changes that decides who is who, or what is written at all: then a plan is shown before it is applied.
    pub fn guard(&self) -> String {
        let parts = (
            self.anchor,
            &self.objects,
            &self.data_source,
            self.on_link,
            self.on_existing,
            self.directions,
            &self.create_in_ghl,
            self.twins,
            self.deletes,
        );
        super::hash(&serde_json::to_string(&parts).unwrap_or_default())
    }

    /// How texts are written: for what a plan says of a change.
    pub fn writing(&self) -> String {
        format!("marker={} noteFormat={}", self.marker.name(), self.note_format.name())
    }

    /// Changes whenever a setting changes that decides what is written: then everything is compared again.
    pub fn fingerprint(&self) -> String {
        let mut decisive = self.clone();
        decisive.caps = Caps::default();
        decisive.first_run = FirstRun::Plan;
        decisive.full_pass_hours = 0;
        decisive.daily_calls = None;
        decisive.max_plan_age_minutes = 0;
        decisive.patience_ms = 0;
        super::hash(&serde_json::to_string(&decisive).unwrap_or_default())
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidConfig, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Settings, String> {
        crate::record::read(json).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_list_that_is_given_replaces_the_default() {
        let settings: Settings = crate::record::read(r#"{"objects":["tasks"]}"#).unwrap();
        assert_eq!(settings.objects, [Object::Tasks]);
        let settings: Settings = crate::record::read(r#"{"objects":[]}"#).unwrap();
        assert!(settings.objects.is_empty());
    }

    #[test]
    fn defaults_are_the_safe_ones() {
        let settings = read("{}").unwrap();
        assert_eq!(settings.anchor, Anchor::AttachOnly);
        assert_eq!(settings.first_run, FirstRun::Plan);
        assert!(settings.tags.prefixes.is_empty());
        settings.check().unwrap();
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        assert!(
            read(r#"{"ancor":"attach-only"}"#).unwrap_err().contains("unknown property `ancor`")
        );
        assert!(read(r#"{"anchor":"everything"}"#).unwrap_err().contains("attach-only"));
    }

    #[test]
    fn bad_values_are_refused_with_what_is_allowed() {
        for (json, part) in [
            (r#"{"customFields":[{"from":"a","to":"my key","type":"String"}]}"#, "letters, digits"),
            (
                r#"{"customFields":[{"from":"a","to":"k","type":"String"},{"from":"b","to":"k","type":"Integer"}]}"#,
                "both go to",
            ),
            (r#"{"users":{"defaultAssignee":"nobody"}}"#, "not an e-mail"),
            (r#"{"caps":{"maxChangePercent":120}}"#, "0 to 100"),
            (r#"{"defaultCountry":"Atlantis"}"#, "alpha-2"),
            (r#"{"booleanWords":{"true":["aktiv"],"false":["aktiv"]}}"#, "both true and false"),
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!(error.code, Code::InvalidConfig);
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn only_settings_that_decide_what_is_written_change_the_fingerprint() {
        let base = Settings::default();
        let capped =
            Settings { caps: Caps { max_creates: Some(1), ..Caps::default() }, ..base.clone() };
        let plain = Settings { note_format: NoteFormat::Plain, ..base.clone() };
        assert_eq!(base.fingerprint(), capped.fingerprint());
        assert_ne!(base.fingerprint(), plain.fingerprint());
    }
}
