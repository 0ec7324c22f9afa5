#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("decode"),
    |data: &[u8]| {
        tongma_fuzz::properties::decode::check(data);
    }
);
