// Takes FHIR bodies as text, so that each is parsed once, by the store, in a worker when it is large.
import type { FastifyInstance } from 'fastify'

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
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, body))
  }
}
