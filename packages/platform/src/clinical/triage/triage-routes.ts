// HTTP of a single question to triage, and of the names it understands.
import { AppError } from '@xinglin/core/errors'
import type { ArticleScore } from '@xinglin/core/triage'
import type { FastifyPluginAsync } from 'fastify'
import type { Static } from 'typebox'
import type { Logger, SymptomGraph } from '../../kernel/ports.ts'
import type {} from '../../kernel/service.ts'
import { requireTriage } from './access.ts'
import type { Knowledge } from './knowledge/knowledge.ts'
import * as schemas from './schemas.ts'
import { suggestByArticle, suggestByArticleOnAll, suggestByBayes, type TriageQuestion } from './suggest.ts'

type Scores = readonly ArticleScore[]

const bodyLimit = 65_536
const defaultLimit = 10
const defaultFindings = 20

function questionOf(body: Static<typeof schemas.TriageBody>, limit: number): TriageQuestion {
  const { symptoms, absent = [], age, sex, pregnant, vitals = {} } = Array.isArray(body) ? { symptoms: body } : body
  const person = {
    ...(age === undefined ? {} : { ageYears: age }),
    ...(sex === undefined ? {} : { sex }),
    ...(pregnant === undefined ? {} : { pregnant }),
  }
  return { symptoms, absent, person, vitals, limit }
}

/** What the routes need. */
export interface TriageRouteParts {
  readonly knowledge: Knowledge
  readonly log: Logger
  readonly graph?: SymptomGraph
}

// Where Neo4j is, it is asked; while it cannot be reached the arrays give the same scores.
async function fromNeo4j({ graph, log }: TriageRouteParts, symptoms: readonly string[]): Promise<Scores | undefined> {
  if (graph === undefined) return undefined
  return graph.scores(symptoms).catch((error: unknown) => {
    log.warn('triage.neo4j.not-asked', { error })
    return undefined
  })
}

/** The routes: `POST /triage` and `GET /api/v1/triage/findings`. */
export function triageRoutes(parts: TriageRouteParts): FastifyPluginAsync {
  const { knowledge } = parts
  return async (app) => {
    const asked = {
      bodyLimit,
      schema: {
        body: schemas.TriageBody,
        querystring: schemas.TriageQuery,
        response: { 200: schemas.TriageAnswer },
      },
    }
    app.post<{ Body: Static<typeof schemas.TriageBody>; Querystring: Static<typeof schemas.TriageQuery> }>(
      '/triage',
      asked,
      async (request) => {
        requireTriage(request.caller)
        const { scoring = 'bayes', graph = scoring === 'article' ? 'article' : 'xinglin', limit } = request.query
        const question = questionOf(request.body, limit ?? defaultLimit)
        const compiled = await knowledge.active()
        if (scoring === 'article') {
          if (graph === 'article') return suggestByArticle(compiled, question)
          const ids = compiled.names.read(question.symptoms).findings.map(({ id }) => id)
          return suggestByArticleOnAll(compiled, question, await fromNeo4j(parts, ids))
        }
        if (graph === 'article') {
          throw new AppError('invalid-parameter', 'The graph article has no probabilities: use it with scoring=article')
        }
        return suggestByBayes(compiled, question)
      },
    )
    const listed = { schema: { querystring: schemas.FindingQuery, response: { 200: schemas.FindingsAnswer } } }
    app.get<{ Querystring: Static<typeof schemas.FindingQuery> }>(
      '/api/v1/triage/findings',
      listed,
      async (request) => {
        requireTriage(request.caller)
        const { names } = await knowledge.active()
        const { text = '', limit = defaultFindings } = request.query
        const findings = names.search(text, limit)
        return {
          findings: findings.map(({ id, kind, name, question, hpo }) => ({
            id,
            kind,
            name,
            question,
            hpo: hpo ?? null,
          })),
        }
      },
    )
  }
}
