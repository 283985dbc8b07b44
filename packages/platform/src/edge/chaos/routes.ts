// HTTP of chaos: the map of the house, experiments with their reports, and, where it is allowed, their start and end.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Role } from '../../kernel/caller.ts'
import type {} from '../../kernel/service.ts'
import type { Sql } from '../../kernel/sql.ts'
import { readExperiments } from './definitions/read.ts'
import { drawMap, type MapParts } from './map.ts'
import type { Runner } from './running/runner.ts'
import * as schemas from './schemas.ts'
import { listExperiments, readExperiment, type StoredExperiment } from './store/experiments.ts'
import type { Collection } from './traffic/collect.ts'

/** What the routes need. */
export interface ChaosRouteOptions {
  readonly sql: Sql
  readonly map: MapParts
  readonly collection: Collection
  readonly runner: Runner
  readonly isEnabled: boolean
}

const readers: readonly Role[] = ['operator', 'admin', 'system']
const starters: readonly Role[] = ['operator', 'admin']
const usualCount = 20
const attachValidation = true // the caller is checked first, so that a refusal tells nothing about the form

function demand(request: FastifyRequest, roles: readonly Role[]): void {
  const { caller } = request
  if (!caller.roles.some((role) => roles.includes(role))) {
    throw new AppError('forbidden', `Experiments are open to the roles ${roles.join(', ')} only`)
  }
  if (caller.scopes.length > 0) throw new AppError('forbidden', 'The scopes of the token do not cover this')
  if (request.validationError !== undefined) throw request.validationError
}

function listed({ startedAt, endedAt, ...rest }: StoredExperiment) {
  return { ...rest, startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null }
}

function lookRoutes({ sql, map, collection, runner, isEnabled }: ChaosRouteOptions): FastifyPluginAsync {
  return async (app) => {
    const mapSchema = { querystring: schemas.NoQuery, response: { 200: schemas.MapBody } }
    app.get('/chaos/map', { attachValidation, schema: mapSchema }, async (request) => {
      demand(request, readers)
      await collection.collect()
      return drawMap(map)
    })
    const listSchema = { querystring: schemas.ExperimentQuery, response: { 200: schemas.ExperimentsBody } }
    app.get('/chaos/experiments', { attachValidation, schema: listSchema }, async (request) => {
      demand(request, readers)
      const { count = usualCount, before } = request.query as Static<typeof schemas.ExperimentQuery>
      return { experiments: (await listExperiments(sql, { count, before })).map(listed), isEnabled }
    })
    const oneSchema = {
      params: schemas.ExperimentAddress,
      querystring: schemas.NoQuery,
      response: { 200: schemas.ExperimentBody },
    }
    app.get('/chaos/experiments/:id', { attachValidation, schema: oneSchema }, async (request) => {
      demand(request, readers)
      const { id } = request.params as Static<typeof schemas.ExperimentAddress>
      const found = await readExperiment(sql, id)
      if (found === undefined) throw new AppError('not-found', `There is no experiment ${id}`)
      const { report, ...rest } = found
      return { ...listed(rest), report, timeline: runner.progress(id) ?? report?.timeline ?? [] }
    })
  }
}

function startRoutes({ runner, isEnabled }: ChaosRouteOptions): FastifyPluginAsync {
  const demandStart = (request: FastifyRequest): void => {
    demand(request, starters)
    if (!isEnabled) {
      throw new AppError(
        'forbidden',
        'Experiments on this system are off: set CHAOS=true, or use `xinglin chaos run`, which makes a system of its own',
      )
    }
  }
  return async (app) => {
    const schema = { body: schemas.StartBody, querystring: schemas.NoQuery, response: { 202: schemas.StartedBody } }
    app.post('/chaos/experiments', { attachValidation, schema }, async (request, reply) => {
      demandStart(request)
      const { document } = request.body as Static<typeof schemas.StartBody>
      const experiments = readExperiments(document)
      const [experiment] = experiments
      if (experiment === undefined || experiments.length > 1) {
        throw new AppError('unprocessable', 'Send one experiment at a time')
      }
      const id = await runner.start(experiment, request.caller.subject)
      reply.code(202).header('location', `/chaos/experiments/${id}`)
      return { id }
    })
    const address = { params: schemas.ExperimentAddress, querystring: schemas.NoQuery }
    app.post('/chaos/experiments/:id/abort', { attachValidation, schema: address }, async (request, reply) => {
      demandStart(request)
      await runner.abort((request.params as Static<typeof schemas.ExperimentAddress>).id)
      reply.code(204)
    })
  }
}

/** The routes of chaos. */
export function chaosRoutes(options: ChaosRouteOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(lookRoutes(options))
    await app.register(startRoutes(options))
  }
}
