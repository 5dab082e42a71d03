//! The frame header of a JPEG (ITU-T T.81, annex B), and the walk over its segments.

/// Markers, without the 0xff before them.
pub(super) mod marker {
    pub(in super::super) const DHT: u8 = 0xc4;
    pub(in super::super) const JPG: u8 = 0xc8;
    pub(in super::super) const DAC: u8 = 0xcc;
    pub(in super::super) const SOI: u8 = 0xd8;
    pub(in super::super) const EOI: u8 = 0xd9;
    pub(in super::super) const SOS: u8 = 0xda;
    pub(in super::super) const DQT: u8 = 0xdb;
    pub(in super::super) const DRI: u8 = 0xdd;
    pub(in super::super) const DHP: u8 = 0xde;
    pub(in super::super) const APP0: u8 = 0xe0;
    pub(in super::super) const APP14: u8 = 0xee;
}

/// How the samples are coded, by the frame's marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Baseline and extended: every block in one scan.
    Sequential,
    /// Blocks refined by several scans.
    Progressive,
    /// Samples predicted from their neighbours.
    Lossless,
    /// Sequential or progressive, with arithmetic codes in the place of Huffman's.
    Arithmetic,
    /// Lossless with arithmetic codes.
    ArithmeticLossless,
    /// Frames on top of frames.
    Hierarchical,
}

/// One colour of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks in a row, and rows of them, of a minimum coded unit: 1 to 4.
    pub(super) across: u8,
    pub(super) down: u8,
}

/// The segments before the first scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) coding: Coding,
    marker: u8,
    /// Bits of a sample.
    pub(super) precision: u8,
    pub(super) width: u16,
    /// 0 when a segment after the first scan tells it.
    pub(super) height: u16,
    pub(super) components: Vec<Component>,
    /// Where the first component's sampling stands.
    pub(super) sampling_at: usize,
    pub(super) has_jfif: bool,
    /// Adobe's number for the colours: 0 as they are, 1 YCbCr, 2 YCCK.
    pub(super) adobe: Option<u8>,
}

impl Frame {
    /// `None` when there is no sound frame header before the first scan, or no scan.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut at = 2;
        let mut frame: Option<Self> = None;
        let (mut has_jfif, mut adobe, mut is_hierarchical) = (false, None, false);
        loop {
            let segment = Segment::take(bytes, &mut at)?;
            match segment.marker {
                marker::SOS => break,
                marker::EOI => return None,
                marker::DHP => is_hierarchical = true,
                marker::APP0 => has_jfif |= segment.body.starts_with(b"JFIF\0"),
                marker::APP14 if segment.body.starts_with(b"Adobe") => {
                    adobe = adobe.or(segment.body.get(11).copied());
                }
                marker::DHT | marker::JPG | marker::DAC => {}
                0xc0..=0xcf if frame.is_none() => frame = Some(Self::of(&segment)?),
                _ => {}
            }
        }
        let mut frame = frame?;
        if is_hierarchical {
            frame.coding = Coding::Hierarchical;
        }
        Some(Self {
            has_jfif,
            adobe,
            ..frame
        })
    }

    fn of(segment: &Segment) -> Option<Self> {
        let ([precision, h0, h1, w0, w1, count], rest) = segment.body.split_first_chunk::<6>()?;
        let components = rest.as_chunks::<3>().0.get(..usize::from(*count))?;
        let components = components.iter().map(|&[id, sampling, _]| Component {
            id,
            across: sampling >> 4,
            down: sampling & 15,
        });
        let components: Vec<Component> = components.collect();
        let is_sound = |c: &Component| (1..=4).contains(&c.across) && (1..=4).contains(&c.down);
        if components.is_empty() || !components.iter().all(is_sound) {
            return None;
        }
        Some(Self {
            coding: match segment.marker {
                0xc0 | 0xc1 => Coding::Sequential,
                0xc2 => Coding::Progressive,
                0xc3 => Coding::Lossless,
                0xc9 | 0xca => Coding::Arithmetic,
                0xcb => Coding::ArithmeticLossless,
                _ => Coding::Hierarchical,
            },
            marker: segment.marker,
            precision: *precision,
            width: u16::from_be_bytes([*w0, *w1]),
            height: u16::from_be_bytes([*h0, *h1]),
            components,
            sampling_at: segment.end - segment.body.len() + 7,
            has_jfif: false,
            adobe: None,
        })
    }

    /// Whether several scans bring the bits of one coefficient.
    pub(super) fn is_progressive(&self) -> bool {
        self.marker == 0xc2 || self.marker == 0xca
    }

    /// Samples of a component in a row of a data unit.
    pub(super) fn unit_side(&self) -> u32 {
        if self.coding == Coding::Lossless {
            1
        } else {
            8
        }
    }

    /// The largest `across` and `down` of all components.
    pub(super) fn sampling(&self) -> (u8, u8) {
        let most =
            |(across, down): (u8, u8), c: &Component| (across.max(c.across), down.max(c.down));
        self.components.iter().fold((1, 1), most)
    }
}

/// A marker and what belongs to it.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Where the marker begins.
    pub(super) begin: usize,
    /// The bytes behind the length; empty when the file ends before.
    pub(super) body: &'a [u8],
    /// Where the body ends.
    pub(super) end: usize,
}

impl<'a> Segment<'a> {
    /// Skips to the next segment at or behind `at`, past whatever is no marker, and takes it. `None` at the end.
    pub(super) fn take(bytes: &'a [u8], at: &mut usize) -> Option<Self> {
        loop {
            let marker = next_marker(bytes, at)?;
            // Restarts and TEM have no length.
            if matches!(marker, 0xd0..=0xd7 | 0x01) {
                continue;
            }
            let begin = *at - 2;
            let mut body: &[u8] = &[];
            if !matches!(marker, marker::SOI | marker::EOI) {
                let length = bytes.get(*at..*at + 2);
                let length = length.map_or(0, |length| {
                    usize::from(length[0]) << 8 | usize::from(length[1])
                });
                let end = *at + length.max(2);
                body = bytes.get(*at + 2..end).unwrap_or_default();
                *at = end.min(bytes.len());
            }
            return Some(Self {
                marker,
                begin,
                body,
                end: *at,
            });
        }
    }
}

/// Skips to the next marker, past compressed data, and takes it: 0xff and then neither 0 nor 0xff.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let rest = bytes.get(*at..)?;
        let found = rest.iter().position(|&byte| byte == 0xff)?;
        let marker = *rest.get(found + 1)?;
        // Of several 0xff in a row the last one counts.
        *at += found + if marker == 0xff { 1 } else { 2 };
        if !matches!(marker, 0 | 0xff) {
            return Some(marker);
        }
    }
}
