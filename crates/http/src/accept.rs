//! Content negotiation: the header `Accept`, as RFC 9110 reads it.

use cutout::Format;
use http::{HeaderMap, header};
use mediatype::{MediaType, MediaTypeList};

/// The image formats of results, with their subtypes.
const IMAGES: [(Format, &str); 3] = [
    (Format::Png, "png"),
    (Format::WebP, "webp"),
    (Format::Jpeg, "jpeg"),
];

/// All lines of `Accept` as one; a client that says nothing takes everything.
pub(crate) fn accepted(headers: &HeaderMap) -> String {
    let lines = headers.get_all(header::ACCEPT).iter();
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    let all = lines.join(", ");
    if all.trim().is_empty() {
        return "*/*".into();
    }
    all
}

/// The image format that `accept` likes best, the earlier in its order where it likes several alike; `None` when it likes
/// none.
pub(crate) fn best_image(accept: &str) -> Option<Format> {
    let ranges = ranges(accept);
    let mut best: Option<(Liking, Format)> = None;
    for (format, subtype) in IMAGES {
        let Some(liking) = liking(&ranges, ("image", subtype)) else {
            continue;
        };
        if best.is_none_or(|(found, _)| liking.is_more_than(found)) {
            best = Some((liking, format));
        }
    }
    best.map(|(_, format)| format)
}

/// Whether `accept` likes JSON better than every image format. Alike is not better: axios and Angular put JSON before
/// `*/*` in each request, whatever it is for.
pub(crate) fn prefers_json(accept: &str) -> bool {
    let ranges = ranges(accept);
    let quality = |ours| liking(&ranges, ours).map_or(0.0, |liking| liking.quality);
    let json = quality(("application", "json"));
    IMAGES
        .iter()
        .all(|(_, subtype)| json > quality(("image", subtype)))
}

fn ranges(accept: &str) -> Vec<MediaType<'_>> {
    MediaTypeList::new(accept).flatten().collect()
}

/// How much a type is liked, and at which place of the list that is said.
#[derive(Clone, Copy)]
struct Liking {
    quality: f32,
    place: usize,
}

impl Liking {
    fn is_more_than(self, other: Self) -> bool {
        self.quality > other.quality || (self.quality == other.quality && self.place < other.place)
    }
}

/// Quality by the most specific range that fits; `None` when none does, or it excludes the type.
fn liking(ranges: &[MediaType<'_>], ours: (&str, &str)) -> Option<Liking> {
    let fitting = ranges.iter().enumerate().rev();
    let fitting = fitting.filter_map(|(place, range)| Some((fit(range, ours)?, place, range)));
    let (_, place, range) = fitting.max_by_key(|(how_well, ..)| *how_well)?;
    let quality = range.params.iter().find(|(name, _)| *name == "q");
    let quality = quality.map_or(1.0, |(_, q)| q.as_str().parse().unwrap_or(0.0));
    (quality > 0.0).then_some(Liking { quality, place })
}

/// How specific a range is that fits.
fn fit(range: &MediaType<'_>, (ty, subty): (&str, &str)) -> Option<u8> {
    let is = |name: &str, ours: &str| name.eq_ignore_ascii_case(ours);
    match (range.ty.as_str(), range.subty.as_str()) {
        ("*", "*") => Some(0),
        (name, "*") if is(name, ty) => Some(1),
        (name, sub) if is(name, ty) && is(sub, subty) => Some(2),
        _ => None,
    }
}
