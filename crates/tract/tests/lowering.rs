//! The plan that `onnx` makes of a file, run by `net`, against tract on the same file.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use bytes::Bytes;
use cutout::{Net, Segmenter};
use cutout_tract::Tract;

#[test]
fn a_lowered_model_answers_as_tract_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (file, side) in [
        ("models/cutnet.onnx", 384),
        ("models/cutnet.onnx", 320),
        ("models/u2netp.onnx", 320),
        ("fixtures/tiny/tiny.onnx", 32),
        ("fixtures/tiny/tiny-odd.onnx", 36),
    ] {
        let onnx = Bytes::from(std::fs::read(root.join(file)).unwrap());
        let mut net = Net::new(cutout_onnx::lower(&onnx, side).unwrap(), side).unwrap();
        let mut tract = Tract::load(&onnx, side).unwrap();
        let mut random = fastrand::Rng::with_seed(18);
        let input: Vec<f32> = (0..side * side * 3)
            .map(|_| random.f32() * 4.0 - 2.0)
            .collect();
        let [net, tract] = [net.segment(&input).unwrap(), tract.segment(&input).unwrap()];
        let largest = net
            .iter()
            .zip(tract)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        println!("{file}: {largest} apart at most");
        assert!(net.iter().any(|value| *value > 0.0), "{file}");
        assert!(largest < 1e-4, "{file}: {largest}");
    }
}
