//! What instances cost in memory, in bytes and not in seconds.

use std::num::NonZeroU32;

use cutout::Options;
use host_harness::bench::figure::Figure;
use host_harness::bench::record::Series;
use host_harness::engine::{Runtime, Settings};

use crate::support::{cutout, finish, fixture, tiny, wasm};

const KIBIBYTE: f64 = 1024.0;

/// One answer of a fresh process, since this one has other tests in it. A process before makes the host image, whose
/// compiler leaves much behind.
fn probe(question: &str, model: &str, more: &[&str]) -> Vec<Series> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = cutout();
    command.arg("run").arg(fixture("photos/chelsea.png"));
    command.args(["--model", model]);
    command.arg("-o").arg(folder.path().join("made.png"));
    let (output, said) = finish(&mut command);
    assert!(output.status.success(), "{said}");
    let mut command = cutout();
    command
        .args(["probe", question])
        .arg(fixture("photos/chelsea.png"))
        .args(["--model", model])
        .args(more);
    let (output, said) = finish(&mut command);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn samples(series: &[Series], figure: Figure) -> &[f64] {
    &series
        .iter()
        .find(|s| s.figure == figure)
        .unwrap_or_else(|| panic!("no {}", figure.title()))
        .samples
}

#[test]
fn one_more_idle_instance_shares_the_weights_and_costs_at_most_256_kib() {
    let found = probe("idle", "u2netp", &[]);
    let one = samples(&found, Figure::IdleInstance)[0];
    assert!(one > 0.0 && one <= 256.0 * KIBIBYTE, "{one} bytes");
    // A copy of the weights each would let 200 in.
    let fitting = samples(&found, Figure::IdleInGibibyte)[0];
    assert!(fitting >= 4000.0, "{fitting} instances in 1 GiB");
}

#[test]
fn an_idle_process_with_the_model_ready_is_small() {
    let found = probe("memory", "u2netp", &["--workers", "2"]);
    let rss = samples(&found, Figure::IdleRss)[0];
    assert!(rss <= 30.0 * KIBIBYTE * KIBIBYTE, "{rss} bytes");
    let after = samples(&found, Figure::AfterBurst)[0];
    assert!(after <= 1.1, "{after} times what it was");
}

#[test]
fn memory_stays_flat_through_pictures_with_a_fresh_instance_each() {
    let found = probe("long-run", &tiny(), &["--pictures", "60"]);
    let sizes = &samples(&found, Figure::LongRun)[10..];
    let (least, most) = sizes
        .iter()
        .fold((f64::MAX, 0.0_f64), |(a, b), s| (a.min(*s), b.max(*s)));
    assert!(most <= least * 1.05, "{least}…{most} bytes");
}

#[test]
fn a_fresh_instance_for_each_picture_makes_the_same_picture() {
    let picture = std::fs::read(fixture("photos/chelsea.png")).unwrap();
    let policies = [
        NonZeroU32::MIN,
        NonZeroU32::MIN.saturating_add(1),
        NonZeroU32::MAX,
    ];
    let outputs: Vec<_> = policies
        .iter()
        .flat_map(|&reuse| {
            let settings = Settings {
                reuse,
                ..Settings::default()
            };
            let mut engine = wasm(Runtime::Net, &tiny(), settings);
            let mut remove = || engine.remove(&picture, &Options::default()).unwrap();
            [remove(), remove(), remove()].map(|output| output.value.bytes)
        })
        .collect();
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}
