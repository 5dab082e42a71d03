//! Corrections by hand: `cutout run --keep --erase`, here and by a server.

use std::fs;
use std::path::Path;

use image::{GrayImage, ImageFormat, Rgba, RgbaImage};

use super::client::{Server, noisy};
use crate::support::{ENGINES, NO_DEADLINE, cutout, finish, tiny};

/// The mask that `cutout run` with these arguments writes of `input`, or what it says.
fn mask(input: &Path, arguments: &[&str]) -> Result<GrayImage, String> {
    let output = input.with_file_name("out.png");
    let mut command = cutout();
    command.arg("run").arg(input).arg("-o").arg(&output);
    let (done, said) = finish(command.arg("--mask").args(arguments));
    match done.status.success() {
        true => Ok(image::open(&output).unwrap().into_luma8()),
        false => Err(said),
    }
}

#[test]
fn marks_are_kept_and_erased_in_their_order_the_same_by_every_engine_and_by_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (input, painted) = (folder.path().join("in.png"), folder.path().join("mark.png"));
    fs::write(&input, noisy()).unwrap();
    let (width, height) = image::open(&input)
        .map(|i| (i.width(), i.height()))
        .unwrap();
    let half = |x, _| Rgba([9, 9, 9, if x < width / 2 { 255 } else { 0 }]);
    RgbaImage::from_fn(width, height, half)
        .save_with_format(&painted, ImageFormat::Png)
        .unwrap();
    let painted = painted.to_str().unwrap();
    let all = format!("0,0,{width},{height}");
    let server = Server::start("native", &["--token", "secret"]);
    let url = format!("http://{}", server.addr);
    let model = tiny();
    let mut places: Vec<Vec<&str>> = ENGINES
        .map(|engine| {
            [
                &["--engine", engine, "--model", &model],
                NO_DEADLINE.as_slice(),
            ]
            .concat()
        })
        .to_vec();
    places.push(vec!["--server", &url, "--token", "secret"]);
    for (marks, left) in [
        (["--keep", &all, "--erase", painted], 0),
        (["--erase", painted, "--keep", &all], 255),
    ] {
        let masks = places.iter().map(|place| {
            let arguments = [marks.as_slice(), place].concat();
            mask(&input, &arguments).unwrap()
        });
        let masks: Vec<_> = masks.collect();
        for found in &masks {
            assert!(found == &masks[0]);
            assert_eq!(found.get_pixel(2, height / 2).0, [left]);
            assert_eq!(found.get_pixel(width - 3, height / 2).0, [255]);
        }
    }
    for (mark, kind, text) in [
        (
            "1,2,3",
            "usage",
            "for --keep; expected a rectangle of four whole numbers",
        ),
        ("0,0,1,0", "usage", "not empty"),
        ("no.png", "usage", "there is no such file"),
        (
            &format!("0,0,{},1", width + 1),
            "correction",
            "not within the image",
        ),
    ] {
        for place in &places {
            let said = mask(&input, &[["--keep", mark].as_slice(), place].concat()).unwrap_err();
            let is_right = said.contains(&format!("error[{kind}]")) && said.contains(text);
            assert!(is_right, "{mark}: {said}");
        }
    }
}
