//! Xnames: SMD's geographic component names (`x1000c0s0b0n0`), parsed where a component ID is one.
//!
//! A row of letters, each with a number: cabinet `x`, chassis `c`, slot `s`, BMC `b`, node `n` … Which letters may
//! follow which is SMD's naming scheme (facts: smd-bss §3); an ID outside it is opaque, not wrong.

use std::fmt;

/// A parsed xname: letters lower-cased, leading zeros of the numbers stripped (SMD's normal form, which it displays as).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xname(Vec<Segment>);

/// One letter and its number: `s7`.
type Segment = (char, u32);

impl Xname {
    /// The xname that `text` spells, `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut segments: Vec<Segment> = Vec::with_capacity(5);
        let mut digits = 0;
        for c in text.chars() {
            match (c.to_digit(10), segments.last_mut()) {
                (Some(digit), Some((_, number))) => {
                    *number = number.checked_mul(10)?.checked_add(digit)?;
                    digits += 1;
                }
                (None, last) if c.is_ascii_alphabetic() && (last.is_none() || digits > 0) => {
                    segments.push((c.to_ascii_lowercase(), 0));
                    digits = 0;
                }
                _ => return None,
            }
        }
        (digits > 0 && is_a_type(&segments)).then_some(Self(segments))
    }

    /// The xname one level up: `x1000c0s0b0` of `x1000c0s0b0n0`; `None` of a cabinet and of what has no parent.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        is_a_type(parent).then(|| Self(parent.to_vec()))
    }

    /// SMD's name of the component type that it is an xname of: `Node`.
    pub fn component_type(&self) -> &'static str {
        type_of(&self.0).expect("only what spells a type is an xname")
    }

    /// The NID that SMD makes up for a node that it is given none for (facts: smd-bss §3); `None` for anything but a
    /// node.
    pub fn synthesised_nid(&self) -> Option<u64> {
        match self.0[..] {
            [('x', cabinet), ('c', chassis), ('s', slot), ('b', bmc), ('n', node)] => {
                let [cabinet, chassis, slot, bmc, node] = [cabinet, chassis, slot, bmc, node].map(u64::from);
                Some((cabinet + 1) * 16_384 + chassis * 2_048 + slot * 32 + bmc * 4 + node)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Xname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(letter, number)| write!(f, "{letter}{number}"))
    }
}

/// Whether the letters are those of one of SMD's component types and cabinet and chassis are within their ranges.
fn is_a_type(segments: &[Segment]) -> bool {
    let in_range = |&(letter, number): &Segment| match letter {
        'x' => number <= 9999,
        'c' => number <= 7,
        _ => true,
    };
    type_of(segments).is_some() && segments.iter().all(in_range)
}

/// SMD's name of the component type that the letters spell.
fn type_of(segments: &[Segment]) -> Option<&'static str> {
    let letters = || segments.iter().map(|&(letter, _)| letter);
    TYPES.iter().find(|(spelled, _)| spelled.chars().eq(letters())).map(|(_, name)| *name)
}

/// The letters of every type that has a place in a cabinet or a CDU, and its name; the common ones first.
const TYPES: [(&str, &str); 50] = [
    ("xcsbn", "Node"),
    ("xcsb", "NodeBMC"),
    // parts of a node
    ("xcsbnv", "VirtualNode"),
    ("xcsbni", "NodeNic"),
    ("xcsbnh", "NodeHsnNic"),
    ("xcsbnp", "Processor"),
    ("xcsbnd", "Memory"),
    ("xcsbna", "NodeAccel"),
    ("xcsbnr", "NodeAccelRiser"),
    ("xcsbng", "StorageGroup"),
    ("xcsbngk", "Drive"),
    // parts of a slot
    ("xcs", "ComputeModule"),
    ("xcsbi", "NodeBMCNic"),
    ("xcsbf", "NodeFpga"),
    ("xcse", "NodeEnclosure"),
    ("xcset", "NodeEnclosurePowerSupply"),
    ("xcsv", "NodePowerConnector"),
    // the cabinet, its CDU, CEC and PDUs
    ("x", "Cabinet"),
    ("xb", "CabinetBMC"),
    ("xd", "CabinetCDU"),
    ("xe", "CEC"),
    ("xm", "CabinetPDUController"),
    ("xmp", "CabinetPDU"),
    ("xmi", "CabinetPDUNic"),
    ("xmpj", "CabinetPDUOutlet"),
    ("xmpv", "CabinetPDUPowerConnector"),
    // the chassis
    ("xc", "Chassis"),
    ("xcb", "ChassisBMC"),
    ("xcbi", "ChassisBMCNic"),
    ("xcf", "CMMFpga"),
    ("xct", "CMMRectifier"),
    // routers
    ("xcr", "RouterModule"),
    ("xcrb", "RouterBMC"),
    ("xcrbi", "RouterBMCNic"),
    ("xcrf", "RouterFpga"),
    ("xcrtf", "RouterTORFpga"),
    ("xcrt", "RouterTOR"),
    ("xcrv", "RouterPowerConnector"),
    ("xcre", "HSNBoard"),
    ("xcra", "HSNAsic"),
    ("xcral", "HSNLink"),
    ("xcrj", "HSNConnector"),
    ("xcrjp", "HSNConnectorPort"),
    // management switches
    ("xcw", "MgmtSwitch"),
    ("xcwj", "MgmtSwitchConnector"),
    ("xch", "MgmtHLSwitchEnclosure"),
    ("xchs", "MgmtHLSwitch"),
    // the CDU and its switches
    ("d", "CDU"),
    ("dw", "CDUMgmtSwitch"),
    ("p", "Partition"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_xname_in_any_spelling_has_one_normal_form() {
        for (text, normal) in [
            ("x1000c0s0b0n0", "x1000c0s0b0n0"),
            ("X1000C0S02B0N00", "x1000c0s2b0n0"),
            ("x0c0s0b0", "x0c0s0b0"),
            ("x3000m0", "x3000m0"),
            ("x3000c0w14", "x3000c0w14"),
            ("d0w1", "d0w1"),
        ] {
            assert_eq!(Xname::parse(text).map(|x| x.to_string()).as_deref(), Some(normal), "{text}");
        }
    }

    #[test]
    fn what_is_no_xname_stays_opaque() {
        for text in [
            "",
            "x",
            "1",
            "nid0001",
            "x1000c",
            "x1000 c0",
            "x10000",
            "x1c8s0b0n0",
            "n0",
            "x1c0s0n0",
            "x1cs0",
            "Rack-A",
            "x99999999999",
        ] {
            assert_eq!(Xname::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_parent_is_one_level_up() {
        let parent = |text: &str| Xname::parse(text).and_then(|x| x.parent()).map(|x| x.to_string());
        assert_eq!(parent("x1000c0s0b0n0").as_deref(), Some("x1000c0s0b0"));
        assert_eq!(parent("x1000c0s0b0").as_deref(), Some("x1000c0s0"));
        assert_eq!(parent("x1000"), None);
    }
    #[test]
    fn the_letters_say_the_type() {
        for (text, name) in [
            ("x1000c0s0b0n0", "Node"),
            ("X1000c0s0b0", "NodeBMC"),
            ("x3000m0", "CabinetPDUController"),
            ("p1", "Partition"),
        ] {
            assert_eq!(Xname::parse(text).map(|x| x.component_type()), Some(name), "{text}");
        }
    }

    #[test]
    fn smd_makes_nids_up_for_nodes_alone() {
        let nid = |text: &str| Xname::parse(text).and_then(|x| x.synthesised_nid());
        assert_eq!(nid("x1000c0s1b0n0"), Some(16_400_416));
        assert_eq!(nid("x1000c0s1b0"), None);
    }
}
