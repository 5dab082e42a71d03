//! `cutout batch`: many images, each once, however often the run is interrupted.

mod config;
mod details;
mod ending;
mod feeder;
mod find;
mod fleet;
mod folded;
mod history;
mod image_name;
mod image_worker;
mod inputs;
mod keeper;
mod list;
mod lock;
mod manifest;
mod manifest_line;
mod names;
mod no_result;
mod others;
mod path_text;
mod pattern;
mod processor;
mod progress;
mod report;
mod report_line;
mod results;
mod running;
mod sheet;
mod sources;
mod state_folder;
mod thumbnail;
mod walk;
mod watch;
mod write_error;

use std::io::{self, Write};

use crate::Error;
use crate::stop::Stop;
use inputs::Inputs;
use manifest::Manifest;
use progress::Progress;
use report::ReportFile;
use report_line::ReportLine;
use results::Results;
use running::Running;
use sheet::Sheet;
use watch::Watch;

pub use config::Config;
pub use ending::Ending;
pub use fleet::Fleet;
pub use processor::Processor;

/// Does what `config` says.
///
/// # Errors
/// Kind `usage` for what cannot be asked, `io` when the output folder, the report or the sheet cannot be written,
/// `timeout` when a fleet's server or workers stay away; what is done by then stays done. Failures of single images
/// are no error: [`Ending::Failed`].
pub fn run(config: &Config, processor: &Processor<'_>) -> Result<Ending, Error> {
    config.refuse_file_as_folder()?;
    let sheet = config.contact_sheet.as_deref().map(Sheet::new);
    let sheet = sheet.transpose()?;
    let mut sources = sources::read(&config.inputs)?;
    let folders = sources::to_watch(config, &mut sources)?;
    // Begun before the folders are read, so that nothing falls between.
    let watch = (config.watch).then(|| Watch::start(&folders, &config.out, config.hidden));
    let watch = watch.transpose()?;
    // Before its manifest is read, to which another batch may be adding.
    let opened = Manifest::existing(&config.out, config.overwrite)?;
    let results = Results::new(opened.as_ref());
    let found = find::find(&sources, &config.out, &results, config.hidden);
    // Other batches' manifests are not needed any more.
    drop(results);
    config.refuse_report(&found)?;
    if found.inputs.is_empty() && !config.watch {
        if let Some(opened) = opened {
            opened.close();
        }
        return nothing_to_do(config, &found);
    }
    let manifest = match opened {
        Some(opened) => opened,
        None => Manifest::open(&config.out, config.overwrite)?,
    };
    if let Some(sheet) = &sheet {
        sheet::refuse_other(sheet.path(), &manifest)?;
    }
    // Before signals are caught: a FIFO waits for its reader, and a signal ends that.
    let report = ReportFile::open(config.report.as_deref(), &config.out)?;
    let stop = stop_on_signals(config.quiet)?;
    let total = (found.inputs.len() + found.problems.len()) as u64;
    let batch = Running {
        config,
        manifest: &manifest,
        stop: &stop,
        report,
        sheet,
        progress: Progress::new(watch.is_none().then_some(total), config.quiet),
    };
    let ending = batch.run(found, watch.as_ref(), processor);
    manifest.close();
    ending
}

/// A stop by SIGINT or SIGTERM, which is said unless `quiet`.
fn stop_on_signals(quiet: bool) -> Result<Stop, Error> {
    Stop::on_signals(move || {
        if !quiet {
            let text = "cutout: interrupted: finishing the images that were begun; interrupt again to end at once";
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    })
}

/// The end of a batch that found no image: nothing is written but the report of what could not be read.
fn nothing_to_do(config: &Config, found: &Inputs) -> Result<Ending, Error> {
    let mut progress = Progress::new(Some(found.problems.len() as u64), config.quiet);
    found.tell_left_out(&progress);
    if found.problems.is_empty() {
        progress.tell("no image was found");
        return Ok(Ending::Nothing);
    }
    let mut report = ReportFile::open(config.report.as_deref(), &config.out)?;
    for (path, error) in &found.problems {
        let record = ReportLine::failed(path, None, error);
        progress.show(&record);
        report.write(&record)?;
    }
    progress.finish(false, 0);
    Ok(Ending::Failed)
}
