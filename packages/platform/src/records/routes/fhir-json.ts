// Takes FHIR bodies as text, so that each is parsed once, by the store, in a worker when it is large.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { textOf } from '../../kernel/body-text.ts'

/** Content type of every FHIR answer. */
export const fhirJson = 'application/fhir+json; charset=utf-8'

const types = [
  'application/fhir+json',
  'application/json',
  'application/json+fhir',
  'text/json',
  'application/json-patch+json',
]

/** Registers the parsers in the scope of a plugin. */
export function takeJsonAsText(app: FastifyInstance): void {
  for (const type of types) {
    if (app.hasContentTypeParser(type)) app.removeContentTypeParser(type)
    takeAsText(app, type)
  }
}

/** Registers a parser that gives the body of a type as text. */
export function takeAsText(app: FastifyInstance, type: string): void {
  const asText = async (_request: FastifyRequest, body: Buffer): Promise<string> => textOf(body)
  app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer' }, asText)
}
