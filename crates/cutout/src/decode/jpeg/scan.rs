//! A scan's header, and which bits of which coefficients scans have brought.

use super::header::{Coding, Frame};

/// The content of a scan (T.81, B.2.3).
pub(super) struct Scan {
    /// Places in the frame's list, in rising order: at least one.
    pub(super) components: Vec<usize>,
    /// For each of them the tables for averages and for other coefficients, 0 to 3.
    pub(super) tables: Vec<(usize, usize)>,
    /// First and last coefficient in zigzag order, 0 to 63.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Whether no scan before brought bits of these coefficients.
    pub(super) is_first: bool,
    /// Lower bits that are left to later scans.
    pub(super) lower: u8,
}

impl Scan {
    /// `None` when the header is not one of a scan of `frame`.
    pub(super) fn read(body: &[u8], frame: &Frame) -> Option<Self> {
        let (&count, rest) = body.split_first()?;
        let selected = rest.as_chunks::<2>().0.get(..usize::from(count))?;
        let &[first, last, approximation] =
            rest.get(usize::from(count) * 2..)?.first_chunk::<3>()?;
        let (mut components, mut tables) = (Vec::new(), Vec::new());
        for [id, places] in selected {
            let component = frame.components.iter().position(|c| c.id == *id)?;
            // In the frame's order, each once.
            if components.last().is_some_and(|&last| last >= component)
                || places >> 4 > 3
                || places & 15 > 3
            {
                return None;
            }
            components.push(component);
            tables.push((usize::from(places >> 4), usize::from(places & 15)));
        }
        let mut scan = Self {
            components,
            tables,
            first: first.into(),
            last: last.into(),
            is_first: approximation >> 4 == 0,
            lower: approximation & 15,
        };
        if scan.components.is_empty() {
            return None;
        }
        if !frame.is_progressive() {
            if frame.coding == Coding::Lossless {
                // The fields say how samples are predicted.
                (scan.first, scan.last, scan.is_first, scan.lower) = (0, 63, true, 0);
                return Some(scan);
            }
            // Some writers leave all of these fields 0.
            let is_sound = first == 0 && matches!(last, 0 | 63) && approximation == 0;
            scan.last = 63;
            return is_sound.then_some(scan);
        }
        let is_sound = match first {
            0 => last == 0,
            _ => first <= last && last < 64 && scan.components.len() == 1,
        };
        is_sound.then_some(scan)
    }
}

/// For each component and coefficient the lower bits that are missing still.
pub(super) struct Progress {
    missing: Vec<[u8; 64]>,
}

impl Progress {
    pub(super) fn new(frame: &Frame) -> Self {
        Self {
            missing: vec![[u8::MAX; 64]; frame.components.len()],
        }
    }

    /// Whether, with `scan`, nothing is missing.
    pub(super) fn is_complete_with(&mut self, scan: &Scan) -> bool {
        for &component in &scan.components {
            let missing = self.missing[component].iter_mut();
            let band = missing
                .skip(scan.first as usize)
                .take((scan.last - scan.first + 1) as usize);
            band.for_each(|missing| *missing = scan.lower);
        }
        self.missing.iter().flatten().all(|&missing| missing == 0)
    }
}
