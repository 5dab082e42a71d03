//! Whether every block of a JPEG is there.
//!
//! Decoders fill what is missing and say nothing, so that half a download would become half a cut-out. An end marker is
//! no sign: transfer tools put one behind a torn file, and sound files lack it. So the scans are walked code by code,
//! without values, inverse transform or colours: about a quarter of the time of decoding, and, of progressive
//! images, a bit for each coefficient.

mod data;

use super::fault::Fault;
use super::header::{Coding, Component, Frame, Segment, marker};
use super::huffman::Table;
use super::scan::{Progress, Scan};
use super::split::Part;

/// Zero bytes that an image may end with, of those at the end of a file without an end marker; more were put there.
const ZEROS: usize = 2;

/// Findings of the walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scans {
    /// Behind the data of the last scan.
    pub(super) end: usize,
    /// Whether a scan had fewer components than the frame.
    pub(super) are_several: bool,
    /// Whether a scan had more than one component, and fewer than the frame, and was not split.
    pub(super) are_mixed: bool,
    /// The file up to `end` with scans of one component in the place of mixed ones, if any were split.
    pub(super) split: Vec<u8>,
    /// Whether a table of quantisation was replaced after the first scan.
    pub(super) requantise: bool,
}

/// Largest number of scans, which is zune-jpeg's. Encoders write at most some dozens, libjpeg-turbo's fuzzers stop at 500.
const MAX_SCANS: usize = 100;

/// How often all scans together may go over the blocks of an image, some of which they leave out; libjpeg's script for
/// progressive images goes over them 5 times, what mozjpeg finds 10 times at most. A scan of nothing takes some bytes
/// whatever the image, so that without a bound 2 KB cost seconds ("Two Issues with the JPEG Standard", LJT-01-003, of
/// libjpeg-turbo).
const MAX_PASSES: u64 = 32;

/// Blocks that scans may go over however small the image is: a fifth of a second.
const FREE_BLOCKS: u64 = 1 << 22;

/// Walks the scans of `bytes` until every coefficient was there with every bit of it. What follows is ignored.
///
/// Arithmetic codes are not read: their scans are gone past.
///
/// # Errors
/// Any [`Fault`].
pub(super) fn walk(bytes: &[u8], frame: &Frame) -> Result<Scans, Fault> {
    let mut walk = Walk::new(bytes, frame)?;
    let mut progress = Progress::new(frame);
    let (mut at, mut quantised, mut found) = (2, 0_u8, Scans::default());
    let mut allowance = Allowance::new(frame);
    let mut copied = 0;
    loop {
        let segment = Segment::take(bytes, &mut at).ok_or(Fault::Short)?;
        match segment.marker {
            marker::EOI => return Err(Fault::Short),
            // Another file.
            marker::SOI if found.end > 0 => return Err(Fault::Short),
            marker::DHT => walk.take_tables(segment.body).ok_or(Fault::Broken)?,
            marker::DRI => walk.take_interval(segment.body).ok_or(Fault::Broken)?,
            marker::DQT => {
                let tables = quantisers(segment.body);
                found.requantise |= found.end > 0 && tables & quantised != 0;
                quantised |= tables;
            }
            marker::SOS => {
                let scan = Scan::read(segment.body, frame).ok_or(Fault::Broken)?;
                allowance.take(frame, &scan)?;
                let count = scan.components.len();
                let is_mixed = count > 1 && count < frame.components.len();
                let is_split = is_mixed && walk.start_split(&scan);
                found.end = match frame.coding {
                    Coding::Arithmetic => past_data(bytes, at),
                    _ => walk.scan(&scan, at)?,
                };
                found.are_several |= count < frame.components.len();
                found.are_mixed |= is_mixed && !is_split;
                if is_split {
                    let before = bytes.get(copied..segment.begin);
                    found.split.extend(before.unwrap_or_default());
                    walk.end_split(&scan, &mut found.split);
                    copied = found.end;
                }
                if progress.is_complete_with(&scan) {
                    if copied > 0 {
                        found.split.extend(&bytes[copied..found.end]);
                    }
                    return Ok(found);
                }
                at = found.end;
            }
            _ => {}
        }
    }
}

/// How much scans may still go over.
struct Allowance {
    scans: usize,
    blocks: u64,
}

impl Allowance {
    fn new(frame: &Frame) -> Self {
        Self {
            scans: MAX_SCANS,
            blocks: MAX_PASSES * blocks(frame, &frame.components) + FREE_BLOCKS,
        }
    }

    /// Takes off a scan.
    ///
    /// # Errors
    /// [`Fault::Scans`] when nothing is left.
    fn take(&mut self, frame: &Frame, scan: &Scan) -> Result<(), Fault> {
        let components = scan.components.iter();
        let components = components.map(|&index| &frame.components[index]);
        self.scans = self.scans.checked_sub(1).ok_or(Fault::Scans)?;
        let left = self.blocks.checked_sub(blocks(frame, components));
        self.blocks = left.ok_or(Fault::Scans)?;
        Ok(())
    }
}

/// The tables of quantisation in a segment, a bit for each of the four.
fn quantisers(mut body: &[u8]) -> u8 {
    let mut tables = 0;
    while let Some((&place, rest)) = body.split_first() {
        tables |= 1 << (place & 3);
        let bytes = if place >> 4 == 0 { 64 } else { 128 };
        body = rest.get(bytes..).unwrap_or_default();
    }
    tables
}

/// Where the data end that begin at `at`: at the next marker that is no restart.
fn past_data(bytes: &[u8], mut at: usize) -> usize {
    Segment::take(bytes, &mut at).map_or(bytes.len(), |segment| segment.begin)
}

/// The tables and coefficients of a frame, while its scans are walked.
struct Walk<'a> {
    bytes: &'a [u8],
    frame: &'a Frame,
    /// Where zeros begin that go on to the end of the file, and where they end.
    zeros: (usize, usize),
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    /// Units of a restart interval; 0 for none.
    interval: u32,
    /// Of a progressive frame, for each block of each component: which coefficients are not 0, a bit for each.
    blocks: Vec<Vec<u64>>,
    /// Further blocks of a band that have nothing.
    empty: u32,
    /// For each component of a scan that is split, the scan of its own.
    parts: Vec<Part>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], frame: &'a Frame) -> Result<Self, Fault> {
        let mut blocks = Vec::new();
        if frame.coding == Coding::Progressive {
            for component in &frame.components {
                let (across, down) = padded(frame, component);
                let mut masks = Vec::new();
                // Sides have 16 bits, and samples are 64 to a block: the product stays below 2³².
                let count = across as usize * down as usize;
                masks.try_reserve_exact(count).map_err(|_| Fault::Memory)?;
                masks.resize(count, 0);
                blocks.push(masks);
            }
        }
        let file = bytes.strip_suffix(&[0xff, marker::EOI]).unwrap_or(bytes);
        let begin = file.iter().rposition(|&byte| byte != 0);
        Ok(Self {
            bytes,
            frame,
            zeros: (begin.map_or(0, |last| last + 1), file.len()),
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            interval: 0,
            blocks,
            empty: 0,
            parts: Vec::new(),
        })
    }

    /// Whether `scan` can be split, which the walk over it then does.
    fn start_split(&mut self, scan: &Scan) -> bool {
        let is_single = |&component: &usize| {
            let component = self.frame.components[component];
            (component.across, component.down) == (1, 1)
        };
        let is_split =
            self.frame.coding == Coding::Sequential && scan.components.iter().all(is_single);
        if is_split {
            self.parts.resize_with(scan.components.len(), Part::default);
        }
        is_split
    }

    /// Writes the scans that `scan` was split into behind `out`.
    fn end_split(&mut self, scan: &Scan, out: &mut Vec<u8>) {
        let parts = self.parts.drain(..).zip(&scan.components);
        for ((part, &component), &tables) in parts.zip(&scan.tables) {
            out.append(&mut part.scan(self.frame.components[component].id, tables));
        }
    }

    fn take_interval(&mut self, body: &[u8]) -> Option<()> {
        self.interval = u16::from_be_bytes(*body.first_chunk()?).into();
        Some(())
    }

    fn take_tables(&mut self, mut body: &[u8]) -> Option<()> {
        while !body.is_empty() {
            let (class, place, table) = Table::take(&mut body)?;
            let tables = if class == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            *tables.get_mut(usize::from(place))? = Some(table);
        }
        Some(())
    }
}

/// Blocks of some components, with those that fill up the last coded units.
fn blocks<'a>(frame: &Frame, components: impl IntoIterator<Item = &'a Component>) -> u64 {
    let sides = components
        .into_iter()
        .map(|component| padded(frame, component));
    sides
        .map(|(across, down)| u64::from(across) * u64::from(down))
        .sum()
}

/// Minimum coded units in a row, and rows of them.
fn units(frame: &Frame) -> (u32, u32) {
    let (most_across, most_down) = frame.sampling();
    let side = frame.unit_side();
    (
        u32::from(frame.width).div_ceil(side * u32::from(most_across)),
        u32::from(frame.height).div_ceil(side * u32::from(most_down)),
    )
}

/// Blocks in a row of a component, and rows of them, with those that fill up the last coded units.
fn padded(frame: &Frame, component: &Component) -> (u32, u32) {
    let (across, down) = units(frame);
    (
        across * u32::from(component.across),
        down * u32::from(component.down),
    )
}

/// Blocks in a row of a component, and rows of them (T.81, A.1.1 and A.2.2).
fn own(frame: &Frame, component: &Component) -> (u32, u32) {
    let (most_across, most_down) = frame.sampling();
    let blocks = |side: u16, share: u8, most: u8| {
        let samples = (u32::from(side) * u32::from(share)).div_ceil(most.into());
        samples.div_ceil(frame.unit_side())
    };
    (
        blocks(frame.width, component.across, most_across),
        blocks(frame.height, component.down, most_down),
    )
}
