use super::built_in::BUILT_IN;
use super::*;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn every_entry_of_the_catalogue_can_be_verified() {
    let entries = catalogue().unwrap();
    assert_eq!(entries.len(), 6);
    for entry in entries {
        assert!(
            entry.sha256.is_some() || entry.md5.is_some(),
            "{}",
            entry.name
        );
        // Our own is where the program comes from.
        let has_source = entry.source.starts_with("https://") || entry.name == "cutnet";
        assert!(!entry.licence.is_empty() && has_source, "{}", entry.name);
    }
}

#[test]
fn the_models_in_the_program_have_the_catalogue_s_checksums() {
    let entries = catalogue().unwrap();
    for model in &BUILT_IN {
        let entry = entries.iter().find(|entry| entry.name == model.name);
        assert!(entry.unwrap().matches(model.onnx), "{}", model.name);
        assert_eq!(
            find(model.name).unwrap().digest,
            blake3::hash(model.onnx).to_hex().as_str()
        );
    }
}

#[test]
fn a_side_is_taken_where_the_network_has_no_fixed_one() {
    for (name, side, refused) in [
        ("cutnet", 320, None),
        ("cutnet", 400, Some("multiples of 32")),
        ("cutnet", 0, Some("multiples of 32")),
        ("cutnet", 4128, Some("up to 4096")),
        ("u2netp", 320, None),
        ("u2netp", 352, Some("320 × 320 pixels alone")),
    ] {
        let found = find(name).unwrap().with_side(side);
        match refused {
            None => assert_eq!(found.unwrap().spec.side, side, "{name}"),
            Some(text) => {
                let error = found.unwrap_err();
                assert_eq!(error.kind(), Kind::Usage, "{name} {side}");
                assert!(error.to_string().contains(text), "{error}");
            }
        }
    }
}

#[test]
fn a_file_with_a_known_checksum_is_that_model_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renamed.onnx");
    fs::write(&path, built_in("u2netp").unwrap().onnx).unwrap();
    assert_eq!(find(path.to_str().unwrap()).unwrap().spec.name, "u2netp");
}

#[test]
fn an_unknown_file_of_the_family_takes_its_side_from_the_graph() {
    let model = find(&format!("{ROOT}/fixtures/tiny/tiny.onnx")).unwrap();
    assert_eq!((model.spec.name.as_str(), model.spec.side), ("tiny", 32));
}

#[test]
fn every_refusal_names_the_remedy() {
    let cases = [
        ("u2netpp", Kind::Usage, "known are cutnet"),
        ("isnet-general-use", Kind::Usage, "nothing is downloaded"),
        ("nowhere/model.onnx", Kind::Io, "nowhere/model.onnx"),
        (
            &format!("{ROOT}/fixtures/tiny/damaged.onnx"),
            Kind::Core(cutout::ErrorKind::Model),
            "complete",
        ),
        (
            &format!("{ROOT}/fixtures/tiny/foreign.onnx"),
            Kind::Core(cutout::ErrorKind::Model),
            "family",
        ),
        (
            &format!("{ROOT}/README.md"),
            Kind::Core(cutout::ErrorKind::Model),
            "ONNX",
        ),
    ];
    for (name, kind, remedy) in cases {
        let error = find(name).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(remedy), "{name}: {error}");
    }
}
