//! Pages.

mod advisor;
mod booking;
mod forms;
mod home;
mod lab;
mod live;
mod login;
mod security;
mod services;
mod texts;
