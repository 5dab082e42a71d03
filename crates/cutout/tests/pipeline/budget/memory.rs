//! Memory is asked for before it is taken.

use image::ImageBuffer;

use super::*;

/// So many bytes, whatever is taken.
struct Bytes(u64);

impl Budget for Bytes {
    fn check(&self, bytes: u64, _: f64) -> Result<f64, Error> {
        match bytes > self.0 {
            true => Err(Error::new(ErrorKind::OutOfMemory, "too much")),
            false => Ok(1.0),
        }
    }
}

#[test]
fn memory_for_the_pixels_is_asked_for_before_it_is_taken() {
    let pixels = u64::from(WIDTH) * u64::from(HEIGHT);
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Jpeg,
    ] {
        let file = file(format);
        let kind = |bytes| {
            let decoded = || decode(&file, &Limits::default());
            within(Rc::new(Bytes(bytes)), decoded)
                .err()
                .map(|e| e.kind())
        };
        assert_eq!(
            kind(4 * pixels - 1),
            Some(ErrorKind::OutOfMemory),
            "{format:?}"
        );
        assert_eq!(kind(64 * pixels), None, "{format:?}");
    }
}

#[test]
fn memory_for_copies_of_the_pixels_is_asked_for_before_it_is_taken() {
    let pixels = u64::from(WIDTH) * u64::from(HEIGHT);
    let mut wide = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgba16(ImageBuffer::new(WIDTH, HEIGHT));
    image.write_to(&mut wide, ImageFormat::Png).unwrap();
    let wide = wide.into_inner();
    let picture = Picture::new(
        WIDTH / 2,
        HEIGHT / 2,
        4,
        noise(4)[..pixels as usize].to_vec(),
    );
    let mask = Mask {
        width: WIDTH,
        height: HEIGHT,
        data: noise(1),
    };
    let draw = |picture: &Picture, mask: &Mask, background| {
        let options = Options {
            background,
            ..Options::default()
        };
        let pipeline = Pipeline::new(spec(), network());
        let drawn = pipeline.draw(picture, mask, &options, &mut |_| ());
        drawn.map(drop)
    };
    let large = Picture::new(WIDTH, HEIGHT, 3, noise(3));
    let small = Mask {
        width: WIDTH / 2,
        height: HEIGHT / 2,
        data: noise(1)[..pixels as usize / 4].to_vec(),
    };
    // What is done, and the largest copy that it takes.
    type Work<'a> = Box<dyn Fn() -> Result<(), Error> + 'a>;
    let cases: [(&str, u64, Work<'_>); 4] = [
        (
            "samples of 16 bits",
            8 * pixels,
            Box::new(|| decode(&wide, &Limits::default()).map(drop)),
        ),
        (
            "a canvas",
            4 * pixels,
            Box::new(|| draw(&large, &mask, Background::Colour([1, 2, 3, 255]))),
        ),
        (
            "a background with alpha, made smaller",
            8 * pixels,
            Box::new(|| draw(&picture, &small, Background::Picture(wide.clone()))),
        ),
        (
            "the colours of a canvas",
            4 * pixels,
            Box::new(|| {
                let canvas = Pipeline::new(spec(), network()).draw(
                    &large,
                    &mask,
                    &Options::default(),
                    &mut |_| (),
                )?;
                let encoding = Encoding::default().of(Format::Jpeg);
                canvas.encoded(encoding).map(drop)
            }),
        ),
    ];
    for (name, bytes, work) in cases {
        let kind = |bytes| {
            let made = within(Rc::new(Bytes(bytes)), &work);
            made.err().map(|error| error.kind())
        };
        assert_eq!(kind(bytes - 1), Some(ErrorKind::OutOfMemory), "{name}");
        assert_eq!(kind(64 * pixels), None, "{name}");
    }
}
