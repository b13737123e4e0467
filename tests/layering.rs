//! The rules of the source tree that the compiler does not check: which module may name which,
//! where the browser's types may appear, how files begin and what they may not be called.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, top first. A module names only those of the lines below its own.
const LAYERS: &[&[&str]] = &[
    &["wasm"],
    &["connector"],
    &["sync"],
    &["mapping"],
    &["ghl", "chartmogul"],
    &["http"],
    &["endpoint"],
    &["host"],
    &["record"],
    &["named"],
    &["ordered"],
    &["signal"],
    &["phone", "email", "dates"],
    &["countries"],
    &["accents", "characters"],
    &["names"],
    &["error"],
    &["mutants"],
    &["seeded"],
];

/// What the sandbox is built from: nothing of the client, so that it cannot share its mistakes.
const BELOW_SANDBOX: &[&str] = &["host", "dates", "error"];

/// Names that say nothing of what a file is for.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// Source files of one of these kinds under a folder, as path and text.
fn sources(folder: &str, kinds: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !["node_modules", "target"]
                    .contains(&path.file_name().unwrap().to_str().unwrap())
                {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|kind| kinds.contains(&kind.to_str().unwrap())) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The code that ships: without comments, and without the tests at a file's end.
fn shipped(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The first names of the paths that begin with `crate::`, groups in braces included.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => _ = names.insert(first_name(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut start = 0;
                for (index, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth > 0 => depth -= 1,
                        ',' | '}' if depth == 0 => {
                            names.insert(first_name(group[start..index].trim()));
                            start = index + 1;
                            if character == '}' {
                                break;
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names.remove("");
    names
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// The top-level module that a file of `src/` belongs to.
fn module_of(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// What `module` may name.
fn below(module: &str) -> BTreeSet<&str> {
    if module == "sandbox" {
        return BELOW_SANDBOX.iter().copied().collect();
    }
    let layer = LAYERS.iter().position(|layer| layer.contains(&module)).unwrap_or_else(|| {
        panic!("src/{module} is in no layer: give it one in tests/layering.rs and src/lib.rs")
    });
    let mut names: BTreeSet<_> = LAYERS[layer + 1..].iter().copied().flatten().copied().collect();
    if module == "wasm" {
        names.insert("sandbox");
    }
    names
}

fn modules() -> BTreeSet<&'static str> {
    LAYERS.iter().copied().flatten().copied().chain(["sandbox"]).collect()
}

#[test]
fn a_module_names_only_modules_below_it() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src", &["rs"]) {
        let module = module_of(&path);
        if module == "lib" {
            continue;
        }
        let allowed = below(&module);
        for name in named_modules(&shipped(&text)) {
            let known = modules().contains(name.as_str());
            if known && name != module && !allowed.contains(name.as_str()) {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_true_of_one_service_is_in_its_folder() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src/http", &["rs"]) {
        let code = shipped(&text);
        for word in ["Service::Ghl", "Service::Chartmogul", "leadconnector", "api.chartmogul"] {
            if code.contains(word) {
                wrong.push(format!("{} names {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_wasm_knows_the_browser() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src", &["rs"]) {
        let module = module_of(&path);
        let code = shipped(&text);
        for word in ["JsValue", "wasm_bindgen", "web_sys", "js_sys", "gloo_net"] {
            if module != "wasm" && code.contains(word) {
                wrong.push(format!("{} names {word}", path.display()));
            }
        }
        if !["wasm", "lib"].contains(&module.as_str()) && code.contains("target_arch") {
            wrong.push(format!("{} differs by target", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "xtask/src"] {
        for (path, text) in sources(folder, &["rs"]) {
            if !text.starts_with("//! ") {
                wrong.push(path);
            }
        }
    }
    for folder in ["js", "tests"] {
        for (path, text) in sources(folder, &["ts", "mts", "cts", "js", "mjs", "cjs"]) {
            // n8n's strict mode takes this file only as it gives it.
            if path.starts_with("js/n8n") && path.ends_with("eslint.config.mjs") {
                continue;
            }
            let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
            if !first.starts_with("//") && !first.starts_with("/*") {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "no opening comment: {wrong:#?}");
}

#[test]
fn every_name_says_something() {
    let kinds = ["rs", "ts", "mts", "cts", "js", "mjs", "cjs"];
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "xtask/src", "js"] {
        for (path, _) in sources(folder, &kinds) {
            let empty = |part: std::path::Component| {
                let name = part.as_os_str().to_string_lossy().to_lowercase();
                EMPTY_NAMES.contains(&name.split('.').next().unwrap())
            };
            if path.components().any(empty) {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let kinds = ["rs", "ts", "mts", "cts", "js", "mjs", "cjs", "md", "toml"];
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ign", "ore")];
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "xtask", "js", "pkg-template"] {
        for (path, text) in sources(folder, &kinds) {
            if marks.iter().any(|mark| text.contains(mark)) {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lock_files_name_no_registry() {
    let mut found = 0;
    for folder in ["js", "tests", "pkg-template"] {
        for (path, text) in sources(folder, &["json"]) {
            if path.ends_with("package-lock.json") {
                found += 1;
                assert!(!text.contains("\"resolved\": \"http"), "{}", path.display());
            }
        }
    }
    assert!(found > 0, "no lock file found");
}

#[test]
fn the_scan_sees_every_form_of_path() {
    let code = "use crate::http::{self, Client};\nuse crate::{ghl::{rows, Row}, error::Error};\n\
        // crate::wasm\nfn f() { $crate::endpoint::one(crate::sync::plan()) }\n\
        #[cfg(test)]\nmod tests { use crate::sandbox; }";
    let found = named_modules(&shipped(code));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["endpoint", "error", "ghl", "http", "sync"]);
}

#[test]
fn the_layers_are_in_the_crate_s_documentation_in_this_order() {
    let text = include_str!("../src/lib.rs");
    let documentation: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    let documentation = documentation.join(" ");
    let places: Vec<_> = LAYERS
        .iter()
        .map(|layer| documentation.find(&format!("`{}`", layer[0])).expect(layer[0]))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// The modules of the engine that a file of `src/sync` names by its imports, as paths below it.
fn named_in_sync(path: &Path, code: &str) -> BTreeSet<String> {
    let inner = path.strip_prefix("src/sync").unwrap();
    let depth = inner.components().count();
    let up = "super::".repeat(depth);
    let mut named = BTreeSet::new();
    for line in code.lines().filter_map(|line| line.trim().strip_prefix("use ")) {
        let Some(rest) = line.strip_prefix(up.as_str()).filter(|rest| !rest.starts_with("super"))
        else {
            continue;
        };
        let parts: Vec<String> = rest.split("::").map(first_name).collect();
        let folder = ["model", "state", "decide", "read", "write"].contains(&parts[0].as_str());
        let of = if folder { parts[..2].join("/") } else { parts[0].clone() };
        named.insert(of);
    }
    // Neighbours in one folder.
    if depth == 2 {
        let folder = inner.components().next().unwrap().as_os_str().to_str().unwrap();
        for line in code.lines().filter_map(|line| line.trim().strip_prefix("use super::")) {
            if !line.starts_with("super") {
                named.insert(format!("{folder}/{}", first_name(line)));
            }
        }
    }
    named
}

/// The imports of each file of the engine, by the file's path without its ending.
fn sync_imports() -> std::collections::BTreeMap<String, BTreeSet<String>> {
    let all = sources("src/sync", &["rs"]);
    let files = all.iter().filter(|(path, _)| !path.ends_with("mod.rs"));
    files
        .map(|(path, text)| {
            let name = path.strip_prefix("src/sync").unwrap().with_extension("");
            (name.to_str().unwrap().to_owned(), named_in_sync(path, &shipped(text)))
        })
        .collect()
}

#[test]
fn reading_deciding_and_writing_stay_apart() {
    let mut decides = 0;
    for (path, text) in sources("src/sync/decide", &["rs"]) {
        let code = shipped(&text);
        decides += 1;
        for word in ["await", "Host", "Client", "Keeper", "engine::"] {
            assert!(!code.contains(word), "{} names {word}: deciding is pure", path.display());
        }
    }
    assert!(decides > 3);
    for (file, named) in sync_imports() {
        for other in &named {
            let between = |one: &str, two: &str| file.starts_with(one) && other.starts_with(two);
            assert!(
                !between("read/", "write/") && !between("write/", "read/"),
                "src/sync/{file}.rs names {other}: only run.rs knows both"
            );
        }
    }
}

#[test]
fn the_engine_has_no_import_circle() {
    let imports = sync_imports();
    assert!(imports.len() > 20, "{imports:?}");
    fn walk(
        at: &str,
        imports: &std::collections::BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
    ) {
        assert!(!path.iter().any(|one| one == at), "a circle: {} -> {at}", path.join(" -> "));
        path.push(at.to_owned());
        for next in imports.get(at).into_iter().flatten() {
            walk(next, imports, path);
        }
        path.pop();
    }
    for file in imports.keys() {
        walk(file, &imports, &mut Vec::new());
    }
}
