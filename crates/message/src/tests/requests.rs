//! What a request may say.

use super::*;

#[test]
fn options_are_the_words_of_the_flags() {
    let default = Options::default;
    let encoding = Encoding::default();
    let crop = |text: &str| Layout {
        crop: Some(text.parse().unwrap()),
        ..Layout::default()
    };
    let cases = [
        ("{}", default()),
        (
            "{\"output\":\"mask\"}",
            Options {
                output: OutputKind::Mask,
                ..default()
            },
        ),
        (
            "{\"quality\":\"rembg\"}",
            Options {
                quality: Quality::Rembg,
                ..default()
            },
        ),
        (
            "{\"format\":\"webp\",\"webp_quality\":80}",
            Options {
                encoding: Encoding {
                    format: Format::WebP,
                    webp: WebpQuality::Lossy(80),
                    ..encoding
                },
                ..default()
            },
        ),
        (
            "{\"format\":\"webp\",\"webp_quality\":\"lossless\"}",
            Options {
                encoding: encoding.of(Format::WebP),
                ..default()
            },
        ),
        (
            "{\"format\":\"jpeg\",\"jpeg_quality\":50}",
            Options {
                encoding: Encoding {
                    format: Format::Jpeg,
                    jpeg: 50,
                    ..encoding
                },
                ..default()
            },
        ),
        (
            "{\"png\":\"small\"}",
            Options {
                encoding: Encoding {
                    png: PngEffort::Small,
                    ..encoding
                },
                ..default()
            },
        ),
        (
            "{\"max_side\":512}",
            Options {
                size: Size {
                    max_side: Some(512),
                    max_pixels: None,
                },
                ..default()
            },
        ),
        (
            "{\"crop\":true}",
            Options {
                layout: crop("0"),
                ..default()
            },
        ),
        ("{\"crop\":false,\"background\":null}", default()),
        (
            "{\"crop\":\"5% 10px\"}",
            Options {
                layout: crop("5% 10px"),
                ..default()
            },
        ),
        (
            "{\"background\":\"81d4fa\"}",
            Options {
                background: Background::Colour([0x81, 0xd4, 0xfa, 255]),
                ..default()
            },
        ),
        (
            "{\"background\":{\"picture\":3}}",
            Options {
                background: Background::Picture(b"abc".to_vec()),
                ..default()
            },
        ),
        (
            "{\"also_mask\":true,\"thumbnails\":64}",
            Options {
                also_mask: true,
                thumbnails: Some(64),
                ..default()
            },
        ),
        (
            "{\"limits\":{\"max_pixels\":9}}",
            Options {
                limits: Limits {
                    max_pixels: 9,
                    ..Limits::default()
                },
                ..default()
            },
        ),
    ];
    for (json, options) in cases {
        let message = framed(json, &[b"picture", b"abc"]);
        let request = Request::decode(&message).unwrap_or_else(|e| panic!("{json}: {e}"));
        assert_eq!(request.options, options, "{json}");
        let rest: &[u8] = match options.background {
            Background::Picture(_) => b"picture",
            _ => b"pictureabc",
        };
        assert_eq!(request.picture, rest, "{json}");
    }
}

#[test]
fn a_message_that_is_no_request_is_refused_with_the_way_out() {
    let long = format!("{{\"crop\":\"{}\"}}", " ".repeat(64 << 10));
    let unknown = format!("{{\"{}\":1}}", "x".repeat(60_000));
    let cases: &[(&[u8], &str)] = &[
        (b"cutout/2 {}\nabc", "cutout/1 is spoken here"),
        (b"cutout/", "cutout/1 is spoken here"),
        (b"cutout/1", "cutout/1 is spoken here"),
        (b"cutout/1 {}", "no line feed"),
        (&framed(&long, &[]), "no line feed"),
        (&framed(&unknown, &[]), "unknown field"),
        (b"cutout/1 []\n", "is no object"),
        (b"cutout/1 {\n", "JSON cannot be read"),
        (b"cutout/1 {}}\n", "trailing characters"),
        (
            &framed("{\"colour\":\"red\"}", &[]),
            "unknown field `colour`, expected one of `output`",
        ),
        (
            &framed("{\"limits\":{\"max\":1}}", &[]),
            "unknown field `max`",
        ),
        (
            &framed("{\"output\":\"matte\"}", &[]),
            "invalid value \"matte\" for output; expected cutout or mask",
        ),
        (
            &framed("{\"webp_quality\":0}", &[]),
            "\"0\" for webp_quality; expected 1 to 100, or lossless",
        ),
        (
            &framed("{\"webp_quality\":\"best\"}", &[]),
            "\"best\" for webp_quality; expected 1 to 100, or lossless",
        ),
        (
            &framed("{\"webp_quality\":\"80\"}", &[]),
            "\"80\" for webp_quality; expected 1 to 100, or lossless",
        ),
        (
            &framed("{\"webp_quality\":1.5}", &[]),
            "webp_quality is 1 to 100, or a word",
        ),
        (
            &framed("{\"quality\":\"80\"}", &[]),
            "\"80\" for quality; expected fast, good or best, or rembg",
        ),
        (
            &framed("{\"format\":\"gif\"}", &[]),
            "\"gif\" for format; expected png, webp, jpg or jpeg, or raw",
        ),
        (
            &framed("{\"png\":\"best\"}", &[]),
            "\"best\" for png; expected fast or small",
        ),
        (
            &framed("{\"webp_quality\":300}", &[]),
            "\"300\" for webp_quality; expected 1 to 100, or lossless",
        ),
        (
            &framed("{\"jpeg_quality\":101}", &[]),
            "\"101\" for jpeg_quality; expected 1 to 100",
        ),
        (
            &framed("{\"max_side\":0}", &[]),
            "\"0\" for max_side; expected 1 or more",
        ),
        (
            &framed("{\"thumbnails\":0}", &[]),
            "\"0\" for thumbnails; expected 1 or more",
        ),
        (
            &framed("{\"crop\":\"60%\"}", &[]),
            "up to 500px or 50%, or true",
        ),
        (&framed("{\"crop\":7}", &[]), "crop is true, or margins"),
        (
            &framed("{\"background\":\"mauve-ish\"}", &[]),
            "for background; expected a colour such as white or 81d4fa, or {\"picture\": BYTES}",
        ),
        (
            &framed("{\"background\":{\"file\":3}}", &[]),
            "background is a colour",
        ),
        (
            &framed("{\"background\":{\"picture\":4}}", &[b"abc"]),
            "has 4 bytes by the JSON, but only 3",
        ),
    ];
    for (message, expected) in cases {
        let (kind, text) = failed(answered(&worker(), message));
        assert_eq!(kind, "bad-message", "{text}");
        assert!(text.contains(expected), "{text:?} is without {expected:?}");
        assert!(text.len() < 600, "{} characters", text.len());
    }
}

#[test]
fn the_fields_of_a_request_are_the_options_with_their_defaults() {
    let request = Request {
        picture: b"",
        options: Options::default(),
        max_answer: None,
    };
    let message = String::from_utf8(request.encode()).unwrap();
    let json = message.strip_prefix("cutout/1 ").unwrap();
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();

    let options = OPTIONS.iter().filter(|o| **o != Compat::OPTION);
    let names: Vec<_> = options.clone().map(|o| o.name.replace('-', "_")).collect();
    let own = ["also_mask", "limits", "max_answer", "thumbnails"];
    let mut expected: Vec<_> = names.iter().map(String::as_str).chain(own).collect();
    expected.sort_unstable();
    let mut found: Vec<_> = fields.keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);

    for (option, name) in options.zip(&names) {
        let found = match &fields[name] {
            serde_json::Value::Null => None,
            serde_json::Value::String(word) => Some(word.clone()),
            number => Some(number.to_string()),
        };
        assert_eq!(found.as_deref(), option.default, "{name}");
    }
}

#[test]
fn jpeg_is_written_as_workers_of_every_version_read_it() {
    let options = Options {
        encoding: Encoding::default().of(Format::Jpeg),
        ..Options::default()
    };
    let request = Request {
        picture: b"",
        options,
        max_answer: None,
    };
    let message = String::from_utf8(request.encode()).unwrap();
    assert!(message.contains("\"format\":\"jpeg\""), "{message}");
}
