//! What a client boots: its firmware's boot loader, or the script of iPXE (facts: coresmd-plugins §4.4).

use dhcp_wire::ClientArch;
use dhcp_wire::v4::Received;

/// The class by which iPXE makes itself known in option 77.
const IPXE: &[u8] = b"iPXE";

/// What option 67 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Boot {
    /// A file on the TFTP server.
    Firmware(&'static str),
    /// A URL that iPXE fetches, or a file on the TFTP server.
    Script(String),
}

/// The next stage of the client's boot; `None` for what does not boot from the network. `script` names that of iPXE.
pub(super) fn next(message: &Received<'_>, script: impl FnOnce() -> String) -> Option<Boot> {
    if message.has_user_class(IPXE) {
        return Some(Boot::Script(script()));
    }
    message.client_arch().and_then(firmware).map(Boot::Firmware)
}

impl Boot {
    /// The text of option 67.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Firmware(file) => file,
            Self::Script(url) => url,
        }
    }
}

/// The boot loader of an architecture, by the names that OpenCHAMI's images have.
fn firmware(arch: ClientArch) -> Option<&'static str> {
    match arch {
        ClientArch::X86_BIOS => Some("undionly.kpxe"),
        ClientArch::X86_UEFI => Some("ipxe-i386.efi"),
        ClientArch::X64_UEFI | ClientArch::EBC => Some("ipxe-x86_64.efi"),
        ClientArch::ARM32_UEFI => Some("ipxe-arm32.efi"),
        ClientArch::ARM64_UEFI => Some("ipxe-arm64.efi"),
        _ => None,
    }
}
