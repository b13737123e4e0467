//! What a build needs beyond cargo: installed here where missing, or named for the reader.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{command, npm, read, run, step};
use crate::workspace;

/// The target of the modules.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Adds the wasm target to the toolchain if it is not there.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = PathBuf::from(read(command("rustc").args(["--print", "sysroot"]))?);
    if sysroot.join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    step(&format!("rustup target add {WASM}"), || {
        run(command("rustup").args(["target", "add", WASM])).with_context(|| {
            format!("this toolchain has no {WASM}; install rustup, or that target another way")
        })
    })
}

/// Fails with what to install where Node is missing or too old.
pub(crate) fn node() -> Result<()> {
    match node_version()? {
        (major, minor) if (major, minor) >= (20, 19) => Ok(()),
        (major, minor) => bail!("Node 20.19 or newer is needed; this is {major}.{minor}"),
    }
}

/// The major and the minor version of the system's Node.
pub(crate) fn node_version() -> Result<(u32, u32)> {
    let version = read(command("node").arg("--version"))
        .context("Node 20.19 or newer is needed, with npm: https://nodejs.org")?;
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>());
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => bail!("Node calls itself {version}"),
    }
}

/// Installs a folder's npm packages at their lock file, unless that has been done.
pub(crate) fn npm_packages(folder: &Path) -> Result<()> {
    npm_packages_with(folder, |_| Ok(()))
}

/// The same by an npm that is prepared first.
pub(crate) fn npm_packages_with(
    folder: &Path,
    prepare: impl FnOnce(&mut Command) -> Result<()>,
) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let text = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let done = folder.join("node_modules/.installed");
    let mark = fingerprint(&text);
    if fs::read_to_string(&done).is_ok_and(|found| found == mark) {
        return Ok(());
    }
    let name = folder.strip_prefix(workspace::root()).unwrap_or(folder).display();
    let mut install = npm(folder);
    prepare(install.arg("ci"))?;
    step(&format!("npm ci in {name}"), || run(&mut install))?;
    fs::write(&done, mark)?;
    Ok(())
}

/// A short text that changes with the bytes.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Installs Debian's packages that are missing, where we may: as root, where there is `apt-get`.
pub(crate) fn debian_packages(names: &[&str]) -> Result<()> {
    let is_installed = |name: &str| {
        read(command("dpkg-query").args(["-W", "-f=${Status}"]).arg(name))
            .is_ok_and(|status| status.ends_with(" installed"))
    };
    let root = read(command("id").arg("-u")).is_ok_and(|user| user == "0");
    if !root || on_path("apt-get").is_none() {
        return Ok(());
    }
    let missing: Vec<_> = names.iter().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().map(|name| **name).collect::<Vec<_>>().join(" ");
    step(&format!("apt-get install {list}"), || {
        run(command("apt-get").args(["update", "-qq"]))?;
        run(command("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

/// A Chromium and its driver.
pub(crate) struct Browser {
    pub(crate) program: String,
    pub(crate) driver: String,
}

/// Finds Chromium with its driver, or installs Debian's where we may.
pub(crate) fn chromium() -> Result<Browser> {
    if let Some(browser) = installed_chromium() {
        return Ok(browser);
    }
    debian_packages(&["chromium", "chromium-driver"])?;
    installed_chromium().context(
        "Chromium and chromedriver of the same version are needed on the PATH \
         (Debian: apt-get install chromium chromium-driver)",
    )
}

fn installed_chromium() -> Option<Browser> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let program = names.iter().find_map(|name| on_path(name))?;
    Some(Browser { program, driver: on_path("chromedriver")? })
}

/// The full path of a program.
fn on_path(name: &str) -> Option<String> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .and_then(|path| path.to_str().map(str::to_owned))
}
