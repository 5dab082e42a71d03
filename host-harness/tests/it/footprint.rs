//! What instances cost in memory, in bytes and not in seconds.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use cutout::Options;
use cutout_measure::{Figure, Series};
use host_harness::engine::{Runtime, Settings};
use host_harness::models::DEFAULT;

use crate::support::{NO_DEADLINE, cutout, finish, fixture, tiny, wasm};

const KIBIBYTE: f64 = 1024.0;

/// One answer of a fresh process about the photo of a cat, since this process has other tests in it.
fn probe(question: &str, model: &str, more: &[&str]) -> Vec<Series> {
    probe_with(&fixture("photos/chelsea.png"), question, model, more)
}

/// The same about any image. A process before makes the host image, whose compiler leaves much behind.
fn probe_with(image: &Path, question: &str, model: &str, more: &[&str]) -> Vec<Series> {
    let folder = tempfile::tempdir().unwrap();
    let mut run = cutout();
    run.arg("run").arg(fixture("photos/chelsea.png")).arg("-o");
    run.arg(folder.path().join("made.png"));
    let mut probe = cutout();
    probe.args(["bench-probe", question]).arg(image).args(more);
    let [_, answer] = [run, probe].map(|mut command| {
        let (output, said) = finish(command.args(["--model", model]).args(NO_DEADLINE));
        assert!(output.status.success(), "{said}");
        output.stdout
    });
    serde_json::from_slice(&answer).unwrap()
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
    let found = probe("idle", DEFAULT, &[]);
    let one = samples(&found, Figure::IdleInstance)[0];
    assert!(one > 0.0 && one <= 256.0 * KIBIBYTE, "{one} bytes");
    // A copy of the weights each would let 200 in.
    let fitting = samples(&found, Figure::IdleInGibibyte)[0];
    assert!(fitting >= 4000.0, "{fitting} instances in 1 GiB");
}

#[test]
fn a_busy_instance_keeps_its_image_s_memory_however_large() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("large.png");
    image::RgbImage::from_fn(8000, 5000, |x, y| {
        image::Rgb([(x / 99) as u8, (y / 99) as u8, 9])
    })
    .save(&image)
    .unwrap();
    let found = probe_with(&image, "busy", &tiny(), &[]);
    let one = samples(&found, Figure::BusyInstance)[0];
    let fitting = samples(&found, Figure::BusyInGibibyte)[0];
    // More than what is kept elsewhere.
    assert!(one > 128.0 * KIBIBYTE * KIBIBYTE, "{one} bytes");
    assert!((2.0..8.0).contains(&fitting), "{fitting}");
}

#[test]
fn a_probe_refuses_to_measure_another_image() {
    let digest = "00".repeat(32);
    let mut command = cutout();
    command
        .args(["bench-probe", "times"])
        .arg(fixture("photos/chelsea.png"));
    command.args([
        "--engine",
        "native",
        "--model",
        &tiny(),
        "--expected",
        &digest,
    ]);
    let (output, said) = finish(&mut command);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("differs"), "{said}");
}

#[test]
fn an_idle_process_with_the_model_ready_is_small() {
    let found = probe("memory", DEFAULT, &["--workers", "2"]);
    let rss = samples(&found, Figure::IdleRss)[0];
    assert!(rss <= 30.0 * KIBIBYTE * KIBIBYTE, "{rss} bytes");
    let after = samples(&found, Figure::AfterBurst)[0];
    assert!(after <= 1.1, "{after} times what it was");
}

#[test]
fn memory_stays_flat_through_images_with_a_fresh_instance_each() {
    let found = probe("long-run", &tiny(), &["--pictures", "60"]);
    let sizes = &samples(&found, Figure::LongRun)[10..];
    let (least, most) = sizes
        .iter()
        .fold((f64::MAX, 0.0_f64), |(a, b), s| (a.min(*s), b.max(*s)));
    assert!(most <= least * 1.05, "{least}…{most} bytes");
}

#[test]
fn a_fresh_instance_for_each_image_makes_the_same_image() {
    let image = fs::read(fixture("photos/chelsea.png")).unwrap();
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
            let mut remove = || engine.remove(&image, &Options::default()).unwrap();
            [remove(), remove(), remove()].map(|output| output.value.bytes)
        })
        .collect();
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}
