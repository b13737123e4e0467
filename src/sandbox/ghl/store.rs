//! GHL's records: contacts with what searches see of them, and collections of everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::sandbox::time_text::{iso, parse};

/// A record's properties.
pub(crate) type Record = Map<String, Value>;

/// The text of a property; empty where it has none.
pub(super) fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A collection in the order of creation, found by id and by parent.
#[derive(Debug, Default)]
pub(super) struct Collection {
    parent_field: &'static str,
    next: u64,
    records: BTreeMap<u64, Record>,
    by_id: BTreeMap<String, u64>,
    by_parent: BTreeMap<String, BTreeSet<u64>>,
    changes: u64,
}

impl Collection {
    /// A collection whose records belong to what `parent_field` names; empty for none.
    pub(super) fn of(parent_field: &'static str, records: Vec<Record>) -> Self {
        let mut collection = Self { parent_field, ..Self::default() };
        records.into_iter().for_each(|record| collection.put(record));
        collection.changes = 0;
        collection
    }

    /// Adds a record, or replaces the one with its id in its place.
    pub(super) fn put(&mut self, record: Record) {
        let id = text(&record, "id").to_owned();
        let parent = text(&record, self.parent_field).to_owned();
        let at = match self.by_id.get(&id) {
            Some(at) => *at,
            None => {
                self.next += 1;
                self.next
            }
        };
        self.by_id.insert(id, at);
        if self.records.get(&at).is_none_or(|before| differ(before, &record)) {
            self.changes += 1;
        }
        if let Some(previous) = self.records.insert(at, record) {
            self.leave_parent(&previous, at);
        }
        if !self.parent_field.is_empty() {
            self.by_parent.entry(parent).or_default().insert(at);
        }
    }

    /// The record of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.by_id.get(id).and_then(|at| self.records.get(at))
    }

    /// The record of this id, to be changed; its id and parent must stay.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.changes += 1;
        self.by_id.get(id).and_then(|at| self.records.get_mut(at))
    }

    /// Takes a record out.
    pub(super) fn remove(&mut self, id: &str) -> Option<Record> {
        let at = self.by_id.remove(id)?;
        let record = self.records.remove(&at)?;
        self.changes += 1;
        self.leave_parent(&record, at);
        Some(record)
    }

    /// All records, oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// The records of one parent, oldest first.
    pub(super) fn of_parent(&self, parent: &str) -> impl DoubleEndedIterator<Item = &Record> {
        let places = self.by_parent.get(parent).into_iter().flatten();
        places.filter_map(|at| self.records.get(at))
    }

    /// Takes out all records of one parent.
    pub(super) fn remove_of_parent(&mut self, parent: &str) {
        for at in self.by_parent.remove(parent).into_iter().flatten() {
            if let Some(record) = self.records.remove(&at) {
                self.changes += 1;
                self.by_id.remove(text(&record, "id"));
            }
        }
    }

    /// Puts another id wherever this property names one.
    pub(super) fn rename_in(&mut self, field: &str, from: &str, to: &str) {
        let named: Vec<Record> =
            self.all().filter(|record| text(record, field) == from).cloned().collect();
        for mut record in named {
            record.insert(field.to_owned(), json!(to));
            self.put(record);
        }
    }

    fn leave_parent(&mut self, record: &Record, at: u64) {
        if let Some(places) = self.by_parent.get_mut(text(record, self.parent_field)) {
            places.remove(&at);
        }
    }
}

/// Whether two states of a record differ in more than the date of the last write.
fn differ(before: &Record, after: &Record) -> bool {
    const WRITTEN: &[&str] = &["dateUpdated", "updatedAt"];
    let contents = |record: &Record| {
        record.len() - WRITTEN.iter().filter(|name| record.contains_key(**name)).count()
    };
    contents(before) != contents(after)
        || before.iter().any(|(name, value)| {
            !WRITTEN.contains(&name.as_str()) && after.get(name) != Some(value)
        })
}

/// A contact as it was at one time.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) fields: Record,
    pub(super) added_ms: u64,
    pub(super) updated_ms: u64,
}

/// A contact now, and what searches will see of it from when on. Without a present it is deleted.
#[derive(Debug, Default)]
struct Contact {
    present: Option<Arc<Snapshot>>,
    searchable: Vec<(u64, Option<Arc<Snapshot>>)>,
}

/// What a contact is matched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    Email,
    Phone,
}

/// All contacts.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    contacts: BTreeMap<String, Contact>,
    by_email: BTreeMap<String, BTreeSet<String>>,
    by_phone: BTreeMap<String, BTreeSet<String>>,
    search_lag_ms: u64,
    revision: u64,
    settled_at: u64,
    changes: u64,
}

impl Contacts {
    pub(super) fn new(search_lag_ms: u64, records: Vec<Record>) -> Self {
        let mut contacts = Self { search_lag_ms, ..Self::default() };
        for record in records {
            let added_ms = parse(text(&record, "dateAdded")).unwrap_or(0);
            let updated_ms = parse(text(&record, "dateUpdated")).unwrap_or(added_ms);
            contacts.put(Snapshot { fields: record, added_ms, updated_ms }, None);
        }
        contacts
    }

    /// The contact of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Snapshot>> {
        self.contacts.get(id)?.present.as_ref()
    }

    /// All contacts, in the order of their ids.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        self.contacts.values().filter_map(|contact| contact.present.as_ref())
    }

    /// Adds or replaces a contact. Searches see it after the lag; at once where `now_ms` is `None`.
    pub(super) fn put(&mut self, snapshot: Snapshot, now_ms: Option<u64>) {
        let id = text(&snapshot.fields, "id").to_owned();
        if self.get(&id).is_none_or(|before| differ(&before.fields, &snapshot.fields)) {
            self.changes += 1;
        }
        self.forget(&id);
        for (identity, key) in identities(&snapshot.fields) {
            self.index(identity).entry(key).or_default().insert(id.clone());
        }
        let snapshot = Arc::new(snapshot);
        self.store(id, Some(snapshot), now_ms);
    }

    /// Deletes a contact; searches still see it until the lag is over.
    pub(super) fn remove(&mut self, id: &str, now_ms: u64) -> bool {
        if self.get(id).is_none() {
            return false;
        }
        self.changes += 1;
        self.forget(id);
        self.store(id.to_owned(), None, Some(now_ms));
        true
    }

    /// The contacts that have this e-mail (in any case) or phone, the oldest first.
    pub(super) fn with(&self, identity: Identity, key: &str) -> Vec<&Arc<Snapshot>> {
        let index = match identity {
            Identity::Email => &self.by_email,
            Identity::Phone => &self.by_phone,
        };
        let ids = index.get(&key.to_lowercase()).into_iter().flatten();
        let mut found: Vec<_> = ids.filter_map(|id| self.get(id)).collect();
        found.sort_by_key(|snapshot| snapshot.added_ms);
        found
    }

    /// The contacts as searches see them now.
    pub(super) fn searchable(&mut self, now_ms: u64) -> Vec<Arc<Snapshot>> {
        let mut rows = Vec::with_capacity(self.contacts.len());
        let mut gone = Vec::new();
        for (id, contact) in &mut self.contacts {
            let seen = contact.searchable.iter().rposition(|(from, _)| *from <= now_ms);
            if let Some(seen) = seen {
                contact.searchable.drain(..seen);
                match contact.searchable.first() {
                    Some((_, Some(snapshot))) => rows.push(Arc::clone(snapshot)),
                    _ if contact.searchable.len() == 1 => gone.push(id.clone()),
                    _ => {}
                }
            }
        }
        for id in gone {
            self.contacts.remove(&id);
        }
        rows
    }

    /// A number that is the same as long as searches see the same.
    pub(super) fn search_revision(&self, now_ms: u64) -> Option<u64> {
        (now_ms >= self.settled_at).then_some(self.revision)
    }

    fn store(&mut self, id: String, snapshot: Option<Arc<Snapshot>>, now_ms: Option<u64>) {
        let visible_from = now_ms.map_or(0, |now| now + self.search_lag_ms);
        self.revision += 1;
        self.settled_at = self.settled_at.max(visible_from);
        let contact = self.contacts.entry(id).or_default();
        contact.present.clone_from(&snapshot);
        contact.searchable.push((visible_from, snapshot));
    }

    fn forget(&mut self, id: &str) {
        let Some(previous) = self.get(id).map(Arc::clone) else {
            return;
        };
        for (identity, key) in identities(&previous.fields) {
            if let Some(ids) = self.index(identity).get_mut(&key) {
                ids.remove(id);
            }
        }
    }

    const fn index(&mut self, identity: Identity) -> &mut BTreeMap<String, BTreeSet<String>> {
        match identity {
            Identity::Email => &mut self.by_email,
            Identity::Phone => &mut self.by_phone,
        }
    }
}

/// The e-mails and phones of a contact, the additional ones too, in lower case.
fn identities(fields: &Record) -> Vec<(Identity, String)> {
    let mut keys = Vec::new();
    let mut add = |identity: Identity, name: &str, additional: &str| {
        let first = fields.get(name).and_then(Value::as_str);
        let more = fields.get(additional).and_then(Value::as_array).into_iter().flatten();
        let more = more.filter_map(|item| item.get(name).and_then(Value::as_str));
        for value in first.into_iter().chain(more).filter(|value| !value.is_empty()) {
            keys.push((identity, value.to_lowercase()));
        }
    };
    add(Identity::Email, "email", "additionalEmails");
    add(Identity::Phone, "phone", "additionalPhones");
    keys
}

/// All of a location.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) location_id: String,
    pub(super) company_id: String,
    pub(super) notes_touch_contact: bool,
    pub(super) business_deletion_clears_contacts: bool,
    /// Notes and the contacts under which they are listed besides.
    pub(super) listings: Vec<(String, String)>,
    /// How long a task is found by search as it was before.
    pub(super) task_search_lag_ms: u64,
    /// Tasks as they were, and until when they are found so.
    pub(super) former_tasks: Vec<(u64, Record)>,
    pub(super) contacts: Contacts,
    collections: BTreeMap<&'static str, Collection>,
    empty: Collection,
}

impl Store {
    pub(super) fn new(location_id: String, company_id: String, contacts: Contacts) -> Self {
        Self {
            location_id,
            company_id,
            notes_touch_contact: true,
            business_deletion_clears_contacts: false,
            listings: Vec::new(),
            task_search_lag_ms: 0,
            former_tasks: Vec::new(),
            contacts,
            collections: BTreeMap::new(),
            empty: Collection::default(),
        }
    }

    /// The collection of this kind.
    pub(super) fn of(&self, kind: &str) -> &Collection {
        self.collections.get(kind).unwrap_or(&self.empty)
    }

    /// The collection of this kind, to be changed.
    pub(super) fn of_mut(&mut self, kind: &'static str) -> &mut Collection {
        self.collections.entry(kind).or_insert_with(|| Collection::of(parent_of(kind), Vec::new()))
    }

    /// The collection of this kind, if it is a kind.
    pub(super) fn known(&self, kind: &str) -> Option<&Collection> {
        self.collections.get(kind)
    }

    /// How often a record was made, removed or given other contents.
    pub(super) fn changes(&self) -> u64 {
        self.contacts.changes + self.collections.values().map(|of| of.changes).sum::<u64>()
    }

    /// The location's record.
    pub(super) fn location(&self) -> Record {
        self.of("locations").get(&self.location_id).cloned().unwrap_or_default()
    }

    /// A setting of the location that is true or false.
    pub(super) fn setting(&self, name: &str) -> bool {
        let location = self.location();
        location
            .get("settings")
            .and_then(|of| of.get(name))
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    /// Changes a contact's properties and moves its `dateUpdated`.
    pub(super) fn change_contact(
        &mut self,
        id: &str,
        now_ms: u64,
        change: impl FnOnce(&mut Record),
    ) {
        let Some(snapshot) = self.contacts.get(id).map(Arc::clone) else {
            return;
        };
        let mut fields = snapshot.fields.clone();
        change(&mut fields);
        fields.insert("dateUpdated".into(), json!(iso(now_ms)));
        let changed = Snapshot { fields, added_ms: snapshot.added_ms, updated_ms: now_ms };
        self.contacts.put(changed, Some(now_ms));
    }

    /// What writing a note or task does to its contact.
    pub(super) fn touch_contact(&mut self, id: &str, now_ms: u64) {
        if self.notes_touch_contact {
            self.change_contact(id, now_ms, |_| {});
        }
    }
}

/// The property by which the records of a kind belong to another.
pub(super) fn parent_of(kind: &str) -> &'static str {
    match kind {
        "notes" | "tasks" | "events" | "opportunities" | "conversations" => "contactId",
        "messages" => "conversationId",
        "appointmentNotes" => "appointmentId",
        "notifications" => "calendarId",
        "blogPosts" => "blogId",
        _ => "",
    }
}
