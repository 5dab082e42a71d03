//! Hosts, images and connections that are lost.

use super::*;

#[test]
fn an_image_fails_when_three_workers_were_lost_with_it() {
    let (mut dealer, start) = dealer(1);
    let mut now = start;
    for host in [A, B, A] {
        claim_image(&mut dealer, host, 1, now);
        assert_eq!(acts(&mut dealer, now), []);
        now += seconds(3.0);
    }
    // No fourth one gets it, and the last one has its time.
    assert_eq!(claim(&mut dealer, Some("c"), now), None);
    assert_eq!(acts(&mut dealer, now), []);
    let takers = vec!["host a".into(), "host b".into(), "host a".into()];
    let failed = Order::Fail { image: 1, takers };
    // It has been lost twice before, and may be one that takes long: four times the time of a first try.
    assert_eq!(acts(&mut dealer, now + seconds(236.9)), []);
    assert_eq!(acts(&mut dealer, now + seconds(237.0)), [failed]);
    assert_eq!(acts(&mut dealer, now + seconds(999.0)), []);
}

#[test]
fn the_batch_ends_when_nothing_is_heard_of_any_worker_for_the_time_out() {
    let until = |events: &[fn(&mut Dealer, Instant)]| {
        let (mut dealer, start) = dealer(1);
        for event in events {
            event(&mut dealer, start);
        }
        let mut now = start;
        for _ in 0..1000 {
            let end = dealer.tick(now).into_iter().find_map(|order| match order {
                Order::End(missing) => Some(missing),
                _ => None,
            });
            if let Some(missing) = end {
                return Some(((now - start).as_secs_f64(), missing));
            }
            now = dealer.next(now)?;
        }
        None
    };
    use Missing::{Answers, Connection, Workers};
    assert_eq!(until(&[]), Some((5.0, Answers)));
    assert_eq!(until(&[Dealer::nobody]), Some((5.0, Workers)));
    assert_eq!(until(&[Dealer::offline]), Some((5.0, Connection)));
    let flaps: [fn(&mut Dealer, Instant); 2] = [Dealer::offline, Dealer::online];
    assert_eq!(until(&flaps), Some((5.0, Answers)));
    // A worker that took an image has its time, and only then the silence counts.
    let taken = |dealer: &mut Dealer, now| {
        claim_image(dealer, A, 1, now);
    };
    assert_eq!(until(&[taken]), Some((65.0, Answers)));
    assert_eq!(until(&[taken, Dealer::offline]), Some((5.0, Connection)));
    // Without images nobody waits for anything.
    let empty = |dealer: &mut Dealer, _| dealer.forget(1);
    assert_eq!(until(&[empty]), None);
}

#[test]
fn what_is_missing_is_said_once() {
    let (mut dealer, start) = dealer(1);
    dealer.nobody(start);
    dealer.nobody(start);
    let workers = Notice::Missing(Missing::Workers);
    assert_eq!(notices(&mut dealer, start), std::slice::from_ref(&workers));
    dealer.offline(start);
    assert_eq!(notices(&mut dealer, start), []);
    dealer.online(start);
    assert_eq!(notices(&mut dealer, start), [Notice::ServerBack]);
    dealer.online(start);
    dealer.nobody(start);
    assert_eq!(notices(&mut dealer, start), [workers]);
    // The first sign of anybody ends it.
    say(&mut dealer, A, 1, start);
    dealer.tick(start);
    dealer.offline(start);
    let connection = Notice::Missing(Missing::Connection);
    assert_eq!(notices(&mut dealer, start), [connection]);
}

#[test]
fn a_host_is_gone_once_an_image_was_lost_with_it_and_back_at_its_first_answer() {
    let (mut dealer, start) = dealer(1);
    let number = claim_image(&mut dealer, A, 1, start);
    let joined = Notice::Joined {
        host: "host a".into(),
        slots: Some(1),
    };
    assert_eq!(notices(&mut dealer, start), [joined]);
    // Nothing was measured: it has the time that one image may take at most.
    assert_eq!(notices(&mut dealer, start + seconds(59.0)), []);
    let silent = seconds(60.0);
    let gone = Notice::Gone {
        host: "host a".into(),
        silent,
    };
    assert_eq!(notices(&mut dealer, start + silent), [gone]);
    assert_eq!(notices(&mut dealer, start + seconds(61.0)), []);
    let now = start + seconds(62.0);
    assert_eq!(dealer.answered(number, A, now), Some(1));
    let back = Notice::Back {
        host: "host a".into(),
    };
    assert_eq!(notices(&mut dealer, now), [back]);
    // Idle, it may be silent as long as it likes.
    assert_eq!(notices(&mut dealer, start + seconds(1e4)), []);
}

#[test]
fn a_lost_connection_is_not_the_fault_of_images_or_hosts() {
    let (mut dealer, start) = dealer(1);
    let mut now = start;
    for _ in 0..5 {
        claim_image(&mut dealer, A, 1, now);
        dealer.offline(now);
        dealer.online(now + seconds(1.0));
        now += seconds(61.0);
        say(&mut dealer, B, 1, now);
        assert_eq!(acts(&mut dealer, now), []);
    }
    // A late answer is taken.
    let number = claim_image(&mut dealer, A, 1, now);
    dealer.offline(now);
    dealer.online(now);
    assert_eq!(dealer.answered(number, A, now), Some(1));
}

#[test]
fn what_did_not_reach_its_worker_is_handed_to_the_next_one() {
    let (mut dealer, start) = dealer(1);
    for _ in 0..5 {
        let number = claim_image(&mut dealer, A, 1, start);
        dealer.undelivered(number, start);
    }
    assert_eq!(acts(&mut dealer, start), []);
}
