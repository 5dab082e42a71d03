//! The small vector type that the SIMD kernels are written over, and its back ends.

#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) mod wasm;
#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

/// A register of f32 lanes. Methods are `#[inline(always)]` so that they take on the target features of the
/// function they are called in.
///
/// # Safety
/// A caller must run on a processor with the back end's features, and `load` and `store` need `LANES` readable or
/// writable values at the pointer; no alignment is asked for.
#[allow(
    clippy::missing_safety_doc,
    reason = "all methods have the contract of the trait"
)]
pub(super) trait Vector: Copy {
    /// Lanes in a register.
    const LANES: usize;
    /// All lanes equal to `x`.
    unsafe fn splat(x: f32) -> Self;
    /// `LANES` values from memory.
    unsafe fn load(from: *const f32) -> Self;
    /// `LANES` values to memory.
    unsafe fn store(self, to: *mut f32);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self * other`.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * b + c`, fused where the processor does that for free.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// The larger of each pair; either one when a lane is not a number.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller of each pair; either one when a lane is not a number.
    unsafe fn min(self, other: Self) -> Self;
}

/// One lane: what is left over when a count is no multiple of a register.
impl Vector for f32 {
    const LANES: usize = 1;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        x
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait asks the caller for a readable value.
        unsafe { from.read() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait asks the caller for a writable value.
        unsafe { to.write(self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
}
