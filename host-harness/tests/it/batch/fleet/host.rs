//! A host of workers as far as a batch can tell, with habits.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_nats::{Client, Message, Subject};
use bytes::Bytes;
use cutout::{Limits, Net, Pipeline, Stage};
use cutout_message::{Answer, Failure, FailureKind, Meter, Request, Signal, Worker, WorkerHost};
use futures_util::StreamExt;
use host_harness::models;
use tokio::sync::oneshot;

use crate::support::tiny;

/// What a host does with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Takes it and answers.
    Answer,
    /// Takes it and is heard of no more about it.
    Drop,
    /// Answers twice.
    Twice,
    /// Takes it, and answers the first time when it has it for a second time.
    Late,
    /// Takes it, and the host is gone.
    Die,
    /// Answers with something else.
    Garbage,
}

/// By the image and how often this host has had it before.
pub(super) type Habit = Box<dyn FnMut(&[u8], usize) -> Act + Send>;

pub(super) struct Host {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Every image that came, and what was done with it.
    pub(super) seen: Receiver<(Vec<u8>, Act)>,
}

impl Host {
    /// One that listens by the time it is there.
    pub(super) fn start(url: &str, name: &str, slots: u32, habit: Habit) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let (sees, seen) = mpsc::channel();
        let url = url.to_owned();
        let worker = Worker {
            host: WorkerHost {
                host: Some(name.to_owned()),
                slots: Some(slots),
            },
            limits: Limits::default(),
            ..Worker::default()
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let life = live(&url, worker, habit, ready, sees);
                tokio::select! {
                    () = life => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().expect("the host to start");
        Self {
            stop: Some(stop),
            thread: Some(thread),
            seen,
        }
    }

    /// One that does what it should.
    pub(super) fn good(url: &str, name: &str, slots: u32) -> Self {
        Self::start(url, name, slots, Box::new(|_, _| Act::Answer))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have died.
        let _ = self.stop.take().unwrap().send(());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Takes image after image, as a subscriber of the workers' queue group.
async fn live(
    url: &str,
    worker: Worker,
    mut habit: Habit,
    ready: Sender<()>,
    sees: Sender<(Vec<u8>, Act)>,
) {
    let mut pipeline = pipeline();
    let client = async_nats::connect(url).await.unwrap();
    let group = "workers".to_owned();
    let listening = client.queue_subscribe("cutout.remove", group).await;
    let mut messages = listening.unwrap();
    client.flush().await.unwrap();
    ready.send(()).unwrap();
    let mut before = HashMap::<Vec<u8>, usize>::new();
    let mut late = HashMap::<Vec<u8>, (Subject, Vec<u8>)>::new();
    while let Some(message) = messages.next().await {
        let Some((request, reply)) = claim(&client, &worker, message).await else {
            continue;
        };
        send(&client, &reply, worker.taken()).await;
        let image = Request::decode(&request).unwrap().picture.to_vec();
        let times = before.entry(image.clone()).or_default();
        let act = habit(&image, *times);
        *times += 1;
        // The test may not look.
        let _ = sees.send((image.clone(), act));
        let answer = worker.respond(Some(&mut pipeline), &request, &mut Clock(Instant::now()));
        match act {
            Act::Answer => send(&client, &reply, answer).await,
            Act::Twice => {
                send(&client, &reply, answer.clone()).await;
                send(&client, &reply, answer).await;
            }
            Act::Late => {
                if let Some((reply, answer)) = late.remove(&image) {
                    send(&client, &reply, answer).await;
                }
                late.insert(image, (reply, answer));
            }
            Act::Garbage => send(&client, &reply, b"cutout/2 {}\n".to_vec()).await,
            Act::Die => return,
            Act::Drop => {}
        }
    }
}

/// The request that an offer leads to, and where its answer goes.
async fn claim(client: &Client, worker: &Worker, offer: Message) -> Option<(Bytes, Subject)> {
    assert_eq!(Signal::decode(&offer.payload), Some(Signal::Offer));
    let claim = worker.claim().into();
    // Nobody answers when the batch has ended.
    let request = client.request(offer.reply?, claim).await.ok()?;
    if Signal::decode(&request.payload) == Some(Signal::Nothing) {
        return None;
    }
    Some((request.payload, request.reply.unwrap()))
}

/// Answers offers as a worker does that knows none, until the connection ends.
pub(super) async fn refuse_offers(url: &str, ready: oneshot::Sender<()>) {
    let client = async_nats::connect(url).await.unwrap();
    let group = "workers".to_owned();
    let mut offers = client
        .queue_subscribe("cutout.remove", group)
        .await
        .unwrap();
    client.flush().await.unwrap();
    ready.send(()).unwrap();
    while let Some(offer) = offers.next().await {
        let reply = offer.reply.unwrap();
        let host = Some("old".to_owned());
        let taken = WorkerHost {
            host: host.clone(),
            slots: Some(1),
        };
        send(&client, &reply, Answer::Taken(taken).encode()).await;
        let failure = Failure {
            kind: FailureKind::BadMessage,
            text: "unknown field `offer`".into(),
            host,
        };
        send(&client, &reply, Answer::Failed(failure).encode()).await;
    }
}

/// What is sent is on its way when this returns: a host that dies has said it.
async fn send(client: &Client, to: &Subject, bytes: Vec<u8>) {
    client.publish(to.clone(), bytes.into()).await.unwrap();
    // Without a connection it is on its way later.
    let _ = client.flush().await;
}

fn pipeline() -> Pipeline<Net> {
    let model = models::find(&tiny()).unwrap();
    let side = model.spec.side;
    let net = Net::new(cutout_onnx::lower(&model.onnx, side).unwrap(), side).unwrap();
    Pipeline::new(model.spec, net)
}

struct Clock(Instant);

impl Meter for Clock {
    fn time(&mut self, _: Stage) -> Duration {
        let last = std::mem::replace(&mut self.0, Instant::now());
        self.0 - last
    }

    fn peak(&self) -> Option<u64> {
        None
    }
}
