//! Plots with a line for each row.

use std::ops::Range;

use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::canvas::{self, DrawError, GRID, INK, LegendEntry, Look, TEXT};
use super::format::tick;

/// A line.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) entry: LegendEntry,
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot.
pub(super) struct Lines<'a> {
    pub(super) x_axis: &'a str,
    pub(super) y_axis: &'a str,
    /// Whether every point has a mark, there being few.
    pub(super) marks: bool,
    /// How many ticks the x axis may have, should it choose them.
    pub(super) x_ticks: usize,
    pub(super) lines: Vec<Line>,
}

const HEIGHT: i32 = 360;

/// The plot as SVG, `width` pixels wide, the x axis as given and the y axis from 0 to `top`.
pub(super) fn draw<X>(lines: Lines<'_>, x: X, top: f64, width: i32) -> Result<String, DrawError>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let (legend, points): (Vec<LegendEntry>, Vec<Vec<(f64, f64)>>) = lines
        .lines
        .into_iter()
        .map(|line| (line.entry, line.points))
        .unzip();
    canvas::svg(width, HEIGHT, &legend, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(10)
            .margin_right(24)
            .margin_left(6)
            .x_label_area_size(56)
            .y_label_area_size(64)
            .build_cartesian_2d(x, 0.0..if top > 0.0 { top } else { 1.0 })?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .x_labels(lines.x_ticks)
            .x_desc(lines.x_axis)
            .y_desc(lines.y_axis)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .label_style(("sans-serif", TEXT).into_font().color(&INK))
            .draw()?;
        for (entry, points) in legend.iter().zip(points) {
            let style = entry.colour.stroke_width(2);
            if lines.marks {
                let dots = points
                    .iter()
                    .map(|point| Circle::new(*point, 4, entry.colour.filled()));
                chart.draw_series(dots)?;
            }
            if entry.look == Look::Dashes {
                chart.draw_series(DashedLineSeries::new(points, 7, 5, style))?;
            } else {
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
        Ok(())
    })
}

/// The whole powers of ten around the values, and where the axis between them has its ticks, on a plot of `width` pixels.
pub(super) fn decades(least: f64, greatest: f64, width: i32) -> (Range<f64>, Vec<f64>) {
    let from = least.log10().floor() as i32;
    let to = (greatest.log10().ceil() as i32).max(from + 1);
    let digits: &[f64] = if (to - from) * 150 > width - 100 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let (start, end) = (10_f64.powi(from), 10_f64.powi(to));
    let ticks =
        (from..=to).flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)));
    (start..end, ticks.filter(|tick| *tick <= end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_powers_of_ten_has_the_values_and_few_ticks() {
        let cases: [(f64, f64, i32, f64, f64, usize); 6] = [
            (31.0, 180.0, 860, 10.0, 1000.0, 7),
            (31.0, 180.0, 340, 10.0, 1000.0, 3),
            (10.0, 10.0, 860, 10.0, 100.0, 4),
            (12.0, 12.5, 340, 10.0, 100.0, 4),
            (0.02, 5.0, 860, 0.01, 10.0, 10),
            (0.001, 2e5, 860, 0.001, 1e6, 10),
        ];
        for (least, greatest, width, start, end, ticks) in cases {
            let (range, found) = decades(least, greatest, width);
            assert_eq!((range.start, range.end), (start, end), "{least} {greatest}");
            assert_eq!(found.len(), ticks, "{found:?}");
        }
    }
}
