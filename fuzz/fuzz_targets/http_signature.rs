#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("http_signature"),
    |data: &[u8]| {
        tongma_fuzz::properties::http_signature::check(data);
    }
);
