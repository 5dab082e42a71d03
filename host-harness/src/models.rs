//! Models: the known ones, and any file of the U²-Net family.

mod built_in;
mod catalogue;
mod checksum;

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cutout::ModelSpec;

use built_in::built_in;
pub use catalogue::{CatalogueEntry, catalogue};
pub(crate) use checksum::sha256;

use crate::{Error, Kind};

/// The default model's name.
pub const DEFAULT: &str = "cutnet";

/// The known model whose input and output those of unknown files are taken to be like.
const FAMILY: &str = "u2netp";
/// Sides of an unknown network with no fixed one are multiples of this: it halves its maps five times at most.
const UNKNOWN_STEP: u32 = 32;

/// Key of the metadata in which a file has an entry of models.toml for itself.
const METADATA: &str = "cutout.model";

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
    /// The file; `None` for one inside the program.
    pub path: Option<PathBuf>,
    /// Whether the network's input and output are a guess: its file is not known, and fixes no side as those of the family do.
    pub is_guess: bool,
    /// Sides that the network takes: the multiples of this number; `None` where its side is fixed.
    sides: Option<u32>,
}

/// Finds a model by a known name, or takes any ONNX file of the U²-Net family by its path.
///
/// A known name is looked up in `CUTOUT_MODELS`, in the user's folder for Cutout's data, and in rembg's own folder; one that
/// is inside the program in `CUTOUT_MODELS` only. A file that is a known model by its checksum is
/// treated as that model, whatever its name; one that describes itself in its metadata as it says; any other like u2netp with
/// the side that its graph declares. Nothing is ever downloaded.
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

fn find_known(entry: &CatalogueEntry) -> Result<Model, Error> {
    let places = entry.places();
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
            return Ok(Model::new(entry.spec(), entry.sides, onnx, path));
        }
    }
    if let Some(built_in) = built_in(&entry.name) {
        return Ok(Model {
            spec: entry.spec(),
            onnx: Bytes::from_static(built_in.onnx),
            digest: built_in.digest.into(),
            path: None,
            is_guess: false,
            sides: entry.sides,
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

fn from_file(path: &Path, entries: &[CatalogueEntry]) -> Result<Model, Error> {
    let onnx = read(path)?;
    if let Some(entry) = entries.iter().find(|entry| entry.matches(&onnx)) {
        return Ok(Model::new(entry.spec(), entry.sides, onnx, path));
    }
    let at = |e: cutout::Error| {
        Error::new(
            Kind::Core(e.kind()),
            format!("{} cannot be used: {e}", path.display()),
        )
    };
    if let Some(text) = cutout_onnx::metadata(&onnx, METADATA).map_err(at)? {
        let entry: CatalogueEntry = toml::from_str(&text).map_err(|e| {
            let text = format!(
                "{} describes itself wrongly in its metadata {METADATA}: {e}; export it again (models/training)",
                path.display()
            );
            Error::new(Kind::Core(cutout::ErrorKind::Model), text)
        })?;
        return Ok(Model::new(entry.spec(), entry.sides, onnx, path));
    }
    let family = entries.iter().find(|entry| entry.name == FAMILY);
    let template = family.map(CatalogueEntry::spec).ok_or_else(|| {
        let text = format!("models.toml in this program has no {FAMILY}");
        Error::new(Kind::Engine, text)
    })?;
    let declared = cutout_onnx::input_side(&onnx).map_err(at)?;
    let (side, sides) = match declared {
        Some(side) => (side, None),
        None => (template.side, Some(UNKNOWN_STEP)),
    };
    let name = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let spec = ModelSpec {
        name,
        side,
        ..template
    };
    Ok(Model {
        is_guess: declared.is_none(),
        ..Model::new(spec, sides, onnx, path)
    })
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
    fn new(spec: ModelSpec, sides: Option<u32>, onnx: Bytes, path: &Path) -> Self {
        let digest = blake3::hash(&onnx).to_hex().to_string().into();
        Self {
            spec,
            onnx,
            digest,
            path: Some(path.to_owned()),
            is_guess: false,
            sides,
        }
    }

    /// The model for inputs of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `usage` for a side that the network does not take.
    pub fn with_side(mut self, side: u32) -> Result<Self, Error> {
        let (name, own) = (&self.spec.name, self.spec.side);
        let refused = match self.sides {
            None if side != own => Some(format!(
                "the model {name} takes images of {own} × {own} pixels alone; leave --side out"
            )),
            Some(step)
                if !(step..=ModelSpec::MAX_SIDE).contains(&side) || !side.is_multiple_of(step) =>
            {
                Some(format!(
                    "--side {side} is not possible; the model {name} takes multiples of {step}, up to {}",
                    ModelSpec::MAX_SIDE
                ))
            }
            _ => None,
        };
        match refused {
            Some(text) => Err(Error::new(Kind::Usage, text)),
            None => {
                self.spec.side = side;
                Ok(self)
            }
        }
    }
}

#[cfg(test)]
mod tests;
