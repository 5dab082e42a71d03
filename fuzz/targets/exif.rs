//! EXIF, in a chunk of its own and in ImageMagick's text of it.
#![no_main]

use fuzz::files::{self, Colours};

libfuzzer_sys::fuzz_target!(|exif: &[u8]| {
    let chunks: [([u8; 4], &[u8]); 1] = [(*b"eXIf", exif)];
    fuzz::decode(&files::png(Colours::Rgb, false, &chunks), 0, &[], &[]);
    let text = [b"Raw profile type exif\0", exif].concat();
    fuzz::decode(
        &files::png(Colours::Rgb, false, &[(*b"tEXt", &text)]),
        0,
        &[],
        &[],
    );
});
