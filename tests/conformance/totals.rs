//! The totals in CONTRIBUTING.md: printed by the run, and the file must say the same.

use std::sync::Mutex;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md");

/// Tests run side by side, and write the same file.
static WRITING: Mutex<()> = Mutex::new(());

/// Prints a total, and checks that the line of CONTRIBUTING.md that begins with `- KEY: ` says it.
/// `UPDATE_TOTALS=1` writes it there instead.
pub(crate) fn tell(key: &str, total: &str) {
    println!("{key}: {total}");
    let _alone = WRITING.lock();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let start = format!("- {key}: ");
    let told = page.lines().find(|line| line.starts_with(&start));
    let told =
        told.unwrap_or_else(|| panic!("CONTRIBUTING.md has no line that begins with {start:?}"));
    let wanted = format!("{start}{total}");
    if told == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_TOTALS").is_some(),
        "CONTRIBUTING.md says {told:?}, this run says {wanted:?}: UPDATE_TOTALS=1 writes it"
    );
    std::fs::write(PAGE, page.replace(told, &wanted)).unwrap();
}
