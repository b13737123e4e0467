//! The totals that the README tells: printed by the run, and the README must say the same.

use std::sync::Mutex;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Tests run side by side, and write the same file.
static WRITING: Mutex<()> = Mutex::new(());

/// Prints a total, and checks that the README's line that begins with `- KEY: ` tells it.
/// `UPDATE_README=1` writes it there instead.
pub(crate) fn tell(key: &str, total: &str) {
    println!("{key}: {total}");
    let _alone = WRITING.lock();
    let readme = std::fs::read_to_string(README).unwrap();
    let start = format!("- {key}: ");
    let told = readme.lines().find(|line| line.starts_with(&start));
    let told = told.unwrap_or_else(|| panic!("the README has no line that begins with {start:?}"));
    let wanted = format!("{start}{total}");
    if told == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_README").is_some(),
        "the README says {told:?}, this run says {wanted:?}: UPDATE_README=1 writes it"
    );
    std::fs::write(README, readme.replace(told, &wanted)).unwrap();
}
