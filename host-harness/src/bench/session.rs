//! One run of `cutout bench`: which processes, in which order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::cold::Copies;
use super::figure::Figure;
use super::found::Found;
use super::probe::Question;
use super::record::{About, Record, Series};
use super::row::{Row, RowKind, word};
use super::{about, compare, process};
use crate::commands::{EngineName, Group};
use crate::engine::{self, Cache, Host, Runtime, Settings};
use crate::models::{self, Model};
use crate::{Error, Kind};

/// What to measure, and how often.
pub struct Plan {
    /// The picture's file.
    pub picture: PathBuf,
    /// Name or path of the model.
    pub model: String,
    /// What to measure.
    pub groups: Vec<Group>,
    /// Processes per row and question.
    pub samples: usize,
    /// Workers at most.
    pub workers: u16,
    /// Pictures of the long run.
    pub pictures: u32,
    /// Seed of the order.
    pub seed: u64,
}

/// One process to run.
#[derive(Clone, Copy)]
enum Job<'a> {
    Warm,
    Cold(&'a Copies),
    Ask(Question),
}

/// Everything is ready: caches are filled, every row has run once.
pub struct Session {
    plan: Plan,
    rows: Vec<Row>,
    about: About,
    model: Model,
    program: PathBuf,
    /// The host images of our rows in wasm.
    images: Vec<(Runtime, PathBuf)>,
    /// Holds outputs, and the copies that are dropped from the page cache.
    work: TempDir,
}

impl Session {
    /// Checks the picture and runs every row once, which fills caches and gives the pictures that are compared.
    ///
    /// # Errors
    /// Kind `io` for a picture that cannot be read, and those of the model and of the processes.
    pub fn open(plan: Plan, rows: Vec<Row>) -> Result<Self, Error> {
        let model = models::find(&plan.model)?;
        let about = about(&plan, &model)?;
        let images = images(&rows, &model)?;
        let program = std::env::current_exe().map_err(Error::io("find this program"))?;
        // Pages of a file that is still to be written back would count as private and dirty.
        process::drop_from_page_cache(&program)?;
        let work = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
        let session = Self {
            plan,
            rows,
            about,
            model,
            program,
            images,
            work,
        };
        for (index, row) in session.rows.iter().enumerate() {
            process::run(&mut session.whole(row, &session.program, &session.result(index))?)?;
        }
        Ok(session)
    }

    /// Runs all processes in shuffled rounds.
    ///
    /// # Errors
    /// Those of the processes.
    pub fn measure(self, announce: &dyn Fn(&str)) -> Result<Record, Error> {
        let mut found = Found::default();
        let cold = self.plan.groups.contains(&Group::Process);
        let cold = cold.then(|| self.copies()).transpose()?;
        let mut order = fastrand::Rng::with_seed(self.plan.seed);
        for round in 1..=self.plan.samples {
            announce(&format!("round {round} of {}", self.plan.samples));
            let mut jobs = self.jobs(round, cold.as_ref());
            order.shuffle(&mut jobs);
            let mut new = Found::default();
            for (row, job) in jobs {
                self.run(row, job, &mut new, announce)?;
            }
            found.take(&new);
        }
        let series = self.in_order(found)?;
        let names: Vec<_> = self.rows.iter().map(|row| row.name.clone()).collect();
        let results: Vec<_> = (0..names.len()).map(|i| self.result(i)).collect();
        let pictures: Vec<_> = names
            .iter()
            .cloned()
            .zip(results.iter().map(PathBuf::as_path))
            .collect();
        let agreement = compare::agreement(&pictures);
        Ok(Record {
            about: self.about,
            ratios: compare::ratios(&names, &series, &agreement),
            agreement,
            series,
        })
    }

    fn jobs<'a>(&'a self, round: usize, cold: Option<&'a Copies>) -> Vec<(&'a Row, Job<'a>)> {
        let mut jobs = Vec::new();
        for row in &self.rows {
            let is_wasm = matches!(row.kind, RowKind::Ours(EngineName::Wasm, _));
            let is_peer = matches!(row.kind, RowKind::Peer(_));
            let mut ask = |question| jobs.push((row, Job::Ask(question)));
            for group in self.plan.groups.iter().filter(|_| !is_peer) {
                match group {
                    Group::Process => {}
                    Group::Times => {
                        ask(Question::Times);
                        if is_wasm {
                            ask(Question::Instantiate);
                        }
                    }
                    Group::Memory => ask(Question::Memory),
                    Group::Density => {
                        // Natively there is no such thing as an idle instance.
                        if is_wasm {
                            ask(Question::Idle);
                        }
                        ask(Question::Busy);
                    }
                    Group::Throughput => ask(Question::Throughput),
                    // Many pictures in one process are samples enough.
                    Group::LongRun if round == 1 => ask(Question::LongRun),
                    Group::LongRun => {}
                }
            }
            if let Some(cold) = cold {
                jobs.push((row, Job::Warm));
                if !is_peer {
                    jobs.push((row, Job::Cold(cold)));
                }
            }
        }
        jobs
    }

    fn run(
        &self,
        row: &Row,
        job: Job<'_>,
        found: &mut Found,
        announce: &dyn Fn(&str),
    ) -> Result<(), Error> {
        let name = &row.name;
        let scratch = self.work.path().join("scratch.png");
        // Some programs leave alone what is there already; it is not there before the first process.
        let _ = fs::remove_file(&scratch);
        match job {
            Job::Warm => {
                let mut command = self.whole(row, &self.program, &scratch)?;
                let ran = match row.kind {
                    RowKind::Peer(_) => process::run(&mut command)?,
                    RowKind::Ours(..) => {
                        // The report comes when the picture is there.
                        let command = command.arg("--json");
                        let (ran, written) = process::run_timing_first_word(command)?;
                        found.add(name, Figure::Written, None, &[written]);
                        ran
                    }
                };
                found.add(name, Figure::ProcessWarm, None, &[ran.milliseconds]);
                found.add(name, Figure::ProcessPeak, None, &[ran.peak_rss as f64]);
            }
            Job::Cold(cold) => {
                cold.drop_from_page_cache()?;
                let mut command = self.whole(row, &cold.program, &scratch)?;
                let ran = process::run(command.env("CUTOUT_CACHE", &cold.cache))?;
                if ran.major_faults > 0 {
                    found.add(name, Figure::ProcessCold, None, &[ran.milliseconds]);
                } else {
                    announce(
                        "the page cache kept what it was to drop, so there is no cold figure; \
                         set TMPDIR to a folder on a disk",
                    );
                }
            }
            Job::Ask(question) => {
                for series in self.ask(row, question)? {
                    found.add(name, series.figure, series.count, &series.samples);
                }
            }
        }
        Ok(())
    }

    /// A whole process: picture in, picture out.
    fn whole(&self, row: &Row, program: &Path, output: &Path) -> Result<Command, Error> {
        row.whole(program, &self.plan.picture, output, &self.plan.model)
    }

    /// A process of ours that answers a question about itself.
    fn ask(&self, row: &Row, question: Question) -> Result<Vec<Series>, Error> {
        let mut command = Command::new(&self.program);
        command
            .args(["probe", &word(&question)])
            .arg(&self.plan.picture)
            .args(["--workers", &self.plan.workers.to_string()])
            .args(["--pictures", &self.plan.pictures.to_string()]);
        row.choose(&mut command, &self.plan.model);
        let done = process::run(&mut command).map_err(|e| {
            let text = format!("{}, {}: {e}", row.name, word(&question));
            Error::new(Kind::Engine, text)
        })?;
        serde_json::from_slice(&done.printed).map_err(Error::io("read a process's answer"))
    }

    fn result(&self, row: usize) -> PathBuf {
        self.work.path().join(format!("{row}.png"))
    }

    fn copies(&self) -> Result<Copies, Error> {
        let images = self.images.iter().map(|(_, path)| path.as_path());
        Copies::new(&self.work.path().join("cold"), &self.program, images)
    }

    /// All series, row by row, with the sizes of the files behind.
    fn in_order(&self, mut found: Found) -> Result<Vec<Series>, Error> {
        let mut size = |row: String, bytes: u64| {
            found.add(&row, Figure::Size, None, &[bytes as f64]);
        };
        let length = |path: &Path| {
            let found = fs::metadata(path).map(|m| m.len());
            found.map_err(Error::io(format!("look at {}", path.display())))
        };
        size("program".to_owned(), length(&self.program)?);
        for (runtime, path) in &self.images {
            let name = runtime.as_str();
            let component = engine::bake(&self.model, *runtime)?.len() as u64;
            size(format!("portable component, {name}"), component);
            size(format!("host image, {name}"), length(path)?);
        }
        let position = |name: &str| self.rows.iter().position(|row| row.name == *name);
        let mut series: Vec<_> = found.into_series();
        series.sort_by_key(|s| position(&s.row).unwrap_or(usize::MAX));
        Ok(series)
    }
}

fn images(rows: &[Row], model: &Model) -> Result<Vec<(Runtime, PathBuf)>, Error> {
    let (cache, engine) = (Cache::of_user()?, Host::engine(&Settings::default())?);
    let image = |row: &Row| match row.kind {
        RowKind::Ours(EngineName::Wasm, runtime) => {
            Some((runtime, cache.path(&engine, model, runtime)))
        }
        _ => None,
    };
    Ok(rows.iter().filter_map(image).collect())
}

fn about(plan: &Plan, model: &Model) -> Result<About, Error> {
    let size = || -> image::ImageResult<(u32, u32)> {
        let reader = image::ImageReader::open(&plan.picture)?;
        reader.with_guessed_format()?.into_dimensions()
    };
    let (width, height) = size().map_err(Error::io(format!(
        "read the size of {}",
        plan.picture.display()
    )))?;
    let picture = plan.picture.file_name().unwrap_or_default();
    Ok(About {
        model: model.spec.name.clone(),
        picture: picture.to_string_lossy().into_owned(),
        width,
        height,
        workers: plan.workers.into(),
        seed: plan.seed,
        ..about::this_machine()?
    })
}
