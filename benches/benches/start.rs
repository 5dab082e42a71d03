//! Starting: a host image mapped and linked, an instance, the first image on it. What was started makes the expected
//! mask, and every image is the first one again.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::time::{Duration, Instant};

use benches::fixture;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use cutout::{Limits, Options, Quality};
use host_harness::engine::{Cache, Engine, Engines, Runtime, Settings};
use host_harness::models::{self, Model};

const PHOTO: &str = "astronaut.png";

fn ready(model: &Model) -> Engines {
    let cache = Cache::of_user().expect("there is a cache folder");
    Engines::wasm(&cache, model, Runtime::Net, Settings::default(), &|_| {})
        .expect("the model can be made ready")
}

/// Makes sure that `engine` works, and leaves it without an instance.
fn check(engine: &mut dyn Engine) {
    let photo = fixture::photo(PHOTO).expect("the fixture is there");
    let expected = fixture::mask(PHOTO).expect("the fixture is there");
    let made = engine.mask(&photo, Quality::Rembg, &Limits::default());
    let mask = made.expect("the engine answers").value.mask;
    assert!(
        fixture::is_alike(&expected, &mask.data),
        "the mask is wrong"
    );
    engine.stop();
}

fn start(criterion: &mut Criterion) {
    let model = models::find(models::DEFAULT).expect("the program holds it");
    let engine_of = |engines: &Engines| engines.engine().expect("there is room for an instance");
    let mut engine = engine_of(&ready(&model));
    let mut group = criterion.benchmark_group("start");
    let mut last = None;
    group.bench_function("load", |b| {
        b.iter_with_large_drop(|| last.replace(ready(&model)));
    });
    // Nothing was loaded where the command line asks for another bench.
    if let Some(engines) = last {
        check(&mut *engine_of(&engines));
    }

    group.bench_function("instantiate", |b| {
        b.iter_custom(|runs| {
            let mut sum = Duration::ZERO;
            for _ in 0..runs {
                let start = Instant::now();
                engine.start().expect("there is room for an instance");
                sum += start.elapsed();
                engine.stop();
            }
            sum
        });
    });
    engine.start().expect("there is room for an instance");
    check(&mut *engine);

    let photo = fixture::photo(PHOTO).expect("the fixture is there");
    let mut remove = || {
        let output = engine.remove(&photo, &Options::default());
        engine.stop();
        output.expect("the engine answers").value.bytes
    };
    let first = remove();
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .bench_function("instance-and-image", |b| {
            b.iter(|| assert!(remove() == first, "the answer changed"));
        });
    group.finish();
}

criterion_group!(benches, start);
criterion_main!(benches);
