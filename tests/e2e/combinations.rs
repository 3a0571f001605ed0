//! A real client and a real resolver get the same from each combination of sources: the servers and `smd-sim` are
//! processes in the namespace that the client's cable ends in.

use std::fs;
use std::path::Path;

use coresmd_tests::netns::{Namespace, veth};
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::wait;
use tempfile::TempDir;

use crate::clients::{Granted, udhcpc};
use crate::lab::{NEAR, SERVER, fetch};
use crate::reserved::{reservation_of, resolves};

/// A combination of sources: what `smd-sim` is to be, and what both servers are told of it.
struct Combination {
    /// Arguments of `smd-sim`; where both servers read files, only nodes ask it, for their scripts.
    simulator: &'static str,
    /// Words of the step `coresmd`.
    step: &'static str,
    /// Sections of `coresmd-dhcp`'s configuration.
    sections: &'static str,
    /// Lines of `coresmd-dns`'s block `coresmd`.
    block: &'static str,
    /// Where iPXE is sent.
    script: &'static str,
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn smd_and_bss_on_sql() {
    serve(&Combination {
        simulator: "--bss sql",
        step: "svc_base_uri=http://127.0.0.1:27779 ipxe_base_uri=http://10.77.0.1:27779",
        sections: "bss: {url: 'http://127.0.0.1:27779', precedence: sql}\n",
        block: "smd_url http://127.0.0.1:27779\n",
        script: "http://10.77.0.1:27779/boot/v1/bootscript",
    });
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn smd_and_bss_on_etcd() {
    serve(&Combination {
        simulator: "--bss kv",
        step: "svc_base_uri=http://127.0.0.1:27779 ipxe_base_uri=http://10.77.0.1:27779",
        sections: "bss: {url: 'http://127.0.0.1:27779', precedence: kv}\n",
        block: "smd_url http://127.0.0.1:27779\n",
        script: "http://10.77.0.1:27779/boot/v1/bootscript",
    });
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn successors_that_ask_for_tokens_of_tokensmith() {
    serve(&Combination {
        simulator: "--as inventory-service,boot-service,tokensmith --wrapped-interfaces --nids-as-text \
                    --bootstrap-token for-dhcp --bootstrap-token for-dns",
        step: "svc_base_uri=http://127.0.0.1:27779 ipxe_uri=http://10.77.0.1:27779/bootscript",
        sections: "bss: {url: 'http://127.0.0.1:27779'}\n\
                   smd: {token: {url: 'http://127.0.0.1:27779', mode: required, bootstrap_file: for-dhcp}}\n",
        block: "smd_url http://127.0.0.1:27779\n\
                token {\nurl http://127.0.0.1:27779\nmode required\nbootstrap_file for-dns\n}\n",
        script: "http://10.77.0.1:27779/bootscript",
    });
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn files_only() {
    serve(&Combination {
        simulator: "--bss sql",
        step: "ipxe_base_uri=http://10.77.0.1:27779",
        sections: "smd: {inventory: nodes.yaml, boot: boot.yaml}\n",
        block: "inventory nodes.yaml\n",
        script: "http://10.77.0.1:27779/boot/v1/bootscript",
    });
}

/// The client gets its reservation, resolves its name, and as iPXE is sent to its script, which is there.
fn serve(combination: &Combination) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let server = Namespace::new("srv");
    let node = Namespace::new("node");
    veth((&server, "node", None), (&node, "eth0", Some(NEAR.mac)));
    server.ip(&format!("addr add {SERVER}/24 dev node"));
    write_files(directory.path(), combination);
    let _processes = start(&server, &directory, combination);
    for (url, what) in
        [("http://127.0.0.1:9067/readyz", "coresmd-dhcp"), ("http://127.0.0.1:8181/ready", "coresmd-dns")]
    {
        wait::until(&format!("{what} to be ready"), || fetch(&server, url));
    }

    assert_eq!(udhcpc(&node, directory.path(), &[]), Ok(reservation_of(NEAR)));
    resolves(&node, NEAR);
    let ipxe = udhcpc(
        &node,
        directory.path(),
        &["-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007", "-x", "0x4d:69505845"],
    );
    let script = format!("{}?mac={}", combination.script, NEAR.mac);
    assert_eq!(ipxe, Ok(Granted { boot_file: Some(script.clone()), ..reservation_of(NEAR) }));
    let text = fetch(&node, &script).expect("the address that DHCP gave reaches the script");
    assert!(text.starts_with("#!ipxe\n") && text.contains("http://10.77.0.1/vmlinuz"), "{text}");
}

fn start(server: &Namespace, directory: &TempDir, combination: &Combination) -> Vec<Process> {
    let run = |program: Program, arguments: &str| {
        let mut words = program.words(env!("CARGO_BIN_EXE_coresmd-servers"));
        words.extend(arguments.split(' ').map(str::to_owned));
        let mut command = server.command(&words);
        command.current_dir(directory.path());
        Process::start(program.name(), command)
    };
    let files = "--listen 0.0.0.0:27779 --inventory nodes.yaml --boot boot.yaml";
    vec![
        run(Program::Sim, &format!("{files} {}", combination.simulator)),
        run(Program::Dhcp, "--config config.yaml"),
        run(Program::Dns, "--corefile Corefile"),
    ]
}

fn write_files(directory: &Path, combination: &Combination) {
    let Combination { step, sections, block, .. } = combination;
    let write = |name: &str, text: String| fs::write(directory.join(name), text).expect("writable");
    for token in ["for-dhcp", "for-dns"] {
        write(token, token.to_owned());
    }
    write(
        "nodes.yaml",
        format!(
            "nodes:\n- {{nid: 1, xname: {}, interfaces: [{{mac_addr: '{}', ip_addrs: [{{ip_addr: {}}}]}}]}}\n",
            NEAR.xname, NEAR.mac, NEAR.address
        ),
    );
    write("boot.yaml", format!("- {{macs: ['{}'], kernel: http://{SERVER}/vmlinuz}}\n", NEAR.mac));
    write(
        "config.yaml",
        format!(
            "\
server4:
  listen: '%node'
  plugins:
    - server_id: {SERVER}
    - dns: {SERVER}
    - router: {router}
    - netmask: 255.255.255.0
    - coresmd: {step} cache_valid=1s domain=cluster.test rule=type:Node,hostname:nid{{04d}}
admin:
  listen: 127.0.0.1:9067
{sections}",
            router = NEAR.router
        ),
    );
    write(
        "Corefile",
        format!(
            ".:53 {{\nbind {SERVER}\nready 127.0.0.1:8181\ncoresmd {{\n{block}cache_duration 1s\n\
             zone cluster.test {{\nnodes nid{{04d}}\n}}\n}}\n}}\n"
        ),
    );
}
