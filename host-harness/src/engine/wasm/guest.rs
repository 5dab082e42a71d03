//! The host's state for one instance: what WASI gives a guest, and how much memory it may take.

use ::http::{Request, Response};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// Most bytes that are kept of a guest's output: room for a panic message.
const GUEST_OUTPUT: usize = 4096;

/// The host's state for one instance.
pub(super) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    requests: NoRequests,
    table: ResourceTable,
    said: MemoryOutputPipe,
    pub(super) memory: MemoryLimiter,
}

impl Guest {
    pub(super) fn new(max_memory: usize, environment: &[(&str, String)]) -> Self {
        let said = MemoryOutputPipe::new(GUEST_OUTPUT);
        // The seeds of hash maps come from here; they are frozen by a snapshot, which is to be the
        // same whenever it is made, and an image's result is to depend on the image alone.
        let fixed = || Deterministic::new(vec![0x5a; 16]);
        let wasi = WasiCtx::builder()
            .envs(environment)
            .stderr(said.clone())
            .secure_random(fixed())
            .insecure_random(fixed())
            .insecure_random_seed(0)
            .build();
        let memory = MemoryLimiter {
            cap: max_memory,
            peak: 0,
            refused: false,
        };
        Self {
            wasi,
            http: WasiHttpCtx::new(),
            requests: NoRequests,
            table: ResourceTable::new(),
            said,
            memory,
        }
    }

    /// The guest's output, for instance a panic's message.
    pub(super) fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.contents())
            .trim()
            .to_owned()
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.requests,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Caps and meters linear memory.
pub(super) struct MemoryLimiter {
    cap: usize,
    /// The largest linear memory so far, in bytes.
    pub(super) peak: usize,
    /// Whether the instance asked for more than its cap.
    pub(super) refused: bool,
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.cap;
        self.refused |= !granted;
        if granted {
            self.peak = self.peak.max(desired);
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// Requests of the guest's own are refused: it has no network.
struct NoRequests;

/// Answer to a request that the guest makes.
type Answer<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Answer<()>,
    ) -> Answer<(Response<WasiBody>, Answer<()>)> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
