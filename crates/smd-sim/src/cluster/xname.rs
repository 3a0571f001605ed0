//! Xnames as SMD reads them: the normal form, and the component type that follows from the letters (hms-xname).

/// An xname in SMD's normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Xname {
    /// Trimmed, lower case, without leading zeros: `x1000c0s2b0n0` of ` X1000C0S02B0N00`.
    pub(crate) id: String,
    /// Its component type: `Node`.
    pub(crate) component_type: &'static str,
}

impl Xname {
    /// The xname that `text` spells, `None` where it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (mut id, mut letters, mut rest) = (String::new(), String::new(), text.as_str());
        while let Some(letter) = rest.chars().next() {
            let digits = rest.get(letter.len_utf8()..)?;
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let number: u32 = digits[..end].parse().ok()?;
            if letter == 'x' && number > CABINET_MAX {
                return None;
            }
            letters.push(letter);
            id.push(letter);
            id.push_str(&number.to_string());
            rest = &digits[end..];
        }
        let component_type = TYPES.iter().find(|(_, pattern)| *pattern == letters)?.0;
        Some(Self { id, component_type })
    }

    /// The BMC that a node's xname names: `x1000c0s0b0` of `x1000c0s0b0n1`. `None` for anything but a node.
    pub(crate) fn bmc_of_node(&self) -> Option<&str> {
        (self.component_type == "Node").then(|| self.id.rsplit_once('n').map(|(bmc, _)| bmc)).flatten()
    }

    /// The NID that SMD makes up for a node that it is given none for (facts §3). `None` for anything but a node.
    pub(crate) fn synthesised_nid(&self) -> Option<u64> {
        smd_cache::Xname::parse(&self.id)?.synthesised_nid()
    }
}

/// SMD's name of a component type, matched without regard to case.
pub(crate) fn component_type(text: &str) -> Option<&'static str> {
    types().find(|name| name.eq_ignore_ascii_case(text))
}

/// All component types that SMD lists.
pub(crate) fn types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, _)| *name).chain(TYPES_WITHOUT_XNAME)
}

/// A cabinet has at most four digits.
const CABINET_MAX: u32 = 9999;

/// Types whose IDs are no sequence of single letters with numbers; none of them ever has an address.
const TYPES_WITHOUT_XNAME: [&str; 5] = ["INVALID", "All", "AllComp", "AllSvc", "SMSBox"];

/// Component type and the letters of its xnames.
const TYPES: &[(&str, &str)] = &[
    ("Node", "xcsbn"),
    ("NodeBMC", "xcsb"),
    ("Partition", "p"),
    ("System", "s"),
    ("CDU", "d"),
    ("CDUMgmtSwitch", "dw"),
    ("Cabinet", "x"),
    ("CEC", "xe"),
    ("CabinetBMC", "xb"),
    ("CabinetCDU", "xd"),
    ("CabinetPDUController", "xm"),
    ("CabinetPDU", "xmp"),
    ("CabinetPDUNic", "xmi"),
    ("CabinetPDUOutlet", "xmpj"),
    ("CabinetPDUPowerConnector", "xmpv"),
    ("Chassis", "xc"),
    ("ChassisBMC", "xcb"),
    ("ChassisBMCNic", "xcbi"),
    ("CMMFpga", "xcf"),
    ("CMMRectifier", "xct"),
    ("ComputeModule", "xcs"),
    ("NodeFpga", "xcsbf"),
    ("NodeBMCNic", "xcsbi"),
    ("NodeEnclosure", "xcse"),
    ("NodeEnclosurePowerSupply", "xcset"),
    ("NodePowerConnector", "xcsv"),
    ("VirtualNode", "xcsbnv"),
    ("NodeNic", "xcsbni"),
    ("NodeHsnNic", "xcsbnh"),
    ("NodeAccel", "xcsbna"),
    ("NodeAccelRiser", "xcsbnr"),
    ("Memory", "xcsbnd"),
    ("Processor", "xcsbnp"),
    ("StorageGroup", "xcsbng"),
    ("Drive", "xcsbngk"),
    ("MgmtSwitch", "xcw"),
    ("MgmtSwitchConnector", "xcwj"),
    ("MgmtHLSwitchEnclosure", "xch"),
    ("MgmtHLSwitch", "xchs"),
    ("RouterModule", "xcr"),
    ("RouterBMC", "xcrb"),
    ("RouterBMCNic", "xcrbi"),
    ("RouterFpga", "xcrf"),
    ("RouterPowerConnector", "xcrv"),
    ("RouterTOR", "xcrt"),
    ("RouterTORFpga", "xcrtf"),
    ("HSNAsic", "xcra"),
    ("HSNLink", "xcral"),
    ("HSNBoard", "xcre"),
    ("HSNConnector", "xcrj"),
    ("HSNConnectorPort", "xcrjp"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_form_and_the_type() {
        for (text, id, component_type) in [
            ("x1000c0s0b0n0", "x1000c0s0b0n0", "Node"),
            (" X1000C0S02B0N00 ", "x1000c0s2b0n0", "Node"),
            ("x1000c0s0b0", "x1000c0s0b0", "NodeBMC"),
            ("x1000c0b0", "x1000c0b0", "ChassisBMC"),
            ("x1000c0r1b0", "x1000c0r1b0", "RouterBMC"),
            ("x1000m0", "x1000m0", "CabinetPDUController"),
            ("x1000c0w11", "x1000c0w11", "MgmtSwitch"),
            ("d0w1", "d0w1", "CDUMgmtSwitch"),
        ] {
            let xname = Xname::parse(text).unwrap();
            assert_eq!((xname.id.as_str(), xname.component_type), (id, component_type), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_normal_form_is_its_own(text in "[xXcsbnrw0-9 ]{0,16}|\\PC{0,8}") {
            if let Some(xname) = Xname::parse(&text) {
                proptest::prop_assert_eq!(Xname::parse(&xname.id), Some(xname));
            }
        }
    }

    #[test]
    fn what_is_no_xname() {
        for text in ["", "nonsense", "x", "x1000c", "x10000c0s0b0n0", "nid1", "x1000q0", "x99999999999", "é1"] {
            assert_eq!(Xname::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_nodes_bmc() {
        assert_eq!(Xname::parse("x1000c0s0b0n1").unwrap().bmc_of_node(), Some("x1000c0s0b0"));
        assert_eq!(Xname::parse("x1000c0s0b0").unwrap().bmc_of_node(), None);
    }

    #[test]
    fn made_up_nids() {
        assert_eq!(Xname::parse("x1000c0s1b0n0").unwrap().synthesised_nid(), Some(16_400_416));
        assert_eq!(Xname::parse("x1000c0s1b0").unwrap().synthesised_nid(), None);
    }

    #[test]
    fn types_are_found_in_any_case() {
        assert_eq!(component_type("nodebmc"), Some("NodeBMC"));
        assert_eq!(component_type("Nonsense"), None);
    }
}
