//! Pages.

mod advisor;
mod forms;
mod home;
mod live;
mod login;
mod security;
mod texts;
