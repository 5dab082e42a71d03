//! The convolutions that make u2netp, in GFLOP/s by the definition, beside this machine's peak.
//! Criterion's "elements" are floating-point operations.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::time::Duration;

use benches::conv::{Bench, Case};
use benches::peak;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use cutout_net::Simd;

const fn case(side: usize, inputs: usize, outputs: usize, dilation: usize) -> Case {
    Case {
        side,
        inputs,
        outputs,
        dilation,
    }
}

/// The four that are most of the network, and one of each other kind.
const CASES: [Case; 7] = [
    case(320, 128, 64, 1),
    case(320, 32, 64, 1),
    case(320, 64, 16, 1),
    case(160, 128, 64, 1),
    case(160, 16, 16, 1),
    case(10, 16, 16, 4),
    case(320, 64, 1, 1),
];

/// The oracle is left out: it takes seconds a run and nobody waits for it.
fn levels() -> impl Iterator<Item = Simd> {
    Simd::available()
        .into_iter()
        .filter(|&level| level != Simd::Scalar)
}

fn peaks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peak");
    for level in levels().filter(|&level| peak::flop(level) > 0) {
        group.throughput(Throughput::Elements(peak::flop(level)));
        group.bench_function(level.name(), |b| {
            b.iter_custom(|rounds| {
                peak::run(level, rounds).expect("the level is there, and its sum right")
            });
        });
    }
    group.finish();
}

fn convolutions(criterion: &mut Criterion) {
    for case in CASES {
        let mut group = criterion.benchmark_group(case.name());
        group
            .sampling_mode(SamplingMode::Flat)
            .sample_size(10)
            .measurement_time(Duration::from_secs(3))
            .throughput(Throughput::Elements(case.flop()));
        for level in levels() {
            let mut bench = Bench::new(&case, level).expect("the answer must be right");
            let name = format!("{}/{}", level.name(), bench.algorithm());
            group.bench_function(name, |b| {
                b.iter_custom(|runs| {
                    (0..runs)
                        .map(|_| bench.run().expect("the answer must stay the same"))
                        .sum()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(kernels, peaks, convolutions);
criterion_main!(kernels);
