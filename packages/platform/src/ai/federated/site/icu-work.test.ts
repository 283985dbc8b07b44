// Two hospitals over the wire reach the weights that the same rounds reach without it, and the model goes to the registry.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { aggregate, asFloat64, poolStatistics, type Weights } from '@xinglin/core/federated'
import { caseMixes, createIcuSite, drawIcuCohort, type IcuSite } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { openDiskBlobs } from '../../../engines/disk/index.ts'
import type { CallService } from '../../../kernel/ports.ts'
import { testDatabase } from '../../../testing/database.ts'
import { federated } from '../index.ts'
import { getWeights } from '../stored-weights.ts'
import { ended, serviceUnderTest } from '../under-test/service.ts'
import { icuSiteWork, joinFederation } from './index.ts'

const open = onnxruntimeSessions(onnxruntime)
const [seed, rounds, steps, learningRate, proximalMu] = [5, 2, 6, 0.003, 0.05]

function sitesOf(): Promise<readonly IcuSite[]> {
  const mixes = caseMixes.slice(0, 2)
  return Promise.all(
    mixes.map((mix, index) => {
      const cohort = drawIcuCohort({ seed: seed + index, stays: 120, mix })
      return createIcuSite({ open, cohort, heldOutShare: 0.2, seed: seed + index })
    }),
  )
}

async function withoutWire(sites: readonly IcuSite[]): Promise<Weights> {
  const standardisation = poolStatistics(sites.map((site) => site.sums()))
  let global = sites[0]?.initialWeights() ?? []
  for (let round = 1; round <= rounds; round++) {
    const updates = []
    for (const site of sites) {
      const how = { round, steps, learningRate, proximalMu, standardisation }
      updates.push({ examples: site.stays.training, weights: (await site.train(global, how)).weights })
    }
    const strategy = { kind: 'fedprox', proximalMu } as const
    global = (await aggregate({ strategy, global, updates, round }, async () => undefined)).weights
  }
  return global
}

test('FedProx over the wire is FedProx without it', async () => {
  const database = await testDatabase([federated.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-federated-'))
  const uploads: { readonly path: string; readonly about: { readonly config: string }; readonly bytes: number }[] = []
  // Stands for the registry, which another room tests; what it is sent is looked at here.
  const call: CallService = () => async (path, init) => {
    const form = await new Request('http://registry/', init).formData()
    const file = form.get('model')
    uploads.push({ path, about: JSON.parse(String(form.get('version'))), bytes: file instanceof Blob ? file.size : 0 })
    return Response.json({ version: 3 }, { status: 201 })
  }
  const service = await serviceUnderTest({ sql: database.sql, folder, call })
  const plan = {
    ...{ name: 'icu', rounds, minSites: 2, join: 'token', metric: 'loss', standardise: true, model: 'icu_test' },
    strategy: { kind: 'fedprox', proximalMu },
    config: { local_steps: steps, learning_rate: learningRate },
  }
  const { id } = (await service.ask('/api/v1/federations', { method: 'POST', payload: plan })).body
  const sites = await sitesOf()
  const joined: Promise<unknown>[] = []
  for (const [index, site] of sites.entries()) {
    const name = `site-${index}`
    const added = await service.ask(`/api/v1/federations/${id}/sites`, { method: 'POST', payload: { name } })
    const { token } = added.body
    joined.push(joinFederation({ address: service.flower, token, work: icuSiteWork(site, name) }))
  }
  await service.ask(`/api/v1/federations/${id}/start`, { method: 'POST' })
  const body = await ended(service, id)
  await Promise.all(joined)
  assert.equal(body.state, 'finished', body.reason ?? '')
  assert.equal(body.registered, 'icu_test/3')
  assert.match(uploads[0]?.about.config ?? '', /name: "values"[\s\S]*dims: \[ 24, 12 \]/)
  assert.ok((uploads[0]?.bytes ?? 0) > 20_000)

  const got = await getWeights(await openDiskBlobs(folder), `federated/${id}/${rounds}/weights`)
  const wanted = await withoutWire(sites)
  for (const [index, array] of wanted.entries()) {
    const values = asFloat64(got[index] ?? array)
    // Sums of the sites arrive in any order: the pooled statistics differ in their last bits.
    for (const [at, value] of asFloat64(array).entries()) assert.ok(Math.abs(value - (values[at] ?? 0)) < 1e-4)
  }
  await Promise.all(sites.map((site) => site.close()))
  await service.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})
