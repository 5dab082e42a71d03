//! A client of a server: an address, one request over HTTP, its answer.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use cutout::Format;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::serve::ADDR;
use crate::authority::host_and_port;
use crate::terminal::escaped;
use crate::{Error, Kind};

/// Characters of a server's code and text that are shown.
const SHOWN: [usize; 2] = [64, 500];

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port as they were given.
    pub(super) authority: String,
    /// Path and query, `/` at least.
    pub(super) path: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// Reads an address.
///
/// # Errors
/// A sentence that says what an address looks like.
pub(super) fn address(text: &str) -> Result<Address, String> {
    let wrong = || {
        format!(
            "write the address as http://HOST:PORT, such as http://{ADDR}; https cannot be asked"
        )
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or_else(wrong)?;
    let (host, port) = host_and_port(authority).ok_or_else(wrong)?;
    Ok(Address {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: port.unwrap_or(80),
        authority: authority.to_string(),
        path: uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
    })
}

/// The header that shows a token to a server: the one that is given, or that of CUTOUT_TOKEN.
///
/// # Errors
/// Kind `usage` where it cannot stand in a header.
fn authorization(given: Option<&str>) -> Result<Option<HeaderValue>, Error> {
    let token = given.map_or_else(
        || std::env::var("CUTOUT_TOKEN").ok(),
        |token| Some(token.to_owned()),
    );
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        let text = "the token has characters that no header can have; give the server's own";
        Error::new(Kind::Usage, text)
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// A client of one server.
#[derive(Debug)]
pub(super) struct Client {
    address: Address,
    token: Option<HeaderValue>,
    /// For one request and its whole answer.
    time: Duration,
    /// Bytes of an answer that are read.
    most: usize,
}

/// The answer of a server.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A refusal's body.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl Client {
    /// A client that waits for `time` and reads answers of at most `most` bytes. The token is the one that is given, or that of
    /// CUTOUT_TOKEN.
    ///
    /// # Errors
    /// Kind `usage` where the address has a query, or the token cannot stand in a header.
    pub(super) fn new(
        address: Address,
        token: Option<&str>,
        time: Duration,
        most: usize,
    ) -> Result<Self, Error> {
        if address.path.contains('?') {
            let text = format!("{address} has a query; give the address of the server without one");
            return Err(Error::new(Kind::Usage, text));
        }
        Ok(Self {
            address,
            token: authorization(token)?,
            time,
            most,
        })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a body to `path` below the address.
    ///
    /// # Errors
    /// Kinds `timeout` and `io`, where there is no whole answer.
    pub(super) fn post(
        &self,
        path: &str,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Error> {
        let base = self.address.path.trim_end_matches('/');
        let mut request = Request::post(format!("{base}{path}"))
            .header(header::HOST, &self.address.authority)
            .header(header::CONTENT_TYPE, media_type);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| self.lost(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| self.lost(&error))?;
        let answer = runtime
            .block_on(async { tokio::time::timeout(self.time, self.exchange(request)).await });
        answer.unwrap_or_else(|_| {
            let text = format!(
                "{} did not answer within {} s; raise --timeout, or ask a server that is less busy",
                self.address,
                self.time.as_secs_f64()
            );
            Err(Error::new(Kind::Timeout, text))
        })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let stream = TcpStream::connect((&*self.address.host, self.address.port)).await;
        let stream = stream.map_err(|error| self.lost(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.lost(&error))?;
        let connection = tokio::spawn(connection);
        let answer = async {
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, self.most).collect().await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((head, body.to_bytes()))
        };
        let answer = answer.await;
        connection.abort();
        let (head, body) = answer.map_err(|error| self.lost(&*error))?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    fn lost(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        if error.is::<LengthLimitError>() {
            let text = format!(
                "{} answers with more than {} bytes, which no result has; give the address of `cutout serve`",
                self.address, self.most
            );
            return Error::new(Kind::Io, text);
        }
        let cause = error
            .source()
            .map_or(String::new(), |cause| format!(": {cause}"));
        let text = format!(
            "cannot ask {}: {error}{cause}; start `cutout serve` there, or give another address",
            self.address
        );
        Error::new(Kind::Io, text)
    }
}

impl Answer {
    /// The body of an answer that is an image of `format`.
    ///
    /// # Errors
    /// A refusal, with its code as the kind where an error here can have it; else `usage` for what another command line
    /// mends, and `io`.
    pub(super) fn image(self, address: &Address, format: Format) -> Result<Bytes, Error> {
        let status = self.status.as_u16();
        if self.status.is_success() {
            let said = self.headers.get(header::CONTENT_TYPE);
            let is_said =
                said.is_some_and(|said| said.as_bytes() == format.media_type().as_bytes());
            let found = image::guess_format(&self.body);
            if is_said && found.is_ok_and(|found| found.to_mime_type() == format.media_type()) {
                return Ok(self.body);
            }
            let text = format!(
                "{address} answers {status} with what is no {}; give the address of `cutout serve`",
                format.media_type()
            );
            return Err(Error::new(Kind::Io, text));
        }
        let Some((code, detail)) = self.refusal() else {
            let text = format!(
                "{address} answers {status}, and not as Cutout does; give the address of `cutout serve`, or a name \
                 that the host knows"
            );
            return Err(Error::new(Kind::Io, text));
        };
        let known = Kind::all().into_iter().find(|kind| kind.as_str() == code);
        let kind = known.unwrap_or(match status {
            400..=499 if status != 408 => Kind::Usage,
            _ => Kind::Io,
        });
        let text = format!("{address} refuses it with {status}, {code}: {detail}");
        Err(Error::new(kind, text))
    }

    /// Code and text of a refusal.
    pub(super) fn refusal(&self) -> Option<(String, String)> {
        let problem: Problem = serde_json::from_slice(&self.body).ok()?;
        let [code, detail] = [problem.code, problem.detail];
        let cut = |text: &str, most| escaped(&text.chars().take(most).collect::<String>());
        Some((cut(&code, SHOWN[0]), cut(&detail, SHOWN[1])))
    }
}

/// A form of several parts: its media type and its body. No part's value may be the boundary's own text, which is made by chance.
pub(super) fn form(fields: &[(&str, Option<&str>, &[u8])]) -> io::Result<(String, Vec<u8>)> {
    use std::io::Write as _;
    let boundary = uuid::Uuid::now_v7().simple().to_string();
    let mut body = Vec::new();
    for (name, file, value) in fields {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        write!(
            body,
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        )?;
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    write!(body, "--{boundary}--\r\n")?;
    Ok((format!("multipart/form-data; boundary={boundary}"), body))
}

#[cfg(test)]
mod tests;
