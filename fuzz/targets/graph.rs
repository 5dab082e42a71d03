//! ONNX graphs of the operators that are lowered, with whatever inputs and attributes: what becomes a plan can be run, and
//! quantised or refused.
#![no_main]

use fuzz::graph::{Model, SIDE};
use fuzz::plan::is_quick;
use cutout_net::{Executor, Plan, Simd};
use cutout_onnx::Ranges;

libfuzzer_sys::fuzz_target!(|model: Model| {
    let file = model.file();
    let Ok(plan) = cutout_onnx::lower(&file, SIDE) else {
        return;
    };
    let ranges = Ranges {
        input_steps: 128.0,
        most: vec![4.0; plan.ops().len()],
    };
    let mut plans = vec![Plan::Float(plan.clone())];
    if let Ok(file) = cutout_onnx::with_ranges(&file, &plan, &ranges) {
        plans.push(cutout_onnx::compile(&file.into(), SIDE).expect("it was compiled to be ranged"));
    }
    for plan in plans {
        assert_eq!(Plan::from_bytes(&plan.to_bytes()).as_ref(), Ok(&plan));
        if is_quick(&plan) {
            let input = vec![0.5; plan.input_shape().len()];
            let mut executor = Executor::new(plan, Simd::Best).expect("there is a best level");
            executor.run(&input).expect("the input fits");
        }
    }
});
