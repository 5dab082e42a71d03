//! TIFF, in both byte orders, and BigTIFF.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::decode(
    bytes,
    0,
    b"II*\0",
    &[b"MM\0*", b"II+\0", b"MM\0+"]
));
