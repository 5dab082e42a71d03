//! The built component against its contract.

use std::collections::BTreeSet;

use host_harness::engine::{Runtime, actor};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{Resolve, WorldId, WorldItem};

use crate::support::root;

fn built() -> (Resolve, WorldId) {
    match wit_component::decode(actor(Runtime::Net).wasm).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("the actor is a WIT package"),
    }
}

#[test]
fn the_component_imports_nothing_beyond_what_the_design_allows() {
    // Interfaces without their version: clocks, random numbers, an environment, the streams and
    // types of HTTP, and what Rust's start-up code names. No file system, sockets or outgoing HTTP.
    let allowed = BTreeSet::from([
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
        "wasi:http/types",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:random/insecure-seed",
        "wasi:random/random",
    ]);
    let (resolve, world) = built();
    let imports: Vec<String> = resolve.worlds[world]
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    println!("{}", imports.join("\n"));
    let beyond: Vec<_> = imports
        .iter()
        .filter(|i| !allowed.contains(i.split('@').next().unwrap()))
        .collect();
    assert!(beyond.is_empty(), "imports beyond the design: {beyond:?}");
    assert!(
        imports
            .iter()
            .any(|import| import.starts_with("wasi:http/types@0.2"))
    );
}

#[test]
fn the_built_interface_equals_the_contract() {
    let (built, world) = built();
    let mut contract = Resolve::default();
    let (package, _) = contract.push_dir(root().join("wit")).unwrap();
    let actor = contract.select_world(&[package], Some("actor")).unwrap();
    assert_eq!(exports(&built, world), exports(&contract, actor));
    for interface in ["types", "matting", "lifecycle"] {
        let name = format!("cutout:matting/{interface}@0.1.0");
        assert_eq!(
            text(&built, world, &name),
            text(&contract, actor, &name),
            "{name}"
        );
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
