//! Random sends and ticks, against a plain model: queues that lose nothing and keep
//! their order.

use std::collections::VecDeque;

use proptest::prelude::*;

use crate::*;

#[world_config(base = Base, source, routing(default_target = Cell))]
struct Cell;
coordinator!(type Cells = [Cell; 3]);

const CELLS: usize = 3;
/// The capacity of notes.
const ROOM: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Send(u16, u16),
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..CELLS as u16, 0..CELLS as u16).prop_map(|(from, to)| Step::Send(from, to)),
        1 => Just(Step::Tick),
    ];
    prop::collection::vec(step, 0..150)
}

/// What the coordinator does with notes, in the plainest way.
#[derive(Default)]
struct Model {
    /// By source and target: what waits to leave, and what is on its way.
    waiting: [[VecDeque<u32>; CELLS]; CELLS],
    under_way: [[VecDeque<u32>; CELLS]; CELLS],
    /// By world: the notes that are there, with the run in which they came.
    here: [Vec<(Note, u32)>; CELLS],
    seen: [Vec<Note>; CELLS],
    turn: [usize; CELLS],
    run: u32,
}

impl Model {
    fn send(&mut self, from: usize, to: usize, number: u32) -> bool {
        if from == to {
            return self.take_in(to, Note(from as u16, number));
        }
        let line = &mut self.waiting[from][to];
        let room = line.len() < ROOM;
        if room {
            line.push_back(number);
        }
        room
    }

    fn take_in(&mut self, world: usize, note: Note) -> bool {
        let room = self.here[world].len() < ROOM;
        if room {
            self.here[world].push((note, self.run));
        }
        room
    }

    fn tick(&mut self) {
        for world in 0..CELLS {
            let sources: Vec<usize> = (0..CELLS).filter(|&source| source != world).collect();
            let (first, mut next, mut full) = (self.turn[world], self.turn[world], false);
            for step in 0..sources.len() {
                let at = (first + step) % sources.len();
                while self.here[world].len() < ROOM
                    && let Some(number) = self.under_way[sources[at]][world].pop_front()
                {
                    self.take_in(world, Note(sources[at] as u16, number));
                    next = (at + 1) % sources.len();
                }
                full |= !self.under_way[sources[at]][world].is_empty();
            }
            self.turn[world] = if full { next } else { 0 };
            // The system reads all that it has not seen.
            let run = self.run;
            let notes = self.here[world].iter().map(|&(note, _)| note);
            let unseen = notes.filter(|note| !self.seen[world].contains(note));
            let unseen: Vec<Note> = unseen.collect();
            self.seen[world].extend(unseen);
            self.here[world].retain(|&(_, came)| came == run);
            for to in sources {
                while self.under_way[world][to].len() < ROOM
                    && let Some(number) = self.waiting[world][to].pop_front()
                {
                    self.under_way[world][to].push_back(number);
                }
            }
            // What is sent between ticks is of the next run.
            self.here[world].iter_mut().for_each(|(_, came)| *came = run);
        }
        self.run += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 200 },
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn events_between_worlds_are_as_their_model(steps in steps()) {
        let mut cells = Cells::new();
        for cell in 0..CELLS {
            let mut kept = Schedule::new();
            keep_notes(cells.world_at_mut::<Cell>(cell), &mut kept);
            *cells.schedule_at::<Cell>(cell) = kept;
        }
        cells.start().unwrap();
        let mut model = Model::default();
        for (number, step) in (0..).zip(&steps) {
            match *step {
                Step::Send(from, to) => {
                    let world = cells.world_at_mut::<Cell>(from as usize);
                    let sent = world.send_to(to, Note(from, number)).is_ok();
                    prop_assert_eq!(sent, model.send(from.into(), to.into(), number));
                }
                Step::Tick => {
                    cells.tick().unwrap();
                    model.tick();
                }
            }
            let conservation = cells.conservation();
            prop_assert!(conservation.holds());
            let on_the_way = model.waiting.iter().chain(&model.under_way).flatten();
            let on_the_way: usize = on_the_way.map(VecDeque::len).sum();
            prop_assert_eq!(conservation.events(), on_the_way as u64);
            for cell in 0..CELLS {
                let world = cells.world_at::<Cell>(cell);
                prop_assert_eq!(seen(world), &model.seen[cell]);
                let here: Vec<Note> = world.events::<Note>().iter().copied().collect();
                let expected: Vec<Note> = model.here[cell].iter().map(|here| here.0).collect();
                prop_assert_eq!(here, expected);
            }
        }
        // All that was sent is read in the end, once.
        prop_assert!(cells.drain(1000).unwrap());
        for cell in 0..CELLS {
            let notes = seen(cells.world_at::<Cell>(cell));
            for source in 0..CELLS as u16 {
                let mut numbers = notes.iter().filter(|note| note.0 == source).map(|note| note.1);
                prop_assert!(numbers.by_ref().is_sorted_by(|one, next| one < next));
            }
        }
        prop_assert_eq!(cells.conservation().events(), 0);
    }
}
