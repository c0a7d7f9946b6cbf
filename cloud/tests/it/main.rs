//! The service from outside: real mutual TLS on real sockets, and a store that is killed.

mod cloud;
mod frontdoor;
mod kill;
