//! A GHL task as a ChartMogul task, and the other way round.

use serde_json::Value;

use crate::dates;
use crate::ghl::records::Task;

use super::notes::marked_with;
use super::settings::{LongTasks, Marker, Settings};
use super::users::UserMap;
use super::{Mapped, html, text};
use crate::mutants::Mutant;

/// ChartMogul: `task_details` holds at most 255 characters, 422 otherwise.
pub const DETAILS_LIMIT: usize = 255;

/// The task's form in ChartMogul, and why it cannot be created there, if it cannot: what it lacks is not in
/// the form.
///
/// Fields: `task_details` (whole, on one line), `assignee`, `due_date` (a day in the location's zone),
/// `completed`.
pub fn task(
    task: &Task<'_>,
    settings: &Settings,
    users: &UserMap,
    offset_minutes: impl Fn(i64) -> i32,
) -> (Mapped, Option<String>) {
    let mut mapped = Mapped::default();
    let id = task.id.as_deref().unwrap_or_default();
    let whole = details(task);
    if whole.chars().count() > room(settings, id) {
        let reason = match settings.long_tasks {
            LongTasks::Cut => "over 255 characters: cut at a word",
            LongTasks::Note => {
                "over 255 characters: cut at a word; the whole text is synced as a note"
            }
        };
        mapped.problem("title", reason);
    }
    mapped.set("task_details", Some(whole));
    let assignee = users.assignee(task.assigned_to.as_deref());
    let nobody = || {
        let why = users.default_assignee().err().unwrap_or_default();
        match task.assigned_to.as_deref().and_then(|id| users.name(id)) {
            Some(name) => format!("{name} has no ChartMogul user and {why}"),
            None => format!("it is assigned to nobody and {why}"),
        }
    };
    let mut refusal = assignee.is_none().then(nobody);
    mapped.set("assignee", assignee);
    let due = task.due_date.as_ref().and_then(|due| {
        due.whole_day()
            .map(str::to_owned)
            .or_else(|| due.milliseconds().map(|at| dates::local_day(at, offset_minutes(at))))
            .or_else(|| due.local_milliseconds().map(|at| dates::local_day(at, 0)))
    });
    if due.is_none() && refusal.is_none() {
        refusal = Some("it has no readable due date, which ChartMogul requires".to_owned());
    }
    mapped.set("due_date", due);
    mapped.fields.insert("completed".into(), Value::Bool(task.completed.unwrap_or(false)));
    (mapped, refusal)
}

/// The whole text of a task too long for ChartMogul's task, for a note beside it.
pub fn overflow(task: &Task<'_>, settings: &Settings) -> Option<String> {
    let id = task.id.as_deref().unwrap_or_default();
    let too_long = details(task).chars().count() > room(settings, id);
    (settings.long_tasks == LongTasks::Note && too_long).then(|| {
        let title = task.title.as_deref().map(str::trim).unwrap_or_default();
        let body = html::plain(task.body.as_deref().unwrap_or_default());
        format!("{title}\n\n{body}").trim().to_owned()
    })
}

/// The marker of ChartMogul's task in the body of GHL's.
const FROM_CHARTMOGUL: &str = "[cm:t:";

/// The ChartMogul task that the body of a GHL task names.
pub fn origin(task: &Task<'_>) -> Option<String> {
    let body = task.body.as_deref().filter(|body| body.contains(FROM_CHARTMOGUL))?;
    marked_with(&html::plain(body), FROM_CHARTMOGUL).map(|(_, uuid, _)| uuid.to_owned())
}

/// The body of a GHL task that came from ChartMogul.
pub fn body_in_ghl(uuid: &str, settings: &Settings) -> Option<String> {
    (settings.marker == Marker::Trailing).then(|| format!("{FROM_CHARTMOGUL}{uuid}]"))
}

/// What a GHL task's body says, without our marker, on one line.
fn body(task: &Task<'_>) -> String {
    let plain = html::plain(task.body.as_deref().unwrap_or_default());
    match marked_with(&plain, FROM_CHARTMOGUL) {
        Some((before, _, behind)) => text::one_line(&format!("{before} {behind}")),
        None => text::one_line(&plain),
    }
}

/// Whether a text that was changed in ChartMogul can become GHL's title: it has no body, and was not cut.
pub fn is_one_text(task: &Task<'_>, settings: &Settings) -> bool {
    let id = task.id.as_deref().unwrap_or_default();
    body(task).is_empty() && details(task).chars().count() <= room(settings, id)
}

/// Title and body on one line.
fn details(task: &Task<'_>) -> String {
    let title = text::one_line(task.title.as_deref().unwrap_or_default());
    let body = body(task);
    match (title.is_empty(), body.is_empty()) {
        (false, false) => format!("{title} - {body}"),
        (false, true) => title,
        (true, false) => body,
        (true, true) => "Task without a title".to_owned(),
    }
}

fn marker(settings: &Settings, id: &str) -> String {
    match settings.marker {
        Marker::Trailing if !id.is_empty() => format!(" [ghl:t:{id}]"),
        Marker::Trailing | Marker::None => String::new(),
    }
}

fn room(settings: &Settings, id: &str) -> usize {
    DETAILS_LIMIT.saturating_sub(marker(settings, id).chars().count())
}

/// A task's text in the form it is written to ChartMogul: cut where it is too long, with its marker.
pub fn written(whole: &str, id: &str, settings: &Settings) -> String {
    format!("{}{}", text::cut(whole, room(settings, id)), marker(settings, id))
}

/// Splits a text at its last marker: what is before it, the GHL task that it names, what is behind it.
fn split(details: &str) -> Option<(&str, &str, &str)> {
    let (before, id, behind) = marked_with(details, "[ghl:t:")?;
    let late = crate::mutants::is_on(Mutant::MarkerOnlyAtTheEnd) && !behind.trim().is_empty();
    (!late).then_some((before, id, behind))
}

/// The GHL task id that a text's last marker names, wherever in the text it stands.
pub fn marked(details: &str) -> Option<&str> {
    split(details).map(|(_, id, _)| id)
}

/// A task's text as a person reads it: without its marker, and with what is behind that.
pub fn told(details: &str) -> String {
    match split(details) {
        Some((before, _, behind)) => text::one_line(&format!("{before} {behind}")),
        None => text::one_line(details),
    }
}

/// A task's text as far as it is ours: up to its marker.
pub fn unmarked(details: &str) -> String {
    split(details).map_or(details, |(before, _, _)| before).trim_end().to_owned()
}

/// Whether a text ends with its marker, or has none: nobody has added to it.
pub fn ends_with_marker(details: &str) -> bool {
    split(details).is_none_or(|(_, _, behind)| behind.trim().is_empty())
}

/// A task's text without its marker: what stands around it stays.
pub fn without_marker(details: &str) -> String {
    match split(details) {
        Some((before, _, behind)) => format!("{}{behind}", before.trim_end()),
        None => details.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::settings::Users;
    use crate::named::Named;

    fn users(default: Option<&str>) -> UserMap {
        let settings = Users { default_assignee: default.map(Into::into), ..Users::default() };
        UserMap::new(Named::default(), &settings, Vec::new())
    }

    fn map(json: &str, settings: &Settings) -> Result<Mapped, String> {
        let record: Task<'_> = crate::record::read(json).unwrap();
        let (mapped, refusal) = task(&record, settings, &users(Some("team@example.com")), |_| -300);
        refusal.map_or(Ok(mapped), Err)
    }

    #[test]
    fn title_and_body_share_one_line_with_a_marker() {
        let mapped = map(
            r#"{"id":"T1","title":" Call  Ada ","body":"<p>about<br>renewal</p>","dueDate":"2026-03-01T02:30:00Z","completed":false}"#,
            &Settings::default(),
        )
        .unwrap();
        assert_eq!(mapped.fields["task_details"], "Call Ada - about renewal");
        let text = written("Call Ada - about renewal", "T1", &Settings::default());
        assert_eq!(text, "Call Ada - about renewal [ghl:t:T1]");
        assert_eq!(mapped.fields["due_date"], "2026-02-28", "the day in the location's zone");
        assert_eq!(mapped.fields["completed"], false);
        assert_eq!(marked(&text), Some("T1"));
        assert_eq!(marked("x [ghl:t:T1] and a word of a person"), Some("T1"));
        assert_eq!(unmarked("x [ghl:t:T1] and more"), "x");
        assert_eq!(without_marker("x [ghl:t:T1] and more"), "x and more");
    }

    #[test]
    fn a_task_from_chartmogul_says_in_ghl_what_it_says_there() {
        let settings = Settings::default();
        let body = body_in_ghl("t-1", &settings).unwrap();
        let read = |body: &str| {
            let json = serde_json::json!({"id": "T1", "title": "Call", "body": body, "dueDate": "2026-03-01"});
            let json = json.to_string();
            let record: Task<'_> = crate::record::read(&json).unwrap();
            let details = map(&json, &settings).unwrap().fields["task_details"].clone();
            (details, origin(&record), is_one_text(&record, &settings))
        };
        assert_eq!(read(&body), ("Call".into(), Some("t-1".to_owned()), true));
        assert_eq!(read(""), ("Call".into(), None, true));
        let more = read(&format!("<p>{body}</p><p>ask for Ada</p>"));
        assert_eq!(more, ("Call - ask for Ada".into(), Some("t-1".to_owned()), false));
        assert!(!read(&"long ".repeat(60)).2);
        assert_eq!(told("x [ghl:t:T1] and more"), "x and more");
    }

    #[test]
    fn a_day_without_a_time_stays_that_day() {
        for (due, right) in [
            ("2026-12-31", "2026-12-31"),
            (" 2026-01-01 ", "2026-01-01"),
            ("2026-12-31T00:00:00Z", "2026-12-30"),
            ("2026-12-31 00:00:00", "2026-12-31"),
        ] {
            let json = format!(r#"{{"id":"T","title":"x","dueDate":"{due}"}}"#);
            let mapped = map(&json, &Settings::default()).unwrap();
            assert_eq!(mapped.fields["due_date"], right, "{due}");
        }
    }

    #[test]
    fn long_tasks_fit_255_characters_and_say_so() {
        for settings in
            [Settings::default(), Settings { marker: Marker::None, ..Settings::default() }]
        {
            let json = format!(
                r#"{{"id":"T1","title":"{}","dueDate":"2026-03-01"}}"#,
                "字 word ".repeat(60)
            );
            let mapped = map(&json, &settings).unwrap();
            let details = mapped.fields["task_details"].as_str().unwrap();
            let details = written(details, "T1", &settings);
            assert!(details.chars().count() <= 255 && details.contains('…'), "{details}");
            assert_eq!(mapped.problems.len(), 1);
            let record: Task<'_> = crate::record::read(&json).unwrap();
            assert_eq!(overflow(&record, &settings), None);
            let noted = Settings { long_tasks: LongTasks::Note, ..settings };
            assert!(overflow(&record, &noted).unwrap().chars().count() > 255);
        }
    }

    #[test]
    fn what_chartmogul_requires_is_named_when_missing() {
        let record: Task<'_> =
            crate::record::read(r#"{"id":"T","title":"x","dueDate":"2026-03-01"}"#).unwrap();
        let (mapped, refusal) = task(&record, &Settings::default(), &users(None), |_| 0);
        assert!(refusal.unwrap().contains("defaultAssignee"));
        assert_eq!(mapped.fields["due_date"], "2026-03-01", "what it has is there");
        assert_eq!(mapped.fields.get("assignee"), None);
        assert!(
            map(r#"{"id":"T","title":"x","dueDate":"soon"}"#, &Settings::default())
                .unwrap_err()
                .contains("due date")
        );
    }
}
