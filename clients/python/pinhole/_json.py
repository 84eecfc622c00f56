"""Between JSON and the dataclasses of models.py.

A server that is newer than the client may answer with more fields; they are dropped.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Mapping, Union, get_args, get_origin, get_type_hints


@lru_cache(maxsize=None)
def _fields_of(model: type) -> tuple[tuple[Field[Any], str, Any], ...]:
    """The fields of a dataclass, each with its name on the wire and its type."""
    hints = get_type_hints(model)
    wire: Mapping[str, str] = getattr(model, "_wire", {})
    return tuple(
        (field, wire.get(field.name, field.name), hints[field.name]) for field in fields(model)
    )


def decode(to: Any, value: Any) -> Any:
    """The JSON value as this type."""
    if value is None or to is Any:
        return value
    origin = get_origin(to)
    if origin in (Union, UnionType):
        return decode(_branch_of(to, value), value)
    if origin is list:
        (item,) = get_args(to)
        return [decode(item, one) for one in value]
    if origin is dict:
        _, item = get_args(to)
        return {key: decode(item, one) for key, one in value.items()}
    if isinstance(to, type) and is_dataclass(to):
        return _decode_model(to, value)
    return value


def _decode_model(model: type, value: Mapping[str, Any]) -> Any:
    arguments: dict[str, Any] = {}
    for field, name, hint in _fields_of(model):
        if name in value:
            arguments[field.name] = decode(hint, value[name])
        elif field.default is MISSING:
            raise TypeError(f"the answer of the server has no {name} for {model.__name__}")
    return model(**arguments)


def _branch_of(union: Any, value: Any) -> Any:
    """The first branch of a union that the value fits."""
    branches = [one for one in get_args(union) if one is not NoneType]
    return next((one for one in branches if _fits(one, value)), Any)


def _fits(to: Any, value: Any) -> bool:
    if isinstance(to, type) and is_dataclass(to):
        return isinstance(value, dict) and all(
            _has_tag(hint, value[name]) if name in value else field.default is not MISSING
            for field, name, hint in _fields_of(to)
        )
    origin = get_origin(to) or to
    return not isinstance(origin, type) or isinstance(value, origin)


def _has_tag(hint: Any, value: Any) -> bool:
    return get_origin(hint) is not Literal or value in get_args(hint)


def encode(value: Any) -> Any:
    """The value as JSON. What is None is left out, so that the server chooses."""
    if is_dataclass(value) and not isinstance(value, type):
        model: Any = type(value)
        named = ((name, getattr(value, field.name)) for field, name, _ in _fields_of(model))
        return {name: encode(one) for name, one in named if one is not None}
    if isinstance(value, Mapping):
        return {key: encode(one) for key, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [encode(one) for one in value]
    return value
