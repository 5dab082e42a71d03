//! WebP.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(12), 0);
    bytes[..4].copy_from_slice(b"RIFF");
    fuzz::decode(&bytes, 8, b"WEBP", &[]);
});
