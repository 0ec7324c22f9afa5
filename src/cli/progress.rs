//! How far something long has come, on standard error: for people a line that moves, or one a step
//! where nobody looks at a screen; for programs JSON, a line a step.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::json;

use crate::clock::Stopwatch;

/// How far it is.
pub(crate) struct Progress {
    what: &'static str,
    done: usize,
    all: usize,
    watch: Stopwatch,
    is_json: bool,
    is_watched: bool,
}

/// What can be said at one moment.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    percent: usize,
    a_second: usize,
    seconds_left: usize,
}

impl Progress {
    /// Begins, and says so; `all` of `what` are to be done.
    pub(crate) fn start(what: &'static str, all: usize, is_json: bool) -> Self {
        let mut begun = Self::new(what, all, is_json);
        if all > 0 {
            begun.moved(0);
        }
        begun
    }

    fn new(what: &'static str, all: usize, is_json: bool) -> Self {
        Self {
            what,
            done: 0,
            all,
            watch: Stopwatch::start(),
            is_json,
            is_watched: io::stderr().is_terminal(),
        }
    }

    /// So many more are done.
    pub(crate) fn moved(&mut self, more: usize) {
        self.done = self.done.saturating_add(more);
        let elapsed_ms = self.watch.elapsed().as_millis();
        let elapsed_ms = usize::try_from(elapsed_ms).unwrap_or(usize::MAX);
        let line = self.line(&step(self.done, self.all, elapsed_ms));
        // Whoever closed standard error does not want to know.
        drop(io::stderr().lock().write_all(line.as_bytes()));
    }

    fn line(&self, step: &Step) -> String {
        let Self {
            what, done, all, ..
        } = self;
        let Step {
            percent,
            a_second,
            seconds_left,
        } = step;
        if self.is_json {
            let line = json!({
                "what": what, "done": done, "all": all, "percent": percent,
                "a_second": a_second, "seconds_left": seconds_left,
            });
            return format!("{line}\n");
        }
        let end = if self.is_watched && done < all {
            "\r"
        } else {
            "\n"
        };
        format!(
            "{percent:3} %  {done} of {all} {what}, {a_second} a second, {seconds_left} s left  {end}"
        )
    }
}

/// What follows from so many in so long.
fn step(done: usize, all: usize, elapsed_ms: usize) -> Step {
    let left = all.saturating_sub(done);
    let per = |count: usize, of: usize| count.checked_div(of).unwrap_or(0);
    Step {
        percent: per(done.saturating_mul(100), all),
        a_second: per(done.saturating_mul(1_000), elapsed_ms),
        seconds_left: per(left.saturating_mul(elapsed_ms), done.saturating_mul(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_was_done() {
        let told = |done, all, elapsed_ms| {
            let told = step(done, all, elapsed_ms);
            (told.percent, told.a_second, told.seconds_left)
        };
        assert_eq!(told(480, 10_000, 1_000), (4, 480, 19));
        assert_eq!(told(10_000, 10_000, 20_000), (100, 500, 0));
        assert_eq!(told(0, 10_000, 0), (0, 0, 0));
        assert_eq!(told(0, 0, 0), (0, 0, 0));
    }

    #[test]
    fn people_see_a_line_that_moves_and_programs_read_json() {
        let mut progress = Progress::new("plates", 960, false);
        (progress.done, progress.is_watched) = (480, true);
        let half = step(480, 960, 1_000);
        let line = "50 %  480 of 960 plates, 480 a second, 1 s left";
        assert_eq!(progress.line(&half).trim(), line);
        assert!(progress.line(&half).ends_with('\r'));
        progress.is_watched = false;
        assert!(progress.line(&half).ends_with('\n'));
        progress.is_json = true;
        let read: serde_json::Value = serde_json::from_str(&progress.line(&half)).unwrap();
        assert_eq!(read["percent"], 50);
        assert_eq!(read["seconds_left"], 1);
    }
}
