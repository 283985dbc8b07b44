// Prints a configuration as `config.pbtxt` that this server and Triton read back (pure).

import type { ModelConfig } from './model-config.ts'
import type { Values } from './read-fields.ts'
import { type Field, type Fields, type Kind, modelConfigFields } from './schema.ts'

const step = '  '

function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `"${escaped}"`
}

function printOne(name: string, value: unknown, kind: Kind, indent: string): readonly string[] {
  if (kind.kind === 'message')
    return [`${indent}${name} {`, ...printFields(value as Values, kind.fields, indent + step), `${indent}}`]
  if (kind.kind === 'map') {
    return Object.entries(value as Values).flatMap(([key, one]) => [
      `${indent}${name} {`,
      `${indent}${step}key: ${/^\d+$/.test(key) && name === 'priority_queue_policy' ? key : quoted(key)}`,
      ...printOne('value', one, kind.value, indent + step),
      `${indent}}`,
    ])
  }
  return [`${indent}${name}: ${kind.kind === 'text' ? quoted(String(value)) : String(value)}`]
}

function printField(name: string, value: unknown, field: Field, indent: string): readonly string[] {
  if (field.isRepeated !== true) return printOne(name, value, field, indent)
  const list = value as readonly unknown[]
  if (field.kind === 'message') return list.flatMap((one) => printOne(name, one, field, indent))
  return list.length === 0 ? [] : [`${indent}${name}: [ ${list.map(String).join(', ')} ]`]
}

function printFields(values: Values, fields: Fields, indent: string): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = values[name]
    const isEmpty = value === undefined || value === '' || value === 0 || value === false
    return isEmpty ? [] : printField(name, value, field, indent)
  })
}

/** Prints a configuration; fields at their default are left out. */
export function printConfigText(config: ModelConfig): string {
  return `${printFields(config as unknown as Values, modelConfigFields, '').join('\n')}\n`
}
