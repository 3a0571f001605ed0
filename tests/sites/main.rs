//! The same tests over each combination of sources: whatever inventory and boot parameters come from, both servers answer
//! for every node in the same way, go on when the sources fail in any way, and say what is wrong.

#![expect(clippy::disallowed_methods, reason = "the servers are processes and read files")]

mod examples;
mod site;

use coresmd_tests::server::Said;
use coresmd_tests::sources::{Combination, Trouble};

use crate::site::Site;

/// The tests of one combination, under its name.
macro_rules! over {
    ($($name:ident: $combination:ident),+) => {$(
        mod $name {
            use coresmd_tests::sources::Combination;

            const COMBINATION: Combination = Combination::$combination;

            #[test]
            fn every_node_is_served() {
                super::every_node_is_served(COMBINATION);
            }

            #[test]
            fn whatever_befalls_the_sources_is_shown_and_costs_nobody_anything() {
                super::whatever_befalls_the_sources_is_shown_and_costs_nobody_anything(COMBINATION);
            }

            #[test]
            fn servers_that_start_in_an_outage_serve_what_they_knew() {
                super::servers_that_start_in_an_outage_serve_what_they_knew(COMBINATION);
            }

            #[test]
            fn an_inventory_that_lists_nobody_is_held_back() {
                super::an_inventory_that_lists_nobody_is_held_back(COMBINATION);
            }
        }
    )+};
}

over!(smd_and_bss_on_sql: SmdAndBssOnSql, smd_and_bss_on_etcd: SmdAndBssOnEtcd, successors: Successors, files: Files);

fn every_node_is_served(combination: Combination) {
    let mut site = Site::new(combination, "1s");
    site.wait_until_well("at first");
    site.everyone_is_served("at first");
    site.strangers_are_not("at first");
    site.everyone_boots();
}

fn whatever_befalls_the_sources_is_shown_and_costs_nobody_anything(combination: Combination) {
    let mut site = Site::new(combination, "500ms");
    site.wait_until_well("at first");
    for &trouble in Trouble::of(combination) {
        let when = format!("{trouble:?}");
        let failures = site.servers().map(|server| server.said().all_failures());
        site.sources.suffer(trouble);
        for (server, before) in site.servers().into_iter().zip(failures) {
            server.wait_for(&format!("a failure, {when}"), |said| said.is_stale() && said.all_failures() > before);
        }
        site.wait_until_shown(trouble.shown(combination));
        if trouble == Trouble::TokensRefused {
            for server in site.servers() {
                server.wait_for("what to do", |said| said.token_is("needs_credentials"));
            }
        }
        site.everyone_is_served(&when);
        site.sources.heal();
        site.wait_until_well(&format!("after {when}"));
        site.everyone_is_served(&format!("after {when}"));
    }
    site.strangers_are_not("at last");
}

fn servers_that_start_in_an_outage_serve_what_they_knew(combination: Combination) {
    let mut site = Site::new(combination, "500ms");
    site.wait_until_well("at first");
    site.sources.suffer(Trouble::Down);
    for server in site.servers() {
        server.crash_and_restart();
        server.wait_until_ready();
        server.wait_for("an old snapshot", |said| {
            said.is_stale() && said.is_from_disk() && said.hosts() > 0 && said.all_failures() > 0
        });
    }
    site.wait_until_shown(Trouble::Down.shown(combination));
    site.everyone_is_served("in the outage, from disk");
    site.strangers_are_not("in the outage, from disk");
    site.sources.heal();
    site.wait_until_well("after the outage");
    site.everyone_is_served("after the outage");
}

fn an_inventory_that_lists_nobody_is_held_back(combination: Combination) {
    // seen on three polls in a row it would be believed
    let mut site = Site::new(combination, "5s");
    site.wait_until_well("at first");
    let hosts = site.servers().map(|server| server.said().hosts());
    site.sources.list_nobody();
    for (server, hosts) in site.servers().into_iter().zip(hosts) {
        assert_eq!(server.wait_for("an inventory held back", Said::is_held_back).hosts(), hosts);
    }
    site.everyone_is_served("with everybody gone");
    site.sources.heal();
    site.wait_until_well("with everybody back");
    site.everyone_is_served("with everybody back");
}
