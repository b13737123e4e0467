//! Builds the npm package: cargo, wasm-bindgen, wasm-opt, the facade; then packs it.

use std::env;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, command, npm, read, run, step};
use crate::{order, tools, workspace};

/// A wasm module of the package: the same crate with other features. Each has a profile of its
/// own, because cargo gives the file of both the same name.
struct Module {
    name: &'static str,
    profile: &'static str,
    features: &'static [&'static str],
}

const MODULES: [Module; 2] = [
    Module { name: "connector", profile: "release", features: &[] },
    Module { name: "sandbox", profile: "sandbox", features: &["--features", "sandbox"] },
];

/// Builds the package into `pkg/`.
pub(crate) fn build() -> Result<()> {
    tools::node()?;
    tools::wasm_target()?;
    tools::npm_packages(&workspace::js())?;
    fs::create_dir_all(workspace::glue())?;
    // At once: linking and optimising a module keep one core busy.
    thread::scope(|scope| {
        let builds = MODULES.each_ref().map(|module| scope.spawn(|| make(module)));
        builds
            .into_iter()
            .try_for_each(|build| build.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    print_sizes()?;
    step("build the facade", facade)
}

/// Builds and packs; gives the tarball's path.
pub(crate) fn pack() -> Result<PathBuf> {
    build()?;
    step("npm pack", || {
        let folder = workspace::target();
        let name = read(
            npm(&workspace::package())
                .args(["pack", "--silent", "--pack-destination"])
                .arg(&folder),
        )?;
        Ok(folder.join(name.lines().last().unwrap_or_default()))
    })
}

/// Installs a tarball into a project that has nothing else.
pub(crate) fn install(tarball: &Path, project: &Path) -> Result<()> {
    step("install the tarball into an empty project", || {
        if project.exists() {
            fs::remove_dir_all(project)?;
        }
        fs::create_dir_all(project)?;
        fs::write(project.join("package.json"), r#"{"private": true}"#)?;
        run(npm(project).args(["install", "--no-audit", "--no-fund"]).arg(tarball))
    })
}

fn make(module: &Module) -> Result<()> {
    let compiled = step(&format!("compile {}", module.name), || compile(module))?;
    let bound = step(&format!("bind {}", module.name), || bind(module, &compiled))?;
    optimise(module, &bound)
}

fn compile(module: &Module) -> Result<PathBuf> {
    run(cargo()
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", without_machine_paths()?)
        .args(["build", "--package", "ghl-chartmogul", "--lib"])
        .args(["--target", tools::WASM, "--profile", module.profile])
        .args(module.features))?;
    let folder = workspace::target().join(tools::WASM).join(module.profile);
    Ok(folder.join("ghl_chartmogul.wasm"))
}

/// Flags that keep the folder of downloaded crates out of the module's messages: the same sources
/// give the same bytes on every machine.
fn without_machine_paths() -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("no home folder")?;
    let mut flags = Vec::new();
    for registry in fs::read_dir(home.join("registry/src")).into_iter().flatten() {
        flags.push(format!("--remap-path-prefix={}/=", registry?.path().display()));
    }
    flags.sort();
    Ok(flags.join(" "))
}

/// Writes the glue, and gives the path of the module that it loads.
fn bind(module: &Module, compiled: &Path) -> Result<PathBuf> {
    let folder = workspace::glue().join("bound");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(compiled)
        .out_name(module.name)
        .web(true)?
        .omit_default_module_path(true)
        .remove_producers_section(true)
        .typescript(true)
        .generate(&folder)?;
    for extension in ["js", "d.ts"] {
        let name = format!("{}.{extension}", module.name);
        fs::copy(folder.join(&name), workspace::glue().join(&name))?;
    }
    Ok(folder.join(format!("{}_bg.wasm", module.name)))
}

/// What wasm-opt does. Not `-Oz`: its order of locals and data segments saves a tenth of the raw size
/// but costs a tenth with gzip, which is what is downloaded. The functions are in the order of their
/// names, from where [`order`] continues; the names themselves are left out.
const PASSES: &[&str] = &[
    "--duplicate-function-elimination",
    "--vacuum",
    "--dce",
    "--optimize-instructions",
    "--merge-blocks",
    "--remove-unused-brs",
    "--dae-optimizing",
    "--code-folding",
    "--simplify-locals-nostructure",
    "--rse",
    "--vacuum",
    "--reorder-locals",
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    BY_NAME,
];
const BY_NAME: &str = "--reorder-functions-by-name";

/// Runs wasm-opt, unless the module is the one of the last run.
fn optimise(module: &Module, bound: &Path) -> Result<()> {
    let input = tools::fingerprint(&fs::read(bound)?);
    let output = workspace::glue().join(format!("{}_bg.wasm", module.name));
    let mark = workspace::glue().join(format!("bound/{}.optimised", module.name));
    if output.exists() && fs::read_to_string(&mark).is_ok_and(|found| found == input) {
        return Ok(());
    }
    step(&format!("optimise {}", module.name), || {
        run(wasm_opt()
            .args(["--shrink-level", "2"])
            .args(PASSES)
            .arg(bound)
            .arg("-o")
            .arg(&output))?;
        fs::write(&output, order::with_places(&fs::read(&output)?)?)?;
        run(wasm_opt().arg(BY_NAME).arg(&output).arg("-o").arg(&output))
    })?;
    fs::write(mark, input)?;
    Ok(())
}

fn wasm_opt() -> Command {
    let mut node = command("node");
    node.arg(workspace::js().join("node_modules/binaryen/bin/wasm-opt"));
    node
}

/// A file's size in bytes: as it is, and as servers send it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) raw: u64,
    pub(crate) gzip: u64,
    pub(crate) brotli: u64,
}

/// Measures a file with Node's zlib, which browsers' servers use too.
pub(crate) fn size(path: &Path) -> Result<Size> {
    const SCRIPT: &str = "
        const { gzipSync, brotliCompressSync } = require('node:zlib');
        const bytes = require('node:fs').readFileSync(process.argv[1]);
        const gzip = gzipSync(bytes, { level: 9 });
        console.log(bytes.length, gzip.length, brotliCompressSync(bytes).length);";
    let text = read(command("node").args(["--eval", SCRIPT]).arg(path))?;
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    let mut next = || numbers.next().with_context(|| format!("no size in {text:?}"));
    Ok(Size { raw: next()?, gzip: next()?, brotli: next()? })
}

fn print_sizes() -> Result<()> {
    eprintln!("{:<20}{:>12}{:>12}{:>12}", "bytes", "raw", "gzip", "brotli");
    for module in &MODULES {
        let name = format!("{}_bg.wasm", module.name);
        let Size { raw, gzip, brotli } = size(&workspace::glue().join(&name))?;
        eprintln!("{name:<20}{raw:>12}{gzip:>12}{brotli:>12}");
    }
    Ok(())
}

/// Lets the facade's own build fill `pkg/`.
fn facade() -> Result<()> {
    let package = workspace::package();
    if package.exists() {
        fs::remove_dir_all(&package)?;
    }
    fs::create_dir_all(&package)?;
    run(npm(&workspace::js())
        .args(["run", "build"])
        .env("GLUE_DIR", workspace::glue())
        .env("PKG_DIR", &package)
        .env("VERSION", version()?))
}

/// The version in the root Cargo.toml, which is the package's too.
pub(crate) fn version() -> Result<String> {
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .context("Cargo.toml has no version")
}
