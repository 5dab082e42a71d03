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
    /// Every sample, and a line at the median.
    Dots,
    /// A bar as long as the median, with a line from the least to the greatest sample.
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

const LANE: i32 = 24;
/// Between two rows, in lanes.
const GAP: f64 = 0.5;

/// The plot as SVG.
pub(super) fn draw(lanes: &Lanes<'_>) -> Result<String, DrawError> {
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
    let count: usize = lanes.rows.iter().map(|(_, lanes)| lanes.len()).sum();
    let total = count as f64 + lanes.rows.len() as f64 * GAP;
    let height = (total * f64::from(LANE)) as i32 + 70;
    canvas::svg(height, &legend, |area| draw_chart(area, lanes, total))
}

fn draw_chart(area: &Area<'_>, lanes: &Lanes<'_>, total: f64) -> Result<(), DrawError> {
    let names = lanes.rows.iter().map(|(row, _)| canvas::shortened(row));
    let left = names.map(|name| canvas::width(&name)).max().unwrap_or(0) + 16;
    let all = lanes.rows.iter().flat_map(|(_, lanes)| lanes);
    let greatest = all.map(|lane| extent(&lane.samples).1).fold(0.0, f64::max);
    // Room for the number at the right of the farthest sample.
    let end = if greatest > 0.0 { greatest * 1.18 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(24)
        .x_label_area_size(56)
        .y_label_area_size(left)
        .build_cartesian_2d(0.0..end, 0.0..total)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(INK)
        .x_desc(lanes.axis)
        .x_label_formatter(&|value| tick(*value))
        .label_style(("sans-serif", TEXT).into_font().color(&INK))
        .draw()?;
    let mut top = total - GAP / 2.0;
    for (row, lanes_of_row) in &lanes.rows {
        let bottom = top - lanes_of_row.len() as f64;
        let (x, y) = local(area, &chart, (0.0, f64::midpoint(top, bottom)));
        let name = canvas::shortened(row);
        area.draw_text(&name, &canvas::text(HPos::Right), (x - 10, y))?;
        for lane in lanes_of_row {
            draw_lane(area, &mut chart, lanes.mark, lane, top - 0.5)?;
            top -= 1.0;
        }
        top -= GAP;
    }
    Ok(())
}

fn draw_lane(
    area: &Area<'_>,
    chart: &mut Chart<'_, '_>,
    mark: Mark,
    lane: &Lane,
    middle: f64,
) -> Result<(), DrawError> {
    let colour = canvas::colour(lane.kind);
    let median = median(&lane.samples);
    let (least, greatest) = extent(&lane.samples);
    let upright = |x: f64, half: f64| {
        let ends = [(x, middle - half), (x, middle + half)];
        PathElement::new(ends, INK.stroke_width(2))
    };
    match mark {
        Mark::Dots => {
            let dots = lane.samples.iter().enumerate().map(|(index, sample)| {
                let place = (*sample, middle + spread(index));
                Circle::new(place, 3, colour.mix(0.55).filled())
            });
            chart.draw_series(dots)?;
            chart.draw_series([upright(median, 0.45)])?;
        }
        Mark::Bar => {
            let corners = [(0.0, middle - 0.36), (median, middle + 0.36)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            let whisker = [(least, middle), (greatest, middle)];
            chart.draw_series([PathElement::new(whisker, INK.stroke_width(2))])?;
            chart.draw_series([upright(least, 0.2), upright(greatest, 0.2)])?;
        }
    }
    let (x, y) = local(area, chart, (greatest.max(0.0), middle));
    area.draw_text(&lane.label, &canvas::text(HPos::Left), (x + 10, y))
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
