//! Where there is no io_uring.

use std::fs::File;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::News;
use super::completion::{SendErrorKind, Sending, Socket, Told};
use super::readiness::Poller;

pub(crate) enum Ring {}
pub(crate) enum Done {}

/// Says what to do.
pub(super) fn explain(error: io::Error) -> io::Error {
    error
}

impl Ring {
    pub(super) fn new() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "io_uring is on Linux only"))
    }

    pub(super) fn enable(&mut self) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn poller(&self) -> &Poller {
        match *self {}
    }

    pub(super) fn interrupt(&self) -> Arc<dyn Fn() + Send + Sync> {
        match *self {}
    }

    pub(super) fn wait(
        &mut self,
        _: Option<Duration>,
        _: &mut dyn FnMut(usize, News),
    ) -> io::Result<()> {
        match *self {}
    }
}

/// Never used: there is no ring that these would need.
pub(super) struct Sockets;

impl Sockets {
    pub(super) fn new(_: usize) -> Self {
        Self
    }

    pub(super) fn on_done(&mut self, done: Done) {
        match done {}
    }

    pub(super) fn has_news(&self) -> bool {
        false
    }

    pub(super) fn close_all(&mut self, ring: &mut Ring) {
        match *ring {}
    }

    pub(super) fn listen(&mut self, ring: &mut Ring, _: TcpListener, _: u64) -> io::Result<Socket> {
        match *ring {}
    }

    pub(super) fn open(&mut self, ring: &mut Ring, _: TcpStream, _: u64) -> io::Result<Socket> {
        match *ring {}
    }

    pub(super) fn set_paused(&mut self, ring: &mut Ring, _: Socket, _: bool) {
        match *ring {}
    }

    pub(super) fn send(
        &mut self,
        ring: &mut Ring,
        _: Socket,
        _: Vec<u8>,
    ) -> Result<Sending, (Vec<u8>, SendErrorKind)> {
        match *ring {}
    }

    pub(super) fn shutdown(&mut self, _: Socket) {}

    pub(super) fn close(&mut self, ring: &mut Ring, _: Socket) {
        match *ring {}
    }

    pub(super) fn read_at(&mut self, ring: &mut Ring, _: u64, _: Arc<File>, _: u64, _: Vec<u8>) {
        match *ring {}
    }

    pub(super) fn write_at(&mut self, ring: &mut Ring, _: u64, _: Arc<File>, _: u64, _: Vec<u8>) {
        match *ring {}
    }

    pub(super) fn bytes<'a>(&'a self, ring: &'a Ring) -> &'a [u8] {
        match *ring {}
    }

    pub(super) fn told(&mut self, ring: &mut Ring) -> Option<Told> {
        match *ring {}
    }
}
