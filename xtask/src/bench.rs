//! `cargo xtask bench`: figures that mean something on any machine, because they are ratios of two
//! things measured in the same run.

use anyhow::Result;

use crate::process::{command, step};
use crate::{package, workspace};

/// Builds, then measures the package beside the official clients.
pub(crate) fn bench() -> Result<()> {
    let tarball = package::pack()?;
    let project = workspace::target().join("installed");
    package::install(&tarball, &project)?;
    step("measure", || {
        let status = command("node")
            .arg(workspace::js().join("bench/bench.mjs"))
            .env("PACKAGE_DIR", &project)
            .env("PACKAGE_TARBALL", &tarball)
            .status()?;
        anyhow::ensure!(status.success(), "bench.mjs: {status}");
        Ok(())
    })
}
