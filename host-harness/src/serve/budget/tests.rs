use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::*;

const KIB: usize = 1 << 10;

/// Room for 2 connections, 3 requests and 100 KiB, whose clients may keep it waiting for `patience`.
fn budget(patience: Duration) -> Arc<Budget> {
    Budget::new(Capacity {
        connections: 2,
        requests: 3,
        bytes: 100 * KIB,
        patience,
    })
}

/// Of one that closes whoever keeps it waiting, and one that closes nobody.
const NONE: Duration = Duration::ZERO;
const EVER: Duration = Duration::MAX;

/// Whether the connection was told to close.
async fn closed(place: &Admission) -> bool {
    let mut told = pin!(place.closed());
    poll_fn(|context| Poll::Ready(told.as_mut().poll(context).is_ready())).await
}

fn used(budget: &Budget) -> (usize, usize, usize) {
    let used = budget.used();
    (used.connections, used.requests, used.bytes)
}

#[test]
fn what_is_held_is_given_back_whatever_ends_first() {
    let budget = budget(EVER);
    let place = budget.admit().unwrap();
    let (a, b) = (place.client().begin(10), place.client().begin(20));
    let (a, b) = (a.unwrap(), b.unwrap());
    a.hold_body(1000).unwrap();
    assert_eq!(used(&budget), (1, 2, 1030));
    a.hold_answer(300).unwrap();
    drop(b);
    assert_eq!(used(&budget), (1, 1, 310));
    drop(place);
    assert_eq!(used(&budget), (0, 1, 310), "a worker may still have it");
    drop(a);
    assert_eq!(used(&budget), (0, 0, 0));
    assert!(lock(&budget.state).accounts.is_empty());
}

#[tokio::test]
async fn where_all_places_are_taken_the_longest_idle_goes_before_any_with_a_request() {
    let budget = budget(NONE);
    let (busy, idle) = (budget.admit().unwrap(), budget.admit().unwrap());
    let flight = busy.client().begin(1).unwrap();
    let third = budget.admit().unwrap();
    assert!(closed(&idle).await && !closed(&busy).await);
    assert_eq!(used(&budget), (2, 1, 1));
    drop(idle);
    assert_eq!(used(&budget), (2, 1, 1), "its place is taken already");

    let other = third.client().begin(1).unwrap();
    other.ours(true);
    let fourth = budget.admit().unwrap();
    assert!(closed(&busy).await && !closed(&third).await);
    assert_eq!(used(&budget), (2, 1, 1));
    drop(flight);
    assert_eq!(used(&budget), (2, 1, 1), "it is counted no longer");

    fourth.client().begin(1).unwrap().ours(true);
    let worked = fourth.client().begin(1).unwrap();
    worked.ours(true);
    assert_eq!(budget.admit().err(), Some(Full), "the server owes both");
    assert_eq!(budget.used().closed, 2);
}

#[tokio::test]
async fn where_all_requests_are_taken_the_one_goes_that_has_not_moved_for_longest() {
    let budget = budget(NONE);
    let (a, b) = (budget.admit().unwrap(), budget.admit().unwrap());
    let first = a.client().begin(1).unwrap();
    let (_second, _third) = (b.client().begin(1).unwrap(), b.client().begin(1).unwrap());
    first.progress();
    let fourth = a.client().begin(1).unwrap();
    assert!(closed(&b).await && !closed(&a).await);
    assert_eq!(used(&budget), (1, 2, 2));
    drop((first, fourth));

    let all: Vec<_> = (0..3).map(|_| a.client().begin(1).unwrap()).collect();
    let own = a.client().begin(1).err();
    assert_eq!(own, Some(Full), "a client does not make room for itself");
    drop(all);
}

#[tokio::test]
async fn a_client_that_stalls_goes_even_if_it_waits_for_the_server_with_another_request() {
    let budget = budget(NONE);
    let (a, b) = (budget.admit().unwrap(), budget.admit().unwrap());
    let _stalled = a.client().begin(1).unwrap();
    a.client().begin(1).unwrap().ours(true);
    let queued = a.client().begin(1).unwrap();
    queued.ours(true);
    let _small = [b.client().begin(1).unwrap(), b.client().begin(1).unwrap()];
    assert!(closed(&a).await && !closed(&b).await);
    assert_eq!(used(&budget), (1, 2, 2));
}

#[test]
fn nobody_goes_before_patience_is_over() {
    let budget = budget(EVER);
    let (a, b) = (budget.admit().unwrap(), budget.admit().unwrap());
    assert_eq!(budget.admit().err(), Some(Full));
    let _flights: Vec<_> = (0..3).map(|_| a.client().begin(1).unwrap()).collect();
    assert_eq!(b.client().begin(1).err(), Some(Full));
    assert_eq!(budget.used().closed, 0);
}

#[test]
fn whoever_takes_as_much_as_it_gets_leaves_room_for_a_small_body() {
    let budget = Budget::new(Capacity {
        connections: 100,
        requests: 100,
        bytes: 100 << 20,
        patience: EVER,
    });
    let mut greedy = Vec::new();
    for _ in 0..3 {
        let place = budget.admit().unwrap();
        let flights = [place.client().begin(0), place.client().begin(0)].map(Result::unwrap);
        for flight in &flights {
            let mut bytes = 0;
            while flight.hold_body(bytes + (64 << 10)).is_ok() {
                bytes += 64 << 10;
            }
        }
        greedy.push((place, flights));
    }
    let place = budget.admit().unwrap();
    let small = place.client().begin(0).unwrap();
    assert_eq!(small.hold_body(1 << 20), Ok(()));
    assert_eq!(small.hold_body(50 << 20), Err(Full));
    let entry = lock(&budget.state).entry(&small).unwrap().bytes;
    assert_eq!(entry, 1 << 20, "what was refused is not counted");
}

#[test]
fn an_answer_longer_than_half_of_all_room_takes_half() {
    let budget = budget(EVER);
    let place = budget.admit().unwrap();
    let flights = [(); 3].map(|()| place.client().begin(0).unwrap());
    let held = flights.each_ref().map(|f| f.hold_answer(1000 * KIB));
    assert_eq!(held, [Ok(()), Ok(()), Err(Full)]);
    assert_eq!(flights[2].hold_answer(0), Ok(()));
}

#[tokio::test]
async fn bytes_that_are_missing_come_from_whoever_stalls() {
    let budget = budget(NONE);
    let (a, b) = (budget.admit().unwrap(), budget.admit().unwrap());
    let (stalled, body) = (a.client().begin(0).unwrap(), b.client().begin(0).unwrap());
    stalled.hold_body(45 * KIB).unwrap();
    body.hold_body(45 * KIB).unwrap();
    assert!(closed(&a).await);
    assert_eq!(used(&budget), (1, 1, 45 * KIB));
    assert_eq!(stalled.hold_body(1), Err(Full), "it is counted no longer");
}

#[tokio::test]
async fn nobody_is_closed_where_that_would_not_make_room_enough() {
    let budget = budget(NONE);
    let (greedy, quiet) = (budget.admit().unwrap(), budget.admit().unwrap());
    let large = greedy.client().begin(0).unwrap();
    large.hold_body(50 * KIB).unwrap();
    let small = quiet.client().begin(0).unwrap();
    small.hold_body(KIB).unwrap();
    assert_eq!(large.hold_body(60 * KIB).err(), Some(Full));
    assert!(!closed(&quiet).await);
    assert_eq!(used(&budget), (2, 2, 51 * KIB));
}

#[test]
fn bodies_leave_room_for_answers() {
    let budget = Budget::new(Capacity {
        connections: 100,
        requests: 100,
        bytes: 100 * KIB,
        patience: EVER,
    });
    let places: Vec<_> = (0..30).map(|_| budget.admit().unwrap()).collect();
    let flights: Vec<_> = places
        .iter()
        .map(|place| place.client().begin(0).unwrap())
        .collect();
    let held: Vec<_> = flights
        .iter()
        .filter(|flight| flight.hold_body(4 * KIB).is_ok())
        .collect();
    assert!((15..20).contains(&held.len()), "{}", held.len());
    for flight in &held {
        flight.ours(true);
    }
    held[0].hold_answer(25 * KIB).unwrap();
}
