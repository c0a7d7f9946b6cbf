use std::path::Path;

/// `MILEPOST_WRITE=1 cargo test` writes the file anew.
#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = milepost::api::document();
    if std::env::var_os("MILEPOST_WRITE").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(document == checked_in, "openapi.json differs from the routes; `cargo xtask openapi` writes it");
}
