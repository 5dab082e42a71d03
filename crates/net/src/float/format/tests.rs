use super::*;
use crate::float::Executor;
use crate::words::{HEADER, checksum};
use crate::{Conv, Graph, Simd};
use proptest::prelude::*;

fn small_plan() -> Plan {
    let mut graph = Graph::new(Shape::new(14, 13, 8)).unwrap();
    let input = graph.input();
    let a = graph
        .conv(&Conv::same3x3(&[input], &[0.1; 8 * 72], &[0.0; 8]).relu())
        .unwrap();
    let small = graph.max_pool(a).unwrap();
    let b = graph
        .conv(&Conv::same3x3(&[small], &[0.1; 8 * 72], &[0.0; 8]).dilated(2))
        .unwrap();
    let big = graph.resize(b, 14, 13).unwrap();
    let c = graph
        .conv(&Conv::same3x3(&[big, a], &[0.1; 8 * 144], &[0.0; 8]))
        .unwrap();
    let sum = graph.add(c, a).unwrap();
    let positive = graph.relu(sum).unwrap();
    let d = graph
        .conv(&Conv {
            kernel: 5,
            pad: 2,
            depthwise: true,
            ..Conv::same3x3(&[positive], &[0.1; 8 * 25], &[0.0; 8])
        })
        .unwrap();
    let e = graph
        .conv(&Conv::pointwise(&[d], &[0.1; 64], &[0.0; 8]))
        .unwrap();
    let sum = graph.add(e, positive).unwrap();
    let capped = graph.relu6(sum).unwrap();
    let out = graph.sigmoid(capped).unwrap();
    graph.finish(out).unwrap()
}

/// A file with a correct checksum whose `at`-th word is `value`.
fn forged(plan: &Plan, changes: &[(usize, u32)]) -> Vec<u8> {
    let mut bytes = plan.to_bytes();
    let tables = (bytes.len() - HEADER) / 4 - plan.weights.len();
    for &(at, value) in changes {
        let at = HEADER + at % tables * 4;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let sum = checksum(&bytes[HEADER..]);
    bytes[16..HEADER].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// A plan that still passes validation runs at every level without leaving its arena.
fn survives(bytes: &[u8]) {
    let Ok(plan) = Plan::from_bytes(bytes) else {
        return;
    };
    let macs: u64 = plan.ops().map(|op| op.macs).sum();
    if macs < 100_000_000 && plan.arena + plan.scratch < 1 << 22 {
        let input = vec![0.5; plan.input_shape().len()];
        for level in Simd::available() {
            Executor::new(plan.clone(), level)
                .unwrap()
                .run(&input)
                .unwrap();
        }
    }
}

#[test]
fn every_word_of_the_tables_may_be_hostile() {
    let plan = small_plan();
    let tables = (plan.to_bytes().len() - HEADER) / 4 - plan.weights.len();
    for at in 0..tables {
        for value in [
            0,
            1,
            2,
            3,
            5,
            7,
            13,
            16,
            100,
            1000,
            8192,
            1 << 20,
            1 << 28,
            1 << 31,
            u32::MAX,
        ] {
            survives(&forged(&plan, &[(at, value)]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn several_hostile_words_are_no_worse(
        changes in proptest::collection::vec((any::<usize>(), prop_oneof![0_u32..20, any::<u32>()]), 1..6),
    ) {
        survives(&forged(&small_plan(), &changes));
    }

    #[test]
    fn noise_is_not_a_plan(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Plan::from_bytes(&bytes).is_err());
    }
}
