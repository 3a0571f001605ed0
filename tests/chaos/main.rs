//! Chaos: both servers poll a simulated SMD that misbehaves in every way it can. All known nodes keep getting their
//! address and their name, none a wrong one, and readiness and metrics say what is going on.
#![expect(clippy::disallowed_methods, reason = "the servers are processes and the clients have sockets")]

mod site;

use coresmd_tests::server::Said;
use smd_sim::FaultKind;

use crate::site::Site;

/// How often the servers look at SMD where many polls are to be seen.
const OFTEN: &str = "250ms";

/// How often where what happens between two polls matters.
const SELDOM: &str = "4s";

/// Every fault that makes a poll fail, and what the failure is called.
fn failing_faults() -> Vec<(FaultKind, &'static str)> {
    let status = |code| FaultKind::Status { code, detail: "chaos".to_owned() };
    vec![
        (status(500), "status"),
        (status(404), "status"),
        // problem+json with 200: an object where a list is promised
        (status(200), "content_type"),
        (FaultKind::Html503, "status"),
        (FaultKind::Unauthorized, "unauthorized"),
        (FaultKind::Empty, "empty"),
        (FaultKind::Null, "schema"),
        (FaultKind::GarbageJson, "truncated"),
        (FaultKind::Truncated { bytes: None }, "truncated"),
        (FaultKind::Truncated { bytes: Some(0) }, "truncated"),
        (FaultKind::Reset, "connect"),
        (FaultKind::Refused, "connect"),
    ]
}

/// Every fault that spoils neither the poll nor what is known of a node.
fn harmless_faults() -> Vec<FaultKind> {
    vec![
        FaultKind::SlowHeader { milliseconds: 200 },
        FaultKind::SlowBody { bytes: 4096, milliseconds: 10 },
        FaultKind::GarbageRows,
        FaultKind::MassDeletion { keep: 1.0 },
    ]
}

#[test]
fn a_poll_that_fails_in_any_way_is_counted_and_costs_nobody_anything() {
    let mut site = Site::new(OFTEN);
    site.everyone_is_served("at first");
    for (fault, kind) in failing_faults() {
        fails_and_recovers(&mut site, fault, kind);
    }
    site.strangers_are_not("at last");
}

/// Apart from the others because these take as long as the servers' patience with SMD.
#[test]
fn a_poll_that_takes_too_long_is_counted_and_costs_nobody_anything() {
    let mut site = Site::new(OFTEN);
    fails_and_recovers(&mut site, FaultKind::SlowHeader { milliseconds: 60_000 }, "timeout");
    fails_and_recovers(&mut site, FaultKind::SlowBody { bytes: 1, milliseconds: 60_000 }, "timeout");
}

/// Under `fault` polls fail, which is counted as `kind` and shown, and everyone is served; afterwards all is well.
fn fails_and_recovers(site: &mut Site, fault: FaultKind, kind: &str) {
    let when = format!("{fault:?}");
    let before = site.servers().map(|server| server.said().failures(kind));
    site.break_smd(fault);
    for (server, before) in site.servers().into_iter().zip(before) {
        let said = server.wait_for(&format!("a {kind} failure under {when}"), |said| {
            said.failures(kind) > before && said.is_stale()
        });
        assert!(said.hosts() > 0, "{when}: {} forgot everyone", server.name());
        server.wait_until_ready();
    }
    site.everyone_is_served(&when);
    site.heal_smd();
    for server in site.servers() {
        server.wait_for(&format!("recovery from {when}"), |said| !said.is_stale());
    }
    site.everyone_is_served(&format!("after {when}"));
}

#[test]
fn slow_answers_and_bad_rows_among_good_ones_are_no_failure() {
    let mut site = Site::new(OFTEN);
    let well = site.servers().map(|server| server.said());
    for fault in harmless_faults() {
        let when = format!("{fault:?}");
        let rows_are_bad = fault == FaultKind::GarbageRows;
        let polls = site.servers().map(|server| server.said().polls());
        site.break_smd(fault);
        for ((server, polls), well) in site.servers().into_iter().zip(polls).zip(&well) {
            let said = server.wait_for(&format!("polls under {when}"), |said| {
                said.polls() >= polls + 3 && (said.rejected() > well.rejected()) == rows_are_bad
            });
            assert!(!said.is_stale(), "{when}: {} calls good data stale", server.name());
            assert_eq!(said.all_failures(), well.all_failures(), "{when}: {}", server.name());
        }
        site.everyone_is_served(&when);
        site.strangers_are_not(&when);
        site.heal_smd();
    }
}

#[test]
fn a_mass_deletion_is_held_back_and_shown() {
    let mut site = Site::new(SELDOM);
    for keep in [0.0, 0.3] {
        let hosts = site.servers().map(|server| server.said().hosts());
        site.break_smd(FaultKind::MassDeletion { keep });
        for (server, hosts) in site.servers().into_iter().zip(hosts) {
            let said = server.wait_for("an inventory held back", Said::is_held_back);
            assert_eq!(said.hosts(), hosts, "{} goes on with what it had", server.name());
        }
        // Seen on three polls in a row it would be believed: SMD has its rows again before that.
        site.heal_smd();
        site.everyone_is_served("after the scare");
        for server in site.servers() {
            server.wait_for("nothing held back", |said| !said.is_held_back() && !said.is_stale());
        }
        site.everyone_is_served("with SMD well again");
    }
}

#[test]
fn servers_that_crash_in_an_outage_come_back_with_what_they_knew() {
    let mut site = Site::new(OFTEN);
    site.everyone_is_served("before the outage");
    site.break_smd(FaultKind::Refused);
    for server in site.servers() {
        server.crash_and_restart();
        server.wait_until_ready();
        let said = server.wait_for("a failed poll", |said| said.failures("connect") > 0);
        assert!(said.is_stale() && said.is_from_disk(), "{} hides that its snapshot is old", server.name());
    }
    site.everyone_is_served("in the outage, from disk");
    site.strangers_are_not("in the outage, from disk");
    site.heal_smd();
    for server in site.servers() {
        server.wait_for("recovery", |said| !said.is_stale() && !said.is_from_disk());
    }
    site.everyone_is_served("after the outage");
}

#[test]
fn a_server_that_has_never_seen_an_inventory_answers_nobody_and_says_so() {
    let mut site = Site::in_an_outage(OFTEN);
    for server in site.servers() {
        server.wait_until_unready("Connection refused");
    }
    site.nobody_is_served("before the first inventory");
    site.heal_smd();
    for server in site.servers() {
        server.wait_until_ready();
    }
    site.everyone_is_served("after the first inventory");
}
