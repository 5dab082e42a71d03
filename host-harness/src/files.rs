//! Images from and to files and standard streams.

mod folder;
mod identity;
mod output;
mod place;
mod regular;

#[cfg(feature = "wasm")]
pub(crate) use folder::TEMPORARY;
pub(crate) use folder::{Folder, NEW_FILE, is_file};
pub(crate) use identity::{FileId, file_id, folder, id_of, place_below};
pub(crate) use output::{create, is_in_place, replace, write_file};
#[cfg(feature = "wasm")]
pub(crate) use place::is_same;
pub(crate) use place::{Place, read, read_file, refuse_same, refuse_terminal, write};
pub(crate) use regular::open_regular;
