//! What the figures mean, in a few words.

use crate::bench::record::Figure;

/// What was measured, as a phrase.
pub(super) fn definition(figure: Figure) -> &'static str {
    match figure {
        Figure::ProcessWarm => "from exec to exit, the picture written, the page cache warm",
        Figure::ProcessCold => {
            "from exec to exit, the picture written; program and host image dropped from the page cache before"
        }
        Figure::Load => "mapping and linking the host image; natively, making the model ready",
        Figure::Instantiate => "from the linked component to an instance",
        Figure::First => "the first picture on a fresh instance, instantiation included",
        Figure::Steady => "a later picture on the same instance",
        Figure::Fresh => "a fresh instance, a picture, and the instance dropped",
        Figure::ThroughputReused => "pictures per second, each worker keeping its instance",
        Figure::ThroughputFresh => "pictures per second, a fresh instance for each picture",
        Figure::ProcessPeak => "the largest resident set of a whole process",
        Figure::LinearPeak => "the largest linear memory of an instance",
        Figure::IdleRss => "the resident set with the model ready and no picture seen",
        Figure::IdlePss => "the proportional set with the model ready and no picture seen",
        Figure::IdlePrivateDirty => {
            "the private dirty pages with the model ready and no picture seen"
        }
        Figure::IdleInstance => "the proportional set that one more idle instance adds",
        Figure::BusyInstance => {
            "the proportional set that one more instance adds that keeps a picture's memory"
        }
        Figure::IdleInGibibyte => "idle instances alive within 1 GiB of proportional set",
        Figure::BusyInGibibyte => {
            "instances within 1 GiB of proportional set that keep a picture's memory"
        }
        Figure::AfterBurst => "the resident set after a burst has ended over that before it",
        Figure::LongRun => {
            "the resident set after each picture of a long run with a fresh instance for each"
        }
        Figure::Size => "the size of a program, component or host image as a file",
    }
}
