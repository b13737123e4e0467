//! GHL's notes as they were read, and ChartMogul's lists of single customers before something is made there.

use serde_json::Value;

use super::super::engine::{Engine, Step, gather};
use super::super::model::pair::{Kind, Matched, Pair};
use super::super::model::plan::{Pass, Plan};
use super::super::model::staged::{Candidate, Content, Home, StagedNote, StagedTask};
use super::super::model::state::Run;
use super::super::state::keeper::Batch;
use super::super::state::tables::{of, of_kind};
use super::super::work::Work;
use super::chartmogul::FoundChild;
use super::contacts::TOGETHER;
use crate::dates;
use crate::error::{Code, Result};
use crate::ghl::records::Note;
use crate::host::Host;
use crate::mapping::kinds;
use crate::mapping::settings::{Marker, Object};
use crate::mapping::users::UserMap;
use crate::mapping::{changed, html, notes};
use crate::mutants::{self, Mutant};
use crate::ordered::{Ordered, tidy};
use crate::record::Json;

/// Notes and tasks looked at in one step.
const CHILDREN_A_STEP: usize = 100;

/// The id that the note beside a long task goes by.
pub(in crate::sync) fn overflow_note(task: &str) -> String {
    format!("{OVERFLOW}{task}")
}

/// What the id of such a note begins with.
const OVERFLOW: &str = "task-";

/// Whether a note was made beside a long task: GHL has no note of that id.
pub(in crate::sync) fn is_overflow(kind: Kind, id: &str) -> bool {
    kind == Kind::Note && id.starts_with(OVERFLOW)
}

impl<H: Host> Engine<'_, H> {
    /// Stages the notes of contacts that were read.
    pub(in crate::sync) async fn stage_notes(
        &self,
        run: &mut Run,
        work: &Work,
        homes: &[(String, Home)],
        read: Vec<(String, Vec<Json>)>,
        batch: &mut Batch,
    ) -> Result<()> {
        let mut found: Ordered<StagedNote> = Ordered::new();
        let mut strays: Ordered<String> = Ordered::new();
        let comes_back = self.way_of(Kind::Note).comes_back();
        for (contact, items) in read {
            let listed: Vec<(String, Note<'_>)> =
                self.listed(run, batch, Kind::Note, Some(&contact), &items)?;
            for (id, note) in listed {
                let (mapped, at_create) = notes::note(&note);
                let named = note.contact_id.as_deref().filter(|named| !named.is_empty());
                let own = named.is_none_or(|own| *own == contact);
                if let (false, Some(named)) = (own, named) {
                    strays.insert(id.clone(), named.to_owned());
                }
                let body = note.body.as_deref().unwrap_or_default();
                let staged = StagedNote {
                    origin: notes::origin(body),
                    rewritable: comes_back && html::is_plain(body),
                    contact: contact.clone(),
                    own,
                    fields: mapped.fields,
                    at_create,
                    problems: mapped.problems,
                    twice: found.contains_key(&id),
                    unchanged: false,
                };
                match found.get(&id) {
                    Some(other) if !goes_before(&staged, other) => {}
                    _ => _ = found.insert(id, staged),
                }
            }
        }
        // One that names another linked contact belongs to that one, whether its list is read or not.
        let (strays, named): (Vec<String>, Vec<String>) = strays.into_iter().unzip();
        let elsewhere = self.homes_of(work, Kind::Contact, &named).await?;
        let mut homes: Ordered<Home> = homes.iter().cloned().collect();
        for ((id, contact), home) in strays.iter().zip(named).zip(elsewhere) {
            let Some(home) = home.filter(Home::is_settled) else { continue };
            if let Some(note) = found.get_mut(id).filter(|note| !note.own) {
                note.contact.clone_from(&contact);
                note.own = true;
                homes.insert(contact, home);
            }
        }
        let ids: Vec<&String> = found.keys().collect();
        let pairs = self.live_pairs(work, Kind::Note, &ids).await?;
        let staged: Vec<Option<StagedNote>> = self.keeper.get_all(&work.tables.notes, &ids).await?;
        let counted: Vec<Option<bool>> = match run.in_parts {
            true => self.keeper.get_all(&work.tables.counted, &ids).await?,
            false => vec![None; ids.len()],
        };
        let moved: Vec<Option<bool>> = match comes_back {
            true => self.keeper.get_all(&work.tables.moved, &of_kind(Kind::Note, &ids)).await?,
            false => vec![None; ids.len()],
        };
        let marked = self.settings.marker == Marker::Trailing;
        for ((((pair, before), counted), moved), (id, mut note)) in
            pairs.into_iter().zip(staged).zip(counted).zip(moved).zip(found)
        {
            note.twice |= before.is_some();
            if self.notes_who_is_here(run) {
                batch.put(&work.tables.here, &of(Kind::Note, &id), &true)?;
            }
            // A note that is listed under two contacts belongs to the one that it names.
            if let Some(before) = before.filter(|_| !mutants::is_on(Mutant::OneIdTwice)) {
                if !goes_before(&note, &before) {
                    continue;
                }
            } else if counted.is_none() {
                Plan::add(&mut run.plan.read, Kind::Note, 1);
                if run.in_parts {
                    batch.put(&work.tables.counted, &id, &true)?;
                }
            }
            let at_home = |pair: &Pair| {
                let home = homes.get(&note.contact).and_then(|home| home.customer.as_ref());
                pair.matched == Matched::Brought
                    || home == Some(&pair.customer) && pair.marked == marked
            };
            let same = |pair: &Pair| changed(&pair.base, &hashed(&note.fields)).is_empty();
            let unchanged =
                moved.is_none() && pair.is_some_and(|pair| at_home(&pair) && same(&pair));
            let note = if unchanged {
                StagedNote {
                    contact: note.contact,
                    own: note.own,
                    unchanged: true,
                    ..StagedNote::default()
                }
            } else {
                note
            };
            batch.put(&work.tables.notes, &id, &note)?;
        }
        Ok(())
    }

    /// Which of these notes and tasks of GHL this run has read.
    pub(in crate::sync) async fn were_read(
        &self,
        work: &Work,
        ids: &[impl AsRef<str>],
    ) -> Result<Vec<bool>> {
        let notes: Vec<Option<StagedNote>> = self.keeper.get_all(&work.tables.notes, ids).await?;
        let tasks: Vec<Option<StagedTask>> = self.keeper.get_all(&work.tables.tasks, ids).await?;
        Ok(notes.iter().zip(tasks).map(|(note, task)| note.is_some() || task.is_some()).collect())
    }

    /// Before something is made at a customer its list is asked, unless a newest-first list covers
    /// its date: another installation may have made it. Then contents are compared on both sides.
    pub(in crate::sync) async fn read_customers_children(
        &self,
        run: &mut Run,
        work: &Work,
    ) -> Result<Step> {
        let mut batch = self.keeper.batch();
        let (kind, after) = match run.cursor.as_deref().and_then(|cursor| cursor.split_once('/')) {
            Some(("task", after)) => (Kind::Task, Some(after.to_owned())),
            Some((_, after)) => (Kind::Note, Some(after.to_owned())),
            None => (Kind::Note, None),
        };
        let after = after.filter(|after| !after.is_empty());
        // What is new: id, contact, when it is dated, its content.
        let mut fresh: Vec<(String, String, Option<i64>, String)> = Vec::new();
        let last = match kind {
            Kind::Note => {
                let rows: Vec<(String, StagedNote)> = self
                    .keeper
                    .scan(&work.tables.notes, "", after.as_deref(), CHILDREN_A_STEP)
                    .await?;
                let last = rows.last().map(|(id, _)| id.clone());
                for (id, note) in rows.into_iter().filter(|(_, note)| !note.unchanged) {
                    let at = note.at_create.get("created_at").and_then(dates::instant);
                    let text = note.fields.get("text").and_then(Value::as_str).unwrap_or_default();
                    fresh.push((id, note.contact, at, kinds::note::content(text)));
                }
                last
            }
            _ => {
                let rows: Vec<(String, StagedTask)> = self
                    .keeper
                    .scan(&work.tables.tasks, "", after.as_deref(), CHILDREN_A_STEP)
                    .await?;
                let last = rows.last().map(|(id, _)| id.clone());
                for (id, task) in rows {
                    let content = kinds::task::content(&task.fields);
                    // When a task was made is ChartMogul's own: what is new comes first.
                    fresh.push((id, task.contact, Some(i64::MAX), content));
                }
                last
            }
        };
        let Some(last) = last else {
            let tasks_follow = kind == Kind::Note && self.settings.includes(Object::Tasks);
            run.cursor = tasks_follow.then(|| "task/".to_owned());
            return Ok(Step { batch, done: !tasks_follow });
        };
        run.cursor = Some(of(kind, &last));
        let ids: Vec<&String> = fresh.iter().map(|(id, ..)| id).collect();
        let pairs = self.live_pairs(work, kind, &ids).await?;
        let markers: Vec<String> =
            ids.iter().map(|id| format!("marker/{}", of(kind, id))).collect();
        let markers: Vec<Option<Vec<Candidate>>> =
            self.keeper.get_all(&work.tables.index, &markers).await?;
        let contacts: Vec<&String> = fresh.iter().map(|(_, contact, ..)| contact).collect();
        let homes = self.homes_of(work, Kind::Contact, &contacts).await?;
        let mut new: Vec<(String, String, String)> = Vec::new();
        let mut ask: Vec<String> = Vec::new();
        for ((((id, _, at, content), pair), marker), home) in
            fresh.into_iter().zip(pairs).zip(markers).zip(homes)
        {
            let customer = home.and_then(|home| home.customer.filter(|_| !home.apart));
            let Some(customer) = customer else { continue };
            // What is new, and what moves there, may have been made by another installation.
            let moves = pair.as_ref().is_some_and(|pair| pair.customer != customer);
            if marker.is_some() || (pair.is_some() && !moves) {
                continue;
            }
            let covered = match (kind, at) {
                (Kind::Note, Some(at)) => at >= run.oldest_note,
                (Kind::Note, None) => run.oldest_note < i64::MAX,
                _ => run.only.is_empty(),
            };
            let all = kind == Kind::Note && run.plan.pass == Pass::Full && run.only.is_empty();
            if !covered && !all {
                ask.push(customer.clone());
            }
            if pair.is_none_or(|pair| moves && !pair.marked) {
                new.push((id, customer, content));
            }
        }
        self.list_children(run, work, kind, ask, &mut batch).await?;
        self.note_contents(work, kind, new, &mut batch).await?;
        Ok(Step { batch, done: false })
    }

    pub(in crate::sync) async fn list_children(
        &self,
        run: &mut Run,
        work: &Work,
        kind: Kind,
        mut customers: Vec<String>,
        batch: &mut Batch,
    ) -> Result<()> {
        tidy(&mut customers);
        let listed: Vec<Option<bool>> =
            self.keeper.get_all(&work.tables.listed, &of_kind(kind, &customers)).await?;
        let customers: Vec<String> = customers
            .into_iter()
            .zip(listed)
            .filter(|(_, listed)| listed.is_none())
            .map(|(uuid, _)| uuid)
            .collect();
        let users = work.ready.users.borrow().clone();
        let answers = gather(&customers, TOGETHER, async |uuid: &String| {
            self.children_of_customer(&users, kind, uuid).await
        })
        .await;
        for (uuid, answer) in customers.iter().zip(answers) {
            run.plan.least_read_calls.chartmogul += 1;
            batch.put(&work.tables.listed, &of(kind, uuid), &true)?;
            let found = match answer {
                Ok(found) => found,
                // The customer is gone: what is made there is refused, and looked into then.
                Err(error) if error.code == Code::NotFound => continue,
                Err(error) => return Err(error),
            };
            self.index_children(work, kind, found, batch).await?;
        }
        Ok(())
    }

    /// A customer's notes or tasks: what is needed of each page is taken before the next is asked for.
    async fn children_of_customer(
        &self,
        users: &UserMap,
        kind: Kind,
        customer: &str,
    ) -> Result<Vec<FoundChild>> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let (page, next) =
                self.page_of_children(users, kind, Some(customer), cursor.as_deref()).await?;
            found.extend(page);
            cursor = next;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// Notes GHL's records beside ChartMogul's of the same content.
    async fn note_contents(
        &self,
        work: &Work,
        kind: Kind,
        new: Vec<(String, String, String)>,
        batch: &mut Batch,
    ) -> Result<()> {
        let keys: Vec<String> = new
            .iter()
            .map(|(_, customer, content)| format!("{}/{customer}/{content}", kind.name()))
            .collect();
        let known: Vec<Option<Content>> = self.keeper.get_all(&work.tables.contents, &keys).await?;
        for (((id, ..), key), known) in new.iter().zip(&keys).zip(known) {
            let known = batch.get(&work.tables.contents, key).or(known);
            let Some(mut content) = known.filter(|content| !content.chartmogul.is_empty()) else {
                continue;
            };
            if !content.ghl.contains(id) {
                content.ghl.push(id.clone());
                batch.put(&work.tables.contents, key, &content)?;
            }
        }
        Ok(())
    }

    /// Where contacts or businesses are: as this run decided, else as they are linked.
    pub(in crate::sync) async fn homes_of(
        &self,
        work: &Work,
        kind: Kind,
        ids: &[impl AsRef<str>],
    ) -> Result<Vec<Option<Home>>> {
        let keys = of_kind(kind, ids);
        let homes: Vec<Option<Home>> = self.keeper.get_all(&work.tables.homes, &keys).await?;
        let pairs = self.live_pairs(work, kind, ids).await?;
        let linked = |(home, pair): (Option<Home>, Option<Pair>)| {
            home.or_else(|| pair.as_ref().map(Home::of))
        };
        Ok(homes.into_iter().zip(pairs).map(linked).collect())
    }
}

/// Of two listings of one note the one under the contact that it names, then the smaller id: no order
/// of lists decides.
fn goes_before(one: &StagedNote, other: &StagedNote) -> bool {
    (!one.own, &one.contact) < (!other.own, &other.contact)
}

fn hashed(fields: &crate::mapping::Fields) -> crate::mapping::Fields {
    let marks = kinds::marks(fields);
    crate::mapping::select(&marks, &|name, _| fields.contains_key(name))
}
