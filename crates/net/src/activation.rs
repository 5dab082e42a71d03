//! Activations: functions applied after an operator.

/// A function of one value, applied to every value of a map. Each is a limit to a range: kernels and quantisation use nothing else of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`, as in MobileNet (Sandler et al. 2018) and EfficientNet-Lite.
    Relu6,
}

impl Activation {
    /// Every activation, in the order of their numbers in a plan file.
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Relu, Self::Relu6];

    /// Smallest and largest result; `None` where every value stays what it is, also one that is not a number: it has to
    /// reach the output, since it tells of a damaged model.
    pub(crate) fn limits(self) -> Option<[f32; 2]> {
        match self {
            Self::None => None,
            Self::Relu => Some([0.0, f32::INFINITY]),
            Self::Relu6 => Some([0.0, 6.0]),
        }
    }

    /// [`Self::limits`] for kernels that always limit.
    pub(crate) fn range(self) -> [f32; 2] {
        self.limits().unwrap_or([f32::NEG_INFINITY, f32::INFINITY])
    }

    /// The function's value at `x`.
    pub(crate) fn apply(self, x: f32) -> f32 {
        match self.limits() {
            Some([low, high]) => x.max(low).min(high),
            None => x,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
        }
    }
}
