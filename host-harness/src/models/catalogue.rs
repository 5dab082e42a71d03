//! The models that are known by name, and where their files are looked for.

use std::path::PathBuf;

use cutout::{ModelSpec, OutputRule, Scaling};
use serde::Deserialize;

use super::built_in::built_in;
use super::checksum::{md5, sha256};
use crate::{Error, Kind};

const CATALOGUE: &str = include_str!("../../../models/models.toml");

/// One entry of `models/models.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The word after `--model`.
    pub name: String,
    /// The file's name.
    pub file: String,
    side: u32,
    /// Sides that the network takes: the multiples of this number; `None` where its side is fixed.
    pub(super) sides: Option<u32>,
    mean: [f32; 3],
    std: [f32; 3],
    #[serde(with = "ScalingWord")]
    scaling: Scaling,
    #[serde(with = "OutputWord")]
    output: OutputRule,
    pub(super) sha256: Option<String>,
    pub(super) md5: Option<String>,
    /// SPDX identifier.
    pub licence: String,
    /// Origin of the file.
    pub source: String,
    /// Purpose, in a sentence or two.
    pub note: String,
}

#[derive(Deserialize)]
#[serde(remote = "Scaling", rename_all = "kebab-case")]
enum ScalingWord {
    PictureMax,
    None,
}

#[derive(Deserialize)]
#[serde(remote = "OutputRule", rename_all = "kebab-case")]
enum OutputWord {
    MinMax,
    Probability,
}

/// The known models.
///
/// # Errors
/// Kind `engine` when the catalogue in the binary is damaged; a test reads it.
pub fn catalogue() -> Result<Vec<CatalogueEntry>, Error> {
    #[derive(Deserialize)]
    struct Catalogue {
        model: Vec<CatalogueEntry>,
    }
    toml::from_str::<Catalogue>(CATALOGUE)
        .map(|catalogue| catalogue.model)
        .map_err(|e| {
            Error::new(
                Kind::Engine,
                format!("models.toml in this binary is damaged: {e}"),
            )
        })
}

impl CatalogueEntry {
    /// The interface of the model.
    pub(super) fn spec(&self) -> ModelSpec {
        ModelSpec {
            name: self.name.clone(),
            side: self.side,
            mean: self.mean,
            std: self.std,
            scaling: self.scaling,
            output: self.output,
        }
    }

    /// Whether a file has the entry's checksum.
    pub(super) fn matches(&self, onnx: &[u8]) -> bool {
        match (&self.sha256, &self.md5) {
            (Some(known), _) => *known == sha256(onnx),
            (None, Some(known)) => *known == md5(onnx),
            (None, None) => false,
        }
    }

    /// Where the file of a known model is looked for, in order.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let base = directories::BaseDirs::new();
        let home = base.as_ref().map(|base| base.home_dir().to_owned());
        let data = base.map(|base| base.data_dir().join("cutout/models"));
        let in_home = |name| home.as_ref().map(|home| home.join(name));
        let in_data = |name| variable("XDG_DATA_HOME").map(|data| data.join(name));
        // rembg 2.0.86 keeps a folder per model; before it was one flat folder.
        let rembg = variable("U2NET_HOME")
            .or_else(|| variable("REMBG_HOME"))
            .or_else(|| in_data("rembg"))
            .or_else(|| in_home(".rembg"))
            .map(|folder| folder.join("models").join(&self.name));
        let rembg_flat = variable("U2NET_HOME")
            .or_else(|| in_data(".u2net"))
            .or_else(|| in_home(".u2net"));
        let mut folders = vec![variable("CUTOUT_MODELS")];
        // What is in the program is the same file; reading and checking another copy would cost every start.
        if built_in(&self.name).is_none() {
            folders.extend([data, rembg, rembg_flat]);
        }
        folders
            .into_iter()
            .flatten()
            .map(|folder| folder.join(&self.file))
            .collect()
    }
}
