// An answer of the server, with what checks say about it most often.
import assert from 'node:assert/strict'

/** An answer. */
export interface Answer {
  /** Method and path of the request. */
  readonly asked: string
  readonly status: number
  readonly text: string
  /** The body where it is a JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  header(name: string): string | undefined
  /** A part of the body, e.g. `entry.0.resource.id`; undefined where there is none. */
  at(path: string): unknown
  /** Fails the check unless the status is one of these; returns the answer itself. */
  expect(...statuses: readonly number[]): Answer
  /** Fails the check unless the status is one of these and the body an OperationOutcome. */
  outcome(...statuses: readonly number[]): Answer
  /** Like {@link outcome}, and an issue must be an error: the server refused and says why. */
  refused(...statuses: readonly number[]): Answer
}

/** Reads an answer whole. */
export async function answerOf(response: Response, asked: string): Promise<Answer> {
  const text = await response.text()
  const body = objectOf(text)
  const { status } = response
  const shown = `${asked} → ${status} ${text.slice(0, 400)}`
  const answer: Answer = {
    asked,
    status,
    text,
    body,
    header: (name) => response.headers.get(name) ?? undefined,
    at: (path) => partOf(body, path),
    expect(...statuses) {
      assert.ok(statuses.includes(status), `${shown}\nshould have been ${statuses.join(' or ')}`)
      return answer
    },
    outcome(...statuses) {
      answer.expect(...statuses)
      assert.equal(body?.['resourceType'], 'OperationOutcome', `${shown}\nshould have been an OperationOutcome`)
      assertOutcome(body, shown)
      return answer
    },
    refused(...statuses) {
      answer.outcome(...statuses)
      const issues = partOf(body, 'issue') as readonly unknown[] // assertOutcome has looked
      const isError = (issue: unknown) => ['error', 'fatal'].includes(String(partOf(issue, 'severity')))
      assert.ok(issues.some(isError), `${shown}\nhas no issue of severity error`)
      return answer
    },
  }
  return answer
}

function objectOf(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer['body']) : undefined
  } catch {
    return undefined // not JSON, which checks see by the body that is missing
  }
}

/** A part of a JSON value by a dotted path. */
export function partOf(value: unknown, path: string): unknown {
  return path.split('.').reduce((part: unknown, name) => {
    if (typeof part !== 'object' || part === null) return undefined
    return (part as Readonly<Record<string, unknown>>)[name]
  }, value)
}

const severities: ReadonlySet<unknown> = new Set(['fatal', 'error', 'warning', 'information'])

/** Fails the check unless the resource is an OperationOutcome with issues that have severity and code. */
export function assertOutcome(resource: unknown, shown = 'OperationOutcome'): void {
  const issues = partOf(resource, 'issue')
  assert.ok(Array.isArray(issues) && issues.length > 0, `${shown}\nhas no issue`)
  for (const issue of issues as readonly unknown[]) {
    assert.ok(severities.has(partOf(issue, 'severity')), `${shown}\nhas an issue without a severity`)
    assert.equal(typeof partOf(issue, 'code'), 'string', `${shown}\nhas an issue without a code`)
  }
}
