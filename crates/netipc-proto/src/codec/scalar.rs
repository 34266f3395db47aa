//! Numbers at fixed places of a record.

/// A number that can stand in the fixed part of a record, in host byte order.
pub trait Scalar: Copy {
    /// Bytes it takes.
    const SIZE: usize;

    /// Reads it from the first [`Self::SIZE`] bytes.
    fn load(bytes: &[u8]) -> Self;

    /// Writes it to the first [`Self::SIZE`] bytes.
    fn store(self, bytes: &mut [u8]);
}

macro_rules! scalar {
    ($($ty:ty),*) => {$(
        impl Scalar for $ty {
            const SIZE: usize = size_of::<$ty>();

            #[inline]
            fn load(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$ty>()];
                raw.copy_from_slice(&bytes[..size_of::<$ty>()]);
                Self::from_ne_bytes(raw)
            }

            #[inline]
            fn store(self, bytes: &mut [u8]) {
                bytes[..size_of::<$ty>()].copy_from_slice(&self.to_ne_bytes());
            }
        }
    )*};
}

scalar!(u8, u16, u32, u64, i8, i16, i32, i64);

/// Reads the number at byte `at` of a record's fixed part.
///
/// Generated code passes constants, which makes this one load.
///
/// # Panics
///
/// When the number does not lie inside the fixed part, which no checked schema allows.
#[inline]
pub fn load<T: Scalar, const N: usize>(fixed: &[u8; N], at: usize) -> T {
    T::load(&fixed[at..at + T::SIZE])
}

/// Writes the number at byte `at` of a record's fixed part.
///
/// # Panics
///
/// When the number does not lie inside the fixed part, which no checked schema allows.
#[inline]
pub fn store<T: Scalar, const N: usize>(fixed: &mut [u8; N], at: usize, value: T) {
    value.store(&mut fixed[at..at + T::SIZE]);
}
