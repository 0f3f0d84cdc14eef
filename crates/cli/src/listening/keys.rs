//! The one key: Enter.

use std::{
    io::{self, BufRead},
    sync::mpsc::{self, Receiver},
    thread,
};

/// Lets know of every line of stdin; the channel closes with it. The thread ends with the process: nothing can wake it from
/// waiting for a key.
pub fn enters() -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if line.is_err() || sender.send(()).is_err() {
                break;
            }
        }
    });
    receiver
}
