//! BMP.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::decode(bytes, 0, b"BM", &[]));
