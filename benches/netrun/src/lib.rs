//! Runs one plan on raw f32 files, natively or in wasm: for exact differences and times per operator.
//!
//! The commands, one a line:
//!
//! - `check INPUT OUTPUT` runs on a file of f32 values (little-endian, channel-last), writes the answer
//!   likewise and prints `done`;
//! - `time N` runs N times on the last input and prints N lines of milliseconds;
//! - `ops [N]` runs N times (default 5) on the last input and prints one line of JSON for each operator,
//!   with its best time.
//!
//! Every run on one input has to give the same bits; one that does not is an error, not a time.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Instant;

use cutout_net::{Executor, OpInfo, Plan, Simd};

/// Runs behind `ops` when the command names none.
const OPS_RUNS: usize = 5;

/// The level called `name`; `best` is the fastest.
///
/// # Errors
/// In words, naming the levels that are there.
pub fn level(name: &str) -> Result<Simd, String> {
    let available = Simd::available();
    [Simd::Best]
        .iter()
        .chain(&available)
        .find(|level| level.name() == name)
        .copied()
        .ok_or_else(|| {
            let names: Vec<_> = available.iter().map(|level| level.name()).collect();
            let names = names.join(", ");
            format!("the level {name:?} is not here; there are best, {names}")
        })
}

/// A plan in memory, and what it last ran on.
pub struct Session {
    executor: Executor,
    ops: Vec<OpInfo>,
    input: Vec<f32>,
    answer: Vec<f32>,
}

impl Session {
    /// Reads a plan file.
    ///
    /// # Errors
    /// In words, when the plan or the level is unusable.
    pub fn new(plan: &[u8], simd: Simd) -> Result<Self, String> {
        let plan = Plan::from_bytes(plan).map_err(|e| e.to_string())?;
        let ops = plan.ops();
        let executor = Executor::new(plan, simd).map_err(|e| e.to_string())?;
        Ok(Self {
            executor,
            ops,
            input: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Carries out one command line; the answer goes to `out`.
    ///
    /// # Errors
    /// In words, naming the command.
    pub fn command(&mut self, line: &str, out: &mut dyn Write) -> Result<(), String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match *words.as_slice() {
            [] => Ok(()),
            ["check", input, output] => self.check(input, output, out),
            ["time", runs] => self.time(count(runs)?, out),
            ["ops"] => self.ops(OPS_RUNS, out),
            ["ops", runs] => self.ops(count(runs)?, out),
            _ => Err("commands are: check INPUT OUTPUT, time N, ops [N]".to_owned()),
        }
        .map_err(|e| format!("{line:?}: {e}"))
    }

    fn check(&mut self, input: &str, output: &str, out: &mut dyn Write) -> Result<(), String> {
        let bytes = fs::read(input).map_err(|e| format!("cannot read {input}: {e}"))?;
        self.set_input(values(&bytes)?)?;
        let bytes: Vec<u8> = self.answer.iter().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(output, bytes).map_err(|e| format!("cannot write {output}: {e}"))?;
        print(out, "done")
    }

    /// Runs on a new input and keeps the answer, which later runs have to repeat.
    fn set_input(&mut self, input: Vec<f32>) -> Result<(), String> {
        let answer = self.executor.run(&input).map_err(|e| e.to_string())?;
        self.answer.clear();
        self.answer.extend_from_slice(answer);
        self.input = input;
        Ok(())
    }

    fn time(&mut self, runs: usize, out: &mut dyn Write) -> Result<(), String> {
        for _ in 0..runs {
            let ms = self.timed(&mut |_| ())?;
            print(out, &format!("{ms:.3}"))?;
        }
        Ok(())
    }

    fn ops(&mut self, runs: usize, out: &mut dyn Write) -> Result<(), String> {
        let count = self.ops.len();
        let mut best = vec![f64::INFINITY; count];
        for _ in 0..runs {
            let mut last = None;
            let mut times = vec![0.0; count];
            // The copy of the input falls to the first operator: 1.2 MB of it for u2netp.
            let start = Instant::now();
            self.timed(&mut |op| {
                let now = Instant::now();
                // Networks in whole numbers come to an operator several times, a few rows each.
                times[op] += milliseconds(last.replace(now).unwrap_or(start), now);
            })?;
            for (best, time) in best.iter_mut().zip(times) {
                *best = best.min(time);
            }
        }
        for (op, ms) in self.ops.iter().zip(best) {
            print(out, &json(op, ms))?;
        }
        Ok(())
    }

    /// Milliseconds of one run on the last input.
    fn timed(&mut self, observe: &mut dyn FnMut(usize)) -> Result<f64, String> {
        if self.input.is_empty() {
            return Err("there is no input yet; `check INPUT OUTPUT` gives one".to_owned());
        }
        let start = Instant::now();
        let answer = self
            .executor
            .run_observed(&self.input, &mut |op| {
                observe(op);
                ControlFlow::Continue(())
            })
            .map_err(|e| e.to_string())?;
        let ms = milliseconds(start, Instant::now());
        let same = answer
            .iter()
            .map(|v| v.to_bits())
            .eq(self.answer.iter().map(|v| v.to_bits()));
        if same {
            Ok(ms)
        } else {
            Err("two runs on one input gave different bits; no time is reported".to_owned())
        }
    }
}

fn count(word: &str) -> Result<usize, String> {
    word.parse()
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| format!("{word:?} is no number of runs"))
}

fn values(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        let length = bytes.len();
        return Err(format!("{length} bytes are not a whole number of f32"));
    }
    Ok(chunks.iter().map(|&b| f32::from_le_bytes(b)).collect())
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.duration_since(from).as_secs_f64() * 1e3
}

fn print(out: &mut dyn Write, line: &str) -> Result<(), String> {
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|e| format!("cannot answer: {e}"))
}

fn json(op: &OpInfo, ms: f64) -> String {
    let name: String = op
        .name
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '"' | '\\') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let inputs: Vec<_> = op.inputs.iter().map(|s| format!("\"{s}\"")).collect();
    format!(
        r#"{{"name":"{name}","kind":"{}","algorithm":"{}","inputs":[{}],"output":"{}","macs":{},"best_ms":{ms:.4}}}"#,
        op.kind,
        op.algorithm,
        inputs.join(","),
        op.output,
        op.macs
    )
}

#[cfg(test)]
mod tests;
