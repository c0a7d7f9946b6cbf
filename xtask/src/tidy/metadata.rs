//! What `cargo metadata` tells of the packages: licences, versions, who depends on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::run;

/// The resolved packages, those of the workspace among them.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
    #[serde(default)]
    pub(super) workspace_root: String,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) manifest_path: String,
    #[serde(default)]
    pub(super) dependencies: Vec<Dependency>,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// The name that the source uses, where it is another.
    pub(super) rename: Option<String>,
    /// `dev` or `build`; nothing for what the product itself links.
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Metadata {
    pub(super) fn read(root: &Path, targets: &[String]) -> Result<Self> {
        let mut command = run::cargo(root);
        command.args(["metadata", "--format-version", "1", "--locked"]);
        for target in targets {
            command.args(["--filter-platform", target]);
        }
        Self::parse(&run::output(&mut command)?)
    }

    pub(super) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("`cargo metadata` speaks another dialect")
    }

    /// The packages of the workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The folder of a workspace package, from the root.
    pub(super) fn folder<'a>(&self, package: &'a Package) -> &'a str {
        let path = package.manifest_path.strip_suffix("/Cargo.toml").unwrap_or(&package.manifest_path);
        path.strip_prefix(&self.workspace_root).unwrap_or(path).trim_start_matches('/')
    }

    /// The names of the packages that depend on each package, by its id.
    pub(super) fn parents(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let names: BTreeMap<&str, &str> = self.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let mut parents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for node in &self.resolve.nodes {
            for dependency in &node.dependencies {
                parents.entry(dependency).or_default().extend(names.get(node.id.as_str()));
            }
        }
        parents
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Metadata of a test: `(name, version, licence, names of direct dependencies)`; the first `members` are the workspace's.
    pub(crate) fn metadata(members: usize, packages: &[(&str, &str, &str, &[&str])]) -> Metadata {
        let id = |name: &str, version: &str| format!("{name}@{version}");
        let find = |wanted: &str| {
            let (name, version) = wanted.split_once('@').unwrap_or((wanted, ""));
            let found = packages.iter().find(|p| p.0 == name && (version.is_empty() || p.1 == version));
            found.map(|p| id(p.0, p.1))
        };
        Metadata {
            workspace_members: packages[..members].iter().map(|p| id(p.0, p.1)).collect(),
            workspace_root: "/r".to_owned(),
            resolve: Resolve {
                nodes: packages
                    .iter()
                    .map(|p| Node { id: id(p.0, p.1), dependencies: p.3.iter().filter_map(|d| find(d)).collect() })
                    .collect(),
            },
            packages: packages
                .iter()
                .map(|&(name, version, license, dependencies)| Package {
                    id: id(name, version),
                    name: name.to_owned(),
                    version: version.to_owned(),
                    license: (!license.is_empty()).then(|| license.to_owned()),
                    manifest_path: format!("/r/{name}/Cargo.toml"),
                    dependencies: dependencies
                        .iter()
                        .map(|d| Dependency {
                            name: d.split('@').next().unwrap_or(d).to_owned(),
                            rename: None,
                            kind: None,
                        })
                        .collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn the_folder_of_a_package_is_told_from_the_root() {
        let metadata = metadata(1, &[("engine", "0.1.0", "MIT", &[])]);
        assert_eq!(metadata.folder(&metadata.packages[0]), "engine");
    }
}
