//! Models: the known ones, where their files are looked for, and any file of the family.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cutout::{ModelSpec, OutputRule, Scaling};
use md5::Md5;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Error, Kind};

const CATALOGUE: &str = include_str!("../../models/models.toml");
/// The model that is inside the binary.
const BUILT_IN: &str = "u2netp";
const U2NETP: &[u8] = include_bytes!("../../models/u2netp.onnx");

/// The largest file of the family has 176 MB; what is far above is something else.
const MAX_BYTES: u64 = 1 << 30;

/// A model, found and verified.
#[derive(Clone, Debug)]
pub struct Model {
    /// How it wants its input, and what its output means.
    pub spec: ModelSpec,
    /// The ONNX file.
    pub onnx: Bytes,
    /// BLAKE3 of the file, in hexadecimal.
    pub digest: Cow<'static, str>,
    /// The file; `None` for the one inside the binary.
    pub path: Option<PathBuf>,
}

/// One entry of `models/models.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The word after `--model`.
    pub name: String,
    /// The file's name.
    pub file: String,
    side: u32,
    mean: [f32; 3],
    std: [f32; 3],
    #[serde(with = "ScalingWord")]
    scaling: Scaling,
    #[serde(with = "OutputWord")]
    output: OutputRule,
    sha256: Option<String>,
    md5: Option<String>,
    /// SPDX identifier.
    pub licence: String,
    /// Where the model comes from.
    pub source: String,
    /// What it is good for.
    pub note: String,
}

#[derive(Deserialize)]
#[serde(remote = "Scaling", rename_all = "kebab-case")]
enum ScalingWord {
    PictureMax,
}

#[derive(Deserialize)]
#[serde(remote = "OutputRule", rename_all = "kebab-case")]
enum OutputWord {
    MinMax,
}

/// The known models.
///
/// # Errors
/// Kind `engine` when the catalogue in the binary is damaged; a test reads it.
pub fn catalogue() -> Result<Vec<Entry>, Error> {
    #[derive(Deserialize)]
    struct Catalogue {
        model: Vec<Entry>,
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

/// Finds a model by a known name, or takes any ONNX file of the family by its path.
///
/// A known name is looked up in `CUTOUT_MODELS`, in the user's folder for Cutout's data, and in rembg's own folder;
/// u2netp in `CUTOUT_MODELS` only, being inside the binary. A file that is a known model by its checksum is
/// treated as that model, whatever its name; any other like u2netp with the side that its graph
/// declares. Nothing is ever downloaded.
///
/// # Errors
/// Kind `usage` for a name that is unknown or whose file is nowhere, `io` for a file that cannot be
/// read, `model` for a wrong checksum or a file that is not of the family.
pub fn find(name_or_path: &str) -> Result<Model, Error> {
    let entries = catalogue()?;
    match entries.iter().find(|entry| entry.name == name_or_path) {
        Some(entry) => find_known(entry),
        None if looks_like_path(name_or_path) => from_file(Path::new(name_or_path), &entries),
        None => {
            let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
            let text = format!(
                "there is no model {name_or_path:?}; known are {}, or give the path of an ONNX file",
                names.join(", ")
            );
            Err(Error::new(Kind::Usage, text))
        }
    }
}

fn looks_like_path(text: &str) -> bool {
    let path = Path::new(text);
    path.components().count() > 1 || path.extension().is_some_and(|e| e == "onnx") || path.exists()
}

fn find_known(entry: &Entry) -> Result<Model, Error> {
    let places = places(entry);
    for path in &places {
        if path.exists() {
            let onnx = read(path)?;
            if !entry.matches(&onnx) {
                let text = format!(
                    "{} is not the {} that is known: its checksum differs; \
                     replace it with the file from {}, or name the file by its path to use it as it is",
                    path.display(),
                    entry.name,
                    entry.source
                );
                return Err(Error::new(Kind::Core(cutout::ErrorKind::Model), text));
            }
            return Ok(Model::new(entry.spec(), onnx, path));
        }
    }
    if entry.name == BUILT_IN {
        return Ok(Model {
            spec: entry.spec(),
            onnx: Bytes::from_static(U2NETP),
            digest: env!("CUTOUT_U2NETP_DIGEST").into(),
            path: None,
        });
    }
    let places: Vec<_> = places
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let text = format!(
        "{} is at none of its places ({}); nothing is downloaded: get it from {} and put it there, \
         or set CUTOUT_MODELS to its folder",
        entry.name,
        places.join(", "),
        entry.source
    );
    Err(Error::new(Kind::Usage, text))
}

fn from_file(path: &Path, entries: &[Entry]) -> Result<Model, Error> {
    let onnx = read(path)?;
    if let Some(entry) = entries.iter().find(|entry| entry.matches(&onnx)) {
        return Ok(Model::new(entry.spec(), onnx, path));
    }
    let at = |e: cutout::Error| {
        Error::new(
            Kind::Core(e.kind()),
            format!("{} cannot be used: {e}", path.display()),
        )
    };
    let template = entries
        .first()
        .map(Entry::spec)
        .ok_or_else(|| Error::new(Kind::Engine, "models.toml in this binary is empty"))?;
    let side = onnx::input_side(&onnx)
        .map_err(at)?
        .unwrap_or(template.side);
    let name = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    Ok(Model::new(
        ModelSpec {
            name,
            side,
            ..template
        },
        onnx,
        path,
    ))
}

/// Where the file of a known model is looked for, in order.
fn places(entry: &Entry) -> Vec<PathBuf> {
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
        .map(|folder| folder.join("models").join(&entry.name));
    let rembg_flat = variable("U2NET_HOME")
        .or_else(|| in_data(".u2net"))
        .or_else(|| in_home(".u2net"));
    let mut folders = vec![variable("CUTOUT_MODELS")];
    // What is in the binary is the same file; reading and checking another copy would cost every start.
    if entry.name != BUILT_IN {
        folders.extend([data, rembg, rembg_flat]);
    }
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(&entry.file))
        .collect()
}

fn read(path: &Path) -> Result<Bytes, Error> {
    let at = path.display();
    let doing = || format!("read the model {at}");
    let size = fs::metadata(path).map_err(Error::io(doing()))?.len();
    if size > MAX_BYTES {
        let text = format!(
            "the model {at} has {size} bytes, the limit is {MAX_BYTES}; is it an ONNX file?"
        );
        return Err(Error::new(Kind::Core(cutout::ErrorKind::Model), text));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(Error::io(doing()))?;
    Ok(bytes.into())
}

impl Model {
    fn new(spec: ModelSpec, onnx: Bytes, path: &Path) -> Self {
        let digest = blake3::hash(&onnx).to_hex().to_string().into();
        Self {
            spec,
            onnx,
            digest,
            path: Some(path.to_owned()),
        }
    }
}

impl Entry {
    fn spec(&self) -> ModelSpec {
        ModelSpec {
            name: self.name.clone(),
            side: self.side,
            mean: self.mean,
            std: self.std,
            scaling: self.scaling,
            output: self.output,
        }
    }

    fn matches(&self, onnx: &[u8]) -> bool {
        match (&self.sha256, &self.md5) {
            (Some(known), _) => *known == sha256(onnx),
            (None, Some(md5)) => *md5 == hex(&Md5::digest(onnx)),
            (None, None) => false,
        }
    }
}

/// SHA-256 of a model's file, in hexadecimal, as its publishers give it.
pub(crate) fn sha256(onnx: &[u8]) -> String {
    hex(&Sha256::digest(onnx))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
