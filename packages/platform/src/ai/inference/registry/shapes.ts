// How the model registry shows itself in JSON (pure).
import { etagOf, type ModelVersion } from './model-version.ts'
import type { ModelSummary, StageChange } from './store.ts'

/** A version as answered; the card is fetched by itself. */
export function versionJson(version: ModelVersion) {
  const { artefact, card, config, registeredAt, revision, ...rest } = version
  return {
    ...rest,
    isShipped: artefact === undefined,
    hasCard: card.trim() !== '',
    config,
    registeredAt: registeredAt.toISOString(),
    etag: etagOf({ revision }),
  }
}

/** A model in the list. */
export function summaryJson({ productionVersion, ...rest }: ModelSummary) {
  return { ...rest, ...(productionVersion === undefined ? {} : { productionVersion }) }
}

/** A change of stage. */
export function changeJson({ at, ...rest }: StageChange) {
  return { ...rest, at: at.toISOString() }
}
