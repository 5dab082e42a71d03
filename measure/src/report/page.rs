//! The page of HTML: nothing outside of it, no script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::canvas::DrawError;
use super::plots::{self, Plot};
use super::tables::{self, Table};
use super::verdict::verdict;
use super::{about, comparison, contents};
use crate::error::Error;
use crate::figure::Figure;
use crate::record::Record;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Colours of the plots in the dark take the place of those that they are drawn with.
const STYLE: &str = "
:root { color-scheme: light dark; --line: light-dark(#d0d0d0, #444); --soft: light-dark(#555, #b5b5b5); --card: light-dark(#fff, #1c1c1c); --paper: light-dark(#fff, #161616); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; background: var(--paper); color: light-dark(#1a1a1a, #ececec); }
p, figure, dl { max-width: 60rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
.verdict { font-size: 1.15rem; padding: 0.75rem 1rem; border-left: 4px solid light-dark(#0072b2, #56b4e9); background: light-dark(#f2f6f9, #1e2429); }
.note, figcaption { color: var(--soft); font-size: 0.9rem; }
.date { white-space: nowrap; }
.wide { overflow-x: auto; max-width: max-content; }
.wide:focus-visible { outline: 3px solid light-dark(#0072b2, #56b4e9); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.75rem; text-align: right; border-bottom: 1px solid var(--line); }
thead th { vertical-align: bottom; font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; min-width: 8rem; }
tbody th { font-weight: 400; }
td { white-space: nowrap; }
td.words { white-space: normal; min-width: 12rem; }
figure { margin: 1.5rem 0 2.5rem; }
figure > div { background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.5rem; }
svg { max-width: 100%; height: auto; }
.on-desk { display: block; }
.on-phone { display: none; width: min(100%, 27rem); }
figcaption { margin-top: 0.5rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.25rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 50rem) {
  .on-desk { display: none; }
  .on-phone { display: block; }
  dl { display: block; }
  dd { margin-bottom: 0.5rem; }
  table { font-size: 0.875rem; }
  th, td { padding: 0.3rem 0.4rem; }
  th:first-child { min-width: 6.5rem; position: sticky; left: 0; background: var(--paper); }
}
@media (prefers-color-scheme: dark) {
  svg [fill='#222222'] { fill: #e6e6e6; }
  svg [stroke='#222222'] { stroke: #e6e6e6; }
  svg [stroke='#DDDDDD'] { stroke: #3a3a3a; }
  svg [fill='#000000'] { fill: #fff; }
  svg [stroke='#000000'] { stroke: #fff; }
  svg [fill='#0072B2'] { fill: #2b8ccb; }
  svg [stroke='#0072B2'] { stroke: #2b8ccb; }
}
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
                    @for part in contents::tables(record).iter().filter(|part| part.title != comparison::RATIOS) {
                        h3 { (part.title) }
                        (table(part))
                    }
                    h2 { "What was measured" }
                    (definitions(record))
                    h2 { "On what" }
                    (circumstances(record))
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
    let ratios = comparison::ratios(record);
    let names = tables::measured(record);
    let verdict = verdict(record);
    html! {
        @if !verdict.is_empty() { p.verdict { (verdict) } }
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
            " on the image " (about::image(record)) " with the model " (about.model)
            ": " (about.cpu) ", " (about.cores) " cores, " (about.system)
            ", wasmtime " (about.wasmtime) ", " span.date { (about.date) } "."
        }
        @for part in [&main_numbers, &ratios].into_iter().filter(|part| !part.body.is_empty()) {
            h2 { (part.title) }
            (table(part))
        }
        p.note { (about::notes()) }
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
    let drawings = plot.svgs.iter().zip(["on-desk", "on-phone"]);
    let drawings = drawings.map(|(svg, class)| {
        let marked = html! { svg class=(class) role="img" aria-label=(label) {} }.into_string();
        // The backend opens its drawing in its own way.
        let opening = format!("{} ", marked.trim_end_matches("></svg>"));
        PreEscaped(svg.replacen("<svg ", &opening, 1))
    });
    html! {
        figure {
            div { @for drawing in drawings { (drawing) } }
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
    }
}

fn circumstances(record: &Record) -> Markup {
    html! {
        dl {
            @for (name, value) in about::about(record) {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}
