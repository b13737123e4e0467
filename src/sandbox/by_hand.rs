//! What people do in the services' own pages, for tests: no request, no rate limit, no counter.

use serde_json::Value;

use super::Sandbox;
use super::random::Random;

impl Sandbox {
    /// Merges two GHL contacts, for which GHL has no endpoint. The loser's id is gone; its notes,
    /// tasks, appointments and opportunities belong to the winner with the ids they had; tags are
    /// joined, its e-mail and phone become additional ones, empty properties are filled. False where
    /// one of the contacts is not there.
    pub fn merge_ghl_contacts(&mut self, winner_id: &str, loser_id: &str, now_ms: u64) -> bool {
        let now_ms = self.at(now_ms);
        self.ghl.merge_contacts(winner_id, loser_id, now_ms)
    }

    /// Sets the `dateUpdated` of a GHL contact to any instant, ahead of time too. Searches see it
    /// after their lag. False if it does not exist.
    pub fn set_ghl_date_updated(&mut self, contact_id: &str, updated_ms: u64, now_ms: u64) -> bool {
        let now_ms = self.at(now_ms);
        self.ghl.set_date_updated(contact_id, updated_ms, now_ms)
    }

    /// Gives the GHL location another name.
    pub fn rename_ghl_location(&mut self, name: &str) {
        self.ghl.rename_location(name);
    }

    /// Puts a GHL contact into a business, or takes it out. False where one of them is not there.
    pub fn set_ghl_business(
        &mut self,
        contact_id: &str,
        business_id: Option<&str>,
        now_ms: u64,
    ) -> bool {
        let now_ms = self.at(now_ms);
        self.ghl.set_business(contact_id, business_id, now_ms)
    }

    /// Deletes a GHL business. False if it does not exist.
    pub fn delete_ghl_business(&mut self, business_id: &str, now_ms: u64) -> bool {
        let now_ms = self.at(now_ms);
        self.ghl.delete_business(business_id, now_ms)
    }

    /// Lists a GHL note under this contact besides: a second time where it is the note's own. The note
    /// keeps its `contactId`. False if it does not exist.
    pub fn note_listed_under(&mut self, note_id: &str, contact_id: &str) -> bool {
        self.ghl.list_note_under(note_id, contact_id)
    }

    /// Deletes one of ChartMogul's `dataSources`, `customers`, `contacts`, `notes` or `tasks` with what
    /// belongs to it, of any source. False if it does not exist.
    pub fn delete_in_chartmogul(&mut self, kind: &str, uuid: &str) -> bool {
        self.chartmogul.account_mut().is_some_and(|account| account.delete(kind, uuid))
    }

    /// Gives the ChartMogul account another name.
    pub fn rename_chartmogul_account(&mut self, name: &str) {
        if let Some(account) = self.chartmogul.account_mut() {
            name.clone_into(&mut account.name);
        }
    }

    /// Opens a second ChartMogul account beside the first, with the same people and no records; gives
    /// its key.
    pub fn add_chartmogul_account(&mut self, name: &str) -> String {
        let number = self.chartmogul.made();
        let purpose = format!("chartmogul account {number} key");
        let key = Random::new(self.options.seed, &purpose).hex(32);
        self.chartmogul.add_account(key.clone(), name);
        key
    }

    /// Puts another account behind the credentials' key: another id, the same name and people, and of
    /// the records only the kinds to keep (`dataSources`, `customers`, `contacts`, `notes`, `tasks`).
    pub fn chartmogul_reset(&mut self, keep: &[&str]) {
        self.chartmogul.replace_account(keep);
    }

    /// ChartMogul's records of a kind in the account of this key.
    pub fn chartmogul_records_of(&self, key: &str, kind: &str) -> Option<Vec<Value>> {
        self.chartmogul.records_of(key, kind)
    }

    const fn at(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(self.clock_offset_ms)
    }
}
