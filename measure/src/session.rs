//! One run of `cutout bench`: which processes, in which order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::about::Program;
use crate::children::Children;
use crate::cold::Copies;
use crate::error::Error;
use crate::figure::Figure;
use crate::plan::{Group, Job, Plan};
use crate::probe::Question;
use crate::record::{About, Record, Series};
use crate::row::{Row, RowKind, word};
use crate::samples::Samples;
use crate::steps::Steps;
use crate::{about, compare, process};

/// Outcome of a session.
pub struct Measured {
    /// All rounds that came to their end.
    pub record: Record,
    /// The reason why that is not all of them, if so.
    pub ended: Result<(), Error>,
}

/// Everything is ready: caches are filled, every row has run.
pub struct Session {
    plan: Plan,
    rows: Vec<Row>,
    about: About,
    children: Children,
    program: Program,
    /// Files, and their sizes in bytes.
    sizes: Vec<(String, u64)>,
    /// Holds outputs, and the copies that are dropped from the page cache.
    work: TempDir,
}

impl Session {
    /// Checks the image and runs every row, which fills caches and gives the images that are compared. When `stopped`
    /// returns, the process that runs is ended, and so is the session.
    ///
    /// # Errors
    /// Kind `io` for an image that cannot be read, and those of the processes.
    pub fn open(
        plan: Plan,
        rows: Vec<Row>,
        program: Program,
        stopped: impl FnOnce() + Send + 'static,
        announce: &dyn Fn(&str),
    ) -> Result<Self, Error> {
        let about = about::of_run(&plan, &program)?;
        // Pages of a file that is still to be written back would count as private and dirty.
        process::drop_from_page_cache(&program.path)?;
        let work = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
        let session = Self {
            plan,
            rows,
            about,
            children: Children::until(stopped),
            program,
            sizes: Vec::new(),
            work,
        };
        for (index, row) in session.rows.iter().enumerate() {
            announce(&format!("preparing {}", row.name));
            let mut command = session.whole(row, &session.program.path, &session.result(index))?;
            session
                .prepare(row, &mut command)
                .map_err(|e| e.about(&row.name))?;
        }
        Ok(session)
    }

    /// Adds files to the record, with their sizes in bytes.
    #[must_use]
    pub fn with_sizes(mut self, sizes: Vec<(String, u64)>) -> Self {
        self.sizes = sizes;
        self
    }

    /// Runs all processes in shuffled rounds. A process that fails ends it, and what was found before is kept.
    ///
    /// # Errors
    /// Those of the processes when there is nothing to keep.
    pub fn measure(self, announce: &dyn Fn(&str)) -> Result<Measured, Error> {
        let mut found = Samples::default();
        let mut rounds = 0;
        let ended = self.rounds(&mut found, &mut rounds, announce);
        if found.is_empty() {
            ended.clone()?;
        }
        let names: Vec<_> = self.rows.iter().map(|row| row.name.clone()).collect();
        let results: Vec<_> = (0..names.len()).map(|i| self.result(i)).collect();
        let images: Vec<_> = names
            .iter()
            .cloned()
            .zip(results.iter().map(PathBuf::as_path))
            .collect();
        let agreement = compare::agreement(&images, &found.fickle);
        let series = self.in_order(found);
        let record = Record {
            about: About {
                rounds,
                ..self.about
            },
            ratios: compare::ratios(&names, &series, &agreement),
            agreement,
            series,
        };
        Ok(Measured { record, ended })
    }

    /// Takes into `found` what each round finds, and counts the rounds that ended.
    fn rounds(
        &self,
        found: &mut Samples,
        ended: &mut usize,
        announce: &dyn Fn(&str),
    ) -> Result<(), Error> {
        let cold = self.cold(announce)?;
        let jobs = |round| self.plan.jobs(&self.rows, round, cold.as_ref());
        let rounds: Vec<_> = (1..=self.plan.samples).map(jobs).collect();
        let steps = Steps::new(rounds.iter().map(Vec::len).sum(), announce);
        let mut order = fastrand::Rng::with_seed(self.plan.seed);
        for mut jobs in rounds {
            steps.round(*ended + 1, self.plan.samples);
            order.shuffle(&mut jobs);
            let mut new = Samples::default();
            for (index, job) in jobs {
                let row = &self.rows[index];
                steps.step(&format!("{}: {}", row.name, job.title()));
                let done = self.run(index, job, &mut new, &steps);
                done.map_err(|e| e.about(&row.name))?;
                steps.end_step();
            }
            found.take(&new);
            *ended += 1;
        }
        Ok(())
    }

    fn run(
        &self,
        index: usize,
        job: Job<'_>,
        found: &mut Samples,
        steps: &Steps<'_>,
    ) -> Result<(), Error> {
        let row = &self.rows[index];
        // Some programs leave alone what is there already; it is not there before the first process.
        let _ = fs::remove_file(self.scratch());
        match job {
            Job::Warm => self.warm(row, found)?,
            Job::Cold(copies) => self.run_cold(row, copies, found, steps)?,
            Job::Ask(question) => {
                for series in self.ask(index, question)? {
                    found.add(&row.name, series.figure, series.count, &series.samples);
                }
                // It has looked at its images itself.
                return Ok(());
            }
        }
        if !compare::is_same(&self.scratch(), &self.result(index)) {
            found.fickle.insert(row.name.clone());
        }
        Ok(())
    }

    /// A whole process, page cache warm.
    fn warm(&self, row: &Row, found: &mut Samples) -> Result<(), Error> {
        let name = &row.name;
        let mut command = self.whole(row, &self.program.path, &self.scratch())?;
        let ran = match &row.kind {
            RowKind::Peer(_) => process::run(&self.children, &mut command)?,
            RowKind::Ours(_) => {
                // The report comes when the image is there.
                let command = command.arg("--json");
                let (ran, written) = process::run_timing_first_output(&self.children, command)?;
                found.add(name, Figure::Written, None, &[written]);
                ran
            }
        };
        found.add(name, Figure::ProcessWarm, None, &[ran.milliseconds]);
        found.add(name, Figure::ProcessPeak, None, &[ran.peak_rss as f64]);
        Ok(())
    }

    /// A whole process of the copies, page cache cold.
    fn run_cold(
        &self,
        row: &Row,
        copies: &Copies,
        found: &mut Samples,
        steps: &Steps<'_>,
    ) -> Result<(), Error> {
        copies.drop_from_page_cache()?;
        let mut command = self.whole(row, &copies.program, &self.scratch())?;
        command.env("CUTOUT_CACHE", &copies.cache);
        let ran = process::run(&self.children, &mut command)?;
        if ran.major_faults > 0 {
            found.add(&row.name, Figure::ProcessCold, None, &[ran.milliseconds]);
        } else {
            steps.tell(
                "the page cache kept what it was to drop, so there is no cold figure; \
                 set TMPDIR to a folder on a disk",
            );
        }
        Ok(())
    }

    /// Runs a row for the first time. In wasm twice: the first process makes the host image or finds it too young for a
    /// stamp, and the second one stamps it.
    fn prepare(&self, row: &Row, command: &mut Command) -> Result<(), Error> {
        for _ in 0..=usize::from(row.has_instances()) {
            process::run(&self.children, command)?;
        }
        Ok(())
    }

    /// A whole process: image in, image out.
    fn whole(&self, row: &Row, program: &Path, output: &Path) -> Result<Command, Error> {
        row.whole(program, &self.plan.image, output, &self.plan.model)
    }

    /// A process of ours that answers a question about itself.
    fn ask(&self, index: usize, question: Question) -> Result<Vec<Series>, Error> {
        let result = fs::read(self.result(index)).map_err(Error::io("read the first result"))?;
        let mut command = Command::new(&self.program.path);
        command
            .args(["bench-probe", &word(&question)])
            .arg(&self.plan.image)
            .args(["--workers", &self.plan.workers.to_string()])
            .args(["--images", &self.plan.images.to_string()])
            .args(["--expected", blake3::hash(&result).to_hex().as_str()]);
        self.rows[index].choose(&mut command, &self.plan.model);
        let done =
            process::run(&self.children, &mut command).map_err(|e| e.about(&word(&question)))?;
        serde_json::from_slice(&done.printed).map_err(Error::io("read a process's answer"))
    }

    /// Where every process after the first puts its image.
    fn scratch(&self) -> PathBuf {
        self.work.path().join("scratch.png")
    }

    fn result(&self, row: usize) -> PathBuf {
        self.work.path().join(format!("{row}.png"))
    }

    /// Files that are dropped from the page cache before every cold process, if there are to be any and can be.
    fn cold(&self, announce: &dyn Fn(&str)) -> Result<Option<Copies>, Error> {
        if !self.plan.groups.contains(&Group::Process) {
            return Ok(None);
        }
        let images = self.program.host_images.iter().map(PathBuf::as_path);
        let copies = Copies::new(&self.work.path().join("cold"), &self.program.path, images)?;
        for row in self.rows.iter().filter(|row| !row.is_peer()) {
            let mut command = self.whole(row, &copies.program, &self.scratch())?;
            command.env("CUTOUT_CACHE", &copies.cache);
            if let Err(error) = self.prepare(row, &mut command) {
                if self.children.are_over() {
                    return Err(error);
                }
                announce(&format!(
                    "there is no cold figure ({error}); set TMPDIR to a folder that programs may run from"
                ));
                return Ok(None);
            }
        }
        Ok(Some(copies))
    }

    /// All series, row by row, with the sizes of the files behind.
    fn in_order(&self, mut found: Samples) -> Vec<Series> {
        for (file, bytes) in &self.sizes {
            found.add(file, Figure::Size, None, &[*bytes as f64]);
        }
        let position = |name: &str| self.rows.iter().position(|row| row.name == *name);
        let mut series: Vec<_> = found.into_series();
        series.sort_by_key(|s| position(&s.row).unwrap_or(usize::MAX));
        series
    }
}
