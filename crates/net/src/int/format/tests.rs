//! Hostile files.

use proptest::prelude::*;

use super::*;
use crate::words::{HEADER, checksum};
use crate::{Conv, Graph, Simd, int};

fn small_plan() -> Plan {
    let mut graph = Graph::new(Shape::new(8, 6, 3)).unwrap();
    let image = graph.input();
    let a = graph
        .conv(&Conv::same3x3(&[image], &[0.1; 16 * 27], &[0.0; 16]))
        .unwrap();
    let a = graph.relu6(a).unwrap();
    let b = graph
        .conv(&Conv {
            kernel: 5,
            pad: 2,
            stride: 2,
            depthwise: true,
            ..Conv::same3x3(&[a], &[0.1; 16 * 25], &[0.0; 16])
        })
        .unwrap();
    let big = graph.resize(b, 8, 6).unwrap();
    let c = graph
        .conv(&Conv::pointwise(&[a], &[0.1; 256], &[0.1; 16]))
        .unwrap();
    let sum = graph.add(big, c).unwrap();
    let sum = graph.relu6(sum).unwrap();
    let last = graph
        .conv(&Conv::pointwise(&[sum], &[0.1; 16], &[0.0]))
        .unwrap();
    let output = graph.sigmoid(last).unwrap();
    let plan = graph.finish(output).unwrap();
    let most = vec![6.0; plan.ops.len()];
    Plan::quantise(&plan, &most, 128.0).unwrap()
}

/// Words before the tables of numbers.
fn tables(plan: &Plan) -> usize {
    let numbers = 4 * TABLE + 8 * plan.biases.len() + plan.weights.len();
    (plan.to_bytes().len() - HEADER - numbers) / 4
}

/// A file with a correct checksum whose `at`-th word is `value`.
fn forged(plan: &Plan, changes: &[(usize, u32)]) -> Vec<u8> {
    let mut bytes = plan.to_bytes();
    let words = (bytes.len() - HEADER) / 4;
    for &(at, value) in changes {
        let at = HEADER + at % words * 4;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let sum = checksum(&bytes[HEADER..]);
    bytes[16..HEADER].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Whatever is a plan gives the oracle's bits at every level.
fn survives(bytes: &[u8]) {
    let Ok(plan) = Plan::from_bytes(bytes) else {
        return;
    };
    let macs: u64 = (0..plan.ops.len()).map(|index| plan.macs(index)).sum();
    if macs < 10_000_000 && plan.arena_bytes() < 1 << 22 {
        let input = vec![0.5; plan.input_shape().len()];
        let run = |level| {
            let mut executor = int::Executor::new(plan.clone(), level).unwrap();
            executor.run(&input).unwrap().to_vec()
        };
        let expected = run(Simd::Scalar);
        for level in Simd::available() {
            assert_eq!(run(level), expected, "{}", level.name());
        }
    }
}

#[test]
fn every_word_of_the_tables_may_be_hostile() {
    let plan = small_plan();
    for at in 0..tables(&plan) {
        for value in [
            0,
            1,
            2,
            3,
            5,
            6,
            8,
            16,
            17,
            100,
            8192,
            1 << 20,
            1 << 28,
            1 << 31,
            0x7fff_8000,
            u32::MAX,
        ] {
            survives(&forged(&plan, &[(at, value)]));
        }
    }
}

#[test]
fn sums_that_might_overflow_are_refused() {
    let plan = small_plan();
    let largest = |change: fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        Plan::from_bytes(&plan.to_bytes()).map(|_| ())
    };
    assert_eq!(largest(|_| ()), Ok(()));
    let refused = |change, reason: &str| {
        let error = largest(change).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    };
    refused(|plan| plan.biases[0] = i32::MAX, "overflow");
    refused(|plan| plan.biases[0] = i32::MIN, "overflow");
    refused(|plan| plan.factors[0] = f32::INFINITY, "factor");
    refused(|plan| plan.ops[0].outer = [-2047, 2048], "limits");
    refused(|plan| plan.ops[0].outer = [1, 0], "limits");
    refused(|plan| plan.input_steps = 0.0, "scales");
    refused(|plan| plan.table[7] = f32::INFINITY, "scales");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn several_hostile_words_are_no_worse(
        changes in proptest::collection::vec((any::<usize>(), prop_oneof![0_u32..20, any::<u32>()]), 1..6),
    ) {
        survives(&forged(&small_plan(), &changes));
    }
}
