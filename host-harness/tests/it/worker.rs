//! The worker on a host of this test: what it publishes for each message.

mod host;

use std::fs;

use cutout::{Encoding, Format, Options, WebpQuality};
use cutout_message::{Answer, Request, Signal, WorkerHost};
use host_harness::engine::{self, ActorBuild, Runtime};
use wasmtime::component::Component;

use crate::support::{cutout, finish, fixture, tiny, wasm};
use host::{Call, REPLY_TO, engine, types};

fn photo(name: &str) -> Vec<u8> {
    fs::read(fixture("photos").join(name)).unwrap()
}

#[test]
fn an_image_is_taken_and_made_as_the_program_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.png");
    for name in ["coffee.png", "rocket.jpg"] {
        let (done, said) = finish(
            cutout()
                .arg("run")
                .arg(fixture("photos").join(name))
                .arg("-o")
                .arg(&output)
                .args(["--model", &tiny()]),
        );
        assert!(done.status.success(), "{said}");
        let made = Call::with(photo(name)).made();
        assert!(made.output.bytes == fs::read(&output).unwrap(), "{name}");
        let stages: Vec<_> = made.stages.iter().map(|(stage, _)| *stage).collect();
        assert_eq!(stages, cutout::Stage::ALL, "{name}");
        assert!(made.peak.is_some_and(|bytes| bytes > 1 << 20), "{name}");
    }
}

#[test]
fn options_give_what_the_engine_gives_for_them() {
    let image = photo("chelsea.png");
    let options = Options {
        encoding: Encoding {
            format: Format::WebP,
            webp: WebpQuality::Lossy(60),
            ..Encoding::default()
        },
        background: cutout::Background::Picture(photo("coffee.png")),
        also_mask: true,
        thumbnails: Some(64),
        ..Options::default()
    };
    let expected = wasm(Runtime::Net, &tiny(), engine::Settings::default())
        .remove(&image, &options)
        .unwrap();
    let request = Request {
        picture: &image,
        options,
        max_answer: None,
    };
    let made = Call::with(request.encode()).made();
    assert!(made.output == expected.value);
}

#[test]
fn the_environment_says_the_host_its_slots_and_the_limits() {
    let environment = [
        ("CUTOUT_HOST", "h1"),
        ("CUTOUT_SLOTS", "2"),
        ("CUTOUT_MAX_PIXELS", "1000"),
    ];
    let call = Call {
        environment: &environment,
        ..Call::with(photo("coffee.png"))
    };
    let (handled, answers) = call.make();
    assert_eq!(handled, Ok(()));
    let taken = WorkerHost {
        host: Some("h1".into()),
        slots: Some(2),
    };
    assert_eq!(answers[0], Answer::Taken(taken));
    let Answer::Failed(failure) = &answers[1] else {
        panic!("not failed: {:?}", answers[1])
    };
    assert_eq!(failure.kind.as_str(), "too-many-pixels");
    assert_eq!(failure.host.as_deref(), Some("h1"));
}

#[test]
fn what_cannot_be_made_is_said_with_its_kind() {
    let image = photo("coffee.png");
    let none: &[(&str, &str)] = &[];
    let bytes = &[("CUTOUT_MAX_BYTES", "1000")][..];
    let payload = &[("CUTOUT_MAX_PAYLOAD", "1000")][..];
    let cases = [
        (b"no image".to_vec(), none, "unsupported-format", "PNG"),
        (image[..5000].to_vec(), none, "undecodable", ""),
        (image.clone(), bytes, "too-many-bytes", "1000 allowed"),
        (image, payload, "too-large", "more than the 1000"),
        (b"cutout/2 {}\n".to_vec(), none, "bad-message", "cutout/1"),
        (b"cutout/1 {".to_vec(), none, "bad-message", "no line feed"),
    ];
    for (body, environment, kind, text) in cases {
        let failure = Call {
            environment,
            ..Call::with(body)
        }
        .failed();
        assert_eq!(failure.kind.as_str(), kind, "{}", failure.text);
        assert!(failure.text.contains(text), "{kind}: {}", failure.text);
    }
}

#[test]
fn without_a_model_the_answer_says_how_to_come_to_one() {
    let component = Component::new(engine(), ActorBuild::Messages.wasm().unwrap()).unwrap();
    let failure = Call {
        component: &component,
        ..Call::with(photo("coffee.png"))
    }
    .failed();
    assert_eq!(failure.kind.as_str(), "model");
    assert!(failure.text.contains("cutout bake"), "{}", failure.text);
}

#[test]
fn what_nobody_would_hear_of_is_not_made() {
    let message = Call::with(photo("coffee.png"));
    let alone = Call {
        reply_to: None,
        ..Call::with(message.body.clone())
    };
    let (handled, answers) = alone.make();
    assert!(handled.unwrap_err().contains("no reply-to"));
    assert_eq!(answers, []);
    let unheard = Call {
        takes: false,
        ..message
    };
    let (handled, answers) = unheard.make();
    assert_eq!(handled, Err("the server is away".into()));
    assert!(matches!(answers[..], [Answer::Taken(_)]), "{answers:?}");
}

#[test]
fn an_offer_is_claimed_and_what_comes_is_made() {
    let image = photo("coffee.png");
    let expected = Call::with(image.clone()).made().output;
    let work = types::BrokerMessage {
        subject: "_INBOX.host".into(),
        body: image,
        reply_to: Some(REPLY_TO.into()),
    };
    let call = Call {
        environment: &[("CUTOUT_HOST", "h1"), ("CUTOUT_SLOTS", "2")],
        ..Call::offer(Ok(work))
    };
    let (handled, claims, answers) = call.run();
    assert_eq!(handled, Ok(()));
    let host = WorkerHost {
        host: Some("h1".into()),
        slots: Some(2),
    };
    assert_eq!(claims, [Answer::Claim(host.clone())]);
    let [first, Answer::Made(made)] = &answers[..] else {
        panic!("not made: {answers:?}")
    };
    assert_eq!(*first, Answer::Taken(host));
    assert!(made.output == expected);
}

#[test]
fn an_offer_of_a_client_that_has_no_more_work_or_has_ended_costs_nothing() {
    let nothing = types::BrokerMessage {
        subject: "_INBOX.host".into(),
        body: Signal::Nothing.encode(),
        reply_to: None,
    };
    for work in [Ok(nothing), Err("no responders".into())] {
        let (handled, claims, answers) = Call::offer(work).run();
        assert_eq!((handled, claims.len()), (Ok(()), 1));
        assert_eq!(answers, []);
    }
    // Work whose result nobody would hear of is not done either.
    let unheard = types::BrokerMessage {
        subject: "_INBOX.host".into(),
        body: photo("coffee.png"),
        reply_to: None,
    };
    let (handled, _, answers) = Call::offer(Ok(unheard)).run();
    assert!(handled.unwrap_err().contains("no reply-to"));
    assert_eq!(answers, []);
}
