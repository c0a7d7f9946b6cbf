//! The agent of a gateway board: real buses, real time, one core.
//!
//! Invariant: on SIGTERM the flash is consistent without any further write; what is sent after that is a courtesy.

use std::time::Duration;

use milepost_firmware::power::{Draw, Policy, State as Power, Wake};
use milepost_firmware::{Device, Frame, Now, Settings};
use milepost_protocol::record::ResetReason;

use crate::bus::Buses;
use crate::clock::Clock;
use crate::collection::Collecting;
use crate::config::Config;
use crate::flash_file::{self, Layout, Sync};
use crate::host::{DeviceError, Host};
use crate::identity::{IdentityError, Keeper};
use crate::link::{Event, Link, Loss, State, TlsError};
use crate::stop::Stop;

/// The core hears of the time this often.
const TICK: Duration = Duration::from_millis(500);

/// How many waiting frames the core takes before it looks at the link again.
const BATCH: usize = 256;

/// How long the goodbye may take: until the records of the last moments have their receipt.
const GOODBYE: Duration = Duration::from_secs(5);

/// Why the agent ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The flash file cannot be opened.
    #[error(transparent)]
    Flash(#[from] flash_file::OpenError),
    /// The core failed.
    #[error("the core failed")]
    Device(#[from] DeviceError),
    /// The credentials cannot be kept.
    #[error("keeping the credentials failed")]
    Identity(#[from] IdentityError),
    /// New credentials make no client.
    #[error("new credentials are not usable")]
    Tls(#[from] TlsError),
}

/// Runs until the wish to stop.
pub async fn run(
    config: &Config,
    buses: Buses,
    mut link: Option<Link>,
    mut keeper: Option<Keeper>,
    clock: Clock,
    mut stop: Stop,
) -> Result<(), AgentError> {
    let sync = if config.durable { Sync::EachWrite } else { Sync::Never };
    let flash = flash_file::open(&config.flash, Layout::GATEWAY, sync)?;
    let now = || Now {
        uptime_ms: clock.elapsed().as_millis() as u64,
        unix_ms: config.clock_is_right.then(|| clock.unix_ms()),
    };
    let settings = Settings {
        reset: ResetReason::PowerOn,
        obd: config.core.obd,
        local_reminders: config.core.local_reminders,
        tank_ml: config.core.tank_ml,
        ..Settings::default()
    };
    let device = Box::pin(Device::start(flash, settings, now())).await?;
    let mut host = Host::new(device, Collecting::open(&config.flash));
    let mut buses = buses;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut overflow = 0;
    let mut power = Policy::new(Draw::TYPICAL, now().uptime_ms);
    loop {
        tokio::select! {
            frame = buses.next() => match frame {
                Some(frame) => take_frames(&mut host, &mut buses, frame, &now).await?,
                None => break,
            },
            event = next_event(link.as_mut()) => {
                let event = match (keeper.as_mut(), link.as_mut()) {
                    (Some(keeper), Some(link)) => look_after(keeper, event, link, &mut host, now()).await?,
                    _ => event,
                };
                react(&mut host, event, link.as_mut(), now()).await?;
            }
            _ = ticks.tick() => {
                host.tick(now()).await?;
                watch_voltage(&mut power, &mut host, buses.voltage_mv(), now());
                let unix_ms = host.device.unix_ms(now()).map(|(unix_ms, _)| unix_ms);
                if let Some(request) = keeper.as_mut().map(|keeper| keeper.request(unix_ms)).transpose()?.flatten() {
                    host.device.request_certificate(now(), request).await?;
                }
            }
            () = stop.wished() => break,
        }
        for request in host.requests(now()).take(if buses.may_send() { usize::MAX } else { 0 }) {
            if let Err(error) = buses.send(&request) {
                tracing::debug!(%error, "request did not reach the bus");
            }
        }
        if buses.overflow() > overflow {
            tracing::warn!(lost = buses.overflow() - overflow, "frames found no room");
            overflow = buses.overflow();
        }
        if let Some(link) = link.as_mut() {
            host.upload(now(), link).await?;
        }
    }
    host.settle(now()).await?;
    if let Some(link) = link {
        say_goodbye(&mut host, link, now).await?;
    }
    Ok(())
}

/// Lets the keeper of the credentials see an event before the core does; answers the event that the core has to see.
pub async fn look_after(
    keeper: &mut Keeper,
    event: Event,
    link: &mut Link,
    host: &mut Host,
    now: Now,
) -> Result<Event, AgentError> {
    let unix_ms = host.device.unix_ms(now).map(|(unix_ms, _)| unix_ms);
    let renewed = match &event {
        Event::Up => {
            keeper.connected()?;
            false
        }
        Event::Down(loss) => keeper.lost(loss, unix_ms)?,
        Event::Message(message) => keeper.message(message.payload(), unix_ms)?,
        Event::Acknowledged(_) => false,
    };
    if renewed {
        link.set_tls(keeper.tls()?);
        if matches!(event, Event::Message(_)) {
            // The message is durable by now; the core takes what else is in it and acknowledges before the connection goes.
            react(host, event, Some(link), now).await?;
            return Ok(link.reconnect().unwrap_or(Event::Acknowledged(0)));
        }
    }
    Ok(event)
}

/// Behind a diagnostic socket a car that wakes shows nothing but its voltage; then the core may ask again.
fn watch_voltage(power: &mut Policy, host: &mut Host, voltage_mv: Option<u16>, now: Now) {
    let asleep = matches!(power.state(), Power::Asleep { .. });
    power.step(now.uptime_ms, host.device.senses(voltage_mv));
    if asleep && matches!(power.state(), Power::Parked { wake: Wake::Voltage, .. }) {
        tracing::info!(voltage_mv, "voltage tells that the car wakes");
        host.device.car_wakes(now);
    }
}

async fn take_frames(
    host: &mut Host,
    buses: &mut Buses,
    first: Frame,
    now: &impl Fn() -> Now,
) -> Result<(), DeviceError> {
    let mut next = Some(first);
    for _ in 0..BATCH {
        let Some(frame) = next else { break };
        host.frame(now(), &frame).await?;
        next = buses.try_next();
    }
    // A frame taken from the channel is never put back.
    match next {
        Some(frame) => host.frame(now(), &frame).await,
        None => Ok(()),
    }
}

/// The next event of a link; for ever without one.
pub(crate) async fn next_event(link: Option<&mut Link>) -> Event {
    match link {
        Some(link) => link.next().await,
        None => std::future::pending().await,
    }
}

/// Hands an event to the core and tells the log what a person should know.
pub(crate) async fn react(host: &mut Host, event: Event, link: Option<&mut Link>, now: Now) -> Result<(), DeviceError> {
    let Some(link) = link else { return Ok(()) };
    if matches!(event, Event::Up) {
        tracing::info!("connected");
    }
    match host.react(now, event, link).await? {
        Some(loss @ (Loss::Refused(_) | Loss::Untrusted(_))) => tracing::error!(%loss, "no connection"),
        Some(loss) => tracing::warn!(%loss, "no connection"),
        None => {}
    }
    Ok(())
}

/// Sends what is left, as far as there is a connection and a little time, and closes it.
pub(crate) async fn say_goodbye(host: &mut Host, mut link: Link, now: impl Fn() -> Now) -> Result<(), DeviceError> {
    let sent = async {
        while matches!(link.state(), State::CatchingUp | State::Live) && host.upload(now(), &mut link).await? > 0 {
            let event = link.next().await;
            host.react(now(), event, &mut link).await?;
        }
        Ok(())
    };
    // What does not get its receipt in time stays in flash and is sent after the next start.
    let result = tokio::time::timeout(GOODBYE, sent).await.unwrap_or(Ok(()));
    link.close().await;
    result
}
