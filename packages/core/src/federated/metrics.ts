// What sites say about the model, brought together: each site counts by its examples.

/** One site's evaluation. */
export interface SiteEvaluation {
  readonly examples: number
  readonly loss: number
  /** Finite numbers by name, e.g. `auc`. */
  readonly metrics: Readonly<Record<string, number>>
}

const isSound = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)

function weighted(pairs: readonly { readonly examples: number; readonly value: number | undefined }[]) {
  const sound = pairs.filter((pair): pair is { examples: number; value: number } => isSound(pair.value))
  const examples = sound.reduce((sum, pair) => sum + pair.examples, 0)
  return examples > 0 ? sound.reduce((sum, pair) => sum + pair.value * pair.examples, 0) / examples : undefined
}

/** The weighted mean of loss and of every metric over the sites that gave it; undefined when nobody evaluated. */
export function pooledEvaluation(sites: readonly SiteEvaluation[]): SiteEvaluation | undefined {
  const examples = sites.reduce((sum, site) => sum + site.examples, 0)
  const loss = weighted(sites.map((site) => ({ examples: site.examples, value: site.loss })))
  if (loss === undefined) return undefined
  const names = [...new Set(sites.flatMap((site) => Object.keys(site.metrics)))].toSorted()
  const metrics = names.flatMap((name): [string, number][] => {
    const value = weighted(sites.map((site) => ({ examples: site.examples, value: site.metrics[name] })))
    return value === undefined ? [] : [[name, value]]
  })
  return { examples, loss, metrics: Object.fromEntries(metrics) }
}

/** True when `next` is better: a higher value of the metric, or a lower one for `loss` and metrics that end in `loss`. */
export function isBetter(metric: string, next: number, best: number | undefined): boolean {
  if (!Number.isFinite(next)) return false
  if (best === undefined) return true
  return /loss$/.test(metric) ? next < best : next > best
}
