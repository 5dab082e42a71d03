//! The built components against their contract.

use std::collections::BTreeSet;

use host_harness::engine::{ActorBuild, Runtime};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{Resolve, WorldId, WorldItem};

use crate::support::root;

/// Interfaces that each component imports, without their version: clocks, seeds, an environment, and what
/// Rust's start-up code names. No file system and no sockets.
const COMMON: [&str; 16] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
];

fn decoded(component: ActorBuild) -> (Resolve, WorldId) {
    match wit_component::decode(&component.wasm().unwrap()).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("the actor is a WIT package"),
    }
}

#[test]
fn a_component_imports_nothing_beyond_what_the_design_allows() {
    // The types of HTTP without its outgoing half, and random numbers for ZIP; messages to be sent, and their types.
    let cases: [(&str, ActorBuild, &[&str]); 2] = [
        (
            "actor",
            ActorBuild::Http(Runtime::Net),
            &["wasi:http/types@0.2", "wasi:random/random@0.2"],
        ),
        (
            "worker",
            ActorBuild::Messages,
            &[
                "wasmcloud:messaging/consumer@0.2.0",
                "wasmcloud:messaging/types@0.2.0",
            ],
        ),
    ];
    for (name, component, own) in cases {
        let (resolve, world) = decoded(component);
        let imports: Vec<String> = resolve.worlds[world]
            .imports
            .keys()
            .map(|key| resolve.name_world_key(key))
            .collect();
        println!("{name}:\n{}", imports.join("\n"));
        let is_own = |import: &str| own.iter().any(|own| import.starts_with(own));
        let beyond: Vec<_> = imports
            .iter()
            .filter(|i| !COMMON.contains(&i.split('@').next().unwrap()) && !is_own(i))
            .collect();
        assert!(
            beyond.is_empty(),
            "{name} imports beyond the design: {beyond:?}"
        );
        for own in own {
            assert!(imports.iter().any(|i| i.starts_with(own)), "{name}: {own}");
        }
        for common in COMMON {
            let is_common = |import: &String| import.split('@').next() == Some(common);
            assert!(imports.iter().any(is_common), "{name}: {common}");
        }
    }
}

#[test]
fn the_built_interfaces_equal_the_contract() {
    let mut contract = Resolve::default();
    let (package, _) = contract.push_dir(root().join("wit")).unwrap();
    for (name, component) in [
        ("actor", ActorBuild::Http(Runtime::Net)),
        ("worker", ActorBuild::Messages),
    ] {
        let (built, world) = decoded(component);
        let promised = contract.select_world(&[package], Some(name)).unwrap();
        assert_eq!(exports(&built, world), exports(&contract, promised));
        for interface in ["types", "matting", "lifecycle"] {
            let interface = format!("cutout:matting/{interface}@0.1.0");
            assert_eq!(
                text(&built, world, &interface),
                text(&contract, promised, &interface),
                "{name}: {interface}"
            );
        }
    }
}

fn exports(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    resolve.worlds[world]
        .exports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect()
}

/// One exported interface, printed without its comments.
fn text(resolve: &Resolve, world: WorldId, name: &str) -> String {
    let (_, item) = resolve.worlds[world]
        .exports
        .iter()
        .find(|(key, _)| resolve.name_world_key(key) == name)
        .unwrap();
    let WorldItem::Interface { id, .. } = item else {
        panic!("{name} is no interface")
    };
    let mut printer = WitPrinter::default();
    printer
        .print_interface_outer(resolve, *id, resolve.interfaces[*id].name.as_ref().unwrap())
        .unwrap();
    let text = printer.output.to_string();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("///"))
        .collect::<Vec<_>>()
        .join("\n")
}
