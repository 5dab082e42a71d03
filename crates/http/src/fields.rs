//! Fields of a request, by name: from the query and from a body of any kind.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{Request, header};
use mediatype::MediaType;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// More fields than any client of these faces sends.
const MAX_FIELDS: usize = 64;

/// The byte-order mark of UTF-8.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Named values, in the order in which they came. An empty value is the same as none.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, Bytes)>);

/// The request's body cannot be taken apart; the text says why.
pub(crate) struct BadBody(pub(crate) String);

/// Kind of a request's body, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Multipart,
    Urlencoded,
    Json,
    /// Anything else: an image as it is.
    Raw,
}

impl Body {
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        let media_type = content_type(request).and_then(|text| MediaType::parse(text).ok());
        let Some(media_type) = media_type else {
            return Self::Raw;
        };
        let essence = (media_type.ty.as_str(), media_type.subty.as_str());
        match (essence.0.to_ascii_lowercase().as_str(), essence.1) {
            ("multipart", subtype) if subtype.eq_ignore_ascii_case("form-data") => Self::Multipart,
            ("application", subtype) if subtype.eq_ignore_ascii_case("json") => Self::Json,
            ("application", subtype) if subtype.eq_ignore_ascii_case("x-www-form-urlencoded") => {
                Self::Urlencoded
            }
            _ => Self::Raw,
        }
    }
}

fn content_type(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get(header::CONTENT_TYPE)?.to_str().ok()
}

impl Fields {
    /// The fields of the query.
    pub(crate) fn of_query(request: &Request<Bytes>) -> Self {
        let mut fields = Self::default();
        fields.add_urlencoded(request.uri().query().unwrap_or_default().as_bytes());
        fields
    }

    /// Adds the fields of the body; a raw body has none.
    pub(crate) fn add_body(&mut self, request: &Request<Bytes>) -> Result<(), BadBody> {
        match Body::of(request) {
            Body::Multipart => self.add_multipart(request)?,
            Body::Urlencoded => self.add_urlencoded(request.body()),
            Body::Json => self.add_json(request.body())?,
            Body::Raw => {}
        }
        if self.0.len() > MAX_FIELDS {
            return Err(BadBody(format!("more than {MAX_FIELDS} fields")));
        }
        Ok(())
    }

    /// A name with two values that differ, perhaps one of the query and one of the form.
    pub(crate) fn contradicted(&self) -> Option<&str> {
        let differs = |name: &str, value: &Bytes| {
            let mut others = self.0.iter().filter(|(other, _)| other == name);
            others.any(|(_, other)| !other.is_empty() && other != value)
        };
        let mut values = self.0.iter().filter(|(_, value)| !value.is_empty());
        let found = values.find(|(name, value)| differs(name, value));
        found.map(|(name, _)| name.as_str())
    }

    fn add_urlencoded(&mut self, text: &[u8]) {
        let pairs = form_urlencoded::parse(text).take(MAX_FIELDS + 1);
        self.0
            .extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())));
    }

    fn add_json(&mut self, body: &Bytes) -> Result<(), BadBody> {
        // RFC 8259: what sends JSON adds no byte-order mark, what reads it may skip one.
        let text = body.strip_prefix(&MARK).unwrap_or(body);
        if is_wide(text) {
            let why = "the JSON body is in UTF-16 or UTF-32; send it in UTF-8";
            return Err(BadBody(why.into()));
        }
        let object: Object = serde_json::from_slice(text)
            .map_err(|e| BadBody(format!("no JSON object of texts and numbers: {e}")))?;
        self.0.extend(object.0);
        Ok(())
    }

    fn add_multipart(&mut self, request: &Request<Bytes>) -> Result<(), BadBody> {
        let bad = |e: multer::Error| BadBody(format!("no multipart body: {e}"));
        let boundary = multer::parse_boundary(content_type(request).unwrap_or_default());
        let body = request.body().clone();
        let whole = stream::iter([Ok::<_, Infallible>(body)]);
        let mut parts = multer::Multipart::new(whole, boundary.map_err(bad)?);
        let read = async {
            while let Some(part) = parts.next_field().await? {
                let name = part.name().unwrap_or_default().to_owned();
                self.0.push((name, part.bytes().await?));
                if self.0.len() > MAX_FIELDS {
                    break;
                }
            }
            Ok(())
        };
        // The whole body is there, so nothing is ever waited for.
        read.now_or_never()
            .unwrap_or(Err(multer::Error::IncompleteStream))
            .map_err(bad)
    }

    /// The value of that name, unless it is empty.
    pub(crate) fn bytes(&self, name: &str) -> Option<&Bytes> {
        let mut values = self.0.iter();
        let found = values.find(|(found, value)| found == name && !value.is_empty());
        found.map(|(_, value)| value)
    }

    /// The field as text, without the white space around it; what is no UTF-8 is no text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes(name)?).ok()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Takes the fields whose names `wanted` says yes to out, in their order.
    pub(crate) fn take(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<(String, Bytes)> {
        self.0.extract_if(.., |(name, _)| wanted(name)).collect()
    }

    /// The names that were sent with a value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(|(_, value)| !value.is_empty());
        named.map(|(name, _)| name.as_str())
    }
}

/// The value of a switch: `true`, `false`, `1`, `0`, `yes`, `no`, `on` or `off`, in any case.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Whether JSON has units of more than a byte: it begins with a byte-order mark of UTF-16, which one of UTF-32 contains, or
/// with zeros in its first character, which is ASCII (RFC 4627, section 3).
fn is_wide(json: &[u8]) -> bool {
    matches!(
        json,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]
    )
}

/// A JSON object without arrays and objects in it: nothing is built from them before they are refused.
struct Object(Vec<(String, Bytes)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some((name, Scalar(value))) = map.next_entry()? {
                    if entries.len() == MAX_FIELDS {
                        return Err(A::Error::custom(format!("more than {MAX_FIELDS} fields")));
                    }
                    entries.push((name, value.into()));
                }
                Ok(Object(entries))
            }
        }
        json.deserialize_map(Entries)
    }
}

/// A value as text; `null` is the empty text.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Value;
        impl Visitor<'_> for Value {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, true, false or null")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(value.to_owned()))
            }

            fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
                Ok(Scalar(value))
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar(String::new()))
            }
        }
        json.deserialize_any(Value)
    }
}
