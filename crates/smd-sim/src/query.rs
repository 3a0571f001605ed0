//! A query string, read the two ways of the two services: SMD's keys are case-insensitive, BSS's are not.

use axum::extract::Query as AxumQuery;
use axum::http::Uri;

/// The pairs of a query string in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of a URI. A query that is no form encoding has no pairs.
    pub(crate) fn of(uri: &Uri) -> Self {
        Self(AxumQuery::try_from_uri(uri).map(|AxumQuery(pairs)| pairs).unwrap_or_default())
    }

    /// Reads a body in form encoding. One that is none has no pairs.
    pub(crate) fn of_form(body: &[u8]) -> Self {
        // a form has the syntax of a query, and what cannot stand in one is no form
        let uri = str::from_utf8(body).ok().and_then(|text| format!("/?{}", text.trim()).parse::<Uri>().ok());
        uri.map(|uri| Self::of(&uri)).unwrap_or_default()
    }

    /// The same pairs from elsewhere: SMD takes queries in bodies too.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// SMD: all values of a key, whatever its case; `None` if it is not there. Two spellings of one key do not merge:
    /// the last in byte order wins (facts §1).
    pub(crate) fn any_case(&self, key: &str) -> Option<Vec<&str>> {
        let spellings = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| name.eq_ignore_ascii_case(key));
        self.exact(spellings.max()?)
    }

    /// BSS: all values of exactly this key, joined with `separator`; `""` if it is not there.
    pub(crate) fn joined(&self, key: &str, separator: &str) -> String {
        self.exact(key).unwrap_or_default().join(separator)
    }

    /// BSS: a comma-separated list, which may also be spread over several values.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        match self.joined(key, ",") {
            empty if empty.is_empty() => Vec::new(),
            list => list.split(',').map(str::to_owned).collect(),
        }
    }

    fn exact(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> =
            self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/?{text}").parse().unwrap())
    }

    #[test]
    fn smd_folds_keys_but_does_not_merge_spellings() {
        let query = query("TYPE=Node&type=NodeBMC&type=Chassis&id=");
        assert_eq!(query.any_case("Type"), Some(vec!["NodeBMC", "Chassis"]));
        assert_eq!(query.any_case("ID"), Some(vec![""]));
        assert_eq!(query.any_case("nid"), None);
    }

    #[test]
    fn bss_takes_lists_and_exact_keys() {
        let query = query("mac=a,b&mac=c&MAC=d&name=x%20y");
        assert_eq!(query.list("mac"), ["a", "b", "c"]);
        assert_eq!(query.joined("name", ""), "x y");
        assert!(query.list("nid").is_empty());
    }
}
