//! `wasi:http/incoming-handler`, in terms of `cutout-http`.

use bytes::Bytes;
use http::{Request, Response};

use crate::bindings::exports::wasi::http::incoming_handler::Guest;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use crate::bindings::wasi::io::streams::{OutputStream, StreamError};
use crate::clock::StageClock;
use crate::environment::limits;
use crate::{Actor, PIPELINE};

/// Bytes asked of the request's stream at a time.
const CHUNK: u64 = 1 << 16;

impl Guest for Actor {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let response = answer(&request);
        // A client that goes away while its answer is written is no error of ours.
        let _ = send(&response, response_out);
    }
}

fn answer(incoming: &IncomingRequest) -> Response<Bytes> {
    let limits = limits();
    let target = incoming.path_with_query().unwrap_or_else(|| "/".into());
    let path = target.split('?').next().unwrap_or_default();
    let body = match read_body(incoming, path, limits.max_bytes) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let mut request = Request::builder()
        .method(method_name(incoming.method()).as_str())
        .uri(&target);
    for (name, value) in incoming.headers().entries() {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(body.into()) else {
        let text = "the request's head cannot be read";
        return cutout_http::refusal(path, 400, "bad-request", text);
    };
    let mut clock = StageClock::start();
    let mut response = PIPELINE.with_borrow_mut(|pipeline| {
        cutout_http::respond(pipeline.as_mut(), limits, &request, &mut |stage| {
            clock.end(stage);
        })
    });
    cutout_http::add_timing(&mut response, &clock.stages);
    response
}

fn read_body(
    request: &IncomingRequest,
    path: &str,
    max_bytes: u64,
) -> Result<Vec<u8>, Box<Response<Bytes>>> {
    let too_long = || Box::new(cutout_http::too_long(path, max_bytes));
    let incomplete = || Box::new(cutout_http::incomplete(path));
    let declared = content_length(&request.headers().entries());
    if declared.is_some_and(|length| length > max_bytes) {
        return Err(too_long());
    }
    let capacity = usize::try_from(declared.unwrap_or(0)).map_err(|_| too_long())?;
    let incoming: IncomingBody = request.consume().map_err(|()| incomplete())?;
    let stream = incoming.stream().map_err(|()| incomplete())?;
    let mut body = Vec::with_capacity(capacity);
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) if body.len() as u64 + chunk.len() as u64 > max_bytes => {
                return Err(too_long());
            }
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(incomplete()),
        }
    }
}

fn content_length(headers: &[(String, Vec<u8>)]) -> Option<u64> {
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn method_name(method: Method) -> String {
    match method {
        Method::Get => "GET".into(),
        Method::Head => "HEAD".into(),
        Method::Post => "POST".into(),
        Method::Put => "PUT".into(),
        Method::Delete => "DELETE".into(),
        Method::Connect => "CONNECT".into(),
        Method::Options => "OPTIONS".into(),
        Method::Trace => "TRACE".into(),
        Method::Patch => "PATCH".into(),
        Method::Other(name) => name,
    }
}

/// jco's server exits on an `err` here, and wants `body` called before `set`: so a response is
/// always a real one, and the order is fixed.
fn send(response: &Response<Bytes>, out: ResponseOutparam) -> Result<(), StreamError> {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let Ok(fields) = Fields::from_list(&headers.collect::<Vec<_>>()) else {
        let reason = "a response header was refused by the host".to_owned();
        ResponseOutparam::set(out, Err(ErrorCode::InternalError(Some(reason))));
        return Ok(());
    };
    let outgoing = OutgoingResponse::new(fields);
    let body = outgoing
        .set_status_code(response.status().as_u16())
        .and_then(|()| outgoing.body());
    ResponseOutparam::set(out, Ok(outgoing));
    let Ok(body) = body else { return Ok(()) };
    if let Ok(stream) = body.write() {
        write_all(&stream, response.body())?;
    }
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    let ready = stream.subscribe();
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        if room == 0 {
            ready.block();
            continue;
        }
        let (now, later) = bytes.split_at(room);
        stream.write(now)?;
        bytes = later;
    }
    stream.blocking_flush()
}
