//! Budgets: every stage asks as it goes, and ends with the budget's error.

mod memory;

use std::cell::Cell;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use cutout::{
    Area, Background, BoundingBox, Brush, Budget, Encoding, Error, ErrorKind, Format, Layout,
    Length, Limits, Margins, Mark, Mask, Matte, Net, Options, Picture, Pipeline, PngEffort,
    Quality, Size, WebpQuality, decode, within,
};
use cutout_net::{Conv, Graph, Shape};
use image::{DynamicImage, ImageFormat, RgbImage};

use super::{SIDE, spec};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// Time for so many questions.
struct Questions {
    left: Cell<usize>,
    asked: Cell<usize>,
}

impl Budget for Questions {
    fn check(&self, _: u64, _: f64) -> Result<f64, Error> {
        self.asked.set(self.asked.get() + 1);
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or(0));
        left.map(|_| 1.0)
            .ok_or_else(|| Error::new(ErrorKind::Timeout, "no more"))
    }
}

/// The outcome of `work` with time for `most` questions, and how many it asked.
fn limited<T>(most: usize, work: impl FnOnce() -> T) -> (T, usize) {
    let budget = Rc::new(Questions {
        left: Cell::new(most),
        asked: Cell::new(0),
    });
    let made = within(budget.clone(), work);
    (made, budget.asked.get())
}

fn noise(channels: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let length = WIDTH as usize * HEIGHT as usize * channels;
    (0..length).map(|_| next()).collect()
}

fn file(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_raw(WIDTH, HEIGHT, noise(3)).unwrap();
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image)
        .write_to(&mut out, format)
        .unwrap();
    out.into_inner()
}

/// A network of three operators.
fn network() -> Net {
    let side = SIDE as usize;
    let mut graph = Graph::new(Shape::new(side, side, 3)).unwrap();
    let input = graph.input();
    let wide = graph.conv(&Conv::same3x3(&[input], &[0.1; 4 * 3 * 9], &[0.0; 4]));
    let small = graph.max_pool(wide.unwrap()).unwrap();
    let wide = graph.resize(small, side, side).unwrap();
    let map = graph.conv(&Conv::same3x3(&[wide], &[0.1; 4 * 9], &[0.0]));
    let map = graph.sigmoid(map.unwrap()).unwrap();
    Net::new(graph.finish(map).unwrap(), SIDE).unwrap()
}

type Stage = Box<dyn Fn() -> Result<(), Error>>;

/// Each stage with what it is called, and the least number of questions that it has to ask.
fn stages() -> Vec<(&'static str, usize, Stage)> {
    let rows = HEIGHT as usize;
    let picture = Rc::new(Picture::new(WIDTH, HEIGHT, 3, noise(3)));
    let mask = Rc::new(Mask {
        width: WIDTH,
        height: HEIGHT,
        data: noise(1),
    });
    let pipeline = || Pipeline::new(spec(), network());
    let mut stages: Vec<(&'static str, usize, Stage)> = Vec::new();
    for (name, least, format) in [
        ("decode png", 10, ImageFormat::Png),
        ("decode bmp", 10, ImageFormat::Bmp),
        ("decode gif", 4, ImageFormat::Gif),
        ("decode webp", 10, ImageFormat::WebP),
        ("decode tiff", 4, ImageFormat::Tiff),
        ("decode jpeg", rows / 16, ImageFormat::Jpeg),
    ] {
        let file = file(format);
        let decoded = move || decode(&file, &Limits::default()).map(drop);
        stages.push((name, least, Box::new(decoded)));
    }
    for (name, quality) in [("matte fast", Quality::Fast), ("matte good", Quality::Good)] {
        let own = picture.clone();
        let matte = move || {
            let made = pipeline().matte(&own, None, quality, &mut |_| ());
            made.map(drop)
        };
        // The rows that the network's input is made of, its operators, and those of the mask.
        stages.push((name, 2 * rows + 4, Box::new(matte)));
    }
    for (name, background, max_side) in [
        ("compose", Background::Colour([1, 2, 3, 255]), None),
        ("compose smaller", Background::Transparent, Some(100)),
        (
            "compose on an image",
            Background::Picture(file(ImageFormat::Png)),
            None,
        ),
    ] {
        let (own, mask) = (picture.clone(), mask.clone());
        let options = Options {
            background,
            size: Size {
                max_side,
                max_pixels: None,
            },
            layout: Layout {
                crop: Some(Margins::all(Length::Pixels(5))),
                ..Layout::default()
            },
            ..Options::default()
        };
        let draw = move || {
            let drawn = pipeline().draw(&own, &mask, &options, &mut |_| ());
            drawn.map(drop)
        };
        stages.push((name, rows, Box::new(draw)));
    }
    for (name, effort) in [
        ("encode png", PngEffort::Fast),
        ("encode small png", PngEffort::Small),
    ] {
        let (own, mask) = (picture.clone(), mask.clone());
        let mut options = Options::default();
        options.encoding.png = effort;
        let render = move || {
            let (picture, uncertainty) = (Picture::clone(&own), 0.0);
            let mask = Mask::clone(&mask);
            let matte = Matte { mask, uncertainty };
            let made = pipeline().render(picture, matte, &options, &mut |_| ());
            made.map(drop)
        };
        stages.push((name, rows, Box::new(render)));
    }
    let files = [file(ImageFormat::Png), mask_file(&mask)];
    let correct = move || corrected(&files[0], &files[1]);
    // The rows of the corrected half, twice, and those of the result.
    stages.push(("correct", 2 * rows, Box::new(correct)));
    let canvas = Rc::new(
        pipeline()
            .draw(&picture, &mask, &Options::default(), &mut |_| ())
            .unwrap(),
    );
    let webp = |webp| Encoding {
        webp,
        ..Encoding::default().of(Format::WebP)
    };
    for (name, least, encoding) in [
        ("encode canvas as png", 4, Encoding::default()),
        ("encode jpeg", 4, Encoding::default().of(Format::Jpeg)),
        ("encode webp", 2, webp(WebpQuality::Lossless)),
        ("encode lossy webp", rows / 16, webp(WebpQuality::Lossy(80))),
    ] {
        let canvas = canvas.clone();
        let encode = move || canvas.encoded(encoding).map(drop);
        stages.push((name, least, Box::new(encode)));
    }
    stages
}

fn mask_file(mask: &Mask) -> Vec<u8> {
    mask.encoded(Encoding::default()).unwrap()
}

/// Corrects a mask by a rectangle in its middle.
fn corrected(image: &[u8], mask: &[u8]) -> Result<(), Error> {
    let middle = BoundingBox {
        left: WIDTH / 4,
        top: HEIGHT / 4,
        width: WIDTH / 2,
        height: HEIGHT / 2,
    };
    let mark = Mark {
        brush: Brush::Keep,
        area: Area::Rectangle(middle),
    };
    let mut pipeline = Pipeline::new(spec(), network());
    let options = Options::default();
    let made = pipeline.refine(image, Some(mask), &[mark], &options, &mut |_| ());
    made.map(drop)
}

#[test]
fn every_stage_asks_as_it_goes_and_ends_with_the_budgets_error() {
    for (name, least, stage) in stages() {
        let (made, asked) = limited(usize::MAX, &stage);
        made.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(asked >= least, "{name}: {asked} questions");
        // All where they are few, some of many.
        for most in (0..asked).step_by((asked / 40).max(1)) {
            let (made, further) = limited(most, &stage);
            let error = made.expect_err(name);
            assert_eq!(
                error.kind(),
                ErrorKind::Timeout,
                "{name} after {most}: {error}"
            );
            assert_eq!(further, most + 1, "{name} asked on after it was refused");
        }
    }
}

#[test]
fn a_budget_changes_no_byte() {
    let options = Options::default();
    let remove =
        || Pipeline::new(spec(), network()).remove(&file(ImageFormat::Png), &options, &mut |_| ());
    let (made, asked) = limited(usize::MAX, remove);
    assert!(asked > 0);
    assert_eq!(made.unwrap(), remove().unwrap());
}

#[test]
fn a_budget_ends_with_the_work_and_with_its_panic() {
    let decoded = || decode(&file(ImageFormat::Png), &Limits::default());
    assert!(limited(0, decoded).0.is_err());
    decoded().unwrap();
    let panics = || limited(0, || panic!("on purpose"));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    decoded().unwrap();
}

/// Time that goes by with every question.
struct Shares(Cell<f64>);

impl Budget for Shares {
    fn check(&self, _: u64, time: f64) -> Result<f64, Error> {
        let left = self.0.get();
        self.0.set(left - 0.001);
        match left <= time {
            true => Err(Error::new(ErrorKind::Timeout, "no more")),
            false => Ok(left),
        }
    }
}

#[test]
fn a_lossy_webp_that_would_be_late_is_refused_when_a_few_pieces_are_encoded() {
    let (width, height) = (4_096, 1_024);
    let mask = Mask {
        width,
        height,
        data: vec![9; width as usize * height as usize],
    };
    let encoding = Encoding {
        webp: WebpQuality::Lossy(50),
        ..Encoding::default().of(Format::WebP)
    };
    // A question each before and after 16 pieces of 1/64, of which the frame has 1,024, and 128 for planes: 17/1,000 for the pieces.
    for (time, expected) in [(0.9, Some(ErrorKind::Timeout)), (1.8, None)] {
        let encode = || mask.encoded(encoding);
        let made = within(Rc::new(Shares(Cell::new(time))), encode);
        assert_eq!(made.err().map(|error| error.kind()), expected, "{time}");
    }
}
