// Chapter 3: the lung-nodule model behind an inference server, and hospitals that train together.
import { readFileSync } from 'node:fs'
import { expectStatus } from '../../../packages/platform/src/cli/demo/stage.ts'
import { snippet } from '../article-text.ts'
import { runExample } from '../examples.ts'
import { type ArticleStage, needArticle, needPython, type Scene } from '../scene.ts'

const model = 'lung_nodule_unet'
const side = 512

interface ServedConfig {
  readonly name: string
  readonly max_batch_size: number
  readonly input: readonly {
    readonly name: string
    readonly data_type: string
    readonly dims: readonly (number | string)[]
  }[]
  readonly output: ServedConfig['input']
}

async function servedConfig(stage: ArticleStage): Promise<ServedConfig> {
  const url = `http://127.0.0.1:${stage.port('INFERENCE_HTTP_PORT')}/v2/models/${model}/config`
  const answer = await stage.ask(url)
  expectStatus(answer, 200)
  return answer.body as unknown as ServedConfig
}

const words = (text: string): string => text.replace(/\s+/g, ' ')

// The printed file is compared field by field, except for the platform, which names the engine.
async function compareConfig(stage: ArticleStage): Promise<string> {
  const printed = words(snippet(needArticle(stage), 'name: "lung_nodule_unet"', '启动Triton'))
  const { name, max_batch_size: batch, input, output } = await servedConfig(stage)
  const expected = [
    `name: "${name}"`,
    `max_batch_size: ${batch}`,
    ...[...input, ...output].map(
      (one) => `name: "${one.name}" data_type: ${one.data_type} dims: [ ${one.dims.join(', ')} ]`,
    ),
  ]
  const missing = expected.filter((text) => !printed.includes(text))
  if (missing.length > 0) throw new Error(`served otherwise than printed: ${missing.join('; ')}`)
  return `${name}: the same names, types, shapes and batch size as printed`
}

async function predict(stage: ArticleStage): Promise<string> {
  const form = new FormData()
  form.set('file', new Blob([new Float32Array(side * side)]), 'slice.raw')
  const answer = await fetch(`${stage.system.gatewayUrl}/predict/lung-nodule`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await stage.token('radiologist')}` },
    body: form,
    signal: AbortSignal.timeout(60_000),
  })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${answer.status}: ${text.slice(0, 300)}`)
  const { filename, mask_shape: shape, mask_data: data } = JSON.parse(text) as Record<string, unknown>
  const rows = (data as number[][][][])[0]?.[0]
  if (filename !== 'slice.raw' || JSON.stringify(shape) !== `[1,1,${side},${side}]` || rows?.length !== side) {
    throw new Error(`answered ${String(filename)}, ${JSON.stringify(shape)}`)
  }
  return `mask_shape ${JSON.stringify(shape)}`
}

const peer = (name: string): string => readFileSync(new URL(`../../flower/python/${name}`, import.meta.url), 'utf8')
const rounds = 2
const sites = 2

async function openFederation(stage: ArticleStage, token: string): Promise<string> {
  const body = { name: `article ${Date.now()}`, rounds, minSites: sites, join: 'open', deadlineSeconds: 60 }
  const made = await stage.ask('/api/v1/federations', { method: 'POST', body, token })
  expectStatus(made, 201)
  const id = String(made.body['id'])
  expectStatus(await stage.ask(`/api/v1/federations/${id}/start`, { method: 'POST', token }), 200, 202)
  return id
}

async function federate(stage: ArticleStage): Promise<string> {
  const article = needArticle(stage)
  const command = needPython(stage)
  const token = await stage.token('data-scientist')
  const id = await openFederation(stage, token)
  const client = `${snippet(article, 'import flwr as fl', '第四章')}`
  const join = (seed: number) =>
    stage.run({
      command,
      args: ['client.py'],
      names: { 'federated-server:8080': stage.port('FLOWER_PORT') },
      files: { 'client.py': client, 'model.py': peer('model.py'), 'data.py': peer('data.py') },
      env: { SITE_SEED: String(seed) },
      timeoutMs: 120_000,
    })
  await Promise.all(Array.from({ length: sites }, (_, seed) => join(seed + 1)))
  const { body } = await stage.ask(`/api/v1/federations/${id}`, { token })
  if (body['state'] !== 'finished') throw new Error(`the federation is ${JSON.stringify(body).slice(0, 400)}`)
  return `${sites} printed clients, ${rounds} rounds, finished`
}

/** The scenes of chapter 3. */
export const aiServices: readonly Scene[] = [
  { section: '3.1', kind: 'printed', title: 'the model repository is what its config.pbtxt says', play: compareConfig },
  { section: '3.1', kind: 'ours', title: 'POST /predict/lung-nodule gives a mask', play: predict },
  {
    section: '3.1',
    kind: 'ours',
    title: 'a chest CT goes into the archive and is found again',
    play: (stage) => runExample(stage, { path: 'imaging/archive.ts', role: 'radiologist', prints: /HU|Hounsfield/ }),
  },
  {
    section: '3.1',
    kind: 'ours',
    title: 'an own model is served, registered and put into production',
    play: (stage) =>
      runExample(stage, { path: 'inference/own-model.ts', role: 'data-scientist', prints: /production/ }),
  },
  {
    section: '3.2',
    kind: 'ours',
    title: 'three hospitals learn from one program',
    play: (stage) =>
      runExample(stage, { path: 'federated/hospitals.ts', role: 'data-scientist', prints: /round|hospital/i }),
  },
  { section: '3.2', kind: 'printed', title: 'hospitals join with the printed client', play: federate },
]
