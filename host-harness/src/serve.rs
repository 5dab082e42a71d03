//! The server: images over HTTP, answered by a bounded pool of engines.

mod access_log;
mod auth;
mod body;
mod budget;
mod connections;
mod cors;
mod failures;
mod history;
mod metrics;
mod pool;
mod rejection;
mod routes;
mod service;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::engine::Engines;
use crate::{Error, Kind};
use access_log::AccessLog;
use auth::Token;
use body::Bodies;
use budget::{Budget, Capacity};
use connections::{Listeners, WaitTimes};
use cors::Cors;
use history::History;
use pool::Pool;
use service::Service;

pub(crate) use cors::origin;

/// Threads that move bytes; the images have threads of their own.
const THREADS: usize = 2;

/// Requests on their way at once; one more is told to come back.
const REQUESTS: usize = 512;

/// Bytes for heads beside bodies of the largest size.
const HEADS: usize = 1 << 20;

/// How long a client may keep the server waiting while others are short of room.
const PATIENCE: Duration = Duration::from_millis(500);

/// How a server behaves.
pub struct Config {
    /// Where it listens: host and port; port 0 is any free one.
    pub addr: String,
    /// Where it answers metrics and the dashboard; `None` does so at `addr`.
    pub metrics_addr: Option<String>,
    /// Requests worked on at once.
    pub workers: usize,
    /// Requests that may wait for a worker.
    pub queue: usize,
    /// Bytes of one body.
    pub max_body: usize,
    /// Bytes of the heads, bodies and answers of all requests on their way; one body always has room.
    pub max_held: usize,
    /// Time that a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// Time for a body to arrive.
    pub read_timeout: Duration,
    /// Time for one image.
    pub timeout: Duration,
    /// Time for what was accepted once the server is told to stop.
    pub grace: Duration,
    /// The token that callers must send; `None` lets everybody in.
    pub token: Option<String>,
    /// Origins whose pages may call the server from a browser, each as in the header `Origin`; `*` means all.
    pub cors: Vec<HeaderValue>,
    /// The model's name.
    pub model: String,
}

/// Serves until SIGTERM or SIGINT, then finishes what was accepted; a second signal ends it at once. `announce` is
/// told the addresses once the workers are ready.
///
/// # Errors
/// Kind `io` when the address cannot be had, and those of the engines when they are made first.
pub fn serve(engines: Engines, config: Config, announce: &dyn Fn(&str)) -> Result<(), Error> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(Error::io("start the server's threads"))?;
    let _entered = runtime.enter();
    let (main, addr) = runtime.block_on(listen(&MAIN, &config.addr))?;
    let (metrics, metrics_addr) = match &config.metrics_addr {
        Some(addr) => Some(runtime.block_on(listen(&METRICS, addr))?).unzip(),
        None => (None, None),
    };
    let (first, second) = signals()?;
    let pool = Pool::start(engines, config.workers, config.queue, config.timeout)?;
    let times = WaitTimes {
        idle: config.idle_timeout,
        grace: config.grace,
    };
    let service = service(pool, config);
    announce(&format!("serving on http://{addr}"));
    if let Some(addr) = metrics_addr {
        announce(&format!("metrics on http://{addr}/metrics"));
    }
    let finished = runtime.block_on(async {
        tokio::select! {
            finished = connections::serve(
                Listeners { main, metrics },
                service.clone(),
                any(first),
                twice(second),
                times,
            ) => finished,
            never = service.history.keep(|| service.figures()) => match never {},
        }
    });
    if !finished {
        tracing::warn!("stopped before every request was answered; raise --grace");
    }
    // A worker may still compute, which nothing can interrupt; the process ends here.
    std::mem::forget(runtime);
    Ok(())
}

/// SIGTERM and SIGINT, each of which can be waited for.
type Signals = (Signal, Signal);

/// Signals for whoever waits for the first, and for whoever waits for the second.
fn signals() -> Result<(Signals, Signals), Error> {
    let both = || {
        let terminate = signal(SignalKind::terminate())?;
        Ok::<_, std::io::Error>((terminate, signal(SignalKind::interrupt())?))
    };
    (both().and_then(|first| Ok((first, both()?)))).map_err(Error::io("listen for signals"))
}

fn service(pool: Pool, config: Config) -> Arc<Service> {
    Arc::new(Service {
        pool,
        budget: Budget::new(Capacity {
            connections: connections::most(),
            // All that wait for a worker, and as many as ask for something else.
            requests: REQUESTS.max(2 * (config.workers + config.queue)),
            // A body may take half of all room, its head beside it.
            bytes: config
                .max_held
                .max(config.max_body.saturating_mul(2).saturating_add(HEADS)),
            patience: PATIENCE,
        }),
        bodies: Bodies::new(config.max_body, config.read_timeout),
        token: Token::new(config.token.as_deref()),
        cors: Cors::new(config.cors),
        model: HeaderValue::try_from(config.model)
            .unwrap_or_else(|_| HeaderValue::from_static("custom")),
        log: AccessLog::new(),
        history: History::new(),
        stopping: AtomicBool::new(false),
    })
}

async fn any((mut terminate, mut interrupt): Signals) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Done with the second signal.
async fn twice((mut terminate, mut interrupt): Signals) {
    for _ in 0..2 {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Flag with an address.
struct AddrFlag {
    name: &'static str,
    /// A value that it may have.
    example: &'static str,
}

const MAIN: AddrFlag = AddrFlag {
    name: "--addr",
    example: "127.0.0.1:7000",
};

const METRICS: AddrFlag = AddrFlag {
    name: "--metrics-addr",
    example: "127.0.0.1:7001",
};

/// Listens at `addr`, the value of `flag`; the address that it has now.
async fn listen(flag: &AddrFlag, addr: &str) -> Result<(TcpListener, SocketAddr), Error> {
    let listener = TcpListener::bind(addr).await;
    let listener = listener.map_err(|error| cannot_listen(flag, addr, &error))?;
    let addr = listener.local_addr();
    let addr = addr.map_err(Error::io("see the server's address"))?;
    Ok((listener, addr))
}

fn cannot_listen(flag: &AddrFlag, addr: &str, error: &std::io::Error) -> Error {
    let AddrFlag { name, example } = flag;
    let is_port = addr.parse::<u16>().is_ok();
    let way_out = match error.kind() {
        _ if is_port => format!("write {name} 127.0.0.1:{addr}"),
        std::io::ErrorKind::AddrInUse => {
            format!("end what listens there, or choose another {name}")
        }
        _ => format!("choose another {name}, such as {example}"),
    };
    let kind = if is_port { Kind::Usage } else { Kind::Io };
    Error::new(kind, format!("cannot listen on {addr}: {error}; {way_out}"))
}
