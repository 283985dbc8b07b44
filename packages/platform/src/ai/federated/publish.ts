// Hands the best model of a federation to the model registry, with its figures and where it comes from.
import type { Weights } from '@xinglin/core/federated'
import type { CallService } from '../../kernel/ports.ts'
import type { Federation } from './federation.ts'
import type { Publish } from './run-context.ts'

const limitMs = 60_000

type Finished = Parameters<Publish>[0]

function cardOf({ federation, round }: Finished, model: string): string {
  const { plan, name, bestValue } = federation
  const value = bestValue === null ? 'not reported' : bestValue.toFixed(4)
  return `# ${model}

Trained by the federation "${name}" (${federation.id}): ${plan.strategy.kind}, round ${round} of ${plan.rounds}, the best by ${plan.metric} (${value})
over the sites' own held-out stays, each site weighed by its stays. No patient's data left a site: weights, sums of features and
metrics did. Input \`values\` FP32 [24, 12], raw values, NaN = not measured; output \`risk\` FP32 [1].

**Decision support for research and demonstration; not for clinical use.** It has been judged by the sites that trained it alone.
`
}

// Only models whose graph is known here can be served; of any other federation the weights are kept.
async function graphOf(weights: Weights, federation: Federation): Promise<{ graph: Uint8Array } | { reason: string }> {
  const { standardisation } = federation
  if (standardisation === null)
    return { reason: 'the federation has no pooled statistics to standardise its inputs with' }
  const { icuServedGraph } = await import('@xinglin/core/federated/icu')
  const { mean, deviation } = standardisation
  const pooled = { mean: Float64Array.from(mean), deviation: Float64Array.from(deviation) }
  try {
    return { graph: icuServedGraph(weights, pooled) }
  } catch (error) {
    if (error instanceof RangeError) return { reason: `its graph is not known here: ${error.message}` }
    throw error
  }
}

async function uploadOf(finished: Finished, model: string, graph: Uint8Array): Promise<FormData> {
  const { icuModelConfig } = await import('@xinglin/core/federated/icu')
  const { id, plan, bestValue } = finished.federation
  const metrics =
    bestValue === null ? [] : [{ name: plan.metric, value: bestValue, dataset: 'held-out stays of the sites' }]
  const about = {
    description: 'Probability of death in hospital from 48 hours in the ICU, trained by several hospitals together',
    config: icuModelConfig(model),
    card: cardOf(finished, model),
    metrics,
    lineage: { dataset: `federation ${id}`, trainingRun: `${id}/rounds/${finished.round}` },
  }
  const form = new FormData()
  form.set('version', JSON.stringify(about))
  form.set('model', new Blob([Uint8Array.from(graph)]), 'model.onnx')
  return form
}

async function wordsOf(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as { readonly detail?: string; readonly title?: string }
  return body.detail ?? body.title ?? 'no reason given'
}

/** Publishes through the registry of the inference service. */
export function publisherOf(call: CallService): Publish {
  return async (finished) => {
    const { model } = finished.federation.plan
    if (model === undefined) return { reason: 'no name for it was given' }
    const made = await graphOf(finished.weights, finished.federation)
    if ('reason' in made) return made
    const body = await uploadOf(finished, model, made.graph)
    const path = `/api/v1/models/${model}/versions`
    const sent = await call('inference')(path, { method: 'POST', body, timeoutMs: limitMs }).catch(
      (error: Error) => error,
    )
    if (sent instanceof Error) return { reason: `the model registry cannot be reached: ${sent.message}` }
    if (!sent.ok) return { reason: `the model registry answered ${sent.status}: ${await wordsOf(sent)}` }
    const { version } = (await sent.json()) as { readonly version: number }
    return { model: `${model}/${version}` }
  }
}
