//! Colours and densities that a PNG states without a profile.
#![no_main]

use arbitrary::Arbitrary;
use fuzz::files::{self, Colours};

#[derive(Arbitrary, Debug)]
struct Stated {
    is_grey: bool,
    is_wide: bool,
    code_points: Option<[u8; 4]>,
    gamma: Option<u32>,
    chromaticities: Option<[u32; 8]>,
    intent: Option<u8>,
    density: Option<(u32, u32, u8)>,
    mastering: Option<[u8; 24]>,
    light: Option<[u8; 8]>,
}

libfuzzer_sys::fuzz_target!(|stated: Stated| {
    let mut chunks: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    chunks.extend(stated.code_points.map(|points| (*b"cICP", points.to_vec())));
    chunks.extend(stated.mastering.map(|body| (*b"mDCV", body.to_vec())));
    chunks.extend(stated.light.map(|body| (*b"cLLI", body.to_vec())));
    chunks.extend(
        stated
            .gamma
            .map(|gamma| (*b"gAMA", gamma.to_be_bytes().to_vec())),
    );
    let ends = stated.chromaticities;
    chunks.extend(ends.map(|ends| (*b"cHRM", ends.map(u32::to_be_bytes).as_flattened().to_vec())));
    chunks.extend(stated.intent.map(|intent| (*b"sRGB", vec![intent])));
    let density = stated.density;
    chunks.extend(density.map(|(x, y, unit)| {
        let body = [&x.to_be_bytes()[..], &y.to_be_bytes(), &[unit]].concat();
        (*b"pHYs", body)
    }));
    let chunks: Vec<([u8; 4], &[u8])> = chunks
        .iter()
        .map(|(name, body)| (*name, &body[..]))
        .collect();
    let colours = if stated.is_grey {
        Colours::Grey
    } else {
        Colours::Rgb
    };
    fuzz::decode(&files::png(colours, stated.is_wide, &chunks), 0, &[], &[]);
});
