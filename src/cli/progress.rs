//! A sign of life for work that lasts, on a terminal only.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

/// Work that is over sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A spinner on standard error from the first half second until it is dropped.
pub(super) struct Sign {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sign {
    /// Starts to wait, if somebody is watching.
    pub(super) fn of_life(wanted: bool) -> Self {
        let target = ProgressDrawTarget::stderr();
        if !wanted || target.is_hidden() {
            return Self { over: None, thread: None };
        }
        let (over, wait) = channel();
        let thread = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, target).with_message("auditing");
            bar.enable_steady_tick(Duration::from_millis(100));
            let _ = wait.recv();
            bar.finish_and_clear();
        });
        Self { over: Some(over), thread: Some(thread) }
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
