#![no_main]

use std::collections::BTreeSet;
use std::panic::{self, Location};
use std::sync::Mutex;

/// Where the libraries have panicked so far.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

// The reader catches what the libraries' panics would break; that is a promise of its own and no
// finding. Each place is told once, and only a panic that gets out ends the run.
libfuzzer_sys::fuzz_target!(
    init: {
        tongma_fuzz::plant("picture");
        panic::set_hook(Box::new(|info| {
            let place = info.location().map_or_else(String::new, Location::to_string);
            if SEEN.lock().is_ok_and(|mut seen| seen.insert(place)) {
                eprintln!("{info}");
            }
        }));
    },
    |data: &[u8]| {
        tongma_fuzz::properties::picture::check(data);
    }
);
