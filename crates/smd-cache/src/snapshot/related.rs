//! The NID of hostname patterns for components that are no nodes (facts: coresmd-plugins §3): a BMC, or any child or
//! parent of exactly one node, takes that node's NID.

use rustc_hash::FxHashMap;

use super::Component;
use crate::component::Nid;
use crate::xname::Xname;

/// Fills in every component's `pattern_nid`.
pub(super) fn fill_pattern_nids(components: &mut [Component]) {
    let nids: Vec<Option<Nid>> = {
        let nodes = Nodes::of(components);
        components.iter().map(|component| component.nid.or_else(|| nodes.nid_beside(component))).collect()
    };
    for (component, nid) in components.iter_mut().zip(nids) {
        component.pattern_nid = nid;
    }
}

/// The nodes' NIDs by xname, and by the xname above where there is one node alone below it.
struct Nodes {
    own: FxHashMap<Xname, Option<Nid>>,
    only_child: FxHashMap<Xname, Option<Nid>>,
}

impl Nodes {
    fn of(components: &[Component]) -> Self {
        let mut nodes = Self { own: FxHashMap::default(), only_child: FxHashMap::default() };
        for node in components.iter().filter(|component| component.kind.is_node()) {
            let Some(xname) = node.id.xname() else { continue };
            if let Some(parent) = xname.parent() {
                nodes.only_child.entry(parent).and_modify(|nid| *nid = None).or_insert(node.nid);
            }
            nodes.own.insert(xname, node.nid);
        }
        nodes
    }

    fn nid_beside(&self, component: &Component) -> Option<Nid> {
        if component.kind.is_node() {
            return None;
        }
        let xname = component.id.xname()?;
        let child = self.only_child.get(&xname);
        child.or_else(|| self.own.get(&xname.parent()?)).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{ComponentId, ComponentType};

    #[test]
    fn a_component_takes_the_nid_of_the_one_node_beside_it() {
        let listed = [
            ("x1c0s0b0", "NodeBMC", None, Some(1)),
            ("x1c0s0b0n0", "Node", Some(1), Some(1)),
            ("x1c0s0b0n0i0", "NodeNic", None, Some(1)),
            ("x1c0s0b0n0i0p0", "Odd", None, None),
            ("x1c0s0", "ComputeModule", None, None),
            // two nodes
            ("x1c0s1b0", "NodeBMC", None, None),
            ("x1c0s1b0n0", "Node", Some(2), Some(2)),
            ("x1c0s1b0n1", "Node", Some(3), Some(3)),
            // two nodes, one of them without a NID; one alone without
            ("x1c0s2b0", "NodeBMC", None, None),
            ("x1c0s2b0n0", "Node", None, None),
            ("x1c0s2b0n1", "Node", Some(4), Some(4)),
            ("x1c0s3b0", "NodeBMC", None, None),
            ("x1c0s3b0n0", "Node", None, None),
            // a NID of its own, NID 0, another spelling, no xname
            ("x1c0s4b0n0v0", "VirtualNode", Some(77), Some(77)),
            ("x1c0s4b0n0", "Node", Some(5), Some(5)),
            ("x1c0s5b0", "NodeBMC", None, Some(0)),
            ("X1C0S05B0N0", "Node", Some(0), Some(0)),
            ("rack-a", "NodeBMC", None, None),
        ];
        let mut components: Vec<Component> = listed
            .iter()
            .map(|(id, kind, nid, _)| Component {
                id: ComponentId::new(id).unwrap(),
                kind: ComponentType::new(kind),
                nid: nid.map(Nid),
                pattern_nid: None,
                role: None,
                sub_role: None,
                aliases: Box::default(),
                partition: None,
                interfaces: 0..0,
                groups: Box::default(),
            })
            .collect();
        fill_pattern_nids(&mut components);
        for (component, (id, .., expected)) in components.iter().zip(listed) {
            assert_eq!(component.pattern_nid, expected.map(Nid), "{id}");
        }
    }
}
