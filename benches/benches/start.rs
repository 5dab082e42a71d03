//! Starting: a host image mapped and linked, an instance, the first picture on it. Every picture is compared with
//! the first one's.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use cutout::Options;
use host_harness::engine::{Cache, Engines, Runtime, Settings};
use host_harness::models::{self, Model};

fn ready(model: &Model) -> Engines {
    let cache = Cache::of_user().expect("there is a cache folder");
    Engines::wasm(&cache, model, Runtime::Net, Settings::default(), &|_| {})
        .expect("the model can be made ready")
}

fn start(criterion: &mut Criterion) {
    let model = models::find("u2netp").expect("the program holds u2netp");
    let engines = ready(&model);
    let mut group = criterion.benchmark_group("start");
    group.bench_function("load", |b| b.iter(|| black_box(ready(&model))));

    let mut engine = engines.engine().expect("there is room for an instance");
    group.bench_function("instantiate", |b| {
        b.iter(|| {
            engine.start().expect("there is room for an instance");
            engine.stop();
        });
    });

    let photo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/photos/astronaut.png");
    let photo = fs::read(photo).expect("the fixture is there");
    let mut remove = || {
        let output = engine.remove(&photo, &Options::default());
        engine.stop();
        output.expect("the engine answers").value.bytes
    };
    let first = remove();
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .bench_function("instance-and-picture", |b| {
            b.iter(|| assert!(remove() == first, "the answer changed"));
        });
    group.finish();
}

criterion_group!(benches, start);
criterion_main!(benches);
