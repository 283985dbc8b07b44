// The answer of an explanation, in the names that users of SHAP know: expected_value, shap_values, feature_names.
import type { Explanation } from '@xinglin/core/explain'
import { forcePlot, type PlotData, plotTable, waterfallPlot } from '@xinglin/core/explain/plot'
import type { ExplainRequest } from './plan.ts'

/** One explained row, as it is kept in a job. */
export interface RowResult {
  readonly method: string
  /** `[outputs]`. */
  readonly base: readonly number[]
  readonly prediction: readonly number[]
  /** `[outputs][groups]`. */
  readonly contributions: readonly (readonly number[])[]
  readonly residual: readonly number[]
  readonly evaluations: number
}

/** What is explained: the model as it was served, and the names of the groups. */
export interface Explained {
  readonly model: string
  readonly version: string | null
  readonly names: readonly string[]
}

/** A plot with the table that says the same. */
export interface DrawnPlot {
  readonly sample: number
  readonly svg: string
  readonly table: string
}

/** The body of the answer. */
export interface ExplainAnswer {
  readonly model: string
  readonly version: string | null
  readonly method: string
  readonly feature_names: readonly string[]
  /** `[outputs]`: the mean prediction over the background. */
  readonly expected_value: readonly number[]
  /** `[outputs][samples][groups]`. */
  readonly shap_values: readonly (readonly (readonly number[])[])[]
  /** `[samples][outputs]`. */
  readonly predictions: readonly (readonly number[])[]
  /** Largest part of a prediction that the values leave unexplained. */
  readonly residual: number
  readonly evaluations: number
  readonly plots: readonly DrawnPlot[]
  readonly statement: string
}

const maxPlots = 20
const statement =
  'Decision support only. The values tell what the model used, not what causes the outcome; a clinician judges and decides.'

/** An explanation as plain numbers. */
export function rowResult(found: Explanation): RowResult {
  return {
    method: found.method,
    base: [...found.base],
    prediction: [...found.prediction],
    contributions: found.contributions.map((share) => [...share]),
    residual: [...found.residual],
    evaluations: found.evaluations,
  }
}

function draw(request: ExplainRequest, names: readonly string[], result: RowResult, sample: number): DrawnPlot {
  const data: PlotData = {
    base: result.base[0] ?? 0,
    prediction: result.prediction[0] ?? 0,
    items: names.map((name, at) => ({ name, contribution: result.contributions[0]?.[at] ?? 0 })),
  }
  const wish = { language: request.language ?? 'en', what: request.output ?? request.model }
  const svg = request.plot === 'force' ? forcePlot(data, wish) : waterfallPlot(data, wish)
  return { sample, svg, table: plotTable(data, wish) }
}

/** Puts the rows of an explanation together. */
export function explainAnswer(
  request: ExplainRequest,
  { model, version, names }: Explained,
  results: readonly RowResult[],
): ExplainAnswer {
  const [first] = results
  const outputs = first?.base.map((_, output) => output) ?? []
  return {
    ...{ model, version },
    method: first?.method ?? 'none',
    feature_names: names,
    // Only LIME, whose base is the intercept of each local model, differs from row to row.
    expected_value: outputs.map(
      (output) => results.reduce((sum, { base }) => sum + (base[output] ?? 0), 0) / results.length,
    ),
    shap_values: outputs.map((output) => results.map(({ contributions }) => contributions[output] ?? [])),
    predictions: results.map(({ prediction }) => prediction),
    residual: Math.max(0, ...results.flatMap(({ residual }) => residual.map(Math.abs))),
    evaluations: results.reduce((sum, { evaluations }) => sum + evaluations, 0),
    plots:
      request.plot === undefined
        ? []
        : results.slice(0, maxPlots).map((result, sample) => draw(request, names, result, sample)),
    statement,
  }
}
