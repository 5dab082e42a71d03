//! The default model on one image, the stage `segment` alone: net and, with the feature `tract`, tract, natively and in wasm. Every answer is
//! compared with the expected mask, every repetition with the first answer.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::time::Duration;

use benches::{Choice, Subject, fixture};
use clap::Parser;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use cutout_net::Simd;
use host_harness::models;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    choice: Choice,
}

/// A row: its name, and the flags that choose it.
fn rows() -> Vec<(String, Vec<&'static str>)> {
    let mut rows: Vec<_> = Simd::available()
        .into_iter()
        .filter(|&level| level != Simd::Scalar)
        .map(|level| {
            let flags = vec!["--engine=native", "--simd", level.name()];
            (format!("net-native-{}", level.name()), flags)
        })
        .collect();
    rows.push((
        "net-wasm".to_owned(),
        vec!["--engine=wasm", "--runtime=net"],
    ));
    if cfg!(feature = "tract") {
        for (name, engine) in [
            ("tract-native", "--engine=native"),
            ("tract-wasm", "--engine=wasm"),
        ] {
            rows.push((name.to_owned(), vec![engine, "--runtime=tract"]));
        }
    }
    rows
}

fn network(criterion: &mut Criterion) {
    let image = fixture::photo("astronaut.png").expect("the fixture is there");
    let expected = fixture::mask("astronaut.png").expect("the fixture is there");
    let mut group = criterion.benchmark_group(models::DEFAULT);
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(10));
    for (name, flags) in rows() {
        // Made only when the row runs: the first time, wasm is compiled here.
        let mut subject = None;
        group.bench_function(name, |b| {
            let subject = subject.get_or_insert_with(|| start(&flags));
            let first = subject.mask(&image).expect("the subject answers").value;
            let is_right = fixture::is_alike(&expected, &first.data);
            assert!(is_right, "the mask is wrong");
            b.iter_custom(|runs| {
                let mut sum = Duration::ZERO;
                for _ in 0..runs {
                    let sample = subject.mask(&image).expect("the subject answers");
                    assert!(sample.value == first, "two runs gave different masks");
                    sum += sample.segment;
                }
                sum
            });
        });
    }
    group.finish();
}

fn start(flags: &[&str]) -> Subject {
    let cli = Cli::parse_from([&["network"], flags].concat());
    Subject::start(&cli.choice).expect("the subject starts")
}

criterion_group!(benches, network);
criterion_main!(benches);
