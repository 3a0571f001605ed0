//! BSS and boot-service are told apart by what they answer, and found again when one takes the other's place.

use std::time::Duration;

use smd_cache::boot::Precedence;
use smd_cache::refresh::{BssSource, SourceConfig};
use smd_cache::state::FailureKind;

use super::refresh::Running;
use super::server::{Reply, Server, json};

const BSS: &str = "/boot/v1/bootparameters";
const CONFIGURATIONS: &str = "/bootconfigurations";
const PARAMETERS: &str = "/bootparameters";
const GROUPS: &str = "/hsm/v2/groups";

const WRAPPED: &str =
    r#"{"boot-parameters":[{"macs":["52:54:00:be:ef:00"],"nids":["7"],"kernel":"items","params":"p"}]}"#;

fn absent() -> Reply {
    Reply::Whole(404, "text/plain; charset=utf-8", "404 page not found\n".to_owned())
}

fn denied() -> Reply {
    Reply::Whole(401, "text/plain; charset=utf-8", "missing bearer token\n".to_owned())
}

fn configurations(kernel: &str, target: &str) -> Reply {
    json(format!(r#"[{{"metadata":{{"name":"a"}},"spec":{{"kernel":"{kernel}",{target}}}}}]"#))
}

/// One node in the group compute, and what polls it.
fn start(server: &Server) -> Running {
    server.set(
        "/hsm/v2/Inventory/EthernetInterfaces",
        json(r#"[{"MACAddress":"52:54:00:be:ef:00","ComponentID":"x1c0s0b0n0","IPAddresses":["172.16.0.1"]}]"#),
    );
    server.set("/hsm/v2/State/Components", json(r#"[{"ID":"x1c0s0b0n0","Type":"Node","NID":7}]"#));
    server.set(GROUPS, json(r#"[{"label":"compute","members":{"ids":["x1c0s0b0n0"]}}]"#));
    let bss = BssSource { url: server.url(), ca: None, token_file: None, precedence: Precedence::Sql };
    let interval = Duration::from_millis(20);
    Running::start(SourceConfig { bss: Some(bss), interval, ..SourceConfig::new(server.url()) })
}

/// The kernel that the node boots.
fn kernel(running: &Running) -> Option<String> {
    let snapshot = running.snapshot();
    snapshot.hosts().next().and_then(smd_cache::Host::boot).map(|boot| boot.kernel.clone())
}

async fn until_kernel(running: &Running, kernel_wanted: Option<&str>) {
    running.until(|state| !state.stale && kernel(running).as_deref() == kernel_wanted).await;
}

/// Paths asked for, as often as they were.
fn asked(server: &Server, path: &str) -> usize {
    server.requests().iter().filter(|request| request.path == path).count()
}

#[tokio::test]
async fn boot_service_is_found_and_then_asked_alone() {
    let server = Server::start();
    server.set(CONFIGURATIONS, configurations("by nid", r#""nids":[7]"#));
    let running = start(&server);
    until_kernel(&running, Some("by nid")).await;
    running.two_polls().await;
    assert_eq!((asked(&server, BSS), asked(&server, GROUPS)), (1, 0), "no configuration names a group");
    server.set(CONFIGURATIONS, configurations("by group", r#""groups":["compute"]"#));
    until_kernel(&running, Some("by group")).await;
    assert!(asked(&server, GROUPS) > 0);
}

#[tokio::test]
async fn bss_is_asked_alone_until_boot_service_takes_its_place() {
    let server = Server::start();
    server.set(BSS, json(r#"[{"macs":["52:54:00:be:ef:00"],"kernel":"of bss"}]"#));
    let running = start(&server);
    until_kernel(&running, Some("of bss")).await;
    running.two_polls().await;
    assert_eq!(asked(&server, CONFIGURATIONS), 0);
    server.set(BSS, absent());
    server.set(CONFIGURATIONS, configurations("of boot-service", r#""hosts":["x1*"]"#));
    until_kernel(&running, Some("of boot-service")).await;
}

#[tokio::test]
async fn the_configurations_win_over_the_legacy_api() {
    let server = Server::start();
    server.set(BSS, json(WRAPPED));
    let running = start(&server);
    until_kernel(&running, Some("items")).await;
    server.set(CONFIGURATIONS, configurations("configuration", r#""macs":["52-54-00-BE-EF-00"]"#));
    until_kernel(&running, Some("configuration")).await;
}

#[tokio::test]
async fn closed_configurations_leave_the_parameters_and_two_closed_doors_are_told() {
    let server = Server::start();
    server.set(CONFIGURATIONS, denied());
    server.set(PARAMETERS, json(WRAPPED));
    let running = start(&server);
    until_kernel(&running, Some("items")).await;
    server.set(PARAMETERS, denied());
    let state = running.until(|state| !state.failing.is_empty()).await;
    assert_eq!(state.failing[0].kind, FailureKind::Unauthorized);
    assert!(state.failing[0].text.contains("/bootconfigurations: status 401"), "{}", state.failing[0].text);
    assert_eq!(kernel(&running).as_deref(), Some("items"), "the last good ones");
}

#[tokio::test]
async fn a_service_that_is_neither_is_an_error_and_no_deletion() {
    let server = Server::start();
    server.set(CONFIGURATIONS, configurations("k", r#""nids":[7]"#));
    let running = start(&server);
    until_kernel(&running, Some("k")).await;
    for reply in
        [absent(), json("{}"), json("7"), json("[{\"spec\":"), Reply::Closed, json(r#"{"EthernetInterfaces":[]}"#)]
    {
        server.set(CONFIGURATIONS, reply);
        let polls = running.two_polls().await.polls;
        let state = running.until(|state| state.polls > polls && !state.failing.is_empty()).await;
        assert!(state.failing.iter().all(|failing| !failing.text.is_empty()));
        assert_eq!(kernel(&running).as_deref(), Some("k"));
    }
}
