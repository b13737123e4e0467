//! Parts of hand-written pages that are written from elsewhere: `<!-- shared: NAME -->` in the
//! repository's README repeats the same part of the package's, `<!-- generated: NAME -->` comes from
//! the code. Each ends with `<!-- end -->`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ghl_chartmogul::error::Code;

use crate::{quotas, workspace};

const END: &str = "<!-- end -->";

/// The folder of the package's pages, seen from the repository's README.
const PACKAGE: &str = "pkg-template/";

/// Every page with such parts, as it should be.
pub(crate) fn pages() -> Result<Vec<(PathBuf, String)>> {
    let root = workspace::root();
    let package = read(&root.join(PACKAGE).join("README.md"))?;
    let mut pages = Vec::new();
    for name in ["README.md", "pkg-template/docs/errors.md", "pkg-template/docs/quotas.md"] {
        let path = root.join(name);
        let text = filled(&read(&path)?, &|kind, part| match (kind, part) {
            ("shared", part) => content(&package, &format!("<!-- shared: {part} -->"))
                .map(from_repository)
                .with_context(|| format!("the package's README has no part `{part}`")),
            ("generated", "codes") => Ok(codes()),
            ("generated", "quotas") => Ok(quotas::of_quotas()),
            ("generated", "agencies") => Ok(quotas::of_agencies()),
            _ => anyhow::bail!("no part `{kind}: {part}`"),
        })
        .with_context(|| name.to_owned())?;
        pages.push((path, text));
    }
    Ok(pages)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A page with the content of each of its parts replaced.
fn filled(page: &str, fill: &dyn Fn(&str, &str) -> Result<String>) -> Result<String> {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, marker)) = rest.split_once("<!-- ") {
        let (name, after) = marker.split_once(" -->\n").context("a comment without an end")?;
        let (kind, part) = name.split_once(": ").with_context(|| format!("`{name}`"))?;
        let (_, after) = after.split_once(END).with_context(|| format!("`{name}` has no end"))?;
        let _ = write!(text, "{before}<!-- {name} -->\n{}{END}", fill(kind, part)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// What is between a marker and its end.
fn content<'page>(page: &'page str, marker: &str) -> Option<&'page str> {
    let (_, after) = page.split_once(&format!("{marker}\n"))?;
    Some(after.split_once(END)?.0)
}

/// The package's text with its links as they are from the repository's root. The changelog is there.
fn from_repository(text: &str) -> String {
    text.replace("](docs/", &format!("]({PACKAGE}docs/"))
        .replace("]: docs/", &format!("]: {PACKAGE}docs/"))
}

/// The table of error codes.
fn codes() -> String {
    let mut table = "| code | meaning | retryable |\n|---|---|---|\n".to_owned();
    for (_, code, meaning, retryable) in Code::ALL {
        let retryable = if *retryable { "yes" } else { "no" };
        let _ = writeln!(table, "| `{code}` | {} | {retryable} |", meaning.trim());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let page = "a\n<!-- shared: b -->\nold\n<!-- end -->\nc\n";
        let text = filled(page, &|kind, part| Ok(format!("{kind} {part}\n"))).unwrap();
        assert_eq!(text, "a\n<!-- shared: b -->\nshared b\n<!-- end -->\nc\n");
        assert_eq!(filled("no parts\n", &|_, _| unreachable!()).unwrap(), "no parts\n");
    }

    #[test]
    fn a_part_without_its_end_is_refused() {
        assert!(filled("<!-- shared: b -->\nold\n", &|_, _| Ok(String::new())).is_err());
        assert!(filled("<!-- a remark -->\n<!-- end -->", &|_, _| Ok(String::new())).is_err());
    }

    #[test]
    fn links_lead_to_the_same_pages_from_both_readmes() {
        let text = from_repository("[a](docs/a.md) [b][b]\n\n[b]: docs/b.md\n[c]: CHANGELOG.md\n");
        let wanted = "[a](pkg-template/docs/a.md) [b][b]\n\n[b]: pkg-template/docs/b.md\n[c]: CHANGELOG.md\n";
        assert_eq!(text, wanted);
    }
}
