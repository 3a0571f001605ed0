//! Boot configurations: what `ochami bss boot params` takes (BSS's items), what `ochami boot config` takes (boot-service's
//! specs, with or without their envelope), one or a list of them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::document::{Finding, Findings, Placed, finding, parse};
use crate::mac::MacAddr;

/// What to boot, and who.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootEntry {
    /// What it is called; may be `""`.
    pub name: String,
    /// Component IDs or globs of them; for BSS also roles and `Default`.
    pub hosts: Vec<String>,
    /// MACs as they are spelled.
    pub macs: Vec<String>,
    /// NIDs.
    pub nids: Vec<i32>,
    /// Labels of groups.
    pub groups: Vec<String>,
    /// boot-service's profile: free text that nothing depends on.
    pub profile: String,
    /// Kernel command line.
    pub params: String,
    /// URL of the kernel.
    pub kernel: String,
    /// URL of the initrd; `""` where there is none.
    pub initrd: String,
    /// What counts between equals: 0 to 100.
    pub priority: u8,
}

/// The boot configurations that a text lists; `file` names it in findings. An empty text lists none.
///
/// # Errors
/// With everything that is wrong in it.
pub fn read_boot_file(file: &str, text: &str) -> Result<Vec<BootEntry>, Findings> {
    let entries: Vec<WireEntry> = match parse(file, text)? {
        Shape::Nothing => Vec::new(),
        Shape::One => vec![parse(file, text)?],
        Shape::Several => parse(file, text)?,
    };
    let mut reader = Reader { file, findings: Vec::new() };
    let entries = entries.into_iter().map(|entry| reader.entry(entry)).collect();
    if reader.findings.is_empty() { Ok(entries) } else { Err(Findings(reader.findings)) }
}

/// Whether a document is one entry or a list of them.
enum Shape {
    Nothing,
    One,
    Several,
}

/// An entry as it is written: the fields of a spec, or an envelope with a spec in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some keys are known, but say nothing to us")]
struct WireEntry {
    api_version: Option<IgnoredAny>,
    kind: Option<IgnoredAny>,
    metadata: Option<Metadata>,
    spec: Option<serde_saphyr::Spanned<Spec>>,
    status: Option<IgnoredAny>,
    name: Option<String>,
    hosts: Option<Vec<String>>,
    macs: Option<Vec<Placed>>,
    nids: Option<Vec<Placed>>,
    groups: Option<Vec<String>>,
    profile: Option<String>,
    params: Option<String>,
    kernel: Option<String>,
    initrd: Option<String>,
    priority: Option<Placed>,
    /// BSS's, for its own cloud-init service.
    #[serde(rename = "cloud-init")]
    cloud_init: Option<IgnoredAny>,
}

/// What stands in an envelope. Of its keys only the name is used: labels, annotations and times are its service's own.
#[derive(Deserialize)]
struct Metadata {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    hosts: Option<Vec<String>>,
    macs: Option<Vec<Placed>>,
    nids: Option<Vec<Placed>>,
    groups: Option<Vec<String>>,
    profile: Option<String>,
    params: Option<String>,
    kernel: Option<String>,
    initrd: Option<String>,
    priority: Option<Placed>,
}

/// Checks entries and collects what is wrong with them.
struct Reader<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn entry(&mut self, wire: WireEntry) -> BootEntry {
        let WireEntry { metadata, spec, name, hosts, macs, nids, groups, .. } = wire;
        let WireEntry { profile, params, kernel, initrd, priority, .. } = wire;
        let bare = Spec { hosts, macs, nids, groups, profile, params, kernel, initrd, priority };
        let name = metadata.and_then(|metadata| metadata.name).or(name).unwrap_or_default();
        match spec {
            None => self.spec(name, bare),
            Some(spec) => {
                if !bare.is_empty() {
                    let message = "what an entry with a `spec` says stands in the `spec`, not beside it";
                    self.findings.push(finding(self.file, spec.referenced, message.to_owned()));
                }
                self.spec(name, spec.value)
            }
        }
    }

    fn spec(&mut self, name: String, spec: Spec) -> BootEntry {
        let macs = spec.macs.unwrap_or_default();
        BootEntry {
            name,
            hosts: spec.hosts.unwrap_or_default(),
            macs: macs.into_iter().filter_map(|mac| self.mac(mac)).collect(),
            nids: spec.nids.iter().flatten().filter_map(|nid| self.nid(nid)).collect(),
            groups: spec.groups.unwrap_or_default(),
            profile: spec.profile.unwrap_or_default(),
            params: spec.params.unwrap_or_default(),
            kernel: spec.kernel.unwrap_or_default(),
            initrd: spec.initrd.unwrap_or_default(),
            priority: spec.priority.and_then(|priority| self.priority(&priority)).unwrap_or_default(),
        }
    }

    fn mac(&mut self, text: Placed) -> Option<String> {
        match text.value.parse::<MacAddr>() {
            Ok(_) => Some(text.value),
            Err(error) => self.report(&text, format!("{:?}: {error}", text.value)),
        }
    }

    /// A NID, or the same in quotes.
    fn nid(&mut self, text: &Placed) -> Option<i32> {
        let nid = text.value.trim().parse().ok().filter(|nid: &i32| *nid >= 0);
        nid.or_else(|| self.report(text, format!("{:?} is no NID", text.value)))
    }

    fn priority(&mut self, text: &Placed) -> Option<u8> {
        let priority = text.value.parse().ok().filter(|priority: &u8| *priority <= 100);
        priority.or_else(|| self.report(text, format!("{:?} is no priority: 0 to 100", text.value)))
    }

    fn report<T>(&mut self, at: &Placed, message: String) -> Option<T> {
        self.findings.push(finding(self.file, at.referenced, message));
        None
    }
}

impl Spec {
    fn is_empty(&self) -> bool {
        let Self { hosts, macs, nids, groups, profile, params, kernel, initrd, priority } = self;
        let lists = hosts.is_none() && macs.is_none() && nids.is_none() && groups.is_none();
        let texts = profile.is_none() && params.is_none() && kernel.is_none() && initrd.is_none();
        lists && texts && priority.is_none()
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boot configuration or a list of them")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Shape::Nothing)
    }
    // A scalar is no entry; read as one, it is refused in its place.
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Shape::One)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Shape::One)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Shape::One)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Shape::One)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Shape::One)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::Several)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<BootEntry>, String> {
        read_boot_file("boot.yaml", text).map_err(|findings| findings.to_string())
    }

    #[test]
    fn one_or_a_list_bare_or_in_an_envelope_in_yaml_or_json() {
        let expected = BootEntry {
            name: "compute".into(),
            macs: vec!["52:54:00:BE:EF:01".into()],
            nids: vec![1, 2],
            kernel: "http://10.0.0.1/vmlinuz".into(),
            priority: 42,
            ..BootEntry::default()
        };
        for text in [
            "name: compute\nmacs: [52:54:00:BE:EF:01]\nnids: [1, '2']\nkernel: http://10.0.0.1/vmlinuz\npriority: 42\n",
            "- name: compute\n  macs: [52:54:00:BE:EF:01]\n  nids: [1, 2]\n  kernel: http://10.0.0.1/vmlinuz\n  priority: 42\n",
            r#"{"metadata":{"name":"compute","labels":{"env":"prod"}},"spec":{"macs":["52:54:00:BE:EF:01"],"nids":["1",2],
                "kernel":"http://10.0.0.1/vmlinuz","priority":42},"status":{},"apiVersion":"v1","kind":"BootConfiguration"}"#,
            r#"[{"name":"compute","hosts":null,"macs":["52:54:00:BE:EF:01"],"nids":[1,2],"kernel":"http://10.0.0.1/vmlinuz",
                "priority":42,"cloud-init":{"meta-data":null}}]"#,
        ] {
            assert_eq!(read(text), Ok(vec![expected.clone()]), "{text}");
        }
        for nothing in ["", "# nothing\n", "[]", "null"] {
            assert_eq!(read(nothing), Ok(vec![]), "{nothing:?}");
        }
    }

    #[test]
    fn every_mistake_is_found_in_its_place() {
        assert_eq!(
            read("- {macs: [zz], nids: [-1, x]}\n- {priority: 101}\n- {kernel: a, spec: {kernel: b}}\n").unwrap_err(),
            "boot.yaml:1:11: \"zz\": 'z' is not a hexadecimal digit
boot.yaml:1:23: \"-1\" is no NID
boot.yaml:1:27: \"x\" is no NID
boot.yaml:2:14: \"101\" is no priority: 0 to 100
boot.yaml:3:21: what an entry with a `spec` says stands in the `spec`, not beside it"
        );
        for text in ["7", "- 7", "kernels: a", "- {kernel: a, kernel: b}", "[", "{spec: 3}", "hosts: a"] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("boot.yaml:") && !error.starts_with("boot.yaml:0:"), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(macs:|spec: |nids: |- |[ -~\n]){0,12}") {
            if let Err(findings) = read_boot_file("boot.yaml", &text) {
                proptest::prop_assert!(!findings.0.is_empty(), "a refusal has a reason");
            }
        }
    }
}
