//! Awkward files: every one ends in an image of the right size or a clean error.

use std::fs;
use std::path::Path;

use crate::support::{ENGINES, cutout, finish, shared, tiny};

#[test]
fn every_odd_file_meets_its_verdict_through_both_engines() {
    let Some(manifest) = shared("data/odd/manifest.tsv") else {
        return;
    };
    let folder = manifest.parent().unwrap();
    let rows = fs::read_to_string(&manifest).unwrap();
    let rows: Vec<Vec<&str>> = rows
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    let mut failures = Vec::new();
    for engine in ENGINES {
        for row in &rows {
            let [file, verdict, size, ..] = row.as_slice() else {
                panic!("{row:?}")
            };
            let outcome = run(engine, &folder.join(file));
            let done = outcome.as_deref() == Ok(*size) || (outcome.is_ok() && size.is_empty());
            let refused = outcome
                .as_ref()
                .is_err_and(|said| said.starts_with("cutout: error["));
            let met = match *verdict {
                "ok" => done,
                "error" => refused,
                _ => done || refused,
            };
            if !met {
                failures.push(format!(
                    "{engine} {file}: {verdict} {size}, got {outcome:?}"
                ));
            }
        }
    }
    println!("{} odd files, each through both engines", rows.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The output's size as the manifest writes it, or what was said when the exit code was 1.
fn run(engine: &str, file: &Path) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("cutout.png");
    let mut command = cutout();
    command.arg("run").arg(file).arg("-o").arg(&output);
    command.args(["--engine", engine, "--model", &tiny()]);
    command.args(["--max-memory", "512"]);
    let (done, said) = finish(&mut command);
    match done.status.code() {
        Some(0) => {
            let image = image::open(&output).unwrap();
            Ok(format!("{}x{}", image.width(), image.height()))
        }
        Some(1) => Err(said),
        code => Err(format!("exit code {code:?}: {said}")),
    }
}
