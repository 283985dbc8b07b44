// Refusals in the shape of Kong's admin API: status, message, name, code and fields.

/** A refusal of the admin API; its body is what Kong would answer. */
export class KongError extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>> & { readonly message: string }) {
    super(body.message)
    this.name = 'KongError'
    this.status = status
    this.body = body
  }
}

/** Faults by field; plugins nest theirs under `config`. */
export type FieldFaults = Readonly<Record<string, unknown>>

function describe(faults: FieldFaults, before = ''): readonly string[] {
  return Object.entries(faults).flatMap(([field, fault]) => {
    if (field === '@entity' && Array.isArray(fault)) return fault.map(String)
    if (typeof fault === 'object' && fault !== null) return describe(fault as FieldFaults, `${before}${field}.`)
    return [`${before}${field}: ${String(fault)}`]
  })
}

/** 400: fields do not fit the schema. */
export function schemaViolation(faults: FieldFaults): KongError {
  const sentences = describe(faults)
  const shown = sentences.length === 1 ? sentences[0] : `${sentences.length} schema violations: ${sentences.join('; ')}`
  return new KongError(400, {
    message: sentences.length === 1 ? `schema violation (${shown})` : String(shown),
    name: 'schema violation',
    fields: faults,
    code: 2,
  })
}

/** 409: another entity has the same unique value. */
export function uniqueViolation(fields: Readonly<Record<string, unknown>>): KongError {
  const show = (value: unknown): string => {
    if (value === null) return 'null'
    return typeof value === 'object' ? `{id="${(value as { id: string }).id}"}` : `"${String(value)}"`
  }
  const shown = Object.entries(fields).map(([field, value]) => `${field}=${show(value)}`)
  return new KongError(409, {
    message: `UNIQUE violation detected on '{${shown.join(',')}}'`,
    name: 'unique constraint violation',
    fields,
    code: 5,
  })
}

/** 400: a reference points at nothing. */
export function missingReference(field: string, kind: string, id: string): KongError {
  return new KongError(400, {
    message: `the foreign key '{id="${id}"}' does not reference an existing '${kind}' entity.`,
    name: 'foreign key violation',
    fields: { [field]: { id } },
    code: 4,
  })
}

/** 400: others still point at what should be deleted. */
export function stillReferenced(kind: string, by: string): KongError {
  return new KongError(400, {
    message: `an existing '${by}' entity references this '${kind}' entity`,
    name: 'foreign key violation',
    fields: { '@referenced_by': by },
    code: 4,
  })
}

/** 404. */
export function notFound(): KongError {
  return new KongError(404, { message: 'Not found' })
}
