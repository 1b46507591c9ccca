//! Any bytes as a Ghost export, whether it is JSON or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masthead::transfer::ghost;

fuzz_target!(|bytes: &[u8]| {
    drop(ghost::check(bytes));
    if let Ok(site) = ghost::scan(bytes) {
        site.read(bytes).for_each(drop);
    }
});
