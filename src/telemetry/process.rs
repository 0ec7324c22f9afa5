//! What the process itself uses, read from `/proc` when somebody asks. Elsewhere than on Linux there
//! is nothing to read, and nothing is told.

use std::fmt;
use std::fs;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::clock::{Clock, Timestamp};

/// `USER_HZ`, which is 100 on every Linux.
const TICK_MS: u64 = 10;
/// Behind the name of the program in `/proc/self/stat`: user and system time, in ticks.
const USER_TIME: usize = 11;

/// Tells of this process.
#[derive(Debug)]
pub(super) struct Process {
    started: Timestamp,
}

impl Process {
    /// Of a process that has just begun.
    pub(super) fn started() -> Self {
        Self {
            started: Clock::System.now(),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: Option<u64>| {
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else {
                return Ok(());
            };
            tell(&mut to, name, help, unit, &ConstGauge::new(value))
        };
        let started = u64::try_from(self.started.seconds()).ok();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        gauge(
            "process_start_time",
            "When the process began, since 1970",
            Some(&Unit::Seconds),
            started,
        )?;
        gauge(
            "process_resident_memory",
            "Memory that is held",
            Some(&Unit::Bytes),
            resident_bytes(&status),
        )?;
        gauge(
            "process_threads",
            "Threads that run",
            None,
            number_behind(&status, "Threads:"),
        )?;
        gauge(
            "process_open_fds",
            "Files and sockets that are open",
            None,
            open_files(),
        )?;
        gauge(
            "process_max_fds",
            "Files and sockets that may be open",
            None,
            number_behind(&limits, "Max open files"),
        )?;
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        match cpu_time(&stat) {
            Some(used) => tell(
                &mut to,
                "process_cpu",
                "Time that processors worked for it",
                Some(&Unit::Seconds),
                &ConstCounter::new(used.as_secs_f64()),
            ),
            None => Ok(()),
        }
    }
}

fn tell(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    metric: &impl EncodeMetric,
) -> Result<(), fmt::Error> {
    // Those that are registered get their full stop from the library.
    let help = format!("{help}.");
    metric.encode(to.encode_descriptor(name, &help, unit, metric.metric_type())?)
}

/// `VmRSS:     1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    number_behind(status, "VmRSS:")?.checked_mul(1024)
}

/// The first number in the line that begins so.
fn number_behind(text: &str, label: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn open_files() -> Option<u64> {
    // One of them is the folder that is being read.
    let found = fs::read_dir("/proc/self/fd")
        .ok()?
        .count()
        .saturating_sub(1);
    u64::try_from(found).ok()
}

/// The program's name, in brackets, may hold anything; what counts stands behind it.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut numbers = behind.split_whitespace().skip(USER_TIME);
    let user: u64 = numbers.next()?.parse().ok()?;
    let system: u64 = numbers.next()?.parse().ok()?;
    let ticks = user.checked_add(system)?;
    Some(Duration::from_millis(ticks.checked_mul(TICK_MS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_writes_is_read() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 3 0 99 1 2";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(3)));
        let status = "Name:\ttongma\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes(status), Some(2_097_152));
        assert_eq!(number_behind(status, "Threads:"), Some(3));
        let limits = "Limit  Soft  Hard  Units\nMax open files            1024       4096  files\n";
        assert_eq!(number_behind(limits, "Max open files"), Some(1024));
        for nonsense in ["", "7 (a", "7 (a) S 1", "x"] {
            assert_eq!(cpu_time(nonsense), None);
            assert_eq!(resident_bytes(nonsense), None);
        }
    }
}
