//! ICC profiles: alone, and in images of grey, RGB and four inks.
#![no_main]

use cutout::Profile;
use fuzz::files::{self, Colours};

libfuzzer_sys::fuzz_target!(|profile: &[u8]| {
    let read = Profile::new(profile);
    assert!(read.is_none_or(|read| read.bytes() == profile));
    let chunk = files::iccp(profile);
    for (colours, is_wide) in [
        (Colours::Grey, false),
        (Colours::Grey, true),
        (Colours::Rgb, false),
    ] {
        let file = files::png(colours, is_wide, &[(*b"iCCP", &chunk)]);
        fuzz::decode(&file, 0, &[], &[]);
    }
    fuzz::decode(&files::tiff(Colours::Inks, profile), 0, &[], &[]);
});
