//! Runs other programs: one step, one line with its time.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// A command that starts in the repository's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The same for work that can wait: what others do at the same time goes first.
pub(crate) fn yielding_cargo() -> Command {
    let cargo = cargo();
    if cfg!(windows) {
        return cargo;
    }
    let mut nice = command("nice");
    nice.args(["-n", "19"]).arg(cargo.get_program());
    nice
}

/// npm in a folder, quiet about what does not concern the reader.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder).env("npm_config_loglevel", "error");
    command
}

/// Runs a piece of work, saying what it is and how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("- {name}");
    let start = Instant::now();
    let result = work().with_context(|| format!("{name} failed"))?;
    eprintln!("  {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Runs a command to its end; its output goes to standard error, so that results stand alone on
/// standard output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name}: {status}");
    }
    Ok(())
}

/// Runs a command and gives its standard output, trimmed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        std::io::stderr().write_all(&output.stderr)?;
        bail!("{name}: {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}
