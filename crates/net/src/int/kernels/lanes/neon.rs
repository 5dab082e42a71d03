//! AArch64 NEON, which every such processor has.

use super::{LIMITS, Lanes, ROUND};
use core::arch::aarch64::*;

/// Four registers for sums, two for values; pairs stand apart, first and second.
pub(in crate::int::kernels) struct Neon;

impl Neon {
    /// `sums` and the products of two rows of values with two rows of weights, channel by channel.
    ///
    /// # Safety
    /// None: NEON is part of the AArch64 baseline.
    #[inline(always)]
    unsafe fn products(
        mut sums: [int32x4_t; 4],
        values: [[int16x8_t; 2]; 2],
        weights: [[int16x8_t; 2]; 2],
    ) -> [int32x4_t; 4] {
        // SAFETY: NEON is part of the AArch64 baseline.
        unsafe {
            for (values, weights) in values.into_iter().zip(weights) {
                for half in 0..2 {
                    let (v, w) = (values[half], weights[half]);
                    sums[2 * half] = vmlal_s16(sums[2 * half], vget_low_s16(v), vget_low_s16(w));
                    sums[2 * half + 1] = vmlal_high_s16(sums[2 * half + 1], v, w);
                }
            }
            sums
        }
    }
}

impl Lanes for Neon {
    type Sums = [int32x4_t; 4];
    type Pairs = [[int16x8_t; 2]; 2];
    type Row = [int16x8_t; 2];
    #[inline(always)]
    unsafe fn sums(from: *const i32) -> Self::Sums {
        // SAFETY: the trait asks the caller for readable values; NEON is part of the AArch64 baseline, here and below.
        array!(4, |i| unsafe { vld1q_s32(from.add(4 * i)) })
    }
    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self::Pairs {
        // SAFETY: as in `sums`.
        unsafe {
            let int8x16x2_t(first, second) = vld2q_s8(from);
            [first, second].map(|weights| [vmovl_s8(vget_low_s8(weights)), vmovl_high_s8(weights)])
        }
    }
    #[inline(always)]
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let values = [0, 1].map(|i| [vld1q_dup_s16(from.add(i)); 2]);
            Self::products(sums, values, weights)
        }
    }
    #[inline(always)]
    unsafe fn dot_taps(sums: Self::Sums, values: [Self::Row; 2], weights: *const i8) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe { Self::products(sums, values, Self::weights(weights)) }
    }
    #[inline(always)]
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let round = vdupq_n_f32(ROUND);
            let whole: Self::Sums = array!(4, |i| {
                let mut product = vmulq_f32(vcvtq_f32_s32(sums[i]), vld1q_f32(factors.add(4 * i)));
                if wide {
                    let [low, high] = LIMITS.map(|limit| vdupq_n_f32(limit));
                    product = vminq_f32(vmaxq_f32(product, low), high);
                }
                vsubq_s32(
                    vreinterpretq_s32_f32(vaddq_f32(product, round)),
                    vreinterpretq_s32_f32(round),
                )
            });
            array!(2, |i| vqmovn_high_s32(
                vqmovn_s32(whole[2 * i]),
                whole[2 * i + 1]
            ))
        }
    }
    #[inline(always)]
    unsafe fn add(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { vqaddq_s16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn triple(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { vaddq_s16(a[i], vaddq_s16(a[i], a[i])) })
    }
    #[inline(always)]
    unsafe fn sixteenth(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`; this shift rounds.
        array!(2, |i| unsafe { vrshrq_n_s16::<4>(a[i]) })
    }
    #[inline(always)]
    unsafe fn min(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { vminq_s16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn max(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { vmaxq_s16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn splat_row(value: i16) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { [vdupq_n_s16(value); 2] }
    }
    #[inline(always)]
    unsafe fn load(from: *const i16) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { vld1q_s16(from.add(8 * i)) })
    }
    #[inline(always)]
    unsafe fn store(row: Self::Row, to: *mut i16) {
        for (i, part) in row.into_iter().enumerate() {
            // SAFETY: the trait asks the caller for writable values.
            unsafe { vst1q_s16(to.add(8 * i), part) }
        }
    }
    type Part = int32x4_t;
    #[inline(always)]
    unsafe fn no_part() -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { vdupq_n_s32(0) }
    }
    #[inline(always)]
    unsafe fn widened(from: *const i8) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let weights = vld1q_s8(from);
            [vmovl_s8(vget_low_s8(weights)), vmovl_high_s8(weights)]
        }
    }
    #[inline(always)]
    unsafe fn dot(mut part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe {
            for (values, weights) in values.into_iter().zip(weights) {
                part = vmlal_s16(part, vget_low_s16(values), vget_low_s16(weights));
                part = vmlal_high_s16(part, values, weights);
            }
            part
        }
    }
    #[inline(always)]
    unsafe fn total(part: Self::Part) -> i32 {
        // SAFETY: as in `sums`.
        unsafe { vaddvq_s32(part) }
    }
}
