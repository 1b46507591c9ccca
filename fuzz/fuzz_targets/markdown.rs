//! Any bytes as a Markdown file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masthead::transfer::markdown;

fuzz_target!(|bytes: &[u8]| drop(markdown::parse("posts/2020-01-02-a.md", bytes)));
