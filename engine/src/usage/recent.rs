//! Lists that keep their newest entries.
//!
//! Invariant: none grows beyond its bound, whatever a device sends.

use alloc::collections::VecDeque;

/// Appends to a list that keeps its newest `most` entries.
pub(super) fn push_recent<T>(list: &mut VecDeque<T>, entry: T, most: usize) {
    while list.len() >= most {
        list.pop_front();
    }
    list.push_back(entry);
}
