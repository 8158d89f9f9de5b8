"""
What DuckDB means by a function or an operator, where Spark's of that name means something else.

Each is registered under `ingot_<name>`, and built when Spark analyses a statement: then the types of its arguments are
known, and what it means may depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from typing import cast as cast_type

from py4j.java_gateway import JavaObject
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.classic.column import Column as ClassicColumn
from pyspark.sql.types import DataType, _parse_datatype_json_string

from . import nested

PREFIX = "ingot_"


class Typed:
    """An argument: its value, the name of its type (`int`, `decimal(18,4)`), and its text where it is a literal."""

    def __init__(
        self, column: Column, kind: str, literal: str | None = None, expression: JavaObject | None = None
    ) -> None:
        self.column = column
        self.kind = kind
        self.literal = literal
        self._expression = expression

    @property
    def shape(self) -> DataType:
        """Its type with what is inside it, whatever the names of fields are."""
        if self._expression is None:
            return DataType.fromDDL(self.kind)
        return _parse_datatype_json_string(self._expression.dataType().json())

    @property
    def is_text(self) -> bool:
        return self.kind == "string"

    @property
    def is_floating(self) -> bool:
        return self.kind in ("double", "float")

    @property
    def is_decimal(self) -> bool:
        return self.kind.startswith("decimal")

    @property
    def is_whole(self) -> bool:
        return self.kind in ("tinyint", "smallint", "int", "bigint")


Build = Callable[..., Column]
FUNCTIONS: dict[str, Build] = {}


def function(build: Build) -> Build:
    FUNCTIONS[PREFIX + build.__name__.rstrip("_")] = build
    return build


def register(spark: SparkSession) -> None:
    """Makes the functions known to a session."""
    ensure_callback_server_started(spark.sparkContext._gateway)  # type: ignore[no-untyped-call]
    registry = spark._jsparkSession.sessionState().functionRegistry()
    for name, build in FUNCTIONS.items():
        registry.createOrReplaceTempFunction(name, _Builder(spark._jvm, build), "built-in")


class _Builder:
    def __init__(self, jvm: Any, build: Build) -> None:  # noqa: ANN401 - a gateway has no type
        classic = jvm.org.apache.spark.sql.classic
        self._columns = classic.ExpressionUtils
        # Scala's object, which has a trait of its name beside it.
        self._expressions = getattr(getattr(classic, "ColumnNodeToExpressionConverter$"), "MODULE$")
        self._build = build

    def apply(self, arguments: JavaObject) -> JavaObject:
        given = [self._typed(arguments.apply(i)) for i in range(arguments.size())]
        built = cast_type(Any, self._build(*given))
        return self._expressions.apply(built._jc.node())

    def _typed(self, expression: JavaObject) -> Typed:
        is_literal = expression.getClass().getSimpleName() == "Literal"
        literal = str(expression.value()) if is_literal and expression.value() is not None else None
        kind = expression.dataType().catalogString()
        return Typed(ClassicColumn(self._columns.column(expression)), kind, literal, expression)

    class Java:
        implements = ("scala.Function1",)


# Numbers


@function
def div(a: Typed, b: Typed) -> Column:
    """Division gives a floating-point number, by zero too, as IEEE 754 has it."""
    return _divide(a.column.cast("double"), b.column.cast("double"))


def _divide(a: Column, b: Column) -> Column:
    # The reciprocal of a zero is infinite, with its sign.
    return f.when(b == 0, a * f.pow(b, f.lit(-1.0))).otherwise(a / b)


@function
def intdiv(a: Typed, b: Typed) -> Column:
    """Whole numbers: what is left of the quotient without its fraction; others are divided as by `/`. By zero: null."""
    if not (a.is_whole and b.is_whole):
        by = b.column.cast("double")
        return _divide(a.column.cast("double"), by if b.is_floating else f.nullif(by, f.lit(0.0)))
    kind = "bigint" if "bigint" in (a.kind, b.kind) else "int"
    return f.call_function("div", a.column, f.nullif(b.column, f.lit(0))).cast(kind)


@function
def hugediv(a: Typed, b: Typed) -> Column:
    """Whole numbers of up to 38 digits. A quotient of more than 32 is an error."""
    if not all(one.is_whole or re.fullmatch(r"decimal\(\d+,0\)", one.kind) for one in (a, b)):
        return intdiv(a, b)
    huge = "decimal(38,0)"
    of, by = a.column.cast(huge), f.nullif(b.column.cast(huge), f.lit(0).cast(huge))
    # What is divided without a rest has no fraction to be rounded.
    return ((of - of % by) / by).cast(huge)


@function
def mod(a: Typed, b: Typed) -> Column:
    """The sign is the dividend's. By zero: null, and of floating-point numbers not-a-number."""
    if a.is_floating or b.is_floating:
        x, y = a.column.cast("double"), b.column.cast("double")
        return f.when(y == 0, x * f.lit(float("nan"))).otherwise(x % y)
    return a.column % f.nullif(b.column, f.lit(0))


@function
def minus(a: Typed, b: Typed) -> Column:
    """Of two dates the days between them."""
    if a.kind == "date" and b.kind == "date":
        return f.datediff(a.column, b.column).cast("bigint")
    return _moment(a, b) - b.column


@function
def plus(a: Typed, b: Typed) -> Column:
    return _moment(a, b) + _moment(b, a)


def _moment(a: Typed, b: Typed) -> Column:
    """A date with an interval gives a time."""
    return a.column.cast("timestamp_ntz") if a.kind == "date" and "interval" in b.kind else a.column


@function
def sign(a: Typed) -> Column:
    # Not-a-number has none.
    return f.when(f.isnan(a.column), 0).otherwise(f.signum(a.column.cast("double"))).cast("int")


def _rounded(a: Typed, rounding: Callable[[Column], Column]) -> Column:
    if not a.is_floating:
        return a.column if a.is_whole else rounding(a.column)
    # Spark's gives a bigint; a number so large has no fraction.
    return f.when(f.abs(a.column) < 2.0**52, rounding(a.column).cast(a.kind)).otherwise(a.column)


@function
def ceil(a: Typed) -> Column:
    return _rounded(a, f.ceil)


@function
def floor(a: Typed) -> Column:
    return _rounded(a, f.floor)


@function
def trunc(a: Typed) -> Column:
    return _rounded(a, lambda x: f.when(x < 0, f.ceil(x)).otherwise(f.floor(x)))


@function
def round_(a: Typed, digits: Typed | None = None) -> Column:
    """Half away from zero, of the number as floating point has it: 1.255 to two digits is 1.25."""
    places = 0 if digits is None else int(digits.literal or 0)
    if not a.is_floating:
        return f.round(a.column, places)
    scale = 10.0**places
    rounded = f.round(a.column * scale, 0) / scale
    return f.when(f.abs(a.column) < 2.0**52, rounded).otherwise(a.column)


def _within(condition: Column, value: Column, message: str) -> Column:
    return f.when(condition, f.raise_error(f.lit(message)).cast("double")).otherwise(value)


@function
def sqrt(a: Typed) -> Column:
    x = a.column.cast("double")
    return _within(x < 0, f.sqrt(x), "Out of Range Error: cannot take square root of a negative number")


def _logarithm(a: Typed, logarithm: Callable[[Column], Column]) -> Column:
    x = a.column.cast("double")
    return _within(x <= 0, logarithm(x), "Out of Range Error: cannot take logarithm of zero or a negative number")


@function
def ln(a: Typed) -> Column:
    return _logarithm(a, f.ln)


@function
def log10(a: Typed) -> Column:
    return _logarithm(a, f.log10)


@function
def log2(a: Typed) -> Column:
    return _logarithm(a, f.log2)


@function
def isnan(a: Typed) -> Column:
    return f.when(a.column.isNotNull(), f.isnan(a.column))


@function
def isinf(a: Typed) -> Column:
    return f.abs(a.column) == float("inf")


@function
def isfinite(a: Typed) -> Column:
    # Not-a-number is above all others.
    return f.abs(a.column) < float("inf")


# Casts

_SPACE = r"[ \t\n\x0B\f\r]*"
_NUMBER = r"[+-]?([0-9]+(_[0-9]+)*\.?([0-9]+(_[0-9]+)*)?|\.[0-9]+(_[0-9]+)*)([eE][+-]?[0-9]+)?"
_WHOLE = rf"^{_SPACE}[+-]?[0-9]+{_SPACE}$"
_ANY_NUMBER = rf"^{_SPACE}{_NUMBER}{_SPACE}$"
_FLOATING = rf"^{_SPACE}({_NUMBER}|[+-]?(?i:inf|infinity|nan)){_SPACE}$"
_DAY = r"([0-9]{4,6})(?:-([0-9]{1,2})-|/([0-9]{1,2})/)([0-9]{1,2})"
_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]*)?)?"
_ZONE = r"Z| UTC|[+-][0-9]{2}(:?[0-9]{2})?"
# Of a time that follows nothing is said, but for years before the first, which would be others here.
_DATE = rf"^{_SPACE}{_DAY}([ T](?! *(?i:\(bc\))).*)?{_SPACE}$"
_TIMESTAMP = rf"^{_SPACE}{_DAY}([ T]{_CLOCK}({_ZONE})?)?{_SPACE}$"


@function
def cast(a: Typed, kind: Typed) -> Column:
    """A cast that fails is an error."""
    return _cast(a, kind.literal or "", lambda column, to: column.cast(to))


@function
def try_cast(a: Typed, kind: Typed) -> Column:
    """A cast that fails is null."""
    return _cast(a, kind.literal or "", lambda column, to: column.try_cast(to))


@function
def cast_json(text: Typed, kind: Typed) -> Column:
    """A text that is JSON as a nested type: null where it is no JSON, and an error where it is not of that type."""
    value = nested.parsed(text.column)
    return nested.from_json(value, kind.literal or "", _scalar(lambda column, wanted: column.try_cast(wanted)))


Casting = Callable[[Column, str], Column]


def _cast(a: Typed, to: str, casting: Casting) -> Column:
    if to == a.kind:
        return a.column
    if to == "string":
        return _text(a)
    if nested.is_nested(to):
        return _cast_nested(a, to, casting)
    if to == "uuid":
        return _uuid(_text(a), casting)
    if a.is_text:
        return _cast_text(a.column, to, casting)
    if to in ("int", "bigint") and a.is_floating:
        # Half to even.
        return casting(f.rint(a.column), to)
    if to in ("int", "bigint") and a.is_decimal:
        return casting(f.round(a.column, 0), to)
    if to == "float" and a.kind == "double":
        # Out of its range is an error, not infinite.
        small = f.abs(a.column.cast("float")) < float("inf")
        fits = small | (f.abs(a.column) == float("inf")) | f.isnan(a.column)
        return f.when(fits, a.column.cast(to)).otherwise(casting(_refused(a.column), to))
    if to.startswith("decimal") and a.is_floating:
        return f.when(f.abs(a.column) < 1e38, casting(a.column, to)).otherwise(casting(_refused(a.column), to))
    return casting(a.column, to)


def _cast_nested(a: Typed, to: str, casting: Casting) -> Column:
    if a.kind == nested.VARIANT:
        return nested.from_json(a.column, to, _scalar(lambda column, wanted: column.try_cast(wanted)))
    if a.kind == "void":
        return a.column.cast(to)
    if not nested.is_nested(a.kind):
        raise ValueError(f"Spark casts no {a.kind} to {to}")
    return nested.by_name(a.column, a.shape, to, _scalar(casting))


def _scalar(casting: Casting) -> nested.CastScalar:
    return lambda column, kind, wanted: _cast(Typed(column, kind), wanted, casting)


def _refused(x: Column) -> Column:
    return f.concat(f.lit("not of that type: "), x.cast("string"))


def _cast_text(text: Column, to: str, casting: Casting) -> Column:
    if to in ("int", "bigint"):
        number = f.round(casting(_shaped(text, _ANY_NUMBER), "decimal(38,6)"), 0)
        return f.when(text.rlike(_WHOLE), casting(text, to)).otherwise(casting(number, to))
    if to in ("double", "float"):
        return casting(_shaped(text, _FLOATING), to)
    if to.startswith("decimal"):
        number = _shaped(text, _ANY_NUMBER)
        return casting(f.when(text.rlike(_longer_than(to)), _refused(text)).otherwise(number), to)
    if to == "boolean":
        # Spark's cast would take what has blanks around it.
        return casting(f.when(text.rlike(r"^[A-Za-z0-9]*\z"), text).otherwise(_refused(text)), to)
    if to == "date":
        return casting(_shaped(f.regexp_replace(text, _DATE, "$1-$2$3-$4"), _DATE, text), to)
    if to in ("timestamp", "timestamp_ntz"):
        zoned = f.regexp_replace(text, r"([+-][0-9]{2})([0-9]{2})(?=[ ]*$)", "$1:$2")
        dashed = f.regexp_replace(zoned, rf"^({_SPACE}[0-9]+)/([0-9]+)/", "$1-$2-")
        return casting(_shaped(dashed, _TIMESTAMP, text), to)
    return casting(text, to)


def _longer_than(kind: str) -> str:
    """Matches what has more digits before its point than a decimal type, though a negative exponent takes them away."""
    precision, scale = (int(digits) for digits in re.findall(r"\d+", kind))
    return rf"^{_SPACE}[+-]?[0_]*[1-9](_?[0-9]){{{precision - scale},}}(\.[0-9_]*)?[eE]-"


def _uuid(text: Column, casting: Casting) -> Column:
    """Spark has no such type: it is a text, in small letters."""
    refused = casting(_refused(text), "int").cast("string")
    return f.when(text.rlike(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z"), f.lower(text)).otherwise(
        refused
    )


def _shaped(text: Column, pattern: str, given: Column | None = None) -> Column:
    """Text that has a shape, without the underscores between digits; of another, one that no cast takes."""
    fits = (text if given is None else given).rlike(pattern)
    plain = f.regexp_replace(text, "(?<=[0-9])_(?=[0-9])", "")
    return f.when(fits, f.trim(plain)).otherwise(_refused(text))


def _text(a: Typed) -> Column:
    if a.kind == nested.VARIANT:
        return nested.json_text(a.column)
    if a.kind == "timestamp":
        return f.concat(a.column.cast("string"), f.lit("+00"))
    if a.is_floating:
        return _number_text(a.column)
    return a.column.cast("string")


def _number_text(x: Column) -> Column:
    """DuckDB writes `1e+16` where Java writes `1.0E16`, and all digits of what is below it and not below 0.0001."""
    java = x.cast("string")
    size = f.abs(x)
    digits = f.regexp_extract(java, r"^-?([0-9.]+)", 1)
    power = f.regexp_extract(java, r"E(-?[0-9]+)$", 1).try_cast("int")
    mantissa = f.regexp_replace(digits, r"\.0$", "")
    signed = f.when(power < 0, "-").otherwise("+")
    padded = f.lpad(f.abs(power).cast("string"), f.greatest(f.length(f.abs(power).cast("string")), f.lit(2)), "0")
    minus = f.when(java.startswith("-"), "-").otherwise("")
    scientific = f.concat(minus, mantissa, f.lit("e"), signed, padded)
    # Seventeen digits at most.
    plain = f.regexp_replace(java.try_cast("decimal(38,20)").cast("string"), r"(\.[0-9]*?)0+$", "$1")
    whole = f.regexp_replace(plain, r"\.$", ".0")
    return (
        f.when(f.isnan(x), "nan")
        .when(size == float("inf"), f.concat(minus, f.lit("inf")))
        .when(~java.contains("E"), java)
        .when((size < 1e16) & (size >= 1e-4), whole)
        .otherwise(scientific)
    )


# Texts


@function
def text(a: Typed) -> Column:
    return _text(a)


_LONGER = [chr(c) for c in range(0x110000) if len(chr(c).upper()) > 1]
"""Letters whose capital is several letters: Spark writes those, DuckDB the one letter that there may be."""
_CAPITALS = ["ẞ" if c == "ß" else c.title() if len(c.title()) == 1 else c for c in _LONGER]
_PLACES = "".join(chr(0xE000 + i) for i in range(len(_LONGER)))


@function
def upper(a: Typed) -> Column:
    capitals = f.upper(f.translate(_text(a), "".join(_LONGER), _PLACES))
    return f.translate(capitals, _PLACES, "".join(_CAPITALS))


@function
def lower(a: Typed) -> Column:
    # Spark's sigma depends on what follows, and its small dotted I is two characters.
    return f.lower(f.translate(_text(a), "İΣ", "i\u03c3"))


@function
def join(a: Typed, b: Typed) -> Column:
    """`||`, of texts or lists."""
    if a.kind.startswith("array"):
        return f.concat(a.column, b.column)
    return f.concat(_text(a), _text(b))


@function
def left(a: Typed, count: Typed) -> Column:
    """As many characters; of a negative number all but the last ones."""
    long, n = f.length(a.column), count.column
    return f.substring(a.column, f.lit(1), f.greatest(f.when(n < 0, long + n).otherwise(n), f.lit(0)))


@function
def right(a: Typed, count: Typed) -> Column:
    long, n = f.length(a.column), count.column
    wanted = f.greatest(f.least(f.when(n < 0, long + n).otherwise(n), long), f.lit(0))
    return f.substring(a.column, long - wanted + 1, wanted)


@function
def substring(a: Typed, start: Typed, count: Typed | None = None) -> Column:
    """From 1; what lies before the text counts, too; a negative start counts from the end."""
    long, first = f.length(a.column), start.column
    begin = f.when(first < 0, long + first + 1).otherwise(first)
    end = long + 1 if count is None else begin + count.column
    shown = f.greatest(begin, f.lit(1))
    return f.substring(a.column, shown, f.greatest(end - shown, f.lit(0)))


# Dates and times

_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


def _ntz(a: Typed) -> Column:
    return a.column.cast("timestamp_ntz")


def _micros(a: Typed) -> Column:
    return f.unix_micros(a.column.cast("timestamp"))


@function
def date_trunc(unit: Typed, a: Typed) -> Column:
    """A time keeps having a zone or none; a date becomes one without."""
    cut = f.date_trunc(unit.literal or "", a.column.cast("timestamp"))
    return cut if a.kind == "timestamp" else cut.cast("timestamp_ntz")


@function
def date_diff(unit: Typed, a: Typed, b: Typed) -> Column:
    """How many borders of a unit lie between two times."""
    name = (unit.literal or "").lower()
    if name == "week":
        # Seven days each, whichever they begin with.
        days = f.datediff(b.column.cast("date"), a.column.cast("date"))
        return f.call_function("div", days, f.lit(7)).cast("bigint")
    first, last = _border(name, a), _border(name, b)
    return (last - first).cast("bigint")


def _border(unit: str, a: Typed) -> Column:
    day = a.column.cast("date")
    if unit == "year":
        return f.year(day)
    if unit == "quarter":
        return f.year(day) * 4 + f.quarter(day)
    if unit == "month":
        return f.year(day) * 12 + f.month(day)
    if unit == "day":
        return f.unix_date(day)
    if unit in _SECONDS:
        return f.floor(_micros(a) / (_SECONDS[unit] * 1_000_000))
    if unit in ("millisecond", "ms"):
        return f.floor(_micros(a) / 1_000)
    if unit in ("microsecond", "us"):
        return _micros(a)
    raise ValueError(f"date_diff knows no unit {unit}")


@function
def epoch(a: Typed) -> Column:
    return _micros(a) / 1_000_000.0


@function
def epoch_us(a: Typed) -> Column:
    return _micros(a)


@function
def epoch_ms(a: Typed) -> Column:
    return f.unix_millis(a.column.cast("timestamp"))


@function
def at_zone(a: Typed, zone: Typed) -> Column:
    """A time with a zone as the clocks there show it; one without a zone as the moment at which they show it."""
    if a.kind == "timestamp":
        return f.convert_timezone(f.lit("UTC"), zone.column, _ntz(a))
    shown = _ntz(a)
    moment = f.convert_timezone(zone.column, f.lit("UTC"), shown)
    # What clocks show twice is the second time, as DuckDB has it.
    for later in ("INTERVAL '1' HOUR", "INTERVAL '30' MINUTE"):
        again = moment + f.expr(later)
        moment = f.when(f.convert_timezone(f.lit("UTC"), zone.column, again) == shown, again).otherwise(moment)
    return moment.cast("timestamp")


# Lists and JSON


@function
def distinct(a: Typed, b: Typed) -> Column:
    """Whether one is not the other, null being like any value."""
    return ~same(a, b)


@function
def same(a: Typed, b: Typed) -> Column:
    return _comparable(a).eqNullSafe(_comparable(b))


def _comparable(a: Typed) -> Column:
    return nested.comparable(a.column, a.shape) if "map<" in a.kind else a.column


@function
def json_type(a: Typed) -> Column:
    if a.kind != nested.VARIANT:
        raise ValueError("Spark knows the type of no JSON that is a text")
    return nested.json_type(a.column)


@function
def len_(a: Typed) -> Column:
    return (f.size(a.column) if a.kind.startswith("array") else f.length(a.column)).cast("bigint")


@function
def list_contains(a: Typed, value: Typed) -> Column:
    """A list that has nulls but not the value does not contain it."""
    found = f.coalesce(f.array_contains(a.column, value.column), f.lit(False))
    return f.when(a.column.isNotNull() & value.column.isNotNull(), found)


@function
def list_count(a: Typed) -> Column:
    return f.size(f.array_compact(a.column)).cast("bigint")


@function
def list_unique(a: Typed) -> Column:
    """Nulls do not count, and no NaN is another's like."""
    values = f.array_compact(a.column)
    unique = f.size(f.array_distinct(values)).cast("bigint")
    if a.kind not in ("array<double>", "array<float>"):
        return unique
    return unique + f.greatest(f.size(f.filter(values, f.isnan)) - 1, f.lit(0))


@function
def list_concat(*lists: Typed) -> Column:
    """A list that is null adds nothing."""
    kind = lists[0].kind
    return f.concat(*(f.coalesce(one.column, f.array().cast(kind)) for one in lists))
