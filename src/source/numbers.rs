//! Conversion of a file's numbers to floats; nulls become NaN.

use parquet::{
    column::reader::ColumnReaderImpl,
    data_type::{DataType, Int96},
    errors::{ParquetError, Result},
};

/// Rows converted at a time.
pub(super) const PIECE_ROWS: usize = 4_096;

/// A float of a batch.
pub(super) trait Real: Copy {
    const NAN: Self;
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    const NAN: Self = f32::NAN;
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    const NAN: Self = f64::NAN;
    fn of(value: f64) -> Self {
        value
    }
}

/// An integer of a file.
pub(super) trait Integer: Copy {
    fn signed(self) -> f64;
    fn unsigned(self) -> f64;
    /// The integer over a power of ten.
    fn over(self, divisor: f64) -> f64;
}

impl Integer for i32 {
    fn signed(self) -> f64 {
        f64::from(self)
    }

    fn unsigned(self) -> f64 {
        f64::from(self as u32)
    }

    fn over(self, divisor: f64) -> f64 {
        f64::from(self) / divisor
    }
}

impl Integer for i64 {
    fn signed(self) -> f64 {
        self as f64
    }

    fn unsigned(self) -> f64 {
        self as u64 as f64
    }

    fn over(self, divisor: f64) -> f64 {
        over(self, divisor)
    }
}

/// The conversion of an integer to a number.
pub(super) enum Scaling {
    Signed,
    Unsigned,
    Times(f64),
    Over(f64),
}

/// Appends up to `rows` integers to `out`. Returns the number of rows.
pub(super) fn read_integers<T: DataType, V: Real>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
    out: &mut Vec<V>,
    scaling: Scaling,
) -> Result<usize>
where
    T::T: Integer,
{
    match scaling {
        Scaling::Signed => {
            read_converted(reader, rows, levels, values, out, |value| value.signed())
        }
        Scaling::Unsigned => {
            read_converted(reader, rows, levels, values, out, |value| value.unsigned())
        }
        Scaling::Times(factor) => {
            let convert = |value: &T::T| value.signed() * factor;
            read_converted(reader, rows, levels, values, out, convert)
        }
        Scaling::Over(divisor) => {
            let convert = |value: &T::T| value.over(divisor);
            read_converted(reader, rows, levels, values, out, convert)
        }
    }
}

/// Appends up to `rows` rows to `out`, a piece at a time so that pieces stay in the cache.
/// Returns the number of rows.
pub(super) fn read_converted<T: DataType, V: Real>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
    out: &mut Vec<V>,
    convert: impl Fn(&T::T) -> f64,
) -> Result<usize> {
    let mut done = 0;
    while done < rows {
        levels.clear();
        values.clear();
        let piece = PIECE_ROWS.min(rows - done);
        let (records, present, _) = reader.read_records(piece, Some(levels), None, values)?;
        if records == 0 {
            break;
        }
        if present == records {
            out.extend(values.iter().map(|value| V::of(convert(value))));
        } else {
            check_levels(levels, records)?;
            let mut values = values.iter();
            out.extend(levels.iter().map(|&level| match level {
                0 => V::NAN,
                _ => values.next().map_or(V::NAN, |value| V::of(convert(value))),
            }));
        }
        done += records;
    }
    Ok(done)
}

/// Appends up to `rows` rows of a type that is stored as batches hold it, without a copy.
pub(super) fn read_direct<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    out: &mut Vec<T::T>,
) -> Result<usize>
where
    T::T: Real,
{
    levels.clear();
    let start = out.len();
    let (records, present, _) = reader.read_records(rows, Some(levels), None, out)?;
    if present < records {
        check_levels(levels, records)?;
        out.resize(start + records, T::T::NAN);
        spread(&mut out[start..], levels, present);
    }
    Ok(records)
}

/// Moves the first `present` values to where `levels` is not 0, from the back; the others get NaN.
pub(super) fn spread<V: Real>(values: &mut [V], levels: &[i16], present: usize) {
    assert_eq!(values.len(), levels.len(), "a level a row");
    let mut next = present;
    for row in (0..values.len()).rev() {
        if next == row + 1 {
            return;
        }
        if levels[row] != 0 {
            next -= 1;
            values[row] = values[next];
        } else {
            values[row] = V::NAN;
        }
    }
}

fn check_levels(levels: &[i16], records: usize) -> Result<()> {
    if levels.len() == records {
        return Ok(());
    }
    Err(ParquetError::General(format!(
        "{} definition levels for {records} rows",
        levels.len()
    )))
}

/// IEEE half precision.
pub(super) fn half_to_f64(bytes: &[u8]) -> f64 {
    let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// A decimal's big-endian two's complement bytes, without its scale.
pub(super) fn big_endian_to_f64(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|&first| first & 0x80 != 0);
    if bytes.len() <= 16 {
        let mut wide = [if negative { 0xff } else { 0 }; 16];
        wide[16 - bytes.len()..].copy_from_slice(bytes);
        return i128::from_be_bytes(wide) as f64;
    }
    let magnitude = bytes.iter().fold(0.0, |sum, &byte| {
        let byte = if negative { !byte } else { byte };
        sum * 256.0 + f64::from(byte)
    });
    if negative {
        -1.0 - magnitude
    } else {
        magnitude
    }
}

/// An integer over a power of ten, rounded once where that is possible: up to 2^53 the quotient is
/// the nearest double; beyond, whole and rest are divided apart, as nanoseconds since 1970 need.
fn over(value: i64, divisor: f64) -> f64 {
    const EXACT: u64 = 1 << 53;
    if value.unsigned_abs() <= EXACT || divisor >= EXACT as f64 || divisor < 1.0 {
        return value as f64 / divisor;
    }
    let whole = value.div_euclid(divisor as i64);
    let rest = value.rem_euclid(divisor as i64);
    whole as f64 + rest as f64 / divisor
}

/// Microseconds since 1970 of a Julian day and nanoseconds of the day.
pub(super) fn int96_to_microseconds(value: &Int96) -> f64 {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    const MICROSECONDS_A_DAY: f64 = 86_400e6;
    let [low, high, day] = *value.data() else {
        return f64::NAN;
    };
    let nanoseconds = (i64::from(high as i32) << 32) | i64::from(low);
    let days = i64::from(day as i32) - JULIAN_DAY_OF_1970;
    days as f64 * MICROSECONDS_A_DAY + nanoseconds as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        let check = |bits: u16, expected: f64| {
            assert_eq!(half_to_f64(&bits.to_le_bytes()), expected, "{bits:#x}");
        };
        check(0x3c00, 1.0);
        check(0xc000, -2.0);
        check(0x0001, 2f64.powi(-24));
        check(0x0400, 2f64.powi(-14));
        check(0x7bff, 65504.0);
        check(0x7c00, f64::INFINITY);
        check(0xfc00, f64::NEG_INFINITY);
        assert!(half_to_f64(&0x7e00u16.to_le_bytes()).is_nan());
    }

    #[test]
    fn big_endian_integers_of_any_length() {
        let check = |bytes: &[u8], expected: f64| {
            assert_eq!(big_endian_to_f64(bytes), expected, "{bytes:?}");
        };
        check(&[], 0.0);
        check(&[0xff], -1.0);
        check(&[0x01, 0x00], 256.0);
        check(&[0x80, 0x00], -32768.0);
        let mut wide = [0u8; 20];
        wide[19] = 7;
        check(&wide, 7.0);
        check(&[0xff; 20], -1.0);
        wide[0] = 0x40;
        check(&wide, 2f64.powi(158));
    }

    #[test]
    fn integers_over_powers_of_ten() {
        let check = |value: i64, divisor: f64, expected: f64| {
            assert_eq!(over(value, divisor), expected, "{value} / {divisor}");
        };
        check(-125, 100.0, -1.25);
        check(981_173_106_789_000_000, 1e3, 981_173_106_789_000.0);
        check(-981_173_106_789_000_000, 1e3, -981_173_106_789_000.0);
        check(i64::MIN, 1.0, i64::MIN as f64);
        check(i64::MAX, 1e18, 9.223_372_036_854_776);
        check(5, 0.01, 500.0);
    }

    /// `spread` against a twin that builds a new column.
    #[test]
    fn nulls_are_spread_as_the_naive_twin_does() {
        for pattern in 0..1u32 << 10 {
            let levels: Vec<i16> = (0..10).map(|row| (pattern >> row & 1) as i16).collect();
            let present = pattern.count_ones() as usize;
            let mut values: Vec<f64> = (0..10).map(f64::from).collect();
            let mut next = values.clone().into_iter();
            let twin: Vec<f64> = levels
                .iter()
                .map(|&level| {
                    if level == 0 {
                        f64::NAN
                    } else {
                        next.next().unwrap()
                    }
                })
                .collect();
            spread(&mut values, &levels, present);
            let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&values), bits(&twin), "{pattern:#b}");
        }
    }
}
