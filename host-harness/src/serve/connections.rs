//! Connections: accepted until the server is told to stop, then brought to their end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::budget::{Admission, Budget, Client};
use super::routes::Scope;
use super::service::Service;

/// Connections at once; one more is told to come back.
const MOST: usize = 1024;

/// Descriptors that are left to everything but connections.
const SPARE: usize = 64;

/// Answer to one connection too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Time for a request's head, and for a connection to say anything at all.
const HEAD: Duration = Duration::from_secs(10);

/// Longest pause of a client that takes its answer.
const STALL: Duration = Duration::from_secs(30);

/// HTTP/2: how often a silent client is asked whether it is there, and how many requests it may have at once.
const PING: Duration = Duration::from_secs(20);
const STREAMS: u32 = 16;

/// HTTP/2: bytes of a request's head, each field being counted as 32 bytes and its own.
const HEADERS: u32 = 8 << 10;

/// HTTP/2: bytes of bodies that a client may send before the server has taken any of them.
const WINDOW: u32 = 128 << 10;

/// Bytes of an answer that hyper takes before the client has any of them, and of a request's head over HTTP/1.
const BUFFER: usize = 16 << 10;

/// When the server stops: time for the request of a client that has connected already.
const MOMENT: Duration = Duration::from_millis(500);

/// When the server stops: time for one more connection out of the kernel's queue.
const LEFT: Duration = Duration::from_millis(10);

/// How long a server waits for its clients.
pub(super) struct WaitTimes {
    /// For the next request of a connection.
    pub(super) idle: Duration,
    /// For what was accepted once the server is told to stop.
    pub(super) grace: Duration,
}

/// Sockets that a server listens on.
pub(super) struct Listeners {
    /// The socket for images, and for everything where there is no other.
    pub(super) main: TcpListener,
    /// The socket for metrics, where they have an address of their own.
    pub(super) metrics: Option<TcpListener>,
}

impl Listeners {
    /// The next connection that there is a place for, and what is answered there.
    async fn accept(&self, budget: &Arc<Budget>) -> (Scope, TcpStream, Admission) {
        let Some(metrics) = &self.metrics else {
            let (stream, place) = accept(&self.main, budget).await;
            return (Scope::All, stream, place);
        };
        let ((stream, place), scope) = tokio::select! {
            accepted = accept(&self.main, budget) => (accepted, Scope::Images),
            accepted = accept(metrics, budget) => (accepted, Scope::Metrics),
        };
        (scope, stream, place)
    }
}

/// Serves `listeners` until `stop` is done, then until every connection has its answers, or the grace time is over, or `now`
/// is done. Answers whether everything was finished.
pub(super) async fn serve(
    listeners: Listeners,
    service: Arc<Service>,
    stop: impl Future<Output = ()>,
    now: impl Future<Output = ()>,
    times: WaitTimes,
) -> bool {
    let budget = service.budget.clone();
    let (told, stopping) = watch::channel(false);
    let begin = |(scope, stream, place)| {
        let service = (service.clone(), scope);
        tokio::spawn(live(stream, place, service, stopping.clone(), times.idle));
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = stop.as_mut() => break,
            connection = listeners.accept(&budget) => begin(connection),
        }
    }
    service.stopping.store(true, Ordering::Relaxed);
    while let Ok(connection) = timeout(LEFT, listeners.accept(&budget)).await {
        begin(connection);
    }
    drop(listeners);
    let _ = told.send(true);
    drop(stopping);
    tokio::select! {
        () = told.closed() => true,
        () = sleep(times.grace) => false,
        () = now => false,
    }
}

/// As many connections as there are descriptors for.
pub(super) fn most() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current;
    let descriptors = descriptors.map_or(usize::MAX, |most| most.try_into().unwrap_or(usize::MAX));
    descriptors.saturating_sub(SPARE).clamp(1, MOST)
}

/// The next connection that there is a place for. Others are closed, since one that waits would hang for as long as
/// those before it like.
async fn accept(listener: &TcpListener, budget: &Arc<Budget>) -> (TcpStream, Admission) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match budget.admit() {
                Ok(place) => return (stream, place),
                Err(_) => {
                    let _ = stream.try_write(FULL);
                }
            },
            Err(error) => {
                // Out of descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One connection's life, which ends early when the client has to go.
async fn live(
    stream: TcpStream,
    place: Admission,
    service: (Arc<Service>, Scope),
    stopping: watch::Receiver<bool>,
    idle: Duration,
) {
    tokio::select! {
        () = converse(stream, service, stopping, place.client(), idle) => {}
        () = place.closed() => {}
    }
}

async fn converse(
    stream: TcpStream,
    (service, scope): (Arc<Service>, Scope),
    mut stopping: watch::Receiver<bool>,
    client: &Client,
    idle: Duration,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let (said, mut heard) = watch::channel(false);
    let builder = builder(idle);
    let connection = builder.serve_connection(
        TokioIo::new(Box::pin(stream)),
        service_fn(|request| {
            said.send_replace(true);
            service.clone().answer(request, client, scope)
        }),
    );
    let mut connection = pin!(connection);
    let mut early = stopping.clone();
    // In this order: a request that has come is heard even where the server was given no time until the client's was over.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = heard.wait_for(|heard| *heard) => {}
        () = sleep(HEAD) => return,
        () = async {
            let _ = early.wait_for(|stopping| *stopping).await;
            sleep(MOMENT).await;
        } => {}
    }
    let time = tokio::select! {
        _ = connection.as_mut() => return,
        // The whole server's time is looked after elsewhere.
        _ = stopping.wait_for(|stopping| *stopping) => Duration::MAX,
        () = until_idle(client, idle) => HEAD,
    };
    connection.as_mut().graceful_shutdown();
    // A request may have come meanwhile.
    while timeout(time, connection.as_mut()).await.is_err() && client.idle_since().is_none() {}
}

/// Done when no request was on its way for `time`. Whatever else a client sends, such as answers to HTTP/2's pings, is none.
async fn until_idle(client: &Client, time: Duration) {
    loop {
        let left = match client.idle_since() {
            Some(since) => time.saturating_sub(since.elapsed()),
            // A request is on its way.
            None => time.max(HEAD),
        };
        if left.is_zero() {
            return;
        }
        sleep(left).await;
    }
}

fn builder(idle: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // It runs between two requests as well; the first one has less.
        .header_read_timeout(idle.max(HEAD))
        .max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(HEAD)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(BUFFER);
    builder
}
