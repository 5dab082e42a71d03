//! The parts of a band of input rows that one output pixel reads.

use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Direct;

/// The runs of the band that one output pixel reads: kernel rows where taps are adjacent, single taps otherwise.
pub(super) struct Segments {
    starts: [usize; 9],
    count: usize,
    pub(super) depth: usize,
}

impl Segments {
    pub(super) fn new(job: &ConvJob<'_, Direct>) -> Self {
        let joined = job.conv.dilation == 1;
        let (across, depth) = if joined {
            (1, job.conv.kernel * job.conv.inputs)
        } else {
            (job.conv.kernel, job.conv.inputs)
        };
        let mut starts = [0; 9];
        for ky in 0..job.conv.kernel {
            for kx in 0..across {
                starts[ky * across + kx] = ky * job.conv.dilation * job.layout.row
                    + kx * job.conv.dilation * job.conv.inputs;
            }
        }
        Self {
            starts,
            count: job.conv.kernel * across,
            depth,
        }
    }

    /// Where each run begins, in values from the pixel's first.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts[..self.count]
    }
}
