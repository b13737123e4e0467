//! Situations of notes and tasks that a person deletes on one side, by what the settings say of it.

use ghl_chartmogul::mapping::settings::{
    Caps, DeletePolicy, Deletes, Directions, LongTasks, Settings, Way,
};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use serde_json::{Value, json};

use super::{Play, Record, Side, Situation, begun_with};
use crate::invariants::Held;
use crate::stage::{APPLY, FULL, MINUTE};
use crate::world::settings;

pub const SITUATIONS: &[Situation] = &[
    ("a_note_deleted_in_ghl_is_deleted", || a_note_deleted_in_ghl(DeletePolicy::Delete)),
    ("a_note_deleted_in_ghl_is_marked", || a_note_deleted_in_ghl(DeletePolicy::Mark)),
    ("a_note_deleted_in_ghl_is_kept", || a_note_deleted_in_ghl(DeletePolicy::Keep)),
    ("a_task_deleted_in_chartmogul_is_deleted", || deleted_there(DeletePolicy::Delete)),
    ("a_task_deleted_in_chartmogul_is_marked", || deleted_there(DeletePolicy::Mark)),
    ("a_task_deleted_in_chartmogul_is_kept", || deleted_there(DeletePolicy::Keep)),
    ("a_note_beside_a_long_task_is_not_deleted", a_note_beside_a_long_task_is_not_deleted),
    ("what_is_gone_from_both_is_settled", what_is_gone_from_both_is_settled),
    ("an_edit_beats_a_deletion", an_edit_beats_a_deletion),
    ("what_is_not_listed_is_not_deleted", what_is_not_listed_is_not_deleted),
    ("who_is_deleted_takes_nothing_along", who_is_deleted_takes_nothing_along),
    ("deletions_are_capped", deletions_are_capped),
    (
        "a_lost_state_lists_what_was_deleted_meanwhile",
        a_lost_state_lists_what_was_deleted_meanwhile,
    ),
];

fn with(policy: DeletePolicy, most: u64) -> Play {
    let directions = Directions { notes: Way::Both, tasks: Way::Both, ..Directions::default() };
    let deletes = Deletes { from_ghl: policy, from_chartmogul: policy };
    let caps = Caps { max_deletes: Some(most), ..Caps::default() };
    let wanted = Settings { directions, deletes, caps, ..settings() };
    let mut play = begun_with(SandboxOptions::default(), wanted);
    play.run(FULL, "a first run");
    play.world.host.advance(10 * MINUTE);
    play
}

impl Play {
    fn delete(&self, side: Side, is_task: bool, record: &Record) {
        let kind = if is_task { "tasks" } else { "notes" };
        match side {
            Side::Ghl => {
                let path = format!("/contacts/{}/{kind}/{}", record.parent, record.id);
                self.world.ask_ghl("DELETE", &path, Value::Null);
            }
            Side::Chartmogul => {
                let path = format!("/v1/{kind}/{}", record.id);
                self.world.ask_chartmogul("DELETE", &path, Value::Null);
            }
        }
    }

    fn task_of_both(&mut self, title: &str) -> Result<(Record, Record), String> {
        let (contact, _) = self.couple();
        let task = json!({ "title": title, "dueDate": "2027-05-06T15:00:00Z", "completed": false });
        self.world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
        self.pass(APPLY);
        let here = self.find(Side::Ghl, true, title).ok_or("it is not here")?;
        let there = self.find(Side::Chartmogul, true, title).ok_or("it is not there")?;
        Ok((here, there))
    }

    fn listed_apart(&self) -> usize {
        self.world.host.store.matching("/apart/").len()
    }
}

fn a_note_deleted_in_ghl(policy: DeletePolicy) -> Held {
    let mut play = with(policy, 5);
    let (here, _) = play.note_of_both("Wants the big plan")?;
    play.delete(Side::Ghl, false, &here);
    play.pass(APPLY);
    play.has(Side::Chartmogul, false, "Wants the big plan")?;
    play.pass(FULL);
    match policy {
        DeletePolicy::Delete if play.count(Side::Chartmogul, false, "Wants the big plan") > 0 => {
            return Err("it is there still".to_owned());
        }
        DeletePolicy::Delete => {}
        DeletePolicy::Mark => {
            play.has(Side::Chartmogul, false, "[deleted in GHL] Wants the big plan")?;
        }
        DeletePolicy::Keep => play.has(Side::Chartmogul, false, "Wants the big plan")?,
    }
    if play.count(Side::Ghl, false, "Wants the big plan") > 0 {
        return Err("it is in GHL again".to_owned());
    }
    if policy == DeletePolicy::Mark && play.listed_apart() != 1 {
        return Err("it is not listed".to_owned());
    }
    play.settle_down()
}

fn deleted_there(policy: DeletePolicy) -> Held {
    let mut play = with(policy, 5);
    let (_, there) = play.task_of_both("Call them")?;
    play.delete(Side::Chartmogul, true, &there);
    play.pass(FULL);
    match policy {
        DeletePolicy::Delete if play.count(Side::Ghl, true, "Call them") > 0 => {
            return Err("it is in GHL still".to_owned());
        }
        DeletePolicy::Delete => {}
        DeletePolicy::Mark => play.has(Side::Ghl, true, "[deleted in ChartMogul] Call them")?,
        DeletePolicy::Keep => play.has(Side::Ghl, true, "Call them")?,
    }
    if policy != DeletePolicy::Delete && play.listed_apart() != 1 {
        return Err("it is not listed".to_owned());
    }
    if play.count(Side::Chartmogul, true, "Call them") > 0 {
        return Err("it is there again".to_owned());
    }
    play.settle_down()
}

/// Only the marked copies in ChartMogul show that they were there.
fn a_lost_state_lists_what_was_deleted_meanwhile() -> Held {
    let mut play = with(DeletePolicy::Keep, 5);
    let (note, _) = play.note_of_both("Wants the big plan")?;
    let (task, _) = play.task_of_both("Call them")?;
    play.delete(Side::Ghl, false, &note);
    play.delete(Side::Ghl, true, &task);
    play.world.host.store.clear();
    for _ in 0..2 {
        play.pass(FULL);
        play.has(Side::Chartmogul, false, "Wants the big plan")?;
        play.has(Side::Chartmogul, true, "Call them")?;
        if play.listed_apart() != 2 {
            return Err(format!("{} are listed", play.listed_apart()));
        }
    }
    if play.count(Side::Ghl, false, "Wants the big plan") > 0 {
        return Err("it is in GHL again".to_owned());
    }
    play.settle_down()
}

/// GHL knows no note of its id.
fn a_note_beside_a_long_task_is_not_deleted() -> Held {
    let mut play = with(DeletePolicy::Delete, 5);
    play.world.settings.long_tasks = LongTasks::Note;
    let (contact, _) = play.couple();
    let title = format!("Call them {}", "about the renewal ".repeat(20));
    let task = json!({ "title": title, "dueDate": "2027-05-06T15:00:00Z", "completed": false });
    play.world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Call them about the renewal")?;
    play.pass(FULL);
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Call them about the renewal")?;
    play.settle_down()
}

fn what_is_gone_from_both_is_settled() -> Held {
    let mut play = with(DeletePolicy::Delete, 5);
    let (here, there) = play.task_of_both("Call them")?;
    play.delete(Side::Ghl, true, &here);
    play.delete(Side::Chartmogul, true, &there);
    play.pass(FULL);
    play.pass(FULL);
    if play.world.linked("task").contains_key(&here.id) {
        return Err("it is linked still".to_owned());
    }
    play.settle_down()
}

fn an_edit_beats_a_deletion() -> Held {
    let mut play = with(DeletePolicy::Delete, 5);
    let (here, _) = play.note_of_both("Of sales")?;
    let (_, there) = play.note_of_both("Of finance")?;
    let other_here = play.find(Side::Ghl, false, "Of finance").ok_or("it is not here")?;
    let other_there = play.find(Side::Chartmogul, false, "Of sales").ok_or("it is not there")?;
    play.delete(Side::Ghl, false, &here);
    play.put(Side::Chartmogul, false, &other_there, json!({ "text": "Of sales, and more" }));
    play.delete(Side::Chartmogul, false, &there);
    play.put(Side::Ghl, false, &other_here, json!({ "body": "Of finance, and more" }));
    play.pass(FULL);
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Of sales, and more")?;
    play.has(Side::Ghl, false, "Of finance, and more")?;
    if play.listed_apart() < 2 {
        return Err(format!("{} are listed", play.listed_apart()));
    }
    play.settle_down()
}

/// A list that leaves something out deletes nothing.
fn what_is_not_listed_is_not_deleted() -> Held {
    let mut play = with(DeletePolicy::Delete, 50);
    let (contact, _) = play.couple();
    play.note_of_both("Wants the big plan")?;
    play.task_of_both("Call them")?;
    let path = format!("/contacts/{contact}/notes");
    for fault in [Fault::EmptyList, Fault::Status { status: 500 }, Fault::Status { status: 404 }] {
        for path in [path.as_str(), "/locations/*/tasks/search"] {
            let left_out = FaultRule {
                service: Some("ghl".to_owned()),
                path: Some(path.to_owned()),
                ..FaultRule::always(fault.clone())
            };
            play.world.host.sandbox.borrow_mut().set_faults(vec![left_out]);
            play.pass(FULL);
            play.world.host.sandbox.borrow_mut().set_faults(Vec::new());
            play.has(Side::Chartmogul, false, "Wants the big plan")?;
            play.has(Side::Chartmogul, true, "Call them")?;
        }
    }
    play.settle_down()
}

/// With a contact GHL loses its notes and tasks; ChartMogul's stay.
fn who_is_deleted_takes_nothing_along() -> Held {
    let mut play = with(DeletePolicy::Delete, 50);
    let (contact, _) = play.couple();
    play.note_of_both("Wants the big plan")?;
    play.task_of_both("Call them")?;
    play.world.ask_ghl("DELETE", &format!("/contacts/{contact}"), Value::Null);
    play.pass(FULL);
    play.pass(FULL);
    play.has(Side::Chartmogul, false, "Wants the big plan")?;
    play.has(Side::Chartmogul, true, "Call them")
}

fn deletions_are_capped() -> Held {
    let mut play = with(DeletePolicy::Delete, 1);
    let (one, _) = play.note_of_both("First words")?;
    let (other, _) = play.note_of_both("Second words")?;
    play.delete(Side::Ghl, false, &one);
    play.delete(Side::Ghl, false, &other);
    play.world.host.advance(5 * MINUTE);
    let ended = play.world.with(async |engine| engine.run(FULL).await).unwrap();
    match ended {
        Err(error) if error.message.contains("deletes 2 records, allowed is 1") => {}
        ended => return Err(format!("{ended:?}")),
    }
    play.has(Side::Chartmogul, false, "First words")?;
    play.has(Side::Chartmogul, false, "Second words")
}
