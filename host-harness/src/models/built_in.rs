//! The models inside the program.

/// A model inside the program.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) onnx: &'static [u8],
    /// BLAKE3 of the file, in hexadecimal.
    pub(super) digest: &'static str,
}

pub(super) static BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: "cutnet",
        onnx: include_bytes!("../../../models/cutnet.onnx"),
        digest: env!("CUTOUT_CUTNET_DIGEST"),
    },
    BuiltIn {
        name: "u2netp",
        onnx: include_bytes!("../../../models/u2netp.onnx"),
        digest: env!("CUTOUT_U2NETP_DIGEST"),
    },
];

/// The model of this name, if it is inside the program.
pub(super) fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|model| model.name == name)
}
