//! Any bytes as JSON Lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masthead::transfer::jsonl;

fuzz_target!(|bytes: &[u8]| jsonl::articles("a.jsonl", bytes).for_each(drop));
