//! A message answered by the core.

use std::time::Duration;

use cutout::{Error, ErrorKind, Limits, Pipeline, Segmenter, Stage};

use crate::{Answer, Failure, FailureKind, Made, Request, WorkerHost};

/// The largest answer that can arrive where nobody says otherwise, in bytes: what a NATS server takes by default.
const DEFAULT_MAX_PAYLOAD: u64 = 1 << 20;

/// Identity and limits of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// The host that it runs on, part of its claims and first answers.
    pub host: WorkerHost,
    /// Limits on an image; a request can only ask for less.
    pub limits: Limits,
    /// The largest answer in bytes that its server takes, if known. A request can say less, where its way is longer.
    pub max_payload: Option<u64>,
}

/// Measurements that only the caller can make.
pub trait Meter {
    /// Called as each stage ends: how long it took.
    fn time(&mut self, stage: Stage) -> Duration;

    /// Largest linear memory so far in bytes, if known.
    fn peak(&self) -> Option<u64>;
}

impl Worker {
    /// The answer to an offer: a claim of one image.
    pub fn claim(&self) -> Vec<u8> {
        Answer::Claim(self.host.clone()).encode()
    }

    /// The first answer to a request, to be sent before anything is looked at.
    pub fn taken(&self) -> Vec<u8> {
        Answer::Taken(self.host.clone()).encode()
    }

    /// The second answer: what was made, or why nothing was. `None` as pipeline: no model is loaded.
    pub fn respond<S: Segmenter>(
        &self,
        pipeline: Option<&mut Pipeline<S>>,
        message: &[u8],
        meter: &mut dyn Meter,
    ) -> Vec<u8> {
        let result = self.made(pipeline, message, meter);
        result.unwrap_or_else(|failure| Answer::Failed(failure).encode())
    }

    fn made<S: Segmenter>(
        &self,
        pipeline: Option<&mut Pipeline<S>>,
        message: &[u8],
        meter: &mut dyn Meter,
    ) -> Result<Vec<u8>, Failure> {
        let mut request = Request::decode(message)
            .map_err(|bad| self.failure(FailureKind::BadMessage, bad.to_string()))?;
        let pipeline = pipeline.ok_or_else(|| self.refused(&no_model()))?;
        request.options.limits = smaller(request.options.limits, self.limits);
        let mut stages = Vec::with_capacity(Stage::ALL.len());
        let output = pipeline
            .remove(request.picture, &request.options, &mut |stage| {
                stages.push((stage, meter.time(stage)));
            })
            .map_err(|error| self.refused(&error))?;
        let (width, height) = (output.width, output.height);
        let format = request.options.encoding.format.as_str();
        let made = Made {
            output,
            stages,
            peak: meter.peak(),
            host: self.host.host.clone(),
        };
        let answer = Answer::Made(Box::new(made)).encode();
        let said = self.max_payload.into_iter().chain(request.max_answer);
        let most = said.min().unwrap_or(DEFAULT_MAX_PAYLOAD);
        if answer.len() as u64 > most {
            let text = format!(
                "the answer, {width}×{height} pixels as {format}, has {} bytes, more than the {most} that can arrive; \
                 raise the server's max_payload, or ask for a smaller max_side, for webp or for jpeg",
                answer.len()
            );
            return Err(self.failure(FailureKind::TooLarge, text));
        }
        Ok(answer)
    }

    fn refused(&self, error: &Error) -> Failure {
        self.failure(FailureKind::Core(error.kind()), error.to_string())
    }

    fn failure(&self, kind: FailureKind, text: String) -> Failure {
        Failure {
            kind,
            text,
            host: self.host.host.clone(),
        }
    }
}

fn no_model() -> Error {
    let text =
        "no model is loaded; call lifecycle.load first, or use a component made by `cutout bake`";
    Error::new(ErrorKind::Model, text)
}

fn smaller(one: Limits, other: Limits) -> Limits {
    Limits {
        max_bytes: one.max_bytes.min(other.max_bytes),
        max_side: one.max_side.min(other.max_side),
        max_pixels: one.max_pixels.min(other.max_pixels),
    }
}
