//! table_store
