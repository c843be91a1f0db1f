//! An app in a directory of its own, which `cargo` builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Outcome, Way};
use crate::case::{Built, Size};
use crate::machine;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// What an edit changes: the constant that says how often the system runs.
pub const EDITED: &str = "const STEPS: u32 = 1;";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Of everything, in release.
    Clean,
    /// Of the app as a whole, in debug.
    Whole,
    /// Of the app after an edit, in debug, incremental.
    Edit,
}

pub struct App {
    dir: PathBuf,
    target: PathBuf,
    source: String,
    how: Build,
    edits: u32,
    pub built: Built,
}

impl App {
    /// Writes it down, and builds what need not be measured.
    pub fn new(way: &Way, case: &str, size: Size, source: &str, how: Build) -> Outcome<Self> {
        let Size { entities, archetypes } = size;
        let side = format!("{}-{}", way.side, way.variant.replace(' ', "-"));
        // Apps of one side share what they depend on, where it is not built anew.
        let name = format!("{case}_{entities}_{archetypes}");
        let dir = root()?.join(&side).join(&name);
        let target = match how {
            Build::Clean => dir.join("target"),
            Build::Whole => root()?.join(&side).join("whole"),
            Build::Edit => root()?.join(&side).join("edit"),
        };
        fs::create_dir_all(dir.join("src"))?;
        let dependency = way
            .dependency
            .replace("{root}", Path::new(HERE).join("..").canonicalize()?.to_str().ok_or("path")?)
            .replace("{}", machine::locked(way.side).unwrap_or_default());
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependency}\n\n[workspace]\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest)?;
        // The versions of the benchmarks.
        fs::copy(Path::new(HERE).join("Cargo.lock"), dir.join("Cargo.lock"))?;
        fs::write(dir.join("src/main.rs"), source)?;
        let source = source.to_owned();
        let mut app = Self { dir, target, source, how, edits: 0, built: Built::default() };
        app.cargo("fetch", &[])?;
        if how != Build::Clean {
            app.cargo("build", &[])?;
        }
        let told = app.cargo("tree", &["--prefix=none", "--edges=normal,build"])?;
        let crates: std::collections::BTreeSet<_> =
            told.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        app.built.crates = crates.len() - 1;
        Ok(app)
    }

    /// One build, timed.
    pub fn build(&mut self) -> Outcome<Duration> {
        match self.how {
            Build::Clean if self.target.exists() => fs::remove_dir_all(&self.target)?,
            Build::Clean => {}
            Build::Whole => self.write(&self.source)?,
            Build::Edit => {
                self.edits += 1;
                // What it computes stays the same; what stands behind it is on other lines.
                let lines = "\n".repeat(self.edits as usize % 7);
                let edited = format!("const STEPS: u32 = 1 + 0 * {};{lines}", self.edits);
                self.write(&self.source.replace(EDITED, &edited))?;
            }
        }
        let begun = Instant::now();
        self.cargo("build", &[])?;
        let elapsed = begun.elapsed();
        self.built.program_kib = fs::metadata(self.program()?)?.len() as f64 / 1024.0;
        Ok(elapsed)
    }

    /// Runs what was built; what it says.
    pub fn run(&self) -> Outcome<String> {
        let output = Command::new(self.program()?).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("the app failed: {}", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn write(&self, source: &str) -> Outcome<()> {
        Ok(fs::write(self.dir.join("src/main.rs"), source)?)
    }

    fn program(&self) -> Outcome<PathBuf> {
        let profile = if self.how == Build::Clean { "release" } else { "debug" };
        let name = self.dir.file_name().ok_or("the app has a name")?;
        Ok(self.target.join(profile).join(name))
    }

    fn cargo(&self, what: &str, arguments: &[&str]) -> Outcome<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.arg(what).arg("--quiet").args(arguments).current_dir(&self.dir);
        command.env("CARGO_TARGET_DIR", &self.target);
        // As it is where nobody has set anything.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_DEV_DEBUG"] {
            command.env_remove(name);
        }
        command.env("CARGO_INCREMENTAL", if self.how == Build::Edit { "1" } else { "0" });
        if what == "build" {
            command.arg("--offline");
            if self.how == Build::Clean {
                command.arg("--release");
            }
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("cargo {what} failed in {}", self.dir.display()).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Where apps are written: beside this program.
fn root() -> Outcome<&'static Path> {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(root) = ROOT.get() {
        return Ok(root);
    }
    let program = std::env::current_exe()?;
    let root = program.parent().ok_or("this program is in a directory")?.join("compiled");
    Ok(ROOT.get_or_init(|| root))
}

/// Says where apps are.
pub fn prepare() -> Outcome<()> {
    println!("apps are written and built in {}\n", root()?.display());
    Ok(())
}
