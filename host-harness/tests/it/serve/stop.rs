//! The end of a server.

use std::io::Write;
use std::thread;

use rustix::process::Signal;

use super::client::{Answer, Server, noisy, post};

#[test]
fn a_server_that_is_told_to_stop_answers_what_it_accepted() {
    for signal in [Signal::TERM, Signal::INT] {
        // What is asked is whether all are answered, not how soon.
        let flags = ["--workers", "1", "--queue", "16", "--grace", "86400"];
        let mut server = Server::start("wasm", &flags);
        let request = post("/v1/remove", "", &noisy());
        let mut clients: Vec<_> = (0..6).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.write_all(&request).unwrap();
        }
        server.signal(signal);
        let answers: Vec<u16> = thread::scope(|scope| {
            let readers = clients.iter_mut();
            let readers: Vec<_> = readers
                .map(|client| scope.spawn(|| Answer::read(client).status))
                .collect();
            readers.into_iter().map(|r| r.join().unwrap()).collect()
        });
        assert_eq!(answers, [200; 6], "{signal:?}");
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
        assert!(std::net::TcpStream::connect(&server.addr).is_err());
    }
}

#[test]
fn a_client_that_never_ends_is_not_waited_for_beyond_the_grace_time() {
    let mut server = Server::start("native", &["--grace", "0.2"]);
    let mut slow = server.connect();
    slow.write_all(b"POST /v1/remove HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nx")
        .unwrap();
    let idle = server.connect();
    assert_eq!(server.get("/healthz").status, 200);
    server.signal(Signal::TERM);
    assert!(server.until("--grace").contains("stopped before"));
    assert_eq!(server.wait().code(), Some(0));
    drop((slow, idle));
}

#[test]
fn requests_are_answered_and_the_server_stops_whether_its_log_is_read_or_not() {
    // More lines than a pipe that nobody reads has room for; the other one is closed.
    for is_open in [true, false] {
        let (mut server, log) = Server::unheard();
        let _log = is_open.then_some(log);
        for request in 0..2_000 {
            let status = server.get("/nowhere").status;
            assert_eq!(status, 404, "request {request}, {is_open}");
        }
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{is_open}");
    }
}
