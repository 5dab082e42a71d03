//! `cutout bench`, whole.

mod interruption;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cutout_measure::{Figure, Record};

use crate::support::{cutout, finish, fixture, tiny};

/// How many samples of `figure` the row has.
fn samples(record: &Record, row: &str, figure: Figure) -> usize {
    let mut series = record.series.iter();
    let found = series.find(|s| s.row == row && s.figure == figure);
    found.map_or(0, |s| s.samples.len())
}

/// Checks that the reports in `out` have the samples of `record`, and that the table is what was `printed`.
fn agree(out: &Path, record: &Record, printed: &str) {
    assert_eq!(
        printed.trim(),
        fs::read_to_string(out.join("bench.md")).unwrap().trim()
    );
    let csv = fs::read_to_string(out.join("bench.csv")).unwrap();
    let samples: usize = record.series.iter().map(|s| s.samples.len()).sum();
    assert_eq!(csv.lines().count(), samples + 1);
    assert!(
        fs::read_to_string(out.join("bench.html"))
            .unwrap()
            .contains("<svg")
    );
}

/// `cutout bench` of our engines beside a peer that makes the same and one that makes something else.
fn beside_peers(folder: &Path, out: &Path) -> (std::process::Output, String) {
    let photo = fixture("photos/chelsea.png");
    let program = env!("CARGO_BIN_EXE_cutout");
    let same = format!(
        "same={program} run {{input}} -o {{output}} --model {}",
        tiny()
    );
    let other = format!(
        "other|one=sh -c 'cp {} $1' {{input}} {{output}}",
        opaque(folder)
    );
    finish(
        cutout()
            .arg("bench")
            .arg(&photo)
            .args(["--model", &tiny(), "--samples", "2", "--workers", "1"])
            .args(["--row", "wasm:net", "--row", "native:net"])
            .args(["--measure", "process,times,memory"])
            .args(["--peer", &same, "--peer", &other])
            .arg("-o")
            .arg(out),
    )
}

#[test]
fn bench_measures_our_rows_and_a_peer_and_writes_four_reports() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("reports");
    let (output, said) = beside_peers(folder.path(), &out);
    assert!(output.status.success(), "{said}");
    let record: Record =
        serde_json::from_slice(&fs::read(out.join("bench.json")).unwrap()).unwrap();
    let rows: BTreeSet<_> = record
        .series
        .iter()
        .filter(|s| s.figure == Figure::ProcessWarm)
        .map(|s| s.row.as_str())
        .collect();
    assert_eq!(
        rows,
        BTreeSet::from(["native net", "other|one", "same", "wasm net"])
    );
    for (row, figure, expected) in [
        ("wasm net", Figure::ProcessPeak, 2),
        ("wasm net", Figure::Written, 2),
        ("same", Figure::Written, 0),
        ("wasm net", Figure::WrittenAboveSteady, 2),
        ("same", Figure::WrittenAboveSteady, 0),
        ("wasm net", Figure::Instantiate, 400),
        ("native net", Figure::Instantiate, 0),
        ("native net", Figure::Steady, 6),
        ("wasm net", Figure::Fresh, 6),
        ("wasm net", Figure::IdleRss, 2),
        ("same", Figure::Steady, 0),
    ] {
        assert_eq!(
            samples(&record, row, figure),
            expected,
            "{row} {}",
            figure.title()
        );
    }
    let ratio = |row: &str| {
        let mut ratios = record.ratios.iter();
        let found = ratios.find(|r| r.row == row && r.figure == Figure::ProcessWarm);
        found.unwrap().value.clone()
    };
    assert!(ratio("same").unwrap() > 0.0);
    assert!(ratio("other|one").is_err(), "another image is another work");
    let printed = String::from_utf8_lossy(&output.stdout);
    agree(&out, &record, &printed);
    // Anew from the record, in a folder that is not there yet.
    let again = folder.path().join("again");
    let mut command = cutout();
    command
        .args(["bench", "--record"])
        .arg(out.join("bench.json"));
    let (anew, said) = finish(command.arg("-o").arg(&again));
    assert!(anew.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&anew.stdout), printed);
    agree(&again, &record, &printed);
}

#[test]
fn a_record_that_is_none_or_comes_with_flags_of_a_run_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.json");
    fs::write(&text, "{\"about\": 1}").unwrap();
    let missing = folder.path().join("missing.json");
    let cases: [(&Path, &[&str], i32, &str); 4] = [
        (&text, &[], 2, "is no record of cutout bench"),
        (&missing, &[], 1, "missing.json"),
        (&text, &["--full"], 2, "--full"),
        (&text, &["photo.jpg"], 2, "[IMAGE]"),
    ];
    for (record, flags, code, words) in cases {
        let out = folder.path().join("none");
        let mut command = cutout();
        command.args(["bench", "--record"]).arg(record).args(flags);
        let (done, said) = finish(command.arg("-o").arg(&out));
        assert_eq!(done.status.code(), Some(code), "{flags:?}: {said}");
        assert!(said.contains(words), "{flags:?}: {said}");
        assert!(!out.exists(), "{flags:?}");
    }
}

/// A cut-out that is opaque everywhere, of the photo's size.
fn opaque(folder: &Path) -> String {
    let path = folder.join("opaque.png");
    let (width, height) = image::image_dimensions(fixture("photos/chelsea.png")).unwrap();
    image::RgbaImage::from_pixel(width, height, image::Rgba([1, 2, 3, 255]))
        .save(&path)
        .unwrap();
    path.display().to_string()
}

/// What is said of wrong usage, for which nothing may be written to `out`.
fn refused(out: &Path, flags: &[&str]) -> String {
    let mut command = cutout();
    command.arg("bench").arg(fixture("photos/chelsea.png"));
    let (output, said) = finish(command.args(flags).arg("-o").arg(out));
    assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
    assert!(!out.exists(), "{flags:?}");
    said
}

#[test]
fn a_peer_without_its_places_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    for peer in [
        "no-command",
        "name=cp {input}",
        "=cp {input} {output}",
        "name=cp '{input} {output}",
    ] {
        let out = folder.path().join("none");
        let said = refused(&out, &["--peer", peer, "--samples", "1"]);
        assert!(said.contains("{input} {output}"), "{said}");
    }
}

#[test]
fn a_peer_that_fails_is_named_with_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = finish(
        cutout()
            .arg("bench")
            .arg(fixture("photos/chelsea.png"))
            .args(["--row", "native:net", "--model", &tiny(), "--samples", "1"])
            .args([
                "--measure",
                "process",
                "--peer",
                "broken=ls {input} {output}",
            ])
            .arg("-o")
            .arg(folder.path()),
    );
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("broken: ls failed") && said.contains("cannot access"),
        "{said}"
    );
}

/// A peer that does as `turns` say: one shell command for each process, then none.
fn peer(folder: &Path, turns: &[&str]) -> String {
    let script = folder.join("peer.sh");
    let mut text = "echo >> $1\ncase $(wc -l < $1) in\n".to_owned();
    for (turn, command) in turns.iter().enumerate() {
        text.push_str(&format!("{}) {command};;\n", turn + 1));
    }
    fs::write(&script, text + "*) exit 1;;\nesac\n").unwrap();
    let counter = folder.join("turns");
    format!(
        "peer=sh {} {} {{input}} {{output}}",
        script.display(),
        counter.display()
    )
}

/// Two rounds of whole processes, of a native row and a peer; the peer runs once before them.
fn two_rounds(folder: &Path, peer: &str) -> (std::process::Output, String, Record) {
    let (output, said) = finish(
        cutout()
            .arg("bench")
            .arg(fixture("photos/chelsea.png"))
            .args(["--row", "native:net", "--model", &tiny(), "--samples", "2"])
            .args(["--measure", "process", "--peer", peer, "-o"])
            .arg(folder),
    );
    let record = fs::read(folder.join("bench.json")).unwrap();
    (output, said, serde_json::from_slice(&record).unwrap())
}

#[test]
fn what_was_found_before_a_process_failed_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let copy = format!("cp {} $3", opaque(folder.path()));
    let peer = peer(folder.path(), &[&copy, &copy]);
    let (output, said, record) = two_rounds(folder.path(), &peer);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("peer: sh failed"), "{said}");
    let warm = record
        .series
        .iter()
        .filter(|s| s.figure == Figure::ProcessWarm);
    let found: Vec<_> = warm.map(|s| (s.row.as_str(), s.samples.len())).collect();
    assert_eq!(found, [("native net", 1), ("peer", 1)]);
    assert_eq!(record.about.peers, [peer]);
}

#[test]
fn a_peer_whose_image_changes_or_is_missing_gets_no_ratio() {
    for last in ["cp $2 $3", "true"] {
        let folder = tempfile::tempdir().unwrap();
        let made = format!(
            "{} run $2 -o $3 --model {}",
            env!("CARGO_BIN_EXE_cutout"),
            tiny()
        );
        let turns = [&*made, &*made, last];
        let (output, said, record) = two_rounds(folder.path(), &peer(folder.path(), &turns));
        assert!(output.status.success(), "{said}");
        assert!(record.ratios.iter().all(|ratio| ratio.value.is_err()));
        let reason = record.agreement[0].difference.clone().unwrap_err();
        assert_eq!(reason, "peer made different images, or none", "{last}");
    }
}

#[test]
#[cfg(feature = "tract")]
fn a_run_that_would_measure_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("none");
    let said = refused(&out, &["--row", "native:tract", "--measure", "density"]);
    assert!(said.contains("nothing to measure"), "{said}");
}

#[test]
fn two_rows_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("none");
    let said = refused(&out, &["--row", "native:net", "--row", "native:net"]);
    assert!(said.contains("two rows"), "{said}");
}
