//! Plan files in whole numbers: what is read can be run, and gives the oracle's bits at every level.
#![no_main]

use fuzz::plan::{INT, forged, is_quick};
use cutout_net::int::{Executor, Plan};
use cutout_net::Simd;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(plan) = Plan::from_bytes(&forged(&*INT, data)) else {
        return;
    };
    assert_eq!(Plan::from_bytes(&plan.to_bytes()).as_ref(), Ok(&plan));
    if !is_quick(&cutout_net::Plan::Int(plan.clone())) {
        return;
    }
    let length = plan.input_shape().len();
    let input: Vec<f32> = (0..length).map(|at| at as f32 % 7.0 - 3.0).collect();
    let run = |level| -> Vec<u32> {
        let mut executor = Executor::new(plan.clone(), level).expect("the level is there");
        let output = executor.run(&input).expect("the input fits");
        output.iter().map(|value| value.to_bits()).collect()
    };
    let expected = run(Simd::Scalar);
    assert_eq!(expected.len(), plan.output_shape().len());
    for level in Simd::available() {
        assert_eq!(run(level), expected, "{}", level.name());
    }
});
