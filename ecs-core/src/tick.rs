//! Moments of a world, by which changes are told from those before.

/// A moment of a world, to ask later what has changed since:
/// [`World::since`](crate::world::World::since). The default is before everything.
///
/// A tick in this sense is not one of a schedule: it ends with each system that runs, and
/// where [`World::advance`](crate::world::World::advance) is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub(crate) u64);

/// A stamp is the low half of a tick. One that is older than this is set to this age.
const MAX_AGE: u32 = 1 << 31;
/// How often stamps are looked at for their age, in ticks: with [`MAX_AGE`], none wraps
/// around before.
const LOOKED_AT: u64 = 1 << 30;

/// Which tick a query stamps what it changes with, and which stamps are news to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ticks {
    now: u32,
    newest: u32,
    /// Those of the newest that are news, so many.
    span: u32,
}

impl Ticks {
    /// `newest` is the last tick whose changes are seen, `since` the last whose are not.
    fn new(now: u64, newest: u64, since: u64) -> Self {
        let span = newest.saturating_sub(since).min(u64::from(MAX_AGE - 1));
        Self { now: now as u32, newest: newest as u32, span: span as u32 }
    }

    /// The stamp of what changes now.
    #[inline(always)]
    pub(crate) fn now(self) -> u32 {
        self.now
    }

    /// Whether the stamp is news.
    #[inline(always)]
    pub(crate) fn sees(self, stamp: u32) -> bool {
        self.newest.wrapping_sub(stamp) < self.span
    }

    /// A stamp that is no news to anybody.
    #[inline(always)]
    pub(crate) fn long_ago(self) -> u32 {
        self.now.wrapping_sub(MAX_AGE)
    }

    /// The stamp, or that of the greatest age.
    #[inline(always)]
    pub(crate) fn clamped(self, stamp: u32) -> u32 {
        if self.now.wrapping_sub(stamp) > MAX_AGE { self.long_ago() } else { stamp }
    }
}

/// Which 64 rows have stamps that are news: bit `n` for the `n`-th.
#[inline]
pub(crate) fn seen_of_word(ticks: Ticks, stamps: &[u32; 64]) -> u64 {
    // In bytes first: so the comparisons are vector instructions.
    let mut seen = [0_u8; 64];
    for (seen, &stamp) in seen.iter_mut().zip(stamps) {
        *seen = u8::from(ticks.sees(stamp));
    }
    let mut bits = 0;
    for (n, eight) in seen.as_chunks::<8>().0.iter().enumerate() {
        // The eight lowest bits of the bytes, gathered in the highest byte of a product.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * n);
    }
    bits
}

/// The present tick of a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    now: u64,
    since: u64,
    /// Whether changes of the present tick are one's own.
    own: bool,
    ticks: Ticks,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self::at(1)
    }

    pub(crate) fn at(now: u64) -> Self {
        Self { now, since: 0, own: false, ticks: Ticks::new(now, now, 0) }
    }

    #[inline(always)]
    pub(crate) fn ticks(&self) -> Ticks {
        self.ticks
    }

    #[inline(always)]
    pub(crate) fn now(&self) -> Tick {
        Tick(self.now)
    }

    /// Begins a tick. Answers whether stamps are to be clamped.
    pub(crate) fn advance(&mut self) -> bool {
        self.now += 1;
        self.set(self.since, self.own);
        self.now.is_multiple_of(LOOKED_AT)
    }

    fn set(&mut self, since: u64, own: bool) {
        (self.since, self.own) = (since, own);
        self.ticks = Ticks::new(self.now, self.now - u64::from(own), since);
    }

    /// Changes after `seen` and before the present tick are news from now on. Answers what
    /// was before, for [`go_back`](Self::go_back).
    pub(crate) fn look_since(&mut self, seen: Tick) -> Outer {
        let outer = Outer { since: self.since, own: self.own };
        self.set(self.known(seen), true);
        outer
    }

    pub(crate) fn go_back(&mut self, outer: Outer) {
        self.set(outer.since, outer.own);
    }

    /// As [`look_since`](Self::look_since), for one who does not have all of the world.
    pub(crate) fn ticks_since(&self, seen: Tick) -> Ticks {
        Ticks::new(self.now, self.now - 1, self.known(seen))
    }

    /// A tick that is still to come is another world's: of this one, nothing was seen.
    fn known(&self, seen: Tick) -> u64 {
        if seen.0 > self.now { 0 } else { seen.0 }
    }
}

/// What was news before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    since: u64,
    own: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_news_after_the_last_look_and_before_now() {
        for start in [1, 1 << 31, (1 << 32) - 3, 1 << 33] {
            let mut clock = Clock::at(start);
            let mine = clock.ticks().now();
            assert!(clock.ticks().sees(mine));
            clock.advance();
            let seen = clock.now();
            let at_seen = clock.ticks().now();
            clock.advance();
            let later = clock.ticks().now();
            clock.advance();
            let outer = clock.look_since(seen);
            let own = clock.ticks().now();
            let sees = |stamp| clock.ticks().sees(stamp);
            assert_eq!([mine, at_seen, later, own].map(sees), [false, false, true, false]);
            let ticks = clock.ticks_since(seen);
            assert_eq!(
                [mine, at_seen, later, own].map(|stamp| ticks.sees(stamp)),
                [false, false, true, false]
            );
            assert!(!ticks.sees(ticks.long_ago()));
            clock.go_back(outer);
            assert!(clock.ticks().sees(own) && clock.ticks().sees(later));
        }
    }

    #[test]
    fn old_stamps_stay_old() {
        let mut clock = Clock::at(10);
        let mut stamp = clock.ticks().now();
        for _ in 0..20 {
            let next = (clock.now().0 / LOOKED_AT + 1) * LOOKED_AT;
            clock = Clock::at(next - 1);
            let seen = clock.now();
            assert!(clock.advance());
            stamp = clock.ticks().clamped(stamp);
            clock.advance();
            clock.look_since(seen);
            assert!(!clock.ticks().sees(stamp));
            clock.look_since(Tick(0));
            // The last tick whose changes are seen is the one before now.
            let age = clock.now().0 - 1 - 10;
            assert_eq!(clock.ticks().sees(stamp), age < u64::from(MAX_AGE - 1), "{age}");
        }
    }

    #[test]
    fn a_word_has_the_bits_of_its_rows() {
        let mut clock = Clock::at(1000);
        clock.look_since(Tick(900));
        for seed in 0..200_u32 {
            let stamps = core::array::from_fn(|n| {
                850 + (seed * 7919 + n as u32 * 104_729).rotate_left(seed) % 200
            });
            let bits = seen_of_word(clock.ticks(), &stamps);
            for (n, &stamp) in stamps.iter().enumerate() {
                assert_eq!(bits >> n & 1 == 1, (901..1000).contains(&stamp));
            }
        }
    }
}
