//! Values as people write them.
#![no_main]

use cutout::{Length, WebpQuality, parse};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_share = |share: f32| (0.0..=1.0).contains(&share);
    if let Some(Length::Share(share)) = parse::length(text, 100.0) {
        assert!(is_share(share));
    }
    if let Some(margins) = parse::margins(text) {
        for length in [margins.top, margins.right, margins.bottom, margins.left] {
            match length {
                Length::Pixels(pixels) => assert!(pixels <= 500),
                Length::Share(share) => assert!((0.0..=0.5).contains(&share)),
            }
        }
    }
    assert!(parse::percentage(text, 10.0).is_none_or(|share| (0.1..=1.0).contains(&share)));
    assert!(parse::jpeg_quality(text).is_none_or(|quality| (1..=100).contains(&quality)));
    if let Some(WebpQuality::Lossy(quality)) = parse::webp_quality(text) {
        assert!((1..=100).contains(&quality));
    }
    let _ = (
        parse::colour(text),
        parse::flag(text),
        parse::quality(text),
        parse::png_effort(text),
    );
});
