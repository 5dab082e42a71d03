//! The background of an image removed, natively and without files of a model: `remove PHOTO OUT.png`.

use std::error::Error;
use std::{env, fs};

use bytes::Bytes;
use cutout::{ModelSpec, Net, Options, OutputRule, Pipeline, Scaling};

/// The default model, and how it wants its image: models/models.toml.
const CUTNET: &[u8] = include_bytes!("../../../models/cutnet.onnx");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [photo, out] = &arguments[..] else {
        return Err("usage: remove PHOTO OUT.png".into());
    };
    let spec = ModelSpec {
        name: "cutnet".into(),
        side: 384,
        mean: [127.0; 3],
        std: [128.0; 3],
        scaling: Scaling::None,
        output: OutputRule::Probability,
    };
    let plan = cutout_onnx::compile(&Bytes::from_static(CUTNET), spec.side)?;
    let mut pipeline = Pipeline::new(spec.clone(), Net::new(plan, spec.side)?);
    let output = pipeline.remove(&fs::read(photo)?, &Options::default(), &mut |_| {})?;
    fs::write(out, output.bytes)?;
    Ok(())
}
