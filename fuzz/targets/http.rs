//! HTTP requests. Of the bytes the first line is method and target, then come headers up to an empty line, then the body.
#![no_main]

use bytes::Bytes;
use cutout::Limits;
use http::Request;

const LIMITS: Limits = Limits {
    max_bytes: 1 << 16,
    max_side: 256,
    max_pixels: 1 << 14,
};

fn request(bytes: &[u8]) -> Option<Request<Bytes>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(Bytes::copy_from_slice(&bytes[end + 2..])).ok()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else {
        return;
    };
    let response = cutout_http::respond(Some(&mut fuzz::pipeline()), LIMITS, &request, &mut |_| {});
    assert!(response.status().as_u16() < 500, "{response:?}");
});
