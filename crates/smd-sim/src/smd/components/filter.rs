//! Which components a query selects, and how much of them (facts §3).

use crate::cluster::Cluster;
use crate::cluster::rows::Component;
use crate::cluster::xname::{self, Xname};
use crate::query::Query;
use crate::reply::Reply;
use crate::smd::service::allowed;

/// The rows that a query selects: a repeated key is OR, different keys are AND, `!value` is NOT.
pub(crate) fn select<'a>(cluster: &'a Cluster, query: &Query) -> Result<Vec<&'a Component>, Reply> {
    let conditions = conditions(cluster, query)?;
    Ok(cluster.components.iter().filter(|row| conditions.iter().all(|condition| condition(row))).collect())
}

type Condition<'a> = Box<dyn Fn(&Component) -> bool + 'a>;

fn conditions<'a>(cluster: &'a Cluster, query: &Query) -> Result<Vec<Condition<'a>>, Reply> {
    let mut conditions: Vec<Condition<'a>> = Vec::new();
    for (key, field) in TEXT_FIELDS {
        if let Some(values) = query.any_case(key) {
            let choice = Choice::read(&values, |text| canonical(key, text))?;
            conditions.push(Box::new(move |row| choice.takes(field(row))));
        }
    }
    for (key, field) in FLAG_FIELDS {
        if let Some(values) = query.any_case(key) {
            let choice = Choice::read(&values, |text| match text.to_ascii_lowercase().as_str() {
                "true" => Ok("true".into()),
                "false" => Ok("false".into()),
                _ => Err("a required argument did not match any valid input"),
            })?;
            conditions.push(Box::new(move |row| choice.takes(if field(row) { "true" } else { "false" })));
        }
    }
    if let Some(values) = query.any_case("nid") {
        let nids = integers(&values)?;
        conditions.push(Box::new(move |row| nid_of(row).is_some_and(|nid| nids.contains(&nid))));
    }
    if let Some(values) = query.any_case("nid_start") {
        let start = integers(&values)?[0];
        conditions.push(Box::new(move |row| nid_of(row).is_some_and(|nid| nid >= start)));
    }
    if let Some(values) = query.any_case("nid_end") {
        let end = integers(&values)?[0];
        conditions.push(Box::new(move |row| nid_of(row).is_some_and(|nid| nid <= end)));
    }
    if let Some(values) = query.any_case("group") {
        let labels: Vec<String> = values.iter().map(ToString::to_string).collect();
        conditions.push(Box::new(move |row| labels.iter().any(|label| in_group(cluster, row, label))));
    }
    if let Some(values) = query.any_case("partition") {
        let names: Vec<String> = values.iter().map(ToString::to_string).collect();
        conditions.push(Box::new(move |row| names.iter().any(|name| in_partition(cluster, row, name))));
    }
    Ok(conditions)
}

/// Values of one key: any of these, none of those.
struct Choice {
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

impl Choice {
    fn read(values: &[&str], read: impl Fn(&str) -> Result<String, &'static str>) -> Result<Self, Reply> {
        let mut choice = Self { wanted: Vec::new(), unwanted: Vec::new() };
        for value in values {
            let (list, text) = match value.strip_prefix('!') {
                Some(text) => (&mut choice.unwanted, text),
                None => (&mut choice.wanted, *value),
            };
            list.push(read(text).map_err(|error| Reply::bad_request(&format!("bad query param: {error}")))?);
        }
        Ok(choice)
    }

    fn takes(&self, value: &str) -> bool {
        let holds = |list: &[String]| list.iter().any(|text| text == value);
        (self.wanted.is_empty() || holds(&self.wanted)) && !holds(&self.unwanted)
    }
}

type TextField = fn(&Component) -> &str;
type FlagField = fn(&Component) -> bool;

/// Filters on texts, by the name of the key.
const TEXT_FIELDS: [(&str, TextField); 11] = [
    ("id", |row| &row.id),
    ("type", |row| &row.component_type),
    ("state", |row| &row.state),
    ("flag", |row| &row.flag),
    ("softwarestatus", |row| &row.software_status),
    ("role", |row| &row.role),
    ("subrole", |row| &row.sub_role),
    ("subtype", |row| &row.subtype),
    ("nettype", |row| &row.net_type),
    ("arch", |row| &row.arch),
    ("class", |row| &row.class),
];

/// Filters on truths.
const FLAG_FIELDS: [(&str, FlagField); 3] = [
    ("enabled", |row| row.enabled == Some(true)),
    ("reservation_disabled", |row| row.reservation_disabled),
    ("locked", |row| row.locked),
];

/// A value as SMD spells it, or what is wrong with it.
pub(super) fn canonical(key: &str, text: &str) -> Result<String, &'static str> {
    let one_of = |name: &str, error| {
        let values = allowed(name);
        values.iter().find(|value| value.eq_ignore_ascii_case(text)).map(ToString::to_string).ok_or(error)
    };
    match key {
        "id" => Xname::parse(text).map(|xname| xname.id).ok_or("Argument was not a valid xname ID"),
        "type" => xname::component_type(text).map(str::to_owned).ok_or("Argument was not a valid HMS Type"),
        "state" => one_of("State", "Argument was not a valid HMS State"),
        "flag" if text.eq_ignore_ascii_case("warn") => Ok("Warning".into()),
        "flag" => one_of("Flag", "Argument was not a valid HMS Flag"),
        "role" => one_of("Role", "Argument was not a valid HMS Role"),
        "subrole" => one_of("SubRole", "Argument was not a valid HMS SubRole"),
        "nettype" => one_of("NetType", "Argument was not a valid HMS NetType"),
        "arch" => one_of("Arch", "Argument was not a valid HMS Arch"),
        "class" => one_of("Class", "Argument was not a valid HMS Class"),
        _ => Ok(text.into()),
    }
}

fn integers(values: &[&str]) -> Result<Vec<i64>, Reply> {
    let integers: Result<Vec<i64>, _> = values.iter().map(|text| text.parse()).collect();
    integers.map_err(|_| Reply::bad_request("bad query param: a required argument was not an integer"))
}

/// The NID as SMD counts: with a sign.
pub(super) fn nid_of(row: &Component) -> Option<i64> {
    row.nid.and_then(|nid| i64::try_from(nid.0).ok())
}

/// `NULL` is being in no group at all.
fn in_group(cluster: &Cluster, row: &Component, label: &str) -> bool {
    let member = |ids: &[String]| ids.contains(&row.id);
    match label {
        "NULL" => !cluster.groups.iter().any(|group| member(&group.members.ids)),
        label => cluster.groups.iter().any(|group| group.label == label && member(&group.members.ids)),
    }
}

fn in_partition(cluster: &Cluster, row: &Component, name: &str) -> bool {
    let own = cluster.partitions.iter().find(|partition| partition.members.ids.contains(&row.id));
    own.map_or("NULL", |partition| partition.name.as_str()) == name
}

/// `stateonly`, `flagonly`, `roleonly`, `nidonly`: ID, type and a little more.
pub(super) fn projection(query: &Query) -> fn(&Component) -> Component {
    fn bare(row: &Component) -> Component {
        Component { id: row.id.clone(), component_type: row.component_type.clone(), ..Component::default() }
    }
    let asked = |key| query.any_case(key).is_some_and(|values| values.contains(&"true"));
    if asked("stateonly") {
        |row| Component { state: row.state.clone(), flag: row.flag.clone(), ..bare(row) }
    } else if asked("flagonly") {
        |row| Component { flag: row.flag.clone(), ..bare(row) }
    } else if asked("roleonly") {
        |row| Component { role: row.role.clone(), sub_role: row.sub_role.clone(), ..bare(row) }
    } else if asked("nidonly") {
        |row| Component { nid: row.nid, ..bare(row) }
    } else {
        Component::clone
    }
}
