//! Connections: accepted until the server is told to stop, then brought to their end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::service::Service;

/// Connections at once; more wait in the kernel's queue.
const MOST: usize = 1024;

/// Time for a request's head, and for a connection to say anything at all.
const HEAD: Duration = Duration::from_secs(10);

/// Longest pause of a client that takes its answer.
const STALL: Duration = Duration::from_secs(30);

/// HTTP/2: how often a silent client is asked whether it is there, and how many requests it may have at once.
const PING: Duration = Duration::from_secs(20);
const STREAMS: u32 = 64;

/// When the server stops: time for the request of a client that has connected already.
const MOMENT: Duration = Duration::from_millis(500);

/// When the server stops: time for one more connection out of the kernel's queue.
const LEFT: Duration = Duration::from_millis(10);

/// Serves `listener` until `stop` is done, then until every connection has its answers, or `grace` is over, or `now`
/// is done. Answers whether everything was finished.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()>,
    now: impl Future<Output = ()>,
    grace: Duration,
) -> bool {
    let places = Arc::new(Semaphore::new(MOST));
    let (told, stopping) = watch::channel(false);
    let begin = |(stream, place)| {
        tokio::spawn(converse(stream, place, service.clone(), stopping.clone()));
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = stop.as_mut() => break,
            connection = accept(&listener, &places) => begin(connection),
        }
    }
    service.stopping.store(true, Ordering::Relaxed);
    while let Ok(connection) = timeout(LEFT, accept(&listener, &places)).await {
        begin(connection);
    }
    drop(listener);
    let _ = told.send(true);
    drop(stopping);
    tokio::select! {
        () = told.closed() => true,
        () = sleep(grace) => false,
        () = now => false,
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One connection's life.
async fn converse(
    stream: TcpStream,
    _place: Option<OwnedSemaphorePermit>,
    service: Arc<Service>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let (said, mut heard) = watch::channel(false);
    let builder = builder();
    let connection = builder.serve_connection(
        TokioIo::new(Box::pin(stream)),
        service_fn(|request| {
            said.send_replace(true);
            service.clone().answer(request)
        }),
    );
    let mut connection = pin!(connection);
    let mut early = stopping.clone();
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = heard.wait_for(|heard| *heard) => {}
        () = sleep(HEAD) => return,
        () = async {
            let _ = early.wait_for(|stopping| *stopping).await;
            sleep(MOMENT).await;
        } => {}
    }
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(HEAD)
        .max_concurrent_streams(STREAMS);
    builder
}
