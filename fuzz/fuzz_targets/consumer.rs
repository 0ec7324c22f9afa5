#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("consumer"),
    |data: &[u8]| {
        tongma_fuzz::properties::consumer::check(data);
    }
);
