#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("emv"),
    |data: &[u8]| {
        tongma_fuzz::properties::emv::check(data);
    }
);
