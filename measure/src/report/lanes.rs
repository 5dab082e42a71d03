//! Plots with a lane for each row and figure, numbers from left to right.

use std::f64::consts::GOLDEN_RATIO;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{self, Area, DrawError, GRID, INK, LegendEntry, Look, TEXT};
use super::format::tick;
use super::stats::{extent, median};

/// Content of a lane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Every sample, and a line at the median, which stands above it.
    Dots,
    /// A bar as long as the median, which stands above its end, with a line from the least to the greatest sample.
    Bar,
}

/// A lane: the index of its kind, and its samples on the axis' scale.
pub(super) struct Lane {
    pub(super) kind: usize,
    pub(super) samples: Vec<f64>,
    pub(super) label: String,
}

/// A plot.
pub(super) struct Lanes<'a> {
    pub(super) axis: &'a str,
    pub(super) mark: Mark,
    /// The lanes of each kind.
    pub(super) kinds: Vec<String>,
    pub(super) rows: Vec<(&'a str, Vec<Lane>)>,
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Heights in pixels, which are also the plot's own units from top to bottom: the name of a row, the label of a lane, and its
/// marks.
const NAME: i32 = 30;
const LABEL: i32 = 18;
const MARKS: i32 = 26;
/// Room at the left of the axis.
const LEFT: i32 = 16;

/// The plot as SVG, `width` pixels wide.
pub(super) fn draw(lanes: &Lanes<'_>, width: i32) -> Result<String, DrawError> {
    let legend: Vec<LegendEntry> = lanes
        .kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| LegendEntry {
            label: kind.clone(),
            colour: canvas::colour(index),
            look: Look::Filled,
        })
        .collect();
    let in_rows = lanes
        .rows
        .iter()
        .map(|(_, lanes)| NAME + lanes.len() as i32 * (LABEL + MARKS));
    let total: i32 = in_rows.sum();
    canvas::svg(width, total + 64, &legend, |area| {
        draw_chart(area, lanes, total, width)
    })
}

fn draw_chart(area: &Area<'_>, lanes: &Lanes<'_>, total: i32, width: i32) -> Result<(), DrawError> {
    let all = lanes.rows.iter().flat_map(|(_, lanes)| lanes);
    let greatest = all.map(|lane| extent(&lane.samples).1).fold(0.0, f64::max);
    let end = if greatest > 0.0 { greatest * 1.06 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(24)
        .margin_left(LEFT)
        .x_label_area_size(56)
        .build_cartesian_2d(0.0..end, 0.0..f64::from(total))?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_labels((width / 80) as usize)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .x_desc(lanes.axis)
        .x_label_formatter(&|value| tick(*value))
        .label_style(("sans-serif", TEXT).into_font().color(&INK))
        .draw()?;
    let mut top = total;
    for (row, lanes_of_row) in &lanes.rows {
        let (x, y) = local(area, &chart, (0.0, f64::from(top - NAME / 2)));
        let font = ("sans-serif", TEXT).into_font().style(FontStyle::Bold);
        let bold = TextStyle {
            font,
            ..canvas::text(HPos::Left)
        };
        area.draw_text(&canvas::shortened(row, width - 48), &bold, (x + 6, y))?;
        top -= NAME;
        for lane in lanes_of_row {
            draw_lane(area, &mut chart, lanes.mark, lane, top)?;
            top -= LABEL + MARKS;
        }
    }
    Ok(())
}

/// Draws a lane whose upper end is at `top`: the median's label, and below it the marks.
fn draw_lane(
    area: &Area<'_>,
    chart: &mut Chart<'_, '_>,
    mark: Mark,
    lane: &Lane,
    top: i32,
) -> Result<(), DrawError> {
    let colour = canvas::colour(lane.kind);
    let median = median(&lane.samples);
    let (least, greatest) = extent(&lane.samples);
    let middle = f64::from(top - LABEL) - f64::from(MARKS) / 2.0;
    let upright = |x: f64, down: f64, up: f64| {
        let ends = [(x, middle - down), (x, middle + up)];
        PathElement::new(ends, INK.stroke_width(2))
    };
    match mark {
        Mark::Dots => {
            let dots = lane.samples.iter().enumerate().map(|(index, sample)| {
                let place = (*sample, middle + spread(index) * f64::from(MARKS));
                Circle::new(place, 3, colour.mix(0.55).filled())
            });
            chart.draw_series(dots)?;
            chart.draw_series([upright(median, 10.0, 14.0)])?;
        }
        Mark::Bar => {
            let corners = [(0.0, middle - 9.0), (median, middle + 9.0)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            let whisker = [(least, middle), (greatest, middle)];
            chart.draw_series([PathElement::new(whisker, INK.stroke_width(2))])?;
            chart.draw_series([upright(least, 5.0, 5.0), upright(greatest, 5.0, 5.0)])?;
            chart.draw_series([upright(median, 9.0, 14.0)])?;
        }
    }
    let (x, y) = local(area, chart, (median, f64::from(top - LABEL / 2)));
    // Above the median, but for what would be cut at the right or cross the axis.
    let half = canvas::width(&lane.label) / 2;
    let (right, _) = area.dim_in_pixel();
    let x = x.min(right as i32 - half).max(LEFT + half);
    area.draw_text(&lane.label, &canvas::text(HPos::Center), (x, y))
}

/// Where a sample's dot lies across its lane: near samples far apart, the same at every drawing.
fn spread(index: usize) -> f64 {
    ((index as f64).mul_add(GOLDEN_RATIO, 0.5).fract() - 0.5) * 0.6
}

fn local(area: &Area<'_>, chart: &Chart<'_, '_>, point: (f64, f64)) -> (i32, i32) {
    let (x, y) = chart.backend_coord(&point);
    let (left, top) = area.get_base_pixel();
    (x - left, y - top)
}
