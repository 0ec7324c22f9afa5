//! When a code that payers use falls silent: somebody may have stuck another over it, or it fell down.
//!
//! ```text
//! a week ago … yesterday   today
//!    ▒▒▒▒        ▒▒▒▒      ░░░░   the same hour by the merchant's clock
//!    busy        busy      nobody: silent
//! ```
//!
//! Shops open and close, and not every day: so an hour is compared with the same hour of the seven days
//! before, and with that of the same weekday above all. A code is judged once it hangs for a week.

use std::time::Duration;

/// What is busy, and what is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceRule {
    /// For how long nobody pays.
    pub window: Duration,
    /// How many payments an hour make a code busy; nothing is watched where this is 0.
    pub payments_an_hour: u32,
}

/// How often a code was paid in the window that ends now, and in the same one of days before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidInWindow {
    /// Today.
    pub today: i64,
    /// Yesterday first, a week ago last.
    pub before: [i64; DAYS],
}

/// A week, so that each weekday is among them.
pub const DAYS: usize = 7;

/// A code is not looked at before it hangs for a week.
pub const FIRST_LOOK: Duration = Duration::from_hours(7 * 24);

impl Default for SilenceRule {
    fn default() -> Self {
        Self {
            window: Duration::from_hours(1),
            payments_an_hour: 6,
        }
    }
}

impl SilenceRule {
    /// Whether codes are watched at all.
    pub const fn is_on(&self) -> bool {
        self.payments_an_hour > 0
    }

    /// Whether nobody pays a code that is busy at this hour of this weekday.
    pub fn is_silent(&self, paid: &PaidInWindow) -> bool {
        let [.., a_week_ago] = paid.before;
        let week: i64 = paid
            .before
            .iter()
            .fold(0, |sum, day| sum.saturating_add(*day));
        self.is_on() && paid.today == 0 && self.is_busy(a_week_ago, 1) && self.is_busy(week, DAYS)
    }

    /// Whether so many payments in so many windows are as many an hour as make a code busy.
    fn is_busy(&self, payments: i64, windows: usize) -> bool {
        const HOUR_S: i128 = 3_600;
        let seconds = i128::from(self.window.as_secs());
        let windows = i128::try_from(windows).unwrap_or(i128::MAX);
        let least = i128::from(self.payments_an_hour)
            .saturating_mul(seconds)
            .saturating_mul(windows);
        i128::from(payments).saturating_mul(HOUR_S) >= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_silent(rule: SilenceRule, today: i64, before: [i64; DAYS]) -> bool {
        rule.is_silent(&PaidInWindow { today, before })
    }

    #[test]
    fn only_a_code_that_is_busy_at_this_hour_can_fall_silent() {
        let rule = SilenceRule::default();
        assert!(is_silent(rule, 0, [6; DAYS]));
        assert!(!is_silent(rule, 1, [60; DAYS]), "somebody paid");
        assert!(!is_silent(rule, 0, [5; DAYS]), "a quiet hour");
        assert!(!is_silent(rule, 0, [0; DAYS]), "closed at this hour");
    }

    #[test]
    fn a_day_on_which_the_shop_is_closed_is_silent_every_week() {
        let rule = SilenceRule::default();
        // Today is Sunday: closed a week ago, too.
        assert!(!is_silent(rule, 0, [20, 20, 20, 20, 20, 20, 0]));
        // Today is Monday: closed yesterday, open a week ago.
        assert!(is_silent(rule, 0, [0, 20, 20, 20, 20, 20, 20]));
        // One market day makes no busy week.
        assert!(!is_silent(rule, 0, [0, 0, 0, 0, 0, 0, 41]));
        assert!(is_silent(rule, 0, [0, 0, 0, 0, 0, 0, 42]));
    }

    #[test]
    fn the_rate_counts_whatever_the_window() {
        let quarter = SilenceRule {
            window: Duration::from_mins(15),
            payments_an_hour: 8,
        };
        assert!(is_silent(quarter, 0, [2; DAYS]));
        assert!(!is_silent(quarter, 0, [1; DAYS]));
        let off = SilenceRule {
            payments_an_hour: 0,
            ..quarter
        };
        assert!(!is_silent(off, 0, [1000; DAYS]));
    }
}
