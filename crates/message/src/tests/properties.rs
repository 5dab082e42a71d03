//! What holds for every message.

use cutout::{BoundingBox, Thumbnails};
use proptest::prelude::*;

use super::*;

fn margins() -> impl Strategy<Value = Layout> {
    let length = prop_oneof![
        (0_u32..=500).prop_map(|pixels| format!("{pixels}px")),
        (0_u32..=5_000).prop_map(|share| format!("{}.{:02}%", share / 100, share % 100)),
    ];
    let text = prop::collection::vec(length, 4).prop_map(|lengths| lengths.join(" "));
    prop::option::of(text).prop_map(|text| Layout {
        crop: text.map(|text| text.parse().unwrap()),
        ..Layout::default()
    })
}

fn encoding() -> impl Strategy<Value = Encoding> {
    let formats = prop::sample::select(vec![Format::Png, Format::WebP, Format::Jpeg, Format::Raw]);
    let efforts = prop::sample::select(vec![PngEffort::Fast, PngEffort::Small]);
    (formats, efforts, prop::option::of(1_u8..=100), 1_u8..=100).prop_map(
        |(format, png, webp, jpeg)| Encoding {
            format,
            png,
            webp: webp.map_or(WebpQuality::Lossless, WebpQuality::Lossy),
            jpeg,
        },
    )
}

fn background() -> impl Strategy<Value = Background> {
    prop_oneof![
        Just(Background::Transparent),
        any::<[u8; 4]>().prop_map(Background::Colour),
        any::<Vec<u8>>().prop_map(Background::Picture),
    ]
}

prop_compose! {
    fn options()(
        output in prop::sample::select(vec![OutputKind::Cutout, OutputKind::Mask]),
        quality in prop::sample::select(vec![Quality::Fast, Quality::Good, Quality::Best, Quality::Rembg]),
        encoding in encoding(), layout in margins(), background in background(),
        max_side in prop::option::of(1_u32..), thumbnails in prop::option::of(1_u32..),
        also_mask: bool, max_bytes: u64, max_pixels: u64, limit: u32,
    ) -> Options {
        Options {
            output, quality, encoding, layout, background, also_mask, thumbnails,
            size: Size { max_side, max_pixels: None },
            limits: Limits { max_bytes, max_side: limit, max_pixels },
        }
    }
}

prop_compose! {
    fn a_made_one()(
        bytes: Vec<u8>, width: u32, height: u32, uncertainty in 0_f32..=1.0, mask: Option<Vec<u8>>,
        foreground: Option<[u32; 4]>, small in prop::option::of((0_u32..4, 0_u32..4, any::<u8>())),
        times in prop::collection::vec(any::<u64>(), 0..7), peak: Option<u64>, host: Option<String>,
    ) -> Made {
        Made {
            output: Output {
                bytes, width, height, uncertainty, mask,
                foreground: foreground.map(|[left, top, width, height]| BoundingBox { left, top, width, height }),
                thumbnails: small.map(|(width, height, value)| {
                    let data = vec![value; (width * height * 3) as usize];
                    Thumbnails { width, height, before: data.clone(), after: data }
                }),
            },
            stages: Stage::ALL.into_iter().zip(times.into_iter().map(Duration::from_nanos)).collect(),
            peak,
            host,
        }
    }
}

fn an_answer() -> impl Strategy<Value = Answer> {
    let host = any::<Option<String>>;
    let worker_host = (host(), any::<Option<u32>>());
    let worker_host = worker_host.prop_map(|(host, slots)| WorkerHost { host, slots });
    prop_oneof![
        worker_host.clone().prop_map(Answer::Claim),
        worker_host.prop_map(Answer::Taken),
        a_made_one().prop_map(|made| Answer::Made(Box::new(made))),
        (prop::sample::select(kinds()), any::<String>(), host())
            .prop_map(|(kind, text, host)| Answer::Failed(Failure { kind, text, host })),
    ]
}

/// A message with some of its bytes changed and its end cut off.
fn damaged(message: &[u8], changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    for (at, value) in changes {
        let length = message.len();
        message[at % length] = *value;
    }
    message.truncate(message.len() - cut.min(message.len()));
    message
}

proptest! {
    #[test]
    fn a_request_comes_through_as_it_was(
        options in options(), picture: Vec<u8>, max_answer: Option<u64>,
    ) {
        let request = Request { picture: &picture, options, max_answer };
        let message = request.encode();
        prop_assert_eq!(Request::decode(&message).unwrap(), request);
    }

    #[test]
    fn an_answer_comes_through_as_it_was(answer in an_answer()) {
        prop_assert_eq!(Answer::decode(&answer.encode()).unwrap(), answer);
    }

    #[test]
    fn bytes_of_any_kind_are_answered(
        bytes: Vec<u8>, changes: Vec<(usize, u8)>, cut in 0_usize..80, options in options(), framed: bool,
    ) {
        let request = Request { picture: &picture(), options, max_answer: None };
        let message = match framed {
            true => damaged(&request.encode(), &changes, cut),
            false => bytes,
        };
        match answered(&worker(), &message) {
            Answer::Claim(host) | Answer::Taken(host) => prop_assert!(false, "{:?}", host),
            Answer::Made(_) | Answer::Failed(_) => {}
        }
    }

    #[test]
    fn a_damaged_answer_is_read_or_refused(
        answer in an_answer(), changes: Vec<(usize, u8)>, cut in 0_usize..80,
    ) {
        let _ = Answer::decode(&damaged(&answer.encode(), &changes, cut));
    }
}
