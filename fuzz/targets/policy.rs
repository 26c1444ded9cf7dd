#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hairnat_fuzz::policy::check(data));
