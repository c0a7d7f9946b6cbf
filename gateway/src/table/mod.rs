//! The compact table that a car reads signals by, made of a matrix and a map.

mod build;
mod map;
mod split;

pub use build::{Built, TableError, build, paths};
pub use map::{Feed, Map, MapError, by_parameter};
