//! Whether what is kept agrees with itself: the audit log's chain, the books, and every payment with
//! its attempts, the institutions' statements, its receipt and its events.
//!
//! Reads only, and may run beside servers that work: each check is one statement, which sees one
//! moment.

use crate::crypto::digest::hex;
use crate::crypto::sealing::Sealer;
use crate::db::audit::{self, Chained, Head};
use crate::db::verify::{CHECKS, offenders};
use crate::db::{Db, Tx};
use crate::flow::FlowError;

/// Lines that are read at a time.
const PAGE: i64 = 1_000;
/// Of one check, so many faults are named: whoever has more has them all from one cause.
const NAMED: i64 = 20;

/// Something that cannot have come about by the program.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Which check found it.
    pub check: &'static str,
    /// The row.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// How many lines the audit log's chain has.
    pub audit_number: i64,
    /// The last one's link: whoever notes both elsewhere can ask for them next time.
    pub audit_link: String,
    /// The checks that were made.
    pub checks: Vec<&'static str>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// An earlier end of the chain, as somebody noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// How many lines there were.
    pub number: i64,
    /// The last one's link, in hex.
    pub link: String,
}

const CHAIN: &str = "audit-chain";

/// Looks at everything. `noted` must lie on the chain.
pub async fn verify(db: &Db, sealer: &Sealer, noted: Option<&Noted>) -> Result<Report, FlowError> {
    let mut tx = db.read().await?;
    let mut chain = Chain::new(sealer, noted);
    let (number, link) = chain.walk(&mut tx).await?;
    let mut checks = vec![CHAIN];
    let mut faults = chain.faults;
    for check in CHECKS {
        checks.push(check.name);
        let found = offenders(&mut tx, check, NAMED).await?;
        faults.extend(found.into_iter().map(|id| Fault {
            check: check.name,
            id,
            what: check.what.to_owned(),
        }));
    }
    tx.rollback().await?;
    Ok(Report {
        ok: faults.is_empty(),
        audit_number: number,
        audit_link: hex(&link),
        checks,
        faults,
    })
}

/// A walk along the chain.
struct Chain<'a> {
    sealer: &'a Sealer,
    noted: Option<&'a Noted>,
    faults: Vec<Fault>,
}

impl<'a> Chain<'a> {
    const fn new(sealer: &'a Sealer, noted: Option<&'a Noted>) -> Self {
        Self {
            sealer,
            noted,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, id: impl ToString, what: impl ToString) {
        self.faults.push(Fault {
            check: CHAIN,
            id: id.to_string(),
            what: what.to_string(),
        });
    }

    /// From the first line to where the head said that the last one is when the walk began; lines
    /// that come meanwhile are the next walk's.
    async fn walk(&mut self, tx: &mut Tx) -> Result<(i64, Vec<u8>), FlowError> {
        let Some(head) = audit::head(tx).await? else {
            self.fault("audit_head", "the end of the chain is gone");
            return Ok((0, Vec::new()));
        };
        if !head.is_sound(self.sealer) {
            let what = "the end of the chain was changed, or is of another master key";
            self.fault("audit_head", what);
        }
        let unchained = audit::unchained(tx).await?;
        if unchained != head.unchained {
            let what = format!(
                "{unchained} lines stand outside the chain; {} are older than it",
                head.unchained
            );
            self.fault("audit", what);
        }
        // The first link ties to nothing.
        let mut last = (0, Some(vec![0; 32]));
        loop {
            let lines = audit::after(tx, last.0, PAGE).await?;
            let within: Vec<Chained> = lines
                .into_iter()
                .take_while(|line| line.number <= head.number)
                .collect();
            if within.is_empty() {
                break;
            }
            for line in within {
                last = self.step(last, line);
            }
        }
        self.end(&head, &last);
        self.behind(tx, head.number).await?;
        Ok((head.number, head.link))
    }

    /// Lines that come while we walk move the end of the chain with them; others do not.
    async fn behind(&mut self, tx: &mut Tx, number: i64) -> Result<(), FlowError> {
        let behind = audit::after(tx, number, 1).await?;
        let end = audit::head(tx).await?.map_or(number, |head| head.number);
        for line in behind.iter().filter(|line| line.number > end) {
            let id = format!("line {} ({})", line.number, line.line.id);
            self.fault(id, "the line stands behind the end of the chain");
        }
        Ok(())
    }

    /// One line; what is said of the next is said of this one's link, right or wrong, so that each
    /// fault is named once.
    fn step(&mut self, last: (i64, Option<Vec<u8>>), line: Chained) -> (i64, Option<Vec<u8>>) {
        let (before, mut previous) = last;
        if line.number > before.saturating_add(1) {
            let first = before.saturating_add(1);
            for gone in (first..line.number).take(usize::try_from(NAMED).unwrap_or(0)) {
                self.fault(format!("line {gone}"), "the line is gone");
            }
            // What this one was tied to is gone, so nothing can be said of it.
            previous = None;
        }
        let is_sound = previous.is_none_or(|previous| line.is_sound(self.sealer, &previous));
        if !is_sound {
            let id = format!("line {} ({})", line.number, line.line.id);
            self.fault(id, "the line was changed or moved");
        }
        if let Some(noted) = self.noted.filter(|noted| noted.number == line.number)
            && noted.link != hex(&line.link)
        {
            let id = format!("line {}", line.number);
            self.fault(
                id,
                "the chain does not lead through the link that was noted",
            );
        }
        (line.number, Some(line.link))
    }

    fn end(&mut self, head: &Head, last: &(i64, Option<Vec<u8>>)) {
        let (number, link) = last;
        if *number < head.number {
            let what = format!("the lines up to {} are gone", head.number);
            self.fault(format!("line {}", number.saturating_add(1)), what);
        } else if *number > 0 && link.as_ref() != Some(&head.link) {
            self.fault(
                format!("line {number}"),
                "the line is not the one that the end of the chain is tied to",
            );
        }
        if self.noted.is_some_and(|noted| noted.number > head.number) {
            self.fault("audit_head", "the chain is shorter than was noted");
        }
    }
}
