//! The policy by itself, and with simulated fleets, on a clock of the test's.

mod scenarios;
mod simulation;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(5);

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");

/// A policy with `images` to hand out, and the time at which it begins.
fn dealer(images: u64) -> (Dealer, Instant) {
    let start = Instant::now();
    let mut dealer = Dealer::new(TIMEOUT, 200, start);
    for number in 1..=images {
        assert_eq!(dealer.add(start), number);
    }
    (dealer, start)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// The image for a worker that claims one, and that confirms it.
fn claim(dealer: &mut Dealer, host: Option<&str>, now: Instant) -> Option<Deal> {
    assert!(say(dealer, host, 1, now));
    let deal = dealer.deal(host, now)?;
    dealer.taken(deal.number, now);
    Some(deal)
}

/// A host of so many slots claims a fresh offer.
fn say(dealer: &mut Dealer, host: Option<&str>, slots: u32, now: Instant) -> bool {
    let offer = dealer.offers.publish(1, now)[0];
    dealer.claim(offer, host, Some(slots), now)
}

/// A claim that must be given an image: the number of its try.
fn claim_image(dealer: &mut Dealer, host: Option<&str>, image: u64, now: Instant) -> u64 {
    let deal = claim(dealer, host, now).expect("an image");
    assert_eq!(deal.image, image);
    deal.number
}

/// The orders without offers and messages to people.
fn acts(dealer: &mut Dealer, now: Instant) -> Vec<Order> {
    let orders = dealer.tick(now).into_iter();
    let is_act = |order: &Order| !matches!(order, Order::Offer(_) | Order::Tell(_));
    orders.filter(is_act).collect()
}

fn notices(dealer: &mut Dealer, now: Instant) -> Vec<Notice> {
    let orders = dealer.tick(now).into_iter();
    let notices = orders.filter_map(|order| match order {
        Order::Tell(notice) => Some(notice),
        _ => None,
    });
    notices.collect()
}

fn offers(dealer: &mut Dealer, now: Instant) -> usize {
    let orders = dealer.tick(now).into_iter();
    let offers = orders.map(|order| match order {
        Order::Offer(numbers) => numbers.len(),
        _ => 0,
    });
    offers.sum()
}

#[test]
fn images_are_handed_out_in_order_and_once() {
    let (mut dealer, start) = dealer(2);
    assert_eq!(offers(&mut dealer, start), 4);
    let first = claim_image(&mut dealer, A, 1, start);
    let second = claim_image(&mut dealer, B, 2, start);
    assert_eq!(claim(&mut dealer, Some("c"), start), None);
    assert_eq!(dealer.answered(second, B, start), Some(2));
    assert_eq!(dealer.answered(first, A, start), Some(1));
    assert_eq!(dealer.answered(first, A, start), None);
    assert_eq!((dealer.copies(), dealer.next(start)), (0, None));
    assert_eq!(acts(&mut dealer, start + seconds(1e4)), []);
}

#[test]
fn an_image_in_work_is_handed_out_again_once_its_host_takes_longer_than_usual() {
    let (mut dealer, start) = dealer(1);
    let now = start + seconds(1.0);
    let warm_up = claim_image(&mut dealer, A, 1, start);
    dealer.answered(warm_up, A, now);
    dealer.add(now);
    let late = claim_image(&mut dealer, A, 3, now);
    // No image is free, and A usually takes a second.
    assert_eq!(claim(&mut dealer, B, now + seconds(0.9)), None);
    assert_eq!(offers(&mut dealer, now + seconds(0.9)), 0);
    let due = now + seconds(1.0);
    assert_eq!(dealer.next(now), Some(due));
    assert!(offers(&mut dealer, due) > 0);
    let copy = claim_image(&mut dealer, B, 3, due);
    // The first answer counts, and the second is dropped.
    assert_eq!(dealer.answered(late, A, due + seconds(0.1)), Some(3));
    assert_eq!(dealer.copies(), 1);
    assert_eq!(dealer.answered(copy, B, due + seconds(1.0)), None);
    assert_eq!(dealer.copies(), 1);
}

#[test]
fn an_image_that_nobody_works_on_goes_before_one_in_work() {
    let (mut dealer, start) = dealer(2);
    claim_image(&mut dealer, A, 1, start);
    claim_image(&mut dealer, B, 2, start + seconds(9.0));
    claim_image(&mut dealer, B, 1, start + seconds(9.0));
}

#[test]
fn a_host_that_claims_beyond_its_slots_has_lost_its_oldest_image() {
    let (mut dealer, start) = dealer(2);
    claim_image(&mut dealer, A, 1, start);
    // Too soon to tell: a claim may be faster than an answer.
    assert_eq!(claim_image(&mut dealer, A, 2, start + seconds(0.1)), 4);
    // Two seconds are assumed; the first image is handed out again.
    claim_image(&mut dealer, A, 1, start + seconds(2.1));
    claim_image(&mut dealer, A, 2, start + seconds(4.2));
}

#[test]
fn an_answer_after_all_counts_and_shows_that_the_host_has_more_slots() {
    let (mut dealer, start) = dealer(2);
    let first = claim_image(&mut dealer, A, 1, start);
    let now = start + seconds(3.0);
    let again = claim_image(&mut dealer, A, 1, now);
    assert_eq!(dealer.answered(first, A, now), Some(1));
    assert_eq!(dealer.copies(), 1);
    // Two are in use by now, and a third claim shows nothing.
    claim_image(&mut dealer, A, 2, now);
    assert_eq!(claim(&mut dealer, A, now + seconds(3.0)), None);
    assert_eq!(dealer.answered(again, A, now + seconds(3.0)), None);
}

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
fn waiting_is_no_failure_while_any_worker_answers() {
    let (mut dealer, start) = dealer(99);
    let mut now = start;
    for _ in 0..98 {
        let deal = claim(&mut dealer, A, now).expect("an image");
        now += TIMEOUT - seconds(0.1);
        assert_eq!(dealer.answered(deal.number, A, now), Some(deal.image));
        assert_eq!(acts(&mut dealer, now), []);
    }
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
fn nobody_is_asked_while_there_is_no_connection_and_seldom_while_nobody_is_there() {
    let (mut dealer, start) = dealer(9);
    assert_eq!(offers(&mut dealer, start), 4);
    dealer.offline(start);
    assert_eq!(offers(&mut dealer, start + seconds(1.0)), 0);
    dealer.online(start + seconds(1.0));
    assert_eq!(offers(&mut dealer, start + seconds(1.0)), 4);
    dealer.nobody(start + seconds(1.0));
    assert_eq!(offers(&mut dealer, start + seconds(1.0)), 0);
    assert_eq!(offers(&mut dealer, start + seconds(1.1)), 1);
    assert_eq!(offers(&mut dealer, start + seconds(1.1)), 0);
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
    // What comes after all is taken.
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

#[test]
fn a_batch_that_stops_finishes_what_is_in_work_and_hands_nothing_out() {
    let (mut dealer, start) = dealer(3);
    let first = claim_image(&mut dealer, A, 1, start);
    claim_image(&mut dealer, B, 2, start);
    dealer.stop();
    assert_eq!(acts(&mut dealer, start), [Order::Leave(3)]);
    assert_eq!(claim(&mut dealer, Some("c"), start + seconds(9.0)), None);
    assert_eq!(dealer.answered(first, A, start), Some(1));
    // A host that is gone finishes nothing.
    assert_eq!(acts(&mut dealer, start + seconds(60.0)), [Order::Leave(2)]);
    let (mut dealer, start) = self::dealer(1);
    claim_image(&mut dealer, A, 1, start);
    dealer.stop();
    dealer.nobody(start);
    assert_eq!(acts(&mut dealer, start), [Order::Leave(1)]);
}

#[test]
fn the_window_has_two_images_for_each_slot() {
    let (mut dealer, start) = dealer(99);
    assert_eq!(dealer.window(), 4);
    say(&mut dealer, A, 2, start);
    assert_eq!(dealer.window(), 6);
    say(&mut dealer, B, 3, start);
    assert_eq!(dealer.window(), 12);
    // Hosts without a name show their slots by what they take.
    for _ in 0..20 {
        claim(&mut dealer, None, start).expect("an image");
    }
    assert_eq!(dealer.window(), 52);
    say(&mut dealer, B, u32::MAX, start);
    assert_eq!(dealer.window(), 200);
}
