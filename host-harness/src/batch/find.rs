//! The images of a batch's arguments.

use std::collections::HashSet;
use std::path::Path;

use super::inputs::{Input, Inputs, group};
use super::pattern;
use super::results::Results;
use super::sources::Source;
use super::walk::{self, ByImageName, Findings};
use crate::files::file_id;

/// The images of `sources`, without results of batches, and without what is in the folder `out` below a source; hidden
/// ones only with `hidden`, or where they are named.
pub(super) fn find(sources: &[Source], out: &Path, results: &Results<'_>, hidden: bool) -> Inputs {
    let mut found = Inputs::default();
    for source in sources {
        match source {
            Source::Folder(root) => {
                let held = walk::below(root, root, out, &mut ByImageName { hidden });
                folder(root, held, results, &mut found);
            }
            Source::Pattern(text) => pattern::take(text, out, results, hidden, &mut found),
            Source::Files(files) => {
                let files = files.iter().cloned();
                let (mut made, files): (Vec<_>, Vec<_>) =
                    files.partition(|path| found.leaves_out(path, results));
                found.left_out.append(&mut made);
                group(&files, &mut found);
            }
        }
    }
    found.ignored = results.ignored();
    found.inputs.sort();
    let mut seen = HashSet::new();
    (found.inputs).retain(|input| seen.insert((file_id(&input.path), input.relative.clone())));
    found
}

fn folder(root: &Path, held: Findings, results: &Results<'_>, found: &mut Inputs) {
    for path in held.files {
        if !found.leaves_out(&path, results) {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
            found.inputs.push(Input { path, relative });
        }
    }
    found.problems.extend(held.problems);
    found.hidden += held.hidden;
}
