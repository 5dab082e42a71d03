use super::*;

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn hosts_are_new_once_and_back_at_the_first_sign_after_they_were_given_up() {
    let now = Instant::now();
    let mut hosts = Hosts::default();
    for name in [A, None] {
        assert_eq!(hosts.heard(name, Some(2), now), Sign::New);
        assert_eq!(hosts.heard(name, None, now), Sign::Known);
    }
    hosts.begin(A);
    hosts.give_up("a");
    assert_eq!(hosts.slots(), 2);
    assert_eq!(hosts.heard(A, None, now), Sign::Back);
    assert_eq!(hosts.heard(A, None, now), Sign::Known);
    assert_eq!(hosts.slots(), 4);
    assert!(!hosts.is_full("a"));
}

#[test]
fn slots_are_those_that_hosts_say_or_were_seen_to_have() {
    let now = Instant::now();
    let mut hosts = Hosts::default();
    hosts.heard(A, Some(2), now);
    hosts.heard(B, None, now);
    assert_eq!(hosts.slots(), 3);
    // An answer says nothing of slots.
    hosts.heard(A, None, now);
    assert_eq!(hosts.slots(), 3);
    hosts.begin(B);
    assert!(hosts.is_full("b") && !hosts.is_full("a"));
    hosts.has_one_more(B);
    assert!(!hosts.is_full("b"));
    assert_eq!(hosts.slots(), 4);
    hosts.heard(Some("c"), Some(u32::MAX), now);
    hosts.heard(Some("d"), Some(u32::MAX), now);
    assert!(hosts.slots() >= u32::MAX as usize);
}

#[test]
fn limits_follow_from_what_was_measured() {
    let now = Instant::now();
    let mut hosts = Hosts::default();
    hosts.heard(A, Some(1), now);
    hosts.heard(B, Some(1), now);
    assert_eq!((hosts.usual(A), hosts.longest(A)), (ASSUMED, ASSUMED));
    assert_eq!(hosts.explained(A), FIRST);
    for time in [1, 1, 4] {
        hosts.measured(A, seconds(time));
    }
    assert_eq!((hosts.usual(A), hosts.longest(A)), (seconds(1), seconds(4)));
    assert_eq!(hosts.explained(A), seconds(12));
    // Nothing was measured of B: what A takes is expected, and nothing counts as lost early.
    assert_eq!((hosts.usual(B), hosts.longest(B)), (seconds(1), seconds(4)));
    assert_eq!(hosts.explained(B), FIRST);
    hosts.measured(B, Duration::from_millis(1));
    assert_eq!((hosts.usual(B), hosts.longest(B)), (SHORTEST, SHORTEST));
    assert_eq!(hosts.explained(B), 3 * SHORTEST);
}

#[test]
fn a_slot_is_idle_once_it_could_have_claimed_and_not_for_ever() {
    let start = Instant::now();
    let mut hosts = Hosts::default();
    hosts.heard(A, Some(2), start);
    hosts.begin(A);
    assert!(!hosts.was_idle(A, start) && hosts.was_idle(A, start + GRACE));
    assert_eq!(hosts.idle(start), 0);
    assert_eq!(hosts.next_idle(start), Some(start + GRACE));
    assert_eq!(hosts.idle(start + GRACE), 1);
    hosts.end(A, start + seconds(1));
    assert_eq!(hosts.idle(start + seconds(1)), 0);
    assert_eq!(hosts.idle(start + seconds(2)), 2);
    assert_eq!(hosts.idle(start + seconds(1) + IDLE), 0);
    // Two hosts without a name have taken three at once.
    hosts.heard(None, Some(2), start);
    (0..3).for_each(|_| hosts.begin(None));
    hosts.end(None, start);
    assert_eq!((hosts.slots(), hosts.idle(start + GRACE)), (5, 1));
}
