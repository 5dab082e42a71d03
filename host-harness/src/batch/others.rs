//! Manifests of other batches, which may be at work, and may be made up.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::history::History;
use super::keeper::Keeper;
use super::manifest;
use crate::files::{FileId, Folder, id_of};

/// Largest manifest in bytes that is read of another batch: room for some hundred thousand images.
const MAX_MANIFEST: u64 = 512 << 20;

/// The manifest of another batch, as far as it was read.
#[derive(Default)]
pub(super) struct Other {
    /// Owners and modes of the folder `.cutout` and of the manifest; `None` until it was read.
    keepers: Option<[Keeper; 2]>,
    /// The file that was read, and its length then.
    read: Option<(FileId, u64)>,
    /// How many of its bytes `history` holds: a batch that is at work adds lines.
    whole: u64,
    history: History,
}

impl Other {
    /// The results of the batch whose output folder is `folder`, for an image of the `image`'s keeper. Lines that came since
    /// they were read last are read now. `None` where there is no manifest.
    ///
    /// # Errors
    /// Kind `PermissionDenied` for a manifest that says nothing about such an image; what the file system answers, and for what
    /// is no regular file in a real folder, which is not waited for.
    pub(super) fn history(
        &mut self,
        folder: &Path,
        image: impl FnOnce() -> Option<Keeper>,
    ) -> io::Result<Option<&History>> {
        let Ok(seen) = manifest::file(folder).symlink_metadata() else {
            return Ok(None);
        };
        let Some(image) = image() else {
            return Ok(None);
        };
        let seen = (id_of(&seen), seen.len());
        match self.keepers {
            Some(keepers) if self.read == Some(seen) => refuse_unbelieved(keepers, image)?,
            _ => self.read_on(folder, image)?,
        }
        Ok(Some(&self.history))
    }

    fn read_on(&mut self, folder: &Path, image: Keeper) -> io::Result<()> {
        let state = Folder::open(folder)?.real(manifest::FOLDER)?;
        let mut file = state.file(manifest::FILE.as_ref())?;
        let metadata = file.metadata()?;
        let keepers = [Keeper::of(&state)?, Keeper::from(&metadata)];
        refuse_unbelieved(keepers, image)?;
        let (id, length) = (id_of(&metadata), metadata.len());
        if length > MAX_MANIFEST {
            let text = format!("it is above {} MiB", MAX_MANIFEST >> 20);
            return Err(io::Error::new(ErrorKind::FileTooLarge, text));
        }
        if self.read.is_none_or(|(known, _)| known != id) || length < self.whole {
            *self = Self::default();
        }
        file.seek(SeekFrom::Start(self.whole))?;
        self.whole += self.history.read(file.take(MAX_MANIFEST - self.whole))?;
        self.read = Some((id, length));
        self.keepers = Some(keepers);
        Ok(())
    }
}

fn refuse_unbelieved(keepers: [Keeper; 2], image: Keeper) -> io::Result<()> {
    if keepers.iter().all(|keeper| keeper.may_speak_of(image)) {
        return Ok(());
    }
    let text = "it belongs to somebody else than the images, or everybody may write to it";
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}
