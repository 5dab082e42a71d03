//! rembg's post-processing of a mask (`-ppm`): nothing thin, a smooth outline, all or nothing.

use crate::{Mask, budget};

/// Standard deviation of the blur in pixels.
const SIGMA: f32 = 2.0;
/// The blur ends at four standard deviations, as SciPy's does.
const RADIUS: usize = 8;

impl Mask {
    /// Opened with a disk of radius 1, blurred, and cut at the middle: 0 or 255 everywhere.
    pub fn smoothed(&self) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        if width == 0 || height == 0 {
            return self.clone();
        }
        let opened = of_cross(&of_cross(&self.data, width, u8::min), width, u8::max);
        let weights = weights();
        let mut data = Vec::with_capacity(opened.len());
        let (mut column, mut row) = (vec![0.0; width], vec![0.0; width + 2 * RADIUS]);
        for y in 0..height {
            if budget::is_spent() {
                break;
            }
            // Down the columns first, a row at a time, so that no second image is held.
            let line = |y: isize| &opened[mirrored(y, height) * width..][..width];
            let y = y as isize;
            for (sum, value) in column.iter_mut().zip(line(y)) {
                *sum = weights[0] * f32::from(*value);
            }
            for (d, weight) in (1..).zip(&weights[1..]) {
                let (above, below) = (line(y - d), line(y + d));
                for ((sum, a), b) in column.iter_mut().zip(above).zip(below) {
                    *sum += weight * (f32::from(*a) + f32::from(*b));
                }
            }
            for (x, value) in (-(RADIUS as isize)..).zip(&mut row) {
                *value = column[mirrored(x, width)];
            }
            data.extend(row.windows(2 * RADIUS + 1).map(|around| {
                let sides =
                    (1..=RADIUS).map(|d| weights[d] * (around[RADIUS - d] + around[RADIUS + d]));
                let value = weights[0] * around[RADIUS] + sides.sum::<f32>();
                if value < 127.0 { 0 } else { 255 }
            }));
        }
        data.resize(opened.len(), 0);
        Self { data, ..*self }
    }
}

/// Every value and its four neighbours, as far as there are, reduced by `pick`.
fn of_cross(data: &[u8], width: usize, pick: fn(u8, u8) -> u8) -> Vec<u8> {
    let at = |i: usize| data.get(i).copied();
    let value = |(i, &own): (usize, &u8)| {
        let x = i % width;
        let neighbours = [
            i.checked_sub(width).and_then(at),
            at(i + width),
            if x > 0 { at(i - 1) } else { None },
            if x + 1 < width { at(i + 1) } else { None },
        ];
        neighbours.into_iter().flatten().fold(own, pick)
    };
    data.iter().enumerate().map(value).collect()
}

/// Half of a Gaussian, its middle first; the whole sums to 1.
fn weights() -> [f32; RADIUS + 1] {
    let mut weights = [0.0; RADIUS + 1];
    for (i, weight) in weights.iter_mut().enumerate() {
        *weight = (-0.5 * (i as f32 / SIGMA).powi(2)).exp();
    }
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    weights.map(|weight| weight / sum)
}

/// The place in a line of `length` values that stands for `i` beyond its ends: the line is mirrored there.
fn mirrored(i: isize, length: usize) -> usize {
    let period = 2 * length as isize;
    let i = i.rem_euclid(period);
    if i < length as isize {
        i as usize
    } else {
        (period - 1 - i) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smoothed(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Mask {
        let values = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Mask {
            width,
            height,
            data: values.map(|(x, y)| value(x, y)).collect(),
        }
        .smoothed()
    }

    #[test]
    fn thin_parts_go_and_broad_ones_stay() {
        let count = |mask: &Mask| mask.data.iter().filter(|v| **v == 255).count();
        let line = smoothed(40, 40, |x, _| if x == 20 { 255 } else { 0 });
        assert_eq!(count(&line), 0);
        let half = smoothed(40, 40, |x, _| if x < 20 { 255 } else { 0 });
        assert_eq!(count(&half), 20 * 40);
        let full = smoothed(3, 2, |_, _| 255);
        assert_eq!(count(&full), 6);
        let grey = smoothed(40, 40, |_, _| 126);
        assert_eq!(count(&grey), 0);
    }

    #[test]
    fn corners_are_rounded() {
        let square = smoothed(40, 40, |x, y| {
            if (10..30).contains(&x) && (10..30).contains(&y) {
                255
            } else {
                0
            }
        });
        assert_eq!(square.data[10 * 40 + 10], 0);
        assert_eq!(square.data[20 * 40 + 20], 255);
        assert_eq!(square.data[20 * 40 + 10], 255);
    }
}
