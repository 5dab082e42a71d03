//! GIF.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::decode(bytes, 0, b"GIF89a", &[b"GIF87a"]));
