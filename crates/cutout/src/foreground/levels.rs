//! Colours of foreground and background on grids, from one cell to all of them.

use wide::f32x4;

use super::needed::Needed;
use super::{Pair, shares};
use crate::grid::Grid;

/// Weight of the likeness of neighbours where alpha does not change.
const SMOOTHNESS: f32 = 1e-5;
/// Rounds on levels of at most [`SMALL`] cells a side, and on larger ones. Rounds take a cell's neighbours as they were,
/// so that a mirrored image has mirrored colours, and need more of them than the paper's.
const ROUNDS: [usize; 2] = [10, 4];
const SMALL: usize = 160;

/// A grid that is solved for.
pub(super) struct Level {
    colours: Grid<3>,
    alphas: Grid<1>,
}

/// The pairs of some cells of a grid; the others are black.
#[derive(Debug)]
pub(super) struct Pairs {
    /// For each cell of the grid its place in `pairs`, of which the first is black.
    numbers: Vec<u32>,
    pairs: Vec<Pair>,
}

impl Pairs {
    /// The pair of a grid of one cell.
    fn one(pair: Pair) -> Self {
        Self {
            numbers: vec![1],
            pairs: vec![BLACK, pair],
        }
    }

    /// The pair of a cell.
    pub(super) fn at(&self, cell: usize) -> &Pair {
        &self.pairs[self.numbers[cell] as usize]
    }

    /// All pairs, the black one included.
    pub(super) fn all_mut(&mut self) -> &mut [Pair] {
        &mut self.pairs
    }
}

const BLACK: Pair = [f32x4::ZERO; 2];

/// The colours that explain `colours` by `alphas` in each cell of their grid that is `needed`; the others are left black.
///
/// A round reads a cell's neighbours, so the cells that have a say in a needed one are those within as many steps as there
/// are rounds, on each level: nothing else is computed.
pub(super) fn solve(colours: Grid<3>, alphas: Grid<1>, needed: Needed) -> Pairs {
    let mut pairs = Pairs::one(seed(&colours.cells, &alphas.cells));
    let (mut levels, mut needs) = (Vec::new(), Vec::new());
    let (mut level, mut needed) = (Level { colours, alphas }, needed);
    loop {
        needed = needed.grown(level.rounds());
        let coarser = level.coarser();
        needs.push(needed);
        levels.push(level);
        let Some(coarser) = coarser else { break };
        level = coarser;
        let (width, height) = level.size();
        needed = needs[needs.len() - 1].sources(width, height);
    }
    let mut size = (1, 1);
    for (level, needed) in levels.iter().zip(&needs).rev() {
        pairs = level.solve(&pairs, size, needed);
        size = level.size();
    }
    pairs
}

/// Mean colours where alpha is almost 1 and where it is almost 0; where it is nowhere, of everything.
fn seed(colours: &[[u8; 3]], alphas: &[[u8; 1]]) -> Pair {
    let mean = |inside: &dyn Fn(u8) -> bool| {
        let (mut count, mut sums) = (0_u64, [0_u64; 3]);
        for (colour, _) in colours
            .iter()
            .zip(alphas)
            .filter(|(_, [alpha])| inside(*alpha))
        {
            count += 1;
            sums.iter_mut()
                .zip(colour)
                .for_each(|(sum, value)| *sum += u64::from(*value));
        }
        (count > 0).then(|| sums.map(|sum| (sum as f64 / (count as f64 * 255.0)) as f32))
    };
    let all = mean(&|_| true).unwrap_or([0.5; 3]);
    let front = mean(&|alpha| alpha > 229).unwrap_or(all);
    let back = mean(&|alpha| alpha < 26).unwrap_or(all);
    [front, back].map(|[r, g, b]| f32x4::new([r, g, b, 0.0]))
}

impl Level {
    fn size(&self) -> (usize, usize) {
        (self.colours.width, self.colours.height)
    }

    /// The next coarser level, unless this one is a single cell.
    fn coarser(&self) -> Option<Self> {
        let (width, height) = self.size();
        let longer = width.max(height);
        let side = longer.div_ceil(2);
        (longer > 1).then(|| Self {
            colours: Grid::of(&self.colours.cells, width, height, side),
            alphas: Grid::of(&self.alphas.cells, width, height, side),
        })
    }

    /// Rounds of improvement; a cell that is alone has no neighbours, but the seed.
    fn rounds(&self) -> usize {
        match self.colours.width.max(self.colours.height) {
            ..=1 => 0,
            longer => ROUNDS[usize::from(longer > SMALL)],
        }
    }

    /// The `needed` cells' colours, from `coarser`, those of a grid of size `from`.
    fn solve(&self, coarser: &Pairs, from: (usize, usize), needed: &Needed) -> Pairs {
        let numbers = needed.numbers();
        let (mut pairs, mut cells) = (vec![BLACK], Vec::new());
        needed.each_with_source(from, |at, source| {
            pairs.push(*coarser.at(source));
            cells.push(self.cell(at, &numbers));
        });
        let mut improved = pairs.clone();
        for _ in 0..self.rounds() {
            for (improved, cell) in improved[1..].iter_mut().zip(&cells) {
                *improved = cell.solve(&pairs);
            }
            std::mem::swap(&mut pairs, &mut improved);
        }
        Pairs { numbers, pairs }
    }

    /// Cell `at`, where cells have these `numbers`.
    fn cell(&self, at: usize, numbers: &[u32]) -> Cell {
        let (width, height) = self.size();
        let alpha = |cell: usize| f32::from(self.alphas.cells[cell][0]) / 255.0;
        let (own, rest) = (alpha(at), 1.0 - alpha(at));
        let (x, y) = (at % width, at / width);
        let near = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then(|| at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then(|| at + width),
        ];
        let alike =
            near.map(|other| other.map_or(0.0, |other| SMOOTHNESS + (own - alpha(other)).abs()));
        let [left, right, above, below] = alike;
        let sum = (left + right + (above + below)).max(SMOOTHNESS);
        Cell {
            near: near.map(|other| numbers[other.unwrap_or(at)] as usize),
            alike,
            alpha: own,
            colour: shares(&self.colours.cells[at]),
            sum,
            scale: 1.0 / (sum * (own * own + rest * rest + sum)),
        }
    }
}

/// A cell, and what does not change from round to round.
struct Cell {
    /// The numbers of the neighbours at the left, at the right, above and below; its own where there is none.
    near: [usize; 4],
    /// How alike they are to be; 0 where there is none.
    alike: [f32; 4],
    alpha: f32,
    colour: f32x4,
    /// Of all of `alike`.
    sum: f32,
    scale: f32,
}

impl Cell {
    /// Least squares: the cell's mixture is its colour, and it is like its neighbours among `pairs`.
    fn solve(&self, pairs: &[Pair]) -> Pair {
        let mut sums = [f32x4::ZERO; 2];
        for (at, share) in self.near.into_iter().zip(self.alike) {
            let pair = &pairs[at];
            sums[0] += pair[0] * share;
            sums[1] += pair[1] * share;
        }
        let (alpha, rest) = (self.alpha, 1.0 - self.alpha);
        let (fore, behind) = (rest * rest + self.sum, alpha * alpha + self.sum);
        let (front, back) = (self.colour * alpha + sums[0], self.colour * rest + sums[1]);
        let both = alpha * rest;
        [front * fore - back * both, back * behind - front * both].map(|value| {
            (value * self.scale)
                .fast_max(f32x4::ZERO)
                .fast_min(f32x4::ONE)
        })
    }
}
