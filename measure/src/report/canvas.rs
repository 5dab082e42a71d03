//! Parts that all plots share: paper, ink, and the legend above.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Errors of drawing.
pub(super) type DrawError = DrawingAreaErrorKind<std::io::Error>;

/// A part of the paper.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The widths that every plot is drawn in, in pixels: for a desk, and for a phone, where text stays as large.
pub(super) const WIDTHS: [i32; 2] = [860, 340];

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);

/// Lines behind the data.
pub(super) const GRID: RGBColor = RGBColor(221, 221, 221);

/// The size of all text; the SVG backend renders it as 13 pixels.
pub(super) const TEXT: i32 = 16;

/// Largest mean width of a character, there being no font to ask.
pub(super) const CHARACTER: i32 = 8;

const LEGEND_LINE: i32 = 22;
const SAMPLE: i32 = 22;

/// Okabe and Ito's colours, which the colour-blind can tell apart, less yellow, too pale for white paper.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// The colour of the row or kind with this index.
pub(super) fn colour(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// How an entry of the legend looks in the plot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Dots or bars.
    Filled,
    /// A line.
    Line,
    /// A dashed line.
    Dashes,
}

/// An entry of the legend.
#[derive(Clone)]
pub(super) struct LegendEntry {
    pub(super) label: String,
    pub(super) colour: RGBColor,
    pub(super) look: Look,
}

/// A drawing without paper, the legend at its top and the plot below.
pub(super) fn svg(
    width: i32,
    height: i32,
    legend: &[LegendEntry],
    draw: impl FnOnce(&Area<'_>) -> Result<(), DrawError>,
) -> Result<String, DrawError> {
    let places = places(legend, width);
    let top = places.last().map_or(0, |(_, y)| y + LEGEND_LINE);
    let mut text = String::new();
    {
        let size = (width.unsigned_abs(), (top + height).unsigned_abs());
        let paper = SVGBackend::with_string(&mut text, size).into_drawing_area();
        for (entry, place) in legend.iter().zip(places) {
            draw_entry(&paper, entry, place, width)?;
        }
        let (_, below) = paper.split_vertically(top);
        draw(&below)?;
        paper.present()?;
    }
    Ok(text)
}

/// Text of the plots' size.
pub(super) fn text(across: HPos) -> TextStyle<'static> {
    let font = ("sans-serif", TEXT).into_font();
    TextStyle::from(font)
        .color(&INK)
        .pos(Pos::new(across, VPos::Center))
}

/// A name short enough for `room` pixels; the tables have it whole.
pub(super) fn shortened(name: &str, room: i32) -> String {
    let most = usize::try_from(room / CHARACTER).unwrap_or(0).max(2);
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

/// How wide a text may be.
pub(super) fn width(text: &str) -> i32 {
    i32::try_from(text.chars().count()).map_or(i32::MAX, |count| count.saturating_mul(CHARACTER))
}

fn places(legend: &[LegendEntry], paper: i32) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (16, 18);
    let mut places = Vec::new();
    for entry in legend {
        let wide = SAMPLE + 8 + width(&entry.label).min(paper) + 16;
        if x > 16 && x + wide > paper {
            (x, y) = (16, y + LEGEND_LINE);
        }
        places.push((x, y));
        x += wide;
    }
    places
}

fn draw_entry(
    paper: &Area<'_>,
    entry: &LegendEntry,
    (x, y): (i32, i32),
    width: i32,
) -> Result<(), DrawError> {
    let line = entry.colour.stroke_width(3);
    let pieces: &[(i32, i32)] = match entry.look {
        Look::Filled => {
            let corners = [(x + 4, y - 6), (x + 18, y + 6)];
            paper.draw(&Rectangle::new(corners, entry.colour.filled()))?;
            &[]
        }
        Look::Line => &[(0, SAMPLE)],
        Look::Dashes => &[(0, 6), (8, 14), (16, SAMPLE)],
    };
    for (from, to) in pieces {
        paper.draw(&PathElement::new([(x + from, y), (x + to, y)], line))?;
    }
    let place = (x + SAMPLE + 8, y);
    let label = shortened(&entry.label, width - place.0);
    paper.draw_text(&label, &text(HPos::Left), place)
}
