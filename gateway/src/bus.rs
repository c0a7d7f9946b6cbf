//! SocketCAN: one reading thread for each interface, frames in a bounded channel, requests back onto the bus;
//! and beside the interfaces a diagnostic adapter, if there is one, which all requests go through then.
//!
//! Invariant: an interface that goes down is waited for, never given up; frames that find no room are counted, not waited for,
//! so that the kernel's own queue never hides how far behind the core is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use milepost_firmware::Frame;
use socketcan::{CanAnyFrame, CanFdSocket, CanFrame, EmbeddedFrame, ShouldRetry, Socket, SocketOptions};
use tokio::sync::{mpsc, watch};

use crate::elm327::{Ends, Status, is_flow_control};

/// How many frames may wait for the core: about two seconds of a saturated 500 kbit/s bus.
const WAITING: usize = 8_192;

/// How often a silent or failed interface is looked at again.
const RETRY: Duration = Duration::from_millis(500);

/// Why a bus cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the CAN interface, {interface}")]
pub struct OpenError {
    /// Its name.
    pub interface: String,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// All buses of a vehicle.
#[derive(Debug)]
pub struct Buses {
    frames: mpsc::Receiver<Frame>,
    /// Where frames come in, for a source that is added.
    incoming: mpsc::Sender<Frame>,
    senders: Vec<CanFdSocket>,
    adapter: Option<Adapter>,
    overflow: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

/// The way to a diagnostic adapter.
#[derive(Debug)]
struct Adapter {
    requests: mpsc::Sender<Frame>,
    status: watch::Receiver<Status>,
}

impl Drop for Buses {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Buses {
    /// Opens the interfaces; they become buses 0, 1, … in their order.
    pub fn open(interfaces: &[String]) -> Result<Self, OpenError> {
        let (sender, frames) = mpsc::channel(WAITING);
        let overflow = Arc::new(AtomicU64::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let mut senders = Vec::new();
        for (index, interface) in interfaces.iter().enumerate() {
            let fail = |source| OpenError { interface: interface.clone(), source };
            let writing = CanFdSocket::open(interface).map_err(fail)?;
            writing.set_filter_drop_all().map_err(fail)?;
            writing.set_nonblocking(true).map_err(fail)?;
            senders.push(writing);
            let reading = CanFdSocket::open(interface).map_err(fail)?;
            reading.set_read_timeout(RETRY).map_err(fail)?;
            let reader = Reader {
                bus: index as u8,
                interface: interface.clone(),
                socket: reading,
                frames: sender.clone(),
                overflow: overflow.clone(),
                ended: ended.clone(),
            };
            std::thread::Builder::new().name(format!("can-{interface}")).spawn(move || reader.run()).map_err(fail)?;
        }
        Ok(Self { frames, incoming: sender, senders, adapter: None, overflow, ended })
    }

    /// Adds a diagnostic adapter behind the interfaces; answers what its task works with.
    pub fn add_adapter(&mut self) -> Ends {
        // One request waits while another is under way, so that no control unit ever has two of them.
        let (requests, asked) = mpsc::channel(1);
        let (told, status) = watch::channel(Status::default());
        self.adapter = Some(Adapter { requests, status });
        Ends { bus: self.senders.len() as u8, frames: self.incoming.clone(), requests: asked, status: told }
    }

    /// The voltage at the adapter's socket, in millivolts; `None` without an adapter that measures it.
    pub fn voltage_mv(&self) -> Option<u16> {
        self.adapter.as_ref().and_then(|adapter| adapter.status.borrow().voltage_mv)
    }

    /// Whether a request would find its way now.
    pub fn may_send(&self) -> bool {
        self.adapter.as_ref().is_none_or(|adapter| adapter.requests.capacity() > 0)
    }

    /// The next frame of any bus. Safe to cancel.
    pub async fn next(&mut self) -> Option<Frame> {
        self.frames.recv().await
    }

    /// The next frame if one waits already.
    pub fn try_next(&mut self) -> Option<Frame> {
        self.frames.try_recv().ok()
    }

    /// How many frames found no room, so far.
    pub fn overflow(&self) -> u64 {
        self.overflow.load(Ordering::Relaxed)
    }

    /// Puts a frame on its bus. A bus that does not take it now does not get it; the core asks again.
    pub fn send(&self, frame: &Frame) -> io::Result<()> {
        if let Some(adapter) = &self.adapter {
            // An adapter answers first frames by itself.
            if is_flow_control(frame) {
                return Ok(());
            }
            return adapter.requests.try_send(*frame).map_err(|_| io::ErrorKind::WouldBlock.into());
        }
        let Some(socket) = self.senders.get(usize::from(frame.bus)) else { return Ok(()) };
        match CanFrame::new(frame.id, frame.data()) {
            Some(classic) => socket.write_frame(&classic),
            None => Ok(()),
        }
    }
}

struct Reader {
    bus: u8,
    interface: String,
    socket: CanFdSocket,
    frames: mpsc::Sender<Frame>,
    overflow: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Reader {
    fn run(self) {
        let mut down = false;
        while !self.ended.load(Ordering::Relaxed) {
            match self.socket.read_frame() {
                Ok(frame) => {
                    down = false;
                    self.pass_on(&frame);
                }
                Err(error) if error.should_retry() => {}
                Err(error) => {
                    if !down {
                        tracing::warn!(interface = self.interface, %error, "CAN interface does not read, waiting for it");
                    }
                    down = true;
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    fn pass_on(&self, frame: &CanAnyFrame) {
        let frame = match frame {
            CanAnyFrame::Normal(frame) => Frame::new(self.bus, frame.id(), frame.data()),
            CanAnyFrame::Fd(frame) => Frame::new(self.bus, frame.id(), EmbeddedFrame::data(frame)),
            CanAnyFrame::Remote(_) | CanAnyFrame::Error(_) => None,
        };
        if let Some(frame) = frame
            && self.frames.try_send(frame).is_err()
        {
            self.overflow.fetch_add(1, Ordering::Relaxed);
        }
    }
}
