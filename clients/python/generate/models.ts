// pinhole/models.py: a dataclass for each object, an alias for each enumeration and union.
import { type Document, isClosed, isOpen, type Schema } from './document.ts';
import { type Context, docstring, optional, snake, typeOf } from './python.ts';

/** An exception of pinhole/errors.py. */
const handwritten = new Set(['Problem']);

export function modelsModule({ components }: Document): string {
  const context: Context = { models: '', list: 'list' };
  const named = Object.entries(components.schemas).filter(([name]) => !handwritten.has(name));
  const classes = named.filter(([, schema]) => isClosed(schema));
  // An alias is evaluated when the module is imported, so the classes that it names come first.
  const aliases = named.filter(([, schema]) => !isClosed(schema));
  const simple = aliases.filter(([, schema]) => schema.enum !== undefined || isOpen(schema));
  const unions = aliases.filter((one) => !simple.includes(one));
  return `${[
    '"""The data of the API. Written by clients/python/generate; do not edit."""',
    '',
    'from __future__ import annotations',
    '',
    'from dataclasses import dataclass',
    'from typing import Any, ClassVar, Literal, Union',
    '',
    ...simple.flatMap(([name, schema]) => alias(name, schema, context)),
    ...classes.flatMap(([name, schema]) => dataclass(name, schema, context)),
    ...unions.flatMap(([name, schema]) => alias(name, schema, context)),
  ].join('\n')}`;
}

function alias(name: string, schema: Schema, context: Context): string[] {
  const type = isOpen(schema) ? 'dict[str, Any]' : typeOf(schema, context);
  const union = schema.anyOf ?? schema.oneOf;
  const parts = union?.map((one) => `    ${typeOf(one, context)},`);
  const value = parts === undefined ? [`${name} = ${type}`] : [`${name} = Union[`, ...parts, ']'];
  return [...value, ...docstring('', schema.description ?? ''), ''];
}

function dataclass(name: string, schema: Schema, context: Context): string[] {
  const properties = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required);
  const fields = properties.flatMap(([property, one]) => {
    const type = typeOf(one, context);
    const field = snake(property);
    const isTag = typeof one.const === 'string' && required.has(property);
    const tag = isTag ? ` = ${JSON.stringify(one.const)}` : '';
    const line = required.has(property)
      ? `    ${field}: ${type}${tag}`
      : `    ${field}: ${optional(type)} = None`;
    return [line, ...docstring('    ', one.description ?? '')];
  });
  const renamed = properties
    .filter(([property]) => snake(property) !== property)
    .map(([property]) => `        "${snake(property)}": "${property}",`);
  const wire =
    renamed.length === 0 ? [] : ['    _wire: ClassVar[dict[str, str]] = {', ...renamed, '    }'];
  const body = [...docstring('    ', schema.description ?? ''), '', ...fields, ...wire];
  return ['', '@dataclass(frozen=True, kw_only=True)', `class ${name}:`, ...body, ''];
}
