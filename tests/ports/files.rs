//! Files: read and written where it is said, with the buffers handed back.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use static_ecs::Pace;

use crate::{Away, Told, each};

struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("static-ecs-{}-{name}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn files_are_written_and_read_at_offsets() {
    each(|backend| {
        let mut away = Away::start(backend);
        let path = Temporary::new(&format!("files-{backend}"));
        let mut options = File::options();
        let file =
            options.read(true).write(true).create(true).truncate(true).open(&path.0).unwrap();
        let file = Arc::new(file);
        for block in 0..100_u64 {
            let file = file.clone();
            away.with(move |port| {
                port.write_at(&file, block * 1000, vec![block as u8; 1000], block);
            });
        }
        let mut written = [false; 100];
        for _ in 0..100 {
            let Told::Written(key, result, buffer) = away.next() else { panic!("{backend}") };
            assert_eq!((result.unwrap(), buffer.len()), (1000, 1000));
            assert!(!std::mem::replace(&mut written[key as usize], true));
        }
        assert_eq!(fs::metadata(&path.0).unwrap().len(), 100_000);
        let reader = file.clone();
        away.with(move |port| {
            port.read_at(&reader, 41_500, vec![0; 1000], 1);
            port.read_at(&reader, 99_990, vec![0; 1000], 2);
            port.read_at(&reader, 100_000, vec![0; 10], 3);
        });
        for _ in 0..3 {
            let Told::Read(key, result, buffer) = away.next() else { panic!("{backend}") };
            match (key, result.unwrap()) {
                (1, 1000) => assert!(buffer[..500] == [41; 500] && buffer[500..] == [42; 500]),
                (2, 10) => assert!(buffer[..10] == [99; 10] && buffer.len() == 1000),
                (3, 0) => assert_eq!(buffer, [0; 10]),
                told => panic!("{backend}: {told:?}"),
            }
        }
        drop(away.stop());
        assert_eq!(Arc::strong_count(&file), 1, "{backend}: the file is still held");
    });
}

#[test]
fn what_a_file_refuses_is_told_and_the_buffer_comes_back() {
    each(|backend| {
        let mut away = Away::start(backend);
        let path = Temporary::new(&format!("refuses-{backend}"));
        fs::write(&path.0, "text").unwrap();
        let file = Arc::new(File::open(&path.0).unwrap());
        away.with(move |port| port.write_at(&file, 0, b"more".to_vec(), 9));
        let Told::Written(9, Err(error), buffer) = away.next() else { panic!("{backend}") };
        assert_eq!(buffer, b"more");
        assert_ne!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
    });
}

#[test]
fn no_offset_means_anything_but_itself() {
    each(|backend| {
        let mut away = Away::start(backend);
        let path = Temporary::new(&format!("offsets-{backend}"));
        fs::write(&path.0, "text").unwrap();
        let file = Arc::new(File::options().read(true).write(true).open(&path.0).unwrap());
        let same = file.clone();
        away.with(move |port| {
            port.read_at(&same, u64::MAX, vec![0; 4], 1);
            port.write_at(&same, u64::MAX, b"else".to_vec(), 2);
        });
        for _ in 0..2 {
            let (Told::Read(_, result, _) | Told::Written(_, result, _)) = away.next() else {
                panic!("{backend}")
            };
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidInput, "{backend}");
        }
        assert_eq!(fs::read(&path.0).unwrap(), b"text");
    });
}

/// Far more than are handed over at once, and than the kernel keeps the ends of without ado.
#[test]
fn any_number_can_be_asked_for_at_once() {
    each(|backend| {
        // With a thread that sleeps when there is nothing to do, and with one that never does.
        for pace in [Pace::OnDemand, Pace::Continuous] {
            read_often(Away::start_at(backend, pace));
        }
    });
}

fn read_often(mut away: Away) {
    const READS: usize = 10_000;
    let path = Temporary::new("many");
    fs::write(&path.0, "text").unwrap();
    let file = Arc::new(File::open(&path.0).unwrap());
    away.with(move |port| {
        (0..READS).for_each(|key| port.read_at(&file, 0, vec![0; 4], key as u64));
    });
    let mut read = vec![false; READS];
    for _ in 0..READS {
        let Told::Read(key, result, buffer) = away.next() else { panic!("nothing else is told") };
        assert_eq!((result.unwrap(), &buffer[..]), (4, &b"text"[..]));
        assert!(!std::mem::replace(&mut read[key as usize], true), "told twice");
    }
}
