//! Whose word a manifest is: owner and mode of a folder `.cutout` and of what is in it.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;

use rustix::process::geteuid;

use crate::files::Folder;

/// The bit of a mode with which everybody may write.
const BY_ALL: u32 = 0o002;

/// Owner and mode of a file or a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeper {
    uid: u32,
    mode: u32,
}

impl From<&Metadata> for Keeper {
    fn from(metadata: &Metadata) -> Self {
        let (uid, mode) = (metadata.uid(), metadata.mode());
        Self { uid, mode }
    }
}

impl Keeper {
    /// That of an open folder.
    pub(super) fn of(folder: &Folder) -> io::Result<Self> {
        let stat = folder.stat()?;
        let (uid, mode) = (stat.st_uid, stat.st_mode);
        Ok(Self { uid, mode })
    }

    /// Whether a manifest of this keeper is believed about an image of the `image`'s: it is this user's, root's, or of the
    /// image's own owner, and nobody else may write to it but who may write to the image.
    pub(super) fn may_speak_of(self, image: Self) -> bool {
        let owners = [geteuid().as_raw(), 0, image.uid];
        owners.contains(&self.uid) && self.is_closed_as(image)
    }

    /// Whether it is not open to everybody, unless `other` is, too: a file system may have no modes of its own.
    fn is_closed_as(self, other: Self) -> bool {
        (self.mode & !other.mode) & BY_ALL == 0
    }

    /// Refuses what is another user's than what this process makes in `folder`, or what everybody may write to. Users and
    /// modes are compared as the file system shows them: a share may map all users to one, or have no modes.
    ///
    /// # Errors
    /// Kind `PermissionDenied`; whatever the file system answers.
    pub(super) fn refuse_others(self, folder: &Folder) -> io::Result<()> {
        if self.uid == geteuid().as_raw() && self.mode & BY_ALL == 0 {
            return Ok(());
        }
        let own: &File = &folder.temporary(0o600)?.file;
        let own = Self::from(&own.metadata()?);
        let text = if self.uid != own.uid {
            format!(
                "it belongs to another user ({}, and this process is {}); run the batch as that user, name another output \
                 folder, or take the folder over: chown -R",
                self.uid, own.uid
            )
        } else if !self.is_closed_as(own) {
            "everybody may write to it; chmod -R o-w the folder".to_owned()
        } else {
            return Ok(());
        };
        Err(io::Error::new(ErrorKind::PermissionDenied, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_believed_about_images_of_its_owner_and_of_nobody_elses() {
        let me = geteuid().as_raw();
        let (anna, ben) = (me + 1, me + 2);
        // Owner and mode of the manifest, then of the image.
        let cases = [
            ((me, 0o644), (ben, 0o644), true),
            ((0, 0o644), (ben, 0o644), true),
            ((anna, 0o664), (anna, 0o644), true),
            ((anna, 0o644), (ben, 0o644), false),
            ((me, 0o666), (me, 0o644), false),
            // As on shares that show one owner and one mode for everything.
            ((anna, 0o777), (anna, 0o777), true),
            ((me, 0o777), (me, 0o777), true),
        ];
        for (manifest, image, expected) in cases {
            let [speaker, of] = [manifest, image].map(|(uid, mode)| Keeper { uid, mode });
            let found = speaker.may_speak_of(of);
            assert_eq!(found, expected, "{manifest:?} of {image:?}");
        }
    }
}
