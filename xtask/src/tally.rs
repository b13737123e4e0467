//! Counts what passed and failed, from the words of each test runner.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The outcome of a suite.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// What was not run, and why.
    pub(crate) skipped: Vec<String>,
    /// The steps that failed.
    pub(crate) failures: Vec<String>,
    pub(crate) time: Duration,
    /// All output, where it is kept to be shown whole.
    kept: Option<String>,
}

impl Tally {
    /// One of a suite that runs beside others: its output is shown when it ends.
    pub(crate) fn beside() -> Self {
        Self { kept: Some(String::new()), ..Self::default() }
    }

    pub(crate) const fn is_beside(&self) -> bool {
        self.kept.is_some()
    }

    /// The output that was kept.
    pub(crate) fn take_kept(&mut self) -> String {
        self.kept.take().unwrap_or_default()
    }

    /// Runs a command that either passes or fails as a whole.
    pub(crate) fn check(&mut self, name: &str, command: &mut Command) {
        let counts = self.watch(name, command, |_| {});
        match counts {
            Ok(()) => self.passed += 1,
            Err(reason) => self.fail(name, &reason),
        }
    }

    /// Runs a test runner and takes over its counts.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) {
        let mut counts = Counts::default();
        let outcome = self.watch(name, command, |line| counts.read(line));
        self.passed += counts.passed;
        self.failed += counts.failed;
        self.skipped.extend(counts.skipped.iter().map(|test| format!("{name}: {test}")));
        self.skipped.sort();
        self.skipped.dedup();
        match outcome {
            Err(reason) if counts.failed == 0 => self.fail(name, &reason),
            Err(_) => self.failures.push(format!("{name}: {} failed", counts.failed)),
            Ok(()) if counts.passed + counts.failed == 0 => self.fail(name, "no test ran"),
            Ok(()) => {}
        }
    }

    /// Counts a failure that no runner reported.
    pub(crate) fn fail(&mut self, name: &str, reason: &str) {
        self.failed += 1;
        self.failures.push(format!("{name}: {reason}"));
        self.say(&format!("  {name} failed: {reason}"));
    }

    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        self.say(&format!("- {name} skipped: {reason}"));
        self.skipped.push(format!("{name}: {reason}"));
    }

    fn say(&mut self, line: &str) {
        match &mut self.kept {
            Some(kept) => kept.extend([line, "\n"]),
            None => eprintln!("{line}"),
        }
    }

    /// Runs a command, showing or keeping its output while `read` sees each line of it.
    fn watch(
        &mut self,
        name: &str,
        command: &mut Command,
        read: impl FnMut(&str),
    ) -> Result<(), String> {
        self.say(&format!("- {name}"));
        let start = Instant::now();
        let ended = self.follow(command, read);
        let elapsed = start.elapsed();
        self.time += elapsed;
        self.say(&format!("  {name}: {:.1} s", elapsed.as_secs_f64()));
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(format!("cannot run {:?}: {error}", command.get_program())),
        }
    }

    fn follow(
        &mut self,
        command: &mut Command,
        mut read: impl FnMut(&str),
    ) -> io::Result<ExitStatus> {
        let (output, input) = io::pipe()?;
        if self.kept.is_some() {
            command.stderr(input.try_clone()?);
        }
        let child = command.stdin(Stdio::null()).stdout(input).spawn();
        // The output ends when nobody has its other end any more.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child?;
        for line in lines(output) {
            self.say(&line);
            read(&line);
        }
        child.wait()
    }
}

/// Lines of bytes that may not all be UTF-8.
fn lines(output: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(output)
        .split(b'\n')
        .map_while(Result::ok)
        .map(|line| String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: Vec<String>,
}

impl Counts {
    /// Reads a line of `cargo test` or of `node --test --test-reporter=spec`.
    fn read(&mut self, line: &str) {
        if let Some(result) = line.trim_start().strip_prefix("test result: ") {
            for part in result.split(['.', ';']) {
                match part.trim().split_once(' ') {
                    Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                    Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                    _ => {}
                }
            }
        } else if let Some(number) = line.strip_prefix("ℹ pass ") {
            self.passed += number.parse::<u64>().unwrap_or(0);
        } else if let Some(number) = line.strip_prefix("ℹ fail ") {
            self.failed += number.parse::<u64>().unwrap_or(0);
        } else if let Some(number) = line.strip_prefix("ℹ cancelled ") {
            self.failed += number.parse::<u64>().unwrap_or(0);
        } else if let Some(what) = line.strip_prefix("skipped: ") {
            self.skipped.push(what.to_owned());
        } else if let Some(test) = line.trim_start().strip_prefix("﹣ ") {
            self.skipped.push(test.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Counts {
        let mut counts = Counts::default();
        text.lines().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn reads_cargo_test() {
        let text = "running 3 tests\ntest a ... ok\nskipped: mutants\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; finished in 0.01s\n";
        assert_eq!(
            counts(text),
            Counts { passed: 7, failed: 1, skipped: vec!["mutants".to_owned()] }
        );
    }

    #[test]
    fn reads_node_test() {
        let text = "✔ loads (1ms)\n  ﹣ runs in Bun (0.1ms) # not installed\n✖ fails (1ms)\n\
            ℹ tests 4\nℹ pass 1\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\n";
        let skipped = vec!["runs in Bun (0.1ms) # not installed".to_owned()];
        assert_eq!(counts(text), Counts { passed: 1, failed: 2, skipped });
    }

    #[test]
    fn a_run_without_tests_fails() {
        let mut tally = Tally::default();
        tally.tests("nothing", &mut Command::new("true"));
        assert_eq!((tally.passed, tally.failed), (0, 1));
    }

    #[test]
    fn beside_others_all_output_is_kept_and_counted() {
        let mut tally = Tally::beside();
        let said = "echo compiling >&2; echo 'test result: ok. 2 passed; 1 failed;'; exit 1";
        tally.tests("a suite", Command::new("sh").args(["-c", said]));
        assert_eq!((tally.passed, tally.failed), (2, 1));
        let kept = tally.take_kept();
        let lines: Vec<&str> = kept.lines().take(3).collect();
        assert_eq!(lines, ["- a suite", "compiling", "test result: ok. 2 passed; 1 failed;"]);
    }

    #[test]
    fn a_command_that_is_not_there_fails() {
        let mut tally = Tally::default();
        tally.check("nothing", &mut Command::new("no-such-program"));
        assert_eq!((tally.passed, tally.failed), (0, 1));
    }
}
