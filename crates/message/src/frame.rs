//! The frame: one line of JSON, then parts.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// First bytes of every frame of every version; no image begins with them.
const NAME: &[u8] = b"cutout/";
/// First bytes of a frame of this version.
const START: &[u8] = b"cutout/1 ";
/// The JSON has at most so many bytes.
const MAX_HEADER: usize = 64 << 10;
/// So much of a text that quotes its sender is passed on, in characters.
const MAX_TEXT: usize = 500;

/// A message that is not of this protocol; the text says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadMessage(String);

impl BadMessage {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.chars().take(MAX_TEXT).collect())
    }
}

/// Whether `message` is a frame of any version, and not a bare image.
pub(crate) fn is_framed(message: &[u8]) -> bool {
    message.starts_with(NAME)
}

/// A frame of `header` and `parts`.
pub(crate) fn join(header: &impl Serialize, parts: &[&[u8]]) -> Vec<u8> {
    // Numbers and words in structs: nothing that JSON could not say.
    let json = serde_json::to_vec(header).unwrap_or_default();
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut frame = Vec::with_capacity(START.len() + json.len() + 1 + length);
    frame.extend_from_slice(START);
    frame.extend_from_slice(&json);
    frame.push(b'\n');
    for part in parts {
        frame.extend_from_slice(part);
    }
    frame
}

/// A frame's header and the bytes of its parts.
pub(crate) fn split<T: DeserializeOwned>(message: &[u8]) -> Result<(T, &[u8]), BadMessage> {
    let Some(rest) = message.strip_prefix(START) else {
        return Err(other_version(message));
    };
    let Some(end) = rest.iter().take(MAX_HEADER + 1).position(|b| *b == b'\n') else {
        let text = format!(
            "no line feed ends the JSON within {MAX_HEADER} bytes; write it on one line, the parts after it"
        );
        return Err(BadMessage::new(&text));
    };
    let json = &rest[..end];
    // A list would be taken for the fields in their order.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(BadMessage::new(
            "the JSON is no object; write {} for the defaults",
        ));
    }
    let header = serde_json::from_slice(json)
        .map_err(|e| BadMessage::new(&format!("the JSON cannot be read: {e}")))?;
    Ok((header, &rest[end + 1..]))
}

/// Takes the next `length` bytes off the front of `rest`.
pub(crate) fn take<'a>(
    rest: &mut &'a [u8],
    name: &str,
    length: u64,
) -> Result<&'a [u8], BadMessage> {
    let part = usize::try_from(length).ok().and_then(|length| {
        let (part, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(part)
    });
    part.ok_or_else(|| {
        let text = format!(
            "the part {name} has {length} bytes by the JSON, but only {} are left; send it whole",
            rest.len()
        );
        BadMessage::new(&text)
    })
}

fn other_version(message: &[u8]) -> BadMessage {
    let word = message
        .split(|b| b.is_ascii_whitespace())
        .next()
        .unwrap_or_default();
    let word: String = String::from_utf8_lossy(&word[..word.len().min(40)]).into();
    BadMessage::new(&format!(
        "the message starts with {word:?}, and cutout/1 is spoken here: send `cutout/1 {{…}}`, a line feed and the parts"
    ))
}
