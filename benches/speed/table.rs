//! The one table, and what is in the middle of several turns.

use std::fmt;
use std::time::Duration;

/// A figure beside its reference.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) figure: String,
    /// What it is compared with.
    pub(crate) reference: String,
    /// The figure, the reference, of each turn, in one unit.
    pub(crate) turns: Vec<(f64, f64)>,
    /// The unit.
    pub(crate) unit: &'static str,
    /// What the ratio should be, if anything.
    pub(crate) goal: Goal,
    /// What else is worth knowing.
    pub(crate) note: String,
}

/// What the ratio of figure to reference should be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// It is shown, and that is all.
    Shown,
}

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    left_out: Vec<String>,
}

impl Table {
    /// Adds a row, and says it at once for those who wait.
    pub(crate) fn push(&mut self, row: Row) {
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Says what was not measured, and why.
    pub(crate) fn leave_out(&mut self, what: String) {
        eprintln!("{what}");
        self.left_out.push(what);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "figure | reached | reference | it reached | ratio | goal | note"
        )?;
        writeln!(f, "--- | --- | --- | --- | --- | --- | ---")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        self.left_out
            .iter()
            .try_for_each(|what| writeln!(f, "\n{what}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = self.turns.iter().map(|turn| turn.0).collect();
        let references = self.turns.iter().map(|turn| turn.1).collect();
        let ratios: Vec<f64> = self.turns.iter().map(|turn| turn.0 / turn.1).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let ratio = median(ratios);
        let goal = match self.goal {
            Goal::AtLeast(goal) if ratio >= goal => format!(">= {goal} reached"),
            Goal::AtLeast(goal) => format!(">= {goal} MISSED"),
            Goal::AtMost(goal) if ratio <= goal => format!("<= {goal} reached"),
            Goal::AtMost(goal) => format!("<= {goal} MISSED"),
            Goal::Shown => "-".to_owned(),
        };
        write!(
            f,
            "{} | {:.1} {} | {} | {:.1} | {ratio:.2} ({least:.2}-{most:.2}) | {goal} | {}",
            self.figure,
            median(figures),
            self.unit,
            self.reference,
            median(references),
            self.note,
        )
    }
}

/// What stands in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What was done in how long, and how long each took.
pub(crate) struct Done {
    /// All of it.
    pub(crate) took: Duration,
    /// Each by itself.
    pub(crate) each: Vec<Duration>,
}

impl Done {
    pub(crate) fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.took.as_secs_f64()
    }

    /// Milliseconds within which `percent` of them were done.
    pub(crate) fn within_ms(&self, percent: usize) -> f64 {
        let mut each = self.each.clone();
        each.sort();
        let at = (each.len() * percent / 100).min(each.len().saturating_sub(1));
        each.get(at)
            .map_or(f64::NAN, |one| one.as_secs_f64() * 1000.0)
    }

    /// For a row's note.
    pub(crate) fn times(&self) -> String {
        format!(
            "p50 {:.1} ms, p99 {:.1} ms",
            self.within_ms(50),
            self.within_ms(99)
        )
    }
}
