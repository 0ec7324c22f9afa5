//! What the command line asks for.

use crate::seed;
use crate::support::Backend;

/// The figures and how often each is taken.
#[derive(Debug)]
pub(crate) struct Asked {
    names: Vec<String>,
    /// Turns of figure and reference.
    pub(crate) rounds: usize,
    /// At how many stored payments.
    pub(crate) sizes: Vec<i64>,
    /// How many GiB of disk one database of these may take.
    pub(crate) disk: i64,
    /// The one database to measure on, by its name.
    only: Option<String>,
}

impl Asked {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Self {
        let mut asked = Self {
            names: Vec::new(),
            rounds: 3,
            sizes: vec![10_000, 1_000_000],
            disk: 12,
            only: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                // What cargo says to every benchmark.
                "--bench" => {}
                "--rounds" => asked.rounds = words.next().unwrap().parse().unwrap(),
                "--disk" => asked.disk = words.next().unwrap().parse().unwrap(),
                "--only" => asked.only = words.next(),
                "--sizes" => {
                    let list = words.next().unwrap();
                    asked.sizes = list.split(',').map(|size| size.parse().unwrap()).collect();
                }
                _ => asked.names.push(word),
            }
        }
        asked
    }

    /// The databases to measure on: those that are here, unless one was named.
    pub(crate) fn backends(&self) -> impl Iterator<Item = Backend> {
        [Backend::Sqlite, Backend::Postgres]
            .into_iter()
            .filter(|backend| match &self.only {
                None => true,
                Some(only) => only.eq_ignore_ascii_case(seed::name(*backend)),
            })
            .filter(|backend| backend.is_here())
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|asked| asked == name)
    }
}
