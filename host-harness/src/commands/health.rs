//! `cutout health`: whether a server is ready, asked by the program itself where there is neither a shell nor curl.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use clap::Args;
use cutout::{ErrorKind, Format};
use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder};

use super::client::{self, Address, Client};
use super::command::{Command, announce};
use super::serve::ADDR;
use crate::{Error, Kind};

/// Time for all of it.
const TIME: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read, many times those of `/readyz`.
const MOST: usize = 4096;

/// Bytes of an answer about the small image that are read.
const MOST_IMAGE: usize = 1 << 20;

/// The path of the readiness check.
const READY: &str = "/readyz";

/// The image that is sent: a disc on a plain ground.
const IMAGE: &[u8] = include_bytes!("health.png");

/// Its width and height.
const SIZE: (u32, u32) = (96, 64);

/// Ask a server whether it is ready for images.
///
/// The health check of a container whose image holds nothing but this program.
#[derive(Args, Clone, Debug)]
pub struct Health {
    /// Where to ask, http only; without a path, /readyz. Default: http://127.0.0.1:7000/readyz.
    #[arg(value_parser = target)]
    url: Option<Address>,

    /// Have a small image cut out, and a file that is none refused, in place of the readiness check.
    #[arg(long)]
    image: bool,

    /// The token that the server asks for. CUTOUT_TOKEN does the same and is not seen in the list of processes.
    #[arg(long, value_name = "TOKEN", requires = "image")]
    token: Option<String>,

    /// Time for each answer about an image, in seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60.0,
        requires = "image"
    )]
    timeout: f64,
}

impl Command for Health {
    fn execute(self) -> Result<u8, Error> {
        let target = match self.url {
            Some(target) => target,
            None => target(&format!("http://{ADDR}")).map_err(|e| Error::new(Kind::Usage, e))?,
        };
        if self.image {
            examine(&client(&target, self.token.as_deref(), self.timeout)?)?;
            return Ok(0);
        }
        let answer = ask(&target).map_err(|error| {
            let text = format!(
                "cannot ask {target}: {error}; start `cutout serve`, or give its address: cutout health http://HOST:PORT"
            );
            Error::new(Kind::Io, text)
        })?;
        match status(&answer) {
            Some((200..=299, _)) => {
                announce(&format!("{target} is ready"));
                Ok(0)
            }
            Some((status, why)) => {
                let text = format!("{target} is not ready: it answers {status}, {why:?}");
                Err(Error::new(Kind::Io, text))
            }
            None => {
                let text =
                    format!("{target} does not answer by HTTP; give the address of a server");
                Err(Error::new(Kind::Io, text))
            }
        }
    }
}

/// The client of the server at an address.
fn client(target: &Address, token: Option<&str>, seconds: f64) -> Result<Client, Error> {
    let path = target.path.strip_suffix(READY).unwrap_or(&target.path);
    let address = Address {
        path: path.to_owned(),
        ..target.clone()
    };
    let time = Duration::try_from_secs_f64(seconds).ok();
    let time = time.filter(|time| !time.is_zero());
    let wrong = || Error::new(Kind::Usage, "--timeout takes seconds above 0");
    Client::new(address, token, time.ok_or_else(wrong)?, MOST_IMAGE)
}

/// Has an image cut out and looks at the result, then has a file refused that is no image.
fn examine(client: &Client) -> Result<(), Error> {
    let answer = client.post("/v1/remove?format=png", "image/png", IMAGE.to_vec())?;
    let address = client.address();
    let bytes = answer.image(address, Format::Png)?;
    let wrong =
        |what: String| Error::new(Kind::Io, format!("{address} answers an image with {what}"));
    let result = PngDecoder::new(io::Cursor::new(&bytes));
    let result = result.map_err(|error| wrong(format!("none in PNG: {error}")))?;
    let (width, height) = result.dimensions();
    if (width, height) != SIZE {
        return Err(wrong(format!(
            "one of {width}x{height} pixels, in place of {}x{}",
            SIZE.0, SIZE.1
        )));
    }
    let is_rgba = result.color_type() == ColorType::Rgba8;
    let mut pixels = vec![0; usize::try_from(result.total_bytes()).unwrap_or_default()];
    let read = result.read_image(&mut pixels);
    read.map_err(|error| wrong(format!("a damaged one: {error}")))?;
    if !is_rgba || pixels.chunks(4).all(|pixel| pixel.last() == Some(&u8::MAX)) {
        return Err(wrong("one without transparency".to_owned()));
    }
    let refused = client.post("/v1/remove", "image/png", b"no image".to_vec())?;
    let code = refused.refusal().map(|(code, _)| code);
    if code.as_deref() != Some(ErrorKind::UnsupportedFormat.as_str()) {
        let status = refused.status.as_u16();
        let text =
            format!("{address} does not refuse a file that is no image: it answers {status}");
        return Err(Error::new(Kind::Io, text));
    }
    announce(&format!(
        "{address} cuts out an image and refuses what is none"
    ));
    Ok(())
}

/// Reads the address of a check; the readiness check unless it has a path.
///
/// # Errors
/// Those of [`client::address`].
fn target(text: &str) -> Result<Address, String> {
    let mut address = client::address(text)?;
    if address.path == "/" {
        READY.clone_into(&mut address.path);
    }
    Ok(address)
}

/// Sends one request; the answer as far as it came within the time.
fn ask(target: &Address) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + TIME;
    let left = || {
        let left = deadline.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left).ok_or_else(late)
    };
    let mut found = Err(io::Error::new(
        io::ErrorKind::NotFound,
        "the name has no address",
    ));
    for address in (&*target.host, target.port).to_socket_addrs()? {
        found = TcpStream::connect_timeout(&address, left()?);
        if found.is_ok() {
            break;
        }
    }
    let mut stream = found?;
    stream.set_write_timeout(Some(left()?))?;
    let (path, authority) = (&target.path, &target.authority);
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; MOST];
    while answer.len() < MOST {
        let read = left().and_then(|left| {
            stream.set_read_timeout(Some(left))?;
            stream.read(&mut buffer)
        });
        match read {
            Ok(0) => break,
            Ok(count) => answer.extend(buffer.iter().take(count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The status comes first, and may be all that is needed.
            Err(_) if !answer.is_empty() => break,
            // So the system calls a time that is over.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late()),
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn late() -> io::Error {
    let text = format!("there was no answer within {} s", TIME.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// The status of an answer, and the first line of its body; `None` if it is none of HTTP/1.
fn status(answer: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(answer);
    let (version, rest) = text.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let line = body.lines().next().unwrap_or_default();
    version
        .starts_with("HTTP/1.")
        .then(|| (status, line.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_image_goes_below_the_path_of_the_address() {
        for (text, expected) in [
            ("http://a.example", ""),
            ("http://a.example/readyz", ""),
            ("http://a.example/cutout", "/cutout"),
            ("http://a.example/cutout/readyz", "/cutout"),
        ] {
            let client = client(&target(text).unwrap(), None, 1.0).unwrap();
            assert_eq!(client.address().path, expected, "{text}");
        }
        assert!(client(&target("http://a.example/?a=b").unwrap(), None, 1.0).is_err());
    }

    #[test]
    fn an_address_without_a_path_means_the_readiness_check() {
        for (text, expected) in [
            ("http://127.0.0.1:7000", Some("127.0.0.1 7000 /readyz")),
            ("http://127.0.0.1:7000/", Some("127.0.0.1 7000 /readyz")),
            ("http://localhost", Some("localhost 80 /readyz")),
            ("http://[::1]:8000/healthz", Some("::1 8000 /healthz")),
            ("HTTP://a.example/x?y=z", Some("a.example 80 /x?y=z")),
            ("https://127.0.0.1:7000", None),
            ("127.0.0.1:7000", None),
            ("/readyz", None),
            ("http://", None),
            ("http://me@localhost", None),
            ("http://localhost:70000", None),
            ("http://localhost/a b", None),
            ("", None),
        ] {
            let found = target(text).ok();
            let found = found.map(|t| format!("{} {} {}", t.host, t.port, t.path));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_has_a_status_and_perhaps_a_reason() {
        for (answer, expected) in [
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n",
                Some((200, "ready")),
            ),
            (
                "HTTP/1.0 503 \r\n\r\nstopping\nat once\n",
                Some((503, "stopping")),
            ),
            ("HTTP/1.1 503", Some((503, ""))),
            ("HTTP/1.1 5", None),
            ("HTTP/1.1 -50 x\r\n\r\n", None),
            ("HTTP/2 200\r\n\r\n", None),
            ("SSH-2.0-OpenSSH 200\r\n", None),
            ("", None),
        ] {
            let found = status(answer.as_bytes());
            let found = found.as_ref().map(|(status, why)| (*status, &**why));
            assert_eq!(found, expected, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer: Vec<u8>, head in "(HTTP/1.[01] ?)?.{0,8}") {
            let _ = status(&answer);
            let _ = status(&[head.as_bytes(), &answer].concat());
        }
    }
}
