//! Batches over simulated fleets.

use std::collections::BTreeMap;

use super::simulation::{Ran, Sim, SimHost};

/// Service times in seconds of a host with a core of its own, and with 30 % of a core.
const USUAL: f64 = 0.45;
const SLOW: f64 = 1.5;

fn host(name: &'static str, service: f64) -> SimHost {
    SimHost {
        name: Some(name),
        slots: 1,
        service,
        joins: 0.0,
        killed: f64::INFINITY,
    }
}

fn nameless(host: SimHost) -> SimHost {
    SimHost { name: None, ..host }
}

/// Twenty runs of a batch, each with another order in which the server deals the offers out.
fn runs(images: u64, timeout: f64, hosts: Vec<SimHost>, poison: &[(u64, f64)]) -> Vec<Ran> {
    sims(images, hosts, |sim| {
        sim.timeout = timeout;
        sim.poison = BTreeMap::from_iter(poison.iter().copied());
    })
}

/// Twenty runs, with the default time-out and what `change` changes.
fn sims(images: u64, hosts: Vec<SimHost>, change: impl Fn(&mut Sim)) -> Vec<Ran> {
    let mut sim = Sim {
        images,
        timeout: 60.0,
        hosts,
        poison: BTreeMap::new(),
        long: None,
        spread: 0.0,
        most: 200,
        seed: 0,
    };
    change(&mut sim);
    let seeds = 0..20;
    let runs = seeds.map(|seed| {
        sim.seed = seed;
        sim.run()
    });
    runs.collect()
}

fn assert_all_answered(ran: &Ran, images: usize) {
    assert_eq!((ran.answered, &*ran.failed), (images, &[][..]), "{ran:?}");
}

fn assert_none_gone_but(ran: &Ran, dead: &str) {
    assert!(ran.gone.is_empty() || ran.gone == [dead], "{ran:?}");
}

#[test]
fn undisturbed_hosts_work_all_the_time_and_for_somebody() {
    for ran in runs(200, 60.0, vec![host("a", USUAL), host("b", USUAL)], &[]) {
        assert_all_answered(&ran, 200);
        assert_none_gone_but(&ran, "");
        assert_eq!(ran.worked_off, 200, "{ran:?}");
        assert!(100.0 * USUAL / ran.time > 0.96, "{ran:?}");
        assert!(ran.offers < 3 * 200, "{ran:?}");
    }
}

#[test]
fn a_host_that_is_three_times_slower_slows_nobody_else() {
    let hosts = || vec![host("a", USUAL), host("b", 3.0 * USUAL)];
    for ran in runs(200, 60.0, hosts(), &[]) {
        assert_all_answered(&ran, 200);
        assert_none_gone_but(&ran, "");
        let best = 200.0 / (1.0 / USUAL + 1.0 / (3.0 * USUAL));
        assert!(best / ran.time > 0.93, "{ran:?}");
        assert!(ran.worked_off <= 201, "{ran:?}");
    }
}

#[test]
fn slow_hosts_lose_nothing_when_one_is_killed_at_any_time_out() {
    for (timeout, killed) in [(5.0, 10.0), (5.0, 12.7), (60.0, 11.1), (3600.0, 44.0)] {
        let hosts = || {
            let killed = SimHost {
                killed,
                ..host("a", SLOW)
            };
            vec![killed, host("b", SLOW)]
        };
        for ran in runs(60, timeout, hosts(), &[]) {
            assert_all_answered(&ran, 60);
            assert_none_gone_but(&ran, "host a");
            // What was in work at the dead host is all that is made anew.
            let best = SLOW * (60.0 - (killed / SLOW).floor()).max(30.0);
            assert!(ran.time < best + 2.0 * SLOW, "{killed}: {ran:?}");
            assert!(ran.idle_at_end <= 2.0 * SLOW, "{killed}: {ran:?}");
            assert!(ran.copies <= 1, "{ran:?}");
        }
    }
}

#[test]
fn a_slow_fleet_of_300_images_loses_nothing_when_a_host_dies_and_another_joins() {
    let hosts = || {
        let dying = SimHost {
            killed: 45.0,
            ..host("h1", SLOW)
        };
        let joining = SimHost {
            joins: 50.0,
            ..host("h3", SLOW)
        };
        vec![dying, host("h2", SLOW), joining]
    };
    for ran in runs(300, 5.0, hosts(), &[]) {
        assert_all_answered(&ran, 300);
        assert_none_gone_but(&ran, "host h1");
        assert!(ran.worked_off <= 301, "{ran:?}");
        assert!(ran.idle_at_end <= 2.0 * SLOW, "{ran:?}");
    }
}

#[test]
fn a_host_killed_with_the_last_images_costs_one_service_time_at_most() {
    for timeout in [1.0, 60.0, 3600.0] {
        let hosts = || {
            // Between the claim of its last image and the answer.
            let dying = SimHost {
                killed: 19.7 * USUAL,
                ..host("a", USUAL)
            };
            vec![dying, host("b", USUAL)]
        };
        for ran in runs(40, timeout, hosts(), &[]) {
            assert_all_answered(&ran, 40);
            assert!(ran.time < 20.0 * USUAL + 2.2 * USUAL, "{ran:?}");
            assert!(ran.idle_at_end <= 1.2 * USUAL, "{ran:?}");
        }
    }
}

#[test]
fn a_poisoned_image_fails_alone_after_three_workers() {
    let two = || vec![host("a", USUAL), host("b", USUAL)];
    let wide = || {
        vec![SimHost {
            slots: 4,
            ..host("a", USUAL)
        }]
    };
    let without_names = || two().into_iter().map(nameless).collect();
    for (hosts, images) in [
        (two(), 40),
        (two(), 1),
        (vec![host("a", USUAL)], 11),
        (wide(), 40),
        (without_names(), 40),
    ] {
        let poison = images / 2 + 1;
        for ran in runs(images, 5.0, hosts, &[(poison, 0.1)]) {
            assert_eq!(ran.failed, [(poison, 3)], "{ran:?}");
            assert_eq!(ran.answered as u64, images - 1, "{ran:?}");
            assert_none_gone_but(&ran, "");
        }
    }
}

#[test]
fn hosts_without_a_name_are_used_as_well() {
    let hosts = || {
        let wide = SimHost {
            slots: 2,
            ..nameless(host("", USUAL))
        };
        vec![wide, nameless(host("", 2.0 * USUAL))]
    };
    for ran in runs(200, 60.0, hosts(), &[]) {
        assert_all_answered(&ran, 200);
        let best = 200.0 / (2.0 / USUAL + 0.5 / USUAL);
        // The slower one cannot be told from the faster one, and is dealt as many offers.
        assert!(best / ran.time > 0.75, "{ran:?}");
        assert!(ran.worked_off <= 203, "{ran:?}");
    }
}

#[test]
fn many_hosts_are_kept_busy() {
    let hosts = || {
        ["a", "b", "c", "d", "e", "f", "g", "h"]
            .map(|name| SimHost {
                slots: 2,
                ..host(name, USUAL)
            })
            .into()
    };
    for ran in runs(1000, 60.0, hosts(), &[]) {
        assert_all_answered(&ran, 1000);
        assert!(1000.0 / 16.0 * USUAL / ran.time > 0.93, "{ran:?}");
    }
}

#[test]
fn a_host_whose_first_image_takes_longer_than_the_time_out_is_not_given_up() {
    let hosts = || {
        let late = SimHost {
            joins: 20.0,
            ..host("b", 7.0)
        };
        vec![host("a", USUAL), late]
    };
    for ran in runs(100, 5.0, hosts(), &[]) {
        assert_all_answered(&ran, 100);
        assert_none_gone_but(&ran, "");
        assert!(ran.worked_off <= 101, "{ran:?}");
    }
}

#[test]
fn a_host_that_joins_while_all_others_are_busy_is_found() {
    let hosts = || {
        let joining = SimHost {
            joins: 5.0,
            ..host("b", USUAL)
        };
        vec![host("a", 50.0), joining]
    };
    for ran in runs(10, 60.0, hosts(), &[]) {
        assert_all_answered(&ran, 10);
        assert!(ran.time < 5.0 + 6.0 + 11.0 * USUAL, "{ran:?}");
        assert!(ran.copies <= 1, "{ran:?}");
    }
}

#[test]
fn few_images_are_made_twice_where_they_take_different_times() {
    let hosts = || {
        let wide = |name| SimHost {
            slots: 4,
            ..host(name, USUAL)
        };
        vec![wide("a"), wide("b")]
    };
    for ran in sims(2000, hosts(), |sim| {
        sim.spread = 0.5;
        sim.most = 4;
    }) {
        assert_all_answered(&ran, 2000);
        assert!(ran.worked_off < 2000 + 200, "{ran:?}");
    }
}

#[test]
fn a_poisoned_image_at_the_end_costs_seconds_at_any_time_out() {
    for number in [190, 195, 200] {
        let hosts = vec![host("a", USUAL), host("b", USUAL)];
        for ran in runs(200, 3600.0, hosts, &[(number, 0.1)]) {
            assert_eq!(ran.failed, [(number, 3)], "{ran:?}");
            assert!(ran.time < 100.0 * USUAL + 30.0 * USUAL, "{ran:?}");
        }
    }
}

#[test]
fn a_dead_host_without_a_name_leaves_no_heap_of_offers() {
    let hosts = || {
        let dying = SimHost {
            killed: 10.0,
            ..nameless(host("", USUAL))
        };
        vec![dying, nameless(host("", USUAL))]
    };
    for ran in runs(1000, 60.0, hosts(), &[]) {
        assert_all_answered(&ran, 1000);
        assert!(ran.offers < 3 * 1000, "{ran:?}");
    }
}

#[test]
fn an_image_that_takes_much_longer_than_all_others_is_not_lost() {
    for timeout in [5.0, 60.0] {
        let hosts = vec![host("a", USUAL), host("b", USUAL), host("c", USUAL)];
        for ran in sims(100, hosts, |sim| {
            sim.timeout = timeout;
            sim.long = Some((100, 12.0));
        }) {
            assert_all_answered(&ran, 100);
        }
    }
}
