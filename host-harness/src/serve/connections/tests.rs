use std::future::{pending, ready};
use std::io::{Read, Write};
use std::net;
use std::sync::atomic::AtomicBool;
use std::thread;

use http::HeaderValue;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use super::*;
use crate::serve::auth::Token;
use crate::serve::body::Bodies;
use crate::serve::failures::Failures;
use crate::serve::metrics::Metrics;
use crate::serve::pool::Pool;
use crate::serve::pool::tests::Scarce;

const CLIENTS: usize = 12;

fn service() -> Arc<Service> {
    let time = Duration::from_secs(60);
    Arc::new(Service {
        pool: Pool::start(Scarce::default(), 1, 1, time).unwrap(),
        bodies: Bodies::new(1000, 1000, time),
        token: Token::new(None),
        model: HeaderValue::from_static("none"),
        metrics: Metrics::new(),
        failures: Failures::default(),
        stopping: AtomicBool::new(false),
    })
}

/// On a machine that is busy with something else, threads come to look at their work only now and then.
#[test]
fn a_request_that_has_come_is_answered_although_its_time_is_over_when_a_server_that_stops_looks_at_it()
 {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .event_interval(1)
        .build()
        .unwrap();
    let answers = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let mut client = net::TcpStream::connect(addr).unwrap();
                client
                    .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                    .unwrap();
                client
            })
            .collect();
        tokio::spawn(async {
            loop {
                thread::sleep(MOMENT * 6 / 5);
                yield_now().await;
            }
        });
        let grace = Duration::from_secs(3600);
        let stopped = serve(listener, service(), ready(()), pending(), grace).await;
        assert!(stopped);
        clients.into_iter().map(|mut client| {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            answer
        })
    });
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
}
