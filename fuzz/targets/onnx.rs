//! ONNX files: read, lowered, compiled; what becomes a plan can be run and read back.
#![no_main]

use bytes::Bytes;
use fuzz::plan::is_quick;
use cutout_net::{Executor, Plan, Simd};

/// Where the file leaves it open.
const SIDE: u32 = 16;
/// The longest side that takes no more than some milliseconds.
const MAX_SIDE: u32 = 64;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let file = Bytes::copy_from_slice(bytes);
    let Ok(declared) = cutout_onnx::input_side(&file) else {
        assert!(cutout_onnx::compile(&file, SIDE).is_err());
        return;
    };
    let _ = cutout_onnx::metadata(&file, "cutout.model");
    let side = declared.unwrap_or(SIDE);
    if side > MAX_SIDE {
        return;
    }
    let Ok(plan) = cutout_onnx::compile(&file, side) else {
        return;
    };
    assert_eq!(Plan::from_bytes(&plan.to_bytes()).as_ref(), Ok(&plan));
    if is_quick(&plan) {
        let input = vec![0.5; plan.input_shape().len()];
        let mut executor = Executor::new(plan, Simd::Best).expect("there is a best level");
        executor.run(&input).expect("the input fits");
    }
});
