//! Plan files in f32: what is read can be run, at every level.
#![no_main]

use fuzz::plan::{FLOAT, forged, is_quick};
use cutout_net::Simd;
use cutout_net::float::{Executor, Plan};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(plan) = Plan::from_bytes(&forged(&*FLOAT, data)) else {
        return;
    };
    assert_eq!(Plan::from_bytes(&plan.to_bytes()).as_ref(), Ok(&plan));
    if !is_quick(&cutout_net::Plan::Float(plan.clone())) {
        return;
    }
    let input = vec![0.5; plan.input_shape().len()];
    for level in Simd::available() {
        let mut executor = Executor::new(plan.clone(), level).expect("the level is there");
        let output = executor.run(&input).expect("the input fits");
        assert_eq!(output.len(), plan.output_shape().len());
    }
});
