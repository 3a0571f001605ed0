//! The steps in their order: who answers, and what the steps before have set.

use std::time::Duration;

use super::*;
use crate::address_file::AddressFile;
use crate::policy::{AutoConfigure, Nbp};

const STRANGER: [u8; 6] = [2, 0, 0, 0, 0, 1];
const LISTED: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 61);

fn with_steps(steps: Vec<Step>) -> Policy {
    Policy { steps: [vec![Step::ServerId(SERVER)], steps].concat(), server_id: Some(SERVER), pool: None }
}

fn coresmd() -> Step {
    policy(&[]).steps.pop().unwrap()
}

/// A file that lists this MAC address.
fn file(mac: [u8; 6]) -> Step {
    let file = AddressFile::new("hosts".into(), false);
    file.table.store([(MacAddr(mac), LISTED)].into_iter().collect::<crate::address_file::Table<_>>().into());
    Step::File(file)
}

fn of(mac: [u8; 6], mut message: Outgoing) -> Outgoing {
    message.chaddr[..6].copy_from_slice(&mac);
    message
}

/// SMD has no IPv4 address for this one.
fn unservable() -> [u8; 6] {
    [&NODE[..5], &[6]].concat().try_into().unwrap()
}

#[test]
fn the_first_reservation_counts() {
    let discover = |mac| of(mac, ask(MessageType::Discover));
    for (steps, mac, wanted) in [
        (vec![coresmd(), file(NODE)], NODE, Ok(NODE_ADDRESS)),
        (vec![file(NODE), coresmd()], NODE, Ok(LISTED)),
        (vec![coresmd(), file(STRANGER)], STRANGER, Ok(LISTED)),
        (vec![file(STRANGER), file(NODE)], NODE, Ok(LISTED)),
        (vec![file(NODE)], STRANGER, Err(DropReason::Unknown)),
        (vec![coresmd(), file(unservable())], unservable(), Ok(LISTED)),
        (vec![coresmd(), file(NODE)], unservable(), Err(DropReason::NoIpv4Address)),
    ] {
        let got = outcome(&with_steps(steps.clone()), &discover(mac)).map(|transmit| transmit.reply.yiaddr);
        assert_eq!(got, wanted, "{steps:?}");
    }
}

#[test]
fn a_file_needs_no_inventory_but_coresmd_does() {
    let discover = of(STRANGER, ask(MessageType::Discover));
    for (steps, wanted) in [
        (vec![file(STRANGER)], Ok(LISTED)),
        (vec![file(STRANGER), coresmd()], Ok(LISTED)),
        (vec![coresmd(), file(STRANGER)], Err(DropReason::NoSnapshot)),
    ] {
        let got = outcome_with(None, &with_steps(steps), &discover).map(|transmit| transmit.reply.yiaddr);
        assert_eq!(got, wanted);
    }
}

#[test]
fn a_file_is_a_reservation_like_any_other() {
    use MessageType::{Ack, Decline, Inform, Nak, Release, Request};
    let policy = with_steps(vec![Step::LeaseTime(600), file(STRANGER), Step::LeaseTime(7)]);
    let request = |ciaddr| Outgoing { ciaddr, ..of(STRANGER, ask(Request)) };
    let asked = |address: Ipv4Addr| with(request(NONE), &[(OptionCode::RequestedIpAddress, &address.octets())]);
    let (inform, release) = (of(STRANGER, ask(Inform)), of(STRANGER, ask(Release)));
    for (message, wanted) in [
        (asked(LISTED), Ok((Ack, LISTED))),
        (asked(OTHER), Ok((Nak, NONE))),
        (request(LISTED), Ok((Ack, LISTED))),
        (request(OTHER), Ok((Nak, NONE))),
        (Outgoing { ciaddr: LISTED, ..inform }, Ok((Ack, NONE))),
        (Outgoing { ciaddr: LISTED, ..release }, Err(DropReason::Released)),
        (of(STRANGER, ask(Decline)), Err(DropReason::Declined)),
    ] {
        assert_eq!(answer(&policy, &message), wanted);
    }
    let lease_time =
        outcome(&policy, &asked(LISTED)).unwrap().reply.options.get(OptionCode::AddressLeaseTime).unwrap().to_vec();
    assert_eq!(lease_time, 600_u32.to_be_bytes());
}

#[test]
fn autoconfigure_answers_by_option_116_and_drops_who_does_not_send_it() {
    let asks = |mac| with(of(mac, ask(MessageType::Discover)), &[(OptionCode::DisableSLAAC, &[1])]);
    let flag = |transmit: &Transmit| transmit.reply.options.get(OptionCode::DisableSLAAC).map(<[u8]>::to_vec);
    for (answer, octet) in [(AutoConfigure::Forbidden, 0), (AutoConfigure::Allowed, 1)] {
        let before = with_steps(vec![Step::AutoConfigure(answer), file(NODE)]);
        let transmit = outcome(&before, &asks(STRANGER)).unwrap();
        assert_eq!((transmit.message_type, transmit.reply.yiaddr), (MessageType::Offer, NONE));
        assert_eq!(flag(&transmit), Some(vec![octet]));
        assert_eq!(transmit.destination, Destination::Broadcast, "there is no address to send it to");
        assert_eq!(outcome(&before, &asks(NODE)).unwrap().reply.yiaddr, LISTED);
        assert_eq!(outcome(&before, &ask(MessageType::Discover)), Err(DropReason::NoAutoConfigure));
        let behind = with_steps(vec![file(NODE), Step::AutoConfigure(answer)]);
        assert_eq!(outcome(&behind, &ask(MessageType::Discover)).unwrap().reply.yiaddr, LISTED);
        let asked = [(OptionCode::RequestedIpAddress, &LISTED.octets()[..])];
        assert_eq!(flag(&outcome(&before, &with(ask(MessageType::Request), &asked)).unwrap()), None);
    }
    // Whom SMD knows without an address is not told to choose one.
    let policy = with_steps(vec![coresmd(), Step::AutoConfigure(AutoConfigure::Allowed)]);
    assert_eq!(outcome(&policy, &asks(unservable())), Err(DropReason::NoIpv4Address));
}

#[test]
fn ipv6only_is_for_those_who_list_option_108() {
    let policy = with_steps(vec![Step::Ipv6Only(1800), file(NODE)]);
    let list = OptionCode::ParameterRequestList;
    let code = OptionCode::Unknown(108);
    let transmit = outcome(&policy, &with(ask(MessageType::Discover), &[(list, &[1, 108])])).unwrap();
    assert_eq!(transmit.reply.options.get(code), Some(&1800_u32.to_be_bytes()[..]));
    assert_eq!((transmit.reply.yiaddr, transmit.destination), (NONE, Destination::Broadcast));
    let behind = with_steps(vec![Step::AutoConfigure(AutoConfigure::Forbidden), Step::Ipv6Only(1800), file(NODE)]);
    let transmit = outcome(&behind, &with(ask(MessageType::Discover), &[(list, &[108])])).unwrap();
    assert!(transmit.reply.options.get(code).is_some() && transmit.reply.yiaddr == NONE);
    for message in [ask(MessageType::Discover), with(ask(MessageType::Discover), &[(list, &[1, 3])])] {
        let transmit = outcome(&policy, &message).unwrap();
        assert_eq!((transmit.reply.yiaddr, transmit.reply.options.get(code)), (LISTED, None));
    }
}

#[test]
fn nbp_ends_the_list_and_gives_what_is_asked_for() {
    let nbp = |server: Option<&str>| Step::Nbp(Nbp { server: server.map(str::to_owned), file: "/pxelinux.0".into() });
    assert_eq!(
        outcome(&with_steps(vec![nbp(None), file(NODE)]), &ask(MessageType::Discover)),
        Err(DropReason::Unknown),
        "no step behind it is reached"
    );
    let policy = with_steps(vec![nbp(Some("h"))]);
    let inform = |list: &[u8]| {
        let message = Outgoing { ciaddr: OTHER, ..of(STRANGER, ask(MessageType::Inform)) };
        let reply = outcome(&policy, &with(message, &[(OptionCode::ParameterRequestList, list)])).unwrap().reply;
        let get = |code| reply.options.get(code).map(|value| String::from_utf8_lossy(value).into_owned());
        (get(OptionCode::TFTPServerName), get(OptionCode::BootfileName), reply.file.clone())
    };
    let (server, boot) = (Some("h".to_owned()), Some("/pxelinux.0".to_owned()));
    assert_eq!(inform(&[]), (server.clone(), boot.clone(), b"/pxelinux.0".to_vec()));
    assert_eq!(inform(&[66]), (server, None, Vec::new()));
    assert_eq!(inform(&[67]), (None, boot, b"/pxelinux.0".to_vec()));
    assert_eq!(inform(&[1]), (None, None, Vec::new()));
}

#[test]
fn every_sleep_before_the_answer_adds_to_its_delay() {
    let sleep = |milliseconds| Step::Sleep(Duration::from_millis(milliseconds));
    let policy = with_steps(vec![sleep(100), coresmd(), sleep(20), file(STRANGER), sleep(3)]);
    let delay = |mac| outcome(&policy, &of(mac, ask(MessageType::Discover))).unwrap().delay;
    assert_eq!((delay(NODE), delay(STRANGER)), (Duration::from_millis(100), Duration::from_millis(120)));
    assert!(policy.holds_replies() && !super::policy(&[]).holds_replies());
}

#[test]
fn an_inform_of_a_stranger_is_told_the_static_options() {
    let mut policy = policy(&[]);
    policy.steps.insert(0, Step::Netmask(Ipv4Addr::new(255, 255, 0, 0)));
    let inform = Outgoing { ciaddr: OTHER, ..of(STRANGER, ask(MessageType::Inform)) };
    let transmit = outcome(&policy, &inform).unwrap();
    let codes: Vec<_> = transmit.reply.options.iter().map(|(code, _)| code).collect();
    assert_eq!((transmit.message_type, codes), (MessageType::Ack, vec![1, 53, 54]));
    assert_eq!((transmit.reply.ciaddr, transmit.reply.yiaddr), (OTHER, NONE));
    assert_eq!(transmit.destination, Destination::Unicast(OTHER));
    assert_eq!(outcome(&policy, &Outgoing { ciaddr: NONE, ..inform.clone() }), Err(DropReason::Unknown));
    assert_eq!(outcome_with(None, &policy, &inform), Err(DropReason::NoSnapshot));
}

#[test]
fn searchdomains_without_a_domain_say_nothing() {
    let policy = with_steps(vec![Step::SearchDomains(Vec::new()), Step::StaticRoute(vec![0, 10, 0, 0, 1]), file(NODE)]);
    let reply = outcome(&policy, &ask(MessageType::Discover)).unwrap().reply;
    assert_eq!(reply.options.get(OptionCode::DomainSearch), None);
    assert_eq!(reply.options.get(OptionCode::ClasslessStaticRoute), Some(&[0, 10, 0, 0, 1][..]));
}
