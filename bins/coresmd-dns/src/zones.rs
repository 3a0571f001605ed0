//! The lists of zones that directives carry, for what they answer and for what they let fall through.

use crate::name::{Name, suffixes};

/// Whether a name, in wire form and lower case, lies in one of the zones.
pub(crate) fn within(name: &[u8], zones: &[Name]) -> bool {
    longest(name, zones).is_some()
}

/// The place of the longest zone that a name lies in.
pub(crate) fn longest(name: &[u8], zones: &[Name]) -> Option<usize> {
    suffixes(name).find_map(|suffix| zones.iter().position(|zone| zone.as_wire() == suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_zone_is_found_at_label_borders() {
        let zones: Vec<Name> = ["example", ".", "sub.example"].map(|zone| Name::parse(zone).unwrap()).into();
        let place = |name: &str| longest(Name::parse(name).unwrap().as_wire(), &zones);
        assert_eq!(place("a.sub.example"), Some(2));
        assert_eq!(place("xsub.example"), Some(0));
        assert_eq!(place("org"), Some(1));
        assert!(!within(Name::root().as_wire(), &zones[..1]));
    }
}
