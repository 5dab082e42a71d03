//! The policy by itself, and with simulated fleets, on a clock of the test's.

mod scenarios;
mod simulation;
mod trouble;

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
