//! The gateway as a whole: its files, its link against a broker that misbehaves, its fleet, and the real binary being killed.

mod broker;
mod candump;
mod flash_file;
mod fleet;
mod kill;
mod link;
mod usage;
