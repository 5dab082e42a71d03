//! How far a mask can be trusted.

/// Side of the tiles that a mask is judged by, in pixels: wider than an edge in focus, narrower than what a network
/// could not decide. Tiles that grow with the image say less about the error (rank correlation .56 instead of .68).
const TILE: usize = 8;

/// Weight of the share of the subject that is outside its largest part.
const SCATTER: f64 = 0.02;

/// The doubt that is an uncertainty of one half.
const HALF: f64 = 0.01;

/// The uncertainty of `mask`, rows of `width` pixels, 0…1: it grows with the error that is to be expected.
///
/// The mean, over tiles, of the smallest 4a(1 − a) of a tile, which is 0 unless the tile is undecided throughout, and
/// [`SCATTER`] × `scatter`, brought to 0…1 by d ÷ (d + [`HALF`]).
pub(super) fn of(mask: &[u8], width: usize, scatter: f32) -> f32 {
    let width = width.max(1);
    let mut smallest = vec![u16::MAX; width];
    let (mut sum, mut tiles) = (0_u64, 0_u32);
    for rows in mask.chunks(TILE * width) {
        smallest.fill(u16::MAX);
        for row in rows.chunks(width) {
            for (least, &a) in smallest.iter_mut().zip(row) {
                *least = (u16::from(a) * u16::from(255 - a)).min(*least);
            }
        }
        for tile in smallest.chunks(TILE) {
            sum += tile.iter().min().map_or(0, |least| u64::from(*least));
            tiles += 1;
        }
    }
    let undecided = 4.0 * sum as f64 / (255.0 * 255.0 * f64::from(tiles.max(1)));
    let doubt = undecided + SCATTER * f64::from(scatter);
    (doubt / (doubt + HALF)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask of 20 × 12 pixels.
    fn mask(value: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        let value = &value;
        (0..12)
            .flat_map(|y| (0..20).map(move |x| value(x, y)))
            .collect()
    }

    #[test]
    fn a_mask_is_uncertain_where_a_whole_tile_is_undecided() {
        let share = |tiles: f64| {
            let open = tiles / 6.0 * 4.0 * 127.0 * 128.0 / (255.0 * 255.0);
            open / (open + HALF)
        };
        let cases: [(&str, Vec<u8>, f32, f64); 7] = [
            ("background", mask(|_, _| 0), 0.0, 0.0),
            ("foreground", mask(|_, _| 255), 0.0, 0.0),
            (
                "a thin edge",
                mask(|x, _| {
                    if x < 5 {
                        255
                    } else if x < 8 {
                        127
                    } else {
                        0
                    }
                }),
                0.0,
                0.0,
            ),
            (
                "one tile",
                mask(|x, y| if x < 8 && y < 8 { 127 } else { 255 }),
                0.0,
                share(1.0),
            ),
            (
                "a tile at the border",
                mask(|x, y| if x > 15 && y > 7 { 127 } else { 0 }),
                0.0,
                share(1.0),
            ),
            ("everything", mask(|_, _| 128), 0.0, share(6.0)),
            ("half of it apart", mask(|_, _| 255), 0.5, 0.5),
        ];
        for (name, mask, scatter, expected) in cases {
            let found = f64::from(of(&mask, 20, scatter));
            assert!(
                (found - expected).abs() < 1e-6,
                "{name}: {found} instead of {expected}"
            );
        }
    }
}
