//! The flags that say which engine runs and what it may take.

use std::sync::Arc;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use cutout::Limits;

#[cfg(feature = "wasm")]
use super::command::announce;
use super::model::ModelFlags;
use crate::engine::{Engines, Runtime, Settings};
use crate::models::Model;
use crate::{Error, Kind};

/// A way to run the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// In a WebAssembly sandbox.
    #[cfg_attr(feature = "wasm", default)]
    Wasm,
    /// Directly: faster for many images, not for one. What limits it is its own code.
    #[cfg_attr(not(feature = "wasm"), default)]
    Native,
}

impl ValueEnum for Runtime {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Net, Self::NetF32, Self::Tract]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Net => "Cutout's own: small and fast",
            Self::NetF32 => "the same in f32: cutnet without whole numbers, for comparison",
            Self::Tract => "tract-onnx, the reference: more operators",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

/// Which engine runs, with which model, within which limits.
#[derive(Args, Clone, Debug)]
pub struct Sandbox {
    /// How images are processed.
    #[arg(long, value_enum, default_value_t)]
    pub engine: EngineName,

    /// The runtime, which computes the network.
    #[arg(long, value_enum, default_value_t)]
    pub runtime: Runtime,

    /// The model.
    #[command(flatten)]
    pub model: ModelFlags,

    /// Largest encoded image, in MiB.
    #[arg(long, alias = "max-body", value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_bytes: u64,

    /// Largest image, in megapixels: 0.001 to 1000.
    #[arg(long, value_name = "MP", default_value = "50", value_parser = megapixels)]
    pub max_pixels: u64,

    /// Memory of one wasm instance, or of one image natively, in MiB. Default: 1024.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(16..=4096))]
    pub max_memory: Option<u64>,

    /// Time for one image, in seconds. Default: 60.
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<f64>,
}

/// Pixels of `text` megapixels.
fn megapixels(text: &str) -> Result<u64, String> {
    let pixels = text.parse::<f64>().ok().map(|number| number * 1e6);
    pixels
        .filter(|pixels| (1e3..=1e9).contains(pixels))
        .map(|pixels| pixels as u64)
        .ok_or_else(|| "megapixels are a number from 0.001 to 1000, such as 0.5 or 50".to_owned())
}

impl Sandbox {
    /// Limits on an image.
    pub fn limits(&self) -> Limits {
        Limits {
            max_bytes: self.max_bytes << 20,
            max_pixels: self.max_pixels,
            ..Limits::default()
        }
    }

    /// Finds the model and makes it ready for as many workers as `settings` has instances.
    ///
    /// # Errors
    /// Those of [`ModelFlags::find`], the cache and the engine.
    pub fn start(&self, settings: Settings) -> Result<(Arc<Model>, Engines), Error> {
        let model = Arc::new(self.model.find()?);
        let engines = self.engines(&model, settings)?;
        Ok((model, engines))
    }

    /// Makes `model` ready for as many workers as `settings` has instances.
    ///
    /// # Errors
    /// Those of the cache and the engine.
    pub fn engines(&self, model: &Arc<Model>, settings: Settings) -> Result<Engines, Error> {
        match self.engine {
            EngineName::Native => {
                let limits = Some(self.limits());
                let settings = Settings { limits, ..settings };
                Ok(Engines::Native(model.clone(), self.runtime, settings))
            }
            #[cfg(feature = "wasm")]
            EngineName::Wasm => Engines::of_user(model, self.runtime, settings, &announce),
            #[cfg(not(feature = "wasm"))]
            EngineName::Wasm => Err(without_wasm()),
        }
    }

    /// Limits on an instance.
    ///
    /// # Errors
    /// Kind `usage` for a flag that cannot be.
    pub fn settings(&self) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        if let Some(seconds) = self.timeout {
            settings.timeout = Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|timeout| !timeout.is_zero())
                .ok_or_else(|| Error::new(Kind::Usage, "--timeout takes seconds above 0"))?;
        }
        if let Some(mib) = self.max_memory {
            settings.max_memory = usize::try_from(mib << 20).map_err(|_| {
                let text = "--max-memory is above this machine's address space";
                Error::new(Kind::Usage, text)
            })?;
        }
        Ok(settings)
    }
}

/// The error of a program that was built without the sandbox.
#[cfg(not(feature = "wasm"))]
fn without_wasm() -> Error {
    let text = "this program was built without the sandbox (--no-default-features); give --engine native, or build it \
                again without that flag";
    Error::new(Kind::Usage, text)
}
