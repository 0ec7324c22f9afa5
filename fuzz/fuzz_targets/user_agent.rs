#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("user_agent"),
    |data: &[u8]| {
        tongma_fuzz::properties::user_agent::check(data);
    }
);
