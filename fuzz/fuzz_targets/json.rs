#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("json"),
    |data: &[u8]| {
        tongma_fuzz::properties::json::check(data);
    }
);
