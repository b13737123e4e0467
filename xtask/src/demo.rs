//! `cargo xtask demo`: the packed package, in an empty project, syncs the sandbox over HTTP.

use std::fs;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::process::command;
use crate::{package, workspace};

/// Packs, installs and runs `js/demo/demo.mjs`, which fails if an invariant does.
pub(crate) fn demo() -> Result<()> {
    let start = Instant::now();
    let tarball = package::pack()?;
    let project = workspace::target().join("demo");
    package::install(&tarball, &project)?;
    fs::copy(workspace::js().join("demo/demo.mjs"), project.join("demo.mjs"))?;
    let status = command("node").arg("demo.mjs").current_dir(&project).status()?;
    eprintln!("{:.0} s with building and packing", start.elapsed().as_secs_f64());
    ensure!(status.success(), "the demo's invariants do not hold");
    Ok(())
}
