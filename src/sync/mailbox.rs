//! The mailbox: what people decide about records is put there by anybody, and taken by the lease's owner:
//! at once if nobody holds it, else before the owner's own work and once more before it lets go.

use super::engine::Engine;
use super::model::mail::Mail;
use super::model::standing::{DeadLetter, LetterKind, Reason, Standing};
use super::model::state::Lease;
use super::report::Holder;
use super::state::tables::{LEASE, MAIL, of_decision};
use crate::error::{Code, Error, Result};
use crate::host::Host;

/// Decisions read at once.
const MAIL_A_PAGE: usize = 100;
/// How often the lease is wanted whose holder has ended by the time one asks who that is.
const TRIES: u32 = 3;

impl<H: Host> Engine<'_, H> {
    /// Puts decisions into the mailbox, and carries them out if nobody else holds the lease; else gives
    /// who does and will.
    pub(in crate::sync) async fn decide(&self, mails: Vec<Mail>) -> Result<Option<Holder>> {
        let keys = self.put_mail(mails).await?;
        let mut last = None;
        for _ in 0..TRIES {
            match self.hold_for(Box::pin(async { Ok(()) })).await {
                Ok(()) => return self.own_failure(&keys).map(|()| None),
                Err(error) if error.code == Code::Busy => last = Some(error),
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
            let left = self.keeper.get_all(&MAIL, &keys).await?;
            if left.iter().all(Option::is_none) {
                return self.own_failure(&keys).map(|()| None);
            }
            if let Some(holder) = self.holder().await? {
                return Ok(Some(holder));
            }
        }
        // The caller learns that it failed: nobody must carry it out later.
        let mut batch = self.keeper.batch();
        for key in &keys {
            batch.delete(&MAIL, key);
        }
        // A store that fails here says so by the error itself.
        let _ = self.keeper.commit_beside(batch).await;
        match last {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    /// Puts decisions behind all that wait already, whatever the clocks of their processes say.
    async fn put_mail(&self, mails: Vec<Mail>) -> Result<Vec<String>> {
        let mut time = self.host.now();
        let mut pages = self.keeper.pages(&MAIL, MAIL_A_PAGE);
        while let Some(rows) = pages.next().await? {
            let last = rows.last().and_then(|(key, _)| key.split('-').next());
            let last = last.and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or(0);
            time = time.max(last.saturating_add(1));
        }
        let mut batch = self.keeper.batch();
        let mut keys = Vec::with_capacity(mails.len());
        for mail in mails {
            let number = self.posted.borrow().len();
            let key = format!("{time:011x}-{}-{number:06x}", self.owner);
            batch.put(&MAIL, &key, &mail)?;
            self.posted.borrow_mut().insert(key.clone(), None);
            keys.push(key);
        }
        self.keeper.commit_beside(batch).await?;
        Ok(keys)
    }

    /// Carries out what waits, oldest first, each in one commit with its end. One that cannot be carried
    /// out stops nothing: whoever put it learns of it, now or by a dead letter.
    pub(in crate::sync) async fn take_mail(&self) -> Result<()> {
        loop {
            let rows = self.keeper.scan(&MAIL, "", None, MAIL_A_PAGE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, mail) in rows {
                let mut batch = self.keeper.batch();
                match self.carry_out_decision(&mut batch, &mail).await {
                    Ok(()) => {}
                    Err(error) if error.code == Code::StoreFailed => return Err(error),
                    Err(error) => {
                        batch = self.keeper.batch();
                        if self.posted.borrow().contains_key(&key) {
                            self.posted.borrow_mut().insert(key.clone(), Some(error));
                        } else {
                            self.set_aside(
                                &mut batch,
                                &of_decision(&mail.id),
                                self.letter_of(&mail, error),
                            )?;
                        }
                    }
                }
                batch.delete(&MAIL, &key);
                self.keeper.commit(batch).await?;
            }
        }
    }

    fn letter_of(&self, mail: &Mail, error: Error) -> DeadLetter {
        let counterpart = mail.choice.as_ref().map(|choice| {
            format!(" {}", choice.contact.as_deref().unwrap_or(choice.customer.as_str()))
        });
        DeadLetter {
            kind: LetterKind::Decision,
            id: mail.id.clone(),
            standing: Standing::Waiting,
            cause: Reason::Decision,
            code: error.code.text().to_owned(),
            reason: format!(
                "`{} {}{}` was queued, and could not be carried out: {}",
                mail.verb.name(),
                mail.id,
                counterpart.unwrap_or_default(),
                error.message
            ),
            hint: error.hint.as_deref().map(str::to_owned),
            at: self.host.now(),
            ..DeadLetter::default()
        }
    }

    fn own_failure(&self, keys: &[String]) -> Result<()> {
        let posted = self.posted.borrow();
        let failed = keys.iter().find_map(|key| posted.get(key).cloned().flatten());
        failed.map_or(Ok(()), Err)
    }

    /// Who holds the lease.
    pub(in crate::sync) async fn holder(&self) -> Result<Option<Holder>> {
        let lease: Option<Lease> = self.keeper.get(&LEASE, "").await?;
        Ok(lease.map(|Lease { name, since, .. }| Holder { name, since }))
    }

    /// Who will carry out what waits about a record of one of these ids.
    pub(in crate::sync) async fn awaited_by(&self, ids: &[&str]) -> Result<Option<Holder>> {
        let mut pages = self.keeper.pages(&MAIL, MAIL_A_PAGE);
        while let Some(rows) = pages.next().await? {
            if rows.iter().any(|(_, mail)| ids.contains(&mail.id.as_str())) {
                return self.holder().await;
            }
        }
        Ok(None)
    }
}
