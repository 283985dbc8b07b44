// Asks a system for every record that it once acknowledged: the checker of the proofs and of the chaos experiments.

/** Where to ask. */
export interface AskedSystem {
  readonly gatewayUrl: string
  /** A token that may read everything. */
  readonly token: string
}

const perBatch = 500
const answerMs = 120_000 // of a system that has just been broken, beside other work

/** The references, `Type/id`, that cannot be read any more. @throws Error when the system does not answer the question */
export async function missingRecords(
  { gatewayUrl, token }: AskedSystem,
  references: readonly string[],
): Promise<readonly string[]> {
  const lost: string[] = []
  for (let at = 0; at < references.length; at += perBatch) {
    const entry = references.slice(at, at + perBatch).map((url) => ({ request: { method: 'GET', url } }))
    const answer = await fetch(`${gatewayUrl}/fhir`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
      signal: AbortSignal.timeout(answerMs),
    })
    const body = (await answer.json()) as {
      readonly entry: readonly { readonly response: { readonly status: string } }[]
    }
    if (!answer.ok) throw new Error(`the check failed with ${answer.status}: ${JSON.stringify(body).slice(0, 300)}`)
    lost.push(
      ...body.entry.flatMap(({ response }, index) =>
        response.status.startsWith('200') ? [] : [entry[index]?.request.url ?? ''],
      ),
    )
  }
  return lost
}
