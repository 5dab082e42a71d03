use std::sync::atomic::AtomicU32;

use cutout::{Mark, Matte, Options, Output, Quality};
use http::Response;

use super::*;
use crate::engine::Engine;
use crate::engine::Timed;
use crate::serve::budget::{Budget, Capacity};

/// Panics at a request to `/panic` and answers any other.
struct Fragile;

impl Engine for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn remove(&mut self, _: &[u8], _: &Options) -> Result<Timed<Output>, Error> {
        Err(Error::new(Kind::Trap, "not asked"))
    }

    fn refine(
        &mut self,
        _: &[u8],
        _: Option<&[u8]>,
        _: &[Mark<'_>],
        _: &Options,
    ) -> Result<Timed<Output>, Error> {
        Err(Error::new(Kind::Trap, "not asked"))
    }

    fn mask(&mut self, _: &[u8], _: Quality, _: &cutout::Limits) -> Result<Timed<Matte>, Error> {
        Err(Error::new(Kind::Trap, "not asked"))
    }

    fn respond(&mut self, request: Request<Bytes>) -> Result<Responded, Error> {
        assert_ne!(request.uri().path(), "/panic");
        Ok(Responded {
            response: Response::new(request.into_body()),
            stages: Vec::new(),
        })
    }

    fn peak_memory(&self) -> Option<usize> {
        None
    }

    fn start(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn stop(&mut self) {}
}

/// Gives one engine, then fails twice, then gives engines again.
#[derive(Default)]
struct Scarce(AtomicU32);

impl EngineSource for Scarce {
    fn engine(&self) -> Result<BoxEngine, Error> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            1 | 2 => Err(Error::new(Kind::Engine, "no room")),
            _ => Ok(Box::new(Fragile)),
        }
    }

    fn instances(&self) -> u64 {
        self.0.load(Ordering::Relaxed).into()
    }
}

#[test]
fn a_worker_whose_engine_breaks_comes_back_with_another() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let pool = Pool::start(Scarce::default(), 1, 1, Duration::from_secs(60)).unwrap();
    let budget = Budget::new(Capacity {
        connections: 1,
        requests: 1,
        bytes: 1,
        patience: Duration::ZERO,
    });
    let place = budget.admit().unwrap();
    let ask = |path: &str| {
        let request = Request::builder().uri(path).body(()).unwrap();
        let held = HeldBody {
            bytes: Bytes::from_static(b"body"),
            flight: Arc::new(place.client().begin(0).unwrap()),
        };
        runtime.block_on(pool.answer(request, held, &mut None))
    };
    assert_eq!(ask("/").unwrap().response.body(), "body");
    assert_eq!(ask("/panic").unwrap_err(), Rejection::lost());
    assert_eq!(ask("/").unwrap().response.body(), "body");
    assert_eq!(pool.load().instances, 4, "two attempts failed in between");
    assert_eq!(pool.load().ready, 1);
}
