//! The connection to a NATS server.

use std::time::Duration;

use async_nats::client::PublishError;
use async_nats::{Client, ConnectOptions, Event, ServerAddr, Subscriber};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::runtime::Runtime;

use crate::{Error, Kind};

/// The client gives a silent connection up with the third ping that is due and was not answered: this many of them in the
/// time-out, so that none is given up before.
const PINGS: u32 = 4;
const PING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The start of a subject's last word, below the client's inbox, that the claim of an offer comes to; the offer's number
/// follows. What is said of a try comes to the number of the try.
const CLAIM: &str = "claim-";

/// A connection that comes back by itself when it is lost.
pub(super) struct Nats {
    pub(super) runtime: Runtime,
    pub(super) link: Link,
}

/// The client's half of the protocol.
#[derive(Clone)]
pub(super) struct Link {
    client: Client,
    subject: String,
    inbox: String,
    /// The server without a password.
    server: String,
}

/// The place of a message below the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The claim of the offer of this number, or what the server says of the offer.
    Claim(u64),
    /// The answer to the try of this number, or what the server says of it.
    Try(u64),
}

impl Nats {
    /// Connects as [`Fleet::connect`](super::Fleet::connect) says; `on_event` gets the connection's events. Returns the
    /// messages to the inbox as well.
    ///
    /// # Errors
    /// As there.
    pub(super) fn connect(
        url: &str,
        login: Option<&str>,
        subject: &str,
        timeout: Duration,
        on_event: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Result<(Self, Subscriber), Error> {
        let address = address(url)?;
        check_subject(subject)?;
        let server = format!("{}:{}", address.host(), address.port());
        let failing = |error: &dyn std::fmt::Display| {
            let text = format!(
                "cannot connect to the NATS server {server}: {error}; is it running, and are name and password in \
                 CUTOUT_NATS_LOGIN if it asks for them?"
            );
            Error::new(Kind::Io, text)
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(Error::io("start the connection's thread"))?;
        let options = with_secrets(ConnectOptions::new(), &address, login)?
            .name("cutout batch")
            .ping_interval((timeout / PINGS).clamp(PING.0, PING.1))
            .event_callback(move |event| {
                on_event(&event);
                std::future::ready(())
            });
        let (client, inbox, messages) = runtime.block_on(async {
            let client = options.connect(address).await.map_err(|e| failing(&e))?;
            let inbox = client.new_inbox();
            let messages = client.subscribe(format!("{inbox}.*")).await;
            let messages = messages.map_err(|e| failing(&e))?;
            client.flush().await.map_err(|e| failing(&e))?;
            Ok::<_, Error>((client, inbox, messages))
        })?;
        let link = Link {
            client,
            subject: subject.to_owned(),
            inbox,
            server,
        };
        Ok((Self { runtime, link }, messages))
    }
}

impl Link {
    /// The largest message that the server takes, in bytes.
    pub(super) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The server's name and port.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Sends an offer to the workers.
    pub(super) async fn offer(&self, number: u64, offer: Bytes) {
        let reply = format!("{}.{CLAIM}{number}", self.inbox);
        let subject = self.subject.clone();
        // It fails when the client has ended only; then no messages come any more either.
        let _ = (self.client)
            .publish_with_reply(subject, reply, offer)
            .await;
    }

    /// Answers a claim of the worker at `to`: with a request, whose answer is to come as the try's, or a signal. Returns once
    /// it is on its way, so that a slow connection carries one image after the other.
    ///
    /// # Errors
    /// When the server takes no such large message by now.
    pub(super) async fn answer(
        &self,
        to: String,
        number: Option<u64>,
        message: Bytes,
    ) -> Result<(), PublishError> {
        match number {
            Some(number) => {
                let reply = format!("{}.{number}", self.inbox);
                self.client.publish_with_reply(to, reply, message).await?;
            }
            None => self.client.publish(to, message).await?,
        }
        // Without a connection it is on its way later.
        let _ = self.client.flush().await;
        Ok(())
    }
}

impl Reply {
    /// Reads the subject of a message to the inbox.
    pub(super) fn of(subject: &str) -> Option<Self> {
        let word = subject.rsplit('.').next()?;
        match word.strip_prefix(CLAIM) {
            Some(number) => number.parse().ok().map(Self::Claim),
            None => word.parse().ok().map(Self::Try),
        }
    }
}

fn address(url: &str) -> Result<ServerAddr, Error> {
    let address = url.parse::<ServerAddr>().map_err(|e| e.to_string());
    let address = address.and_then(|address| match address.scheme() {
        "nats" | "tls" if !address.host().is_empty() => Ok(address),
        "nats" | "tls" => Err("it names no server".to_owned()),
        other => Err(format!("{other}:// is not spoken here")),
    });
    address.map_err(|reason| {
        let text =
            format!("--nats: {reason}; write nats://SERVER:PORT, or tls:// for an encrypted one");
        Error::new(Kind::Usage, text)
    })
}

fn check_subject(subject: &str) -> Result<(), Error> {
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || c == '*' || c == '>';
    if subject.split('.').any(str::is_empty) || subject.contains(is_bad) {
        let text = format!(
            "--subject {subject:?} is no subject to send to; write words with dots between, such as cutout.remove"
        );
        return Err(Error::new(Kind::Usage, text));
    }
    Ok(())
}

/// The client takes a server's name and port from its URL, and nothing else.
fn with_secrets(
    options: ConnectOptions,
    address: &ServerAddr,
    login: Option<&str>,
) -> Result<ConnectOptions, Error> {
    let plain = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned()).map_err(|_| {
            let text = "--nats: name or password in the URL are not UTF-8";
            Error::new(Kind::Usage, text)
        })
    };
    Ok(match (address.username(), address.password()) {
        (None, _) => match login.map(|login| login.split_once(':').ok_or(login)) {
            None => options,
            Some(Ok((user, password))) => options.user_and_password(user.into(), password.into()),
            Some(Err(token)) => options.token(token.into()),
        },
        (Some(user), Some(password)) => options.user_and_password(plain(user)?, plain(password)?),
        (Some(token), None) => options.token(plain(token)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(url: &str, subject: &str) -> Result<Nats, Error> {
        let connected = Nats::connect(url, None, subject, Duration::from_secs(60), |_| ());
        connected.map(|(nats, _)| nats)
    }

    #[test]
    fn a_url_or_subject_that_cannot_be_is_refused_before_anything_is_sent() {
        for (url, reason) in [
            ("http://127.0.0.1", "invalid scheme"),
            ("ws://127.0.0.1", "ws:// is not spoken here"),
            ("nats://", "names no server"),
            ("nats://a b", "invalid"),
        ] {
            let error = connect(url, "cutout.remove").err().expect(url);
            assert_eq!(error.kind(), Kind::Usage, "{url}");
            assert!(error.to_string().contains(reason), "{error}");
        }
        for subject in ["", ".", "a..b", "a b", "a.*", "cutout.>", "a\n"] {
            let error = connect("nats://127.0.0.1:1", subject).err();
            let error = error.expect("an error");
            assert_eq!(error.kind(), Kind::Usage, "{subject:?}: {error}");
        }
    }

    #[test]
    fn a_password_is_in_no_error() {
        let error = connect("nats://me:secret@127.0.0.1:1", "a").err();
        let text = error.expect("nobody is there").to_string();
        assert!(text.contains("127.0.0.1:1"), "{text}");
        assert!(!text.contains("secret") && !text.contains("me:"), "{text}");
    }
}
