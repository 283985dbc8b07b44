// The audit trail shows what happened and proves that nothing in it was touched.
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'The trail that proves itself'

/** Re-computes the whole trail; given by the command line, which reaches the database. */
export type VerifyTrail = () => Promise<string>

/** Plays the chapter. */
export async function playAudit(stage: Stage, patientId: string, verify: VerifyTrail): Promise<void> {
  const token = await stage.token('compliance')
  await stage.scene(chapter, 'who touched the record of Zhang San', async () => {
    const answer = await stage.ask(`/audit/events?patient=${patientId}&_count=50`, { token })
    expectStatus(answer, 200)
    const entries = (answer.body.entry ?? []) as readonly unknown[]
    if (entries.length < 2) throw new Error('the registration and the reading are not in the trail')
    return `${entries.length} events`
  })
  await stage.scene(chapter, 'a clinician may not read the trail', async () => {
    expectStatus(await stage.ask('/audit/events', { token: await stage.token('clinician') }), 403)
    return '403, and this refusal is in the trail too'
  })
  await stage.scene(chapter, 'every hash is computed again and compared with the signed checkpoints', verify)
}
