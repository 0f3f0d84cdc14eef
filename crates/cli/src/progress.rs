//! Progress bars on stderr; silent when it is not a terminal.

use std::{ops::ControlFlow, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use sottovoce_hub::Event;

use crate::{console, interrupt};

/// A bar over bytes.
pub fn byte_bar(total: u64, message: String) -> ProgressBar {
    let template = "  {wide_bar:.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec} {eta}\n  {msg}";
    styled(ProgressBar::new(total), template).with_message(message)
}

/// A bar over the tokens of a text.
pub fn token_bar(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "  {wide_bar:.cyan/dim} {pos}/{len} tokens {eta} {msg}")
}

/// A bar over steps that take long each; the message says which is under way.
pub fn step_bar(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "  {wide_bar:.cyan/dim} {pos}/{len} {msg}")
}

/// A turning wheel for work of unknown length.
pub fn spinner(message: String) -> ProgressBar {
    let bar = styled(ProgressBar::new_spinner(), "  {spinner} {msg} {elapsed}").with_message(message);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The templates are constants of this file; one that does not parse would show in the first test run.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}

/// Shows what [`sottovoce_hub::Hub::pull`] does.
#[derive(Default)]
pub struct PullProgress {
    bar: Option<ProgressBar>,
    title: String,
    percent: u64,
    waiting: bool,
}

impl PullProgress {
    /// Takes note of an event; breaks when the user asked to stop.
    pub fn observe(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Waiting if !self.waiting => {
                self.waiting = true;
                console::note("waiting for another process that fetches the same model");
            }
            Event::Waiting => {}
            Event::Trying { file, source } => {
                self.title = format!("{} from {source}", file.name);
                console::note(format_args!("{} ({})", self.title, console::bytes(file.size)));
            }
            Event::Received { bytes, of } => {
                let bar = self.bar.take().filter(|bar| bar.length() == Some(of));
                let bar = bar.unwrap_or_else(|| byte_bar(of, self.title.clone()));
                bar.set_position(bytes);
                self.bar = Some(bar);
                let percent = 100 * bytes / of.max(1);
                if percent != self.percent {
                    self.percent = percent;
                    console::step(format_args!("{}: {percent} %", self.title));
                }
            }
            Event::Working => {
                self.bar.get_or_insert_with(|| spinner(self.title.clone()));
            }
            Event::Failed { source, error } => {
                self.clear();
                console::note(format_args!("  not available from {source}: {error}"));
            }
            Event::Ready { file, cached } => {
                self.clear();
                let how = if cached { "was in the cache" } else { "fetched" };
                console::note(format_args!("{} {how}, checksum verified", file.name));
            }
        }
        interrupt::check()
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
