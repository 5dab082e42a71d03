//! An image and a mask that is given joined to a cut-out: what the colours beside the edges are worth, whatever the mask.
//!
//! `join PICTURE MASK OUT.png`; the mask is grey and has the image's size.

use std::path::PathBuf;
use std::{env, fs};

use cutout::{Cutout, Error, ErrorKind, Limits, Mask, Quality, decode};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [picture, mask, out] = arguments.as_slice() else {
        return Err("usage: join PICTURE MASK OUT.png".into());
    };
    let picture = decode(&fs::read(picture)?, &Limits::default())?;
    let grey = image::load_from_memory(&fs::read(mask)?)?.into_luma8();
    let mask = Mask {
        width: grey.width(),
        height: grey.height(),
        data: grey.into_raw(),
    };
    let cutout = Cutout::new(&picture, &mask, Quality::Good)?;
    let mut pixels = Vec::with_capacity(mask.data.len() * 4);
    cutout.rows(|row| {
        pixels.extend_from_slice(row);
        Ok::<(), Error>(())
    })?;
    let image = image::RgbaImage::from_raw(mask.width, mask.height, pixels);
    let image = image.ok_or_else(|| Error::new(ErrorKind::Encode, "rows are missing"))?;
    image.save(out)?;
    Ok(())
}
