//! A run that is interrupted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cutout_measure::{Figure, Record};
use rustix::process::{Pid, Signal, kill_process};

use super::{opaque, peer, samples};
use crate::support::{cutout, fixture, tiny};

/// `cutout bench` in two rounds of whole processes, beside a peer that takes these turns.
fn measuring(folder: &Path, turns: &[&str]) -> Command {
    let mut command = cutout();
    command
        .arg("bench")
        .arg(fixture("photos/chelsea.png"))
        .args(["--row", "native:net", "--model", &tiny(), "--samples", "2"])
        .args(["--measure", "process", "--peer", &peer(folder, turns)])
        .arg("-o")
        .arg(folder.join("out"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

#[test]
fn an_interruption_ends_the_process_that_runs_and_keeps_whole_rounds() {
    for (whole_rounds, said_text) in [(0, "nothing is written"), (1, "1 of 2 rounds")] {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let copy = format!("cp {} $3", opaque(folder.path()));
        // Blocks until the test reads its number.
        let hang = format!("echo $$ > {}; exec sleep 1000", fifo.display());
        let mut turns = vec![&*copy; 1 + whole_rounds];
        turns.push(&hang);
        let bench = measuring(folder.path(), &turns).spawn().unwrap();
        let hanging = fs::read_to_string(&fifo).unwrap();
        let pid = Pid::from_child(&bench);
        kill_process(pid, Signal::INT).unwrap();
        let ended = bench.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{said}");
        assert!(said.contains(said_text), "{said}");
        assert!(!Path::new("/proc").join(hanging.trim()).exists(), "{said}");
        let record = fs::read(folder.path().join("out/bench.json")).ok();
        let record = record.map(|json| serde_json::from_slice::<Record>(&json).unwrap());
        let found = record.map_or(0, |record| {
            assert_eq!((record.about.rounds, record.about.samples), (1, 2));
            samples(&record, "native net", Figure::ProcessWarm)
        });
        assert_eq!(found, whole_rounds);
    }
}
