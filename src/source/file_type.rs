//! The type of a column in a file, and in a batch.

use std::fmt;

use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as PhysicalType},
    schema::types::{ColumnDescriptor, Type},
};

use crate::data::ValueType;

/// A column's type in one file, compactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FileType {
    /// `true` is 1.
    Bool,
    /// An integer of up to 64 bits.
    Integer {
        /// Bits that matter.
        bits: u8,
        /// True with a sign.
        signed: bool,
    },
    /// IEEE half, single or double by bits: 16, 32, 64.
    Float {
        /// Bits.
        bits: u8,
    },
    /// An integer over a power of ten.
    Decimal {
        /// Digits after the point.
        scale: i32,
    },
    /// Days since 1970.
    Date,
    /// Microseconds since midnight; stored in `unit`.
    Time {
        /// The unit in the file.
        unit: Unit,
    },
    /// Microseconds since 1970; stored in `unit`.
    Timestamp {
        /// The unit in the file.
        unit: Unit,
    },
    /// Microseconds since 1970, stored as Julian day and nanoseconds of the day.
    Int96,
    /// UTF-8: strings, enumerations, JSON.
    Text,
    /// A column that only ever holds nulls.
    Null,
    /// A type that cannot be a feature.
    Unsupported(Unsupported),
}

/// The unit of a time in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    /// 1e-3 s.
    Milliseconds,
    /// 1e-6 s.
    Microseconds,
    /// 1e-9 s.
    Nanoseconds,
}

/// Types that cannot be features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unsupported {
    /// Repeated values.
    List,
    /// Keys and values.
    Map,
    /// Nested fields.
    Struct,
    /// Bytes without a text annotation.
    Binary,
    /// Months, days and milliseconds.
    Interval,
    /// An unknown annotation.
    Unknown,
}

/// The kind of quantity. Columns of different files must share it to be one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Plain numbers.
    Number,
    /// Days since 1970.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970.
    Timestamp,
    /// Text.
    Text,
    /// Nothing but nulls: goes with everything.
    Null,
    /// No feature.
    Unsupported,
}

impl FileType {
    /// The type of a top-level field.
    pub(super) fn of_group(field: &Type) -> Self {
        let unsupported = match field.get_basic_info().converted_type() {
            ConvertedType::LIST => Unsupported::List,
            ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE => Unsupported::Map,
            _ => match field.get_basic_info().logical_type_ref() {
                Some(LogicalType::List) => Unsupported::List,
                Some(LogicalType::Map) => Unsupported::Map,
                _ => Unsupported::Struct,
            },
        };
        Self::Unsupported(unsupported)
    }

    /// The type of a top-level leaf.
    pub(super) fn of_leaf(column: &ColumnDescriptor) -> Self {
        let repetition = column.self_type().get_basic_info().repetition();
        if repetition == Repetition::REPEATED {
            return Self::Unsupported(Unsupported::List);
        }
        match column.logical_type_ref() {
            Some(logical) => Self::of_logical(logical, column),
            None => Self::of_converted(column),
        }
    }

    fn of_logical(logical: &LogicalType, column: &ColumnDescriptor) -> Self {
        let integer_time = matches!(
            column.physical_type(),
            PhysicalType::INT32 | PhysicalType::INT64
        );
        match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Self::text(column),
            LogicalType::Decimal(decimal) => Self::decimal(decimal.scale, column),
            LogicalType::Date if column.physical_type() == PhysicalType::INT32 => Self::Date,
            LogicalType::Time(time) if integer_time => Self::Time {
                unit: Unit::of(&time.unit),
            },
            LogicalType::Timestamp(timestamp) if integer_time => Self::Timestamp {
                unit: Unit::of(&timestamp.unit),
            },
            LogicalType::Integer(integer) if integer_time => Self::Integer {
                bits: integer.bit_width as u8,
                signed: integer.is_signed,
            },
            LogicalType::Float16 if column.type_length() == 2 => Self::Float { bits: 16 },
            LogicalType::Unknown => Self::Null,
            LogicalType::Bson | LogicalType::Uuid => Self::Unsupported(Unsupported::Binary),
            _ => Self::Unsupported(Unsupported::Unknown),
        }
    }

    fn of_converted(column: &ColumnDescriptor) -> Self {
        let integer = |bits, signed| Self::Integer { bits, signed };
        match (column.converted_type(), column.physical_type()) {
            (ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON, _) => {
                Self::text(column)
            }
            (ConvertedType::DECIMAL, _) => Self::decimal(column.type_scale(), column),
            (ConvertedType::DATE, PhysicalType::INT32) => Self::Date,
            (ConvertedType::TIME_MILLIS, PhysicalType::INT32) => Self::Time {
                unit: Unit::Milliseconds,
            },
            (ConvertedType::TIME_MICROS, PhysicalType::INT64) => Self::Time {
                unit: Unit::Microseconds,
            },
            (ConvertedType::TIMESTAMP_MILLIS, PhysicalType::INT64) => Self::Timestamp {
                unit: Unit::Milliseconds,
            },
            (ConvertedType::TIMESTAMP_MICROS, PhysicalType::INT64) => Self::Timestamp {
                unit: Unit::Microseconds,
            },
            (ConvertedType::INT_8, PhysicalType::INT32) => integer(8, true),
            (ConvertedType::INT_16, PhysicalType::INT32) => integer(16, true),
            (ConvertedType::UINT_8, PhysicalType::INT32) => integer(8, false),
            (ConvertedType::UINT_16, PhysicalType::INT32) => integer(16, false),
            (ConvertedType::UINT_32, PhysicalType::INT32) => integer(32, false),
            (ConvertedType::UINT_64, PhysicalType::INT64) => integer(64, false),
            (ConvertedType::INTERVAL, _) => Self::Unsupported(Unsupported::Interval),
            (_, PhysicalType::BOOLEAN) => Self::Bool,
            (_, PhysicalType::INT32) => integer(32, true),
            (_, PhysicalType::INT64) => integer(64, true),
            (_, PhysicalType::INT96) => Self::Int96,
            (_, PhysicalType::FLOAT) => Self::Float { bits: 32 },
            (_, PhysicalType::DOUBLE) => Self::Float { bits: 64 },
            (_, PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY) => {
                Self::Unsupported(Unsupported::Binary)
            }
        }
    }

    fn text(column: &ColumnDescriptor) -> Self {
        match column.physical_type() {
            PhysicalType::BYTE_ARRAY => Self::Text,
            _ => Self::Unsupported(Unsupported::Binary),
        }
    }

    fn decimal(scale: i32, column: &ColumnDescriptor) -> Self {
        match column.physical_type() {
            PhysicalType::INT32
            | PhysicalType::INT64
            | PhysicalType::BYTE_ARRAY
            | PhysicalType::FIXED_LEN_BYTE_ARRAY => Self::Decimal { scale },
            _ => Self::Unsupported(Unsupported::Unknown),
        }
    }

    /// True if a single float holds every value exactly.
    pub(super) fn fits_f32(self) -> bool {
        match self {
            Self::Bool | Self::Null => true,
            Self::Integer { bits, .. } => bits <= 16,
            Self::Float { bits } => bits <= 32,
            _ => false,
        }
    }

    /// The kind of quantity in the column.
    pub(super) fn quantity(self) -> Quantity {
        match self {
            Self::Bool | Self::Integer { .. } | Self::Float { .. } | Self::Decimal { .. } => {
                Quantity::Number
            }
            Self::Date => Quantity::Date,
            Self::Time { .. } => Quantity::Time,
            Self::Timestamp { .. } | Self::Int96 => Quantity::Timestamp,
            Self::Text => Quantity::Text,
            Self::Null => Quantity::Null,
            Self::Unsupported(_) => Quantity::Unsupported,
        }
    }

    /// The type in a batch, if no file has another.
    pub(super) fn value_type(self) -> Option<ValueType> {
        match self.quantity() {
            Quantity::Unsupported => None,
            Quantity::Text => Some(ValueType::Text),
            _ if self.fits_f32() => Some(ValueType::F32),
            _ => Some(ValueType::F64),
        }
    }
}

impl Unit {
    fn of(unit: &TimeUnit) -> Self {
        match unit {
            TimeUnit::MILLIS => Self::Milliseconds,
            TimeUnit::MICROS => Self::Microseconds,
            TimeUnit::NANOS => Self::Nanoseconds,
        }
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Integer { bits, signed: true } => write!(f, "int{bits}"),
            Self::Integer { bits, .. } => write!(f, "uint{bits}"),
            Self::Float { bits: 16 } => f.write_str("half"),
            Self::Float { bits: 32 } => f.write_str("float"),
            Self::Float { .. } => f.write_str("double"),
            Self::Decimal { scale } => write!(f, "decimal(scale {scale})"),
            Self::Date => f.write_str("date"),
            Self::Time { .. } => f.write_str("time"),
            Self::Timestamp { .. } | Self::Int96 => f.write_str("timestamp"),
            Self::Text => f.write_str("string"),
            Self::Null => f.write_str("null"),
            Self::Unsupported(Unsupported::List) => f.write_str("list"),
            Self::Unsupported(Unsupported::Map) => f.write_str("map"),
            Self::Unsupported(Unsupported::Struct) => f.write_str("struct"),
            Self::Unsupported(Unsupported::Binary) => f.write_str("binary"),
            Self::Unsupported(Unsupported::Interval) => f.write_str("interval"),
            Self::Unsupported(Unsupported::Unknown) => f.write_str("unknown"),
        }
    }
}
