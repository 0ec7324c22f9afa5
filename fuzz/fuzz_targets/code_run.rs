#![no_main]

libfuzzer_sys::fuzz_target!(
    init: tongma_fuzz::plant("code_run"),
    |data: &[u8]| {
        tongma_fuzz::properties::code_run::check(data);
    }
);
