//! `tongma verify`: whether what is kept agrees with itself.

use std::process::ExitCode;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::{print, setup};
use crate::clock::Clock;
use crate::config::Config;
use crate::flow::verify::{Noted, Report, verify};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An end of the audit log that was noted before: the chain must lead through it
    #[arg(long, value_name = "NUMBER:LINK")]
    audit: Option<Noted>,
}

impl Args {
    /// Looks at everything; exit 1 where something is wrong, 2 where the master key is missing.
    pub(crate) async fn run(self, config: &Config, json: bool) -> Result<ExitCode, CliError> {
        // With another key than the one that it was written under, everything looks changed.
        let sealer = setup::kept_sealer(config)?;
        let db = setup::database(config, Clock::System).await?;
        let report = verify(&db, &sealer, self.audit.as_ref()).await;
        db.close().await;
        let report = report?;
        print::answer(&shown(&report, json), json);
        Ok(if report.ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// For people the faults, if there are any, and else what was looked at.
fn shown(report: &Report, json: bool) -> Value {
    if json {
        return json!(report);
    }
    if !report.ok {
        return json!(report.faults);
    }
    let end = format!("{}:{}", report.audit_number, report.audit_link);
    json!({"checks": report.checks, "faults": "none", "audit": end})
}

impl FromStr for Noted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, link) = text.split_once(':').ok_or("NUMBER:LINK is needed")?;
        let number = number.parse().map_err(|_| "NUMBER is a whole number")?;
        Ok(Self {
            number,
            link: link.to_ascii_lowercase(),
        })
    }
}
