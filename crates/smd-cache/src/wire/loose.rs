//! Values that are read whatever they are: a wrong type costs the value, not the row.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Any JSON value: a text, an integer, or something that should not be there. `null` is the empty text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Loose<'a> {
    /// A string, or `""` for null.
    Text(Cow<'a, str>),
    /// An integer.
    Integer(i128),
    /// Anything else, named with its article.
    Odd(&'static str),
}

/// A string where null and absence mean `""`; anything else is an error of the row.
#[derive(Debug, Default, Clone)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// An array where null and absence mean the empty one; anything else is an error of the row.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// An entry of `IPAddresses`: an object with `IPAddress`, or the bare address.
#[derive(Debug, Clone)]
pub(crate) struct AddressEntry<'a>(pub(crate) Loose<'a>);

impl Default for Loose<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl Text<'_> {
    /// The text without the white space around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.0.trim()
    }
}

impl fmt::Display for Loose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(number) => number.fmt(f),
            Self::Odd(kind) => f.write_str(kind),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::default())
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Loose::Integer(number.into()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Loose::Integer(number.into()))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Loose::Odd("a fraction"))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Loose::Odd("a boolean"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Odd("an array"))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Odd("an object"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Loose::deserialize(deserializer)? {
            Loose::Text(text) => Ok(Self(text)),
            other => Err(D::Error::custom(format_args!("expected a string, found {other}"))),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(1));
        while let Some(entry) = seq.next_element()? {
            list.push(entry);
            if list.len() > MAX_LIST {
                return Err(A::Error::custom(format_args!("an array of more than {MAX_LIST} entries")));
            }
        }
        Ok(List(list))
    }
}

/// More entries than this in one row are no list of addresses, members or identifiers.
const MAX_LIST: usize = 100_000;

impl<'de: 'a, 'a> Deserialize<'de> for AddressEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AddressVisitor)
    }
}

struct AddressVisitor;

impl<'de> Visitor<'de> for AddressVisitor {
    type Value = AddressEntry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut address = Loose::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key.0 == "IPAddress" {
                address = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(AddressEntry(address))
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        LooseVisitor.visit_borrowed_str(text).map(AddressEntry)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        LooseVisitor.visit_str(text).map(AddressEntry)
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        LooseVisitor.visit_unit().map(AddressEntry)
    }
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        LooseVisitor.visit_u64(number).map(AddressEntry)
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        LooseVisitor.visit_i64(number).map(AddressEntry)
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        LooseVisitor.visit_f64(number).map(AddressEntry)
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        LooseVisitor.visit_bool(value).map(AddressEntry)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        LooseVisitor.visit_seq(seq).map(AddressEntry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_is_read() {
        for (json, expected) in [
            (r#""a""#, Loose::Text("a".into())),
            (r#""a\u0062""#, Loose::Text("ab".into())),
            ("null", Loose::Text("".into())),
            ("-1", Loose::Integer(-1)),
            ("18446744073709551615", Loose::Integer(u64::MAX.into())),
            ("1.5", Loose::Odd("a fraction")),
            ("true", Loose::Odd("a boolean")),
            ("[1,[2]]", Loose::Odd("an array")),
            (r#"{"a":{}}"#, Loose::Odd("an object")),
        ] {
            assert_eq!(serde_json::from_str::<Loose<'_>>(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn an_address_entry_is_an_object_or_the_bare_address() {
        for (json, expected) in [
            (r#"{"IPAddress":"10.0.0.1","Network":"HMN"}"#, Loose::Text("10.0.0.1".into())),
            (r#"{"Network":"HMN"}"#, Loose::Text("".into())),
            (r#"{"IPAddress":7}"#, Loose::Integer(7)),
            (r#""10.0.0.1""#, Loose::Text("10.0.0.1".into())),
            ("7", Loose::Integer(7)),
            ("null", Loose::Text("".into())),
        ] {
            assert_eq!(serde_json::from_str::<AddressEntry<'_>>(json).unwrap().0, expected, "{json}");
        }
    }
}
