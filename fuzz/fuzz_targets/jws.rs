#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("jws"),
    |data: &[u8]| {
        tongma_fuzz::properties::jws::check(data);
    }
);
