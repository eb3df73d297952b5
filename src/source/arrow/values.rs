//! Arrow arrays as batches hold them: floats with NaN for null, and texts with a dictionary.

use std::collections::HashMap;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, GenericStringArray, OffsetSizeTrait,
    PrimitiveArray, StringViewArray,
    cast::AsArray,
    types::{
        ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type,
        Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};

use crate::data::{Absent, Field, TextValues, ValueType, Values, batch::MISSING_TEXT};

/// Milliseconds of a day.
const DAY_MILLISECONDS: f64 = 86_400_000.0;

/// The type of a column in batches; `None` if it is no feature.
pub(super) fn value_type(data_type: &DataType) -> Option<ValueType> {
    use DataType as T;
    match data_type {
        T::Boolean | T::Int8 | T::UInt8 | T::Int16 | T::UInt16 | T::Float16 | T::Float32 => {
            Some(ValueType::F32)
        }
        T::Int32 | T::UInt32 | T::Int64 | T::UInt64 | T::Float64 => Some(ValueType::F64),
        T::Date32 | T::Date64 | T::Timestamp(..) | T::Decimal128(..) | T::Null => {
            Some(ValueType::F64)
        }
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Some(ValueType::Text),
        T::Dictionary(_, values) if matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View) => {
            Some(ValueType::Text)
        }
        _ => None,
    }
}

/// Replaces `out` by the values of a column that is not there.
pub(super) fn fill_absent(field: &Field, rows: usize, out: &mut Values) {
    let number = match field.absent {
        Absent::Missing => f64::NAN,
        Absent::Zero => 0.0,
    };
    match field.value_type {
        Some(ValueType::Text) => {
            let text = text_of(out);
            text.clear();
            text.ids.resize(rows, MISSING_TEXT);
        }
        Some(ValueType::F32) => *f32_of(out) = vec![number as f32; rows],
        Some(ValueType::F64) | None => *f64_of(out) = vec![number; rows],
    }
}

/// Replaces `out` by an array's values.
///
/// # Errors
/// A sentence for a type that is no feature.
pub(super) fn fill(array: &ArrayRef, out: &mut Values) -> Result<(), String> {
    use DataType as T;
    match array.data_type() {
        T::Boolean => booleans(array.as_boolean(), f32_of(out)),
        T::Int8 => singles::<Int8Type>(array, out, f32::from),
        T::UInt8 => singles::<UInt8Type>(array, out, f32::from),
        T::Int16 => singles::<Int16Type>(array, out, f32::from),
        T::UInt16 => singles::<UInt16Type>(array, out, f32::from),
        T::Float16 => singles::<Float16Type>(array, out, |value| value.to_f32()),
        T::Float32 => singles::<Float32Type>(array, out, |value| value),
        T::Int32 => doubles::<Int32Type>(array, out, f64::from),
        T::UInt32 => doubles::<UInt32Type>(array, out, f64::from),
        T::Int64 => doubles::<Int64Type>(array, out, |value| value as f64),
        T::UInt64 => doubles::<UInt64Type>(array, out, |value| value as f64),
        T::Float64 => doubles::<Float64Type>(array, out, |value| value),
        T::Date32 => doubles::<Date32Type>(array, out, f64::from),
        T::Date64 => doubles::<Date64Type>(array, out, |value| value as f64 / DAY_MILLISECONDS),
        T::Timestamp(unit, _) => timestamps(*unit, array, out),
        T::Decimal128(_, scale) => {
            let unit = 10f64.powi(-i32::from(*scale));
            doubles::<Decimal128Type>(array, out, |value| value as f64 * unit);
        }
        T::Null => *f64_of(out) = vec![f64::NAN; array.len()],
        T::Utf8 => texts::<i32>(array.as_string(), text_of(out)),
        T::LargeUtf8 => texts::<i64>(array.as_string(), text_of(out)),
        T::Utf8View => views(array.as_string_view(), text_of(out)),
        T::Dictionary(key, _) => return dictionary(key, array, text_of(out)),
        other => return Err(format!("the type {other} cannot be used")),
    }
    Ok(())
}

/// Microseconds since 1970, as Parquet's are read.
fn timestamps(unit: TimeUnit, array: &ArrayRef, out: &mut Values) {
    match unit {
        TimeUnit::Second => {
            doubles::<TimestampSecondType>(array, out, |value| value as f64 * 1e6);
        }
        TimeUnit::Millisecond => {
            doubles::<TimestampMillisecondType>(array, out, |value| value as f64 * 1e3);
        }
        TimeUnit::Microsecond => {
            doubles::<TimestampMicrosecondType>(array, out, |value| value as f64);
        }
        TimeUnit::Nanosecond => {
            doubles::<TimestampNanosecondType>(array, out, |value| value as f64 / 1e3);
        }
    }
}

fn booleans(array: &BooleanArray, out: &mut Vec<f32>) {
    out.clear();
    let value = |value: Option<bool>| value.map_or(f32::NAN, |value| f32::from(u8::from(value)));
    out.extend(array.iter().map(value));
}

fn singles<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    out: &mut Values,
    convert: impl Fn(T::Native) -> f32,
) {
    numbers::<T, f32>(array.as_primitive(), f32_of(out), f32::NAN, convert);
}

fn doubles<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    out: &mut Values,
    convert: impl Fn(T::Native) -> f64,
) {
    numbers::<T, f64>(array.as_primitive(), f64_of(out), f64::NAN, convert);
}

fn numbers<T: ArrowPrimitiveType, F: Copy>(
    array: &PrimitiveArray<T>,
    out: &mut Vec<F>,
    missing: F,
    convert: impl Fn(T::Native) -> F,
) {
    out.clear();
    out.extend(array.values().iter().map(|value| convert(*value)));
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        for (value, is_known) in out.iter_mut().zip(nulls.iter()) {
            if !is_known {
                *value = missing;
            }
        }
    }
}

fn texts<O: OffsetSizeTrait>(array: &GenericStringArray<O>, out: &mut TextValues) {
    add_texts(array.iter(), out);
}

fn views(array: &StringViewArray, out: &mut TextValues) {
    add_texts(array.iter(), out);
}

fn add_texts<'a>(values: impl Iterator<Item = Option<&'a str>>, out: &mut TextValues) {
    out.clear();
    let mut ids: HashMap<&str, u32> = HashMap::new();
    for value in values {
        let id = match value {
            None => MISSING_TEXT,
            Some(value) => *ids.entry(value).or_insert_with(|| out.push_value(value)),
        };
        out.ids.push(id);
    }
}

fn dictionary(key: &DataType, array: &ArrayRef, out: &mut TextValues) -> Result<(), String> {
    use DataType as T;
    match key {
        T::Int8 => encoded::<Int8Type>(array, out),
        T::Int16 => encoded::<Int16Type>(array, out),
        T::Int32 => encoded::<Int32Type>(array, out),
        T::Int64 => encoded::<Int64Type>(array, out),
        T::UInt8 => encoded::<UInt8Type>(array, out),
        T::UInt16 => encoded::<UInt16Type>(array, out),
        T::UInt32 => encoded::<UInt32Type>(array, out),
        T::UInt64 => encoded::<UInt64Type>(array, out),
        other => Err(format!("the keys of a dictionary have the type {other}")),
    }
}

fn encoded<K: ArrowDictionaryKeyType>(
    array: &ArrayRef,
    out: &mut TextValues,
) -> Result<(), String> {
    let array = array.as_dictionary::<K>();
    let mut values = Values::Text(TextValues::default());
    fill(array.values(), &mut values)?;
    let Values::Text(values) = values else {
        return Err("the values of a dictionary are not text".to_owned());
    };
    let of_row = |key: Option<usize>| match key {
        None => None,
        Some(key) => match values.ids[key] {
            MISSING_TEXT => None,
            id => Some(values.value(id)),
        },
    };
    let keys = (0..array.len()).map(|row| array.key(row));
    add_texts(keys.map(of_row), out);
    Ok(())
}

fn f32_of(values: &mut Values) -> &mut Vec<f32> {
    if !matches!(values, Values::F32(_)) {
        *values = Values::F32(Vec::new());
    }
    match values {
        Values::F32(values) => values,
        _ => unreachable!("made so above"),
    }
}

fn f64_of(values: &mut Values) -> &mut Vec<f64> {
    if !matches!(values, Values::F64(_)) {
        *values = Values::F64(Vec::new());
    }
    match values {
        Values::F64(values) => values,
        _ => unreachable!("made so above"),
    }
}

fn text_of(values: &mut Values) -> &mut TextValues {
    if !matches!(values, Values::Text(_)) {
        *values = Values::Text(TextValues::default());
    }
    match values {
        Values::Text(values) => values,
        _ => unreachable!("made so above"),
    }
}
