//! How a thread waits for the operating system.

use std::fmt;
use std::io;
use std::str::FromStr;

use thiserror::Error;

use super::uring::{self, Ring};

/// How the drivers' threads wait for the operating system.
///
/// Written as `auto`, `uring` or `readiness`.
///
/// # Examples
/// ```
/// use static_ecs::driver::Backend;
///
/// let backend: Backend = "readiness".parse()?;
/// assert_eq!(backend, Backend::Readiness);
/// match Backend::uring_offered() {
///     Ok(()) => println!("this kernel offers io_uring"),
///     Err(why) => println!("sockets by readiness: {why}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// By io_uring where the kernel offers it, by readiness elsewhere. Worlds that are ticked by
    /// hand may be handed from thread to thread, which io_uring does not like: theirs is
    /// readiness.
    #[default]
    Auto,
    /// By io_uring, or not at all: Linux 6.1 and later.
    Uring,
    /// By readiness: epoll, kqueue or what the system has.
    Readiness,
}

impl Backend {
    /// Whether the kernel offers io_uring.
    ///
    /// # Errors
    /// What it says if it does not: too old, say, or forbidden in a container.
    pub fn uring_offered() -> io::Result<()> {
        Ring::new().map(drop).map_err(uring::explain)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Uring => "uring",
            Self::Readiness => "readiness",
        })
    }
}

/// A text that names no [`Backend`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no way to wait: write `auto`, `uring` or `readiness`")]
pub struct BackendError(String);

impl FromStr for Backend {
    type Err = BackendError;

    fn from_str(text: &str) -> Result<Self, BackendError> {
        match text {
            "auto" => Ok(Self::Auto),
            "uring" => Ok(Self::Uring),
            "readiness" => Ok(Self::Readiness),
            _ => Err(BackendError(text.to_owned())),
        }
    }
}
