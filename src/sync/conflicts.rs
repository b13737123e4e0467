//! Conflicts: what waits for a person is listed, and settled by a choice that counts for these values alone.

use super::both_ways::KEPT_DAYS;
use super::decide::merge::words_of;
use super::engine::Engine;
use super::model::conflict::{Conflict, Winner};
use super::model::mail::{Mail, Verb};
use super::model::pair::Kind;
use super::state::keeper::Batch;
use super::state::tables::{AGAIN, CONFLICTS, INCOMING, of};
use crate::dates::DAY_MS;
use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::mapping::kinds;
use crate::mutants::{self, Mutant};
use crate::records;

/// Rows read at once.
const CONFLICTS_A_PAGE: usize = 200;

records! {
    /// How to settle conflicts.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct Settlement {
        /// The conflict's id. Default: all that the rule names.
        pub id: Option<String> = "id";
        /// Whose value it is settled with.
        pub winner: Winner = required "winner";
        /// What the conflict showed to whom decides.
        pub seen: Option<String> = "seen";
        /// Which conflicts are settled together.
        pub rule: ConflictRule = "rule";
    }
}

records! {
    /// Which conflicts to settle together.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct ConflictRule {
        /// Conflicts of this kind of record. Default: all.
        pub kind: Option<Kind> = "kind";
        /// Conflicts in this field, for example `completed`. Default: all.
        pub field: Option<String> = "field";
    }
}

impl ConflictRule {
    fn fits(&self, conflict: &Conflict) -> bool {
        self.kind.is_none_or(|kind| kind == conflict.kind)
            && self.field.as_ref().is_none_or(|field| *field == conflict.field)
    }
}

impl<H: Host> Engine<'_, H> {
    /// A page of the conflicts that wait for a person, and the cursor of the next page; with `settled`
    /// those that were settled in the last 90 days, with the values that lost.
    pub async fn conflicts(
        &self,
        settled: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Conflict>, Option<String>)> {
        let limit = limit.clamp(1, 1000);
        let mut found = Vec::new();
        let mut after = after.map(str::to_owned);
        loop {
            let (rows, more) =
                self.keeper.page(&CONFLICTS, "", after.as_deref(), CONFLICTS_A_PAGE).await?;
            for (id, conflict) in rows {
                after = Some(id);
                if conflict.done == settled {
                    found.push(conflict);
                }
                if found.len() == limit {
                    return Ok((found, after));
                }
            }
            if !more {
                return Ok((found, None));
            }
        }
    }

    /// Settles a conflict: the next run writes the winner's value to the other side. `seen` is what the
    /// conflict showed to whom decides; one that has changed since is refused.
    pub async fn resolve(&self, id: &str, winner: Winner, seen: Option<&str>) -> Result<Conflict> {
        let conflict = self.open_conflict(id).await?;
        let seen = seen.unwrap_or(&conflict.seen);
        self.decide(vec![choice(&conflict, winner, seen)?]).await?;
        let now: Option<Conflict> = self.keeper.get(&CONFLICTS, id).await?;
        Ok(now.unwrap_or(conflict))
    }

    /// Settles all conflicts that a rule names, as they are now; says which. Those that cannot be settled
    /// so stay as they are.
    pub async fn resolve_all(&self, rule: &ConflictRule, winner: Winner) -> Result<Vec<Conflict>> {
        let mut mails = Vec::new();
        let mut ids = Vec::new();
        let mut pages = self.keeper.pages(&CONFLICTS, CONFLICTS_A_PAGE);
        while let Some(rows) = pages.next().await? {
            for (id, conflict) in rows {
                let open = !conflict.done && rule.fits(&conflict);
                if let (true, Ok(mail)) = (open, choice(&conflict, winner, &conflict.seen)) {
                    mails.push(mail);
                    ids.push(id);
                }
            }
        }
        if !mails.is_empty() {
            self.decide(mails).await?;
        }
        let now: Vec<Option<Conflict>> = self.keeper.get_all(&CONFLICTS, &ids).await?;
        Ok(now.into_iter().flatten().collect())
    }

    async fn open_conflict(&self, id: &str) -> Result<Conflict> {
        let id = id.trim();
        let known: Option<Conflict> = self.keeper.get(&CONFLICTS, id).await?;
        known.filter(|conflict| !conflict.done).ok_or_else(|| {
            let message = format!(
                "there is no conflict {id}: it is settled, or its values are the same by now"
            );
            Error::new(Code::NotFound, message).hint("`conflicts` lists those that wait.")
        })
    }

    /// Puts a person's choice. One for values that have changed since is an error.
    pub(in crate::sync) async fn carry_out_resolve(
        &self,
        batch: &mut Batch,
        mail: &Mail,
    ) -> Result<()> {
        let mut conflict = self.open_conflict(&mail.id).await?;
        if conflict.seen != mail.seen && !mutants::is_on(Mutant::ChoiceNeverDies) {
            let message = format!("the values of conflict {} have changed since", mail.id);
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("Look at it again: `conflicts` shows both values."));
        }
        conflict.winner = mail.winner;
        conflict.settled_at = Some(self.host.now());
        if let Some(contact) = &conflict.contact {
            batch.put(&AGAIN, contact, &String::new())?;
        }
        if conflict.kind.is_child() {
            batch.put(&INCOMING, &of(conflict.kind, &conflict.chartmogul_id), &true)?;
        }
        batch.put(&CONFLICTS, &conflict.id, &conflict)?;
        self.outdate_plans(batch).await
    }

    /// Values that lost are kept for a while.
    pub(in crate::sync) async fn forget_settled(&self) -> Result<()> {
        let mut pages = self.keeper.pages(&CONFLICTS, CONFLICTS_A_PAGE);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (id, conflict) in rows.iter().filter(|(_, conflict)| conflict.done) {
                if self.has_passed(conflict.settled_at.unwrap_or(0), KEPT_DAYS * DAY_MS) {
                    batch.delete(&CONFLICTS, id);
                }
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }
}

/// The decision to settle a conflict that showed these values; refuses what cannot be chosen.
fn choice(conflict: &Conflict, winner: Winner, seen: &str) -> Result<Mail> {
    if winner == Winner::Both && conflict.field != words_of(conflict.kind) {
        let message = format!("`{}` cannot keep both values", conflict.field);
        return Err(Error::new(Code::InvalidArgument, message)
            .hint("Choose `ghl` or `chartmogul`; only texts can keep `both`."));
    }
    let chosen = if winner == Winner::Chartmogul { &conflict.chartmogul } else { &conflict.ghl };
    if kinds::is_empty(Some(chosen)) && !mutants::is_on(Mutant::EmptyClears) {
        let message =
            format!("`{}` is empty there, and an empty value clears nothing", conflict.field);
        return Err(Error::new(Code::InvalidArgument, message)
            .hint("Choose the other side's value, or empty the field in both services."));
    }
    Ok(Mail {
        verb: Verb::Resolve,
        id: conflict.id.clone(),
        winner: Some(winner),
        seen: seen.to_owned(),
        ..Mail::default()
    })
}
