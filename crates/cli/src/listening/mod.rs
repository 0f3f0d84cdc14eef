//! A spoken conversation with the microphone and the loudspeaker of this machine.
//!
//! The callbacks of the devices fill and empty queues ([`streams`]). One thread does the rest, a hundred times a second: it takes
//! what was heard and what was played, removes the echo of the one from the other ([`ears`]), hands the frames to the
//! conversation, and gives what the conversation says to the loudspeaker ([`loudspeaker`]).

mod devices;
mod ears;
mod keys;
mod loudspeaker;
mod streams;
mod thinker;
mod transcript;

use std::{
    io::{self, IsTerminal},
    sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError},
    time::Duration,
};

use anyhow::bail;
use sottovoce_voice::conversation::{Driver, Event, Mode, Options, Output, Parts, Playback, User};

use crate::{console, interrupt};
use devices::{Chosen, Way};
use streams::Streams;
use transcript::Transcript;

pub use thinker::KeptThinker;

/// How long the thread waits for the conversation before it looks at the sound again.
const TICK: Duration = Duration::from_millis(10);

/// The devices of a conversation.
pub struct Devices {
    input: Chosen,
    output: Chosen,
}

impl Devices {
    /// The devices that `input` and `output` name, or the defaults of this machine.
    ///
    /// # Errors
    /// There are none.
    pub fn find(input: Option<&str>, output: Option<&str>) -> anyhow::Result<Self> {
        let host = cpal::default_host();
        let (input, output) = (Chosen::find(&host, Way::In, input)?, Chosen::find(&host, Way::Out, output)?);
        // What is of no use is told before models are loaded.
        input.config()?;
        output.config()?;
        Ok(Self { input, output })
    }

    /// Lists those that there are on stdout.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn list() -> anyhow::Result<()> {
        devices::list(&cpal::default_host())
    }
}

/// Talks until the user stops it.
///
/// # Errors
/// A device fails, or stdout is closed.
pub fn converse(parts: Parts, options: Options, devices: &Devices) -> anyhow::Result<()> {
    let rate = parts.synthesizer.sample_rate();
    let mut button = Button::new(options.mode);
    let (reports, outputs) = mpsc::channel();
    let driver = Driver::start(parts, options, move |_, output| _ = reports.send(output));
    let (mut streams, mut ears, mut loudspeaker) = Streams::start(&devices.input, &devices.output, rate)?;
    let how = match button.mode {
        Mode::HandsFree => "speak when you like; Enter ends what is being said",
        Mode::PushToTalk => "Enter begins your turn, and ends it",
    };
    let (input, output) = (&devices.input.name, &devices.output.name);
    console::note(format_args!("listening with '{input}' and '{output}': {how}; Ctrl-C leaves"));
    let mut transcript = Transcript::new();
    while interrupt::check().is_continue() && button.follow(&driver) {
        match outputs.recv_timeout(TICK) {
            Ok(Output::Playback(playback)) => loudspeaker.take(&playback),
            Ok(Output::Event(event)) => transcript.show(event)?,
            Ok(Output::Work(_)) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("the conversation broke off"),
        }
        let flows = ears.listen(|frame| driver.hear(frame));
        streams.check(flows)?;
        if let Some((answer, samples)) = loudspeaker.fill() {
            driver.played(answer, samples);
        }
    }
    loudspeaker.take(&Playback::Stop);
    // Cuts what is being said to what was heard of it.
    driver.user(User::Mute);
    drop(driver);
    for output in outputs.try_iter() {
        if let Output::Event(event @ Event::Answered { .. }) = output {
            transcript.show(event)?;
        }
    }
    transcript.end();
    streams.end();
    Ok(())
}

/// Enter: ends what is being said, or begins and ends a turn where speech alone does not.
struct Button {
    enters: Receiver<()>,
    mode: Mode,
    pressed: bool,
    /// Without stdin there is nothing more to do.
    needed: bool,
}

impl Button {
    fn new(mode: Mode) -> Self {
        let needed = mode == Mode::PushToTalk || io::stdin().is_terminal();
        Self { enters: keys::enters(), mode, pressed: false, needed }
    }

    /// Tells the conversation of what was pressed. Returns whether it goes on.
    fn follow(&mut self, driver: &Driver) -> bool {
        loop {
            match self.enters.try_recv() {
                Ok(()) => {
                    self.pressed = self.mode == Mode::PushToTalk && !self.pressed;
                    driver.user(match self.mode {
                        Mode::HandsFree => User::Tap,
                        Mode::PushToTalk if self.pressed => User::Press,
                        Mode::PushToTalk => User::Release,
                    });
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return !self.needed,
            }
        }
    }
}
