//! Where there is no memory the program ends at once: nothing unwinds, no value is
//! dropped, and nobody sees a table, block or queue that has grown in part. What is
//! refused for want of room needs no memory. Each case is a process of its own, whose
//! allocator fails from some call on.
#![cfg(all(unix, not(miri)))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

use static_ecs::prelude::*;

struct Failing;

thread_local! {
    /// How many more calls for memory succeed on this thread.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn fails() -> bool {
    let left = LEFT.try_with(|left| left.replace(left.get().saturating_sub(1)));
    left == Ok(0)
}

// SAFETY: hands on to the system's allocator what it does not refuse.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises are the system's demands.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if fails() {
            return std::ptr::null_mut();
        }
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Says when it is dropped, without any memory.
#[derive(Component)]
struct Loud(u32);

impl Drop for Loud {
    fn drop(&mut self) {
        if self.0 == 0 {
            say("DROPPED\n");
        }
    }
}

fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).expect("the parent reads it");
}

#[world_config(components(Loud), transfer_queue(capacity = 64, batch_size = 8, on_full = spill(64)))]
struct Base;
#[world_config(base = Base, source, routing(default_target = Through))]
struct Start;
#[world_config(base = Base, routing(default_target = End))]
struct Through;
#[world_config(base = Base, max_entities = 2)]
struct End;
coordinator!(type Three = (Start, Through, End));

/// Sends entities through all worlds; memory fails at the call with this number.
fn travel(left: usize) {
    LEFT.set(left);
    let mut three = Three::new();
    three.add_system::<Through, _>(
        |world: &mut World<Through>, commands: &mut Commands<Through>| {
            for (entity,) in world.query::<(Entity,)>() {
                commands.complete(entity).unwrap();
            }
        },
    );
    for _ in 0..40 {
        let world = three.world_mut::<Start>();
        let entity = world.spawn((Loud(0),)).unwrap_or_else(|_| panic!("there is room"));
        world.complete(entity).unwrap();
    }
    for _ in 0..4 {
        three.tick().unwrap();
    }
    LEFT.set(usize::MAX);
    say("ENDED\n");
}

/// What finds no room is handed back without any memory.
fn refuse() {
    let mut three = Three::new();
    let end = three.world_mut::<End>();
    for _ in 0..2 {
        end.spawn((Loud(1),)).unwrap_or_else(|_| panic!("there is room"));
    }
    LEFT.set(0);
    let refused = end.spawn((Loud(2),)).err();
    let back = refused.map(|refused| refused.into_inner().0.0);
    LEFT.set(usize::MAX);
    assert_eq!(back, Some(2));
    say("ENDED\n");
}

const CASE: &str = "STATIC_ECS_OUT_OF_MEMORY";

/// Runs this test binary's `child` with a case.
fn child_with(case: &str) -> Output {
    let program = std::env::current_exe().expect("a test is a program");
    Command::new(program)
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CASE, case)
        .output()
        .expect("it can be started")
}

/// No test by itself: what the others start.
#[test]
fn child() {
    match std::env::var(CASE).as_deref() {
        Ok("refuse") => refuse(),
        Ok(left) => travel(left.parse().expect("a number of calls")),
        Err(_) => {}
    }
}

#[test]
fn without_memory_the_program_ends_at_once() {
    let mut aborted = 0;
    for step in 0.. {
        // Each of the first calls, which make worlds and queues, then some of the rest.
        let left = if step < 20 { step } else { 20 + (step - 20) * 7 };
        let output = child_with(&left.to_string());
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("ENDED") {
            assert!(output.status.success(), "{text}");
            break;
        }
        // SIGABRT: no other signal, which would tell of memory that is broken.
        assert_eq!(output.status.signal(), Some(6), "call {left}: {:?}\n{text}", output.status);
        assert!(text.contains("memory allocation of"), "call {left}: {text}");
        assert!(!text.contains("DROPPED") && !text.contains("panicked"), "call {left}: {text}");
        aborted += 1;
    }
    assert!(aborted > 20, "only {aborted} calls for memory failed");
}

#[test]
fn what_is_refused_needs_no_memory() {
    let output = child_with("refuse");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("ENDED"), "{:?}\n{text}", output.status);
}
