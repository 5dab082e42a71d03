//! Hosts and ports within addresses.

use http::uri::Authority;

/// Host and port of an address that has nothing before the host; `None` for any other, and for a port beyond 65535.
pub(crate) fn host_and_port(authority: &Authority) -> Option<(&str, Option<u16>)> {
    let host = authority.host();
    let port = authority.port_u16();
    let written = match authority.port() {
        Some(port) => format!("{host}:{}", port.as_str()),
        None => host.to_owned(),
    };
    (!host.is_empty() && authority.as_str() == written).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_and_a_port_are_taken() {
        for (text, expected) in [
            ("localhost", Some(("localhost", None))),
            ("localhost:7000", Some(("localhost", Some(7000)))),
            ("[::1]:7000", Some(("[::1]", Some(7000)))),
            ("localhost:70000", None),
            ("localhost:x", None),
            ("localhost:", None),
            ("me@localhost", None),
            ("me:secret@localhost:7000", None),
        ] {
            let authority: Authority = text.parse().unwrap();
            assert_eq!(host_and_port(&authority), expected, "{text}");
        }
    }
}
