//! What looks like chance, and is the same in every run.

/// Pseudo-random numbers (SplitMix64): the same from the same seed, on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// A number from 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// Picks among things of which the nth is as likely as 1/n.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(count: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=count).map(|rank| {
            sum += 1.0 / f64::from(u32::try_from(rank).unwrap());
            sum
        });
        Self(sums.collect())
    }

    pub(crate) fn pick(&self, random: &mut Random) -> usize {
        let Self(sums) = self;
        let at = random.unit() * sums.last().unwrap();
        sums.partition_point(|sum| *sum < at).min(sums.len() - 1)
    }

    /// Different ones.
    pub(crate) fn pick_some(&self, count: usize, random: &mut Random) -> Vec<usize> {
        let mut picked = Vec::with_capacity(count);
        while picked.len() < count {
            let one = self.pick(random);
            if !picked.contains(&one) {
                picked.push(one);
            }
        }
        picked
    }
}
