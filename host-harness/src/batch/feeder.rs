//! Hands out images: what was found, then what comes.

use std::path::Path;

use crossbeam_channel::Sender;

use super::image_worker::{Message, NamedInput, NamesInUse};
use super::inputs::Input;
use super::manifest::Manifest;
use super::names::Names;
use super::path_text::PathText;
use super::results::Results;
use super::watch::{Taken, Watch};
use crate::files::file_id;
use crate::stop::Stop;

/// Who names images and gives them to the workers.
pub(super) struct Feeder<'a> {
    pub(super) names: Names<'a>,
    pub(super) watch: Option<&'a Watch>,
    pub(super) to_do: Sender<NamedInput>,
    pub(super) stop: &'a Stop,
    pub(super) busy: &'a NamesInUse,
    pub(super) manifest: &'a Manifest,
}

impl Feeder<'_> {
    /// Gives out `tasks`, then what comes to the folders that are watched; says which of that is left out.
    pub(super) fn run(mut self, tasks: Vec<NamedInput>, messages: &Sender<Message>) {
        let mut fresh = Vec::new();
        for task in tasks {
            if self.watch.is_some() && Watch::is_fresh(&task.input.path) {
                fresh.push(task.input.path);
                continue;
            }
            self.busy.take(&task.name.main);
            if self.stop.is_set() || self.to_do.send(task).is_err() {
                return;
            }
        }
        let Some(watch) = self.watch else {
            return;
        };
        let results = Results::new(Some(self.manifest));
        watch.run(fresh, self.stop, &mut |path| {
            self.offer(watch, path, &results, messages)
        });
    }

    fn offer(
        &mut self,
        watch: &Watch,
        path: &Path,
        results: &Results<'_>,
        messages: &Sender<Message>,
    ) -> Taken {
        let Some(relative) = watch.relative(path) else {
            return Taken::Begun;
        };
        if let Some(batch) = results.batch_of(path) {
            // This batch's own results come all the time.
            if file_id(&batch) != Some(self.manifest.id()) {
                let [shown, batch] = [path, &batch].map(PathText::from);
                let text = format!("{shown} is left out: it is a result of the batch in {batch}");
                // The receiver is dropped only after the batch ends.
                let _ = messages.send(Message::Notice(text));
            }
            return Taken::Begun;
        }
        let path = path.to_owned();
        let input = Input { relative, path };
        let name = self.names.one(&input);
        if !self.busy.take(&name.main) {
            return Taken::Later;
        }
        match self.to_do.send(NamedInput { input, name }) {
            Ok(()) => Taken::Begun,
            Err(_) => Taken::NoMore,
        }
    }
}
