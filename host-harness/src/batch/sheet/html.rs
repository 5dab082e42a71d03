//! The sheet as one file for a browser.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::item::{Item, read};
use crate::Error;
use crate::batch::manifest::Manifest;

const STYLE: &str = "
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif }
body { margin: 1rem }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(264px, 1fr)); gap: 12px }
figure { margin: 0 }
figure div { display: flex; gap: 4px; align-items: center }
img { width: 128px; height: 128px; object-fit: contain; background: #8884 }
figcaption { overflow-wrap: anywhere; font-size: 12px }
nav a { margin-right: .5em }
";

/// Characters that have a meaning of their own in an address.
const SPECIAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?');

/// Page number `page`, from 0, of the sheet that stands in `pages`.
///
/// # Errors
/// Kind `io` for a thumbnail that cannot be read.
pub(super) fn page(
    items: &[&Item],
    missing: &BTreeMap<String, &'static str>,
    page: usize,
    pages: &[PathBuf],
    manifest: &Manifest,
) -> Result<String, Error> {
    let mut figures = Vec::with_capacity(items.len());
    for item in items {
        figures.push(figure(item, manifest)?);
    }
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "Cutout: contact sheet" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Contact sheet" }
                p { "Before and after, the least certain first." }
                @if pages.len() > 1 {
                    nav aria-label="Pages" {
                        @for (number, path) in pages.iter().enumerate() {
                            @if number == page {
                                strong { (number + 1) " " }
                            } @else {
                                a href=(link(path)) { (number + 1) }
                            }
                        }
                    }
                }
                @if !missing.is_empty() {
                    details open {
                        summary { (missing.len()) " without a result" }
                        ul { @for (name, kind) in missing { li { (name) ": " (kind) } } }
                    }
                }
                main { @for figure in figures { (figure) } }
            }
        }
    };
    Ok(markup.into_string())
}

/// A page beside this one.
fn link(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().as_bytes();
    format!("./{}", percent_encode(name, SPECIAL))
}

fn figure(item: &Item, manifest: &Manifest) -> Result<maud::Markup, Error> {
    let [before, after] = &item.thumbnails;
    let source =
        |bytes: Vec<u8>| format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(bytes));
    let source = |path: &Path| read(path, manifest).map(source);
    let (before, after) = (source(before)?, source(after)?);
    Ok(html! {
        figure {
            div {
                img src=(before) alt={ "Before: " (item.name) };
                img src=(after) alt={ "After: " (item.name) };
            }
            figcaption { (item.name) " · uncertainty " (format!("{:.3}", item.uncertainty)) }
        }
    })
}
