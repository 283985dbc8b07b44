// The audit entry of a token that is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { AuditEntry } from '../../../kernel/ports.ts'
import type { ProviderParts } from './parts.ts'
import { finishTokens } from './token-answer.ts'

test('a refusal stands in the trail under the address that the gateway saw, not under one that the client named', async () => {
  const entries: AuditEntry[] = []
  const record = async (entry: AuditEntry): Promise<void> => void entries.push(entry)
  const parts = { clock: { monotonicMs: () => 0 }, audit: { record } } as unknown as ProviderParts // all that a refusal needs
  const forwarded = '203.0.113.9, 198.51.100.7, 10.0.0.1' // said by the client; seen by the proxy; the proxy
  const ctx = {
    oidc: { route: 'token', entities: {}, params: { grant_type: 'authorization_code' } },
    req: { headers: { 'x-forwarded-for': forwarded }, socket: {} },
    get: () => forwarded,
    method: 'POST',
    status: 400,
    body: { error: 'invalid_grant' },
  } as unknown as KoaContextWithOIDC
  await finishTokens(parts)(ctx, async () => undefined)
  assert.deepEqual(
    entries.map(({ caller, reason, outcome }) => [caller?.address, reason, outcome]),
    [['198.51.100.7', 'invalid_grant', 'refused']],
  )
})
