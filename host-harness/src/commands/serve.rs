//! `cutout serve`: images over HTTP.

use std::io;
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use http::HeaderValue;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use super::command::{Command, announce};
use super::sandbox::Sandbox;
use crate::engine::Settings;
use crate::serve::{Config, origin, serve};
use crate::{Error, Kind};

/// Where a server listens by default.
pub(super) const ADDR: &str = "127.0.0.1:7000";

/// Answer images over HTTP: POST one to /v1/remove.
///
/// SIGTERM and SIGINT let the server finish what it has accepted.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = ADDR)]
    addr: String,

    /// Where to answer /metrics and /dashboard, and not at --addr: an address that no proxy leads to. Health checks are answered
    /// at both. Default: at --addr.
    #[arg(long, value_name = "HOST:PORT")]
    metrics_addr: Option<String>,

    /// Images processed at once. Default: the number of cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    workers: Option<u32>,

    /// A fresh instance for every image, which isolates each from every other.
    #[arg(long, conflicts_with = "reuse")]
    fresh: bool,

    /// Images that one instance serves before a fresh one takes its place. Default: all.
    #[arg(long, value_name = "N")]
    reuse: Option<NonZeroU32>,

    /// Requests that may wait for a worker, beyond which the answer is 503; twice the workers unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=65_536))]
    queue: Option<u32>,

    /// Heads, bodies and answers of requests on their way, in MiB; one body of the largest size always has room.
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    max_held: u64,

    /// Time for a body to arrive, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    read_timeout: f64,

    /// Time that a connection may stay open without a request, in seconds. Behind a proxy that keeps connections, more
    /// than it keeps them for.
    #[arg(long, value_name = "SECONDS", default_value_t = 75.0)]
    idle_timeout: f64,

    /// The token that callers must send as `Authorization: Bearer TOKEN` or `X-Api-Key: TOKEN`. CUTOUT_TOKEN does the same and
    /// is not seen in the list of processes.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,

    /// Let web pages of this origin call the server from a browser (CORS), such as `https://example.org`; `*` lets all. May be
    /// given several times. Default: none.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    cors: Vec<HeaderValue>,

    /// Time for what was accepted once the server is told to stop, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    grace: f64,

    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t)]
    log: Log,

    #[command(flatten)]
    sandbox: Sandbox,
}

/// Lines of the log that wait for whoever reads them.
const LOG_LINES: usize = 4096;

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Command for Serve {
    fn execute(self) -> Result<u8, Error> {
        let token = self.token()?;
        let workers = match self.workers {
            Some(workers) => workers,
            None => thread::available_parallelism()
                .ok()
                .and_then(|cores| u32::try_from(cores.get()).ok())
                .unwrap_or(1),
        };
        let settings = Settings {
            instances: workers,
            reuse: match self.fresh {
                true => NonZeroU32::MIN,
                false => self.reuse.unwrap_or(NonZeroU32::MAX),
            },
            limits: Some(self.sandbox.limits()),
            ..self.sandbox.settings()?
        };
        let max_body = bytes(self.sandbox.max_bytes)?;
        let mut config = Config {
            addr: self.addr.clone(),
            metrics_addr: self.metrics_addr.clone(),
            workers: workers as usize,
            queue: self.queue.unwrap_or(workers * 2) as usize,
            max_body,
            max_held: bytes(self.max_held)?,
            read_timeout: seconds("--read-timeout", self.read_timeout)?,
            idle_timeout: seconds("--idle-timeout", self.idle_timeout)?,
            timeout: settings.timeout,
            grace: seconds("--grace", self.grace)?,
            token,
            cors: self.cors.clone(),
            model: String::new(),
        };
        let _log = self.log.start();
        let (model, engines) = self.sandbox.start(settings)?;
        config.model.clone_from(&model.spec.name);
        serve(engines, config, &announce)?;
        Ok(0)
    }
}

impl Serve {
    fn token(&self) -> Result<Option<String>, Error> {
        let token = match &self.token {
            Some(token) => Some(token.clone()),
            None => std::env::var_os("CUTOUT_TOKEN")
                .map(|token| token.into_string())
                .transpose()
                .map_err(|_| Error::new(Kind::Usage, "CUTOUT_TOKEN is no text"))?,
        };
        match token {
            Some(token) if token.is_empty() => {
                let text = "the token is empty; give --token or CUTOUT_TOKEN one, or leave it out";
                Err(Error::new(Kind::Usage, text))
            }
            token => Ok(token),
        }
    }
}

impl Log {
    /// From here on, what happens is written to standard error until the guard is dropped. A reader that is slow or gone
    /// loses lines, and holds up no request.
    fn start(self) -> WorkerGuard {
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(LOG_LINES)
            .finish(io::stderr());
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_target(false)
            .log_internal_errors(false)
            .with_writer(writer);
        match self {
            Self::Text => log.init(),
            Self::Json => log.json().flatten_event(true).init(),
        }
        guard
    }
}

fn seconds(flag: &str, seconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Error::new(Kind::Usage, format!("{flag} takes seconds of 0 or more")))
}

fn bytes(mib: u64) -> Result<usize, Error> {
    usize::try_from(mib << 20).map_err(|_| {
        Error::new(
            Kind::Usage,
            "--max-bytes or --max-held is above this machine's address space",
        )
    })
}
