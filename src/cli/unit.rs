//! `tongma systemd-unit` and `tongma completions`: what an operator's machine wants to know of the
//! program, from the program itself, so that it fits.

use std::io::{self, Write as _};

use clap::Command;

/// The unit, with its explanations.
const UNIT: &str = include_str!("tongma.service");

/// A shell that completes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Shows the unit on standard output; whoever stopped reading has seen enough.
pub(crate) fn systemd() {
    drop(io::stdout().lock().write_all(UNIT.as_bytes()));
}

/// Shows the shell's script.
pub(crate) fn completions(shell: Shell, mut command: Command) {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "tongma", &mut script);
    drop(io::stdout().lock().write_all(&script));
}
