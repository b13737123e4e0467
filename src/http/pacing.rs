//! Keeps below a service's rate limit: a sliding window, learned from GHL's headers or fixed, and
//! the day's quota. Time comes in as an argument.

use std::collections::VecDeque;

use super::profile::Limits;
use crate::host::Response;
use crate::records;

records! {
    /// The day's quota of calls, as the service last told it.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    whole pub struct Quota {
        /// Calls a day, where the service says so.
        pub limit: Option<u64> = "limit";
        /// Calls left until the reset.
        pub remaining: u64 = "remaining";
        /// When the day's count starts again, in milliseconds since 1970-01-01 UTC.
        pub resets_at_ms: u64 = "resetsAtMs";
    }
}

/// The state of one service's limit.
#[derive(Debug)]
pub(super) struct Pacing {
    /// Requests allowed in an interval.
    most: u64,
    interval_ms: u64,
    /// Requests go out at most this many times faster than the limit's mean rate.
    burst: u64,
    /// Whether answers tell the limit.
    told: bool,
    /// Sends of about the last two intervals, oldest first.
    sends: VecDeque<Send>,
    /// When the last request went out.
    last_sent_ms: Option<u64>,
    /// Requests that other programs have made in the window, as far as answers tell.
    others: u64,
    others_until_ms: u64,
    /// Nothing goes out before this.
    blocked_until_ms: u64,
    /// The shortest time that an answer has taken.
    quickest_ms: u64,
    quota: Option<Quota>,
    /// Tickets of the calls that wait for their turn, in order.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Send {
    ticket: u64,
    counted_ms: u64,
}

/// Longest interval believed.
const DAY_MS: u64 = 86_400_000;

impl Pacing {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            most: limits.requests,
            interval_ms: limits.interval_ms,
            burst: limits.burst,
            told: limits.told,
            sends: VecDeque::new(),
            last_sent_ms: None,
            others: 0,
            others_until_ms: 0,
            blocked_until_ms: 0,
            quickest_ms: u64::MAX,
            quota: None,
            queue: VecDeque::new(),
            next_ticket: 0,
        }
    }

    /// Takes a place at the end of the queue.
    pub(super) fn join(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.queue.push_back(ticket);
        ticket
    }

    /// Gives the place up; later calls move on.
    pub(super) fn leave(&mut self, ticket: u64) {
        self.queue.retain(|waiting| *waiting != ticket);
    }

    /// How long this call has to wait yet, as far as is known now; 0 when it is its turn.
    pub(super) fn delay_ms(&self, ticket: u64, now: u64) -> u64 {
        let place = self.queue.iter().position(|waiting| *waiting == ticket).unwrap_or(0);
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        let gap = self.interval_ms / (self.most * self.burst).max(1);
        let spaced = self.last_sent_ms.map_or(0, |last| last + gap);
        let ready = spaced.saturating_add(gap.saturating_mul(place)).max(self.blocked_until_ms);
        let delay = ready.saturating_sub(now).max(self.window_delay_ms(place, now));
        delay.max(place.min(1))
    }

    /// The wait until the window has room for this call and the ones before it.
    fn window_delay_ms(&self, before: u64, now: u64) -> u64 {
        let others = if now < self.others_until_ms { self.others } else { 0 };
        let room = self.most.saturating_sub(others);
        // In order from the start: they are few, and come nearly so.
        let mut ends: Vec<u64> = Vec::new();
        for end in self.running(now).map(|send| self.end(send)) {
            ends.insert(ends.partition_point(|known| *known <= end), end);
        }
        let used = u64::try_from(ends.len()).unwrap_or(u64::MAX);
        let Some(excess) = (used.saturating_add(before) + 1).checked_sub(room + 1) else {
            return 0;
        };
        let freed = usize::try_from(excess).ok().and_then(|excess| ends.get(excess).copied());
        let freed = freed.unwrap_or(now + self.window_ms());
        let freed = if others > 0 { freed.min(self.others_until_ms) } else { freed };
        freed.saturating_sub(now).max(1)
    }

    /// Notes that this call's request goes out now.
    pub(super) fn sent(&mut self, ticket: u64, now: u64) {
        self.leave(ticket);
        let old = now.saturating_sub(2 * self.window_ms());
        while self.sends.front().is_some_and(|send| send.counted_ms < old) {
            self.sends.pop_front();
        }
        self.sends.push_back(Send { ticket, counted_ms: now });
        self.last_sent_ms = Some(now);
        if let Some(quota) = &mut self.quota {
            quota.remaining = quota.remaining.saturating_sub(1);
        }
    }

    /// Learns from an answer to the request that went out at `sent_ms`.
    pub(super) fn answered(&mut self, ticket: u64, sent_ms: u64, now: u64, response: &Response) {
        let took = now.saturating_sub(sent_ms);
        self.quickest_ms = self.quickest_ms.min(took);
        // A late answer may mean a late arrival there: the send counts for somewhat longer.
        let late = (took - self.quickest_ms).min(self.interval_ms / 125);
        if let Some(send) = self.sends.iter_mut().find(|send| send.ticket == ticket) {
            send.counted_ms = sent_ms + late;
        }
        if !self.told {
            return;
        }
        let number = |name: &str| response.header(name)?.trim().parse::<u64>().ok();
        if let Some(most) = number("x-ratelimit-max").filter(|most| *most > 0) {
            self.most = most;
        }
        let interval = number("x-ratelimit-interval-milliseconds");
        if let Some(interval) = interval.filter(|interval| (1..=DAY_MS).contains(interval)) {
            self.interval_ms = interval;
        }
        if let Some(remaining) = number("x-ratelimit-remaining").filter(|_| took < self.interval_ms)
        {
            let ours = self.sends.iter().filter(|send| self.end(send) > sent_ms).count();
            let used = self.most.saturating_sub(remaining);
            self.others = used.saturating_sub(u64::try_from(ours).unwrap_or(u64::MAX));
            self.others_until_ms = now + self.window_ms();
        }
        if let Some(remaining) = number("x-ratelimit-daily-remaining") {
            // Without a reset, the day of UTC is the best guess.
            let reset = number("x-ratelimit-daily-reset").unwrap_or(DAY_MS - now % DAY_MS);
            // Requests still under way are not in the answer's count, but in ours.
            let ours = self.quota.filter(|quota| now < quota.resets_at_ms);
            self.quota = Some(Quota {
                limit: number("x-ratelimit-limit-daily"),
                remaining: ours.map_or(remaining, |quota| quota.remaining.min(remaining)),
                resets_at_ms: now.saturating_add(reset),
            });
        }
    }

    /// Takes in that a request was refused for its rate. Gives the wait until the limit's window
    /// must have passed: the rest of our own where we have filled it, a whole one where others have.
    pub(super) fn refused(&mut self, now: u64) -> u64 {
        let filled = u64::try_from(self.running(now).count()).is_ok_and(|used| used >= self.most);
        let first = self.running(now).map(|send| self.end(send)).min().filter(|_| filled);
        let until = first.unwrap_or(now + self.window_ms());
        self.blocked_until_ms = self.blocked_until_ms.max(until);
        self.blocked_until_ms.saturating_sub(now)
    }

    /// The wait until the day's quota starts again, while there is none left.
    pub(super) fn exhausted_ms(&self, now: u64) -> Option<u64> {
        let quota = self.quota.filter(|quota| quota.remaining == 0)?;
        quota.resets_at_ms.checked_sub(now).filter(|rest| *rest > 0)
    }

    /// The day's quota, where the service tells it.
    pub(super) const fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// The interval and a hundredth: clocks and travel times differ.
    const fn window_ms(&self) -> u64 {
        self.interval_ms + self.interval_ms / 100
    }

    const fn end(&self, send: &Send) -> u64 {
        send.counted_ms + self.window_ms()
    }

    fn running(&self, now: u64) -> impl Iterator<Item = &Send> {
        self.sends.iter().filter(move |send| self.end(send) > now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::of;
    use super::*;
    use crate::error::Service;

    const START: u64 = 1_800_000_000_000;

    fn answer(headers: &[(&str, u64)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
        Response { status: 200, headers: headers.collect(), body: Vec::new() }
    }

    /// Sends as fast as allowed, each answered at once by a server that counts; gives the times.
    fn flood(
        pacing: &mut Pacing,
        count: usize,
        respond: &mut dyn FnMut(u64) -> Response,
    ) -> Vec<u64> {
        let mut now = START;
        let mut times = Vec::new();
        while times.len() < count {
            let ticket = pacing.join();
            while pacing.delay_ms(ticket, now) > 0 {
                now += pacing.delay_ms(ticket, now);
            }
            pacing.sent(ticket, now);
            pacing.answered(ticket, now, now, &respond(now));
            times.push(now);
        }
        times
    }

    fn most_in_any(times: &[u64], interval: u64) -> usize {
        let within =
            |start: u64| times.iter().filter(move |t| (start..start + interval).contains(*t));
        times.iter().map(|start| within(*start).count()).max().unwrap_or(0)
    }

    /// How many times as long as the limit allows.
    fn slowness(times: &[u64], most: u64, interval: u64) -> f64 {
        let took = (times[times.len() - 1] - times[0]) as f64;
        took / (times.len() as f64 / most as f64 * interval as f64)
    }

    #[test]
    fn chartmoguls_limit_is_reached_and_never_exceeded() {
        let mut pacing = Pacing::new(&of(Service::Chartmogul).limits);
        let times = flood(&mut pacing, 4_000, &mut |_| answer(&[]));
        assert_eq!(most_in_any(&times, 1_000), 40);
        assert!(slowness(&times, 40, 1_000) < 1.02, "{}", slowness(&times, 40, 1_000));
    }

    #[test]
    fn ghls_limit_is_learned_reached_and_never_exceeded() {
        for most in [25, 100, 7] {
            let mut pacing = Pacing::new(&of(Service::Ghl).limits);
            let mut sent: Vec<u64> = Vec::new();
            let times = flood(&mut pacing, 3_000, &mut |now| {
                sent.push(now);
                let used = sent.iter().rev().take_while(|at| now - **at < 10_000).count() as u64;
                answer(&[
                    ("x-ratelimit-max", most),
                    ("x-ratelimit-remaining", most.saturating_sub(used)),
                    ("x-ratelimit-interval-milliseconds", 10_000),
                ])
            });
            assert_eq!(most_in_any(&times, 10_000), most as usize);
            assert!(slowness(&times, most, 10_000) < 1.02, "{}", slowness(&times, most, 10_000));
        }
    }

    #[test]
    fn before_the_first_answer_there_is_no_great_burst() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let tickets: Vec<u64> = (0..100).map(|_| pacing.join()).collect();
        let mut times = Vec::new();
        for now in START..START + 30_000 {
            if let Some(ticket) = tickets.get(times.len())
                && pacing.delay_ms(*ticket, now) == 0
            {
                pacing.sent(*ticket, now);
                times.push(now);
            }
        }
        assert_eq!(most_in_any(&times, 10_000), 25);
        assert_eq!(most_in_any(&times, 500), 5);
    }

    #[test]
    fn other_programs_share_is_left_to_them() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        // Others always hold 15 of 25.
        let mut sent: Vec<u64> = Vec::new();
        let times = flood(&mut pacing, 200, &mut |now| {
            sent.push(now);
            let used = 15 + sent.iter().filter(|at| now - **at < 10_000).count() as u64;
            answer(&[("x-ratelimit-max", 25), ("x-ratelimit-remaining", 25 - used.min(25))])
        });
        assert!(most_in_any(&times, 10_000) <= 10);
        assert!(slowness(&times, 10, 10_000) < 1.02);
    }

    #[test]
    fn places_in_the_queue_are_kept_and_given_up() {
        let mut pacing = Pacing::new(&of(Service::Chartmogul).limits);
        let (first, second, third) = (pacing.join(), pacing.join(), pacing.join());
        assert_eq!(pacing.delay_ms(first, START), 0);
        assert!(pacing.delay_ms(second, START) > 0);
        pacing.leave(first);
        assert_eq!(pacing.delay_ms(second, START), 0);
        assert!(pacing.delay_ms(third, START) > 0);
        pacing.sent(second, START);
        assert!(pacing.delay_ms(third, START) >= 12);
    }

    #[test]
    fn a_refusal_stops_all_for_the_windows_rest() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let ticket = pacing.join();
        pacing.sent(ticket, START);
        // Only one of ours: others have filled the window, whose begin nobody knows.
        assert_eq!(pacing.refused(START + 10), 10_100);
        let next = pacing.join();
        assert_eq!(pacing.delay_ms(next, START + 10), 10_100);

        let mut pacing = Pacing::new(&of(Service::Chartmogul).limits);
        flood(&mut pacing, 40, &mut |_| answer(&[]));
        let now = START + 500;
        assert_eq!(pacing.refused(now), 510, "our own first send makes room");
    }

    #[test]
    fn the_days_quota_ends_and_comes_back() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let ticket = pacing.join();
        pacing.sent(ticket, START);
        pacing.answered(
            ticket,
            START,
            START + 50,
            &answer(&[
                ("x-ratelimit-limit-daily", 10_000),
                ("x-ratelimit-daily-remaining", 0),
                ("x-ratelimit-daily-reset", 5_000),
            ]),
        );
        let resets_at_ms = START + 5_050;
        let quota = Quota { limit: Some(10_000), remaining: 0, resets_at_ms };
        assert_eq!(pacing.quota(), Some(quota));
        assert_eq!(pacing.exhausted_ms(START + 1_050), Some(4_000));
        assert_eq!(pacing.exhausted_ms(resets_at_ms), None);
    }

    #[test]
    fn senseless_headers_are_ignored() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let ticket = pacing.join();
        pacing.sent(ticket, START);
        let mut response =
            answer(&[("x-ratelimit-max", 0), ("x-ratelimit-interval-milliseconds", 0)]);
        response.headers.push(("x-ratelimit-remaining".to_owned(), "NaN".to_owned()));
        pacing.answered(ticket, START, START, &response);
        assert_eq!((pacing.most, pacing.interval_ms, pacing.others), (25, 10_000, 0));
    }
}
