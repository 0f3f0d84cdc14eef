//! The microphones and loudspeakers of this machine.

use std::{fmt, io::Write};

use anyhow::{anyhow, bail};
use cpal::{
    Device, ErrorKind, Host, SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait},
};

use crate::console::{self, BOLD};

/// Which way sound goes through a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Into the machine.
    In,
    /// Out of it.
    Out,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "microphone",
            Self::Out => "loudspeaker",
        })
    }
}

impl Way {
    /// The option that chooses such a device.
    fn option(self) -> &'static str {
        match self {
            Self::In => "--input",
            Self::Out => "--output",
        }
    }

    fn default(self, host: &Host) -> Option<Device> {
        match self {
            Self::In => host.default_input_device(),
            Self::Out => host.default_output_device(),
        }
    }

    fn all(self, host: &Host) -> Result<Vec<Device>, cpal::Error> {
        Ok(match self {
            Self::In => host.input_devices()?.collect(),
            Self::Out => host.output_devices()?.collect(),
        })
    }
}

/// A device that was chosen.
pub struct Chosen {
    /// The device.
    pub device: Device,
    /// What people know it as.
    pub name: String,
    way: Way,
}

impl Chosen {
    /// The device that `wanted` names by its id or its name, or the machine's default.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(host: &Host, way: Way, wanted: Option<&str>) -> anyhow::Result<Self> {
        let Some(wanted) = wanted else {
            let device = way.default(host).ok_or_else(|| {
                anyhow!("this machine has no {way}: connect one, or name a device with {}", way.option())
            })?;
            return Ok(Self { name: name_of(&device), device, way });
        };
        let devices = way.all(host).map_err(|error| anyhow!("the {way}s of this machine cannot be listed: {error}"))?;
        let mut found: Vec<Device> = devices.into_iter().filter(|device| is_called(device, wanted)).collect();
        match (found.pop(), found.len()) {
            (Some(device), 0) => Ok(Self { name: name_of(&device), device, way }),
            (Some(_), _) => bail!("more than one {way} is called '{wanted}': name it by its id, which {LIST} shows"),
            (None, _) => bail!("there is no {way} '{wanted}'; {LIST} shows those that there are"),
        }
    }

    /// How the device works best.
    ///
    /// # Errors
    /// It is gone, or of no use.
    pub fn config(&self) -> anyhow::Result<SupportedStreamConfig> {
        let config = match self.way {
            Way::In => self.device.default_input_config(),
            Way::Out => self.device.default_output_config(),
        };
        config.map_err(|error| self.explain(&error))
    }

    /// An error of the device, with its name and what can be done.
    pub fn explain(&self, error: &cpal::Error) -> anyhow::Error {
        explain(self.way, &self.name, error)
    }
}

const LIST: &str = "`sottovoce listen --list-devices`";

/// An error of a device, with its name and what can be done.
pub fn explain(way: Way, name: &str, error: &cpal::Error) -> anyhow::Error {
    let remedy = match error.kind() {
        ErrorKind::DeviceBusy => "close the program that uses it",
        ErrorKind::PermissionDenied => "allow this program to use it (on Linux, by joining the group `audio`)",
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => "connect it again",
        _ => "see that it works with other programs",
    };
    let (option, error) = (way.option(), error.to_string());
    let error = error.trim_end_matches('.');
    anyhow!("the {way} '{name}' cannot be used: {error}; {remedy}, or choose another with {option} ({LIST} shows them)")
}

/// Lists the devices on stdout, with the ids that `--input` and `--output` take.
///
/// # Errors
/// They cannot be listed, or stdout is closed.
pub fn list(host: &Host) -> anyhow::Result<()> {
    let mut out = console::stdout();
    for way in [Way::In, Way::Out] {
        let devices = way.all(host).map_err(|error| anyhow!("the {way}s of this machine cannot be listed: {error}"))?;
        writeln!(out, "{BOLD}{way}s{BOLD:#} ({})", way.option())?;
        for device in &devices {
            let id = device.id().map_or_else(|_| "without an id".to_owned(), |id| id.to_string());
            writeln!(out, "  {id:<40} {}", name_of(device))?;
        }
        if devices.is_empty() {
            writeln!(out, "  none")?;
        }
    }
    Ok(())
}

fn name_of(device: &Device) -> String {
    device.description().map_or_else(|_| "unknown".to_owned(), |description| description.name().to_owned())
}

fn is_called(device: &Device, wanted: &str) -> bool {
    let has_id = device.id().is_ok_and(|id| id.id() == wanted || id.to_string() == wanted);
    has_id || name_of(device).eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_device_and_says_what_to_do() {
        let error = explain(Way::In, "Desk", &ErrorKind::DeviceBusy.into()).to_string();
        assert!(error.starts_with("the microphone 'Desk' cannot be used: "), "{error}");
        assert!(error.contains("close the program that uses it, or choose another with --input ("), "{error}");
        let error = explain(Way::Out, "Hall", &cpal::Error::with_message(ErrorKind::Other, "it burns")).to_string();
        assert!(error.contains("'Hall' cannot be used: it burns; see that it works with other programs"), "{error}");
    }
}
