// `xinglin federate site`: a hospital's own process. Its stays stay in it; sums, weights and metrics leave it.
import { readFile } from 'node:fs/promises'
import { createIcuSite } from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import { icuSiteWork, joinFederation } from '../../ai/federated/site/index.ts'
import { processEnvironment } from '../../kernel/config.ts'
import { ownStays, type StaysSource } from './own-stays.ts'

/** Options of the command. */
export interface SiteOptions extends StaysSource {
  readonly server: string
  readonly token?: string
  readonly name: string
  readonly ca?: string
}

const heldOutShare = 0.2

/** Joins and works until the server says goodbye. */
export async function federateSite(options: SiteOptions): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const cohort = await ownStays(options)
  const onnxruntime = await import('onnxruntime-node')
  const open = onnxruntimeSessions(onnxruntime)
  const site = await createIcuSite({ open, cohort, heldOutShare, seed: options.seed })
  const { training, heldOut } = site.stays
  say(`${options.name}: ${training} stays to train on, ${heldOut} held out`)
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  process.once('disconnect', () => stop.abort()) // whoever started it has ended
  const token = options.token ?? processEnvironment().SITE_TOKEN
  const report = await joinFederation({
    address: options.server,
    work: icuSiteWork(site, options.name),
    signal: stop.signal,
    onStep: (step) => say(`${options.name}: ${step}`),
    ...(token === undefined || token === '' ? {} : { token }),
    ...(options.ca === undefined ? {} : { rootCertificate: await readFile(options.ca) }),
  })
  say(`${options.name}: done, ${report.sentBytes} bytes sent, ${report.receivedBytes} received`)
  await site.close()
  process.disconnect?.()
}
