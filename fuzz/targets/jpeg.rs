//! JPEG.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::decode(bytes, 0, b"\xff\xd8\xff", &[]));
