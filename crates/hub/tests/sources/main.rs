//! Every kind of source, against servers on loopback.

mod download;
mod packages;
mod server;
