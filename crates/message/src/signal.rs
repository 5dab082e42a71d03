//! A client's messages without an image.

use serde::{Deserialize, Serialize};

use crate::frame;

/// A client's message without an image.
///
/// With offers an image is bound to a worker late, when the worker is free, and not when the message server deals the
/// message out: late binding, as in Sparrow (Ousterhout et al. 2013).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Sent to the workers' subject: there is work. A free worker answers with a claim.
    Offer,
    /// Sent in answer to a claim: there is no image left for this worker.
    Nothing,
}

impl Signal {
    /// Reads a signal; `None` for any other message.
    pub fn decode(message: &[u8]) -> Option<Self> {
        if !frame::is_framed(message) {
            return None;
        }
        match frame::split::<Header>(message) {
            Ok((Header::Offer(NoFields {}), [])) => Some(Self::Offer),
            Ok((Header::Nothing(NoFields {}), [])) => Some(Self::Nothing),
            _ => None,
        }
    }

    /// Writes a signal.
    pub fn encode(self) -> Vec<u8> {
        let header = match self {
            Self::Offer => Header::Offer(NoFields {}),
            Self::Nothing => Header::Nothing(NoFields {}),
        };
        frame::join(&header, &[])
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Header {
    Offer(NoFields),
    Nothing(NoFields),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}
