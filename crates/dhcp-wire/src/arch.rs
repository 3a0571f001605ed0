//! The client's architecture (option 93, RFC 4578), by the names of IANA's "Processor Architecture Types".
//!
//! RFC 4578 printed 7 and 9 the wrong way round (erratum 4624); the registry and all firmware say 7 = x64 UEFI.

use std::fmt;

/// One architecture number, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientArch(pub u16);

impl ClientArch {
    /// x86 BIOS.
    pub const X86_BIOS: Self = Self(0);
    /// x86 UEFI (32 bit).
    pub const X86_UEFI: Self = Self(6);
    /// x64 UEFI.
    pub const X64_UEFI: Self = Self(7);
    /// EBC, in practice x64 UEFI that follows the misprint of RFC 4578.
    pub const EBC: Self = Self(9);
    /// ARM 32-bit UEFI.
    pub const ARM32_UEFI: Self = Self(10);
    /// ARM 64-bit UEFI.
    pub const ARM64_UEFI: Self = Self(11);
    /// x64 UEFI boot from HTTP.
    pub const X64_UEFI_HTTP: Self = Self(16);

    /// IANA's name, where the number has one.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(usize::from(self.0)).copied().flatten()
    }
}

impl fmt::Display for ClientArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => self.0.fmt(f),
        }
    }
}

/// IANA's registry, by number.
const NAMES: [Option<&str>; 42] = [
    Some("x86 BIOS"),
    Some("NEC/PC98"),
    Some("Itanium"),
    Some("DEC Alpha"),
    Some("Arc x86"),
    Some("Intel Lean Client"),
    Some("x86 UEFI"),
    Some("x64 UEFI"),
    Some("EFI Xscale"),
    Some("EBC"),
    Some("ARM 32-bit UEFI"),
    Some("ARM 64-bit UEFI"),
    Some("PowerPC Open Firmware"),
    Some("PowerPC ePAPR"),
    Some("POWER OPAL v3"),
    Some("x86 UEFI boot from HTTP"),
    Some("x64 UEFI boot from HTTP"),
    Some("EBC boot from HTTP"),
    Some("ARM UEFI 32 boot from HTTP"),
    Some("ARM/UEFI 64 boot from HTTP"),
    Some("PC/AT BIOS boot from HTTP"),
    Some("ARM 32 uboot"),
    Some("ARM 64 uboot"),
    Some("ARM uboot 32 boot from HTTP"),
    Some("ARM uboot 64 boot from HTTP"),
    Some("RISC-V 32-bit UEFI"),
    Some("RISC-V 32-bit UEFI boot from HTTP"),
    Some("RISC-V 64-bit UEFI"),
    Some("RISC-V 64-bit UEFI boot from HTTP"),
    Some("RISC-V 128-bit UEFI"),
    Some("RISC-V 128-bit UEFI boot from HTTP"),
    Some("s390 Basic"),
    Some("s390 Extended"),
    Some("MIPS 32-bit UEFI"),
    Some("MIPS 64-bit UEFI"),
    Some("Sunway 32-bit UEFI"),
    Some("Sunway 64-bit UEFI"),
    Some("LoongArch 32-bit UEFI"),
    Some("LoongArch 32-bit UEFI boot from HTTP"),
    Some("LoongArch 64-bit UEFI"),
    Some("LoongArch 64-bit UEFI boot from HTTP"),
    Some("arm rpiboot"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_names_of_the_registry() {
        for (arch, shown) in [
            (ClientArch::X86_BIOS, "0 (x86 BIOS)"),
            (ClientArch::X64_UEFI, "7 (x64 UEFI)"),
            (ClientArch::EBC, "9 (EBC)"),
            (ClientArch::ARM64_UEFI, "11 (ARM 64-bit UEFI)"),
            (ClientArch(41), "41 (arm rpiboot)"),
            (ClientArch(42), "42"),
            (ClientArch(65535), "65535"),
        ] {
            assert_eq!(arch.to_string(), shown);
        }
    }
}
