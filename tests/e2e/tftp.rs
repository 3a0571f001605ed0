//! Boot files by TFTP, fetched by the clients that people have at hand: tftp-hpa and curl, in both transfer modes
//! (RFC 1350), each transfer at a port of its own and all of them at the listening port.

use std::fs;

use coresmd_tests::process::Process;

use crate::lab::{BOOT_FILES, Lab, NEAR, SERVER};

/// Text as the server has it, and as it travels by `netascii` (RFC 764: a line ends in CR LF).
const TEXT: &str = "#!ipxe\necho booting\n";
const TEXT_ON_THE_WIRE: &str = "#!ipxe\r\necho booting\r\n";

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn boot_files_arrive_whole_by_ports_of_their_own() {
    all_arrives(&Lab::new(NEAR.mac));
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn boot_files_arrive_whole_by_a_single_port() {
    all_arrives(&Lab::with_single_port(NEAR.mac));
}

/// Every client gets every file as it is, and what is not there is an error that it understands.
fn all_arrives(lab: &Lab) {
    // No multiple of any block size.
    let binary: Vec<u8> = (0_u32..600_001).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let boot_files = lab.directory.path().join(BOOT_FILES);
    fs::write(boot_files.join("boot.efi"), &binary).expect("writable");
    fs::write(boot_files.join("script.ipxe"), TEXT).expect("writable");
    lab.node.ip(&format!("addr add {}/24 dev eth0", NEAR.address));

    assert_eq!(tftp_hpa(lab, "binary", "boot.efi"), Ok(binary.clone()));
    assert_eq!(tftp_hpa(lab, "ascii", "script.ipxe"), Ok(TEXT.into()));
    assert!(tftp_hpa(lab, "binary", "missing").is_err_and(|said| said.contains("Error code 1: no such file")));

    for block_size in ["64", "512", "1468"] {
        assert_eq!(curl(lab, block_size, "boot.efi"), Ok(binary.clone()), "blksize {block_size}");
    }
    assert_eq!(curl(lab, "512", "script.ipxe;mode=netascii"), Ok(TEXT_ON_THE_WIRE.into()));
    // 68: the file is not there.
    assert!(curl(lab, "512", "missing").is_err_and(|said| said.contains("curl: (68)")));
    lab.wait_for_metric(r#"coresmd_tftp_requests_total{verdict="complete"} 6"#);
}

/// What tftp-hpa fetches, or what it says.
fn tftp_hpa(lab: &Lab, mode: &str, file: &str) -> Result<Vec<u8>, String> {
    let into = target(lab);
    let (_, said) = Process::run("tftp", lab.node.command(&["tftp", "-m", mode, SERVER, "-c", "get", file, &into]));
    // It ends well whatever it was told.
    if said.contains("Error code") { Err(said) } else { Ok(fs::read(into).expect("the client wrote the file")) }
}

/// What curl fetches by blocks of this size, or what it says.
fn curl(lab: &Lab, block_size: &str, file: &str) -> Result<Vec<u8>, String> {
    let (into, url) = (target(lab), format!("tftp://{SERVER}/{file}"));
    let words = ["curl", "-sS", "--noproxy", "*", "--tftp-blksize", block_size, "-o", &into, &url];
    let (status, said) = Process::run("curl", lab.node.command(&words));
    if status.success() { Ok(fs::read(into).expect("the client wrote the file")) } else { Err(said) }
}

/// A file for a client to write to, which is not there yet.
fn target(lab: &Lab) -> String {
    let path = lab.directory.path().join("fetched");
    drop(fs::remove_file(&path));
    path.display().to_string()
}
