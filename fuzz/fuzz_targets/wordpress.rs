//! Any bytes as a WordPress export.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masthead::transfer::wxr;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(site) = wxr::scan(bytes) {
        site.read(bytes).for_each(drop);
    }
});
