// A worker for the tests of the pool: answers, refuses, fails, hangs and eats memory on demand.
import { AppError } from '@xinglin/core/errors'
import { serveJobs } from '../kernel/worker-jobs.ts'

serveJobs(async (request: { readonly kind: string; readonly bytes?: Uint8Array }) => {
  switch (request.kind) {
    case 'refuse':
      throw new AppError('invalid-resource', 'no', {
        issues: [{ severity: 'error', code: 'structure', diagnostics: 'why' }],
      })
    case 'fail':
      throw new TypeError('a bug')
    case 'hang':
      for (;;) Math.sqrt(2)
    case 'eat': {
      const eaten: number[][] = []
      for (;;) eaten.push(Array.from({ length: 100_000 }, Math.random))
    }
    case 'exit':
      return process.exit(3)
    default: {
      const bytes = request.bytes ?? new Uint8Array(1)
      return {
        result: { sum: bytes.reduce((sum, byte) => sum + byte, 0), bytes },
        transfer: [bytes.buffer as ArrayBuffer],
      }
    }
  }
})
