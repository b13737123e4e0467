//! Keeps below a service's rate limit: a sliding window, learned from GHL's headers or fixed, and
//! the day's quota. Time comes in as an argument: milliseconds that never go back.

use std::collections::VecDeque;

use super::profile::Limits;
use crate::host::Response;
use crate::records;

records! {
    /// The day's quota of calls, as the service last told it.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
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
    /// This process may use the limit's part of one by this number.
    divisor: u64,
    /// Whether it leaves one request where all parts together would leave none.
    leaves_one: bool,
    /// Requests go out at most this many times faster than the limit's mean rate.
    burst: u64,
    /// Requests that may go out without that spacing.
    at_once: u64,
    /// Whether answers tell the limit.
    told: bool,
    /// What is known of the limit so far.
    known: Known,
    /// Until then every request is spaced: others use the limit too.
    spaced_until_ms: u64,
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
    /// When the quota starts again by the clock that never goes back.
    quota_resets_ms: u64,
    /// Tickets of the calls that wait for their turn, in order.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

/// What is known of a limit that answers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// No answer yet.
    Nothing,
    /// There were answers, and none told it.
    Untold,
    /// It is known.
    Told,
}

#[derive(Debug)]
struct Send {
    ticket: u64,
    counted_ms: u64,
}

/// The present by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instants {
    /// Milliseconds that never go back.
    pub(super) monotonic: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub(super) wall: u64,
}

/// Longest interval believed.
pub(super) const DAY_MS: u64 = 86_400_000;

impl Pacing {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            most: limits.requests,
            interval_ms: limits.interval_ms,
            divisor: 1,
            leaves_one: false,
            burst: limits.burst,
            at_once: limits.at_once,
            known: Known::Nothing,
            spaced_until_ms: 0,
            told: limits.told,
            sends: VecDeque::new(),
            last_sent_ms: None,
            others: 0,
            others_until_ms: 0,
            blocked_until_ms: 0,
            quickest_ms: u64::MAX,
            quota: None,
            quota_resets_ms: 0,
            queue: VecDeque::new(),
            next_ticket: 0,
        }
    }

    /// From now on this process uses the limit's part of one by this number; it may leave one request where
    /// all such parts together would leave none.
    pub(super) const fn divide(&mut self, divisor: u64, leaves_one: bool) {
        self.divisor = divisor;
        self.leaves_one = leaves_one;
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
        let gap = self.interval() / (self.part(self.most) * self.burst).max(1);
        let ready = if self.may_go_at_once(place, now) {
            self.blocked_until_ms
        } else {
            // The first of the queue goes now at the earliest: it may wait for another to be answered.
            let spaced = self.last_sent_ms.map_or(0, |last| last + gap).max(now);
            spaced.saturating_add(gap.saturating_mul(place)).max(self.blocked_until_ms)
        };
        let delay = ready.saturating_sub(now).max(self.window_delay_ms(place, now));
        delay.max(place.min(1))
    }

    /// Whether a request with so many before it needs no spacing.
    fn may_go_at_once(&self, before: u64, now: u64) -> bool {
        let used = u64::try_from(self.running(now).count()).unwrap_or(u64::MAX);
        now >= self.spaced_until_ms && used.saturating_add(before) < self.at_once
    }

    /// Requests allowed in an interval, as far as is known.
    fn allowed(&self) -> u64 {
        let cautious = self.told && self.known == Known::Nothing;
        self.part(if cautious { self.most.min(self.at_once) } else { self.most })
    }

    /// This process's part of a number of requests: one at least.
    fn part(&self, requests: u64) -> u64 {
        let left = u64::from(self.leaves_one && requests.is_multiple_of(self.divisor));
        (requests / self.divisor).saturating_sub(left).max(1)
    }

    /// The interval; a longer one where less than one request in it is this process's part.
    fn interval(&self) -> u64 {
        self.interval_ms.max(self.interval_ms * self.divisor / self.most.max(1))
    }

    /// The wait until the window has room for this call and the ones before it.
    fn window_delay_ms(&self, before: u64, now: u64) -> u64 {
        let others = if now < self.others_until_ms { self.others } else { 0 };
        let room = self.allowed().saturating_sub(others);
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
    pub(super) fn answered(
        &mut self,
        ticket: u64,
        sent_ms: u64,
        at: Instants,
        response: &Response,
    ) {
        let now = at.monotonic;
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
            self.known = Known::Told;
        } else if self.known == Known::Nothing {
            self.known = Known::Untold;
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
            if self.others > 0 {
                self.spaced_until_ms = self.others_until_ms;
            }
        }
        if let Some(remaining) = number("x-ratelimit-daily-remaining") {
            // Without a reset, the day of UTC is the best guess.
            let reset = number("x-ratelimit-daily-reset").unwrap_or(DAY_MS - at.wall % DAY_MS);
            // Requests still under way are not in the answer's count, but in ours.
            let ours = self.quota.filter(|_| self.quota_rest_ms(at) > 0);
            self.quota = Some(Quota {
                limit: number("x-ratelimit-limit-daily"),
                remaining: ours.map_or(remaining, |quota| quota.remaining.min(remaining)),
                resets_at_ms: at.wall.saturating_add(reset),
            });
            self.quota_resets_ms = now.saturating_add(reset);
        }
    }

    /// Takes in that a request was refused for its rate. Gives the wait until the limit's window
    /// must have passed: the rest of our own where we have filled it, a whole one where others have.
    pub(super) fn refused(&mut self, now: u64) -> u64 {
        let most = self.part(self.most);
        let filled = u64::try_from(self.running(now).count()).is_ok_and(|used| used >= most);
        let first = self.running(now).map(|send| self.end(send)).min().filter(|_| filled);
        let until = first.unwrap_or(now + self.window_ms());
        self.blocked_until_ms = self.blocked_until_ms.max(until);
        // Whoever else has filled it waits for the same moment.
        self.spaced_until_ms = self.blocked_until_ms + self.window_ms();
        if self.told && self.known != Known::Told {
            self.most = self.most.min(self.at_once);
        }
        self.blocked_until_ms.saturating_sub(now)
    }

    /// The wait until the daily quota resets, if it is used up.
    pub(super) fn exhausted_ms(&self, now: Instants) -> Option<u64> {
        self.quota.filter(|quota| quota.remaining == 0)?;
        Some(self.quota_rest_ms(now)).filter(|rest| *rest > 0)
    }

    /// The wait until the quota starts again, by whichever clock comes there first: one may have been
    /// set back, and the other may stand still while its machine sleeps.
    fn quota_rest_ms(&self, now: Instants) -> u64 {
        let by_wall = self.quota.map_or(0, |quota| quota.resets_at_ms.saturating_sub(now.wall));
        by_wall.min(self.quota_resets_ms.saturating_sub(now.monotonic))
    }

    /// The day's quota, where the service tells it.
    pub(super) const fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// The interval and a hundredth: clocks and travel times differ.
    fn window_ms(&self) -> u64 {
        self.interval() + self.interval() / 100
    }

    fn end(&self, send: &Send) -> u64 {
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

    fn at(now: u64) -> Instants {
        Instants { monotonic: now, wall: now }
    }

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
            pacing.answered(ticket, now, at(now), &respond(now));
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

    /// The times at which waiting calls go out, `answers` of the first of them answered 80 ms later.
    fn times_of_waiting(
        pacing: &mut Pacing,
        calls: usize,
        answers: usize,
        headers: &[(&str, u64)],
    ) -> Vec<u64> {
        let tickets: Vec<u64> = (0..calls).map(|_| pacing.join()).collect();
        let mut times: Vec<u64> = Vec::new();
        let mut answered = 0;
        for now in START..START + 60_000 {
            while answered < answers.min(times.len()) && times[answered] + 80 <= now {
                pacing.answered(tickets[answered], times[answered], at(now), &answer(headers));
                answered += 1;
            }
            while times.len() < calls && pacing.delay_ms(tickets[times.len()], now) == 0 {
                pacing.sent(tickets[times.len()], now);
                times.push(now);
            }
        }
        times
    }

    #[test]
    fn the_first_calls_go_out_at_once_and_no_more_before_an_answer() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let times = times_of_waiting(&mut pacing, 100, 0, &[]);
        assert_eq!(times[24], START);
        assert_eq!(most_in_any(&times, 10_000), 25);
    }

    #[test]
    fn the_documented_limit_is_used_where_answers_tell_none() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let times = times_of_waiting(&mut pacing, 150, 150, &[]);
        assert_eq!(times[24], START);
        // The rest of the window, spaced from the first answer on.
        assert_eq!((times[25], times[99]), (START + 80, START + 80 + 74 * 25));
        assert_eq!(most_in_any(&times, 10_000), 100);
    }

    #[test]
    fn a_smaller_limit_and_what_others_use_hold_from_the_first_answer_on() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let trial = [("x-ratelimit-max", 25), ("x-ratelimit-remaining", 24)];
        let times = times_of_waiting(&mut pacing, 60, 60, &trial);
        assert_eq!(most_in_any(&times, 10_000), 25);

        // Others have used 60 of 100: 15 are left beside our 25, and they are spaced.
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let shared = [("x-ratelimit-max", 100), ("x-ratelimit-remaining", 15)];
        let times = times_of_waiting(&mut pacing, 60, 25, &shared);
        assert_eq!(times.iter().filter(|time| **time < START + 10_000).count(), 40);
        assert!(times[25..40].windows(2).all(|pair| pair[1] - pair[0] >= 25), "{times:?}");
    }

    #[test]
    fn after_a_refusal_nothing_goes_out_at_once() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let ticket = pacing.join();
        pacing.sent(ticket, START);
        pacing.answered(ticket, START, at(START + 10), &answer(&[]));
        let until = START + 10 + pacing.refused(START + 10);
        let tickets: Vec<u64> = (0..30).map(|_| pacing.join()).collect();
        let mut times = Vec::new();
        for now in START..until + 20_000 {
            if times.len() < 30 && pacing.delay_ms(tickets[times.len()], now) == 0 {
                pacing.sent(tickets[times.len()], now);
                times.push(now);
            }
        }
        assert_eq!(times[0], until);
        assert!(times[..25].windows(2).all(|pair| pair[1] - pair[0] >= 100), "{times:?}");
        assert_eq!(
            most_in_any(&times, 10_000),
            25,
            "a limit that nobody told is taken for the smallest"
        );
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
            at(START + 50),
            &answer(&[
                ("x-ratelimit-limit-daily", 10_000),
                ("x-ratelimit-daily-remaining", 0),
                ("x-ratelimit-daily-reset", 5_000),
            ]),
        );
        let resets_at_ms = START + 5_050;
        let quota = Quota { limit: Some(10_000), remaining: 0, resets_at_ms };
        assert_eq!(pacing.quota(), Some(quota));
        assert_eq!(pacing.exhausted_ms(at(START + 1_050)), Some(4_000));
        assert_eq!(pacing.exhausted_ms(at(resets_at_ms)), None);
        // A clock set back by an hour, and a machine that slept.
        let set_back = Instants { monotonic: resets_at_ms, wall: resets_at_ms - 3_600_000 };
        assert_eq!(pacing.exhausted_ms(set_back), None);
        let slept = Instants { monotonic: START + 60, wall: resets_at_ms + 1 };
        assert_eq!(pacing.exhausted_ms(slept), None);
    }

    #[test]
    fn senseless_headers_are_ignored() {
        let mut pacing = Pacing::new(&of(Service::Ghl).limits);
        let ticket = pacing.join();
        pacing.sent(ticket, START);
        let mut response =
            answer(&[("x-ratelimit-max", 0), ("x-ratelimit-interval-milliseconds", 0)]);
        response.headers.push(("x-ratelimit-remaining".to_owned(), "NaN".to_owned()));
        pacing.answered(ticket, START, at(START), &response);
        assert_eq!((pacing.most, pacing.interval_ms, pacing.others), (100, 10_000, 0));
    }
}
