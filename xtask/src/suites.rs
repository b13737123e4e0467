//! `cargo xtask test`: the suites, cheapest first.

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use pico_args::Arguments;

use crate::process::{cargo, command, npm, run, step, yielding_cargo};
use crate::tally::Tally;
use crate::{package, platforms, tables, tools, workspace};

/// The work of a suite.
type Suite = fn(&mut Session, &mut Tally) -> Result<()>;

const SUITES: &[(&str, Suite)] = &[
    ("unit", unit),
    ("simulation", simulation),
    ("conformance", conformance),
    ("boundary", boundary),
    ("package", package_tests),
    ("browser", browser),
    ("e2e", end_to_end),
    ("platforms", platform_tests),
];

/// Suites that run only where they are named: slow, and about what others make.
const ON_REQUEST: &[&str] = &["platforms"];

/// The suite that keeps all processors busy. It runs beside the others, which often wait for a clock, a
/// download or a compiler's last thread, and whose times count: they go first.
const BESIDE: &str = "simulation";

/// What the connector's module may weigh with gzip, in bytes: what it weighs now and a little. The bar
/// with both directions and everything is [`WASM_BAR`] by `gzip -9`, which makes 1 % less of it than
/// Node's zlib, by which we measure. Raise the limit with what earns its bytes.
const WASM_LIMIT: u64 = 641_000;
const WASM_BAR: u64 = 500_000;

/// Programs in `tests/` that are a suite of their own.
const NATIVE_SUITES: &[&str] = &["conformance"];

/// Files of `e2e` wait for processes and clocks more than they work.
const FOUR_AT_ONCE: &[&str] = &["--test-concurrency=4"];

/// What suites share: the options, and the package once it is made.
struct Session {
    simulation: Simulation,
    /// The only folder of `platforms` to test.
    platform: Option<String>,
    installed: Option<Installed>,
}

/// Options of the suite `simulation`, handed on as environment variables.
#[derive(Clone, Copy)]
struct Simulation {
    seeds: Option<u64>,
    seed: Option<u64>,
    mutants: bool,
}

/// The packed package, in a project that has nothing else.
#[derive(Clone)]
struct Installed {
    tarball: PathBuf,
    project: PathBuf,
}

/// Runs the suites that are named, or all.
pub(crate) fn test(mut arguments: Arguments) -> Result<ExitCode> {
    let simulation = Simulation {
        seeds: arguments.opt_value_from_str("--seeds")?,
        seed: arguments.opt_value_from_str("--seed")?,
        mutants: arguments.contains("--mutants"),
    };
    let platform: Option<String> = arguments.opt_value_from_str("--only")?;
    let names = arguments.finish();
    let names = names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>();
    if let Some(name) = names.iter().find(|name| !SUITES.iter().any(|(suite, _)| suite == *name)) {
        let suites: Vec<_> = SUITES.iter().map(|(suite, _)| *suite).collect();
        bail!("no suite `{name}`; there are {}", suites.join(", "));
    }
    let is_named = |suite: &str| names.iter().any(|name| name == suite);
    if platform.is_some() && !is_named("platforms") {
        bail!(
            "--only names a folder of the suite `platforms`: cargo xtask test platforms --only hosts"
        );
    }
    let chosen: Vec<_> = SUITES
        .iter()
        .filter(|(suite, _)| is_named(suite) || (names.is_empty() && !ON_REQUEST.contains(suite)))
        .collect();
    let session = || Session { simulation, platform: platform.clone(), installed: None };
    let is_beside = |suite: &str| suite == BESIDE && chosen.len() > 1;
    let tallies = thread::scope(|scope| {
        let beside = chosen.iter().find(|(suite, _)| is_beside(suite)).map(|(suite, work)| {
            let mut own = session();
            scope.spawn(move || run_suite(suite, *work, &mut own, Tally::beside()))
        });
        let mut tallies = Vec::new();
        let mut shared = session();
        for (suite, work) in chosen.iter().filter(|(suite, _)| !is_beside(suite)) {
            eprintln!("\n== {suite}");
            tallies.push((*suite, run_suite(suite, *work, &mut shared, Tally::default())));
        }
        if let Some(beside) = beside {
            let mut tally = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
            eprintln!("\n== {BESIDE}, beside the others\n{}", tally.take_kept());
            tallies.push((BESIDE, tally));
        }
        tallies
    });
    Ok(summarise(&tallies))
}

fn run_suite(suite: &str, work: Suite, session: &mut Session, mut tally: Tally) -> Tally {
    let start = Instant::now();
    if let Err(error) = work(session, &mut tally) {
        tally.fail(suite, &format!("{error:#}"));
    }
    tally.time = start.elapsed();
    tally
}

/// Prints the table, what failed, what was skipped, and last the one line that CI reads.
fn summarise(tallies: &[(&str, Tally)]) -> ExitCode {
    println!("\n{:<14}{:>8}{:>8}{:>10}", "suite", "passed", "failed", "seconds");
    for (suite, Tally { passed, failed, time, .. }) in tallies {
        println!("{suite:<14}{passed:>8}{failed:>8}{:>10.0}", time.as_secs_f64());
    }
    for (suite, tally) in tallies {
        tally.failures.iter().for_each(|failure| println!("failed: {suite}: {failure}"));
        tally.skipped.iter().for_each(|skip| println!("skipped: {suite}: {skip}"));
    }
    if std::env::var_os("REFERENCE_DIR").is_none() {
        println!("skipped: checks against the reference folder: REFERENCE_DIR is not set");
    }
    match tables::age() {
        Ok(None) => {}
        Ok(Some(note)) => println!("note: {note}"),
        Err(error) => println!("note: {error:#}"),
    }
    let passed: u64 = tallies.iter().map(|(_, tally)| tally.passed).sum();
    let failed: u64 = tallies.iter().map(|(_, tally)| tally.failed).sum();
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn unit(_: &mut Session, tally: &mut Tally) -> Result<()> {
    tools::node()?;
    tools::wasm_target()?;
    tally.check("format", cargo().args(["fmt", "--all", "--check"]));
    let clippy = |arguments: &[&str]| {
        let mut command = cargo();
        command.arg("clippy").args(arguments).args(["--", "-D", "warnings"]);
        command
    };
    let native = ["--package", "ghl-chartmogul", "--package", "simulation"];
    tally.check("lint", &mut clippy(&[&native[..], &["--all-targets", "--all-features"]].concat()));
    tally.check("lint xtask", &mut clippy(&["--package", "xtask", "--all-targets"]));
    let wasm = ["--package", "ghl-chartmogul", "--lib", "--target", tools::WASM];
    tally.check("lint as wasm", &mut clippy(&wasm));
    let sandbox = [&wasm[..], &["--features", "sandbox"]].concat();
    tally.check("lint the sandbox as wasm", &mut clippy(&sandbox));
    let mut docs = cargo();
    docs.args(["doc", "--package", "ghl-chartmogul", "--no-deps", "--all-features"]);
    tally.check("docs", docs.env("RUSTDOCFLAGS", "-D warnings"));
    // What judges the values.
    tools::npm_packages(&workspace::root().join("tests/values"))?;
    let mut native = cargo();
    native.args(["test", "--package", "ghl-chartmogul", "--all-features", "--lib"]);
    for name in native_tests()? {
        if !NATIVE_SUITES.contains(&name.as_str()) {
            native.args(["--test", &name]);
        }
    }
    tally.tests("native tests", &mut native);
    tally.tests("xtask's tests", cargo().args(["test", "--package", "xtask"]));
    let js = workspace::js();
    tools::npm_packages(&js)?;
    tally.check("types", npm(&js).args(["run", "check"]));
    tally.check("lint js", npm(&js).args(["run", "lint"]));
    tally.tests("js tests", node_tests(&js.join("test/unit"), &[])?.current_dir(&js));
    Ok(())
}

fn simulation(session: &mut Session, tally: &mut Tally) -> Result<()> {
    let options = session.simulation;
    let mut command = if tally.is_beside() { yielding_cargo() } else { cargo() };
    // Compiled for speed: thousands of stories are worth it.
    command.args([
        "test",
        "--package",
        "simulation",
        "--profile",
        "simulation",
        "--",
        "--nocapture",
    ]);
    if let Some(seeds) = options.seeds {
        command.env("SIMULATION_SEEDS", seeds.to_string());
    }
    if let Some(seed) = options.seed {
        command.env("SIMULATION_SEED", seed.to_string());
    }
    if options.mutants {
        command.env("SIMULATION_MUTANTS", "1");
    }
    tally.tests("simulation", &mut command);
    Ok(())
}

fn conformance(_: &mut Session, tally: &mut Tally) -> Result<()> {
    tally.tests("conformance", &mut native_suite("conformance"));
    Ok(())
}

/// A program of `tests/` with its whole output, which is worth reading.
fn native_suite(name: &str) -> Command {
    let mut command = cargo();
    command.args(["test", "--package", "ghl-chartmogul", "--all-features", "--test", name]);
    command.args(["--", "--nocapture"]);
    command
}

fn boundary(_: &mut Session, tally: &mut Tally) -> Result<()> {
    tools::wasm_target()?;
    let runner = step("compile the test runner", || {
        run(cargo()
            .args(["build", "--package", "xtask", "--features", "test-runner"])
            .args(["--bin", "wasm-bindgen-test-runner"]))?;
        Ok(workspace::target().join("debug/wasm-bindgen-test-runner"))
    })?;
    let wasm_tests = |environment: &[(&str, &str)]| {
        let mut command = cargo();
        command
            .args(["test", "--package", "ghl-chartmogul", "--lib", "--target", tools::WASM])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .envs(environment.iter().copied());
        command
    };
    tally.tests("boundary in Node", &mut wasm_tests(&[]));
    match tools::chromium() {
        Ok(browser) => {
            let configuration = workspace::root().join("tests/webdriver.json");
            let shared = [
                ("CHROMEDRIVER", browser.driver.as_str()),
                ("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &configuration.to_string_lossy()),
                ("WASM_BINDGEN_TEST_ONLY_WEB", "1"),
            ];
            for (name, switch) in [
                ("boundary in a Chromium page", "WASM_BINDGEN_USE_BROWSER"),
                ("boundary in a Chromium worker", "WASM_BINDGEN_USE_DEDICATED_WORKER"),
            ] {
                tally.tests(name, &mut wasm_tests(&[&shared[..], &[(switch, "1")]].concat()));
            }
        }
        Err(error) => tally.skip("boundary in Chromium", &format!("{error:#}")),
    }
    Ok(())
}

fn package_tests(session: &mut Session, tally: &mut Tally) -> Result<()> {
    let installed = session.installed()?;
    let gzip = package::size(&workspace::glue().join("connector_bg.wasm"))?.gzip;
    println!(
        "connector: {gzip} bytes of wasm with gzip; {WASM_LIMIT} allowed, the bar is {WASM_BAR} by gzip -9"
    );
    if gzip <= WASM_LIMIT {
        tally.passed += 1;
    } else {
        tally.fail("size", &format!("{gzip} bytes of wasm with gzip, {WASM_LIMIT} allowed"));
    }
    let folder = workspace::root().join("tests/package");
    tally.tests("package", installed.tests(&folder, &[])?.current_dir(&folder));
    Ok(())
}

fn platform_tests(session: &mut Session, tally: &mut Tally) -> Result<()> {
    let chosen = platforms::folders(session.platform.as_deref())?;
    let nodes = platforms::nodes()?;
    let installed = session.installed()?;
    let browser = tools::chromium();
    if let Err(error) = &browser {
        tally.skip("what needs Chromium", &format!("{error:#}"));
    }
    for platform in chosen {
        let name = platform.name.as_str();
        let node = match platform.node_of(&nodes) {
            Ok(node) => node,
            Err(error) => {
                tally.skip(name, &format!("{error:#}"));
                continue;
            }
        };
        if let Err(error) = platform.install(&node) {
            tally.fail(name, &format!("{error:#}"));
            continue;
        }
        let mut tests = installed.tests(&platform.folder, &[])?;
        tests.current_dir(&platform.folder).envs(nodes.iter().map(|node| node.variable()));
        if let Ok(browser) = &browser {
            tests.env("CHROMIUM", &browser.program);
        }
        tally.tests(name, node.first_on_path(&mut tests)?);
    }
    Ok(())
}

fn browser(session: &mut Session, tally: &mut Tally) -> Result<()> {
    let folder = workspace::root().join("tests/browser");
    match tools::chromium() {
        Ok(browser) => {
            let answers = workspace::target().join("html-answers.jsonl");
            let documents = std::env::var("HTML_DOCUMENTS").unwrap_or_else(|_| "400".to_owned());
            let mut values = native_suite("values");
            values.arg("documents_for_a_browser").env("HTML_ANSWERS", &answers);
            tally.tests("documents for a browser", values.env("VALUES_INPUTS", documents));
            let mut tests = session.installed()?.tests(&folder, &[])?;
            tests.env("CHROMIUM", browser.program).env("HTML_ANSWERS", &answers);
            tally.tests("package and values in Chromium", &mut tests);
        }
        Err(error) => tally.skip("package in Chromium", &format!("{error:#}")),
    }
    Ok(())
}

fn end_to_end(session: &mut Session, tally: &mut Tally) -> Result<()> {
    let js = workspace::js();
    tools::npm_packages(&workspace::root().join("tests/clients"))?;
    let mut tests = session.installed()?.tests(&js.join("test/e2e"), FOUR_AT_ONCE)?;
    tally.tests("end to end", tests.current_dir(&js));
    Ok(())
}

impl Session {
    /// Packs and installs the package, once for all suites.
    fn installed(&mut self) -> Result<Installed> {
        if let Some(installed) = &self.installed {
            return Ok(installed.clone());
        }
        let tarball = package::pack()?;
        let project = workspace::target().join("installed");
        package::install(&tarball, &project)?;
        Ok(self.installed.insert(Installed { tarball, project }).clone())
    }
}

impl Installed {
    /// The `node:test` files of a folder, told where the package is.
    fn tests(&self, folder: &Path, flags: &[&str]) -> Result<Command> {
        let mut command = node_tests(folder, flags)?;
        command.env("PACKAGE_TARBALL", &self.tarball).env("PACKAGE_DIR", &self.project);
        Ok(command)
    }
}

/// The `node:test` files of a folder.
fn node_tests(folder: &Path, flags: &[&str]) -> Result<Command> {
    let mut command = command("node");
    command.args(["--test", "--test-reporter=spec"]);
    command.args(flags);
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    command.args(files);
    Ok(command)
}

/// The names of the programs in `tests/`: files, and folders with a `main.rs`.
fn native_tests() -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(workspace::root().join("tests"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|kind| kind == "rs") || path.join("main.rs").exists()
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
