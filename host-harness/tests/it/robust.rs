//! Limits, and what an instance that breaks them leaves behind.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cutout::{Limits, Options, Quality};
use host_harness::engine::{Cache, Engines, Host, Runtime, Settings};
use host_harness::{Kind, models};
use wasmtime::component::Component;
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::support::{cutout, finish, fixture, root, tiny, wasm};

fn image() -> Vec<u8> {
    fs::read(fixture("photos/coffee.png")).unwrap()
}

/// An image that is small as a file and large in memory.
fn large_image() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_fn(6000, 4000, |x, y| image::Luma([(x / 100 + y / 100) as u8]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

#[test]
fn an_instance_above_its_cap_fails_alone_and_the_next_image_works() {
    let mut engine = wasm(
        Runtime::Net,
        &tiny(),
        Settings {
            max_memory: 48 << 20,
            ..Settings::default()
        },
    );
    let error = engine
        .remove(&large_image(), &Options::default())
        .unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
    assert!(error.to_string().contains("--max-memory"), "{error}");
    engine.remove(&image(), &Options::default()).unwrap();
    assert!(engine.peak_memory().unwrap() <= 48 << 20);
}

#[test]
fn an_image_that_misses_the_deadline_fails_alone_and_the_engine_lives_on() {
    let mut engine = wasm(
        Runtime::Net,
        "u2netp",
        Settings {
            // Less than an image takes anywhere, and time enough to refuse one.
            timeout: Duration::from_millis(100),
            ..Settings::default()
        },
    );
    for _ in 0..2 {
        let error = engine.remove(&image(), &Options::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{error}");
        assert!(error.to_string().contains("--timeout"), "{error}");
        // Not at once where the machine has other work.
        let mut refused = || engine.remove(b"no image", &Options::default()).unwrap_err();
        assert!((0..100).any(|_| matches!(refused().kind(), Kind::Core(_))));
    }
}

/// A component of the actor's world, every function of which ends its instance.
fn trapping() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some("actor")).unwrap();
    let mangling = ManglingAndAbi::Standard32;
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    let encoding = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.encode().unwrap()
}

#[test]
fn a_trap_costs_that_instance_alone() {
    let settings = Settings::default();
    let wasmtime = Host::engine(&settings).unwrap();
    let component = Component::new(&wasmtime, trapping()).unwrap();
    let host = Host::new(&wasmtime, &component, settings).unwrap();
    let engines = Engines::Wasm(Arc::new(host));
    let mut engine = engines.engine().unwrap();
    for made in 1..=3 {
        let error = engine.remove(&image(), &Options::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Trap, "{error}");
        assert_eq!(engines.instances(), made, "a fresh one each time");
    }
}

#[test]
fn a_model_that_does_not_fit_is_refused_and_its_host_image_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().to_owned()).unwrap();
    let model = models::find(&tiny()).unwrap();
    let settings = Settings {
        max_memory: 1 << 20,
        ..Settings::default()
    };
    for prepared in [true, false] {
        let said = Cell::new(false);
        let announce = |_: &str| said.set(true);
        let started = Engines::wasm(&cache, &model, Runtime::Net, settings, &announce);
        let error = started.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
        assert!(error.to_string().contains("--max-memory"), "{error}");
        assert_eq!(said.get(), prepared);
        assert_eq!(images(folder.path()).len(), 1);
    }
}

#[test]
fn limits_hold_in_the_component_too() {
    let mut engine = wasm(Runtime::Net, &tiny(), Settings::default());
    let defaults = Limits::default();
    let cases = [
        (
            Limits {
                max_bytes: 100,
                ..defaults
            },
            "too-many-bytes",
        ),
        (
            Limits {
                max_pixels: 1000,
                ..defaults
            },
            "too-many-pixels",
        ),
        (
            Limits {
                max_side: 599,
                ..defaults
            },
            "too-many-pixels",
        ),
    ];
    for (limits, kind) in cases {
        let error = engine
            .mask(&image(), Quality::default(), &limits)
            .unwrap_err();
        assert_eq!(error.kind().as_str(), kind, "{error}");
    }
}

fn images(folder: &std::path::Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "cwasm"))
        .collect()
}

#[test]
fn a_damaged_or_foreign_cache_file_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let out = folder.path().join("out.png");
        let (done, said) = finish(
            cutout()
                .env("CUTOUT_CACHE", folder.path().join("cache"))
                .arg("run")
                .arg(fixture("photos/coffee.png"))
                .arg("-o")
                .arg(&out)
                .args(["--model", &tiny()]),
        );
        assert!(done.status.success(), "{said}");
        said.contains("preparing the model")
    };
    assert!(run(), "the first run prepares the model");
    assert!(!run(), "the second run maps what is there");
    let [image] = images(&folder.path().join("cache")).try_into().unwrap();
    let whole = fs::read(&image).unwrap();
    let flipped = {
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        bytes
    };
    for (case, bytes) in [
        ("short", &whole[..whole.len() / 2]),
        ("empty", &[]),
        ("flipped", &flipped),
    ] {
        fs::write(&image, bytes).unwrap();
        assert!(run(), "{case}: not loaded");
        assert!(
            fs::read(&image).unwrap() == whole,
            "{case}: made again, the same bytes"
        );
    }
    fs::set_permissions(&image, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(run(), "a file that others may write to is not loaded");
}

#[test]
fn a_cache_folder_that_others_may_write_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Cache::at(folder.path().to_owned()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.to_string().contains("CUTOUT_CACHE"), "{error}");
}

#[test]
fn many_starts_at_once_make_one_good_image() {
    let folder = tempfile::tempdir().unwrap();
    let model = models::find(&tiny()).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let engine = Host::engine(&Settings::default()).unwrap();
                let cache = Cache::at(folder.path().to_owned()).unwrap();
                cache
                    .component(&engine, &model, Runtime::Net, &|_| {})
                    .unwrap();
            });
        }
    });
    assert_eq!(images(folder.path()).len(), 1);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    // A stamp comes with the first start that finds the image old enough.
    let files = files.filter(|entry| entry.path().extension() != Some("stamp".as_ref()));
    assert_eq!(files.count(), 2, "the image, the lock, nothing temporary");
}
