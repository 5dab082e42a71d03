//! The sheet as one file for a browser, which needs no other file and no network.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::item::{Counts, Item, Made, Outcome, UNCERTAIN, read};
use super::link;
use crate::Error;
use crate::batch::manifest::Manifest;

const STYLE: &str = include_str!("sheet.css");
const SCRIPT: &str = include_str!("sheet.js");

/// Which page of a sheet is written.
pub(super) struct Place<'a> {
    /// Its number, from 0.
    pub(super) page: usize,
    /// Where all pages are.
    pub(super) paths: &'a [PathBuf],
    /// The number of its first image, from 0.
    pub(super) first: usize,
}

/// A page with `items` of a sheet with as many images as `counts` says.
///
/// # Errors
/// Kind `io` for a thumbnail that cannot be read.
pub(super) fn page(
    items: &[&Item],
    counts: &Counts,
    place: &Place<'_>,
    manifest: &Manifest,
) -> Result<String, Error> {
    let folder = link::whole(&place.paths[place.page]);
    let folder = folder.parent().unwrap_or(Path::new("/"));
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Contact sheet: " (counted(counts.all(), "image")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Contact sheet" }
                    (summary(counts))
                    (legend())
                    @if place.paths.len() > 1 { (pages(place, items.len(), counts, folder)) }
                }
                (controls(items))
                main {
                    ul #images role="list" {
                        @for item in items { (entry(item, folder, manifest)?) }
                    }
                    p #none hidden { "No image matches." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(markup.into_string())
}

/// Nothing from elsewhere, and no script but the page's own.
fn policy() -> String {
    let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn counted(count: usize, what: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{count} {what}{many}")
}

fn summary(counts: &Counts) -> Markup {
    html! {
        p #counts {
            strong { (counted(counts.all(), "image")) } ": "
            (counts.done) " done, " (counts.unchanged) " unchanged since an earlier run, "
            span.failure[counts.failed > 0] { (counts.failed) " failed" } "; "
            span.doubt[counts.uncertain > 0] { (counts.uncertain) " uncertain" } "."
        }
    }
}

fn legend() -> Markup {
    html! {
        p.legend {
            (mark("uncertain")) " marks results to look at first: an uncertainty of "
            (format!("{UNCERTAIN:.2}")) " or more, from 0 (the network was sure everywhere) to 1 (nowhere), or no subject found. "
            "The left thumbnail opens the original, the right one the result."
        }
    }
}

fn mark(text: &str) -> Markup {
    html! { span.mark { span aria-hidden="true" { "▲ " } (text) } }
}

fn pages(place: &Place<'_>, shown: usize, counts: &Counts, folder: &Path) -> Markup {
    html! {
        nav aria-label="Pages" {
            "Pages: "
            @for (number, path) in place.paths.iter().enumerate() {
                @if number == place.page {
                    strong aria-current="page" { (number + 1) }
                } @else {
                    a href=(link::relative(folder, &link::whole(path))) { (number + 1) }
                }
                " "
            }
            span {
                "This one has the images " (place.first + 1) " to " (place.first + shown) " of " (counts.all())
                ", failed ones and the least certain first. Search, filters and order apply to this page only."
            }
        }
    }
}

/// What narrows and orders the list, which shows once the script runs.
fn controls(items: &[&Item]) -> Markup {
    let here = Counts::of(items);
    let filters = [
        ("", "All", here.all()),
        ("uncertain", "Uncertain", here.uncertain),
        ("failed", "Failed", here.failed),
    ];
    html! {
        div #controls role="search" aria-label="Images" hidden {
            fieldset {
                legend { "Show" }
                @for (value, name, count) in filters {
                    label {
                        input type="radio" name="show" value=(value) checked[value.is_empty()];
                        span { (name) " " b { (count) } }
                    }
                }
            }
            label.field {
                span { "Order" }
                select #order {
                    option value="doubt" { "Least certain first" }
                    option value="name" { "By name" }
                }
            }
            label.field {
                span { "Name contains" }
                input #search type="search" autocomplete="off" spellcheck="false";
            }
            output #shown role="status" { (counted(here.all(), "image")) }
        }
    }
}

fn entry(item: &Item, folder: &Path, manifest: &Manifest) -> Result<Markup, Error> {
    let name = &item.name;
    let original = link::relative(folder, &link::whole(&item.original));
    Ok(match &item.outcome {
        Outcome::Failed { kind, message } => html! {
            li data-kind="failed" {
                p.name { bdi { (name) } }
                p.note { span.failure { "failed: " (kind) } " · " a href=(original) { "original" } }
                p.reason { (message) }
            }
        },
        Outcome::Made(made) => {
            let link = |path: &Path| link::relative(folder, &link::whole(path));
            let result = link(&made.result);
            let kind = made.is_uncertain().then_some("uncertain");
            html! {
                li data-kind=[kind] data-uncertainty=(format!("{:.4}", made.uncertainty)) {
                    @if let Some([before, after]) = &made.thumbnails {
                        div.pair {
                            a href=(original) { img decoding="async" src=(source(before, manifest)?) alt={ "Original of " (name) }; }
                            a href=(result) { img decoding="async" src=(source(after, manifest)?) alt={ "Result of " (name) }; }
                        }
                    }
                    p.name { bdi { (name) } }
                    (note(made, &original, &result, made.mask.as_deref().map(link)))
                }
            }
        }
    })
}

/// What there is to say of a result.
fn note(made: &Made, original: &str, result: &str, mask: Option<String>) -> Markup {
    html! {
        p.note {
            @if made.is_uncertain() { (mark(if made.has_subject { "uncertain" } else { "no subject" })) " · " }
            "uncertainty " (format!("{:.3}", made.uncertainty))
            @if made.unchanged { " · unchanged" }
            @if made.thumbnails.is_none() {
                " · " a href=(original) { "original" } " · " a href=(result) { "result" }
            }
            @if let Some(mask) = mask { " · " a href=(mask) { "mask" } }
        }
    }
}

/// A thumbnail as a part of the page.
fn source(path: &Path, manifest: &Manifest) -> Result<String, Error> {
    let bytes = read(path, manifest)?;
    let encoded = BASE64_STANDARD.encode(bytes);
    Ok(format!("data:image/webp;base64,{encoded}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_are_the_ones_that_the_policy_allows() {
        // An end tag in one of them would end it early, and the digest would be of other text.
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "{text}");
        }
        let policy = policy();
        assert_eq!(policy.matches("sha256-").count(), 2, "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
