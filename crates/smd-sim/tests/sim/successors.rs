//! inventory-service, boot-service and TokenSmith.

use reqwest::Method;
use serde_json::{Value, json};
use smd_sim::cluster::rows::BootParameters;
use smd_sim::{
    BootKind, Cluster, Fault, FaultKind, InventoryKind, InventoryServiceSettings, Settings, Sim, TokenSmithSettings,
};

use super::Running;

const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";
const COMPONENTS: &str = "/hsm/v2/State/Components";

async fn start(nodes: usize, settings: Settings) -> Running {
    Running::start(Sim::with_settings(Cluster::generate(nodes).unwrap(), settings)).await
}

fn inventory(wrapped: bool, nids_as_text: bool) -> Settings {
    let inventory = InventoryKind::InventoryService(InventoryServiceSettings { wrapped, nids_as_text });
    Settings { inventory, ..Settings::default() }
}

async fn form(running: &Running, body: &str) -> (u16, Value) {
    let (status, text) = running.send(Method::POST, "/oauth/token", body.to_owned()).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn exchange(token: &str) -> String {
    format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={token}\
         &subject_token_type=urn%3Aopenchami%3Aparams%3Aoauth%3Atoken-type%3Abootstrap-token"
    )
}

#[tokio::test]
async fn an_inventory_keeps_what_it_is_told() {
    let running = start(1, inventory(true, true)).await;
    let body = json!({"Components": [{"ID": "Rack 7/Node-A", "Type": "Toaster", "NID": 9}]});
    assert_eq!(running.send(Method::POST, COMPONENTS, body.to_string()).await.0, 204);
    let body = json!({"MACAddress": "52-54-00-BE-EF-01", "ComponentID": "Rack 7/Node-A", "IPAddresses": [{"IPAddress": " x "}]});
    assert_eq!(running.send(Method::POST, INTERFACES, body.to_string()).await.0, 201);
    assert_eq!(running.send(Method::POST, INTERFACES, body.to_string()).await.0, 409);
    let components = running.json(&format!("{COMPONENTS}?id=Rack%207/Node-A")).await;
    assert_eq!(components, json!({"Components": [{"ID": "Rack 7/Node-A", "Type": "Toaster", "NID": "9"}]}));
    let interfaces = running.json(&format!("{INTERFACES}?macaddress=52-54-00-BE-EF-01")).await;
    let rows = interfaces["EthernetInterfaces"].as_array().unwrap();
    let mut row = rows[0].as_object().unwrap().clone();
    assert!(row.remove("LastUpdate").is_some());
    let want = json!({"ID": "52-54-00-BE-EF-01", "MACAddress": "52-54-00-BE-EF-01", "ComponentID": "Rack 7/Node-A",
                      "IPAddresses": [{"IPAddress": " x "}]});
    assert_eq!((rows.len(), Value::Object(row)), (1, want));
    assert_eq!(running.get("/hsm/v2/service/values").await.unwrap().status(), 404);
    assert_eq!(running.get("/hsm/v2/Subscriptions/SCN").await.unwrap().status(), 404);
    running.stop().await;
    let running = start(1, inventory(false, false)).await;
    assert!(running.json(INTERFACES).await.is_array());
    assert_eq!(running.json(&format!("{COMPONENTS}/x1000c0s0b0n0")).await["NID"], 1);
    assert_eq!(running.json("/hsm/v2/groups/compute/members").await, json!({"ids": ["x1000c0s0b0n0"]}));
    assert_eq!(
        running.json("/hsm/v2/memberships/x1000c0s0b0n0").await["groupLabels"],
        json!(["compute", "cabinet-x1000"])
    );
    running.stop().await;
}

#[tokio::test]
async fn boot_configurations_and_their_scripts() {
    let boot = BootKind::BootService { legacy_api: true };
    let running = start(2, Settings { boot, ..Settings::default() }).await;
    let spec = json!({"groups": ["compute"], "kernel": "http://10.0.0.2/k?a=1&b=2", "initrd": "http://10.0.0.2/i",
                      "params": "quiet", "priority": 7});
    let body = json!({"metadata": {"name": "by-group"}, "spec": spec});
    let (status, text) = running.send(Method::POST, "/bootconfigurations", body.to_string()).await;
    let created: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &created["spec"]), (201, &spec));
    let uid = created["metadata"]["uid"].as_str().unwrap();
    assert_eq!(running.json(&format!("/bootconfigurations/{uid}")).await, created);
    // the MAC of the generated configuration is nearer than the group
    let script = running.get("/bootscript?mac=02:01:00:00:00:00").await.unwrap().text().await.unwrap();
    assert!(script.contains("# configuration: configuration-1\n"), "{script}");
    running.sim.change(|cluster, _| cluster.boot[0].macs = vec!["02:01:00:00:00:ff".into()]);
    let script = running.get("/bootscript?mac=02:01:00:00:00:00&profile=x").await.unwrap().text().await.unwrap();
    let (head, tail) = script.split_once("# groups: ").unwrap();
    assert_eq!(head, "#!ipxe\n# xname: x1000c0s0b0n0\n# nid: 1\n# configuration: by-group\n# role: Compute\n");
    let (groups, tail) = tail.split_once('\n').unwrap();
    assert!(groups.split(',').any(|group| group == "compute"), "{groups}");
    assert_eq!(
        tail,
        "dhcp\nset kernel http://10.0.0.2/k?a=1&amp;b=2\nset initrd http://10.0.0.2/i\n\
         set params quiet BOOTIF=01-02-01-00-00-00-00\nkernel ${kernel} ${params}\ninitrd ${initrd}\nboot\n"
    );
    let script = running.get("/bootscript?nid=99").await.unwrap().text().await.unwrap();
    assert_eq!(script, "#!ipxe\n# no boot configuration for 99\ndhcp\nboot\n");
    assert_eq!(running.get("/bootscript").await.unwrap().status(), 400);
    running.sim.change(|cluster, _| {
        cluster.boot = vec![BootParameters { nids: vec![7], kernel: "k".into(), ..BootParameters::default() }];
    });
    let items = json!({"boot-parameters": [{"hosts": [], "macs": [], "nids": ["7"], "kernel": "k", "initrd": "", "params": ""}]});
    for path in ["/bootparameters", "/boot/v1/bootparameters"] {
        assert_eq!(running.json(path).await, items);
    }
    assert_eq!(running.send(Method::DELETE, &format!("/bootconfigurations/{uid}"), "").await.0, 404);
    let (status, text) =
        running.send(Method::POST, "/bootconfigurations", r#"{"spec":{"priority":101,"kernel":"k"}}"#).await;
    assert!(status == 400 && text.contains("priority is 0 to 100"), "{text}");
    running.stop().await;
}

#[tokio::test]
async fn without_the_legacy_api_there_is_no_boot_v1() {
    let boot = BootKind::BootService { legacy_api: false };
    let running = start(1, Settings { boot, ..Settings::default() }).await;
    assert_eq!(running.get("/boot/v1/bootparameters").await.unwrap().status(), 404);
    assert_eq!(running.json("/bootconfigurations").await.as_array().unwrap().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_tokens_life() {
    let tokensmith = Some(TokenSmithSettings {
        bootstrap_tokens: vec!["first".into()],
        client: Some(("dhcp".into(), "s".into())),
        ..TokenSmithSettings::default()
    });
    let boot = BootKind::BootService { legacy_api: false };
    let running = start(1, Settings { boot, tokensmith, ..inventory(false, false) }).await;
    for path in [COMPONENTS, INTERFACES, "/hsm/v2/groups", "/bootconfigurations", "/bootparameters"] {
        let response = running.get(path).await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.text().await.unwrap(), "missing bearer token\n");
    }
    for path in ["/hsm/v2/service/ready", "/bootscript?nid=1"] {
        assert_eq!(running.get(path).await.unwrap().status(), 200, "{path}");
    }
    let (status, issued) = form(&running, &exchange("first")).await;
    assert_eq!((status, &issued["expires_in"], &issued["refresh_expires_in"]), (200, &json!(3600), &json!(86_400)));
    let with = |token: &str| running.client.get(running.url(COMPONENTS)).bearer_auth(token).send();
    assert_eq!(with(issued["access_token"].as_str().unwrap()).await.unwrap().status(), 200);
    let refused = with("made up").await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.text().await.unwrap()[..]), (401, "invalid token\n"));
    assert_eq!(form(&running, &exchange("first")).await.1["error"], "invalid_grant");
    let refresh = format!("grant_type=refresh_token&refresh_token={}", issued["refresh_token"].as_str().unwrap());
    let (status, renewed) = form(&running, &refresh).await;
    assert_eq!(status, 200);
    assert_ne!(renewed["refresh_token"], issued["refresh_token"]);
    assert_eq!(form(&running, &refresh).await.0, 400);
    running.sim.revoke_tokens();
    assert_eq!(with(renewed["access_token"].as_str().unwrap()).await.unwrap().status(), 401);
    assert_eq!(form(&running, "grant_type=client_credentials&client_id=dhcp&client_secret=s").await.0, 200);
    assert_eq!(form(&running, "grant_type=client_credentials&client_id=dhcp&client_secret=t").await.0, 401);
    let (status, text) = running.send(Method::POST, "/service-identity/session", "{}").await;
    assert!(status == 200 && text.contains("refresh_expires_in"), "{text}");
    running.stop().await;
}

#[tokio::test]
async fn knobs_and_faults_of_tokens() {
    let running = start(0, Settings { tokensmith: Some(TokenSmithSettings::default()), ..Settings::default() }).await;
    assert_eq!(running.send(Method::POST, "/sim/tokensmith/bootstrap", "second").await.0, 204);
    let turn = |body: &'static str| running.send(Method::PATCH, "/sim/tokensmith", body);
    let (status, text) = turn(r#"{"refuse_bootstrap":true,"access_seconds":0,"leave_out":["expires_in"]}"#).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(form(&running, &exchange("second")).await.0, 400);
    assert_eq!(turn(r#"{"refuse_bootstrap":false}"#).await.0, 200);
    let (status, issued) = form(&running, &exchange("second")).await;
    assert_eq!((status, issued.get("expires_in")), (200, None));
    let groups =
        running.client.get(running.url("/hsm/v2/groups")).bearer_auth(issued["access_token"].as_str().unwrap());
    assert_eq!(groups.send().await.unwrap().status(), 401, "dead on arrival");
    let state = running.json("/sim/tokensmith").await;
    assert_eq!((&state["exchanged"], &state["refused"], &state["bootstrap_left"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(state["knobs"]["refresh_seconds"], 86_400);
    let (status, text) = turn(r#"{"no_such_knob":1}"#).await;
    assert!(status == 400 && text.contains("no_such_knob"), "{text}");
    running.sim.set_faults(vec![Fault::on("/oauth", FaultKind::Html503)]).unwrap();
    assert_eq!(running.send(Method::POST, "/oauth/token", "").await.0, 503);
    running.sim.clear_faults();
    for (body, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=urn:ietf:params:oauth:grant-type:token-exchange", "invalid_request"),
        ("grant_type=refresh_token", "invalid_grant"),
    ] {
        assert_eq!(form(&running, body).await.1["error"], error, "{body}");
    }
    running.stop().await;
}
