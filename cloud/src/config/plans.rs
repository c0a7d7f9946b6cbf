//! Where makers' maintenance plans come from.
//!
//! Invariant: a folder whose plans do not hold is an error with file, line and key; our own examples give way to any plan
//! of the folder that fits the same cars.

use std::path::PathBuf;

use milepost_engine::plans::{Catalogue, EXAMPLES, Plan, Wrong, read};
use serde::{Deserialize, Serialize};

use super::folder::{self, FolderError};

/// Maintenance plans.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plans {
    /// A folder of plan files that end in `.toml`. Default: none, so that our own examples alone count.
    pub folder: Option<PathBuf>,
}

/// Why plans are not taken.
pub type PlansError = FolderError<Wrong>;

impl Plans {
    /// Reads the folder's plans and puts them before our own.
    pub fn catalogue(&self) -> Result<Catalogue, PlansError> {
        let mut plans = Vec::new();
        for (name, text) in folder::read(self.folder.as_deref())? {
            plans.push(read(&name, &text)?);
        }
        Catalogue::new(plans.clone())?;
        for (file, text) in EXAMPLES {
            let own = read(file, text)?;
            let with: Vec<Plan> = plans.iter().cloned().chain([own]).collect();
            if Catalogue::new(with.clone()).is_ok() {
                plans = with;
            }
        }
        Ok(Catalogue::new(plans)?)
    }
}

#[cfg(test)]
mod tests {
    use milepost_engine::plan::Powertrain;
    use milepost_engine::plans::Car;

    use super::*;

    fn chosen(catalogue: &Catalogue, model: &str) -> String {
        let car = Car { powertrain: Powertrain::Combustion, model, vin: None, year: None };
        catalogue.plan(&car).map(|plan| plan.file.clone()).unwrap_or_default()
    }

    #[test]
    fn our_own_plans_are_there_without_any_folder() {
        let catalogue = Plans::default().catalogue().unwrap();
        assert_eq!((catalogue.plans().len(), chosen(&catalogue, "x").as_str()), (3, "combustion.toml"));
    }

    #[test]
    fn a_folders_plan_comes_before_our_own_and_a_wrong_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let plans = Plans { folder: Some(folder.path().to_owned()) };
        let text = |head: &str| {
            format!(
                "version = 1\nname = \"n\"\npowertrain = \"combustion\"\n{head}[[item]]\nitem = \"tyres\"\nsafety = \"safety\"\nrepeat = {{ km = 9000 }}\n"
            )
        };
        std::fs::write(folder.path().join("golf.toml"), text("models = [\"VW Golf*\"]\n")).unwrap();
        let catalogue = plans.catalogue().unwrap();
        assert_eq!(
            (chosen(&catalogue, "VW Golf VII").as_str(), chosen(&catalogue, "Opel").as_str()),
            ("golf.toml", "combustion.toml")
        );
        std::fs::write(folder.path().join("all.toml"), text("")).unwrap();
        assert_eq!(chosen(&plans.catalogue().unwrap(), "Opel"), "all.toml");
        std::fs::write(folder.path().join("wrong.toml"), text("colour = \"red\"\n")).unwrap();
        let error = plans.catalogue().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.starts_with("wrong.toml:4: colour"), "{cause}");
    }
}
