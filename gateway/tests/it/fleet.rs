//! The fleet over the real core.
