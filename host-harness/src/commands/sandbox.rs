//! The flags that say which engine runs and what it may take.

use std::sync::Arc;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use cutout::Limits;

#[cfg(feature = "wasm")]
use crate::commands::announce;
use crate::engine::{Engines, Runtime, Settings};
use crate::models::{self, Model};
use crate::{Error, Kind};

/// A way to run the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// In a WebAssembly sandbox, with caps on memory and time.
    #[cfg_attr(feature = "wasm", default)]
    Wasm,
    /// Directly: about twice as fast, without those caps.
    #[cfg_attr(not(feature = "wasm"), default)]
    Native,
}

impl ValueEnum for Runtime {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Net, Self::Tract]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Net => "Cutout's own: small and fast",
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

    /// What computes the network.
    #[arg(long, value_enum, default_value_t)]
    pub runtime: Runtime,

    /// A known model's name, or the path of an ONNX file of the U²-Net family.
    #[arg(long, value_name = "NAME|PATH", default_value = "u2netp")]
    pub model: String,

    /// Largest encoded picture, in MiB.
    #[arg(long, alias = "max-body", value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_bytes: u64,

    /// Largest picture, in megapixels.
    #[arg(long, value_name = "MP", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub max_pixels: u64,

    /// Memory of one wasm instance, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(16..=4096))]
    pub max_memory: u64,

    /// Time for one picture in wasm, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub timeout: f64,
}

impl Sandbox {
    /// Limits on an image.
    pub fn limits(&self) -> Limits {
        Limits {
            max_bytes: self.max_bytes << 20,
            max_pixels: self.max_pixels * 1_000_000,
            ..Limits::default()
        }
    }

    /// Finds the model and makes it ready for as many workers as `settings` has instances.
    ///
    /// # Errors
    /// Those of [`models::find`], the cache and the engine.
    pub fn start(&self, settings: Settings) -> Result<(Arc<Model>, Engines), Error> {
        let model = Arc::new(models::find(&self.model)?);
        let engines = self.engines(&model, settings)?;
        Ok((model, engines))
    }

    /// Makes `model` ready for as many workers as `settings` has instances.
    ///
    /// # Errors
    /// Those of the cache and the engine.
    #[cfg_attr(
        not(feature = "wasm"),
        expect(unused_variables, reason = "settings of wasm instances")
    )]
    pub fn engines(&self, model: &Arc<Model>, settings: Settings) -> Result<Engines, Error> {
        match self.engine {
            EngineName::Native => Ok(Engines::Native(model.clone(), self.runtime, self.limits())),
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
        let timeout = Duration::try_from_secs_f64(self.timeout)
            .ok()
            .filter(|timeout| !timeout.is_zero())
            .ok_or_else(|| Error::new(Kind::Usage, "--timeout takes seconds above 0"))?;
        let max_memory = usize::try_from(self.max_memory << 20).map_err(|_| {
            Error::new(
                Kind::Usage,
                "--max-memory is above this machine's address space",
            )
        })?;
        Ok(Settings {
            max_memory,
            timeout,
            ..Settings::default()
        })
    }
}

/// The error of a program that was built without the sandbox.
#[cfg(not(feature = "wasm"))]
fn without_wasm() -> Error {
    let text = "this program was built without the sandbox (--no-default-features); give --engine native, or build it \
                again without that flag";
    Error::new(Kind::Usage, text)
}
