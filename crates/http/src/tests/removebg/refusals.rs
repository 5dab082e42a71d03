use super::*;

#[test]
fn every_refusal_has_its_documented_code() {
    let png = picture();
    let blank = picture_of(|_, _| false);
    let noise = b"neither PNG nor JPEG, only a text that is long enough to be a file".as_slice();
    let broken = &png[..png.len() - 20];
    let file = ("image_file", png.as_slice());
    type Case<'a> = (Vec<(&'a str, &'a [u8])>, &'a str);
    let cases: [Case<'_>; 32] = [
        (vec![], "missing_source"),
        (
            vec![("image_file", b""), ("image_url", b"")],
            "missing_source",
        ),
        (
            vec![file, ("image_url", b"http://localhost/a.png")],
            "multiple_sources",
        ),
        (
            vec![("image_url", b"http://localhost/a.png")],
            "failed_image_download",
        ),
        (vec![("image_file_b64", b"%%%")], "failed_to_read_image"),
        (vec![("image_file", noise)], "invalid_file_type"),
        (vec![("image_file", broken)], "failed_to_read_image"),
        (vec![("image_file", &blank)], "unknown_foreground"),
        (vec![file, ("image_file", &blank)], "multiple_sources"),
        (
            vec![file, ("size", b"full"), ("size", b"hd")],
            "invalid_size",
        ),
        (
            vec![file, ("shadow_opacity", b"101")],
            "invalid_shadow_opacity",
        ),
        (vec![file, ("size", b"huge")], "invalid_size"),
        (vec![file, ("type", b"ghost")], "invalid_type"),
        (vec![file, ("format", b"gif")], "invalid_format"),
        (vec![file, ("channels", b"cmyk")], "invalid_channels"),
        (vec![file, ("bg_color", b"greenish")], "invalid_bg_color"),
        (
            vec![file, ("bg_image_url", b"http://localhost/a.png")],
            "failed_image_download",
        ),
        (
            vec![file, ("bg_color", b"fff"), ("bg_image_file", &png)],
            "multiple_bg_sources",
        ),
        (vec![file, ("bg_image_file", noise)], "invalid_file_type"),
        (vec![file, ("roi", b"0 0 10")], "invalid_roi"),
        (vec![file, ("roi", b"a b c d")], "invalid_roi"),
        (vec![file, ("roi", b"0 0 17 16")], "roi_exceeds_bounds"),
        (vec![file, ("roi", b"0 0 101% 100%")], "roi_exceeds_bounds"),
        (vec![file, ("roi", b"4 4 4 8")], "roi_region_empty"),
        (vec![file, ("crop", b"perhaps")], "invalid_crop"),
        (
            vec![file, ("crop", b"true"), ("crop_margin", b"501px")],
            "invalid_crop_margin",
        ),
        (
            vec![file, ("crop", b"true"), ("crop_margin", b"1 2 3")],
            "invalid_crop_margin",
        ),
        (vec![file, ("scale", b"9%")], "invalid_scale"),
        (vec![file, ("scale", b"50")], "invalid_scale"),
        (vec![file, ("position", b"101%")], "invalid_position"),
        (vec![file, ("add_shadow", b"true")], "invalid_add_shadow"),
        (
            vec![file, ("semitransparency", b"some")],
            "invalid_semitransparency",
        ),
    ];
    for (fields, code) in cases {
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let response = post(MULTIPART, "", form(&fields));
        assert_eq!(
            response.status(),
            400,
            "{names:?} {code}: {}",
            text(&response)
        );
        assert_eq!(json_of(&response)["errors"][0]["code"], code, "{names:?}");
        assert!(json_of(&response)["errors"][0]["title"].is_string());
    }
}
