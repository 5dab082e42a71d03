//! The horizontal pass, in dot products.

use wide::{bytemuck, i16x8, i32x4};

use super::{HALF, TOGETHER, Taps, to_byte};
use crate::budget;

/// Stretches rows of `width` pixels by [`PairedTaps`], the first `OUT` of their `IN` channels.
pub(super) fn across<const IN: usize, const OUT: usize>(
    data: &[u8],
    width: usize,
    taps: &Taps,
) -> Vec<u8> {
    let rows = data.len() / (width * IN);
    let length = rows * taps.starts.len() * OUT;
    let mut out = Vec::with_capacity(length);
    let taps = PairedTaps::new(taps);
    let mut pairs = vec![i16x8::ZERO; width.div_ceil(2) + TOGETHER - 1];
    for row in data.chunks_exact(width * IN) {
        if budget::is_spent() {
            break;
        }
        let (pixels, _) = row.as_chunks::<IN>();
        let (whole, last) = pixels.as_chunks::<2>();
        for (pair, [left, right]) in pairs.iter_mut().zip(whole) {
            *pair = paired::<IN, OUT>(left, right);
        }
        if let [pixel] = last {
            pairs[whole.len()] = paired::<IN, OUT>(pixel, &[0; IN]);
        }
        for (start, weights) in taps.iter() {
            let (mut high, mut low) = (i32x4::ZERO, i32x4::splat(HALF));
            let pairs = pairs[start..].as_chunks::<TOGETHER>().0;
            for (pairs, weights) in pairs.iter().zip(weights) {
                for i in 0..TOGETHER {
                    let [higher, lower] = weights[i].map(i32x4::splat);
                    high += pairs[i].dot(bytemuck::cast(higher));
                    low += pairs[i].dot(bytemuck::cast(lower));
                }
            }
            let sums = (high << LOW_BITS) + low;
            out.extend_from_slice(&sums.to_array().map(to_byte)[..OUT]);
        }
    }
    out.resize(length, 0);
    out
}

/// Two pixels beside each other, a channel's two values side by side.
fn paired<const IN: usize, const OUT: usize>(left: &[u8; IN], right: &[u8; IN]) -> i16x8 {
    let value = |i: usize| i16::from([left, right][i % 2][i / 2]);
    let values = |i: usize| if i < 2 * OUT { value(i) } else { 0 };
    i16x8::new(std::array::from_fn(values))
}

/// Bits of a weight's lower half.
const LOW_BITS: i32 = 11;

/// Taps as dot products of 16-bit values take them. A weight is h × 2¹¹ + l: both halves have 16 bits at most, and as
/// sums wrap, what is put together is the sum of the whole products.
struct PairedTaps {
    /// For each target pixel the first pair of source pixels, and the end of its weights.
    places: Vec<(usize, usize)>,
    /// Of each pair of source pixels: the higher halves of both weights, then the lower ones.
    weights: Vec<[[i32; 2]; TOGETHER]>,
}

impl PairedTaps {
    fn new(taps: &Taps) -> Self {
        let halves = |weight: i32| [weight >> LOW_BITS, weight & ((1 << LOW_BITS) - 1)];
        let packed = |left: i32, right: i32| left & 0xffff | right << 16;
        let mut paired = Self {
            places: Vec::with_capacity(taps.starts.len()),
            weights: Vec::new(),
        };
        for (start, weights) in taps.iter() {
            // Pairs begin at even pixels; what they have beyond the taps has no weight.
            let at = |x: usize| {
                let weight = x.checked_sub(start).and_then(|tap| weights.get(tap));
                halves(weight.copied().unwrap_or(0))
            };
            let pairs = (start / 2..(start + weights.len()).div_ceil(2)).step_by(TOGETHER);
            paired.weights.extend(pairs.map(|first| {
                std::array::from_fn(|i| {
                    let (left, right) = (at(2 * (first + i)), at(2 * (first + i) + 1));
                    [packed(left[0], right[0]), packed(left[1], right[1])]
                })
            }));
            paired.places.push((start / 2, paired.weights.len()));
        }
        paired
    }

    /// For each target pixel: its first pair of source pixels and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[[[i32; 2]; TOGETHER]])> {
        let mut begin = 0;
        self.places.iter().map(move |&(start, end)| {
            let weights = &self.weights[begin..end];
            begin = end;
            (start, weights)
        })
    }
}
