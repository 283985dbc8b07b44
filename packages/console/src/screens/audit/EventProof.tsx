// The proof that an event is in the sealed trail, checked in this browser step by step.
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { fetchInclusion, fetchTrailState } from '../../api/audit.ts'
import type { Request } from '../../api/client.ts'
import { useRequest } from '../../app/session.ts'
import { secondText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { checkInclusion, checkSignature, type Verdict } from './check-proof.ts'
import { type EventText, eventText } from './event-text.ts'

/** One step of the check. */
interface Step {
  readonly verdict: Verdict
  readonly key: keyof EventText
  readonly values: Readonly<Record<string, string | number>>
}

// The proof is asked for the tree of the last signed checkpoint when it holds the event, else for the tree as it is.
async function prove(request: Request, seq: number): Promise<readonly Step[]> {
  const { signal } = new AbortController()
  const { checkpoint, size, publicKey } = await fetchTrailState(request, signal)
  const covering = checkpoint !== undefined && seq < checkpoint.size ? checkpoint : undefined
  const proof = await fetchInclusion(request, { seq, size: covering?.size ?? size }, signal)
  const inTree = checkInclusion(proof)
  const first: Step = {
    verdict: inTree,
    key: inTree === 'right' ? 'step.tree' : 'step.treeWrong',
    values: { size: proof.size, count: proof.proof.length },
  }
  if (covering === undefined) return [first, { verdict: 'unknown', key: 'step.unsigned', values: {} }]
  const values = { number: covering.number, time: secondText(covering.at) ?? '–' }
  if (covering.root !== proof.root) return [first, { verdict: 'wrong', key: 'step.other', values }]
  const signed = await checkSignature(covering, publicKey)
  const key = ({ right: 'step.signed', wrong: 'step.signedWrong', unknown: 'step.signedUnknown' } as const)[signed]
  return [first, { verdict: signed, key, values }]
}

/** The proof of the event at a place. */
export function EventProof({ seq }: { readonly seq: number }) {
  const text = useText(eventText)
  const request = useRequest()
  const proving = useMutation({ mutationFn: () => prove(request, seq) })
  return (
    <section aria-labelledby="proof" className={styles.proof}>
      <h4 id="proof">{text.proof}</h4>
      <p className="quiet">{text.proveWhy}</p>
      <ol aria-live="polite" className={styles.steps}>
        {proving.data?.map(({ key, verdict, values }) => (
          <li className={styles.step} data-verdict={verdict} key={key}>
            <Icon name={verdict === 'right' ? 'check' : 'warning'} />
            {fill(text[key], values)}
          </li>
        ))}
      </ol>
      {proving.isError ? <FailurePanel error={proving.error} isCompact /> : null}
      <Button className={styles.prove} disabled={proving.isPending} onClick={() => proving.mutate()} variant="default">
        {proving.isPending ? text.proving : proving.isSuccess ? text.again : text.prove}
      </Button>
    </section>
  )
}
