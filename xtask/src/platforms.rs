//! The folders of `tests/platforms`: the packed package in the hosts of others and under their tools. Each
//! is an npm project with tests; its package.json may say which Node runs them and which of Debian's packages
//! they start: `"platforms": {"node": "24", "debian": ["redis-server"]}`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{tools, workspace};

/// A folder of `tests/platforms`.
pub(crate) struct Platform {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The major version of Node that it asks for.
    node: Option<u32>,
    /// Debian's packages that its tests start. Where they cannot be installed, the tests say what is missing.
    debian: Vec<String>,
}

/// A Node that is not, or need not be, the system's.
#[derive(Clone)]
pub(crate) struct Node {
    major: u32,
    /// Where its program lies; none for the system's Node.
    folder: Option<PathBuf>,
}

/// Other Nodes than the system's that tests ask for: npm packages, for one system.
const NODES: &[u32] = &[20, 22, 24];

/// The folders with a package.json, or the one of that name.
pub(crate) fn folders(only: Option<&str>) -> Result<Vec<Platform>> {
    let all = root();
    let mut platforms = Vec::new();
    for entry in fs::read_dir(&all).with_context(|| format!("no {}", all.display()))? {
        let folder = entry?.path();
        let Ok(manifest) = fs::read_to_string(folder.join("package.json")) else { continue };
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wrong = || format!("package.json of {name}");
        let manifest: Value = serde_json::from_str(&manifest).with_context(wrong)?;
        let node = node_of(&manifest).with_context(wrong)?;
        let debian = manifest.pointer("/platforms/debian").and_then(Value::as_array);
        let debian = debian.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let debian = debian.collect();
        platforms.push(Platform { name, folder, node, debian });
    }
    platforms.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(only) = only {
        let names = platforms.iter().map(|platform| platform.name.clone()).collect::<Vec<_>>();
        platforms.retain(|platform| platform.name == only);
        if platforms.is_empty() {
            bail!("no platform `{only}`; there are {}", names.join(", "));
        }
    }
    Ok(platforms)
}

fn root() -> PathBuf {
    workspace::root().join("tests/platforms")
}

/// The major version of Node that a package.json asks for, which must be one that there is.
fn node_of(manifest: &Value) -> Result<Option<u32>> {
    let Some(asked) = manifest.pointer("/platforms/node") else { return Ok(None) };
    let major = asked.as_str().and_then(|major| major.parse().ok());
    match major.filter(|major| NODES.contains(major)) {
        Some(major) => Ok(Some(major)),
        None => bail!("platforms.node is {asked}; there are {NODES:?}, as texts"),
    }
}

/// Installs the other Nodes; those that exist for this system.
pub(crate) fn nodes() -> Result<Vec<Node>> {
    tools::npm_packages(&root())?;
    let folder = |major| root().join(format!("node_modules/node-{major}/bin"));
    let nodes = NODES.iter().map(|major| Node { major: *major, folder: Some(folder(major)) });
    Ok(nodes.filter(Node::exists).collect())
}

impl Platform {
    /// The Node of its tests: the one it asks for, or the system's where that is new enough.
    pub(crate) fn node_of(&self, nodes: &[Node]) -> Result<Node> {
        let least = self.node.unwrap_or(0);
        if let Some(node) = nodes.iter().find(|node| node.major == least) {
            return Ok(node.clone());
        }
        let major = tools::node_version()?.0;
        if major < least {
            bail!("Node {least} or newer is needed; the system's is Node {major}");
        }
        Ok(Node { major, folder: None })
    }

    /// Installs Debian's packages, and its npm packages, whose scripts run under the Node of its tests.
    pub(crate) fn install(&self, node: &Node) -> Result<()> {
        tools::debian_packages(&self.debian.iter().map(String::as_str).collect::<Vec<_>>())?;
        tools::npm_packages_with(&self.folder, |command| node.first_on_path(command).map(drop))
    }
}

impl Node {
    fn exists(&self) -> bool {
        self.folder.as_deref().is_some_and(|folder| folder.join("node").is_file())
    }

    /// The environment variable that tells tests where it is: `NODE_22`.
    pub(crate) fn variable(&self) -> (String, PathBuf) {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        (format!("NODE_{}", self.major), folder.join("node"))
    }

    /// Lets `node` mean this one for a command and all that it starts.
    pub(crate) fn first_on_path<'a>(&self, command: &'a mut Command) -> Result<&'a mut Command> {
        if let Some(folder) = &self.folder {
            command.env("PATH", before_path(folder, env::var_os("PATH"))?);
        }
        Ok(command)
    }
}

/// A search path with one more folder, which goes first.
fn before_path(folder: &Path, path: Option<OsString>) -> Result<OsString> {
    let path = path.unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    Ok(env::join_paths(folders)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_folder_asks_for_a_node_that_there_is() -> Result<()> {
        let asking = |node: Value| json!({ "platforms": { "node": node } });
        assert_eq!(node_of(&json!({}))?, None);
        assert_eq!(node_of(&asking("24".into()))?, Some(24));
        assert!(node_of(&asking("18".into())).is_err());
        assert!(node_of(&asking(24.into())).is_err());
        Ok(())
    }

    #[test]
    fn without_that_node_the_systems_serves_if_it_is_new_enough() -> Result<()> {
        let asking = |node| Platform {
            name: String::new(),
            folder: PathBuf::new(),
            node,
            debian: Vec::new(),
        };
        assert!(asking(None).node_of(&[])?.folder.is_none());
        assert!(asking(Some(4)).node_of(&[])?.folder.is_none());
        assert!(asking(Some(4_000)).node_of(&[]).is_err());
        let node = Node { major: 4_000, folder: Some(PathBuf::from("/node/bin")) };
        assert_eq!(asking(Some(4_000)).node_of(&[node])?.major, 4_000);
        Ok(())
    }

    #[test]
    fn its_folder_goes_first_on_the_path() -> Result<()> {
        let path = before_path(Path::new("/node/bin"), Some("/usr/bin:/bin".into()))?;
        assert_eq!(path, OsString::from("/node/bin:/usr/bin:/bin"));
        Ok(())
    }

    #[test]
    fn there_are_platforms_and_a_wrong_name_is_refused() -> Result<()> {
        assert!(folders(None)?.iter().any(|platform| platform.name == "hosts"));
        assert_eq!(folders(Some("hosts"))?.len(), 1);
        assert!(folders(Some("nowhere")).is_err());
        Ok(())
    }
}
