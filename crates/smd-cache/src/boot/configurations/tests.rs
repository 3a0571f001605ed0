//! Who boots what, read from bodies as boot-service sends them.

use crate::boot::{Asker, BootTable, Identifier, Precedence, read_boot};
use crate::component::{ComponentId, Nid};
use crate::inventory::Inventory;
use crate::mac::MacAddr;

const ASKING: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]);

fn read(rows: &[&str]) -> (BootTable, Vec<String>) {
    let mut inventory = Inventory::default();
    read_boot(&mut inventory, format!("[{}]", rows.join(",")).as_bytes(), Precedence::Sql).unwrap();
    (inventory.boot, inventory.rejected.iter().map(ToString::to_string).collect())
}

/// A configuration's row: its name is its kernel.
fn row(kernel: &str, rest: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"BootConfiguration","metadata":{{"name":"{kernel}","uid":"1"}},
            "spec":{{"kernel":"{kernel}"{}{rest}}},"status":{{}}}}"#,
        if rest.is_empty() { "" } else { "," }
    )
}

/// The kernel that x0c0s3b0n0, NID 7, in two groups, gets for its MAC.
fn kernel(rows: &[String]) -> Option<String> {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (table, rejected) = read(&rows);
    assert_eq!(rejected, Vec::<String>::new());
    let id = ComponentId::new("x0c0s3b0n0").unwrap();
    let asker = Asker { id: &id, nid: Some(Nid(7)), role: Some("Compute"), groups: &["compute", "gpu"] };
    table.resolve(Identifier::Mac(ASKING), &asker).map(|config| config.kernel.clone())
}

#[test]
fn the_nearest_target_wins() {
    let mut rows = vec![
        row("nobody", r#""macs":["52:54:00:be:ef:02"],"nids":[8],"hosts":["x9*"],"groups":["other"]"#),
        row("default", ""),
        row("role", r#""roles":["Compute"]"#),
        row("group", r#""groups":["compute"]"#),
        row("host", r#""hosts":["x0c0s*"]"#),
        row("nid", r#""nids":["7"]"#),
        row("mac", r#""macs":["52-54-00-BE-EF-01"]"#),
    ];
    for name in ["mac", "nid", "host", "group", "role", "default"] {
        assert_eq!(kernel(&rows).as_deref(), Some(name));
        rows.pop();
    }
    assert_eq!(kernel(&rows), None);
}

#[test]
fn scores_add_up() {
    let rows = [
        row("host", r#""hosts":["X0c0s03b0n0"],"priority":100"#),
        row("both groups and a nid", r#""groups":["gpu","other","compute"],"nids":[7]"#),
        row("mac", r#""macs":["52:54:00:be:ef:01"]"#),
        row("host twice over", r#""hosts":["*","x0*","x0c0s3b0n0"]"#),
    ];
    assert_eq!(kernel(&rows[..3]).as_deref(), Some("both groups and a nid"), "125 against 100 and 50");
    assert_eq!(kernel(&rows).as_deref(), Some("host twice over"), "150");
}

#[test]
fn equals_are_told_apart_by_priority_and_then_by_name_in_any_order() {
    let mut rows = vec![row("b", ""), row("a", ""), row("urgent", r#""priority":5"#)];
    assert_eq!(kernel(&rows).as_deref(), Some("urgent"));
    rows.pop();
    assert_eq!(kernel(&rows).as_deref(), Some("a"));
    rows.reverse();
    assert_eq!(kernel(&rows).as_deref(), Some("a"));
    let targeted = [row("b", r#""nids":[7],"priority":9"#), row("a", r#""nids":[7]"#)];
    assert_eq!(kernel(&targeted).as_deref(), Some("b"));
}

#[test]
fn without_a_kernel_nothing_is_booted() {
    let rows = [row("", r#""macs":["52:54:00:be:ef:01"]"#), row("default", "")];
    assert_eq!(kernel(&rows), None, "the best is the best");
}

#[test]
fn bad_targets_cost_themselves_and_never_make_a_configuration_everybodys() {
    let bad = row("bad", r#""macs":["zz",7],"nids":["x",-1],"hosts":[" "],"groups":[{}],"priority":"high""#);
    let (table, rejected) = read(&[&bad, "7", r#"{"spec":{"kernel":["k"]}}"#, r#"{"metadata":{}}"#]);
    let id = ComponentId::new("x1").unwrap();
    let asker = Asker { id: &id, nid: None, role: None, groups: &[] };
    assert_eq!(table.resolve(Identifier::Mac(ASKING), &asker), None);
    assert_eq!(rejected[0], "bootparameters[0] bad priority \"high\" is no number");
    assert_eq!(rejected[1], "bootparameters[0] bad \"zz\" names nobody");
    assert_eq!(rejected.len(), 10, "{rejected:?}");
}

#[test]
fn more_shared_targets_than_any_site_has_are_put_aside() {
    let hosts: Vec<String> = (0..5000).map(|number| format!("\"x{number}*\"")).collect();
    let (table, rejected) = read(&[&row("many", &format!("\"hosts\":[{}]", hosts.join(",")))]);
    assert_eq!((table.len(), rejected.len()), (5000, 5000 - 4096));
}

#[test]
fn parameters_of_boot_service_find_by_targets_but_not_by_groups() {
    let mut inventory = Inventory::default();
    let body =
        br#"{"boot-parameters":[{"hosts":["x0*"],"nids":["7"],"kernel":"host"},{"kernel":"a group's, or a default"}]}"#;
    read_boot(&mut inventory, body, Precedence::Sql).unwrap();
    let id = ComponentId::new("x0c0s3b0n0").unwrap();
    let asker = Asker { id: &id, nid: None, role: None, groups: &[] };
    let found = inventory.boot.resolve(Identifier::Mac(ASKING), &asker).map(|config| config.kernel.as_str());
    assert_eq!((found, inventory.rejected.len()), (Some("host"), 1));
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_panic(
        parts in proptest::collection::vec(
            "(\\[|\\]|\\{|\\}|,|:|\"spec\"|\"hosts\"|\"macs\"|\"nids\"|\"groups\"|\"priority\"|\"x\\*\"|7|-1|null|[ -~]){0,10}", 0..6)
    ) {
        let mut inventory = Inventory::default();
        for body in [parts.concat(), format!("[{{\"spec\":{{{}}}}}]", parts.join(",")), format!("[{}]", parts.join(","))] {
            let _ = read_boot(&mut inventory, body.as_bytes(), Precedence::Sql);
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(picks in proptest::collection::vec((0..6_usize, 0..3_u8), 0..8)) {
        let targets = ["", r#""nids":[7]"#, r#""hosts":["x0*"]"#, r#""groups":["gpu"]"#, r#""macs":["525400beef01"]"#,
            r#""hosts":["x1*"]"#];
        let rows: Vec<String> = picks.iter().enumerate().map(|(number, (target, priority))| {
            let comma = if targets[*target].is_empty() { "" } else { "," };
            row(&format!("k{number}"), &format!("{}{comma}\"priority\":{priority}", targets[*target]))
        }).collect();
        let mut reversed = rows.clone();
        reversed.reverse();
        proptest::prop_assert_eq!(kernel(&rows), kernel(&reversed));
    }
}
