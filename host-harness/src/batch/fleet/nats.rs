//! The connection to a NATS server: requests go out, whatever comes back finds the picture that waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, ServerError, StatusCode, Subscriber};
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;
use tokio::runtime::Runtime;

use crate::batch::manifest::lock;
use crate::{Error, Kind};

/// The client gives a silent connection up with the third ping that is due and was not answered: this many of them in a
/// picture's time, so that none is given up before.
const PINGS: u32 = 4;
const PING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A connection that comes back by itself when it is lost.
pub(super) struct Nats {
    runtime: Runtime,
    client: Client,
    subject: String,
    /// Answers to the picture N come to this with `.N` behind it.
    inbox: String,
    /// The server without a password.
    server: String,
    desk: Arc<Desk>,
}

/// What comes for one picture.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// A worker's message.
    Answer(Bytes),
    /// Nobody subscribes to the subject.
    Nobody,
    Offline,
    Online,
    /// Nobody can be reached, as another picture's maker has found.
    Alone,
    /// The server does not allow what is needed.
    Forbidden(String),
}

/// Those who wait for news, by the number of their picture.
#[derive(Default)]
struct Desk(Mutex<Open>);

#[derive(Default)]
struct Open {
    online: bool,
    /// What the server does not allow.
    forbidden: Option<String>,
    last: u64,
    waiting: HashMap<u64, Sender<News>>,
}

/// One picture's place at the desk, until it is dropped; what comes later is for nobody.
pub(super) struct Place<'a> {
    nats: &'a Nats,
    number: u64,
    /// Whether there was a connection when the place was taken.
    pub(super) online: bool,
    pub(super) news: Receiver<News>,
}

impl Nats {
    /// As [`Fleet::connect`](super::Fleet::connect).
    ///
    /// # Errors
    /// As there.
    pub(super) fn connect(
        url: &str,
        login: Option<&str>,
        subject: &str,
        timeout: Duration,
    ) -> Result<Self, Error> {
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
        let desk = Arc::new(Desk::default());
        let hearing = desk.clone();
        let options = with_secrets(ConnectOptions::new(), &address, login)?
            .name("cutout batch")
            .ping_interval((timeout / PINGS).clamp(PING.0, PING.1))
            .event_callback(move |event| {
                hearing.hear(&event);
                std::future::ready(())
            });
        let (client, inbox, answers) = runtime.block_on(async {
            let client = options.connect(address).await.map_err(|e| failing(&e))?;
            let inbox = client.new_inbox();
            let answers = client.subscribe(format!("{inbox}.*")).await;
            let answers = answers.map_err(|e| failing(&e))?;
            client.flush().await.map_err(|e| failing(&e))?;
            Ok::<_, Error>((client, inbox, answers))
        })?;
        lock(&desk.0).online = true;
        runtime.spawn(desk.clone().deliver(answers));
        Ok(Self {
            runtime,
            client,
            subject: subject.to_owned(),
            inbox,
            server,
            desk,
        })
    }

    /// The largest message that the server takes, in bytes.
    pub(super) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// Whether there is a connection.
    pub(super) fn is_online(&self) -> bool {
        lock(&self.desk.0).online
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The server's name and port.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Tells all who wait that nobody can be reached.
    pub(super) fn wake(&self) {
        self.desk.tell_all(&News::Alone);
    }

    /// Takes a place for a picture.
    pub(super) fn place(&self) -> Place<'_> {
        let (sender, news) = crossbeam_channel::unbounded();
        let mut open = lock(&self.desk.0);
        open.last += 1;
        let number = open.last;
        if let Some(text) = &open.forbidden {
            // The other end is here.
            let _ = sender.send(News::Forbidden(text.clone()));
        }
        open.waiting.insert(number, sender);
        Place {
            nats: self,
            number,
            online: open.online,
            news,
        }
    }
}

impl Place<'_> {
    /// Sends `request`; its answers are news.
    ///
    /// # Errors
    /// Kind `io` when it cannot be sent, however good the connection is.
    pub(super) fn send(&self, request: Bytes) -> Result<(), Error> {
        let nats = self.nats;
        let reply = format!("{}.{}", nats.inbox, self.number);
        let subject = nats.subject.clone();
        let sending = nats.client.publish_with_reply(subject, reply, request);
        let sent = nats.runtime.block_on(sending);
        sent.map_err(Error::io(format!("send it by {}", nats.server)))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.nats.desk.0).waiting.remove(&self.number);
    }
}

impl Desk {
    /// Gives every answer to whom it is for.
    async fn deliver(self: Arc<Self>, mut answers: Subscriber) {
        while let Some(message) = answers.next().await {
            let number = message.subject.rsplit('.').next();
            let number = number.and_then(|number| number.parse().ok());
            let Some(number) = number else {
                continue;
            };
            let news = if message.status == Some(StatusCode::NO_RESPONDERS) {
                News::Nobody
            } else {
                News::Answer(message.payload)
            };
            if let Some(waiting) = lock(&self.0).waiting.get(&number) {
                // Whoever does not listen any more is about to leave the desk.
                let _ = waiting.send(news);
            }
        }
    }

    fn hear(&self, event: &Event) {
        let news = match event {
            Event::Disconnected => News::Offline,
            Event::Connected => News::Online,
            Event::ServerError(ServerError::Other(text))
                if text.starts_with("Permissions Violation") =>
            {
                News::Forbidden(text.clone())
            }
            _ => return,
        };
        self.tell_all(&news);
    }

    fn tell_all(&self, news: &News) {
        let mut open = lock(&self.0);
        match news {
            News::Offline => open.online = false,
            News::Online => open.online = true,
            News::Forbidden(text) => open.forbidden = Some(text.clone()),
            _ => {}
        }
        for waiting in open.waiting.values() {
            let _ = waiting.send(news.clone());
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
        Nats::connect(url, None, subject, Duration::from_secs(60))
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
