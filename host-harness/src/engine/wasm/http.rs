//! One HTTP request through an instance's `wasi:http/incoming-handler`. What the guest says beside its answer can come in
//! headers and body alone, and is made of values again here.

use ::http::{HeaderValue, Request, Response, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;
use wasmtime::Store;
use wasmtime_wasi::runtime::{in_tokio, spawn};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::sync::Proxy;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, WasiHttpView};

use super::guest::Guest;
use crate::engine::interface::Responded;
use crate::engine::settings::Settings;

/// Bytes of the longest code that is believed to be one.
const LONGEST_CODE: usize = 64;

/// Has the guest answer `request`. A task of its own takes the answer's body while the guest writes it: a guest
/// whose writes nobody takes would wait for ever.
pub(super) fn respond(
    guest: &Proxy,
    store: &mut Store<Guest>,
    request: Request<Bytes>,
    settings: &Settings,
) -> wasmtime::Result<Responded> {
    let (sender, receiver) = oneshot::channel();
    let mut view = store.data_mut().http();
    let request = view.new_incoming_request(Scheme::Http, named(request))?;
    let out = view.new_response_outparam(sender)?;
    let answer = spawn(drain(receiver, settings.max_memory));
    guest
        .wasi_http_incoming_handler()
        .call_handle(store, request, out)?;
    let answer = in_tokio(async { timeout(settings.timeout, answer).await });
    let answer =
        answer.map_err(|_| wasmtime::Error::msg("the actor left its answer unfinished"))?;
    answer.map(responded)
}

fn responded(response: Response<Bytes>) -> Responded {
    let timing = response.headers().get("server-timing");
    let timing = timing.and_then(|value| value.to_str().ok());
    let stages = timing.map(cutout_http::read_server_timing);
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let code = refused.then(|| code(response.body())).flatten();
    Responded {
        stages: stages.unwrap_or_default(),
        response: match code {
            Some(code) => cutout_http::with_code(response, code),
            None => response,
        },
    }
}

/// The stable code of a refusal in either of its shapes.
fn code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body
        .get("code")
        .or_else(|| body.pointer("/errors/0/code"))?;
    let code = code.as_str().filter(|code| code.len() <= LONGEST_CODE)?;
    Some(code.to_owned())
}

/// With a host name, which wasi:http asks for, and the body as a stream.
fn named(
    mut request: Request<Bytes>,
) -> Request<impl hyper::body::Body<Data = Bytes, Error = Error>> {
    if request.uri().authority().is_none() {
        let headers = request.headers_mut().entry(header::HOST);
        headers.or_insert(HeaderValue::from_static("localhost"));
    }
    request.map(|body| Full::new(body).map_err(|never| match never {}))
}

async fn drain(
    answer: oneshot::Receiver<Result<Response<HyperOutgoingBody>, ErrorCode>>,
    limit: usize,
) -> wasmtime::Result<Response<Bytes>> {
    let (head, body) = match answer.await {
        Ok(Ok(response)) => response.into_parts(),
        Ok(Err(code)) => {
            return Err(wasmtime::Error::msg(format!(
                "the actor answered with an error: {code:?}"
            )));
        }
        Err(_) => return Err(wasmtime::Error::msg("the actor gave no answer")),
    };
    let body = Limited::new(body, limit).collect().await;
    let body =
        body.map_err(|e| wasmtime::Error::msg(format!("the answer's body broke off: {e}")))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
