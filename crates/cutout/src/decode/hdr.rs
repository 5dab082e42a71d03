//! HDR (PQ and HLG, ITU-R BT.2100) to sRGB.
//!
//! The reference white of 203 nits (BT.2408) becomes white. Where an image is brighter, its light is bent by the curve of
//! BT.2390 (EETF, 5.4.1) from its own peak to that white, by the brightest of the three colours, so that hues stay.

use moxcms::{CicpProfile, ColorProfile, TransferCharacteristics};

use crate::{Picture, budget};

/// Light of white in nits.
const WHITE: f64 = 203.0;

/// Light of the highest value in nits: of PQ, and of an HLG display as BT.2408 assumes it.
const BRIGHTEST_PQ: f64 = 10_000.0;
const BRIGHTEST_HLG: f64 = 1_000.0;

/// One of so many pixels may be brighter than the peak.
const PEAK_SHARE: usize = 1_000;

/// Values of 16 bits.
const LEVELS: usize = 1 << 16;

/// How the values of an HDR image become sRGB.
pub(super) struct Hdr {
    transfer: TransferCharacteristics,
    /// From light of the image's primaries to that of sRGB's.
    matrix: [[f32; 3]; 3],
}

impl Hdr {
    /// `None` for other transfer functions, and for primaries that are not known.
    pub(super) fn of(points: CicpProfile) -> Option<Self> {
        let transfer = points.transfer_characteristics;
        brightest(transfer)?;
        let profile = ColorProfile::new_from_cicp(points);
        // Left out where the primaries are unspecified.
        profile.blue_trc.as_ref()?;
        let matrix = profile.transform_matrix(&ColorProfile::new_srgb()).to_f32();
        Some(Self {
            transfer,
            matrix: matrix.v,
        })
    }

    /// Converts the colours; alpha stays as it is.
    pub(super) fn apply(&self, picture: &mut Picture) {
        let light = self.light();
        let scale = scales(&light, peak(picture));
        let most = (LEVELS - 1) as f32;
        let srgb = |level: usize| {
            let value = TransferCharacteristics::Srgb.gamma(level as f64 / f64::from(most));
            (value * f64::from(most)).round() as u16
        };
        let srgb: Vec<u16> = (0..LEVELS).map(srgb).collect();
        for_each(picture, |colour| {
            let brightest = colour.iter().copied().max().unwrap_or(0);
            let scale = scale[usize::from(brightest)];
            let [r, g, b] = colour.map(|value| light[usize::from(value)] * scale);
            self.matrix.map(|[x, y, z]| {
                let light = (x * r + y * g + z * b).clamp(0.0, 1.0);
                srgb[(light * most).round() as usize]
            })
        });
    }

    /// The light of every value, where white is 1.
    fn light(&self) -> Vec<f32> {
        let brightest = brightest(self.transfer).unwrap_or(WHITE) / WHITE;
        let value = |level: usize| level as f64 / (LEVELS - 1) as f64;
        let light = |level| (self.transfer.linearize(value(level)) * brightest) as f32;
        (0..LEVELS).map(light).collect()
    }
}

fn brightest(transfer: TransferCharacteristics) -> Option<f64> {
    match transfer {
        TransferCharacteristics::Smpte2084 => Some(BRIGHTEST_PQ),
        TransferCharacteristics::Hlg => Some(BRIGHTEST_HLG),
        _ => None,
    }
}

/// The value that few pixels go beyond.
fn peak(picture: &mut Picture) -> usize {
    let mut counts = vec![0_usize; LEVELS];
    for_each(picture, |colour| {
        let brightest = colour.iter().copied().max().unwrap_or(0);
        counts[usize::from(brightest)] += 1;
        colour
    });
    let few = counts.iter().sum::<usize>() / PEAK_SHARE;
    let mut beyond = 0;
    let found = counts.iter().rposition(|count| {
        beyond += count;
        beyond > few
    });
    found.unwrap_or(0)
}

/// Factors of the light of each value, so that the value `peak` becomes white at most.
fn scales(light: &[f32], peak: usize) -> Vec<f32> {
    let pq = TransferCharacteristics::Smpte2084;
    let signal = |light: f32| pq.gamma(f64::from(light) * WHITE / BRIGHTEST_PQ);
    let brightest = signal(light[peak]);
    let white = signal(1.0) / brightest;
    if white >= 1.0 {
        return vec![1.0; light.len()];
    }
    let knee = 1.5 * white - 0.5;
    let bent = |value: f64| {
        let t = (value - knee) / (1.0 - knee);
        let (t2, t3) = (t * t, t * t * t);
        (2.0 * t3 - 3.0 * t2 + 1.0) * knee
            + (t3 - 2.0 * t2 + t) * (1.0 - knee)
            + (3.0 * t2 - 2.0 * t3) * white
    };
    let scale = |&light: &f32| {
        let value = (signal(light) / brightest).min(1.0);
        if value <= knee {
            return 1.0;
        }
        let nits = pq.linearize(bent(value) * brightest) * BRIGHTEST_PQ;
        (nits / WHITE) as f32 / light
    };
    light.iter().map(scale).collect()
}

/// Changes the three colours of every pixel, as values of 16 bits.
fn for_each(picture: &mut Picture, mut change: impl FnMut([u16; 3]) -> [u16; 3]) {
    let channels = picture.channels.max(3);
    let stride = picture.width as usize * channels;
    let rows = picture.data.chunks_exact_mut(stride);
    let rows = rows.take_while(|_| !budget::is_spent());
    let Some(fine) = &mut picture.fine else {
        for pixel in rows.flat_map(|row| row.chunks_exact_mut(channels)) {
            let colour = [pixel[0], pixel[1], pixel[2]].map(|value| u16::from(value) * 257);
            let changed = change(colour).map(|value| ((u32::from(value) + 128) / 257) as u8);
            pixel[..3].copy_from_slice(&changed);
        }
        return;
    };
    for (high, low) in rows.zip(fine.chunks_exact_mut(stride)) {
        let pixels = high.chunks_exact_mut(channels);
        for (high, low) in pixels.zip(low.chunks_exact_mut(channels)) {
            let value = |i: usize| u16::from_be_bytes([high[i], low[i]]);
            let changed = change([value(0), value(1), value(2)]).map(u16::to_be_bytes);
            high[..3].copy_from_slice(&changed.map(|[high, _]| high));
            low[..3].copy_from_slice(&changed.map(|[_, low]| low));
        }
    }
}
