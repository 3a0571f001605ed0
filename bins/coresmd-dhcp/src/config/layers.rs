//! Our own sections in layers: the file, and above it the environment, where `CORESMD_SMD__TOKEN_FILE` is the key
//! `token_file` of the section `smd`.
//!
//! serde stops at the first fault. So what it names is filed and taken out, and the rest is read again, until nothing
//! is at fault any more: one report has them all.

use std::collections::BTreeMap;

use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Value as Merged};
use figment::{Error, Figment};
use serde::de::DeserializeOwned;
use serve::findings::did_you_mean;

use super::Environment;
use super::report::{Fault, Report};
use super::tree::{Node, Value};

/// Every variable that is read begins with this; `__` stands between section and key.
const PREFIX: &str = "CORESMD_";

/// Reads one section; absent from both layers, it is `T`'s default. What is at fault is filed, and left out.
pub(super) fn section<T: DeserializeOwned + Default>(
    name: &'static str,
    root: &Node,
    environment: &Environment,
    report: &mut Report<'_>,
) -> T {
    let file = root.get(name).map(|entry| &entry.node);
    if let Some(node) = file.filter(|node| !matches!(node.value, Value::Map(_))) {
        report.error(Fault::new(node.span.clone(), format!("`{name}` is a section: a map of keys and values")));
        return T::default();
    }
    let layers = [file.map(merged), variables(name, environment)];
    let figment = layers
        .into_iter()
        .flatten()
        .fold(Figment::new(), |figment, layer| figment.merge(Serialized::globals(BTreeMap::from([(name, layer)]))));
    let Ok(mut section) = figment.find_value(name) else { return T::default() };
    loop {
        let error = match section.deserialize::<T>() {
            Ok(read) => return read,
            Err(error) => error,
        };
        let path = path(&error);
        place(name, &path, error.kind, root, report);
        if !remove(&mut section, &path) {
            return T::default();
        }
    }
}

/// The keys from the section to what is at fault.
fn path(error: &Error) -> Vec<String> {
    let mut path = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind {
        path.pop_if(|last| last == name);
        path.push(name.clone());
    }
    path
}

/// Files a fault where it is: at the key that is not known, else at the value; or for a variable, which has no place.
fn place(section: &'static str, path: &[String], kind: Kind, root: &Node, report: &mut Report<'_>) {
    let key = [&[section.to_owned()], path].concat().join(".");
    let (message, help) = match kind {
        Kind::UnknownField(name, known) => {
            let parent = key.strip_suffix(&format!(".{name}")).unwrap_or(section);
            (format!("`{parent}` has no key `{name}`"), Some(did_you_mean(&name, known)))
        }
        Kind::MissingField(name) => (format!("`{key}` needs `{name}`"), None),
        Kind::Message(message) => (format!("`{key}`: {message}"), None),
        Kind::InvalidType(found, wanted) => (format!("`{key}`: {wanted} is wanted, not {found}"), None),
        other => (format!("`{key}`: {other}"), None),
    };
    let mut found = root.get(section);
    for key in path {
        found = found.and_then(|entry| entry.node.get(key));
    }
    if let Some(entry) = found {
        let span = if help.is_some() { &entry.span } else { &entry.node.span };
        report.error(Fault { help, ..Fault::new(span.clone(), message) });
    } else {
        let variable = format!("{PREFIX}{}", key.replace('.', "__").to_uppercase());
        report.error_at(0, 0, format!("environment variable {variable}: {message}"), help.as_deref());
    }
}

/// Takes out what is at fault; `false` if it is not there, or is the section itself.
fn remove(section: &mut Merged, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut at = section;
    for key in parents {
        let Merged::Dict(_, dict) = at else { return false };
        let Some(next) = dict.get_mut(key) else { return false };
        at = next;
    }
    let Merged::Dict(_, dict) = at else { return false };
    dict.remove(last).is_some()
}

/// The file's layer: every scalar is its text.
fn merged(node: &Node) -> Merged {
    match &node.value {
        Value::Null => Merged::from(""),
        Value::Scalar(text) => Merged::from(text.trim()),
        Value::List(items) => Merged::from(items.iter().map(merged).collect::<Vec<_>>()),
        Value::Map(entries) => {
            let set = entries.iter().filter(|entry| entry.node.value != Value::Null);
            Merged::from(set.map(|entry| (entry.key.clone(), merged(&entry.node))).collect::<Dict>())
        }
    }
}

/// The environment's layer: the variables of one section.
fn variables(section: &str, environment: &Environment) -> Option<Merged> {
    let mut layer = Dict::new();
    for (name, value) in &environment.variables {
        let Some(keys) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
        let mut keys = keys.split("__");
        if keys.next() != Some(section) {
            continue;
        }
        let keys: Vec<&str> = keys.collect();
        if let Some((last, parents)) = keys.split_last() {
            insert(&mut layer, parents, last, value);
        }
    }
    (!layer.is_empty()).then(|| Merged::from(layer))
}

fn insert(layer: &mut Dict, parents: &[&str], last: &str, value: &str) {
    match parents {
        [] => drop(layer.insert(last.to_owned(), Merged::from(value))),
        [first, rest @ ..] => {
            let inner = layer.entry((*first).to_owned()).or_insert_with(|| Merged::from(Dict::new()));
            if let Merged::Dict(_, inner) = inner {
                insert(inner, rest, last, value);
            }
        }
    }
}
