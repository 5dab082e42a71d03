mod properties;
mod requests;

use std::io::Cursor;
use std::time::Duration;

use cutout::{
    Background, Compat, Encoding, Error, ErrorKind, Format, Layout, Limits, ModelSpec, OPTIONS,
    OptionValue, Options, Output, OutputKind, OutputRule, Pipeline, PngEffort, Quality, Scaling,
    Segmenter, Size, Stage, WebpQuality,
};
use image::{ImageFormat, Rgb, RgbImage};

use super::*;

/// Side of the fake network's input, and of the images: nothing is resampled between them.
const SIDE: u32 = 16;

/// What is bright is foreground.
struct Bright(Vec<f32>);

impl Segmenter for Bright {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.0 = input.chunks_exact(3).map(|pixel| pixel[0]).collect();
        Ok(&self.0)
    }
}

fn pipeline() -> Pipeline<Bright> {
    let spec = ModelSpec {
        name: "bright".into(),
        side: SIDE,
        mean: [0.0; 3],
        std: [1.0; 3],
        scaling: Scaling::PictureMax,
        output: OutputRule::MinMax,
    };
    Pipeline::new(spec, Bright(Vec::new()))
}

/// Every stage takes a millisecond, and memory is always the same.
struct Fake;

impl Meter for Fake {
    fn time(&mut self, _: Stage) -> Duration {
        Duration::from_millis(1)
    }

    fn peak(&self) -> Option<u64> {
        Some(1 << 20)
    }
}

fn worker() -> Worker {
    Worker {
        host: WorkerHost {
            host: Some("h1".into()),
            slots: Some(2),
        },
        ..Worker::default()
    }
}

/// What the worker answers to `message`.
fn answered(worker: &Worker, message: &[u8]) -> Answer {
    Answer::decode(&worker.respond(Some(&mut pipeline()), message, &mut Fake)).unwrap()
}

fn made(answer: Answer) -> Made {
    match answer {
        Answer::Made(made) => *made,
        other => panic!("not made: {other:?}"),
    }
}

fn failed(answer: Answer) -> (&'static str, String) {
    match answer {
        Answer::Failed(failure) => (failure.kind.as_str(), failure.text),
        other => panic!("not failed: {other:?}"),
    }
}

/// A white box of 6 × 4 at column 4, row 8 of a black square.
fn picture() -> Vec<u8> {
    let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let white = (4..10).contains(&x) && (8..12).contains(&y);
        Rgb([if white { 255 } else { 0 }; 3])
    });
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn framed(json: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = format!("cutout/1 {json}\n").into_bytes();
    parts
        .iter()
        .for_each(|part| message.extend_from_slice(part));
    message
}

#[test]
fn a_bare_picture_is_answered_as_the_core_answers_with_its_defaults() {
    let expected = pipeline().remove(&picture(), &Options::default(), &mut |_| {});
    for message in [picture(), framed("{}", &[&picture()])] {
        let made = made(answered(&worker(), &message));
        assert_eq!(made.output, expected.clone().unwrap());
        assert_eq!(made.stages.len(), 6);
        assert_eq!(made.stages[0], (Stage::Decode, Duration::from_millis(1)));
        assert_eq!((made.peak, made.host), (Some(1 << 20), Some("h1".into())));
    }
}

#[test]
fn that_it_is_taken_is_said_with_the_host_and_its_slots() {
    let text = String::from_utf8(worker().taken()).unwrap();
    assert_eq!(text, "cutout/1 {\"taken\":{\"host\":\"h1\",\"slots\":2}}\n");
    let text = String::from_utf8(Worker::default().taken()).unwrap();
    assert_eq!(
        text,
        "cutout/1 {\"taken\":{\"host\":null,\"slots\":null}}\n"
    );
}

#[test]
fn an_offer_is_claimed_with_the_host_and_its_slots() {
    let text = String::from_utf8(worker().claim()).unwrap();
    assert_eq!(text, "cutout/1 {\"claim\":{\"host\":\"h1\",\"slots\":2}}\n");
}

#[test]
fn a_signal_is_known_from_every_other_message() {
    for (signal, text) in [
        (Signal::Offer, "cutout/1 {\"offer\":{}}\n"),
        (Signal::Nothing, "cutout/1 {\"nothing\":{}}\n"),
    ] {
        assert_eq!(signal.encode(), text.as_bytes());
        assert_eq!(Signal::decode(text.as_bytes()), Some(signal));
        // A worker that knows no offers refuses one, and says so.
        let (kind, _) = failed(answered(&worker(), text.as_bytes()));
        assert_eq!(kind, "bad-message");
    }
    for message in [
        &picture()[..],
        b"",
        b"cutout/1 {}\n",
        b"cutout/2 {\"offer\":{}}\n",
        b"cutout/1 {\"offer\":{\"more\":1}}\n",
        b"cutout/1 {\"offer\":{},\"nothing\":{}}\n",
        b"cutout/1 {\"offer\":{}}\nand more",
        b"cutout/1 {\"offer\":{}}",
    ] {
        assert_eq!(Signal::decode(message), None, "{message:?}");
    }
}

#[test]
fn what_the_core_refuses_comes_back_with_the_core_s_kind() {
    let cut_short = &picture()[..60];
    let small = Worker {
        limits: Limits {
            max_bytes: 20,
            ..Limits::default()
        },
        ..worker()
    };
    let narrow = Worker {
        limits: Limits {
            max_pixels: 100,
            ..Limits::default()
        },
        ..worker()
    };
    let generous = framed(
        "{\"limits\":{\"max_bytes\":99999999,\"max_pixels\":99999999}}",
        &[&picture()],
    );
    let modest = framed("{\"limits\":{\"max_side\":10}}", &[&picture()]);
    let cases: [(&Worker, &[u8], &str); 8] = [
        (&worker(), b"no image", "unsupported-format"),
        (&worker(), b"", "undecodable"),
        (&worker(), &framed("{}", &[]), "undecodable"),
        (&worker(), cut_short, "undecodable"),
        (&small, &picture(), "too-many-bytes"),
        (&small, &generous, "too-many-bytes"),
        (&narrow, &generous, "too-many-pixels"),
        (&worker(), &modest, "too-many-pixels"),
    ];
    for (worker, message, expected) in cases {
        let (kind, text) = failed(answered(worker, message));
        assert_eq!(kind, expected, "{text}");
    }
    let answer = worker().respond::<Bright>(None, &picture(), &mut Fake);
    let (kind, text) = failed(Answer::decode(&answer).unwrap());
    assert_eq!(kind, "model");
    assert!(text.contains("cutout bake"), "{text}");
}

#[test]
fn an_answer_that_cannot_arrive_says_its_size_and_the_limit() {
    let size = worker()
        .respond(Some(&mut pipeline()), &picture(), &mut Fake)
        .len() as u64;
    let own = |max_payload| Worker {
        max_payload: Some(max_payload),
        ..worker()
    };
    let asked = |most| framed(&format!("{{\"max_answer\":{most}}}"), &[&picture()]);
    made(answered(&own(size), &picture()));
    made(answered(&worker(), &asked(size)));
    for (worker, message) in [
        (own(size - 1), picture()),
        (worker(), asked(size - 1)),
        (own(1 << 20), asked(size - 1)),
        (own(size - 1), asked(1 << 20)),
    ] {
        let (kind, text) = failed(answered(&worker, &message));
        assert_eq!(kind, "too-large");
        let expected = format!(
            "has {size} bytes, more than the {} that can arrive",
            size - 1
        );
        assert!(text.contains(&expected), "{text}");
        assert!(text.contains("16×16 pixels as png"), "{text}");
    }
}

#[test]
fn an_answer_that_is_not_whole_or_has_more_is_refused() {
    let options = Options {
        also_mask: true,
        thumbnails: Some(8),
        ..Options::default()
    };
    let request = Request {
        picture: &picture(),
        options,
        max_answer: None,
    };
    let answer = worker().respond(Some(&mut pipeline()), &request.encode(), &mut Fake);
    let output = made(Answer::decode(&answer).unwrap()).output;
    assert!(output.mask.is_some() && output.thumbnails.is_some());
    let longer = [&answer[..], b"!"].concat();
    for broken in [
        &answer[..answer.len() - 1],
        &longer,
        b"",
        b"cutout/1 {\"kept\":{}}\n",
    ] {
        Answer::decode(broken).unwrap_err();
    }
    for kind in ["\"later\"", "7"] {
        let json = format!("{{\"failed\":{{\"kind\":{kind},\"text\":\"\",\"host\":null}}}}");
        Answer::decode(&framed(&json, &[])).unwrap_err();
    }
}

fn kinds() -> Vec<FailureKind> {
    let core = [
        ErrorKind::UnsupportedFormat,
        ErrorKind::Undecodable,
        ErrorKind::TooManyBytes,
        ErrorKind::TooManyPixels,
        ErrorKind::Correction,
        ErrorKind::Model,
        ErrorKind::Encode,
        ErrorKind::Timeout,
        ErrorKind::OutOfMemory,
    ];
    let mut kinds = core.map(FailureKind::Core).to_vec();
    kinds.extend([FailureKind::BadMessage, FailureKind::TooLarge]);
    kinds
}

#[test]
fn a_kind_is_sent_by_its_name() {
    for kind in kinds() {
        let text = String::new();
        let answer = Answer::Failed(Failure {
            kind,
            text,
            host: None,
        });
        let expected = format!(
            "cutout/1 {{\"failed\":{{\"kind\":\"{}\",\"text\":\"\",\"host\":null}}}}\n",
            kind.as_str()
        );
        assert_eq!(String::from_utf8(answer.encode()).unwrap(), expected);
    }
}
