//! Builds the actor for wasm32-wasip2 and leaves it deflated where `include_bytes!` finds it, so that the
//! binary is self-contained while Cargo knows no dependency between the two.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use walkdir::WalkDir;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Everything that plans and results are made by, and the actor is built from, relative to the workspace.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "actor", "crates", "wit"];

/// The builds of the actor, each with its feature.
const BUILDS: [(&str, &str); 3] = [("net", ""), ("worker", "worker"), ("tract", "tract")];

/// The models inside the program.
const BUILT_IN: [&str; 2] = ["cutnet", "u2netp"];

fn main() -> Result<()> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for source in SOURCES {
        rerun_if_changed(source);
    }
    strip(&out);
    let has = |feature| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    if has("WASM") {
        see_to_target(&workspace)?;
    }
    let wanted = |build| has("WASM") && (build != "tract" || has("TRACT"));
    for (build, features) in BUILDS.into_iter().filter(|(build, _)| wanted(*build)) {
        write_actor(build, features, &workspace, &out)?;
    }

    println!(
        "cargo::rustc-env=CUTOUT_WASMTIME={}",
        wasmtime_version(&workspace)?
    );

    println!("cargo::rustc-env=CUTOUT_RUSTC={}", rustc_version()?);
    println!("cargo::rustc-env=CUTOUT_TARGET={}", env::var("TARGET")?);

    println!(
        "cargo::rustc-env=CUTOUT_CORE_DIGEST={}",
        core_digest(&workspace)?
    );

    for name in BUILT_IN {
        let model = format!("models/{name}.onnx");
        rerun_if_changed(&model);
        println!(
            "cargo::rustc-env=CUTOUT_{}_DIGEST={}",
            name.to_uppercase(),
            blake3::hash(&fs::read(workspace.join(model))?)
        );
    }
    Ok(())
}

/// Has the linker strip a release, in place of the profile's `strip`, which Cargo forgets for a package with settings of its own; other
/// profiles keep their symbols.
fn strip(out: &Path) {
    let profile = out.ancestors().nth(3).and_then(Path::file_name);
    let is_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if is_linux && profile.is_some_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}

/// Writes the actor of a build into `out`, deflated, and gives its digest.
fn write_actor(build: &str, features: &str, workspace: &Path, out: &Path) -> Result<()> {
    let bytes = fs::read(build_actor(features, workspace, out)?)?;
    fs::write(out.join(format!("actor-{build}.wasm.z")), deflate(&bytes)?)?;
    let name = build.to_uppercase();
    let digest = blake3::hash(&bytes);
    println!("cargo::rustc-env=CUTOUT_ACTOR_{name}_DIGEST={digest}");
    Ok(())
}

/// Has Cargo run this again when `path` changes, relative to the workspace. Absolute paths would be those of another clone where
/// clones share a target folder, and this one would get that one's actor.
fn rerun_if_changed(path: &str) {
    println!("cargo::rerun-if-changed=../{path}");
}

/// `bytes` in zlib's format, a third as long: a program seldom needs a component, as the sandbox compiles it once.
fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(bytes)?;
    Ok(deflated.finish()?)
}

/// A digest of the sources, by name and content.
fn core_digest(workspace: &Path) -> Result<blake3::Hash> {
    let mut digest = blake3::Hasher::new();
    for source in SOURCES {
        for entry in WalkDir::new(workspace.join(source)).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(workspace)?.as_os_str();
                digest.update(name.as_encoded_bytes()).update(&[0]);
                digest.update(&fs::read(entry.path())?);
            }
        }
    }
    Ok(digest.finalize())
}

/// Sees to the guest's target once more: Cargo does not start `.cargo/rustc` where it remembers the compiler, or where people have a
/// wrapper of their own.
fn see_to_target(workspace: &Path) -> Result<()> {
    let done = Command::new(workspace.join(".cargo/rustc"))
        .arg(env::var("RUSTC")?)
        .arg("-vV")
        .output()?;
    match done.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&done.stderr).into()),
    }
}

/// As Cargo.lock has it; the crate itself does not say.
fn wasmtime_version(workspace: &Path) -> Result<String> {
    let lock = fs::read_to_string(workspace.join("Cargo.lock"))?;
    let mut lines = lock
        .lines()
        .skip_while(|line| *line != "name = \"wasmtime\"");
    let version = lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = "));
    Ok(version
        .ok_or("Cargo.lock has no wasmtime")?
        .trim_matches('"')
        .to_owned())
}

fn rustc_version() -> Result<String> {
    let output = Command::new(env::var("RUSTC")?).arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    let version = text.split_whitespace().nth(1);
    Ok(version.ok_or("rustc does not say its version")?.to_owned())
}

/// One target folder for all profiles and tools: the actor is always the release build.
fn build_actor(features: &str, workspace: &Path, out: &Path) -> Result<PathBuf> {
    let target = out
        .ancestors()
        .nth(4)
        .ok_or("OUT_DIR is not inside a target folder")?
        .join("actor");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "actor",
            "--target",
            "wasm32-wasip2",
        ])
        .arg("--target-dir")
        .arg(&target)
        .args(["--features", features])
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128");
    // What a native build, clippy or rustdoc sets for itself is not meant for the guest.
    for name in [
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
    ] {
        cargo.env_remove(name);
    }
    if !cargo.status()?.success() {
        return Err(
            "the actor did not build; `rustup target add wasm32-wasip2` if the target is missing"
                .into(),
        );
    }
    Ok(target.join("wasm32-wasip2/release/actor.wasm"))
}
