//! Values as people write them.
#![no_main]

use cutout::{
    Colour, Compat, Format, JpegQuality, Length, Margins, MaxSide, OutputKind, PngEffort, Quality,
    WebpQuality,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(Length::Share(share)) = text.parse() {
        assert!(share >= 0.0);
    }
    if let Ok(margins) = text.parse::<Margins>() {
        for length in [margins.top, margins.right, margins.bottom, margins.left] {
            match length {
                Length::Pixels(pixels) => assert!(pixels <= 500),
                Length::Share(share) => assert!((0.0..=0.5).contains(&share)),
            }
        }
        assert!(margins.to_string().parse::<Margins>().is_ok());
    }
    if let Ok(quality) = text.parse::<JpegQuality>() {
        assert!((1..=100).contains(&quality.get()));
    }
    if let Ok(WebpQuality::Lossy(quality)) = text.parse() {
        assert!((1..=100).contains(&quality));
    }
    if let Ok(side) = text.parse::<MaxSide>() {
        assert!(side.get() >= 1);
    }
    if let Ok(colour) = text.parse::<Colour>() {
        assert_eq!(colour.to_string().parse::<Colour>(), Ok(colour));
    }
    let _ = (
        text.parse::<OutputKind>(),
        text.parse::<Quality>(),
        text.parse::<Compat>(),
        text.parse::<Format>(),
        text.parse::<PngEffort>(),
    );
});
