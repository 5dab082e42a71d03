//! One run of `cutout bench`: which processes, in which order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use tempfile::TempDir;

use super::probe::Question;
use super::record::{About, Figure, Record, Series};
use super::{about, compare, process};
use crate::commands::{EngineName, Group};
use crate::engine::{self, Cache, Host, Runtime, Settings};
use crate::{Error, Kind, models};

/// What is compared.
pub struct Row {
    name: String,
    kind: RowKind,
}

enum RowKind {
    Ours(EngineName, Runtime),
    Peer(Vec<String>),
}

impl Row {
    /// One of our engines with one runtime.
    pub fn ours(engine: EngineName, runtime: Runtime) -> Self {
        let engine_name = word(&engine);
        Self {
            name: format!("{engine_name} {}", runtime.as_str()),
            kind: RowKind::Ours(engine, runtime),
        }
    }

    /// Another program, from `NAME=COMMAND` with `{input}` and `{output}` in the command.
    ///
    /// # Errors
    /// Kind `usage` when it is not of that form.
    pub fn peer(text: &str) -> Result<Self, Error> {
        let usage = |why: &str| {
            let text =
                format!("--peer {text:?}: {why}; it takes 'NAME=COMMAND {{input}} {{output}}'");
            Error::new(Kind::Usage, text)
        };
        let (name, command) = text.split_once('=').ok_or_else(|| usage("no name"))?;
        let words = shell_words::split(command).map_err(|e| usage(&e.to_string()))?;
        let has = |place: &str| words.iter().any(|word| word.contains(place));
        if name.is_empty() || !has("{input}") || !has("{output}") {
            return Err(usage("something is missing"));
        }
        Ok(Self {
            name: name.to_owned(),
            kind: RowKind::Peer(words),
        })
    }
}

fn word<T: ValueEnum>(value: &T) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

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
    pub workers: usize,
    /// Pictures of the long run.
    pub pictures: usize,
    /// Seed of the order.
    pub seed: u64,
}

/// One process to run.
#[derive(Clone, Copy)]
enum Job {
    Warm,
    Cold,
    Ask(Question),
}

/// Everything is ready: caches are filled, every row has run once.
pub struct Session {
    plan: Plan,
    rows: Vec<Row>,
    about: About,
    program: PathBuf,
    /// Holds outputs, and the copies that are dropped from the page cache.
    work: TempDir,
}

impl Session {
    /// Checks rows and picture and runs every row once, which fills caches and gives the pictures that are compared.
    ///
    /// # Errors
    /// Kind `usage` for two rows of one name, `io` for a picture that cannot be read, and those of the processes.
    pub fn open(plan: Plan, rows: Vec<Row>) -> Result<Self, Error> {
        for (index, row) in rows.iter().enumerate() {
            if rows[..index].iter().any(|other| other.name == row.name) {
                let text = format!(
                    "two rows are called {:?}; give each a name of its own",
                    row.name
                );
                return Err(Error::new(Kind::Usage, text));
            }
        }
        let about = about(&plan)?;
        let program = std::env::current_exe().map_err(Error::io("find this program"))?;
        // Pages of a file that is still to be written back would count as private and dirty.
        process::drop_from_page_cache(&program)?;
        let work = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
        let session = Self {
            plan,
            rows,
            about,
            program,
            work,
        };
        for index in 0..session.rows.len() {
            process::run(&mut session.whole(index, &session.program, &session.result(index))?)?;
        }
        Ok(session)
    }

    /// Runs all processes in shuffled rounds.
    ///
    /// # Errors
    /// Those of the processes.
    pub fn measure(self, announce: &dyn Fn(&str)) -> Result<Record, Error> {
        let mut found = Found::default();
        let cold = self.copies()?;
        let mut order = fastrand::Rng::with_seed(self.plan.seed);
        for round in 1..=self.plan.samples {
            announce(&format!("round {round} of {}", self.plan.samples));
            let mut jobs = self.jobs(round);
            order.shuffle(&mut jobs);
            for (row, job) in jobs {
                self.run(row, job, &cold, &mut found, announce)?;
            }
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

    fn jobs(&self, round: usize) -> Vec<(usize, Job)> {
        let mut jobs = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            for group in &self.plan.groups {
                let ours = matches!(row.kind, RowKind::Ours(..));
                let is_wasm = matches!(row.kind, RowKind::Ours(EngineName::Wasm, _));
                match group {
                    Group::Process => {
                        jobs.push((index, Job::Warm));
                        if ours {
                            jobs.push((index, Job::Cold));
                        }
                    }
                    _ if !ours => {}
                    Group::Times => {
                        jobs.push((index, Job::Ask(Question::Times)));
                        if is_wasm {
                            jobs.push((index, Job::Ask(Question::Instantiate)));
                        }
                    }
                    Group::Memory => jobs.push((index, Job::Ask(Question::Memory))),
                    Group::Density => {
                        // Natively there is no such thing as an idle instance.
                        if is_wasm {
                            jobs.push((index, Job::Ask(Question::Idle)));
                        }
                        jobs.push((index, Job::Ask(Question::Busy)));
                    }
                    Group::Throughput => jobs.push((index, Job::Ask(Question::Throughput))),
                    // Many pictures in one process are samples enough.
                    Group::LongRun if round == 1 => {
                        jobs.push((index, Job::Ask(Question::LongRun)));
                    }
                    Group::LongRun => {}
                }
            }
        }
        jobs
    }

    fn run(
        &self,
        row: usize,
        job: Job,
        cold: &Copies,
        found: &mut Found,
        announce: &dyn Fn(&str),
    ) -> Result<(), Error> {
        let name = &self.rows[row].name;
        let scratch = self.work.path().join("scratch.png");
        // Some programs leave alone what is there already; it is not there before the first process.
        let _ = fs::remove_file(&scratch);
        match job {
            Job::Warm => {
                let ran = process::run(&mut self.whole(row, &self.program, &scratch)?)?;
                found.add(name, Figure::ProcessWarm, None, &[ran.milliseconds]);
                found.add(name, Figure::ProcessPeak, None, &[ran.peak_rss as f64]);
            }
            Job::Cold => {
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
    fn whole(&self, row: usize, program: &Path, output: &Path) -> Result<Command, Error> {
        let mut command;
        match &self.rows[row].kind {
            RowKind::Ours(engine, runtime) => {
                command = Command::new(program);
                command.arg("run").arg(&self.plan.picture);
                command.arg("-o").arg(output);
                self.choose(&mut command, *engine, *runtime);
            }
            RowKind::Peer(words) => {
                let path = |path: &Path| {
                    path.to_str().map(str::to_owned).ok_or_else(|| {
                        let text = format!("{} is no text, which --peer needs", path.display());
                        Error::new(Kind::Usage, text)
                    })
                };
                let (input, output) = (path(&self.plan.picture)?, path(output)?);
                // The output first: its name is ours, and holds no braces.
                let mut words = words
                    .iter()
                    .map(|word| word.replace("{output}", &output).replace("{input}", &input));
                command = Command::new(words.next().unwrap_or_default());
                command.args(words);
            }
        }
        Ok(command)
    }

    fn choose(&self, command: &mut Command, engine: EngineName, runtime: Runtime) {
        command
            .args(["--engine", &word(&engine)])
            .args(["--runtime", runtime.as_str()])
            .args(["--model", &self.plan.model]);
    }

    /// A process of ours that answers a question about itself.
    fn ask(&self, row: usize, question: Question) -> Result<Vec<Series>, Error> {
        let RowKind::Ours(engine, runtime) = &self.rows[row].kind else {
            return Ok(Vec::new());
        };
        let mut command = Command::new(&self.program);
        command
            .args(["probe", &word(&question)])
            .arg(&self.plan.picture);
        command.args(["--workers", &self.plan.workers.to_string()]);
        command.args(["--pictures", &self.plan.pictures.to_string()]);
        self.choose(&mut command, *engine, *runtime);
        let done = command
            .stdin(Stdio::null())
            .output()
            .map_err(Error::io("start a process of this program"))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let text = format!("{}: {}", self.rows[row].name, said.trim());
            return Err(Error::new(Kind::Engine, text));
        }
        serde_json::from_slice(&done.stdout).map_err(Error::io("read a process's answer"))
    }

    fn result(&self, row: usize) -> PathBuf {
        self.work.path().join(format!("{row}.png"))
    }

    /// Copies of the program and of its cache, which nobody has mapped, so that the kernel can drop them.
    fn copies(&self) -> Result<Copies, Error> {
        let folder = self.work.path().join("cold");
        let program = folder.join("cutout");
        let copies = Copies {
            cache: folder.join("cache"),
            program,
        };
        let cache = Cache::of_user()?;
        let to = Cache::at(copies.cache.clone())?;
        fs::copy(&self.program, &copies.program).map_err(Error::io("copy this program"))?;
        for row in &self.rows {
            if let RowKind::Ours(EngineName::Wasm, runtime) = row.kind {
                let (from, to) = (self.image(&cache, runtime)?, self.image(&to, runtime)?);
                fs::copy(&from, &to).map_err(Error::io(format!("copy {}", from.display())))?;
            }
        }
        Ok(copies)
    }

    /// Where a cache keeps the host image.
    fn image(&self, cache: &Cache, runtime: Runtime) -> Result<PathBuf, Error> {
        let engine = Host::engine(&Settings::default())?;
        Ok(cache.path(&engine, &models::find(&self.plan.model)?, runtime))
    }

    /// All series, row by row, with the sizes of the files behind.
    fn in_order(&self, mut found: Found) -> Result<Vec<Series>, Error> {
        let cache = Cache::of_user()?;
        let mut size = |row: String, bytes: u64| {
            found.add(&row, Figure::Size, None, &[bytes as f64]);
        };
        let length = |path: &Path| {
            let found = fs::metadata(path).map(|m| m.len());
            found.map_err(Error::io(format!("look at {}", path.display())))
        };
        size("program".to_owned(), length(&self.program)?);
        for row in &self.rows {
            if let RowKind::Ours(EngineName::Wasm, runtime) = row.kind {
                let model = models::find(&self.plan.model)?;
                let component = engine::bake(&model, runtime)?;
                let name = runtime.as_str();
                size(
                    format!("portable component, {name}"),
                    component.len() as u64,
                );
                size(
                    format!("host image, {name}"),
                    length(&self.image(&cache, runtime)?)?,
                );
            }
        }
        let position = |name: &str| self.rows.iter().position(|row| row.name == *name);
        let mut series: Vec<_> = found.into_series();
        series.sort_by_key(|s| position(&s.row).unwrap_or(usize::MAX));
        Ok(series)
    }
}

fn about(plan: &Plan) -> Result<About, Error> {
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
        model: models::find(&plan.model)?.spec.name,
        picture: picture.to_string_lossy().into_owned(),
        width,
        height,
        workers: plan.workers,
        seed: plan.seed,
        ..about::this_machine()?
    })
}

struct Copies {
    program: PathBuf,
    cache: PathBuf,
}

impl Copies {
    fn drop_from_page_cache(&self) -> Result<(), Error> {
        process::drop_from_page_cache(&self.program)?;
        let entries = fs::read_dir(&self.cache).map_err(Error::io("list the copied cache"))?;
        for entry in entries {
            let entry = entry.map_err(Error::io("list the copied cache"))?;
            process::drop_from_page_cache(&entry.path())?;
        }
        Ok(())
    }
}

/// Samples as they come in.
#[derive(Default)]
struct Found(BTreeMap<(Figure, String, Option<usize>), Vec<f64>>);

impl Found {
    fn add(&mut self, row: &str, figure: Figure, count: Option<usize>, samples: &[f64]) {
        let key = (figure, row.to_owned(), count);
        self.0.entry(key).or_default().extend(samples);
    }

    fn into_series(self) -> Vec<Series> {
        let series = |((figure, row, count), samples)| Series {
            row,
            figure,
            count,
            samples,
        };
        self.0.into_iter().map(series).collect()
    }
}
