//! The link's task: connects, waits and gives up as the shared state machine says.
//!
//! Invariant: a connection that makes no progress is dropped whole, in bounded time, and every loss is told to the core.

use core::cell::RefCell;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use milepost_firmware::link::{Loss, Machine, Policy, State, Step};
use rand_core::CryptoRngCore;

use crate::Configuration;
use crate::lead::Shown;
use crate::mqtt::Client;
use crate::ports::{Input, Ports};
use crate::session::{self, Buffers, End, Mailboxes, Work, elapsed_ms};
use crate::supervisor::Member;

/// How a board opens a TCP connection.
pub trait Network {
    /// A connected socket.
    type Socket<'n>: Socket
    where
        Self: 'n;

    /// Resolves the host if it is a name, and connects; `None` if nobody answers.
    #[expect(async_fn_in_trait, reason = "a board has one executor, and its futures stay on it")]
    async fn connect(&mut self, host: &str, port: u16) -> Option<Self::Socket<'_>>;
}

/// A connected socket whose halves are used at the same time.
pub trait Socket {
    /// The half that reads.
    type Reader<'s>: Read
    where
        Self: 's;
    /// The half that writes.
    type Writer<'s>: Write
    where
        Self: 's;

    /// Both halves.
    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>);

    /// Cuts the connection so that the peer learns of it, within a moment.
    #[expect(async_fn_in_trait, reason = "a board has one executor, and its futures stay on it")]
    async fn cut(self);
}

/// What the board may want to tell its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// An attempt begins.
    Connecting,
    /// We closed the connection, because none is wanted or to show other credentials.
    Left,
    /// The connection ended, and in how many milliseconds the next attempt is due.
    Lost(Loss, u64),
}

/// The static memory of the link.
#[derive(Debug)]
pub struct Memory {
    buffers: Buffers,
    mqtt: Client,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Empty; a board keeps it in static memory.
    pub const fn new() -> Self {
        Self { buffers: Buffers::new(), mqtt: Client::new() }
    }
}

/// How often a link that nobody wants says that it lives.
const BEAT: Duration = Duration::from_secs(30);

/// Runs for ever.
pub async fn run<N: Network, G: CryptoRngCore>(
    network: &mut N,
    random: &mut G,
    configuration: &Configuration,
    policy: Policy,
    memory: &mut Memory,
    (ports, mailboxes): (&'static Ports, &mut Mailboxes),
    mut tell: impl FnMut(News),
) -> ! {
    let Memory { buffers, mqtt } = memory;
    let machine = RefCell::new(Machine::new(policy, random.next_u64(), elapsed_ms()));
    loop {
        #[cfg(feature = "tls")]
        if ports.lead.lacks_draw() {
            let mut draw = [0; 32];
            random.fill_bytes(&mut draw);
            ports.lead.bring_draw(draw);
        }
        let shown = wait(&machine, ports).await;
        tell(News::Connecting);
        let connected = network.connect(&configuration.host, configuration.port);
        let end = match select3(connected, watch(&machine, ports), ports.lead.end(&shown)).await {
            Either3::First(None) => Loss::Unreachable.into(),
            Either3::Second(loss) => loss.into(),
            Either3::Third(()) => End::Left,
            Either3::First(Some(mut socket)) => {
                let (reader, writer) = socket.halves();
                let work = Work {
                    configuration,
                    shown: &shown,
                    ports,
                    machine: &machine,
                    mqtt: &mut *mqtt,
                    mailboxes: &mut *mailboxes,
                    random: &mut *random,
                    buffers: &mut *buffers,
                };
                let ended = select(session::run(reader, writer, work), watch(&machine, ports)).await;
                socket.cut().await;
                match ended {
                    Either::First(end) => end,
                    Either::Second(loss) => loss.into(),
                }
            }
        };
        let was_up = machine.borrow().is_up();
        if was_up {
            ports.inputs.send(Input::LinkDown).await;
        }
        let End::Lost(loss) = end else {
            machine.borrow_mut().restart(elapsed_ms());
            tell(News::Left);
            continue;
        };
        machine.borrow_mut().lost(elapsed_ms(), loss);
        if loss == Loss::Refused {
            ports.inputs.send(Input::Refused(shown.which)).await;
        }
        if let State::Offline { retry_at_ms } = machine.borrow().state() {
            tell(News::Lost(loss, retry_at_ms.saturating_sub(elapsed_ms())));
        }
    }
}

/// Until a link is wanted and the machine wants to connect.
async fn wait(machine: &RefCell<Machine>, ports: &Ports) -> Shown {
    loop {
        beat(ports);
        let Some(shown) = ports.lead.order() else {
            // Whether it changed or not, it is looked at again.
            let _ = with_timeout(BEAT, ports.lead.change()).await;
            continue;
        };
        if let Some(Step::Connect) = machine.borrow_mut().step(elapsed_ms()) {
            return shown;
        }
        pause(machine).await;
    }
}

/// Until the machine gives the connection up.
async fn watch(machine: &RefCell<Machine>, ports: &Ports) -> Loss {
    loop {
        beat(ports);
        if let Some(Step::Abandon(stuck)) = machine.borrow_mut().step(elapsed_ms()) {
            return Loss::Stuck(stuck);
        }
        pause(machine).await;
    }
}

/// Says that the link's task lives.
fn beat(ports: &Ports) {
    ports.supervisor.beat(Member::Link, Instant::now().as_secs() as u32);
}

/// Until the machine's next deadline, but never for longer than the deadlines may take to change unnoticed.
async fn pause(machine: &RefCell<Machine>) {
    let deadline_ms = machine.borrow().deadline();
    let wait_ms = deadline_ms.map_or(1000, |at_ms| at_ms.saturating_sub(elapsed_ms()));
    Timer::after(Duration::from_millis(wait_ms.clamp(1, 1000))).await;
}
