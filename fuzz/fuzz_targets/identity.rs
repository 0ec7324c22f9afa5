#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("identity"),
    |data: &[u8]| {
        tongma_fuzz::properties::identity::check(data);
    }
);
