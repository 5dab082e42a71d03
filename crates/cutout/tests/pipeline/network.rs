//! Networks that are not asked, fail, or answer wrongly.

use super::*;

struct Failing;

impl Segmenter for Failing {
    fn segment(&mut self, _: &[f32]) -> Result<&[f32], Error> {
        Err(Error::new(ErrorKind::Model, "out of order"))
    }
}

#[test]
fn a_blank_picture_has_an_empty_mask_and_does_not_reach_the_network() {
    let blank = png(RgbaImage::from_pixel(5, 4, Rgba([200, 100, 50, 255])));
    let mut failing = Pipeline::new(spec(), Failing);
    let mask = failing
        .mask(&blank, Quality::default(), &Limits::default(), &mut |_| {})
        .unwrap();
    assert_eq!((mask.mask, mask.uncertainty), (Mask::empty(5, 4), 1.0));
    let out = failing
        .remove(&blank, &Options::default(), &mut |_| {})
        .unwrap();
    assert_eq!(out.foreground, None);
    assert!(
        image::load_from_memory(&out.bytes)
            .unwrap()
            .to_rgba8()
            .iter()
            .all(|&v| v == 0)
    );
}

#[test]
fn a_wrong_answer_of_the_network_is_an_error_of_the_model() {
    type Change = fn(&mut Vec<f32>);
    let cases: [(&str, Change); 4] = [
        ("too short", |map| map.truncate(map.len() - 1)),
        ("too long", |map| map.push(0.0)),
        ("not a number", |map| map[7] = f32::NAN),
        ("infinite", |map| map[7] = f32::INFINITY),
    ];
    for (name, change) in cases {
        let error = pipeline(change)
            .remove(&green_box(), &Options::default(), &mut |_| {})
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model, "{name}: {error}");
    }
    let error = Pipeline::new(spec(), Failing)
        .remove(&green_box(), &Options::default(), &mut |_| {})
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Model);
}

#[test]
fn a_flat_answer_of_the_network_is_an_empty_mask() {
    let mask = pipeline(|map| map.fill(0.9))
        .mask(
            &green_box(),
            Quality::default(),
            &Limits::default(),
            &mut |_| {},
        )
        .unwrap();
    assert_eq!(mask.mask, Mask::empty(SIDE, SIDE));
}
