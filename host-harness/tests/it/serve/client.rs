//! A server of the real program, and a client that is nothing but a socket.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, unbounded};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{NO_DEADLINE, cutout, patience, tiny};

/// `cutout serve` on a free port, stopped when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) addr: String,
    log: Receiver<String>,
}

impl Server {
    /// A server of the tiny model through `engine`, without a deadline for images unless it is given one; ready once
    /// this returns.
    pub(super) fn start(engine: &str, arguments: &[&str]) -> Self {
        Self::begin(cutout(), engine, arguments)
    }

    /// A native server that may have so many descriptors.
    pub(super) fn with_descriptors(most: usize, arguments: &[&str]) -> Self {
        let program = cutout();
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n $0 && exec \"$@\"", &most.to_string()]);
        shell.arg(program.get_program());
        for (name, value) in program.get_envs() {
            shell.env(name, value.unwrap());
        }
        Self::begin(shell, "native", arguments)
    }

    /// A native server whose log nobody reads, and the end of the pipe that it comes from.
    pub(super) fn unheard() -> (Self, BufReader<ChildStderr>) {
        let mut child = spawn(cutout(), "native", &[]);
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("serving on http://") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0);
        }
        let addr = line.trim().rsplit('/').next().unwrap().to_owned();
        let (_, nothing) = unbounded();
        let server = Self {
            child,
            addr,
            log: nothing,
        };
        (server, log)
    }

    fn begin(program: Command, engine: &str, arguments: &[&str]) -> Self {
        let mut child = spawn(program, engine, arguments);
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, log) = unbounded();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|l| sender.send(l)));
        let mut server = Self {
            child,
            addr: String::new(),
            log,
        };
        let said = server.until("serving on http://");
        server.addr = said.rsplit('/').next().unwrap().to_owned();
        server
    }

    /// The next line of the log that contains `text`.
    pub(super) fn until(&self, text: &str) -> String {
        let mut before = String::new();
        loop {
            match self.log.recv_timeout(patience()) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => writeln!(before, "{line}").unwrap(),
                Err(error) => panic!("no {text:?}: {error}; said\n{before}"),
            }
        }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(patience())).unwrap();
        stream
    }

    /// Sends one request on a connection of its own.
    pub(super) fn ask(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        Answer::read(&mut stream)
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
    }

    pub(super) fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.ask(&post(path, "", body))
    }

    /// Asks for `path` until the server has a place for the request.
    pub(super) fn get_in(&self, path: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get(path);
            if answer.status != 503 {
                return answer;
            }
            assert!(begun.elapsed() < patience(), "no place for {path}");
        }
    }

    /// One value of /metrics; 0 when it has not been counted yet.
    pub(super) fn metric(&self, name: &str) -> f64 {
        // A server that is full answers 503, in which there is no value at all.
        let answer = self.get_in("/metrics");
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// Asks for the metric until it has `value`.
    pub(super) fn wait_for(&self, name: &str, value: f64) {
        let begun = Instant::now();
        while (self.metric(name) - value).abs() > f64::EPSILON {
            assert!(begun.elapsed() < patience(), "{name} is not {value}");
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(super) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

fn spawn(mut program: Command, engine: &str, arguments: &[&str]) -> Child {
    let deadline = if arguments.contains(&NO_DEADLINE[0]) {
        &[][..]
    } else {
        &NO_DEADLINE
    };
    program
        .args(["serve", "--addr", "127.0.0.1:0", "--log", "json"])
        .args(["--engine", engine, "--model", &tiny()])
        .args(deadline)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A whole request; `headers` end with a line break each.
pub(super) fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn read(stream: &mut TcpStream) -> Self {
        let (status, headers) = Self::head(stream);
        let length = headers
            .get("content-length")
            .map_or(0, |l| l.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        Self {
            status,
            headers,
            body,
        }
    }

    /// Status and headers, and not a byte beyond them.
    pub(super) fn head(stream: &mut TcpStream) -> (u16, BTreeMap<String, String>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let (first, rest) = head.split_once("\r\n").unwrap();
        let headers = rest.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        (first[9..12].parse().unwrap(), headers.collect())
    }

    /// The stable code of a refusal.
    pub(super) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }
}

fn png(image: &image::DynamicImage) -> Vec<u8> {
    encode(image, image::ImageFormat::Png)
}

fn encode(image: &image::DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Done in milliseconds. A box before a gradient: in the gradient alone there would be no subject.
pub(super) fn small() -> Vec<u8> {
    let image = image::RgbImage::from_fn(64, 48, |x, y| {
        let inside = (16..48).contains(&x) && (12..36).contains(&y);
        image::Rgb([x as u8 * 3, if inside { 250 } else { y as u8 * 2 }, 9])
    });
    png(&image.into())
}

fn noise(width: u32, height: u32) -> image::DynamicImage {
    let mut random = fastrand::Rng::with_seed(7);
    let mut pixels = vec![0; width as usize * height as usize * 3];
    random.fill(&mut pixels);
    let image = image::RgbImage::from_raw(width, height, pixels);
    image.unwrap().into()
}

/// Noise, so that the cut-out has some megabytes too.
pub(super) fn noisy() -> Vec<u8> {
    png(&noise(1600, 1000))
}

/// Small as a file, and a second's work at least.
pub(super) fn large() -> Vec<u8> {
    let image = image::RgbImage::from_fn(6000, 4000, |x, y| {
        image::Rgb([(x / 100) as u8, (y / 100) as u8, (x / 100 + y / 100) as u8])
    });
    png(&image.into())
}

/// Several times its 30 MB in memory, since the cut-out is as large again.
pub(super) fn heavy() -> Vec<u8> {
    encode(&noise(8000, 2500), image::ImageFormat::Bmp)
}
