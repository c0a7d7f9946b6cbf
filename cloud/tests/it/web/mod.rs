//! Pages.

mod advisor;
mod forms;
mod home;
mod lab;
mod live;
mod login;
mod security;
mod services;
mod texts;
