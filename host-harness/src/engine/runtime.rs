//! Runtimes, which compute the network.

use cutout_net::Plan;

use crate::Error;
#[cfg(not(feature = "tract"))]
use crate::Kind;
use crate::models::Model;

/// The runtime: it computes the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// Our own: a plan and kernels, in whole numbers where the model's file has ranges.
    #[default]
    Net,
    /// Cutout's own, in f32 whatever the file has.
    NetF32,
    /// The reference: tract-onnx, slower and larger, with more operators.
    Tract,
}

impl Runtime {
    /// Whether this program has it.
    ///
    /// # Errors
    /// Kind `usage` when it was built without.
    pub fn check(self) -> Result<(), Error> {
        match self {
            #[cfg(not(feature = "tract"))]
            Self::Tract => Err(without_tract()),
            _ => Ok(()),
        }
    }

    /// The runtime's name in flags and columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::NetF32 => "net-f32",
            Self::Tract => "tract",
        }
    }
}

/// The plan of a model, in whole numbers where its file has ranges, unless `runtime` is of f32.
///
/// # Errors
/// Kind `model` when the runtime `net` cannot use the model.
pub(crate) fn plan(model: &Model, runtime: Runtime) -> Result<Plan, Error> {
    let side = model.spec.side;
    Ok(match runtime {
        Runtime::NetF32 => cutout_onnx::lower(&model.onnx, side)?.into(),
        _ => cutout_onnx::compile(&model.onnx, side)?,
    })
}

/// The error of a program that was built without the reference runtime.
#[cfg(not(feature = "tract"))]
pub(super) fn without_tract() -> Error {
    let text = "this program was built without tract; build it with `cargo build --release --features tract`, or leave \
                --runtime out";
    Error::new(Kind::Usage, text)
}
