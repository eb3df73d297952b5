//! Numbers as the bytes of a scratch file: little-endian, whatever the machine.

/// A number that a scratch array can hold.
pub trait Element: Copy + Default + Send + 'static {
    /// Bytes of one number.
    const BYTES: usize;

    /// Writes numbers as bytes; `bytes` holds exactly them.
    fn encode(values: &[Self], bytes: &mut [u8]);

    /// Reads numbers from bytes; `values` has room for exactly them.
    fn decode(bytes: &[u8], values: &mut [Self]);
}

macro_rules! element {
    ($($number:ty),*) => {$(
        impl Element for $number {
            const BYTES: usize = size_of::<$number>();

            fn encode(values: &[Self], bytes: &mut [u8]) {
                assert_eq!(bytes.len(), values.len() * Self::BYTES);
                for (bytes, value) in bytes.chunks_exact_mut(Self::BYTES).zip(values) {
                    bytes.copy_from_slice(&value.to_le_bytes());
                }
            }

            fn decode(bytes: &[u8], values: &mut [Self]) {
                assert_eq!(bytes.len(), values.len() * Self::BYTES);
                for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(Self::BYTES)) {
                    let bytes = bytes.try_into().expect("chunks_exact gives whole numbers");
                    *value = Self::from_le_bytes(bytes);
                }
            }
        }
    )*};
}

element!(u8, u16, u32, u64, f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let values = [1.5f64, -0.0, f64::NAN, f64::INFINITY];
        let mut bytes = [0; 32];
        f64::encode(&values, &mut bytes);
        let mut back = [0.0; 4];
        f64::decode(&bytes, &mut back);
        assert_eq!(values.map(f64::to_bits), back.map(f64::to_bits));
    }
}
