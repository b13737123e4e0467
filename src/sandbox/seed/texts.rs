//! Texts of notes and tasks as people write and paste them.

use crate::sandbox::random::Random;

/// A note's body: plain, HTML of several editors, long, empty but for its tags.
pub(super) fn note(random: &mut Random) -> String {
    match random.below(12) {
        0 => "<p>Spoke with the client about the <strong>Q3 renewal</strong>.</p><ul><li>Wants 10&nbsp;seats</li><li>Budget &lt; $5,000 &amp; falling</li></ul>".into(),
        1 => "<div>Sent the proposal: <a href=\"https://example.com/p?id=1&amp;x=2\">proposal.pdf</a><br>Waiting for an answer.</div>".into(),
        2 => "Left a voicemail.\nWill try again on Monday.\r\n\r\n-- sent from my phone".into(),
        3 => "Kunde möchte erst im Januar entscheiden – bitte nicht anrufen!".into(),
        4 => "お客様は来月の更新を希望。請求書はメールで。".into(),
        5 => "العميل مهتم بالخطة السنوية، يرجى الاتصال غدًا.".into(),
        6 => "🎉 Closed! 🎉 Family plan, 👨‍👩‍👧‍👦 four seats, paid by card.".into(),
        7 => long(random),
        8 => "<p></p><p>&nbsp;</p>".into(),
        9 => "<table><tr><td>Plan</td><td>Pro</td></tr><tr><td>Seats</td><td>25</td></tr></table><script>track()</script>".into(),
        10 => "a < b && c > d; \"quoted\" \\ back\\slash\ttab".into(),
        _ => format!("Follow-up call no. {}: asked for an invoice copy.", 1 + random.below(9)),
    }
}

/// Several thousand characters, as a pasted e-mail thread is.
fn long(random: &mut Random) -> String {
    let mut text = String::from("<p>Forwarded thread:</p>");
    for line in 0..40 + random.below(40) {
        text.push_str(&format!(
            "<blockquote>&gt; {line}: On Tuesday we agreed that the migration starts after the holidays, with naïve data first.</blockquote>"
        ));
    }
    text
}

/// A task's title; some are longer than the 255 characters that ChartMogul takes.
pub(super) fn task_title(random: &mut Random) -> String {
    match random.below(9) {
        0 => "Call back".into(),
        1 => "Send contract to the customer & file the signed copy".into(),
        2 => "📞 Rückruf wegen Angebot".into(),
        3 => "契約書を確認する".into(),
        4 => format!(
            "Prepare the onboarding: {}",
            "collect the logins, import the contact list, check the duplicates, write to the owner, ".repeat(4)
        ),
        5 => "Quote \"special\" pricing < 10 %".into(),
        6 => format!("Renewal no. {}", 1 + random.below(99)),
        _ => format!("Follow up #{}", 1 + random.below(20)),
    }
}

/// A task's body, where it has one.
pub(super) fn task_body(random: &mut Random) -> Option<String> {
    match random.below(4) {
        0 => Some("<p>Use the <em>new</em> price list.</p>".into()),
        1 => Some("Ask for the purchase order number.\nSecond line.".into()),
        2 => Some("See the note of last week. ".repeat(30).trim().to_owned()),
        _ => None,
    }
}
