//! The codes of one block, gone past (T.81, annexes F, G and H).

use super::fault::Fault;
use super::huffman::{Bits, Table};
use super::scan::Scan;

/// A difference of averages, or of samples (F.2.2.1, H.1.2.2).
///
/// # Errors
/// [`Fault::Short`] and [`Fault::Broken`].
pub(super) fn difference(bits: &mut Bits<'_>, table: &Table) -> Result<(), Fault> {
    // 16 is 32,768, which has no more bits.
    if bits.symbol(table)? > 16 {
        return Err(Fault::Broken);
    }
    Ok(())
}

/// The other coefficients of a sequential block (F.2.2.2).
///
/// # Errors
/// [`Fault::Short`] and [`Fault::Broken`].
pub(super) fn coefficients(bits: &mut Bits<'_>, table: &Table) -> Result<(), Fault> {
    let mut k = 1;
    while k < 64 {
        let symbol = bits.symbol(table)?;
        let (run, size) = (u32::from(symbol >> 4), symbol & 15);
        if size == 0 && run < 15 {
            return Ok(());
        }
        k += run + 1;
        // A run of zeros may go past the end; a value may not.
        if k > 64 && size > 0 {
            return Err(Fault::Broken);
        }
    }
    Ok(())
}

/// The first bits of a band of coefficients (G.1.2.2).
///
/// # Errors
/// [`Fault::Short`] and [`Fault::Broken`].
pub(super) fn band(
    bits: &mut Bits<'_>,
    table: &Table,
    scan: &Scan,
    mask: &mut u64,
    empty: &mut u32,
) -> Result<(), Fault> {
    if *empty > 0 {
        *empty -= 1;
        return Ok(());
    }
    let mut k = scan.first;
    while k <= scan.last {
        let symbol = bits.symbol(table)?;
        let (run, size) = (u32::from(symbol >> 4), symbol & 15);
        match (run, size) {
            (15, 0) => k += 16,
            (_, 0) => {
                *empty = (1 << run) - 1 + bits.take(run)?;
                return Ok(());
            }
            _ => {
                k += run;
                *mask |= 1_u64.checked_shl(k).ok_or(Fault::Broken)?;
                k += 1;
            }
        }
    }
    Ok(())
}

/// One more bit of a band of coefficients (G.1.2.3).
///
/// # Errors
/// [`Fault::Short`] and [`Fault::Broken`].
pub(super) fn refinement(
    bits: &mut Bits<'_>,
    table: &Table,
    scan: &Scan,
    mask: &mut u64,
    empty: &mut u32,
) -> Result<(), Fault> {
    let mut k = scan.first;
    while k <= scan.last && *empty == 0 {
        let symbol = bits.symbol(table)?;
        let (mut run, size) = (u32::from(symbol >> 4), symbol & 15);
        match (run, size) {
            (15, 0) => {}
            (_, 0) => {
                *empty = (1 << run) + bits.take(run)?;
                break;
            }
            (_, 1) => {}
            _ => return Err(Fault::Broken),
        }
        // Goes past `run` coefficients that are 0; those that are not have a bit each.
        while k <= scan.last {
            if *mask >> k & 1 == 1 {
                bits.skip(1)?;
            } else if run == 0 {
                break;
            } else {
                run -= 1;
            }
            k += 1;
        }
        if size == 1 {
            if k > scan.last {
                return Err(Fault::Broken);
            }
            *mask |= 1 << k;
        }
        k += 1;
    }
    if *empty > 0 {
        *empty -= 1;
        let behind = if k > scan.last { 0 } else { *mask >> k << k };
        let within = behind & (u64::MAX >> (63 - scan.last));
        skip_many(bits, within.count_ones())?;
    }
    Ok(())
}

/// Goes past `count` bits.
fn skip_many(bits: &mut Bits<'_>, mut count: u32) -> Result<(), Fault> {
    while count > 0 {
        let some = count.min(16);
        bits.skip(some)?;
        count -= some;
    }
    Ok(())
}
