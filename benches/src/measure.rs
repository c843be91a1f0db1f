//! Sides are measured in turn, so that what the machine does meanwhile hits all
//! of them.

use std::time::{Duration, Instant};

use crate::case::{Bench, Built, Digest, Entry, Size};
use crate::record::Served;
use crate::{memory, order};

/// How long a sample should last.
const SAMPLE: Duration = Duration::from_millis(1);
/// A round that lasts longer than this leaves out slow sides most times.
const ROUND: Duration = Duration::from_secs(2);
/// What slow is: a sample longer than this.
const SLOW: Duration = Duration::from_millis(500);
/// So many of the fastest peers never sit out a round, as ours and the reference
/// never do: the best of them is what ours is held against.
const STEADY_PEERS: usize = 2;
/// Rounds that every side takes part in: what a 95 % interval needs at least.
const LEAST: u32 = 6;
/// Before a sample of a run shorter than this there is one that doesn't count,
/// since the other sides have had the caches and the free memory meanwhile.
const WARM: Duration = Duration::from_millis(250);
/// A sample has no more runs than this, even of something that takes no time.
const MOST_REPEATS: u32 = 1 << 20;

/// A side's way of doing a case.
pub struct Contender {
    pub side: &'static str,
    /// Neither ours nor the reference.
    pub peer: bool,
    pub entry: Entry,
}

/// What was measured of a contender.
pub struct Measured {
    /// How often the timed region ran in each sample.
    pub repeats: u32,
    /// Nanoseconds for one run of the timed region, by round.
    pub samples: Vec<Option<f64>>,
    /// Of web servers, what they did in each sample.
    pub served: Vec<Served>,
    /// What a compiler has made.
    pub built: Option<Built>,
}

/// What each contender has computed after one run, and whether that is what the
/// first one has.
pub fn check(contenders: &[Contender], size: Size) -> Vec<(Digest, bool)> {
    let digests = contenders.iter().map(|contender| {
        let mut bench = (contender.entry.make)(size);
        bench.run(1);
        bench.digest()
    });
    let digests: Vec<_> = digests.collect();
    digests.iter().map(|&digest| (digest, digest == digests[0])).collect()
}

/// One contender, set up.
struct Racer {
    bench: Box<dyn Bench>,
    repeats: u32,
    /// How long one run takes, roughly.
    once: Duration,
    /// How long a sample takes with all that belongs to it.
    whole: Duration,
    samples: Vec<Option<f64>>,
    served: Vec<Served>,
}

impl Racer {
    fn new(contender: &Contender, size: Size) -> Self {
        let mut bench = (contender.entry.make)(size);
        let start = Instant::now();
        let once = bench.run(1);
        if once >= WARM {
            // That it was the first does not matter then, and a second takes long.
            let whole = start.elapsed();
            return Self::ready(bench, 1, once, whole);
        }
        let mut repeats = 1;
        loop {
            let start = Instant::now();
            let elapsed = bench.run(repeats);
            let once = elapsed / repeats;
            if elapsed >= SAMPLE / 2 || repeats >= MOST_REPEATS {
                let fit = SAMPLE.as_nanos() / once.as_nanos().max(1);
                let repeats = fit.clamp(1, u128::from(MOST_REPEATS)) as u32;
                return Self::ready(bench, repeats, once, start.elapsed());
            }
            repeats *= 2;
        }
    }

    fn ready(bench: Box<dyn Bench>, repeats: u32, once: Duration, whole: Duration) -> Self {
        Self { bench, repeats, once, whole, samples: Vec::new(), served: Vec::new() }
    }

    fn sample(&mut self, fresh: Option<fn()>) {
        if let Some(give_back) = fresh {
            give_back();
            memory::give_back();
        } else if self.once < WARM {
            self.bench.run(1);
        }
        let elapsed = self.bench.run(self.repeats);
        let nanos = elapsed.as_nanos() as f64 / f64::from(self.repeats);
        // Further digits are noise, and make the record long.
        self.samples.push(Some((nanos * 100.0).round() / 100.0));
        self.served.extend(self.bench.served());
    }
}

/// Measures all contenders in each of `rounds` rounds, in another order each
/// time; if `fresh`, with memory from the system, after that call has made the
/// sides free what they keep. Tells `progress` whose turn it is, in which round.
pub fn measure(
    contenders: &[Contender],
    size: Size,
    fresh: Option<fn()>,
    rounds: u32,
    mut progress: impl FnMut(&Contender, u32),
) -> Vec<Measured> {
    let mut racers: Vec<_> = contenders
        .iter()
        .map(|contender| {
            progress(contender, 0);
            Racer::new(contender, size)
        })
        .collect();
    let slow_rounds = slow_rounds(&racers, rounds);
    let steady = steady(contenders, &racers);
    for round in 0..rounds {
        for place in order::shuffle(racers.len(), u64::from(round)) {
            let racer = &mut racers[place];
            // Spread over the whole time: in those where the product passes a multiple.
            let slow_turn = (round * slow_rounds) % rounds < slow_rounds;
            if racer.whole > SLOW && !steady[place] && !slow_turn {
                racer.samples.push(None);
                continue;
            }
            progress(&contenders[place], round + 1);
            racer.sample(fresh);
        }
    }
    let measured = |racer: Racer| {
        let built = racer.bench.built();
        let Racer { repeats, samples, served, .. } = racer;
        Measured { repeats, samples, served, built }
    };
    racers.into_iter().map(measured).collect()
}

/// Which contenders take part in every round, however slow they are.
fn steady(contenders: &[Contender], racers: &[Racer]) -> Vec<bool> {
    let mut steady: Vec<_> = contenders.iter().map(|contender| !contender.peer).collect();
    let mut peers: Vec<_> = (0..racers.len()).filter(|&place| contenders[place].peer).collect();
    peers.sort_by_key(|&place| racers[place].once);
    for &place in peers.iter().take(STEADY_PEERS) {
        steady[place] = true;
    }
    steady
}

/// In how many rounds slow contenders take part.
fn slow_rounds(racers: &[Racer], rounds: u32) -> u32 {
    let round: Duration = racers.iter().map(|racer| racer.whole).sum();
    if round <= ROUND {
        return rounds;
    }
    let share = ROUND.as_secs_f64() / round.as_secs_f64();
    ((f64::from(rounds) * share) as u32).clamp(LEAST.min(rounds), rounds)
}
