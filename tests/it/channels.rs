//! One reminder on every channel, one answer in the car.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost::config::{Channels, Email, EmailTls, Push, TextMessages};
use milepost_engine::channels::Channel;
use milepost_protocol::notice::{Answer, NoticeState};
use serde_json::{Value, json};

use crate::receivers::{BROWSER, BROWSER_AUTH, Mail, MailServer, Mood, Receiver, Taken};
use crate::support::account::Account;
use crate::support::car::Car;
use crate::support::process::within;
use crate::support::stage::Stage;

/// How long an answer in the car may take to reach every other surface.
const CLEARED_WITHIN: Duration = Duration::from_secs(1);

/// Whether one of a browser's messages says something about a notice.
fn says(taken: &[Taken], word: &str, tag: &str) -> bool {
    taken.iter().any(|taken| taken.decrypted()[word] == tag)
}

/// Whether one of a webhook's requests tells an event of a notice.
fn tells(taken: &[Taken], event: &str, notice: &str) -> bool {
    taken.iter().map(Taken::json).any(|body| body["event"] == event && body["notice"] == notice)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_answer_in_the_car_clears_a_reminder_everywhere_and_a_mail_server_that_was_down_loses_and_doubles_nothing()
-> Result<()> {
    let (mail, push, hook) = (MailServer::start(Mood::Takes).await, Receiver::start().await, Receiver::start().await);
    let stage = Stage::overdue(1, 41).await?;
    stage.configure(|config| {
        config.channels = Channels {
            step_ms: 50,
            gather_ms: 0,
            retry_first_ms: 100,
            retry_most_ms: 400,
            reach_private: true,
            email: Email { server: Some(mail.address.to_string()), tls: EmailTls::Never, ..Email::default() },
            push: Push { contact: Some("mailto:ops@cars.example".to_owned()) },
            text: TextMessages::default(),
            ..Channels::default()
        };
    })?;
    let cloud = stage.serve().await?;
    let account = Account::sign_in(cloud.at.http).await?;
    let never = json!({ "email": { "when": "never", "from": "due" } });
    account.put("channels", &json!({ "choices": never, "email": "anna@example.org" })).await?;
    let asked = within("the question whether the address is Anna's", mail.until(1)).await?;
    account.post(&format!("email-confirmations/{}", asked[0].token("confirm")), &json!({})).await?;
    mail.turn(Mood::Refuses);
    mail.forget();
    let at_once = json!({ "when": "at_once", "from": "upcoming" });
    let choices: serde_json::Map<String, Value> =
        Channel::ALL.into_iter().map(|channel| (channel.name().to_owned(), at_once.clone())).collect();
    // Equal ends are never quiet, whatever the hour at which the test runs.
    let wish = json!({
        "choices": choices, "quiet_from": "12:00", "quiet_to": "12:00",
        "email": "anna@example.org", "webhook": hook.url("/home"),
    });
    let chosen = account.put("channels", &wish).await?;
    let secret = chosen["channels"]["webhook_secret"].as_str().context("a webhook has a secret")?.to_owned();
    let keys = json!({ "p256dh": BROWSER, "auth": BROWSER_AUTH });
    account.post("push-subscriptions", &json!({ "endpoint": push.url("/browser"), "keys": keys })).await?;

    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("a notice on the display", |car| !car.shown.is_empty()).await?;
    let (device, notice) = (car.id.clone(), car.display().context("the display went dark")?);
    let (id, tag) = (notice.to_string(), format!("{device}/{notice}"));
    let shown = async {
        within("the notification", push.find(|taken| says(taken, "show", &tag))).await?;
        within("the webhook", hook.find(|taken| tells(taken, "notice.raised", &id))).await?;
        within("the attempts to send a mail", mail.refused(3)).await
    };
    car.during(shown).await?;
    ensure!(hook.taken().iter().all(|taken| taken.is_signed(&secret)), "a request to the webhook is not signed");
    ensure!(mail.mails().is_empty(), "the mail server is down");

    car.answer(notice, Answer::Book).await?;
    let cleared = async {
        let everywhere = async {
            push.find(|taken| says(taken, "close", &tag)).await;
            hook.find(|taken| tells(taken, "notice.closed", &id)).await;
        };
        // The car needs a moment to send the answer; from the commit on the clock runs.
        account.hears(&device, notice, "booked").await?;
        tokio::time::timeout(CLEARED_WITHIN, everywhere).await.context("an answer took longer than a second to clear")
    };
    car.during(cleared).await?;
    ensure!(account.state(&device, notice).await? == "booked", "{notice} is open in the account");
    let heard = car.updates.iter().filter(|(of, state)| *of == notice && *state != NoticeState::Booked).count();
    ensure!(heard == 0, "the car was told something else of its own answer");

    mail.turn(Mood::Takes);
    let open = account.open(&device).await?;
    let told = async {
        within("the mails", async {
            loop {
                let mails = mail.mails();
                let text: String = mails.iter().map(Mail::text).collect();
                if open.iter().all(|title| text.contains(title.as_str())) {
                    return;
                }
                mail.until(mails.len() + 1).await;
            }
        })
        .await
    };
    car.during(told).await?;
    let mut ids: Vec<String> = mail.mails().iter().map(|mail| mail.header("message-id").to_owned()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    ensure!(ids.len() == count, "a mail came twice: {ids:?}");
    let deliveries = account.get(&format!("vehicles/{device}/deliveries")).await?;
    let of_answered = deliveries["deliveries"].as_array().context("deliveries are listed")?;
    let mail_of_answered = of_answered.iter().find(|one| one["notice"] == id && one["channel"] == "email");
    let state = mail_of_answered.map(|one| one["state"].clone());
    ensure!(state == Some(json!("withdrawn")), "the mail of the answered notice is {state:?}");
    cloud.stop().await
}
