// Brings a report into the records: through the EMR, in the name of whoever writes it.
import { AppError } from '@xinglin/core/errors'
import type { Bundle } from '@xinglin/core/fhir'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService } from '../../../kernel/ports.ts'

const limitMs = 30_000

function reasonOf(text: string): string {
  try {
    const outcome = JSON.parse(text) as { readonly issue?: readonly { readonly diagnostics?: string }[] }
    return outcome.issue?.[0]?.diagnostics ?? text.slice(0, 300)
  } catch {
    return text.slice(0, 300)
  }
}

/**
 * Writes the transaction.
 * @param caller who writes; the service itself when left out
 * @throws AppError 'conflict' when the records refuse it, 'unavailable' when they cannot be reached
 */
export async function fileReport(call: CallService, bundle: Bundle, caller?: Caller): Promise<void> {
  const answer = await call('emr')('/fhir', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(bundle),
    timeoutMs: limitMs,
    ...(caller === undefined ? {} : { caller }),
  })
  if (answer.ok) {
    await answer.body?.cancel()
    return
  }
  const why = reasonOf(await answer.text())
  if (answer.status >= 500) throw new AppError('unavailable', `The records cannot take the report now: ${why}`)
  throw new AppError(answer.status === 403 ? 'forbidden' : 'conflict', `The records refuse the report: ${why}`)
}
