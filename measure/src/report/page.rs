//! The page of HTML: nothing outside of it, no script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::canvas::DrawError;
use super::plots::{self, Plot};
use super::tables::{self, Table};
use crate::error::Error;
use crate::figure::Figure;
use crate::record::Record;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem; }
p, figure { max-width: 60rem; }
.date { white-space: nowrap; }
h1 { font-size: 1.6rem; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.75rem; text-align: right; border-bottom: 1px solid #8888; }
thead th { vertical-align: bottom; font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 400; }
tbody th, td { white-space: nowrap; }
td.words { white-space: normal; min-width: 18rem; }
figure { margin: 1.5rem 0 2.5rem; }
figure > div { background: #fff; border: 1px solid #8888; padding: 0.5rem; }
svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: 0.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { display: block; } }
";

/// The record as a page that needs nothing else.
///
/// # Errors
///
/// Only if a plot cannot be drawn.
pub fn html(record: &Record) -> Result<String, Error> {
    let plots = plots::all(record).map_err(|e| undrawn(&e))?;
    let title = format!("Cutout measured: {}", record.about.model);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (summary(record))
                    @if !plots.is_empty() { h2 { "Plots" } }
                    @for plot in &plots { (figure(plot)) }
                    h2 { "Tables" }
                    @for part in &tables::all(record) {
                        h3 { (part.title) }
                        (table(part))
                    }
                    h2 { "What was measured" }
                    (definitions(record))
                    h2 { "On what" }
                    (about(record))
                }
            }
        }
    };
    Ok(page.into_string())
}

fn undrawn(error: &DrawError) -> Error {
    Error::Io(format!("the plots cannot be drawn: {error}"))
}

fn summary(record: &Record) -> Markup {
    let about = &record.about;
    let main_numbers = tables::main_numbers(record);
    let names = tables::measured(record);
    html! {
        p {
            @for (index, name) in names.iter().enumerate() {
                @if index > 0 { ", " }
                strong { (name) }
            }
            @match names.len() {
                0 => "Measured",
                1 => " measured",
                _ => " compared",
            }
            " on the image " (tables::image(record)) " with the model " (about.model)
            ": " (about.cpu) ", " (about.cores) " cores, " (about.system)
            ", wasmtime " (about.wasmtime) ", " span.date { (about.date) } "."
        }
        @if !main_numbers.body.is_empty() {
            h3 { (main_numbers.title) }
            (table(&main_numbers))
        }
        @if !record.ratios.is_empty() {
            ul {
                @for ratio in &record.ratios {
                    li {
                        (ratio.figure.title()) ", " (ratio.row) " ÷ " (ratio.over) ": "
                        @match &ratio.value {
                            Ok(quotient) => strong { (format!("{quotient:.2}")) },
                            Err(reason) => { "refused: " (reason) },
                        }
                    }
                }
            }
        }
    }
}

fn table(table: &Table) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(table.title) {
            table {
                thead {
                    tr {
                        @for name in &table.head { th scope="col" { (name) } }
                    }
                }
                tbody {
                    @for line in &table.body {
                        tr {
                            @for (column, cell) in line.iter().enumerate() {
                                @if column == 0 {
                                    th scope="row" { (cell) }
                                } @else {
                                    td.words[cell.len() > 40] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figure(plot: &Plot) -> Markup {
    let label = format!("{}. The tables below have its numbers.", plot.title);
    let marked = html! { svg role="img" aria-label=(label) {} }.into_string();
    // The backend opens its drawing in its own way.
    let opening = format!("{} ", marked.trim_end_matches("></svg>"));
    let svg = plot.svg.replacen("<svg ", &opening, 1);
    html! {
        figure {
            div { (PreEscaped(svg)) }
            figcaption { strong { (plot.title) "." } " " (plot.caption) }
        }
    }
}

fn definitions(record: &Record) -> Markup {
    let mut figures: Vec<Figure> = record.series.iter().map(|series| series.figure).collect();
    figures.sort_unstable();
    figures.dedup();
    html! {
        dl {
            @for figure in figures {
                dt { (figure.title()) }
                dd { (figure.definition()) }
            }
        }
        p {
            "“p95” is the 95th percentile, “p99” the 99th: a quantile between two samples is interpolated "
            "(Hyndman and Fan's eighth definition). Of few samples both are close to the greatest."
        }
    }
}

fn about(record: &Record) -> Markup {
    html! {
        dl {
            @for (name, value) in tables::about(record) {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}
