// A span as it is kept: what names a person's data in the conventions of others is left out (pure).
import type { AttributeValue } from '../../../kernel/ports.ts'

/** A span with the room or program that did the work. */
export interface KeptSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** 16 hex digits, or empty. */
  readonly parentId: string
  readonly service: string
  readonly name: string
  readonly kind: string
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number
  readonly endMs: number
  /** Names and values in turn. */
  readonly attributes: readonly AttributeValue[]
  readonly failure: string | undefined
}

// Addresses, statements, messages and people: https://opentelemetry.io/docs/specs/semconv/registry/attributes/.
const personal =
  /^(url\.(?!scheme)|http\.(url|target|request\.(body|header)|response\.(body|header))|db\.(statement|query\.(text|parameter)|response\.returned)|exception\.(message|stacktrace)|enduser\.|user\.|client\.address|messaging\.message\.(body|conversation)|gen_ai\.|graphql\.document|rpc\.(request|response)\.metadata)/

/** Attributes without those that may hold a person's data. */
export function withoutPersonal(attributes: readonly AttributeValue[]): readonly AttributeValue[] {
  const kept: AttributeValue[] = []
  for (let at = 0; at + 1 < attributes.length; at += 2) {
    const name = String(attributes[at])
    if (!personal.test(name)) kept.push(name, attributes[at + 1] ?? '')
  }
  return kept
}
