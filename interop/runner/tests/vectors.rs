//! All vectors against the Rust implementation, in this process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic, also in its helpers")]

use std::path::Path;

use netipc_interop::frame::Response;
use netipc_interop::vectors;

fn home() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors")
}

/// NIPC-COD-24, NIPC-COD-25, NIPC-HS-04, NIPC-HS-21, NIPC-RCV-07 and all that the vectors name.
#[test]
fn rust_answers_as_the_vectors_demand() {
    let vectors = vectors::load(&home()).unwrap();
    assert!(vectors.len() > 3000, "{}", vectors.len());
    let mut questions = Vec::new();
    vectors.iter().flat_map(|vector| &vector.questions).for_each(|(request, _)| request.write(&mut questions));
    let mut answers = Vec::new();
    netipc_testee::serve(questions.as_slice(), &mut answers).unwrap();
    let mut answers = answers.as_slice();
    for vector in &vectors {
        for (request, expected) in &vector.questions {
            let got = Response::read(&mut answers).unwrap().unwrap();
            assert_eq!(&got, expected, "{} {}: {}", request.op.name(), vector.id, got.show(request.op));
        }
    }
    assert_eq!(Response::read(&mut answers).unwrap(), None);
}

#[test]
fn vectors_name_requirements() {
    let vectors = vectors::load(&home()).unwrap();
    let without: Vec<_> = vectors.iter().filter(|v| v.requirements.is_empty()).map(|v| &v.id).collect();
    assert!(without.is_empty(), "{without:?}");
}
