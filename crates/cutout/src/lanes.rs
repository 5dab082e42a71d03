//! The channels of a pixel as the lanes of a vector, and back.

use wide::{i16x8, i32x4, u8x16};

/// The first three channels, each where it stands in a word of 32 bits, and 0: cheaper than to move them apart. [`PLACES`] makes
/// them values.
pub(crate) fn of<const CHANNELS: usize>(pixel: &[u8; CHANNELS]) -> i32x4 {
    let word = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]).cast_signed();
    i32x4::splat(word) & i32x4::new([0xff, 0xff00, 0xff_0000, 0])
}

/// Factors that make 0…255 of the lanes of [`of`]: exact.
pub(crate) const PLACES: [f32; 4] = [1.0, 1.0 / 256.0, 1.0 / 65_536.0, 1.0];

/// The values of four vectors as bytes, limited to 0…255.
pub(crate) fn bytes([a, b, c, d]: [i32x4; 4]) -> u8x16 {
    let [low, high] = [[a, b], [c, d]].map(|two| i16x8::from_i32x8_saturate(bytemuck::cast(two)));
    u8x16::narrow_i16x8(low, high)
}

#[cfg(test)]
mod tests {
    use wide::f32x4;

    use super::*;

    #[test]
    fn each_value_of_each_channel_has_its_lane() {
        for value in 0..=255 {
            for pixel in [[value, 1, 2], [3, value, 4], [5, 6, value]] {
                let lanes = f32x4::from_i32x4(of(&pixel)) * f32x4::new(PLACES);
                let [r, g, b] = pixel.map(f32::from);
                assert_eq!(lanes.to_array(), [r, g, b, 0.0]);
            }
        }
    }

    #[test]
    fn bytes_are_the_values_in_order_and_within_the_limits() {
        for value in [-70_000, -1, 0, 1, 128, 255, 256, 70_000] {
            let values =
                std::array::from_fn(|i| i32x4::splat(value) + i32x4::new([0, 1, 2, i as i32]));
            let expected =
                values.map(|four| four.to_array().map(|value| value.clamp(0, 255) as u8));
            assert_eq!(bytes(values).to_array().as_slice(), expected.as_flattened());
        }
    }
}
