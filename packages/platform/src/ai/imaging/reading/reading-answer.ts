// A reading as clients see it (pure).

import type { Reading, ReadingNodule } from './reading.ts'
import { draftNotice, sentenceOf } from './report.ts'

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

function nodule({ number, measures, decision, decided, decidedBy }: ReadingNodule, reading: Reading): object {
  return {
    number,
    longAxisMm: round(measures.longAxisMm, 1),
    shortAxisMm: round(measures.shortAxisMm, 1),
    volumeMm3: round(measures.volumeMm3, 0),
    meanHu: round(measures.meanHu, 0),
    standardDeviationHu: round(measures.standardDeviationHu, 0),
    density: measures.density,
    side: measures.side,
    confidence: round(measures.confidence, 3),
    evidence: {
      peakProbability: round(measures.peakProbability, 3),
      elongation: round(measures.elongation, 2),
      voxelCount: measures.voxelCount,
      solidShare: round(measures.solidShare, 3),
      firstSlice: measures.firstSlice,
      lastSlice: measures.lastSlice,
      axesSlice: measures.axesSlice,
      axesInstance: reading.summary?.instanceUids[measures.axesSlice] ?? null,
      centre: measures.centre,
      centreMm: measures.centreMm.map((value) => round(value, 1)),
    },
    sentence: sentenceOf({ number, measures }),
    decision,
    decided,
    decidedBy,
  }
}

/** A reading without its nodules. */
export function readingAnswer(reading: Reading): Readonly<Record<string, unknown>> {
  const { id, studyUid, seriesUid, state, step, done, total, failureCode, failure, summary } = reading
  return {
    ...{ id, study: studyUid, series: seriesUid, state },
    progress: { step, done, total, isCancelling: reading.isCancelling },
    ...(failureCode === null ? {} : { failure: { code: failureCode, detail: failure } }),
    model: { name: reading.model, version: reading.modelVersion },
    ...(summary === null
      ? {}
      : {
          lungs: { volumeMl: round(summary.lungVolumeMl, 0), slicesWithLung: summary.slicesWithLung },
          grid: summary.grid,
        }),
    segmentation: reading.segUid,
    report: reading.reportId === null ? null : `DiagnosticReport/${reading.reportId}`,
    ...{ requestedBy: reading.requestedBy, created: reading.created, finished: reading.finished },
    ...{ signed: reading.signed, signedBy: reading.signedBy, version: reading.version },
    notice: draftNotice,
  }
}

/** A reading with its nodules. */
export function wholeReadingAnswer(
  reading: Reading,
  nodules: readonly ReadingNodule[],
): Readonly<Record<string, unknown>> {
  return { ...readingAnswer(reading), nodules: nodules.map((one) => nodule(one, reading)) }
}

/** The pixels of the nodules by slice: runs of pixels (index of the first, row-major, and how many). */
export function masksAnswer(reading: Reading, nodules: readonly ReadingNodule[]): object {
  const { summary } = reading
  return {
    reading: reading.id,
    rows: summary?.grid.rows ?? 0,
    columns: summary?.grid.columns ?? 0,
    instances: summary?.instanceUids ?? [],
    nodules: nodules.map(({ number, decision, runs }) => ({ number, decision, runs })),
  }
}
