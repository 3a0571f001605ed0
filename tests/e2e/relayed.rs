//! A client behind ISC's relay, which appends option 82, gets the address of its own subnet.

use coresmd_tests::process::Process;

use crate::clients::udhcpc;
use crate::lab::{FAR, Lab, NEAR, SERVER};
use crate::reserved::{reservation_of, resolves};

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn a_relayed_client_gets_the_reservation_of_its_subnet() {
    let lab = Lab::new(NEAR.mac);
    let (relay, far) = lab.behind_a_relay(FAR.mac);
    let words = ["dhcrelay", "-4", "-d", "-a", "-m", "append", "-c", "4", "-i", "downstream", "-i", "upstream", SERVER];
    let mut agent = Process::start("dhcrelay", relay.command(&words));
    agent.wait_for_output("Sending on   Socket/fallback");

    assert_eq!(udhcpc(&far, lab.directory.path(), &[]), Ok(reservation_of(FAR)));
    let said = agent.output();
    let steps = [
        "-byte relay agent option".to_owned(),
        format!("Forwarded BOOTREQUEST for {} to {SERVER}", FAR.mac),
        format!("Forwarded BOOTREPLY for {}", FAR.mac),
    ];
    for step in &steps {
        assert!(said.contains(step), "the relay does not say {step:?}: {said}");
    }

    far.ip("route add default via 10.78.0.2");
    resolves(&far, FAR);
}
