//! Checksums of models' files.

use md5::Md5;
use sha2::{Digest, Sha256};

/// SHA-256 of a model's file, in hexadecimal, as its publishers give it.
pub(crate) fn sha256(onnx: &[u8]) -> String {
    hex(&Sha256::digest(onnx))
}

/// MD5 of a model's file, in hexadecimal: rembg's catalogue has no other.
pub(super) fn md5(onnx: &[u8]) -> String {
    hex(&Md5::digest(onnx))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
