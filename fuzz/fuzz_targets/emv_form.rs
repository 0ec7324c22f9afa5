#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("emv_form"),
    |data: &[u8]| {
        tongma_fuzz::properties::emv_form::check(data);
    }
);
