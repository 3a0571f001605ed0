//! Firmware gets the boot file of its architecture; iPXE, which that file is, gets its script and fetches it.

use crate::clients::{Granted, udhcpc};
use crate::lab::{Lab, NEAR, SERVER, fetch};
use crate::reserved::reservation_of;

/// The options of UEFI x64 firmware (RFC 4578: architecture 7, UNDI 3.16).
const UEFI_X64: [&str; 6] = ["-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007", "-x", "0x5e:010310"];

/// The user class (option 77) of iPXE: the bare bytes `iPXE`.
const IPXE: [&str; 2] = ["-x", "0x4d:69505845"];

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn firmware_gets_its_boot_file_and_ipxe_the_url_of_its_script() {
    let lab = Lab::new(NEAR.mac);
    let booted = |file: String| Ok(Granted { boot_file: Some(file), ..reservation_of(NEAR) });

    let firmware = udhcpc(&lab.node, lab.directory.path(), &UEFI_X64);
    assert_eq!(firmware, booted("ipxe-x86_64.efi".to_owned()));

    let script = format!("http://{SERVER}:27779/boot/v1/bootscript?mac={}", NEAR.mac);
    let ipxe = udhcpc(&lab.node, lab.directory.path(), &[&UEFI_X64[..], &IPXE[..]].concat());
    assert_eq!(ipxe, booted(script.clone()));

    let text = fetch(&lab.node, &script).expect("the address that DHCP gave reaches the script");
    assert!(text.starts_with("#!ipxe\nkernel --name kernel "), "{text}");
    assert!(text.contains(&format!("xname={}", NEAR.xname)), "{text}");
}
