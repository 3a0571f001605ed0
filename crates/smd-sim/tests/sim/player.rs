//! Plays recorded requests against the simulator and compares the answers.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use smd_sim::Sim;

use super::Running;
use super::compare::{json_matches, text_matches};

/// A line of a recording: a request and what counts of its reply.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    #[serde(default)]
    pub(crate) step: String,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) send: Option<Value>,
    /// `None`: the connection closes without a reply.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    reply_headers: serde_json::Map<String, Value>,
    #[serde(default)]
    body: Option<String>,
    /// Present, it may be `null`.
    #[serde(default, deserialize_with = "present")]
    body_json: Option<Value>,
    /// Several documents in a row.
    #[serde(default)]
    body_jsons: Option<Vec<Value>>,
    /// Values of the reply that are kept under a name: later `<=name>` is the same and `<!name>` another.
    #[serde(default)]
    save: HashMap<String, String>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The lines of a recording.
pub(crate) fn lines(recording: &str) -> Vec<Line> {
    recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Plays recordings one after another, and reports every line that is answered otherwise.
pub(crate) async fn play(recordings: &[&str], sim: Sim) {
    let running = Running::start(sim).await;
    let mut differences = Vec::new();
    for recording in recordings {
        differences.extend(differences_of(recording, &running).await);
    }
    running.stop().await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The lines that are answered otherwise.
pub(crate) async fn differences_of(recording: &str, running: &Running) -> Vec<String> {
    let mut differences = Vec::new();
    let mut saved = HashMap::new();
    let lines = lines(recording);
    assert!(!lines.is_empty(), "an empty recording proves nothing");
    for (number, line) in lines.iter().enumerate() {
        if let Err(difference) = ask(running, line, &mut saved).await {
            let Line { step, method, path, .. } = line;
            differences.push(format!("line {}: {method} {path} ({step}): {difference}", number + 1));
        }
    }
    differences
}

async fn ask(running: &Running, line: &Line, saved: &mut HashMap<String, Value>) -> Result<(), String> {
    let mut request = running.client.request(line.method.parse().unwrap(), running.url(&line.path));
    if let Some(body) = &line.send {
        request = request.body(body.as_str().map_or_else(|| body.to_string(), str::to_owned));
    }
    let (response, status) = match (request.send().await, line.status) {
        (Err(_), None) => return Ok(()),
        (Err(error), Some(status)) => return Err(format!("want {status}, got no reply: {error}")),
        (Ok(response), None) => return Err(format!("want no reply, got {}", response.status())),
        (Ok(response), Some(status)) => (response, status),
    };
    if response.status() != status {
        return Err(format!("want {status}, got {}", response.status()));
    }
    for (name, want) in &line.reply_headers {
        let got = response.headers().get(name).map(|value| value.to_str().unwrap());
        match (want.as_str(), got) {
            (None, None) => {}
            (Some(want), Some(got)) if text_matches(want, got) => {}
            _ => return Err(format!("{name}: want {want}, got {got:?}")),
        }
    }
    let body = response.text().await.map_err(|error| error.to_string())?;
    if line.body_json.is_some() || line.body_jsons.is_some() {
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&body).into_iter().collect();
        let got = documents.map_err(|error| format!("{error}: {body}"))?;
        let want = line.body_jsons.clone().unwrap_or_else(|| line.body_json.iter().cloned().collect());
        let want: Vec<Value> = want.into_iter().map(|value| filled(value, saved)).collect::<Result<_, _>>()?;
        if want.len() != got.len() || !want.iter().zip(&got).all(|(want, got)| matches(want, got, saved)) {
            return Err(format!("want {want:?}\n got {got:?}"));
        }
        for (name, path) in &line.save {
            let pointer = format!("/{}", path.replace('.', "/"));
            saved.insert(name.clone(), got[0].pointer(&pointer).ok_or("nothing to keep there")?.clone());
        }
    }
    match &line.body {
        Some(want) if !text_matches(want, &body) => Err(format!("want {want:?}\n got {body:?}")),
        _ => Ok(()),
    }
}

/// `<=name>` replaced by what was kept.
fn filled(want: Value, saved: &HashMap<String, Value>) -> Result<Value, String> {
    Ok(match want {
        Value::String(text) => match text.strip_prefix("<=").and_then(|rest| rest.strip_suffix('>')) {
            Some(name) => saved.get(name).ok_or("nothing was kept")?.clone(),
            None => Value::String(text),
        },
        Value::Object(map) => {
            let pairs = map.into_iter().map(|(key, value)| Ok::<_, String>((key, filled(value, saved)?)));
            Value::Object(pairs.collect::<Result<_, _>>()?)
        }
        other => other,
    })
}

/// Whether it is as wanted, a `<!name>` on the way being another than was kept.
fn matches(want: &Value, got: &Value, saved: &HashMap<String, Value>) -> bool {
    let Value::Object(map) = want else { return json_matches(want, got, false) };
    let mut want = map.clone();
    for (key, value) in map {
        let Some(name) = value.as_str().and_then(|text| text.strip_prefix("<!")?.strip_suffix('>')) else { continue };
        if saved.get(name) == got.get(key) {
            return false;
        }
        want.insert(key.clone(), got[key].clone());
    }
    json_matches(&Value::Object(want), got, false)
}
