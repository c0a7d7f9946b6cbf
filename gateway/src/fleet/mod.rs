//! A simulated fleet: many cores in one process, each with its own flash file and its own life.
//!
//! The life comes from a seeded generator: [`driver`] says when and where to, [`route`] how fast, [`pace`] how densely it is told, [`vehicle`], [`battery`],
//! [`tyres`] and [`faults`] what that does to the car, [`place`] under which sky; [`matrix`] and [`ecu`] put it on the bus;
//! [`board`] takes firmware updates, with images that only pretend.
//! Invariant: the cores are the real ones; nothing reaches the cloud but what they derive from frames.

pub mod battery;
pub mod board;
pub mod calendar;
pub mod car;
pub mod driver;
pub mod ecu;
pub mod faults;
pub mod generator;
pub mod ledger;
pub mod matrix;
pub mod noise;
pub mod pace;
pub mod past;
pub mod place;
pub mod report;
pub mod route;
pub mod run;
pub mod tyres;
pub mod vehicle;
