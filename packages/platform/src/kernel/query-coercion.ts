// Turns the text of query and path parameters into the numbers and booleans that a route's schema declares, strictly:
// what does not look like one stays text and is then refused by the schema.

interface ParameterSchema {
  readonly type?: unknown
  readonly items?: ParameterSchema
}

/** The part of an object schema that is looked at. */
export interface ParametersSchema {
  readonly properties?: Readonly<Record<string, ParameterSchema>>
}

const number = /^-?(0|[1-9]\d{0,15})(\.\d{1,15})?$/

function coerce(schema: ParameterSchema, value: unknown): unknown {
  if (schema.type === 'array' && schema.items !== undefined) {
    const { items } = schema
    return (Array.isArray(value) ? value : [value]).map((item) => coerce(items, item))
  }
  if (typeof value !== 'string') return value
  if ((schema.type === 'integer' || schema.type === 'number') && number.test(value)) return Number(value)
  if (schema.type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

/** The parameters with the types of their schema; unknown ones are kept so that the schema can refuse them. */
export function coerceParameters(schema: ParametersSchema, values: unknown): Record<string, unknown> {
  const declared = schema.properties ?? {}
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => {
      const own = Object.hasOwn(declared, name) ? declared[name] : undefined
      return [name, own === undefined ? value : coerce(own, value)]
    }),
  )
}

/** The schema with `additionalProperties: false` on every object that lists its properties and does not say otherwise. */
export function closedSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, isComposed(key) ? value : closedSchema(value)])
  const copy = Object.fromEntries(entries) as Record<string, unknown>
  const isOpen = copy['type'] === 'object' && copy['properties'] !== undefined && !('allOf' in copy)
  return isOpen && copy['additionalProperties'] === undefined ? { ...copy, additionalProperties: false } : copy
}

// The parts of an `allOf` see each other's properties as additional; enum, const and default hold values, not schemas.
function isComposed(key: string): boolean {
  return ['allOf', 'enum', 'const', 'default', 'examples'].includes(key)
}
