//! Requests with damage in them.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{Answer, Server, post, small};

const REQUESTS: usize = 10_000;
const CLIENTS: usize = 2;
/// What a process may differ by for reasons of its own, in bytes.
const SLACK: f64 = 8.0 * 1024.0 * 1024.0;

/// A path, headers, and a body that is answered with 200.
type Whole = (&'static str, &'static str, Vec<u8>);

fn wholes() -> Vec<Whole> {
    let multipart = "content-type: multipart/form-data; boundary=edge\r\n";
    let form = |name: &str, more: &str| {
        let head = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\n\r\n"
        );
        [
            head.as_bytes(),
            &small(),
            b"\r\n",
            more.as_bytes(),
            b"--edge--\r\n",
        ]
        .concat()
    };
    let field = |name: &str, value: &str| {
        format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let more = field("roi", "0 0 100% 100%") + &field("crop", "true") + &field("scale", "50%");
    let json = serde_json::json!({
        "image_file_b64": STANDARD.encode(small()), "size": "auto", "bg_color": "fff",
    });
    let jpeg = {
        let image = image::load_from_memory(&small()).unwrap();
        let mut file = std::io::Cursor::new(Vec::new());
        image.write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
        file.into_inner()
    };
    vec![
        ("/v1/remove", "", small()),
        ("/v1/remove?crop=10%25&format=webp", "", jpeg),
        (
            "/v1/remove",
            multipart,
            form("image", &field("background", "red")),
        ),
        (
            "/api/remove",
            multipart,
            form("file", &field("ppm", "true")),
        ),
        ("/v1.0/removebg", multipart, form("image_file", &more)),
        (
            "/v1.0/removebg",
            "content-type: application/json\r\n",
            json.to_string().into_bytes(),
        ),
    ]
}

fn damage(body: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.usize(1..=8) {
        let at = random.usize(..body.len().max(1));
        match random.u8(..8) {
            0 => body.truncate(at),
            1 => drop(body.drain(at..(at + random.usize(..32)).min(body.len()))),
            2 => body
                .splice(
                    at..at,
                    (0..random.usize(..32))
                        .map(|_| random.u8(..))
                        .collect::<Vec<_>>(),
                )
                .for_each(drop),
            _ => body
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = random.u8(..)),
        }
    }
}

/// Sends `count` requests on one connection, and says how often each status came.
fn client(addr: &str, seed: u64, count: usize) -> BTreeMap<u16, usize> {
    let mut random = fastrand::Rng::with_seed(seed);
    let wholes = wholes();
    let mut statuses = BTreeMap::new();
    let mut stream = TcpStream::connect(addr).unwrap();
    for _ in 0..count {
        let (path, headers, mut body) = random.choice(&wholes).unwrap().clone();
        damage(&mut body, &mut random);
        stream.write_all(&post(path, headers, &body)).unwrap();
        let answer = Answer::read(&mut stream);
        *statuses.entry(answer.status).or_default() += 1;
        if answer
            .headers
            .get("connection")
            .is_some_and(|value| value == "close")
        {
            stream = TcpStream::connect(addr).unwrap();
        }
    }
    statuses
}

/// Half of all requests, by several clients at once.
fn together(addr: &str, half: u64) -> Vec<BTreeMap<u16, usize>> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS as u64)
            .map(|n| {
                let seed = half * CLIENTS as u64 + n;
                scope.spawn(move || client(addr, seed, REQUESTS / CLIENTS / 2))
            })
            .collect();
        let statuses = clients.into_iter().map(|client| client.join().unwrap());
        statuses.collect()
    })
}

#[test]
fn ten_thousand_damaged_requests_do_no_harm() {
    let server = Server::start("wasm", &["--workers", "2"]);
    let memory = || server.metric("process_resident_memory_bytes");
    for (path, headers, body) in wholes() {
        assert_eq!(
            server.ask(&post(path, headers, &body)).status,
            200,
            "{path} {headers}"
        );
    }
    // What is rare, and what instances keep of it (a damaged size is a larger image), comes in the first half.
    let statuses = together(&server.addr, 0);
    let before = memory();
    let counts = statuses.into_iter().chain(together(&server.addr, 1));
    for counts in counts {
        let ours: Vec<_> = counts.keys().filter(|status| **status >= 500).collect();
        assert!(ours.is_empty(), "{counts:?}");
        // Damage that can be told is refused; what cannot be told, or is no damage to the image, is enough to go the whole way.
        assert!(counts[&200] > 25 && counts[&400] > 100, "{counts:?}");
    }
    let after = memory();
    assert!(after < before + SLACK, "{before} became {after}");
    assert_eq!(server.post("/v1/remove", &small()).status, 200);
}
