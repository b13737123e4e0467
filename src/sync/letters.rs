//! What is not in step: recorded with its reason, removed when it is in step again, and counted.

use serde::Serialize;

use super::engine::Engine;
use super::model::change::{Action, Change};
use super::model::pair::Kind;
use super::model::standing::{
    Apart, DeadLetter, FieldLetter, FieldLetters, LetterKind, Reason, Standing,
};
use super::model::state::Run;
use super::state::keeper::Batch;
use super::state::tables::of_kind;
use super::state::tables::{APART, FIELDS, LETTERS};
use super::work::Work;
use crate::error::{Code, Error, Result};
use crate::host::{Event, Host};
use crate::ordered::Ordered;

impl<H: Host> Engine<'_, H> {
    /// Reads how the records of a page stand.
    pub(in crate::sync) async fn load_standings(
        &self,
        work: &Work,
        kind: Kind,
        ids: &[impl AsRef<str>],
    ) -> Result<()> {
        let rows = of_kind(kind, ids);
        let letters: Vec<Option<DeadLetter>> = self.keeper.get_all(&LETTERS, &rows).await?;
        let apart: Vec<Option<Apart>> = self.keeper.get_all(&APART, &rows).await?;
        let fields: Vec<Option<FieldLetters>> = self.keeper.get_all(&FIELDS, &rows).await?;
        let mut tried = rows.clone();
        tried.extend(rows.iter().map(|row| format!("field/{row}")));
        let retries: Vec<Option<bool>> = self.keeper.get_all(&work.tables.retries, &tried).await?;
        work.standings.replace(
            present(&rows, letters),
            present(&rows, apart),
            present(&rows, fields),
            present(&tried, retries),
        );
        Ok(())
    }

    /// Puts a letter and tells the host, unless it is there already.
    pub(in crate::sync) fn set_aside(
        &self,
        batch: &mut Batch,
        row: &str,
        letter: DeadLetter,
    ) -> Result<()> {
        self.host.emit(Event::DeadLetter {
            kind: letter.kind.name(),
            id: letter.id.clone(),
            code: Code::parse(&letter.code).unwrap_or(Code::Rejected),
            reason: letter.reason.clone(),
        });
        batch.put(&LETTERS, row, &letter)
    }

    /// A record that is in step again stands nowhere else.
    pub(in crate::sync) fn take_back(&self, work: &Work, batch: &mut Batch, row: &str) {
        if work.standings.letter(row).is_some() {
            batch.delete(&LETTERS, row);
        }
        if work.standings.apart(row).is_some_and(|apart| apart.cause != Reason::Deleted) {
            batch.delete(&APART, row);
        }
    }

    /// Notes what a plan says about a record that it does not write.
    pub(in crate::sync) fn note_told(
        &self,
        work: &Work,
        batch: &mut Batch,
        change: &Change,
    ) -> Result<()> {
        let row = change.row();
        let Some(cause) = change.cause else { return Ok(()) };
        match change.action {
            Action::Skip => {
                let known = work.standings.apart(&row);
                if known.as_ref().is_none_or(|known| known.cause != cause) {
                    let apart = Apart {
                        cause,
                        title: change.title.clone(),
                        contact: change.contact().map(str::to_owned),
                        at: self.host.now(),
                        content: change.shows.clone(),
                        chartmogul: change.uuid.clone().or_else(|| change.customer.clone()),
                    };
                    batch.put(&APART, &row, &apart)?;
                }
                if work.standings.letter(&row).is_some() {
                    batch.delete(&LETTERS, &row);
                }
                // What is not written leaves no value out.
                if cause != Reason::Accepted && work.standings.fields(&row).is_some() {
                    batch.delete(&FIELDS, &row);
                }
            }
            Action::Conflict => {
                let letter = DeadLetter {
                    kind: change.kind.into(),
                    id: change.id.clone(),
                    contact: change.contact().map(str::to_owned),
                    standing: Standing::Waiting,
                    cause,
                    code: change.code.clone().unwrap_or_default(),
                    reason: change.reason.clone(),
                    hint: Some(
                        "Choose a candidate with `link ID CUSTOMER`, or leave it with `accept ID`."
                            .to_owned(),
                    ),
                    at: self.host.now(),
                    candidates: change.candidates.clone(),
                    shows: change.shows.clone(),
                    ..DeadLetter::default()
                };
                let known = work.standings.letter(&row);
                let same = |known: &DeadLetter| {
                    known.cause == letter.cause && known.candidates == letter.candidates
                };
                if !known.as_ref().is_some_and(same) {
                    self.set_aside(batch, &row, letter)?;
                }
                if work.standings.apart(&row).is_some() {
                    batch.delete(&APART, &row);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Values left out of a record that is otherwise synced. What ChartMogul refused before
    /// stays listed until it is taken.
    pub(in crate::sync) fn note_problems(
        &self,
        run: &mut Run,
        work: &Work,
        batch: &mut Batch,
        change: &Change,
    ) -> Result<()> {
        let row = change.row();
        let known = work.standings.fields(&row);
        let mut fields: Vec<FieldLetter> = change
            .problems
            .iter()
            .map(|problem| FieldLetter {
                field: problem.field.clone(),
                reason: problem.reason.clone(),
                code: Code::Unmappable.text().to_owned(),
                group: String::new(),
            })
            .collect();
        for letter in known.iter().flat_map(|known| &known.fields) {
            let again = change.to.contains_key(&letter.field);
            let told = fields.iter().any(|field| field.field == letter.field);
            if !letter.group.is_empty() && !again && !told {
                fields.push(letter.clone());
            }
        }
        if fields.is_empty() {
            if known.is_some() {
                batch.delete(&FIELDS, &row);
            }
            return Ok(());
        }
        if known.as_ref().is_some_and(|known| known.fields == fields) {
            return Ok(());
        }
        let told = known.map(|known| known.fields).unwrap_or_default();
        run.plan.left_out += self.tell_fields(&row, &told, &fields);
        let contact = change.contact().map(str::to_owned);
        batch.put(&FIELDS, &row, &FieldLetters { contact, at: self.host.now(), fields })
    }

    /// Tells the host of values that it was not told of before. How many those are.
    pub(in crate::sync) fn tell_fields(
        &self,
        row: &str,
        told: &[FieldLetter],
        fields: &[FieldLetter],
    ) -> u64 {
        let mut count = 0;
        for field in fields.iter().filter(|field| !told.contains(field)) {
            count += 1;
            self.host.emit(Event::DeadLetter {
                kind: "field",
                id: format!("{row}/{}", field.field),
                code: Code::parse(&field.code).unwrap_or(Code::Unmappable),
                reason: field.reason.clone(),
            });
        }
        count
    }

    /// A page of dead letters, and the cursor of the next page: records first, then single values.
    pub async fn dead_letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, Option<String>)> {
        let limit = limit.clamp(1, 1000);
        let of_fields = after.and_then(|after| after.strip_prefix("field:"));
        let mut letters = Vec::new();
        if of_fields.is_none() {
            let (rows, more) = self.keeper.page(&LETTERS, "", after, limit).await?;
            let cursor = rows.last().map(|(key, _)| key.clone()).filter(|_| more);
            letters.extend(rows.into_iter().map(|(_, letter)| letter));
            if cursor.is_some() {
                return Ok((letters, cursor));
            }
        }
        let after = of_fields.filter(|after| !after.is_empty());
        let (rows, more) = self.keeper.page(&FIELDS, "", after, limit).await?;
        let cursor = rows.last().map(|(key, _)| format!("field:{key}")).filter(|_| more);
        for (row, of_record) in rows {
            for field in of_record.fields {
                letters.push(DeadLetter {
                    kind: LetterKind::Field,
                    id: format!("{row}/{}", field.field),
                    contact: of_record.contact.clone(),
                    standing: field.standing(),
                    cause: Reason::Field,
                    code: field.code,
                    reason: field.reason,
                    at: of_record.at,
                    ..DeadLetter::default()
                });
            }
        }
        Ok((letters, cursor))
    }

    /// [`Self::dead_letters`] as JSON: `{"deadLetters": [...], "cursor": ...}`.
    pub async fn dead_letters_json(&self, after: Option<&str>, limit: usize) -> Result<String> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Letters {
            dead_letters: Vec<DeadLetter>,
            cursor: Option<String>,
        }
        let (dead_letters, cursor) = self.dead_letters(after, limit).await?;
        serde_json::to_string(&Letters { dead_letters, cursor }).map_err(|error| {
            Error::new(Code::StoreFailed, format!("could not serialise dead letters: {error}"))
        })
    }
}

fn present<T>(rows: &[String], values: Vec<Option<T>>) -> Ordered<T> {
    let mut present = Ordered::new();
    for (row, value) in rows.iter().zip(values) {
        if let Some(value) = value {
            present.insert(row.clone(), value);
        }
    }
    present
}

/// What makes refusals equal: the endpoint, the code, and the parameter at fault.
pub(in crate::sync) fn group_of(error: &Error) -> String {
    let endpoint = error.endpoint.as_deref().unwrap_or("none");
    let parameter = at_fault(error).first().map_or("-".to_owned(), |name| name.replace('/', "."));
    format!("{endpoint}/{}/{parameter}", error.code.text())
}

/// The parameters that a refusal names.
pub(in crate::sync) fn at_fault(error: &Error) -> Vec<&str> {
    let Some(details) = &error.details else { return Vec::new() };
    let parameter = details.get("parameter").and_then(|name| name.as_str());
    let fields = details.get("fields").and_then(|fields| fields.as_object());
    parameter
        .into_iter()
        .chain(fields.into_iter().flatten().map(|(name, _)| name.as_str()))
        .collect()
}
