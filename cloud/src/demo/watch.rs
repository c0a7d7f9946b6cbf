//! What is seen while the cars drive: two latencies and a line of progress.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fleet::{Event, Fleet};
use super::latency::{Percentiles, Spans};
use super::owners::Step;
use super::report::Report;
use super::stage::Stage;

/// The observer.
#[derive(Debug)]
pub(super) struct Watch {
    steps: mpsc::Receiver<Step>,
    car_to_account: Spans,
    account_to_car: Spans,
    raised: u64,
    shown: u64,
    answered: u64,
    speed: f64,
    is_terminal: bool,
}

impl Watch {
    /// Begins to watch the owners' steps.
    pub(super) fn new(stage: &Stage, steps: mpsc::Receiver<Step>) -> Self {
        Self {
            steps,
            car_to_account: Spans::default(),
            account_to_car: Spans::default(),
            raised: 0,
            shown: 0,
            answered: 0,
            speed: stage.speed,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Waits until every owner has the account open; one who cannot is told of and not waited for.
    pub(super) async fn gather(&mut self, people: &mut JoinSet<()>) {
        let mut expected = people.len();
        while expected > 0 {
            tokio::select! {
                Some(step) = self.steps.recv() => {
                    expected -= usize::from(matches!(step, Step::Entered));
                    self.step(step);
                }
                Some(_) = people.join_next() => expected -= 1,
            }
        }
    }

    /// Follows the fleet until it ends; a wish to stop is passed on to it.
    pub(super) async fn follow(&mut self, fleet: &mut Fleet, stop: &CancellationToken) -> Result<()> {
        let mut told = false;
        loop {
            tokio::select! {
                event = fleet.event() => match event? {
                    Some(event) => self.event(event)?,
                    None => return Ok(()),
                },
                Some(step) = self.steps.recv() => self.step(step),
                () = stop.cancelled(), if !told => {
                    told = true;
                    fleet.stop()?;
                }
            }
        }
    }

    /// From the threshold crossing in the car to the account.
    pub(super) fn car_to_account(&self) -> Percentiles {
        self.car_to_account.percentiles()
    }

    /// From an answer in the account back to the car.
    pub(super) fn account_to_car(&self) -> Percentiles {
        self.account_to_car.percentiles()
    }

    /// Sums up in one line.
    pub(super) fn end(&self, report: &Report) -> Result<()> {
        let (records, notices) = (&report.records, &report.notices);
        if self.is_terminal {
            writeln!(std::io::stderr().lock())?;
        }
        writeln!(
            std::io::stdout().lock(),
            "{} records created, {} committed, {} lost; {} notices raised, {} shown in a car, {} answered",
            records.created,
            records.committed,
            records.lost,
            notices.raised,
            notices.shown_in_car,
            notices.answered,
        )?;
        Ok(())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Entered => {}
            Step::Seen { notice, at_us } => self.car_to_account.close(notice, at_us),
            Step::Answered { notice, at_us } => {
                self.answered += 1;
                self.account_to_car.open(notice, at_us);
            }
        }
    }

    fn event(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Raised { vehicle, notice, at_us } => {
                self.raised += 1;
                self.car_to_account.open((vehicle, notice), at_us);
            }
            Event::Shown {} => self.shown += 1,
            Event::Answered { vehicle, notice } => {
                self.answered += 1;
                self.account_to_car.forget((vehicle, notice));
            }
            Event::Updated { vehicle, notice, at_us } => self.account_to_car.close((vehicle, notice), at_us),
            Event::Progress { records_created, records_waiting, virtual_ms } => {
                self.progress(records_created, records_waiting, virtual_ms)?;
            }
        }
        Ok(())
    }

    /// A line that overwrites itself; a pipe gets none.
    fn progress(&self, created: u64, waiting: u64, virtual_ms: u64) -> Result<()> {
        if !self.is_terminal {
            return Ok(());
        }
        let date = Timestamp::from_millisecond(i64::try_from(virtual_ms)?)?.strftime("%-d %B %Y").to_string();
        let mut err = std::io::stderr().lock();
        write!(
            err,
            "\r\x1b[K{date} at {:.0}x: {created} records, {waiting} on their way; {} raised, {} shown, {} answered",
            self.speed, self.raised, self.shown, self.answered,
        )?;
        err.flush()?;
        Ok(())
    }
}
