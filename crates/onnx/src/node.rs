//! A node's attributes and inputs, by name and place.

use crate::proto::{Attribute, Node, attribute_type};

impl Node {
    /// The node's name, or that of its first output where it has none.
    pub(crate) fn label(&self) -> &str {
        match (self.name.as_str(), self.output.first()) {
            ("", Some(output)) => output,
            (name, _) => name,
        }
    }

    /// The name of an input that may not be left out.
    pub(crate) fn required(&self, index: usize) -> Result<&str, String> {
        self.optional(index)
            .ok_or_else(|| format!("its input {index} is missing"))
    }

    /// The name of an input; `None` where it is left out.
    pub(crate) fn optional(&self, index: usize) -> Option<&str> {
        let name = self.input.get(index).map(String::as_str);
        name.filter(|name| !name.is_empty())
    }

    /// An integer attribute.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.find(name).and_then(|attribute| attribute.i)
    }

    /// A number in an attribute.
    pub(crate) fn float(&self, name: &str) -> Option<f32> {
        self.find(name).and_then(|attribute| attribute.f)
    }

    /// A list of integers in an attribute.
    pub(crate) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.find(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A text in an attribute.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.find(name)?.s.as_ref()?).ok()
    }

    fn find(&self, name: &str) -> Option<&Attribute> {
        self.attribute
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// Refuses a node with an attribute of another type than it has in ONNX; those that are not read may be anything.
    ///
    /// # Errors
    /// The attribute's name.
    pub(crate) fn check_attributes(&self) -> Result<(), String> {
        for attribute in &self.attribute {
            let (expected, is_there) = match attribute.name.as_str() {
                "to" | "axis" | "block_size" | "group" | "ceil_mode" | "antialias" | "start"
                | "end" | "value_int" => {
                    let fits = attribute
                        .i
                        .is_some_and(|value| i32::try_from(value).is_ok());
                    (attribute_type::INT, fits || attribute.name == "value_int")
                }
                "pads" | "strides" | "dilations" | "kernel_shape" | "axes" | "starts" | "ends"
                | "value_ints" => (attribute_type::INTS, true),
                "auto_pad"
                | "mode"
                | "coordinate_transformation_mode"
                | "keep_aspect_ratio_policy" => {
                    let text = attribute.s.as_ref();
                    let is_text = text.is_some_and(|text| std::str::from_utf8(text).is_ok());
                    (attribute_type::STRING, is_text)
                }
                "min" | "max" => (attribute_type::FLOAT, attribute.f.is_some()),
                "value" => (attribute_type::TENSOR, attribute.t.is_some()),
                _ => continue,
            };
            if !is_there || (attribute.r#type != expected && attribute.r#type != 0) {
                return Err(format!(
                    "its attribute {} is not of the right type",
                    attribute.name
                ));
            }
        }
        Ok(())
    }
}
