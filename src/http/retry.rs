//! Whether to send again, and when: pure decisions, and the budget that all calls of a client share.

use super::failure::FailureKind;
use crate::endpoint::RetryClass;

/// What a failure suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAction {
    /// A later try would end the same way.
    NoActionIndicated,
    /// A later try may succeed.
    RetryIndicated(RetryReason),
    /// A later try could do the work twice.
    RetryForbidden,
}

/// Why a later try may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryReason {
    /// Too many requests.
    Throttled,
    /// The service could not be reached.
    NotSent,
    /// The answer was lost or unreadable.
    Lost,
    /// The service failed; some bad input always makes it fail.
    ServerError,
    /// Something between answered; a firewall's rule always does so.
    Intercepted,
}

impl RetryReason {
    /// The reason in events.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Throttled => "too many requests",
            Self::NotSent => "not reached",
            Self::Lost => "no readable answer",
            Self::ServerError => "server error",
            Self::Intercepted => "answered by a proxy",
        }
    }

    /// Most tries of one call, the first included.
    const fn attempts(self) -> u32 {
        match self {
            Self::Throttled => 8,
            Self::NotSent | Self::Lost => 5,
            Self::ServerError | Self::Intercepted => 3,
        }
    }

    /// What a retry takes from the budget. Waiting out a limit costs the service nothing.
    const fn cost(self) -> u32 {
        match self {
            Self::Throttled => 0,
            Self::NotSent | Self::ServerError | Self::Intercepted => 5,
            Self::Lost => 10,
        }
    }
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShouldAttempt {
    /// Not again.
    No,
    /// Again after so many milliseconds.
    YesAfterDelay(u64),
}

/// Longest wait that a service may ask for and get; beyond it the caller decides.
const LONGEST_WAIT_MS: u64 = 60_000;
const FIRST_BACKOFF_MS: u64 = 400;
const LONGEST_BACKOFF_MS: u64 = 20_000;

/// What a failure suggests for a request of this class.
pub(super) const fn classify(class: RetryClass, kind: FailureKind) -> RetryAction {
    let reason = match kind {
        FailureKind::Final | FailureKind::Unrouted => return RetryAction::NoActionIndicated,
        FailureKind::Throttled => RetryReason::Throttled,
        FailureKind::NotSent => RetryReason::NotSent,
        FailureKind::Lost => RetryReason::Lost,
        FailureKind::ServerError => RetryReason::ServerError,
        FailureKind::Intercepted => RetryReason::Intercepted,
    };
    match (class, reason) {
        (
            RetryClass::Create,
            RetryReason::Lost | RetryReason::ServerError | RetryReason::Intercepted,
        ) => RetryAction::RetryForbidden,
        _ => RetryAction::RetryIndicated(reason),
    }
}

/// A token bucket: each retry takes some, each success gives one back. When a service is down it
/// runs dry, and calls fail at once instead of adding to the load.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: u32,
}

impl Budget {
    const CAPACITY: u32 = 500;

    pub(super) const fn new() -> Self {
        Self { tokens: Self::CAPACITY }
    }

    /// Gives one token back.
    pub(super) fn succeeded(&mut self) {
        self.tokens = (self.tokens + 1).min(Self::CAPACITY);
    }

    /// Decides on try number `attempt` (from 1) that has failed. `random` is in 0..1; `asked_ms`
    /// is what the service or its limit asks to wait at least.
    pub(super) fn decide(
        &mut self,
        reason: RetryReason,
        attempt: u32,
        random: f64,
        asked_ms: u64,
    ) -> ShouldAttempt {
        if attempt >= reason.attempts() || asked_ms > LONGEST_WAIT_MS {
            return ShouldAttempt::No;
        }
        let Some(left) = self.tokens.checked_sub(reason.cost()) else {
            return ShouldAttempt::No;
        };
        self.tokens = left;
        ShouldAttempt::YesAfterDelay(asked_ms.saturating_add(backoff_ms(attempt, random)))
    }
}

/// Full jitter: anything up to a ceiling that doubles.
fn backoff_ms(attempt: u32, random: f64) -> u64 {
    let doubled = FIRST_BACKOFF_MS.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let ceiling = u32::try_from(doubled.min(LONGEST_BACKOFF_MS)).unwrap_or(u32::MAX);
    // Not negative and at most the ceiling: `random` is clamped.
    (f64::from(ceiling) * random.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_create_is_resent_only_where_nothing_happened() {
        use FailureKind::{Final, Intercepted, Lost, NotSent, ServerError, Throttled, Unrouted};
        use RetryAction::{NoActionIndicated, RetryForbidden, RetryIndicated};
        let table = [
            (Throttled, RetryIndicated(RetryReason::Throttled)),
            (NotSent, RetryIndicated(RetryReason::NotSent)),
            (Lost, RetryForbidden),
            (ServerError, RetryForbidden),
            (Intercepted, RetryForbidden),
            (Unrouted, NoActionIndicated),
            (Final, NoActionIndicated),
        ];
        for (kind, action) in table {
            assert_eq!(classify(RetryClass::Create, kind), action);
        }
        for class in [RetryClass::Read, RetryClass::Repeatable] {
            assert_eq!(classify(class, Lost), RetryIndicated(RetryReason::Lost));
            assert_eq!(classify(class, ServerError), RetryIndicated(RetryReason::ServerError));
            assert_eq!(classify(class, Intercepted), RetryIndicated(RetryReason::Intercepted));
            assert_eq!(classify(class, Unrouted), NoActionIndicated);
            assert_eq!(classify(class, Final), NoActionIndicated);
        }
    }

    #[test]
    fn a_server_error_is_tried_three_times_in_all() {
        let mut budget = Budget::new();
        let mut decide = |attempt| budget.decide(RetryReason::ServerError, attempt, 0.5, 0);
        assert_eq!(decide(1), ShouldAttempt::YesAfterDelay(200));
        assert_eq!(decide(2), ShouldAttempt::YesAfterDelay(400));
        assert_eq!(decide(3), ShouldAttempt::No);
    }

    #[test]
    fn jitter_is_full_and_its_ceiling_bounded() {
        assert_eq!(backoff_ms(1, 0.0), 0);
        assert_eq!(backoff_ms(3, 0.999_999), 1_599);
        assert_eq!(backoff_ms(60, 1.0), LONGEST_BACKOFF_MS);
    }

    #[test]
    fn what_the_service_asks_is_the_least_wait_and_too_much_is_the_callers_affair() {
        let mut budget = Budget::new();
        assert_eq!(
            budget.decide(RetryReason::Throttled, 1, 0.5, 9_000),
            ShouldAttempt::YesAfterDelay(9_200)
        );
        assert_eq!(
            budget.decide(RetryReason::Throttled, 1, 0.5, LONGEST_WAIT_MS + 1),
            ShouldAttempt::No
        );
    }

    #[test]
    fn the_budget_runs_dry_and_successes_refill_it() {
        let mut budget = Budget::new();
        let mut allowed = 0;
        while budget.decide(RetryReason::Lost, 1, 0.0, 0) != ShouldAttempt::No {
            allowed += 1;
        }
        assert_eq!(allowed, Budget::CAPACITY / 10);
        for _ in 0..10 {
            budget.succeeded();
        }
        assert_ne!(budget.decide(RetryReason::Lost, 1, 0.0, 0), ShouldAttempt::No);
        assert_eq!(budget.decide(RetryReason::Lost, 1, 0.0, 0), ShouldAttempt::No);
    }
}
