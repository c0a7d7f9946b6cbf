//! obd
