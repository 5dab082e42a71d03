//! `cutout run --server`: the result comes from a server.

use std::time::Duration;

use clap::Args;
use cutout::{Background, Format};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::{self, Address, Client};
use super::command::announce;
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

/// Has a server remove the background of `image` with the options `fields` and `background`, and writes the result.
///
/// # Errors
/// Those of the server and of the output.
pub(super) fn remove(
    client: &Client,
    image: Vec<u8>,
    fields: &[(&str, String)],
    background: &Background,
    format: Format,
    output: &Place,
) -> Result<(), Error> {
    let fields = fields.iter().map(|(name, value)| {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        format!("{name}={value}")
    });
    let query = fields.collect::<Vec<_>>().join("&");
    let (media_type, body) = match background {
        Background::Picture(behind) => client::form(&[
            ("image", Some("image"), &image),
            ("background", Some("background"), behind),
        ])
        .map_err(Error::io("write the request"))?,
        Background::Transparent | Background::Colour(_) => {
            ("application/octet-stream".to_owned(), image)
        }
    };
    let answer = client.post(&format!("/v1/remove?{query}"), &media_type, body)?;
    let warning = answer.headers.get("x-warning").cloned();
    let result = answer.image(client.address(), format)?;
    files::write(output, &result)?;
    if let Some(kind) = warning.as_ref().and_then(|kind| kind.to_str().ok()) {
        announce(&format!(
            "warning[{kind}]: no subject can be told from the background; the result is empty"
        ));
    }
    Ok(())
}
