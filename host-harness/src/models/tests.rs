use super::*;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn every_entry_of_the_catalogue_can_be_verified() {
    let entries = catalogue().unwrap();
    assert_eq!(entries.len(), 5);
    for entry in entries {
        assert!(
            entry.sha256.is_some() || entry.md5.is_some(),
            "{}",
            entry.name
        );
        assert!(
            !entry.licence.is_empty() && entry.source.starts_with("https://"),
            "{}",
            entry.name
        );
    }
}

#[test]
fn the_model_in_the_binary_has_the_catalogue_s_checksum() {
    let entries = catalogue().unwrap();
    let u2netp = entries.iter().find(|entry| entry.name == "u2netp").unwrap();
    assert!(u2netp.matches(U2NETP));
    assert_eq!(
        find("u2netp").unwrap().digest,
        blake3::hash(U2NETP).to_hex().as_str()
    );
}

#[test]
fn a_file_with_a_known_checksum_is_that_model_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renamed.onnx");
    fs::write(&path, U2NETP).unwrap();
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
        ("u2netpp", Kind::Usage, "known are u2netp"),
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
