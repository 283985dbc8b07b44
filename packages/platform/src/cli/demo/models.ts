// Models behind the clinic: which are served, what each can do and how sure that is, and who may change them.
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'Models with a card and a version'

interface Metric {
  readonly name: string
  readonly value: number
  readonly low?: number
  readonly high?: number
}

interface Version {
  readonly version: number
  readonly stage: string
  readonly sha256: string
  readonly metrics: readonly Metric[]
  readonly etag: string
}

const shown = ({ name, value, low, high }: Metric): string =>
  `${name} ${value.toFixed(3)}${low === undefined || high === undefined ? '' : ` (${low.toFixed(3)}–${high.toFixed(3)})`}`

async function productionOf(stage: Stage, token: string, name: string): Promise<Version> {
  const answer = await stage.ask(`/api/v1/models/${name}`, { token })
  expectStatus(answer, 200)
  const found = (answer.body['versions'] as readonly Version[]).find((one) => one.stage === 'production')
  if (found === undefined) throw new Error(`${name} has no version in production`)
  return found
}

/** Plays the chapter. */
export async function playModels(stage: Stage): Promise<void> {
  const token = await stage.token('data-scientist')
  const known: { names: readonly string[] } = { names: [] }
  await stage.scene(chapter, 'the models that are served, with what was measured of them', async () => {
    const answer = await stage.ask('/api/v1/models', { token })
    expectStatus(answer, 200)
    const models = answer.body['models'] as readonly { readonly name: string; readonly productionVersion?: number }[]
    known.names = models.filter((one) => one.productionVersion !== undefined).map(({ name }) => name)
    const told = await Promise.all(
      known.names.map(async (name) => {
        const { version, metrics } = await productionOf(stage, token, name)
        return `${name} v${version}${metrics[0] === undefined ? '' : `: ${shown(metrics[0])}`}`
      }),
    )
    if (told.length === 0) throw new Error('no model is in production')
    return told.join(', ')
  })
  await stage.scene(chapter, 'each answers to KServe v2, as Triton would', async () => {
    const [name = ''] = known.names
    const answer = await stage.ask(`/v2/models/${name}`, { token })
    expectStatus(answer, 200)
    const inputs = answer.body['inputs'] as readonly { readonly name: string; readonly shape: readonly number[] }[]
    return `${name} takes ${inputs.map((input) => `${input.name} [${input.shape.join(',')}]`).join(', ')}`
  })
  await stage.scene(chapter, 'nobody changes what is in production by accident', async () => {
    const [name = ''] = known.names
    const { version } = await productionOf(stage, token, name)
    const address = `/api/v1/models/${name}/versions/${version}/stage`
    const change = { method: 'PUT', body: { stage: 'archived' } }
    const clinician = await stage.ask(address, { ...change, token: await stage.token('clinician') })
    expectStatus(clinician, 403)
    const overlooked = await stage.ask(address, { ...change, token, headers: { 'if-match': 'W/"0"' } })
    expectStatus(overlooked, 412)
    return 'a clinician 403; a data scientist who has not seen the newest state 412'
  })
}
