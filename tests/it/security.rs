//! SECURITY.md names tests; here it is seen that they exist.

use std::fs;
use std::path::Path;

/// Every Rust source below this folder, in one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            *text += &fs::read_to_string(&path).unwrap();
        }
    }
}

#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["crates", "mediator", "src", "tests"] {
        sources(&root.join(folder), &mut text);
    }
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let is_test = |word: &&str| word.matches('_').count() >= 2 && !word.contains([' ', '.', '/']);
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 40, "{named:?}");
    for name in named {
        assert!(text.contains(&format!("fn {name}(")), "no test {name}");
    }
}
