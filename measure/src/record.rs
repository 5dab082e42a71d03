//! Record of a run: raw samples, and what a reader needs to judge them.

use serde::{Deserialize, Serialize};

use crate::figure::Figure;

/// A run of `cutout bench`, as its JSON has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Where and when.
    pub about: About,
    /// Everything measured, in the order in which tables show it.
    pub series: Vec<Series>,
    /// Quotients of medians, or why there is none.
    pub ratios: Vec<Ratio>,
    /// Rows whose cut-outs were compared with the first row's.
    pub agreement: Vec<Agreement>,
}

/// Circumstances of a run; nothing that names the machine itself. Earlier records do not say all of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// UTC, RFC 3339, to the second.
    pub date: String,
    /// Version of this program.
    pub version: String,
    /// The processor's own name.
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: usize,
    /// Kernel name and release.
    pub system: String,
    /// Version of the compiler that made this program.
    pub rustc: String,
    /// Version of wasmtime.
    pub wasmtime: String,
    /// Name of the model.
    pub model: String,
    /// BLAKE3 of its ONNX file.
    pub model_digest: String,
    /// Side of the network's input in pixels.
    pub side: u32,
    /// The image's file name.
    #[serde(rename = "picture")]
    pub image: String,
    /// Its size in pixels.
    pub width: u32,
    /// Its size in pixels.
    pub height: u32,
    /// Workers at most.
    pub workers: usize,
    /// Seed of the order of the processes.
    pub seed: u64,
    /// Rounds that came to their end: fewer than `samples` when the run was interrupted or a process failed.
    pub rounds: usize,
    /// Rounds that were asked for.
    pub samples: usize,
    /// Other programs, as they were given: `NAME=COMMAND`.
    pub peers: Vec<String>,
}

/// Samples of one figure of one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The row: an engine with a runtime such as `wasm net`, or a peer's name.
    pub row: String,
    /// The figure.
    pub figure: Figure,
    /// Workers, where the figure depends on their number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<usize>,
    /// In the figure's unit; never empty, every one finite.
    pub samples: Vec<f64>,
}

/// A quotient of two rows' medians of one figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// The figure.
    pub figure: Figure,
    /// The numerator's row.
    pub row: String,
    /// The denominator's row.
    pub over: String,
    /// The quotient, or why it is refused.
    pub value: Result<f64, String>,
}

/// How far a row's cut-out is from the first row's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Agreement {
    /// The row.
    pub row: String,
    /// Mean absolute difference of the alpha channels, 0…1; the reason when they cannot be compared.
    pub difference: Result<f64, String>,
    /// Whether that is close enough for a ratio.
    pub agrees: bool,
    /// Whether both files have the same bytes.
    #[serde(default)]
    pub same_bytes: bool,
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::report;

    #[test]
    fn every_record_that_was_kept_is_read_and_shown() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/record");
        let mut read = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("bench-") || !name.ends_with(".json.gz") {
                continue;
            }
            let file = GzDecoder::new(File::open(&path).unwrap());
            let record: Record = serde_json::from_reader(file).expect(&name);
            let table = report::table(&record);
            assert!(table.contains("### File sizes"), "{name}: {table}");
            for series in &record.series {
                assert!(table.contains(&series.row), "{name}: {}", series.row);
            }
            read += 1;
        }
        assert!(read >= 5, "{read} records");
    }
}
