#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| hairnat_fuzz::messages::check(data));

// Three times of four the tree is changed, else any bytes are.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let change = |bytes: &mut Vec<u8>| {
        let size = bytes.len();
        bytes.resize(size + 16, 0);
        let most = bytes.len();
        let size = fuzzer_mutate(bytes, size, most);
        bytes.truncate(size);
    };
    let changed = if seed % 4 == 0 {
        None
    } else {
        hairnat_fuzz::tree::mutate(&data[..size], seed.rotate_right(2), change)
    };
    match changed {
        Some(bytes) if bytes.len() <= max_size => {
            data[..bytes.len()].copy_from_slice(&bytes);
            bytes.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
