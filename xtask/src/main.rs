//! The project's commands: `cargo xtask build | pack | test | demo | bench | generate | quotas | tables`.

mod bench;
mod demo;
mod generate;
mod order;
mod package;
mod platforms;
mod process;
mod quotas;
mod reference;
mod regions;
mod schemas;
mod shapes;
mod suites;
mod tables;
mod tally;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use pico_args::Arguments;

const USAGE: &str = "\
cargo xtask build                 build the package into pkg/
cargo xtask pack                  build, pack, print the tarball's path last
cargo xtask generate [--check]    write the facade's types and tables, the reference, and what both readmes share
cargo xtask quotas [--locations N] [--days N] [--workers N] [--shared]
                                  what an agency's locations take, by the queue model: calls, workers, how old notes
                                  are; --shared: on one ChartMogul account
cargo xtask tables                write the tables made of others' data: telephone plans, letters, countries
cargo xtask test [suite...]       run the tests: unit, simulation, conformance, boundary, package,
                                  browser, e2e; all of these without a name
  simulation --seeds N --seed S --mutants
cargo xtask test platforms        the package in each host, bundler and automation tool; slow
  platforms --only FOLDER         one folder of tests/platforms
cargo xtask demo                  sync the sandbox with the packed package, and check the outcome
cargo xtask bench                 measure the package beside the official clients";

fn main() -> ExitCode {
    match run(Arguments::from_env()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.contains(["-h", "--help"]) {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.subcommand()?.as_deref() {
        Some("build") => {
            end(arguments)?;
            package::build()?;
        }
        Some("pack") => {
            end(arguments)?;
            println!("{}", package::pack()?.display());
        }
        Some("generate") => {
            let check = arguments.contains("--check");
            end(arguments)?;
            generate::generate(check)?;
        }
        Some("quotas") => {
            let locations = arguments.opt_value_from_str("--locations")?.unwrap_or(1_000);
            let days = arguments.opt_value_from_str("--days")?.unwrap_or(10);
            let workers = arguments.opt_value_from_str("--workers")?.unwrap_or(100);
            let shared = arguments.contains("--shared");
            end(arguments)?;
            quotas::print(locations, days, shared, workers);
        }
        Some("tables") => {
            end(arguments)?;
            tables::write()?;
        }
        Some("bench") => {
            end(arguments)?;
            bench::bench()?;
        }
        Some("demo") => {
            end(arguments)?;
            demo::demo()?;
        }
        Some("test") => return suites::test(arguments),
        Some(other) => bail!("no command `{other}`\n{USAGE}"),
        None => bail!("no command\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses what no command has read.
fn end(arguments: Arguments) -> Result<()> {
    let rest = arguments.finish();
    if !rest.is_empty() {
        bail!("unknown argument {}\n{USAGE}", rest[0].to_string_lossy());
    }
    Ok(())
}
