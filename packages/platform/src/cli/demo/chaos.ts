// The article's fault before your eyes: 200 ms on the way of the patient service of a split system, survived under load.
import { readExperiments } from '../../edge/chaos/index.ts'
import { runOnStage } from '../chaos/run.ts'
import type { Layout } from '../chaos/stage.ts'
import type { Stage } from './stage.ts'

const chapter = 'A slow line, on purpose (on a third system, in processes of its own)'
const seconds = 6
const layout: Layout = {
  edge: ['gateway', 'registry', 'audit'],
  records: ['patient', 'emr', 'pharmacy', 'triage'],
}
const document = `apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata:
  name: slow-patient-service
spec:
  action: delay
  mode: one
  selector:
    labelSelectors:
      app: patient-service
  delay:
    latency: 200ms
  duration: ${seconds}s
`

/** Plays the chapter on a system of its own. */
export async function playChaos(stage: Stage): Promise<void> {
  await stage.scene(chapter, `the patient service answers 200 ms late for ${seconds} s`, async () => {
    const [report] = await runOnStage(readExperiments(document), {
      ...{ layout, rate: 30, lanes: 12, times: { beforeMs: 3000 } },
      signal: new AbortController().signal,
      say: (line) => stage.progress(line.trim()),
      countdown: (line) => stage.progress(line.trim()),
    })
    if (report === undefined || report.outcome !== 'held')
      throw new Error(report?.reasons.join('; ') ?? 'it was not made')
    const { before, during, lost, acknowledged } = report
    const { good, requests, p99Ms } = during.idempotent
    return `${good} of ${requests} repeatable requests succeeded, 99 % within ${p99Ms} ms (${before.idempotent.p99Ms} ms before); ${lost.length} of ${acknowledged} acknowledged records lost`
  })
}
