//! What people see: answers go to stdout, everything else to stderr; colours only on a terminal.

use std::{cell::OnceCell, io::Write, sync::OnceLock, time::Duration};

use anstyle::{AnsiColor, Style};

/// Headings and names.
pub const BOLD: Style = Style::new().bold();
/// Less important text.
pub const DIM: Style = Style::new().dimmed();
/// Good news.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// What needs attention.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Failures.
pub const RED: Style = AnsiColor::Red.on_default().bold();

/// What is said on stderr, for others who want to know.
pub enum Said<'a> {
    /// What is going on.
    Note(&'a str),
    /// What did not go as planned.
    Warning(&'a str),
}

type Listener = Box<dyn Fn(Said<'_>) + Send + Sync>;

static LISTENER: OnceLock<Listener> = OnceLock::new();

thread_local! {
    static OF_THREAD: OnceCell<Listener> = const { OnceCell::new() };
}

/// Lets `listener` know of every note and warning from now on. There is one for a process: the page of its server.
pub fn listen(listener: impl Fn(Said<'_>) + Send + Sync + 'static) {
    // A second one would be a mistake of this program that changes no more than what a page shows.
    drop(LISTENER.set(Box::new(listener)));
}

/// Lets `listener`, in place of the process's, know of what this thread says.
pub fn listen_to_this_thread(listener: impl Fn(Said<'_>) + Send + Sync + 'static) {
    // As above.
    drop(OF_THREAD.with(|own| own.set(Box::new(listener))));
}

fn tell(said: Said<'_>) {
    OF_THREAD.with(|own| {
        if let Some(listener) = own.get().or_else(|| LISTENER.get()) {
            listener(said);
        }
    });
}

/// A line about what is going on, on stderr.
pub fn note(text: impl std::fmt::Display) {
    anstream::eprintln!("{DIM}{text}{DIM:#}");
    step(text);
}

/// What is going on where stderr has a progress bar: for the listener alone.
pub fn step(text: impl std::fmt::Display) {
    tell(Said::Note(&text.to_string()));
}

/// A line about something that did not go as planned, on stderr.
pub fn warn(text: impl std::fmt::Display) {
    anstream::eprintln!("{YELLOW}warning:{YELLOW:#} {text}");
    tell(Said::Warning(&text.to_string()));
}

/// An error with its causes, on stderr.
pub fn error(error: &anyhow::Error) {
    anstream::eprintln!("{RED}error:{RED:#} {error}");
    let mut shown = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Errors that quote their source in their own message need no second line.
        if !shown.contains(&cause) {
            anstream::eprintln!("  {DIM}because{DIM:#} {cause}");
        }
        shown = cause;
    }
}

/// Standard output; colours are removed unless it is a terminal. Write errors are returned, not panics as with `println!`.
pub fn stdout() -> impl Write {
    anstream::stdout()
}

/// A size in the unit that suits it, powers of ten.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

/// A number with thousands separated.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in milliseconds or seconds.
pub fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 98_362_432, 5_000_000_000].map(bytes), ["0 B", "999 B", "98.4 MB", "5.00 GB"]);
        assert_eq!([0, 999, 1_000, 134_515_008].map(grouped), ["0", "999", "1,000", "134,515,008"]);
        assert_eq!(duration(Duration::from_millis(41)), "41 ms");
        assert_eq!(duration(Duration::from_millis(1_250)), "1.2 s");
    }
}
