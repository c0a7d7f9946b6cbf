//! `milepost user`: accounts.
//!
//! The command opens the store itself, so that it needs no running service, and is refused beside one.

use std::io::BufRead as _;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use clap::Subcommand;

use super::output;
use crate::accounts::{Accounts, Role};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::AccountId;
use crate::server::{Faces, Server};

/// How many accounts are read at a time.
const PAGE: usize = 200;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add an account; its password is the first line of standard input.
    Add {
        /// The account's name: 1 to 64 characters of [A-Za-z0-9_-].
        name: AccountId,
        /// `owner`, `advisor`, `engineer` or `experience`.
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
        /// The name that the pages show; the account's name if absent.
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Replace a password by the first line of standard input; every session of the account ends.
    Password {
        /// The account's name.
        name: AccountId,
    },
    /// List accounts: name, role, display name.
    List,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "roles are owner, advisor, engineer and lead".to_owned())
}

pub(super) fn run(mut config: Config, faces: Faces, command: UserCommand) -> anyhow::Result<()> {
    // The service starts on ports that nobody knows, for as long as the command takes.
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.front_door.listen = nowhere;
    config.http.listen = nowhere;
    config.admin.listen = nowhere;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(async {
        let server = Server::start(config, faces).await?;
        let accounts = Accounts::new(server.service.clone(), Clock::real());
        let done = carry_out(&accounts, command).await;
        server.stop().await.context("closing the store")?;
        done
    })
}

async fn carry_out(accounts: &Accounts, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { name, role, display_name } => {
            let shown = display_name.unwrap_or_else(|| name.to_string());
            Ok(accounts.create(name, &shown, role, &password()?).await?)
        }
        UserCommand::Password { name } => Ok(accounts.set_password(&name, &password()?).await?),
        UserCommand::List => list(accounts).await,
    }
}

fn password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn list(accounts: &Accounts) -> anyhow::Result<()> {
    let mut after: Option<AccountId> = None;
    loop {
        let page = accounts.list(after.as_ref(), PAGE).await?;
        for account in &page {
            output::line(&format!("{}\t{}\t{}", account.id, account.role.name(), account.display_name))?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}
