//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's target directory.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The TypeScript facade.
pub(crate) fn js() -> PathBuf {
    root().join("js")
}

/// The built package.
pub(crate) fn package() -> PathBuf {
    root().join("pkg")
}

/// What wasm-bindgen and wasm-opt make: `connector.js`, `connector_bg.wasm`, the same for `sandbox`.
pub(crate) fn glue() -> PathBuf {
    target().join("glue")
}
