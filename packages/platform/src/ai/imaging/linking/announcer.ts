// Tells other rooms of studies: finds whose they are, then announces what they hold, once for any number of images that came meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import type { CallService, Events, Logger } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { everyStudy } from '../access.ts'
import { studyChanged } from '../store/ingest.ts'
import { findPatient } from './find-patient.ts'
import { forgetStudy, type Link, listSeries, quietMs, readStudy, setLink, staleUnassigned } from './study-store.ts'

/** Topic of an announced study: its {@link StudySummary} with `seriesList`; no patient means that it was taken away or never found. */
export const studyAnnounced = 'imaging.study-announced'

/** The ports of {@link createAnnouncer}. */
export interface AnnouncerPorts {
  readonly sql: Sql
  readonly events: Events
  readonly call: CallService
  readonly log: Logger
}

/** The announcer. */
export interface Announcer {
  start(): void
  close(): Promise<void>
}

const lookAgainSeconds = 30
const perLook = 50
const pauseMs = 800
const longestWaitMs = 6000
const lookEveryMs = 300
const everyone = everyStudy

/** Links a study and announces it, in the open transaction. */
export async function linkAndAnnounce(tx: Tx, studyUid: string, link: Link, events: Events): Promise<void> {
  const study = await setLink(tx, studyUid, link)
  if (study === undefined) return
  const seriesList = await listSeries(tx, studyUid)
  await events.publish(tx, [
    { topic: studyAnnounced, key: link.patient ?? studyUid, payload: { ...study, seriesList } },
  ])
  if (study.instances === 0) await forgetStudy(tx, studyUid)
}

// Images of a study come one after the other: it is told of once they pause, or after a while at the latest.
async function untilQuiet(studyUid: string, { sql }: AnnouncerPorts, stop: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < longestWaitMs && !stop.aborted; waitedMs += lookEveryMs) {
    const quiet = await quietMs(sql, studyUid)
    if (quiet === undefined || quiet >= pauseMs) return
    await delay(lookEveryMs, undefined, { signal: stop }).catch(() => undefined)
  }
}

async function announce(studyUid: string, { sql, events, call }: AnnouncerPorts): Promise<void> {
  const study = await readStudy(sql, studyUid, everyone)
  if (study === undefined) return
  const { patient, linkReason } = study
  const isSettled = patient !== null || linkReason === 'by-hand' || study.instances === 0
  const found = isSettled ? undefined : await findPatient(call, study)
  const link: Link =
    found === undefined
      ? { patient, reason: linkReason }
      : 'patient' in found
        ? { patient: found.patient, reason: null }
        : { patient: null, reason: found.reason }
  await sql.transaction((tx) => linkAndAnnounce(tx, studyUid, link, events))
}

// Somebody may have registered the patient, or mended a birth date, since the images came.
async function lookAgain(stop: AbortSignal, ports: AnnouncerPorts): Promise<void> {
  while (!stop.aborted) {
    await delay(lookAgainSeconds * 1000, undefined, { signal: stop, ref: false }).catch(() => undefined)
    if (stop.aborted) return
    try {
      for (const studyUid of await staleUnassigned(ports.sql, lookAgainSeconds, perLook)) {
        if (stop.aborted) return
        await announce(studyUid, ports)
      }
    } catch (error) {
      ports.log.warn('imaging.link.failed', { error })
    }
  }
}

/** Creates the announcer; it hears of changes from the start of the outbox on. */
export function createAnnouncer(ports: AnnouncerPorts): Announcer {
  const stop = new AbortController()
  const state: { looking?: Promise<void> } = {}
  ports.events.subscribe('imaging.announcer', [studyChanged], async (event) => {
    const studyUid = String(event.payload['studyUid'])
    await untilQuiet(studyUid, ports, stop.signal)
    await announce(studyUid, ports)
  })
  return {
    start() {
      state.looking = lookAgain(stop.signal, ports)
    },
    async close() {
      stop.abort()
      await state.looking
    },
  }
}
