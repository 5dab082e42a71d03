//! A host of messages for the worker.

use std::sync::OnceLock;

use cutout_message::{Answer, Failure, Made, Signal};
use host_harness::engine::{self, ActorBuild};
use host_harness::models;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::support::tiny;

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod generated {
    wasmtime::component::bindgen!({ path: "../wit", world: "worker" });
}

use generated::exports::wasmcloud::messaging::handler::BrokerMessage;
use generated::wasmcloud::messaging::consumer;
pub(super) use generated::wasmcloud::messaging::types;

pub(super) const REPLY_TO: &str = "_INBOX.answers";

/// Where an offer comes from, and where its claim goes.
pub(super) const OFFERED_BY: &str = "_INBOX.claims";

/// State of this host for one instance.
struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    published: Vec<types::BrokerMessage>,
    /// Whether the server takes what is published.
    takes: bool,
    /// The answer to a claim.
    work: Result<types::BrokerMessage, String>,
    claims: Vec<Answer>,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for Guest {}

impl consumer::Host for Guest {
    fn request(
        &mut self,
        subject: String,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> Result<types::BrokerMessage, String> {
        assert_eq!(subject, OFFERED_BY);
        assert!(timeout_ms > 0);
        self.claims.push(Answer::decode(&body).unwrap());
        self.work.clone()
    }

    fn publish(&mut self, message: types::BrokerMessage) -> Result<(), String> {
        self.published.push(message);
        if self.takes {
            Ok(())
        } else {
            Err("the server is away".into())
        }
    }
}

/// A message to a fresh instance of `component`, and what came of it.
pub(super) struct Call<'a> {
    pub(super) component: &'a Component,
    pub(super) body: Vec<u8>,
    pub(super) reply_to: Option<&'a str>,
    pub(super) environment: &'a [(&'a str, &'a str)],
    pub(super) takes: bool,
    pub(super) work: Result<types::BrokerMessage, String>,
}

impl Call<'_> {
    pub(super) fn with(body: Vec<u8>) -> Self {
        Self {
            component: worker(),
            body,
            reply_to: Some(REPLY_TO),
            environment: &[],
            takes: true,
            work: Err("no offer was made".into()),
        }
    }

    /// An offer whose claim is answered by `work`.
    pub(super) fn offer(work: Result<types::BrokerMessage, String>) -> Self {
        Self {
            reply_to: Some(OFFERED_BY),
            work,
            ..Self::with(Signal::Offer.encode())
        }
    }

    /// Whether it was handled, and the answers.
    pub(super) fn make(&self) -> (Result<(), String>, Vec<Answer>) {
        let (handled, claims, answers) = self.run();
        assert_eq!(claims, []);
        (handled, answers)
    }

    /// Whether it was handled, the claims, and the answers.
    pub(super) fn run(&self) -> (Result<(), String>, Vec<Answer>, Vec<Answer>) {
        let mut linker = Linker::<Guest>::new(engine());
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        consumer::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).unwrap();
        let guest = Guest {
            wasi: WasiCtx::builder().envs(self.environment).build(),
            table: ResourceTable::new(),
            published: Vec::new(),
            takes: self.takes,
            work: self.work.clone(),
            claims: Vec::new(),
        };
        let mut store = Store::new(engine(), guest);
        let worker = generated::Worker::instantiate(&mut store, self.component, &linker).unwrap();
        let message = BrokerMessage {
            subject: "cutout.remove".into(),
            body: self.body.clone(),
            reply_to: self.reply_to.map(Into::into),
        };
        let handled = worker
            .wasmcloud_messaging_handler()
            .call_handle_message(&mut store, &message)
            .unwrap();
        let answers = store.data().published.iter().map(|message| {
            assert_eq!(message.subject, REPLY_TO);
            assert_eq!(message.reply_to, None);
            Answer::decode(&message.body).unwrap()
        });
        (handled, store.data().claims.clone(), answers.collect())
    }

    /// The second answer, after it was said that the image is taken.
    pub(super) fn answer(&self) -> Answer {
        let (handled, answers) = self.make();
        assert_eq!(handled, Ok(()));
        let [first, second]: [Answer; 2] = answers.try_into().unwrap();
        assert!(matches!(first, Answer::Taken(_)), "{first:?}");
        second
    }

    pub(super) fn made(&self) -> Made {
        match self.answer() {
            Answer::Made(made) => *made,
            other => panic!("not made: {other:?}"),
        }
    }

    pub(super) fn failed(&self) -> Failure {
        match self.answer() {
            Answer::Failed(failure) => failure,
            other => panic!("not failed: {other:?}"),
        }
    }
}

pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// The worker with the tiny model inside, as `cutout bake` makes it.
fn worker() -> &'static Component {
    static WORKER: OnceLock<Component> = OnceLock::new();
    WORKER.get_or_init(|| {
        let model = models::find(&tiny()).unwrap();
        Component::new(
            engine(),
            engine::bake(&model, ActorBuild::Messages).unwrap(),
        )
        .unwrap()
    })
}
