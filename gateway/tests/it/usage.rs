//! What `usage` prints, through the real binary.
