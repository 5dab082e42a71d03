//! `cutout run --server`: the result comes from a server.

use std::time::Duration;

use clap::Args;
use cutout::{Background, Compat, Format, OptionValue, OutputKind, Quality};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::{self, Address, Answer, Client};
use super::command::announce;
use super::marks::Marks;
use crate::Error;
use crate::files::{self, Place};

/// Bytes of an answer that are read: a server takes no image whose result is larger.
const MOST: usize = 1 << 30;

/// A server that is asked, in place of an engine here.
#[derive(Args, Clone, Debug)]
pub(super) struct ServerFlags {
    /// Have the result made by a server, `cutout serve` or another host of the component; --timeout is for its whole answer.
    #[arg(long, value_name = "URL", value_parser = client::address, conflicts_with_all = ["json", "engine", "runtime", "model", "max_pixels", "max_memory"])]
    server: Option<Address>,

    /// The token that the server asks for. CUTOUT_TOKEN does the same and is not seen in the list of processes.
    #[arg(long, value_name = "TOKEN", requires = "server")]
    token: Option<String>,
}

impl ServerFlags {
    /// The server that is to be asked, if one is.
    ///
    /// # Errors
    /// Those of the token.
    pub(super) fn client(&self, time: Duration) -> Result<Option<Client>, Error> {
        let Some(address) = self.server.clone() else {
            return Ok(None);
        };
        Client::new(address, self.token.as_deref(), time, MOST).map(Some)
    }
}

/// A result that a server makes.
pub(super) struct Job<'a> {
    pub(super) client: &'a Client,
    /// Options, but for a background that is an image.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) marks: &'a Marks,
    pub(super) background: &'a Background,
    pub(super) format: Format,
}

impl Job<'_> {
    /// Has the server make the result of `image`, and writes it.
    ///
    /// # Errors
    /// Those of the server and of the output.
    pub(super) fn write(&self, image: Vec<u8>, output: &Place) -> Result<(), Error> {
        let answer = match self.marks.is_empty() {
            true => self.removed(image)?,
            false => self.refined(&image)?,
        };
        let warning = answer.headers.get("x-warning").cloned();
        let result = answer.image(self.client.address(), self.format)?;
        files::write(output, &result)?;
        if let Some(kind) = warning.as_ref().and_then(|kind| kind.to_str().ok()) {
            announce(&format!(
                "warning[{kind}]: no subject can be told from the background; the result is empty"
            ));
        }
        Ok(())
    }

    fn removed(&self, image: Vec<u8>) -> Result<Answer, Error> {
        let (media_type, body) = match self.background {
            Background::Picture(_) => self.form(vec![("image", Some("image"), &image)])?,
            Background::Transparent | Background::Colour(_) => {
                ("application/octet-stream".to_owned(), image)
            }
        };
        let target = target("/v1/remove", &self.fields);
        self.client.post(&target, &media_type, body)
    }

    /// The network's mask first, then the corrections.
    fn refined(&self, image: &[u8]) -> Result<Answer, Error> {
        let of_mask = [Quality::OPTION.name, Compat::OPTION.name];
        let of_mask = self
            .fields
            .iter()
            .filter(|(name, _)| of_mask.contains(name));
        let mut mask_fields: Vec<_> = of_mask.cloned().collect();
        let mask = OutputKind::Mask.to_string();
        mask_fields.push((OutputKind::OPTION.name, mask));
        mask_fields.push((Format::OPTION.name, Format::Png.to_string()));
        let (media_type, body) = form(&[("image", Some("image"), image)])?;
        let answer = (self.client).post(&target("/v1/remove", &mask_fields), &media_type, body)?;
        let mask = answer.image(self.client.address(), Format::Png)?;
        let mut parts = vec![
            ("image", Some("image"), image),
            ("mask", Some("mask"), &mask),
        ];
        parts.extend(self.marks.fields());
        let (media_type, body) = self.form(parts)?;
        (self.client).post(&target("/v1/refine", &self.fields), &media_type, body)
    }

    /// A form of `parts` and the background, if it is an image.
    fn form<'a>(&'a self, mut parts: Vec<Part<'a>>) -> Result<(String, Vec<u8>), Error> {
        if let Background::Picture(behind) = self.background {
            parts.push(("background", Some("background"), behind));
        }
        form(&parts)
    }
}

/// A field of a form: its name, the name of its file, and its value.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Result<(String, Vec<u8>), Error> {
    client::form(parts).map_err(Error::io("write the request"))
}

/// A path with fields.
fn target(path: &str, fields: &[(&str, String)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        format!("{name}={value}")
    });
    format!("{path}?{}", fields.collect::<Vec<_>>().join("&"))
}
