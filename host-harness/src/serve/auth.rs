//! The token that callers show.

use blake3::Hash;
use http::{HeaderMap, header};

/// The token that a caller must send; only its digest is kept.
pub(super) struct Token(Option<Hash>);

impl Token {
    /// `None` lets everybody in.
    pub(super) fn new(token: Option<&str>) -> Self {
        Self(token.map(|token| blake3::hash(token.as_bytes())))
    }

    /// Whether `headers` have the token as `Authorization: Bearer …` or as `X-Api-Key`. Digests are compared, in
    /// constant time, so that neither the length nor a prefix of the token can be measured.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = self.0 else {
            return true;
        };
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().split_at_checked(7))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
            .map(|(_, token)| token);
        let key = headers.get("x-api-key").map(|value| value.as_bytes());
        [bearer, key]
            .into_iter()
            .flatten()
            .any(|token| blake3::hash(token) == expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens_and_without_one_everybody_may_come() {
        let cases = [
            ("authorization", "Bearer secret", true),
            ("authorization", "bearer secret", true),
            ("x-api-key", "secret", true),
            ("authorization", "Bearer secre", false),
            ("authorization", "Bearer secret2", false),
            ("authorization", "Basic secret", false),
            ("authorization", "secret", false),
            ("x-api-key", "", false),
            ("x-other", "secret", false),
        ];
        for (name, value, admitted) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let token = Token::new(Some("secret"));
            assert_eq!(token.admits(&headers), admitted, "{name}: {value}");
            assert!(Token::new(None).admits(&headers), "{name}: {value}");
        }
    }
}
