//! Answers of a worker.

use std::time::Duration;

use cutout::{BoundingBox, ErrorKind, Output, Stage, Thumbnails};
use serde::{Deserialize, Serialize};

use crate::BadMessage;
use crate::frame;
use crate::wire::{ErrorWord, StageWord};

/// One of a worker's answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The answer to an [`Offer`](crate::Signal::Offer): this worker is free and asks for an image.
    Claim(WorkerHost),
    /// The first answer to a request: a worker has it.
    Taken(WorkerHost),
    /// Sent last: what was made.
    Made(Box<Made>),
    /// Sent last: why nothing was made.
    Failed(Failure),
}

/// The host that a worker runs on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerHost {
    /// The host's name, if the worker knows it.
    pub host: Option<String>,
    /// Images that this host processes at once, if the worker knows.
    pub slots: Option<u32>,
}

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The result.
    pub output: Output,
    /// The stages that ran, in order, and how long each took.
    pub stages: Vec<(Stage, Duration)>,
    /// Largest linear memory of the worker in bytes, if it knows.
    pub peak: Option<u64>,
    /// The worker's host, if it knows.
    pub host: Option<String>,
}

/// Why nothing was made.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The stable kind.
    pub kind: FailureKind,
    /// The message: what went wrong, where, and the way out.
    pub text: String,
    /// The worker's host, if it knows.
    pub host: Option<String>,
}

/// The kind of a [`Failure`]: stable, for programs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(from = "KindWord", into = "KindWord")]
pub enum FailureKind {
    /// The image or the model was refused by the core.
    Core(ErrorKind),
    /// The request is not of this protocol.
    BadMessage,
    /// The answer has more bytes than can arrive.
    TooLarge,
}

impl FailureKind {
    /// The kind's stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core(kind) => kind.as_str(),
            Self::BadMessage => "bad-message",
            Self::TooLarge => "too-large",
        }
    }
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not an answer of this version, whole and without anything beyond.
    pub fn decode(message: &[u8]) -> Result<Self, BadMessage> {
        let (header, mut rest) = frame::split::<Header>(message)?;
        let answer = match header {
            Header::Claim(host) => Self::Claim(host),
            Header::Taken(host) => Self::Taken(host),
            Header::Made(header) => Self::Made(Box::new(made(*header, &mut rest)?)),
            Header::Failed(failure) => Self::Failed(failure),
        };
        if !rest.is_empty() {
            let text = format!("{} bytes follow the answer's last part", rest.len());
            return Err(BadMessage::new(&text));
        }
        Ok(answer)
    }

    /// Writes an answer.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Claim(host) => frame::join(&Header::Claim(host.clone()), &[]),
            Self::Taken(host) => frame::join(&Header::Taken(host.clone()), &[]),
            Self::Made(made) => {
                let header = Header::Made(Box::new(MadeHeader::of(made)));
                frame::join(&header, &parts(&made.output))
            }
            Self::Failed(failure) => frame::join(&Header::Failed(failure.clone()), &[]),
        }
    }
}

/// The parts of a result, in their order.
fn parts(output: &Output) -> [&[u8]; 4] {
    let small = output.thumbnails.as_ref();
    [
        &output.bytes,
        output.mask.as_deref().unwrap_or_default(),
        small.map(|t| &*t.before).unwrap_or_default(),
        small.map(|t| &*t.after).unwrap_or_default(),
    ]
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Header {
    Claim(WorkerHost),
    Taken(WorkerHost),
    Made(Box<MadeHeader>),
    Failed(Failure),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MadeHeader {
    width: u32,
    height: u32,
    foreground: Option<BoxField>,
    uncertainty: f32,
    stages: Vec<(StageWord, u64)>,
    peak: Option<u64>,
    host: Option<String>,
    parts: PartsField,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct BoxField {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// The length of each part in bytes, in the parts' order.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PartsField {
    output: u64,
    mask: Option<u64>,
    thumbnails: Option<ThumbnailsField>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ThumbnailsField {
    width: u32,
    height: u32,
    before: u64,
    after: u64,
}

impl MadeHeader {
    fn of(made: &Made) -> Self {
        let output = &made.output;
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let stages = made.stages.iter();
        Self {
            width: output.width,
            height: output.height,
            foreground: output.foreground.map(|b| BoxField {
                left: b.left,
                top: b.top,
                width: b.width,
                height: b.height,
            }),
            uncertainty: output.uncertainty,
            stages: stages.map(|&(s, t)| (s.into(), nanoseconds(t))).collect(),
            peak: made.peak,
            host: made.host.clone(),
            parts: PartsField {
                output: output.bytes.len() as u64,
                mask: output.mask.as_ref().map(|mask| mask.len() as u64),
                thumbnails: output.thumbnails.as_ref().map(|t| ThumbnailsField {
                    width: t.width,
                    height: t.height,
                    before: t.before.len() as u64,
                    after: t.after.len() as u64,
                }),
            },
        }
    }
}

fn made(header: MadeHeader, rest: &mut &[u8]) -> Result<Made, BadMessage> {
    let parts = header.parts;
    let output = frame::take(rest, "output", parts.output)?;
    let mask = parts.mask.map(|length| frame::take(rest, "mask", length));
    let mask = mask.transpose()?;
    let small = parts.thumbnails.map(|field| thumbnails(&field, rest));
    let stages = header.stages.into_iter();
    Ok(Made {
        output: Output {
            bytes: output.to_vec(),
            width: header.width,
            height: header.height,
            foreground: header.foreground.map(|b| BoundingBox {
                left: b.left,
                top: b.top,
                width: b.width,
                height: b.height,
            }),
            uncertainty: header.uncertainty,
            mask: mask.map(<[u8]>::to_vec),
            thumbnails: small.transpose()?,
        },
        stages: stages
            .map(|(stage, time)| (stage.into(), Duration::from_nanos(time)))
            .collect(),
        peak: header.peak,
        host: header.host,
    })
}

fn thumbnails(field: &ThumbnailsField, rest: &mut &[u8]) -> Result<Thumbnails, BadMessage> {
    let &ThumbnailsField {
        width,
        height,
        before,
        after,
    } = field;
    let whole = (u64::from(width) * u64::from(height)).checked_mul(3);
    if [before, after].iter().any(|length| Some(*length) != whole) {
        let text = format!(
            "thumbnails of {width}×{height} pixels have 3 bytes each, not {before} and {after} in all"
        );
        return Err(BadMessage::new(&text));
    }
    Ok(Thumbnails {
        width,
        height,
        before: frame::take(rest, "before", before)?.to_vec(),
        after: frame::take(rest, "after", after)?.to_vec(),
    })
}

/// [`FailureKind`]'s name.
#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "kind is none of cutout/1")]
enum KindWord {
    Core(ErrorWord),
    Own(OwnWord),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum OwnWord {
    BadMessage,
    TooLarge,
}

impl From<FailureKind> for KindWord {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Core(kind) => Self::Core(kind.into()),
            FailureKind::BadMessage => Self::Own(OwnWord::BadMessage),
            FailureKind::TooLarge => Self::Own(OwnWord::TooLarge),
        }
    }
}

impl From<KindWord> for FailureKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Core(word) => Self::Core(word.into()),
            KindWord::Own(OwnWord::BadMessage) => Self::BadMessage,
            KindWord::Own(OwnWord::TooLarge) => Self::TooLarge,
        }
    }
}
