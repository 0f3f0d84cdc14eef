//! Sound between the devices and this program. The callbacks of the devices move samples to and from queues: they wait for
//! nothing and take no memory.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    time::{Duration, Instant},
};

use anyhow::bail;
use cpal::{
    BufferSize, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, StreamConfig, SupportedBufferSize,
    SupportedStreamConfig,
    traits::{DeviceTrait, StreamTrait},
};
use rtrb::{Producer, RingBuffer};

use super::{
    devices::{self, Chosen, Way},
    ears::{Ears, Tap},
    loudspeaker::{Loudspeaker, Outlet, loudspeaker},
};
use crate::console;

/// Seconds of sound that wait for this program before some is lost.
const PATIENCE: u32 = 2;
/// A device through which no sound goes for so long is gone, whatever it says.
const GONE: Duration = Duration::from_secs(10);

/// A microphone and a loudspeaker, which run as long as this lives.
pub struct Streams {
    troubles: Receiver<Trouble>,
    flow: [Flow; 2],
    /// Times that a device had to wait for this program, or could not go on for another reason.
    late: usize,
    _running: [Stream; 2],
}

/// Whether sound goes through a device.
struct Flow {
    way: Way,
    name: String,
    /// When it last did.
    last: Instant,
    /// What the device said last since then.
    error: Option<cpal::Error>,
}

/// Something happened to a device.
struct Trouble {
    way: Way,
    name: String,
    error: cpal::Error,
}

/// Calls a function for the type of a sample format, or says that there is none.
macro_rules! of_format {
    ($chosen:expr, $format:expr, $function:ident($($argument:expr),*)) => {
        match $format {
            SampleFormat::I8 => $function::<i8>($($argument),*),
            SampleFormat::I16 => $function::<i16>($($argument),*),
            SampleFormat::I32 => $function::<i32>($($argument),*),
            SampleFormat::U8 => $function::<u8>($($argument),*),
            SampleFormat::U16 => $function::<u16>($($argument),*),
            SampleFormat::U32 => $function::<u32>($($argument),*),
            SampleFormat::F32 => $function::<f32>($($argument),*),
            SampleFormat::F64 => $function::<f64>($($argument),*),
            format => bail!(
                "'{}' has samples of the format {format}; this program takes integers of 8, 16 and 32 bits and floats",
                $chosen.name
            ),
        }
    };
}

impl Streams {
    /// Starts both devices; answers have `rate` samples a second.
    ///
    /// # Errors
    /// A device cannot be used.
    pub fn start(input: &Chosen, output: &Chosen, rate: u32) -> anyhow::Result<(Self, Ears, Loudspeaker)> {
        let (sender, troubles) = mpsc::channel();
        let config = input.config()?;
        let (queue, heard) = RingBuffer::new((PATIENCE * config.sample_rate()) as usize);
        let capture = of_format!(input, config.sample_format(), capture(input, &config, queue, sender.clone()))?;
        let microphone = Tap::new(heard, config.sample_rate());

        let config = output.config()?;
        let (loudspeaker, outlet, echo) = loudspeaker(rate, config.sample_rate());
        let playback = of_format!(output, config.sample_format(), playback(output, &config, outlet, sender))?;
        let echo = Tap::new(echo, config.sample_rate());

        playback.play().map_err(|error| output.explain(&error))?;
        capture.play().map_err(|error| input.explain(&error))?;
        let flow = [(Way::In, input), (Way::Out, output)];
        let flow = flow.map(|(way, chosen)| Flow { way, name: chosen.name.clone(), last: Instant::now(), error: None });
        let streams = Self { troubles, flow, late: 0, _running: [capture, playback] };
        Ok((streams, Ears::new(microphone, echo), loudspeaker))
    }

    /// Says what happened to the devices, of which `flows` has whether sound came in, and went out, since the last time.
    ///
    /// # Errors
    /// One of them is of no use any more.
    pub fn check(&mut self, flows: [bool; 2]) -> anyhow::Result<()> {
        for Trouble { way, name, error } in self.troubles.try_iter() {
            match error.kind() {
                ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {
                    console::warn(format_args!("the {way} '{name}': {error}"));
                }
                ErrorKind::DeviceNotAvailable
                | ErrorKind::HostUnavailable
                | ErrorKind::PermissionDenied
                | ErrorKind::StreamInvalidated => return Err(devices::explain(way, &name, &error)),
                // It may pass: a device that gives sound again is of use.
                _ => {
                    self.late += 1;
                    let of_device = self.flow.iter_mut().filter(|flow| flow.way == way);
                    of_device.for_each(|flow| flow.error = Some(error.clone()));
                }
            }
        }
        for (flow, flows) in self.flow.iter_mut().zip(flows) {
            if flows {
                (flow.last, flow.error) = (Instant::now(), None);
            } else if flow.last.elapsed() > GONE {
                let error = flow.error.take().unwrap_or(ErrorKind::DeviceNotAvailable.into());
                return Err(devices::explain(flow.way, &flow.name, &error));
            }
        }
        Ok(())
    }

    /// Stops the devices, and says whether they had to wait.
    pub fn end(self) {
        if self.late > 0 {
            console::note(format_args!("sound was interrupted {} times: this machine may be too busy", self.late));
        }
    }
}

fn capture<T: SizedSample>(
    chosen: &Chosen,
    config: &SupportedStreamConfig,
    mut queue: Producer<f32>,
    troubles: Sender<Trouble>,
) -> anyhow::Result<Stream>
where
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels()).max(1);
    let hear = move |data: &[T], _: &cpal::InputCallbackInfo| {
        for frame in data.chunks_exact(channels) {
            let sum: f32 = frame.iter().map(|&sample| f32::from_sample(sample)).sum();
            // Where there is no room, nobody has listened for seconds.
            let _ = queue.push(sum / channels as f32);
        }
    };
    let stream =
        chosen.device.build_input_stream(in_short_pieces(config), hear, report(Way::In, chosen, troubles), None);
    stream.map_err(|error| chosen.explain(&error))
}

fn playback<T: SizedSample + FromSample<f32>>(
    chosen: &Chosen,
    config: &SupportedStreamConfig,
    mut outlet: Outlet,
    troubles: Sender<Trouble>,
) -> anyhow::Result<Stream> {
    let channels = usize::from(config.channels()).max(1);
    let say = move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
        let mut frames = data.chunks_exact_mut(channels);
        outlet.next(frames.len(), |sample| {
            if let Some(frame) = frames.next() {
                frame.fill(T::from_sample(sample));
            }
        });
    };
    let stream =
        chosen.device.build_output_stream(in_short_pieces(config), say, report(Way::Out, chosen, troubles), None);
    stream.map_err(|error| chosen.explain(&error))
}

/// The device's own configuration, with sound in pieces of 20 ms if it can: its defaults may be long enough to be waited for.
fn in_short_pieces(config: &SupportedStreamConfig) -> StreamConfig {
    let piece = config.sample_rate() / 50;
    let buffer_size = match config.buffer_size() {
        SupportedBufferSize::Range { min, max } if (*min..=*max).contains(&piece) => BufferSize::Fixed(piece),
        _ => BufferSize::Default,
    };
    StreamConfig { buffer_size, ..config.config() }
}

/// What a device calls when something happens to it.
fn report(way: Way, chosen: &Chosen, troubles: Sender<Trouble>) -> impl FnMut(cpal::Error) + Send + 'static {
    let name = chosen.name.clone();
    move |error| {
        // Nobody to tell is as good as told.
        let _ = troubles.send(Trouble { way, name: name.clone(), error });
    }
}
