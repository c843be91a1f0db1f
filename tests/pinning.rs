//! Threads of worlds stay on the cores that they were given.

use std::sync::{Arc, Mutex};

use static_ecs::prelude::*;
use static_ecs::{Pace, RunErrorKind};

#[derive(Component)]
struct Job;

#[world_config(components(Job))]
struct Cell;
coordinator!(type Cells = [Cell; 3]);

/// The cores that this thread may run on, as the operating system says.
#[cfg(target_os = "linux")]
fn cores() -> String {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}

/// The first core that this process may use.
#[cfg(target_os = "linux")]
fn first() -> usize {
    cores().split([',', '-']).next().unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn each_thread_is_on_its_core_in_any_mode() {
    let core = first();
    for lock_step in [false, true] {
        let mut cells = Cells::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for cell in 0..3 {
            let seen = seen.clone();
            cells.schedule_at::<Cell>(cell).add(move |world: &mut World<Cell>| {
                seen.lock().unwrap().push((world.id().unwrap(), cores()));
            });
        }
        cells.set_pace::<Cell>(Pace::Continuous);
        // Around: there are more threads than cores.
        cells.pin([core]);
        let mut cells = if lock_step {
            cells.run_ticks(Placement::PerWorld, 3).unwrap().into_result().unwrap()
        } else {
            let running = cells.run(Placement::PerWorld).unwrap();
            while running.stats().worlds.iter().any(|world| world.counts.ticks < 3) {
                std::thread::yield_now();
            }
            running.stop().into_result().unwrap()
        };
        assert!(cells.problems().is_empty());
        let seen = seen.lock().unwrap();
        assert!((0..3).all(|cell| seen.iter().any(|(world, _)| *world == cell)));
        assert!(seen.iter().all(|(_, cores)| *cores == core.to_string()), "{seen:?}");
    }
    // Who asked is where it was.
    assert_eq!(first(), core);
}

#[test]
fn a_core_that_there_is_not_is_refused_and_nothing_is_lost() {
    let mut cells = Cells::new();
    cells.world_mut::<Cell>().spawn(Job).unwrap();
    cells.pin([usize::MAX]);
    let error = cells.run(Placement::PerWorld).unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Core(usize::MAX)));
    let mut cells = error.into_inner();
    assert_eq!(cells.world::<Cell>().len(), 1);
    // Not any more.
    cells.pin([]);
    assert!(cells.run(Placement::Single).unwrap().stop().failures.is_empty());
}
