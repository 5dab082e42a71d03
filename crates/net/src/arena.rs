//! Places in an arena for maps whose lifetimes may overlap.

/// Maps that share one place because each is written over the one before it, or a single map.
pub(crate) struct Chain {
    /// When it is first written and last read.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Length in values.
    pub(crate) size: usize,
    /// Where [`pack`] puts it.
    pub(crate) offset: usize,
}

/// Sets every chain's offset and gives the length of all, greedily by size: the largest chain first, each at the lowest
/// offset that is free during its life.
pub(crate) fn pack(chains: &mut [Chain]) -> usize {
    let mut order: Vec<usize> = (0..chains.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(chains[index].size), index));
    let mut placed: Vec<usize> = Vec::new();
    let mut length = 0;
    for index in order {
        let chain = &chains[index];
        let meets = |other: &Chain| chain.first <= other.last && other.first <= chain.last;
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .map(|&p| &chains[p])
            .filter(|p| meets(p))
            .map(|p| (p.offset, p.offset + p.size))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (from, to) in taken {
            if offset + chain.size <= from {
                break;
            }
            offset = offset.max(to);
        }
        chains[index].offset = offset;
        length = length.max(offset + chains[index].size);
        placed.push(index);
    }
    length
}
